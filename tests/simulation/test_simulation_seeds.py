"""A few dozen seeds of every profile: no invariant is ever broken."""

from __future__ import annotations

import pytest

from paysession.testing import PROFILES, Simulation

SEEDS = 30


@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_goes_wrong_no_invariant_is_broken(profile: str) -> None:
    for seed in range(SEEDS):
        violation = Simulation(seed, profile=profile).run().violation
        assert violation is None, "\n".join(violation.story)
