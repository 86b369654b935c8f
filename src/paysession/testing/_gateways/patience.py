"""Laws of how long a call may take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import Unknown
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import came_of
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import MOVES, callable_here, occasion

_LONGEST: Final = 0.1
"""Seconds in which an event loop may be kept by one call: no test's time-out is shorter."""

_TRIES: Final = 3


@law(
    "TIME-1",
    "a call to a provider that never answers comes to an end",
    reason="whoever waits without a bound holds a worker, and after some of them the shop",
    source="F1, F8, I28; requests waits for ever unless it is given a timeout",
    about="complete_session",
    needs=("sale",),
    controls=("never_answer",),
)
def silence_has_an_end(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    looks: list[Method] = ["look_up"] if bench.offers("look_up") else []
    for method in (*callable_here(bench), *looks):
        bench.anew()
        with bench.where_it_can_be_played():
            came_of(bench, _unanswered(bench, method))


@law(
    "TIME-2",
    "a call that was never answered is Unknown, and neither declined nor not attempted",
    reason="the money may have moved: whoever reads a decline asks the customer to pay again",
    source="I26, F1, F2; ps_checkout #1546",
    about="complete_session",
    needs=("sale",),
    controls=("never_answer",),
)
def silence_is_no_answer(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()  # each try lasts as long as the adapter waits
    for method in callable_here(bench, MOVES):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("never_answer", method)
            answer = bench.ask(occasion(bench, method, bench.drawn.amount()))
            bench.one_of(answer, Unknown, what=f"{method} of a provider that never answers")


@law(
    "TIME-3",
    "the longest call is declared to take some time, and less than a key is remembered",
    reason="for that long nobody else takes the operation; it is repeated after that, as long "
    "as its key is remembered",
    source="I39; docs.stripe.com/api/idempotent_requests: keys are removed after 24 hours",
    about="create_session",
)
def the_longest_call_is_within_bounds(bench: Bench) -> None:
    can = bench.gateway.capabilities
    bench.tell("what the gateway declares of time is looked at")
    some_time = can.longest_call > timedelta(0)
    bench.must(some_time, "longest_call", "above zero", str(can.longest_call))
    is_repeatable = not can.honours_keys or can.longest_call < can.key_window
    longest = f"less than key_window, {can.key_window}"
    bench.must(is_repeatable, "longest_call", longest, str(can.longest_call))


@law(
    "TIME-4",
    "no call takes longer than is declared, however it ends",
    reason="somebody else takes the operation then, while it is still under way",
    source="I28, F44",
    about="create_session",
    needs=("sale",),
)
def no_call_takes_longer_than_declared(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            _is_in_time(bench, occasion(bench, method, bench.drawn.amount()))
    for method in callable_here(bench, MOVES)[:1] if bench.knows("never_answer") else []:
        bench.anew()
        with bench.where_it_can_be_played():
            _is_in_time(bench, _unanswered(bench, method))


def _is_in_time(bench: Bench, request: Request[Any]) -> None:
    longest, method = bench.gateway.capabilities.longest_call, request.method
    began = monotonic()
    came_of(bench, request)
    took = timedelta(seconds=monotonic() - began)
    bench.must(took <= longest, f"how long {method} took", f"{longest} at most", str(took))


@law(
    "TIME-5",
    "while an asynchronous gateway waits for its provider, others go on",
    reason="one call that blocks the event loop holds up every customer of its process",
    source="F1; docs.python.org/3/library/asyncio-dev.html: running blocking code",
    about="complete_session",
    needs=("sale", "await"),
    controls=("never_answer",),
)
def others_go_on_meanwhile(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    looks: list[Method] = ["look_up"] if bench.offers("look_up") else []
    for method in (*callable_here(bench, MOVES), *looks):
        with bench.where_it_can_be_played():
            # A busy machine may stop anybody once, and hardly every time.
            held_up = min(_each_try(bench, method))
            what = f"for how long {method} of a provider that never answers let nobody else go on"
            is_short = held_up <= _LONGEST
            bench.must(is_short, what, f"{_LONGEST} seconds at most", f"{held_up:.2f} seconds")


def _each_try(bench: Bench, method: Method) -> Iterator[float]:
    """Try until nobody is held up, and a few times at most."""
    for _ in range(_TRIES):
        bench.anew()
        held_up = bench.held_up_by(_unanswered(bench, method))
        yield held_up
        if held_up <= _LONGEST:
            break


def _unanswered(bench: Bench, method: Method) -> Request[Any]:
    """Return a request that the provider will never answer."""
    if method == "look_up":
        sold, _ = bench.concluded(bench.sale(bench.drawn.amount()))
        bench.arm("never_answer", method)
        return bench.question(sold)
    bench.arm("never_answer", method)
    return occasion(bench, method, bench.drawn.amount())
