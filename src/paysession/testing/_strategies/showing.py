"""How what was drawn reads when a test fails with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st

A = TypeVar("A")
B = TypeVar("B")


def made_of(drawn: st.SearchStrategy[A], make: Callable[[A], B]) -> st.SearchStrategy[B]:
    """Return what is made of what is drawn, as `map` does; a failure shows that, and not how."""

    @st.composite
    def made(draw: st.DrawFn) -> B:
        return make(draw(drawn))

    return made()
