"""Closing a session of which nobody is told: its provider closes none, or never named it."""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.attempts import Attempt, AttemptKind
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Description, Find, Flow, Load, Now, Unit
from paysession._flows.looking import Sighting, look_at
from paysession._flows.requests import AnyOperation
from paysession._flows.units import settling
from paysession.events import FactRecorded
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Canceled, Fact, NotAttempted, ReferenceRole


def is_ended_here(operation: AnyOperation, description: Description) -> bool:
    """
    Whether an operation is to close a session of which its provider is not told.

    A gateway that is gone, or broken, may close sessions: it is waited for.
    """
    is_close = isinstance(operation, Attempt) and operation.kind is AttemptKind.CLOSE
    if not is_close or not operation.is_open or not description.operations:
        return False
    is_known_there = operation.acts_on.get(ReferenceRole.SESSION) is not None
    return not is_known_there or "close_session" not in description.operations


def end_of(operation: AnyOperation, description: Description) -> Flow[Fact | None]:
    """
    Tell how the closing of such a session ends, after a look whether it was paid.

    From then on, money for it is late. Nothing is told while the provider does not answer, nor
    once it has named the session: then it can be told, see `addressed`.
    """
    assert isinstance(operation, Attempt)
    attempts = yield from Find(Attempt, "session_id", operation.session_id)
    newest = [each for each in attempts if each.kind is not AttemptKind.CLOSE][-1]
    if (yield from look_at(newest, description)) is Sighting.DID_NOT_ANSWER:
        return None
    session = yield from Load(PaymentSession, operation.session_id)
    if session.status is not SessionStatus.CLOSING:
        return NotAttempted("its session had ended by itself")
    is_named = session.references.get(ReferenceRole.SESSION) is not None
    return None if is_named and "close_session" in description.operations else Canceled()


def addressed(operation: AnyOperation) -> Flow[Attempt]:
    """Let what is to close a session name it as its provider does by now."""
    at = yield from Now()
    closing, _ = yield from settling(lambda: _with_newest_ids(operation.id, at))()
    return closing


def _with_newest_ids(closing_id: str, at: datetime) -> Unit[tuple[Attempt, PaymentSession]]:
    closing = yield from Load(Attempt, closing_id)
    session = yield from Load(PaymentSession, closing.session_id)
    if not closing.is_open or session.references == closing.acts_on:
        return closing, session
    told = FactRecorded(at=at, operation_id=closing.id, fact="ReferenceChanged")
    named = attrs.evolve(closing, acts_on=session.references, changed=True)
    return named, session.telling(told)
