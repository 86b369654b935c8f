"""Laws of what a provider tells by itself: what is believed of it, and what it must say."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any, Final

from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import AsyncGateway, Gateway, Notification, Request
from paysession.outcomes import Declined, Outcome, Pending, Report
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.declines import is_same_decline
from paysession.testing._gateways.forgeries import (
    NONSENSE,
    UNSIGNED,
    cut,
    forgeries_of,
    odd_versions_of,
    renewed,
)
from paysession.testing._gateways.law import MOVEMENTS, law
from paysession.testing._gateways.mail import (
    UNDECIDED,
    about_to,
    all_told,
    believed,
    ends_told,
    facts_of,
    gist,
    is_a_hint,
    moving_here,
    must_be_refused,
    outcome_of,
    reports_in,
    said,
    sent_of_a_sale,
    unread_of_a_sale,
)
from paysession.testing._gateways.occasions import MOVES, callable_here
from paysession.testing._laws.law import CannotBeTried

_A_DAY: Final = timedelta(days=1)
_ON_ITS_WAY: Final = timedelta(seconds=20)
"""As long as a notification may well take."""


@law(
    "NOTE-1",
    "what nobody has signed is not believed, whatever it is",
    reason="anybody may write to the address; an error other than InvalidSignature is parked "
    "or makes the framework answer 500, and either fills somebody's disk",
    source="I51, F29; compare_digest raises TypeError for text that is not ASCII",
    about="read_notification",
    needs=("read_notification",),
    able=("signs_facts",),
)
def nothing_is_believed_that_nobody_signed(bench: Bench) -> None:
    for body in _nonsense(bench):
        for headers in UNSIGNED:
            with _forgotten(bench):
                what = f"{cut(body)} with the headers {cut(headers)}"
                must_be_refused(bench, Notification(body, headers), what)


@law(
    "NOTE-2",
    "with any byte of its body or headers changed, a notification tells nothing new, and the "
    "genuine one is believed as before",
    reason="whoever can change a byte that counts can pay with nothing, and whoever can have a "
    "genuine one passed over can keep a merchant from his money",
    source="I51, F30; of Adyen's fields eight are signed: the others are no facts",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
    able=("signs_facts",),
)
def nothing_is_believed_that_was_changed(bench: Bench) -> None:
    notification = sent_of_a_sale(bench)
    genuine = believed(bench, notification)
    for how, forged in forgeries_of(notification):
        with _forgotten(bench):
            outcome = outcome_of(bench, forged)
            reports = reports_in(outcome)
            news = [each for each in facts_of(reports) if each not in genuine]
            is_lawful = type(outcome) is InvalidSignature or (reports is not None and not news)
            what = f"what comes of a notification with {how}"
            expected = "InvalidSignature, or what it said before"
            bench.must(is_lawful, what, expected, outcome)
    bench.same(genuine, believed(bench, notification), "what the genuine one says after these")


@law(
    "NOTE-3",
    "what is not believed is refused by the bare InvalidSignature: no note, no cause",
    reason="whoever tries keys out learns from every word, and what a verifier was compared "
    "with is as good as the key",
    source="I51",
    about="read_notification",
    needs=("read_notification",),
)
def a_refusal_reveals_nothing(bench: Bench) -> None:
    for headers in UNSIGNED:
        with _forgotten(bench):
            outcome = outcome_of(bench, Notification(b'{"id": "evt_1"}', headers))
            what = f"what comes with the error for the headers {cut(headers)}"
            bench.same([], list(_said_beside(outcome)), what)


@law(
    "NOTE-4",
    "a notification is believed for a while, and neither a day later nor a day before, not even "
    "with a header of a new one",
    reason="somebody may have kept it, to send it when it no longer holds; and a clock that is "
    "wrong today is right again, while what was signed for tomorrow stays good",
    source="F28; one provider's library looks at the age alone",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications", "pass_time"),
    able=("signs_facts",),
)
def an_old_notification_is_not_believed(bench: Bench) -> None:
    for late in (_A_DAY, -_A_DAY):
        with bench.where_it_can_be_played():
            notification = sent_of_a_sale(bench)
            bench.pass_time(_ON_ITS_WAY)
            believed(bench, notification)
            bench.pass_time(late)
            what = f"a notification after {late}"
            must_be_refused(bench, notification, what)
            for name, mixed in renewed(notification, by=sent_of_a_sale(bench)):
                must_be_refused(bench, mixed, f"{what}, with the {name} of a new one")


@law(
    "NOTE-5",
    "while a secret is replaced, what the old or the new one has signed is believed",
    reason="notifications are under way while the secret is changed, and each is money",
    source="F29; docs.stripe.com/webhooks#roll-endpoint-secrets",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("knowing", "notifications", "sign", "webhook_secrets"),
    able=("signs_facts",),
)
def either_of_two_secrets_is_enough(bench: Bench) -> None:
    body = sent_of_a_sale(bench).body
    old, new = _two_secrets(bench)
    for known in ((old, new), (new, old)):
        gateway = bench.knowing(*known)
        for by in ((old,), (new,), (old, new)):
            believed(bench, bench.signed(body, *by), of=gateway)
    believed(bench, bench.signed(body, old, new), of=bench.knowing(new))


@law(
    "NOTE-6",
    "what only a secret has signed that is not known any more is not believed",
    reason="a secret is replaced because somebody has it",
    source="F28, F29",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("knowing", "notifications", "sign", "webhook_secrets"),
    able=("signs_facts",),
)
def a_secret_that_was_replaced_is_good_for_nothing(bench: Bench) -> None:
    body = sent_of_a_sale(bench).body
    old, new = _two_secrets(bench)
    bench.knowing(old)
    forged = bench.signed(body, old)
    must_be_refused(bench, forged, "what the old secret has signed", of=bench.knowing(new))
    unaware = bench.raised_by(bench.knowing)  # which may refuse to be made without any secret
    if isinstance(unaware, Gateway | AsyncGateway):
        must_be_refused(bench, forged, "what is signed, where no secret is known", of=unaware)


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
        bench.pass_time(_ON_ITS_WAY)
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
    "NOTE-14",
    "what is signed and makes no sense is unreadable, or says nothing",
    reason="any other error makes the provider send it again, for days, and then switch it off",
    source="I25, F39, F51",
    about="read_notification",
    needs=("read_notification",),
    controls=("sign", "webhook_secrets"),
)
def what_makes_no_sense_is_unreadable(bench: Bench) -> None:
    for body in _nonsense(bench):
        with _forgotten(bench):
            outcome = outcome_of(bench, bench.signed(body, *bench.author.webhook_secrets))
            is_lawful = type(outcome) is UnreadableNotification or outcome == ()
            what = f"what comes of {cut(body)}, signed"
            bench.must(is_lawful, what, "UnreadableNotification, or no report", outcome)


@law(
    "NOTE-15",
    "one odd value in what is signed makes it unreadable, or is told: no other error is raised",
    reason="the day on which a provider writes another amount, currency or status is not the "
    "day to answer 500 to all of them",
    source="I25, F10, F38, F39, F49",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications", "sign", "webhook_secrets"),
)
def one_odd_value_breaks_nothing(bench: Bench) -> None:
    notification = sent_of_a_sale(bench)
    for where, body in odd_versions_of(notification.body):
        with _forgotten(bench):
            outcome = outcome_of(bench, bench.signed(body, *bench.author.webhook_secrets))
            is_lawful = type(outcome) is UnreadableNotification or reports_in(outcome) is not None
            what = f"what comes of a notification in which {where}"
            bench.must(is_lawful, what, "UnreadableNotification, or reports", outcome)


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
    "NOTE-17",
    "where facts are not signed, what makes no sense is refused, or is no more than a hint",
    reason="anybody may send it: what is kept for a person, or sent again, fills somebody's disk",
    source="F25, F51",
    about="read_notification",
    needs=("read_notification",),
    unable=("signs_facts",),
)
def nonsense_leaves_no_trace(bench: Bench) -> None:
    outcomes = [(body, outcome_of(bench, Notification(body, {}))) for body in _nonsense(bench)]
    wrong = [(cut(body), outcome) for body, outcome in outcomes if not is_a_hint(outcome)]
    bench.same([], wrong, "what was neither refused by InvalidSignature nor read as a hint")


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


@law(
    "NOTE-19",
    "the beginning of a signature is no signature",
    reason="whoever may leave the end away guesses the beginning, a character at a time",
    source="I51, F30; OWASP, Testing Guide: comparison of a prefix",
    about="read_notification",
    needs=("read_notification", "sale"),
    controls=("notifications",),
    able=("signs_facts",),
)
def a_signature_is_compared_whole(bench: Bench) -> None:
    notification = sent_of_a_sale(bench)
    for name, text in notification.headers.items():
        others = {
            other: notification.headers[other] for other in notification.headers if other != name
        }
        without_it = outcome_of(bench, Notification(notification.body, others))
        if type(without_it) is InvalidSignature:
            begun = Notification(notification.body, {**others, name: text[: len(text) // 4]})
            must_be_refused(bench, begun, f"a quarter of the header {name}")


def _two_secrets(bench: Bench) -> tuple[str, str]:
    """
    Return an old secret and a new one.

    Raises:
        CannotBeTried: There is only one.
    """
    if len(bench.author.webhook_secrets) < 2:
        raise CannotBeTried("webhook_secrets names one, and no other to replace it by")
    old, new, *_ = bench.author.webhook_secrets
    return old, new


def _nonsense(bench: Bench) -> list[bytes]:
    return [*bench.drawn.some_of(NONSENSE), bench.drawn.octets(most=200)]


@contextmanager
def _forgotten(bench: Bench) -> Generator[None]:
    """Tell nothing of what was asked meanwhile, if it went well: it is one of many."""
    length = len(bench.story)
    yield
    del bench.story[length:]


def _said_beside(outcome: object) -> Iterator[object]:
    """Return all that InvalidSignature carries beside its name: there should be nothing."""
    refusal = outcome if isinstance(outcome, InvalidSignature) else InvalidSignature()
    yield from refusal.args
    yield from getattr(refusal, "__notes__", ())
    hidden = refusal.__suppress_context__
    chained = refusal.__cause__, None if hidden else refusal.__context__
    yield from (each for each in chained if each is not None)
