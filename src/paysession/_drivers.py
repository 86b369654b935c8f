"""
Two loops that answer what flows ask: one synchronous, one for any event loop.

A driver holds no rules. It hands each ask to the port it is for, and what the port raised
back to the flow. Each ask is told to the observers, without payloads.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from paysession._flows.asks import (
    Ask,
    Attention,
    Call,
    Claimed,
    Commit,
    Describe,
    Description,
    Due,
    Find,
    Flow,
    NewId,
    Now,
    Pause,
    Peek,
    Read,
    Tenant,
    error_text,
)
from paysession.errors import GatewayBroken, GatewayUnreachable
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.notifications import Notification
from paysession.gateways.port import AsyncGateway, Gateway, operations_of
from paysession.stores.port import AsyncStore, Store

T = TypeVar("T")
S = TypeVar("S", Store, AsyncStore)
G = TypeVar("G", Gateway, AsyncGateway)
Gateways: TypeAlias = Mapping[str, G] | Callable[[str], G | None]

_log = logging.getLogger("paysession")
_LONGEST_PAUSE_SECONDS = 0.05


@attrs.frozen(kw_only=True)
class Step:
    """
    One ask of one flow, for logs, metrics and traces. It carries no payload.

    Attributes:
        flow: The command, by its name on `Payments`.
        ask: What it asked for.
        tenant: Whose records it works on.
        gateway: The gateway that was called or described, if one was.
        operation: The port's method that was called.
        record_id: The operation that the call was made for.
        attempt: How often that operation was worked on by then, this time included: above 1
            the call is a look-up or a repeat.
        outcome: The name of what came back: an outcome's or an exception's type.
        duration_seconds: How long it took.
    """

    flow: str
    ask: str
    tenant: str
    gateway: str | None
    operation: str | None
    record_id: str | None
    attempt: int | None
    outcome: str
    duration_seconds: float


Observer: TypeAlias = Callable[[Step], None]


@attrs.frozen(kw_only=True)
class Ports(Generic[S, G]):
    """What the backend brings: everything that flows may ask for."""

    store: S
    gateways: Gateways[G]
    port: type[G]
    clock: Callable[[], datetime]
    ids: Callable[[str], str]
    sleep: Callable[[float], Any]
    tenant: str
    observers: Sequence[Observer]

    def gateway(self, name: str) -> G | None:
        """
        Return the gateway of that name, if there is one.

        Raises:
            GatewayBroken: It is for the other world, or no gateway at all.
        """
        named = self.gateways
        try:
            gateway = named(name) if callable(named) else named.get(name)
        except Exception as error:
            raise GatewayBroken(name, "it could not be looked up: return None for none") from error
        if gateway is not None and not isinstance(gateway, self.port):
            raise GatewayBroken(
                name, f"it must be {self.port.__name__}, not {type(gateway).__name__}"
            )
        return gateway

    def described(self, name: str) -> Description | None:
        """Return what the gateway of that name can do."""
        gateway = self.gateway(name)
        if gateway is None:
            return None
        try:
            capabilities: object = gateway.capabilities
        except Exception as error:
            raise GatewayBroken(name, "its capabilities could not be read") from error
        if not isinstance(capabilities, Capabilities):
            raise GatewayBroken(name, "its capabilities must be Capabilities")
        return Description(name, operations_of(gateway), capabilities)

    def callee(self, call: Call[Any]) -> Callable[[Any], Any]:
        """Return the adapter's method that serves a request: the one look-up by name there is."""
        gateway = self.gateway(call.gateway)
        if gateway is None:
            raise GatewayUnreachable(f"no gateway named {call.gateway} is configured")
        method: Callable[[Any], Any] = getattr(gateway, call.request.method)
        return method

    def reader(self, read: Read) -> Callable[[Notification], Any]:
        """Return the adapter's method that reads its provider's notifications."""
        gateway = self.gateway(read.gateway)
        if gateway is None:
            raise GatewayBroken(read.gateway, "it is gone")
        return gateway.read_notification

    def now(self) -> datetime:
        """Return the present instant; the clock must be aware of its zone."""
        instant: object = self.clock()
        if isinstance(instant, datetime) and instant.utcoffset() is not None:
            return instant.astimezone(UTC)
        raise TypeError("clock must return aware datetimes")


def perform(ask: Ask[Any], ports: Ports[Store, Gateway]) -> object:
    """Answer one ask."""
    store, tenant = ports.store, ports.tenant
    match ask:
        case Peek(kind, id):
            return store.get(kind, id, tenant=tenant)
        case Find(kind, by, value):
            return store.find(kind, by=by, value=value, tenant=tenant)
        case Claimed(namespace, text):
            return store.claimed(namespace, text, tenant=tenant)
        case Due(before, kinds, limit):
            return store.due(before, kinds=kinds, limit=limit, tenant=tenant)
        case Attention(limit):
            return store.attention(limit=limit, tenant=tenant)
        case Commit(changes):
            store.commit(changes)
            return changes
        case Call():
            return ports.callee(ask)(ask.request)
        case Read(_, notification):
            return ports.reader(ask)(notification)
        case Pause(round):
            return ports.sleep(_pause_of(round))
        case _:
            return _answer(ask, ports)


