"""
Amounts as people write them, by Babel and CLDR.

Only `Money.display` and `Money.parse` import this module, when they are called: Babel is
slow to import. Babel computes in the ambient decimal context and with CLDR's digits; here
it gets a context that cannot round, and the digits of ISO 4217.
"""

from __future__ import annotations

import copy
import re
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    localcontext,
)
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    NumberFormatError,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    parse_decimal,
)

from paysession._money.currency import Currency
from paysession._money.money import Money
from paysession._money.reading import excerpt
from paysession.errors import InexactAmount, InvalidAmount, UnsafeInput

__all__ = ["display", "parse"]

# Babel writes a number with three decimals more than it has: 64 digits are too few for 64.
_EXACT: Final = Context(
    prec=128, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, Inexact, InvalidOperation]
)
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,3}")
_MOST_CHARACTERS: Final = 64
_MOST_DIGITS: Final = 18
_DIGITS: Final = frozenset("0123456789")
_BLANKS: Final = " \u00a0\u202f"
_SPACES: Final = frozenset(_BLANKS)
_DIRECTIONS: Final = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))


def display(money: Money, locale: str = "en_US") -> str:
    """
    The amount with its currency sign, as people of that locale read it.

    Raises:
        UnsafeInput: If there is no such locale.
    """
    known, digits = _locale(locale), money.currency.digits
    pattern = copy.copy(known.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    with localcontext(_EXACT):
        text: str = pattern.apply(
            money.amount, known, currency=money.currency.code, currency_digits=False
        )
    return text


def parse(text: str, currency: str | Currency, locale: str = "en_US") -> Money:
    """
    The amount as a person of that locale writes it, and as `display` shows it.

    The currency's own sign or code may stand at either end; that of another is refused.

    Raises:
        InexactAmount: If it has more decimals than the currency, zeros included.
        InvalidAmount: If it is not a number of that locale, grouped as the locale does.
        UnknownCurrency: If the currency is not in ISO 4217.
        UnsafeInput: If there is no such locale.
    """
    known, wanted = _locale(locale), Currency.of(currency)
    if len(text) > _MOST_CHARACTERS:
        raise InvalidAmount(excerpt(text), f"it has more than {_MOST_CHARACTERS} characters")
    shown = _shown_as(text, wanted, locale)
    if shown is not None:
        return shown
    group, point = get_group_symbol(known), get_decimal_symbol(known)
    number = _spelled_with(_number_of(text, wanted, known), group, point)
    try:
        with localcontext(_EXACT):
            amount = parse_decimal(number, locale=known, strict=True)
    except NumberFormatError as error:
        raise _not_of(locale, text) from error
    if len(number.partition(point)[2]) > wanted.digits:
        raise InexactAmount(excerpt(text), wanted.code, wanted.digits)
    return Money(amount, wanted)


def _shown_as(text: str, currency: Currency, locale: str) -> Money | None:
    """
    The amount that is displayed as this very text, if there is one.

    Some locales group amounts of money in another way than numbers, or write the minus last.
    """
    digits = "".join(character for character in text if character in _DIGITS)
    if not digits or len(digits) > _MOST_DIGITS:
        return None
    sign = -1 if "-" in text else 1
    money = Money.from_minor(sign * int(digits), currency)
    return money if display(money, locale) == text else None


def _number_of(text: str, currency: Currency, locale: Locale) -> str:
    """
    The text without the sign of its currency, which the minus may stand before or after.

    Marks of writing direction go: they say how it is shown, and stand anywhere in Arabic,
    Persian and Hebrew amounts.
    """
    plain = text.translate(_DIRECTIONS)
    minus, number = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    for sign in _signs_of(currency, locale):
        if number.startswith(sign):
            return minus + number.removeprefix(sign).lstrip(_BLANKS)
        if number.endswith(sign):
            return minus + number.removesuffix(sign).rstrip(_BLANKS)
    return plain


def _signs_of(currency: Currency, locale: Locale) -> tuple[str, str]:
    symbol: str = get_currency_symbol(currency.code, locale)
    return symbol.translate(_DIRECTIONS), currency.code


def _spelled_with(text: str, group: str, point: str) -> str:
    """
    The text with the locale's own group separator where any space stands for it.

    Only ASCII digits and the two separators pass: Babel would let "NaN" through.
    """
    if group in _SPACES:
        text = "".join(group if character in _SPACES else character for character in text)
    unsigned = text.removeprefix("-")
    if (
        not unsigned
        or {unsigned[0], unsigned[-1]} - _DIGITS
        or {*unsigned} - {*_DIGITS, group, point}
    ):
        raise InvalidAmount(excerpt(text), "write it in ASCII digits and the locale's separators")
    return text


def _locale(name: str) -> Locale:
    if not _LOCALE.fullmatch(name):
        raise _unknown_locale()
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise _unknown_locale() from error


def _unknown_locale() -> UnsafeInput:
    return UnsafeInput("locale", "there is none of that name: pass one of CLDR, such as 'en_US'")


def _not_of(locale: str, text: str) -> InvalidAmount:
    return InvalidAmount(excerpt(text), f"it is not written as {locale} writes numbers")
