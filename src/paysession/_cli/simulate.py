"""Simulations on the command line: what may be asked for, and how they are run."""

from __future__ import annotations

import os
from contextlib import closing
from time import perf_counter
from typing import Annotated, Final

import typer

from paysession._cli.crew import summaries
from paysession._cli.printing import Printer
from paysession._cli.tally import Tally
from paysession.testing import PROFILES, Fault, Result
from paysession.testing._plants import PLANTS
from paysession.testing._simulation.summary import Batch, Summary

_LIST: Final = "list"
_NOT_CAUGHT: Final = 3
_INTERRUPTED: Final = 130


def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds are run, each profile.")] = 100,
    first: Annotated[int, typer.Option(min=0, help="The first of them.")] = 0,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With which provider; may be repeated. All by default."),
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="F2,F19|all|none|list",
            help="What may go wrong, or what there is. All by default.",
        ),
    ] = None,
    plant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|list",
            help="Run with a planted bug, with a provider and faults that show it unless others"
            " are named; or say which there are.",
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="In how many processes; one for each processor.")
    ] = None,
) -> None:
    """
    Run the real flows against a provider, a store and a clock that go wrong.

    The exit status is 0 if every invariant held, 1 if one was broken, 2 for a bad argument, 3
    if a planted bug was not caught, and 130 after Ctrl-C.
    """
    tally = Tally(Printer.to_stdout().console)
    if plant == _LIST:
        tally.plants(PLANTS.values())
    elif faults == _LIST:
        tally.reach()
    else:
        name = _plant(plant)
        batch = Batch(
            seeds=range(first, first + seeds),
            profiles=_profiles(profile) if profile else usual_profiles(name),
            faults=usual_faults(name) if faults is None else _faults(faults),
            plant=name,
        )
        _run(batch, jobs or os.cpu_count() or 1, tally)


def usual_profiles(plant: str | None) -> tuple[str, ...]:
    """Return with whom a batch is run if nobody says so."""
    return tuple(PROFILES) if plant is None else (PLANTS[plant].profile,)


def usual_faults(plant: str | None) -> frozenset[Fault]:
    """Return what goes wrong in a batch if nobody says so."""
    return frozenset(Fault) if plant is None else PLANTS[plant].faults


def _profiles(names: list[str]) -> tuple[str, ...]:
    for name in names:
        if name not in PROFILES:
            reason = f"there is no profile {name!r}: use one of {', '.join(PROFILES)}"
            raise typer.BadParameter(reason, param_hint="--profile")
    return tuple(dict.fromkeys(names))


def _faults(given: str) -> frozenset[Fault]:
    """Read what may go wrong: numbers, or all, or none."""
    if given == "all":
        return frozenset(Fault)
    numbers = () if given == "none" else tuple(each.strip() for each in given.split(","))
    for number in numbers:
        if number not in set(Fault):
            reason = f"there is no fault {number!r}: use F1 to F53, all, none, or list to see them"
            raise typer.BadParameter(reason, param_hint="--faults")
    return frozenset(map(Fault, numbers))


def _plant(name: str | None) -> str | None:
    if name is not None and name not in PLANTS:
        reason = f"there is no plant {name!r}: use list to see them, or one of {', '.join(PLANTS)}"
        raise typer.BadParameter(reason, param_hint="--plant")
    return name


def _run(batch: Batch, jobs: int, tally: Tally) -> None:
    """Run a batch, say what came of it as far as it came, and exit with what that means."""
    began, summary = perf_counter(), Summary()
    try:
        _add_up(summary, batch, jobs, tally)
    except KeyboardInterrupt:
        tally.summary(summary, batch, seconds=perf_counter() - began)
        tally.interrupted(summary, batch)
        raise typer.Exit(_INTERRUPTED) from None
    tally.summary(summary, batch, seconds=perf_counter() - began)
    for result in summary.broken:
        tally.violation(result, again=command_line(result, batch))
    if batch.plant is not None:
        tally.verdict(PLANTS[batch.plant], summary)
    if summary.broken:
        raise typer.Exit(1)
    if batch.plant is not None:
        raise typer.Exit(_NOT_CAUGHT)


def _add_up(summary: Summary, batch: Batch, jobs: int, tally: Tally) -> None:
    """Add up what the parts come to, as far as the first that breaks an invariant."""
    with tally.watched(len(batch)) as seen, closing(summaries(batch, jobs=jobs)) as parts:
        for part in parts:
            summary.merge(part)
            seen(summary.runs)
            if summary.broken:
                break


def command_line(result: Result, batch: Batch) -> str:
    """Return the line by which one run of a batch is made again."""
    line = [f"paysession simulate --seeds 1 --first {result.seed} --profile {result.profile}"]
    if batch.faults != usual_faults(batch.plant):
        faults = [fault for fault in Fault if fault in batch.faults]
        is_all = len(faults) == len(Fault)
        line.append(f"--faults {'all' if is_all else ','.join(faults) or 'none'}")
    if batch.plant is not None:
        line.append(f"--plant {batch.plant}")
    return " ".join(line)
