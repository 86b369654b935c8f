"""
What must hold of a backend's own store and wiring, beside the invariants of the library.

An invariant that is broken by a library which is known to be right says little about where to
look. These rules are looked at with every answer, so that the first thing that is wrong is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from paysession.testing._invariants.history import InvariantBroken
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer
from paysession.testing._stores.differences import difference


@attrs.frozen
class Rule:
    """
    One thing that must hold.

    Attributes:
        code: What it is known by.
        sentence: What must hold.
    """

    code: str
    sentence: str

    def broken(self, seen: str) -> InvariantBroken:
        """Return the error that says what was seen instead."""
        return InvariantBroken(self.code, self.sentence, seen)

    def compared(self, what: str, expected: object, actual: object) -> InvariantBroken | None:
        """Return the error that says where two values differ, if they do."""
        found = difference(expected, actual)
        if found is None:
            return None
        values = f"expected {shown(found.expected)}, but got {shown(found.actual)}"
        return self.broken(f"{what}{found.path}: {values}")

    def answered(self, what: str, expected: object, came: Answer[Any]) -> InvariantBroken | None:
        """Return the error that says what came instead of an answer, if one did not come."""
        if came.error is not None:
            return self.broken(f"{what}: {shown(came.error)}")
        return self.compared(what, expected, came.value)


GATEWAY: Final = Rule(
    "WIRE-1",
    "The gateway that was given is found under its name, with all that it can do.",
)
ASKED: Final = Rule(
    "WIRE-2",
    "What a gateway is asked comes to the one given as it was asked; once, if a repeat could move "
    "money again.",
)
CLOCK: Final = Rule(
    "WIRE-3",
    "The time is what the given clock tells, aware of its zone.",
)
IDS: Final = Rule(
    "WIRE-4",
    "No id is made twice.",
)
TENANT: Final = Rule(
    "WIRE-5",
    "Every process works for the tenant that is named.",
)
OBSERVERS: Final = Rule(
    "WIRE-6",
    "An observer takes whatever it is told.",
)
PAID: Final = Rule(
    "WIRE-7",
    "In ten histories together, or in more, some money is paid.",
)
ANSWERED: Final = Rule(
    "WIRE-8",
    "What the given gateway answers comes back as it was, and what it raises says the same.",
)
ANSWERS: Final = Rule(
    "KEEP-1",
    "A store answers, or says that somebody was faster; it raises nothing else.",
)
REFUSES: Final = Rule(
    "KEEP-2",
    "Whoever would replace what is no longer there is refused.",
)
TAKES: Final = Rule(
    "KEEP-3",
    "Whoever nobody was faster than is not refused.",
)
WHOLE: Final = Rule(
    "KEEP-4",
    "A commit is there at once, the whole of it; of one that was refused nothing is.",
)
READS: Final = Rule(
    "KEEP-5",
    "What is read is what was committed last, as it was.",
)
FINDS: Final = Rule(
    "KEEP-6",
    "What is looked for is found, all of it and nothing else, in its order.",
)
TELLS: Final = Rule(
    "KEEP-7",
    "Events wait in their order to be handed out, each until it was.",
)
LASTS: Final = Rule(
    "KEEP-8",
    "What was committed outlives its process.",
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            *(GATEWAY, ASKED, CLOCK, IDS, TENANT, OBSERVERS, PAID, ANSWERED),
            *(ANSWERS, REFUSES, TAKES, WHOLE, READS, FINDS, TELLS, LASTS),
        )
    }
)
"""Every rule by its code."""
