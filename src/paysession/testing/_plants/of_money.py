"""Planted bugs about amounts: more is moved than there is, or less is counted than was moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from paysession._domain import disputes, movements, payment
from paysession._domain.balances import NO_EFFECT, Balances, Effect
from paysession._domain.evidence import Evidence
from paysession._domain.movements import Capture, Refund
from paysession._domain.payment import Payment
from paysession._domain.receipts import Receipt
from paysession._domain.settlement import Settlement
from paysession._flows import movements as moving
from paysession._money import Money
from paysession.outcomes import FundsWithdrawn
from paysession.testing._plants.plant import Patch, Plant, instead


def _any_money(amount: Money, like: Money, *, verb: str) -> Money:
    del like, verb
    return amount


def _more_than_held(asked: Callable[..., Money]) -> object:
    def all_that_is_asked(
        of: Payment, amount: Money | None, available: Money, command: str, *purpose: str, **over: Any
    ) -> Money:
        is_capture = command == "capture" and amount is not None
        return asked(of, amount, amount if is_capture else available, command, *purpose, **over)

    return all_that_is_asked


def _beside_what_is_under_way(asked: Callable[..., Money]) -> object:
    def asked_again(
        of: Payment, amount: Money | None, available: Money, command: str, *purpose: str, **over: Any
    ) -> Money:
        forgotten = of.balances.refund_in_flight if command == "refund" else available * 0
        return asked(of, amount, available + forgotten, command, *purpose, **over)

    return asked_again


def _with_what_lapsed(capturable: property) -> object:
    def more(balances: Balances) -> Money:
        known: Money = capturable.__get__(balances)
        return known + balances.lapsed

    return property(more)


def _counting_failures(effect: property) -> object:
    def counted(refund: Refund) -> Effect:
        known: Effect = effect.__get__(refund)
        return {"refunded": refund.amount} if known == NO_EFFECT else known

    return property(counted)


def _twice(effect: property) -> object:
    def doubled(capture: Capture) -> Effect:
        known: Effect = effect.__get__(capture)
        return {**known, "captured": known["captured"] * 2} if capture.succeeded else known

    return property(doubled)


def _all_withdrawn(facts: tuple[Evidence, ...], nothing: Money) -> Money:
    told = (each.fact for each in facts)
    return max([nothing, *(fact.amount for fact in told if isinstance(fact, FundsWithdrawn))])


def _as_told(of: Payment, operation: object, *, at: datetime) -> Payment:
    del operation, at
    return of


def _without_comparing(receipt: Receipt, asked: Money, **_: object) -> Receipt:
    del asked
    return receipt


def _completed_all_the_same(settlement: Settlement, paid: Payment, evidence: Evidence) -> Settlement:
    session = settlement.session.complete(paid.id, at=evidence.recorded_at)
    return attrs.evolve(settlement, session=session)


PLANTS = (
    Plant(
        name="nothing-is-an-amount",
        sentence="an amount of zero or less is taken for money",
        breaks=("I1",),
        patches=(
            Patch(payment, "checked_amount", instead(_any_money)),
            Patch(moving, "checked_amount", instead(_any_money)),
        ),
    ),
    Plant(
        name="more-captured-than-held",
        sentence="whatever a caller asks to capture is asked for",
        breaks=("I3",),
        patches=(
            Patch(Payment, "_asked", _more_than_held),
            Patch(moving, "_refuse_beyond", instead(lambda *_: None)),
        ),
    ),
    Plant(
        name="open-refunds-forgotten",
        sentence="what is being given back already may be asked for again",
        breaks=("I4",),
        patches=(Patch(Payment, "_asked", _beside_what_is_under_way),),
    ),
    Plant(
        name="excess-not-told",
        sentence="that more was taken or given back than there is opens no discrepancy",
        breaks=("I5",),
        patches=(Patch(payment, "contradictions", instead(lambda _: {})),),
    ),
    Plant(
        name="lapsed-money-capturable",
        sentence="what the provider has let go of may still be captured",
        breaks=("I6",),
        patches=(Patch(Balances, "capturable", _with_what_lapsed),),
    ),
    Plant(
        name="failed-refund-counts",
        sentence="a refund that failed counts as given back",
        breaks=("I7",),
        patches=(Patch(Refund, "effect", _counting_failures),),
    ),
    Plant(
        name="capture-counted-twice",
        sentence="what was captured is added to the books twice",
        breaks=("I8",),
        patches=(Patch(Capture, "effect", _twice),),
    ),
    Plant(
        name="won-dispute-stays-lost",
        sentence="money that comes back from a dispute is not booked",
        breaks=("I12",),
        patches=(
            Patch(disputes, "still_gone", instead(_all_withdrawn)),
            Patch(movements, "still_gone", instead(_all_withdrawn)),
        ),
    ),
    Plant(
        name="amounts-adopted-silently",
        sentence="another amount than was asked for is booked, and nobody is told",
        breaks=("I13",),
        patches=(
            Patch(Payment, "_compared", instead(_as_told)),
            Patch(Receipt, "compared", instead(_without_comparing)),
        ),
    ),
    Plant(
        name="part-completes-session",
        sentence="a session is completed by less than it asked for",
        breaks=("I14", "I22"),
        patches=(Patch(Settlement, "_released", instead(_completed_all_the_same)),),
    ),
)
"""Each is meant for one of I1 to I14."""
