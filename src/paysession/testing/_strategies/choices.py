"""Which classes of a closed set somebody wants values of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


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
