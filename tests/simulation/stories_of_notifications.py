"""
Stories of what a provider tells by itself, however its letters come.

What was lost on its way back, what was decided later, hints, words that contradict each other
or that nobody here can apply: in order, backwards, twice, all in one letter, or unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs
from adapters import Ailment
from shop import (
    CARD,
    ORDER,
    START,
    Arrival,
    Decide,
    Do,
    Falls,
    Later,
    Mail,
    Occurs,
    Story,
    is_refusal,
)
from telling import RELEASED_AND_CHARGED_AGAIN, Tale, Telling, named, source, token, usd

from paysession import CapturePolicy, Decision, Money, PaymentMethod
from paysession._domain.evidence import LastWord
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import LatePolicy
from paysession.gateways import Capabilities
from paysession.outcomes import (
    Captured,
    Declined,
    Fact,
    Reference,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Unknown,
    Unreadable,
)

UNWANTED: Final = attrs.evolve(CARD, on_late=LatePolicy.REFUND)
HINTS: Final = Capabilities(look_up_is_authoritative=True, signs_facts=False)
LOST: Final = ("timeout_after", "broken", "nonsense", "timeout_before")
WAYS: Final = (Arrival.IN_ORDER, Arrival.BACKWARDS, Arrival.TWICE, Arrival.TOGETHER)
FEW: Final = (Arrival.BACKWARDS, Arrival.TOGETHER)
PEOPLE: Final = frozenset({"notification"})


def opened(script: Mapping[str, str], *, policy: CapturePolicy, **more: object) -> Telling:
    kwargs = {"method": CARD, "source": source(script), "capture": policy, **more}
    return (yield Do("create_session", (ORDER,), kwargs))


def bought(script: Mapping[str, str], *, policy: CapturePolicy) -> Telling:
    """Open a session and complete it; return it as it is then."""
    session = yield from opened(script, policy=policy)
    if is_refusal(session):
        return session
    yield Do("complete_session", (session.id,))
    return (yield Do("get_session", (session.id,)))


def tells_again(arrival: Arrival) -> Story:
    """The provider tells what it has answered, at the end."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.MANUAL)
        yield Do("capture", (session.payment_id,), {"amount": usd("60.00"), "is_final": True})
        yield Do("refund", (session.payment_id,), {"amount": usd("20.00")})
        yield Mail(arrival)
        yield Do("statement", (session.id,))

    return story


def tells_what_was_lost(
    script: Mapping[str, str], command: str | None, arrival: Arrival, *, policy: CapturePolicy
) -> Story:
    """A call ends without an answer, and a letter tells how it ended."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            return
        if command is not None and session.payment_id is not None:
            yield Do(command, (session.payment_id,), {"amount": usd("110.00")})
        yield Mail(arrival)
        yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def tells_what_a_charge_came_to(script: Mapping[str, str], arrival: Arrival) -> Story:
    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script)}
        payment = yield Do("charge", (ORDER,), kwargs)
        yield Decide(True)
        yield Mail(arrival)
        if not is_refusal(payment):
            yield Do("get_payment", (payment.id,))

    return story


def tells_later(
    script: Mapping[str, str], command: str, *, succeed: bool, policy: CapturePolicy
) -> Story:
    """What was pending is decided, and a letter tells of it."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            return
        if session.payment_id is not None and command != "complete":
            yield Do(command, (session.payment_id,))
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Mail()
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def approves(script: Mapping[str, str], *, recovers: bool) -> Story:
    """The customer is done at the provider, which says so: our completing call is due."""

    def story() -> Telling:
        session = yield from opened(script, policy=CapturePolicy.AUTOMATIC)
        if script.get("create") is None:
            session = yield Do("complete_session", (session.id,))
        yield Occurs("approve", (session.attempt_id,))
        yield Mail()
        if recovers:
            yield Do("recover")
        else:
            yield Do("complete_session", (session.id,))
        yield Do("get_session", (session.id,))

    return story


