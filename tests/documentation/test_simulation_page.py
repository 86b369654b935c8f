"""
The tables of the page about the simulator: its providers, its faults, its planted bugs.

Write them anew with:

    python tests/documentation/test_simulation_page.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from paysession._cli import main
from paysession.testing import PROFILES, Fault
from paysession.testing._invariants import ALL_CHECKS, NOT_OURS
from paysession.testing._plants import PLANTS
from paysession.testing._simulation.faults import CALLS, OF_STORE, OF_WORLD

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"
GROUPS: Mapping[str, frozenset[str]] = {
    "every call": frozenset(CALLS),
    "every ask of the store, the clock and the like": frozenset({*OF_STORE, *OF_WORLD}),
}


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(titles)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def profiles() -> str:
    rows = ((f"`{each.name}`", each.sentence) for each in PROFILES.values())
    return table(("profile", "what is particular about it"), rows)


def faults() -> str:
    rows = ((fault, fault.sentence, ", ".join(places(fault.asks)), fault.beyond) for fault in Fault)
    return table(("", "what happens", "put in at", "and nowhere else, for"), rows)


def places(asks: frozenset[str]) -> Iterator[str]:
    """Name kinds of ask, whole groups of them by one name."""
    for name, group in GROUPS.items():
        if group <= asks:
            yield name
            asks -= group
    yield from (f"`{kind}`" for kind in sorted(asks))


def plants() -> str:
    rows = (
        (f"`{each.name}`", each.sentence, each.breaks, f"`{each.profile}`")
        for each in PLANTS.values()
    )
    return table(("planted bug", "what is wrong", "caught by", "with"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "profiles": profiles,
    "faults": faults,
    "plants": plants,
}


def part(name: str) -> re.Pattern[str]:
    """Match what stands in the page between the two marks of a table."""
    return re.compile(rf"(?<=<!-- {name} -->\n\n).*?(?=\n\n<!-- end of {name} -->)", re.DOTALL)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_page_says_what_the_simulator_has(name: str) -> None:
    assert [TABLES[name]()] == part(name).findall(PAGE.read_text(encoding="utf-8"))


def test_every_fault_reaches_something_and_says_why_it_reaches_nothing_else() -> None:
    assert 53 == len(Fault)
    assert all(fault.asks and fault.beyond for fault in Fault)


def test_the_page_counts_the_invariants_that_no_history_can_break() -> None:
    assert (5, 52) == (len(NOT_OURS), len(NOT_OURS) + len(ALL_CHECKS))


def test_the_lines_that_the_page_tells_to_type_are_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(*_: object, **__: object) -> Iterator[object]:
        yield from ()

    monkeypatch.setattr("paysession._cli.simulate.summaries", nothing)
    lines = re.findall(
        r"^\$ paysession (simulate.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(lines) > 5
    for line in lines:
        assert main(line.split()) == (3 if "--plant" in line and "list" not in line else 0), line


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    for name, written in TABLES.items():
        text = part(name).sub(lambda _, written=written: written(), text)  # type: ignore[misc]
    PAGE.write_text(text, encoding="utf-8")
