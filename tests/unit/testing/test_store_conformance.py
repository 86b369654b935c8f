"""What the suites of a store do with their author's methods, and with what they find."""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from threading import Event
from typing import Any
from unittest import SkipTest

import pytest
from kept_store import AsyncKeptStore, KeptStore

from paysession.errors import AlreadyExists
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.testing import AsyncStoreConformance, LawBroken, StoreConformance
from paysession.testing._laws import threads
from paysession.testing._laws.suite import DeviationKept, SuiteTooThin
from paysession.testing._laws.verdicts import Verdict
from paysession.testing._stores.bench import Bench
from paysession.testing._stores.law import StoreLaw, law
from paysession.testing._stores.laws import LAWS
from paysession.testing._stores.trials import AtOnce, Do, Trial


class TestKeptStore(StoreConformance[KeptStore]):
    """Every law applies to a store whose author has written everything."""

    def make_store(self) -> KeptStore:
        return KeptStore()

    def another(self, store: KeptStore) -> KeptStore:
        return store

    def reopen(self, store: KeptStore) -> KeptStore:
        return store

    def outer_transaction(self, store: KeptStore) -> AbstractContextManager[None]:
        return store.transaction()

    def close(self, store: KeptStore) -> None:
        store.is_closed = True


class TestAsyncKeptStore(AsyncStoreConformance[AsyncKeptStore]):
    run = staticmethod(asyncio.run)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        return asyncio.gather(*tasks)

    async def make_store(self) -> AsyncKeptStore:
        return AsyncKeptStore(KeptStore())

    async def another(self, store: AsyncKeptStore) -> AsyncKeptStore:
        return AsyncKeptStore(store.kept)

    async def reopen(self, store: AsyncKeptStore) -> AsyncKeptStore:
        return AsyncKeptStore(store.kept)

    def outer_transaction(self, store: AsyncKeptStore) -> AbstractAsyncContextManager[None]:
        return store.transaction()


class Bare(StoreConformance[InMemoryStore]):
    def make_store(self) -> InMemoryStore:
        return InMemoryStore()


class AsyncBare(AsyncStoreConformance[AsyncInMemoryStore]):
    run = staticmethod(asyncio.run)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        return asyncio.gather(*tasks)

    async def make_store(self) -> AsyncInMemoryStore:
        return AsyncInMemoryStore()


def law_of(
    check: Callable[[Bench], Trial[None]], *, needs: tuple[str, ...] = (), is_race: bool = False
) -> StoreLaw:
    told: dict[str, Any] = {"reason": "a reason", "source": "I1", "about": "get"}
    return law("X-1", "a sentence", needs=needs, is_race=is_race, **told)(check)


def test_there_is_a_test_for_every_law_which_says_what_the_law_says() -> None:
    for each in LAWS:
        for suite in (StoreConformance, AsyncStoreConformance):
            test = getattr(suite, each.test_name)
            assert each.test_name == test.__name__
            assert f"{each.code}: {each.sentence}. Why: {each.reason}." == test.__doc__
            assert each is test.paysession_law


def test_the_names_of_tests_begin_with_the_codes_of_their_laws() -> None:
    names = [each.test_name for each in LAWS]
    assert "test_atom_1_half_a_commit_is_none" == names[0]
    assert len(set(names)) == len(names)


def test_laws_are_counted_within_their_area() -> None:
    codes = [each.code for each in LAWS]
    areas = list(dict.fromkeys(code.partition("-")[0] for code in codes))
    counted = [
        f"{area}-{number}"
        for area in areas
        for number in range(1, 1 + sum(code.startswith(f"{area}-") for code in codes))
    ]
    assert counted == codes


def test_the_module_needs_nothing_that_only_tests_have() -> None:
    program = "import sys, paysession.testing; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert set() == {"pytest", "hypothesis", "trio"} & set(loaded.stdout.split())


