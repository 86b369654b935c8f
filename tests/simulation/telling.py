"""What stories are told with: the shapes of a tale, and what can happen to each call in it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeAlias

import attrs
from shop import ORDER, Scene, Story

from paysession import Money, StoredSource
from paysession.gateways import BogusGateway, Capabilities

Telling: TypeAlias = Generator[Scene, Any, Any]

EVERY_CALL: Final = frozenset(
    {
        "create",
        "update",
        "complete",
        "close",
        "charge",
        "capture",
        "void",
        "refund",
        "cancel_refund",
        "create_setup",
        "complete_setup",
    }
)
ONCE: Final = ("timeout_before", "timeout_after", "unreachable", "broken", "nonsense")
REFUSALS: Final = (
    "decline:insufficient_funds",
    "decline:duplicate",
    "end:lost_or_stolen",
    "reject",
)
UNDERPAID: Final = (("complete", "partial"), ("charge", "partial"))
AMOUNTS: Final = ("partial", "more", "other_currency")

CREATE: Final = ("approve", "require_action", "pending", "unreachable_always", *REFUSALS, *ONCE)
UPDATE: Final = ("approve", "require_action", "unreachable_always", *REFUSALS, *ONCE)
CHARGE: Final = (*CREATE, *AMOUNTS)
COMPLETE: Final = (*CHARGE, "cancel", "expire")
CLOSE: Final = ("approve", "pending", "unreachable_always", "cancel", "expire", *REFUSALS, *ONCE)
MOVE: Final = ("approve", "pending", "unreachable_always", *REFUSALS, *AMOUNTS, *ONCE)
CALL_OFF: Final = ("approve", "pending", "unreachable_always", *REFUSALS, *ONCE)
STORE: Final = (*CREATE, "cancel", "expire")

RELEASED_AND_CHARGED_AGAIN: Final = 4
"""How often an order is paid for when half of it is released, and it is charged twice again."""


@attrs.frozen
class Tale:
    """
    A story with a name.

    Attributes:
        name: What it is about.
        story: Plays it once.
        for_people: Operations that no machine can settle in it.
        times: How often the customer's order is paid for in it: a charge that was given
            back may be made again.
        by_policy: Operations that nobody asks for again, so that they are a person's when the
            provider has forgotten their keys.
        capabilities: What its provider can do, if not what others can.
    """

    name: str
    story: Story
    for_people: frozenset[str] = frozenset()
    times: int = 1
    by_policy: frozenset[str] = frozenset()
    capabilities: Capabilities | None = None

    @property
    def price(self) -> Money:
        """The most that may move."""
        return ORDER.total * self.times


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def token(script: Mapping[str, str]) -> str:
    return BogusGateway.token(**script)


def source(script: Mapping[str, str]) -> StoredSource:
    return StoredSource(id="src_1", profile_id=token(script))


def needed(verb: str, behaviour: str) -> frozenset[str]:
    """
    Return what a person may have to look at.

    That is another currency, a decline that settles nothing, and what could not be given back.
    """
    if behaviour in ("other_currency", "decline:duplicate"):
        return frozenset({verb})
    is_underpaid = (verb, behaviour) in UNDERPAID
    return frozenset({"void", "refund"}) if is_underpaid else frozenset()


def named(
    verb: str, behaviours: tuple[str, ...]
) -> list[tuple[str, dict[str, str], frozenset[str]]]:
    return [(f"{verb} {each}", {verb: each}, needed(verb, each)) for each in behaviours]
