"""Laws of looking up: what a provider knows of one operation, by our own name for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

import attrs

from paysession.gateways import Request
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Approved,
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
    Stored,
    Unknown,
    Voided,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.declines import is_same_decline
from paysession.testing._gateways.endings import endings_of
from paysession.testing._gateways.law import law
from paysession.testing._gateways.occasions import (
    DONE,
    LASTS,
    TOLD_DONE,
    callable_here,
    effect_of,
    moves_parts,
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

_REFUSED: Final = (Declined, Rejected, Canceled, Expired)
"""What comes to nothing, whoever it was that would not have it."""

_OUR_LENGTH: Final = 20
"""Characters of the longest ids that the library makes."""

_A_WHILE: Final = timedelta(minutes=1)
_A_DAY: Final = timedelta(days=1)


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
        ends = [until for fact in (answer, each.fact) if (until := _until(fact)) is not None]
        is_one = not ends or max(ends) - min(ends) < _A_DAY
        bench.must(is_one, f"until when a {method} is good", ends[:1], ends[1:])


@law(
    "LOOK-2",
    "a look-up tells nothing of what was never sent, whatever else was",
    reason="evidence of what never happened would settle what may have",
    source="I26, I46",
    about="look_up",
    needs=("sale", "look_up"),
)
def what_was_not_done_is_not_found(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, TOLD_DONE)):
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
                lawful = DONE[method] if succeed else _REFUSED
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
    "what is found of a hold goes on being about the hold, once it was taken or released",
    reason="whoever is told that the hold was taken, and the capture too, counts the money twice",
    source="I46, F41; docs.stripe.com: one object for the hold and for what was taken of it",
    about="look_up",
    needs=("sale", "capture", "look_up"),
)
def a_hold_stays_a_hold(bench: Bench) -> None:
    amount = bench.drawn.amount()
    parts = [bench.drawn.part_of(amount)] if moves_parts(bench, "capture") else []
    for some in (amount, *parts):
        last, held = bench.concluded(bench.sale(amount, policy=MANUAL))
        bench.one_of(held, Authorized, what="a sale to be taken later")
        capture = bench.orders.capture(last.references | held.references, some)
        taken = bench.one_of(bench.end_of(capture), Captured, what="a capture of what is held")
        _is_still_a_hold(bench, last, held, taken.references)
    for all_of_it in [amount] if bench.offers("void") else []:
        last, held = bench.concluded(bench.sale(all_of_it, policy=MANUAL))
        void = bench.orders.void(last.references | held.references, all_of_it)
        bench.one_of(bench.end_of(void), Voided, what="a void of what is held")
        _is_still_a_hold(bench, last, held, NO_REFERENCES)


def _is_still_a_hold(
    bench: Bench, sale: Request[Any], held: Outcome | Fact, moved: References
) -> None:
    """Do nothing if what is found of a sale is the hold, or names the capture that it tells of."""
    captured = set(moved.only({ReferenceRole.CAPTURE}))
    for each in [each for each in bench.reports(sale) if each.our_reference == sale.operation_id]:
        match each.fact:
            case Authorized():
                told = _gist(each.fact)
                bench.same(_gist(held), told, "what is found of a hold of which some was taken")
            case Captured():
                ids = set(each.references | each.fact.references)
                what = "what tells of the hold that it was taken"
                bench.must(bool(captured & ids), what, captured, each)
            case _:
                bench.must(isinstance(each.fact, Unknown), "what is found of a hold", held, each)


@law(
    "LOOK-9",
    "however a call ended, a look-up tells no other end",
    reason="recovery believes it: of a customer at his bank it would be told that he has paid, or "
    "of a stolen card that another try is worth it",
    source="I26, I31; docs.stripe.com/payments/paymentintents/lifecycle",
    about="look_up",
    needs=("sale", "look_up"),
)
def a_look_up_tells_no_other_end(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench, TOLD_DONE):
        for ending in endings_of(bench, method):
            bench.anew()
            with bench.where_it_can_be_played():
                bench.arm(ending.control, method, **ending.named)
                request = occasion(bench, method, bench.drawn.amount())
                answer = bench.ask(request)
                for fact in bench.known_of(request):
                    what = f"what is found of a {method} after {ending.control}"
                    bench.must(_goes_with(answer, fact), what, answer, fact)


def _goes_with(answer: Outcome, fact: Fact) -> bool:
    """Tell whether a look-up may tell this of what was answered so: the same, or less."""
    if isinstance(fact, Unknown) or isinstance(answer, Unknown | NotAttempted):
        return True
    if isinstance(answer, ActionRequired | Pending):
        return isinstance(fact, Accepted | ActionRequired | Approved | Pending)
    if isinstance(answer, Declined) and isinstance(fact, Declined):
        return is_same_decline(answer, fact)
    are_refused = isinstance(answer, _REFUSED) and isinstance(fact, _REFUSED)
    return are_refused or _gist(fact) == _gist(answer)


@law(
    "LOOK-10",
    "what is done is found by an operation's id as long as ours are: twenty characters",
    reason="a field that cuts it off finds nothing after a crash, or what was another customer's",
    source="I26, I46; design: ids are a prefix and sixteen letters and digits",
    about="look_up",
    needs=("sale", "look_up"),
)
def a_long_id_is_found(bench: Bench) -> None:
    bench.drawn = bench.drawn.fixed()
    for method in callable_here(bench, LASTS):
        with bench.where_it_can_be_played():
            request = occasion(bench, method, bench.drawn.amount())
            ours = f"{request.operation_id}_".ljust(_OUR_LENGTH, "x")
            last, answer = bench.concluded(attrs.evolve(request, operation_id=ours))
            bench.one_of(answer, *DONE[method], what=f"a {method} whose id is as long as ours are")
            _is_found(bench, last, answer)


def _done(bench: Bench, request: Any) -> list[Fact]:  # noqa: ANN401 - a request of any method
    return [each for each in bench.known_of(request) if type(each) in DONE[request.method]]


def _gist(fact: object) -> tuple[object, object, object]:
    """Return what was done, and how much of it, or with what: any report of it tells them alike."""
    stored = fact.profile.id if isinstance(fact, Stored) else None
    return type(fact), getattr(fact, "amount", None), stored


def _until(fact: Outcome | Fact) -> datetime | None:
    """Return until when an amount is held, if that is told."""
    return fact.expires_at if isinstance(fact, Authorized) else None


def _agree(found: References, known: References) -> bool:
    """Tell whether one thing can be called both: no role has another id here than there."""
    roles = {each.role for each in found} & {each.role for each in known}
    return all(set(found.only({role})) & set(known.only({role})) for role in roles)
