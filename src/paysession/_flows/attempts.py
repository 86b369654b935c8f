"""A session's attempts, as its commands see them: which are open, and which may be money."""

from __future__ import annotations

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
    unresolved = [each for each in (yield from open_attempts(session)) if each.is_unresolved]
    asking = [each for each in unresolved if each.is_completing]
    return next(iter(asking + unresolved), None)


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
