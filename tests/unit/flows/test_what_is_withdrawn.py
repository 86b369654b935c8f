"""What the customer approved, and nobody asked for yet, is due again once they cancel."""

from __future__ import annotations

import pytest

from paysession import Money, Payable, PaymentMethod, Payments, StoredSource
from paysession.gateways import BogusGateway, Gateway
from paysession.lifecycles import SessionStatus

ORDER = Payable("or_1", total=Money("110.00", "USD"))
CARD = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")


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