async def aperform(ask: Ask[Any], ports: Ports[AsyncStore, AsyncGateway]) -> object:
    """Answer one ask."""
    store, tenant = ports.store, ports.tenant
    match ask:
        case Peek(kind, id):
            return await store.get(kind, id, tenant=tenant)
        case Find(kind, by, value):
            return await store.find(kind, by=by, value=value, tenant=tenant)
        case Claimed(namespace, text):
            return await store.claimed(namespace, text, tenant=tenant)
        case Due(before, kinds, limit):
            return await store.due(before, kinds=kinds, limit=limit, tenant=tenant)
        case Attention(limit):
            return await store.attention(limit=limit, tenant=tenant)
        case Commit(changes):
            await store.commit(changes)
            return changes
        case Call():
            return await ports.callee(ask)(ask.request)
        case Read(_, notification):
            return await ports.reader(ask)(notification)
        case Pause(round):
            return await ports.sleep(_pause_of(round))
        case _:
            return _answer(ask, ports)


def _answer(ask: Ask[Any], ports: Ports[Any, Any]) -> object:
    """Answer what needs no waiting in either world."""
    match ask:
        case Describe(gateway):
            return ports.described(gateway)
        case Now():
            return ports.now()
        case NewId(prefix):
            return ports.ids(prefix)
        case Tenant():
            return ports.tenant
        case _:
            raise TypeError(f"a flow yielded {type(ask).__name__}, which is no ask")


def _pause_of(round_: int) -> float:
    """Return a random wait in seconds, twice as long at most after each round that was lost."""
    longest = min(0.001 * 2 ** min(round_, 10), _LONGEST_PAUSE_SECONDS)
    return random.uniform(0, longest)  # noqa: S311 - to spread writers, not to hide anything


def drive(flow: Flow[T], ports: Ports[Store, Gateway], *, command: str = "flow") -> T:
    """Run a flow to its end, synchronously; observers know it by the command's name."""
    try:
        ask = next(flow)
        while True:
            began = perf_counter()
            try:
                answer = perform(ask, ports)
            except Exception as error:  # noqa: BLE001 - the flow decides what it means
                _log_failed_call(ask, error)
                _observe(command, ask, ports, error, began)
                ask = flow.throw(error)
            else:
                _log_unlawful_answer(ask, answer)
                _observe(command, ask, ports, answer, began)
                ask = flow.send(answer)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


async def adrive(
    flow: Flow[T], ports: Ports[AsyncStore, AsyncGateway], *, command: str = "flow"
) -> T:
    """Run a flow to its end, on whatever event loop awaits this; else as `drive`."""
    try:
        ask = next(flow)
        while True:
            began = perf_counter()
            try:
                answer = await aperform(ask, ports)
            except Exception as error:  # noqa: BLE001 - the flow decides what it means
                _log_failed_call(ask, error)
                _observe(command, ask, ports, error, began)
                ask = flow.throw(error)
            else:
                _log_unlawful_answer(ask, answer)
                _observe(command, ask, ports, answer, began)
                ask = flow.send(answer)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


def _log_failed_call(ask: Ask[Any], error: Exception) -> None:
    """Leave a word for the person at three in the morning; the flow decides what it means."""
    if isinstance(ask, Call):
        _log.warning(
            "%s at %s for %s ended in %s: %s",
            ask.request.method,
            ask.gateway,
            ask.request.operation_id,
            type(error).__name__,
            error_text(error),
        )


def _log_unlawful_answer(ask: Ask[Any], answer: object) -> None:
    """Leave a word for the adapter's author; the flow takes it for no answer at all."""
    if isinstance(ask, Call) and ask.lawful(answer) is None:
        _log.warning(
            "%s at %s for %s answered %s, which the port does not allow: it counts as unknown",
            ask.request.method,
            ask.gateway,
            ask.request.operation_id,
            type(answer).__name__,
        )


def _observe(
    command: str, ask: Ask[Any], ports: Ports[Any, Any], answer: object, began: float
) -> None:
    """Tell the observers; one that fails is logged, and never harms a payment."""
    if not ports.observers:
        return
    request = ask.request if isinstance(ask, Call) else None
    step = Step(
        flow=command,
        ask=type(ask).__name__,
        tenant=ports.tenant,
        gateway=ask.gateway if isinstance(ask, Call | Describe | Read) else None,
        operation=request.method if request else None,
        record_id=request.operation_id if request else None,
        attempt=ask.attempt if isinstance(ask, Call) else None,
        outcome=type(answer).__name__,
        duration_seconds=perf_counter() - began,
    )
    for observer in ports.observers:
        try:
            observer(step)
        except Exception:  # noqa: BLE001 - whatever it is, it is not the payment's fault
            _log.exception("an observer failed at %s of %s", step.ask, step.flow)
