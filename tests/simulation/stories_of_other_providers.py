"""
Stories at providers that can do less: close no session, or not be asked what has become of it.

And of payables that change under way: in price, in currency, in what is due of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeAlias

import attrs
from adapters import Ailment
from shop import (
    BLIND_CARD,
    CARD,
    CHECK,
    HOLDING_CARD,
    ORDER,
    PLAIN_CARD,
    START,
    Decide,
    Do,
    Falls,
    Later,
    Story,
    is_refusal,
)
from telling import EVERY_CALL, MOVE, Tale, Telling, named, source, usd

from paysession import CapturePolicy, Money, Payable, PaymentMethod
from paysession.gateways import Capabilities

IN_EUROS: Final = Payable(ORDER.id, total=Money("99.00", "EUR"))
CARDS: Final = {"plain": PLAIN_CARD, "blind": BLIND_CARD}
POLICY: Final = frozenset({"capture"})
TWICE: Final = 2
"""How often the order is paid for by one charge, and then by another for what is due."""

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
        over = {"expires_at": START + timedelta(days=1)}
        session = yield from opened(script, method=method, **over)
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


def is_deaf(script: Mapping[str, str], method: PaymentMethod, *, expires: bool) -> Story:
    """Where no session can be closed it is looked up first, and that is not answered."""

    def story() -> Telling:
        over = {"expires_at": START + timedelta(hours=1)} if expires else {}
        session = yield from opened(script, method=method, **over)
        if is_refusal(session):
            return
        yield Do("complete_session", (session.id,))
        yield Falls(Ailment.DEAF)
        payment = yield Do("create_payment", (ORDER,), {"method": CHECK})
        if not expires and not is_refusal(payment):
            yield Do("cancel_session", (session.id,))
            yield Do("mark_paid", (payment.id,))
        yield Later(timedelta(hours=2))
        yield Do("expire_sessions")
        yield Do("recover")
        yield Falls()
        yield Later(timedelta(hours=2))
        yield Do("expire_sessions")
        yield Do("recover")

    return story


def is_only_held(script: Mapping[str, str], *, charges: bool) -> Story:
    """What was to be taken at once is only held by the provider: it is captured by itself."""

    def story() -> Telling:
        if charges:
            yield Do("charge", (ORDER,), {"method": HOLDING_CARD, "source": source(script)})
        else:
            session = yield from opened(script, method=HOLDING_CARD)
            if is_refusal(session):
                return
            yield Do("complete_session", (session.id,))
        yield Later(timedelta(hours=1))
        yield Do("recover")
        yield Do("payments_of", (ORDER.id,))

    return story


Move: TypeAlias = tuple[str, Mapping[str, object]]


def moves(script: Mapping[str, str], *commands: Move) -> Story:
    """Hold the money, and ask for much that this provider can, and for some that it cannot."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script), "capture": CapturePolicy.MANUAL}
        payment = yield Do("charge", (ORDER,), kwargs)
        if is_refusal(payment):
            return
        for command, given in commands:
            yield Do(command, (payment.id,), dict(given))
        yield Do("statement", (payment.id,))

    return story


def of(amount: str) -> dict[str, object]:
    return {"amount": usd(amount)}


def refunds_each_capture(script: Mapping[str, str]) -> Story:
    """Two captures, of which each can be given back by itself only."""

    def story() -> Telling:
        kwargs = {"method": CARD, "source": source(script), "capture": CapturePolicy.MANUAL}
        payment = yield Do("charge", (ORDER,), kwargs)
        if is_refusal(payment):
            return
        first = yield Do("capture", (payment.id,), of("60.00"))
        yield Do("capture", (payment.id,))
        yield Do("refund", (payment.id,), of("100.00"))
        yield Do("refund", (payment.id,), {**of("5.00"), "capture_id": "ca_of_nobody"})
        yield Do("refund", (payment.id,), {**of("50.00"), "capture_id": first.id})
        yield Do("refund", (payment.id,), {**of("50.00"), "capture_id": first.id})
        yield Do("refund", (payment.id,), of("50.00"))
        yield Do("statement", (payment.id,))

    return story


def _tenth_more(held: Money) -> Money:
    return Money.from_minor(held.minor // 10, held.currency)


ABILITIES: Final[Mapping[str, tuple[Capabilities, tuple[Move, ...]]]] = {
    "captures all or nothing": (
        Capabilities(look_up_is_authoritative=True, partial_captures=False),
        (("capture", of("60.00")), ("capture", {}), ("refund", of("60.00"))),
    ),
    "one capture": (
        Capabilities(look_up_is_authoritative=True, several_captures=False),
        (("capture", of("60.00")), ("capture", of("10.00")), ("void", {})),
    ),
    "the first capture closes": (
        Capabilities(look_up_is_authoritative=True, first_capture_closes=True),
        (("capture", of("60.00")), ("capture", of("10.00")), ("refund", {})),
    ),
    "no release after a capture": (
        Capabilities(look_up_is_authoritative=True, void_after_capture=False),
        (("void", of("10.00")), ("capture", of("60.00")), ("void", {}), ("capture", {})),
    ),
    "releases in parts": (
        Capabilities(look_up_is_authoritative=True, partial_voids=True),
        (("void", of("10.00")), ("capture", of("60.00")), ("void", {})),
    ),
    "gives back all or nothing": (
        Capabilities(look_up_is_authoritative=True, partial_refunds=False),
        (("capture", {}), ("refund", of("60.00")), ("refund", {}), ("refund", {})),
    ),
}
"""What a provider may be unable to do, and what it is asked for."""


def _tales_of_abilities() -> list[Tale]:
    tales: list[Tale] = []
    for name, (can, commands) in ABILITIES.items():
        for verb in ("capture", "void", "refund"):
            for call, script, people in named(verb, ("approve", "pending", "timeout_after")):
                tale = Tale(f"{name}, {call}", moves(script, *commands), people, capabilities=can)
                tales.append(tale)
    per_capture = Capabilities(look_up_is_authoritative=True, refunds_per_capture=True)
    for call, script, people in named("refund", ("approve", "pending", "timeout_after")):
        story = refunds_each_capture(script)
        tales.append(Tale(f"refunds of a capture, {call}", story, people, capabilities=per_capture))
    more = Capabilities(look_up_is_authoritative=True, over_capture=_tenth_more)
    story = moves({}, ("capture", of("125.00")), ("capture", of("110.01")), ("refund", {}))
    return [*tales, Tale("a little more is captured", story, capabilities=more)]


def tales_of_other_providers() -> list[Tale]:
    tales = _tales_of_abilities()
    for name, script, people in named("complete", ("require_action", "timeout_after", "approve")):
        for expires in (True, False):
            end = "expires" if expires else "is canceled"
            story = is_deaf(script, PLAIN_CARD, expires=expires)
            tales.append(Tale(f"plain and deaf, {end}, {name}", story, people))
    for name, script, people in named("capture", MOVE):
        session, charge = is_only_held(script, charges=False), is_only_held(script, charges=True)
        tales += [
            Tale(f"only held, {name}", session, people | POLICY),
            Tale(f"a charge only held, {name}", charge, people | POLICY, TWICE),
        ]
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
            Tale(f"the price falls, capture {each}", falls, POLICY, TWICE),
        ]
    return tales
