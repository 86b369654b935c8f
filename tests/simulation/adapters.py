"""Adapters in front of the in-memory provider: some can do less, and any may be unwell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeAlias

import attrs

from paysession import CapturePolicy
from paysession._domain.failures import Failure, FailureCode
from paysession.errors import GatewayUnreachable
from paysession.gateways import AsyncGateway, AsyncOfflineGateway, BogusGateway, Gateway, port
from paysession.gateways.notifications import Notification
from paysession.gateways.port import operations_of
from paysession.gateways.requests import ChargeRequest, CreateSessionRequest
from paysession.outcomes import Rejected, Report

Around: TypeAlias = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


class Ailment(StrEnum):
    """What is the matter with an adapter, or with the way to its provider."""

    DEAF = "deaf"
    """No look-up is answered."""
    LOCKED = "locked"
    """Every call that does something is rejected: somebody has changed the API key."""
    DOWN = "down"
    """Nothing arrives at all."""


METHODS: Final = frozenset(port.METHODS)
WITHOUT: Final = {
    "bogus": frozenset[str](),
    "elsewhere": frozenset[str](),
    "plain": frozenset({"close_session"}),
    "blind": frozenset({"close_session", "look_up"}),
    "holding": frozenset[str](),
}
"""The gateways to the one provider, by name, and what the adapter of each cannot do."""


@attrs.define
class Weather:
    """
    How the adapters are today.

    Attributes:
        ailment: What is the matter with them, if anything is.
        spoken: What letters say that the provider itself would never write, by their text.
    """

    ailment: Ailment | None = None
    spoken: dict[bytes, tuple[Report, ...]] = attrs.field(factory=dict)

    def speak(self, *reports: Report) -> bytes:
        """Return a letter that says just this."""
        body = f"spoken {len(self.spoken)}".encode()
        self.spoken[body] = reports
        return body


class Passing(Gateway):
    """Passes everything on to the in-memory provider, as far as it is well."""

    is_holding = False

    def __init__(self, gateway: BogusGateway, weather: Weather) -> None:
        self.capabilities = gateway.capabilities
        self._gateway, self._weather = gateway, weather

    def passed(self, name: str, asked: Any) -> Any:
        if isinstance(asked, Notification) and asked.body in self._weather.spoken:
            return self._weather.spoken[asked.body]
        if self.is_holding and isinstance(asked, CreateSessionRequest | ChargeRequest):
            terms = attrs.evolve(asked.terms, capture=CapturePolicy.MANUAL)
            asked = attrs.evolve(asked, terms=terms)
        match self._weather.ailment:
            case Ailment.DEAF if name == "look_up":
                raise TimeoutError("no answer in time")
            case Ailment.LOCKED if name not in ("look_up", "read_notification"):
                return Rejected(Failure(FailureCode.MERCHANT_CONFIG))
            case Ailment.DOWN if name != "read_notification":
                raise GatewayUnreachable("connection refused")
            case _:
                return getattr(self._gateway, name)(asked)


class AsyncPassing(AsyncGateway):
    """The same for event loops."""

    def __init__(self, gateway: Passing, around: Around) -> None:
        self.capabilities = gateway.capabilities
        self._passing, self._around = gateway, around

    async def passed(self, name: str, asked: Any) -> Any:
        async def answer() -> Any:
            return self._passing.passed(name, asked)

        return await self._around(answer)


class Holding(Passing):
    """It knows no other way than to hold the money, whatever it is told."""

    is_holding = True


def adapter(name: str, gateway: BogusGateway, weather: Weather) -> Passing:
    """Return the adapter of that name; it has only some of the methods."""
    kind = Holding if name == "holding" else Passing
    made: Passing = _with_methods(kind, METHODS - WITHOUT[name])(gateway, weather)
    return made


def asynchronous(gateway: Gateway, around: Around) -> AsyncGateway:
    """Return the same adapter for event loops; `around` waits for each of its answers."""
    if not isinstance(gateway, Passing):
        return AsyncOfflineGateway()
    made: AsyncPassing = _with_methods(AsyncPassing, operations_of(gateway))(gateway, around)
    return made


@cache
def _with_methods(kind: type[Any], names: frozenset[str]) -> type[Any]:
    passing = _awaiting if issubclass(kind, AsyncPassing) else _passing
    methods = {name: passing(name) for name in names}
    return type(f"{kind.__name__}Adapter", (kind,), methods)


def _passing(name: str) -> Callable[[Any, Any], Any]:
    return lambda passing, asked: passing.passed(name, asked)


def _awaiting(name: str) -> Callable[[Any, Any], Awaitable[Any]]:
    async def method(passing: Any, asked: Any) -> Any:
        return await passing.passed(name, asked)

    return method
