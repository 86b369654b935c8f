"""A page of the documentation that lists the laws of a port, area by area."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from paysession.testing._laws.law import Law

L = TypeVar("L", bound=Law)


def page(
    heading: Sequence[str],
    areas: Mapping[str, str],
    laws: Sequence[L],
    needed: Callable[[L], Iterator[str]],
) -> str:
    """The heading, and for each area, under its code, what it is about and a table of its laws."""
    return "\n".join((*heading, *_tables(areas, laws, needed))) + "\n"


def _tables(
    areas: Mapping[str, str], laws: Sequence[L], needed: Callable[[L], Iterator[str]]
) -> Iterator[str]:
    for area, title in areas.items():
        yield from ("", f"## {area}", "", f"{title}.", "")
        yield from ("| code | law | why | source | needs | since |", "|---|---|---|---|---|---|")
        for law in laws:
            if law.area == area:
                cells = law.sentence, law.reason, law.source, ", ".join(needed(law)), law.since
                yield f"| {law.code} | {' | '.join(cells)} |"
