"""One payable paid in several parts, some of which wait for the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from flow_builders import CARD, DECLINE, HELD_CARD, eur, order, seen
from payment_builders import STORED, Till

from paysession import Money, Payable, Payment
from paysession._domain.movements import Capture, Void
from paysession._domain.operations import Origin
from paysession._domain.payment_requests import MOST_MOVEMENTS
from paysession.errors import (
    AmountExceeded,
    GatewayUnreachable,
    IllegalTransition,
    NotFound,
    NothingDue,
)
from paysession.events import PayablePaid
from paysession.gateways import Credit, InMemoryCreditLedger, StoreCreditGateway
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import ActionRequired, Captured, Declined, Ends, UseSdk

ACTION = ActionRequired(UseSdk("challenge"))
Covered = Callable[[Till], object]


def _recovered(till: Till, *, minutes: int = 5) -> None:
    till.clock.forward(minutes=minutes)
    till.payments.recover()


def _by_session(till: Till) -> object:
    session = till.payments.create_session(order(), method=CARD)
    return till.payments.complete_session(session.id)


def _by_check(till: Till) -> object:
    return till.payments.mark_paid(till.check().id)


def _by_held_card(till: Till) -> object:
    return till.payments.charge(order(), method=HELD_CARD, source=STORED)


COVERING: dict[str, Covered] = {
    "a session": _by_session,
    "a charge": lambda till: till.charged(),
    "a check": _by_check,
    "held money": _by_held_card,
    "more credit": lambda till: till.with_credit(60, credit_id="sc_2"),
}


def _captures_of(till: Till, payment: Payment) -> tuple[Capture, ...]:
    return till.store.find(Capture, by="payment_id", value=payment.id, tenant="")


def _voids_of(till: Till, payment: Payment) -> tuple[Void, ...]:
    return till.store.find(Void, by="payment_id", value=payment.id, tenant="")


# Covered


def test_credit_is_held_until_the_rest_is_covered_and_is_not_due_any_more() -> None:
    till = Till()

    credit = till.with_credit(40)

    assert (PaymentStatus.AUTHORIZED, eur(60)) == (credit.status, till.in_order().due)
    assert ["charge"] == till.credit.methods
    assert eur(60) == till.check().amount


@pytest.mark.parametrize("by", COVERING)
def test_what_is_held_is_taken_once_when_the_rest_is_covered(by: str) -> None:
    till = Till()
    credit = till.with_credit(40)

    COVERING[by](till)

    (capture,) = _captures_of(till, credit)
    assert (eur(40), Origin.POLICY, True) == (capture.amount, capture.origin, capture.succeeded)
    assert PaymentStatus.CAPTURED is till.newest(credit).status
    till.in_order()
    _recovered(till)
    assert 1 == len(_captures_of(till, credit))


def test_it_is_told_once_that_the_payable_is_paid() -> None:
    till = Till()
    till.with_credit(40)
    assert 0 == till.told(PayablePaid)

    till.charged()

    assert (1, "paid", eur(100)) == (
        till.told(PayablePaid),
        till.in_order().status,
        till.in_order().paid,
    )


def test_credit_that_covers_all_of_it_is_taken_at_once() -> None:
    till = Till()

    credit = till.with_credit(100)

    assert (PaymentStatus.CAPTURED, ["charge", "capture"]) == (credit.status, till.credit.methods)
    assert 1 == till.told(PayablePaid)


def test_what_is_only_being_asked_for_covers_nothing() -> None:
    till = Till(charge=TimeoutError())
    credit = till.with_credit(40)

    till.charged()

    assert (eur(0), eur(60)) == (till.in_order().due, till.in_order().in_flight)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status
    _recovered(till)
    assert PaymentStatus.CAPTURED is till.newest(credit).status


def test_what_a_customer_must_act_on_covers_nothing() -> None:
    till = Till(charge=ACTION)
    credit = till.with_credit(40)

    till.charged()

    assert PaymentStatus.AUTHORIZED is till.newest(credit).status


@pytest.mark.parametrize("by", ["a session", "a charge", "a check", "held money"])
def test_a_policy_capture_that_a_crash_prevented_is_made_by_recovery(by: str) -> None:
    class Crash(BaseException):
        pass

    till = Till()
    credit = till.with_credit(40)
    till.credit.then("capture", Crash())

    with pytest.raises(Crash):
        COVERING[by](till)

    (capture,) = _captures_of(till, credit)
    assert capture.is_open
    _recovered(till)
    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert eur(100) == till.in_order().paid + till.in_order().authorized


@pytest.mark.parametrize("by", ["a session", "a charge", "a check", "held money"])
def test_a_policy_capture_that_is_declined_goes_to_a_person(by: str) -> None:
    till = Till()
    credit = till.with_credit(40)
    till.credit.then("capture", Declined(DECLINE))

    COVERING[by](till)

    (capture,) = _captures_of(till, credit)
    assert capture.attention
    assert (eur(40), PaymentStatus.AUTHORIZED) == (
        till.newest(credit).balances.capturable,
        till.newest(credit).status,
    )
    till.in_order()
    till.payments.capture(credit.id).raise_for_failure()
    assert PaymentStatus.CAPTURED is till.newest(credit).status


def test_what_a_person_said_stands_though_the_capture_that_follows_breaks() -> None:
    till = Till()
    credit = till.with_credit(40)
    check = till.check()
    broken, gateways = till.credit, till.gateways
    del gateways["credit"]

    marked = till.payments.mark_paid(check.id)

    assert marked.succeeded
    gateways["credit"] = broken
    _recovered(till)
    assert PaymentStatus.CAPTURED is till.newest(credit).status


def test_what_a_person_said_stands_though_the_store_fails_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    credit = till.with_credit(40)
    check = till.check()
    get = till.store.get

    def breaking(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        if kind is Capture:
            raise ConnectionError
        return get(kind, id, tenant=tenant)

    monkeypatch.setattr(till.store, "get", breaking)
    marked = till.payments.mark_paid(check.id)
    monkeypatch.undo()

    assert marked.succeeded
    _recovered(till)
    assert PaymentStatus.CAPTURED is till.newest(credit).status


def test_a_payable_that_grows_after_it_was_covered_is_covered_again() -> None:
    till = Till()
    first = till.with_credit(40)
    till.charged()
    dearer = order(150)

    second = till.with_credit(20, credit_id="sc_2", payable=dearer)
    assert PaymentStatus.AUTHORIZED is second.status
    till.charged(payable=dearer)

    assert [1, 1] == [len(_captures_of(till, each)) for each in (first, second)]
    assert (eur(150), "paid", 1) == (
        till.in_order().paid,
        till.in_order().status,
        till.told(PayablePaid),
    )


def test_a_payable_that_shrinks_is_covered_by_less() -> None:
    till = Till()
    credit = till.with_credit(40, payable=order(120))

    till.charged(payable=order(90))

    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert (eur(90), 1) == (till.in_order().paid, till.told(PayablePaid))


def test_a_part_that_was_captured_by_hand_is_not_captured_again() -> None:
    till = Till()
    credit = till.with_credit(40)
    till.payments.capture(credit.id, amount=eur(10))

    till.charged()

    assert [eur(10), eur(30)] == [each.amount for each in _captures_of(till, credit)]
    assert eur(40) == till.newest(credit).balances.captured


def test_what_is_held_otherwise_is_not_taken_when_the_payable_is_covered() -> None:
    till = Till()
    held = till.payments.charge(order(), method=HELD_CARD, source=STORED, amount=eur(60))

    till.with_credit(40)

    assert PaymentStatus.AUTHORIZED is till.newest(held).status


def test_a_payment_with_no_room_for_another_movement_is_left_to_a_person_and_stops_nothing() -> (
    None
):
    till = Till()
    credit = till.with_credit(40)
    key = next(key for key, each in till.store._entities.items() if each == credit)
    till.store._entities[key] = attrs.evolve(credit, movements=MOST_MOVEMENTS)

    till.charged().raise_for_failure()

    assert () == _captures_of(till, credit)
    assert eur(60) == till.in_order().paid


# The rest fails


def _declined(till: Till) -> object:
    till.gateway.then("charge", Declined(DECLINE))
    return till.charged()


def _unreachable(till: Till) -> object:
    till.gateway.then("charge", GatewayUnreachable())
    with pytest.raises(GatewayUnreachable):
        till.charged()
    return None


def _session_failed(till: Till) -> object:
    till.gateway.then("complete_session", Declined(DECLINE, ends=Ends.OBJECT))
    return _by_session(till)


def _session_canceled(till: Till) -> object:
    session = till.payments.create_session(order(), method=CARD)
    return till.payments.cancel_session(session.id)


def _session_short(till: Till) -> object:
    till.gateway.then("complete_session", Captured(eur(30)))
    return _by_session(till)


def _credit_declined(till: Till) -> object:
    till.credit.then("charge", Declined(DECLINE))
    return till.with_credit(60, credit_id="sc_2")


FAILING: dict[str, Callable[[Till], object]] = {
    "a charge is declined": _declined,
    "a session fails": _session_failed,
    "a session is canceled": _session_canceled,
    "a session brings too little": _session_short,
    "more credit is declined": _credit_declined,
}


@pytest.mark.parametrize("why", FAILING)
def test_what_is_held_is_released_once_when_the_rest_fails(why: str) -> None:
    till = Till()
    credit = till.with_credit(40)

    FAILING[why](till)

    (void,) = _voids_of(till, credit)
    assert (eur(40), Origin.POLICY, True) == (void.amount, void.origin, void.succeeded)
    assert PaymentStatus.VOIDED is till.newest(credit).status
    assert eur(0) == till.in_order().authorized
    _recovered(till)
    assert ["void"] == [each for each in till.credit.methods if each == "void"]


def test_what_is_held_stays_held_when_nothing_happened() -> None:
    till = Till()
    credit = till.with_credit(40)

    _unreachable(till)

    assert () == _voids_of(till, credit)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status


def test_a_customer_may_start_all_over_after_the_rest_has_failed() -> None:
    till = Till()
    till.with_credit(40)
    _declined(till)

    till.with_credit(40)
    till.charged()

    assert (eur(100), 1) == (till.in_order().paid, till.told(PayablePaid))


def test_a_decline_that_the_session_survives_releases_nothing() -> None:
    till = Till(complete_session=Declined(DECLINE))
    credit = till.with_credit(40)

    _by_session(till)

    assert PaymentStatus.AUTHORIZED is till.newest(credit).status


def _action_required(till: Till) -> object:
    till.gateway.then("charge", ACTION)
    return till.charged(amount=eur(10))


def _answer_lost(till: Till) -> object:
    till.gateway.then("charge", TimeoutError())
    return till.charged(amount=eur(10))


STILL_POSSIBLE: dict[str, Callable[[Till], object]] = {
    "another session is open": lambda till: till.payments.create_session(order(), method=CARD),
    "a charge asks for an action": _action_required,
    "a charge is asked for": _answer_lost,
    "a check is waited for": lambda till: till.check(),
}


@pytest.mark.parametrize("meanwhile", STILL_POSSIBLE)
@pytest.mark.parametrize("why", ["a charge is declined", "a session is canceled"])
def test_nothing_is_released_while_the_rest_may_still_come(why: str, meanwhile: str) -> None:
    till = Till()
    credit = till.with_credit(40)
    STILL_POSSIBLE[meanwhile](till)

    FAILING[why](till)

    assert PaymentStatus.AUTHORIZED is till.newest(credit).status
    assert () == _voids_of(till, credit)
    till.in_order()


def test_what_is_held_is_released_when_the_last_session_that_might_pay_it_ends() -> None:
    till = Till()
    credit = till.with_credit(40)
    first, second = (till.payments.create_session(order(), method=CARD) for _ in range(2))

    till.payments.cancel_session(first.id)
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status
    till.payments.cancel_session(second.id)

    assert PaymentStatus.VOIDED is till.newest(credit).status


def test_what_covers_is_not_released_by_what_fails_beside_it() -> None:
    till = Till(charge=ACTION)
    waiting = till.charged()
    credit = till.with_credit(100)
    till.gateway.then("look_up", seen(Declined(DECLINE)))

    _recovered(till)

    assert PaymentStatus.FAILED is till.newest(waiting).status
    assert PaymentStatus.CAPTURED is till.newest(credit).status


def test_a_policy_void_that_a_crash_prevented_is_made_by_recovery() -> None:
    class Crash(BaseException):
        pass

    till = Till()
    credit = till.with_credit(40)
    till.credit.then("void", Crash())

    with pytest.raises(Crash):
        _declined(till)
    _recovered(till)

    assert PaymentStatus.VOIDED is till.newest(credit).status


def test_a_part_that_is_kept_leaves_what_is_held_waiting_for_the_rest() -> None:
    till = Till(charge=Captured(eur(30)))
    credit = till.with_credit(40)

    till.charged()
    assert PaymentStatus.AUTHORIZED is till.newest(credit).status
    till.charged()

    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert eur(100) == till.in_order().paid


# Sums


def test_a_refund_of_one_part_is_bounded_by_that_part() -> None:
    till = Till()
    credit = till.with_credit(40)
    card = till.charged()

    with pytest.raises(AmountExceeded):
        till.payments.refund(credit.id, amount=eur(70))
    till.payments.refund(credit.id, amount=eur(40)).raise_for_failure()
    with pytest.raises(IllegalTransition):
        till.payments.refund(credit.id, amount=eur(5))
    till.payments.refund(card.id).raise_for_failure()
    with pytest.raises(NotFound):
        till.payments.refund("py_none", amount=eur(5))

    assert (eur(100), "refunded") == (till.in_order().refunded, till.in_order().status)


def test_no_credit_is_drawn_for_what_is_paid_already() -> None:
    till = Till()
    till.charged()
    before = till.snapshot()

    with pytest.raises(NothingDue):
        till.with_credit(10)

    assert before == till.snapshot()


def test_credit_taken_elsewhere_is_not_asked_for() -> None:
    till = Till()
    payable = Payable("or_1", total=eur(100), credit_outside=eur(40))

    till.charged(payable=payable)

    assert (eur(60), "paid") == (till.in_order().paid, till.in_order().status)


# With a ledger


def _ledger(*amounts: int) -> InMemoryCreditLedger:
    return InMemoryCreditLedger(
        [
            Credit(
                id=f"sc_{number}",
                customer_id="cus_1",
                amount=eur(amount),
                created_at=datetime(2026, 1, number, tzinfo=UTC),
            )
            for number, amount in enumerate(amounts, start=1)
        ]
    )


def _credits(ledger: InMemoryCreditLedger) -> list[tuple[Money, Money]]:
    """What is authorized and what is used of each credit, the oldest first."""
    known = [ledger.credit(f"sc_{number}") for number in (1, 2)]
    return [(each.authorized, each.used) for each in known if each is not None]


def test_real_credit_beside_a_card_is_released_when_that_fails_and_taken_with_it() -> None:
    till = Till()
    ledger = _ledger(40, 10)
    till.gateways["credit"] = StoreCreditGateway(ledger)

    first, second = till.with_credit(40), till.with_credit(10, credit_id="sc_2")
    assert [(eur(40), eur(0)), (eur(10), eur(0))] == _credits(ledger)

    _declined(till)
    assert [(eur(0), eur(0)), (eur(0), eur(0))] == _credits(ledger)
    assert {PaymentStatus.VOIDED} == {till.newest(each).status for each in (first, second)}

    again = till.with_credit(40)
    till.charged().raise_for_failure()
    assert [(eur(0), eur(40)), (eur(0), eur(0))] == _credits(ledger)
    assert PaymentStatus.CAPTURED is till.newest(again).status
    assert eur(100) == till.in_order().paid


def test_more_credit_than_there_is_is_declined_and_frees_the_amount() -> None:
    till = Till()
    till.gateways["credit"] = StoreCreditGateway(_ledger(10))

    credit = till.with_credit(40)

    assert (PaymentStatus.FAILED, eur(100)) == (credit.status, till.in_order().due)
