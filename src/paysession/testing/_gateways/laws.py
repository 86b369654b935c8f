"""Every law of the port to providers, area by area."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from paysession.testing._gateways import captures
from paysession.testing._gateways.law import SESSIONS, GatewayLaw


def _laws_of(module: ModuleType) -> list[GatewayLaw]:
    return [value for value in vars(module).values() if isinstance(value, GatewayLaw)]


LAWS: Final[tuple[GatewayLaw, ...]] = tuple(
    law for module in (captures,) for law in _laws_of(module)
)
"""As their modules hold them."""

AREAS: Final[Mapping[str, frozenset[str]]] = {
    "SES": frozenset(SESSIONS),
    "CAP": frozenset({"capture"}),
}
"""What each area is about: if a gateway offers these, one law of the area at least is tried."""
