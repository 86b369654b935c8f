"""
What a provider did to a payment by itself: recorded as what it is, though nobody asked.

A dashboard's refund, an authorization that lapsed, a dispute. Each is a movement under an id
that follows from the payment's and the provider's, so that it is recorded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias, assert_never

from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.erasure import as_told_of
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.identity import derived_id
from paysession._domain.movements import (
    AnyMovementOperation,
    Authorization,
    Capture,
    Refund,
    Reversal,
    Void,
)
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.receipts import authorization_id_of
from paysession._domain.session import PaymentSession
from paysession._flows.arguments import typed
from paysession._flows.asks import Claimed, Find, Flow, Load, Peek, Unit
from paysession._flows.covering import followed_up
from paysession._flows.naming import namespace_of, new_claims, rightly_addressed
from paysession._flows.placing import KIND_OF_ROLE
from paysession._flows.units import settling
from paysession.events import FactRecorded
from paysession.outcomes import (
    NO_REFERENCES,
    AuthorizationChanged,
    AuthorizationLapsed,
    Captured,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Totals,
    Voided,
)
from paysession.stores.port import Claim

PaymentFact: TypeAlias = (
    AuthorizationChanged
    | AuthorizationLapsed
    | DisputeChanged
    | FundsWithdrawn
    | FundsReinstated
    | ReferenceChanged
    | Totals
)
"""What is said of a payment as a whole, whoever asked for it."""

Teller: TypeAlias = Authorization | AnyMovementOperation | Dispute | Reversal
Told: TypeAlias = tuple[Payment, Teller | None, References]
Tell: TypeAlias = Callable[[Payment, Evidence], Unit[Told]]
Written: TypeAlias = tuple[Entity | Claim | None, ...]

_PREFIXES: Mapping[type[AnyMovementOperation], str] = {Capture: "ca", Void: "vo", Refund: "re"}
_ROLES = {kind: role for role, kind in KIND_OF_ROLE.items()}


def told_of_movement(
    payment: Payment,
    kind: type[AnyMovementOperation],
    fact: Captured | Voided | Refunded,
    source: EvidenceSource,
    *,
    at: datetime,
) -> Flow[str | None]:
    """
    Record a capture, void or refund that was made at the provider; return its id.

    Nothing is recorded where the provider's id of it has become another's meanwhile.
    """
    evidence = Evidence(fact=fact, source=source, recorded_at=at)
    movement_id = derived_id(_PREFIXES[kind], payment.id, *_identity_of(fact, _ROLES[kind]))

    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        known = yield from Peek(kind, movement_id)
        if known is None and (yield from _is_claimed(payment, fact, _ROLES[kind])):
            return payment, None, payment.references
        told, movement = payment.told_of_movement(known, movement_id, evidence)
        return told, movement, known.references if known else NO_REFERENCES

    yield from _recorded(payment.id, tell, evidence)
    return None if (yield from Peek(kind, movement_id)) is None else movement_id


def _is_claimed(
    payment: Payment, fact: Captured | Voided | Refunded, role: ReferenceRole
) -> Unit[bool]:
    """Whether the provider's id of a movement is that of a record already."""
    reference = fact.references.get(role)
    if reference is None:
        return False
    claim = yield from Claimed(namespace_of(payment.gateway, role), reference)
    return claim is not None


def _identity_of(fact: Captured | Voided | Refunded, role: ReferenceRole) -> tuple[str, ...]:
    """The provider's id, or else all it says: the same said again is the same movement."""
    reference = fact.references.get(role)
    if reference is not None:
        return (reference,)
    return type(fact).__name__, str(fact.amount), str(fact.occurred_at), str(fact.sequence)


def told_of_payment(
    payment: Payment,
    named: Mapping[ReferenceRole, Entity],
    fact: PaymentFact,
    source: EvidenceSource,
    *,
    at: datetime,
) -> Flow[str | None]:
    """
    Record what a provider says of a payment as a whole; return the id of what tells of it.

    Nothing is returned, and nothing recorded, where there is nothing that it could be about.
    """
    evidence = Evidence(fact=fact, source=source, recorded_at=at)
    match fact:
        case AuthorizationChanged() | AuthorizationLapsed():
            return (yield from _told_of_authorization(payment, evidence))
        case DisputeChanged() | FundsWithdrawn() | FundsReinstated():
            return (yield from _told_of_dispute(payment, evidence))
        case ReferenceChanged():
            return (yield from _renamed(payment, named, evidence))
        case Totals():
            return (yield from _told_of_totals(payment, evidence))
        case _:
            assert_never(fact)


def _told_of_authorization(payment: Payment, evidence: Evidence) -> Flow[str | None]:
    authorization = yield from authorization_of(payment)
    if authorization is None:
        return None
    yield from _recorded(payment.id, _telling_hold(authorization), evidence)
    return payment.id


