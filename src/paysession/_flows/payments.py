"""Payments without a session: one that waits in the checkout, one that is charged at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.charges import Charge
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.identity import derived_id
from paysession._domain.limits import Metadata, safe_choice, safe_id, safe_text
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms, capture_policy
from paysession._domain.movements import Capture, Refund, RefundReason
from paysession._domain.operations import Origin
from paysession._domain.payable import Payable, PayableAccount, checked_amount
from paysession._domain.payment import Payment
from paysession._domain.sources import MandateUse, Source
from paysession._flows.accounts import account_of
from paysession._flows.arguments import checked_source, optional_id, typed
from paysession._flows.asks import Claimed, Description, Find, Flow, Load, NewId, Now, Tenant, Unit
from paysession._flows.carrying import carry_out, described, lease_of, resolve
from paysession._flows.covering import followed_up
from paysession._flows.naming import new_claims, payment_named
from paysession._flows.units import deciding
from paysession._money import Money
from paysession.errors import (
    OutcomeUnknown,
    SessionRequired,
    SourceRequired,
    UnsafeInput,
    Unsupported,
)
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import NO_REFERENCES, References
from paysession.stores.port import KINDS, Claim

Written: TypeAlias = tuple[Entity | Claim | None, ...]

_CHECKOUT = "checkout"
"""The namespace of the claims on the one place in the checkout of each payable."""


def create_payment(
    payable: Payable,
    *,
    method: PaymentMethod,
    amount: Money | None,
    source: Source | None,
    number: str | None,
    metadata: Mapping[str, str] | None,
) -> Flow[Payment]:
    """Let a payment wait in the checkout, in the place of any other that waits there."""
    typed("payable", payable, Payable)
    typed("method", method, PaymentMethod)
    checked_source(source)
    notes, called = Metadata.of(metadata), optional_id("number", number)
    if method.session_required:
        raise SessionRequired(method.id)
    if method.source_required and source is None:
        raise SourceRequired(method.id)
    description = yield from described(method)
    tenant, at = (yield from Tenant()), (yield from Now())
    payment_id = yield from NewId("py")

    @deciding
    def create() -> Unit[tuple[Payment, Payment | None, PayableAccount, Claim]]:
        account = yield from account_of(payable, tenant=tenant, at=at)
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        place = yield from Claimed(_CHECKOUT, payable.id)
        abandoned = (yield from _abandoned(place, at=at)) if place else None
        payment = Payment.begun(
            payment_id,
            tenant=tenant,
            gateway=method.gateway,
            payable_id=payable.id,
            payable_reference=payable.reference,
            customer_id=payable.customer_id,
            method=method,
            source=source,
            session_id=None,
            attempt_id=None,
            amount=asked,
            capture_policy=method.capture,
            metadata=notes,
            at=at,
            phase=PaymentStatus.CHECKOUT,
            origin=Origin.COMMAND,
            number=called,
        )
        return payment, abandoned, account, _taking(place, payment)

    payment, *_ = yield from create()
    return payment


def abandon_payment(payment_id: str) -> Flow[Payment]:
    """Give a payment up that waits in the checkout; abandoning an abandoned one returns it."""
    wanted, at = safe_id(payment_id, field="payment_id"), (yield from Now())

    @deciding
    def abandon() -> Unit[Payment]:
        payment = yield from Load(Payment, wanted)
        is_done = payment.status is PaymentStatus.ABANDONED
        return payment if is_done else payment.abandon(at=at)

    return (yield from abandon())


def _abandoned(place: Claim, *, at: datetime) -> Unit[Payment]:
    """Abandon the payment that has the place in the checkout, if it still waits there."""
    payment = yield from Load(Payment, place.id)
    return payment.abandon(at=at) if payment.status is PaymentStatus.CHECKOUT else payment


def _taking(place: Claim | None, payment: Payment) -> Claim:
    """Claim the one place in a payable's checkout: of two who do so at once, one comes second."""
    return Claim(
        namespace=_CHECKOUT,
        text=payment.payable_id,
        kind=KINDS[Payment],
        id=payment.id,
        version=place.version + 1 if place else 1,
    )


