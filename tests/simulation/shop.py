"""
A small shop whose backend may crash at any ask, and be started again.

Three things survive every crash: the store, the provider, and time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, TypeAlias, assert_never

import attrs
from adapters import WITHOUT, Ailment, Weather, adapter

from paysession import Money, Payable, PaymentMethod, PaymentSession, UnderpaidPolicy
from paysession._domain.charges import Charge
from paysession._domain.operations import Operation
from paysession._domain.parked import ParkedReport
from paysession._domain.setup_session import SetupSession
from paysession._drivers import Ports, perform
from paysession._flows.asks import Ask, Call, Commit, Flow
from paysession._payments import Commands
from paysession.errors import (
    GatewayUnreachable,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    MoneyError,
    NotAllowed,
    NotFound,
    NotificationError,
    OutcomeUnknown,
    PaySessionError,
)
from paysession.gateways import BogusGateway, Capabilities, Gateway, OfflineGateway
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Report
from paysession.stores import InMemoryStore, Store

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDER = Payable("or_1", total=Money("110.00", "USD"))
CARD = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")
PATIENT_CARD = PaymentMethod(
    id="pm_2", name="Credit Card", gateway="bogus", on_underpaid=UnderpaidPolicy.ACCEPT
)
PLAIN_CARD = PaymentMethod(id="pm_4", name="Credit Card", gateway="plain")
HOLDING_CARD = PaymentMethod(id="pm_6", name="Credit Card", gateway="holding")
BLIND_CARD = PaymentMethod(id="pm_5", name="Credit Card", gateway="blind")
CHECK = PaymentMethod(
    id="pm_3", name="Check", gateway="offline", session_required=False, source_required=False
)
SHOWN_TO_CALLERS = (
    NotAllowed,
    NotFound,
    MoneyError,
    GatewayUnreachable,
    OutcomeUnknown,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    NotificationError,
)


@attrs.frozen
class Do:
    """A command that a backend gives, as the name and arguments of a method of `Payments`."""

    command: str
    args: tuple[object, ...] = ()
    kwargs: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Later:
    """Time passes."""

    by: timedelta


@attrs.frozen
class Decide:
    """The provider, or the customer at the provider, decides what was pending."""

    succeed: bool


@attrs.frozen
class Occurs:
    """
    Something happens at the provider by itself; it writes a letter, which nobody has yet.

    Attributes:
        event: A method of what the gateway calls `later`.
        args: What it is given: an id, as a rule, of what it happens to.
        kwargs: And by name.
    """

    event: str
    args: tuple[object, ...]
    kwargs: dict[str, Any] = attrs.field(factory=dict)


class Arrival(StrEnum):
    """How the provider's letters come."""

    IN_ORDER = "in order"
    BACKWARDS = "backwards"
    TWICE = "twice"
    TOLD_ANEW = "told anew"
    TOGETHER = "together"
    GARBLED = "garbled"
    """Signed by the provider, and yet nothing that anybody can read."""


@attrs.frozen
class Mail:
    """All letters that the provider has written so far arrive, at the gateway of that name."""

    arrival: Arrival = Arrival.IN_ORDER
    gateway: str = "bogus"


@attrs.frozen
class Says:
    """A letter arrives that says just this, as some other provider may."""

    reports: tuple[Report, ...]


@attrs.frozen
class Letter:
    """What has arrived, and where."""

    gateway: str
    body: bytes


@attrs.frozen
class Falls:
    """From now on the provider's adapters are unwell; with nothing, they are well again."""

    ill: Ailment | None = None


Scene: TypeAlias = Do | Later | Decide | Occurs | Mail | Says | Falls
Story: TypeAlias = Callable[[], Generator[Scene, Any, None]]


class Crash(BaseException):
    """The process is gone: nothing of it runs any more."""


@attrs.frozen
class Point:
    """A moment of a process: before its `ask`-th ask, or after what that did."""

    ask: int
    after: bool


