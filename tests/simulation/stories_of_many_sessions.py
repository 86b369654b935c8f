"""
Stories of several sessions for one payable, and of money that nobody waits for any more.

Once one of them has paid for it the others are closed; what they bring all the same is kept,
or given back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs
from shop import CARD, CHECK, ORDER, Decide, Do, Later, Mail, Occurs, Story, is_refusal
from telling import CLOSE, MOVE, Tale, Telling, named, source, usd

from paysession import CapturePolicy, LatePolicy, PaymentMethod

UNWANTED = attrs.evolve(CARD, on_late=LatePolicy.REFUND)
TWICE = 2
"""How often a customer may pay who acts at one session's bank, and by the other session too."""


def opened(script: Mapping[str, str], *, method: PaymentMethod = CARD) -> Telling:
    """Open one more session for the order, or for what is due of it."""
    kwargs = {"method": method, "source": source(script), "capture": CapturePolicy.AUTOMATIC}
    return (yield Do("create_session", (ORDER,), kwargs))


def pays_by_another(script: Mapping[str, str], *, waiting: str | None = None) -> Story:
    """Open two sessions, let one wait for the customer perhaps, and pay by the other."""

    def story() -> Telling:
        complete = {} if waiting is None else {"complete": waiting}
        first = yield from opened({**complete, **script})
        second = yield from opened({})
        if is_refusal(first) or is_refusal(second):
            return
        if waiting is not None:
            yield Do("complete_session", (first.id,))
        yield Do("complete_session", (second.id,))
        yield Do("complete_session", (first.id,))
        yield Do("get_session", (first.id,))
        yield Do("balance", (ORDER,))

    return story


def pays_by_check(script: Mapping[str, str]) -> Story:
    """Two sessions are open when a check comes."""

    def story() -> Telling:
        yield from opened(script)
        yield from opened({})
        payment = yield Do("create_payment", (ORDER,), {"method": CHECK})
        yield Do("mark_paid", (payment.id,))

    return story


def costs_less(script: Mapping[str, str]) -> Story:
    """What is left to be paid is nothing any more, while a session is open for it."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source({}), "amount": usd("60.00")}
        part = yield Do("create_session", (ORDER,), kwargs)
        yield from opened(script)
        yield Do("complete_session", (part.id,))
        yield Do("update_payable", (attrs.evolve(ORDER, total=usd("60.00")),))

    return story


def turns_out(*, succeed: bool) -> Story:
    """One session is pending when the rest of a lower price is paid by another."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source({"complete": "pending"}), "amount": usd("60.00")}
        pending = yield Do("create_session", (ORDER,), kwargs)
        yield Do("complete_session", (pending.id,))
        rest = yield from opened({})
        if is_refusal(rest):
            return
        yield Do("complete_session", (rest.id,))
        yield Do("update_payable", (attrs.evolve(ORDER, total=usd("50.00")),))
        yield Later(timedelta(hours=1))
        yield Decide(succeed)
        yield Do("recover")

    return story


def pays_late(script: Mapping[str, str], *, method: PaymentMethod, times: int = 1) -> Story:
    """The customer pays at the provider, after the session was canceled."""

    def story() -> Telling:
        session = yield from opened(script, method=method)
        if is_refusal(session):
            return
        yield Do("cancel_session", (session.id,))
        for _ in range(times):
            yield Occurs("pay", (session.external_id,))
            yield Mail()
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def pays_twice(script: Mapping[str, str], *, method: PaymentMethod) -> Story:
    """The customer pays a completed session once more at the provider."""

    def story() -> Telling:
        session = yield from opened(script, method=method)
        if is_refusal(session):
            return
        yield Do("complete_session", (session.id,))
        yield Occurs("pay", (session.external_id,))
        yield Mail()
        yield Do("recover")
        yield Do("statement", (session.id,))

    return story


def tales_of_many_sessions() -> list[Tale]:
    return [*_tales_of_others(), *_tales_of_late_money()]


def _tales_of_others() -> list[Tale]:
    tales: list[Tale] = []
    for name, script, people in named("close", CLOSE):
        by_policy = people | frozenset({"close"})
        tales += [
            Tale(f"paid otherwise, {name}", pays_by_another(script), by_policy),
            Tale(
                f"paid otherwise while one waits, {name}",
                pays_by_another(script, waiting="require_action"),
                by_policy,
                TWICE,
            ),
            Tale(f"paid by check, {name}", pays_by_check(script), by_policy),
            Tale(f"paid by a lower price, {name}", costs_less(script), by_policy),
        ]
    return [
        *tales,
        Tale("paid otherwise while one is pending, approved", turns_out(succeed=True)),
        Tale("paid otherwise while one is pending, refused", turns_out(succeed=False)),
    ]


def _tales_of_late_money() -> list[Tale]:
    tales = [
        Tale("paid late and kept", pays_late({}, method=CARD)),
        Tale("paid late twice and kept", pays_late({}, method=CARD, times=2), times=TWICE),
        Tale("paid twice and kept", pays_twice({}, method=CARD), times=TWICE),
    ]
    for name, script, people in named("refund", MOVE):
        needed = people | frozenset({"refund"})
        tales += [
            Tale(f"paid late and given back, {name}", pays_late(script, method=UNWANTED), needed),
            Tale(
                f"paid twice and given back, {name}",
                pays_twice(script, method=UNWANTED),
                needed,
                TWICE,
            ),
        ]
    return tales
