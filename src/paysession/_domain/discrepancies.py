"""Named contradictions between what we expected and what a provider says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from paysession.events import DiscrepancyClosed, DiscrepancyOpened


class DiscrepancyKind(StrEnum):
    """The closed names of what may not fit; new ones may come in a minor release."""

    AMOUNT_MISMATCH = "amount_mismatch"
    AMOUNT_UNREADABLE = "amount_unreadable"
    CONTRADICTED = "contradicted"
    CURRENCY_MISMATCH = "currency_mismatch"
    FOREIGN_REFERENCE = "foreign_reference"
    OVER_CAPTURED = "over_captured"
    OVER_REFUNDED = "over_refunded"
    OVERPAID = "overpaid"
    PAID_AFTER_CLOSE = "paid_after_close"
    PAID_TWICE = "paid_twice"
    RESOLUTION_CONTRADICTED = "resolution_contradicted"
    UNDERPAID = "underpaid"
    UNEXPECTED_REVERSAL = "unexpected_reversal"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNRESOLVED = "unresolved"


_FOR_PEOPLE = frozenset(
    {
        DiscrepancyKind.AMOUNT_MISMATCH,
        DiscrepancyKind.CURRENCY_MISMATCH,
        DiscrepancyKind.FOREIGN_REFERENCE,
        DiscrepancyKind.OVER_CAPTURED,
        DiscrepancyKind.OVER_REFUNDED,
        DiscrepancyKind.OVERPAID,
        DiscrepancyKind.PAID_AFTER_CLOSE,
        DiscrepancyKind.PAID_TWICE,
        DiscrepancyKind.RESOLUTION_CONTRADICTED,
        DiscrepancyKind.UNEXPECTED_REVERSAL,
    }
)
"""What no look-up closes. Of the others some are closed by the provider's next word, and some
wait with an operation or a report that is left to a person itself."""

_WITH_THEIR_OPERATION = frozenset(
    {
        DiscrepancyKind.AMOUNT_UNREADABLE,
        DiscrepancyKind.CONTRADICTED,
        DiscrepancyKind.UNRESOLVED,
    }
)
"""What a person judges by judging its operation."""


@attrs.frozen(kw_only=True)
class Discrepancy:
    """
    One contradiction, open while its condition holds.

    Attributes:
        kind: Its name.
        operation_id: The operation whose fact shows it.
        expected: What we expected, as text (an amount with its currency, a status).
        actual: What the provider says, as text.
        opened_at: When it was first seen.
        closed_at: When it was seen to hold no more.
    """

    kind: DiscrepancyKind
    operation_id: str
    expected: str
    actual: str
    opened_at: datetime
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still holds."""
        return self.closed_at is None

    @property
    def needs_person(self) -> bool:
        """Whether it is open until a person has judged it."""
        return self.is_open and self.kind in _FOR_PEOPLE

    def is_judged_with(self, operation_id: str) -> bool:
        """Whether it is open until a person has judged that operation."""
        is_for_people = self.needs_person or (self.is_open and self.kind in _WITH_THEIR_OPERATION)
        return is_for_people and self.operation_id == operation_id

    def is_about(self, kind: DiscrepancyKind, operation_id: str) -> bool:
        """Whether this is the one discrepancy of that kind about that operation."""
        return self.kind is kind and self.operation_id == operation_id


def opened(
    known: tuple[Discrepancy, ...],
    kind: DiscrepancyKind,
    operation_id: str,
    expected: str,
    actual: str,
    *,
    at: datetime,
) -> tuple[tuple[Discrepancy, ...], DiscrepancyOpened | None]:
    """Add a discrepancy to those that are known, unless the same one is open already."""
    if any(one.is_open and one.is_about(kind, operation_id) for one in known):
        return known, None
    discrepancy = Discrepancy(
        kind=kind, operation_id=operation_id, expected=expected, actual=actual, opened_at=at
    )
    event = DiscrepancyOpened(
        at=at, kind=kind, operation_id=operation_id, expected=expected, actual=actual
    )
    return (*known, discrepancy), event


def closed(
    known: tuple[Discrepancy, ...], kind: DiscrepancyKind, operation_id: str, *, at: datetime
) -> tuple[tuple[Discrepancy, ...], DiscrepancyClosed | None]:
    """Close the discrepancy of that kind about that operation, if it is open."""
    if not any(one.is_open and one.is_about(kind, operation_id) for one in known):
        return known, None
    rest = tuple(
        attrs.evolve(one, closed_at=at) if one.is_open and one.is_about(kind, operation_id) else one
        for one in known
    )
    return rest, DiscrepancyClosed(at=at, kind=kind, operation_id=operation_id)
