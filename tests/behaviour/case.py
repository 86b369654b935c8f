"""
One case of the table: what is given and done, what comes of it, and why.

The cases are what was observed of another store that speaks the storefront dialect, which
users of that dialect expect here: the observed store, below. Its list has gaps, and so have
the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeAlias

import attrs
from readings import READINGS
from storefront import Shop

Seen: TypeAlias = Mapping[str, object]
Do: TypeAlias = Callable[[Shop], Seen | None]


class Verdict(StrEnum):
    """How what comes of a case relates to what the observed store does."""

    SAME = "same"
    BETTER = "better"
    OUTSIDE = "outside"


@attrs.frozen(kw_only=True)
class Case:
    """
    One case of the observed store's behaviour.

    Attributes:
        number: Its number in the list of what was observed.
        given: What is the case, and what is done.
        expected: What comes of it: what is read of the shop, by the names of `READINGS`, and
            what `do` tells.
        verdict: How that relates to what the observed store does.
        because: For `better`, the sentence of paysession's design that chooses; for `outside`,
            why it is not played.
        do: Plays it, and tells what no reading shows: refusals and documents.
    """

    number: int
    given: str
    expected: Seen = attrs.field(factory=dict)
    verdict: Verdict
    because: str = ""
    do: Do | None = None

    def played(self, shop: Shop) -> Seen:
        """Play the case in a shop, and return what it tells."""
        assert self.do is not None, f"case {self.number} is {self.verdict}: nothing to play"
        return self.do(shop) or {}

    def seen(self, shop: Shop, told: Seen) -> Seen:
        """Return what came of all that is expected: read from the shop, or told."""
        return {
            name: READINGS[name](shop) if name in READINGS else told.get(name)
            for name in self.expected
        }


def same(number: int, given: str, do: Do, expected: Seen) -> Case:
    """As in the observed store."""
    return Case(number=number, given=given, do=do, expected=expected, verdict=Verdict.SAME)


def better(number: int, given: str, do: Do, expected: Seen, *, because: str) -> Case:
    """Not as in the observed store, since paysession's design says so in these words."""
    return Case(
        number=number,
        given=given,
        do=do,
        expected=expected,
        verdict=Verdict.BETTER,
        because=because,
    )


def outside(number: int, given: str, *, because: str) -> Case:
    """The backend's own affair: its web, its administration, its records."""
    return Case(number=number, given=given, verdict=Verdict.OUTSIDE, because=because)
