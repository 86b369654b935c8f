"""
A payment provider in memory, with a truth of its own.

It remembers idempotency keys, sessions and charges, what was answered and what money moved,
whether or not anybody heard of it. The sources' tokens script what happens to each call.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final, TypeAlias, TypeVar, cast

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession._money import Currency, Money
from paysession.errors import UnsafeInput
from paysession.gateways._bogus_objects import (
    BogusEffect,
    BogusEffectKind,
    Sale,
    Subject,
    declined,
    digest,
    token_of,
)
from paysession.gateways._bogus_script import APPROVED, ONCE, Behaviour, Script, Step, verb_of
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.requests import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    NO_REFERENCES,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Expired,
    Outcome,
    Pending,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Voided,
)

_HOLDS_FOR: Final = timedelta(days=7)

T = TypeVar("T")
_Moves: TypeAlias = CaptureRequest | VoidRequest | RefundRequest
_Priced: TypeAlias = UpdateSessionRequest | CompleteSessionRequest | ChargeRequest | _Moves
_Asked: TypeAlias = (
    _Priced
    | CreateSessionRequest
    | CloseSessionRequest
    | CancelRefundRequest
    | CreateSetupSessionRequest
    | CompleteSetupSessionRequest
)

_OPENING: Final = (CreateSessionRequest, CreateSetupSessionRequest)
_COMPLETING: Final = (CompleteSessionRequest, CompleteSetupSessionRequest)
_WITHOUT_AMOUNT: Final = (
    CloseSessionRequest,
    CancelRefundRequest,
    CreateSetupSessionRequest,
    CompleteSetupSessionRequest,
)

BOGUS: Final = Capabilities(look_up_is_authoritative=True)
"""What the provider can do unless it is told otherwise."""


@attrs.define(eq=False)
class _Entry:
    """One request that arrived: what was answered, and what is true by now."""

    request: _Asked
    subject: Subject | None
    made: References
    answer: Outcome
    fact: Outcome
    at: datetime


def utc_now() -> datetime:
    """Return this instant."""
    return datetime.now(UTC)


class BogusProvider:
    """
    The provider that a `BogusGateway` and an `AsyncBogusGateway` may share. Thread-safe.

    Args:
        capabilities: What it can do, if not everything: it refuses what they rule out.
        clock: Tells this instant, as an aware `datetime`; else the computer's clock does.
    """

    def __init__(
        self,
        *,
        capabilities: Capabilities | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.capabilities: Capabilities = capabilities or BOGUS
        self._clock = clock or utc_now
        self._lock = Lock()
        self._subjects: dict[str, Subject] = {}
        self._entries: dict[str, list[_Entry]] = {}
        self._waiting: list[_Entry] = []
        self._spent: set[tuple[str, str | None, str]] = set()
        self._effects: list[BogusEffect] = []
        self._calls: list[Request[object]] = []

    @property
    def effects(self) -> tuple[BogusEffect, ...]:
        """What happened to money, in order."""
        with self._lock:
            return tuple(self._effects)

    @property
    def calls(self) -> tuple[Request[object], ...]:
        """Every request that was made, in order, repeats and lost ones included."""
        with self._lock:
            return tuple(self._calls)

    def total(self, kind: BogusEffectKind, currency: str | Currency) -> Money:
        """Return how much money of one currency that ever happened to."""
        of = Currency.of(currency)
        amounts = (each.amount for each in self.effects if each.kind is kind)
        return Money.sum((amount for amount in amounts if amount.currency == of), currency=of)

    def answer(self, request: Request[T]) -> T:
        """
        Answer one request as its script says; the same key has one effect.

        Raises:
            GatewayUnreachable: The script says so, and nothing happened.
            TimeoutError: The script says so; whether anything happened is not told.
            RuntimeError: The script says `broken`.
        """
        with self._lock:
            self._calls.append(request)
            return cast("T", self._answered(cast("_Asked", request)))

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is true by now of the operation that was sent with this key."""
        with self._lock:
            self._calls.append(request)
            return tuple(
                Report(
                    entry.fact,
                    our_reference=entry.request.operation_id,
                    references=entry.fact.references,
                )
                for entry in self._entries.get(request.key, ())
            )

    def let_pending_succeed(self) -> None:
        """Approve whatever waits, for the provider or for the customer."""
        with self._lock:
            for entry, subject in self._no_longer_waiting():
                entry.fact = self._decided(entry.request, subject, entry.made, APPROVED)

    def let_pending_fail(self, code: FailureCode = FailureCode.PROCESSING_ERROR) -> None:
        """Refuse whatever waits, for the provider or for the customer."""
        with self._lock:
            for entry, subject in self._no_longer_waiting():
                opens = isinstance(entry.request, _OPENING)
                refused = subject.ended(code) if opens else declined(code)
                entry.fact = attrs.evolve(refused, references=entry.answer.references)

    def _no_longer_waiting(self) -> list[tuple[_Entry, Subject]]:
        waiting, self._waiting = self._waiting, []
        return [(entry, entry.subject) for entry in waiting if entry.subject is not None]

    def _answered(self, request: _Asked) -> object:
        known = self._remembered(request.key)
        if known is not None:
            return known.answer if known.request == request else _rejected("idempotency_key_reused")
        subject = self._subject_of(request)
        if subject is None:
            return self._noted(request, None, NO_REFERENCES, _rejected("no_such_object"))
        token = token_of(request) or subject.token
        try:
            script = Script.read(token)
        except UnsafeInput:
            return self._noted(request, subject, NO_REFERENCES, _rejected("token_unreadable"))
        step = self._next_step(script, verb_of(request.method), subject, token)
        step.interrupt_before()
        subject.token, made = token, self._made_by(request)
        decided = self._decided(request, subject, made, step)
        answer = self._noted(request, subject, made, decided)
        step.interrupt_after()
        return object() if step.behaviour is Behaviour.NONSENSE else answer

    def _remembered(self, key: str) -> _Entry | None:
        """Return what this key was used for, if the provider honours keys and still knows."""
        entries = self._entries.get(key)
        if not entries or not self.capabilities.honours_keys:
            return None
        age = self._clock() - entries[-1].at
        return entries[-1] if age < self.capabilities.key_window else None

    def _next_step(self, script: Script, verb: str, subject: Subject, token: str | None) -> Step:
        step, mark = script.step(verb), (subject.id, token, verb)
        if step.behaviour not in ONCE:
            return step
        if mark in self._spent:
            return APPROVED
        self._spent.add(mark)
        return step

    def _noted(
        self, request: _Asked, subject: Subject | None, made: References, answer: Outcome
    ) -> Outcome:
        entry = _Entry(request, subject, made, answer, answer, self._clock())
        self._entries.setdefault(request.key, []).append(entry)
        if isinstance(answer, Pending | ActionRequired):
            self._waiting.append(entry)
        return answer

    def _subject_of(self, request: _Asked) -> Subject | None:
        match request:
            case CreateSessionRequest():
                return Sale.for_money(self._name("", request), request)
            case ChargeRequest():
                return Sale.for_money(self._name("auth_", request), request)
            case CreateSetupSessionRequest():
                return Subject.for_source(self._name("setup_", request), request)
            case CancelRefundRequest():
                refund = self._refund_of(request)
                return refund.subject if refund else None
            case _:
                return self._named_by(request)

    def _named_by(self, request: _Asked) -> Subject | None:
        """Find what a request acts on by the ids that it names, if it is of the right kind."""
        ids = (reference.id for reference in reversed(request.references.entries))
        subject = next((self._subjects[id_] for id_ in ids if id_ in self._subjects), None)
        takes_money = not isinstance(request, CompleteSetupSessionRequest)
        return subject if isinstance(subject, Sale) is takes_money else None

    def _name(self, kind: str, request: _Asked) -> str:
        """Name what a request makes; where its key was forgotten, it makes another one."""
        times = len(self._entries.get(request.key, ()))
        return f"bogus_{kind}{digest(kind, request.key, str(times))[:24]}"

    def _made_by(self, request: _Asked) -> References:
        """Return the ids of what the request makes if it is approved."""
        match request:
            case CompleteSessionRequest():
                return References.of(
                    authorization=self._name("auth_", request), capture=self._name("cap_", request)
                )
            case ChargeRequest() | CaptureRequest():
                return References.of(capture=self._name("cap_", request))
            case VoidRequest():
                return References.of(void=self._name("void_", request))
            case RefundRequest():
                return References.of(refund=self._name("ref_", request))
            case _:
                return NO_REFERENCES

    def _decided(self, request: _Asked, subject: Subject, made: References, step: Step) -> Outcome:
        standing = _malformed(request, subject) or subject.standing(request)
        if standing is not None:
            return standing
        if isinstance(request, _COMPLETING):
            self._forget_actions(subject)
        return self._played(request, subject, made, step)

    def _played(self, request: _Asked, subject: Subject, made: References, step: Step) -> Outcome:
        """Do what the script says."""
        match step.behaviour:
            case Behaviour.DECLINE:
                return declined(step.code)
            case Behaviour.END:
                return subject.ended(step.code)
            case Behaviour.REJECT:
                return _rejected("bogus_rejection")
            case Behaviour.REQUIRE_ACTION:
                self._know(subject, subject.references)
                return subject.action(digest("challenge", request.key))
            case Behaviour.PENDING:
                self._know(subject, subject.references)
                moves = isinstance(request, CaptureRequest | VoidRequest | RefundRequest)
                return Pending("bogus", references=made if moves else subject.references)
            case Behaviour.CANCEL | Behaviour.EXPIRE:
                kind = Canceled if step.behaviour is Behaviour.CANCEL else Expired
                return self._closed(subject, kind(references=subject.references))
            case Behaviour.OTHER_CURRENCY:
                return _in_another_currency(self._approved(request, subject, made))
            case _:
                return self._approved(request, subject, made, step)

    def _forget_actions(self, subject: Subject) -> None:
        """The customer goes on with another call: earlier ones have nothing to wait for."""
        self._waiting = [
            entry
            for entry in self._waiting
            if entry.subject is not subject or isinstance(entry.answer, Pending)
        ]

    def _know(self, subject: Subject, references: References) -> None:
        for reference in references:
            if reference.role is not ReferenceRole.CUSTOMER:
                self._subjects[reference.id] = subject

    def _closed(self, subject: Subject, closed: Canceled | Expired) -> Outcome:
        """Close a session that was not paid, and with it whatever waits in it."""
        subject.closed = closed
        for entry in self._waiting:
            if entry.subject is subject:
                entry.fact = closed
        self._waiting = [entry for entry in self._waiting if entry.subject is not subject]
        return closed

    def _approved(
        self, request: _Asked, subject: Subject, made: References, step: Step = APPROVED
    ) -> Outcome:
        """Do what is asked, if the money allows it."""
        match request:
            case CreateSessionRequest() | CreateSetupSessionRequest():
                self._know(subject, subject.references)
                return subject.opened
            case CompleteSetupSessionRequest():
                return subject.store()
            case CloseSessionRequest():
                kind = Expired if request.reason is CloseReason.EXPIRED else Canceled
                return self._closed(subject, kind(references=subject.references))
            case CancelRefundRequest():
                return self._called_off(request)
            case _:
                return self._sold(request, cast("Sale", subject), made, step)

    def _sold(self, request: _Priced, sale: Sale, made: References, step: Step) -> Outcome:
        match request:
            case UpdateSessionRequest():
                sale.amount = request.amount
                return sale.opened
            case CompleteSessionRequest() | ChargeRequest():
                return self._paid(request, sale, made, step.amount_of(sale.amount))
            case _:
                flaw = sale.flaw(request, self.capabilities)
                if flaw is not None:
                    return declined(FailureCode.INVALID_AMOUNT, raw_code=flaw)
                return self._moved(request, sale, made, step.amount_of(request.amount))

    def _paid(
        self,
        request: CompleteSessionRequest | ChargeRequest,
        sale: Sale,
        made: References,
        amount: Money,
    ) -> Outcome:
        if not amount:
            return declined(FailureCode.INSUFFICIENT_FUNDS, raw_code="nothing_approved")
        until = self._clock() + _HOLDS_FOR
        paid, effects = sale.pay(amount, made, until=until)
        for kind in effects:
            self._effect(kind, amount, request, sale)
        self._know(sale, sale.references)
        return paid

    def _moved(self, request: _Moves, sale: Sale, made: References, amount: Money) -> Outcome:
        if not amount:
            return declined(FailureCode.INVALID_AMOUNT, raw_code="nothing_approved")
        match request:
            case CaptureRequest():
                sale.take(amount)
                self._effect(BogusEffectKind.TAKEN, amount, request, sale)
                if request.is_final or self.capabilities.first_capture_closes:
                    self._release_rest(request, sale)
                self._know(sale, made)
                return Captured(amount, references=made)
            case VoidRequest():
                sale.release(amount)
                self._effect(BogusEffectKind.RELEASED, amount, request, sale)
                return Voided(amount, references=made)
            case _:
                sale.given_back += amount
                self._effect(BogusEffectKind.GIVEN_BACK, amount, request, sale)
                return Refunded(amount, references=made)

    def _release_rest(self, request: CaptureRequest, sale: Sale) -> None:
        rest = sale.held
        if rest:
            sale.release(rest)
            self._effect(BogusEffectKind.RELEASED, rest, request, sale)

    def _effect(
        self, kind: BogusEffectKind, amount: Money, request: _Asked, subject: Subject
    ) -> None:
        self._effects.append(
            BogusEffect(
                kind=kind,
                amount=amount,
                key=request.key,
                operation_id=request.operation_id,
                reference=subject.id,
            )
        )

    def _refund_of(self, request: CancelRefundRequest) -> _Entry | None:
        ours, theirs = request.refund_id, set(request.references)
        return next(
            (
                entry
                for entries in self._entries.values()
                for entry in entries
                if isinstance(entry.request, RefundRequest)
                and (entry.request.operation_id == ours or theirs & set(entry.made))
            ),
            None,
        )

    def _called_off(self, request: CancelRefundRequest) -> Outcome:
        refund = self._refund_of(request)
        if refund in self._waiting:
            self._waiting.remove(refund)
            refund.fact = Canceled(references=refund.made)
        if refund is not None and isinstance(refund.fact, Canceled):
            return refund.fact
        return declined(FailureCode.PROCESSING_ERROR, raw_code="refund_not_pending")


def _rejected(raw_code: str) -> Rejected:
    return Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code=raw_code))


def _malformed(request: _Asked, subject: Subject) -> Rejected | None:
    """Refuse an amount that nobody can move."""
    if isinstance(request, _WITHOUT_AMOUNT):
        return None
    if not request.amount.is_positive:
        return _rejected("amount_not_positive")
    moves = isinstance(request, CaptureRequest | VoidRequest | RefundRequest)
    if moves and request.amount.currency != cast("Sale", subject).amount.currency:
        return _rejected("currency_mismatch")
    return None


def _in_another_currency(outcome: Outcome) -> Outcome:
    match outcome:
        case Authorized(amount) | Captured(amount) | Voided(amount) | Refunded(amount):
            other = "USD" if amount.currency.code == "EUR" else "EUR"
            return attrs.evolve(outcome, amount=Money.from_minor(amount.minor, other))
        case _:
            return outcome
