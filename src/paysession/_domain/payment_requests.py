"""What may be asked of a payment's money, and what is refused before anything is written."""

from __future__ import annotations

from typing import Self

import attrs

from paysession._domain.limits import Metadata
from paysession._domain.movements import Capture, Refund, RefundReason, Void
from paysession._domain.operations import Lease, Origin, Requested, requested
from paysession._domain.payable import checked_amount
from paysession._domain.payment_books import PaymentBooks
from paysession._money import Money
from paysession.errors import AmountExceeded, IllegalTransition, LimitExceeded

MOST_MOVEMENTS = 1000
"""Movements that commands may make of one payment; what a provider says is never refused."""


@attrs.frozen(kw_only=True)
class PaymentRequests(PaymentBooks):
    """A payment of whose money some is to be taken, released or given back."""

    def request_capture(
        self,
        capture_id: str,
        *,
        amount: Money | None,
        over: Money,
        is_final: bool,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Self, Capture]:
        """
        Reserve `amount` of what is held, or all of it that was asked for, to be taken.

        Args:
            capture_id: Of the new capture.
            amount: What to take; if left out, all that is capturable and was asked for.
            over: How much more than is held the provider lets us take.
            is_final: Whether to release what is left.
            lease: Who makes the call, and until when.
            metadata: The backend's own notes, sent along.
            origin: Why.

        Raises:
            IllegalTransition: Nothing is held that is not asked for already.
            AmountExceeded: More than is held and may be taken over it.
        """
        capturable = self.balances.capturable
        available = self.wanted if amount is None else capturable
        amount = self._asked(amount, available, "capture", "capturable", over=over)
        rest = capturable - amount
        nothing = Money.zero(amount.currency)
        capture = Capture(
            **self._requested(capture_id, lease, origin),
            payment_id=self.id,
            metadata=self._kept(metadata),
            amount=amount,
            is_final=is_final,
            releases=rest if is_final and rest.minor > 0 else nothing,
            over=amount - capturable if amount > capturable else None,
        )
        return self.moved(None, capture, at=lease.at)

    def request_void(
        self,
        void_id: str,
        *,
        amount: Money | None,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Self, Void]:
        """
        Reserve `amount` of what is held, or all of it, to be released.

        Raises:
            IllegalTransition: Nothing is held that is not asked for already.
            AmountExceeded: More than is held.
        """
        amount = self._asked(amount, self.balances.capturable, "void", "voidable")
        void = Void(
            **self._requested(void_id, lease, origin),
            payment_id=self.id,
            amount=amount,
            metadata=self._kept(metadata),
        )
        return self.moved(None, void, at=lease.at)

    def request_refund(
        self,
        refund_id: str,
        *,
        amount: Money | None,
        reason: RefundReason | None,
        capture: Capture | None,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Self, Refund]:
        """
        Reserve `amount` of what was taken, or all of it, to be given back.

        Raises:
            IllegalTransition: Nothing was taken that is not given back or asked for already.
            AmountExceeded: More than is refundable.
        """
        amount = self._asked(amount, self.balances.refundable, "refund", "refundable")
        fields = self._requested(refund_id, lease, origin)
        if capture is not None:
            fields["acts_on"] = self.references | capture.references
        refund = Refund(
            **fields,
            payment_id=self.id,
            amount=amount,
            metadata=self._kept(metadata),
            reason=reason,
            capture_id=capture.id if capture else None,
        )
        return self.moved(None, refund, at=lease.at)

    def _asked(
        self,
        amount: Money | None,
        available: Money,
        command: str,
        purpose: str,
        *,
        over: Money | None = None,
    ) -> Money:
        if amount is not None:
            checked_amount(amount, self.amount, verb=command)
        if not available:
            raise IllegalTransition("payment", self.id, self.status, command, self.allowed)
        self._refuse_too_many()
        most = available + over if over else available
        if amount is not None and amount > most:
            raise AmountExceeded(amount, most, purpose, self.id)
        return available if amount is None else amount

    def _refuse_too_many(self, *, more: int = 1) -> None:
        if self.movements + more > MOST_MOVEMENTS:
            raise LimitExceeded("movements of one payment", MOST_MOVEMENTS)

    def _requested(self, operation_id: str, lease: Lease, origin: Origin) -> Requested:
        return requested(
            operation_id,
            tenant=self.tenant,
            gateway=self.gateway,
            acts_on=self.references,
            lease=lease,
            origin=origin,
        )

    def _kept(self, metadata: Metadata) -> Metadata:
        """Nothing new is noted of a customer who was forgotten."""
        return metadata if self.forgotten_at is None else Metadata()
