"""Laws of closing sessions: what is closed cannot be paid, and what was paid is told of."""

from __future__ import annotations

from itertools import product
from typing import Final

from paysession._domain.attempts import CloseReason
from paysession.gateways import CreateSessionRequest
from paysession.outcomes import (
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Pending,
    ReferenceRole,
    References,
    Rejected,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import Ending, endings_of
from paysession.testing._gateways.law import SESSIONS, law
from paysession.testing._gateways.occasions import effect_of
from paysession.testing._gateways.paying import cannot_be_paid

_OF_MONEY: Final = frozenset({ReferenceRole.AUTHORIZATION, ReferenceRole.CAPTURE})

_OVER: Final = (Canceled, Expired, Authorized, Captured)
"""What is certain of a session that is closed: it was not paid, or it was."""

_UNDER_WAY: Final = ("decline", "require_action")
"""How a completion may have ended before a session is closed."""


@law(
    "SES-3",
    "a closed session stays closed: no money moves in it, and closing it again says so",
    reason="the store gives the goods to others, and whoever closes cannot know that somebody has",
    source="I16, I17; WooPayments #3118, paid at the provider and canceled by a timer",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
)
def a_closed_session_stays_closed(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for reason in CloseReason:
        bench.anew()
        session, opened = bench.created(amount)
        for what in ("a session that is closed unpaid", "a closed session, closed again"):
            closed = bench.end_of(bench.orders.closing(session, opened, reason))
            bench.one_of(closed, Canceled, Expired, what=what)
        with bench.unmoved("after it was closed"):
            late = bench.end_of(bench.orders.completion(session, opened))
            lawful = (Canceled, Expired, Declined, Rejected)
            bench.one_of(late, *lawful, what="a closed session that is completed")


@law(
    "SES-4",
    "closing a session that was paid answers what was held or taken, and leaves it alone",
    reason="money that nobody knows of is the worst that can happen: the order is not sent",
    source="I16, F35; WooPayments #3118",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
)
def closing_a_paid_session_tells_of_its_money(bench: Bench) -> None:
    amount = bench.drawn.amount()
    for policy in bench.policies:
        bench.anew()
        session, opened = bench.opened(amount, policy=policy)
        _, end = bench.concluded(bench.orders.completion(session, opened))
        paid = bench.sold(end, what="a session that is completed")
        with bench.unmoved("after a paid session was closed"):
            answer = bench.end_of(bench.orders.closing(session, opened))
            told = bench.sold(answer, what="a paid session that is closed")
        bench.same(type(paid), type(told), "whether it tells that the money is held or taken")
        bench.same(paid.amount, told.amount, "the amount that it tells of")
        bench.same(_ids(paid.references), _ids(told.references), "the ids of that money")


@law(
    "SES-7",
    "when a session is closed while it is being paid, the money is told of, or never moves",
    reason="money that arrives in a session that everybody takes for closed is found by nobody",
    source="I21, I23, F35; WooPayments #3118",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
    controls=("keep_pending", "settle", "books"),
)
def closing_what_is_being_paid_loses_no_money(bench: Bench) -> None:
    bench.arm("keep_pending", "complete_session")
    with bench.moving("after a session was closed that was being paid") as moves:
        session, opened = bench.opened(bench.drawn.amount())
        completion = bench.orders.completion(session, opened)
        bench.one_of(bench.ask(completion), Pending, what="a completion that is kept pending")
        first = bench.ask(bench.orders.closing(session, opened))
        bench.one_of(first, *_OVER, Pending, Declined, what="the session, closed meanwhile")
        bench.settle()
        # What was not certain then is asked for again, when all is decided.
        is_certain = isinstance(first, _OVER)
        told = first if is_certain else bench.end_of(bench.orders.closing(session, opened))
        bench.one_of(told, *_OVER, what="the session, closed when all is decided")
        moves.update(effect_of(completion, told))


@law(
    "SES-11",
    "a session that is said to be closed cannot be paid, whatever happened in it before",
    reason="a refusal, a customer at his bank or a lost answer is no reason to close it in name",
    source="I16, I21, F35; WooPayments #3118, paid at the provider and canceled by a timer",
    about="close_session",
    needs=(*SESSIONS, "close_session", "word"),
)
def what_is_said_to_be_closed_is_closed(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    ends = (None, *endings_of(bench, "close_session"))
    before = [each for each in endings_of(bench, "complete_session") if each.control in _UNDER_WAY]
    befores = (None,) if bench.author.customer_pays else (None, *before)
    for ending, earlier in product(ends, befores):
        bench.anew()
        with bench.where_it_can_be_played():
            session, opened = _under_way(bench, ending, earlier)
            closing = bench.orders.closing(session, opened)
            answer = bench.ended(closing, bench.heard(closing))
            if isinstance(answer, Canceled | Expired):
                cannot_be_paid(bench, session, opened)


def _under_way(
    bench: Bench, ending: Ending | None, earlier: Ending | None
) -> tuple[CreateSessionRequest, References]:
    """Open a session whose closing will end so, and in which something else happened earlier."""
    if ending is not None:
        bench.arm(ending.control, "close_session", **ending.named)
    if earlier is not None:
        bench.arm(earlier.control, "complete_session", **earlier.named)
    session, opened = bench.created(bench.drawn.amount())
    if earlier is not None:
        bench.ask(bench.orders.completion(session, opened))
    return session, opened


def _ids(references: References) -> References:
    """Return what the money is called, in whatever order it was told."""
    return References(tuple(sorted(references.only(_OF_MONEY), key=lambda each: each.role)))
