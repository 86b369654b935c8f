"""Adapters and backends that break their contract: named, and nothing is lost or leaked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
import pytest
from flow_builders import DECLINE, HELD_CARD, ScriptedGateway, Shop, eur, order, scripted_shop, seen

from paysession import Capture, Money, PaymentMethod, StoredSource
from paysession._domain.limits import MOST_METADATA_KEYS
from paysession._domain.secrets import ClientData
from paysession.errors import (
    AmountExceeded,
    GatewayBroken,
    GatewayUnreachable,
    LimitExceeded,
    UnsafeInput,
)
from paysession.gateways import Capabilities
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Captured,
    Declined,
    Pending,
    Redirect,
    References,
    Report,
    ShowCode,
    UseSdk,
    WaitForTransfer,
)

CANARY = "canary-4f1c"


# Unreachable


@pytest.mark.parametrize("reason", [ConnectionError("refused"), None, 7, b"refused"])
def test_a_reason_that_is_no_text_is_a_reason_all_the_same(reason: Any) -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", GatewayUnreachable(reason))

    with pytest.raises(GatewayUnreachable) as raised:
        shop.payments.capture(payment.id)

    assert str(reason) == raised.value.reason
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capturable


@pytest.mark.parametrize("answer", [Declined(DECLINE), GatewayUnreachable("refused")])
def test_a_refusal_leaves_a_session_pending_where_the_provider_gives_sessions_no_id(
    answer: Any,
) -> None:
    shop = scripted_shop(create_session=Accepted())
    session = shop.opened()
    shop.gateway.then("complete_session", answer)
    with suppress(GatewayUnreachable):
        shop.payments.complete_session(session.id)

    assert SessionStatus.PENDING is shop.payments.get_session(session.id).status
    assert shop.payments.complete_session(session.id).succeeded


def test_an_update_that_was_declined_leaves_the_session_pending_without_an_id() -> None:
    shop = scripted_shop(create_session=Accepted(), update_session=Declined(DECLINE))
    session = shop.opened()

    session = shop.payments.update_session(session.id, amount=eur(40))

    assert (SessionStatus.PENDING, eur(100)) == (session.status, session.amount)


def test_an_update_that_asks_the_customer_to_act_keeps_the_old_amount() -> None:
    action = ActionRequired(Redirect("https://bank.example/3ds"))
    shop = scripted_shop(update_session=action)
    session = shop.opened()

    session = shop.payments.update_session(session.id, amount=eur(40))

    assert SessionStatus.REQUIRES_ACTION is session.status
    assert eur(100) == session.amount
    assert eur(100) == shop.payments.get_session(session.id).amount


# Capabilities


class UnreadableGateway(ScriptedGateway):
    """Cannot say what it can do."""

    fails = False

    @property
    def capabilities(self) -> Any:
        if self.fails:
            raise RuntimeError("the settings are gone")
        return self._capabilities

    @capabilities.setter
    def capabilities(self, value: Any) -> None:
        self._capabilities = value


def test_capabilities_that_cannot_be_read_are_the_adapter_s_fault() -> None:
    shop = Shop(UnreadableGateway())
    payment = shop.held()
    shop.gateway.fails = True
    before = shop.snapshot()

    with pytest.raises(GatewayBroken, match="capabilities"):
        shop.payments.capture(payment.id)

    assert before == shop.snapshot()


def test_capabilities_that_are_none_are_the_adapter_s_fault() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.capabilities = {"partial_captures": True}  # type: ignore[assignment]
    before = shop.snapshot()

    with pytest.raises(GatewayBroken, match="must be Capabilities"):
        shop.payments.capture(payment.id)

    assert before == shop.snapshot()


def test_recovery_waits_for_an_adapter_that_cannot_say_what_it_can_do() -> None:
    shop = Shop(UnreadableGateway())
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id)
    shop.gateway.fails = True
    shop.clock.forward(minutes=3)

    (waiting,) = shop.payments.recover()

    assert (capture.id, OperationStatus.REQUESTED) == (waiting.id, waiting.status)


@pytest.mark.parametrize(
    ("declared", "refusal"),
    [
        ({"longest_call": 80}, TypeError),
        ({"key_window": None}, TypeError),
        ({"look_up_grace": timedelta(seconds=-1)}, UnsafeInput),
        ({"honours_keys": "yes"}, TypeError),
        ({"over_capture": 10}, TypeError),
        ({"minor_units": 2}, TypeError),
    ],
)
def test_capabilities_are_checked_where_they_are_declared(
    declared: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        Capabilities(**declared)


def _raising(held: Money) -> Money:
    raise ZeroDivisionError


def _ten(held: Money) -> Any:
    return 10


@pytest.mark.parametrize("over", [_raising, _ten])
@pytest.mark.parametrize("amount", [None, 100, 101])
def test_an_over_capture_that_is_no_amount_is_the_adapter_s_fault(
    over: Callable[[Money], Money], amount: int | None
) -> None:
    shop = scripted_shop(Capabilities(over_capture=over))
    payment = shop.held()
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(GatewayBroken, match="over_capture"):
        shop.payments.capture(payment.id, amount=None if amount is None else eur(amount))

    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


# Answers


class OwnReport(Report):
    """A report with something of the adapter's own."""


