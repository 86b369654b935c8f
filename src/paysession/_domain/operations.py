"""
What every call to a gateway is made on behalf of.

An operation is committed before its one call and says all there is to say about it, so
that after a crash the open operations tell exactly what may have happened. What is
believed of it is a function of the set of facts about it, never of their order.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self, TypedDict, assert_never

import attrs

from paysession._domain.entities import Record, Settleable
from paysession._domain.evidence import (
    RANK,
    Evidence,
    EvidenceSource,
    believed_of,
    rank_of,
    remembered,
)
from paysession._domain.failures import Failure
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    NotAttempted,
    Pending,
    ReferenceChanged,
    References,
    Refunded,
    Rejected,
    Retaken,
    ShowCode,
    Stored,
    Superseded,
    Totals,
    Unknown,
    Voided,
    as_evidence,
)

_FIRST_RECHECK = timedelta(minutes=1)
_SLOWEST_RECHECK = timedelta(hours=6)
_LONGEST_WAIT = timedelta(days=7)
"""How long a customer who must act is looked for, from the attempt or from the end of the code
that was shown; a report may still tell afterwards."""


class Origin(StrEnum):
    """Why an operation or movement exists."""

    COMMAND = "command"
    ATTEMPT = "attempt"
    POLICY = "policy"
    PERSON = "person"
    PROVIDER = "provider"


@attrs.frozen(kw_only=True)
class Lease:
    """
    The right to make one operation's call, and until when.

    Attributes:
        at: When it was taken.
        until: Nobody else takes the operation up before then: longer than the longest call.
        deadline: After it the call is never repeated, because the provider may have
            forgotten the key.
    """

    at: datetime
    until: datetime
    deadline: datetime

    @classmethod
    def nobody(cls, at: datetime) -> Lease:
        """Leave the call to whoever comes first."""
        return cls(at=at, until=at, deadline=at)

    @property
    def sent_at(self) -> datetime | None:
        """When the call is first made, if somebody holds the lease to make it."""
        return self.at if self.until > self.at else None

    @property
    def tries(self) -> int:
        """How often the call is made by then: once, or not at all."""
        return 1 if self.sent_at else 0


def _infers_absence(evidence: Evidence) -> bool:
    was_looked_up = evidence.source is EvidenceSource.LOOK_UP
    return was_looked_up and isinstance(evidence.fact, NotAttempted)


def recheck_after(tries: int) -> timedelta:
    """Return how long to wait before looking again: doubling, to six hours."""
    doublings = min(tries, 12)
    return min(_FIRST_RECHECK * (1 << doublings), _SLOWEST_RECHECK)


class Requested(TypedDict):
    """What every operation is requested with."""

    id: str
    tenant: str
    created_at: datetime
    updated_at: datetime
    gateway: str
    acts_on: References
    sent_at: datetime | None
    tries: int
    lease_until: datetime
    deadline: datetime
    recheck_at: datetime
    origin: Origin


def requested(
    operation_id: str,
    *,
    tenant: str,
    gateway: str,
    acts_on: References,
    lease: Lease,
    origin: Origin,
) -> Requested:
    """Return what a new operation says of itself, before anybody was called."""
    return Requested(
        id=operation_id,
        tenant=tenant,
        created_at=lease.at,
        updated_at=lease.at,
        gateway=gateway,
        acts_on=acts_on,
        sent_at=lease.sent_at,
        tries=lease.tries,
        lease_until=lease.until,
        deadline=lease.deadline,
        recheck_at=lease.until,
        origin=origin,
    )


@attrs.frozen(kw_only=True)
class Operation(Record, Settleable):
    """
    One call to one gateway, and what is known of how it ended.

    Attributes:
        gateway: Name of the gateway it is addressed to.
        acts_on: The provider's ids that the request names.
        references: The provider's ids that it made or learnt.
        facts: The distinct facts about it, in the order they were heard.
        doubt: Why its newest call ended without an answer, as redacted text.
        sent_at: When it was first sent; None while nobody has.
        tries: How often it was worked on; 0 while it was never sent.
        lease_until: Somebody is at it until then.
        deadline: After it the call is never repeated.
        recheck_at: When recovery looks at it again.
        waits_for_person: Why no machine can settle it, if so.
        origin: Why it exists.
        claim: The text of the claim of the caller's idempotency key that it answers, if any.
    """

    gateway: str
    acts_on: References = NO_REFERENCES
    references: References = NO_REFERENCES
    facts: tuple[Evidence, ...] = ()
    doubt: str | None = None
    sent_at: datetime | None
    tries: int
    lease_until: datetime | None
    deadline: datetime
    recheck_at: datetime | None
    waits_for_person: str | None = None
    origin: Origin = Origin.COMMAND
    claim: str | None = None

    @property
    @abstractmethod
    def owner_id(self) -> str:
        """The session or payment that tells its events."""

    @property
    def believed(self) -> Fact | None:
        """The greatest of the facts: any order of the same facts gives the same answer."""
        telling = tuple(each for each in self.facts if self._is_told_by(each.fact))
        return believed_of(telling or self.facts)

    def _is_told_by(self, fact: Fact) -> bool:
        """
        Whether a fact can say how this kind of operation ended.

        That a source is stored beside it says nothing of the money.
        """
        return rank_of(fact) > 0 and not isinstance(fact, Stored)

    @property
    def is_absent(self) -> bool:
        """Whether it is believed never to have arrived, because a look-up did not find it."""
        return isinstance(self.believed, NotAttempted) and any(
            _infers_absence(each) for each in self.facts
        )

    @property
    def status(self) -> OperationStatus:
        """Where it stands: `requested` until anything is known."""
        fact = self.believed
        return OperationStatus.REQUESTED if fact is None else self._status_by(fact)

    def _status_by(self, fact: Fact) -> OperationStatus:
        match fact:
            case Accepted() | Authorized() | Captured() | Voided() | Refunded() | Retaken():
                return OperationStatus.SUCCEEDED
            case Pending() | ActionRequired() | Approved():
                return OperationStatus.PENDING
            case Superseded():
                return OperationStatus.CANCELED
            case Declined() | Rejected() | NotAttempted() | Canceled() | Expired() | Bounced():
                return OperationStatus.FAILED
            case (
                Unknown()
                | Stored()
                | AuthorizationChanged()
                | AuthorizationLapsed()
                | ReferenceChanged()
                | DisputeChanged()
                | FundsWithdrawn()
                | FundsReinstated()
                | Totals()
            ):
                return OperationStatus.REQUESTED
            case _:
                assert_never(fact)

    @property
    def is_open(self) -> bool:
        """Whether it may still end either way."""
        return self.status in (OperationStatus.REQUESTED, OperationStatus.PENDING)

    @property
    def is_waiting(self) -> bool:
        """Whether the customer's next step decides, and no call of ours is under way."""
        return isinstance(self.believed, ActionRequired)

    @property
    def is_unresolved(self) -> bool:
        """Whether it may have happened, or be happening, at the provider."""
        return self.is_open and not self.is_waiting

    @property
    def succeeded(self) -> bool:
        """Whether it did what was asked."""
        return self.status is OperationStatus.SUCCEEDED

    @property
    def failure(self) -> Failure | None:
        """Why the provider refused, if it did."""
        match self.believed:
            case Declined(failure) | Rejected(failure) | Bounced(failure):
                return failure
            case _:
                return None

    @property
    def _standing(self) -> str:
        return self.status

    @property
    def _next_step(self) -> str:
        if self.waits_for_person is not None:
            return f"a person must look at it: {self.waits_for_person}"
        return super()._next_step

    @property
    def due_at(self) -> datetime | None:
        """When recovery must look at it again, if ever."""
        return self.recheck_at

    @property
    def attention(self) -> bool:
        """Whether a person must look at it."""
        return self.waits_for_person is not None

    def is_outweighed(self, fact: Fact) -> bool:
        """
        Whether it is believed to stand elsewhere than a fact says: it has ended by another
        one, or there is a newer word on progress. To be taken note of is no end.
        """
        believed, told = self.believed, as_evidence(fact)
        if believed == told or isinstance(believed, Accepted):
            return False
        return rank_of(told) == RANK[Pending] or not self.is_open

    def observed(self, evidence: Evidence) -> Self:
        """Add one fact; a fact that is known already changes nothing."""
        told = attrs.evolve(evidence, fact=as_evidence(evidence.fact))
        facts = remembered(self.facts, told)
        if facts is self.facts:
            return self
        after = attrs.evolve(
            self,
            facts=facts,
            references=self.references | told.fact.references,
            lease_until=None,
            waits_for_person=None,
            updated_at=max(self.updated_at, evidence.recorded_at),
            changed=True,
        )
        return attrs.evolve(after, recheck_at=after._next_look(evidence.recorded_at))

    def _next_look(self, at: datetime) -> datetime | None:
        if not self.is_open or (self.is_waiting and at >= self._waits_until):
            return None
        return at + recheck_after(self.tries)

    @property
    def _waits_until(self) -> datetime:
        """How long the customer is waited for: longer where what is to be paid holds longer."""
        action = self.believed.next_action if isinstance(self.believed, ActionRequired) else None
        ends_at = action.expires_at if isinstance(action, ShowCode) else None
        return max(self.created_at, ends_at or self.created_at) + _LONGEST_WAIT

    def doubted(self, doubt: Unknown, *, at: datetime) -> Self:
        """
        Note that a call ended without an answer; whoever comes next may take it up.

        That a look-up had not found it proves nothing any more: the call was made later.
        """
        return attrs.evolve(
            self,
            facts=tuple(each for each in self.facts if not _infers_absence(each)),
            doubt=doubt.reason,
            references=self.references | doubt.references,
            lease_until=None,
            recheck_at=at + recheck_after(self.tries),
            updated_at=max(self.updated_at, at),
            changed=True,
        )

    def leased(self, lease: Lease) -> Self:
        """Take it up again: nobody else does before the lease is over."""
        return attrs.evolve(
            self,
            tries=self.tries + 1,
            sent_at=self.sent_at or lease.at,
            deadline=self.deadline if self.sent_at else lease.deadline,
            lease_until=lease.until,
            recheck_at=self._look_after(lease),
            updated_at=max(self.updated_at, lease.at),
            changed=True,
        )

    def informed(self, references: References) -> Self:
        """Keep the provider's ids of a fact that cannot be applied."""
        return attrs.evolve(self, references=self.references | references, changed=True)

    def _look_after(self, lease: Lease) -> datetime | None:
        later = self._next_look(lease.at)
        return later and max(lease.until, later)

    def handed_over(self, reason: str, *, at: datetime) -> Self:
        """Leave it to a person: no machine can settle it."""
        return attrs.evolve(
            self,
            waits_for_person=reason,
            lease_until=None,
            recheck_at=None,
            updated_at=max(self.updated_at, at),
            changed=True,
        )

    def is_leased(self, at: datetime) -> bool:
        """Whether somebody is at it now."""
        return self.lease_until is not None and at < self.lease_until
