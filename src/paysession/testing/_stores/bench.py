"""What a law of the port to databases has at hand: stores, and what was asked of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from inspect import isawaitable, iscoroutine
from typing import Any, Final, NoReturn, Protocol, Self, TypeVar

import attrs

from paysession._domain.entities import Entity
from paysession.errors import NotDurable
from paysession.stores.port import (
    INDEXES,
    KINDS,
    AnyKind,
    AsyncStore,
    Changes,
    Claim,
    RecordedEvent,
    Store,
)
from paysession.testing._laws.threads import Answer
from paysession.testing._stores.differences import difference
from paysession.testing._stores.law import StoreLaw
from paysession.testing._stores.telling import asked, came_of
from paysession.testing._stores.trials import Do, Inside, Outer, Together, Trial

E = TypeVar("E", bound=Entity)
P = TypeVar("P", bound=Store | AsyncStore)
T = TypeVar("T")

MANY: Final = 10_000
"""More than any law writes."""

ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
"""When everything is due that ever is."""

_USUAL: Final[Mapping[str, object]] = {"tenant": "", "limit": MANY, "kinds": tuple(KINDS)}
"""What is asked for without being told of."""

_MOST_LINES: Final = 12
"""Of what was asked before a law is found broken, the end is told."""


class Author(Protocol[P]):
    """Who wrote a store, and knows how to make one; each answer may have to be awaited."""

    def make_store(self) -> P | Awaitable[P]:
        """Return a fresh and empty store."""
        ...

    def another(self, store: P) -> P | Awaitable[P]:
        """Return a second way into what that store keeps."""
        ...

    def reopen(self, store: P) -> P | Awaitable[P]:
        """Close a store, and return what opens from what it had made durable."""
        ...

    def outer_transaction(self, store: P) -> Outer:
        """Open a transaction around the store, as an application would."""
        ...

    def close(self, store: P) -> Awaitable[None] | None:
        """Give up a store that is needed no more."""
        ...

    def written(self) -> frozenset[str]:
        """Return which of the controls that need not be written were."""
        ...


class _Undone(Exception):
    """Raised within an outer transaction, so that it is rolled back."""


@attrs.frozen
class _Asked(Do[T]):
    """A call of a store, which is written down with what came of it."""

    method: str
    what: str
    story: list[str]

    def run(self) -> T:
        """Call it; what must be awaited is no answer."""
        answer = self.call()
        if isawaitable(answer):
            if iscoroutine(answer):
                answer.close()
            raise TypeError(f"{self.method} of a Store is called, and not awaited: write `def`")
        return answer

    async def arun(self, together: Together) -> T:  # noqa: ARG002 - it is alone
        """Await it; what need not be awaited is no answer."""
        answer = self.call()
        if not isawaitable(answer):
            raise TypeError(f"{self.method} of an AsyncStore is awaited: write `async def`")
        return await answer

    def __iter__(self) -> Generator[Self, Answer[T], T]:
        __tracebackhide__ = True
        answer = yield self
        self.story.append(f"{self.what} → {came_of(self.method, answer)}")
        return answer.given()


@attrs.frozen(eq=False)
class StoreOnTrial:
    """
    A store as a law sees it: each method is the port's, as a step.

    Attributes:
        port: The store itself.
        bench: Where it is on trial.
        story: What was asked of it, and what came back.
    """

    port: Any
    bench: Bench = attrs.field(repr=False)
    story: list[str] = attrs.field(repr=False)

    def get(self, kind: type[E], id: str, *, tenant: str = "") -> Do[E | None]:  # noqa: A002
        """Read one entity."""
        return self._asked("get", kind, id, tenant=tenant)

    def find(self, kind: type[E], *, by: str, value: str, tenant: str = "") -> Do[tuple[E, ...]]:
        """Read entities by an index."""
        return self._asked("find", kind, by=by, value=value, tenant=tenant)

    def claimed(self, text: str, *, namespace: str = "keys", tenant: str = "") -> Do[Claim | None]:
        """Read a claim."""
        return self._asked("claimed", namespace, text, tenant=tenant)

    def due(
        self,
        before: datetime = ALWAYS,
        *,
        kinds: Sequence[AnyKind] = tuple(KINDS),
        limit: int = MANY,
        tenant: str = "",
    ) -> Do[tuple[Entity, ...]]:
        """Read what is due."""
        return self._asked("due", before, kinds=tuple(kinds), limit=limit, tenant=tenant)

    def attention(self, *, limit: int = MANY, tenant: str = "") -> Do[tuple[Entity, ...]]:
        """Read what a person must look at."""
        return self._asked("attention", limit=limit, tenant=tenant)

    def unpublished(self, *, limit: int = MANY, tenant: str = "") -> Do[tuple[RecordedEvent, ...]]:
        """Read the outbox."""
        return self._asked("unpublished", limit=limit, tenant=tenant)

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str = "") -> Do[None]:
        """Take events off the outbox, which may be gone through once, as any iterable may."""
        told = tuple(events)
        return self._told(
            lambda: self.port.mark_published(iter(told), tenant=tenant),
            "mark_published",
            (told,),
            {"tenant": tenant},
        )

    def commit(
        self,
        *entities: Entity,
        tenant: str = "",
        claims: Sequence[Claim] = (),
        released: Sequence[Claim] = (),
    ) -> Do[None]:
        """Write what of the entities has changed, and claims."""
        return self.write(Changes.of(entities, tenant=tenant, claims=claims, released=released))

    def write(self, changes: Changes) -> Do[None]:
        """Write changes as they are."""
        return self._asked("commit", changes)

    def _asked(self, method: str, *arguments: object, **named: object) -> Do[Any]:
        return self._told(
            lambda: getattr(self.port, method)(*arguments, **named), method, arguments, named
        )

    def _told(
        self,
        call: Callable[[], Any],
        method: str,
        arguments: Sequence[object],
        named: Mapping[str, object],
    ) -> Do[Any]:
        """Return a call which is written down, but for what is usual in it."""
        unusual = {name: value for name, value in named.items() if value != _USUAL.get(name)}
        return _Asked(call, method, asked(method, arguments, unusual), self.story)

    def held(self, entity: E) -> Trial[E]:
        """Read an entity that must be there."""
        found = yield from self.get(type(entity), entity.id, tenant=entity.tenant)
        if found is None:
            self.bench.broken(f"{_name_of(entity)}, read", entity.committed(), None)
        return found

    def shown(
        self, entities: Iterable[Entity], claims: Iterable[Claim] = (), *, tenant: str = ""
    ) -> Trial[dict[str, object]]:
        """Read all that the port shows of entities and claims, by what was read."""
        self.story.append("(everything that there is to read is read)")
        return (yield from attrs.evolve(self, story=[])._shown(entities, claims, tenant))

    def _shown(
        self, entities: Iterable[Entity], claims: Iterable[Claim], tenant: str
    ) -> Trial[dict[str, object]]:
        shown: dict[str, object] = {}
        for entity in entities:
            kind, name = type(entity), _name_of(entity)
            shown[name] = yield from self.get(kind, entity.id, tenant=tenant)
            for by in INDEXES.get(kind, ()):
                value = getattr(entity, by)
                if value is not None:
                    found = yield from self.find(kind, by=by, value=value, tenant=tenant)
                    shown[f"{name}, found by {by}"] = found
        for claim in claims:
            name, namespace = f"the claim {claim.namespace} {claim.text!r}", claim.namespace
            shown[name] = yield from self.claimed(claim.text, namespace=namespace, tenant=tenant)
        due = yield from self.due(tenant=tenant)
        shown["what is due"] = tuple(sorted(due, key=_in_any_order))
        shown["what needs attention"] = yield from self.attention(tenant=tenant)
        shown["the outbox"] = yield from self.unpublished(tenant=tenant)
        return shown


def _in_any_order(entity: Entity) -> tuple[str, str]:
    return KINDS[type(entity)], entity.id


def _name_of(entity: Entity) -> str:
    return f"{KINDS[type(entity)]} {entity.id!r}"


def must_be(port: type[Store | AsyncStore], store: object) -> None:
    """
    Do nothing if what an author's method returned is a store of the kind that is on trial.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(store, port):
        other = " (its suite is AsyncStoreConformance)" if isinstance(store, AsyncStore) else ""
        is_no = f"{type(store).__name__} is no paysession.stores.{port.__name__}"
        raise TypeError(f"{is_no}, as a store here must be{other}")


