from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from paysession._money import Money
from paysession.errors import InvalidAmount


def minors(parts: Iterable[Money]) -> list[int]:
    return [part.minor for part in parts]


@pytest.mark.parametrize(
    ("minor", "weights", "shares"),
    [
        (1000, [1, 1, 1], [334, 333, 333]),
        (-1000, [1, 1, 1], [-334, -333, -333]),
        (100, [1, 2], [33, 67]),
        (100, [50, 50], [50, 50]),
        (5, [3, 7], [2, 3]),
        (1, [1, 1, 8], [0, 0, 1]),
        (2, [0, 1, 0, 2], [0, 1, 0, 1]),
        (0, [1, 2], [0, 0]),
        (100, [Fraction(1, 3), Fraction(2, 3)], [33, 67]),
        (100, [Fraction(1, 2), 1, 1], [20, 40, 40]),
        (7, [5], [7]),
    ],
)
def test_an_amount_is_shared_out_by_the_largest_remainder(
    minor: Any, weights: list[Any], shares: list[Any]
) -> None:
    parts = Money.from_minor(minor, "EUR").allocate(weights)
    assert shares == minors(parts)
    assert {"EUR"} == {part.currency.code for part in parts}


def test_weights_may_come_from_any_iterable() -> None:
    assert [67, 33] == minors(Money("1", "EUR").allocate(weight for weight in (2, 1)))


def test_the_largest_amount_is_shared_out_exactly() -> None:
    assert [10**18] == minors(Money.from_minor(10**18, "EUR").allocate([2**256 - 1]))


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ([], "pass 1 to 10000"),
        ([1] * 10_001, "pass 1 to 10000"),
        ([0, 0], "above zero"),
        ([1, -1], "never negative"),
        ([2, Fraction(-1, 2)], "never negative"),
        ([2**256], "too large or too fine"),
        ([Fraction(1, 2**256)], "too large or too fine"),
        ([Fraction(1, 2**255 + step) for step in range(1, 60, 2)], "smaller denominators"),
    ],
)
def test_weights_that_share_nothing_out_are_refused(weights: list[Any], reason: str) -> None:
    with pytest.raises(InvalidAmount, match=reason) as caught:
        Money("1", "EUR").allocate(weights)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("weight", [0.5, True, "1", None])
def test_a_weight_is_an_exact_number(weight: Any) -> None:
    with pytest.raises(TypeError, match="a factor is an int"):
        Money("1", "EUR").allocate([1, weight])


def test_a_weight_is_not_a_decimal() -> None:
    with pytest.raises(TypeError, match="a weight is an int or a Fraction"):
        Money("1", "EUR").allocate([Decimal("0.5"), 1])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("minor", "parts", "shares"),
    [(100, 3, [34, 33, 33]), (-2, 3, [-1, -1, 0]), (5, 1, [5]), (0, 2, [0, 0])],
)
def test_an_amount_is_split_evenly(minor: Any, parts: Any, shares: list[Any]) -> None:
    assert shares == minors(Money.from_minor(minor, "EUR").split(parts))


@pytest.mark.parametrize("parts", [0, -1, 10_001, 10**100])
def test_a_split_into_no_part_or_too_many_is_refused(parts: Any) -> None:
    with pytest.raises(InvalidAmount, match="split into 1 to 10000 parts"):
        Money("1", "EUR").split(parts)


@pytest.mark.parametrize("parts", [2.0, True, "2"])
def test_a_number_of_parts_is_an_integer(parts: Any) -> None:
    with pytest.raises(TypeError, match="a number of parts is an int"):
        Money("1", "EUR").split(parts)
