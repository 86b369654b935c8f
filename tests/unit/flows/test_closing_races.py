"""Races with the end of a session, each in both orders: money is never lost, nor taken twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    PATIENT_CARD,
    ScriptedGateway,
    Shop,
    eur,
    order,
    scripted_shop,
    seen,
)
from notifying import NotifyingGateway, notifying_shop, tell

from paysession import Payment, PaymentSession
from paysession.errors import ExpiredSession, IllegalTransition, OperationUnresolved, SessionClosing
from paysession.gateways import Capabilities, Gateway
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Fact,
    Pending,
    Redirect,
    References,
    Report,
)
from paysession.stores import Changes

ACTION = ActionRequired(Redirect("https://bank.example/3ds"))
KEYLESS = Capabilities(honours_keys=False)
PAID = Captured(eur(100), references=References.of(authorization="pi_1"))


class Crash(BaseException):
    """The process is gone."""


def _newest(shop: Shop[Any], session: PaymentSession) -> PaymentSession:
    return shop.payments.get_session(session.id)


def _kinds(shop: Shop[Any]) -> list[str]:
    """The open discrepancies of all payments."""
    payments = [each for each in shop.store.entities() if isinstance(each, Payment)]
    return [str(one.kind) for each in payments for one in each.discrepancies if one.is_open]


def _meanwhile(then: Callable[[], object], answer: object) -> Callable[[Any], object]:
    """While a call is under way something else happens; then the call is answered."""

    def answering(_: object) -> object:
        then()
        return answer

    return answering


def _ending_soon(shop: Shop[Any]) -> PaymentSession:
    """A session whose time is over in ten minutes."""
    return shop.payments.create_session(
        order(), method=CARD, expires_at=shop.clock.now + timedelta(minutes=10)
    )


# Cancel, and success


def test_success_that_is_told_while_the_close_is_under_way_completes_the_session() -> None:
    shop = notifying_shop()
    session = shop.opened()
    told = Report(PAID, our_reference=session.id)
    shop.gateway.then("close_session", _meanwhile(lambda: tell(shop, told), Canceled()))

    session = shop.payments.cancel_session(session.id)

    assert (True, []) == (session.succeeded, _kinds(shop))
    assert eur(100) == shop.account()["paid"]


def test_success_that_is_told_after_the_close_is_late() -> None:
    shop = notifying_shop()
    session = shop.payments.cancel_session(shop.opened().id)

    tell(shop, Report(PAID, our_reference=session.id))

    assert SessionStatus.CANCELED is _newest(shop, session).status
    assert (["paid_after_close"], eur(100)) == (_kinds(shop), shop.account()["paid"])


def test_who_pays_while_a_lost_close_is_looked_for_is_not_canceled() -> None:
    shop = scripted_shop(KEYLESS, close_session=TimeoutError())
    session = shop.payments.cancel_session(shop.opened().id)
    assert SessionStatus.CLOSING is session.status

    shop.gateway.then("look_up", seen(PAID))
    shop.clock.forward(minutes=5)
    shop.payments.recover()

    assert _newest(shop, session).succeeded


# Cancel, and completion by another process


def test_a_completion_that_is_under_way_when_the_session_is_canceled_is_not_lost() -> None:
    shop = scripted_shop()
    session = shop.opened()
    cancel = _meanwhile(lambda: shop.payments.cancel_session(session.id), PAID)
    shop.gateway.then("complete_session", cancel)

    shop.payments.complete_session(session.id)

    assert SessionStatus.CANCELED is _newest(shop, session).status
    assert (["paid_after_close"], eur(100)) == (_kinds(shop), shop.account()["paid"])


def test_what_an_unanswered_completion_took_is_found_after_the_session_was_closed() -> None:
    shop = scripted_shop(KEYLESS, complete_session=TimeoutError())
    session = shop.payments.cancel_session(shop.completed().id)
    assert SessionStatus.CANCELED is session.status

    shop.gateway.then("look_up", seen(PAID))
    shop.clock.forward(minutes=10)
    shop.payments.recover()

    assert SessionStatus.CANCELED is _newest(shop, session).status
    assert (["paid_after_close"], eur(100)) == (_kinds(shop), shop.account()["paid"])


def test_a_close_that_is_refused_because_of_it_changes_nothing() -> None:
    shop = scripted_shop(close_session=Declined(DECLINE))
    session = shop.opened()
    cancel = _meanwhile(lambda: shop.payments.cancel_session(session.id), PAID)
    shop.gateway.then("complete_session", cancel)

    assert shop.payments.complete_session(session.id).succeeded
    assert [] == _kinds(shop)


def test_a_session_that_is_being_closed_is_not_completed() -> None:
    shop = scripted_shop()
    session = shop.opened()

    def complete() -> None:
        with pytest.raises(SessionClosing):
            shop.payments.complete_session(session.id)

    shop.gateway.then("close_session", _meanwhile(complete, Canceled()))

    assert SessionStatus.CANCELED is shop.payments.cancel_session(session.id).status
    assert "complete_session" not in shop.gateway.methods


class UnclosingGateway(ScriptedGateway):
    """Closes no sessions."""

    close_session = Gateway.close_session


@pytest.mark.parametrize("fact", [PAID, Declined(DECLINE)])
def test_where_nobody_closes_canceling_waits_until_the_completion_is_known(fact: Fact) -> None:
    shop = Shop(UnclosingGateway(KEYLESS, complete_session=TimeoutError(), look_up=TimeoutError()))
    session = shop.completed()
    with pytest.raises(OperationUnresolved):
        shop.payments.cancel_session(session.id)
    assert SessionStatus.PROCESSING is _newest(shop, session).status

    shop.gateway.then("look_up", seen(fact))
    shop.clock.forward(minutes=5)
    session = shop.payments.cancel_session(session.id)

    is_paid = isinstance(fact, Captured)
    assert (SessionStatus.COMPLETED if is_paid else SessionStatus.CANCELED) is session.status
    assert (eur(100) if is_paid else eur(0)) == shop.account()["paid"]


def test_where_nobody_closes_of_canceling_and_completing_at_once_one_waits() -> None:
    shop = Shop(UnclosingGateway())
    session = shop.opened()

    def cancel() -> None:
        with pytest.raises(OperationUnresolved):
            shop.payments.cancel_session(session.id)

    shop.gateway.then("complete_session", _meanwhile(cancel, PAID))

    assert shop.payments.complete_session(session.id).succeeded


def test_what_the_customer_approved_is_not_asked_for_when_they_cancel_before_that() -> None:
    shop = _approved()
    session = shop.payments.sessions_of("or_1")[0]

    session = shop.payments.cancel_session(session.id)
    shop.clock.forward(minutes=5)
    shop.payments.recover()

    assert SessionStatus.CANCELED is _newest(shop, session).status
    assert 1 == shop.gateway.methods.count("complete_session")


def test_where_nobody_closes_it_is_not_asked_for_either() -> None:
    shop = _approved(UnclosingGateway)
    session = shop.payments.sessions_of("or_1")[0]

    session = shop.payments.cancel_session(session.id)

    assert SessionStatus.CANCELED is session.status
    assert 1 == shop.gateway.methods.count("complete_session")


def test_what_the_customer_approved_in_time_is_asked_for_and_does_not_expire() -> None:
    shop = _approved()
    shop.clock.forward(minutes=10)

    assert () == shop.payments.expire_sessions()
    shop.payments.recover()

    (session,) = shop.payments.sessions_of("or_1")
    assert session.succeeded


def _approved(
    kind: Callable[..., ScriptedGateway] = ScriptedGateway,
) -> Shop[ScriptedGateway]:
    """A session whose approval was recorded right before the process ended."""
    shop = Shop(kind(None, complete_session=ACTION))
    session = _ending_soon(shop)
    shop.payments.complete_session(session.id)
    shop.gateway.then("look_up", seen(Approved()))
    shop.clock.forward(minutes=5)
    commit = shop.store.commit

    def commit_and_crash(changes: Changes) -> None:
        commit(changes)
        if any(type(each.event).__name__ == "SessionApproved" for each in changes.events):
            raise Crash

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shop.store, "commit", commit_and_crash)
        with pytest.raises(Crash):
            shop.payments.recover()
    return shop


# Expiry, and an attempt in flight


@pytest.mark.parametrize("answer", [Pending(), TimeoutError()])
def test_expiry_never_starts_while_an_attempt_is_processing_or_unknown(answer: object) -> None:
    shop = scripted_shop(KEYLESS, complete_session=answer)
    session = _ending_soon(shop)
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=30)

    for _ in range(3):
        shop.payments.expire_sessions()
        shop.clock.forward(minutes=10)

    assert SessionStatus.PROCESSING is _newest(shop, session).status
    assert "close_session" not in shop.gateway.methods


def _completing_in_time(shop: Shop[Any], session: PaymentSession) -> Callable[[], None]:
    """Let the session's time be over, but not for somebody who completes it without an answer."""
    in_time = shop.clock.now
    shop.clock.forward(minutes=10)

    def complete() -> None:
        late, shop.clock.now = shop.clock.now, in_time
        shop.gateway.then("complete_session", TimeoutError())
        shop.payments.complete_session(session.id)
        shop.clock.now = late

    return complete


