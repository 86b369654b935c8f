"""Every chart: its table, the machine it was compiled from, and what is printed of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs
import pytest
from statemachine import State, StateMachine
from statemachine.exceptions import InvalidDefinition, TransitionNotAllowed

from paysession._domain.charts import compiled
from paysession.errors import IllegalTransition
from paysession.lifecycles import (
    ATTEMPT,
    CAPTURE,
    DISPUTE,
    LIFECYCLES,
    PAYMENT,
    REFUND,
    SESSION,
    SETUP_SESSION,
    VOID,
    DisputeStatus,
    Lifecycle,
    OperationStatus,
    PaymentStatus,
    SessionStatus,
    SetupSessionStatus,
)

STATUSES: dict[str, type[StrEnum]] = {
    "session": SessionStatus,
    "setup_session": SetupSessionStatus,
    "payment": PaymentStatus,
    "attempt": OperationStatus,
    "capture": OperationStatus,
    "void": OperationStatus,
    "refund": OperationStatus,
    "dispute": DisputeStatus,
}
OPEN = (SessionStatus.PENDING, SessionStatus.REQUIRES_ACTION, SessionStatus.PROCESSING)
ENDS = (
    SessionStatus.COMPLETED,
    SessionStatus.FAILED,
    SessionStatus.CANCELED,
    SessionStatus.EXPIRED,
)

every_chart = pytest.mark.parametrize("chart", LIFECYCLES.values(), ids=LIFECYCLES.keys())
every_pair = pytest.mark.parametrize(
    ("chart", "status", "event"),
    [
        pytest.param(chart, status, event, id=f"{chart.name}-{status}-{event}")
        for chart in LIFECYCLES.values()
        for status in chart.statuses
        for event in chart.events
    ],
)


def events_between(chart: Lifecycle[Any], old: str, new: str) -> list[str]:
    return [event for event in chart.events if chart.transitions[old].get(event) == new]


@every_pair
def test_the_table_and_the_machine_agree(chart: Lifecycle[Any], status: Any, event: str) -> None:
    machine = chart.machine(start_value=status)
    if chart.can(status, event):
        machine.send(event)
        assert chart.next(status, event) == machine.current_state_value
    else:
        with pytest.raises(TransitionNotAllowed):
            machine.send(event)
        assert status == machine.current_state_value
        with pytest.raises(IllegalTransition):
            chart.next(status, event)


@every_chart
def test_the_table_and_the_machine_have_the_same_statuses_and_events(
    chart: Lifecycle[Any],
) -> None:
    machine = chart.machine()
    assert [state.value for state in machine.states_map.values()] == list(chart.statuses)
    assert [event.id for event in machine.events] == list(chart.events)
    assert machine.current_state_value == chart.initial


def test_every_chart_is_listed_under_its_name() -> None:
    charts = (SESSION, SETUP_SESSION, PAYMENT, ATTEMPT, CAPTURE, VOID, REFUND, DISPUTE)
    assert list(STATUSES) == list(LIFECYCLES)
    assert charts == tuple(LIFECYCLES.values())
    assert tuple(LIFECYCLES) == tuple(chart.name for chart in charts)


@every_chart
def test_a_chart_answers_in_members_of_its_own_enumeration(chart: Lifecycle[Any]) -> None:
    statuses = STATUSES[chart.name]
    reached = {new for exits in chart.transitions.values() for new in exits.values()}
    assert {statuses} == {type(status) for status in {*chart.statuses, *reached, chart.initial}}


@pytest.mark.parametrize("chart", [SESSION, SETUP_SESSION, PAYMENT, ATTEMPT, REFUND, DISPUTE])
def test_a_chart_has_every_status_of_its_enumeration(chart: Lifecycle[Any]) -> None:
    assert tuple(STATUSES[chart.name]) == chart.statuses


@pytest.mark.parametrize("chart", [CAPTURE, VOID])
def test_a_capture_or_void_is_never_canceled(chart: Lifecycle[OperationStatus]) -> None:
    assert {OperationStatus.CANCELED} == set(OperationStatus) - set(chart.statuses)
    assert "cancel" not in chart.events


@every_chart
def test_everything_can_be_reached_from_the_beginning(chart: Lifecycle[Any]) -> None:
    reached = {chart.initial}
    while more := {new for old, new in chart.edges if old in reached} - reached:
        reached |= more
    assert set(chart.statuses) == reached


@every_chart
def test_an_event_names_its_one_target(chart: Lifecycle[Any]) -> None:
    for event in chart.events:
        targets = {exits[event] for exits in chart.transitions.values() if event in exits}
        assert 1 == len(targets)


@every_chart
def test_what_is_allowed_is_what_can_happen(chart: Lifecycle[Any]) -> None:
    for status in chart.statuses:
        possible = tuple(event for event in chart.events if chart.can(status, event))
        assert possible == chart.allowed(status)


def test_the_next_status_is_looked_up() -> None:
    assert SessionStatus.COMPLETED is SESSION.next(SessionStatus.PENDING, "complete")
    assert PaymentStatus.PARTIALLY_CAPTURED is PAYMENT.next(
        PaymentStatus.AUTHORIZED, "capture_part"
    )


def test_an_illegal_step_says_what_is_allowed() -> None:
    with pytest.raises(IllegalTransition) as caught:
        CAPTURE.next(OperationStatus.SUCCEEDED, "fail")
    assert ("capture", OperationStatus.SUCCEEDED, "fail", ("doubt", "bounce")) == (
        caught.value.subject,
        caught.value.status,
        caught.value.event,
        caught.value.allowed,
    )
    assert "cannot fail a capture that is succeeded: it allows only doubt, bounce" == str(
        caught.value
    )


def test_an_event_the_chart_does_not_know_is_refused() -> None:
    assert not SESSION.can(SessionStatus.PENDING, "teleport")
    with pytest.raises(IllegalTransition):
        SESSION.next(SessionStatus.PENDING, "teleport")


def test_a_status_the_chart_does_not_have_allows_nothing_and_is_no_end() -> None:
    assert () == VOID.allowed(OperationStatus.CANCELED)
    assert not VOID.can(OperationStatus.CANCELED, "correct")
    assert not VOID.is_final(OperationStatus.CANCELED)
    with pytest.raises(IllegalTransition):
        VOID.next(OperationStatus.CANCELED, "correct")


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_session_absorbs_everything(end: SessionStatus) -> None:
    assert SESSION.is_final(end)
    assert () == SESSION.allowed(end)
    for event in SESSION.events:
        with pytest.raises(IllegalTransition):
            SESSION.next(end, event)


def test_a_session_has_no_other_end() -> None:
    assert set(ENDS) == {status for status in SessionStatus if SESSION.is_final(status)}


@pytest.mark.parametrize("chart", [PAYMENT, ATTEMPT, CAPTURE, VOID, REFUND, DISPUTE])
def test_facts_may_lead_out_of_everything_but_a_session(chart: Lifecycle[Any]) -> None:
    assert [] == [status for status in chart.statuses if chart.is_final(status)]


@pytest.mark.parametrize("status", OPEN)
def test_an_open_session_may_wait_be_closed_or_end(status: SessionStatus) -> None:
    assert {*OPEN, SessionStatus.CLOSING, *ENDS} == {
        SESSION.next(status, event) for event in SESSION.allowed(status)
    }


def test_a_closing_session_ends_or_is_open_after_all() -> None:
    assert {SessionStatus.PENDING, *ENDS} == {
        SESSION.next(SessionStatus.CLOSING, event)
        for event in SESSION.allowed(SessionStatus.CLOSING)
    }
    assert SessionStatus.PENDING is SESSION.next(SessionStatus.CLOSING, "reopen")


def test_a_setup_session_goes_as_a_session_goes() -> None:
    assert SESSION.table().splitlines()[1:] == SETUP_SESSION.table().splitlines()[1:]
    assert SetupSessionStatus.COMPLETED is SETUP_SESSION.next(
        SetupSessionStatus.PENDING, "complete"
    )


@pytest.mark.parametrize("chart", [ATTEMPT, CAPTURE, VOID, REFUND])
def test_a_success_can_bounce_and_a_failure_can_be_retaken(
    chart: Lifecycle[OperationStatus],
) -> None:
    assert OperationStatus.FAILED is chart.next(OperationStatus.SUCCEEDED, "bounce")
    assert ["retake", "correct"] == events_between(chart, "failed", "succeeded")


@pytest.mark.parametrize("chart", [ATTEMPT, REFUND])
def test_what_was_believed_canceled_can_be_corrected(chart: Lifecycle[OperationStatus]) -> None:
    assert chart.can(OperationStatus.CANCELED, "correct")


@pytest.mark.parametrize("status", [DisputeStatus.WON, DisputeStatus.LOST])
def test_a_verdict_can_be_appealed(status: DisputeStatus) -> None:
    assert DISPUTE.can(status, "need_response")
    assert DISPUTE.can(status, "review")


@pytest.mark.parametrize(
    "status", [each for each in DisputeStatus if each is not DisputeStatus.LOST]
)
def test_every_dispute_can_be_lost(status: DisputeStatus) -> None:
    assert DisputeStatus.LOST is DISPUTE.next(status, "lose")


@pytest.mark.parametrize(
    "forgotten",
    [
        (PaymentStatus.PARTIALLY_CAPTURED, PaymentStatus.PARTIALLY_REFUNDED),
        (PaymentStatus.PARTIALLY_CAPTURED, PaymentStatus.REFUNDED),
        (PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.PARTIALLY_CAPTURED),
        (PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_CAPTURED),
    ],
)
def test_a_payment_has_the_edges_that_are_easily_forgotten(
    forgotten: tuple[PaymentStatus, PaymentStatus],
) -> None:
    assert forgotten in PAYMENT.edges


@every_chart
def test_only_an_edge_or_staying_can_be_crossed(chart: Lifecycle[Any]) -> None:
    for old in chart.statuses:
        for new in chart.statuses:
            if old is new or events_between(chart, old, new):
                assert new is chart.cross(old, new)
            else:
                with pytest.raises(AssertionError, match=f"no edge from {old} to {new}"):
                    chart.cross(old, new)


@every_chart
def test_the_edges_are_the_pairs_that_events_join(chart: Lifecycle[Any]) -> None:
    assert chart.edges == {
        (old, new)
        for old in chart.statuses
        for new in chart.statuses
        if events_between(chart, old, new)
    }


@every_chart
def test_a_lifecycle_cannot_be_changed(chart: Lifecycle[Any]) -> None:
    before = chart.table()
    for field in attrs.fields(Lifecycle):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(chart, field.name, None)
    with pytest.raises(TypeError, match="item assignment"):
        chart.transitions[chart.initial] = {}  # type: ignore[index]
    with pytest.raises(TypeError, match="item assignment"):
        chart.transitions[chart.initial]["teleport"] = chart.initial  # type: ignore[index]
    assert before == chart.table()


def test_the_list_of_lifecycles_cannot_be_changed() -> None:
    with pytest.raises(TypeError, match="item assignment"):
        LIFECYCLES["order"] = SESSION  # type: ignore[index]
    assert "order" not in LIFECYCLES


def test_a_lifecycle_is_shown_by_its_name() -> None:
    assert "Lifecycle(name='session')" == repr(SESSION)


@every_chart
def test_the_mermaid_diagram_has_each_edge_once(chart: Lifecycle[Any]) -> None:
    title, *lines = chart.mermaid().splitlines()
    arrows = [line.strip() for line in lines if "[*]" not in line]
    assert "stateDiagram-v2" == title
    assert sorted(
        f"{old} --> {new} : {', '.join(events_between(chart, old, new))}"
        for old, new in chart.edges
    ) == sorted(arrows)


@every_chart
def test_the_mermaid_diagram_has_the_beginning_and_every_end(chart: Lifecycle[Any]) -> None:
    ends = [f"{status} --> [*]" for status in chart.statuses if chart.is_final(status)]
    marked = [line.strip() for line in chart.mermaid().splitlines() if "[*]" in line]
    assert [f"[*] --> {chart.initial}", *ends] == marked


@every_chart
def test_the_dot_diagram_has_each_edge_and_each_status_once(chart: Lifecycle[Any]) -> None:
    lines = [line.strip() for line in chart.dot().splitlines()]
    arrows = [line for line in lines if "[label=" in line]
    borders = {True: " [peripheries=2];", False: ";"}
    assert f"digraph {chart.name} {{" == lines[0]
    assert f"start -> {chart.initial};" in lines
    assert sorted(
        f'{old} -> {new} [label="{", ".join(events_between(chart, old, new))}"];'
        for old, new in chart.edges
    ) == sorted(arrows)
    for status in chart.statuses:
        assert 1 == lines.count(f"{status}{borders[chart.is_final(status)]}")


@every_chart
def test_the_printed_table_says_what_the_table_says(chart: Lifecycle[Any]) -> None:
    (name, *events), *rows = [line.split() for line in chart.table().splitlines()]
    assert chart.name == name
    assert chart.events == tuple(events)
    assert [
        [status, *(chart.transitions[status].get(event, "-") for event in events)]
        for status in chart.statuses
    ] == rows


def test_a_table_is_printed_in_columns() -> None:
    assert (
        "void       pend     succeed    fail    doubt      bounce  retake     correct\n"
        "requested  pending  succeeded  failed  -          -       -          -\n"
        "pending    -        succeeded  failed  -          -       -          -\n"
        "succeeded  -        -          -       requested  failed  -          -\n"
        "failed     -        -          -       requested  -       succeeded  succeeded\n"
    ) == VOID.table()


@every_chart
def test_a_chart_compiled_again_prints_the_same(chart: Lifecycle[Any]) -> None:
    again = compiled(chart.name, chart.machine, STATUSES[chart.name])
    assert (chart.mermaid(), chart.dot(), chart.table()) == (
        again.mermaid(),
        again.dot(),
        again.table(),
    )


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    DARK = "dark"


def test_a_status_with_neither_exit_nor_end_is_refused() -> None:
    class DeadEnd(StateMachine):
        validate_trap_states = False
        red = State(initial=True)
        dark = State()
        fuse = dark.from_(red)

    with pytest.raises(ValueError, match="light: dark has no exit"):
        compiled("light", DeadEnd, Light)


def test_a_status_with_neither_exit_nor_end_is_refused_where_it_is_declared() -> None:
    with pytest.raises(InvalidDefinition, match="no outgoing transition"):

        class DeadEnd(StateMachine):
            red = State(initial=True)
            dark = State()
            fuse = dark.from_(red)


def test_two_targets_of_one_event_from_one_status_are_refused() -> None:
    class Fork(StateMachine):
        red = State(initial=True)
        green = State(final=True)
        dark = State(final=True)
        switch = red.to(green) | red.to(dark)

    with pytest.raises(ValueError, match="light: switch leads to green and to dark"):
        compiled("light", Fork, Light)


def test_two_targets_of_one_event_from_two_statuses_are_refused() -> None:
    class Toggle(StateMachine):
        red = State(initial=True)
        green = State()
        toggle = red.to(green) | green.to(red)

    with pytest.raises(ValueError, match="light: toggle leads to green and to red"):
        compiled("light", Toggle, Light)


def test_a_state_that_is_no_status_is_refused() -> None:
    class Stranger(StateMachine):
        red = State(initial=True)
        purple = State(final=True)
        mix = red.to(purple)

    with pytest.raises(ValueError, match="'purple' is not a valid Light"):
        compiled("light", Stranger, Light)


def test_a_sound_chart_is_compiled() -> None:
    class Sound(StateMachine):
        red = State(initial=True)
        green = State()
        dark = State(final=True)
        go = green.from_(red, green)
        stop = red.from_(green)
        fuse = dark.from_(red, green)

    light = compiled("light", Sound, Light)
    assert {
        Light.RED: {"go": Light.GREEN, "fuse": Light.DARK},
        Light.GREEN: {"go": Light.GREEN, "stop": Light.RED, "fuse": Light.DARK},
        Light.DARK: {},
    } == {status: dict(exits) for status, exits in light.transitions.items()}
    assert Light.RED is light.initial
    assert ("go", "stop", "fuse") == light.events
