"""
Every documented example comes out of the public API, key for key and value for value.

Each twice: from what the commands wrote, and after all of that went through JSON text.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest
from view_statements import DOCUMENTED, STORES, documented

from paysession import (
    CreditCard,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    RefundReason,
    StoredSource,
)
from paysession.errors import (
    GatewayUnreachable,
    NotFound,
    OutcomeUnknown,
    PaySessionError,
    SessionRequired,
)
from paysession.gateways import (
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Gateway,
    OfflineGateway,
    RefundAnswer,
    RefundRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
)
from paysession.outcomes import Accepted, Captured, References, Refunded
from paysession.stores import InMemoryStore
from paysession.views import checkout_api, connect_api, http_errors, store_api

CARD = PaymentMethod(
    id="pm_UkLWZg9DAJ", name="Credit Card", gateway="stripe", type="Spree::Gateway::Bogus"
)
CHECK = PaymentMethod(
    id="pm_UkLWZg9DAJ",
    name="Check",
    gateway="offline",
    type="check",
    session_required=False,
    source_required=False,
)
ORDER = Payable("or_UkLWZg9DAJ", total=Money("110.00", "USD"), reference="ORD-12345")


def example(name: str) -> Any:
    return documented(name)


@attrs.define
class Provider(Gateway):
    """Says of a new session what it was told to say."""

    session: str = "bogus_d12a4c4449ea25cafcca4b0b"
    client_data: dict[str, object] = attrs.field(factory=lambda: {"client_secret": "secret_123"})
    when_called: Callable[[], object] = lambda: None

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        self.when_called()
        references = References.of(session=self.session)
        return Accepted(client_data=self.client_data, references=references)

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        return Accepted()

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return Captured(request.amount)

    def refund(self, request: RefundRequest) -> RefundAnswer:
        return Refunded(request.amount)


@attrs.define
class Backend:
    """A backend that chooses its ids, and whose clock is set by hand."""

    store: InMemoryStore
    provider: Provider = attrs.field(factory=Provider)
    ids: dict[str, str] = attrs.field(factory=dict)
    now: datetime = datetime(2026, 3, 5, 20, 52, 26, 80_000, tzinfo=UTC)
    payments: Payments = attrs.field(init=False)
    _numbers: Iterator[int] = attrs.field(factory=count)

    def __attrs_post_init__(self) -> None:
        self.payments = Payments(
            {"stripe": self.provider, "offline": OfflineGateway()},
            store=self.store,
            clock=lambda: self.now,
            ids=lambda prefix: self.ids.get(prefix) or f"{prefix}_{next(self._numbers)}",
        )

    def refused(self, command: Callable[[], object]) -> PaySessionError:
        with pytest.raises(PaySessionError) as caught:
            command()
        return caught.value


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> InMemoryStore:
    return STORES[request.param]()


def same(expected: Any, actual: Any) -> None:
    """Every key and every value, and the keys of the whole in their order."""
    assert expected == json.loads(json.dumps(actual))
    assert [*expected] == [*actual]


def test_a_payment_session_of_a_cart(store: InMemoryStore) -> None:
    backend = Backend(store, ids={"ps": "ps_UkLWZg9DAJ"})
    session = backend.payments.create_session(ORDER, method=CARD)
    document = store_api.payment_session(backend.payments.statement(session.id))
    same(example("store_payment_session_get_200.json"), document)


def test_a_payment_session_of_an_order(store: InMemoryStore) -> None:
    provider = Provider(
        session="bogus_dd476c22401194ad1610c0ee",
        client_data={"client_secret": "bogus_secret_343b3bc480f678de"},
    )
    backend = Backend(store, provider, ids={"ps": "ps_gbHJdmfrXB"})
    session = backend.payments.create_session(ORDER, method=CARD)
    statement = backend.payments.statement(session.id)
    document = store_api.payment_session(statement, revision="orders")
    same(example("store_payment_session_create_201_orders.json"), document)


def test_a_payment_session_that_is_not_there(store: InMemoryStore) -> None:
    backend = Backend(store)
    error = backend.refused(lambda: backend.payments.get_session("ps_UkLWZg9DAJ"))
    assert (NotFound, 404) == (type(error), http_errors.status_of(error))
    same(example("store_payment_session_get_404.json"), store_api.error_document(error))


def test_a_payment_by_check(store: InMemoryStore) -> None:
    backend = Backend(store, ids={"py": "py_UkLWZg9DAJ"})
    payment = backend.payments.create_payment(ORDER, method=CHECK, number="PREKGE98")
    document = store_api.payment(backend.payments.statement(payment.id))
    same(example("store_payment_create_201.json"), document)


def test_a_payment_by_a_method_that_requires_a_session(store: InMemoryStore) -> None:
    backend = Backend(store)
    error = backend.refused(lambda: backend.payments.create_payment(ORDER, method=CARD))
    assert (SessionRequired, 422) == (type(error), http_errors.status_of(error))
    same(example("store_payment_create_422.json"), store_api.error_document(error))


def test_a_partners_payment_session(store: InMemoryStore) -> None:
    provider = Provider(
        session="pi_1234567890abcdef",
        client_data={
            "client_secret": "pi_1234_secret_abcd",
            "publishable_key": "pk_test_1234567890abcdef",
            "payment_intent_id": "pi_1234567890abcdef",
        },
    )
    ids = {"ps": "d2e3f4a5-b6c7-8901-2345-012345678901"}
    backend = Backend(store, provider, ids, now=datetime(2024, 9, 29, 10, tzinfo=UTC))
    session = backend.payments.create_session(
        Payable("e3f4a5b6-c7d8-9012-3456-123456789012", total=Money("110.00", "USD")),
        method=CARD,
        source=StoredSource(id="f4a5b6c7-d8e9-0123-4567-234567890123", profile_id="pm_1"),
        save_source=True,
        metadata={"source": "mobile_app", "campaign": "summer_2024"},
        return_url="https://example.com/order/confirmation",
        cancel_url="https://example.com/order/checkout",
    )
    backend.now += timedelta(minutes=30)
    backend.payments.update_session(session.id, external_data={"step": "address"})
    document = connect_api.payment_session(backend.payments.statement(session.id))
    same(example("connect_payment_session_get_200.json"), document)


CHECKOUT = {
    "id": "e4b8c1a2-1234-5678-abcd-ef1234567890",
    "orderReference": "ORD-12345",
    "status": "PENDING",
    "providerName": "stripe",
    "paymentMethod": "card",
    "expiresAt": "2024-01-15T12:00:00.000Z",
    "createdAt": "2024-01-15T11:00:00.000Z",
    "updatedAt": "2024-01-15T11:00:00.000Z",
    "refunds": None,
}
REFUND = {
    "id": "3d72f30c-2977-44bf-b2e8-ff09b9b3216d",
    "amount": 45.01,
    "currency": "USD",
    "status": "SUCCEEDED",
    "reason": "REQUESTED_BY_CUSTOMER",
    "createdAt": "2024-01-15T11:30:00.000Z",
    "updatedAt": "2024-01-15T11:30:00.000Z",
}


def checkout(store: InMemoryStore) -> Backend:
    ids = {"ps": str(CHECKOUT["id"]), "re": str(REFUND["id"])}
    backend = Backend(store, ids=ids, now=datetime(2024, 1, 15, 11, tzinfo=UTC))
    card = CreditCard(id="card_1", brand="visa", last4="1111", month=12, year=2030)
    ends = backend.now + timedelta(hours=1)
    backend.payments.create_session(ORDER, method=CARD, source=card, expires_at=ends)
    return backend


def told(backend: Backend) -> Any:
    return checkout_api.session(backend.payments.statement(str(CHECKOUT["id"])))


def test_a_checkout_session_in_states_that_there_are(store: InMemoryStore) -> None:
    backend = checkout(store)
    same(CHECKOUT, told(backend))
    backend.now += timedelta(minutes=15)
    session = backend.payments.complete_session(str(CHECKOUT["id"]))
    paid = {**CHECKOUT, "status": "SUCCEEDED", "updatedAt": "2024-01-15T11:15:00.000Z"}
    same({**paid, "refunds": []}, told(backend))
    backend.now += timedelta(minutes=15)
    backend.payments.refund(
        str(session.payment_id),
        amount=Money("45.01", "USD"),
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
    )
    refunded = {**CHECKOUT, "status": "PARTIALLY_REFUNDED", "refunds": [REFUND]}
    same({**refunded, "updatedAt": "2024-01-15T11:30:00.000Z"}, told(backend))


def test_a_checkout_session_whose_time_is_over(store: InMemoryStore) -> None:
    backend = checkout(store)
    backend.now += timedelta(hours=1)
    backend.payments.expire_sessions()
    ended = {**CHECKOUT, "status": "FAILED", "updatedAt": "2024-01-15T12:00:00.000Z"}
    document = told(backend)
    assert {**ended, "failureReason": "EXPIRED"} == document


def shape(value: Any) -> Any:
    """What a value looks like: its keys, its types, and the form of its texts."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case str():
            return re.sub(r"[A-Z_]+(?![a-z])", "A", re.sub(r"[0-9a-f]", "0", value))
        case _:
            return type(value)


