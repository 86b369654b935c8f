"""
Bugs to plant on purpose: each is a patch of the real flows, aggregates or stores.

A check that nobody has seen fail proves little. Every plant names the invariant that it must
break, and a simulation that has it must break that one and no other.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from paysession.testing._plants import (
    of_events,
    of_evidence,
    of_idempotency,
    of_money,
    of_security,
    of_state,
)
from paysession.testing._plants.plant import Patch, Plant

__all__ = ["PLANTS", "Patch", "Plant"]

PLANTS: Final[Mapping[str, Plant]] = MappingProxyType(
    {
        plant.name: plant
        for module in (of_money, of_state, of_evidence, of_idempotency, of_events, of_security)
        for plant in module.PLANTS
    }
)
"""Every planted bug by its name, in the order of the invariants."""
