"""What whoever runs the machine sees of it: a test a provider, and the story of what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paysession.testing import PROFILES

MACHINES = """
import asyncio
from paysession import AsyncPayments, Payments
from paysession.stores import AsyncInMemoryStore, InMemoryStore
from paysession.testing import AsyncPaymentsMachine, PaymentsMachine


class Overwriting(InMemoryStore):
    def _refuse_conflicts(self, changes):
        pass


class TestMine(PaymentsMachine):
    def make_payments(self, gateway, clock, ids):
        return Payments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self):
        self.store = Overwriting()


class TestMineToo(AsyncPaymentsMachine):
    run = staticmethod(asyncio.run)

    def make_payments(self, gateway, clock, ids):
        return AsyncPayments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self):
        self.store = AsyncInMemoryStore(Overwriting())
"""


def pytest_on(folder: Path, *arguments: str) -> list[str]:
    """What pytest prints of the machines, in a project of their own."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_mine.py").write_text(MACHINES, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=own)
    return ran.stdout.splitlines()


def test_pytest_finds_a_test_for_every_kind_of_provider(tmp_path: Path) -> None:
    found = pytest_on(tmp_path, "--collect-only", "-q")
    expected = [
        f"test_mine.py::{suite}::test_no_history_with_{profile}_breaks_an_invariant"
        for suite in ("TestMine", "TestMineToo")
        for profile in PROFILES
    ]
    assert expected == [line for line in found if "::" in line]


STORY = """\
E   paysession.testing._payments.failing.HistoryBroken: KEEP-2: \
Whoever would replace what is no longer there is refused.
    seen: commit took it, but payable_account 'or_1' exists already: load it instead
    the shortest history that shows it:
      seed 3, stripe, from 2026-03-01 12:00:39.250001+00:00
      01 12:00:39 recovery recover#3: ends: ()
      01 12:00:39 worker 1 create_session#1: commits {commits}
      01 12:00:39 worker 2 create_session#2: commits {commits}
    to see it again: first_seed = 3 and histories = 1 in {suite}
"""
COMMITS = "SessionCreated, AttemptRequested, PayableChanged"


@pytest.mark.parametrize("suite", ["TestMine", "TestMineToo"])
def test_what_is_wrong_is_told_as_a_story_and_nothing_else_is(suite: str, tmp_path: Path) -> None:
    printed = "\n".join(pytest_on(tmp_path, f"test_mine.py::{suite}", "-k", "stripe"))
    _, _, shown = printed.partition("= FAILURES =")
    shown, _, _ = shown.partition("short test summary")
    assert STORY.format(suite=suite, commits=COMMITS) in shown
    assert ".py:" not in shown
    assert "Captured" not in shown
