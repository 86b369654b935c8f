"""A session that its provider cannot close is closed only after a look."""

from __future__ import annotations

from typing import Any

import pytest
from flow_builders import ScriptedGateway, Shop, eur, scripted_shop, seen

from paysession import PaymentSession
from paysession.errors import GatewayUnreachable, IllegalTransition, OperationUnresolved
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import Request
from paysession.lifecycles import SessionStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Fact,
    Pending,
    Redirect,
    Report,
)
from paysession.stores import Changes

NO_ANSWERS: list[Any] = [
    TimeoutError(),
    GatewayUnreachable("refused"),
    (Report(Captured(eur(100))),),
]


class UnclosingGateway(ScriptedGateway):
    """Answers look-ups, and closes no sessions."""

    close_session = Gateway.close_session


def _shop() -> Shop[UnclosingGateway]:
    return Shop(UnclosingGateway(Capabilities(honours_keys=False)))


def _expiring(shop: Shop[UnclosingGateway]) -> PaymentSession:
    session = shop.opened(expires_in_minutes=30)
    shop.clock.forward(minutes=31)
    return session


@pytest.mark.parametrize("paid", [Captured(eur(100)), Authorized(eur(100))])
def test_a_session_that_was_paid_is_completed_and_not_canceled(paid: Fact) -> None:
    shop = _shop()
    session = shop.opened()
    shop.gateway.then("look_up", seen(paid))

    session = shop.payments.cancel_session(session.id)

    assert SessionStatus.COMPLETED is session.status
    assert eur(0) == shop.account()["due"]


def test_a_session_that_was_not_paid_is_canceled_after_a_look() -> None:
    shop = _shop()
    session = shop.opened()

    session = shop.payments.cancel_session(session.id)

    assert SessionStatus.CANCELED is session.status
    assert ["create_session", "look_up"] == shop.gateway.methods


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_a_session_is_not_canceled_while_nobody_says_whether_it_was_paid(answer: Any) -> None:
    shop = _shop()
    session = shop.opened()
    shop.gateway.then("look_up", answer)
    before = shop.snapshot()

    with pytest.raises(OperationUnresolved) as refused:
        shop.payments.cancel_session(session.id)

    assert session.attempt_id == refused.value.operation_id
    assert before == shop.snapshot()


def test_a_customer_who_acted_is_found_before_the_session_is_canceled() -> None:
    shop = _shop()
    shop.gateway.then("complete_session", ActionRequired(Redirect("https://bank.example/3ds")))
    session = shop.completed()
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    session = shop.payments.cancel_session(session.id)

    assert SessionStatus.COMPLETED is session.status
    assert eur(100) == shop.account()["paid"]


def test_a_session_that_was_paid_is_completed_and_not_expired() -> None:
    shop = _shop()
    _expiring(shop)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    (session,) = shop.payments.expire_sessions()

    assert SessionStatus.COMPLETED is session.status


def test_a_session_that_was_not_paid_expires_after_a_look() -> None:
    shop = _shop()
    _expiring(shop)

    (session,) = shop.payments.expire_sessions()

    assert SessionStatus.EXPIRED is session.status
    assert ["create_session", "look_up"] == shop.gateway.methods


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_expiry_is_put_off_while_nobody_says_whether_it_was_paid(answer: Any) -> None:
    shop = _shop()
    _expiring(shop)
    shop.gateway.then("look_up", answer)

    (session,) = shop.payments.expire_sessions()

    assert SessionStatus.PENDING is session.status
    assert session.due_at is not None
    assert session.due_at > shop.clock.now
    shop.clock.forward(minutes=6)
    assert SessionStatus.EXPIRED is shop.payments.expire_sessions()[0].status


def test_a_session_that_became_unresolved_while_its_provider_was_asked_is_not_closed() -> None:
    shop = _shop()
    session = shop.opened()

    def meanwhile(request: Request[Any]) -> object:
        shop.gateway.then("complete_session", TimeoutError())
        shop.payments.complete_session(session.id)
        return ()

    shop.gateway.then("look_up", meanwhile)

    with pytest.raises(OperationUnresolved):
        shop.payments.cancel_session(session.id)

    assert SessionStatus.PROCESSING is shop.payments.get_session(session.id).status


def test_a_session_that_somebody_closed_while_its_provider_was_asked_is_returned() -> None:
    shop = _shop()
    session = shop.opened()

    def meanwhile(request: Request[Any]) -> object:
        shop.payments.complete_session(session.id)
        return ()

    shop.gateway.then("look_up", meanwhile)

    assert SessionStatus.COMPLETED is shop.payments.cancel_session(session.id).status


def test_a_session_that_was_completed_at_the_last_moment_is_not_canceled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = _shop()
    session = shop.opened()
    commit = shop.store.commit

    def be_beaten(changes: Changes) -> None:
        monkeypatch.undo()
        shop.payments.complete_session(session.id)
        commit(changes)

    monkeypatch.setattr(shop.store, "commit", be_beaten)

    with pytest.raises(IllegalTransition):
        shop.payments.cancel_session(session.id)

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


# Expiring many


class _BrokenRecord(RuntimeError):
    pass


def test_one_broken_record_stops_no_other_and_is_raised_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = scripted_shop()
    sessions = [shop.opened(expires_in_minutes=30) for _ in range(3)]
    shop.clock.forward(minutes=31)
    get = shop.store.get

    def break_one(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002 - as the store's own
        if id == sessions[1].id:
            raise _BrokenRecord
        return get(kind, id, tenant=tenant)

    monkeypatch.setattr(shop.store, "get", break_one)

    with pytest.raises(_BrokenRecord):
        shop.payments.expire_sessions()

    monkeypatch.undo()
    assert [SessionStatus.EXPIRED, SessionStatus.PENDING, SessionStatus.EXPIRED] == [
        shop.payments.get_session(each.id).status for each in sessions
    ]


# What releases everything waits for what is open


@pytest.mark.parametrize("asked", ["capture", "void"])
@pytest.mark.parametrize("command", ["void", "capture"])
def test_what_releases_all_that_is_left_is_refused_beside_what_is_open(
    asked: str, command: str
) -> None:
    shop = scripted_shop(Capabilities(honours_keys=False, partial_voids=asked == "void"))
    payment = shop.held()
    shop.gateway.then(asked, Pending())
    getattr(shop.payments, asked)(payment.id, amount=eur(30))
    if asked == "void":
        shop.gateway.capabilities = Capabilities(honours_keys=False)
    final = {"is_final": True} if command == "capture" else {}
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(OperationUnresolved):
        getattr(shop.payments, command)(payment.id, **final)

    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


def test_a_void_waits_for_a_capture_that_may_have_happened() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False))
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    shop.payments.capture(payment.id, amount=eur(30))
    before = shop.snapshot()

    with pytest.raises(OperationUnresolved):
        shop.payments.void(payment.id)

    assert before == shop.snapshot()


@pytest.mark.parametrize("closes", [{"first_capture_closes": True}, {"several_captures": False}])
def test_a_capture_that_closes_by_itself_waits_for_what_is_open(closes: dict[str, Any]) -> None:
    shop = scripted_shop(Capabilities(honours_keys=False, partial_voids=True, **closes))
    payment = shop.held()
    shop.gateway.then("void", Pending())
    shop.payments.void(payment.id, amount=eur(30))
    before, calls = shop.snapshot(), list(shop.gateway.calls)

    with pytest.raises(OperationUnresolved):
        shop.payments.capture(payment.id, amount=eur(20))

    assert before == shop.snapshot()
    assert calls == shop.gateway.calls
