import copy
import pickle
from collections.abc import Callable
from typing import Any, get_type_hints

import attrs
import iso4217
import pytest
from babel.core import get_global

from paysession._money import Currency
from paysession.errors import UnknownCurrency

COUNTED = {
    code: (int(str(entry["CcyMnrUnts"])), str(entry["CcyNm"]).replace("\u2019", "'"))
    for code, entry in iso4217.raw_table.items()
    if code and entry["CcyMnrUnts"] != "N.A."
}
WITHOUT_MINOR_UNIT = sorted(
    code for code, entry in iso4217.raw_table.items() if code and entry["CcyMnrUnts"] == "N.A."
)


def test_the_active_currencies_are_those_of_iso_4217_with_its_digits_and_names() -> None:
    active = {
        currency.code: (currency.digits, currency.name)
        for currency in Currency.known()
        if not currency.retired
    }
    assert COUNTED == active


def test_no_retired_currency_is_active() -> None:
    retired = {currency.code for currency in Currency.known() if currency.retired}
    assert set() == retired & set(iso4217.raw_table)


def test_every_tender_that_ended_since_2003_can_still_be_named() -> None:
    ended = {
        code
        for history in get_global("territory_currencies").values()
        for code, _, end, tender in history
        if tender and end and end[0] >= 2003
    }
    assert set() == ended - {currency.code for currency in Currency.known()}


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("HRK", 2),
        ("BGN", 2),
        ("ANG", 2),
        ("SLL", 2),
        ("DEM", 2),
        ("ITL", 0),
        ("ESP", 0),
        ("BYR", 0),
    ],
)
def test_a_retired_currency_keeps_its_digits(code: str, digits: int) -> None:
    assert (digits, True) == (Currency(code).digits, Currency(code).retired)


@pytest.mark.parametrize("code", ["AFN", "ALL", "IQD", "IRR", "MGA", "RSD", "YER"])
def test_the_digits_are_those_of_iso_4217_where_cldr_has_others(code: str) -> None:
    assert COUNTED[code][0] == Currency(code).digits
    assert get_global("currency_fractions")[code][0] != Currency(code).digits


@pytest.mark.parametrize("code", WITHOUT_MINOR_UNIT)
def test_a_code_without_a_minor_unit_is_unknown(code: str) -> None:
    with pytest.raises(UnknownCurrency) as caught:
        Currency(code)
    assert code == caught.value.currency


@pytest.mark.parametrize(
    "code", ["usd", "Usd", "USD ", " USD", "USD\n", "ZZZ", "", "U\u017fD", "\uff35SD"]
)
def test_a_text_that_is_no_code_is_unknown_and_case_is_never_folded(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Currency(code)


@pytest.mark.parametrize("make", [Currency, Currency.of])
@pytest.mark.parametrize("code", [None, 840, b"USD"])
def test_what_is_not_a_text_is_a_type_error(make: Callable[[Any], object], code: Any) -> None:
    with pytest.raises(TypeError, match="a currency is a str or a Currency"):
        make(code)


def test_an_error_repeats_little_of_a_code() -> None:
    with pytest.raises(UnknownCurrency) as caught:
        Currency("\u0000X" * 1_000_000)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_there_is_one_object_for_each_code() -> None:
    euro = Currency("EUR")
    again = [
        Currency("EUR"),
        Currency.of("EUR"),
        Currency.of(euro),
        copy.copy(euro),
        copy.deepcopy(euro),
        pickle.loads(pickle.dumps(euro)),
    ]
    assert all(one is euro for one in again)
    assert {euro} == set(again)


def test_a_currency_prints_its_code_and_its_repr_evaluates_back() -> None:
    assert "EUR" == str(Currency("EUR"))
    assert Currency("EUR") is eval(repr(Currency("EUR")))


def test_a_currency_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Currency("EUR").digits = 3  # type: ignore[misc]
    assert 2 == Currency("EUR").digits


def test_the_types_of_a_currency_can_be_resolved() -> None:
    hints = get_type_hints(Currency)
    assert {"code": str, "digits": int, "retired": bool, "name": str} == hints
