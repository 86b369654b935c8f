"""Laws of all answers: whatever is asked and however it ends, the port knows what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, cast

import attrs

from paysession._domain.limits import (
    MOST_ID_CHARACTERS,
    MOST_KEY_CHARACTERS,
    MOST_METADATA_KEYS,
    MOST_VALUE_CHARACTERS,
    Metadata,
)
from paysession.errors import GatewayError, PaySessionError
from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import Report, Unknown
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.endings import all_that_can_come, came_of
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import DONE, callable_here, effect_of, occasion


@law(
    "TOT-1",
    "every answer is of a class that its method names, however the call ends",
    reason="an answer that the port does not know settles nothing, and is looked up for ever",
    source="I25, F9, F10, F39",
    about="create_session",
    needs=("sale",),
)
def every_answer_is_one_that_the_port_knows(bench: Bench) -> None:
    for request, came in all_that_can_come(bench):
        if came.error is not None:
            continue
        answer: object = came.value
        bench.one_of(answer, *request.answers, what=f"what {request.method} answers")
        told = cast("tuple[object, ...]", answer) if isinstance(answer, tuple) else ()
        for each in told:
            bench.one_of(each, Report, what="each of the reports that look_up answers")


@law(
    "TOT-2",
    "a call raises no error of ours but GatewayError, and nothing that is no Exception",
    reason="our other errors say that nobody was called; and what is no Exception is taken for "
    "the end of the process",
    source="F7, F9, F40; a time-out that leaks asyncio.CancelledError",
    about="create_session",
    needs=("sale",),
)
def no_error_is_raised_that_says_something_else(bench: Bench) -> None:
    for request, came in all_that_can_come(bench):
        is_plain = came.error is None or isinstance(came.error, Exception)
        is_ours = isinstance(came.error, PaySessionError)
        is_lawful = is_plain and (not is_ours or isinstance(came.error, GatewayError))
        expected = "an answer, GatewayError, or an error of the client"
        bench.must(is_lawful, f"what comes of {request.method}", expected, came.error)


@law(
    "TOT-3",
    "ids and notes of any script, as long as they may be, are answered for good",
    reason="what is refused by a header or a column is asked again for ever, and the customer "
    "with it",
    source="I52, F50; docs.stripe.com/api/metadata: 50 keys, 40 and 500 characters",
    about="create_session",
    needs=("sale",),
)
def long_texts_in_any_script_are_answered(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        bench.anew()
        with bench.where_it_can_be_played():
            request = _at_its_bounds(bench, occasion(bench, method, bench.drawn.amount()))
            came = came_of(bench, request)
            is_answered = came.error is None and type(came.value) is not Unknown
            outcome = came.value if came.error is None else came.error
            what = f"{method}, with ids and metadata at their bounds"
            bench.must(is_answered, what, "a definite answer", outcome)


@law(
    "TOT-4",
    "a request is the same after the call as before it",
    reason="it is sent again as it stands, and another key or another amount is another call",
    source="I33, I38",
    about="create_session",
    needs=("sale",),
)
def a_request_is_not_changed(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        bench.anew()
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            before = _all_of(request)
            came_of(bench, request)
            after = _all_of(request)
            changed = [name for name in before if before[name] != after[name]]
            was, is_now = ([(name, said[name]) for name in changed] for said in (before, after))
            bench.same(was, is_now, f"a request to {method}, once it was asked")


@law(
    "TOT-5",
    "two gateways at two providers know nothing of one another",
    reason="one process serves many merchants: what is kept in a class is everybody's",
    source="I36, F26; a tenant is answered with the payment of another",
    about="create_session",
    needs=("sale",),
)
def two_gateways_share_nothing(bench: Bench) -> None:
    bench.drawn, methods = bench.drawn.fixed(), callable_here(bench)
    first, second = _answered(bench, methods), _answered(bench.afresh(), methods)
    bench.same(first, second, "what a second gateway answers to the same calls")


_SCRIPTS: Final = ("\u0436", "\u05d0", "\u4e2d", "\U0001f4b6")
"""Letters of two, three and four bytes in UTF-8, and one that is read from the right."""


def _at_its_bounds(bench: Bench, request: Request[Any]) -> Any:  # noqa: ANN401 - of any class
    """Return the same request, about somebody whose ids and notes are as long as may be."""
    given: Any = request
    letter = bench.drawn.one_of(_SCRIPTS)
    longest = {
        "metadata": _longest_notes(letter),
        **dict.fromkeys(_IDS, letter * MOST_ID_CHARACTERS),
    }
    if hasattr(given, "terms"):
        given = attrs.evolve(given, terms=_evolved(given.terms, longest))
    return _evolved(given, longest)


_IDS: Final = ("customer_id", "payable_id", "payable_reference")
"""What the backend calls what it has, and a gateway sends along."""


@cache
def _longest_notes(letter: str) -> Metadata:
    return Metadata.of(
        {
            f"{number:02}{letter * (MOST_KEY_CHARACTERS - 2)}": letter * MOST_VALUE_CHARACTERS
            for number in range(MOST_METADATA_KEYS)
        }
    )


def _evolved(value: Any, changes: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of any attrs class
    """Return the same with those of the changes that it has a place for."""
    return attrs.evolve(value, **{name: changes[name] for name in changes if hasattr(value, name)})


def _all_of(request: Request[Any]) -> dict[str, object]:
    """Return what a request says, down to what no other object holds."""

    def copied(_: object, __: object, value: object) -> object:
        return dict(value) if isinstance(value, Metadata) else value

    return attrs.asdict(request, value_serializer=copied)


def _answered(bench: Bench, methods: Iterable[Method]) -> list[str]:
    """Call each of these methods that can be, and return of what classes the answers are."""
    answers: list[str] = []
    for method in methods:
        with bench.where_it_can_be_played():
            answers.append(_kind_of_answer(bench, method))
    return answers


def _kind_of_answer(bench: Bench, method: Method) -> str:
    request = occasion(bench, method, bench.drawn.amount())
    with bench.moving(f"by {method} at a provider of its own") as moves:
        answer = bench.ask(request)
        moves.update(effect_of(request, answer))
    is_done = isinstance(answer, DONE[method])
    return f"{method}: {'done' if is_done else type(answer).__name__}"
