"""
Short stories of one purchase each: every command, with every outcome its call can have.

A story yields what the backend does next and is sent what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from setup_stories import tales_of_setups
from shop import CARD, ORDER, START, Decide, Do, Later, Story, is_refusal
from stories_of_callers import tales_of_callers
from stories_of_dashboards import tales_of_dashboards
from stories_of_many_sessions import tales_of_many_sessions
from stories_of_notifications import tales_of_notifications
from stories_of_other_providers import tales_of_other_providers
from stories_of_people import tales_of_people
from stories_of_rare_words import tales_of_rare_words
from stories_without_session import tales_without_session
from telling import (
    CALL_OFF,
    CLOSE,
    COMPLETE,
    CREATE,
    MOVE,
    UPDATE,
    Tale,
    Telling,
    named,
    source,
    usd,
)

from paysession import CapturePolicy, PaymentSession


def opened(script: Mapping[str, str], *, hours: int | None = None, manual: bool = True) -> Telling:
    """Open a session for all of the order."""
    return (
        yield Do(
            "create_session",
            (ORDER,),
            {
                "method": CARD,
                "source": source(script),
                "capture": CapturePolicy.MANUAL if manual else CapturePolicy.AUTOMATIC,
                "expires_at": None if hours is None else START + timedelta(hours=hours),
            },
        )
    )


def read(session: PaymentSession) -> Telling:
    """Read all that a backend shows of a session."""
    session = yield Do("get_session", (session.id,))
    yield Do("find_session", (), {"external_id": session.external_id})
    yield Do("sessions_of", (session.payable_id,))
    yield Do("statement", (session.id,))
    yield Do("balance", (ORDER,))
    yield Do("balance", (ORDER.id,))
    return session


def paid(script: Mapping[str, str], *, manual: bool = True) -> Telling:
    """Open a session and complete it, as often as the customer has to come back."""
    session = yield from opened(script, manual=manual)
    if is_refusal(session):
        return session
    answer = yield Do("complete_session", (session.id,))
    if is_refusal(answer) or not answer.succeeded:
        answer = yield Do("complete_session", (session.id,))
    return (yield Do("get_session", (session.id,)))


def pays(script: Mapping[str, str], *, manual: bool, succeed: bool = True) -> Story:
    def story() -> Telling:
        session = yield from paid(script, manual=manual)
        if is_refusal(session):
            return
        yield from read(session)
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Do("recover")
        yield Do("complete_session", (session.id,))
        yield Do("complete_session", (session.id,))

    return story


def pays_at_the_provider(script: Mapping[str, str], *, comes_back: bool) -> Story:
    def story() -> Telling:
        session = yield from opened(script, hours=24)
        yield Do("complete_session", (session.id,))
        yield Decide(True)
        if comes_back:
            yield Do("complete_session", (session.id,), {"external_data": {"result": "ok"}})

    return story


def updates(script: Mapping[str, str]) -> Story:
    def story() -> Telling:
        session = yield from opened(script)
        yield Do("update_session", (session.id,), {"amount": usd("60.00")})
        yield Do("update_session", (session.id,), {"amount": usd("70.00")})
        yield Do("complete_session", (session.id,))
        yield Do("complete_session", (session.id,))

    return story


def tries_another_card(script: Mapping[str, str]) -> Story:
    def story() -> Telling:
        session = yield from opened(script)
        yield Do("complete_session", (session.id,))
        yield Do("complete_session", (session.id,), {"source": source({})})

    return story


def cancels(script: Mapping[str, str], *, completing: bool) -> Story:
    def story() -> Telling:
        session = yield from opened(script)
        if is_refusal(session):
            return
        if completing:
            yield Do("complete_session", (session.id,))
        yield Do("cancel_session", (session.id,))
        yield Do("cancel_session", (session.id,))

    return story


def expires(script: Mapping[str, str], *, completing: bool) -> Story:
    def story() -> Telling:
        session = yield from opened(script, hours=1)
        if is_refusal(session):
            return
        if completing:
            yield Do("complete_session", (session.id,))
        yield Later(timedelta(hours=1))
        yield Do("expire_sessions")
        yield Do("expire_sessions")

    return story


def moves(script: Mapping[str, str], *scenes: tuple[str, str | None, bool], manual: bool) -> Story:
    """Pay, and then capture, void or refund an amount (all if none is named), finally or not."""

    def story() -> Telling:
        session = yield from paid(script, manual=manual)
        if is_refusal(session) or session.payment_id is None:
            return
        for command, amount, is_final in scenes:
            kwargs: dict[str, object] = {} if amount is None else {"amount": usd(amount)}
            if is_final:
                kwargs["is_final"] = True
            yield Do(command, (session.payment_id,), kwargs)
        yield Do("get_payment", (session.payment_id,))

    return story


def settles(*, succeed: bool, command: str, manual: bool) -> Story:
    """A movement is pending, and the provider decides it later."""

    def story() -> Telling:
        session = yield from paid({command: "pending"}, manual=manual)
        yield Do(command, (session.payment_id,))
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Do("recover")
        yield Do(command, (session.payment_id,))

    return story


def calls_off(script: Mapping[str, str]) -> Story:
    """A refund is pending, and the backend asks for it to be called off, twice."""

    def story() -> Telling:
        session = yield from paid({"refund": "pending", **script}, manual=False)
        refund = yield Do("refund", (session.payment_id,))
        if is_refusal(refund):
            return
        yield Do("cancel_refund", (refund.id,))
        yield Do("cancel_refund", (refund.id,))
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("get_refund", (refund.id,))

    return story


def _tales() -> list[Tale]:
    tales: list[Tale] = []
    for name, script, people in named("cancel_refund", CALL_OFF):
        tales += [Tale(f"call a refund off, {name}", calls_off(script), people)]
    for name, script, people in named("create", CREATE):
        tales += [Tale(f"pay, {name}", pays(script, manual=True), people)]
        tales += [Tale(f"cancel, {name}", cancels(script, completing=False), people)]
    for name, script, people in named("update", UPDATE):
        tales += [Tale(f"update, {name}", updates(script), people)]
    for name, script, people in named("complete", COMPLETE):
        tales += [
            Tale(f"pay and hold, {name}", pays(script, manual=True), people),
            Tale(f"pay and take, {name}", pays(script, manual=False), people),
            Tale(f"another card, {name}", tries_another_card(script), people),
            Tale(f"complete and cancel, {name}", cancels(script, completing=True), people),
            Tale(f"complete and expire, {name}", expires(script, completing=True), people),
        ]
    for name, script, people in named("close", CLOSE):
        tales += [
            Tale(f"cancel, {name}", cancels(script, completing=False), people),
            Tale(f"expire, {name}", expires(script, completing=False), people),
        ]
    for name, script, people in named("void", MOVE):
        tales += [
            Tale(
                f"void all, {name}",
                moves(script, ("void", None, False), ("void", None, False), manual=True),
                people,
            ),
            Tale(
                f"capture a part and void, {name}",
                moves(script, ("capture", "60.00", False), ("void", None, False), manual=True),
                people,
            ),
            Tale(
                f"underpaid and released, {name}",
                pays({"complete": "partial", **script}, manual=True),
                frozenset({"void"}),
            ),
        ]
    for name, script, people in named("capture", MOVE):
        tales += [
            Tale(
                f"capture all, {name}",
                moves(script, ("capture", None, False), ("capture", None, False), manual=True),
                people,
            ),
            Tale(
                f"capture in parts, {name}",
                moves(script, ("capture", "60.00", False), ("capture", None, True), manual=True),
                people,
            ),
            Tale(
                f"capture finally, {name}",
                moves(script, ("capture", "60.00", True), ("refund", None, False), manual=True),
                people,
            ),
        ]
    for name, script, people in named("refund", MOVE):
        tales += [
            Tale(
                f"refund all, {name}",
                moves(script, ("refund", None, False), ("refund", None, False), manual=False),
                people,
            ),
            Tale(
                f"refund in parts, {name}",
                moves(script, ("refund", "60.00", False), ("refund", None, False), manual=False),
                people,
            ),
            Tale(
                f"underpaid and given back, {name}",
                pays({"complete": "partial", **script}, manual=False),
                frozenset({"refund"}),
            ),
        ]
    for succeed in (True, False):
        end = "approved" if succeed else "refused"
        tales += [
            Tale(
                f"{end} later, complete",
                pays({"complete": "pending"}, manual=False, succeed=succeed),
            ),
            Tale(
                f"{end} later, create", pays({"create": "pending"}, manual=False, succeed=succeed)
            ),
            Tale(f"{end} later, capture", settles(succeed=succeed, command="capture", manual=True)),
            Tale(f"{end} later, void", settles(succeed=succeed, command="void", manual=True)),
            Tale(f"{end} later, refund", settles(succeed=succeed, command="refund", manual=False)),
        ]
    tales += [
        Tale(
            "two captures wait",
            moves(
                {"capture": "pending"},
                ("capture", "60.00", False),
                ("capture", "20.00", True),
                manual=True,
            ),
        ),
        Tale(
            "a capture and a void wait",
            moves(
                {"capture": "pending", "void": "pending"},
                ("capture", "60.00", False),
                ("void", None, False),
                manual=True,
            ),
        ),
        Tale(
            "paid at the provider",
            pays_at_the_provider({"complete": "require_action"}, comes_back=True),
        ),
        Tale(
            "paid at the provider, and never seen again",
            pays_at_the_provider({"complete": "require_action"}, comes_back=False),
        ),
    ]
    return tales


TALES_OF_ANY_PROVIDER: Final = {
    tale.name: tale
    for tales in (
        _tales(),
        tales_without_session(),
        tales_of_many_sessions(),
        tales_of_setups(),
    )
    for tale in tales
}
"""Those that can be told whatever their provider can do."""

TALES: Final = TALES_OF_ANY_PROVIDER | {
    tale.name: tale
    for tales in (
        tales_of_notifications(),
        tales_of_dashboards(),
        tales_of_people(),
        tales_of_callers(),
        tales_of_other_providers(),
        tales_of_rare_words(),
    )
    for tale in tales
}
