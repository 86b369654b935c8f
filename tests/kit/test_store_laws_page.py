"""
The page of the documentation that lists the laws of a store is the list of the laws.

Write it anew with:

    python tests/kit/test_store_laws_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import laws_page

from paysession.testing._stores.law import StoreLaw
from paysession.testing._stores.laws import LAWS

PAGE = Path(__file__).parents[2] / "docs" / "store-laws.md"

HEADING = (
    "# The laws of a store",
    "",
    "Each is a test of `StoreConformance` and `AsyncStoreConformance`, under its code",
    "([how to run them](stores.md)). A source such as I41 is an invariant",
    "([what always holds](invariants.md)), F45 a fault that the simulator puts in, a name with a",
    "number an issue in which a shop learnt it. What a law needs is a method of the suite that its",
    "author writes.",
    "",
    "A code never comes to mean anything else. A minor version may bring new laws; since when each",
    "is there is said beside it. This page is generated from the laws.",
)

AREAS = {
    "ATOM": "All of a commit or nothing",
    "VER": "Versions",
    "CLAIM": "Claims",
    "FIND": "Finding",
    "TEN": "Tenants",
    "DUE": "What is due",
    "ATT": "What a person must look at",
    "READ": "Reading the newest",
    "EVENT": "The outbox",
    "PAGE": "However many there are",
    "ROUND": "What comes back",
    "RACE": "Many at once",
    "DUR": "What lasts",
}


def needed(law: StoreLaw) -> Iterator[str]:
    return (f"`{control}`" for control in sorted(law.needs))


def page() -> str:
    return laws_page.page(HEADING, AREAS, LAWS, needed)


def test_the_page_lists_every_law() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")
    assert {law.area for law in LAWS} == AREAS.keys()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
