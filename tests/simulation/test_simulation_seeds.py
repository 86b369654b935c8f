"""A few dozen seeds of every profile: no invariant is ever broken, and each replays exactly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from paysession.outcomes import (
    Bounced,
    Canceled,
    Captured,
    Declined,
    Fact,
    Refunded,
    Retaken,
    Unreadable,
    Voided,
)
from paysession.testing import PROFILES, Fault
from paysession.testing._simulation.deals import MoveStatus
from paysession.testing._simulation.plans import plan_of
from paysession.testing._simulation.profiles import Profile
from paysession.testing._simulation.provider import SimulatedProvider
from paysession.testing._simulation.run import Run
from paysession.testing._simulation.story import told

SEEDS = 20
TELL = """
from paysession.testing import PROFILES, Fault
from paysession.testing._invariants import InvariantBroken
from paysession.testing._simulation.plans import plan_of
from paysession.testing._simulation.run import Run
from paysession.testing._simulation.story import told

for seed, profile in enumerate(PROFILES.values(), start=500):
    plan = plan_of(seed, profile, sorted(Fault))
    driver = Run.of(plan, seed=seed, profile=profile).driver
    print(plan)
    print(*told(driver.history, InvariantBroken("I1", "nothing", "nothing")), sep="\\n")
    print(sorted(driver.faults.items()), sorted(driver.history.checks.items()))
    print(*map(ascii, driver.history.truth), *map(ascii, driver.history.published), sep="\\n")
"""


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_whatever_goes_wrong_no_invariant_is_broken(profile: Profile) -> None:
    for seed in range(SEEDS):
        run = Run.of(plan_of(seed, profile, sorted(Fault)), seed=seed, profile=profile)
        if run.broken is not None:
            pytest.fail("\n".join(told(run.driver.history, run.broken)))
        assert [] == list(untrue(run.driver.provider))


TRUE: dict[MoveStatus, tuple[type[Fact], ...]] = {
    MoveStatus.DONE: (Captured, Voided, Refunded, Retaken, Unreadable),
    MoveStatus.REFUSED: (Declined, Canceled),
    MoveStatus.UNDONE: (Bounced,),
    MoveStatus.WORKING: (),
}


def untrue(provider: SimulatedProvider) -> Iterator[tuple[str, Fact]]:
    """Yield what a provider still says in the end of our requests, though it is not so."""
    for operation_id, jobs in provider.jobs.items():
        for job in jobs:
            word = job.said[-1]
            if job.move is not None and not isinstance(word, TRUE[job.move.status]):
                yield operation_id, word
            is_over = job.deal is not None and not job.deal.is_open
            if job.move is None and is_over and job.is_waiting:
                yield operation_id, word


def test_a_seed_tells_the_same_story_in_every_process_byte_for_byte() -> None:
    first, second = (told_with_hashes_of(number) for number in ("1", "2"))
    assert b"receive_notification" in first
    assert first == second


def told_with_hashes_of(number: str) -> bytes:
    """Tell a few seeds in a process of its own, whose sets and dicts hash in another order."""
    environment = {**os.environ, "PYTHONHASHSEED": number}
    command = (sys.executable, "-c", TELL)
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout
