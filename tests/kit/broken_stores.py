"""Stores with one fault each, as real ones have had them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from threading import Barrier, Lock
from typing import Any, TypeVar, cast

import attrs
from sqlite_store import Execute, SqliteStore

from paysession._domain.charges import Charge
from paysession._domain.entities import Entity, Record
from paysession._domain.limits import Metadata
from paysession._domain.movements import Void
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._money import Money
from paysession.errors import AlreadyExists, NotDurable, StaleVersion
from paysession.events import OutcomeDoubted
from paysession.lifecycles import PaymentStatus
from paysession.stores import INDEXES, KINDS, AnyKind, Changes, Claim, InMemoryStore, RecordedEvent
from paysession.testing._stores.indexed import indexes_of
from paysession.testing._stores.races import WRITERS

E = TypeVar("E", bound=Entity)
T = TypeVar("T")
Key = tuple[str, str, str]


class HalfACommit(InMemoryStore):
    """Each entity has a transaction of its own."""

    def commit(self, changes: Changes) -> None:
        for entity in changes.entities:
            own = tuple(event for event in changes.events if event.aggregate_id == entity.id)
            super().commit(Changes(tenant=changes.tenant, entities=(entity,), events=own))
        super().commit(attrs.evolve(changes, entities=(), events=()))


class ClaimsAfterwards(InMemoryStore):
    """Entities are written before anybody looks whether the claims are free."""

    def commit(self, changes: Changes) -> None:
        super().commit(attrs.evolve(changes, claims=(), released=()))
        super().commit(attrs.evolve(changes, entities=(), events=()))


class AbortedForGood(InMemoryStore):
    """Nobody rolls the transaction back in which a commit was refused."""

    aborted = False

    def commit(self, changes: Changes) -> None:
        if self.aborted:
            raise RuntimeError("current transaction is aborted")
        try:
            super().commit(changes)
        except AlreadyExists:
            self.aborted = changes.entities[0].id == "other"
            raise


class LastWriteWins(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        known = tuple(one for one in changes.entities if one.version < 2)
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class FirstVersionAgain(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        known = tuple(one for one in changes.entities if one.version > 1)
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class UpdatesOrInserts(InMemoryStore):
    """What is not there is written, whatever its version."""

    def _refuse_conflicts(self, changes: Changes) -> None:
        known = tuple(
            one
            for one in changes.entities
            if (changes.tenant, KINDS[type(one)], one.id) in self._entities
        )
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class NothingIsACommit(InMemoryStore):
    """A commit of nothing takes the outbox for told."""

    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        if not changes:
            self._outbox.clear()


class FirstVersionAfterOthers(InMemoryStore):
    """Its keys have the version in them: a first version is new wherever a second one stands."""

    def _refuse_conflicts(self, changes: Changes) -> None:
        held = {key for key, entity in self._entities.items() if entity.version > 1}
        known = tuple(
            one
            for one in changes.entities
            if one.version > 1 or (one.tenant, KINDS[type(one)], one.id) not in held
        )
        super()._refuse_conflicts(attrs.evolve(changes, entities=known))


class ReleasedBeforeItLooks(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        if any(entity.version > 1 for entity in changes.entities):
            for claim in changes.released:
                self._release(claim, changes.tenant)
        super().commit(changes)


class ClaimsNotUnique(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        super()._refuse_conflicts(attrs.evolve(changes, claims=()))


class ClaimsOfAnyVersion(InMemoryStore):
    def _refuse_conflicts(self, changes: Changes) -> None:
        first = tuple(claim for claim in changes.claims if claim.version == 1)
        super()._refuse_conflicts(attrs.evolve(changes, claims=first))


class ClaimedByItselfAgain(InMemoryStore):
    """A claim that stands for the same record is taken for the one that is there."""

    def _refuse_conflicts(self, changes: Changes) -> None:
        held = {(*key[1:], claim.kind, claim.id) for key, claim in self._claims.items()}
        others = tuple(
            claim
            for claim in changes.claims
            if claim.version > 1 or (claim.namespace, claim.text, claim.kind, claim.id) not in held
        )
        super()._refuse_conflicts(attrs.evolve(changes, claims=others))


class SettledKeysAreFree(InMemoryStore):
    """A claim at its first version is held against other first versions only."""

    def _refuse_conflicts(self, changes: Changes) -> None:
        settled = {key for key, claim in self._claims.items() if claim.version > 1}
        others = tuple(
            claim
            for claim in changes.claims
            if claim.version > 1 or (changes.tenant, claim.namespace, claim.text) not in settled
        )
        super()._refuse_conflicts(attrs.evolve(changes, claims=others))


class ClaimKeysJoined(InMemoryStore):
    """What a claim is kept under is one text, of its parts and colons."""

    def commit(self, changes: Changes) -> None:
        joined = [
            f"{changes.tenant}:{claim.namespace}:{claim.text}"
            for claim in changes.claims
            if claim.version == 1
        ]
        known = {":".join(key) for key in self._claims}
        for text in joined:
            if text in known:
                raise AlreadyExists("claim", text)
        super().commit(changes)


class ClaimedOnce(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        made = {claim.text: claim for claim in reversed(changes.claims)}
        super().commit(attrs.evolve(changes, claims=tuple(made.values())))


class ClaimsKept(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(attrs.evolve(changes, released=()))


class ReleasedFirst(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        for claim in changes.released:
            self._release(claim, changes.tenant)
        super().commit(attrs.evolve(changes, released=()))


class AnyRelease(InMemoryStore):
    def _release(self, claim: Claim, tenant: str) -> None:
        self._claims.pop((tenant, claim.namespace, claim.text), None)


class ReleasedToTheLetter(InMemoryStore):
    """It gives up a claim only as it was when it was made."""

    def _release(self, claim: Claim, tenant: str) -> None:
        if self._claims.get((tenant, claim.namespace, claim.text)) == claim:
            super()._release(claim, tenant)


class NewestFirst(InMemoryStore):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return super().find(kind, by=by, value=value, tenant=tenant)[::-1]


class LastChangedLast(InMemoryStore):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found = super().find(kind, by=by, value=value, tenant=tenant)
        return tuple(sorted(found, key=lambda one: one.updated_at))


def as_text(instant: datetime) -> str:
    """An instant as many write it: without a fraction where there is none, and so not in order."""
    return instant.isoformat().replace("+00:00", "Z")


class BeganAsText(InMemoryStore):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found = super().find(kind, by=by, value=value, tenant=tenant)
        return tuple(sorted(found, key=lambda one: (as_text(one.created_at), one.id)))


class OneIndexForAll(InMemoryStore):
    """Whatever it is asked to look by, it looks by the first index of the kind."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return super().find(kind, by=INDEXES[kind][0], value=value, tenant=tenant)