def approves_and_gives_up() -> Telling:
    """Our completing call is due, and nobody has made it, when the customer cancels."""
    session = yield from opened({"complete": "require_action"}, policy=CapturePolicy.AUTOMATIC)
    session = yield Do("complete_session", (session.id,))
    yield Occurs("approve", (session.attempt_id,))
    yield Mail()
    session = yield Do("get_session", (session.id,))
    too_early = {"decision": Decision.FAILED, "actor": "anna", "reason": "it takes too long"}
    yield Do("resolve", (session.attempt_id,), too_early)
    yield Do("cancel_session", (session.id,))
    yield Do("statement", (session.id,))


def closes_by_itself(*, completing: bool) -> Story:
    """The provider closes a session, perhaps while the customer is at it."""

    def story() -> Telling:
        script = {"complete": "require_action"}
        session = yield from opened(script, policy=CapturePolicy.MANUAL)
        if completing:
            yield Do("complete_session", (session.id,))
        yield Occurs("expire", (session.external_id,))
        yield Mail()
        yield Do("complete_session", (session.id,))

    return story


def tries_twice(*told: Fact, arrival: Arrival = Arrival.IN_ORDER) -> Story:
    """Words on a whole session of which two attempts were made: which is meant is looked up."""

    def story() -> Telling:
        script = {"complete": "decline:insufficient_funds"}
        session = yield from opened(script, policy=CapturePolicy.MANUAL)
        yield Do("complete_session", (session.id,))
        again = {"source": source({"complete": "require_action"})}
        yield Do("complete_session", (session.id,), again)
        ids = _reference("session", session.external_id)
        for fact in told:
            report = Report(fact, our_reference=session.id, references=ids)
            yield Occurs("tell", (report,))
        yield Mail(arrival)
        yield Do("complete_session", (session.id,))

    return story


