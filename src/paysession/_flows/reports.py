"""
What one report does: it is settled where it belongs, looked up, or kept until it belongs.

Notifications, look-ups and what was parked all come through here, and end in the same
`settle` as the answers to our own calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import AnyMovementOperation, Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.parked import ParkReason
from paysession._domain.payment import Payment
from paysession._flows.asks import Find, Flow, Unit
from paysession._flows.placing import KIND_OF_ROLE, Place, brought_by, meant_by, place_of, role_of
from paysession._flows.requests import AnyOperation
from paysession._flows.settling import settle
from paysession._flows.told import PaymentFact, told_of_movement, told_of_payment
from paysession._flows.unasked import is_another
from paysession.errors import InvalidAmount
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    Captured,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    NotAttempted,
    ReferenceChanged,
    ReferenceRole,
    Refunded,
    Report,
    Superseded,
    Totals,
    Unknown,
    Voided,
)


@attrs.frozen
class Applied:
    """A report was about this record, and says so there."""

    record_id: str


@attrs.frozen
class ToLookUp:
    """Something may have happened to these operations: the provider must be asked."""

    operations: tuple[AnyOperation, ...]


@attrs.frozen
class NotApplied:
    """A report cannot be applied, or not yet."""

    reason: ParkReason


Placement: TypeAlias = Applied | ToLookUp | NotApplied

_UNKNOWN = NotApplied(ParkReason.UNKNOWN_REFERENCE)
_UNDECIDED = NotApplied(ParkReason.UNDECIDED)


def applied(
    gateway: str, report: Report, *, source: EvidenceSource, at: datetime
) -> Flow[Placement]:
    """Apply one report to the record that it is about, if that is known and certain."""
    try:
        return (yield from _applied(gateway, report, source=source, at=at))
    except InvalidAmount:
        return NotApplied(ParkReason.AMOUNT_UNREADABLE)


def _applied(
    gateway: str, report: Report, *, source: EvidenceSource, at: datetime
) -> Flow[Placement]:
    place = yield from place_of(gateway, report)
    if place is None:
        return NotApplied(ParkReason.FOREIGN_REFERENCE)
    if place.is_nowhere:
        return _UNKNOWN
    fact = report.told
    match fact:
        case Unknown() | NotAttempted() | Superseded():
            return (yield from _to_look_up(place))
        case (
            AuthorizationChanged()
            | AuthorizationLapsed()
            | DisputeChanged()
            | FundsWithdrawn()
            | FundsReinstated()
            | Totals()
            | ReferenceChanged()
        ):
            return (yield from _applied_to_payment(place, fact, source, at))
        case _:
            return (yield from _applied_to_operation(place, report, source, at))


def _to_look_up(place: Place) -> Unit[Placement]:
    """Look at the operation that is meant, or at all that may be."""
    if isinstance(place.echoed, Operation):
        return ToLookUp((place.echoed,))
    movements = tuple(each for each in place.named.values() if isinstance(each, Operation))
    if movements:
        return ToLookUp(movements)
    meant = yield from meant_by(place, Report(Unknown()))
    movements = (yield from _movements_that_may_be_meant(place.payment)) if place.payment else ()
    operations = (*movements, *meant.operations)
    return ToLookUp(operations) if operations else _UNKNOWN


def _movements_that_may_be_meant(payment: Payment) -> Unit[tuple[AnyMovementOperation, ...]]:
    """Return what is open, and what came to money and was given no id by which it is named."""
    found: list[AnyMovementOperation] = []
    for role in (ReferenceRole.CAPTURE, ReferenceRole.VOID, ReferenceRole.REFUND):
        for each in (yield from Find(KIND_OF_ROLE[role], "payment_id", payment.id)):
            is_nameless = each.references.get(role) is None and each.succeeded
            was_asked = each.sent_at is not None and not _came_in_one_step(each)
            if each.is_open or (is_nameless and was_asked):
                found.append(each)
    return tuple(found)


def _came_in_one_step(movement: AnyMovementOperation) -> bool:
    return isinstance(movement, Capture) and movement.came_in_one_step


def _applied_to_payment(
    place: Place, fact: PaymentFact, source: EvidenceSource, at: datetime
) -> Flow[Placement]:
    """Money moved, or stands otherwise, though no operation of ours asked for it."""
    if place.payment is None:
        return _UNKNOWN
    record_id = yield from told_of_payment(place.payment, place.named, fact, source, at=at)
    return Applied(record_id) if record_id else _UNKNOWN


def _applied_to_operation(
    place: Place, report: Report, source: EvidenceSource, at: datetime
) -> Flow[Placement]:
    role = role_of(report)
    operation = (yield from _movement_meant(place, role)) if role else _echoed_movement(place)
    if operation is None and (yield from _may_be_its_attempt(place, report, role)):
        meant = yield from meant_by(place, report)
        if not meant.is_certain:
            return ToLookUp(meant.operations)
        operation = next(iter(meant.operations), None)
    if operation is not None:
        yield from settle(operation, report.told, source=source, at=at)
        return Applied(operation.id)
    if role is None or place.payment is None:
        return _UNKNOWN
    return (yield from _provider_made(place.payment, report, role, source, at))


def _echoed_movement(place: Place) -> AnyOperation | None:
    """Return our movement whose id the provider echoes: a word that names no other is about it."""
    echoed = place.echoed
    return echoed if isinstance(echoed, Capture | Void | Refund | RefundCancellation) else None


def _movement_meant(place: Place, role: ReferenceRole) -> Unit[AnyOperation | None]:
    """
    Return our movement that a report is about, if it is one of those we know.

    What came in one step is told of by the attempt or charge that brought it: so both know of
    it alike.
    """
    kind, named = KIND_OF_ROLE[role], place.named.get(role)
    if isinstance(place.echoed, kind):
        return place.echoed
    if not isinstance(named, Capture | Void | Refund):
        return None
    is_its_own = isinstance(named, Capture) and named.came_in_one_step
    if is_its_own and isinstance(place.echoed, Attempt | Charge):
        return place.echoed
    return (yield from brought_by(named))


def _may_be_its_attempt(place: Place, report: Report, role: ReferenceRole | None) -> Unit[bool]:
    """
    Whether an attempt or charge can be what a report is about, and not a movement of its own.

    Money that was taken is its attempt's, unless it has an id of its own that is not the one
    of what came with the attempt, or was held for us to take.
    """
    if role is None:
        return True
    if role is not ReferenceRole.CAPTURE:
        return False
    if place.payment is None or all(each.role is not role for each in report.told.references):
        return True
    if is_another(place.payment, report.told.references) and place.session is not None:
        return True
    captures = yield from Find(Capture, "payment_id", place.payment.id)
    in_one_step = [each for each in captures if each.came_in_one_step]
    if in_one_step:
        return in_one_step[0].references.get(role) is None
    return not captures and not place.payment.balances.authorized


def _provider_made(
    payment: Payment,
    report: Report,
    role: ReferenceRole,
    source: EvidenceSource,
    at: datetime,
) -> Flow[Placement]:
    """
    Record a movement that was made at the provider, once it cannot be one of ours.

    While a movement of ours that is open has no id of the provider's yet, it may be the one; and
    it is one of ours that has moved as much, where the provider gave no id with its answer. What
    was let go was held before: until that is heard, the word on it waits.
    """
    fact = report.told
    if not isinstance(fact, Captured | Voided | Refunded):
        return _UNKNOWN
    if isinstance(fact, Voided) and not payment.balances.authorized:
        return _UNDECIDED
    kind = KIND_OF_ROLE[role]
    ours = yield from Find(kind, "payment_id", payment.id)
    nameless = [each for each in ours if each.references.get(role) is None]
    if any(each.is_open for each in nameless):
        return _UNDECIDED
    for each in nameless:
        if each.succeeded and each.moved_amount == fact.amount:
            yield from settle(each, fact, source=source, at=at)
            return Applied(each.id)
    record_id = yield from told_of_movement(payment, kind, fact, source, at=at)
    return Applied(record_id) if record_id else _UNDECIDED
