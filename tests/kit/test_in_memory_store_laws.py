"""The embedded stores keep every law that applies to what is gone with its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.testing import AsyncStoreConformance, StoreConformance


class TestInMemoryStore(StoreConformance[InMemoryStore]):
    def make_store(self) -> InMemoryStore:
        return InMemoryStore()

    def another(self, store: InMemoryStore) -> InMemoryStore:
        return store


class TestAsyncInMemoryStore(AsyncStoreConformance[AsyncInMemoryStore]):
    run = staticmethod(asyncio.run)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        return asyncio.gather(*tasks)

    async def make_store(self) -> AsyncInMemoryStore:
        return AsyncInMemoryStore()

    async def another(self, store: AsyncInMemoryStore) -> AsyncInMemoryStore:
        return AsyncInMemoryStore(store.store)
