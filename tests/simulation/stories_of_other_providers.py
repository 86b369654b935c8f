"""
Stories at providers that can do less: close no session, or not be asked what has become of it.

And of payables that change under way: in price, in currency, in what is due of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs
from shop import BLIND_CARD, CARD, CHECK, ORDER, PLAIN_CARD, START, Decide, Do, Later, Story
from shop import is_refusal
from telling import EVERY_CALL, Tale, Telling, named, source, usd

from paysession import CapturePolicy, Money, Payable, PaymentMethod

IN_EUROS: Final = Payable(ORDER.id, total=Money("99.00", "EUR"))
CARDS: Final = {"plain": PLAIN_CARD, "blind": BLIND_CARD}
TWICE: Final = 2
"""How often the order is paid for that is paid by one charge, and then costs less."""

COMPLETIONS: Final = (
    "approve",
    "require_action",
    "pending",
    "timeout_before",
    "timeout_after",
    "decline:insufficient_funds",
    "unreachable",
)


def opened(script: Mapping[str, str], *, method: PaymentMethod, **more: object) -> Telling:
    kwargs = {"method": method, "source": source(script), "capture": CapturePolicy.AUTOMATIC}
    return (yield Do("create_session", (ORDER,), {**kwargs, **more}))


def gives_up(script: Mapping[str, str], method: PaymentMethod, *, pays: bool) -> Story:
    """The customer cancels, perhaps when they have paid at the provider."""

    def story() -> Telling:
        session = yield from opened(script, method=method)
        if is_refusal(session):
            return
        yield Do("complete_session", (session.id,))
        if pays:
            yield Decide(True)
        yield Do("cancel_session", (session.id,))
        yield Do("cancel_session", (session.id,))
        yield Later(timedelta(hours=1))
        yield Do("recover")

    return story


def runs_out(script: Mapping[str, str], method: PaymentMethod, *, pays: bool) -> Story:
    """Its time is over, perhaps when the customer has paid at the provider."""

    def story() -> Telling:
        over = {"expires_at": START + timedelta(hours=1)}
        session = yield from opened(script, method=method, **over)
        if is_refusal(session):
            return
        yield Do("complete_session", (session.id,))
        if pays:
            yield Decide(True)
        yield Later(timedelta(hours=2))
        yield Do("expire_sessions")
        yield Do("recover")

    return story


def is_covered(script: Mapping[str, str], method: PaymentMethod) -> Story:
    """A check covers what a session was open for."""

    def story() -> Telling:
        session = yield from opened(script, method=method)
        if is_refusal(session):
            return
        payment = yield Do("create_payment", (ORDER,), {"method": CHECK})
        if is_refusal(payment):
            return
        yield Do("mark_paid", (payment.id,))
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("get_session", (session.id,))

    return story


def changes_its_price(script: Mapping[str, str]) -> Story:
    """The payable costs more, and then less, and then something in another currency."""

    def story() -> Telling:
        dearer = attrs.evolve(ORDER, total=usd("120.00"))
        yield Do("update_payable", (ORDER,))
        yield Do("update_payable", (IN_EUROS,))
        yield Do("update_payable", (ORDER,))
        session = yield from opened(script, method=CARD)
        if is_refusal(session):
            return
        yield Do("update_payable", (dearer,))
        yield Do("update_session", (session.id,), {"payable": ORDER})
        yield Do("update_session", (session.id,), {"external_data": {"step": "2"}})
        yield Do("complete_session", (session.id,))
        yield Do("update_payable", (IN_EUROS,))
        yield Do("balance", (ORDER.id,))

    return story


def is_held_until_it_costs_less(script: Mapping[str, str]) -> Story:
    """A part is held until the rest is covered, which a lower price does."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script), "amount": usd("60.00")}
        yield Do("charge", (ORDER,), {**kwargs, "capture": CapturePolicy.WHEN_COVERED})
        yield Do("update_payable", (attrs.evolve(ORDER, total=usd("50.00")),))
        yield Do("charge", (ORDER,), {**kwargs, "capture": CapturePolicy.WHEN_COVERED})
        yield Do("recover")

    return story


def tales_of_other_providers() -> list[Tale]:
    tales: list[Tale] = []
    for kind, method in CARDS.items():
        people = EVERY_CALL if kind == "blind" else frozenset()
        for name, script, _ in named("complete", COMPLETIONS):
            tales += [
                Tale(f"{kind}, cancel, {name}", gives_up(script, method, pays=False), people),
                Tale(f"{kind}, expire, {name}", runs_out(script, method, pays=False), people),
            ]
        for name, script, _ in named("create", COMPLETIONS):
            tales.append(Tale(f"{kind}, covered, {name}", is_covered(script, method), people))
    for name, script, people in named("complete", ("require_action", "pending")):
        tales += [
            Tale(f"plain, pay and cancel, {name}", gives_up(script, PLAIN_CARD, pays=True), people),
            Tale(f"plain, pay and expire, {name}", runs_out(script, PLAIN_CARD, pays=True), people),
        ]
    for each in ("approve", "timeout_after"):
        falls = is_held_until_it_costs_less({"capture": each})
        tales += [
            Tale(f"the price changes, update {each}", changes_its_price({"update": each})),
            Tale(f"the price falls, capture {each}", falls, times=TWICE),
        ]
    return tales
