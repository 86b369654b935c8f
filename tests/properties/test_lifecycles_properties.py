"""A whole history leaves a table and a real machine at the same status."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from statemachine.exceptions import TransitionNotAllowed

from paysession.errors import IllegalTransition
from paysession.lifecycles import LIFECYCLES, Lifecycle


@st.composite
def histories(draw: st.DrawFn) -> tuple[Lifecycle[Any], list[str]]:
    chart = draw(st.sampled_from(list(LIFECYCLES.values())))
    return chart, draw(st.lists(st.sampled_from(chart.events), max_size=12))


@given(histories())
def test_the_table_and_a_driven_machine_tell_the_same_history(
    history: tuple[Lifecycle[Any], list[str]],
) -> None:
    chart, events = history
    machine, status = chart.machine(), chart.initial
    for event in events:
        try:
            machine.send(event)
        except TransitionNotAllowed:
            assert not chart.can(status, event)
        else:
            status = chart.cross(status, chart.next(status, event))
        assert machine.current_state_value == status


@given(histories())
def test_an_end_once_reached_is_never_left(history: tuple[Lifecycle[Any], list[str]]) -> None:
    chart, events = history
    status, end = chart.initial, None
    for event in events:
        try:
            status = chart.next(status, event)
        except IllegalTransition:
            continue
        assert end is None
        end = status if chart.is_final(status) else None
