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
    "closed",
    "closing",
    "voids",
    "voids_in_flight",
    "lapses",
    "undone",
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

    What a final capture leaves is released, though nobody says so, and what was taken in one
    step and came undone is held no more. That is inferred: it is never more than is left by
    everything that was told, whichever of it was told first.

    Attributes:
        requested: What the payment was asked for.
        authorized: All that was ever held for us.
        captured: Taken.
        over: What we asked to take beyond what was held, as the gateway lets us: that it is
            taken is expected.
        capture_in_flight: Asked to be taken; the provider has not said how it ended.
        closed: Taken by final captures.
        closing: Asked to be taken by final captures, not answered.
        voids: Released by voids.
        voids_in_flight: Asked to be released by voids, not answered.
        lapses: Released by the provider, as it says.
        undone: Taken in one step, and come undone.
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
    closed: Money
    closing: Money
    voids: Money
    voids_in_flight: Money
    lapses: Money
    undone: Money
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
            closed=zero,
            closing=zero,
            voids=zero,
            voids_in_flight=zero,
            lapses=zero,
            undone=zero,
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
    def voided(self) -> Money:
        """Released by us: by voids, and with the final captures that left it."""
        return self.voids + self._left_behind if self.closed else self.voids

    @property
    def void_in_flight(self) -> Money:
        """Asked to be released by us, not answered: with final captures too."""
        is_left = self.closing and not self.closed
        return self.voids_in_flight + self._left_behind if is_left else self.voids_in_flight

    @property
    def lapsed(self) -> Money:
        """Released by the provider: as it says, and what came undone with a sale."""
        return self.lapses + min(self.undone, self._told_left) if self.undone else self.lapses

    @property
    def held(self) -> Money:
        """What the provider holds for us, asked for or not."""
        return _at_least_zero(self.authorized - self.captured - self.voided - self.lapsed)

    @property
    def capturable(self) -> Money:
        """What may still be captured or voided: held, and not already asked for."""
        is_closed = self.closed or self.closing
        return Money.zero(self.authorized.currency) if is_closed else self._left_behind

    @property
    def _left_behind(self) -> Money:
        """What neither was asked for nor let go, as far as anybody told or came undone."""
        return _at_least_zero(self._told_left - self.undone)

    @property
    def _told_left(self) -> Money:
        """What neither was asked for nor let go, as far as anybody told."""
        return _at_least_zero(
            self.authorized
            - self.captured
            - self.capture_in_flight
            - self.voids
            - self.voids_in_flight
            - self.lapses
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
