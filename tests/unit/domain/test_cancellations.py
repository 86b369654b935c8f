"""The call that calls a refund off: what its facts say of it, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from paysession import Money
from paysession._domain.cancellations import RefundCancellation, settle_cancellation
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure, FailureCode
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    Accepted,
    Canceled,
    Captured,
    Declined,
    Fact,
    Pending,
    Refunded,
    Superseded,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
AMOUNT = Money("10.00", "EUR")
REFUSED = Declined(Failure(FailureCode.PROCESSING_ERROR))


def asked(*facts: Fact) -> RefundCancellation:
    cancellation = RefundCancellation(
        id="rc_1",
        created_at=AT,
        updated_at=AT,
        gateway="bogus",
        payment_id="py_1",
        refund_id="re_1",
        sent_at=AT,
        tries=1,
        lease_until=None,
        deadline=AT + timedelta(hours=23),
        recheck_at=None,
    )
    for fact in facts:
        cancellation = cancellation.observed(told(fact))
    return cancellation


def told(fact: Fact) -> Evidence:
    return Evidence(fact=fact, source=EvidenceSource.RESPONSE, recorded_at=AT)


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (Canceled(), OperationStatus.SUCCEEDED),
        (Pending(), OperationStatus.PENDING),
        (REFUSED, OperationStatus.FAILED),
        (Superseded("re_1"), OperationStatus.CANCELED),
        (Accepted(), OperationStatus.REQUESTED),
        (Refunded(AMOUNT), OperationStatus.REQUESTED),
        (Captured(AMOUNT), OperationStatus.REQUESTED),
    ],
)
def test_only_that_the_refund_was_called_off_says_that_the_call_succeeded(
    fact: Fact, status: OperationStatus
) -> None:
    assert status is asked(fact).status


def test_any_order_of_the_same_facts_ends_alike() -> None:
    facts: tuple[Fact, ...] = (Pending(), Canceled(), Superseded())

    assert {OperationStatus.SUCCEEDED} == {asked(*each).status for each in permutations(facts)}


def test_a_fact_that_is_known_changes_nothing() -> None:
    known = asked(Canceled())
    payment: Any = object()
    refund: Any = object()

    after = settle_cancellation(payment, refund, known, told(Canceled()))

    assert (payment, refund, known) == after
