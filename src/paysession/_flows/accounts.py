"""The account of a payable that a backend passes: the one that is there, or a new one."""

from __future__ import annotations

from datetime import datetime

from paysession._domain.payable import Payable, PayableAccount
from paysession._flows.asks import Peek, Unit


def account_of(payable: Payable, *, tenant: str, at: datetime) -> Unit[PayableAccount]:
    """
    Return the account of a payable, with what that costs now.

    Raises:
        CurrencyMismatch: It was in another currency before.
    """
    known = yield from Peek(PayableAccount, payable.id)
    if known is None:
        return PayableAccount.opened(payable, tenant=tenant, at=at)
    return known.restated(payable, at=at)
