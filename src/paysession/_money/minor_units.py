"""
The units providers count in, which are not always those of ISO 4217.

A provider's integer means what the provider's documentation says it means: 500 is five
krónur in Stripe's `ISK` and five hundred in ISO's. A profile translates, exactly both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import attrs

from paysession._money.currency import Currency
from paysession._money.money import MOST_MINOR_UNITS, Money
from paysession._money.reading import excerpt, read_integer
from paysession.errors import AmountNotRepresentable, UnsafeInput

__all__ = ["ADYEN", "ISO", "STRIPE", "MinorUnits"]

_MOST_DIGITS: Final = 8
_LARGEST_STEP: Final = 10**_MOST_DIGITS

_Numbers: TypeAlias = Mapping[str, int] | Iterable[tuple[str, int]]


def _digits(exponents: _Numbers) -> tuple[tuple[str, int], ...]:
    return _by_currency("exponents", exponents, lowest=0, highest=_MOST_DIGITS)


def _multiples(steps: _Numbers) -> tuple[tuple[str, int], ...]:
    return _by_currency("steps", steps, lowest=1, highest=_LARGEST_STEP)


def _by_currency(
    field: str, numbers: _Numbers, *, lowest: int, highest: int
) -> tuple[tuple[str, int], ...]:
    pairs = dict(numbers).items()
    for _, number in pairs:
        if not lowest <= read_integer(number, f"each of {field}") <= highest:
            raise UnsafeInput(field, f"each is between {lowest} and {highest}")
    return tuple(sorted((Currency.of(code).code, number) for code, number in pairs))


@attrs.frozen(kw_only=True)
class MinorUnits:
    """
    How one provider counts money in integers.

    Currencies that are not named are counted as ISO 4217 does, in single units. There are
    `ISO`, `STRIPE` and `ADYEN` in `paysession.gateways`.

        >>> STRIPE.to_provider(Money("5", "ISK"))
        500
        >>> ADYEN.from_provider(1500, "IDR")
        Money('1500.00', 'IDR')

    Attributes:
        name: What errors call it.
        exponents: Decimal digits the provider counts with, by currency code.
        steps: What the provider's integer must be a multiple of when sent, by currency code.
            It may report others (a fee, a balance), and what it reports is read.

    Raises:
        UnknownCurrency: If a code is not in ISO 4217.
        UnsafeInput: If an exponent is not within 0 to 8, or a step within 1 to 10**8.
        TypeError: If an exponent or a step is not an integer.
    """

    name: str
    exponents: tuple[tuple[str, int], ...] = attrs.field(default=(), converter=_digits)
    steps: tuple[tuple[str, int], ...] = attrs.field(default=(), converter=_multiples)

    def exponent(self, currency: str | Currency) -> int:
        """
        Decimal digits the provider counts this currency with.

        Raises:
            UnknownCurrency: If the currency is not in ISO 4217.
        """
        known = Currency.of(currency)
        return dict(self.exponents).get(known.code, known.digits)

    def step(self, currency: str | Currency) -> int:
        """
        What an amount sent in this currency must be a multiple of, in the provider's unit.

        Raises:
            UnknownCurrency: If the currency is not in ISO 4217.
        """
        return dict(self.steps).get(Currency.of(currency).code, 1)

    def to_provider(self, money: Money) -> int:
        """
        The integer to send for this amount.

        Raises:
            AmountNotRepresentable: If the provider's unit or step is coarser than the amount.
        """
        code, digits = money.currency.code, self.exponent(money.currency)
        amount, rest = _rescale(money.minor, money.currency.digits, digits)
        if rest:
            raise AmountNotRepresentable(money, self.name, f"{code} has {digits} decimals there")
        step = self.step(money.currency)
        if amount % step:
            reason = f"{code} goes there in multiples of {step}"
            raise AmountNotRepresentable(money, self.name, reason)
        return amount

    def from_provider(self, amount: int, currency: str | Currency) -> Money:
        """
        The amount the provider's integer stands for.

        Raises:
            AmountNotRepresentable: If the currency cannot hold it, or it is out of bounds.
            UnknownCurrency: If the currency is not in ISO 4217.
            TypeError: If the amount is not an integer.
        """
        known = Currency.of(currency)
        provided = read_integer(amount, "a provider's amount")
        minor, rest = _rescale(provided, self.exponent(known), known.digits)
        if rest or abs(minor) > MOST_MINOR_UNITS:
            shown = f"{excerpt(provided)} units of {known.code}"
            raise AmountNotRepresentable(shown, self.name, f"{known.code} cannot hold it")
        return Money.from_minor(minor, known)


def _rescale(amount: int, digits: int, wanted: int) -> tuple[int, int]:
    """The amount counted with the wanted digits, towards zero, and what does not fit in them."""
    if wanted >= digits:
        return amount * 10 ** (wanted - digits), 0
    quotient, rest = divmod(abs(amount), 10 ** (digits - wanted))
    return (quotient if amount > 0 else -quotient), rest


ISO: Final = MinorUnits(name="iso")
"""The minor units of ISO 4217, without exceptions."""

_STRIPE_WITHOUT_DECIMALS: Final = (
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THREE_DECIMALS: Final = [each.code for each in Currency.known() if each.digits == 3]

STRIPE: Final = MinorUnits(
    name="stripe",
    exponents=dict.fromkeys(_STRIPE_WITHOUT_DECIMALS, 0) | {"ISK": 2, "UGX": 2},
    steps=dict.fromkeys(_THREE_DECIMALS, 10) | {"ISK": 100, "UGX": 100},
)
"""
Stripe's: `MGA` without decimals, `ISK` and `UGX` with two that must be zero, and amounts of
three-decimal currencies ending in 0. Source: https://docs.stripe.com/currencies
"""

ADYEN: Final = MinorUnits(name="adyen", exponents={"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2})
"""
Adyen's: four currencies differ from ISO 4217.
Source: https://docs.adyen.com/development-resources/currency-codes
"""
