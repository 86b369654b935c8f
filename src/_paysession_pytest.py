"""
What pytest tells of the suites of `paysession.testing`: what is on trial, and what it keeps.

It stands outside of the package, so that pytest can load it without loading the package, whose
import would otherwise be over before coverage has begun to measure it. A test of a law is known
by its attribute `paysession_law`; what came of it travels with its report, so that it arrives
also where tests run in other processes.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from paysession.testing._laws.support import Support

_PREFIX = "paysession_"
_OPTION = "--paysession-report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let it be said where the support table goes."""
    group = parser.getgroup("paysession", "suites of paysession.testing")
    group.addoption(
        _OPTION,
        metavar="FILE",
        default=None,
        help="Write what the suites keep, law by law, as a table in Markdown.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Listen to what is reported, unless somebody else does, for whom this process works."""
    if hasattr(config, "workerinput"):
        return
    named = cast("str | None", config.getoption(_OPTION))
    file = None if named is None else config.invocation_params.dir / named
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        raise pytest.UsageError(f"{_OPTION}: {named} cannot be written: name a file in a folder")
    config.pluginmanager.register(_Listener(file), "paysession-listener")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a law what came of it."""
    if call.when == "call" and _is_of_law(item):
        item.user_properties += [(_PREFIX + name, told) for name, told in _came_of(item)]
    elif call.when == "setup" and _is_of_law(item):
        item.user_properties += [(_PREFIX + name, told) for name, told in _known_of(item)]
    return (yield)


def _is_of_law(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "function", None), f"{_PREFIX}law")


def _known_of(item: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - its class is not pytest's own
    """Tell what is known of a law before it is tried."""
    law, parameters = item.function.paysession_law, getattr(item, "callspec", None)
    yield "suite", item.cls.__name__ + (f"[{parameters.id}]" if parameters else "")
    yield "port", item.cls.port
    yield "code", law.code
    yield "sentence", law.sentence
