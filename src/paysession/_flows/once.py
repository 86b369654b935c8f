"""
Once: a command that a caller gives under an idempotency key takes place once.

The key is claimed in the very commit by which the command takes place, so that there is
neither a command without its claim nor a claim without its command. The claim stands for the
operation that was begun; whoever settles that, be it recovery after a crash, writes into the
claim what came of it. Everybody else who comes with the key is answered out of the claim,
and nothing of their own flow happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar, cast

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.entities import Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.fingerprints import fingerprint_of
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Operation, Origin
from paysession._domain.owners import Owner
from paysession._domain.parked import ParkedReport
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.arguments import typed
from paysession._flows.asks import Ask, Claimed, Commit, Flow, Load, Now, Unit
from paysession._flows.units import Released
from paysession.errors import (
    Conflict,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    NotFound,
    PaySessionError,
    UnsafeInput,
)
from paysession.outcomes import NotAttempted
from paysession.stores.port import KINDS, Claim

Answer: TypeAlias = (
    PaymentSession
    | SetupSession
    | Payment
    | Attempt
    | SetupAttempt
    | Charge
    | Capture
    | Void
    | Refund
    | RefundCancellation
    | ParkedReport
)
R = TypeVar("R")

NAMESPACE: Final = "idempotency"
_OF_CALLERS: Final = (Origin.COMMAND, Origin.PERSON)


def once(
    command: str, key: IdempotencyKey | str, arguments: Mapping[str, object], flow: Flow[R]
) -> Flow[R]:
    """
    Let a command's flow take place once for a caller's key.

    Args:
        command: The command's name; each has keys of its own.
        key: The caller's key.
        arguments: All that the command was given; the same key with anything else is refused.
        flow: The command, not begun.

    Raises:
        IdempotencyKeyReused: The key was used for something else.
        IdempotencyKeyInFlight: What was begun with the key has not come to its end.
        UnsafeInput: The key is not one.
        LimitExceeded: The key is too long.
    """
    try:
        text, fingerprint = _text_of(command, key), fingerprint_of(arguments)
        del key, arguments  # or a traceback with local variables would show them
        use = _Use(command=command, text=text, fingerprint=fingerprint, at=(yield from Now()))
        before = yield from use.newest()
        if before is not None and use.is_held_by(before):
            return cast("R", (yield from use.replayed(before)))
        return (yield from _taking_place(use, before, flow))
    finally:
        flow.close()


@attrs.frozen(kw_only=True)
class _Use:
    """One use of a caller's key: for which command, with what, and when."""

    command: str
    text: str
    fingerprint: str
    at: datetime

    def newest(self) -> Unit[Claim | None]:
        """Return the newest claim of the key, whether or not it is over."""
        return (yield from Claimed(NAMESPACE, self.text))

    def is_held_by(self, claim: Claim) -> bool:
        """Whether a claim still says what the key stands for."""
        return not claim.is_over(self.at)

    def replayed(self, claim: Claim) -> Unit[Entity]:
        """Return what came of the command that has the key."""
        if claim.fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(self.command)
        return (yield from _answer_of(claim))

    def claiming(self, commit: Commit, before: Claim | None) -> Commit:
        """Add the claim to the commit by which the command takes place."""
        changes = commit.changes
        own = next((each for each in changes.entities if _is_begun_by_caller(each)), commit.decided)
        assert own is not None
        bearer = _bearer_of(own, changes.entities)
        marked = self._marked(bearer)
        answer = marked if bearer is own else own
        is_open = isinstance(answer, Operation) and answer.is_unresolved
        claim = Claim(
            namespace=NAMESPACE,
            text=self.text,
            kind=KINDS[type(answer)],
            id=answer.id,
            version=before.version + 1 if before else 1,
            fingerprint=self.fingerprint,
            answer=None if is_open else answer,
            settled_at=None if is_open else self.at,
        )
        entities = tuple(marked if each is bearer else each for each in changes.entities)
        changes = attrs.evolve(changes, entities=entities, claims=(*changes.claims, claim))
        return attrs.evolve(commit, changes=changes)

    def _marked(self, record: Entity) -> Operation | Owner:
        """Let the command's operation say which key it answers, or its record if it has none."""
        if isinstance(record, Operation):
            return attrs.evolve(record, claim=self.text)
        assert isinstance(record, Owner)
        return attrs.evolve(record, claims=(*record.claims, self.text))


def _bearer_of(record: Entity, entities: Iterable[Entity]) -> Entity:
    """
    Return who says that it answers a key: the command's record.

    An operation that answers the key it was begun with leaves that to its session or payment.
    """
    if isinstance(record, Operation) and record.claim is not None:
        return next(each for each in entities if each.id == record.owner_id)
    return record


def _is_begun_by_caller(entity: Entity) -> bool:
    if not isinstance(entity, Operation):
        return False
    return entity.version == 1 and entity.origin in _OF_CALLERS


