"""What the customer approved, and nobody asked for yet, is due again once they cancel."""

from __future__ import annotations

import pytest
from flow_builders import eur, seen
from payment_builders import Till

from paysession import Money, Payable, PaymentMethod, Payments, StoredSource
from paysession.gateways import BogusGateway, Gateway, OfflineGateway
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Approved

ORDER = Payable("or_1", total=Money("110.00", "USD"))
CARD = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")
CHECK = PaymentMethod(
    id="pm_2", name="Check", gateway="offline", session_required=False, source_required=False
)


class WithoutClosing(BogusGateway):
    """Its provider closes no session."""

    close_session = Gateway.close_session


@pytest.mark.parametrize("gateway", [BogusGateway(), WithoutClosing()], ids=["closes", "does not"])
def test_a_session_that_was_approved_and_canceled_reserves_nothing(gateway: BogusGateway) -> None:
    payments = Payments({"bogus": gateway})
    token = gateway.token(complete="require_action")
    source = StoredSource(id="src_1", profile_id=token)
    session = payments.create_session(ORDER, method=CARD, source=source)
    session = payments.complete_session(session.id)
    gateway.later.approve(session.attempt_id)
    for each in gateway.take_notifications():
        payments.receive_notification("bogus", body=each.body, headers=each.headers)
    assert Money("110.00", "USD") == payments.balance(ORDER.id).in_flight

    session = payments.cancel_session(session.id)

    assert SessionStatus.CANCELED is session.status
    assert Money("0.00", "USD") == payments.balance(ORDER.id).in_flight
    assert ORDER.total == payments.balance(ORDER.id).due


def test_a_session_that_was_approved_and_is_needed_no_more_reserves_nothing() -> None:
    gateway = BogusGateway()
    payments = Payments({"bogus": gateway, "offline": OfflineGateway()})
    check = payments.create_payment(ORDER, method=CHECK)
    source = StoredSource(id="src_1", profile_id=gateway.token(complete="require_action"))
    session = payments.create_session(ORDER, method=CARD, source=source)
    session = payments.complete_session(session.id)
    gateway.later.approve(session.attempt_id)
    for each in gateway.take_notifications():
        payments.receive_notification("bogus", body=each.body, headers=each.headers)

    payments.mark_paid(check.id)

    assert SessionStatus.CANCELED is payments.get_session(session.id).status
    account = payments.balance(ORDER.id)
    assert (ORDER.total, Money("0.00", "USD")) == (account.paid, account.in_flight)


def test_what_turns_out_to_be_approved_when_it_is_needed_no_more_reserves_nothing() -> None:
    till = Till(complete_session=TimeoutError())
    check, session = till.check(), till.completed()
    assert session.attempt_id is not None
    till.payments.mark_paid(check.id)

    till.gateway.then("look_up", seen(Approved()))
    for _ in range(2):
        till.clock.forward(minutes=10)
        till.payments.recover()

    assert SessionStatus.CANCELED is till.payments.get_session(session.id).status
    assert eur(0) == till.in_order().in_flight
