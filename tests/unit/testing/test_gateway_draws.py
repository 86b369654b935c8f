"""What a law leaves open, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from paysession._domain.sources import StoredSource
from paysession._money import ISO, Money
from paysession.gateways import BogusGateway, Capabilities
from paysession.outcomes import References, Unknown
from paysession.testing import GatewayConformance
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.drawing import Drawn
from paysession.testing._gateways.law import law

MINUTE = timedelta(minutes=1)


class Scripted:
    """Draws what it was told to."""

    def __init__(self, *values: object) -> None:
        self._values = iter(values)

    def draw(self, strategy: object, label: object = None) -> Any:
        return next(self._values)


def drawn(*values: object) -> Drawn:
    return Drawn(Scripted(*values), ["EUR"], ISO)


def test_most_choices_are_drawn_in_their_order() -> None:
    assert ["b", "c"] == drawn(False, True, True).some_of(["a", "b", "c"])


def test_one_choice_at_least_is_drawn() -> None:
    assert ["a"] == drawn(False, False).some_of(["a", "b"])


@pytest.mark.parametrize(("units", "amount"), [(4, "0.04"), (5, "0.06"), (6, "0.07")])
def test_another_amount_is_never_the_same(units: int, amount: str) -> None:
    other = drawn(units).another_amount(Money("0.05", "EUR"))
    assert Money(amount, "EUR") == other


@law(
    "TRY-1",
    "a look-up waits",
    reason="what is new may not be seen yet",
    source="I27",
    about="look_up",
    needs=("look_up",),
)
def a_look_up_waits(bench: Bench) -> None:
    bench.reports(bench.orders.creation(Money("1", "EUR")))


class Suite(GatewayConformance[BogusGateway]):
    grace = MINUTE

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def make_gateway(self) -> BogusGateway:
        return BogusGateway(capabilities=Capabilities(look_up_grace=self.grace))


class SuiteWithClock(Suite):
    def pass_time(self, gateway: BogusGateway, time: timedelta) -> None:
        self.passed += time


class SuiteThatSeesAtOnce(SuiteWithClock):
    grace = timedelta(0)


def test_a_look_up_is_made_when_it_misses_nothing_any_more() -> None:
    suite = SuiteWithClock()
    suite.try_law(a_look_up_waits)
    assert suite.passed >= MINUTE


def test_a_look_up_that_misses_nothing_is_made_at_once() -> None:
    suite = SuiteThatSeesAtOnce()
    suite.try_law(a_look_up_waits)
    assert timedelta(0) == suite.passed


def waited(check: Callable[[Bench], object]) -> timedelta:
    """Return how much time a law lets go by."""
    suite = SuiteWithClock()
    suite.try_law(attrs.evolve(a_look_up_waits, check=check))
    return suite.passed


def test_a_look_up_waits_once_for_what_was_done() -> None:
    def check(bench: Bench) -> None:
        request = bench.orders.creation(Money("1", "EUR"))
        bench.ask(request)
        assert bench.reports(request) == bench.reports(request)

    assert MINUTE == waited(check)


def test_a_look_up_waits_anew_for_what_is_new() -> None:
    def check(bench: Bench) -> None:
        for _ in range(2):
            request = bench.orders.creation(Money("1", "EUR"))
            bench.ask(request)
            bench.reports(request)
        bench.customer_acts(References())
        bench.reports(request)

    assert 3 * MINUTE == waited(check)


def test_a_look_up_waits_anew_for_what_may_have_been_done() -> None:
    def check(bench: Bench) -> None:
        source = StoredSource(id="src_1", profile_id=BogusGateway.token(create="timeout_after"))
        request = bench.orders.creation(Money("1", "EUR"), source=source)
        bench.reports(request)
        assert Unknown("TimeoutError") == bench.ask(request)
        bench.reports(request)

    assert 2 * MINUTE == waited(check)


def test_where_nobody_can_wait_for_a_look_up_no_law_looks_up() -> None:
    assert ("control pass_time",) == Suite().missing(a_look_up_waits)
    assert () == SuiteThatSeesAtOnce().missing(a_look_up_waits)


def test_what_is_synchronous_is_asked_at_once_in_threads() -> None:
    together = law(
        "TRY-2", "all at once", reason="r", source="I35", about="capture", controls=("together",)
    )(a_look_up_waits.check)
    assert () == Suite().missing(together)
