"""Forgetting a customer: what is erased, what is kept, and what must wait."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from customer_shop import CARD, CHECK, CUSTOMER, METHOD, NOTES, CustomerShop
from flow_builders import eur

from paysession import AsyncPayments, Capture, CreditCard, Payable
from paysession._domain.charges import Charge
from paysession._domain.erasure import Forgotten
from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive, perform
from paysession._flows import forgetting
from paysession._flows.settling import settle
from paysession.errors import UnsafeInput
from paysession.events import CustomerForgotten
from paysession.gateways import AsyncBogusGateway
from paysession.outcomes import (
    ActionRequired,
    Captured,
    Declined,
    Failure,
    FailureCode,
    NotAttempted,
    Pending,
    Redirect,
    ReferenceRole,
    Unknown,
)


def busy_shop() -> CustomerShop:
    """A session, a charge and a setup session, with a capture, a void and a refund."""
    shop = CustomerShop()
    payment = shop.paid()
    shop.payments.capture(payment.id, amount=eur(60), metadata={"by": "zelda"})
    shop.payments.void(payment.id, metadata={"by": "zelda"})
    shop.payments.refund(payment.id, amount=eur(10), metadata={"by": "zelda"})
    shop.charged()
    shop.set_up()
    return shop


def events_of(shop: CustomerShop, owner_id: str) -> list[str]:
    outbox = shop.store.unpublished(limit=10_000, tenant="")
    return [type(each.event).__name__ for each in outbox if each.aggregate_id == owner_id]


def test_nothing_tells_of_a_customer_who_is_forgotten() -> None:
    shop = busy_shop()
    assert shop.remembers()

    forgotten = shop.payments.forget(CUSTOMER)

    assert [] == shop.remembers()
    assert () == forgotten.still_open
    kinds = sorted(each.split("_")[0] for each in forgotten.erased)
    assert ["ps", "pss", "py", "py"] == kinds


def test_every_kind_of_record_told_of_the_customer_before() -> None:
    told = {path.partition(".")[0] for path in busy_shop().remembers()}

    assert {
        "PaymentSession",
        "SetupSession",
        "Payment",
        "Attempt",
        "SetupAttempt",
        "Charge",
        "Authorization",
        "Capture",
        "Void",
        "Refund",
    } == told


def test_no_amount_and_no_status_changes() -> None:
    shop = busy_shop()
    before = {
        (type(each), each.id): (getattr(each, "status", None), getattr(each, "balances", None))
        for each in shop.store.entities()
    }
    account = shop.account()

    shop.payments.forget(CUSTOMER)

    after = {
        (type(each), each.id): (getattr(each, "status", None), getattr(each, "balances", None))
        for each in shop.store.entities()
    }
    assert before == after
    assert account == shop.account()


def test_what_can_be_refunded_before_can_be_refunded_afterwards() -> None:
    shop = CustomerShop()
    payment = shop.paid()
    shop.payments.capture(payment.id)
    shop.payments.forget(CUSTOMER)

    refund = shop.payments.refund(payment.id, amount=eur(10))

    assert refund.succeeded
    asked = shop.gateway.calls[-1].references
    assert asked.get(ReferenceRole.AUTHORIZATION) is not None
    assert asked.get(ReferenceRole.CUSTOMER) is None


def test_what_is_held_of_a_customer_who_is_forgotten_can_be_taken() -> None:
    shop = CustomerShop()
    payment = shop.paid()
    shop.payments.forget(CUSTOMER)

    assert shop.payments.capture(payment.id).succeeded


def test_each_record_tells_once_that_its_customer_is_forgotten() -> None:
    shop = busy_shop()

    for owner_id in shop.payments.forget(CUSTOMER).erased:
        assert ["CustomerForgotten"] == [
            each for each in events_of(shop, owner_id) if each == CustomerForgotten.__name__
        ]


def test_a_record_says_when_its_customer_was_forgotten() -> None:
    shop = CustomerShop()
    payment = shop.paid()
    shop.clock.forward(hours=1)

    shop.payments.forget(CUSTOMER)

    forgotten = shop.payments.get_payment(payment.id)
    assert shop.clock.now == forgotten.forgotten_at == forgotten.updated_at
    assert payment.forgotten_at is None


def test_a_second_call_finds_nothing_and_changes_nothing() -> None:
    shop = busy_shop()
    shop.payments.forget(CUSTOMER)
    before = shop.snapshot()

    assert Forgotten() == shop.payments.forget(CUSTOMER)

    assert before == shop.snapshot()


def test_somebody_nobody_has_heard_of_is_forgotten_already() -> None:
    shop = busy_shop()
    before = shop.snapshot()

    assert Forgotten() == shop.payments.forget("cu_nobody")

    assert before == shop.snapshot()


@pytest.mark.parametrize("customer_id", ["", "a\0", "4242424242424242"])
def test_an_id_that_nobody_can_have_is_refused(customer_id: str) -> None:
    with pytest.raises(UnsafeInput):
        CustomerShop().payments.forget(customer_id)


def test_another_customer_is_not_forgotten() -> None:
    shop = CustomerShop()
    payment = shop.paid()
    other = shop.payments.create_session(shop.order(7), method=METHOD)

    shop.payments.forget("cu_other")

    assert payment == shop.payments.get_payment(payment.id)
    assert other == shop.payments.get_session(other.id)


# What must wait


def test_an_open_session_is_left_as_it_is_and_told() -> None:
    shop = CustomerShop()
    session = shop.session()
    before = shop.snapshot()

    assert Forgotten(still_open=(session.id,)) == shop.payments.forget(CUSTOMER)

    assert before == shop.snapshot()


def test_an_open_session_does_not_keep_the_rest_from_being_forgotten() -> None:
    shop = CustomerShop()
    payment, session = shop.paid(), shop.session(2)

    forgotten = shop.payments.forget(CUSTOMER)

    assert (session.id,) == forgotten.still_open
    assert payment.id in forgotten.erased


def test_a_payment_waits_while_another_attempt_of_its_session_is_open() -> None:
    action = ActionRequired(Redirect("https://bank.example/?who=zelda"))
    shop = CustomerShop(complete_session=action)
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.payments.complete_session(shop.session().id, source=CARD)
    waiting = shop.attempt(session)
    shop.payments.complete_session(session.id, source=CARD)
    told = settle(
        waiting, Captured(eur(100)), source=EvidenceSource.NOTIFICATION, at=shop.clock.now
    )
    drive(told, shop.payments.ports)
    session = shop.payments.get_session(session.id)
    payment = shop.payment_of(session)
    assert session.open_attempts

    assert (session.id, payment.id) == shop.payments.forget(CUSTOMER).still_open

    assert payment == shop.payments.get_payment(payment.id)


def test_a_session_that_was_canceled_is_forgotten() -> None:
    shop = CustomerShop()
    session = shop.session()
    shop.payments.forget(CUSTOMER)
    shop.gateway.then("look_up", ())
    shop.payments.cancel_session(session.id)

    assert (session.id,) == shop.payments.forget(CUSTOMER).erased
    assert [] == shop.remembers()


@pytest.mark.parametrize("answer", [TimeoutError("zelda"), Pending("zelda's bank is slow")])
def test_a_payment_with_an_open_operation_is_left_as_it_is_and_told(answer: object) -> None:
    shop = CustomerShop(capture=answer)
    payment = shop.paid()
    capture = shop.payments.capture(payment.id)
    kept = shop.payments.get_payment(payment.id)

    forgotten = shop.payments.forget(CUSTOMER)

    assert (payment.id,) == forgotten.still_open
    assert kept == shop.payments.get_payment(payment.id)
    assert capture == shop.store.get(Capture, capture.id, tenant="")


def test_a_repeat_after_forgetting_is_the_same_as_the_first_call() -> None:
    shop = CustomerShop(capture=TimeoutError(), look_up=())
    payment = shop.paid()
    shop.payments.capture(payment.id, metadata={"by": "zelda"})
    shop.payments.forget(CUSTOMER)
    shop.clock.forward(minutes=5)

    shop.payments.recover()

    first, second = (each for each in shop.gateway.calls if each.method == "capture")
    assert first == second
    assert (payment.id,) == shop.payments.forget(CUSTOMER).erased
    assert [] == shop.remembers()


def test_a_charge_that_waits_for_the_customer_is_left_as_it_is() -> None:
    action = ActionRequired(Redirect("https://bank.example/?who=zelda"))
    shop = CustomerShop(charge=action)
    payment = shop.charged()

    assert Forgotten(still_open=(payment.id,)) == shop.payments.forget(CUSTOMER)


def test_an_operation_that_a_late_call_may_open_again_is_left_as_it_is() -> None:
    shop = CustomerShop(capture=TimeoutError("zelda"))
    payment = shop.paid()
    capture = shop.payments.capture(payment.id)
    absent = absent_capture(shop, capture.id)

    assert absent.is_absent
    assert not absent.is_open
    assert payment.id in shop.payments.forget(CUSTOMER).still_open

    shop.clock.forward(hours=30)
    assert payment.id in shop.payments.forget(CUSTOMER).erased


def absent_capture(shop: CustomerShop, capture_id: str) -> Capture:
    """A capture that a look-up did not find."""
    capture = shop.store.get(Capture, capture_id, tenant="")
    assert capture is not None
    drive(
        settle(capture, NotAttempted(), source=EvidenceSource.LOOK_UP, at=shop.clock.now),
        shop.payments.ports,
    )
    found = shop.store.get(Capture, capture_id, tenant="")
    assert found is not None
    return found


def test_a_setup_session_that_waits_for_the_customer_is_left_as_it_is() -> None:
    action = ActionRequired(Redirect("https://bank.example/?who=zelda"))
    shop = CustomerShop(complete_setup_session=action)
    session = shop.set_up()

    assert Forgotten(still_open=(session.id,)) == shop.payments.forget(CUSTOMER)
    assert session == shop.payments.get_setup_session(session.id)


# What providers wrote


def test_what_a_provider_wrote_freely_is_erased_and_its_code_is_kept() -> None:
    failure = Failure(FailureCode.DO_NOT_HONOR, raw_code="05", raw_message="Zelda has no money")
    shop = CustomerShop(charge=Declined(failure))
    payment = shop.charged()
    assert payment.failure == failure

    shop.payments.forget(CUSTOMER)

    (charge,) = shop.store.find(Charge, by="payment_id", value=payment.id, tenant="")
    erased = Failure(FailureCode.DO_NOT_HONOR, raw_code="05")
    assert erased == charge.failure == shop.payments.get_payment(payment.id).failure


def test_why_a_call_was_in_doubt_is_erased() -> None:
    shop = CustomerShop(capture=Unknown("Zelda hung up"), look_up=())
    payment = shop.paid()
    capture = shop.payments.capture(payment.id)
    shop.clock.forward(minutes=5)
    shop.payments.recover()
    before, _ = doubt_of(shop, capture), shop.payments.forget(CUSTOMER)

    assert "Zelda hung up" == before
    assert doubt_of(shop, capture) is None


def doubt_of(shop: CustomerShop, capture: Capture) -> str | None:
    found = shop.store.get(Capture, capture.id, tenant="")
    assert found is not None
    return found.doubt


def test_a_card_stays_a_card_without_a_name_and_a_profile() -> None:
    shop = CustomerShop()
    payment = shop.paid()

    shop.payments.forget(CUSTOMER)

    source = shop.payments.get_payment(payment.id).source
    assert isinstance(source, CreditCard)
    assert (None, None) == (source.profile_id, source.name)
    assert (CARD.brand, CARD.last4) == (source.brand, source.last4)


# What was answered under callers' keys


def test_what_a_key_was_answered_with_is_erased_and_still_answers() -> None:
    shop = CustomerShop()
    session = shop.session()
    session = shop.payments.complete_session(session.id, source=CARD, idempotency_key="k1")
    payment = shop.payment_of(session)
    capture = shop.payments.capture(payment.id, metadata={"by": "zelda"}, idempotency_key="k2")
    assert [path for path in shop.remembers() if path.startswith("claim")]

    shop.payments.forget(CUSTOMER)

    assert [] == shop.remembers()
    again = shop.payments.complete_session(session.id, source=CARD, idempotency_key="k1")
    assert (session.id, session.status, None) == (again.id, again.status, again.customer_id)
    told = shop.payments.capture(payment.id, metadata={"by": "zelda"}, idempotency_key="k2")
    assert (capture.id, capture.amount) == (told.id, told.amount)
    assert 1 == sum(each.method == "capture" for each in shop.gateway.calls)


def test_the_key_of_a_declined_charge_answers_the_decline_without_the_customer() -> None:
    failure = Failure(FailureCode.DO_NOT_HONOR, raw_message="Zelda has no money")
    shop = CustomerShop(charge=Declined(failure))
    charged = shop.charged(idempotency_key="k1")

    shop.payments.forget(CUSTOMER)

    again = shop.charged(idempotency_key="k1")
    assert (charged.id, charged.status) == (again.id, again.status)
    assert Failure(FailureCode.DO_NOT_HONOR) == again.failure
    assert [] == shop.remembers()


def test_what_a_key_was_answered_with_is_erased_where_no_operation_was_begun() -> None:
    shop = CustomerShop()
    check = shop.payments.create_payment(
        shop.order(1), method=CHECK, metadata=NOTES, idempotency_key="k1"
    )
    session = shop.session(2)
    shop.payments.cancel_session(session.id, idempotency_key="k2")

    shop.payments.forget(CUSTOMER)

    assert [] == shop.remembers()
    again = shop.payments.create_payment(
        shop.order(1), method=CHECK, metadata=NOTES, idempotency_key="k1"
    )
    assert (check.id, None) == (again.id, again.customer_id)


def test_a_key_that_was_used_again_for_somebody_else_keeps_its_answer() -> None:
    shop = CustomerShop()
    shop.charged(1, idempotency_key="k1")
    shop.clock.forward(hours=30)
    other = Payable("or_9", total=eur(5), customer_id="cu_other")
    later = shop.payments.charge(other, method=METHOD, source=CARD, idempotency_key="k1")

    shop.payments.forget(CUSTOMER)

    again = shop.payments.charge(other, method=METHOD, source=CARD, idempotency_key="k1")
    assert later == again
    assert "cu_other" == again.customer_id


# Interruptions, and others who are faster


def nothing() -> None:
    """Lets a commit happen."""


def no_database() -> None:
    raise OSError("the database is gone")


@pytest.mark.parametrize("commits", range(4))
def test_what_was_interrupted_goes_on_where_it_stopped(commits: int) -> None:
    shop = busy_shop()
    shop.store.before_commits = [*[nothing] * commits, no_database]

    with pytest.raises(OSError, match="gone"):
        shop.payments.forget(CUSTOMER)
    rest = shop.payments.forget(CUSTOMER)

    assert 4 - commits == len(rest.erased)
    assert [] == shop.remembers()
    assert 4 == times_told(shop)


class Crash(BaseException):
    """The process is gone."""


def crashed(shop: CustomerShop, *, at: int, after: bool) -> bool:
    """Forget the customer, and crash before or after one of the asks, if there are as many."""
    flow, answer = forgetting.forget(CUSTOMER), None
    for number in count():
        try:
            ask = flow.send(answer)
        except StopIteration:
            return False
        if number == at and not after:
            break
        answer = perform(ask, shop.payments.ports)
        if number == at:
            break
    with pytest.raises(Crash):
        flow.throw(Crash())
    return True


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_ask_leaves_nothing_that_cannot_be_forgotten_later(after: bool) -> None:
    for number in count():
        shop = busy_shop()
        if not crashed(shop, at=number, after=after):
            break
        assert shop.payments.forget(CUSTOMER).still_open == ()
        assert [] == shop.remembers()
        assert 4 == times_told(shop)
    assert number > 20


def test_two_who_forget_the_same_customer_erase_everything_once() -> None:
    shop = busy_shop()
    shop.store.before_commits = [lambda: shop.payments.forget(CUSTOMER)]

    shop.payments.forget(CUSTOMER)

    assert [] == shop.remembers()
    assert 4 == times_told(shop)


def test_a_capture_that_is_asked_for_meanwhile_makes_the_payment_wait() -> None:
    shop = CustomerShop(capture=TimeoutError())
    payment = shop.paid()
    shop.store.before_commits = [nothing, lambda: shop.payments.capture(payment.id)]

    forgotten = shop.payments.forget(CUSTOMER)

    assert (payment.id,) == forgotten.still_open
    assert (payment.session_id,) == forgotten.erased


def times_told(shop: CustomerShop) -> int:
    outbox = shop.store.unpublished(limit=10_000, tenant="")
    return sum(isinstance(each.event, CustomerForgotten) for each in outbox)


def test_forgetting_is_the_same_on_an_event_loop() -> None:
    async def story() -> Forgotten:
        payments = AsyncPayments({"bogus": AsyncBogusGateway()})
        session = await payments.create_session(CustomerShop().order(), method=METHOD)
        await payments.complete_session(session.id)
        first = await payments.forget(CUSTOMER)
        assert Forgotten() == await payments.forget(CUSTOMER)
        return first

    assert 2 == len(asyncio.run(story()).erased)
