"""What is held against a store's answers, and what is no fault of a store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from threading import current_thread
from typing import Any

import attrs
import pytest
from simulated_worlds import Clock

from paysession import PaymentSession
from paysession._domain.entities import Entity
from paysession._domain.payable import PayableAccount
from paysession._flows.asks import Ask, Attention, Claimed, Commit, Due, Find, Peek
from paysession.errors import AlreadyExists, NotDurable, StaleVersion
from paysession.stores import KINDS, Changes, Claim, InMemoryStore
from paysession.testing._laws.threads import Answer
from paysession.testing._payments.awaiting import Hand, at_once, beside
from paysession.testing._payments.ledger import MANY, Ledger
from paysession.testing._payments.rules import RULES
from paysession.testing._stores.subjects import account, at, attempt, claim, every_event, session

PAGE = Path(__file__).parents[3] / "docs" / "payments-machine.md"
EVER = datetime.max.replace(tzinfo=UTC)


@attrs.define
class Held:
    """A ledger, and a store beside it that is given the same."""

    clock: Clock = attrs.field(factory=Clock)
    store: InMemoryStore = attrs.field(factory=InMemoryStore)
    ledger: Ledger = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger("", self.clock)

    def commit(self, changes: Changes) -> None:
        """Have both of them take it."""
        self.store.commit(changes)
        assert self.judged(Commit(changes), changes) is None

    def judged(self, ask: Ask[Any], value: object = None, error: Exception | None = None) -> Any:
        return self.ledger.judged(ask, Answer(value, error))

    def found(self, due: Due) -> tuple[Entity, ...]:
        """What the store finds due."""
        return self.store.due(due.before, kinds=due.kinds, limit=due.limit, tenant="")

    def asked(self, ask: Ask[Any]) -> Answer[Any]:
        """What the store answers."""
        match ask:
            case Peek(kind, id):
                return Answer(self.store.get(kind, id, tenant=""))
            case Claimed(namespace, text):
                return Answer(self.store.claimed(namespace, text, tenant=""))
            case Find(kind, by, value):
                return Answer(self.store.find(kind, by=by, value=value, tenant=""))
            case Due():
                return Answer(self.found(ask))
            case _:
                return Answer(self.store.attention(limit=10, tenant=""))


def changes(*entities: Entity, claims: tuple[Claim, ...] = ()) -> Changes:
    return Changes(tenant="", entities=tuple(each.committed() for each in entities), claims=claims)


def code_of(found: Any) -> str | None:
    return None if found is None else found.code


def test_each_rule_has_a_code_and_a_sentence_of_its_own() -> None:
    assert {code: code for code in RULES} == {code: rule.code for code, rule in RULES.items()}
    assert len(RULES) == len({rule.sentence for rule in RULES.values()})


def test_the_page_about_the_machine_names_each_rule() -> None:
    _, _, after = PAGE.read_text(encoding="utf-8").partition("<!-- rules -->")
    table, _, _ = after.partition("<!-- end of rules -->")
    expected = [f"| {rule.code} | {rule.sentence} |" for rule in RULES.values()]
    assert expected == table.split("|---|---|\n")[1].strip().splitlines()


ASKS: tuple[tuple[Ask[Any], str, str], ...] = (
    (Peek(PaymentSession, "ps_1"), "KEEP-5", "get(PaymentSession, 'ps_1')"),
    (Claimed("keys", "key"), "KEEP-5", "claimed('keys', 'key')"),
    (Find(PaymentSession, "payable_id", "or_1"), "KEEP-6", "find(PaymentSession, payable_id="),
    (Due(EVER, tuple(KINDS), MANY), "KEEP-6", "due("),
    (Attention(MANY), "KEEP-6", "attention()"),
)


@pytest.mark.parametrize(
    ("ask", "code", "name"), ASKS, ids=[type(ask).__name__ for ask, *_ in ASKS]
)
def test_what_is_not_answered_as_it_was_committed_is_wrong(
    ask: Ask[Any], code: str, name: str
) -> None:
    held = Held()
    of = session("ps_1", expires_at=at(9))
    waiting = attempt("at_1", of=of, waits_for_person="why")
    held.commit(changes(of, waiting, claims=(claim("key"),)))
    right = held.asked(ask).value
    nothing = () if isinstance(right, tuple) else None
    found = held.judged(ask, nothing)
    assert (code, True) == (found.code, name in found.seen)
    assert right != nothing
    assert held.judged(ask, right) is None
    forgotten = held.ledger.all_of_it(lambda each: forgetting(each, ask, held))
    assert "KEEP-8" == code_of(forgotten)


def forgetting(each: Ask[Any], forgotten: Ask[Any], held: Held) -> Answer[Any]:
    """What a store answers that has forgotten one thing."""
    answer = held.asked(each)
    if each != forgotten:
        return answer
    return Answer(() if isinstance(answer.value, tuple) else None)


def test_an_answer_of_another_type_is_wrong() -> None:
    held = Held()
    for ask, code, _ in ASKS:
        assert code == code_of(held.judged(ask, "nothing"))


def test_what_is_due_at_one_instant_may_come_in_any_order() -> None:
    held = Held()
    sessions = [session(f"ps_{number}", expires_at=at(9)) for number in range(3)]
    held.commit(changes(*sessions, session("ps_9", expires_at=at(10))))
    due = Due(at(20), tuple(KINDS), 10)
    first, second, third, last = held.found(due)
    assert held.judged(due, (third, first, second, last)) is None
    assert "KEEP-6" == code_of(held.judged(due, (last, first, second, third)))
    assert "KEEP-6" == code_of(held.judged(due, (first, second, second, last)))


def test_of_many_at_one_instant_any_may_be_among_the_first() -> None:
    held = Held()
    held.commit(changes(*(session(f"ps_{number}", expires_at=at(9)) for number in range(3))))
    first, second, third = held.found(Due(at(20), tuple(KINDS), 10))
    two = Due(at(20), tuple(KINDS), 2)
    for answer in ((first, second), (third, second), (second, first)):
        assert held.judged(two, answer) is None
    assert "KEEP-6" == code_of(held.judged(two, (third,)))


def test_whoever_comes_second_must_be_refused() -> None:
    held = Held()
    made = changes(account("or_1"))
    held.commit(made)
    assert "KEEP-2" == code_of(held.judged(Commit(made), made))
    assert held.judged(Commit(made), error=AlreadyExists("payable_account", "or_1")) is None


def test_whoever_comes_first_must_not_be_refused() -> None:
    refusal = StaleVersion("payable_account", "or_1", 1)
    assert "KEEP-3" == code_of(Held().judged(Commit(changes(account("or_1"))), error=refusal))


@pytest.mark.parametrize("error", [NotDurable(), OSError("gone")])
def test_a_store_raises_nothing_else(error: Exception) -> None:
    held = Held()
    for ask in (Commit(changes(account("or_1"))), *(ask for ask, *_ in ASKS)):
        found = held.judged(ask, error=error)
        assert "KEEP-1" == found.code
        assert f"raised {type(error).__name__}: {error}" in found.seen


def test_what_a_store_raises_is_told_without_its_secrets() -> None:
    error = OSError("cannot connect to postgres://shop:hunter2@database/shop")
    found = Held().judged(Commit(changes(account("or_1"))), error=error)
    assert found.seen.endswith("OSError: cannot connect to postgres://[secret]@database/shop")


def test_all_of_a_commit_is_looked_for_and_all_that_it_gave_up() -> None:
    held = Held()
    held.commit(changes(account("or_1"), claims=(claim("key"),)))
    released = attrs.evolve(changes(), released=(claim("key"),))
    held.commit(released)
    asked: list[Ask[Any]] = []

    def asking(ask: Ask[Any]) -> Answer[Any]:
        asked.append(ask)
        return held.asked(ask)

    assert held.ledger.after(changes(account("or_1")), asking) is None
    assert held.ledger.after(released, asking) is None
    assert [Peek(PayableAccount, "or_1"), Claimed("keys", "key")] == asked
    kept = held.ledger.after(released, lambda _: Answer(claim("key")))
    assert "KEEP-4" == code_of(kept)


def test_a_claim_whose_day_is_over_may_have_been_deleted() -> None:
    held = Held()
    held.clock.now = at(0)
    held.commit(changes(claims=(claim("key", settled_at=at(0)),)))
    asking = Claimed("keys", "key")
    assert "KEEP-5" == code_of(held.judged(asking))
    held.clock.wait(hours=24)
    assert held.judged(asking, claim("key", settled_at=at(0))) is None
    assert held.judged(asking) is None
    assert "KEEP-5" == code_of(held.judged(asking, claim("key", settled_at=at(0))))
    again = changes(claims=(claim("key"),))
    assert held.judged(Commit(again), again) is None


def test_events_wait_in_their_order_and_are_told_as_they_are() -> None:
    held = Held()
    told = every_event(account("or_1"))[:3]
    held.commit(attrs.evolve(changes(account("or_1")), events=told))
    first, second, third = told
    assert held.ledger.waiting(told, limit=10) is None
    assert held.ledger.waiting(told[:2], limit=2) is None
    assert "KEEP-7" == code_of(held.ledger.waiting(told[:2], limit=10))
    assert "KEEP-7" == code_of(held.ledger.waiting((second, first, third), limit=10))
    changed = attrs.evolve(third, event=first.event)
    assert "KEEP-7" == code_of(held.ledger.waiting((first, second, changed), limit=10))
    held.ledger.mark_published(told[:1])
    assert held.ledger.waiting(told[1:], limit=10) is None
    assert "KEEP-7" == code_of(held.ledger.waiting(told, limit=10))


def test_a_call_that_needs_no_waiting_is_made_at_once() -> None:
    assert 3 == at_once(lambda: 3)


def test_what_is_handed_to_a_loop_is_done_there_and_awaited_where_it_can_be() -> None:
    threads: list[str] = []

    async def awaited() -> int:
        await asyncio.sleep(0)
        threads.append(current_thread().name)
        return 1

    def called() -> int:
        threads.append(current_thread().name)
        return 2

    def work(hand: Hand) -> int:
        threads.append(current_thread().name)
        one: int = hand(awaited)
        two: int = hand(called)
        return one + two

    assert Answer(3) == asyncio.run(beside(work))
    worker, *others = threads
    assert {current_thread().name} == set(others)
    assert worker not in others


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_a_loop_cannot_do_is_raised_where_it_was_asked_for(error: type[Exception]) -> None:
    seen: list[type[BaseException]] = []

    async def fails() -> None:
        raise error

    def work(hand: Hand) -> None:
        try:
            hand(fails)
        except BaseException as raised:
            seen.append(type(raised))
            raise

    assert error is type(asyncio.run(beside(work)).error)
    assert [error] == seen
