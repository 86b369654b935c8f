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
from paysession._domain.methods import UnderpaidPolicy
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
        match evidence.fact:
            case Authorized(amount) | Captured(amount) | Retaken(amount) if self._is_foreign(
                amount
            ):
                return self._unreadable(amount, evidence)
            case _:
                pass
        charge = self.charge.observed(evidence)
        if charge is self.charge:
            return self
        payment = self.payment.noted(charge).cleared(charge.id, at=evidence.recorded_at)
        noted = attrs.evolve(self, charge=charge, payment=payment)
        match evidence.fact:
            case Authorized() | Captured() as money:
                after = noted._with_money(money, evidence)
            case Bounced() if self.capture is not None:
                after = noted._having(noted._receipt.corrected(evidence))
            case Retaken(amount, references=references, occurred_at=occurred_at):
                taken = Captured(amount, references=references, occurred_at=occurred_at)
                after = noted._with_money(taken, evidence)
            case Stored(profile):
                told = payment.paid_with(profile)
                late = told.late(charge, evidence.fact, at=evidence.recorded_at)
                after = attrs.evolve(noted, payment=late)
            case _:
                after = attrs.evolve(noted, payment=noted._followed(evidence))
        return after._accounted(self, evidence)

    def _is_foreign(self, amount: Money) -> bool:
        return amount.currency != self.payment.amount.currency

    def _unreadable(self, amount: Money, evidence: Evidence) -> ChargeSettlement:
        at, kind = evidence.recorded_at, DiscrepancyKind.CURRENCY_MISMATCH
        payment = self.payment.disagreed(kind, self.charge.id, self.payment.amount, amount, at=at)
        if payment is self.payment:
            return self
        known = self.charge.informed(evidence.fact.references)
        reason = f"the provider speaks of {amount.currency.code}"
        charge = known.handed_over(reason, at=at)
        return attrs.evolve(self, payment=payment.noted(charge), charge=charge)

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
        receipt = attrs.evolve(self, payment=payment)._receipt.received(
            fact, evidence, references=payment.references, facts=self.charge.facts
        )
        if receipt.payment is payment:
            late = payment.late(self.charge, fact, at=evidence.recorded_at)
            return attrs.evolve(self, payment=late)
        after = (
            self._having(receipt)._compared(evidence)._flagged(self.payment, fact.amount, evidence)
        )
        is_first = self.authorization is None
        return after._released(evidence) if is_first and after._is_too_little else after

    def _flagged(self, before: Payment, amount: Money, evidence: Evidence) -> ChargeSettlement:
        """Money for a payment that was given up is no accident that may pass unseen."""
        if before.status is not PaymentStatus.ABANDONED:
            return self
        kind, at = DiscrepancyKind.PAID_AFTER_CLOSE, evidence.recorded_at
        payment = self.payment.disagreed(kind, self.charge.id, before.status, amount, at=at)
        return attrs.evolve(self, payment=payment)

    def _compared(self, evidence: Evidence) -> ChargeSettlement:
        """The most that the provider spoke of against what was asked."""
        asked, held = self.charge.amount, self._receipt.held
        charge_id, at = self.charge.id, evidence.recorded_at
        payment = self.payment
        if held >= asked:
            payment = payment.agreed(DiscrepancyKind.UNDERPAID, charge_id, at=at)
        if held != asked:
            is_short = held < asked
            kind = DiscrepancyKind.UNDERPAID if is_short else DiscrepancyKind.AMOUNT_MISMATCH
            payment = payment.disagreed(kind, charge_id, asked, held, at=at)
        return attrs.evolve(self, payment=payment)

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
        if self.authorization != before.authorization:
            payment = payment.compared_with(account, operation_id=self.charge.id, at=at)
        return attrs.evolve(self, account=account, payment=payment)


def _failure_of(fact: Fact) -> Failure | None:
    """Why the charge came to nothing, if it did; to be closed is one way."""
    if isinstance(fact, Canceled | Expired):
        return Failure(FailureCode.PROCESSING_ERROR, raw_code=type(fact).__name__.lower())
    return refusal_of(fact)
