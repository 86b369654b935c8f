"""I41 to I49: what is written is written once, in order, and told."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.entities import Aggregate
from paysession._domain.evidence import EvidenceSource, rank_of
from paysession._domain.movements import MovementOperation
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.parked import ParkedReport
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Call, Commit, Read
from paysession.errors import AlreadyExists, StaleVersion
from paysession.events import (
    DiscrepancyClosed,
    DiscrepancyOpened,
    PayableChanged,
    PaymentEvent,
    SessionEvent,
)
from paysession.outcomes import Canceled, Declined, Expired, Pending, Rejected, Report
from paysession.stores.port import RecordedEvent
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.evidence import news_of, operations_in
from paysession.testing._invariants.heard import heard_in, reports_in
from paysession.testing._invariants.history import History

_NEVER = (0, 0)
"""At which version, and in which moment, a run has read what it has not read."""
_TOTALS = ("total", "authorized", "paid", "in_flight", "refunded")
_BRINGS_NO_MONEY = (Declined, Rejected, Canceled, Expired, Pending)


@invariant
def check_I41(history: History) -> Iterator[Finding]:
    """Each commit takes what it was read at one version on, and its events are dense."""
    read = history.run.read if history.changed else {}
    for _, after in history.changed:
        known, _ = read.get((type(after), after.id), _NEVER)
        yield after.version == known + 1, after, known, after.version
        told = [each for each in history.events if each.aggregate_id == after.id]
        if isinstance(after, Aggregate):
            places = [(each.version, each.index) for each in told]
            dense = [(after.version, index) for index in range(len(told))]
            yield places == dense, after, places


@invariant
def check_I42(history: History) -> Iterator[Finding]:
    """What the events tell, added up, is what stands there."""
    folded = history.remembered("I42", dict[str, dict[str, Any]])
    for recorded in history.events:
        _fold(folded.setdefault(recorded.aggregate_id, {"open": set()}), recorded)
    for _, after in history.changed:
        if isinstance(after, Aggregate):
            told = folded.get(after.id, {"open": set()})
            differing = [name for name, value in told.items() if value != _standing(after, name)]
            yield not differing, after, differing, told


def _fold(told: dict[str, Any], recorded: RecordedEvent) -> None:
    match recorded.event:
        case PaymentEvent(status=status, balances=balances):
            told.update(status=status, balances=balances)
        case SessionEvent(status=status):
            told.update(status=status)
        case PayableChanged() as changed:
            told.update({column: getattr(changed, column) for column in _TOTALS})
        case DiscrepancyOpened(kind=kind, operation_id=operation_id):
            told["open"].add((kind, operation_id))
        case DiscrepancyClosed(kind=kind, operation_id=operation_id):
            told["open"].discard((kind, operation_id))
        case _:
            pass


def _standing(aggregate: Aggregate, name: str) -> object:
    if name != "open":
        return getattr(aggregate, name)
    known = aggregate.discrepancies if isinstance(aggregate, Owner) else ()
    return {(each.kind, each.operation_id) for each in known if each.is_open}


@invariant
def check_I43(history: History) -> Iterator[Finding]:
    """Of those who change the same version one succeeds, and the others change nothing."""
    latest = history.latest
    if latest is None or not isinstance(latest.ask, Commit):
        return
    if isinstance(latest.error, StaleVersion | AlreadyExists):
        yield not history.changed, latest.error, history.changed
    read = history.run.read
    for before, after in history.changed:
        if before is not None:
            known, _ = read.get((type(after), after.id), _NEVER)
            yield known == before.version, after, known, before.version


@invariant
def check_I44(history: History) -> Iterator[Finding]:
    """What changes is told in the same commit, and everything told is handed out in order."""
    told = {each.aggregate_id for each in history.events}
    changed = {after.id for _, after in history.changed if isinstance(after, Aggregate)}
    if history.changed:
        yield told == changed, told, changed
        waiting = history.remembered("I44", dict[str, list[str]])
        for each in history.events:
            waiting.setdefault(each.aggregate_id, []).append(each.id)
    if history.is_over:
        handed_out: dict[str, list[str]] = {}
        for event_id, aggregate_id in {e.id: e.aggregate_id for e in history.published}.items():
            handed_out.setdefault(aggregate_id, []).append(event_id)
        for aggregate_id, expected in history.kept.get("I44", {}).items():
            yield handed_out.get(aggregate_id) == expected, aggregate_id, handed_out, expected


@invariant
def check_I45(history: History) -> Iterator[Finding]:
    """In whatever order the same facts are heard, they come to the same."""
    for before, after in operations_in(history):
        if len(after.facts) > 1 and news_of(before, after):
            turned = attrs.evolve(after, facts=after.facts[::-1])
            sorted_ = attrs.evolve(after, facts=tuple(sorted(after.facts, key=repr)))
            ends = {_end_of(each) for each in (after, turned, sorted_)}
            yield len(ends) == 1, after, ends


def _end_of(operation: Operation) -> tuple[object, ...]:
    if isinstance(operation, MovementOperation):
        return operation.status, tuple(sorted(operation.effect.items())), operation.moved_amount
    return (operation.status,)


@invariant
def check_I46(history: History) -> Iterator[Finding]:
    """What is heard of one attempt alters no other, and an old one moves no session."""
    heard = heard_in(history)
    for before, after in operations_in(history):
        if not isinstance(after, Attempt):
            continue
        news = [each for each in news_of(before, after) if each.source is EvidenceSource.RESPONSE]
        for each in news:
            yield heard.is_told(each.fact, each.source, about=(after.id,)), after, each
        facts = [each.fact for each in news_of(before, after)]
        if any(isinstance(fact, _BRINGS_NO_MONEY) for fact in facts):
            yield from _left_alone(after, history)


def _left_alone(attempt: Attempt, history: History) -> Iterator[Finding]:
    for before, after in history.changed:
        if isinstance(before, PaymentSession) and before.id == attempt.session_id:
            is_stale = before.attempt_id != attempt.id
            if is_stale and isinstance(after, PaymentSession):
                yield after.status is before.status, attempt, before.status, after.status


@invariant
def check_I47(history: History) -> Iterator[Finding]:
    """A report of what is not known yet is kept, and applied when that appears."""
    ended = history.ended
    if ended is not None and ended.error is None and not ended.crashed:
        for gateway, report in _reports_in(history):
            if report.our_reference is None or report.our_reference not in history.operations:
                parked = getattr(ended.result, "parked", ())
                settled = getattr(ended.result, "settled", ())
                yield bool(parked or settled), gateway, report, ended.result
    if history.is_over:
        for parked in history.entities(ParkedReport):
            is_known = parked.report.our_reference in history.operations
            yield not parked.is_waiting or parked.attention or not is_known, parked


def _reports_in(history: History) -> Iterator[tuple[str, Report]]:
    """Yield what the notifications of the newest run said."""
    for moment in history.run.heard:
        assert isinstance(moment.ask, Read)
        for report in reports_in(moment):
            yield moment.ask.gateway, report


@invariant
def check_I48(history: History) -> Iterator[Finding]:
    """A notification is acknowledged when all it says is stored, and not before."""
    ended = history.ended
    if ended is None or ended.error is not None or ended.crashed:
        return
    for gateway, report in _reports_in(history):
        operation = history.operations.get(report.our_reference or "")
        is_fact = history.capabilities_of(gateway).signs_facts and rank_of(report.fact) > 0
        if operation is not None and is_fact:
            is_stored = any(type(each.fact) is type(report.fact) for each in operation.facts)
            is_kept = getattr(ended.result, "parked", ())
            yield is_stored or is_kept or operation.attention, operation, report


@invariant
def check_I49(history: History) -> Iterator[Finding]:
    """A gateway is asked for what is committed, and never in the middle of a unit of work."""
    latest = history.latest
    if latest is not None and isinstance(latest.ask, Call):
        operation_id = latest.ask.request.operation_id
        yield operation_id in history.operations, operation_id
    calls = history.run.calls
    if history.changed and calls:
        last = calls[-1].moment.number
        for before, after in history.changed:
            if before is not None:
                _, number = history.run.read.get((type(after), after.id), _NEVER)
                yield number > last, after, latest
