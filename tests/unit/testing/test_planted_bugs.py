"""What is planted on purpose breaks the library as it says, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Generator
from types import ModuleType
from typing import Any, TypeVar

import attrs
import pytest
from history_builders import NOW, new_session, taken

from paysession import Payment
from paysession._domain.attempts import Attempt, CloseReason
from paysession._flows import closing, movements, once
from paysession._flows.asks import Peek, Unit
from paysession.outcomes import Canceled
from paysession.stores import Claim
from paysession.testing import PROFILES, Simulation
from paysession.testing._invariants import ALL_CHECKS, InvariantBroken, code_of
from paysession.testing._plants import PLANTS, Patch, Plant
from paysession.testing._plants.plant import answering, instead
from paysession.testing._simulation.plans import plan_of
from paysession.testing._simulation.run import Run

SEEDS = 100
T = TypeVar("T")


class Purse:
    """Something to break."""

    coins = 3

    def paid(self) -> int:
        return self.coins


EMPTIED = Plant(
    name="emptied",
    sentence="there is nothing in it",
    breaks="I1",
    patches=(Patch(Purse, "coins", instead(0)), Patch(Purse, "paid", answering(answer=-1))),
)


def ended(flow: Generator[Any, Any, T]) -> T:
    """Return what a flow that asks for nothing comes to."""
    with pytest.raises(StopIteration) as end:
        next(flow)
    result: T = end.value.value
    return result


def caught(plant: Plant) -> InvariantBroken:
    """Return what notices a plant, with the provider and the faults that it names."""
    profile, faults = PROFILES[plant.profile], sorted(plant.faults)
    for seed in range(SEEDS):
        plan = plan_of(seed, profile, faults)
        run = Run.of(plan, seed=seed, profile=profile, plant=plant.planted)
        if run.broken is not None:
            return run.broken
    raise AssertionError(f"{plant.name} is not caught in {SEEDS} seeds")


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_plant_breaks_the_invariant_that_is_meant_for_it(plant: Plant) -> None:
    assert plant.breaks == caught(plant).code


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_plant_puts_something_else_in_and_the_library_back(plant: Plant) -> None:
    before = [vars(patch.target)[patch.name] for patch in plant.patches]
    with plant.planted():
        for patch, original in zip(plant.patches, before, strict=True):
            assert original is not vars(patch.target)[patch.name], patch.name
    assert before == [vars(patch.target)[patch.name] for patch in plant.patches]


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_plant_is_a_patch_of_the_library_itself(plant: Plant) -> None:
    for patch in plant.patches:
        target = patch.target
        module = target.__name__ if isinstance(target, ModuleType) else vars(target)["__module__"]
        assert module.startswith("paysession.")
        assert not module.startswith("paysession.testing")


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_plant_names_an_invariant_a_profile_and_what_is_wrong(plant: Plant) -> None:
    assert plant.breaks in map(code_of, ALL_CHECKS)
    assert plant.profile in PROFILES
    assert plant.sentence
    assert not plant.sentence.endswith(".")


def test_what_is_planted_is_there_while_it_is_open_and_not_after() -> None:
    with EMPTIED.planted():
        assert (0, -1) == (Purse.coins, Purse().paid())
    assert (3, 3) == (Purse.coins, Purse().paid())


def test_what_is_planted_is_undone_though_something_was_raised() -> None:
    with pytest.raises(KeyError), EMPTIED.planted():
        raise KeyError
    assert (3, 3) == (Purse.coins, Purse().paid())


def test_a_plant_of_which_a_part_cannot_be_planted_is_not_planted_at_all() -> None:
    missing = attrs.evolve(
        EMPTIED, patches=(*EMPTIED.patches, Patch(Purse, "lock", answering(answer=None)))
    )
    with pytest.raises(KeyError, match="lock"), missing.planted():
        pass
    assert (3, 3) == (Purse.coins, Purse().paid())


def test_one_name_may_be_patched_twice() -> None:
    again = attrs.evolve(EMPTIED, patches=(*EMPTIED.patches, Patch(Purse, "coins", instead(9))))
    with again.planted():
        assert 9 == Purse.coins
    assert 3 == Purse.coins


def test_nothing_stays_planted_after_a_simulation_that_broke() -> None:
    plant = PLANTS["clock-of-its-own"]
    (patch,) = plant.patches
    before = vars(patch.target)[patch.name]
    result = Simulation(1, profile=plant.profile, plant=plant.name).run()
    assert result.violation is not None
    assert before is vars(patch.target)[patch.name]
    assert Simulation(1, profile=plant.profile).run().violation is None


def test_a_plant_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no plant 'rose': use one of nothing-is"):
        Simulation(1, plant="rose")


def test_a_call_before_its_commit_is_made_for_new_movements_alone() -> None:
    def unit() -> Unit[tuple[Payment]]:
        yield from ()
        return (payment,)

    payment, *_ = taken()
    payment = payment.committed()
    with PLANTS["call-before-commit"].planted():
        assert (payment,) == ended(vars(movements)["deciding"](unit)())


def test_a_key_whose_command_is_over_is_answered_as_ever() -> None:
    payment, *_ = taken()
    claim = Claim(
        namespace="idempotency",
        text="key",
        kind="payment",
        id=payment.id,
        version=1,
        fingerprint="same",
        answer=payment,
        settled_at=NOW,
    )
    use = once._Use(command="charge", text="key", fingerprint="same", at=NOW)
    with PLANTS["key-under-way-sent-again"].planted():
        assert payment is ended(use.replayed(claim))


def test_what_came_otherwise_than_asked_is_not_told_by_its_payment() -> None:
    payment, _, capture = taken()
    with PLANTS["amounts-adopted-silently"].planted():
        assert payment is payment._compared(capture, at=NOW)


def test_a_session_that_was_never_paid_is_not_completed_again() -> None:
    session, attempt = new_session()
    closed = session.close(CloseReason.CANCELED, at=NOW)
    told = closed.late(attempt, Canceled(), at=NOW)
    with PLANTS["session-completed-twice"].planted():
        assert told == closed.late(attempt, Canceled(), at=NOW)


def test_a_session_whose_time_is_over_waits_for_what_is_under_way() -> None:
    session, _ = new_session()
    with PLANTS["cancel-does-not-wait"].planted():
        asked = next(closing._in_the_way(session, CloseReason.EXPIRED))
    assert Peek(Attempt, session.attempt_id) == asked
