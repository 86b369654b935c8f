"""What can be read of a shop: from its store, and of what its providers were asked and did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from storefront import Shop

from paysession import Attempt, Capture, Payment, PaymentSession, Refund, SetupSession, Void
from paysession.events import (
    DiscrepancyOpened,
    Event,
    MovementEvent,
    PayablePaid,
    PaymentEvent,
    SessionEvent,
    SetupSessionEvent,
)

Reading: TypeAlias = Callable[[Shop], object]


def _lines(kind: type[Any]) -> Reading:
    return lambda shop: [f"{each.status} {each.amount}" for each in shop.stored(kind)]


def _events(kind: type[Event]) -> Reading:
    return lambda shop: [type(each).__name__ for each in shop.told(kind)]


def _minor_units(shop: Shop) -> object:
    amounts = [getattr(call, "amount", None) for call in shop.calls()]
    return [amount.minor for amount in amounts if amount is not None]


def _order(shop: Shop) -> object:
    account = shop.account()
    return account and f"{account.status}, due {account.due}"


READINGS: Final[Mapping[str, Reading]] = {
    "sessions": _lines(PaymentSession),
    "payments": _lines(Payment),
    "captures": _lines(Capture),
    "voids": _lines(Void),
    "refunds": _lines(Refund),
    "setup sessions": lambda shop: [str(each.status) for each in shop.stored(SetupSession)],
    "attempts": lambda shop: [f"{each.kind} {each.status}" for each in shop.stored(Attempt)],
    "session events": _events(SessionEvent),
    "setup events": _events(SetupSessionEvent),
    "payment events": _events(PaymentEvent),
    "movement events": lambda shop: [
        f"{type(each).__name__} {each.amount}" for each in shop.told(MovementEvent)
    ],
    "orders paid": lambda shop: [str(each.paid) for each in shop.told(PayablePaid)],
    "doubts": lambda shop: [each.doubt for each in shop.stored(Attempt) if each.doubt],
    "discrepancies": lambda shop: [each.kind for each in shop.told(DiscrepancyOpened)],
    "order": _order,
    "calls": lambda shop: [call.method for call in shop.calls()],
    "minor units asked for": _minor_units,
    "credit": lambda shop: [
        f"{credit.used} used, {credit.authorized} held, {credit.remaining} left"
        for credit in shop.ledger.credits_of("cus_1")
    ],
    "money at the provider": lambda shop: [
        f"{effect.kind} {effect.amount}" for effect in shop.bogus.effects
    ],
}
"""What is compared with what a case expects, by its name; all of it is read, none returned."""
