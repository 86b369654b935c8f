"""Every law of a store catches a fault that it is meant for, by threads and by tasks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import broken_stores as broken
import pytest
import racing_stores as racing
from broken_stores import OneOfMany, OnPaper
from sqlite_store import SqliteStore

from paysession.stores import AsyncInMemoryStore, AsyncStore, InMemoryStore, Store
from paysession.testing import AsyncStoreConformance, LawBroken, StoreConformance
from paysession.testing._laws import threads
from paysession.testing._stores.laws import LAWS

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import RECORDS

FAULTS: tuple[tuple[type[InMemoryStore], str], ...] = (
    (broken.HalfACommit, "ATOM-1"),
    (broken.ClaimsAfterwards, "ATOM-2"),
    (broken.AbortedForGood, "ATOM-3"),
    (broken.LastWriteWins, "VER-1"),
    (broken.ReleasedBeforeItLooks, "VER-1"),
    (broken.FirstVersionAgain, "VER-2"),
    (broken.FirstVersionAfterOthers, "VER-2"),
    (broken.UpdatesOrInserts, "VER-3"),
    (broken.NothingIsACommit, "VER-4"),
    (broken.ClaimsNotUnique, "CLAIM-1"),
    (broken.ClaimedByItselfAgain, "CLAIM-1"),
    (broken.ClaimKeysJoined, "CLAIM-1"),
    (broken.ClaimsNotUnique, "CLAIM-2"),
    (broken.ClaimsOfAnyVersion, "CLAIM-2"),
    (broken.SettledKeysAreFree, "CLAIM-2"),
    (broken.ClaimedOnce, "CLAIM-3"),
    (broken.ClaimsKept, "CLAIM-4"),
    (broken.ReleasedToTheLetter, "CLAIM-4"),
    (broken.ReleasedFirst, "CLAIM-5"),
    (broken.AnyRelease, "CLAIM-6"),
    (broken.NewestFirst, "FIND-1"),
    (broken.OneIndexForAll, "FIND-1"),
    (broken.LastChangedLast, "FIND-1"),
    (broken.BeganAsText, "FIND-1"),
    (broken.FindsLike, "FIND-2"),
    (broken.FindsNone, "FIND-2"),
    (broken.IndexStandsStill, "FIND-3"),
    (broken.OneIndexFollows, "FIND-3"),
    (broken.TiesByAlphabet, "FIND-4"),
    (broken.OneKindForAll, "FIND-5"),
    (broken.FindsById, "FIND-5"),
    (broken.DueById, "FIND-5"),
    (broken.IndexOfWhatChanged, "FIND-6"),
    (broken.OldCopiesFound, "FIND-6"),
    (broken.OneOutboxForAll, "TEN-1"),
    (broken.TenantsWithoutCase, "TEN-1"),
    (broken.NoTenantFindsAll, "TEN-1"),
    (broken.TenantsCut, "TEN-1"),
    (broken.PublishedForAll, "TEN-2"),
    (broken.LimitBeforeKinds, "DUE-1"),
    (broken.DueNewestFirst, "DUE-1"),
    (broken.DueOfSomeKinds, "DUE-1"),
    (broken.DueKindByKind, "DUE-1"),
    (broken.LimitOfEachKind, "DUE-1"),
    (broken.DueWhenOver, "DUE-2"),
    (broken.DueToTheSecond, "DUE-2"),
    (broken.DueAsText, "DUE-2"),
    (broken.DueForever, "DUE-3"),
    (broken.DueUntilItChanges, "DUE-4"),
    (broken.OldCopiesDue, "DUE-4"),
    (broken.AttentionNewestFirst, "ATT-1"),
    (broken.AttentionForever, "ATT-1"),
    (broken.AttentionOfAttempts, "ATT-1"),
    (broken.AttentionKindByKind, "ATT-1"),
    (broken.AttentionByChange, "ATT-1"),
    (broken.AttentionUntilItChanges, "ATT-2"),
    (broken.OldCopiesShown, "ATT-2"),
    (broken.EventsLost, "EVENT-1"),
    (broken.EventsCountedAnew, "EVENT-1"),
    (broken.NeverPublished, "EVENT-2"),
    (broken.PublishedUpTo, "EVENT-2"),
    (broken.PublishedWithLaterOnes, "EVENT-2"),
    (broken.LimitOfAggregates, "EVENT-2"),
    (broken.GoesThroughEventsTwice, "EVENT-2"),
    (broken.OneClassNotTold, "EVENT-3"),
    (broken.ReadOnce, "EVENT-4"),
    (broken.EventsWithoutKinds, "EVENT-5"),
    (broken.PublishedWithoutKinds, "EVENT-5"),
    (broken.FirstPageFound, "PAGE-1"),
    (broken.FirstPageDue, "PAGE-1"),
    (broken.FirstPageShown, "PAGE-1"),
    (broken.FirstPageTold, "PAGE-1"),
    (broken.NewsKept, "ROUND-1"),
    (broken.NoClient, "ROUND-1"),
    (broken.NoFacts, "ROUND-1"),
    (broken.NoMeta, "ROUND-1"),
    (broken.StatusesAsText, "ROUND-1"),
    (broken.ClaimsWhenAsked, "ROUND-2"),
    (broken.TextComposed, "ROUND-3"),
    (broken.ThreeOctets, "ROUND-3"),
    (broken.EventsInThreeOctets, "ROUND-3"),
    (broken.BlanksCut, "ROUND-3"),
    (broken.ClaimsCut, "ROUND-3"),
    (broken.AmountsAsFloats, "ROUND-4"),
    (broken.EventAmountsAsFloats, "ROUND-4"),
    (broken.AnswerAmountsAsFloats, "ROUND-4"),
    (broken.MovementAmountsInCents, "ROUND-4"),
    (broken.IntegersAsFloats, "ROUND-5"),
    (broken.IntegersOfFourOctets, "ROUND-5"),
    (broken.MicrosecondsCut, "ROUND-6"),
    (broken.LocalTime, "ROUND-6"),
    (broken.NoAnswer, "ROUND-7"),
    (broken.NoClientInAnswers, "ROUND-7"),
    (broken.OldValuesStay, "ROUND-8"),
    (broken.ClaimsNotUnique, "RACE-2"),
    (broken.StaleWithoutNeed, "RACE-3"),
    (broken.FirstReadRemembered, "RACE-3"),
    (broken.LaggingReplica, "RACE-5"),
)
THREADS: tuple[tuple[type[InMemoryStore], str], ...] = (
    (broken.LooksAndLetsOthersLook, "RACE-1"),
    (broken.LooksAndLetsOthersLook, "RACE-2"),
    (broken.LocksOneByOne, "RACE-4"),
    (broken.LooksBeforeItCreates, "RACE-7"),
    (broken.LooksBeforeItSettles, "RACE-8"),
)
RACES: tuple[tuple[type[AsyncInMemoryStore], str], ...] = (
    (racing.CheckedTooEarly, "RACE-1"),
    (racing.CheckedTooEarly, "RACE-2"),
    (racing.CheckedTooEarly, "RACE-3"),
    (racing.LockedOneByOne, "RACE-4"),
    (racing.TornReads, "RACE-5"),
    (racing.EventsAfterwards, "RACE-5"),
    (racing.ClaimsBeforehand, "RACE-5"),
    (racing.FoundOneByOne, "RACE-5"),
    (racing.DueWhileOthersWrite, "RACE-5"),
    (racing.LatecomersPassedOver, "RACE-6"),
    (racing.CreatedTooEarly, "RACE-7"),
    (racing.SettledTooEarly, "RACE-8"),
)
FORGETFUL: tuple[tuple[type[OnPaper], str], ...] = (
    (broken.EverythingForgotten, "DUR-1"),
    (broken.MarksForgotten, "DUR-1"),
    (broken.UpdatesForgotten, "DUR-1"),
    (broken.SettlementsForgotten, "DUR-1"),
    (broken.VersionsForgotten, "DUR-2"),
)
SHARING: tuple[tuple[type[SqliteStore], str], ...] = (
    (broken.JoinsTransactions, "DUR-3"),
    (broken.RefusesForGood, "DUR-4"),
)
SHARED: tuple[tuple[type[InMemoryStore], str], ...] = ((broken.FirstReadRemembered, "READ-1"),)
SEPARATE: tuple[tuple[type[OneOfMany], str], ...] = (
    (broken.FoundIsRemembered, "READ-1"),
    (broken.DueIsRemembered, "READ-1"),
    (broken.AttentionIsRemembered, "READ-1"),
    (broken.ClaimsAreRemembered, "READ-1"),
    (broken.OutboxIsRemembered, "READ-1"),
)
EVERY = (*FAULTS, *THREADS, *RACES, *FORGETFUL, *SHARING, *SHARED, *SEPARATE)


class Suite(StoreConformance[Any]):
    def __init__(self, make_store: Callable[[], Store]) -> None:
        self.make = make_store

    def make_store(self) -> Store:
        return self.make()


class AsyncSuite(AsyncStoreConformance[Any]):
    run = staticmethod(asyncio.run)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        return asyncio.gather(*tasks)

    def __init__(self, make_store: Callable[[], AsyncStore]) -> None:
        self.make = make_store

    async def make_store(self) -> AsyncStore:
        return self.make()


def caught(suite: StoreConformance[Any] | AsyncStoreConformance[Any], code: str) -> LawBroken:
    law = next(law for law in LAWS if law.code == code)
    with pytest.raises(LawBroken) as broken_law:
        getattr(suite, law.test_name)()
    return broken_law.value


def named(faults: tuple[tuple[type, str], ...]) -> pytest.MarkDecorator:
    ids = [f"{store.__name__}-{code}" for store, code in faults]
    return pytest.mark.parametrize(("store", "code"), faults, ids=ids)


@named(FAULTS)
def test_a_fault_is_caught_by_its_law(store: type[InMemoryStore], code: str) -> None:
    assert code == caught(Suite(store), code).code


@named(FAULTS)
def test_a_fault_of_an_asynchronous_store_is_caught_too(
    store: type[InMemoryStore], code: str
) -> None:
    assert code == caught(AsyncSuite(lambda: AsyncInMemoryStore(store())), code).code


@named(THREADS)
def test_a_race_of_threads_is_caught_by_its_law(
    store: type[InMemoryStore], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "LONGEST_SECONDS", 2)
    assert code == caught(Suite(store), code).code


@named(RACES)
def test_a_race_of_tasks_is_caught_by_its_law(
    store: type[AsyncInMemoryStore], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "LONGEST_SECONDS", 0.2)
    assert code == caught(AsyncSuite(store), code).code


@named(FORGETFUL)
def test_a_fault_of_what_should_last_is_caught(store: type[OnPaper], code: str) -> None:
    class Forgetful(Suite):
        def reopen(self, store: OnPaper) -> OnPaper:
            return type(store).opened_again(store)

    assert code == caught(Forgetful(store), code).code


@named(SHARING)
def test_a_fault_inside_a_transaction_is_caught(
    store: type[SqliteStore], code: str, tmp_path: Path
) -> None:
    class Sharing(Suite):
        @contextmanager
        def outer_transaction(self, store: SqliteStore) -> Iterator[None]:
            store.connection.execute("BEGIN IMMEDIATE")
            with store.connection:
                yield

        def close(self, store: SqliteStore) -> None:
            store.close()

    assert code == caught(Sharing(lambda: store(tmp_path / "s", records=RECORDS)), code).code


@named(SHARED)
def test_a_fault_of_what_two_share_is_caught(store: type[InMemoryStore], code: str) -> None:
    class Shared(Suite):
        def another(self, store: InMemoryStore) -> InMemoryStore:
            return store

    assert code == caught(Shared(store), code).code


@named(SEPARATE)
def test_a_fault_between_two_processes_is_caught(store: type[OneOfMany], code: str) -> None:
    class Separate(Suite):
        def another(self, store: OneOfMany) -> OneOfMany:
            return store.another()

    assert code == caught(Separate(store), code).code


def test_every_law_has_a_fault_that_it_catches() -> None:
    assert {law.code for law in LAWS} == {code for _, code in EVERY}
