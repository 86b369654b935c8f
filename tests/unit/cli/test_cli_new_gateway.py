"""`paysession new-gateway` writes a package whose adapter is not written yet, or nothing."""

import ast
import inspect
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest

from acme_paysession import AcmeGateway
from paysession._cli import main, new_gateway
from paysession._cli.new_gateway import PackageRefused, example, package, write_package
from paysession._cli.skeletons import unwritten
from paysession.gateways import Gateway, operations_of

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "first_gateway"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files_in(folder: Path) -> dict[str, str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_text() for each in files}


def refusal(capsys: pytest.CaptureFixture[str], name: str) -> str:
    assert 2 == main(["new-gateway", "--", name])
    printed = capsys.readouterr()
    assert "" == printed.out
    assert 1 == printed.err.count("\n")
    return printed.err


def skeleton() -> type[Gateway]:
    """The adapter that is to be written for the example's own provider."""
    module: dict[str, Any] = {"__name__": "fresh"}
    exec(package("acme")["acme_paysession/gateway.py"], module)
    return cast("type[Gateway]", module["AcmeGateway"])


def test_it_writes_a_package_of_that_name_and_says_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["new-gateway", "my_bank"])
    expected = {
        "fake_my_bank.py",
        "my_bank_paysession/__init__.py",
        "my_bank_paysession/gateway.py",
        "my_bank_paysession/py.typed",
        "my_bank_paysession/transport.py",
        "pyproject.toml",
        "test_my_bank.py",
    }
    assert expected == set(files_in(tmp_path / "my_bank"))
    assert [tmp_path / "my_bank"] == list(tmp_path.iterdir())
    printed = capsys.readouterr().out
    assert all(f"wrote my_bank/{path}\n" in printed for path in expected)
    assert "Now write my_bank_paysession/gateway.py." in printed
    assert printed.endswith("    cd my_bank\n    python -m pytest\n")


def test_what_is_written_is_the_example_but_for_the_name_and_what_is_to_be_written() -> None:
    written = package("acme")
    differs = [path for path, text in written.items() if text != (EXAMPLE / path).read_text()]
    assert ["acme_paysession/gateway.py"] == differs
    assert {"acme_paysession/actions.py"} == set(example()) - set(written)


def test_nothing_of_it_is_called_by_the_name_of_the_example() -> None:
    written = package("my_bank")
    assert [] == [path for path, text in written.items() if "acme" in (path + text).lower()]
    assert all(path.endswith(".toml") or ast.parse(text) for path, text in written.items())
    assert "my_bank-paysession" == tomllib.loads(written["pyproject.toml"])["project"]["name"]


def test_every_method_of_the_example_has_the_contract_of_the_port_and_is_to_be_written() -> None:
    adapter = skeleton()
    secrets = ["whsec_" + "a" * 40]
    gateway = cast("Any", adapter)(api_key="key", webhook_secrets=secrets, transport=None)
    methods = operations_of(gateway)
    assert len(methods) > 10
    for name in methods:
        written = getattr(adapter, name)
        assert inspect.getdoc(getattr(Gateway, name)) == inspect.getdoc(written)
        with pytest.raises(NotImplementedError, match=rf"write {name}\(\)"):
            written(gateway, None)


def test_it_declares_what_the_example_declares() -> None:
    assert AcmeGateway.capabilities == skeleton().capabilities


def test_nothing_is_left_of_it_that_served_the_methods() -> None:
    tree = list(ast.walk(ast.parse(package("acme")["acme_paysession/gateway.py"])))
    imports = [each for each in tree if isinstance(each, ast.ImportFrom)]
    imported = {name.name for each in imports for name in each.names} - {"annotations"}
    assert "acme_paysession.actions" not in {each.module for each in imports}
    assert set() == imported - {each.id for each in tree if isinstance(each, ast.Name)}
    defined = {each.name for each in tree if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    assert set() == {name for name in defined if name.startswith("_")} - {"__init__"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "My",
        "1st",
        "a__b",
        "a_",
        "_a",
        "a-b",
        "a.b",
        "../a",
        "a/b",
        ".",
        "acmé",
        "a b",
        "a" * 31,
    ],
)
def test_what_is_no_name_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot be its name: use small letters" in refusal(capsys, name)
    assert [] == list(tmp_path.iterdir())


