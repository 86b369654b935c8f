"""What is told of a trial: what was asked and came back so far, and how the law is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

from paysession.outcomes import Authorized, Captured
from paysession.testing._gateways.law import GatewayLaw

T = TypeVar("T")


class Words(str):
    """Words that stand in a report without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Telling:
    """
    The story of a trial, and its end where the law is broken.

    Attributes:
        law: The law.
        story: What was asked and what came back.
    """

    def __init__(self, law: GatewayLaw) -> None:
        self.law = law
        self.story: list[str] = []
        self._forgotten = 0

    def anew(self) -> None:
        """
        Forget what was asked and came back: what follows has nothing to do with it.

        That it was asked is told, for it was asked of the same provider.
        """
        self._forgotten += sum(" → " in each for each in self.story)
        calls = "one call" if self._forgotten == 1 else f"{self._forgotten} calls"
        self.story[:] = [f"({calls} before, of something else)"] if self._forgotten else []

    def tell(self, what: str) -> None:
        """Let the story say what was looked at, where nothing was asked."""
        self.story.append(f"({what})")

    def broken(self, what: str, expected: object, actual: object) -> NoReturn:
        """Say that the law is broken, and how."""
        __tracebackhide__ = True
        raise self.law.broken(what, expected, actual, story=tuple(self.story))

    def must(self, holds: bool, what: str, expected: object, actual: object) -> None:  # noqa: FBT001 - a condition
        """Do nothing if it holds; `expected` may say in words what would."""
        __tracebackhide__ = True
        if not holds:
            wanted = Words(expected) if isinstance(expected, str) else expected
            self.broken(what, wanted, actual)

    def same(self, expected: object, actual: object, what: str) -> None:
        """Do nothing if both are equal."""
        __tracebackhide__ = True
        if expected != actual:
            self.broken(what, expected, actual)

    def one_of(self, answer: object, *kinds: Callable[..., T], what: str) -> T:
        """Do nothing but return it, if an answer is of one of these classes."""
        __tracebackhide__ = True
        expected = " or ".join(getattr(kind, "__name__", "?") for kind in kinds)
        self.must(type(answer) in kinds, what, Words(expected), answer)
        return cast("T", answer)

    def sold(self, answer: object, *, what: str) -> Authorized | Captured:
        """Do nothing but return it, if an answer says that money is held or taken."""
        __tracebackhide__ = True
        self.one_of(answer, Authorized, Captured, what=what)
        return cast("Authorized | Captured", answer)
