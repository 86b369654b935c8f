"""The same stories end in the same books, whichever facade and event loop they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import trio
from async_shop import Awaits, play
from shop import SHOWN_TO_CALLERS, Do, Mail, Process, Says, Shop
from stories import TALES
from telling import Tale

from paysession import Payments


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
                answer = None
                shop.letters.clear()
            case _:
                answer = shop.happen(scene)


def _answered(command: Callable[[], object]) -> object:
    try:
        return command()
    except SHOWN_TO_CALLERS as error:
        return error


async def told_to_async_payments(tale: Tale) -> tuple[object, ...]:
    shop = Shop(capabilities=tale.capabilities)
    await play(tale, shop, Awaits())
    return told(shop)


def test_a_story_is_the_same_on_every_event_loop() -> None:
    for number, tale in enumerate(TALES.values()):
        expected = told_to_payments(tale)
        if number % 2:
            assert expected == asyncio.run(told_to_async_payments(tale)), tale.name
        else:
            assert expected == trio.run(told_to_async_payments, tale), tale.name


def test_the_simulated_backend_is_the_real_one() -> None:
    for tale in list(TALES.values())[::3]:
        shop = Shop(capabilities=tale.capabilities)
        Process(shop).play(tale.story)
        assert told_to_payments(tale) == told(shop), tale.name
