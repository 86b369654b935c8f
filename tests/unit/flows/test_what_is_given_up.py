"""What is given up while it waits, and what becomes of the credit that was held beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import CARD, DECLINE, eur, order, seen
from payment_builders import PATIENT, STORED, Till

from paysession import Payment
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Void
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.errors import (
    Closed,
    GatewayUnreachable,
    IllegalTransition,
    OperationUnresolved,
    PaymentDeclined,
)
from paysession.events import PayablePaid, PaymentAbandoned
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    Fact,
    Pending,
    UseSdk,
)

ACTION = ActionRequired(UseSdk("challenge"), client_data={"client_secret": "s_1"})


class Crash(BaseException):
    """The process ends."""


def _voids_of(till: Till, payment: Payment) -> tuple[Void, ...]:
    return till.store.find(Void, by="payment_id", value=payment.id, tenant="")


def _recovered(till: Till) -> None:
    till.clock.forward(minutes=5)
    till.payments.recover()


def _heard(till: Till, payment: Payment, fact: Fact) -> Payment:
    """A fact about a payment's charge arrives."""
    flow = settle(
        till.charge_of(payment), fact, source=EvidenceSource.NOTIFICATION, at=till.clock.now
    )
    drive(flow, till.payments.ports)
    return till.newest(payment)


# A charge that waits for the customer


def test_a_charge_that_waits_for_the_customer_can_be_given_up() -> None:
    till = Till(charge=ACTION)
    payment = till.charged()

    abandoned = till.payments.abandon_payment(payment.id)

    assert (PaymentStatus.ABANDONED, None, None, ()) == (
        abandoned.status,
        abandoned.next_action,
        abandoned.client_data,
        abandoned.open_operations,
    )
    assert (False, False) == (abandoned.is_open, till.charge_of(payment).is_open)
    assert (1, ["charge"]) == (till.told(PaymentAbandoned), till.calls)
    with pytest.raises((Closed, PaymentDeclined)):
        abandoned.raise_for_failure()


def test_to_give_it_up_again_returns_it_and_writes_nothing() -> None:
    till = Till(charge=ACTION)
    abandoned = till.payments.abandon_payment(till.charged().id)
    before = till.snapshot()

    assert abandoned == till.payments.abandon_payment(abandoned.id)
    assert before == till.snapshot()


def test_it_is_asked_for_a_week_what_became_of_it_and_then_no_more() -> None:
    till = Till(charge=ACTION)
    till.payments.abandon_payment(till.charged().id)

    for _ in range(8):
        till.clock.forward(hours=24)
        till.payments.recover()

    assert ["charge", *["look_up"] * 7] == till.calls


def test_credit_beside_a_charge_that_is_given_up_is_released() -> None:
    till = Till(charge=ACTION)
    credit = till.with_credit(40)
    waiting = till.charged()

    till.payments.abandon_payment(waiting.id)

    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert (eur(0), eur(100)) == (till.in_order().authorized, till.in_order().due)


@pytest.mark.parametrize("kind", [Captured, Authorized])
def test_money_that_comes_for_what_was_given_up_is_recorded(
    kind: type[Captured | Authorized],
) -> None:
    till = Till(charge=ACTION)
    payment = till.payments.abandon_payment(till.charged().id)

    after = _heard(till, payment, kind(eur(100)))

    assert after.succeeded
    account = till.in_order()
    assert eur(100) == account.paid + account.authorized
    assert (kind is Captured) is bool(till.told(PayablePaid))


def test_money_that_comes_for_what_was_given_up_and_paid_otherwise_is_told_of() -> None:
    till = Till(charge=ACTION)
    given_up = till.payments.abandon_payment(till.charged().id)
    till.charged().raise_for_failure()

    after = _heard(till, given_up, Captured(eur(100)))

    assert "overpaid" in [each.kind for each in after.discrepancies]
    assert (eur(200), "overpaid") == (till.in_order().paid, till.in_order().status)


def test_a_late_decline_of_what_was_given_up_changes_nothing_of_it() -> None:
    till = Till(charge=ACTION)
    given_up = till.payments.abandon_payment(till.charged().id)

    after = _heard(till, given_up, Declined(DECLINE))

    assert (PaymentStatus.ABANDONED, eur(100)) == (after.status, till.in_order().due)


@pytest.mark.parametrize("answer", [TimeoutError(), Pending()])
def test_a_charge_that_may_have_happened_cannot_be_given_up(answer: object) -> None:
    till = Till(charge=answer)
    payment, credit = till.charged(amount=eur(60)), till.with_credit(40)
    before = till.snapshot()

    with pytest.raises(OperationUnresolved) as unresolved:
        till.payments.abandon_payment(payment.id)

    assert till.charge_of(payment).id == unresolved.value.operation_id
    assert before == till.snapshot()
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status


