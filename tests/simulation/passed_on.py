"""A store in front of another one, for tests to come between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from paysession._domain.entities import Entity
from paysession.stores import AnyKind, Changes, Claim, InMemoryStore, RecordedEvent, Store

E = TypeVar("E", bound=Entity)


class PassedOn(Store):
    """A store that hands everything on to another one."""

    def __init__(self, store: InMemoryStore) -> None:
        self.inner = store

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        return self.inner.get(kind, id, tenant=tenant)

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return self.inner.find(kind, by=by, value=value, tenant=tenant)

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        return self.inner.claimed(namespace, text, tenant=tenant)

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        return self.inner.due(before, kinds=kinds, limit=limit, tenant=tenant)

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return self.inner.attention(limit=limit, tenant=tenant)

    def commit(self, changes: Changes) -> None:
        self.inner.commit(changes)

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return self.inner.unpublished(limit=limit, tenant=tenant)

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        self.inner.mark_published(events, tenant=tenant)
