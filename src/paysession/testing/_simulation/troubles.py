"""Faults that wait for an ask, and which ask suits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from paysession._domain.entities import Entity
from paysession._flows.asks import Ask, Call, Peek
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.processes import Phase, Process
from paysession.testing._simulation.provider import SimulatedProvider


@attrs.frozen(kw_only=True)
class Trouble:
    """
    One fault that waits for its ask.

    Attributes:
        fault: Which.
        at: The kind of ask that it is put in at.
        skip: How many such asks it lets pass.
        dice: What it decides by, where it has a choice.
    """

    fault: Fault
    at: str
    skip: int = 0
    dice: int = 0


@attrs.frozen(kw_only=True)
class Spot:
    """
    Where a fault may be put in.

    Attributes:
        ask: What is asked.
        process: Who asks it.
        provider: The provider that the backend works with.
        is_alone: Whether nobody else works in the middle of this.
        copies: What was committed before the newest of it.
    """

    ask: Ask[Any]
    process: Process
    provider: SimulatedProvider
    is_alone: bool
    copies: Mapping[tuple[type[Entity], str], Entity]


Suits: TypeAlias = Callable[[Spot], bool]


def suits(fault: Fault, spot: Spot) -> bool:
    """Whether a fault can be put in there: it does so wherever nothing speaks against it."""
    condition = _CONDITIONS.get(fault)
    return condition is None or condition(spot)


def _has_not_called(spot: Spot) -> bool:
    return spot.process.phase is Phase.BEFORE


def _has_called(spot: Spot) -> bool:
    return spot.process.phase is Phase.CALLED or isinstance(spot.ask, Call)


def _has_called_or_saved(spot: Spot) -> bool:
    return spot.process.phase is not Phase.BEFORE


def _is_alone(spot: Spot) -> bool:
    return spot.is_alone


def _has_copy(spot: Spot) -> bool:
    match spot.ask:
        case Peek(kind, id):
            return (kind, id) in spot.copies
        case _:
            return True


def _has_said_more(spot: Spot) -> bool:
    """Whether the provider has ever said anything else of what is looked up."""
    assert isinstance(spot.ask, Call)
    jobs = spot.provider.jobs.get(spot.ask.request.operation_id, ())
    return any(len(job.said) > 1 for job in jobs)


def _is_too_fresh(spot: Spot) -> bool:
    """Whether a look-up may still miss what it is about."""
    can = spot.provider.profile.capabilities
    if not can.look_up_is_authoritative:
        return True
    assert isinstance(spot.ask, Call)
    now = spot.provider.books.now()
    jobs = spot.provider.jobs.get(spot.ask.request.operation_id, ())
    return all(now - job.at < can.look_up_grace for job in jobs)


_CONDITIONS: Final[Mapping[Fault, Suits]] = MappingProxyType(
    {
        Fault.TWO_ANSWERS: _has_said_more,
        Fault.CRASH_BEFORE_CALL: _has_not_called,
        Fault.CRASH_AFTER_CALL: _has_called,
        Fault.CRASH_AFTER_SAVE: _has_called_or_saved,
        Fault.TWO_WORKERS: _is_alone,
        Fault.ALL_AT_ONCE: _is_alone,
        Fault.STALE_READ: _has_copy,
        Fault.SEEN_LATER: _is_too_fresh,
    }
)
"""What must be so for a fault to be put in."""
