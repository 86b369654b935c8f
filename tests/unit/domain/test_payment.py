"""The verbs of a payment: what each reserves or records, and what is refused."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import (
    FAILURE,
    NOTHING,
    account,
    asked_capture,
    asked_refund,
    asked_void,
    at,
    authorized,
    eur,
    heard,
    lease,
    let_go,
    new_payment,
)

from paysession import events
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.operations import Origin
from paysession._domain.payment import Payment
from paysession._domain.payment_requests import MOST_MOVEMENTS
from paysession._money import Money
from paysession.errors import (
    AmountExceeded,
    Closed,
    CurrencyMismatch,
    IllegalTransition,
    InvalidAmount,
    LimitExceeded,
    StillOpen,
)
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    Bounced,
    Captured,
    Declined,
    FundsWithdrawn,
    Pending,
    ReferenceRole,
    References,
    Refunded,
    Retaken,
    Unknown,
    Voided,
)


def captured(amount: int = 100) -> Payment:
    payment, capture = asked_capture(authorized(), amount)
    return payment.settle(capture, heard(Captured(eur(amount))))[0]


def test_a_payment_begins_processing_and_says_so() -> None:
    payment = new_payment()
    assert (PaymentStatus.PROCESSING, eur(100)) == (payment.status, payment.amount)
    assert [events.PaymentCreated] == [type(event) for event in payment.news]
    assert (True, False, None) == (payment.is_open, payment.succeeded, payment.failure)
    with pytest.raises(StillOpen, match="py_1 is processing"):
        payment.raise_for_failure()


def test_an_authorization_is_held_with_its_references_and_its_end() -> None:
    payment, _ = new_payment().authorize(
        "au_1",
        amount=eur(100),
        references=References.of(authorization="pi_1"),
        expires_at=at(99),
        at=at(1),
    )
    assert (PaymentStatus.AUTHORIZED, eur(100)) == (payment.status, payment.balances.held)
    assert "pi_1" == payment.references.get(ReferenceRole.AUTHORIZATION)
    assert (at(99), at(1), 1) == (
        payment.authorized_until,
        payment.updated_at,
        payment.movements,
    )
    assert payment is payment.raise_for_failure()


def test_a_sale_is_taken_in_one_step() -> None:
    taken = heard(Captured(eur(100), references=References.of(capture="ch_1")))
    payment, capture = authorized().take("ca_1", amount=eur(100), evidence=taken, at=at(1))
    assert (PaymentStatus.CAPTURED, True) == (payment.status, capture.succeeded)
    assert ("ch_1", None) == (payment.references.get(ReferenceRole.CAPTURE), capture.due_at)


def test_what_the_provider_lets_go_or_takes_back_moves_the_status() -> None:
    lapsed = let_go()
    gone = heard(FundsWithdrawn(eur(100)))
    reversed_, _ = captured().told_of_reversal(None, "rv_1", gone)
    assert (PaymentStatus.LAPSED, PaymentStatus.REVERSED) == (lapsed.status, reversed_.status)
    with pytest.raises(Closed, match="py_1 is lapsed"):
        lapsed.raise_for_failure()


def test_a_capture_of_no_amount_reserves_all_that_is_left() -> None:
    payment, capture = asked_capture(authorized())
    assert (eur(100), eur(100)) == (capture.amount, payment.balances.capture_in_flight)
    assert (NOTHING, PaymentStatus.AUTHORIZED) == (payment.balances.capturable, payment.status)
    assert (lease(1).until, payment.references) == (capture.due_at, capture.acts_on)


def test_a_final_capture_releases_the_rest_and_another_does_not() -> None:
    assert eur(40) == asked_capture(authorized(), 60, is_final=True)[1].releases
    assert NOTHING == asked_capture(authorized(), 60)[1].releases
    assert NOTHING == asked_capture(authorized(), 110, over=10, is_final=True)[1].releases


def test_more_than_is_held_is_taken_only_as_far_as_the_provider_lets_us() -> None:
    assert eur(110) == asked_capture(authorized(), 110, over=10)[1].amount
    payment = authorized()
    with pytest.raises(AmountExceeded, match=r"more than the 110\.00 EUR that is capturable"):
        asked_capture(payment, 111, over=10)
    assert authorized() == payment


def test_a_refund_acts_on_its_capture() -> None:
    payment, capture = asked_capture(authorized())
    taken = Captured(eur(100), references=References.of(capture="ch_1"))
    payment, capture = payment.settle(capture, heard(taken))
    payment, refund = asked_refund(payment, 40, capture=capture)
    assert ("ch_1", capture.id) == (refund.acts_on.get(ReferenceRole.CAPTURE), refund.capture_id)
    assert eur(60) == payment.balances.refundable


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (Money("1", "USD"), CurrencyMismatch),
        (eur(0), InvalidAmount),
        (eur(-1), InvalidAmount),
        (100, TypeError),
        (eur("100.01"), AmountExceeded),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused_and_changes_nothing(
    amount: Money, error: type[Exception]
) -> None:
    held, taken = authorized(), captured()
    with pytest.raises(error):
        held.request_void("vo_1", amount=amount, lease=lease(), metadata=held.metadata)
    with pytest.raises(error):
        taken.request_refund(
            "re_1",
            amount=amount,
            reason=None,
            capture=None,
            lease=lease(),
            metadata=taken.metadata,
        )
    assert (authorized(), captured()) == (held, taken)


def test_what_the_balances_do_not_allow_is_refused_with_what_they_do() -> None:
    taken = captured()
    with pytest.raises(IllegalTransition) as refusal:
        asked_void(taken)
    assert ("captured", "void", ("refund",)) == (
        refusal.value.status,
        refusal.value.event,
        refusal.value.allowed,
    )
    with pytest.raises(IllegalTransition, match="it allows only capture, void"):
        asked_refund(authorized())
    assert captured() == taken


def test_a_payment_has_no_end_of_movements() -> None:
    full = attrs.evolve(authorized(), movements=MOST_MOVEMENTS)
    with pytest.raises(LimitExceeded, match="movements of one payment"):
        asked_capture(full)
    more, _ = full.told_of_movement(None, "mv_1", heard(Voided(eur(100))))
    assert MOST_MOVEMENTS + 1 == more.movements


def test_a_fact_moves_the_money_and_ends_the_operation() -> None:
    payment, void = asked_void(authorized(), 60)
    assert ((void.id,), True) == (payment.open_operations, payment.is_open)
    payment, void = payment.settle(void, heard(Voided(eur(60)), 3))
    assert ((), eur(60), at(3)) == (
        payment.open_operations,
        payment.balances.voided,
        payment.updated_at,
    )
    assert (PaymentStatus.AUTHORIZED, True) == (payment.status, void.succeeded)


def test_a_known_fact_changes_nothing() -> None:
    payment, void = asked_void(authorized())
    payment, void = payment.settle(void, heard(Voided(eur(100))))
    again = payment.settle(void, heard(Voided(eur(100)), 9))
    assert (True, True) == (again[0] is payment, again[1] is void)


def test_a_refusal_gives_back_what_was_reserved() -> None:
    before = captured()
    payment, refund = asked_refund(before, 60)
    payment, _ = payment.settle(refund, heard(Declined(FAILURE)))
    assert before.balances == payment.balances
    assert isinstance(payment.news[-1], events.RefundFailed)


def test_a_refund_that_bounces_leaves_the_money_with_us_again() -> None:
    payment, refund = asked_refund(captured())
    payment, refund = payment.settle(refund, heard(Refunded(eur(100))))
    assert PaymentStatus.REFUNDED is payment.status
    payment, refund = payment.settle(refund, heard(Bounced(FAILURE), 5))
    assert (PaymentStatus.CAPTURED, eur(100)) == (payment.status, payment.balances.refundable)
    payment, refund = payment.settle(refund, heard(Retaken(eur(100), occurred_at=at(9)), 9))
    assert PaymentStatus.REFUNDED is payment.status


def test_another_amount_than_was_asked_opens_a_discrepancy_while_it_holds() -> None:
    payment, capture = asked_capture(authorized())
    payment, capture = payment.settle(capture, heard(Captured(eur(90)), 2))
    (mismatch,) = payment.discrepancies
    assert (DiscrepancyKind.AMOUNT_MISMATCH, "100.00 EUR", "90.00 EUR", True) == (
        mismatch.kind,
        mismatch.expected,
        mismatch.actual,
        mismatch.is_open,
    )
    assert (eur(90), eur(10)) == (payment.balances.captured, payment.balances.capturable)
    corrected = Captured(eur(100), occurred_at=at(3))
    payment, capture = payment.settle(capture, heard(corrected, 4))
    assert [at(4)] == [one.closed_at for one in payment.discrepancies]
    assert eur(100) == payment.balances.captured


def test_another_currency_moves_nothing_and_is_left_to_a_person() -> None:
    asked, capture = asked_capture(authorized())
    payment, left = asked.settle(capture, heard(Captured(Money("100", "USD"))))
    assert (asked.balances, True, None) == (payment.balances, left.attention, left.believed)
    assert [DiscrepancyKind.CURRENCY_MISMATCH] == [one.kind for one in payment.discrepancies]
    again = payment.settle(left, heard(Captured(Money("100", "USD")), 9))
    assert (True, True) == (again[0] is payment, again[1] is left)


def test_a_doubt_a_lease_and_a_hand_over_are_told_and_move_no_money() -> None:
    asked, capture = asked_capture(authorized())
    payment, doubted = asked.doubt(capture, Unknown("timeout"), at=at(2))
    payment, leased = payment.take_up(doubted, lease(9))
    payment, left = payment.hand_over(leased, "nobody knows", at=at(20))
    told = payment.news[len(asked.news) :]
    assert [events.OutcomeDoubted, events.RecoveryStarted, events.DiscrepancyOpened] == [
        type(event) for event in told
    ]
    assert (asked.balances, True, 2) == (payment.balances, left.attention, left.tries)


def test_an_unanswered_capture_keeps_the_payment_open() -> None:
    payment, capture = asked_capture(authorized())
    payment, capture = payment.settle(capture, heard(Pending()))
    assert ((capture.id,), True, True) == (
        payment.open_operations,
        payment.is_open,
        payment.succeeded,
    )


def test_time_never_goes_back_in_what_is_told() -> None:
    ahead = attrs.evolve(authorized(), updated_at=at(50))
    payment, _ = ahead.told_of_movement(None, "mv_1", heard(Voided(eur(1))))
    assert (at(50), at(50)) == (payment.updated_at, payment.news[-1].at)


def test_a_payment_shares_what_is_held_taken_and_given_back_with_its_payable() -> None:
    payment, refund = asked_refund(captured(60), 10)
    payment, _ = payment.settle(refund, heard(Refunded(eur(10))))
    share = payment.share
    assert (eur(40), eur(60), eur(10), NOTHING, NOTHING) == (
        share.authorized,
        share.paid,
        share.refunded,
        share.lost,
        share.in_flight,
    )
    assert ("capture", "void", "refund") == payment.allowed


def test_the_number_of_a_payment_follows_from_its_id() -> None:
    number = new_payment().number
    assert number == authorized().number
    assert ("P", 8, True) == (number[0], len(number), number.isalnum() and number.isupper())
    assert number != new_payment(payment_id="py_2").number


def test_a_backend_may_call_a_payment_by_a_number_of_its_own() -> None:
    assert "PREKGE98" == new_payment(number="PREKGE98").number


def test_a_payment_without_a_session_waits_in_the_checkout_until_it_is_processed() -> None:
    waiting = new_payment(phase=PaymentStatus.CHECKOUT)
    asked = waiting.process(at=at(1))
    assert (PaymentStatus.CHECKOUT, PaymentStatus.PROCESSING) == (waiting.status, asked.status)
    failed = asked.fail(FAILURE, at=at(2))
    assert (PaymentStatus.FAILED, PaymentStatus.FAILED) == (failed.status, failed.phase)
    assert PaymentStatus.PROCESSING is failed.process(at=at(3)).status
    assert PaymentStatus.ABANDONED is waiting.abandon(at=at(2)).status
    assert [events.PaymentProcessing, events.PaymentFailed] == [
        type(event) for event in failed.news[-2:]
    ]


def test_a_payment_that_is_processed_again_has_not_failed() -> None:
    failed = new_payment().fail(FAILURE, at=at(1))
    assert (FAILURE, None) == (failed.failure, failed.process(at=at(2)).failure)


def test_what_a_person_says_has_come_is_held_and_taken_in_one_step() -> None:
    waiting = new_payment(phase=PaymentStatus.CHECKOUT)
    paid, authorization, capture = waiting.mark_paid(
        "ca_1",
        authorization_id="au_1",
        amount=eur(40),
        reference="check 17",
        metadata=waiting.metadata,
        at=at(1),
    )
    assert (PaymentStatus.CAPTURED, eur(60), 2) == (paid.status, paid.missing, paid.movements)
    assert (Origin.PERSON, Origin.PERSON) == (authorization.origin, capture.origin)
    assert "check 17" == capture.references.get(ReferenceRole.CAPTURE)
    refunded, refund = paid.mark_refunded(
        "re_1", amount=None, reason=None, reference=None, metadata=waiting.metadata, at=at(2)
    )
    assert (PaymentStatus.REFUNDED, eur(40), True) == (
        refunded.status,
        refund.amount,
        refund.succeeded,
    )


def test_too_much_is_told_once_for_each_operation_that_brings_it() -> None:
    over = attrs.evolve(account(), paid=eur(120))
    payment = captured().compared_with(over, operation_id="ca_1", at=at(1))
    assert [DiscrepancyKind.OVERPAID] == [one.kind for one in payment.discrepancies]
    assert payment is payment.compared_with(over, operation_id="ca_1", at=at(2))
    other = payment.compared_with(over, operation_id="ca_2", at=at(3))
    assert 2 == len(other.discrepancies)
    assert captured() == captured().compared_with(account(), operation_id="ca_1", at=at(1))


def test_another_currency_is_told_of_what_waits_for_a_person_already() -> None:
    asked, capture = asked_capture(authorized())
    waiting, left = asked.hand_over(capture, "nobody knows", at=at(2))
    payment, _ = waiting.settle(left, heard(Captured(Money("100", "USD")), 3))
    assert [DiscrepancyKind.UNRESOLVED, DiscrepancyKind.CURRENCY_MISMATCH] == [
        one.kind for one in payment.discrepancies
    ]


def test_a_payment_that_has_money_is_not_processed_or_abandoned() -> None:
    held = authorized()
    with pytest.raises(IllegalTransition):
        held.process(at=at(1))
    with pytest.raises(IllegalTransition):
        held.abandon(at=at(1))
    assert authorized() == held
