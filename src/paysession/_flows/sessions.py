"""Sessions: open one, change its amount, complete it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.attempts import Attempt
from paysession._domain.limits import Metadata, safe_id
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms, capture_policy
from paysession._domain.payable import Payable, PayableAccount, checked_amount
from paysession._domain.session import PaymentSession
from paysession._domain.sources import Source
from paysession._flows.accounts import account_of
from paysession._flows.arguments import (
    checked_source,
    external,
    in_future,
    optional_id,
    optional_url,
    typed,
)
from paysession._flows.asks import Description, Flow, Load, NewId, Now, Tenant, Unit
from paysession._flows.attempts import gone_on, refuse_unresolved, unresolved_attempt
from paysession._flows.carrying import carry_out, described, resolve
from paysession._flows.holding import lease_of
from paysession._flows.units import deciding
from paysession._money import Money
from paysession.errors import (
    AmountExceeded,
    OutcomeUnknown,
    SessionNotSupported,
    SourceRequired,
    UnsafeInput,
)

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
    customer_external_id: str | None,
    return_url: str | None,
    cancel_url: str | None,
    expires_at: datetime | None,
    metadata: Mapping[str, str] | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Open a session for all that is due, or for `amount` of it, and tell the provider."""
    typed("payable", payable, Payable)
    typed("method", method, PaymentMethod)
    checked_source(source)
    secret_data = external(external_data)
    at = yield from Now()
    terms = _terms(
        payable,
        capture=method.capture if capture is None else capture_policy(capture),
        hosted=hosted,
        save_source=save_source,
        customer_external_id=customer_external_id,
        return_url=return_url,
        cancel_url=cancel_url,
        expires_at=in_future(expires_at, at),
        metadata=Metadata.of(metadata),
    )
    description = yield from described(method)
    _refuse_unsuitable(method, description, source)
    tenant = yield from Tenant()
    session_id, attempt_id = (yield from NewId("ps")), (yield from NewId("at"))
    lease = lease_of(description.capabilities, at=at)

    @deciding
    def open_session() -> Unit[tuple[PaymentSession, Attempt, PayableAccount]]:
        account = yield from account_of(payable, tenant=tenant, at=at)
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
        return session, attempt, account.moved(None, session.share, at=at)

    _, attempt, _ = yield from open_session()
    return (yield from carried_out(attempt))