class FindsLike(InMemoryStore):
    """It compares as `LIKE` does: without case, and with `%` for anything."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        start = value.lower().partition("%")[0]
        alike = (
            one
            for one in self._entities.values()
            if type(one) is kind and str(getattr(one, by)).lower().startswith(start)
        )
        return cast("tuple[E, ...]", tuple(alike))


class FindsNone(InMemoryStore):
    """What has no value is filed under the empty text."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return super().find(kind, by=by, value=value, tenant=tenant) or cast(
            "tuple[E, ...]",
            tuple(
                one
                for one in self._entities.values()
                if type(one) is kind and (getattr(one, by) or "") == value
            ),
        )


class IndexStandsStill(InMemoryStore):
    def _unfile(self, key: Key) -> None:
        found = {place: dict(keys) for place, keys in self._found.items()}
        super()._unfile(key)
        self._found = found


class OneIndexFollows(InMemoryStore):
    """Whoever wrote its trigger thought of one column."""

    def _unfile(self, key: Key) -> None:
        found = {place: dict(keys) for place, keys in self._found.items()}
        super()._unfile(key)
        for place, keys in found.items():
            if place[2] != "external_id":
                self._found[place] = keys


class IndexOfWhatChanged(InMemoryStore):
    """An update takes an entity out of its indexes, and files it under what changed only."""

    def _write(self, entity: Entity) -> None:
        key = (entity.tenant, KINDS[type(entity)], entity.id)
        old = self._entities.get(key)
        super()._write(entity)
        if old is not None:
            for by in INDEXES.get(type(entity), ()):
                if getattr(old, by) == getattr(entity, by):
                    self._found[(*key[:2], by, getattr(entity, by))].pop(key, None)


