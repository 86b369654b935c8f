"""Statements in every state that a view may meet, each made by the commands that lead there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from paysession import (
    CapturePolicy,
    CreditCard,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    PaymentSession,
    RefundReason,
    Statement,
)
from paysession.gateways.bogus import BogusGateway
from paysession.lifecycles import PaymentStatus, SessionStatus

NOW = datetime(2026, 3, 5, 20, 52, 26, 80_999, tzinfo=UTC)
DOCUMENTS: dict[str, Any] = json.loads(
    Path(__file__).with_name("documents.json").read_text(encoding="utf-8")
)


@attrs.define
class Shop:
    """A shop whose clock stands still, with one card method and one order."""

    now: datetime = NOW
    gateway: BogusGateway = attrs.field(init=False)
    payments: Payments = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.gateway = BogusGateway(clock=lambda: self.now)
        self.payments = Payments({"bogus": self.gateway}, clock=lambda: self.now)

    def open(
        self,
        *,
        token: str = "approve",
        total: Money | None = None,
        capture: CapturePolicy = CapturePolicy.AUTOMATIC,
        **terms: Any,
    ) -> PaymentSession:
        return self.payments.create_session(
            Payable("or_1", total=total or Money("110.00", "USD"), reference="ORD-12345"),
            method=PaymentMethod(
                id="pm_1", name="Credit Card", gateway="bogus", provider="stripe", capture=capture
            ),
            source=CreditCard(
                id="card_1", profile_id=token, brand="visa", last4="1111", month=12, year=2030
            ),
            **terms,
        )

    def paid(self, **wishes: Any) -> PaymentSession:
        return self.payments.complete_session(self.open(**wishes).id)

    def told(self, session: PaymentSession) -> Statement:
        return self.payments.statement(session.id)


def opened(**terms: Any) -> Statement:
    shop = Shop()
    return shop.told(shop.open(**terms))


def completed(complete: str = "approve", **terms: Any) -> Statement:
    shop = Shop()
    return shop.told(shop.paid(token=BogusGateway.token(complete=complete), **terms))


def captured(capture: str = "approve", amount: str | None = None) -> Statement:
    shop = Shop()
    token = BogusGateway.token(capture=capture)
    session = shop.paid(token=token, capture=CapturePolicy.MANUAL)
    part = Money(amount, "USD") if amount else None
    shop.payments.capture(_payment_id(session), amount=part)
    return shop.told(session)


def voided(void: str = "approve") -> Statement:
    shop = Shop()
    session = shop.paid(token=BogusGateway.token(void=void), capture=CapturePolicy.MANUAL)
    shop.payments.void(_payment_id(session))
    return shop.told(session)


def refunded(refund: str = "approve", amount: str | None = "45.01") -> Statement:
    shop = Shop()
    session = shop.paid(token=BogusGateway.token(refund=refund))
    shop.now += timedelta(minutes=1)
    part = Money(amount, "USD") if amount else None
    reason = RefundReason.REQUESTED_BY_CUSTOMER
    shop.payments.refund(_payment_id(session), amount=part, reason=reason)
    return shop.told(session)


def canceled() -> Statement:
    shop = Shop()
    return shop.told(shop.payments.cancel_session(shop.open().id))


def expired() -> Statement:
    shop = Shop()
    session = shop.open(expires_at=NOW + timedelta(hours=1))
    shop.now += timedelta(hours=2)
    shop.payments.expire_sessions()
    return shop.told(session)


def closing() -> Statement:
    shop = Shop()
    session = shop.open(token=BogusGateway.token(close="timeout_before"))
    shop.payments.cancel_session(session.id)
    return shop.told(session)


def _payment_id(session: PaymentSession) -> str:
    assert session.payment_id is not None
    return session.payment_id


def late(statement: Statement, status: SessionStatus = SessionStatus.EXPIRED) -> Statement:
    """The same money, had it come when the session was over already."""
    assert statement.session is not None
    session = attrs.evolve(statement.session, status=status, payment_id=None)
    return attrs.evolve(statement, session=session)


def with_payment_at(statement: Statement, status: PaymentStatus) -> Statement:
    assert statement.payment is not None
    return attrs.evolve(statement, payment=attrs.evolve(statement.payment, status=status))


STATES: Mapping[str, Callable[[], Statement]] = {
    "opened": opened,
    "opened with a page of the provider's": lambda: opened(hosted=True),
    "opened with an end": lambda: opened(expires_at=NOW + timedelta(hours=1)),
    "perhaps opened": lambda: opened(token=BogusGateway.token(create="timeout_after")),
    "refused at once": lambda: opened(token=BogusGateway.token(create="decline:risk_blocked")),
    "in need of an action": lambda: completed("require_action"),
    "being worked on": lambda: completed("pending"),
    "perhaps paid": lambda: completed("timeout_after"),
    "declined": lambda: completed("decline:lost_or_stolen"),
    "failed": lambda: completed("end:insufficient_funds"),
    "underpaid": lambda: completed("partial"),
    "closing": closing,
    "canceled": canceled,
    "expired": expired,
    "authorized": lambda: completed(capture=CapturePolicy.MANUAL),
    "partially captured": lambda: captured(amount="60.00"),
    "perhaps captured": lambda: captured("timeout_after"),
    "not captured": lambda: captured("decline:processing_error"),
    "captured": captured,
    "voided": voided,
    "perhaps voided": lambda: voided("timeout_before"),
    "partially refunded": refunded,
    "perhaps refunded": lambda: refunded("timeout_before"),
    "refunding": lambda: refunded("pending"),
    "not refunded": lambda: refunded("decline:account_closed"),
    "refunded": lambda: refunded(amount=None),
    "paid after its end": lambda: late(completed()),
}
