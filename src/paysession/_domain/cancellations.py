"""One call that asks a provider to call a refund off, before the money has gone."""

from __future__ import annotations

import attrs

from paysession._domain.evidence import Evidence
from paysession._domain.movements import Refund
from paysession._domain.operations import Lease, Operation, Origin, requested
from paysession._domain.payment import Payment
from paysession.errors import IllegalTransition, OperationUnresolved
from paysession.events import FactRecorded, RefundCancellationRequested
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Fact,
    Refunded,
    Retaken,
    Superseded,
    Voided,
)

_OF_OTHERS = (Accepted, Authorized, Captured, Voided, Refunded, Retaken)


@attrs.frozen(kw_only=True)
class RefundCancellation(Operation):
    """
    One call to call a refund off. It moves no money: what it comes to is its refund's.

    Attributes:
        payment_id: The payment that both belong to.
        refund_id: What is to be called off.
    """

    payment_id: str
    refund_id: str

    @property
    def owner_id(self) -> str:
        """The payment that tells its events."""
        return self.payment_id

    def _is_told_by(self, fact: Fact) -> bool:
        """That money moved, or something was taken note of, calls nothing off."""
        return super()._is_told_by(fact) and not isinstance(fact, _OF_OTHERS)

    def _status_by(self, fact: Fact) -> OperationStatus:
        if isinstance(fact, Canceled):
            return OperationStatus.SUCCEEDED
        return super()._status_by(fact) if self._is_told_by(fact) else OperationStatus.REQUESTED


def request_cancellation(
    payment: Payment, refund: Refund, cancellation_id: str, *, lease: Lease
) -> tuple[Payment, RefundCancellation]:
    """
    Ask for a refund to be called off.

    Raises:
        IllegalTransition: It has ended.
        OperationUnresolved: Nobody knows yet whether the provider is working on it.
    """
    if not refund.is_open:
        raise IllegalTransition("refund", refund.id, refund.status, "cancel", ())
    if refund.status is OperationStatus.REQUESTED:
        raise OperationUnresolved(refund.id, refund.waits_for_person)
    cancellation = RefundCancellation(
        **requested(
            cancellation_id,
            tenant=payment.tenant,
            gateway=payment.gateway,
            acts_on=refund.acts_on | refund.references,
            lease=lease,
            origin=Origin.COMMAND,
        ),
        payment_id=payment.id,
        refund_id=refund.id,
    )
    event = RefundCancellationRequested(
        at=lease.at, operation_id=cancellation_id, refund_id=refund.id
    )
    return payment.telling(event), cancellation


def settle_cancellation(
    payment: Payment, refund: Refund, cancellation: RefundCancellation, evidence: Evidence
) -> tuple[Payment, Refund, RefundCancellation]:
    """
    Record one fact about the call.

    A refund that was not called off is looked at again at once: it may have been too late.
    """
    after, at = cancellation.observed(evidence), evidence.recorded_at
    if after is cancellation:
        return payment, refund, cancellation
    event = FactRecorded(at=at, operation_id=after.id, fact=type(evidence.fact).__name__)
    payment = payment.telling(event).cleared(after.id, at=at)
    if after.is_open:
        return payment, refund, after
    look_at = at if refund.is_open else refund.recheck_at
    return payment, attrs.evolve(refund, recheck_at=look_at, changed=True), after


def what_became_of(refund: Refund) -> Fact:
    """Return what the end of a refund says of the call that was to call it off."""
    return Canceled() if refund.status is OperationStatus.CANCELED else Superseded(refund.id)
