"""Run the library's own flows through one seed of trouble, and look at what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from random import Random
from typing import TypeAlias, assert_never

import attrs

from paysession.testing._invariants.history import InvariantBroken
from paysession.testing._plants import PLANTS
from paysession.testing._simulation.backend import IN_MEMORY, Wiring
from paysession.testing._simulation.deeds import do
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.ending import bring_to_end
from paysession.testing._simulation.faults import NOTIFICATION, Fault
from paysession.testing._simulation.happenings import HAPPENINGS
from paysession.testing._simulation.mail import MISHAPS
from paysession.testing._simulation.plans import Deed, Happens, Plan, Step, plan_of
from paysession.testing._simulation.profiles import PROFILES, Profile
from paysession.testing._simulation.shopper import Shopper
from paysession.testing._simulation.shrinking import shrunk
from paysession.testing._simulation.story import told
from paysession.testing._simulation.troubles import Trouble


def _profile(given: Profile | str) -> Profile:
    """Return a profile, itself or by its name."""
    if isinstance(given, Profile):
        return given
    if given not in PROFILES:
        raise ValueError(f"there is no profile {given!r}: use one of {', '.join(PROFILES)}")
    return PROFILES[given]


def faults_of(given: Iterable[Fault | str]) -> frozenset[Fault]:
    """Return faults, themselves or by their numbers."""
    return frozenset(map(_fault, given))


def _fault(given: Fault | str) -> Fault:
    if given not in set(Fault):
        *_, last = Fault
        raise ValueError(f"there is no fault {given!r}: use one of F1 to {last}, each by itself")
    return Fault(given)


Plant: TypeAlias = Callable[[], AbstractContextManager[object]]
"""Makes the library wrong for as long as it is open: to see whether that is noticed."""


def _plant(given: Plant | str) -> Plant:
    """Return a planted bug, itself or by its name."""
    if not isinstance(given, str):
        return given
    if given not in PLANTS:
        raise ValueError(f"there is no plant {given!r}: use one of {', '.join(PLANTS)}")
    return PLANTS[given].planted


@attrs.frozen(kw_only=True)
class Violation:
    """
    An invariant that did not hold.

    Attributes:
        code: The invariant's: "I4".
        sentence: What must hold.
        seen: What was seen instead.
        also: The codes of what was broken in the same moment.
        plan: The shortest run that was found to show it.
        story: The same, told line by line.
    """

    code: str
    sentence: str
    seen: str
    also: tuple[str, ...] = ()
    plan: Plan = attrs.field(repr=False)
    story: tuple[str, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class Result:
    """
    What one run came to.

    Attributes:
        seed: What it was made of.
        profile: The provider's profile.
        asks: How many asks of flows were answered.
        calls: How many of them were calls to the provider.
        crashes: How many processes died.
        events: How many events were committed.
        resolved: How much was decided by people.
        for_person: How much waits for a person in the end.
        faults: How often each fault was put in at each kind of ask.
        checks: How often each invariant was checked on something that could have broken it.
        violation: The invariant that did not hold, if there was one.
    """

    seed: int
    profile: str
    asks: int
    calls: int
    crashes: int
    events: int
    resolved: int
    for_person: int
    faults: Counter[tuple[Fault, str]] = attrs.field(repr=False)
    checks: Counter[str] = attrs.field(repr=False)
    violation: Violation | None = None


@attrs.define(eq=False)
class Run:
    """
    One plan, carried out in a world of its own.

    Attributes:
        plan: The plan.
        driver: The world.
        resolved: How much was decided by people.
        broken: The invariant that did not hold, if there was one.
    """

    plan: Plan
    driver: Driver
    resolved: int = 0
    broken: InvariantBroken | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        *,
        seed: int,
        profile: Profile,
        plant: Plant = nullcontext,
        wiring: Wiring = IN_MEMORY,
    ) -> Run:
        """Carry a plan out, and bring its world to its end."""
        driver = Driver(seed, profile, wiring)
        run = cls(plan, driver)
        try:
            with plant():
                run._carry_out()
        except InvariantBroken as broken:
            run.broken = broken
        finally:
            driver.backend.close()
        return run

    @property
    def for_person(self) -> int:
        """How much waits for a person in the end."""
        by_kind = self.driver.history.by_kind
        return sum(each.attention for kept in by_kind.values() for each in kept.values())

    def _carry_out(self) -> None:
        shopper = Shopper(self.driver)
        for step in self.plan:
            self._take(step, shopper)
        bring_to_end(shopper)
        self.resolved = shopper.people.resolved

    def _take(self, step: Step, shopper: Shopper) -> None:
        match step:
            case Deed(name=name, dice=dice):
                do(shopper, name, dice)
            case Happens(fault=fault, dice=dice):
                self.driver.provider.dice = Random(dice)  # noqa: S311 - to be replayed
                self.driver.wait(timedelta(seconds=1))
                if HAPPENINGS[fault](self.driver.provider):
                    self.driver.note_happening(fault)
            case Trouble(fault=fault, at=at) if at == NOTIFICATION and fault in MISHAPS:
                shopper.mail.troubles.append(step)
            case Trouble(at=at):
                self.driver.troubles[at].append(step)
            case _:
                assert_never(step)


def violation_of(run: Run, broken: InvariantBroken, carry_out: Callable[[Plan], Run]) -> Violation:
    """Make a run that went wrong as short as it can be, and tell what is wrong."""
    shortest = shrunk(run, broken, carry_out)
    last = shortest.broken or broken
    return Violation(
        code=last.code,
        sentence=last.sentence,
        seen=last.seen,
        also=last.also,
        plan=shortest.plan,
        story=told(shortest.driver.history, last),
    )


@attrs.frozen(init=False)
class Simulation:
    """
    One seed of trouble, and the library's own flows in the midst of it.

        >>> from paysession.testing import Simulation
        >>> result = Simulation(7, profile="stripe").run()
        >>> result.violation is None
        True

    A seed is carried out the same way every time, in every process and on every machine. What
    fails is made as short as it can be, and told as a story.

    Attributes:
        seed: What everything is made of.
        profile: The provider.
        faults: What may go wrong.
        plant: What makes the library wrong while it runs.
    """

    seed: int
    profile: Profile
    faults: frozenset[Fault]
    plant: Plant

    def __init__(
        self,
        seed: int,
        *,
        profile: Profile | str = "stripe",
        faults: Iterable[Fault | str] | None = None,
        plant: Plant | str | None = None,
    ) -> None:
        """
        Say what is to be simulated.

        Args:
            seed: What everything is made of.
            profile: The provider: a profile of your own, or the name of one of `PROFILES`.
            faults: What may go wrong, by themselves or by their numbers ("F2"); everything if
                left out.
            plant: What is to be wrong with the library, to see whether that is noticed: the
                name of a planted bug, or anything that opens such a context.

        Raises:
            ValueError: There is no such profile, fault or plant.
        """
        self._set("seed", seed)
        self._set("profile", _profile(profile))
        self._set("faults", frozenset(Fault) if faults is None else faults_of(faults))
        self._set("plant", nullcontext if plant is None else _plant(plant))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def run(self) -> Result:
        """Carry the seed out, and tell what came of it."""
        plan = plan_of(self.seed, self.profile, sorted(self.faults))
        run = self._carried_out(plan)
        violation = None if run.broken is None else violation_of(run, run.broken, self._carried_out)
        history = run.driver.history
        return Result(
            seed=self.seed,
            profile=self.profile.name,
            asks=run.driver.asks,
            calls=len(history.calls),
            crashes=run.driver.crashes,
            events=run.driver.events,
            resolved=run.resolved,
            for_person=run.for_person,
            faults=run.driver.faults,
            checks=history.checks,
            violation=violation,
        )

    def _carried_out(self, plan: Plan) -> Run:
        return Run.of(plan, seed=self.seed, profile=self.profile, plant=self.plant)
