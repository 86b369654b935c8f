"""A wiring that is wrong is caught, and called by what is wrong with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from paysession import AsyncPayments, Money, Payments
from paysession.errors import GatewayUnreachable, InvalidSignature, UnreadableNotification
from paysession.gateways import AsyncGateway, BogusGateway, CaptureRequest, Gateway, Notification
from paysession.gateways.port import operations_of
from paysession.outcomes import NO_REFERENCES, Captured, Pending, Refunded
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


def through(call: Callable[[Callable[[Any], Any], Any], Any]) -> Wired:
    """A wiring with an adapter of its own around the one that it is given."""

    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": around(gateway, call)}, store=store, clock=clock, ids=ids)

    return wired


def retrying(error: type[Exception]) -> Wired:
    """A wiring whose adapter asks again when it hears of an error."""

    def again(call: Callable[[Any], Any], request: object) -> object:
        try:
            return call(request)
        except error:
            return call(request)

    return through(again)


def test_whoever_asks_again_where_keys_are_ignored_is_noticed() -> None:
    code, seen = caught(retrying(TimeoutError), "hostile")
    assert ("WIRE-2", True) == (code, ": it came 2 times, and yours " in seen)


def test_whoever_asks_again_what_is_known_by_its_key_does_no_harm() -> None:
    Many(retrying(TimeoutError)).try_profile(PROFILES["stripe"])


def test_whoever_asks_again_what_certainly_did_not_arrive_does_no_harm() -> None:
    Many(retrying(GatewayUnreachable)).try_profile(PROFILES["hostile"])


def test_whoever_answers_for_a_gateway_is_noticed() -> None:
    def made_up(call: Callable[[Any], Any], request: object) -> object:
        raise TimeoutError

    code, seen = caught(through(made_up))
    came = "create_session: it came 0 times, and yours raised TimeoutError: "
    assert ("WIRE-2", came) == (code, seen)


def with_key_of_its_own(call: Callable[[Any], Any], request: Any) -> object:
    has_key = hasattr(request, "key")
    return call(attrs.evolve(request, key=f"{request.key}_2") if has_key else request)


def once_more_with_key_of_its_own(call: Callable[[Any], Any], request: Any) -> object:
    try:
        return call(request)
    except TimeoutError:
        return with_key_of_its_own(call, request)


def in_whole_units(call: Callable[[Any], Any], request: Any) -> object:
    if not isinstance(request, CaptureRequest):
        return call(request)
    cents = request.amount.minor // 100 * 100
    return call(attrs.evolve(request, amount=Money.from_minor(cents, request.amount.currency)))


def without_what_is_signed(call: Callable[[Any], Any], request: Any) -> object:
    is_request = not isinstance(request, Notification)
    return call(request if is_request else Notification(request.body, {}))


def read_by_nobody(call: Callable[[Any], Any], request: Any) -> object:
    return () if isinstance(request, Notification) else call(request)


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        (with_key_of_its_own, r"^create_session\.key: expected '(.+)', but got '\1_2'$"),
        (once_more_with_key_of_its_own, r"^\w+\.key: expected '(.+)', but got '\1_2'$"),
        (in_whole_units, r"^capture\.amount\.minor: expected \d+, but got \d+00$"),
        (without_what_is_signed, r"^read_notification\.?\['headers'\].*but got nothing$"),
        (read_by_nobody, r"^read_notification: it came 0 times, and yours answered \(\)$"),
    ],
)
def test_whoever_asks_for_something_else_is_noticed(
    call: Callable[[Callable[[Any], Any], Any], Any], seen: str
) -> None:
    code, told = caught(through(call))
    assert ("WIRE-2", True) == (code, re.search(seen, told) is not None), told


def taken_already(call: Callable[[Any], Any], request: Any) -> object:
    answer = call(request)
    if not isinstance(answer, Pending) or not isinstance(request, CaptureRequest):
        return answer
    return Captured(request.amount, references=answer.references)


def without_ids(call: Callable[[Any], Any], request: Any) -> object:
    answer = call(request)
    has_ids = isinstance(answer, Captured | Refunded)
    return attrs.evolve(answer, references=NO_REFERENCES) if has_ids else answer


def quietly(call: Callable[[Any], Any], request: Any) -> object:
    try:
        return call(request)
    except (InvalidSignature, UnreadableNotification):
        return ()


def never_in_doubt(call: Callable[[Any], Any], request: Any) -> object:
    try:
        return call(request)
    except TimeoutError as error:
        raise GatewayUnreachable("no answer") from error


def always_in_doubt(call: Callable[[Any], Any], request: Any) -> object:
    answer = call(request)
    return no_database() if isinstance(request, Notification) else answer


def no_database() -> object:
    raise RuntimeError("no database")


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        (taken_already, r"^capture: expected Pending\(.*\), but got Captured\("),
        (without_ids, r"^\w+\.references.*: expected .*, but got "),
        (
            quietly,
            r"^read_notification: the gateway given raised .+, and yours answered \(\)$",
        ),
        (never_in_doubt, r"the gateway given raised TimeoutError.*yours raised GatewayUnreachable"),
        (always_in_doubt, "and yours raised RuntimeError: no database$"),
    ],
)
def test_whoever_answers_something_else_is_noticed(
    call: Callable[[Callable[[Any], Any], Any], Any], seen: str
) -> None:
    code, told = caught(through(call), "adyen")
    assert ("WIRE-8", True) == (code, re.search(seen, told) is not None), told


def test_whoever_says_in_words_of_its_own_that_nothing_is_known_does_no_harm() -> None:
    def in_other_words(call: Callable[[Any], Any], request: object) -> object:
        try:
            return call(request)
        except (TimeoutError, ConnectionError) as error:
            raise RuntimeError("the connection was lost") from error

    Wiring(through(in_other_words)).try_profile(PROFILES["stripe"])


def test_a_wiring_by_which_nobody_can_ever_pay_proves_nothing() -> None:
    def closed(call: Callable[[Any], Any], request: object) -> object:
        if hasattr(request, "body"):
            return call(request)
        raise GatewayUnreachable("the circuit is open")

    Wiring(through(closed)).try_profile(PROFILES["stripe"])
    with pytest.raises(HistoryBroken) as broken:
        Many(through(closed)).try_profile(PROFILES["stripe"])
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


def test_a_clock_of_whole_seconds_is_noticed() -> None:
    def wired(store: InMemoryStore, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        def whole() -> datetime:
            return clock().replace(microsecond=0)

        return Payments({"simulated": gateway}, store=store, clock=whole, ids=ids)

    assert "WIRE-3" == caught(wired)[0]


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
