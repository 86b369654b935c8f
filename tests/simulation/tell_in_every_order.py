"""
Tell the reports of every scenario in every order, each time with one of them twice.

    python tests/simulation/tell_in_every_order.py [--every N] [--only TEXT]

Prints what was enumerated; with `--every N` only each N-th order is told.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parent))

from orders import SCENARIOS, Scenario


@attrs.frozen
class Told:
    """
    What came of one scenario.

    Attributes:
        orders: How many were told.
        ends: How many distinct books they ended in.
        wrong: Which of them ended elsewhere than the first, or that all ended in the wrong books.
    """

    orders: int
    ends: int
    wrong: tuple[str, ...]


def tell(scenario: Scenario, every: int) -> Told:
    """Tell every N-th order, and compare where it ends."""
    expected = scenario.played(tuple(range(scenario.size)))
    ends, orders, wrong = {_text(expected)}, 0, []
    if not scenario.ends(expected):
        wrong.append(f"{scenario.name} does not end as it should: {expected}")
    for order in islice(scenario.orders(), 0, None, every):
        orders += 1
        books = scenario.played(order)
        ends.add(_text(books))
        if books != expected:
            differences = [key for key, value in books.items() if value != expected[key]]
            wrong.append(f"{scenario.name}, told as {order}, differs in {differences}")
    return Told(orders, len(ends), tuple(wrong))


def _text(books: Mapping[str, object]) -> str:
    return repr(sorted(books.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th order")
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios by part of a name")
    asked = parser.parse_args()
    orders = broken = 0
    scenarios = [each for each in SCENARIOS if asked.only in each.name]
    for scenario in scenarios:
        told = tell(scenario, asked.every)
        orders, broken = orders + told.orders, broken + bool(told.wrong)
        print(
            f"{told.orders:6} orders of {scenario.size} reports, {told.ends} distinct end"
            f"{'' if told.ends == 1 else 's'}: {scenario.name}",
            flush=True,
        )
        for each in told.wrong[:5]:
            print(f"       {each}")
    print(
        f"{len(scenarios)} scenarios, {orders} orders told, each with one report twice; "
        f"{broken} scenarios depend on the order"
    )
    return 0 if orders and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
