"""What a provider tells of a payment by itself, through the commands that a backend gives."""

from __future__ import annotations

from itertools import permutations

import pytest
from flow_builders import Shop, bogus_shop, eur

from paysession import Dispute, Payment
from paysession._domain.operations import Origin
from paysession.errors import NotFound
from paysession.gateways import BogusGateway
from paysession.gateways.notifications import Notification
from paysession.lifecycles import DisputeStatus, PaymentStatus
from paysession.outcomes import ReferenceRole
from paysession.views import checkout_api


def told(shop: Shop[BogusGateway], *notifications: Notification) -> None:
    """The provider sends what it has not sent yet, or these."""
    for each in notifications or shop.gateway.take_notifications():
        shop.payments.receive_notification("bogus", body=each.body, headers=each.headers)


def disputed() -> tuple[Shop[BogusGateway], Payment, str]:
    """A payment of 100, all of which is disputed, and the provider's id of the dispute."""
    shop = bogus_shop()
    payment = shop.taken()
    shop.gateway.take_notifications()
    return shop, payment, shop.gateway.later.dispute(capture_of(payment))


def capture_of(payment: Payment) -> str:
    reference = payment.references.get(ReferenceRole.SESSION)
    assert reference is not None
    return reference


def the_dispute(shop: Shop[BogusGateway], payment: Payment) -> Dispute:
    (dispute,) = shop.payments.disputes_of(payment.id)
    assert dispute == shop.payments.get_dispute(dispute.id)
    return dispute


def test_a_dispute_is_opened_withholds_money_and_is_lost() -> None:
    shop, payment, dispute = disputed()
    told(shop)
    assert DisputeStatus.NEEDS_RESPONSE is the_dispute(shop, payment).status

    shop.gateway.later.withdraw(dispute, amount=eur(100))
    told(shop)
    withheld = shop.payments.get_payment(payment.id)
    assert (eur(100), eur(0)) == (withheld.balances.withheld, withheld.balances.refundable)
    assert "SUCCEEDED" == checkout_api.session(shop.payments.statement(payment.id))["status"]

    shop.gateway.later.change_dispute(dispute, "lost")
    told(shop)
    lost = shop.payments.get_payment(payment.id)
    assert (PaymentStatus.REVERSED, eur(100)) == (lost.status, lost.balances.lost)
    assert eur(100) == shop.payments.balance(payment.payable_id).lost
    statement = shop.payments.statement(payment.id)
    assert [the_dispute(shop, payment)] == [*statement.disputes]
    assert "REVERSED" == checkout_api.session(statement)["status"]


def test_the_notifications_of_a_dispute_end_alike_in_any_order_and_twice() -> None:
    ends = set()
    for order in permutations(range(4)):
        shop, payment, dispute = disputed()
        shop.clock.forward(minutes=1)
        shop.gateway.later.withdraw(dispute, amount=eur(60))
        shop.clock.forward(minutes=1)
        shop.gateway.later.change_dispute(dispute, "won")
        shop.clock.forward(minutes=1)
        shop.gateway.later.reinstate(dispute, amount=eur(60))
        sent = shop.gateway.take_notifications()
        for index in (*order, order[0]):
            told(shop, sent[index])
        after, known = shop.payments.get_payment(payment.id), the_dispute(shop, payment)
        ends.add((after.status, after.balances, known.status, known.amount, known.withheld))
    assert 1 == len(ends)


def test_a_refund_at_the_dashboard_is_recorded_once() -> None:
    shop = bogus_shop()
    payment = shop.taken()
    shop.gateway.take_notifications()
    shop.gateway.later.refund(capture_of(payment), amount=eur(30))
    (sent,) = shop.gateway.take_notifications()
    told(shop, sent)
    told(shop, sent)
    (refund,) = shop.payments.statement(payment.id).refunds
    assert (Origin.PROVIDER, eur(30)) == (refund.origin, refund.moved_amount)
    after = shop.payments.get_payment(payment.id)
    assert (PaymentStatus.PARTIALLY_REFUNDED, ()) == (after.status, after.open_operations)


def test_a_hold_that_lapses_is_due_again_and_a_new_one_is_not() -> None:
    shop = bogus_shop()
    payment = shop.held()
    shop.gateway.take_notifications()
    shop.clock.forward(minutes=1)
    shop.gateway.later.lapse(capture_of(payment))
    told(shop)
    assert PaymentStatus.LAPSED is shop.payments.get_payment(payment.id).status
    assert eur(100) == shop.payments.balance(payment.payable_id).due
    shop.clock.forward(minutes=1)
    shop.gateway.later.change_authorization(capture_of(payment), eur(100))
    told(shop)
    assert PaymentStatus.AUTHORIZED is shop.payments.get_payment(payment.id).status
    assert eur(0) == shop.payments.balance(payment.payable_id).due


def test_a_dispute_that_nobody_told_of_is_not_found() -> None:
    shop = bogus_shop()
    payment = shop.taken()
    assert () == shop.payments.disputes_of(payment.id)
    with pytest.raises(NotFound):
        shop.payments.get_dispute("dp_1")
