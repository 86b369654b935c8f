"""Threads that never keep anybody waiting: who is stuck is left behind, and said to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from threading import Thread
from typing import Generic, TypeVar, cast

import attrs

R = TypeVar("R")
T = TypeVar("T")

LONGEST_SECONDS = 30.0
"""How long those who run at once may take: whoever waits longer waits for ever."""


class Stuck(Exception):
    """Not everybody came to an end in time."""


@attrs.frozen
class Answer(Generic[R]):
    """What came of something: what it gave back, or what it raised."""

    value: R | None = None
    error: BaseException | None = None

    def given(self) -> R:
        """Return what it gave back, or raise what it raised."""
        __tracebackhide__ = True
        if self.error is not None:
            raise self.error
        return cast("R", self.value)


def came_of(call: Callable[[], T]) -> Answer[T]:
    """Return what comes of a call: none of its exceptions is raised."""
    try:
        return Answer(call())
    except Exception as error:  # noqa: BLE001 - whoever asks for it gets it
        return Answer(error=error)


def bounded(calls: Sequence[Callable[[], T]], *, seconds: float | None = None) -> list[T]:
    """
    Make each call in a thread of its own, and return what came of them.

    Whoever is stuck is left behind, in a thread that does not keep the process alive.

    Raises:
        Stuck: Not all of them came to an end in time.
        BaseException: What the first of them raised, if any did.
    """
    __tracebackhide__ = True
    longest = LONGEST_SECONDS if seconds is None else seconds
    ends: list[Future[Answer[T]]] = [Future() for _ in calls]
    for call, end in zip(calls, ends, strict=True):
        Thread(target=_fulfil, args=(end, call), daemon=True).start()
    stuck = wait(ends, timeout=longest).not_done
    if stuck:
        raise Stuck(f"{len(stuck)} of {len(ends)} were stuck after {longest} seconds")
    return [end.result().given() for end in ends]


def _fulfil(end: Future[Answer[T]], call: Callable[[], T]) -> None:
    try:
        end.set_result(Answer(call()))
    except BaseException as error:  # noqa: BLE001 - who waits for it gets it
        end.set_result(Answer(error=error))
