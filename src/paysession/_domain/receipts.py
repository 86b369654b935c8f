"""What the money of one attempt becomes: a payment, what is held of it, and what was taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import Evidence
from paysession._domain.identity import derived_id
from paysession._domain.limits import Metadata
from paysession._domain.movements import Authorization, Capture, Refund, RefundReason, Void
from paysession._domain.operations import Lease, Operation, Origin
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.outcomes import Authorized, Bounced, Captured, References, Retaken

_REASONS: Mapping[DiscrepancyKind, RefundReason] = MappingProxyType(
    {
        DiscrepancyKind.UNDERPAID: RefundReason.UNDERPAID,
        DiscrepancyKind.PAID_AFTER_CLOSE: RefundReason.LATE,
        DiscrepancyKind.PAID_TWICE: RefundReason.DUPLICATE,
    }
)
"""Why money is given back by policy, as its refund says it."""


def payment_id_of(attempt_id: str) -> str:
    """Return the id of the payment that an attempt's money becomes."""
    return derived_id("py", attempt_id)


def authorization_id_of(attempt_id: str) -> str:
    """Return the id of the authorization that an attempt brings."""
    return derived_id("au", attempt_id)


def capture_id_of(attempt_id: str) -> str:
    """Return the id of the capture that comes in one step with an attempt."""
    return derived_id("ca", attempt_id)


@attrs.frozen(kw_only=True)
class Receipt:
    """
    A payment, and the two movements that one attempt brings by itself.

    Attributes:
        attempt_id: The attempt whose money it is.
        payment: What the money has become.
        authorization: What is held, once there is something.
        capture: What was taken in one step, once there is something.
    """

    attempt_id: str
    payment: Payment
    authorization: Authorization | None = None
    capture: Capture | None = None

    @property
    def held(self) -> Money:
        """The most that the provider ever spoke of."""
        known = self.authorization
        return Money.zero(self.payment.amount.currency) if known is None else known.amount

    @property
    def taken(self) -> Money | None:
        """What was taken in one step, and has not come undone."""
        capture = self.capture
        return capture.moved_amount if capture is not None and capture.succeeded else None

    def received(
        self,
        fact: Authorized | Captured,
        evidence: Evidence,
        *,
        references: References,
        told_by: Operation,
    ) -> Receipt:
        """The provider holds or took money, as an attempt or charge was told."""
        held = self._held(fact, evidence, references | fact.references)
        if isinstance(fact, Authorized) or held._is_ours_to_tell:
            return held
        return held._taken(fact, evidence, told_by)

    def _held(
        self, fact: Authorized | Captured, evidence: Evidence, references: References
    ) -> Receipt:
        """What is taken was held first, though nobody said so; of two words the most counts."""
        known, at = self.authorization, evidence.recorded_at
        if known is None:
            payment, authorization = self.payment.authorize(
                authorization_id_of(self.attempt_id),
                amount=fact.amount,
                references=references,
                expires_at=fact.expires_at if isinstance(fact, Authorized) else None,
                at=at,
            )
            return attrs.evolve(self, payment=payment, authorization=authorization)
        named = self.payment.named(evidence, operation_id=self.attempt_id)
        if fact.amount <= known.amount:
            return attrs.evolve(self, payment=named)
        more = attrs.evolve(known, amount=fact.amount, changed=True)
        payment, authorization = named.moved(known, more, at=at)
        return attrs.evolve(self, payment=payment, authorization=authorization)

    @property
    def _is_ours_to_tell(self) -> bool:
        """Whether we asked for the money ourselves: our captures tell of it, and count it."""
        balances = self.payment.balances
        asked = balances.captured or balances.capture_in_flight
        return self.capture is None and bool(asked)

    def _taken(self, fact: Captured, evidence: Evidence, told_by: Operation) -> Receipt:
        if self.capture is not None:
            return self.corrected(evidence)
        payment, capture = self.payment.take(
            capture_id_of(self.attempt_id),
            amount=fact.amount,
            evidence=evidence,
            at=evidence.recorded_at,
        )
        capture = attrs.evolve(capture, last_word=told_by.last_word)
        for known in told_by.readable:
            if isinstance(known.fact, Bounced | Retaken):
                payment, capture = payment.settle(capture, known)
        return attrs.evolve(self, payment=payment, capture=capture)

    def compared(
        self, asked: Money, *, before: Receipt, operation_id: str, at: datetime
    ) -> Receipt:
        """
        Say so if the provider speaks of less than was asked, of more, or of two amounts.

        The most that it ever held counts, against what was asked and against what it took.
        """
        held, taken = self.held, self.taken
        if (held, taken) == (before.held, before.taken):
            return self
        expected, actual = (asked, held) if held > asked else (held, taken or held)
        payment = self.payment
        for kind, first, second in (
            (DiscrepancyKind.UNDERPAID, asked, min(asked, held)),
            (DiscrepancyKind.AMOUNT_MISMATCH, expected, actual),
        ):
            if first == second:
                payment = payment.agreed(kind, operation_id, at=at)
            else:
                payment = payment.disagreed(kind, operation_id, first, second, at=at)
        return attrs.evolve(self, payment=payment)

    def corrected(self, evidence: Evidence) -> Receipt:
        """More is known of what was taken: it came undone, or was taken after all."""
        if self.capture is None:
            return self
        payment, capture = self.payment.settle(self.capture, evidence)
        return attrs.evolve(self, payment=payment, capture=capture)

    def released(
        self, evidence: Evidence, *, because: DiscrepancyKind = DiscrepancyKind.UNDERPAID
    ) -> tuple[Receipt, Void | Refund | None]:
        """
        Give back what is not wanted, by an ordinary operation under one id.

        What came undone already is not there to be given back, nor what is on its way back.
        """
        if not self.payment.allowed:
            return self, None
        lease, metadata = Lease.nobody(evidence.recorded_at), Metadata()
        named = (self.payment.id, because, str(self.payment.movements))
        release: Void | Refund
        if self.payment.balances.refundable:
            payment, release = self.payment.request_refund(
                derived_id("re", *named),
                amount=None,
                reason=_REASONS[because],
                capture=self.capture,
                lease=lease,
                metadata=metadata,
                origin=Origin.POLICY,
            )
        else:
            payment, release = self.payment.request_void(
                derived_id("vo", *named),
                amount=None,
                lease=lease,
                metadata=metadata,
                origin=Origin.POLICY,
            )
        return attrs.evolve(self, payment=payment), release
