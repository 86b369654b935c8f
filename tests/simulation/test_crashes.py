"""Whatever moment the backend crashes at, nothing is lost, nothing doubled, everything closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from crashes import (
    asks_of,
    check_impatient,
    check_recovered,
    check_recovered_late,
    check_second_crash,
    check_told,
    effects_in,
    new_points_in,
    points_in,
    turns_in,
)
from shop import Process, Shop, points_of
from stories import TALES, TALES_OF_ANY_PROVIDER
from telling import EVERY_CALL, Tale

from paysession._flows.asks import Ask, Commit, Pause
from paysession._payments import Commands
from paysession.gateways import Capabilities

FEWEST_STORIES = 1_000
FEWEST_MOMENTS = 50_000
FEWEST_SECOND_CRASHES = 20

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

every_tale = pytest.mark.parametrize(
    ("number", "tale"), list(enumerate(TALES.values())), ids=TALES.keys()
)


def kinds_of(ask: type[Ask[Any]]) -> set[type[Ask[Any]]]:
    """Return what can be asked: the classes below which there are no others."""
    kinds = ask.__subclasses__()
    return set().union(*map(kinds_of, kinds)) if kinds else {ask}


@pytest.fixture(scope="module")
def asked() -> dict[str, Process]:
    """Every story, played once without a crash."""
    processes = {}
    for name, tale in TALES.items():
        processes[name] = Process(Shop(capabilities=tale.capabilities))
        processes[name].play(tale.story)
    return processes


def test_every_command_has_stories(asked: dict[str, Process]) -> None:
    commands = {name for name, each in vars(Commands).items() if hasattr(each, "_flow")}
    given = set().union(*(process.commands for process in asked.values()))
    assert set() == commands - given
    assert "receive_notification" in given


def test_every_ask_has_stories(asked: dict[str, Process]) -> None:
    """But for the pause of those who were beaten by others: nobody is beaten in a story."""
    kinds = {type(ask) for process in asked.values() for ask in process.asks}
    own = {kind for kind in kinds_of(Ask) if kind.__module__ == Ask.__module__}
    assert {Pause} == own - kinds


def test_the_stories_have_all_their_moments(asked: dict[str, Process]) -> None:
    """`crash_everything.py` crashes at every one of them; here it is at some of each story."""
    moments = sum(len(points_of(process.asks)) for process in asked.values())
    assert len(TALES) >= FEWEST_STORIES
    assert moments >= FEWEST_MOMENTS


def test_a_moment_that_leaves_nothing_new_behind_is_recovered_from_alike() -> None:
    """On that `crash_everything.py` relies, where it plays no recovery twice."""
    for tale in list(TALES.values())[::449]:
        for point, _ in new_points_in(tale):
            check_recovered(tale, point)


def test_a_moment_is_new_after_each_commit_and_seldom_else() -> None:
    for tale in list(TALES.values())[::223]:
        new = [point for point, is_new in new_points_in(tale) if is_new]
        asks = asks_of(tale)
        commits = {each for each in effects_in(tale) if isinstance(asks[each.ask - 1], Commit)}
        assert commits <= {*new}
        assert len(new) < len(points_in(tale)) / 2


@every_tale
def test_a_crash_around_any_commit_or_call_is_recovered_from(number: int, tale: Tale) -> None:
    for point in turns_in(tale)[number % 11 :: 11]:
        check_recovered(tale, point)


def test_a_command_repeated_after_a_crash_moves_no_money_twice() -> None:
    for number, tale in enumerate(TALES.values()):
        for point in effects_in(tale)[number % 23 :: 23]:
            check_impatient(tale, point)


def test_recovery_may_come_when_the_provider_has_forgotten_every_key() -> None:
    for number, tale in enumerate(TALES.values()):
        for point in turns_in(tale)[number % 67 :: 67]:
            check_recovered_late(tale, point)


def test_the_provider_may_tell_all_before_anybody_asks() -> None:
    for number, tale in enumerate(TALES.values()):
        for point in turns_in(tale)[number % 67 :: 67]:
            check_told(tale, point)


def test_recovery_may_crash_as_well() -> None:
    crashes = 0
    for number, tale in enumerate(TALES.values()):
        for point in turns_in(tale)[number % 661 :: 661]:
            crashes += check_second_crash(tale, point, step=29, offset=number)
    print(f"{crashes} second crashes")
    assert crashes >= FEWEST_SECOND_CRASHES


@pytest.mark.parametrize("name", OTHER_PROVIDERS)
def test_a_provider_that_can_do_less_loses_nothing_either(name: str) -> None:
    can = OTHER_PROVIDERS[name]
    for number, tale in enumerate(TALES_OF_ANY_PROVIDER.values()):
        more_people = attrs.evolve(tale, for_people=EVERY_CALL)
        for point in turns_in(tale, capabilities=can)[number % 211 :: 211]:
            check_recovered(more_people, point, capabilities=can)
            check_recovered_late(more_people, point, capabilities=can)
