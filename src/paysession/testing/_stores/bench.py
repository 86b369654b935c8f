"""What a law is, and what it has at hand when it is tried on a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NoReturn, Protocol, TypeVar

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
from paysession.testing._stores.differences import difference
from paysession.testing._stores.trials import Do, Inside, Outer, Trial

E = TypeVar("E", bound=Entity)
P = TypeVar("P", bound=Store | AsyncStore)
T = TypeVar("T")

MANY: Final = 10_000
"""More than any law writes."""

ALWAYS: Final = datetime.max.replace(tzinfo=UTC)
"""When everything is due that ever is."""


@attrs.define(slots=False, eq=False, repr=False)
class LawBroken(AssertionError):
    """
    Something does not keep a law.

    Attributes:
        code: Which law, such as `ATOM-1`.
        sentence: What it says.
        reason: Why it must hold.
        what: What was looked at when it was found broken.
        expected: What should have been there.
        actual: What was there.
    """

    code: str
    sentence: str
    reason: str
    what: str
    expected: object
    actual: object

    def __str__(self) -> str:
        return (
            f"{self.code}: {self.sentence}\nwhy: {self.reason}\n"
            f"{self.what}:\n  expected: {self.expected!r}\n  but got:  {self.actual!r}"
        )


@attrs.frozen
class Law:
    """
    One rule of the port.

    Attributes:
        code: What it is known by.
        sentence: What it says.
        reason: Why it must hold.
        check: How it is tried.
        needs: What the author of the store must provide for it to be tried.
        is_race: Whether several are at the store at once, so that it may be stuck.
    """

    code: str
    sentence: str
    reason: str
    check: Callable[[Bench], Trial[None]] = attrs.field(repr=False)
    needs: frozenset[str] = frozenset()
    is_race: bool = False

    @property
    def test_name(self) -> str:
        """What its test is called."""
        return f"test_{self.code.replace('-', '_').lower()}_{self.check.__name__}"

    def broken(self, what: str, expected: object, actual: object) -> LawBroken:
        """Return the error that says how it was found broken."""
        return LawBroken(self.code, self.sentence, self.reason, what, expected, actual)

    def tried(self, author: Author[Any]) -> Trial[None]:
        """Try it, and then close every store that it had made."""
        __tracebackhide__ = True
        bench = Bench(self, author)
        try:
            yield from self.check(bench)
        finally:
            for store in bench.opened:
                yield from Do[None](partial(author.close, store))


def law(
    code: str, sentence: str, *, reason: str, needs: Collection[str] = (), is_race: bool = False
) -> Callable[[Callable[[Bench], Trial[None]]], Law]:
    """Make a law of the function that tries it."""

    def enacted(check: Callable[[Bench], Trial[None]]) -> Law:
        return Law(code, sentence, reason, check, frozenset(needs), is_race)

    return enacted


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

    def provides(self, control: str) -> bool:
        """Whether one of these was written."""
        ...


class _Undone(Exception):
    """Raised within an outer transaction, so that it is rolled back."""


@attrs.frozen(eq=False)
class StoreOnTrial:
    """A store as a law sees it: each method is the port's, as a step."""

    port: Any
    bench: Bench = attrs.field(repr=False)

    def get(self, kind: type[E], id: str, *, tenant: str = "") -> Do[E | None]:  # noqa: A002
        """Read one entity."""
        return Do(lambda: self.port.get(kind, id, tenant=tenant))

    def find(self, kind: type[E], *, by: str, value: str, tenant: str = "") -> Do[tuple[E, ...]]:
        """Read entities by an index."""
        return Do(lambda: self.port.find(kind, by=by, value=value, tenant=tenant))

    def claimed(self, text: str, *, namespace: str = "keys", tenant: str = "") -> Do[Claim | None]:
        """Read a claim."""
        return Do(lambda: self.port.claimed(namespace, text, tenant=tenant))

    def due(
        self,
        before: datetime = ALWAYS,
        *,
        kinds: Sequence[AnyKind] = tuple(KINDS),
        limit: int = MANY,
        tenant: str = "",
    ) -> Do[tuple[Entity, ...]]:
        """Read what is due."""
        return Do(lambda: self.port.due(before, kinds=kinds, limit=limit, tenant=tenant))

    def attention(self, *, limit: int = MANY, tenant: str = "") -> Do[tuple[Entity, ...]]:
        """Read what a person must look at."""
        return Do(lambda: self.port.attention(limit=limit, tenant=tenant))

    def unpublished(self, *, limit: int = MANY, tenant: str = "") -> Do[tuple[RecordedEvent, ...]]:
        """Read the outbox."""
        return Do(lambda: self.port.unpublished(limit=limit, tenant=tenant))

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str = "") -> Do[None]:
        """Take events off the outbox."""
        return Do(lambda: self.port.mark_published(events, tenant=tenant))

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
        return Do(lambda: self.port.commit(changes))

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


@attrs.frozen(eq=False)
class Bench:
    """
    What one law has at hand.

    Attributes:
        law: Which law is tried.
        author: Who makes the stores.
        opened: The stores that are open.
    """

    law: Law
    author: Author[Any]
    opened: list[Any] = attrs.field(factory=list[Any], init=False)

    def store(self) -> Trial[StoreOnTrial]:
        """Make a fresh and empty store."""
        return (yield from self._opened(self.author.make_store))

    def another(self, store: StoreOnTrial) -> Trial[StoreOnTrial]:
        """Open a second way into what a store keeps."""
        return (yield from self._opened(lambda: self.author.another(store.port)))

    def each_its_own(self, store: StoreOnTrial, count: int) -> Trial[list[StoreOnTrial]]:
        """Return as many ways into a store: its own, where the author knows no other."""
        if not self.author.provides("another"):
            return [store] * count
        others: list[StoreOnTrial] = []
        for _ in range(count):
            others.append((yield from self.another(store)))  # noqa: PERF401 - it yields
        return others

    def reopened(self, store: StoreOnTrial) -> Trial[StoreOnTrial]:
        """Close a store and open it again: what was not durable is gone."""
        self.opened.remove(store.port)
        return (yield from self._opened(lambda: self.author.reopen(store.port)))

    def _opened(self, make: Callable[[], Any | Awaitable[Any]]) -> Trial[StoreOnTrial]:
        port = yield from Do(make)
        self.opened.append(port)
        return StoreOnTrial(port, self)

    def broken(self, what: str, expected: object, actual: object) -> NoReturn:
        """Say that the law is broken, and how."""
        __tracebackhide__ = True
        raise self.law.broken(what, expected, actual)

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

    def within_transaction(
        self, store: StoreOnTrial, commit: Do[None], *, kept: bool
    ) -> Trial[bool]:
        """Commit inside an outer transaction, that is kept or undone; tell if that was allowed."""
        allowed: list[bool] = []

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
