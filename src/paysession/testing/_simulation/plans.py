"""What a seed comes to: the deeds and faults of one run, as an explicit list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from paysession.testing._simulation.faults import (
    COMMAND,
    LOOK_UP,
    NOTIFICATION,
    PUBLISH,
    READS,
    Fault,
)
from paysession.testing._simulation.happenings import HAPPENINGS
from paysession.testing._simulation.profiles import Profile
from paysession.testing._simulation.troubles import Trouble


@attrs.frozen(kw_only=True)
class Deed:
    """
    One thing that is done.

    Attributes:
        name: What, as a method of the one who does it.
        dice: What it decides by.
    """

    name: str
    dice: int


@attrs.frozen(kw_only=True)
class Happens:
    """
    One fault that comes about at the provider by itself.

    Attributes:
        fault: Which.
        dice: What it decides by.
    """

    fault: Fault
    dice: int


Step: TypeAlias = Deed | Happens | Trouble
Plan: TypeAlias = tuple[Step, ...]

_OFTEN: Final[Mapping[str, int]] = MappingProxyType(
    {
        "opens_session": 10,
        "completes_session": 14,
        "updates_session": 3,
        "cancels_session": 3,
        "charges": 6,
        "captures": 8,
        "voids": 4,
        "refunds": 10,
        "moves_despite": 1,
        "cancels_refund": 3,
        "opens_setup_session": 2,
        "completes_setup_session": 2,
        "cancels_setup_session": 1,
        "abandons_payment": 1,
        "restates_payable": 1,
        "repeats": 8,
        "mixes_up_keys": 9,
        "customer_acts": 8,
        "provider_decides": 8,
        "provider_acts": 6,
        "provider_contradicts_itself": 9,
        "letters_come": 14,
        "recovers": 6,
        "waits": 7,
        "publishes": 2,
        "person_decides": 3,
        "sessions_end": 3,
    }
)
"""How often each deed is done, in parts of the whole."""

_DEEDS: Final = tuple(_OFTEN)
_WEIGHTS: Final = tuple(_OFTEN.values())
_LEADS_TO: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "create_session": ("opens_session",),
        "update_session": ("checks_out", "updates_session"),
        "complete_session": ("checks_out", "completes_session"),
        "close_session": ("checks_out", "cancels_session"),
        "charge": ("charges",),
        "capture": ("holds", "captures"),
        "void": ("holds", "voids"),
        "refund": ("takes", "refunds"),
        "cancel_refund": ("takes", "gives_back_slowly", "cancels_refund"),
        "create_setup_session": ("opens_setup_session",),
        "complete_setup_session": ("opens_setup_session", "completes_setup_session"),
        LOOK_UP: ("leases_end", "recovers"),
        NOTIFICATION: ("letters_come",),
        PUBLISH: ("publishes",),
        "Due": ("recovers",),
        "Attention": ("person_decides",),
        "Find": ("checks_out", "completes_session"),
        "NewId": ("opens_session",),
        "Tenant": ("opens_session",),
        "Describe": ("opens_session",),
        "Claimed": ("checks_out", "completes_session"),
        "Commit": ("checks_out", "completes_session"),
        "Peek": ("checks_out", "completes_session"),
        "Now": ("checks_out", "completes_session"),
    }
)
"""The deeds by which an ask of a kind comes about."""
_MADE_READY: Final[Mapping[Fault, tuple[str, ...]]] = MappingProxyType(
    {
        Fault.REFUND_BOUNCED: ("takes", "gives_back_calmly"),
        Fault.CAPTURE_RETAKEN: ("takes",),
        Fault.LAPSED_EARLY: ("holds",),
        Fault.PAID_LATE: ("checks_out", "cancels_session"),
        Fault.CHARGED_BACK: ("takes",),
        Fault.HELD_IN_PART: ("checks_out",),
        Fault.WRONG_AMOUNT: ("checks_out",),
        Fault.ODD_AMOUNT: ("checks_out",),
        Fault.NEVER_SEEN: ("checks_out",),
    }
)
"""The deeds after which there is something that a fault can happen to."""
_TOLD_OF: Final[Mapping[Fault, tuple[str, ...]]] = MappingProxyType(
    {Fault.NEVER_SEEN: (NOTIFICATION,)}
)
"""Where what happens at a provider is told of, if not in notifications and look-ups alike."""
_LOOKED_UP: Final = ("complete_session", "charge", "capture", "refund", "create_session")
"""What may have to be looked up."""
_LEFT_BEHIND: Final = ("checks_out", "is_declined", "completes_session")
"""The deeds after which an attempt was left behind."""
_MANY: Final = frozenset({*READS, "Commit", "Now"})
"""What a command asks for more than once."""
_LEAST_WEIGHT: Final = 6
"""The more kinds of ask a fault reaches, the oftener it is put in: as if it reached so many."""
_SKIPS: Final = (0, 0, 1, 2, 4, 8)
_DICE: Final = 2**31


def plan_of(seed: int, profile: Profile, faults: Collection[Fault]) -> Plan:
    """Make the plan of a seed: a checkout, and then whatever may happen."""
    dice = Random(seed)  # noqa: S311 - to be replayed
    cells = _cells(profile, faults)
    possible = tuple(cells)
    weights = [max(_LEAST_WEIGHT, len(cells[fault])) for fault in possible]
    steps: list[Step] = [_deed("charges" if dice.random() < 0.25 else "opens_session", dice)]
    if dice.random() < 0.7:
        steps.append(_deed("completes_session", dice))
    for _ in range(dice.randint(5, 12)):
        if possible and dice.random() < 0.65:
            fault = dice.choices(possible, weights)[0]
            steps += _mishap(fault, dice.choice(cells[fault]), dice)
        else:
            steps.append(_deed(dice.choices(_DEEDS, _WEIGHTS)[0], dice))
    return tuple(steps)


def _cells(profile: Profile, faults: Collection[Fault]) -> Mapping[Fault, Sequence[str]]:
    """Return the kinds of ask at which each fault can be put in, with this provider."""
    known = (fault for fault in faults if profile.knows(fault))
    kinds = {fault: sorted(fault.asks - profile.lacks) for fault in known}
    return {fault: among for fault, among in kinds.items() if among}


def _deed(name: str, dice: Random) -> Deed:
    return Deed(name=name, dice=dice.randrange(_DICE))


def _mishap(fault: Fault, kind: str, dice: Random) -> list[Step]:
    """Return the steps by which a fault comes to be put in at a kind of ask."""
    leading: list[Step] = [_deed(name, dice) for name in _LEADS_TO.get(kind, ())]
    if kind == COMMAND:
        return [Deed(name=f"passes_{fault.name.lower()}", dice=dice.randrange(_DICE))]
    if fault in HAPPENINGS and kind in _TOLD_OF.get(fault, (LOOK_UP, NOTIFICATION)):
        ready = [_deed(name, dice) for name in _MADE_READY[fault]]
        return [*ready, Happens(fault=fault, dice=dice.randrange(_DICE)), *leading]
    skip = dice.choice(_SKIPS) if kind in _MANY else 0
    trouble = Trouble(fault=fault, at=kind, skip=skip, dice=dice.randrange(_DICE))
    if kind == "Pause":
        beaten = Fault.TWO_WORKERS if fault is not Fault.CRASH_AFTER_CALL else Fault.ALL_AT_ONCE
        skip = 0 if beaten is Fault.TWO_WORKERS else 1
        other = Trouble(fault=beaten, at="Commit", skip=skip, dice=dice.randrange(_DICE))
        return [trouble, other, _deed("completes_session", dice)]
    if fault is Fault.STALE_ATTEMPT:
        leading = [*(_deed(name, dice) for name in _LEFT_BEHIND), *leading]
    if fault is Fault.TWO_ANSWERS:
        leading = [*_lost(dice, "create_session"), _deed("customer_acts", dice), *leading]
    elif kind == LOOK_UP:
        leading = [*_lost(dice, dice.choice(_LOOKED_UP)), *leading]
    return [*leading[:-1], trouble, *leading[-1:]]


def _lost(dice: Random, kind: str) -> list[Step]:
    """Return steps by which an answer is lost, so that there is something to be looked up."""
    lost = Trouble(fault=Fault.TIME_OUT_AFTER, at=kind, dice=dice.randrange(_DICE))
    leading = [_deed(name, dice) for name in _LEADS_TO[kind]]
    return [*leading[:-1], lost, *leading[-1:]]
