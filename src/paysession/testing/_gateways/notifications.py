"""Laws of what a provider tells by itself: what it must say, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from paysession.gateways import Request
from paysession.outcomes import Declined, Outcome, Pending, Report
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.declines import is_same_decline
from paysession.testing._gateways.law import MOVEMENTS, law
from paysession.testing._gateways.mail import (
    ON_ITS_WAY,
    UNDECIDED,
    about_to,
    all_told,
    believed,
    ends_told,
    facts_of,
    gist,
    moving_here,
    said,
    sent_of_a_sale,
    unread_of_a_sale,
)
from paysession.testing._gateways.occasions import MOVES, callable_here


@law(
    "NOTE-7",
    "a notification that comes twice gives equal reports, their ids included",
    reason="providers send everything at least once, and what came before is known by its id",
    source="I40, F19; hi.events #1067",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
)
def a_notification_that_comes_twice_says_the_same(bench: Bench) -> None:
    notification = sent_of_a_sale(bench)
    first = believed(bench, notification)
    if bench.knows("pass_time"):
        bench.pass_time(ON_ITS_WAY)
    bench.same(first, believed(bench, notification), "what a notification says the second time")
    for other in [bench.another()] if bench.knows("another") else []:
        elsewhere = believed(bench, notification, of=other)
        bench.same(first, elsewhere, "what a notification says to another process")


@law(
    "NOTE-8",
    "reading a notification moves no money",
    reason="anybody who keeps a notification could send it again, and it comes more than once",
    source="I40, I49",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("books", "notifications"),
)
def reading_moves_nothing(bench: Bench) -> None:
    sent = unread_of_a_sale(bench)
    bench.must(bool(sent), "what the provider has sent of a sale", "something", sent)
    with bench.unmoved("while notifications are read"):
        for each in sent:
            believed(bench, each)


@law(
    "NOTE-9",
    "each notification says the same, whichever was read before it",
    reason="no provider promises an order, and what is late is no less true",
    source="I45, F21; polarsource/polar #14274",
    about="read_notification",
    needs=("read_notification", "sale", "capture"),
    controls=("notifications",),
)
def notifications_say_the_same_in_any_order(bench: Bench) -> None:
    amount = bench.drawn.any_amount()
    bench.end_of(bench.orders.capture(bench.paid(amount), amount))
    sent = bench.all_sent()
    in_order = [said(believed(bench, each)) for each in sent]
    again = [said(believed(bench, each)) for each in reversed(sent)]
    bench.same(in_order[::-1], again, "what is told, read from the last to the first")


@law(
    "NOTE-10",
    "what a notification says is what was so when it was sent, however late it is read",
    reason="it is a fact with a time; one that is told as it is by now is told twice, and the "
    "first never",
    source="F22, I45",
    about="read_notification",
    needs=("read_notification", "sale", "capture"),
    controls=("notifications",),
    able=("signs_facts",),
)
def a_late_notification_says_what_was_so(bench: Bench) -> None:
    amount = bench.drawn.amount()
    paid = bench.paid(amount)
    sent = bench.all_sent()
    before = [said(believed(bench, each)) for each in sent]
    can = bench.gateway.capabilities
    some = bench.drawn.part_of(amount) if can.partial_captures else amount
    bench.end_of(bench.orders.capture(paid, some))
    after = [said(believed(bench, each)) for each in sent]
    bench.same(before, after, "what is told of a sale, once some of it was captured")


@law(
    "NOTE-11",
    "whom a notification is about can be told: by our operation's id, or by an id known to us",
    reason="what nobody can match is parked for ever, and the money with it",
    source="I46, I47, F25; WooPayments #6487",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
)
def what_a_notification_is_about_can_be_told(bench: Bench) -> None:
    sold = [bench.paid(bench.drawn.any_amount(), policy=each) for each in bench.policies]
    answered = {each.id for references in sold for each in references}
    for report in all_told(bench):
        ours, theirs = report.our_reference, report.references | report.fact.references
        is_theirs = any(each.id in answered for each in theirs)
        is_known = is_theirs if ours is None else ours in bench.orders.ids
        expected = "an id of ours, or one that was answered"
        bench.must(is_known, "what a report is about", expected, report)


@law(
    "NOTE-12",
    "a notification tells the amount and the ids that the call was answered with, and names no "
    "other call",
    reason="whichever comes first, the answer or the notification, the books end the same",
    source="I13, F24, F38; woocommerce-gateway-stripe #890, medusa #13301",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
    able=("signs_facts",),
)
def a_notification_agrees_with_the_answer(bench: Bench) -> None:
    codes = [None, *(list(bench.author.declines)[:1] if bench.knows("decline") else ())]
    for method, code in bench.drawn.some_of([*product(moving_here(bench), codes)]):
        bench.anew()
        with bench.where_it_can_be_played():
            if code is not None:
                bench.arm("decline", method, code)
            request, earlier = about_to(bench, method)
            answer = bench.ask(request)
            told = all_told(bench, but=earlier)
            for report in (each for each in told if type(each.fact) is type(answer)):
                _agrees(bench, request, answer, report)


def _agrees(bench: Bench, request: Request[Any], answer: Outcome, report: Report) -> None:
    """Break the law if a report of what a call has done is not as the call was answered."""
    told, ours = report.fact, report.our_reference
    amount = getattr(answer, "amount", None)
    bench.same(amount, getattr(told, "amount", None), "the amount that a notification tells")
    if isinstance(answer, Declined) and isinstance(told, Declined):
        is_same = is_same_decline(answer, told)
        bench.must(is_same, "why it was declined, as a notification tells", answer, told)
    for each in told.references:
        answered = {one.id for one in answer.references if one.role == each.role}
        is_known = not answered or each.id in answered
        bench.must(is_known, f"the {each.role.value} that is told", answered, each.id)
    # What is told of a sale may carry the id of its session, which began it.
    is_its_own = request.method not in MOVEMENTS or ours in (None, request.operation_id)
    bench.must(is_its_own, f"whose {request.method} is told", request.operation_id, ours)


@law(
    "NOTE-13",
    "of what is pending a notification tells no end, and of what has ended the same as a look-up",
    reason="what was acted upon is looked up again later, and must not have been otherwise",
    source="I31, F11; own-pay/OwnPay #222",
    about="read_notification",
    needs=("read_notification", "sale", "look_up"),
    controls=("keep_pending", "notifications", "settle"),
    able=("signs_facts",),
)
def a_notification_agrees_with_a_look_up(bench: Bench) -> None:
    for method, succeed in bench.drawn.some_of([*product(moving_here(bench), (True, False))]):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("keep_pending", method)
            request, earlier = about_to(bench, method)
            answer = bench.ask(request)
            early = ends_told(bench, request, but=earlier)
            is_early = type(answer) is Pending and bool(early)
            bench.must(not is_early, "what is told of an end that is not known", "nothing", early)
            bench.settle(succeed=succeed)
            # Before it is looked up: meanwhile so much time may go by that nobody believes it.
            told = ends_told(bench, request, but=earlier)
            known = [fact for fact in bench.known_of(request) if not isinstance(fact, UNDECIDED)]
            agrees = not told or all(gist(each) in map(gist, told) for each in known[-1:])
            bench.must(agrees, "what was told of its end by notifications", known, told)


@law(
    "NOTE-16",
    "where facts are not signed, every report is a hint: its fact is Unknown",
    reason="whoever can write to the address could say that an order was paid",
    source="F26; a notification of Mollie's carries an id, and nobody signs it",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
    unable=("signs_facts",),
)
def a_hint_is_no_fact(bench: Bench) -> None:
    sent_of_a_sale(bench)
    bench.same([], facts_of(all_told(bench)), "reports of facts that nobody has signed")


@law(
    "NOTE-18",
    "what happened to a call later is told to be later, by time and by count, where these are told",
    reason="what is newer counts: whoever counts backwards makes the oldest news the last word",
    source="I45, F22; docs.stripe.com/webhooks: no order of delivery is promised",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("keep_pending", "notifications", "settle"),
    able=("signs_facts",),
)
def what_is_later_is_told_as_later(bench: Bench) -> None:
    for method in bench.drawn.some_of(callable_here(bench, MOVES)):
        bench.anew()
        with bench.where_it_can_be_played():
            bench.arm("keep_pending", method)
            request, earlier = about_to(bench, method)
            bench.ask(request)
            before = all_told(bench, but=earlier)
            bench.settle()
            after = [each for each in all_told(bench, but=earlier) if each not in before]
            for name in ("sequence", "occurred_at"):
                first = _told_of(request, before, name)
                last = _told_of(request, after, name)
                is_later = not first or not last or max(first) <= min(last)
                bench.must(is_later, f"the {name} of what was told later", first, last)


def _told_of(request: Request[Any], reports: Sequence[Report], name: str) -> list[Any]:
    """Return a time, or a count, of all that is told of a call, where it is told."""
    ours = [each.fact for each in reports if each.our_reference == request.operation_id]
    return [told for fact in ours if (told := getattr(fact, name)) is not None]
