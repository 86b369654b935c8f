"""Closing a session of which nobody is told: its provider closes none, or never named it."""

from __future__ import annotations

from paysession._domain.attempts import Attempt, AttemptKind
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Description, Find, Flow, Load
from paysession._flows.looking import Sighting, look_at
from paysession._flows.requests import AnyOperation
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

    From then on, money for it is late. Nothing is told while the provider does not answer.
    """
    assert isinstance(operation, Attempt)
    attempts = yield from Find(Attempt, "session_id", operation.session_id)
    newest = [each for each in attempts if each.kind is not AttemptKind.CLOSE][-1]
    if (yield from look_at(newest, description)) is Sighting.DID_NOT_ANSWER:
        return None
    session = yield from Load(PaymentSession, operation.session_id)
    is_over = session.status is not SessionStatus.CLOSING
    return NotAttempted("its session had ended by itself") if is_over else Canceled()
