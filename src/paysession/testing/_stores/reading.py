"""Laws of what is found: by its indexes, by its time, by a person, and by its own tenant."""

from __future__ import annotations

from datetime import timedelta

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.entities import Entity
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession.outcomes import References
from paysession.stores.port import INDEXES, KINDS, AnyKind, Changes
from paysession.testing._stores.bench import MANY, Bench, StoreOnTrial
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import (
    account,
    at,
    attempt,
    changed,
    claim,
    every_kind,
    example,
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
    for name, minutes in (("new", 9), ("old", 3), ("mid", 5)):
        entities = every_kind(name, minutes=minutes)
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
    entities = tuple(example(kind, "id_1").committed() for kind in KINDS)
    for entity in entities:
        yield from store.write(Changes(tenant="", entities=(entity,)))
    for entity in entities:
        bench.same(entity, (yield from store.held(entity)), f"the {KINDS[type(entity)]} 'id_1'")


@law(
    "TEN-1",
    "tenants never see one another, though their ids and claims be the same",
    reason="one shop's money is nobody else's business",
    source="I36",
    about="get",
)
def tenants_do_not_see_one_another(bench: Bench) -> Trial[None]:
    store, ours, key = (yield from bench.store()), every_kind(), claim("key")
    yield from store.commit(*ours, claims=[key])
    for tenant in ("theirs", "THEIRS", " "):
        for name, shown in (yield from store.shown(ours, [key], tenant=tenant)).items():
            bench.nothing(shown, f"{name}, shown to tenant {tenant!r}")
    theirs, rival = every_kind(tenant="theirs"), claim("key", id="ps_2")
    yield from store.commit(*theirs, tenant="theirs", claims=[rival])
    shown = yield from store.shown(theirs, [rival], tenant="theirs")
    yield from store.commit(*every_kind(tenant="THEIRS"), tenant="THEIRS", claims=[rival])
    for one in theirs:
        bench.same(one.committed(), (yield from store.held(one)), "what is theirs")
    after = yield from store.shown(theirs, [rival], tenant="theirs")
    bench.unchanged(shown, after, "after another tenant's commit")


@law(
    "TEN-2",
    "tenants never disturb one another",
    reason="what one shop has published, released or changed is still to be done by the other",
    source="I36",
    about="mark_published",
)
def tenants_do_not_disturb_one_another(bench: Bench) -> Trial[None]:
    store, key = (yield from bench.store()), claim("key")
    ours, theirs = every_kind(), every_kind(tenant="theirs")
    yield from store.commit(*ours, claims=[key])
    yield from store.commit(*theirs, tenant="theirs", claims=[key])
    before = yield from store.shown(ours, [key])
    told = yield from store.unpublished()
    yield from store.mark_published(told, tenant="theirs")
    told = yield from store.unpublished(tenant="theirs")
    bench.same((), told, "the outbox of the other tenant, whose events have the same ids")
    newer = changed((yield from store.held(account("payable_account_1", tenant="theirs"))))
    yield from store.commit(newer, tenant="theirs", released=[key])
    bench.unchanged(before, (yield from store.shown(ours, [key])), "after the other's doings")


@law(
    "DUE-1",
    "what is due comes longest due first, of the kinds that were asked for, up to the limit",
    reason="recovery works in batches and must not starve the oldest",
    source="I28",
    about="due",
)
def due_is_ordered_and_limited(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for minutes in (30, 10, 20, 40):
        owner = session(f"ps_{minutes}", expires_at=at(minutes))
        yield from store.commit(owner, attempt(f"at_{minutes}", of=owner, recheck_at=at(5)))
    never = session("never")
    yield from store.commit(never, attempt("never", of=never, recheck_at=None))
    sessions, both = (PaymentSession,), (Attempt, PaymentSession)
    yield from _is_due(store, ["ps_10", "ps_20", "ps_30"], 30, sessions)
    yield from _is_due(store, ["ps_10", "ps_20"], 30, sessions, limit=2)
    yield from _is_due(store, [], 30, sessions, limit=0)
    yield from _is_due(store, [], 9, sessions)
    yield from _is_due(store, [], 30, (Payment,))
    yield from _is_due(store, [], 30, ())
    found = yield from store.due(at(30), kinds=both)
    bench.same(["ps_10", "ps_20", "ps_30"], ids(found)[4:], "sessions due after four attempts")
    found = yield from store.due()
    bench.same(8, len(found), "how many are ever due, of all kinds")


def _is_due(
    store: StoreOnTrial,
    expected: list[str],
    minutes: int,
    kinds: tuple[AnyKind, ...],
    limit: int = MANY,
) -> Trial[None]:
    found = yield from store.due(at(minutes), kinds=kinds, limit=limit)
    names = " and ".join(KINDS[kind] for kind in kinds)
    store.bench.same(
        expected, ids(found), f"{names or 'nothing'} due by {minutes}, {limit} at most"
    )


@law(
    "DUE-2",
    "what is due at the very instant is due, and what is due a microsecond later is not",
    reason="an instant that is cut or rounded leaves a lease early, or an expiry for ever undone",
    source="I21",
    about="due",
)
def due_includes_its_instant(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for offset in (-1, 0, 1):
        due_at = at(0) + offset * _MICROSECOND
        yield from store.commit(session(f"{offset:+}", expires_at=due_at))
    for offset, expected in ((-2, []), (-1, ["-1"]), (0, ["-1", "+0"]), (1, ["-1", "+0", "+1"])):
        found = yield from store.due(at(0) + offset * _MICROSECOND)
        bench.same(expected, ids(found), f"what is due {offset:+} microseconds from now")


@law(
    "DUE-3",
    "what is due moves with its time, and is gone with it",
    reason="back-off moves an operation, and what has ended is nobody's work",
    source="I28",
    about="due",
)
def due_follows_its_time(bench: Bench) -> Trial[None]:
    store, owner = (yield from bench.store()), session("ps_1")
    waiting = attempt("at_1", of=owner, recheck_at=at(1))
    yield from store.commit(owner, waiting)
    for recheck_at in (at(20), at(3), None, at(4)):
        owner, held = changed((yield from store.held(owner))), (yield from store.held(waiting))
        waiting = attrs.evolve(held, recheck_at=recheck_at, changed=True)
        yield from store.commit(owner, waiting)
        expected = () if recheck_at is None else (waiting.committed(),)
        bench.same(expected, (yield from store.due()), f"what is due, when it is at {recheck_at}")
    bench.same((), (yield from store.due(at(3))), "what is due when the attempt was due before")


@law(
    "ATT-1",
    "what a person must look at is shown oldest first, up to the limit, while it must",
    reason="nobody looks for what nobody shows",
    source="I28",
    about="attention",
)
def attention_is_shown_while_it_is_needed(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    for name, minutes in (("new", 9), ("old", 3), ("mid", 5), ("b_mid", 5), ("fine", 1)):
        owner, reason = session(name), None if name == "fine" else "nobody knows"
        one = attempt(name, of=owner, minutes=minutes, waits_for_person=reason)
        yield from store.commit(owner, one)
    found = yield from store.attention()
    bench.same(["old", "b_mid", "mid", "new"], ids(found), "what needs attention")
    found = yield from store.attention(limit=2)
    bench.same(["old", "b_mid"], ids(found), "two that need attention")
    bench.same((), (yield from store.attention(limit=0)), "none that need attention")
    owner = changed((yield from store.held(session("mid"))))
    one = yield from store.held(attempt("mid", of=owner))
    yield from store.commit(owner, attrs.evolve(one, waits_for_person=None, changed=True))
    found = yield from store.attention()
    bench.same(["old", "b_mid", "new"], ids(found), "what needs attention still")


@law(
    "READ-1",
    "what one has committed is read at once by another, and cannot be written over",
    reason="many processes are how the library runs on more than one machine",
    source="I43, F45",
    about="get",
    needs=("another",),
)
def another_reads_the_newest(bench: Bench) -> Trial[None]:
    store, entities, key = (yield from bench.store()), every_kind(), claim("key")
    other = yield from bench.another(store)
    yield from other.shown(entities, [key])
    yield from store.commit(*entities, claims=[key])
    shown = yield from store.shown(entities, [key])
    bench.unchanged(shown, (yield from other.shown(entities, [key])), "read by another")
    order = account("order")
    yield from other.commit(order, claims=[claim("other")], released=[key])
    newer = changed((yield from store.held(order)))
    yield from store.commit(newer)
    bench.same(newer.committed(), (yield from other.held(order)), "what was changed since")
    bench.same(None, (yield from store.claimed("key")), "a claim released since")
    told = yield from other.unpublished()
    yield from other.mark_published(told)
    bench.same((), (yield from store.unpublished()), "the outbox that another has published")
