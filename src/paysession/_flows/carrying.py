"""
Carry operations out: the one call of each, its repeats, and the look-up before them.

The happy path is the recovery of one operation: both call and settle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.cancellations import RefundCancellation, what_became_of
from paysession._domain.evidence import EvidenceSource
from paysession._domain.identity import derived_id
from paysession._domain.methods import PaymentMethod
from paysession._domain.movements import Refund
from paysession._domain.operations import Lease, Origin
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Call, Describe, Description, Flow, Load, Now, Peek, Unit
from paysession._flows.ending_here import addressed, end_of, is_ended_here
from paysession._flows.holding import handed_over, put_off, taken_up
from paysession._flows.looking import Sighting, look_at, may_be_repeated, proves_absence
from paysession._flows.requests import AnyOperation, request_for
from paysession._flows.settling import made_due, settle
from paysession._flows.units import atomic
from paysession.errors import GatewayBroken, GatewayUnreachable, MethodUnavailable, OutcomeUnknown
from paysession.gateways.capabilities import Capabilities
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Authorized,
    Captured,
    Fact,
    NotAttempted,
    ReferenceRole,
    Rejected,
    Superseded,
    Unknown,
)

O = TypeVar("O", bound=AnyOperation)  # noqa: E741 - O for operation


def carry_out(operation: O) -> Flow[O]:
    """
    Ask the gateway on behalf of a committed operation, and settle what it answers.

    Raises:
        GatewayUnreachable: Certainly nothing happened; the operation has failed.
        OutcomeUnknown: The call was made and its end could not be recorded.
    """
    if not operation.is_leased((yield from Now())):
        return (yield from resolve(operation))
    outcome: Fact = yield from Call(operation.gateway, request_for(operation), operation.tries)
    settled = yield from _settled(operation, outcome, EvidenceSource.RESPONSE)
    if isinstance(outcome, NotAttempted):
        raise GatewayUnreachable(outcome.reason)
    return settled


def _settled(operation: O, fact: Fact, source: EvidenceSource) -> Flow[O]:
    """Settle, see to what that made due, and return the operation as it is then."""
    try:
        at = yield from Now()
        due = yield from settle(operation, fact, source=source, at=at)
        for each in due:
            yield from resolve(each)
        return (yield from Load(type(operation), operation.id))
    except Exception as error:
        raise OutcomeUnknown(operation.id, operation.owner_id) from error


def resolve(operation: O) -> Flow[O]:
    """
    Bring an operation that is due nearer to its end, unless somebody else is at it.

    Look it up; where that settles nothing, repeat its call with the same key, if that is
    safe; where it certainly never happened, say so; else wait, or leave it to a person. One
    that has ended is only looked up, to see whether it still stands.
    """
    description = yield from description_of(operation.gateway)
    taken = yield from taken_up(operation, description.capabilities)
    if taken is None:
        return (yield from Load(type(operation), operation.id))
    return (yield from brought_nearer(taken, description))


def brought_nearer(operation: O, description: Description) -> Flow[O]:
    """Work on an operation that was taken up just now."""
    if is_ended_here(operation, description):
        return (yield from _ended_here(operation, description))
    if operation.is_open and operation.tries == 1 and not operation.is_contradicted:
        return (yield from _called(operation, description))
    try:
        return (yield from _found_out(operation, description))
    except OutcomeUnknown:
        raise
    except Exception as error:
        raise OutcomeUnknown(operation.id, operation.owner_id) from error


def _ended_here(operation: O, description: Description) -> Flow[O]:
    """There is nobody to be called, unless the provider names the session by now."""
    fact = yield from end_of(operation, description)
    if fact is not None:
        return (yield from _settled(operation, fact, EvidenceSource.OURSELVES))
    yield from addressed(operation)
    newest = yield from Load(type(operation), operation.id)
    if is_ended_here(newest, description):
        return newest
    return (yield from brought_nearer(newest, description))


def _found_out(operation: O, description: Description) -> Flow[O]:
    """Look an operation up, and go on where that does not settle it."""
    sighting = yield from look_at(operation, description)
    after = yield from Load(type(operation), operation.id)
    if not after.is_open:
        is_heard = sighting is not Sighting.DID_NOT_ANSWER
        return after if is_heard else (yield from put_off(after))
    is_somebody_else_s = after.lease_until not in (None, operation.lease_until)
    if not after.is_unresolved or after.attention or is_somebody_else_s:
        return after
    if isinstance(after, RefundCancellation):
        after = yield from _told_by_its_refund(after)
    if after.status is not OperationStatus.REQUESTED:
        return (yield from _awaited(after, sighting))
    return (yield from _decided(after, description, sighting))


def _told_by_its_refund(cancellation: O) -> Flow[O]:
    """When a refund has ended, nothing is left to be called off."""
    assert isinstance(cancellation, RefundCancellation)
    refund = yield from Load(Refund, cancellation.refund_id)
    if refund.is_open:
        return cancellation
    return (yield from _settled(cancellation, what_became_of(refund), EvidenceSource.OURSELVES))


def _awaited(operation: O, sighting: Sighting) -> Flow[O]:
    """The provider is working on it; where it cannot be asked, a person must, in the end."""
    now = yield from Now()
    is_due = operation.is_open and now >= operation.deadline
    if sighting is Sighting.CANNOT_LOOK and is_due:
        return (yield from handed_over(operation, now))
    return operation


def described(method: PaymentMethod) -> Flow[Description]:
    """
    Return what a method's gateway can do.

    Raises:
        MethodUnavailable: There is no gateway of that name.
    """
    description = yield from Describe(method.gateway)
    if description is None:
        raise MethodUnavailable(method.id, method.gateway)
    return description


def description_of(gateway: str) -> Flow[Description]:
    """Describe a gateway; one that is gone or broken can do nothing, and is waited for."""
    try:
        description = yield from Describe(gateway)
    except GatewayBroken:
        description = None
    return description or Description(gateway, frozenset(), Capabilities())


def _decided(operation: O, description: Description, sighting: Sighting) -> Flow[O]:
    """The look-up did not settle it: repeat, conclude, wait, or give it up."""
    now = yield from Now()
    is_deaf = sighting is Sighting.DID_NOT_ANSWER
    if not is_deaf and may_be_repeated(operation, description, now):
        return (yield from _called(operation, description))
    if sighting is Sighting.NOT_SEEN and proves_absence(operation, description.capabilities, now):
        never = NotAttempted("the provider does not know it")
        return (yield from _settled(operation, never, EvidenceSource.LOOK_UP))
    is_missed = sighting is Sighting.NOT_SEEN and not operation.is_contradicted
    will_be_proof = is_missed and description.capabilities.look_up_is_authoritative
    if now >= operation.deadline and not will_be_proof:
        return (yield from _given_up(operation, description, now))
    return operation


def _called(operation: O, description: Description) -> Flow[O]:
    """Make the call with the operation's key; that it did not arrive proves nothing now."""
    request = request_for(operation)
    is_ours = operation.is_leased((yield from Now()))
    if not is_ours or request.method not in description.operations:
        return operation
    answer: Fact = yield from Call(operation.gateway, request, operation.tries)
    outcome = _in_doubt(answer, is_repeat=operation.tries > 1)
    return (yield from _settled(operation, outcome, EvidenceSource.RESPONSE))


