"""Money: an exact amount of one currency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Never

import attrs

from paysession._money.currency import Currency
from paysession._money.reading import excerpt, read_amount, read_integer, read_ratio
from paysession._money.rounding import Rounding, divide
from paysession.errors import CurrencyMismatch, InexactAmount, InvalidAmount

__all__ = ["MOST_MINOR_UNITS", "Money"]

MOST_MINOR_UNITS: Final = 10**18
"""The largest amount either way, in minor units; it fits a signed 64-bit database column."""

_MOST_PARTS: Final = 10_000
_MOST_WEIGHT_BITS: Final = 256
_MOST_SCALE_BITS: Final = 4096


@attrs.frozen(init=False, order=False, repr=False)
class Money:
    """
    An exact amount of one currency, counted in its minor unit.

    It is written in major units, as text, `Decimal` or `int`; `from_minor` is the other way
    in. Nothing is rounded behind your back:

        >>> Money("10.50", "EUR") + Money("0.50", "EUR")
        Money('11.00', 'EUR')
        >>> Money("0.125", "EUR")
        Traceback (most recent call last):
            ...
        paysession.errors.InexactAmount: 0.125 has more digits than the 2 of EUR: round it first, or pass rounding=
        >>> Money("0.125", "EUR", rounding=Rounding.HALF_EVEN)
        Money('0.12', 'EUR')

    Zeros at the end lose nothing, so `"10.5000"` euros are fine. Amounts of different
    currencies never meet; only `==` answers, with False:

        >>> Money("1", "EUR") + Money("1", "USD")
        Traceback (most recent call last):
            ...
        paysession.errors.CurrencyMismatch: cannot add USD to EUR: convert one of them first

    Amounts may be negative and go up to 10**18 minor units either way. The ambient
    `decimal` context has no say.

    Attributes:
        minor: Amount in the minor unit of the currency: cents for euros, yen for yen.
        currency: ISO 4217 currency.

    Raises:
        InexactAmount: If the currency has fewer digits and no rounding is passed.
        InvalidAmount: If the amount is not a plain finite decimal number, or out of bounds.
        UnknownCurrency: If the currency is not in ISO 4217.
        TypeError: If the amount is a float, a bool or of another type.
    """  # noqa: E501

    minor: int
    currency: Currency

    def __init__(
        self,
        amount: str | Decimal | int,
        currency: str | Currency,
        *,
        rounding: Rounding | None = None,
    ) -> None:
        currency = Currency.of(currency)
        coefficient, exponent = read_amount(amount)
        shift = exponent + currency.digits
        minor = divide(coefficient * 10 ** max(shift, 0), 10 ** max(-shift, 0), rounding)
        if minor is None:
            raise InexactAmount(excerpt(amount), currency.code, currency.digits)
        _fill(self, minor, currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str | Currency) -> Money:
        """
        An amount from its count of minor units: 11000 US cents are `Money('110.00', 'USD')`.

        Raises:
            InvalidAmount: If there are more than 10**18 of them.
            UnknownCurrency: If the currency is not in ISO 4217.
            TypeError: If `minor` is not an integer.
        """
        return _money(read_integer(minor, "a count of minor units"), Currency.of(currency))

    @classmethod
    def zero(cls, currency: str | Currency) -> Money:
        """
        No money, of that currency.

        Raises:
            UnknownCurrency: If the currency is not in ISO 4217.
        """
        return _money(0, Currency.of(currency))

    @classmethod
    def sum(cls, items: Iterable[Money], *, currency: str | Currency) -> Money:
        """
        All items together; zero of the currency if there are none.

        Raises:
            CurrencyMismatch: If an item has another currency.
            InvalidAmount: If the sum is out of bounds; on the way it may be.
        """
        zero = cls.zero(currency)
        return _money(sum(zero._beside(item, "add") for item in items), zero.currency)

    @classmethod
    def parse(cls, text: str, currency: str | Currency, *, locale: str = "en_US") -> Money:
        """
        An amount as a person of that locale writes it, and as `display` shows it.

            >>> Money.parse("1.234,50", "EUR", locale="de_DE")
            Money('1234.50', 'EUR')

        The currency's own sign or code may stand at either end; that of another is refused.

        Raises:
            InexactAmount: If it has more decimals than the currency, zeros included:
                "1,000" euros in Germany are more likely a thousand than one.
            InvalidAmount: If it is not a number of that locale, grouped as the locale does.
            UnknownCurrency: If the currency is not in ISO 4217.
            UnsafeInput: If there is no such locale.
        """
        from paysession._money.display import parse  # noqa: PLC0415 - Babel is slow to import

        return parse(text, currency, locale)

    @property
    def amount(self) -> Decimal:
        """The exact amount in major units, with all digits of the currency."""
        return Decimal(self._plain())

    @property
    def is_positive(self) -> bool:
        """Whether it is more than zero."""
        return self.minor > 0

    @property
    def is_negative(self) -> bool:
        """Whether it is less than zero."""
        return self.minor < 0

    @property
    def is_zero(self) -> bool:
        """Whether it is no money at all."""
        return self.minor == 0

    def display(self, locale: str = "en_US") -> str:
        """
        The amount as people of that locale read it, with the digits of ISO 4217.

            >>> Money("1000", "JPY").display()
            '¥1,000'

        Raises:
            UnsafeInput: If there is no such locale.
        """
        from paysession._money.display import display  # noqa: PLC0415 - Babel is slow to import

        return display(self, locale)

    def times(self, factor: int | Fraction | Decimal, *, rounding: Rounding | None = None) -> Money:
        """
        The amount multiplied by an exact factor; `*` is the same without rounding.

            >>> Money("9.99", "EUR").times(Decimal("0.19"), rounding=Rounding.HALF_UP)
            Money('1.90', 'EUR')

        Raises:
            InexactAmount: If the product lies between two minor units and no rounding is passed.
            InvalidAmount: If the product is out of bounds, or the factor is not finite.
            TypeError: If the factor is a float, a bool or of another type.
        """
        numerator, denominator = read_ratio(factor)
        minor = divide(self.minor * numerator, denominator, rounding)
        if minor is None:
            product = f"{self} * {excerpt(factor)}"
            raise InexactAmount(product, self.currency.code, self.currency.digits)
        return _money(minor, self.currency)

    def allocate(self, weights: Iterable[int | Fraction]) -> tuple[Money, ...]:
        """
        Share the amount out by weight, to the last minor unit.

            >>> Money("10.00", "EUR").allocate([1, 1, 1])
            (Money('3.34', 'EUR'), Money('3.33', 'EUR'), Money('3.33', 'EUR'))

        Every part is less than one minor unit away from its exact share, and the parts
        always add up to the whole. What is left over goes by the largest remainder, among
        equal ones to the first. A weight of zero gets nothing; a negative amount is shared
        like the positive one.

        Raises:
            InvalidAmount: If there is no weight, more than 10,000, a negative one, or all are zero.
            TypeError: If a weight is a float, a bool or of another type.
        """
        shares = _shares(abs(self.minor), _whole_weights(tuple(weights)))
        sign = -1 if self.minor < 0 else 1
        return tuple(_money(sign * share, self.currency) for share in shares)

    def split(self, parts: int) -> tuple[Money, ...]:
        """
        Share the amount out evenly; the first parts get the minor units left over.

        Raises:
            InvalidAmount: If there are fewer than one or more than 10,000 parts.
            TypeError: If `parts` is not an integer.
        """
        count = read_integer(parts, "a number of parts")
        if not 1 <= count <= _MOST_PARTS:
            raise InvalidAmount(excerpt(count), f"split into 1 to {_MOST_PARTS} parts")
        return self.allocate([1] * count)

    def __add__(self, other: Money) -> Money:
        return _money(self.minor + self._beside(other, "add"), self.currency)

    def __radd__(self, other: Never) -> Never:
        raise _not_money(other, "add")

    def __sub__(self, other: Money) -> Money:
        return _money(self.minor - self._beside(other, "subtract"), self.currency)

    def __mul__(self, factor: int | Fraction | Decimal) -> Money:
        return self.times(factor)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return _money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return _money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._beside(other, "compare")

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._beside(other, "compare")

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._beside(other, "compare")

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._beside(other, "compare")

    def __repr__(self) -> str:
        return f"Money({self._plain()!r}, {self.currency.code!r})"

    def __str__(self) -> str:
        return f"{self._plain()} {self.currency.code}"

    def _plain(self) -> str:
        digits = self.currency.digits
        whole, rest = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"

    def _beside(self, other: Money, verb: str) -> int:
        """The other's minor units, which must be of the same currency."""
        if type(other) is not Money:
            raise _not_money(other, verb)
        if other.currency is not self.currency:
            raise CurrencyMismatch(self.currency.code, other.currency.code, verb)
        return other.minor


