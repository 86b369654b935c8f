"""
The books of one payment, made up anew from its records in plain integers.

Nothing here asks the library what it has computed of them: a success is worth what the
provider told of it, and what may still happen is worth what was asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import attrs

from paysession._domain.balances import Column, Effect
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Record
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.movements import Capture, MovementOperation, Refund, Reversal, Void
from paysession._domain.operations import Origin
from paysession._domain.payment import Payment
from paysession._domain.recorded import Recorded
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Captured, FundsReinstated, FundsWithdrawn, Refunded, Retaken, Voided
from paysession.testing._invariants.history import History

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_DECIDED_BY_US = (Origin.COMMAND, Origin.POLICY)
_IN_ONE_STEP = (Origin.ATTEMPT, Origin.PERSON)
_ENDED_BADLY = (OperationStatus.FAILED, OperationStatus.CANCELED)
_OPEN = (OperationStatus.REQUESTED, OperationStatus.PENDING)
_OF_FUNDS = (FundsWithdrawn, FundsReinstated)
M = TypeVar("M", bound=MovementOperation)
_SUCCESSES = (Captured, Voided, Refunded, Retaken)


def told_minor(operation: MovementOperation) -> int:
    """Return what it moved: the provider's newest word, else a person's, else what was asked."""
    told = _told_of(operation)
    return _amount_of(max(told, key=_weight)) if told else operation.amount.minor


def most_minor(operation: MovementOperation) -> int:
    """Return the most that it was ever said to have moved."""
    return max((operation.amount.minor, *map(_amount_of, _told_of(operation))))


def asked_minor(operation: MovementOperation) -> int:
    """Return what it may still move: what we asked for, or else the most that was told."""
    is_ours = operation.origin in _DECIDED_BY_US
    return operation.amount.minor if is_ours else most_minor(operation)


def _told_of(operation: MovementOperation) -> list[Evidence]:
    """Return what says how much it moved, in its own currency."""
    currency = operation.amount.currency
    return [
        each
        for each in operation.facts
        if isinstance(each.fact, _SUCCESSES) and each.fact.amount.currency == currency
    ]


def _amount_of(evidence: Evidence) -> int:
    assert isinstance(evidence.fact, _SUCCESSES)
    return evidence.fact.amount.minor


def _weight(evidence: Evidence) -> tuple[bool, datetime, int, bool, int]:
    fact = evidence.fact
    return (
        evidence.source is not EvidenceSource.PERSON,
        fact.occurred_at or _BEGINNING,
        fact.sequence or 0,
        isinstance(fact, Retaken),
        _amount_of(evidence),
    )


@attrs.frozen(kw_only=True)
class Books:
    """
    What the records of one payment add up to, in minor units.

    Attributes:
        payment: As it was committed.
        records: All its movements and disputes, and its charges.
        new: Captures, voids and refunds that we have decided on in this commit.
        done: Captures, voids and refunds that have happened.
        authorized: All that was ever held.
        captured: Taken.
        capture_in_flight: Asked to be taken.
        voided: Released by us: by a void, or by a final capture, which leaves nothing.
        void_in_flight: Asked to be released, by a void or by a final capture.
        lapsed: Released by the provider, or taken in one step and come undone, as far as that
            is not told of otherwise.
        refunded: Given back.
        refund_in_flight: Asked to be given back.
        taken_back: Withdrawn by disputes and banks, and not given back.
    """

    payment: Payment
    records: tuple[Record, ...]
    new: tuple[MovementOperation, ...]
    done: tuple[MovementOperation, ...]
    authorized: int
    captured: int
    capture_in_flight: int
    voided: int
    void_in_flight: int
    lapsed: int
    refunded: int
    refund_in_flight: int
    taken_back: int

    def has(self, *kinds: type[Record]) -> bool:
        """Whether there is a record of one of these kinds."""
        return any(isinstance(each, kinds) for each in self.records)


def books_of(history: History) -> tuple[Books, ...]:
    """Return the books of every payment that the newest moment changed, made up once."""
    number = len(history.moments)
    known = history.kept.get("books")
    if known is None or known[0] != number:
        known = history.kept["books"] = (number, tuple(_all_made_up(history)))
    books: tuple[Books, ...] = known[1]
    return books


def _all_made_up(history: History) -> Iterator[Books]:
    fresh = {
        after.id
        for before, after in history.changed
        if before is None
        and isinstance(after, MovementOperation)
        and after.origin in _DECIDED_BY_US
    }
    for _, after in history.changed:
        if isinstance(after, Payment):
            yield _made_up(after, tuple(history.owned[after.id].values()), fresh)


def _made_up(payment: Payment, records: tuple[Record, ...], fresh: set[str]) -> Books:
    effects = [each.effect for each in records if isinstance(each, Recorded)]
    moves = [each for each in records if isinstance(each, MovementOperation)]
    by_status: dict[OperationStatus, list[MovementOperation]] = defaultdict(list)
    for each in moves:
        by_status[each.status].append(each)
    done = by_status[OperationStatus.SUCCEEDED]
    asked = [each for status in _OPEN for each in by_status[status]]
    ended = [each for status in _ENDED_BADLY for each in by_status[status]]
    authorized, lapses = _recorded(effects, "authorized"), _recorded(effects, "lapses")
    captured, voided = _sum(told_minor, done, Capture), _sum(told_minor, done, Void)
    capture_in_flight = _sum(asked_minor, asked, Capture)
    void_in_flight = _sum(asked_minor, asked, Void)
    undone = _sum(_lost_by, ended, Capture) + _sum(_not_taken_by, done, Capture)
    told = captured + capture_in_flight + voided + void_in_flight + lapses
    fallen = min(undone, max(0, authorized - told))
    rest = max(0, authorized - told - fallen)
    is_closed, is_closing = any(map(_closes, done)), any(map(_closes, asked))
    return Books(
        payment=payment,
        records=records,
        new=tuple(each for each in moves if each.id in fresh),
        done=tuple(done),
        authorized=authorized,
        captured=captured,
        capture_in_flight=capture_in_flight,
        voided=voided + rest if is_closed else voided,
        void_in_flight=void_in_flight + rest if is_closing and not is_closed else void_in_flight,
        lapsed=lapses + fallen,
        refunded=_sum(told_minor, done, Refund),
        refund_in_flight=_sum(asked_minor, asked, Refund),
        taken_back=sum(_gone_by(each) for each in records if isinstance(each, Reversal | Dispute)),
    )


def _recorded(effects: Iterable[Effect], column: Column) -> int:
    amounts = (effect.get(column) for effect in effects)
    return sum(amount.minor for amount in amounts if amount is not None)


def _sum(minor: Callable[[M], int], operations: Iterable[MovementOperation], kind: type[M]) -> int:
    return sum(minor(each) for each in operations if isinstance(each, kind))


def _closes(operation: MovementOperation) -> bool:
    """Whether nothing that was held is left with it."""
    is_asked = operation.origin not in _IN_ONE_STEP
    return isinstance(operation, Capture) and operation.is_final and is_asked


def _lost_by(capture: Capture) -> int:
    """What was taken in one step and came undone is not held again."""
    return most_minor(capture) if capture.origin in _IN_ONE_STEP else 0


def _not_taken_by(capture: Capture) -> int:
    """What was taken in one step, and not all of it in the end."""
    return _lost_by(capture) and most_minor(capture) - told_minor(capture)


def _gone_by(record: Recorded) -> int:
    """What was withdrawn last, less what came back after it."""
    told = [each for each in record.facts if isinstance(each.fact, _OF_FUNDS)]
    withdrawn = [each for each in told if isinstance(each.fact, FundsWithdrawn)]
    if not withdrawn:
        return 0
    last, gone = max(told, key=_age), _funds_of(max(withdrawn, key=_age))
    return gone if isinstance(last.fact, FundsWithdrawn) else max(0, gone - _funds_of(last))


def _age(evidence: Evidence) -> tuple[datetime, int, bool, int]:
    """Tell what came after what: what comes back comes after what was taken."""
    fact = evidence.fact
    is_back = isinstance(fact, FundsReinstated)
    return fact.occurred_at or _BEGINNING, fact.sequence or 0, is_back, _funds_of(evidence)


def _funds_of(evidence: Evidence) -> int:
    assert isinstance(evidence.fact, _OF_FUNDS)
    return evidence.fact.amount.minor
