"""Gateways with one fault each, as real adapters have had them, by the law that finds it."""
