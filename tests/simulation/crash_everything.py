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

from books import BooksWrong
from crashes import (
    check_impatient,
    check_recovered,
    check_recovered_late,
    check_second_crash,
    points_in,
    turns_in,
)
from stories import TALES


def crash(name: str, every: int, second: int) -> tuple[str, int, int, str]:
    """Crash one story, and its recoveries too; count both, and tell what went wrong."""
    tale, first, again = TALES[name], 0, 0
    start = sum(map(ord, name))
    try:
        for point in points_in(tale)[start % every :: every]:
            check_recovered(tale, point)
            check_recovered_late(tale, point)
            check_impatient(tale, point)
            first += 1
        for point in turns_in(tale)[start % second :: second] if second else []:
            again += check_second_crash(tale, point, step=second, offset=start)
    except BooksWrong as wrong:
        return name, first, again, str(wrong)
    return name, first, again, ""


def results(names: list[str], every: int, second: int) -> Iterator[tuple[str, int, int, str]]:
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
    first = second = broken = 0
    for name, crashes, again, wrong in results(names, asked.every, asked.second):
        first, second, broken = first + crashes, second + again, broken + bool(wrong)
        if wrong:
            print(f"{name}: {wrong}")
    print(
        f"{len(names)} stories, {first} crashes, each recovered from in 3 ways; "
        f"{second} second crashes; {broken} stories broken"
    )
    return 0 if first and not broken else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
