"""
The one table of statuses: where something stands, and the word that each dialect has for it.

Every status of every chart of `paysession.lifecycles` has its place here, and a test proves
that none is missing. Two rules hold of every word. What is open or unknown is `processing`,
`pending` or `PENDING`, and never failed (a payment that nobody asked for yet is in `checkout`,
a customer who must act may read REQUIRES_ACTION). And a payment that holds money, or ever took
some, never reads as failed.

A dialect has documents for some charts only. For the others its word is the one that a
reader of its documents would expect:

- *store* has a word for every session, setup session and payment. A movement is processing
  from its request to its end. So is a dispute that others look at; while our answer is
  awaited it is pending.
- *connect* knows sessions alone, in four words. Money that is held or was taken is COMPLETED;
  held money that was let go is FAILED, as a canceled session is. REQUIRES_ACTION is said of
  the customer only.
- *checkout* tells a session and its money in one word, and a refund in three. Money that went
  back by another way than a refund is REVERSED: let go, or lost in a dispute.

A dispute that is over is completed, whoever has won: what became of the money, its payment
tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from paysession.lifecycles import (
    DisputeStatus,
    OperationStatus,
    PaymentStatus,
    SessionStatus,
    SetupSessionStatus,
)

__all__ = [
    "ATTEMPT",
    "CAPTURE",
    "DISPUTE",
    "PAYMENT",
    "REFUND",
    "SESSION",
    "SETUP_SESSION",
    "STATUSES",
    "VOID",
    "Words",
]


@attrs.frozen
class Words:
    """
    One status, as each dialect prints it.

    Attributes:
        store: In the storefront dialect.
        connect: In the partner dialect.
        checkout: In the checkout dialect.
    """

    store: str
    connect: str
    checkout: str


SESSION: Final[Mapping[SessionStatus, Words]] = MappingProxyType(
    {
        SessionStatus.PENDING: Words("pending", "PENDING", "PENDING"),
        SessionStatus.REQUIRES_ACTION: Words("pending", "REQUIRES_ACTION", "PENDING"),
        SessionStatus.PROCESSING: Words("processing", "PENDING", "PENDING"),
        SessionStatus.CLOSING: Words("pending", "PENDING", "PENDING"),
        SessionStatus.COMPLETED: Words("completed", "COMPLETED", "SUCCEEDED"),
        SessionStatus.FAILED: Words("failed", "FAILED", "FAILED"),
        SessionStatus.CANCELED: Words("canceled", "FAILED", "FAILED"),
        SessionStatus.EXPIRED: Words("expired", "FAILED", "FAILED"),
    }
)
"""How a session is printed; in the checkout dialect, one that no money came for."""

SETUP_SESSION: Final[Mapping[SetupSessionStatus, Words]] = MappingProxyType(
    {SetupSessionStatus(status.value): words for status, words in SESSION.items()}
)
"""How a setup session is printed: as a session."""

PAYMENT: Final[Mapping[PaymentStatus, Words]] = MappingProxyType(
    {
        PaymentStatus.CHECKOUT: Words("checkout", "PENDING", "PENDING"),
        PaymentStatus.PROCESSING: Words("processing", "PENDING", "PENDING"),
        PaymentStatus.AUTHORIZED: Words("pending", "COMPLETED", "SUCCEEDED"),
        PaymentStatus.PARTIALLY_CAPTURED: Words("completed", "COMPLETED", "SUCCEEDED"),
        PaymentStatus.CAPTURED: Words("completed", "COMPLETED", "SUCCEEDED"),
        PaymentStatus.PARTIALLY_REFUNDED: Words("completed", "COMPLETED", "PARTIALLY_REFUNDED"),
        PaymentStatus.REFUNDED: Words("completed", "COMPLETED", "REFUNDED"),
        PaymentStatus.REVERSED: Words("completed", "COMPLETED", "REVERSED"),
        PaymentStatus.VOIDED: Words("void", "FAILED", "REVERSED"),
        PaymentStatus.LAPSED: Words("void", "FAILED", "REVERSED"),
        PaymentStatus.FAILED: Words("failed", "FAILED", "FAILED"),
        PaymentStatus.ABANDONED: Words("invalid", "FAILED", "FAILED"),
    }
)
"""How a payment is printed; in the store, "pending" is held and "completed" was taken."""

ATTEMPT: Final[Mapping[OperationStatus, Words]] = MappingProxyType(
    {
        OperationStatus.REQUESTED: Words("processing", "PENDING", "PENDING"),
        OperationStatus.PENDING: Words("processing", "PENDING", "PENDING"),
        OperationStatus.SUCCEEDED: Words("completed", "COMPLETED", "SUCCEEDED"),
        OperationStatus.FAILED: Words("failed", "FAILED", "FAILED"),
        OperationStatus.CANCELED: Words("canceled", "FAILED", "FAILED"),
    }
)
"""How an attempt is printed, and a charge; requested may be unknown."""

REFUND: Final[Mapping[OperationStatus, Words]] = ATTEMPT
"""How a refund is printed."""

CAPTURE: Final[Mapping[OperationStatus, Words]] = MappingProxyType(
    {status: words for status, words in ATTEMPT.items() if status is not OperationStatus.CANCELED}
)
"""How a capture is printed, which is never canceled."""

VOID: Final[Mapping[OperationStatus, Words]] = CAPTURE
"""How a void is printed."""

DISPUTE: Final[Mapping[DisputeStatus, Words]] = MappingProxyType(
    {
        DisputeStatus.INQUIRY: Words("pending", "PENDING", "PENDING"),
        DisputeStatus.NEEDS_RESPONSE: Words("pending", "PENDING", "PENDING"),
        DisputeStatus.UNDER_REVIEW: Words("processing", "PENDING", "PENDING"),
        DisputeStatus.WON: Words("completed", "COMPLETED", "SUCCEEDED"),
        DisputeStatus.LOST: Words("completed", "COMPLETED", "REVERSED"),
        DisputeStatus.CLOSED: Words("completed", "COMPLETED", "SUCCEEDED"),
    }
)
"""How a dispute is printed."""

STATUSES: Final[Mapping[str, Mapping[Any, Words]]] = MappingProxyType(
    {
        "session": SESSION,
        "setup_session": SETUP_SESSION,
        "payment": PAYMENT,
        "attempt": ATTEMPT,
        "capture": CAPTURE,
        "void": VOID,
        "refund": REFUND,
        "dispute": DISPUTE,
    }
)
"""All of them, by the name of the chart as `paysession.lifecycles.LIFECYCLES` has it."""
