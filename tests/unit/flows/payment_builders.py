"""A backend for tests that charges cards and store credit, and is told of checks by people."""

from __future__ import annotations

from typing import Any

import attrs
from flow_builders import ScriptedGateway, Shop, eur, order

from paysession import (
    CapturePolicy,
    Payable,
    Payment,
    PaymentMethod,
    StoreCredit,
    StoredSource,
    UnderpaidPolicy,
)
from paysession._domain.charges import Charge
from paysession._domain.payable import PayableAccount, Share
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.events import Event
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import ChargeRequest
from paysession.outcomes import Authorized, Captured, References

CHECK = PaymentMethod(
    id="pm_check", name="Check", gateway="check", session_required=False, source_required=False
)
CREDIT = PaymentMethod(
    id="pm_credit", name="Store credit", gateway="credit", capture=CapturePolicy.WHEN_COVERED
)
PATIENT = PaymentMethod(
    id="pm_patient", name="Card", gateway="bogus", on_underpaid=UnderpaidPolicy.ACCEPT
)
STORED = StoredSource(id="src_1", profile_id="card_profile")


class ChargingGateway(ScriptedGateway):
    """A scripted gateway that charges stored sources, too."""

    def charge(self, request: ChargeRequest) -> Any:
        if not self.answers.get("charge"):
            self.then("charge", paid)
        return self._answer(request)


class CheckGateway(Gateway):
    """Calls nobody: a person says what has come."""

    capabilities = Capabilities(settled_by_person=True)


def paid(request: ChargeRequest) -> Authorized | Captured:
    """The answer to a charge that is approved."""
    at_once = request.terms.capture is CapturePolicy.AUTOMATIC
    kind = Captured if at_once else Authorized
    return kind(request.amount, references=References.of(authorization=f"pi_{request.key}"))


class Till(Shop[ChargingGateway]):
    """A backend with cards, store credit and checks."""

    def __init__(self, capabilities: Capabilities | None = None, /, **answers: object) -> None:
        super().__init__(ChargingGateway(capabilities, **answers))
        self.credit = ChargingGateway()
        self.gateways |= {"credit": self.credit, "check": CheckGateway()}

    @property
    def calls(self) -> list[str]:
        """What any provider was asked, in order of the gateways."""
        return [*self.gateway.methods, *self.credit.methods]

    def charged(self, *, amount: Money | None = None, payable: Payable | None = None) -> Payment:
        """A payment that a stored card was charged for."""
        return self.payments.charge(
            payable or order(), method=PATIENT, source=STORED, amount=amount
        )

    def with_credit(
        self, amount: int | str = 40, *, credit_id: str = "sc_1", payable: Payable | None = None
    ) -> Payment:
        """A payment whose credit, which is `cus_1`'s, is held until the rest is covered."""
        return self.payments.charge(
            payable or attrs.evolve(order(), customer_id="cus_1"),
            method=CREDIT,
            source=StoreCredit(id=credit_id),
            amount=eur(amount),
        )

    def check(self, *, amount: Money | None = None, payable: Payable | None = None) -> Payment:
        """A payment that waits in the checkout for a check."""
        return self.payments.create_payment(payable or order(), method=CHECK, amount=amount)

    def newest(self, payment: Payment) -> Payment:
        """A payment as it is stored."""
        return self.payments.get_payment(payment.id)

    def charge_of(self, payment: Payment) -> Charge:
        """A payment's charge as it is stored."""
        (charge,) = self.store.find(Charge, by="payment_id", value=payment.id, tenant="")
        return charge

    @property
    def events(self) -> list[Event]:
        """All that happened, in order."""
        recorded = self.store.unpublished(limit=100_000, tenant="")
        return [each.event for each in recorded]

    def told(self, kind: type[Event]) -> int:
        """How often something of a kind happened."""
        return sum(isinstance(event, kind) for event in self.events)

    def in_order(self) -> PayableAccount:
        """The payable's account, which is the sum over its payments and sessions."""
        account = self.payments.balance("or_1")
        shares = [
            each.share
            for each in self.store.entities()
            if isinstance(each, Payment | PaymentSession)
        ]
        total = sum(shares, start=Share.of_nothing(eur(0)))
        columns = {name: getattr(account, name) for name in attrs.fields_dict(Share)}
        assert attrs.asdict(total, recurse=False) == columns
        return account
