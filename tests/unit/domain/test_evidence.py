"""Which of the facts about an operation is believed, in any order, and how many are kept."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

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
    completing,
    eur,
    heard,
    lease,
    new_session,
    opened_at_provider,
)

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import MOST_FACTS, Evidence, EvidenceSource, rank_of
from paysession._domain.movements import Capture
from paysession._domain.payment import Payment
from paysession._domain.settlement import Settlement
from paysession._money import Money
from paysession.errors import StillOpen
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Bounced,
    Captured,
    Declined,
    Fact,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Refunded,
    Retaken,
    Totals,
    Unknown,
    Voided,
)

ACT = Redirect("https://bank.example/3ds")


def told(payment: Payment, capture: Capture, *facts: Fact) -> tuple[Payment, Capture]:
    for minutes, fact in enumerate(facts, start=2):
        payment, capture = payment.settle(capture, heard(fact, minutes))
    return payment, capture


def settled(before: Settlement, *facts: Fact) -> Settlement:
    for minutes, fact in enumerate(facts, start=5):
        before = before.settled(heard(fact, minutes))
    return before


# Its own kind of success


@pytest.mark.parametrize(
    "fact", [Accepted(), Authorized(eur(100)), Voided(eur(100)), Refunded(eur(100))]
)
def test_a_capture_is_only_told_by_what_was_captured(fact: Fact) -> None:
    payment, capture = told(*asked_capture(authorized()), fact)
    assert OperationStatus.REQUESTED is capture.status
    assert eur(100) == payment.balances.capture_in_flight
    assert capture.is_unresolved


@pytest.mark.parametrize("fact", [Accepted(), Authorized(eur(100)), Captured(eur(100))])
def test_a_void_is_only_told_by_what_was_voided(fact: Fact) -> None:
    payment, void = asked_void(authorized())
    payment, void = payment.settle(void, heard(fact))
    assert OperationStatus.REQUESTED is void.status
    assert eur(100) == payment.balances.void_in_flight
    payment, void = payment.settle(void, heard(Voided(eur(100)), 2))
    assert void.succeeded
    assert eur(100) == payment.balances.voided


@pytest.mark.parametrize("fact", [Accepted(), Authorized(eur(100)), Captured(eur(100))])
def test_a_refund_is_only_told_by_what_was_refunded(fact: Fact) -> None:
    payment, _ = told(*asked_capture(authorized()), Captured(eur(100)))
    payment, refund = asked_refund(payment)
    payment, refund = payment.settle(refund, heard(fact))
    assert OperationStatus.REQUESTED is refund.status
    payment, refund = payment.settle(refund, heard(Refunded(eur(100)), 2))
    assert refund.succeeded
    assert eur(100) == payment.balances.refunded


def test_a_word_of_another_kind_undoes_nothing_however_new_it_is() -> None:
    foreign = Authorized(eur(100), occurred_at=at(30))
    story: tuple[Fact, ...] = (Captured(eur(100), occurred_at=at(20)), foreign)
    for facts in permutations(story):
        payment, capture = told(*asked_capture(authorized()), *facts)
        assert capture.succeeded
        assert eur(100) == payment.balances.captured


# Amounts


@pytest.mark.parametrize("success", [Captured, Retaken])
def test_of_two_amounts_without_a_time_the_greater_counts(success: type) -> None:
    for facts in permutations((success(eur(30)), success(eur(100)), success(eur(9)))):
        payment, _ = told(*asked_capture(authorized()), *facts)
        assert eur(100) == payment.balances.captured


def test_of_two_refunded_amounts_without_a_time_the_greater_counts() -> None:
    paid, _ = told(*asked_capture(authorized()), Captured(eur(100)))
    for facts in permutations((Refunded(eur(30)), Refunded(eur(100)), Refunded(eur(9)))):
        payment, refund = asked_refund(paid)
        for minutes, fact in enumerate(facts, start=2):
            payment, refund = payment.settle(refund, heard(fact, minutes))
        assert eur(100) == payment.balances.refunded


# Bounces


def test_a_bounce_without_a_time_undoes_the_success_that_has_one() -> None:
    story: tuple[Fact, ...] = (Captured(eur(100), occurred_at=at(20)), Bounced(FAILURE))
    for facts in permutations(story):
        payment, capture = told(*asked_capture(authorized()), *facts)
        assert OperationStatus.FAILED is capture.status
        assert NOTHING == payment.balances.captured


def test_what_is_taken_again_later_outweighs_a_bounce_without_a_time() -> None:
    story: tuple[Fact, ...] = (
        Captured(eur(100), occurred_at=at(20)),
        Bounced(FAILURE),
        Retaken(eur(100), occurred_at=at(40)),
    )
    for facts in permutations(story):
        payment, capture = told(*asked_capture(authorized()), *facts)
        assert capture.succeeded
        assert eur(100) == payment.balances.captured


def test_a_bounce_that_is_older_than_the_success_undoes_nothing() -> None:
    story: tuple[Fact, ...] = (
        Captured(eur(100), occurred_at=at(20)),
        Bounced(FAILURE, occurred_at=at(10)),
    )
    for facts in permutations(story):
        assert told(*asked_capture(authorized()), *facts)[1].succeeded


# Progress


def test_of_two_words_on_progress_the_newest_counts() -> None:
    after = settled(completing(), Pending(), ActionRequired(ACT))
    assert after.attempt.is_waiting
    assert SessionStatus.REQUIRES_ACTION is after.session.status
    after = settled(completing(), Pending(), ActionRequired(ACT), Pending("bank"))
    assert not after.attempt.is_waiting
    assert SessionStatus.PROCESSING is after.session.status


def test_a_customer_who_must_act_after_all_may_go_on() -> None:
    after = settled(completing(), Pending(), ActionRequired(ACT))
    session, superseded = after.session.supersede(after.attempt, by="at_next", at=at(20))
    session, attempt = session.request_completion(
        "at_next", source=None, external_data=None, lease=lease(20)
    )
    assert OperationStatus.CANCELED is superseded.status
    assert SessionStatus.PROCESSING is session.status
    assert "at_next" == attempt.id


@pytest.mark.parametrize("older", [Pending(occurred_at=at(1)), Approved(occurred_at=at(1))])
def test_a_word_on_progress_that_is_older_moves_nothing_back(older: Fact) -> None:
    before = settled(completing(), ActionRequired(ACT, occurred_at=at(2)))
    after = settled(before, older)
    assert before.attempt.believed == after.attempt.believed
    assert SessionStatus.REQUIRES_ACTION is after.session.status


def test_progress_counts_for_less_than_what_is_decided() -> None:
    story: tuple[Fact, ...] = (Captured(eur(100)), Pending(occurred_at=at(50)))
    for facts in permutations(story):
        assert told(*asked_capture(authorized()), *facts)[1].succeeded


# How many are kept


def test_the_facts_of_one_operation_are_bounded() -> None:
    payment, capture = asked_capture(authorized())
    for cents in range(1, MOST_FACTS + 20):
        amount = Money.from_minor(cents, "EUR")
        payment, capture = payment.settle(capture, heard(Captured(amount), 2))
    assert MOST_FACTS == len(capture.facts)
    assert Money.from_minor(MOST_FACTS + 19, "EUR") == payment.balances.captured


def test_what_is_forgotten_is_what_counts_least() -> None:
    payment, capture = told(*asked_capture(authorized()), Captured(eur(100)))
    for minutes in range(MOST_FACTS + 20):
        fact = Declined(FAILURE, occurred_at=at(-minutes - 1))
        payment, capture = payment.settle(capture, heard(fact, 5))
    declined = Declined(FAILURE, occurred_at=at(-1))
    assert MOST_FACTS == len(capture.facts)
    assert declined == capture.believed
    assert Declined(FAILURE, occurred_at=at(-MOST_FACTS - 19)) not in [
        each.fact for each in capture.facts
    ]


def test_the_text_of_a_wait_is_redacted() -> None:
    assert "with api_key=[secret]" == Pending("with api_key=abc123").reason


def test_what_decides_nothing_has_no_rank() -> None:
    assert 0 == rank_of(Unknown())


# Another currency


def test_a_fact_in_another_currency_keeps_its_references_and_waits_for_a_person() -> None:
    payment, capture = asked_capture(authorized())
    foreign = Captured(Money(100, "USD"), references=References.of(capture="ch_1"))
    payment, capture = payment.settle(capture, heard(foreign, 2))
    assert "ch_1" == capture.references.get(ReferenceRole.CAPTURE)
    assert [True] == [one.is_open for one in payment.discrepancies]
    assert capture.attention

    payment, capture = payment.settle(capture, heard(Captured(eur(100)), 3))

    assert [(DiscrepancyKind.CURRENCY_MISMATCH, True)] == [
        (one.kind, one.is_open) for one in payment.discrepancies
    ]
    assert capture.attention
    assert eur(100) == payment.balances.captured

    payment, capture = payment.settle(capture, heard(Captured(eur(100)), 4, EvidenceSource.PERSON))

    assert [False] == [one.is_open for one in payment.discrepancies]
    assert not capture.attention


def test_an_attempt_s_money_in_another_currency_keeps_its_references_too() -> None:
    foreign = Captured(Money(100, "USD"), references=References.of(authorization="pi_1"))
    after = settled(completing(), foreign)
    assert after.attempt.attention
    assert "pi_1" == after.attempt.references.get(ReferenceRole.AUTHORIZATION)
    assert after.payment is None

    after = settled(after, Captured(eur(100), references=References.of(authorization="pi_1")))

    assert SessionStatus.COMPLETED is after.session.status
    assert [DiscrepancyKind.CURRENCY_MISMATCH] == [
        one.kind for one in after.session.discrepancies if one.is_open
    ]


# When a session ends


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(60, 30, 30), (60, 90, 60), (None, 30, 30), (60, None, 60), (None, None, None)],
)
def test_a_provider_s_earlier_end_of_a_session_is_taken_over_and_a_later_is_not(
    ours: int | None, theirs: int | None, expected: int | None
) -> None:
    before = _creation(_instant(ours))
    after = settled(before, Accepted(expires_at=_instant(theirs)))
    assert _instant(expected) == after.session.expires_at


def _instant(minutes: int | None) -> datetime | None:
    return None if minutes is None else at(minutes)


def _creation(expires_at: datetime | None) -> Settlement:
    session, attempt = new_session(expires_at=expires_at)
    return Settlement(account=account(), session=session, attempt=attempt)


# Whom to believe


def test_a_person_s_word_counts_for_less_than_the_provider_s() -> None:
    payment, capture = asked_capture(authorized())
    said = Evidence(fact=Captured(eur(100)), source=EvidenceSource.PERSON, recorded_at=at(2))
    payment, capture = payment.settle(capture, said)
    payment, capture = payment.settle(capture, heard(Declined(FAILURE), 3))
    assert OperationStatus.FAILED is capture.status


def test_running_totals_decide_nothing_about_an_attempt() -> None:
    after = settled(completing(), Totals())
    assert OperationStatus.REQUESTED is after.attempt.status
    assert SessionStatus.PROCESSING is after.session.status


def test_a_known_fact_that_was_forgotten_again_changes_nothing() -> None:
    payment, capture = asked_capture(authorized())
    for cents in range(2, MOST_FACTS + 2):
        fact = Captured(Money.from_minor(cents, "EUR"))
        payment, capture = payment.settle(capture, heard(fact, 2))
    least = heard(Captured(Money.from_minor(1, "EUR")), 3)

    assert (payment, capture) == payment.settle(capture, least)


def test_what_waits_for_a_person_says_so() -> None:
    foreign = Captured(Money(100, "USD"))
    _, capture = told(*asked_capture(authorized()), foreign)
    with pytest.raises(StillOpen, match="a person must look at it: the provider speaks of USD"):
        capture.raise_for_failure()


def test_a_session_that_waits_says_for_what() -> None:
    with pytest.raises(StillOpen, match="complete it when the customer is ready"):
        opened_at_provider().session.raise_for_failure()
    with pytest.raises(StillOpen, match="send the customer to its next_action"):
        settled(completing(), ActionRequired(ACT)).session.raise_for_failure()


def test_a_payable_s_account_says_what_is_due() -> None:
    assert "PayableAccount order (unpaid): due 100.00 EUR" == str(account())


def test_a_persons_word_does_not_move_a_bounce_past_the_providers_own_time() -> None:
    said: tuple[tuple[Fact, EvidenceSource], ...] = (
        (Bounced(FAILURE), EvidenceSource.RESPONSE),
        (Captured(eur(100), occurred_at=at(9)), EvidenceSource.PERSON),
        (Retaken(eur(100), occurred_at=at(5)), EvidenceSource.RESPONSE),
    )
    for order in permutations(said):
        _, capture = asked_capture(authorized())
        for fact, source in order:
            capture = capture.observed(Evidence(fact=fact, source=source, recorded_at=at(10)))
        assert isinstance(capture.believed, Retaken)
