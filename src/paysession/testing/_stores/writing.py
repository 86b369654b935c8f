"""Laws of one commit: all of it or nothing, each version once, each claim once."""

from __future__ import annotations

from itertools import permutations

import attrs

from paysession._domain.entities import Entity
from paysession._domain.payable import PayableAccount
from paysession._money import Money
from paysession.errors import AlreadyExists, StaleVersion
from paysession.stores.port import KINDS, Changes, Claim
from paysession.testing._stores.bench import Bench, StoreOnTrial
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

_MORE = Money("120.00", "USD")


@law(
    "ATOM-1",
    "where one entity of many cannot be written, nothing is",
    reason="a movement without its payment, or a payment without its session's word, is lost money",
    source="I44",
    about="commit",
)
def half_a_commit_is_none(bench: Bench) -> Trial[None]:
    for order in permutations([account("good"), account("stale"), account("fine")]):
        store = yield from bench.store()
        new, old = claim("new"), claim("old")
        yield from store.commit(account("stale"), claims=[old])
        before = yield from store.shown(order, [new, old])
        commit = store.commit(*order, claims=[new], released=[old])
        yield from bench.refused(AlreadyExists, commit, "one account of three that exists")
        after = yield from store.shown(order, [new, old])
        bench.unchanged(before, after, "after a refusal")


@law(
    "ATOM-2",
    "where one claim of many is taken, nothing is written",
    reason="who finds a key taken must not have moved any money with it",
    source="I32",
    about="commit",
)
def a_taken_claim_stops_everything(bench: Bench) -> Trial[None]:
    for order in permutations([claim("free"), claim("taken", id="ps_2"), claim("also free")]):
        store = yield from bench.store()
        first, second, old = account("first"), account("second"), claim("old")
        yield from store.commit(first, claims=[claim("taken"), old])
        before = yield from store.shown([first, second], [*order, old])
        commit = store.commit(second, claims=order, released=[old])
        yield from bench.refused(AlreadyExists, commit, "one claim of three that is taken")
        after = yield from store.shown([first, second], [*order, old])
        bench.unchanged(before, after, "after a refusal")


@law(
    "ATOM-3",
    "after a refusal the store goes on as if nobody had asked",
    reason="who was too late loads again and tries again, on the same store",
    source="I18",
    about="commit",
)
def a_refusal_breaks_nothing(bench: Bench) -> Trial[None]:
    store, order, other = (yield from bench.store()), account("order"), account("other")
    yield from store.commit(order)
    for commit in (store.commit(order), store.commit(other, order)):
        yield from bench.refused(AlreadyExists, commit, "an account that exists")
    commit = store.commit(other, claims=[claim("key")])
    yield from bench.accepted(commit, "an account that is new, after a refusal")
    held = yield from store.held(other)
    bench.same(other.committed(), held, "an account written after a refusal")
    again = changed(held, total=_MORE)
    yield from store.commit(again)
    bench.same(again.committed(), (yield from store.held(other)), "the same at its next version")


@law(
    "VER-1",
    "a stale version is refused with StaleVersion, and nothing is written",
    reason="two who loaded the same balance may not both spend it",
    source="I43",
    about="commit",
)
def a_stale_version_writes_nothing(bench: Bench) -> Trial[None]:
    store, entities = (yield from bench.store()), every_kind_in_brief()
    new, old = claim("new"), claim("old")
    yield from store.commit(*entities, claims=[old])
    for entity in entities:
        yield from store.write(Changes(tenant="", entities=(at_version(entity, 2),)))
    everything = (*entities, account("new"))
    before = yield from store.shown(everything, [new, old])
    for entity in entities:
        late = _beside_what_is_new(at_version(entity, 2), claims=(new,), released=(old,))
        yield from bench.refused(StaleVersion, store.write(late), f"a stale {_named(entity)}")
    after = yield from store.shown(everything, [new, old])
    bench.unchanged(before, after, "after stale versions were refused")


def _beside_what_is_new(
    entity: Entity, *, claims: tuple[Claim, ...], released: tuple[Claim, ...] = ()
) -> Changes:
    """Return changes of which all could be written, but for one entity."""
    entities = (account("new").committed(), entity)
    return Changes(tenant="", entities=entities, claims=claims, released=released)


def _named(entity: Entity) -> str:
    return KINDS[type(entity)]


