"""A new outcome or status is named wherever it has to have its place."""

from __future__ import annotations

from typing import get_args

from paysession._domain.evidence import RANK
from paysession.lifecycles import PAYMENT, SESSION, PaymentStatus, SessionStatus
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    DisputeChanged,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Outcome,
    ReferenceChanged,
    Totals,
    Unknown,
    Unreadable,
)

OF_NO_OPERATION = {
    AuthorizationChanged,
    AuthorizationLapsed,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    Totals,
    Unreadable,
}
"""Facts about money and objects that say nothing of how one of our calls ended."""


def test_every_fact_has_a_rank_or_says_nothing_of_an_operation() -> None:
    assert set(get_args(Fact)) == set(RANK) | OF_NO_OPERATION | {Unknown}
    assert set() == set(RANK) & OF_NO_OPERATION


def test_every_outcome_is_a_fact() -> None:
    assert set() == set(get_args(Outcome)) - set(get_args(Fact))


def test_every_status_has_its_place_in_a_chart() -> None:
    assert set(SessionStatus) == set(SESSION.statuses)
    assert set(PaymentStatus) == set(PAYMENT.statuses)
