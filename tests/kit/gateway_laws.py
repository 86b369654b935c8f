"""
What every gateway must do, one law at a time.

A law is a function with a code, a sentence and a reason. It is given a `Bench`, which makes
a gateway and requests with fresh keys, scripts what the provider does, and tells what the
provider's own books say.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import FailureCode
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, SetupTerms, Terms
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money
from paysession.errors import GatewayUnreachable, Unsupported
from paysession.gateways import (
    AsyncGateway,
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    Gateway,
    LookUpRequest,
    Method,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
    operations_of,
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
    Fact,
    NotAttempted,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Unknown,
    Voided,
)

HUNDRED = Money("100.00", "USD")
MANUAL, AUTOMATIC = CapturePolicy.MANUAL, CapturePolicy.AUTOMATIC

T = TypeVar("T")


class LawBroken(AssertionError):
    """The gateway does not do what a law says."""


@attrs.frozen(kw_only=True)
class Books:
    """What the provider's own books say of one currency; what is taken was held first."""

    held: Money
    taken: Money
    released: Money
    given_back: Money


class Bench(ABC):
    """Where a gateway is put to be tried: one gateway, at a provider that nobody else uses."""

    def __init__(self) -> None:
        self.gateway = self.make_gateway()
        self._count = 0

    @abstractmethod
    def make_gateway(self) -> Gateway | AsyncGateway:
        """Return a gateway at a fresh provider."""

    @abstractmethod
    def source(self, **script: str) -> Source | None:
        """Return a source with which calls end as scripted: `complete="decline:expired_card"`."""

    @abstractmethod
    def books(self, currency: str) -> Books:
        """Return what has happened to money, whether or not anybody heard of it."""

    @abstractmethod
    def let_pending_succeed(self) -> None:
        """Let the provider approve what is pending."""

    def ask(self, request: Request[object]) -> object:
        """Call the gateway as a driver does: only `GatewayUnreachable` means not done."""
        try:
            return self.call(request)
        except GatewayUnreachable as unreachable:
            return NotAttempted(unreachable.reason)
        except Exception as error:
            return Unknown(type(error).__name__)

    def call(self, request: Request[object]) -> object:
        """Call the gateway, and let whatever it raises pass."""
        answer = getattr(self.gateway, request.method)(request)
        return asyncio.run(answer) if inspect.iscoroutine(answer) else answer

    def fresh(self, prefix: str) -> str:
        """Return an id that was not used before."""
        self._count += 1
        return f"{prefix}_{self._count}"

    def envelope(self, references: References = NO_REFERENCES) -> dict[str, object]:
        """Return what every request carries."""
        operation_id = self.fresh("op")
        return {
            "key": f"key-{operation_id}",
            "operation_id": operation_id,
            "tenant": "",
            "references": references,
        }

    def creation(
        self, amount: Money = HUNDRED, *, policy: CapturePolicy = MANUAL, **script: str
    ) -> CreateSessionRequest:
        """Return a request to open a session whose calls end as scripted."""
        return CreateSessionRequest(
            **self.envelope(),  # type: ignore[arg-type]
            session_id=self.fresh("ps"),
            amount=amount,
            terms=Terms(payable_id="or_1", payable_reference="R1", capture=policy),
            source=self.source(**script),
            external_data=None,
        )

    def hosted(self) -> CreateSessionRequest:
        """Return a request to open a session at the provider's own page."""
        plain = self.creation()
        return attrs.evolve(plain, terms=attrs.evolve(plain.terms, hosted=True))

    def update(
        self, session: CreateSessionRequest, opened: References, amount: Money
    ) -> UpdateSessionRequest:
        """Return a request to let the session be about another amount."""
        return UpdateSessionRequest(
            **self.envelope(opened),  # type: ignore[arg-type]
            session_id=session.session_id,
            amount=amount,
            external_data=None,
        )

    def completion(
        self, session: CreateSessionRequest, opened: References, *, source: Source | None = None
    ) -> CompleteSessionRequest:
        """Return a request to hold or take the session's money."""
        return CompleteSessionRequest(
            **self.envelope(opened),  # type: ignore[arg-type]
            session_id=session.session_id,
            amount=session.amount,
            terms=session.terms,
            source=source,
            external_data=None,
        )

    def closing(
        self,
        session: CreateSessionRequest,
        opened: References,
        reason: CloseReason = CloseReason.CANCELED,
    ) -> CloseSessionRequest:
        """Return a request to let no money move in the session."""
        return CloseSessionRequest(
            **self.envelope(opened),  # type: ignore[arg-type]
            session_id=session.session_id,
            reason=reason,
        )

    def charging(
        self, amount: Money = HUNDRED, *, policy: CapturePolicy = MANUAL, **script: str
    ) -> ChargeRequest | None:
        """Return a request to charge a stored source, if there are any."""
        source = self.source(**script)
        if source is None:
            return None
        return ChargeRequest(
            **self.envelope(),  # type: ignore[arg-type]
            payment_id=self.fresh("py"),
            amount=amount,
            terms=Terms(payable_id="or_1", payable_reference="R1", capture=policy),
            source=source,
            use=MandateUse.LATER,
        )

    def capture(
        self, paid: References, amount: Money = HUNDRED, *, is_final: bool = False
    ) -> CaptureRequest:
        """Return a request to take some of what is held."""
        return CaptureRequest(
            **self.envelope(paid),  # type: ignore[arg-type]
            payment_id="py_1",
            amount=amount,
            is_final=is_final,
            metadata=Metadata(),
        )

    def void(self, paid: References, amount: Money = HUNDRED) -> VoidRequest:
        """Return a request to release what is held."""
        return VoidRequest(
            **self.envelope(paid),  # type: ignore[arg-type]
            payment_id="py_1",
            amount=amount,
            metadata=Metadata(),
        )

    def refund(self, paid: References, amount: Money = HUNDRED) -> RefundRequest:
        """Return a request to give some of what was taken back."""
        return RefundRequest(
            **self.envelope(paid),  # type: ignore[arg-type]
            payment_id="py_1",
            amount=amount,
            reason=None,
            metadata=Metadata(),
        )

    def calling_off(self, refund: RefundRequest, made: References) -> CancelRefundRequest:
        """Return a request to call a pending refund off."""
        return CancelRefundRequest(
            **self.envelope(made),  # type: ignore[arg-type]
            payment_id=refund.payment_id,
            refund_id=refund.operation_id,
        )

    def opened(
        self, amount: Money = HUNDRED, *, policy: CapturePolicy = MANUAL, **script: str
    ) -> tuple[CreateSessionRequest, References]:
        """Open a session; return its request and the provider's ids of it."""
        session = self.creation(amount, policy=policy, **script)
        return session, one_of(self.ask(session), Accepted, ActionRequired).references

    def paid(
        self, amount: Money = HUNDRED, *, policy: CapturePolicy = MANUAL, **script: str
    ) -> References:
        """Hold or take an amount in a session; return the provider's ids of it."""
        session, opened = self.opened(amount, policy=policy, **script)
        answer = self.ask(self.completion(session, opened))
        return opened | one_of(answer, Authorized, Captured).references

    def reports(self, request: Request[object]) -> tuple[Report, ...]:
        """Look an operation up."""
        look_up = LookUpRequest(
            key=request.key,
            operation_id=request.operation_id,
            tenant=request.tenant,
            references=request.references,
            about=request.method,
        )
        answer = self.ask(look_up)
        must(isinstance(answer, tuple), f"look_up answers reports, not {answer!r}")
        return answer if isinstance(answer, tuple) else ()

    def fact(self, request: Request[object]) -> Fact:
        """Return the only thing that is reported of an operation."""
        reports = self.reports(request)
        equal([request.operation_id], [report.our_reference for report in reports])
        return reports[0].fact


