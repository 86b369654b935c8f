"""Laws of many at once: one wins, nobody is half done, and all come to an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from paysession._domain.entities import Entity
from paysession._domain.payable import PayableAccount
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.errors import AlreadyExists, Conflict, StaleVersion
from paysession.stores.port import Claim
from paysession.testing._stores.bench import Bench, StoreOnTrial
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import account, at, attempt, changed, claim
from paysession.testing._stores.trials import AtOnce, Trial
from paysession.testing._stores.ways import both_found, every_way, in_sight, out_of_step

WRITERS: Final = 16
"""How many are at a store at once."""

_MOST_TRIES: Final = 10 * WRITERS
"""Each writer is beaten once by each of the others, if a store refuses nobody without need."""

_ROUNDS: Final = WRITERS // 2
"""How often a reader reads by every way."""

_ONE_EVENT: Final = account("any").news[:1]


def written(
    store: StoreOnTrial,
    *entities: Entity,
    claims: Sequence[Claim] = (),
    refusal: type[Conflict] = Conflict,
) -> Trial[bool]:
    """Commit; return whether nobody was faster, and nothing but that may be in the way."""
    try:
        yield from store.commit(*entities, claims=claims)
    except refusal:
        return False
    except Exception as other:  # noqa: BLE001 - whatever it is, nobody can act on it
        allowed = f"it is written, or {refusal.__name__}"
        store.bench.broken("a commit while others commit", allowed, other)
    return True


@law(
    "RACE-1",
    "of many who write one version at once, exactly one wins, and the others change nothing",
    reason="two charges may not use the same due amount",
    source="I43, medusa #13301",
    about="commit",
    is_race=True,
)
def one_writer_wins(bench: Bench) -> Trial[None]:
    store, order = (yield from bench.store()), account("order", news=_ONE_EVENT)
    yield from store.commit(order)
    loaded = yield from store.held(order)

    def writer(own: StoreOnTrial, number: int) -> Trial[bool]:
        total = Money.from_minor(number, "USD")
        beside = account(f"by_{number}", news=_ONE_EVENT)
        return (yield from written(own, changed(loaded, total=total), beside))

    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [writer(own, number) for number, own in enumerate(stores, start=1)]
    won = yield from AtOnce(trials)
    bench.same(1, sum(won), f"how many of {WRITERS} writers won")
    held = yield from store.held(order)
    bench.same(2, held.version, "the version afterwards")
    winner = f"by_{held.total.minor}"
    bench.same([winner], (yield from _beside(store)), "what the writers wrote beside it")
    told = sorted(one.aggregate_id for one in (yield from store.unpublished()))
    bench.same([winner, "order", "order"], told, "whose events were told")


def _beside(store: StoreOnTrial) -> Trial[list[str]]:
    """Return which of the accounts that only one writer writes are there."""
    there: list[str] = []
    for number in range(WRITERS + 1):
        found = yield from store.get(PayableAccount, f"by_{number}")
        there += [] if found is None else [found.id]
    return there


@law(
    "RACE-2",
    "of many who make one claim at once, exactly one wins, and the others change nothing",
    reason="one key pressed twice is one payment",
    source="I35",
    about="commit",
    is_race=True,
)
def one_claimant_wins(bench: Bench) -> Trial[None]:
    store = yield from bench.store()

    def claimant(own: StoreOnTrial, number: int) -> Trial[bool]:
        name = f"by_{number}"
        return (yield from written(own, account(name), claims=[claim("key", id=name)]))

    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [claimant(own, number) for number, own in enumerate(stores)]
    won = yield from AtOnce(trials)
    bench.same(1, sum(won), f"how many of {WRITERS} claimants won")
    held = yield from store.claimed("key")
    expected = [] if held is None else [held.id]
    bench.same(expected, (yield from _beside(store)), "what the claimants wrote beside it")


@law(
    "RACE-3",
    "who was too late loads the newest version, tries again and gets through, and each is told of",
    reason="a fact is never refused: whoever settles it tries until it is written",
    source="I48",
    about="commit",
    is_race=True,
)
def everybody_gets_through(bench: Bench) -> Trial[None]:
    store, order = (yield from bench.store()), account("order", news=_ONE_EVENT)
    yield from store.commit(order)
    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [_through(own, [order], number) for number, own in enumerate(stores, start=1)]
    yield from AtOnce(trials)
    held = yield from store.held(order)
    bench.same(1 + WRITERS, held.version, f"the version after {WRITERS} writers")
    told = [one.id for one in (yield from store.unpublished())]
    expected = [f"payable_account:order:{version}:0" for version in range(1, held.version + 1)]
    bench.same(expected, told, "the events, in the order in which they happened")


def _through(store: StoreOnTrial, accounts: Sequence[PayableAccount], number: int) -> Trial[None]:
    """Change accounts in one commit, however often somebody else is faster."""

    def once() -> Trial[bool]:
        newer: list[PayableAccount] = []
        for one in accounts:
            held = yield from store.held(one)
            newer.append(changed(held, total=Money.from_minor(number, "USD")))
        return (yield from written(store, *newer))

    yield from _until_written(store, once)


def _until_written(store: StoreOnTrial, once: Callable[[], Trial[bool]]) -> Trial[None]:
    for _ in range(_MOST_TRIES):
        if (yield from once()):
            return
    store.bench.broken("a writer who tries again", "it gets through", f"beaten {_MOST_TRIES} times")


@law(
    "RACE-4",
    "two who write the same records in opposite order both come to an end",
    reason="a deadlock that a database resolves is an error that no caller can understand",
    source="I25",
    about="commit",
    is_race=True,
)
def opposite_orders_do_not_deadlock(bench: Bench) -> Trial[None]:
    store, pair = (yield from bench.store()), [account("a"), account("b")]
    yield from store.commit(*pair)
    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [_through(own, pair[:: (-1) ** number], number) for number, own in enumerate(stores)]
    yield from AtOnce(trials)
    for one in pair:
        held = yield from store.held(one)
        bench.same(1 + WRITERS, held.version, f"the version of {one.id} after {WRITERS} writers")


@law(
    "RACE-5",
    "who reads while others write sees all of a commit or nothing of it, and never an older one",
    reason="a payment is decided on together with its account, which must tell of it",
    source="I44",
    about="get",
    is_race=True,
)
def nobody_reads_half_a_commit(bench: Bench) -> Trial[None]:
    store, pair = (yield from bench.store()), (in_sight("a"), in_sight("b"))
    yield from store.commit(*pair, claims=[claim("key")])
    own, *others = yield from bench.each_its_own(store, WRITERS)
    writers = [_both_at_once(one, pair, number) for number, one in enumerate(others[::2])]
    readers = [
        _never_reads_half(one, pair, number) for number, one in enumerate((own, *others[1::2]))
    ]
    yield from AtOnce([trial for both in zip(readers, writers, strict=True) for trial in both])


def _both_at_once(store: StoreOnTrial, pair: Sequence[PaymentSession], number: int) -> Trial[None]:
    """Change two sessions and settle a claim in one commit, with something new beside them."""

    def once() -> Trial[bool]:
        newer = [changed(one) for one in (yield from both_found(store, pair))]
        version = 1 + max((one.version for one in newer), default=0)
        settled = claim("key", version=version)
        return (yield from written(store, *newer, beside, claims=[settled]))

    fields = {"facts": (), "recheck_at": None, "waits_for_person": None}
    beside = attempt(f"by_{number}", of=pair[0], **fields)
    yield from _until_written(store, once)


def _never_reads_half(
    store: StoreOnTrial, pair: Sequence[PaymentSession], number: int
) -> Trial[None]:
    """Read by every way, again and again: what one way has shown the next shows, or newer."""
    yield from out_of_step(store, number)
    newest = 1
    for _ in range(_ROUNDS):
        for what, read, count in every_way(store, pair):
            versions = yield from read
            expected = [max([newest, *versions])] * count
            store.bench.same(expected, versions, f"versions after {newest} was read, by {what}")
            newest = expected[0]


@law(
    "RACE-6",
    "what is told while others read the outbox is told in the end, and none is passed over",
    reason="who publishes up to the newest event must not leave out one that was committed late",
    source="I44",
    about="unpublished",
    is_race=True,
)
def no_event_is_passed_over(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    heard: list[str] = []

    def publisher(own: StoreOnTrial) -> Trial[None]:
        for _ in range(2 * WRITERS):
            told = yield from own.unpublished(limit=3)
            yield from own.mark_published(told)
            heard.extend(event.id for event in told)

    def writer(own: StoreOnTrial, number: int) -> Trial[None]:
        for part in range(3):
            yield from own.commit(account(f"by_{number}_{part}"))

    own, *others = yield from bench.each_its_own(store, WRITERS)
    writers = [writer(one, number) for number, one in enumerate(others)]
    yield from AtOnce([publisher(own), *writers])
    heard.extend(event.id for event in (yield from store.unpublished()))
    names = (f"by_{number}_{part}" for number in range(len(others)) for part in range(3))
    expected = sorted(f"payable_account:{name}:1:{index}" for name in names for index in range(2))
    bench.same(expected, sorted(set(heard)), "the events that were told")


@law(
    "RACE-7",
    "of many who create one entity at once, exactly one does, and the others find that it exists",
    reason="the first two sessions of an order open its account at once, and it has only one",
    source="I41, I43",
    about="commit",
    is_race=True,
)
def one_creator_wins(bench: Bench) -> Trial[None]:
    store = yield from bench.store()

    def creator(own: StoreOnTrial, number: int) -> Trial[bool]:
        order, beside = (account(name, news=_ONE_EVENT) for name in ("order", f"by_{number}"))
        order = attrs.evolve(order, total=Money.from_minor(number, "USD"))
        return (yield from written(own, order, beside, refusal=AlreadyExists))

    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [creator(own, number) for number, own in enumerate(stores, start=1)]
    won = yield from AtOnce(trials)
    bench.same(1, sum(won), f"how many of {WRITERS} creators won")
    held = yield from store.held(account("order"))
    winner = f"by_{held.total.minor}"
    bench.same([winner], (yield from _beside(store)), "what the creators wrote beside it")
    told = sorted(one.aggregate_id for one in (yield from store.unpublished()))
    bench.same([winner, "order"], told, "whose events were told")


@law(
    "RACE-8",
    "of many who settle one claim at once, exactly one does, and the others change nothing",
    reason="a command that is asked again answers as it did: its key has one answer and no other",
    source="I33",
    about="commit",
    is_race=True,
)
def one_settlement_wins(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    yield from store.commit(account("order"), claims=[claim("key")])

    def settler(own: StoreOnTrial, number: int) -> Trial[bool]:
        name = f"by_{number}"
        settled = claim("key", id=name, version=2, settled_at=at(number))
        return (yield from written(own, account(name), claims=[settled], refusal=StaleVersion))

    stores = yield from bench.each_its_own(store, WRITERS)
    trials = [settler(own, number) for number, own in enumerate(stores)]
    won = yield from AtOnce(trials)
    bench.same(1, sum(won), f"how many of {WRITERS} who settled a claim won")
    held = yield from store.claimed("key")
    expected = [] if held is None else [held.id]
    bench.same(expected, (yield from _beside(store)), "what was written beside the claim")