def test_the_example_of_a_checkout_session_is_no_state_but_has_the_shape_of_one(
    store: InMemoryStore,
) -> None:
    """PENDING with a reason to have failed, and a refund before it succeeded, never meet."""
    shown = example("checkout_session_get_200.json")
    backend = checkout(store)
    session = backend.payments.complete_session(str(CHECKOUT["id"]))
    backend.payments.refund(
        str(session.payment_id),
        amount=Money("45.01", "USD"),
        reason=RefundReason.REQUESTED_BY_CUSTOMER,
    )
    document = told(backend)
    refund = {**document["refunds"][0], "failureReason": "LOST_OR_STOLEN_CARD"}
    whole = {**document, "failureReason": "EXPIRED", "refunds": [refund]}
    assert shape(shown) == shape(whole)


def test_a_checkout_session_asked_for_by_nobody() -> None:
    """Who asks is for the backend to know, so it is a status and no error of ours."""
    document = checkout_api.error_document(HTTPStatus.UNAUTHORIZED)
    same(example("checkout_error_401.json"), document)


def test_a_checkout_session_that_is_not_there(store: InMemoryStore) -> None:
    backend = Backend(store)
    error = backend.refused(lambda: backend.payments.statement("e4b8c1a2"))
    same(example("checkout_error_404.json"), checkout_api.error_document(error))


