"""What importing the package costs, and what no module of it may ever name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import paysession

PACKAGE = Path(paysession.__file__).parent
EXAMPLE = PACKAGE / "_cli" / "first_gateway"
"""What a wheel brings of an adapter: no module of ours, and it may use the network."""

MODULES = [each for each in sorted(PACKAGE.rglob("*.py")) if EXAMPLE not in each.parents]

IMPORTED_ONLY_WHERE_USED = {"babel", "typer", "rich", "hypothesis", "pytest", "trio"}

# The backend brings these, whichever it likes.
BROUGHT_BY_THE_BACKEND = {
    "web frameworks": {"django", "fastapi", "flask", "starlette", "litestar", "aiohttp", "bottle"},
    "HTTP clients": {"httpx", "requests", "urllib3", "http", "socket", "ssl"},
    "database drivers": {"sqlite3", "sqlalchemy", "psycopg", "psycopg2", "asyncpg", "aiosqlite"},
    "event loops": {"asyncio", "trio", "anyio", "curio", "uvloop"},
}


def imported_names(source: str) -> Iterator[str]:
    """The first part of every absolute import, wherever in the module it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def test_importing_the_package_does_not_load_what_only_some_parts_need() -> None:
    program = "import sys, paysession; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert set() == IMPORTED_ONLY_WHERE_USED & set(loaded.stdout.split())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_names_nothing_that_the_backend_brings(path: Path) -> None:
    forbidden = set().union(*BROUGHT_BY_THE_BACKEND.values())
    assert set() == forbidden & set(imported_names(path.read_text(encoding="utf-8")))


def test_an_import_inside_a_function_is_seen_too() -> None:
    source = "def later():\n    from asyncio.events import get_event_loop\n    import http.client\n"
    assert ["asyncio", "http"] == list(imported_names(source))
