"""The account of a payable that a backend passes, with what that costs now."""

from __future__ import annotations

from datetime import datetime

from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._flows.arguments import typed
from paysession._flows.asks import Find, Flow, Load, Now, Peek, Tenant, Unit
from paysession._flows.carrying import carried_on
from paysession._flows.covering import FollowUp, followed_up
from paysession._flows.units import atomic


def account_of(payable: Payable, *, tenant: str, at: datetime) -> Unit[PayableAccount]:
    """
    Return the account of a payable, with what that costs now.

    Raises:
        CurrencyMismatch: It was in another currency before, and was asked for in that.
    """
    known = yield from Peek(PayableAccount, payable.id)
    if known is None:
        return PayableAccount.opened(payable, tenant=tenant, at=at)
    is_another = payable.total.currency != known.total.currency
    if is_another and not (yield from _is_asked_for(known)):
        return known.redenominated(payable, at=at)
    return known.restated(payable, at=at)


def _is_asked_for(account: PayableAccount) -> Unit[bool]:
    """Whether money was held or taken for a payable, or may still come as a matter of course."""
    if not account.is_untouched:
        return True
    sessions = yield from Find(PaymentSession, "payable_id", account.id)
    payments = yield from Find(Payment, "payable_id", account.id)
    return any(each.is_open for each in sessions) or any(each.is_open for each in payments)


def update_payable(payable: Payable) -> Flow[PayableAccount]:
    """Take over what a payable costs now; what waits for it to be covered may be due by that."""
    typed("payable", payable, Payable)
    tenant, at = (yield from Tenant()), (yield from Now())

    @atomic
    def restate() -> Unit[FollowUp]:
        account = yield from account_of(payable, tenant=tenant, at=at)
        known = (yield from Peek(PayableAccount, payable.id)) or account
        is_same_currency = known.total.currency == account.total.currency
        before = known if is_same_currency else account
        return (yield from followed_up(before, account, None, failed=None, at=at))

    yield from carried_on((yield from restate()))
    return (yield from Load(PayableAccount, payable.id))
