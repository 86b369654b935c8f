"""What is checked of evidence holds on real records, and breaks where something is planted."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from history_builders import (
    DECLINE,
    Teller,
    account,
    at,
    broken_by,
    checked,
    completing,
    eur,
    find,
    heard,
    lease,
    new_session,
    refunding,
    settled,
    taken,
)

from paysession import PaymentSession
from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.cancellations import request_cancellation
from paysession._domain.entities import Entity
from paysession._domain.evidence import EvidenceSource, LastWord
from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._flows.asks import Read
from paysession.errors import GatewayUnreachable
from paysession.gateways import Capabilities, Notification
from paysession.lifecycles import SessionStatus
from paysession.outcomes import (
    Accepted,
    Approved,
    Authorized,
    Canceled,
    Declined,
    Fact,
    NotAttempted,
    Pending,
    Refunded,
    Report,
    Superseded,
    Unknown,
)
from paysession.testing._invariants.evidence import (
    check_I26,
    check_I27,
    check_I28,
    check_I29,
    check_I30,
    check_I31,
)

AUTHORITATIVE = Capabilities(
    look_up_is_authoritative=True,
    longest_call=timedelta(minutes=5),
    look_up_grace=timedelta(minutes=5),
)
LEASE = lease()
LOOK_UP = EvidenceSource.LOOK_UP
NOTIFICATION = EvidenceSource.NOTIFICATION


@attrs.define
class Story:
    """A refund of 40.00 that was asked for, and what is heard of it."""

    teller: Teller
    payment: Payment
    refund: Refund

    @classmethod
    def begun(cls, capabilities: Capabilities = AUTHORITATIVE) -> Story:
        teller = Teller()
        teller.behaves(capabilities)
        teller.look_at_the_clock()
        payment, authorization, capture = taken()
        payment, refund = refunding(payment, 40)
        entities = teller.commit(payment, authorization, capture, refund)
        return cls(teller, find(Payment, entities), find(Refund, entities))

    def settle(self, fact: Fact, source: EvidenceSource = EvidenceSource.RESPONSE) -> None:
        minutes = self.teller.minutes
        told = self.payment.settle(self.refund, heard(fact, minutes, source))
        self.payment, self.refund = self.commit(*told)  # type: ignore[assignment]

    def commit(self, *entities: Entity) -> tuple[Entity, ...]:
        return self.teller.commit(*entities)

    def times_out(self) -> None:
        self.teller.call(self.refund, error=TimeoutError("read"))

    def notified(self, *reports: Report) -> None:
        self.teller.note(Read("bogus", Notification(b"", {})), answer=reports)


def test_a_time_out_is_no_failure() -> None:
    story = Story.begun()
    story.times_out()
    story.settle(Declined(DECLINE))
    assert "I26" == broken_by(check_I26, story.teller.history)


@pytest.mark.parametrize("answer", [Unknown("timed out"), "nonsense"])
def test_an_answer_that_says_nothing_is_no_failure(answer: object) -> None:
    story = Story.begun()
    story.teller.call(story.refund, answer)
    story.settle(Declined(DECLINE))
    assert "I26" == broken_by(check_I26, story.teller.history)


def test_a_later_answer_settles_what_was_in_doubt() -> None:
    story = Story.begun()
    story.times_out()
    story.teller.call(story.refund, Declined(DECLINE))
    story.settle(Declined(DECLINE))
    assert 1 == checked(check_I26, story.teller.history)


def test_what_was_certain_at_once_was_never_in_doubt() -> None:
    story = Story.begun()
    story.teller.call(story.refund, Declined(DECLINE))
    story.settle(Declined(DECLINE))
    assert 0 == checked(check_I26, story.teller.history)


def test_what_a_process_died_in_is_in_doubt() -> None:
    story = Story.begun()
    story.teller.begin("refund#2")
    story.teller.call(story.refund, Refunded(eur(40)))
    story.teller.end("refund", crashed=True)
    story.teller.begin("recover#3")
    story.settle(Canceled())
    assert "I26" == broken_by(check_I26, story.teller.history)


def test_a_process_that_ended_leaves_no_doubt() -> None:
    story = Story.begun()
    story.teller.call(story.refund, Declined(DECLINE))
    story.teller.end("refund")
    story.settle(Declined(DECLINE))
    assert 0 == checked(check_I26, story.teller.history)


def test_a_report_and_a_look_up_are_evidence() -> None:
    for source in (NOTIFICATION, LOOK_UP):
        story = Story.begun()
        story.times_out()
        report = Report(Declined(DECLINE), our_reference=story.refund.id)
        if source is NOTIFICATION:
            story.notified(report)
        else:
            story.teller.look_up(story.refund, [report])
        story.settle(Declined(DECLINE), source)
        assert 1 == checked(check_I26, story.teller.history)


def test_a_hint_is_no_evidence() -> None:
    story = Story.begun(Capabilities(signs_facts=False))
    story.times_out()
    story.notified(Report(Declined(DECLINE), our_reference=story.refund.id))
    story.settle(Declined(DECLINE), NOTIFICATION)
    assert "I26" == broken_by(check_I26, story.teller.history)


def test_a_person_s_decision_is_evidence() -> None:
    story = Story.begun()
    story.times_out()
    story.settle(Declined(DECLINE), EvidenceSource.PERSON)
    assert 1 == checked(check_I26, story.teller.history)


def test_that_a_repeat_did_not_arrive_says_nothing_of_the_first_call() -> None:
    story = Story.begun()
    story.times_out()
    story.teller.call(story.refund, error=GatewayUnreachable("no route"))
    story.settle(NotAttempted("no route"))
    assert "I26" == broken_by(check_I26, story.teller.history)


def test_not_to_be_found_is_evidence_when_all_has_become_visible() -> None:
    story = Story.begun()
    story.times_out()
    story.teller.minutes = 10
    story.teller.look_up(story.refund)
    story.settle(NotAttempted("unknown there"), LOOK_UP)
    assert 1 == checked(check_I26, story.teller.history)
    assert 1 == checked(check_I27, story.teller.history)


@pytest.mark.parametrize(("minutes", "capabilities"), [(9, AUTHORITATIVE), (10, Capabilities())])
def test_not_to_be_found_too_early_is_no_evidence(minutes: int, capabilities: Capabilities) -> None:
    story = Story.begun(capabilities)
    story.times_out()
    story.teller.minutes = minutes
    story.teller.look_up(story.refund)
    story.settle(NotAttempted("unknown there"), LOOK_UP)
    assert "I27" == broken_by(check_I27, story.teller.history)
    assert 1 == checked(check_I26, story.teller.history), "the one is told of, and not the other"


def test_a_look_up_that_tells_of_another_finds_nothing_and_one_that_names_nobody_may() -> None:
    for reference, times in (("re_9", 1), (None, 0)):
        story = Story.begun()
        story.times_out()
        story.teller.look_up(story.refund, (Report(Pending(), our_reference=reference),))
        story.settle(Pending(), LOOK_UP)
        assert times == checked(check_I27, story.teller.history)


def test_a_look_up_that_does_not_answer_finds_nothing_out() -> None:
    story = Story.begun()
    story.teller.look_up(story.refund, error=TimeoutError("read"))
    story.teller.look_up(story.refund, Unknown("busy"))
    story.settle(Pending())
    assert 0 == checked(check_I27, story.teller.history)


def test_what_a_look_up_itself_says_was_not_attempted_is_no_guess() -> None:
    story = Story.begun()
    story.teller.look_up(story.refund)
    told = Report(NotAttempted("gone"), our_reference=story.refund.id)
    story.teller.look_up(story.refund, (told,))
    story.settle(NotAttempted("gone"), LOOK_UP)
    assert 1 == checked(check_I27, story.teller.history)


def test_what_was_given_up_needs_a_reason() -> None:
    teller = Teller()
    session, attempt = new_session()
    entities = teller.commit(session, attempt, account())
    session, attempt = find(PaymentSession, entities), find(Attempt, entities)
    teller.call(attempt, error=TimeoutError("read"))
    superseded = heard(Superseded("at_2"), source=EvidenceSource.OURSELVES)
    after = attempt.observed(superseded)
    teller.commit(session.late(after, superseded.fact, at=at(1)), after)
    assert "I26" == broken_by(check_I26, teller.history)
    approved = attempt.observed(heard(Approved())).observed(superseded)
    teller.write_only(attempt)
    teller.write_only(session, approved)
    assert 1 == checked(check_I26, teller.history)
    ended = session.close(CloseReason.CANCELED, at=at(1))
    teller.write_only(attempt)
    teller.commit(ended, after)
    assert 1 == checked(check_I26, teller.history)


def test_what_is_open_is_found_again() -> None:
    story = Story.begun()
    assert 1 == checked(check_I28, story.teller.history)
    lost = attrs.evolve(story.refund, recheck_at=None)
    story.teller.write_only(story.payment, lost)
    assert "I28" == broken_by(check_I28, story.teller.history)
    left = attrs.evolve(lost, waits_for_person="nobody knows")
    story.teller.write_only(story.payment, left)
    assert 1 == checked(check_I28, story.teller.history)


def test_in_the_end_nothing_is_open() -> None:
    story = Story.begun()
    story.teller.note()
    story.teller.history.is_over = True
    assert "I28" == broken_by(check_I28, story.teller.history)
    story.settle(Refunded(eur(40)))
    story.teller.note()
    assert 2 == checked(check_I28, story.teller.history)


def test_in_the_end_no_session_is_closing_but_for_a_person() -> None:
    teller = Teller()
    session, attempt = new_session()
    closing = attrs.evolve(session, status=SessionStatus.CLOSING)
    done = attempt.observed(heard(Accepted()))
    teller.commit(closing, done)
    teller.note()
    teller.history.is_over = True
    assert "I28" == broken_by(check_I28, teller.history)
    waiting = attrs.evolve(done, waits_for_person="nobody knows")
    teller.write_only(waiting)
    teller.note()
    assert 2 == checked(check_I28, teller.history)


def test_all_that_is_known_was_said() -> None:
    story = Story.begun()
    history = story.teller.history
    history.kept["I20"] = {at(0), at(1)}
    story.teller.call(story.refund, Pending())
    story.settle(Pending())
    assert 2 == checked(check_I29, history)
    story.settle(Refunded(eur(40)))
    assert "I29" == broken_by(check_I29, history)


def test_what_is_known_is_dated() -> None:
    story = Story.begun()
    story.teller.history.kept["I20"] = {at(7)}
    story.teller.call(story.refund, Pending())
    story.settle(Pending())
    assert "I29" == broken_by(check_I29, story.teller.history)


def test_what_a_person_says_is_said_in_a_person_s_command() -> None:
    story = Story.begun()
    story.teller.history.kept["I20"] = {at(0)}
    story.settle(Refunded(eur(40)), EvidenceSource.PERSON)
    assert "I29" == broken_by(check_I29, story.teller.history)
    story = Story.begun()
    story.teller.history.kept["I20"] = {at(0)}
    story.teller.begin("resolve#2")
    story.settle(Refunded(eur(40)), EvidenceSource.PERSON)
    assert 2 == checked(check_I29, story.teller.history)


def test_of_ourselves_we_know_what_is_left_to_do() -> None:
    story = Story.begun()
    story.teller.history.kept["I20"] = {at(0), at(1)}
    story.settle(Declined(DECLINE), EvidenceSource.OURSELVES)
    assert "I29" == broken_by(check_I29, story.teller.history)
    teller = Teller()
    teller.history.kept["I20"] = {at(1)}
    session, attempt = new_session()
    closing, close = session.request_close("at_9", CloseReason.CANCELED, lease=LEASE)
    ended = close.observed(heard(Canceled(), source=EvidenceSource.OURSELVES))
    over = attempt.observed(heard(Superseded("at_9"), source=EvidenceSource.OURSELVES))
    teller.commit(closing, ended, over)
    assert 4 == checked(check_I29, teller.history)


def test_what_came_with_an_attempt_is_the_attempt_s_word() -> None:
    teller = Teller()
    teller.history.kept["I20"] = {at(1)}
    session, attempt = completing(new_session()[0])
    settlement = settled(session, attempt, heard(Authorized(eur(100))))
    teller.call(attempt, Authorized(eur(100)))
    payment, capture = settlement.payment, None
    assert payment is not None
    payment, capture = payment.take(
        "ca_1", amount=eur(100), evidence=heard(Authorized(eur(100))), at=at(1)
    )
    teller.commit(settlement.session, settlement.attempt, payment, capture)
    assert 3 == checked(check_I29, teller.history)


def test_what_is_answered_to_a_cancellation_is_about_its_refund() -> None:
    story = Story.begun()
    story.teller.history.kept["I20"] = {at(0)}
    story.settle(Pending())
    payment, cancellation = request_cancellation(story.payment, story.refund, "rc_1", lease=LEASE)
    entities = story.commit(payment, cancellation)
    story.payment = find(Payment, entities)
    story.teller.call(find(type(cancellation), entities), Canceled())
    story.settle(Canceled())
    assert 2 == checked(check_I29, story.teller.history)


def test_a_person_s_decision_names_the_person_and_the_reason() -> None:
    story = Story.begun()
    story.settle(Refunded(eur(40)), EvidenceSource.PERSON)
    assert 0 == checked(check_I30, story.teller.history)
    story = Story.begun()
    story.teller.begin("resolve#2")
    story.settle(Pending())
    assert 0 == checked(check_I30, story.teller.history)
    story.settle(Refunded(eur(40)), EvidenceSource.PERSON)
    assert "I30" == broken_by(check_I30, story.teller.history)


def test_a_decision_without_a_reason_is_refused() -> None:
    teller = Teller(flow="resolve#1")
    teller.end("resolve", kwargs={"actor": "anna", "reason": "seen there"})
    assert 0 == checked(check_I30, teller.history)
    teller.end("resolve", kwargs={"actor": "anna", "reason": ""}, error=ValueError("reason"))
    assert 1 == checked(check_I30, teller.history)
    teller.end("resolve", kwargs={"actor": "anna", "reason": ""})
    assert "I30" == broken_by(check_I30, teller.history)


def test_one_thing_and_its_opposite_are_told() -> None:
    story = Story.begun()
    story.settle(Refunded(eur(40)))
    assert 0 == checked(check_I31, story.teller.history)
    before = story.refund
    story.settle(Declined(DECLINE), NOTIFICATION)
    assert 1 == checked(check_I31, story.teller.history)
    silent = attrs.evolve(story.payment, discrepancies=())
    story.teller.write_only(before)
    story.teller.write_only(silent, story.refund)
    assert "I31" == broken_by(check_I31, story.teller.history)


def test_a_look_up_decides_between_opposites() -> None:
    story = Story.begun()
    story.settle(Declined(DECLINE))
    story.teller.minutes = 5
    story.settle(Refunded(eur(40)), LOOK_UP)
    assert 1 == checked(check_I31, story.teller.history)


def test_the_last_word_does_not_win() -> None:
    story = Story.begun()
    story.settle(Refunded(eur(40)))
    believed = attrs.evolve(story.refund, last_word=LastWord.FAILURE)
    later = believed.observed(heard(Declined(DECLINE), source=NOTIFICATION))
    story.teller.write_only(story.payment, later)
    assert 0 == checked(check_I31, story.teller.history)


def test_facts_with_a_time_contradict_nothing() -> None:
    story = Story.begun()
    story.settle(Refunded(eur(40), occurred_at=at(1)))
    story.settle(Declined(DECLINE, occurred_at=at(2)), NOTIFICATION)
    assert 0 == checked(check_I31, story.teller.history)


def test_what_is_no_movement_has_a_session_to_tell() -> None:
    teller = Teller()
    session, attempt = new_session()
    teller.commit(session, attempt.observed(heard(Accepted())))
    assert 0 == checked(check_I31, teller.history)
