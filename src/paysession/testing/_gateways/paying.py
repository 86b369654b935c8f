"""A session as it is paid as agreed, and as it cannot be paid any more."""

from __future__ import annotations

from typing import Any

from paysession._money import Money
from paysession.gateways import CreateSessionRequest, Request
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    References,
    Rejected,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.occasions import effect_of


def is_paid(
    bench: Bench, session: CreateSessionRequest, opened: References, *, updated: Money | None = None
) -> tuple[Request[Any], Authorized | Captured]:
    """Do nothing but tell how, if a session is paid: held or taken, as agreed, to the last unit."""
    amount = updated or session.amount
    with bench.moving("after a session was completed") as moves:
        bench.customer_acts(opened)
        last, end = bench.concluded(bench.orders.completion(session, opened, amount=amount))
        paid = bench.sold_as(session.terms.capture, end, what="a session that is completed")
        bench.same(amount, paid.amount, "what was paid in it")
        moves.update(effect_of(last, paid))
    return last, paid


def cannot_be_paid(bench: Bench, session: CreateSessionRequest, opened: References) -> None:
    with bench.unmoved("after a session was said to be closed"):
        if not bench.author.customer_pays:
            bench.customer_acts(opened)
        for _ in range(2):
            late = bench.orders.completion(session, opened, source=bench.source())
            lawful = (Canceled, Expired, Declined, Rejected)
            bench.one_of(bench.end_of(late), *lawful, what="a closed session that is completed")
    if bench.offers("update_session"):
        update = bench.ask(bench.orders.update(session, opened, session.amount * 2))
        is_refused = not isinstance(update, Accepted | ActionRequired)
        bench.must(is_refused, "an update of a closed session", "refused", update)
