"""Payments without a session: one that waits in the checkout, one that is charged at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from paysession._domain.charges import Charge
from paysession._domain.limits import Metadata, safe_choice, safe_id
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms, capture_policy
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.sources import MandateUse, Source
from paysession._flows.accounts import account_of
from paysession._flows.arguments import checked_source, optional_id, typed
from paysession._flows.asks import Claimed, Description, Flow, Load, NewId, Now, Peek, Tenant, Unit
from paysession._flows.carrying import carried_on, carry_out, described
from paysession._flows.covering import FollowUp, followed_up
from paysession._flows.holding import lease_of
from paysession._flows.units import deciding
from paysession._money import Money
from paysession.errors import (
    OperationUnresolved,
    OutcomeUnknown,
    SessionRequired,
    SourceRequired,
    UnsafeInput,
    Unsupported,
)
from paysession.lifecycles import PaymentStatus
from paysession.stores.port import KINDS, Claim

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
    if not description.capabilities.settled_by_person:
        raise Unsupported(method.gateway, "create_payment", "its money comes by charge: use that")
    tenant, at = (yield from Tenant()), (yield from Now())
    payment_id = yield from NewId("py")

    @deciding
    def create() -> Unit[tuple[Payment, Payment | None, PayableAccount, Claim]]:
        account = yield from account_of(payable, tenant=tenant, at=at)
        asked = account.asked_for(amount)
        description.capabilities.minor_units.to_provider(asked)
        place = yield from Claimed(_CHECKOUT, payable.id)
        abandoned = (yield from _abandoned(place, at=at)) if place else None
        payment = Payment.waiting(
            payment_id,
            tenant=tenant,
            payable=payable,
            method=method,
            source=source,
            amount=asked,
            capture_policy=method.capture,
            metadata=notes,
            at=at,
            number=called,
        )
        return payment, abandoned, account, _taking(place, payment)

    payment, *_ = yield from create()
    return payment


def abandon_payment(payment_id: str) -> Flow[Payment]:
    """Give up a payment that waits, in the checkout or for the customer to act."""
    wanted, at = safe_id(payment_id, field="payment_id"), (yield from Now())

    @deciding
    def abandon() -> Unit[FollowUp]:
        payment = yield from Load(Payment, wanted)
        if payment.phase is PaymentStatus.ABANDONED:
            return (payment,)
        payment, charges = yield from _without_charges(payment, at=at)
        abandoned = payment.abandon(at=at)
        account = yield from Load(PayableAccount, payment.payable_id)
        follow_up = yield from followed_up(account, account, abandoned, failed=wanted, at=at)
        return *follow_up, *charges

    written = yield from abandon()
    yield from carried_on(written)
    return typed("payment", written[0], Payment)


def _without_charges(payment: Payment, *, at: datetime) -> Unit[tuple[Payment, tuple[Charge, ...]]]:
    """Leave the charges behind that wait for the customer."""
    waiting: tuple[Charge | None, ...] = ()
    for charge_id in payment.open_operations:
        waiting = (*waiting, (yield from Peek(Charge, charge_id)))
    ended: tuple[Charge, ...] = ()
    for charge in filter(None, waiting):
        if charge.is_unresolved:
            raise OperationUnresolved(charge.id, charge.waits_for_person)
        payment, superseded = payment.supersede(charge, at=at)
        ended = (*ended, superseded)
    return payment, ended


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
        payment, charge = Payment.waiting(
            payment_id,
            tenant=tenant,
            payable=payable,
            method=method,
            source=source,
            amount=asked,
            capture_policy=terms.capture,
            metadata=terms.metadata,
            at=at,
        ).request_charge(charge_id, terms=terms, source=source, use=mandate_use, lease=lease)
        return payment, charge, account.moved(None, payment.share, at=at)

    _, charge, _ = yield from request()
    yield from carry_out(charge)
    try:
        return (yield from Load(Payment, payment_id))
    except Exception as error:
        raise OutcomeUnknown(charge.id, payment_id) from error


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
