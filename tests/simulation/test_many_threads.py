"""Many threads at once on one payment, on one payable, and each on its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Lock

import pytest
from books import all_of, check_closed, check_kept
from shop import CARD, Shop, recover
from telling import usd

from paysession import (
    Attempt,
    Capture,
    CapturePolicy,
    Payable,
    PayableAccount,
    Payments,
    PaymentSession,
    Refund,
    StoredSource,
)
from paysession._domain.entities import Entity
from paysession.errors import NotAllowed
from paysession.gateways import BogusGateway
from paysession.gateways.bogus import BogusEffectKind
from paysession.stores import InMemoryStore

THREADS = 16
ORDER = Payable("or_1", total=usd("40.00"))


@pytest.fixture(autouse=True)
def threads_change_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


class BusyShop(Shop):
    """A shop whose clock and ids many threads may read."""

    def __init__(self) -> None:
        self._lock = Lock()
        super().__init__()

    def new_id(self, prefix: str) -> str:
        with self._lock:
            return super().new_id(prefix)


def payments_of(shop: Shop) -> Payments:
    return Payments({"bogus": shop.bogus}, store=shop.store, clock=shop.clock, ids=shop.new_id)


def bought(payments: Payments, order: Payable, policy: CapturePolicy, **script: str) -> str:
    source = StoredSource(id="src_1", profile_id=BogusGateway.token(**script))
    session = payments.create_session(order, method=CARD, source=source, capture=policy)
    session = payments.complete_session(session.id).raise_for_failure()
    assert session.payment_id is not None
    return session.payment_id


def at_once(*tasks: Callable[[], object]) -> list[object]:
    """Run all tasks at the same moment, each in its thread; what is refused is its answer."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return task()
        except NotAllowed as refusal:
            return refusal

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def repeated(times: int, command: Callable[[], object]) -> Callable[[], object]:
    """Give a command again and again; being refused is no reason to stop."""

    def run() -> object:
        for _ in range(times):
            try:
                command()
            except NotAllowed:
                continue
        return None

    return run


