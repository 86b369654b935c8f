"""Asynchronous stores that let others in where they must not, at the same points every time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import attrs

from paysession._domain.entities import Entity
from paysession.stores import AsyncInMemoryStore, Changes, RecordedEvent


async def everybody_else() -> None:
    """Let all others go on, as waiting for a database does."""
    for _ in range(3):
        await asyncio.sleep(0)


class CheckedTooEarly(AsyncInMemoryStore):
    """It looks, lets everybody else look as well, and writes without looking again."""

    async def commit(self, changes: Changes) -> None:
        self.store._refuse_conflicts(changes)
        await everybody_else()
        for entity in changes.entities:
            self.store._write(entity)
        for claim in changes.claims:
            self.store._claims[(changes.tenant, claim.namespace, claim.text)] = claim
        for event in changes.events:
            self.store._outbox[(event.tenant, event.id)] = event


class TornReads(AsyncInMemoryStore):
    """Its entities are seen as they are written, one after another."""

    async def commit(self, changes: Changes) -> None:
        self.store._refuse_conflicts(changes)
        first, *others = changes.entities
        self.store.commit(attrs.evolve(changes, entities=(first,)))
        await everybody_else()
        self.store.commit(Changes(tenant=changes.tenant, entities=tuple(others)))

    async def get(self, kind: type[Entity], id: str, *, tenant: str) -> Entity | None:  # type: ignore[override]  # noqa: A002
        await asyncio.sleep(0)
        return self.store.get(kind, id, tenant=tenant)


class LockedOneByOne(AsyncInMemoryStore):
    """It locks what it writes one after another, in the order in which it was given it."""

    def __init__(self) -> None:
        super().__init__()
        self._locks: dict[str, asyncio.Lock] = {}

    async def commit(self, changes: Changes) -> None:
        locks = [self._locks.setdefault(one.id, asyncio.Lock()) for one in changes.entities]
        for lock in locks:
            await lock.acquire()
            await everybody_else()
        try:
            self.store.commit(changes)
        finally:
            for lock in locks:
                lock.release()


class LatecomersPassedOver(AsyncInMemoryStore):
    """Events get their places before they are written, and are read from the last place on."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, int] = {}
        self._given = self._read_up_to = 0

    async def commit(self, changes: Changes) -> None:
        self._given += 1
        place = self._given
        if place % 2:
            await everybody_else()
        self.store.commit(changes)
        self._places.update({event.id: place for event in changes.events})

    async def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        await asyncio.sleep(0)
        told = self.store.unpublished(limit=10_000, tenant=tenant)
        fresh = [event for event in told if self._places[event.id] > self._read_up_to]
        return tuple(sorted(fresh, key=lambda event: self._places[event.id])[:limit])

    async def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        places = [self._places[event.id] for event in events]
        self._read_up_to = max([self._read_up_to, *places])
