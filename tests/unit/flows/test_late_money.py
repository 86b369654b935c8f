"""Money that nobody waits for any more: it is recorded, told of, and kept or given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from flow_builders import DECLINE, Shop, eur, order, scripted_shop, seen
from notifying import NotifyingGateway, notifying_shop, tell
from payment_builders import STORED, Till

from paysession import (
    Attempt,
    CapturePolicy,
    LatePolicy,
    PayableAccount,
    Payment,
    PaymentMethod,
    PaymentSession,
    Refund,
    RefundReason,
    Void,
)
from paysession._domain.evidence import EvidenceSource
from paysession._domain.operations import Origin
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.gateways import Capabilities
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Bounced,
    Captured,
    Declined,
    Fact,
    Redirect,
    References,
    Refunded,
    Report,
    Retaken,
    UseSdk,
)

KEPT = PaymentMethod(id="pm_keep", name="Card", gateway="bogus")
GIVEN_BACK = PaymentMethod(id="pm_back", name="Card", gateway="bogus", on_late=LatePolicy.REFUND)
HELD_BACK = attrs.evolve(GIVEN_BACK, capture=CapturePolicy.MANUAL)
FIRST = References.of(authorization="pi_1")
SECOND = References.of(authorization="pi_2")
KEYLESS = Capabilities(honours_keys=False)


class Crash(BaseException):
    """The process is gone."""


def _completing(shop: Shop[Any], method: PaymentMethod) -> PaymentSession:
    """A session whose customer was sent to the bank."""
    shop.gateway.then("complete_session", ActionRequired(Redirect("https://bank.example/3ds")))
    session = shop.payments.create_session(order(), method=method)
    return shop.payments.complete_session(session.id)


def _canceled(shop: Shop[Any], method: PaymentMethod) -> PaymentSession:
    return shop.payments.cancel_session(_completing(shop, method).id)


def _expired(shop: Shop[Any], method: PaymentMethod) -> PaymentSession:
    expires_at = shop.clock.now + timedelta(minutes=10)
    session = shop.payments.create_session(order(), method=method, expires_at=expires_at)
    shop.gateway.then("complete_session", ActionRequired(UseSdk("challenge")))
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=10)
    (session,) = shop.payments.expire_sessions()
    return session


def _failed(shop: Shop[Any], method: PaymentMethod) -> PaymentSession:
    shop.gateway.then("create_session", Declined(DECLINE))
    return shop.payments.create_session(order(), method=method)


CLOSED: dict[str, Callable[[Shop[Any], PaymentMethod], PaymentSession]] = {
    "canceled": _canceled,
    "expired": _expired,
    "failed": _failed,
}


def _comes(shop: Shop[NotifyingGateway], session: PaymentSession, fact: Fact) -> None:
    tell(shop, Report(fact, our_reference=session.id))


def _payments(shop: Shop[Any], session: PaymentSession) -> list[Payment]:
    return list(shop.store.find(Payment, by="session_id", value=session.id, tenant=""))


def _late(shop: Shop[Any], session: PaymentSession) -> Payment:
    """The newest payment for a session."""
    return _payments(shop, session)[-1]


def _apart(shop: Shop[Any], session: PaymentSession) -> tuple[Payment, Payment]:
    """The payment that completed a session, and the other one."""
    payments = {each.id: each for each in _payments(shop, session)}
    completing = payments.pop(session.payment_id or "")
    (other,) = payments.values()
    return completing, other


def _kinds(payment: Payment) -> list[str]:
    return [str(each.kind) for each in payment.discrepancies if each.is_open]


def _made_by_policy(shop: Shop[Any], payment: Payment) -> list[Void | Refund]:
    voids = shop.store.find(Void, by="payment_id", value=payment.id, tenant="")
    refunds = shop.store.find(Refund, by="payment_id", value=payment.id, tenant="")
    movements: list[Void | Refund] = [*voids, *refunds]
    return [each for each in movements if each.origin is Origin.POLICY]


# Kept


@pytest.mark.parametrize("how", CLOSED)
@pytest.mark.parametrize("fact", [Authorized, Captured])
def test_money_for_a_closed_session_is_kept_unless_the_method_says_otherwise(
    how: str, fact: Callable[..., Fact]
) -> None:
    shop = notifying_shop()
    session = CLOSED[how](shop, KEPT)

    _comes(shop, session, fact(eur(100), references=FIRST))

    payment = _late(shop, session)
    assert (session.status, ["paid_after_close"]) == (
        shop.payments.get_session(session.id).status,
        _kinds(payment),
    )
    assert [] == _made_by_policy(shop, payment)
    assert eur(0) == shop.account()["due"]


def _paid_by_another_card(
    shop: Shop[NotifyingGateway], method: PaymentMethod
) -> tuple[PaymentSession, str]:
    """A completed session, and its attempt that the customer had gone on without."""
    session = _completing(shop, method)
    shop.gateway.then("complete_session", Captured(eur(100), references=FIRST))
    return shop.payments.complete_session(session.id), session.attempt_id


def test_a_second_payment_for_a_session_is_kept_and_told_of() -> None:
    shop = notifying_shop()
    session, superseded = _paid_by_another_card(shop, KEPT)

    tell(shop, Report(Captured(eur(100), references=SECOND), our_reference=superseded))

    first, second = _apart(shop, session)
    assert ([], ["paid_twice", "overpaid"]) == (_kinds(first), _kinds(second))
    assert [] == _made_by_policy(shop, second)


# Given back


@pytest.mark.parametrize("how", CLOSED)
def test_taken_money_for_a_closed_session_is_refunded_once(how: str) -> None:
    shop = notifying_shop()
    session = CLOSED[how](shop, GIVEN_BACK)
    late = Captured(eur(100), references=FIRST)

    _comes(shop, session, late)
    assert "refund" not in shop.gateway.methods, "a notification moves no money"
    shop.payments.recover()
    _comes(shop, session, late)
    shop.payments.recover()

    payment = _late(shop, session)
    (refund,) = _made_by_policy(shop, payment)
    assert isinstance(refund, Refund)
    assert (eur(100), RefundReason.LATE, True) == (refund.amount, refund.reason, refund.succeeded)
    assert 1 == shop.gateway.methods.count("refund")
    assert PaymentStatus.REFUNDED is payment.status
    assert session.status is shop.payments.get_session(session.id).status


@pytest.mark.parametrize("how", CLOSED)
def test_held_money_for_a_closed_session_is_released_once(how: str) -> None:
    shop = notifying_shop()
    session = CLOSED[how](shop, HELD_BACK)
    late = Authorized(eur(100), references=FIRST)

    _comes(shop, session, late)
    shop.payments.recover()
    _comes(shop, session, late)
    shop.payments.recover()

    payment = _late(shop, session)
    (void,) = _made_by_policy(shop, payment)
    assert isinstance(void, Void)
    assert (eur(100), True) == (void.amount, void.succeeded)
    assert 1 == shop.gateway.methods.count("void")
    assert PaymentStatus.VOIDED is payment.status


def test_a_second_payment_for_a_session_is_refunded_and_the_first_stays() -> None:
    shop = notifying_shop()
    session, superseded = _paid_by_another_card(shop, GIVEN_BACK)

    tell(shop, Report(Captured(eur(100), references=SECOND), our_reference=superseded))
    shop.payments.recover()

    first, second = _apart(shop, session)
    assert (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED) == (first.status, second.status)
    (refund,) = _made_by_policy(shop, second)
    assert isinstance(refund, Refund)
    assert RefundReason.DUPLICATE is refund.reason
    assert [] == _kinds(second), "it has gone back, so nobody has to look at it"
    account = shop.payments.balance("or_1")
    assert (eur(100), eur(0), "paid") == (account.paid, account.refunded, account.status)


@pytest.mark.parametrize("word", [Captured, Retaken])
def test_a_second_payment_that_nobody_asked_for_is_a_payment_of_its_own(
    word: type[Captured | Retaken],
) -> None:
    shop = notifying_shop()
    session = _paid_at_once(shop, KEPT)

    for _ in range(2):
        _comes(shop, session, word(eur(100), references=SECOND))

    first, second = _apart(shop, session)
    assert ([], ["paid_twice", "overpaid"]) == (_kinds(first), _kinds(second))
    assert [eur(100), eur(100)] == [each.balances.captured for each in (first, second)]
    assert eur(200) == shop.account()["paid"]


def test_it_goes_back_where_late_money_does() -> None:
    shop = notifying_shop()
    session = _paid_at_once(shop, GIVEN_BACK)

    for fact in (Authorized, Captured):
        _comes(shop, session, fact(eur(100), references=SECOND))
        shop.payments.recover()

    first, second = _apart(shop, session)
    assert (PaymentStatus.CAPTURED, eur(100)) == (first.status, shop.account()["paid"])
    assert eur(0) == second.balances.net == second.balances.held


def test_what_comes_undone_of_it_leaves_the_first_payment_alone() -> None:
    shop = notifying_shop()
    session = _paid_at_once(shop, KEPT)
    _comes(shop, session, Captured(eur(100), references=SECOND))

    undone = Bounced(DECLINE, references=SECOND)
    tell(shop, Report(undone, our_reference=session.attempt_id))

    first, second = _apart(shop, session)
    assert (eur(100), eur(0)) == (first.balances.captured, second.balances.captured)


def test_what_comes_undone_of_what_nobody_knows_is_no_second_payment() -> None:
    shop = notifying_shop()
    session = _paid_at_once(shop, KEPT)

    undone = Bounced(DECLINE, references=SECOND)
    tell(shop, Report(undone, our_reference=session.attempt_id))

    assert 1 == len(_payments(shop, session))


def test_money_of_another_session_is_not_taken_for_a_second_payment() -> None:
    shop = notifying_shop()
    session = _paid_at_once(shop, KEPT)
    shop.gateway.then("complete_session", Captured(eur(50), references=SECOND))
    other = shop.payments.create_session(order(50, order_id="or_2"), method=KEPT)
    shop.payments.complete_session(other.id)

    tell(shop, Report(Captured(eur(100), references=SECOND), our_reference=session.attempt_id))

    assert [1, 1] == [len(_payments(shop, each)) for each in (session, other)]
    assert eur(100) == shop.account()["paid"]


@pytest.mark.parametrize(
    ("first", "then"),
    [(FIRST, References()), (References(), FIRST), (References(), References())],
)
def test_late_money_that_is_not_always_named_is_one_payment(
    first: References, then: References
) -> None:
    shop = notifying_shop(None, close_session=Captured(eur(30), references=first))
    session = shop.payments.create_session(order(), method=KEPT)
    create_id = session.attempt_id
    session = shop.payments.cancel_session(session.id)
    assert SessionStatus.FAILED is session.status

    tell(shop, Report(Captured(eur(30), references=then), our_reference=create_id))

    (payment,) = _payments(shop, session)
    assert eur(30) == payment.balances.captured == payment.balances.refunded


def test_late_money_whose_id_its_refund_has_told_first_is_one_payment() -> None:
    shop = notifying_shop(None, close_session=Captured(eur(30)))
    shop.gateway.then("refund", Refunded(eur(30), references=FIRST))
    session = shop.payments.create_session(order(), method=KEPT)
    create_id = session.attempt_id
    session = shop.payments.cancel_session(session.id)

    tell(shop, Report(Captured(eur(30), references=FIRST), our_reference=create_id))

    (payment,) = _payments(shop, session)
    assert eur(30) == payment.balances.captured == payment.balances.refunded


def test_two_late_payments_that_are_named_are_two() -> None:
    shop = notifying_shop()
    session = _canceled(shop, KEPT)

    _comes(shop, session, Captured(eur(100), references=FIRST))
    _comes(shop, session, Captured(eur(100), references=SECOND))
    tell(shop, Report(Captured(eur(100)), our_reference=_completion_of(shop, session)))

    assert 3 == len(_payments(shop, session))


def _completion_of(shop: Shop[Any], session: PaymentSession) -> str:
    attempts = shop.store.find(Attempt, by="session_id", value=session.id, tenant="")
    return next(each.id for each in attempts if each.is_completing)


def _paid_at_once(shop: Shop[Any], method: PaymentMethod) -> PaymentSession:
    shop.gateway.then("complete_session", Captured(eur(100), references=FIRST))
    session = shop.payments.create_session(order(), method=method)
    return shop.payments.complete_session(session.id)


def test_what_is_given_back_pays_for_nothing_and_the_customer_may_start_again() -> None:
    shop = notifying_shop()
    session = _canceled(shop, GIVEN_BACK)
    other = shop.opened()

    _comes(shop, session, Captured(eur(100), references=FIRST))

    assert {"authorized": eur(0), "paid": eur(0), "due": eur(100)} == shop.account()
    assert SessionStatus.PENDING is shop.payments.get_session(other.id).status
    assert shop.payments.complete_session(other.id).succeeded


def test_what_is_being_released_pays_for_nothing_either() -> None:
    shop = notifying_shop()
    session = _canceled(shop, HELD_BACK)
    other = shop.opened()

    _comes(shop, session, Authorized(eur(100), references=FIRST))

    assert {"authorized": eur(0), "paid": eur(0), "due": eur(100)} == shop.account()
    assert SessionStatus.PENDING is shop.payments.get_session(other.id).status


def test_what_was_released_too_late_because_it_was_taken_is_refunded() -> None:
    shop = notifying_shop(None, void=Declined(DECLINE))
    session = _canceled(shop, HELD_BACK)

    _comes(shop, session, Authorized(eur(100), references=FIRST))
    _comes(shop, session, Captured(eur(100), references=FIRST))
    shop.payments.recover()

    payment = _late(shop, session)
    void, refund = _made_by_policy(shop, payment)
    assert (False, True) == (void.succeeded, refund.succeeded)
    assert PaymentStatus.REFUNDED is payment.status


def test_more_that_is_held_afterwards_is_released_too() -> None:
    shop = notifying_shop()
    session = _canceled(shop, HELD_BACK)
    _comes(shop, session, Authorized(eur(60), references=FIRST))
    shop.payments.recover()

    _comes(shop, session, Authorized(eur(100), references=FIRST))
    shop.payments.recover()

    assert [eur(60), eur(40)] == [
        each.amount for each in _made_by_policy(shop, _late(shop, session))
    ]
    assert PaymentStatus.VOIDED is _late(shop, session).status


def test_what_came_undone_by_itself_is_not_given_back() -> None:
    shop = notifying_shop()
    session = _canceled(shop, GIVEN_BACK)
    _comes(shop, session, Captured(eur(100), references=FIRST))
    shop.payments.recover()

    calls = list(shop.gateway.methods)
    late = Captured(eur(100), references=FIRST, occurred_at=shop.clock.now)
    _comes(shop, session, late)
    shop.payments.recover()

    assert calls == shop.gateway.methods


def test_giving_back_that_is_refused_is_a_person_s_to_look_at() -> None:
    shop = notifying_shop(None, refund=Declined(DECLINE))
    session = _canceled(shop, GIVEN_BACK)

    _comes(shop, session, Captured(eur(100), references=FIRST))
    shop.payments.recover()
    shop.payments.recover()

    (refund,) = _made_by_policy(shop, _late(shop, session))
    assert refund.attention
    assert refund.id in [each.id for each in shop.payments.needs_attention()]
    assert 1 == shop.gateway.methods.count("refund")
    assert eur(100) == shop.account()["paid"]


def test_giving_back_that_nobody_answered_is_asked_about_and_not_made_twice() -> None:
    shop = notifying_shop(KEYLESS, refund=TimeoutError())
    session = _canceled(shop, GIVEN_BACK)
    _comes(shop, session, Captured(eur(100), references=FIRST))

    shop.payments.recover()
    shop.clock.forward(minutes=10)
    shop.payments.recover()

    assert 1 == shop.gateway.methods.count("refund")
    assert _late(shop, session).open_operations


def test_a_crash_before_late_money_is_given_back_loses_nothing() -> None:
    shop = notifying_shop(None, refund=Crash())
    session = _canceled(shop, GIVEN_BACK)
    _comes(shop, session, Captured(eur(100), references=FIRST))

    with pytest.raises(Crash):
        shop.payments.recover()
    shop.clock.forward(minutes=10)
    shop.payments.recover()

    (refund,) = _made_by_policy(shop, _late(shop, session))
    assert refund.succeeded


@pytest.mark.parametrize("by", ["policy", "a person"])
def test_it_is_amiss_as_long_as_it_is_here_and_again_when_it_comes_back(by: str) -> None:
    shop = notifying_shop()
    session = _canceled(shop, GIVEN_BACK if by == "policy" else KEPT)
    _comes(shop, session, Captured(eur(100), references=FIRST))
    payment = _late(shop, session)
    assert ["paid_after_close"] == _kinds(payment)

    if by == "policy":
        shop.payments.recover()
    else:
        shop.payments.refund(payment.id)
    assert [] == _kinds(_late(shop, session))
    assert payment.id not in [each.id for each in shop.payments.needs_attention()]

    (refund,) = shop.store.find(Refund, by="payment_id", value=payment.id, tenant="")
    tell(shop, Report(Bounced(DECLINE), our_reference=refund.id))
    assert ["paid_after_close"] == _kinds(_late(shop, session))


# A session that is being closed


def test_money_for_a_session_that_is_being_canceled_goes_back_and_the_session_ends() -> None:
    shop = scripted_shop(KEYLESS, complete_session=TimeoutError(), close_session=TimeoutError())
    session = shop.payments.create_session(order(), method=GIVEN_BACK)
    shop.payments.complete_session(session.id)
    session = shop.payments.cancel_session(session.id)
    assert SessionStatus.CLOSING is session.status

    shop.gateway.then("look_up", seen(Captured(eur(100), references=FIRST)))
    for _ in range(2):
        shop.clock.forward(minutes=10)
        shop.payments.recover()

    payment = _late(shop, session)
    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    assert (PaymentStatus.REFUNDED, []) == (payment.status, _kinds(payment))
    assert {"authorized": eur(0), "paid": eur(0), "due": eur(100)} == shop.account()


@pytest.mark.parametrize("method", [HELD_BACK, GIVEN_BACK])
def test_what_the_close_itself_finds_goes_back_too(method: PaymentMethod) -> None:
    fact = Authorized if method is HELD_BACK else Captured
    shop = scripted_shop(close_session=fact(eur(100), references=FIRST))
    session = shop.payments.create_session(order(), method=method)

    session = shop.payments.cancel_session(session.id)

    assert SessionStatus.CANCELED is session.status
    (movement,) = _made_by_policy(shop, _late(shop, session))
    assert movement.succeeded


def test_where_late_money_is_kept_it_is_quicker_than_canceling() -> None:
    shop = scripted_shop(close_session=Captured(eur(100), references=FIRST))
    session = shop.payments.create_session(order(), method=KEPT)

    assert shop.payments.cancel_session(session.id).succeeded


def test_who_paid_in_time_is_not_refunded_because_the_session_was_about_to_expire() -> None:
    shop = scripted_shop(close_session=Captured(eur(100), references=FIRST))
    expires_at = shop.clock.now + timedelta(minutes=10)
    session = shop.payments.create_session(order(), method=GIVEN_BACK, expires_at=expires_at)
    shop.clock.forward(minutes=10)

    (session,) = shop.payments.expire_sessions()

    assert session.succeeded
    assert [] == _made_by_policy(shop, _late(shop, session))


def test_a_second_payment_of_a_covered_payable_goes_back() -> None:
    shop = scripted_shop(close_session=Captured(eur(100), references=SECOND))
    other = shop.payments.create_session(order(), method=GIVEN_BACK)

    shop.completed()

    assert SessionStatus.CANCELED is shop.payments.get_session(other.id).status
    assert PaymentStatus.REFUNDED is _late(shop, other).status
    account = shop.payments.balance("or_1")
    assert (eur(100), "paid") == (account.paid, account.status)


def test_money_that_is_kept_for_a_closed_session_may_cover_the_payable() -> None:
    shop = notifying_shop()
    session = _canceled(shop, KEPT)
    other = shop.opened()

    _comes(shop, session, Captured(eur(100), references=FIRST))
    shop.payments.recover()

    assert SessionStatus.CANCELED is shop.payments.get_session(other.id).status
    assert eur(100) == shop.account()["paid"]


# Money that nobody tells of


@pytest.mark.parametrize("end", ["paid", "canceled", "covered"])
def test_an_attempt_that_was_left_behind_is_looked_at_for_a_week(end: str) -> None:
    shop = scripted_shop()
    session = _completing(shop, GIVEN_BACK)
    left_behind = session.attempt_id
    match end:
        case "paid":
            shop.payments.complete_session(session.id)
        case "canceled":
            shop.payments.cancel_session(session.id)
        case _:
            shop.completed()

    shop.gateway.then("look_up", seen(Captured(eur(100), references=SECOND)))
    for _ in range(2):
        shop.clock.forward(minutes=10)
        shop.payments.recover()

    attempt = shop.store.get(Attempt, left_behind, tenant="")
    assert attempt is not None
    assert PaymentStatus.REFUNDED is shop.payments.get_payment(attempt.payment_id or "").status
    calls = len(shop.gateway.calls)
    shop.clock.forward(hours=24 * 8)
    shop.payments.recover()
    shop.payments.recover()
    assert calls == len(shop.gateway.calls)


# Payments without a session


def _given_up(till: Till, method: PaymentMethod) -> Payment:
    """A charge that asked the customer to act, and was given up."""
    till.gateway.then("charge", ActionRequired(UseSdk("challenge")))
    payment = till.payments.charge(order(), method=method, source=STORED)
    return till.payments.abandon_payment(payment.id)


def _heard(till: Till, payment: Payment, fact: Fact) -> None:
    """The provider tells what became of a payment's charge."""
    flow = settle(
        till.charge_of(payment), fact, source=EvidenceSource.NOTIFICATION, at=till.clock.now
    )
    drive(flow, till.payments.ports)


