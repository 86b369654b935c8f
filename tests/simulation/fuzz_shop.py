"""A shop that sold something, and hears anything that its provider may have signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from paysession import CapturePolicy, Money, Payable, PaymentMethod, Payments, StoredSource
from paysession._flows.notifications import Received
from paysession.errors import AmountNotRepresentable
from paysession.gateways import BogusGateway, BogusProvider, Capabilities, Notification
from paysession.outcomes import ReferenceRole
from paysession.views import checkout_api, connect_api, store_api

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

_ORDER: Final = Payable("or_1", total=Money("110.00", "USD"))
_RENEWAL: Final = Payable("or_2", total=Money("20.00", "USD"), customer_id="cus_1")
_CARD: Final = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")


class Shop:
    """
    One purchase: held, captured in part, a refund of it pending; another session beside.

    A stored source was charged for a renewal, and another is being stored. Every shop has the
    same ids, so that what was heard of one can be said of another.

    Args:
        complete: How it all ends; whatever is not held is captured and refunded by nobody.
        signs_facts: Whether the provider is believed, or asked.
    """

    def __init__(self, *, complete: str = "approve", signs_facts: bool = True) -> None:
        numbers = count(1)
        self._provider = BogusProvider(
            clock=lambda: NOON,
            webhook_secrets=[SECRET],
            capabilities=Capabilities(look_up_is_authoritative=True, signs_facts=signs_facts),
        )
        self._gateway = BogusGateway(provider=self._provider)
        self._now = NOON
        self._payments = Payments(
            {"bogus": self._gateway},
            clock=lambda: self._now,
            ids=lambda prefix: f"{prefix}_{next(numbers)}",
        )
        self._buy(BogusGateway.token(complete=complete, refund="pending"))
        self._renew(BogusGateway.token(charge=complete))
        self._store(BogusGateway.token(complete_setup=complete))

    def _buy(self, token: str) -> None:
        source, payments = StoredSource(id="src_1", profile_id=token), self._payments
        self._other = payments.create_session(_ORDER, method=_CARD, source=source)
        opened = payments.create_session(
            _ORDER, method=_CARD, source=source, capture=CapturePolicy.MANUAL
        )
        self._session = payments.complete_session(opened.id)
        if self._session.payment_id is not None:
            payment_id = self._session.payment_id
            self._capture = payments.capture(payment_id, amount=Money("60.00", "USD"))
            self._refund = payments.refund(payment_id, amount=Money("10.00", "USD"))

    def _renew(self, token: str) -> None:
        source = StoredSource(id="src_2", profile_id=token)
        self._renewal = self._payments.charge(_RENEWAL, method=_CARD, source=source)

    def _store(self, token: str) -> None:
        payments = self._payments
        opened = payments.create_setup_session(_CARD, external_data={"token": token})
        self._setup = payments.complete_setup_session(opened.id)

    def receive(self, notification: Notification) -> Received:
        """Hear what the provider tells."""
        return self._payments.receive_notification(
            "bogus", body=notification.body, headers=notification.headers
        )

    def show(self) -> object:
        """Print all that there is to tell, whatever was heard before."""
        payments = self._payments
        told = payments.statement(self._session.id)
        # A JSON number cannot hold a refund of more than fifteen digits, and says so.
        with suppress(AmountNotRepresentable):
            checkout_api.session(told)
        documents = [
            store_api.payment_session(told),
            connect_api.payment_session(told),
            store_api.payment(payments.statement(self._renewal.id)),
            store_api.setup_session(payments.get_setup_session(self._setup.id)),
        ]
        balances = [payments.balance(each) for each in (_ORDER, _RENEWAL)]
        return json.dumps(documents), balances, payments.needs_attention(limit=20)

    def recover(self) -> object:
        """Work on what is due an hour later."""
        self._now += timedelta(hours=1)
        return self._payments.recover(limit=20)

    def told(self) -> Iterator[bytes]:
        """What its provider tells of all that may happen to the purchase."""
        later, ours, theirs = self._gateway.later, self._refund.id, str(self._session.external_id)
        self._gateway.let_pending_succeed()
        later.bounce(ours)
        later.bounce(self._capture.id)
        later.retake(self._capture.id)
        later.refund(theirs, amount=Money("5.00", "USD"))
        later.change_authorization(theirs, Money("20.00", "USD"), expires_at=NOON)
        later.capture(theirs, amount=Money("7.00", "USD"))
        later.void(theirs, amount=Money("3.00", "USD"))
        later.lapse(theirs)
        dispute = later.dispute(theirs, amount=Money("30.00", "USD"), respond_by=NOON)
        later.withdraw(dispute, amount=Money("30.00", "USD"))
        later.change_dispute(dispute, "won")
        later.reinstate(dispute)
        later.tell_totals(theirs)
        later.rename(theirs)
        later.pay(theirs)
        later.expire(str(self._other.external_id))
        later.pay(str(self._other.external_id), amount=Money("6.00", "USD"))
        renewed = str(self._renewal.references.get(ReferenceRole.AUTHORIZATION))
        later.bounce(str(self._renewal.attempt_id))
        later.retake(str(self._renewal.attempt_id))
        later.refund(renewed, amount=Money("1.00", "USD"))
        yield from (each.body for each in self._gateway.take_notifications())
        self._provider.send_again()
        yield from (each.body for each in self._provider.take_batch())
