"""
The page of the documentation that lists the laws of a store is the list of the laws.

Write it anew with:

    python tests/kit/test_store_laws_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paysession.testing._stores.laws import LAWS

PAGE = Path(__file__).parents[2] / "docs" / "store-laws.md"

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
    "ROUND": "What comes back",
    "RACE": "Many at once",
    "DUR": "What lasts",
}


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The laws of a store"
    yield ""
    yield "Each is a test of `StoreConformance` and `AsyncStoreConformance`, under its code"
    yield "([how to run them](stores.md)). This page is generated from the laws."
    for area, title in AREAS.items():
        yield from ("", f"## {title}", "", "| code | law | why | needs |", "|---|---|---|---|")
        for law in LAWS:
            if law.code.startswith(f"{area}-"):
                needs = ", ".join(f"`{control}`" for control in sorted(law.needs))
                yield f"| {law.code} | {law.sentence} | {law.reason} | {needs} |"


def test_the_page_lists_every_law() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")
    assert {law.code.partition("-")[0] for law in LAWS} == AREAS.keys()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
