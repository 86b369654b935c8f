"""
What a gateway is asked: frozen values, each a pure function of one committed operation.

A request names the port's method that serves it and carries the type of its answer. A
repeat of an operation's request is identical to the first by construction, its key
included. `operation_id` and `session_id` or `payment_id` are ours: adapters send them along
as the provider's merchant reference or metadata, so that reports can be matched.
"""

from __future__ import annotations

from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar, get_args

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.limits import Metadata
from paysession._domain.methods import SetupTerms, Terms
from paysession._domain.movements import RefundReason
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    NotAttempted,
    Pending,
    References,
    Refunded,
    Rejected,
    Report,
    Stored,
    Unknown,
    Voided,
)

Method: TypeAlias = Literal[
    "create_session",
    "update_session",
    "complete_session",
    "close_session",
    "charge",
    "capture",
    "void",
    "refund",
    "cancel_refund",
    "create_setup_session",
    "complete_setup_session",
    "look_up",
    "read_notification",
]

NoAnswer: TypeAlias = Rejected | NotAttempted | Unknown
CreateSessionAnswer: TypeAlias = (
    Accepted | ActionRequired | Pending | Authorized | Captured | Declined | NoAnswer
)
UpdateSessionAnswer: TypeAlias = Accepted | ActionRequired | Declined | NoAnswer
CompleteSessionAnswer: TypeAlias = (
    ActionRequired | Pending | Authorized | Captured | Declined | Canceled | Expired | NoAnswer
)
CloseSessionAnswer: TypeAlias = (
    Canceled | Expired | Authorized | Captured | Pending | Declined | NoAnswer
)
ChargeAnswer: TypeAlias = ActionRequired | Pending | Authorized | Captured | Declined | NoAnswer
CaptureAnswer: TypeAlias = Captured | Pending | Declined | NoAnswer
VoidAnswer: TypeAlias = Voided | Pending | Declined | NoAnswer
RefundAnswer: TypeAlias = Refunded | Pending | Declined | NoAnswer
CancelRefundAnswer: TypeAlias = Canceled | Pending | Declined | NoAnswer
CreateSetupSessionAnswer: TypeAlias = (
    Accepted | ActionRequired | Pending | Stored | Declined | NoAnswer
)
CompleteSetupSessionAnswer: TypeAlias = (
    ActionRequired | Pending | Stored | Declined | Canceled | Expired | NoAnswer
)
LookUpAnswer: TypeAlias = tuple[Report, ...] | NotAttempted | Unknown

A_co = TypeVar("A_co", covariant=True)


@attrs.frozen(kw_only=True)
class Request(Generic[A_co]):
    """
    One call to a gateway.

    Attributes:
        key: Send it as the provider's idempotency key: a function of the operation's id.
            Two keys differ if one character does, or only its case.
        operation_id: Ours; send it along, and echo it in reports about this operation.
        tenant: Whose call it is.
        references: The provider's ids of what the call acts on, by role, as your answers and
            reports named them: of a session; of a payment, those of its session and of what is
            held; of a refund to be called off, its own as well. `get` answers the newest.
    """

    method: ClassVar[Method]
    answers: ClassVar[tuple[type, ...]]

    key: str
    operation_id: str
    tenant: str
    references: References


@attrs.frozen(kw_only=True)
class CreateSessionRequest(Request[CreateSessionAnswer]):
    """Open a session of `amount` for a customer to pay in."""

    method: ClassVar[Method] = "create_session"
    answers: ClassVar[tuple[type, ...]] = get_args(CreateSessionAnswer)

    session_id: str
    amount: Money
    terms: Terms
    source: Source | None
    external_data: ClientData | None


@attrs.frozen(kw_only=True)
class UpdateSessionRequest(Request[UpdateSessionAnswer]):
    """Let the session be about `amount` from now on."""

    method: ClassVar[Method] = "update_session"
    answers: ClassVar[tuple[type, ...]] = get_args(UpdateSessionAnswer)

    session_id: str
    amount: Money
    external_data: ClientData | None