def test_a_checkout_session_of_a_backend_that_is_broken(
    store: InMemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "get", broken)
    with pytest.raises(RuntimeError) as caught:
        Backend(store).payments.get_session("e4b8c1a2")
    document = checkout_api.error_document(caught.value, request_id="req_1234567890")
    same(example("checkout_error_500.json"), document)


def test_a_checkout_session_whose_provider_cannot_be_reached(store: InMemoryStore) -> None:
    backend = Backend(store, Provider(when_called=unreachable))
    error = backend.refused(lambda: backend.payments.create_session(ORDER, method=CARD))
    assert GatewayUnreachable is type(error)
    same(example("checkout_error_502.json"), checkout_api.error_document(error))


def test_a_checkout_session_of_which_nobody_knows_the_outcome(
    store: InMemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Provider(when_called=lambda: monkeypatch.setattr(store, "commit", broken))
    backend = Backend(store, provider)
    error = backend.refused(lambda: backend.payments.create_session(ORDER, method=CARD))
    assert OutcomeUnknown is type(error)
    same(example("checkout_error_504.json"), checkout_api.error_document(error))


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("no connection to postgres://shop:hunter2@db/")


def unreachable() -> None:
    raise GatewayUnreachable("10.0.0.7 refused")


def test_every_example_is_shown_by_one_of_these_tests() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    shown = set(re.findall(r'example\("(\w+\.json)"\)', source))
    assert {path.name for path in DOCUMENTED.glob("*_[0-9]*.json")} == shown
