"""A provider that says both: what is believed of it, what is moved, and who finds out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from typing import TypeAlias

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
    completing,
    creation,
    eur,
    heard,
    lease,
    new_payment,
    opened_at_provider,
)

from paysession._domain.attempts import CloseReason
from paysession._domain.charging import ChargeSettlement
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import MOST_FACTS, Evidence, EvidenceSource, LastWord
from paysession._domain.limits import Metadata
from paysession._domain.methods import Terms
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.settlement import Settlement
from paysession._domain.sources import MandateUse, StoredSource
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    References,
    Refunded,
    Rejected,
    Retaken,
    Voided,
)

Movement: TypeAlias = Capture | Void | Refund

RESPONSE = EvidenceSource.RESPONSE
NOTIFICATION = EvidenceSource.NOTIFICATION
LOOK_UP = EvidenceSource.LOOK_UP
PERSON = EvidenceSource.PERSON
TAKEN = Captured(eur(100))
DECLINED = Declined(FAILURE)
BOUNCED = Bounced(FAILURE)
RETAKEN = Retaken(eur(100))


def orders(*facts: Fact) -> Iterator[tuple[Fact, ...]]:
    return permutations(facts)


def word(fact: Fact, source: EvidenceSource, minutes: int) -> Evidence:
    return Evidence(fact=fact, source=source, recorded_at=at(minutes))


def captured() -> Payment:
    payment, capture = asked_capture(authorized())
    return payment.settle(capture, heard(TAKEN))[0]


def a_capture() -> tuple[Payment, Movement]:
    return asked_capture(authorized())


def a_void() -> tuple[Payment, Movement]:
    return asked_void(authorized())


def a_refund() -> tuple[Payment, Movement]:
    return asked_refund(captured())


def settle(payment: Payment, one: Movement, evidence: Evidence) -> tuple[Payment, Movement]:
    match one:
        case Capture():
            return payment.settle(one, evidence)
        case Void():
            return payment.settle(one, evidence)
        case Refund():
            return payment.settle(one, evidence)


def told(begun: tuple[Payment, Movement], words: Iterable[Evidence]) -> tuple[Payment, Movement]:
    payment, one = begun
    for evidence in words:
        payment, one = settle(payment, one, evidence)
    return payment, one


def contradicted(*more: Evidence) -> tuple[Payment, Movement]:
    """A capture that was taken at minute 2 and declined at minute 3."""
    words = (word(TAKEN, RESPONSE, 2), word(DECLINED, NOTIFICATION, 3), *more)
    return told(a_capture(), words)


def open_kinds(owner: Owner) -> list[DiscrepancyKind]:
    return [each.kind for each in owner.discrepancies if each.is_open]


def standing(payment: Payment, one: Operation) -> tuple[object, ...]:
    """All that must not depend on the order in which facts were heard."""
    return (
        one.status,
        one.believed,
        one.is_contradicted,
        one.attention,
        payment.status,
        payment.balances,
        payment.open_operations,
        sorted(open_kinds(payment)),
    )


# Two words and no order


@pytest.mark.parametrize(
    ("begun", "success", "failure"),
    [
        (a_capture, TAKEN, DECLINED),
        (a_capture, TAKEN, Rejected(FAILURE)),
        (a_void, Voided(eur(100)), DECLINED),
        (a_refund, Refunded(eur(100)), DECLINED),
        (a_refund, Refunded(eur(100)), Canceled()),
        (a_refund, Refunded(eur(100)), Expired()),
    ],
)
def test_a_movement_that_is_said_to_have_happened_and_not_is_open_again(
    begun: Callable[[], tuple[Payment, Movement]], success: Fact, failure: Fact
) -> None:
    asked = begun()
    for facts in orders(success, failure, success, Pending()):
        words = [word(fact, NOTIFICATION, minutes) for minutes, fact in enumerate(facts, start=2)]
        payment, one = told(asked, words)
        assert (OperationStatus.REQUESTED, True) == (one.status, one.is_contradicted)
        assert asked[0].balances == payment.balances
        assert [DiscrepancyKind.CONTRADICTED] == open_kinds(payment)
        assert (one.id,) == payment.open_operations


def test_what_contradicts_itself_is_looked_up_at_once() -> None:
    payment, one = contradicted()
    assert (at(3), at(3)) == (one.due_at, payment.discrepancies[0].opened_at)
    assert (None, None, eur(100)) == (one.believed, one.failure, one.asked)
    assert one.is_unresolved
    assert not one.is_asking


def test_a_look_up_that_contradicts_itself_is_not_made_again_at_once() -> None:
    _, one = told(a_capture(), (word(TAKEN, LOOK_UP, 2), word(DECLINED, LOOK_UP, 2)))
    assert one.is_contradicted
    assert one.due_at is not None
    assert one.due_at > at(2)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (TAKEN, Declined(FAILURE, occurred_at=at(1)), OperationStatus.FAILED),
        (DECLINED, Captured(eur(100), occurred_at=at(1)), OperationStatus.SUCCEEDED),
        (TAKEN, Declined(FAILURE, sequence=1), OperationStatus.FAILED),
        (TAKEN, Bounced(FAILURE), OperationStatus.FAILED),
        (DECLINED, Retaken(eur(100)), OperationStatus.SUCCEEDED),
        (Declined(FAILURE, occurred_at=at(1)), Retaken(eur(100)), OperationStatus.SUCCEEDED),
        (TAKEN, NotAttempted(), OperationStatus.SUCCEEDED),
    ],
)
def test_what_tells_its_order_is_no_contradiction(
    first: Fact, second: Fact, status: OperationStatus
) -> None:
    for facts in orders(first, second):
        payment, one = told(a_capture(), [heard(fact) for fact in facts])
        assert (status, []) == (one.status, open_kinds(payment))


def test_two_words_of_the_same_moment_contradict_each_other_too() -> None:
    won, lost = Captured(eur(100), occurred_at=at(1)), Declined(FAILURE, occurred_at=at(1))
    for facts in orders(won, lost):
        _, one = told(a_capture(), [heard(fact) for fact in facts])
        assert one.is_contradicted


@pytest.mark.parametrize(
    "after", [Bounced(FAILURE), Retaken(eur(100)), Captured(eur(9), sequence=1)]
)
def test_a_word_that_tells_what_it_comes_after_ends_a_contradiction(after: Fact) -> None:
    statuses = set()
    for facts in orders(TAKEN, DECLINED, after):
        payment, one = told(a_capture(), [heard(fact) for fact in facts])
        assert [] == open_kinds(payment) or [DiscrepancyKind.AMOUNT_MISMATCH] == open_kinds(payment)
        statuses.add(one.status)
    assert 1 == len(statuses)


# Undone and done again


@pytest.mark.parametrize(
    "words",
    [
        (TAKEN, BOUNCED, RETAKEN),
        (Captured(eur(100), occurred_at=at(1)), BOUNCED, RETAKEN),
        (TAKEN, Bounced(FAILURE, occurred_at=at(1)), RETAKEN),
        (TAKEN, BOUNCED, Retaken(eur(100), occurred_at=at(1))),
        (TAKEN, Bounced(FAILURE, occurred_at=at(1)), Retaken(eur(100), occurred_at=at(1))),
    ],
)
def test_what_was_taken_again_after_it_bounced_is_taken(words: tuple[Fact, ...]) -> None:
    for facts in orders(*words, words[0]):
        payment, one = told(a_capture(), [heard(fact) for fact in facts])
        assert (OperationStatus.SUCCEEDED, []) == (one.status, open_kinds(payment))
        assert eur(100) == payment.balances.captured


@pytest.mark.parametrize(
    "words",
    [
        (DECLINED, RETAKEN, BOUNCED),
        (Declined(FAILURE, occurred_at=at(1)), RETAKEN, BOUNCED),
        (DECLINED, Retaken(eur(100), occurred_at=at(1)), BOUNCED),
        (DECLINED, RETAKEN, Bounced(FAILURE, occurred_at=at(1))),
        (RETAKEN, BOUNCED),
        (Retaken(eur(100), occurred_at=at(1)), BOUNCED),
    ],
)
def test_what_bounced_after_it_was_taken_in_the_end_has_failed(words: tuple[Fact, ...]) -> None:
    for facts in orders(*words, words[0]):
        payment, one = told(a_capture(), [heard(fact) for fact in facts])
        assert (OperationStatus.FAILED, []) == (one.status, open_kinds(payment))
        assert (NOTHING, eur(100)) == (payment.balances.captured, payment.balances.capturable)


def test_what_was_taken_declined_undone_and_taken_again_is_looked_up() -> None:
    words = (TAKEN, DECLINED, BOUNCED, RETAKEN)
    for facts in orders(*words):
        payment, one = told(a_capture(), [heard(fact) for fact in facts])
        assert (True, NOTHING) == (one.is_contradicted, payment.balances.captured)
        assert [DiscrepancyKind.CONTRADICTED] == open_kinds(payment)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (TAKEN, OperationStatus.SUCCEEDED),
        (RETAKEN, OperationStatus.SUCCEEDED),
        (DECLINED, OperationStatus.FAILED),
        (BOUNCED, OperationStatus.FAILED),
    ],
)
def test_a_look_up_tells_whether_it_was_taken_again_last(
    found: Fact, status: OperationStatus
) -> None:
    words = [word(fact, NOTIFICATION, 2) for fact in (TAKEN, DECLINED, BOUNCED, RETAKEN)]
    payment, one = told(a_capture(), (*words, word(found, LOOK_UP, 9)))
    assert (status, []) == (one.status, open_kinds(payment))


@pytest.mark.parametrize(
    ("words", "again", "before", "after"),
    [
        ((TAKEN, BOUNCED, RETAKEN), BOUNCED, True, False),
        ((TAKEN, BOUNCED, RETAKEN), RETAKEN, True, True),
        ((DECLINED, RETAKEN, BOUNCED), RETAKEN, False, True),
    ],
)
def test_a_look_up_tells_of_a_word_that_was_said_twice(
    words: tuple[Fact, ...], again: Fact, before: bool, after: bool
) -> None:
    told_of = [word(fact, NOTIFICATION, minutes) for minutes, fact in enumerate(words, start=2)]
    for said in (*told_of, word(again, NOTIFICATION, 8)):
        told_of.append(said)
        payment, one = told(a_capture(), told_of)
        assert (before, []) == (one.succeeded, open_kinds(payment))
    payment, one = told(a_capture(), (*told_of, word(again, LOOK_UP, 9)))
    assert (after, []) == (one.succeeded, open_kinds(payment))
    assert bool(payment.balances.captured) is after


def test_a_look_up_that_tells_the_whole_story_tells_nothing_of_its_end() -> None:
    words = [word(fact, LOOK_UP, 2) for fact in (TAKEN, BOUNCED, RETAKEN)]
    assert told(a_capture(), words)[1].succeeded


def test_a_person_does_not_tell_what_came_last_where_the_provider_did() -> None:
    words = [word(fact, NOTIFICATION, 2) for fact in (TAKEN, BOUNCED, RETAKEN)]
    _, one = told(a_capture(), (*words, word(DECLINED, PERSON, 9)))
    assert (True, DECLINED) == (one.succeeded, one.overruled)


# The provider's rule


@pytest.mark.parametrize(
    ("last_word", "status", "taken"),
    [
        (LastWord.SUCCESS, OperationStatus.SUCCEEDED, eur(100)),
        (LastWord.FAILURE, OperationStatus.FAILED, NOTHING),
    ],
)
@pytest.mark.parametrize(
    "words", [(TAKEN, DECLINED, Captured(eur(60))), (TAKEN, DECLINED, BOUNCED, RETAKEN)]
)
def test_a_provider_s_rule_tells_which_of_two_words_counts(
    words: tuple[Fact, ...], last_word: LastWord, status: OperationStatus, taken: object
) -> None:
    rule = attrs.evolve(lease(1), last_word=last_word)
    for facts in orders(*words):
        payment, capture = authorized().request_capture(
            "ca_1", amount=None, over=NOTHING, is_final=False, lease=rule, metadata=Metadata()
        )
        payment, one = told((payment, capture), [heard(fact) for fact in facts])
        assert (status, taken, []) == (one.status, payment.balances.captured, open_kinds(payment))


def test_an_operation_learns_the_rule_when_it_is_first_taken_up_and_keeps_it() -> None:
    _, capture = asked_capture(authorized())
    rule = attrs.evolve(lease(9), last_word=LastWord.SUCCESS)
    assert LastWord.SUCCESS is capture.leased(rule).last_word
    assert LastWord.SUCCESS is capture.leased(rule).leased(lease(20)).last_word


def test_a_rule_that_is_learnt_too_late_moves_nothing() -> None:
    _, one = contradicted()
    rule = attrs.evolve(lease(9), last_word=LastWord.SUCCESS)
    assert (None, True) == (one.leased(rule).last_word, one.leased(rule).is_contradicted)


# Looking it up


@pytest.mark.parametrize(
    ("found", "status", "taken"),
    [
        (TAKEN, OperationStatus.SUCCEEDED, eur(100)),
        (DECLINED, OperationStatus.FAILED, NOTHING),
        (Captured(eur(60)), OperationStatus.SUCCEEDED, eur(60)),
    ],
)
def test_a_look_up_settles_what_was_said_before_it(
    found: Fact, status: OperationStatus, taken: object
) -> None:
    payment, one = contradicted(word(found, LOOK_UP, 4))
    assert (status, taken) == (one.status, payment.balances.captured)
    assert DiscrepancyKind.CONTRADICTED not in open_kinds(payment)
    assert [at(4)] == [
        each.closed_at
        for each in payment.discrepancies
        if each.kind is DiscrepancyKind.CONTRADICTED
    ]


def test_a_look_up_settles_nothing_that_is_said_after_it() -> None:
    payment, one = told(a_capture(), (word(TAKEN, LOOK_UP, 2), word(DECLINED, NOTIFICATION, 3)))
    assert one.is_contradicted
    payment, one = settle(payment, one, word(TAKEN, LOOK_UP, 4))
    assert (True, []) == (one.succeeded, open_kinds(payment))


def test_of_two_look_ups_the_newer_counts() -> None:
    payment, one = contradicted(word(TAKEN, LOOK_UP, 4), word(DECLINED, LOOK_UP, 5))
    assert (OperationStatus.FAILED, []) == (one.status, open_kinds(payment))


def test_a_look_up_that_says_both_leaves_it_open() -> None:
    payment, one = contradicted(word(TAKEN, LOOK_UP, 4), word(DECLINED, LOOK_UP, 4))
    assert (True, [DiscrepancyKind.CONTRADICTED]) == (one.is_contradicted, open_kinds(payment))


def test_what_a_look_up_has_settled_is_not_told_again() -> None:
    settled = contradicted(word(TAKEN, LOOK_UP, 4))
    for again in (word(TAKEN, LOOK_UP, 9), word(DECLINED, NOTIFICATION, 9), settled[1].facts[-1]):
        assert settled == settle(*settled, again)
        assert settled[1] is settle(*settled, again)[1]


def test_the_same_look_up_told_twice_is_told_once() -> None:
    before = told(a_capture(), (word(TAKEN, LOOK_UP, 2), word(DECLINED, NOTIFICATION, 3)))
    assert before[1] is settle(*before, word(TAKEN, LOOK_UP, 2))[1]


def test_a_known_word_of_a_look_up_is_no_news_where_nothing_contradicts_it() -> None:
    settled = told(a_capture(), (word(TAKEN, RESPONSE, 2),))
    assert settled[1] is settle(*settled, word(TAKEN, LOOK_UP, 4))[1]


def test_a_new_word_to_the_contrary_opens_what_a_look_up_had_settled() -> None:
    again = Declined(FAILURE, references=References.of(capture="ch_2"))
    payment, one = contradicted(word(TAKEN, LOOK_UP, 4), word(again, NOTIFICATION, 5))
    assert (True, [DiscrepancyKind.CONTRADICTED]) == (one.is_contradicted, open_kinds(payment))


@pytest.mark.parametrize("found", [TAKEN, DECLINED])
def test_words_and_a_later_look_up_end_alike_in_every_order_and_from_every_source(
    found: Fact,
) -> None:
    words = (
        word(TAKEN, RESPONSE, 2),
        word(DECLINED, NOTIFICATION, 2),
        word(Captured(eur(60)), NOTIFICATION, 2),
        word(Pending(), RESPONSE, 2),
    )
    ends = set()
    for order in permutations((*words, words[0])):
        payment, one = told(a_capture(), order)
        assert one.is_contradicted
        payment, one = settle(payment, one, word(found, LOOK_UP, 9))
        ends.add(repr(standing(payment, one)))
    assert 1 == len(ends)


def test_contradicting_facts_are_bounded_too() -> None:
    words = [
        word(fact(references=References.of(capture=f"ch_{number}")), NOTIFICATION, 2)
        for number in range(MOST_FACTS)
        for fact in (
            lambda **ids: Captured(eur(100), **ids),
            lambda **ids: Declined(FAILURE, **ids),
        )
    ]
    _, one = told(a_capture(), words)
    assert (MOST_FACTS, True) == (len(one.facts), one.is_contradicted)


# People


def test_a_person_decides_where_the_provider_says_both() -> None:
    payment, one = contradicted(word(TAKEN, PERSON, 4))
    assert (True, [], eur(100)) == (one.succeeded, open_kinds(payment), payment.balances.captured)
    payment, one = contradicted(word(NotAttempted("by hand"), PERSON, 4))
    assert (OperationStatus.FAILED, []) == (one.status, open_kinds(payment))


def test_a_person_who_spoke_before_decides_nothing_of_what_came_after() -> None:
    words = (word(TAKEN, PERSON, 1), word(TAKEN, RESPONSE, 2), word(DECLINED, NOTIFICATION, 3))
    for order in permutations(words):
        assert told(a_capture(), order)[1].is_contradicted


def test_of_two_decisions_the_newer_counts() -> None:
    decided = (word(DECLINED, PERSON, 2), word(TAKEN, PERSON, 3))
    for order in permutations(decided):
        assert told(a_capture(), order)[1].succeeded


def test_a_look_up_counts_for_more_than_a_person() -> None:
    payment, one = contradicted(word(TAKEN, PERSON, 4), word(DECLINED, LOOK_UP, 5))
    assert OperationStatus.FAILED is one.status
    assert [DiscrepancyKind.RESOLUTION_CONTRADICTED] == open_kinds(payment)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (TAKEN, DECLINED),
        (TAKEN, Captured(eur(60))),
        (NotAttempted("by hand"), TAKEN),
        (DECLINED, TAKEN),
    ],
)
def test_a_provider_s_word_against_a_person_s_decision_is_told(decision: Fact, said: Fact) -> None:
    words = (word(decision, PERSON, 2), word(said, NOTIFICATION, 3))
    ends = set()
    for order in permutations((*words, words[1])):
        payment, one = told(a_capture(), order)
        assert said == one.believed
        assert DiscrepancyKind.RESOLUTION_CONTRADICTED in open_kinds(payment)
        ends.add(repr(standing(payment, one)))
    assert 1 == len(ends)


def test_it_is_closed_when_the_provider_and_the_person_agree_again() -> None:
    words = (word(TAKEN, PERSON, 2), word(Declined(FAILURE, occurred_at=at(1)), NOTIFICATION, 3))
    payment, one = told(a_capture(), words)
    assert [DiscrepancyKind.RESOLUTION_CONTRADICTED] == open_kinds(payment)
    payment, one = settle(
        payment, one, word(Captured(eur(100), occurred_at=at(2)), NOTIFICATION, 4)
    )
    assert ([], None) == (open_kinds(payment), one.overruled)


@pytest.mark.parametrize("said", [TAKEN, Captured(eur(100), references=References.of(capture="x"))])
def test_a_provider_that_says_what_the_person_said_is_no_contradiction(said: Fact) -> None:
    payment, _ = told(a_capture(), (word(TAKEN, PERSON, 2), word(said, NOTIFICATION, 3)))
    assert [] == open_kinds(payment)


# Attempts and charges


def test_money_that_came_counts_whatever_else_is_said_of_its_attempt() -> None:
    for facts in orders(TAKEN, DECLINED, TAKEN):
        settlement = completing()
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(word(fact, NOTIFICATION, minutes))
        payment = settlement.payment
        assert payment is not None
        assert (eur(100), PaymentStatus.CAPTURED) == (payment.balances.captured, payment.status)
        assert SessionStatus.COMPLETED is settlement.session.status
        assert settlement.attempt.is_contradicted
        assert [DiscrepancyKind.CONTRADICTED] == open_kinds(settlement.session)
        assert ((), NOTHING, eur(100)) == (
            settlement.session.asking,
            settlement.account.in_flight,
            settlement.account.paid,
        )


@pytest.mark.parametrize("found", [TAKEN, DECLINED])
def test_a_look_up_ends_an_attempt_and_moves_neither_its_money_nor_its_session(found: Fact) -> None:
    before = completing().settled(word(TAKEN, NOTIFICATION, 3))
    before = before.settled(word(DECLINED, NOTIFICATION, 4))
    after = before.settled(word(found, LOOK_UP, 9))
    is_there = found == TAKEN
    assert (is_there, not is_there) == (after.attempt.succeeded, after.attempt.attention)
    expected = [] if is_there else [DiscrepancyKind.CONTRADICTED]
    assert expected == open_kinds(after.session)
    assert (before.payment, SessionStatus.COMPLETED) == (after.payment, after.session.status)
    assert before.account == after.account


def test_money_that_is_denied_later_waits_for_a_person_in_every_order() -> None:
    denied = Declined(FAILURE, occurred_at=at(2))
    for facts in orders(Captured(eur(100), occurred_at=at(1)), denied, Pending()):
        settlement = completing()
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(word(fact, NOTIFICATION, minutes))
        assert ("the provider denies the money that came", OperationStatus.FAILED) == (
            settlement.attempt.waits_for_person,
            settlement.attempt.status,
        )
        assert [DiscrepancyKind.CONTRADICTED] == open_kinds(settlement.session)


def test_denied_money_that_is_told_again_later_is_contradicted_no_more() -> None:
    words = (
        Captured(eur(100), occurred_at=at(1)),
        Declined(FAILURE, occurred_at=at(2)),
        Captured(eur(100), occurred_at=at(3)),
    )
    for facts in orders(*words):
        settlement = charging()
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(word(fact, NOTIFICATION, minutes))
        assert (True, False, []) == (
            settlement.charge.succeeded,
            settlement.charge.attention,
            open_kinds(settlement.payment),
        )


@pytest.mark.parametrize(
    ("words", "taken"),
    [((TAKEN, BOUNCED, RETAKEN), eur(100)), ((DECLINED, RETAKEN, BOUNCED), NOTHING)],
)
def test_what_comes_in_one_step_ends_as_its_attempt_or_charge(
    words: tuple[Fact, ...], taken: object
) -> None:
    for facts in orders(*words, words[0]):
        settlement, charged = completing(), charging()
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(word(fact, NOTIFICATION, minutes))
            charged = charged.settled(word(fact, NOTIFICATION, minutes))
        for payment, capture, asked in (
            (settlement.payment, settlement.capture, settlement.attempt),
            (charged.payment, charged.capture, charged.charge),
        ):
            assert payment is not None
            assert capture is not None
            assert (taken, bool(taken)) == (payment.balances.captured, capture.succeeded)
            assert asked.status is capture.status


@pytest.mark.parametrize("begun", [creation, opened_at_provider])
def test_what_opens_a_session_may_be_contradicted_as_well(
    begun: Callable[[], Settlement],
) -> None:
    after = begun().settled(heard(Authorized(eur(100)), 3)).settled(heard(DECLINED, 4))
    assert after.attempt.is_contradicted


def test_what_closes_a_session_is_not_contradicted_by_money() -> None:
    opened = opened_at_provider()
    session, close = opened.session.request_close("at_9", CloseReason.CANCELED, lease=lease(3))
    closing = attrs.evolve(opened, session=session, attempt=close)
    after = closing.settled(heard(TAKEN, 4)).settled(heard(DECLINED, 5))
    assert not after.attempt.is_contradicted


def test_a_contradicted_attempt_says_nothing_of_an_open_session() -> None:
    attempt = attrs.evolve(completing().attempt, facts=(heard(TAKEN), heard(DECLINED)))
    assert attempt.is_outweighed(Expired())


def charging() -> ChargeSettlement:
    source = StoredSource(id="src", profile_id="tok")
    terms = Terms(payable_id="order", payable_reference="R1")
    fresh = attrs.evolve(new_payment(phase=PaymentStatus.CHECKOUT), session_id=None)
    payment, charge = fresh.request_charge(
        "ch_1", terms=terms, source=source, use=MandateUse.LATER, lease=lease(1)
    )
    moved = account().moved(fresh.share, payment.share, at=at(1))
    return ChargeSettlement(account=moved, payment=payment, charge=charge)


def test_a_charge_s_money_counts_and_is_in_flight_no_more() -> None:
    for facts in orders(TAKEN, DECLINED, DECLINED):
        settlement = charging()
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(word(fact, NOTIFICATION, minutes))
        assert (True, ("ch_1",), ()) == (
            settlement.charge.is_contradicted,
            settlement.payment.open_operations,
            settlement.payment.asking,
        )
        assert (eur(100), NOTHING) == (settlement.account.paid, settlement.account.in_flight)
        assert [DiscrepancyKind.CONTRADICTED] == open_kinds(settlement.payment)
