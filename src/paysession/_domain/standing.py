"""
How one call to a gateway stands.

Its status is read from what is believed of it, and that is a function of the set of facts about
it, never of their order.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from functools import cached_property
from typing import assert_never

import attrs

from paysession._domain.entities import Record, Settleable
from paysession._domain.evidence import (
    RANK,
    Belief,
    Evidence,
    EvidenceSource,
    LastWord,
    amount_in,
    belief_in,
    rank_of,
)
from paysession._domain.failures import Failure
from paysession._money import Money
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
    Stored,
    Superseded,
    Totals,
    Unknown,
    Unreadable,
    Voided,
    as_evidence,
)


def infers_absence(evidence: Evidence) -> bool:
    """Whether it was only not found, and nobody said that it never arrived."""
    was_looked_up = evidence.source is EvidenceSource.LOOK_UP
    return was_looked_up and isinstance(evidence.fact, NotAttempted)


@attrs.frozen(kw_only=True)
class Standing(Record, Settleable):
    """
    What is known of one call, and what is read from that.

    Its attributes are described with `Operation`.
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
    recheck_seconds: tuple[int, ...] = ()
    last_word: LastWord | None = None
    waits_for_person: str | None = None

    @property
    @abstractmethod
    def owner_id(self) -> str:
        """The session or payment that tells its events."""

    @property
    def asked(self) -> Money | None:
        """How much money it is to move; None if it moves none."""
        return None

    @property
    def believed(self) -> Fact | None:
        """
        The greatest of the facts: any order of the same facts gives the same answer.

        None while nothing is known, and while nobody can say which of two contrary facts is
        true.
        """
        return self._belief.fact

    @property
    def is_contradicted(self) -> bool:
        """Whether it is said to have succeeded and to have failed, and nobody can say which."""
        return self._belief.is_contradicted

    @property
    def is_denied(self) -> bool:
        """Whether it brought money, which counts, and is believed to have failed all the same."""
        return False

    def _denies_money(self) -> bool:
        said = [each.fact for each in self.readable if not each.is_a_persons]
        has_brought = any(isinstance(each, Authorized | Captured | Retaken) for each in said)
        is_failure = isinstance(self.believed, Declined | Rejected | Canceled | Expired)
        return has_brought and is_failure

    @cached_property
    def _belief(self) -> Belief:
        telling = tuple(each for each in self.readable if self._is_told_by(each.fact))
        return belief_in(
            telling or self.readable,
            last_word=self.last_word,
            may_contradict=self._may_be_contradicted,
        )

    @property
    def _may_be_contradicted(self) -> bool:
        """Whether its success and its failure exclude each other."""
        return self.asked is not None

    @property
    def readable(self) -> tuple[Evidence, ...]:
        """The facts that can be counted."""
        return tuple(each for each in self.facts if not self.cannot_count(each.fact))

    def cannot_count(self, fact: Fact) -> bool:
        """Whether a fact speaks of an amount that is in no currency, or not in ours."""
        amount, asked = amount_in(fact), self.asked
        if amount is None or asked is None:
            return isinstance(fact, Unreadable)
        return amount.currency != asked.currency

    @property
    def unreadable(self) -> tuple[Fact, ...]:
        """What was said of money that cannot be counted, and no person has decided since."""
        decided = [each.recorded_at for each in self.facts if each.is_a_persons]
        return tuple(
            each.fact
            for each in self.facts
            if self.cannot_count(each.fact) and all(at < each.recorded_at for at in decided)
        )

    @property
    def overruled(self) -> Fact | None:
        """What a person decided last, if the provider's word stands against it."""
        decided = [each for each in self.facts if each.is_a_persons]
        fact = self.believed
        is_theirs = any(each.fact == fact and not each.is_a_persons for each in self.facts)
        if fact is None or not decided or not is_theirs:
            return None
        ours = max(decided, key=lambda each: (each.recorded_at, repr(each.fact))).fact
        amounts = {amount_in(fact), amount_in(ours)} - {None}
        agrees = self._status_by(ours) is self.status and len(amounts) <= 1
        return None if agrees else ours

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
            infers_absence(each) for each in self.facts
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
                | Unreadable()
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
    def is_asking(self) -> bool:
        """Whether money may come of it that nobody has heard of yet."""
        return self.is_unresolved and not self.is_contradicted

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

    def is_outweighed(self, fact: Fact) -> bool:
        """
        Whether it is believed to stand elsewhere than a fact says: it has ended by another
        one, or there is a newer word on progress. To be taken note of is no end.
        """
        believed, told = self.believed, as_evidence(fact)
        if believed == told or isinstance(believed, Accepted):
            return False
        return rank_of(told) == RANK[Pending] or not self.is_open or self.is_contradicted
