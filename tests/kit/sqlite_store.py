"""A store on SQLite, which keeps everything as the JSON text of its record."""

from __future__ import annotations

import json
import sqlite3
from asyncio import to_thread
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias, TypeVar, cast

from paysession._domain.entities import Entity
from paysession.errors import AlreadyExists, NotDurable, StaleVersion
from paysession.stores import (
    INDEXES,
    KINDS,
    AnyKind,
    AsyncStore,
    Changes,
    Claim,
    RecordedEvent,
    Records,
    Store,
)

E = TypeVar("E", bound=Entity)
Row: TypeAlias = tuple[Any, ...]
Execute: TypeAlias = Callable[..., list[Row]]

_SCHEMA = """
BEGIN;
CREATE TABLE IF NOT EXISTS entity (
    tenant TEXT, kind TEXT, id TEXT, version INTEGER, created_at TEXT, due_at TEXT,
    attention INTEGER, record TEXT,
    PRIMARY KEY (tenant, kind, id)
);
CREATE INDEX IF NOT EXISTS entity_due ON entity (tenant, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS entity_attention ON entity (tenant, created_at) WHERE attention;
CREATE TABLE IF NOT EXISTS found (
    tenant TEXT, kind TEXT, name TEXT, value TEXT, id TEXT,
    PRIMARY KEY (tenant, kind, name, value, id)
);
CREATE TABLE IF NOT EXISTS claim (
    tenant TEXT, namespace TEXT, text TEXT, version INTEGER, kind TEXT, id TEXT, record TEXT,
    PRIMARY KEY (tenant, namespace, text)
);
CREATE TABLE IF NOT EXISTS outbox (
    place INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT, id TEXT, record TEXT,
    UNIQUE (tenant, id)
);
COMMIT;
"""


