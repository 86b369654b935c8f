"""Statements in every state that a view may meet, each made by the commands that lead there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from paysession import (
    CapturePolicy,
    CreditCard,
    Money,
    Payable,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
    RefundReason,
    SetupSession,
    Source,
    Statement,
    StoreCredit,
    StoredSource,
)
from paysession.gateways import (
    BogusGateway,
    Credit,
    InMemoryCreditLedger,
    OfflineGateway,
    StoreCreditGateway,
)
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.stores import InMemoryStore

sys.path.append(str(Path(__file__).parents[1] / "stores"))
from json_text_store import JsonTextStore, through_text

NOW = datetime(2026, 3, 5, 20, 52, 26, 80_999, tzinfo=UTC)
STORES: dict[str, type[InMemoryStore]] = {"live": InMemoryStore, "through JSON text": JsonTextStore}
DOCUMENTED = Path(__file__).with_name("documented")


def documented(name: str) -> Any:
    """Return a document as those who wrote the dialect down show it."""
    return json.loads((DOCUMENTED / name).read_text(encoding="utf-8"))


CHECK = PaymentMethod(
    id="pm_2",
    name="Check",
    gateway="offline",
    type="check",
    session_required=False,
    source_required=False,
)
CREDIT = Credit(id="sc_1", customer_id="cus_1", amount=Money("100.00", "USD"), created_at=NOW)


@attrs.define
class Shop:
    """A shop whose clock stands still, with a method of every kind and one order."""

    now: datetime = NOW
    gateway: BogusGateway = attrs.field(init=False)
    payments: Payments = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.gateway = BogusGateway(clock=lambda: self.now)
        gateways = {
            "bogus": self.gateway,
            "offline": OfflineGateway(),
            "credit": StoreCreditGateway(InMemoryCreditLedger([CREDIT])),
        }
        self.payments = Payments(gateways, clock=lambda: self.now)

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

    def wait(self, amount: str = "110.00") -> Payment:
        """A payment that waits in the checkout for somebody to say that it was paid."""
        return self.payments.create_payment(
            Payable("or_1", total=Money(amount, "USD")), method=CHECK
        )

    def charge(
        self, source: Source, *, gateway: str = "bogus", capture: str = "automatic"
    ) -> Payment:
        method = PaymentMethod(id="pm_3", name="Card on file", gateway=gateway)
        order = Payable("or_1", total=Money("110.00", "USD"), customer_id="cus_1")
        amount = CREDIT.amount if gateway == "credit" else None
        policy = CapturePolicy(capture)
        return self.payments.charge(
            order, method=method, source=source, amount=amount, capture=policy
        )

    def set_up(self, *, create: str = "approve", **wishes: Any) -> SetupSession:
        token = BogusGateway.token(create_setup=create)
        method = PaymentMethod(id="pm_3", name="Card on file", gateway="bogus")
        return self.payments.create_setup_session(
            method, customer_id="cus_1", external_data={"token": token}, **wishes
        )

    def told(self, record: PaymentSession | Payment) -> Statement:
        return self.payments.statement(record.id)

    def hear(self) -> None:
        """The provider sends its notifications, and they are received."""
        for each in self.gateway.take_notifications():
            self.payments.receive_notification("bogus", body=each.body, headers=each.headers)


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


def lapsed() -> Statement:
    shop = Shop()
    session = shop.paid(capture=CapturePolicy.MANUAL)
    shop.gateway.later.lapse(_external_id(session))
    shop.hear()
    return shop.told(session)


def disputed(
    amount: str = "110.00", *, status: str = "needs_response", refunded: str | None = None
) -> Statement:
    """What was taken is disputed and withheld, or whatever the bank has decided since."""
    shop = Shop()
    session = shop.paid()
    if refunded is not None:
        shop.payments.refund(_payment_id(session), amount=Money(refunded, "USD"))
    dispute = shop.gateway.later.dispute(_external_id(session), status=status)
    shop.gateway.later.withdraw(dispute, amount=Money(amount, "USD"))
    shop.hear()
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


def _external_id(session: PaymentSession) -> str:
    assert session.external_id is not None
    return session.external_id


def _payment_id(session: PaymentSession) -> str:
    assert session.payment_id is not None
    return session.payment_id


def read_again(statement: Statement) -> Statement:
    """The same statement after all of it was written down as JSON text."""
    many = {
        name: tuple(map(through_text, getattr(statement, name)))
        for name in ("authorizations", "captures", "voids", "refunds", "disputes")
    }
    return Statement(
        session=through_text(statement.session) if statement.session else None,
        payment=through_text(statement.payment) if statement.payment else None,
        account=through_text(statement.account),
        **many,
    )


def late(statement: Statement, status: SessionStatus = SessionStatus.EXPIRED) -> Statement:
    """The same money, had it come when the session was over already."""
    assert statement.session is not None
    session = attrs.evolve(statement.session, status=status, payment_id=None)
    return attrs.evolve(statement, session=session)


def with_payment_at(statement: Statement, status: PaymentStatus) -> Statement:
    assert statement.payment is not None
    return attrs.evolve(statement, payment=attrs.evolve(statement.payment, status=status))


STATES: dict[str, Callable[[], Statement]] = {
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
    "lapsed": lapsed,
    "disputed": disputed,
    "lost in part": lambda: disputed("60.00", status="lost"),
    "lost": lambda: disputed(status="lost"),
    "refunded and lost": lambda: disputed("64.99", status="lost", refunded="45.01"),
    "paid after its end": lambda: late(completed()),
}


def waiting() -> Statement:
    shop = Shop()
    return shop.told(shop.wait())


def abandoned() -> Statement:
    shop = Shop()
    first = shop.wait()
    shop.wait()
    return shop.told(first)


def marked_paid(amount: str | None = None, *, refunded: str | None = None) -> Statement:
    shop = Shop()
    payment = shop.wait()
    shop.payments.mark_paid(payment.id, amount=Money(amount, "USD") if amount else None)
    if refunded is not None:
        shop.payments.mark_refunded(payment.id, amount=Money(refunded, "USD"))
    return shop.told(payment)


def charged(charge: str = "approve", **wishes: Any) -> Statement:
    shop = Shop()
    source = StoredSource(id="src_1", profile_id=BogusGateway.token(charge=charge))
    return shop.told(shop.charge(source, **wishes))


def credited(**wishes: Any) -> Statement:
    shop = Shop()
    return shop.told(shop.charge(StoreCredit(id=CREDIT.id), gateway="credit", **wishes))


PAYMENTS: dict[str, Callable[[], Statement]] = {
    "waiting": waiting,
    "abandoned": abandoned,
    "paid in part": lambda: marked_paid("60.00"),
    "paid": marked_paid,
    "paid in excess": lambda: marked_paid("120.00"),
    "given back in part": lambda: marked_paid(refunded="45.01"),
    "given back": lambda: marked_paid(refunded="110.00"),
    "charged": charged,
    "charged and held": lambda: charged(capture="manual"),
    "charge in need of an action": lambda: charged("require_action"),
    "charge being worked on": lambda: charged("pending"),
    "perhaps charged": lambda: charged("timeout_after"),
    "charge declined": lambda: charged("decline:insufficient_funds"),
    "paid with credit": credited,
    "held credit": lambda: credited(capture="manual"),
    "lapsed": lapsed,
    "disputed": disputed,
    "lost": lambda: disputed(status="lost"),
}


def set_up(complete: str = "approve") -> SetupSession:
    shop = Shop()
    token = BogusGateway.token(complete_setup=complete)
    session = shop.set_up()
    return shop.payments.complete_setup_session(session.id, external_data={"token": token})


def set_up_canceled() -> SetupSession:
    shop = Shop()
    return shop.payments.cancel_setup_session(shop.set_up().id)


def set_up_expired() -> SetupSession:
    shop = Shop()
    session = shop.set_up(expires_at=NOW + timedelta(hours=1))
    shop.now += timedelta(hours=2)
    shop.payments.expire_setup_sessions()
    return shop.payments.get_setup_session(session.id)


SETUPS: dict[str, Callable[[], SetupSession]] = {
    "opened": lambda: Shop().set_up(),
    "perhaps opened": lambda: Shop().set_up(create="timeout_after"),
    "in need of an action": lambda: set_up("require_action"),
    "being worked on": lambda: set_up("pending"),
    "perhaps stored": lambda: set_up("timeout_after"),
    "declined": lambda: set_up("decline:expired_card"),
    "stored": set_up,
    "failed": lambda: set_up("end:expired_card"),
    "canceled": set_up_canceled,
    "expired": set_up_expired,
}
