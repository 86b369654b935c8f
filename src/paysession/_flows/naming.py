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
from paysession.outcomes import NO_REFERENCES, ReferenceRole, References
from paysession.stores.port import KINDS, Claim

W = TypeVar("W", bound=Owner)  # W for whoever tells of it
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


_ADDRESSES: dict[ReferenceRole, type[Entity]] = {
    ReferenceRole.SESSION: PaymentSession,
    ReferenceRole.AUTHORIZATION: Payment,
}
"""What every call for a payment is addressed by, and whose it is."""


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
    payment: Payment, evidence: Evidence, *, operation_id: str
) -> Unit[tuple[Payment, Evidence]]:
    """
    Leave out of what is told of a payment the ids that name another one, or its session.

    Our next capture, void or refund would else be addressed to money that is somebody else's.
    What is said is believed without them, and a person must find out whose it is.
    """
    kind, references = DiscrepancyKind.FOREIGN_REFERENCE, evidence.fact.references
    for reference in references:
        if reference.role not in _ADDRESSES or reference in payment.references.entries:
            continue
        claim = yield from Claimed(namespace_of(payment.gateway, reference.role), reference.id)
        owns_it = KINDS[_ADDRESSES[reference.role]]
        if claim is None or claim.kind != owns_it or claim.id in (payment.id, payment.session_id):
            continue
        others = tuple(each for each in evidence.fact.references if each != reference)
        fact = attrs.evolve(evidence.fact, references=References(others))
        evidence = attrs.evolve(evidence, fact=fact)
        told = [each for each in payment.discrepancies if each.is_about(kind, operation_id)]
        if all(each.actual != claim.id for each in told):
            expected, at = "an id of its own", evidence.recorded_at
            payment = payment.disagreed(kind, operation_id, expected, claim.id, at=at)
    return payment, evidence
