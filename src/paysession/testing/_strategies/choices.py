"""What somebody wants values of, and from what they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


def given_or(
    usual: st.SearchStrategy[T], given: st.SearchStrategy[T] | None, *, called: str
) -> st.SearchStrategy[T]:
    """
    Return the strategy that was given, or the usual one if none was.

    Raises:
        TypeError: What was given is no strategy.
    """
    what: object = given
    if not isinstance(what, st.SearchStrategy | None):
        kind = type(what).__name__
        raise TypeError(f"{called} must be a strategy, not {kind}: wrap a value in st.just()")
    return usual if given is None else given


def chosen(kinds: Sequence[type], *, among: Sequence[type[T]], called: str) -> Sequence[type[T]]:
    """
    Return the classes that were named, or all of them if none was.

    Raises:
        TypeError: One of them is not of that set.
    """
    for kind in kinds:
        if kind not in among:
            name = getattr(kind, "__name__", type(kind).__name__)
            raise TypeError(f"{name} is no {called}: name some of {', '.join(_names(among))}")
    return [kind for kind in among if kind in kinds] or among


def _names(kinds: Sequence[type]) -> list[str]:
    return sorted(kind.__name__ for kind in kinds)
