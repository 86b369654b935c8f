"""
Carry operations out: the one call of each, its repeats, and the look-up before them.

The happy path is the recovery of one operation: both call and settle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar, assert_never

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.charges import Charge
from paysession._domain.entities import Entity
from paysession._domain.evidence import EvidenceSource, rank_of
from paysession._domain.methods import PaymentMethod
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Call, Describe, Description, Flow, Load, Now, Unit
from paysession._flows.requests import AnyOperation, look_up_for, request_for
from paysession._flows.settling import settle
from paysession._flows.units import atomic
from paysession.errors import GatewayBroken, GatewayUnreachable, MethodUnavailable, OutcomeUnknown
from paysession.gateways.capabilities import Capabilities
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Fact, NotAttempted, Report, Unknown

O = TypeVar("O", bound=AnyOperation)  # noqa: E741 - O for operation


class Sighting(StrEnum):
    """What a look-up came to."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    DID_NOT_ANSWER = "did_not_answer"
    CANNOT_LOOK = "cannot_look"


_NO_WAY_LEFT = "no look-up settles it, and its call may not be repeated any more"
_LEASE_MARGIN = timedelta(seconds=30)
_KEY_MARGIN = timedelta(hours=1)
_TRIES_WITHOUT_REPEAT = 2
"""The first call, and the first look-up after it."""


def lease_of(capabilities: Capabilities, *, at: datetime, calls: int = 1) -> Lease:
    """
    Return the right to make a call now, or a look-up and a call.

    Nobody else takes the operation up while the call may still be running; it is never
    repeated near the end of the time that the provider remembers its key.
    """
    until = at + calls * capabilities.longest_call + _LEASE_MARGIN
    window = max(capabilities.key_window - _KEY_MARGIN, capabilities.key_window / 2)
    return Lease(at=at, until=until, deadline=at + window)


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
    Bring an open operation nearer to its end, unless somebody else is at it.

    Look it up; where that settles nothing, repeat its call with the same key, if that is
    safe; where it certainly never happened, say so; else wait, or leave it to a person.
    """
    description = yield from description_of(operation.gateway)
    taken = yield from _taken_up(operation, description.capabilities)
    if taken is None:
        return (yield from Load(type(operation), operation.id))
    if taken.tries == 1:
        return (yield from _called(taken, description))
    try:
        return (yield from _found_out(taken, description))
    except OutcomeUnknown:
        raise
    except Exception as error:
        raise OutcomeUnknown(operation.id, operation.owner_id) from error


def _found_out(operation: O, description: Description) -> Flow[O]:
    """Look an operation up, and go on where that does not settle it."""
    sighting = yield from look_at(operation, description)
    after = yield from Load(type(operation), operation.id)
    if not after.is_unresolved or after.attention:
        return after
    if after.status is OperationStatus.PENDING:
        return (yield from _awaited(after, sighting))
    return (yield from _decided(after, description, sighting))


def _awaited(operation: O, sighting: Sighting) -> Flow[O]:
    """The provider is working on it; where it cannot be asked, a person must, in the end."""
    now = yield from Now()
    if sighting is Sighting.CANNOT_LOOK and now >= operation.deadline:
        return (yield from _handed_over(operation, now))
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


def _owner_of(operation: AnyOperation) -> Unit[Owner]:
    match operation:
        case Attempt():
            return (yield from Load(PaymentSession, operation.session_id))
        case SetupAttempt():
            return (yield from Load(SetupSession, operation.setup_session_id))
        case Charge() | Capture() | Void() | Refund():
            return (yield from Load(Payment, operation.payment_id))
        case _:
            assert_never(operation)


def _taken_up(operation: O, capabilities: Capabilities) -> Flow[O | None]:
    """Move the lease, if the operation is open and nobody has it."""
    lease = lease_of(capabilities, at=(yield from Now()), calls=2)

    @atomic
    def take_up() -> Unit[tuple[Owner, O] | None]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.is_open or newest.attention or newest.is_leased(lease.at):
            return None
        owner = yield from _owner_of(newest)
        return owner.take_up(newest, lease)

    taken = yield from take_up()
    return taken[1] if taken else None


def look_at(operation: AnyOperation, description: Description) -> Flow[Sighting]:
    """Settle what the provider knows of an operation, if it can be asked."""
    if "look_up" not in description.operations:
        return Sighting.CANNOT_LOOK
    method = request_for(operation).method
    answer = yield from Call(operation.gateway, look_up_for(operation, method), operation.tries)
    at = yield from Now()
    if not isinstance(answer, tuple):
        deaf = Unknown(f"look-up: {answer.reason}")
        yield from settle(operation, deaf, source=EvidenceSource.LOOK_UP, at=at)
        return Sighting.DID_NOT_ANSWER
    about_it = [report for report in answer if report.our_reference == operation.id]
    for report in sorted(about_it, key=_by_rank):
        yield from settle(operation, report.told, source=EvidenceSource.LOOK_UP, at=at)
    if about_it:
        return Sighting.SEEN
    names_nobody = any(report.our_reference is None for report in answer)
    return Sighting.DID_NOT_ANSWER if names_nobody else Sighting.NOT_SEEN


def _by_rank(report: Report) -> int:
    """Held comes before taken, and both before the end: so the provider's list has no order."""
    return rank_of(report.fact)


