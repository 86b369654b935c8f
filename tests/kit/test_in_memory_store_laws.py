"""The embedded stores keep every law, and every fault is caught by the law that is meant for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from threading import Barrier
from typing import Any, TypeVar

import attrs
import pytest
from store_laws import LAWS, WRITERS, Law, LawBroken

from paysession._domain.charges import Charge
from paysession._domain.entities import Entity, Record
from paysession._domain.limits import Metadata
from paysession._domain.movements import Void
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession.stores import (
    AnyKind,
    AsyncInMemoryStore,
    AsyncStore,
    Changes,
    Claim,
    InMemoryStore,
    RecordedEvent,
    Store,
)

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


class Bridged(Store):
    """An asynchronous store, called synchronously: one event loop for each call."""

    def __init__(self, store: AsyncStore) -> None:
        self.store = store

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        return run(self.store.get(kind, id, tenant=tenant))

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return run(self.store.find(kind, by=by, value=value, tenant=tenant))

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        return run(self.store.claimed(namespace, text, tenant=tenant))

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return run(self.store.due(before, kinds=kinds, limit=limit, tenant=tenant))

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return run(self.store.attention(limit=limit, tenant=tenant))

    def commit(self, changes: Changes) -> None:
        run(self.store.commit(changes))

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return run(self.store.unpublished(limit=limit, tenant=tenant))

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        run(self.store.mark_published(events, tenant=tenant))


def run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


@every_law
def test_the_embedded_store_keeps(law: Law) -> None:
    law.check(InMemoryStore)


@every_law
def test_the_embedded_asynchronous_store_keeps(law: Law) -> None:
    law.check(lambda: Bridged(AsyncInMemoryStore()))


def test_every_law_has_a_code_in_order_and_says_what_and_why() -> None:
    assert [f"STORE-{number}" for number in range(1, len(LAWS) + 1)] == list(LAWS)
    assert all(law.sentence and law.reason for law in LAWS.values())


class LastWriteWins(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        known = tuple(one for one in changes.entities if one.version < 2)
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class FirstVersionAgain(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        known = tuple(one for one in changes.entities if one.version > 1)
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class ClaimsNotUnique(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        super()._refuse_conflicts(attrs.evolve(changes, claims=()))


class EventsLost(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(attrs.evolve(changes, events=changes.events[:1]))


class HalfACommit(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        for entity in changes.entities:
            own = tuple(event for event in changes.events if event.aggregate_id == entity.id)
            super().commit(Changes(tenant=changes.tenant, entities=(entity,), events=own))
        super().commit(attrs.evolve(changes, entities=(), events=()))


class CheckedTooEarly(InMemoryStore):
    """It looks, lets everybody else look as well, and writes without looking again."""

    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = Barrier(WRITERS)

    def commit(self, changes: Changes) -> None:
        if changes.entities[0].version == 1:
            return super().commit(changes)
        self._refuse_conflicts(changes)
        self._all_have_looked.wait(timeout=30)
        with self._lock:
            for entity in changes.entities:
                self._write(entity)
        return None


class IndexStandsStill(InMemoryStore):
    def _unfile(self, key: tuple[str, str, str]) -> None:
        found = {place: dict(keys) for place, keys in self._found.items()}
        super()._unfile(key)
        self._found = found


class DueForever(InMemoryStore):
    def _unfile(self, key: tuple[str, str, str]) -> None:
        due = list(self._due)
        super()._unfile(key)
        self._due = due


class OneTenantForAll(InMemoryStore):
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return tuple(self._outbox.values())[:limit]


class NeverPublished(InMemoryStore):
    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        pass


class ClaimsKept(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(attrs.evolve(changes, released=()))


class NewsKept(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        for key, entity in self._entities.items():
            if isinstance(entity, Record):
                self._entities[key] = attrs.evolve(entity, changed=True)


class NewestFirst(InMemoryStore):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return super().find(kind, by=by, value=value, tenant=tenant)[::-1]


class TextCut(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        known = (claim for key, claim in self._claims.items() if key[:2] == (tenant, namespace))
        return next((claim for claim in known if text.startswith(claim.text)), None)


class NoAnswer(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        claim = super().claimed(namespace, text, tenant=tenant)
        return claim and attrs.evolve(claim, answer=None)


class AnyRelease(InMemoryStore):
    def _release(self, claim: Claim, tenant: str) -> None:
        self._claims.pop((tenant, claim.namespace, claim.text), None)


class ReleasedFirst(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        for claim in changes.released:
            self._release(claim, changes.tenant)
        super().commit(attrs.evolve(changes, released=()))


class ClaimedOnce(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        made = {claim.text: claim for claim in reversed(changes.claims)}
        super().commit(attrs.evolve(changes, claims=tuple(made.values())))


class NoClient(InMemoryStore):
    def _write(self, entity: Entity) -> None:
        if isinstance(entity, PaymentSession | SetupSession):
            entity = attrs.evolve(entity, client_data=None)
        super()._write(entity)


class NoClientInAnswers(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        claim = super().claimed(namespace, text, tenant=tenant)
        if claim is None or not isinstance(claim.answer, PaymentSession):
            return claim
        return attrs.evolve(claim, answer=attrs.evolve(claim.answer, client_data=None))


class NoMeta(InMemoryStore):
    def _write(self, entity: Entity) -> None:
        if isinstance(entity, Void):
            entity = attrs.evolve(entity, metadata=Metadata())
        super()._write(entity)


class NoFacts(InMemoryStore):
    def _write(self, entity: Entity) -> None:
        if isinstance(entity, Charge):
            entity = attrs.evolve(entity, facts=())
        super()._write(entity)


FAULTS: tuple[tuple[Callable[[], Store], str], ...] = (
    (NewsKept, "STORE-1"),
    (NoClient, "STORE-1"),
    (NoFacts, "STORE-1"),
    (NoMeta, "STORE-1"),
    (LastWriteWins, "STORE-3"),
    (FirstVersionAgain, "STORE-4"),
    (HalfACommit, "STORE-5"),
    (LastWriteWins, "STORE-6"),
    (ClaimsNotUnique, "STORE-7"),
    (ClaimsNotUnique, "STORE-8"),
    (ClaimedOnce, "STORE-8"),
    (ClaimsKept, "STORE-9"),
    (ReleasedFirst, "STORE-9"),
    (NewestFirst, "STORE-10"),
    (IndexStandsStill, "STORE-11"),
    (OneTenantForAll, "STORE-12"),
    (DueForever, "STORE-14"),
    (EventsLost, "STORE-16"),
    (NeverPublished, "STORE-17"),
    (CheckedTooEarly, "STORE-18"),
    (ClaimsNotUnique, "STORE-19"),
    (TextCut, "STORE-21"),
    (NoAnswer, "STORE-24"),
    (NoClientInAnswers, "STORE-24"),
    (AnyRelease, "STORE-25"),
)


@pytest.mark.parametrize(
    ("make_store", "code"), FAULTS, ids=[f"{one.__name__}-{code}" for one, code in FAULTS]
)
def test_a_fault_is_caught_by_its_law(make_store: Callable[[], Store], code: str) -> None:
    with pytest.raises(LawBroken, match="expected"):
        LAWS[code].check(make_store)
