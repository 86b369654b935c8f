"""Simulations on the command line: what may be asked for, and how they are run."""

from __future__ import annotations

import os
import sys
from time import perf_counter
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paysession._cli.crew import summaries
from paysession._cli.printing import Printer
from paysession._cli.tally import Tally
from paysession.testing import PROFILES, Fault, Result
from paysession.testing._plants import PLANTS
from paysession.testing._simulation.summary import Batch, Summary

_LIST: Final = "list"


def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds are run, each profile.")] = 100,
    first_seed: Annotated[int, typer.Option(min=0, help="The first of them.")] = 0,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With which provider; may be repeated. All by default."),
    ] = None,
    faults: Annotated[
        str,
        typer.Option(metavar="F2,F19|all|none|list", help="What may go wrong, or what there is."),
    ] = "all",
    plant: Annotated[
        str | None,
        typer.Option(metavar="NAME|list", help="Run with a planted bug, or say which there are."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="In how many processes; one for each processor.")
    ] = None,
) -> None:
    """Run the real flows against a provider, a store and a clock that go wrong."""
    console = Printer.to_stdout().console
    tally = Tally(console)
    if plant == _LIST:
        tally.plants(PLANTS.values())
    elif faults == _LIST:
        tally.reach()
    else:
        batch = Batch(
            seeds=range(first_seed, first_seed + seeds),
            profiles=_profiles(profile or list(PROFILES)),
            faults=_faults(faults),
            plant=_plant(plant),
        )
        _run(batch, workers or os.cpu_count() or 1, tally)


def _profiles(names: list[str]) -> tuple[str, ...]:
    for name in names:
        if name not in PROFILES:
            known = ", ".join(PROFILES)
            raise typer.BadParameter(f"{name} is none of {known}", param_hint="--profile")
    return tuple(dict.fromkeys(names))


def _faults(given: str) -> frozenset[Fault]:
    """Read what may go wrong: numbers, or all, or none."""
    if given == "all":
        return frozenset(Fault)
    numbers = () if given == "none" else tuple(each.strip() for each in given.split(","))
    for number in numbers:
        if number not in set(Fault):
            reason = f"{number!r} is no fault: use F1 to F53, all, none, or list to see them"
            raise typer.BadParameter(reason, param_hint="--faults")
    return frozenset(map(Fault, numbers))


def _plant(name: str | None) -> str | None:
    if name is not None and name not in PLANTS:
        raise typer.BadParameter(f"{name} is not planted: use list", param_hint="--plant")
    return name


def _run(batch: Batch, workers: int, tally: Tally) -> None:
    """Run a batch, say what came of it, and exit with 1 if an invariant was broken."""
    began = perf_counter()
    summary = _summed_up(batch, workers, tally.console)
    tally.summary(summary, batch, seconds=perf_counter() - began)
    for result in summary.broken:
        tally.violation(result, again=command_line(result, batch))
    if summary.broken:
        raise typer.Exit(1)
    if batch.plant is not None:
        sys.stderr.write(f"Error: {batch.plant} was not noticed: try more seeds, and all faults\n")
        raise typer.Exit(2)


def _summed_up(batch: Batch, workers: int, console: Console) -> Summary:
    """Add up what the parts come to, as far as the first that breaks an invariant."""
    summary, parts = Summary(), summaries(batch, workers=workers)
    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as progress:
        task = progress.add_task("runs", total=len(batch))
        for part in parts:
            summary.merge(part)
            progress.update(task, completed=summary.runs)
            if summary.broken:
                break
    return summary


def command_line(result: Result, batch: Batch) -> str:
    """Return the line by which one run of a batch is made again."""
    line = ["paysession simulate --seeds 1", f"--first-seed {result.seed}"]
    line.append(f"--profile {result.profile}")
    if batch.faults != frozenset(Fault):
        faults = [fault for fault in Fault if fault in batch.faults]
        line.append(f"--faults {','.join(faults) or 'none'}")
    if batch.plant is not None:
        line.append(f"--plant {batch.plant}")
    return " ".join(line)
