"""
The documents of a checkout API: one status for a session and its money, and its refunds.

Amounts are JSON numbers. A whole amount is an `int`, any other a `float` whose shortest
form is that amount, so that `json.dumps` writes 45.01 as `45.01` and 110.00 as `110`. An
amount that no such number can say is refused rather than printed a little wrong.

Errors carry their status as a number:

    >>> error_document(502)
    {'error': 'Error', 'message': 'Service temporarily unavailable.', 'code': 502}
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
from paysession.views._parts import Document, instant, is_short, session_of
from paysession.views.http_errors import answer_to, status_of
from paysession.views.statuses import PAYMENT, REFUND, SESSION

__all__ = ["FAILURE_REASONS", "error_document", "session", "status_of"]

FAILURE_REASONS: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {code: code.value.upper() for code in FailureCode}
    | {FailureCode.LOST_OR_STOLEN: "LOST_OR_STOLEN_CARD"}
)
"""How each class of failure is printed."""

_WITHOUT_MONEY: Final = frozenset(
    {
        PaymentStatus.CHECKOUT,
        PaymentStatus.PROCESSING,
        PaymentStatus.FAILED,
        PaymentStatus.ABANDONED,
    }
)
_LET_GO: Final = frozenset({PaymentStatus.VOIDED, PaymentStatus.LAPSED})
_BEFORE_SUCCESS: Final = frozenset({"PENDING", "FAILED"})

_MESSAGES: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        404: ("Not Found", "The requested resource was not found"),
        500: (
            "Internal Server Error",
            "An unexpected error occurred on the server",
        ),
        502: ("Error", "Service temporarily unavailable."),
        504: ("Error", "Request timed out."),
    }
)
"""What this API says whenever it answers one of these."""

_UNAUTHORIZED: Final = "Authentication required. Please provide a valid API token"


def session(statement: Statement) -> Document:
    """
    Print the session, what became of its money, and its refunds.

    Where there is money, it decides: a closed session that money came for all the same has
    succeeded, or was refunded. Money that is less than was asked, and is not given back
    yet, is pending. Of a completed session whose money was let go before it was taken, the
    status is REVERSED; so it is once all that was not refunded is lost. What a dispute only
    withholds may come back, and changes no status.

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


def error_document(error: BaseException | int, *, request_id: str | None = None) -> Document:
    """
    Print an error, whose status is its `code`.

    What is unexpected says nothing of itself.

    Args:
        error: What was raised, or the status by which the backend's web layer refuses.
        request_id: The backend's own id of the request, for its logs.

    Raises:
        UnsafeInput: The status given is no error's.
    """
    answer = answer_to(error)
    name, message = _MESSAGES.get(answer.status, (answer.phrase, answer.message))
    if error == 401:
        message = _UNAUTHORIZED
    document: Document = {"error": name, "message": message, "code": answer.status}
    return document if request_id is None else document | {"requestId": request_id}


def _status(told: PaymentSession, payment: Payment | None) -> str:
    if payment is None or payment.status in _WITHOUT_MONEY:
        return SESSION[told.status].checkout
    by_money = "REVERSED" if _has_lost_the_rest(payment) else PAYMENT[payment.status].checkout
    if told.succeeded:
        return by_money
    if payment.status in _LET_GO:
        return SESSION[told.status].checkout
    return "PENDING" if by_money == "SUCCEEDED" and is_short(told, payment) else by_money


def _has_lost_the_rest(payment: Payment) -> bool:
    balances = payment.balances
    return bool(balances.lost) and balances.refunded + balances.lost >= balances.captured


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
    status = REFUND[refund.status].checkout
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
