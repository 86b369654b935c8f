"""
A payment provider in memory, with a truth of its own.

It remembers idempotency keys, sessions and charges, what was answered and what money moved,
whether or not anybody heard of it. The sources' tokens script what happens to each call.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Final, TypeVar, cast

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.secrets import Secret
from paysession._money import Currency, Money
from paysession.errors import AmountNotRepresentable, UnsafeInput
from paysession.gateways._bogus_books import Asked, Books, Entry, Moves, Priced
from paysession.gateways._bogus_events import BogusEvents
from paysession.gateways._bogus_mail import reports_in
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
from paysession.gateways.notifications import Notification, StandardWebhooks
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

_OPENING: Final = (CreateSessionRequest, CreateSetupSessionRequest)
_COMPLETING: Final = (CompleteSessionRequest, CompleteSetupSessionRequest)
_WITHOUT_AMOUNT: Final = (
    CloseSessionRequest,
    CancelRefundRequest,
    CreateSetupSessionRequest,
    CompleteSetupSessionRequest,
)
_TELLS_NOTHING: Final = (UpdateSessionRequest, CancelRefundRequest)
"""The one moves nothing, and of the other the refund tells."""

BOGUS: Final = Capabilities(look_up_is_authoritative=True)
"""What the provider can do unless it is told otherwise."""


def utc_now() -> datetime:
    """Return this instant."""
    return datetime.now(UTC)


class BogusProvider:
    """
    The provider that a `BogusGateway` and an `AsyncBogusGateway` may share. Thread-safe.

    Args:
        capabilities: What it can do, if not everything: it refuses what they rule out.
        clock: Tells this instant, as an aware `datetime`; else the computer's clock does.
        webhook_secrets: What it signs notifications with, by Standard Webhooks; else a
            secret that nobody else has.

    Attributes:
        later: What happens there by itself.
    """

    def __init__(
        self,
        *,
        capabilities: Capabilities | None = None,
        clock: Callable[[], datetime] | None = None,
        webhook_secrets: Iterable[Secret | str] | None = None,
    ) -> None:
        self.capabilities: Capabilities = capabilities or BOGUS
        self._webhooks = StandardWebhooks(webhook_secrets or [_new_secret()])
        self._books = Books(self.capabilities, clock or utc_now, self._webhooks)
        self._spent: set[tuple[str, str | None, str]] = set()
        self.later: BogusEvents = BogusEvents(self._books)

    @property
    def effects(self) -> tuple[BogusEffect, ...]:
        """What happened to money, in order."""
        with self._books.lock:
            return tuple(self._books.effects)

    @property
    def calls(self) -> tuple[Request[object], ...]:
        """Every request that was made, in order, repeats and lost ones included."""
        with self._books.lock:
            return tuple(self._books.calls)

    def total(self, kind: BogusEffectKind, currency: str | Currency) -> Money:
        """Return how much money of one currency that happened to, and did not come undone."""
        of = Currency.of(currency)
        amounts = (each.amount for each in self.effects if each.kind is kind and not each.is_undone)
        return Money.sum((amount for amount in amounts if amount.currency == of), currency=of)

    def answer(self, request: Request[T]) -> T:
        """
        Answer one request as its script says; the same key has one effect.

        Raises:
            GatewayUnreachable: The script says so, and nothing happened.
            TimeoutError: The script says so; whether anything happened is not told.
            RuntimeError: The script says `broken`.
        """
        with self._books.lock:
            self._books.calls.append(request)
            return cast("T", self._answered(cast("Asked", request)))

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is true by now of the operation that was sent with this key."""
        with self._books.lock:
            self._books.calls.append(request)
            entries = self._books.under(request.key)
            return (*map(_report_of, entries), *_reports_beside(entries))

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """
        Report what this provider has told.

        Raises:
            InvalidSignature: It has not signed that, or not just now.
            UnreadableNotification: It is not what this provider writes.
        """
        self._webhooks.verify(notification, now=self._books.clock())
        return reports_in(notification)

    def take_notifications(self) -> tuple[Notification, ...]:
        """Return what is to be sent, one notification for each event, signed now."""
        with self._books.lock:
            return self._books.outbox.take(at=self._books.clock())

    def take_batch(self) -> tuple[Notification, ...]:
        """Return what is to be sent, all in one notification if there is any, signed now."""
        with self._books.lock:
            return self._books.outbox.take_together(at=self._books.clock())

    def send_again(self) -> None:
        """Send all that was taken once more: the same events, as if nobody had confirmed them."""
        with self._books.lock:
            self._books.outbox.again()

    def send_anew(self) -> None:
        """Tell all that was taken once more, by events of their own."""
        with self._books.lock:
            self._books.outbox.anew()

    def let_pending_succeed(self, of: str | None = None) -> None:
        """Approve what waits, for the provider or for the customer: all, or the one of this id."""
        with self._books.lock:
            for entry, subject in self._no_longer_waiting(of):
                decided = self._decided(entry.request, subject, entry.made, APPROVED)
                self._books.decide(entry, decided)

    def let_pending_fail(
        self, code: FailureCode = FailureCode.PROCESSING_ERROR, of: str | None = None
    ) -> None:
        """Refuse what waits, for the provider or for the customer: all, or the one of this id."""
        with self._books.lock:
            for entry, subject in self._no_longer_waiting(of):
                opens = isinstance(entry.request, _OPENING)
                refused = subject.ended(code) if opens else declined(code)
                self._books.decide(entry, attrs.evolve(refused, references=entry.answer.references))

    def _no_longer_waiting(self, of: str | None) -> list[tuple[Entry, Subject]]:
        waiting = [each for each in self._books.waiting if of is None or each.is_called(of)]
        self._books.stop_waiting(*waiting)
        return [(entry, entry.subject) for entry in waiting if entry.subject is not None]

    def _answered(self, request: Asked) -> object:
        known = self._books.remembered(request.key)
        if known is not None:
            return known.answer if known.request == request else _rejected("idempotency_key_reused")
        subject = self._subject_of(request)
        if subject is None:
            return self._noted(request, None, NO_REFERENCES, _rejected("no_such_object")).answer
        token = token_of(request) or subject.token
        try:
            script = Script.read(token)
        except UnsafeInput:
            unreadable = _rejected("token_unreadable")
            return self._noted(request, subject, NO_REFERENCES, unreadable).answer
        step = self._next_step(script, verb_of(request.method), subject, token)
        step.interrupt_before()
        subject.token, made, before = token, self._made_by(request), (subject.done, subject.closed)
        answer = self._decided(request, subject, made, step)
        entry = self._noted(request, subject, made, answer)
        if not isinstance(request, _TELLS_NOTHING) and not any(answer is each for each in before):
            self._books.tell(entry, answer)
        step.interrupt_after()
        return object() if step.behaviour is Behaviour.NONSENSE else answer

    def _next_step(self, script: Script, verb: str, subject: Subject, token: str | None) -> Step:
        step, mark = script.step(verb), (subject.id, token, verb)
        if step.behaviour not in ONCE:
            return step
        if mark in self._spent:
            return APPROVED
        self._spent.add(mark)
        return step

    def _noted(
        self, request: Asked, subject: Subject | None, made: References, answer: Outcome
    ) -> Entry:
        entry = Entry(request, subject, made, answer, answer, self._books.clock())
        self._books.write(entry)
        return entry

    def _subject_of(self, request: Asked) -> Subject | None:
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

    def _named_by(self, request: Asked) -> Subject | None:
        """Find what a request acts on by the ids that it names, if it is of the right kind."""
        subject = self._books.known_by(request.references)
        takes_money = not isinstance(request, CompleteSetupSessionRequest)
        return subject if isinstance(subject, Sale) is takes_money else None

    def _name(self, kind: str, request: Asked) -> str:
        """Name what a request makes; where its key was forgotten, it makes another one."""
        times = len(self._books.under(request.key))
        return f"bogus_{kind}{digest(kind, request.key, str(times))[:24]}"

    def _made_by(self, request: Asked) -> References:
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

    def _decided(self, request: Asked, subject: Subject, made: References, step: Step) -> Outcome:
        standing = self._malformed(request, subject) or subject.standing(request)
        if standing is not None:
            return standing
        if isinstance(request, _COMPLETING):
            self._books.forget_actions(subject)
        return self._played(request, subject, made, step)

    def _malformed(self, request: Asked, subject: Subject) -> Rejected | None:
        """Refuse an amount that nobody can move, or that cannot be counted here."""
        if isinstance(request, _WITHOUT_AMOUNT):
            return None
        if not request.amount.is_positive:
            return _rejected("amount_not_positive")
        moves = isinstance(request, CaptureRequest | VoidRequest | RefundRequest)
        if moves and request.amount.currency != cast("Sale", subject).amount.currency:
            return _rejected("currency_mismatch")
        try:
            self.capabilities.minor_units.to_provider(request.amount)
        except AmountNotRepresentable:
            return _rejected("amount_not_representable")
        return None

    def _played(self, request: Asked, subject: Subject, made: References, step: Step) -> Outcome:
        """Do what the script says."""
        match step.behaviour:
            case Behaviour.DECLINE:
                return declined(step.code, raw_code=step.raw_code)
            case Behaviour.END:
                return subject.ended(step.code, raw_code=step.raw_code)
            case Behaviour.REJECT:
                return _rejected("bogus_rejection")
            case Behaviour.REQUIRE_ACTION:
                self._books.know(subject, subject.references)
                return subject.action(digest("challenge", request.key))
            case Behaviour.PENDING:
                self._books.know(subject, subject.references)
                moves = isinstance(request, CaptureRequest | VoidRequest | RefundRequest)
                return Pending("bogus", references=made if moves else subject.references)
            case Behaviour.CANCEL | Behaviour.EXPIRE:
                kind = Canceled if step.behaviour is Behaviour.CANCEL else Expired
                return self._books.close(subject, kind(references=subject.references))
            case Behaviour.OTHER_CURRENCY:
                return _in_another_currency(self._approved(request, subject, made))
            case _:
                return self._approved(request, subject, made, step)

    def _approved(
        self, request: Asked, subject: Subject, made: References, step: Step = APPROVED
    ) -> Outcome:
        """Do what is asked, if the money allows it."""
        match request:
            case CreateSessionRequest() | CreateSetupSessionRequest():
                self._books.know(subject, subject.references)
                return subject.opened
            case CompleteSetupSessionRequest():
                return subject.store()
            case CloseSessionRequest():
                kind = Expired if request.reason is CloseReason.EXPIRED else Canceled
                return self._books.close(subject, kind(references=subject.references))
            case CancelRefundRequest():
                return self._called_off(request)
            case _:
                return self._sold(request, cast("Sale", subject), made, step)

    def _sold(self, request: Priced, sale: Sale, made: References, step: Step) -> Outcome:
        match request:
            case UpdateSessionRequest():
                sale.amount = request.amount
                return sale.opened
            case CompleteSessionRequest() | ChargeRequest():
                return self._paid(request, sale, made, step.amount_of(sale.amount))
            case _:
                flaw = sale.flaw(request, self.capabilities) or self._flaw_of_refund(request, sale)
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
        until = self._books.clock() + _HOLDS_FOR
        paid, effects = sale.pay(amount, made, until=until)
        for kind in effects:
            self._books.effect(kind, amount, sale, request)
        self._books.know(sale, sale.references)
        return paid

    def _moved(self, request: Moves, sale: Sale, made: References, amount: Money) -> Outcome:
        if not amount:
            return declined(FailureCode.INVALID_AMOUNT, raw_code="nothing_approved")
        match request:
            case CaptureRequest():
                sale.take(amount)
                self._books.effect(BogusEffectKind.TAKEN, amount, sale, request)
                if request.is_final or self.capabilities.first_capture_closes:
                    self._release_rest(request, sale)
                self._books.know(sale, made)
                return Captured(amount, references=made)
            case VoidRequest() if sale.has_let_go(amount):
                return Voided(amount, references=made)
            case VoidRequest():
                sale.release(amount)
                self._books.effect(BogusEffectKind.RELEASED, amount, sale, request)
                return Voided(amount, references=made)
            case _:
                sale.given_back += amount
                self._books.effect(BogusEffectKind.GIVEN_BACK, amount, sale, request)
                return Refunded(amount, references=made)

    def _release_rest(self, request: CaptureRequest, sale: Sale) -> None:
        rest = sale.held
        if rest:
            sale.release(rest)
            self._books.effect(BogusEffectKind.RELEASED, rest, sale, request)

    def _flaw_of_refund(self, request: Moves, sale: Sale) -> str | None:
        """Say why the capture that a refund names cannot be given back so far, if it cannot."""
        capture = request.references.get(ReferenceRole.CAPTURE)
        is_limited = self.capabilities.refunds_per_capture and isinstance(request, RefundRequest)
        if capture is None or not is_limited:
            return None
        left = self._books.left_of(capture, sale)
        return "amount_exceeds_capture" if request.amount > left else None

    def _refund_of(self, request: CancelRefundRequest) -> Entry | None:
        ours, theirs = request.refund_id, set(request.references)
        return next(
            (
                entry
                for entry in self._books.entries()
                if isinstance(entry.request, RefundRequest)
                and (entry.request.operation_id == ours or theirs & set(entry.made))
            ),
            None,
        )

    def _called_off(self, request: CancelRefundRequest) -> Outcome:
        refund = self._refund_of(request)
        if refund in self._books.waiting:
            self._books.stop_waiting(refund)
            self._books.decide(refund, Canceled(references=refund.made))
        if refund is not None and isinstance(refund.fact, Canceled):
            return refund.fact
        return declined(FailureCode.PROCESSING_ERROR, raw_code="refund_not_pending")


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(token_bytes(32)).decode('ascii')}"


def _report_of(entry: Entry) -> Report:
    fact = entry.fact
    return Report(fact, our_reference=entry.request.operation_id, references=fact.references)


def _reports_beside(entries: Iterable[Entry]) -> Iterator[Report]:
    """Return what is known of the same session or charge, and is about no call."""
    for entry in entries:
        if entry.subject is not None:
            yield from entry.subject.reports


def _rejected(raw_code: str) -> Rejected:
    return Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code=raw_code))


def _in_another_currency(outcome: Outcome) -> Outcome:
    match outcome:
        case Authorized(amount) | Captured(amount) | Voided(amount) | Refunded(amount):
            other = "USD" if amount.currency.code == "EUR" else "EUR"
            return attrs.evolve(outcome, amount=Money.from_minor(amount.minor, other))
        case _:
            return outcome
