"""
How long each tier of the tests took, against its budget.

Reads the report (JUnit's XML) of one run of all tests by two workers. A tier takes half of what
its tests take together, and never less than its longest test. Prints one line a tier as
`name<TAB>seconds<TAB>budget<TAB>verdict`, then `passed<TAB>failed`.
"""

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

WORKERS = 2
BUDGETS = {
    "unit": 90,
    "properties": 120,
    "behaviour": 30,
    "kit": 60,
    "simulation": 60,
    "examples": 120,
    "documentation": 30,
}


def main(report: str) -> None:
    """Print the table of the report in a file."""
    durations: defaultdict[str, list[float]] = defaultdict(list)
    failed = 0
    cases = list(ET.parse(report).iter("testcase")) if Path(report).exists() else []
    for case in cases:
        tier = tier_of(case.get("classname") or case.get("name") or "")
        durations[tier].append(float(case.get("time") or 0))
        failed += case.find("failure") is not None or case.find("error") is not None
    for tier in [*BUDGETS, *(durations.keys() - BUDGETS.keys())]:
        print(tier, *verdict(durations[tier], BUDGETS.get(tier)), sep="\t")
    print(len(cases) - failed, failed, sep="\t")


def tier_of(test: str) -> str:
    """The folder of `tests` that a test, or a module that could not be imported, lies in."""
    return [*test.split("."), "", ""][1]


def verdict(durations: list[float], budget: int | None) -> tuple[str, str, str]:
    """Seconds, budget and verdict of one tier."""
    seconds = max(sum(durations) / WORKERS, *durations, 0.0, 0.0)
    if not durations:
        return "0.0", str(budget), "no tests yet"
    if budget is None:
        return f"{seconds:.1f}", "-", "NO BUDGET: give it one in .ci/tiers.py"
    return f"{seconds:.1f}", str(budget), "ok" if seconds <= budget else "OVER BUDGET"


if __name__ == "__main__":
    main(sys.argv[1])
