"""What came of trying a law, and what came of trying them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

import attrs

from paysession.testing._laws.law import Law


class Verdict(StrEnum):
    """What came of trying one law."""

    HOLDS = "holds"
    DOES_NOT_APPLY = "does not apply"
    DEVIATES = "deviates as declared"
    BROKEN = "broken"


@attrs.frozen
class Finding:
    """
    What came of trying one law on one thing.

    Attributes:
        law: The law.
        verdict: What came of it.
        note: Why it does not apply, or why it may be broken.
        error: How it is broken, if it is.
    """

    law: Law
    verdict: Verdict
    note: str = ""
    error: AssertionError | None = attrs.field(default=None, eq=False)

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything."""
        return self.verdict is not Verdict.BROKEN


def tally(verdicts: Iterable[Verdict | str], *, untried: int = 0) -> str:
    """
    Count verdicts in one line, and say so where they are not those of all the laws.

    >>> tally(["holds", "does not apply", "holds", "deviates as declared"])
    '4 laws: 2 hold, 1 does not apply, 1 deviates as declared'
    >>> tally(["holds"], untried=46)
    '1 of 47 laws tried: 1 holds'
    """
    counts = Counter(Verdict(each) for each in verdicts)
    total = counts.total()
    parts = [
        f"{counts[each]} {_WORDS[each][counts[each] != 1]}" for each in Verdict if counts[each]
    ]
    whole = f"{total} law{'' if total == 1 else 's'}"
    head = f"{total} of {total + untried} laws tried" if untried else whole
    return f"{head}: {', '.join(parts)}" if parts else head


_WORDS = {
    Verdict.HOLDS: ("holds", "hold"),
    Verdict.DOES_NOT_APPLY: ("does not apply", "do not apply"),
    Verdict.DEVIATES: ("deviates as declared", "deviate as declared"),
    Verdict.BROKEN: ("is broken", "are broken"),
}
