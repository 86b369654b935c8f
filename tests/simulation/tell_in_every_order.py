"""
Tell the reports of every scenario in every order, each time with one of them twice.

    python tests/simulation/tell_in_every_order.py [--every N] [--only TEXT]

Prints what was enumerated; with `--every N` only each N-th order is told.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice

from orders import SCENARIOS, Scenario


def differing(scenario: Scenario, every: int) -> tuple[int, list[str]]:
    """Tell every N-th order; return how many that were, and how the others ended elsewhere."""
    expected = scenario.played(tuple(range(scenario.size)))
    told, wrong = 0, []
    if not scenario.ends(expected):
        wrong.append(f"{scenario.name} does not end as it should: {expected}")
    for order in islice(scenario.orders(), 0, None, every):
        told += 1
        books = scenario.played(order)
        if books != expected:
            differences = [key for key, value in books.items() if value != expected[key]]
            wrong.append(f"{scenario.name}, told as {order}, differs in {differences}")
    return told, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    total, broken = 0, 0
    for scenario in SCENARIOS:
        if given.only not in scenario.name:
            continue
        told, wrong = differing(scenario, given.every)
        total, broken = total + told, broken + bool(wrong)
        print(f"{told:6} orders of {scenario.size} reports: {scenario.name}")
        for each in wrong[:5]:
            print(f"       {each}")
    print(f"{total} orders told, {broken} scenarios that depend on the order")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
