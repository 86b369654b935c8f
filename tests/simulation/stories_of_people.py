"""Stories of what no machine can settle: a person looks at it, decides, and may be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from adapters import Ailment
from shop import CARD, ORDER, Decide, Do, Falls, Later, Mail, Occurs, Story, is_refusal
from stories_of_notifications import AUTOMATIC, MANUAL, bought, opened
from telling import EVERY_CALL, Tale, Telling, named, source, token, usd

from paysession import CapturePolicy, Decision
from paysession.gateways import Capabilities
from paysession.outcomes import Report, Unreadable

ANNA: Final = {"actor": "anna", "reason": "the provider's dashboard says so"}
FORGETFUL: Final = Capabilities(honours_keys=False)
"""A provider of which nothing can be found out: a call that was lost is never repeated."""


def decided(decision: Decision) -> Telling:
    """Decide the same of all that waits for a person, twice."""
    listed = yield Do("needs_attention")
    for each in listed * 2:
        yield Do("resolve", (each.id,), {"decision": decision, **ANNA})
    return listed


def is_left_to_a_person(
    script: Mapping[str, str],
    commands: Iterable[tuple[str, Mapping[str, Any]]],
    *decisions: Decision,
    policy: CapturePolicy,
) -> Story:
    """A call is never answered; when all is tried that can be, a person says how it ended."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            session = (yield Do("sessions_of", (ORDER.id,)))[0]
        for command, kwargs in commands:
            is_about_payment = session.payment_id is not None and "session" not in command
            about = session.payment_id if is_about_payment else session.id
            yield Do(command, (about,), dict(kwargs))
        yield Later(timedelta(days=2))
        yield Do("recover")
        for decision in decisions:
            yield from decided(decision)
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def decides_on_a_charge(script: Mapping[str, str], decision: Decision) -> Story:
    def story() -> Telling:
        yield Do("charge", (ORDER,), {"method": CARD, "source": source(script)})
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield from decided(decision)
        yield Do("payments_of", (ORDER.id,))

    return story


def decides_on_a_source(script: Mapping[str, str], decision: Decision) -> Story:
    def story() -> Telling:
        brought = {"token": token(script)}
        session = yield Do("create_setup_session", (CARD,), {"external_data": brought})
        if not is_refusal(session):
            yield Do("complete_setup_session", (session.id,))
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield from decided(decision)

    return story


def decides_on_a_cancellation(decision: Decision) -> Story:
    """Whether a refund was called off is told by the refund, in the end."""

    def story() -> Telling:
        script = {"refund": "pending", "cancel_refund": "decline:duplicate"}
        session = yield from bought(script, policy=AUTOMATIC)
        refund = yield Do("refund", (session.payment_id,))
        if is_refusal(refund):
            return
        yield Do("cancel_refund", (refund.id,))
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield from decided(decision)
        yield Decide(True)
        yield Later(timedelta(days=1))
        yield Do("recover")

    return story


def decides_too_early(script: Mapping[str, str], command: str, decision: Decision) -> Story:
    """A person decides while the machine may still find out, and when all has ended."""

    def story() -> Telling:
        session = yield from bought(script, policy=MANUAL)
        if is_refusal(session):
            return
        movement = yield Do(command, (session.payment_id,))
        waiting = yield Do("statement", (session.id,))
        moved = [each.id for each in (*waiting.captures, *waiting.voids)]
        for each in (*moved, getattr(movement, "id", "nothing"), session.payment_id, session.id):
            yield Do("resolve", (each,), {"decision": decision, **ANNA})
        yield Later(timedelta(minutes=5))
        for each in moved:
            yield Do("resolve", (each,), {"decision": decision, **ANNA})
        for each in waiting.voids:
            yield Do("get_void", (each.id,))
        yield Decide(True)
        yield Later(timedelta(hours=1))
        yield Do("recover")

    return story


def is_contradicted_later() -> Story:
    """The person said that it failed; the provider takes the money after all."""

    def story() -> Telling:
        session = yield from bought({"capture": "decline:duplicate"}, policy=MANUAL)
        yield Do("capture", (session.payment_id,))
        yield Later(timedelta(days=2))
        yield Do("recover")
        listed = yield from decided(Decision.FAILED)
        for each in listed:
            yield Occurs("retake", (each.id,))
        yield Mail()
        yield from decided(Decision.DISMISSED)
        yield Do("statement", (session.id,))

    return story


def dismisses(report: Report) -> Story:
    """The provider speaks of what nobody can read, or knows: a person lets go of it."""

    def story() -> Telling:
        session = yield from bought({}, policy=MANUAL)
        yield Do("capture", (session.payment_id,))
        yield Mail()
        yield Occurs("tell", (report,))
        yield Mail()
        yield from decided(Decision.SUCCEEDED)
        yield from decided(Decision.DISMISSED)
        yield Later(timedelta(days=8))
        yield Do("recover")
        yield from decided(Decision.DISMISSED)
        yield Do("needs_attention")

    return story


