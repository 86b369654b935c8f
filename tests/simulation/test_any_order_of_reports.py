"""The same reports, in any order and with one of them twice, end in the same books."""

from __future__ import annotations

import pytest
from orders import SCENARIOS, Scenario
from tell_in_every_order import differing

MOST_IN_ONE_TEST = 150


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_any_order_ends_in_the_same_books(scenario: Scenario) -> None:
    orders = sum(1 for _ in scenario.orders())
    told, wrong = differing(scenario, max(1, orders // MOST_IN_ONE_TEST))

    print(f"{told} of {orders} orders of {scenario.size} reports")
    assert told >= min(orders, MOST_IN_ONE_TEST)
    assert [] == wrong


def test_at_least_eight_scenarios_are_told_of_up_to_six_reports() -> None:
    sizes = [scenario.size for scenario in SCENARIOS]

    assert len(sizes) >= 8
    assert 6 == max(sizes)
