"""
Every crash of every story, and second crashes inside the recoveries.

    python tests/simulation/crash_everything.py                # every first crash, some minutes
    python tests/simulation/crash_everything.py --second 1     # every second crash too: hours
    python tests/simulation/crash_everything.py --every 20     # a sample
    python tests/simulation/crash_everything.py --only refund  # stories by a part of their name

It prints how many crashes there were, and names each story that lost or doubled money.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import attrs
from books import BooksWrong
from crashes import (
    check_impatient,
    check_recovered,
    check_recovered_late,
    check_second_crash,
    check_told,
    new_points_in,
    turns_in,
)
from stories import TALES


@attrs.frozen
class Counted:
    """What was done to one story, or to all, and what went wrong."""

    name: str = ""
    moments: int = 0
    crashes: int = 0
    recoveries: int = 0
    second: int = 0
    wrong: str = ""

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            moments=self.moments + other.moments,
            crashes=self.crashes + other.crashes,
            recoveries=self.recoveries + other.recoveries,
            second=self.second + other.second,
        )


WAYS = (check_recovered, check_recovered_late, check_impatient, check_told)


def crash(name: str, every: int, second: int) -> Counted:
    """Crash one story, and its recoveries too; count both, and tell what went wrong."""
    tale, start = TALES[name], sum(map(ord, name))
    moments = crashes = recoveries = again = 0
    try:
        for number, (point, is_new) in enumerate(new_points_in(tale), start=start):
            moments += 1
            if is_new and number % every == 0:
                crashes += 1
                for check in WAYS:
                    check(tale, point)
                    recoveries += 1
        for point in turns_in(tale)[start % second :: second] if second else []:
            again += check_second_crash(tale, point, step=second, offset=start)
    except BooksWrong as wrong:
        return Counted(name, moments, crashes, recoveries, again, str(wrong))
    return Counted(name, moments, crashes, recoveries, again)


def results(names: list[str], every: int, second: int) -> Iterator[Counted]:
    """Crash the stories, two at a time."""
    with ProcessPoolExecutor(2) as processes:
        count = len(names)
        yield from processes.map(crash, names, [every] * count, [second] * count)


def main(arguments: list[str]) -> int:
    """Crash what was asked for; the status is 1 if a story is broken, or none was found."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th first crash")
    parser.add_argument("--second", type=int, default=0, metavar="N", help="each N-th second one")
    parser.add_argument("--only", default="", metavar="TEXT", help="stories by a part of the name")
    asked = parser.parse_args(arguments)
    names = [name for name in TALES if asked.only in name]
    total, broken = Counted(), 0
    for one in results(names, asked.every, asked.second):
        total, broken = total + one, broken + bool(one.wrong)
        if one.wrong:
            print(f"{one.name}: {one.wrong}", flush=True)
    print(
        f"{len(names)} stories; a crash at each of {total.moments} moments; the {total.crashes} "
        f"that leave something new behind recovered from in {len(WAYS)} ways each, "
        f"{total.recoveries} in all; {total.second} second crashes; {broken} stories broken"
    )
    return 0 if total.crashes and not broken else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
