"""
All that was committed, to hold against it what a store answers.

It is kept a second time by the store that the library ships: whatever both are asked, both must
answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from paysession._domain.entities import Entity
from paysession._flows.asks import Ask, Attention, Claimed, Commit, Due, Find, Peek
from paysession.errors import AlreadyExists, StaleVersion
from paysession.stores.memory import InMemoryStore
from paysession.stores.port import INDEXES, KINDS, AnyKind, Changes, Claim, RecordedEvent
from paysession.testing._invariants.history import InvariantBroken
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer
from paysession.testing._payments.rules import (
    ANSWERS,
    FINDS,
    LASTS,
    READS,
    REFUSES,
    TAKES,
    TELLS,
    WHOLE,
    Rule,
)

OF_STORE: Final[tuple[type[Ask[Any]], ...]] = (Peek, Find, Claimed, Due, Attention, Commit)
"""The asks that a store answers."""
MANY: Final = 10_000
"""More than any history commits."""
_EVER: Final = datetime.max.replace(tzinfo=UTC)
_FASTER: Final = (StaleVersion, AlreadyExists)

Finding: TypeAlias = InvariantBroken | None
Asking: TypeAlias = Callable[[Ask[Any]], Answer[Any]]
"""Has a store answer an ask."""


class Ledger:
    """
    What should be found in a store.

    Attributes:
        tenant: Whose it is.
    """

    def __init__(self, tenant: str, clock: Callable[[], datetime]) -> None:
        self.tenant = tenant
        self._clock = clock
        self._kept = InMemoryStore()
        self._entities: dict[tuple[AnyKind, str], Entity] = {}
        self._claims: dict[tuple[str, str], None] = {}

    def judged(self, ask: Ask[Any], came: Answer[Any]) -> Finding:
        """Return what is wrong with a store's answer, if anything is."""
        if isinstance(ask, Commit) and (came.error is None or isinstance(came.error, _FASTER)):
            return self._committed(ask.changes, came.error)
        return self._answered(READS, FINDS, ask, came)

    def _committed(self, changes: Changes, error: BaseException | None) -> Finding:
        """Commit the same here, and see whether it is refused here, too."""
        try:
            self._kept.commit(changes)
        except _FASTER as refusal:
            return None if error is not None else REFUSES.broken(f"commit took it, but {refusal}")
        if error is not None:
            return TAKES.broken(f"commit raised {shown(error)}")
        self._entities.update({(type(each), each.id): each for each in changes.entities})
        self._claims.update(dict.fromkeys((each.namespace, each.text) for each in changes.claims))
        return None

    def after(self, changes: Changes, asking: Asking) -> Finding:
        """Return what is wrong with what is found of a commit that was made, or refused."""
        entities = ((type(each), each.id) for each in changes.entities)
        claims = ((each.namespace, each.text) for each in (*changes.claims, *changes.released))
        return self._first_wrong(WHOLE, WHOLE, _asks_for(entities, claims), asking)

    def all_of_it(self, asking: Asking) -> Finding:
        """Return what is wrong with what another process finds of all that was committed."""
        asks = (*_asks_for(self._entities, self._claims), *self._searches())
        return self._first_wrong(LASTS, LASTS, asks, asking)

    def _searches(self) -> Iterator[Ask[Any]]:
        """Yield whatever can be looked for."""
        indexed: dict[tuple[AnyKind, str, str], None] = {}
        for (kind, _), entity in self._entities.items():
            values = ((by, getattr(entity, by)) for by in INDEXES.get(kind, ()))
            indexed.update(((kind, by, value), None) for by, value in values if value is not None)
        yield from (Find(*each) for each in indexed)
        yield Due(_EVER, tuple(KINDS), MANY)
        yield Attention(MANY)

    def _first_wrong(
        self, reads: Rule, finds: Rule, asks: Iterable[Ask[Any]], asking: Asking
    ) -> Finding:
        found = (self._answered(reads, finds, ask, asking(ask)) for ask in asks)
        return next((each for each in found if each is not None), None)

    def _answered(self, reads: Rule, finds: Rule, ask: Ask[Any], came: Answer[Any]) -> Finding:
        name, answer = _named(ask), came.value
        if came.error is not None:
            return ANSWERS.broken(f"{name} raised {shown(came.error)}")
        match ask:
            case Peek(kind, id):
                return reads.compared(name, self._kept.get(kind, id, tenant=self.tenant), answer)
            case Claimed(namespace, text):
                return reads.compared(name, self._claim(namespace, text, answer), answer)
            case Find(kind, by, value):
                expected = self._kept.find(kind, by=by, value=value, tenant=self.tenant)
                return finds.compared(name, expected, answer)
            case Due(before, kinds, limit):
                due = self._kept.due(before, kinds=kinds, limit=limit, tenant=self.tenant)
                return finds.compared(name, *_without_ties(due, answer, limit))
            case _:
                assert isinstance(ask, Attention)
                waiting = self._kept.attention(limit=ask.limit, tenant=self.tenant)
                return finds.compared(name, waiting, answer)

    def _claim(self, namespace: str, text: str, answer: object) -> Claim | None:
        """Return the claim on a text; one whose day is over may have been deleted."""
        claim = self._kept.claimed(namespace, text, tenant=self.tenant)
        if claim is not None and answer is None and claim.is_over(self._clock()):
            self._kept.commit(Changes(tenant=self.tenant, entities=(), released=(claim,)))
            return None
        return claim

    def waiting(self, events: Sequence[RecordedEvent], *, limit: int) -> Finding:
        """Return what is wrong with what waits to be handed out."""
        expected = self._kept.unpublished(limit=limit, tenant=self.tenant)
        ids = [[each.id for each in among] for among in (expected, events)]
        wrong = (each for pair in zip(expected, events, strict=False) for each in _unlike(*pair))
        return TELLS.compared("the ids of unpublished()", *ids) or next(wrong, None)

    def mark_published(self, events: Sequence[RecordedEvent]) -> None:
        """Take off the outbox what was handed out."""
        self._kept.mark_published(events, tenant=self.tenant)


