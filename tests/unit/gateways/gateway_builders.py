"""Requests to gateways, as a flow would make them, and what is said of them."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from paysession._domain.attempts import CloseReason
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, SetupTerms, Terms
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, StoredSource
from paysession._money import Money
from paysession.gateways import (
    BogusGateway,
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
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import NO_REFERENCES, Fact, References, Report

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HUNDRED = Money("100.00", "USD")
HALF = Money("50.00", "USD")
NOTHING = Money.zero("USD")

T = TypeVar("T", bound=Fact)


def the(kind: type[T], answer: object) -> T:
    """The answer, which is of that class."""
    assert isinstance(answer, kind), answer
    return answer


def envelope(key: str, references: References = NO_REFERENCES) -> dict[str, Any]:
    return {"key": key, "operation_id": f"op_{key}", "tenant": "", "references": references}


def source(token: str | None) -> StoredSource:
    return StoredSource(id="src_1", profile_id=token)


def terms(policy: str = "manual", **more: Any) -> Terms:
    return Terms(
        payable_id="or_1",
        payable_reference="R1",
        capture=CapturePolicy(policy),
        expires_at=NOON,
        **more,
    )


def create(
    key: str = "create",
    *,
    amount: Money = HUNDRED,
    policy: str = "manual",
    hosted: bool = False,
    **script: str,
) -> CreateSessionRequest:
    return CreateSessionRequest(
        **envelope(key),
        session_id="ps_1",
        amount=amount,
        terms=terms(policy, hosted=hosted),
        source=source(BogusGateway.token(**script)),
        external_data=None,
    )


def update(opened: References, amount: Money = HALF, key: str = "update") -> UpdateSessionRequest:
    return UpdateSessionRequest(
        **envelope(key, opened), session_id="ps_1", amount=amount, external_data=None
    )


def complete(
    opened: References, key: str = "complete", *, token: str | None = None
) -> CompleteSessionRequest:
    return CompleteSessionRequest(
        **envelope(key, opened),
        session_id="ps_1",
        amount=HUNDRED,
        terms=terms(),
        source=source(token) if token else None,
        external_data=None,
    )


def close(
    opened: References, key: str = "close", reason: CloseReason = CloseReason.CANCELED
) -> CloseSessionRequest:
    return CloseSessionRequest(**envelope(key, opened), session_id="ps_1", reason=reason)


def charge(key: str = "charge", *, policy: str = "manual", **script: str) -> ChargeRequest:
    return ChargeRequest(
        **envelope(key),
        payment_id="py_1",
        amount=HUNDRED,
        terms=terms(policy),
        source=source(BogusGateway.token(**script)),
        use=MandateUse.LATER,
    )


def capture(
    paid: References, amount: Money = HUNDRED, key: str = "capture", *, is_final: bool = False
) -> CaptureRequest:
    return CaptureRequest(
        **envelope(key, paid),
        payment_id="py_1",
        amount=amount,
        is_final=is_final,
        metadata=Metadata(),
    )


def void(paid: References, amount: Money = HUNDRED, key: str = "void") -> VoidRequest:
    return VoidRequest(**envelope(key, paid), payment_id="py_1", amount=amount, metadata=Metadata())


def refund(paid: References, amount: Money = HUNDRED, key: str = "refund") -> RefundRequest:
    return RefundRequest(
        **envelope(key, paid),
        payment_id="py_1",
        amount=amount,
        reason=None,
        metadata=Metadata(),
    )


def cancel_refund(
    refund_id: str, references: References = NO_REFERENCES, key: str = "cancel_refund"
) -> CancelRefundRequest:
    return CancelRefundRequest(**envelope(key, references), payment_id="py_1", refund_id=refund_id)


def create_setup(
    key: str = "create_setup", *, token: str | None = None, **more: Any
) -> CreateSetupSessionRequest:
    return CreateSetupSessionRequest(
        **envelope(key),
        setup_session_id="pss_1",
        terms=SetupTerms(**more),
        external_data=ClientData({"token": token}) if token else None,
    )


def complete_setup(
    opened: References, key: str = "complete_setup", *, brought: str | dict[str, Any] | None = None
) -> CompleteSetupSessionRequest:
    return CompleteSetupSessionRequest(
        **envelope(key, opened),
        setup_session_id="pss_1",
        terms=SetupTerms(),
        external_data=None if brought is None else ClientData(brought),
    )


def fact(gateway: Gateway, request: Request[object]) -> Fact:
    """What a look-up says of an operation."""
    (report,) = reports(gateway, request)
    assert request.operation_id == report.our_reference
    assert report.fact.references == report.references
    return report.fact


def reports(gateway: Gateway, request: Request[object]) -> tuple[Report, ...]:
    return gateway.look_up(
        LookUpRequest(
            key=request.key,
            operation_id=request.operation_id,
            tenant=request.tenant,
            references=NO_REFERENCES,
            about=request.method,
        )
    )
