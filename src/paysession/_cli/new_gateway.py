"""
A package to begin an adapter with, made of the files of the adapter guide's own example.

The example is whole, and keeps every law. What is written is the same without what its author has
to write: each method of the port has its contract for a docstring, and raises. So its tests can
be run at once, and fail law by law.
"""

from __future__ import annotations

import re
import tempfile
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Final

import typer

from paysession._cli.skeletons import unwritten

_NAME: Final = re.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MOST_CHARACTERS: Final = 30
_OF_TESTS: Final = "test"
"""How no name begins: pytest would take the adapter's class for a class of tests."""

_SKELETON: Final = "acme_paysession/gateway.py"
_SERVES_METHODS: Final = "acme_paysession/actions.py"
_SUFFIXES: Final = frozenset({".py", ".toml", ".typed"})


class PackageRefused(Exception):
    """No package of that name can be written there."""


def new_gateway(
    name: Annotated[str, typer.Argument(help="What the provider is called, such as my_bank.")],
) -> None:
    """
    Write a small package for an adapter of your own, into a new folder of that name.

    Its tests can be run at once, and fail law by law until the adapter is written.
    """
    try:
        written = write_package(name, into=Path())
    except PackageRefused as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from error
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo(f"Now write {_named(_SKELETON, name)}. How far you are, its tests tell:")
    typer.echo(f"\n    cd {name}\n    python -m pytest")


def write_package(name: str, *, into: Path) -> list[Path]:
    """
    Write the package of a name into a folder, all of it or nothing, and return its files.

    Raises:
        PackageRefused: It is no name, something of that name is there, or it cannot be written.
    """
    files, folder = package(name), into / name
    if folder.exists() or folder.is_symlink():
        raise PackageRefused(f"{name} is there already: move it away, or use another name")
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{name}-", dir=into, ignore_cleanup_errors=True
        ) as drafts:
            draft = Path(drafts, name)
            for path, text in files.items():
                (draft / path).parent.mkdir(parents=True, exist_ok=True)
                (draft / path).write_text(text, encoding="utf-8")
            draft.rename(folder)
    except OSError as error:
        raise PackageRefused(f"{name} cannot be written here: {error.strerror}") from error
    return [folder / path for path in files]


def package(name: str) -> dict[str, str]:
    """
    Return the files of the package of a name, by their paths.

    Raises:
        PackageRefused: It is no name, or there is no example to be copied.
    """
    if not _NAME.fullmatch(name) or len(name) > _MOST_CHARACTERS:
        raise PackageRefused(
            f"{name!r} cannot be its name: use small letters, digits and single underscores "
            f"between them, a letter first, and {_MOST_CHARACTERS} characters at most"
        )
    if iskeyword(name) or name == "self" or name.startswith(_OF_TESTS):
        raise PackageRefused(
            f"{name} cannot be its name: Python or pytest means something else by it; "
            "say what the provider is called"
        )
    files = example()
    files[_SKELETON] = unwritten(files[_SKELETON])
    del files[_SERVES_METHODS]
    named = {_named(path, name): _named(text, name) for path, text in files.items()}
    for path, text in named.items():
        if path.endswith(".py") and not _compiles(text):
            raise PackageRefused(
                f"{name} cannot be its name: something else in {path} is called so; "
                "say what the provider is called"
            )
    return named


def _compiles(text: str) -> bool:
    try:
        compile(text, "", "exec")
    except SyntaxError:
        return False
    return True


def example() -> dict[str, str]:
    """
    Return the files of the guide's example, by their paths.

    A wheel has them beside this module, and the repository where its documentation is.

    Raises:
        PackageRefused: They are not there.
    """
    beside, in_docs = Path(__file__).parent, Path(__file__).parents[3] / "docs" / "examples"
    for folder in (beside / "first_gateway", in_docs / "first_gateway"):
        files = sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES)
        if files:
            names = (each.relative_to(folder).as_posix() for each in files)
            return {
                name: each.read_text(encoding="utf-8")
                for name, each in zip(names, files, strict=True)
            }
    raise PackageRefused("its example was not installed: install paysession from a wheel")


def _named(text: str, name: str) -> str:
    """Put the name in the place of the example's, which no other word of it contains."""
    title = "".join(word.capitalize() for word in name.split("_"))
    return text.replace("acme", name).replace("Acme", title)
