"""I26 to I31: nothing is believed without evidence, and nothing is left lying."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

from collections.abc import Iterator

from paysession._domain.attempts import Attempt, AttemptKind, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Entity
from paysession._domain.evidence import RANK, Evidence, EvidenceSource, rank_of
from paysession._domain.movements import MovementOperation
from paysession._domain.operations import Operation, Origin
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Approved,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Expired,
    NotAttempted,
    Refunded,
    Rejected,
    Retaken,
    Superseded,
    Voided,
)
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.heard import Heard, heard_in, was_absent
from paysession.testing._invariants.history import History

_ENDED_BADLY = (OperationStatus.FAILED, OperationStatus.CANCELED)
_SUCCESSES = (Captured, Voided, Refunded)
_FAILURES = (Declined, Rejected, Canceled, Expired)
_DECISIVE = (EvidenceSource.LOOK_UP, EvidenceSource.PERSON)
_BY_A_PERSON = frozenset({"mark_paid", "mark_refunded", "mark_bounced", "resolve"})


def operations_in(history: History) -> Iterator[tuple[Operation | None, Operation]]:
    """Yield the operations that the newest moment changed, before and after."""
    for before, after in history.changed:
        if isinstance(after, Operation):
            yield before if isinstance(before, Operation) else None, after


def news_of(before: Operation | None, after: Operation) -> tuple[Evidence, ...]:
    """Return what is known of an operation since this commit."""
    known = before.facts if before else ()
    return tuple(each for each in after.facts if each not in known)


def is_told_of_itself(operation: Operation) -> bool:
    """Whether its facts are about itself, and not those of an attempt that it came with."""
    if isinstance(operation, Attempt | SetupAttempt | Charge):
        return True
    return operation.origin in (Origin.COMMAND, Origin.POLICY)


def _names_of(operation: Operation, history: History) -> tuple[str, ...]:
    """
    Return the ids of ours that a provider may echo when it speaks of an operation.

    What it answers to the cancellation of a refund is about the refund.
    """
    owner = history.get(Payment, operation.owner_id)
    session_id = (owner.session_id if owner is not None else None) or operation.owner_id
    cancellations = (
        each.id
        for each in history.owned[operation.owner_id].values()
        if isinstance(each, RefundCancellation) and each.refund_id == operation.id
    )
    return operation.id, operation.owner_id, session_id, *cancellations


@invariant
def check_I26(history: History) -> Iterator[Finding]:
    """What may have happened is never taken for failed without evidence that it has not."""
    heard = heard_in(history)
    for before, after in operations_in(history):
        was_open = before is not None and before.is_open
        if was_open and after.id in heard.doubtful and after.status in _ENDED_BADLY:
            decisive = [each for each in after.facts if each.fact == after.believed]
            is_proven = any(_proves(each, after, history, heard) for each in decisive)
            yield is_proven, after, decisive


def _proves(evidence: Evidence, operation: Operation, history: History, heard: Heard) -> bool:
    fact, source = evidence.fact, evidence.source
    is_told = heard.is_told(fact, source, about=_names_of(operation, history))
    if source is EvidenceSource.OURSELVES:
        return _is_ended_by_us(operation) or _is_given_up(operation, history)
    if source is EvidenceSource.PERSON:
        return True
    if not isinstance(fact, NotAttempted):
        return is_told
    if source is EvidenceSource.RESPONSE:
        return is_told and len(heard.sent.get(operation.id, ())) <= 1
    return is_told or operation.id in heard.not_found


def _is_given_up(operation: Operation, history: History) -> bool:
    """Whether the provider has told of it and took nothing, or what it was for has ended."""
    if any(rank_of(each.fact) == RANK[Approved] for each in operation.facts):
        return True
    session = history.get(PaymentSession, operation.owner_id)
    setup_session = history.get(SetupSession, operation.owner_id)
    return any(each is not None and each.is_closed for each in (session, setup_session))


@invariant
def check_I27(history: History) -> Iterator[Finding]:
    """That a look-up finds nothing is no evidence before all that may still appear has."""
    heard = heard_in(history)
    for before, after in operations_in(history):
        if after.id in heard.not_found:
            inferred = [each for each in news_of(before, after) if _is_absence(each)]
            about = _names_of(after, history)
            guessed = [each for each in inferred if not _is_said(each, heard, about)]
            yield not guessed or was_absent(after.id, after.gateway, history), after, guessed


def _is_absence(evidence: Evidence) -> bool:
    was_looked_up = evidence.source is EvidenceSource.LOOK_UP
    return was_looked_up and isinstance(evidence.fact, NotAttempted)


def _is_said(evidence: Evidence, heard: Heard, about: tuple[str, ...]) -> bool:
    return heard.is_told(evidence.fact, evidence.source, about=about)


@invariant
def check_I28(history: History) -> Iterator[Finding]:
    """What is open is found again by recovery, or by a person; in the end nothing is open."""
    for _, after in operations_in(history):
        if after.is_unresolved:
            yield after.due_at is not None or after.attention, after
    if history.is_over:
        for operation in history.operations.values():
            yield not operation.is_unresolved or operation.attention, operation
        for session in history.entities(PaymentSession):
            is_closing = session.status is SessionStatus.CLOSING
            yield not is_closing or _waits_for_person(session, history), session


def _waits_for_person(session: Entity, history: History) -> bool:
    return any(each.attention for each in history.owned[session.id].values())


@invariant
def check_I29(history: History) -> Iterator[Finding]:
    """All that is known of an operation was said, by whom the record says, and is dated."""
    heard = heard_in(history)
    instants = history.kept.get("I20", ())
    for before, after in operations_in(history):
        for each in news_of(before, after):
            if is_told_of_itself(after):
                yield _is_from(each, after, history, heard), after, each
            yield each.recorded_at in instants, after, each


def _is_from(evidence: Evidence, operation: Operation, history: History, heard: Heard) -> bool:
    match evidence.source:
        case EvidenceSource.OURSELVES:
            return isinstance(evidence.fact, Superseded) or _is_ended_by_us(operation)
        case EvidenceSource.PERSON:
            return _command_of(history) in _BY_A_PERSON
        case _:
            is_inferred = _is_absence(evidence) and operation.id in heard.not_found
            return is_inferred or _is_said(evidence, heard, _names_of(operation, history))


def _is_ended_by_us(operation: Operation) -> bool:
    """Whether we know ourselves when it is at its end: nothing is left to close or call off."""
    is_closing = isinstance(operation, Attempt) and operation.kind is AttemptKind.CLOSE
    return is_closing or isinstance(operation, RefundCancellation)


def _command_of(history: History) -> str:
    latest = history.latest
    return latest.flow.partition("#")[0] if latest is not None else ""


@invariant
def check_I30(history: History) -> Iterator[Finding]:
    """What a person decides has an actor and a reason, and is told as an event."""
    if _command_of(history) != "resolve":
        return
    for before, after in operations_in(history):
        if any(each.source is EvidenceSource.PERSON for each in news_of(before, after)):
            told = [each.event for each in history.events if _names_somebody(each.event)]
            yield bool(told), after, history.events
    ended = history.ended
    if ended is not None and not (ended.kwargs.get("actor") and ended.kwargs.get("reason")):
        yield ended.crashed or (ended.error is not None and not ended.commits), ended


def _names_somebody(event: object) -> bool:
    return bool(getattr(event, "actor", None)) and bool(getattr(event, "reason", None))


@invariant
def check_I31(history: History) -> Iterator[Finding]:
    """Where a provider says one thing and its opposite, that is told, and the last does not win."""
    for before, after in operations_in(history):
        words = _contrary_words(after)
        if words and after.last_word is None and news_of(before, after):
            is_told = after.is_open and _tells_of(after, history)
            yield is_told or _is_settled(after, words), after, words


def _contrary_words(operation: Operation) -> list[Evidence]:
    """Return a success and a failure that no time and no sequence puts in order, if told."""
    if not isinstance(operation, MovementOperation):
        return []
    told = [each for each in operation.facts if not each.is_a_persons]
    words = [each for each in told if isinstance(each.fact, (*_SUCCESSES, *_FAILURES))]
    sides = {isinstance(each.fact, _SUCCESSES) for each in words}
    is_in_order = any(
        isinstance(each.fact, Bounced | Retaken) or each.fact.occurred_at or each.fact.sequence
        for each in told
    )
    return [] if is_in_order or sides != {True, False} else words


def _is_settled(operation: Operation, words: list[Evidence]) -> bool:
    """Whether a look-up or a person came after all that speaks against it."""
    decisive = [each for each in operation.facts if each.source in _DECISIVE]
    last = max((each.recorded_at for each in decisive), default=None)
    contrary = [
        each.recorded_at
        for each in words
        if isinstance(each.fact, _SUCCESSES) != operation.succeeded
    ]
    return last is not None and all(at <= last for at in contrary)


def _tells_of(operation: Operation, history: History) -> bool:
    payment = history.get(Payment, operation.owner_id)
    known = payment.discrepancies if payment is not None else ()
    kind = DiscrepancyKind.CONTRADICTED
    return any(each.is_open and each.is_about(kind, operation.id) for each in known)
