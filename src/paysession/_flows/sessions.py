"""Sessions: open one, change its amount, complete it, cancel it, let it expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.limits import Metadata, aware, safe_id, safe_url
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms
from paysession._domain.payable import Payable, PayableAccount, checked_amount
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._domain.sources import CreditCard, Source, StoreCredit, StoredSource
from paysession._flows.arguments import typed
from paysession._flows.asks import (
    Describe,
    Description,
    Due,
    Flow,
    Load,
    NewId,
    Now,
    Peek,
    Tenant,
    Unit,
)
from paysession._flows.carrying import carry_out, lease_of, resolve
from paysession._flows.units import atomic
from paysession._money import Money
from paysession.errors import (
    AmountExceeded,
    GatewayUnreachable,
    IllegalTransition,
    MethodUnavailable,
    NothingDue,
    OperationUnresolved,
    OutcomeUnknown,
    SessionNotSupported,
    SourceRequired,
    UnsafeInput,
)
from paysession.lifecycles import SESSION, SessionStatus
from paysession.outcomes import ReferenceRole

Ended: TypeAlias = tuple[Attempt, ...]


def create_session(
    payable: Payable,
    *,
    method: PaymentMethod,
    amount: Money | None,
    source: Source | None,
    capture: CapturePolicy | None,
    hosted: bool,
    save_source: bool,
    return_url: str | None,
    cancel_url: str | None,
    expires_at: datetime | None,
    metadata: Mapping[str, str] | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Open a session for all that is due, or for `amount` of it, and tell the provider."""
    typed("payable", payable, Payable)
    typed("method", method, PaymentMethod)
    _checked_source(source)
    secret_data = _external(external_data)
    at = yield from Now()
    terms = _terms(
        payable,
        capture=method.capture if capture is None else CapturePolicy(capture),
        hosted=hosted,
        save_source=save_source,
        return_url=return_url,
        cancel_url=cancel_url,
        expires_at=_in_future(expires_at, at),
        metadata=Metadata.of(metadata),
    )
    description = yield from describe(method)
    _refuse_unsuitable(method, description, source)
    tenant = yield from Tenant()
    session_id, attempt_id = (yield from NewId("ps")), (yield from NewId("at"))
    lease = lease_of(description.capabilities, at=at)

    @atomic
    def open_session() -> Unit[tuple[PaymentSession, Attempt, PayableAccount]]:
        known = yield from Peek(PayableAccount, payable.id)
        account = (
            known.restated(payable, at=at)
            if known
            else PayableAccount.opened(payable, tenant=tenant, at=at)
        )
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        session, attempt = PaymentSession.opened(
            session_id,
            tenant=tenant,
            method=method,
            amount=asked,
            terms=terms,
            source=source,
            attempt_id=attempt_id,
            external_data=secret_data,
            lease=lease,
        )
        return session, attempt, account

    _, attempt, _ = yield from open_session()
    return (yield from _carried_out(attempt))


def update_session(
    session_id: str,
    *,
    payable: Payable | None,
    amount: Money | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Ask the provider for another amount; the old one stands until it has agreed."""
    secret_data = _external(external_data)
    at = yield from Now()
    session = yield from _known(session_id)
    if payable is not None:
        _refuse_other_payable(session, typed("payable", payable, Payable))
    if amount is not None:
        checked_amount(amount, session.amount, verb="charge")
    session.refuse_unless_open("update", at=at)
    description = yield from describe(session.method)
    description.require("update_session")
    yield from _resolved(session)
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=at)

    @atomic
    def request() -> Unit[tuple[PaymentSession, Attempt | None, PayableAccount, Ended]]:
        session = yield from Load(PaymentSession, session_id)
        session.refuse_unless_open("update", at=at)
        _refuse_unresolved((yield from _unresolved(session)))
        account = yield from Load(PayableAccount, session.payable_id)
        if payable is not None:
            account = account.restated(payable, at=at)
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        if asked == session.amount and secret_data is None:
            return session, None, account, ()
        session, ended = yield from _gone_on(session, by=attempt_id, at=at)
        session, attempt = session.request_update(
            attempt_id, amount=asked, external_data=secret_data, lease=lease
        )
        return session, attempt, account, ended

    session, attempt, _, _ = yield from request()
    return session if attempt is None else (yield from _carried_out(attempt))


def complete_session(
    session_id: str,
    *,
    source: Source | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Ask for the money. What the browser brought back is a hint, and settles nothing."""
    _checked_source(source)
    secret_data = _external(external_data)
    at = yield from Now()
    session = yield from _known(session_id)
    if session.succeeded:
        return session
    asked_already = yield from _unresolved(session)
    if asked_already is not None and asked_already.is_completing:
        yield from resolve(asked_already)
        return (yield from Load(PaymentSession, session_id))
    session.refuse_unless_open("complete", at=at)
    description = yield from describe(session.method)
    description.require("complete_session")
    _refuse_missing_source(session.method, description, source or session.source)
    yield from _resolved(session)
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=at)

    @atomic
    def request() -> Unit[tuple[PaymentSession, Attempt | None, PayableAccount, Ended]]:
        session = yield from Load(PaymentSession, session_id)
        account = yield from Load(PayableAccount, session.payable_id)
        unresolved = yield from _unresolved(session)
        if session.succeeded or (unresolved is not None and unresolved.is_completing):
            return session, None, account, ()
        session.refuse_unless_open("complete", at=at)
        _refuse_unresolved(unresolved)
        _refuse_covered(account, session)
        asking, ended = yield from _gone_on(session, by=attempt_id, at=at)
        asking, attempt = asking.request_completion(
            attempt_id, source=source, external_data=secret_data, lease=lease
        )
        account = account.moved(session.share, asking.share, at=at)
        return asking, attempt, account, ended

    session, attempt, _, _ = yield from request()
    return session if attempt is None else (yield from _carried_out(attempt))


