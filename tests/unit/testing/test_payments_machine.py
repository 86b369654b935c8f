"""What the machine does with its author's methods, and how a history that went wrong reads."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import pytest

from paysession import AsyncPayments, Payments
from paysession.gateways import AsyncGateway, Gateway
from paysession.stores import AsyncInMemoryStore, Changes, InMemoryStore, RecordedEvent
from paysession.testing import (
    PROFILES,
    AsyncPaymentsMachine,
    Fault,
    HistoryBroken,
    PaymentsMachine,
    Violation,
)

STRIPE = PROFILES["stripe"]
Clock = Callable[[], datetime]
Ids = Callable[[str], str]


class Machine(PaymentsMachine):
    """A backend in memory; what its processes were given, and what they gave up, is kept."""

    histories = 2
    store: InMemoryStore

    def __init__(self) -> None:
        self.made: list[Payments] = []
        self.closed: list[Payments] = []
        self.resets = 0

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        made = Payments({self.gateway_name: gateway}, store=self.store, clock=clock, ids=ids)
        self.made.append(made)
        return made

    def reset(self) -> None:
        self.resets += 1
        self.store = InMemoryStore()

    def close(self, payments: Payments) -> None:
        self.closed.append(payments)


class NeverPublishes(InMemoryStore):
    """What was handed out waits to be handed out again."""

    def mark_published(self, events: object, *, tenant: str) -> None:
        pass


class Broken(Machine):
    histories = 1

    def reset(self) -> None:
        self.store = NeverPublishes()


class AsyncBroken(AsyncPaymentsMachine):
    histories = 1
    run = staticmethod(asyncio.run)
    store: AsyncInMemoryStore

    def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
        return AsyncPayments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self) -> None:
        self.store = AsyncInMemoryStore(NeverPublishes())


class TestInMemory(PaymentsMachine):
    """Whoever writes the two methods, and no more, has all tests; these pass."""

    histories = 2
    store: InMemoryStore

    def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
        return Payments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    def reset(self) -> None:
        self.store = InMemoryStore()


class TestAsyncInMemory(AsyncPaymentsMachine):
    histories = 2
    run = staticmethod(asyncio.run)
    store: AsyncInMemoryStore

    async def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
        await asyncio.sleep(0)
        return AsyncPayments({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    async def reset(self) -> None:
        await asyncio.sleep(0)
        self.store = AsyncInMemoryStore()


def failure_of(machine: PaymentsMachine | AsyncPaymentsMachine) -> HistoryBroken:
    with pytest.raises(HistoryBroken) as broken:
        machine.try_profile(STRIPE)
    return broken.value


def test_the_tenant_and_the_name_of_the_gateway_are_its_authors() -> None:
    class Acme(Machine):
        tenant = "acme"
        gateway_name = "acme-cards"

        def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
            return super().make_payments(gateway, clock, ids).for_tenant("acme")

    machine = Acme()
    machine.try_profile(STRIPE)
    assert {"acme"} == {tenant for tenant, _, _ in vars(machine.store)["_entities"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_each_kind_of_provider_has_a_test_that_tries_it(profile: str) -> None:
    tried: list[str] = []
    machine = Machine()
    machine.try_profile = lambda profile: tried.append(profile.name)  # type: ignore[method-assign]
    test = getattr(machine, f"test_no_history_with_{profile}_breaks_an_invariant")
    test()
    assert [profile] == tried
    assert PROFILES[profile].sentence in (test.__doc__ or "")
    assert f"PaymentsMachine.{test.__name__}" == test.__qualname__


@pytest.mark.parametrize("suite", [PaymentsMachine, AsyncPaymentsMachine])
def test_whoever_hides_a_test_is_told(suite: type) -> None:
    name = "test_no_history_with_stripe_breaks_an_invariant"
    hidden = f"Mine.{name} hides a test of the machine: rename it"
    with pytest.raises(TypeError, match=re.escape(hidden)):
        type("Mine", (suite,), {name: lambda self: None})


def test_whoever_has_not_written_what_must_be_written_is_told() -> None:
    class Nothing(PaymentsMachine):
        pass

    class OnlyReset(PaymentsMachine):
        def reset(self) -> None:
            pass

    class NothingToAwait(AsyncPaymentsMachine):
        pass

    class OnlyRun(AsyncPaymentsMachine):
        run = staticmethod(asyncio.run)

    class RunAndReset(OnlyRun):
        def reset(self) -> None:
            pass

    for machine, method in (
        (Nothing(), "reset"),
        (OnlyReset(), "make_payments"),
        (NothingToAwait(), "run"),
        (OnlyRun(), "reset"),
        (RunAndReset(), "make_payments"),
    ):
        with pytest.raises(NotImplementedError, match=rf"write {method}\(\)"):
            machine.try_profile(STRIPE)


def test_each_history_begins_with_nothing_and_each_process_is_given_up() -> None:
    machine = Machine()
    machine.try_profile(STRIPE)
    assert 2 == machine.resets
    assert len(machine.made) > 2 * len({"worker 1", "recovery", "publisher", "auditor"})
    assert sorted(map(id, machine.made)) == sorted(map(id, machine.closed))


def test_as_many_histories_are_carried_out_as_are_wanted() -> None:
    class One(Machine):
        histories = 1
        first_seed = 4

    class Three(Machine):
        histories = 3

    resets = []
    for machine in (One(), Three()):
        machine.try_profile(STRIPE)
        resets.append(machine.resets)
    assert [1, 3] == resets


def test_what_may_go_wrong_can_be_chosen() -> None:
    class Calm(Machine):
        faults = ()
        histories = 1

    class Unknown(Machine):
        faults = ("F99",)

    class TimeOuts(Machine):
        faults = (Fault.TIME_OUT_AFTER, "F1")

    for machine in (Calm(), TimeOuts()):
        machine.try_profile(STRIPE)
    with pytest.raises(ValueError, match="there is no fault 'F99': use one of F1 to F"):
        Unknown().try_profile(STRIPE)


@pytest.mark.parametrize("histories", [0, -1, True, "5", 2.5])
def test_no_history_at_all_proves_nothing(histories: object) -> None:
    with pytest.raises(TypeError, match=r"Mine\.histories must be 1 or more"):
        type("Mine", (Machine,), {"histories": histories})


def test_faults_in_one_text_are_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"Mine\.faults is one text: make it a tuple"):
        type("Mine", (Machine,), {"faults": "F2"})


def test_what_is_wrong_is_told_as_the_shortest_history_that_shows_it() -> None:
    failure = failure_of(Broken())
    assert "KEEP-7" == failure.code
    first, seen, head, where, *story, again = str(failure).splitlines()
    assert "KEEP-7: Events wait in their order to be handed out, each until it was." == first
    assert "seen: the ids of unpublished()[0]: expected nothing, but got 'payment" in seen
    assert "the shortest history that shows it:" == head
    assert "  seed 0, stripe, from 2026-03-01" in where
    assert 1 <= len(story) <= 20
    assert "to see it again: first_seed = 0 and histories = 1 in Broken" == again


def test_the_same_seed_fails_the_same_way_again() -> None:
    assert str(failure_of(Broken())) == str(failure_of(Broken()))


def test_what_is_wrong_with_an_asynchronous_backend_is_told_alike() -> None:
    failure, other = failure_of(AsyncBroken()), failure_of(Broken())
    assert str(other).replace("in Broken", "in AsyncBroken") == str(failure)


def test_what_was_broken_besides_is_named_too() -> None:
    violation = Violation(
        code="I4", sentence="So it is.", seen="not \x00", also=("I5", "I6"), plan=()
    )
    shown = str(HistoryBroken(violation, 3, "stripe", "TestMine")).splitlines()
    again = "to see it again: first_seed = 3 and histories = 1 in TestMine"
    besides = "broken in the same moment: I5, I6"
    assert ["I4: So it is.", "seen: not \\x00", besides, again] == shown


def test_a_failure_can_be_sent_to_another_process() -> None:
    failure = failure_of(Broken())
    for other in (copy.copy(failure), pickle.loads(pickle.dumps(failure))):
        assert str(failure) == str(other)
        assert ("stripe", 0, "Broken") == (other.profile, other.seed, other.suite)


def test_what_its_author_does_wrong_comes_through_as_it_is() -> None:
    class Unable(Machine):
        def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
            if len(self.made) > 2:
                raise ConnectionError("no database")
            return super().make_payments(gateway, clock, ids)

    machine = Unable()
    with pytest.raises(ConnectionError, match="no database") as raised:
        machine.try_profile(STRIPE)
    assert ["This was the history of seed 0 with stripe."] == raised.value.__notes__
    assert 3 == len(machine.made) == len(machine.closed)


def test_what_is_made_must_be_what_is_tried() -> None:
    class Awaited(Machine):
        def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
            return AsyncPayments({})  # type: ignore[return-value]

    class Called(AsyncBroken):
        def make_payments(self, gateway: AsyncGateway, clock: Clock, ids: Ids) -> AsyncPayments:
            return Payments({})  # type: ignore[return-value]

    with pytest.raises(TypeError, match="must return Payments, not AsyncPayments"):
        Awaited().try_profile(STRIPE)
    with pytest.raises(TypeError, match="must return AsyncPayments, not Payments"):
        Called().try_profile(STRIPE)


def test_what_must_be_awaited_is_for_the_other_machine() -> None:
    class Awaited(Machine):
        async def make_payments(  # type: ignore[override]
            self, gateway: Gateway, clock: Clock, ids: Ids
        ) -> Payments:
            raise NotImplementedError

    with pytest.raises(TypeError, match="must be awaited: subclass AsyncPaymentsMachine for that"):
        Awaited().try_profile(STRIPE)


def test_an_event_loop_that_does_not_run_anything_is_told() -> None:
    def run_nothing(main: Coroutine[Any, Any, None]) -> None:
        main.close()

    idle = type("Idle", (AsyncBroken,), {"run": staticmethod(run_nothing)})
    with pytest.raises(TypeError, match=r"run\(\) came back before its coroutine had ended"):
        idle().try_profile(STRIPE)


def test_a_command_that_is_overridden_would_not_be_tried_and_is_refused() -> None:
    class Mine(Payments):
        def capture(self, *args: object, **kwargs: object) -> None:  # type: ignore[override]
            pass

    class Overriding(Machine):
        def make_payments(self, gateway: Gateway, clock: Clock, ids: Ids) -> Payments:
            return Mine({"simulated": gateway}, store=self.store, clock=clock, ids=ids)

    with pytest.raises(TypeError, match="Mine overrides capture, which no history would come to"):
        Overriding().try_profile(STRIPE)


def test_the_library_logs_nothing_of_what_goes_wrong_on_purpose(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("paysession")
    before = list(log.filters)
    Machine().try_profile(PROFILES["hostile"])
    assert [] == caplog.records
    assert before == log.filters


class Rolled(InMemoryStore):
    """It joins a transaction that its application has begun: a death takes back what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = copy.deepcopy(self._state())

    def _state(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "begun")}

    def roll_back(self) -> None:
        vars(self).update(copy.deepcopy(self.begun))


