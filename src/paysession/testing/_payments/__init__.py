"""What an integrator has random histories and faults run against: their own store and wiring."""

from paysession.testing._payments.failing import HistoryBroken
from paysession.testing._payments.machine import AsyncPaymentsMachine, PaymentsMachine

__all__ = ["AsyncPaymentsMachine", "HistoryBroken", "PaymentsMachine"]
