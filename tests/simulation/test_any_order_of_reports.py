"""
The same reports, in any order and with one of them twice, end in the same books.

Here a sample of the orders is told; `python tests/simulation/tell_in_every_order.py` tells all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from orders import SCENARIOS, Scenario
from tell_in_every_order import tell

from paysession._domain import disputes
from paysession._domain.evidence import Evidence
from paysession._domain.operations import Operation
from paysession._domain.payment import Payment
from paysession.events import FactRecorded
from paysession.outcomes import Fact

Plant = Callable[[pytest.MonkeyPatch], None]

MOST_IN_ONE_TEST = 25
NAMED = {each.name: each for each in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_any_order_ends_in_the_same_books(scenario: Scenario) -> None:
    orders = sum(1 for _ in scenario.orders())
    told = tell(scenario, orders // MOST_IN_ONE_TEST)

    print(f"{told.orders} of {orders} orders of {scenario.size} reports")
    assert told.orders >= MOST_IN_ONE_TEST
    assert () == told.wrong
    assert 1 == told.ends


def test_at_least_eight_scenarios_are_told_of_up_to_six_reports() -> None:
    sizes = [scenario.size for scenario in SCENARIOS]

    assert len(sizes) >= 8
    assert 6 == max(sizes)


def test_every_order_has_each_of_the_reports_twice_in_turn() -> None:
    orders = list(NAMED["a refund that contradicts itself"].orders())

    assert 4 * 60 == len(orders) == len(set(orders))
    assert all({0, 1, 2, 3} == set(order) and 5 == len(order) for order in orders)


def test_a_refund_that_contradicts_itself_stays_open_in_every_order() -> None:
    scenario = NAMED["a refund that contradicts itself"]
    books: Any = scenario.played((1, 2, 0, 3, 1))

    assert ("Refund", "requested", "60.00 EUR") in books["movements"]
    assert ("Payment", "contradicted") in books["discrepancies"]


def believe_the_last_fact(patch: pytest.MonkeyPatch) -> None:
    def last(operation: Operation) -> Fact | None:
        return operation.facts[-1].fact if operation.facts else None

    patch.setattr(Operation, "believed", property(last))


def count_a_repeat_twice(patch: pytest.MonkeyPatch) -> None:
    settle = Payment.settle

    def settled(payment: Payment, operation: Any, evidence: Evidence) -> Any:
        after, known = settle(payment, operation, evidence)
        if known is not operation:
            return after, known
        balances = payment.balances.replaced({}, operation.effect)
        told = FactRecorded(at=evidence.recorded_at, operation_id=known.id, fact="again")
        return attrs.evolve(payment, balances=balances).telling(told), known

    patch.setattr(Payment, "settle", settled)


def take_the_last_word_on_a_dispute(patch: pytest.MonkeyPatch) -> None:
    def last(facts: tuple[Evidence, ...], *kinds: type) -> Fact | None:
        told = [each.fact for each in facts if isinstance(each.fact, kinds)]
        return told[-1] if told else None

    patch.setattr(disputes, "newest", last)


FAULTS: tuple[tuple[Plant, str], ...] = (
    (believe_the_last_fact, "a capture that fails late and is taken again, twice"),
    (believe_the_last_fact, "a refund that contradicts itself"),
    (count_a_repeat_twice, "refunds of ours, one of which bounces, and one that is not ours"),
    (take_the_last_word_on_a_dispute, "a dispute that is lost, appealed and won"),
)


@pytest.mark.parametrize(("plant", "name"), FAULTS)
def test_a_planted_fault_makes_an_order_matter(
    plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    told = tell(NAMED[name], 97)

    assert told.ends > 1
    assert any("differs in" in each for each in told.wrong)