class SlowStore(InMemoryStore):
    """Between the entities of one commit, it lets others read for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.has_written_one = Event()
        self.was_read = Event()

    def _write(self, entity: Entity) -> None:
        super()._write(entity)
        self.has_written_one.set()
        self.was_read.wait(0.1)


def test_nobody_reads_half_a_commit() -> None:
    shop = BusyShop()
    shop.store = store = SlowStore()
    payments = payments_of(shop)

    def read() -> tuple[object, object]:
        store.has_written_one.wait()
        session = store.get(PaymentSession, "ps_1", tenant="")
        attempt = store.get(Attempt, "at_2", tenant="")
        store.was_read.set()
        return session, attempt

    source = StoredSource(id="src_1")
    _, seen = at_once(lambda: payments.create_session(ORDER, method=CARD, source=source), read)
    assert isinstance(seen, tuple)
    assert (seen[0] is None) is (seen[1] is None)


def test_sixteen_threads_capture_one_payment() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    payment_id = bought(payments, ORDER, CapturePolicy.MANUAL)
    capture = repeated(8, lambda: payments.capture(payment_id, amount=usd("1.00")))
    tasks = [capture] * (THREADS - 2) + [repeated(8, payments.recover)] * 2
    at_once(*tasks)
    check_kept(shop)
    recover(shop)
    check_closed(shop)
    captures = all_of(shop, Capture)
    assert 0 < len(captures) <= 40
    assert usd("1.00") * len(captures) == shop.bogus.taken("USD")


def test_sixteen_threads_refund_one_payment_whose_answers_are_lost() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    payment_id = bought(payments, ORDER, CapturePolicy.AUTOMATIC, refund="timeout_after")
    refund = repeated(8, lambda: payments.refund(payment_id, amount=usd("1.00")))

    def time_passes() -> None:
        shop.now += timedelta(minutes=20)
        payments.recover()

    at_once(*[refund] * (THREADS - 2), *[repeated(8, time_passes)] * 2)
    check_kept(shop)
    recover(shop)
    check_closed(shop)
    refunds = [each for each in all_of(shop, Refund) if each.succeeded]
    assert 0 < len(refunds) <= 40
    assert usd("1.00") * len(refunds) == shop.bogus.given_back("USD")


def test_threads_capture_refund_and_void_one_payment() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    payment_id = bought(payments, ORDER, CapturePolicy.MANUAL, capture="timeout_after")
    commands: tuple[Callable[[], object], ...] = (
        lambda: payments.capture(payment_id, amount=usd("1.00")),
        lambda: payments.refund(payment_id, amount=usd("1.00")),
        lambda: payments.capture(payment_id, amount=usd("2.00")),
        payments.recover,
    )
    at_once(*[repeated(6, command) for command in commands * 4])
    check_kept(shop)
    at_once(
        *[lambda: payments.void(payment_id)] * 4,
        *[lambda: payments.capture(payment_id)] * 4,
        *[lambda: payments.refund(payment_id)] * 4,
    )
    check_kept(shop)
    recover(shop)
    check_closed(shop)


def test_eight_sessions_for_one_payable_complete_at_once() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    source = StoredSource(id="src_1")
    sessions = [payments.create_session(ORDER, method=CARD, source=source) for _ in range(8)]

    def completing(session: PaymentSession) -> Callable[[], object]:
        return lambda: payments.complete_session(session.id)

    at_once(*map(completing, sessions))
    recover(shop)
    check_closed(shop)
    assert ORDER.total == shop.bogus.taken("USD")
    assert 1 == sum(session.succeeded for session in shop.sessions)
    assert ORDER.total == all_of(shop, PayableAccount)[0].paid


def test_one_session_is_completed_and_canceled_at_once() -> None:
    for _ in range(10):
        shop = BusyShop()
        payments = payments_of(shop)
        source = StoredSource(id="src_1")
        session_id = payments.create_session(ORDER, method=CARD, source=source).id
        at_once(
            *[lambda id_=session_id, p=payments: p.complete_session(id_)] * 4,
            *[lambda id_=session_id, p=payments: p.cancel_session(id_)] * 4,
        )
        check_kept(shop)
        recover(shop)
        check_closed(shop)
        times = [each.kind for each in shop.bogus.effects].count(BogusEffectKind.TAKEN)
        assert times <= 1


def test_sixteen_threads_pay_a_part_of_one_payable_each() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    source = StoredSource(id="src_1")

    def pay() -> object:
        session = payments.create_session(ORDER, method=CARD, source=source, amount=usd("2.50"))
        return payments.complete_session(session.id).raise_for_failure()

    paid = at_once(*[pay] * THREADS)
    assert [] == [each for each in paid if not isinstance(each, PaymentSession)]
    check_closed(shop)
    account = payments.balance("or_1")
    assert ORDER.total == account.paid == shop.bogus.taken("USD")
    assert usd("0.00") == account.due


def charging(payments: Payments, amount: str | None, **script: str) -> Callable[[], object]:
    source = StoredSource(id="src_1", profile_id=BogusGateway.token(**script))
    asked = None if amount is None else usd(amount)
    return lambda: payments.charge(ORDER, method=CARD, source=source, amount=asked)


def test_sixteen_threads_charge_one_payable_and_never_take_more_than_is_due() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    commands = (
        charging(payments, None),
        charging(payments, "7.00", charge="timeout_after"),
        charging(payments, "3.00", charge="decline:insufficient_funds"),
        charging(payments, "9.00", charge="timeout_before"),
    )
    at_once(*[repeated(4, command) for command in commands * 4])
    check_kept(shop)
    assert shop.bogus.taken("USD") <= ORDER.total
    recover(shop)
    check_closed(shop)
    account = payments.balance("or_1")
    assert account.paid == shop.bogus.taken("USD")
    assert account.paid + account.due == ORDER.total


def test_charges_and_sessions_for_one_payable_take_together_what_is_due() -> None:
    shop = BusyShop()
    payments = payments_of(shop)
    source = StoredSource(id="src_1", profile_id="tok_1")
    sessions = [payments.create_session(ORDER, method=CARD, source=source) for _ in range(8)]
    completing = [lambda id_=session.id: payments.complete_session(id_) for session in sessions]
    at_once(*completing, *[charging(payments, "8.00")] * 8)
    check_kept(shop)
    recover(shop)
    check_closed(shop)
    assert shop.bogus.taken("USD") <= ORDER.total


def test_one_setup_session_is_completed_and_canceled_at_once() -> None:
    for _ in range(10):
        shop = BusyShop()
        payments = payments_of(shop)
        session_id = payments.create_setup_session(CARD).id
        answers = at_once(
            *[lambda id_=session_id, p=payments: p.complete_setup_session(id_)] * 4,
            *[lambda id_=session_id, p=payments: p.cancel_setup_session(id_)] * 4,
        )
        check_kept(shop)
        recover(shop)
        check_closed(shop)
        assert 8 == len(answers)
        times = [each.method for each in shop.bogus.calls].count("complete_setup_session")
        assert times <= 1
