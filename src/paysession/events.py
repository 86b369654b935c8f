"""
Everything that can have happened, in the past tense.

An event is recorded by the aggregate it happened to and committed with it, in the same
transaction. Amounts are whole, statuses are those after the event, and nothing personal
and no secret is ever in one: failures appear by their code alone.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.balances import Balances
from paysession._money import Money
from paysession.lifecycles import DisputeStatus, PaymentStatus, SessionStatus, SetupSessionStatus

__all__ = [
    "AttemptFailed",
    "AttemptRequested",
    "AttemptSuperseded",
    "CaptureFailed",
    "CapturePending",
    "CaptureRequested",
    "CustomerForgotten",
    "DiscrepancyClosed",
    "DiscrepancyDismissed",
    "DiscrepancyOpened",
    "DisputeMoved",
    "DisputeOpened",
    "Event",
    "FactRecorded",
    "FundsLost",
    "FundsReturned",
    "FundsWithheld",
    "MovementEvent",
    "OperationResolved",
    "OutcomeDoubted",
    "PayableChanged",
    "PayableEvent",
    "PayablePaid",
    "PaymentAbandoned",
    "PaymentActionRequired",
    "PaymentAuthorized",
    "PaymentCaptured",
    "PaymentCreated",
    "PaymentEvent",
    "PaymentFailed",
    "PaymentLapsed",
    "PaymentProcessing",
    "PaymentRefunded",
    "PaymentReversed",
    "PaymentVoided",
    "RecoveryStarted",
    "RefundCanceled",
    "RefundCancellationRequested",
    "RefundFailed",
    "RefundPending",
    "RefundRequested",
    "ReportApplied",
    "ReportDismissed",
    "ReportLeftToPerson",
    "ReportParked",
    "SessionActionRequired",
    "SessionApproved",
    "SessionCanceled",
    "SessionCloseRequested",
    "SessionCompleted",
    "SessionCreated",
    "SessionEvent",
    "SessionExpired",
    "SessionExpiryPostponed",
    "SessionFailed",
    "SessionOpened",
    "SessionProcessing",
    "SessionReopened",
    "SessionUpdated",
    "SetupAttemptFailed",
    "SetupAttemptRequested",
    "SetupAttemptSuperseded",
    "SetupSessionActionRequired",
    "SetupSessionCanceled",
    "SetupSessionCompleted",
    "SetupSessionCreated",
    "SetupSessionEvent",
    "SetupSessionExpired",
    "SetupSessionExpiryPostponed",
    "SetupSessionFailed",
    "SetupSessionOpened",
    "SetupSessionProcessing",
    "VoidFailed",
    "VoidPending",
    "VoidRequested",
]


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened at an instant."""

    at: datetime


@attrs.frozen(kw_only=True)
class OutcomeDoubted(Event):
    """A call ended without an answer: it may have happened. The operation's `doubt` says why."""

    operation_id: str


@attrs.frozen(kw_only=True)
class RecoveryStarted(Event):
    """
    Recovery took an operation up, for the `tries`-th time that it is worked on: it is open, or
    it is looked at again to see whether it still stands.
    """

    operation_id: str
    tries: int


@attrs.frozen(kw_only=True)
class FactRecorded(Event):
    """A fact about an operation is known now, and it changes nothing else."""

    operation_id: str
    fact: str


@attrs.frozen(kw_only=True)
class DiscrepancyOpened(Event):
    """What the provider says contradicts what was expected."""

    kind: str
    operation_id: str
    expected: str
    actual: str


@attrs.frozen(kw_only=True)
class DiscrepancyClosed(Event):
    """A contradiction holds no more."""

    kind: str
    operation_id: str


@attrs.frozen(kw_only=True)
class DiscrepancyDismissed(Event):
    """A person has judged a contradiction, which is closed by that."""

    kind: str
    operation_id: str
    actor: str
    reason: str


@attrs.frozen(kw_only=True)
class OperationResolved(Event):
    """A person decided how an operation ended, which no machine could find out."""

    operation_id: str
    decision: str
    actor: str
    reason: str


@attrs.frozen(kw_only=True)
class CustomerForgotten(Event):
    """What told of the customer is erased from a session or payment, and from its operations."""


@attrs.frozen(kw_only=True)
class ReportParked(Event):
    """A report cannot be applied (yet), because of `reason`; it is kept and tried again."""

    gateway: str
    fact: str
    reason: str


@attrs.frozen(kw_only=True)
class ReportLeftToPerson(Event):
    """No machine can apply a report."""

    why: str


@attrs.frozen(kw_only=True)
class ReportApplied(Event):
    """What a report had waited for has appeared, and the report is applied to it."""

    record_id: str


