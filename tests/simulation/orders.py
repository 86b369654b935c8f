"""
What a provider reports of one payment, told in every order, each time with one report twice.

Every scenario is played as often as there are orders, on a backend of its own: the same things
have happened, so that the books must be the same in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import Any, TypeVar

import attrs

from paysession import (
    CapturePolicy,
    Money,
    Payable,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
)
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Entity
from paysession._domain.evidence import LastWord
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.owners import Owner
from paysession._domain.parked import ParkedReport
from paysession._domain.payable import PayableAccount
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.notifications import Notification
from paysession.gateways.requests import (
    CaptureRequest,
    CompleteSessionRequest,
    CreateSessionRequest,
    RefundRequest,
    VoidRequest,
)
from paysession.outcomes import (
    Accepted,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Captured,
    Declined,
    DisputeChanged,
    Failure,
    FailureCode,
    FundsReinstated,
    FundsWithdrawn,
    Pending,
    References,
    Refunded,
    Report,
    Retaken,
    Totals,
    Voided,
)
from paysession.stores import InMemoryStore

E = TypeVar("E", bound=Entity)

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
PAID = References.of(session="cs", authorization="pi")


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def hour(number: int) -> datetime:
    """The provider's own time of what it reports."""
    return BEGIN + timedelta(hours=number)


