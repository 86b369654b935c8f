"""Calls that go out late: after somebody else has looked for them, and found nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    NOW,
    ScriptedGateway,
    Shop,
    card,
    eur,
    scripted_shop,
    seen,
)

from paysession import Capture, Payment, PaymentSession, Refund, Void
from paysession._domain.discrepancies import DiscrepancyKind
from paysession.gateways import Capabilities
from paysession.gateways.requests import Request
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Captured,
    Declined,
    Fact,
    References,
    Refunded,
    Report,
    Unknown,
    Voided,
)

SURE = Capabilities(honours_keys=False, look_up_is_authoritative=True)
KEYLESS = Capabilities(honours_keys=False)
MOVES = {"capture": Capture, "void": Void, "refund": Refund}
DONE: dict[str, Fact] = {
    "capture": Captured(eur(100)),
    "void": Voided(eur(100)),
    "refund": Refunded(eur(100)),
}


def _payment(shop: Shop[ScriptedGateway], command: str) -> Payment:
    payment = shop.taken() if command == "refund" else shop.held()
    shop.gateway.calls.clear()
    return payment


def _pause_after_commit(shop: Shop[ScriptedGateway], then: Callable[[], object]) -> None:
    """Let the next movement wait between its commit and its call, longer than its lease."""

    def pause() -> None:
        shop.clock.forward(minutes=3)
        then()

    shop.clock.at_readings = [lambda: None, pause]


def _late(
    shop: Shop[ScriptedGateway], *, meanwhile: Callable[[], object] | None = None
) -> Callable[[Request[Any]], object]:
    """Answer a call that waited on its way while recovery looked for it; its answer is lost."""

    def answer(request: Request[Any]) -> object:
        shop.clock.forward(minutes=3)
        shop.payments.recover()
        if meanwhile is not None:
            meanwhile()
        raise TimeoutError

    return answer


def _stored(shop: Shop[ScriptedGateway], command: str, operation_id: str) -> Any:
    return shop.store.get(MOVES[command], operation_id, tenant="")


def _found_again(shop: Shop[ScriptedGateway], fact: Fact) -> None:
    shop.gateway.then("look_up", seen(fact))
    shop.clock.forward(hours=7)
    shop.payments.recover()


# Before the call


@pytest.mark.parametrize("command", MOVES)
def test_a_call_whose_lease_is_over_is_looked_up_and_not_made(command: str) -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, command)
    _pause_after_commit(shop, lambda: None)

    operation = getattr(shop.payments, command)(payment.id)

    assert OperationStatus.FAILED is operation.status
    assert ["look_up"] == shop.gateway.methods


@pytest.mark.parametrize("command", MOVES)
def test_a_call_that_recovery_took_for_absent_is_not_made_afterwards(command: str) -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, command)
    _pause_after_commit(shop, shop.payments.recover)

    operation = getattr(shop.payments, command)(payment.id)

    assert OperationStatus.FAILED is operation.status
    assert ["look_up"] == shop.gateway.methods


def test_a_call_that_recovery_has_made_already_is_not_made_again() -> None:
    shop = scripted_shop()
    payment = _payment(shop, "capture")
    _pause_after_commit(shop, shop.payments.recover)

    capture = shop.payments.capture(payment.id)

    assert capture.succeeded
    assert ["look_up", "capture"] == shop.gateway.methods
    assert eur(100) == shop.account()["paid"]


def test_a_completion_whose_lease_is_over_is_looked_up_and_not_made() -> None:
    shop = scripted_shop(SURE)
    session = shop.opened()
    shop.clock.at_readings = [lambda: None, lambda: None, lambda: shop.clock.forward(minutes=3)]

    session = shop.payments.complete_session(session.id)

    assert SessionStatus.PENDING is session.status
    assert ["create_session", "look_up"] == shop.gateway.methods
    assert eur(100) == shop.account()["due"]


# The lease


def test_the_lease_begins_after_the_look_ups_of_what_is_unresolved() -> None:
    shop = scripted_shop(KEYLESS)
    payment = _payment(shop, "capture")
    shop.gateway.then("capture", TimeoutError())
    shop.payments.capture(payment.id, amount=eur(40))
    shop.clock.forward(minutes=2)

    def slowly(request: Request[Any]) -> object:
        shop.clock.forward(minutes=5)
        return (Report(Declined(DECLINE), our_reference=request.operation_id),)

    shop.gateway.then("look_up", slowly)

    capture = shop.payments.capture(payment.id, amount=eur(60))

    assert capture.succeeded
    assert NOW + timedelta(minutes=7) == capture.sent_at
    assert ["capture", "look_up", "capture"] == shop.gateway.methods


@pytest.mark.parametrize("command", ["complete_session", "update_session"])
def test_the_lease_of_an_attempt_begins_after_the_look_ups_before_it(command: str) -> None:
    shop = scripted_shop(KEYLESS, create_session=TimeoutError())
    session = shop.opened(total=100)
    shop.clock.forward(minutes=2)
    shop.gateway.then("look_up", lambda request: _opened_slowly(shop, request))
    arguments = {"amount": eur(50)} if command == "update_session" else {}

    session = getattr(shop.payments, command)(session.id, **arguments)

    assert NOW + timedelta(minutes=7) == shop.attempt(session).sent_at
    assert ["create_session", "look_up", command] == shop.gateway.methods


def _opened_slowly(shop: Shop[ScriptedGateway], request: Request[Any]) -> object:
    shop.clock.forward(minutes=5)
    opened = Accepted(references=References.of(session="cs_1"))
    return (Report(opened, our_reference=request.operation_id),)


# After the call


@pytest.mark.parametrize("command", MOVES)
def test_a_late_call_without_an_answer_takes_back_that_it_never_was(command: str) -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, command)
    shop.gateway.then(command, _late(shop))

    operation = getattr(shop.payments, command)(payment.id)

    assert [command, "look_up"] == shop.gateway.methods
    assert OperationStatus.REQUESTED is operation.status
    assert () == operation.facts
    payment = shop.payments.get_payment(payment.id)
    assert (operation.id,) == payment.open_operations
    in_flight = {
        "capture": payment.balances.capture_in_flight,
        "void": payment.balances.void_in_flight,
        "refund": payment.balances.refund_in_flight,
    }
    assert eur(100) == in_flight[command]


@pytest.mark.parametrize("command", MOVES)
def test_a_late_call_is_found_later_and_recorded(command: str) -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, command)
    shop.gateway.then(command, _late(shop))
    operation = getattr(shop.payments, command)(payment.id)

    _found_again(shop, DONE[command])

    assert _stored(shop, command, operation.id).succeeded
    balances = shop.payments.get_payment(payment.id).balances
    moved = {
        "capture": balances.captured,
        "void": balances.voided,
        "refund": balances.refunded,
    }
    assert eur(100) == moved[command]
    assert () == shop.payments.get_payment(payment.id).open_operations


def test_a_late_call_is_taken_for_absent_again_where_it_is_not_found_again() -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, "capture")
    shop.gateway.then("capture", _late(shop))
    capture = shop.payments.capture(payment.id)
    shop.clock.forward(hours=7)

    shop.payments.recover()

    assert OperationStatus.FAILED is _stored(shop, "capture", capture.id).status
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capturable


def test_what_somebody_else_took_meanwhile_stays_recorded_beside_the_late_call() -> None:
    shop = scripted_shop(SURE)
    payment = _payment(shop, "capture")
    shop.gateway.then("capture", _late(shop, meanwhile=lambda: shop.payments.capture(payment.id)))
    capture = shop.payments.capture(payment.id)

    _found_again(shop, Captured(eur(100), references=References.of(capture="ch_late")))

    assert _stored(shop, "capture", capture.id).succeeded
    assert eur(200) == shop.payments.get_payment(payment.id).balances.captured
    assert eur(200) == shop.account()["paid"]


def _late_completion(
    meanwhile: Callable[[Shop[ScriptedGateway], PaymentSession], object] | None = None,
) -> tuple[Shop[ScriptedGateway], PaymentSession, str]:
    """A completion that recovery took for absent, then went out, and whose answer is lost."""
    shop = scripted_shop(SURE)
    session = shop.opened()
    run = None if meanwhile is None else (lambda: meanwhile(shop, session))
    shop.gateway.then("complete_session", _late(shop, meanwhile=run))
    shop.payments.complete_session(session.id)
    (call, *_) = [each for each in shop.gateway.calls if each.method == "complete_session"]
    return shop, shop.payments.get_session(session.id), call.operation_id


def _late_money() -> Captured:
    return Captured(eur(100), references=References.of(authorization="pi_late"))


def test_a_late_completion_is_open_again_and_reserves_its_amount() -> None:
    shop, session, attempt_id = _late_completion()

    assert (attempt_id,) == session.open_attempts
    assert shop.attempt(session).is_unresolved
    assert eur(100) == session.in_flight
    assert eur(0) == shop.account()["due"]


def test_a_late_completion_is_found_later_and_completes_its_session() -> None:
    shop, session, _ = _late_completion()

    _found_again(shop, _late_money())

    session = shop.payments.get_session(session.id)
    assert SessionStatus.COMPLETED is session.status
    assert {"authorized": eur(0), "paid": eur(100), "due": eur(0)} == shop.account()
    assert () == session.open_attempts


def test_a_late_completion_that_was_declined_reserves_nothing_any_more() -> None:
    shop, session, _ = _late_completion()

    _found_again(shop, Declined(DECLINE))

    assert SessionStatus.PENDING is shop.payments.get_session(session.id).status
    assert {"authorized": eur(0), "paid": eur(0), "due": eur(100)} == shop.account()


def test_a_late_completion_is_not_made_a_second_time() -> None:
    shop, session, _ = _late_completion()
    shop.gateway.then("look_up", seen(_late_money()))

    session = shop.payments.complete_session(session.id)

    assert SessionStatus.COMPLETED is session.status
    assert 1 == shop.gateway.methods.count("complete_session")
    assert {"authorized": eur(0), "paid": eur(100), "due": eur(0)} == shop.account()


def test_a_late_completion_is_found_though_the_session_went_on_and_was_paid() -> None:
    shop, session, attempt_id = _late_completion(
        lambda shop, session: shop.payments.complete_session(session.id)
    )
    assert SessionStatus.COMPLETED is session.status
    assert attempt_id in session.open_attempts

    _found_again(shop, _late_money())

    assert eur(200) == shop.account()["paid"]
    assert [DiscrepancyKind.PAID_TWICE, DiscrepancyKind.OVERPAID] == _disagreements(shop, session)


def test_a_late_completion_is_found_though_the_session_went_on_and_was_declined() -> None:
    def declined(shop: Shop[ScriptedGateway], session: PaymentSession) -> None:
        shop.gateway.then("complete_session", Declined(DECLINE))
        shop.payments.complete_session(session.id)

    shop, session, attempt_id = _late_completion(declined)
    assert attempt_id in session.open_attempts
    assert eur(100) == session.in_flight

    _found_again(shop, _late_money())

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status
    assert eur(100) == shop.account()["paid"]


def test_a_late_completion_stays_reserved_when_the_one_after_it_was_declined() -> None:
    def unknown(shop: Shop[ScriptedGateway], session: PaymentSession) -> None:
        shop.gateway.then("complete_session", TimeoutError())
        shop.payments.complete_session(session.id)

    shop, session, attempt_id = _late_completion(unknown)
    assert {attempt_id, session.attempt_id} == set(session.open_attempts)

    shop.gateway.then("look_up", seen(Declined(DECLINE)))
    shop.clock.forward(hours=7)
    (declined,) = shop.payments.recover(limit=1)
    assert session.attempt_id == declined.id

    session = shop.payments.get_session(session.id)
    assert ((attempt_id,), eur(100)) == (session.open_attempts, session.in_flight)
    assert eur(0) == shop.account()["due"]


@pytest.mark.parametrize("money", [Captured, Authorized])
def test_a_late_completion_is_found_though_the_session_was_canceled(money: type) -> None:
    shop, session, attempt_id = _late_completion(
        lambda shop, session: shop.payments.cancel_session(session.id)
    )
    assert SessionStatus.CANCELED is session.status
    assert attempt_id in session.open_attempts

    _found_again(shop, money(eur(100), references=References.of(authorization="pi_late")))

    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    account = shop.account()
    assert eur(100) == account["paid"] + account["authorized"]
    assert [DiscrepancyKind.PAID_AFTER_CLOSE] == _disagreements(shop, session)


def _disagreements(shop: Shop[ScriptedGateway], session: PaymentSession) -> list[DiscrepancyKind]:
    payments = [
        each
        for each in shop.store.entities()
        if isinstance(each, Payment) and each.session_id == session.id
    ]
    return [one.kind for payment in payments for one in payment.discrepancies if one.is_open]


def test_a_late_creation_without_an_answer_is_open_again() -> None:
    shop = scripted_shop(SURE)
    shop.gateway.then("create_session", _late(shop))

    session = shop.opened(card(), method=HELD_CARD)

    assert SessionStatus.FAILED is session.status
    assert shop.attempt(session).is_unresolved
    _found_again(shop, Authorized(eur(100), references=References.of(authorization="pi_late")))
    assert eur(100) == shop.account()["authorized"]
    assert [DiscrepancyKind.PAID_AFTER_CLOSE] == _disagreements(shop, session)


def test_what_a_look_up_does_not_answer_takes_nothing_back() -> None:
    shop = scripted_shop(SURE, complete_session=Unknown())
    session = shop.completed(method=CARD)
    shop.clock.forward(minutes=3)
    shop.payments.recover()
    before = shop.snapshot()

    shop.clock.forward(hours=7)
    shop.payments.recover()

    assert SessionStatus.PENDING is shop.payments.get_session(session.id).status
    assert before == shop.snapshot()
