"""What every dialect needs of a statement, and how all of them write an instant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, TypeAlias

from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData, JSONValue
from paysession._domain.session import PaymentSession
from paysession._domain.statement import Statement
from paysession.errors import NotFound

Document: TypeAlias = dict[str, object]
"""Plain data, ready for `json.dumps`."""


def session_of(statement: Statement) -> PaymentSession:
    """
    Return the session that a statement is about.

    Raises:
        NotFound: Its payment came into being without one.
    """
    if statement.session is None:
        raise NotFound("payment session", statement.account.id)
    return statement.session


def payment_of(statement: Statement) -> Payment:
    """
    Return the payment that a statement is about.

    Raises:
        NotFound: There is none yet.
    """
    if statement.payment is None:
        raise NotFound("payment", statement.account.id)
    return statement.payment


def is_short(session: PaymentSession, payment: Payment) -> bool:
    """Whether less money came for a session than it asked for."""
    return payment.balances.authorized < session.amount


def browser_data(client_data: ClientData | None) -> dict[str, JSONValue]:
    """Return what the customer's browser must have; nothing once a session is closed."""
    if client_data is None:
        return {}
    revealed = client_data.reveal()
    return {"client_secret": revealed} if isinstance(revealed, str) else revealed


def instant(at: datetime, *, to: Literal["seconds", "milliseconds"]) -> str:
    """Write an instant in UTC, with `Z`; what is finer than asked for is cut off."""
    return at.astimezone(UTC).isoformat(timespec=to).removesuffix("+00:00") + "Z"
