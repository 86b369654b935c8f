"""
The suites: subclass one, say how a store is made, and pytest finds a test for every law.

    class TestMyStore(StoreConformance[MyStore]):
        def make_store(self) -> MyStore:
            return MyStore(...)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar
from unittest import SkipTest

from paysession.stores.port import AsyncStore, Store
from paysession.testing._laws.threads import Answer, Stuck, bounded
from paysession.testing._stores.bench import Law
from paysession.testing._stores.laws import LAWS
from paysession.testing._stores.trials import Outer, answered, drive

S = TypeVar("S", bound=Store)
A = TypeVar("A", bound=AsyncStore)


class _Suite(ABC):
    """A test for every law, none of which anybody can take away."""

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        for law in LAWS:
            if getattr(cls, law.test_name) is not getattr(_Suite, law.test_name):
                raise TypeError(
                    f"{cls.__name__}.{law.test_name} hides the law {law.code}: rename it, "
                    "for a law cannot be overridden"
                )

    def provides(self, control: str) -> bool:
        """Whether one of the methods that an author may write was written."""
        written: Callable[..., object] = getattr(type(self), control)
        return written.__module__ != __name__

    def try_law(self, law: Law) -> None:
        """
        Try a law on stores of this suite.

        Raises:
            LawBroken: They do not keep it.
            SkipTest: It does not apply to them.
        """
        __tracebackhide__ = True
        missing = [control for control in sorted(law.needs) if not self.provides(control)]
        if missing:
            suite = type(self).__name__
            raise SkipTest(f"{law.code} does not apply: {suite} has no {' and no '.join(missing)}")
        try:
            self._run(law)
        except Stuck as stuck:
            raise law.broken("many at once", "all come to an end", str(stuck)) from None

    @abstractmethod
    def _run(self, law: Law) -> None:
        """Try a law on stores of this suite."""


def _test_of(law: Law) -> Callable[[_Suite], None]:
    def test(self: _Suite) -> None:
        __tracebackhide__ = True
        self.try_law(law)

    test.__name__ = law.test_name
    test.__qualname__ = f"StoreConformance.{law.test_name}"
    test.__doc__ = f"{law.code}: {law.sentence}. Why: {law.reason}."
    return test


for _law in LAWS:
    setattr(_Suite, _law.test_name, _test_of(_law))


class StoreConformance(_Suite, Generic[S]):
    """
    Proves that a store keeps every law of its port.

    Subclass it under a name that pytest collects, and write `make_store`. Each of the other
    methods, where you write it, lets more laws be tried; a law that needs one which is not
    there does not apply, and its test is skipped and says so. A broken law is `LawBroken`.

    Pytest's fixtures may be used as in any class; each test has an instance of its own.

    Raises:
        TypeError: When a subclass is defined that overrides a law.
    """

    def make_store(self) -> S:
        """Return a fresh and empty store, which many threads may use at once."""
        raise NotImplementedError("write make_store(): it returns a fresh and empty store")

    def another(self, store: S) -> S:
        """
        Return a second way into what a store keeps, as another process would have one.

        Who writes at once then writes through a store of his own: write it also where your
        store is not made for many threads.
        """
        raise NotImplementedError

    def reopen(self, store: S) -> S:
        """Close a store, and return another on what the first one had made durable."""
        raise NotImplementedError

    def outer_transaction(self, store: S) -> Outer:
        """
        Return a context in which a transaction is open around the store.

        It is such a one as an application would open on the database that it shares with
        its store. An exception that leaves the context rolls it back, and goes on.
        """
        raise NotImplementedError

    def close(self, store: S) -> None:
        """Give up a store that is needed no more; nothing is done unless you write it."""

    def _run(self, law: Law) -> None:
        __tracebackhide__ = True
        drive(law.tried(self))


class AsyncStoreConformance(_Suite, Generic[A]):
    """
    Proves that an asynchronous store keeps every law of its port. As `StoreConformance`.

    The tests are plain functions, and the event loop is yours. For asyncio:

        class TestMyStore(AsyncStoreConformance[MyStore]):
            run = staticmethod(asyncio.run)

            def together(self, *tasks):
                return asyncio.gather(*tasks)

            async def make_store(self) -> MyStore:
                return await MyStore.connected(...)

    One test is one run of the loop; laws of many at once run it in a thread, so that the
    test ends even if they never do.

    Raises:
        TypeError: When a subclass is defined that overrides a law.
    """

    def run(self, main: Coroutine[Any, Any, None], /) -> None:
        """Run a coroutine to its end, on a new event loop."""
        main.close()
        raise NotImplementedError("write run(): for asyncio it is staticmethod(asyncio.run)")

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        """Await coroutines all at once, and return what they returned, in order."""
        for task in tasks:
            task.close()
        raise NotImplementedError("write together(): for asyncio it returns asyncio.gather(*tasks)")

    async def make_store(self) -> A:
        """Return a fresh and empty store, which many tasks may use at once."""
        raise NotImplementedError("write make_store(): it returns a fresh and empty store")

    async def another(self, store: A) -> A:
        """Return a second way into what a store keeps, as another process would have one."""
        raise NotImplementedError

    async def reopen(self, store: A) -> A:
        """Close a store, and return another on what the first one had made durable."""
        raise NotImplementedError

    def outer_transaction(self, store: A) -> Outer:
        """Return a context, of either kind, in which a transaction is open around the store."""
        raise NotImplementedError

    async def close(self, store: A) -> None:
        """Give up a store that is needed no more; nothing is done unless you write it."""

    def _run(self, law: Law) -> None:
        __tracebackhide__ = True
        ends: list[Answer[None]] = []

        async def main() -> None:
            ends.append(await answered(law.tried(self), self.together))

        if law.is_race:
            bounded([lambda: self.run(main())])
        else:
            self.run(main())
        ends[0].given()
