"""What a person says of money that no provider tells of: it has come, bounced, gone back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.identity import derived_id
from paysession._domain.limits import Metadata, safe_choice, safe_id, safe_text
from paysession._domain.movements import Capture, Refund, RefundReason
from paysession._domain.payable import PayableAccount, checked_amount
from paysession._domain.payment import Payment
from paysession._flows.arguments import typed
from paysession._flows.asks import Find, Flow, Load, NewId, Now, Unit
from paysession._flows.carrying import carried_on, described
from paysession._flows.covering import followed_up
from paysession._flows.units import deciding
from paysession._money import Money
from paysession.errors import InvalidAmount, Unsupported
from paysession.outcomes import Bounced, ReferenceRole

Written: TypeAlias = tuple[Entity | None, ...]


def mark_paid(
    payment_id: str,
    *,
    amount: Money | None,
    reference: str | None,
    metadata: Mapping[str, str] | None,
) -> Flow[Capture]:
    """Record that a person says that money has come: all that is missing, or `amount`."""
    notes = Metadata.of(metadata)
    known = yield from _settled_by_person(payment_id, amount, "mark_paid")
    named = _named(reference)
    at, capture_id = (yield from Now()), (yield from NewId("ca"))

    @deciding
    def record() -> Unit[Written]:
        payment = yield from Load(Payment, known.id)
        account = yield from Load(PayableAccount, payment.payable_id)
        known_already = yield from _told_before(payment, amount, named)
        if known_already is not None:
            return (known_already,)
        paid, authorization, capture = payment.mark_paid(
            capture_id,
            authorization_id=derived_id("au", capture_id),
            amount=_come(payment, amount),
            reference=named,
            metadata=notes,
            at=at,
        )
        paid = yield from _told_apart(paid, capture, at=at)
        accounted = account.moved(payment.share, paid.share, at=at)
        paid = paid.compared_with(accounted, operation_id=capture.id, at=at)
        follow_up = yield from followed_up(account, accounted, paid, failed=None, at=at)
        return capture, *follow_up, authorization

    written = yield from record()
    yield from carried_on(written[1:])
    return typed("capture", written[0], Capture)


def _told_before(
    payment: Payment, amount: Money | None, reference: str | None
) -> Unit[Capture | None]:
    """
    Return the capture that is meant, if a person has told of it before.

    A reference names one transfer: of the same amount, or of none, it is the same. Without
    amount and reference, all that has come already is meant.
    """
    living = yield from _living_captures(payment)
    if reference is None:
        is_complete = amount is None and not payment.missing
        return living[-1] if is_complete and living else None
    same = (each for each in living if _reference_of(each) == reference)
    return next((each for each in same if amount in (None, each.amount)), None)


def _living_captures(payment: Payment) -> Unit[tuple[Capture, ...]]:
    captures = yield from Find(Capture, "payment_id", payment.id)
    return tuple(each for each in captures if each.succeeded)


def _reference_of(capture: Capture) -> str | None:
    return capture.references.get(ReferenceRole.CAPTURE)


def _told_apart(payment: Payment, capture: Capture, *, at: datetime) -> Unit[Payment]:
    """Say so if the same reference was told of with another amount: one of them is wrong."""
    reference, kind = _reference_of(capture), DiscrepancyKind.PAID_TWICE
    for known in (yield from _living_captures(payment)):
        if reference is not None and _reference_of(known) == reference:
            payment = payment.disagreed(kind, capture.id, known.amount, capture.amount, at=at)
    return payment


def _come(payment: Payment, amount: Money | None) -> Money:
    """Return how much has come: what is missing, if nobody says."""
    if amount is None and not payment.missing:
        raise InvalidAmount("nothing", f"nothing of {payment.id} is missing: say how much came")
    return payment.missing if amount is None else amount


def mark_bounced(capture_id: str) -> Flow[Capture]:
    """Record that a person says that money which had come was taken back: a returned check."""
    at = yield from Now()
    known = yield from Load(Capture, safe_id(capture_id, field="capture_id"))
    yield from _settled_by_person(known.payment_id, None, "mark_bounced")
    failure = Failure(FailureCode.UNKNOWN_DECLINE, raw_code="bounced")
    evidence = Evidence(fact=Bounced(failure), source=EvidenceSource.PERSON, recorded_at=at)

    @deciding
    def record() -> Unit[Written]:
        capture = yield from Load(Capture, known.id)
        payment = yield from Load(Payment, capture.payment_id)
        account = yield from Load(PayableAccount, payment.payable_id)
        without, bounced = payment.settle(capture, evidence)
        accounted = account.moved(payment.share, without.share, at=at)
        without = without.compared_with(accounted, operation_id=capture.id, at=at)
        return bounced, without, accounted

    written = yield from record()
    return typed("capture", written[0], Capture)


def _named(reference: str | None) -> str | None:
    """What a person writes down may be anything, so it is looked at for card numbers."""
    return None if reference is None else safe_text(reference, field="reference", most=255)


def mark_refunded(
    payment_id: str,
    *,
    amount: Money | None,
    reason: RefundReason | str | None,
    reference: str | None,
    metadata: Mapping[str, str] | None,
) -> Flow[Refund]:
    """Record that a person says that money has gone back: all of it, or `amount`."""
    notes = Metadata.of(metadata)
    why = None if reason is None else safe_choice(reason, field="reason", among=RefundReason)
    known = yield from _settled_by_person(payment_id, amount, "mark_refunded")
    named = _named(reference)
    at, refund_id = (yield from Now()), (yield from NewId("re"))

    @deciding
    def record() -> Unit[Written]:
        payment = yield from Load(Payment, known.id)
        account = yield from Load(PayableAccount, payment.payable_id)
        is_done = not payment.balances.refundable and bool(payment.balances.refunded)
        if amount is None and is_done:
            return ((yield from Find(Refund, "payment_id", payment.id))[-1],)
        returned, refund = payment.mark_refunded(
            refund_id, amount=amount, reason=why, reference=named, metadata=notes, at=at
        )
        accounted = account.moved(payment.share, returned.share, at=at)
        returned = returned.compared_with(accounted, operation_id=refund.id, at=at)
        return refund, returned, accounted

    written = yield from record()
    return typed("refund", written[0], Refund)


def _settled_by_person(payment_id: str, amount: Money | None, command: str) -> Flow[Payment]:
    """
    Return a payment of which a person says what was paid.

    Raises:
        Unsupported: Its provider says so, and nobody else: it always does after an attempt.
    """
    payment = yield from Load(Payment, safe_id(payment_id, field="payment_id"))
    if amount is not None:
        checked_amount(amount, payment.amount, verb=command.replace("_", " "))
    description = yield from described(payment.method)
    if not description.capabilities.settled_by_person or payment.attempt_id is not None:
        raise Unsupported(payment.gateway, command, "its provider says what was paid")
    return payment
