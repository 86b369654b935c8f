"""
The documents of a partner API: a payment session in camel case, with four statuses.

How this API prints its errors is documented nowhere. Here they are flat, in camel case, with
a code in capitals as its statuses are:

    >>> from paysession.errors import NotFound
    >>> error_document(NotFound("payment session", "ps_1"))
    {'errorCode': 'RECORD_NOT_FOUND', 'message': 'Payment session not found'}
"""

from __future__ import annotations

from typing import Final

from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.sources import StoreCredit
from paysession._domain.statement import Statement
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Redirect
from paysession.views._parts import Document, browser_data, instant, is_short, session_of
from paysession.views.http_errors import answer_to, status_of
from paysession.views.statuses import PAYMENT, SESSION

__all__ = ["error_document", "payment_session", "status_of"]

_KEEPS_MONEY: Final = frozenset(
    {
        PaymentStatus.AUTHORIZED,
        PaymentStatus.PARTIALLY_CAPTURED,
        PaymentStatus.CAPTURED,
        PaymentStatus.PARTIALLY_REFUNDED,
    }
)


def payment_session(statement: Statement) -> Document:
    """
    Print the session.

    `provider` is what the customer's browser must have, as the adapter named it: public
    configuration and a client secret, or the address of a hosted checkout as `checkoutUrl`.
    It is empty once the session is closed. Keys that may be missing are missing while they
    are not set.

    A session that failed, or was closed, while money came for it all the same is COMPLETED as
    long as that money is kept, and PENDING if it is less than was asked.

    Raises:
        NotFound: The payment came into being without a session.
    """
    session = session_of(statement)
    terms = session.terms
    document: Document = {
        "paymentSessionId": session.id,
        "orderId": session.payable_id,
        "paymentProvider": session.method.provider.upper(),
        "savePaymentProfile": terms.save_source,
        "hosted": terms.hosted,
        "provider": _provider(session),
        "status": _status(session, statement.payment),
        "metadata": dict(terms.metadata),
        "createdAt": instant(session.created_at, to="seconds"),
        "updatedAt": instant(session.updated_at, to="seconds"),
    }
    optional: dict[str, str | None] = {
        "paymentProfileId": _profile_id(session),
        "returnUrl": terms.return_url,
        "cancelUrl": terms.cancel_url,
    }
    return document | {key: value for key, value in optional.items() if value is not None}


def error_document(error: BaseException | int) -> Document:
    """
    Print an error; `status_of` tells its status.

    There are `fieldErrors` where a field of the request was refused. What is unexpected says
    nothing of itself.

    Args:
        error: What was raised, or the status by which the backend's web layer refuses.

    Raises:
        UnsafeInput: The status given is no error's.
    """
    answer = answer_to(error)
    document: Document = {"errorCode": answer.code.upper(), "message": answer.message}
    if answer.fields:
        document["fieldErrors"] = {_field(name): [why] for name, why in answer.fields.items()}
    return document


def _status(session: PaymentSession, payment: Payment | None) -> str:
    if payment is None or session.succeeded or payment.status not in _KEEPS_MONEY:
        return SESSION[session.status].connect
    return "PENDING" if is_short(session, payment) else PAYMENT[payment.status].connect


def _provider(session: PaymentSession) -> Document:
    data = browser_data(session.client_data)
    told: Document = {_camel(key): value for key, value in data.items()}
    action = session.next_action
    if session.terms.hosted and isinstance(action, Redirect):
        return {"checkoutUrl": action.url.reveal()} | told
    return told


def _camel(key: str) -> str:
    """Return a key as this API writes keys: `client_secret` as `clientSecret`."""
    first, *rest = key.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _field(name: str) -> str:
    """Return the name of a field as this API writes it; keys of metadata stay as they are."""
    field, bracket, key = name.partition("[")
    return _camel(field) + bracket + key


def _profile_id(session: PaymentSession) -> str | None:
    """Our id of the saved source; credit of the store's own is no profile."""
    source = session.source
    return None if source is None or isinstance(source, StoreCredit) else source.id
