"""
What is known of an operation, and which of it is believed.

What is believed is a function of the set of facts, never of their order: the greatest by
the provider's own time, and then by rank. Where a provider says both that something
succeeded and that it did not, and nothing tells which it said last, rank decides nothing:
the provider's rule does, or a look-up that is made afterwards, or a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._money import Money
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
    Unreadable,
    Voided,
)

Weight: TypeAlias = "tuple[int, bool, datetime, int, int, int, _Told]"

MOST_FACTS = 50
"""Facts kept of one operation; beyond that those are forgotten that count least."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""When what has no time of the provider's is taken to have happened: before all else."""


class EvidenceSource(StrEnum):
    """Who says so."""

    RESPONSE = "response"
    NOTIFICATION = "notification"
    LOOK_UP = "look_up"
    PERSON = "person"
    OURSELVES = "ourselves"


class LastWord(StrEnum):
    """Which of two contradicting facts without a time counts, where a provider has a rule."""

    SUCCESS = "success"
    FAILURE = "failure"


@attrs.frozen(kw_only=True)
class Evidence:
    """A fact, who said it and when we heard."""

    fact: Fact
    source: EvidenceSource
    recorded_at: datetime

    @property
    def is_a_persons(self) -> bool:
        """Whether a person says so, and not the provider."""
        return self.source is EvidenceSource.PERSON

    def repeats(self, other: Evidence) -> bool:
        """Whether it is the same fact from the same side: the provider's, or a person's."""
        return self.fact == other.fact and self.is_a_persons == other.is_a_persons


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
        Declined: 7,
        Rejected: 7,
        Canceled: 7,
        Expired: 7,
        Retaken: 8,
        Bounced: 9,
    }
)
"""
How facts that carry the same time compare. Below 4 nothing is decided, and no time makes
such a fact count for more than one of a higher rank. Those of rank 1 tell of progress.
Those of 5 and 6 contradict those of 7; 8 and 9 say themselves what they come after. Of those
two the one comes last that closes what is known: what was taken bounced before it was taken
again, unless a look-up made since then says that it bounced once more. Beside a success and a
failure both they contradict each other as well.
"""


def rank_of(fact: Fact) -> int:
    """Return how much a fact counts among those of the same time; 0 if it decides nothing."""
    return RANK.get(type(fact), 0)


@attrs.frozen
class Contradiction:
    """
    A success and a failure of one thing, of which nothing tells which came last.

    Attributes:
        words: All that is said of both, by one side: the provider or people.
        decisions: What persons have decided.
    """

    words: tuple[Evidence, ...]
    decisions: tuple[Evidence, ...]

    @property
    def settled_by(self) -> Evidence | None:
        """
        The newest look-up, if it was made after the last word to the contrary; or else the
        newest decision of a person, if it was not made before.
        """
        looked_up = [each for each in self.words if each.source is EvidenceSource.LOOK_UP]
        found, decided = _newest(looked_up), _newest(self.decisions)
        if found is not None and found.recorded_at > self._last_against(found):
            return found
        if decided is not None and decided.recorded_at >= self._last_against(decided):
            return decided
        return None

    def _last_against(self, one: Evidence) -> datetime:
        times = [each.recorded_at for each in self.words if _is_success(each) != _is_success(one)]
        return max(times)


@attrs.frozen
class Belief:
    """
    What facts come to.

    Attributes:
        fact: The one that is believed; None if none is, for want of any, or of agreement.
        contradiction: Where the provider contradicts itself, settled or not.
    """

    fact: Fact | None
    contradiction: Contradiction | None = None

    @property
    def is_contradicted(self) -> bool:
        """Whether nobody can say which of two contrary facts is true."""
        return self.contradiction is not None and self.fact is None

    def would_change_by(self, evidence: Evidence) -> bool:
        """Whether a fact that is known means more now, from whom it comes."""
        if self.contradiction is None or not _may_settle(evidence):
            return False
        settled_by = self.contradiction.settled_by
        return settled_by is None or settled_by.fact != evidence.fact


