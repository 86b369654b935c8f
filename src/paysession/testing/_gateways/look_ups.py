"""Laws of looking up: what a provider knows of one operation, by our own name for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from typing import Any, Final

from paysession.gateways import Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Outcome,
    Pending,
    ReferenceRole,
    References,
    Rejected,
    Unknown,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import (
    DONE,
    LASTS,
    callable_here,
    effect_of,
    occasion,
    twice_callable,
    twins,
)
from paysession.testing._gateways.orders import MANUAL

_NO_ANSWER: Final[Mapping[str, Mapping[str, bool]]] = {
    "lose_answer": {"happened": True},
    "refuse_connection": {},
    "answer_nonsense": {},
}
"""What leaves a look-up without an answer, and what the provider is told beside."""

_A_WHILE: Final = timedelta(minutes=1)

_TOLD_DONE: Final[tuple[Method, ...]] = (*LASTS, "close_session", "cancel_refund")
"""What leaves something at the provider, or brings it to its end."""


@law(
    "LOOK-1",
    "a look-up finds what was done, as it was answered: by our id, and by the provider's ids",
    reason="after a crash it is all there is to find out by; what does not carry our id may be "
    "another's, and the same money under two ids is counted twice",
    source="I26, I46, F41; WooPayments #6487",
    about="look_up",
    needs=("sale", "look_up"),
)
def what_was_done_is_found(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, LASTS)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            last, answer = bench.concluded(request)
            bench.one_of(answer, *DONE[method], what=f"a {method}")
            _is_found(bench, last, answer)


def _is_found(bench: Bench, request: Request[Any], answer: Outcome | Fact) -> None:
    """Do nothing if a look-up tells of what was done as it was answered, and that it was ours."""
    method, found = request.method, bench.reports(request)
    same = [each for each in found if _gist(each.fact) == _gist(answer)]
    facts = [each.fact for each in found]
    bench.must(bool(same), f"what is found of a {method}", answer, facts)
    ours = [each for each in same if each.our_reference == request.operation_id]
    bench.must(bool(ours), f"what names a {method} ours", request.operation_id, same)
    for each in ours:
        ids = each.references | each.fact.references
        what = f"the ids under which a {method} is found"
        bench.must(_agree(ids, answer.references), what, answer.references, ids)


@law(
    "LOOK-2",
    "a look-up tells nothing of what was never sent, whatever else was",
    reason="evidence of what never happened would settle what may have",
    source="I26, I46",
    about="look_up",
    needs=("sale", "look_up"),
)
def what_was_not_done_is_not_found(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, _TOLD_DONE)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            what = f"what is told to be done of a {method} that was never sent"
            bench.same([], _done(bench, request), what)
    for method in bench.drawn.some_of(twice_callable(bench)):
        first, second = twins(bench, method, bench.drawn.amount())
        bench.concluded(first)
        what = f"what is told of a {method} that was never sent, when another was"
        bench.same((), bench.known_of(second), what)


@law(
    "LOOK-3",
    "a look-up tells how ended what was pending, be it done or not",
    reason="a notification may be lost, and nothing may stay pending for ever",
    source="I28, F23; hi.events #1067",
    about="look_up",
    needs=("sale", "look_up"),
    controls=("keep_pending", "settle"),
)
def a_look_up_tells_how_it_ended(bench: Bench) -> None:
    # First what succeeds: what cannot be let fail goes on waiting, and would succeed as well.
    either_way = [*product((True, False), callable_here(bench, LASTS))]
    for succeed, method in bench.drawn.some_of(either_way):
        with bench.where_it_can_be_played():
            bench.arm("keep_pending", method)
            request = occasion(bench, method, bench.drawn.amount())
            with bench.unmoved(f"while a {method} is pending"):
                pending = bench.one_of(bench.ask(request), Pending, what=f"a {method} kept pending")
                known = bench.known_of(request)
                told_done = [each for each in known if type(each) in DONE[method]]
                bench.same([], told_done, f"what is found done of a {method} that is pending")
                is_found = bool(known) or not bench.gateway.capabilities.look_up_is_authoritative
                what = f"what is found of a {method} that is pending"
                bench.must(is_found, what, "something: nothing says that it never happened", known)
            with bench.moving(f"after a {method} was decided") as moves:
                end = bench.ended(request, pending, succeed=succeed)
                lawful = DONE[method] if succeed else (Declined, Rejected, Canceled, Expired)
                bench.one_of(end, *lawful, what=f"what is found of a {method} that was decided")
                moves.update(effect_of(request, end))


@law(
    "LOOK-4",
    "a look-up changes nothing: it moves nothing, uses up no key, and tells the same again",
    reason="recovery looks up as often as it likes, also what it then sends for the first time",
    source="I32, I33, F11, F40",
    about="look_up",
    needs=("sale", "look_up"),
)
def looking_changes_nothing(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, LASTS)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            bench.reports(request)
            last, answer = bench.concluded(request)
            bench.one_of(
                answer, *DONE[method], what=f"a {method} that was looked up before it was sent"
            )
            with bench.unmoved(f"after a {method} was looked up"):
                first = bench.reports(last)
                if bench.knows("pass_time"):
                    bench.pass_time(_A_WHILE)
                again = bench.reports(last)
                bench.same(first, again, f"what is found of a {method}, looked up again")


@law(
    "LOOK-5",
    "what one process has done, another finds",
    reason="after a crash it is another process that looks",
    source="I26, F41",
    about="look_up",
    needs=("sale", "look_up"),
    controls=("another",),
)
def another_process_finds_it(bench: Bench) -> None:
    another = bench.another()
    for method in bench.drawn.some_of(callable_here(bench, LASTS)):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            last, _ = bench.concluded(request)
            here = [report.fact for report in bench.reports(last)]
            there = [report.fact for report in bench.reports(last, of=another)]
            bench.same(here, there, f"what another process finds of a {method}")


@law(
    "LOOK-6",
    "a look-up never tells that what was declined was done",
    reason="the customer has paid in another way since, and would pay twice",
    source="I26, I31",
    about="look_up",
    needs=("sale", "look_up"),
    controls=("decline", "declines"),
)
def what_was_declined_is_not_found_done(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, LASTS)):
        with bench.where_it_can_be_played():
            bench.arm("decline", method, bench.drawn.one_of(sorted(bench.author.declines)))
            request = occasion(bench, method, bench.drawn.amount())
            answer = bench.end_of(request, succeed=False)
            bench.one_of(answer, Declined, what=f"a {method} that is declined")
            bench.same(
                [], _done(bench, request), f"what is found done of a {method} that was declined"
            )


@law(
    "LOOK-7",
    "a look-up that nobody answers, or nobody can read, is not answered by reports, nor by none",
    reason="no reports say that the call never happened: it would be made again, and pay twice",
    source="I26, I27, F9",
    about="look_up",
    needs=("sale", "look_up"),
    controls=("lose_answer",),
)
def silence_is_no_look_up(bench: Bench) -> None:
    controls = [each for each in _NO_ANSWER if bench.knows(each)]
    for method, control in bench.drawn.some_of([*product(callable_here(bench, LASTS), controls)]):
        bench.anew()
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            bench.end_of(request)
            bench.let_grace_pass()
            bench.arm(control, "look_up", **_NO_ANSWER[control])
            answer = bench.ask(bench.question(request))
            what = f"a look-up of a {method} after {control}"
            bench.one_of(answer, Unknown, NotAttempted, what=what)


@law(
    "LOOK-8",
    "what is found of a hold goes on being about the hold, once it was taken",
    reason="whoever is told that the hold was taken, and the capture too, counts the money twice",
    source="I46, F41; docs.stripe.com: one object for the hold and for what was taken of it",
    about="look_up",
    needs=("sale", "capture", "look_up"),
)
def a_hold_stays_a_hold(bench: Bench) -> None:
    amount = bench.drawn.amount()
    last, held = bench.concluded(bench.sale(amount, policy=MANUAL))
    bench.one_of(held, Authorized, what="a sale to be taken later")
    capture = bench.orders.capture(last.references | held.references, amount)
    taken = bench.one_of(bench.end_of(capture), Captured, what="a capture of all that is held")
    known = set(taken.references.only({ReferenceRole.CAPTURE}))
    told = [each for each in bench.reports(last) if isinstance(each.fact, Captured)]
    for each in [each for each in told if each.our_reference == last.operation_id]:
        ids = set(each.references | each.fact.references)
        bench.must(bool(known & ids), "what tells of the hold that it was taken", taken, each)


def _done(bench: Bench, request: Any) -> list[Fact]:  # noqa: ANN401 - a request of any method
    return [each for each in bench.known_of(request) if type(each) in DONE[request.method]]


def _gist(fact: object) -> tuple[object, object]:
    """Return what was done, and how much of it: what any report of it must tell alike."""
    return type(fact), getattr(fact, "amount", None)


def _agree(found: References, known: References) -> bool:
    """Tell whether one thing can be called both: no role has another id here than there."""
    roles = {each.role for each in found} & {each.role for each in known}
    return all(set(found.only({role})) & set(known.only({role})) for role in roles)
