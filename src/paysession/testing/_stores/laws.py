"""Every law of the port to databases, in the order of its code."""

from __future__ import annotations

from typing import Final

from paysession.testing._laws.law import laws_of
from paysession.testing._stores import durability, outbox, races, reading, round_trips, writing
from paysession.testing._stores.law import StoreLaw

LAWS: Final = laws_of(StoreLaw, writing, reading, outbox, round_trips, races, durability)
"""As their modules hold them: writing, reading, the outbox, round trips, races, durability."""
