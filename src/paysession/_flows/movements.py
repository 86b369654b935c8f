"""Movements of a payment's money: capture, void, refund."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias, TypeVar

from paysession._domain.cancellations import RefundCancellation, request_cancellation
from paysession._domain.limits import Metadata, safe_choice, safe_id
from paysession._domain.movements import Capture, Refund, RefundReason, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import PayableAccount, checked_amount
from paysession._domain.payment import Payment
from paysession._flows.arguments import typed
from paysession._flows.asks import Description, Find, Flow, Load, NewId, Now, Peek, Unit
from paysession._flows.carrying import carry_out, described, resolve
from paysession._flows.holding import lease_of
from paysession._flows.units import deciding
from paysession._money import Money
from paysession.errors import (
    AmountExceeded,
    GatewayBroken,
    NotFound,
    OperationUnresolved,
    OutcomeUnknown,
    Unsupported,
)
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import Method
from paysession.lifecycles import OperationStatus

O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation
_PREFIXES = {"capture": "ca", "void": "vo", "refund": "re"}
Request: TypeAlias = Callable[[Payment, str, Lease, Capabilities], Unit[tuple[Payment, O]]]


def capture(
    payment_id: str,
    *,
    amount: Money | None,
    is_final: bool,
    metadata: Mapping[str, str] | None,
    despite_unresolved: str | None,
) -> Flow[Capture]:
    """Take `amount` of what is held, or all of it."""
    notes = Metadata.of(metadata)
    typed("is_final", is_final, bool)

    def request(
        payment: Payment, capture_id: str, lease: Lease, can: Capabilities
    ) -> Unit[tuple[Payment, Capture]]:
        closes = is_final or can.first_capture_closes or not can.several_captures
        if closes:
            yield from _refuse_beside_open(payment)
        after, capture = payment.request_capture(
            capture_id,
            amount=amount,
            over=_over_capture(payment, can),
            is_final=closes,
            lease=lease,
            metadata=notes,
        )
        if not can.partial_captures and capture.amount < payment.balances.authorized:
            raise Unsupported(payment.gateway, "capture", "it captures all or nothing")
        return after, capture

    return (yield from _move(Capture, "capture", payment_id, amount, request, despite_unresolved))


def void(
    payment_id: str,
    *,
    amount: Money | None,
    metadata: Mapping[str, str] | None,
    despite_unresolved: str | None,
) -> Flow[Void]:
    """Release `amount` of what is held, or all of it."""
    notes = Metadata.of(metadata)

    def request(
        payment: Payment, void_id: str, lease: Lease, can: Capabilities
    ) -> Unit[tuple[Payment, Void]]:
        after, void = payment.request_void(void_id, amount=amount, lease=lease, metadata=notes)
        if not can.partial_voids:
            yield from _refuse_beside_open(payment)
        if not can.void_after_capture and payment.balances.captured:
            raise Unsupported(payment.gateway, "void", "something was captured already")
        if not can.partial_voids and void.amount < payment.balances.capturable:
            raise Unsupported(payment.gateway, "void", "it releases all or nothing")
        return after, void

    return (yield from _move(Void, "void", payment_id, amount, request, despite_unresolved))


def refund(
    payment_id: str,
    *,
    amount: Money | None,
    reason: RefundReason | str | None,
    capture_id: str | None,
    metadata: Mapping[str, str] | None,
    despite_unresolved: str | None,
) -> Flow[Refund]:
    """Give `amount` of what was taken back, or all of it."""
    notes = Metadata.of(metadata)
    why = None if reason is None else safe_choice(reason, field="reason", among=RefundReason)
    source = None if capture_id is None else safe_id(capture_id, field="capture_id")

    def request(
        payment: Payment, refund_id: str, lease: Lease, can: Capabilities
    ) -> Unit[tuple[Payment, Refund]]:
        asked = payment.balances.refundable if amount is None else amount
        names_capture = bool(asked) and (can.refunds_per_capture or source is not None)
        after, refund = payment.request_refund(
            refund_id,
            amount=amount,
            reason=why,
            capture=(yield from _capture_to_refund(payment, asked, source))
            if names_capture
            else None,
            lease=lease,
            metadata=notes,
        )
        if not can.partial_refunds and refund.amount < payment.balances.captured:
            raise Unsupported(payment.gateway, "refund", "it gives back all or nothing")
        return after, refund

    return (yield from _move(Refund, "refund", payment_id, amount, request, despite_unresolved))


def cancel_refund(refund_id: str) -> Flow[Refund]:
    """Ask for a refund to be called off, and return how it stands then."""
    refund = yield from Load(Refund, safe_id(refund_id, field="refund_id"))
    if refund.status is OperationStatus.CANCELED:
        return refund
    payment = yield from Load(Payment, refund.payment_id)
    description = yield from described(payment.method)
    description.require("cancel_refund")
    yield from _look_at_unresolved(Refund, payment, None)
    cancellation_id = yield from NewId("rc")
    lease = lease_of(description.capabilities, at=(yield from Now()))

    @deciding
    def decide() -> Unit[tuple[RefundCancellation | Refund, Payment | None]]:
        newest = yield from Load(Refund, refund.id)
        asked_already = yield from _open_cancellation(newest)
        if newest.status is OperationStatus.CANCELED or asked_already is not None:
            return newest, None
        payment = yield from Load(Payment, newest.payment_id)
        after, cancellation = request_cancellation(payment, newest, cancellation_id, lease=lease)
        return cancellation, after

    cancellation, _ = yield from decide()
    if isinstance(cancellation, Refund):
        return cancellation
    yield from carry_out(cancellation)
    try:
        return (yield from Load(Refund, refund.id))
    except Exception as error:
        raise OutcomeUnknown(cancellation.id, payment.id) from error


def _open_cancellation(refund: Refund) -> Unit[RefundCancellation | None]:
    """Return the call that is to call a refund off, if one is under way."""
    calls = yield from Find(RefundCancellation, "payment_id", refund.payment_id)
    return next((each for each in calls if each.is_open and each.refund_id == refund.id), None)


def _move(
    kind: type[O],
    method: Method,
    payment_id: str,
    amount: Money | None,
    request: Request[O],
    despite_unresolved: str | None,
) -> Flow[O]:
    """Decide and carry out one movement; all of them have this shape."""
    despite = (
        None
        if despite_unresolved is None
        else safe_id(despite_unresolved, field="despite_unresolved")
    )
    payment_id = safe_id(payment_id, field="payment_id")
    payment = yield from Load(Payment, payment_id)
    if amount is not None:
        checked_amount(amount, payment.amount, verb=method)
    description = yield from described(payment.method)
    description.require(method)
    if amount is not None:
        _refuse_beyond(payment, amount, method, description.capabilities)
    yield from _look_at_unresolved(kind, payment, despite)
    operation_id = yield from NewId(_PREFIXES[method])
    at = yield from Now()
    lease = lease_of(description.capabilities, at=at)

    @deciding
    def decide() -> Unit[tuple[Payment, O, PayableAccount | None]]:
        payment = yield from Load(Payment, payment_id)
        done = (yield from _done_already(kind, method, payment)) if amount is None else None
        if done is not None and done.id != despite:
            return payment, done, None
        yield from _refuse_unresolved(kind, payment, despite)
        after, operation = yield from request(
            payment, operation_id, lease, description.capabilities
        )
        _refuse_unrepresentable(operation.amount, description)
        return after, operation, (yield from _account_with(payment, after, at=at))

    _, operation, _ = yield from decide()
    if operation.id != operation_id:
        return operation
    return (yield from carry_out(operation))


def _account_with(before: Payment, after: Payment, *, at: datetime) -> Unit[PayableAccount | None]:
    """Return the account if it changes: unwanted money that is being let go pays for nothing."""
    if before.share == after.share:
        return None
    account = yield from Load(PayableAccount, after.payable_id)
    return account.moved(before.share, after.share, at=at)


def _over_capture(payment: Payment, can: Capabilities) -> Money:
    """Ask the adapter's own function, which may be wrong like any code."""
    try:
        over: object = can.over_capture(payment.balances.authorized)
    except Exception as error:
        raise GatewayBroken(payment.gateway, "its over_capture raises") from error
    if not isinstance(over, Money):
        raise GatewayBroken(payment.gateway, "its over_capture must return Money")
    return over


