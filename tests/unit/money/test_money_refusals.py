from collections.abc import Callable
from decimal import MAX_EMAX, Decimal
from fractions import Fraction
from typing import Any

import pytest

from paysession._money import Money, Rounding
from paysession._money.rounding import divide
from paysession.errors import InexactAmount, InvalidAmount, UnknownCurrency


@pytest.mark.parametrize(
    "amount",
    [
        "", " ", "1 ", " 1", "7\n", "1_000", "1,000", "1e5", "1E2", "+5", "--5", "-", ".", ".5",
        "5.", "1.2.3", "NaN", "nan", "sNaN", "Infinity", "-inf", "0x10", "\u0661\u0662",
        "\uff11\uff12", "1\u00a0000", "\u22125", "1\x00", "\ud800", "$5", "5 USD",
    ],
)  # fmt: skip
def test_a_text_that_is_not_plain_ascii_decimals_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidAmount, match="plain ASCII digits") as caught:
        Money(amount, "USD")
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("amount", [1.5, 0.0, True, False, None, b"1", Fraction(1, 2), 1j, ["1"]])
def test_an_amount_of_another_type_is_a_type_error(amount: Any) -> None:
    with pytest.raises(TypeError, match="an amount is a str, Decimal or int"):
        Money(amount, "USD")


@pytest.mark.parametrize("minor", [1.0, True, "1", None, Decimal(1)])
def test_minor_units_of_another_type_are_a_type_error(minor: Any) -> None:
    with pytest.raises(TypeError, match="a count of minor units is an int"):
        Money.from_minor(minor, "USD")


@pytest.mark.parametrize("amount", ["NaN", "-NaN", "sNaN", "sNaN123", "Infinity", "-Infinity"])
def test_a_decimal_that_is_not_finite_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidAmount, match="not finite"):
        Money(Decimal(amount), "USD")
    with pytest.raises(InvalidAmount, match="not finite"):
        Money("1", "USD") * Decimal(amount)


@pytest.mark.parametrize(
    "amount",
    ["1E+999999", "-1E+65", "1E-999999", "0E+999999", "1." + "0" * 70, f"1E+{MAX_EMAX}"],
)
def test_a_huge_exponent_is_refused_before_any_arithmetic(amount: Any) -> None:
    with pytest.raises(InvalidAmount, match="more than 64 digits"):
        Money(Decimal(amount), "USD", rounding=Rounding.DOWN)
    with pytest.raises(InvalidAmount, match="more than 64 digits"):
        Money("1", "USD").times(Decimal(amount), rounding=Rounding.DOWN)


@pytest.mark.parametrize(
    "amount",
    ["9" * 1_000_000, "\u0661" * 1_000_000, 10**4_000, Decimal("9" * 1_000_000)],
    ids=["text", "other digits", "int", "decimal"],
)
def test_an_error_repeats_little_of_an_enormous_amount(amount: Any) -> None:
    with pytest.raises(InvalidAmount) as caught:
        Money(amount, "USD")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("amount", ["10000000000000000.01", "-10000000000000000.01", 10**17])
def test_more_than_the_largest_amount_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidAmount, match=r"beyond 10\*\*18 minor units"):
        Money(amount, "USD")


@pytest.mark.parametrize("minor", [10**18 + 1, -(10**18) - 1])
def test_more_than_the_largest_count_is_refused(minor: Any) -> None:
    with pytest.raises(InvalidAmount, match=f"{minor} minor units of USD"):
        Money.from_minor(minor, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "digits"),
    [("0.001", "USD", 2), (Decimal("0.5"), "JPY", 0), ("1.2345", "KWD", 3), ("0.01", "ITL", 0)],
)
def test_more_digits_than_the_currency_has_are_refused_without_a_rounding(
    amount: Any, currency: str, digits: int
) -> None:
    with pytest.raises(InexactAmount, match="pass rounding=") as caught:
        Money(amount, currency)
    assert (str(amount), currency, digits) == (
        caught.value.value,
        caught.value.currency,
        caught.value.digits,
    )


@pytest.mark.parametrize("make", [lambda code: Money("1", code), Money.zero])
def test_an_unknown_currency_is_refused(make: Callable[[Any], object]) -> None:
    with pytest.raises(UnknownCurrency):
        make("ZZZ")


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        # 2.5  -2.5  3.5  2.4  2.6  -2.4  -2.6
        (Rounding.HALF_EVEN, (2, -2, 4, 2, 3, -2, -3)),
        (Rounding.HALF_UP, (3, -3, 4, 2, 3, -2, -3)),
        (Rounding.HALF_DOWN, (2, -2, 3, 2, 3, -2, -3)),
        (Rounding.UP, (3, -3, 4, 3, 3, -3, -3)),
        (Rounding.DOWN, (2, -2, 3, 2, 2, -2, -2)),
        (Rounding.CEILING, (3, -2, 4, 3, 3, -2, -2)),
        (Rounding.FLOOR, (2, -3, 3, 2, 2, -3, -3)),
    ],
)
def test_each_rounding_goes_its_way(rounding: Any, rounded: tuple[int, ...]) -> None:
    amounts = ("2.5", "-2.5", "3.5", "2.4", "2.6", "-2.4", "-2.6")
    assert rounded == tuple(Money(each, "JPY", rounding=rounding).minor for each in amounts)


@pytest.mark.parametrize("rounding", ["half_even", 1, object()])
def test_a_rounding_is_one_of_the_named_ones_even_where_nothing_is_rounded(rounding: Any) -> None:
    with pytest.raises(TypeError, match="rounding is a Rounding"):
        Money("1.00", "USD", rounding=rounding)


def test_a_quotient_that_is_no_integer_needs_a_rounding() -> None:
    assert (2, None) == (divide(4, 2, None), divide(5, 2, None))
