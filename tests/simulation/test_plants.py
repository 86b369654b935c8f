"""Every planted bug is caught by the invariant that is meant for it, within a few seeds."""

from __future__ import annotations

from types import ModuleType

import pytest

from paysession.testing import PROFILES
from paysession.testing._plants import PLANTS, Patch, Plant
from paysession.testing._simulation.plans import plan_of
from paysession.testing._simulation.run import Run

MOST_SEEDS = 100
"""As many as `paysession simulate --plant` tries unless it is told to try more."""


def outcome(seed: int, plant: Plant, *, is_planted: bool) -> str | None:
    """Return the invariant that a seed breaks, with a plant or without."""
    profile = PROFILES[plant.profile]
    plan = plan_of(seed, profile, sorted(plant.faults))
    if is_planted:
        run = Run.of(plan, seed=seed, profile=profile, plant=plant.planted)
    else:
        run = Run.of(plan, seed=seed, profile=profile)
    return None if run.broken is None else run.broken.code


def module_of(patch: Patch) -> str:
    """Return the name of the module that a patch is put in."""
    target = patch.target
    name = target.__name__ if isinstance(target, ModuleType) else vars(target)["__module__"]
    assert isinstance(name, str)
    return name


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_planted_bug_is_caught_and_without_it_the_same_seed_is_clean(plant: Plant) -> None:
    caught = ((seed, outcome(seed, plant, is_planted=True)) for seed in range(MOST_SEEDS))
    seed, code = next(((seed, code) for seed, code in caught if code), (None, None))
    assert plant.breaks == code
    assert seed is not None
    assert outcome(seed, plant, is_planted=False) is None


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_after_a_run_that_broke_or_raised_nothing_is_planted(plant: Plant) -> None:
    before = [vars(patch.target)[patch.name] for patch in plant.patches]
    outcome(1, plant, is_planted=True)
    assert before == [vars(patch.target)[patch.name] for patch in plant.patches]
    with pytest.raises(ZeroDivisionError), plant.planted():
        raise ZeroDivisionError
    assert before == [vars(patch.target)[patch.name] for patch in plant.patches]


def test_there_are_enough_of_them_and_most_are_patches_of_flows_and_aggregates() -> None:
    real = ("paysession._flows.", "paysession._domain.")
    patched = [
        plant
        for plant in PLANTS.values()
        if all(module_of(patch).startswith(real) for patch in plant.patches)
    ]
    assert len(PLANTS) >= 40
    assert len(patched) >= 36


def test_hardly_an_invariant_has_no_bug_that_is_meant_for_it() -> None:
    assert len({plant.breaks for plant in PLANTS.values()}) >= 40
