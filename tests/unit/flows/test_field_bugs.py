"""
What has gone wrong in the field, in other people's shops, does not go wrong here.

Each test names where the fault was reported, and the invariants that it breaks.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import CARD, Clock, Shop, card, eur, order

from paysession import Payment
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.movements import Refund
from paysession.errors import IllegalTransition, NothingDue, OperationUnresolved
from paysession.events import PayablePaid, PaymentRefunded, SessionCompleted
from paysession.gateways import BogusGateway, Capabilities, Notification
from paysession.gateways.requests import (
    CompleteSessionAnswer,
    CompleteSessionRequest,
    RefundRequest,
)
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import Captured, References
from paysession.views import checkout_api


class TellingGateway(BogusGateway):
    """Runs once what a test put there, while our call is under way at the provider."""

    meanwhile: Callable[[], object] | None = None

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        then, self.meanwhile = self.meanwhile, None
        if then is not None:
            then()
        return answer


def bogus_shop(capabilities: Capabilities | None = None) -> Shop[TellingGateway]:
    clock = Clock()
    return Shop(TellingGateway(capabilities=capabilities, clock=clock), clock=clock)


def told(shop: Shop[TellingGateway], kind: type) -> int:
    """How often an event of a kind was told: what a backend sends its mails by."""
    outbox = shop.store.unpublished(limit=1000, tenant="")
    return sum(isinstance(each.event, kind) for each in outbox)


def delivered(
    shop: Shop[TellingGateway], waiting: tuple[Notification, ...] | None = None
) -> tuple[Notification, ...]:
    """Let notifications come in: these, or all that the provider has to send."""
    coming = shop.gateway.take_notifications() if waiting is None else waiting
    for each in coming:
        shop.payments.receive_notification("bogus", body=each.body, headers=each.headers)
    return coming


def recovered(shop: Shop[TellingGateway], hours: int) -> None:
    """Run recovery every hour for so long."""
    for _ in range(hours):
        shop.clock.forward(hours=1)
        shop.payments.recover(limit=100)


def paid(shop: Shop[TellingGateway], **script: str) -> Payment:
    """A payment of 100 that was taken."""
    session = shop.opened(card(**script))
    session = shop.payments.complete_session(session.id).raise_for_failure()
    assert session.payment_id is not None
    return shop.payments.get_payment(session.payment_id)


def newest(shop: Shop[TellingGateway], payment: Payment) -> Payment:
    return shop.payments.get_payment(payment.id)


def refund_of(shop: Shop[TellingGateway], refund: Refund) -> Refund:
    return shop.payments.get_refund(refund.id)


def test_a_refund_that_is_unknown_for_more_than_a_day_is_never_failed_by_itself() -> None:
    """own-pay/OwnPay #222: refunds older than 24 hours were failed, and given back twice. (I26)"""
    shop = bogus_shop(Capabilities(honours_keys=False))
    payment = paid(shop, refund="timeout_after")
    refund = shop.payments.refund(payment.id)
    assert OperationStatus.REQUESTED is refund.status
    with pytest.raises((OperationUnresolved, IllegalTransition)):
        shop.payments.refund(payment.id, amount=eur(1))
    recovered(shop, 30)
    assert OperationStatus.SUCCEEDED is refund_of(shop, refund).status
    assert eur(100) == shop.gateway.given_back("EUR")
    assert eur(100) == newest(shop, payment).balances.refunded


def test_a_refund_that_nobody_can_find_out_about_is_left_to_a_person() -> None:
    """own-pay/OwnPay #222, where nobody can find out: its money stays reserved. (I26, I28)"""
    shop = bogus_shop(Capabilities(honours_keys=False))
    payment = paid(shop, refund="timeout_before")
    refund = shop.payments.refund(payment.id)
    recovered(shop, 30)
    after = refund_of(shop, refund)
    assert (True, True) == (after.is_open, after.attention)
    assert eur(100) == newest(shop, payment).balances.refund_in_flight


def test_a_refund_that_failed_is_not_shown_as_refunded_and_mails_nobody() -> None:
    """woocommerce-gateway-stripe #4405, easy-digital-downloads #9013. (I7)"""
    shop = bogus_shop()
    payment = paid(shop, refund="pending")
    refund = shop.payments.refund(payment.id)
    shop.gateway.let_pending_fail()
    delivered(shop)
    assert OperationStatus.FAILED is refund_of(shop, refund).status
    assert PaymentStatus.CAPTURED is newest(shop, payment).status
    assert (eur(0), eur(100)) == (
        newest(shop, payment).balances.refunded,
        newest(shop, payment).balances.refundable,
    )
    document = checkout_api.session(shop.payments.statement(payment.id))
    assert "SUCCEEDED" == document["status"]
    assert 0 == told(shop, PaymentRefunded)


@pytest.mark.parametrize("is_early", [True, False], ids=["before the answer", "after it"])
def test_a_notification_and_the_customer_s_return_complete_a_session_once(
    *, is_early: bool
) -> None:
    """WooPayments #3520, woocommerce-gateway-stripe #890, medusa #13301. (I17, I43)"""
    shop = bogus_shop()
    session, early = shop.opened(card()), list[Notification]()
    if is_early:
        shop.gateway.meanwhile = lambda: early.extend(delivered(shop))
    session = shop.payments.complete_session(session.id).raise_for_failure()
    late = delivered(shop)
    delivered(shop, (*early, *late))
    assert is_early == bool(early)
    again = shop.payments.complete_session(session.id)
    assert (SessionStatus.COMPLETED, session.payment_id) == (again.status, again.payment_id)
    assert (1, 1) == (told(shop, SessionCompleted), told(shop, PayablePaid))
    assert eur(100) == shop.gateway.taken("EUR")
    assert eur(100) == shop.payments.balance(order()).paid


