"""
Settle: record what is known of an operation, and all that follows from it.

One function for answers, reports and recovery alike. Facts are applied, never refused; a
fact that is known already changes nothing and is not even committed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, TypeVar, assert_never

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation, settle_cancellation
from paysession._domain.charges import Charge
from paysession._domain.charging import ChargeSettlement
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.erasure import as_told_of
from paysession._domain.evidence import Evidence, EvidenceSource, uncounted
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.receipts import authorization_id_of, capture_id_of
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Find, Flow, Load, Peek, Unit
from paysession._flows.attempts import open_attempts
from paysession._flows.covering import FollowUp, followed_up
from paysession._flows.naming import (
    NAMING_MONEY,
    claims_for,
    claims_of,
    new_claims,
    payment_named,
    rightly_addressed,
    told_apart,
)
from paysession._flows.once import answered, never_arrived
from paysession._flows.requests import AnyOperation
from paysession._flows.superseding import own_superseded
from paysession._flows.unasked import attempt_told_of
from paysession._flows.units import Released, settling
from paysession.errors import InvalidAmount
from paysession.outcomes import (
    Authorized,
    Canceled,
    Captured,
    Declined,
    Fact,
    References,
    Retaken,
    Unknown,
)
from paysession.stores.port import Claim

O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation
Written: TypeAlias = tuple[Entity | Claim | Released | None, ...]


def settle(
    operation: AnyOperation, fact: Fact, *, source: EvidenceSource, at: datetime
) -> Flow[tuple[AnyOperation, ...]]:
    """Record one fact about an operation; return the operations it made due at once."""
    told = _without_guessing(fact)
    evidence = Evidence(fact=told, source=source, recorded_at=at)
    recording = counted(operation, evidence)

    @settling
    def record() -> Unit[Written]:
        written = yield from recording()
        return *written, *(yield from answered(written, evidence))

    return made_due(tuple((yield from record())))


def made_due(committed: tuple[object, ...]) -> tuple[AnyOperation, ...]:
    """Return the operations that a commit made due at once, for whoever comes first."""
    return tuple(
        each
        for each in committed
        if isinstance(each, Attempt | Capture | Void | Refund)
        and each.is_open
        and each.sent_at is None
    )


def _without_guessing(fact: Fact) -> Fact:
    """A provider that says "duplicate" may have done it the first time."""
    if isinstance(fact, Declined) and fact.failure.means_unknown:
        return Unknown("declined as a duplicate", references=fact.references)
    return fact


def counted(operation: AnyOperation, evidence: Evidence) -> Callable[[], Unit[Written]]:
    """As `recording_of`; an amount that no total can hold is kept as told, and counted nowhere."""

    def record() -> Unit[Written]:
        try:
            return (yield from recording_of(operation, evidence)())
        except InvalidAmount:
            return (yield from recording_of(operation, uncounted(evidence))())

    return record


def recording_of(operation: AnyOperation, evidence: Evidence) -> Callable[[], Unit[Written]]:
    """Return the unit that records one fact about an operation of this kind."""
    match operation:
        case Attempt():
            return lambda: _of_attempt(operation.id, evidence)
        case SetupAttempt():
            return lambda: _of_setup_attempt(operation.id, evidence)
        case Charge():
            return lambda: _of_charge(operation.id, evidence)
        case Capture():
            return lambda: _of_movement(Capture, operation.id, evidence)
        case Void():
            return lambda: _of_movement(Void, operation.id, evidence)
        case Refund():
            return lambda: _of_movement(Refund, operation.id, evidence)
        case RefundCancellation():
            return lambda: _of_cancellation(operation.id, evidence)
        case _:
            assert_never(operation)


def _is_doubtful(operation: Operation, source: EvidenceSource) -> bool:
    """
    Whether a call without an answer means anything for an operation.

    One that was taken for absent, because it was looked up before its call went out, may
    have happened since.
    """
    if operation.is_absent and source is EvidenceSource.RESPONSE:
        return True
    return operation.is_unresolved and not operation.attention


def _of_movement(kind: type[O], operation_id: str, evidence: Evidence) -> Unit[Written]:
    operation = yield from Load(kind, operation_id)
    payment = yield from Load(Payment, operation.payment_id)
    account = yield from Load(PayableAccount, payment.payable_id)
    at, evidence = evidence.recorded_at, as_told_of(payment, evidence)
    addressee, evidence = yield from rightly_addressed(payment, evidence, operation_id=operation_id)
    if isinstance(evidence.fact, Unknown):
        if not _is_doubtful(operation, evidence.source):
            return ()
        settled, after = addressee.doubted(operation, evidence.fact, at=at)
    else:
        settled, after = addressee.settle(operation, evidence)
    settled = yield from told_apart(
        payment.gateway,
        settled,
        operation.references,
        after.references,
        record=after,
        operation_id=after.id,
        at=at,
    )
    claims: tuple[Claim, ...] = yield from new_claims(
        payment.gateway, operation.references, after.references, after
    )
    accounted = account.moved(payment.share, settled.share, at=at)
    if account.is_overpaid != accounted.is_overpaid:
        settled = settled.compared_with(accounted, operation_id=after.id, at=at)
    follow_up: FollowUp = yield from followed_up(account, accounted, settled, failed=None, at=at)
    return *follow_up, after, *claims


def _of_cancellation(cancellation_id: str, evidence: Evidence) -> Unit[Written]:
    """
    What calls a refund off is told to the refund as well, in the same commit.

    What we know of the call by the refund itself is not: that would be evidence out of nothing.
    """
    cancellation = yield from Load(RefundCancellation, cancellation_id)
    payment = yield from Load(Payment, cancellation.payment_id)
    refund = yield from Load(Refund, cancellation.refund_id)
    evidence = as_told_of(payment, evidence)
    if isinstance(evidence.fact, Unknown):
        if not _is_doubtful(cancellation, evidence.source):
            return ()
        return payment.doubt(cancellation, evidence.fact, at=evidence.recorded_at)
    others: Written = ()
    if isinstance(evidence.fact, Canceled) and evidence.source is not EvidenceSource.OURSELVES:
        told = yield from _of_movement(Refund, refund.id, evidence)
        payment = next(each for each in told if isinstance(each, Payment) and each.id == payment.id)
        refund = next(each for each in told if isinstance(each, Refund) and each.id == refund.id)
        others = tuple(each for each in told if each is not payment and each is not refund)
    return *settle_cancellation(payment, refund, cancellation, evidence), *others


def _of_charge(charge_id: str, evidence: Evidence) -> Unit[Written]:
    charge = yield from Load(Charge, charge_id)
    payment = yield from Load(Payment, charge.payment_id)
    account = yield from Load(PayableAccount, payment.payable_id)
    at, evidence = evidence.recorded_at, as_told_of(payment, evidence)
    addressee, rightly = yield from rightly_addressed(payment, evidence, operation_id=charge_id)
    if isinstance(rightly.fact, Unknown):
        if not _is_doubtful(charge, evidence.source):
            return ()
        doubted, doubtful = addressee.doubt(charge, rightly.fact, at=at)
        doubted = doubted.noted(doubtful)
        claims = yield from new_claims(
            payment.gateway, charge.references, doubtful.references, doubted
        )
        return doubted, doubtful, account.moved(payment.share, doubted.share, at=at), *claims
    before = ChargeSettlement(
        account=account,
        payment=payment,
        charge=charge,
        authorization=(yield from Peek(Authorization, authorization_id_of(charge_id))),
        capture=(yield from Peek(Capture, capture_id_of(charge_id))),
    )
    if isinstance(evidence.fact, Authorized | Captured | Retaken):
        _, named = yield from payment_named(payment.gateway, evidence.fact.references)
        if named is not None and named.id != payment.id:
            left = before.left_to_a_person(named.id, at=at)
            return left.payment, left.charge
    return (yield from _of_settled_charge(before, addressee, rightly))


def _of_settled_charge(
    before: ChargeSettlement, addressee: Payment, evidence: Evidence
) -> Unit[Written]:
    """What a fact about a charge makes of its payment, and what follows from that."""
    payment, charge, at = before.payment, before.charge, evidence.recorded_at
    after = attrs.evolve(before, payment=addressee).settled(evidence)
    told = yield from told_apart(
        payment.gateway,
        after.payment,
        payment.references,
        after.payment.references,
        record=payment,
        operation_id=charge.id,
        at=at,
    )
    after = attrs.evolve(after, payment=told)
    claims = (
        *(yield from claims_for(payment.gateway, payment, after.payment)),
        *(yield from claims_for(payment.gateway, before.capture, after.capture)),
    )
    has_failed = after.has_failed_since(before) and not never_arrived(charge, evidence)
    follow_up: FollowUp = yield from followed_up(
        before.account,
        after.account,
        after.payment,
        failed=payment.id if has_failed else None,
        at=at,
    )
    return (
        *follow_up,
        after.authorization,
        after.capture,
        after.charge,
        after.release,
        *claims,
    )


def _of_setup_attempt(attempt_id: str, evidence: Evidence) -> Unit[Written]:
    attempt = yield from Load(SetupAttempt, attempt_id)
    session = yield from Load(SetupSession, attempt.setup_session_id)
    evidence = as_told_of(session, evidence)
    if not isinstance(evidence.fact, Unknown):
        settled, after = session.settle(attempt, evidence)
    elif _is_doubtful(attempt, evidence.source):
        doubted, after = session.doubt(attempt, evidence.fact, at=evidence.recorded_at)
        settled = doubted.noted(after)
    else:
        return ()
    settled = yield from told_apart(
        session.gateway,
        settled,
        session.references,
        settled.references,
        record=session,
        operation_id=attempt_id,
        at=evidence.recorded_at,
    )
    claims = yield from new_claims(session.gateway, session.references, settled.references, settled)
    return settled, after, *claims


def _of_attempt(attempt_id: str, evidence: Evidence) -> Unit[Written]:
    before = yield from _settlement_of(attempt_id, evidence)
    at, evidence = evidence.recorded_at, as_told_of(before.session, evidence)
    if before.payment is not None and before.payment.session_id != before.session.id:
        return _left_to_a_person(before, before.payment.id, at=at)
    addressed = rightly_addressed(before.session, evidence, operation_id=attempt_id)
    addressee, evidence = yield from addressed
    if isinstance(evidence.fact, Unknown):
        if not _is_doubtful(before.attempt, evidence.source):
            return ()
        session, attempt = addressee.doubt(before.attempt, evidence.fact, at=at)
        session = session.noted(attempt)
        account = before.account.moved(before.session.share, session.share, at=at)
        claims = yield from new_claims(
            session.gateway, before.attempt.references, attempt.references, session
        )
        return session, attempt, account, *claims
    return (yield from _of_settled_attempt(before, addressee, evidence, attempt_id=attempt_id))


def _of_settled_attempt(
    before: Settlement, addressee: PaymentSession, evidence: Evidence, *, attempt_id: str
) -> Unit[Written]:
    """What a fact about an attempt makes of its session, and what follows from that."""
    at = evidence.recorded_at
    after = attrs.evolve(before, session=addressee).settled(evidence)
    session = yield from told_apart(
        before.session.gateway,
        after.session,
        before.session.references,
        after.session.references,
        record=before.session,
        operation_id=attempt_id,
        at=at,
    )
    after = attrs.evolve(after, session=session)
    claims = yield from claims_of(before, after)
    after, closing = yield from own_superseded(after, at=at)
    has_failed = after.has_failed_since(before) and not never_arrived(before.attempt, evidence)
    follow_up = yield from followed_up(
        before.account,
        after.account,
        after.payment,
        failed=after.session.id if has_failed else None,
        at=at,
    )
    return (
        *follow_up,
        after.authorization,
        after.capture,
        after.session,
        after.attempt,
        after.release,
        _in_place_of(before.attempt, after.completion),
        closing,
        *after.others,
        *claims,
    )


def _in_place_of(attempt: Attempt, completion: Attempt | None) -> Attempt | None:
    """Let the call that an approval makes due answer the caller's key, if there is one."""
    return completion and attrs.evolve(completion, claim=attempt.claim)


