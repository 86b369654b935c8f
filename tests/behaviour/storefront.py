"""A backend that takes payments, with everything that it has to do with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar, cast

from paysession import (
    Attempt,
    Capture,
    CapturePolicy,
    CreditCard,
    Money,
    Payable,
    PayableAccount,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
    Refund,
    SetupSession,
    StoredSource,
    Void,
)
from paysession.errors import InvalidSignature, PaySessionError
from paysession.events import Event
from paysession.gateways import (
    BogusGateway,
    CloseSessionRequest,
    CompleteSessionRequest,
    CreateSessionRequest,
    Gateway,
    InMemoryCreditLedger,
    LookUpRequest,
    Notification,
    OfflineGateway,
    Request,
    StoreCreditGateway,
)
from paysession.outcomes import Accepted, Canceled, Captured, References, Report
from paysession.stores import Changes, InMemoryStore
from paysession.views import store_api

P = ParamSpec("P")
E = TypeVar("E", Attempt, Capture, Payment, PaymentSession, Refund, SetupSession, Void)
Action: TypeAlias = Callable[[], object]

CARD: Final = PaymentMethod(id="pm_card", name="Credit Card", gateway="bogus")
HELD_CARD: Final = PaymentMethod(
    id="pm_held", name="Credit Card", gateway="bogus", capture=CapturePolicy.MANUAL
)
SCRIPTED_CARD: Final = PaymentMethod(id="pm_scripted", name="Credit Card", gateway="scripted")
CHECK: Final = PaymentMethod(
    id="pm_check",
    name="Check",
    gateway="offline",
    type="check",
    instrument="check",
    session_required=False,
    source_required=False,
)
CREDIT: Final = PaymentMethod(
    id="pm_credit",
    name="Store Credit",
    gateway="credit",
    type="store_credit",
    instrument="store_credit",
    session_required=False,
    capture=CapturePolicy.WHEN_COVERED,
)
VISA: Final = CreditCard(
    id="card_1", profile_id="approve", brand="visa", last4="4242", month=12, year=2031, name="Ada"
)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def order(total: str = "100.00", order_id: str = "or_1", *, customer: str | None = None) -> Payable:
    return Payable(order_id, total=usd(total), customer_id=customer)


def card(**script: str) -> StoredSource:
    """What is paid with, as the script says."""
    return StoredSource(id="src_1", profile_id=BogusGateway.token(**script))


def refusal(command: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str | None:
    """The code of the error that a command refuses by, if it does."""
    try:
        command(*args, **kwargs)
    except PaySessionError as error:
        return error.code
    return None


def answered(command: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str | None:
    """What the store's API answers when a command refuses, if it does: status and code."""
    try:
        command(*args, **kwargs)
    except PaySessionError as error:
        printed = store_api.error_document(error)["error"]
        return f"{store_api.status_of(error)} {cast('dict[str, object]', printed)['code']}"
    return None


class Clock:
    """No two readings are alike, so that whatever is stored has its place in time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, *, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


class BusyStore(InMemoryStore):
    """A store that others use as well: each next commit finds that something came before it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Action] = []

    def commit(self, changes: Changes) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        super().commit(changes)


class ScriptedGateway(Gateway):
    """Answers what a case tells it to, in order; it cannot update, void or refund."""

    def __init__(self) -> None:
        self.calls: list[Request[Any]] = []
        self.answers: dict[str, list[object]] = {}
        self.letters: dict[bytes, Report] = {}

    def sent(self, report: Report) -> bytes:
        """The body of a notification that tells this."""
        body = str(len(self.letters)).encode()
        self.letters[body] = report
        return body

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        if notification.header("Signature") != "good":
            raise InvalidSignature
        return (self.letters[notification.body],)

    def then(self, **answers: object) -> None:
        """Let the next call of each method be answered so; an exception is raised."""
        for method, answer in answers.items():
            self.answers.setdefault(method, []).append(answer)

    def _answer(self, request: Request[Any], otherwise: object) -> Any:
        self.calls.append(request)
        script = self.answers.get(request.method)
        answer = script.pop(0) if script else otherwise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def create_session(self, request: CreateSessionRequest) -> Any:
        return self._answer(request, Accepted(references=References.of(session="cs_1")))

    def complete_session(self, request: CompleteSessionRequest) -> Any:
        taken = References.of(authorization="pi_1")
        return self._answer(request, Captured(request.amount, references=taken))

    def close_session(self, request: CloseSessionRequest) -> Any:
        return self._answer(request, Canceled())

    def look_up(self, request: LookUpRequest) -> Any:
        fact = self._answer(request, None)
        return () if fact is None else (Report(fact, our_reference=request.operation_id),)


class Shop:
    """A backend with one store, several gateways, and a clock that is set."""

    def __init__(self, kind: type[Payments] = Payments) -> None:
        self.kind = kind
        self.clock = Clock()
        self.store = BusyStore()
        self.bogus = BogusGateway(clock=self.clock)
        self.scripted = ScriptedGateway()
        self.ledger = InMemoryCreditLedger()
        self.payments = self.process()

    def process(self) -> Payments:
        """The same shop in one more process."""
        gateways: dict[str, Gateway] = {
            "bogus": self.bogus,
            "scripted": self.scripted,
            "offline": OfflineGateway(),
            "credit": StoreCreditGateway(self.ledger),
        }
        return self.kind(gateways, store=self.store, clock=self.clock, sleep=lambda _: None)

    def meanwhile(self, *actions: Action) -> None:
        """Let each of the next commits find that this has just happened."""
        self.store.meanwhile.extend(actions)

    def recover(self) -> None:
        """Do what is done every minute, a few minutes later."""
        self.clock.forward(minutes=5)
        self.payments.recover()

    def open(
        self,
        *,
        total: str = "100.00",
        method: PaymentMethod = CARD,
        order_id: str = "or_1",
        **script: str,
    ) -> PaymentSession:
        return self.payments.create_session(
            order(total, order_id), method=method, source=card(**script)
        )

    def complete(
        self,
        *,
        total: str = "100.00",
        method: PaymentMethod = CARD,
        order_id: str = "or_1",
        **script: str,
    ) -> PaymentSession:
        session = self.open(total=total, method=method, order_id=order_id, **script)
        return self.payments.complete_session(session.id)

    def hold(self, *, total: str = "45.75", order_id: str = "or_1", **script: str) -> str:
        """Hold money, and return the id of its payment."""
        session = self.complete(total=total, method=HELD_CARD, order_id=order_id, **script)
        return str(session.payment_id)

    def take(self, *, total: str = "45.75", order_id: str = "or_1", **script: str) -> str:
        """Take money, and return the id of its payment."""
        session = self.complete(total=total, method=CARD, order_id=order_id, **script)
        return str(session.payment_id)

    def stored(self, kind: type[E]) -> list[E]:
        """All records of a kind as the store holds them, oldest first."""
        found = [each for each in self.store.entities() if isinstance(each, kind)]
        return sorted(found, key=lambda each: each.created_at)

    def only(self, kind: type[E]) -> E:
        """The only record of a kind that the store holds."""
        (record,) = self.stored(kind)
        return record

    def account(self) -> PayableAccount | None:
        """The first order's account as the store holds it."""
        return self.store.get(PayableAccount, "or_1", tenant="")

    def calls(self) -> list[Request[Any]]:
        """What the providers were asked, in order."""
        return [*self.bogus.calls, *self.scripted.calls]

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of a kind in the store's outbox, in order."""
        outbox = self.store.unpublished(limit=1_000, tenant="")
        return [each.event for each in outbox if isinstance(each.event, kind)]
