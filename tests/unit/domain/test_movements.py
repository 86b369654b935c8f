"""What each movement adds to the balances of its payment, and how it is told."""

from __future__ import annotations

import attrs
from domain_builders import (
    FAILURE,
    asked_capture,
    asked_refund,
    asked_void,
    authorized,
    eur,
    heard,
    held,
)

from paysession import events
from paysession._domain.balances import NO_EFFECT
from paysession._domain.movements import Capture, MovementOperation, Refund
from paysession._domain.operations import Origin
from paysession._domain.payment import Payment
from paysession._domain.recorded import Recorded
from paysession.lifecycles import OperationStatus
from paysession.outcomes import Bounced, Canceled, Captured, Declined, Pending, Refunded, Voided


def captured(amount: int = 100) -> tuple[Payment, Capture]:
    payment, capture = asked_capture(authorized(), amount)
    return payment.settle(capture, heard(Captured(eur(amount))))


def test_what_the_provider_did_by_itself_has_happened() -> None:
    _, authorization = held()
    assert ({"authorized": eur(100)}, False) == (authorization.effect, authorization.is_open)
    assert (events.PaymentAuthorized, eur(100)) == authorization.tells(NO_EFFECT)


def test_a_capture_is_in_flight_until_it_is_known_how_it_ended() -> None:
    payment, capture = asked_capture(authorized(), 60, is_final=True)
    asked = {"capture_in_flight": eur(60), "closing": eur(60)}
    assert eur(40) == payment.balances.void_in_flight
    assert asked == capture.effect
    assert asked == capture.observed(heard(Pending())).effect
    taken = capture.observed(heard(Captured(eur(60))))
    assert {"captured": eur(60), "closed": eur(60)} == taken.effect
    assert NO_EFFECT == capture.observed(heard(Declined(FAILURE))).effect
    assert (capture.id,) == payment.open_operations


def test_a_capture_of_another_amount_moves_the_providers() -> None:
    _, capture = asked_capture(authorized(), 60)
    less = capture.observed(heard(Captured(eur(50))))
    assert (eur(50), {"captured": eur(50)}) == (less.moved_amount, less.effect)
    assert eur(60) == capture.moved_amount


def test_a_sale_that_comes_undone_holds_nothing_any_more() -> None:
    _, capture = asked_capture(authorized(), 100)
    sale = attrs.evolve(capture, origin=Origin.ATTEMPT)
    assert {"undone": eur(100)} == sale.observed(heard(Bounced(FAILURE))).effect
    assert NO_EFFECT == capture.observed(heard(Bounced(FAILURE))).effect


def test_a_void_is_in_flight_until_it_is_known_how_it_ended() -> None:
    _, void = asked_void(authorized(), 60)
    assert {"voids_in_flight": eur(60)} == void.effect
    assert {"voids": eur(60)} == void.observed(heard(Voided(eur(60)))).effect
    assert NO_EFFECT == void.observed(heard(Declined(FAILURE))).effect


def test_a_refund_is_in_flight_until_it_is_known_how_it_ended() -> None:
    payment, capture = captured()
    _, refund = asked_refund(payment, 60, capture=capture)
    assert {"refund_in_flight": eur(60)} == refund.effect
    assert {"refunded": eur(60)} == refund.observed(heard(Refunded(eur(60)))).effect
    assert NO_EFFECT == refund.observed(heard(Declined(FAILURE))).effect


def test_a_refund_that_was_called_off_is_canceled_and_gives_back_nothing() -> None:
    _, refund = asked_refund(captured()[0], 60)
    canceled = refund.observed(heard(Canceled()))
    assert OperationStatus.CANCELED is canceled.status
    assert (NO_EFFECT, events.RefundCanceled) == (canceled.effect, canceled.event)
    assert OperationStatus.FAILED is refund.observed(heard(Declined(FAILURE))).status


def test_a_movement_is_told_by_where_it_stands_and_belongs_to_its_payment() -> None:
    _, capture = asked_capture(authorized())
    assert (events.CaptureRequested, "py_1") == (capture.event, capture.owner_id)
    assert events.CapturePending is capture.observed(heard(Pending())).event
    assert events.PaymentCaptured is capture.observed(heard(Captured(eur(100)))).event
    assert events.CaptureFailed is capture.observed(heard(Declined(FAILURE))).event


def test_a_kind_of_movement_must_say_its_effect() -> None:
    assert "effect" in Recorded.__abstractmethods__
    assert "effect" in MovementOperation.__abstractmethods__
    assert frozenset() == Capture.__abstractmethods__


def test_a_refund_names_the_capture_it_is_taken_from() -> None:
    payment, capture = captured()
    refund = asked_refund(payment, capture=capture)[1]
    assert isinstance(refund, Refund)
    assert (capture.id, eur(100)) == (refund.capture_id, refund.amount)
    assert asked_refund(payment)[1].capture_id is None