def test_money_for_a_payment_that_was_given_up_is_kept_and_told_of() -> None:
    till = Till()
    payment = _given_up(till, KEPT)

    _heard(till, payment, Captured(eur(100), references=FIRST))

    assert ["paid_after_close"] == _kinds(till.newest(payment))
    assert [] == _made_by_policy(till, payment)
    assert eur(100) == till.in_order().paid


@pytest.mark.parametrize("fact", [Authorized, Captured])
def test_money_for_a_payment_that_was_given_up_goes_back_once(fact: Callable[..., Fact]) -> None:
    till = Till()
    payment = _given_up(till, GIVEN_BACK)

    _heard(till, payment, fact(eur(100), references=FIRST))
    _heard(till, payment, fact(eur(100), references=FIRST))
    till.payments.recover()

    (movement,) = _made_by_policy(till, payment)
    assert (eur(100), True) == (movement.amount, movement.succeeded)
    assert (eur(0), eur(100)) == (till.in_order().paid, till.in_order().due)


def test_what_was_released_of_a_given_up_payment_and_taken_all_the_same_is_refunded() -> None:
    till = Till(void=Declined(DECLINE))
    payment = _given_up(till, GIVEN_BACK)

    _heard(till, payment, Authorized(eur(100), references=FIRST))
    _heard(till, payment, Captured(eur(100), references=FIRST))
    till.payments.recover()

    assert PaymentStatus.REFUNDED is till.newest(payment).status
    assert eur(100) == till.in_order().due


# Let go by a person


def test_kept_money_that_a_person_lets_go_pays_for_nothing_from_the_moment_it_is_asked() -> None:
    shop = notifying_shop()
    session = _canceled(shop, KEPT)
    _comes(shop, session, Authorized(eur(100), references=FIRST))
    shop.gateway.then("void", TimeoutError())

    void = shop.payments.void(_late(shop, session).id)

    account = shop.store.get(PayableAccount, "or_1", tenant="")
    assert account is not None
    assert (True, eur(0), eur(100)) == (void.is_unresolved, account.authorized, account.due)


def test_kept_money_that_waits_pays_for_nothing_once_it_is_let_go_with_the_rest() -> None:
    shop = notifying_shop()
    late = _canceled(shop, attrs.evolve(KEPT, capture=CapturePolicy.WHEN_COVERED))
    rest = shop.payments.create_session(order(), method=KEPT, amount=eur(40))
    _comes(shop, late, Authorized(eur(60), references=FIRST))

    shop.payments.cancel_session(rest.id)

    account = shop.store.get(PayableAccount, "or_1", tenant="")
    assert account is not None
    assert (eur(0), eur(100)) == (account.authorized, account.due)
