"""Make a failing run short: leave out whatever it fails without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from paysession.testing._invariants.history import InvariantBroken
from paysession.testing._simulation.plans import Plan

_MOST_TRIES: Final = 300


class Tried(Protocol):
    """A run, as shrinking sees it."""

    @property
    def plan(self) -> Plan:
        """What was done."""
        ...

    @property
    def broken(self) -> InvariantBroken | None:
        """What did not hold."""
        ...


R = TypeVar("R", bound=Tried)


def shrunk(run: R, broken: InvariantBroken, carry_out: Callable[[Plan], R]) -> R:
    """
    Return the shortest run that is found to break the same invariant.

    Ever smaller pieces of the plan are left out, for as long as it still fails. Every step has
    dice of its own, so that those which are left do what they did.
    """
    size, tries = max(1, len(run.plan) // 2), 0
    while size:
        start, has_shrunk = 0, False
        while start < len(run.plan) and tries < _MOST_TRIES:
            tries += 1
            shorter = carry_out(run.plan[:start] + run.plan[start + size :])
            if shorter.broken is not None and shorter.broken.code == broken.code:
                run, has_shrunk = shorter, True
            else:
                start += size
        if not has_shrunk or size > 1:
            size //= 2
    return run
