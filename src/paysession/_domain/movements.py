"""
Movements of one payment's money, each with its effect on the payment's balances.

Captures, voids and refunds are operations: we ask for them, or they are made at the provider
without us. Authorizations, reversals and disputes are what a provider did. A payment
carries the sum of the effects of all of them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self, TypeAlias

import attrs

from paysession._domain.balances import NO_EFFECT, Column, Effect
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence
from paysession._domain.limits import Metadata
from paysession._domain.operations import Operation, Origin
from paysession._domain.recorded import Recorded, came_back_in_excess, newest, still_gone
from paysession._money import Money
from paysession.events import (
    CaptureFailed,
    CapturePending,
    CaptureRequested,
    FundsReturned,
    MovementEvent,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentLapsed,
    PaymentRefunded,
    PaymentReversed,
    PaymentVoided,
    RefundCanceled,
    RefundFailed,
    RefundPending,
    RefundRequested,
    VoidFailed,
    VoidPending,
    VoidRequested,
)
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    Accepted,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Canceled,
    Captured,
    Fact,
    FundsWithdrawn,
    Refunded,
    Retaken,
    Voided,
)

Told: TypeAlias = Mapping[OperationStatus, type[MovementEvent]]
"""How the payment tells of an operation, by where that stands."""

_UNASKED = frozenset({Origin.ATTEMPT, Origin.PERSON, Origin.PROVIDER})
"""Why there are operations that nobody asked for by themselves."""

_MOVED = Captured | Voided | Refunded | Retaken


class RefundReason(StrEnum):
    """Why money goes back."""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    UNDERPAID = "underpaid"
    LATE = "late"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Authorization(Recorded):
    """
    Money held for us.

    What the provider says of it afterwards is whole, too: all that is authorized now, what
    was captured of it included, and all of that which it let go so far.

    Attributes:
        amount: The most that the provider said when it came.
        expires_at: Until when, if the provider says so.
    """

    expires_at: datetime | None = None

    @property
    def effect(self) -> Effect:
        """It is held; what was taken off it by the provider has lapsed."""
        held: Effect = {"authorized": self._most}
        return {**held, "lapses": self._lapsed} if self._lapsed else held

    @property
    def moved_amount(self) -> Money:
        """What is authorized by it now, what was captured included."""
        match newest(self.facts, AuthorizationChanged, AuthorizationLapsed):
            case AuthorizationLapsed(gone):
                return max(self._nothing, self._stated - gone)
            case _:
                return self._stated

    @property
    def amiss(self) -> tuple[Money, Money] | None:
        """What was held at most, where less than nothing is said to be, or more has lapsed."""
        match newest(self.facts, AuthorizationChanged, AuthorizationLapsed):
            case AuthorizationChanged(amount) if amount < self._nothing:
                return self._nothing, amount
            case AuthorizationLapsed(gone) if gone > self._stated:
                return self._stated, gone
            case _:
                return None

    @property
    def _stated(self) -> Money:
        """The provider's newest word on all of it, before any of that lapsed."""
        match newest(self.facts, AuthorizationChanged):
            case AuthorizationChanged(amount):
                return max(self._nothing, amount)
            case _:
                return self.amount

    @property
    def _most(self) -> Money:
        return max(self.amount, self._stated)

    @property
    def _lapsed(self) -> Money:
        return self._most - self.moved_amount

    def tells(self, before: Effect) -> tuple[type[MovementEvent], Money]:
        """Less of it is held than before, or else this much is."""
        if self._lapsed > before.get("lapses", self._nothing):
            return PaymentLapsed, self._lapsed
        return PaymentAuthorized, self.moved_amount

    def _restated(self) -> Self:
        """The newest end that was told is its end."""
        ends = tuple(each for each in self.facts if _end_of(each.fact) is not None)
        last = newest(ends, AuthorizationChanged)
        return self if last is None else attrs.evolve(self, expires_at=_end_of(last))