def hints_early(*, deaf: bool) -> Story:
    """A hint comes before the answer by which its session is known, or is not looked up."""

    def story() -> Telling:
        script = {"create": "approve" if deaf else "timeout_after"}
        session = yield from opened(script, policy=CapturePolicy.AUTOMATIC)
        if is_refusal(session):
            return
        if deaf:
            yield Do("complete_session", (session.id,))
            yield Falls(Ailment.DEAF)
        yield Mail()
        yield Falls()
        for _ in range(3):
            yield Later(timedelta(hours=1))
            yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def speaks_to_another(*, days: int) -> Story:
    """What the provider tells of a record comes in at a gateway which that does not belong to."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.MANUAL)
        yield Do("void", (session.payment_id,))
        yield Mail(Arrival.IN_ORDER, "elsewhere")
        yield Later(timedelta(days=days))
        yield Do("recover")
        yield Do("needs_attention")

    return story


def speaks_of(report: Report, arrival: Arrival) -> Story:
    """The provider speaks of something that is not ours, or in a way that nobody can apply."""

    def story() -> Telling:
        session = yield from bought({}, policy=CapturePolicy.MANUAL)
        yield Mail()
        yield Occurs("tell", (report,))
        yield Occurs("capture", (session.external_id,), {"amount": usd("30.00")})
        yield Mail(arrival)
        yield Do("recover")
        yield Later(timedelta(days=8))
        yield Do("recover")
        yield Do("needs_attention")

    return story


def contradicts_itself(
    script: Mapping[str, str], *told: Fact, command: str, arrival: Arrival
) -> Story:
    """It says contrary things of one movement, and not when each was."""

    def story() -> Telling:
        is_capture = command == "capture"
        policy = CapturePolicy.MANUAL if is_capture else CapturePolicy.AUTOMATIC
        session = yield from bought(script, policy=policy)
        movement = yield Do(command, (session.payment_id,), {"amount": usd("60.00")})
        for fact in told:
            yield Occurs("tell", (Report(fact, our_reference=movement.id),))
        yield Mail(arrival)
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def stores_by_mail(script: Mapping[str, str], *, succeed: bool) -> Story:
    """What became of a source is told by a letter."""

    def story() -> Telling:
        session = yield Do(
            "create_setup_session", (CARD,), {"external_data": {"token": token(script)}}
        )
        yield Do("complete_setup_session", (session.id,))
        yield Decide(succeed)
        yield Mail()
        yield Do("get_setup_session", (session.id,))

    return story


def pays_when_it_is_over(method: PaymentMethod, arrival: Arrival) -> Story:
    """The session has expired when the customer pays at the provider."""

    def story() -> Telling:
        over = {"method": method, "expires_at": START + timedelta(hours=1)}
        session = yield from opened({}, policy=CapturePolicy.AUTOMATIC, **over)
        yield Later(timedelta(hours=2))
        yield Do("expire_sessions")
        yield Occurs("pay", (session.external_id,))
        yield Mail(arrival)
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def is_no_letter(gateway: str, headers: Mapping[str, str]) -> Story:
    """Somebody sends what no provider has signed, or to a gateway that cannot read."""

    def story() -> Telling:
        session = yield from opened({}, policy=CapturePolicy.MANUAL)
        given = {"body": b'{"events": []}', "headers": headers}
        yield Do("receive_notification", (gateway,), given)
        yield Do("get_session", (session.id,))

    return story


def tales_of_notifications() -> list[Tale]:
    return [
        *_tales_of_answers(),
        *_tales_of_customers(),
        *_tales_of_hints(),
        *_tales_of_strangers(),
        *_tales_of_contradictions(),
    ]


MANUAL, AUTOMATIC = CapturePolicy.MANUAL, CapturePolicy.AUTOMATIC
CALLS: Final = (
    ("complete", None, MANUAL),
    ("complete", None, AUTOMATIC),
    ("capture", "capture", MANUAL),
    ("void", "void", MANUAL),
    ("refund", "refund", AUTOMATIC),
)
"""Each call that moves money, by what command it is made, and how the money came."""


def _tales_of_answers() -> list[Tale]:
    tales = [Tale(f"answers are told again, {way}", tells_again(way)) for way in WAYS]
    tales += [
        Tale("answers are told again, as other events", tells_again(Arrival.TOLD_ANEW)),
        Tale("answers are told again, garbled", tells_again(Arrival.GARBLED), PEOPLE),
    ]
    for verb, command, policy in CALLS:
        for name, script, people in named(verb, LOST):
            for way in FEW:
                lost = tells_what_was_lost(script, command, way, policy=policy)
                tales.append(Tale(f"lost, {name}, {policy}, told {way}", lost, people))
        for succeed in (True, False):
            end = "approved" if succeed else "refused"
            later = tells_later({verb: "pending"}, verb, succeed=succeed, policy=policy)
            tales.append(Tale(f"{end} by letter, {verb}, {policy}", later))
    for name, script, people in named("charge", (*LOST, "pending", "require_action", "partial")):
        for way in FEW:
            charge = tells_what_a_charge_came_to(script, way)
            times = RELEASED_AND_CHARGED_AGAIN if script["charge"] == "partial" else 1
            tales.append(Tale(f"told of a charge, {name}, {way}", charge, people, times))
    return tales


def _tales_of_customers() -> list[Tale]:
    tales = [
        Tale("approved and given up", approves_and_gives_up),
        Tale("the provider closes a session", closes_by_itself(completing=False)),
        Tale("the provider closes a session that waits", closes_by_itself(completing=True)),
    ]
    for recovers in (True, False):
        by = "recovery" if recovers else "the customer"
        for verb in ("create", "complete"):
            story = approves({verb: "require_action"}, recovers=recovers)
            tales.append(Tale(f"{verb} is approved, and completed by {by}", story))
    for method, end, people in ((CARD, "kept", set()), (UNWANTED, "given back", {"refund"})):
        for way in WAYS:
            late = pays_when_it_is_over(method, way)
            tales.append(Tale(f"paid when it is over and {end}, {way}", late, frozenset(people)))
    for each in ("pending", "require_action", "timeout_after"):
        for succeed in (True, False):
            end = "approved" if succeed else "refused"
            story = stores_by_mail({"complete_setup": each}, succeed=succeed)
            tales.append(Tale(f"a source by letter, {each}, {end}", story))
    refused = Declined(Failure(FailureCode.INSUFFICIENT_FUNDS))
    words: dict[str, Fact] = {"refused": refused, "hinted": Unknown()}
    for name, told in words.items():
        for way in WAYS:
            story = tries_twice(told, arrival=way)
            tales.append(Tale(f"a word on two attempts, {name}, {way}", story))
    return tales


def _tales_of_hints() -> list[Tale]:
    tales = [
        Tale("a hint before the answer", hints_early(deaf=False), capabilities=HINTS),
        Tale("a hint that is not looked up", hints_early(deaf=True), capabilities=HINTS),
    ]
    for verb, command, policy in CALLS:
        for name, script, people in named(
            verb, ("approve", "timeout_after", "decline:do_not_honor")
        ):
            story = tells_what_was_lost(script, command, Arrival.TWICE, policy=policy)
            tale = Tale(f"hinted, {name}, {policy}", story, people, capabilities=HINTS)
            tales.append(tale)
    return tales


def _reference(role: str, name: str) -> References:
    return References((Reference(ReferenceRole(role), name),))


STRANGERS: Final = {
    "of nobody": Report(Captured(usd("5.00")), our_reference="at_of_nobody"),
    "of an unknown id": Report(Captured(usd("5.00"), references=_reference("capture", "x_1"))),
    "of the unknown": Report(Unknown(), references=_reference("session", "x_2")),
    "that is unreadable": Report(Unreadable("5.001 USD"), our_reference="at_4"),
    "of far too much": Report(Captured(Money.from_minor(10**18, "USD")), our_reference="py_3"),
}


def _tales_of_strangers() -> list[Tale]:
    words = [
        Tale(f"a word {name}, {way}", speaks_of(report, way), PEOPLE)
        for name, report in STRANGERS.items()
        for way in FEW
    ]
    return [
        *words,
        Tale("at the wrong address", speaks_to_another(days=8), PEOPLE),
        Tale("no letter, unsigned", is_no_letter("bogus", {})),
        Tale("no letter, of a gateway that cannot read", is_no_letter("offline", {})),
        Tale("no letter, of no gateway", is_no_letter("nobody", {})),
    ]


def _tales_of_contradictions() -> list[Tale]:
    """The provider has a rule for what counts, or keeps none: then it is looked up."""
    tales: list[Tale] = []
    refused = Declined(Failure(FailureCode.PROCESSING_ERROR))
    amount = usd("60.00")
    for command, done in (("capture", Captured(amount)), ("refund", Refunded(amount))):
        refusing = {command: "decline:processing_error"}
        for way in FEW:
            for words in ((refused,), (refused, done), (done, refused)):
                is_done = contradicts_itself({}, *words, command=command, arrival=way)
                is_refused = contradicts_itself(refusing, *words, command=command, arrival=way)
                told = " and ".join(type(each).__name__ for each in words).lower()
                for rule, story in (
                    (LastWord.SUCCESS, is_done),
                    (LastWord.FAILURE, is_refused),
                    (None, is_done),
                    (None, is_refused),
                ):
                    can = Capabilities(look_up_is_authoritative=True, last_word=rule)
                    truth = "refused" if story is is_refused else "done"
                    name = f"contradicted, {command} {truth}, {told} told {way}, rule {rule}"
                    tales.append(Tale(name, story, capabilities=can))
    return tales
