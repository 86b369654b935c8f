"""
Gateways to a provider in memory, for tests and for trying things out.

What happens to each call is scripted by the `profile_id` of the source that is paid with:

    >>> BogusGateway.token(complete="require_action", capture="timeout_after")
    'complete=require_action,capture=timeout_after'

A setup session has no source yet: its token is what the browser brings, as `token` in the
external data of its creation or of its completion.

    >>> BogusGateway.token(complete_setup="decline:expired_card")
    'complete_setup=decline:expired_card'

What a setup session stores, and a session with `save_source`, is a card with a `profile_id`
that approves everything. A customer who is named has an id here, of role `customer`.

The provider has a truth of its own: `effects` says what happened to money, whether or not
its answer was heard. It tells by itself what has happened: `take_notifications` gives what it
is to send, signed, and `later` lets things happen there that nobody of us asked for.

| behaviour | what happens | to which calls |
|---|---|---|
| `approve` | it is done; so is all that a token does not name | all |
| `decline:<failure code>` | refused; another source may do better | all |
| `end:<failure code>` | refused, and the session is over | all |
| `decline:<failure code>:<raw code>` | the same, told by this code of the provider's own, without commas; so is `end` | all |
| `reject` | a developer must act | all |
| `pending` | undecided until `let_pending_succeed()` or `let_pending_fail()` | all but update |
| `require_action` | the customer must act; the next call finds it done | first create, update, complete, charge, create_setup, complete_setup |
| `partial`, `more` | half of the amount; one minor unit more | complete, charge, capture, void, refund |
| `other_currency` | done, but the answer speaks of another currency | complete, charge, capture, void, refund |
| `cancel`, `expire` | the session turns out to be closed | complete, close, complete_setup |
| `timeout_before`, `timeout_after` | no answer, without or with the effect | the first |
| `unreachable`, `unreachable_always` | it certainly did not arrive | the first; all |
| `broken`, `nonsense` | done, and then the adapter fails or answers no outcome | the first |

"The first" is the first call of its kind for one session or charge and one token.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from paysession._domain.failures import FailureCode
from paysession._domain.limits import safe_id
from paysession._money import Currency, Money
from paysession.gateways._bogus_events import BogusEvents
from paysession.gateways._bogus_objects import BogusEffect, BogusEffectKind
from paysession.gateways._bogus_provider import BogusProvider
from paysession.gateways._bogus_script import Behaviour, Script
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.notifications import Notification
from paysession.gateways.port import AsyncGateway, Gateway
from paysession.gateways.requests import (
    CancelRefundAnswer,
    CancelRefundRequest,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
    Request,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Report

__all__ = [
    "AsyncBogusGateway",
    "BogusEffect",
    "BogusEffectKind",
    "BogusEvents",
    "BogusGateway",
    "BogusProvider",
]


class _Backstage:
    """
    What a test sees of the provider, and a customer never does.

    Args:
        capabilities: What this merchant account can do, if not all that the provider can.
        clock: Tells this instant, as an aware `datetime`; else the computer's clock does.
        provider: An existing provider to share, with its capabilities and clock.
    """

    def __init__(
        self,
        *,
        capabilities: Capabilities | None = None,
        clock: Callable[[], datetime] | None = None,
        provider: BogusProvider | None = None,
    ) -> None:
        if provider is not None and (capabilities is not None or clock is not None):
            raise TypeError("a provider brings its own capabilities and clock: pass it alone")
        self.provider: BogusProvider = provider or BogusProvider(
            capabilities=capabilities, clock=clock
        )
        self.capabilities: Capabilities = self.provider.capabilities

    @staticmethod
    def token(
        *,
        create: str = "approve",
        update: str = "approve",
        complete: str = "approve",
        close: str = "approve",
        charge: str = "approve",
        capture: str = "approve",
        void: str = "approve",
        refund: str = "approve",
        cancel_refund: str = "approve",
        create_setup: str = "approve",
        complete_setup: str = "approve",
    ) -> str:
        """
        Write the token (a source's `profile_id`) that scripts what happens to each call.

        Raises:
            UnsafeInput: No such behaviour, or the call has no such answer.
            LimitExceeded: A token has at most 255 characters.
        """
        script = {
            "create": create,
            "update": update,
            "complete": complete,
            "close": close,
            "charge": charge,
            "capture": capture,
            "void": void,
            "refund": refund,
            "cancel_refund": cancel_refund,
            "create_setup": create_setup,
            "complete_setup": complete_setup,
        }
        steps = [f"{verb}={text}" for verb, text in script.items() if text != Behaviour.APPROVE]
        token = safe_id(",".join(steps) or Behaviour.APPROVE, field="token")
        Script.read(token)
        return token

    @property
    def effects(self) -> tuple[BogusEffect, ...]:
        """What happened to money at the provider, in order."""
        return self.provider.effects

    @property
    def calls(self) -> tuple[Request[object], ...]:
        """Every request that was made, in order, repeats and lost ones included."""
        return self.provider.calls

    def held(self, currency: str | Currency) -> Money:
        """Return what is held now: neither taken nor released."""
        total = self.provider.total
        gone = total(BogusEffectKind.TAKEN, currency) + total(BogusEffectKind.RELEASED, currency)
        return total(BogusEffectKind.HELD, currency) - gone

    def taken(self, currency: str | Currency) -> Money:
        """Return all that was taken, and did not come undone."""
        return self.provider.total(BogusEffectKind.TAKEN, currency)

    def released(self, currency: str | Currency) -> Money:
        """Return all that was held and let go."""
        return self.provider.total(BogusEffectKind.RELEASED, currency)

    def given_back(self, currency: str | Currency) -> Money:
        """Return all that was given back, and did not come undone."""
        return self.provider.total(BogusEffectKind.GIVEN_BACK, currency)

    @property
    def later(self) -> BogusEvents:
        """What happens at the provider by itself."""
        return self.provider.later

    def take_notifications(self) -> tuple[Notification, ...]:
        """Return what the provider is to send, one notification for each event, signed now."""
        return self.provider.take_notifications()

    def let_pending_succeed(self, of: str | None = None) -> None:
        """Approve what waits, for the provider or for the customer: all, or the one of this id."""
        self.provider.let_pending_succeed(of)

    def let_pending_fail(
        self, code: FailureCode = FailureCode.PROCESSING_ERROR, of: str | None = None
    ) -> None:
        """Refuse what waits, for the provider or for the customer: all, or the one of this id."""
        self.provider.let_pending_fail(code, of)


class BogusGateway(_Backstage, Gateway):
    """A gateway to a provider in memory, scripted by the sources' tokens."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """Open a session with an id and a client secret that follow from the key."""
        return self.provider.answer(request)

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Let the session be about another amount, unless it is paid or closed."""
        return self.provider.answer(request)

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """Hold or take what the session is about at the provider, or say how far it is."""
        return self.provider.answer(request)

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """Close the session and whatever waits in it; if it was paid, answer that instead."""
        return self.provider.answer(request)

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take the amount."""
        return self.provider.answer(request)

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take some of what is held."""
        return self.provider.answer(request)

    def void(self, request: VoidRequest) -> VoidAnswer:
        """Release what is held."""
        return self.provider.answer(request)

    def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give back some of what was taken."""
        return self.provider.answer(request)

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off that is still pending."""
        return self.provider.answer(request)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        """Open a setup session with an id and a client secret that follow from the key."""
        return self.provider.answer(request)

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        """Store a card that follows from the key of the setup session, or say how far it is."""
        return self.provider.answer(request)

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is true by now of the operation that was sent with this key."""
        return self.provider.look_up(request)

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """Report what the provider has told, if it has signed that."""
        return self.provider.read_notification(notification)


class AsyncBogusGateway(_Backstage, AsyncGateway):
    """`BogusGateway`, called from an event loop."""

    async def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """Open a session with an id and a client secret that follow from the key."""
        return self.provider.answer(request)

    async def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Let the session be about another amount, unless it is paid or closed."""
        return self.provider.answer(request)

    async def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """Hold or take what the session is about at the provider, or say how far it is."""
        return self.provider.answer(request)

    async def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """Close the session and whatever waits in it; if it was paid, answer that instead."""
        return self.provider.answer(request)

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take the amount."""
        return self.provider.answer(request)

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take some of what is held."""
        return self.provider.answer(request)

    async def void(self, request: VoidRequest) -> VoidAnswer:
        """Release what is held."""
        return self.provider.answer(request)

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give back some of what was taken."""
        return self.provider.answer(request)

    async def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off that is still pending."""
        return self.provider.answer(request)

    async def create_setup_session(
        self, request: CreateSetupSessionRequest
    ) -> CreateSetupSessionAnswer:
        """Open a setup session with an id and a client secret that follow from the key."""
        return self.provider.answer(request)

    async def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        """Store a card that follows from the key of the setup session, or say how far it is."""
        return self.provider.answer(request)

    async def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is true by now of the operation that was sent with this key."""
        return self.provider.look_up(request)

    async def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """Report what the provider has told, if it has signed that."""
        return self.provider.read_notification(notification)
