"""
Occasions for a call: what must have happened before a method can be called has happened.

What holds of any request is tried of requests of every method that the gateway offers. Here
each of them is given its occasion: a session that is open, an amount that is held or was taken,
a refund that is pending.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from paysession._money import Money
from paysession.gateways import ChargeRequest, CompleteSessionRequest, Request
from paysession.gateways.requests import Method
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Expired,
    Fact,
    Outcome,
    Pending,
    Refunded,
    Stored,
    Voided,
)
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import MOVEMENTS
from paysession.testing._gateways.orders import AUTOMATIC

DONE: Final[Mapping[Method, tuple[type[Fact], ...]]] = MappingProxyType(
    {
        "create_session": (Accepted, ActionRequired, Authorized, Captured),
        "update_session": (Accepted, ActionRequired),
        "complete_session": (Authorized, Captured),
        "close_session": (Canceled, Expired),
        "charge": (Authorized, Captured),
        "capture": (Captured,),
        "void": (Voided,),
        "refund": (Refunded,),
        "cancel_refund": (Canceled,),
        "create_setup_session": (Accepted, ActionRequired, Stored),
        "complete_setup_session": (Stored,),
    }
)
"""What a call of each method answers when it has done what it was to do."""

MOVES: Final[tuple[Method, ...]] = ("complete_session", "charge", "capture", "void", "refund")
"""What moves money."""

LASTS: Final[tuple[Method, ...]] = (*MOVES, "complete_setup_session")
"""What leaves something at the provider that is there to be found: money moved, a source stored."""

TOLD_DONE: Final[tuple[Method, ...]] = (*LASTS, "close_session", "cancel_refund")
"""What leaves something at the provider, or brings it to its end."""

_IN_SESSIONS: Final[tuple[Method, ...]] = ("complete_session", "complete_setup_session")
"""What is found by the id of its session."""

_ENDS_OF_SESSIONS: Final[tuple[Method, ...]] = ("complete_session", "close_session")
"""What tells of a session's money, or brings it to its end."""

_AFTER: Final[Mapping[Method, Method]] = MappingProxyType(
    {
        "update_session": "create_session",
        "complete_session": "create_session",
        "close_session": "create_session",
        "cancel_refund": "refund",
        "complete_setup_session": "create_setup_session",
    }
)


def callable_here(bench: Bench, among: Collection[Method] = tuple(DONE)) -> list[Method]:
    """
    Return which of these methods the gateway offers, and there can be an occasion for.

    Where customers pay by themselves, completing or closing a session moves nothing, and only
    tells: what holds of calls that do something is not asked of these.
    """
    telling = _ENDS_OF_SESSIONS if bench.author.customer_pays else ()
    return [
        each
        for each in among
        if each not in telling
        and bench.offers(each, _AFTER.get(each, each))
        and (each != "cancel_refund" or bench.knows("keep_pending"))
    ]


def findable(bench: Bench) -> list[Method]:
    """
    Return the methods whose doing a look-up must find, also when nobody heard the answer.

    Of what began with the call there is no id of the provider's then, and not every provider
    can be asked by ours: whether "not found" says anything is declared. A session's id is known.
    """
    is_sure = bench.gateway.capabilities.look_up_is_authoritative
    return [each for each in callable_here(bench, LASTS) if is_sure or each in _IN_SESSIONS]


def occasion(bench: Bench, method: Method, amount: Money) -> Request[Any]:
    """
    Return a request of this method that can be asked now, and has not been.

    It is about this amount, or some of it. How it is to end has been armed by then.
    """
    return _OCCASIONS[method](bench, amount)


def twice_callable(bench: Bench) -> list[Method]:
    """Return which methods that move money can be called twice, for the same amount each time."""
    never = [each for each in MOVEMENTS if each == "void" or not moves_parts(bench, each)]
    return [each for each in callable_here(bench, MOVES) if each not in never]


def moves_parts(bench: Bench, method: Method) -> bool:
    """Tell whether a capture, void or refund moves a part, and the rest of it can be moved too."""
    can = bench.gateway.capabilities
    again = can.several_captures and not can.first_capture_closes
    return {
        "capture": can.partial_captures and again,
        "void": can.partial_voids,
        "refund": can.partial_refunds,
    }[method]