def authorization_of(payment: Payment) -> Unit[Authorization | None]:
    """Return what is held, or was: what came with the customer's attempt if there is more."""
    authorizations = yield from Find(Authorization, "payment_id", payment.id)
    own_id = authorization_id_of(payment.attempt_id or payment.id)
    own = (each for each in authorizations if each.id == own_id)
    return next(own, authorizations[0] if authorizations else None)


def hold_ended(authorization: Authorization, evidence: Evidence) -> Unit[Written]:
    """Record that what was held has gone, first of all in its payment."""
    tell = _telling_hold(authorization)
    return (yield from _recording_of(authorization.payment_id, tell, evidence))


def _telling_hold(authorization: Authorization) -> Tell:
    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        known = yield from Load(Authorization, authorization.id)
        told, after = payment.told_of_authorization(known, evidence)
        return told, after, payment.references

    return tell


def _told_of_dispute(payment: Payment, evidence: Evidence) -> Flow[str | None]:
    """A dispute has an id of the provider's; money that is taken back without one is reversed."""
    reference = evidence.fact.references.get(ReferenceRole.DISPUTE)
    if reference is None:
        return (yield from _told_of_reversal(payment, evidence))
    dispute_id = derived_id("dp", payment.id, reference)

    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        known = yield from Peek(Dispute, dispute_id)
        told, dispute = payment.told_of_dispute(known, dispute_id, evidence)
        return told, dispute, known.references if known else NO_REFERENCES

    yield from _recorded(payment.id, tell, evidence)
    return dispute_id


def _told_of_reversal(payment: Payment, evidence: Evidence) -> Flow[str | None]:
    if isinstance(evidence.fact, DisputeChanged):
        return None
    reversal_id = derived_id("rv", payment.id)

    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        known = yield from Peek(Reversal, reversal_id)
        told, reversal = payment.told_of_reversal(known, reversal_id, evidence)
        return told, reversal, NO_REFERENCES

    yield from _recorded(payment.id, tell, evidence)
    return reversal_id


def _told_of_totals(payment: Payment, evidence: Evidence) -> Flow[str | None]:
    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        yield from ()
        return payment.told_of_totals(evidence), None, NO_REFERENCES

    yield from _recorded(payment.id, tell, evidence)
    return payment.id


def _renamed(
    payment: Payment, named: Mapping[ReferenceRole, Entity], evidence: Evidence
) -> Flow[str | None]:
    """The provider calls a payment, or a movement of it, by another id from now on."""
    movement = next(
        (each for each in named.values() if isinstance(each, AnyMovementOperation)), None
    )

    def tell(payment: Payment, evidence: Evidence) -> Unit[Told]:
        fact, at = typed("fact", evidence.fact, ReferenceChanged), evidence.recorded_at
        if movement is None:
            return payment.renamed(fact), None, payment.references
        known = yield from Load(type(movement), movement.id)
        after = known.renamed(fact)
        if after is known:
            return payment, None, known.references
        event = FactRecorded(at=at, operation_id=known.id, fact="ReferenceChanged")
        return payment.telling(event), after, known.references

    # Ids of two payments may come in one report: what a movement is called, its own one tells.
    owner_id = payment.id if movement is None else movement.payment_id
    yield from _recorded(owner_id, tell, evidence)
    return movement.id if movement else payment.id


def _recorded(payment_id: str, tell: Tell, evidence: Evidence) -> Flow[Written]:
    return (yield from settling(lambda: _recording_of(payment_id, tell, evidence))())


def _recording_of(payment_id: str, tell: Tell, evidence: Evidence) -> Unit[Written]:
    """What a fact does to a payment, and what follows for its payable."""
    at = evidence.recorded_at
    before = yield from Load(Payment, payment_id)
    account = yield from Load(PayableAccount, before.payable_id)
    addressed = rightly_addressed(before, as_told_of(before, evidence), operation_id=before.id)
    payment, told, known = yield from tell(*(yield from addressed))
    references = payment.references if told is None else told.references
    named = yield from _named_with(payment, references)
    claims = yield from new_claims(before.gateway, known, references, payment, told, named)
    accounted = account.moved(before.share, payment.share, at=at)
    if account.is_overpaid != accounted.is_overpaid:
        payment = payment.compared_with(accounted, operation_id=payment.id, at=at)
    follow_up = yield from followed_up(account, accounted, payment, failed=None, at=at)
    return *follow_up, told, *claims


def _named_with(payment: Payment, references: References) -> Unit[PaymentSession | None]:
    """Return the session of a payment that is told of by the session's id."""
    if payment.session_id is None or references.get(ReferenceRole.SESSION) is None:
        return None
    return (yield from Peek(PaymentSession, payment.session_id))
