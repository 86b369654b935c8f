"""Both loops run a trial alike: what a step answers or raises, the law gets where it asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from threading import Event, current_thread
from typing import Any, TypeVar

import pytest

from paysession.testing._laws import threads
from paysession.testing._laws.threads import Stuck, bounded
from paysession.testing._stores.trials import AtOnce, Do, Inside, Trial, adrive, drive

T = TypeVar("T")


def together(*tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
    return asyncio.gather(*tasks)


def awaited(trial: Trial[T]) -> T:
    return asyncio.run(adrive(trial, together))


both = pytest.mark.parametrize("run", [drive, awaited], ids=["called", "awaited"])
Run = Callable[[Trial[Any]], Any]


def raised(error: BaseException) -> Do[None]:
    def call() -> None:
        raise error

    return Do(call)


@both
def test_a_step_answers_what_its_call_gave_back(run: Run) -> None:
    def trial() -> Trial[list[int]]:
        return [(yield from Do(lambda: 1)), (yield from Do(lambda: 2))]

    assert [1, 2] == run(trial())


def test_what_must_be_awaited_is_awaited() -> None:
    async def later() -> int:
        await asyncio.sleep(0)
        return 3

    def trial() -> Trial[int]:
        return (yield from Do[int](later))

    assert 3 == awaited(trial())


@both
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["no", "interrupt"])
def test_a_law_sees_what_its_step_raised_and_may_go_on(run: Run, error: BaseException) -> None:
    def trial() -> Trial[object]:
        try:
            yield from raised(error)
        except BaseException as seen:
            return [seen, (yield from Do(lambda: 4))]
        return None

    assert [error, 4] == run(trial())


@both
def test_what_a_law_does_not_catch_is_raised(run: Run) -> None:
    def trial() -> Trial[None]:
        yield from raised(ValueError("no"))

    with pytest.raises(ValueError, match="no"):
        run(trial())


@both
def test_trials_at_once_answer_in_their_order(run: Run) -> None:
    def one(number: int) -> Trial[int]:
        return (yield from Do(lambda: number))

    def trial() -> Trial[Sequence[int]]:
        return (yield from AtOnce([one(number) for number in range(5)]))

    assert [0, 1, 2, 3, 4] == run(trial())


@both
def test_what_one_of_many_raises_is_raised(run: Run) -> None:
    def one() -> Trial[None]:
        yield from raised(ValueError("one"))

    def other() -> Trial[None]:
        yield from Do(lambda: None)

    def trial() -> Trial[None]:
        yield from AtOnce([one(), other()])

    with pytest.raises(ValueError, match="one"):
        run(trial())


def test_each_of_those_at_once_has_a_thread_of_its_own() -> None:
    def one() -> Trial[str]:
        return (yield from Do(lambda: current_thread().name))

    def trial() -> Trial[Sequence[str]]:
        return (yield from AtOnce([one(), one(), one()]))

    assert 3 == len({*drive(trial())} - {current_thread().name})


@both
def test_a_trial_inside_something_is_between_its_beginning_and_its_end(run: Run) -> None:
    said: list[str] = []

    @contextmanager
    def outer() -> Iterator[None]:
        said.append("begin")
        yield
        said.append("end")

    def inner() -> Trial[None]:
        yield from Do(lambda: said.append("inside"))

    def trial() -> Trial[None]:
        yield from Inside(outer, inner())
        yield from Do(lambda: said.append("after"))

    run(trial())
    assert ["begin", "inside", "end", "after"] == said


def test_what_is_entered_may_have_to_be_awaited() -> None:
    said: list[str] = []

    @asynccontextmanager
    async def outer() -> AsyncIterator[None]:
        said.append("begin")
        yield
        said.append("end")

    def inner() -> Trial[None]:
        yield from Do(lambda: said.append("inside"))

    def trial() -> Trial[None]:
        yield from Inside(outer, inner())

    awaited(trial())
    assert ["begin", "inside", "end"] == said


@both
def test_what_is_entered_sees_what_was_raised_inside(run: Run) -> None:
    seen: list[BaseException] = []
    error = ValueError("no")

    @contextmanager
    def outer() -> Iterator[None]:
        try:
            yield
        except ValueError as raised_inside:
            seen.append(raised_inside)
            raise

    def inner() -> Trial[None]:
        yield from raised(error)

    def trial() -> Trial[None]:
        yield from Inside(outer, inner())

    with pytest.raises(ValueError, match="no"):
        run(trial())
    assert [error] == seen


def test_calls_that_end_in_time_give_back_what_they_did() -> None:
    assert [1, 2] == bounded([lambda: 1, lambda: 2])


def test_whoever_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    released = Event()
    monkeypatch.setattr(threads, "LONGEST_SECONDS", 0.01)
    with pytest.raises(Stuck, match=r"1 of 2 were stuck after 0\.01 seconds"):
        bounded([lambda: True, released.wait])
    released.set()
