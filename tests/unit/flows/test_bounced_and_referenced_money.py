"""What a person says comes under a reference, in parts, and may be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flow_builders import eur
from payment_builders import Till

from paysession import Capture, Payment
from paysession.errors import InvalidAmount, NotFound, StillOpen, UnsafeInput, Unsupported
from paysession.events import PayablePaid
from paysession.lifecycles import OperationStatus
from paysession.outcomes import ReferenceRole
from paysession.views import store_api


def _captures_of(till: Till, payment: Payment) -> tuple[Capture, ...]:
    return till.store.find(Capture, by="payment_id", value=payment.id, tenant="")


# Bounced


def test_what_bounced_is_due_and_missing_again() -> None:
    till = Till()
    payment = till.check()
    capture = till.payments.mark_paid(payment.id)

    bounced = till.payments.mark_bounced(capture.id)

    assert (capture.id, OperationStatus.FAILED) == (bounced.id, bounced.status)
    assert "bounced" == (bounced.failure and bounced.failure.raw_code)
    after = till.newest(payment)
    assert (eur(100), False) == (after.missing, after.succeeded)
    assert (eur(0), eur(100), "unpaid") == (
        till.in_order().paid,
        till.in_order().due,
        till.in_order().status,
    )


def test_what_bounced_may_come_after_all() -> None:
    till = Till()
    payment = till.check()
    first = till.payments.mark_paid(payment.id)
    till.payments.mark_bounced(first.id)

    second = till.payments.mark_paid(payment.id)

    assert (True, eur(100)) == (second.id != first.id, second.amount)
    till.newest(payment).raise_for_failure()
    assert (eur(100), "paid", 1) == (
        till.in_order().paid,
        till.in_order().status,
        till.told(PayablePaid),
    )


def test_one_part_that_bounced_leaves_the_other() -> None:
    till = Till()
    payment = till.check()
    part = till.payments.mark_paid(payment.id, amount=eur(40))
    till.payments.mark_paid(payment.id)

    till.payments.mark_bounced(part.id)

    after = till.newest(payment)
    assert (eur(40), eur(60), True) == (after.missing, after.balances.captured, after.awaits_more)
    assert (eur(60), eur(40)) == (till.in_order().paid, till.in_order().due)


def test_to_say_again_that_it_bounced_returns_the_capture_and_writes_nothing() -> None:
    till = Till()
    capture = till.payments.mark_paid(till.check().id)
    bounced = till.payments.mark_bounced(capture.id)
    till.clock.forward(hours=1)
    before = till.snapshot()

    assert bounced == till.payments.mark_bounced(capture.id)
    assert before == till.snapshot()


def test_what_was_too_much_and_bounced_is_not_too_much_any_more() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id)
    second = till.payments.mark_paid(payment.id, amount=eur(100), reference="transfer 2")
    assert ["overpaid"] == [each.kind for each in till.newest(payment).discrepancies]

    till.payments.mark_bounced(second.id)

    (overpaid,) = till.newest(payment).discrepancies
    assert till.clock.now == overpaid.closed_at
    assert (eur(100), "paid") == (till.in_order().paid, till.in_order().status)


def test_a_card_cannot_be_said_to_have_bounced() -> None:
    till = Till()
    (capture,) = _captures_of(till, till.charged())
    before = till.snapshot()

    with pytest.raises(Unsupported, match="its provider says what was paid"):
        till.payments.mark_bounced(capture.id)

    assert before == till.snapshot()


@pytest.mark.parametrize(("capture_id", "error"), [("ca_none", NotFound), ("\0", UnsafeInput)])
def test_what_is_no_capture_cannot_bounce(capture_id: str, error: type[Exception]) -> None:
    till = Till()
    till.payments.mark_paid(till.check().id)
    before = till.snapshot()

    with pytest.raises(error):
        till.payments.mark_bounced(capture_id)

    assert before == till.snapshot()


# Under a reference


@pytest.mark.parametrize("again", [{}, {"amount": eur(40)}])
def test_a_reference_that_was_told_of_returns_its_capture_for_ever(again: dict[str, Any]) -> None:
    till = Till()
    payment = till.check()
    first = till.payments.mark_paid(payment.id, amount=eur(40), reference="transfer 7")
    till.payments.mark_paid(payment.id, reference="transfer 8")
    till.clock.forward(hours=24 * 400)
    before = till.snapshot()

    assert first == till.payments.mark_paid(payment.id, reference="transfer 7", **again)
    assert before == till.snapshot()


def test_another_amount_under_the_same_reference_is_other_money() -> None:
    till = Till()
    payment = till.check()
    first = till.payments.mark_paid(payment.id, amount=eur(40), reference="transfer 7")

    second = till.payments.mark_paid(payment.id, amount=eur(60), reference="transfer 7")

    assert [first, second] == list(_captures_of(till, payment))
    assert eur(100) == till.in_order().paid
    for capture in (first, second):
        again = till.payments.mark_paid(payment.id, amount=capture.amount, reference="transfer 7")
        assert capture == again


def test_what_bounced_counts_again_under_its_reference() -> None:
    till = Till()
    payment = till.check()
    first = till.payments.mark_paid(payment.id, reference="check 17")
    till.payments.mark_bounced(first.id)

    second = till.payments.mark_paid(payment.id, reference="check 17")

    assert first.id != second.id
    assert "check 17" == second.references.get(ReferenceRole.CAPTURE)
    assert eur(100) == till.in_order().paid
    assert second == till.payments.mark_paid(payment.id, reference="check 17")


def test_a_new_reference_where_nothing_is_missing_must_say_how_much_came() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id, reference="check 17")
    before = till.snapshot()

    with pytest.raises(InvalidAmount, match="say how much came"):
        till.payments.mark_paid(payment.id, reference="check 18")

    assert before == till.snapshot()


# In part


def test_a_check_that_came_in_part_waits_for_the_rest() -> None:
    till = Till()
    payment = till.check()

    till.payments.mark_paid(payment.id, amount=eur(40))

    after = till.newest(payment)
    assert (True, True, False) == (after.awaits_more, after.is_open, after.succeeded)
    with pytest.raises(StillOpen, match=r"use mark_paid when the missing 60\.00 EUR have come"):
        after.raise_for_failure()
    document = store_api.payment(till.payments.statement(payment.id), locale="en")
    assert "pending" == document["status"]


def test_the_rest_of_a_check_ends_the_wait() -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id, amount=eur(40))

    till.payments.mark_paid(payment.id)

    after = till.newest(payment)
    assert (False, False, True) == (after.awaits_more, after.is_open, after.succeeded)
    document = store_api.payment(till.payments.statement(payment.id), locale="en")
    assert "completed" == document["status"]


Ending = Callable[[Till, Payment], object]
OVER: dict[str, Ending] = {
    "it went back": lambda till, payment: till.payments.mark_refunded(payment.id),
    "a part of it went back": lambda till, payment: till.payments.mark_refunded(
        payment.id, amount=eur(10)
    ),
}


@pytest.mark.parametrize("why", OVER)
def test_nobody_waits_for_the_rest_of_what_went_back(why: str) -> None:
    till = Till()
    payment = till.check()
    till.payments.mark_paid(payment.id, amount=eur(40))

    OVER[why](till, payment)

    after = till.newest(payment)
    assert (False, False) == (after.awaits_more, after.is_open)


def test_a_card_that_brought_a_part_awaits_nothing() -> None:
    till = Till()
    payment = till.payments.get_payment(till.charged(amount=eur(40)).id)

    assert (False, True) == (payment.awaits_more, payment.succeeded)


def test_what_bounced_wholly_is_awaited_again() -> None:
    till = Till()
    payment = till.check()
    capture = till.payments.mark_paid(payment.id)

    till.payments.mark_bounced(capture.id)

    again = till.newest(payment)
    assert (True, False, True) == (again.is_open, again.succeeded, again.awaits_more)
    with pytest.raises(StillOpen, match="use mark_paid when the missing"):
        again.raise_for_failure()


def test_what_went_back_and_then_bounced_is_told() -> None:
    till = Till()
    payment = till.check()
    capture = till.payments.mark_paid(payment.id)
    till.payments.mark_refunded(payment.id, amount=eur(30))

    till.payments.mark_bounced(capture.id)

    (told,) = till.newest(payment).discrepancies
    assert ("over_refunded", payment.id) == (told.kind, told.operation_id)