def _taking_place(use: _Use, before: Claim | None, flow: Flow[R]) -> Flow[R]:
    """
    Run a flow, and claim the key in the commit by which it takes place.

    If the key turns out to be somebody else's, the flow goes no further. Once it is claimed
    the flow is on its own: every ask, answer and error is passed on.
    """
    has_claimed = False
    step: Callable[[], Ask[Any]] = partial(next, flow)
    while True:
        try:
            ask = step()
        except (StopIteration, PaySessionError) as end:
            newest = None if has_claimed else (yield from use.newest())
            if newest is not None and use.is_held_by(newest):
                return cast("R", (yield from use.replayed(newest)))
            if isinstance(end, StopIteration):
                return cast("R", end.value)
            raise
        takes_place = False
        if isinstance(ask, Commit) and ask.decided is not None and not has_claimed:
            ask, takes_place = use.claiming(ask, before), True
        try:
            answer = yield ask
        except Exception as error:  # noqa: BLE001 - the flow decides what it means
            if takes_place and isinstance(error, Conflict):
                before = yield from use.newest()
                if before is not None and use.is_held_by(before):
                    return cast("R", (yield from use.replayed(before)))
            step = partial(flow.throw, error)
        else:
            has_claimed = has_claimed or takes_place
            step = partial(flow.send, answer)


def result_of(key: IdempotencyKey | str, *, command: str, among: Collection[str]) -> Flow[Answer]:
    """Return what came of the command that was given under a key, as it was then."""
    text = _text_of(command, key)
    del key  # or a traceback with local variables would show it
    if typed("command", command, str) not in among:
        raise UnsafeInput("command", "no command of that name takes an idempotency key")
    claim = yield from Claimed(NAMESPACE, text)
    if claim is None or claim.is_over((yield from Now())):
        raise NotFound("result of this idempotency key", command)
    return cast("Answer", (yield from _answer_of(claim)))


def _text_of(command: str, key: IdempotencyKey | str) -> str:
    """Return what is claimed: nobody can read the caller's words in it."""
    named = IdempotencyKey.of(key)
    return fingerprint_of((command, named.scope, named.text))


def _answer_of(claim: Claim) -> Unit[Entity]:
    """Return the answer as it was, but for what the browser had, which ends with its session."""
    answer = claim.answer
    if answer is None:
        raise IdempotencyKeyInFlight(claim.id)
    if not isinstance(answer, PaymentSession | SetupSession) or answer.is_closed:
        return answer
    newest = yield from Load(type(answer), answer.id)
    return attrs.evolve(answer, client_data=None, next_action=None) if newest.is_closed else answer


def answered(written: tuple[object, ...], evidence: Evidence) -> Unit[tuple[Claim | Released, ...]]:
    """
    Say in the claims of callers' keys what came of the operations that end in this commit.

    What may still be happening answers nothing. An operation that carries another one on
    answers its key in its place. A call that certainly did not arrive frees the key, so
    that the caller may try again with it. That a look-up finds nothing is an answer like
    any other: what comes to light after it must not meet a second call under the same key.
    """
    changed = [each for each in written if isinstance(each, Entity) and each.is_changed]
    claims: list[Claim | Released] = []
    for operation in changed:
        if isinstance(operation, Operation) and not operation.is_unresolved:
            claim = yield from _open_claim(operation)
            if claim is not None:
                claims.append(_next_of(claim, operation, changed, evidence))
    return tuple(claims)


def _open_claim(operation: Operation) -> Unit[Claim | None]:
    """Return the claim that waits for an operation to end, if one does."""
    if operation.claim is None:
        return None
    claim = yield from Claimed(NAMESPACE, operation.claim)
    if claim is None or claim.answer is not None or claim.id != operation.id:
        return None
    return claim


def _next_of(
    claim: Claim, operation: Operation, changed: list[Entity], evidence: Evidence
) -> Claim | Released:
    """Return what becomes of an open claim when its operation has come to an end."""
    if never_arrived(operation, evidence):
        return Released(claim)
    heir = _answering(claim.text, changed)
    if heir is not None:
        return attrs.evolve(claim, version=claim.version + 1, kind=KINDS[type(heir)], id=heir.id)
    return attrs.evolve(
        claim,
        version=claim.version + 1,
        answer=_record_of(operation, changed).committed(),
        settled_at=evidence.recorded_at,
    )


def never_arrived(operation: Operation, evidence: Evidence) -> bool:
    """Whether the one call that was made certainly had no effect: the caller may try again."""
    is_first = operation.tries == 1 and evidence.source is EvidenceSource.RESPONSE
    return is_first and isinstance(evidence.fact, NotAttempted)


def _answering(text: str, entities: Iterable[Entity]) -> Operation | None:
    """Return the operation that may still be happening, and answers the key of this claim."""
    operations = (each for each in entities if isinstance(each, Operation))
    return next((each for each in operations if each.claim == text and each.is_unresolved), None)


def _record_of(operation: Operation, changed: list[Entity]) -> Entity:
    """Return what the command returns: a movement itself, else its session or payment."""
    if isinstance(operation, Capture | Void | Refund):
        return operation
    if isinstance(operation, RefundCancellation):
        return next(each for each in changed if each.id == operation.refund_id)
    owners = (each for each in changed if isinstance(each, Owner))
    return next(each for each in owners if each.id == operation.owner_id)
