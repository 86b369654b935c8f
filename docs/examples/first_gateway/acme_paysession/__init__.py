"""paysession's gateway to Acme."""

from acme_paysession.gateway import AcmeGateway
from acme_paysession.transport import HttpTransport, Transport

__all__ = ["AcmeGateway", "HttpTransport", "Transport"]
