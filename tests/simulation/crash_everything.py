"""
Every crash of every story, and second crashes inside the recoveries.

    python tests/simulation/crash_everything.py                # every first crash, some minutes
    python tests/simulation/crash_everything.py --second 1     # every second crash too: hours
    python tests/simulation/crash_everything.py --every 0 --cancel 1 --resume 1
    python tests/simulation/crash_everything.py --every 20     # a sample
    python tests/simulation/crash_everything.py --only refund  # stories by a part of their name

It prints how many crashes there were, and names each story that lost or doubled money.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import attrs
from async_shop import awaits_in
from crashes import (
    check_canceled,
    check_impatient,
    check_recovered,
    check_recovered_late,
    check_second_crash,
    check_told,
    new_points_in,
    turns_in,
)
from resuming import asks_of_resumed, check_resumed, may_be_resumed
from shop import Point, points_of
from stories import TALES
from telling import Tale


@attrs.frozen
class Counted:
    """What was done to one story, or to all, and what went wrong."""

    name: str = ""
    moments: int = 0
    crashes: int = 0
    recoveries: int = 0
    second: int = 0
    canceled: int = 0
    resumed: int = 0
    wrong: str = ""

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            moments=self.moments + other.moments,
            crashes=self.crashes + other.crashes,
            recoveries=self.recoveries + other.recoveries,
            second=self.second + other.second,
            canceled=self.canceled + other.canceled,
            resumed=self.resumed + other.resumed,
        )


@attrs.frozen
class Asked:
    """How much of each kind is asked for: each N-th, or nothing."""

    every: int
    second: int
    cancel: int
    resume: int

    def some(self, points: Sequence[Point], step: int, start: int) -> Sequence[Point]:
        return points[start % step :: step] if step else []


WAYS = (check_recovered, check_recovered_late, check_impatient, check_told)


def crash(name: str, asked: Asked) -> Counted:
    """Crash one story, and its recoveries too; count all, and tell what went wrong."""
    logging.disable()
    tale, start = TALES[name], sum(map(ord, name))
    counted = Counted(name)
    try:
        for newest in _crashed(counted, tale, asked, start):
            counted = newest
    except Exception as wrong:
        return attrs.evolve(counted, wrong=f"{type(wrong).__name__}: {wrong}")
    return counted


def _crashed(counted: Counted, tale: Tale, asked: Asked, start: int) -> Iterator[Counted]:
    moments = list(new_points_in(tale)) if asked.every else []
    new = [point for point, is_new in moments if is_new]
    counted = attrs.evolve(counted, moments=len(moments))
    for point in asked.some(new, asked.every, start):
        for check in WAYS:
            check(tale, point)
        counted = attrs.evolve(
            counted, crashes=counted.crashes + 1, recoveries=counted.recoveries + len(WAYS)
        )
        yield counted
    for point in asked.some(turns_in(tale), asked.second, start):
        crashes = check_second_crash(tale, point, step=asked.second, offset=start)
        counted = attrs.evolve(counted, second=counted.second + crashes)
        yield counted
    for number, point in enumerate(asked.some(awaits_in(tale), asked.cancel, start)):
        check_canceled(tale, point, in_trio=bool(number % 2))
        counted = attrs.evolve(counted, canceled=counted.canceled + 1)
        yield counted
    if may_be_resumed(tale):
        for point in asked.some(points_of(asks_of_resumed(tale)), asked.resume, start):
            check_resumed(tale, point)
            counted = attrs.evolve(counted, resumed=counted.resumed + 1)
            yield counted


def results(names: list[str], asked: Asked) -> Iterator[Counted]:
    """Crash the stories, two at a time."""
    with ProcessPoolExecutor(2) as processes:
        yield from processes.map(crash, names, [asked] * len(names))


def main(arguments: list[str]) -> int:
    """Crash what was asked for; the status is 1 if a story is broken, or none was found."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    for option, default, what in (
        ("--every", 1, "first crashes"),
        ("--second", 0, "crashes, and each N-th of the recovery"),
        ("--cancel", 0, "cancellations of a task"),
        ("--resume", 0, "crashes after which the backend goes on"),
    ):
        parser.add_argument(
            option, type=int, default=default, metavar="N", help=f"each N-th of the {what}; or 0"
        )
    parser.add_argument("--only", default="", metavar="TEXT", help="stories by a part of the name")
    given = parser.parse_args(arguments)
    asked = Asked(given.every, given.second, given.cancel, given.resume)
    names = [name for name in TALES if given.only in name]
    total, broken = Counted(), 0
    for number, one in enumerate(results(names, asked), start=1):
        total, broken = total + one, broken + bool(one.wrong)
        if number % 100 == 0:
            print(f"{number} stories, {total.recoveries} recoveries", flush=True)
        if one.wrong:
            print(f"{one.name}: {one.wrong}", flush=True)
    print(
        f"{len(names)} stories, {total.moments} moments; "
        f"{total.crashes} crashes that leave something new behind, recovered from in "
        f"{len(WAYS)} ways each, {total.recoveries} in all; {total.second} second crashes; "
        f"{total.canceled} cancellations; {total.resumed} crashes after which the backend "
        f"went on; {broken} stories broken"
    )
    done = total.crashes + total.second + total.canceled + total.resumed
    return 0 if done and not broken else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
