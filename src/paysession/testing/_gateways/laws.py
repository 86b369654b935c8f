"""Every law of the port to providers, area by area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paysession.testing._gateways import captures, charges, declines, sessions, setups
from paysession.testing._gateways.law import SESSIONS, SETUPS, GatewayLaw
from paysession.testing._laws.law import laws_of

LAWS: Final = laws_of(GatewayLaw, sessions, charges, setups, declines, captures)
"""As their modules hold them."""

AREAS: Final[Mapping[str, frozenset[str]]] = {
    "SES": frozenset(SESSIONS),
    "AUTH": frozenset(SESSIONS),
    "CHG": frozenset({"charge"}),
    "SET": frozenset(SETUPS),
    "CAP": frozenset({"capture"}),
}
"""What each area is about: if a gateway offers these, one law of the area at least is tried."""
