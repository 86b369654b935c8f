"""Sessions and charges, their money and sources, as the in-memory provider sees them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlencode

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.identity import derived_id
from paysession._domain.methods import CapturePolicy, SetupTerms, Terms
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Profile
from paysession._money import Money
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import (
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    NO_REFERENCES,
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
    Report,
    Stored,
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
    WITHDRAWN = "withdrawn"
    """By a dispute, or without one."""
    REINSTATED = "reinstated"


@attrs.frozen(kw_only=True)
class BogusEffect:
    """
    Money that moved at the provider, whether or not anybody heard of it.

    Attributes:
        kind: What happened to it.
        amount: How much of it.
        key: The idempotency key of the call that did it; empty where nobody asked for it.
        operation_id: Our operation that the call was made for, if any.
        reference: The provider's id of the session or charge.
        is_undone: Whether it came undone since.
    """

    kind: BogusEffectKind
    amount: Money
    key: str
    operation_id: str
    reference: str
    is_undone: bool = False


def digest(*parts: str) -> str:
    """Return hexadecimal digits that are a function of the parts and look like chance."""
    return sha256(":".join(parts).encode()).hexdigest()


def declined(code: FailureCode, *, raw_code: str | None = None) -> Declined:
    """Refuse a call and nothing more."""
    return Declined(Failure(code, raw_code=raw_code or code))


@attrs.define(eq=False, kw_only=True)
class Subject:
    """
    What a customer stores a source in, or pays in, or is charged by.

    Attributes:
        id: Its first id: the session's, or the authorization's of a charge.
        references: All its ids.
        token: The source's, which scripts what happens to it.
        profile: The source, as it is if it is kept.
        opened: What opening it answers.
        closed: How it was closed, if it was.
        done: What it came to first, if to anything: money held or taken, or a source stored.
        reports: What the provider tells of it that is about no call.
    """

    id: str
    references: References
    token: str | None
    profile: Profile
    opened: Accepted
    closed: Canceled | Expired | None = None
    done: Authorized | Captured | Stored | None = None
    reports: list[Report] = attrs.field(factory=list[Report])

    @property
    def ids(self) -> References:
        """What it is called by: all its ids but the customer's."""
        return self.references.only(set(ReferenceRole) - {ReferenceRole.CUSTOMER})

    @classmethod
    def for_source(cls, name: str, request: CreateSetupSessionRequest) -> Subject:
        """Return a new one that a source is stored in, of which nobody knows yet."""
        references = References.of(session=name, customer=_customer_of(request.terms))
        return cls(
            id=name,
            references=references,
            token=token_of(request),
            profile=_profile_of(name),
            opened=_opened(name, references, request),
        )

    def action(self, challenge: str) -> ActionRequired:
        """Say what the customer must do: at the hosted page, or in the browser's script."""
        return ActionRequired(
            self.opened.next_action or UseSdk({"challenge": f"bogus_challenge_{challenge[:16]}"}),
            client_data=self.opened.client_data,
            references=self.references,
        )

    def ended(self, code: FailureCode, *, raw_code: str | None = None) -> Declined:
        """Refuse a call, and let nothing be paid or stored any more."""
        if self.done is None and self.closed is None:
            self.closed = Canceled(references=self.references)
        return attrs.evolve(declined(code, raw_code=raw_code), ends=Ends.OBJECT)

    def store(self) -> Stored:
        """Keep the source for later use."""
        stored = Stored(self.profile, references=self.references)
        self.come_to(stored)
        return stored

    def come_to(self, fact: Authorized | Captured | Stored) -> None:
        """Be done, and be called by the ids that came with that as well."""
        self.references |= fact.references
        self.done = fact

    def standing(self, request: Request[object]) -> Outcome | None:
        """Answer what holds of one that is done or closed, whatever is scripted."""
        match request:
            case CompleteSessionRequest() | CloseSessionRequest() | CompleteSetupSessionRequest():
                return self.done or self.closed
            case UpdateSessionRequest() if self.done:
                return declined(FailureCode.PROCESSING_ERROR, raw_code="session_paid")
            case UpdateSessionRequest() if self.closed:
                return self.ended(FailureCode.PROCESSING_ERROR)
            case _:
                return None


