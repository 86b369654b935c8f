"""Currencies: one object for each code of ISO 4217 that counts money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from paysession._money.iso_4217 import ACTIVE, RETIRED
from paysession._money.reading import excerpt
from paysession.errors import UnknownCurrency

__all__ = ["Currency"]


@attrs.frozen(init=False, eq=False, repr=False)
class Currency:
    """
    A currency of ISO 4217, active or retired.

    There is one object for each code, so that two currencies are equal exactly when they
    are the same object:

        >>> Currency("JPY").digits
        0
        >>> Currency("HRK").retired
        True

    Retired codes stay, for refunds outlive currencies. Codes without a minor unit (`XAU`,
    `XDR`, `XXX` and the like) are unknown here: no amount of them can be counted. Case is
    never folded:

        >>> Currency("eur")
        Traceback (most recent call last):
            ...
        paysession.errors.UnknownCurrency: eur is not a currency: pass an ISO 4217 code in capitals, such as 'EUR'

    Attributes:
        code: Alphabetic code of ISO 4217: three capital ASCII letters.
        digits: Decimal digits by ISO 4217 (not by CLDR): 2 for euros, 0 for yen.
        retired: Whether the code has left the list of active codes.
        name: English name, as ISO 4217 has it.

    Raises:
        UnknownCurrency: If the code is in neither list of ISO 4217, or has no minor unit.
    """  # noqa: E501

    code: str
    digits: int
    retired: bool
    name: str

    def __new__(cls, code: str) -> Currency:
        found = _INTERNED.get(code)
        if found is None:
            raise _unknown(code)
        return found

    @classmethod
    def of(cls, currency: str | Currency) -> Currency:
        """
        The currency itself, or the one of that code.

        Raises:
            UnknownCurrency: If there is no currency of that code.
        """
        return currency if isinstance(currency, cls) else cls.__new__(cls, _code(currency))

    @classmethod
    def known(cls) -> tuple[Currency, ...]:
        """Every currency, active and retired, by code."""
        return tuple(_INTERNED[code] for code in sorted(_INTERNED))

    def __repr__(self) -> str:
        return f"Currency({self.code!r})"

    def __str__(self) -> str:
        return self.code

    def __reduce__(self) -> tuple[type[Currency], tuple[str]]:
        return Currency, (self.code,)


def _code(code: object) -> str:
    if not isinstance(code, str):
        raise TypeError(f"a currency is a str or a Currency, not {type(code).__name__}")
    return code


def _unknown(code: object) -> UnknownCurrency:
    return UnknownCurrency(excerpt(_code(code)))


def _intern(table: Mapping[str, tuple[int, str]], *, retired: bool) -> dict[str, Currency]:
    return {
        code: _entry(code=code, digits=digits, retired=retired, name=name)
        for code, (digits, name) in table.items()
    }


def _entry(**values: str | int) -> Currency:
    currency = object.__new__(Currency)
    for field, value in values.items():
        object.__setattr__(currency, field, value)
    return currency


_INTERNED: Final = _intern(RETIRED, retired=True) | _intern(ACTIVE, retired=False)
