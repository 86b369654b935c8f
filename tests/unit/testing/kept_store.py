"""A store in memory that can be closed and opened again, and stood around by a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from paysession.errors import NotDurable
from paysession.stores import AsyncInMemoryStore, Changes, InMemoryStore


class KeptStore(InMemoryStore):
    """Refuses a commit while a transaction is open around it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False
        self.is_inside_a_transaction = False

    def commit(self, changes: Changes) -> None:
        if self.is_inside_a_transaction:
            raise NotDurable
        super().commit(changes)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.is_inside_a_transaction = True
        try:
            yield
        finally:
            self.is_inside_a_transaction = False


class AsyncKeptStore(AsyncInMemoryStore):
    """The same for an event loop."""

    def __init__(self, kept: KeptStore) -> None:
        super().__init__(kept)
        self.kept = kept

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        with self.kept.transaction():
            yield
