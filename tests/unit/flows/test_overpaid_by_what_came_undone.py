"""What was taken in one step, bounced and is taken again may be too much by then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import DECLINE, eur
from payment_builders import Till

from paysession import DiscrepancyKind, Payment
from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.outcomes import Bounced, Fact, Retaken


def _of_a_session(till: Till) -> tuple[Payment, Callable[[Fact], None]]:
    session = till.completed()
    attempt = till.attempt(session)
    return till.payment_of(session), lambda fact: _tell(till, attempt, fact)


def _of_a_charge(till: Till) -> tuple[Payment, Callable[[Fact], None]]:
    payment = till.charged()
    charge = till.charge_of(payment)
    return payment, lambda fact: _tell(till, charge, fact)


def _tell(till: Till, operation: object, fact: Fact) -> None:
    flow = settle(operation, fact, source=EvidenceSource.NOTIFICATION, at=till.clock.now)  # type: ignore[arg-type]  # an attempt or a charge
    drive(flow, till.payments.ports)


def _open_kinds(payment: Payment) -> list[DiscrepancyKind]:
    return [each.kind for each in payment.discrepancies if each.is_open]


@pytest.mark.parametrize("first_by", [_of_a_session, _of_a_charge])
def test_what_is_taken_again_after_others_have_paid_is_overpaid(
    first_by: Callable[[Till], tuple[Payment, Callable[[Fact], None]]],
) -> None:
    till = Till()
    first, told = first_by(till)
    told(Bounced(DECLINE))
    till.charged()

    told(Retaken(eur(100)))

    assert (eur(200), "overpaid") == (till.in_order().paid, till.in_order().status)
    assert [DiscrepancyKind.OVERPAID] == _open_kinds(till.newest(first))
    assert [first.id] == [each.id for each in till.payments.needs_attention()]


@pytest.mark.parametrize("first_by", [_of_a_session, _of_a_charge])
def test_what_was_too_much_and_bounces_is_overpaid_no_more(
    first_by: Callable[[Till], tuple[Payment, Callable[[Fact], None]]],
) -> None:
    till = Till()
    first, told = first_by(till)
    told(Bounced(DECLINE))
    till.charged()
    told(Retaken(eur(100)))

    till.clock.forward(minutes=1)
    told(Bounced(DECLINE, sequence=9))

    assert (eur(100), "paid") == (till.in_order().paid, till.in_order().status)
    assert [] == _open_kinds(till.newest(first))
    assert () == till.payments.needs_attention()