@law(
    "VER-2",
    "a first version of what exists is refused with AlreadyExists, and nothing is written",
    reason="ids are derived where something must happen once: the second must notice the first",
    source="I41",
    about="commit",
)
def a_first_version_twice_writes_nothing(bench: Bench) -> Trial[None]:
    store, entities, key = (yield from bench.store()), every_kind_in_brief(), claim("key")
    everything = (*entities, account("new"))
    for version in (1, 2):
        held = tuple(at_version(entity, version) for entity in entities)
        yield from store.write(Changes(tenant="", entities=held))
        before = yield from store.shown(everything, [key])
        for entity in entities:
            again = store.write(_beside_what_is_new(at_version(entity, 1), claims=(key,)))
            what = f"a first version of a {_named(entity)} at version {version}"
            yield from bench.refused(AlreadyExists, again, what)
        after = yield from store.shown(everything, [key])
        bench.unchanged(before, after, "after second creations were refused")


@law(
    "VER-3",
    "a version whose predecessor is not there is refused with StaleVersion",
    reason="what was never there, or was lost, may not come back by its second version",
    source="I41",
    about="commit",
)
def a_version_needs_its_predecessor(bench: Bench) -> Trial[None]:
    store, order = (yield from bench.store()), account("order")
    second = changed(order.committed())
    yield from bench.refused(StaleVersion, store.commit(second), "a second version of nothing")
    found = yield from store.get(PayableAccount, "order")
    bench.same(None, found, "an account that was refused")
    yield from store.commit(order)
    third = store.commit(changed(second.committed()))
    yield from bench.refused(StaleVersion, third, "a third version of what is at its first")
    bench.same(order.committed(), (yield from store.held(order)), "an account after a refusal")


@law(
    "VER-4",
    "what has no news is not written",
    reason="a report that came twice changes nothing, not even a version",
    source="I40",
    about="commit",
)
def without_news_nothing_is_written(bench: Bench) -> Trial[None]:
    store, entities = (yield from bench.store()), every_kind_in_brief()
    yield from store.commit(*entities)
    before = yield from store.shown(entities)
    held: list[Entity] = []
    for entity in entities:
        held.append((yield from store.held(entity)))  # noqa: PERF401 - it yields
    yield from store.commit(*held)
    bench.unchanged(before, (yield from store.shown(entities)), "after an empty commit")


@law(
    "CLAIM-1",
    "a claim is unique within its tenant and namespace, and the first one stands",
    reason="one idempotency key is one effect, and one provider's reference is one payment",
    source="I36, WooPayments #6487",
    about="commit",
)
def claims_are_unique(bench: Bench) -> Trial[None]:
    store, first, rival = (yield from bench.store()), claim("key"), claim("key", id="ps_2")
    yield from store.commit(account("first"), claims=[first])
    for again in (rival, first):
        commit = store.commit(account("second"), claims=[again])
        yield from bench.refused(AlreadyExists, commit, "a claim that is taken")
    elsewhere = claim("key", id="ps_3", namespace="references")
    yield from store.commit(account("second"), claims=[elsewhere])
    theirs = account("first", tenant="theirs")
    yield from store.commit(theirs, tenant="theirs", claims=[rival])
    bench.same(first, (yield from store.claimed("key")), "the claim that was first")
    found = yield from store.claimed("key", namespace="references")
    bench.same(elsewhere, found, "the same text in another namespace")
    found = yield from store.claimed("key", namespace="KEYS")
    bench.same(None, found, "the same text in a namespace that nobody has claimed it in")
    found = yield from store.claimed("key", tenant="theirs")
    bench.same(rival, found, "the same text of another tenant")
    for mark in ":/|.-_#":
        yield from _parts_are_kept_apart(store, mark)


def _parts_are_kept_apart(store: StoreOnTrial, mark: str) -> Trial[None]:
    """Make two claims whose parts are the same text, where they are joined by a mark."""
    for tenant, text in (("a", f"keys{mark}b"), (f"a{mark}keys", "b")):
        made = claim(text, id=tenant)
        commit = store.commit(tenant=tenant, claims=[made])
        yield from store.bench.accepted(commit, f"a claim of tenant {tenant!r} on {text!r}")
        found = yield from store.claimed(text, tenant=tenant)
        store.bench.same(made, found, f"the claim of tenant {tenant!r} on {text!r}")


