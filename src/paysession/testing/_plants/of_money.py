"""Planted bugs about amounts: more is moved than there is, or less is counted than was moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from paysession._domain import payment_books
from paysession._domain.balances import NO_EFFECT, Balances, Column, Effect
from paysession._domain.comparing import Contradictions
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence
from paysession._domain.movements import Capture, Movement, Refund, Reversal
from paysession._domain.payment import Payment
from paysession._domain.payment_requests import PaymentRequests
from paysession._domain.receipts import Receipt
from paysession._domain.settlement import Settlement
from paysession._flows import movements as moving
from paysession._flows.asks import Unit
from paysession._money import Money
from paysession.testing._plants.plant import Patch, Plant, Replacing, instead
from paysession.testing._simulation.faults import Fault


def _nothing_too(asked: Callable[..., Money]) -> object:
    def whatever_is_left(
        of: Payment, amount: Money | None, available: Money, *purpose: str, **over: Money | None
    ) -> Money:
        return asked(of, amount, available, *purpose, **over) if available else available

    return whatever_is_left


def _never_done(*_: object) -> Unit[None]:
    yield from ()


def _all_that_was_ever_held(asked: Callable[..., Money]) -> object:
    def all_of_it(
        of: Payment,
        amount: Money | None,
        available: Money,
        command: str,
        *purpose: str,
        **over: Money | None,
    ) -> Money:
        known = asked(of, amount, available, command, *purpose, **over)
        is_the_rest = amount is None and command in ("capture", "void")
        return of.balances.authorized if is_the_rest else known

    return all_of_it


def _beside_what_is_under_way(asked: Callable[..., Money]) -> object:
    def asked_again(
        of: Payment,
        amount: Money | None,
        available: Money,
        command: str,
        *purpose: str,
        **over: Money | None,
    ) -> Money:
        forgotten = of.balances.refund_in_flight if command == "refund" else available * 0
        return asked(of, amount, available + forgotten, command, *purpose, **over)

    return asked_again


def _but_over_captured(contradictions: Callable[[Balances], Contradictions]) -> object:
    def told(balances: Balances) -> Contradictions:
        found = contradictions(balances)
        return {kind: found[kind] for kind in found if kind is not DiscrepancyKind.OVER_CAPTURED}

    return told


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


def _twice(*columns: Column) -> Replacing:
    def doubling(effect: property) -> object:
        def doubled(movement: Movement) -> Effect:
            known: Effect = effect.__get__(movement)
            return {each: known[each] * (1 + (each in columns)) for each in known}

        return property(doubled)

    return doubling


def _as_told(of: Payment, operation: object, *, at: datetime) -> Payment:
    del operation, at
    return of


def _without_comparing(receipt: Receipt, asked: Money, **_: object) -> Receipt:
    del asked
    return receipt


def _completed_all_the_same(
    settlement: Settlement, paid: Payment, evidence: Evidence
) -> Settlement:
    session = settlement.session.complete(paid.id, at=evidence.recorded_at)
    return attrs.evolve(settlement, session=session)


PLANTS = (
    Plant(
        name="nothing-is-an-amount",
        sentence="where nothing is left, a movement of nothing is asked for",
        breaks="I1",
        patches=(
            Patch(PaymentRequests, "_asked", _nothing_too),
            Patch(moving, "_done_already", instead(_never_done)),
        ),
        profile="hostile",
        faults=frozenset({Fault.TWO_WORKERS, Fault.ALL_AT_ONCE, Fault.REFUND_BOUNCED}),
    ),
    Plant(
        name="rest-taken-for-the-whole",
        sentence="who captures or voids the rest is taken to mean all that was ever held",
        breaks="I3",
        patches=(Patch(PaymentRequests, "_asked", _all_that_was_ever_held),),
        profile="hostile",
        faults=frozenset({Fault.WRONG_AMOUNT}),
    ),
    Plant(
        name="open-refunds-forgotten",
        sentence="what is being given back already may be asked for again",
        breaks="I4",
        patches=(Patch(PaymentRequests, "_asked", _beside_what_is_under_way),),
        profile="adyen",
        faults=frozenset({Fault.REFUND_BOUNCED}),
    ),
    Plant(
        name="excess-not-told",
        sentence="that more was taken than was held opens no discrepancy",
        breaks="I5",
        patches=(Patch(payment_books, "contradictions", _but_over_captured),),
        profile="adyen",
        faults=frozenset({Fault.TIME_OUT_BEFORE, Fault.LAPSED_EARLY, Fault.CRASH_BEFORE_CALL}),
    ),
    Plant(
        name="lapsed-money-capturable",
        sentence="what the provider has let go of may still be captured",
        breaks="I6",
        patches=(Patch(Balances, "capturable", _with_what_lapsed),),
        faults=frozenset({Fault.LAPSED_EARLY}),
    ),
    Plant(
        name="failed-refund-counts",
        sentence="a refund that failed counts as given back",
        breaks="I7",
        patches=(Patch(Refund, "effect", _counting_failures),),
        faults=frozenset({Fault.REFUND_BOUNCED}),
    ),
    Plant(
        name="capture-counted-twice",
        sentence="what was captured is added to the books twice",
        breaks="I8",
        patches=(Patch(Capture, "effect", _twice("captured")),),
    ),
    Plant(
        name="dispute-counted-twice",
        sentence="what a bank takes back is taken off the books twice",
        breaks="I12",
        patches=(
            Patch(Dispute, "effect", _twice("withheld", "lost")),
            Patch(Reversal, "effect", _twice("lost")),
        ),
        faults=frozenset({Fault.CHARGED_BACK}),
    ),
    Plant(
        name="amounts-adopted-silently",
        sentence="another amount than was asked for is booked, and nobody is told",
        breaks="I13",
        patches=(
            Patch(Payment, "_compared", instead(_as_told)),
            Patch(Receipt, "compared", instead(_without_comparing)),
        ),
        faults=frozenset({Fault.HELD_IN_PART}),
    ),
    Plant(
        name="part-completes-session",
        sentence="a session is completed by less than it asked for",
        breaks="I14",
        patches=(Patch(Settlement, "_released", instead(_completed_all_the_same)),),
        profile="adyen",
        faults=frozenset({Fault.HELD_IN_PART}),
    ),
)
"""Each is meant for one of I1 to I14."""
