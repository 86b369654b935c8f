"""Every law of the port to databases, in the order of its code."""

from __future__ import annotations

from typing import Final

from paysession.testing._laws.law import laws_of
from paysession.testing._stores import (
    durability,
    finding,
    outbox,
    paging,
    races,
    reading,
    round_trips,
    tenants,
    worklists,
    writing,
)
from paysession.testing._stores.law import StoreLaw

LAWS: Final = laws_of(
    StoreLaw,
    writing,
    finding,
    tenants,
    worklists,
    reading,
    outbox,
    paging,
    round_trips,
    races,
    durability,
)
"""As their modules hold them: first what is written, then what is read, then what goes wrong."""
