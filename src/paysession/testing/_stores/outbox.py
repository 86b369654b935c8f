"""Laws of the outbox: what happened is told, in order, until somebody has said that it was."""

from __future__ import annotations

import attrs

from paysession._domain.entities import Aggregate
from paysession._domain.payment import Payment
from paysession.stores.port import KINDS, Changes, RecordedEvent
from paysession.testing._stores.bench import Bench, StoreOnTrial
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import (
    account,
    changed,
    claim,
    every_event,
    every_kind_in_brief,
    example,
    in_brief,
)
from paysession.testing._stores.trials import Trial


@law(
    "EVENT-1",
    "events are dense: each has its aggregate, its version and its place in it, as its id says",
    reason="whoever reads the outbox must see a gap, and must know what was told twice",
    source="I41",
    about="unpublished",
)
def events_are_dense(bench: Bench) -> Trial[None]:
    store, order, payment = (yield from bench.store()), account("order"), example(Payment, "py_1")
    yield from store.commit(order, payment)
    again = changed((yield from store.held(order)), minutes=2)
    again = attrs.evolve(again, news=(*again.news, *changed(again, minutes=3).news))
    yield from store.commit(again)
    told = yield from store.unpublished()
    ours = [one.id for one in told if one.aggregate_id == "order"]
    bench.same(
        [f"payable_account:order:{each}" for each in ("1:0", "1:1", "2:0", "2:1")],
        ours,
        "events of an account",
    )
    theirs = [one.id for one in told if one.aggregate_id == "py_1"]
    bench.same(["payment:py_1:1:0", "payment:py_1:1:1"], theirs, "events of a payment")
    expected = (
        *Changes.of([order, payment], tenant="").events,
        *Changes.of([again], tenant="").events,
    )
    bench.same(expected, told, "what was told")


@law(
    "EVENT-2",
    "events stay in order and unpublished until they are marked, and marking twice does no harm",
    reason="each is told at least once, and each aggregate's in order",
    source="I44",
    about="mark_published",
)
def events_wait_in_order(bench: Bench) -> Trial[None]:
    store, names = (yield from bench.store()), ["c", "a", "e", "b", "d"]
    for name in names:
        yield from store.commit(account(name, news=account(name).news[:1]))
    everything = yield from store.unpublished()
    bench.same(names, [one.aggregate_id for one in everything], "the events, as they were told")
    first = yield from store.unpublished(limit=2)
    bench.same(everything[:2], first, "the first two events")
    bench.same(first, (yield from store.unpublished(limit=2)), "the first two events, read again")
    bench.same((), (yield from store.unpublished(limit=0)), "no events")
    for published in (first, first, ()):
        yield from store.mark_published(published)
        bench.same(everything[2:], (yield from store.unpublished()), "the events not marked")
    yield from store.mark_published(everything[3:])
    told = yield from store.unpublished()
    bench.same(everything[2:3], told, "the event that was passed over")
    yield from store.commit(account("f"))
    told = yield from store.unpublished(limit=1)
    bench.same(everything[2:3], told, "the oldest event, after a newer one was told")
    told = yield from store.unpublished(limit=2)
    names = [one.id for one in told]
    bench.same([everything[2].id, "payable_account:f:1:0"], names, "the first two of three events")
    yield from _marked_alone(store)


def _marked_alone(store: StoreOnTrial) -> Trial[None]:
    """Mark one event of one version in the midst of others, of its version and of its account."""
    order = account("g")
    for version in (1, 2, 3):
        newer = changed(order, minutes=version)
        yield from store.commit(attrs.evolve(newer, news=newer.news * 3))
        order = yield from store.held(order)
    before = yield from store.unpublished()
    marked = [one for one in before if one.id == "payable_account:g:2:1"]
    yield from store.mark_published(marked)
    rest = tuple(one for one in before if one not in marked)
    store.bench.same(rest, (yield from store.unpublished()), "the events but for one")


@law(
    "EVENT-3",
    "an event of every class comes back as it was told",
    reason="whoever is told of a payment by them acts on the amounts and statuses they carry",
    source="I42",
    about="unpublished",
)
def every_event_comes_back(bench: Bench) -> Trial[None]:
    store, order = (yield from bench.store()), account("order").committed()
    told = every_event(order)
    yield from store.write(Changes(tenant="", entities=(order,), events=told))
    found = yield from store.unpublished()
    for expected, event in zip(told, found, strict=False):
        bench.same(expected, event, type(expected.event).__name__)
    bench.same(len(told), len(found), "how many events of one commit there are")


@law(
    "EVENT-4",
    "every aggregate of a commit is told of, and to read takes nothing off the outbox",
    reason="an event that is lost is a delivery that is never made, or one that is never paid",
    source="I44",
    about="unpublished",
)
def reading_takes_nothing_off(bench: Bench) -> Trial[None]:
    store, entities = (yield from bench.store()), every_kind_in_brief()
    yield from store.commit(*entities, claims=[claim("key")])
    yield from store.shown(entities, [claim("key")])
    yield from store.commit(released=[claim("key")])
    expected = Changes.of(entities, tenant="").events
    bench.same(expected, (yield from store.unpublished()), "what every kind of aggregate told")


@law(
    "EVENT-5",
    "events of two kinds that share an id are two, and each is marked for itself",
    reason="a payable's id is the backend's own, and may be that of a session as well",
    source="I41, I46",
    about="mark_published",
)
def events_of_two_kinds_are_two(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    aggregates = [in_brief(example(kind, "id_1")) for kind in KINDS if issubclass(kind, Aggregate)]
    expected: list[RecordedEvent] = []
    for aggregate in aggregates:
        yield from store.commit(aggregate)
        expected += Changes.of([aggregate], tenant="").events
    bench.same(tuple(expected), (yield from store.unpublished()), "what every kind told")
    for event in tuple(expected)[::-1]:
        yield from store.mark_published([event])
        expected.remove(event)
        bench.same(tuple(expected), (yield from store.unpublished()), "what is not marked yet")
