"""
The port to the backend's database.

A store keeps entities by kind, id and tenant, each at a version; the events that were
recorded with them, as an outbox; and claims, each a unique text that stands for one record.

What is read comes back as it was committed: at its version, with no news and not changed
(`news` and `changed` are about the next commit, and are not stored). Every instant that a
store is given is in UTC, and it gives them back in UTC.

`commit` is atomic and durable when it returns: a store opens its own transaction, never
joins another, and reads the newest commit. To write rows of your own together with ours,
do it in your store's `commit`, from `changes.events`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Aggregate, Entity
from paysession._domain.movements import Authorization, Capture, Refund, Reversal, Void
from paysession._domain.operations import Operation
from paysession._domain.parked import ParkedReport
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession.events import Event

E = TypeVar("E", bound=Entity)
AnyKind: TypeAlias = type[Entity]

KINDS: Mapping[AnyKind, str] = MappingProxyType(
    {
        PayableAccount: "payable_account",
        PaymentSession: "payment_session",
        SetupSession: "setup_session",
        Payment: "payment",
        Attempt: "attempt",
        SetupAttempt: "setup_attempt",
        Charge: "charge",
        Authorization: "authorization",
        Capture: "capture",
        Void: "void",
        Refund: "refund",
        RefundCancellation: "refund_cancellation",
        Reversal: "reversal",
        Dispute: "dispute",
        ParkedReport: "parked_report",
    }
)
"""Every kind of entity, and the name a store files it under."""

INDEXES: Mapping[AnyKind, tuple[str, ...]] = MappingProxyType(
    {
        PaymentSession: ("payable_id", "external_id", "customer_id"),
        SetupSession: ("external_id", "customer_id"),
        Payment: ("payable_id", "session_id", "customer_id"),
        Attempt: ("session_id",),
        SetupAttempt: ("setup_session_id",),
        Charge: ("payment_id",),
        Authorization: ("payment_id",),
        Capture: ("payment_id",),
        Void: ("payment_id",),
        Refund: ("payment_id",),
        RefundCancellation: ("payment_id",),
        Reversal: ("payment_id",),
        Dispute: ("payment_id",),
        ParkedReport: ("waiting",),
    }
)
"""The closed table of what `find` may look by: attributes of the entities."""

KEPT = timedelta(hours=24)
"""How long the answer to a caller's idempotency key is kept, from its settlement."""


@attrs.frozen(kw_only=True)
class Claim:
    """
    A unique text that stands for one record.

    Provider references by gateway and role are claims, and the payment that settled a
    session, and the idempotency keys of the backend's callers. The claim of a key stands
    for the operation that it began; when that has come to its end, the next version of the
    claim carries the record as the command answered it, whole, which a store keeps as it
    keeps any entity, sealed where entities are sealed.

    That answer may hold client data, also after its session has dropped its own. So delete,
    once a day say, each claim whose `settled_at` is `KEPT` ago or longer: it `is_over`, and
    its key is free, whether or not it was deleted. Delete no other: without `settled_at` a
    claim is a provider's reference or a key whose command is still open, and is kept for ever
    or until it is settled.

    Attributes:
        namespace: What the text is unique within, beside the tenant.
        text: What is claimed; of a key only a digest.
        kind: The kind of the record it stands for, as in `KINDS`.
        id: That record's id.
        version: 1 when it is first claimed; a claim at version n replaces the one at n - 1.
        fingerprint: A digest of what the command was given with the key.
        answer: What came of it, as it was committed then; None while that is open.
        settled_at: Since when that is known.
    """

    namespace: str
    text: str
    kind: str
    id: str
    version: int = 1
    fingerprint: str | None = None
    answer: Entity | None = attrs.field(default=None, repr=False)
    settled_at: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        """Whether what came of it was kept for a day, and may be forgotten."""
        return self.settled_at is not None and at >= self.settled_at + KEPT


@attrs.frozen(kw_only=True)
class RecordedEvent:
    """
    An event as the outbox keeps it.

    Attributes:
        id: `kind:aggregate:version:index`, unique and the same however often it is published.
            A payable's id is the backend's own, and may be that of a session as well.
        tenant: Whose it is.
        kind: The kind of the aggregate, as in `KINDS`.
        aggregate_id: Which one it happened to.
        version: The version that the aggregate has since.
        index: Its place among the events of that version, from 0.
        event: What happened.
    """

    id: str
    tenant: str
    kind: str
    aggregate_id: str
    version: int
    index: int
    event: Event


