"""Acme's gateway keeps the laws of its port."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from acme_paysession import AcmeGateway
from fake_acme import FakeAcme, Trouble
from paysession import Money
from paysession.gateways import Method, Notification
from paysession.outcomes import FailureCode, References
from paysession.testing import GatewayConformance, ProviderBooks

API_KEY = "acme_key_8c1f0a7be2"
WEBHOOK_SECRETS = (
    "whsec_QWNtZSBzaWducyB3aXRoIHRoaXMgb2xkIHNlY3JldA==",
    "whsec_QWNtZSBzaWducyB3aXRoIHRoaXMgbmV3IHNlY3JldA==",
)

CALLS: dict[Method, str] = {
    "create_session": "open",
    "update_session": "update",
    "complete_session": "confirm",
    "close_session": "cancel",
    "charge": "charge",
    "capture": "capture",
    "void": "release",
    "refund": "refund",
    "cancel_refund": "call_off",
    "look_up": "list",
}
"""Which of Acme's calls each method of the gateway makes."""


class TestAcme(GatewayConformance[AcmeGateway]):
    gateway_class: type[AcmeGateway] = AcmeGateway
    declines = {
        "authentication_failed": FailureCode.AUTHENTICATION_FAILED,
        "bank_unreachable": FailureCode.ISSUER_UNAVAILABLE,
        "card_expired": FailureCode.EXPIRED_CARD,
        "card_stolen": FailureCode.LOST_OR_STOLEN,
        "duplicate": FailureCode.DUPLICATE,
        "insufficient_funds": FailureCode.INSUFFICIENT_FUNDS,
        "limit_reached": FailureCode.LIMIT_EXCEEDED,
        "refused_by_bank": FailureCode.DO_NOT_HONOR,
        "suspected_fraud": FailureCode.SUSPECTED_FRAUD,
    }
    canaries = (API_KEY, *WEBHOOK_SECRETS)
    webhook_secrets = WEBHOOK_SECRETS

    def make_gateway(self) -> AcmeGateway:
        acme = FakeAcme(api_key=API_KEY, webhook_secret=WEBHOOK_SECRETS[0])
        return self.gateway_at(acme, *WEBHOOK_SECRETS)

    def another(self, gateway: AcmeGateway) -> AcmeGateway:
        return self.gateway_at(acme_of(gateway), *WEBHOOK_SECRETS)

    def knowing(self, gateway: AcmeGateway, *secrets: str) -> AcmeGateway:
        return self.gateway_at(acme_of(gateway), *secrets)

    def gateway_at(self, acme: FakeAcme, *webhook_secrets: str) -> AcmeGateway:
        return self.gateway_class(
            api_key=API_KEY, webhook_secrets=webhook_secrets, transport=acme, clock=acme.now
        )

    def customer_acts(self, gateway: AcmeGateway, references: References) -> None:
        for reference in references:
            acme_of(gateway).customer_acts(reference.id)

    def decline(self, gateway: AcmeGateway, method: Method, code: str) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.DECLINE, code=code)

    def reject(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.REJECT)

    def lose_answer(self, gateway: AcmeGateway, method: Method, *, happened: bool) -> None:
        trouble = Trouble.LOSE_ANSWER if happened else Trouble.LOSE
        acme_of(gateway).on_next(CALLS[method], trouble)

    def refuse_connection(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.REFUSE)

    def answer_nonsense(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.GARBLE)

    def answer_in_other_currency(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.CONVERT)

    def never_answer(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.HANG)

    def keep_pending(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.WAIT)

    def settle(self, gateway: AcmeGateway, *, succeed: bool) -> None:
        acme_of(gateway).settle(succeed=succeed)

    def require_action(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.ACT)

    def move_less(self, gateway: AcmeGateway, method: Method) -> None:
        acme_of(gateway).on_next(CALLS[method], Trouble.LESS)

    def books(self, gateway: AcmeGateway, currency: str) -> ProviderBooks:
        def total(kind: str) -> Money:
            return Money.from_minor(acme_of(gateway).total(kind, currency), currency)

        return ProviderBooks(
            held=total("held"),
            taken=total("taken"),
            released=total("released"),
            given_back=total("given_back"),
        )

    def notifications(self, gateway: AcmeGateway) -> Sequence[Notification]:
        return acme_of(gateway).events()

    def sign(self, gateway: AcmeGateway, body: bytes, *secrets: str) -> Notification:
        return acme_of(gateway).signed(body, *secrets)

    def pass_time(self, gateway: AcmeGateway, time: timedelta) -> None:
        acme_of(gateway).pass_time(time)


def acme_of(gateway: AcmeGateway) -> FakeAcme:
    """Return the provider that a gateway is at."""
    assert isinstance(gateway.transport, FakeAcme)
    return gateway.transport
