"""Laws of what lasts: what commit has returned from is there, whatever happens next."""

from __future__ import annotations

from paysession.errors import AlreadyExists, StaleVersion
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
    "DUR-1",
    "what was committed is there when the store is opened again, and what was refused is not",
    reason="a gateway is called as soon as commit returns: after a crash we must know that it was",
    source="I49",
    about="commit",
    needs=("reopen",),
)
def what_was_committed_lasts(bench: Bench) -> Trial[None]:
    store, entities = (yield from bench.store()), every_kind_in_brief()
    key, gone = claim("key"), claim("gone")
    yield from store.commit(*entities, claims=[key, gone])
    told = yield from store.unpublished()
    yield from store.mark_published(told[:2])
    yield from store.commit(released=[gone])
    settled = claim("key", version=2, settled_at=at(5))
    newer = tuple(at_version(entity, 2) for entity in entities)
    yield from store.write(Changes(tenant="", entities=newer, claims=(settled,)))
    refused = store.commit(account("late"), *entities)
    yield from bench.refused(AlreadyExists, refused, "what exists")
    before = yield from store.shown([*entities, account("late")], [key, gone])
    store = yield from bench.reopened(store)
    after = yield from store.shown([*entities, account("late")], [key, gone])
    bench.unchanged(before, after, "after the store was opened again")


@law(
    "DUR-2",
    "versions, claims and the outbox go on where they were when the store is opened again",
    reason="a process that has just started competes with those that never ended",
    source="I41",
    about="commit",
    needs=("reopen",),
)
def it_goes_on_where_it_was(bench: Bench) -> Trial[None]:
    store, order = (yield from bench.store()), account("order")
    yield from store.commit(order, claims=[claim("key")])
    store = yield from bench.reopened(store)
    yield from bench.refused(AlreadyExists, store.commit(order), "an account that exists")
    rival = store.commit(account("other"), claims=[claim("key", id="ps_2")])
    yield from bench.refused(AlreadyExists, rival, "a claim that is taken")
    third = store.write(Changes(tenant="", entities=(at_version(order, 3),)))
    yield from bench.refused(StaleVersion, third, "a third version of what is at its first")
    newer = changed((yield from store.held(order)))
    yield from store.commit(newer)
    told = [one.id for one in (yield from store.unpublished())]
    bench.same(
        [f"payable_account:order:{each}" for each in ("1:0", "1:1", "2:0")],
        told,
        "the events, those of before first",
    )


@law(
    "DUR-3",
    "inside an open transaction commit is refused with NotDurable, or durable though it be undone",
    reason="a call made on behalf of what is rolled back later is money that nobody knows of",
    source="I49",
    about="commit",
    needs=("outer_transaction",),
)
def no_transaction_is_joined(bench: Bench) -> Trial[None]:
    for kept in (False, True):
        store, order, key = (yield from bench.store()), account("order"), claim("key")
        commit = store.commit(order, claims=[key])
        was_allowed = yield from bench.within_transaction(store, commit, kept=kept)
        end = "kept" if kept else "undone"
        what = "what was committed" if was_allowed else "what was refused as not durable"
        shown = yield from store.get(type(order), "order")
        expected = order.committed() if was_allowed else None
        bench.same(expected, shown, f"{what} inside a transaction that was {end}")
        taken = yield from store.claimed("key")
        bench.same(key if was_allowed else None, taken, f"the claim of {what}, {end}")
        told = len((yield from store.unpublished()))
        bench.same(2 if was_allowed else 0, told, f"how many events of {what} there are, {end}")


@law(
    "DUR-4",
    "once the transaction around it is over, a store commits again",
    reason="one request that forgot a transaction must not stop all that come after it",
    source="I25",
    about="commit",
    needs=("outer_transaction",),
)
def it_commits_after_a_transaction(bench: Bench) -> Trial[None]:
    store, inside, after = (yield from bench.store()), account("inside"), account("after")
    yield from bench.within_transaction(store, store.commit(inside), kept=False)
    commit = store.commit(after, claims=[claim("key")])
    yield from bench.accepted(commit, "what is committed afterwards")
    bench.same(after.committed(), (yield from store.held(after)), "what was committed afterwards")
