"""Histories for tests of the invariants: real records, told to a history step by step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
import pytest

from paysession import CapturePolicy, Money, Payable, PayableAccount, PaymentMethod
from paysession._domain.attempts import Attempt
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import Terms, UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._flows.asks import Ask, Call, Commit, Now, Peek
from paysession._flows.requests import AnyOperation, look_up_for, request_for
from paysession.gateways import Capabilities
from paysession.gateways.requests import Request
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import Captured, Fact, Failure, FailureCode, References
from paysession.stores import Changes
from paysession.testing._invariants import Asked, Check, Ended, History, InvariantBroken, Moment

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DECLINE = Failure(FailureCode.DO_NOT_HONOR)
M = TypeVar("M", Capture, Void, Refund)
E = TypeVar("E", bound=Entity)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def lease(minutes: int = 0) -> Lease:
    return Lease(at=at(minutes), until=at(minutes + 5), deadline=at(minutes + 60))


def heard(
    fact: Fact, minutes: int = 1, source: EvidenceSource = EvidenceSource.RESPONSE
) -> Evidence:
    return Evidence(fact=fact, source=source, recorded_at=at(minutes))


@attrs.define
class Teller:
    """Somebody who tells a history what happens."""

    history: History = attrs.field(factory=History)
    minutes: int = 0
    flow: str = "recover#1"
    fault: str | None = None

    def note(
        self,
        ask: Ask[Any] | None = None,
        *,
        answer: object = None,
        error: BaseException | None = None,
        written: Changes | None = None,
        ended: Ended | None = None,
    ) -> None:
        moment = Moment(
            number=len(self.history.moments) + 1,
            at=at(self.minutes),
            process="worker",
            flow=self.flow,
            ask=ask,
            answer=answer,
            error=error,
            fault=self.fault,
        )
        self.history.note(moment, written=written, ended=ended)

    def commit(self, *entities: Entity | None) -> tuple[Entity, ...]:
        """Read what is there and commit what changed, as the library does."""
        changed = [each for each in entities if each is not None]
        self.read(*(each for each in changed if each.version))
        return self.write(Changes.of(changed, tenant=""))

    def write(self, changes: Changes) -> tuple[Entity, ...]:
        """Commit exactly this, right or wrong."""
        self.note(Commit(changes), answer=changes, written=changes)
        return changes.entities

    def write_only(self, *entities: Entity) -> None:
        """Commit entities as they are, with no event."""
        self.write(Changes(tenant="", entities=entities))

    def call(
        self,
        operation: AnyOperation,
        answer: object = None,
        *,
        error: Exception | None = None,
        request: Request[Any] | None = None,
    ) -> None:
        """Call a gateway for an operation, and hear this."""
        self._call(request or request_for(operation), operation.gateway, answer, error)

    def look_up(
        self, operation: AnyOperation, answer: object = (), *, error: Exception | None = None
    ) -> None:
        """Look an operation up, and hear this."""
        method = request_for(operation).method
        self._call(look_up_for(operation, method), operation.gateway, answer, error)

    def _call(
        self, request: Request[Any], gateway: str, answer: object, error: Exception | None
    ) -> None:
        asked = Asked(request=request, at=at(self.minutes), process="worker", gateway=gateway)
        self.history.calls.append(asked)
        self.note(Call(gateway, request), answer=answer, error=error)

    def look_at_the_clock(self) -> None:
        self.note(Now(), answer=at(self.minutes))

    def read(self, *entities: Entity) -> None:
        for each in entities:
            self.note(Peek(type(each), each.id), answer=each)

    def end(self, command: str = "recover", **ended: Any) -> None:
        """Let the run end that was under way, and begin the next."""
        self.note(ended=Ended(flow=self.flow, command=command, **ended))

    def begin(self, flow: str) -> None:
        self.flow = flow

    def behaves(self, capabilities: Capabilities) -> None:
        self.history.capabilities["bogus"] = capabilities


def checked(check: Check, history: History) -> int:
    """Return how often a check looked at something that could have broken it, just now."""
    code = check.__name__.removeprefix("check_")
    before = history.checks[code]
    check(history)
    return history.checks[code] - before


def broken_by(check: Check, history: History) -> str:
    """Return what a check says is broken."""
    with pytest.raises(InvariantBroken) as caught:
        check(history)
    return caught.value.code


def method(on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE) -> PaymentMethod:
    return PaymentMethod(id="pm_1", name="Card", gateway="bogus", on_underpaid=on_underpaid)


def account() -> PayableAccount:
    return PayableAccount.opened(Payable("order", total=eur(100)), tenant="", at=NOW)


def begun(session_id: str | None = None, attempt_id: str | None = None) -> Payment:
    """A payment that has no money yet."""
    return Payment.begun(
        "py_1",
        tenant="",
        gateway="bogus",
        payable_id="order",
        payable_reference="R1",
        customer_id=None,
        method=method(),
        source=None,
        session_id=session_id,
        attempt_id=attempt_id,
        amount=eur(100),
        capture_policy=CapturePolicy.MANUAL,
        metadata=Metadata(),
        at=NOW,
        phase=PaymentStatus.PROCESSING,
    )


def held(amount: int = 100) -> tuple[Payment, Authorization]:
    """A payment of which so much is held."""
    return begun().authorize(
        "au_1", amount=eur(amount), references=References.of(), expires_at=None, at=NOW
    )


def capturing(
    payment: Payment, amount: int | None = None, *, over: int = 0, final: bool = False
) -> tuple[Payment, Capture]:
    return payment.request_capture(
        "ca_1",
        amount=None if amount is None else eur(amount),
        over=eur(over),
        is_final=final,
        lease=lease(),
        metadata=Metadata(),
    )


def voiding(payment: Payment, amount: int | None = None) -> tuple[Payment, Void]:
    return payment.request_void(
        "vo_1",
        amount=None if amount is None else eur(amount),
        lease=lease(),
        metadata=Metadata(),
    )


def refunding(
    payment: Payment, amount: int | None = None, refund_id: str = "re_1"
) -> tuple[Payment, Refund]:
    return payment.request_refund(
        refund_id,
        amount=None if amount is None else eur(amount),
        reason=None,
        capture=None,
        lease=lease(),
        metadata=Metadata(),
    )


def fresh(entity: E) -> E:
    """The same, as it is loaded: committed, with nothing new."""
    return entity.committed()


def find(kind: type[E], entities: Iterable[Entity]) -> E:
    return next(each for each in entities if isinstance(each, kind))


def new_session(
    on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE, expires_at: datetime | None = None
) -> tuple[PaymentSession, Attempt]:
    return PaymentSession.opened(
        "ps_1",
        tenant="",
        method=method(on_underpaid),
        amount=eur(100),
        terms=Terms(payable_id="order", payable_reference="R1", expires_at=expires_at),
        source=None,
        attempt_id="at_1",
        external_data=None,
        lease=lease(),
    )


def completing(session: PaymentSession, attempt_id: str = "at_2") -> tuple[PaymentSession, Attempt]:
    return session.request_completion(attempt_id, source=None, external_data=None, lease=lease())


def settled(session: PaymentSession, attempt: Attempt, evidence: Evidence) -> Settlement:
    return Settlement(account=account(), session=session, attempt=attempt).settled(evidence)


def parts_of(settlement: Settlement) -> tuple[Entity, ...]:
    found: tuple[Entity | None, ...] = (
        settlement.account,
        settlement.session,
        settlement.attempt,
        settlement.payment,
        settlement.authorization,
        settlement.capture,
    )
    return tuple(each for each in found if each is not None)


def taken(amount: int = 100) -> tuple[Payment, Authorization, Capture]:
    """A payment of which so much was captured by a capture of ours."""
    payment, authorization = held()
    payment, capture = capturing(payment, amount)
    payment, capture = payment.settle(capture, heard(Captured(eur(amount))))
    return payment, authorization, capture
