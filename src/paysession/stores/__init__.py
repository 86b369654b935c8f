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
from paysession.stores.records import UPCASTERS, Records, Upcaster

__all__ = [
    "INDEXES",
    "KINDS",
    "UPCASTERS",
    "AnyKind",
    "AsyncInMemoryStore",
    "AsyncStore",
    "Changes",
    "Claim",
    "InMemoryStore",
    "RecordedEvent",
    "Records",
    "Store",
    "Upcaster",
]
