"""Whatever has happened to a customer's money, forgetting the customer moves none of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from paysession import (
    CapturePolicy,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    PaymentSession,
    StoredSource,
)
from paysession._domain.entities import Entity
from paysession._domain.operations import Operation
from paysession.errors import PaySessionError
from paysession.gateways import BogusGateway
from paysession.stores import InMemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
METHOD = PaymentMethod(id="pm_1", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL)
PARTS = ("complete", "charge", "capture", "void", "refund")
BEHAVIOURS = (
    *("approve", "approve", "approve", "pending", "timeout_before", "timeout_after"),
    *("decline:do_not_honor", "unreachable", "broken", "partial"),
)
COMMANDS = ("complete", "cancel", "capture", "void", "refund", "charge", "recover", "wait")

tokens = st.fixed_dictionaries({part: st.sampled_from(BEHAVIOURS) for part in PARTS})
stories = st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(1, 60)), max_size=12)


class Customer:
    """A customer with one session, of whom the metadata and the source tell."""

    def __init__(self, script: dict[str, str]) -> None:
        self.now = NOW
        self.store = InMemoryStore()
        self.gateway = BogusGateway(clock=lambda: self.now)
        self.payments = Payments(
            {"bogus": self.gateway}, store=self.store, clock=lambda: self.now, sleep=lambda _: None
        )
        self.order = Payable("or_1", total=Money(100, "EUR"), customer_id="cu_1")
        self.source = StoredSource(id="card_1", profile_id=BogusGateway.token(**script))
        self.session = self.payments.create_session(
            self.order, method=METHOD, source=self.source, metadata={"name": "zelda"}
        )

    def act(self, command: str, amount: int) -> None:
        """Do one thing, if it can be done."""
        commands: dict[str, Callable[[], object]] = {
            "complete": lambda: self.payments.complete_session(self.session.id),
            "cancel": lambda: self.payments.cancel_session(self.session.id),
            "capture": lambda: self.payments.capture(self._payment, amount=Money(amount, "EUR")),
            "void": lambda: self.payments.void(self._payment, amount=Money(amount, "EUR")),
            "refund": lambda: self.payments.refund(self._payment, amount=Money(amount, "EUR")),
            "charge": lambda: self.payments.charge(
                Payable(f"or_{amount}", total=Money(9, "EUR"), customer_id="cu_1"),
                method=METHOD,
                source=self.source,
            ),
            "recover": self.payments.recover,
            "wait": self._wait,
        }
        with suppress(PaySessionError):
            commands[command]()

    @property
    def _payment(self) -> str:
        return self.payments.get_session(self.session.id).payment_id or "py_none"

    def _wait(self) -> None:
        self.now += timedelta(minutes=10)
        self.gateway.let_pending_succeed()

    def books(self) -> dict[tuple[str, str], list[object]]:
        """All that is told of money, by record."""
        told = ("status", "balances", "amount", "effect", "total", "paid", "authorized", "due")
        return {
            (type(each).__name__, each.id): [getattr(each, name, None) for name in told]
            for each in self.store.entities()
        }


def belongs_to(entity: Entity, owners: tuple[str, ...]) -> bool:
    if isinstance(entity, Operation):
        return entity.owner_id in owners
    return entity.id in owners


@given(tokens, stories, stories)
def test_forgetting_moves_no_money_and_nothing_that_happens_next_brings_the_customer_back(
    script: dict[str, str], before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    customer = Customer(script)
    for command, amount in before:
        customer.act(command, amount)
    books, events = customer.books(), len(customer.store.unpublished(limit=9999, tenant=""))

    forgotten = customer.payments.forget("cu_1")

    assert books == customer.books()
    told = len(customer.store.unpublished(limit=9999, tenant="")) - events
    assert told == len(forgotten.erased)
    for each in customer.store.entities():
        if belongs_to(each, forgotten.erased):
            assert not getattr(each, "metadata", None)
            assert "cu_1" not in repr(each)
            assert repr(customer.source.profile_id) not in repr(each)
    for command, amount in after:
        customer.act(command, amount)
    again = customer.payments.forget("cu_1")
    assert set(again.erased).isdisjoint(forgotten.erased)
    assert not any(
        repr(customer.source.profile_id) in repr(each)
        for each in customer.store.entities()
        if belongs_to(each, forgotten.erased)
    )


@given(tokens, stories)
def test_everybody_can_be_forgotten_in_the_end(
    script: dict[str, str], story: list[tuple[str, int]]
) -> None:
    customer = Customer(script)
    for command, amount in story:
        customer.act(command, amount)
    customer.payments.forget("cu_1")
    for _ in range(12):
        customer.now += timedelta(hours=6)
        customer.gateway.let_pending_succeed()
        customer.payments.recover()
    customer.act("cancel", 0)

    left = customer.payments.forget("cu_1").still_open

    assert all(not is_settled(customer, owner_id) for owner_id in left)


def is_settled(customer: Customer, owner_id: str) -> bool:
    """Whether nothing is open in it that a machine could end."""
    owner = next(each for each in customer.store.entities() if each.id == owner_id)
    if isinstance(owner, PaymentSession) and owner.is_open:
        return False
    operations = (each for each in customer.store.entities() if isinstance(each, Operation))
    theirs = [each for each in operations if each.owner_id == owner_id]
    return not any(each.is_open for each in theirs)
