import decimal
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import ROUND_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any, ParamSpec, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysession._money import ADYEN, ISO, STRIPE, Currency, MinorUnits, Money, Rounding
from paysession.errors import AmountNotRepresentable, InvalidAmount, MoneyError
from paysession.testing import strategies

LIMIT = 10**18
EXACT = decimal.Context(prec=200)

P = ParamSpec("P")
T = TypeVar("T")

currencies = strategies.currencies(retired=True)
minors = st.integers(-LIMIT, LIMIT)
small = st.integers(-(10**15), 10**15)
monies = st.builds(Money.from_minor, minors, currencies)
weights = st.lists(
    st.integers(0, 10**6) | st.fractions(min_value=0, max_denominator=1000), min_size=1, max_size=12
).filter(any)
numbers = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=9)


def hostile(trap: bool) -> AbstractContextManager[decimal.Context]:
    context = decimal.Context(prec=1, rounding=ROUND_UP)
    context.traps = dict.fromkeys(context.traps, trap)
    return localcontext(context)


def attempt(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | MoneyError:
    """What the call answers, or how it refuses; anything else it raises is a failure."""
    try:
        return act(*args, **kwargs)
    except MoneyError as refusal:
        return refusal


@given(monies)
def test_what_is_written_is_read_back(money: Money) -> None:
    assert money == eval(repr(money))
    assert money == Money(money.amount, money.currency)
    assert money == Money(str(money).split()[0], money.currency)
    assert money == Money.from_minor(money.minor, money.currency.code)


@given(currencies, small, small, small)
def test_addition_is_that_of_integers(currency: Currency, a: int, b: int, c: int) -> None:
    x, y, z = (Money.from_minor(minor, currency) for minor in (a, b, c))
    assert x + y == y + x
    assert (x + y) + z == x + (y + z) == Money.sum([z, y, x], currency=currency)
    assert x - x == Money.zero(currency)
    assert (x < y, x <= y, x == y) == (a < b, a <= b, a == b)


@given(monies, weights)
def test_an_allocation_conserves_and_is_fair_to_the_last_unit(
    money: Money, shares: list[Any]
) -> None:
    parts = money.allocate(shares)
    assert money == Money.sum(parts, currency=money.currency)
    for part, share in zip(parts, shares, strict=True):
        ideal = Fraction(money.minor) * Fraction(share) / Fraction(sum(map(Fraction, shares)))
        assert abs(part.minor - ideal) < 1
        assert share or not part


@given(monies, weights)
def test_an_allocation_mirrors_the_sign_and_ignores_the_scale_of_its_weights(
    money: Money, shares: list[Any]
) -> None:
    parts = money.allocate(shares)
    assert parts == tuple(-part for part in (-money).allocate(shares))
    assert parts == money.allocate([Fraction(share) * Fraction(7, 3) for share in shares])


@given(monies, st.integers(1, 40))
def test_a_split_conserves_and_its_parts_differ_by_one_unit_at_most(
    money: Money, count: int
) -> None:
    parts = money.split(count)
    assert money == Money.sum(parts, currency=money.currency)
    assert count == len(parts)
    assert max(parts) - min(parts) <= Money.from_minor(1, money.currency)
    assert sorted(map(abs, parts), reverse=True) == [abs(part) for part in parts]


@given(numbers, currencies, st.sampled_from(Rounding))
def test_rounding_agrees_with_the_decimal_module(
    number: Decimal, currency: Currency, rounding: Rounding
) -> None:
    quantum = Decimal(1).scaleb(-currency.digits)
    expected = number.quantize(quantum, rounding=f"ROUND_{rounding.name}", context=EXACT)
    assert expected == Money(number, currency, rounding=rounding).amount


@given(st.integers(-(10**9), 10**9), st.fractions(-1000, 1000), st.sampled_from(Rounding))
def test_a_product_is_less_than_one_unit_away(
    minor: int, factor: Fraction, rounding: Rounding
) -> None:
    money = Money.from_minor(minor, "EUR")
    assert abs(money.times(factor, rounding=rounding).minor - minor * factor) < 1


@pytest.mark.parametrize("trap", [True, False])
@given(number=numbers, currency=currencies, minor=small)
def test_the_ambient_context_has_no_say(
    trap: bool, number: Decimal, currency: Currency, minor: int
) -> None:
    def story() -> list[object]:
        money = Money(number, currency, rounding=Rounding.HALF_EVEN)
        other = Money.from_minor(minor, currency)
        product = other.times(Decimal("0.1234567"), rounding=Rounding.HALF_UP)
        return [money, money + other, product, *map(str, other.split(3)), other.amount.as_tuple()]

    expected = story()
    with hostile(trap):
        assert expected == story()


@pytest.mark.parametrize("trap", [True, False])
@given(st.decimals())
def test_any_decimal_is_counted_exactly_or_refused(trap: bool, number: Decimal) -> None:
    with hostile(trap):
        counted = attempt(Money, number, "USD")
    if isinstance(counted, Money):
        assert Fraction(number) * 100 == counted.minor
    else:
        assert len(str(counted)) < 400


@given(st.text())
def test_any_text_is_counted_exactly_or_refused(text: str) -> None:
    counted = attempt(Money, text, "JPY")
    if isinstance(counted, Money):
        assert text.isascii()
        assert Fraction(text) == counted.minor
    else:
        assert len(str(counted)) < 400


@given(st.integers(min_value=LIMIT + 1) | st.integers(max_value=-LIMIT - 1))
def test_nothing_is_beyond_the_bounds(minor: int) -> None:
    with pytest.raises(InvalidAmount):
        Money.from_minor(minor, "USD")


@given(st.sampled_from([ISO, STRIPE, ADYEN]), monies)
def test_what_is_sent_to_a_provider_is_read_back(profile: MinorUnits, money: Money) -> None:
    sent = attempt(profile.to_provider, money)
    if isinstance(sent, int):
        assert money == profile.from_provider(sent, money.currency)
    else:
        coarser = profile.exponent(money.currency) < money.currency.digits
        assert coarser or profile.step(money.currency) > 1


@given(st.sampled_from([ISO, STRIPE, ADYEN]), minors, currencies)
def test_what_a_provider_says_is_read_exactly_or_refused(
    profile: MinorUnits, amount: int, currency: Currency
) -> None:
    money = attempt(profile.from_provider, amount, currency)
    if isinstance(money, Money):
        assert Fraction(amount, 10 ** profile.exponent(currency)) == Fraction(money.amount)
    else:
        assert isinstance(money, AmountNotRepresentable)


LOCALES = [
    *("en_US", "de_DE", "de_CH", "fr_FR", "fr_CH", "ja_JP"),
    *("ar_EG", "fa_IR", "hi_IN", "pl_PL", "pt_BR", "sv_SE"),
]


@given(monies, st.sampled_from(LOCALES))
def test_what_is_shown_in_any_locale_is_read_back(money: Money, locale: str) -> None:
    with hostile(trap=True):
        assert money == Money.parse(money.display(locale), money.currency, locale=locale)


@given(
    small,
    st.sampled_from(["USD", "JPY", "KWD", "MGA"]),
    st.sampled_from(["en_US", "de", "fr", "da", "en_IN"]),
)
def test_showing_an_amount_loses_no_digit(minor: int, currency: str, locale: str) -> None:
    money = Money.from_minor(minor, currency)
    with hostile(trap=True):
        shown = money.display(locale)
    digits = "".join(filter(str.isdigit, shown))
    assert abs(minor) == int(digits)