class Teller(Gateway):
    """A provider that answers every call by `Pending`, and tells the rest by itself."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.letters: dict[bytes, tuple[Report, ...]] = {}
        self._ids = count(1)

    def create_session(self, request: CreateSessionRequest) -> Accepted:
        return Accepted(references=References.of(session="cs"))

    def complete_session(self, request: CompleteSessionRequest) -> Pending:
        return Pending(references=References.of(session="cs"))

    def capture(self, request: CaptureRequest) -> Pending:
        return Pending(references=References.of(capture=f"ca{next(self._ids)}"))

    def void(self, request: VoidRequest) -> Pending:
        return Pending(references=References.of(void=f"vo{next(self._ids)}"))

    def refund(self, request: RefundRequest) -> Pending:
        return Pending(references=References.of(refund=f"re{next(self._ids)}"))

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return self.letters[notification.body]


@attrs.define
class Backend:
    """A backend of its own for each order."""

    gateway: Teller
    now: datetime = BEGIN
    store: InMemoryStore = attrs.field(factory=InMemoryStore)
    payments: Payments = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        numbers = count(1)
        self.payments = Payments(
            {"teller": self.gateway},
            store=self.store,
            clock=lambda: self.now,
            ids=lambda prefix: f"{prefix}_{next(numbers)}",
            sleep=lambda _: None,
        )

    def asked(self, capture: CapturePolicy = CapturePolicy.AUTOMATIC) -> PaymentSession:
        """A session of 100 euros of which the provider has said nothing yet."""
        method = PaymentMethod(id="pm_1", name="Card", gateway="teller", capture=capture)
        session = self.payments.create_session(Payable("or_1", total=eur(100)), method=method)
        return self.payments.complete_session(session.id)

    def paid(self, capture: CapturePolicy = CapturePolicy.AUTOMATIC) -> Payment:
        """A payment of 100 euros, taken, or held to be taken later."""
        session = self.asked(capture)
        is_taken = capture is CapturePolicy.AUTOMATIC
        references = PAID | References.of(capture="ca") if is_taken else PAID
        fact = (Captured if is_taken else Authorized)(
            eur(100), references=references, occurred_at=hour(0)
        )
        self.tell(Report(fact, our_reference=session.attempt_id))
        payment_id = self.payments.get_session(session.id).payment_id
        assert payment_id is not None
        return self.payments.get_payment(payment_id)

    def tell(self, report: Report) -> None:
        body = str(len(self.gateway.letters)).encode()
        self.gateway.letters[body] = (report,)
        self.payments.receive_notification("teller", body=body, headers={})

    def rest(self) -> None:
        """Let recovery do what is left to do."""
        for _ in range(6):
            self.now += timedelta(hours=7)
            self.payments.recover()

    def books(self) -> dict[str, object]:
        """All that matters of how it ended, without ids and times."""
        return {
            "sessions": [str(each.status) for each in self._all(PaymentSession)],
            "payments": sorted(
                (str(each.status), repr(each.balances)) for each in self._all(Payment)
            ),
            "movements": sorted(
                (type(each).__name__, str(each.status), str(each.moved_amount))
                for each in (*self._all(Capture), *self._all(Void), *self._all(Refund))
            ),
            "disputes": [(str(each.status), repr(each.effect)) for each in self._all(Dispute)],
            "totals": [
                (each.authorized, each.paid, each.in_flight, each.refunded, each.lost)
                for each in self._all(PayableAccount)
            ],
            "discrepancies": sorted(
                (type(owner).__name__, str(each.kind))
                for owner in self._all(Owner)
                for each in owner.discrepancies
                if each.is_open
            ),
            "waiting": sorted(
                repr(each.report) for each in self._all(ParkedReport) if each.is_waiting
            ),
        }

    def _all(self, kind: type[E]) -> list[E]:
        return [each for each in self.store.entities() if isinstance(each, kind)]


@attrs.frozen
class Scenario:
    """
    Reports that may come in any order, and where they come to.

    Attributes:
        name: What has happened.
        prepare: Brings a backend to where the reports begin, and returns them.
        capabilities: Of the provider.
        ends: What must be among the books in the end, as a check that it is no empty story.
    """

    name: str
    prepare: Callable[[Backend], Sequence[Report]]
    ends: Callable[[dict[str, Any]], bool]
    capabilities: Capabilities = attrs.field(factory=Capabilities)

    def played(self, order: Sequence[int]) -> dict[str, object]:
        """Tell the reports in this order, and return the books."""
        backend = Backend(Teller(self.capabilities))
        reports = self.prepare(backend)
        for number in order:
            backend.tell(reports[number])
        backend.rest()
        return backend.books()

    @property
    def size(self) -> int:
        return len(self.prepare(Backend(Teller(self.capabilities))))

    def orders(self) -> Iterator[tuple[int, ...]]:
        """Every order, with each of the reports told twice."""
        for twice in range(self.size):
            everything = (*range(self.size), twice)
            yield from sorted(set(permutations(everything)))


def sale(backend: Backend) -> Sequence[Report]:
    session = backend.asked()
    taken = Captured(eur(100), references=PAID | References.of(capture="ca"))
    return (
        Report(Pending(), our_reference=session.attempt_id),
        Report(taken, our_reference=session.attempt_id),
        Report(taken),
        Report(Totals(captured=eur(100)), our_reference=session.id),
        Report(Captured(eur(100), references=References.of(session="cs", capture="ca"))),
    )


def held_and_taken_at_the_dashboard(backend: Backend) -> Sequence[Report]:
    backend.paid(CapturePolicy.MANUAL)
    return (
        Report(AuthorizationChanged(eur(120), references=PAID, occurred_at=hour(1))),
        Report(Captured(eur(40), references=PAID | References.of(capture="ca_a"))),
        Report(Captured(eur(30), references=PAID | References.of(capture="ca_b"))),
        Report(Voided(eur(50), references=PAID | References.of(void="vo_a"))),
    )


def refunds(backend: Backend) -> Sequence[Report]:
    payment = backend.paid()
    for amount in (30, 20):
        backend.payments.refund(payment.id, amount=eur(amount))
    first, second = References.of(refund="re1"), References.of(refund="re2")
    return (
        Report(Refunded(eur(30), references=first)),
        Report(Bounced(REFUSED, references=first)),
        Report(Refunded(eur(20), references=second)),
        Report(Refunded(eur(10), references=PAID | References.of(refund="re_dashboard"))),
        Report(Totals(captured=eur(100), refunded=eur(30), references=PAID)),
    )


def dispute_won(backend: Backend) -> Sequence[Report]:
    backend.paid()
    named = PAID | References.of(dispute="dp")
    return (
        Report(DisputeChanged("needs_response", references=named, occurred_at=hour(1))),
        Report(FundsWithdrawn(eur(100), references=named, occurred_at=hour(2))),
        Report(DisputeChanged("under_review", references=named, occurred_at=hour(3))),
        Report(DisputeChanged("won", references=named, occurred_at=hour(4))),
        Report(FundsReinstated(eur(100), references=named, occurred_at=hour(5))),
        Report(Totals(captured=eur(100), references=PAID)),
    )


def dispute_lost_after_a_refund(backend: Backend) -> Sequence[Report]:
    payment = backend.paid()
    backend.payments.refund(payment.id, amount=eur(60))
    named = PAID | References.of(dispute="dp")
    return (
        Report(Refunded(eur(60), references=References.of(refund="re1"))),
        Report(DisputeChanged("needs_response", references=named)),
        Report(FundsWithdrawn(eur(100), references=named)),
        Report(DisputeChanged("lost", references=named)),
    )


def dispute_appealed(backend: Backend) -> Sequence[Report]:
    backend.paid()
    named = PAID | References.of(dispute="dp")
    return (
        Report(FundsWithdrawn(eur(40), references=named, occurred_at=hour(1))),
        Report(DisputeChanged("lost", references=named, occurred_at=hour(2))),
        Report(DisputeChanged("needs_response", references=named, occurred_at=hour(3))),
        Report(DisputeChanged("won", references=named, occurred_at=hour(4))),
        Report(FundsReinstated(eur(40), references=named, occurred_at=hour(4))),
    )


def declined_and_then_paid(backend: Backend) -> Sequence[Report]:
    attempt = backend.asked().attempt_id
    return (
        Report(Declined(REFUSED, occurred_at=hour(1)), our_reference=attempt),
        Report(Pending(occurred_at=hour(2)), our_reference=attempt),
        Report(Captured(eur(100), references=PAID, occurred_at=hour(3)), our_reference=attempt),
        Report(Totals(captured=eur(100), references=PAID)),
    )


def capture_that_fails_late_and_is_taken_again(backend: Backend) -> Sequence[Report]:
    payment = backend.paid(CapturePolicy.MANUAL)
    backend.payments.capture(payment.id, amount=eur(70))
    named = References.of(capture="ca1")
    return (
        Report(Captured(eur(70), references=named, occurred_at=hour(1))),
        Report(Bounced(REFUSED, references=named, occurred_at=hour(2))),
        Report(Retaken(eur(70), references=named, occurred_at=hour(3))),
        Report(Bounced(REFUSED, references=named, occurred_at=hour(4))),
        Report(Retaken(eur(70), references=named, occurred_at=hour(5))),
    )


def refund_that_contradicts_itself(backend: Backend) -> Sequence[Report]:
    payment = backend.paid()
    for amount in (60, 20):
        backend.payments.refund(payment.id, amount=eur(amount))
    contradicted, other = References.of(refund="re1"), References.of(refund="re2")
    return (
        Report(Refunded(eur(60), references=contradicted)),
        Report(Declined(REFUSED, references=contradicted)),
        Report(Pending(references=contradicted)),
        Report(Refunded(eur(20), references=other)),
    )


def authorization_that_lapses_and_comes_back(backend: Backend) -> Sequence[Report]:
    backend.paid(CapturePolicy.MANUAL)
    return (
        Report(AuthorizationLapsed(eur(100), references=PAID, occurred_at=hour(1))),
        Report(AuthorizationChanged(eur(80), references=PAID, occurred_at=hour(2))),
        Report(Captured(eur(80), references=PAID | References.of(capture="ca_a"))),
        Report(Bounced(REFUSED, references=PAID | References.of(capture="ca_a"))),
    )


def money_for_a_session_that_is_over(backend: Backend) -> Sequence[Report]:
    session = backend.asked()
    backend.tell(Report(Declined(REFUSED, occurred_at=hour(0)), our_reference=session.attempt_id))
    backend.payments.cancel_session(session.id)
    named = References.of(session="cs", authorization="pi_late", capture="ca_late")
    return (
        Report(Captured(eur(100), references=named, occurred_at=hour(1))),
        Report(Refunded(eur(30), references=named | References.of(refund="re_a"))),
        Report(Refunded(eur(30), references=named | References.of(refund="re_b"))),
        Report(Bounced(REFUSED, references=References.of(refund="re_b"))),
    )


SCENARIOS = (
    Scenario("a sale", sale, lambda books: books["sessions"] == ["completed"]),
    Scenario(
        "money that is held, and moved at the dashboard",
        held_and_taken_at_the_dashboard,
        lambda books: "captured=Money('70.00'" in books["payments"][0][1],
    ),
    Scenario(
        "refunds of ours, one of which bounces, and one that is not ours",
        refunds,
        lambda books: "refunded=Money('30.00'" in books["payments"][0][1],
    ),
    Scenario("a dispute that is won", dispute_won, lambda books: books["disputes"][0][0] == "won"),
    Scenario(
        "a dispute that is lost after a refund, without any time",
        dispute_lost_after_a_refund,
        lambda books: "lost=Money('100.00'" in books["payments"][0][1],
    ),
    Scenario(
        "a dispute that is lost, appealed and won",
        dispute_appealed,
        lambda books: books["disputes"][0][0] == "won",
    ),
    Scenario(
        "an attempt that is declined, and then paid",
        declined_and_then_paid,
        lambda books: books["sessions"] == ["completed"],
    ),
    Scenario(
        "a capture that fails late and is taken again, twice",
        capture_that_fails_late_and_is_taken_again,
        lambda books: "captured=Money('70.00'" in books["payments"][0][1],
    ),
    Scenario(
        "a refund that contradicts itself",
        refund_that_contradicts_itself,
        lambda books: ("Payment", "contradicted") in books["discrepancies"],
    ),
    Scenario(
        "a refund that contradicts itself, of a provider that means the failure then",
        refund_that_contradicts_itself,
        lambda books: ("Refund", "failed", "60.00 EUR") in books["movements"],
        Capabilities(last_word=LastWord.FAILURE),
    ),
    Scenario(
        "an authorization that lapses, comes back, and is captured for nothing",
        authorization_that_lapses_and_comes_back,
        lambda books: books["totals"][0][0] == eur(80),
    ),
    Scenario(
        "money, and refunds of it, for a session that is over",
        money_for_a_session_that_is_over,
        lambda books: ("Payment", "paid_after_close") in books["discrepancies"],
    ),
)