def belief_in(
    facts: tuple[Evidence, ...], *, last_word: LastWord | None = None, may_contradict: bool = False
) -> Belief:
    """
    Return what the facts come to: any order of the same facts gives the same answer.

    Args:
        facts: All that counts.
        last_word: Which of a success and a failure the provider means, if it has a rule.
        may_contradict: Whether success and failure exclude each other; if not, rank decides.
    """
    if len(facts) <= 1:
        return Belief(facts[0].fact if facts else None)
    order = _Order.of(facts)
    greatest = max(facts, key=order.weight)
    words = order.words_beside(greatest)
    rivals = tuple(each for each in words if order.is_denied_by(greatest, each))
    if not may_contradict or not rivals:
        return Belief(greatest.fact)
    if order.tells_what_came_last(greatest):
        looked_up = Contradiction(words, decisions=())
        return Belief((looked_up.settled_by or greatest).fact, looked_up)
    if last_word is not None:
        is_meant = last_word is LastWord.FAILURE
        return Belief(greatest.fact if is_meant else max(rivals, key=order.weight).fact)
    contradiction = Contradiction(words, tuple(each for each in facts if _is_decision(each)))
    settled_by = contradiction.settled_by
    return Belief(settled_by.fact if settled_by else None, contradiction)


def _is_success(evidence: Evidence) -> bool:
    return _is_plain_success(evidence) or isinstance(evidence.fact, Retaken)


def _is_plain_success(evidence: Evidence) -> bool:
    return RANK[Authorized] <= rank_of(evidence.fact) < RANK[Declined]


def _is_plain_failure(evidence: Evidence) -> bool:
    return rank_of(evidence.fact) == RANK[Declined]


def _is_contrary(evidence: Evidence) -> bool:
    """Whether it is a success or a failure."""
    return rank_of(evidence.fact) >= RANK[Authorized]


def _is_decision(evidence: Evidence) -> bool:
    return evidence.is_a_persons and (
        _is_contrary(evidence) or isinstance(evidence.fact, NotAttempted)
    )


def _may_settle(evidence: Evidence) -> bool:
    is_looked_up = evidence.source is EvidenceSource.LOOK_UP and _is_contrary(evidence)
    return is_looked_up or _is_decision(evidence)


def _newest(said: Sequence[Evidence]) -> Evidence | None:
    """Return what was said last; nothing, if that contradicts itself."""
    latest = max((each.recorded_at for each in said), default=None)
    last = [each for each in said if each.recorded_at == latest]
    if len({_is_success(each) for each in last}) != 1:
        return None
    return max(last, key=lambda evidence: (_amount_of(evidence.fact), repr(evidence.fact)))


def _counts(_: Fact) -> bool:
    return True


def remembered(
    facts: tuple[Evidence, ...],
    evidence: Evidence,
    *,
    counts: Callable[[Fact], bool] = _counts,
) -> tuple[Evidence, ...]:
    """
    Add one fact to those that are known; a known one gives the same tuple back.

    Where there are too many, those go first that do not count at all, and the greatest success
    never does: no number of failures makes money forgotten.
    """
    if any(known.repeats(evidence) for known in facts):
        return facts
    return _bounded(facts, evidence, counts)


def refreshed(facts: tuple[Evidence, ...], evidence: Evidence) -> tuple[Evidence, ...]:
    """Say of a known fact that it was told anew, unless it was not told any later."""
    same = [known for known in facts if known.repeats(evidence) and known.source is evidence.source]
    if any(known.recorded_at >= evidence.recorded_at for known in same):
        return facts
    others = tuple(known for known in facts if known not in same)
    return _bounded(others, evidence, _counts)


def _bounded(
    facts: tuple[Evidence, ...], added: Evidence, counts: Callable[[Fact], bool]
) -> tuple[Evidence, ...]:
    if len(facts) < MOST_FACTS:
        return (*facts, added)
    known = (*facts, added)
    weight = _Order.of(known).weight

    def worth(each: Evidence) -> tuple[bool, Weight]:
        return counts(each.fact), weight(each)

    success = max(filter(_is_plain_success, known), key=worth, default=None)
    least = min((each for each in known if each is not success), key=worth)
    if least is added:
        return facts
    return (*(each for each in facts if each is not least), added)


@attrs.frozen
class _Told:
    """What a fact says, as text that is written only where nothing else tells two facts apart."""

    fact: Fact

    def __lt__(self, other: _Told) -> bool:
        return repr(self.fact) < repr(other.fact)


