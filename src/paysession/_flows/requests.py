"""The one request of each operation: a pure function of what was committed."""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict, assert_never

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation
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
    Method,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import References

AnyOperation: TypeAlias = (
    Attempt | SetupAttempt | Charge | Capture | Void | Refund | RefundCancellation
)


class _Common(TypedDict):
    key: str
    operation_id: str
    tenant: str
    references: References


def _common(operation: Operation) -> _Common:
    """The key is the operation's id: the same in every process, try and version."""
    return _Common(
        key=operation.id,
        operation_id=operation.id,
        tenant=operation.tenant,
        references=operation.acts_on,
    )


def request_for(operation: AnyOperation) -> Request[Any]:
    """Return what the gateway is asked on behalf of an operation; a repeat is identical."""
    match operation:
        case Attempt():
            return _request_for_attempt(operation)
        case SetupAttempt():
            return _request_for_setup(operation)
        case Charge():
            return ChargeRequest(
                **_common(operation),
                payment_id=operation.payment_id,
                amount=operation.amount,
                terms=operation.terms.for_provider,
                source=operation.source,
                use=operation.use,
            )
        case Capture():
            return CaptureRequest(
                **_common(operation),
                payment_id=operation.payment_id,
                amount=operation.amount,
                is_final=operation.is_final,
                metadata=operation.metadata,
            )
        case Void():
            return VoidRequest(
                **_common(operation),
                payment_id=operation.payment_id,
                amount=operation.amount,
                metadata=operation.metadata,
            )
        case Refund():
            return RefundRequest(
                **_common(operation),
                payment_id=operation.payment_id,
                amount=operation.amount,
                reason=operation.reason,
                metadata=operation.metadata,
            )
        case RefundCancellation():
            return CancelRefundRequest(
                **_common(operation),
                payment_id=operation.payment_id,
                refund_id=operation.refund_id,
            )
        case _:
            assert_never(operation)


def _request_for_attempt(attempt: Attempt) -> Request[Any]:
    match attempt.kind:
        case AttemptKind.CREATE:
            return CreateSessionRequest(
                **_common(attempt),
                session_id=attempt.session_id,
                amount=attempt.amount,
                terms=attempt.terms.for_provider,
                source=attempt.source,
                external_data=attempt.external_data,
            )
        case AttemptKind.UPDATE:
            return UpdateSessionRequest(
                **_common(attempt),
                session_id=attempt.session_id,
                amount=attempt.amount,
                external_data=attempt.external_data,
            )
        case AttemptKind.COMPLETE:
            return CompleteSessionRequest(
                **_common(attempt),
                session_id=attempt.session_id,
                amount=attempt.amount,
                terms=attempt.terms.for_provider,
                source=attempt.source,
                external_data=attempt.external_data,
            )
        case AttemptKind.CLOSE:
            return CloseSessionRequest(
                **_common(attempt),
                session_id=attempt.session_id,
                reason=attempt.close_reason or CloseReason.CANCELED,
            )
        case _:
            assert_never(attempt.kind)


def _request_for_setup(attempt: SetupAttempt) -> Request[Any]:
    is_new = attempt.kind is AttemptKind.CREATE
    request = CreateSetupSessionRequest if is_new else CompleteSetupSessionRequest
    return request(
        **_common(attempt),
        setup_session_id=attempt.setup_session_id,
        terms=attempt.terms,
        external_data=attempt.external_data,
    )


def look_up_for(operation: AnyOperation, method: Method) -> LookUpRequest:
    """Return the question what became of an operation."""
    common = _common(operation)
    common["references"] = operation.acts_on | operation.references
    return LookUpRequest(**common, about=method)