class Shop:
    """What survives."""

    def __init__(
        self,
        *,
        capabilities: Capabilities | None = None,
        store: Store | None = None,
        gateway: Gateway | None = None,
    ) -> None:
        self.now = START
        self.books = InMemoryStore()
        self.store = store or self.books
        self.bogus = BogusGateway(capabilities=capabilities, clock=self.clock)
        self.gateway = gateway
        self.weather = Weather()
        self.letters: list[Letter] = []
        self._ids = count(1)

    def clock(self) -> datetime:
        return self.now

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids)}"

    def gateways(self) -> dict[str, Gateway]:
        at_provider = {name: adapter(name, self.bogus, self.weather) for name in WITHOUT}
        bogus, offline = self.gateway or at_provider["bogus"], OfflineGateway()
        return {**at_provider, "bogus": bogus, "offline": offline}

    def ports(self) -> Ports[Store, Gateway]:
        return Ports(
            store=self.store,
            gateways=self.gateways(),
            port=Gateway,
            clock=self.clock,
            ids=self.new_id,
            sleep=lambda _: None,
            tenant="",
            observers=(),
        )

    def happen(self, scene: Later | Decide | Occurs | Falls) -> object:
        """Let something happen of which nobody here knows yet."""
        match scene:
            case Later(by):
                self.now += by
            case Decide(succeed):
                decide(self.bogus, succeed=succeed)
            case Occurs(event, args, kwargs):
                came_of_it: object = getattr(self.bogus.later, event)(*args, **kwargs)
                return came_of_it
            case Falls(ill):
                self.weather.ailment = ill
            case _:
                assert_never(scene)
        return None

    def collect(self, mail: Mail | Says) -> None:
        """Put what the provider has written before the door."""
        match mail:
            case Mail(arrival, gateway):
                self.letters += [Letter(gateway, each) for each in self._written(arrival)]
            case Says(reports):
                self.letters.append(Letter("bogus", self.weather.speak(*reports)))

    def sealed(self, letter: Letter) -> dict[str, Any]:
        """Return what arrives: whenever the provider sends a letter, it signs it anew."""
        webhooks = self.bogus.provider._webhooks
        headers = webhooks.sign(letter.body, id="letter_1", at=self.now)
        return {"body": letter.body, "headers": headers}

    def _written(self, arrival: Arrival) -> list[bytes]:
        provider = self.bogus.provider
        if arrival is Arrival.TOGETHER:
            return [each.body for each in provider.take_batch()]
        letters = [each.body for each in provider.take_notifications()]
        match arrival:
            case Arrival.IN_ORDER:
                return letters
            case Arrival.BACKWARDS:
                return letters[::-1]
            case Arrival.TWICE:
                return letters * 2
            case Arrival.TOLD_ANEW:
                provider.send_anew()
                return [*letters, *(each.body for each in provider.take_notifications())]
            case Arrival.GARBLED:
                return [body[number + 1 :] for number, body in enumerate(letters)]

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(each for each in self.books.entities() if isinstance(each, Operation))

    @property
    def unresolved(self) -> tuple[Operation, ...]:
        """What recovery has still to work on."""
        return tuple(each for each in self.operations if each.is_unresolved and not each.attention)

    @property
    def sessions(self) -> tuple[PaymentSession, ...]:
        return tuple(each for each in self.books.entities() if isinstance(each, PaymentSession))

    @property
    def setup_sessions(self) -> tuple[SetupSession, ...]:
        return tuple(each for each in self.books.entities() if isinstance(each, SetupSession))


