"""Planted bugs about what comes from outside: shown, believed or kept as it came."""

from __future__ import annotations

from collections.abc import Callable

from paysession._domain import limits
from paysession._flows import notifications
from paysession._flows.asks import Flow
from paysession.errors import InvalidSignature
from paysession.gateways.notifications import Notification
from paysession.outcomes import Report
from paysession.testing._plants.plant import Patch, Plant, instead
from paysession.testing._simulation.faults import Fault


def _as_it_came(text: str) -> str:
    return text


def _without_complaint(read: Callable[..., Flow[tuple[Report, ...]]]) -> object:
    def believed(gateway: str, notification: Notification) -> Flow[tuple[Report, ...]]:
        try:
            return (yield from read(gateway, notification))
        except InvalidSignature:
            return ()

    return believed


PLANTS = (
    Plant(
        name="card-number-kept",
        sentence="a card number in a provider's words is kept with them",
        breaks="I50",
        patches=(Patch(limits, "_without_card_numbers", instead(_as_it_came)),),
        faults=frozenset({Fault.NUMBER_ECHOED}),
    ),
    Plant(
        name="forgery-acknowledged",
        sentence="a notification that nobody has signed is acknowledged",
        breaks="I51",
        patches=(Patch(notifications, "_read", _without_complaint),),
        faults=frozenset({Fault.BAD_SIGNATURE}),
    ),
    Plant(
        name="odd-text-kept",
        sentence="a provider's words are kept with characters that no database stores",
        breaks="I52",
        patches=(Patch(limits, "_without_control_characters", instead(_as_it_came)),),
        faults=frozenset({Fault.ODD_TEXT}),
    ),
)
"""Each is meant for one of I50 to I52."""
