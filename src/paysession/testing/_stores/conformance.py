"""
The suites: subclass one, say how a store is made, and pytest finds a test for every law.

    class TestMyStore(StoreConformance[MyStore]):
        def make_store(self) -> MyStore:
            return MyStore(...)
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar, Generic, TypeVar, cast

from paysession.errors import Conflict
from paysession.stores.port import AsyncStore, Store
from paysession.testing._laws.law import Law
from paysession.testing._laws.suite import Suite, enact
from paysession.testing._laws.threads import Answer, Stuck, bounded
from paysession.testing._stores.bench import Author, Bench, must_be
from paysession.testing._stores.law import CONTROLS, StoreLaw
from paysession.testing._stores.laws import LAWS
from paysession.testing._stores.trials import Do, Outer, Trial, answered, drive

A = TypeVar("A", bound=AsyncStore)
S = TypeVar("S", bound=Store)
T = TypeVar("T")


class _StoreSuite(Suite):
    """What suites of stores of both kinds have in common."""

    port = "store"
    _port_class: ClassVar[type[Store | AsyncStore]] = Store

    def missing(self, law: Law) -> tuple[str, ...]:
        """Return what a law speaks of that is not there, in words."""
        return cast("StoreLaw", law).missing(self.written())

    def written(self) -> frozenset[str]:
        """Return which of the controls that need not be written were."""
        return frozenset(
            each for each in CONTROLS if getattr(type(self), each).__module__ != __name__
        )

    def try_law(self, law: Law) -> None:
        """
        Try a law on stores of this suite.

        Raises:
            LawBroken: It is not kept.
        """
        __tracebackhide__ = True
        rule = cast("StoreLaw", law)
        try:
            self._driven(self._trial_of(rule), is_race=rule.is_race)
        except Stuck as stuck:
            raise law.broken("many at once", "all come to an end", str(stuck)) from None
        except Conflict as conflict:
            conflict.add_note("a law begins with an empty store: is what make_store() returns one?")
            raise

    def described(self) -> Mapping[str, str]:
        """Return what is on trial: its class, and what its author has written."""
        return {
            "adapter": f"{self._kind.__module__}.{self._kind.__qualname__}",
            "controls": ", ".join(sorted(self.written())) or "none",
        }

    @cached_property
    def _kind(self) -> type[Store | AsyncStore]:
        return self._driven(self._made(), is_race=False)

    def _made(self) -> Trial[type[Store | AsyncStore]]:
        author = cast("Author[Any]", self)
        store = yield from Do(author.make_store)
        must_be(self._port_class, store)
        yield from Do[None](partial(author.close, store))
        return cast("type[Store | AsyncStore]", type(store))

    def _trial_of(self, law: StoreLaw) -> Trial[None]:
        """Try a law, and then close every store that it had made."""
        __tracebackhide__ = True
        bench = Bench(law, cast("Author[Any]", self), self._port_class)
        try:
            yield from law.check(bench)
        finally:
            yield from bench.close()

    @abstractmethod
    def _driven(self, trial: Trial[T], *, is_race: bool) -> T:
        """Run a trial on stores of this suite to its end."""


class StoreConformance(_StoreSuite, Generic[S]):
    """
    Proves that a store keeps every law of its port.

    Subclass it under a name that pytest collects, and write `make_store`. Each of the other
    methods, where you write it, lets more laws be tried; a law that needs one which is not
    there does not apply, and its test is skipped and says so. A broken law is `LawBroken`.

    Pytest's fixtures may be used as in any class; each test has an instance of its own.

    Raises:
        TypeError: When a subclass is defined that overrides a law, or declares a deviation
            from one that there is not.
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

    def _driven(self, trial: Trial[T], *, is_race: bool) -> T:  # noqa: ARG002 - threads race
        __tracebackhide__ = True
        return drive(trial)


class AsyncStoreConformance(_StoreSuite, Generic[A]):
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
        TypeError: When a subclass is defined that overrides a law, or declares a deviation
            from one that there is not.
    """

    _port_class = AsyncStore

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

    def _driven(self, trial: Trial[T], *, is_race: bool) -> T:
        __tracebackhide__ = True
        ends: list[Answer[T]] = []

        async def main() -> None:
            ends.append(await answered(trial, self.together))

        if is_race:
            bounded([lambda: self.run(main())])
        else:
            self.run(main())
        if not ends:
            raise TypeError("run() came back before what it was given had ended: it must run it")
        return ends[0].given()


enact(StoreConformance, LAWS)
enact(AsyncStoreConformance, LAWS)
