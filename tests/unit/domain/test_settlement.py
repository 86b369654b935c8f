"""What one fact about an attempt does to its session, to the money and to the payable."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import (
    FAILURE,
    NOTHING,
    at,
    completing,
    creation,
    eur,
    heard,
    lease,
    opened_at_provider,
)

from paysession import events
from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.methods import UnderpaidPolicy
from paysession._domain.movements import Refund, Void
from paysession._domain.operations import Origin
from paysession._domain.payable import PayableStatus
from paysession._domain.receipts import payment_id_of
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._domain.sources import CreditCard, Profile, Source
from paysession._money import Money
from paysession.events import PayableChanged
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    References,
    Rejected,
    Stored,
    UseSdk,
)

ACCEPT = UnderpaidPolicy.ACCEPT


def settled(before: Settlement, *facts: Fact) -> Settlement:
    for minutes, fact in enumerate(facts, start=5):
        before = before.settled(heard(fact, minutes))
    return before


def kinds(settlement: Settlement) -> list[DiscrepancyKind]:
    payment = settlement.payment
    return [one.kind for one in payment.discrepancies] if payment else []


def newest(settlement: Settlement) -> type[events.Event]:
    return type(settlement.session.news[-1])


def with_session(before: Settlement, session: PaymentSession, attempt: Attempt) -> Settlement:
    return attrs.evolve(before, session=session, attempt=attempt)


def closing(before: Settlement | None = None) -> Settlement:
    before = before or opened_at_provider()
    session, attempt = before.session.request_close("at_close", CloseReason.EXPIRED, lease=lease(3))
    return with_session(before, session, attempt)


def updating() -> Settlement:
    before = opened_at_provider()
    session, attempt = before.session.request_update(
        "at_update", amount=eur(120), external_data=None, lease=lease(3)
    )
    return with_session(before, session, attempt)


def test_the_provider_took_note_and_the_session_is_open_there() -> None:
    secret = ClientData("secret")
    taken = Accepted(references=References.of(session="cs_1"), client_data=secret)
    after = settled(creation(), taken)
    assert ("cs_1", secret, SessionStatus.PENDING) == (
        after.session.external_id,
        after.session.client_data,
        after.session.status,
    )
    assert (True, (), None) == (
        after.attempt.succeeded,
        after.session.open_attempts,
        after.payment,
    )


def test_a_new_amount_counts_when_the_provider_has_agreed() -> None:
    after = settled(updating(), Accepted())
    assert (eur(120), events.SessionUpdated) == (after.session.amount, newest(after))


def test_a_new_amount_that_is_refused_leaves_the_old_one() -> None:
    after = settled(updating(), Declined(FAILURE))
    assert (eur(100), SessionStatus.PENDING, FAILURE) == (
        after.session.amount,
        after.session.status,
        after.session.failure,
    )


def test_held_money_becomes_a_payment_and_completes_the_session() -> None:
    held = Authorized(eur(100), references=References.of(authorization="pi_1"))
    after = settled(completing(), held)
    assert after.payment is not None
    assert (PaymentStatus.AUTHORIZED, eur(100), payment_id_of("at_complete")) == (
        after.payment.status,
        after.payment.balances.held,
        after.payment.id,
    )
    assert (SessionStatus.COMPLETED, after.payment.id, after.payment.id) == (
        after.session.status,
        after.session.payment_id,
        after.attempt.payment_id,
    )
    assert (NOTHING, eur(100), PayableStatus.AUTHORIZED) == (
        after.account.in_flight,
        after.account.authorized,
        after.account.status,
    )
    assert (None, None, []) == (after.capture, after.release, kinds(after))


def test_taken_money_was_held_first_though_nobody_said_so() -> None:
    after = settled(completing(), Captured(eur(100)))
    assert after.payment is not None
    told = [type(event) for event in after.payment.news]
    assert [events.PaymentCreated, events.PaymentAuthorized, events.PaymentCaptured] == told
    assert (PaymentStatus.CAPTURED, PayableStatus.PAID) == (
        after.payment.status,
        after.account.status,
    )
    assert 1 == [type(event) for event in after.account.news].count(events.PayablePaid)


def test_money_that_was_held_is_taken_later_by_the_same_attempt() -> None:
    after = settled(completing(), Authorized(eur(100)), Captured(eur(100)))
    assert after.payment is not None
    assert (eur(100), eur(100), 2) == (
        after.payment.balances.authorized,
        after.payment.balances.captured,
        after.payment.movements,
    )
    assert (SessionStatus.COMPLETED, []) == (after.session.status, kinds(after))
    assert (NOTHING, eur(100)) == (after.account.authorized, after.account.paid)


def test_taken_money_that_is_told_again_at_another_time_moves_nothing() -> None:
    once = settled(completing(), Captured(eur(100)))
    twice = settled(once, Captured(eur(100), occurred_at=at(4)))
    assert once.payment is not None
    assert twice.payment is not None
    assert once.payment.balances == twice.payment.balances
    assert once.account == twice.account


@pytest.mark.parametrize(
    "fact", [Authorized(eur(100)), Captured(eur(100)), Declined(FAILURE), Pending()]
)
def test_a_fact_that_is_known_changes_nothing(fact: Fact) -> None:
    once = settled(completing(), fact)
    assert once is settled(once, fact)


def test_money_for_a_closed_session_is_recorded_and_the_session_stays_closed() -> None:
    before = opened_at_provider()
    closed = attrs.evolve(before, session=before.session.close(CloseReason.EXPIRED, at=at(3)))
    after = settled(closed, Captured(eur(100)))
    assert (SessionStatus.EXPIRED, None) == (after.session.status, after.session.payment_id)
    assert ([DiscrepancyKind.PAID_AFTER_CLOSE], eur(100)) == (kinds(after), after.account.paid)
    assert events.FactRecorded is newest(after)


def test_money_that_was_too_little_is_not_late_because_it_is_told_again() -> None:
    told = References.of(capture="ch_1")
    once = settled(completing(), Captured(eur(60)))
    again = settled(once, Captured(eur(60), references=told))
    assert once.payment
    assert again.payment
    assert (once.payment.balances, None) == (again.payment.balances, again.session.payment_id)
    assert ([DiscrepancyKind.UNDERPAID], once.account) == (kinds(again), again.account)
    assert events.FactRecorded is newest(again)


def test_a_second_payment_for_one_session_is_recorded_as_such() -> None:
    first = settled(completing(), Captured(eur(100)))
    _, stale = completing().session.request_completion(
        "at_other", source=None, external_data=None, lease=lease(4)
    )
    second = settled(
        Settlement(account=first.account, session=first.session, attempt=stale), Captured(eur(100))
    )
    assert second.payment is not None
    assert (
        [DiscrepancyKind.PAID_TWICE, DiscrepancyKind.OVERPAID],
        eur(200),
        PayableStatus.OVERPAID,
    ) == (
        kinds(second),
        second.account.paid,
        second.account.status,
    )
    assert first.session.payment_id == second.session.payment_id != second.payment.id


def test_less_held_than_asked_is_released_and_the_session_fails() -> None:
    after = settled(completing(), Authorized(eur(60)))
    assert isinstance(after.release, Void)
    assert (eur(60), Origin.POLICY, None) == (
        after.release.amount,
        after.release.origin,
        after.release.sent_at,
    )
    assert (SessionStatus.FAILED, None) == (after.session.status, after.session.payment_id)
    assert [DiscrepancyKind.UNDERPAID] == kinds(after)
    assert eur(0) == after.account.authorized


def test_less_taken_than_asked_is_refunded_and_the_session_fails() -> None:
    taken = Captured(eur(60), references=References.of(capture="ch_1"))
    after = settled(completing(), taken)
    assert isinstance(after.release, Refund)
    assert after.capture is not None
    assert (eur(60), after.capture.id) == (after.release.amount, after.release.capture_id)
    assert (SessionStatus.FAILED, [DiscrepancyKind.UNDERPAID]) == (
        after.session.status,
        kinds(after),
    )


def test_less_than_asked_is_kept_where_parts_are_accepted() -> None:
    after = settled(completing(ACCEPT), Captured(eur(60)))
    assert (SessionStatus.COMPLETED, None, [DiscrepancyKind.UNDERPAID]) == (
        after.session.status,
        after.release,
        kinds(after),
    )
    assert (PayableStatus.PARTIALLY_PAID, eur(40)) == (after.account.status, after.account.due)


def test_more_than_asked_completes_and_is_a_discrepancy() -> None:
    after = settled(completing(), Captured(eur(110)))
    assert (
        SessionStatus.COMPLETED,
        [DiscrepancyKind.AMOUNT_MISMATCH, DiscrepancyKind.OVERPAID],
    ) == (
        after.session.status,
        kinds(after),
    )
    assert PayableStatus.OVERPAID is after.account.status


def test_another_currency_completes_nothing_and_is_left_to_a_person() -> None:
    before = completing()
    after = settled(before, Captured(Money("100", "USD")))
    assert (None, before.session.status, before.account) == (
        after.payment,
        after.session.status,
        after.account,
    )
    assert (True, [DiscrepancyKind.CURRENCY_MISMATCH]) == (
        after.attempt.attention,
        [one.kind for one in after.session.discrepancies],
    )
    assert after is settled(after, Captured(Money("100", "USD")))


def test_a_decline_ends_the_attempt_and_the_customer_may_try_again() -> None:
    after = settled(completing(), Declined(FAILURE))
    assert (SessionStatus.PENDING, FAILURE, NOTHING) == (
        after.session.status,
        after.session.failure,
        after.account.in_flight,
    )
    assert (None, ()) == (after.payment, after.session.open_attempts)


def test_a_decline_that_ends_the_object_ends_the_session() -> None:
    after = settled(completing(), Declined(FAILURE, Ends.OBJECT))
    assert (SessionStatus.FAILED, NOTHING) == (after.session.status, after.account.in_flight)


@pytest.mark.parametrize("fact", [Declined(FAILURE), Rejected(FAILURE), NotAttempted("no route")])
def test_a_session_that_was_never_opened_at_the_provider_fails(fact: Fact) -> None:
    assert SessionStatus.FAILED is settled(creation(), fact).session.status


@pytest.mark.parametrize("fact", [Rejected(FAILURE), NotAttempted("no route")])
def test_what_was_not_tried_may_be_tried_again(fact: Fact) -> None:
    after = settled(completing(), fact)
    assert (SessionStatus.PENDING, NOTHING) == (after.session.status, after.session.in_flight)


def test_the_customer_must_act_and_nothing_is_in_flight_meanwhile() -> None:
    action = UseSdk(ClientData("challenge"))
    after = settled(completing(), ActionRequired(action))
    assert (SessionStatus.REQUIRES_ACTION, action, NOTHING) == (
        after.session.status,
        after.session.next_action,
        after.account.in_flight,
    )
    assert (after.attempt.id,) == after.session.open_attempts


def test_the_provider_is_working_on_it() -> None:
    after = settled(completing(), Pending())
    assert (SessionStatus.PROCESSING, eur(100)) == (after.session.status, after.account.in_flight)


def test_an_approval_makes_the_completing_call_due_once() -> None:
    after = settled(opened_at_provider(), Approved())
    assert after.completion is not None
    assert (None, Origin.POLICY, eur(100)) == (
        after.completion.sent_at,
        after.completion.origin,
        after.completion.amount,
    )
    assert (SessionStatus.PROCESSING, (after.completion.id,), True) == (
        after.session.status,
        after.session.open_attempts,
        after.session.approved,
    )
    assert eur(100) == after.account.in_flight
    late = settled(attrs.evolve(after, completion=None), Approved(occurred_at=at(9)))
    assert (None, events.FactRecorded) == (late.completion, newest(late))


def test_a_session_closed_at_the_provider_ends_for_the_reason_it_was_closed_for() -> None:
    assert SessionStatus.EXPIRED is settled(closing(), Canceled()).session.status
    assert SessionStatus.EXPIRED is settled(closing(), Expired()).session.status
    assert SessionStatus.CANCELED is settled(opened_at_provider(), Canceled()).session.status
    assert SessionStatus.EXPIRED is settled(opened_at_provider(), Expired()).session.status


def test_a_session_that_the_provider_would_not_close_lives_on() -> None:
    assert SessionStatus.PENDING is settled(closing(), Declined(FAILURE)).session.status
    assert SessionStatus.PENDING is settled(closing(), Rejected(FAILURE)).session.status


@pytest.mark.parametrize("fact", [Accepted(), Pending(), Approved()])
def test_what_moves_an_open_session_does_not_move_one_that_is_closing(fact: Fact) -> None:
    after = settled(closing(), fact)
    assert (SessionStatus.CLOSING, events.FactRecorded) == (
        after.session.status,
        newest(after),
    )


def test_money_is_quicker_than_closing() -> None:
    before = completing()
    session, _ = before.session.request_close("at_close", CloseReason.CANCELED, lease=lease(3))
    after = settled(attrs.evolve(before, session=session), Captured(eur(100)))
    assert (SessionStatus.COMPLETED, []) == (after.session.status, kinds(after))


def test_a_stale_attempt_brings_money_but_moves_the_session_by_nothing_else() -> None:
    before = completing()
    stale = attrs.evolve(before.attempt, id="at_stale")
    declined = settled(attrs.evolve(before, attempt=stale), Declined(FAILURE, Ends.OBJECT))
    assert (SessionStatus.PROCESSING, eur(100), events.FactRecorded) == (
        declined.session.status,
        declined.session.in_flight,
        newest(declined),
    )
    paid = settled(attrs.evolve(before, attempt=stale), Captured(eur(100)))
    assert (SessionStatus.COMPLETED, payment_id_of("at_stale")) == (
        paid.session.status,
        paid.session.payment_id,
    )


def test_no_fact_without_money_changes_a_session_that_has_ended() -> None:
    ended = settled(completing(), Captured(eur(100)))
    for fact in (Pending(), Declined(FAILURE), Canceled(), Expired(), Approved()):
        after = settled(ended, fact)
        assert (SessionStatus.COMPLETED, ended.account) == (after.session.status, after.account)
        assert events.FactRecorded is newest(after)


def test_what_waited_for_the_customer_ends_with_its_session() -> None:
    waiting = settled(creation(), ActionRequired(UseSdk(ClientData("challenge"))))
    session, attempt = waiting.session.request_completion(
        "at_complete", source=None, external_data=None, lease=lease(3)
    )
    before = attrs.evolve(waiting, session=session, attempt=attempt, others=(waiting.attempt,))
    after = settled(before, Captured(eur(100)))
    assert ([False], ()) == ([one.is_open for one in after.others], after.session.open_attempts)


def test_money_that_arrives_is_never_told_as_due_again() -> None:
    before = completing()
    after = before.settled(heard(Authorized(eur(100), references=References.of(authorization="a"))))
    told = after.account.news[len(before.account.news) :]
    assert [eur(0)] == [event.due for event in told if isinstance(event, PayableChanged)]


VISA = Profile(id="tok_1", brand="visa", last4="4242", month=12, year=2030)
AMEX = Profile(id="tok_2", brand="amex", last4="0005", month=1, year=2031)


def profiles(settlement: Settlement) -> tuple[str | None, str | None]:
    """The profile of the session's source, and of the payment's."""
    payment = settlement.payment
    return _profile(settlement.session.source), _profile(payment.source if payment else None)


def _profile(source: Source | None) -> str | None:
    return source.profile_id if source else None


@pytest.mark.parametrize(
    "paid", [Authorized(eur(100), profile=VISA), Captured(eur(100), profile=VISA)]
)
def test_the_session_and_its_payment_keep_what_it_was_paid_with(paid: Fact) -> None:
    after = completing().settled(heard(paid))
    assert isinstance(after.session.source, CreditCard)
    assert after.payment is not None
    assert after.session.source == after.payment.source
    assert after.session.source.id.startswith("src_")


def test_what_is_told_with_the_second_word_is_kept_as_well() -> None:
    after = settled(completing(), Authorized(eur(100)), Captured(eur(100), profile=VISA))
    assert ("tok_1", "tok_1") == profiles(after)


def test_late_money_keeps_its_own_source_and_leaves_the_session_its() -> None:
    paid = settled(completing(), Captured(eur(100), profile=VISA))
    late = attrs.evolve(
        completing().settled(heard(Pending())),
        session=attrs.evolve(paid.session, news=()),
        account=paid.account,
    )
    other = attrs.evolve(late.attempt, id="at_other", facts=())
    after = attrs.evolve(late, attempt=other).settled(heard(Captured(eur(100), profile=AMEX), 9))
    assert ("tok_1", "tok_2") == profiles(after)
    assert DiscrepancyKind.PAID_TWICE in kinds(after)


def test_a_source_may_be_stored_before_the_money_moves() -> None:
    stored = settled(completing(), Stored(VISA))
    assert ("tok_1", None) == profiles(stored)
    assert (SessionStatus.PROCESSING, True) == (stored.session.status, stored.attempt.is_unresolved)
    assert eur(100) == stored.account.in_flight
    paid = stored.settled(heard(Captured(eur(100)), 9))
    assert ("tok_1", "tok_1") == profiles(paid)


def test_a_source_may_be_stored_after_the_money_moved() -> None:
    paid = settled(completing(), Captured(eur(100)))
    after = paid.settled(heard(Stored(VISA), 9))
    assert ("tok_1", "tok_1") == profiles(after)
    assert (paid.session.status, paid.attempt.status) == (
        after.session.status,
        after.attempt.status,
    )
