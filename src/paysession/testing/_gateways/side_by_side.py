"""Laws of what goes on side by side: processes, calls, sessions and refunds, each for itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final

from paysession._money import Money
from paysession.gateways import CreateSessionRequest, RefundRequest
from paysession.gateways.requests import Method
from paysession.outcomes import (
    ActionRequired,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    Outcome,
    Pending,
    References,
    Refunded,
    Rejected,
    Unknown,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import SESSIONS, law
from paysession.testing._gateways.occasions import DONE, MOVES, callable_here, effect_of, occasion
from paysession.testing._gateways.orders import AUTOMATIC
from paysession.testing._gateways.paying import is_paid

_BEGUN: Final[tuple[Method, ...]] = (
    "update_session",
    "complete_session",
    "capture",
    "void",
    "refund",
    "complete_setup_session",
)
"""What goes on with something that was begun by another call."""

_AT_ONCE: Final = 3
"""So many calls are made at the same time."""

_NOT_PAID: Final = (Canceled, Expired, Declined, Rejected)
"""How the completion of a session that is closed ends."""


@law(
    "SIDE-1",
    "what one process has begun, another goes on with",
    reason="a customer comes back to another worker than he came from, and goods are returned "
    "months after the process is gone that took the money",
    source="I24, I38, F41",
    about="complete_session",
    needs=("sale",),
    controls=("another",),
)
def another_process_goes_on(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench, _BEGUN):
        bench.anew()
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            with bench.moving(f"after another process has asked for a {method}") as moves:
                end = bench.ended(request, bench.ask(request, of=bench.another()))
                what = f"a {method} of what another process has begun"
                bench.one_of(end, *DONE[method], ActionRequired, what=what)
                moves.update(effect_of(request, end))


@law(
    "SIDE-2",
    "what is asked at the same time of several payments is done of each, as it was asked",
    reason="what an adapter keeps of one call beside the other is the amount of another customer",
    source="I35, I46; WooPayments #6487",
    about="capture",
    needs=("sale",),
    controls=("together",),
)
def calls_keep_apart(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench, MOVES):
        bench.anew()
        with bench.where_it_can_be_played():
            amount = bench.drawn.amount()
            requests = [occasion(bench, method, amount * each) for each in range(1, _AT_ONCE + 1)]
            with bench.moving(f"after a {method} of several payments at the same time") as moves:
                for request, answer in zip(requests, bench.ask_at_once(requests), strict=True):
                    _is_done(bench, request, bench.ended(request, answer), moves)


def _is_done(bench: Bench, request: Any, end: Outcome | Fact, moves: dict[str, Money]) -> None:  # noqa: ANN401 - a request of any method
    """Do nothing but add up if a call ended as it was asked for, or waits for the customer."""
    method = request.method
    bench.one_of(end, *DONE[method], ActionRequired, what=f"one of several calls of {method}")
    moved = effect_of(request, end)
    for part, amount in moved.items():
        bench.same(request.amount, amount, f"what one of several calls of {method} answers")
        moves[part] = moves.get(part, amount * 0) + amount


@law(
    "SIDE-3",
    "of what is there once, two calls at the same time move no more than there is",
    reason="two clerks return one parcel, and each of them was told that it may be refunded",
    source="I4, I5, I35",
    about="refund",
    needs=("sale", "movement"),
    controls=("together",),
)
def what_is_there_once_moves_once(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench, ("capture", "refund")):
        bench.anew()
        amount = bench.drawn.amount()
        paid = bench.paid(amount, policy=AUTOMATIC if method == "refund" else bench.policies[0])
        requests = [getattr(bench.orders, method)(paid, amount) for _ in range(2)]
        with bench.moving(f"after two calls of {method} at the same time") as moves:
            ends = [
                # Who was turned away because of the other asks again.
                bench.end_of(one) if isinstance(answer, Unknown) else bench.ended(one, answer)
                for one, answer in zip(requests, bench.ask_at_once(requests), strict=True)
            ]
            done = [each for each in ends if isinstance(each, Captured | Refunded)]
            what = f"what two calls of {method} answer, of which there is enough for one"
            bench.must(len(done) == 1, what, "one that is done", ends)
            moves.update(effect_of(requests[0], done[0]))


@law(
    "SIDE-4",
    "of two sessions that are open, what is asked of one is done to that one",
    reason="the cart of one customer is paid by the other, or closed while he pays",
    source="I46, I47; WooPayments #6487, one intent for two orders",
    about="create_session",
    needs=SESSIONS,
)
def sessions_keep_apart(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    amount = bench.drawn.amount()
    for deed, newest_first in product(_deeds(bench), (False, True)):
        bench.anew()
        with bench.where_it_can_be_played():
            both = [bench.created(amount), bench.created(amount * 2)]
            one, (session, opened) = reversed(both) if newest_first else both
            deed(*one)
            is_paid(bench, session, opened)


def _deeds(bench: Bench) -> list[Callable[[CreateSessionRequest, References], object]]:
    """Return what can be done with an open session but complete it."""

    def update(session: CreateSessionRequest, opened: References) -> None:
        less = bench.drawn.part_of(session.amount)
        bench.ask(bench.orders.update(session, opened, less))

    def close(session: CreateSessionRequest, opened: References) -> None:
        bench.ask(bench.orders.closing(session, opened))

    deeds = {"update_session": update, "close_session": close}
    return [deed for method, deed in deeds.items() if bench.offers(method)]


@law(
    "SIDE-5",
    "what one process says to be closed, no process can be paid in",
    reason="a timer runs elsewhere than the page on which the customer still is",
    source="I16, F35, F41; WooPayments #3118, paid at the provider and canceled by a timer",
    about="close_session",
    needs=(*SESSIONS, "close_session"),
    controls=("another",),
)
def what_another_process_closes_is_closed(bench: Bench) -> None:
    session, opened = bench.created(bench.drawn.amount())
    closing = bench.orders.closing(session, opened)
    closed = bench.ended(closing, bench.ask(closing, of=bench.another()))
    bench.one_of(closed, Canceled, Expired, what="a session that another process closes")
    with bench.unmoved("after another process has closed it"):
        late = bench.end_of(bench.orders.completion(session, opened))
        bench.one_of(late, *_NOT_PAID, what="a session that another process has closed")


@law(
    "SIDE-6",
    "of two refunds that are pending, the one is called off that was to be",
    reason="the other customer is told that his money comes, and it never does",
    source="I46; docs.stripe.com/api/refunds/cancel",
    about="cancel_refund",
    needs=("sale", "refund", "cancel_refund", "word"),
    controls=("keep_pending", "settle"),
    able=("partial_refunds",),
)
def the_refund_that_is_named_is_called_off(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    amount = bench.drawn.amount()
    for is_older in (True, False):
        bench.anew()
        bench.arm("keep_pending", "refund")
        paid = bench.paid(amount * 3, policy=AUTOMATIC)
        refunds = [bench.orders.refund(paid, amount), bench.orders.refund(paid, amount * 2)]
        pending = [_kept_pending(bench, each) for each in refunds]
        named, other = refunds if is_older else reversed(refunds)
        with bench.moving("after one of two refunds was to be called off") as moves:
            made = pending[refunds.index(named)].references
            elsewhere = bench.another() if bench.knows("another") else None
            off = bench.ask(bench.orders.calling_off(named, made), of=elsewhere)
            bench.settle()
            kept = bench.ended(other, pending[refunds.index(other)])
            bench.one_of(kept, Refunded, what="the other of two refunds")
            told = [each for each in bench.known_of(named) if isinstance(each, Refunded)]
            is_one = not isinstance(off, Canceled) or not told
            bench.must(is_one, "what is told to be given back by the one called off", [], told)
            moves["given_back"] = Money.sum(
                [other.amount, *(each.amount for each in told)], currency=amount.currency
            )


def _kept_pending(bench: Bench, refund: RefundRequest) -> Pending:
    """Ask for a refund that is not decided."""
    bench.arm("keep_pending", "refund")
    return bench.one_of(bench.ask(refund), Pending, what="a refund that is not decided")