def decides_on_what_appears() -> Story:
    """Before a person lets go of a report, it is tried once more."""

    def story() -> Telling:
        session = yield from opened({"create": "timeout_after"}, policy=AUTOMATIC)
        session = (yield Do("sessions_of", (ORDER.id,)))[0]
        yield Mail()
        yield Later(timedelta(minutes=5))
        parked = "pr_of_nothing"
        yield Do("resolve", (parked,), {"decision": Decision.DISMISSED, **ANNA})
        yield Do("complete_session", (session.id,))

    return story


def fell_ill(ill: Ailment, *verbs: str) -> Story:
    """The way to the provider is blocked when what was lost is looked for."""

    def story() -> Telling:
        script = dict.fromkeys(verbs, "timeout_before")
        session = yield from bought(script, policy=MANUAL)
        yield Falls(ill)
        yield Later(timedelta(minutes=5))
        yield Do("recover")
        yield Do("complete_session", (getattr(session, "id", "nothing"),))
        yield Later(timedelta(minutes=30))
        yield Do("recover")
        yield Falls()
        yield Later(timedelta(hours=1))
        yield Do("recover")

    return story


def tales_of_people() -> list[Tale]:
    return [
        *_tales_of_decisions(),
        *_tales_of_any_decision(),
        *_tales_of_words(),
        *_tales_of_illness(),
    ]


ALL: Final[Mapping[str, Any]] = {}
AFTER: Final[Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]]] = {
    "create": (),
    "update": (("update_session", {"amount": usd("60.00")}),),
    "complete": (),
    "close": (("cancel_session", ALL),),
    "capture": (("capture", ALL),),
    "void": (("void", ALL),),
    "refund": (("capture", ALL), ("refund", ALL)),
}
"""The commands by which each call is made, once a session was completed."""

TRUTHS: Final = (
    ("decline:duplicate", Decision.FAILED),
    ("other_currency", Decision.SUCCEEDED),
)
"""What leaves a call to a person, and what has become of it at the provider."""


def _tales_of_decisions() -> list[Tale]:
    tales: list[Tale] = []
    for behaviour, decision in TRUTHS:
        moving = ["complete", "capture", "void", "refund"]
        for verb in AFTER if decision is Decision.FAILED else moving:
            for name, script, people in named(verb, (behaviour,)):
                story = is_left_to_a_person(
                    script, AFTER[verb], decision, Decision.DISMISSED, policy=MANUAL
                )
                tales.append(Tale(f"a person says, {name}, {decision}", story, people))
        for name, script, people in named("charge", (behaviour,)):
            story = decides_on_a_charge(script, decision)
            tales.append(Tale(f"a person says, {name}, {decision}", story, people))
    people = frozenset({"cancel_refund"})
    for decision in (Decision.FAILED, Decision.DISMISSED):
        story = decides_on_a_cancellation(decision)
        tales.append(Tale(f"a person says, a refund is called off, {decision}", story, people))
    return tales


def _tales_of_any_decision() -> list[Tale]:
    """Whatever is decided of what did not happen, or too early: it does no harm."""
    tales: list[Tale] = []
    for decision in Decision:
        for verb in ("create_setup", "complete_setup"):
            for name, script, people in named(verb, ("decline:duplicate", "timeout_before")):
                story = decides_on_a_source(script, decision)
                tales.append(Tale(f"a person says, {name}, {decision}", story, people))
        for verb in ("capture", "void"):
            for name, script, _ in named(verb, ("approve", "pending", "timeout_after")):
                if decision is not Decision.DISMISSED and script[verb] == "pending":
                    continue  # it has not ended, and nobody would tell how it does
                early = decides_too_early(script, verb, decision)
                tales.append(Tale(f"too early, {name}, {decision}", early))
    return tales


def _tales_of_words() -> list[Tale]:
    unreadable = Unreadable("60.001 USD")
    people = frozenset({"notification", "capture"})
    return [
        Tale("a person is contradicted", is_contradicted_later(), frozenset({"capture"})),
        Tale("dismissed, of nobody", dismisses(Report(unreadable, our_reference="x_1")), people),
        Tale("dismissed, of ours", dismisses(Report(unreadable, our_reference="ca_4")), people),
        Tale("a report that is not there", decides_on_what_appears()),
    ]


def _tales_of_illness() -> list[Tale]:
    tales = [
        Tale(f"{ill} when {verb} is looked for", fell_ill(ill, verb))
        for ill in Ailment
        for verb in ("create", "complete")
    ]
    for verb, commands in AFTER.items():
        for name, script, _ in named(verb, ("timeout_before", "timeout_after")):
            story = is_left_to_a_person(script, commands, policy=MANUAL)
            tale = Tale(f"never found out, {name}", story, EVERY_CALL, capabilities=FORGETFUL)
            tales.append(tale)
    return tales
