"""All there is to tell about one session or payment, as one value."""

from __future__ import annotations

import attrs

from paysession._domain.disputes import Dispute
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession


@attrs.frozen(kw_only=True)
class Statement:
    """
    What views print.

    Attributes:
        session: The session, if there is one.
        payment: The payment, once there is one.
        account: The totals of what is being paid.
        authorizations: What was held, oldest first; so are the other movements.
        captures: What was taken, and asked to be.
        voids: What was released, and asked to be.
        refunds: What was given back, and asked to be.
        disputes: What was disputed of it, and is.
    """

    session: PaymentSession | None
    payment: Payment | None
    account: PayableAccount
    authorizations: tuple[Authorization, ...] = ()
    captures: tuple[Capture, ...] = ()
    voids: tuple[Void, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
