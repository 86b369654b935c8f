"""A shop whose provider tells of things by itself."""

from __future__ import annotations

from flow_builders import ScriptedGateway, Shop

from paysession._flows.notifications import Received
from paysession.errors import InvalidSignature
from paysession.gateways import Capabilities
from paysession.gateways.notifications import Notification
from paysession.outcomes import Report


class NotifyingGateway(ScriptedGateway):
    """What a notification's body names is what it reports, or raises."""

    def __init__(self, capabilities: Capabilities | None = None, /, **answers: object) -> None:
        super().__init__(capabilities, **answers)
        self.letters: dict[bytes, object] = {}

    def sent(self, content: object) -> bytes:
        body = str(len(self.letters)).encode()
        self.letters[body] = content
        return body

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        if notification.header("signature") != "good":
            raise InvalidSignature
        content = self.letters[notification.body]
        if isinstance(content, BaseException):
            raise content
        return content  # type: ignore[return-value]  # a broken adapter answers anything


def notifying_shop(
    capabilities: Capabilities | None = None, /, **answers: object
) -> Shop[NotifyingGateway]:
    return Shop(NotifyingGateway(capabilities, **answers))


def tell(shop: Shop[NotifyingGateway], *reports: Report) -> Received:
    """Let the provider send one notification with these reports."""
    return receive(shop, reports)


def receive(shop: Shop[NotifyingGateway], content: object, *, signature: str = "good") -> Received:
    body = shop.gateway.sent(content)
    return shop.payments.receive_notification("bogus", body=body, headers={"Signature": signature})