@attrs.frozen(kw_only=True)
class CompleteSessionRequest(Request[CompleteSessionAnswer]):
    """
    Hold or take the session's money, as its terms say, or say how far it is.

    `external_data` is what the browser brought back: a hint, never a proof.
    """

    method: ClassVar[Method] = "complete_session"
    answers: ClassVar[tuple[type, ...]] = get_args(CompleteSessionAnswer)

    session_id: str
    amount: Money
    terms: Terms
    source: Source | None
    external_data: ClientData | None


@attrs.frozen(kw_only=True)
class CloseSessionRequest(Request[CloseSessionAnswer]):
    """Let no money move in this session any more, or say that it has."""

    method: ClassVar[Method] = "close_session"
    answers: ClassVar[tuple[type, ...]] = get_args(CloseSessionAnswer)

    session_id: str
    reason: CloseReason


@attrs.frozen(kw_only=True)
class ChargeRequest(Request[ChargeAnswer]):
    """
    Hold or take `amount` from a stored source, with the customer absent.

    With `terms.capture` automatic it is taken at once; else it is held.
    """

    method: ClassVar[Method] = "charge"
    answers: ClassVar[tuple[type, ...]] = get_args(ChargeAnswer)

    payment_id: str
    amount: Money
    terms: Terms
    source: Source
    use: MandateUse


@attrs.frozen(kw_only=True)
class CaptureRequest(Request[CaptureAnswer]):
    """Take `amount` of what is held; with `is_final`, release the rest."""

    method: ClassVar[Method] = "capture"
    answers: ClassVar[tuple[type, ...]] = get_args(CaptureAnswer)

    payment_id: str
    amount: Money
    is_final: bool
    metadata: Metadata


@attrs.frozen(kw_only=True)
class VoidRequest(Request[VoidAnswer]):
    """Release `amount` of what is held."""

    method: ClassVar[Method] = "void"
    answers: ClassVar[tuple[type, ...]] = get_args(VoidAnswer)

    payment_id: str
    amount: Money
    metadata: Metadata


@attrs.frozen(kw_only=True)
class RefundRequest(Request[RefundAnswer]):
    """
    Give `amount` of what was taken back.

    Where that is one capture's, because your gateway refunds per capture or the caller named
    one, `references` name the capture.
    """

    method: ClassVar[Method] = "refund"
    answers: ClassVar[tuple[type, ...]] = get_args(RefundAnswer)

    payment_id: str
    amount: Money
    reason: RefundReason | None
    metadata: Metadata


@attrs.frozen(kw_only=True)
class CancelRefundRequest(Request[CancelRefundAnswer]):
    """Call a refund off that is still pending."""

    method: ClassVar[Method] = "cancel_refund"
    answers: ClassVar[tuple[type, ...]] = get_args(CancelRefundAnswer)

    payment_id: str
    refund_id: str


@attrs.frozen(kw_only=True)
class CreateSetupSessionRequest(Request[CreateSetupSessionAnswer]):
    """Open a session that stores a source and takes no money."""

    method: ClassVar[Method] = "create_setup_session"
    answers: ClassVar[tuple[type, ...]] = get_args(CreateSetupSessionAnswer)

    setup_session_id: str
    terms: SetupTerms
    external_data: ClientData | None


@attrs.frozen(kw_only=True)
class CompleteSetupSessionRequest(Request[CompleteSetupSessionAnswer]):
    """Store the source, or say how far it is."""

    method: ClassVar[Method] = "complete_setup_session"
    answers: ClassVar[tuple[type, ...]] = get_args(CompleteSetupSessionAnswer)

    setup_session_id: str
    terms: SetupTerms
    external_data: ClientData | None


@attrs.frozen(kw_only=True)
class LookUpRequest(Request[LookUpAnswer]):
    """
    Say all that is known of one operation of ours and of the movements it made.

    `key` and `operation_id` are those of the operation itself; `about` names the method
    it was sent by. Nothing known is an empty tuple.
    """

    method: ClassVar[Method] = "look_up"
    answers: ClassVar[tuple[type, ...]] = (tuple, NotAttempted, Unknown)

    about: Method
