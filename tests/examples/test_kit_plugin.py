"""What came of suites is told whole also where tests run in other processes, and of two ports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paysession.testing import StoreConformance

ALL = len(StoreConformance.laws)

SUITES = """
import pytest
from paysession.gateways import BogusGateway
from paysession.stores import InMemoryStore
from paysession.testing import GatewayConformance, StoreConformance


class TestGateway(GatewayConformance[BogusGateway]):
    def make_gateway(self):
        return BogusGateway()


class TestStore(StoreConformance[InMemoryStore]):
    def make_store(self):
        return InMemoryStore()


class TestNoStore(StoreConformance[InMemoryStore]):
    def make_store(self):
        raise RuntimeError("no database")


def test_of_something_else():
    pass
"""

WITHOUT_CARD = """
from paysession.gateways import BogusGateway
from paysession.testing import GatewayConformance


class TestWithoutCard(GatewayConformance[BogusGateway]):
    def make_gateway(self):
        return BogusGateway()

    def source(self, gateway):
        raise NotImplementedError
"""

LOADED = """
import sys


def pytest_unconfigure(config):
    print("loaded:", "_paysession_pytest" in sys.modules, "paysession" in sys.modules)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_suites.py").write_text(SUITES, encoding="utf-8")
    return tmp_path


def pytest_on(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "--tb=no"]
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    ran = subprocess.run(
        [*command, *arguments], check=False, capture_output=True, text=True, cwd=folder, env=own
    )
    assert "" == ran.stderr
    return ran.stdout


@pytest.mark.parametrize("how", [["-n", "2"], ["-p", "no:randomly"]], ids=["processes", "alone"])
def test_two_ports_in_one_run_are_told_of_together(project: Path, how: list[str]) -> None:
    chosen = ["-k", "cap_1 or event_1 or dur_1 or something", "--paysession-report", "laws.md"]
    told = pytest_on(project, *chosen, *how).splitlines()
    for adapter in (
        "TestGateway: paysession.gateways.bogus.BogusGateway, look_up_is_authoritative=True",
        "TestStore: paysession.stores.memory.InMemoryStore",
        "TestNoStore: cannot be made: RuntimeError: no database",
    ):
        assert 1 == told.count(f"paysession 0.1.0, {adapter}")
    assert f"TestStore: 2 of {ALL} laws tried: 1 holds, 1 does not apply" in told
    assert f"TestNoStore: 2 of {ALL} laws tried: 1 does not apply, 1 is broken" in told
    assert [] == [line for line in told if "INTERNALERROR" in line]
    table = (project / "laws.md").read_text(encoding="utf-8").splitlines()
    assert "| code | law | TestGateway |" in table
    verdicts = {line.split(" | ", 2)[2] for line in table if line.startswith(("| EV", "| DUR"))}
    expected = {
        "holds | **broken** |",
        "does not apply: no control reopen | does not apply: no control reopen |",
        "not tried | not tried |",
    }
    assert expected == verdicts


def test_a_suite_whose_laws_nobody_can_play_fails_by_itself(tmp_path: Path) -> None:
    (tmp_path / "test_card.py").write_text(WITHOUT_CARD, encoding="utf-8")
    told = pytest_on(tmp_path, "-k", "cap or enough", "-p", "no:randomly").splitlines()
    failed = "FAILED test_card.py::TestWithoutCard::test_enough_laws_are_tried"
    (why,) = [line for line in told if line.startswith(failed)]
    assert re.search(r"SuiteTooThin: (only \d of the laws|no law of [A-Z]+) can be tried", why)
    assert 1 == sum(line.startswith("FAILED") for line in told)


def test_without_a_suite_the_package_is_not_even_imported(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(LOADED, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n", encoding="utf-8")
    told = pytest_on(tmp_path, "-s").splitlines()
    assert "loaded: True False" in told