def filed_under(entity: Entity) -> tuple[object, ...]:
    return entity.due_at, entity.attention, indexes_of(entity)


class Copying(InMemoryStore):
    """Beside an entity there is a copy of it, made anew when it must be filed elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._copies: dict[Key, Entity] = {}

    def _write(self, entity: Entity) -> None:
        key = (entity.tenant, KINDS[type(entity)], entity.id)
        if key not in self._copies or filed_under(self._copies[key]) != filed_under(entity):
            self._copies[key] = entity
        super()._write(entity)

    def copies_of(self, found: tuple[E, ...]) -> tuple[E, ...]:
        keys = ((one.tenant, KINDS[type(one)], one.id) for one in found)
        return cast("tuple[E, ...]", tuple(self._copies[key] for key in keys))


class OldCopiesFound(Copying):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return self.copies_of(super().find(kind, by=by, value=value, tenant=tenant))


class OldCopiesDue(Copying):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return self.copies_of(super().due(before, kinds=kinds, limit=limit, tenant=tenant))


class OldCopiesShown(Copying):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return self.copies_of(super().attention(limit=limit, tenant=tenant))


class TiesByAlphabet(InMemoryStore):
    """Ids are in the order of a dictionary, where capitals and signs count little."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found = super().find(kind, by=by, value=value, tenant=tenant)
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id.casefold())))


class OneKindForAll(InMemoryStore):
    """It reads by id alone."""

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        known = (one for key, one in self._entities.items() if (key[0], key[2]) == (tenant, id))
        return cast("E | None", next(known, None))


class FindsById(InMemoryStore):
    """Its index names an entity by its id alone, whatever its kind."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found = {one.id for one in super().find(kind, by=by, value=value, tenant=tenant)}
        return cast("tuple[E, ...]", tuple(self._of_ids(found)))

    def _of_ids(self, ids: set[str]) -> Iterator[Entity]:
        return (one for one in self._entities.values() if one.id in ids)


class DueById(FindsById):
    find = InMemoryStore.find

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=kinds, limit=limit, tenant=tenant)
        return tuple(self._of_ids({one.id for one in found}))


class NoTenantFindsAll(InMemoryStore):
    """Without a tenant it looks at everybody's."""

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        tenants = {tenant} if tenant else {key[0] for key in self._entities}
        each = (
            super(NoTenantFindsAll, self).find(kind, by=by, value=value, tenant=one)
            for one in tenants
        )
        return tuple(entity for found in each for entity in found)


class TenantsCut(InMemoryStore):
    """Its column for tenants holds 20 characters."""

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        known = (key[0] for key in self._entities if key[0][:20] == tenant[:20])
        return super().get(kind, id, tenant=next(known, tenant))


class OneOutboxForAll(InMemoryStore):
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return tuple(self._outbox.values())[:limit]


class TenantsWithoutCase(InMemoryStore):
    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        return super().get(kind, id, tenant=tenant.strip().lower())


class PublishedForAll(InMemoryStore):
    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        ids = {event.id for event in events}
        self._outbox = {key: one for key, one in self._outbox.items() if one.id not in ids}


class LimitBeforeKinds(InMemoryStore):
    """It takes as many as were asked for, and then throws other kinds away."""

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=tuple(KINDS), limit=limit, tenant=tenant)
        return tuple(one for one in found if type(one) in kinds)


class DueOfSomeKinds(InMemoryStore):
    """Only the tables of sessions and attempts have a column for it."""

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        some = tuple(kind for kind in kinds if KINDS[kind] in ("payment_session", "attempt"))
        return super().due(before, kinds=some, limit=limit, tenant=tenant)


