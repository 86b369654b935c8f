"""Units of work: what is read, decided and committed as one, and tried again when beaten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar, cast

import attrs

from paysession._domain.entities import Entity
from paysession._flows.asks import Commit, Flow, Pause, Unit
from paysession.errors import AlreadyExists, StaleVersion
from paysession.stores.port import Changes, Claim

T = TypeVar("T")

DECIDING_TRIES = 32
SETTLING_TRIES = 1000
"""Far more than for deciding: the money has moved, and only the record is missing."""


@attrs.frozen
class Released:
    """A claim to be given up, as a part of what a unit returns."""

    claim: Claim


def atomic(unit: Callable[[], Unit[T]]) -> Callable[[], Flow[T]]:
    """
    Commit what a unit returns, and run it again on fresh state when somebody was faster.

    A unit returns an entity or a tuple of entities, claims (to be made, or `Released`) and
    `None`; entities that did not change are not written. The flow answers the same shape,
    as committed.

    Raises:
        StaleVersion: Somebody else was faster every time. Nothing was written.
        AlreadyExists: As `StaleVersion`.
    """
    return lambda: _committed_within(DECIDING_TRIES, unit)


def deciding(unit: Callable[[], Unit[T]]) -> Callable[[], Flow[T]]:
    """
    Do as `atomic`, for the one commit by which a command takes place.

    The first part that the unit returns is the record that the command is about; where that
    does not change, nothing takes place.
    """
    return lambda: _committed_within(DECIDING_TRIES, unit, decides=True)


def settling(unit: Callable[[], Unit[T]]) -> Callable[[], Flow[T]]:
    """Do as `atomic`, and hardly ever give up."""
    return lambda: _committed_within(SETTLING_TRIES, unit)


def _committed_within(tries: int, unit: Callable[[], Unit[T]], *, decides: bool = False) -> Flow[T]:
    for round_ in range(1, tries):
        try:
            return (yield from _committed_once(unit, decides=decides))
        except (StaleVersion, AlreadyExists):
            yield from Pause(round_)
    return (yield from _committed_once(unit, decides=decides))


def _committed_once(unit: Callable[[], Unit[T]], *, decides: bool) -> Flow[T]:
    result = yield from unit()
    parts = tuple(_flat(result))
    changed = [part for part in parts if isinstance(part, Entity) and part.is_changed]
    if not changed:
        return result
    changes = Changes.of(
        changed,
        tenant=changed[0].tenant,
        claims=[part for part in parts if isinstance(part, Claim)],
        released=[part.claim for part in parts if isinstance(part, Released)],
    )
    decided = _stored(changed, changes).get(id(parts[0])) if decides else None
    written = yield from Commit(changes, decided)
    return cast("T", _as_stored(result, _stored(changed, written)))


def _stored(changed: list[Entity], changes: Changes) -> dict[int, Entity]:
    return {id(before): after for before, after in zip(changed, changes.entities, strict=True)}


def _flat(result: object) -> Iterator[object]:
    if isinstance(result, tuple):
        for part in cast("tuple[object, ...]", result):
            yield from _flat(part)
    else:
        yield result


def _as_stored(result: object, stored: dict[int, Entity]) -> object:
    if isinstance(result, tuple):
        parts = cast("tuple[object, ...]", result)
        return tuple(_as_stored(part, stored) for part in parts)
    return stored.get(id(result), result)
