"""How an invariant is checked: a function that tells what it looked at and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TypeAlias

from paysession.testing._invariants.history import History, InvariantBroken

Finding: TypeAlias = tuple[object, ...]
"""Whether what was looked at holds, and then what it was, to be shown if it does not."""
Look: TypeAlias = Callable[[History], Iterator[Finding]]
Check: TypeAlias = Callable[[History], None]


def invariant(look: Look) -> Check:
    """
    Make a check of a function that yields a finding for all that could break its invariant.

    The name of the function is `check_` and the invariant's code, its docstring what must hold.
    Each finding counts in `history.checks`; the first that does not hold is raised.
    """
    code, sentence = code_of(look), sentence_of(look)

    @wraps(look)
    def check(history: History) -> None:
        for finding in look(history):
            history.checks[code] += 1
            if not finding[0]:
                raise InvariantBroken(code, sentence, "; ".join(map(str, finding[1:])))

    return check


def code_of(check: Check | Look) -> str:
    """Return the invariant that a check is about: `I4`."""
    return check.__name__.removeprefix("check_")


def sentence_of(check: Check | Look) -> str:
    """Return what must hold."""
    return (check.__doc__ or "").strip()
