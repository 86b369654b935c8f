"""An integrator's backend: its processes, each with a `Payments` of its own on one database."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import attrs

from paysession._drivers import Observer, Ports, Step, adrive, aperform, drive, perform
from paysession._flows.asks import Ask, Call, Commit, Describe, Description, Flow, NewId, Now, Read
from paysession._payments import AsyncPayments, Commands, Payments, command
from paysession.gateways.port import AsyncGateway, Gateway, operations_of
from paysession.gateways.threads import in_threads
from paysession.stores.port import AsyncStore, RecordedEvent, Store
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer, came_of
from paysession.testing._payments.awaiting import Hand
from paysession.testing._payments.exchanges import wrong_with_exchanges
from paysession.testing._payments.ledger import MANY, OF_STORE, Finding, Ledger
from paysession.testing._payments.rules import ANSWERS, CLOCK, GATEWAY, IDS, OBSERVERS, TENANT
from paysession.testing._simulation.backend import Clock, Ids
from paysession.testing._simulation.gateway import Exchange, SimulatedGateway

T = TypeVar("T")
S = TypeVar("S", Store, AsyncStore)
G = TypeVar("G", Gateway, AsyncGateway)
AnyPayments: TypeAlias = Payments | AsyncPayments

_AUDITOR: Final = "auditor"
"""The process that comes last, and has seen nothing of what was committed."""


class Author(Protocol):
    """Whoever puts the backend together; what they return may have to be awaited."""

    facade: type[AnyPayments]
    gateway_name: str
    tenant: str

    def make_payments(self, gateway: Any, clock: Clock, ids: Ids) -> Any:  # noqa: ANN401 - of either world
        """Return what one process works with."""
        ...

    def reset(self) -> Any:  # noqa: ANN401 - of either world
        """Empty the database."""
        ...

    def close(self, payments: Any) -> Any:  # noqa: ANN401 - of either world
        """Give up what one process has worked with."""
        ...


class Application:
    """A backend that somebody else has put together, as a simulation runs it."""

    def __init__(
        self, author: Author, hand: Hand, gateway: SimulatedGateway, clock: Clock, ids: Ids
    ) -> None:
        self._author = author
        self._hand = hand
        self._gateway = gateway
        self._parts = (_of_its_world(gateway, author.facade), clock, ids)
        self._clock = clock
        self._ledger = Ledger(author.tenant, clock)
        self._processes: dict[str, AnyPayments] = {}
        self._ids: set[object] = set()
        self._found: Finding = None
        hand(author.reset)

    def begin(self, name: str) -> None:
        """
        Let there be a process of that name, if there is none.

        Raises:
            TypeError: What was made for it is not what it should be.
            InvariantBroken: It is for another tenant.
        """
        if name in self._processes:
            return
        made: object = self._hand(partial(self._author.make_payments, *self._parts))
        payments = self._processes[name] = _checked(made, self._author.facade)
        tenant, named = payments.ports.tenant, self._author.tenant
        if tenant != named:
            raise TENANT.broken(f"Payments has tenant={tenant!r}, and the machine {named!r}")

    def answer(self, ask: Ask[Any], *, by: str, command: str) -> object:
        """Answer as the library's own drivers do, and look at what came of it."""
        before = len(self._gateway.exchanges)
        came = came_of(partial(self._driven, ask, by, command))
        found = self._wrong_with(ask, came, self._gateway.exchanges[before:])
        if found is None and isinstance(ask, Commit):
            found = self._ledger.after(ask.changes, partial(self._looked_up, by))
        self._found = found or self._found
        return came.given()

    def judge(self) -> None:
        """
        Say what is wrong with the newest answer.

        Raises:
            InvariantBroken: Something is.
        """
        if self._found is not None:
            raise self._found

    def die(self, name: str) -> None:
        """Let a process die; another takes its place, and finds all that was committed."""
        self._give_up(name)
        self.begin(name)
        self._audited_by(name)

    def unpublished(self, *, limit: int) -> tuple[RecordedEvent, ...]:
        """Return what waits to be handed out."""
        return self._waiting_for("publisher", limit)

    def mark_published(self, events: Sequence[RecordedEvent]) -> None:
        """Take off the outbox what was handed out."""
        store, tenant = self._store_of("publisher"), self._author.tenant
        self._done("mark_published()", lambda: store.mark_published(events, tenant=tenant))
        self._ledger.mark_published(events)

    def come_to_end(self) -> None:
        """Let every process end, and one that is new look at all that is kept."""
        self.close()
        self.begin(_AUDITOR)
        self._audited_by(_AUDITOR)

    def close(self) -> None:
        """Give up every process."""
        for name in tuple(self._processes):
            self._give_up(name)

    def _give_up(self, name: str) -> None:
        self._hand(partial(self._author.close, self._processes.pop(name)))

    def _driven(self, ask: Ask[Any], by: str, command: str) -> object:
        """Have an ask answered by the driver that answers it in earnest."""
        payments = self._processes[by]
        if isinstance(payments, AsyncPayments):
            watched = self._watched(payments.ports)
            return self._hand(lambda: adrive(_alone(ask), watched, command=command))
        ports = self._watched(payments.ports)
        return self._hand(lambda: drive(_alone(ask), ports, command=command))

    def _watched(self, ports: Ports[S, G]) -> Ports[S, G]:
        """Return the same ports, where it is noticed what an observer raises."""
        observers = tuple(partial(self._tell, each) for each in ports.observers)
        return attrs.evolve(ports, observers=observers)

    def _tell(self, observer: Observer, step: Step) -> None:
        try:
            observer(step)
        except Exception as error:  # noqa: BLE001 - whatever it is
            told = f"at {step.ask} of {step.flow} one raised {shown(error)}"
            self._found = OBSERVERS.broken(told)

    def _looked_up(self, by: str, ask: Ask[Any]) -> Answer[Any]:
        """Have an ask of the store answered, for nobody's command."""
        payments = self._processes[by]
        if isinstance(payments, AsyncPayments):
            awaited = payments.ports
            return came_of(lambda: self._hand(lambda: aperform(ask, awaited)))
        ports = payments.ports
        return came_of(lambda: self._hand(lambda: perform(ask, ports)))

    def _wrong_with(
        self, ask: Ask[Any], came: Answer[Any], exchanges: Sequence[Exchange]
    ) -> Finding:
        """Return what is wrong with an answer, if anything is."""
        match ask:
            case Call() | Read():
                honours = self._gateway.capabilities.honours_keys
                return wrong_with_exchanges(ask, came, exchanges, honours_keys=honours)
            case Describe(gateway):
                is_ours = gateway == self._author.gateway_name
                return self._wrong_with_description(came) if is_ours else None
            case Now():
                return CLOCK.answered("the time", self._clock().astimezone(UTC), came)
            case NewId(prefix):
                return self._wrong_with_id(prefix, came)
            case _:
                return self._ledger.judged(ask, came) if type(ask) in OF_STORE else None

    def _wrong_with_description(self, came: Answer[Any]) -> Finding:
        name, gateway = f"the gateway {self._author.gateway_name!r}", self._gateway
        if not isinstance(came.value, Description):
            return GATEWAY.answered(name, gateway, came)
        told = sorted(came.value.operations), came.value.capabilities
        return GATEWAY.compared(name, (sorted(operations_of(gateway)), gateway.capabilities), told)

    def _wrong_with_id(self, prefix: str, came: Answer[Any]) -> Finding:
        is_new = isinstance(came.value, str) and came.value not in self._ids
        self._ids.add(came.value)
        return None if is_new else IDS.answered(f"ids({prefix!r})", "a new id", came)

    def _audited_by(self, name: str) -> None:
        found = self._ledger.all_of_it(partial(self._looked_up, name))
        if found is not None:
            raise found
        self._waiting_for(name, MANY)

    def _waiting_for(self, name: str, limit: int) -> tuple[RecordedEvent, ...]:
        store, tenant = self._store_of(name), self._author.tenant
        events: Sequence[RecordedEvent] = self._done(
            "unpublished()", lambda: store.unpublished(limit=limit, tenant=tenant)
        )
        found = self._ledger.waiting(events, limit=limit)
        if found is not None:
            raise found
        return tuple(events)

    def _store_of(self, name: str) -> Store | AsyncStore:
        return self._processes[name].ports.store

    def _done(self, what: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - of the store's own type
        """Let a store do what no flow asks for."""
        came = came_of(partial(self._hand, call))
        if came.error is not None:
            raise ANSWERS.broken(f"{what} raised {shown(came.error)}")
        return came.value


def _alone(ask: Ask[T]) -> Flow[T]:
    """Return the flow that asks for this and nothing else."""
    answer: T = yield ask
    return answer


async def _here(call: Callable[[Any], Any], request: object) -> object:
    """Make a call on the event loop itself: the simulated provider never waits."""
    return call(request)


def _of_its_world(gateway: SimulatedGateway, facade: type[AnyPayments]) -> Gateway | AsyncGateway:
    return in_threads(gateway, run=_here) if facade is AsyncPayments else gateway


def _checked(made: object, facade: type[AnyPayments]) -> AnyPayments:
    """Return what an author has made, unless a part of it would never be tried."""
    if isinstance(made, Coroutine):
        made.close()
        raise TypeError("make_payments() must be awaited: subclass AsyncPaymentsMachine for that")
    if not isinstance(made, facade):
        raise TypeError(f"make_payments() must return {facade.__name__}, not {type(made).__name__}")
    for name, known in vars(Commands).items():
        if isinstance(known, command) and inspect.getattr_static(made, name) is not known:
            raise TypeError(
                f"{type(made).__name__} overrides {name}, which no history would come to: "
                f"let make_payments() return a plain {facade.__name__}"
            )
    return made