def test_a_law_that_is_overridden_is_an_error_of_the_class() -> None:
    with pytest.raises(TypeError, match="hides the law ATOM-1: rename it"):

        class Overriding(Bare):
            def test_atom_1_half_a_commit_is_none(self) -> None: ...


def test_a_law_that_another_base_overrides_is_an_error_too() -> None:
    class Other:
        def test_dur_1_what_was_committed_lasts(self) -> None: ...

    with pytest.raises(TypeError, match="hides the law DUR-1"):
        type("Overriding", (Other, Bare), {})


def test_a_law_cannot_be_taken_away() -> None:
    with pytest.raises(TypeError, match="hides the law DUR-1"):
        type("Without", (AsyncBare,), {"test_dur_1_what_was_committed_lasts": None})


def test_a_suite_may_have_tests_of_its_own() -> None:
    class More(Bare):
        def test_atom_1(self) -> None: ...

    assert LAWS == More().laws


def test_a_suite_without_a_store_says_what_to_write() -> None:
    class Nothing(StoreConformance[InMemoryStore]): ...

    with pytest.raises(NotImplementedError, match=r"write make_store\(\)"):
        getattr(Nothing(), LAWS[0].test_name)()


@pytest.mark.parametrize("missing", ["run", "together", "make_store"])
def test_an_asynchronous_suite_says_what_to_write(missing: str) -> None:
    written = {name: vars(AsyncBare)[name] for name in ("run", "together", "make_store")}
    del written[missing]
    suite = type("Incomplete", (AsyncStoreConformance,), written)()
    race = next(each for each in LAWS if each.code == "RACE-1")
    with pytest.raises(NotImplementedError, match=rf"write {missing}\(\)"):
        getattr(suite, race.test_name)()


@pytest.mark.parametrize("suite", [Bare(), AsyncBare()], ids=["sync", "async"])
def test_a_law_that_needs_what_is_not_written_does_not_apply(
    suite: Bare | AsyncBare,
) -> None:
    def never(bench: Bench) -> Trial[None]:
        raise AssertionError(bench)

    finding = suite.find(law_of(never, needs=("reopen", "another")))
    assert Verdict.DOES_NOT_APPLY is finding.verdict
    assert "no control another and no control reopen" == finding.note


def test_a_law_that_does_not_apply_is_skipped() -> None:
    with pytest.raises(SkipTest, match=r"^DUR-1 does not apply: Bare has no control reopen$"):
        Bare().test_dur_1_what_was_committed_lasts()  # type: ignore[attr-defined]


@pytest.mark.parametrize("control", ["another", "reopen", "outer_transaction"])
def test_what_was_not_written_is_not_there(control: str) -> None:
    assert control not in Bare().written()
    with pytest.raises(NotImplementedError):
        getattr(Bare(), control)(InMemoryStore())


@pytest.mark.parametrize("control", ["another", "reopen"])
def test_what_was_not_written_of_an_asynchronous_suite_is_not_there(control: str) -> None:
    assert control not in AsyncBare().written()
    with pytest.raises(NotImplementedError):
        asyncio.run(getattr(AsyncBare(), control)(AsyncInMemoryStore()))


def test_an_asynchronous_suite_has_no_transaction_of_itself() -> None:
    with pytest.raises(NotImplementedError):
        AsyncBare().outer_transaction(AsyncInMemoryStore())


def test_a_law_of_which_some_are_stuck_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LONGEST_SECONDS", 0.01)
    released = Event()

    def waits(bench: Bench) -> Trial[None]:
        yield from AtOnce([stuck(), stuck()])

    def stuck() -> Trial[None]:
        yield from Do(released.wait)

    for suite in (Bare(), AsyncBare()):
        with pytest.raises(LawBroken, match=r"were stuck after 0\.01 seconds"):
            suite.try_law(law_of(waits, is_race=True))
    released.set()


