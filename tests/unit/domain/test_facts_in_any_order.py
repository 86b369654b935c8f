"""Facts in every order: what a late, a repeated or a misplaced word may not do."""

from __future__ import annotations

from itertools import permutations

import attrs
import pytest
from domain_builders import (
    FAILURE,
    NOTHING,
    asked_capture,
    at,
    authorized,
    completing,
    eur,
    heard,
    lease,
    opened_at_provider,
)

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.evidence import EvidenceSource
from paysession._domain.methods import UnderpaidPolicy
from paysession._domain.settlement import Settlement
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Bounced,
    Captured,
    Declined,
    Fact,
    Pending,
    Refunded,
    Retaken,
    Totals,
    Unknown,
    WaitForTransfer,
)
from paysession.stores import Changes, Claim, InMemoryStore

ACCEPT = UnderpaidPolicy.ACCEPT


def settled(before: Settlement, *facts: Fact) -> Settlement:
    for minutes, fact in enumerate(facts, start=5):
        before = before.settled(heard(fact, minutes))
    return before


def records(settlement: Settlement) -> list[Entity]:
    values = (getattr(settlement, name) for name in attrs.fields_dict(Settlement))
    return [value for value in values if isinstance(value, Entity)]


def committed(settlement: Settlement) -> Settlement:
    assert settlement.payment is not None
    assert settlement.authorization is not None
    capture = settlement.capture
    return attrs.evolve(
        settlement,
        account=settlement.account.committed(),
        session=settlement.session.committed(),
        attempt=settlement.attempt.committed(),
        payment=settlement.payment.committed(),
        authorization=settlement.authorization.committed(),
        capture=capture and capture.committed(),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Authorized(eur(100)), Captured(eur(100))),
        (Captured(eur(100)), Captured(eur(100), occurred_at=at(4))),
        (Captured(eur(100)), Authorized(eur(100))),
    ],
)
def test_more_money_facts_of_a_completed_session_can_be_committed(
    first: Fact, second: Fact
) -> None:
    stored = committed(settled(completing(), first))
    after = settled(stored, second)
    changes = Changes.of(records(after), tenant="")
    assert {"ps_1", "at_complete"} <= {entity.id for entity in changes.entities}


def test_a_delayed_word_does_not_move_a_session_back() -> None:
    in_order = settled(completing(), Pending(), Declined(FAILURE)).session
    delayed = settled(completing(), Declined(FAILURE), Pending()).session
    assert SessionStatus.PENDING is in_order.status is delayed.status


def test_an_unresolved_attempt_is_not_ended_by_the_money_of_another() -> None:
    first = completing()
    session, second = first.session.request_completion(
        "at_2", source=None, external_data=None, lease=lease(3)
    )
    after = settled(attrs.evolve(first, session=session, others=(second,)), Captured(eur(100)))
    assert SessionStatus.COMPLETED is after.session.status
    assert [True] == [other.is_unresolved for other in (after.others or (second,))]
    assert ("at_2",) == after.session.open_attempts


def test_the_amount_is_in_flight_again_when_the_customer_has_acted() -> None:
    waiting = ActionRequired(WaitForTransfer("to us"))
    assert eur(100) == settled(completing(), waiting, Pending()).account.in_flight


def test_superseding_a_waiting_attempt_leaves_the_new_call_in_flight() -> None:
    waiting = settled(opened_at_provider(), Pending())
    session, second = waiting.session.request_completion(
        "at_2", source=None, external_data=None, lease=lease(3)
    )
    session, _ = session.supersede(waiting.attempt, by=second.id, at=at(3))
    assert eur(100) == session.in_flight


def test_a_capture_that_bounces_under_its_attempt_takes_nothing() -> None:
    for facts in (
        (Captured(eur(100)), Bounced(FAILURE)),
        (Bounced(FAILURE), Captured(eur(100))),
    ):
        payment = settled(completing(), *facts).payment
        assert payment is not None
        assert (NOTHING, PaymentStatus.LAPSED) == (payment.balances.captured, payment.status)


