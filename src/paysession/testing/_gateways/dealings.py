"""
What a provider may have done, by what it was asked and what it answered.

Whoever asks knows of some operations that they were done, of some that they were not, and of
the rest neither. So there is a least and a most that the provider's books can say; and what is
told later may settle what was open, and may not contradict what was settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias

import attrs

from paysession._money import Money
from paysession.gateways import CancelRefundRequest, CreateSessionRequest, RefundRequest, Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    NO_REFERENCES,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Outcome,
    References,
    Rejected,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.occasions import DONE

Range: TypeAlias = tuple[Money, Money]
"""The least that there must be of something, and the most that there may be."""

PAYING: Final[tuple[Method, ...]] = ("create_session", "complete_session", "charge")
"""What a sale is paid by: once, by whichever of them does it."""


class Standing(StrEnum):
    """What is known of an operation."""

    OPEN = "it may have been done"
    DONE = "it was done"
    UNDONE = "it was not done, and will not be"
    UNTRIED = "it was not done, unless it is asked for again"


@attrs.define(eq=False)
class Dealing:
    """
    One operation, and what is known of it.

    Attributes:
        request: What was asked.
        asked: How much that is to move.
        standing: Whether it did.
        fact: What says so.
    """

    request: Request[Any]
    asked: Money
    standing: Standing = Standing.OPEN
    fact: Outcome | Fact | None = None

    @property
    def amount(self) -> Money:
        """How much it moves: by what the provider says, or else by what it was asked."""
        told: Money | None = getattr(self.fact, "amount", None)
        return told or self.asked

    @property
    def may_be_done(self) -> bool:
        """Whether nobody knows that it was not."""
        return self.standing in (Standing.OPEN, Standing.DONE)

    @property
    def references(self) -> References:
        """The provider's ids of it, if they were told."""
        return NO_REFERENCES if self.fact is None else self.fact.references

    def is_answered(self, answer: Outcome, bench: Bench) -> None:
        """Believe what its call answers: it says what that call did, and not what another did."""
        if self.fact is None or self.standing is Standing.UNTRIED:
            was_tried = not isinstance(answer, NotAttempted | Rejected)
            self.standing = Standing.OPEN if was_tried else Standing.UNTRIED
            self.fact = answer
        self.is_told(answer, bench)

    def is_told(self, fact: Outcome | Fact, bench: Bench) -> None:
        """Believe what is told of it, unless that contradicts what was told before."""
        standing = self._told_by(fact)
        if standing is Standing.OPEN:
            return
        was_done, is_done = (each is Standing.DONE for each in (self.standing, standing))
        is_other = self.standing is not Standing.OPEN and was_done is not is_done
        if is_other or (type(self.fact) is type(fact) and not _as_much(self.fact, fact)):
            self._is_contradicted(fact, bench)
        self.standing, self.fact = standing, fact
        if self.amount.currency != self.asked.currency:
            what = f"what is told of {self.request.method} {self.request.key!r}"
            bench.broken(what, self.asked, fact)

    def is_not_found(self, bench: Bench) -> None:
        """Believe that it did not happen, unless it is known that it did."""
        if self.standing is Standing.DONE:
            self._is_contradicted((), bench)
        if self.standing is Standing.OPEN:
            self.standing = Standing.UNTRIED

    def _told_by(self, fact: Outcome | Fact) -> Standing:
        if type(fact) in DONE[self.request.method]:
            return Standing.DONE
        is_refused = isinstance(fact, Declined | Canceled | Expired)
        return Standing.UNDONE if is_refused else Standing.OPEN

    def _is_contradicted(self, fact: object, bench: Bench) -> NoReturn:
        __tracebackhide__ = True
        what = f"what is told of {self.request.method} {self.request.key!r}, and was told before"
        bench.broken(what, self.fact, fact)


@attrs.define(eq=False)
class Sale:
    """
    What a customer is to pay, in a session or by a charge, and all that was asked about it.

    Attributes:
        amount: How much that is.
        takes: Whether it is to be taken at once.
        dealings: The operations, in order.
        references: The provider's ids of it, as far as they are known.
        customer_pays: Whether the customer pays by himself, once it is open.
    """

    amount: Money
    takes: bool
    dealings: list[Dealing] = attrs.field(factory=list[Dealing])
    references: References = NO_REFERENCES
    customer_pays: bool = attrs.field(default=False, kw_only=True)

    @property
    def session(self) -> CreateSessionRequest | None:
        """The session that it is made in, if the provider has named one."""
        opening = self.dealings[0].request
        is_named = bool(self.references.entries)
        return opening if isinstance(opening, CreateSessionRequest) and is_named else None

    def of(self, *methods: Method) -> list[Dealing]:
        """Return the operations of these methods."""
        return [each for each in self.dealings if each.request.method in methods]

    @property
    def refunds(self) -> list[tuple[RefundRequest, References]]:
        """The refunds that can be called off, and by what ids they are known."""
        return [
            (each.request, each.references)
            for each in self.dealings
            if isinstance(each.request, RefundRequest) and each.may_be_done
        ]

    def learn(self, bench: Bench) -> None:
        """Note what follows from what was told: ids, and what was put an end to."""
        for each in self.of(*PAYING, "close_session", "capture"):
            self.references |= each.references
        for ending in self.of("close_session", "cancel_refund"):
            if ending.standing is Standing.DONE and ending.fact is not None:
                for each in self._ended_by(ending.request):
                    each.is_told(ending.fact, bench)

    def _ended_by(self, request: Request[Any]) -> list[Dealing]:
        """Return what comes to nothing when this is done: a refund, or all that was to pay."""
        if isinstance(request, CancelRefundRequest):
            refunds = self.of("refund")
            return [each for each in refunds if each.request.operation_id == request.refund_id]
        return self.of("complete_session")

    def bounds(self, *, first_capture_closes: bool) -> Mapping[str, Range]:
        """Return between what the provider's books must be, part by part."""
        nothing = self.amount * 0
        captures, voids = self.of("capture"), self.of("void")
        taken, captured = self._paid(Captured), _moved(captures, nothing)
        closes = first_capture_closes and any(each.may_be_done for each in captures)
        # What is held no more is answered as released, however often that is asked for.
        released = max(
            (each.amount for each in voids if each.standing is Standing.DONE), default=nothing
        )
        _, most_released = _moved(voids, self.amount if closes else nothing)
        return MappingProxyType(
            {
                "held": self._paid(Authorized, Captured),
                "taken": (taken[0] + captured[0], taken[1] + captured[1]),
                "released": (released, most_released),
                "given_back": _moved(self.of("refund"), nothing),
            }
        )

    def _paid(self, *kinds: type[Authorized | Captured]) -> Range:
        """Return how much was paid: once, however often that was asked for."""
        told = [each for each in self.of(*PAYING, "close_session") if type(each.fact) in kinds]
        amounts = [each.amount for each in told]
        if amounts:
            return min(amounts), max(amounts)
        is_open = self.customer_pays or any(
            each.standing is Standing.OPEN for each in self.of(*PAYING)
        )
        may_be = is_open and (self.takes or Authorized in kinds)
        return self.amount * 0, self.amount if may_be else self.amount * 0


def _moved(dealings: Iterable[Dealing], nothing: Money) -> Range:
    """Return how much was moved by operations of which each moves its own."""
    least = most = nothing
    for each in dealings:
        least += each.amount if each.standing is Standing.DONE else nothing * 0
        most += each.amount if each.may_be_done else nothing * 0
    return least, most


def _as_much(one: object, other: object) -> bool:
    return getattr(one, "amount", None) == getattr(other, "amount", None)
