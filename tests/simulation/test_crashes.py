"""Whatever moment the backend crashes at, nothing is lost, nothing doubled, everything closed."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from crashes import (
    check_impatient,
    check_recovered,
    check_recovered_late,
    check_second_crash,
    crashed,
    effects_in,
    points_in,
    turns_in,
)
from shop import Point
from stories import TALES
from telling import EVERY_CALL, Tale

from paysession.gateways import Capabilities

FEWEST_STORIES = 400
FEWEST_MOMENTS = 20_000
FEWEST_SECOND_CRASHES = 60

OTHER_PROVIDERS = {
    "keys ignored": Capabilities(honours_keys=False, look_up_is_authoritative=True),
    "absence proves nothing": Capabilities(),
    "keys ignored, absence proves nothing": Capabilities(honours_keys=False),
    "look-up hours behind": Capabilities(
        honours_keys=False, look_up_is_authoritative=True, look_up_grace=timedelta(hours=3)
    ),
    "first capture closes": Capabilities(look_up_is_authoritative=True, first_capture_closes=True),
    "refunds per capture": Capabilities(
        look_up_is_authoritative=True, refunds_per_capture=True, several_captures=False
    ),
}

every_tale = pytest.mark.parametrize("tale", TALES.values(), ids=TALES.keys())


def test_the_stories_have_all_their_moments() -> None:
    """`crash_everything.py` crashes at every one of them; here it is at those that follow."""
    moments = sum(len(points_in(tale)) for tale in TALES.values())
    assert len(TALES) >= FEWEST_STORIES
    assert moments >= FEWEST_MOMENTS


def test_an_ask_that_only_reads_leaves_nothing_behind() -> None:
    for tale in list(TALES.values())[::23]:
        turns = {point.ask: point for point in turns_in(tale) if point.after}
        left = crashed(tale, Point(1, after=False))[0]
        for point in points_in(tale):
            if point.after:
                continue
            shop, _ = crashed(tale, point)
            assert left.books.entities() == shop.books.entities()
            assert left.bogus.calls == shop.bogus.calls
            if point.ask in turns:
                left, _ = crashed(tale, turns[point.ask])


@every_tale
def test_a_crash_around_any_commit_or_call_is_recovered_from(tale: Tale) -> None:
    for point in turns_in(tale):
        check_recovered(tale, point)


def test_a_crash_at_any_other_ask_is_recovered_from() -> None:
    for tale in list(TALES.values())[::19]:
        for point in points_in(tale):
            check_recovered(tale, point)


@every_tale
def test_a_command_repeated_after_a_crash_moves_no_money_twice(tale: Tale) -> None:
    for point in effects_in(tale):
        check_impatient(tale, point)


def test_recovery_may_come_when_the_provider_has_forgotten_every_key() -> None:
    for number, tale in enumerate(TALES.values()):
        for point in turns_in(tale)[number % 11 :: 11]:
            check_recovered_late(tale, point)


def test_recovery_may_crash_as_well() -> None:
    crashes = 0
    for number, tale in enumerate(TALES.values()):
        for point in turns_in(tale)[number % 61 :: 61]:
            crashes += check_second_crash(tale, point, step=29, offset=number)
    print(f"{crashes} second crashes")
    assert crashes >= FEWEST_SECOND_CRASHES


@pytest.mark.parametrize("name", OTHER_PROVIDERS)
def test_a_provider_that_can_do_less_loses_nothing_either(name: str) -> None:
    can = OTHER_PROVIDERS[name]
    for number, tale in enumerate(TALES.values()):
        more_people = attrs.evolve(tale, for_people=EVERY_CALL)
        for point in turns_in(tale, capabilities=can)[number % 43 :: 43]:
            check_recovered(more_people, point, capabilities=can)
            check_recovered_late(more_people, point, capabilities=can)