def _paid(till: Till) -> Payment:
    return till.charged()


def _declined(till: Till) -> Payment:
    till.gateway.then("charge", Declined(DECLINE))
    return till.charged()


@pytest.mark.parametrize("standing", [_paid, _declined])
def test_what_does_not_wait_cannot_be_given_up(standing: Callable[[Till], Payment]) -> None:
    till = Till()
    payment = standing(till)
    before = till.snapshot()

    with pytest.raises(IllegalTransition):
        till.payments.abandon_payment(payment.id)

    assert before == till.snapshot()


# A check beside held credit


def test_credit_beside_a_check_that_is_given_up_is_released() -> None:
    till = Till()
    credit, check = till.with_credit(40), till.check()

    till.payments.abandon_payment(check.id)

    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert (PaymentStatus.ABANDONED, eur(100)) == (till.newest(check).status, till.in_order().due)


def test_recovery_releases_what_a_crash_left_held() -> None:
    till = Till()
    credit, check = till.with_credit(40), till.check()
    till.credit.then("void", Crash())

    with pytest.raises(Crash):
        till.payments.abandon_payment(check.id)
    assert PaymentStatus.ABANDONED is till.newest(check).status
    _recovered(till)

    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert 1 == len(_voids_of(till, credit))


def test_credit_stays_held_while_something_else_may_still_pay_the_rest() -> None:
    till = Till()
    credit, check = till.with_credit(40), till.check()
    till.payments.create_session(order(), method=CARD)

    till.payments.abandon_payment(check.id)

    assert () == _voids_of(till, credit)


# Nothing happened, or too little


def test_a_session_whose_first_call_never_arrived_releases_nothing() -> None:
    till = Till(create_session=GatewayUnreachable())
    credit = till.with_credit(40)

    with pytest.raises(GatewayUnreachable):
        till.payments.create_session(order(), method=CARD)

    assert () == _voids_of(till, credit)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status
    till.charged().raise_for_failure()
    assert PaymentStatus.CAPTURED is till.newest(credit).status


@pytest.mark.parametrize("answer", [Declined(DECLINE), Captured(eur(30)), Authorized(eur(30))])
def test_a_charge_that_is_refused_or_brings_too_little_releases_what_is_held(
    answer: object,
) -> None:
    till = Till(charge=answer)
    credit = till.with_credit(40)

    till.payments.charge(order(), method=CARD, source=STORED)

    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert eur(100) == till.in_order().due


def test_a_charge_that_brings_a_part_that_is_kept_releases_nothing() -> None:
    till = Till(charge=Captured(eur(30)))
    credit = till.with_credit(40)

    till.payments.charge(order(), method=PATIENT, source=STORED)

    assert () == _voids_of(till, credit)


def test_a_charge_that_turns_out_to_be_too_little_releases_what_is_held() -> None:
    till = Till(charge=TimeoutError(), look_up=seen(Captured(eur(30))))
    credit = till.with_credit(40)
    till.payments.charge(order(), method=CARD, source=STORED)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status

    for _ in range(2):
        _recovered(till)

    assert PaymentStatus.VOIDED is till.newest(credit).status


# Others were faster


def _held_too_late(till: Till) -> Payment:
    """Credit that waited for its customer while a card paid for everything."""
    till.credit.then("charge", ACTION)
    credit = till.with_credit(40)
    till.charged().raise_for_failure()
    return _heard(till, credit, Authorized(eur(40)))


def test_credit_that_is_held_when_nothing_is_left_to_pay_is_released() -> None:
    till = Till()

    credit = _held_too_late(till)

    (void,) = _voids_of(till, credit)
    assert eur(40) == void.amount
    _recovered(till)
    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert (eur(100), eur(0), 1) == (
        till.in_order().paid,
        till.in_order().authorized,
        till.told(PayablePaid),
    )


def test_what_could_not_be_released_is_released_when_the_rest_fails_again() -> None:
    till = Till()
    credit = till.with_credit(40)
    till.credit.then("void", Declined(DECLINE))
    _declined(till)
    (refused,) = _voids_of(till, credit)
    assert refused.attention
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status

    _declined(till)

    (again,) = (each for each in _voids_of(till, credit) if each.id != refused.id)
    assert again.succeeded
    assert PaymentStatus.VOIDED is till.newest(credit).status
