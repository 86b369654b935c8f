"""
Which record each of the provider's ids names: claims, each made when the id is first learnt.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import attrs

from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Claimed, Load, Unit
from paysession.outcomes import (
    NO_REFERENCES,
    Reference,
    ReferenceChanged,
    ReferenceRole,
    References,
)
from paysession.stores.port import KINDS, Claim

W = TypeVar("W", bound=Owner)  # W for whoever tells of it
A = TypeVar("A", PaymentSession, Payment)  # A for addressee
N = TypeVar("N", PaymentSession, Payment, Capture)  # N for what is named

NAMING_MONEY = (ReferenceRole.AUTHORIZATION, ReferenceRole.CAPTURE)
"""The roles of the ids by which one money is known from another."""

_CLAIMED_BY: dict[ReferenceRole, tuple[type[Entity], ...]] = {
    ReferenceRole.SESSION: (PaymentSession, SetupSession),
    ReferenceRole.AUTHORIZATION: (Payment,),
    ReferenceRole.CAPTURE: (Capture,),
    ReferenceRole.VOID: (Void,),
    ReferenceRole.REFUND: (Refund,),
    ReferenceRole.DISPUTE: (Dispute,),
}


_ADDRESSING = (ReferenceRole.SESSION, ReferenceRole.AUTHORIZATION)
"""The roles of the ids by which every call for a payment or session is addressed."""


def payment_named(gateway: str, references: References) -> Unit[tuple[bool, Payment | None]]:
    """Tell whether any id names money, and the payment that it names, if we have heard of it."""
    named = [each for each in references if each.role in NAMING_MONEY]
    for reference in named:
        claim = yield from Claimed(namespace_of(gateway, reference.role), reference.id)
        if claim is not None:
            return True, (yield from _payment_claimed(claim))
    return bool(named), None


def _payment_claimed(claim: Claim) -> Unit[Payment]:
    if claim.kind == KINDS[Payment]:
        return (yield from Load(Payment, claim.id))
    capture = yield from Load(Capture, claim.id)
    return (yield from Load(Payment, capture.payment_id))


def claims_of(before: Settlement, after: Settlement) -> Unit[tuple[Claim, ...]]:
    """Claim the provider's new ids, and the payment that completed the session."""
    gateway = after.session.gateway
    claims = (
        *(yield from claims_for(gateway, before.session, after.session)),
        *(yield from claims_for(gateway, before.payment, after.payment)),
        *(yield from claims_for(gateway, before.capture, after.capture)),
    )
    if after.session.payment_id is not None and before.session.payment_id is None:
        settled_by = Claim(
            namespace="session_payment",
            text=after.session.id,
            kind=KINDS[Payment],
            id=after.session.payment_id,
        )
        return (*claims, settled_by)
    return claims


def namespace_of(gateway: str, role: ReferenceRole) -> str:
    """Return the namespace of the claims on a gateway's ids of one role."""
    return f"reference:{gateway}:{role}"


def claims_for(gateway: str, before: N | None, after: N | None) -> Unit[tuple[Claim, ...]]:
    """Claim the ids that a record has since it changed, or came into being."""
    if after is None:
        return ()
    known = NO_REFERENCES if before is None else before.references
    return (yield from new_claims(gateway, known, after.references, after))


def new_claims(
    gateway: str, known: References, now: References, *records: Entity | None
) -> Unit[tuple[Claim, ...]]:
    """Claim each id that was just learnt for the record it names, unless somebody has it."""
    by_kind: dict[type[Entity], Entity] = {type(each): each for each in records if each is not None}
    claims: list[Claim] = []
    for reference in now:
        claimants = _CLAIMED_BY.get(reference.role, ())
        record = next((by_kind[kind] for kind in claimants if kind in by_kind), None)
        if record is None or reference in known.entries:
            continue
        namespace = namespace_of(gateway, reference.role)
        if (yield from Claimed(namespace, reference.id)) is None:
            claims.append(
                Claim(
                    namespace=namespace, text=reference.id, kind=KINDS[type(record)], id=record.id
                )
            )
    return tuple(claims)


def told_apart(
    gateway: str,
    owner: W,
    known: References,
    now: References,
    *,
    record: Entity,
    operation_id: str,
    at: datetime,
) -> Unit[W]:
    """
    Say so where an id that was just learnt names another record already.

    What the provider says is applied all the same; whether it is the same money, a person
    must find out.
    """
    kind, discrepancy = type(record), DiscrepancyKind.FOREIGN_REFERENCE
    for reference in now:
        if kind not in _CLAIMED_BY.get(reference.role, ()) or reference in known.entries:
            continue
        claim = yield from Claimed(namespace_of(gateway, reference.role), reference.id)
        if claim is not None and (claim.kind, claim.id) != (KINDS[kind], record.id):
            expected, actual = "an id of its own", claim.id
            owner = owner.disagreed(discrepancy, operation_id, expected, actual, at=at)
    return owner


def rightly_addressed(
    owner: A, evidence: Evidence, *, operation_id: str
) -> Unit[tuple[A, Evidence]]:
    """
    Leave out of what is told of a payment or session the ids that name another one.

    The next call for it would else be addressed to money that is somebody else's. All else
    that is said is believed, and a person must find out what was meant.
    """
    kind, at = DiscrepancyKind.FOREIGN_REFERENCE, evidence.recorded_at
    for reference in evidence.fact.references:
        other_id = yield from _other_addressed(owner, reference)
        if other_id is None and isinstance(evidence.fact, ReferenceChanged):
            former = attrs.evolve(reference, id=evidence.fact.former)
            other_id = yield from _other_addressed(owner, former)
        if other_id is None:
            continue
        others = tuple(each for each in evidence.fact.references if each != reference)
        fact = attrs.evolve(evidence.fact, references=References(others))
        evidence = attrs.evolve(evidence, fact=fact)
        told = [each for each in owner.discrepancies if each.is_about(kind, operation_id)]
        if all(each.actual != other_id for each in told):
            owner = owner.disagreed(kind, operation_id, "an id of its own", other_id, at=at)
    return owner, evidence


def _other_addressed(owner: PaymentSession | Payment, reference: Reference) -> Unit[str | None]:
    """
    Return the other payment or session that an id names, if it names one.

    A session that has no id at all yet keeps what it is told, and is told apart.
    """
    if reference.role not in _ADDRESSING or reference in owner.references.entries:
        return None
    is_first = owner.references.get(reference.role) is None
    if is_first and isinstance(owner, PaymentSession) and reference.role is ReferenceRole.SESSION:
        return None
    claim = yield from Claimed(namespace_of(owner.gateway, reference.role), reference.id)
    if claim is None or claim.kind == KINDS[SetupSession] or claim.id == owner.id:
        return None
    if isinstance(owner, Payment):
        return None if claim.id == owner.session_id else claim.id
    if claim.kind == KINDS[Payment] and (yield from Load(Payment, claim.id)).session_id == owner.id:
        return None
    return claim.id
