"""What is heard later of a customer who is forgotten is applied, and nobody is learnt by it."""

from __future__ import annotations

from typing import TypeVar

import attrs
from customer_shop import CUSTOMER, PROFILE, CustomerShop
from flow_builders import eur

from paysession._domain.attempts import SetupAttempt
from paysession._domain.charges import Charge
from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.requests import AnyOperation
from paysession._flows.settling import settle
from paysession.outcomes import Bounced, Captured, Fact, Failure, FailureCode, References, Stored

O = TypeVar("O", Charge, SetupAttempt)  # noqa: E741 - O for operation

ANOTHER = attrs.evolve(PROFILE, id="tok_zelda_2")
IDS = References.of(customer="cus_zelda_2", source="tok_zelda_2")


def hear(shop: CustomerShop, operation: AnyOperation, fact: Fact) -> None:
    told = settle(operation, fact, source=EvidenceSource.NOTIFICATION, at=shop.clock.now)
    drive(told, shop.payments.ports)


def newest(shop: CustomerShop, kind: type[O], owner_id: str) -> O:
    (*_, found) = (
        each
        for each in shop.store.entities()
        if isinstance(each, kind) and each.owner_id == owner_id
    )
    return found


def test_late_money_of_a_session_that_was_canceled() -> None:
    shop = CustomerShop()
    session = shop.session()
    shop.payments.cancel_session(session.id)
    attempt = shop.attempt(session)
    shop.payments.forget(CUSTOMER)

    hear(shop, attempt, Captured(eur(100), profile=ANOTHER, references=IDS))

    assert eur(100) == shop.payments.balance("or_1").paid
    assert [] == shop.remembers()


def test_a_capture_that_comes_undone() -> None:
    shop = CustomerShop()
    payment = shop.paid()
    capture = shop.payments.capture(payment.id)
    shop.payments.forget(CUSTOMER)

    failure = Failure(FailureCode.DO_NOT_HONOR, raw_message="the card of Zelda")
    hear(shop, capture, Bounced(failure, references=IDS))

    assert not shop.payments.get_payment(payment.id).balances.captured
    assert [] == shop.remembers()


def test_a_charge_that_was_taken_as_well() -> None:
    shop = CustomerShop()
    payment = shop.charged()
    shop.payments.forget(CUSTOMER)

    hear(shop, newest(shop, Charge, payment.id), Captured(eur(100), profile=ANOTHER))

    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured
    assert [] == shop.remembers()


def test_a_source_that_was_stored_again() -> None:
    shop = CustomerShop()
    session = shop.set_up()
    shop.payments.forget(CUSTOMER)

    hear(shop, newest(shop, SetupAttempt, session.id), Stored(ANOTHER, references=IDS))

    assert [] == shop.remembers()
