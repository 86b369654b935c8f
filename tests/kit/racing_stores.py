"""Asynchronous stores that let others in where they must not, at the same points every time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import attrs

from paysession._domain.entities import Entity
from paysession.errors import Conflict
from paysession.stores import AnyKind, AsyncInMemoryStore, Changes, RecordedEvent

E = TypeVar("E", bound=Entity)


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


class CreatedTooEarly(AsyncInMemoryStore):
    """What is new it writes without looking again; what is there it compares as it should."""

    async def commit(self, changes: Changes) -> None:
        self.store._refuse_conflicts(changes)
        await everybody_else()
        known = tuple(one for one in changes.entities if one.version > 1)
        self.store.commit(attrs.evolve(changes, entities=known, events=()))
        for entity in changes.entities:
            if entity.version == 1:
                self.store._write(entity)
        for event in changes.events:
            self.store._outbox[(event.tenant, event.id)] = event


class SettledTooEarly(AsyncInMemoryStore):
    """Only a claim that is new is compared again when it is written."""

    async def commit(self, changes: Changes) -> None:
        self.store._refuse_conflicts(changes)
        await everybody_else()
        new = tuple(claim for claim in changes.claims if claim.version == 1)
        self.store.commit(attrs.evolve(changes, claims=new))
        for claim in changes.claims:
            self.store._claims[(changes.tenant, claim.namespace, claim.text)] = claim


class EventsAfterwards(AsyncInMemoryStore):
    """Events have a transaction of their own."""

    async def commit(self, changes: Changes) -> None:
        self.store.commit(attrs.evolve(changes, events=()))
        await everybody_else()
        for event in changes.events:
            self.store._outbox[(event.tenant, event.id)] = event


class ClaimsBeforehand(AsyncInMemoryStore):
    """Claims have a transaction of their own, which is undone if the other one fails."""

    async def commit(self, changes: Changes) -> None:
        self.store._refuse_conflicts(changes)
        before = dict(self.store._claims)
        for claim in changes.claims:
            self.store._claims[(changes.tenant, claim.namespace, claim.text)] = claim
        await everybody_else()
        try:
            self.store.commit(attrs.evolve(changes, claims=()))
        except Conflict:
            self.store._claims = before
            raise


class FoundOneByOne(AsyncInMemoryStore):
    """It looks into its index, and then reads one entity after another."""

    async def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found: list[E] = []
        for one in self.store.find(kind, by=by, value=value, tenant=tenant):
            held = self.store.get(kind, one.id, tenant=tenant)
            found += [] if held is None else [held]
            await everybody_else()
        return tuple(found)


class DueWhileOthersWrite(AsyncInMemoryStore):
    """It goes through what others are writing to meanwhile."""

    async def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        for _ in self.store._entities:
            await everybody_else()
        return self.store.due(before, kinds=kinds, limit=limit, tenant=tenant)


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
