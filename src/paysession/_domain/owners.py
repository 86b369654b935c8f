"""What a session and a payment have in common: they tell what happens to their operations."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

import attrs

from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind, closed, opened
from paysession._domain.entities import Aggregate
from paysession._domain.evidence import amount_in
from paysession._domain.operations import Lease, Operation
from paysession.events import Event, FactRecorded, OutcomeDoubted, RecoveryStarted
from paysession.outcomes import Unknown, Unreadable

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

    @property
    def attention(self) -> bool:
        """Whether a contradiction is open that only a person can judge."""
        return any(each.needs_person for each in self.discrepancies)

    def doubt(self, operation: O, unknown: Unknown, *, at: datetime) -> tuple[Self, O]:
        """Note that an operation's call ended without an answer."""
        event = OutcomeDoubted(at=at, operation_id=operation.id)
        return self.telling(event), operation.doubted(unknown, at=at)

    def take_up(self, operation: O, lease: Lease) -> tuple[Self, O]:
        """Lease an open operation once more, for recovery."""
        after = operation.leased(lease)
        event = RecoveryStarted(at=lease.at, operation_id=operation.id, tries=after.tries)
        return self.telling(event), after

    def unheard(self, operation: O, *, at: datetime) -> tuple[Self, O]:
        """Look again soon at an operation that has ended: nobody answered how it stands."""
        after = operation.unheard(at=at)
        if after is operation:
            return self, operation
        event = FactRecorded(at=at, operation_id=operation.id, fact=Unknown.__name__)
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
        return self.agreed(DiscrepancyKind.UNRESOLVED, operation_id, at=at)

    def judged(self, before: Operation, after: Operation, *, at: datetime) -> Self:
        """
        Tell where an operation's newest fact contradicts the others, or agrees with them again.

        A fact that cannot be read does not end what a person must see to.
        """
        told = self if after.attention else self.cleared(after.id, at=at)
        told = told._contradicted(before, after, at=at)._overruled(before, after, at=at)
        for kind in (DiscrepancyKind.CURRENCY_MISMATCH, DiscrepancyKind.AMOUNT_UNREADABLE):
            told = told._unread(kind, before, after, at=at)
        return told

    def _contradicted(self, before: Operation, after: Operation, *, at: datetime) -> Self:
        """Money counts, whatever a look-up finds: where that denies it, a person must look."""
        kind = DiscrepancyKind.CONTRADICTED
        was_open, is_open = (each.is_contradicted or each.is_denied for each in (before, after))
        if was_open == is_open:
            return self
        if was_open:
            return self.agreed(kind, after.id, at=at)
        expected = "one end"
        return self.disagreed(kind, after.id, expected, "a success and a failure", at=at)

    def _overruled(self, before: Operation, after: Operation, *, at: datetime) -> Self:
        """It stays open until the provider's word and a person's agree again."""
        kind, decided = DiscrepancyKind.RESOLUTION_CONTRADICTED, after.overruled
        if before.overruled == decided:
            return self
        if decided is None:
            return self.agreed(kind, after.id, at=at)
        expected, actual = type(decided).__name__, type(after.believed).__name__
        return self.disagreed(kind, after.id, expected, actual, at=at)

    def _unread(
        self, kind: DiscrepancyKind, before: Operation, after: Operation, *, at: datetime
    ) -> Self:
        """What a provider says of money that cannot be counted, until a person decides."""
        known, said = _said_of(before, kind), _said_of(after, kind)
        if known and not said:
            return self.agreed(kind, after.id, at=at)
        new = said[len(known) :]
        if not new:
            return self
        return self.disagreed(kind, after.id, after.asked or "no money", new[0], at=at)

    def telling(self, event: Event) -> Self:
        """Add an event to what the next commit tells; time never goes back."""
        at = max(self.updated_at, event.at)
        return attrs.evolve(self, updated_at=at, news=(*self.news, attrs.evolve(event, at=at)))


def _said_of(operation: Operation, kind: DiscrepancyKind) -> tuple[str, ...]:
    """Return what was said of amounts in another currency, or else in none at all."""
    is_foreign = kind is DiscrepancyKind.CURRENCY_MISMATCH
    return tuple(
        fact.raw if isinstance(fact, Unreadable) else str(amount_in(fact))
        for fact in operation.unreadable
        if isinstance(fact, Unreadable) is not is_foreign
    )
