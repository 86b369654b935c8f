"""
Every state that a world can come to: a breadth-first search over its moves.

States are told apart without ids and times, by a key; whether it tells enough apart is tried as
well. A law that does not hold is shown by the shortest way there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

import attrs
from model import Bounds, World, beginning
from model_laws import check_state, check_step
from model_moves import moves

from paysession._domain.balances import Balances
from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, amount_in, rank_of
from paysession._domain.movements import Authorization, Capture, MovementOperation
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.recorded import Recorded
from paysession.errors import PaySessionError
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    FundsReinstated,
    FundsWithdrawn,
    NotAttempted,
)

Key: TypeAlias = tuple[object, ...]
Way: TypeAlias = tuple[int, str] | None

O = TypeVar("O", bound=Operation)  # noqa: E741 - O for operation
R = TypeVar("R", bound=Recorded)
W = TypeVar("W", bound=Owner)

_COLUMNS = attrgetter(*(each.name for each in attrs.fields(Balances)))
_DECIDES = rank_of(NotAttempted())
_COMES_BACK = (DiscrepancyKind.PAID_AFTER_CLOSE, DiscrepancyKind.PAID_TWICE)


class ModelWrong(AssertionError):
    """What is wrong, and the shortest way there."""


def key_of(world: World) -> Key:
    """
    Return all that makes a difference, without ids and times.

    How a session ended without money makes none any more when money has come all the same.
    """
    session, payment, account = world.session, world.payment, world.account
    labels = {each.id: _movement_key(each) for each in world.operations}
    labels |= {each.id: ("attempt", number) for number, each in enumerate(world.attempts)}
    has_money = payment is not None and session.is_closed
    return (
        session.payment_id if has_money else session.status,
        session.closing,
        _discrepancy_keys(session, labels),
        tuple(_attempt_key(world, number) for number in world.speaking),
        (account.authorized.minor, account.paid.minor, account.in_flight.minor),
        (account.refunded.minor, account.lost.minor),
        payment
        and (
            payment.phase,
            tuple(amount.minor for amount in _COLUMNS(payment.balances)),
            _discrepancy_keys(payment, labels),
        ),
        _recorded_key(world.authorization),
        world.sale and _movement_key(world.sale),
        tuple(sorted(_movement_key(each) for each in world.movements)),
        _recorded_key(world.dispute),
    )


def _attempt_key(world: World, number: int) -> Key:
    attempt = world.attempts[number]
    return (
        attempt.kind,
        attempt.status,
        attempt.is_waiting,
        attempt.is_contradicted,
        attempt.is_denied,
        attempt.payment_id is not None,
        attempt.id == world.session.attempt_id,
    )


def _movement_key(operation: MovementOperation) -> tuple[str | int, ...]:
    """Where it stands, and what it would do wherever it stood."""
    effect = sorted((column, amount.minor) for column, amount in operation.effect.items())
    rest = (
        (int(operation.is_final), operation.releases.minor)
        if isinstance(operation, Capture)
        else ()
    )
    return (
        type(operation).__name__,
        operation.origin,
        operation.status,
        int(operation.is_contradicted),
        int(bool(operation.facts)),
        operation.amount.minor,
        *rest,
        *chain(*effect),
    )


def _recorded_key(record: Authorization | Dispute | None) -> Key | None:
    match record:
        case None:
            return None
        case Dispute():
            withdrawn = _last(record, FundsWithdrawn)
            return record.status, withdrawn, record.moved_amount.minor, _amiss(record)
        case Authorization():
            stated = _last(record, AuthorizationChanged)
            return record.amount.minor, stated, record.moved_amount.minor, _amiss(record)


def _amiss(record: Recorded) -> tuple[int, ...]:
    return tuple(amount.minor for amount in record.amiss or ())


def _last(record: Recorded, kind: type[FundsWithdrawn | AuthorizationChanged]) -> int | None:
    amounts = (each.fact.amount for each in reversed(record.facts) if isinstance(each.fact, kind))
    return next((amount.minor for amount in amounts), None)


def _discrepancy_keys(owner: Owner, labels: Mapping[str, Key]) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{each.kind} of {labels.get(each.operation_id)}: {each.is_open}"
            for each in _last_known(owner)
        )
    )


def in_short(world: World) -> World:
    """
    Forget of a world what cannot make a difference any more.

    What was told is not told again; of words on one thing the newest is believed.
    """
    payment = world.payment
    return attrs.evolve(
        world,
        account=attrs.evolve(world.account, news=()),
        session=_in_short(world.session),
        attempts=tuple(map(_newest_of, world.attempts)),
        payment=None if payment is None else _in_short(payment),
        authorization=world.authorization and _last_of(world.authorization),
        sale=world.sale and _newest_of(world.sale),
        movements=tuple(map(_newest_of, world.movements)),
        dispute=world.dispute and _last_of(world.dispute),
    )


def _in_short(owner: W) -> W:
    return attrs.evolve(owner, news=(), discrepancies=_last_known(owner))


def _last_known(owner: Owner) -> tuple[Discrepancy, ...]:
    """Return what is amiss, and what was and may be so again."""
    last = {(each.kind, each.operation_id): each for each in owner.discrepancies}
    return tuple(each for each in last.values() if each.is_open or each.kind in _COMES_BACK)


def _newest_of(operation: O) -> O:
    """Keep the newest words of those that weigh most, and the greatest money ever told."""
    facts = operation.facts
    if len(facts) <= 1:
        return operation
    newest = max(map(_age, facts))
    most = max(facts, key=_amount)
    kept = tuple(each for each in facts if _age(each) == newest or (each is most and _amount(each)))
    return attrs.evolve(operation, facts=kept)


def _age(word: Evidence) -> tuple[int, object]:
    return min(rank_of(word.fact), _DECIDES), word.fact.occurred_at or word.recorded_at


def _amount(word: Evidence) -> int:
    amount = amount_in(word.fact)
    return 0 if amount is None else amount.minor


def _last_of(record: R) -> R:
    """Keep the last word of each kind; what came back before more was taken says nothing."""
    last: dict[type, Evidence] = {}
    for word in record.facts:
        last[type(word.fact)] = word
    for taken, returned in _TAKEN_BACK.items():
        if taken in last and returned in last and _when(last[taken]) > _when(last[returned]):
            del last[returned]
    return attrs.evolve(record, facts=tuple(last.values()))


_TAKEN_BACK = {FundsWithdrawn: FundsReinstated, AuthorizationChanged: AuthorizationLapsed}


def _when(word: Evidence) -> Any:
    return word.fact.occurred_at


@attrs.frozen
class Searched:
    """
    What a search enumerated.

    Attributes:
        states: How many there are.
        moves: How many moves were tried in them.
        twins: How many were left once more, as they were come to by another move.
        open: In how many of them something is open.
        stuck: The shortest ways to those from which nothing leads to an end.
    """

    states: int
    moves: int
    twins: int
    open: int
    stuck: tuple[str, ...]


@attrs.define
class Search:
    """
    A search under way, which numbers the states as it finds them.

    Attributes:
        twin_of_each: Every so many-th state is kept as the last of each kind of move led to it,
            to see whether the same follows as from the first way there; none if 0.
    """

    twin_of_each: int = 0
    _numbers: dict[Key, int] = attrs.field(factory=dict, init=False)
    _ways: list[Way] = attrs.field(factory=list, init=False)
    _before: list[set[int]] = attrs.field(factory=list, init=False)
    _ended: list[int] = attrs.field(factory=list, init=False)
    _following: list[int] = attrs.field(factory=list, init=False)
    _twins: dict[tuple[int, str], World] = attrs.field(factory=dict, init=False)
    _moves: int = attrs.field(default=0, init=False)

    def run(self, bounds: Bounds) -> Searched:
        """Try every move in every state."""
        start = in_short(beginning(bounds))
        self._number(start, key_of(start), None)
        waiting = deque([(0, start)])
        while waiting:
            waiting.extend(self._left(*waiting.popleft()))
        self._compare_twins()
        states = len(self._ways)
        stuck = tuple(map(self._way_to, self._stuck()))
        return Searched(states, self._moves, len(self._twins), states - len(self._ended), stuck)

    def _left(self, here: int, world: World) -> Iterator[tuple[int, World]]:
        """Leave a state by every move, and yield what is found by it."""
        following: set[tuple[str, int | None]] = set()
        with self._shown(here):
            for move, after in moves(world):
                with self._shown(here, move):
                    check_step(world, after)
                    key = key_of(after)
                    number = self._numbers.get(key)
                    if number is None:
                        number = self._number(after, key, (here, move))
                        yield number, in_short(after)
                    elif self._is_to_be_tried(number):
                        self._twins[number, move] = after
                following.add((move, number))
                self._before[number].add(here)
                self._moves += 1
        self._following.append(hash(frozenset(following)))

    def _is_to_be_tried(self, number: int) -> bool:
        """Whether a second way to this state is kept."""
        return self.twin_of_each > 0 and number % self.twin_of_each == 0

    def _number(self, world: World, key: Key, way: Way) -> int:
        """Take in a new state."""
        check_state(world)
        number = self._numbers[key] = len(self._ways)
        self._ways.append(way)
        self._before.append(set())
        if has_ended(world):
            self._ended.append(number)
        return number

    def _compare_twins(self) -> None:
        """
        From whatever has the same key the same must follow, or the key tells too little.

        The twins have forgotten nothing of what they were told last: they try that as well.
        """
        for (number, _), twin in self._twins.items():
            following = ((move, self._numbers.get(key_of(after))) for move, after in moves(twin))
            if hash(frozenset(following)) != self._following[number]:
                raise ModelWrong(f"two worlds are taken for one: {self._way_to(number)}")

    def _stuck(self) -> Iterator[int]:
        """Yield the states from which nothing leads to an end, found by going backwards."""
        reached, waiting = set(self._ended), deque(self._ended)
        while waiting:
            found = self._before[waiting.popleft()] - reached
            reached |= found
            waiting.extend(found)
        return (number for number in range(len(self._ways)) if number not in reached)

    @contextmanager
    def _shown(self, here: int, *last: str) -> Iterator[None]:
        """Show the shortest way to what is wrong: a law that is broken, or a fact refused."""
        try:
            yield
        except ModelWrong:
            raise
        except (AssertionError, PaySessionError) as wrong:
            way = ", ".join((self._way_to(here), *last))
            raise ModelWrong(f"{type(wrong).__name__}: {wrong}\nafter: {way}") from wrong

    def _way_to(self, number: int) -> str:
        named: list[str] = []
        way = self._ways[number]
        while way is not None:
            number, move = way
            named.append(move)
            way = self._ways[number]
        return ", ".join(reversed(named)) or "the beginning"


def searched(bounds: Bounds, *, twin_of_each: int = 0) -> Searched:
    """
    Try every move in every state, and check what must hold.

    Raises:
        ModelWrong: A law does not hold.
    """
    return Search(twin_of_each).run(bounds)


def has_ended(world: World) -> bool:
    """Whether nothing is open any more."""
    is_asked = any(each.is_open for each in (*world.attempts, *world.operations))
    is_disputed = world.dispute is not None and world.dispute.is_open
    return world.session.is_closed and not is_asked and not is_disputed