def _end_of(fact: Fact) -> datetime | None:
    return fact.expires_at if isinstance(fact, AuthorizationChanged) else None


@attrs.frozen(kw_only=True)
class Reversal(Recorded):
    """
    Taken money that was taken back from us, though no dispute was told of.

    Attributes:
        amount: All that was withdrawn, whatever came back since.
    """

    @property
    def effect(self) -> Effect:
        """It is lost, as far as it has not come back."""
        return {"lost": self.moved_amount} if self.moved_amount else NO_EFFECT

    @property
    def amiss(self) -> tuple[Money, Money] | None:
        """What was withdrawn and what has come back, where that is more."""
        return came_back_in_excess(self.facts, self._nothing)

    @property
    def moved_amount(self) -> Money:
        """What is lost by it."""
        return still_gone(self.facts, self._nothing)

    def tells(self, before: Effect) -> tuple[type[MovementEvent], Money]:
        """Money came back, or else this much is lost."""
        was_lost = before.get("lost", self._nothing)
        if was_lost > self.moved_amount:
            return FundsReturned, was_lost - self.moved_amount
        return PaymentReversed, self.moved_amount

    def _restated(self) -> Self:
        match newest(self.facts, FundsWithdrawn):
            case FundsWithdrawn(amount):
                return attrs.evolve(self, amount=amount)
            case _:
                return self


@attrs.frozen(kw_only=True)
class MovementOperation(Operation):
    """
    A movement that we ask for.

    Attributes:
        payment_id: The payment it belongs to.
        amount: What it is about.
        metadata: The backend's own notes, sent along.
    """

    told: ClassVar[Told]
    done_by: ClassVar[type]

    payment_id: str
    amount: Money
    metadata: Metadata = attrs.field(factory=Metadata, repr=False)

    @property
    def owner_id(self) -> str:
        """The payment that tells its events."""
        return self.payment_id

    @property
    def asked(self) -> Money:
        """How much is to be moved."""
        return self.amount

    @property
    def event(self) -> type[MovementEvent]:
        """How the payment tells where it stands."""
        return self.told[self.status]

    def tells(self, before: Effect) -> tuple[type[MovementEvent], Money]:
        """How the payment tells where it stands, and about how much."""
        del before
        return self.event, self.moved_amount

    def _is_told_by(self, fact: Fact) -> bool:
        """Only its own kind of success says that it succeeded."""
        is_success = isinstance(fact, Accepted | Authorized | Captured | Voided | Refunded)
        return isinstance(fact, self.done_by) if is_success else super()._is_told_by(fact)

    def _status_by(self, fact: Fact) -> OperationStatus:
        if not self._is_told_by(fact):
            return OperationStatus.REQUESTED
        return super()._status_by(fact)

    @property
    def moved_amount(self) -> Money:
        """What the provider says it moved, or else what was asked for."""
        match self.believed:
            case Captured(amount) | Voided(amount) | Refunded(amount) | Retaken(amount):
                return amount
            case _:
                return self._most

    @property
    def was_asked_for(self) -> bool:
        """Whether its amount is what was asked, and not what was told first."""
        return self.origin not in _UNASKED

    def observed(self, evidence: Evidence) -> Self:
        """Add one fact; of what we did not ask for, the most that was told is its amount."""
        after = super().observed(evidence)
        if after is self or self.origin is not Origin.PROVIDER:
            return after
        return attrs.evolve(after, amount=after._most)

    @property
    def _most(self) -> Money:
        """What was asked for; of what nobody asked for by itself, the most that was told."""
        if self.was_asked_for:
            return self.amount
        told = (each.fact for each in self.facts if not self.cannot_count(each.fact))
        moved = (fact.amount for fact in told if isinstance(fact, _MOVED))
        return max((self.amount, *moved))

    @property
    @abstractmethod
    def effect(self) -> Effect:
        """What it adds to the payment's balances."""


