"""Records that are damaged in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from json_text_store import RECORDS

from paysession.errors import RecordError

Path: TypeAlias = tuple[str | int, ...]


def plain(record: object) -> Any:
    """A copy of a record, as JSON text gives it back."""
    return json.loads(json.dumps(record, allow_nan=False))


def changed(record: object, path: Path, value: object) -> Any:
    """A copy of a record that holds something else in one place."""
    copy = plain(record)
    _around(copy, path)[path[-1]] = value
    return copy


def without(record: object, path: Path) -> Any:
    """A copy of a record that lacks one key."""
    copy = plain(record)
    del _around(copy, path)[path[-1]]
    return copy


def _around(node: Any, path: Path) -> Any:
    for step in path[:-1]:
        node = node[step]
    return node


def refusal(record: object, load: Callable[[object], object] = RECORDS.load) -> RecordError:
    """The error that loading a record comes to."""
    with pytest.raises(RecordError) as caught:
        load(record)
    return caught.value


def parts(node: object) -> Iterator[object]:
    """Every mapping, list, key and value of plain data."""
    yield node
    match node:
        case dict():
            for key, value in node.items():
                yield key
                yield from parts(value)
        case list():
            for item in node:
                yield from parts(item)
        case _:
            pass
