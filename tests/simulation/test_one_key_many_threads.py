"""Many threads with one idempotency key: one effect, one record, and everybody hears of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
from books import check_closed
from keyed_acts import ACTS
from shop import ORDER, Do, Process, Shop, flow_of, recover
from telling import usd

from paysession import Payments, Refund
from paysession._domain.entities import Entity
from paysession.errors import IdempotencyKeyInFlight, OperationUnresolved
from paysession.gateways import OfflineGateway

KEY = "order-7"
THREADS = 20


@pytest.fixture(autouse=True)
def threads_change_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


class BusyShop(Shop):
    """A shop whose ids many threads may ask for."""

    def __init__(self) -> None:
        self._lock = Lock()
        super().__init__()

    def new_id(self, prefix: str) -> str:
        with self._lock:
            return super().new_id(prefix)


def payments_of(shop: Shop) -> Payments:
    gateways = {"bogus": shop.bogus, "offline": OfflineGateway()}
    return Payments(gateways, store=shop.store, clock=shop.clock, ids=shop.new_id)


def all_at_once(shop: Shop, *commands: Do) -> list[object]:
    """Give each command in its own thread at the same moment, all under one key."""
    payments, barrier = payments_of(shop), Barrier(len(commands))

    def give(do: Do) -> object:
        barrier.wait()
        try:
            return getattr(payments, do.command)(*do.args, **do.kwargs, idempotency_key=KEY)
        except IdempotencyKeyInFlight as waiting:
            return waiting

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(give, commands))


def same_for_all(answers: list[object]) -> Entity:
    """Return the one record that everybody was answered with who was answered at all."""
    records = [each for each in answers if not isinstance(each, IdempotencyKeyInFlight)]
    assert records
    assert records == records[:1] * len(records)
    assert isinstance(records[0], Entity)
    return records[0]


def orders_to(shop: Shop) -> list[str]:
    """Return what the provider was told to do; to look something up changes nothing."""
    return [each.method for each in shop.bogus.calls if each.method != "look_up"]


def moved_by(shop: Shop) -> set[str]:
    """Return the operations that moved money at the provider."""
    return {each.operation_id for each in shop.bogus.effects}


@pytest.mark.parametrize("command", sorted(ACTS))
def test_twenty_threads_with_one_key_have_one_effect(command: str) -> None:
    shop, alone = BusyShop(), Shop()
    do, same = (ACTS[command].come_to(Process(each), {}) for each in (shop, alone))
    Process(alone).run(flow_of(same.command, *same.args, **same.kwargs))

    record = same_for_all(all_at_once(shop, *[do] * THREADS))

    assert record == shop.store.get(type(record), record.id, tenant="")
    assert len(alone.books.entities()) == len(shop.books.entities())
    assert orders_to(alone) == orders_to(shop)
    assert [each.amount for each in alone.bogus.effects] == [
        each.amount for each in shop.bogus.effects
    ]
    check_closed(shop)


@pytest.mark.parametrize("command", ["refund", "capture", "charge"])
def test_a_lost_answer_is_everybody_s_once_recovery_has_found_it(command: str) -> None:
    shop = BusyShop()
    verb = str(ACTS[command].verb)
    do = ACTS[command].come_to(Process(shop), {verb: "timeout_after"})
    before = moved_by(shop)

    all_at_once(shop, *[do] * THREADS)
    recover(shop)
    answers = all_at_once(shop, *[do] * THREADS)

    assert not [each for each in answers if isinstance(each, IdempotencyKeyInFlight)]
    same_for_all(answers)
    assert 1 == len(moved_by(shop) - before)
    check_closed(shop)


def test_as_many_keys_as_threads_have_as_many_effects() -> None:
    shop = BusyShop()
    do = ACTS["refund"].come_to(Process(shop), {})
    payments = payments_of(shop)
    keys = [f"key-{number}" for number in range(5)] * 4

    def refund(key: str) -> object:
        payment_id = str(do.args[0])
        for _ in range(10_000):
            try:
                return payments.refund(payment_id, amount=usd("1.00"), idempotency_key=key)
            except (IdempotencyKeyInFlight, OperationUnresolved):
                continue
        raise AssertionError("nobody ever came to an end")

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(refund, keys))

    refunds = {each.id for each in answers if isinstance(each, Refund)}
    assert 5 == len(refunds)
    assert usd("5.00") == shop.bogus.given_back("USD")
    assert ORDER.total - usd("5.00") == payments.get_payment(str(do.args[0])).balances.refundable
    check_closed(shop)
