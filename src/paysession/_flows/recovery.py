"""Recovery: what is due is looked up, carried out again, or left to a person."""

from __future__ import annotations

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.limits import MOST_AT_ONCE, safe_count
from paysession._domain.movements import Capture, Refund, Void
from paysession._flows.asks import Due, Flow, Now
from paysession._flows.carrying import resolve
from paysession._flows.notifications import swept
from paysession._flows.requests import AnyOperation
from paysession.errors import Conflict, OutcomeUnknown

OPERATIONS = (Attempt, SetupAttempt, Charge, Capture, Void, Refund, RefundCancellation)


def recover(*, limit: int) -> Flow[tuple[AnyOperation, ...]]:
    """
    Work on what is due: parked reports first, for they may settle operations by themselves.

    What one record breaks by is raised when the others have been worked on.
    """
    most = safe_count(limit, field="limit", most=MOST_AT_ONCE)
    broken: Exception | None = None
    try:
        yield from swept(limit=most)
    except Exception as error:  # noqa: BLE001 - one broken record must not stop the others
        broken = error
    worked_on: list[AnyOperation] = []
    for operation in (yield from Due((yield from Now()), OPERATIONS, most)):
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
