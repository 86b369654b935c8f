"""
Reports that cannot be applied yet: kept, tried again, and shown to a person in the end.

A provider's notification may be here before the answer that names its object, or speak of
something that is not ours at all. Neither is a reason to let it repeat for days, or to lose it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.identity import derived_id
from paysession._domain.operations import recheck_after
from paysession._domain.owners import Owner
from paysession.events import ReportApplied, ReportDismissed, ReportLeftToPerson, ReportParked
from paysession.outcomes import Report, Unknown, Unreadable, as_evidence

_LONGEST_WAIT = timedelta(days=7)
"""How long a report waits for its record: far longer than any answer of a provider takes."""

_NOBODYS = "no record of ours is what it speaks of"
_UNREAD = "it cannot be read: see what the provider has sent"


class ParkReason(StrEnum):
    """Why a report cannot be applied yet, or not at all."""

    UNKNOWN_REFERENCE = "unknown_reference"
    FOREIGN_REFERENCE = "foreign_reference"
    UNDECIDED = "undecided"
    NOT_LOOKED_UP = "not_looked_up"
    AMOUNT_UNREADABLE = "amount_unreadable"

    @property
    def discrepancy(self) -> DiscrepancyKind:
        """What it contradicts while it is parked."""
        if self in _FOR_PEOPLE:
            return DiscrepancyKind(self.value)
        return DiscrepancyKind.UNKNOWN_REFERENCE


_FOR_PEOPLE = {
    ParkReason.FOREIGN_REFERENCE: "it speaks of another gateway's record",
    ParkReason.AMOUNT_UNREADABLE: "no total can hold its amount",
}
"""What no machine will ever apply, however long it waits, and why."""


@attrs.frozen(kw_only=True)
class ParkedReport(Owner):
    """
    A report that waits for the record that it speaks of.

    Its id follows from what it says, so that the same report waits once, however often and
    under however many ids the provider sends it.

    Attributes:
        gateway: Whose report it is.
        report: What it says; of what is the customer's browser's a fingerprint.
        reason: Why it cannot be applied.
        tries: How often it was tried again.
        recheck_at: When it is tried again; None once it is applied or left to a person.
        waiting: Its gateway while it waits, and None afterwards: what it is found by.
        waits_for_person: Why no machine can apply it, if so.
        applied_to: The record that it was about, once it was applied.
    """

    gateway: str
    report: Report
    reason: ParkReason
    tries: int = 0
    recheck_at: datetime | None = None
    waiting: str | None = None
    waits_for_person: str | None = None
    applied_to: str | None = None

    @classmethod
    def of(
        cls, report: Report, reason: ParkReason, *, gateway: str, tenant: str, at: datetime
    ) -> ParkedReport:
        """
        Return a report that begins to wait.

        One of somebody else's waits for a person, and so does what nobody can read.
        """
        kept = attrs.evolve(report, fact=as_evidence(report.fact))
        parked = cls(
            id=parked_id_of(report, gateway=gateway),
            tenant=tenant,
            created_at=at,
            updated_at=at,
            gateway=gateway,
            report=kept,
            reason=reason,
            recheck_at=at + recheck_after(0),
            waiting=gateway,
        )
        event = ReportParked(at=at, gateway=gateway, fact=type(report.fact).__name__, reason=reason)
        told = parked.telling(event).disagreed(
            reason.discrepancy, parked.id, "a record of ours", type(report.fact).__name__, at=at
        )
        names_anything = bool(report.told.references.entries)
        is_unread = isinstance(report.fact, Unreadable) and not names_anything
        why = _UNREAD if is_unread else _FOR_PEOPLE.get(reason)
        return told if why is None else told.left_to_person(why, at=at)

    def __str__(self) -> str:
        fact = type(self.report.fact).__name__
        return f"{type(self).__name__} {self.id} ({self.reason}): {fact} at {self.gateway}"

    @property
    def due_at(self) -> datetime | None:
        """When it is tried again."""
        return self.recheck_at

    @property
    def attention(self) -> bool:
        """Whether a person must look at it."""
        return self.waits_for_person is not None

    @property
    def is_waiting(self) -> bool:
        """Whether it was neither applied nor dismissed."""
        return self.waiting is not None

    def tried(self, reason: ParkReason, *, at: datetime) -> ParkedReport:
        """
        It cannot be applied yet: wait longer, or leave it to a person.

        A hint that is nobody's has nothing in it that a person could see to, and anybody may
        have sent it: it ends by itself, or people would find nothing else any more.
        """
        if at >= self.created_at + _LONGEST_WAIT:
            is_nobodys = self._is_hint and reason is ParkReason.UNKNOWN_REFERENCE
            return self._let_go(at=at) if is_nobodys else self.left_to_person(_NOBODYS, at=at)
        tries = self.tries + 1
        event = ReportParked(
            at=at, gateway=self.gateway, fact=type(self.report.fact).__name__, reason=self.reason
        )
        later = attrs.evolve(self, tries=tries, recheck_at=at + recheck_after(tries))
        return later.telling(event)

    @property
    def _is_hint(self) -> bool:
        """Whether it says of something at the provider no more than that it may have changed."""
        return isinstance(self.report.fact, Unknown) and bool(self.report.told.references.entries)

    def _let_go(self, *, at: datetime) -> ParkedReport:
        """Nobody waits for it any more; that the discrepancy is closed tells of it."""
        ended = attrs.evolve(self, recheck_at=None, waiting=None)
        return ended.agreed(self.reason.discrepancy, self.id, at=at)

    def left_to_person(self, why: str, *, at: datetime) -> ParkedReport:
        """No machine can apply it."""
        left = attrs.evolve(self, recheck_at=None, waits_for_person=why)
        return left.telling(ReportLeftToPerson(at=at, why=why))

    def applied(self, record_id: str, *, at: datetime) -> ParkedReport:
        """It was about that record, and says so there now."""
        event = ReportApplied(at=at, record_id=record_id)
        return attrs.evolve(self, applied_to=record_id)._ended(event, at=at)

    def dismissed(self, *, actor: str, reason: str, at: datetime) -> ParkedReport:
        """A person says that it concerns nothing here."""
        return self._ended(ReportDismissed(at=at, actor=actor, reason=reason), at=at)

    def _ended(self, event: ReportApplied | ReportDismissed, *, at: datetime) -> ParkedReport:
        ended = attrs.evolve(self, recheck_at=None, waiting=None, waits_for_person=None)
        return ended.telling(event).agreed(self.reason.discrepancy, self.id, at=at)


def parked_id_of(report: Report, *, gateway: str) -> str:
    """Return the id under which a report waits: the same for the same word sent anew."""
    said = attrs.evolve(report, id=None, fact=as_evidence(report.fact))
    return derived_id("pr", gateway, repr(said))
