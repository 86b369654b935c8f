"""The embedded default: everything in this process, gone with it. Thread-safe."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeAlias, TypeVar, cast

from paysession._domain.entities import Entity
from paysession.errors import AlreadyExists, StaleVersion
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

E = TypeVar("E", bound=Entity)
_Key: TypeAlias = tuple[str, str, str]
_Due: TypeAlias = tuple[datetime, _Key]


class InMemoryStore(Store):
    """
    A store in this process's memory.

    Entities are frozen, so what it returns is what it holds. Commits are serialized by a
    lock that is never held while anything else is called.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._entities: dict[_Key, Entity] = {}
        self._found: dict[tuple[str, str, str, str], dict[_Key, None]] = {}
        self._claims: dict[_Key, Claim] = {}
        self._due: list[_Due] = []
        self._attention: dict[_Key, None] = {}
        self._outbox: dict[tuple[str, str], RecordedEvent] = {}

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity."""
        with self._lock:
            return cast("E | None", self._entities.get((tenant, KINDS[kind], id)))

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """Return the entities whose attribute `by` is `value`, oldest first."""
        if by not in INDEXES.get(kind, ()):
            raise TypeError(f"{KINDS[kind]} is not indexed by {by}")
        with self._lock:
            keys = tuple(self._found.get((tenant, KINDS[kind], by, value), ()))
            found = [self._entities[key] for key in keys]
        return cast("tuple[E, ...]", tuple(sorted(found, key=_age)))

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken."""
        with self._lock:
            return self._claims.get((tenant, namespace, text))

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """Return entities of these kinds due by `before`, longest due first."""
        names = {KINDS[kind] for kind in kinds}
        with self._lock:
            return tuple(self._due_before(before, names, limit, tenant))

    def _due_before(
        self, before: datetime, names: set[str], limit: int, tenant: str
    ) -> Iterator[Entity]:
        for due_at, key in self._due:
            if due_at > before or limit <= 0:
                return
            if key[0] == tenant and key[1] in names:
                limit -= 1
                yield self._entities[key]

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first."""
        with self._lock:
            waiting = [self._entities[key] for key in self._attention if key[0] == tenant]
        return tuple(sorted(waiting, key=_age)[:limit])

    def commit(self, changes: Changes) -> None:
        """Write all of the changes, or nothing."""
        with self._lock:
            self._refuse_conflicts(changes)
            for entity in changes.entities:
                self._write(entity)
            for claim in changes.claims:
                self._claims[(changes.tenant, claim.namespace, claim.text)] = claim
            for claim in changes.released:
                self._release(claim, changes.tenant)
            for event in changes.events:
                self._outbox[(event.tenant, event.id)] = event

    def _release(self, claim: Claim, tenant: str) -> None:
        key = (tenant, claim.namespace, claim.text)
        held = self._claims.get(key)
        if held is not None and (held.kind, held.id) == (claim.kind, claim.id):
            del self._claims[key]

    def _refuse_conflicts(self, changes: Changes) -> None:
        for entity in changes.entities:
            kind = KINDS[type(entity)]
            held = self._entities.get((changes.tenant, kind, entity.id))
            _refuse_conflict(kind, entity.id, held, entity.version)
        made: dict[tuple[str, str], Claim] = {}
        for claim in changes.claims:
            name = claim.namespace, claim.text
            known = made.get(name) or self._claims.get((changes.tenant, *name))
            _refuse_conflict(claim.namespace, claim.text, known, claim.version)
            made[name] = claim

    def _write(self, entity: Entity) -> None:
        kind = KINDS[type(entity)]
        key = (entity.tenant, kind, entity.id)
        self._unfile(key)
        self._entities[key] = entity
        for by in INDEXES.get(type(entity), ()):
            value = getattr(entity, by)
            if value is not None:
                self._found.setdefault((entity.tenant, kind, by, value), {})[key] = None
        if entity.due_at is not None:
            insort(self._due, (entity.due_at, key))
        if entity.attention:
            self._attention[key] = None

    def _unfile(self, key: _Key) -> None:
        old = self._entities.get(key)
        if old is None:
            return
        for by in INDEXES.get(type(old), ()):
            self._found.get((key[0], key[1], by, getattr(old, by)), {}).pop(key, None)
        if old.due_at is not None:
            del self._due[bisect_left(self._due, (old.due_at, key))]
        self._attention.pop(key, None)

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events that were not marked as published, oldest first."""
        with self._lock:
            waiting = [event for event in self._outbox.values() if event.tenant == tenant]
        return tuple(waiting[:limit])

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox."""
        with self._lock:
            for event in events:
                self._outbox.pop((tenant, event.id), None)

    def entities(self, *, tenant: str = "") -> tuple[Entity, ...]:
        """Return everything it holds for a tenant, by kind and id: for tests and curiosity."""
        with self._lock:
            held = [(key, entity) for key, entity in self._entities.items() if key[0] == tenant]
        return tuple(entity for _, entity in sorted(held, key=lambda pair: pair[0]))


def _age(entity: Entity) -> tuple[datetime, str]:
    return entity.created_at, entity.id


def _refuse_conflict(kind: str, id: str, held: Entity | Claim | None, version: int) -> None:  # noqa: A002
    if version == 1 and held is not None:
        raise AlreadyExists(kind, id)
    if version > 1 and (held is None or held.version != version - 1):
        raise StaleVersion(kind, id, version - 1)


class AsyncInMemoryStore(AsyncStore):
    """An `InMemoryStore` for `AsyncPayments`: it never waits for anything."""

    def __init__(self, store: InMemoryStore | None = None) -> None:
        self.store: InMemoryStore = InMemoryStore() if store is None else store

    async def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity."""
        return self.store.get(kind, id, tenant=tenant)

    async def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """Return the entities whose attribute `by` is `value`, oldest first."""
        return self.store.find(kind, by=by, value=value, tenant=tenant)

    async def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken."""
        return self.store.claimed(namespace, text, tenant=tenant)

    async def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """Return entities of these kinds due by `before`, longest due first."""
        return self.store.due(before, kinds=kinds, limit=limit, tenant=tenant)

    async def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first."""
        return self.store.attention(limit=limit, tenant=tenant)

    async def commit(self, changes: Changes) -> None:
        """Write all of the changes, or nothing."""
        self.store.commit(changes)

    async def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events that were not marked as published, oldest first."""
        return self.store.unpublished(limit=limit, tenant=tenant)

    async def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox."""
        self.store.mark_published(events, tenant=tenant)
