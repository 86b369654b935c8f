"""What waits is taken as far as it is owed, and what is not new is left to people."""

from __future__ import annotations

from flow_builders import CARD, DECLINE, eur, order
from payment_builders import STORED, Till

from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Authorized, Bounced, Captured


def test_credit_is_taken_as_far_as_the_payable_needs_it() -> None:
    till = Till()
    drawn = [till.with_credit(30, credit_id=f"sc_{each}") for each in range(3)]

    till.payments.update_payable(order(50))

    held = sorted(str(till.newest(each).balances.captured) for each in drawn)
    assert ["0.00 EUR", "20.00 EUR", "30.00 EUR"] == held
    assert (eur(50), eur(0), "paid") == (
        till.in_order().paid,
        till.in_order().authorized,
        till.in_order().status,
    )


def test_what_came_undone_is_not_taken_again_by_itself() -> None:
    till = Till(charge=Authorized(eur(100)), capture=Captured(eur(100)))
    payment = till.payments.charge(order(), method=CARD, source=STORED)
    (capture,) = till.payments.statement(payment.id).captures

    undone = settle(
        capture, Bounced(DECLINE), source=EvidenceSource.NOTIFICATION, at=till.clock.now
    )

    assert () == drive(undone, till.payments.ports)
    assert PaymentStatus.AUTHORIZED is till.newest(payment).status


def test_credit_is_kept_while_the_rest_of_a_check_is_awaited() -> None:
    till = Till()
    credit = till.with_credit(30)
    check = till.check()
    till.payments.mark_paid(check.id, amount=eur(20))
    session = till.payments.create_session(order(), method=CARD)

    till.payments.cancel_session(session.id)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status

    given_up = till.payments.abandon_payment(check.id)
    assert (PaymentStatus.CAPTURED, False) == (given_up.status, given_up.is_open)
    assert given_up == till.payments.abandon_payment(check.id)
    assert PaymentStatus.VOIDED is till.newest(credit).status


def test_one_reference_with_two_amounts_is_told() -> None:
    till = Till()
    check = till.check()
    till.payments.mark_paid(check.id, amount=eur(20), reference="tx_1")

    again = till.payments.mark_paid(check.id, amount=eur(30), reference="tx_1")

    (told,) = till.newest(check).discrepancies
    assert ("paid_twice", again.id) == (told.kind, told.operation_id)
