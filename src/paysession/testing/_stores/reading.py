"""Laws of reading the newest, whoever has committed it."""

from __future__ import annotations

import attrs

from paysession.stores.port import Changes
from paysession.testing._stores.bench import Bench
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import (
    account,
    at,
    at_version,
    changed,
    claim,
    every_kind_in_brief,
)
from paysession.testing._stores.trials import Trial


@law(
    "READ-1",
    "what one has committed is read at once by another, and cannot be written over",
    reason="many processes are how the library runs on more than one machine",
    source="I43, F45",
    about="get",
    needs=("another",),
)
def another_reads_the_newest(bench: Bench) -> Trial[None]:
    store, entities, key = (yield from bench.store()), every_kind_in_brief(), claim("key")
    other = yield from bench.another(store)
    yield from other.shown(entities, [key])
    yield from store.commit(*entities, claims=[key])
    shown = yield from store.shown(entities, [key])
    bench.unchanged(shown, (yield from other.shown(entities, [key])), "read by another")
    newest = tuple(at_version(entity, 2) for entity in entities)
    settled = claim("key", version=2, settled_at=at(5))
    changes = Changes.of([account("beside")], tenant="", claims=[settled])
    yield from store.write(attrs.evolve(changes, entities=(*newest, *changes.entities)))
    shown = yield from store.shown(entities, [key])
    bench.unchanged(shown, (yield from other.shown(entities, [key])), "read again by another")
    order = account("order")
    yield from other.commit(order, claims=[claim("other")], released=[key])
    newer = changed((yield from store.held(order)))
    yield from store.commit(newer)
    bench.same(newer.committed(), (yield from other.held(order)), "what was changed since")
    bench.same(None, (yield from store.claimed("key")), "a claim released since")
    told = yield from other.unpublished()
    yield from other.mark_published(told)
    bench.same((), (yield from store.unpublished()), "the outbox that another has published")
