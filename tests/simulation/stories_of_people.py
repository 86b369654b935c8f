"""
Stories of what no machine can settle: a person looks at it, decides, and may be wrong.

And of those who are looked after by people: customers who are forgotten, and callers who ask
again under the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
from adapters import Ailment
from shop import BLIND_CARD, CARD, CHECK, ORDER, Decide, Do, Falls, Later, Mail, Occurs, Story
from shop import is_refusal
from stories_of_notifications import AUTOMATIC, MANUAL, bought, opened
from telling import EVERY_CALL, Tale, Telling, named, source, token, usd

from paysession import CapturePolicy, CreditCard, Decision, Payable
from paysession.gateways import Capabilities
from paysession.outcomes import Report, Unreadable

ANNA: Final = {"actor": "anna", "reason": "the provider's dashboard says so"}
FORGETFUL: Final = Capabilities(honours_keys=False)
"""A provider of which nothing can be found out: a call that was lost is never repeated."""

UNCHARGEABLE: Final = CreditCard(id="card_1", brand="visa", last4="4242", month=12, year=2034)
CUSTOMER: Final = "customer_1"
HER_ORDER: Final = Payable(ORDER.id, total=ORDER.total, customer_id=CUSTOMER)


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


def is_forgotten(script: Mapping[str, str], *, days: int) -> Story:
    """A customer is forgotten, at once and later, and money is given back to them all the same."""

    def story() -> Telling:
        key = {"idempotency_key": "key_1"}
        kwargs = {"method": CARD, "source": source(script), "capture": AUTOMATIC}
        session = yield Do("create_session", (HER_ORDER,), {**kwargs, **key})
        brought = {"customer_id": CUSTOMER, "external_data": {"token": token({})}}
        yield Do("create_setup_session", (CARD,), brought)
        if is_refusal(session):
            return
        session = yield Do("complete_session", (session.id,), key)
        yield Do("forget", (CUSTOMER,))
        yield Later(timedelta(days=days))
        yield Do("recover")
        yield Do("forget", (CUSTOMER,))
        yield Mail()
        if not is_refusal(session) and session.payment_id is not None:
            yield Do("refund", (session.payment_id,), key)
        yield Do("forget", (CUSTOMER,))

    return story


def comes_again_with_its_key(script: Mapping[str, str]) -> Story:
    """A caller gives each command twice under one key, and asks what came of it."""

    def twice(command: str, args: tuple[object, ...], kwargs: dict[str, Any]) -> Telling:
        given = {**kwargs, "idempotency_key": f"{command}_1"}
        yield Do(command, args, given)
        answer = yield Do(command, args, given)
        yield Do("result_of", (f"{command}_1",), {"command": command})
        return answer

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script), "capture": AUTOMATIC}
        session = yield from twice("create_session", (ORDER,), kwargs)
        if is_refusal(session):
            return
        session = yield from twice("complete_session", (session.id,), {})
        if is_refusal(session) or session.payment_id is None:
            return
        yield from twice("refund", (session.payment_id,), {"amount": usd("10.00")})
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield from twice("refund", (session.payment_id,), {"amount": usd("10.00")})

    return story


def gives_keys_to_all(script: Mapping[str, str]) -> Story:
    """Each other command is given twice under one key, too, and then with something else."""

    def twice(command: str, *args: object, **kwargs: object) -> Telling:
        given = {**kwargs, "idempotency_key": "key_2"}
        answer = yield Do(command, args, given)
        yield Do(command, args, given)
        return answer

    def story() -> Telling:
        check = yield from twice("create_payment", ORDER, method=CHECK)
        part = yield from twice("mark_paid", check.id, amount=usd("10.00"))
        yield from twice("mark_refunded", check.id, amount=usd("5.00"))
        yield from twice("mark_bounced", getattr(part, "id", "nothing"))
        yield from twice("abandon_payment", check.id)
        payment = yield from twice("charge", ORDER, method=CARD, source=source(script))
        if is_refusal(payment):
            return
        other = {"method": CARD, "source": UNCHARGEABLE, "idempotency_key": "key_2"}
        yield Do("charge", (ORDER,), other)
        yield from twice("capture", payment.id)
        refund = yield from twice("refund", payment.id, amount=usd("10.00"))
        if not is_refusal(refund):
            yield from twice("cancel_refund", refund.id)
        yield Later(timedelta(days=2))
        yield Do("recover")
        for each in (yield Do("needs_attention")):
            yield from twice("resolve", each.id, decision=Decision.DISMISSED, **ANNA)

    return story


def is_refused() -> Telling:
    """Much that can be seen to be wrong before anything is written."""
    stranger, of_nobody = attrs.evolve(CARD, gateway="nobody"), {"method": CARD}
    given = {"method": CARD, "source": source({})}
    session = yield Do("create_session", (ORDER,), {**given, "amount": usd("60.00")})
    yield Do("create_session", (ORDER,), {**given, "method": stranger})
    yield Do("create_session", (ORDER,), {"method": CHECK})
    yield Do("create_session", (ORDER,), {**given, "return_url": "http://shop.example"})
    yield Do("create_session", (ORDER,), {**given, "amount": usd("110.01")})
    yield Do("update_session", (session.id,), {"payable": Payable("or_2", total=ORDER.total)})
    yield Do("charge", (ORDER,), {**of_nobody, "source": UNCHARGEABLE})
    yield Do("create_payment", (ORDER,), of_nobody)
    check = yield Do("create_payment", (ORDER,), {"method": CHECK})
    yield Do("mark_paid", (check.id,), {"amount": usd("60.00")})
    yield Do("complete_session", (session.id,))
    yield Do("mark_refunded", ("py_of_nobody",))
    yield Do("result_of", ("key_1",), {"command": "recover"})
    yield Do("resolve", ("nothing",), {"decision": Decision.FAILED, **ANNA})
    yield Do("get_setup_session", ("pss_of_nobody",))
    yield Do("find_session", (), {"external_id": "nobody"})
    yield Do("cancel_session", (session.id,))
    yield Do("complete_session", (session.id,))


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


def gives_a_check_up() -> Telling:
    """One check is given up, and another bounces when it has come."""
    first = yield Do("create_payment", (ORDER,), {"method": CHECK})
    yield Do("abandon_payment", (first.id,))
    yield Do("abandon_payment", (first.id,))
    second = yield Do("create_payment", (ORDER,), {"method": CHECK})
    capture = yield Do("mark_paid", (second.id,), {"reference": "1042"})
    yield Do("mark_paid", (second.id,), {"reference": "1042", "amount": usd("20.00")})
    yield Do("mark_bounced", (capture.id,))
    yield Do("mark_bounced", (capture.id,))
    yield Do("get_capture", (capture.id,))
    yield Do("payments_of", (ORDER.id,))


def gives_a_charge_up(script: Mapping[str, str]) -> Story:
    """The customer should act on a charge, and does not."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script)}
        yield Do("charge", (ORDER,), kwargs)
        for payment in (yield Do("payments_of", (ORDER.id,))):
            yield Do("abandon_payment", (payment.id,))
        yield Decide(True)
        yield Later(timedelta(hours=1))
        yield Do("recover")

    return story


