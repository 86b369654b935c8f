"""Simulated providers and worlds, as far along as a test wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import TypedDict

from paysession import CapturePolicy, Metadata, Money, StoredSource
from paysession._domain.attempts import CloseReason
from paysession._domain.methods import SetupTerms, Terms
from paysession._domain.sources import MandateUse
from paysession.gateways import (
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundRequest,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import NO_REFERENCES, References
from paysession.testing import PROFILES
from paysession.testing._simulation.deals import Deal
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.provider import CALM, SimulatedProvider
from paysession.testing._simulation.shopper import Shopper

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = StoredSource(id="src_1", profile_id="sim_source_1")
_NUMBERS = count(1)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class Named(TypedDict):
    """What every request says."""

    key: str
    operation_id: str
    tenant: str
    references: References


def named(prefix: str = "at", references: References = NO_REFERENCES) -> Named:
    """A request of a new operation, with the provider's ids of what it acts on."""
    own_id = f"{prefix}_{next(_NUMBERS)}"
    return Named(key=own_id, operation_id=own_id, tenant="", references=references)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def terms(*, manual: bool = False, expires_at: datetime | None = None) -> Terms:
    capture = CapturePolicy.MANUAL if manual else CapturePolicy.AUTOMATIC
    return Terms(
        payable_id="or_1", payable_reference="or_1", capture=capture, expires_at=expires_at
    )


def creating(*, source: StoredSource | None = None, manual: bool = False) -> CreateSessionRequest:
    return CreateSessionRequest(
        **named(),
        session_id="ps_1",
        amount=usd("10.00"),
        terms=terms(manual=manual, expires_at=NOON + timedelta(hours=1)),
        source=source,
        external_data=None,
    )


def creating_setup() -> CreateSetupSessionRequest:
    return CreateSetupSessionRequest(
        **named(), setup_session_id="pss_1", terms=SetupTerms(), external_data=None
    )


def updating(deal: Deal, amount: str) -> UpdateSessionRequest:
    return UpdateSessionRequest(
        **named(references=deal.references),
        session_id="ps_1",
        amount=usd(amount),
        external_data=None,
    )


def completing(deal: Deal) -> CompleteSessionRequest:
    return CompleteSessionRequest(
        **named(references=deal.references),
        session_id="ps_1",
        amount=usd("10.00"),
        terms=terms(),
        source=None,
        external_data=None,
    )


def completing_setup(deal: Deal) -> CompleteSetupSessionRequest:
    return CompleteSetupSessionRequest(
        **named(references=deal.references),
        setup_session_id="pss_1",
        terms=SetupTerms(),
        external_data=None,
    )


def closing(deal: Deal, reason: CloseReason = CloseReason.CANCELED) -> CloseSessionRequest:
    return CloseSessionRequest(
        **named(references=deal.references), session_id="ps_1", reason=reason
    )


def charging(*, manual: bool = False, amount: str = "10.00") -> ChargeRequest:
    return ChargeRequest(
        **named(),
        payment_id="py_1",
        amount=usd(amount),
        terms=terms(manual=manual),
        source=SOURCE,
        use=MandateUse.LATER,
    )


def capturing(deal: Deal, amount: str, *, is_final: bool = False) -> CaptureRequest:
    return CaptureRequest(
        **named("ca", deal.references),
        payment_id="py_1",
        amount=usd(amount),
        is_final=is_final,
        metadata=Metadata(),
    )


def voiding(deal: Deal, amount: str) -> VoidRequest:
    return VoidRequest(
        **named("vo", deal.references), payment_id="py_1", amount=usd(amount), metadata=Metadata()
    )


def refunding(deal: Deal, amount: str) -> RefundRequest:
    return RefundRequest(
        **named("re", deal.references),
        payment_id="py_1",
        amount=usd(amount),
        reason=None,
        metadata=Metadata(),
    )


def looking_up(operation_id: str, references: References = NO_REFERENCES) -> LookUpRequest:
    return LookUpRequest(
        key=operation_id,
        operation_id=operation_id,
        tenant="",
        references=references,
        about="capture",
    )


def calm_provider(profile: str = "stripe") -> SimulatedProvider:
    """A provider that does what it is asked, at once; its clock is its books'."""
    provider = SimulatedProvider(PROFILES[profile], Clock())
    provider.mood = CALM
    return provider


def with_held(profile: str = "stripe") -> tuple[SimulatedProvider, Deal]:
    """A provider that holds 10.00."""
    provider = calm_provider(profile)
    provider.answer(charging(manual=True))
    return provider, provider.books.in_order[-1]


def with_taken(profile: str = "stripe") -> tuple[SimulatedProvider, Deal]:
    """A provider that has taken 10.00."""
    provider = calm_provider(profile)
    provider.answer(charging())
    return provider, provider.books.in_order[-1]


def with_session(profile: str = "stripe") -> tuple[SimulatedProvider, Deal]:
    """A provider with an open session about 10.00."""
    provider = calm_provider(profile)
    provider.answer(creating(manual=True))
    return provider, provider.books.in_order[-1]


def calm_shop(profile: str = "stripe") -> Shopper:
    """A world in which nothing has happened, and whose provider is calm."""
    shopper = Shopper(Driver(1, PROFILES[profile]))
    shopper.driver.provider.mood = CALM
    return shopper


def dice(*thrown: float) -> Random:
    """Dice that show these numbers, and then the last of them for ever."""
    return _Loaded(list(thrown))


class _Loaded(Random):
    def __init__(self, thrown: list[float]) -> None:
        super().__init__(0)
        self._thrown = thrown

    def random(self) -> float:
        return self._thrown.pop(0) if len(self._thrown) > 1 else self._thrown[0]