class Process:
    """One run of the backend, which counts its asks and may end at one of them."""

    def __init__(self, shop: Shop, *, until: Point | None = None) -> None:
        self.shop = shop
        self.asks: list[Ask[Any]] = []
        self.commands: set[str] = set()
        self.last: Do | None = None
        self._ports = shop.ports()
        self._until = until

    def play(self, story: Story) -> None:
        """Give a story's commands; what a caller sees of an error is its answer."""
        scenes = story()
        answer: object = None
        while True:
            try:
                scene = scenes.send(answer)
            except StopIteration:
                return
            answer = self.act(scene)

    def act(self, scene: Scene) -> object:
        match scene:
            case Do(command, args, kwargs):
                self.last = scene
                self.commands.add(command)
                try:
                    return self.run(flow_of(command, *args, **kwargs))
                except SHOWN_TO_CALLERS as error:
                    return error
            case Mail() | Says():
                self.shop.collect(scene)
                self.open_letters()
                return None
            case _:
                return self.shop.happen(scene)

    def open_letters(self) -> None:
        """Receive what has arrived; a letter that was not acknowledged comes again."""
        while self.shop.letters:
            letter = self.shop.letters[0]
            given = self.shop.sealed(letter)
            self.commands.add("receive_notification")
            self.run(flow_of("receive_notification", letter.gateway, **given))
            del self.shop.letters[0]

    def run(self, flow: Flow[Any]) -> object:
        """Drive a flow, as the library's driver does, as far as this process lives."""
        try:
            ask = next(flow)
            while True:
                try:
                    answer = self._performed(ask)
                except Exception as error:
                    ask = flow.throw(error)
                else:
                    ask = flow.send(answer)
        except StopIteration as stop:
            value: object = stop.value
            return value

    def _performed(self, ask: Ask[Any]) -> object:
        self.asks.append(ask)
        here = len(self.asks)
        if self._until == Point(here, after=False):
            raise Crash
        try:
            return perform(ask, self._ports)
        finally:
            if self._until == Point(here, after=True):
                raise Crash


def flow_of(command: str, /, *args: object, **kwargs: object) -> Flow[Any]:
    """Return the flow that a command of either facade runs."""
    flow: Flow[Any] = vars(Commands)[command]._flow(None, *args, **kwargs)
    return flow


def decide(bogus: BogusGateway, *, succeed: bool) -> None:
    if succeed:
        bogus.let_pending_succeed()
    else:
        bogus.let_pending_fail()


def points_of(asks: list[Ask[Any]]) -> list[Point]:
    """Return every moment at which a process could end: what only reads has no effect."""
    before = [Point(number, after=False) for number in range(1, len(asks) + 1)]
    after = [
        Point(number, after=True)
        for number, ask in enumerate(asks, start=1)
        if isinstance(ask, Commit | Call)
    ]
    return before + after


SOON = timedelta(minutes=3)
STEP = timedelta(hours=2)
DAY = timedelta(days=1)


def recover(
    shop: Shop, *, until: Point | None = None, first: timedelta = SOON, rounds: int = 30
) -> Process:
    """Start the backend again, and let it work until nothing is left to do, for days if need be."""
    process = Process(shop, until=until)
    shop.weather.ailment = None
    process.open_letters()
    for round_ in range(rounds):
        has_just_begun = round_ <= 1 and _waits_for_customer(shop)
        is_busy = bool(shop.unresolved) or _waits_to_expire(shop) or has_just_begun
        if not is_busy and not _comes_due(shop):
            break
        later = STEP if is_busy else DAY
        shop.now += later if round_ else first
        if round_ > 1 and any(each.status is OperationStatus.PENDING for each in shop.unresolved):
            shop.bogus.let_pending_succeed()
        process.run(flow_of("recover", limit=100))
        process.run(flow_of("expire_sessions", limit=100))
        process.run(flow_of("expire_setup_sessions", limit=100))
    return process


def _waits_to_expire(shop: Shop) -> bool:
    sessions = (*shop.sessions, *shop.setup_sessions)
    return any(session.due_at is not None for session in sessions)


def _waits_for_customer(shop: Shop) -> bool:
    """Whether a charge may have been approved where nobody sees it; nothing expires it."""
    return any(isinstance(each, Charge) and each.is_waiting for each in shop.operations)


def _comes_due(shop: Shop) -> bool:
    """Whether a report waits for its record, or what has ended is to be looked at again."""
    parked = (each for each in shop.books.entities() if isinstance(each, ParkedReport))
    ended = (each for each in shop.operations if not each.is_open)
    return any(each.due_at is not None for each in (*parked, *ended))


def is_refusal(answer: object) -> bool:
    return isinstance(answer, PaySessionError)
