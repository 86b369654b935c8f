"""What is believed of an operation, from whom, and who is at it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import attrs
import pytest
from domain_builders import FAILURE, NOTHING, NOW, asked_capture, at, authorized, eur, heard, lease

from paysession._domain.evidence import EvidenceSource
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.movements import Capture
from paysession._domain.operations import Lease, recheck_after
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    ActionRequired,
    Approved,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    ReferenceChanged,
    References,
    Rejected,
    Retaken,
    ShowCode,
    Superseded,
    Unknown,
    WaitForTransfer,
)

TAKEN = Captured(eur(100))
DECLINED = Declined(FAILURE)


def capture() -> Capture:
    return asked_capture(authorized())[1]


def told(*facts: Fact) -> Capture:
    operation = capture()
    for fact in facts:
        operation = operation.observed(heard(fact))
    return operation


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (TAKEN, OperationStatus.SUCCEEDED),
        (Retaken(eur(100)), OperationStatus.SUCCEEDED),
        (Pending(), OperationStatus.PENDING),
        (Approved(), OperationStatus.PENDING),
        (ActionRequired(WaitForTransfer("to us")), OperationStatus.PENDING),
        (Superseded("at_2"), OperationStatus.CANCELED),
        (DECLINED, OperationStatus.FAILED),
        (Rejected(FAILURE), OperationStatus.FAILED),
        (Canceled(), OperationStatus.FAILED),
        (Expired(), OperationStatus.FAILED),
        (NotAttempted("no route"), OperationStatus.FAILED),
        (Bounced(FAILURE), OperationStatus.FAILED),
    ],
)
def test_the_status_follows_the_one_fact_that_is_known(fact: Fact, status: OperationStatus) -> None:
    assert status is told(fact).status


def test_an_operation_of_which_nothing_is_known_is_requested_and_unresolved() -> None:
    asked = capture()
    assert (None, OperationStatus.REQUESTED) == (asked.believed, asked.status)
    assert (True, True, False, None) == (
        asked.is_open,
        asked.is_unresolved,
        asked.succeeded,
        asked.failure,
    )


def test_the_same_facts_are_believed_alike_in_every_order() -> None:
    facts: tuple[Fact, ...] = (Pending(), NotAttempted(), TAKEN, DECLINED, Bounced(FAILURE))
    statuses = {told(*order).believed for order in permutations(facts)}
    assert {Bounced(FAILURE)} == statuses


def test_a_later_time_of_the_provider_counts_for_more_than_rank() -> None:
    bounced = Bounced(FAILURE, occurred_at=at(1))
    retaken = Retaken(eur(100), occurred_at=at(2))
    assert retaken == told(retaken, bounced).believed == told(bounced, retaken).believed


def test_of_one_time_the_providers_sequence_decides() -> None:
    first = Declined(FAILURE, sequence=1)
    second = Captured(eur(100), sequence=2)
    assert second == told(first, second).believed == told(second, first).believed


def test_no_time_makes_an_undecided_fact_count_for_more_than_a_decided_one() -> None:
    late = Pending(occurred_at=at(99))
    assert told(TAKEN, late).succeeded


def test_a_person_is_believed_until_the_provider_says_otherwise() -> None:
    word = heard(DECLINED, source=EvidenceSource.PERSON)
    resolved = capture().observed(word)
    assert OperationStatus.FAILED is resolved.status
    assert resolved.observed(heard(TAKEN)).succeeded
    assert told(TAKEN).observed(word).succeeded


def test_a_fact_that_is_known_changes_nothing() -> None:
    settled = told(TAKEN)
    assert settled is settled.observed(heard(TAKEN, 9, EvidenceSource.NOTIFICATION))


def test_a_fact_teaches_references_ends_the_lease_and_sets_the_time() -> None:
    asked = capture().committed()
    fact = Captured(eur(100), references=References.of(capture="ch_1"))
    settled = asked.observed(heard(fact, 7))
    assert (False, True) == (asked.is_changed, settled.is_changed)
    assert "ch_1" in {reference.id for reference in settled.references}
    assert (None, None, at(7)) == (settled.lease_until, settled.due_at, settled.updated_at)


def test_an_operation_keeps_every_id_that_it_is_known_by() -> None:
    known = told(Captured(eur(100), references=References.of(capture="ch_1"))).committed()
    changed = ReferenceChanged("ch_1", references=References.of(capture="ch_2"))
    renamed = known.renamed(changed)
    assert (References.of(capture="ch_1") | References.of(capture="ch_2"), True) == (
        renamed.references,
        renamed.is_changed,
    )
    assert renamed is renamed.renamed(changed)


def test_time_never_goes_back() -> None:
    ahead = attrs.evolve(capture(), updated_at=at(50))
    after = (
        ahead.observed(heard(TAKEN)),
        ahead.doubted(Unknown(), at=at(1)),
        ahead.leased(lease(1)),
        ahead.handed_over("why", at=at(1)),
    )
    assert {at(50)} == {one.updated_at for one in after}


def test_what_is_pending_or_waits_for_the_customer_is_looked_at_again() -> None:
    pending = told(Pending())
    waiting = told(ActionRequired(WaitForTransfer("to us")))
    assert (at(1) + timedelta(minutes=2), True) == (pending.due_at, pending.is_unresolved)
    assert (pending.due_at, True) == (waiting.due_at, waiting.is_waiting)
    assert not waiting.is_unresolved


@pytest.mark.parametrize("fact", [DECLINED, Rejected(FAILURE), Bounced(FAILURE)])
def test_a_refusal_says_why(fact: Fact) -> None:
    assert FAILURE == told(fact).failure


def test_what_never_arrived_was_not_refused() -> None:
    assert told(NotAttempted()).failure is None


def test_a_doubt_is_kept_and_looked_at_later() -> None:
    doubted = capture().doubted(
        Unknown("timeout", references=References.of(capture="ch_1")), at=at(3)
    )
    assert ("timeout", None) == (doubted.doubt, doubted.lease_until)
    assert at(5) == doubted.due_at
    assert OperationStatus.REQUESTED is doubted.status
    assert References.of(capture="ch_1") == doubted.references


def test_a_lease_is_taken_again_with_the_deadline_of_the_first() -> None:
    asked = capture()
    again = asked.leased(lease(20))
    assert (2, asked.sent_at, asked.deadline) == (again.tries, again.sent_at, again.deadline)
    assert (at(25), at(25)) == (again.lease_until, again.due_at)
    assert (True, False) == (again.is_leased(at(24)), again.is_leased(at(25)))
    assert not told(TAKEN).is_leased(NOW)


def test_what_nobody_sent_is_first_sent_by_who_takes_it_up() -> None:
    nobody = Lease.nobody(NOW)
    unsent = attrs.evolve(capture(), sent_at=nobody.sent_at, deadline=nobody.deadline)
    assert unsent.sent_at is None
    taken = unsent.leased(lease(20))
    assert (at(20), at(80)) == (taken.sent_at, taken.deadline)


def test_what_is_left_to_a_person_is_due_no_more() -> None:
    left = capture().handed_over("nobody knows", at=at(3))
    assert (True, None, None) == (left.attention, left.due_at, left.lease_until)
    assert not capture().attention


def test_looking_again_takes_twice_as_long_each_time_up_to_six_hours() -> None:
    waits = [recheck_after(tries) // timedelta(minutes=1) for tries in (0, 1, 2, 8, 9, 1000)]
    assert [1, 2, 4, 256, 360, 360] == waits


def test_an_operation_stands_at_its_status() -> None:
    failure = Failure(FailureCode.EXPIRED_CARD)
    assert "failed" == told(Declined(failure))._standing
    assert NOTHING == told(TAKEN).releases


def test_a_customer_is_waited_for_as_long_as_the_code_that_was_shown_can_be_paid() -> None:
    ends_at = NOW + timedelta(days=14)
    waiting = told(ActionRequired(ShowCode("boleto", expires_at=ends_at)))

    assert waiting.leased(lease(9 * 24 * 60)).recheck_at is not None
    assert waiting.leased(lease(21 * 24 * 60)).recheck_at is None
