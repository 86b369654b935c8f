"""A right store passes the machine in both worlds, and stores with a fault each do not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import broken_stores as broken
import pytest
import trio
from broken_stores import OnPaper
from sqlite_store import AsyncSqliteStore, SqliteStore

from paysession import AsyncPayments, Payments
from paysession.gateways import AsyncGateway, Gateway
from paysession.stores import AsyncInMemoryStore, InMemoryStore, Store
from paysession.testing import PROFILES, AsyncPaymentsMachine, HistoryBroken, PaymentsMachine
from paysession.testing._plants import PLANTS, Plant
from paysession.testing._simulation import run

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import RECORDS

Clock = Callable[[], datetime]
Ids = Callable[[str], str]
HISTORIES = 2


@pytest.fixture(autouse=True)
def told_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is found is looked at here, and not how short it can be made."""
    monkeypatch.setattr(run, "shrunk", lambda found, broken, carry_out: found)


class TestSqlite(PaymentsMachine):
    """Each process has a connection of its own to one file."""

    histories = HISTORIES

    @pytest.fixture(autouse=True)
    def in_a_file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "payments.sqlite"

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        store = SqliteStore(self.path, records=RECORDS)
        return Payments({"simulated": gateway}, store=store, clock=clock, ids=ids)

    def reset(self) -> None:
        self.path.unlink(missing_ok=True)

    def close(self, payments: Payments) -> None:
        store = payments.ports.store
        assert isinstance(store, SqliteStore)
        store.close()


class TestAsyncSqlite(AsyncPaymentsMachine):
    """The same store, called in threads from an event loop."""

    histories = HISTORIES
    run = staticmethod(asyncio.run)

    @pytest.fixture(autouse=True)
    def in_a_file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "payments.sqlite"

    async def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
        store = AsyncSqliteStore(SqliteStore(self.path, records=RECORDS))
        return AsyncPayments({"simulated": gateway}, store=store, clock=clock, ids=ids)

    async def reset(self) -> None:
        self.path.unlink(missing_ok=True)

    def close(self, payments: AsyncPayments) -> None:
        store = payments.ports.store
        assert isinstance(store, AsyncSqliteStore)
        store.store.close()


class Machine(PaymentsMachine):
    """A backend whose processes share one store in memory."""

    histories = 15
    store: Store

    def __init__(self, make_store: Callable[[], Store]) -> None:
        self.make_store = make_store

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self) -> None:
        self.store = self.make_store()


class AsyncMachine(AsyncPaymentsMachine):
    histories = 15
    run = staticmethod(asyncio.run)
    store: AsyncInMemoryStore

    def __init__(self, make_store: Callable[[], InMemoryStore]) -> None:
        self.make_store = make_store

    def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
        return AsyncPayments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self) -> None:
        self.store = AsyncInMemoryStore(self.make_store())


FAULTS: tuple[tuple[type[InMemoryStore], str], ...] = (
    (broken.Rewriting, "KEEP-1"),
    (broken.LastWriteWins, "KEEP-2"),
    (broken.FirstVersionAgain, "KEEP-2"),
    (broken.ClaimsNotUnique, "KEEP-2"),
    (broken.StaleWithoutNeed, "KEEP-3"),
    (broken.HalfACommit, "KEEP-4"),
    (broken.ClaimsAfterwards, "KEEP-4"),
    (broken.ClaimsKept, "KEEP-4"),
    (broken.NoClient, "KEEP-4"),
    (broken.NoFacts, "KEEP-4"),
    (broken.NoAnswer, "KEEP-4"),
    (broken.NoClientInAnswers, "KEEP-4"),
    (broken.StatusesAsText, "KEEP-4"),
    (broken.LocalTime, "KEEP-4"),
    (broken.OldValuesStay, "KEEP-4"),
    (broken.FirstReadRemembered, "KEEP-4"),
    (broken.LaggingReplica, "KEEP-4"),
    (broken.OneKindForAll, "KEEP-5"),
    (broken.ClaimsWhenAsked, "KEEP-5"),
    (broken.ClaimsCut, "KEEP-5"),
    (broken.DueNewestFirst, "KEEP-6"),
    (broken.DueWhenOver, "KEEP-6"),
    (broken.DueForever, "KEEP-6"),
    (broken.AttentionNewestFirst, "KEEP-6"),
    (broken.AttentionForever, "KEEP-6"),
    (broken.EventsLost, "KEEP-7"),
    (broken.EventsCountedAnew, "KEEP-7"),
    (broken.NeverPublished, "KEEP-7"),
    (broken.OneClassNotTold, "KEEP-7"),
    (broken.ReadOnce, "KEEP-7"),
    (broken.NewestFirst, "KEEP-8"),
    (broken.OneIndexForAll, "KEEP-8"),
    (broken.FindsLike, "KEEP-8"),
    (broken.NewsKept, "I25"),
)


