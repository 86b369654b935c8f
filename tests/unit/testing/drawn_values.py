"""Looks at what a strategy draws: the same values in every run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

T = TypeVar("T")

SAME_EVERY_TIME = settings(
    database=None,
    derandomize=True,
    deadline=None,
    max_examples=400,
    suppress_health_check=list(HealthCheck),
)


def simplest(strategy: st.SearchStrategy[T], such: Callable[[T], object]) -> T:
    """The plainest value of a kind that a strategy comes to."""
    return find(strategy, lambda value: bool(such(value)), settings=SAME_EVERY_TIME)


def drawn(strategy: st.SearchStrategy[T], count: int = 200) -> list[T]:
    """So many values, as a property would see them."""
    values: list[T] = []

    @settings(SAME_EVERY_TIME, max_examples=count)
    @given(strategy)
    def draw(value: T) -> None:
        values.append(value)

    draw()
    return values
