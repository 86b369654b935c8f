"""A session or charge, and its money, as the in-memory provider sees them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import (
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CreateSessionRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Outcome,
    Redirect,
    ReferenceRole,
    References,
    UseSdk,
)

_ADDRESS: Final = "https://bogus.example/checkout/"
_Moves: TypeAlias = CaptureRequest | VoidRequest | RefundRequest


class BogusEffectKind(StrEnum):
    """What happened to money; what is taken was held first."""

    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"
    GIVEN_BACK = "given_back"


@attrs.frozen(kw_only=True)
class BogusEffect:
    """
    Money that moved at the provider, whether or not anybody heard of it.

    Attributes:
        kind: What happened to it.
        amount: How much of it.
        key: The idempotency key of the call that did it.
        operation_id: Our operation that the call was made for.
        reference: The provider's id of the session or charge.
    """

    kind: BogusEffectKind
    amount: Money
    key: str
    operation_id: str
    reference: str


def digest(*parts: str) -> str:
    """Return hexadecimal digits that are a function of the parts and look like chance."""
    return sha256(":".join(parts).encode()).hexdigest()


def declined(code: FailureCode, *, raw_code: str | None = None) -> Declined:
    """Refuse a call and nothing more."""
    return Declined(Failure(code, raw_code=raw_code or code))


@attrs.define(eq=False, kw_only=True)
class Subject:
    """
    What a customer pays in, or is charged by.

    Attributes:
        id: Its first id: the session's, or the authorization's of a charge.
        references: All its ids.
        amount: What it is about.
        policy: Whether paying it takes the money or holds it.
        token: The source's, which scripts what happens to it.
        opened: What opening it answers.
        closed: How it was closed, if it was.
        paid: What was held or taken first, if anything was.
        captures: How often money was taken.
        held: What is still held: neither taken nor released.
        taken: What was taken.
        given_back: What of it was given back.
    """

    id: str
    references: References
    amount: Money
    policy: CapturePolicy
    token: str | None
    opened: Accepted
    closed: Canceled | Expired | None = None
    paid: Authorized | Captured | None = None
    captures: int = 0
    held: Money
    taken: Money
    given_back: Money

    @classmethod
    def opened_as(
        cls, name: str, references: References, request: CreateSessionRequest | ChargeRequest
    ) -> Subject:
        """Return a new one, of which nobody knows yet."""
        zero = Money.zero(request.amount.currency)
        return cls(
            id=name,
            references=references,
            amount=request.amount,
            policy=request.terms.capture,
            token=request.source.profile_id if request.source else None,
            opened=_opened(name, references, request),
            held=zero,
            taken=zero,
            given_back=zero,
        )

    def action(self, challenge: str) -> ActionRequired:
        """Say what the customer must do: at the hosted page, or in the browser's script."""
        return ActionRequired(
            self.opened.next_action or UseSdk({"challenge": f"bogus_challenge_{challenge[:16]}"}),
            client_data=self.opened.client_data,
            references=self.references,
        )

    def ended(self, code: FailureCode) -> Declined:
        """Refuse a call, and let nothing be paid any more."""
        if self.paid is None and self.closed is None:
            self.closed = Canceled(references=self.references)
        return attrs.evolve(declined(code), ends=Ends.OBJECT)

    def pay(self, amount: Money, made: References, *, until: datetime) -> list[BogusEffectKind]:
        """Hold the amount until then, and take it at once if that is the policy."""
        self.held = amount
        if self.policy is CapturePolicy.MANUAL:
            authorization = made.get(ReferenceRole.AUTHORIZATION)
            self.references |= References.of(authorization=authorization)
            self.paid = Authorized(amount, references=self.references, expires_at=until)
            return [BogusEffectKind.HELD]
        self.references |= made
        self.paid = Captured(amount, references=self.references)
        self.take(amount)
        return [BogusEffectKind.HELD, BogusEffectKind.TAKEN]

    def take(self, amount: Money) -> None:
        """Take some of what is held."""
        self.captures += 1
        self.taken += amount
        self.release(amount)

    def release(self, amount: Money) -> None:
        """Hold so much less; a script may let go of more than there is."""
        self.held = max(self.held - amount, Money.zero(amount.currency))

    def standing(self, request: Request[object]) -> Outcome | None:
        """Answer what holds of a paid or closed session, whatever is scripted."""
        match request:
            case CompleteSessionRequest() | CloseSessionRequest():
                return self.paid or self.closed
            case UpdateSessionRequest() if self.paid:
                return declined(FailureCode.PROCESSING_ERROR, raw_code="session_paid")
            case UpdateSessionRequest() if self.closed:
                return self.ended(FailureCode.PROCESSING_ERROR)
            case _:
                return None

    def flaw(self, request: _Moves, can: Capabilities) -> str | None:
        """Say why so much cannot be moved, if it cannot."""
        flaws = self._flaws(request, can)
        return next((reason for reason, holds in flaws.items() if holds), None)

    def _flaws(self, request: _Moves, can: Capabilities) -> dict[str, bool]:
        amount, held = request.amount, self.held
        match request:
            case CaptureRequest():
                return {
                    "nothing_held": held.is_zero,
                    "amount_exceeds_held": amount > held + can.over_capture(held),
                    "amount_below_held": amount < held and not can.partial_captures,
                    "captured_already": self.captures > 0 and not can.several_captures,
                }
            case VoidRequest():
                return {
                    "nothing_held": held.is_zero,
                    "amount_exceeds_held": amount > held,
                    "amount_below_held": amount < held and not can.partial_voids,
                    "captured_already": self.captures > 0 and not can.void_after_capture,
                }
            case _:
                left = self.taken - self.given_back
                return {
                    "amount_exceeds_taken": amount > left,
                    "amount_below_taken": amount < left and not can.partial_refunds,
                }


def _opened(
    name: str, references: References, request: CreateSessionRequest | ChargeRequest
) -> Accepted:
    if isinstance(request, ChargeRequest):
        return Accepted(references=references)
    data = {"client_secret": f"bogus_secret_{digest('secret', name)[:16]}"}
    if request.terms.hosted:
        data["checkout_url"] = _ADDRESS + name
    return Accepted(
        references=references,
        client_data=ClientData(data),
        next_action=Redirect(_ADDRESS + name) if request.terms.hosted else None,
        expires_at=request.terms.expires_at,
    )
