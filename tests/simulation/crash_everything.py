"""
Every crash of every story, and every second crash inside the recovery of each.

Run it as `python tests/simulation/crash_everything.py [part of a story's name]`. It takes
long, and says which stories are broken.
"""

from __future__ import annotations

import sys
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
from stories import TALES, Tale


def crash(tale: Tale) -> tuple[int, int]:
    """Crash one story everywhere, and its recovery too; count both."""
    points = points_in(tale)
    for point in points:
        check_recovered(tale, point)
        check_recovered_late(tale, point)
        check_impatient(tale, point)
    second = sum(check_second_crash(tale, point, step=1, offset=0) for point in turns_in(tale))
    return len(points), second


def main(wanted: str) -> int:
    """Crash all stories whose names hold `wanted`; return how many are broken."""
    first = second = broken = 0
    for tale in TALES.values():
        if wanted not in tale.name:
            continue
        try:
            crashes = crash(tale)
        except BooksWrong as wrong:
            broken += 1
            print(f"{tale.name}: {wrong}")
            continue
        first, second = first + crashes[0], second + crashes[1]
        print(f"{tale.name}: {crashes[0]} crashes, {crashes[1]} second ones")
    print(f"{first} crashes, {second} second ones, {broken} stories broken")
    return broken


if __name__ == "__main__":
    sys.exit(min(1, main(" ".join(sys.argv[1:]))))
