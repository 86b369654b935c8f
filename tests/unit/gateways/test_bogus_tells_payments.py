"""What happens at the provider by itself arrives in the books, however often it is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from gateway_builders import NOON

from paysession import Money, Payable, PaymentMethod, Payments, StoredSource
from paysession.gateways import BogusGateway, BogusProvider, Capabilities
from paysession.outcomes import ReferenceRole

ORDER = Payable("or_1", total=Money("110.00", "USD"))


def usd(amount: str) -> Money:
    return Money(amount, "USD")


class Shop:
    """A backend that receives everything twice, and some of it as another event as well."""

    def __init__(self, *, policy: str = "automatic", signs: bool = True, **script: str) -> None:
        self.now = NOON
        can = Capabilities(look_up_is_authoritative=True, signs_facts=signs)
        self.gateway = BogusGateway(provider=BogusProvider(capabilities=can, clock=self.clock))
        self.payments = Payments({"bogus": self.gateway}, clock=self.clock)
        card = PaymentMethod(id="pm_1", name="Card", gateway="bogus", capture=policy)
        source = StoredSource(id="src_1", profile_id=BogusGateway.token(**script))
        self.session_id = self.payments.create_session(ORDER, method=card, source=source).id

    def clock(self) -> datetime:
        return self.now

    def paid(self) -> "Shop":
        self.payments.complete_session(self.session_id)
        self.receive()
        return self

    def receive(self) -> None:
        for _ in range(2):
            for each in self.gateway.take_notifications():
                for _ in range(2):
                    self.payments.receive_notification(
                        "bogus", body=each.body, headers=each.headers
                    )
            self.now += timedelta(minutes=1)
            self.gateway.provider.send_anew()
        self.gateway.take_notifications()

    @property
    def payment(self) -> Any:
        session = self.payments.get_session(self.session_id)
        return self.payments.get_payment(session.payment_id or "")

    def id(self, role: str) -> str:
        session = self.payments.get_session(self.session_id)
        if role == "session":
            return session.external_id or ""
        return self.payment.references.get(ReferenceRole(role)) or ""

    def stand(self) -> tuple[str, Money, Money, Money]:
        balances = self.payment.balances
        due = self.payments.balance(ORDER).due
        return str(self.payment.status), balances.captured, balances.refunded, due


def test_an_answer_that_was_lost_arrives() -> None:
    shop = Shop(complete="timeout_after").paid()
    assert ("captured", usd("110.00"), usd("0.00"), usd("0.00")) == shop.stand()


def test_what_was_pending_arrives() -> None:
    shop = Shop(complete="pending").paid()
    shop.gateway.let_pending_succeed()
    shop.receive()
    assert "captured" == shop.payment.status


def test_a_customer_who_pays_by_themselves_has_paid() -> None:
    shop = Shop(policy="manual")
    shop.gateway.later.pay(shop.id("session"))
    shop.receive()
    assert "authorized" == shop.payment.status


def capture(shop: Shop) -> None:
    shop.gateway.later.capture(shop.id("authorization"), amount=usd("60.00"))


def void(shop: Shop) -> None:
    shop.gateway.later.void(shop.id("session"))


def refund(shop: Shop) -> None:
    shop.gateway.later.refund(shop.id("session"), amount=usd("60.00"))


def lapse(shop: Shop) -> None:
    shop.gateway.later.lapse(shop.id("authorization"))


def rename(shop: Shop) -> None:
    name = shop.gateway.later.rename(shop.id("authorization"))
    shop.receive()
    assert name == shop.id("authorization")
    shop.payments.capture(shop.payment.id)


def bounced_refund(shop: Shop) -> None:
    made = shop.payments.refund(shop.payment.id, amount=usd("45.01"))
    shop.receive()
    shop.gateway.later.bounce(made.id)


def bounced_capture(shop: Shop) -> None:
    shop.gateway.later.bounce(shop.payments.capture(shop.payment.id).id)


def retaken_capture(shop: Shop) -> None:
    made = shop.payments.capture(shop.payment.id)
    shop.gateway.later.bounce(made.id)
    shop.receive()
    shop.gateway.later.retake(made.id)


def totals(shop: Shop) -> None:
    shop.gateway.later.tell_totals(shop.id("session"))


def reversal(shop: Shop) -> None:
    shop.gateway.later.withdraw(shop.id("session"))


def dispute(shop: Shop) -> None:
    name = shop.gateway.later.dispute(shop.id("session"))
    shop.gateway.later.withdraw(name)
    shop.gateway.later.change_dispute(name, "won")
    shop.gateway.later.reinstate(name)


@pytest.mark.parametrize(
    ("happens", "policy", "status", "captured", "refunded"),
    [
        (capture, "manual", "partially_captured", "60.00", "0.00"),
        (void, "manual", "voided", "0.00", "0.00"),
        (lapse, "manual", "lapsed", "0.00", "0.00"),
        (rename, "manual", "captured", "110.00", "0.00"),
        (bounced_capture, "manual", "authorized", "0.00", "0.00"),
        (retaken_capture, "manual", "captured", "110.00", "0.00"),
        (refund, "automatic", "partially_refunded", "110.00", "60.00"),
        (bounced_refund, "automatic", "captured", "110.00", "0.00"),
        (totals, "automatic", "captured", "110.00", "0.00"),
        (reversal, "automatic", "reversed", "110.00", "0.00"),
        (dispute, "automatic", "captured", "110.00", "0.00"),
    ],
)
def test_what_happens_by_itself_is_booked_once(
    happens: Callable[[Shop], None], policy: str, status: str, captured: str, refunded: str
) -> None:
    shop = Shop(policy=policy).paid()
    happens(shop)
    shop.receive()
    assert (status, usd(captured), usd(refunded)) == shop.stand()[:3]


def test_a_hint_is_looked_up_and_brings_what_nobody_asked_for() -> None:
    shop = Shop(signs=False, complete="timeout_after").paid()
    assert "captured" == shop.payment.status
    shop.gateway.later.refund(shop.id("session"), amount=usd("5.00"))
    shop.receive()
    assert ("partially_refunded", usd("110.00"), usd("5.00")) == shop.stand()[:3]
