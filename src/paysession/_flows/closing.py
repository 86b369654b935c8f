"""Closing sessions without money: cancel one, let those expire whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.limits import MOST_AT_ONCE, safe_count
from paysession._domain.payable import PayableAccount
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Description, Due, Flow, Load, NewId, Now, Unit
from paysession._flows.attempts import (
    asked_attempt,
    gone_on,
    open_attempts,
    refuse_unresolved,
    unresolved_attempt,
    withdrawn,
)
from paysession._flows.carrying import carried_on, described, resolve
from paysession._flows.covering import FollowUp, followed_up
from paysession._flows.holding import lease_of
from paysession._flows.looking import Sighting, look_at
from paysession._flows.one_by_one import one_by_one
from paysession._flows.sessions import carried_out, known_session, resolved
from paysession._flows.setups import close_setup_session
from paysession._flows.units import atomic, deciding
from paysession.errors import (
    Conflict,
    GatewayError,
    IllegalTransition,
    NotAllowed,
    OperationUnresolved,
    OutcomeUnknown,
)
from paysession.lifecycles import SessionStatus
from paysession.outcomes import ReferenceRole

S = TypeVar("S", PaymentSession, SetupSession)
_UNTIL_NEXT_EXPIRY = timedelta(minutes=5)
_SLOWEST_EXPIRY = timedelta(hours=6)
_MOST_REFUSALS = timedelta(days=7)
"""For how long a provider may refuse to close a session whose time is over."""


def cancel_session(session_id: str) -> Flow[PaymentSession]:
    """Close a session that shall not be paid any more; a payment may still be quicker."""
    session = yield from known_session(session_id)
    if session.is_closed_as(CloseReason.CANCELED):
        return session
    return (yield from _close(session, CloseReason.CANCELED))


def expire_sessions(*, limit: int) -> Flow[tuple[PaymentSession, ...]]:
    """Close the sessions whose time is over, and tell how each stands then."""
    return (yield from _expired(PaymentSession, _expire, limit))


def expire_setup_sessions(*, limit: int) -> Flow[tuple[SetupSession, ...]]:
    """Close the setup sessions whose time is over, and tell how each stands then."""
    return (yield from _expired(SetupSession, _expire_setup, limit))


def _expired(kind: type[S], expire: Callable[[str], Flow[S]], limit: int) -> Flow[tuple[S, ...]]:
    at = yield from Now()
    most = safe_count(limit, field="limit", most=MOST_AT_ONCE)
    due = yield from Due(at, (kind,), most)
    return (yield from one_by_one(_tried(kind, each.id, expire(each.id), at) for each in due))


def _tried(kind: type[S], session_id: str, expire: Flow[S], at: datetime) -> Flow[S]:
    """One session that cannot be closed yet must not keep the others from it."""
    try:
        after = yield from expire
    except (NotAllowed, GatewayError, OutcomeUnknown, Conflict):
        after = yield from Load(kind, session_id)
    return after if after.due_at is None else (yield from _postpone(kind, session_id, at))


def _expire_setup(setup_session_id: str) -> Flow[SetupSession]:
    return (yield from close_setup_session(setup_session_id, CloseReason.EXPIRED))


def _expire(session_id: str) -> Flow[PaymentSession]:
    """Expiry never starts while an attempt may have come to money."""
    session = yield from resolved((yield from Load(PaymentSession, session_id)))
    if session.is_closed:
        return session
    session = yield from _close(session, CloseReason.EXPIRED)
    at = yield from Now()
    if session.due_at is None or not session.is_over(at - _MOST_REFUSALS):
        return session
    description = yield from described(session.method)
    return (yield from _close_unasked(session, description, CloseReason.EXPIRED, at))


def _postpone(kind: type[S], session_id: str, at: datetime) -> Flow[S]:
    @atomic
    def postpone() -> Unit[S]:
        session = yield from Load(kind, session_id)
        if session.due_at is None:
            return session
        return session.postpone_expiry(at + _wait_after(session, at), at=at)

    return (yield from postpone())


def _wait_after(session: PaymentSession | SetupSession, at: datetime) -> timedelta:
    """As long as its time has been over: five minutes at first, six hours in the end."""
    is_over_for = at - (session.expires_at or at)
    return max(_UNTIL_NEXT_EXPIRY, min(is_over_for, _SLOWEST_EXPIRY))


def _close(session: PaymentSession, reason: CloseReason) -> Flow[PaymentSession]:
    if session.is_closed:
        raise _cannot(reason, session)
    unresolved = yield from _in_the_way(session, reason)
    if unresolved is not None:
        unresolved = yield from resolve(unresolved)
        session = yield from Load(PaymentSession, session.id)
        if session.is_closed or session.status is SessionStatus.CLOSING:
            return session
    description = yield from described(session.method)
    at = yield from Now()
    if _is_closed_at_provider(session, description):
        return (yield from _close_at_provider(session.id, reason, description, at))
    refuse_unresolved(unresolved)
    return (yield from _close_unasked(session, description, reason, at))


def _close_unasked(
    session: PaymentSession, description: Description, reason: CloseReason, at: datetime
) -> Flow[PaymentSession]:
    """
    The provider closes nothing, or not this: it says whether there is money, and no more.

    Unless it names the session only now, and can close it by that.
    """
    was_closable = _is_closed_at_provider(session, description)
    session = yield from _looked_at(session, description)
    if session.is_closed:
        return session
    if _is_closed_at_provider(session, description) and not was_closable:
        return (yield from _close_at_provider(session.id, reason, description, at))
    return (yield from _close_here(session.id, reason, at))


def _in_the_way(session: PaymentSession, reason: CloseReason) -> Unit[Attempt | None]:
    """
    Return an attempt that must be brought to its end before a session is closed, if any.

    What the customer approved in time is still asked for, unless they cancel.
    """
    if reason is CloseReason.EXPIRED or session.status is SessionStatus.CLOSING:
        return (yield from unresolved_attempt(session))
    return (yield from asked_attempt(session))


def _looked_at(session: PaymentSession, description: Description) -> Flow[PaymentSession]:
    """
    Ask whether the customer has paid, before nobody would ask any more.

    Raises:
        OperationUnresolved: The provider could be asked, and did not answer.
    """
    newest = yield from Load(Attempt, session.attempt_id)
    sighting = yield from look_at(newest, description)
    if sighting is Sighting.DID_NOT_ANSWER:
        raise OperationUnresolved(newest.id)
    return (yield from Load(PaymentSession, session.id))


def _is_closed_at_provider(session: PaymentSession, description: Description) -> bool:
    is_known_there = session.references.get(ReferenceRole.SESSION) is not None
    return is_known_there and "close_session" in description.operations


def _close_at_provider(
    session_id: str, reason: CloseReason, description: Description, at: datetime
) -> Flow[PaymentSession]:
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=at)

    @deciding
    def request() -> Unit[
        tuple[PaymentSession, Attempt | None, tuple[Attempt, ...], PayableAccount | None]
    ]:
        before = yield from Load(PaymentSession, session_id)
        if before.is_closed or before.status is SessionStatus.CLOSING:
            return before, None, (), None
        if reason is CloseReason.EXPIRED:
            refuse_unresolved((yield from unresolved_attempt(before)))
        account = yield from Load(PayableAccount, before.payable_id)
        attempts = yield from open_attempts(before)
        session, ended = withdrawn(before, attempts, by=attempt_id, at=at)
        session, attempt = session.request_close(attempt_id, reason, lease=lease)
        return session, attempt, ended, account.moved(before.share, session.share, at=at)

    session, attempt, *_ = yield from request()
    return session if attempt is None else (yield from carried_out(attempt))


def _close_here(session_id: str, reason: CloseReason, at: datetime) -> Flow[PaymentSession]:
    """The provider has nothing to close: from now on, money for it is late."""

    @deciding
    def close() -> Unit[tuple[PaymentSession, tuple[Attempt, ...], FollowUp]]:
        before = yield from Load(PaymentSession, session_id)
        if before.is_closed_as(reason):
            return before, (), ()
        if before.is_closed:
            raise _cannot(reason, before)
        refuse_unresolved((yield from _in_the_way(before, reason)))
        session, ended = yield from gone_on(before, by=before.attempt_id, at=at)
        session = session.close(reason, at=at)
        known = yield from Load(PayableAccount, before.payable_id)
        account = known.moved(before.share, session.share, at=at)
        released = yield from followed_up(known, account, None, failed=session.id, at=at)
        return session, ended, released

    session, _, released = yield from close()
    yield from carried_on(released)
    return session


def _cannot(reason: CloseReason, session: PaymentSession) -> IllegalTransition:
    return session.cannot("expire" if reason is CloseReason.EXPIRED else "cancel")