@attrs.frozen(kw_only=True)
class Changes:
    """
    All that one commit writes, or nothing of it.

    Attributes:
        tenant: Whose it is.
        entities: As they shall be stored. Version n replaces version n - 1 and nothing
            else; version 1 must not exist yet.
        events: What happened to them, in order.
        claims: To be made or replaced, in this order: one text may be claimed twice, at
            successive versions.
        released: Claims to be given up after that, where they still stand for the same record.
    """

    tenant: str
    entities: tuple[Entity, ...]
    events: tuple[RecordedEvent, ...] = ()
    claims: tuple[Claim, ...] = ()
    released: tuple[Claim, ...] = ()

    @classmethod
    def of(
        cls,
        entities: Iterable[Entity],
        *,
        tenant: str,
        claims: Sequence[Claim] = (),
        released: Sequence[Claim] = (),
    ) -> Changes:
        """
        Collect what changed, one version on, and the events that tell of it.

        An operation is only ever written together with the news of its session or payment.
        """
        changed = [entity for entity in entities if entity.is_changed]
        aggregates = [entity for entity in changed if isinstance(entity, Aggregate)]
        owners = {aggregate.id for aggregate in aggregates}
        for entity in changed:
            assert entity.tenant == tenant, entity.id
            assert not isinstance(entity, Operation) or entity.owner_id in owners, entity.id
        return cls(
            tenant=tenant,
            entities=tuple(entity.committed() for entity in changed),
            events=tuple(event for aggregate in aggregates for event in _events_of(aggregate)),
            claims=tuple(claims),
            released=tuple(released),
        )

    def __bool__(self) -> bool:
        return bool(self.entities or self.claims or self.released)


def _events_of(aggregate: Aggregate) -> Iterable[RecordedEvent]:
    kind, version = KINDS[type(aggregate)], aggregate.version + 1
    for index, event in enumerate(aggregate.news):
        yield RecordedEvent(
            id=f"{kind}:{aggregate.id}:{version}:{index}",
            tenant=aggregate.tenant,
            kind=kind,
            aggregate_id=aggregate.id,
            version=version,
            index=index,
            event=event,
        )


class Store(ABC):
    """
    Where everything is kept, called synchronously.

    Each method names the laws that it must keep; `paysession.testing.StoreConformance` tries
    them all. What is read is the same as what was written, letter by letter and unit by unit
    (ROUND-1 to ROUND-8), nobody sees another tenant's (TEN-1, TEN-2), and what one process has
    committed the next reads at once (READ-1).
    """

    @abstractmethod
    def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity (READ-1, RACE-5)."""

    @abstractmethod
    def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """
        Return entities whose `by`, one of `INDEXES`, is `value`, oldest first.

        They are ordered by (`created_at`, `id`): ids decide between those of one instant,
        character by character (FIND-1 to FIND-6); all are returned, however many (PAGE-1).
        """

    @abstractmethod
    def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken (CLAIM-1, ROUND-7)."""

    @abstractmethod
    def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """
        Return entities of these kinds due by `before`, longest due first, ties in any order.

        What is due at `before` itself is among them (DUE-1 to DUE-4).
        """

    @abstractmethod
    def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first (ATT-1, ATT-2)."""

    @abstractmethod
    def commit(self, changes: Changes) -> None:
        """
        Write all of the changes durably, or nothing (ATOM-1 to ATOM-3, DUR-1, DUR-2).

        Whoever comes second is refused, however many come at once (RACE-1 to RACE-4, RACE-7,
        RACE-8), and can go on as if he had not asked (ATOM-3).

        Raises:
            StaleVersion: An entity or claim is not at the version that is to be replaced
                (VER-1, VER-3, CLAIM-2).
            AlreadyExists: An entity or claim at version 1 exists (VER-2, CLAIM-1).
            NotDurable: A transaction is open around it (DUR-3).
        """

    @abstractmethod
    def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events not marked as published, oldest first (EVENT-1 to EVENT-5)."""

    @abstractmethod
    def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox; those off it already do no harm (EVENT-2, EVENT-5, TEN-2)."""


class AsyncStore(ABC):
    """Where everything is kept, called from an event loop. As `Store`."""

    @abstractmethod
    async def get(self, kind: type[E], id: str, *, tenant: str) -> E | None:  # noqa: A002
        """Return the newest committed version of one entity (READ-1, RACE-5)."""

    @abstractmethod
    async def find(self, kind: type[E], *, by: str, value: str, tenant: str) -> tuple[E, ...]:
        """
        Return entities whose `by`, one of `INDEXES`, is `value`, oldest first.

        They are ordered by (`created_at`, `id`): ids decide between those of one instant,
        character by character (FIND-1 to FIND-6); all are returned, however many (PAGE-1).
        """

    @abstractmethod
    async def claimed(self, namespace: str, text: str, *, tenant: str) -> Claim | None:
        """Return the claim on a text, if it is taken (CLAIM-1, ROUND-7)."""

    @abstractmethod
    async def due(
        self, before: datetime, *, kinds: Sequence[AnyKind], limit: int, tenant: str
    ) -> tuple[Entity, ...]:
        """
        Return entities of these kinds due by `before`, longest due first, ties in any order.

        What is due at `before` itself is among them (DUE-1 to DUE-4).
        """

    @abstractmethod
    async def attention(self, *, limit: int, tenant: str) -> tuple[Entity, ...]:
        """Return entities that a person must look at, oldest first (ATT-1, ATT-2)."""

    @abstractmethod
    async def commit(self, changes: Changes) -> None:
        """Write all of the changes durably, or nothing; the contract is `Store.commit`'s."""

    @abstractmethod
    async def unpublished(self, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        """Return committed events not marked as published, oldest first (EVENT-1 to EVENT-5)."""

    @abstractmethod
    async def mark_published(self, events: Iterable[RecordedEvent], *, tenant: str) -> None:
        """Take events off the outbox; those off it already do no harm (EVENT-2, EVENT-5, TEN-2)."""
