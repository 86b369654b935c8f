"""Every invariant in its order: how it is checked on a history, or why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from paysession._flows.asks import Call, Commit, Now, Read
from paysession.testing._invariants import events, evidence, idempotency, money, security, state
from paysession.testing._invariants.checking import Check, code_of
from paysession.testing._invariants.history import History, InvariantBroken

_MODULES = (money, state, evidence, idempotency, events, security)


def _number_of(check: Check) -> int:
    return int(code_of(check)[1:])


ALL_CHECKS: Final[tuple[Check, ...]] = tuple(
    sorted(
        (
            value
            for module in _MODULES
            for name, value in vars(module).items()
            if name[:7] == "check_I"
        ),
        key=_number_of,
    )
)

NOT_OURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "I9": "Amounts are split before anything is asked: "
        "tests/properties/test_money_properties.py.",
        "I10": "Units are exact wherever an amount is read or sent: "
        "tests/properties/test_money_properties.py and tests/unit/money/test_minor_units.py.",
        "I11": "Nothing rounds by itself, whatever happened before: "
        "tests/properties/test_money_properties.py and tests/unit/money/test_money_refusals.py.",
        "I19": "That a command is legal or not is seen by asking twice, which no history does: "
        "tests/properties/test_payment_properties.py.",
        "I37": "A fingerprint is a function of what a command was given: "
        "tests/properties/test_fingerprint_properties.py.",
    }
)
"""Invariants that no history can break, and where each is proven."""


def _due(*codes: int) -> tuple[Check, ...]:
    return tuple(check for check in ALL_CHECKS if _number_of(check) in codes)


_CAUSES: Final = (
    *("I43", "I49", "I44", "I41"),
    *("I27", "I26", "I31", "I45", "I46", "I29"),
    *("I16", "I38", "I39"),
)
"""
What breaks other invariants when it is broken: a lost update, a wrong belief, an end that is
left, a key that means something else or nothing any more.
"""

_AT_COMMIT: Final = tuple(
    check
    for check in ALL_CHECKS
    if _number_of(check) not in {18, 25, 32, 33, 34, 35, 36, 38, 39, 40, 47, 48, 51}
)
_AT_CALL: Final = _due(32, 38, 39, 49)
_AT_END: Final = _due(1, 18, 25, 30, 32, 33, 34, 35, 36, 40, 47, 48, 50, 51)
_AT_NOW: Final = _due(20)
_BY_THE_WORLD: Final = _due(32)
_WHEN_OVER: Final = _due(7, 8, 12, 22, 28, 44, 47, 50)


def check(history: History) -> None:
    """
    Check all that the newest moment could have broken.

    Raises:
        InvariantBroken: The cause, where one thing breaks several; `also` names the others.
    """
    broken: list[InvariantBroken] = []
    for each in _due_now(history):
        try:
            each(history)
        except InvariantBroken as error:
            broken.append(error)
    if broken:
        first, *others = sorted(broken, key=_is_consequence)
        first.also = tuple(each.code for each in others)
        raise first


def _is_consequence(broken: InvariantBroken) -> int:
    """Tell how far from its cause a broken invariant is, among those of one moment."""
    return _CAUSES.index(broken.code) if broken.code in _CAUSES else len(_CAUSES)


def _due_now(history: History) -> tuple[Check, ...]:
    if history.is_over:
        return _WHEN_OVER
    if history.ended is not None:
        return _AT_END
    match history.latest and history.latest.ask:
        case Commit():
            return _AT_COMMIT
        case Call() | Read():
            return _AT_CALL
        case Now():
            return _AT_NOW
        case None:
            return _BY_THE_WORLD
        case _:
            return ()
