"""
What a provider sends by itself: verified, settled like any answer, and never lost.

Nothing is believed before the raw bytes are verified. Each report is applied by itself, so that
one bad item of a batch harms no other. No call that moves money is made here: what becomes due
is left to recovery, and the provider gets its acknowledgement as soon as all is committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import assert_never

import attrs

from paysession._domain.evidence import EvidenceSource
from paysession._domain.identity import derived_id
from paysession._domain.limits import MOST_AT_ONCE, safe_count, safe_text
from paysession._domain.parked import ParkedReport, ParkReason, parked_id_of
from paysession._flows.asks import Describe, Due, Flow, Load, Now, Peek, Read, Tenant, Unit
from paysession._flows.carrying import description_of
from paysession._flows.looking import Sighting, look_at
from paysession._flows.one_by_one import one_by_one
from paysession._flows.reports import Applied, NotApplied, ToLookUp, applied
from paysession._flows.requests import AnyOperation
from paysession._flows.units import settling
from paysession.errors import NotFound, UnreadableNotification
from paysession.gateways.notifications import Notification
from paysession.outcomes import Report, Unknown, Unreadable


@attrs.frozen(kw_only=True)
class Received:
    """
    What became of a notification; whatever it is, the provider may be told that it was received.

    Attributes:
        gateway: Whose it was.
        settled: Ids of the records that its reports were about, in their order.
        parked: Ids of the reports that wait for a record to appear, or for a person.
    """

    gateway: str
    settled: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()


def receive_notification(
    gateway: str, *, body: bytes, headers: Mapping[str, str]
) -> Flow[Received]:
    """Verify a notification, and record all that it reports."""
    name = safe_text(gateway, field="gateway", most=100)
    notification = Notification(body, headers)
    description = yield from Describe(name)
    if description is None:
        raise NotFound("gateway", name)
    description.require("read_notification")
    reports = yield from _read(name, notification)
    if not description.capabilities.signs_facts:
        reports = tuple(attrs.evolve(each, fact=_hint_of(each)) for each in reports)
    told = _without_repeated_hints(reports)
    received = yield from one_by_one(_received(name, each) for each in told)
    return Received(
        gateway=name,
        settled=tuple(record_id for settled, _ in received for record_id in settled),
        parked=tuple(report_id for _, parked in received for report_id in parked),
    )


def _without_repeated_hints(reports: Iterable[Report]) -> Iterator[Report]:
    """One look is enough for all that a batch hints at one thing, or it makes a storm of them."""
    hints: set[str] = set()
    for report in reports:
        if isinstance(report.fact, Unknown):
            hint = repr((report.our_reference, report.told.references, report.attempt))
            if hint in hints:
                continue
            hints.add(hint)
        yield report


def _read(gateway: str, notification: Notification) -> Flow[tuple[Report, ...]]:
    """What is signed and cannot be read is kept for a person, and acknowledged."""
    try:
        return (yield from Read(gateway, notification))
    except UnreadableNotification as error:
        digest = derived_id("nb", hashlib.sha256(notification.body).hexdigest())
        return (Report(Unreadable(error.reason), our_reference=digest),)


def _hint_of(report: Report) -> Unknown:
    """Believe nothing of what it says; why it could not be read is kept for a person."""
    fact = report.fact
    reason = fact.raw if isinstance(fact, Unreadable) else "a hint"
    return Unknown(reason, references=fact.references)


def _received(gateway: str, report: Report) -> Flow[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Apply one report, or keep it; say which records it was about, and which report waits."""
    at = yield from Now()
    placed = yield from _placed(gateway, report, EvidenceSource.NOTIFICATION, at)
    if isinstance(placed, NotApplied):
        parked = yield from _parked(gateway, report, placed.reason, at)
        return (), (parked.id,)
    return placed, ()


def _placed(
    gateway: str, report: Report, source: EvidenceSource, at: datetime
) -> Flow[tuple[str, ...] | NotApplied]:
    """Apply one report; where it only hints, ask the provider."""
    placement = yield from applied(gateway, report, source=source, at=at)
    match placement:
        case Applied(record_id):
            return (record_id,)
        case ToLookUp(operations):
            return (yield from _looked_up(gateway, operations))
        case NotApplied():
            return placement
        case _:
            assert_never(placement)


def _looked_up(
    gateway: str, operations: tuple[AnyOperation, ...]
) -> Flow[tuple[str, ...] | NotApplied]:
    """
    Ask for all that may be meant.

    While one of ours is not found there, what is found may be that one, or somebody else's:
    it is asked for again once ours is known.
    """
    description = yield from description_of(gateway)
    is_undecided = False
    for operation in operations:
        sighting = yield from look_at(operation, description)
        if sighting in (Sighting.CANNOT_LOOK, Sighting.DID_NOT_ANSWER):
            return NotApplied(ParkReason.NOT_LOOKED_UP)
        is_missing = operation.is_unresolved and sighting is Sighting.NOT_SEEN
        is_undecided = is_undecided or is_missing
    if is_undecided:
        return NotApplied(ParkReason.UNDECIDED)
    return tuple(each.id for each in operations)


def _parked(gateway: str, report: Report, reason: ParkReason, at: datetime) -> Flow[ParkedReport]:
    """Keep a report until it can be applied; the same report is kept once."""
    tenant = yield from Tenant()

    @settling
    def park() -> Unit[ParkedReport]:
        known = yield from Peek(ParkedReport, parked_id_of(report, gateway=gateway))
        if known is not None:
            return known
        return ParkedReport.of(report, reason, gateway=gateway, tenant=tenant, at=at)

    return (yield from park())


def swept(*, limit: int) -> Flow[tuple[ParkedReport, ...]]:
    """Try again what is parked and due, and return how it stands then."""
    now = yield from Now()
    due = yield from Due(now, (ParkedReport,), safe_count(limit, field="limit", most=MOST_AT_ONCE))
    waiting = (each for each in due if isinstance(each, ParkedReport))
    return (yield from one_by_one(tried_again(parked) for parked in waiting))


def tried_again(parked: ParkedReport) -> Flow[ParkedReport]:
    """Apply a report that waits, if what it speaks of has appeared."""
    at = yield from Now()
    placed = yield from _placed(parked.gateway, parked.report, EvidenceSource.NOTIFICATION, at)

    @settling
    def record() -> Unit[ParkedReport]:
        waiting = yield from Load(ParkedReport, parked.id)
        if not waiting.is_waiting:
            return waiting
        if isinstance(placed, NotApplied):
            return waiting.tried(placed.reason, at=at)
        return waiting.applied(placed[0], at=at)

    return (yield from record())
