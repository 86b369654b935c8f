"""The backend whose processes a simulation runs: what answers them, wherever it lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

import attrs

from paysession._drivers import Ports, perform
from paysession._flows.asks import Ask
from paysession.gateways.port import Gateway
from paysession.stores.memory import InMemoryStore
from paysession.stores.port import RecordedEvent, Store
from paysession.testing._simulation.gateway import SimulatedGateway

Clock: TypeAlias = Callable[[], datetime]
Ids: TypeAlias = Callable[[str], str]


class Backend(Protocol):
    """
    What answers whatever the processes of a backend ask.

    A process is known by its name. What is raised by `answer` is handed to the flow that asked;
    what any other method raises ends the run.
    """

    def begin(self, name: str) -> None:
        """Let there be a process of that name, if there is none."""
        ...

    def answer(self, ask: Ask[Any], *, by: str, command: str) -> object:
        """Answer what a process asks on behalf of a command, or raise what came of it."""
        ...

    def judge(self) -> None:
        """
        Say what is wrong with the newest answer, once it is noted.

        Raises:
            InvariantBroken: Something is.
        """
        ...

    def die(self, name: str) -> None:
        """Let a process die, and another take its place."""
        ...

    def unpublished(self, *, limit: int) -> tuple[RecordedEvent, ...]:
        """Return what waits to be handed out."""
        ...

    def mark_published(self, events: Sequence[RecordedEvent]) -> None:
        """Take off the outbox what was handed out."""
        ...

    def come_to_end(self) -> None:
        """Look once more at all that is kept, now that nothing is left to be done."""
        ...

    def close(self) -> None:
        """Give everything up."""
        ...


@attrs.frozen(kw_only=True)
class Wiring:
    """
    How a backend is put together for one run.

    Attributes:
        opened: Opens it, with the gateway, the clock and the ids that it is to work with.
        accounts: The names that it gives to the gateway; the first is the one that is used.
    """

    opened: Callable[[SimulatedGateway, Clock, Ids], Backend]
    accounts: tuple[str, ...]


_ACCOUNTS: Final = ("sim", "other")


class InMemoryBackend:
    """The simulation's own: one store in memory, which survives every process."""

    def __init__(self, gateway: SimulatedGateway, clock: Clock, ids: Ids) -> None:
        self._store = InMemoryStore()
        self._ports: Ports[Store, Gateway] = Ports(
            store=self._store,
            gateways=dict.fromkeys(_ACCOUNTS, gateway),
            port=Gateway,
            clock=clock,
            ids=ids,
            sleep=lambda _: None,
            tenant="",
            observers=(),
        )

    def begin(self, name: str) -> None:
        """Do nothing: all processes share what there is."""

    def answer(self, ask: Ask[Any], *, by: str, command: str) -> object:  # noqa: ARG002 - all alike
        """Answer as the library's own driver does."""
        return perform(ask, self._ports)

    def judge(self) -> None:
        """Do nothing: the store is known to be right."""

    def die(self, name: str) -> None:
        """Do nothing: no process has anything of its own."""

    def unpublished(self, *, limit: int) -> tuple[RecordedEvent, ...]:
        """Return what waits to be handed out."""
        return self._store.unpublished(limit=limit, tenant="")

    def mark_published(self, events: Sequence[RecordedEvent]) -> None:
        """Take off the outbox what was handed out."""
        self._store.mark_published(events, tenant="")

    def come_to_end(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


IN_MEMORY: Final = Wiring(opened=InMemoryBackend, accounts=_ACCOUNTS)
"""The backend of a simulation, unless another one is put in its place."""
