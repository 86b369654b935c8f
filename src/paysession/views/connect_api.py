"""The document of a partner API: a payment session in camel case, with four statuses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from paysession._domain.session import PaymentSession
from paysession._domain.sources import StoreCredit
from paysession._domain.statement import Statement
from paysession.lifecycles import SessionStatus
from paysession.views._parts import Document, browser_data, instant, session_of

__all__ = ["STATUSES", "payment_session"]

STATUSES: Final[Mapping[SessionStatus, str]] = MappingProxyType(
    {
        SessionStatus.PENDING: "PENDING",
        SessionStatus.PROCESSING: "PENDING",
        SessionStatus.CLOSING: "PENDING",
        SessionStatus.REQUIRES_ACTION: "REQUIRES_ACTION",
        SessionStatus.COMPLETED: "COMPLETED",
        SessionStatus.FAILED: "FAILED",
        SessionStatus.CANCELED: "FAILED",
        SessionStatus.EXPIRED: "FAILED",
    }
)
"""How each status of a session is printed."""


def payment_session(statement: Statement) -> Document:
    """
    Print the session.

    `provider` is what the customer's browser must have, as the adapter named it; it is empty
    once the session is closed. Keys that may be missing are missing while they are not set.

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
        "provider": {_camel(key): value for key, value in browser_data(session).items()},
        "status": STATUSES[session.status],
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


def _camel(key: str) -> str:
    """Return a key as this API writes keys: `client_secret` as `clientSecret`."""
    first, *rest = key.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _profile_id(session: PaymentSession) -> str | None:
    """Our id of the saved source; credit of the store's own is no profile."""
    source = session.source
    return None if source is None or isinstance(source, StoreCredit) else source.id