def _in_doubt(outcome: Fact, *, is_repeat: bool) -> Fact:
    """
    A call that was not attempted now says nothing of the calls before it.

    Neither does a repeat that was rejected: with an API key that was changed meanwhile, a
    provider rejects what it may have done the first time.
    """
    match outcome:
        case NotAttempted(reason):
            return Unknown(f"not reached: {reason}")
        case Rejected(failure) if is_repeat:
            return Unknown(f"a repeat was rejected: {failure.code}", references=outcome.references)
        case _:
            return outcome


def _given_up(operation: O, description: Description, now: datetime) -> Flow[O]:
    """
    End what can neither be found nor repeated: no machine will ever know of it.

    Where its session can be closed at the provider, that tells whether money has moved; and
    from then on none can. All else is left to a person.
    """
    close = yield from _asked_to_close(operation, description, now)
    if close is None:
        return (yield from handed_over(operation, now))
    close = yield from resolve(close)
    if isinstance(close.believed, Authorized | Captured):
        told = Superseded(close.id)
        return (yield from _settled(operation, told, EvidenceSource.OURSELVES))
    if close.is_open and not close.attention:
        return (yield from Load(type(operation), operation.id))
    return (yield from handed_over(operation, now))


def _asked_to_close(
    operation: AnyOperation, description: Description, now: datetime
) -> Flow[Attempt | None]:
    """Return the open attempt to close an operation's session, begun now if that can be."""
    if not isinstance(operation, Attempt) or operation.facts:
        return None
    if operation.kind is AttemptKind.CLOSE or "close_session" not in description.operations:
        return None
    close_id = derived_id("at", operation.id, "unpaid")

    @atomic
    def request() -> Unit[tuple[PaymentSession | None, Attempt | None]]:
        session = yield from Load(PaymentSession, operation.session_id)
        if session.status is SessionStatus.CLOSING:
            return None, (yield from Load(Attempt, session.attempt_id))
        was_tried = (yield from Peek(Attempt, close_id)) is not None
        is_known_there = session.references.get(ReferenceRole.SESSION) is not None
        if session.is_closed or was_tried or not is_known_there:
            return None, None
        # Never EXPIRED: expiry does not begin while money may be on its way (I21).
        return session.request_close(
            close_id, CloseReason.CANCELED, lease=Lease.nobody(now), origin=Origin.POLICY
        )

    _, close = yield from request()
    return close


def carried_on(followed: Iterable[object]) -> Flow[None]:
    """Make at once what followed from a commit; what fails here is left to recovery."""
    for operation in made_due(tuple(followed)):
        try:
            yield from resolve(operation)
        except Exception:  # noqa: BLE001, S112 - what was decided is committed already
            continue