def test_a_timer_never_cancels_what_the_provider_is_working_on() -> None:
    """WooPayments #3118: paid at the provider, canceled by the shop's own timer. (I21)"""
    shop = bogus_shop()
    session = shop.opened(card(complete="pending"), expires_in_minutes=60)
    session = shop.payments.complete_session(session.id)
    assert SessionStatus.PROCESSING is session.status
    shop.clock.forward(hours=2)
    shop.payments.expire_sessions(limit=100)
    assert SessionStatus.PROCESSING is shop.payments.get_session(session.id).status
    shop.gateway.let_pending_succeed()
    delivered(shop)
    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


def test_money_that_comes_after_the_end_is_neither_lost_nor_hidden() -> None:
    """WooPayments #3118, where the timer is quicker than the customer. (I16, I22)"""
    shop = bogus_shop()
    session = shop.opened(card(), expires_in_minutes=60)
    shop.clock.forward(hours=2)
    shop.payments.expire_sessions(limit=100)
    shop.gateway.later.pay(session.external_id)
    delivered(shop)
    assert SessionStatus.EXPIRED is shop.payments.get_session(session.id).status
    (payment,) = shop.store.find(Payment, by="session_id", value=session.id, tenant="")
    assert eur(100) == payment.balances.authorized
    kinds = {each.kind for each in payment.discrepancies if each.is_open}
    assert DiscrepancyKind.PAID_AFTER_CLOSE in kinds


def test_the_failure_of_an_old_attempt_does_not_reopen_a_checkout() -> None:
    """polarsource/polar #14274: a stale failure came in after the second card had paid. (I46)"""
    shop = bogus_shop()
    session = shop.opened(card(complete="decline:insufficient_funds"))
    session = shop.payments.complete_session(session.id)
    stale = shop.gateway.take_notifications()
    session = shop.payments.complete_session(session.id, source=card(complete="pending"))
    delivered(shop, stale)
    assert SessionStatus.PROCESSING is shop.payments.get_session(session.id).status
    shop.gateway.let_pending_succeed()
    delivered(shop)
    delivered(shop, stale)
    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


class OneIntentForAll(BogusGateway):
    """Pays whatever is completed with the same money."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return Captured(request.amount, references=References.of(authorization="pi_1"))


def test_one_intent_at_the_provider_pays_one_order() -> None:
    """WooPayments #6487: two orders were paid by one intent. (I22, I32)"""
    shop = Shop(OneIntentForAll())
    shop.payments.complete_session(shop.opened().id).raise_for_failure()
    other = order(order_id="or_2")
    second = shop.payments.create_session(other, method=CARD)
    second = shop.payments.complete_session(second.id)
    assert not second.succeeded
    assert [DiscrepancyKind.FOREIGN_REFERENCE] == [each.kind for each in second.discrepancies]
    assert (eur(100), eur(0)) == (
        shop.payments.balance(order()).paid,
        shop.payments.balance(other).paid,
    )


def test_a_refund_whose_notification_never_comes_is_looked_up() -> None:
    """HiEventsDev/hi.events #1067: the shop waited for an event that is never sent. (I28)"""
    shop = bogus_shop()
    payment = paid(shop, refund="pending")
    refund = shop.payments.refund(payment.id)
    shop.gateway.let_pending_succeed()
    shop.gateway.take_notifications()
    recovered(shop, 3)
    assert OperationStatus.SUCCEEDED is refund_of(shop, refund).status
    assert PaymentStatus.REFUNDED is newest(shop, payment).status


def test_a_refund_that_failed_does_not_block_the_next() -> None:
    """solidusio/solidus #3831, gumroad #5779. (I7)"""
    shop = bogus_shop()
    payment = paid(shop, refund="decline:processing_error")
    refused = shop.payments.refund(payment.id)
    assert OperationStatus.FAILED is refused.status
    assert eur(100) == newest(shop, payment).balances.refundable
    second = shop.payments.refund(payment.id)
    assert second.id != refused.id
    assert eur(100) == second.amount


def test_two_refunds_of_one_amount_are_two_and_a_repeat_is_one() -> None:
    """spree: the key was made of the amount, so that the second refund was never made. (I38)"""
    shop = bogus_shop()
    payment = paid(shop)
    for _ in range(2):
        shop.payments.refund(payment.id, amount=eur(10)).raise_for_failure()
    keys = [each.key for each in shop.gateway.calls if isinstance(each, RefundRequest)]
    assert 2 == len(set(keys))
    assert eur(20) == shop.gateway.given_back("EUR")
    shop = bogus_shop()
    payment = paid(shop, refund="timeout_before")
    refund = shop.payments.refund(payment.id, amount=eur(10))
    recovered(shop, 3)
    keys = [each.key for each in shop.gateway.calls if isinstance(each, RefundRequest)]
    assert [refund.id] == sorted(set(keys))
    assert 2 == len(keys)
    assert eur(10) == shop.gateway.given_back("EUR")


def test_a_success_that_looked_like_an_error_is_not_paid_twice() -> None:
    """PrestaShopCorp/ps_checkout #1546: it looked failed, and was paid again. (I26, I32)"""
    shop = bogus_shop()
    session = shop.opened(card(complete="timeout_after"))
    session = shop.payments.complete_session(session.id)
    assert SessionStatus.PROCESSING is session.status
    document = checkout_api.session(shop.payments.statement(session.id))
    assert "PENDING" == document["status"]
    with pytest.raises(NothingDue):
        shop.opened(card())
    again = shop.payments.complete_session(session.id)
    assert SessionStatus.COMPLETED is again.status
    assert eur(100) == shop.gateway.taken("EUR")
