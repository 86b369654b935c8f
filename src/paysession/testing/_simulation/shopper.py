"""Whoever does the deeds of a run, and what they know of the world."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar

import attrs

from paysession._domain.entities import Entity
from paysession._domain.methods import CapturePolicy, LatePolicy, PaymentMethod, UnderpaidPolicy
from paysession._domain.payable import Payable
from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.mail import Mail
from paysession.testing._simulation.people import People
from paysession.testing._simulation.processes import Process
from paysession.testing._simulation.provider import CALM

E = TypeVar("E", bound=Entity)

TOTALS: Final = (
    Money("110.00", "USD"),
    Money("0.05", "USD"),
    Money("40.00", "EUR"),
    Money("1200", "JPY"),
    Money("3.125", "KWD"),
)
METHODS: Final = tuple(
    PaymentMethod(
        id=f"pm_{capture}_{on_underpaid}_{on_late}",
        name="Card",
        gateway="sim",
        source_required=False,
        capture=capture,
        on_underpaid=on_underpaid,
        on_late=on_late,
    )
    for capture in CapturePolicy
    for on_underpaid in UnderpaidPolicy
    for on_late in LatePolicy
)
SOURCE: Final = StoredSource(id="src_1", profile_id="sim_source_1")
_MOST_ORDERS: Final = 3
_MISTAKEN: Final = 0.96
"""Few give a command again for which they have an answer."""
_IMPATIENT: Final = 0.80
"""More do who wait for one."""


class Shopper:
    """
    Whoever does deeds in a world, each with dice of its own.

    Attributes:
        driver: The world.
        mail: What brings the provider's notifications.
        people: Whoever decides what no machine can.
        dice: The dice of the deed that is being done.
        given: The commands that were given, and what came of them.
        orders: What there is to be paid.
        methods: How it can be paid.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.mail = Mail(driver)
        self.people = People(driver)
        self.dice = Random(0)  # noqa: S311 - it is to be replayed, not to hide anything
        self.given: list[Process] = []
        self.orders: list[Payable] = []
        self.methods = tuple(attrs.evolve(each, gateway=driver.account) for each in METHODS)
        driver.on_two_workers = self._also_given
        driver.on_all_at_once = self._all_at_once
        driver.on_told_early = self._told_early

    @property
    def automatic(self) -> PaymentMethod:
        """A method by which money is taken at once."""
        return self.methods[0]

    @property
    def manual(self) -> PaymentMethod:
        """A method by which money is held first."""
        return next(each for each in self.methods if each.capture is CapturePolicy.MANUAL)

    def throw(self, dice: int) -> None:
        """Take other dice, for oneself and for the provider."""
        self.dice = self.driver.provider.dice = Random(dice)  # noqa: S311 - to be replayed

    def give(self, command: str, *args: Any, **kwargs: Any) -> Process:  # noqa: ANN401
        """Give a command, under a key as often as not, and see it through."""
        if self.dice.random() < 0.5:
            kwargs["idempotency_key"] = f"key-{len(self.given)}"
        process = self.driver.begin("worker 1", command, *args, **kwargs)
        self.given.append(process)
        luck = self.dice.random()
        if luck < 0.06:
            other = self.driver.begin("worker 2", command, *args, **kwargs)
            recovery = self.driver.begin("recovery", "recover", limit=100)
            self.driver.run_together((process, other, recovery), self.dice)
            return process
        self.driver.run(process)
        if luck > (_IMPATIENT if process.is_unanswered else _MISTAKEN):
            self.driver.run(self.driver.begin("worker 2", command, *args, **kwargs))
        return process

    def one_of(self, kind: type[E], suits: Callable[[E], bool]) -> E | None:
        """Return a record of a kind, if there is one that suits."""
        found = [each for each in self.driver.history.entities(kind) if suits(each)]
        return self.dice.choice(found) if found else None

    def order(self) -> Payable:
        if len(self.orders) < _MOST_ORDERS and (not self.orders or self.dice.random() < 0.4):
            total = self.dice.choice(TOTALS)
            self.orders.append(Payable(f"or_{len(self.orders) + 1}", total=total))
        return self.dice.choice(self.orders)

    def part_of(self, most: Money) -> Money | None:
        """Return no amount, which means all, or a part; now and then too much."""
        luck = self.dice.random()
        if luck < 0.45 or most.minor <= 0:
            return None
        minor = most.minor + 1 if luck > 0.95 else self.dice.randint(1, most.minor)
        return Money.from_minor(minor, most.currency)

    def end_of_session(self) -> datetime | None:
        """Return when a session's time is over, if it has an end."""
        if self.dice.random() < 0.5:
            return None
        longest = self.dice.choice((60, 600, 3000))
        return self.driver.now + timedelta(minutes=self.dice.randint(20, longest))

    @contextmanager
    def mood(self, mood: float) -> Generator[None]:
        """Let the provider be in a mood for a while."""
        provider = self.driver.provider
        before, provider.mood = provider.mood, mood
        yield
        provider.mood = before

    def charged_calmly(self, method: PaymentMethod) -> None:
        number, total = len(self.given), self.dice.choice(TOTALS)
        with self.mood(CALM):
            order = Payable(f"or_more_{number}", total=total)
            self.give("charge", order, method=method, source=SOURCE)

    def _also_given(self, process: Process) -> None:
        """Another worker gives the same command."""
        again = self.driver.begin("worker 2", process.command, *process.args, **process.kwargs)
        self.driver.run(again)

    def _all_at_once(self, process: Process) -> None:
        """Recovery works, and notifications come."""
        del process
        self.driver.run(self.driver.begin("recovery", "recover", limit=100))
        self.mail.bring(self.dice, most=2)

    def _told_early(self, process: Process) -> None:
        """The newest notification comes before anything else."""
        del process
        self.mail.bring_newest()
