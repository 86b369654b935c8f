"""
Reading an amount: what is refused, and the rest as exact integers.

`int`, `Decimal` and `float` accept far more than an amount should be: digits of other
scripts, underscores, white space, "NaN", and "1E+999999", which burns half a minute when
it is turned into an integer. So the form is looked at first, and arithmetic is done on
integers alone, where no ambient decimal context reaches.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from paysession.errors import InvalidAmount

__all__ = ["excerpt", "read_amount", "read_integer", "read_ratio"]

_MOST_DIGITS: Final = 64
_MOST_BITS: Final = 256
_MOST_SHOWN: Final = 40
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_HARMLESS: Final = re.compile(r"[0-9A-Za-z.,+_-]+")


def read_amount(amount: object) -> tuple[int, int]:
    """
    Coefficient and exponent of an amount: `"1.50"` is 150 and -2.

    Raises:
        InvalidAmount: If it is not a plain, finite decimal number of at most 64 digits.
        TypeError: If it is a float, a bool, or anything but `str`, `Decimal` and `int`.
    """
    if isinstance(amount, str):
        return _read_text(amount)
    if isinstance(amount, Decimal):
        return _read_decimal(amount)
    if isinstance(amount, int) and not isinstance(amount, bool):
        return int(amount), 0
    raise TypeError(f"an amount is a str, Decimal or int, not {_type(amount)}")


def read_integer(value: object, what: str) -> int:
    """
    The integer as it is.

    Raises:
        TypeError: If it is anything else; a bool is no integer here.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is an int, not {_type(value)}")
    return int(value)


def read_ratio(factor: object) -> tuple[int, int]:
    """
    Numerator and positive denominator of an exact factor.

    Raises:
        InvalidAmount: If it is a `Decimal` that is not finite or has more than 64 digits.
        TypeError: If it is a float, a bool, or anything but `int`, `Fraction` and `Decimal`.
    """
    if isinstance(factor, Fraction):
        return factor.numerator, factor.denominator
    if isinstance(factor, bool) or not isinstance(factor, int | Decimal):
        raise TypeError(f"a factor is an int, Fraction or Decimal, not {_type(factor)}")
    coefficient, exponent = read_amount(factor)
    return coefficient * 10 ** max(exponent, 0), 10 ** max(-exponent, 0)


def excerpt(value: object) -> str:
    """What an error may repeat of a value: little, on one line, with anything odd escaped."""
    if isinstance(value, Fraction):
        return f"{excerpt(value.numerator)}/{excerpt(value.denominator)}"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"an integer of {value.bit_length()} bits"
    head = str(value)[: _MOST_SHOWN + 1]
    shown = head if _HARMLESS.fullmatch(head) else ascii(head)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."


def _read_text(text: str) -> tuple[int, int]:
    if len(text) > _MOST_DIGITS:
        raise InvalidAmount(excerpt(text), f"it has more than {_MOST_DIGITS} characters")
    if not _PLAIN.fullmatch(text):
        raise InvalidAmount(excerpt(text), "write it in plain ASCII digits, such as '110.00'")
    whole, _, fraction = text.partition(".")
    return int(whole + fraction), -len(fraction)


def _read_decimal(number: Decimal) -> tuple[int, int]:
    sign, digits, exponent = number.as_tuple()
    if isinstance(exponent, str):
        raise InvalidAmount(excerpt(number), "it is not finite")
    if len(digits) > _MOST_DIGITS or abs(exponent) > _MOST_DIGITS:
        raise InvalidAmount(excerpt(number), f"it has more than {_MOST_DIGITS} digits")
    coefficient = int("".join(map(str, digits)))
    return -coefficient if sign else coefficient, exponent


def _type(value: object) -> str:
    return type(value).__name__