class DueKindByKind(InMemoryStore):
    """It asks for each kind, and writes one after another what it got."""

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        each = [
            super(DueKindByKind, self).due(before, kinds=(kind,), limit=limit, tenant=tenant)
            for kind in kinds
        ]
        return tuple(one for found in each for one in found)[:limit]


class LimitOfEachKind(InMemoryStore):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=kinds, limit=10_000, tenant=tenant)
        names = [type(one) for one in found]
        return tuple(one for n, one in enumerate(found) if names[:n].count(type(one)) < limit)


class DueNewestFirst(InMemoryStore):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return super().due(before, kinds=kinds, limit=limit, tenant=tenant)[::-1]


class DueWhenOver(InMemoryStore):
    """What is due at an instant is due after it only."""

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        earlier = before - timedelta(microseconds=1)
        return super().due(earlier, kinds=kinds, limit=limit, tenant=tenant)


class DueToTheSecond(InMemoryStore):
    """Its column for instants holds whole seconds."""

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        later = before.replace(microsecond=999_999)
        return super().due(later, kinds=kinds, limit=limit, tenant=tenant)


class DueAsText(InMemoryStore):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=kinds, limit=limit, tenant=tenant)
        return tuple(one for one in found if as_text(one.due_at or before) <= as_text(before))


class TakesOff(InMemoryStore):
    """An update that leaves alone why an entity is listed takes it off the list."""

    def __init__(self) -> None:
        super().__init__()
        self._off: set[Key] = set()

    def why(self, entity: Entity) -> object:
        raise NotImplementedError

    def _write(self, entity: Entity) -> None:
        key = (entity.tenant, KINDS[type(entity)], entity.id)
        old = self._entities.get(key)
        stays = old is not None and self.why(old) == self.why(entity)
        self._off = self._off | {key} if stays else self._off - {key}
        super()._write(entity)

    def listed(self, found: tuple[Entity, ...]) -> tuple[Entity, ...]:
        keys = [(one.tenant, KINDS[type(one)], one.id) for one in found]
        return tuple(one for key, one in zip(keys, found, strict=True) if key not in self._off)


class DueUntilItChanges(TakesOff):
    def why(self, entity: Entity) -> object:
        return entity.due_at

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return self.listed(super().due(before, kinds=kinds, limit=limit, tenant=tenant))


class DueForever(InMemoryStore):
    def _unfile(self, key: Key) -> None:
        due = list(self._due)
        super()._unfile(key)
        self._due = due


class AttentionNewestFirst(InMemoryStore):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return super().attention(limit=limit, tenant=tenant)[::-1]


class AttentionOfAttempts(InMemoryStore):
    """Only one of its tables has a column for it."""

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        found = super().attention(limit=10_000, tenant=tenant)
        return tuple(one for one in found if KINDS[type(one)] == "attempt")[:limit]


class AttentionKindByKind(InMemoryStore):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        found = super().attention(limit=10_000, tenant=tenant)
        return tuple(sorted(found, key=lambda one: KINDS[type(one)])[:limit])


class AttentionByChange(InMemoryStore):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        found = super().attention(limit=10_000, tenant=tenant)
        return tuple(sorted(found, key=lambda one: one.updated_at)[:limit])


class AttentionUntilItChanges(TakesOff):
    def why(self, entity: Entity) -> object:
        return entity.attention

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return self.listed(super().attention(limit=limit, tenant=tenant))


class AttentionForever(InMemoryStore):
    def _unfile(self, key: Key) -> None:
        waiting = dict(self._attention)
        super()._unfile(key)
        self._attention = waiting


PAGE = 100
"""How many are read at a time, where nobody asks for the next page."""


class FirstPageFound(InMemoryStore):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return super().find(kind, by=by, value=value, tenant=tenant)[:PAGE]


class FirstPageDue(InMemoryStore):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return super().due(before, kinds=kinds, limit=min(limit, PAGE), tenant=tenant)


class FirstPageShown(InMemoryStore):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return super().attention(limit=min(limit, PAGE), tenant=tenant)


class FirstPageTold(InMemoryStore):
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return super().unpublished(limit=min(limit, PAGE), tenant=tenant)


