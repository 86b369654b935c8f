"""An order paid with store credit and a card: both are taken, or neither is."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from paysession import (
    AsyncPayments,
    CapturePolicy,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    PaymentSession,
    StoreCredit,
    StoredSource,
)
from paysession.errors import NothingDue
from paysession.events import PayablePaid
from paysession.gateways import (
    AsyncBogusGateway,
    AsyncInMemoryCreditLedger,
    AsyncStoreCreditGateway,
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    Credit,
    InMemoryCreditLedger,
    StoreCreditGateway,
    draw_credits,
)
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.stores import InMemoryStore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDER = Payable("or_1", total=Money("100.00", "USD"), customer_id="cus_1")
CREDIT = PaymentMethod(
    id="pm_credit",
    name="Store credit",
    gateway="credit",
    session_required=False,
    capture="when_covered",
)
CARD = PaymentMethod(id="pm_card", name="Card", gateway="bogus", source_required=False)
NOTHING = Money.zero("USD")


def usd(amount: str) -> Money:
    return Money(amount, "USD")


class Crash(BaseException):
    """The process dies here."""


class DiesBeforeCapture(StoreCreditGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        raise Crash


class DiesAfterCapture(StoreCreditGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        super().capture(request)
        raise Crash


class DiesAfterCharge(StoreCreditGateway):
    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        super().charge(request)
        raise Crash


class Shop:
    """A backend with credits of one customer, whose process may die and begin anew."""

    def __init__(self, *credits: str) -> None:  # noqa: A002 - what it is
        self.now = NOON
        self.store = InMemoryStore()
        self.bogus = BogusGateway(clock=lambda: self.now)
        self.ledger = InMemoryCreditLedger(
            Credit(
                id=f"sc_{number}",
                customer_id="cus_1",
                amount=usd(amount),
                created_at=NOON + timedelta(days=number),
            )
            for number, amount in enumerate(credits, start=1)
        )
        self.payments = self.process()

    def process(self, credit: type[StoreCreditGateway] = StoreCreditGateway) -> Payments:
        return Payments(
            {"credit": credit(self.ledger), "bogus": self.bogus},
            store=self.store,
            clock=lambda: self.now,
        )

    def hold(self, payments: Payments | None = None, order: Payable = ORDER) -> list[str]:
        """Hold what credit there is for an order; return the payments' ids."""
        held = []
        for draw in draw_credits(self.ledger.credits_of("cus_1"), amount=order.total):
            payment = (payments or self.payments).charge(
                order,
                method=CREDIT,
                source=StoreCredit(id=draw.credit.id),
                amount=draw.amount,
                idempotency_key=f"{order.id}-{draw.credit.id}",
            )
            held.append(payment.id)
        return held

    def pay_rest(self, token: str = "approve", payments: Payments | None = None) -> PaymentSession:
        payments = payments or self.payments
        source = StoredSource(id="src_1", profile_id=token)
        session = payments.create_session(ORDER, method=CARD, source=source)
        return payments.complete_session(session.id)

    def recover(self) -> None:
        """Let an hour pass, and let a healthy process see to what is left, until nothing is."""
        self.payments = self.process()
        for _ in range(5):
            self.now += timedelta(hours=1)
            self.payments.recover()

    def status(self, payment_id: str) -> PaymentStatus:
        return self.payments.get_payment(payment_id).status

    def stands(self, credit_id: str = "sc_1") -> tuple[Money, Money]:
        """What is used and what is held of a credit."""
        credit = self.ledger.credit(credit_id)
        assert credit is not None
        assert not credit.remaining.is_negative
        return credit.used, credit.authorized

    def times_paid(self) -> int:
        events = self.store.unpublished(limit=1000, tenant="")
        return sum(isinstance(each.event, PayablePaid) for each in events)


def test_credit_waits_for_the_card_and_both_are_taken() -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    assert (NOTHING, usd("60")) == shop.stands()
    assert PaymentStatus.AUTHORIZED is shop.status(held)
    session = shop.pay_rest()
    assert (usd("40"), SessionStatus.COMPLETED) == (session.amount, session.status)
    assert PaymentStatus.CAPTURED is shop.status(held)
    assert (usd("60"), NOTHING) == shop.stands()
    assert usd("40") == shop.bogus.taken("USD")
    assert 1 == shop.times_paid()