def test_what_something_else_in_the_package_is_called_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refusal(capsys, "webhook_secrets")
    assert "webhook_secrets cannot be its name: something else in test_webhook_secrets.py" in told
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["class", "import", "self", "test", "test_bank", "testing"])
def test_what_would_mean_something_else_to_python_or_pytest_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"{name} cannot be its name: Python or pytest means something" in refusal(capsys, name)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a1", "my_bank_2", "a" * 30])
def test_what_is_a_name_is_taken(name: str, tmp_path: Path) -> None:
    assert f"{name}/pyproject.toml" in [
        path.as_posix() for path in write_package(name, into=Path())
    ]
    assert (tmp_path / name / f"test_{name}.py").exists()


def test_what_is_there_already_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("folder", "file", "link"):
        assert f"{name} is there already: move it away" in refusal(capsys, name)
    assert [] == list((tmp_path / "folder").iterdir())
    assert "mine" == (tmp_path / "file").read_text()
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_written_to_its_end_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = iter(range(3))

    def until_full(*_: object, **__: object) -> None:
        if next(written, None) is None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", until_full)
    assert "acme cannot be written here: No space left on device" in refusal(capsys, "acme")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match="acme cannot be written here: No such file"):
        write_package("acme", into=tmp_path / "nowhere")


def test_an_installation_has_the_example_beside_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "lib" / "python" / "paysession" / "new_gateway.py"
    monkeypatch.setattr(new_gateway, "__file__", str(module))
    beside = module.parent / "first_gateway" / "acme_paysession"
    (beside / "__pycache__").mkdir(parents=True)
    (beside / "__pycache__" / "gateway.pyc").write_text("")
    (beside / "gateway.py").write_text("# Acme\n")
    assert {"acme_paysession/gateway.py": "# Acme\n"} == example()


def test_an_installation_without_the_example_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "lib" / "python" / "paysession" / "new_gateway.py"
    monkeypatch.setattr(new_gateway, "__file__", str(module))
    assert "its example was not installed" in refusal(capsys, "acme")


WHOLE = '''"""
A gateway.

It does much.
"""

from __future__ import annotations

import json
import logging as log

from datetime import UTC, datetime, timedelta, timezone
from paysession.gateways import Gateway, VoidAnswer, VoidRequest, CaptureAnswer, CaptureRequest
from paysession.gateways import STRIPE, ADYEN

LONGEST = timedelta(seconds=1)
PATIENCE: timedelta = LONGEST
# Nobody needs it.
SECRETS = json.loads("[]")


class Small(Gateway):
    """Small."""

    # What it is given.
    patience = PATIENCE

    def __init__(self) -> None:
        log.debug("made")

    def helped(self) -> None:
        json.dumps(self)

    def capture(
        self, request: CaptureRequest
    ) -> CaptureAnswer:
        """Capture as Small does."""
        return self.helped()

    def void(self, request: VoidRequest) -> VoidAnswer:
        return STRIPE or ADYEN


class Other:
    pass
'''

LEFT = '''"""A gateway."""

from __future__ import annotations

import logging as log

from datetime import timedelta
from paysession.gateways import Gateway, VoidAnswer, VoidRequest, CaptureAnswer, CaptureRequest

LONGEST = timedelta(seconds=1)
PATIENCE: timedelta = LONGEST


class Small(Gateway):
    """Small."""

    # What it is given.
    patience = PATIENCE

    def __init__(self) -> None:
        log.debug("made")

    def capture(
        self, request: CaptureRequest
    ) -> CaptureAnswer:
        """
{capture}
        """
        raise NotImplementedError("write capture()")

    def void(self, request: VoidRequest) -> VoidAnswer:
        """
{void}
        """
        raise NotImplementedError("write void()")
'''


def contract_of(method: str) -> str:
    lines = (inspect.getdoc(getattr(Gateway, method)) or "").splitlines()
    return "\n".join(f"        {line}" if line else "" for line in lines)


def test_only_the_way_it_is_made_is_left_of_an_adapter_and_what_that_needs() -> None:
    expected = LEFT.format(capture=contract_of("capture"), void=contract_of("void"))
    assert expected == unwritten(WHOLE)


def test_an_import_of_many_names_is_broken_into_lines() -> None:
    names = [f"a_name_that_is_long_{number}" for number in range(5)]
    source = f'"""A gateway."""\nfrom elsewhere import {", ".join(names)}\n\n\n'
    adapter = f"class Small(Gateway):\n    held = ({', '.join(names)})\n"
    listed = "".join(f"    {name},\n" for name in names)
    expected = f'"""A gateway."""\nfrom elsewhere import (\n{listed})\n\n\n{adapter}'
    assert expected == unwritten(source + adapter)