def _asks_for(
    entities: Iterable[tuple[AnyKind, str]], claims: Iterable[tuple[str, str]]
) -> Iterator[Ask[Any]]:
    """Yield what asks for each of these by itself."""
    yield from (Peek[Entity](*name) for name in entities)
    yield from (Claimed(*name) for name in claims)


def _unlike(expected: RecordedEvent, actual: RecordedEvent) -> Iterator[InvariantBroken]:
    if expected != actual:
        yield TELLS.broken(f"expected {shown(expected)}, but got {shown(actual)}")


def _named(ask: Ask[Any]) -> str:
    """Return the call of the port that an ask comes to."""
    match ask:
        case Peek(kind, id):
            return f"get({kind.__name__}, {id!r})"
        case Find(kind, by, value):
            return f"find({kind.__name__}, {by}={value!r})"
        case Claimed(namespace, text):
            return f"claimed({namespace!r}, {text!r})"
        case Due(before):
            return f"due({before:%d %H:%M:%S})"
        case _:
            return "commit" if isinstance(ask, Commit) else "attention()"


def _without_ties(
    expected: tuple[Entity, ...], actual: object, limit: int
) -> tuple[object, object]:
    """Return two answers as they may be compared: what is due at one instant has no order."""
    if not isinstance(actual, tuple):
        return expected, actual
    found = cast("tuple[Entity, ...]", actual)
    instants = [[each.due_at for each in answer] for answer in (expected, found)]
    if instants[0] != instants[1] or len(expected) >= limit:
        return instants[0], instants[1]
    return sorted(expected, key=_place), sorted(found, key=_place)


def _place(entity: Entity) -> tuple[datetime, str, str]:
    return entity.due_at or _EVER, KINDS[type(entity)], entity.id
