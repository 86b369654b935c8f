"""What can be read: records, and everything about one payment at once."""

from __future__ import annotations

from typing import TypeVar

from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.limits import safe_id
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.statement import Statement
from paysession._flows.accounts import account_of
from paysession._flows.arguments import typed
from paysession._flows.asks import Find, Flow, Load, Now, Peek, Tenant
from paysession.errors import NotFound

E = TypeVar("E", bound=Entity)


def get(kind: type[E], record_id: str) -> Flow[E]:
    """Return one record."""
    return (yield from Load(kind, safe_id(record_id, field="id")))


def find_session(*, external_id: str) -> Flow[PaymentSession]:
    """Return the newest session that the provider knows by `external_id`."""
    wanted = safe_id(external_id, field="external_id")
    sessions = yield from Find(PaymentSession, "external_id", wanted)
    if not sessions:
        raise NotFound("payment session", wanted)
    return sessions[-1]


def sessions_of(payable_id: str) -> Flow[tuple[PaymentSession, ...]]:
    """Return all sessions for one payable, oldest first."""
    return (yield from Find(PaymentSession, "payable_id", safe_id(payable_id, field="payable_id")))


def payments_of(payable_id: str) -> Flow[tuple[Payment, ...]]:
    """Return all payments for one payable, oldest first."""
    return (yield from Find(Payment, "payable_id", safe_id(payable_id, field="payable_id")))


def disputes_of(payment_id: str) -> Flow[tuple[Dispute, ...]]:
    """Return all disputes of one payment, oldest first."""
    return (yield from Find(Dispute, "payment_id", safe_id(payment_id, field="payment_id")))


def balance(payable: Payable | str) -> Flow[PayableAccount]:
    """Return the totals of a payable; given the payable itself, with what it costs now."""
    at = yield from Now()
    if isinstance(payable, Payable):
        return (yield from account_of(payable, tenant=(yield from Tenant()), at=at))
    typed("payable", payable, str)
    return (yield from Load(PayableAccount, safe_id(payable, field="payable")))


def statement(record_id: str) -> Flow[Statement]:
    """Return all there is to tell about a session or a payment."""
    wanted = safe_id(record_id, field="id")
    session = yield from Peek(PaymentSession, wanted)
    if session is not None:
        payment = yield from _payment_of(session)
    else:
        payment = yield from Load(Payment, wanted)
        if payment.session_id is not None:
            session = yield from Load(PaymentSession, payment.session_id)
    payable_id = (
        payment.payable_id if payment is not None else session.payable_id if session else ""
    )
    account = yield from Load(PayableAccount, payable_id)
    if payment is None:
        return Statement(session=session, payment=None, account=account)
    return Statement(
        session=session,
        payment=payment,
        account=account,
        authorizations=(yield from Find(Authorization, "payment_id", payment.id)),
        captures=(yield from Find(Capture, "payment_id", payment.id)),
        voids=(yield from Find(Void, "payment_id", payment.id)),
        refunds=(yield from Find(Refund, "payment_id", payment.id)),
        disputes=(yield from Find(Dispute, "payment_id", payment.id)),
    )


def _payment_of(session: PaymentSession) -> Flow[Payment | None]:
    """Return the payment that completed a session, or else money that came for it all the same."""
    if session.payment_id is not None:
        return (yield from Load(Payment, session.payment_id))
    late = yield from Find(Payment, "session_id", session.id)
    return late[-1] if late else None
