"""
How a simulation, which never waits, works with a backend that must be awaited.

The simulation runs in a thread of its own. Whatever it wants done it hands to the event loop,
and stands still until that is done: so it needs no loop in particular, and only one of both ever
runs.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from paysession.testing._laws.threads import Answer

T = TypeVar("T")

Hand: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Has a call made, and returns what comes of it when there is nothing left to wait for."""


def at_once(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
    """Make a call here and now."""
    return call()


@attrs.define(eq=False)
class _Errand:
    """One call that the loop is to make, and where its answer goes."""

    call: Callable[[], Any]
    answers: SimpleQueue[Answer[Any]]

    async def run(self) -> None:
        """Make the call, and await what it gives back if that can be awaited."""
        try:
            value = self.call()
            answer = Answer[Any](await value if isawaitable(value) else value)
        except BaseException as error:  # noqa: BLE001 - who handed it over gets it
            answer = Answer[Any](error=error)
        self.answers.put(answer)


class _Work(Generic[T]):
    """What runs in a thread of its own, and hands its errands to a loop."""

    def __init__(self, work: Callable[[Hand], T]) -> None:
        self.errands: SimpleQueue[_Errand | None] = SimpleQueue()
        self._work = work
        self._answers: SimpleQueue[Answer[Any]] = SimpleQueue()

    def run(self) -> None:
        __tracebackhide__ = True
        try:
            self.end = Answer(self._work(self._hand))
        except BaseException as error:  # noqa: BLE001 - who waits for it gets it
            self.end = Answer[T](error=error)
        self.errands.put(None)

    def _hand(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
        self.errands.put(_Errand(call, self._answers))
        return self._answers.get().given()


async def beside(work: Callable[[Hand], T]) -> Answer[T]:
    """
    Run something in a thread of its own, and do on this event loop whatever it hands over.

    What it came to is returned, also where it is an exception: no frame of the loop is in that.
    """
    under_way = _Work(work)
    Thread(target=under_way.run, daemon=True).start()
    while (errand := under_way.errands.get()) is not None:
        await errand.run()
    return under_way.end