def tales_of_people() -> list[Tale]:
    return [
        *_tales_of_decisions(),
        *_tales_of_words(),
        *_tales_of_illness(),
        *_tales_of_callers(),
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
        verbs = [*AFTER] if decision is Decision.FAILED else ["complete", "capture", "void", "refund"]
        for verb in verbs:
            for name, script, people in named(verb, (behaviour,)):
                story = is_left_to_a_person(
                    script, AFTER[verb], decision, Decision.DISMISSED, policy=MANUAL
                )
                tales.append(Tale(f"a person says, {name}, {decision}", story, people))
        for name, script, people in named("charge", (behaviour,)):
            story = decides_on_a_charge(script, decision)
            tales.append(Tale(f"a person says, {name}, {decision}", story, people))
    for verb in ("create_setup", "complete_setup"):
        for decision in Decision:
            for name, script, people in named(verb, ("decline:duplicate", "timeout_before")):
                story = decides_on_a_source(script, decision)
                tales.append(Tale(f"a person says, {name}, {decision}", story, people))
    people = frozenset({"cancel_refund"})
    for decision in (Decision.FAILED, Decision.DISMISSED):
        story = decides_on_a_cancellation(decision)
        tales.append(Tale(f"a person says, a refund is called off, {decision}", story, people))
    for decision in Decision:
        for command in ("capture", "void"):
            for name, script, _ in named(command, ("approve", "pending", "timeout_after")):
                if decision is not Decision.DISMISSED and script[command] == "pending":
                    continue  # it has not ended, and nobody would tell how it does
                early = decides_too_early(script, command, decision)
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
    tales = []
    for ill in Ailment:
        for verb in ("create", "complete"):
            tales.append(Tale(f"{ill} when {verb} is looked for", fell_ill(ill, verb)))
    for verb, commands in AFTER.items():
        for name, script, _ in named(verb, ("timeout_before", "timeout_after")):
            story = is_left_to_a_person(script, commands, policy=MANUAL)
            tale = Tale(f"never found out, {name}", story, EVERY_CALL, capabilities=FORGETFUL)
            tales.append(tale)
    return tales


def _tales_of_callers() -> list[Tale]:
    tales = [
        Tale("checks are given up", gives_a_check_up),
        Tale("refusals", is_refused),
        Tale("keys for all, approve", gives_keys_to_all({})),
        Tale("keys for all, refund pending", gives_keys_to_all({"refund": "pending"})),
        Tale("keys for all, charge unreachable", gives_keys_to_all({"charge": "unreachable"})),
    ]
    for each in ("approve", "decline:insufficient_funds", "timeout_after"):
        script = {"complete": each}
        tales += [
            Tale(f"forgotten, {each}", is_forgotten(script, days=0)),
            Tale(f"forgotten later, {each}", is_forgotten(script, days=10)),
        ]
    for verb in ("create", "complete", "refund"):
        for name, script, people in named(verb, ("approve", "pending", "timeout_after")):
            tales.append(Tale(f"under a key, {name}", comes_again_with_its_key(script), people))
    for each in ("require_action", "pending", "decline:insufficient_funds"):
        tales.append(Tale(f"a charge is given up, {each}", gives_a_charge_up({"charge": each})))
    return tales
