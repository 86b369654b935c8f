"""What a law is, and how it reads when something breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

import attrs

from paysession.testing._laws.secrets import masked
from paysession.testing._laws.shown import shown


@attrs.define(slots=False, eq=False, repr=False)
class LawBroken(AssertionError):
    """
    Something does not keep a law.

    Attributes:
        code: Which law, such as `CAP-1`.
        sentence: What it says.
        reason: Why it must hold, and where that was learnt.
        what: What was looked at when it was found broken.
        expected: What should have been there.
        actual: What was there.
        story: What was asked and what came back, line by line: as short as it was found.
        see: Where to read on.
        again: How the same is drawn once more.
        secrets: What is never shown, nor any part of it, wherever it stands in the rest.
    """

    code: str
    sentence: str
    reason: str
    what: str
    expected: object
    actual: object
    story: tuple[str, ...] = ()
    see: str = ""
    again: str = ""
    secrets: Sequence[str] = ()

    def __str__(self) -> str:
        text = "\n".join(
            [
                f"{self.code}: {self.sentence}",
                f"why: {self.reason}",
                f"{self.what}:",
                f"  expected: {shown(self.expected)}",
                f"  but got:  {shown(self.actual)}",
                *(("what was asked, and what came back:",) if self.story else ()),
                *(f"  {number}. {line}" for number, line in enumerate(self.story, start=1)),
                *((f"see: {self.see}",) if self.see else ()),
                *((f"again: {self.again}",) if self.again else ()),
            ]
        )
        return masked(self.secrets, text)


class CannotBeTried(Exception):
    """What plays a part in a law cannot do what the law needs."""


@attrs.frozen(kw_only=True)
class Law:
    """
    One rule of a port.

    Attributes:
        code: What it is known by; it never comes to mean anything else.
        sentence: What it says.
        reason: Why it must hold.
        source: Where that was learnt: an invariant, a bug in the field, a provider's page.
        check: How it is tried.
        since: The version of the library that has it first.
    """

    code: str
    sentence: str
    reason: str
    source: str
    check: Callable[..., Any] = attrs.field(repr=False)
    since: str = "0.1"

    @property
    def area(self) -> str:
        """What it is about: the code without its number."""
        return self.code.rpartition("-")[0]

    @property
    def number(self) -> int:
        """Which one of its area it is."""
        return int(self.code.rpartition("-")[2])

    @property
    def test_name(self) -> str:
        """What its test is called."""
        return f"test_{self.code.replace('-', '_').lower()}_{self.check.__name__}"

    @property
    def see(self) -> str:
        """Where to read on."""
        return ""

    def broken(
        self, what: str, expected: object, actual: object, *, story: tuple[str, ...] = ()
    ) -> LawBroken:
        """Return the error that says how it was found broken."""
        why = f"{self.reason} ({self.source})"
        return LawBroken(self.code, self.sentence, why, what, expected, actual, story, self.see)


L = TypeVar("L", bound=Law)


def laws_of(kind: type[L], *modules: ModuleType) -> tuple[L, ...]:
    """Return the laws of a kind that modules hold: area by area as they come up, by number."""
    held = (value for module in modules for value in vars(module).values())
    laws = [value for value in held if isinstance(value, kind)]
    areas = [law.area for law in laws]
    return tuple(sorted(laws, key=lambda law: (areas.index(law.area), law.number)))
