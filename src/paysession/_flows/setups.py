"""Setup sessions: store a source for later use; no money moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.attempts import AttemptKind, CloseReason, SetupAttempt
from paysession._domain.limits import Metadata, safe_id
from paysession._domain.methods import PaymentMethod, SetupTerms
from paysession._domain.setup_session import SetupSession
from paysession._flows.arguments import external, in_future, optional_id, optional_url, typed
from paysession._flows.asks import Flow, Load, NewId, Now, Tenant, Unit
from paysession._flows.carrying import carry_out, described, description_of, resolve
from paysession._flows.holding import lease_of
from paysession._flows.looking import look_at
from paysession._flows.units import deciding
from paysession.errors import IllegalTransition, OperationUnresolved, OutcomeUnknown

Ended: TypeAlias = tuple[SetupAttempt, ...]


def create_setup_session(
    method: PaymentMethod,
    *,
    customer_id: str | None,
    customer_external_id: str | None,
    return_url: str | None,
    cancel_url: str | None,
    expires_at: datetime | None,
    metadata: Mapping[str, str] | None,
    external_data: Mapping[str, object] | None,
) -> Flow[SetupSession]:
    """Open a setup session, and tell the provider."""
    typed("method", method, PaymentMethod)
    secret_data = external(external_data)
    at = yield from Now()
    terms = SetupTerms(
        customer_id=optional_id("customer_id", customer_id),
        customer_external_id=optional_id("customer_external_id", customer_external_id),
        return_url=optional_url("return_url", return_url),
        cancel_url=optional_url("cancel_url", cancel_url),
        expires_at=in_future(expires_at, at),
        metadata=Metadata.of(metadata),
    )
    description = yield from described(method)
    description.require("create_setup_session")
    tenant = yield from Tenant()
    session_id, attempt_id = (yield from NewId("pss")), (yield from NewId("at"))
    lease = lease_of(description.capabilities, at=at)
    opened = SetupSession.opened(
        session_id,
        tenant=tenant,
        method=method,
        terms=terms,
        attempt_id=attempt_id,
        external_data=secret_data,
        lease=lease,
    )

    @deciding
    def open_session() -> Unit[tuple[SetupSession, SetupAttempt]]:
        yield from ()
        return opened

    _, attempt = yield from open_session()
    return (yield from _carried_out(attempt))


def complete_setup_session(
    setup_session_id: str, *, external_data: Mapping[str, object] | None
) -> Flow[SetupSession]:
    """Ask for the source to be stored. What the browser brought back is a hint."""
    secret_data = external(external_data)
    at = yield from Now()
    session = yield from _known(setup_session_id)
    if session.succeeded:
        return session
    session_id = session.id
    asked_already = yield from _completing(session)
    if asked_already is not None:
        yield from resolve(asked_already)
        return (yield from Load(SetupSession, session_id))
    session.refuse_unless_open("complete", at=at)
    description = yield from described(session.method)
    description.require("complete_setup_session")
    yield from _resolved(session)
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=(yield from Now()))

    @deciding
    def request() -> Unit[tuple[SetupSession, SetupAttempt | None, Ended]]:
        session = yield from Load(SetupSession, session_id)
        if session.succeeded or (yield from _completing(session)):
            return session, None, ()
        session.refuse_unless_open("complete", at=at)
        _refuse_unresolved((yield from _open_attempts(session)))
        session, ended = yield from _gone_on(session, by=attempt_id, at=at)
        asking, attempt = session.request_completion(
            attempt_id, external_data=secret_data, lease=lease
        )
        return asking, attempt, ended

    session, attempt, _ = yield from request()
    return session if attempt is None else (yield from _carried_out(attempt))


def cancel_setup_session(setup_session_id: str) -> Flow[SetupSession]:
    """Give a setup session up. What the provider stores all the same is kept with it."""
    session = yield from _known(setup_session_id)
    if session.is_closed_as(CloseReason.CANCELED):
        return session
    return (yield from close_setup_session(session.id, CloseReason.CANCELED))


def close_setup_session(setup_session_id: str, reason: CloseReason) -> Flow[SetupSession]:
    """
    Close a setup session here, unless its source turns out to be stored.

    No money can be lost by it: a provider that does not say is not waited for.

    Raises:
        IllegalTransition: It is at its end already.
        OperationUnresolved: An attempt may have stored the source.
    """
    session = yield from Load(SetupSession, setup_session_id)
    if session.is_closed:
        raise _cannot(reason, session)
    session = yield from _looked_at((yield from _resolved(session)))
    if session.is_closed:
        return session
    session_id, at = session.id, (yield from Now())

    @deciding
    def close() -> Unit[tuple[SetupSession, Ended]]:
        session = yield from Load(SetupSession, session_id)
        if session.is_closed_as(reason):
            return session, ()
        if session.is_closed:
            raise _cannot(reason, session)
        _refuse_unresolved((yield from _open_attempts(session)))
        session, ended = yield from _gone_on(session, by=session.attempt_id, at=at)
        return session.close(reason, at=at), ended

    session, _ = yield from close()
    return session


def _cannot(reason: CloseReason, session: SetupSession) -> IllegalTransition:
    return session.cannot("expire" if reason is CloseReason.EXPIRED else "cancel")


def _known(setup_session_id: str) -> Flow[SetupSession]:
    wanted = safe_id(setup_session_id, field="setup_session_id")
    return (yield from Load(SetupSession, wanted))


def _open_attempts(session: SetupSession) -> Unit[Ended]:
    attempts: Ended = ()
    for attempt_id in session.open_attempts:
        attempts = (*attempts, (yield from Load(SetupAttempt, attempt_id)))
    return attempts


def _completing(session: SetupSession) -> Unit[SetupAttempt | None]:
    """Return the attempt that may have stored the source, if there is one."""
    attempts = yield from _open_attempts(session)
    asking = (each for each in attempts if each.kind is AttemptKind.COMPLETE)
    return next((each for each in asking if each.is_unresolved), None)


def _looked_at(session: SetupSession) -> Flow[SetupSession]:
    """Ask whether the customer has stored it, before nobody would ask any more."""
    newest = yield from Load(SetupAttempt, session.attempt_id)
    yield from look_at(newest, (yield from description_of(session.gateway)))
    return (yield from Load(SetupSession, session.id))


def _resolved(session: SetupSession) -> Flow[SetupSession]:
    """
    Bring an attempt that is unresolved to its end first.

    Raises:
        OperationUnresolved: It may have happened, and nobody can say yet.
    """
    for attempt in (yield from _open_attempts(session)):
        if attempt.is_unresolved:
            _refuse_unresolved(((yield from resolve(attempt)),))
    return (yield from Load(SetupSession, session.id))


def _refuse_unresolved(attempts: Ended) -> None:
    for attempt in attempts:
        if attempt.is_unresolved:
            raise OperationUnresolved(attempt.id, attempt.waits_for_person)


def _gone_on(session: SetupSession, *, by: str, at: datetime) -> Unit[tuple[SetupSession, Ended]]:
    """Leave the attempts behind that waited for the customer."""
    ended: Ended = ()
    for attempt in (yield from _open_attempts(session)):
        session, superseded = session.supersede(attempt, by=by, at=at)
        ended = (*ended, superseded)
    return session, ended


def _carried_out(attempt: SetupAttempt) -> Flow[SetupSession]:
    yield from carry_out(attempt)
    try:
        return (yield from Load(SetupSession, attempt.setup_session_id))
    except Exception as error:
        raise OutcomeUnknown(attempt.id, attempt.owner_id) from error