@pytest.mark.parametrize("closes", [True, False])
def test_expiry_does_not_start_though_the_attempt_began_just_before_it(closes: bool) -> None:
    shop = Shop((ScriptedGateway if closes else UnclosingGateway)(KEYLESS))
    session = _ending_soon(shop)
    shop.before_describing.then = _completing_in_time(shop, session)

    shop.payments.expire_sessions()

    assert SessionStatus.PROCESSING is _newest(shop, session).status
    assert "close_session" not in shop.gateway.methods


def test_expiry_looks_once_more_in_the_commit_that_starts_it() -> None:
    shop = scripted_shop(KEYLESS)
    session = _ending_soon(shop)
    shop.before_id.then = _completing_in_time(shop, session)

    shop.payments.expire_sessions()

    assert SessionStatus.PROCESSING is _newest(shop, session).status
    assert "close_session" not in shop.gateway.methods


def test_an_attempt_does_not_start_once_the_time_is_over_or_the_close_is_under_way() -> None:
    shop = scripted_shop()
    session = _ending_soon(shop)
    shop.clock.forward(minutes=10)
    with pytest.raises(ExpiredSession):
        shop.payments.complete_session(session.id)

    def complete() -> None:
        with pytest.raises(SessionClosing):
            shop.payments.complete_session(session.id)

    shop.gateway.then("close_session", _meanwhile(complete, Canceled()))
    (session,) = shop.payments.expire_sessions()

    assert SessionStatus.EXPIRED is session.status


