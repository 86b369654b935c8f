"""The same stories on an event loop, where a task may be canceled at any await."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trio
from adapters import asynchronous
from shop import SHOWN_TO_CALLERS, Do, Mail, Point, Says, Shop
from telling import Tale

from paysession import AsyncPayments
from paysession.stores import AsyncInMemoryStore

ASKS_OF_STORES = ("get", "find", "claimed", "due", "attention", "commit")


@attrs.define
class Awaits:
    """Counts what a task waits for, and has it canceled before or after one of these."""

    until: Point | None = None
    cancel: Callable[[], Awaitable[None]] | None = None
    number: int = 0

    async def around(self, do: Callable[[], Awaitable[Any]]) -> Any:
        self.number += 1
        here = self.number
        await self._reach(Point(here, after=False))
        try:
            return await do()
        finally:
            await self._reach(Point(here, after=True))

    async def _reach(self, point: Point) -> None:
        if self.until == point and self.cancel is not None:
            await self.cancel()


class _Awaited(AsyncInMemoryStore):
    """A store each of whose answers is waited for."""

    def __init__(self, shop: Shop, awaits: Awaits) -> None:
        super().__init__(shop.books)
        self.awaits = awaits


def _awaited(name: str) -> Callable[..., Awaitable[Any]]:
    plain = getattr(AsyncInMemoryStore, name)

    async def method(store: _Awaited, *args: object, **kwargs: object) -> Any:
        return await store.awaits.around(lambda: plain(store, *args, **kwargs))

    return method


AwaitedStore = type("AwaitedStore", (_Awaited,), {name: _awaited(name) for name in ASKS_OF_STORES})


async def play(tale: Tale, shop: Shop, awaits: Awaits) -> None:
    """Give a story's commands; what a caller sees of an error is its answer."""
    payments = AsyncPayments(
        {name: asynchronous(each, awaits.around) for name, each in shop.gateways().items()},
        store=AwaitedStore(shop, awaits),
        clock=shop.clock,
        ids=shop.new_id,
        sleep=_no_wait,
    )
    scenes = tale.story()
    answer: object = None
    while True:
        try:
            scene = scenes.send(answer)
        except StopIteration:
            return
        match scene:
            case Do(command, args, kwargs):
                answer = await _answered(getattr(payments, command)(*args, **kwargs))
            case Mail() | Says():
                shop.collect(scene)
                answer = None
                await _open_letters(payments, shop)
            case _:
                answer = shop.happen(scene)


async def _open_letters(payments: AsyncPayments, shop: Shop) -> None:
    while shop.letters:
        letter = shop.letters[0]
        await payments.receive_notification(letter.gateway, **shop.sealed(letter))
        del shop.letters[0]


async def _answered(command: Awaitable[Any]) -> object:
    try:
        return await command
    except SHOWN_TO_CALLERS as error:
        return error


async def _no_wait(seconds: float) -> None:
    del seconds


def canceled_in_asyncio(tale: Tale, until: Point) -> Shop:
    """Cancel the task of a story at one await; return what survives."""
    shop = Shop(capabilities=tale.capabilities)

    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async def main() -> None:
        task = asyncio.create_task(play(tale, shop, Awaits(until, cancel)))
        try:
            await task
        except asyncio.CancelledError:
            return
        raise AssertionError(f"{tale.name} never comes to {until}")

    asyncio.run(main())
    return shop


def canceled_in_trio(tale: Tale, until: Point) -> Shop:
    """Cancel the scope of a story at one await; return what survives."""
    shop = Shop(capabilities=tale.capabilities)

    async def main() -> None:
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                scope.cancel()
                await trio.lowlevel.checkpoint()

            await play(tale, shop, Awaits(until, cancel))
        if not scope.cancelled_caught:
            raise AssertionError(f"{tale.name} never comes to {until}")

    trio.run(main)
    return shop


def awaits_in(tale: Tale) -> list[Point]:
    """Return every await of a story, before and after what is waited for."""
    awaits = Awaits()
    asyncio.run(play(tale, Shop(capabilities=tale.capabilities), awaits))
    numbers = range(1, awaits.number + 1)
    return [Point(number, after=after) for number in numbers for after in (False, True)]
