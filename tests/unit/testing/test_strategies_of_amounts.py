from __future__ import annotations

import re
from decimal import Decimal

import pytest
from drawn_values import drawn, seen, simplest, told_of_failure
from hypothesis import strategies as st

from paysession import Currency, Money
from paysession.errors import (
    CurrencyMismatch,
    InvalidAmount,
    MoneyError,
    UnknownCurrency,
    UnsafeInput,
)
from paysession.testing import strategies


def test_currencies_of_every_number_of_digits_come() -> None:
    digits = (0, 2, 3, 4)
    assert set(digits) == seen(strategies.currencies(), lambda each: each.digits, digits)


def test_a_currency_shrinks_to_dollars_and_the_best_known_one_of_its_digits() -> None:
    assert Currency("USD") == simplest(strategies.currencies(), lambda _: True)
    assert Currency("JPY") == simplest(strategies.currencies(), lambda each: each.digits == 0)
    assert Currency("KWD") == simplest(strategies.currencies(), lambda each: each.digits == 3)


def test_retired_currencies_come_if_they_are_asked_for() -> None:
    assert not any(each.retired for each in drawn(strategies.currencies()))
    assert any(each.retired for each in drawn(strategies.currencies(retired=True)))


@pytest.mark.parametrize(("digits", "expected"), [(3, {3}), ({0, 4}, {0, 4})])
def test_currencies_have_the_digits_that_are_asked_for(
    digits: int | set[int], expected: set[int]
) -> None:
    assert expected == {each.digits for each in drawn(strategies.currencies(digits=digits))}


@pytest.mark.parametrize("digits", [1, -2, set[int]()])
def test_digits_that_no_currency_has_are_refused(digits: int | set[int]) -> None:
    with pytest.raises(UnsafeInput, match="choose among 0, 2, 3 and 4"):
        strategies.currencies(digits=digits)


def test_digits_are_counted_in_numbers() -> None:
    with pytest.raises(TypeError, match="digits must be a number, or several, not str"):
        strategies.currencies(digits="2")  # type: ignore[arg-type]  # that is the point


def test_money_comes_in_every_kind_of_currency_and_never_below_zero() -> None:
    monies = drawn(strategies.money())
    assert {0, 2, 3, 4} == {each.currency.digits for each in monies}
    assert all(0 <= each.amount <= 1_000_000 for each in monies)


def test_money_shrinks_to_a_plain_amount_in_dollars() -> None:
    assert Money("0.00", "USD") == simplest(strategies.money(), lambda _: True)
    assert Money("1.00", "USD") == simplest(strategies.money(), lambda each: each.amount >= 1)
    assert Money("5.00", "EUR") == simplest(strategies.money("EUR", least=5), lambda _: True)


def test_money_below_zero_comes_if_it_is_asked_for() -> None:
    monies = drawn(strategies.money("EUR", least="-1.00", most="1.00"))
    assert {True, False} == {each.is_negative for each in monies}
    assert all(abs(each) <= Money(1, "EUR") for each in monies)


@pytest.mark.parametrize(
    "strategy",
    [
        strategies.money("KWD", least="7.001", most="7.001"),
        strategies.payables(currency="KWD", least="7.001", most="7.001"),
        strategies.histories(amounts=strategies.money("KWD", least="7.001"), currency="KWD"),
    ],
)
def test_amounts_with_which_a_test_fails_are_told_with_their_currency(
    strategy: st.SearchStrategy[object],
) -> None:
    told = told_of_failure(strategy)
    assert re.search(r"Money\('\d\.\d{3}', 'KWD'\)", told)
    assert not re.search(r"lambda|\bof\(|minor=", told)


def test_bounds_are_rounded_into_what_a_currency_can_count() -> None:
    monies = drawn(strategies.money("JPY", least="0.0001", most=Decimal("2.9")))
    assert {Money(1, "JPY"), Money(2, "JPY")} == set(monies)


def test_a_currency_that_counts_nothing_between_the_bounds_does_not_come() -> None:
    between = strategies.money(least="0.01", most="0.99")
    assert {2, 3, 4} == {each.currency.digits for each in drawn(between)}


def test_a_bound_in_a_currency_says_which_one_it_is() -> None:
    assert {Money(2, "CHF")} == set(drawn(strategies.money(least=Money(2, "CHF"), most=2)))
    assert {Money(2, "CHF")} == set(drawn(strategies.money("CHF", least=2, most=Money(2, "CHF"))))


def test_the_currency_may_be_a_strategy() -> None:
    among = st.sampled_from((Currency("EUR"), Currency("JPY")))
    assert {"EUR", "JPY"} == {each.currency.code for each in drawn(strategies.money(among))}


@pytest.mark.parametrize("currency", ["EUR", None, Currency("USD")])
def test_bounds_with_nothing_between_them_are_refused(currency: str | Currency | None) -> None:
    with pytest.raises(InvalidAmount, match="5 is not an amount: nothing lies between it and 4"):
        strategies.money(currency, least=5, most=4)


def test_bounds_between_which_a_currency_counts_nothing_are_refused() -> None:
    with pytest.raises(InvalidAmount, match="nothing lies between"):
        strategies.money("JPY", least="0.1", most="0.9")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"currency": "EUR", "least": Money(1, "USD")}, CurrencyMismatch),
        ({"least": Money(1, "EUR"), "most": Money(2, "USD")}, CurrencyMismatch),
        ({"currency": "eur"}, UnknownCurrency),
        ({"least": "one"}, InvalidAmount),
        ({"most": 10**18}, InvalidAmount),
        ({"least": 0.5}, TypeError),
        ({"currency": 840}, TypeError),
        ({"currency": strategies.currencies(), "least": Money(1, "USD")}, TypeError),
    ],
)
def test_bounds_that_make_no_sense_are_refused(
    arguments: dict[str, object], error: type[MoneyError | TypeError]
) -> None:
    with pytest.raises(error):
        strategies.money(**arguments)  # type: ignore[arg-type]  # that is the point