def update_session(
    session_id: str,
    *,
    payable: Payable | None,
    amount: Money | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Ask the provider for another amount; the old one stands until it has agreed."""
    secret_data = external(external_data)
    at = yield from Now()
    session = yield from known_session(session_id)
    session_id = session.id
    if payable is not None:
        _refuse_other_payable(session, typed("payable", payable, Payable))
    if amount is not None:
        checked_amount(amount, session.amount, verb="charge")
    session.refuse_unless_open("update", at=at)
    description = yield from described(session.method)
    description.require("update_session")
    yield from resolved(session)
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=(yield from Now()))

    @deciding
    def request() -> Unit[tuple[PaymentSession, Attempt | None, PayableAccount, Ended]]:
        session = yield from Load(PaymentSession, session_id)
        session.refuse_unless_open("update", at=at)
        refuse_unresolved((yield from unresolved_attempt(session)))
        account = yield from Load(PayableAccount, session.payable_id)
        if payable is not None:
            account = account.restated(payable, at=at)
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        if asked == session.amount and secret_data is None:
            return session, None, account, ()
        session, ended = yield from gone_on(session, by=attempt_id, at=at)
        session, attempt = session.request_update(
            attempt_id, amount=asked, external_data=secret_data, lease=lease
        )
        return session, attempt, account, ended

    session, attempt, _, _ = yield from request()
    return session if attempt is None else (yield from carried_out(attempt))


def complete_session(
    session_id: str,
    *,
    source: Source | None,
    external_data: Mapping[str, object] | None,
) -> Flow[PaymentSession]:
    """Ask for the money. What the browser brought back is a hint, and settles nothing."""
    checked_source(source)
    secret_data = external(external_data)
    at = yield from Now()
    session = yield from known_session(session_id)
    if session.succeeded:
        return session
    session_id = session.id
    asked_already = yield from unresolved_attempt(session)
    if asked_already is not None and asked_already.is_completing:
        yield from resolve(asked_already)
        return (yield from Load(PaymentSession, session_id))
    session.refuse_unless_open("complete", at=at)
    description = yield from described(session.method)
    description.require("complete_session")
    _refuse_missing_source(session.method, description, source or session.source)
    yield from resolved(session)
    attempt_id = yield from NewId("at")
    lease = lease_of(description.capabilities, at=(yield from Now()))

    @deciding
    def request() -> Unit[tuple[PaymentSession, Attempt | None, PayableAccount, Ended]]:
        session = yield from Load(PaymentSession, session_id)
        account = yield from Load(PayableAccount, session.payable_id)
        unresolved = yield from unresolved_attempt(session)
        if session.succeeded or (unresolved is not None and unresolved.is_completing):
            return session, None, account, ()
        session.refuse_unless_open("complete", at=at)
        refuse_unresolved(unresolved)
        _refuse_covered(account, session)
        asking, ended = yield from gone_on(session, by=attempt_id, at=at)
        asking, attempt = asking.request_completion(
            attempt_id, source=source, external_data=secret_data, lease=lease
        )
        account = account.moved(session.share, asking.share, at=at)
        return asking, attempt, account, ended

    session, attempt, _, _ = yield from request()
    return session if attempt is None else (yield from carried_out(attempt))


def known_session(session_id: str) -> Flow[PaymentSession]:
    """Return the session of an id that a caller gave."""
    return (yield from Load(PaymentSession, safe_id(session_id, field="session_id")))


def resolved(session: PaymentSession) -> Flow[PaymentSession]:
    """
    Bring an attempt that is unresolved to its end first.

    Raises:
        OperationUnresolved: It may have happened, and nobody can say yet.
    """
    unresolved = yield from unresolved_attempt(session)
    if unresolved is None:
        return session
    refuse_unresolved((yield from resolve(unresolved)))
    return (yield from Load(PaymentSession, session.id))


def carried_out(attempt: Attempt) -> Flow[PaymentSession]:
    """Make an attempt's call, and return its session as it is then."""
    yield from carry_out(attempt)
    try:
        return (yield from Load(PaymentSession, attempt.session_id))
    except Exception as error:
        raise OutcomeUnknown(attempt.id, attempt.owner_id) from error


def _refuse_missing_source(
    method: PaymentMethod, description: Description, source: Source | None
) -> None:
    is_asked_for = description.capabilities.collects_source
    if method.source_required and source is None and not is_asked_for:
        raise SourceRequired(method.id)


def _refuse_covered(account: PayableAccount, session: PaymentSession) -> None:
    if not account.due:
        raise account.nothing_due()
    if session.amount > account.due:
        raise AmountExceeded(session.amount, account.due, "due", account.id)


def _refuse_other_payable(session: PaymentSession, payable: Payable) -> None:
    if payable.id != session.payable_id:
        raise UnsafeInput("payable", "the session is for another payable: create a new session")


def _terms(
    payable: Payable,
    *,
    capture: CapturePolicy,
    hosted: bool,
    save_source: bool,
    customer_external_id: str | None,
    return_url: str | None,
    cancel_url: str | None,
    expires_at: datetime | None,
    metadata: Metadata,
) -> Terms:
    return Terms(
        payable_id=payable.id,
        payable_reference=payable.reference,
        customer_id=payable.customer_id,
        customer_external_id=optional_id("customer_external_id", customer_external_id),
        capture=capture,
        hosted=typed("hosted", hosted, bool),
        save_source=typed("save_source", save_source, bool),
        return_url=optional_url("return_url", return_url),
        cancel_url=optional_url("cancel_url", cancel_url),
        expires_at=expires_at,
        metadata=metadata,
    )


def _refuse_unsuitable(
    method: PaymentMethod, description: Description, source: Source | None
) -> None:
    if not method.session_required:
        raise SessionNotSupported(method.id)
    description.require("create_session")
    _refuse_missing_source(method, description, source)
