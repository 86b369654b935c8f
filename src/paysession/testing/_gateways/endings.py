"""
Every end that a call can have, and the author's provider can play.

What holds however a call ends is tried of all of them: it was done, refused, kept waiting,
answered by nonsense, or never heard of again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final

import attrs

from paysession._domain.limits import Metadata
from paysession._domain.secrets import ClientData
from paysession.gateways import CreateSessionRequest, Request
from paysession.gateways.requests import Method
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.calls import NeedsEventLoop
from paysession.testing._gateways.law import SESSIONS
from paysession.testing._gateways.occasions import DONE, MOVES, callable_here, occasion
from paysession.testing._laws.law import LawBroken
from paysession.testing._laws.threads import Answer

NOTE: Final = "a-note-of-the-backend-that-is-nobody-elses"
"""What requests carry as metadata here."""

BROUGHT: Final = "what-a-browser-brought-and-no-log-may-hold"
"""What requests carry as external data here."""

_SOME_DAY: Final = datetime(2100, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
"""Until when a session is open, by a clock somewhere else."""

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@attrs.frozen
class Ending:
    """
    How a call ends.

    Attributes:
        control: What the provider is told by.
        named: What it is told beside the method.
        methods: What can end so.
    """

    control: str
    named: Mapping[str, object] = _NOTHING
    methods: Collection[Method] = tuple(DONE)


ENDINGS: Final = (
    Ending("reject"),
    Ending("refuse_connection"),
    Ending("lose_answer", {"happened": True}),
    Ending("lose_answer", {"happened": False}),
    Ending("answer_nonsense"),
    Ending("keep_pending", methods=[each for each in DONE if each != "update_session"]),
    Ending("require_action", methods=("complete_session", "charge", "complete_setup_session")),
    Ending("move_less", methods=MOVES),
)


def all_that_can_come(bench: Bench) -> Iterator[tuple[Request[Any], Answer[Any]]]:
    """
    Ask the gateway in all ways and with all ends; tell what was asked and what came of it.

    What a control cannot play is passed over.
    """
    for method in bench.drawn.some_of(callable_here(bench)):
        for ending in (None, *endings_of(bench, method)):
            bench.anew()
            with bench.where_it_can_be_played():
                if ending is not None:
                    bench.arm(ending.control, method, **ending.named)
                request = annotated(occasion(bench, method, bench.drawn.amount()))
                yield from _asked_and_looked_up(bench, request)
                if ending is None and bench.gateway.capabilities.honours_keys:
                    yield request, came_of(bench, request)
    if bench.offers(*SESSIONS):
        bench.anew()
        hosted = bench.orders.hosted(bench.drawn.amount(), source=bench.source())
        yield from _asked_and_looked_up(bench, annotated(hosted))


def came_of(bench: Bench, request: Request[Any]) -> Answer[Any]:
    """Call the gateway, and tell what it returned or raised, whatever that is."""
    try:
        return Answer(bench.call(request))
    except (LawBroken, NeedsEventLoop, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - it is what was asked for
        return Answer(error=error)


def annotated(request: Request[Any]) -> Any:  # noqa: ANN401 - of whatever class the request is
    """Return the same request, with a note of the backend's and what a browser has brought."""
    given: Any = request
    note = Metadata.of({"note": NOTE})
    if hasattr(given, "terms"):
        given = attrs.evolve(given, terms=attrs.evolve(given.terms, metadata=note))
    if hasattr(given, "metadata"):
        given = attrs.evolve(given, metadata=note)
    if isinstance(given, CreateSessionRequest):
        given = attrs.evolve(given, terms=attrs.evolve(given.terms, expires_at=_SOME_DAY))
    if getattr(given, "external_data", request) is None:
        given = attrs.evolve(given, external_data=ClientData({"note": BROUGHT}))
    return given


def endings_of(bench: Bench, method: Method) -> Iterator[Ending]:
    """Tell how a call of a method can end otherwise than well, and be played to."""
    for raw_code in list(bench.author.declines)[:1] if bench.knows("decline") else ():
        yield Ending("decline", {"code": raw_code})
    for each in ENDINGS:
        if bench.knows(each.control) and method in each.methods:
            yield each


def _asked_and_looked_up(
    bench: Bench, request: Request[Any]
) -> Iterator[tuple[Request[Any], Answer[Any]]]:
    yield request, came_of(bench, request)
    for question in [bench.orders.question(request)] if bench.offers("look_up") else []:
        yield question, came_of(bench, question)