def _money(minor: int, currency: Currency) -> Money:
    money = object.__new__(Money)
    _fill(money, minor, currency)
    return money


def _fill(money: Money, minor: int, currency: Currency) -> None:
    if not -MOST_MINOR_UNITS <= minor <= MOST_MINOR_UNITS:
        shown = f"{excerpt(minor)} minor units of {currency.code}"
        raise InvalidAmount(shown, "it is beyond 10**18 minor units")
    object.__setattr__(money, "minor", minor)
    object.__setattr__(money, "currency", currency)


def _not_money(other: object, verb: str) -> TypeError:
    return TypeError(
        f"cannot {verb} Money and {type(other).__name__}: both must be Money "
        "(to add up many, use Money.sum(items, currency=...))"
    )


def _whole_weights(weights: Sequence[int | Fraction]) -> list[int]:
    """The same proportions in integers."""
    if not 1 <= len(weights) <= _MOST_PARTS:
        raise InvalidAmount(f"{len(weights)} weights", f"pass 1 to {_MOST_PARTS} of them")
    ratios = [_weight(weight) for weight in weights]
    scale = math.lcm(*(denominator for _, denominator in ratios))
    if scale.bit_length() > _MOST_SCALE_BITS:
        raise InvalidAmount("the common denominator", "give the weights smaller denominators")
    whole = [numerator * (scale // denominator) for numerator, denominator in ratios]
    if not any(whole):
        raise InvalidAmount("the sum of the weights", "one of them must be above zero")
    return whole


def _weight(weight: object) -> tuple[int, int]:
    if isinstance(weight, Decimal):
        raise TypeError("a weight is an int or a Fraction, not Decimal")
    numerator, denominator = read_ratio(weight)
    if numerator < 0:
        raise InvalidAmount(excerpt(weight), "a weight is never negative")
    if max(numerator.bit_length(), denominator.bit_length()) > _MOST_WEIGHT_BITS:
        raise InvalidAmount(excerpt(weight), "it is too large or too fine for a weight")
    return numerator, denominator


def _shares(minor: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder: everyone gets the floor of their share, then the neediest one more."""
    total = sum(weights)
    shares, rests = zip(*(divmod(minor * weight, total) for weight in weights), strict=True)
    neediest = sorted(range(len(weights)), key=lambda index: (-rests[index], index))
    lucky = frozenset(neediest[: minor - sum(shares)])
    return [share + (index in lucky) for index, share in enumerate(shares)]
