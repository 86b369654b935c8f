"""
The suites: subclass one, say how your backend is put together, and pytest finds its tests.

    class TestMyPayments(PaymentsMachine):
        def make_payments(self, gateway, clock, ids):
            return Payments({"simulated": gateway}, store=MyStore(...), clock=clock, ids=ids)

        def reset(self):
            ...  # empty the database
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Final

from paysession._payments import AsyncPayments, Payments
from paysession.gateways.port import AsyncGateway, Gateway
from paysession.testing._laws.threads import Answer
from paysession.testing._payments.application import AnyPayments, Application
from paysession.testing._payments.awaiting import Hand, at_once, beside
from paysession.testing._payments.failing import HistoryBroken
from paysession.testing._payments.rules import PAID
from paysession.testing._simulation.backend import Clock, Ids, Wiring
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.plans import Plan, plan_of
from paysession.testing._simulation.profiles import PROFILES, Profile
from paysession.testing._simulation.run import Run, Violation, faults_of, violation_of

_IMPOSSIBLE: Final = frozenset({Fault.OTHER_ACCOUNT})
"""Nobody can take one account for another where there is but one."""
_MANY: Final = 10
"""In so many histories somebody pays, if anybody can."""


class _Machine(ABC):
    """
    A test for every kind of provider, none of which anybody can take away.

    Attributes:
        histories: How many histories each test carries out.
        first_seed: What the first of them is made of; the others are made of those that follow.
        faults: What may go wrong, by itself or by its number ("F2").
        gateway_name: The name that `make_payments` gives to the gateway.
        tenant: Whose records `make_payments` works on.
        facade: What `make_payments` returns.
    """

    facade: type[AnyPayments]
    histories: ClassVar[int] = 25
    first_seed: ClassVar[int] = 0
    faults: ClassVar[Collection[Fault | str]] = tuple(Fault)
    gateway_name: str = "simulated"
    tenant: str = ""

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        for name in PROFILES:
            if getattr(cls, _name_of(name)) is not getattr(_Machine, _name_of(name)):
                raise TypeError(
                    f"{cls.__name__}.{_name_of(name)} hides a test of the machine: rename it, for "
                    "none of them can be overridden"
                )
        _refuse_odd_choices(cls.__name__, cls.histories, cls.faults)

    @abstractmethod
    def make_payments(self, gateway: Any, clock: Clock, ids: Ids) -> Any:  # noqa: ANN401 - of either world
        """Return what a process works with when it has just been started."""

    @abstractmethod
    def reset(self) -> Any:  # noqa: ANN401 - of either world
        """Empty the database."""

    @abstractmethod
    def close(self, payments: Any) -> Any:  # noqa: ANN401 - of either world
        """Give up what a process has worked with."""

    @abstractmethod
    def try_profile(self, profile: Profile) -> None:
        """
        Carry histories out with one kind of provider.

        Raises:
            HistoryBroken: Something happened that must never happen.
        """

    def _carry_out(self, profile: Profile, hand: Hand) -> None:
        __tracebackhide__ = True
        seeds = range(self.first_seed, self.first_seed + self.histories)
        with _silence():
            self._require_payments(profile, sum(map(partial(self._has_paid, profile, hand), seeds)))

    def _require_payments(self, profile: Profile, paid: int) -> None:
        """Let nobody be content with histories in which nothing ever happened."""
        __tracebackhide__ = True
        if self.histories >= _MANY and not paid:
            seen = f"in {self.histories} histories not one call moved money"
            nothing = Violation(code=PAID.code, sentence=PAID.sentence, seen=seen, plan=())
            raise HistoryBroken(nothing, self.first_seed, profile.name, type(self).__name__)

    def _has_paid(self, profile: Profile, hand: Hand, seed: int) -> bool:
        """Carry one history out, and tell whether a call of ours moved money in it."""
        __tracebackhide__ = True
        run_of = partial(self._run_of, seed, profile, hand)
        plan = plan_of(seed, profile, sorted(faults_of(self.faults) - _IMPOSSIBLE))
        try:
            run = run_of(plan)
        except Exception as error:
            error.add_note(f"This was the history of seed {seed} with {profile.name}.")
            raise
        if run.broken is not None:
            violation = violation_of(run, run.broken, run_of)
            raise HistoryBroken(violation, seed, profile.name, type(self).__name__)
        return any(each.operation_id for each in run.driver.history.truth)

    def _run_of(self, seed: int, profile: Profile, hand: Hand, plan: Plan) -> Run:
        opened = partial(Application, self, hand)
        wiring = Wiring(opened=opened, accounts=(self.gateway_name,))
        return Run.of(plan, seed=seed, profile=profile, wiring=wiring)


def _refuse_odd_choices(machine: str, histories: object, faults: object) -> None:
    if type(histories) is not int or histories < 1:
        raise TypeError(f"{machine}.histories must be 1 or more: without any, no test fails")
    if isinstance(faults, str):
        raise TypeError(f"{machine}.faults is one text: make it a tuple, such as ('F2',)")


@contextmanager
def _silence() -> Generator[None]:
    """Keep the library from saying what goes wrong: here it goes wrong on purpose."""
    log = logging.getLogger("paysession")
    log.addFilter(_drop)
    try:
        yield
    finally:
        log.removeFilter(_drop)


def _drop(record: logging.LogRecord) -> bool:  # noqa: ARG001 - whatever it says
    return False


def _name_of(profile: str) -> str:
    return f"test_no_history_with_{profile}_breaks_an_invariant"


def _test_of(profile: Profile) -> Callable[[_Machine], None]:
    def test(self: _Machine) -> None:
        __tracebackhide__ = True
        self.try_profile(profile)

    test.__name__ = _name_of(profile.name)
    test.__qualname__ = f"PaymentsMachine.{test.__name__}"
    test.__doc__ = f"With a provider that {profile.sentence}, every invariant holds."
    return test


for _profile in PROFILES.values():
    setattr(_Machine, _name_of(_profile.name), _test_of(_profile))


class PaymentsMachine(_Machine):
    """
    Proves that your store and your wiring keep money safe, whatever goes wrong.

    Subclass it under a name that pytest collects, and write `make_payments` and `reset`. Each
    test carries out histories of one kind of provider: customers pay, goods come back, answers
    and notifications are lost, processes die. After every step all invariants are checked.

    Attributes:
        histories: How many histories each test carries out.
        first_seed: What the first of them is made of; the others are made of those that follow.
        faults: What may go wrong, by itself or by its number ("F2").
        gateway_name: The name that `make_payments` gives to the gateway.
        tenant: Whose records `make_payments` works on.

    Raises:
        TypeError: When a subclass is defined that overrides one of the tests, has no histories, or
            names its faults in one text.
    """

    facade: type[AnyPayments] = Payments

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        """
        Return what a process of yours works with when it has just been started.

        It is called for each of the processes that work side by side, and again for one that
        has died: all of them on the same database. What you pass on to `Payments` beside these
        is yours: your store, your observers, your tenant.

        Args:
            gateway: Stands for the provider; it belongs under `gateway_name`.
            clock: Tells the time of the history.
            ids: Makes ids that no other process makes.
        """
        raise NotImplementedError(
            "write make_payments(): it returns Payments on your store, "
            'with {"simulated": gateway}, clock and ids'
        )

    def reset(self) -> None:
        """Empty the database: the next history begins with nothing."""
        raise NotImplementedError("write reset(): it empties the database before each history")

    def close(self, payments: Payments) -> None:
        """
        Give up what a process has worked with, which has ended or died.

        Nothing is done unless you write it. As the operating system does, close its connections:
        what is not committed by then is lost.
        """

    def try_profile(self, profile: Profile) -> None:
        """
        Carry histories out with one kind of provider: one of `PROFILES`, or your own.

        Raises:
            HistoryBroken: Something happened that must never happen.
        """
        __tracebackhide__ = True
        self._carry_out(profile, at_once)


class AsyncPaymentsMachine(_Machine):
    """
    Proves that an asynchronous store and wiring keep money safe. As `PaymentsMachine`.

    The tests are plain functions, and the event loop is yours: write `run`. One test is one run
    of the loop. What you return from the other methods is awaited where it can be.

        class TestMyPayments(AsyncPaymentsMachine):
            run = staticmethod(asyncio.run)

            async def make_payments(self, gateway, clock, ids):
                store = await MyStore.connected(...)
                return AsyncPayments({"simulated": gateway}, store=store, clock=clock, ids=ids)

            async def reset(self):
                ...  # empty the database

    Raises:
        TypeError: When a subclass is defined that overrides one of the tests, has no histories, or
            names its faults in one text.
    """

    facade: type[AnyPayments] = AsyncPayments

    def run(self, main: Coroutine[Any, Any, None], /) -> None:
        """Run a coroutine to its end, on a new event loop."""
        main.close()
        raise NotImplementedError("write run(): for asyncio it is staticmethod(asyncio.run)")

    def make_payments(
        self, gateway: AsyncGateway, clock: Clock, ids: Ids
    ) -> AsyncPayments | Awaitable[AsyncPayments]:
        """Return what a process of yours works with when it has just been started."""
        raise NotImplementedError(
            "write make_payments(): it returns AsyncPayments on your store, "
            'with {"simulated": gateway}, clock and ids'
        )

    def reset(self) -> Awaitable[None] | None:
        """Empty the database: the next history begins with nothing."""
        raise NotImplementedError("write reset(): it empties the database before each history")

    def close(self, payments: AsyncPayments) -> Awaitable[None] | None:
        """Give up what a process has worked with; nothing is done unless you write it."""

    def try_profile(self, profile: Profile) -> None:
        """
        Carry histories out with one kind of provider: one of `PROFILES`, or your own.

        Raises:
            HistoryBroken: Something happened that must never happen.
        """
        __tracebackhide__ = True
        ends: list[Answer[None]] = []

        async def main() -> None:
            ends.append(await beside(partial(self._carry_out, profile)))

        self.run(main())
        if not ends:
            raise TypeError("run() came back before its coroutine had ended: let it run it whole")
        ends[0].given()
