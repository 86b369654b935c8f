"""A payable that costs something else now, and what can be read of its payments."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flow_builders import CARD, DECLINE, HELD_CARD, eur, order, seen
from payment_builders import STORED, Till

from paysession import Attempt, Money, Payable, Payment, PaymentSession
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Capture, Void
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession.errors import CurrencyMismatch, NotFound, UnsafeInput
from paysession.events import PayablePaid
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import ActionRequired, Approved, Captured, Declined, References, UseSdk
from paysession.stores import Changes


class Crash(BaseException):
    """The process ends."""


def test_a_payable_that_nobody_knew_gets_its_totals() -> None:
    till = Till()

    account = till.payments.update_payable(order(70))

    assert ("or_1", eur(70), eur(70), "unpaid") == (
        account.id,
        account.total,
        account.due,
        account.status,
    )
    assert account == till.payments.balance("or_1")
    assert [] == till.calls


def test_what_a_payable_costs_now_is_due() -> None:
    till = Till()
    till.charged(amount=eur(60))

    dearer = till.payments.update_payable(order(150))
    assert (eur(150), eur(90)) == (dearer.total, dearer.due)
    cheaper = till.payments.update_payable(Payable("or_1", total=eur(100), credit_outside=eur(30)))

    assert (eur(70), eur(10)) == (cheaper.owed, cheaper.due)
    assert 0 == till.told(PayablePaid)


def test_to_say_the_same_again_writes_nothing() -> None:
    till = Till()
    first = till.payments.update_payable(order())
    till.clock.forward(hours=1)
    before = till.snapshot()

    assert first == till.payments.update_payable(order())
    assert before == till.snapshot()


def test_credit_that_covers_what_it_costs_now_is_taken_at_once() -> None:
    till = Till()
    credit = till.with_credit(40)

    account = till.payments.update_payable(order(40))

    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert (eur(40), eur(0), "paid") == (account.paid, account.due, account.status)
    assert account == till.in_order()
    till.payments.update_payable(order(40))
    assert (1, ["charge", "capture"]) == (till.told(PayablePaid), till.credit.methods)


def test_credit_that_a_crash_left_is_taken_by_recovery() -> None:
    till = Till()
    credit = till.with_credit(40)
    till.credit.then("capture", Crash())

    with pytest.raises(Crash):
        till.payments.update_payable(order(40))
    till.clock.forward(minutes=5)
    till.payments.recover()

    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert (eur(40), 1) == (till.in_order().paid, till.told(PayablePaid))
    assert 1 == len(till.store.find(Capture, by="payment_id", value=credit.id, tenant=""))


def test_credit_that_does_not_cover_it_yet_stays_held() -> None:
    till = Till()
    credit = till.with_credit(40)

    till.payments.update_payable(order(41))

    assert (PaymentStatus.AUTHORIZED, eur(1)) == (till.newest(credit).status, till.in_order().due)


def test_it_is_told_once_that_what_was_paid_is_enough_now() -> None:
    till = Till()
    till.charged(amount=eur(60))

    for total in (60, 80, 60):
        till.payments.update_payable(order(total))

    assert (1, "paid") == (till.told(PayablePaid), till.in_order().status)


Before = Callable[[Till], object]
KNOWN: dict[str, Before] = {
    "a part was paid": lambda till: till.charged(amount=eur(40)),
    "credit is held": lambda till: till.with_credit(40),
    "a session is open": lambda till: till.payments.create_session(order(), method=CARD),
    "a check is waited for": lambda till: till.check(),
    "it was paid and given back": lambda till: till.payments.refund(till.charged().id),
}


@pytest.mark.parametrize("known", KNOWN)
def test_another_currency_is_refused_and_nothing_is_written(known: str) -> None:
    till = Till()
    KNOWN[known](till)
    before, calls = till.snapshot(), till.calls

    with pytest.raises(CurrencyMismatch):
        till.payments.update_payable(Payable("or_1", total=Money(100, "USD")))

    assert (before, calls) == (till.snapshot(), till.calls)


def _canceled(till: Till) -> PaymentSession:
    session = till.payments.create_session(order(), method=CARD)
    return till.payments.cancel_session(session.id)


def _declined(till: Till) -> object:
    till.gateway.then("charge", Declined(DECLINE))
    return till.charged()


NOT_ASKED_FOR: dict[str, Before] = {
    "it only has a price": lambda till: till.payments.update_payable(order()),
    "its session was canceled": _canceled,
    "its charge was declined": _declined,
}
IN_DOLLARS = Payable("or_1", total=Money(120, "USD"))


@pytest.mark.parametrize("known", NOT_ASKED_FOR)
def test_another_currency_is_taken_over_where_nobody_is_asked_for_money(known: str) -> None:
    till = Till()
    NOT_ASKED_FOR[known](till)
    before = till.payments.balance("or_1")

    account = till.payments.update_payable(IN_DOLLARS)

    assert (Money(120, "USD"), before.version + 1) == (account.due, account.version)
    assert till.payments.create_session(IN_DOLLARS, method=CARD).amount == account.due
    assert till.charged(payable=IN_DOLLARS).succeeded


def test_late_money_in_the_former_currency_is_recorded_and_pays_for_nothing() -> None:
    till = Till()
    session = _canceled(till)
    till.payments.update_payable(IN_DOLLARS)
    closing = till.store.get(Attempt, session.attempt_id, tenant="")
    assert closing is not None
    late = Captured(eur(100), references=References.of(authorization="pi_late"))
    drive(
        settle(closing, late, source=EvidenceSource.NOTIFICATION, at=till.clock.now),
        till.payments.ports,
    )

    (payment,) = till.store.find(Payment, by="session_id", value=session.id, tenant="")
    assert eur(100) == payment.balances.captured
    assert ["paid_after_close", "currency_mismatch"] == [
        str(each.kind) for each in payment.discrepancies
    ]
    assert Money(120, "USD") == till.payments.balance("or_1").due
    assert till.payments.refund(payment.id).succeeded
    assert till.charged(payable=IN_DOLLARS).succeeded
    assert "paid" == till.payments.balance("or_1").status


def test_what_was_approved_in_the_former_currency_is_not_asked_for() -> None:
    till = Till(complete_session=ActionRequired(UseSdk("challenge")))
    session = till.payments.create_session(order(), method=CARD)
    till.payments.complete_session(session.id)
    account = till.payments.balance("or_1")
    foreign = account.redenominated(IN_DOLLARS, at=till.clock.now)
    till.store.commit(Changes.of([foreign], tenant=""))

    till.gateway.then("look_up", seen(Approved()))
    till.clock.forward(minutes=5)
    till.payments.recover()

    assert 1 == till.gateway.methods.count("complete_session")
    assert not till.payments.get_session(session.id).succeeded


def test_what_is_no_payable_is_refused() -> None:
    till = Till()
    before = till.snapshot()

    with pytest.raises(TypeError):
        till.payments.update_payable("or_1")  # type: ignore[arg-type]

    assert before == till.snapshot()


# What can be read


def test_all_payments_of_a_payable_are_listed_the_oldest_first() -> None:
    till = Till()
    credit = till.with_credit(10)
    card = till.charged(amount=eur(20))
    in_session = till.payment_of(till.completed())
    till.charged(payable=order(order_id="or_2"))

    payments = till.payments.payments_of("or_1")

    assert [credit.id, card.id, in_session.id] == [each.id for each in payments]
    assert tuple(till.newest(each) for each in payments) == payments
    assert () == till.payments.payments_of("or_3")


def test_a_capture_and_a_void_are_read_as_they_are_stored() -> None:
    till = Till()
    held = till.payments.charge(order(), method=HELD_CARD, source=STORED)
    capture = till.payments.capture(held.id, amount=eur(60))
    void = till.payments.void(held.id)

    assert capture == till.payments.get_capture(capture.id)
    assert void == till.payments.get_void(void.id)
    assert (True, True) == (isinstance(capture, Capture), isinstance(void, Void))


@pytest.mark.parametrize("reader", ["get_capture", "get_void"])
@pytest.mark.parametrize(("wanted", "error"), [("no_such", NotFound), ("\0", UnsafeInput)])
def test_what_is_not_there_is_not_found(reader: str, wanted: str, error: type[Exception]) -> None:
    till = Till()

    with pytest.raises(error):
        getattr(till.payments, reader)(wanted)
