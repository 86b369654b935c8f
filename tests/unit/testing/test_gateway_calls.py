"""How long a call may take, and for how long it keeps an event loop to itself."""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
import trio

from paysession.testing._gateways import calls
from paysession.testing._gateways.calls import Stage, Timed, run_by_hand
from paysession.testing._laws.threads import Stuck


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [0.0]
    monkeypatch.setattr(calls, "monotonic", lambda: seconds[0])
    return seconds


def on_asyncio(main: Callable[[], Any]) -> Any:
    return asyncio.run(main())


def on_trio(main: Callable[[], Any]) -> Any:
    return trio.run(main)


@pytest.mark.parametrize(
    ("loop", "pause"),
    [(on_asyncio, lambda: asyncio.sleep(0)), (on_trio, trio.lowlevel.checkpoint)],
)
def test_the_longest_time_is_told_in_which_nobody_else_goes_on(
    clock: list[float], loop: Callable[[Any], Any], pause: Callable[[], Any]
) -> None:
    async def call() -> str:
        for blocked in (1, 3, 2):
            clock[0] += blocked
            await pause()
        return "the answer"

    timed = Timed(call)

    async def main() -> str:
        return await timed  # type: ignore[no-any-return]

    assert "the answer" == loop(main)
    assert 3 == timed.longest


def test_time_in_which_others_go_on_is_not_counted(clock: list[float]) -> None:
    async def others() -> None:
        clock[0] += 10

    timed = Timed(lambda: asyncio.create_task(others()))

    async def main() -> None:
        await timed

    asyncio.run(main())
    assert 0 == timed.longest


def test_what_blocks_before_there_is_anything_to_await_is_counted(clock: list[float]) -> None:
    async def nothing() -> None:
        raise TimeoutError

    def call() -> Any:
        clock[0] += 5
        return nothing()

    timed = Timed(call)

    async def main() -> None:
        await timed

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert 5 == timed.longest


def test_a_call_hears_of_it_when_it_is_cancelled() -> None:
    heard: list[str] = []

    async def call() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    timed = Timed(call)

    async def awaited() -> None:
        await timed

    async def main() -> None:
        task = asyncio.create_task(awaited())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert ["cancelled"] == heard


def test_what_is_no_call_of_the_gateway_may_take_longer() -> None:
    stage = Stage(run_by_hand, patience_seconds=0.0)
    assert "at last" == stage.do(lambda: "at last", is_control=True)
    assert not stage.is_stuck
    stage.leave(lambda gateway: None)


def test_a_call_of_the_gateway_may_take_no_longer_than_the_author_says() -> None:
    never, stage = Event(), Stage(run_by_hand, patience_seconds=0.0)
    with pytest.raises(Stuck, match="it did not come back within 0 seconds"):
        stage.do(never.wait)
    assert stage.is_stuck
    never.set()
    stage.leave(lambda gateway: None)