def cancel_session(session_id: str) -> Flow[PaymentSession]:
    """Close a session that shall not be paid any more; a payment may still be quicker."""
    session = yield from _known(session_id)
    if session.status is SessionStatus.CANCELED:
        return session
    return (yield from _close(session, CloseReason.CANCELED))


def expire_sessions(*, limit: int) -> Flow[tuple[PaymentSession, ...]]:
    """Close the sessions whose time is over, and tell how each stands then."""
    at = yield from Now()
    due = yield from Due(at, (PaymentSession,), limit)
    sessions: list[PaymentSession] = []
    for session in due:
        try:
            expired = yield from _expire(session.id)
        except (GatewayUnreachable, OperationUnresolved, OutcomeUnknown, IllegalTransition):
            expired = yield from Load(PaymentSession, session.id)
        sessions.append(expired)
    return tuple(sessions)


def _expire(session_id: str) -> Flow[PaymentSession]:
    """Expiry never starts while an attempt may have come to money."""
    session = yield from _resolved((yield from Load(PaymentSession, session_id)))
    return session if session.is_closed else (yield from _close(session, CloseReason.EXPIRED))


def _close(session: PaymentSession, reason: CloseReason) -> Flow[PaymentSession]:
    at = yield from Now()
    if session.is_closed:
        raise _cannot(reason, session)
    unresolved = yield from _unresolved(session)
    if unresolved is not None:
        unresolved = yield from resolve(unresolved)
        session = yield from Load(PaymentSession, session.id)
        if session.is_closed or session.status is SessionStatus.CLOSING:
            return session
    description = yield from describe(session.method)
    if _is_closed_at_provider(session, description):
        return (yield from _close_at_provider(session.id, reason, description, at))
    _refuse_unresolved(unresolved)
    return (yield from _close_here(session.id, reason, at))


def _is_closed_at_provider(session: PaymentSession, description: Description) -> bool:
    is_known_there = session.references.get(ReferenceRole.SESSION) is not None
    return is_known_there and "close_session" in description.operations


def _close_at_provider(
    session_id: str, reason: CloseReason, description: Description, at: datetime
) -> Flow[PaymentSession]:
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=at)

    @atomic
    def request() -> Unit[tuple[PaymentSession, Attempt | None]]:
        session = yield from Load(PaymentSession, session_id)
        if session.is_closed or session.status is SessionStatus.CLOSING:
            return session, None
        return session.request_close(attempt_id, reason, lease=lease)

    session, attempt = yield from request()
    return session if attempt is None else (yield from _carried_out(attempt))


def _close_here(session_id: str, reason: CloseReason, at: datetime) -> Flow[PaymentSession]:
    """The provider has nothing to close: from now on, money for it is late."""

    @atomic
    def close() -> Unit[tuple[PaymentSession, Ended]]:
        session = yield from Load(PaymentSession, session_id)
        if session.is_closed:
            raise _cannot(reason, session)
        _refuse_unresolved((yield from _unresolved(session)))
        session, ended = yield from _gone_on(session, by=session.attempt_id, at=at)
        return session.close(reason, at=at), ended

    session, _ = yield from close()
    return session


def _cannot(reason: CloseReason, session: PaymentSession) -> IllegalTransition:
    event = "expire" if reason is CloseReason.EXPIRED else "cancel"
    return IllegalTransition("session", session.status, event, SESSION.allowed(session.status))


