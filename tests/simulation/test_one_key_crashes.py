"""
A command with an idempotency key, crashed at every ask and given again: it takes place once.

What the provider did to money is the same as if nothing had crashed, and so is what the
caller is answered in the end.
"""

from __future__ import annotations

from typing import Any

import pytest
from books import check_closed, check_kept
from keyed_acts import CASES, Case
from shop import Crash, Do, Point, Process, Shop, flow_of, points_of, recover

from paysession._domain.entities import Entity
from paysession._flows.once import NAMESPACE
from paysession.errors import GatewayUnreachable, IdempotencyKeyInFlight, OutcomeUnknown
from paysession.gateways import Capabilities

KEY = "order-7"
CAN = Capabilities(look_up_is_authoritative=True)
FEWEST_MOMENTS = 1000

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def begun(case: Case) -> tuple[Shop, Do]:
    shop = Shop(capabilities=CAN)
    return shop, case.come_to(Process(shop))


def give(process: Process, do: Do) -> object:
    """Give a command with the key; what a caller is told instead of an answer is the answer."""
    try:
        return process.run(flow_of(do.command, *do.args, **do.kwargs, idempotency_key=KEY))
    except (IdempotencyKeyInFlight, GatewayUnreachable, OutcomeUnknown) as told:
        return told


def give_until(shop: Shop, do: Do, point: Point) -> None:
    with pytest.raises(Crash):
        give(Process(shop, until=point), do)


def points_in(case: Case) -> list[Point]:
    shop, do = begun(case)
    process = Process(shop)
    give(process, do)
    return points_of(process.asks)


def finished(shop: Shop, do: Do) -> list[Any]:
    """Give the command again, recover, give it once more, and tell what all that came to."""
    first = give(Process(shop), do)
    check_kept(shop)
    recover(shop)
    second = give(Process(shop), do)
    recover(shop)
    answer = give(Process(shop), do)
    check_closed(shop)
    assert isinstance(answer, Entity)
    assert second in (answer, first) or isinstance(second, GatewayUnreachable)
    assert [answer] == [
        claim.answer for claim in shop.books._claims.values() if claim.namespace == NAMESPACE
    ]
    return [type(answer), sorted((each.kind, each.amount) for each in shop.bogus.effects)]


def test_there_are_many_moments_to_crash_at() -> None:
    assert FEWEST_MOMENTS <= sum(len(points_in(case)) for case in CASES.values())


@every_case
def test_a_keyed_command_that_crashed_anywhere_takes_place_once(case: Case) -> None:
    undisturbed = finished(*begun(case))

    for point in points_in(case):
        shop, do = begun(case)
        give_until(shop, do, point)
        assert undisturbed == finished(shop, do), point


@pytest.mark.parametrize(
    "case",
    [each for each in CASES.values() if not each.must_be_in_time],
    ids=lambda each: each.name,
)
def test_it_does_so_when_recovery_comes_before_the_caller(case: Case) -> None:
    undisturbed = finished(*begun(case))

    for point in points_in(case):
        shop, do = begun(case)
        give_until(shop, do, point)
        recover(shop)
        assert undisturbed == finished(shop, do), point


@every_case
def test_it_does_so_when_the_repeat_crashes_as_well(case: Case) -> None:
    undisturbed = finished(*begun(case))

    for number, point in enumerate(points_in(case)):
        shop, do = begun(case)
        give_until(shop, do, point)
        again = Process(shop)
        give(again, do)
        for second in points_of(again.asks)[number % 5 :: 5]:
            shop, do = begun(case)
            give_until(shop, do, point)
            give_until(shop, do, second)
            assert undisturbed == finished(shop, do), (point, second)