@attrs.define(eq=False, kw_only=True)
class Sale(Subject):
    """
    What a customer pays in, or is charged by.

    Attributes:
        amount: What it is about.
        policy: Whether paying it takes the money or holds it.
        saves_source: Whether the source is kept as well.
        captures: How often money was taken.
        held: What is still held: neither taken nor released.
        let_go: What of it was released.
        taken: What was taken.
        given_back: What of it was given back.
        disputes: The disputes about it.
        ours: Our id of the session or payment.
    """

    amount: Money
    policy: CapturePolicy
    saves_source: bool
    captures: int = 0
    held: Money
    let_go: Money
    taken: Money
    given_back: Money
    disputes: References = NO_REFERENCES
    ours: str

    @classmethod
    def for_money(cls, name: str, request: CreateSessionRequest | ChargeRequest) -> Sale:
        """Return a new one, of which nobody knows yet."""
        customer, zero = _customer_of(request.terms), Money.zero(request.amount.currency)
        if isinstance(request, ChargeRequest):
            references = References.of(authorization=name, customer=customer)
            ours = request.payment_id
        else:
            references = References.of(session=name, customer=customer)
            ours = request.session_id
        return cls(
            id=name,
            references=references,
            token=token_of(request),
            profile=_profile_of(name),
            opened=_opened(name, references, request),
            amount=request.amount,
            policy=request.terms.capture,
            saves_source=request.terms.save_source,
            held=zero,
            let_go=zero,
            taken=zero,
            given_back=zero,
            ours=ours,
        )

    def pay(
        self, amount: Money, made: References, *, until: datetime
    ) -> tuple[Authorized | Captured, list[BogusEffectKind]]:
        """Hold the amount until then, and take it at once if that is the policy."""
        self.held, kept = amount, self.profile if self.saves_source else None
        if self.policy is CapturePolicy.MANUAL:
            own = References.of(authorization=made.get(ReferenceRole.AUTHORIZATION))
            known = self.references | own
            held = Authorized(amount, references=known, expires_at=until, profile=kept)
            self.come_to(held)
            return held, [BogusEffectKind.HELD]
        taken = Captured(amount, references=self.references | made, profile=kept)
        self.come_to(taken)
        self.take(amount)
        return taken, [BogusEffectKind.HELD, BogusEffectKind.TAKEN]

    def take(self, amount: Money) -> None:
        """Take some of what is held."""
        self.captures += 1
        self.taken += amount
        self._hold_less(amount)

    def release(self, amount: Money) -> None:
        """Let go of some of what is held."""
        self.let_go += amount
        self._hold_less(amount)

    def undo(self, effect: BogusEffect) -> None:
        """What was taken is held again, or what was given back was not."""
        if effect.kind is BogusEffectKind.TAKEN:
            self.taken -= effect.amount
            self.held += effect.amount
        else:
            self.given_back -= effect.amount

    def once_more(self) -> Sale:
        """Return another one in the same session, of which nothing is paid."""
        zero = Money.zero(self.amount.currency)
        return attrs.evolve(
            self,
            references=self.references.only({ReferenceRole.SESSION, ReferenceRole.CUSTOMER}),
            done=None,
            reports=[],
            captures=0,
            held=zero,
            let_go=zero,
            taken=zero,
            given_back=zero,
            disputes=NO_REFERENCES,
        )

    def dispute(self, name: str) -> References:
        """Return the reference of a dispute, if it is one."""
        return References(tuple(each for each in self.disputes if each.id == name))

    def _hold_less(self, amount: Money) -> None:
        """Hold so much less; a script may move more than there is."""
        self.held = max(self.held - amount, Money.zero(amount.currency))

    def has_let_go(self, amount: Money) -> bool:
        """Tell whether nothing is held any more, and so much was released."""
        return self.held.is_zero and amount <= self.let_go

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
            case VoidRequest() if self.has_let_go(amount):
                return {}
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


def token_of(request: Request[object]) -> str | None:
    """Return the token that a request brings: its source's, or the one that a browser brought."""
    match request:
        case CreateSessionRequest() | CompleteSessionRequest() | ChargeRequest():
            return request.source.profile_id if request.source else None
        case CreateSetupSessionRequest() | CompleteSetupSessionRequest():
            brought = request.external_data.reveal() if request.external_data else None
            token = brought.get("token") if isinstance(brought, dict) else None
            return token if isinstance(token, str) else None
        case _:
            return None


def _opened(
    name: str,
    references: References,
    request: CreateSessionRequest | ChargeRequest | CreateSetupSessionRequest,
) -> Accepted:
    if isinstance(request, ChargeRequest):
        return Accepted(references=references)
    data = {"client_secret": f"bogus_secret_{digest('secret', name)[:16]}"}
    page = None
    if isinstance(request, CreateSessionRequest) and request.terms.hosted:
        data["checkout_url"] = page = _page_of(name, request.terms)
    return Accepted(
        references=references,
        client_data=ClientData(data),
        next_action=Redirect(page) if page else None,
        expires_at=request.terms.expires_at,
    )


def _page_of(name: str, terms: Terms) -> str:
    """Address the hosted page, which is told where to send the browser afterwards."""
    back = {"return_url": terms.return_url, "cancel_url": terms.cancel_url}
    query = urlencode({key: url for key, url in back.items() if url is not None})
    return f"{_ADDRESS}{name}?{query}" if query else _ADDRESS + name


def _customer_of(terms: Terms | SetupTerms) -> str | None:
    """Return the provider's id of the customer, whom it makes up if it was told only ours."""
    if terms.customer_external_id is not None or terms.customer_id is None:
        return terms.customer_external_id
    return f"bogus_cus_{digest('customer', terms.customer_id)[:24]}"


def _profile_of(name: str) -> Profile:
    """Make up an id under which the card is kept that was paid with."""
    kept_as = derived_id("bogus_profile", name)
    return Profile(id=kept_as, brand="visa", last4="4242", month=12, year=2034)
