"""Every law of a store, in the order of its code."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from paysession.testing._stores import durability, outbox, races, reading, round_trips, writing
from paysession.testing._stores.bench import Law


def _laws_of(module: ModuleType) -> list[Law]:
    return [value for value in vars(module).values() if isinstance(value, Law)]


LAWS: Final[tuple[Law, ...]] = tuple(
    law
    for module in (writing, reading, outbox, round_trips, races, durability)
    for law in _laws_of(module)
)
"""As their modules hold them: writing, reading, the outbox, round trips, races, durability."""