@attrs.frozen(kw_only=True)
class Capture(MovementOperation):
    """
    Held money that is taken.

    Attributes:
        is_final: Whether what it leaves is released.
        releases: What it is to leave, as it was when it was asked for, if it is final.
        over: How much more than was held it asks for, as the gateway lets us; None for nothing.
    """

    done_by: ClassVar[type] = Captured
    told: ClassVar[Told] = {
        OperationStatus.REQUESTED: CaptureRequested,
        OperationStatus.PENDING: CapturePending,
        OperationStatus.SUCCEEDED: PaymentCaptured,
        OperationStatus.FAILED: CaptureFailed,
    }

    is_final: bool = False
    releases: Money
    over: Money | None = None

    @property
    def effect(self) -> Effect:
        """It is taken; while nobody knows it is in flight."""
        if not (self.succeeded or self.is_open):
            return {"undone": self._most} if self.came_in_one_step else NO_EFFECT
        if self.succeeded:
            moves = self._moves("captured", "closed", self.moved_amount)
        else:
            moves = self._moves("capture_in_flight", "closing", self._most)
        return {**moves, "over": self._over} if self._over else moves

    def _moves(self, column: Column, closing: Column, amount: Money) -> Effect:
        """What came in one step leaves what it was, and a capture that is final leaves nothing."""
        if not self.came_in_one_step:
            return {column: amount, closing: amount} if self.is_final else {column: amount}
        undone = self._most - amount
        return {column: amount, "undone": undone} if undone else {column: amount}

    @property
    def _over(self) -> Money | None:
        """How much more than was held it takes, and no more of that than it asked for."""
        if self.over is None or self.moved_amount + self.over <= self.amount:
            return None
        return min(self.over, self.moved_amount + self.over - self.amount)

    @property
    def came_in_one_step(self) -> bool:
        """Whether it was taken with an attempt or charge, and never asked for by itself."""
        return self.origin in (Origin.ATTEMPT, Origin.PERSON)


@attrs.frozen(kw_only=True)
class Void(MovementOperation):
    """Held money that is released."""

    done_by: ClassVar[type] = Voided
    told: ClassVar[Told] = {
        OperationStatus.REQUESTED: VoidRequested,
        OperationStatus.PENDING: VoidPending,
        OperationStatus.SUCCEEDED: PaymentVoided,
        OperationStatus.FAILED: VoidFailed,
    }

    @property
    def effect(self) -> Effect:
        """It is released; while nobody knows it is in flight."""
        if self.succeeded:
            return {"voids": self.moved_amount}
        return {"voids_in_flight": self._most} if self.is_open else NO_EFFECT


@attrs.frozen(kw_only=True)
class Refund(MovementOperation):
    """
    Taken money that is given back.

    Attributes:
        reason: Why.
        capture_id: The capture it is taken from, where the provider asks for one.
    """

    done_by: ClassVar[type] = Refunded
    told: ClassVar[Told] = {
        OperationStatus.REQUESTED: RefundRequested,
        OperationStatus.PENDING: RefundPending,
        OperationStatus.SUCCEEDED: PaymentRefunded,
        OperationStatus.FAILED: RefundFailed,
        OperationStatus.CANCELED: RefundCanceled,
    }

    reason: RefundReason | None = None
    capture_id: str | None = None

    @property
    def effect(self) -> Effect:
        """It is given back; while nobody knows it is in flight."""
        if not (self.succeeded or self.is_open):
            return NO_EFFECT
        amount = self.moved_amount if self.succeeded else self._most
        column: Column = "refunded" if self.succeeded else "refund_in_flight"
        is_unwanted = self.origin is Origin.POLICY
        return {column: amount, "uncounted": amount} if is_unwanted else {column: amount}

    def _status_by(self, fact: Fact) -> OperationStatus:
        if isinstance(fact, Canceled):
            return OperationStatus.CANCELED
        return super()._status_by(fact)


AnyMovementOperation: TypeAlias = Capture | Void | Refund
"""A movement that has a call of its own, though a provider may have made it by itself."""

Movement: TypeAlias = Authorization | Capture | Void | Refund | Reversal | Dispute
