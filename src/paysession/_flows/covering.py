"""
One payable paid in several parts, some of which wait for the others.

What is held until the payable is covered (store credit beside a card, say) is taken in the
commit that covers it, and released in the commit by which the rest of it has failed. Both
are ordinary operations, due at once, which recovery makes if nobody else does.
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
from paysession._domain.session import PaymentSession
from paysession._flows.asks import Find, Unit
from paysession._money import Money

FollowUp: TypeAlias = tuple[Entity | None, ...]
Step: TypeAlias = Callable[[Payment, datetime], tuple[Payment, Capture | Void]]


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

    Args:
        before: The payable's account as it was.
        account: As it is now.
        payment: The payment that changes in the same commit, if one does.
        failed: By what the rest has just failed, if it has: the id of a session that ends
            without money, or of a payment whose charge was refused.
        at: This instant.

    Returns:
        That payment, if any, and all else that follows.
    """
    if account.is_covered and not before.is_covered:
        return (yield from _each_waiting(account, payment, _taken, at))
    may_release = failed and account.authorized and not account.is_covered
    if may_release and not account.in_flight:
        sessions = yield from Find(PaymentSession, "payable_id", account.id)
        if not any(session.is_open for session in sessions if session.id != failed):
            return (yield from _each_waiting(account, payment, _released, at))
    return (payment,)


def _each_waiting(
    account: PayableAccount, payment: Payment | None, step: Step, at: datetime
) -> Unit[FollowUp]:
    stored = yield from Find(Payment, "payable_id", account.id)
    others = [each for each in stored if payment is None or each.id != payment.id]
    followed: list[Entity] = []
    for each in others if payment is None else (payment, *others):
        followed.extend(step(each, at) if _waits(each) else (each,))
    return tuple(followed)


def _waits(payment: Payment) -> bool:
    is_held_back = payment.capture_policy is CapturePolicy.WHEN_COVERED
    return is_held_back and bool(payment.balances.capturable)


def _taken(payment: Payment, at: datetime) -> tuple[Payment, Capture]:
    return payment.request_capture(
        derived_id("ca", payment.id, "covered", str(payment.movements)),
        amount=None,
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
