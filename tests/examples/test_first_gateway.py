"""The adapter guide's example: it keeps the laws, and takes money with whatever Acme does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from acme_paysession import AcmeGateway
from acme_paysession.actions import DECLINES, fact_of, report_of
from fake_acme import FakeAcme, Trouble
from paysession import (
    CapturePolicy,
    Metadata,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    Step,
    StoredSource,
)
from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import CaptureRequest, Notification
from paysession.outcomes import (
    Captured,
    FailureCode,
    NotAttempted,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
    Unknown,
    Unreadable,
)
from test_acme import API_KEY, WEBHOOK_SECRETS, acme_of
from test_acme import TestAcme as TestAcme

ORDER = Payable("or_1", total=Money("110.00", "USD"))
CARD = PaymentMethod(id="pm_1", name="Card", gateway="acme", capture=CapturePolicy.MANUAL)


class Shop:
    """A backend whose only gateway is Acme's."""

    def __init__(self) -> None:
        self.gateway = TestAcme().make_gateway()
        self.acme = acme_of(self.gateway)
        self.steps: list[Step] = []
        self.payments = Payments(
            {"acme": self.gateway}, clock=self.acme.now, observers=[self.steps.append]
        )

    def held(self) -> str:
        """Hold what the order costs, and return the payment's id."""
        session = self.payments.create_session(ORDER, method=CARD)
        session = self.payments.complete_session(session.id).raise_for_failure()
        assert session.payment_id is not None
        return session.payment_id

    def recover(self) -> None:
        """Let the lease of what is open end, and see to it."""
        self.acme.pass_time(timedelta(hours=1))
        self.payments.recover()

    def total(self, kind: str) -> Money:
        return Money.from_minor(self.acme.total(kind, "USD"), "USD")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_money_is_held_taken_in_parts_and_given_back(shop: Shop) -> None:
    payment_id = shop.held()
    shop.payments.capture(payment_id, amount=Money("60.00", "USD")).raise_for_failure()
    shop.payments.capture(payment_id, amount=Money("20.00", "USD")).raise_for_failure()
    shop.payments.void(payment_id).raise_for_failure()
    shop.payments.refund(payment_id, amount=Money("45.01", "USD")).raise_for_failure()
    balances = shop.payments.get_payment(payment_id).balances
    assert shop.total("taken") == balances.captured == Money("80.00", "USD")
    assert shop.total("released") == balances.voided == Money("30.00", "USD")
    assert shop.total("given_back") == balances.refunded == Money("45.01", "USD")


def test_a_capture_whose_answer_was_lost_is_found_and_made_once(shop: Shop) -> None:
    payment_id = shop.held()
    shop.acme.on_next("capture", Trouble.LOSE_ANSWER)
    capture = shop.payments.capture(payment_id)
    assert (True, False) == (capture.is_open, capture.succeeded)
    shop.recover()
    assert ORDER.total == shop.payments.get_payment(payment_id).balances.captured
    assert ORDER.total == shop.total("taken")


def test_a_session_at_acme_s_page_is_paid_when_its_event_says_so(shop: Shop) -> None:
    session = shop.payments.create_session(ORDER, method=CARD, hosted=True)
    assert isinstance(session.next_action, Redirect)
    shop.acme.on_next("confirm", Trouble.ACT)
    session = shop.payments.complete_session(session.id)
    assert isinstance(session.next_action, Redirect)
    assert session.external_id is not None
    shop.acme.customer_acts(session.external_id)
    for event in shop.acme.events():
        shop.payments.receive_notification("acme", body=event.body, headers=event.headers)
    assert shop.payments.get_session(session.id).succeeded


def test_a_card_that_is_kept_can_be_charged_later(shop: Shop) -> None:
    session = shop.payments.create_session(ORDER, method=CARD, save_source=True)
    source = shop.payments.complete_session(session.id).source
    assert source is not None
    assert f"card_{session.external_id}" == source.profile_id
    later = Payable("or_2", total=Money("20.00", "USD"))
    shop.payments.charge(later, method=CARD, source=source).raise_for_failure()
    assert Money("130.00", "USD") == shop.total("held")


def test_a_charge_of_a_card_that_is_gone_is_declined_and_says_why(shop: Shop) -> None:
    shop.acme.on_next("charge", Trouble.DECLINE, code="card_expired")
    source = StoredSource(id="src_1", profile_id="card_9")
    charge = shop.payments.charge(ORDER, method=CARD, source=source)
    assert charge.failure is not None
    assert (FailureCode.EXPIRED_CARD, "card_expired") == (
        charge.failure.code,
        charge.failure.raw_code,
    )
    assert Money.zero("USD") == shop.total("held")


def test_what_acme_let_go_by_itself_is_voided_and_nothing_is_waited_for(shop: Shop) -> None:
    payment_id = shop.held()
    (intent,) = [
        each.id
        for each in shop.payments.get_payment(payment_id).references
        if each.role is ReferenceRole.AUTHORIZATION
    ]
    json_of = {"amount": 11000, "currency": "USD"}
    headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": "at the dashboard"}
    shop.acme.send("POST", f"/intents/{intent}/release", headers=headers, json=json_of)
    assert shop.payments.void(payment_id).succeeded
    assert ORDER.total == shop.total("released")