def twins(bench: Bench, method: Method, amount: Money) -> tuple[Request[Any], Request[Any]]:
    """Return two requests that differ in nothing but their keys and ids: or in the session."""
    match method:
        case "capture":
            held = bench.paid(amount * 2)
            return bench.orders.capture(held, amount), bench.orders.capture(held, amount)
        case "refund":
            taken = bench.paid(amount * 2, policy=AUTOMATIC)
            return bench.orders.refund(taken, amount), bench.orders.refund(taken, amount)
        case "charge":
            return bench.charge(amount), bench.charge(amount)
        case _:
            first, second = bench.opened(amount), bench.opened(amount)
            return bench.orders.completion(*first), bench.orders.completion(*second)


def effect_of(request: Request[Any], fact: Outcome | Fact) -> dict[str, Money]:
    """Return what happens to money, in the words of the provider's books, when this is answered."""
    match fact:
        case Authorized(amount):
            return {"held": amount}
        case Captured(amount) if isinstance(request, CompleteSessionRequest | ChargeRequest):
            return {"held": amount, "taken": amount}
        case Captured(amount):
            return {"taken": amount}
        case Voided(amount):
            return {"released": amount}
        case Refunded(amount):
            return {"given_back": amount}
        case _:
            return {}


def _creating(bench: Bench, amount: Money) -> Request[Any]:
    return bench.orders.creation(amount, policy=bench.policies[0], source=bench.source())


def _updating(bench: Bench, amount: Money) -> Request[Any]:
    return bench.orders.update(*bench.opened(amount), bench.drawn.part_of(amount))


def _completing(bench: Bench, amount: Money) -> Request[Any]:
    policy = bench.drawn.one_of(bench.policies)
    return bench.orders.completion(*bench.opened(amount, policy=policy))


def _closing(bench: Bench, amount: Money) -> Request[Any]:
    return bench.orders.closing(*bench.opened(amount))


def _charging(bench: Bench, amount: Money) -> Request[Any]:
    return bench.charge(amount, policy=bench.drawn.one_of(bench.policies))


def _capturing(bench: Bench, amount: Money) -> Request[Any]:
    return bench.orders.capture(bench.paid(amount), _some(bench, "capture", amount))


def _voiding(bench: Bench, amount: Money) -> Request[Any]:
    return bench.orders.void(bench.paid(amount), _some(bench, "void", amount))


def _refunding(bench: Bench, amount: Money) -> Request[Any]:
    paid = bench.paid(amount, policy=AUTOMATIC)
    return bench.orders.refund(paid, _some(bench, "refund", amount))


def _calling_off(bench: Bench, amount: Money) -> Request[Any]:
    bench.arm("keep_pending", "refund")
    refund = bench.orders.refund(bench.paid(amount, policy=AUTOMATIC), amount)
    made = bench.one_of(bench.ask(refund), Pending, what="a refund that is kept pending")
    return bench.orders.calling_off(refund, made.references)


def _setting_up(bench: Bench, _: Money) -> Request[Any]:
    return bench.orders.setup(external_data=bench.brought())


def _storing(bench: Bench, _: Money) -> Request[Any]:
    setup = bench.orders.setup(external_data=bench.brought())
    opened = bench.one_of(bench.ask(setup), Accepted, ActionRequired, what="a new setup session")
    bench.customer_acts(opened.references)
    return bench.orders.storing(setup, opened.references)


def _some(bench: Bench, method: Method, amount: Money) -> Money:
    """Return a part of an amount, where the provider moves parts, or else all of it."""
    return bench.drawn.part_of(amount) if moves_parts(bench, method) else amount


_OCCASIONS: Final[Mapping[Method, Callable[[Bench, Money], Request[Any]]]] = MappingProxyType(
    {
        "create_session": _creating,
        "update_session": _updating,
        "complete_session": _completing,
        "close_session": _closing,
        "charge": _charging,
        "capture": _capturing,
        "void": _voiding,
        "refund": _refunding,
        "cancel_refund": _calling_off,
        "create_setup_session": _setting_up,
        "complete_setup_session": _storing,
    }
)
