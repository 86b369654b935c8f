"""paysession's gateway to Acme."""

from acme_paysession.gateway import AcmeGateway, Transport

__all__ = ["AcmeGateway", "Transport"]
