"""Laws of what is found: by every index, with that very value, as it is now, in one order."""

from __future__ import annotations

from datetime import timedelta

import attrs

from paysession._domain.entities import Entity
from paysession._domain.session import PaymentSession
from paysession.outcomes import References
from paysession.stores.port import INDEXES, KINDS, AnyKind, Changes
from paysession.testing._stores.bench import Bench, StoreOnTrial
from paysession.testing._stores.indexed import DUE_KINDS, found_by, indexes_of
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import (
    at,
    at_version,
    changed,
    every_kind_in_brief,
    example,
    in_brief,
    session,
)
from paysession.testing._stores.trials import Trial

_MICROSECOND = timedelta(microseconds=1)


def ids(entities: tuple[Entity, ...]) -> list[str]:
    """Return the ids of entities, in their order."""
    return [entity.id for entity in entities]


@law(
    "FIND-1",
    "entities are found by every index, oldest first",
    reason="a report names a reference or a payable, and must meet all that it is about",
    source="I47",
    about="find",
)
def found_by_every_index(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    everyone: list[Entity] = []
    whole_second = at(5).replace(microsecond=0)
    began = {"new": (at(9), 10), "old": (whole_second, 12), "mid": (at(5), 11)}
    for name, (created_at, changed_last) in began.items():
        entities = [
            attrs.evolve(one, created_at=created_at, updated_at=at(changed_last))
            for one in every_kind_in_brief(name)
        ]
        yield from store.commit(*entities)
        everyone += entities
    everyone.sort(key=lambda one: one.created_at)
    for kind, indexes in INDEXES.items():
        for by in indexes:
            yield from _is_found_by(store, kind, by, [one for one in everyone if type(one) is kind])


def _is_found_by(store: StoreOnTrial, kind: AnyKind, by: str, ours: list[Entity]) -> Trial[None]:
    for value in {getattr(one, by): None for one in ours}:
        expected = tuple(one.committed() for one in ours if getattr(one, by) == value)
        found = yield from store.find(kind, by=by, value=value)
        store.bench.same(expected, found, f"each {KINDS[kind]} by {by} {value}")
    found = yield from store.find(kind, by=by, value="nothing")
    store.bench.same((), found, f"each {KINDS[kind]} by a {by} that none has")


@law(
    "FIND-2",
    "an index finds what has that very value: nothing with another, and nothing with none",
    reason="a customer who is nobody in particular has not made everybody's payments",
    source="I46",
    about="find",
)
def an_index_is_exact(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    values = {"none": None, "known": "cu_1", "longer": "cu_10", "capital": "CU_1", "any": "cu%"}
    for name, value in values.items():
        yield from store.commit(session(name, customer_id=value))
    for value, expected in {
        "cu_1": ["known"],
        "CU_1": ["capital"],
        "cu%": ["any"],
        "": [],
        "None": [],
        "cu_": [],
    }.items():
        found = yield from store.find(PaymentSession, by="customer_id", value=value)
        bench.same(expected, ids(found), f"sessions of customer {value!r}")


@law(
    "FIND-3",
    "an index follows a value that changed",
    reason="a session is known by our id until the provider has given its own",
    source="I47",
    about="find",
)
def an_index_follows_its_value(bench: Bench) -> Trial[None]:
    store, one = (yield from bench.store()), session("ps_1", references=References())
    yield from store.commit(one)
    loaded = yield from store.held(one)
    renamed = changed(loaded, references=References.of(session="cs_1"))
    yield from store.commit(renamed)
    found = yield from store.find(PaymentSession, by="external_id", value="ps_1")
    bench.same((), found, "sessions by the external id that one had")
    found = yield from store.find(PaymentSession, by="external_id", value="cs_1")
    bench.same((renamed.committed(),), found, "sessions by the external id that one has")
    store = yield from bench.store()
    for kind, indexes in INDEXES.items():
        yield from _every_index_follows(store, in_brief(example(kind, "moves")), indexes)


def _every_index_follows(
    store: StoreOnTrial, entity: Entity, indexes: tuple[str, ...]
) -> Trial[None]:
    moved = entity
    for by in indexes:
        moved = found_by(moved, by, "elsewhere")
    moved = at_version(moved, 2)
    for version in (entity.committed(), moved):
        yield from store.write(Changes(tenant="", entities=(version,)))
    for by in indexes:
        yield from _is_found(store, by, getattr(entity, by), type(entity), None)
        yield from _is_found(store, by, "elsewhere", type(entity), moved)


def _is_found(
    store: StoreOnTrial, by: str, value: str, kind: type[Entity], expected: Entity | None
) -> Trial[None]:
    found = yield from store.find(kind, by=by, value=value)
    only = () if expected is None else (expected,)
    store.bench.same(only, found, f"each {KINDS[kind]} by {by} {value!r}")


@law(
    "FIND-4",
    "what began at one instant is in the order of its ids, character by character",
    reason="two who ask must be told the same, whatever language their database sorts by",
    source="I45",
    about="find",
)
def ties_are_in_the_order_of_ids(bench: Bench) -> Trial[None]:
    store, names = (yield from bench.store()), ["b", "a_b", "ab", "é", "A", "a", "Z", "a-c", "1"]
    for name in names:
        yield from store.commit(session(name))
    yield from store.commit(session("early", created_at=at(0) - _MICROSECOND))
    yield from store.commit(session("a late", created_at=at(0) + _MICROSECOND))
    found = yield from store.find(PaymentSession, by="payable_id", value="or_1")
    bench.same(["early", *sorted(names), "a late"], ids(found), "sessions of one payable")


@law(
    "FIND-5",
    "an id is one entity's within its kind only",
    reason="ids are given by several hands: what is an order's may be a refund's as well",
    source="I46",
    about="get",
)
def an_id_is_of_one_kind(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    entities = [in_brief(example(kind, "id_1")).committed() for kind in KINDS]
    for entity in entities:
        yield from store.write(Changes(tenant="", entities=(entity,)))
    for entity in entities:
        bench.same(entity, (yield from store.held(entity)), f"the {KINDS[type(entity)]} 'id_1'")
        for by, value in indexes_of(entity).items():
            yield from _is_found(store, by, value, type(entity), entity)
    for kind in DUE_KINDS:
        ours = tuple(one for one in entities if type(one) is kind and one.due_at)
        bench.same(ours, (yield from store.due(kinds=(kind,))), f"each {KINDS[kind]} that is due")


@law(
    "FIND-6",
    "what changed otherwise is found still, by every value that stayed, and as it is now",
    reason="a decision on what a session was before its last report is the wrong one",
    source="I47",
    about="find",
)
def an_index_keeps_what_stayed(bench: Bench) -> Trial[None]:
    store, entities = (yield from bench.store()), every_kind_in_brief()
    yield from store.commit(*entities)
    newer = tuple(at_version(entity, 2) for entity in entities)
    yield from store.write(Changes(tenant="", entities=newer))
    for entity in newer:
        for by, value in indexes_of(entity).items():
            yield from _is_found(store, by, value, type(entity), entity)
