"""Looks at what a strategy draws: the same values in every run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

T = TypeVar("T")
U = TypeVar("U")

SAME_EVERY_TIME = settings(
    database=None,
    derandomize=True,
    deadline=None,
    max_examples=400,
    suppress_health_check=list(HealthCheck),
)
UNTIL_ALL_ARE_SEEN = settings(SAME_EVERY_TIME, max_examples=3_000, phases=[Phase.generate])


def simplest(strategy: st.SearchStrategy[T], such: Callable[[T], object]) -> T:
    """The plainest value of a kind that a strategy comes to."""
    return find(strategy, lambda value: bool(such(value)), settings=SAME_EVERY_TIME)


def drawn(strategy: st.SearchStrategy[T], count: int = 40) -> list[T]:
    """So many values, as a property would see them."""
    values: list[T] = []

    @settings(SAME_EVERY_TIME, max_examples=count)
    @given(strategy)
    def draw(value: T) -> None:
        values.append(value)

    draw()
    return values


def told_of_failure(strategy: st.SearchStrategy[T]) -> str:
    """What is told of a value with which a test fails."""

    @settings(SAME_EVERY_TIME, max_examples=1)
    @given(strategy)
    def fail(value: T) -> None:
        raise ZeroDivisionError

    try:
        fail()
    except ZeroDivisionError as error:
        return "\n".join(error.__notes__)
    raise AssertionError("it was drawn, and nothing failed")


def seen(strategy: st.SearchStrategy[T], of: Callable[[T], U], expected: Collection[U]) -> set[U]:
    """All that was seen of a strategy's values by the time that all of the expected was."""
    found: set[U] = set()

    def is_all(value: T) -> bool:
        found.add(of(value))
        return found >= set(expected)

    with suppress(NoSuchExample):
        find(strategy, is_all, settings=UNTIL_ALL_ARE_SEEN)
    return found
