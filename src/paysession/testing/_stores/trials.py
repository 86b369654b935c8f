"""
A law as a generator of steps, run by two loops: one calls, the other awaits.

What a law does to a store it yields as a step, as a flow yields its asks. So each law is
written once, for stores of both kinds:

    account = yield from Do(lambda: store.get(PayableAccount, "or_1", tenant=""))

Test runners leave the frames of these loops out (`__tracebackhide__`): what is seen of a law
that is broken is the line of the law.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from inspect import isawaitable
from threading import Barrier
from typing import Any, Generic, Self, TypeAlias, TypeVar, cast

import attrs

from paysession.testing._laws.threads import Answer, bounded

R = TypeVar("R")
T = TypeVar("T")

Outer: TypeAlias = AbstractContextManager[object] | AbstractAsyncContextManager[object]
Together: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]
"""Awaits all the coroutines that it is given at once and returns what they did, in order."""


class Step(ABC, Generic[R]):
    """One thing done; `yield from` it and get what came of it."""

    def __iter__(self) -> Generator[Self, Answer[R], R]:
        __tracebackhide__ = True
        answer = yield self
        return answer.given()

    @abstractmethod
    def run(self) -> R:
        """Do it."""

    @abstractmethod
    async def arun(self, together: Together) -> R:
        """Do it, and await what must be awaited."""


Trial: TypeAlias = Generator[Step[Any], Answer[Any], T]


@attrs.frozen
class Do(Step[R]):
    """One call, of the store or of its author; what it gives back may have to be awaited."""

    call: Callable[[], R | Awaitable[R]]

    def run(self) -> R:
        """Call it."""
        return cast("R", self.call())

    async def arun(self, together: Together) -> R:  # noqa: ARG002 - it is alone
        """Call it, and await what it gives back if that can be awaited."""
        answer = self.call()
        return await cast("Awaitable[R]", answer) if isawaitable(answer) else answer


@attrs.frozen
class AtOnce(Step[Sequence[T]]):
    """Several trials side by side: each in a thread of its own, or as a task."""

    trials: Sequence[Trial[T]]

    def run(self) -> Sequence[T]:
        """Start them together, and wait for all of them."""
        __tracebackhide__ = True
        ready = Barrier(len(self.trials))

        def start(trial: Trial[T]) -> T:
            ready.wait()
            return drive(trial)

        return bounded([partial(start, trial) for trial in self.trials])

    async def arun(self, together: Together) -> Sequence[T]:
        """Await all of them at once; what one of them raised is not wrapped by anybody."""
        __tracebackhide__ = True
        answers = await together(*(answered(trial, together) for trial in self.trials))
        return [cast("Answer[T]", answer).given() for answer in answers]


@attrs.frozen
class Inside(Step[None]):
    """A trial within something that is entered before and left after it."""

    enter: Callable[[], Outer]
    trial: Trial[None]

    def run(self) -> None:
        """Enter, try, and leave."""
        __tracebackhide__ = True
        with cast("AbstractContextManager[object]", self.enter()):
            drive(self.trial)

    async def arun(self, together: Together) -> None:
        """Enter, try, and leave; what is entered may be of either kind."""
        __tracebackhide__ = True
        outer = self.enter()
        if isinstance(outer, AbstractAsyncContextManager):
            async with outer:
                return await adrive(self.trial, together)
        with outer:
            return await adrive(self.trial, together)


def drive(trial: Trial[T]) -> T:
    """Run a trial to its end, on a store that is called."""
    __tracebackhide__ = True
    resume: Callable[[], Step[Any]] = partial(next, trial)
    while True:
        try:
            step = resume()
        except StopIteration as end:
            return cast("T", end.value)
        try:
            answer = Answer[Any](step.run())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the law is to see it
            answer = Answer[Any](error=error)
        resume = partial(trial.send, answer)


async def adrive(trial: Trial[T], together: Together) -> T:
    """Run a trial to its end, on a store that is awaited."""
    __tracebackhide__ = True
    resume: Callable[[], Step[Any]] = partial(next, trial)
    while True:
        try:
            step = resume()
        except StopIteration as end:
            return cast("T", end.value)
        try:
            answer = Answer[Any](await step.arun(together))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the law is to see it
            answer = Answer[Any](error=error)
        resume = partial(trial.send, answer)


async def answered(trial: Trial[T], together: Together) -> Answer[T]:
    """Run a trial to its end, and tell what came of it to somebody outside of the event loop."""
    __tracebackhide__ = True
    try:
        return Answer(await adrive(trial, together))
    except Exception as error:  # noqa: BLE001 - who waits for it gets it
        return Answer(error=error)