def test_a_store_that_no_transaction_around_it_reaches_may_commit_inside_of_one() -> None:
    class OfItsOwnConnection(Bare):
        def outer_transaction(self, store: InMemoryStore) -> AbstractContextManager[None]:
            return nullcontext()

    for each in LAWS:
        if "outer_transaction" in each.needs:
            OfItsOwnConnection().try_law(each)


def test_every_store_is_closed_also_after_a_failure() -> None:
    made: list[KeptStore] = []

    class Noting(TestKeptStore):
        def make_store(self) -> KeptStore:
            made.append(KeptStore())
            return made[-1]

    def fails(bench: Bench) -> Trial[None]:
        yield from bench.store()
        store = yield from bench.store()
        yield from bench.reopened(store)
        bench.same(1, 2, "a number")

    with pytest.raises(LawBroken):
        Noting().try_law(law_of(fails))
    assert [True, True] == [store.is_closed for store in made]


def test_a_deviation_is_a_law_that_is_broken_as_declared() -> None:
    class Forgetful(InMemoryStore):
        def mark_published(self, events: object, *, tenant: str) -> None: ...

    class Declared(Bare):
        deviations = {"EVENT-2": "nobody reads its outbox"}  # noqa: RUF012

        def make_store(self) -> InMemoryStore:
            return Forgetful()

    suite = Declared()
    suite.test_event_2_events_wait_in_order()  # type: ignore[attr-defined]
    found = suite.finding
    assert found is not None
    assert (Verdict.DEVIATES, "nobody reads its outbox") == (found.verdict, found.note)


@pytest.mark.parametrize(
    ("code", "why"),
    [("EVENT-2", "and it is kept"), ("DUR-1", "but DUR-1 does not apply: .* no control reopen")],
)
def test_a_deviation_that_is_none_fails(code: str, why: str) -> None:
    suite = type("Declared", (Bare,), {"deviations": {code: "it was so once"}})()
    number = next(number for number, each in enumerate(LAWS) if each.code == code)
    with pytest.raises(DeviationKept, match=rf"^{code} \(.*\) is declared a deviation, {why}"):
        getattr(suite, LAWS[number].test_name)()


def test_a_suite_that_deviates_from_nearly_everything_fails() -> None:
    Bare().test_enough_laws_are_tried()
    deviations = {each.code: "nobody needs it" for each in LAWS[9:]}
    suite = type("Careless", (Bare,), {"deviations": deviations})()
    with pytest.raises(SuiteTooThin, match="only 9 of the laws can be tried"):
        suite.test_enough_laws_are_tried()


def test_what_a_suite_is_made_of_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match=r"Silent\.find cannot be overridden"):
        type("Silent", (Bare,), {"find": lambda self, law: None})


@pytest.mark.parametrize(
    ("suite", "adapter", "controls"),
    [
        (Bare, "paysession.stores.memory.InMemoryStore", "none"),
        (AsyncBare, "paysession.stores.memory.AsyncInMemoryStore", "none"),
        (TestKeptStore, "kept_store.KeptStore", "another, outer_transaction, reopen"),
    ],
)
def test_what_is_on_trial_is_described(suite: Any, adapter: str, controls: str) -> None:
    assert {"adapter": adapter, "controls": controls} == suite().described()


def test_an_error_that_no_law_foresees_goes_on_and_says_what_was_tried() -> None:
    class Broken(Bare):
        def make_store(self) -> InMemoryStore:
            raise OSError("no database")

    with pytest.raises(OSError, match="no database") as caught:
        Broken().test_atom_1_half_a_commit_is_none()  # type: ignore[attr-defined]
    assert [f"while this was tried: ATOM-1: {LAWS[0].sentence}"] == caught.value.__notes__


def reads(bench: Bench) -> Trial[None]:
    store = yield from bench.store()
    yield from store.claimed("key")


def making(make: object, base: type[Any] = Bare) -> Any:
    return type("Making", (base,), {"make_store": make})()


