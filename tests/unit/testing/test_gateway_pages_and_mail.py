"""What a gateway need not have, and what it cannot read: laws of something else go on."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

import pytest

from paysession._domain.failures import Failure, FailureCode
from paysession._money import Money
from paysession.errors import InvalidSignature
from paysession.gateways import (
    BogusGateway,
    CloseSessionAnswer,
    CloseSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Notification,
)
from paysession.outcomes import Declined, Rejected, Report
from paysession.testing import GatewayConformance, LawBroken
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law
from paysession.testing._gateways.sessions import a_hosted_session_is_like_any_other

FAILURE = Failure(FailureCode.MERCHANT_CONFIG)


class HasNoPageGateway(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return Rejected(FAILURE) if request.terms.hosted else super().create_session(request)


class ClosesNothingGateway(BogusGateway):
    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        return Declined(FAILURE)


@pytest.mark.parametrize("kind", [HasNoPageGateway, ClosesNothingGateway])
def test_who_has_no_page_or_cannot_close_it_breaks_no_law_of_pages(
    kind: type[BogusGateway],
) -> None:
    class Suite(GatewayConformance[BogusGateway]):
        def make_gateway(self) -> BogusGateway:
            return kind()

    Suite().try_law(a_hosted_session_is_like_any_other)


class Unreadable(GatewayConformance[BogusGateway]):
    """The provider sends what nobody can verify."""

    patience_seconds = 0.05

    def make_gateway(self) -> BogusGateway:
        return BogusGateway()

    def notifications(self, gateway: BogusGateway) -> Sequence[Notification]:
        return [Notification(b"{}", {})]


@law(
    "TRY-1",
    "nothing is told",
    reason="nobody has signed it",
    source="I51",
    about="read_notification",
)
def nothing_is_told(bench: Bench) -> None:
    assert () == bench.told_of(bench.orders.creation(Money("1", "EUR")))
    assert InvalidSignature.__name__ in bench.story[-1]


def test_what_cannot_be_read_tells_nothing() -> None:
    Unreadable().try_law(nothing_is_told)


class ReadsForEverGateway(BogusGateway):
    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        Event().wait()
        return ()


class ReadForEver(Unreadable):
    def make_gateway(self) -> BogusGateway:
        return ReadsForEverGateway()


def test_who_never_comes_back_from_reading_breaks_the_law() -> None:
    with pytest.raises(LawBroken, match="how long a call takes"):
        ReadForEver().try_law(nothing_is_told)
