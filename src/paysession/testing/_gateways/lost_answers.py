"""Laws of what nobody heard: a gateway that does not know says so, and nothing else."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

from paysession._money import Money
from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import NotAttempted, Outcome, Pending, ReferenceRole, Unknown
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import (
    DONE,
    MOVES,
    TOLD_DONE,
    callable_here,
    effect_of,
    findable,
    occasion,
)

_EITHER_WAY: Final = (True, False)
_OPENINGS: Final[tuple[Method, ...]] = ("create_session", "create_setup_session")
_LOSSES: Final[tuple[tuple[str, dict[str, bool]], ...]] = (
    ("answer_nonsense", {}),
    ("lose_answer", {"happened": True}),
    ("lose_answer", {"happened": False}),
)
"""How the answer of a call can be lost."""


@law(
    "UNK-1",
    "a call whose answer is lost is answered by Unknown, or by an exception, and not by a guess",
    reason="a guess that it was declined makes the customer pay again, and a guess that it was "
    "not gives the goods away",
    source="I26, F1, F2; own-pay/OwnPay #222",
    about="capture",
    needs=("sale",),
    controls=("lose_answer",),
)
def a_lost_answer_is_not_guessed(bench: Bench) -> None:
    for method, happened in bench.drawn.some_of([*product(callable_here(bench), _EITHER_WAY)]):
        with bench.where_it_can_be_played():
            bench.arm("lose_answer", method, happened=happened)
            request = occasion(bench, method, bench.drawn.amount())
            what = f"a {method} whose answer is lost"
            # That it was not attempted is a guess as well, and UNK-5's affair.
            if happened:
                _hears_no_guess(bench, request, Unknown, NotAttempted, what=what)
            else:
                with bench.moving(f"after {what}") as moves:
                    moves.update(_hears_no_guess(bench, request, Unknown, NotAttempted, what=what))


@law(
    "UNK-2",
    "a look-up tells the truth of a lost call: that it was done, or nothing of the kind",
    reason="after a crash it is all there is to find out by, and what it tells is believed",
    source="I26, F1, F2",
    about="look_up",
    needs=("sale", "look_up"),
    controls=("lose_answer",),
)
def a_look_up_tells_the_truth_of_a_lost_call(bench: Bench) -> None:
    missed = callable_here(bench, TOLD_DONE)
    lost = [*product(missed, (False,)), *product(findable(bench), (True,))]
    for method, happened in bench.drawn.some_of(lost):
        with bench.where_it_can_be_played():
            bench.arm("lose_answer", method, happened=happened)
            request = occasion(bench, method, bench.drawn.amount())
            answer = bench.ask(request)
            bench.settle()
            # An adapter may have asked again by itself, and then says what came of that.
            is_done = happened or type(answer) in (*DONE[method], Pending)
            known = bench.known_of(request)
            is_told = any(type(each) in DONE[method] for each in known)
            expected = "it is found" if is_done else "nothing is found that was done"
            bench.must(is_told is is_done, f"what is found of a lost {method}", expected, known)


@law(
    "UNK-3",
    "a call whose answer was lost is done once in all when it is repeated with its key",
    reason="recovery repeats what it cannot look up",
    source="I32, F1, F2; docs.stripe.com/error-low-level",
    about="capture",
    needs=("sale",),
    controls=("lose_answer",),
    able=("honours_keys",),
)
def a_lost_call_repeated_is_done_once(bench: Bench) -> None:
    losses = [(control, how) for control, how in _LOSSES if bench.knows(control)]
    lost = [*product(callable_here(bench, MOVES), losses)]
    for method, (control, how) in bench.drawn.some_of(lost):
        with bench.where_it_can_be_played():
            bench.arm(control, method, **how)
            request = occasion(bench, method, bench.drawn.amount())
            with bench.moving(f"after a {method} was lost, and asked for again") as moves:
                bench.ask(request)
                last, end = bench.concluded(request)
                bench.one_of(end, *DONE[method], what=f"a {method} that was lost, asked for again")
                moves.update(effect_of(last, end))
    for method in callable_here(bench, _OPENINGS):
        with bench.where_it_can_be_played():
            _is_opened_once(bench, method)


@law(
    "UNK-4",
    "a call that does not arrive moves nothing, and can be made again",
    reason="what is said not to have been attempted is asked for under another key",
    source="I26, F1; docs.stripe.com/error-low-level",
    about="capture",
    needs=("sale",),
    controls=("refuse_connection",),
)
def what_does_not_arrive_is_not_done(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            bench.arm("refuse_connection", method)
            request = occasion(bench, method, bench.drawn.amount())
            what = f"a {method} that cannot reach the provider"
            with bench.moving(f"after {what}") as moves:
                moves.update(_hears_no_guess(bench, request, NotAttempted, Unknown, what=what))
            _, end = bench.concluded(request)
            bench.one_of(end, *DONE[method], what=f"the same {method}, once it can")


@law(
    "UNK-5",
    "only what certainly did not arrive is said not to have been attempted",
    reason="a connection that breaks while an answer is waited for may have done its work",
    source="I26, F3; docs.stripe.com/error-low-level",
    about="capture",
    needs=("sale",),
    controls=("lose_answer",),
)
def silence_is_not_unreachable(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            bench.arm("lose_answer", method, happened=True)
            answer = bench.ask(occasion(bench, method, bench.drawn.amount()))
            may_have = type(answer) is not NotAttempted
            bench.must(may_have, f"a {method} that arrived, and was not heard", Unknown(), answer)


@law(
    "UNK-6",
    "an answer that nobody can read is unknown: neither a refusal nor a success",
    reason="a proxy's page of HTML says nothing of what the provider behind it has done",
    source="I26, F9",
    about="capture",
    needs=("sale",),
    controls=("answer_nonsense",),
)
def nonsense_is_unknown(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench)):
        with bench.where_it_can_be_played():
            bench.arm("answer_nonsense", method)
            request = occasion(bench, method, bench.drawn.amount())
            what = f"a {method} that is done, and answered by nonsense"
            _hears_no_guess(bench, request, Unknown, what=what)


def _is_opened_once(bench: Bench, method: Method) -> None:
    """Do nothing if a session whose opening was lost is one, however often it is asked for."""
    bench.arm("lose_answer", method, happened=True)
    request = occasion(bench, method, bench.drawn.amount())
    bench.ask(request)
    opened = [
        bench.one_of(bench.ask(request), *DONE[method], what=f"a lost {method}, asked for again")
        for _ in range(2)
    ]
    ours = {each.references.get(ReferenceRole.SESSION) for each in opened}
    if bench.offers("look_up"):
        known = bench.known_of(request)
        ours |= {each.references.get(ReferenceRole.SESSION) for each in known} - {None}
    bench.must(len(ours) == 1, "the ids of a session whose opening was lost", "one", opened)


def _hears_no_guess(
    bench: Bench, request: Request[Any], *lawful: type[Outcome], what: str
) -> dict[str, Money]:
    """Do nothing if an adapter says that it does not know, or has found out; return what moved."""
    found_out = bench.ended(request, bench.ask(request))
    bench.one_of(found_out, *lawful, *DONE[request.method], what=what)
    return effect_of(request, found_out)
