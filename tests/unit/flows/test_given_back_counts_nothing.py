"""Money that policy gives back, because it was too little, pays nothing of the payable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import CARD, DECLINE, eur, order
from payment_builders import PATIENT, STORED, Till

from paysession import Payment
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Refund, Void
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.events import PayablePaid
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Authorized, Captured, Declined, Fact

Short = Callable[[Till], Payment]


def _by_session(till: Till) -> Payment:
    till.gateway.then("complete_session", Captured(eur(60)))
    till.completed()
    (payment,) = till.payments.payments_of("or_1")
    return payment


def _by_charge(till: Till) -> Payment:
    till.gateway.then("charge", Captured(eur(60)))
    return till.payments.charge(order(), method=CARD, source=STORED)


SHORT: dict[str, Short] = {"a session": _by_session, "a charge": _by_charge}


def _refund_of(till: Till, payment: Payment) -> Refund:
    (refund,) = till.store.find(Refund, by="payment_id", value=payment.id, tenant="")
    return refund


def _recovered(till: Till) -> None:
    till.clock.forward(minutes=5)
    till.payments.recover()


@pytest.mark.parametrize("by", SHORT)
def test_what_went_back_is_due_again(by: str) -> None:
    till = Till()

    payment = till.newest(SHORT[by](till))

    assert (eur(60), eur(60), eur(60)) == (
        payment.balances.captured,
        payment.balances.refunded,
        payment.balances.uncounted,
    )
    account = till.in_order()
    assert (eur(0), eur(0), eur(100), "unpaid") == (
        account.paid,
        account.refunded,
        account.due,
        account.status,
    )


@pytest.mark.parametrize("by", SHORT)
def test_what_is_going_back_is_due_already(by: str) -> None:
    till = Till(refund=TimeoutError())

    payment = till.newest(SHORT[by](till))

    assert (eur(60), eur(0), eur(60)) == (
        payment.balances.uncounted,
        payment.balances.refunded,
        payment.balances.refund_in_flight,
    )
    assert (eur(0), eur(0), eur(100)) == (
        till.in_order().paid,
        till.in_order().refunded,
        till.in_order().due,
    )
    _recovered(till)
    assert eur(60) == till.newest(payment).balances.refunded
    assert eur(100) == till.in_order().due


@pytest.mark.parametrize("by", SHORT)
def test_the_payable_is_paid_only_when_all_of_it_has_come(by: str) -> None:
    till = Till()
    SHORT[by](till)

    till.payments.charge(order(), method=PATIENT, source=STORED, amount=eur(40))
    assert (0, "partially_paid", eur(60)) == (
        till.told(PayablePaid),
        till.in_order().status,
        till.in_order().due,
    )
    till.charged().raise_for_failure()

    assert (1, "paid", eur(100)) == (
        till.told(PayablePaid),
        till.in_order().status,
        till.in_order().paid,
    )


@pytest.mark.parametrize("by", SHORT)
def test_what_could_not_be_given_back_counts_and_a_person_must_look(by: str) -> None:
    till = Till(refund=Declined(DECLINE))

    payment = till.newest(SHORT[by](till))

    assert (PaymentStatus.CAPTURED, eur(0)) == (payment.status, payment.balances.uncounted)
    assert _refund_of(till, payment).attention
    assert (eur(60), eur(40), 0) == (
        till.in_order().paid,
        till.in_order().due,
        till.told(PayablePaid),
    )


def test_what_could_not_be_given_back_and_the_rest_pay_the_payable() -> None:
    till = Till(refund=Declined(DECLINE))
    _by_charge(till)

    assert eur(40) == till.charged().amount

    assert (1, "paid") == (till.told(PayablePaid), till.in_order().status)


def test_what_the_backend_gives_back_was_paid() -> None:
    till = Till()
    payment = till.charged()

    till.payments.refund(payment.id, amount=eur(30)).raise_for_failure()

    assert eur(0) == till.newest(payment).balances.uncounted
    assert (eur(100), eur(30), "partially_refunded") == (
        till.in_order().paid,
        till.in_order().refunded,
        till.in_order().status,
    )


def _heard(till: Till, payment: Payment, fact: Fact) -> Payment:
    """A fact about a payment's charge arrives."""
    flow = settle(
        till.charge_of(payment), fact, source=EvidenceSource.NOTIFICATION, at=till.clock.now
    )
    drive(flow, till.payments.ports)
    return till.newest(payment)


def test_less_than_was_asked_is_released_once_though_more_is_told_of_it() -> None:
    till = Till(charge=Authorized(eur(30)))
    payment = till.payments.charge(order(), method=CARD, source=STORED)

    after = _heard(till, payment, Authorized(eur(60)))

    (void,) = till.store.find(Void, by="payment_id", value=payment.id, tenant="")
    assert eur(30) == void.amount
    assert (eur(30), eur(70)) == (after.balances.capturable, till.in_order().due)


def test_what_could_not_be_given_back_beside_a_full_payment_is_too_much() -> None:
    till = Till(charge=Captured(eur(50)), refund=Declined(DECLINE))
    till.payments.charge(order(), method=CARD, source=STORED)
    check = till.check(amount=eur(50))

    till.payments.mark_paid(check.id, amount=eur(100))

    kinds = [
        str(each.kind) for one in till.payments.payments_of("or_1") for each in one.discrepancies
    ]
    assert "overpaid" in kinds