class SqliteStore(Store):
    """
    A store in a file of SQLite.

    It has one connection, which its application may use for its own tables: one thread at a
    time uses it. A commit opens a transaction of its own on it, and refuses when one is open.

    Attributes:
        connection: The connection, in autocommit mode.
    """

    def __init__(self, path: Path, *, records: Records) -> None:
        self.path = path
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=30
        )
        # FULL in earnest: but no law lets the power fail, and a disk is slow.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.executescript(_SCHEMA)
        self._records = records
        self._lock = RLock()

    def close(self) -> None:
        self.connection.close()

    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity."""
        found = self._entities("WHERE tenant = ? AND kind = ? AND id = ?", tenant, KINDS[kind], id)
        return cast("E | None", next(iter(found), None))

    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """Return entities whose `by` is `value`, oldest first."""
        found = self._entities(
            "JOIN found USING (tenant, kind, id)"
            " WHERE tenant = ? AND kind = ? AND name = ? AND value = ? ORDER BY created_at, id",
            *(tenant, KINDS[kind], by, value),
        )
        return cast("tuple[E, ...]", found)

    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken."""
        rows = self._rows(
            "SELECT record FROM claim WHERE tenant = ? AND namespace = ? AND text = ?",
            *(tenant, namespace, text),
        )
        return next((self._records.load_claim(json.loads(row[0])) for row in rows), None)

    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """Return entities of these kinds due by `before`, longest due first."""
        names = [KINDS[kind] for kind in kinds]
        return self._entities(
            f"WHERE tenant = ? AND due_at <= ? AND kind IN ({', '.join('?' * len(names))})"
            " ORDER BY due_at LIMIT ?",
            *(tenant, _text_of(before), *names, limit),
        )

    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first."""
        return self._entities(
            "WHERE tenant = ? AND attention ORDER BY created_at, id LIMIT ?", tenant, limit
        )

    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events that were not marked as published, oldest first."""
        rows = self._rows(
            "SELECT record FROM outbox WHERE tenant = ? ORDER BY place LIMIT ?", tenant, limit
        )
        return tuple(self._records.load_event(json.loads(row[0])) for row in rows)

    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox."""
        with self._transaction() as execute:
            for event in events:
                execute("DELETE FROM outbox WHERE tenant = ? AND id = ?", tenant, event.id)

    def commit(self, changes: Changes) -> None:
        """Write all of the changes durably, or nothing."""
        with self._transaction() as execute:
            for entity in changes.entities:
                self._write(execute, entity)
            for claim in changes.claims:
                self._claim(execute, claim, changes.tenant)
            for claim in changes.released:
                execute(
                    "DELETE FROM claim WHERE tenant = ? AND namespace = ? AND text = ?"
                    " AND kind = ? AND id = ?",
                    *(changes.tenant, claim.namespace, claim.text, claim.kind, claim.id),
                )
            for event in changes.events:
                execute(
                    "INSERT INTO outbox (tenant, id, record) VALUES (?, ?, ?)",
                    *(event.tenant, event.id, _json(self._records.dump_event(event))),
                )

    def _write(self, execute: Execute, entity: Entity) -> None:
        name = (entity.tenant, KINDS[type(entity)], entity.id)
        _refuse_conflict(
            execute("SELECT version FROM entity WHERE (tenant, kind, id) = (?, ?, ?)", *name),
            name,
            entity.version,
        )
        execute(
            "REPLACE INTO entity VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *name,
            entity.version,
            _text_of(entity.created_at),
            entity.due_at and _text_of(entity.due_at),
            entity.attention,
            _json(self._records.dump(entity)),
        )
        execute("DELETE FROM found WHERE (tenant, kind, id) = (?, ?, ?)", *name)
        for by in INDEXES.get(type(entity), ()):
            tenant, kind, key = name
            if (value := getattr(entity, by)) is not None:
                execute("INSERT INTO found VALUES (?, ?, ?, ?, ?)", tenant, kind, by, value, key)

    def _claim(self, execute: Execute, claim: Claim, tenant: str) -> None:
        name = (tenant, claim.namespace, claim.text)
        _refuse_conflict(
            execute("SELECT version FROM claim WHERE (tenant, namespace, text) = (?, ?, ?)", *name),
            name,
            claim.version,
        )
        execute(
            "REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(*name, claim.version, claim.kind, claim.id, _json(self._records.dump_claim(claim))),
        )

    def _entities(self, where: str, *values: object) -> tuple[Entity, ...]:
        rows = self._rows(f"SELECT record FROM entity {where}", *values)
        return tuple(self._records.load(json.loads(row[0])) for row in rows)

    def _rows(self, statement: str, *values: object) -> list[Row]:
        with self._lock:
            return self.connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[Execute]:
        """Open a transaction that nobody else has part in, and end it."""
        with self._lock:
            if self.connection.in_transaction:
                raise NotDurable
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")


class AsyncSqliteStore(AsyncStore):
    """The same store for an event loop of asyncio: each call is made in a thread."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    async def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity."""
        return await to_thread(self.store.get, kind, id, tenant=tenant)

    async def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """Return entities whose `by` is `value`, oldest first."""
        return await to_thread(self.store.find, kind, by=by, value=value, tenant=tenant)

    async def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken."""
        return await to_thread(self.store.claimed, namespace, text, tenant=tenant)

    async def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """Return entities of these kinds due by `before`, longest due first."""
        return await to_thread(self.store.due, before, kinds=kinds, limit=limit, tenant=tenant)

    async def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first."""
        return await to_thread(self.store.attention, limit=limit, tenant=tenant)

    async def commit(self, changes: Changes) -> None:
        """Write all of the changes durably, or nothing."""
        await to_thread(self.store.commit, changes)

    async def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events that were not marked as published, oldest first."""
        return await to_thread(self.store.unpublished, limit=limit, tenant=tenant)

    async def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox."""
        await to_thread(self.store.mark_published, events, tenant=tenant)


def _text_of(instant: datetime) -> str:
    """An instant as text that sorts as instants do."""
    return instant.isoformat(timespec="microseconds")


def _json(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _refuse_conflict(held: list[Row], name: tuple[str, str, str], version: int) -> None:
    _, kind, key = name
    if version == 1 and held:
        raise AlreadyExists(kind, key)
    if version > 1 and held != [(version - 1,)]:
        raise StaleVersion(kind, key, version - 1)
