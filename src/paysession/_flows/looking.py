"""
Look-ups, and what they prove.

All that a look-up tells is settled, of whatever it tells. That it tells nothing of an operation
is evidence only where the provider's word on that counts, and only when the call can no longer
be on its way.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.charges import Charge
from paysession._domain.evidence import EvidenceSource, rank_of
from paysession._flows.asks import Call, Description, Flow, Now
from paysession._flows.placing import brought_by
from paysession._flows.reports import Applied, applied
from paysession._flows.requests import AnyOperation, look_up_for, request_for
from paysession._flows.settling import settle
from paysession.gateways.capabilities import Capabilities
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    Refunded,
    Report,
    Totals,
    Unknown,
    Voided,
)

_OF_WHOLE_PAYMENTS = (
    AuthorizationChanged,
    AuthorizationLapsed,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    Totals,
)
_TRIES_WITHOUT_REPEAT = 2
"""The first call, and the first look-up after it."""


class Sighting(StrEnum):
    """What a look-up came to."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    DID_NOT_ANSWER = "did_not_answer"
    CANNOT_LOOK = "cannot_look"


def look_at(operation: AnyOperation, description: Description) -> Flow[Sighting]:
    """Settle what the provider knows of an operation and of its money, if it can be asked."""
    if "look_up" not in description.operations:
        return Sighting.CANNOT_LOOK
    asked = yield from brought_by(operation)
    request = look_up_for(asked, request_for(asked).method)
    answer = yield from Call(operation.gateway, request, operation.tries)
    at = yield from Now()
    if not isinstance(answer, tuple):
        deaf = Unknown(f"look-up: {answer.reason}")
        yield from settle(operation, deaf, source=EvidenceSource.LOOK_UP, at=at)
        return Sighting.DID_NOT_ANSWER
    is_seen = names_nobody = False
    for report in sorted(answer, key=lambda each: _place_of(asked, each)):
        if _is_about(asked, report):
            yield from settle(asked, report.told, source=EvidenceSource.LOOK_UP, at=at)
            is_seen = True
            continue
        placement = yield from applied(
            operation.gateway, report, source=EvidenceSource.LOOK_UP, at=at
        )
        record_id = placement.record_id if isinstance(placement, Applied) else None
        is_seen = is_seen or record_id in (operation.id, asked.id)
        names_nobody = names_nobody or (record_id is None and report.our_reference is None)
    if is_seen:
        return Sighting.SEEN
    return Sighting.DID_NOT_ANSWER if names_nobody else Sighting.NOT_SEEN


def _place_of(operation: AnyOperation, report: Report) -> tuple[bool, bool, int]:
    """
    Held comes before taken, and both before the end: so the provider's list has no order.

    What else happened to the money comes last, when it is known here.
    """
    rank = rank_of(report.fact)
    return not _is_about(operation, report), not rank, rank


def _is_about(operation: AnyOperation, report: Report) -> bool:
    """
    Whether a report is about the very operation that was looked up.

    The provider may echo an attempt's id in all that became of its money, such as a refund
    that somebody made at its dashboard.
    """
    if report.our_reference != operation.id:
        return False
    brought_money = isinstance(operation, Attempt | SetupAttempt | Charge)
    is_later = brought_money and isinstance(report.fact, Voided | Refunded)
    return not is_later and not isinstance(report.fact, _OF_WHOLE_PAYMENTS)


def holds_secret(operation: AnyOperation) -> bool:
    """Whether its call carries what the browser brought, which is never sent twice."""
    return isinstance(operation, Attempt | SetupAttempt) and operation.external_data is not None


def may_be_repeated(operation: AnyOperation, description: Description, now: datetime) -> bool:
    """Whether its call may be made once more with the same key: the provider knows that still."""
    return (
        description.capabilities.honours_keys
        and not operation.is_contradicted
        and now < operation.deadline
        and not holds_secret(operation)
        and request_for(operation).method in description.operations
    )


def proves_absence(operation: AnyOperation, capabilities: Capabilities, now: datetime) -> bool:
    """Not to be found is evidence only after the call has ended and the grace has passed."""
    sent_at = _last_sent_at(operation, capabilities)
    is_evidence = capabilities.look_up_is_authoritative and not operation.is_contradicted
    if not is_evidence or sent_at is None:
        return False
    return now >= sent_at + capabilities.longest_call + capabilities.look_up_grace


def _last_sent_at(operation: AnyOperation, capabilities: Capabilities) -> datetime | None:
    """Tell when the call can have been made for the last time, if it was made at all."""
    is_repeatable = capabilities.honours_keys and not holds_secret(operation)
    if is_repeatable and operation.tries > _TRIES_WITHOUT_REPEAT:
        return operation.deadline
    return operation.sent_at
