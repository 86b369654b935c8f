"""
What is known of an operation, and which of it is believed.

What is believed is a function of the set of facts, never of their order: the greatest by
the provider's own time, and then by rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    Refunded,
    Rejected,
    Retaken,
    Stored,
    Superseded,
    Voided,
)

MOST_FACTS = 50
"""Facts kept of one operation; beyond that those are forgotten that count least."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class EvidenceSource(StrEnum):
    """Who says so."""

    RESPONSE = "response"
    NOTIFICATION = "notification"
    LOOK_UP = "look_up"
    PERSON = "person"
    OURSELVES = "ourselves"


@attrs.frozen(kw_only=True)
class Evidence:
    """A fact, who said it and when we heard."""

    fact: Fact
    source: EvidenceSource
    recorded_at: datetime

    def says_no_less_than(self, other: Evidence) -> bool:
        """Whether it is the same fact, and not only a person's word where the other is more."""
        person = EvidenceSource.PERSON
        return self.fact == other.fact and (self.source is not person or other.source is person)


RANK: Mapping[type, int] = MappingProxyType(
    {
        Pending: 1,
        ActionRequired: 1,
        Approved: 1,
        Superseded: 2,
        Accepted: 3,
        NotAttempted: 4,
        Authorized: 5,
        Captured: 6,
        Stored: 6,
        Voided: 6,
        Refunded: 6,
        Retaken: 6,
        Declined: 7,
        Rejected: 7,
        Canceled: 7,
        Expired: 7,
        Bounced: 8,
    }
)
"""
How facts that carry the same time compare. Below 4 nothing is decided, and no time makes
such a fact count for more than one of a higher rank. Those of rank 1 tell of progress.
"""


def rank_of(fact: Fact) -> int:
    """Return how much a fact counts among those of the same time; 0 if it decides nothing."""
    return RANK.get(type(fact), 0)


def believed_of(facts: tuple[Evidence, ...]) -> Fact | None:
    """Return the greatest of the facts: any order of the same facts gives the same answer."""
    if len(facts) <= 1:
        return facts[0].fact if facts else None
    latest = _latest_success(facts)
    return max(facts, key=lambda evidence: _weight(evidence, latest)).fact


def remembered(facts: tuple[Evidence, ...], evidence: Evidence) -> tuple[Evidence, ...]:
    """Add one fact to those that are known; a known one gives the same tuple back."""
    if any(known.says_no_less_than(evidence) for known in facts):
        return facts
    return _bounded(facts, evidence)


def _bounded(facts: tuple[Evidence, ...], added: Evidence) -> tuple[Evidence, ...]:
    if len(facts) < MOST_FACTS:
        return (*facts, added)
    latest = _latest_success((*facts, added))
    least = min((*facts, added), key=lambda evidence: _weight(evidence, latest))
    if least is added:
        return facts
    return (*(each for each in facts if each is not least), added)


def _latest_success(facts: tuple[Evidence, ...]) -> datetime:
    """Return when the provider's newest success was; a person's word moves nothing of its."""
    times = [
        each.fact.occurred_at or _BEGINNING
        for each in facts
        if isinstance(each.fact, Authorized | Captured | Stored | Voided | Refunded)
        and each.source is not EvidenceSource.PERSON
    ]
    return max(times, default=_BEGINNING)


def _weight(
    evidence: Evidence, latest_success: datetime
) -> tuple[int, bool, datetime, int, int, int, str]:
    fact, rank = evidence.fact, rank_of(evidence.fact)
    return (
        min(rank, RANK[NotAttempted]),
        evidence.source is not EvidenceSource.PERSON,
        fact.occurred_at or _assumed_time(evidence, latest_success),
        fact.sequence or 0,
        rank,
        _amount_of(fact),
        repr(fact),
    )


def _assumed_time(evidence: Evidence, latest_success: datetime) -> datetime:
    """
    Tell when what has no time is taken to have happened.

    A bounce came after the success that it undoes. A word on progress is as new as we
    heard it for the first time; nothing that decides depends on when we heard.
    """
    if isinstance(evidence.fact, Bounced):
        return latest_success
    return evidence.recorded_at if rank_of(evidence.fact) == RANK[Pending] else _BEGINNING


def _amount_of(fact: Fact) -> int:
    """A provider's amounts are whole: of two the greater is the later one."""
    match fact:
        case (
            Authorized(amount)
            | Captured(amount)
            | Voided(amount)
            | Refunded(amount)
            | Retaken(amount)
        ):
            return amount.minor
        case _:
            return 0


def refusal_of(fact: Fact) -> Failure | None:
    """Why nothing moved, if the fact says that nothing did."""
    match fact:
        case Declined(failure) | Rejected(failure) | Bounced(failure):
            return failure
        case NotAttempted():
            return Failure(FailureCode.PROCESSING_ERROR, raw_code="not_attempted")
        case _:
            return None
