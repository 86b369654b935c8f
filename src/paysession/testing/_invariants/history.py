"""
What happened in one simulated run, as the invariants look at it.

A history grows by one moment at a time: an ask that was answered, the end of a flow, the
provider acting by itself. Beside the moments it holds what the world outside can see: the
newest commit of every entity, the events that were told, the calls that were made and what
the provider knows to have happened to money.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar, cast

import attrs

from paysession._domain.entities import Entity, Record
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.operations import Operation
from paysession._flows.asks import Ask, Call, Due, Find, Peek, Read
from paysession._money import Money
from paysession.events import Event
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import Request
from paysession.stores.port import Changes, Claim, RecordedEvent

E = TypeVar("E", bound=Entity)
T = TypeVar("T")
Changed: TypeAlias = tuple[Entity | None, Entity]
"""One entity before and after a commit; nothing before its first."""

UNKNOWN_GATEWAY = Capabilities()
"""How a gateway is taken to behave of which the history says nothing."""


class InvariantBroken(AssertionError):
    """
    Something happened that must never happen.

    Attributes:
        code: The invariant: "I4".
        sentence: What must hold.
        seen: What was seen instead.
        also: The codes of what was broken in the same moment.
    """

    also: tuple[str, ...] = ()

    def __init__(self, code: str, sentence: str, seen: str) -> None:
        super().__init__(code, sentence, seen)
        self.code = code
        self.sentence = sentence
        self.seen = seen

    def __str__(self) -> str:
        return f"{self.code} is broken: {self.sentence}\n  seen: {self.seen}"


class EffectKind(StrEnum):
    """What a provider did to money."""

    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    GIVEN_BACK = "given_back"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"


@attrs.define(kw_only=True)
class Effect:
    """
    Money that moved at the provider, as only the provider knows.

    Attributes:
        operation_id: The operation of ours that asked for it; None where nobody of us did.
        kind: What happened to the money.
        amount: How much of it, in whole.
        key: The idempotency key that it was asked with, if it was.
        at: When it happened.
        reference: The provider's id of the movement.
        deal: The provider's id of what was held or taken first, to which all later
            movements of the same money belong.
        gateway: The name of the gateway that it happened at.
        undone: Whether it came undone later: a refund that bounced, a capture that failed.
    """

    operation_id: str | None
    kind: EffectKind
    amount: Money
    key: str | None
    at: datetime
    reference: str
    deal: str = ""
    gateway: str = "sim"
    undone: bool = False


@attrs.frozen(kw_only=True)
class Asked:
    """
    One request that was sent to a provider, look-ups included.

    Attributes:
        request: What it was asked.
        at: When it was sent.
        process: Who sent it.
        tries: How often the operation was worked on by then, this time included.
        gateway: The name of the gateway that it was sent to.
    """

    request: Request[Any]
    at: datetime
    process: str
    tries: int = 1
    gateway: str = "sim"


@attrs.frozen(kw_only=True)
class Moment:
    """
    One thing that happened.

    Attributes:
        number: Its place in the history, from 1.
        at: The instant, by the clock of the simulation.
        process: Who did it: a worker, recovery, the provider.
        flow: The run of a command that it belongs to, as `refund#7`.
        ask: What was asked for; None where nothing was: a flow ended, the provider acted.
        answer: What the flow was given back, or came to.
        error: The exception that it was given instead, or ended in.
        fault: The fault that was put in here, as "F2".
    """

    number: int
    at: datetime
    process: str
    flow: str
    ask: Ask[Any] | None = None
    answer: object = None
    error: BaseException | None = None
    fault: str | None = None


@attrs.frozen(kw_only=True)
class Ended:
    """
    One run of a command that has come to its end.

    Attributes:
        flow: The run, as `refund#7`.
        command: Its name on `Payments`.
        args: What it was given by position.
        kwargs: What it was given by name, without its idempotency key.
        key: The caller's idempotency key, if there was one.
        result: What it returned.
        error: What it raised instead.
        crashed: Whether its process died on the way, so that nobody heard of an end.
        commits: How often it wrote something.
        tenant: Whose records it was to work on.
    """

    flow: str
    command: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = attrs.field(factory=dict[str, object])
    key: IdempotencyKey | str | None = None
    result: object = None
    error: BaseException | None = None
    crashed: bool = False
    commits: int = 0
    tenant: str = ""

    @property
    def asked(self) -> tuple[object, ...]:
        """All that it was told to do, to compare with other runs."""
        return self.command, self.args, tuple(sorted(self.kwargs.items())), self.tenant


@attrs.frozen(kw_only=True)
class Called:
    """One call of a flow to a gateway, and the moment in which it ended."""

    request: Request[Any]
    moment: Moment


@attrs.define(kw_only=True)
class Run:
    """
    What one run of a command has done so far.

    Attributes:
        began: The number of its first moment.
        ended: How it ended, if it has.
        calls: Its calls to gateways, answered or not.
        heard: The notifications that it had verified, or tried to.
        read: At which version it has read what at the newest, and in which moment.
        made: What it committed for the first time.
        commits: How often it wrote something.
        told: The types of the events that it has told.
    """

    began: int
    ended: Ended | None = None
    calls: list[Called] = attrs.field(factory=list[Called])
    heard: list[Moment] = attrs.field(factory=list[Moment])
    read: dict[tuple[type[Entity], str], tuple[int, int]] = attrs.field(
        factory=dict[tuple[type[Entity], str], tuple[int, int]]
    )
    made: list[Entity] = attrs.field(factory=list[Entity])
    commits: int = 0
    told: set[type[Event]] = attrs.field(factory=set[type[Event]])

    def note(self, moment: Moment) -> None:
        """Add what it asked for, and what it was given back."""
        match moment.ask:
            case Peek() | Find() | Due():
                for entity in _entities_in(moment.answer):
                    self._has_read(entity, moment)
            case Call(request=request):
                self.calls.append(Called(request=request, moment=moment))
            case Read():
                self.heard.append(moment)
            case _:
                pass

    def _has_read(self, entity: Entity, moment: Moment) -> None:
        """Keep the newest version that it has seen, and when: an old copy may come after it."""
        version, _ = self.read.get((type(entity), entity.id), (0, 0))
        if entity.version >= version:
            self.read[type(entity), entity.id] = entity.version, moment.number

    def write(self, changes: Changes) -> None:
        """Add what it committed."""
        self.commits += 1
        self.told.update(type(each.event) for each in changes.events)
        self.made.extend(each for each in changes.entities if each.version == 1)


def _entities_in(answer: object) -> Iterator[Entity]:
    if isinstance(answer, Entity):
        yield answer
    elif isinstance(answer, tuple):
        for part in cast("tuple[object, ...]", answer):
            yield from _entities_in(part)


@attrs.define(kw_only=True)
class History:
    """
    A run of the simulation, so far.

    Attributes:
        seed: What the run is made of.
        profile: The name of the provider's profile.
        moments: All that happened, in order.
        latest: The newest of them.
        ended: The run of a command that ended in it, if one did.
        runs: What each run of a command has done so far, by its flow.
        changed: Before and after of what the newest moment committed.
        events: What that commit told.
        by_kind: The newest commit of every entity, by kind and id.
        owned: Operations, movements and disputes, by the id of the session or payment they
            belong to, and by their own.
        operations: The newest commit of every operation, by id.
        claims: Every claim that is held, by namespace and text.
        truth: What the provider did to money.
        calls: Every request that was sent.
        published: Every event that was handed out, repeats included.
        capabilities: How each gateway behaves, by name.
        canaries: Secret and personal texts that must show up nowhere.
        is_over: Whether faults have stopped and everything was brought to its end.
        checks: How often each invariant was checked on something that could break it.
        kept: What the checks remember between moments, by invariant.
    """

    seed: int = 0
    profile: str = ""
    moments: list[Moment] = attrs.field(factory=list[Moment])
    latest: Moment | None = None
    ended: Ended | None = None
    runs: dict[str, Run] = attrs.field(factory=dict[str, Run])
    changed: tuple[Changed, ...] = ()
    events: tuple[RecordedEvent, ...] = ()
    by_kind: dict[type[Entity], dict[str, Entity]] = attrs.field(
        factory=lambda: defaultdict[type[Entity], dict[str, Entity]](dict)
    )
    owned: dict[str, dict[str, Record]] = attrs.field(
        factory=lambda: defaultdict[str, dict[str, Record]](dict)
    )
    operations: dict[str, Operation] = attrs.field(factory=dict[str, Operation])
    claims: dict[tuple[str, str], Claim] = attrs.field(factory=dict[tuple[str, str], Claim])
    truth: list[Effect] = attrs.field(factory=list[Effect])
    calls: list[Asked] = attrs.field(factory=list[Asked])
    published: list[RecordedEvent] = attrs.field(factory=list[RecordedEvent])
    capabilities: dict[str, Capabilities] = attrs.field(factory=dict[str, Capabilities])
    canaries: tuple[str, ...] = ()
    is_over: bool = False
    checks: Counter[str] = attrs.field(factory=Counter[str])
    kept: dict[str, Any] = attrs.field(factory=dict[str, Any])

    def entities(self, kind: type[E]) -> Collection[E]:
        """Return the newest commit of everything of a kind."""
        return cast("Collection[E]", self.by_kind[kind].values())

    def get(self, kind: type[E], id: str) -> E | None:  # noqa: A002
        """Return the newest commit of one entity, if there is one."""
        return cast("E | None", self.by_kind[kind].get(id))

    def capabilities_of(self, gateway: str) -> Capabilities:
        """Return how a gateway behaves."""
        return self.capabilities.get(gateway, UNKNOWN_GATEWAY)

    def remembered(self, name: str, make: Callable[[], T]) -> T:
        """Return what a check remembers under a name; the first time, what is made for it."""
        if name not in self.kept:
            self.kept[name] = make()
        return cast("T", self.kept[name])

    def note(
        self, moment: Moment, *, written: Changes | None = None, ended: Ended | None = None
    ) -> None:
        """
        Add what happened next.

        Args:
            moment: What happened.
            written: What it committed, whether or not the flow heard of it.
            ended: The run of a command that ended in it, if one did.
        """
        self.moments.append(moment)
        self.latest = moment
        self.ended = ended
        self.changed, self.events = (), ()
        run = self.runs.get(moment.flow)
        if run is None:
            run = self.runs[moment.flow] = Run(began=moment.number)
        run.note(moment)
        run.ended = ended
        if written is not None:
            run.write(written)
            self._write(written)

    @property
    def run(self) -> Run:
        """What the run of the newest moment has done so far."""
        assert self.latest is not None, "nothing has happened"
        return self.runs[self.latest.flow]

    def _write(self, changes: Changes) -> None:
        self.changed = tuple(self._replaced(each) for each in changes.entities)
        self.events = changes.events
        for claim in changes.claims:
            self.claims[claim.namespace, claim.text] = claim
        for claim in changes.released:
            held = self.claims.get((claim.namespace, claim.text))
            if held is not None and (held.kind, held.id) == (claim.kind, claim.id):
                del self.claims[claim.namespace, claim.text]

    def _replaced(self, entity: Entity) -> Changed:
        of_its_kind = self.by_kind[type(entity)]
        before = of_its_kind.get(entity.id)
        of_its_kind[entity.id] = entity
        if isinstance(entity, Record):
            self.owned[_owner_of(entity)][entity.id] = entity
        if isinstance(entity, Operation):
            self.operations[entity.id] = entity
        return before, entity


def _owner_of(record: Record) -> str:
    """Tell which session or payment a record belongs to; what is no operation is a payment's."""
    if isinstance(record, Operation):
        return record.owner_id
    payment_id: str = getattr(record, "payment_id", record.id)
    return payment_id
