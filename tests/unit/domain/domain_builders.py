"""Small domain objects for tests, each with the least that must be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from paysession._domain.attempts import Attempt
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms, UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._money import Money
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    Accepted,
    AuthorizationLapsed,
    Fact,
    Failure,
    FailureCode,
    References,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Money.zero("EUR")
FAILURE = Failure(FailureCode.DO_NOT_HONOR)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def lease(minutes: int = 0) -> Lease:
    return Lease(at=at(minutes), until=at(minutes + 5), deadline=at(minutes + 60))


def heard(
    fact: Fact, minutes: int = 1, source: EvidenceSource = EvidenceSource.RESPONSE
) -> Evidence:
    return Evidence(fact=fact, source=source, recorded_at=at(minutes))


def method(on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE) -> PaymentMethod:
    return PaymentMethod(id="pm_1", name="Card", gateway="bogus", on_underpaid=on_underpaid)


def account(total: int = 100) -> PayableAccount:
    return PayableAccount.opened(Payable("order", total=eur(total)), tenant="", at=NOW)


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
        attempt_id="at_create",
        external_data=None,
        lease=lease(),
    )


def creation(on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE) -> Settlement:
    """A session whose creation has been asked for, and nothing is known yet."""
    session, attempt = new_session(on_underpaid)
    return Settlement(account=account(), session=session, attempt=attempt)


def opened_at_provider(on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE) -> Settlement:
    """A session that the provider has taken note of, as `cs_1`."""
    return creation(on_underpaid).settled(heard(Accepted(references=References.of(session="cs_1"))))


def completing(on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE) -> Settlement:
    """An open session whose completion has been asked for."""
    known = opened_at_provider(on_underpaid)
    session, attempt = known.session.request_completion(
        "at_complete", source=None, external_data=None, lease=lease(2)
    )
    moved = known.account.moved(known.session.share, session.share, at=at(2))
    return Settlement(account=moved, session=session, attempt=attempt)


def new_payment(
    amount: int = 100,
    *,
    phase: PaymentStatus = PaymentStatus.PROCESSING,
    payment_id: str = "py_1",
    number: str | None = None,
) -> Payment:
    return Payment.begun(
        payment_id,
        tenant="",
        gateway="bogus",
        payable_id="order",
        payable_reference="R1",
        method=method(),
        source=None,
        session_id="ps_1",
        attempt_id="at_1",
        amount=eur(amount),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
        phase=phase,
        number=number,
    )


def held(amount: int = 100) -> tuple[Payment, Authorization]:
    return new_payment(amount).authorize(
        "au_1",
        amount=eur(amount),
        references=References.of(authorization="pi_1"),
        expires_at=None,
        at=NOW,
    )


def authorized(amount: int = 100) -> Payment:
    return held(amount)[0]


def let_go(amount: int = 100) -> Payment:
    """A payment of 100, of which the provider let some go."""
    payment, authorization = held()
    return payment.told_of_authorization(authorization, heard(AuthorizationLapsed(eur(amount))))[0]


def asked_capture(
    payment: Payment, amount: int | None = None, *, over: int = 0, is_final: bool = False
) -> tuple[Payment, Capture]:
    return payment.request_capture(
        f"ca_{payment.movements}",
        amount=None if amount is None else eur(amount),
        over=eur(over),
        is_final=is_final,
        lease=lease(1),
        metadata=Metadata(),
    )


def asked_void(payment: Payment, amount: int | None = None) -> tuple[Payment, Void]:
    return payment.request_void(
        f"vo_{payment.movements}",
        amount=None if amount is None else eur(amount),
        lease=lease(1),
        metadata=Metadata(),
    )


def asked_refund(
    payment: Payment, amount: int | None = None, *, capture: Capture | None = None
) -> tuple[Payment, Refund]:
    return payment.request_refund(
        f"re_{payment.movements}",
        amount=None if amount is None else eur(amount),
        reason=None,
        capture=capture,
        lease=lease(1),
        metadata=Metadata(),
    )
