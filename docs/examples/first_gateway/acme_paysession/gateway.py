"""
The gateway: one of Acme's calls for each method of the port.

Everything goes one way. A method says which call it is, `_ask` makes it, and `fact_of` says
what Acme's answer means. `look_up` and `read_notification` read by `fact_of` as well, so that
all three tell the same of the same money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar, cast
from urllib.parse import quote

from acme_paysession.actions import fact_of, is_action, report_of
from acme_paysession.transport import Transport
from paysession import Money, Secret
from paysession.errors import GatewayUnreachable, UnreadableNotification
from paysession.gateways import (
    ISO,
    CancelRefundAnswer,
    CancelRefundRequest,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Gateway,
    LookUpRequest,
    Notification,
    RefundAnswer,
    RefundRequest,
    Request,
    StandardWebhooks,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
    read_json,
)
from paysession.outcomes import (
    Failure,
    FailureCode,
    NotAttempted,
    ReferenceRole,
    Rejected,
    Report,
    Unknown,
)

A = TypeVar("A")
_Answer: TypeAlias = dict[str, Any] | NotAttempted | Rejected | Unknown

_TIMEOUT_SECONDS: Final = 30.0

_SAYS_WHAT_HAPPENED: Final = frozenset({200, 402})
_REFUSED: Final = frozenset({400, 401, 403, 404, 409, 422})
_TOO_MANY_REQUESTS: Final = 429


def utc_now() -> datetime:
    """Return this instant."""
    return datetime.now(UTC)


class AcmeGateway(Gateway):
    """
    One merchant account at Acme.

    Args:
        api_key: The account's.
        webhook_secrets: What Acme signs with; two while one takes the place of the other.
        transport: What sends requests.
        clock: Tells this instant, as an aware `datetime`.
    """

    capabilities = Capabilities(
        minor_units=ISO,
        partial_voids=True,
        look_up_is_authoritative=True,
        longest_call=timedelta(seconds=60),
    )

    def __init__(
        self,
        *,
        api_key: Secret | str,
        webhook_secrets: Iterable[Secret | str],
        transport: Transport,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.transport = transport
        self._api_key = api_key if isinstance(api_key, Secret) else Secret(api_key)
        self._webhooks = StandardWebhooks(webhook_secrets)
        self._clock = clock

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """Open an intent, to be paid on Acme's page or in Acme's script."""
        terms = request.terms
        return self._ask(
            request,
            "/intents",
            **_money(request.amount),
            capture=terms.capture,
            hosted=terms.hosted,
            keep_card=terms.save_source,
            return_url=terms.return_url,
            expires_at=terms.expires_at and terms.expires_at.isoformat(),
            metadata=dict(terms.metadata),
        )

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Let the intent be about another amount."""
        return self._ask(request, f"/intents/{_session(request)}", **_money(request.amount))

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """Confirm the intent; of one that is paid or closed, Acme tells that instead."""
        path = f"/intents/{_session(request)}/confirm"
        card = request.source and request.source.profile_id
        return self._ask(request, path, **_money(request.amount), card=card)

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """Cancel the intent; of one that is paid or closed, Acme tells that instead."""
        return self._ask(request, f"/intents/{_session(request)}/cancel", reason=request.reason)

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Charge a card that Acme keeps."""
        return self._ask(
            request,
            "/charges",
            **_money(request.amount),
            capture=request.terms.capture,
            card=request.source.profile_id,
            use=request.use,
            metadata=dict(request.terms.metadata),
        )

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take some of what the intent holds."""
        path = f"/intents/{_payment(request)}/capture"
        return self._ask(request, path, **_movement(request), is_final=request.is_final)

    def void(self, request: VoidRequest) -> VoidAnswer:
        """Release some of what the intent holds."""
        return self._ask(request, f"/intents/{_payment(request)}/release", **_movement(request))

    def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give some of what was taken back."""
        path = f"/intents/{_payment(request)}/refund"
        return self._ask(request, path, **_movement(request), reason=request.reason)

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off, which Acme does while it is pending."""
        return self._ask(request, f"/refunds/{_named(request, ReferenceRole.REFUND)}/cancel")

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report each action that Acme has under the id that we sent along."""
        match self._send("GET", f"/actions/{quote(request.operation_id, safe='')}"):
            case {"actions": [*actions]}:
                return tuple(map(report_of, actions))
            case NotAttempted(reason):
                raise GatewayUnreachable(reason)
            case _:
                raise TimeoutError("Acme did not tell what it knows: look it up again")

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """Report what an event tells of an action; other events tell us nothing."""
        self._webhooks.verify(notification, now=self._clock())
        match read_json(notification):
            case {"id": event_id, "type": "action", "action": action} if is_action(action):
                return (report_of(action, event_id=event_id),)
            case {"id": str(), "type": str(kind)} if kind != "action":
                return ()
            case _:
                raise UnreadableNotification("it is no event of Acme's")

    def _ask(self, request: Request[A], path: str, **json: object) -> A:
        """
        Make the call of an operation, under its key and its id, and answer what came of it.

        What the port does not know as an answer to this method is no answer.
        """
        sent = {"merchant_reference": request.operation_id, **json}
        said = self._send("POST", path, key=request.key, json=sent)
        answer = fact_of(said) if isinstance(said, dict) else said
        if type(answer) not in request.answers:
            answer = Unknown(f"{type(answer).__name__} is no answer to {request.method}")
        return cast("A", answer)

    def _send(
        self, method: str, path: str, *, key: str = "", json: Mapping[str, object] | None = None
    ) -> _Answer:
        """
        Send a request, and return what Acme says, or what is known without that.

        No exception of the transport's goes any further, not even as a cause or a text: it may
        quote our headers. And only a refused connection says that nothing has happened.
        """
        headers = {"Authorization": f"Bearer {self._api_key.reveal()}", "Idempotency-Key": key}
        try:
            status, body = self.transport.send(
                method, path, headers=headers, json=json, timeout_seconds=_TIMEOUT_SECONDS
            )
        except ConnectionRefusedError:
            return NotAttempted("there is no connection to Acme")
        except Exception:  # noqa: BLE001 - whatever it is, Acme may have done what we asked for
            return Unknown("Acme did not answer")
        return _read(status, body)


def _read(status: int, body: bytes) -> _Answer:
    """Return what a response says; what is no word of Acme's may be a proxy's."""
    if status == _TOO_MANY_REQUESTS:
        return NotAttempted("Acme asks for fewer requests")
    try:
        said = read_json(Notification(body, {}))
    except UnreadableNotification:
        return Unknown(f"what came with status {status} cannot be read")
    match said:
        case {"error": {"code": str(code)}} if status in _REFUSED:
            return Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code=code))
        case _ if status in _SAYS_WHAT_HAPPENED:
            return said
        case _:
            return Unknown(f"Acme answered with status {status}")


def _money(amount: Money) -> dict[str, object]:
    return {"amount": ISO.to_provider(amount), "currency": amount.currency.code}


def _movement(request: CaptureRequest | VoidRequest | RefundRequest) -> dict[str, object]:
    return {**_money(request.amount), "metadata": dict(request.metadata)}


def _session(request: Request[object]) -> str:
    return _named(request, ReferenceRole.SESSION)


def _payment(request: Request[object]) -> str:
    return _named(request, ReferenceRole.AUTHORIZATION)


def _named(request: Request[object], role: ReferenceRole) -> str:
    """Return Acme's id of what a request acts on; if there is none, Acme finds nothing."""
    return quote(request.references.get(role) or "none", safe="")
