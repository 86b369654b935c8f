"""
What a provider tells of a payment by itself, applied to the payment.

Each function takes what is known and one fact, and returns the payment and the record that the
fact is about. A fact that is known gives the same objects back, and any order of the same
facts ends alike. Nothing is refused: what contradicts what we expected opens a discrepancy.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import attrs

from paysession._domain.comparing import counting
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute, path_between
from paysession._domain.evidence import Evidence
from paysession._domain.movements import (
    AnyMovementOperation,
    Authorization,
    Capture,
    Refund,
    Reversal,
    Void,
)
from paysession._domain.operations import Lease, Origin, Requested, requested
from paysession._money import Money
from paysession.events import DisputeMoved, DisputeOpened, FactRecorded
from paysession.lifecycles import DISPUTE
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    Captured,
    DisputeChanged,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Refunded,
    Retaken,
    Totals,
    Voided,
)

if TYPE_CHECKING:
    from paysession._domain.payment import Payment

R = TypeVar("R", Authorization, Reversal, Dispute)
O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation


def told_of_authorization(
    payment: Payment, authorization: Authorization, evidence: Evidence
) -> tuple[Payment, Authorization]:
    """What is held has changed, or was let go."""
    amount = _foreign_amount(payment, evidence.fact)
    if amount is not None:
        return _in_another_currency(payment, authorization.id, amount, evidence), authorization
    after = authorization.observed(evidence)
    if after is authorization:
        return payment, authorization
    known = attrs.evolve(payment, authorized_until=after.expires_at or payment.authorized_until)
    return _followed(known, authorization, after, evidence)


def told_of_reversal(
    payment: Payment, reversal: Reversal | None, reversal_id: str, evidence: Evidence
) -> tuple[Payment, Reversal | None]:
    """Taken money was taken back from us, or has come back; nobody told of a dispute."""
    at, amount = evidence.recorded_at, _foreign_amount(payment, evidence.fact)
    if amount is not None:
        return _in_another_currency(payment, reversal_id, amount, evidence), reversal
    before = reversal or Reversal(
        id=reversal_id,
        tenant=payment.tenant,
        created_at=at,
        updated_at=at,
        payment_id=payment.id,
        amount=Money.zero(payment.amount.currency),
    )
    after = before.observed(evidence)
    if after is before:
        return payment, before
    known = payment if reversal else payment.with_another_movement()
    told, after = _followed(known, before, after, evidence)
    kind, lost = DiscrepancyKind.UNEXPECTED_REVERSAL, after.moved_amount
    if not lost:
        return told.agreed(kind, after.id, at=at), after
    return told.disagreed(kind, after.id, "no dispute, no loss", lost, at=at), after


def told_of_dispute(
    payment: Payment, dispute: Dispute | None, dispute_id: str, evidence: Evidence
) -> tuple[Payment, Dispute | None]:
    """The payment is disputed, the dispute stands elsewhere, or its money moved."""
    at, amount = evidence.recorded_at, _foreign_amount(payment, evidence.fact)
    if amount is not None:
        payment = _in_another_currency(payment, dispute_id, amount, evidence)
        if not isinstance(evidence.fact, DisputeChanged):
            return payment, dispute
        evidence = attrs.evolve(evidence, fact=attrs.evolve(evidence.fact, amount=None))
    before = dispute or Dispute(
        id=dispute_id,
        tenant=payment.tenant,
        created_at=at,
        updated_at=at,
        payment_id=payment.id,
        amount=Money.zero(payment.amount.currency),
        gateway=payment.gateway,
    )
    after = before.observed(evidence)
    if after is before:
        return payment, before
    told = payment if dispute else _opened(payment, after, at=at)
    told = _stepped(told, before, after, at=at)
    if told is not payment and before.effect == after.effect:
        return told.taught(evidence.fact.references).matched(after, at=at), after
    return _followed(told, before, after, evidence)


def _opened(payment: Payment, dispute: Dispute, *, at: datetime) -> Payment:
    event = DisputeOpened(
        at=at,
        status=payment.status,
        balances=payment.balances,
        dispute_id=dispute.id,
        dispute_status=DISPUTE.initial,
        amount=dispute.amount,
    )
    return payment.with_another_movement().telling(event)


def _stepped(payment: Payment, before: Dispute, after: Dispute, *, at: datetime) -> Payment:
    """Tell of every step in the chart."""
    for status in path_between(before.status, after.status):
        event = DisputeMoved(
            at=at,
            status=payment.status,
            balances=payment.balances,
            dispute_id=after.id,
            dispute_status=status,
            amount=after.amount,
            respond_by=after.respond_by,
        )
        payment = payment.telling(event)
    return payment


def told_of_movement(
    payment: Payment, movement: AnyMovementOperation | None, movement_id: str, evidence: Evidence
) -> tuple[Payment, AnyMovementOperation | None]:
    """Money was taken, released or given back at the provider, and we did not ask for it."""
    match movement:
        case Capture():
            return payment.settle(movement, evidence)
        case Void():
            return payment.settle(movement, evidence)
        case Refund():
            return payment.settle(movement, evidence)
        case _:
            return _made_at_provider(payment, movement_id, evidence)


def _made_at_provider(
    payment: Payment, movement_id: str, evidence: Evidence
) -> tuple[Payment, AnyMovementOperation | None]:
    """Record a movement by its first fact, which says all of it."""
    fields, nothing = (
        _fields_of(payment, movement_id, evidence),
        Money.zero(payment.amount.currency),
    )
    match evidence.fact:
        case Captured(amount) | Retaken(amount) | Voided(amount) | Refunded(amount) if (
            amount.currency != payment.amount.currency
        ):
            return _in_another_currency(payment, movement_id, amount, evidence), None
        case Captured(amount) | Retaken(amount):
            capture = Capture(**fields, payment_id=payment.id, amount=amount, releases=nothing)
            return _begun(payment, capture, evidence)
        case Voided(amount):
            void = Void(**fields, payment_id=payment.id, amount=amount)
            return _begun(payment, void, evidence)
        case Refunded(amount):
            refund = Refund(**fields, payment_id=payment.id, amount=amount)
            return _begun(payment, refund, evidence)
        case fact:
            raise TypeError(f"{type(fact).__name__} makes no movement: wait for what does")


def _fields_of(payment: Payment, movement_id: str, evidence: Evidence) -> Requested:
    """It counts as sent, though not by us: nobody ever makes its call."""
    fields = requested(
        movement_id,
        tenant=payment.tenant,
        gateway=payment.gateway,
        acts_on=payment.references,
        lease=Lease.nobody(evidence.recorded_at),
        origin=Origin.PROVIDER,
    )
    return {**fields, "sent_at": evidence.recorded_at, "tries": 1}


def _begun(payment: Payment, movement: O, evidence: Evidence) -> tuple[Payment, O]:
    known = payment.taught(evidence.fact.references).dated(evidence)
    return known.moved(None, movement.observed(evidence), at=evidence.recorded_at)


def told_of_totals(payment: Payment, evidence: Evidence) -> Payment:
    """The provider says what it took and gave back in all: compared, and never added."""
    fact, amount = evidence.fact, _foreign_amount(payment, evidence.fact)
    if not isinstance(fact, Totals):
        raise TypeError(f"{type(fact).__name__} tells no totals")
    if amount is not None:
        return _in_another_currency(payment, payment.id, amount, evidence)
    totals = counting(payment.totals, evidence)
    if totals is payment.totals:
        return payment
    known = attrs.evolve(payment, totals=totals).taught(fact.references)
    return _noted(known, payment.id, evidence).weighed(at=evidence.recorded_at)


def _followed(payment: Payment, before: R, after: R, evidence: Evidence) -> tuple[Payment, R]:
    """The balances follow what is known of a record now, if that makes a difference."""
    known = payment.taught(evidence.fact.references)
    if before.effect == after.effect:
        told = _noted(known, after.id, evidence)
        return told.matched(after, at=evidence.recorded_at), after
    return known.moved(before, after, at=evidence.recorded_at)


def _noted(payment: Payment, record_id: str, evidence: Evidence) -> Payment:
    fact = type(evidence.fact).__name__
    return payment.telling(FactRecorded(at=evidence.recorded_at, operation_id=record_id, fact=fact))


def _in_another_currency(
    payment: Payment, record_id: str, amount: Money, evidence: Evidence
) -> Payment:
    """No balance moves, a person must look."""
    kind, expected = DiscrepancyKind.CURRENCY_MISMATCH, payment.amount.currency.code
    return payment.disagreed(kind, record_id, expected, amount, at=evidence.recorded_at)


def _foreign_amount(payment: Payment, fact: Fact) -> Money | None:
    """Return an amount that is in another currency than the payment, if the fact tells one."""
    told: tuple[Money | None, ...]
    match fact:
        case (
            AuthorizationChanged(amount)
            | AuthorizationLapsed(amount)
            | FundsWithdrawn(amount)
            | FundsReinstated(amount)
        ):
            told = (amount,)
        case DisputeChanged(amount=disputed):
            told = (disputed,)
        case Totals(captured=taken, refunded=returned):
            told = (taken, returned)
        case _:
            told = ()
    ours = payment.amount.currency
    return next((each for each in told if each is not None and each.currency != ours), None)
