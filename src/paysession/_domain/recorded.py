"""
What a provider did by itself, and how what is known of it follows from the facts.

As with operations, what counts is a function of the set of facts, never of their order. Among
facts of one kind, and among those that take each other back, the newest counts: by the
provider's own time, then by its own sequence, then by a fixed order of what they say.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Self

import attrs

from paysession._domain.balances import Effect
from paysession._domain.entities import Record
from paysession._domain.evidence import BEGINNING, Evidence, remembered
from paysession._domain.operations import Origin
from paysession._money import Money
from paysession.events import MovementEvent
from paysession.lifecycles import DisputeStatus
from paysession.outcomes import (
    NO_REFERENCES,
    AuthorizationChanged,
    AuthorizationLapsed,
    DisputeChanged,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    References,
)

_TAKES_BACK = (AuthorizationLapsed, FundsReinstated)
"""Facts that come after what they take back, where no time says otherwise."""

_ORDER_OF_STATUSES: Mapping[str, int] = MappingProxyType(
    {
        DisputeStatus.INQUIRY: 1,
        DisputeStatus.NEEDS_RESPONSE: 2,
        DisputeStatus.UNDER_REVIEW: 3,
        DisputeStatus.CLOSED: 4,
        DisputeStatus.WON: 5,
        DisputeStatus.LOST: 6,
    }
)
"""How the words on a dispute compare, where no time says which is newer."""


def newest(facts: tuple[Evidence, ...], *kinds: type) -> Fact | None:
    """Return the newest fact of these kinds: any order of the same facts gives the same."""
    told = [each.fact for each in facts if isinstance(each.fact, kinds)]
    if len(told) <= 1:
        return told[0] if told else None
    last = max(map(_age, told))
    return max((fact for fact in told if _age(fact) == last), key=repr)


def _age(fact: Fact) -> tuple[datetime, int, int, int]:
    when = fact.occurred_at or BEGINNING
    return when, fact.sequence or 0, _rank_of(fact), _amount_of(fact)


def _rank_of(fact: Fact) -> int:
    if isinstance(fact, DisputeChanged):
        return _ORDER_OF_STATUSES.get(fact.status, 0)
    return int(isinstance(fact, _TAKES_BACK))


def _amount_of(fact: Fact) -> int:
    """A provider's amounts are whole: of two the greater is the later one."""
    match fact:
        case (
            AuthorizationChanged(amount)
            | AuthorizationLapsed(amount)
            | FundsWithdrawn(amount)
            | FundsReinstated(amount)
        ):
            return amount.minor
        case _:
            return 0


def still_gone(facts: tuple[Evidence, ...], nothing: Money) -> Money:
    """
    Return what was withdrawn and has not come back.

    A newer withdrawal is a new cycle: what came back before it says nothing of it.
    """
    match newest(facts, FundsWithdrawn), newest(facts, FundsWithdrawn, FundsReinstated):
        case FundsWithdrawn(withdrawn), FundsReinstated(returned):
            return max(nothing, withdrawn - returned)
        case FundsWithdrawn(withdrawn), _:
            return withdrawn
        case _:
            return nothing


def came_back_in_excess(facts: tuple[Evidence, ...], nothing: Money) -> tuple[Money, Money] | None:
    """Return what was withdrawn and what came back of it, where that is more; None if not."""
    match newest(facts, FundsWithdrawn), newest(facts, FundsWithdrawn, FundsReinstated):
        case FundsWithdrawn(withdrawn), FundsReinstated(returned) if returned > withdrawn:
            return withdrawn, returned
        case None, FundsReinstated(returned):
            return nothing, returned
        case _:
            return None


@attrs.frozen(kw_only=True)
class Recorded(Record):
    """
    A movement that a provider made by itself.

    Attributes:
        payment_id: The payment it belongs to.
        amount: The provider's amount.
        references: The provider's ids of it.
        facts: The distinct facts that change it, by kind in the order they were heard.
        origin: Why it exists.
    """

    payment_id: str
    amount: Money
    references: References = NO_REFERENCES
    facts: tuple[Evidence, ...] = ()
    origin: Origin = Origin.PROVIDER

    @property
    def is_open(self) -> bool:
        """It has happened."""
        return False

    @property
    @abstractmethod
    def effect(self) -> Effect:
        """What it adds to the payment's balances."""

    @property
    @abstractmethod
    def moved_amount(self) -> Money:
        """How much of it stands."""

    @property
    @abstractmethod
    def amiss(self) -> tuple[Money, Money] | None:
        """What there was at most, and what was told of it, where both cannot be."""

    @abstractmethod
    def tells(self, before: Effect) -> tuple[type[MovementEvent], Money]:
        """How the payment tells of it, and of how much, where its effect was another before."""

    def observed(self, evidence: Evidence) -> Self:
        """Add one fact; a fact that is known already changes nothing."""
        facts = _with(self.facts, evidence)
        if facts is self.facts:
            return self
        after = attrs.evolve(
            self,
            facts=facts,
            references=self.references | evidence.fact.references,
            updated_at=max(self.updated_at, evidence.recorded_at),
            changed=True,
        )
        return after._restated()

    @abstractmethod
    def _restated(self) -> Self:
        """Let its fields follow the facts."""

    @property
    def _nothing(self) -> Money:
        return Money.zero(self.amount.currency)


def _with(facts: tuple[Evidence, ...], added: Evidence) -> tuple[Evidence, ...]:
    """Each kind is bounded by itself: no number of words makes money forgotten."""
    kind = type(added.fact)
    alike = tuple(each for each in facts if type(each.fact) is kind)
    known = remembered(alike, added)
    if known is alike:
        return facts
    return (*(each for each in facts if type(each.fact) is not kind), *known)
