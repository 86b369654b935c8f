"""What a law has at hand tells, of what is not as it must be, what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import attrs
import pytest

from paysession.errors import AlreadyExists, NotDurable, StaleVersion
from paysession.stores import Changes, InMemoryStore
from paysession.testing import LawBroken, StoreConformance
from paysession.testing._stores.bench import Bench, StoreOnTrial
from paysession.testing._stores.law import StoreLaw, law
from paysession.testing._stores.races import everybody_gets_through, written
from paysession.testing._stores.subjects import account, at_version, changed, claim, session
from paysession.testing._stores.trials import Do, Trial, drive

R = TypeVar("R")


class Suite(StoreConformance[InMemoryStore]):
    undone = 0

    def make_store(self) -> InMemoryStore:
        return InMemoryStore()

    @contextmanager
    def outer_transaction(self, store: InMemoryStore) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.undone += 1
            raise


@law(
    "X-1",
    "it is so",
    reason="it must be",
    source="I1",
    about="get",
    needs=["reopen"],
    is_race=True,
)
def a_rule(bench: Bench) -> Trial[None]:
    """Never tried."""
    raise AssertionError(bench)


def bench() -> Bench:
    return Bench(a_rule, Suite())


def raising(error: Exception) -> Do[None]:
    def commit() -> None:
        raise error

    return Do(commit)


def broken(check: Callable[[], object]) -> LawBroken:
    with pytest.raises(LawBroken) as caught:
        check()
    return caught.value


def test_a_law_is_made_of_the_function_that_tries_it() -> None:
    assert isinstance(a_rule, StoreLaw)
    assert ("test_x_1_a_rule", "X", "0.1") == (a_rule.test_name, a_rule.area, a_rule.since)
    assert (frozenset({"reopen"}), True) == (a_rule.needs, a_rule.is_race)


def test_what_is_the_same_is_no_news() -> None:
    bench().same(account("a"), account("a"), "an account")


def test_what_differs_is_shown_where_it_does() -> None:
    was, error = account("a"), broken(lambda: bench().same(account("a"), account("b"), "it"))
    assert ("X-1", "it.id", "a", "b") == (error.code, error.what, error.expected, error.actual)
    assert was == account("a")


@pytest.mark.parametrize("shown", [None, ()])
def test_nothing_is_nothing(shown: object) -> None:
    bench().nothing(shown, "a claim")


def test_something_is_not_nothing() -> None:
    assert "a claim" == broken(lambda: bench().nothing(("a",), "a claim")).what


def test_what_was_shown_before_must_be_shown_still_and_new_things_may_be() -> None:
    bench().unchanged({"a": 1}, {"a": 1, "b": 2}, "afterwards")
    error = broken(lambda: bench().unchanged({"a": 1, "b": 2}, {"a": 1, "b": 3}, "afterwards"))
    assert ("b, afterwards", 2, 3) == (error.what, error.expected, error.actual)


def test_a_refusal_by_the_error_that_was_meant_is_right() -> None:
    drive(bench().refused(StaleVersion, raising(StaleVersion("payment", "py_1", 1)), "it"))


def test_a_refusal_by_another_error_is_wrong_and_keeps_it() -> None:
    error = RuntimeError("a deadlock")
    found = broken(lambda: drive(bench().refused(StaleVersion, raising(error), "it")))
    assert (StaleVersion, error, error) == (found.expected, found.actual, found.__context__)


def test_no_refusal_is_wrong() -> None:
    found = broken(lambda: drive(bench().refused(AlreadyExists, Do(lambda: None), "it")))
    assert (AlreadyExists, "it was written") == (found.expected, found.actual)


def test_what_is_accepted_is_right_and_what_is_refused_is_not() -> None:
    drive(bench().accepted(Do(lambda: None), "it"))
    found = broken(lambda: drive(bench().accepted(raising(NotDurable()), "it")))
    assert ("it is written", NotDurable) == (found.expected, type(found.actual))


def test_an_answer_is_given_and_an_error_is_none() -> None:
    assert 3 == drive(bench().answered(Do(lambda: 3), "it"))
    error = RuntimeError("dictionary changed size during iteration")
    found = broken(lambda: drive(bench().answered(raising(error), "it")))
    assert ("it", "an answer", error) == (found.what, found.expected, found.actual)


def test_who_is_beaten_is_told_so_and_of_nothing_else() -> None:
    class Busy(InMemoryStore):
        def commit(self, changes: Changes) -> None:
            raise OSError("database is locked")

    store = drive(bench().store())
    assert drive(written(store, account("a")))
    assert not drive(written(store, account("a"), refusal=AlreadyExists))
    busy = attrs.evolve(store, port=Busy())
    found = broken(lambda: drive(written(busy, account("b"), refusal=AlreadyExists)))
    allowed = "it is written, or AlreadyExists"
    assert (allowed, OSError) == (found.expected, type(found.actual))


def test_what_must_be_there_and_is_not_is_shown_as_it_should_be() -> None:
    tried = bench()
    store = drive(tried.store())
    found = broken(lambda: drive(store.held(account("a"))))
    assert ("payable_account 'a', read", account("a").committed(), None) == (
        found.what,
        found.expected,
        found.actual,
    )


def test_all_that_is_shown_has_a_name() -> None:
    store = drive(bench().store())
    shown = drive(store.shown([account("a")]))
    names = ["payable_account 'a'", "what is due", "what needs attention", "the outbox"]
    assert names == list(shown)


def test_what_an_entity_does_not_say_it_is_not_looked_for_by() -> None:
    store = drive(bench().store())
    names = list(drive(store.shown([session("ps_1", customer_id=None)])))
    assert "payment_session 'ps_1', found by payable_id" in names
    assert "payment_session 'ps_1', found by customer_id" not in names


def test_without_another_way_in_all_share_the_store() -> None:
    tried = bench()
    store = drive(tried.store())
    assert [store, store, store] == drive(tried.each_its_own(store, 3))


@pytest.mark.parametrize(("kept", "undone"), [(True, 0), (False, 1)])
def test_a_transaction_around_a_commit_is_kept_or_undone(kept: bool, undone: int) -> None:
    suite = Suite()
    tried = Bench(a_rule, suite)
    store = drive(tried.store())
    was_allowed = drive(tried.within_transaction(store, store.commit(account("a")), kept=kept))
    assert (True, undone) == (was_allowed, suite.undone)


def test_a_commit_inside_a_transaction_may_be_refused_and_may_not_fail_otherwise() -> None:
    tried = bench()
    store = drive(tried.store())
    assert not drive(tried.within_transaction(store, raising(NotDurable()), kept=True))
    with pytest.raises(RuntimeError, match="locked"):
        drive(tried.within_transaction(store, raising(RuntimeError("locked")), kept=True))


def test_a_writer_who_is_beaten_without_end_breaks_the_law() -> None:
    class Beating(InMemoryStore):
        def commit(self, changes: object) -> None:
            raise StaleVersion("payable_account", "order", 1)

        def get(self, kind: object, id: str, *, tenant: str) -> object:  # type: ignore[override]  # noqa: A002
            return account(id).committed()

    class Unlucky(Suite):
        def make_store(self) -> InMemoryStore:
            store = Beating()
            store.commit = self.first  # type: ignore[method-assign]
            self.beating = store
            return store

        def first(self, changes: object) -> None:
            del self.beating.commit

    with pytest.raises(LawBroken, match="beaten 160 times"):
        Unlucky().try_law(everybody_gets_through)


def story_of(tried: Bench) -> tuple[str, ...]:
    return broken(lambda: tried.broken("it", 1, 2)).story


def test_what_was_asked_of_a_store_and_what_came_back_is_told() -> None:
    tried = bench()
    store = drive(tried.store())
    drive(_written_twice(store))
    with pytest.raises(StaleVersion) as caught:
        drive(_alone(store.write(Changes(tenant="", entities=(at_version(account("a"), 2),)))))
    told = drive(_alone(store.unpublished(limit=1)))
    drive(_alone(store.mark_published(told)))
    assert (
        "commit(payable_account 'a' at version 1) → done",
        "get(payable_account, 'a') → payable_account 'a' at version 1",
        "commit(payable_account 'a' at version 2) → done",
        f"commit(payable_account 'a' at version 2) → raised StaleVersion: {caught.value}",
        "unpublished(limit=1) → payable_account:a:1:0",
        "mark_published(payable_account:a:1:0) → done",
    ) == story_of(tried)


def test_a_story_begins_anew_with_a_fresh_store_and_only_its_end_is_told() -> None:
    tried = bench()
    drive(_written_twice(drive(tried.store())))
    store = drive(tried.store())
    assert () == story_of(tried)
    for name in range(20):
        drive(_alone(store.claimed(f"{name}")))
    told = story_of(tried)
    assert (13, "(8 that came before)", "claimed('keys', '19') → nothing") == (
        len(told),
        told[0],
        told[-1],
    )


def test_that_all_there_is_was_read_is_told_in_one_line() -> None:
    tried = bench()
    store = drive(tried.store())
    drive(store.shown([account("a")], [claim("key")]))
    assert ("(everything that there is to read is read)",) == story_of(tried)


def _alone(step: Do[R]) -> Trial[R]:
    return (yield from step)


def test_a_store_on_trial_asks_its_port_for_what_it_is_asked() -> None:
    tried = bench()
    store = drive(tried.store())
    assert isinstance(store, StoreOnTrial)
    drive(_written_twice(store))
    assert 2 == tried.opened[0].get(type(account("a")), "a", tenant="").version


def _written_twice(store: StoreOnTrial) -> Trial[None]:
    yield from store.commit(account("a"))
    yield from store.commit(changed((yield from store.held(account("a")))))
