"""
One payable paid in several parts, some of which wait for the others.

What is held until the payable is covered (store credit beside a card, say) is taken in the
commit that covers it, and released in the commit by which the rest of it has failed. What was
to be taken at once, and is only held by the provider, is taken as well. All are ordinary
operations, due at once, which recovery makes if nobody else does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from paysession._domain.entities import Entity
from paysession._domain.identity import derived_id
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy
from paysession._domain.movements import Capture, Void
from paysession._domain.operations import Lease, Origin
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.payment_requests import MOST_MOVEMENTS
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Find, Unit
from paysession._flows.superseding import others_superseded
from paysession._money import Money
from paysession.lifecycles import PaymentStatus

FollowUp: TypeAlias = tuple[Entity | None, ...]
Followed: TypeAlias = tuple[FollowUp, PayableAccount]
"""What follows, and the account after that."""
Step: TypeAlias = Callable[[Payment, datetime], tuple[Payment, Capture | Void]]

_AWAITED = (PaymentStatus.CHECKOUT, PaymentStatus.PROCESSING)


def followed_up(
    before: PayableAccount,
    account: PayableAccount,
    payment: Payment | None,
    *,
    failed: str | None,
    at: datetime,
) -> Unit[FollowUp]:
    """
    Take what waits for a payable that has just been covered, or release it if that failed.

    What was to be taken at once and is only held is taken too, unless something is amiss. Once
    the payable is covered, its other open sessions are to be closed.

    Args:
        before: The payable's account as it was.
        account: As it is now.
        payment: The payment that changes in the same commit, if one does.
        failed: By what the rest has just failed, if it has: the id of a session that ends
            without money, or of a payment whose charge was refused.
        at: This instant.

    Returns:
        That payment, if any, all else that follows, and the account, which what is released may
        change once more.
    """
    own: FollowUp = ()
    new = _newly_held(before, account, payment)
    if new is not None and _is_to_be_taken(new):
        payment, capture = _taken(new, at)
        own = (capture,)
    follow_up, account = yield from _followed_by_what_waits(before, account, payment, failed, at)
    paying = None if payment is None else payment.session_id
    superseded, account = yield from others_superseded(before, account, but=paying, at=at)
    return *follow_up, *own, *superseded, account


def _followed_by_what_waits(
    before: PayableAccount,
    account: PayableAccount,
    payment: Payment | None,
    failed: str | None,
    at: datetime,
) -> Unit[Followed]:
    if account.is_covered and not before.is_covered:
        payments = yield from _payments_of(account, payment)
        return _taken_as_needed(account, payments, at)
    new = _newly_held(before, account, payment)
    if new is not None and before.is_covered:
        # Others were faster: what comes now has nothing left to wait for.
        return _each_waiting(account, (new,), _released, at)
    if failed and account.authorized and not account.is_covered:
        payments = yield from _payments_of(account, payment)
        if not (yield from _may_still_be_covered(account, payments, failed)):
            return _each_waiting(account, payments, _released, at)
    return (payment,), account


def _newly_held(
    before: PayableAccount, account: PayableAccount, payment: Payment | None
) -> Payment | None:
    """Return the payment if its first money is held; what came undone is not new."""
    is_more = account.authorized > before.authorized
    return payment if payment is not None and is_more and payment.movements == 1 else None


def _payments_of(account: PayableAccount, payment: Payment | None) -> Unit[tuple[Payment, ...]]:
    """Return all payments of a payable that count for it, one of them as it is about to be."""
    stored = yield from Find(Payment, "payable_id", account.id)
    others = tuple(
        each
        for each in stored
        if (payment is None or each.id != payment.id)
        and each.amount.currency == account.owed.currency
    )
    return others if payment is None else (payment, *others)


def _may_still_be_covered(
    account: PayableAccount, payments: tuple[Payment, ...], failed: str
) -> Unit[bool]:
    """
    Tell whether the customer, or somebody who says what has come, may still pay the rest.

    A payment in the checkout and a charge that asks for an action reserve nothing, but wait.
    """
    if any(each.status in _AWAITED or each.awaits_more for each in payments):
        return True
    sessions = yield from Find(PaymentSession, "payable_id", account.id)
    return any(session.is_open for session in sessions if session.id != failed)


def _each_waiting(
    account: PayableAccount, payments: tuple[Payment, ...], step: Step, at: datetime
) -> Followed:
    followed: list[Entity] = []
    for each in payments:
        after, *movement = step(each, at) if _waits(each) else (each,)
        account = account.moved(each.share, after.share, at=at)
        followed += (after, *movement)
    return tuple(followed), account


def _taken_as_needed(
    account: PayableAccount, payments: tuple[Payment, ...], at: datetime
) -> Followed:
    """Take of what waits as much as is owed, and release the rest: nobody pays more by waiting."""
    waiting = [each.balances.capturable for each in payments if _waits(each)]
    held = Money.sum(waiting, currency=account.owed.currency)
    needed = account.owed - account.paid - account.authorized + held

    def taken_or_released(payment: Payment, at: datetime) -> tuple[Payment, Capture | Void]:
        nonlocal needed
        if needed.minor <= 0:
            return _released(payment, at)
        amount = min(needed, payment.balances.capturable)
        needed -= amount
        return _taken(payment, at, amount=amount)

    return _each_waiting(account, payments, taken_or_released, at)


def _waits(payment: Payment) -> bool:
    """Whether it is held until the payable is covered; a full one is left to `capture`."""
    return payment.capture_policy is CapturePolicy.WHEN_COVERED and _has_room(payment)


def _has_room(payment: Payment) -> bool:
    return payment.movements < MOST_MOVEMENTS and bool(payment.balances.capturable)


def _is_to_be_taken(payment: Payment) -> bool:
    """Whether it was to be taken at once, the provider only holds it, and nothing is amiss."""
    is_at_once = payment.capture_policy is CapturePolicy.AUTOMATIC
    is_amiss = any(each.is_open for each in payment.discrepancies)
    return is_at_once and not is_amiss and _has_room(payment)


def _taken(payment: Payment, at: datetime, amount: Money | None = None) -> tuple[Payment, Capture]:
    return payment.request_capture(
        derived_id("ca", payment.id, "covered", str(payment.movements)),
        amount=amount,
        over=Money.zero(payment.amount.currency),
        is_final=True,
        lease=Lease.nobody(at),
        metadata=Metadata(),
        origin=Origin.POLICY,
    )


def _released(payment: Payment, at: datetime) -> tuple[Payment, Void]:
    return payment.request_void(
        derived_id("vo", payment.id, "uncovered", str(payment.movements)),
        amount=None,
        lease=Lease.nobody(at),
        metadata=Metadata(),
        origin=Origin.POLICY,
    )
