"""Laws of what is believed of all that arrives: what was signed, not long ago, and makes sense."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways import AsyncGateway, Gateway, Notification
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.forgeries import (
    NONSENSE,
    UNSIGNED,
    cut,
    forgeries_of,
    odd_versions_of,
    renewed,
)
from paysession.testing._gateways.law import law
from paysession.testing._gateways.mail import (
    ON_ITS_WAY,
    believed,
    facts_of,
    is_a_hint,
    must_be_refused,
    outcome_of,
    reports_in,
    sent_of_a_sale,
)
from paysession.testing._laws.law import CannotBeTried

_A_DAY: Final = timedelta(days=1)


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
            bench.pass_time(ON_ITS_WAY)
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
