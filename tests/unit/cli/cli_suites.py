"""Suites and gateways of somebody's, as `paysession check` may be given them; some are broken."""

from __future__ import annotations

from collections.abc import Generator
from threading import Event
from typing import Any

import attrs

from paysession import Money
from paysession.gateways import AsyncGateway, BogusGateway, CaptureRequest, Gateway
from paysession.outcomes import NO_REFERENCES
from paysession.stores import Changes, InMemoryStore
from paysession.testing import (
    AsyncPaymentsMachine,
    AsyncStoreConformance,
    GatewayConformance,
    PaymentsMachine,
    StoreConformance,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._laws.suite import enact
from paysession.testing._stores.laws import LAWS


class Few(StoreConformance[InMemoryStore]):
    """Tries those laws that are soon tried."""

    def make_store(self) -> InMemoryStore:
        return InMemoryStore()


enact(Few, [each for each in LAWS if each.area in {"ATOM", "VER", "CLAIM", "READ"}])


class Sound(Few):
    """Keeps every law."""


class Forgiving(InMemoryStore):
    """Answers that two claims in one commit are fine."""

    def commit(self, changes: Changes) -> None:
        super().commit(changes if len(changes.claims) < 2 else Changes(tenant="", entities=()))


class Broken(Few):
    """Does not keep three laws of claims."""

    def make_store(self) -> InMemoryStore:
        return Forgiving()


class Declared(Broken):
    """Does not keep three laws of claims, and says so."""

    deviations = {  # noqa: RUF012
        "ATOM-2": "nobody claims two texts at once here",
        "CLAIM-3": "nobody claims two texts at once here",
        "CLAIM-4": "nobody claims two texts at once here",
    }


class Crashing(Few):
    """Has a store that raises what no law can foresee."""

    def make_store(self) -> InMemoryStore:
        store = InMemoryStore()
        store.claimed = self.claimed  # type: ignore[method-assign]
        return store

    def claimed(self, namespace: str, text: str, *, tenant: str) -> None:
        raise OSError("the disk is\x1b[31m full")


class Interrupted(Crashing):
    """Is given up while it is tried."""

    def claimed(self, namespace: str, text: str, *, tenant: str) -> None:
        raise KeyboardInterrupt


class Unmade(Few):
    """Has no store."""

    def make_store(self) -> InMemoryStore:
        raise RuntimeError("no\ndatabase")


class Thin(StoreConformance[InMemoryStore]):
    """Tries next to nothing."""

    def make_store(self) -> InMemoryStore:
        return InMemoryStore()


enact(Thin, LAWS[:2])


class WithoutLoop(AsyncStoreConformance[Any]):
    """Says nothing of an event loop."""


class Never:
    """What is awaited in vain."""

    def __await__(self) -> Generator[None]:
        yield


class Waiting(AsyncGateway):
    """Waits for something, and nobody has said on which event loop."""

    async def capture(self, request: CaptureRequest) -> Any:
        await Never()


class Waits(GatewayConformance[Waiting]):
    """Has no event loop for a gateway that waits."""

    def make_gateway(self) -> Waiting:
        return Waiting()


@law("CAP-1", "it captures", reason="it must", source="I1", about="capture")
def it_captures(bench: Bench) -> None:
    bench.ask(bench.orders.capture(NO_REFERENCES, Money("10", "USD")))


enact(Waits, [it_captures])


class Unplayable(GatewayConformance[BogusGateway]):
    """Says that a customer can pay, and cannot have him do so."""

    def make_gateway(self) -> BogusGateway:
        return BogusGateway()

    def source(self, gateway: BogusGateway) -> None:
        raise NotImplementedError


@law("CAP-1", "it charges", reason="it must", source="I1", about="charge")
def it_charges(bench: Bench) -> None:
    bench.source()


enact(Unplayable, [attrs.evolve(it_charges, code=f"CAP-{number}") for number in range(1, 13)])


class Idle(Gateway):
    """Offers nothing, so that next to no law applies."""


class Offline(GatewayConformance[Idle]):
    """Knows that nothing is offered."""

    offers_nothing = True

    def make_gateway(self) -> Idle:
        return Idle()


class Talking(Sound):
    """Prints what it does."""

    def make_store(self) -> InMemoryStore:
        print("a word of the adapter's own")
        return super().make_store()


class Machine(PaymentsMachine):
    """Has tests for pytest."""


class AsyncMachine(AsyncPaymentsMachine):
    """Has tests for pytest."""


async def awaited() -> Gateway:
    return Idle()


def number() -> int:
    return 7


def leaving() -> Gateway:
    raise SystemExit(3)


def never() -> object:
    Event().wait()
    return None
