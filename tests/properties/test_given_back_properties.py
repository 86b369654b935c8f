"""A payable is paid by what stays: what policy gives back pays nothing of it, in any history."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import attrs
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "unit" / "flows"))

from flow_builders import CARD, HELD_CARD, PATIENT_CARD, Clock, Shop, card, eur, order
from payment_builders import CHECK, CheckGateway

from paysession import Money, Payment
from paysession._domain.movements import Capture, Refund
from paysession._domain.operations import Origin
from paysession._domain.payable import PayableAccount
from paysession.errors import GatewayUnreachable, PaySessionError
from paysession.events import PayablePaid
from paysession.gateways import BogusGateway
from paysession.stores import InMemoryStore
from paysession.stores.port import Changes

BRINGING = ("partial", "approve", "more", "timeout_after", "pending", "decline:do_not_honor")
RETURNING = ("approve", "decline:do_not_honor", "timeout_after", "timeout_before", "pending")


class WatchedStore(InMemoryStore):
    """Looks at all payments at the moment that a payable is told to be paid."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        for recorded in changes.events:
            if isinstance(recorded.event, PayablePaid):
                self.told += 1
                assert self.kept() >= self.owed()

    def owed(self) -> Money:
        (account,) = (each for each in self.entities() if isinstance(each, PayableAccount))
        return account.owed

    def kept(self) -> Money:
        """All that was taken, but for what policy gives back or has given back."""
        taken = (each.balances.captured for each in self.entities() if isinstance(each, Payment))
        refunds = (each for each in self.entities() if isinstance(each, Refund))
        going = (
            each.moved_amount
            for each in refunds
            if each.origin is Origin.POLICY and (each.is_open or each.succeeded)
        )
        return Money.sum(taken, currency="EUR") - Money.sum(going, currency="EUR")


class Counter(Shop[BogusGateway]):
    """Sells one order to somebody whose cards often bring too little."""

    def __init__(self) -> None:
        clock = Clock()
        super().__init__(BogusGateway(clock=clock), clock=clock)
        self.store: WatchedStore = WatchedStore()
        self.payments.ports = attrs.evolve(self.payments.ports, store=self.store)
        self.gateways["check"] = CheckGateway()


Act: TypeAlias = Callable[[Counter], object]


def _charged(amount: Money | None, first: str, then: str, method: object) -> Act:
    source = card(charge=first, refund=then, void=then)
    return lambda shop: shop.payments.charge(
        order(),
        method=method,  # type: ignore[arg-type]
        source=source,
        amount=amount,
    )


def _in_a_session(amount: Money | None, first: str, then: str, method: object) -> Act:
    source = card(complete=first, refund=then, void=then)

    def act(shop: Counter) -> None:
        session = shop.payments.create_session(
            order(),
            method=method,  # type: ignore[arg-type]
            source=source,
            amount=amount,
        )
        shop.payments.complete_session(session.id)

    return act


def _by_check(amount: Money | None) -> Act:
    def act(shop: Counter) -> None:
        shop.payments.mark_paid(
            shop.payments.create_payment(order(), method=CHECK).id, amount=amount
        )

    return act


def _each(kind: type[Payment | Capture], command: str) -> Act:
    def act(shop: Counter) -> None:
        for each in shop.store.entities():
            if isinstance(each, kind):
                getattr(shop.payments, command)(each.id)

    return act


def _recover(shop: Counter) -> None:
    shop.clock.forward(minutes=10)
    shop.payments.recover()


amounts = st.none() | st.integers(1, 120).map(eur)
cards = st.tuples(
    amounts,
    st.sampled_from(BRINGING),
    st.sampled_from(RETURNING),
    st.sampled_from((CARD, HELD_CARD, PATIENT_CARD)),
)
acts: st.SearchStrategy[Act] = st.one_of(
    cards.map(lambda drawn: _charged(*drawn)),
    cards.map(lambda drawn: _in_a_session(*drawn)),
    amounts.map(_by_check),
    st.integers(1, 150).map(lambda total: lambda shop: shop.payments.update_payable(order(total))),
    st.sampled_from(
        (
            _each(Payment, "capture"),
            _each(Payment, "refund"),
            _each(Capture, "mark_bounced"),
            lambda shop: shop.gateway.let_pending_succeed(),
            lambda shop: shop.gateway.let_pending_fail(),
            _recover,
        )
    ),
)


@given(history=st.lists(acts, min_size=1, max_size=12))
def test_a_payable_is_told_to_be_paid_only_by_what_is_kept(history: list[Act]) -> None:
    shop = Counter()

    for act in history:
        try:
            act(shop)
        except (PaySessionError, GatewayUnreachable):
            continue

    assert shop.store.told <= 1
    for payment in shop.payments.payments_of("or_1"):
        refunds = shop.store.find(Refund, by="payment_id", value=payment.id, tenant="")
        going = (
            each.moved_amount
            for each in refunds
            if each.origin is Origin.POLICY and (each.is_open or each.succeeded)
        )
        assert Money.sum(going, currency="EUR") == payment.balances.uncounted
