"""The same money is one payment, whoever speaks of it and however often."""

from __future__ import annotations

from typing import Any

import pytest
from flow_builders import HELD_CARD, ScriptedGateway, Shop, eur, scripted_shop
from notifying import NotifyingGateway, notifying_shop, tell

from paysession import Capture, Payable, Payment, PaymentSession
from paysession._domain.attempts import Attempt
from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    AuthorizationLapsed,
    Authorized,
    Captured,
    Fact,
    ReferenceChanged,
    ReferenceRole,
    References,
    Report,
    Retaken,
    Unknown,
)


def _paid_while_closing(
    references: References,
) -> tuple[Shop[ScriptedGateway], PaymentSession, Attempt]:
    """A completion timed out; closing the session then found that it was paid."""
    shop = scripted_shop(
        complete_session=TimeoutError(), close_session=Captured(eur(100), references=references)
    )
    session = shop.completed()
    completion = shop.attempt(session)
    shop.gateway.then("look_up", TimeoutError())
    session = shop.payments.cancel_session(session.id)
    assert session.succeeded
    return shop, session, completion


def _heard_late(shop: Shop[Any], attempt: Attempt, fact: Fact) -> None:
    """The answer to an attempt's call arrives long after its time-out."""
    flow = settle(attempt, fact, source=EvidenceSource.RESPONSE, at=shop.clock.now)
    drive(flow, shop.payments.ports)


@pytest.mark.parametrize("word", [Captured, Retaken])
@pytest.mark.parametrize(
    "references",
    [References(), References.of(authorization="pi_1"), References.of(capture="ch_1")],
)
def test_two_attempts_that_speak_of_the_same_money_make_one_payment(
    references: References, word: type[Captured | Retaken]
) -> None:
    shop, session, completion = _paid_while_closing(references)

    _heard_late(shop, completion, word(eur(100), references=references))

    assert eur(100) == shop.account()["paid"]
    assert session.payment_id == shop.payments.get_session(session.id).payment_id


def test_other_money_for_a_completed_session_is_a_payment_of_its_own_and_paid_twice() -> None:
    shop, session, completion = _paid_while_closing(References.of(authorization="pi_1"))

    _heard_late(shop, completion, Captured(eur(100), references=References.of(capture="ch_2")))

    assert eur(200) == shop.account()["paid"]
    session = shop.payments.get_session(session.id)
    late = shop.payments.get_payment(_payment_of(shop, completion))
    assert session.status is SessionStatus.COMPLETED
    assert late.id != session.payment_id
    assert ["paid_twice", "overpaid"] == [each.kind for each in late.discrepancies]


def _payment_of(shop: Shop[ScriptedGateway], attempt: Attempt) -> str:
    stored = shop.store.get(Attempt, attempt.id, tenant="")
    assert stored is not None
    assert stored.payment_id is not None
    return stored.payment_id


def test_money_for_a_canceled_session_becomes_a_payment_and_reopens_nothing() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.completed()
    completion = shop.attempt(session)
    shop.gateway.then("look_up", TimeoutError())
    session = shop.payments.cancel_session(session.id)
    assert session.status is SessionStatus.CANCELED

    _heard_late(shop, completion, Captured(eur(100)))

    statement = shop.payments.statement(session.id)
    assert statement.session is not None
    assert statement.session.status is SessionStatus.CANCELED
    assert statement.payment is not None
    assert ["paid_after_close"] == [each.kind for each in statement.payment.discrepancies]
    assert eur(100) == statement.account.paid


@pytest.mark.parametrize("times", [2, 3])
def test_a_fact_that_is_known_changes_nothing(times: int) -> None:
    shop, _, completion = _paid_while_closing(References())
    before = shop.snapshot()

    for _ in range(times):
        _heard_late(shop, completion, Captured(eur(100)))
    after = shop.snapshot()
    _heard_late(shop, completion, Captured(eur(100)))

    assert after == shop.snapshot()
    assert before != after


def test_doubt_about_a_movement_that_was_settled_meanwhile_changes_nothing() -> None:
    shop = scripted_shop()
    payment = shop.held()

    def settle_and_time_out(request: object) -> Unknown:
        shop.clock.forward(hours=1)
        shop.gateway.then("capture", Captured(eur(100)))
        shop.payments.recover()
        return Unknown("late")

    shop.gateway.then("capture", settle_and_time_out)

    capture = shop.payments.capture(payment.id)

    assert capture.status is OperationStatus.SUCCEEDED
    assert capture.doubt is None
    assert eur(100) == shop.account()["paid"]


def _paid_without_an_id() -> tuple[Shop[NotifyingGateway], PaymentSession, Payment]:
    shop = notifying_shop()
    shop.gateway.then("complete_session", Authorized(eur(100)))
    session = shop.completed(method=HELD_CARD)
    payment = shop.payment_of(session)
    assert payment.references.get(ReferenceRole.AUTHORIZATION) is None
    return shop, session, payment


def test_money_that_was_answered_without_an_id_learns_it_from_whoever_tells_of_it() -> None:
    shop, session, payment = _paid_without_an_id()
    named = References.of(authorization="pi_1")

    tell(shop, Report(Authorized(eur(100), references=named), our_reference=session.attempt_id))

    known = shop.payments.get_payment(payment.id)
    assert "pi_1" == known.references.get(ReferenceRole.AUTHORIZATION)
    tell(shop, Report(AuthorizationLapsed(eur(30), references=named)))
    assert eur(30) == shop.payments.get_payment(payment.id).balances.lapsed


def test_money_that_is_renamed_before_its_first_id_was_heard_of_is_known_by_both() -> None:
    shop, session, payment = _paid_without_an_id()
    changed = ReferenceChanged("pi_1", references=References.of(authorization="pi_2"))
    tell(shop, Report(changed, our_reference=session.id))

    named = References.of(authorization="pi_1")
    _heard_late(shop, shop.attempt(session), Authorized(eur(100), references=named))
    shop.payments.capture(payment.id)

    known = shop.payments.get_payment(payment.id)
    (capture,) = shop.store.find(Capture, by="payment_id", value=payment.id, tenant="")
    assert ("pi_2", "pi_2") == tuple(
        each.get(ReferenceRole.AUTHORIZATION) for each in (known.references, capture.acts_on)
    )
    assert eur(100) == shop.account()["paid"]


def test_an_id_that_was_given_to_another_payments_id_is_no_id_of_this_one() -> None:
    shop, _, payment = _paid_without_an_id()
    order = Payable("or_2", total=eur(100))
    session = shop.payments.create_session(order, method=HELD_CARD)
    other = shop.payment_of(shop.payments.complete_session(session.id))
    former = other.references.get(ReferenceRole.AUTHORIZATION)
    assert former is not None
    changed = ReferenceChanged(former, references=References.of(authorization="pi_2"))

    tell(shop, Report(changed, our_reference=payment.id))

    known = shop.payments.get_payment(payment.id)
    assert known.references.get(ReferenceRole.AUTHORIZATION) is None