def must(holds: bool, what: str) -> None:
    """Break the law unless it holds."""
    if not holds:
        raise LawBroken(what)


def equal(expected: object, actual: object) -> None:
    """Break the law unless both are equal."""
    must(expected == actual, f"expected {expected!r}, not {actual!r}")


def one_of(answer: object, *kinds: Callable[..., T]) -> T:
    """Break the law unless the answer is of one of these classes."""
    expected = " or ".join(getattr(kind, "__name__", "?") for kind in kinds)
    must(type(answer) in kinds, f"expected {expected}, not {answer!r}")
    return answer  # type: ignore[return-value]


def nothing_moved(bench: Bench) -> None:
    """Break the law if any money moved."""
    zero = Money.zero("USD")
    equal(Books(held=zero, taken=zero, released=zero, given_back=zero), bench.books("USD"))


@attrs.frozen
class Law:
    """One rule of the port: its code, what it says, why it is there, and how it is tried."""

    code: str
    sentence: str
    reason: str
    check: Callable[[Bench], None]

    def __call__(self, bench: Bench) -> None:
        """Try it, and say which law was broken and how."""
        try:
            self.check(bench)
        except LawBroken as broken:
            message = f"{self.code}: {self.sentence} {self.reason} But: {broken}"
            raise LawBroken(message) from None


