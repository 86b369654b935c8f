"""
Which record a provider's report is about.

First by the id of ours that the provider echoes, then by its own ids, and within the same
gateway only. What the provider says of a refund is never taken for a word on the payment,
though it may echo the payment's id with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, cast

import attrs

from paysession._domain.attempts import Attempt, AttemptKind, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.movements import AnyMovementOperation, Capture, Refund, Void
from paysession._domain.payment import Payment
from paysession._domain.receipts import capture_id_of
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Claimed, Find, Load, Peek, Unit
from paysession._flows.naming import namespace_of
from paysession._flows.requests import AnyOperation
from paysession.outcomes import (
    Authorized,
    Captured,
    Fact,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Retaken,
    Stored,
    Voided,
    as_evidence,
)
from paysession.stores.port import KINDS

Echoed: TypeAlias = AnyOperation | PaymentSession | SetupSession | Payment
Known: TypeAlias = Echoed | Dispute

_ECHOED: tuple[type[Echoed], ...] = (
    Attempt,
    Charge,
    Capture,
    Void,
    Refund,
    RefundCancellation,
    SetupAttempt,
    PaymentSession,
    Payment,
    SetupSession,
)
"""What providers echo the id of, likeliest first."""

_KINDS_BY_NAME: Mapping[str, type[Entity]] = MappingProxyType(
    {name: kind for kind, name in KINDS.items()}
)
_ROLES_OF_MOVEMENTS = (ReferenceRole.REFUND, ReferenceRole.VOID, ReferenceRole.CAPTURE)
KIND_OF_ROLE: Mapping[ReferenceRole, type[AnyMovementOperation]] = MappingProxyType(
    {ReferenceRole.CAPTURE: Capture, ReferenceRole.VOID: Void, ReferenceRole.REFUND: Refund}
)


@attrs.frozen(kw_only=True)
class Place:
    """
    What is known here of the things that a report names.

    Attributes:
        echoed: The record whose id of ours the provider echoes.
        named: The records that the provider's ids name, by their role.
        session: The session that all this belongs to, if any.
        payment: The payment that all this belongs to, if any.
    """

    echoed: Echoed | None = None
    named: Mapping[ReferenceRole, Known] = MappingProxyType({})
    session: PaymentSession | SetupSession | None = None
    payment: Payment | None = None

    @property
    def is_nowhere(self) -> bool:
        """Whether nothing that is named is known here."""
        return self.echoed is None and not self.named


def place_of(gateway: str, report: Report) -> Unit[Place | None]:
    """Find what a report is about; None if that belongs to another gateway."""
    echoed = yield from _echoed(report.our_reference)
    if echoed is not None and echoed.gateway != gateway:
        return None
    named = yield from _named(gateway, _ids_in(report))
    known = [each for each in (echoed, *named.values()) if each is not None]
    payment = yield from _payment_of(known)
    session = yield from _session_of(known, payment)
    if payment is None and isinstance(session, PaymentSession):
        payment = yield from _payment_in(session)
    return Place(echoed=echoed, named=named, session=session, payment=payment)


def _ids_in(report: Report) -> References:
    """Return the ids by which the object is known here: a new one is not known yet."""
    told = report.told
    if not isinstance(told, ReferenceChanged):
        return told.references
    return told.references | told.former_references


def _echoed(our_reference: str | None) -> Unit[Echoed | None]:
    if our_reference is None:
        return None
    for kind in _ECHOED:
        record = yield from Peek(kind, our_reference)
        if record is not None:
            return record
    return None


def _named(gateway: str, references: References) -> Unit[Mapping[ReferenceRole, Known]]:
    named: dict[ReferenceRole, Known] = {}
    for reference in references:
        claim = yield from Claimed(namespace_of(gateway, reference.role), reference.id)
        if claim is None:
            continue
        record = yield from Load(_KINDS_BY_NAME[claim.kind], claim.id)
        named[reference.role] = cast("Known", record)
    return named


def _payment_of(known: list[Known]) -> Unit[Payment | None]:
    for each in known:
        if isinstance(each, Payment):
            return each
        payment_id = None if isinstance(each, SetupAttempt | SetupSession) else each.payment_id
        if payment_id is not None:
            return (yield from Load(Payment, payment_id))
    return None


def _payment_in(session: PaymentSession) -> Unit[Payment | None]:
    """Return the payment by which a session was completed, or that came for it all the same."""
    if session.payment_id is not None:
        return (yield from Load(Payment, session.payment_id))
    payments = yield from Find(Payment, "session_id", session.id)
    return payments[0] if len(payments) == 1 else None


def _session_of(
    known: list[Known], payment: Payment | None
) -> Unit[PaymentSession | SetupSession | None]:
    for each in known:
        match each:
            case PaymentSession() | SetupSession():
                return each
            case Attempt(session_id=session_id):
                return (yield from Load(PaymentSession, session_id))
            case SetupAttempt(setup_session_id=session_id):
                return (yield from Load(SetupSession, session_id))
            case _:
                continue
    if payment is not None and payment.session_id is not None:
        return (yield from Load(PaymentSession, payment.session_id))
    return None


def role_of(report: Report) -> ReferenceRole | None:
    """
    Return the role of the movement that a report speaks of, if it speaks of one.

    What it says may tell (something was refunded), or else the most special of its ids.
    """
    match report.fact:
        case Captured():
            return ReferenceRole.CAPTURE
        case Voided():
            return ReferenceRole.VOID
        case Refunded():
            return ReferenceRole.REFUND
        case Retaken():
            return _most_special(report.told) or ReferenceRole.CAPTURE
        case _:
            return _most_special(report.told)


def _most_special(fact: Fact) -> ReferenceRole | None:
    named = {each.role for each in fact.references}
    return next((role for role in _ROLES_OF_MOVEMENTS if role in named), None)


def brought_by(operation: AnyOperation) -> Unit[AnyOperation]:
    """What came in one step had no call of its own: return the attempt or charge that had."""
    if not isinstance(operation, Capture) or not operation.came_in_one_step:
        return operation
    payment = yield from Load(Payment, operation.payment_id)
    if payment.attempt_id is None or capture_id_of(payment.attempt_id) != operation.id:
        return operation
    attempt = yield from Peek(Attempt, payment.attempt_id)
    return attempt or (yield from Load(Charge, payment.attempt_id))


@attrs.frozen
class Meant:
    """
    The attempts or charges that a word on a whole session or payment may be about.

    Attributes:
        operations: The one that it is about, or all that may be; none if there are none.
        is_certain: Whether it can be about no other.
    """

    operations: tuple[Attempt | SetupAttempt | Charge, ...]
    is_certain: bool = True


def meant_by(place: Place, report: Report) -> Unit[Meant]:
    """Find the attempt or charge that a word on a whole session or payment is about."""
    session, payment = place.session, place.payment
    if isinstance(place.echoed, Attempt | SetupAttempt | Charge):
        return Meant((place.echoed,))
    if isinstance(session, SetupSession):
        stored = yield from Find(SetupAttempt, "setup_session_id", session.id)
        return _meant_among(stored, session.attempt_id, report)
    if session is not None:
        attempts = yield from Find(Attempt, "session_id", session.id)
        return _meant_among(attempts, session.attempt_id, report)
    charge = None
    if payment is not None and payment.attempt_id is not None:
        charge = yield from Peek(Charge, payment.attempt_id)
    return Meant(() if charge is None else (charge,))


def _meant_among(
    attempts: Sequence[Attempt] | Sequence[SetupAttempt], newest_id: str | None, report: Report
) -> Meant:
    """
    Return the attempt that the provider tells apart from others, or that was told this before.

    Money counts whichever attempt brought it; what else is said may be about an older one.
    """
    told = as_evidence(report.told)
    told_apart = [each for each in attempts if _is_named(each, report.attempt)]
    told_before = [each for each in attempts if any(one.fact == told for one in each.facts)]
    if told_apart or told_before:
        return Meant(tuple(told_apart or told_before)[:1])
    newest = tuple(each for each in attempts if each.id == newest_id)
    completing = [each for each in attempts if each.kind is AttemptKind.COMPLETE]
    others = [each for each in completing if each not in newest]
    if not others or isinstance(report.fact, Authorized | Captured | Stored):
        return Meant(newest)
    still_open = tuple(each for each in attempts if each.is_open)
    return Meant(still_open or newest, is_certain=False)


def _is_named(attempt: Attempt | SetupAttempt, told: str | None) -> bool:
    """Whether the provider's id of a customer's attempt is one of this attempt's."""
    return told is not None and any(reference.id == told for reference in attempt.references)
