"""What is rejected when it is repeated may have been done the first time."""

from __future__ import annotations

from flow_builders import DECLINE, eur, scripted_shop, stored, unknown_capture

from paysession.lifecycles import OperationStatus
from paysession.outcomes import Captured, Rejected


def test_a_repeat_that_is_rejected_leaves_the_operation_unknown() -> None:
    shop, payment, capture = unknown_capture()
    shop.gateway.then("capture", Rejected(DECLINE))

    shop.payments.recover()

    after = stored(shop, capture)
    assert after.status is OperationStatus.REQUESTED
    assert "a repeat was rejected: do_not_honor" == after.doubt
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capture_in_flight


def test_the_next_repeat_tells_that_it_was_done_the_first_time() -> None:
    shop, _, capture = unknown_capture()
    shop.gateway.then("capture", Rejected(DECLINE), Captured(eur(100)))

    shop.payments.recover()
    shop.clock.forward(minutes=10)
    shop.payments.recover()

    assert stored(shop, capture).succeeded


def test_a_first_call_that_is_rejected_has_failed() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", Rejected(DECLINE))

    capture = shop.payments.capture(payment.id)

    assert capture.status is OperationStatus.FAILED
