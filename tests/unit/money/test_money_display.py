import subprocess
import sys
from collections.abc import Callable
from decimal import ROUND_UP, Decimal, localcontext
from itertools import product
from typing import Any

import pytest
from babel.localedata import locale_identifiers

from paysession._money import Currency, Money
from paysession._money.display import display, parse
from paysession.errors import InexactAmount, InvalidAmount, UnknownCurrency, UnsafeInput


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        ("10", "USD", "en_US", "$10.00"),
        ("-10", "USD", "en_US", "-$10.00"),
        ("0", "USD", "en_US", "$0.00"),
        ("1000", "JPY", "en_US", "\u00a51,000"),
        ("1000", "DKK", "da", "1.000,00\u00a0kr."),
        ("1000", "DKK", "da-DK", "1.000,00\u00a0kr."),
        ("1234567.89", "EUR", "de_DE", "1.234.567,89\u00a0\u20ac"),
        ("1234.5", "INR", "en_IN", "\u20b91,234.50"),
        ("10000000000000000", "USD", "en_US", "$10,000,000,000,000,000.00"),
        ("5.5", "HRK", "en_US", "HRK5.50"),
    ],
)
def test_an_amount_is_shown_as_the_locale_writes_it(
    amount: Any, currency: str, locale: str, shown: str
) -> None:
    money = Money(amount, currency)
    assert shown == display(money, locale)
    assert display(money, locale) == money.display(locale)


def test_the_locale_is_american_unless_another_is_named() -> None:
    assert "$10.00" == Money("10", "USD").display()


@pytest.mark.parametrize(
    "code", ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"]
)
def test_the_digits_shown_are_those_of_iso_4217_where_cldr_has_none(code: str) -> None:
    assert display(Money("1.50", code)).endswith("1.50")


@pytest.mark.parametrize("currency", Currency.known(), ids=str)
def test_every_currency_can_be_shown(currency: Currency) -> None:
    shown = display(Money.from_minor(12345678, currency))
    assert "12345678" == "".join(filter(str.isdigit, shown))


LOCALES = [
    *("en_US", "de_DE", "de_CH", "fr_FR", "fr_CH", "ja_JP"),
    *("ar_EG", "fa_IR", "hi_IN", "pl_PL", "pt_BR", "sv_SE"),
]
EDGES = [0, 1, -1, 99, -100, 1_000, 123_456, -123_456_789, 10**18, -(10**18)]


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_shown_is_read_back_in_every_currency(locale: str) -> None:
    for currency in Currency.known():
        amounts = [Money.from_minor(minor, currency) for minor in EDGES]
        read = [Money.parse(money.display(locale), currency, locale=locale) for money in amounts]
        assert amounts == read


def test_what_is_shown_is_read_back_in_every_locale() -> None:
    for money, locale in product(
        (Money("-1234567.89", "USD"), Money("1000", "JPY"), Money("-0.125", "KWD")),
        locale_identifiers(),
    ):
        assert money == Money.parse(money.display(locale), money.currency, locale=locale)


