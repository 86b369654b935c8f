"""A store that fails after a call was made, and stores that many writers share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from books import check_closed, check_kept
from passed_on import PassedOn
from shop import CARD, ORDER, Shop, recover
from telling import source

from paysession import Capture, CapturePolicy, Payment, Payments
from paysession.errors import OutcomeUnknown, StaleVersion
from paysession.stores import Changes, Store

STORM = 200


class DiskFull(Exception):
    """The database cannot write."""


class FailsAfterCalls(PassedOn):
    """Once the provider was called, no commit succeeds."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.books)
        self._shop, self._calls = shop, len(shop.bogus.calls)

    def commit(self, changes: Changes) -> None:
        if len(self._shop.bogus.calls) > self._calls:
            raise DiskFull
        super().commit(changes)


class Stormy(PassedOn):
    """Once the provider was called, each commit is beaten many times before it succeeds."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.books)
        self._shop, self._calls = shop, len(shop.bogus.calls)
        self._left = STORM

    def commit(self, changes: Changes) -> None:
        if len(self._shop.bogus.calls) > self._calls and self._left:
            self._left -= 1
            raise StaleVersion("payment", "py_1", 1)
        self._left = STORM
        super().commit(changes)


def payments_of(shop: Shop, store: Store | None = None) -> Payments:
    return Payments(
        {"bogus": shop.bogus},
        store=store or shop.books,
        clock=shop.clock,
        ids=shop.new_id,
        sleep=lambda _: None,
    )


def created(shop: Shop, **script: str) -> str:
    session = payments_of(shop).create_session(
        ORDER, method=CARD, source=source(script), capture=CapturePolicy.MANUAL
    )
    return session.id


def paid(shop: Shop, **script: str) -> str:
    session = payments_of(shop).complete_session(created(shop, **script))
    assert session.payment_id is not None
    return session.payment_id


def captured(shop: Shop, **script: str) -> str:
    payment_id = paid(shop, **script)
    payments_of(shop).capture(payment_id)
    return payment_id


def open_session(payments: Payments, _: str) -> object:
    return payments.create_session(ORDER, method=CARD, source=source({}))


def charge(payments: Payments) -> object:
    return payments.charge(ORDER, method=CARD, source=source({}))


def opened_setup(shop: Shop) -> str:
    return payments_of(shop).create_setup_session(CARD).id


COMMANDS: dict[str, tuple[Callable[[Shop], str], Callable[[Payments, str], object]]] = {
    "create": (lambda _: "", open_session),
    "complete": (created, lambda payments, id_: payments.complete_session(id_)),
    "cancel": (created, lambda payments, id_: payments.cancel_session(id_)),
    "capture": (paid, lambda payments, id_: payments.capture(id_)),
    "void": (paid, lambda payments, id_: payments.void(id_)),
    "refund": (captured, lambda payments, id_: payments.refund(id_)),
    "charge": (lambda _: "", lambda payments, _: charge(payments)),
    "create_setup": (lambda _: "", lambda payments, _: payments.create_setup_session(CARD)),
    "complete_setup": (opened_setup, lambda payments, id_: payments.complete_setup_session(id_)),
}

every_command = pytest.mark.parametrize("name", COMMANDS)


@every_command
def test_a_store_that_fails_after_a_call_leaves_the_outcome_unknown(name: str) -> None:
    shop = Shop()
    prepare, command = COMMANDS[name]
    record_id = prepare(shop)
    with pytest.raises(OutcomeUnknown) as unknown:
        command(payments_of(shop, FailsAfterCalls(shop)), record_id)
    (operation,) = shop.unresolved
    assert operation.id == unknown.value.operation_id
    check_kept(shop)
    recover(shop)
    check_closed(shop)
    assert all(operation.succeeded for operation in shop.operations)


@every_command
def test_a_storm_of_conflicts_after_a_call_never_reaches_the_caller(name: str) -> None:
    shop = Shop()
    prepare, command = COMMANDS[name]
    record_id = prepare(shop)
    calls = len(shop.bogus.calls)
    command(payments_of(shop, Stormy(shop)), record_id)
    assert calls + 1 == len(shop.bogus.calls)
    check_closed(shop)


def test_a_command_that_looks_an_earlier_call_up_ends_in_outcome_unknown_too() -> None:
    shop = Shop()
    payment_id = paid(shop, capture="timeout_after")
    payments_of(shop).capture(payment_id)
    with pytest.raises(OutcomeUnknown):
        payments_of(shop, FailsAfterCalls(shop)).capture(payment_id)
    recover(shop)
    check_closed(shop)


def test_one_operation_that_cannot_be_recorded_keeps_recovery_from_no_other() -> None:
    shop = Shop()
    first, second = (
        paid_for(shop, order_id, capture="timeout_after") for order_id in ("or_1", "or_2")
    )
    for payment_id in (first, second):
        payments_of(shop).capture(payment_id)
    shop.now += timedelta(hours=1)
    with suppress(DiskFull):
        payments_of(shop, Refuses(shop, first)).recover()
    assert [first] == [each.payment_id for each in shop.unresolved if isinstance(each, Capture)]


class Refuses(PassedOn):
    """A store with one broken record."""

    def __init__(self, shop: Shop, broken: str) -> None:
        super().__init__(shop.books)
        self._broken = broken

    def commit(self, changes: Changes) -> None:
        entities = changes.entities
        if any(isinstance(each, Payment) and each.id == self._broken for each in entities):
            raise DiskFull
        super().commit(changes)


def paid_for(shop: Shop, order_id: str, **script: str) -> str:
    payments = payments_of(shop)
    order = type(ORDER)(order_id, total=ORDER.total)
    session = payments.create_session(
        order, method=CARD, source=source(script), capture=CapturePolicy.MANUAL
    )
    session = payments.complete_session(session.id)
    assert session.payment_id is not None
    return session.payment_id


def test_a_gateway_that_is_gone_keeps_recovery_from_no_other() -> None:
    shop = Shop()
    payment_ids = [paid_for(shop, each, capture="timeout_after") for each in ("or_1", "or_2")]
    for payment_id in payment_ids:
        payments_of(shop).capture(payment_id)
    shop.now += timedelta(hours=1)
    asked: list[str] = []

    def gateway_of(name: str) -> object:
        asked.append(name)
        if len(asked) == 1:
            raise KeyError(name)
        return shop.bogus

    payments = Payments(
        gateway_of,  # type: ignore[arg-type]
        store=shop.books,
        clock=shop.clock,
        ids=shop.new_id,
    )
    with suppress(KeyError):
        payments.recover()
    assert 1 == len(shop.unresolved)
