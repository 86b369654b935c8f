"""Arguments of the wrong type are refused before anything is asked for."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def typed(name: str, value: object, *kinds: type[T]) -> T:
    """
    Return a value of one of these types.

    Raises:
        TypeError: It is of another type.
    """
    for kind in kinds:
        if isinstance(value, kind):
            return value
    wanted = " or ".join(kind.__name__ for kind in kinds)
    raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")
