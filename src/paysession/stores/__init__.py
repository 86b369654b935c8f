"""Where everything is kept: the port to your database, and the embedded default."""

from paysession.stores.memory import AsyncInMemoryStore, InMemoryStore
from paysession.stores.port import (
    INDEXES,
    KINDS,
    AnyKind,
    AsyncStore,
    Changes,
    Claim,
    RecordedEvent,
    Store,
)

__all__ = [
    "INDEXES",
    "KINDS",
    "AnyKind",
    "AsyncInMemoryStore",
    "AsyncStore",
    "Changes",
    "Claim",
    "InMemoryStore",
    "RecordedEvent",
    "Store",
]
