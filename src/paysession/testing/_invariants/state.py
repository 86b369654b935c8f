"""I15 to I25: everything stands where its chart allows, and nothing that was refused happened."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.entities import Entity
from paysession._domain.methods import UnderpaidPolicy
from paysession._domain.operations import Operation, Origin
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Now
from paysession.errors import MoneyError, NotAllowed, NotFound, PaySessionError
from paysession.events import (
    DisputeMoved,
    RecoveryStarted,
    SessionCanceled,
    SessionCloseRequested,
    SessionCompleted,
    SessionExpired,
    SessionFailed,
    SetupSessionCanceled,
    SetupSessionCompleted,
    SetupSessionExpired,
    SetupSessionFailed,
)
from paysession.gateways.requests import LookUpRequest
from paysession.lifecycles import LIFECYCLES, SESSION, Lifecycle, SessionStatus
from paysession.outcomes import Canceled, Expired
from paysession.stores.port import KINDS
from paysession.stores.records import Records
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.history import History, Moment

_CHARTS: dict[str, Lifecycle[Any]] = {
    **LIFECYCLES,
    "payment_session": LIFECYCLES["session"],
    "setup_attempt": LIFECYCLES["attempt"],
    "charge": LIFECYCLES["attempt"],
}
_ENDS = (
    SessionCompleted,
    SessionFailed,
    SessionCanceled,
    SessionExpired,
    SetupSessionCompleted,
    SetupSessionFailed,
    SetupSessionCanceled,
    SetupSessionExpired,
)
_REFUSALS = (NotAllowed, NotFound, MoneyError, TypeError)
_BY_CALLER = (Origin.COMMAND, Origin.PERSON)
_ONE_IN = 32
"""To write and read a record costs more than all other checks together: a sample of them does."""
_RECORDS = Records(seal=str, unseal=str)


@invariant
def check_I15(history: History) -> Iterator[Finding]:
    """Every change of status is a path of its chart's edges, told event by event."""
    told: dict[str, list[StrEnum]] = {}
    for recorded in history.events:
        event, status = recorded.event, getattr(recorded.event, "status", None)
        if isinstance(event, DisputeMoved):
            told.setdefault(event.dispute_id, []).append(event.dispute_status)
        if isinstance(status, StrEnum):
            told.setdefault(recorded.aggregate_id, []).append(status)
    for before, after in history.changed:
        chart = _CHARTS.get(KINDS[type(after)])
        if chart is None:
            continue
        path = [*_status_of(before), *told.get(after.id, ()), *_status_of(after)]
        for old, new in pairwise(path):
            if old != new:
                yield (old, new) in chart.edges, chart.name, after.id, old, new


def _status_of(entity: Entity | None) -> tuple[StrEnum, ...]:
    status: StrEnum | None = getattr(entity, "status", None)
    return () if status is None else (status,)


@invariant
def check_I16(history: History) -> Iterator[Finding]:
    """A session that has ended stays as it ended, whatever is heard of it later."""
    for before, after in history.changed:
        if isinstance(before, PaymentSession | SetupSession) and _has_ended(before):
            yield _status_of(before) == _status_of(after), before, after


def _has_ended(session: PaymentSession | SetupSession) -> bool:
    return SESSION.is_final(SessionStatus(session.status))


@invariant
def check_I17(history: History) -> Iterator[Finding]:
    """A session ends once."""
    ends = history.remembered("I17", Counter[str])
    for recorded in history.events:
        if isinstance(recorded.event, _ENDS):
            ends[recorded.aggregate_id] += 1
            yield ends[recorded.aggregate_id] == 1, recorded


@invariant
def check_I18(history: History) -> Iterator[Finding]:
    """A command that was refused has changed nothing: it may only have found out more."""
    ended = history.ended
    if ended is None or not isinstance(ended.error, _REFUSALS):
        return
    run = history.run
    made = [each for each in run.made if _is_begun(each)]
    has_looked = any(isinstance(each.request, LookUpRequest) for each in run.calls)
    may_write = has_looked or RecoveryStarted in run.told
    yield not made and (may_write or not run.commits), ended.flow, repr(ended.error), run.made


def _is_begun(entity: Entity) -> bool:
    is_asked_for = isinstance(entity, Operation) and entity.origin in _BY_CALLER
    return is_asked_for or isinstance(entity, PaymentSession | SetupSession | PayableAccount)


@invariant
def check_I20(history: History) -> Iterator[Finding]:
    """No instant is in the records but those that were asked for: there is no hidden clock."""
    instants = history.remembered("I20", set[datetime])
    latest = history.latest
    if latest is not None and isinstance(latest.ask, Now) and isinstance(latest.answer, datetime):
        instants.add(latest.answer)
    for _, after in history.changed:
        yield after.updated_at in instants, after.id, after.updated_at


