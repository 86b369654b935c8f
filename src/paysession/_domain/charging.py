"""
What one fact about a charge does to its payment and to the payable.

As with sessions, money first: what a provider holds or took is the payment's, whatever the
payment was taken for.
"""

from __future__ import annotations

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
    Retaken,
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
            case Bounced() | Retaken() if self.capture is not None:
                after = noted._having(noted._receipt.corrected(evidence))
            case Retaken(amount, references=references, occurred_at=occurred_at):
                taken = Captured(amount, references=references, occurred_at=occurred_at)
                after = noted._with_money(taken, evidence)
            case _:
                after = attrs.evolve(noted, payment=noted._followed(evidence))
        return after._accounted(self, evidence)

    def _is_foreign(self, amount: Money) -> bool:
        return amount.currency != self.payment.amount.currency

    def _unreadable(self, amount: Money, evidence: Evidence) -> ChargeSettlement:
        if self.charge.attention:
            return self
        at, kind = evidence.recorded_at, DiscrepancyKind.CURRENCY_MISMATCH
        payment = self.payment.disagreed(kind, self.charge.id, self.payment.amount, amount, at=at)
        known = self.charge.informed(evidence.fact.references)
        reason = f"the provider speaks of {amount.currency.code}"
        charge = known.handed_over(reason, at=at)
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
        is_first = self.authorization is None
        payment = self.payment.paid_with(fact.profile)
        receipt = attrs.evolve(self, payment=payment)._receipt.received(
            fact, evidence, references=payment.references, facts=self.charge.facts
        )
        if receipt.payment is payment:
            late = payment.late(self.charge, fact, at=evidence.recorded_at)
            return attrs.evolve(self, payment=late)
        after = self._having(receipt)
        return after._compared(fact.amount, evidence) if is_first else after

    def _compared(self, amount: Money, evidence: Evidence) -> ChargeSettlement:
        """The provider's amount against what was asked."""
        asked, charge_id, at = self.charge.amount, self.charge.id, evidence.recorded_at
        if amount == asked:
            return self
        is_short = amount < asked
        kind = DiscrepancyKind.UNDERPAID if is_short else DiscrepancyKind.AMOUNT_MISMATCH
        payment = self.payment.disagreed(kind, charge_id, asked, amount, at=at)
        after = attrs.evolve(self, payment=payment)
        if is_short and payment.method.on_underpaid is UnderpaidPolicy.RELEASE:
            receipt, release = after._receipt.released(evidence)
            failure = Failure(FailureCode.INSUFFICIENT_FUNDS, raw_code="underpaid")
            refused = attrs.evolve(receipt.payment, last_failure=failure)
            return attrs.evolve(after, payment=refused, release=release)
        return after

    def _followed(self, evidence: Evidence) -> Payment:
        """Move the payment by a fact that brings no money."""
        payment, charge, at = self.payment, self.charge, evidence.recorded_at
        is_over = payment.status is not PaymentStatus.PROCESSING
        if is_over or charge.id != payment.attempt_id or charge.is_outweighed(evidence.fact):
            return payment.late(charge, evidence.fact, at=at)
        failure = _failure_of(evidence.fact)
        if failure is not None:
            return payment.fail(failure, at=at)
        match evidence.fact:
            case ActionRequired(action, client_data=client_data):
                return payment.require_action(charge, action, client_data=client_data, at=at)
            case _:
                return payment.late(charge, evidence.fact, at=at)

    def _accounted(self, before: ChargeSettlement, evidence: Evidence) -> ChargeSettlement:
        """The payable's totals follow the payment, in one step."""
        at = evidence.recorded_at
        account = self.account.moved(before.payment.share, self.payment.share, at=at)
        payment = self.payment
        if before.authorization is None and self.authorization and account.is_overpaid:
            kind, held = DiscrepancyKind.OVERPAID, account.authorized + account.paid
            payment = payment.disagreed(kind, self.charge.id, account.owed, held, at=at)
        return attrs.evolve(self, account=account, payment=payment)


def _failure_of(fact: Fact) -> Failure | None:
    """Why the charge came to nothing, if it did; to be closed is one way."""
    if isinstance(fact, Canceled | Expired):
        return Failure(FailureCode.PROCESSING_ERROR, raw_code=type(fact).__name__.lower())
    return refusal_of(fact)