class OneAnswer:
    """A transport to whatever stands between us and Acme."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = status, body

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        json: Mapping[str, object] | None,
        timeout_seconds: float,
    ) -> tuple[int, bytes]:
        return self.answer


def capture_answered(status: int, body: bytes) -> object:
    gateway = AcmeGateway(
        api_key=API_KEY, webhook_secrets=WEBHOOK_SECRETS, transport=OneAnswer(status, body)
    )
    request = CaptureRequest(
        key="key-1",
        operation_id="cap_1",
        tenant="",
        references=References.of(authorization="in_1"),
        payment_id="py_1",
        amount=Money("1.00", "USD"),
        is_final=False,
        metadata=Metadata(),
    )
    return gateway.capture(request)


ACTION: dict[str, Any] = {
    "id": "ac_1",
    "type": "capture",
    "status": "captured",
    "sequence": 7,
    "merchant_reference": "cap_1",
    "intent": "in_1",
    "amount": 100,
    "currency": "USD",
}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, json.dumps(ACTION).encode(), Captured),
        (429, b"<html>Slow down", NotAttempted),
        (404, b'{"error": {"code": "not_found"}}', Rejected),
        (404, b'{"error": "not_found"}', Unknown),
        (404, b"<html>Not found", Unknown),
        (500, b'{"error": {"code": "on_fire"}}', Unknown),
        (502, json.dumps(ACTION).encode(), Unknown),
        (200, b"{}", Unknown),
        (200, b"[]", Unknown),
        (200, b"", Unknown),
        (200, json.dumps({**ACTION, "status": "elsewhere"}).encode(), Unknown),
        (200, json.dumps({**ACTION, "status": "expired"}).encode(), Unknown),
        (200, json.dumps({**ACTION, "amount": "1.00"}).encode(), Unknown),
    ],
)
def test_only_what_acme_surely_said_is_an_answer(status: int, body: bytes, kind: type) -> None:
    assert type(capture_answered(status, body)) is kind


@pytest.mark.parametrize(
    "amount", [{"amount": 1.5}, {"amount": "100"}, {"amount": 0}, {"currency": "XXZ"}]
)
def test_money_in_an_amount_that_cannot_be_is_told_to_a_person(amount: dict[str, object]) -> None:
    assert isinstance(fact_of({**ACTION, **amount}), Unreadable)


@pytest.mark.parametrize(
    "action",
    [
        None,
        [],
        {},
        {**ACTION, "id": 7},
        {**ACTION, "sequence": None},
        {**ACTION, "status": "declined"},
        {**ACTION, "status": "open"},
        {**ACTION, "status": "too_late"},
        {**ACTION, "id": "a" * 300},
    ],
)
def test_what_cannot_be_understood_is_unknown(action: object) -> None:
    assert isinstance(report_of(action).fact, Unknown)


@pytest.mark.parametrize("card", [None, "card_1", {}, {"token": "card_1"}, {"token": 7}])
def test_an_odd_card_is_no_reason_to_doubt_the_money(card: object) -> None:
    captured = fact_of({**ACTION, "card": card})
    assert isinstance(captured, Captured)
    assert (Money("1.00", "USD"), None) == (captured.amount, captured.profile)


def test_a_code_that_nobody_knows_is_an_unknown_decline_and_kept() -> None:
    declined = fact_of({**ACTION, "status": "declined", "code": "moon", "ends_intent": False})
    failure = getattr(declined, "failure", None)
    assert failure is not None
    assert (FailureCode.UNKNOWN_DECLINE, "moon") == (failure.code, failure.raw_code)


def test_the_suite_tries_every_code_that_acme_documents() -> None:
    assert TestAcme.declines.items() <= DECLINES.items()
    assert {"amount_too_high"} == DECLINES.keys() - TestAcme.declines.keys()


def signed(body: bytes) -> Notification:
    return FakeAcme(api_key=API_KEY, webhook_secret=WEBHOOK_SECRETS[1]).signed(
        body, WEBHOOK_SECRETS[1]
    )


def test_an_event_of_another_type_tells_nothing(shop: Shop) -> None:
    assert () == shop.gateway.read_notification(signed(b'{"id": "ev_1", "type": "payout"}'))


def test_a_signed_event_that_cannot_be_read_is_kept_and_an_unsigned_one_is_not(shop: Shop) -> None:
    body = b'{"id": "ev_1", "type": "action", "action": {}}'
    with pytest.raises(UnreadableNotification):
        shop.gateway.read_notification(signed(body))
    with pytest.raises(InvalidSignature):
        TestAcme().gateway_at(shop.acme, WEBHOOK_SECRETS[0]).read_notification(signed(body))


def test_a_look_up_that_nobody_answers_proves_nothing(shop: Shop) -> None:
    payment_id = shop.held()
    shop.acme.on_next("capture", Trouble.LOSE)
    capture = shop.payments.capture(payment_id)
    for trouble in (Trouble.REFUSE, Trouble.GARBLE, Trouble.HANG):
        shop.acme.on_next("list", trouble)
        shop.recover()
        (movement,) = shop.payments.statement(payment_id).captures
        assert (capture.id, True) == (movement.id, movement.is_open)
    looks = [step.outcome for step in shop.steps if step.operation == "look_up"]
    assert ["GatewayUnreachable", "TimeoutError", "TimeoutError"] == looks
