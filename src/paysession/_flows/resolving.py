"""What a person decides: how an operation ended, or that something need not be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, TypeGuard, TypeVar

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.decisions import Decision, Verdict
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import MOST_AT_ONCE, safe_choice, safe_count, safe_id, safe_text
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.owners import Owner
from paysession._domain.parked import ParkedReport
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.arguments import typed
from paysession._flows.asks import Attention, Description, Flow, Load, Now, Peek, Unit
from paysession._flows.carrying import brought_nearer, carried_on, description_of
from paysession._flows.holding import owner_of, taken_up
from paysession._flows.looking import look_at, may_be_repeated
from paysession._flows.notifications import tried_again
from paysession._flows.once import answered
from paysession._flows.requests import AnyOperation
from paysession._flows.settling import Written, recording_of
from paysession._flows.told import authorization_of, hold_ended
from paysession._flows.units import deciding
from paysession.errors import IllegalTransition, NotFound, OperationUnresolved, OutcomeUnknown
from paysession.lifecycles import OperationStatus
from paysession.outcomes import AuthorizationLapsed
from paysession.stores.port import KINDS

O = TypeVar("O", bound=AnyOperation)  # noqa: E741 - O for operation
Resolvable: TypeAlias = AnyOperation | PaymentSession | SetupSession | Payment | ParkedReport
W = TypeVar("W", bound=PaymentSession | SetupSession | Payment)  # W for whoever tells of it
E = TypeVar("E", bound=Entity)

_KINDS: tuple[type[Resolvable], ...] = (
    Attempt,
    SetupAttempt,
    Charge,
    Capture,
    Void,
    Refund,
    RefundCancellation,
    PaymentSession,
    SetupSession,
    Payment,
    ParkedReport,
)
_MOST_OF_ACTOR, _MOST_OF_REASON = 100, 500
_AS_EVENT = {
    Decision.SUCCEEDED: "succeed",
    Decision.FAILED: "fail",
    Decision.DISMISSED: "dismiss",
}


def needs_attention(*, limit: int) -> Flow[tuple[Resolvable, ...]]:
    """Return what a person must look at, oldest first."""
    listed = yield from Attention(safe_count(limit, field="limit", most=MOST_AT_ONCE))
    return tuple(each for each in listed if isinstance(each, _KINDS))


def resolve_by_person(
    record_id: str, *, decision: Decision | str, actor: str, reason: str
) -> Flow[Resolvable]:
    """Record what a person decides, unless the provider can say it better by now."""
    wanted = safe_id(record_id, field="record_id")
    chosen = safe_choice(decision, field="decision", among=Decision)
    who = safe_text(actor, field="actor", most=_MOST_OF_ACTOR)
    why = safe_text(reason, field="reason", most=_MOST_OF_REASON)
    record = yield from _found(wanted)
    verdict = Verdict(decision=chosen, actor=who, reason=why, at=(yield from Now()))
    match record:
        case Payment() if verdict.decision is Decision.FAILED:
            return (yield from _hold_ended(record, verdict))
        case PaymentSession() | SetupSession() | Payment():
            return (yield from _dismissed(record, verdict))
        case ParkedReport():
            return (yield from _let_go(record, verdict))
        case _:
            return (yield from _ended(record, verdict))


def _found(record_id: str) -> Flow[Resolvable]:
    """
    Return what has this id.

    Raises:
        NotFound: Nothing that a person could decide on.
    """
    for kind in _KINDS:
        record = yield from Peek(kind, record_id)
        if record is not None:
            return record
    raise NotFound("record", record_id)


def _ended(operation: O, verdict: Verdict) -> Flow[O]:
    """Let a person end an operation, unless it has ended by now."""
    if operation.is_open and verdict.evidence_of(operation) is None:
        allowed = (each for each in Decision if _means_something(each, operation, verdict))
        raise _cannot(verdict, operation, operation.status, allowed)
    held_until, newest = yield from _looked_at_once_more(operation)
    verdict = attrs.evolve(verdict, at=(yield from Now()))
    if newest.is_open:
        return (yield from _decided(newest, verdict, held_until))
    was_found_out = operation.is_open
    return newest if was_found_out else (yield from _acknowledged(newest, verdict))


def _looked_at_once_more(operation: O) -> Flow[tuple[datetime | None, O]]:
    """
    Let the machine find out what it still can, and say until when the operation is held by that.

    Raises:
        OperationUnresolved: Somebody is at it, or its call will be made or repeated.
    """
    description = yield from description_of(operation.gateway)
    if operation.attention:
        return None, (yield from _looked_at(operation, description))
    if not operation.is_open:
        return None, operation
    if operation.sent_at is None:
        raise OperationUnresolved(operation.id)
    taken = yield from taken_up(operation, description.capabilities)
    if taken is None:
        raise OperationUnresolved(operation.id)
    after = yield from brought_nearer(taken, description)
    is_unknown = after.status is OperationStatus.REQUESTED
    if is_unknown and may_be_repeated(after, description, (yield from Now())):
        raise OperationUnresolved(operation.id)
    return taken.lease_until, after


def _looked_at(operation: O, description: Description) -> Flow[O]:
    """What waits for a person is not called for any more, whatever the provider says."""
    try:
        yield from look_at(operation, description)
        return (yield from Load(type(operation), operation.id))
    except Exception as error:
        raise OutcomeUnknown(operation.id, operation.owner_id) from error


def _decided(operation: O, verdict: Verdict, held_until: datetime | None) -> Flow[O]:
    """Record what the decision means, unless somebody was faster; all else follows from it."""
    evidence = verdict.evidence_of(operation)
    assert evidence is not None
    recording = recording_of(operation, evidence)

    @deciding
    def record() -> Unit[tuple[O, Written, Written]]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.is_open:
            return newest, (), ()
        if newest.lease_until not in (None, held_until):
            raise OperationUnresolved(newest.id)
        told = yield from recording()
        after = next((each for each in told if _is_same(each, newest)), newest)
        owner = yield from owner_of(newest)
        owner = next((each for each in told if _is_same(each, owner)), owner)
        others = (each for each in told if each is not after and each is not owner)
        written = (after, verdict.on(owner, after), *others)
        return after, written[1:], (yield from answered(written, evidence))

    after, written, _ = yield from record()
    yield from carried_on(written)
    return after


def _is_same(one: object, other: E) -> TypeGuard[E]:
    return isinstance(one, type(other)) and one.id == other.id


def _means_something(decision: Decision, operation: AnyOperation, verdict: Verdict) -> bool:
    return attrs.evolve(verdict, decision=decision).evidence_of(operation) is not None


def _acknowledged(operation: O, verdict: Verdict) -> Flow[O]:
    """It has ended: a person may have to see that, and can say nothing else."""
    if not verdict.agrees_with(operation):
        agreeing = (each for each in Decision if _agrees(each, operation, verdict))
        raise _cannot(verdict, operation, operation.status, agreeing)

    @deciding
    def record() -> Unit[tuple[O, Owner | None]]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.attention or newest.is_open:
            return newest, None
        owner, seen = verdict.acknowledging((yield from owner_of(newest)), newest)
        return seen, owner

    seen, _ = yield from record()
    return seen


def _agrees(decision: Decision, operation: AnyOperation, verdict: Verdict) -> bool:
    return attrs.evolve(verdict, decision=decision).agrees_with(operation)


def _dismissed(owner: W, verdict: Verdict) -> Flow[W]:
    """Close what waits for a person in a session or payment."""
    if verdict.decision is not Decision.DISMISSED:
        raise _cannot(verdict, owner, owner.status, _decisions_on(owner, verdict.at))

    @deciding
    def record() -> Unit[W]:
        return verdict.dismissing((yield from Load(type(owner), owner.id)))

    return (yield from record())


def _hold_ended(payment: Payment, verdict: Verdict) -> Flow[Payment]:
    """Take what is held for gone, where its time is over and nothing is asked of it."""

    @deciding
    def record() -> Unit[tuple[Payment, tuple[object, ...]]]:
        newest = yield from Load(Payment, payment.id)
        authorization = yield from authorization_of(newest)
        decisions = _decisions_on(newest, verdict.at)
        if authorization is None or Decision.FAILED not in decisions:
            raise _cannot(verdict, newest, newest.status, decisions)
        gone = AuthorizationLapsed(newest.balances.lapses + newest.balances.capturable)
        evidence = Evidence(fact=gone, source=EvidenceSource.PERSON, recorded_at=verdict.at)
        told, *others = yield from hold_ended(authorization, evidence)
        return verdict.on(typed("payment", told, Payment), authorization), tuple(others)

    after, written = yield from record()
    yield from carried_on(written)
    return after


def _decisions_on(owner: Owner, at: datetime) -> tuple[Decision, ...]:
    """Return what a person may say of a session or payment as a whole."""
    is_over = isinstance(owner, Payment) and owner.hold_is_over(at)
    return (Decision.FAILED, Decision.DISMISSED) if is_over else (Decision.DISMISSED,)


def _let_go(parked: ParkedReport, verdict: Verdict) -> Flow[ParkedReport]:
    """Wait no more for what a report speaks of, unless it has appeared by now."""
    if verdict.decision is not Decision.DISMISSED:
        raise _cannot(verdict, parked, parked.reason, (Decision.DISMISSED,))
    if parked.is_waiting:
        yield from tried_again(parked)

    @deciding
    def record() -> Unit[ParkedReport]:
        newest = yield from Load(ParkedReport, parked.id)
        if not newest.is_waiting:
            return newest
        return newest.dismissed(actor=verdict.actor, reason=verdict.reason, at=verdict.at)

    return (yield from record())


def _cannot(
    verdict: Verdict, record: Resolvable, standing: str, allowed: Iterable[Decision]
) -> IllegalTransition:
    name = KINDS[type(record)].replace("_", " ")
    event = _AS_EVENT[verdict.decision]
    return IllegalTransition(name, record.id, standing, event, tuple(allowed))
