"""A few dozen seeds of every profile: no invariant is ever broken, and each replays exactly."""

from __future__ import annotations

import os
import sys
from subprocess import run

import pytest

from paysession.testing import PROFILES, Simulation

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


@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_goes_wrong_no_invariant_is_broken(profile: str) -> None:
    for seed in range(SEEDS):
        violation = Simulation(seed, profile=profile).run().violation
        assert violation is None, "\n".join(violation.story)


def test_a_seed_tells_the_same_story_in_every_process_byte_for_byte() -> None:
    first, second = (told_with_hashes_of(number) for number in ("1", "2"))
    assert b"receive_notification" in first
    assert first == second


def told_with_hashes_of(number: str) -> bytes:
    """Tell a few seeds in a process of its own, whose sets and dicts hash in another order."""
    environment = {**os.environ, "PYTHONHASHSEED": number}
    process = run((sys.executable, "-c", TELL), env=environment, capture_output=True, check=True)
    return process.stdout
