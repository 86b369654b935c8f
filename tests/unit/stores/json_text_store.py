"""A store that keeps text: everything goes in and comes out as the JSON text of its record."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar, cast

import attrs

from paysession._domain.entities import Entity
from paysession.stores import AnyKind, Changes, Claim, InMemoryStore, RecordedEvent, Records

E = TypeVar("E", bound=Entity)

MARK = "sealed:"


def seal(text: str) -> str:
    """Stand in for encryption: what is sealed is marked, and cannot be read by chance."""
    return MARK + base64.b64encode(text.encode()).decode()


def unseal(sealed: str) -> str:
    if not sealed.startswith(MARK):
        raise ValueError(sealed)
    return base64.b64decode(sealed.removeprefix(MARK), validate=True).decode()


RECORDS = Records(seal=seal, unseal=unseal)


def as_text(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def through_text(entity: E) -> E:
    """The entity as it is after it was written down and read again."""
    return cast("E", RECORDS.load(json.loads(as_text(RECORDS.dump(entity)))))


def event_through_text(event: RecordedEvent) -> RecordedEvent:
    return RECORDS.load_event(json.loads(as_text(RECORDS.dump_event(event))))


def claim_through_text(claim: Claim) -> Claim:
    return RECORDS.load_claim(json.loads(as_text(RECORDS.dump_claim(claim))))


class JsonTextStore(InMemoryStore):
    """
    An `InMemoryStore` that writes down and reads again whatever it is given or gives.

    With `AsyncInMemoryStore(JsonTextStore())` it serves `AsyncPayments`.
    """

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        found = super().get(kind, id, tenant=tenant)
        return None if found is None else through_text(found)

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        return tuple(map(through_text, super().find(kind, by=by, value=value, tenant=tenant)))

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        found = super().claimed(namespace, text, tenant=tenant)
        return None if found is None else claim_through_text(found)

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        found = super().due(before, kinds=kinds, limit=limit, tenant=tenant)
        return tuple(map(through_text, found))

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        return tuple(map(through_text, super().attention(limit=limit, tenant=tenant)))

    def commit(self, changes: Changes) -> None:
        super().commit(
            attrs.evolve(
                changes,
                entities=tuple(map(through_text, changes.entities)),
                events=tuple(map(event_through_text, changes.events)),
                claims=tuple(map(claim_through_text, changes.claims)),
                released=tuple(map(claim_through_text, changes.released)),
            )
        )

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        return tuple(map(event_through_text, super().unpublished(limit=limit, tenant=tenant)))

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        super().mark_published(map(event_through_text, events), tenant=tenant)
