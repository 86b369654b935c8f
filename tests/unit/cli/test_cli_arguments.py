"""What is typed at the command line, and how a bad line is refused."""

import importlib
import importlib.metadata
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from paysession import _cli
from paysession._cli.app import app


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == _cli.main(["--version"])
    assert f"paysession {importlib.metadata.version('paysession')}\n" == capsys.readouterr().out


def test_without_a_command_it_says_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == _cli.main([])
    told = capsys.readouterr().out
    assert "demo" in told
    assert "lifecycle" in told


def test_it_reads_the_process_s_own_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["paysession", "lifecycle", "void"])
    assert 0 == _cli.main()
    assert capsys.readouterr().out.startswith("void ")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("nonsense", "nonsense"),
        ("--nonsense", "--nonsense"),
        ("demo --nonsense", "--nonsense"),
        ("demo surplus", "surplus"),
        ("demo --story nonsense", "nonsense"),
        ("demo --dialect nonsense", "nonsense"),
        ("demo --story", "--story"),
        ("lifecycle", "chart"),
        ("lifecycle nonsense", "nonsense"),
        ("lifecycle session --format nonsense", "nonsense"),
    ],
)
def test_a_bad_line_is_refused_in_one_line(
    line: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == _cli.main(line.split())
    told = capsys.readouterr()
    assert "" == told.out
    assert re.fullmatch(r"Error: [^\n]+\n", told.err)
    assert word in told.err.lower()


def test_help_is_there_for_every_command() -> None:
    for line in (["--help"], ["demo", "--help"], ["lifecycle", "--help"]):
        assert 0 == CliRunner().invoke(app, line).exit_code


def test_an_interruption_ends_it_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert 130 == _cli.main(["demo", "--gateway", "cli_adapters:interrupted"])
    assert "" == capsys.readouterr().err


def test_an_interruption_that_the_parser_passes_on_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("paysession._cli.app.app", interrupted)
    assert 130 == _cli.main(["demo"])
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_how_to_install_it(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("paysession._cli.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert 2 == _cli.main(["--version"])
    told = capsys.readouterr()
    assert "" == told.out
    assert 1 == told.err.count("\n")
    assert "pip install 'paysession[cli]'" in told.err


def test_any_other_module_that_is_missing_is_not_blamed_on_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "paysession._cli.app")
    monkeypatch.setitem(sys.modules, "paysession._cli.stories", None)
    monkeypatch.delitem(sys.modules, "paysession._cli.demo")
    with pytest.raises(ModuleNotFoundError):
        _cli.main(["--version"])


def test_it_runs_as_a_program() -> None:
    program = "import sys; from paysession._cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--story", "nonsense"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("Error: ")
    assert 1 == done.stderr.count("\n")


def test_a_choice_that_there_is_not_is_told_in_the_words_of_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert 2 == _cli.main(["demo", "--story", "nonsense"])
    told = capsys.readouterr().err
    assert "Value error" not in told
    assert "'nonsense' is not one of 'card', 'declined'" in told