@attrs.frozen(eq=False)
class Bench:
    """
    What one law has at hand.

    Attributes:
        law: Which law is tried.
        author: Who makes the stores.
        port: The class whose subclasses are on trial.
        opened: The stores that are open.
        story: What was asked of the store that was made last, and what came back.
    """

    law: StoreLaw
    author: Author[Any]
    port: type[Store | AsyncStore] = Store
    opened: list[Any] = attrs.field(factory=list[Any], init=False)
    story: list[str] = attrs.field(factory=list[str], init=False)

    def store(self) -> Trial[StoreOnTrial]:
        """Make a fresh and empty store."""
        self.story.clear()
        return (yield from self._opened(self.author.make_store))

    def another(self, store: StoreOnTrial) -> Trial[StoreOnTrial]:
        """Open a second way into what a store keeps."""
        return (yield from self._opened(lambda: self.author.another(store.port)))

    def each_its_own(self, store: StoreOnTrial, count: int) -> Trial[list[StoreOnTrial]]:
        """Return as many ways into a store: its own, where the author knows no other."""
        if "another" not in self.author.written():
            return [store] * count
        others: list[StoreOnTrial] = []
        for _ in range(count):
            others.append((yield from self.another(store)))  # noqa: PERF401 - it yields
        return others

    def reopened(self, store: StoreOnTrial) -> Trial[StoreOnTrial]:
        """Close a store and open it again: what was not durable is gone."""
        self.opened.remove(store.port)
        self.story.append("(the store is opened again)")
        return (yield from self._opened(lambda: self.author.reopen(store.port)))

    def close(self) -> Trial[None]:
        """Close every store that is open."""
        for port in self.opened:
            yield from Do[None](partial(self.author.close, port))

    def _opened(self, make: Callable[[], Any | Awaitable[Any]]) -> Trial[StoreOnTrial]:
        port = yield from Do(make)
        must_be(self.port, port)
        self.opened.append(port)
        return StoreOnTrial(port, self, self.story)

    def broken(self, what: str, expected: object, actual: object) -> NoReturn:
        """Say that the law is broken, and how."""
        __tracebackhide__ = True
        raise self.law.broken(what, expected, actual, story=self._end_of_story())

    def _end_of_story(self) -> tuple[str, ...]:
        before = len(self.story) - _MOST_LINES
        if before <= 0:
            return tuple(self.story)
        return (f"({before} that came before)", *self.story[before:])

    def same(self, expected: object, actual: object, what: str) -> None:
        """Do nothing if two values are the same, down to the types of their parts."""
        __tracebackhide__ = True
        found = difference(expected, actual)
        if found is not None:
            self.broken(what + found.path, found.expected, found.actual)

    def nothing(self, shown: object, what: str) -> None:
        """Do nothing if a reader showed nothing."""
        if shown not in (None, ()):
            self.broken(what, None, shown)

    def unchanged(self, before: dict[str, object], after: dict[str, object], when: str) -> None:
        """Do nothing if all that was shown before is shown still."""
        __tracebackhide__ = True
        for name, value in before.items():
            self.same(value, after[name], f"{name}, {when}")

    def refused(self, error: type[Exception], commit: Do[None], what: str) -> Trial[None]:
        """Do nothing if a commit is refused by that error."""
        try:
            yield from commit
        except error:
            return
        except Exception as other:  # noqa: BLE001 - another error is another answer
            self.broken(what, error, other)
        self.broken(what, error, "it was written")

    def accepted(self, commit: Do[None], what: str) -> Trial[None]:
        """Do nothing if a commit is written."""
        try:
            yield from commit
        except Exception as error:  # noqa: BLE001 - whatever it is, it was not written
            self.broken(what, "it is written", error)

    def answered(self, read: Do[T], what: str) -> Trial[T]:
        """Return what was read; whatever is raised instead is no answer."""
        try:
            return (yield from read)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was read
            self.broken(what, "an answer", error)

    def within_transaction(
        self, store: StoreOnTrial, commit: Do[None], *, kept: bool
    ) -> Trial[bool]:
        """Commit inside an outer transaction, that is kept or undone; tell if that was allowed."""
        allowed: list[bool] = []
        end = "kept" if kept else "rolled back"
        self.story.append(f"(inside a transaction of somebody else's, which is {end})")

        def committing() -> Trial[None]:
            try:
                yield from commit
                allowed.append(True)
            except NotDurable:
                allowed.append(False)
            if not kept:
                raise _Undone

        with suppress(_Undone):
            yield from Inside(lambda: self.author.outer_transaction(store.port), committing())
        return allowed == [True]
