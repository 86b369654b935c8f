"""What a session and a payment have in common: they tell what happens to their operations."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

import attrs

from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind, closed, opened
from paysession._domain.entities import Aggregate
from paysession._domain.operations import Lease, Operation
from paysession.events import Event, OutcomeDoubted, RecoveryStarted
from paysession.outcomes import Unknown

O = TypeVar("O", bound=Operation)  # noqa: E741 - O for operation


@attrs.frozen(kw_only=True)
class Owner(Aggregate):
    """
    An aggregate whose operations are records of their own.

    Attributes:
        discrepancies: Where the provider contradicted what we expected.
        forgotten_at: When what told of its customer was erased, if it was.
        claims: The texts of the claims of callers' idempotency keys that it answers itself,
            because no operation was begun with them.
    """

    discrepancies: tuple[Discrepancy, ...] = ()
    forgotten_at: datetime | None = None
    claims: tuple[str, ...] = ()

    def doubt(self, operation: O, unknown: Unknown, *, at: datetime) -> tuple[Self, O]:
        """Note that an operation's call ended without an answer."""
        event = OutcomeDoubted(at=at, operation_id=operation.id)
        return self.telling(event), operation.doubted(unknown, at=at)

    def take_up(self, operation: O, lease: Lease) -> tuple[Self, O]:
        """Lease an open operation once more, for recovery."""
        after = operation.leased(lease)
        event = RecoveryStarted(at=lease.at, operation_id=operation.id, tries=after.tries)
        return self.telling(event), after

    def hand_over(self, operation: O, reason: str, *, at: datetime) -> tuple[Self, O]:
        """Leave an open operation to a person."""
        if operation.attention:
            return self, operation
        kind = DiscrepancyKind.UNRESOLVED
        after = operation.handed_over(reason, at=at)
        return self.disagreed(kind, operation.id, "an answer", reason, at=at), after

    def disagreed(
        self,
        kind: DiscrepancyKind,
        operation_id: str,
        expected: object,
        actual: object,
        *,
        at: datetime,
    ) -> Self:
        """Open a discrepancy, unless the same one is open."""
        discrepancies, event = opened(
            self.discrepancies, kind, operation_id, str(expected), str(actual), at=at
        )
        return attrs.evolve(self, discrepancies=discrepancies).telling(event) if event else self

    def agreed(self, kind: DiscrepancyKind, operation_id: str, *, at: datetime) -> Self:
        """Close a discrepancy that holds no more, if it was open."""
        discrepancies, event = closed(self.discrepancies, kind, operation_id, at=at)
        return attrs.evolve(self, discrepancies=discrepancies).telling(event) if event else self

    def cleared(self, operation_id: str, *, at: datetime) -> Self:
        """An operation was settled: what made it wait for a person holds no more."""
        told = self.agreed(DiscrepancyKind.UNRESOLVED, operation_id, at=at)
        return told.agreed(DiscrepancyKind.CURRENCY_MISMATCH, operation_id, at=at)

    def telling(self, event: Event) -> Self:
        """Add an event to what the next commit tells; time never goes back."""
        at = max(self.updated_at, event.at)
        return attrs.evolve(self, updated_at=at, news=(*self.news, attrs.evolve(event, at=at)))
