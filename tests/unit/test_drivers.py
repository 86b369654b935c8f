"""The two drivers: what they hand to the ports, and what observers are told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, cast

import pytest

from paysession import (
    AsyncPayments,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    PaymentSession,
    Step,
    StoredSource,
)
from paysession._drivers import adrive, drive
from paysession._flows.asks import Ask, Flow, Now, Pause
from paysession.errors import GatewayBroken, GatewayUnreachable, NotFound, StaleVersion
from paysession.gateways import AsyncBogusGateway, BogusGateway, Gateway
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.stores.port import Changes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = Payable("or_1", total=Money(100, "EUR"))
CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus")


def _source(**script: str) -> StoredSource:
    return StoredSource(id="card_1", profile_id=BogusGateway.token(**script))


def run(command: Coroutine[Any, Any, PaymentSession]) -> PaymentSession:
    return asyncio.run(command)


# Gateways


def test_gateways_may_be_a_callable() -> None:
    asked: list[str] = []
    gateway = BogusGateway()

    def gateway_of(name: str) -> Gateway:
        asked.append(name)
        return gateway

    assert Payments(gateway_of).create_session(ORDER, method=CARD).is_open
    assert {"bogus"} == set(asked)


def test_a_callable_that_fails_breaks_the_contract() -> None:
    gateways: dict[str, Gateway] = {}
    payments = Payments(gateways.__getitem__)

    with pytest.raises(GatewayBroken) as broken:
        payments.create_session(ORDER, method=CARD)
    assert broken.value.gateway == "bogus"
    assert isinstance(broken.value.__cause__, KeyError)


def test_a_callable_that_returns_no_gateway_breaks_the_contract() -> None:
    payments = Payments(cast("Callable[[str], Gateway]", lambda name: AsyncBogusGateway()))

    with pytest.raises(GatewayBroken) as broken:
        payments.create_session(ORDER, method=CARD)
    assert broken.value.gateway == "bogus"


def test_a_gateway_that_went_away_between_deciding_and_calling_was_not_reached() -> None:
    gateways: list[Gateway | None] = [BogusGateway(), None]
    payments = Payments(lambda name: gateways.pop(0))

    with pytest.raises(GatewayUnreachable) as unreachable:
        payments.create_session(ORDER, method=CARD)
    assert "bogus" in unreachable.value.reason


def test_a_gateway_that_went_away_before_it_read_a_notification_is_broken() -> None:
    gateways: list[Gateway | None] = [BogusGateway(), None]
    payments = Payments(lambda name: gateways.pop(0))

    with pytest.raises(GatewayBroken, match="gone"):
        payments.receive_notification("bogus", body=b"", headers={})


# The clock


@pytest.mark.parametrize("command", ["recover", "expire_sessions"])
def test_a_clock_without_a_time_zone_is_refused(command: str) -> None:
    payments = Payments({}, clock=lambda: NOON.replace(tzinfo=None))

    with pytest.raises(TypeError, match="aware"):
        getattr(payments, command)()


class _Nowhere(tzinfo):
    """A zone that knows nothing of itself."""

    def utcoffset(self, at: datetime | None) -> None:
        return None

    def dst(self, at: datetime | None) -> None:
        return None

    def tzname(self, at: datetime | None) -> None:
        return None


def test_a_clock_whose_zone_has_no_offset_is_refused() -> None:
    payments = Payments({}, clock=lambda: NOON.replace(tzinfo=_Nowhere()))

    with pytest.raises(TypeError, match="aware"):
        payments.recover()


def test_a_clock_that_tells_no_time_is_refused() -> None:
    payments = Payments({}, clock=cast("Callable[[], datetime]", lambda: "noon"))

    with pytest.raises(TypeError):
        payments.recover()


def test_a_clock_without_a_time_zone_is_refused_on_an_event_loop() -> None:
    payments = AsyncPayments({}, clock=lambda: NOON.replace(tzinfo=None))

    with pytest.raises(TypeError, match="aware"):
        asyncio.run(payments.recover())


# Pauses


class _Beaten(InMemoryStore):
    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def commit(self, changes: Changes) -> None:
        self.times -= 1
        if self.times >= 0:
            raise StaleVersion("payment_session", "ps_1", 1)
        super().commit(changes)


def test_what_somebody_else_beat_is_waited_for_by_the_given_sleep() -> None:
    waits: list[float] = []
    payments = Payments({"bogus": BogusGateway()}, store=_Beaten(20), sleep=waits.append)

    payments.create_session(ORDER, method=CARD)

    assert 20 == len(waits)
    assert all(0 <= wait <= 0.05 for wait in waits)
    assert waits[0] <= 0.002


def test_what_somebody_else_beat_is_awaited_by_the_given_sleep() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    store = AsyncInMemoryStore(_Beaten(3))
    payments = AsyncPayments({"bogus": AsyncBogusGateway()}, store=store, sleep=sleep)

    assert run(payments.create_session(ORDER, method=CARD)).is_open
    assert 3 == len(waits)


def test_without_a_sleep_it_is_tried_again_at_once() -> None:
    store = AsyncInMemoryStore(_Beaten(3))
    payments = AsyncPayments({"bogus": AsyncBogusGateway()}, store=store)

    assert run(payments.create_session(ORDER, method=CARD)).is_open


# Errors


def test_what_a_port_raises_reaches_the_flow() -> None:
    def flow() -> Flow[str]:
        try:
            yield from Pause(1)
        except OSError as error:
            return str(error)
        return ""

    def sleep(seconds: float) -> None:
        raise OSError("no time")

    assert drive(flow(), Payments({}, sleep=sleep).ports) == "no time"


def test_what_a_port_raises_reaches_the_flow_on_an_event_loop() -> None:
    def flow() -> Flow[str]:
        try:
            yield from Pause(1)
        except OSError as error:
            return str(error)
        return ""

    async def sleep(seconds: float) -> None:
        raise OSError("no time")

    assert asyncio.run(adrive(flow(), AsyncPayments({}, sleep=sleep).ports)) == "no time"


def test_what_a_flow_raises_reaches_the_caller_and_the_flow_is_closed() -> None:
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield from Now()
            raise LookupError
        except GeneratorExit:
            closed.append(False)
            raise
        finally:
            closed.append(True)

    with pytest.raises(LookupError):
        drive(flow(), Payments({}).ports)
    assert [True] == closed


def test_a_cancellation_closes_the_flow_and_passes() -> None:
    seen: list[type[BaseException]] = []

    def flow() -> Flow[None]:
        try:
            yield from Pause(1)
        except BaseException as error:
            seen.append(type(error))
            raise

    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(flow(), Payments({}, sleep=sleep).ports)
    assert [GeneratorExit] == seen


class _Riddle(Ask[None]):
    pass


def test_what_is_no_ask_is_refused() -> None:
    def flow() -> Flow[None]:
        yield from _Riddle()

    with pytest.raises(TypeError, match="_Riddle"):
        drive(flow(), Payments({}).ports)
    with pytest.raises(TypeError, match="_Riddle"):
        asyncio.run(adrive(flow(), AsyncPayments({}).ports))


# Observers


def test_observers_are_told_of_every_ask_without_payloads() -> None:
    steps: list[Step] = []
    payments = Payments({"bogus": BogusGateway()}, observers=[steps.append])

    session = payments.create_session(ORDER, method=CARD, source=_source())

    assert {"create_session"} == {step.flow for step in steps}
    assert all(step.duration_seconds >= 0 for step in steps)
    (call,) = [step for step in steps if step.ask == "Call"]
    assert call.gateway == "bogus"
    assert call.operation == "create_session"
    assert session.attempt_id == call.record_id
    assert call.outcome == "Accepted"
    (describe,) = [step for step in steps if step.ask == "Describe"]
    assert describe.gateway == "bogus"
    assert describe.operation is None
    assert "card_1" not in repr(steps)


def test_observers_are_told_what_a_port_raised() -> None:
    steps: list[Step] = []
    payments = Payments({"bogus": BogusGateway()}, observers=[steps.append])

    payments.create_session(ORDER, method=CARD, source=_source(create="timeout_after"))

    assert ["TimeoutError"] == [step.outcome for step in steps if step.ask == "Call"]


def test_observers_are_told_the_command_by_its_name() -> None:
    steps: list[Step] = []
    payments = Payments({"bogus": BogusGateway()}, observers=[steps.append])

    session = payments.create_session(ORDER, method=CARD, idempotency_key="k1")
    payments.create_session(ORDER, method=CARD, idempotency_key="k1")
    payments.get_session(session.id)
    payments.expire_setup_sessions()

    named = list(dict.fromkeys(step.flow for step in steps))
    assert ["create_session", "get_session", "expire_setup_sessions"] == named


def test_observers_are_told_how_often_an_operation_was_worked_on() -> None:
    steps: list[Step] = []
    now = [NOON]
    gateway = BogusGateway(clock=lambda: now[0])
    payments = Payments({"bogus": gateway}, clock=lambda: now[0], observers=[steps.append])
    payments.create_session(ORDER, method=CARD, source=_source(create="timeout_before"))
    now[0] += timedelta(minutes=5)

    payments.recover()

    calls = [(step.operation, step.attempt) for step in steps if step.ask == "Call"]
    assert [("create_session", 1), ("look_up", 2), ("create_session", 2)] == calls
    assert {None} == {step.attempt for step in steps if step.ask != "Call"}


def test_observers_on_an_event_loop_are_told_the_same() -> None:
    told: list[Step] = []
    payments = Payments({"bogus": BogusGateway()}, observers=[told.append])
    payments.create_session(ORDER, method=CARD)
    awaited: list[Step] = []
    other = AsyncPayments({"bogus": AsyncBogusGateway()}, observers=[awaited.append])
    run(other.create_session(ORDER, method=CARD))

    def shape(steps: list[Step]) -> list[tuple[str, str, str]]:
        return [(step.flow, step.ask, step.outcome) for step in steps]

    assert shape(told) == shape(awaited)


def test_an_observer_that_fails_is_logged_and_harms_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps: list[Step] = []

    def fail(step: Step) -> None:
        raise ValueError("the metrics server is down")

    payments = Payments({"bogus": BogusGateway()}, observers=[fail, steps.append])

    with caplog.at_level(logging.ERROR, logger="paysession"):
        session = payments.create_session(ORDER, method=CARD)

    assert session.is_open
    assert len(caplog.records) == len(steps)
    assert "an observer failed at" in caplog.records[0].getMessage()


def test_an_event_loop_s_driver_asks_every_kind_of_question() -> None:
    async def story() -> None:
        gateway = AsyncBogusGateway()
        payments = AsyncPayments({"bogus": gateway})
        session = await payments.create_session(ORDER, method=CARD)
        assert (session,) == await payments.sessions_of("or_1")
        assert session == await payments.find_session(external_id=session.external_id)
        session = await payments.complete_session(session.id)
        assert session.payment_id is not None
        assert (await payments.refund(session.payment_id)).succeeded
        assert () == await payments.recover()
        assert () == await payments.expire_sessions()
        for told in gateway.take_notifications():
            await payments.receive_notification("bogus", body=told.body, headers=told.headers)
        with pytest.raises(NotFound):
            await payments.get_refund("re_1")

    asyncio.run(story())
