"""How a history that went wrong reads."""

from __future__ import annotations

import attrs

from paysession.testing._simulation.run import Violation
from paysession.testing._simulation.story import legible


@attrs.define(slots=False, eq=False, repr=False)
class HistoryBroken(AssertionError):
    """
    A history in which something happened that must never happen.

    Attributes:
        violation: What did not hold, what was seen instead, and the shortest history that was
            found to show it.
        seed: What the history is made of.
        profile: The name of the provider's profile.
        suite: The name of the class that it was found with.
    """

    violation: Violation
    seed: int
    profile: str
    suite: str

    @property
    def code(self) -> str:
        """Which invariant does not hold, such as `I4`, or which rule, such as `KEEP-2`."""
        return self.violation.code

    def __str__(self) -> str:
        found = self.violation
        return "\n".join(
            [
                f"{found.code}: {found.sentence}",
                f"seen: {legible(found.seen)}",
                *((f"broken in the same moment: {', '.join(found.also)}",) if found.also else ()),
                *(("the shortest history that shows it:",) if found.story else ()),
                *(f"  {line}" for line in found.story[:-2]),
                f"to see it again: first_seed = {self.seed} and histories = 1 in {self.suite}",
            ]
        )
