"""Planted bugs about evidence: something is believed that nobody has said, or nobody asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from paysession._domain import standing
from paysession._domain.decisions import Verdict
from paysession._domain.evidence import Belief, Evidence, EvidenceSource
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.standing import Standing
from paysession._flows import carrying, notifications, reports
from paysession._flows.asks import Find, Flow
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Unknown
from paysession.testing._plants.plant import Patch, Plant, answering
from paysession.testing._simulation.faults import Fault


def _failed_when_unanswered(status: property) -> object:
    def stands(operation: Operation) -> OperationStatus:
        known: OperationStatus = status.__get__(operation)
        is_unanswered = operation.doubt is not None and not operation.facts
        return OperationStatus.FAILED if is_unanswered else known

    return property(stands)


def _never_again(doubted: Callable[..., Operation]) -> object:
    def let_lie(operation: Operation, doubt: Unknown, *, at: datetime) -> Operation:
        return attrs.evolve(doubted(operation, doubt, at=at), recheck_at=None)

    return let_lie


def _as_if_looked_up(applied: Callable[..., Flow[Any]]) -> object:
    def heard(gateway: str, report: object, *, source: EvidenceSource, at: datetime) -> Flow[Any]:
        del source
        return applied(gateway, report, source=EvidenceSource.LOOK_UP, at=at)

    return heard


def _to_the_first(settle: Callable[..., Flow[Any]]) -> object:
    def told(operation: Operation, *fact: object, **at: object) -> Flow[Any]:
        meant = operation
        if isinstance(operation, Capture | Void | Refund):
            alike = yield from Find(type(operation), "payment_id", operation.payment_id)
            meant = alike[0]
        return (yield from settle(meant, *fact, **at))

    return told


def _without_names(on: Callable[..., Owner]) -> object:
    def told(verdict: Verdict, owner: Owner, operation: Operation) -> Owner:
        return on(attrs.evolve(verdict, actor="", reason=""), owner, operation)

    return told


def _last_heard(belief_in: Callable[..., Belief]) -> object:
    def believed(facts: tuple[Evidence, ...], **rules: Any) -> Belief:  # noqa: ANN401 - as given
        belief = belief_in(facts, **rules)
        if not belief.is_contradicted or belief.contradiction is None:
            return belief
        words = sorted(belief.contradiction.words, key=repr)
        return Belief(max(words, key=lambda each: each.recorded_at).fact)

    return believed


PLANTS = (
    Plant(
        name="time-out-taken-for-failure",
        sentence="a call that was not answered has failed",
        breaks="I26",
        patches=(Patch(Standing, "status", _failed_when_unanswered),),
        faults=frozenset({Fault.TIME_OUT_AFTER}),
    ),
    Plant(
        name="not-found-believed-at-once",
        sentence="what a look-up does not find has not happened, however fresh it is",
        breaks="I27",
        patches=(
            Patch(carrying, "proves_absence", answering(answer=True)),
            Patch(carrying, "may_be_repeated", answering(answer=False)),
        ),
        faults=frozenset({Fault.SEEN_LATER}),
    ),
    Plant(
        name="never-looked-at-again",
        sentence="an operation without an answer is not looked at again by itself",
        breaks="I28",
        patches=(Patch(Operation, "doubted", _never_again),),
        faults=frozenset({Fault.TIME_OUT_AFTER}),
    ),
    Plant(
        name="hearsay-taken-for-look-up",
        sentence="what a notification says is recorded as if it had been looked up",
        breaks="I29",
        patches=(Patch(notifications, "applied", _as_if_looked_up),),
        faults=frozenset(),
    ),
    Plant(
        name="report-of-another-record",
        sentence="what is reported of a movement is taken for the first of its kind",
        breaks="I29",
        patches=(Patch(reports, "settle", _to_the_first),),
    ),
    Plant(
        name="decision-without-a-name",
        sentence="nobody can say who decided what a person decided",
        breaks="I30",
        patches=(Patch(Verdict, "on", _without_names),),
        profile="hostile",
        faults=frozenset({Fault.TIME_OUT_BEFORE}),
    ),
    Plant(
        name="last-word-wins",
        sentence="of two contrary words the one that was heard last is believed",
        breaks="I31",
        patches=(Patch(standing, "belief_in", _last_heard),),
        profile="adyen",
        faults=frozenset(),
    ),
)
"""Each is meant for one of I26 to I31."""