def test_a_customer_who_acts_while_the_session_expires_has_paid() -> None:
    shop = scripted_shop(complete_session=ACTION, close_session=PAID)
    session = _ending_soon(shop)
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=10)

    (session,) = shop.payments.expire_sessions()

    assert (True, []) == (session.succeeded, _kinds(shop))


def test_a_customer_who_acts_after_it_has_expired_has_paid_late() -> None:
    shop = notifying_shop(None, complete_session=ACTION)
    session = _ending_soon(shop)
    attempt_id = shop.payments.complete_session(session.id).attempt_id
    shop.clock.forward(minutes=10)
    shop.payments.expire_sessions()

    tell(shop, Report(PAID, our_reference=attempt_id))

    assert SessionStatus.EXPIRED is _newest(shop, session).status
    assert ["paid_after_close"] == _kinds(shop)


# Expiry, and cancel


def test_of_canceling_and_expiring_at_once_one_closes_and_the_other_looks_on() -> None:
    shop = scripted_shop()
    session = _ending_soon(shop)
    shop.clock.forward(minutes=10)
    cancel = _meanwhile(lambda: shop.payments.cancel_session(session.id), Canceled())
    shop.gateway.then("close_session", cancel)

    (session,) = shop.payments.expire_sessions()

    assert SessionStatus.EXPIRED is session.status
    assert 1 == shop.gateway.methods.count("close_session")
    with pytest.raises(IllegalTransition):
        shop.payments.cancel_session(session.id)


# Two workers


@pytest.mark.parametrize("answer", [PAID, TimeoutError(), Pending()])
def test_two_workers_who_complete_one_session_ask_once(answer: object) -> None:
    shop = scripted_shop()
    session = shop.opened()
    seen_by_second: list[PaymentSession] = []

    def second(_: object) -> object:
        seen_by_second.append(shop.payments.complete_session(session.id))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    shop.gateway.then("complete_session", second)
    shop.payments.complete_session(session.id)

    assert 1 == shop.gateway.methods.count("complete_session")
    assert [SessionStatus.PROCESSING] == [each.status for each in seen_by_second]


