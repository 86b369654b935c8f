"""
The adapter guide shows the example as it is, and what it says to type is understood.

Write what it shows of the example anew with:

    python tests/examples/test_adapter_guide.py
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest
import typer.main

from paysession._cli import main
from paysession._cli.app import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "write-a-gateway.md"
EXAMPLE = ROOT / "docs" / "examples" / "first_gateway"

SHOWN = re.compile(r"<!-- (\S+): ([\w., ]+) -->\n\n```py\n(.*?)```", re.DOTALL)
"""A file of the example, the names of what is shown of it, and what is shown."""

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)

SHELL = frozenset({"cd", "pip", "python"})
"""What is no command of ours: `.ci/first_gateway` does what these lines say."""


def written(file: str, names: str) -> str:
    """Return the source of what these names are in a file of the example."""
    source = (EXAMPLE / file).read_text(encoding="utf-8")
    module, lines = ast.parse(source), source.splitlines()
    found = (definition(module.body, name.split(".")) for name in names.split(", "))
    parts = ("\n".join(lines[each.lineno - 1 : each.end_lineno]) for each in found)
    return "\n\n\n".join(dedent(part) for part in parts) + "\n"


def definition(body: Iterable[ast.stmt], path: list[str]) -> ast.stmt:
    """Find what a name stands for, in a module or in a class of it."""
    for each in body:
        match each:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case ast.AnnAssign(target=ast.Name(name)) | ast.Assign(targets=[ast.Name(name)]):
                pass
            case _:
                continue
        if [name] == path:
            return each
        if name == path[0] and isinstance(each, ast.ClassDef):
            return definition(each.body, path[1:])
    raise LookupError(path)


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def anew(found: re.Match[str]) -> str:
    file, names, _ = found.groups()
    return f"<!-- {file}: {names} -->\n\n```py\n{written(file, names)}```"


def test_what_the_guide_shows_is_the_example() -> None:
    shown = SHOWN.findall(page())
    assert len(shown) > 8
    assert [] == [(file, names) for file, names, text in shown if text != written(file, names)]


def test_nothing_else_in_the_guide_looks_like_the_example_and_is_not_run() -> None:
    languages = re.findall(r"^```(\w+)", page(), re.MULTILINE)
    assert len(SHOWN.findall(page())) == languages.count("py")
    assert {"console", "py", "pycon", "python"} >= set(languages)


def commands() -> list[tuple[str, str, str]]:
    """What the guide says to type, each with its arguments and with what is printed then."""
    console = "\n".join(CONSOLE.findall(page()))
    return re.findall(r"^\$ (\S+) ?(.*)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)


def test_the_package_that_the_guide_begins_with_is_written_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ((line, printed),) = [
        (line, printed) for _, line, printed in commands() if line.startswith("new-gateway")
    ]
    assert 0 == main(line.split())
    assert printed.strip() == capsys.readouterr().out.strip()


def test_what_the_guide_says_to_type_is_understood() -> None:
    lines = [line.split() for command, line, _ in commands() if command == "paysession"]
    assert {"check", "new-gateway"} == {name for name, *_ in lines}
    known = typer.main.get_group(app).commands
    for name, *arguments in lines:
        known[name].make_context(name, arguments)
    assert SHELL >= {command for command, _, _ in commands()} - {"paysession"}


if __name__ == "__main__":
    PAGE.write_text(SHOWN.sub(anew, page()), encoding="utf-8")
