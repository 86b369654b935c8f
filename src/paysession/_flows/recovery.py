"""Recovery: what is still open is looked up, carried out again, or left to a person."""

from __future__ import annotations

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.charges import Charge
from paysession._domain.limits import MOST_AT_ONCE, safe_count
from paysession._domain.movements import Capture, Refund, Void
from paysession._flows.asks import Due, Flow, Now
from paysession._flows.carrying import resolve
from paysession._flows.requests import AnyOperation
from paysession.errors import Conflict, OutcomeUnknown

OPERATIONS = (Attempt, SetupAttempt, Charge, Capture, Void, Refund)


def recover(*, limit: int) -> Flow[tuple[AnyOperation, ...]]:
    """Bring open operations that are due nearer to their end, and return them as they are then."""
    now = yield from Now()
    most = safe_count(limit, field="limit", most=MOST_AT_ONCE)
    due = yield from Due(now, OPERATIONS, most)
    worked_on: list[AnyOperation] = []
    broken: Exception | None = None
    for operation in due:
        if isinstance(operation, OPERATIONS):
            try:
                worked_on.append((yield from resolve(operation)))
            except (OutcomeUnknown, Conflict):
                worked_on.append(operation)
            except Exception as error:  # noqa: BLE001 - one broken record must not stop the others
                broken = broken or error
    if broken is not None:
        raise broken
    return tuple(worked_on)
