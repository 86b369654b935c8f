"""Exact money: amounts, currencies, the units of providers, and how people write them."""

from __future__ import annotations

from paysession._money.currency import Currency
from paysession._money.minor_units import ADYEN, ISO, STRIPE, MinorUnits
from paysession._money.money import Money
from paysession._money.rounding import Rounding

__all__ = ["ADYEN", "ISO", "STRIPE", "Currency", "MinorUnits", "Money", "Rounding"]
