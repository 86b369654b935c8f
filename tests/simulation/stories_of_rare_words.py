"""
Stories of words that few providers say, and of those that two things could be meant by.

Hints that echo our id of an operation, of a payment or of a setup session; ids that change; one
payment that is told of twice; amounts that no total can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from adapters import Ailment
from shop import CARD, CHECK, ORDER, Decide, Do, Falls, Later, Mail, Occurs, Says, Story, is_refusal
from stories_of_notifications import AUTOMATIC, MANUAL, PEOPLE, bought, opened
from telling import Tale, Telling, source, token, usd

from paysession import Capture, CapturePolicy, Money, Payment, PaymentSession
from paysession._domain.failures import FailureCode
from paysession.gateways._bogus_objects import declined
from paysession.outcomes import (
    AuthorizationChanged,
    Authorized,
    Captured,
    DisputeChanged,
    Pending,
    Reference,
    ReferenceChanged,
    ReferenceRole,
    References,
    Report,
    Unknown,
    Voided,
)

Told: TypeAlias = Callable[[PaymentSession, Payment | None, Capture | None], Report]

HINT: Final = Unknown("something may have happened")
FAR_TOO_MUCH: Final = Money.from_minor(10**18, "USD")


def named(role: str, name: str) -> References:
    return References((Reference(ReferenceRole(role), name),))


def is_told(told: Told, script: Mapping[str, str], *, policy: CapturePolicy = MANUAL) -> Story:
    """Pay, capture what is held, and hear of it in the words of another provider."""

    def story() -> Telling:
        session = yield from bought(script, policy=policy)
        if is_refusal(session):
            return
        payment = capture = None
        if session.payment_id is not None:
            if policy is MANUAL:
                yield Do("capture", (session.payment_id,), {"amount": usd("60.00")})
            statement = yield Do("statement", (session.id,))
            payment, capture = statement.payment, next(iter(statement.captures), None)
        yield Says((told(session, payment, capture),))
        yield Later(timedelta(hours=1))
        yield Decide(True)
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def is_told_of_a_charge(script: Mapping[str, str]) -> Story:
    """A hint echoes our id of a payment that was charged."""

    def story() -> Telling:
        yield Do("charge", (ORDER,), {"method": CARD, "source": source(script)})
        for payment in (yield Do("payments_of", (ORDER.id,))):
            yield Says((Report(HINT, our_reference=payment.id),))
        yield Do("payments_of", (ORDER.id,))

    return story


def is_told_of_a_source(script: Mapping[str, str]) -> Story:
    def story() -> Telling:
        brought = {"token": token(script)}
        session = yield Do("create_setup_session", (CARD,), {"external_data": brought})
        yield Do("complete_setup_session", (session.id,))
        yield Says((Report(HINT, our_reference=session.id),))
        yield Do("get_setup_session", (session.id,))

    return story


def is_one_payment_for_two(*, charges: bool) -> Story:
    """The provider names the money of one purchase where another one is meant."""

    def story() -> Telling:
        half = {"amount": usd("55.00")}
        script = {"complete": "pending", "charge": "pending"}
        first = yield from opened({}, policy=AUTOMATIC, **half)
        first = yield Do("complete_session", (first.id,))
        if is_refusal(first) or first.payment_id is None:
            return
        paid = yield Do("get_payment", (first.payment_id,))
        if charges:
            given = {"method": CARD, "source": source(script), **half}
            second = yield Do("charge", (ORDER,), given)
        else:
            second = yield from opened(script, policy=AUTOMATIC, **half)
            second = yield Do("complete_session", (second.id,))
        if is_refusal(second):
            return
        theirs = Captured(usd("55.00"), references=paid.references)
        yield Says((Report(theirs, our_reference=second.attempt_id),))
        yield Do("needs_attention")

    return story


def is_too_much_for_any_total(*, is_capture: bool) -> Story:
    """There is said to be more than all the money in the world, beside other money."""

    def story() -> Telling:
        half = {"amount": usd("55.00")}
        first = yield from opened({}, policy=AUTOMATIC, **half)
        yield Do("complete_session", (first.id,))
        second = yield from opened({"capture": "pending"}, policy=MANUAL, **half)
        second = yield Do("complete_session", (second.id,))
        if is_refusal(second) or second.payment_id is None:
            return
        if is_capture:
            capture = yield Do("capture", (second.payment_id,))
            said = Report(Captured(FAR_TOO_MUCH), our_reference=capture.id)
        else:
            ids = named("session", second.external_id)
            said = Report(AuthorizationChanged(FAR_TOO_MUCH), references=ids)
        yield Says((said,))
        yield Do("needs_attention")

    return story


def pays_twice_and_says_so_twice(*, late: bool) -> Story:
    """The customer pays once more, or too late, and the session is spoken of again and again."""

    def story() -> Telling:
        session = yield from opened({}, policy=AUTOMATIC)
        yield Do("cancel_session" if late else "complete_session", (session.id,))
        yield Occurs("pay", (session.external_id,))
        yield Mail()
        yield Says((Report(HINT, references=named("session", session.external_id)),))
        yield Occurs("refund", (session.external_id,), {"amount": usd("10.00")})
        yield Mail()
        yield Do("recover")

    return story


def is_not_answered(script: Mapping[str, str], *, cancels: bool) -> Story:
    """Look-ups are not answered for days; closing the session tells that it was paid."""

    def story() -> Telling:
        session = yield from opened(script, policy=MANUAL)
        yield Do("complete_session", (session.id,))
        yield Falls(Ailment.DEAF)
        if cancels:
            yield Do("cancel_session", (session.id,))
        yield Later(timedelta(days=2))
        yield Do("recover")
        yield Later(timedelta(hours=7))
        yield Do("recover")
        yield Falls()
        yield Later(timedelta(hours=7))
        yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def waits_for_two() -> Telling:
    """A part waits, and its rest fails while a check is still awaited."""
    held = {"method": CARD, "source": source({}), "capture": CapturePolicy.WHEN_COVERED}
    yield Do("charge", (ORDER,), {**held, "amount": usd("40.00")})
    check = yield Do("create_payment", (ORDER,), {"method": CHECK})
    session = yield from opened({"complete": "end:lost_or_stolen"}, policy=AUTOMATIC)
    yield Do("complete_session", (session.id,))
    if is_refusal(check):
        return
    yield Do("mark_paid", (check.id,))
    yield Do("mark_refunded", (check.id,))
    yield Do("mark_refunded", (check.id,))


def _hint_of_capture(session: PaymentSession, _: object, capture: Capture | None) -> Report:
    return Report(HINT, our_reference=capture.id if capture else session.id)


def _captured_by_its_id(session: PaymentSession, _: object, capture: Capture | None) -> Report:
    ids = capture.references if capture else named("session", session.external_id)
    return Report(Captured(usd("60.00")), references=ids)


def _hint_of_its_id(session: PaymentSession, _: object, capture: Capture | None) -> Report:
    ids = capture.references if capture else named("session", session.external_id)
    return Report(HINT, references=ids)


def _dispute_of_session(session: PaymentSession, *_: object) -> Report:
    return Report(DisputeChanged("inquiry"), references=named("session", session.external_id))


def _void_of_session(session: PaymentSession, *_: object) -> Report:
    return Report(Voided(usd("5.00")), references=named("session", session.external_id))


def _refund_under_way(session: PaymentSession, *_: object) -> Report:
    ids = named("session", session.external_id) | named("refund", "ref_of_the_dashboard")
    return Report(Pending("bank"), references=ids)


def _refused_again(session: PaymentSession, *_: object) -> Report:
    return Report(declined(FailureCode.INSUFFICIENT_FUNDS), our_reference=session.id)


def _renamed(session: PaymentSession, _: object, capture: Capture | None) -> Report:
    former = capture.references.get(ReferenceRole.CAPTURE) if capture else None
    renamed = ReferenceChanged(former or "nobody", references=named("capture", "cap_renamed"))
    return Report(renamed, references=named("session", session.external_id))


def _held_without_ids(session: PaymentSession, *_: object) -> Report:
    return Report(Authorized(usd("110.00")), our_reference=session.attempt_id)


TOLD: Final[Mapping[str, tuple[Told, Mapping[str, str]]]] = {
    "a capture's id alone": (_captured_by_its_id, {}),
    "a hint of a capture": (_hint_of_capture, {"capture": "timeout_after"}),
    "a hint of a capture's id": (_hint_of_its_id, {"capture": "pending"}),
    "a dispute of what was not paid": (_dispute_of_session, {"complete": "require_action"}),
    "a release of what was not paid": (_void_of_session, {"complete": "end:lost_or_stolen"}),
    "a refund under way": (_refund_under_way, {}),
    "a refusal once more": (_refused_again, {"complete": "decline:insufficient_funds"}),
    "a capture's new id": (_renamed, {}),
    "a payment's money without ids": (_held_without_ids, {"complete": "timeout_after"}),
}


def tales_of_rare_words() -> list[Tale]:
    tales = [Tale(name, is_told(told, script), PEOPLE) for name, (told, script) in TOLD.items()]
    capture = frozenset({"capture", "notification"})
    for each in ("approve", "timeout_after", "pending", "require_action"):
        tales += [
            Tale(f"a hint of a charge, {each}", is_told_of_a_charge({"charge": each})),
            Tale(f"a hint of a source, {each}", is_told_of_a_source({"complete_setup": each})),
        ]
    for each in ("timeout_after", "timeout_before"):
        for close in ("approve", "timeout_before", "pending"):
            script = {"complete": each, "close": close}
            for cancels in (True, False):
                end = "canceled" if cancels else "left"
                story = is_not_answered(script, cancels=cancels)
                name = f"never answered and {end}, complete {each}, close {close}"
                tales.append(Tale(name, story, frozenset({"complete", "close"})))
    return [
        *tales,
        Tale("far too much is taken", is_too_much_for_any_total(is_capture=True), capture),
        Tale("far too much is held", is_too_much_for_any_total(is_capture=False), PEOPLE),
        Tale("one payment for two sessions", is_one_payment_for_two(charges=False), CALLED_FOR),
        Tale("one payment for a charge", is_one_payment_for_two(charges=True), CALLED_FOR),
        Tale("paid twice, and spoken of", pays_twice_and_says_so_twice(late=False), times=2),
        Tale("paid late, and spoken of", pays_twice_and_says_so_twice(late=True)),
        Tale("a part waits for two", waits_for_two, by_policy=frozenset({"capture", "void"})),
    ]


CALLED_FOR: Final = frozenset({"complete", "charge"})
