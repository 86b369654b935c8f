"""A store on a real database keeps every law, those of durability among them, in both ways."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlite_store import AsyncSqliteStore, SqliteStore

from paysession.testing import AsyncStoreConformance, StoreConformance

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import RECORDS


@contextmanager
def transaction_of(store: SqliteStore) -> Iterator[None]:
    """What an application does around its own rows, on the connection that it shares."""
    store.connection.execute("BEGIN IMMEDIATE")
    with store.connection:
        yield


class TestSqliteStore(StoreConformance[SqliteStore]):
    @pytest.fixture(autouse=True)
    def in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.made = 0

    def make_store(self) -> SqliteStore:
        self.made += 1
        return SqliteStore(self.folder / f"{self.made}.sqlite", records=RECORDS)

    def another(self, store: SqliteStore) -> SqliteStore:
        return SqliteStore(store.path, records=RECORDS)

    def reopen(self, store: SqliteStore) -> SqliteStore:
        store.close()
        return self.another(store)

    def outer_transaction(self, store: SqliteStore) -> AbstractContextManager[None]:
        return transaction_of(store)

    def close(self, store: SqliteStore) -> None:
        store.close()


class TestAsyncSqliteStore(AsyncStoreConformance[AsyncSqliteStore]):
    run = staticmethod(asyncio.run)

    @pytest.fixture(autouse=True)
    def in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.made = 0

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        return asyncio.gather(*tasks)

    async def make_store(self) -> AsyncSqliteStore:
        self.made += 1
        path = self.folder / f"{self.made}.sqlite"
        return AsyncSqliteStore(SqliteStore(path, records=RECORDS))

    async def another(self, store: AsyncSqliteStore) -> AsyncSqliteStore:
        return AsyncSqliteStore(SqliteStore(store.store.path, records=RECORDS))

    async def reopen(self, store: AsyncSqliteStore) -> AsyncSqliteStore:
        store.store.close()
        return await self.another(store)

    def outer_transaction(self, store: AsyncSqliteStore) -> AbstractContextManager[None]:
        return transaction_of(store.store)

    async def close(self, store: AsyncSqliteStore) -> None:
        store.store.close()
