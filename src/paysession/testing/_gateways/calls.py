"""
Where a gateway is called: in one thread of its own, and on one event loop if it has one.

Laws are plain functions, for gateways of both kinds. What they do to a gateway is handed to a
thread that does one thing after the other, and awaits what must be awaited, so that one trial
is one run of the event loop, whichever loop that is; and a call that never comes back keeps
nobody waiting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from functools import partial
from inspect import isawaitable
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeAlias, TypeVar, cast

from paysession.gateways import AsyncGateway, Gateway
from paysession.testing._laws import threads
from paysession.testing._laws.law import LawBroken
from paysession.testing._laws.threads import Answer, Stuck, bounded

T = TypeVar("T")

AnyGateway: TypeAlias = Gateway | AsyncGateway
Run: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]
Together: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]
"""Awaits all the coroutines that it is given at once and returns what they did, in order."""


class NeedsEventLoop(TypeError):
    """A gateway awaits something, and nobody has said which event loop it is for."""

    def __init__(self) -> None:
        super().__init__(
            "the gateway awaits something, and there is no event loop: write "
            "`run = staticmethod(asyncio.run)` in the suite, or what your loop has for it"
        )


class GivenUp(BaseException):
    """
    A call never came back, and nobody waits for another: not even for a shorter story.

    It is no `Exception`, so that Hypothesis tries nothing any more.
    """

    def __init__(self, broken: LawBroken) -> None:
        super().__init__(broken)
        self.broken = broken


def run_by_hand(main: Coroutine[Any, Any, None]) -> None:
    """
    Run a coroutine that never waits for anything: there is no event loop.

    Raises:
        NeedsEventLoop: It waits.
    """
    try:
        main.send(None)
    except StopIteration:
        return
    main.close()
    raise NeedsEventLoop


class _Job:
    """One call, and what comes of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.end: SimpleQueue[Answer[Any]] = SimpleQueue()

    async def done(self) -> None:
        """Make the call, and await what it gives back if that can be awaited."""
        try:
            answer = self.call()
            self.end.put(Answer(await answer if isawaitable(answer) else answer))
        except GeneratorExit:
            self.end.put(Answer(error=NeedsEventLoop()))
            raise
        except BaseException as error:  # noqa: BLE001 - who waits for it gets it
            self.end.put(Answer(error=error))


class Timed:
    """
    A call that tells how long it kept the event loop to itself.

    Attributes:
        longest: The longest time, in seconds, in which it let nobody else go on.
    """

    def __init__(self, call: Callable[[], Awaitable[Any]]) -> None:
        self.longest = 0.0
        self._call = call

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._whole()
        step: Callable[[], Any] = partial(steps.send, None)
        while True:
            began = monotonic()
            try:
                trap = step()
            except StopIteration as end:
                return end.value
            finally:
                self.longest = max(self.longest, monotonic() - began)
            try:
                step = partial(steps.send, (yield trap))
            except BaseException as error:  # noqa: BLE001 - it is the call's to deal with
                step = partial(steps.throw, error)

    async def _whole(self) -> Any:  # noqa: ANN401 - as the call does
        return await self._call()


class Stage:
    """
    Where gateways are called, for as long as one trial takes.

    Args:
        run: Runs a coroutine to its end.
        patience_seconds: How long one call may take.

    Attributes:
        gateways: Those that were made here, and are to be closed in the end.
        is_stuck: Whether a call never came back: nothing can be called any more.
    """

    def __init__(self, run: Run, *, patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        self.gateways: list[AnyGateway] = []
        self.is_stuck = False
        self._run = run
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        Thread(target=self._work, daemon=True).start()

    def do(self, call: Callable[[], T | Awaitable[T]], *, is_control: bool = False) -> T:
        """
        Call something, await what it gives back if that can be awaited, and return it.

        What is no call of the gateway may take longer.

        Raises:
            Stuck: It took longer than anybody has patience for.
            BaseException: What it raised.
        """
        __tracebackhide__ = True
        least = threads.LONGEST_SECONDS if is_control else 0.0
        patience = max(self.patience_seconds, least)
        job = _Job(call)
        self._jobs.put(job)
        try:
            answer = job.end.get(timeout=patience)
        except Empty:
            self.is_stuck = True
            raise Stuck(f"it did not come back within {patience:g} seconds") from None
        return cast("T", answer.given())

    def at_once(
        self, calls: Sequence[Callable[[], Any]], together: Together | None
    ) -> list[Answer[Any]]:
        """
        Make calls at the same time, and tell what came of each, in order.

        Without `together` each is made in a thread of its own.

        Raises:
            Stuck: They took longer than anybody has patience for.
        """
        __tracebackhide__ = True
        if together is None:
            each = [partial(_answered, call) for call in calls]
            return bounded(each, seconds=self.patience_seconds)
        waiting = [_awaited(call) for call in calls]
        answers = cast("Callable[[], list[Answer[Any]]]", lambda: together(*waiting))
        return list(self.do(answers))

    def leave(self, close: Callable[[AnyGateway], Awaitable[None] | None]) -> None:
        """Close the gateways that can be closed, and let the thread come to its end."""
        while self.gateways and not self.is_stuck:
            gateway = self.gateways.pop()
            self.do(partial(close, gateway), is_control=True)
        self._jobs.put(None)

    def _work(self) -> None:
        try:
            self._run(self._main())
        except BaseException as error:  # noqa: BLE001 - whoever asks for something gets it
            while (job := self._jobs.get()) is not None:
                job.end.put(Answer(error=error))

    async def _main(self) -> None:
        while (job := self._jobs.get()) is not None:
            await job.done()


def _answered(call: Callable[[], T]) -> Answer[T]:
    try:
        return Answer(call())
    except Exception as error:  # noqa: BLE001 - it is told to whoever asked
        return Answer(error=error)


async def _awaited(call: Callable[[], Awaitable[T]]) -> Answer[T]:
    try:
        return Answer(await call())
    except Exception as error:  # noqa: BLE001 - it is told to whoever asked
        return Answer(error=error)
