"""A shop with one customer, of whom every field that may tell of a person does so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import attrs
from flow_builders import Clock, ScriptedGateway, Shop, eur

from paysession import (
    CapturePolicy,
    ClientData,
    CreditCard,
    Metadata,
    Payable,
    Payment,
    PaymentMethod,
    PaymentSession,
    SetupSession,
)
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import (
    ChargeRequest,
    CompleteSetupSessionRequest,
    CreateSetupSessionRequest,
    Request,
)
from paysession.outcomes import (
    Accepted,
    Authorized,
    Captured,
    Fact,
    Profile,
    Redirect,
    References,
    Refunded,
    Stored,
)
from paysession.stores import InMemoryStore
from paysession.stores.port import Changes

CUSTOMER = "cu_zelda"
PERSONAL = "zelda"
METHOD = PaymentMethod(
    id="pm_1", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL, source_required=False
)
CARD = CreditCard(
    id="card_1",
    profile_id="tok_zelda",
    brand="visa",
    last4="4242",
    month=12,
    year=2030,
    name="Zelda Zimmer",
)
CHECK = PaymentMethod(
    id="pm_2", name="Check", gateway="check", session_required=False, source_required=False
)
PROFILE = Profile(
    id="tok_zelda", brand="visa", last4="4242", month=12, year=2030, name="Zelda Zimmer"
)
NOTES = {"note": "zelda likes green"}


def _ids(request: Request[Any], **made: str) -> References:
    return References.of(customer="cus_zelda", source="tok_zelda", **made)


def opened(request: Request[Any]) -> Fact:
    return Accepted(
        references=_ids(request, session=f"cs_{request.key}"),
        client_data={"client_secret": "zelda's secret"},
        next_action=Redirect("https://bank.example/?who=zelda"),
    )


def held(request: Any) -> Fact:
    return Authorized(
        request.amount,
        references=_ids(request, authorization=f"pi_{request.key}"),
        profile=PROFILE,
    )


def taken(request: Any) -> Fact:
    references = References.of(customer="cus_zelda", capture=f"ch_{request.key}")
    return Captured(request.amount, references=references, profile=PROFILE)


def given_back(request: Any) -> Fact:
    references = References.of(customer="cus_zelda", refund=f"re_{request.key}")
    return Refunded(request.amount, references=references)


def stored(request: Request[Any]) -> Fact:
    return Stored(PROFILE, references=_ids(request))


class CustomerGateway(ScriptedGateway):
    """Tells everything about the customer, whatever it is asked."""

    def create_session(self, request: Any) -> Any:
        return self._told(request, opened)

    def complete_session(self, request: Any) -> Any:
        return self._told(request, held)

    def capture(self, request: Any) -> Any:
        return self._told(request, taken)

    def refund(self, request: Any) -> Any:
        return self._told(request, given_back)

    def charge(self, request: ChargeRequest) -> Any:
        return self._told(request, held)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> Any:
        return self._told(request, opened)

    def complete_setup_session(self, request: CompleteSetupSessionRequest) -> Any:
        return self._told(request, stored)

    def _told(self, request: Request[Any], default: Any) -> Any:
        if not self.answers.get(request.method):
            self.then(request.method, default)
        return self._answer(request)


class InterruptedStore(InMemoryStore):
    """Runs what a test put there before its next commits, one for each."""

    def __init__(self) -> None:
        super().__init__()
        self.before_commits: list[Callable[[], object]] = []

    def commit(self, changes: Changes) -> None:
        if self.before_commits:
            self.before_commits.pop(0)()
        super().commit(changes)


class CustomerShop(Shop[CustomerGateway]):
    """Sells to Zelda."""

    def __init__(self, **answers: object) -> None:
        super().__init__(CustomerGateway(None, **answers), clock=Clock())
        self.gateways["check"] = CustomerGateway(Capabilities(settled_by_person=True))
        self.store: InterruptedStore = InterruptedStore()
        self.payments.ports = attrs.evolve(self.payments.ports, store=self.store)

    def order(self, number: int = 1) -> Payable:
        return Payable(f"or_{number}", total=eur(100), reference=f"R{number}", customer_id=CUSTOMER)

    def session(self, number: int = 1) -> PaymentSession:
        return self.payments.create_session(
            self.order(number),
            method=METHOD,
            source=None,
            customer_external_id="cus_zelda",
            return_url="https://shop.example/thanks?who=zelda",
            cancel_url="https://shop.example/cart?who=zelda",
            metadata=NOTES,
            external_data={"browser": "zelda's"},
        )

    def paid(self, number: int = 1) -> Payment:
        """Held by a session with a card."""
        session = self.session(number)
        return self.payment_of(self.payments.complete_session(session.id, source=CARD))

    def charged(self, number: int = 2, *, idempotency_key: str | None = None) -> Payment:
        return self.payments.charge(
            self.order(number),
            method=METHOD,
            source=CARD,
            customer_external_id="cus_zelda",
            metadata=NOTES,
            idempotency_key=idempotency_key,
        )

    def set_up(self) -> SetupSession:
        session = self.payments.create_setup_session(
            METHOD,
            customer_id=CUSTOMER,
            customer_external_id="cus_zelda",
            return_url="https://shop.example/thanks?who=zelda",
            metadata=NOTES,
        )
        return self.payments.complete_setup_session(session.id)

    def remembers(self) -> list[str]:
        """Where anything is found that tells of Zelda."""
        told = [
            f"{type(entity).__name__}.{path}"
            for entity in self.store.entities()
            for path, text in texts_in(entity)
            if PERSONAL in text.casefold()
        ]
        return told + [
            f"claim {key}.{path}"
            for key, claim in self.store._claims.items()
            for path, text in texts_in(claim)
            if PERSONAL in text.casefold()
        ]


def texts_in(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a value, revealed, and the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, ClientData):
        yield from texts_in(value.reveal(), path)
    elif isinstance(value, Metadata | dict):
        for key, item in value.items():
            yield from texts_in(item, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from texts_in(item, f"{path}[{index}]")
    elif attrs.has(type(value)):
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
            yield from texts_in(getattr(value, field.name), f"{path}.{field.name}".strip("."))
