"""What a person says: money has come for a payment, or has gone back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from flow_builders import DECLINE, ScriptedGateway, eur, order
from payment_builders import CHECK, PATIENT, STORED, ChargingGateway, Till

from paysession import Money, Payment, RefundReason
from paysession._domain.operations import Origin
from paysession._domain.payment_requests import MOST_MOVEMENTS
from paysession.errors import (
    AmountExceeded,
    CurrencyMismatch,
    IllegalTransition,
    InvalidAmount,
    LimitExceeded,
    MethodUnavailable,
    NotFound,
    UnsafeInput,
    Unsupported,
)
from paysession.events import PayablePaid
from paysession.gateways import Capabilities
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Captured, Declined, ReferenceRole

# Paid


def test_a_person_says_that_all_of_it_has_come() -> None:
    till = Till()
    payment = till.check()

    capture = till.payments.mark_paid(payment.id, reference="check 17", metadata={"by": "Ada"})

    assert (eur(100), True, Origin.PERSON) == (capture.amount, capture.succeeded, capture.origin)
    assert ("check 17", "Ada") == (
        capture.references.get(ReferenceRole.CAPTURE),
        capture.metadata["by"],
    )
    after = till.newest(payment).raise_for_failure()
    assert (PaymentStatus.CAPTURED, False) == (after.status, after.is_open)
    assert (eur(100), "paid", 1) == (
        till.in_order().paid,
        till.in_order().status,
        till.told(PayablePaid),
    )
    assert [] == till.calls


def test_it_may_come_in_parts_and_the_payable_is_paid_with_the_last_of_them() -> None:
    till = Till()
    payment = till.check()

    till.payments.mark_paid(payment.id, amount=eur(40))
    assert (eur(60), "partially_paid", eur(60), 0) == (
        till.newest(payment).missing,
        till.in_order().status,
        till.in_order().due,
        till.told(PayablePaid),
    )
    till.payments.mark_paid(payment.id, amount=eur(25))
    last = till.payments.mark_paid(payment.id)

    assert eur(35) == last.amount
    assert (eur(0), "paid", 1) == (
        till.newest(payment).missing,
        till.in_order().status,
        till.told(PayablePaid),
    )


def test_more_than_was_asked_for_is_recorded_and_told() -> None:
    till = Till()
    payment = till.check()

    till.payments.mark_paid(payment.id, amount=eur(120))

    (overpaid,) = till.newest(payment).discrepancies
    assert ("overpaid", "100.00 EUR", "120.00 EUR") == (
        overpaid.kind,
        overpaid.expected,
        overpaid.actual,
    )
    assert (eur(120), "overpaid") == (till.in_order().paid, till.in_order().status)


def test_every_money_that_is_too_much_is_told_of() -> None:
    till = Till()
    first, second = till.check(), till.check()

    for payment in (first, second):
        till.payments.mark_paid(payment.id, amount=eur(110))

    for payment in (first, second):
        assert ["overpaid"] == [each.kind for each in till.newest(payment).discrepancies]
    assert (eur(220), 1) == (till.in_order().paid, till.told(PayablePaid))


def test_to_say_again_that_all_has_come_returns_the_newest_capture_and_writes_nothing() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id, amount=eur(40))
    last = till.payments.mark_paid(payment.id)
    before = till.snapshot()

    assert last == till.payments.mark_paid(payment.id)
    assert before == till.snapshot()


def test_money_for_a_payment_that_lost_its_place_is_recorded_all_the_same() -> None:
    till = Till()
    first, second = till.check(), till.check()

    till.payments.mark_paid(first.id)

    after = till.newest(first)
    assert (PaymentStatus.CAPTURED, True) == (after.status, after.succeeded)
    assert (PaymentStatus.CHECKOUT, eur(100)) == (till.newest(second).status, till.in_order().paid)


def test_the_same_reference_twice_for_one_payment_is_one_transfer() -> None:
    till = Till()
    payment = till.check()
    first = till.payments.mark_paid(payment.id, amount=eur(40), reference="transfer 7")

    again = till.payments.mark_paid(payment.id, amount=eur(40), reference="transfer 7")

    assert first == again
    assert eur(40) == till.in_order().paid


def test_one_transfer_may_pay_for_several_payables() -> None:
    till = Till()
    first = till.check(payable=order(order_id="or_1"))
    second = till.check(payable=order(order_id="or_2"))

    for payment in (first, second):
        till.payments.mark_paid(payment.id, reference="transfer 7")

    assert [(), ()] == [till.newest(each).discrepancies for each in (first, second)]


def test_other_references_for_one_payment_are_other_money() -> None:
    till = Till()
    payment = till.check()

    for number in (1, 2):
        till.payments.mark_paid(payment.id, amount=eur(50), reference=f"check {number}")

    assert () == till.newest(payment).discrepancies


def test_two_people_who_say_so_at_once_are_both_believed_and_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    payment = till.check()
    commit = till.store.commit
    others: list[Callable[[], object]] = [
        lambda: till.payments.mark_paid(payment.id, amount=eur(100))
    ]

    def interrupted(changes: Any) -> None:
        if others:
            others.pop()()
        commit(changes)

    monkeypatch.setattr(till.store, "commit", interrupted)

    till.payments.mark_paid(payment.id, amount=eur(100))

    assert ["overpaid"] == [each.kind for each in till.newest(payment).discrepancies]
    assert (eur(200), 1) == (till.in_order().paid, till.told(PayablePaid))


def test_of_two_people_who_say_that_all_has_come_one_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    payment = till.check()
    commit = till.store.commit
    others: list[Callable[[], object]] = [lambda: till.payments.mark_paid(payment.id)]

    def interrupted(changes: Any) -> None:
        if others:
            others.pop()()
        commit(changes)

    monkeypatch.setattr(till.store, "commit", interrupted)

    till.payments.mark_paid(payment.id)

    assert eur(100) == till.in_order().paid


def test_a_check_that_comes_while_a_card_is_charged_is_too_much_and_told() -> None:
    till = Till()
    check = till.check()

    def meanwhile(request: object) -> Captured:
        till.payments.mark_paid(check.id)
        return Captured(eur(100))

    till.gateway.then("charge", meanwhile)
    charged = till.charged()

    assert ["overpaid"] == [each.kind for each in charged.discrepancies]
    assert () == till.newest(check).discrepancies
    assert eur(200) == till.in_order().paid


def test_a_check_that_comes_while_a_session_is_paid_is_too_much_and_told() -> None:
    till = Till()
    check = till.check()
    session = till.opened()

    def meanwhile(request: object) -> Captured:
        till.payments.mark_paid(check.id)
        return Captured(eur(100))

    till.gateway.then("complete_session", meanwhile)
    completed = till.payments.complete_session(session.id)

    assert ["overpaid"] == [each.kind for each in till.payment_of(completed).discrepancies]
    assert eur(200) == till.in_order().paid


# Given back


def test_a_person_says_that_it_has_gone_back() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id)

    part = till.payments.mark_refunded(
        payment.id,
        amount=eur(30),
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
        reference="transfer 9",
        metadata={"by": "Ada"},
    )
    rest = till.payments.mark_refunded(payment.id)

    assert (eur(30), True, "transfer 9") == (
        part.amount,
        part.succeeded,
        part.references.get(ReferenceRole.REFUND),
    )
    assert (RefundReason.REQUESTED_BY_CUSTOMER, Origin.PERSON) == (part.reason, part.origin)
    assert (eur(70), None) == (rest.amount, rest.due_at)
    assert PaymentStatus.REFUNDED is till.newest(payment).status
    assert (eur(100), "refunded") == (till.in_order().refunded, till.in_order().status)
    assert [] == till.calls


def test_to_say_again_that_all_has_gone_back_returns_the_newest_refund_and_writes_nothing() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id)
    refund = till.payments.mark_refunded(payment.id)
    before = till.snapshot()

    assert refund == till.payments.mark_refunded(payment.id)
    assert before == till.snapshot()


def test_money_that_comes_after_all_went_back_is_paid() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id)
    till.payments.mark_refunded(payment.id)

    till.payments.mark_paid(payment.id, amount=eur(50))

    after = till.newest(payment)
    assert (PaymentStatus.PARTIALLY_REFUNDED, eur(50)) == (after.status, after.balances.refundable)


# What is refused


def _full(till: Till, movements: int) -> Payment:
    payment = till.check()
    full = attrs.evolve(payment, movements=movements)
    key = next(key for key, each in till.store._entities.items() if each == payment)
    till.store._entities[key] = full
    return full


@pytest.mark.parametrize(("movements", "is_refused"), [(2, False), (1, True)])
def test_a_payment_has_no_end_of_movements(movements: int, is_refused: bool) -> None:
    till = Till()
    payment = _full(till, MOST_MOVEMENTS - movements)

    if is_refused:
        before = till.snapshot()
        with pytest.raises(LimitExceeded):
            till.payments.mark_paid(payment.id)
        assert before == till.snapshot()
    else:
        till.payments.mark_paid(payment.id)
        assert MOST_MOVEMENTS == till.newest(payment).movements


Command = Callable[[Till, Payment], object]


def _paid(**kwargs: Any) -> Command:
    return lambda till, payment: till.payments.mark_paid(payment.id, **kwargs)


def _refunded(**kwargs: Any) -> Command:
    return lambda till, payment: till.payments.mark_refunded(payment.id, **kwargs)


def _gone(till: Till, payment: Payment) -> object:
    del till.gateways["check"]
    return till.payments.mark_paid(payment.id)


REFUSED: dict[str, tuple[Command, type[Exception]]] = {
    "nothing has come": (_paid(amount=eur(0)), InvalidAmount),
    "less than nothing has come": (_paid(amount=eur(-1)), InvalidAmount),
    "another currency has come": (_paid(amount=Money(1, "USD")), CurrencyMismatch),
    "a number has come": (_paid(amount=1), TypeError),
    "a reference with a nul": (_paid(reference="\0"), UnsafeInput),
    "a reference that is a card number": (_paid(reference="4242424242424242"), UnsafeInput),
    "notes with a nul": (_paid(metadata={"a": "\0"}), UnsafeInput),
    "no such payment": (lambda till, _: till.payments.mark_paid("py_none"), NotFound),
    "an unsafe id": (lambda till, _: till.payments.mark_paid("\0"), UnsafeInput),
    "no gateway": (_gone, MethodUnavailable),
    "nothing was paid": (_refunded(), IllegalTransition),
    "nothing has gone back": (_refunded(amount=eur(0)), InvalidAmount),
    "another currency has gone back": (_refunded(amount=Money(1, "USD")), CurrencyMismatch),
    "no such reason": (_refunded(reason="because"), UnsafeInput),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_writes_nothing(case: str) -> None:
    command, error = REFUSED[case]
    till = Till()
    payment = till.check()
    before = till.snapshot()

    with pytest.raises(error):
        command(till, payment)

    assert before == till.snapshot()


def test_more_than_was_paid_cannot_have_gone_back() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id, amount=eur(10))
    before = till.snapshot()

    with pytest.raises(AmountExceeded):
        till.payments.mark_refunded(payment.id, amount=eur(11))

    assert before == till.snapshot()


@pytest.mark.parametrize("command", ["mark_paid", "mark_refunded"])
def test_nobody_says_what_was_paid_where_the_provider_does(command: str) -> None:
    till = Till()
    payment = till.charged()
    before = till.snapshot()

    with pytest.raises(Unsupported, match="its provider says what was paid"):
        getattr(till.payments, command)(payment.id)

    assert before == till.snapshot()


def test_a_charge_is_told_of_by_its_provider_even_where_people_tell_of_other_payments() -> None:
    till = Till()
    both = ChargingGateway(Capabilities(settled_by_person=True), charge=Declined(DECLINE))
    till.gateways["bogus"] = both
    payment = till.payments.charge(order(), method=PATIENT, source=STORED)

    with pytest.raises(Unsupported):
        till.payments.mark_paid(payment.id)

    assert PaymentStatus.FAILED is till.newest(payment).status


def test_what_a_person_said_was_paid_may_be_given_back_by_a_gateway_that_can() -> None:
    till = Till()
    gateway = ScriptedGateway(Capabilities(settled_by_person=True))
    till.gateways["check"] = gateway
    payment = till.payments.create_payment(order(), method=CHECK)
    till.payments.mark_paid(payment.id)

    till.payments.refund(payment.id, amount=eur(10)).raise_for_failure()

    assert ["refund"] == gateway.methods
    assert eur(10) == till.in_order().refunded
