"""What can be read."""

from __future__ import annotations

import pytest
from flow_builders import CARD, HELD_CARD, NOW, bogus_shop, card, eur, order, scripted_shop

from paysession import CapturePolicy, Metadata, Money, Payable, Payment
from paysession.errors import CurrencyMismatch, NotFound, UnsafeInput
from paysession.outcomes import Accepted, Authorized, Captured, References
from paysession.stores.port import Changes


def test_records_are_read_by_their_ids() -> None:
    shop = bogus_shop()
    payment = shop.taken()
    refund = shop.payments.refund(payment.id)

    assert payment.id == shop.payments.get_payment(payment.id).id
    assert refund == shop.payments.get_refund(refund.id)
    assert payment.session_id is not None
    assert payment.session_id == shop.payments.get_session(payment.session_id).id


def test_a_record_that_does_not_exist_is_not_found() -> None:
    payments = bogus_shop().payments

    for read in (payments.get_session, payments.get_payment, payments.get_refund):
        with pytest.raises(NotFound) as missing:
            read("xx_1")
        assert missing.value.id == "xx_1"


def test_a_record_of_another_kind_is_not_found() -> None:
    shop = bogus_shop()
    payment = shop.taken()

    with pytest.raises(NotFound):
        shop.payments.get_session(payment.id)


def test_the_newest_session_is_found_by_its_provider_s_id() -> None:
    cs_1 = Accepted(references=References.of(session="cs_1"))
    shop = scripted_shop(create_session=cs_1)
    shop.opened()
    shop.clock.forward(minutes=1)
    shop.gateway.then("create_session", cs_1)
    newest = shop.opened()

    assert newest == shop.payments.find_session(external_id="cs_1")


def test_a_session_is_found_by_our_id_until_its_provider_s_is_known() -> None:
    shop = scripted_shop(create_session=TimeoutError())
    session = shop.opened()

    assert session == shop.payments.find_session(external_id=session.id)


def test_a_session_that_no_provider_knows_by_this_id_is_not_found() -> None:
    with pytest.raises(NotFound):
        bogus_shop().payments.find_session(external_id="cs_1")


def test_the_sessions_of_a_payable_come_oldest_first() -> None:
    shop = bogus_shop()
    first = shop.opened()
    shop.clock.forward(minutes=1)
    second = shop.opened()

    assert (first, second) == shop.payments.sessions_of("or_1")
    assert () == shop.payments.sessions_of("or_2")


# Balances


def test_the_balance_of_a_payable_is_read_by_its_id() -> None:
    shop = bogus_shop()
    shop.taken()

    account = shop.payments.balance("or_1")

    assert eur(100) == account.paid
    assert eur(0) == account.due


def test_the_balance_of_a_payable_says_what_is_due_by_its_price_of_now() -> None:
    shop = bogus_shop()
    shop.taken()
    before = shop.snapshot()

    assert eur(20) == shop.payments.balance(order(120)).due
    assert before == shop.snapshot()


def test_a_payable_that_nothing_was_paid_for_has_a_balance() -> None:
    shop = bogus_shop()

    assert eur(100) == shop.payments.balance(order()).due
    assert () == shop.store.entities()


def test_the_balance_of_an_unknown_id_is_not_found() -> None:
    with pytest.raises(NotFound):
        bogus_shop().payments.balance("or_1")


def test_a_payable_does_not_change_its_currency() -> None:
    shop = bogus_shop()
    shop.opened()

    with pytest.raises(CurrencyMismatch):
        shop.payments.balance(Payable("or_1", total=Money(100, "USD")))


# Statements


def test_a_statement_tells_all_of_one_payment() -> None:
    shop = bogus_shop()
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(60))
    shop.payments.void(payment.id)
    shop.payments.refund(payment.id, amount=eur(10))

    statement = shop.payments.statement(payment.id)

    assert statement.session is not None
    assert statement.session.id == payment.session_id
    assert statement.payment == shop.payments.get_payment(payment.id)
    assert statement.account == shop.payments.balance("or_1")
    told = (statement.authorizations, statement.captures, statement.voids, statement.refunds)
    assert [[eur(100)], [eur(60)], [eur(40)], [eur(10)]] == [
        [each.amount for each in movements] for movements in told
    ]


def test_the_statement_of_a_session_is_that_of_its_payment() -> None:
    shop = bogus_shop()
    session = shop.completed()
    assert session.payment_id is not None

    assert shop.payments.statement(session.payment_id) == shop.payments.statement(session.id)


def test_the_statement_of_a_session_without_money_has_no_payment() -> None:
    shop = bogus_shop()
    session = shop.opened()

    statement = shop.payments.statement(session.id)

    assert session == statement.session
    assert statement.payment is None
    assert () == statement.captures


def test_the_statement_of_a_session_tells_of_money_that_did_not_complete_it() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="partial"))

    statement = shop.payments.statement(session.id)

    assert statement.payment is not None
    assert eur(50) == statement.payment.balances.refunded


def test_a_payment_without_a_session_has_a_statement() -> None:
    shop = bogus_shop()
    shop.opened()
    payment = Payment.begun(
        "py_1",
        tenant="",
        gateway="bogus",
        payable_id="or_1",
        payable_reference="or_1",
        method=CARD,
        source=None,
        session_id=None,
        attempt_id=None,
        amount=eur(100),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
    )
    shop.store.commit(Changes.of([payment], tenant=""))

    statement = shop.payments.statement("py_1")

    assert statement.session is None
    assert statement.payment is not None


def test_the_statement_of_what_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        bogus_shop().payments.statement("py_1")


@pytest.mark.parametrize("record_id", ["", " ps_1", "ps\0", "ps\ud800", "p" * 10_000])
def test_an_id_that_cannot_be_one_is_refused(record_id: str) -> None:
    payments = bogus_shop().payments

    for read in (payments.get_session, payments.get_payment, payments.get_refund):
        with pytest.raises((UnsafeInput,) if len(record_id) < 999 else Exception):
            read(record_id)


def test_money_held_and_money_taken_are_told_apart() -> None:
    shop = scripted_shop(complete_session=Authorized(eur(100)))
    shop.payments.complete_session(shop.opened(method=HELD_CARD).id)
    assert {"authorized": eur(100), "paid": eur(0), "due": eur(0)} == shop.account()

    other = scripted_shop(complete_session=Captured(eur(100)))
    other.completed()
    assert {"authorized": eur(0), "paid": eur(100), "due": eur(0)} == other.account()