def test_a_second_worker_after_the_first_is_told_that_it_is_paid() -> None:
    shop = scripted_shop()
    session = shop.completed()

    assert session == shop.payments.complete_session(session.id)
    assert 1 == shop.gateway.methods.count("complete_session")


# A new amount, and a customer who confirms the old one


def _unknown_update(to: int, *, patient: bool = False) -> tuple[Shop[NotifyingGateway], str]:
    """A session of 100 whose new amount nobody has confirmed."""
    shop = notifying_shop(KEYLESS, update_session=TimeoutError())
    method = PATIENT_CARD if patient else CARD
    session = shop.payments.create_session(order(), method=method)
    payable = order(max(to, 100))
    shop.payments.update_session(session.id, payable=payable, amount=eur(to))
    assert eur(100) == shop.payments.get_session(session.id).amount
    return shop, session.id


@pytest.mark.parametrize("to", [60, 120])
def test_the_old_amount_stands_until_the_new_one_is_agreed_to(to: int) -> None:
    shop, session_id = _unknown_update(to)

    tell(shop, Report(PAID, our_reference=session_id))

    session = shop.payments.get_session(session_id)
    assert (True, eur(100), []) == (session.succeeded, session.amount, _kinds(shop))


@pytest.mark.parametrize("to", [60, 120])
def test_money_of_the_new_amount_says_that_it_was_agreed_to(to: int) -> None:
    shop, session_id = _unknown_update(to)

    tell(shop, Report(Captured(eur(to)), our_reference=session_id))

    session = shop.payments.get_session(session_id)
    assert (True, eur(to), []) == (session.succeeded, session.amount, _kinds(shop))
    assert eur(to) == shop.payment_of(session).amount


def test_an_answer_to_the_update_after_that_changes_nothing() -> None:
    shop, session_id = _unknown_update(60)
    tell(shop, Report(Captured(eur(60)), our_reference=session_id))
    shop.gateway.then("look_up", seen(Accepted()))

    for _ in range(2):
        shop.clock.forward(minutes=10)
        shop.payments.recover()

    session = shop.payments.get_session(session_id)
    assert (True, eur(60), ()) == (session.succeeded, session.amount, session.open_attempts)


def test_money_of_neither_amount_is_compared_with_the_old_one() -> None:
    shop, session_id = _unknown_update(60, patient=True)

    tell(shop, Report(Captured(eur(70)), our_reference=session_id))

    assert ["underpaid"] == _kinds(shop)
    assert eur(100) == shop.payments.get_session(session_id).amount


def test_the_old_amount_after_it_was_lowered_completes_and_is_a_discrepancy() -> None:
    shop = notifying_shop()
    session = shop.opened()
    shop.payments.update_session(session.id, payable=order(60))

    tell(shop, Report(PAID, our_reference=session.id))

    assert _newest(shop, session).succeeded
    assert ["amount_mismatch", "overpaid"] == _kinds(shop)
    assert eur(100) == shop.account()["paid"]


def test_the_old_amount_after_it_was_raised_is_too_little_and_goes_back() -> None:
    shop = notifying_shop()
    session = shop.opened()
    shop.payments.update_session(session.id, payable=order(120))

    tell(shop, Report(PAID, our_reference=session.id))
    shop.payments.recover()

    payments = [each for each in shop.store.entities() if isinstance(each, Payment)]
    assert [PaymentStatus.REFUNDED] == [each.status for each in payments]
    assert SessionStatus.FAILED is _newest(shop, session).status
    assert eur(0) == shop.account()["paid"]


def test_money_that_came_while_the_update_was_asked_for_is_of_the_old_amount() -> None:
    shop = notifying_shop()
    session = shop.opened()
    told = Report(PAID, our_reference=session.id)
    shop.gateway.then("update_session", _meanwhile(lambda: tell(shop, told), Accepted()))

    session = shop.payments.update_session(session.id, payable=order(60))

    assert (True, eur(100)) == (session.succeeded, session.amount)


# Held money


def test_held_money_that_was_quicker_than_the_close_completes_as_taken_money_does() -> None:
    shop = scripted_shop(close_session=Authorized(eur(100)))

    assert shop.payments.cancel_session(shop.opened().id).succeeded
