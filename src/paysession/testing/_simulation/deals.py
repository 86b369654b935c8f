"""What a simulated provider keeps: deals, the movements of their money, the requests for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from paysession._money import Currency, Money
from paysession.gateways.requests import Request
from paysession.outcomes import ActionRequired, Fact, Outcome, Pending, References, Retaken
from paysession.testing._invariants.history import Effect, EffectKind

_DOLLAR: Final = Currency.of("USD")


class DealStatus(StrEnum):
    """Where a deal stands, as its provider sees it."""

    OPEN = "open"
    WAITING = "waiting"
    """The customer must act."""
    APPROVED = "approved"
    """The customer has, and we must complete it."""
    WORKING = "working"
    """The provider has not decided yet."""
    PAID = "paid"
    CLOSED = "closed"
    """Nothing came of it."""


class MoveStatus(StrEnum):
    """Where a movement of money stands, as its provider sees it."""

    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"


@attrs.define(eq=False, kw_only=True)
class Move:
    """
    One movement of a deal's money that was asked for, or made at the provider itself.

    Attributes:
        kind: What it does to the money.
        reference: The provider's id of it.
        minor: How much, in the deal's minor unit.
        job: The request for it; none where it was made at the provider.
        is_final: Whether it releases what it leaves.
        status: Where it stands.
        said: What is true of it, in the order in which that came about.
        effects: What it did.
        let_go: What was let go when it came undone, if it was not held again.
    """

    kind: EffectKind
    reference: str
    minor: int
    job: Job | None
    is_final: bool = False
    status: MoveStatus = MoveStatus.WORKING
    said: list[Fact] = attrs.field(factory=list[Fact])
    effects: list[Effect] = attrs.field(factory=list[Effect])
    let_go: Effect | None = None

    @property
    def was_retaken(self) -> bool:
        """Whether it had come undone, and was done again."""
        return any(isinstance(each, Retaken) for each in self.said)


@attrs.define(eq=False, kw_only=True)
class Case:
    """
    A customer's dispute.

    Attributes:
        minor: What it is about, in the deal's minor unit.
        status: Where it stands.
        is_withdrawn: Whether its money was taken from us.
    """

    minor: int
    status: str = ""
    is_withdrawn: bool = False


@attrs.define(eq=False, kw_only=True)
class Job:
    """
    One request of ours that has arrived.

    Attributes:
        request: What was asked.
        at: When it arrived.
        deal: What it is about; none where the provider knows nothing of it.
        answer: What it is answered, again and again where keys are honoured.
        said: What is true of it, in the order in which that came about.
        move: The movement that it asked for, if it asked for one.
    """

    request: Request[Any]
    at: datetime
    deal: Deal | None
    answer: Outcome
    said: list[Fact] = attrs.field(factory=list[Fact])
    move: Move | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it is not decided yet."""
        return isinstance(self.said[-1] if self.said else self.answer, Pending | ActionRequired)


@attrs.define(eq=False, kw_only=True)
class Deal:
    """
    A session or charge, and all its money.

    Attributes:
        id: The provider's id of the session or charge.
        our_id: Our id of the session, setup session or payment.
        currency: Of all its money.
        minor: What is to be paid.
        takes_at_once: Whether it is taken at once, or held first.
        stores: Whether it stores a source, and takes no money.
        is_session: Whether a customer pays in it; a charge is made without one.
        expires_at: When nobody can pay any more.
        status: Where it stands.
        authorization: The provider's id of what is held; it may be replaced.
        capture: The provider's id of what was taken at once.
        paid: The newest word on the whole of its money.
        jobs: The requests for its money.
        watching: The requests to close it, which are told what becomes of it.
        moves: Movements of its money after it was paid.
        effects: What has happened to its money.
        asides: What has happened to it though no request of ours asked for it.
        lapsed: How much of it was let go.
        disputes: What customers dispute of it, by the provider's id of that.
    """

    id: str
    our_id: str
    currency: Currency = _DOLLAR
    minor: int = 0
    takes_at_once: bool = False
    stores: bool = False
    is_session: bool = True
    expires_at: datetime | None = None
    status: DealStatus = DealStatus.OPEN
    authorization: str = ""
    capture: str = ""
    paid: Fact | None = None
    jobs: list[Job] = attrs.field(factory=list[Job])
    watching: list[Job] = attrs.field(factory=list[Job])
    moves: list[Move] = attrs.field(factory=list[Move])
    effects: list[Effect] = attrs.field(factory=list[Effect])
    asides: list[Fact] = attrs.field(factory=list[Fact])
    lapsed: int = 0
    disputes: dict[str, Case] = attrs.field(factory=dict[str, Case])

    @property
    def is_open(self) -> bool:
        """Whether it may still be paid."""
        return self.status not in (DealStatus.PAID, DealStatus.CLOSED)

    @property
    def has_come_undone(self) -> bool:
        """Whether its money was taken in one step, and is not there any more."""
        undone = (each.reference for each in self.moves if each.status is MoveStatus.UNDONE)
        return self.capture in undone

    def move(self, reference: str) -> Move | None:
        """Return the movement of its money that has this id."""
        return next((each for each in self.moves if each.reference == reference), None)

    def total(self, kind: EffectKind) -> int:
        """Return how much has happened so, and has not come undone."""
        return sum(
            each.amount.minor for each in self.effects if each.kind is kind and not each.undone
        )

    def asked(self, kind: EffectKind) -> int:
        """Return how much is being asked for, and not decided."""
        return sum(
            each.minor
            for each in self.moves
            if each.kind is kind and each.status is MoveStatus.WORKING
        )

    @property
    def held(self) -> int:
        """What is still held, asked for or not."""
        kinds = EffectKind
        return self.total(kinds.HELD) - self.total(kinds.TAKEN) - self.total(kinds.RELEASED)

    @property
    def takeable(self) -> int:
        """What may still be taken or released."""
        return self.held - self.asked(EffectKind.TAKEN) - self.asked(EffectKind.RELEASED)

    @property
    def returnable(self) -> int:
        """What may still be given back."""
        kinds = EffectKind
        gone = self.total(kinds.GIVEN_BACK) + self.asked(kinds.GIVEN_BACK)
        return self.total(kinds.TAKEN) - gone

    def money(self, minor: int) -> Money:
        """Return an amount of its currency."""
        return Money.from_minor(minor, self.currency)

    @property
    def references(self) -> References:
        """The provider's ids of it, as far as there are any."""
        session = self.id if self.is_session else None
        return References.of(session=session, authorization=self.authorization or None)
