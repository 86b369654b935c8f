"""
The documents of a storefront API: payment sessions, payments and all that belongs to them.

Amounts are text, without zeros at the end but with one decimal at least. The carts revision
is the present one; the older orders revision tells when the session was created and changed,
and less of the payment method.

The balance of store credit is the backend's own. Where the customer paid with credit, pass
what is known of it as `credit=`; without it the `source` is null.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol, TypeAlias, assert_never, get_args

from paysession._domain.methods import PaymentMethod
from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import CreditCard, Source, StoreCredit, StoredSource
from paysession._domain.statement import Statement
from paysession._money import Money
from paysession.errors import AmountExceeded, IllegalTransition, UnsafeInput
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import ReferenceRole
from paysession.views._parts import Document, browser_data, instant, payment_of, session_of
from paysession.views.http_errors import answer_to, status_of
from paysession.views.statuses import PAYMENT, SESSION, SETUP_SESSION

__all__ = [
    "CreditBalance",
    "Revision",
    "error_document",
    "payment",
    "payment_method",
    "payment_session",
    "refund",
    "setup_session",
    "source",
    "status_of",
]

Revision: TypeAlias = Literal["carts", "orders"]


class CreditBalance(Protocol):
    """What the backend knows of one customer's store credit."""

    @property
    def id(self) -> str:
        """Its id, which is that of the source."""
        ...

    @property
    def amount(self) -> Money:
        """What was granted."""
        ...

    @property
    def used(self) -> Money:
        """What was spent of it."""
        ...

    @property
    def remaining(self) -> Money:
        """What may still be spent: neither used nor held."""
        ...


_RESPONSE_CODES: Final = (
    ReferenceRole.SESSION,
    ReferenceRole.AUTHORIZATION,
    ReferenceRole.CAPTURE,
)
"""Where the provider's id of a payment is looked for: the session's own id comes first."""


def payment_session(
    statement: Statement,
    *,
    locale: str = "en_US",
    revision: Revision = "carts",
    credit: CreditBalance | None = None,
) -> Document:
    """
    Print the session, and the payment that its money became.

    There is no `payment` key while there is no payment. `external_id` is our id until the
    provider's is known, `external_data` is empty once the session is closed.
    `customer_external_id` is the provider's id of the customer: as it told us, or else as it
    was given to us.

    Args:
        statement: What to print.
        locale: How `display_amount` is written; one of CLDR.
        revision: "carts", or the older "orders".
        credit: The balance of the store credit that was paid with.

    Raises:
        NotFound: The payment came into being without a session.
        UnsafeInput: There is no such locale or revision, or it is another credit.
    """
    session = session_of(statement)
    document: Document = {
        "id": session.id,
        "status": SESSION[session.status].store,
        "currency": session.amount.currency.code,
        "external_id": session.external_id,
        "external_data": browser_data(session.client_data),
        "customer_external_id": session.customer_external_id,
        "expires_at": session.expires_at and instant(session.expires_at, to="milliseconds"),
    }
    if _checked(revision) == "orders":
        document["created_at"] = instant(session.created_at, to="milliseconds")
        document["updated_at"] = instant(session.updated_at, to="milliseconds")
    document |= {
        "amount": _amount(session.amount),
        "payment_method_id": session.method.id,
        "order_id": session.payable_id,
        "payment_method": payment_method(session.method, revision=revision),
    }
    if statement.payment is not None:
        document["payment"] = payment(statement, locale=locale, revision=revision, credit=credit)
    return document


def setup_session(setup_session: SetupSession) -> Document:
    """
    Print a setup session, and the source that it stored.

    `external_client_secret` is what the adapter named `client_secret`, and `external_data` the
    rest of what the customer's browser must have; both are gone at the end. `external_id`
    is our id until the provider's is known.
    """
    external_data = browser_data(setup_session.client_data)
    stored = setup_session.source
    return {
        "id": setup_session.id,
        "status": SETUP_SESSION[setup_session.status].store,
        "external_id": setup_session.external_id,
        "external_client_secret": external_data.pop("client_secret", None),
        "external_data": external_data,
        "payment_method_id": setup_session.method.id,
        "payment_source_id": stored.id if stored else None,
        "payment_source_type": _source_type(stored),
        "customer_id": setup_session.customer_id,
        "payment_method": payment_method(setup_session.method),
    }


def payment(
    statement: Statement,
    *,
    locale: str = "en_US",
    revision: Revision = "carts",
    credit: CreditBalance | None = None,
) -> Document:
    """
    Print the payment; what it was asked for is its amount, whatever was taken of it.

    Args:
        statement: What to print.
        locale: How `display_amount` is written; one of CLDR.
        revision: "carts", or the older "orders".
        credit: The balance of the store credit that was paid with.

    Raises:
        NotFound: There is no payment yet.
        UnsafeInput: There is no such locale or revision, or it is another credit.
    """
    paid = payment_of(statement)
    ids = (paid.references.get(role) for role in _RESPONSE_CODES)
    return {
        "id": paid.id,
        "payment_method_id": paid.method.id,
        "response_code": next((id_ for id_ in ids if id_ is not None), None),
        "number": paid.number,
        "amount": _amount(paid.amount),
        "display_amount": paid.amount.display(locale),
        "status": _status(paid),
        "source_type": _source_type(paid.source),
        "source_id": paid.source.id if paid.source else None,
        "source": source(paid.source, locale=locale, credit=credit),
        "payment_method": payment_method(paid.method, revision=revision),
    }


