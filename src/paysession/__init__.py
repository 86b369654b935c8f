"""
Take money in sessions, through any payment provider.

    >>> from paysession import Money, Payable, PaymentMethod, Payments
    >>> from paysession.gateways import BogusGateway
    >>> payments = Payments({"bogus": BogusGateway()})
    >>> order = Payable("or_1", total=Money("110.00", "USD"))
    >>> card = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")
    >>> session = payments.create_session(order, method=card)
    >>> session = payments.complete_session(session.id).raise_for_failure()
    >>> refund = payments.refund(session.payment_id, amount=Money("45.01", "USD"))
    >>> print(payments.get_payment(session.payment_id).status)
    partially_refunded

A decline is a result, a time-out is not a failure, and what a provider says has happened is
never refused: see `paysession.errors`, `paysession.outcomes` and `paysession.lifecycles`.
"""

from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.charges import Charge
from paysession._domain.decisions import Decision
from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.erasure import Forgotten
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, LatePolicy, PaymentMethod, UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, Refund, RefundReason, Void
from paysession._domain.payable import Payable, PayableAccount, PayableStatus
from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData, Secret
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import CreditCard, MandateUse, Source, StoreCredit, StoredSource
from paysession._domain.statement import Statement
from paysession._drivers import Step
from paysession._money import Currency, MinorUnits, Money, Rounding
from paysession._payments import AsyncPayments, Payments

__all__ = [
    "AsyncPayments",
    "Attempt",
    "Authorization",
    "Capture",
    "CapturePolicy",
    "Charge",
    "ClientData",
    "CloseReason",
    "CreditCard",
    "Currency",
    "Decision",
    "Discrepancy",
    "DiscrepancyKind",
    "Dispute",
    "Forgotten",
    "IdempotencyKey",
    "LatePolicy",
    "MandateUse",
    "Metadata",
    "MinorUnits",
    "Money",
    "Payable",
    "PayableAccount",
    "PayableStatus",
    "Payment",
    "PaymentMethod",
    "PaymentSession",
    "Payments",
    "Refund",
    "RefundReason",
    "Rounding",
    "Secret",
    "SetupSession",
    "Source",
    "Statement",
    "Step",
    "StoreCredit",
    "StoredSource",
    "UnderpaidPolicy",
    "Void",
]
