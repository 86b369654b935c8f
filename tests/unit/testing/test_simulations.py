"""A simulation replays exactly; what fails is made short, and told as a story."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest
from simulated_worlds import NOON, looking_up, refunding, usd, with_taken

from paysession import Payment
from paysession._domain.movements import Refund, Void
from paysession._flows.asks import Call, Commit, Now, Read
from paysession.errors import StaleVersion
from paysession.gateways import Notification
from paysession.outcomes import Captured, Pending, Report
from paysession.stores import Changes
from paysession.testing import PROFILES, Fault, Result, Simulation
from paysession.testing._invariants import History, InvariantBroken, Moment
from paysession.testing._simulation.faults import COMMAND
from paysession.testing._simulation.happenings import HAPPENINGS
from paysession.testing._simulation.plans import Deed, Happens, Plan, plan_of
from paysession.testing._simulation.profiles import Profile
from paysession.testing._simulation.run import Run
from paysession.testing._simulation.shrinking import shrunk
from paysession.testing._simulation.story import told
from paysession.testing._simulation.troubles import Trouble


@contextmanager
def unreserved() -> Iterator[None]:
    """Let a refund that is open reserve nothing."""
    right = Refund.effect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Refund,
            "effect",
            property(lambda self: right.fget(self) if self.succeeded else {}),  # type: ignore[attr-defined]
        )
        yield


def test_a_seed_replays_exactly() -> None:
    first, second = (Simulation(11, profile="mollie").run() for _ in range(2))
    assert first == second
    assert first.asks > 0


def test_other_seeds_are_other_runs() -> None:
    plans = {plan_of(seed, PROFILES["adyen"], list(Fault)) for seed in range(50)}
    assert 50 == len(plans)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_fault_is_planned_at_every_kind_of_ask_that_it_reaches(profile: Profile) -> None:
    planned: set[tuple[Fault, str]] = set()
    happening: set[Fault] = set()
    for seed in range(1500):
        for step in plan_of(seed, profile, list(Fault)):
            if isinstance(step, Trouble):
                planned.add((step.fault, step.at))
            elif isinstance(step, Happens):
                happening.add(step.fault)
    expected = {
        (fault, kind)
        for fault in Fault
        if profile.knows(fault)
        for kind in fault.asks - profile.lacks - {COMMAND}
        if (fault, kind) not in told_of(happening)
    }
    assert set(HAPPENINGS) == happening
    assert expected <= planned


def told_of(happening: set[Fault]) -> set[tuple[Fault, str]]:
    """What happens at a provider by itself is put in where it is told of."""
    heard = {(fault, kind) for fault in happening for kind in ("look_up", "read_notification")}
    return heard - {(Fault.NEVER_SEEN, "look_up")}


def test_without_faults_none_is_put_in() -> None:
    result = Simulation(3, profile="stripe", faults=()).run()
    assert {} == dict(result.faults)
    assert 0 == result.crashes
    assert result.violation is None


def test_faults_are_named_by_their_numbers() -> None:
    assert frozenset({Fault.LOST}) == Simulation(1, faults=["F23"]).faults


def test_a_profile_is_named_or_given() -> None:
    assert PROFILES["hostile"] is Simulation(1, profile="hostile").profile
    own = attrs.evolve(PROFILES["stripe"], name="own")
    assert "own" == Simulation(1, profile=own).run().profile


def test_a_profile_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="use one of stripe, adyen, paypal, mollie, hostile"):
        Simulation(1, profile="square")


def test_a_plant_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no plant 'poppy': use one of "):
        Simulation(1, plant="poppy")


def test_a_result_counts_what_was_done_and_checked() -> None:
    result = Simulation(2, profile="paypal").run()
    assert isinstance(result, Result)
    assert (2, "paypal") == (result.seed, result.profile)
    assert result.events > 0
    assert sum(result.checks.values()) > 100
    assert sum(result.faults.values()) > 0


def test_what_is_planted_is_found_made_short_and_told() -> None:
    found = next(
        result.violation
        for seed in range(40)
        if (result := Simulation(seed, profile="stripe", plant=unreserved).run()).violation
    )
    assert found is not None
    assert len(found.plan) <= 4
    assert found.seen
    assert any("refund" in line for line in found.story)
    assert found.story[-2].startswith(f"and then {found.code} was broken")


def test_a_plan_takes_what_happens_at_the_provider_by_itself() -> None:
    plan: Plan = (
        Deed(name="takes", dice=1),
        Happens(fault=Fault.CHARGED_BACK, dice=2),
        Trouble(fault=Fault.LOST, at="read_notification"),
        Trouble(fault=Fault.CLOCK_SKEW, at="Now"),
        Deed(name="letters_come", dice=3),
    )
    run = Run.of(plan, seed=0, profile=PROFILES["stripe"])
    assert run.broken is None
    (payment,) = run.driver.history.entities(Payment)
    assert payment.balances.withheld or payment.balances.lost
    assert 1 == sum(each.process == "provider" for each in run.driver.history.moments)
    assert run.driver.faults[Fault.LOST, "read_notification"] == 1


def test_what_one_recovery_settles_another_does_not_book_as_made_by_the_provider() -> None:
    plan: Plan = (
        Deed(name="holds", dice=500791715),
        Trouble(fault=Fault.GARBLED, at="void"),
        Deed(name="voids", dice=1050367312),
        Trouble(fault=Fault.ALL_AT_ONCE, at="Find", skip=1),
        Deed(name="letters_come", dice=844673554),
        Deed(name="completes_session", dice=499574778),
        Deed(name="recovers", dice=122395295),
    )
    run = Run.of(plan, seed=0, profile=PROFILES["hostile"])
    assert run.broken is None
    (void,) = run.driver.history.entities(Void)
    (payment,) = run.driver.history.entities(Payment)
    assert void.moved_amount == payment.balances.voided
    assert 1 == run.driver.faults[Fault.ALL_AT_ONCE, "Find"]


def test_what_cannot_happen_does_not() -> None:
    plan: Plan = (Happens(fault=Fault.CHARGED_BACK, dice=1),)
    run = Run.of(plan, seed=0, profile=PROFILES["stripe"])
    assert not any(each.process == "provider" for each in run.driver.history.moments)


@attrs.frozen
class Failing:
    """A run that fails for as long as it has two certain steps."""

    plan: Plan
    code: str = "I1"

    @property
    def broken(self) -> InvariantBroken | None:
        names = [step.name for step in self.plan if isinstance(step, Deed)]
        if "lights" in names and "burns" in names:
            return InvariantBroken(self.code, "it must not burn", "it burns")
        return InvariantBroken("I2", "it must be lit", "dark") if "lights" not in names else None


def steps(*names: str) -> Plan:
    return tuple(Deed(name=name, dice=0) for name in names)


def test_what_it_fails_without_is_left_out() -> None:
    run = Failing(steps("a", "b", "lights", "c", "d", "e", "burns", "f"))
    assert run.broken is not None
    assert steps("lights", "burns") == shrunk(run, run.broken, Failing).plan


def test_shrinking_ends_when_it_has_tried_enough() -> None:
    run = Failing(steps(*map(str, range(2000)), "lights", "burns"))
    assert run.broken is not None
    assert shrunk(run, run.broken, Failing).broken is not None


def moment(number: int, **said: object) -> Moment:
    return Moment(
        **{"number": number, "at": NOON, "process": "worker 1", "flow": "refund#1", **said}  # type: ignore[arg-type]
    )


def test_a_story_tells_what_was_asked_committed_and_answered() -> None:
    _, deal = with_taken()
    request = refunding(deal, "4.00")
    changes = Changes(tenant="", entities=())
    history = History(seed=7, profile="stripe")
    history.moments += [
        moment(1, ask=Now(), answer=NOON),
        moment(2, ask=Call("sim", request), answer=Pending(), fault="F1"),
        moment(3, ask=Call("sim", looking_up("re_1")), answer=(Report(Captured(usd("4.00"))),)),
        moment(4, ask=Read("sim", Notification(b"", {})), error=TimeoutError("late")),
        moment(5, ask=Commit(changes), answer=changes),
        moment(6, ask=Commit(changes), error=StaleVersion("payment", "py_1", 1)),
        moment(7, ask=Now(), fault="F47"),
        moment(8, fault="F40"),
        moment(9, answer=None),
        moment(10, process="provider", flow="provider", fault="F32"),
    ]
    story = told(history, InvariantBroken("I4", "no more than was taken", "11.00"))
    assert (
        "seed 7, stripe, from 2026-03-01 12:00:00+00:00",
        f"01 12:00:00 worker 1 refund#1: asks refund {request.operation_id} 4.00 USD: Pending [F1]",
        "01 12:00:00 worker 1 refund#1: asks what became of capture re_1: (Captured 4.00 USD)",
        "01 12:00:00 worker 1 refund#1: reads a notification: TimeoutError: late",
        "01 12:00:00 worker 1 refund#1: commits nothing",
        "01 12:00:00 worker 1 refund#1: is beaten",
        "01 12:00:00 worker 1 refund#1: Now [F47]",
        "01 12:00:00 worker 1 refund#1: its process dies [F40]",
        "01 12:00:00 worker 1 refund#1: ends: NoneType",
        "01 12:00:00 provider: a refund fails after it had succeeded [F32]",
        "and then I4 was broken: no more than was taken",
        "11.00",
    ) == story


def test_a_story_writes_out_what_cannot_be_shown() -> None:
    history = History(seed=7, profile="stripe")
    history.moments.append(moment(1, error=RuntimeError("odd \x00 \ud800 \u202e text")))
    told_, _, seen = told(history, InvariantBroken("I4", "sentence", "se\x00en\nhere"))[1:]
    assert told_.endswith("ends: RuntimeError: odd \\x00 \\ud800 \\u202e text")
    assert "se\\x00en\nhere" == seen


def test_a_long_story_is_told_from_where_it_becomes_interesting() -> None:
    history = History(seed=7, profile="stripe")
    history.moments += [moment(number, answer=None) for number in range(500)]
    story = told(history, InvariantBroken("I4", "sentence", "seen"))
    assert "…" == story[1]
    assert len(story) < 130


def test_a_story_of_nothing_is_short() -> None:
    story = told(History(seed=7, profile="stripe"), InvariantBroken("I4", "sentence", "seen"))
    assert ("seed 7, stripe", "and then I4 was broken: sentence", "seen") == story
