"""What many simulations came to, and what there is to choose from, as tables."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from textwrap import wrap
from typing import Final

import attrs
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
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
from paysession.testing._simulation.summary import MANY_SEEDS, Batch, Summary, too_rare

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
_LONGEST: Final = 800
"""The most characters of one thing that is told."""


@attrs.frozen
class Tally:
    """Prints tables."""

    console: Console

    def plants(self, plants: Iterable[Plant]) -> None:
        """Say which bugs can be planted, and which invariants notice them."""
        table = _table("planted bug", "what is wrong", "noticed by")
        for each in plants:
            table.add_row(each.name, each.sentence, each.breaks)
        self.console.print(table)

    @contextmanager
    def watched(self, most: int, *, of: str = "runs") -> Generator[Callable[[int], None]]:
        """Open what shows how many of so many are over: a bar, or a line at each tenth."""
        if not self.console.is_terminal:
            yield self._tenths(most, of)
            return
        columns = (TextColumn(of), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(of, total=most)
            yield lambda done: progress.update(task, completed=done)

    def _tenths(self, most: int, of: str) -> Callable[[int], None]:
        told = 0

        def seen(done: int) -> None:
            nonlocal told
            if done * 10 // most > told:
                told = done * 10 // most
                self._line(f"{done} of {most} {of}")

        return seen

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
        self._faults(summary, batch, "calls to the provider", CALLS)
        others = (*OF_STORE, *OF_WORLD)
        self._faults(summary, batch, "asks of the store, the clock and the like", others)
        self._faults(summary, batch, "look-ups, notifications, commands, hand-outs", _BESIDE)
        self._checks(summary)
        self._rare(summary, batch)
        self._line(f"violations: {len(summary.broken)}")
        self._line(f"seconds: {seconds:.1f}")

    def _faults(self, summary: Summary, batch: Batch, title: str, kinds: tuple[str, ...]) -> None:
        """Print how often each fault was put in at each kind of ask that it can reach."""
        reach = {fault: among for fault, among in batch.reach.items() if among.intersection(kinds)}
        if not reach:
            return
        self._line()
        self._line(f"Faults at {title}", style="bold")
        table = _table("", *(kind.replace("_", "\n") for kind in kinds), numbers=True)
        for fault, among in reach.items():
            counts = [
                str(summary.faults[fault, kind]) if kind in among else _OUT_OF_REACH
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

    def _rare(self, summary: Summary, batch: Batch) -> None:
        """Say what was tried too rarely to prove anything, where there were seeds enough."""
        if len(batch.seeds) < MANY_SEEDS or summary.runs < len(batch):
            return
        rare = list(too_rare(summary, batch))
        if not rare:
            self._line("Every fault and every invariant was tried often enough.")
            return
        self._line("Tried too rarely to prove anything:", style="bold yellow")
        for sentence in rare:
            self._line(f"   {sentence}")

    def interrupted(self, summary: Summary, batch: Batch) -> None:
        """Say how far it came."""
        self._line(f"interrupted after {summary.runs} of {len(batch)} runs", style="bold yellow")

    def verdict(self, plant: Plant, summary: Summary) -> None:
        """Say whether a planted bug was caught, and by what."""
        self._line()
        caught = [each.violation.code for each in summary.broken if each.violation is not None]
        if not caught:
            self._line(
                f"{plant.name} was not caught in {summary.runs} runs: it should break"
                f" {plant.breaks}; try more seeds, or leave --profile and --faults out",
                style="bold red",
            )
        elif caught[0] == plant.breaks:
            self._line(f"{plant.name} was caught by {plant.breaks}, which is meant for it")
        else:
            self._line(f"{plant.name} was caught by {caught[0]}; {plant.breaks} is meant for it")

    def violation(self, result: Result, *, again: str) -> None:
        """Tell how an invariant was broken, and how to see it again."""
        violation = result.violation
        assert violation is not None
        codes = " and ".join((violation.code, *violation.also))
        self._line()
        self._line(f"{codes} broken: {violation.sentence}", style="bold red")
        for line in violation.story:
            self._told(line)
        self._line("To see it again:")
        self._line(f"   {again}", style="bold")

    def _told(self, text: str) -> None:
        """Print what a provider may have had a say in: plain, and not for pages."""
        plain = one_line(text)
        shown = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]} …"
        for line in wrap(shown, self.console.width - 3, subsequent_indent="   "):
            self._line(f"   {line}")

    def _line(self, text: str = "", *, style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True)


def _table(*columns: str, numbers: bool = False) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if numbers and place else "left")
    return table
