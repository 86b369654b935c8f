"""What every gateway must do: one law at a time, and the suite that tries them all."""

from paysession.testing._gateways.conformance import GatewayConformance
from paysession.testing._gateways.controls import ProviderBooks

__all__ = ["GatewayConformance", "ProviderBooks"]
