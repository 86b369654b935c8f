"""A wiring that is wrong is caught, and called by what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from paysession import AsyncPayments, Payments
from paysession.errors import GatewayUnreachable
from paysession.gateways import AsyncGateway, BogusGateway, Gateway
from paysession.gateways.port import operations_of
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.testing import PROFILES, AsyncPaymentsMachine, HistoryBroken, PaymentsMachine

BERLIN = timezone(timedelta(hours=1))
Clock = Callable[[], datetime]
Ids = Callable[[str], str]
Wired = Callable[[InMemoryStore, Gateway, Clock, Ids], Payments]


class Wiring(PaymentsMachine):
    """A backend whose processes are put together by one function."""

    histories = 4
    store: InMemoryStore

    def __init__(self, wired: Wired) -> None:
        self.wired = wired

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return self.wired(self.store, gateway, clock, ids)

    def reset(self) -> None:
        self.store = InMemoryStore()


class Many(Wiring):
    """So many histories that nobody can have been too unlucky to pay."""

    histories = 10


def caught(wired: Wired, profile: str = "stripe") -> tuple[str, str]:
    """What is found broken first, and what was seen instead."""
    with pytest.raises(HistoryBroken) as broken:
        Wiring(wired).try_profile(PROFILES[profile])
    return broken.value.code, broken.value.violation.seen


def around(gateway: Gateway, call: Callable[[Callable[[Any], Any], Any], Any]) -> Gateway:
    """An adapter around another one, with whatever that can do."""

    def wrapped(method: str) -> Callable[[Gateway, Any], Any]:
        return lambda _, request: call(getattr(gateway, method), request)

    methods: dict[str, Any] = {name: wrapped(name) for name in operations_of(gateway)}
    wrapper: type[Gateway] = type("Wrapper", (Gateway,), methods)
    made = wrapper()
    made.capabilities = gateway.capabilities
    return made


def test_a_right_wiring_may_stand_around_all_that_it_is_given() -> None:
    told: list[str] = []

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        wrapper = around(gateway, lambda call, request: call(request))
        return Payments(
            lambda name: wrapper if name == "simulated" else None,
            store=store,
            clock=lambda: clock().astimezone(BERLIN),
            ids=lambda prefix: f"{ids(prefix)}_acme",
            observers=[lambda step: told.append(step.flow)],
        )

    Wiring(wired).try_profile(PROFILES["paypal"])
    assert {"create_session", "recover", "receive_notification"} <= set(told)


def test_a_gateway_under_another_name_is_not_found() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"cards": gateway}, store=store, clock=clock, ids=ids)

    code, seen = caught(wired)
    assert "WIRE-1" == code
    assert seen.startswith("the gateway 'simulated': expected ")
    assert seen.endswith("but got None")


def test_another_gateway_in_its_place_is_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": BogusGateway()}, store=store, clock=clock, ids=ids)

    assert "WIRE-1" == caught(wired)[0]


def test_gateways_that_cannot_be_looked_up_are_noticed() -> None:
    def unknown(name: str) -> Gateway:
        raise KeyError(name)

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments(unknown, store=store, clock=clock, ids=ids)

    code, seen = caught(wired)
    assert "WIRE-1" == code
    assert "GatewayBroken" in seen


def retrying(error: type[Exception]) -> Wired:
    """A wiring whose adapter asks again when it hears of an error."""

    def again(call: Callable[[Any], Any], request: object) -> object:
        try:
            return call(request)
        except error:
            return call(request)

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": around(gateway, again)}, store=store, clock=clock, ids=ids)

    return wired


def test_whoever_asks_again_where_keys_are_ignored_is_noticed() -> None:
    assert ("WIRE-2", "it came 2 times") == caught(retrying(TimeoutError), "hostile")


def test_whoever_asks_again_what_is_known_by_its_key_does_no_harm() -> None:
    Many(retrying(TimeoutError)).try_profile(PROFILES["stripe"])


def test_whoever_asks_again_what_certainly_did_not_arrive_does_no_harm() -> None:
    Many(retrying(GatewayUnreachable)).try_profile(PROFILES["hostile"])


def test_whoever_answers_for_a_gateway_is_noticed() -> None:
    def made_up(call: Callable[[Any], Any], request: object) -> object:
        raise TimeoutError

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": around(gateway, made_up)}, store=store, clock=clock, ids=ids)

    assert ("WIRE-2", "it came 0 times") == caught(wired)


def test_a_wiring_by_which_nobody_can_ever_pay_proves_nothing() -> None:
    def closed(call: Callable[[Any], Any], request: object) -> object:
        if hasattr(request, "body"):
            return call(request)
        raise GatewayUnreachable("the circuit is open")

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": around(gateway, closed)}, store=store, clock=clock, ids=ids)

    Wiring(wired).try_profile(PROFILES["stripe"])
    with pytest.raises(HistoryBroken) as broken:
        Many(wired).try_profile(PROFILES["stripe"])
    assert "WIRE-7" == broken.value.code
    assert "in 10 histories not one call moved money" == broken.value.violation.seen


def test_a_clock_that_knows_no_zone_is_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        def naive() -> datetime:
            return clock().replace(tzinfo=None)

        return Payments({"simulated": gateway}, store=store, clock=naive, ids=ids)

    code, seen = caught(wired)
    assert "WIRE-3" == code
    assert "clock must return aware datetimes" in seen


def test_a_clock_that_stands_still_is_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        begun = clock()
        return Payments({"simulated": gateway}, store=store, clock=lambda: begun, ids=ids)

    assert "WIRE-3" == caught(wired)[0]


def test_a_clock_of_its_own_is_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=store, ids=ids)

    assert "WIRE-3" == caught(wired)[0]


def test_ids_that_repeat_are_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=store, clock=clock, ids="{}_1".format)

    assert ("WIRE-4", "ids('py'): expected 'a new id', but got 'py_1'") == caught(wired)


def test_ids_that_begin_anew_with_each_process_are_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        numbers = iter(range(10**6))
        return Payments(
            {"simulated": gateway},
            store=store,
            clock=clock,
            ids=lambda prefix: f"{prefix}_{next(numbers)}",
        )

    assert "WIRE-4" == caught(wired)[0]


def test_ids_that_cannot_be_made_are_noticed() -> None:
    def exhausted(prefix: str) -> str:
        raise OverflowError(prefix)

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=store, clock=clock, ids=exhausted)

    code, seen = caught(wired)
    assert "WIRE-4" == code
    assert seen.endswith(": OverflowError: ps")


def test_a_tenant_that_is_forgotten_is_noticed() -> None:
    class Acme(Wiring):
        tenant = "acme"

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=store, clock=clock, ids=ids)

    with pytest.raises(HistoryBroken) as broken:
        Acme(wired).try_profile(PROFILES["stripe"])
    assert "WIRE-5" == broken.value.code
    assert "Payments has tenant='', and the machine 'acme'" == broken.value.violation.seen


def refuses(step: object) -> None:
    raise ValueError("no such column")


def test_observers_that_raise_are_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments(
            {"simulated": gateway}, store=store, clock=clock, ids=ids, observers=[refuses]
        )

    code, seen = caught(wired)
    assert "WIRE-6" == code
    assert "one raised ValueError: no such column" in seen


def test_observers_of_an_asynchronous_wiring_that_raise_are_noticed() -> None:
    class Awaited(AsyncPaymentsMachine):
        histories = 1
        run = staticmethod(asyncio.run)
        store: AsyncInMemoryStore

        def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
            gateways = {"simulated": gateway}
            return AsyncPayments(
                gateways, store=self.store, clock=clock, ids=ids, observers=[refuses]
            )

        def reset(self) -> None:
            self.store = AsyncInMemoryStore()

    with pytest.raises(HistoryBroken) as broken:
        Awaited().try_profile(PROFILES["stripe"])
    assert "WIRE-6" == broken.value.code