class OwnTuple(tuple[Report, ...]):
    __slots__ = ()


class OwnList(list[Report]):
    """Reports with something of the adapter's own."""


class OwnCaptured(Captured):
    """A capture with something of the adapter's own."""


@pytest.mark.parametrize(
    "answer",
    [
        ("captured",),
        (Report(Pending()), None),
        [Report(Pending()), None],
        {Report(Pending())},
        (OwnReport(Pending()),),
        OwnTuple([Report(Pending())]),
        OwnList([Report(Pending())]),
        Captured,
    ],
)
def test_a_look_up_s_answer_that_is_no_tuple_of_reports_is_unlawful(answer: Any) -> None:
    shop = scripted_shop(Capabilities(look_up_is_authoritative=True))
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id)
    shop.gateway.calls.clear()
    shop.clock.forward(minutes=3)
    shop.gateway.then("look_up", lambda request: answer)

    shop.payments.recover()

    found = shop.store.get(Capture, capture.id, tenant="")
    assert found is not None
    assert OperationStatus.REQUESTED is found.status
    assert f"look-up: look_up answered {type(answer).__name__}" == found.doubt
    assert ["look_up"] == shop.gateway.methods


def test_a_tuple_is_no_answer_to_a_call() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", (Report(Captured(eur(100))),))

    capture = shop.payments.capture(payment.id)

    assert OperationStatus.REQUESTED is capture.status
    assert "capture answered tuple" == capture.doubt


def test_the_reports_of_a_look_up_may_come_in_a_list() -> None:
    shop = scripted_shop(Capabilities(look_up_is_authoritative=True))
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id)
    shop.clock.forward(minutes=3)
    shop.gateway.then(
        "look_up",
        lambda request: [Report(Captured(eur(100)), our_reference=request.operation_id)],
    )

    shop.payments.recover()

    found = shop.store.get(Capture, capture.id, tenant="")
    assert found is not None
    assert found.succeeded
    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


def test_a_list_is_no_answer_to_a_call() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", [Report(Captured(eur(100)))])

    capture = shop.payments.capture(payment.id)

    assert "capture answered list" == capture.doubt
    assert eur(0) == shop.payments.get_payment(payment.id).balances.captured


def test_a_subclass_of_an_outcome_is_no_outcome_and_books_nothing() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", OwnCaptured(eur(100)))

    capture = shop.payments.capture(payment.id)

    assert OperationStatus.REQUESTED is capture.status
    assert "capture answered OwnCaptured" == capture.doubt
    balances = shop.payments.get_payment(payment.id).balances
    assert (eur(0), eur(100)) == (balances.captured, balances.capture_in_flight)