def test_two_credits_and_a_card() -> None:
    shop = Shop("30.00", "25.00")
    held = shop.hold()
    session = shop.pay_rest()
    assert usd("45") == session.amount
    assert [PaymentStatus.CAPTURED] * 2 == [shop.status(each) for each in held]
    assert (usd("30"), NOTHING) == shop.stands("sc_1")
    assert (usd("25"), NOTHING) == shop.stands("sc_2")
    assert 1 == shop.times_paid()


def test_credit_alone_covers_an_order() -> None:
    shop = Shop("70.00", "80.00")
    held = shop.hold()
    assert [PaymentStatus.CAPTURED] * 2 == [shop.status(each) for each in held]
    assert (usd("70"), NOTHING) == shop.stands("sc_1")
    assert (usd("30"), NOTHING) == shop.stands("sc_2")
    assert 1 == shop.times_paid()
    with pytest.raises(NothingDue):
        shop.pay_rest()


def test_asking_for_the_credit_again_holds_it_once() -> None:
    shop = Shop("60.00")
    first, again = (
        shop.payments.charge(
            ORDER,
            method=CREDIT,
            source=StoreCredit(id="sc_1"),
            amount=usd("60"),
            idempotency_key="or_1-sc_1",
        )
        for _ in range(2)
    )
    assert first.id == again.id
    assert (NOTHING, usd("60")) == shop.stands()


def test_a_declined_card_leaves_the_credit_held_for_another_try() -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    session = shop.pay_rest("complete=decline:insufficient_funds")
    assert session.is_open
    assert (NOTHING, usd("60")) == shop.stands()
    other = StoredSource(id="src_2", profile_id="approve")
    assert shop.payments.complete_session(session.id, source=other).succeeded
    assert PaymentStatus.CAPTURED is shop.status(held)
    assert (usd("60"), NOTHING) == shop.stands()


def test_a_customer_who_gives_up_gets_the_credit_back() -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    session = shop.pay_rest("complete=decline:insufficient_funds")
    shop.payments.cancel_session(session.id)
    assert PaymentStatus.VOIDED is shop.status(held)
    assert (NOTHING, NOTHING) == shop.stands()
    assert NOTHING == shop.bogus.taken("USD")
    assert 0 == shop.times_paid()


def test_a_card_that_ends_the_session_releases_the_credit() -> None:
    shop = Shop("30.00", "25.00")
    held = shop.hold()
    assert SessionStatus.FAILED is shop.pay_rest("complete=end:suspected_fraud").status
    assert [PaymentStatus.VOIDED] * 2 == [shop.status(each) for each in held]
    assert (NOTHING, NOTHING) == shop.stands("sc_1")
    assert (NOTHING, NOTHING) == shop.stands("sc_2")


def test_a_session_whose_time_runs_out_releases_the_credit() -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    shop.payments.create_session(ORDER, method=CARD, expires_at=NOON + timedelta(hours=1))
    shop.now += timedelta(hours=2)
    shop.payments.expire_sessions()
    assert PaymentStatus.VOIDED is shop.status(held)
    assert (NOTHING, NOTHING) == shop.stands()


def test_released_credit_can_be_held_again() -> None:
    shop = Shop("60.00")
    shop.hold()
    shop.pay_rest("complete=end:suspected_fraud")
    payment = shop.payments.charge(
        ORDER,
        method=CREDIT,
        source=StoreCredit(id="sc_1"),
        amount=usd("60"),
        idempotency_key="or_1-sc_1-again",
    )
    assert PaymentStatus.AUTHORIZED is payment.status
    assert shop.pay_rest().succeeded
    assert (usd("60"), NOTHING) == shop.stands()
    assert 1 == shop.times_paid()


@pytest.mark.parametrize("how", ["timeout_after", "timeout_before", "broken"])
def test_while_nobody_knows_of_the_card_the_credit_stays_held(how: str) -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    session = shop.pay_rest(f"complete={how}")
    assert SessionStatus.PROCESSING is session.status
    assert (NOTHING, usd("60")) == shop.stands()
    shop.recover()
    assert shop.payments.get_session(session.id).succeeded
    assert PaymentStatus.CAPTURED is shop.status(held)
    assert (usd("60"), NOTHING) == shop.stands()
    assert usd("40") == shop.bogus.taken("USD")
    assert 1 == shop.times_paid()


