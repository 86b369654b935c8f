"""Where the money of one payment is, and the one function that reads a status from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from paysession._money import Money
from paysession.lifecycles import PaymentStatus

Column: TypeAlias = Literal[
    "authorized",
    "captured",
    "over",
    "capture_in_flight",
    "voided",
    "void_in_flight",
    "lapsed",
    "refunded",
    "refund_in_flight",
    "withheld",
    "lost",
    "uncounted",
]
Effect: TypeAlias = Mapping[Column, Money]
"""What one movement adds to the balances of its payment: the columns it touches, whole."""

NO_EFFECT: Effect = {}


@attrs.frozen(kw_only=True)
class Balances:
    """
    The sum of the effects of all movements of one payment, in one currency.

    Attributes:
        requested: What the payment was asked for.
        authorized: All that was ever held for us.
        captured: Taken.
        over: What we asked to take beyond what was held, as the gateway lets us: that it is
            taken is expected.
        capture_in_flight: Asked to be taken; the provider has not said how it ended.
        voided: Released by us.
        void_in_flight: Asked to be released, not answered.
        lapsed: Released by the provider.
        refunded: Given back.
        refund_in_flight: Asked to be given back, not answered.
        withheld: Kept from us while a dispute is not decided.
        lost: Taken back from us, by a dispute that is lost or without one.
        uncounted: Taken, and given back or being given back by policy, because it was less
            than was asked. It pays nothing of the payable.
    """

    requested: Money
    authorized: Money
    captured: Money
    over: Money
    capture_in_flight: Money
    voided: Money
    void_in_flight: Money
    lapsed: Money
    refunded: Money
    refund_in_flight: Money
    withheld: Money
    lost: Money
    uncounted: Money

    @classmethod
    def opening(cls, requested: Money) -> Balances:
        """Nothing has moved yet."""
        zero = Money.zero(requested.currency)
        return cls(
            requested=requested,
            authorized=zero,
            captured=zero,
            over=zero,
            capture_in_flight=zero,
            voided=zero,
            void_in_flight=zero,
            lapsed=zero,
            refunded=zero,
            refund_in_flight=zero,
            withheld=zero,
            lost=zero,
            uncounted=zero,
        )

    def replaced(self, old: Effect, new: Effect) -> Balances:
        """Take a movement's old effect out and put its new one in."""
        if old == new:
            return self
        touched: dict[Column, Money] = {each: getattr(self, each) for each in (*old, *new)}
        for column, amount in old.items():
            touched[column] -= amount
        for column, amount in new.items():
            touched[column] += amount
        return attrs.evolve(self, **touched)

    @property
    def held(self) -> Money:
        """What the provider holds for us, asked for or not."""
        return _at_least_zero(self.authorized - self.captured - self.voided - self.lapsed)

    @property
    def capturable(self) -> Money:
        """What may still be captured or voided: held, and not already asked for."""
        return _at_least_zero(
            self.authorized
            - self.captured
            - self.capture_in_flight
            - self.voided
            - self.void_in_flight
            - self.lapsed
        )

    @property
    def refundable(self) -> Money:
        """What may still be given back: open and unknown refunds count as given."""
        return _at_least_zero(
            self.captured - self.refunded - self.refund_in_flight - self.withheld - self.lost
        )

    @property
    def net(self) -> Money:
        """What stays with us; below zero where a provider took back more than it gave."""
        return self.captured - self.refunded - self.withheld - self.lost


def _at_least_zero(amount: Money) -> Money:
    return amount if amount.minor > 0 else Money.zero(amount.currency)


def payment_status(balances: Balances, phase: PaymentStatus) -> PaymentStatus:
    """
    Read a payment's status from its balances: the first line that holds.

    `phase` is where a payment stands that has no money yet, or none left:
    checkout, processing, failed or abandoned.
    """
    captured, held = balances.captured.minor, balances.held.minor
    if captured > 0:
        return _status_of_taken(balances, captured, held)
    if held > 0:
        return PaymentStatus.AUTHORIZED
    if balances.voided.minor or balances.lapsed.minor:
        return (
            PaymentStatus.LAPSED
            if balances.lapsed.minor > balances.voided.minor
            else PaymentStatus.VOIDED
        )
    return phase


def _status_of_taken(balances: Balances, captured: int, held: int) -> PaymentStatus:
    if balances.lost.minor >= captured:
        return PaymentStatus.REVERSED
    if balances.refunded.minor >= captured and not balances.capturable.minor:
        return PaymentStatus.REFUNDED
    if balances.refunded.minor:
        return PaymentStatus.PARTIALLY_REFUNDED
    return PaymentStatus.PARTIALLY_CAPTURED if held else PaymentStatus.CAPTURED
