"""
What a person decides where no machine can find out, and why.

A person's word is evidence like any other, and ranks below the provider's: whatever that says
afterwards counts, and the contradiction is named.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeVar, assert_never

import attrs

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.methods import CapturePolicy, Terms
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._money import Money
from paysession.events import DiscrepancyDismissed, OperationResolved
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Expired,
    Fact,
    NotAttempted,
    Refunded,
    Voided,
)

W = TypeVar("W", bound=Owner)  # W for whoever tells of it
O = TypeVar("O", bound=Operation)  # noqa: E741 - O for operation


class Decision(StrEnum):
    """
    What a person says of what was left to them.

    An operation succeeded, or it failed; what concerns nothing here, or was dealt with outside,
    is dismissed.
    """

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DISMISSED = "dismissed"


@attrs.frozen(kw_only=True)
class Verdict:
    """
    One decision of a person.

    Attributes:
        decision: What it is.
        actor: Who decided: what the backend calls them.
        reason: Why, for those who read it later.
        at: When.
    """

    decision: Decision
    actor: str
    reason: str
    at: datetime

    def evidence_of(self, operation: Operation) -> Evidence | None:
        """Return what the decision means for an open operation; None if it can mean nothing."""
        match self.decision:
            case Decision.SUCCEEDED:
                fact = _success_of(operation)
            case Decision.FAILED:
                fact = NotAttempted("a person says that it did not happen")
            case Decision.DISMISSED:
                fact = None
            case _:
                assert_never(self.decision)
        if fact is None:
            return None
        return Evidence(fact=fact, source=EvidenceSource.PERSON, recorded_at=self.at)

    def agrees_with(self, operation: Operation) -> bool:
        """Whether an operation that has ended did so as the person says."""
        match self.decision:
            case Decision.SUCCEEDED:
                return operation.succeeded
            case Decision.FAILED:
                return not operation.succeeded
            case Decision.DISMISSED:
                return True
            case _:
                assert_never(self.decision)

    def on(self, owner: W, record: Entity) -> W:
        """Let a session or payment tell of it; what the decision judges is closed by that."""
        told = owner.telling(
            OperationResolved(
                at=self.at,
                operation_id=record.id,
                decision=self.decision,
                actor=self.actor,
                reason=self.reason,
            )
        )
        return self._judging(told, about=record.id)

    def acknowledging(self, owner: W, operation: O) -> tuple[W, O]:
        """A person has seen how an operation ended: nobody has to look at it any more."""
        seen = attrs.evolve(
            operation,
            waits_for_person=None,
            updated_at=max(operation.updated_at, self.at),
            changed=True,
        )
        return self.on(owner, operation), seen

    def dismissing(self, owner: W) -> W:
        """Close every contradiction of a session or payment that waits for a person."""
        return self._judging(owner, about=None)

    def _judging(self, owner: W, *, about: str | None) -> W:
        for each in owner.discrepancies:
            if each.needs_person if about is None else each.is_judged_with(about):
                dismissed = DiscrepancyDismissed(
                    at=self.at,
                    kind=each.kind,
                    operation_id=each.operation_id,
                    actor=self.actor,
                    reason=self.reason,
                )
                closed = owner.agreed(each.kind, each.operation_id, at=self.at)
                owner = closed.telling(dismissed)
        return owner


def _success_of(operation: Operation) -> Fact | None:
    """Return what an operation did if it succeeded; None where only its provider can say what."""
    match operation:
        case Attempt():
            return _success_of_attempt(operation)
        case SetupAttempt():
            return Accepted() if operation.kind is AttemptKind.CREATE else None
        case Charge():
            return _money_of(operation.terms, operation.amount)
        case Capture():
            return Captured(operation.amount)
        case Void():
            return Voided(operation.amount)
        case Refund():
            return Refunded(operation.amount)
        case RefundCancellation():
            return Canceled()
        case _:
            raise TypeError(f"nobody can decide on {type(operation).__name__}")


def _success_of_attempt(attempt: Attempt) -> Fact:
    match attempt.kind:
        case AttemptKind.CREATE | AttemptKind.UPDATE:
            return Accepted()
        case AttemptKind.COMPLETE:
            return _money_of(attempt.terms, attempt.amount)
        case AttemptKind.CLOSE:
            is_expired = attempt.close_reason is CloseReason.EXPIRED
            return Expired() if is_expired else Canceled()
        case _:
            assert_never(attempt.kind)


def _money_of(terms: Terms, amount: Money) -> Fact:
    """The money is taken at once or held, as the provider was asked to."""
    is_taken = terms.for_provider.capture is CapturePolicy.AUTOMATIC
    return Captured(amount) if is_taken else Authorized(amount)
