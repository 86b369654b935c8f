"""
Search every state of a session, its payment, two refunds and a dispute.

    python tests/simulation/search_every_state.py              # of three units: some minutes
    python tests/simulation/search_every_state.py --units 1    # a small one: seconds
    python tests/simulation/search_every_state.py --only held  # searches by a part of their name

The first search is of all these at once. The others take up, each with fewer units, what it
leaves out. Prints what was enumerated; the status is 1 if a law is broken, or something is open
and has no way out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from model import Bounds
from model_search import ModelWrong, Searched, searched

from paysession import CapturePolicy
from paysession.lifecycles import DisputeStatus

HELD = CapturePolicy.MANUAL
VERDICTS = (DisputeStatus.WON, DisputeStatus.LOST)
"""Beside them a dispute begins as an inquiry: nothing but `lost` makes a difference to money."""

TWIN_OF_EACH = 200
"""Every so many-th state is left once more for each kind of move that leads there."""

SEARCHES: Mapping[str, Callable[[int], Bounds]] = {
    "money that is taken at once, two refunds and a dispute": lambda units: Bounds(
        units=units, refunds=2, verdicts=VERDICTS
    ),
    "money that comes late, and a dispute with every verdict": lambda units: Bounds(
        units=1, refunds=1, verdicts=tuple(DisputeStatus), is_late=True
    ),
    "a session that is tried twice, closed, paid late and denied it": lambda units: Bounds(
        units=min(units, 2), attempts=2, closings=1, is_late=True, is_denied=True
    ),
    "money that is held, and taken or released in two parts": lambda units: Bounds(
        units=units, policy=HELD, captures=2
    ),
    "money that is held, changes and lapses": lambda units: Bounds(
        units=units, policy=HELD, captures=1, is_changed=True
    ),
    "money that is held, taken, given back and disputed": lambda units: Bounds(
        units=min(units, 2), policy=HELD, captures=1, refunds=1, verdicts=VERDICTS
    ),
    "money that is held, and moved at the dashboard": lambda units: Bounds(
        units=min(units, 2), policy=HELD, captures=1, refunds=1, dashboard=1
    ),
    "other amounts than were asked for": lambda units: Bounds(
        units=min(units, 2), policy=HELD, captures=1, refunds=1, differs=True
    ),
}


def found(name: str, units: int) -> Searched | ModelWrong:
    """Search one of them."""
    try:
        return searched(SEARCHES[name](units), twin_of_each=TWIN_OF_EACH)
    except ModelWrong as wrong:
        return wrong


def show(name: str, result: Searched | ModelWrong) -> None:
    print(f"{name}:")
    if isinstance(result, ModelWrong):
        print(f"    {result}", flush=True)
        return
    print(
        f"{result.states:7} states ({result.twins} left once more), {result.moves} moves, "
        f"{result.open} states with something open, {len(result.stuck)} without a way out",
        flush=True,
    )
    for way in result.stuck[:5]:
        print(f"    no way out after: {way}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--units", type=int, default=3, metavar="N", help="what is to be paid")
    parser.add_argument("--only", default="", metavar="TEXT", help="searches by part of a name")
    asked = parser.parse_args()
    names = [name for name in SEARCHES if asked.only in name]
    lawful: list[Searched] = []
    with ProcessPoolExecutor(2) as processes:
        for name, result in zip(
            names, processes.map(found, names, [asked.units] * len(names)), strict=True
        ):
            show(name, result)
            lawful += [result] if isinstance(result, Searched) else []
    stuck = sum(len(each.stuck) for each in lawful)
    print(
        f"{len(names)} searches of {asked.units} units, {sum(each.states for each in lawful)} "
        f"states, {sum(each.moves for each in lawful)} moves; {len(names) - len(lawful)} searches "
        f"broke a law, {stuck} states have no way out"
    )
    return 0 if lawful and len(lawful) == len(names) and not stuck else 1


if __name__ == "__main__":
    sys.exit(main())
