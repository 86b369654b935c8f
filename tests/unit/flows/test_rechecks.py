"""What has ended is looked at again: what succeeded may bounce, and nobody may tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    NOW,
    ScriptedGateway,
    Shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
)
from payment_builders import Till

from paysession import Payment, PaymentMethod, PaymentSession, Refund
from paysession._domain.evidence import EvidenceSource
from paysession._domain.operations import Operation
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.gateways import Capabilities
from paysession.gateways.requests import CreateSessionRequest, Request
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Fact,
    Redirect,
    References,
    Refunded,
    Report,
    Retaken,
    ShowCode,
)

DAY, WEEK = timedelta(days=1), timedelta(days=7)
CHECKED = Capabilities(recheck_schedule=(DAY, WEEK))


def refunded(
    capabilities: Capabilities = CHECKED,
) -> tuple[Shop[ScriptedGateway], Refund]:
    shop = scripted_shop(capabilities)
    refund = shop.payments.refund(shop.taken().id)
    shop.gateway.calls.clear()
    return shop, refund


def due_of(shop: Shop[Any], operation: Operation) -> object:
    return shop.payments.get_refund(operation.id).due_at


# The schedule


def test_what_succeeded_is_looked_at_again_on_the_gateway_s_schedule() -> None:
    shop, refund = refunded()
    assert NOW + DAY == due_of(shop, refund)
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", seen(Refunded(eur(100))), seen(Refunded(eur(100))))

    shop.payments.recover()

    assert NOW + WEEK == due_of(shop, refund)
    assert {"look_up"} == set(shop.gateway.methods)


def test_the_schedule_comes_to_an_end() -> None:
    shop, refund = refunded()
    for day in range(1, 30):
        shop.clock.now = NOW + day * DAY
        shop.gateway.then("look_up", *([seen(Refunded(eur(100)))] * 3))
        shop.payments.recover()

    assert due_of(shop, refund) is None
    of_refund = [each for each in shop.gateway.calls if each.operation_id == refund.id]
    assert 2 == len(of_refund)


def test_without_a_schedule_nothing_is_looked_at_again() -> None:
    shop, refund = refunded(Capabilities())

    assert due_of(shop, refund) is None


def test_what_was_settled_late_is_looked_at_from_its_settlement_on() -> None:
    shop = scripted_shop(CHECKED, refund=TimeoutError())
    refund = shop.payments.refund(shop.taken().id)
    shop.clock.forward(hours=3)
    shop.gateway.then("look_up", seen(Refunded(eur(100))))

    shop.payments.recover()

    assert shop.clock.now + DAY == due_of(shop, refund)


def test_what_failed_is_not_looked_at_again() -> None:
    shop = scripted_shop(CHECKED)
    payment = shop.held()
    shop.gateway.then("capture", Bounced(DECLINE))

    assert shop.payments.capture(payment.id).due_at is not None


# What it finds


def test_a_customer_who_paid_in_the_browser_and_never_came_back_is_found() -> None:
    shop = scripted_shop(CHECKED)
    session = shop.opened()
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.recover()

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


@pytest.mark.parametrize("fact", [Authorized(eur(100)), Captured(eur(100))])
def test_a_customer_who_paid_after_all_what_was_declined_in_their_absence_is_found(
    fact: Fact,
) -> None:
    till = Till(CHECKED, charge=Declined(DECLINE))
    payment = till.charged()
    assert PaymentStatus.FAILED is payment.status

    till.clock.now += DAY
    till.gateway.then("look_up", seen(fact))
    till.payments.recover()

    assert eur(100) == till.newest(payment).balances.authorized
    assert eur(0) == till.in_order().due


def test_a_charge_that_stays_declined_is_looked_at_until_the_schedule_ends() -> None:
    till = Till(CHECKED, charge=Declined(DECLINE))
    payment = till.charged()
    for _ in range(10):
        till.clock.now += DAY
        till.gateway.then("look_up", seen(Declined(DECLINE)))
        till.payments.recover()

    assert 2 == till.gateway.methods.count("look_up")
    assert PaymentStatus.FAILED is till.newest(payment).status


def test_money_of_a_session_that_was_closed_at_the_provider_is_found() -> None:
    shop = scripted_shop(CHECKED)
    session = shop.opened()
    shop.payments.cancel_session(session.id)
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.recover()

    payments = [each for each in shop.store.entities() if isinstance(each, Payment)]
    assert ["paid_after_close"] == [one.kind for each in payments for one in each.discrepancies]


@pytest.mark.parametrize("end", [Canceled(), Expired(), Declined(DECLINE, ends=Ends.OBJECT)])
def test_money_of_a_session_that_its_provider_ended_is_found(end: Fact) -> None:
    shop = scripted_shop(CHECKED, create_session=Accepted())
    session = shop.opened()
    told = settle(shop.attempt(session), end, source=EvidenceSource.NOTIFICATION, at=NOW)
    drive(told, shop.payments.ports)
    assert shop.payments.get_session(session.id).is_closed

    shop.clock.now += DAY
    shop.gateway.then("look_up", seen(Captured(eur(100))))
    shop.payments.recover()

    assert eur(100) == shop.account()["paid"]


def test_a_refund_that_bounced_without_a_word_is_found() -> None:
    shop, refund = refunded()
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", *([_found(refund, Bounced(DECLINE))] * 3))

    shop.payments.recover()

    assert OperationStatus.FAILED is shop.payments.get_refund(refund.id).status
    payment = shop.payments.get_payment(refund.payment_id)
    assert eur(100) == payment.balances.refundable


def _found(operation: Operation, *facts: Fact) -> Any:
    def answer(request: Request[Any]) -> tuple[Report, ...]:
        if request.operation_id != operation.id:
            return ()
        return tuple(Report(fact, our_reference=operation.id) for fact in facts)

    return answer


def test_a_capture_that_failed_late_and_was_taken_again_is_found() -> None:
    shop = scripted_shop(CHECKED)
    capture = shop.payments.capture(shop.held().id)
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", *([_found(capture, Bounced(DECLINE))] * 3))
    shop.payments.recover()
    assert OperationStatus.FAILED is shop.payments.get_capture(capture.id).status

    shop.clock.now = NOW + 2 * DAY
    again = Retaken(eur(100), occurred_at=NOW + timedelta(hours=30))
    shop.gateway.answers["look_up"] = [_found(capture, again)] * 3
    shop.payments.recover()

    assert shop.payments.get_capture(capture.id).succeeded
    assert eur(100) == shop.account()["paid"]


def test_money_taken_in_one_step_that_came_undone_is_found() -> None:
    shop = scripted_shop(CHECKED)
    session = shop.completed()
    attempt = shop.attempt(session)
    shop.clock.now = NOW + DAY
    shop.gateway.then("look_up", *([_found(attempt, Captured(eur(100)), Bounced(DECLINE))] * 2))

    shop.payments.recover()

    assert eur(0) == shop.account()["paid"]


def test_the_call_is_never_repeated_though_the_provider_knows_nothing_of_it() -> None:
    shop, refund = refunded()
    shop.clock.now = NOW + DAY

    shop.payments.recover()

    assert {"look_up"} == set(shop.gateway.methods)
    assert shop.payments.get_refund(refund.id).succeeded


def test_what_was_never_sent_is_not_looked_at() -> None:
    shop = scripted_shop(CHECKED)
    shop.gateways["till"] = ScriptedGateway(
        Capabilities(settled_by_person=True, recheck_schedule=(DAY,))
    )
    check = PaymentMethod(
        id="pm_9", name="Check", gateway="till", session_required=False, source_required=False
    )
    payment = shop.payments.create_payment(order(), method=check)

    assert shop.payments.mark_paid(payment.id).due_at is None


# Nobody answers


def deaf(shop: Shop[ScriptedGateway]) -> None:
    shop.gateway.answers["look_up"] = [TimeoutError()] * 5


def test_a_look_that_nobody_answers_is_taken_again_soon() -> None:
    shop, refund = refunded()
    shop.clock.now = NOW + DAY
    deaf(shop)
    shop.payments.recover()
    due = due_of(shop, refund)
    assert shop.clock.now < due <= shop.clock.now + timedelta(hours=1)  # type: ignore[operator]

    shop.clock.forward(hours=1)
    shop.gateway.answers["look_up"] = [_found(refund, Bounced(DECLINE))] * 3
    shop.payments.recover()

    assert OperationStatus.FAILED is shop.payments.get_refund(refund.id).status


def test_a_provider_that_never_answers_again_is_asked_no_more_in_the_end() -> None:
    shop, refund = refunded()
    for _ in range(200):
        shop.clock.forward(hours=6)
        deaf(shop)
        shop.payments.recover()

    assert due_of(shop, refund) is None
    assert shop.payments.get_refund(refund.id).succeeded
    assert not shop.payments.get_refund(refund.id).attention


def test_news_that_come_while_nobody_answers_are_not_overwritten() -> None:
    shop, refund = refunded()
    shop.clock.now = NOW + DAY

    def told_meanwhile(_: object) -> object:
        flow = settle(
            refund, Retaken(eur(100)), source=EvidenceSource.NOTIFICATION, at=shop.clock.now
        )
        drive(flow, shop.payments.ports)
        raise TimeoutError

    shop.gateway.then("look_up", told_meanwhile, told_meanwhile, told_meanwhile)

    shop.payments.recover()

    assert shop.payments.get_refund(refund.id).succeeded


def test_what_is_open_again_by_then_is_not_put_off() -> None:
    shop, refund = refunded()
    shop.clock.now = NOW + DAY

    def contradicted() -> None:
        told = Declined(DECLINE)
        flow = settle(refund, told, source=EvidenceSource.NOTIFICATION, at=shop.clock.now)
        drive(flow, shop.payments.ports)

    def hangs_up(request: Request[Any]) -> object:
        if request.operation_id == refund.id:
            shop.clock.at_readings = [lambda: None, contradicted]
        raise TimeoutError

    shop.gateway.then("look_up", hangs_up, hangs_up, hangs_up)

    shop.payments.recover()

    after = shop.payments.get_refund(refund.id)
    assert after.is_contradicted
    assert NOW + DAY == after.due_at


# Customers who pay at the provider's own page


def hosted(
    expires_in: timedelta | None = None, capabilities: Capabilities | None = None
) -> tuple[Shop[ScriptedGateway], PaymentSession]:
    shop = scripted_shop(capabilities, create_session=_page)
    session = shop.payments.create_session(
        order(),
        method=CARD,
        hosted=True,
        expires_at=None if expires_in is None else NOW + expires_in,
    )
    shop.gateway.calls.clear()
    return shop, session


def _page(request: CreateSessionRequest) -> Accepted:
    return Accepted(
        next_action=Redirect("https://pay.example/1"),
        references=References.of(session=f"cs_{request.session_id}"),
    )


def test_a_customer_who_pays_at_the_provider_s_page_and_never_comes_back_is_found() -> None:
    shop, session = hosted()
    shop.clock.forward(hours=2)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.recover()

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status
    assert eur(100) == shop.account()["paid"]


def test_a_customer_at_the_provider_s_page_is_looked_for_seven_days() -> None:
    shop, session = hosted()
    while shop.attempt(session).due_at is not None:
        shop.clock.forward(hours=6)
        shop.payments.recover()

    assert WEEK <= shop.clock.now - NOW < WEEK + timedelta(hours=13)
    assert {"look_up"} == set(shop.gateway.methods)


@pytest.mark.parametrize("answer", [(), TimeoutError()])
def test_a_customer_is_looked_for_until_the_session_s_time_is_over(answer: object) -> None:
    shop, session = hosted(timedelta(days=30))
    while shop.attempt(session).due_at is not None:
        shop.clock.forward(hours=6)
        shop.gateway.answers["look_up"] = [answer]
        shop.payments.recover()

    assert timedelta(days=30) <= shop.clock.now - NOW


@pytest.mark.parametrize(
    "told",
    [
        Accepted(next_action=Redirect("https://pay.example/1"), expires_at=NOW + 3 * WEEK),
        Accepted(next_action=ShowCode("00020126", expires_at=NOW + 3 * WEEK)),
    ],
    ids=["the page's time", "the code's time"],
)
def test_a_customer_is_looked_for_until_what_the_provider_shows_is_over(told: Accepted) -> None:
    shop = scripted_shop(create_session=told)
    session = shop.opened()
    shop.clock.now = NOW + 3 * WEEK
    assert shop.attempt(session).due_at is not None

    shop.payments.recover()

    assert shop.attempt(session).due_at is not None
    shop.clock.now = NOW + 4 * WEEK
    shop.payments.recover()
    assert shop.attempt(session).due_at is None


def test_nobody_is_looked_for_until_the_end_of_time() -> None:
    forever = datetime.max.replace(tzinfo=UTC)
    page = Redirect("https://pay.example/1")
    shop = scripted_shop(create_session=Accepted(next_action=page, expires_at=forever))
    session = shop.opened()
    shop.clock.now = NOW + timedelta(days=374)

    shop.payments.recover()

    assert shop.attempt(session).due_at is None


def test_a_session_that_nobody_has_to_leave_for_is_not_watched() -> None:
    shop = scripted_shop()
    session = shop.opened(card())

    assert shop.attempt(session).due_at is None


def test_late_money_of_a_page_that_was_closed_here_is_found() -> None:
    shop, session = hosted(capabilities=Capabilities(honours_keys=False))
    shop.payments.cancel_session(session.id)
    shop.clock.forward(hours=2)
    shop.gateway.then("look_up", *([_money_of(session)] * 2))

    shop.payments.recover()

    payments = [each for each in shop.store.entities() if isinstance(each, Payment)]
    assert ["paid_after_close"] == [one.kind for each in payments for one in each.discrepancies]


def _money_of(session: PaymentSession) -> Any:
    def answer(request: Request[Any]) -> tuple[Report, ...]:
        if request.operation_id != session.attempt_id:
            return ()
        return (Report(Captured(eur(100)), our_reference=request.operation_id),)

    return answer