@pytest.mark.parametrize("trap", [True, False])
def test_the_ambient_context_does_not_change_what_is_shown_or_read(trap: bool) -> None:
    with localcontext(prec=1, rounding=ROUND_UP) as context:
        context.traps = dict.fromkeys(context.traps, trap)
        assert "$1,234.56" == Money("1234.56", "USD").display()
        assert Money("1234.56", "USD") == Money.parse("1,234.56", "USD")


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount"),
    [
        ("1,234.56", "USD", "en_US", "1234.56"),
        ("1234.5", "USD", "en_US", "1234.5"),
        ("1,234.50", "USD", "en_US", "1234.5"),
        ("-5", "USD", "en_US", "-5"),
        ("1.234,50", "EUR", "de_DE", "1234.5"),
        ("25,00", "EUR", "de", "25"),
        ("1 234,50", "EUR", "fr_FR", "1234.5"),
        ("1\u202f234,50", "EUR", "fr_FR", "1234.5"),
        ("1\u00a0234,50", "EUR", "fr-FR", "1234.5"),
        ("1,000", "JPY", "en_US", "1000"),
        ("1,234", "KWD", "de", "1.234"),
        ("12,34,567.00", "INR", "en_IN", "1234567"),
        ("2,99", "EUR", "de_DE", "2.99"),
        ("2,99 $", "USD", "de_DE", "2.99"),
        ("2,99\u00a0\u20ac", "EUR", "de_DE", "2.99"),
        ("EUR 2,99", "EUR", "de_DE", "2.99"),
        ("$2.99", "USD", "en_US", "2.99"),
        ("-$2.99", "USD", "en_US", "-2.99"),
        ("$-2.99", "USD", "en_US", "-2.99"),
        ("USD 2.99", "USD", "en_US", "2.99"),
        ("\u200f-1,234.50\u00a0US$", "USD", "ar_EG", "-1234.5"),
        ("1.000,00\u00a0kr.", "DKK", "da", "1000"),
    ],
)
def test_an_amount_is_read_as_the_locale_writes_it(
    text: str, currency: str, locale: str, amount: Any
) -> None:
    assert Money(amount, currency) == parse(text, currency, locale)
    assert Money(amount, currency) == Money.parse(text, currency, locale=locale)


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("25.00", "de"),
        ("1,00", "en_US"),
        ("1,2345.00", "en_US"),
        ("1,,000", "en_US"),
        ("1.2.3", "en_US"),
        ("12 34", "fr"),
        ("NaN", "en_US"),
        ("sNaN", "en_US"),
        ("Infinity", "en_US"),
        ("-Infinity", "en_US"),
        ("1e5", "en_US"),
        ("1_000", "en_US"),
        ("+5", "en_US"),
        ("\u22125", "sv"),
        ("--5", "en_US"),
        ("-", "en_US"),
        ("", "en_US"),
        (" 5", "en_US"),
        ("5 ", "fr"),
        (".5", "en_US"),
        ("5.", "en_US"),
        ("\u20ac5", "en_US"),
        ("5 EUR", "en_US"),
        ("$5$", "en_US"),
        ("$$5", "en_US"),
        ("$", "en_US"),
        ("-$-5", "en_US"),
        ("5-$", "en_US"),
        ("usd 5", "en_US"),
        ("\u0661\u0662", "ar"),
        ("\uff15", "en_US"),
        ("5" * 65, "en_US"),
        pytest.param("5" * 1_000_000, "en_US", id="long"),
    ],
)
def test_a_text_that_is_not_a_number_of_the_locale_is_refused(text: str, locale: str) -> None:
    with pytest.raises(InvalidAmount) as caught:
        parse(text, "USD", locale)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "locale"), [("1,000", "de"), ("1.000", "en_US"), ("0.001", "en_US")]
)
def test_more_decimals_than_the_currency_has_are_refused_zeros_included(
    text: str, locale: str
) -> None:
    with pytest.raises(InexactAmount) as caught:
        parse(text, "EUR", locale)
    assert (text, "EUR", 2) == (
        caught.value.value.strip("'"),
        caught.value.currency,
        caught.value.digits,
    )


def test_an_amount_out_of_bounds_is_refused_when_read() -> None:
    with pytest.raises(InvalidAmount, match="beyond"):
        parse("9" * 30, "USD")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "text", ["1" * 64, "1" * 61 + ".00", "1" * 61 + ",00", "0." + "1" * 62, "1." * 31 + "1"]
)
def test_an_amount_as_long_as_it_may_be_is_refused_like_any_other(text: str, locale: str) -> None:
    with pytest.raises((InvalidAmount, InexactAmount)):
        parse(text, "USD", locale)


def test_an_amount_is_read_in_a_known_currency_only() -> None:
    with pytest.raises(UnknownCurrency):
        parse("5", "usd")


@pytest.mark.parametrize(
    "locale",
    [
        "",
        "xx_YY",
        "en_US@x",
        "../../etc/passwd",
        "e",
        "en_U$",
        "en_US\n",
        pytest.param("x" * 1_000_000, id="long"),
    ],
)
@pytest.mark.parametrize(
    "act",
    [lambda locale: display(Money("1", "USD"), locale), lambda locale: parse("1", "USD", locale)],
)
def test_an_unknown_locale_is_refused_and_not_repeated(
    act: Callable[..., object], locale: str
) -> None:
    with pytest.raises(UnsafeInput, match="locale is refused") as caught:
        act(locale)
    assert "locale" == caught.value.field
    assert len(str(caught.value)) < 200


def test_babel_is_imported_only_when_something_is_shown() -> None:
    script = (
        "import sys; from paysession._money import Money; assert 'babel' not in sys.modules; "
        "Money('1', 'USD').display(); assert 'babel' in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (0, "") == (ran.returncode, ran.stderr)


def test_what_is_shown_keeps_the_exact_amount() -> None:
    assert Decimal("0.10") == parse("0.10", "USD").amount
