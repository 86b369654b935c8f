"""
The document of a checkout API: one status for a session and its money, and its refunds.

Amounts are JSON numbers. A whole amount is an `int`, any other a `float` whose shortest
form is that amount, so that `json.dumps` writes 45.01 as `45.01` and 110.00 as `110`. An
amount that no such number can say is refused rather than printed a little wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.statement import Statement
from paysession._money import Money
from paysession.errors import AmountNotRepresentable
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.views._parts import Document, instant, session_of

__all__ = ["FAILURE_REASONS", "PAYMENT_STATUSES", "REFUND_STATUSES", "SESSION_STATUSES", "session"]

SESSION_STATUSES: Final[Mapping[SessionStatus, str]] = MappingProxyType(
    {
        SessionStatus.PENDING: "PENDING",
        SessionStatus.REQUIRES_ACTION: "PENDING",
        SessionStatus.PROCESSING: "PENDING",
        SessionStatus.CLOSING: "PENDING",
        SessionStatus.COMPLETED: "SUCCEEDED",
        SessionStatus.FAILED: "FAILED",
        SessionStatus.CANCELED: "FAILED",
        SessionStatus.EXPIRED: "FAILED",
    }
)
"""How a session is printed that no money came for."""

PAYMENT_STATUSES: Final[Mapping[PaymentStatus, str | None]] = MappingProxyType(
    {
        PaymentStatus.CHECKOUT: None,
        PaymentStatus.PROCESSING: None,
        PaymentStatus.FAILED: None,
        PaymentStatus.ABANDONED: None,
        PaymentStatus.AUTHORIZED: "SUCCEEDED",
        PaymentStatus.PARTIALLY_CAPTURED: "SUCCEEDED",
        PaymentStatus.CAPTURED: "SUCCEEDED",
        PaymentStatus.PARTIALLY_REFUNDED: "PARTIALLY_REFUNDED",
        PaymentStatus.REFUNDED: "REFUNDED",
        PaymentStatus.REVERSED: "REVERSED",
        PaymentStatus.VOIDED: "REVERSED",
        PaymentStatus.LAPSED: "REVERSED",
    }
)
"""How a session is printed by where its money is; None where no money came yet."""

REFUND_STATUSES: Final[Mapping[OperationStatus, str]] = MappingProxyType(
    {
        OperationStatus.REQUESTED: "PENDING",
        OperationStatus.PENDING: "PENDING",
        OperationStatus.SUCCEEDED: "SUCCEEDED",
        OperationStatus.FAILED: "FAILED",
        OperationStatus.CANCELED: "FAILED",
    }
)
"""How each status of a refund is printed."""

FAILURE_REASONS: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {code: code.value.upper() for code in FailureCode}
    | {FailureCode.LOST_OR_STOLEN: "LOST_OR_STOLEN_CARD"}
)
"""How each class of failure is printed."""

_LET_GO: Final = frozenset({PaymentStatus.VOIDED, PaymentStatus.LAPSED})
_BEFORE_SUCCESS: Final = frozenset({"PENDING", "FAILED"})


def session(statement: Statement) -> Document:
    """
    Print the session, what became of its money, and its refunds.

    Where there is money, it decides: a closed session that money came for all the same has
    succeeded, or was refunded. Money that is less than was asked, and is not given back
    yet, is pending. Of a completed session whose money was let go before it was taken, the
    status is REVERSED.

    There is a `failureReason` with FAILED only. `refunds` is null before success, and a
    list ever after.

    Raises:
        NotFound: The payment came into being without a session.
        AmountNotRepresentable: A refund has more digits than a JSON number keeps.
    """
    told = session_of(statement)
    status = _status(told, statement.payment)
    document: Document = {
        "id": told.id,
        "orderReference": told.terms.payable_reference,
        "status": status,
    }
    if status == "FAILED":
        document["failureReason"] = _why_failed(told)
    return document | {
        "providerName": told.method.provider,
        "paymentMethod": told.method.instrument,
        "expiresAt": told.expires_at and instant(told.expires_at, to="milliseconds"),
        "createdAt": instant(told.created_at, to="milliseconds"),
        "updatedAt": instant(_changed_at(told, statement.payment), to="milliseconds"),
        "refunds": None if status in _BEFORE_SUCCESS else [*map(_refund, statement.refunds)],
    }


def _status(told: PaymentSession, payment: Payment | None) -> str:
    by_money = PAYMENT_STATUSES[payment.status] if payment else None
    if payment is None or by_money is None:
        return SESSION_STATUSES[told.status]
    if told.succeeded:
        return by_money
    if payment.status in _LET_GO:
        return SESSION_STATUSES[told.status]
    is_less = payment.balances.authorized < told.amount
    return "PENDING" if is_less and by_money == "SUCCEEDED" else by_money


def _why_failed(told: PaymentSession) -> str:
    if told.status is SessionStatus.FAILED:
        return _reason_of(told.failure)
    return told.status.value.upper()


def _reason_of(failure: Failure | None) -> str:
    """What certainly never arrived has no failure of the provider's."""
    return FAILURE_REASONS[failure.code if failure else FailureCode.PROCESSING_ERROR]


def _changed_at(told: PaymentSession, payment: Payment | None) -> datetime:
    return max(told.updated_at, payment.updated_at) if payment else told.updated_at


def _refund(refund: Refund) -> Document:
    status = REFUND_STATUSES[refund.status]
    document: Document = {
        "id": refund.id,
        "amount": _number(refund.moved_amount),
        "currency": refund.moved_amount.currency.code,
        "status": status,
    }
    if refund.status is OperationStatus.CANCELED:
        document["failureReason"] = "CANCELED"
    elif status == "FAILED":
        document["failureReason"] = _reason_of(refund.failure)
    return document | {
        "reason": refund.reason.value.upper() if refund.reason else None,
        "createdAt": instant(refund.created_at, to="milliseconds"),
        "updatedAt": instant(refund.updated_at, to="milliseconds"),
    }


def _number(money: Money) -> int | float:
    amount = money.amount
    if amount == int(amount):
        return int(amount)
    nearest = float(amount)
    if Decimal(repr(nearest)) != amount:
        raise AmountNotRepresentable(money, "JSON", "it has more digits than a number there keeps")
    return nearest
