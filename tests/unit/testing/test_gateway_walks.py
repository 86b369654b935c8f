"""A way through all that can be asked: what is not found is believed, and so it must stay away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from paysession._domain.sources import StoredSource
from paysession.gateways import BogusGateway, BogusProvider, LookUpRequest, Notification
from paysession.gateways.requests import Method
from paysession.outcomes import Report
from paysession.testing import GatewayConformance, LawBroken
from paysession.testing._gateways.any_order import Walk
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.law import law


@law(
    "TRY-1",
    "a capture without an answer is looked up, and then all the mail is read",
    reason="nobody knows whether the money was taken",
    source="I45",
    about="look_up",
    needs=("look_up", "notifications"),
)
def a_lost_capture_is_looked_up(bench: Bench) -> None:
    walk = Walk(bench)
    walk.begins()
    (capture,) = walk.asking()["capture"]
    capture()
    walk.ends()


class Capturing(GatewayConformance[BogusGateway]):
    """The provider keeps a sale, and the answer to its capture is lost."""

    bogus_class = BogusGateway
    examples = 1
    happened = False

    def make_gateway(self) -> BogusGateway:
        self.provider = BogusProvider()
        return self.bogus_class(provider=self.provider)

    def source(self, gateway: BogusGateway) -> StoredSource:
        lost = "timeout_after" if self.happened else "timeout_before"
        return StoredSource(id="src_1", profile_id=BogusGateway.token(capture=lost))

    def notifications(self, gateway: BogusGateway) -> Sequence[Notification]:
        return self.provider.take_notifications()

    def lose_answer(self, gateway: BogusGateway, method: Method, *, happened: bool) -> None:
        raise NotImplementedError


class FindsNoCapturesGateway(BogusGateway):
    """What it took cannot be looked up, and is told of all the same."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return () if request.about == "capture" else super().look_up(request)


class TellsOfCapturesLater(Capturing):
    bogus_class = FindsNoCapturesGateway
    happened = True


def test_what_is_neither_found_nor_told_of_was_not_done() -> None:
    Capturing().try_law(a_lost_capture_is_looked_up)


def test_what_is_not_found_cannot_be_told_of_later() -> None:
    with pytest.raises(LawBroken, match="what is told of capture"):
        TellsOfCapturesLater().try_law(a_lost_capture_is_looked_up)
