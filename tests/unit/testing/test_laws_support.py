"""What suites keep is written down law by law, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import attrs
import pytest

from paysession.testing._laws.support import Row, Support, counted, page, write
from paysession.testing._laws.verdicts import Verdict

HOLDS = Row(code="CAP-2", sentence="it holds", verdict=Verdict.HOLDS)
LACKS = Row(code="CAP-10", sentence="it is there", verdict="does not apply", note="no control x")
BROKEN = Row(code="BAL-1", sentence="it adds\nup | always", verdict="broken")
ONE = Support(suite="TestOne", port="gateway", described={"adapter": "one|1"}, rows=[LACKS, HOLDS])
TWO = Support(
    suite="TestTwo",
    port="gateway",
    described={"adapter": "two"},
    rows=[BROKEN, attrs.evolve(HOLDS, verdict="deviates as declared", note="it never did")],
)
STORE = Support(suite="TestStore", port="store", described={}, rows=[HOLDS])


def test_one_suite_is_counted_and_several_also_together() -> None:
    assert ["TestOne: 2 laws: 1 holds, 1 does not apply"] == list(counted([ONE]))
    assert [
        "TestOne: 2 laws: 1 holds, 1 does not apply",
        "TestTwo: 2 laws: 1 deviates as declared, 1 is broken",
        "in all: 4 laws: 1 holds, 1 does not apply, 1 deviates as declared, 1 is broken",
    ] == list(counted([ONE, TWO]))


def test_laws_that_were_not_tried_are_counted_and_listed() -> None:
    some = attrs.evolve(ONE, untried={"BAL-1": "it adds up", "BAL-2": "it stays"})
    expected = "TestOne: 2 of 4 laws tried: 1 holds, 1 does not apply"
    assert [expected] == list(counted([some]))
    all_of_them = "in all: 4 of 6 laws tried: 1 holds, 1 does not apply, 1 deviates as declared, "
    assert f"{all_of_them}1 is broken" == list(counted([some, TWO]))[-1]
    lines = page([some], version="0.1.0").splitlines()
    assert f"- {expected}" in lines
    assert "| BAL-2 | it stays | not tried |" in lines


def test_a_page_has_a_table_for_each_port_and_a_column_for_each_suite() -> None:
    assert """\
# What is kept, law by law

Tried with paysession 0.1.0.

- TestOne: 2 laws: 1 holds, 1 does not apply
  - adapter: one\\|1
- TestTwo: 2 laws: 1 deviates as declared, 1 is broken
  - adapter: two
- TestStore: 1 law: 1 holds

## Laws of a gateway

| code | law | TestOne | TestTwo |
|---|---|---|---|
| BAL-1 | it adds up \\| always | not tried | **broken** |
| CAP-2 | it holds | holds | deviates as declared: it never did |
| CAP-10 | it is there | does not apply: no control x | not tried |

## Laws of a store

| code | law | TestStore |
|---|---|---|
| CAP-2 | it holds | holds |
""" == page([ONE, TWO, STORE], version="0.1.0")


def test_what_is_told_is_no_markup_and_no_escape_code() -> None:
    note = "<b>a & b</b>\x1b[2J\u202e a\\|b"
    odd = attrs.evolve(HOLDS, verdict="deviates as declared", note=note)
    told = page([attrs.evolve(STORE, rows=[odd])], version="0.1.0")
    expected = "deviates as declared: &lt;b&gt;a &amp; b&lt;/b&gt; [2J a\\\\\\|b"
    assert f"| CAP-2 | it holds | {expected} |\n" in told


def test_a_file_is_written_over_what_was_there(tmp_path: Path) -> None:
    for text in ("what is new", "é"):
        write(tmp_path / "laws.md", text)
        assert text == (tmp_path / "laws.md").read_text(encoding="utf-8")
    assert [tmp_path / "laws.md"] == list(tmp_path.iterdir())


def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "laws.md", "what was there")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "laws.md", "half of it \ud800")
    assert "what was there" == (tmp_path / "laws.md").read_text(encoding="utf-8")
    assert [tmp_path / "laws.md"] == list(tmp_path.iterdir())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to("laws.md")
    for text in ("what is new", "newer"):
        write(tmp_path / "link.md", text)
        assert text == (tmp_path / "laws.md").read_text(encoding="utf-8")
    assert (tmp_path / "link.md").is_symlink()


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(tmp_path / "pipe", "laws")
        assert b"laws" == os.read(reader, 100)
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def test_what_somebody_else_has_put_in_the_way_is_left_alone(tmp_path: Path) -> None:
    in_the_way = tmp_path / f".laws.md.{os.getpid()}"
    in_the_way.symlink_to("theirs")
    with pytest.raises(FileExistsError):
        write(tmp_path / "laws.md", "ours")
    assert [in_the_way] == list(tmp_path.iterdir())