def _decided(operation: O, description: Description, sighting: Sighting) -> Flow[O]:
    """The look-up did not settle it: repeat, conclude, wait, or leave it to a person."""
    now = yield from Now()
    is_deaf = sighting is Sighting.DID_NOT_ANSWER
    if not is_deaf and _may_repeat(operation, description, now):
        return (yield from _called(operation, description))
    if sighting is Sighting.NOT_SEEN and _proves_absence(operation, description.capabilities, now):
        never = NotAttempted("the provider does not know it")
        return (yield from _settled(operation, never, EvidenceSource.LOOK_UP))
    will_be_proof = (
        sighting is Sighting.NOT_SEEN and description.capabilities.look_up_is_authoritative
    )
    if now >= operation.deadline and not will_be_proof:
        return (yield from _handed_over(operation, now))
    return operation


def _may_repeat(operation: AnyOperation, description: Description, now: datetime) -> bool:
    return (
        description.capabilities.honours_keys
        and now < operation.deadline
        and not _holds_secret(operation)
        and request_for(operation).method in description.operations
    )


def _holds_secret(operation: AnyOperation) -> bool:
    return isinstance(operation, Attempt | SetupAttempt) and operation.external_data is not None


def _last_sent_at(operation: AnyOperation, capabilities: Capabilities) -> datetime | None:
    """Tell when the call can have been made for the last time, if it was made at all."""
    is_repeatable = capabilities.honours_keys and not _holds_secret(operation)
    if is_repeatable and operation.tries > _TRIES_WITHOUT_REPEAT:
        return operation.deadline
    return operation.sent_at


def _proves_absence(operation: AnyOperation, capabilities: Capabilities, now: datetime) -> bool:
    """Not to be found is evidence only after the call has ended and the grace has passed."""
    sent_at = _last_sent_at(operation, capabilities)
    if not capabilities.look_up_is_authoritative or sent_at is None:
        return False
    return now >= sent_at + capabilities.longest_call + capabilities.look_up_grace


def _called(operation: O, description: Description) -> Flow[O]:
    """Make the call with the operation's key; that it did not arrive proves nothing now."""
    request = request_for(operation)
    if request.method not in description.operations:
        return operation
    outcome = _in_doubt((yield from Call(operation.gateway, request, operation.tries)))
    return (yield from _settled(operation, outcome, EvidenceSource.RESPONSE))


def _in_doubt(outcome: Fact) -> Fact:
    """A repeat that was not attempted says nothing of the calls before it."""
    if isinstance(outcome, NotAttempted):
        return Unknown(f"not reached: {outcome.reason}")
    return outcome


def _handed_over(operation: O, now: datetime) -> Flow[O]:
    @atomic
    def hand_over() -> Unit[tuple[Owner | None, O]]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.is_unresolved or newest.attention:
            return None, newest
        owner = yield from _owner_of(newest)
        return owner.hand_over(newest, _NO_WAY_LEFT, at=now)

    _, handed_over = yield from hand_over()
    return handed_over


def carried_on(followed: Iterable[Entity | None]) -> Flow[None]:
    """Make at once what followed from a commit; what fails here is left to recovery."""
    for operation in followed:
        if isinstance(operation, Capture | Void) and operation.is_open:
            try:
                yield from resolve(operation)
            except Exception:  # noqa: BLE001, S112 - what was decided is committed already
                continue
