"""`paysession check` tries every law on somebody's adapter, and says by its status if they hold."""

from __future__ import annotations

import importlib.util
import re
import sys
from io import BufferedWriter, BytesIO, RawIOBase, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from paysession._cli import check, main
from paysession.testing import GatewayConformance


def checked(capsys: pytest.CaptureFixture[str], name: str, *arguments: str) -> tuple[int, str]:
    status = main(["check", f"cli_suites:{name}", *arguments])
    printed = capsys.readouterr()
    assert "" == printed.err
    assert "\x1b" not in printed.out
    return status, printed.out


def refused(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert 2 == main(["check", *line])
    told = capsys.readouterr().err
    assert re.fullmatch(r"Error: [^\n]+\n", told)
    return told


def test_where_every_law_holds_the_table_says_so_and_the_status_is_0(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told = checked(capsys, "Sound")
    assert 0 == status
    assert "\n14 of 14 laws\n" in told
    assert "\nadapter: paysession.stores.memory.InMemoryStore\ncontrols: none\n" in told
    assert re.search(r"^ ATOM-1 +where one entity of many .* +holds +$", told, re.MULTILINE)
    assert re.search(r"^ READ-1 .* does not apply: no control another +$", told, re.MULTILINE)
    assert told.endswith("\ncli_suites:Sound: 14 laws: 13 hold, 1 does not apply\n")


def test_a_law_that_is_broken_is_told_whole_and_the_status_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told = checked(capsys, "Broken")
    assert 1 == status
    assert re.search(r"^ CLAIM-3 .* broken +$", told, re.MULTILINE)
    table, _, rest = told.partition("\nATOM-2: where one claim of many is taken")
    assert "what came of it" in table
    for line in ("why: ", "  expected: ", "what was asked, and what came back:", "see: "):
        assert f"\n{line}" in rest
    assert rest.endswith("14 laws: 10 hold, 1 does not apply, 3 are broken\n")


def test_a_law_that_is_broken_as_declared_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = checked(capsys, "Declared")
    assert 0 == status
    assert "deviates as declared: nobody claims" in told
    assert told.endswith("10 hold, 1 does not apply, 3 deviate as declared\n")


def test_what_no_law_foresees_breaks_it_and_says_where_it_was_raised(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told = checked(capsys, "Crashing")
    assert 1 == status
    assert re.search(r"^what was raised at .*cli_suites\.py:\d+:$", told, re.MULTILINE)
    assert "  but got:  OSError: the disk is[31m full\n" in told


def test_an_adapter_s_own_words_do_not_spoil_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["check", "cli_suites:Talking"])
    printed = capsys.readouterr()
    assert {"a word of the adapter's own"} == set(printed.err.splitlines())
    assert "a word" not in printed.out
    assert "14 of 14 laws" in printed.out.splitlines()


def test_what_a_terminal_has_no_letter_for_is_written_as_an_escape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding="ascii"))
    assert 1 == main(["check", "cli_suites:Broken"])
    assert "strict" == sys.stdout.errors
    told = raw.getvalue().decode("ascii")
    assert "\\u2192 " in told
    assert told.endswith("3 are broken\n")


def test_what_stands_for_a_terminal_need_not_encode_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = StringIO()
    monkeypatch.setattr(sys, "stdout", plain)
    assert 0 == main(["check", "cli_suites:Sound"])
    assert plain.getvalue().endswith("1 does not apply\n")


class Failing(RawIOBase):
    """Takes nothing that is written to it, as long as it has an error."""

    def __init__(self, error: OSError) -> None:
        self.error: OSError | None = error

    def writable(self) -> bool:
        return True

    def write(self, written: Any) -> int:
        if self.error is not None:
            raise self.error
        return len(written)


def test_where_no_room_is_left_that_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Failing(OSError(28, "No space left on device"))
    stdout = TextIOWrapper(BufferedWriter(full), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert 2 == main(["check", "cli_suites:Sound"])
    full.error = None
    told = "Error: nothing more can be written: No space left on device\n"
    assert told == capsys.readouterr().err


def test_any_other_trouble_with_what_is_written_comes_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = Failing(OSError(5, "Input/output error"))
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BufferedWriter(broken), encoding="utf-8"))
    with pytest.raises(OSError, match="Input/output error"):
        main(["check", "cli_suites:Sound"])
    broken.error = None


def test_a_suite_that_tries_next_to_nothing_is_not_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told = checked(capsys, "Thin")
    assert 1 == status
    assert "only 2 of the laws can be tried: write more of the suite's controls" in told
    assert told.endswith("2 laws: 2 hold\n")


def test_a_gateway_is_tried_without_a_suite(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = checked(capsys, "Idle")
    assert 1 == status
    assert "\nthe gateway has no method of its port: if it needs none, say offers_nothing\n" in told
    assert "\nadapter: cli_suites.Idle\noperations: none\n" in told
    assert re.search(r"cli_suites:Idle: \d+ laws: \d+ holds?, \d+ do not apply\n$", told)


def test_laws_that_nobody_can_play_count_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = checked(capsys, "Unplayable")
    assert 1 == status
    assert "\nonly 0 of the laws can be tried: " in told
    assert told.endswith("12 laws: 12 do not apply\n")


def test_a_suite_may_say_that_its_gateway_offers_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told = checked(capsys, "Offline")
    assert 0 == status
    assert "offers_nothing" not in told


def test_an_interruption_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert 130 == main(["check", "cli_suites:Interrupted"])
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("cli_suites", "not of the form module:factory"),
        ("no_such_module:Suite", "cannot import no_such_module"),
        ("cli_suites:Missing", "cli_suites has no Missing"),
        ("cli_suites:number", "made int: name what makes a gateway, or a suite"),
        ("cli_suites:Machine", "is a machine, whose tests are for pytest: name a suite"),
        ("cli_suites:AsyncMachine", "is a machine, whose tests are for pytest: name a suite"),
        ("cli_suites:awaited", "must be awaited: name what makes a gateway at once"),
        ("cli_suites:leaving", "failed: SystemExit: 3"),
        ("cli_suites:Unmade", "failed: RuntimeError: no database"),
        ("cli_suites:WithoutLoop", "failed: NotImplementedError: write run()"),
        ("cli_suites:Waits", "there is no event loop: write `run = staticmethod(asyncio.run)`"),
        ("paysession.testing:GatewayConformance", "NotImplementedError: write make_gateway()"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(
    named: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reason in refused(capsys, named)


def test_a_factory_that_never_comes_back_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(GatewayConformance, "patience_seconds", 0.01)
    assert "failed: Stuck: 1 of 1 were stuck after 0.01 seconds" in refused(
        capsys, "cli_suites:never"
    )


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install 'paysession[testing]'" in refused(capsys, "cli_suites:Sound")


def test_the_table_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = checked(capsys, "Broken", "--report", str(tmp_path / "laws.md"))
    assert 1 == status
    written = (tmp_path / "laws.md").read_text(encoding="utf-8")
    assert "| code | law | cli_suites:Broken |" in written
    assert 3 == written.count("| **broken** |")


@pytest.mark.parametrize("file", ["nowhere/laws.md", ".", "long" * 100])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_tried(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "cli_suites:Unmade", "--report", file)
    assert "--report: name a file, in a folder that there is" in told


def test_a_file_that_cannot_be_written_in_the_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(check, "write", full)
    told = refused(capsys, "cli_suites:Thin", "--report", str(tmp_path / "laws.md"))
    assert "it cannot be written: No space left on device" in told
