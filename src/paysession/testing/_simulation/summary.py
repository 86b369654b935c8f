"""What many runs came to, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from paysession.testing._invariants import ALL_CHECKS, code_of
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.profiles import PROFILES
from paysession.testing._simulation.run import Result, Simulation

MANY_SEEDS: Final = 3000
"""So many that everything must have been tried often."""
_FEW_FAULTS: Final = 50
_FEW_CHECKS: Final = 100


@attrs.define(kw_only=True)
class Summary:
    """
    What many runs came to.

    Attributes:
        runs: How many there were.
        asks: How many asks of flows were answered.
        calls: How many of them were calls to a provider.
        crashes: How many processes died.
        events: How many events were committed.
        resolved: How much was decided by people.
        for_person: How much waits for a person in the end.
        faults: How often each fault was put in at each kind of ask.
        checks: How often each invariant was checked on something that could have broken it.
        broken: The runs in which an invariant did not hold.
    """

    runs: int = 0
    asks: int = 0
    calls: int = 0
    crashes: int = 0
    events: int = 0
    resolved: int = 0
    for_person: int = 0
    faults: Counter[tuple[Fault, str]] = attrs.field(factory=Counter[tuple[Fault, str]], repr=False)
    checks: Counter[str] = attrs.field(factory=Counter[str], repr=False)
    broken: list[Result] = attrs.field(factory=list[Result], repr=False)

    def add(self, result: Result) -> None:
        """Count one more run in."""
        self.runs += 1
        self._count(result)
        if result.violation is not None:
            self.broken.append(result)

    def merge(self, other: Summary) -> None:
        """Count the runs of another summary in."""
        self.runs += other.runs
        self._count(other)
        self.broken.extend(other.broken)

    def _count(self, more: Result | Summary) -> None:
        self.asks += more.asks
        self.calls += more.calls
        self.crashes += more.crashes
        self.events += more.events
        self.resolved += more.resolved
        self.for_person += more.for_person
        self.faults.update(more.faults)
        self.checks.update(more.checks)


@attrs.frozen(kw_only=True)
class Batch:
    """
    Some seeds, each to be run with some providers.

    Attributes:
        seeds: The seeds.
        profiles: The names of the providers' profiles.
        faults: What may go wrong.
        plant: The name of a planted bug, if there is to be one.
    """

    seeds: range
    profiles: tuple[str, ...]
    faults: frozenset[Fault]
    plant: str | None = None

    def __len__(self) -> int:
        return len(self.seeds) * len(self.profiles)

    def parts(self, size: int) -> Iterator[Batch]:
        """Divide it, in its order, into batches of so many seeds at the most."""
        for start in range(0, len(self.seeds), size):
            yield attrs.evolve(self, seeds=self.seeds[start : start + size])

    def run(self) -> Summary:
        """Run it, as far as the first run in which an invariant does not hold."""
        summary = Summary()
        for seed in self.seeds:
            for profile in self.profiles:
                summary.add(self._result(seed, profile))
                if summary.broken:
                    return summary
        return summary

    def _result(self, seed: int, profile: str) -> Result:
        simulation = Simulation(seed, profile=profile, faults=self.faults, plant=self.plant)
        try:
            return simulation.run()
        except Exception as error:
            error.add_note(f"This was seed {seed} with {profile}: the simulator itself is wrong.")
            raise

    @property
    def reach(self) -> Mapping[Fault, frozenset[str]]:
        """The kinds of ask at which each of its faults can be put in, with its providers."""
        profiles = [PROFILES[name] for name in self.profiles]
        kinds = {
            fault: frozenset[str]().union(
                *(fault.asks - each.lacks for each in profiles if each.knows(fault))
            )
            for fault in Fault
            if fault in self.faults
        }
        return {fault: among for fault, among in kinds.items() if among}


def too_rare(summary: Summary, batch: Batch) -> Iterator[str]:
    """Say what was tried so rarely, in so many runs, that it proves nothing."""
    if len(batch.seeds) < MANY_SEEDS:
        return
    for fault, kinds in batch.reach.items():
        counts = {kind: summary.faults[fault, kind] for kind in sorted(kinds)}
        times = sum(counts.values())
        if times < _FEW_FAULTS:
            yield f"{fault} was put in {times} times, and should have been {_FEW_FAULTS} times"
        never = [kind for kind, count in counts.items() if not count]
        if never and times:
            yield f"{fault} was never put in at {', '.join(never)}"
    for check in ALL_CHECKS:
        code, times = code_of(check), summary.checks[code_of(check)]
        if times < _FEW_CHECKS:
            yield f"{code} could have been broken {times} times, and should {_FEW_CHECKS} times"
