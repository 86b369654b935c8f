"""
A chargeback or inquiry against a payment, as those who decide it tell of it.

Where it stands and what became of the money are told apart, in any order: a bank may take the
money long before it decides, and give it back long after. While nothing is decided the money
is withheld, and once the dispute is lost it is lost. After an appeal it is withheld again.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Self

import attrs

from paysession._domain.balances import NO_EFFECT, Column, Effect
from paysession._domain.recorded import Recorded, came_back_in_excess, newest, still_gone
from paysession._money import Money
from paysession.events import FundsLost, FundsReturned, FundsWithheld, MovementEvent
from paysession.lifecycles import DISPUTE, DisputeStatus
from paysession.outcomes import DisputeChanged, FundsWithdrawn

_KNOWN_WORDS = frozenset(str(status) for status in DisputeStatus)
_UNDECIDED = frozenset(
    {DisputeStatus.INQUIRY, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW}
)


@attrs.frozen(kw_only=True)
class Dispute(Recorded):
    """
    A chargeback or inquiry against a payment.

    Attributes:
        gateway: Name of the gateway that tells of it.
        amount: What it is about: as the provider says, or else what was withdrawn. It is zero
            while nobody says, and may be less than the payment.
    """

    gateway: str

    @property
    def status(self) -> DisputeStatus:
        """Where it stands: an inquiry, while nobody says more."""
        believed = self._believed
        return DISPUTE.initial if believed is None else DisputeStatus(believed.status)

    @property
    def respond_by(self) -> datetime | None:
        """Until when evidence must be handed in, if the newest word on its status says so."""
        return None if self._believed is None else self._believed.respond_by

    @property
    def raw_status(self) -> str | None:
        """The provider's newest word on where it stands, though it may be one we do not know."""
        match newest(self.facts, DisputeChanged):
            case DisputeChanged(status):
                return status
            case _:
                return None

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet; a verdict may still be appealed."""
        return self.status in _UNDECIDED

    @property
    def withheld(self) -> Money:
        """What is kept from us until it is decided, or until it is given back."""
        return self._nothing if self._is_lost else self._gone

    @property
    def lost(self) -> Money:
        """What is lost by it."""
        return self._gone if self._is_lost else self._nothing

    @property
    def effect(self) -> Effect:
        """It keeps money from us, or has cost it."""
        column: Column = "lost" if self._is_lost else "withheld"
        return {column: self._gone} if self._gone else NO_EFFECT

    @property
    def amiss(self) -> tuple[Money, Money] | None:
        """What was withdrawn and what has come back, where that is more."""
        return came_back_in_excess(self.facts, self._nothing)

    @property
    def moved_amount(self) -> Money:
        """What is withheld or lost by it."""
        return self._gone

    def tells(self, before: Effect) -> tuple[type[MovementEvent], Money]:
        """Money came back, or else it is withheld or lost: then all of it is told."""
        was_gone = before.get("withheld") or before.get("lost") or self._nothing
        if was_gone > self._gone:
            return FundsReturned, was_gone - self._gone
        return FundsLost if self._is_lost else FundsWithheld, self._gone

    def _restated(self) -> Self:
        stated = tuple(
            each
            for each in self.facts
            if isinstance(each.fact, DisputeChanged) and each.fact.amount is not None
        )
        match newest(stated, DisputeChanged) or newest(self.facts, FundsWithdrawn):
            case DisputeChanged(amount=Money() as amount) | FundsWithdrawn(amount):
                return attrs.evolve(self, amount=amount)
            case _:
                return self

    @property
    def _believed(self) -> DisputeChanged | None:
        """The newest word that we know: others are kept, and move nothing."""
        words = tuple(
            each
            for each in self.facts
            if isinstance(each.fact, DisputeChanged) and each.fact.status in _KNOWN_WORDS
        )
        match newest(words, DisputeChanged):
            case DisputeChanged() as word:
                return word
            case _:
                return None

    @property
    def _is_lost(self) -> bool:
        return self.status is DisputeStatus.LOST

    @property
    def _gone(self) -> Money:
        return still_gone(self.facts, self._nothing)


def path_between(old: DisputeStatus, new: DisputeStatus) -> tuple[DisputeStatus, ...]:
    """Return the statuses after `old` on the shortest way to `new` in the chart of a dispute."""
    ways: deque[tuple[DisputeStatus, ...]] = deque([(old,)])
    while ways[0][-1] is not new:
        way = ways.popleft()
        exits = dict.fromkeys(DISPUTE.transitions[way[-1]].values())
        ways.extend((*way, status) for status in exits if status not in way)
    return ways[0][1:]
