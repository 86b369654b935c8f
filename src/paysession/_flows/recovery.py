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
from paysession._flows.one_by_one import one_by_one
from paysession._flows.requests import AnyOperation
from paysession.errors import Conflict, OutcomeUnknown

OPERATIONS = (Attempt, SetupAttempt, Charge, Capture, Void, Refund, RefundCancellation)


def recover(*, limit: int) -> Flow[tuple[AnyOperation, ...]]:
    """
    Work on what is due: parked reports first, for they may settle operations by themselves.

    What one record breaks by is raised when the others have been worked on.
    """
    most = safe_count(limit, field="limit", most=MOST_AT_ONCE)
    _, worked_on = yield from one_by_one((_parked_reports(most), _operations(most)))
    return worked_on


def _parked_reports(most: int) -> Flow[tuple[AnyOperation, ...]]:
    yield from swept(limit=most)
    return ()


def _operations(most: int) -> Flow[tuple[AnyOperation, ...]]:
    due = yield from Due((yield from Now()), OPERATIONS, most)
    operations = (each for each in due if isinstance(each, OPERATIONS))
    return (yield from one_by_one(_worked_on(each) for each in operations))


def _worked_on(operation: AnyOperation) -> Flow[AnyOperation]:
    """Bring an operation nearer to its end; recovery finds it again where that fails."""
    try:
        return (yield from resolve(operation))
    except (OutcomeUnknown, Conflict):
        return operation
