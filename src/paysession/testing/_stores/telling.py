"""What was asked of a store and what came back, each in a line that somebody reads in a hurry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from paysession._domain.entities import Entity
from paysession.stores.port import KINDS, Changes, Claim, RecordedEvent
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer

_MOST_NAMED: Final = 3
"""Of many, the first few are named and the others counted."""

_WRITING: Final = frozenset({"commit", "mark_published"})
"""What gives nothing back when it is done."""


def asked(method: str, arguments: Sequence[object], named: Mapping[str, object]) -> str:
    """
    Tell a call of the port.

    >>> asked("find", (Entity,), {"by": "payable_id", "value": "or_1"})
    "find(Entity, by='payable_id', value='or_1')"
    """
    told = [brief(each) for each in arguments]
    told += [f"{name}={brief(value)}" for name, value in named.items()]
    return f"{method}({', '.join(told)})"


def came_of(method: str, answer: Answer[Any]) -> str:
    """Tell what a call gave back, or what it raised."""
    if answer.error is not None:
        return f"raised {shown(answer.error)}"
    return "done" if method in _WRITING else brief(answer.value)


def brief(value: object) -> str:
    """Tell a value by what it is known by."""
    match value:
        case None:
            return "nothing"
        case Entity():
            return f"{KINDS[type(value)]} {value.id!r} at version {value.version}"
        case Claim():
            return f"{value.namespace} {value.text!r} of {value.id!r} at version {value.version}"
        case RecordedEvent():
            return value.id
        case Changes():
            return "; ".join(_written(value)) or "nothing"
        case tuple():
            return _listed(cast("tuple[object, ...]", value))
        case type():
            return KINDS.get(value, value.__name__)
        case _:
            return shown(value)


def _written(changes: Changes) -> Iterator[str]:
    if changes.entities:
        yield _listed(changes.entities)
    if changes.claims:
        yield f"claims {_listed(changes.claims)}"
    if changes.released:
        yield f"releases {_listed(changes.released)}"
    if changes.tenant:
        yield f"tenant {changes.tenant!r}"


def _listed(values: Sequence[object]) -> str:
    first = ", ".join(map(brief, values[:_MOST_NAMED]))
    more = len(values) - _MOST_NAMED
    return f"{first} and {more} more" if more > 0 else first or "nothing"
