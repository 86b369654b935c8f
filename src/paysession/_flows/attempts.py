"""A session's attempts, as its commands see them: which are open, and which may be money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from paysession._domain.attempts import Attempt
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Load, Unit
from paysession.errors import OperationUnresolved


def open_attempts(session: PaymentSession) -> Unit[tuple[Attempt, ...]]:
    """Return the attempts that have not ended."""
    attempts: tuple[Attempt, ...] = ()
    for attempt_id in session.open_attempts:
        attempts = (*attempts, (yield from Load(Attempt, attempt_id)))
    return attempts


def unresolved_attempt(session: PaymentSession) -> Unit[Attempt | None]:
    """Return an attempt that may have come to money or to an object, if there is one."""
    attempts = yield from open_attempts(session)
    return _first(each for each in attempts if each.is_unresolved)


def asked_attempt(session: PaymentSession) -> Unit[Attempt | None]:
    """Return an unresolved attempt whose call was made, or is being made, if there is one."""
    attempts = yield from open_attempts(session)
    return _first(each for each in attempts if was_asked(each))


def _first(attempts: Iterable[Attempt]) -> Attempt | None:
    """Return what asks for the money rather than what does not."""
    return next(iter(sorted(attempts, key=lambda each: not each.is_completing)), None)


def was_asked(attempt: Attempt) -> bool:
    """Whether it may have happened; what nobody has asked for yet can still be withdrawn."""
    return attempt.is_unresolved and attempt.sent_at is not None


def withdrawn(
    session: PaymentSession, attempts: Iterable[Attempt], *, by: str, at: datetime
) -> tuple[PaymentSession, tuple[Attempt, ...]]:
    """Ask no more for what was due to be asked for, and was not."""
    ended: list[Attempt] = []
    for attempt in attempts:
        if attempt.is_open and attempt.sent_at is None:
            session, superseded = session.supersede(attempt, by=by, at=at)
            ended.append(superseded)
    return session, tuple(ended)


def refuse_unresolved(attempt: Attempt | None) -> None:
    """
    Do nothing if the attempt is none, or has ended.

    Raises:
        OperationUnresolved: It may have happened.
    """
    if attempt is not None and attempt.is_unresolved:
        raise OperationUnresolved(attempt.id, attempt.waits_for_person)


def gone_on(
    session: PaymentSession, *, by: str, at: datetime
) -> Unit[tuple[PaymentSession, tuple[Attempt, ...]]]:
    """Leave the attempts behind that waited for the customer."""
    ended: list[Attempt] = []
    for attempt in (yield from open_attempts(session)):
        session, superseded = session.supersede(attempt, by=by, at=at)
        ended.append(superseded)
    return session, tuple(ended)