def refund(refund: Refund) -> Document:
    """
    Print a refund.

    It has no status in this API. `amount` is what went back, or else what is to.
    `transaction_id` is the provider's id of the refund, null until it is known.
    `refund_reason_id` is the reason's word, such as "requested_by_customer".
    `originator_type` says why the refund exists: "command" (the backend asked for it),
    "policy" (by the rules of its payment method), "person" (somebody says it happened) or
    "provider" (it happened there). None of these is a record, so `originator_id` is null.
    """
    return {
        "id": refund.id,
        "amount": _amount(refund.moved_amount),
        "transaction_id": refund.references.get(ReferenceRole.REFUND),
        "payment_id": refund.payment_id,
        "refund_reason_id": refund.reason.value if refund.reason else None,
        "originator_id": None,
        "originator_type": refund.origin.value,
    }


def payment_method(method: PaymentMethod, *, revision: Revision = "carts") -> Document:
    """
    Print a payment method; the older "orders" revision does not say whether it needs a source.

    Raises:
        UnsafeInput: There is no such revision.
    """
    document: Document = {
        "id": method.id,
        "name": method.name,
        "description": method.description,
        "type": method.type,
        "session_required": method.session_required,
    }
    if _checked(revision) == "carts":
        document["source_required"] = method.source_required
    return document


def source(
    source: Source | None, *, locale: str = "en_US", credit: CreditBalance | None = None
) -> Document | None:
    """
    Print what a customer pays with, by its kind; null where that is not known.

    Args:
        source: A card, store credit or a stored source.
        locale: How the amounts of store credit are shown; one of CLDR.
        credit: The balance of the store credit; without it, that prints as null.

    Raises:
        UnsafeInput: There is no such locale, or it is the balance of another credit.
    """
    match source:
        case None:
            return None
        case CreditCard():
            return _card(source)
        case StoreCredit():
            return None if credit is None else _credit(_credit_of(source, credit), locale)
        case StoredSource():
            return {"id": source.id, "gateway_payment_profile_id": source.profile_id}
        case _:
            assert_never(source)


def error_document(error: BaseException | int) -> Document:
    """
    Print an error; `status_of` tells its status.

    There are `details` where a field of the request was refused. What is unexpected says
    nothing of itself.

    Args:
        error: What was raised, or the status by which the backend's web layer refuses.

    Raises:
        UnsafeInput: The status given is no error's.
    """
    answer = answer_to(error)
    told: Document = {"code": _code_of(error) or answer.code, "message": answer.message}
    if answer.fields:
        told["details"] = {name: [why] for name, why in answer.fields.items()}
    return {"error": told}


def _code_of(error: BaseException | int) -> str | None:
    """The codes that this API has of its own: a payment that cannot do what was asked."""
    match error:
        case IllegalTransition(subject="payment", event="capture"):
            return "payment_not_capturable"
        case IllegalTransition(subject="payment", event="void"):
            return "payment_not_voidable"
        case AmountExceeded(purpose="refundable" | "captured"):
            return "refund_amount_exceeds_balance"
        case _:
            return None


def _checked(revision: str) -> str:
    if revision not in get_args(Revision):
        raise UnsafeInput("revision", "choose 'carts' or 'orders'")
    return revision


def _status(paid: Payment) -> str:
    """A payment of which a person awaits the rest is not complete, whatever has come of it."""
    status = PaymentStatus.AUTHORIZED if paid.awaits_more else paid.status
    return PAYMENT[status].store


def _amount(money: Money) -> str:
    whole, _, decimals = f"{money.amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _source_type(source: Source | None) -> str | None:
    match source:
        case None:
            return None
        case CreditCard():
            return "credit_card"
        case StoreCredit():
            return "store_credit"
        case StoredSource():
            return "payment_source"
        case _:
            assert_never(source)


def _card(card: CreditCard) -> Document:
    return {
        "id": card.id,
        "brand": card.brand,
        "last4": card.last4,
        "month": card.month,
        "year": card.year,
        "name": card.name,
        "default": card.is_default,
        "gateway_payment_profile_id": card.profile_id,
    }


def _credit_of(source: StoreCredit, credit: CreditBalance) -> CreditBalance:
    """Refuse to show one customer the balance of another."""
    if credit.id != source.id:
        raise UnsafeInput("credit", "it is another than was paid with: pass that one")
    return credit


def _credit(credit: CreditBalance, locale: str) -> Document:
    return {
        "id": credit.id,
        "amount": _amount(credit.amount),
        "amount_used": _amount(credit.used),
        "amount_remaining": _amount(credit.remaining),
        "display_amount": credit.amount.display(locale),
        "display_amount_used": credit.used.display(locale),
        "display_amount_remaining": credit.remaining.display(locale),
        "currency": credit.amount.currency.code,
    }
