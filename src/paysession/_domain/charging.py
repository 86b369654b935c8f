"""
What one fact about a charge does to its payment and to the payable.

As with sessions, money first: what a provider holds or took is the payment's, whatever the
payment was taken for.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.charges import Charge
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import Evidence, refusal_of
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import LatePolicy, UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.receipts import Receipt
from paysession._money import Money
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Expired,
    Fact,
    Pending,
    Retaken,
    Stored,
)


@attrs.frozen(kw_only=True)
class ChargeSettlement:
    """
    The entities that one fact about a charge concerns.

    Attributes:
        account: The payable's.
        payment: What the charge is for.
        charge: The one the fact is about.
        authorization: What the charge holds, once there is something.
        capture: What it took in one step, once there is something.
        release: What gives back money that was less than asked.
    """

    account: PayableAccount
    payment: Payment
    charge: Charge
    authorization: Authorization | None = None
    capture: Capture | None = None
    release: Void | Refund | None = None

    def settled(self, evidence: Evidence) -> ChargeSettlement:
        """Apply one fact, and all that follows from it; a known fact changes nothing."""
        charge, at = self.charge.observed(evidence), evidence.recorded_at
        if charge is self.charge:
            return self
        payment = self.payment.noted(charge).judged(self.charge, charge, at=at)
        noted = attrs.evolve(self, charge=charge, payment=payment)
        match evidence.fact:
            case fact if charge.cannot_count(fact):
                after = attrs.evolve(noted, payment=payment.late(charge, fact, at=at))
            case Authorized() | Captured() as money:
                after = noted._with_money(money, evidence)
            case Bounced() if self.capture is not None:
                corrected = noted._receipt.corrected(evidence)
                after = noted._having(self._compared(corrected, self._receipt, evidence))
            case Retaken(amount, references=references, occurred_at=occurred_at):
                taken = Captured(amount, references=references, occurred_at=occurred_at)
                after = noted._with_money(taken, evidence)
            case Stored(profile):
                late = payment.paid_with(profile).late(charge, evidence.fact, at=at)
                after = attrs.evolve(noted, payment=late)
            case _:
                after = attrs.evolve(noted, payment=noted._followed(evidence))
        return after._accounted(self, evidence)

    def left_to_a_person(self, reference: str, *, at: datetime) -> ChargeSettlement:
        """The provider names another payment's money: nothing is applied, a person must look."""
        kind, charge_id = DiscrepancyKind.FOREIGN_REFERENCE, self.charge.id
        payment = self.payment.disagreed(kind, charge_id, "money of its own", reference, at=at)
        if payment is self.payment:
            return self
        charge = self.charge.handed_over("the provider names another payment's money", at=at)
        return attrs.evolve(self, payment=payment.noted(charge), charge=charge)

    @property
    def _receipt(self) -> Receipt:
        return Receipt(
            attempt_id=self.charge.id,
            payment=self.payment,
            authorization=self.authorization,
            capture=self.capture,
        )

    def _having(self, receipt: Receipt) -> ChargeSettlement:
        return attrs.evolve(
            self,
            payment=receipt.payment,
            authorization=receipt.authorization,
            capture=receipt.capture,
        )

    def _with_money(self, fact: Authorized | Captured, evidence: Evidence) -> ChargeSettlement:
        payment = self.payment.paid_with(fact.profile)
        before = attrs.evolve(self, payment=payment)._receipt
        receipt = before.received(
            fact, evidence, references=payment.references, told_by=self.charge
        )
        if receipt.payment is payment:
            late = payment.late(self.charge, fact, at=evidence.recorded_at)
            return attrs.evolve(self, payment=late)
        compared = self._compared(receipt, before, evidence)
        after = self._having(compared)._flagged(self.payment, fact.amount, evidence)
        if after._is_unwanted:
            return after._given_back(evidence)
        is_first = self.authorization is None
        return after._released(evidence) if is_first and after._is_too_little else after

    def _flagged(self, before: Payment, amount: Money, evidence: Evidence) -> ChargeSettlement:
        """Money for a payment that was given up is no accident that may pass unseen."""
        if before.status is not PaymentStatus.ABANDONED:
            return self
        kind, at = DiscrepancyKind.PAID_AFTER_CLOSE, evidence.recorded_at
        payment = self.payment.disagreed(kind, self.charge.id, before.status, amount, at=at)
        return attrs.evolve(self, payment=payment)

    @property
    def _is_unwanted(self) -> bool:
        """Whether it came for a payment that was given up, and such money is not kept."""
        kind, told = DiscrepancyKind.PAID_AFTER_CLOSE, self.payment.discrepancies
        is_late = any(each.is_open and each.kind is kind for each in told)
        return is_late and self.payment.method.on_late is LatePolicy.REFUND

    def _given_back(self, evidence: Evidence) -> ChargeSettlement:
        kind = DiscrepancyKind.PAID_AFTER_CLOSE
        receipt, release = self._receipt.released(evidence, because=kind)
        return attrs.evolve(self, release=release)._having(receipt)

    def _compared(self, receipt: Receipt, before: Receipt, evidence: Evidence) -> Receipt:
        at, charge = evidence.recorded_at, self.charge
        return receipt.compared(charge.amount, before=before, operation_id=charge.id, at=at)

    @property
    def _is_too_little(self) -> bool:
        """Whether less came than was asked, and less is not to be kept."""
        is_kept = self.payment.method.on_underpaid is UnderpaidPolicy.ACCEPT
        return self._receipt.held < self.charge.amount and not is_kept

    def _released(self, evidence: Evidence) -> ChargeSettlement:
        """Give back what is less than was asked; the charge has failed by it."""
        receipt, release = self._receipt.released(evidence)
        failure = Failure(FailureCode.INSUFFICIENT_FUNDS, raw_code="underpaid")
        payment = attrs.evolve(receipt.payment, last_failure=failure)
        return attrs.evolve(self, payment=payment, release=release)

    def has_failed_since(self, before: ChargeSettlement) -> bool:
        """Whether the charge has just come to nothing: refused, or too little to be kept."""
        was_asking = before.payment.status is PaymentStatus.PROCESSING
        is_refused = self.payment.status is PaymentStatus.FAILED
        return self.release is not None or (was_asking and is_refused)

    def _followed(self, evidence: Evidence) -> Payment:
        """Move the payment by a fact that brings no money."""
        payment, charge, at = self.payment, self.charge, evidence.recorded_at
        is_over = payment.status is not PaymentStatus.PROCESSING
        if is_over or charge.is_outweighed(evidence.fact):
            return payment.late(charge, evidence.fact, at=at)
        failure = _failure_of(evidence.fact)
        if failure is not None:
            return payment.fail(failure, at=at)
        match evidence.fact:
            case ActionRequired(action, client_data=client_data):
                return payment.require_action(charge, action, client_data=client_data, at=at)
            case Pending():
                return payment.wait(charge, evidence.fact, at=at)
            case _:
                return payment.late(charge, evidence.fact, at=at)

    def _accounted(self, before: ChargeSettlement, evidence: Evidence) -> ChargeSettlement:
        """The payable's totals follow the payment, in one step."""
        at = evidence.recorded_at
        account = self.account.moved(before.payment.share, self.payment.share, at=at)
        payment = self.payment
        is_more_held = self.authorization != before.authorization
        if is_more_held or account.is_overpaid != self.account.is_overpaid:
            payment = payment.compared_with(account, operation_id=self.charge.id, at=at)
        return attrs.evolve(self, account=account, payment=payment)


def _failure_of(fact: Fact) -> Failure | None:
    """Why the charge came to nothing, if it did; to be closed is one way."""
    if isinstance(fact, Canceled | Expired):
        return Failure(FailureCode.PROCESSING_ERROR, raw_code=type(fact).__name__.lower())
    return refusal_of(fact)
