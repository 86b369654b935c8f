"""The suite for asynchronous stores runs on an event loop that is not asyncio's."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

import trio

from paysession.stores import AsyncInMemoryStore
from paysession.testing import AsyncStoreConformance


class TestOnTrio(AsyncStoreConformance[AsyncInMemoryStore]):
    def run(self, main: Coroutine[Any, Any, None], /) -> None:
        trio.run(lambda: main)

    async def together(self, *tasks: Coroutine[Any, Any, Any]) -> list[Any]:
        answers: dict[int, Any] = {}

        async def answer(number: int, task: Coroutine[Any, Any, Any]) -> None:
            answers[number] = await task

        async with trio.open_nursery() as nursery:
            for number, task in enumerate(tasks):
                nursery.start_soon(partial(answer, number, task))
        return [answers[number] for number in range(len(tasks))]

    async def make_store(self) -> AsyncInMemoryStore:
        await trio.lowlevel.checkpoint()
        return AsyncInMemoryStore()