@attrs.frozen(kw_only=True)
class ReportDismissed(Event):
    """A person says that a report concerns nothing here."""

    actor: str
    reason: str


@attrs.frozen(kw_only=True)
class PayableEvent(Event):
    """Something happened to a payable account."""


@attrs.frozen(kw_only=True)
class PayableChanged(PayableEvent):
    """The totals of a payable are these now."""

    status: str
    total: Money
    authorized: Money
    paid: Money
    in_flight: Money
    refunded: Money
    lost: Money
    due: Money


@attrs.frozen(kw_only=True)
class PayablePaid(PayableEvent):
    """All that was to be paid is captured; recorded once."""

    paid: Money


@attrs.frozen(kw_only=True)
class SessionEvent(Event):
    """Something happened to a session, which stands at `status` since."""

    status: SessionStatus


@attrs.frozen(kw_only=True)
class SessionCreated(SessionEvent):
    """A customer may try to pay `amount`."""

    payable_id: str
    method_id: str
    amount: Money


@attrs.frozen(kw_only=True)
class AttemptRequested(SessionEvent):
    """A call to the provider is about to be made."""

    attempt_id: str
    kind: str
    amount: Money


@attrs.frozen(kw_only=True)
class AttemptFailed(SessionEvent):
    """The provider refused; the session lives on and the customer may try again."""

    attempt_id: str
    failure_code: str


@attrs.frozen(kw_only=True)
class AttemptSuperseded(SessionEvent):
    """The session went on without this attempt, which waited for the customer."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SessionOpened(SessionEvent):
    """The provider has taken note of the session."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SessionUpdated(SessionEvent):
    """The session is about `amount` from now on."""

    amount: Money


@attrs.frozen(kw_only=True)
class SessionActionRequired(SessionEvent):
    """The customer must act before anything can move."""

    attempt_id: str
    action: str


@attrs.frozen(kw_only=True)
class SessionApproved(SessionEvent):
    """The customer approved; our completing call is due."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SessionProcessing(SessionEvent):
    """The provider is working on it."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SessionCloseRequested(SessionEvent):
    """The provider is being asked to close the session, because of `reason`."""

    reason: str


@attrs.frozen(kw_only=True)
class SessionReopened(SessionEvent):
    """The provider would not close the session, so it lives on."""


@attrs.frozen(kw_only=True)
class SessionCompleted(SessionEvent):
    """Money is held or taken, all that was asked."""

    payment_id: str


@attrs.frozen(kw_only=True)
class SessionFailed(SessionEvent):
    """The provider's object is dead; certainly no money moved."""

    failure_code: str


@attrs.frozen(kw_only=True)
class SessionCanceled(SessionEvent):
    """The session was closed before any money moved."""


@attrs.frozen(kw_only=True)
class SessionExpired(SessionEvent):
    """The session's time ran out before any money moved."""


@attrs.frozen(kw_only=True)
class SessionExpiryPostponed(SessionEvent):
    """Its time ran out, and it cannot be closed yet: it is looked at again from `until` on."""

    until: datetime


@attrs.frozen(kw_only=True)
class PaymentEvent(Event):
    """Something happened to a payment, which stands at `status` with `balances` since."""

    status: PaymentStatus
    balances: Balances


@attrs.frozen(kw_only=True)
class PaymentCreated(PaymentEvent):
    """A payment came into being."""

    payable_id: str
    session_id: str | None
    amount: Money


@attrs.frozen(kw_only=True)
class PaymentProcessing(PaymentEvent):
    """Money is being asked for, without a session."""


@attrs.frozen(kw_only=True)
class PaymentActionRequired(PaymentEvent):
    """The customer must come back and act before the charge can go on."""

    attempt_id: str
    action: str


@attrs.frozen(kw_only=True)
class PaymentFailed(PaymentEvent):
    """The provider refused, and certainly no money moved."""

    failure_code: str


@attrs.frozen(kw_only=True)
class PaymentAbandoned(PaymentEvent):
    """Another payment took its place, or what has not come of it was given up."""


@attrs.frozen(kw_only=True)
class MovementEvent(PaymentEvent):
    """Money of a payment moved, was asked to move, or did not."""

    movement_id: str
    amount: Money


@attrs.frozen(kw_only=True)
class PaymentAuthorized(MovementEvent):
    """`amount` is held."""


@attrs.frozen(kw_only=True)
class CaptureRequested(MovementEvent):
    """`amount` is about to be asked for."""


@attrs.frozen(kw_only=True)
class CapturePending(MovementEvent):
    """The provider is working on a capture."""


@attrs.frozen(kw_only=True)
class PaymentCaptured(MovementEvent):
    """`amount` was taken."""


