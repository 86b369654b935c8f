"""
Search every state of a session, its payment, two refunds and a dispute.

    python tests/simulation/search_every_state.py [--units N]

Prints what was enumerated, for money that is taken at once and for money that is held.
"""

from __future__ import annotations

import argparse
import sys

from model import Bounds, searched

from paysession import CapturePolicy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=3)
    units = parser.parse_args().units
    stuck = 0
    for policy in (CapturePolicy.AUTOMATIC, CapturePolicy.MANUAL):
        found = searched(Bounds(units=units, policy=policy))
        stuck += len(found.stuck)
        print(
            f"{units} units, {policy}: {found.states} states, {found.moves} moves, "
            f"{len(found.stuck)} without a way out"
        )
    return 1 if stuck else 0


if __name__ == "__main__":
    sys.exit(main())