@attrs.frozen
class _Order:
    """
    How much each of some facts counts among them.

    Attributes:
        facts: All of them.
        won: When the success happened that a bounce without a time undoes.
        lost: When the failure happened that money came after, where it was taken again.
        last: Which of a bounce and money that was taken again came last, where both are said
            of one time: after a success it was taken again, and else it bounced. None if a
            failure is known as well, so that nobody can tell.
    """

    facts: tuple[Evidence, ...]
    won: datetime
    lost: datetime
    last: type[Bounced | Retaken] | None

    @classmethod
    def of(cls, facts: tuple[Evidence, ...]) -> _Order:
        """Tell by the plain successes and failures: the provider's, or else people's."""
        plain = tuple(each for each in facts if _is_plain_success(each) or _is_plain_failure(each))
        plain = tuple(each for each in plain if not each.is_a_persons) or plain
        wins = tuple(filter(_is_plain_success, plain))
        losses = tuple(filter(_is_plain_failure, plain))
        bounces = tuple(each for each in facts if isinstance(each.fact, Bounced))
        retaken = tuple(each for each in facts if isinstance(each.fact, Retaken))
        won = _latest(wins) if wins else max(_latest(losses), _latest(retaken))
        lost = _latest(losses) if losses else max(won, _latest(bounces))
        if wins and losses:
            return cls(facts, won, lost, None)
        return cls(facts, won, lost, Retaken if wins else Bounced)

    def weight(self, evidence: Evidence) -> Weight:
        """Return what facts are compared by, the greatest counts."""
        fact, rank = evidence.fact, rank_of(evidence.fact)
        return (
            min(rank, RANK[NotAttempted]),
            not evidence.is_a_persons,
            fact.occurred_at or self._assumed_time(evidence),
            fact.sequence or 0,
            rank + 2 * self.tells_what_came_last(evidence),
            _amount_of(fact),
            _Told(fact),
        )

    def _assumed_time(self, evidence: Evidence) -> datetime:
        """
        Tell when what has no time is taken to have happened.

        A bounce came after the success that it undoes, and money that was taken again after
        the failure. A word on progress is as new as we heard it for the first time; nothing
        that decides depends on when we heard.
        """
        match evidence.fact:
            case Bounced():
                return self.won
            case Retaken():
                return self.lost
            case Pending() | ActionRequired() | Approved():
                return evidence.recorded_at
            case _:
                return BEGINNING

    def words_beside(self, greatest: Evidence) -> tuple[Evidence, ...]:
        """Return all successes and failures that nothing tells from the greatest but their rank."""
        moment = self.weight(greatest)[:4]
        return tuple(
            each for each in self.facts if self.weight(each)[:4] == moment and _is_contrary(each)
        )

    def is_denied_by(self, greatest: Evidence, other: Evidence) -> bool:
        """Whether both cannot be the end: what a fact says it came after, it does not deny."""
        match greatest.fact, other.fact:
            case (Bounced(), Retaken()) | (Retaken(), Bounced()):
                return True
            case _:
                return _is_plain_failure(greatest) and _is_plain_success(other)

    def tells_what_came_last(self, greatest: Evidence) -> bool:
        """Whether it is known of a fact what it came after, and so that it came last."""
        return self.last is not None and isinstance(greatest.fact, self.last)


def _latest(facts: tuple[Evidence, ...]) -> datetime:
    """Return the provider's newest time of some facts; a person's moves none of its."""
    told = [each.fact for each in facts if not each.is_a_persons]
    return max((fact.occurred_at or BEGINNING for fact in told), default=BEGINNING)


def amount_in(fact: Fact) -> Money | None:
    """Return how much a fact says was held, taken, released or given back, if it says so."""
    match fact:
        case (
            Authorized(amount)
            | Captured(amount)
            | Voided(amount)
            | Refunded(amount)
            | Retaken(amount)
        ):
            return amount
        case _:
            return None


def uncounted(evidence: Evidence) -> Evidence:
    """Keep of a fact what it says of an amount, as text, where that cannot be counted."""
    fact = evidence.fact
    told = Unreadable(
        str(amount_in(fact) or type(fact).__name__),
        references=fact.references,
        occurred_at=fact.occurred_at,
        sequence=fact.sequence,
    )
    return attrs.evolve(evidence, fact=told)


def _amount_of(fact: Fact) -> int:
    """A provider's amounts are whole: of two the greater is the later one."""
    amount = amount_in(fact)
    return 0 if amount is None else amount.minor


def refusal_of(fact: Fact) -> Failure | None:
    """Why nothing moved, if the fact says that nothing did."""
    match fact:
        case Declined(failure) | Rejected(failure) | Bounced(failure):
            return failure
        case NotAttempted():
            return Failure(FailureCode.PROCESSING_ERROR, raw_code="not_attempted")
        case _:
            return None