@attrs.frozen(kw_only=True)
class CaptureFailed(MovementEvent):
    """A capture took nothing, or what it took came undone."""


@attrs.frozen(kw_only=True)
class VoidRequested(MovementEvent):
    """`amount` of what is held is about to be released."""


@attrs.frozen(kw_only=True)
class VoidPending(MovementEvent):
    """The provider is working on a void."""


@attrs.frozen(kw_only=True)
class PaymentVoided(MovementEvent):
    """`amount` of what was held is released."""


@attrs.frozen(kw_only=True)
class VoidFailed(MovementEvent):
    """A void released nothing."""


@attrs.frozen(kw_only=True)
class RefundRequested(MovementEvent):
    """`amount` is about to be given back."""


@attrs.frozen(kw_only=True)
class RefundPending(MovementEvent):
    """The provider is working on a refund."""


@attrs.frozen(kw_only=True)
class PaymentRefunded(MovementEvent):
    """`amount` went back to the customer."""


@attrs.frozen(kw_only=True)
class RefundFailed(MovementEvent):
    """A refund gave nothing back, or came back itself."""


@attrs.frozen(kw_only=True)
class RefundCanceled(MovementEvent):
    """A refund was called off before it happened."""


@attrs.frozen(kw_only=True)
class RefundCancellationRequested(Event):
    """The provider is about to be asked to call a refund off."""

    operation_id: str
    refund_id: str


@attrs.frozen(kw_only=True)
class PaymentLapsed(MovementEvent):
    """The provider released `amount` of what it held."""


@attrs.frozen(kw_only=True)
class PaymentReversed(MovementEvent):
    """`amount` was taken back from us."""


@attrs.frozen(kw_only=True)
class FundsWithheld(MovementEvent):
    """`amount`, all of it, is kept from us until a dispute is decided."""


@attrs.frozen(kw_only=True)
class FundsLost(MovementEvent):
    """`amount`, all of it, is lost by a dispute."""


@attrs.frozen(kw_only=True)
class FundsReturned(MovementEvent):
    """`amount` of what was withheld, lost or taken back has come back to us."""


@attrs.frozen(kw_only=True)
class DisputeOpened(PaymentEvent):
    """The payment is disputed; what is known of it follows at once."""

    dispute_id: str
    dispute_status: DisputeStatus
    amount: Money


@attrs.frozen(kw_only=True)
class DisputeMoved(PaymentEvent):
    """
    A dispute stands at `dispute_status` now; evidence may be due until `respond_by`.

    One event is told for each step in the chart. A provider may leave steps out, so act on
    the newest event of a dispute.
    """

    dispute_id: str
    dispute_status: DisputeStatus
    amount: Money
    respond_by: datetime | None


@attrs.frozen(kw_only=True)
class SetupSessionEvent(Event):
    """Something happened to a setup session, which stands at `status` since."""

    status: SetupSessionStatus


@attrs.frozen(kw_only=True)
class SetupSessionCreated(SetupSessionEvent):
    """A customer was asked to store a source."""

    method_id: str


@attrs.frozen(kw_only=True)
class SetupAttemptRequested(SetupSessionEvent):
    """A call for the setup session is about to be made."""

    attempt_id: str
    kind: str


@attrs.frozen(kw_only=True)
class SetupAttemptFailed(SetupSessionEvent):
    """The provider refused, and the customer may try again."""

    attempt_id: str
    failure_code: str


@attrs.frozen(kw_only=True)
class SetupAttemptSuperseded(SetupSessionEvent):
    """The customer went on with another attempt."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SetupSessionOpened(SetupSessionEvent):
    """The provider took note of it."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SetupSessionActionRequired(SetupSessionEvent):
    """The customer must act."""

    attempt_id: str
    action: str


@attrs.frozen(kw_only=True)
class SetupSessionProcessing(SetupSessionEvent):
    """The provider was asked to store the source, or is working on it."""

    attempt_id: str


@attrs.frozen(kw_only=True)
class SetupSessionCompleted(SetupSessionEvent):
    """The source is stored, under this id of ours."""

    source_id: str


@attrs.frozen(kw_only=True)
class SetupSessionFailed(SetupSessionEvent):
    """The provider refused for good."""

    failure_code: str


@attrs.frozen(kw_only=True)
class SetupSessionCanceled(SetupSessionEvent):
    """It was given up before a source was stored."""


@attrs.frozen(kw_only=True)
class SetupSessionExpired(SetupSessionEvent):
    """Its time ran out before a source was stored."""


@attrs.frozen(kw_only=True)
class SetupSessionExpiryPostponed(SetupSessionEvent):
    """Its time is over, but it cannot be closed before `until`."""

    until: datetime
