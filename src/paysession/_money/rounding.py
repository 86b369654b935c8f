"""Rounding: the named rules, on integers alone."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Rounding", "divide"]


class Rounding(StrEnum):
    """
    Where an amount goes that lies between two minor units.

    The rules and their names are those of the `decimal` module.
    """

    HALF_EVEN = "half_even"
    """To the nearest; from the middle to the even one, so that many roundings cancel out."""
    HALF_UP = "half_up"
    """To the nearest; from the middle away from zero, as on most invoices."""
    HALF_DOWN = "half_down"
    """To the nearest; from the middle towards zero."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards plus infinity."""
    FLOOR = "floor"
    """Towards minus infinity."""


def divide(numerator: int, denominator: int, rounding: Rounding | None) -> int | None:
    """
    The quotient as an integer; None if it is not one and no rounding was asked for.

    Raises:
        TypeError: If the rounding is not a `Rounding`, even where nothing is to be rounded.
    """
    _require_rounding(rounding)
    quotient, rest = divmod(abs(numerator), denominator)
    if rest:
        if rounding is None:
            return None
        past = 2 * rest - denominator
        quotient += _goes_away_from_zero(rounding, numerator, quotient, past)
    return quotient if numerator > 0 else -quotient


def _require_rounding(rounding: object) -> None:
    if rounding is not None and not isinstance(rounding, Rounding):
        raise TypeError(f"rounding is a Rounding, not {type(rounding).__name__}")


def _goes_away_from_zero(rounding: Rounding, numerator: int, quotient: int, past: int) -> bool:
    """Whether a truncated quotient, so far past the middle, goes one step away from zero."""
    return {
        Rounding.HALF_EVEN: past > 0 or (past == 0 and quotient % 2 == 1),
        Rounding.HALF_UP: past >= 0,
        Rounding.HALF_DOWN: past > 0,
        Rounding.UP: True,
        Rounding.DOWN: False,
        Rounding.CEILING: numerator > 0,
        Rounding.FLOOR: numerator < 0,
    }[rounding]