def test_money_we_captured_ourselves_is_not_counted_again_under_the_attempt() -> None:
    held = settled(completing(), Authorized(eur(100)))
    assert held.payment is not None
    payment, capture = asked_capture(held.payment)
    payment, capture = payment.settle(capture, heard(Captured(eur(100))))
    after = settled(attrs.evolve(held, payment=payment), Captured(eur(100)))
    assert after.payment is not None
    assert eur(100) == after.payment.balances.captured


@pytest.mark.parametrize(
    "fact", [Accepted(), Unknown("timeout"), Totals(), Refunded(eur(100)), Authorized(eur(100))]
)
def test_only_a_captures_own_kind_of_fact_settles_it(fact: Fact) -> None:
    payment, capture = asked_capture(authorized())
    for facts in ((fact,), (Pending(), fact)):
        after, one = payment, capture
        for each in facts:
            after, one = after.settle(one, heard(each))
        assert one.status in (OperationStatus.REQUESTED, OperationStatus.PENDING)
        assert (NOTHING, eur(100)) == (after.balances.captured, after.balances.capture_in_flight)


def test_a_final_capture_of_another_amount_holds_nothing_back_and_releases_no_more() -> None:
    for amount, released in ((40, 60), (100, 0)):
        payment, capture = asked_capture(authorized(), 60, is_final=True)
        payment, _ = payment.settle(capture, heard(Captured(eur(amount))))
        assert (eur(released), NOTHING) == (payment.balances.voided, payment.balances.held)


def test_what_is_left_to_a_person_twice_is_left_once() -> None:
    payment, capture = asked_capture(authorized())
    payment, capture = payment.hand_over(capture, "nobody knows", at=at(3))
    again = payment.committed().hand_over(capture.committed(), "nobody knows", at=at(4))
    assert not Changes.of(again, tenant="")


def test_the_same_money_in_another_order_is_the_same_money() -> None:
    one = settled(completing(ACCEPT), Authorized(eur(100)), Captured(eur(60))).payment
    other = settled(completing(ACCEPT), Captured(eur(60)), Authorized(eur(100))).payment
    assert one is not None
    assert other is not None
    assert one.balances == other.balances


def test_one_commit_makes_a_claim_once() -> None:
    store = InMemoryStore()
    rivals = tuple(Claim(namespace="k", text="t", kind="payment", id=id_) for id_ in "ab")
    with pytest.raises(Exception, match="exists already"):
        store.commit(Changes(tenant="", entities=(), claims=rivals))
    assert store.claimed("k", "t", tenant="") is None


def test_what_was_declined_and_taken_after_all_is_a_payment() -> None:
    after = settled(completing(), Declined(FAILURE), Retaken(eur(100)))
    assert after.payment is not None
    assert eur(100) == after.payment.balances.captured
    assert after.session.succeeded


def standing(settlement: Settlement) -> tuple[object, ...]:
    """All that must not depend on the order in which facts were heard."""
    payment, told = settlement.payment, settlement.session.discrepancies
    assert payment is not None
    return (
        settlement.session.status,
        settlement.attempt.status,
        settlement.attempt.believed,
        settlement.attempt.attention,
        payment.status,
        payment.balances,
        settlement.account.status,
        sorted(each.kind for each in (*told, *payment.discrepancies) if each.is_open),
    )


def test_a_story_that_contradicts_itself_ends_alike_in_every_order_and_from_every_source() -> None:
    story: tuple[Fact, ...] = (
        Pending(),
        Authorized(eur(100)),
        Declined(FAILURE),
        Captured(eur(60)),
        Declined(FAILURE),
    )
    ends = {repr(standing(settled(completing(ACCEPT), *facts))) for facts in permutations(story)}
    for source in (EvidenceSource.RESPONSE, EvidenceSource.NOTIFICATION):
        settlement = completing(ACCEPT)
        for minutes, fact in enumerate(story, start=5):
            settlement = settlement.settled(heard(fact, minutes, source))
        ends.add(repr(standing(settlement)))
    assert 1 == len(ends)
    assert settlement.attempt.is_contradicted
    assert settlement.payment is not None
    assert [DiscrepancyKind.AMOUNT_MISMATCH] == [
        each.kind for each in settlement.payment.discrepancies if each.is_open
    ]
