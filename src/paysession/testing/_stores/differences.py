"""Where two values first differ, as deep as one can look into them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cache
from typing import Final, cast

import attrs


class _Nothing:
    """What stands where one value has a part and the other has none."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Nothing()


@attrs.frozen
class Difference:
    """
    One place at which two values are not the same.

    Attributes:
        path: The fields and places that lead there, such as `.balances.captured`.
        expected: What should be there.
        actual: What is there.
    """

    path: str
    expected: object
    actual: object


def difference(expected: object, actual: object, path: str = "") -> Difference | None:
    """
    Return the first place at which two values differ, or None.

    It is stricter than `==`: a text is no member of an enumeration, a list no tuple, and the
    same instant in another time zone is another value. What is not compared (`eq=False`) is
    not looked at.
    """
    if expected is actual:
        return None
    if type(expected) is not type(actual):
        return Difference(path, expected, actual)
    parts, others = _parts_of(expected), _parts_of(actual)
    if parts is None or others is None:
        return None if _is_same(expected, actual) else Difference(path, expected, actual)
    for step in {**parts, **others}:
        inside = parts.get(step, NOTHING), others.get(step, NOTHING)
        found = difference(*inside, path + step)
        if found is not None:
            return found
    return None


def _parts_of(value: object) -> dict[str, object] | None:
    """What a value is made of, by the step that leads there; None if it is one piece."""
    match value:
        case tuple() | list():
            items = cast("list[object]", value)
            return {f"[{index}]": item for index, item in enumerate(items)}
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            return {f"[{key!r}]": item for key, item in entries.items()}
        case _:
            names = _compared(cast("Hashable", type(value)))
            return None if names is None else {f".{name}": getattr(value, name) for name in names}


@cache
def _compared(kind: Hashable) -> tuple[str, ...] | None:
    """The fields by which values of a class are compared; None if it has none."""
    known = cast("type[attrs.AttrsInstance]", kind)
    if not attrs.has(known):
        return None
    return tuple(field.name for field in attrs.fields(known) if field.eq)


def _is_same(expected: object, actual: object) -> bool:
    if isinstance(expected, datetime) and isinstance(actual, datetime):
        return expected == actual and expected.utcoffset() == actual.utcoffset()
    return expected == actual
