"""
The documents of a storefront API: a payment session, and a payment.

Amounts are text, without zeros at the end but with one decimal at least. The carts revision
is the present one; the older orders revision tells when the session was created and changed,
and less of the payment method.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, cast, get_args

from paysession._domain.methods import PaymentMethod
from paysession._domain.payment import Payment
from paysession._domain.sources import CreditCard, Source, StoreCredit
from paysession._domain.statement import Statement
from paysession._money import Money
from paysession.errors import UnsafeInput
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import ReferenceRole
from paysession.views._parts import Document, browser_data, instant, payment_of, session_of

__all__ = ["PAYMENT_STATUSES", "SESSION_STATUSES", "Revision", "payment", "payment_session"]

Revision: TypeAlias = Literal["carts", "orders"]

SESSION_STATUSES: Final[Mapping[SessionStatus, str]] = MappingProxyType(
    {
        SessionStatus.PENDING: "pending",
        SessionStatus.REQUIRES_ACTION: "pending",
        SessionStatus.CLOSING: "pending",
        SessionStatus.PROCESSING: "processing",
        SessionStatus.COMPLETED: "completed",
        SessionStatus.FAILED: "failed",
        SessionStatus.CANCELED: "canceled",
        SessionStatus.EXPIRED: "expired",
    }
)
"""How each status of a session is printed."""

PAYMENT_STATUSES: Final[Mapping[PaymentStatus, str]] = MappingProxyType(
    {
        PaymentStatus.CHECKOUT: "checkout",
        PaymentStatus.PROCESSING: "processing",
        PaymentStatus.AUTHORIZED: "pending",
        PaymentStatus.PARTIALLY_CAPTURED: "completed",
        PaymentStatus.CAPTURED: "completed",
        PaymentStatus.PARTIALLY_REFUNDED: "completed",
        PaymentStatus.REFUNDED: "completed",
        PaymentStatus.REVERSED: "completed",
        PaymentStatus.FAILED: "failed",
        PaymentStatus.VOIDED: "void",
        PaymentStatus.LAPSED: "void",
        PaymentStatus.ABANDONED: "invalid",
    }
)
"""How each status of a payment is printed; "pending" is held, "completed" was taken."""

_RESPONSE_CODES: Final = (
    ReferenceRole.SESSION,
    ReferenceRole.AUTHORIZATION,
    ReferenceRole.CAPTURE,
)
"""Where the provider's id of a payment is looked for: the session's own id comes first."""


def payment_session(
    statement: Statement, *, locale: str = "en_US", revision: Revision = "carts"
) -> Document:
    """
    Print the session, and the payment that its money became.

    There is no `payment` key while there is no payment. `external_id` is our id until the
    provider's is known, `external_data` is empty once the session is closed.

    Args:
        statement: What to print.
        locale: How `display_amount` is written; one of CLDR.
        revision: "carts", or the older "orders".

    Raises:
        NotFound: The payment came into being without a session.
        UnsafeInput: There is no such locale or revision.
    """
    revision = _checked(revision)
    session = session_of(statement)
    document: Document = {
        "id": session.id,
        "status": SESSION_STATUSES[session.status],
        "currency": session.amount.currency.code,
        "external_id": session.external_id,
        "external_data": browser_data(session),
        "customer_external_id": session.references.get(ReferenceRole.CUSTOMER),
        "expires_at": session.expires_at and instant(session.expires_at, to="milliseconds"),
    }
    if revision == "orders":
        document["created_at"] = instant(session.created_at, to="milliseconds")
        document["updated_at"] = instant(session.updated_at, to="milliseconds")
    document |= {
        "amount": _amount(session.amount),
        "payment_method_id": session.method.id,
        "order_id": session.payable_id,
        "payment_method": _method(session.method, revision),
    }
    if statement.payment is not None:
        document["payment"] = _payment(statement.payment, locale, revision)
    return document


def payment(
    statement: Statement, *, locale: str = "en_US", revision: Revision = "carts"
) -> Document:
    """
    Print the payment; what it was asked for is its amount, whatever was taken of it.

    The balance of store credit is the backend's own, so `source` is null where that paid.

    Args:
        statement: What to print.
        locale: How `display_amount` is written; one of CLDR.
        revision: "carts", or the older "orders".

    Raises:
        NotFound: There is no payment yet.
        UnsafeInput: There is no such locale or revision.
    """
    return _payment(payment_of(statement), locale, _checked(revision))


def _checked(revision: str) -> Revision:
    if revision not in get_args(Revision):
        raise UnsafeInput("revision", "choose 'carts' or 'orders'")
    return cast("Revision", revision)


def _payment(paid: Payment, locale: str, revision: Revision) -> Document:
    ids = (paid.references.get(role) for role in _RESPONSE_CODES)
    return {
        "id": paid.id,
        "payment_method_id": paid.method.id,
        "response_code": next((id_ for id_ in ids if id_ is not None), None),
        "number": paid.number,
        "amount": _amount(paid.amount),
        "display_amount": paid.amount.display(locale),
        "status": PAYMENT_STATUSES[paid.status],
        "source_type": _source_type(paid.source),
        "source_id": paid.source.id if paid.source else None,
        "source": _source(paid.source),
        "payment_method": _method(paid.method, revision),
    }


def _amount(money: Money) -> str:
    whole, _, decimals = f"{money.amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _method(method: PaymentMethod, revision: Revision) -> Document:
    document: Document = {
        "id": method.id,
        "name": method.name,
        "description": method.description,
        "type": method.type,
        "session_required": method.session_required,
    }
    if revision == "carts":
        document["source_required"] = method.source_required
    return document


def _source_type(source: Source | None) -> str | None:
    match source:
        case None:
            return None
        case CreditCard():
            return "credit_card"
        case StoreCredit():
            return "store_credit"
        case _:
            return "payment_source"


def _source(source: Source | None) -> Document | None:
    match source:
        case None | StoreCredit():
            return None
        case CreditCard():
            return {
                "id": source.id,
                "brand": source.brand,
                "last4": source.last4,
                "month": source.month,
                "year": source.year,
                "name": source.name,
                "default": source.is_default,
                "gateway_payment_profile_id": source.profile_id,
            }
        case _:
            return {"id": source.id, "gateway_payment_profile_id": source.profile_id}
