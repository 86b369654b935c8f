"""
Settle: record what is known of an operation, and all that follows from it.

One function for answers, reports and recovery alike. Facts are applied, never refused; a
fact that is known already changes nothing and is not even committed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, TypeVar

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement, authorization_id_of, capture_id_of
from paysession._flows.asks import Claimed, Flow, Load, Peek, Unit
from paysession._flows.attempts import open_attempts
from paysession._flows.requests import AnyOperation
from paysession._flows.units import settling
from paysession.outcomes import (
    Authorized,
    Captured,
    Declined,
    Fact,
    ReferenceRole,
    References,
    Unknown,
)
from paysession.stores.port import KINDS, Claim

Movement: TypeAlias = Capture | Void | Refund
O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation


def settle(
    operation: AnyOperation, fact: Fact, *, source: EvidenceSource, at: datetime
) -> Flow[tuple[AnyOperation, ...]]:
    """Record one fact about an operation; return the operations it made due at once."""
    fact = _without_guessing(fact)
    if isinstance(operation, Attempt):
        return (yield from _settle_attempt(operation.id, fact, source, at))
    if isinstance(operation, Capture):
        yield from _settle_movement(Capture, operation.id, fact, source, at)
    elif isinstance(operation, Void):
        yield from _settle_movement(Void, operation.id, fact, source, at)
    else:
        yield from _settle_movement(Refund, operation.id, fact, source, at)
    return ()


def _without_guessing(fact: Fact) -> Fact:
    """A provider that says "duplicate" may have done it the first time."""
    if isinstance(fact, Declined) and fact.failure.means_unknown:
        return Unknown("declined as a duplicate", references=fact.references)
    return fact


def _settle_movement(
    kind: type[O], operation_id: str, fact: Fact, source: EvidenceSource, at: datetime
) -> Flow[None]:
    @settling
    def record() -> Unit[tuple[Payment, O, PayableAccount, tuple[Claim, ...]]]:
        operation = yield from Load(kind, operation_id)
        payment = yield from Load(Payment, operation.payment_id)
        account = yield from Load(PayableAccount, payment.payable_id)
        if isinstance(fact, Unknown):
            if not _is_doubtful(operation, source):
                return payment, operation, account, ()
            doubted, doubtful = payment.doubted(operation, fact, at=at)
            claims = yield from _new_claims(
                payment.gateway, operation.references, doubtful.references, doubtful
            )
            return doubted, doubtful, account, claims
        evidence = Evidence(fact=fact, source=source, recorded_at=at)
        settled, after = payment.settle(operation, evidence)
        account = account.moved(payment.share, settled.share, at=at)
        claims = yield from _new_claims(
            payment.gateway, operation.references, after.references, after
        )
        return settled, after, account, claims

    yield from record()


def _is_doubtful(operation: AnyOperation, source: EvidenceSource) -> bool:
    """
    Whether a call without an answer means anything for an operation.

    One that was taken for absent, because it was looked up before its call went out, may
    have happened since.
    """
    if operation.is_absent and source is EvidenceSource.RESPONSE:
        return True
    return operation.is_unresolved and not operation.attention


def _settle_attempt(
    attempt_id: str, fact: Fact, source: EvidenceSource, at: datetime
) -> Flow[tuple[AnyOperation, ...]]:
    @settling
    def record() -> Unit[tuple[Entity | Claim | None, ...]]:
        before = yield from _settlement_of(attempt_id, fact)
        if isinstance(fact, Unknown):
            if not _is_doubtful(before.attempt, source):
                return ()
            session, attempt = before.session.doubt(before.attempt, fact, at=at)
            session = session.noted(attempt)
            account = before.account.moved(before.session.share, session.share, at=at)
            claims = yield from _new_claims(
                session.gateway, before.attempt.references, attempt.references, session
            )
            return (session, attempt, account, *claims)
        if before.payment is not None and before.payment.session_id != before.session.id:
            return _left_to_a_person(before, before.payment.id, at=at)
        after = before.settled(Evidence(fact=fact, source=source, recorded_at=at))
        claims = yield from _claims_of(before, after)
        return (
            after.payment,
            after.authorization,
            after.capture,
            after.session,
            after.attempt,
            after.account,
            after.release,
            after.completion,
            *after.others,
            *claims,
        )

    committed = yield from record()
    return tuple(
        each
        for each in committed
        if isinstance(each, Attempt | Void | Refund) and each.is_open and each.sent_at is None
    )


def _settlement_of(attempt_id: str, fact: Fact) -> Unit[Settlement]:
    attempt = yield from Load(Attempt, attempt_id)
    session = yield from Load(PaymentSession, attempt.session_id)
    account = yield from Load(PayableAccount, session.payable_id)
    others = tuple(each for each in (yield from open_attempts(session)) if each.id != attempt_id)
    settlement = Settlement(account=account, session=session, attempt=attempt, others=others)
    payment = yield from _payment_meant(attempt, session, fact)
    if payment is None:
        return settlement
    first = payment.attempt_id or attempt_id
    return attrs.evolve(
        settlement,
        payment=payment,
        authorization=(yield from Peek(Authorization, authorization_id_of(first))),
        capture=(yield from Peek(Capture, capture_id_of(first))),
    )


def _payment_meant(attempt: Attempt, session: PaymentSession, fact: Fact) -> Unit[Payment | None]:
    """
    Find the payment that the fact's money is, if we have heard of it.

    Two attempts of one session may speak of the same money: the provider's ids tell, and
    where it gives none there is one payment in its session.
    """
    if attempt.payment_id is not None:
        return (yield from Load(Payment, attempt.payment_id))
    if not isinstance(fact, Authorized | Captured):
        return None
    named = [each for each in fact.references if each.role in _NAMING_MONEY]
    for reference in named:
        namespace = _namespace(session.gateway, reference.role)
        claim = yield from Claimed(namespace, reference.id)
        if claim is not None:
            return (yield from _payment_claimed(claim))
    if not named and session.payment_id is not None:
        return (yield from Load(Payment, session.payment_id))
    return None


def _payment_claimed(claim: Claim) -> Unit[Payment]:
    if claim.kind == KINDS[Payment]:
        return (yield from Load(Payment, claim.id))
    capture = yield from Load(Capture, claim.id)
    return (yield from Load(Payment, capture.payment_id))


def _left_to_a_person(
    before: Settlement, reference: str, *, at: datetime
) -> tuple[PaymentSession, Attempt] | tuple[()]:
    """One provider payment for two sessions: nothing is applied, a person must look."""
    if before.attempt.attention:
        return ()
    kind = DiscrepancyKind.FOREIGN_REFERENCE
    session = before.session.disagreed(
        kind, before.attempt.id, "a payment of its own", reference, at=at
    )
    return session, before.attempt.handed_over(
        "the provider names another session's payment", at=at
    )


def _claims_of(before: Settlement, after: Settlement) -> Unit[tuple[Claim, ...]]:
    """Claim the provider's new ids, and the payment that completed the session."""
    gateway = after.session.gateway
    claims = yield from _new_claims(
        gateway,
        before.session.references,
        after.session.references,
        after.session,
        after.payment,
        after.capture,
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


_NAMING_MONEY = (ReferenceRole.AUTHORIZATION, ReferenceRole.CAPTURE)
_CLAIMED_BY: dict[ReferenceRole, type[Entity]] = {
    ReferenceRole.SESSION: PaymentSession,
    ReferenceRole.AUTHORIZATION: Payment,
    ReferenceRole.CAPTURE: Capture,
    ReferenceRole.VOID: Void,
    ReferenceRole.REFUND: Refund,
}


def _namespace(gateway: str, role: ReferenceRole) -> str:
    return f"reference:{gateway}:{role}"


def _new_claims(
    gateway: str, known: References, now: References, *records: Entity | None
) -> Unit[tuple[Claim, ...]]:
    """Claim each id that was just learnt for the record it names, unless somebody has it."""
    by_kind: dict[type[Entity], Entity] = {type(each): each for each in records if each is not None}
    claims: list[Claim] = []
    for reference in now:
        claimant = _CLAIMED_BY.get(reference.role)
        record = by_kind.get(claimant) if claimant else None
        if record is None or reference in known.entries:
            continue
        namespace = _namespace(gateway, reference.role)
        if (yield from Claimed(namespace, reference.id)) is None:
            claims.append(
                Claim(
                    namespace=namespace, text=reference.id, kind=KINDS[type(record)], id=record.id
                )
            )
    return tuple(claims)
