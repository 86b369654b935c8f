"""Currencies, and amounts of them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import cache
from typing import Final, TypeAlias

from hypothesis import strategies as st

from paysession._money import Currency, Money, Rounding
from paysession.errors import InvalidAmount, UnsafeInput

Bound: TypeAlias = "Money | Decimal | int | str"

FINEST_UNIT: Final = Decimal("0.0001")
"""The smallest minor unit there is; as a lower bound it is one minor unit of any currency."""

_FIRST: Final = {"USD": 0, "JPY": 1, "KWD": 2}
"""What is tried first, and what a failure is told in: one currency for each kind of digits."""


def currencies(
    *, digits: int | Collection[int] | None = None, retired: bool = False
) -> st.SearchStrategy[Currency]:
    """
    Return currencies of ISO 4217, those with few digits and with many as often as the others.

    They shrink towards US dollars.

    Args:
        digits: How many decimal digits they may have, of 0, 2, 3 and 4; any if left out.
        retired: Whether codes may come that are no longer active.

    Raises:
        UnsafeInput: No currency has that many digits.
        TypeError: Digits are counted in numbers.
    """
    if isinstance(digits, str):
        raise TypeError("digits must be a number, or several, not str")
    wanted = {digits} if isinstance(digits, int) else digits
    known = [each for each in Currency.known() if retired or not each.retired]
    among = sorted(
        (each for each in known if wanted is None or each.digits in wanted),
        key=lambda each: (_FIRST.get(each.code, len(_FIRST)), each.retired, each.code),
    )
    if not among:
        raise UnsafeInput("digits", "no currency has that many: choose among 0, 2, 3 and 4")
    kinds = dict.fromkeys(each.digits for each in among)
    return st.one_of(
        [st.sampled_from([each for each in among if each.digits == kind]) for kind in kinds]
    )


def money(
    currency: str | Currency | st.SearchStrategy[Currency] | None = None,
    *,
    least: Bound = 0,
    most: Bound = 1_000_000,
) -> st.SearchStrategy[Money]:
    """
    Return amounts from `least` to `most`, both included.

    They shrink towards nothing, or what is nearest to it, in US dollars.

    Args:
        currency: One currency, or a strategy for it; that of a bound, or any, if left out.
        least: In major units, or as `Money`: below zero if you like. What a currency has no
            digits for is rounded up, so that `"0.0001"` is one minor unit of any currency.
        most: As `least`, and rounded down.

    Raises:
        InvalidAmount: `least` is above `most`, or a bound is none.
        CurrencyMismatch: A bound is in another currency.
        UnknownCurrency: The currency is not in ISO 4217.
        TypeError: A bound is `Money` and the currency a strategy, or either is no such thing.
    """
    bounds = (least, most)
    if isinstance(currency, st.SearchStrategy):
        if any(isinstance(bound, Money) for bound in bounds):
            raise TypeError("a bound is Money and the currency a strategy: give a plain number")
        return _of_any(currency, least, most)
    named = next((bound.currency for bound in bounds if isinstance(bound, Money)), None)
    if currency is None and named is None:
        return _of_any(currencies(), least, most)
    return _between(*_within(Currency.of(currency or named or ""), least, most))


def not_below_zero(bound: Bound) -> None:
    """
    Refuse a lower bound that is below zero.

    Raises:
        InvalidAmount: It is, or it is no amount.
    """
    low = bound if isinstance(bound, Money) else _bound(bound, Currency("CLF"), Rounding.FLOOR)
    if low.is_negative:
        raise InvalidAmount(str(bound), "it is below zero: raise it")


@cache
def moved(currency: Currency) -> st.SearchStrategy[Money]:
    """Return amounts that can be moved: more than nothing."""
    return money(currency, least=FINEST_UNIT)


def _of_any(
    among: st.SearchStrategy[Currency], least: Bound, most: Bound
) -> st.SearchStrategy[Money]:
    """Return amounts of the currencies that can count what lies between the bounds."""
    _within(Currency("CLF"), least, most)  # it has the most digits: what it refuses, all do

    def bounds_in(currency: Currency) -> tuple[Money, Money]:
        return _rounded(currency, least, most)

    bounds = among.map(bounds_in).filter(lambda pair: pair[0] <= pair[1])
    return bounds.flatmap(lambda pair: _between(*pair))


def _within(currency: Currency, least: Bound, most: Bound) -> tuple[Money, Money]:
    """Return the bounds in a currency, if there is anything between them."""
    low, high = _rounded(currency, least, most)
    if low > high:
        raise InvalidAmount(str(least), f"nothing lies between it and {most}: lower it")
    return low, high


def _rounded(currency: Currency, least: Bound, most: Bound) -> tuple[Money, Money]:
    low = _bound(least, currency, Rounding.CEILING)
    return low, _bound(most, currency, Rounding.FLOOR)


def _bound(bound: Bound, currency: Currency, rounding: Rounding) -> Money:
    if isinstance(bound, Money):
        return bound + Money.zero(currency)
    return Money(bound, currency, rounding=rounding)


def _between(low: Money, high: Money) -> st.SearchStrategy[Money]:
    # Not by `map`: a failure would show its function, and hide the currency in it.
    return st.builds(Money.from_minor, st.integers(low.minor, high.minor), st.just(low.currency))
