import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_type_hints

import attrs
import pytest

from paysession._money import Currency, Money, Rounding
from paysession.errors import CurrencyMismatch, InexactAmount, InvalidAmount

LIMIT = 10**18


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("110.00", "USD", 11000),
        ("110", "USD", 11000),
        ("-0.5", "USD", -50),
        ("-0", "USD", 0),
        ("10.50000", "USD", 1050),
        ("007", "USD", 700),
        (110, "USD", 11000),
        (Decimal("110.0"), "USD", 11000),
        (Decimal("-1.1E+2"), "USD", -11000),
        (Decimal("1E-2"), "USD", 1),
        (Decimal("-0"), "USD", 0),
        ("1000", "JPY", 1000),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("1.5", Currency("HRK"), 150),
    ],
)
def test_an_amount_is_counted_in_minor_units(
    amount: Any, currency: str | Currency, minor: Any
) -> None:
    assert Money.from_minor(minor, currency) == Money(amount, currency)
    assert minor == Money(amount, currency).minor


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(11000, "USD", "110.00"), (-5, "USD", "-0.05"), (7, "JPY", "7"), (-1, "KWD", "-0.001")],
)
def test_an_amount_is_written_with_all_digits_of_its_currency(
    minor: Any, currency: str, amount: Any
) -> None:
    money = Money.from_minor(minor, currency)
    assert f"{amount} {currency}" == str(money)
    assert f"Money('{amount}', '{currency}')" == repr(money)
    assert Decimal(amount).as_tuple() == money.amount.as_tuple()
    assert money == eval(repr(money))


def test_amounts_are_added_subtracted_negated_and_made_absolute() -> None:
    ten, three = Money("10", "EUR"), Money("3", "EUR")
    assert Money("13", "EUR") == ten + three
    assert Money("-7", "EUR") == three - ten
    assert Money("-10", "EUR") == -ten
    assert Money("7", "EUR") == abs(three - ten)


def test_money_is_true_unless_it_is_zero() -> None:
    assert not Money.zero("EUR")
    assert Money("-0.01", "EUR")


@pytest.mark.parametrize(
    ("amount", "signs"),
    [("1", (True, False, False)), ("-1", (False, True, False)), ("0", (False, False, True))],
)
def test_money_tells_its_sign(amount: Any, signs: tuple[bool, ...]) -> None:
    money = Money(amount, "EUR")
    assert signs == (money.is_positive, money.is_negative, money.is_zero)


def test_amounts_of_one_currency_are_ordered() -> None:
    one, two = Money("1", "EUR"), Money("2", "EUR")
    assert (True, True, False, False) == (one < two, one <= two, one > two, one >= two)
    assert (True, True) == (one <= Money("1.00", "EUR"), one >= Money("1.00", "EUR"))
    assert [one, two] == sorted([two, one])


def test_equal_amounts_are_one_key() -> None:
    assert 1 == len({Money("1", "EUR"), Money("1.00", "EUR"), Money.from_minor(100, "EUR")})


def test_amounts_of_two_currencies_are_never_equal() -> None:
    assert Money("1", "EUR") != Money("1", "USD")
    assert Money.zero("EUR") != Money.zero("USD")


def test_money_is_not_equal_to_what_is_not_money() -> None:
    assert Money("1", "JPY") != 1  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("verb", "act"),
    [
        ("add USD to EUR", lambda a, b: a + b),
        ("subtract USD from EUR", lambda a, b: a - b),
        ("compare USD with EUR", lambda a, b: a < b),
        ("compare USD with EUR", lambda a, b: a <= b),
        ("compare USD with EUR", lambda a, b: a > b),
        ("compare USD with EUR", lambda a, b: a >= b),
        ("add USD to EUR", lambda a, b: Money.sum([a, b], currency="EUR")),
    ],
)
def test_amounts_of_two_currencies_never_meet(verb: str, act: Callable[..., object]) -> None:
    with pytest.raises(CurrencyMismatch, match=f"cannot {verb}") as caught:
        act(Money("1", "EUR"), Money("1", "USD"))
    assert ("EUR", "USD") == (caught.value.left, caught.value.right)


