"""What pytest tells of suites: what is on trial, what came of it, and a table of it all."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import _paysession_pytest as plugin
from paysession.testing import StoreConformance
from paysession.testing._laws import support  # so that no run of these tests loads it anew

pytest_plugins = ["pytester"]

ALL = len(StoreConformance.laws)

STORES = """
import pytest
from paysession.stores import InMemoryStore
from paysession.testing import StoreConformance


class Forgetful(InMemoryStore):
    def mark_published(self, events, *, tenant):
        pass


class TestSound(StoreConformance):
    def make_store(self):
        return InMemoryStore()

    def another(self, store):
        return store


class TestForgetful(StoreConformance):
    deviations = {"EVENT-2": "it is told by the log of the database"}

    def make_store(self):
        return Forgetful()
"""

GATEWAYS = """
from paysession.gateways import Capabilities, Gateway
from paysession.testing import GatewayConformance


class Strict(Gateway):
    capabilities = Capabilities(partial_captures=False, look_up_is_authoritative=True)

    def capture(self, request):
        raise RuntimeError("never")

    def look_up(self, request):
        return ()


class TestStrict(GatewayConformance[Strict]):
    def make_gateway(self):
        return Strict()

    def decline(self, gateway, method, code):
        pass
"""

FIXTURES = """
import pytest
from paysession.stores import InMemoryStore
from paysession.testing import StoreConformance


class TestOfFixtures(StoreConformance):
    @pytest.fixture(autouse=True)
    def with_a_store(self):
        self.store = InMemoryStore()
        yield
        {leave}

    def make_store(self):
        return self.store
"""

UNMADE = """
import pytest
from paysession.testing import StoreConformance


class TestUnmade(StoreConformance):
    def make_store(self):
        {fail}
"""

TWICE = """
import pytest
from paysession.stores import InMemoryStore
from paysession.testing import StoreConformance


@pytest.mark.parametrize("number", [1, 2])
class TestTwice(StoreConformance):
    @pytest.fixture(autouse=True)
    def with_a_number(self, number):
        self.number = number

    def make_store(self):
        return InMemoryStore()