class EventsLost(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(attrs.evolve(changes, events=changes.events[:1]))


class EventsCountedAnew(InMemoryStore):
    """It counts the events of an aggregate itself, through all versions."""

    def commit(self, changes: Changes) -> None:
        told = [event.aggregate_id for event in self._outbox.values()]
        counted = []
        for event in changes.events:
            count = told.count(event.aggregate_id)
            name = f"{event.aggregate_id}:{event.version}:{count}"
            counted.append(attrs.evolve(event, index=count, id=name))
            told.append(event.aggregate_id)
        super().commit(attrs.evolve(changes, events=tuple(counted)))


class NeverPublished(InMemoryStore):
    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        pass


class PublishedUpTo(InMemoryStore):
    """It remembers how far the outbox was read, and not what was marked."""

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        places = list(self._outbox)
        marked = [places.index((tenant, event.id)) for event in events if event.id in str(places)]
        for key in places[: max(marked, default=-1) + 1]:
            del self._outbox[key]


class PublishedWithLaterOnes(InMemoryStore):
    """It marks from a version on."""

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        since = {(one.kind, one.aggregate_id, one.index): one.version for one in events}
        for key, one in list(self._outbox.items()):
            marked = since.get((one.kind, one.aggregate_id, one.index))
            if key[0] == tenant and marked is not None and one.version >= marked:
                del self._outbox[key]


class LimitOfAggregates(InMemoryStore):
    """It keeps what one commit told of an aggregate in one row, and counts those."""

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        told = super().unpublished(limit=10_000, tenant=tenant)
        rows = list(dict.fromkeys((one.aggregate_id, one.version) for one in told))[:limit]
        return tuple(one for one in told if (one.aggregate_id, one.version) in rows)


class GoesThroughEventsTwice(InMemoryStore):
    """Of what can be gone through once nothing is left when it marks."""

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        if any(event.tenant != tenant for event in events):
            raise ValueError("another tenant's event")
        super().mark_published(events, tenant=tenant)


def without_kind(event: RecordedEvent) -> tuple[object, ...]:
    return event.tenant, event.aggregate_id, event.version, event.index


class EventsWithoutKinds(InMemoryStore):
    """The key of its outbox leaves the kind out, and what is there already is left."""

    def commit(self, changes: Changes) -> None:
        known = {without_kind(one) for one in self._outbox.values()}
        new = tuple(one for one in changes.events if without_kind(one) not in known)
        super().commit(attrs.evolve(changes, events=new))


class PublishedWithoutKinds(InMemoryStore):
    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        marked = {without_kind(one) for one in events}
        kept = {key: one for key, one in self._outbox.items() if without_kind(one) not in marked}
        self._outbox = kept


class OneClassNotTold(InMemoryStore):
    """A class of events that is new to it is left out."""

    def commit(self, changes: Changes) -> None:
        known = tuple(one for one in changes.events if type(one.event) is not OutcomeDoubted)
        super().commit(attrs.evolve(changes, events=known))


class ReadOnce(InMemoryStore):
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        found = super().unpublished(limit=limit, tenant=tenant)
        self.mark_published(found, tenant=tenant)
        return found


class NewsKept(InMemoryStore):
    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        for key, entity in self._entities.items():
            if isinstance(entity, Record):
                self._entities[key] = attrs.evolve(entity, changed=True)


class NoClient(InMemoryStore):
    def _write(self, entity: Entity) -> None:
        if isinstance(entity, PaymentSession | SetupSession):
            entity = attrs.evolve(entity, client_data=None)
        super()._write(entity)


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


class ClaimsWhenAsked(InMemoryStore):
    """Whoever looks for a claim makes it."""

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        found = super().claimed(namespace, text, tenant=tenant)
        return found or Claim(namespace=namespace, text=text, kind="payment_session", id="")


def rewritten(value: T, kind: type, rewrite: Callable[[Any], object]) -> T:
    """The same value, with each part of a type rewritten."""
    made: object = value
    match value:
        case _ if isinstance(value, kind):
            made = rewrite(value)
        case tuple():
            made = tuple(rewritten(item, kind, rewrite) for item in value)
        case Metadata():
            made = Metadata.restored(
                {key: rewritten(text, kind, rewrite) for key, text in value.items()}
            )
        case _ if attrs.has(cast("type[Any]", type(value))) and type(value) is not Money:
            names = [field.name for field in attrs.fields(cast("type[Any]", type(value)))]
            parts = {name: getattr(value, name) for name in names}
            changed = {name: rewritten(part, kind, rewrite) for name, part in parts.items()}
            made = attrs.evolve(cast("Any", value), **changed)
        case _:
            pass
    return cast("T", made)


class Rewriting(InMemoryStore):
    """Whatever is read is not quite what was written."""

    kind: type = str

    def rewrite(self, value: Any) -> object:
        raise NotImplementedError

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        return rewritten(super().get(kind, id, tenant=tenant), self.kind, self.rewrite)

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        found = super().claimed(namespace, text, tenant=tenant)
        return rewritten(found, self.kind, self.rewrite)


class StatusesAsText(Rewriting):
    kind = PaymentStatus

    def rewrite(self, value: Any) -> object:
        return str(value)


class TextComposed(Rewriting):
    def rewrite(self, value: Any) -> object:
        return value if isinstance(value, StrEnum) else unicodedata.normalize("NFC", value)


class ThreeOctets(Rewriting):
    """Its columns hold what UTF-8 says in three octets."""

    def rewrite(self, value: Any) -> object:
        if isinstance(value, StrEnum):
            return value
        return "".join(letter if letter <= "\uffff" else "?" for letter in value)


class RewritingEvents(Rewriting):
    """What happened is kept in a table of its own, with columns of its own."""

    get = InMemoryStore.get
    claimed = InMemoryStore.claimed

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return rewritten(super().unpublished(limit=limit, tenant=tenant), self.kind, self.rewrite)


class EventsInThreeOctets(RewritingEvents):
    rewrite = ThreeOctets.rewrite


class BlanksCut(Rewriting):
    def rewrite(self, value: Any) -> object:
        return value if isinstance(value, StrEnum) else value.strip()


class ClaimsCut(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        known = (claim for key, claim in self._claims.items() if key[:2] == (tenant, namespace))
        return next((claim for claim in known if text.startswith(claim.text)), None)


class AmountsAsFloats(Rewriting):
    kind = Money

    def rewrite(self, value: Any) -> object:
        return Money.from_minor(int(float(value.minor)), value.currency)


class EventAmountsAsFloats(RewritingEvents):
    kind = Money
    rewrite = AmountsAsFloats.rewrite


class AnswerAmountsAsFloats(AmountsAsFloats):
    get = InMemoryStore.get


class MovementAmountsInCents(AmountsAsFloats):
    """Two digits after the point are enough for the tables of movements."""

    claimed = InMemoryStore.claimed

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        if KINDS[kind] in ("payable_account", "payment"):
            return InMemoryStore.get(self, kind, id, tenant=tenant)
        return super().get(kind, id, tenant=tenant)

    def rewrite(self, value: Any) -> object:
        return Money.from_minor(value.minor // 100 * 100, value.currency)


class IntegersAsFloats(Rewriting):
    kind = int

    def rewrite(self, value: Any) -> object:
        return value if isinstance(value, bool) else int(float(value))


class IntegersOfFourOctets(Rewriting):
    kind = int

    def rewrite(self, value: Any) -> object:
        return value if isinstance(value, bool) else min(value, 2**31 - 1)


class MicrosecondsCut(Rewriting):
    kind = datetime

    def rewrite(self, value: Any) -> object:
        return value.replace(microsecond=value.microsecond // 1000 * 1000)


class LocalTime(Rewriting):
    """Instants come back in the time zone of the database."""

    kind = datetime

    def rewrite(self, value: Any) -> object:
        berlin = timezone(timedelta(hours=1))
        return value.astimezone(berlin) if 1 < value.year < 9999 else value


class NoAnswer(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        claim = super().claimed(namespace, text, tenant=tenant)
        return claim and attrs.evolve(claim, answer=None)


class NoClientInAnswers(InMemoryStore):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        claim = super().claimed(namespace, text, tenant=tenant)
        if claim is None or not isinstance(claim.answer, PaymentSession):
            return claim
        return attrs.evolve(claim, answer=attrs.evolve(claim.answer, client_data=None))


class OldValuesStay(InMemoryStore):
    """A field that became empty is left out of the update."""

    def _write(self, entity: Entity) -> None:
        old = self._entities.get((entity.tenant, KINDS[type(entity)], entity.id), entity)
        names = [field.name for field in attrs.fields(type(entity))]
        stay = {name: getattr(old, name) for name in names if getattr(entity, name) is None}
        super()._write(attrs.evolve(entity, **stay))


class FirstReadRemembered(InMemoryStore):
    """What was read once is read again from a cache."""

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[Key, Entity] = {}

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        found = super().get(kind, id, tenant=tenant)
        if found is None:
            return None
        return cast("E", self._read.setdefault((tenant, KINDS[kind], id), found))


class LaggingReplica(InMemoryStore):
    """Every second read is of a copy that is one version behind."""

    def __init__(self) -> None:
        super().__init__()
        self._behind: dict[Key, Entity] = {}
        self._reads = 0

    def _write(self, entity: Entity) -> None:
        key = (entity.tenant, KINDS[type(entity)], entity.id)
        self._behind[key] = self._entities.get(key, entity)
        super()._write(entity)

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        self._reads += 1
        if self._reads % 2:
            return super().get(kind, id, tenant=tenant)
        return cast("E | None", self._behind.get((tenant, KINDS[kind], id)))


class OneOfMany(InMemoryStore):
    """One process of several, which remembers what it has read until it commits something."""

    def __init__(self) -> None:
        super().__init__()
        self._remembered: dict[object, tuple[Any, ...]] = {}

    def another(self) -> OneOfMany:
        other = type(self)()
        vars(other).update({**vars(self), "_remembered": {}})
        return other

    def commit(self, changes: Changes) -> None:
        self._remembered.clear()
        super().commit(changes)

    def once(self, asked: object, answer: tuple[T, ...]) -> tuple[T, ...]:
        """What came of it the first time that anything came of it."""
        if not self._remembered.get(asked):
            self._remembered[asked] = answer
        return self._remembered[asked]


class FoundIsRemembered(OneOfMany):
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        found = super().find(kind, by=by, value=value, tenant=tenant)
        return self.once((kind, by, value, tenant), found)


class DueIsRemembered(OneOfMany):
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=kinds, limit=limit, tenant=tenant)
        return self.once((before, tuple(kinds), limit, tenant), found)


class AttentionIsRemembered(OneOfMany):
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return self.once((limit, tenant), super().attention(limit=limit, tenant=tenant))


class ClaimsAreRemembered(OneOfMany):
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        found = super().claimed(namespace, text, tenant=tenant)
        known = self.once((namespace, text, tenant), () if found is None else (found,))
        return next(iter(known), None)


class OutboxIsRemembered(OneOfMany):
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return self.once((limit, tenant), super().unpublished(limit=limit, tenant=tenant))


class LooksAndLetsOthersLook(InMemoryStore):
    """It looks, waits until all have looked, and writes without looking again."""

    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = Barrier(WRITERS)

    def commit(self, changes: Changes) -> None:
        if changes.entities[0].version == 1 and not changes.claims:
            return super().commit(changes)
        self._refuse_conflicts(changes)
        self._all_have_looked.wait()
        with self._lock:
            for entity in changes.entities:
                self._write(entity)
            for claim in changes.claims:
                self._claims[(changes.tenant, claim.namespace, claim.text)] = claim
        return None


class LooksBeforeItCreates(InMemoryStore):
    """Of two who have looked, the database stops one with an error of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = Barrier(WRITERS)

    def commit(self, changes: Changes) -> None:
        self._refuse_conflicts(changes)
        self._all_have_looked.wait()
        try:
            super().commit(changes)
        except AlreadyExists as exists:
            raise RuntimeError("UNIQUE constraint failed") from exists


class LooksBeforeItSettles(InMemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = Barrier(WRITERS)

    def commit(self, changes: Changes) -> None:
        self._refuse_conflicts(changes)
        if all(claim.version == 1 for claim in changes.claims):
            return super().commit(changes)
        self._all_have_looked.wait()
        with self._lock:
            for claim in changes.claims:
                self._claims[(changes.tenant, claim.namespace, claim.text)] = claim
        return super().commit(attrs.evolve(changes, claims=()))


class LocksOneByOne(InMemoryStore):
    """It locks what it writes one after another, in the order in which it was given it."""

    def __init__(self) -> None:
        super().__init__()
        self._locks = {"a": Lock(), "b": Lock()}
        self._both_are_locked = Barrier(2)

    def commit(self, changes: Changes) -> None:
        if changes.entities[0].version == 1:
            return super().commit(changes)
        first, second = (self._locks[entity.id] for entity in changes.entities)
        with first:
            self._both_are_locked.wait()
            with second:
                return super().commit(changes)


class OnPaper(InMemoryStore):
    """What makes it durable; what it keeps in its head alone is forgotten when it is closed."""

    forgotten: Mapping[str, object] = {}

    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        store = cls()
        vars(store).update({**vars(closed), **cls.forgotten})
        return store


class EverythingForgotten(OnPaper):
    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        return cls()


class MarksForgotten(OnPaper):
    """Events that were published come back."""

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        self._told = dict(self._outbox)
        super().mark_published(events, tenant=tenant)

    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        store = super().opened_again(closed)
        store._outbox = vars(closed)["_told"]
        return store


class UpdatesForgotten(OnPaper):
    """What is new is written down at once, and what changed when there is time."""

    def __init__(self) -> None:
        super().__init__()
        self._new: dict[Key, Entity] = {}

    def _write(self, entity: Entity) -> None:
        self._new.setdefault((entity.tenant, KINDS[type(entity)], entity.id), entity)
        super()._write(entity)

    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        store = super().opened_again(closed)
        store._entities = vars(closed)["_new"]
        return store


class SettlementsForgotten(OnPaper):
    def __init__(self) -> None:
        super().__init__()
        self._made: dict[Key, Claim] = {}

    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        for claim in changes.claims:
            self._made.setdefault((changes.tenant, claim.namespace, claim.text), claim)

    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        store = super().opened_again(closed)
        made = vars(closed)["_made"]
        store._claims = {key: made[key] for key in vars(closed)["_claims"]}
        return store


class VersionsForgotten(OnPaper):
    """It knows what was written since it was opened, and takes the rest for new."""

    def _refuse_conflicts(self, changes: Changes) -> None:
        if not vars(self).get("_was_closed"):
            super()._refuse_conflicts(changes)

    @classmethod
    def opened_again(cls, closed: OnPaper) -> OnPaper:
        store = super().opened_again(closed)
        vars(store)["_was_closed"] = True
        return store


class JoinsTransactions(SqliteStore):
    """Inside somebody else's transaction it is content with a savepoint."""

    @contextmanager
    def _transaction(self) -> Iterator[Execute]:
        if not self.connection.in_transaction:
            with super()._transaction() as execute:
                yield execute
            return
        self.connection.execute("SAVEPOINT ours")
        yield self._rows
        self.connection.execute("RELEASE ours")


class RefusesForGood(SqliteStore):
    """Once it was asked inside a transaction, it takes every moment for one."""

    refused = False

    @contextmanager
    def _transaction(self) -> Iterator[Execute]:
        self.refused = self.refused or self.connection.in_transaction
        if self.refused:
            raise NotDurable
        with super()._transaction() as execute:
            yield execute


class StaleWithoutNeed(InMemoryStore):
    """Whoever asks while it is busy is told that somebody was faster."""

    def commit(self, changes: Changes) -> None:
        if any(one.version > 2 for one in changes.entities):
            raise StaleVersion("payable_account", "order", 1)
        super().commit(changes)