def named(faults: Sequence[tuple[type, str]]) -> pytest.MarkDecorator:
    ids = [f"{store.__name__}-{code}" for store, code in faults]
    return pytest.mark.parametrize(("store", "code"), faults, ids=ids)


def caught(machine: PaymentsMachine | AsyncPaymentsMachine) -> HistoryBroken:
    with pytest.raises(HistoryBroken) as broken_history:
        machine.try_profile(PROFILES["stripe"])
    return broken_history.value


def test_any_event_loop_will_do() -> None:
    class OnTrio(AsyncMachine):
        histories = 3

        def run(self, main: Coroutine[Any, Any, None], /) -> None:  # type: ignore[override]
            trio.run(lambda: main)

        async def reset(self) -> None:  # type: ignore[override]
            await trio.sleep(0)
            self.store = AsyncInMemoryStore()

    OnTrio(InMemoryStore).try_profile(PROFILES["paypal"])


@pytest.mark.parametrize("plant", list(PLANTS.values())[::6], ids=lambda plant: plant.name)
def test_a_bug_of_the_library_is_caught_by_its_invariant(plant: Plant) -> None:
    class Planted(Machine):
        histories = 20
        faults = tuple(plant.faults)

    with plant.planted(), pytest.raises(HistoryBroken) as broken_history:
        Planted(InMemoryStore).try_profile(PROFILES[plant.profile])
    assert plant.breaks == broken_history.value.code


@named(FAULTS)
def test_a_fault_of_a_store_is_caught_by_its_rule(store: type[InMemoryStore], code: str) -> None:
    assert code == caught(Machine(store)).code


@named(FAULTS[2::6])
def test_a_fault_of_an_asynchronous_store_is_caught_alike(
    store: type[InMemoryStore], code: str
) -> None:
    assert code == caught(AsyncMachine(store)).code


def test_a_store_that_forgets_with_its_process_is_caught() -> None:
    class Dying(Machine):
        def close(self, payments: Payments) -> None:
            assert isinstance(self.store, OnPaper)
            self.store = type(self.store).opened_again(self.store)

    assert "KEEP-8" == caught(Dying(broken.EverythingForgotten)).code


def test_a_store_that_joins_a_transaction_of_its_application_loses_what_is_rolled_back(
    tmp_path: Path,
) -> None:
    class Requests(Machine):
        """The application opens a transaction for all that a process does, as frameworks do."""

        def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
            store = self.store
            assert isinstance(store, SqliteStore)
            if not store.connection.in_transaction:
                store.connection.execute("BEGIN")
            return super().make_payments(gateway, clock, ids)

        def close(self, payments: Payments) -> None:
            store = self.store
            assert isinstance(store, SqliteStore)
            if store.connection.in_transaction:
                store.connection.execute("ROLLBACK")

        def reset(self) -> None:
            if hasattr(self, "store"):
                assert isinstance(self.store, SqliteStore)
                self.store.close()
            (tmp_path / "payments").unlink(missing_ok=True)
            super().reset()

    def joining() -> Store:
        return broken.JoinsTransactions(tmp_path / "payments", records=RECORDS)

    def refusing() -> Store:
        return SqliteStore(tmp_path / "payments", records=RECORDS)

    for make_store, code in ((joining, "KEEP-8"), (refusing, "KEEP-1")):
        machine = Requests(make_store)
        assert code == caught(machine).code
        assert isinstance(machine.store, SqliteStore)
        machine.store.close()