@pytest.mark.parametrize("dies", [DiesBeforeCapture, DiesAfterCapture])
def test_a_process_that_dies_at_the_credits_capture_loses_nothing(
    dies: type[StoreCreditGateway],
) -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    with pytest.raises(Crash):
        shop.pay_rest(payments=shop.process(dies))
    shop.recover()
    assert PaymentStatus.CAPTURED is shop.status(held)
    assert (usd("60"), NOTHING) == shop.stands()
    assert usd("40") == shop.bogus.taken("USD")
    assert 1 == shop.times_paid()


def test_a_process_that_dies_at_the_credits_charge_loses_nothing() -> None:
    shop = Shop("60.00")
    with pytest.raises(Crash):
        shop.hold(shop.process(DiesAfterCharge))
    assert (NOTHING, usd("60")) == shop.stands()
    shop.recover()
    assert shop.pay_rest().succeeded
    assert (usd("60"), NOTHING) == shop.stands()
    assert 1 == shop.times_paid()


def test_two_orders_that_draw_the_same_credit_never_use_more_than_there_is() -> None:
    shop = Shop("100.00")
    orders = [
        Payable(f"or_{number}", total=usd("60.00"), customer_id="cus_1") for number in range(8)
    ]
    with ThreadPoolExecutor(8) as threads:
        held = list(
            threads.map(
                lambda order: shop.payments.charge(
                    order, method=CREDIT, source=StoreCredit(id="sc_1")
                ),
                orders,
            )
        )
    statuses = sorted(shop.status(payment.id) for payment in held)
    assert [PaymentStatus.CAPTURED, *[PaymentStatus.FAILED] * 7] == statuses
    assert (usd("60"), NOTHING) == shop.stands()


def test_a_credit_that_is_somebody_elses_pays_nothing() -> None:
    shop = Shop("60.00")
    stranger = Payable("or_2", total=usd("60.00"), customer_id="cus_2")
    payment = shop.payments.charge(stranger, method=CREDIT, source=StoreCredit(id="sc_1"))
    assert PaymentStatus.FAILED is payment.status
    assert (NOTHING, NOTHING) == shop.stands()


def test_what_was_paid_with_credit_goes_back_to_it() -> None:
    shop = Shop("60.00")
    (held,) = shop.hold()
    shop.pay_rest()
    shop.payments.refund(held, amount=usd("45.01")).raise_for_failure()
    assert PaymentStatus.PARTIALLY_REFUNDED is shop.status(held)
    assert (usd("14.99"), NOTHING) == shop.stands()


def test_credit_taken_at_once_is_given_back_in_parts() -> None:
    shop = Shop("100.00")
    payment = shop.payments.charge(
        ORDER, method=CREDIT, source=StoreCredit(id="sc_1"), capture=CapturePolicy.AUTOMATIC
    )
    assert PaymentStatus.CAPTURED is payment.status
    assert (usd("100"), NOTHING) == shop.stands()
    for amount in ("30", "70"):
        shop.payments.refund(payment.id, amount=usd(amount)).raise_for_failure()
    assert PaymentStatus.REFUNDED is shop.status(payment.id)
    assert (NOTHING, NOTHING) == shop.stands()


def test_it_is_the_same_in_the_other_world() -> None:
    ledger = Shop("60.00").ledger
    payments = AsyncPayments(
        {
            "credit": AsyncStoreCreditGateway(AsyncInMemoryCreditLedger(ledger)),
            "bogus": AsyncBogusGateway(),
        }
    )

    async def paid() -> str:
        held = await payments.charge(
            ORDER, method=CREDIT, source=StoreCredit(id="sc_1"), amount=usd("60")
        )
        session = await payments.create_session(ORDER, method=CARD)
        await payments.complete_session(session.id)
        return (await payments.get_payment(held.id)).status

    assert "captured" == asyncio.run(paid())
    (credit,) = ledger.credits_of("cus_1")
    assert (usd("60"), NOTHING) == (credit.used, credit.authorized)