@law(
    "CLAIM-2",
    "a claim at version n replaces the one at n - 1 and no other",
    reason="how a command ended is written into its key's claim once, and only by who made it",
    source="I33",
    about="commit",
)
def claims_are_replaced_by_version(bench: Bench) -> Trial[None]:
    store, second = (yield from bench.store()), claim("key", id="ps_2", version=2)
    early = store.commit(account("early"), claims=[second])
    yield from bench.refused(StaleVersion, early, "a second version of a claim that nobody made")
    yield from store.commit(account("first"), claims=[claim("key")])
    yield from store.commit(account("second"), claims=[second])
    bench.same(second, (yield from store.claimed("key")), "a claim that was replaced")
    for late in (second, claim("key", id="ps_3", version=4)):
        commit = store.commit(account("third"), claims=[late])
        yield from bench.refused(StaleVersion, commit, f"version {late.version} after version 2")
    for anew in (claim("key"), claim("key", id="ps_2"), claim("key", id="ps_3")):
        commit = store.commit(account("third"), claims=[anew])
        yield from bench.refused(AlreadyExists, commit, "version 1 after version 2")
    bench.same(second, (yield from store.claimed("key")), "a claim that was not replaced")
    bench.same(None, (yield from store.get(PayableAccount, "third")), "what was written with it")


@law(
    "CLAIM-3",
    "one commit may claim a text twice, at successive versions, and in that order",
    reason="a command that is decided and done at once claims its key and settles it in one commit",
    source="I33",
    about="commit",
)
def a_claim_is_made_and_replaced_in_one_commit(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    both = claim("key"), claim("key", id="ps_2", version=2)
    yield from store.commit(account("order"), claims=both)
    bench.same(both[1], (yield from store.claimed("key")), "a claim made twice in one commit")
    rivals = claim("other"), claim("other", id="ps_2")
    commit = store.commit(account("late"), claims=rivals)
    yield from bench.refused(AlreadyExists, commit, "two first versions in one commit")
    bench.same(None, (yield from store.claimed("other")), "a text claimed twice at version 1")


@law(
    "CLAIM-4",
    "a claim that was released is free to be taken again",
    reason="a refused command frees its caller's key",
    source="I18",
    about="commit",
)
def released_claims_are_free(bench: Bench) -> Trial[None]:
    store, key, kept = (yield from bench.store()), claim("key"), claim("kept")
    yield from store.commit(account("first"), claims=[key, kept])
    yield from store.commit(account("second"), released=[key])
    bench.same(None, (yield from store.claimed("key")), "a claim that was released")
    bench.same(kept, (yield from store.claimed("kept")), "a claim that was not released")
    again = claim("key", id="ps_2")
    yield from store.commit(account("third"), claims=[again])
    bench.same(again, (yield from store.claimed("key")), "a claim that was taken again")
    yield from store.commit(released=[again])
    bench.same(None, (yield from store.claimed("key")), "a claim released by itself")
    settled = attrs.evolve(kept, version=2, settled_at=at(5))
    yield from store.commit(claims=[settled])
    yield from store.commit(released=[kept])
    found = yield from store.claimed("kept")
    bench.same(None, found, "a claim released by what it was, for the record it still stands for")


@law(
    "CLAIM-5",
    "what a commit releases, it releases after it has made its claims",
    reason="a command that is decided and refused in one commit must leave its key free",
    source="I18",
    about="commit",
)
def claims_are_made_before_others_are_released(bench: Bench) -> Trial[None]:
    store, both = (yield from bench.store()), claim("both")
    yield from store.commit(account("order"), claims=[both], released=[both])
    bench.same(None, (yield from store.claimed("both")), "a claim made and released in one commit")


@law(
    "CLAIM-6",
    "releasing a claim that stands for another record does nothing",
    reason="who comes late may not free a key that somebody else has taken since",
    source="I35",
    about="commit",
)
def only_its_own_claim_is_released(bench: Bench) -> Trial[None]:
    store, held = (yield from bench.store()), claim("key")
    yield from store.commit(account("first"), claims=[held])
    others = (
        claim("key", id="ps_2"),
        claim("key", kind="payment"),
        claim("key", namespace="references"),
        claim("nobody's"),
    )
    for number, other in enumerate(others):
        yield from store.commit(account(f"late_{number}"), released=[other])
        bench.same(held, (yield from store.claimed("key")), "a claim that stands for another")
    theirs = account("first", tenant="theirs")
    yield from store.commit(theirs, tenant="theirs", released=[held])
    bench.same(held, (yield from store.claimed("key")), "a claim of another tenant")
