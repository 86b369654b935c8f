"""What suites keep, law by law: for a terminal in one line each, for people as tables."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from paysession.testing._laws.verdicts import Finding, Verdict, tally


@attrs.frozen(kw_only=True)
class Row:
    """
    What came of one law.

    Attributes:
        code: What the law is known by.
        sentence: What it says.
        verdict: What came of it.
        note: Why it does not apply, or why it may be broken.
    """

    code: str
    sentence: str
    verdict: Verdict = attrs.field(converter=Verdict)
    note: str = ""

    @classmethod
    def of(cls, finding: Finding) -> Row:
        """Return what a finding comes to."""
        law = finding.law
        return cls(code=law.code, sentence=law.sentence, verdict=finding.verdict, note=finding.note)

    def __str__(self) -> str:
        told = f"**{self.verdict}**" if self.verdict is Verdict.BROKEN else str(self.verdict)
        return f"{told}: {self.note}" if self.note else told


@attrs.frozen(kw_only=True)
class Support:
    """
    What one suite keeps.

    Attributes:
        suite: What the suite is called.
        port: What its laws are of.
        described: What is on trial.
        rows: What came of each law that was tried.
        untried: The sentences of the others, by their codes.
    """

    suite: str
    port: str
    described: Mapping[str, str]
    rows: Sequence[Row]
    untried: Mapping[str, str] = {}

    @property
    def verdicts(self) -> list[Verdict]:
        """What came of its laws."""
        return [row.verdict for row in self.rows]


def counted(suites: Sequence[Support]) -> Iterator[str]:
    """Count what came of each suite's laws, and of all together where there are several."""
    for each in suites:
        yield f"{each.suite}: {_tally(each)}"
    if len(suites) > 1:
        yield f"in all: {_tally(*suites)}"


def _tally(*suites: Support) -> str:
    verdicts = (verdict for each in suites for verdict in each.verdicts)
    return tally(verdicts, untried=sum(len(each.untried) for each in suites))


def page(suites: Sequence[Support], *, version: str) -> str:
    """Return what suites keep in Markdown: what was on trial, and a table of laws for each port."""
    return "\n".join(_lines(suites, version)) + "\n"


def write(path: Path, text: str) -> None:
    """
    Write a file whole, or leave what is there.

    A link stays a link; and what is there and is no file, such as a pipe or `/dev/null`, is
    written to and never replaced.

    Raises:
        OSError: It cannot be written.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    file = Path(os.path.realpath(path))
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.touch(exist_ok=False)  # so that nobody has put a link there
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _lines(suites: Sequence[Support], version: str) -> Iterator[str]:
    yield from ("# What is kept, law by law", "", f"Tried with paysession {version}.", "")
    for each in suites:
        yield f"- {_cell(each.suite)}: {_tally(each)}"
        yield from (f"  - {name}: {_cell(told)}" for name, told in each.described.items())
    for port, title in _TITLES.items():
        if of_port := [each for each in suites if each.port == port]:
            yield from ("", f"## {title}", "", *_table(of_port))


_TITLES: Final[Mapping[str, str]] = {"gateway": "Laws of a gateway", "store": "Laws of a store"}


def _table(suites: Sequence[Support]) -> Iterator[str]:
    names = [_cell(each.suite) for each in suites]
    yield f"| code | law | {' | '.join(names)} |"
    yield f"|---|---|{'---|' * len(names)}"
    columns = [{row.code: row for row in each.rows} for each in suites]
    sentences = {row.code: row.sentence for each in suites for row in each.rows}
    for each in suites:
        sentences |= each.untried
    for code in sorted(sentences, key=_in_order):
        told = [str(column[code]) if code in column else "not tried" for column in columns]
        yield f"| {code} | {' | '.join(map(_cell, [sentences[code], *told]))} |"


def _in_order(code: str) -> tuple[str, int]:
    area, _, number = code.rpartition("-")
    return area, int(number)


_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _cell(text: str) -> str:
    """Return text that stays in its cell, and that no page takes for HTML."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return html.escape(line, quote=False).replace("\\", "\\\\").replace("|", "\\|")
