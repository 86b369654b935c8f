"""
The charts of attempts, captures, voids and refunds against all that can be told of them.

Every fact, told by the provider or looked up, with a time and without, is added to every set
of facts that is small enough. The changes of status that this makes must be the edges of the
chart, no more and no fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paysession._domain.attempts import Attempt, AttemptKind
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.methods import Terms
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._money import Money
from paysession.lifecycles import ATTEMPT, CAPTURE, REFUND, VOID, Lifecycle, OperationStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Fact,
    Failure,
    FailureCode,
    NotAttempted,
    Pending,
    Redirect,
    Refunded,
    Retaken,
    Superseded,
    Voided,
)

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
AMOUNT = Money(1, "JPY")
MOST_FACTS = 3
TIMES = (None, BEGIN + timedelta(hours=1))

COMMON: dict[str, Any] = {
    "id": "op",
    "created_at": BEGIN,
    "updated_at": BEGIN,
    "gateway": "bogus",
    "amount": AMOUNT,
    "sent_at": BEGIN,
    "tries": 1,
    "lease_until": None,
    "deadline": BEGIN,
    "recheck_at": BEGIN,
}


ATTEMPT_ASKED = Attempt(
    **COMMON,
    kind=AttemptKind.COMPLETE,
    session_id="ps",
    terms=Terms(payable_id="or_1", payable_reference="R1"),
)
CAPTURE_ASKED = Capture(**COMMON, payment_id="py", releases=AMOUNT * 0)
VOID_ASKED = Void(**COMMON, payment_id="py")
REFUND_ASKED = Refund(**COMMON, payment_id="py")


def told(operation: Operation, at: datetime) -> Iterator[Evidence]:
    """Everything that may be told of an operation, by itself or when it is looked up."""
    for fact in facts_about(operation):
        if isinstance(fact, Superseded):
            yield Evidence(fact=fact, source=EvidenceSource.OURSELVES, recorded_at=at)
            continue
        yield Evidence(fact=fact, source=EvidenceSource.NOTIFICATION, recorded_at=at)
        if fact.occurred_at is None:
            yield Evidence(fact=fact, source=EvidenceSource.LOOK_UP, recorded_at=at)


def facts_about(operation: Operation) -> Iterator[Fact]:
    for time in TIMES:
        yield Pending(occurred_at=time)
        yield Declined(REFUSED, occurred_at=time)
        yield Bounced(REFUSED, occurred_at=time)
        match operation:
            case Attempt():
                yield Captured(AMOUNT, occurred_at=time)
                yield Canceled(occurred_at=time)
            case Capture():
                yield Captured(AMOUNT, occurred_at=time)
                yield Retaken(AMOUNT, occurred_at=time)
            case Void():
                yield Voided(AMOUNT, occurred_at=time)
            case Refund():
                yield Refunded(AMOUNT, occurred_at=time)
                yield Canceled(occurred_at=time)
            case _:
                raise AssertionError(operation)
    yield NotAttempted()
    if isinstance(operation, Attempt):
        yield Accepted()
        yield Superseded("at_2")
        yield ActionRequired(Redirect("https://bank.example"))


def searched(start: Operation) -> tuple[int, set[tuple[OperationStatus, OperationStatus]]]:
    """How many sets of facts there are, and every edge between their statuses."""
    known: set[frozenset[Evidence]] = {frozenset()}
    edges: set[tuple[OperationStatus, OperationStatus]] = set()
    here = [start]
    for size in range(MOST_FACTS):
        at, following = BEGIN + timedelta(seconds=size), list[Operation]()
        for operation in here:
            for evidence in told(operation, at):
                after = operation.observed(evidence)
                if after.status is not operation.status:
                    edges.add((operation.status, after.status))
                facts = frozenset(after.facts)
                if facts not in known:
                    known.add(facts)
                    following.append(after)
        here = following
    return len(known), edges


@pytest.mark.parametrize(
    ("chart", "kind"),
    [
        (ATTEMPT, ATTEMPT_ASKED),
        (CAPTURE, CAPTURE_ASKED),
        (VOID, VOID_ASKED),
        (REFUND, REFUND_ASKED),
    ],
    ids=lambda each: getattr(each, "name", "asked"),
)
def test_the_edges_of_an_operations_chart_are_those_that_are_found(
    chart: Lifecycle[OperationStatus], kind: Operation
) -> None:
    sets, found = searched(kind)
    print(f"{chart.name}: {sets} sets of facts, {len(found)} edges")
    missing = sorted(f"{old} -> {new}" for old, new in found - chart.edges)
    unreached = sorted(f"{old} -> {new}" for old, new in chart.edges - found)
    assert ([], []) == (missing, unreached)
