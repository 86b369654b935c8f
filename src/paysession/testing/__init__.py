"""The rules of the library, executable by others: suites, strategies, a simulator."""

from paysession.testing._gateways import GatewayConformance, ProviderBooks
from paysession.testing._payments import AsyncPaymentsMachine, HistoryBroken, PaymentsMachine
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.profiles import PROFILES, Profile
from paysession.testing._simulation.run import Result, Simulation, Violation
from paysession.testing._stores import AsyncStoreConformance, LawBroken, StoreConformance

__all__ = [
    "PROFILES",
    "AsyncPaymentsMachine",
    "AsyncStoreConformance",
    "Fault",
    "GatewayConformance",
    "HistoryBroken",
    "LawBroken",
    "PaymentsMachine",
    "Profile",
    "ProviderBooks",
    "Result",
    "Simulation",
    "StoreConformance",
    "Violation",
]
