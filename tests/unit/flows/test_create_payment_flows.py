"""Payments that wait in the checkout: one for each payable, and nothing is reserved."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from flow_builders import CARD, eur, order
from payment_builders import CHECK, STORED, CheckGateway, Till

from paysession import Money, Payable, Payment, PaymentMethod
from paysession._money.minor_units import STRIPE
from paysession.errors import (
    AmountExceeded,
    AmountNotRepresentable,
    Closed,
    CurrencyMismatch,
    IllegalTransition,
    InvalidAmount,
    LimitExceeded,
    MethodUnavailable,
    NothingDue,
    PaySessionError,
    SessionRequired,
    SourceRequired,
    StillOpen,
    UnsafeInput,
    Unsupported,
)
from paysession.events import PaymentAbandoned
from paysession.gateways import Capabilities
from paysession.lifecycles import PaymentStatus


def test_a_payment_waits_in_the_checkout_and_reserves_nothing() -> None:
    till = Till()

    payment = till.payments.create_payment(
        order(), method=CHECK, metadata={"purchase_order_number": "7"}
    )

    assert (PaymentStatus.CHECKOUT, eur(100)) == (payment.status, payment.amount)
    assert "7" == payment.metadata["purchase_order_number"]
    assert (eur(100), "unpaid") == (till.in_order().due, till.in_order().status)
    assert [] == till.calls
    assert payment == till.newest(payment)


def test_what_waits_in_the_checkout_is_still_open_and_says_what_to_do() -> None:
    payment = Till().check()

    assert (True, False, None) == (payment.is_open, payment.succeeded, payment.failure)
    with pytest.raises(StillOpen, match=r"is checkout.*use mark_paid when the money has come"):
        payment.raise_for_failure()


def test_a_payment_is_about_all_that_is_due_or_a_part_of_it() -> None:
    till = Till()
    till.charged(amount=eur(30))

    assert eur(70) == till.check().amount
    assert eur(5) == till.check(amount=eur("5.00")).amount


def test_a_new_payment_takes_the_place_of_the_one_in_the_checkout() -> None:
    till = Till()
    first, second, third = till.check(), till.check(), till.check()

    assert [PaymentStatus.ABANDONED, PaymentStatus.ABANDONED, PaymentStatus.CHECKOUT] == [
        till.newest(each).status for each in (first, second, third)
    ]
    with pytest.raises(Closed, match="is abandoned: create a new one"):
        till.newest(first).raise_for_failure()
    assert 2 == till.told(PaymentAbandoned)


def test_what_is_asked_for_or_held_or_paid_is_left_untouched_by_a_new_payment() -> None:
    till = Till(charge=TimeoutError())
    asked = till.charged(amount=eur(10))
    held = till.with_credit(20)
    marked = till.check(amount=eur(30))
    till.payments.mark_paid(marked.id)

    till.check()

    statuses = [till.newest(each).status for each in (asked, held, marked)]
    assert [PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED] == statuses


def test_the_checkout_of_another_payable_is_left_untouched() -> None:
    till = Till()
    first = till.check(payable=order(order_id="or_1"))

    till.check(payable=order(order_id="or_2"))

    assert PaymentStatus.CHECKOUT is till.newest(first).status


@pytest.mark.parametrize("is_known", [False, True])
def test_of_two_payments_that_are_created_at_once_one_takes_the_place_of_the_other(
    is_known: bool,
) -> None:
    till = Till()
    if is_known:
        till.check()
    till.before_id.then = till.check

    last = till.check()

    payments = till.store.find(Payment, by="payable_id", value="or_1", tenant="")
    waiting = [each for each in payments if each.status is PaymentStatus.CHECKOUT]
    assert 1 == len(waiting)
    assert last in waiting


def test_of_two_commits_at_once_the_second_sees_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    till = Till()
    till.check()
    commit, others = till.store.commit, [till.check]

    def interrupted(changes: object) -> None:
        if others:
            others.pop()()
        commit(changes)  # type: ignore[arg-type]

    monkeypatch.setattr(till.store, "commit", interrupted)

    last = till.check()

    payments = till.store.find(Payment, by="payable_id", value="or_1", tenant="")
    waiting = [each for each in payments if each.status is PaymentStatus.CHECKOUT]
    assert [last.id] == [each.id for each in waiting]
    assert 3 == len(payments)


def test_what_the_payable_costs_now_is_kept_with_the_payment() -> None:
    till = Till()
    till.check()

    dearer = till.check(payable=order(120))

    assert (eur(120), eur(120)) == (dearer.amount, till.in_order().due)


def test_a_payment_in_the_checkout_cannot_be_captured_voided_or_refunded() -> None:
    till = Till()
    payment = till.check()
    till.gateways["check"] = till.gateway
    before = till.snapshot()

    for command in (till.payments.capture, till.payments.void, till.payments.refund):
        with pytest.raises(IllegalTransition, match="that is checkout"):
            command(payment.id)

    assert before == till.snapshot()
    assert [] == till.calls


Refused = Callable[[Till], object]
SOURCED = attrs.evolve(CHECK, source_required=True)
SESSIONLESS = attrs.evolve(CARD, session_required=False, source_required=False)
YEN_CARD = PaymentMethod(
    id="pm_4", name="Card", gateway="stripe", session_required=False, source_required=False
)


def _at_stripe(till: Till, payable: Payable) -> Payment:
    gateway = CheckGateway()
    gateway.capabilities = Capabilities(settled_by_person=True, minor_units=STRIPE)
    till.gateways["stripe"] = gateway
    return till.payments.create_payment(payable, method=YEN_CARD)


REFUSED: dict[str, tuple[Refused, type[Exception]]] = {
    "a method with sessions": (
        lambda till: till.payments.create_payment(order(), method=CARD),
        SessionRequired,
    ),
    "no source": (
        lambda till: till.payments.create_payment(order(), method=SOURCED),
        SourceRequired,
    ),
    "a gateway whose provider tells": (
        lambda till: till.payments.create_payment(order(), method=SESSIONLESS),
        Unsupported,
    ),
    "no gateway": (
        lambda till: till.payments.create_payment(
            order(), method=attrs.evolve(CHECK, gateway="gone")
        ),
        MethodUnavailable,
    ),
    "more than is due": (lambda till: till.check(amount=eur(101)), AmountExceeded),
    "nothing": (lambda till: till.check(amount=eur(0)), InvalidAmount),
    "less than nothing": (lambda till: till.check(amount=eur(-1)), InvalidAmount),
    "another currency": (lambda till: till.check(amount=Money(1, "USD")), CurrencyMismatch),
    "a number": (lambda till: till.check(amount=5), TypeError),  # type: ignore[arg-type]
    "nothing due": (lambda till: till.check(payable=order(0)), NothingDue),
    "no payable": (lambda till: till.check(payable="or_1"), TypeError),  # type: ignore[arg-type]
    "no method": (
        lambda till: till.payments.create_payment(order(), method="pm_1"),  # type: ignore[arg-type]
        TypeError,
    ),
    "no real source": (
        lambda till: till.payments.create_payment(
            order(),
            method=CHECK,
            source="src_1",  # type: ignore[arg-type]
        ),
        TypeError,
    ),
    "a nul": (
        lambda till: till.payments.create_payment(order(), method=CHECK, metadata={"a": "\0"}),
        UnsafeInput,
    ),
    "too many notes": (
        lambda till: till.payments.create_payment(
            order(), method=CHECK, metadata={f"key{each}": "x" for each in range(51)}
        ),
        LimitExceeded,
    ),
    "what the provider cannot write": (
        lambda till: _at_stripe(till, Payable("or_1", total=Money("1.001", "KWD"))),
        AmountNotRepresentable,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_writes_nothing_and_calls_nobody(case: str) -> None:
    command, error = REFUSED[case]
    till = Till()
    before = till.snapshot()

    with pytest.raises(error) as refusal:
        command(till)

    assert before == till.snapshot()
    assert [] == till.calls
    if error is not TypeError:
        assert isinstance(refusal.value, PaySessionError)


def test_nothing_is_due_of_what_is_covered() -> None:
    till = Till()
    till.charged()
    before = till.snapshot()

    with pytest.raises(NothingDue):
        till.check()

    assert before == till.snapshot()


def test_a_source_is_kept_with_the_payment_that_asks_for_one() -> None:
    till = Till()

    payment = till.payments.create_payment(order(), method=SOURCED, source=STORED)

    assert STORED == payment.source


def test_a_payment_that_waits_in_the_checkout_is_given_up_and_nobody_is_called() -> None:
    till = Till()
    payment = till.check()

    abandoned = till.payments.abandon_payment(payment.id)

    assert PaymentStatus.ABANDONED is abandoned.status
    assert abandoned == till.newest(payment)
    assert abandoned == till.payments.abandon_payment(payment.id)
    assert [] == till.calls


def test_a_payment_that_has_come_is_not_given_up() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id)
    paid = till.newest(payment)

    with pytest.raises(IllegalTransition):
        till.payments.abandon_payment(payment.id)

    assert paid == till.newest(payment)