def _refuse_beyond(payment: Payment, amount: Money, method: Method, can: Capabilities) -> None:
    """What is more than could ever be moved is refused before anybody is asked."""
    balances = payment.balances
    if method == "refund":
        most, purpose = balances.captured, "captured"
    else:
        over = _over_capture(payment, can) if method == "capture" else balances.authorized * 0
        most, purpose = balances.authorized + over, "authorized"
    if amount > most and most:
        raise AmountExceeded(amount, most, purpose, payment.id)


def _refuse_unrepresentable(amount: Money, description: Description) -> None:
    description.capabilities.minor_units.to_provider(amount)


def _done_already(kind: type[O], method: Method, payment: Payment) -> Unit[O | None]:
    """Return the movement that a repeated command means: all of it is moved, or under way."""
    balances = payment.balances
    left = {"capture": payment.wanted, "refund": balances.refundable, "void": balances.capturable}
    if left[method]:
        return None
    movements = yield from Find(kind, "payment_id", payment.id)
    living = [each for each in movements if each.is_open or each.succeeded]
    return living[-1] if living else None


def _unresolved(kind: type[O], payment: Payment, despite: str | None) -> Unit[tuple[O, ...]]:
    """Return the payment's operations of one kind that may have happened."""
    found: list[O] = []
    for operation_id in payment.open_operations:
        operation = yield from Peek(kind, operation_id)
        is_unknown = operation is not None and operation.status is OperationStatus.REQUESTED
        if operation is not None and is_unknown and operation.id != despite:
            found.append(operation)
    return tuple(found)


