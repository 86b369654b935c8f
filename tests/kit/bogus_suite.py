"""The suite for the in-memory gateways: every control there is, by the tokens of their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from types import MappingProxyType
from typing import Any

from paysession._domain.failures import FailureCode
from paysession._domain.secrets import ClientData
from paysession._domain.sources import StoredSource
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    AsyncBogusGateway,
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
    Capabilities,
    LookUpRequest,
    Notification,
    StandardWebhooks,
)
from paysession.gateways.requests import Method
from paysession.outcomes import Report
from paysession.testing._gateways.conformance import GatewayConformance
from paysession.testing._gateways.controls import ProviderBooks

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PARTS = ("held", "taken", "released", "given_back")
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcg"

AnyBogus = BogusGateway | AsyncBogusGateway


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class UnsteadyProvider(BogusProvider):
    """Is not to be reached, when something is looked up, as it is told."""

    trouble: Exception | None = None

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        return super().look_up(request)


TROUBLES: Mapping[str, Exception] = {
    "timeout_after": TimeoutError("no answer in time"),
    "unreachable": GatewayUnreachable("connection refused"),
    "broken": RuntimeError("the adapter could not read the answer"),
}
"""What is raised of a look-up, by what a token calls it."""


class BogusSuite(GatewayConformance[Any]):
    """
    Puts an in-memory gateway on trial, right or wrong.

    What a control is told about the next call of a method goes into the token of the next
    source, or of the next browser.
    """

    bogus_class: type[AnyBogus] = BogusGateway
    bogus_capabilities: Capabilities | None = None
    declines = MappingProxyType({f"raw_{code}": code for code in FailureCode})
    canaries = (OLD,)
    webhook_secrets: Sequence[str] = (OLD, NEW)

    def make_gateway(self) -> Any:
        self.clock = Clock()
        self.script: defaultdict[str, str] = defaultdict(lambda: "approve")
        self.provider = self.fresh_provider(OLD)
        return self.bogus_class(provider=self.provider)

    def fresh_provider(self, *secrets: str) -> UnsteadyProvider:
        return UnsteadyProvider(
            capabilities=self.bogus_capabilities, clock=self.clock, webhook_secrets=secrets
        )

    def arm(self, method: Method, behaviour: str) -> None:
        if method == "look_up":
            self.provider.trouble = TROUBLES[behaviour]
        else:
            self.script[method.removesuffix("_session")] = behaviour

    def token(self) -> str:
        script, self.script = dict(self.script), defaultdict(lambda: "approve")
        return BogusGateway.token(**script)

    def source(self, gateway: AnyBogus) -> StoredSource:
        return StoredSource(id="src_1", profile_id=self.token())

    def browser_brings(self, gateway: AnyBogus) -> ClientData:
        return ClientData({"token": self.token()})

    def decline(self, gateway: AnyBogus, method: Method, code: str) -> None:
        failure = self.declines.get(code, FailureCode.UNKNOWN_DECLINE)
        is_over = failure is FailureCode.SUSPECTED_FRAUD and method == "complete_session"
        self.arm(method, f"{'end' if is_over else 'decline'}:{failure}:{code}")

    def reject(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "reject")

    def lose_answer(self, gateway: AnyBogus, method: Method, *, happened: bool) -> None:
        self.arm(method, "timeout_after" if happened else "timeout_before")

    def refuse_connection(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "unreachable")

    def answer_nonsense(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "broken")

    def answer_in_other_currency(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "other_currency")

    def never_answer(self, gateway: Any, method: Method) -> None:
        self.arm(method, "timeout_after")
        gateway.silence = Event()  # which nobody ever sets: who waits for it waits for ever

    def keep_pending(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "pending")

    def settle(self, gateway: AnyBogus, *, succeed: bool) -> None:
        self.provider.let_pending_succeed() if succeed else self.provider.let_pending_fail()

    def require_action(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "require_action")

    def move_less(self, gateway: AnyBogus, method: Method) -> None:
        self.arm(method, "partial")

    def books(self, gateway: AnyBogus, currency: str) -> ProviderBooks:
        total = self.provider.total
        return ProviderBooks(**{part: total(BogusEffectKind(part), currency) for part in PARTS})

    def notifications(self, gateway: AnyBogus) -> Sequence[Notification]:
        return self.provider.take_notifications()

    def sign(self, gateway: AnyBogus, body: bytes, *secrets: str) -> Notification:
        headers = StandardWebhooks(secrets).sign(body, id="evt_1", at=self.clock())
        return Notification(body, headers)

    def knowing(self, gateway: AnyBogus, *secrets: str) -> Any:
        return self.bogus_class(provider=self.fresh_provider(*secrets))

    def another(self, gateway: AnyBogus) -> Any:
        return self.bogus_class(provider=self.provider)

    def pass_time(self, gateway: AnyBogus, time: timedelta) -> None:
        self.clock.now += time


class AsyncBogusSuite(BogusSuite):
    """The same, awaited."""

    bogus_class = AsyncBogusGateway
