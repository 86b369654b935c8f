"""Compile a chart to a table: how a declared graph becomes a `Lifecycle`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs
from statemachine import Event, StateMachine

from paysession.errors import IllegalTransition

__all__ = ["Lifecycle", "compiled"]

S = TypeVar("S", bound=StrEnum)


@attrs.frozen(eq=False, kw_only=True)
class Lifecycle(Generic[S]):
    """
    One chart, compiled: which event leads from which status to which.

    It holds no current status and nothing can change it, so that one object serves every
    thread. The status is yours to keep:

        >>> from paysession.lifecycles import SESSION, SessionStatus
        >>> SESSION.next(SessionStatus.PENDING, "complete")
        <SessionStatus.COMPLETED: 'completed'>
        >>> SESSION.allowed(SessionStatus.CLOSING)
        ('reopen', 'complete', 'fail', 'cancel', 'expire')
        >>> SESSION.can(SessionStatus.EXPIRED, "complete")
        False

    Attributes:
        name: What the chart is about, as in `paysession.lifecycles.LIFECYCLES`.
        statuses: Every status of the chart, in the order of its declaration.
        events: Every event of the chart, in the order of its declaration.
        initial: Where everything begins.
        transitions: The table: status, then event, then the status it leads to.
        machine: The chart itself, a class of python-statemachine, for those who want to
            drive one: `lifecycle.machine(start_value=status)`.
        edges: Every pair of statuses that some event joins.
    """

    name: str
    statuses: tuple[S, ...] = attrs.field(repr=False)
    events: tuple[str, ...] = attrs.field(repr=False)
    initial: S = attrs.field(repr=False)
    transitions: Mapping[S, Mapping[str, S]] = attrs.field(repr=False)
    machine: type[StateMachine] = attrs.field(repr=False)
    edges: frozenset[tuple[S, S]] = attrs.field(repr=False)

    def is_final(self, status: S) -> bool:
        """Whether nothing can ever leave this status."""
        return status in self.transitions and not self.transitions[status]

    def allowed(self, status: S) -> tuple[str, ...]:
        """Every event that leads on from this status, in the order of declaration."""
        return tuple(self.transitions.get(status, ()))

    def can(self, status: S, event: str) -> bool:
        """Whether this event leads on from this status."""
        return event in self.transitions.get(status, ())

    def next(self, status: S, event: str) -> S:
        """
        Return the status this event leads to.

        Raises:
            IllegalTransition: If the chart has no such step, or no such status or event.
        """
        try:
            return self.transitions[status][event]
        except KeyError:
            raise IllegalTransition(self.name, None, status, event, self.allowed(status)) from None

    def cross(self, old: S, new: S) -> S:
        """
        Return `new`, having asserted that it is `old` or one edge away.

        For a status that was computed from facts. Facts are never refused, so this is no
        check of theirs: it asserts that the chart is complete, which the tests prove.

        Raises:
            AssertionError: If the chart lacks that edge, which is a fault of the chart.
        """
        assert old is new or (old, new) in self.edges, (
            f"the chart of {self.name} has no edge from {old} to {new}: it is not complete"
        )
        return new

    def mermaid(self) -> str:
        """Print the chart as a Mermaid state diagram: one arrow for each edge."""
        finals = [status for status in self.statuses if self.is_final(status)]
        lines = [
            "stateDiagram-v2",
            f"    [*] --> {self.initial}",
            *(f"    {old} --> {new} : {events}" for old, events, new in self._arrows()),
            *(f"    {status} --> [*]" for status in finals),
        ]
        return "\n".join(lines) + "\n"

    def dot(self) -> str:
        """Print the chart in the DOT language of Graphviz: one arrow for each edge."""
        lines = [
            f"digraph {self.name} {{",
            "    rankdir=LR;",
            "    node [shape=box, style=rounded];",
            "    start [shape=point];",
            f"    start -> {self.initial};",
            *(f"    {status}{self._border(status)};" for status in self.statuses),
            *(f'    {old} -> {new} [label="{events}"];' for old, events, new in self._arrows()),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def table(self) -> str:
        """Print the chart as text: a row for each status, a column for each event."""
        rows: list[list[str]] = [[self.name, *self.events]]
        for status, exits in self.transitions.items():
            rows.append([status, *(exits.get(event, "-") for event in self.events)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "".join(_line(cells, widths) for cells in rows)

    def _arrows(self) -> Iterator[tuple[S, str, S]]:
        """Yield each edge once, between its ends the events that share it."""
        for old, exits in self.transitions.items():
            for new in dict.fromkeys(exits.values()):
                yield old, ", ".join(event for event in exits if exits[event] is new), new

    def _border(self, status: S) -> str:
        return " [peripheries=2]" if self.is_final(status) else ""


def compiled(name: str, chart: type[StateMachine], statuses: type[S]) -> Lifecycle[S]:
    """
    Compile a chart, whose states are named as members of `statuses`, to its table.

    Raises:
        ValueError: If a state is no member of `statuses`, if one is neither final nor has
            an exit, or if one event leads to two statuses.
    """
    states = {statuses(value): state for value, state in chart.states_map.items()}
    steps = _steps(chart, statuses)
    _refuse_two_targets(name, steps)
    exits: dict[S, dict[str, S]] = {status: {} for status in states}
    for old, event, new in steps:
        exits[old][event] = new
    _refuse_dead_ends(name, {old for old, state in states.items() if state.final}, exits)
    return Lifecycle(
        name=name,
        statuses=tuple(states),
        events=tuple(key for key, value in vars(chart).items() if isinstance(value, Event)),
        initial=next(status for status, state in states.items() if state.initial),
        transitions=MappingProxyType({old: MappingProxyType(exits[old]) for old in states}),
        machine=chart,
        edges=frozenset((old, new) for old, _, new in steps),
    )


def _steps(chart: type[StateMachine], statuses: type[S]) -> list[tuple[S, str, S]]:
    return [
        (statuses(state.value), event.id, statuses(target.value))
        for state in chart.states_map.values()
        for transition in state.transitions.transitions
        for event in transition.events
        for target in transition.targets
    ]


def _refuse_two_targets(name: str, steps: list[tuple[S, str, S]]) -> None:
    targets: dict[str, S] = {}
    for _, event, new in steps:
        if targets.setdefault(event, new) is not new:
            raise ValueError(
                f"{name}: {event} leads to {targets[event]} and to {new}: "
                "an event names its one target, so make it two events"
            )


def _refuse_dead_ends(name: str, finals: set[S], exits: Mapping[S, Mapping[str, S]]) -> None:
    for status, events in exits.items():
        if not events and status not in finals:
            raise ValueError(f"{name}: {status} has no exit: give it one, or mark it final")


def _line(cells: list[str], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"