@invariant
def check_I21(history: History) -> Iterator[Finding]:
    """A session expires when its time is over, not before, and never while money is asked for."""
    for before, after in history.changed:
        if not isinstance(before, PaymentSession) or not isinstance(after, PaymentSession):
            continue
        if before.expires_at != after.expires_at:
            yield _is_no_later(before.expires_at, after.expires_at), before, after.expires_at
        if _expires_by_us(after, history):
            ends_at, at = before.expires_at, after.updated_at
            yield ends_at is not None and at >= ends_at, after, ends_at, at
            asking = [each for each in _unresolved(before, history) if each.may_take_money]
            yield not asking, after, asking


def _is_no_later(before: datetime | None, after: datetime | None) -> bool:
    return after is not None and (before is None or after <= before)


def _expires_by_us(session: PaymentSession, history: History) -> bool:
    """Whether this commit begins or makes its expiry, and no provider said so."""
    for recorded in history.events:
        event = recorded.event
        if recorded.aggregate_id != session.id:
            continue
        if isinstance(event, SessionCloseRequested) and event.reason == CloseReason.EXPIRED:
            return True
        if isinstance(event, SessionExpired):
            return not _closed_by_provider(session, history)
    return False


def _closed_by_provider(session: PaymentSession, history: History) -> bool:
    told = [
        each.fact
        for _, after in history.changed
        if isinstance(after, Attempt) and after.session_id == session.id
        for each in after.facts
    ]
    return any(isinstance(fact, Canceled | Expired) for fact in told)


def _unresolved(session: PaymentSession, history: History) -> list[Attempt]:
    """Return its attempts that may be happening, as they stood before the newest commit."""
    earlier = {after.id: before for before, after in history.changed}
    attempts = (earlier.get(each.id, each) for each in history.owned[session.id].values())
    return [each for each in attempts if isinstance(each, Attempt) and each.is_unresolved]


@invariant
def check_I22(history: History) -> Iterator[Finding]:
    """A session is completed by the money it was about, and by nothing else."""
    for before, after in history.changed:
        if isinstance(after, PaymentSession) and after.succeeded:
            was_open = not isinstance(before, PaymentSession) or not before.succeeded
            if was_open:
                payment = history.get(Payment, after.payment_id or "")
                yield payment is not None and _pays(payment, after), after, payment
    if history.is_over:
        for payment in history.entities(Payment):
            session = history.get(PaymentSession, payment.session_id or "")
            if session is not None and payment.succeeded:
                is_told = bool(payment.discrepancies)
                yield session.payment_id == payment.id or is_told, session, payment


def _pays(payment: Payment, session: PaymentSession) -> bool:
    balances = payment.balances
    come = max(balances.authorized.minor, balances.captured.minor)
    accepts = session.method.on_underpaid is UnderpaidPolicy.ACCEPT
    return come > 0 if accepts else come >= session.amount.minor


@invariant
def check_I23(history: History) -> Iterator[Finding]:
    """What may still come to money is not given up: it waits until that is known."""
    for before, after in history.changed:
        if not isinstance(before, PaymentSession) or not isinstance(after, PaymentSession):
            continue
        is_given_up = after.status in (SessionStatus.CANCELED, SessionStatus.EXPIRED)
        if is_given_up and not _has_ended(before):
            waiting = [each for each in _unresolved(before, history) if _may_come(each, after)]
            is_known = _closed_by_provider(after, history) or _has_come(after, history)
            yield is_known or not waiting, after, waiting


def _may_come(attempt: Attempt, session: PaymentSession) -> bool:
    """Whether it may bring money: who cancels withdraws what nobody has asked for yet."""
    is_withdrawn = session.status is SessionStatus.CANCELED and attempt.sent_at is None
    return attempt.may_take_money and not is_withdrawn


def _has_come(session: PaymentSession, history: History) -> bool:
    """Whether its money came in this very commit, and goes back by policy."""
    payments = (each for _, each in history.changed if isinstance(each, Payment))
    return any(each.session_id == session.id for each in payments)


@invariant
def check_I24(history: History) -> Iterator[Finding]:
    """Whatever is committed comes back from its plain record as it was."""
    is_sampled = (len(history.moments) + history.seed) % _ONE_IN == 0
    for _, after in history.changed if is_sampled else ():
        back = _RECORDS.load(_RECORDS.dump(after))
        yield back == after, after, back


@invariant
def check_I25(history: History) -> Iterator[Finding]:
    """Whatever a provider or its adapter says, a command ends in an answer or an error of ours."""
    ended = history.ended
    if ended is None or ended.crashed:
        return
    run = history.run
    strange = [each for each in run.calls if _is_strange(each.moment, each.request.answers)]
    unread = [each for each in run.heard if _is_strange(each, (tuple,))]
    if strange or unread:
        is_ours = ended.error is None or isinstance(ended.error, PaySessionError)
        yield is_ours, ended, strange, unread


def _is_strange(moment: Moment, lawful: tuple[type, ...]) -> bool:
    """Whether an adapter broke, or answered what it must not."""
    if moment.error is not None:
        return not isinstance(moment.error, PaySessionError)
    return type(moment.answer) not in lawful