def test_the_ids_of_an_unlawful_answer_are_learnt() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", Accepted(references=References.of(capture="ch_1")))

    capture = shop.payments.capture(payment.id)

    assert "capture answered Accepted" == capture.doubt
    assert ["ch_1"] == [each.id for each in capture.references]


# What is logged


@pytest.mark.parametrize(
    "error", [TimeoutError("sk_live_abc123 timed out"), GatewayUnreachable("sk_live_abc123")]
)
def test_each_failed_call_is_logged_without_secrets(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", error)

    with caplog.at_level(logging.WARNING, logger="paysession"), suppress(GatewayUnreachable):
        shop.payments.capture(payment.id)

    (record,) = caplog.records
    assert "paysession" == record.name
    assert f"ended in {type(error).__name__}: " in record.getMessage()
    assert "capture at bogus for ca_" in record.getMessage()
    assert "sk_live" not in caplog.text


@pytest.mark.parametrize("answer", [None, "ok", [], Accepted()], ids=repr)
def test_each_answer_that_the_port_does_not_allow_is_logged_by_its_type(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", answer)

    with caplog.at_level(logging.WARNING, logger="paysession"):
        capture = shop.payments.capture(payment.id)

    (record,) = caplog.records
    logged = f"capture at bogus for {capture.id} answered {type(answer).__name__}, "
    assert record.getMessage().startswith(logged)
    assert capture.is_unresolved


def test_a_call_that_is_answered_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="paysession"):
        scripted_shop().taken()

    assert [] == caplog.records


# Client data


def _canary(name: str) -> str:
    return f"{CANARY}-{name}"


ACTIONS = {
    "redirect": Redirect(
        f"https://bank.example/{CANARY}", method="POST", fields=ClientData({"pareq": CANARY})
    ),
    "sdk": UseSdk(CANARY),
    "code": ShowCode(CANARY),
    "transfer": WaitForTransfer(CANARY),
}


def _leaves(value: object) -> Iterator[object]:
    """Everything inside a record: what printing shows, and what its client data holds."""
    if isinstance(value, ClientData):
        yield value.reveal()
    elif attrs.has(kind := type(value)):
        yield repr(value)
        for name in attrs.fields_dict(kind):
            yield from _leaves(getattr(value, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (key, *_leaves(item))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _holding(shop: Shop[ScriptedGateway]) -> set[str]:
    """The kinds of records in which the canary can still be found."""
    return {
        type(entity).__name__
        for entity in shop.store.entities()
        if any(CANARY in str(leaf) for leaf in _leaves(entity))
    }


def _secretive_shop(action: Any) -> Shop[ScriptedGateway]:
    return scripted_shop(
        create_session=Accepted(
            references=References.of(session="cs_1"),
            client_data=ClientData({"client_secret": _canary("create")}),
            next_action=action,
        ),
        complete_session=ActionRequired(action, client_data=ClientData(_canary("complete"))),
    )


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
def test_client_data_is_in_the_session_alone(action: Any) -> None:
    shop = _secretive_shop(action)
    session = shop.opened()
    assert session.client_data is not None
    assert {"client_secret": _canary("create")} == session.client_data.reveal()
    assert {"PaymentSession"} == _holding(shop)

    session = shop.payments.complete_session(session.id)

    assert action == session.next_action
    assert _canary("complete") == (session.client_data and session.client_data.reveal())
    assert {"PaymentSession"} == _holding(shop)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize("end", ["cancel", "pay"])
def test_after_its_end_nothing_holds_client_data(action: Any, end: str) -> None:
    shop = _secretive_shop(action)
    session = shop.completed()
    if end == "cancel":
        shop.payments.cancel_session(session.id)
    else:
        shop.payments.complete_session(session.id)

    assert shop.payments.get_session(session.id).is_closed
    assert set() == _holding(shop)


def test_what_the_browser_brought_back_is_forgotten_once_the_attempt_has_ended() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.opened()
    shop.payments.complete_session(session.id, external_data={"nonce": CANARY})
    assert {"Attempt"} == _holding(shop)
    shop.clock.forward(minutes=3)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.recover()

    assert set() == _holding(shop)


def test_the_same_client_data_is_the_same_fact_and_other_is_another() -> None:
    shop = scripted_shop(
        complete_session=ActionRequired(UseSdk("one"), client_data=ClientData("a"))
    )
    session = shop.completed()
    for data in ("one", "one", "two"):
        shop.clock.forward(hours=7)
        shop.gateway.then(
            "look_up", seen(ActionRequired(UseSdk(data), client_data=ClientData("a")))
        )
        shop.payments.recover()

    session = shop.payments.get_session(session.id)
    assert UseSdk("two") == session.next_action
    assert 2 == len(shop.attempt(session).facts)


@pytest.mark.parametrize(
    "fact",
    [Accepted(client_data={"a": 1}), ActionRequired(UseSdk({"b": 2}), client_data={"a": 1})],
)
def test_an_adapter_may_give_client_data_as_plain_mappings(
    fact: Accepted | ActionRequired,
) -> None:
    assert ClientData({"a": 1}) == fact.client_data


# What callers get wrong


@pytest.mark.parametrize("command", ["capture", "void"])
def test_more_than_was_ever_held_is_refused_before_any_look_up(command: str) -> None:
    shop = scripted_shop(Capabilities(honours_keys=False, partial_voids=True))
    payment = shop.held()
    shop.gateway.then(command, TimeoutError())
    getattr(shop.payments, command)(payment.id, amount=eur(40))
    shop.clock.forward(minutes=3)
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(AmountExceeded):
        getattr(shop.payments, command)(payment.id, amount=eur(101))

    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


def test_more_than_was_ever_taken_is_not_given_back_and_nobody_is_asked() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False))
    payment = shop.taken()
    shop.gateway.then("refund", TimeoutError())
    shop.payments.refund(payment.id, amount=eur(40))
    shop.clock.forward(minutes=3)
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(AmountExceeded):
        shop.payments.refund(payment.id, amount=eur(101))

    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


class _Euros(Money):
    """Looks like an amount, and may answer anything."""


@pytest.mark.parametrize("command", ["capture", "void", "refund"])
def test_a_subclass_of_money_is_refused(command: str) -> None:
    shop = scripted_shop()
    payment = shop.held()
    before = shop.snapshot()

    with pytest.raises(TypeError, match="amount must be Money"):
        getattr(shop.payments, command)(payment.id, amount=_Euros(10, "EUR"))
    with pytest.raises(TypeError, match="amount must be Money"):
        shop.payments.create_session(order(), method=HELD_CARD, amount=_Euros(10, "EUR"))

    assert before == shop.snapshot()


class _Text(str):
    """Says something else when it is asked again."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


def test_a_subclass_of_text_is_kept_as_plain_text() -> None:
    shop = scripted_shop()
    session = shop.payments.create_session(
        order(order_id=_Text("or_1")),
        method=PaymentMethod(id=_Text("pm_1"), name=_Text("Card"), gateway=_Text("bogus")),
        source=StoredSource(id=_Text("card_1"), profile_id=_Text("tok_1")),
        metadata={_Text("note"): _Text("hello")},
        return_url=_Text("https://shop.example/back"),
    )

    texts = [
        leaf
        for entity in shop.store.entities()
        for leaf in _leaves(entity)
        if isinstance(leaf, str)
    ]
    assert "or_1" == session.payable_id
    assert "hello" == session.terms.metadata["note"]
    assert [] == [each for each in texts if isinstance(each, _Text)]


class _Endless(Mapping[str, str]):
    """Says that it is empty, and never ends."""

    def __getitem__(self, key: str) -> str:
        return "value"

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"key {number}"


def test_metadata_that_lies_about_its_length_is_bounded() -> None:
    shop = scripted_shop()

    with pytest.raises(LimitExceeded) as refused:
        shop.payments.create_session(order(), method=HELD_CARD, metadata=_Endless())

    assert MOST_METADATA_KEYS == refused.value.limit
    assert () == shop.store.entities()