def _known(session_id: str) -> Flow[PaymentSession]:
    return (yield from Load(PaymentSession, safe_id(session_id, field="session_id")))


def _open_attempts(session: PaymentSession) -> Unit[tuple[Attempt, ...]]:
    attempts: list[Attempt] = []
    for attempt_id in session.open_attempts:
        attempts += [(yield from Load(Attempt, attempt_id))]
    return tuple(attempts)


def _unresolved(session: PaymentSession) -> Unit[Attempt | None]:
    """Return an attempt that may have come to money or to an object, if there is one."""
    unresolved = [each for each in (yield from _open_attempts(session)) if each.is_unresolved]
    asking = [each for each in unresolved if each.is_completing]
    return next(iter(asking + unresolved), None)


def _refuse_unresolved(attempt: Attempt | None) -> None:
    if attempt is not None and attempt.is_unresolved:
        raise OperationUnresolved(attempt.id)


def _gone_on(
    session: PaymentSession, *, by: str, at: datetime
) -> Unit[tuple[PaymentSession, Ended]]:
    """Leave the attempts behind that waited for the customer."""
    ended: list[Attempt] = []
    for attempt in (yield from _open_attempts(session)):
        if attempt.is_waiting:
            session, superseded = session.supersede(attempt, by=by, at=at)
            ended.append(superseded)
    return session, tuple(ended)


def _resolved(session: PaymentSession) -> Flow[PaymentSession]:
    """
    Bring an attempt that is unresolved to its end first.

    Raises:
        OperationUnresolved: It may have happened, and nobody can say yet.
    """
    unresolved = yield from _unresolved(session)
    if unresolved is None:
        return session
    _refuse_unresolved((yield from resolve(unresolved)))
    return (yield from Load(PaymentSession, session.id))


def _carried_out(attempt: Attempt) -> Flow[PaymentSession]:
    yield from carry_out(attempt)
    try:
        return (yield from Load(PaymentSession, attempt.session_id))
    except Exception as error:
        raise OutcomeUnknown(attempt.id) from error


def describe(method: PaymentMethod) -> Flow[Description]:
    """
    Return what a method's gateway can do.

    Raises:
        MethodUnavailable: There is no gateway of that name.
    """
    description = yield from Describe(method.gateway)
    if description is None:
        raise MethodUnavailable(method.id, method.gateway)
    return description


def _refuse_unsuitable(
    method: PaymentMethod, description: Description, source: Source | None
) -> None:
    if not method.session_required:
        raise SessionNotSupported(method.id)
    description.require("create_session")
    _refuse_missing_source(method, description, source)


def _refuse_missing_source(
    method: PaymentMethod, description: Description, source: Source | None
) -> None:
    is_asked_for = description.capabilities.collects_source
    if method.source_required and source is None and not is_asked_for:
        raise SourceRequired(method.id)


def _refuse_covered(account: PayableAccount, session: PaymentSession) -> None:
    if not account.due:
        raise NothingDue(account.id)
    if session.amount > account.due:
        raise AmountExceeded(session.amount, account.due, "due")


def _refuse_other_payable(session: PaymentSession, payable: Payable) -> None:
    if payable.id != session.payable_id:
        raise UnsafeInput("payable", "the session is for another payable: create a new session")


def _checked_source(source: object) -> None:
    if source is not None:
        typed("source", source, CreditCard, StoreCredit, StoredSource)


def _terms(
    payable: Payable,
    *,
    capture: CapturePolicy,
    hosted: bool,
    save_source: bool,
    return_url: str | None,
    cancel_url: str | None,
    expires_at: datetime | None,
    metadata: Metadata,
) -> Terms:
    return Terms(
        payable_id=payable.id,
        payable_reference=payable.reference,
        customer_id=payable.customer_id,
        capture=capture,
        hosted=typed("hosted", hosted, bool),
        save_source=typed("save_source", save_source, bool),
        return_url=None if return_url is None else safe_url(return_url, field="return_url"),
        cancel_url=None if cancel_url is None else safe_url(cancel_url, field="cancel_url"),
        expires_at=expires_at,
        metadata=metadata,
    )


def _in_future(expires_at: datetime | None, at: datetime) -> datetime | None:
    if expires_at is None:
        return None
    instant = aware(expires_at, field="expires_at")
    if instant <= at:
        raise UnsafeInput("expires_at", "it is over already: give a later instant")
    return instant


def _external(data: Mapping[str, object] | None) -> ClientData | None:
    return None if data is None else ClientData(data, field="external_data")
