"""
Gateways for money that no provider tells of: a check, cash on delivery, a bank transfer.

A payment waits in the checkout until a person says what has come, and what went back:

    >>> from paysession import Money, Payable, PaymentMethod, Payments
    >>> payments = Payments({"check": OfflineGateway()})
    >>> check = PaymentMethod(
    ...     id="pm_1", name="Check", gateway="check", session_required=False, source_required=False
    ... )
    >>> payment = payments.create_payment(
    ...     Payable("or_1", total=Money("110.00", "USD")), method=check
    ... )
    >>> capture = payments.mark_paid(
    ...     payment.id, amount=Money("60.00", "USD"), reference="check 1041"
    ... )
    >>> payments.get_payment(payment.id).missing
    Money('50.00', 'USD')
    >>> capture = payments.mark_paid(payment.id, reference="check 1042")
    >>> print(capture.amount, payments.get_payment(payment.id).status)
    50.00 USD captured
    >>> refund = payments.mark_refunded(payment.id, amount=Money("45.01", "USD"))
    >>> print(payments.get_payment(payment.id).status)
    partially_refunded

Nothing is ever called, so nothing here can time out.
"""

from __future__ import annotations

from typing import Final

from paysession.gateways.capabilities import Capabilities
from paysession.gateways.port import AsyncGateway, Gateway

OFFLINE: Final = Capabilities(settled_by_person=True, collects_source=False)
"""What a person can do: say what has come, in parts, and what went back, in parts."""


class OfflineGateway(Gateway):
    """Money that a person takes: `mark_paid` and `mark_refunded` say what became of it."""

    capabilities = OFFLINE


class AsyncOfflineGateway(AsyncGateway):
    """`OfflineGateway`, for `AsyncPayments`."""

    capabilities = OFFLINE
