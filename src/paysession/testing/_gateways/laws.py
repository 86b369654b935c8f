"""Every law of the port to providers, area by area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paysession.testing._gateways import (
    amounts,
    any_order,
    captures,
    charges,
    closings,
    declines,
    honesty,
    look_ups,
    lost_answers,
    notifications,
    patience,
    refunds,
    repeats,
    secrecy,
    sessions,
    setups,
    side_by_side,
    signatures,
    totality,
    voids,
)
from paysession.testing._gateways.law import SESSIONS, SETUPS, GatewayLaw
from paysession.testing._laws.law import laws_of

LAWS: Final = laws_of(
    GatewayLaw,
    sessions,
    closings,
    charges,
    setups,
    declines,
    captures,
    voids,
    refunds,
    amounts,
    repeats,
    side_by_side,
    lost_answers,
    look_ups,
    signatures,
    notifications,
    honesty,
    secrecy,
    patience,
    totality,
    any_order,
)
"""Area by area, as their modules come up."""

AREAS: Final[Mapping[str, frozenset[str]]] = {
    "SES": frozenset(SESSIONS),
    "AUTH": frozenset(SESSIONS),
    "CHG": frozenset({"charge"}),
    "SET": frozenset(SETUPS),
    "CAP": frozenset({"capture"}),
    "VOID": frozenset({"void"}),
    "REF": frozenset({"refund"}),
    "AMT": frozenset(SESSIONS),
    "SIDE": frozenset(SESSIONS),
    "LOOK": frozenset({"look_up"}),
    "NOTE": frozenset({"read_notification"}),
    "SEC": frozenset(SESSIONS),
    "TIME": frozenset(),
    "TOT": frozenset(SESSIONS),
}
"""What each area is about: if a gateway offers these, one law of the area at least is tried."""
