"""
Movements of one payment's money, each with its effect on the payment's balances.

Captures, voids and refunds are operations: we ask for them. Authorizations, lapses and
reversals are what a provider did. A payment carries the sum of the effects of all of them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias

import attrs

from paysession._domain.balances import NO_EFFECT, Column, Effect
from paysession._domain.entities import Record
from paysession._domain.limits import Metadata
from paysession._domain.operations import Operation, Origin
from paysession._money import Money
from paysession.events import (
    CaptureFailed,
    CapturePending,
    CaptureRequested,
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
    NO_REFERENCES,
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Fact,
    References,
    Refunded,
    Retaken,
    Voided,
)

Told: TypeAlias = Mapping[OperationStatus, type[MovementEvent]]
"""How the payment tells of an operation, by where that stands."""


class RefundReason(StrEnum):
    """Why money goes back."""

    REQUESTED_BY_CUSTOMER = "requested_by_customer"
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    UNDERPAID = "underpaid"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Recorded(Record):
    """
    A movement that a provider made by itself.

    Attributes:
        payment_id: The payment it belongs to.
        amount: The provider's amount.
        references: The provider's ids of it.
        origin: Why it exists.
    """

    told: ClassVar[type[MovementEvent]]

    payment_id: str
    amount: Money
    references: References = NO_REFERENCES
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
    def event(self) -> type[MovementEvent]:
        """How the payment tells of it."""
        return self.told

    @property
    def moved_amount(self) -> Money:
        """What it moved."""
        return self.amount


@attrs.frozen(kw_only=True)
class Authorization(Recorded):
    """
    Money held for us.

    Attributes:
        expires_at: Until when, if the provider says so.
    """

    told: ClassVar[type[MovementEvent]] = PaymentAuthorized

    expires_at: datetime | None = None

    @property
    def effect(self) -> Effect:
        """It is held."""
        return {"authorized": self.amount}


@attrs.frozen(kw_only=True)
class Lapse(Recorded):
    """Held money that the provider let go."""

    told: ClassVar[type[MovementEvent]] = PaymentLapsed

    @property
    def effect(self) -> Effect:
        """It is held no more."""
        return {"lapsed": self.amount}


@attrs.frozen(kw_only=True)
class Reversal(Recorded):
    """Taken money that was taken back from us."""

    told: ClassVar[type[MovementEvent]] = PaymentReversed

    @property
    def effect(self) -> Effect:
        """It is lost."""
        return {"lost": self.amount}


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
    def event(self) -> type[MovementEvent]:
        """How the payment tells where it stands."""
        return self.told[self.status]

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
                return self.amount

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
        releases: What it leaves, if it is final.
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

    @property
    def effect(self) -> Effect:
        """It is taken; while nobody knows it is in flight."""
        if self.succeeded:
            return {"captured": self.moved_amount, "voided": self._released}
        if self.is_open:
            return {"capture_in_flight": self.amount, "void_in_flight": self.releases}
        return self._effect_of_failure

    @property
    def _released(self) -> Money:
        """All that a final capture did not take, whatever was asked."""
        rest = self._most + self.releases - self.moved_amount
        return rest if self.is_final and rest.minor > 0 else Money.zero(rest.currency)

    @property
    def _effect_of_failure(self) -> Effect:
        """What was taken in one step and came undone holds nothing any more."""
        return {"lapsed": self._most} if self._was_one_step else NO_EFFECT

    @property
    def _was_one_step(self) -> bool:
        return self.origin in (Origin.ATTEMPT, Origin.PERSON)

    @property
    def _most(self) -> Money:
        """What was asked for; of what came in one step, the most that was ever told."""
        if not self._was_one_step:
            return self.amount
        told = (each.fact for each in self.facts)
        amounts = (fact.amount for fact in told if isinstance(fact, Captured | Retaken))
        return max((self.amount, *amounts))


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
            return {"voided": self.moved_amount}
        return {"void_in_flight": self.amount} if self.is_open else NO_EFFECT


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
        amount = self.moved_amount if self.succeeded else self.amount
        column: Column = "refunded" if self.succeeded else "refund_in_flight"
        is_unwanted = self.origin is Origin.POLICY
        return {column: amount, "uncounted": amount} if is_unwanted else {column: amount}

    def _status_by(self, fact: Fact) -> OperationStatus:
        if isinstance(fact, Canceled):
            return OperationStatus.CANCELED
        return super()._status_by(fact)


Movement: TypeAlias = Authorization | Capture | Void | Refund | Lapse | Reversal