def test_what_is_in_a_transaction_when_its_process_dies_was_not_committed() -> None:
    class Joining(Machine):
        histories = 1

        def reset(self) -> None:
            self.store = Rolled()

        def close(self, payments: Payments) -> None:
            assert isinstance(self.store, Rolled)
            self.store.roll_back()

    failure = failure_of(Joining())
    assert "KEEP-8" == failure.code
    assert "expected PayableAccount(" in failure.violation.seen or "None" in failure.violation.seen


def test_a_store_that_takes_what_it_should_refuse_is_caught_by_the_store_and_not_later() -> None:
    class LastWins(InMemoryStore):
        def _refuse_conflicts(self, changes: Changes) -> None:
            pass

    class Overwriting(Machine):
        histories = 10

        def reset(self) -> None:
            self.store = LastWins()

    assert "KEEP-2" == failure_of(Overwriting()).code


@pytest.mark.parametrize(
    "method", ["unpublished", "mark_published", "get", "commit", "due", "attention"]
)
def test_what_a_store_raises_by_itself_is_told(method: str) -> None:
    class Gone(InMemoryStore):
        pass

    def gone(*_: object, **__: object) -> tuple[RecordedEvent, ...]:
        raise OSError("connection lost")

    setattr(Gone, method, gone)

    class Lost(Machine):
        histories = 1

        def reset(self) -> None:
            self.store = Gone()

    failure = failure_of(Lost())
    assert "KEEP-1" == failure.code
    assert "raised OSError: connection lost" in failure.violation.seen
