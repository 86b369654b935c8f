"""What every store must do: one law at a time, and the suites that try them all."""

from paysession.testing._laws.law import LawBroken
from paysession.testing._stores.conformance import AsyncStoreConformance, StoreConformance

__all__ = ["AsyncStoreConformance", "LawBroken", "StoreConformance"]