def _look_at_unresolved(kind: type[O], payment: Payment, despite: str | None) -> Flow[None]:
    """Give what is unresolved one more chance before another one is refused because of it."""
    for operation in (yield from _unresolved(kind, payment, despite)):
        yield from resolve(operation)


def _refuse_unresolved(kind: type[O], payment: Payment, despite: str | None) -> Unit[None]:
    unresolved = yield from _unresolved(kind, payment, despite)
    if unresolved:
        raise OperationUnresolved(unresolved[0].id, unresolved[0].waits_for_person)


def _refuse_beside_open(payment: Payment) -> Unit[None]:
    """What releases all that is left would release what another movement still asks for."""
    for operation_id in payment.open_operations:
        refund = yield from Peek(Refund, operation_id)
        if refund is None:
            capture = yield from Peek(Capture, operation_id)
            beside = capture or (yield from Peek(Void, operation_id))
            raise OperationUnresolved(operation_id, beside.waits_for_person if beside else None)


def _capture_to_refund(payment: Payment, amount: Money, capture_id: str | None) -> Unit[Capture]:
    """
    Choose the capture a refund is taken from: the one that is named, or the oldest with enough.

    Raises:
        NotFound: The payment has no capture of that id.
        AmountExceeded: No such capture has that much left; refund each by itself.
    """
    captures = yield from Find(Capture, "payment_id", payment.id)
    meant = [each for each in captures if capture_id in (None, each.id)]
    if capture_id is not None and not meant:
        raise NotFound("capture", capture_id)
    refunds = yield from Find(Refund, "payment_id", payment.id)
    most = Money.zero(amount.currency)
    for capture in meant:
        left = _left_of(capture, [each for each in refunds if each.capture_id == capture.id])
        if left >= amount:
            return capture
        most = max(most, left)
    raise AmountExceeded(amount, most, "refundable of one capture", payment.id)


def _left_of(capture: Capture, refunds: list[Refund]) -> Money:
    zero = Money.zero(capture.amount.currency)
    if not capture.succeeded:
        return zero
    living = [each for each in refunds if each.is_open or each.succeeded]
    given = Money.sum((each.moved_amount for each in living), currency=zero.currency)
    return max(zero, capture.moved_amount - given)
