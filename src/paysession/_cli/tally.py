"""What many simulations came to, and what there is to choose from, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Final

import attrs
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paysession._cli.printing import one_line
from paysession.testing import Fault, Result
from paysession.testing._invariants import ALL_CHECKS, NOT_OURS, code_of, sentence_of
from paysession.testing._plants import Plant
from paysession.testing._simulation.faults import (
    CALLS,
    COMMAND,
    LOOK_UP,
    NOTIFICATION,
    OF_STORE,
    OF_WORLD,
    PUBLISH,
)
from paysession.testing._simulation.summary import Batch, Summary

_FIGURES: Final = (
    ("asks", "asks answered"),
    ("calls", "calls to providers"),
    ("crashes", "crashes"),
    ("events", "events"),
    ("resolved", "resolved by people"),
    ("for_person", "needing a person"),
)
_BESIDE: Final = (LOOK_UP, NOTIFICATION, COMMAND, PUBLISH)
_OUT_OF_REACH: Final = "."


@attrs.frozen
class Tally:
    """Prints tables."""

    console: Console

    def plants(self, plants: Iterable[Plant]) -> None:
        """Say which bugs can be planted, and which invariants notice them."""
        table = _table("planted bug", "what is wrong", "noticed by")
        for each in plants:
            table.add_row(each.name, each.sentence, ", ".join(each.breaks))
        self.console.print(table)

    def reach(self) -> None:
        """Say which faults there are, where each can be put in, and why nowhere else."""
        table = _table("fault", "what happens", "at", "and nowhere else, for")
        for fault in Fault:
            table.add_row(fault, fault.sentence, ", ".join(sorted(fault.asks)), fault.beyond)
        self.console.print(table)

    def summary(self, summary: Summary, batch: Batch, *, seconds: float) -> None:
        """Say what was run, what went wrong in it, what was checked, and whether it held."""
        self._line(
            f"{summary.runs} runs of seeds {batch.seeds.start} to {batch.seeds.stop - 1}"
            f" with {', '.join(batch.profiles)}"
        )
        for name, words in _FIGURES:
            self._line(f"   {words:<18} {getattr(summary, name):>10}")
        self._faults(summary, "calls to the provider", CALLS)
        self._faults(summary, "asks of the store, the clock and the like", (*OF_STORE, *OF_WORLD))
        self._faults(summary, "look-ups, notifications, commands, hand-outs", _BESIDE)
        self._checks(summary)
        self._line(f"violations: {len(summary.broken)}")
        self._line(f"seconds: {seconds:.1f}")

    def _faults(self, summary: Summary, title: str, kinds: tuple[str, ...]) -> None:
        """Print how often each fault was put in at each kind of ask that it can reach."""
        reaching = [fault for fault in Fault if not fault.asks.isdisjoint(kinds)]
        self._line()
        self._line(f"Faults at {title}", style="bold")
        table = _table("", *(kind.replace("_", "\n") for kind in kinds), numbers=True)
        for fault in reaching:
            counts = [
                str(summary.faults[fault, kind]) if kind in fault.asks else _OUT_OF_REACH
                for kind in kinds
            ]
            table.add_row(fault, *counts)
        self.console.print(table)

    def _checks(self, summary: Summary) -> None:
        self._line()
        self._line("Invariants, and how often each could have been broken", style="bold")
        table = _table("", "checks", "what must hold")
        for check in ALL_CHECKS:
            code = code_of(check)
            table.add_row(code, str(summary.checks[code]), sentence_of(check))
        for code, elsewhere in NOT_OURS.items():
            table.add_row(code, "-", elsewhere)
        self.console.print(table)

    def violation(self, result: Result, *, again: str) -> None:
        """Tell how an invariant was broken, and how to see it again."""
        violation = result.violation
        assert violation is not None
        codes = " and ".join((violation.code, *violation.also))
        self._line()
        self._line(f"{codes} broken: {violation.sentence}", style="bold red")
        self._told(f"seen: {violation.seen}")
        for line in violation.story:
            self._told(line)
        self._line("To see it again:")
        self._line(f"   {again}", style="bold")

    def _told(self, text: str) -> None:
        """Print what a provider may have had a say in: without anything that is not plain."""
        for line in wrap(one_line(text), self.console.width - 3, subsequent_indent="   "):
            self._line(f"   {line}")

    def _line(self, text: str = "", *, style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True)


def _table(*columns: str, numbers: bool = False) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if numbers and place else "left")
    return table
