"""
Who works on an operation, and until when: a commit each, of which only one of many succeeds.

Nobody is called here. Recovery takes an operation by moving its lease, and lets it go to the
next one in time, or to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Flow, Load, Now, Unit
from paysession._flows.requests import AnyOperation
from paysession._flows.units import atomic
from paysession.gateways.capabilities import Capabilities

O = TypeVar("O", bound=AnyOperation)  # noqa: E741 - O for operation

_NO_WAY_LEFT = "no look-up settles it, and its call may not be repeated any more"
_LEASE_MARGIN = timedelta(seconds=30)
_KEY_MARGIN = timedelta(hours=1)


def owner_of(operation: AnyOperation) -> Unit[Owner]:
    """Return the session or payment that tells an operation's events."""
    match operation:
        case Attempt():
            return (yield from Load(PaymentSession, operation.session_id))
        case SetupAttempt():
            return (yield from Load(SetupSession, operation.setup_session_id))
        case Charge() | Capture() | Void() | Refund() | RefundCancellation():
            return (yield from Load(Payment, operation.payment_id))
        case _:
            assert_never(operation)


def lease_of(capabilities: Capabilities, *, at: datetime, calls: int = 1) -> Lease:
    """
    Return the right to make a call now, or a look-up and a call.

    Nobody else takes the operation up while the call may still be running; it is never
    repeated near the end of the time that the provider remembers its key.
    """
    until = at + calls * capabilities.longest_call + _LEASE_MARGIN
    window = max(capabilities.key_window - _KEY_MARGIN, capabilities.key_window / 2)
    return Lease(
        at=at,
        until=until,
        deadline=at + window,
        recheck_seconds=tuple(int(each.total_seconds()) for each in capabilities.recheck_schedule),
        last_word=capabilities.last_word,
    )


def taken_up(operation: O, capabilities: Capabilities) -> Flow[O | None]:
    """Move the lease, if the operation is due and nobody has it; then it is ours for a while."""
    lease = lease_of(capabilities, at=(yield from Now()), calls=2)

    @atomic
    def take_up() -> Unit[tuple[Owner, O] | None]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.is_due(lease.at) or newest.attention or newest.is_leased(lease.at):
            return None
        owner = yield from owner_of(newest)
        return owner.take_up(newest, lease)

    taken = yield from take_up()
    return taken[1] if taken else None


def put_off(operation: O) -> Flow[O]:
    """Look again soon at what has ended: nobody answered whether it still stands."""
    at = yield from Now()

    @atomic
    def postpone() -> Unit[tuple[Owner | None, O]]:
        newest = yield from Load(type(operation), operation.id)
        if newest.is_open:
            return None, newest
        owner = yield from owner_of(newest)
        return owner.unheard(newest, at=at)

    _, postponed = yield from postpone()
    return postponed


def handed_over(operation: O, now: datetime) -> Flow[O]:
    """Leave an operation to a person, unless it was settled meanwhile."""

    @atomic
    def hand_over() -> Unit[tuple[Owner | None, O]]:
        newest = yield from Load(type(operation), operation.id)
        if not newest.is_unresolved or newest.attention:
            return None, newest
        owner = yield from owner_of(newest)
        return owner.hand_over(newest, _NO_WAY_LEFT, at=now)

    _, after = yield from hand_over()
    return after