LAWS: list[Law] = []


def law(code: str, *, reason: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Make a function a law, whose docstring is its sentence."""

    def enacted(check: Callable[[Bench], None]) -> Callable[[Bench], None]:
        LAWS.append(Law(code, inspect.getdoc(check) or "", reason, check))
        return check

    return enacted


@law("SES-1", reason="Every later call and report finds the session by it.")
def an_open_session_has_an_id(bench: Bench) -> None:
    """Opening a session answers its id as the reference of role session."""
    _, opened = bench.opened()
    must(opened.get(ReferenceRole.SESSION) is not None, f"no session id in {opened!r}")
    nothing_moved(bench)


@law("SES-2", reason="Two customers must never pay in one session.")
def two_sessions_have_two_ids(bench: Bench) -> None:
    """Two requests to open a session open two."""
    ids = {bench.opened()[1].get(ReferenceRole.SESSION) for _ in range(2)}
    equal(2, len(ids))


@law("SES-3", reason="The old amount would be taken, and nobody would know.")
def an_accepted_update_counts(bench: Bench) -> None:
    """When an update is accepted, completing takes the new amount."""
    session, opened = bench.opened(policy=AUTOMATIC)
    one_of(bench.ask(bench.update(session, opened, Money("80.00", "USD"))), Accepted)
    paid = one_of(bench.ask(bench.completion(session, opened)), Captured)
    equal(Money("80.00", "USD"), paid.amount)
    equal(Money("80.00", "USD"), bench.books("USD").taken)


@law("SES-4", reason="The store has given the goods to somebody else by then.")
def no_money_moves_in_a_closed_session(bench: Bench) -> None:
    """A closed session takes no money, whether it was canceled or expired."""
    for reason, kind in ((CloseReason.CANCELED, Canceled), (CloseReason.EXPIRED, Expired)):
        session, opened = bench.opened()
        one_of(bench.ask(bench.closing(session, opened, reason)), kind)
        one_of(bench.ask(bench.completion(session, opened)), Canceled, Expired, Declined, Rejected)
    nothing_moved(bench)


@law("SES-5", reason="Money that nobody knows of is the worst that can happen.")
def closing_a_paid_session_tells_of_its_money(bench: Bench) -> None:
    """Closing a session that was paid answers what was held or taken."""
    for policy, kind in ((MANUAL, Authorized), (AUTOMATIC, Captured)):
        session, opened = bench.opened(policy=policy)
        paid = bench.ask(bench.completion(session, opened))
        equal(one_of(paid, kind), bench.ask(bench.closing(session, opened)))


@law("SES-6", reason="Whoever closes cannot know that somebody else has.")
def closing_a_closed_session_says_so_again(bench: Bench) -> None:
    """Closing a closed session by another call answers as the first did."""
    session, opened = bench.opened()
    first = one_of(bench.ask(bench.closing(session, opened)), Canceled)
    equal(first, bench.ask(bench.closing(session, opened)))


@law("SES-7", reason="The customer may never act.")
def an_action_comes_before_the_money(bench: Bench) -> None:
    """While an action is required nothing is held; when it is done, the next call holds."""
    session, opened = bench.opened(complete="require_action")
    one_of(bench.ask(bench.completion(session, opened)), ActionRequired)
    nothing_moved(bench)
    one_of(bench.ask(bench.completion(session, opened)), Authorized)
    equal(HUNDRED, bench.books("USD").held)


@law("SES-8", reason="The browser has to be sent somewhere.")
def a_hosted_session_has_an_address(bench: Bench) -> None:
    """A hosted session answers a redirect to an https address."""
    answer = bench.ask(bench.hosted())
    action = answer.next_action if isinstance(answer, Accepted | ActionRequired) else None
    address = action.url.reveal() if isinstance(action, Redirect) else None
    must(isinstance(address, str) and address.startswith("https://"), "no https address")


@law("AUTH-1", reason="Taking before dispatch is against the schemes' rules.")
def a_manual_policy_only_holds(bench: Bench) -> None:
    """With manual capture, completing and charging hold and take nothing."""
    one_of(bench.ask(bench.completion(*bench.opened())), Authorized)
    charging = bench.charging()
    equal(HUNDRED, bench.books("USD").held)
    if charging is not None and "charge" in operations_of(bench.gateway):
        one_of(bench.ask(charging), Authorized)
        equal(HUNDRED * 2, bench.books("USD").held)
    equal(Money.zero("USD"), bench.books("USD").taken)


@law("AUTH-2", reason="Nobody will capture it later.")
def an_automatic_policy_takes(bench: Bench) -> None:
    """With automatic capture, completing and charging take the money."""
    one_of(bench.ask(bench.completion(*bench.opened(policy=AUTOMATIC))), Captured)
    charging = bench.charging(policy=AUTOMATIC)
    equal(HUNDRED, bench.books("USD").taken)
    if charging is not None and "charge" in operations_of(bench.gateway):
        one_of(bench.ask(charging), Captured)
        equal(HUNDRED * 2, bench.books("USD").taken)


@law("IDEM-1", reason="A caller who heard nothing asks again.")
def the_same_key_answers_the_same(bench: Bench) -> None:
    """Any request repeated answers as the first time and moves nothing more."""
    session, opened = bench.opened()
    completion = bench.completion(session, opened)
    first = one_of(bench.ask(completion), Authorized)
    paid = opened | first.references
    requests: list[Request[object]] = [
        bench.creation(),
        bench.update(*bench.opened(), Money("80.00", "USD")),
        bench.closing(*bench.opened()),
        bench.capture(paid, Money("60.00", "USD")),
        bench.void(paid, Money("40.00", "USD")),
        bench.refund(paid, Money("20.00", "USD")),
    ]
    equal(first, bench.ask(completion))
    for request in requests:
        answer, books = bench.ask(request), bench.books("USD")
        equal(answer, bench.ask(request))
        equal(books, bench.books("USD"))


@law("IDEM-2", reason="It would answer a question that nobody asked.")
def a_key_means_one_thing(bench: Bench) -> None:
    """The same key with other parameters is rejected and moves nothing."""
    paid = bench.paid()
    capture = bench.capture(paid, Money("10.00", "USD"))
    bench.ask(capture)
    books = bench.books("USD")
    one_of(bench.ask(attrs.evolve(capture, amount=Money("20.00", "USD"))), Rejected)
    equal(books, bench.books("USD"))


@law("CAP-1", reason="The customer must not pay twice.")
def a_repeated_capture_takes_nothing_more(bench: Bench) -> None:
    """A capture repeated with its key answers the same and takes nothing more."""
    capture = bench.capture(bench.paid(), Money("30.00", "USD"))
    first = one_of(bench.ask(capture), Captured)
    equal(first, bench.ask(capture))
    equal(Money("30.00", "USD"), bench.books("USD").taken)


@law("CAP-2", reason="An echo of ours hides that the provider took something else.")
def a_capture_answers_the_providers_amount(bench: Bench) -> None:
    """A capture answers what the provider took, not what was asked for."""
    captured = one_of(bench.ask(bench.capture(bench.paid(capture="partial"))), Captured)
    equal(Money("50.00", "USD"), captured.amount)
    equal(captured.amount, bench.books("USD").taken)
    must(captured.references.get(ReferenceRole.CAPTURE) is not None, "the capture has no id")


@law("CAP-3", reason="The customer agreed to no more.")
def no_more_is_taken_than_is_held(bench: Bench) -> None:
    """More than is held, and may be captured above it, is refused and takes nothing."""
    paid = bench.paid()
    above = bench.gateway.capabilities.over_capture(HUNDRED) + Money("0.01", "USD")
    one_of(bench.ask(bench.capture(paid, HUNDRED + above)), Declined, Rejected)
    equal(Money.zero("USD"), bench.books("USD").taken)


@law("CAP-4", reason="Held money that nobody will take is missing on the customer's account.")
def a_final_capture_releases_the_rest(bench: Bench) -> None:
    """A final capture of a part releases what it leaves."""
    capture = bench.capture(bench.paid(), Money("60.00", "USD"), is_final=True)
    one_of(bench.ask(capture), Captured)
    equal(Money("40.00", "USD"), bench.books("USD").released)


@law("CAP-5", reason="Goods are dispatched in parts.")
def captures_add_up(bench: Bench) -> None:
    """Where several captures are declared, they add up to what is held and no further."""
    if not bench.gateway.capabilities.several_captures:
        return
    paid = bench.paid()
    for amount in ("30.00", "70.00"):
        one_of(bench.ask(bench.capture(paid, Money(amount, "USD"))), Captured)
    one_of(bench.ask(bench.capture(paid, Money("0.01", "USD"))), Declined, Rejected)
    equal(HUNDRED, bench.books("USD").taken)


@law("VOID-1", reason="What is released cannot be taken any more.")
def what_is_voided_is_held_no_more(bench: Bench) -> None:
    """A void releases what is held, once, and no capture follows it."""
    paid = bench.paid()
    void = bench.void(paid)
    first = one_of(bench.ask(void), Voided)
    equal(first, bench.ask(void))
    one_of(bench.ask(bench.capture(paid)), Declined, Rejected)
    books = bench.books("USD")
    equal((HUNDRED, Money.zero("USD")), (books.released, books.taken))


@law("VOID-2", reason="Taken money goes back by a refund, which has fees and a record.")
def what_is_taken_is_not_voided(bench: Bench) -> None:
    """A void of what was taken is refused."""
    one_of(bench.ask(bench.void(bench.paid(policy=AUTOMATIC))), Declined, Rejected)
    equal(Money.zero("USD"), bench.books("USD").released)


@law("REF-1", reason="The store would lose money that it never had.")
def no_more_is_given_back_than_was_taken(bench: Bench) -> None:
    """Refunds of more than was taken, together, are refused."""
    paid = bench.paid(policy=AUTOMATIC)
    one_of(bench.ask(bench.refund(paid, Money("60.00", "USD"))), Refunded)
    one_of(bench.ask(bench.refund(paid, Money("40.01", "USD"))), Declined, Rejected)
    equal(Money("60.00", "USD"), bench.books("USD").given_back)


@law("REF-2", reason="A refund made twice is lost.")
def a_repeated_refund_gives_nothing_more(bench: Bench) -> None:
    """A refund repeated with its key answers the same and gives nothing more."""
    refund = bench.refund(bench.paid(policy=AUTOMATIC), Money("30.00", "USD"))
    first = one_of(bench.ask(refund), Refunded)
    equal(first, bench.ask(refund))
    equal(Money("30.00", "USD"), bench.books("USD").given_back)
    must(first.references.get(ReferenceRole.REFUND) is not None, "the refund has no id")


@law("REF-3", reason="Otherwise it is given back after all, and perhaps twice.")
def a_refund_called_off_gives_nothing_back(bench: Bench) -> None:
    """A pending refund that is called off stays off."""
    if "cancel_refund" not in operations_of(bench.gateway):
        return
    refund = bench.refund(bench.paid(policy=AUTOMATIC, refund="pending"))
    made = one_of(bench.ask(refund), Pending).references
    one_of(bench.ask(bench.calling_off(refund, made)), Canceled)
    bench.let_pending_succeed()
    equal(Money.zero("USD"), bench.books("USD").given_back)
    one_of(bench.fact(refund), Canceled)


@law("LOOK-1", reason="After a crash it is all there is to find out by.")
def what_was_done_is_found(bench: Bench) -> None:
    """A look-up finds what was done, by our own reference, as it was answered."""
    session, opened = bench.opened()
    completion = bench.completion(session, opened)
    answer = one_of(bench.ask(completion), Authorized)
    capture = bench.capture(opened | answer.references)
    equal(answer, bench.fact(completion))
    equal(bench.ask(capture), bench.fact(capture))
    one_of(bench.fact(session), Accepted)


@law("LOOK-2", reason="Evidence of what never happened would settle what may have.")
def what_was_not_done_is_not_found(bench: Bench) -> None:
    """A look-up of what was never sent reports nothing."""
    equal((), bench.reports(bench.capture(bench.paid())))


@law("LOOK-3", reason="A notification may be lost.")
def a_look_up_tells_how_pending_ended(bench: Bench) -> None:
    """What was pending moves no money until it has ended, and a look-up tells how."""
    capture = bench.capture(bench.paid(capture="pending"))
    one_of(bench.ask(capture), Pending)
    one_of(bench.fact(capture), Pending)
    equal(Money.zero("USD"), bench.books("USD").taken)
    bench.let_pending_succeed()
    equal(HUNDRED, one_of(bench.fact(capture), Captured).amount)
    equal(HUNDRED, bench.books("USD").taken)


@law("UNK-1", reason="A guess of Declined makes the customer pay again.")
def a_lost_answer_is_no_answer(bench: Bench) -> None:
    """When the answer is lost the gateway raises or answers Unknown, and guesses nothing."""
    one_of(bench.ask(bench.capture(bench.paid(capture="timeout_after"))), Unknown)
    one_of(bench.ask(bench.capture(bench.paid(capture="timeout_before"))), Unknown)
    session, opened = bench.opened(complete="timeout_after")
    one_of(bench.ask(bench.completion(session, opened)), Unknown)
    one_of(bench.ask(bench.refund(bench.paid(policy=AUTOMATIC, refund="timeout_after"))), Unknown)


@law("UNK-2", reason="Only evidence settles what is unknown.")
def a_look_up_tells_the_truth_of_a_lost_answer(bench: Bench) -> None:
    """A look-up finds what was done and not heard, and nothing of what was not done."""
    done = bench.capture(bench.paid(capture="timeout_after"))
    undone = bench.capture(bench.paid(capture="timeout_before"))
    bench.ask(done)
    bench.ask(undone)
    equal(HUNDRED, one_of(bench.fact(done), Captured).amount)
    equal((), bench.reports(undone))


@law("UNK-3", reason="Recovery repeats what it cannot look up.")
def repeating_a_lost_call_moves_money_once(bench: Bench) -> None:
    """A call whose answer was lost, repeated with its key, has one effect in all."""
    for lost in ("timeout_after", "timeout_before"):
        before = bench.books("USD").taken
        capture = bench.capture(bench.paid(capture=lost))
        bench.ask(capture)
        one_of(bench.ask(capture), Captured)
        equal(HUNDRED, bench.books("USD").taken - before)


@law("UNK-4", reason="Only then is it safe to ask again under another key.")
def unreachable_means_not_done(bench: Bench) -> None:
    """A gateway that says it was unreachable has moved nothing."""
    session, opened = bench.opened(complete="unreachable")
    one_of(bench.ask(bench.completion(session, opened)), NotAttempted)
    nothing_moved(bench)
    one_of(bench.ask(bench.completion(session, opened)), Authorized)


@law("DECL-1", reason="What the customer is told, and who must act, follows from the code.")
def every_decline_says_why_and_moves_nothing(bench: Bench) -> None:
    """Every failure is a decline with its own code, and no money moves."""
    for code in FailureCode:
        session, opened = bench.opened(complete=f"decline:{code}")
        declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
        equal(code, declined.failure.code)
    nothing_moved(bench)


@law("DECL-2", reason="Most customers have another card.")
def a_declined_session_can_still_be_paid(bench: Bench) -> None:
    """After a decline of the attempt, another source pays in the same session."""
    session, opened = bench.opened(complete="decline:insufficient_funds")
    declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
    equal(Ends.ATTEMPT, declined.ends)
    one_of(bench.ask(bench.completion(session, opened, source=bench.source())), Authorized)


@law("DECL-3", reason="The store tells the customer to begin anew.")
def a_decline_of_the_object_ends_it(bench: Bench) -> None:
    """After a decline that ends the object, no source pays in that session."""
    session, opened = bench.opened(complete="end:suspected_fraud")
    declined = one_of(bench.ask(bench.completion(session, opened)), Declined)
    equal(Ends.OBJECT, declined.ends)
    again = bench.ask(bench.completion(session, opened, source=bench.source()))
    one_of(again, Canceled, Expired, Declined, Rejected)
    nothing_moved(bench)


@law("AMT-1", reason="A hundredfold of yen is the oldest bug of all.")
def amounts_are_exact_in_every_currency(bench: Bench) -> None:
    """Amounts without decimals and with three come back to the last unit."""
    for amount in (Money("1", "JPY"), Money("12345", "JPY"), Money("1.001", "KWD")):
        before = bench.books(amount.currency.code)
        captured = one_of(bench.ask(bench.capture(bench.paid(amount), amount)), Captured)
        equal(amount, captured.amount)
        equal(amount, bench.books(amount.currency.code).taken - before.taken)


@law("CAPY-1", reason="What is refused before it is written cannot go wrong.")
def what_is_not_offered_is_refused(bench: Bench) -> None:
    """A method that is not overridden raises Unsupported."""
    offered: frozenset[Method] = operations_of(bench.gateway)
    for request in (
        CreateSetupSessionRequest(
            **bench.envelope(),  # type: ignore[arg-type]
            setup_session_id="pss_1",
            terms=SetupTerms(),
            external_data=None,
        ),
        CompleteSetupSessionRequest(
            **bench.envelope(),  # type: ignore[arg-type]
            setup_session_id="pss_1",
            terms=SetupTerms(),
            external_data=None,
        ),
    ):
        if request.method not in offered:
            one_of(_raised_by(bench, request), Unsupported)


@law("CAPY-2", reason="An answer that the port does not know settles nothing.")
def every_answer_is_one_that_the_port_knows(bench: Bench) -> None:
    """Each method answers one of its declared outcomes, however the provider decides."""
    for ending in ("approve", "decline:do_not_honor", "reject"):
        session, opened = bench.opened(update=ending, complete=ending, capture=ending)
        update = bench.update(session, opened, HUNDRED)
        completion = bench.completion(session, opened)
        for request in (update, completion, bench.capture(opened), bench.refund(opened)):
            must(type(bench.ask(request)) in request.answers, f"{request.method}: unlawful")


def _raised_by(bench: Bench, request: Request[object]) -> object:
    try:
        return bench.call(request)
    except Exception as error:
        return error
