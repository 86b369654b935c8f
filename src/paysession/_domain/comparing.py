"""What a payment's balances contradict: themselves, or what the provider counts in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from paysession._domain.balances import Balances
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import BEGINNING, Evidence
from paysession._money import Money
from paysession.outcomes import Fact, Totals

Contradictions: TypeAlias = Mapping[DiscrepancyKind, tuple[Money, Money]]
"""What was expected and what is, by the discrepancy that is open while they differ."""

COMPARED = (
    DiscrepancyKind.OVER_CAPTURED,
    DiscrepancyKind.OVER_REFUNDED,
    DiscrepancyKind.AMOUNT_MISMATCH,
)
"""The discrepancies of a payment as a whole, which stand under its own id."""

_Counted: TypeAlias = Callable[[Fact], Money | None]


def contradictions(balances: Balances) -> Contradictions:
    """
    Return how more was taken and let go than was held, or more went back than was taken.

    Both can happen, though we never ask for it: a provider takes and gives back as it likes,
    and a bank that charges a payment back does not ask whether it was refunded. What is in
    flight counts, for it may happen as well. What we asked to take beyond what was held, and
    the gateway lets us take, was held.
    """
    found: dict[DiscrepancyKind, tuple[Money, Money]] = {}
    held = balances.authorized + balances.over
    taken = balances.captured + balances.capture_in_flight
    gone = taken + balances.voided + balances.void_in_flight + balances.lapsed
    if gone > held:
        found[DiscrepancyKind.OVER_CAPTURED] = held, gone
    back = balances.captured - balances.net + balances.refund_in_flight
    if back > balances.captured:
        found[DiscrepancyKind.OVER_REFUNDED] = balances.captured, back
    return found


def differences(
    balances: Balances, totals: tuple[Evidence, ...], *, since: datetime | None
) -> Contradictions:
    """
    Return where the provider counts more than we do, or less.

    Totals from before `since`, when movements were last spoken of, are out of date and say
    nothing.
    """
    found: dict[DiscrepancyKind, tuple[Money, Money]] = {}
    current = tuple(each for each in totals if since is None or told_at(each) >= since)
    for more, ours, counted in (
        (DiscrepancyKind.OVER_CAPTURED, balances.captured, _captured),
        (DiscrepancyKind.OVER_REFUNDED, balances.refunded, _refunded),
    ):
        for _, theirs in _newest(current, counted):
            kind = more if theirs > ours else DiscrepancyKind.AMOUNT_MISMATCH
            if theirs != ours:
                found.setdefault(kind, (ours, theirs))
    return found


def counting(totals: tuple[Evidence, ...], told: Evidence) -> tuple[Evidence, ...]:
    """
    Return the totals that count: the newest of what was taken, and of what was given back.

    Any order of the same totals gives the same; what counts for nothing changes nothing.
    """
    if any(each.fact == told.fact for each in totals):
        return totals
    every = (*totals, told)
    count = [each for counted in (_captured, _refunded) for each, _ in _newest(every, counted)]
    after = tuple(dict.fromkeys(count))
    return totals if after == totals else after


def told_at(evidence: Evidence) -> datetime:
    """Return when what a fact says was so: by the provider's time, or else when we heard."""
    return evidence.fact.occurred_at or evidence.recorded_at


def _captured(fact: Fact) -> Money | None:
    return fact.captured if isinstance(fact, Totals) else None


def _refunded(fact: Fact) -> Money | None:
    return fact.refunded if isinstance(fact, Totals) else None


def _newest(totals: tuple[Evidence, ...], counted: _Counted) -> list[tuple[Evidence, Money]]:
    """Return the newest totals that count it, with the amount; where no time tells, they grow."""
    telling = [(each, amount) for each in totals if (amount := counted(each.fact)) is not None]
    return sorted(telling, key=lambda told: _age(told[0].fact, told[1]))[-1:]


def _age(fact: Fact, amount: Money) -> tuple[datetime, int, int, str]:
    return fact.occurred_at or BEGINNING, fact.sequence or 0, amount.minor, repr(fact)