"""


class Run:
    """A run of pytest on files of a project of its own."""

    def __init__(self, pytester: pytest.Pytester, **files: str) -> None:
        self.pytester = pytester
        pytester.makepyfile(**files)

    def __call__(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess("-p", "no:cacheprovider", "--tb=no", *arguments)

    def lines(self, *arguments: str) -> list[str]:
        """What it prints."""
        return list(self(*arguments).outlines)

    def table(self, *arguments: str) -> list[str]:
        """What it writes as a table."""
        self(*arguments, "--paysession-report", "laws.md")
        return (self.pytester.path / "laws.md").read_text(encoding="utf-8").splitlines()


def after(line: str, lines: list[str], *, most: int) -> list[str]:
    """The lines that follow one."""
    return lines[lines.index(line) + 1 :][:most]


def tried(table: list[str]) -> list[str]:
    """What came of each law that was tried by a suite at least."""
    cells = [line.split(" | ", 2)[2] for line in table if re.match(r"\| [A-Z]+-\d", line)]
    return [each for each in cells if set(each.split(" | ")) != {"not tried", "not tried |"}]


def test_what_is_on_trial_is_told_before_it_is_tried(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_mine=STORES).lines("-k", "atom_1")
    sound = "paysession 0.1.0, TestSound: paysession.stores.memory.InMemoryStore"
    assert ["paysession 0.1.0, TestForgetful: test_mine.Forgetful", ""] == after(
        sound, lines, most=2
    )
    assert 1 == lines.count(sound)


def test_more_of_what_is_on_trial_is_told_to_those_who_ask(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_mine=GATEWAYS).lines("-k", "enough", "-v")
    adapter = "test_mine.Strict, partial_captures=False, look_up_is_authoritative=True"
    told = after(f"paysession 0.1.0, TestStrict: {adapter}", lines, most=2)
    assert ["  controls: decline", "  operations: capture, look_up"] == told


def test_what_came_of_each_suite_and_of_all_is_told_at_the_end(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_mine=STORES).lines("-k", "event_1 or event_2 or read_1")
    begin = next(number for number, line in enumerate(lines) if "= paysession =" in line)
    told = [line for line in lines[begin + 1 :] if line][:3]
    assert [
        f"TestSound: 3 of {ALL} laws tried: 3 hold",
        f"TestForgetful: 3 of {ALL} laws tried: 1 holds, 1 does not apply, 1 deviates as declared",
        f"in all: 6 of {2 * ALL} laws tried: 4 hold, 1 does not apply, 1 deviates as declared",
    ] == told


def test_what_came_of_each_law_is_written_down(pytester: pytest.Pytester) -> None:
    table = Run(pytester, test_mine=STORES).table("-k", "event_1 or event_2 or read_1 or ten_2")
    counted = "1 holds, 1 does not apply, 1 deviates as declared, 1 is broken"
    assert f"- TestForgetful: 4 of {ALL} laws tried: {counted}" in table
    assert [
        "holds | holds |",
        "holds | deviates as declared: it is told by the log of the database |",
        "holds | does not apply: no control another |",
        "holds | **broken** |",
    ] == tried(table)


def test_what_was_not_selected_is_not_said_to_be_tried(pytester: pytest.Pytester) -> None:
    selected = (
        "test_mine.py::TestSound::test_event_1_events_are_dense",
        "test_mine.py::TestForgetful::test_event_3_every_event_comes_back",
    )
    table = Run(pytester, test_mine=STORES).table(*selected)
    assert ["holds | not tried |", "not tried | holds |"] == tried(table)
    assert ALL - 2 == sum(line.endswith(" | not tried | not tried |") for line in table)


def test_a_suite_that_stands_on_fixtures_is_told_of_once_they_have_run(
    pytester: pytest.Pytester,
) -> None:
    lines = Run(pytester, test_mine=FIXTURES.format(leave="")).lines("-k", "event_1 or event_3")
    adapter = "paysession.stores.memory.InMemoryStore"
    told = after(f"paysession 0.1.0, TestOfFixtures: {adapter}", lines, most=1)
    assert [f"TestOfFixtures: 2 of {ALL} laws tried: 2 hold"] == told


@pytest.mark.parametrize(
    "source",
    [FIXTURES.format(leave="raise OSError"), FIXTURES.replace("InMemoryStore()", "1 / 0")],
    ids=["teardown", "setup"],
)
def test_a_law_whose_fixtures_fail_does_not_hold(pytester: pytest.Pytester, source: str) -> None:
    lines = Run(pytester, test_mine=source).lines("-k", "event_1")
    assert f"TestOfFixtures: 1 of {ALL} laws tried: 1 is broken" in lines


@pytest.mark.parametrize(
    ("fail", "why"),
    [
        ("raise RuntimeError('no database')", "RuntimeError: no database"),
        ("pytest.fail('no database')", "Failed: no database"),
        ("raise SystemExit('no database')", "SystemExit: no database"),
    ],
)
def test_what_cannot_be_made_is_broken_and_says_why(
    pytester: pytest.Pytester, fail: str, why: str
) -> None:
    run = Run(pytester, test_mine=UNMADE.format(fail=fail))
    lines = run.lines("-k", "event_1 or event_3")
    told = after(f"paysession 0.1.0, TestUnmade: cannot be made: {why}", lines, most=1)
    assert [f"TestUnmade: 2 of {ALL} laws tried: 2 are broken"] == told


def test_what_is_left_out_by_its_author_was_not_tried(pytester: pytest.Pytester) -> None:
    run = Run(pytester, test_mine=UNMADE.format(fail="pytest.skip('no database today')"))
    lines = run.lines("-k", "event_1", "--paysession-report", "laws.md")
    assert "paysession 0.1.0, TestUnmade: cannot be made: Skipped: no database today" in lines
    assert f"TestUnmade: 0 of {ALL} laws tried" in lines
    table = (pytester.path / "laws.md").read_text(encoding="utf-8")
    assert ALL == table.count(" | not tried |\n")


def test_what_is_left_out_by_a_mark_was_not_tried(pytester: pytest.Pytester) -> None:
    (pytester.path / "laws.md").write_text("it held once", encoding="utf-8")
    marked = STORES.replace("class TestSound", "@pytest.mark.skip\nclass TestSound")
    run = Run(pytester, test_mine=marked)
    lines = run.lines("-k", "TestSound", "--paysession-report", "laws.md")
    assert f"TestSound: 0 of {ALL} laws tried" in lines
    assert "it held once" not in (pytester.path / "laws.md").read_text(encoding="utf-8")


def test_a_run_that_stops_at_the_first_failure_says_how_far_it_came(
    pytester: pytest.Pytester,
) -> None:
    run = Run(pytester, test_mine=UNMADE.format(fail="1 / 0"))
    table = run.table("-x", "-p", "no:randomly")
    assert f"- TestUnmade: 1 of {ALL} laws tried: 1 is broken" in table
    assert ALL - 1 == sum(line.endswith(" | not tried |") for line in table)


def test_what_does_not_apply_is_told_of_where_the_suite_is_written(
    pytester: pytest.Pytester,
) -> None:
    made = "TestMade = type('TestMade', (TestForgetful,), {})"
    lines = Run(pytester, test_mine=f"{STORES}\n\n{made}\n").lines("-rs", "-k", "read_1")
    skips = [line for line in lines if line.startswith("SKIPPED")]
    number = 1 + STORES.strip().splitlines().index("class TestForgetful(StoreConformance):")
    lacks = "has no control another"
    assert [
        f"SKIPPED [1] test_mine.py:{number}: READ-1 does not apply: TestForgetful {lacks}",
        f"SKIPPED [1] test_mine.py:1: READ-1 does not apply: TestMade {lacks}",
    ] == skips


def test_suites_of_one_name_are_told_apart_by_where_they_stand(pytester: pytest.Pytester) -> None:
    run = Run(pytester, test_one=UNMADE.format(fail="1 / 0"), test_two=UNMADE.format(fail="1 / 0"))
    lines = run.lines("-k", "event_1")
    assert f"test_one.py::TestUnmade: 1 of {ALL} laws tried: 1 is broken" in lines
    assert f"test_two.py::TestUnmade: 1 of {ALL} laws tried: 1 is broken" in lines


def test_a_suite_with_parameters_is_one_for_each_of_them(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_mine=TWICE).lines("-k", "event_1")
    assert f"TestTwice[1]: 1 of {ALL} laws tried: 1 holds" in lines
    assert f"TestTwice[2]: 1 of {ALL} laws tried: 1 holds" in lines


def test_of_every_suite_it_is_written_what_was_on_trial(pytester: pytest.Pytester) -> None:
    imported = "from test_mine import TestTwice"
    table = Run(pytester, test_mine=TWICE, test_other=imported).table("-k", "event_1 or event_3")
    assert 4 == table.count("  - adapter: paysession.stores.memory.InMemoryStore")


def test_a_run_without_a_suite_says_nothing_of_suites(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_other="def test_other(): pass").lines()
    assert [] == [line for line in lines if "paysession 0.1.0" in line or "= paysession =" in line]


def test_a_test_of_a_law_that_was_taken_out_of_its_suite_is_no_law(
    pytester: pytest.Pytester,
) -> None:
    source = "from paysession.testing import StoreConformance\n"
    test = "test_alone = StoreConformance.test_atom_1_half_a_commit_is_none\n"
    ran = Run(pytester, test_mine=f"{source}{test}")()
    assert pytest.ExitCode.TESTS_FAILED == ran.ret
    assert [] == [line for line in ran.outlines if "= paysession =" in line]


def test_where_no_law_was_tried_nothing_is_written(pytester: pytest.Pytester) -> None:
    run = Run(pytester, test_other="def test_other(): pass")
    lines = run.lines("--paysession-report", "laws.md")
    assert "no law was tried, so that there is nothing to write" in lines
    assert not (pytester.path / "laws.md").exists()


def test_what_is_only_collected_is_not_made(pytester: pytest.Pytester) -> None:
    lines = Run(pytester, test_mine=STORES).lines("--collect-only", "-q")
    assert [] == [line for line in lines if "paysession 0.1.0" in line]


@pytest.mark.parametrize("file", ["nowhere/laws.md", ".", "long" * 100])
def test_a_file_that_cannot_be_written_is_refused_at_once(
    pytester: pytest.Pytester, file: str
) -> None:
    ran = Run(pytester, test_mine=STORES)("--paysession-report", file)
    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    expected = f"ERROR: --paysession-report {file}: name a file, in a folder that there is"
    assert expected in ran.errlines


def test_a_table_that_cannot_be_written_in_the_end_fails_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(support, "write", full)
    ran = Run(pytester, test_mine=STORES)("-k", "event_1", "--paysession-report", "laws.md")
    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    ran.stdout.fnmatch_lines(["--paysession-report *laws.md cannot be written: No space left*"])


def test_a_process_that_works_for_another_does_not_listen() -> None:
    config = SimpleNamespace(stash={}, workerinput={"workerid": "gw0"})
    plugin.pytest_configure(cast("Any", config))
    assert {"stash", "workerinput"} == vars(config).keys()