@pytest.mark.parametrize(
    "act",
    [
        lambda money: money + 0,
        lambda money: 0 + money,
        lambda money: sum([money, money]),
        lambda money: money - 1,
        lambda money: money < 1,
        lambda money: 1 < money,
        lambda money: money >= Decimal(1),
        lambda money: Money.sum([money, 1], currency="EUR"),  # type: ignore[list-item]
    ],
)
def test_money_and_a_bare_number_are_a_type_error_that_names_the_sum(
    act: Callable[..., object],
) -> None:
    with pytest.raises(TypeError, match=r"Money\.sum"):
        act(Money("1", "EUR"))


def test_a_sum_of_nothing_is_zero() -> None:
    assert Money.zero("EUR") == Money.sum([], currency="EUR")


def test_a_sum_takes_any_iterable() -> None:
    assert Money("6", "EUR") == Money.sum((Money(n, "EUR") for n in (1, 2, 3)), currency="EUR")


def test_a_sum_may_be_out_of_bounds_on_the_way() -> None:
    most = Money.from_minor(LIMIT, "EUR")
    assert most == Money.sum([most, most, -most], currency="EUR")


@pytest.mark.parametrize("factor", [3, Fraction(3), Fraction(6, 2), Decimal(3), Decimal("0.3E+1")])
def test_money_is_multiplied_from_both_sides(factor: Any) -> None:
    assert Money("3.30", "EUR") == Money("1.10", "EUR") * factor
    assert Money("3.30", "EUR") == factor * Money("1.10", "EUR")


def test_a_product_between_two_minor_units_needs_a_rounding() -> None:
    with pytest.raises(InexactAmount, match=r"10\.00 EUR \* 1/3 has more digits") as caught:
        Money("10", "EUR") * Fraction(1, 3)
    assert ("EUR", 2) == (caught.value.currency, caught.value.digits)
    rounded = Money("10", "EUR").times(Fraction(1, 3), rounding=Rounding.HALF_UP)
    assert Money("3.33", "EUR") == rounded


@pytest.mark.parametrize("factor", [0.5, True, "2", None, Money("1", "EUR")])
def test_a_factor_is_an_exact_number(factor: Any) -> None:
    with pytest.raises(TypeError, match="a factor is an int, Fraction or Decimal"):
        Money("1", "EUR") * factor


@pytest.mark.parametrize(
    "act",
    [
        lambda most: most + Money.from_minor(1, "EUR"),
        lambda most: -most - Money.from_minor(1, "EUR"),
        lambda most: most * 2,
        lambda most: most * 10**100_000,
        lambda most: most.times(Fraction(10**100_000, 7), rounding=Rounding.UP),
        lambda most: Money.sum([most, most], currency="EUR"),
    ],
)
def test_arithmetic_stays_within_bounds(act: Callable[..., object]) -> None:
    most = Money.from_minor(LIMIT, "EUR")
    with pytest.raises(InvalidAmount, match="beyond") as caught:
        act(most)
    assert len(str(caught.value)) < 300
    assert LIMIT == most.minor


def test_an_enormous_divisor_is_told_by_its_size() -> None:
    with pytest.raises(InexactAmount) as caught:
        Money("1", "EUR") * Fraction(1, 10**100_000)
    assert "1.00 EUR * 1/an integer of 332193 bits" == caught.value.value


@pytest.mark.parametrize("minor", [LIMIT, -LIMIT])
def test_the_largest_amounts_can_be_held(minor: Any) -> None:
    assert minor == Money(str(Money.from_minor(minor, "USD").amount), "USD").minor


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda money: pickle.loads(pickle.dumps(money))]
)
def test_money_survives_copying_and_pickling(again: Callable[[Money], Money]) -> None:
    money = Money("110.00", "USD")
    assert money == again(money)
    assert money.currency is again(money).currency
    assert hash(money) == hash(again(money))


def test_money_cannot_be_changed() -> None:
    money = Money("110.00", "USD")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        money.minor = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        money.note = "paid"  # type: ignore[attr-defined]
    assert Money("110.00", "USD") == money


def test_the_types_of_money_can_be_resolved() -> None:
    assert {"minor": int, "currency": Currency} == get_type_hints(Money)
    assert Currency | str == get_type_hints(Money.__init__)["currency"]
