"""
What pytest tells of the suites of `paysession.testing`: what is on trial, and what it keeps.

It stands outside of the package, so that pytest can load it without importing the package, of
which coverage would see nothing more if that were imported then. A test of a law is known by its
attribute `paysession_law`; what came of it travels with its report, and so arrives also from
the processes of pytest-xdist.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from inspect import getsourcelines
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from paysession.testing._laws.suite import Suite
    from paysession.testing._laws.support import Support

_OPTION: Final = "--paysession-report"
_OURS: Final = "paysession_"
"""How the names of the properties begin that are ours in a report."""

_BROKEN: Final = "broken"
_USUAL: Final = "the defaults"
_NOT_MADE: Final = (Exception, SystemExit, pytest.skip.Exception, pytest.fail.Exception)
"""What may come of making what is on trial."""

_DESCRIBED: Final = pytest.StashKey[set[tuple[str, str]]]()
"""The suites of which it has been told what is on trial."""
_LISTED: Final = pytest.StashKey[set[tuple[str, str]]]()
"""The suites of which it has been told which laws there are."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let it be said where the support table goes."""
    parser.getgroup("paysession").addoption(
        _OPTION,
        metavar="FILE",
        help="write what the suites of paysession.testing keep, law by law, as Markdown",
    )


def _can_be_written(file: Path) -> bool:
    """Tell whether a file can have that name, and lies in a folder that there is."""
    try:
        return file.parent.is_dir() and not file.is_dir()
    except OSError:  # the name is too long, say
        return False


