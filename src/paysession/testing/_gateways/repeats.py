"""Laws of idempotency keys: one key is one effect, whoever asks, how often and how late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Final

import attrs

from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import ActionRequired, Declined, Pending, Rejected, Unknown
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.calls import AnyGateway
from paysession.testing._gateways.law import MOVEMENTS, law
from paysession.testing._gateways.occasions import (
    DONE,
    MOVES,
    callable_here,
    effect_of,
    occasion,
    twice_callable,
    twins,
)

_MANY: Final = 4
"""So many ask at the same time."""

_PRICED: Final[tuple[Method, ...]] = ("create_session", "update_session", *MOVES)
"""What is about an amount."""

_LENGTH: Final = 63
"""So many characters two long keys have in common: there are columns that hold fewer."""

_ALIKE: Final = ("ab", "aA")
"""What two keys end in that are alike otherwise."""

_ALMOST: Final = 0.9
"""So much of a time is all but all of it."""


@law(
    "IDEM-1",
    "any request that is repeated answers as the first time, and moves nothing more",
    reason="a caller who heard nothing asks again, and what was done must not be done twice",
    source="I32, I33; docs.stripe.com/api/idempotent_requests",
    about="capture",
    needs=("sale",),
    able=("honours_keys",),
)
def the_same_key_answers_the_same(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            _is_repeated(bench, method, what=f"what the same {method} answers the second time")


@law(
    "IDEM-2",
    "the same key with another amount, or for another payment, is rejected, and moves nothing",
    reason="it would answer a question that nobody asked, or take the second amount as well",
    source="I34, I38; an amount that was part of a key once made spree charge twice",
    about="capture",
    needs=("sale",),
    able=("honours_keys",),
)
def a_key_means_one_thing(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, _PRICED)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            bench.end_of(request)
            for other, another in _others(bench, request):
                what = f"a {method} of {another} under the same key"
                with bench.unmoved(f"after {what}"):
                    bench.one_of(bench.ask(other), Rejected, what=what)


@law(
    "IDEM-3",
    "what many ask for at the same time, under one key, is done once, and nobody is told otherwise",
    reason="recovery and a customer meet, and whoever came second must not be told that it failed",
    source="I35, F15; docs.stripe.com/api/idempotent_requests",
    about="capture",
    needs=("sale",),
    controls=("together",),
    able=("honours_keys",),
)
def asked_at_once_it_is_done_once(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            with bench.moving(f"after all that asked for one {method}") as moves:
                for told in bench.ask_at_once([request] * _MANY):
                    lawful = (*DONE[method], ActionRequired, Pending, Unknown)
                    bench.one_of(
                        told, *lawful, what=f"a {method} that many ask for at the same time"
                    )
                last, end = bench.concluded(request)
                bench.one_of(end, *DONE[method], what=f"the same {method}, asked for once more")
                moves.update(effect_of(last, end))


@law(
    "IDEM-4",
    "any request that another process repeats answers as the first time, and moves nothing more",
    reason="after a crash it is another process that asks again: only the provider remembers",
    source="I38, F41",
    about="capture",
    needs=("sale",),
    controls=("another",),
    able=("honours_keys",),
)
def another_process_may_repeat(bench: Bench) -> None:
    another = bench.another()
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            what = f"what the same {method} answers in another process"
            _is_repeated(bench, method, of=another, what=what)


@law(
    "IDEM-5",
    "two operations that ask for the same are two, however alike their keys, and both are done",
    reason="two parcels of an order may cost the same, and a customer may return both",
    source="I32, I38",
    about="refund",
    needs=("sale",),
    controls=("books",),
)
def two_keys_are_two_effects(bench: Bench) -> None:
    for method, ends in bench.drawn.some_of([*product(twice_callable(bench), _ALIKE)]):
        first, second = _hardly_told_apart(bench, method, ends)
        with bench.moving(f"after a {method} was asked for twice, under two keys") as moves:
            bench.one_of(bench.concluded(first)[1], *DONE[method], what=f"the first {method}")
            last, end = bench.concluded(second)
            bench.one_of(end, *DONE[method], what=f"the second {method}")
            moves.update({part: moved * 2 for part, moved in effect_of(last, end).items()})


@law(
    "IDEM-6",
    "what was declined is declined again when it is repeated, and nothing moves",
    reason="whoever was told of the decline may have let the customer pay in another way",
    source="I33; docs.stripe.com/api/idempotent_requests",
    about="complete_session",
    needs=("sale",),
    controls=("decline", "declines"),
    able=("honours_keys",),
)
def a_decline_is_repeated(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        with bench.where_it_can_be_played():
            bench.arm("decline", method, bench.drawn.one_of(sorted(bench.author.declines)))
            request = occasion(bench, method, bench.drawn.amount())
            with bench.unmoved(f"after a {method} was declined, and asked for again"):
                bench.one_of(bench.end_of(request, succeed=False), Declined, what=f"the {method}")
                again = bench.end_of(request, succeed=False)
                bench.one_of(again, Declined, what=f"the same {method}, asked for again")


@law(
    "IDEM-7",
    "a key is remembered for as long as is declared",
    reason="recovery repeats a call for as long as it trusts its key",
    source="I39; docs.stripe.com/api/idempotent_requests",
    about="capture",
    needs=("sale",),
    controls=("pass_time",),
    able=("honours_keys",),
)
def a_key_lasts_as_declared(bench: Bench) -> None:
    window = bench.gateway.capabilities.key_window * _ALMOST
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        with bench.where_it_can_be_played():
            what = f"what the same {method} answers shortly before its key is forgotten"
            _is_repeated(bench, method, meanwhile=lambda: bench.pass_time(window), what=what)


def _others(bench: Bench, request: Any) -> Iterator[tuple[Request[Any], str]]:  # noqa: ANN401 - a request of any method
    """Return what asks for something else under the same key, and what it asks for."""
    amount = request.amount
    yield attrs.evolve(request, amount=bench.drawn.another_amount(amount)), "another amount"
    if request.method in MOVEMENTS:
        elsewhere = occasion(bench, request.method, amount * 2).references
        yield attrs.evolve(request, references=elsewhere), "another payment"


def _hardly_told_apart(bench: Bench, method: Method, ends: str) -> list[Request[Any]]:
    """Return two requests for the same whose long keys differ in how they end."""
    key = f"{bench.orders.fresh('key')}-".ljust(_LENGTH, "k")
    alike = twins(bench, method, bench.drawn.amount())
    return [attrs.evolve(each, key=f"{key}{end}") for each, end in zip(alike, ends, strict=True)]


def _is_repeated(
    bench: Bench,
    method: Method,
    *,
    what: str,
    of: AnyGateway | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Do nothing if a request, repeated, answers as it did and moves nothing more."""
    request = occasion(bench, method, bench.drawn.amount())
    first = bench.ask(request)
    bench.ended(request, first)
    meanwhile()
    with bench.unmoved(f"after a {method} was repeated"):
        again = bench.ask(request, of=of)
        has_gone_on = isinstance(first, Pending | ActionRequired) and type(again) in DONE[method]
        bench.must(has_gone_on or first == again, what, first, again)
        bench.ended(request, again)
