"""Money held or taken at one gateway for one payable."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TypeVar

import attrs

from paysession._domain import reported
from paysession._domain.balances import Balances
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import (
    Authorization,
    Capture,
    MovementOperation,
    Refund,
    RefundReason,
    Reversal,
    Void,
)
from paysession._domain.operations import Lease, Origin
from paysession._domain.payable import Payable
from paysession._domain.payment_phases import PaymentPhases
from paysession._domain.sources import Source
from paysession._money import Money
from paysession.events import FactRecorded, PaymentCreated
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import NO_REFERENCES, Captured, References, Refunded, Unknown

O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _number_of(payment_id: str) -> str:
    digest = int.from_bytes(hashlib.sha256(payment_id.encode()).digest()[:8], "big")
    return "P" + "".join(_DIGITS[digest // 36**place % 36] for place in range(7))


@attrs.frozen(kw_only=True)
class Payment(PaymentPhases):
    """
    Money held or taken at one gateway for one payable.

    It comes into being by the first fact that money of a session is held or taken (a declined
    attempt leaves none), by `create_payment`, or by `charge`. Its status is read from its
    balances, and so is what may be done with it.

    Attributes:
        number: A short number for people: the backend's own, or P and seven of 0-9A-Z that
            follow from the id.
        gateway: Name of the gateway that holds its money.
        payable_id: What it pays for.
        payable_reference: What the customer knows that by.
        customer_id: The backend's id of who pays.
        method: The way it was paid, as it was then.
        source: What it was paid with, if we know.
        session_id: The session it came from.
        attempt_id: The attempt or charge whose money it is.
        balances: Where the money is.
        phase: Where it stands without money: checkout, processing, failed or abandoned.
        status: Read from `balances` and `phase`.
        references: The provider's ids of it, by role.
        open_operations: Ids of charges, captures, voids and refunds that have not ended.
        asking: Ids of the charges that may have taken money, or be taking it.
        movements: How many there are.
        moved_at: When its captures, voids and refunds were last spoken of, by the provider's
            time if it gives one.
        totals: What the provider says it took and gave back in all: those that count.
        authorized_until: When the provider lets go of what it holds, if it says so.
        origin: Why it exists.
        capture_policy: When what it holds is taken.
        next_action: What the customer must do before a charge can go on, if anything.
        client_data: What this customer's browser must have for that; masked.
        last_failure: Why the newest charge was refused.
        metadata: The backend's own notes.
    """

    @classmethod
    def begun(
        cls,
        payment_id: str,
        *,
        tenant: str,
        gateway: str,
        payable_id: str,
        payable_reference: str,
        customer_id: str | None,
        method: PaymentMethod,
        source: Source | None,
        session_id: str | None,
        attempt_id: str | None,
        amount: Money,
        capture_policy: CapturePolicy,
        metadata: Metadata,
        at: datetime,
        phase: PaymentStatus = PaymentStatus.PROCESSING,
        origin: Origin = Origin.ATTEMPT,
        number: str | None = None,
    ) -> Payment:
        """
        Return a payment of `amount` that its first fact is about to give money to.

        One that waits in the checkout, without a session, begins in that phase.
        """
        balances = Balances.opening(amount)
        created = PaymentCreated(
            at=at,
            status=phase,
            balances=balances,
            payable_id=payable_id,
            session_id=session_id,
            amount=amount,
        )
        return cls(
            id=payment_id,
            tenant=tenant,
            created_at=at,
            updated_at=at,
            number=_number_of(payment_id) if number is None else number,
            gateway=gateway,
            payable_id=payable_id,
            payable_reference=payable_reference,
            customer_id=customer_id,
            method=method,
            source=source,
            session_id=session_id,
            attempt_id=attempt_id,
            balances=balances,
            phase=phase,
            status=phase,
            origin=origin,
            capture_policy=capture_policy,
            metadata=metadata,
            news=(created,),
        )

    @classmethod
    def waiting(
        cls,
        payment_id: str,
        *,
        tenant: str,
        payable: Payable,
        method: PaymentMethod,
        source: Source | None,
        amount: Money,
        capture_policy: CapturePolicy,
        metadata: Metadata,
        at: datetime,
        number: str | None = None,
    ) -> Payment:
        """Return a payment of `amount` that waits in the checkout."""
        return cls.begun(
            payment_id,
            tenant=tenant,
            gateway=method.gateway,
            payable_id=payable.id,
            payable_reference=payable.reference,
            customer_id=payable.customer_id,
            method=method,
            source=source,
            session_id=None,
            attempt_id=None,
            amount=amount,
            capture_policy=capture_policy,
            metadata=metadata,
            at=at,
            phase=PaymentStatus.CHECKOUT,
            origin=Origin.COMMAND,
            number=number,
        )

    def authorize(
        self,
        authorization_id: str,
        *,
        amount: Money,
        references: References,
        expires_at: datetime | None,
        at: datetime,
        origin: Origin = Origin.ATTEMPT,
    ) -> tuple[Payment, Authorization]:
        """Record that the provider holds `amount`."""
        authorization = Authorization(
            id=authorization_id,
            tenant=self.tenant,
            created_at=at,
            updated_at=at,
            payment_id=self.id,
            amount=amount,
            references=references,
            origin=origin,
            expires_at=expires_at,
        )
        known = attrs.evolve(
            self,
            references=self.references | references,
            next_action=None,
            client_data=None,
            last_failure=None,
            authorized_until=expires_at or self.authorized_until,
        )
        return known.moved(None, authorization, at=at)

    def take(
        self,
        capture_id: str,
        *,
        amount: Money,
        evidence: Evidence,
        at: datetime,
        origin: Origin = Origin.ATTEMPT,
        metadata: Metadata | None = None,
    ) -> tuple[Payment, Capture]:
        """Record that `amount` was taken in one step, with the customer's attempt as a rule."""
        capture = Capture(
            id=capture_id,
            tenant=self.tenant,
            created_at=at,
            updated_at=at,
            gateway=self.gateway,
            amount=amount,
            sent_at=at,
            tries=1,
            lease_until=None,
            deadline=at,
            recheck_at=None,
            origin=origin,
            payment_id=self.id,
            metadata=self._kept(metadata or Metadata()),
            is_final=True,
            releases=Money.zero(amount.currency),
        ).observed(evidence)
        known = attrs.evolve(self, references=self.references | evidence.fact.references)
        return known.dated(evidence).moved(None, capture, at=at)

    def mark_paid(
        self,
        capture_id: str,
        *,
        authorization_id: str,
        amount: Money,
        reference: str | None,
        metadata: Metadata,
        at: datetime,
    ) -> tuple[Payment, Authorization, Capture]:
        """
        Record that a person says that `amount` has come; it may be more than was asked for.

        Raises:
            LimitExceeded: There are too many movements already.
        """
        self._refuse_too_many(more=2)
        references = References.of(capture=reference)
        held, authorization = self.authorize(
            authorization_id,
            amount=amount,
            references=NO_REFERENCES,
            expires_at=None,
            at=at,
            origin=Origin.PERSON,
        )
        paid, capture = held.take(
            capture_id,
            amount=amount,
            evidence=Evidence(
                fact=Captured(amount, references=references),
                source=EvidenceSource.PERSON,
                recorded_at=at,
            ),
            at=at,
            origin=Origin.PERSON,
            metadata=metadata,
        )
        return paid, authorization, capture

    def mark_refunded(
        self,
        refund_id: str,
        *,
        amount: Money | None,
        reason: RefundReason | None,
        reference: str | None,
        metadata: Metadata,
        at: datetime,
    ) -> tuple[Payment, Refund]:
        """
        Record that a person says that `amount` of what was taken has gone back, or all of it.

        Raises:
            IllegalTransition: Nothing was taken that is not given back already.
            AmountExceeded: More than is refundable.
        """
        payment, refund = self.request_refund(
            refund_id,
            amount=amount,
            reason=reason,
            capture=None,
            lease=Lease.nobody(at),
            metadata=metadata,
            origin=Origin.PERSON,
        )
        fact = Refunded(refund.amount, references=References.of(refund=reference))
        evidence = Evidence(fact=fact, source=EvidenceSource.PERSON, recorded_at=at)
        return payment.settle(refund, evidence)

    def settle(self, operation: O, evidence: Evidence) -> tuple[Payment, O]:
        """Record one fact about a movement of ours, and all that follows from it."""
        after = operation.observed(evidence)
        if after is operation:
            return self, operation
        at, known = evidence.recorded_at, self.taught(evidence.fact.references).dated(evidence)
        if after.status is operation.status and after.effect == operation.effect:
            fact = type(evidence.fact).__name__
            told = known.telling(FactRecorded(at=at, operation_id=after.id, fact=fact))
            return told.judged(operation, after, at=at).weighed(at=at), after
        payment, after = known.moved(operation, after, at=at)
        payment = payment.judged(operation, after, at=at)
        if after.origin is Origin.POLICY and not (after.is_open or after.succeeded):
            after = after.handed_over("what was to happen by policy was refused", at=at)
        return payment._compared(after, at=at), after

    def doubted(self, operation: O, unknown: Unknown, *, at: datetime) -> tuple[Payment, O]:
        """Note that a movement's call ended without an answer; it may have moved money."""
        payment, after = self.doubt(operation, unknown, at=at)
        return payment.moved(operation, after, at=at) if operation.is_absent else (payment, after)

    def _compared(self, operation: MovementOperation, *, at: datetime) -> Payment:
        """The provider's amount against what was asked."""
        kind, was_asked = DiscrepancyKind.AMOUNT_MISMATCH, operation.was_asked_for
        if was_asked and operation.succeeded and operation.moved_amount != operation.amount:
            return self.disagreed(
                kind, operation.id, operation.amount, operation.moved_amount, at=at
            )
        return self.agreed(kind, operation.id, at=at)

    def told_of_authorization(
        self, authorization: Authorization, evidence: Evidence
    ) -> tuple[Payment, Authorization]:
        """Record that what is held has changed, or was let go."""
        return reported.told_of_authorization(self, authorization, evidence)

    def told_of_reversal(
        self, reversal: Reversal | None, reversal_id: str, evidence: Evidence
    ) -> tuple[Payment, Reversal | None]:
        """
        Record that taken money was taken back, or came back, and nobody told of a dispute.

        What is told in another currency is no reversal yet; a discrepancy says so. That goes
        for disputes and movements as well.
        """
        return reported.told_of_reversal(self, reversal, reversal_id, evidence)

    def told_of_dispute(
        self, dispute: Dispute | None, dispute_id: str, evidence: Evidence
    ) -> tuple[Payment, Dispute | None]:
        """Record that it is disputed, or what became of a dispute or of its money."""
        return reported.told_of_dispute(self, dispute, dispute_id, evidence)

    def told_of_movement(
        self, movement: Capture | Void | Refund | None, movement_id: str, evidence: Evidence
    ) -> tuple[Payment, Capture | Void | Refund | None]:
        """
        Record what was taken, released or given back at the provider without our asking.

        Raises:
            TypeError: Nothing is known of the movement, and the fact does not say what it is.
        """
        return reported.told_of_movement(self, movement, movement_id, evidence)

    def told_of_totals(self, evidence: Evidence) -> Payment:
        """Compare what the provider took and gave back in all; its totals move nothing."""
        return reported.told_of_totals(self, evidence)
