"""The same stories end in the same books, whichever facade and event loop they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from adapters import asynchronous
from shop import SHOWN_TO_CALLERS, Do, Mail, Process, Says, Shop
from stories import TALES
from telling import Tale

from paysession import AsyncPayments, Payments
from paysession.stores import AsyncInMemoryStore

every_tale = pytest.mark.parametrize("tale", TALES.values(), ids=TALES.keys())


async def no_wait(seconds: float) -> None:
    del seconds


def told(shop: Shop) -> tuple[object, ...]:
    """Return all that a story left behind, in the store, its outbox and at the provider."""
    events = shop.books.unpublished(limit=1_000_000, tenant="")
    return shop.books.entities(), events, shop.bogus.effects, shop.bogus.calls


def told_to_payments(tale: Tale) -> tuple[object, ...]:
    shop = Shop(capabilities=tale.capabilities)
    payments = Payments(
        shop.gateways(),
        store=shop.books,
        clock=shop.clock,
        ids=shop.new_id,
        sleep=lambda _: None,
    )
    scenes = tale.story()
    answer: object = None
    while True:
        try:
            scene = scenes.send(answer)
        except StopIteration:
            return told(shop)
        match scene:
            case Do(command, args, kwargs):
                answer = _answered(lambda: getattr(payments, command)(*args, **kwargs))
            case Mail() | Says():
                shop.collect(scene)
                for each in shop.letters:
                    payments.receive_notification(each.gateway, **shop.sealed(each))
                answer = shop.letters.clear()
            case _:
                answer = shop.happen(scene)


def _answered(command: Callable[[], object]) -> object:
    try:
        return command()
    except SHOWN_TO_CALLERS as error:
        return error


async def told_to_async_payments(tale: Tale) -> tuple[object, ...]:
    shop = Shop(capabilities=tale.capabilities)
    payments = AsyncPayments(
        {name: asynchronous(each) for name, each in shop.gateways().items()},
        store=AsyncInMemoryStore(shop.books),
        clock=shop.clock,
        ids=shop.new_id,
        sleep=no_wait,
    )
    scenes = tale.story()
    answer: object = None
    while True:
        try:
            scene = scenes.send(answer)
        except StopIteration:
            return told(shop)
        match scene:
            case Do(command, args, kwargs):
                answer = await _awaited(getattr(payments, command)(*args, **kwargs))
            case Mail() | Says():
                shop.collect(scene)
                for each in shop.letters:
                    await payments.receive_notification(each.gateway, **shop.sealed(each))
                answer = shop.letters.clear()
            case _:
                answer = shop.happen(scene)


async def _awaited(command: Awaitable[Any]) -> object:
    try:
        return await command
    except SHOWN_TO_CALLERS as error:
        return error


@every_tale
def test_a_story_is_the_same_on_every_event_loop(tale: Tale) -> None:
    expected = told_to_payments(tale)
    assert expected == asyncio.run(told_to_async_payments(tale))
    assert expected == trio.run(told_to_async_payments, tale)


@every_tale
def test_the_simulated_backend_is_the_real_one(tale: Tale) -> None:
    shop = Shop(capabilities=tale.capabilities)
    Process(shop).play(tale.story)
    assert told_to_payments(tale) == told(shop)
