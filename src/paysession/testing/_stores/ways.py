"""Every way to read two sessions of which all that a store shows must be of one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from paysession._domain.session import PaymentSession
from paysession.lifecycles import SessionStatus
from paysession.testing._stores.bench import StoreOnTrial
from paysession.testing._stores.indexed import persons_example
from paysession.testing._stores.subjects import at
from paysession.testing._stores.trials import Do, Trial

_MEANWHILE: Final = "what is read while others write"


def in_sight(name: str) -> PaymentSession:
    """Return a session with one event, that is found, due, and shown to a person."""
    seen = persons_example(PaymentSession, name)
    terms = attrs.evolve(seen.terms, expires_at=at(1))
    status = SessionStatus.PENDING
    return attrs.evolve(seen, terms=terms, status=status, not_before=None, news=seen.news[:1])


def both_found(store: StoreOnTrial, pair: Sequence[PaymentSession]) -> Trial[list[PaymentSession]]:
    """Return two sessions as they are found by what they have in common."""
    find = store.find(PaymentSession, by="payable_id", value=pair[0].payable_id)
    return list((yield from store.bench.answered(find, _MEANWHILE)))


def out_of_step(store: StoreOnTrial, number: int) -> Trial[None]:
    """Look for what is not there a few times, so that those who go on do not wait all at once."""
    for _ in range(number % 4):
        find = store.find(PaymentSession, by="payable_id", value="nothing")
        yield from store.bench.answered(find, _MEANWHILE)


def every_way(
    store: StoreOnTrial, pair: Sequence[PaymentSession]
) -> Iterator[tuple[str, Trial[list[int]], int]]:
    """Yield each way to read the versions of two sessions, and how many versions it reads."""
    first, second = pair
    kind, by, value = PaymentSession, "payable_id", first.payable_id
    yield "get of the first", _version(store, store.get(kind, first.id)), 1
    yield "claimed", _version(store, store.claimed("key")), 1
    yield "find", _versions(store, store.find(kind, by=by, value=value)), 2
    yield "due", _versions(store, store.due(kinds=(kind,))), 2
    yield "attention", _versions(store, store.attention()), 2
    yield "unpublished", _versions_told(store, pair), 2
    yield "get of the second", _version(store, store.get(kind, second.id)), 1


def _version(store: StoreOnTrial, read: Do[Any]) -> Trial[list[int]]:
    """Read one, and return its version."""
    one = yield from store.bench.answered(read, _MEANWHILE)
    return [] if one is None else [one.version]


def _versions(store: StoreOnTrial, read: Do[Any]) -> Trial[list[int]]:
    """Read several, and return their versions."""
    found = yield from store.bench.answered(read, _MEANWHILE)
    return [one.version for one in found]


def _versions_told(store: StoreOnTrial, pair: Sequence[PaymentSession]) -> Trial[list[int]]:
    """Return the newest version of each of two sessions that the outbox tells of."""
    told = yield from store.bench.answered(store.unpublished(), _MEANWHILE)
    return [max([e.version for e in told if e.aggregate_id == one.id], default=0) for one in pair]