def _settlement_of(attempt_id: str, evidence: Evidence) -> Unit[Settlement]:
    attempt = yield from Load(Attempt, attempt_id)
    session = yield from Load(PaymentSession, attempt.session_id)
    attempt = yield from attempt_told_of(attempt, session, evidence)
    account = yield from Load(PayableAccount, session.payable_id)
    others = tuple(each for each in (yield from open_attempts(session)) if each.id != attempt.id)
    settlement = Settlement(account=account, session=session, attempt=attempt, others=others)
    payment = yield from _payment_meant(attempt, session, evidence.fact)
    if payment is None:
        return settlement
    first = payment.attempt_id or attempt.id
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
    where it gave none, then or now, there is one payment in its session.
    """
    is_money = isinstance(fact, Authorized | Captured | Retaken)
    known = None if attempt.payment_id is None else (yield from Load(Payment, attempt.payment_id))
    if not is_money:
        return known
    is_named, payment = yield from payment_named(session.gateway, fact.references)
    if known is not None:
        return known if payment is None or payment.session_id == session.id else payment
    if payment is not None:
        return payment
    known = yield from _payment_in(session)
    if known is None or (is_named and (yield from _is_told_apart(known, fact.references))):
        return None
    return known


def _payment_in(session: PaymentSession) -> Unit[Payment | None]:
    """Return the payment by which a session was completed, or the one that came for it late."""
    if session.payment_id is not None:
        return (yield from Load(Payment, session.payment_id))
    payments = (yield from Find(Payment, "session_id", session.id)) if session.is_closed else ()
    return payments[0] if len(payments) == 1 else None


def _is_told_apart(payment: Payment, references: References) -> Unit[bool]:
    """Whether the provider has given ids to a payment's money, and none of these."""
    sale = yield from Peek(Capture, capture_id_of(payment.attempt_id or payment.id))
    known = payment.references if sale is None else payment.references | sale.references
    named = set(known.only(NAMING_MONEY))
    return bool(named) and not named & set(references)


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
    if session is before.session:
        return ()
    return session, before.attempt.handed_over(
        "the provider names another session's payment", at=at
    )
