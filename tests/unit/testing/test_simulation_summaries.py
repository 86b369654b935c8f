"""Many runs are added up, divided among processes, and judged by how much they have tried."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest

from paysession.testing import PROFILES, Fault, Result, Simulation, Violation
from paysession.testing._invariants import ALL_CHECKS, code_of
from paysession.testing._simulation.summary import MANY_SEEDS, Batch, Summary, too_rare

RESULT = Result(
    seed=3,
    profile="stripe",
    asks=100,
    calls=10,
    crashes=1,
    events=20,
    resolved=2,
    for_person=1,
    faults=Counter({(Fault.LOST, "read_notification"): 4}),
    checks=Counter({"I1": 5}),
)
BROKEN = attrs.evolve(
    RESULT, violation=Violation(code="I7", sentence="must hold", seen="does not", plan=())
)
EVERYTHING = Batch(seeds=range(MANY_SEEDS), profiles=tuple(PROFILES), faults=frozenset(Fault))


def often_enough(batch: Batch) -> Summary:
    return Summary(
        faults=Counter(
            {(fault, kind): 50 for fault, kinds in batch.reach.items() for kind in kinds}
        ),
        checks=Counter({code_of(check): 100 for check in ALL_CHECKS}),
    )


def test_results_are_added_up() -> None:
    summary = Summary()
    summary.add(RESULT)
    summary.add(BROKEN)
    assert (2, 200, 20, 2, 40, 4, 2) == (
        summary.runs,
        summary.asks,
        summary.calls,
        summary.crashes,
        summary.events,
        summary.resolved,
        summary.for_person,
    )
    assert 8 == summary.faults[Fault.LOST, "read_notification"]
    assert 10 == summary.checks["I1"]
    assert [BROKEN] == summary.broken


def test_what_other_processes_ran_is_added_up_alike() -> None:
    together, first, second = Summary(), Summary(), Summary()
    for result in (RESULT, BROKEN, RESULT):
        together.add(result)
    first.add(RESULT)
    second.add(BROKEN)
    second.add(RESULT)
    first.merge(second)
    assert together == first


def test_a_batch_is_divided_in_its_order_and_nothing_is_left_out() -> None:
    batch = Batch(seeds=range(7, 19), profiles=("stripe", "adyen"), faults=frozenset())
    parts = list(batch.parts(5))
    assert [range(7, 12), range(12, 17), range(17, 19)] == [each.seeds for each in parts]
    assert 24 == len(batch) == sum(map(len, parts))


def test_a_batch_runs_every_seed_with_every_profile() -> None:
    batch = Batch(seeds=range(2), profiles=("stripe", "mollie"), faults=frozenset())
    summary = batch.run()
    assert (4, []) == (summary.runs, summary.broken)
    assert {} == dict(summary.faults)


def test_a_batch_ends_with_the_first_run_that_breaks_an_invariant() -> None:
    batch = Batch(
        seeds=range(9), profiles=("stripe",), faults=frozenset(), plant="clock-of-its-own"
    )
    summary = batch.run()
    assert 1 == summary.runs
    (broken,) = summary.broken
    assert broken.violation is not None
    assert "I20" == broken.violation.code


def test_what_goes_wrong_in_the_simulator_itself_says_with_which_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(simulation: Simulation) -> Result:
        raise KeyError("voided")

    monkeypatch.setattr(Simulation, "run", failing)
    with pytest.raises(KeyError) as caught:
        Batch(seeds=range(4, 5), profiles=("adyen",), faults=frozenset()).run()
    assert ["This was seed 4 with adyen: the simulator itself is wrong."] == caught.value.__notes__


def test_a_fault_reaches_what_the_adapters_of_a_batch_have() -> None:
    def reach(*profiles: str) -> dict[Fault, frozenset[str]]:
        faults = frozenset({Fault.LOST, Fault.KEY_FORGOTTEN, Fault.SEEN_LATER})
        return dict(Batch(seeds=range(1), profiles=profiles, faults=faults).reach)

    assert {Fault.LOST, Fault.KEY_FORGOTTEN} == set(reach("adyen")), "it cannot look anything up"
    assert {Fault.LOST, Fault.SEEN_LATER} == set(reach("hostile")), "it ignores keys"
    assert "cancel_refund" not in reach("adyen")[Fault.KEY_FORGOTTEN]
    assert "cancel_refund" in reach("adyen", "stripe")[Fault.KEY_FORGOTTEN]


def test_what_was_tried_often_enough_is_not_mentioned() -> None:
    assert [] == list(too_rare(often_enough(EVERYTHING), EVERYTHING))


def test_few_seeds_are_not_expected_to_try_everything() -> None:
    few = attrs.evolve(EVERYTHING, seeds=range(MANY_SEEDS - 1))
    assert [] == list(too_rare(Summary(), few))


def test_what_was_tried_too_rarely_is_told_in_words() -> None:
    summary = often_enough(EVERYTHING)
    summary.faults[Fault.CRASH_AFTER_PUBLISH, "publish"] = 49
    summary.faults[Fault.KEY_IGNORED, "charge"] = 0
    summary.checks["I36"] = 99
    assert [
        "F13 was never put in at charge",
        "F43 was put in 49 times, and should have been 50 times",
        "I36 could have been broken 99 times, and should 100 times",
    ] == list(too_rare(summary, EVERYTHING))


def test_what_was_never_tried_at_all_is_told_once() -> None:
    summary = often_enough(EVERYTHING)
    summary.faults[Fault.CLOCK_SKEW, "Now"] = 0
    assert ["F47 was put in 0 times, and should have been 50 times"] == list(
        too_rare(summary, EVERYTHING)
    )
