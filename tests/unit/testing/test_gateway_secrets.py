"""A gateway that was given no secret knows nobody's signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from paysession._domain.sources import StoredSource
from paysession.gateways import BogusGateway, BogusProvider, Notification, StandardWebhooks
from paysession.gateways._bogus_mail import reports_in
from paysession.outcomes import Report
from paysession.testing import GatewayConformance, LawBroken
from paysession.testing._gateways.signatures import a_secret_that_was_replaced_is_good_for_nothing

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcg"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Verifying(BogusGateway):
    """Verifies what it reads, if it was given secrets."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(provider=BogusProvider(webhook_secrets=secrets, clock=lambda: NOON))
        self.secrets = secrets


class Trusting(Verifying):
    """Verifies nothing where it knows no secret, as while it is developed."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return super().read_notification(notification) if self.secrets else reports_in(notification)


class Demanding(Verifying):
    """Is not made without a secret."""

    def __init__(self, *secrets: str) -> None:
        if not secrets:
            raise ValueError("pass a webhook secret")
        super().__init__(*secrets)


class Suite(GatewayConformance[Verifying]):
    kind: type[Verifying] = Verifying
    webhook_secrets = (OLD, NEW)

    def make_gateway(self) -> Verifying:
        return self.kind(OLD)

    def source(self, gateway: Verifying) -> StoredSource:
        return StoredSource(id="src_1", profile_id=BogusGateway.token())

    def notifications(self, gateway: Verifying) -> Sequence[Notification]:
        return gateway.provider.take_notifications()

    def sign(self, gateway: Verifying, body: bytes, *secrets: str) -> Notification:
        return Notification(body, StandardWebhooks(secrets).sign(body, id="evt_1", at=NOON))

    def knowing(self, gateway: Verifying, *secrets: str) -> Verifying:
        return self.kind(*secrets)


class TrustingSuite(Suite):
    kind = Trusting


class DemandingSuite(Suite):
    kind = Demanding


@pytest.mark.parametrize("suite", [Suite, DemandingSuite])
def test_who_knows_no_secret_believes_nothing_or_is_not_made(suite: type[Suite]) -> None:
    suite().try_law(a_secret_that_was_replaced_is_good_for_nothing)


def test_who_believes_everything_where_no_secret_is_known_is_found() -> None:
    with pytest.raises(LawBroken, match="what is signed, where no secret is known"):
        TrustingSuite().try_law(a_secret_that_was_replaced_is_good_for_nothing)