def charge(
    payable: Payable,
    *,
    method: PaymentMethod,
    source: Source,
    amount: Money | None,
    capture: CapturePolicy | None,
    use: MandateUse,
    customer_external_id: str | None,
    metadata: Mapping[str, str] | None,
) -> Flow[Payment]:
    """Take, or hold, what is due from a stored source, with the customer absent."""
    typed("payable", payable, Payable)
    typed("method", method, PaymentMethod)
    _refuse_unchargeable(checked_source(source))
    mandate_use = safe_choice(use, field="use", among=MandateUse)
    terms = Terms(
        payable_id=payable.id,
        payable_reference=payable.reference,
        customer_id=payable.customer_id,
        customer_external_id=optional_id("customer_external_id", customer_external_id),
        capture=method.capture if capture is None else capture_policy(capture),
        metadata=Metadata.of(metadata),
    )
    description = yield from described(method)
    _refuse_unable(description, terms.capture)
    tenant, at = (yield from Tenant()), (yield from Now())
    payment_id, charge_id = (yield from NewId("py")), (yield from NewId("at"))
    lease = lease_of(description.capabilities, at=at)

    @deciding
    def request() -> Unit[tuple[Payment, Charge, PayableAccount]]:
        account = yield from account_of(payable, tenant=tenant, at=at)
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        payment, charge = Payment.begun(
            payment_id,
            tenant=tenant,
            gateway=method.gateway,
            payable_id=payable.id,
            payable_reference=payable.reference,
            customer_id=payable.customer_id,
            method=method,
            source=source,
            session_id=None,
            attempt_id=None,
            amount=asked,
            capture_policy=terms.capture,
            metadata=terms.metadata,
            at=at,
            phase=PaymentStatus.CHECKOUT,
            origin=Origin.COMMAND,
        ).request_charge(charge_id, terms=terms, source=source, use=mandate_use, lease=lease)
        return payment, charge, account.moved(None, payment.share, at=at)

    _, charge, _ = yield from request()
    yield from carry_out(charge)
    try:
        return (yield from Load(Payment, payment_id))
    except Exception as error:
        raise OutcomeUnknown(charge.id, payment_id) from error


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
        missing = payment.missing
        if amount is None and not missing:
            return ((yield from _newest(Capture, payment)),)
        before = yield from _known_by(named, payment)
        paid, authorization, capture = payment.mark_paid(
            capture_id,
            authorization_id=derived_id("au", capture_id),
            amount=missing if amount is None else amount,
            reference=named,
            metadata=notes,
            at=at,
        )
        if before is not None:
            twice = DiscrepancyKind.PAID_TWICE
            paid = paid.disagreed(twice, capture.id, "another reference", named, at=at)
        accounted = account.moved(payment.share, paid.share, at=at)
        paid = paid.compared_with(accounted, operation_id=capture.id, at=at)
        follow_up = yield from followed_up(account, accounted, paid, failed=None, at=at)
        claims = yield from new_claims(paid.gateway, NO_REFERENCES, capture.references, capture)
        return capture, *follow_up, authorization, accounted, *claims

    written = yield from record()
    yield from _carried_out(each for each in written if isinstance(each, Capture) and each.is_open)
    return typed("capture", written[0], Capture)


def _named(reference: str | None) -> str | None:
    """What a person writes down may be anything, so it is looked at for card numbers."""
    return None if reference is None else safe_text(reference, field="reference", most=255)


def _known_by(reference: str | None, payment: Payment) -> Unit[Payment | None]:
    """
    Return the payment if money came for it under that reference before.

    One transfer may pay for several payables, but it pays for each once.
    """
    named = References.of(capture=reference)
    _, known = yield from payment_named(payment.gateway, named)
    return known if known is not None and known.id == payment.id else None


def _carried_out(captures: Iterable[Capture]) -> Flow[None]:
    """Take at once what waited for the payable to be covered; recovery takes what fails here."""
    for capture in captures:
        try:
            yield from resolve(capture)
        except Exception:  # noqa: BLE001, S112 - the money has come, and the capture is committed
            continue


def mark_refunded(
    payment_id: str,
    *,
    amount: Money | None,
    reason: RefundReason | None,
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
            return ((yield from _newest(Refund, payment)),)
        returned, refund = payment.mark_refunded(
            refund_id, amount=amount, reason=why, reference=named, metadata=notes, at=at
        )
        return refund, returned, account.moved(payment.share, returned.share, at=at)

    written = yield from record()
    return typed("refund", written[0], Refund)


def _newest(kind: type[Capture | Refund], payment: Payment) -> Unit[Capture | Refund]:
    """Return the movement that a repeated command means."""
    return (yield from Find(kind, "payment_id", payment.id))[-1]


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


def _refuse_unchargeable(source: Source | None) -> None:
    if source is None or source.profile_id is None:
        raise UnsafeInput("source", "it has no profile_id, so the provider cannot charge it")


def _refuse_unable(description: Description, policy: CapturePolicy) -> None:
    """What is held must be taken or released later, by the same gateway."""
    description.require("charge")
    if policy is not CapturePolicy.AUTOMATIC:
        description.require("capture")
    if policy is CapturePolicy.WHEN_COVERED:
        description.require("void")
