"""A provider that holds what was to be taken at once: it is taken, once."""

from __future__ import annotations

from flow_builders import CARD, HELD_CARD, eur, order, scripted_shop
from payment_builders import STORED, Till

from paysession._domain.evidence import EvidenceSource
from paysession._domain.operations import Origin
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import Authorized, Captured, References

HELD = Authorized(eur(100), references=References.of(authorization="auth_1"))
TAKEN = Captured(eur(100), references=References.of(capture="cap_1"))


def test_what_was_to_be_taken_at_once_is_taken() -> None:
    shop = scripted_shop(complete_session=HELD, capture=TAKEN)
    session = shop.payments.create_session(order(), method=CARD)

    session = shop.payments.complete_session(session.id)

    assert SessionStatus.COMPLETED is session.status
    assert ["create_session", "complete_session", "capture"] == shop.gateway.methods
    payment = shop.payments.get_payment(str(session.payment_id))
    (capture,) = shop.payments.statement(payment.id).captures
    assert (PaymentStatus.CAPTURED, Origin.POLICY) == (payment.status, capture.origin)
    assert eur(100) == shop.payments.balance(order()).paid


def test_so_is_what_a_charge_was_to_take() -> None:
    till = Till(charge=HELD, capture=TAKEN)

    payment = till.payments.charge(order(), method=CARD, source=STORED)

    assert PaymentStatus.CAPTURED is payment.status
    assert ["charge", "capture"] == till.calls


def test_what_was_to_be_held_is_only_held() -> None:
    shop = scripted_shop(complete_session=HELD)
    session = shop.payments.create_session(order(), method=HELD_CARD)

    session = shop.payments.complete_session(session.id)

    assert "capture" not in shop.gateway.methods
    payment = shop.payments.get_payment(str(session.payment_id))
    assert PaymentStatus.AUTHORIZED is payment.status


def test_a_capture_that_was_not_answered_is_made_by_recovery_and_not_twice() -> None:
    shop = scripted_shop(complete_session=HELD, capture=TimeoutError())
    session = shop.payments.create_session(order(), method=CARD)
    session = shop.payments.complete_session(session.id)
    shop.gateway.then("capture", TAKEN)

    for _ in range(3):
        shop.clock.forward(hours=1)
        shop.payments.recover()

    keys = {each.key for each in shop.gateway.calls if each.method == "capture"}
    assert 1 == len(keys)
    payment = shop.payments.get_payment(str(session.payment_id))
    assert PaymentStatus.CAPTURED is payment.status


def test_money_for_a_session_that_is_over_is_not_taken_by_itself() -> None:
    shop = scripted_shop()
    session = shop.payments.create_session(order(), method=CARD)
    attempt = shop.attempt(session)
    shop.payments.cancel_session(session.id)
    before = len(shop.gateway.calls)

    late = settle(attempt, HELD, source=EvidenceSource.NOTIFICATION, at=shop.clock.now)
    assert () == drive(late, shop.payments.ports)

    (payment,) = shop.payments.payments_of("or_1")
    assert PaymentStatus.AUTHORIZED is payment.status
    assert ["paid_after_close"] == [str(each.kind) for each in payment.discrepancies]
    assert before == len(shop.gateway.calls)