def pytest_configure(config: pytest.Config) -> None:
    """Listen to the reports, if it is here that they arrive."""
    config.stash[_DESCRIBED], config.stash[_LISTED] = set(), set()
    if hasattr(config, "workerinput"):
        return
    named = cast("str | None", config.getoption(_OPTION))
    file = None if named is None else config.invocation_params.dir / named
    if file is not None and not _can_be_written(file):
        raise pytest.UsageError(f"{_OPTION} {named}: name a file, in a folder that there is")
    listener = _Listener(file, in_full=config.get_verbosity() > 0)
    config.pluginmanager.register(listener, "paysession-listener")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a law what came of it and, if it does not apply, whose suite says so."""
    if not _tries_law(item):
        return (yield)
    if call.when != "teardown":
        told = _law_of(item) if call.when == "setup" else _found_by(item)
        item.user_properties += [(_OURS + name, value) for name, value in told.items()]
    report = yield
    if call.when == "call" and isinstance(report.longrepr, tuple):
        _, _, reason = report.longrepr
        report.longrepr = (str(item.path), _line_of(cast("Any", item).cls), reason)
    return report


def _tries_law(item: pytest.Item) -> bool:
    is_method = getattr(item, "cls", None) is not None
    return is_method and hasattr(getattr(item, "function", None), "paysession_law")


def _law_of(item: Any) -> dict[str, str]:  # noqa: ANN401 - pytest's own class says too little
    """Tell which law it is and whose and, with the first law of each, which others there are."""
    law, suite = item.function.paysession_law, item.cls
    told = {"suite": _name_of(item), "port": suite.port, "code": law.code}
    if _is_first(item, _LISTED):
        told["laws"] = json.dumps({each.code: each.sentence for each in suite.laws})
    return told


def _is_first(item: Any, told: pytest.StashKey[set[tuple[str, str]]]) -> bool:  # noqa: ANN401 - as there
    """Tell, once, that nothing has been told of a suite yet."""
    suites, suite = item.config.stash[told], (_place(item.nodeid), _name_of(item))
    is_first = suite not in suites
    suites.add(suite)
    return is_first


def _name_of(item: Any) -> str:  # noqa: ANN401 - pytest's own class says too little
    """Return what its suite is called: one with parameters is another for each of them."""
    name, parameters = cast("str", item.cls.__name__), getattr(item, "callspec", None)
    return f"{name}[{parameters.id}]" if parameters else name


def _found_by(item: Any) -> dict[str, str]:  # noqa: ANN401 - pytest's own class says too little
    """Tell what the suite found and, with the first law of each, what is on trial."""
    finding = item.instance.finding
    told = {"verdict": str(finding.verdict), "note": finding.note} if finding else {}
    if _is_first(item, _DESCRIBED):
        told["described"] = json.dumps(_described_or_why_not(item.instance))
    return told


def _described_or_why_not(suite: Suite) -> dict[str, str]:
    try:
        return dict(suite.described())
    except _NOT_MADE as error:
        from paysession._domain.limits import redacted  # noqa: PLC0415 - its suite has loaded it

        return {"adapter": redacted(f"cannot be made: {type(error).__name__}: {error}")}


@cache
def _line_of(suite: type) -> int:
    """Return where a suite is written; of what was made otherwise, the beginning of its file."""
    try:
        return getsourcelines(suite)[1]
    except (OSError, TypeError):
        return 1


class _Heard:
    """What was heard of one suite."""

    def __init__(self, place: str, name: str, port: str) -> None:
        self.place = place
        self.file = _place(place)
        self.name = name
        self.port = port
        self.described: dict[str, str] = {}
        self.laws: dict[str, str] = {}
        self.rows: dict[str, dict[str, str]] = {}

    def take(self, told: Mapping[str, str], verdict: str | None) -> None:
        """Take in what one report tells; a law that was broken once is broken."""
        if "described" in told:
            self.described = json.loads(told["described"])
        if "laws" in told:
            self.laws = json.loads(told["laws"])
        code = told["code"]
        if verdict is not None and self.rows.get(code, {}).get("verdict") != _BROKEN:
            self.rows[code] = {"verdict": verdict, "note": told.get("note", "")}

    def support(self, name: str) -> Support:
        """Return what it keeps, of all that was tried, and what was not."""
        from paysession.testing._laws.support import Row, Support  # noqa: PLC0415 - see `_Listener`

        laws = self.laws.items()
        return Support(
            suite=name,
            port=self.port,
            described=self.described,
            rows=[
                Row(code=code, sentence=self.laws[code], **row) for code, row in self.rows.items()
            ],
            untried={code: sentence for code, sentence in laws if code not in self.rows},
        )


class _Listener:
    """
    Hears what came of every law, and tells it in the end.

    It imports the package only when it has heard of a suite.

    Args:
        file: Where the support table goes.
        in_full: Whether all that there is to tell is wanted.
    """

    def __init__(self, file: Path | None, *, in_full: bool) -> None:
        self._file = file
        self._in_full = in_full
        self._heard: dict[tuple[str, str], _Heard] = {}
        self._introduced: set[str] = set()
        self._ending = "no law was tried, so that there is nothing to write"

    def pytest_report_collectionfinish(
        self, config: pytest.Config, items: Sequence[pytest.Item]
    ) -> list[str]:
        """Say what is on trial; what only a test with its fixtures can make is told of later."""
        suites = {_place(each.nodeid): cast("Any", each).cls for each in items if _tries_law(each)}
        lines: list[str] = []
        for place, suite in () if config.option.collectonly else suites.items():
            with suppress(*_NOT_MADE):
                lines += _introduction(suite.__name__, suite().described(), in_full=self._in_full)
                self._introduced.add(place)
        return lines

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a report tells of a law."""
        properties = cast("list[tuple[str, str]]", report.user_properties)
        told = {name.removeprefix(_OURS): value for name, value in properties if _OURS in name}
        if "code" in told:
            place, name = _place(report.nodeid), told["suite"]
            heard = self._heard.setdefault((place, name), _Heard(place, name, told["port"]))
            heard.take(told, _BROKEN if report.failed else told.get("verdict"))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the support table."""
        suites = self._suites()
        if self._file is None or not suites:
            return
        from paysession.testing._laws import support  # noqa: PLC0415 - see the class

        try:
            support.write(self._file, support.page(suites, version=version("paysession")))
            self._ending = f"what they keep, law by law: {self._file}"
        except OSError as error:
            self._ending = f"{_OPTION} {self._file} cannot be written: {error.strerror}"
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what came of every suite, and where the table is."""
        lines = list(self._lines())
        if lines:
            terminalreporter.section("paysession")
        for line in lines:
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        suites = self._suites()
        for heard in self._heard.values():
            if heard.described and heard.place not in self._introduced:
                yield from _introduction(heard.name, heard.described, in_full=self._in_full)
        if suites:
            from paysession.testing._laws.support import counted  # noqa: PLC0415 - see the class

            yield from counted(suites)
        if self._file is not None:
            yield self._ending

    def _suites(self) -> list[Support]:
        """Return what is on trial; two suites of one name are told apart by where they stand."""
        names = Counter(each.name for each in self._heard.values())
        return [
            each.support(each.name if names[each.name] == 1 else f"{each.file}::{each.name}")
            for each in self._heard.values()
        ]


def _place(nodeid: str) -> str:
    """Return where a test stands, or a class of tests."""
    return nodeid.rpartition("::")[0]


def _introduction(name: str, described: Mapping[str, str], *, in_full: bool) -> Iterator[str]:
    """Tell what is on trial in one line; all there is to tell of it, where that is asked for."""
    declared = described.get("capabilities", _USUAL)
    differs = "" if declared == _USUAL else f", {declared}"
    yield f"paysession {version('paysession')}, {name}: {described['adapter']}{differs}"
    if in_full:
        rest = described.keys() - {"adapter", "capabilities"}
        yield from (f"  {each}: {described[each]}" for each in sorted(rest))
