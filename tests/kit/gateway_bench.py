"""
Where a gateway is put to be tried.

A bench makes a gateway and requests with fresh keys, scripts what the provider does, and
tells what the provider's own books say.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, SetupTerms, Terms
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money
from paysession.errors import GatewayUnreachable
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
    Notification,
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
    Captured,
    Fact,
    NotAttempted,
    References,
    Report,
    Unknown,
)

HUNDRED = Money("100.00", "USD")
MANUAL, AUTOMATIC = CapturePolicy.MANUAL, CapturePolicy.AUTOMATIC

SESSIONS = ("create_session", "complete_session")
SETUPS = ("create_setup_session", "complete_setup_session")
BEHAVIOURS = frozenset(
    {
        "decline",
        "end",
        "notify",
        "partial",
        "pending",
        "reject",
        "require_action",
        "timeout_after",
        "timeout_before",
        "unreachable",
    }
)

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
    """
    Where a gateway is put to be tried: one gateway, at a provider that nobody else uses.

    Attributes:
        plays: What the provider can be told to do by a source, a bench at a time.
        secrets: Two that it could sign notifications with, if it notifies.
    """

    plays: frozenset[str] = BEHAVIOURS
    secrets: tuple[str, str] = ("", "")

    def __init__(self) -> None:
        self.gateway = self.make_gateway()
        self._count = 0

    @abstractmethod
    def make_gateway(self) -> Gateway | AsyncGateway:
        """Return a gateway at a fresh provider."""

    @abstractmethod
    def source(self, **script: str) -> Source | None:
        """Return a source with which calls end as scripted: `complete="decline:expired_card"`."""

    def brought(self, **script: str) -> ClientData | None:
        """Return what a browser brings to a setup session whose calls end as scripted."""
        return None

    @abstractmethod
    def books(self, currency: str) -> Books:
        """Return what has happened to money, whether or not anybody heard of it."""

    @abstractmethod
    def let_pending_succeed(self) -> None:
        """Let the provider approve what is pending."""

    def sent(self) -> tuple[Notification, ...]:
        """Return what the provider has sent since, with the headers that it signs."""
        return ()

    def signed(self, body: bytes, *secrets: str) -> Notification:
        """Return these bytes as the provider sends them now, signed with each of the secrets."""
        raise NotImplementedError

    def know(self, *secrets: str) -> None:
        """Let another gateway take over, which knows these secrets, at the same instant."""
        raise NotImplementedError

    def let_time_pass(self, time: timedelta) -> None:
        """Move the gateway's clock."""
        raise NotImplementedError

    def read(self, notification: Notification) -> tuple[Report, ...]:
        """Read a notification, and let whatever is raised pass."""
        reports = self.gateway.read_notification(notification)
        return asyncio.run(reports) if inspect.iscoroutine(reports) else reports  # type: ignore[return-value]

    def offers(self, *methods: str) -> bool:
        """Tell whether the gateway has all of these operations."""
        return operations_of(self.gateway) >= set(methods)

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
    ) -> ChargeRequest:
        """Return a request to charge a stored source."""
        source = self.source(**script)
        must(source is not None, "the bench has no source to charge")
        return ChargeRequest(
            **self.envelope(),  # type: ignore[arg-type]
            payment_id=self.fresh("py"),
            amount=amount,
            terms=Terms(
                payable_id="or_1", payable_reference="R1", capture=policy, customer_id="cus_1"
            ),
            source=source,  # type: ignore[arg-type]
            use=MandateUse.LATER,
        )

    def sales(self, policy: CapturePolicy) -> Iterator[Request[object]]:
        """Return one request to hold or take a hundred for each way that there is."""
        if self.offers(*SESSIONS):
            yield self.completion(*self.opened(policy=policy))
        if self.offers("charge"):
            yield self.charging(policy=policy)

    def setup(self, **script: str) -> CreateSetupSessionRequest:
        """Return a request to open a session that stores a source."""
        return CreateSetupSessionRequest(
            **self.envelope(),  # type: ignore[arg-type]
            setup_session_id=self.fresh("pss"),
            terms=SetupTerms(),
            external_data=self.brought(**script),
        )

    def storing(
        self, setup: CreateSetupSessionRequest, opened: References
    ) -> CompleteSetupSessionRequest:
        """Return a request to store the source."""
        return CompleteSetupSessionRequest(
            **self.envelope(opened),  # type: ignore[arg-type]
            setup_session_id=setup.setup_session_id,
            terms=setup.terms,
            external_data=None,
        )

    def stored(self, **script: str) -> CompleteSetupSessionRequest:
        """Open a session that stores a source; return the request to store it."""
        setup = self.setup(**script)
        opened = one_of(self.ask(setup), Accepted, ActionRequired).references
        return self.storing(setup, opened)

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
        """Hold or take an amount, in a session if there are any; return the provider's ids."""
        if not self.offers(*SESSIONS):
            answer = self.ask(self.charging(amount, policy=policy, **script))
            return one_of(answer, Authorized, Captured).references
        session, opened = self.opened(amount, policy=policy, **script)
        answer = self.ask(self.completion(session, opened))
        return opened | one_of(answer, Authorized, Captured).references

    def question(self, request: Request[object]) -> LookUpRequest:
        """Return the question what became of an operation."""
        return LookUpRequest(
            key=request.key,
            operation_id=request.operation_id,
            tenant=request.tenant,
            references=request.references,
            about=request.method,
        )

    def reports(self, request: Request[object]) -> tuple[Report, ...]:
        """Look an operation up."""
        answer = self.ask(self.question(request))
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
