"""Every story, crashed at every ask, and what must hold after the backend has come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, TypeAlias

import attrs
from async_shop import canceled_in_asyncio, canceled_in_trio
from books import check_closed, check_kept, check_not_doubled
from shop import Arrival, Crash, Mail, Point, Process, Shop, points_of, recover
from telling import Tale, usd

from paysession import Payment, PaymentSession
from paysession._flows.asks import Ask, Call, Commit
from paysession.gateways import Capabilities

MORE = usd("0.02")
UNANSWERED = frozenset({"notification"})
"""What is told of a call of which nothing was written yet may never find its record."""

Left: TypeAlias = tuple[object, ...]


@cache
def points_in(tale: Tale) -> tuple[Point, ...]:
    """Return every moment of a story at which the backend could crash."""
    return tuple(points_of(asks_of(tale)))


def new_points_in(tale: Tale) -> Iterator[tuple[Point, bool]]:
    """
    Return every moment in its order, and whether a crash there leaves anything new behind.

    What recovers from a crash sees only what that has left. Where it is the same as after the
    moment before, so is all that follows from it.
    """
    before: Left | None = None
    for point in sorted(points_in(tale), key=lambda each: (each.ask, each.after)):
        left = left_behind(*crashed(tale, point))
        yield point, left != before
        before = left


def left_behind(shop: Shop, process: Process) -> Left:
    """Return all that survives a process, and the command that it died of."""
    provider = shop.bogus.provider
    written = len(provider._books.outbox._ready), tuple(provider._spent), len(shop.letters)
    return (
        shop.now,
        shop.weather.ailment,
        shop.books.entities(),
        len(shop.bogus.calls),
        shop.bogus.effects,
        written,
        len(provider._books.waiting),
        process.last,
    )


@cache
def turns_in(tale: Tale, *, capabilities: Capabilities | None = None) -> tuple[Point, ...]:
    """Return only the moments before and after each commit and each call."""
    asks = asks_of(tale, capabilities=capabilities)
    turns = (each for each in points_of(asks) if isinstance(asks[each.ask - 1], Commit | Call))
    return tuple(turns)


def effects_in(tale: Tale) -> list[Point]:
    """Return only the moments after each commit and each call."""
    return [point for point in turns_in(tale) if point.after]


def asks_of(tale: Tale, *, capabilities: Capabilities | None = None) -> list[Ask[Any]]:
    process = Process(Shop(capabilities=capabilities or tale.capabilities))
    process.play(tale.story)
    return process.asks


def crashed(
    tale: Tale, point: Point, *, capabilities: Capabilities | None = None
) -> tuple[Shop, Process]:
    """Play a story until a moment, and find the books in order though nobody closed them."""
    shop = Shop(capabilities=capabilities or tale.capabilities)
    process = Process(shop, until=point)
    try:
        process.play(tale.story)
    except Crash:
        check_kept(shop)
        return shop, process
    raise AssertionError(f"{tale.name} never comes to {point}")


def check_recovered(tale: Tale, point: Point, *, capabilities: Capabilities | None = None) -> None:
    """Crash, come back, recover."""
    shop, _ = crashed(tale, point, capabilities=capabilities)
    recover(shop)
    check_end(shop, tale)


def check_recovered_late(
    tale: Tale, point: Point, *, capabilities: Capabilities | None = None
) -> None:
    """Crash, and come back when the provider has forgotten every key."""
    shop, _ = crashed(tale, point, capabilities=capabilities)
    recover(shop, first=timedelta(days=2))
    check_end(shop, attrs.evolve(tale, for_people=tale.for_people | tale.by_policy))


def check_told(tale: Tale, point: Point, *, arrival: Arrival = Arrival.BACKWARDS) -> None:
    """Crash, and hear from the provider all that has happened before anybody asks."""
    shop, _ = crashed(tale, point)
    shop.collect(Mail(arrival, _gateway_of(shop)))
    Process(shop).open_letters()
    check_kept(shop)
    recover(shop)
    check_end(shop, attrs.evolve(tale, for_people=tale.for_people | UNANSWERED))


def _gateway_of(shop: Shop) -> str:
    """Return the address that the provider writes to."""
    made = (each for each in shop.books.entities() if isinstance(each, PaymentSession | Payment))
    return next((each.gateway for each in made if each.gateway != "offline"), "bogus")


def check_impatient(tale: Tale, point: Point) -> None:
    """Crash, and let the customer repeat the last command at once and again afterwards."""
    shop, process = crashed(tale, point)
    assert process.last is not None
    Process(shop).act(process.last)
    check_kept(shop)
    recover(shop)
    check_end(shop, tale)
    Process(shop).act(process.last)
    recover(shop)
    check_end(shop, tale)


def check_second_crash(tale: Tale, point: Point, *, step: int, offset: int) -> int:
    """Crash inside the recovery as well, at every `step`-th moment of it; count the crashes."""
    shop, _ = crashed(tale, point)
    moments = points_of(recover(shop).asks)[offset % step :: step]
    for moment in moments:
        shop, _ = crashed(tale, point)
        try:
            recover(shop, until=moment)
        except Crash:
            check_kept(shop)
        recover(shop)
        check_end(shop, tale)
    return len(moments)


def check_canceled(tale: Tale, point: Point, *, in_trio: bool) -> None:
    """Cancel the task at one of its awaits, and recover."""
    shop = canceled_in_trio(tale, point) if in_trio else canceled_in_asyncio(tale, point)
    check_kept(shop)
    recover(shop)
    check_end(shop, tale)


def check_end(shop: Shop, tale: Tale) -> None:
    check_closed(shop, for_people=tale.for_people)
    check_not_doubled(shop, price=tale.price, allowance=MORE)
