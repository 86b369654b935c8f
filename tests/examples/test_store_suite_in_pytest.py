"""What whoever runs the suite of a store sees of it: a test a law, and why one does not hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from paysession.testing._stores.laws import LAWS

SUITES = """
import asyncio
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.testing import AsyncStoreConformance, StoreConformance


class Forgetful(InMemoryStore):
    def mark_published(self, events, *, tenant):
        pass


class TestMine(StoreConformance):
    def make_store(self):
        return Forgetful()


class TestMineToo(AsyncStoreConformance):
    run = staticmethod(asyncio.run)

    def together(self, *tasks):
        return asyncio.gather(*tasks)

    async def make_store(self):
        return AsyncInMemoryStore(Forgetful())
"""

SUITE_NAMES = ("TestMine", "TestMineToo")


def pytest_on(folder: Path, *arguments: str) -> str:
    """What pytest prints of the suites, in a project of their own."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_mine.py").write_text(SUITES, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=own)
    return ran.stdout


def test_pytest_finds_a_test_for_every_law_under_its_code(tmp_path: Path) -> None:
    found = pytest_on(tmp_path, "--collect-only", "-q").splitlines()
    expected = [f"test_mine.py::{suite}::{law.test_name}" for suite in SUITE_NAMES for law in LAWS]
    enough = [f"test_mine.py::{suite}::test_enough_laws_are_tried" for suite in SUITE_NAMES]
    assert sorted([*expected, *enough]) == sorted(line for line in found if "::" in line)


def test_a_broken_law_shows_its_line_its_reason_and_both_values(tmp_path: Path) -> None:
    told = pytest_on(tmp_path, "-k", "event_2")
    assert 2 == len(re.findall("^FAILED .*test_event_2_events_wait_in_order", told, re.MULTILINE))
    shown, _, _ = told.partition("short test summary")  # which says it again where CI is set
    for line in (
        "LawBroken: EVENT-2: events stay in order and unpublished until they are marked",
        "why: each is told at least once, and each aggregate's in order (I44)",
        ">           bench.same(everything[2:], (yield from store.unpublished())",
        "the events not marked[0].id:",
        "  expected: 'payable_account:e:1:0'",
        "  but got:  'payable_account:c:1:0'",
        "what was asked, and what came back:",
        "10. mark_published(payable_account:c:1:0, payable_account:a:1:0) → done",
        "see: paysession.stores.Store.mark_published, and docs/store-laws.md#event",
    ):
        assert 2 == shown.count(line), line
    assert "asyncio" not in told
    assert "trials.py" not in told


def test_a_law_that_does_not_apply_is_skipped_and_says_why(tmp_path: Path) -> None:
    told = pytest_on(tmp_path, "-rs", "-k", "dur_3 or read_1")
    assert "DUR-3 does not apply: TestMine has no control outer_transaction" in told
    assert "READ-1 does not apply: TestMineToo has no control another" in told
    assert "4 skipped" in told
