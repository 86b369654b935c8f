"""
What every call to a gateway is made on behalf of.

An operation is committed before its one call and says all there is to say about it, so
that after a crash the open operations tell exactly what may have happened.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self, TypedDict

import attrs

from paysession._domain.evidence import (
    Evidence,
    EvidenceSource,
    LastWord,
    amount_in,
    refreshed,
    remembered,
)
from paysession._domain.standing import Standing, infers_absence
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Bounced,
    Fact,
    ReferenceChanged,
    References,
    ShowCode,
    Superseded,
    Unknown,
    as_evidence,
)

_FIRST_RECHECK = timedelta(minutes=1)
_SLOWEST_RECHECK = timedelta(hours=6)
_LONGEST_WAIT = timedelta(days=7)
"""How long a customer who must act is looked for, from the attempt or from the end of what they
were shown; a report may still tell afterwards."""
_MOST_TO_WAIT = timedelta(days=366)
"""The longest that what is shown to a customer is taken to hold, whatever is said."""


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
        recheck_seconds: How long after it has ended the operation is looked at again, each.
        last_word: Which of two contrary answers counts, where the provider has a rule.
    """

    at: datetime
    until: datetime
    deadline: datetime
    recheck_seconds: tuple[int, ...] = ()
    last_word: LastWord | None = None

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
    recheck_seconds: tuple[int, ...]
    last_word: LastWord | None
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
        recheck_seconds=lease.recheck_seconds,
        last_word=lease.last_word,
        origin=origin,
    )


@attrs.frozen(kw_only=True)
class Operation(Standing):
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
        recheck_seconds: How long after it has ended that is, each time.
        last_word: Which of a success and a failure counts, if the provider says both and
            nothing tells which came last; None where it has no rule.
        waits_for_person: Why no machine can settle it, if so.
        origin: Why it exists.
        claim: The text of the claim of the caller's idempotency key that it answers, if any.
    """

    origin: Origin = Origin.COMMAND
    claim: str | None = None

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

    def observed(self, evidence: Evidence) -> Self:
        """
        Add one fact; a fact that is known already changes nothing.

        Unless it is what a look-up finds, or a person decides, of facts that contradict each
        other.
        """
        told = attrs.evolve(evidence, fact=as_evidence(evidence.fact))
        facts = remembered(self.facts, told, counts=self._counts)
        if facts is self.facts and self._belief.would_change_by(told):
            facts = refreshed(self.facts, told)
        if facts is self.facts:
            return self
        after = attrs.evolve(
            self,
            facts=facts,
            references=self.references | told.fact.references,
            lease_until=None,
            updated_at=max(self.updated_at, evidence.recorded_at),
            changed=True,
        )
        reason = after._left_unread(self) or after._left_denied(self)
        return attrs.evolve(
            after,
            waits_for_person=reason,
            recheck_at=None if reason else after._look_after_hearing(evidence, self),
        )

    def _counts(self, fact: Fact) -> bool:
        return self._is_told_by(fact) and not self.cannot_count(fact)

    def _left_unread(self, before: Operation) -> str | None:
        """Say what a person must read: what has just come, or is still waiting for one."""
        unread, known = self.unreadable, before.unreadable
        if not unread or (set(unread) <= set(known) and not before.attention):
            return None
        amount = amount_in(min(unread, key=repr))
        what = amount.currency.code if amount else "an amount that cannot be read"
        return f"the provider speaks of {what}"

    def _left_denied(self, before: Operation) -> str | None:
        is_new = not before.is_denied or before.attention
        return "the provider denies the money that came" if self.is_denied and is_new else None

    def _look_after_hearing(self, evidence: Evidence, before: Operation) -> datetime | None:
        """A contradiction is looked up at once, unless a look-up has told of it."""
        at, was_looked_up = evidence.recorded_at, evidence.source is EvidenceSource.LOOK_UP
        is_new = self.is_contradicted and not before.is_contradicted
        return at if is_new and not was_looked_up else self._next_look(at)

    def _next_look(self, at: datetime) -> datetime | None:
        """Return when to look again: soon while it is open, and on schedule afterwards."""
        waits_for_customer = self.is_waiting or self._is_watched
        if self.is_unresolved or (waits_for_customer and at < self._waits_until):
            return at + recheck_after(self.tries)
        return min((each for each in self._rechecks if each > at), default=None)

    @property
    def _is_watched(self) -> bool:
        """Whether it has ended, and the customer may still pay by it and never come back."""
        match self.believed:
            case Accepted(next_action=action):
                return action is not None
            case Superseded():
                return self.sent_at is not None
            case _:
                return False

    @property
    def _rechecks(self) -> tuple[datetime, ...]:
        """
        When to see whether it still stands: what succeeded may bounce, what bounced may be taken
        again, and a session that was opened or closed may have been paid all the same.
        """
        if self.sent_at is None or not self._may_change:
            return ()
        since = min(each.recorded_at for each in self.facts if each.fact == self.believed)
        return tuple(since + timedelta(seconds=each) for each in self.recheck_seconds)

    @property
    def _may_change(self) -> bool:
        return self.succeeded or isinstance(self.believed, Bounced)

    def is_due(self, at: datetime) -> bool:
        """Whether it is to be looked at: it is open, or its time has come to see if it stands."""
        return self.is_open or (self.recheck_at is not None and self.recheck_at <= at)

    def unheard(self, *, at: datetime) -> Self:
        """
        Look again soon, not only on schedule: nobody answered how it stands.

        Returns:
            The same operation if that would go on for ever.
        """
        if at >= max((self._waits_until, *self._rechecks)) + _LONGEST_WAIT:
            return self
        soon = at + recheck_after(self.tries)
        return attrs.evolve(
            self,
            recheck_at=min(soon, self.recheck_at or soon),
            lease_until=None,
            updated_at=max(self.updated_at, at),
            changed=True,
        )

    @property
    def _waits_until(self) -> datetime:
        """How long the customer is waited for: longer where what is to be paid holds longer."""
        fact = self.believed
        action = fact.next_action if isinstance(fact, ActionRequired | Accepted) else None
        ends = (
            action.expires_at if isinstance(action, ShowCode) else None,
            fact.expires_at if isinstance(fact, Accepted) else None,
            self._object_ends_at,
        )
        longest = max((self.created_at, *filter(None, ends)))
        return min(longest, self.created_at + _MOST_TO_WAIT) + _LONGEST_WAIT

    @property
    def _object_ends_at(self) -> datetime | None:
        """When the time of what it is for is over, if ever."""
        return None

    def doubted(self, doubt: Unknown, *, at: datetime) -> Self:
        """
        Note that a call ended without an answer; whoever comes next may take it up.

        That a look-up had not found it proves nothing any more: the call was made later.
        """
        return attrs.evolve(
            self,
            facts=tuple(each for each in self.facts if not infers_absence(each)),
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
            recheck_seconds=self.recheck_seconds or lease.recheck_seconds,
            last_word=self.last_word if self.facts else self.last_word or lease.last_word,
            lease_until=lease.until,
            recheck_at=self._look_after(lease),
            updated_at=max(self.updated_at, lease.at),
            changed=True,
        )

    def renamed(self, fact: ReferenceChanged) -> Self:
        """Keep the ids that its provider calls it by from now on, and the former ones."""
        references = self.references.renamed(fact)
        if references == self.references:
            return self
        return attrs.evolve(self, references=references, changed=True)

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
