"""A backend for tests: one gateway, a clock that is set, ids that count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Generic, TypeVar, cast

from paysession import (
    Capture,
    CapturePolicy,
    Money,
    Payable,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
    StoredSource,
    UnderpaidPolicy,
)
from paysession._domain.attempts import Attempt
from paysession.gateways import BogusGateway, Capabilities, Gateway
from paysession.gateways.requests import (
    CaptureRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CreateSessionRequest,
    LookUpRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Fact,
    Failure,
    FailureCode,
    References,
    Refunded,
    Report,
    Voided,
)
from paysession.stores import InMemoryStore

G = TypeVar("G", bound=Gateway)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus")
HELD_CARD = PaymentMethod(id="pm_2", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL)
PATIENT_CARD = PaymentMethod(
    id="pm_3", name="Card", gateway="bogus", on_underpaid=UnderpaidPolicy.ACCEPT
)
DECLINE = Failure(FailureCode.DO_NOT_HONOR)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def order(total: int | str = 100, order_id: str = "or_1") -> Payable:
    return Payable(order_id, total=eur(total))


def card(**script: str) -> StoredSource:
    """A source that is paid with as the script says."""
    return StoredSource(id="card_1", profile_id=BogusGateway.token(**script))


class Clock:
    """A clock that is set; at its next readings it may run what a test put there."""

    def __init__(self) -> None:
        self.now = NOW
        self.at_readings: list[Callable[[], object]] = []

    def __call__(self) -> datetime:
        if self.at_readings:
            self.at_readings.pop(0)()
        return self.now

    def forward(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0) -> None:
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours)


class Interruption:
    """Runs once what a test put here, at the moment that it waits for."""

    def __init__(self) -> None:
        self.then: Callable[[], object] | None = None

    def __call__(self) -> None:
        then, self.then = self.then, None
        if then is not None:
            then()


def _default_answer(request: Request[Any]) -> object:
    match request:
        case CreateSessionRequest(session_id=session_id):
            return Accepted(references=References.of(session=f"cs_{session_id}"))
        case UpdateSessionRequest():
            return Accepted()
        case CompleteSessionRequest(amount=amount, terms=terms):
            paid = Captured if terms.capture is CapturePolicy.AUTOMATIC else Authorized
            return paid(amount, references=References.of(authorization=f"pi_{request.key}"))
        case CloseSessionRequest():
            return Canceled()
        case CaptureRequest(amount=amount):
            return Captured(amount, references=References.of(capture=f"ch_{request.key}"))
        case VoidRequest(amount=amount):
            return Voided(amount)
        case RefundRequest(amount=amount):
            return Refunded(amount)
        case _:
            return ()


class ScriptedGateway(Gateway):
    """Answers what a test tells it to, by method and in order, and approves everything else."""

    def __init__(self, capabilities: Capabilities | None = None, /, **answers: object) -> None:
        self.capabilities = capabilities or Capabilities()
        self.calls: list[Request[Any]] = []
        self.answers = {method: [answer] for method, answer in answers.items()}

    @property
    def methods(self) -> list[str]:
        """What it was asked, in order."""
        return [request.method for request in self.calls]

    def then(self, method: str, *answers: object) -> None:
        """Let the next calls of a method be answered so."""
        self.answers.setdefault(method, []).extend(answers)

    def _answer(self, request: Request[Any]) -> Any:
        self.calls.append(request)
        answers = self.answers.get(request.method)
        answer = answers.pop(0) if answers else _default_answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer(request) if callable(answer) else answer

    def create_session(self, request: CreateSessionRequest) -> Any:
        return self._answer(request)

    def update_session(self, request: UpdateSessionRequest) -> Any:
        return self._answer(request)

    def complete_session(self, request: CompleteSessionRequest) -> Any:
        return self._answer(request)

    def close_session(self, request: CloseSessionRequest) -> Any:
        return self._answer(request)

    def capture(self, request: CaptureRequest) -> Any:
        return self._answer(request)

    def void(self, request: VoidRequest) -> Any:
        return self._answer(request)

    def refund(self, request: RefundRequest) -> Any:
        return self._answer(request)

    def look_up(self, request: LookUpRequest) -> Any:
        return self._answer(request)


class PlainGateway(Gateway):
    """Opens sessions and completes them, and can do nothing else."""

    def __init__(self, *answers: object) -> None:
        self.calls: list[Request[Any]] = []
        self.answers = list(answers)

    def _answer(self, request: Request[Any]) -> Any:
        self.calls.append(request)
        answer = self.answers.pop(0) if self.answers else _default_answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def create_session(self, request: CreateSessionRequest) -> Any:
        return self._answer(request)

    def complete_session(self, request: CompleteSessionRequest) -> Any:
        return self._answer(request)


def seen(fact: Fact) -> Callable[[Request[Any]], tuple[Report, ...]]:
    """The answer to a look-up: this is what became of it."""
    return lambda request: (Report(fact, our_reference=request.operation_id),)


class Shop(Generic[G]):
    """A backend that takes payments through one gateway."""

    def __init__(self, gateway: G, *, clock: Clock | None = None) -> None:
        self.gateway = gateway
        self.clock = clock or Clock()
        self.store = InMemoryStore()
        self.gateways: dict[str, Gateway] = {"bogus": gateway}
        self.before_id = Interruption()
        self.before_describing = Interruption()
        self.pauses: list[float] = []
        self._numbers = count(1)
        self.payments = Payments(
            self._gateway,
            store=self.store,
            clock=self.clock,
            ids=self._id,
            sleep=self.pauses.append,
        )

    def _gateway(self, name: str) -> Gateway | None:
        self.before_describing()
        return self.gateways.get(name)

    def _id(self, prefix: str) -> str:
        self.before_id()
        return f"{prefix}_{next(self._numbers)}"

    def opened(
        self,
        source: StoredSource | None = None,
        *,
        total: int | str = 100,
        method: PaymentMethod = CARD,
        expires_in_minutes: int | None = None,
    ) -> PaymentSession:
        expires_at = (
            None
            if expires_in_minutes is None
            else self.clock.now + timedelta(minutes=expires_in_minutes)
        )
        return self.payments.create_session(
            order(total), method=method, source=source, expires_at=expires_at
        )

    def completed(
        self,
        source: StoredSource | None = None,
        *,
        total: int | str = 100,
        method: PaymentMethod = CARD,
    ) -> PaymentSession:
        session = self.opened(source, total=total, method=method)
        return self.payments.complete_session(session.id)

    def held(self, source: StoredSource | None = None, *, total: int | str = 100) -> Payment:
        """A payment whose money is held and not taken."""
        return self.payment_of(self.completed(source, total=total, method=HELD_CARD))

    def taken(self, source: StoredSource | None = None, *, total: int | str = 100) -> Payment:
        """A payment whose money was taken at once."""
        return self.payment_of(self.completed(source, total=total))

    def payment_of(self, session: PaymentSession) -> Payment:
        assert session.payment_id is not None
        return self.payments.get_payment(session.payment_id)

    def attempt(self, session: PaymentSession) -> Attempt:
        """The newest attempt of a session, as it is stored."""
        newest = self.payments.get_session(session.id).attempt_id
        return cast("Attempt", self.store.get(Attempt, newest, tenant=""))

    def snapshot(self) -> object:
        """Everything that a refusal must leave as it is."""
        return (
            self.store.entities(),
            self.store.unpublished(limit=100_000, tenant=""),
            dict(self.store._claims),
        )

    def account(self) -> dict[str, Money]:
        """What the payable's totals are."""
        account = self.payments.balance("or_1")
        return {"authorized": account.authorized, "paid": account.paid, "due": account.due}


def bogus_shop(capabilities: Capabilities | None = None) -> Shop[BogusGateway]:
    clock = Clock()
    return Shop(BogusGateway(capabilities=capabilities, clock=clock), clock=clock)


def scripted_shop(
    capabilities: Capabilities | None = None, /, **answers: object
) -> Shop[ScriptedGateway]:
    return Shop(ScriptedGateway(capabilities, **answers))


def unknown_capture(
    capabilities: Capabilities | None = None,
) -> tuple[Shop[ScriptedGateway], Payment, Capture]:
    """A capture that timed out; its lease is over."""
    shop = scripted_shop(capabilities)
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id)
    shop.gateway.calls.clear()
    shop.clock.forward(minutes=2)
    return shop, payment, capture


def stored(shop: Shop[ScriptedGateway], capture: Capture) -> Capture:
    found = shop.store.get(Capture, capture.id, tenant="")
    assert found is not None
    return found