async def made_of_nothing(suite: object) -> None:
    return None


async def made_to_be_called(suite: object) -> InMemoryStore:
    return InMemoryStore()


@pytest.mark.parametrize(
    ("suite", "why"),
    [
        (making(lambda suite: None), r"^NoneType is no paysession\.stores\.Store, as .* must be$"),
        (
            making(lambda suite: AsyncInMemoryStore()),
            r"^AsyncInMemoryStore is no .*Store, .* \(its suite is AsyncStoreConformance\)$",
        ),
        (making(made_of_nothing, AsyncBare), r"^NoneType is no paysession\.stores\.AsyncStore,"),
        (making(made_to_be_called, AsyncBare), r"^InMemoryStore is no .*\.AsyncStore, .* must be$"),
    ],
)
def test_what_is_no_store_of_the_kind_on_trial_is_refused_for_that(suite: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        suite.try_law(law_of(reads))
    with pytest.raises(TypeError, match=why):
        suite.described()


def test_a_method_that_must_be_awaited_and_is_called_is_no_answer() -> None:
    class PartlyCalled(AsyncInMemoryStore):
        def claimed(self, *asked: object, **named: object) -> None:  # type: ignore[override]
            return None

    async def make(suite: object) -> AsyncInMemoryStore:
        return PartlyCalled()

    with pytest.raises(TypeError, match="claimed of an AsyncStore is awaited: write `async def`"):
        making(make, AsyncBare).try_law(law_of(reads))


@pytest.mark.parametrize("is_coroutine", [True, False])
def test_a_method_that_must_be_called_and_is_awaited_is_no_answer(is_coroutine: bool) -> None:
    class PartlyAwaited(InMemoryStore):
        def claimed(self, *asked: object, **named: object) -> Any:
            return self.later() if is_coroutine else Later()

        async def later(self) -> None: ...

    class Later:
        def __await__(self) -> Any: ...

    with pytest.raises(TypeError, match=r"claimed of a Store is called, .*: write `def`"):
        making(lambda suite: PartlyAwaited()).try_law(law_of(reads))


def test_a_store_that_is_not_empty_is_asked_after() -> None:
    used = InMemoryStore()
    suite = making(lambda suite: used)
    with pytest.raises(AlreadyExists) as caught:
        suite.test_atom_1_half_a_commit_is_none()
    assert "is what make_store() returns one?" in caught.value.__notes__[0]


def test_a_loop_that_runs_nothing_is_asked_to() -> None:
    class Idle(AsyncBare):
        def run(self, main: Coroutine[Any, Any, None], /) -> None:  # type: ignore[override]
            main.close()

    with pytest.raises(TypeError, match=r"^run\(\) came back before what it was given had ended"):
        Idle().try_law(law_of(reads))


BROKEN = LAWS[0].broken("a version", 1, 2, story=("commit() → nothing",))


def test_a_broken_law_says_which_and_why_and_shows_both_values_and_how_it_came_to_that() -> None:
    assert (
        f"ATOM-1: {LAWS[0].sentence}\n"
        f"why: {LAWS[0].reason} (I44)\n"
        "a version:\n  expected: 1\n  but got:  2\n"
        "what was asked, and what came back:\n  1. commit() → nothing\n"
        "see: paysession.stores.Store.commit, and docs/store-laws.md#atom"
    ) == str(BROKEN)


def test_a_broken_law_carries_what_it_says() -> None:
    assert ("ATOM-1", LAWS[0].sentence) == (BROKEN.code, BROKEN.sentence)
    assert ("a version", 1, 2) == (BROKEN.what, BROKEN.expected, BROKEN.actual)
    assert ("commit() → nothing",) == BROKEN.story


@pytest.mark.parametrize(
    "through", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_a_broken_law_survives_copying(through: Callable[[LawBroken], LawBroken]) -> None:
    assert str(BROKEN) == str(through(BROKEN))
