"""Sessions: opened, and changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    NOW,
    PlainGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    order,
    scripted_shop,
)

from paysession import CapturePolicy, Money, Payable, PaymentMethod
from paysession._money.minor_units import STRIPE
from paysession.errors import (
    AmountNotRepresentable,
    GatewayUnreachable,
    MethodUnavailable,
    NothingDue,
    OperationUnresolved,
    PaymentDeclined,
    SessionNotSupported,
    SourceRequired,
    UnsafeInput,
    Unsupported,
)
from paysession.gateways import Capabilities
from paysession.gateways.requests import CreateSessionRequest
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import ActionRequired, Captured, Declined, Redirect, References

REDIRECT = ActionRequired(
    Redirect("https://bank.example/3ds"), references=References.of(session="cs_1")
)


# Creating


def test_a_session_is_about_all_that_is_due() -> None:
    session = bogus_shop().opened(total=110)

    assert eur(110) == session.amount
    assert session.status is SessionStatus.PENDING
    assert session.client_data is not None


def test_a_session_may_be_about_a_part_of_what_is_due() -> None:
    session = bogus_shop().payments.create_session(order(), method=CARD, amount=eur(40))

    assert eur(40) == session.amount


def test_an_open_session_reserves_nothing() -> None:
    shop = bogus_shop()
    shop.opened()

    assert eur(100) == shop.account()["due"]


def test_the_capture_policy_of_the_call_counts_for_more_than_the_method_s() -> None:
    shop = bogus_shop()
    session = shop.payments.create_session(order(), method=CARD, capture=CapturePolicy.MANUAL)

    payment = shop.payment_of(shop.payments.complete_session(session.id))

    assert payment.status is PaymentStatus.AUTHORIZED


def test_a_time_out_leaves_the_new_session_pending() -> None:
    shop = bogus_shop()

    session = shop.opened(card(create="timeout_after"))

    assert session.status is SessionStatus.PENDING
    assert session.external_id == session.id


def test_a_second_session_of_a_payable_takes_over_what_it_costs_now() -> None:
    shop = bogus_shop()
    shop.opened(total=100)

    session = shop.opened(total=80)

    assert eur(80) == session.amount


def test_a_gateway_that_was_not_reached_fails_the_new_session() -> None:
    shop = bogus_shop()

    with pytest.raises(GatewayUnreachable):
        shop.opened(card(create="unreachable"))

    (session,) = shop.payments.sessions_of("or_1")
    assert session.status is SessionStatus.FAILED
    assert () == session.open_attempts


def test_a_session_that_its_provider_refuses_has_failed_and_says_why() -> None:
    session = scripted_shop(create_session=Declined(DECLINE)).opened()

    assert session.status is SessionStatus.FAILED
    assert DECLINE == session.failure
    with pytest.raises(PaymentDeclined):
        session.raise_for_failure()


def test_a_session_may_be_paid_the_moment_it_is_created() -> None:
    shop = scripted_shop(create_session=Captured(eur(100)))

    session = shop.opened()

    assert session.status is SessionStatus.COMPLETED
    assert shop.payment_of(session).status is PaymentStatus.CAPTURED


def test_an_unlawful_answer_is_unknown() -> None:
    shop = scripted_shop(create_session="done")

    session = shop.opened()

    assert session.status is SessionStatus.PENDING
    assert shop.attempt(session).doubt == "create_session answered str"


def test_a_session_for_what_is_covered_is_refused() -> None:
    shop = bogus_shop()
    shop.taken()
    before = shop.snapshot()

    with pytest.raises(NothingDue):
        shop.opened()
    assert before == shop.snapshot()


def test_a_gateway_that_is_not_configured_is_refused() -> None:
    shop = bogus_shop()
    method = PaymentMethod(id="pm_1", name="Card", gateway="other")

    with pytest.raises(MethodUnavailable):
        shop.payments.create_session(order(), method=method)
    assert () == shop.store.entities()


def test_a_method_without_sessions_is_refused() -> None:
    method = PaymentMethod(id="pm_1", name="Cash", gateway="bogus", session_required=False)

    with pytest.raises(SessionNotSupported):
        bogus_shop().payments.create_session(order(), method=method)


def test_a_source_is_required_where_the_gateway_asks_nobody_for_one() -> None:
    shop = bogus_shop(Capabilities(collects_source=False))

    with pytest.raises(SourceRequired):
        shop.opened()
    assert shop.opened(card()).is_open


def test_no_source_is_required_where_the_method_needs_none() -> None:
    shop = bogus_shop(Capabilities(collects_source=False))
    method = PaymentMethod(id="pm_1", name="Card", gateway="bogus", source_required=False)

    assert shop.payments.create_session(order(), method=method).is_open


@pytest.mark.parametrize("total", [Money("1.005", "KWD"), Money("0.001", "BHD")])
def test_what_the_provider_s_units_cannot_hold_is_refused(total: Money) -> None:
    shop = scripted_shop(Capabilities(minor_units=STRIPE))

    with pytest.raises(AmountNotRepresentable):
        shop.payments.create_session(Payable("or_1", total=total), method=CARD)

    assert [] == shop.gateway.calls
    assert () == shop.store.entities()


def test_whole_icelandic_crowns_go_to_stripe() -> None:
    shop = scripted_shop(Capabilities(minor_units=STRIPE))
    payable = Payable("or_1", total=Money(5, "ISK"))

    assert Money(5, "ISK") == shop.payments.create_session(payable, method=CARD).amount


def test_external_data_reaches_the_provider_once() -> None:
    shop = scripted_shop()

    shop.payments.create_session(order(), method=CARD, external_data={"nonce": "n_1"})

    (request,) = shop.gateway.calls
    assert {"nonce": "n_1"} == request.external_data.reveal()  # type: ignore[attr-defined]


def test_the_terms_reach_the_provider() -> None:
    shop = scripted_shop()

    session = shop.payments.create_session(
        order(),
        method=CARD,
        hosted=True,
        save_source=True,
        return_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart",
        expires_at=shop.clock.now + timedelta(hours=1),
        metadata={"purchase_order": "PO-77"},
    )

    terms = shop.gateway.calls[0].terms  # type: ignore[attr-defined]
    assert session.terms == terms
    assert terms.hosted
    assert terms.save_source
    assert terms.return_url == "https://shop.example/thanks"
    assert terms.cancel_url == "https://shop.example/cart"
    assert {"purchase_order": "PO-77"} == dict(terms.metadata)


@pytest.mark.parametrize(
    ("argument", "value", "refusal"),
    [
        ("payable", "or_1", TypeError),
        ("method", "pm_1", TypeError),
        ("amount", 100, TypeError),
        ("source", "card_1", TypeError),
        ("capture", "later", UnsafeInput),
        ("hosted", 1, TypeError),
        ("save_source", None, TypeError),
        ("return_url", "http://shop.example/", UnsafeInput),
        ("cancel_url", "/cart", UnsafeInput),
        ("expires_at", NOW, UnsafeInput),
        ("expires_at", NOW.replace(tzinfo=None), UnsafeInput),
        ("metadata", {"card": "4242 4242 4242 4242"}, UnsafeInput),
        ("external_data", 1, TypeError),
        ("external_data", {"card": {"number": "4242424242424242"}}, UnsafeInput),
        ("external_data", {"card": [4242424242424242]}, UnsafeInput),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_called(
    argument: str, value: object, refusal: type[Exception]
) -> None:
    shop = scripted_shop()
    arguments: dict[str, Any] = {"payable": order(), "method": CARD, argument: value}

    with pytest.raises(refusal):
        shop.payments.create_session(**arguments)

    assert () == shop.store.entities()
    assert [] == shop.gateway.calls


# Updating


def test_a_new_amount_counts_once_the_provider_has_agreed() -> None:
    shop = bogus_shop()
    session = shop.opened()

    session = shop.payments.update_session(session.id, amount=eur(60))

    assert eur(60) == session.amount


def test_an_update_may_bring_the_payable_s_new_price() -> None:
    shop = bogus_shop()
    session = shop.opened()

    session = shop.payments.update_session(session.id, payable=order(120))

    assert eur(120) == session.amount
    assert eur(120) == shop.account()["due"]


def test_an_update_to_the_same_amount_calls_nobody() -> None:
    shop = bogus_shop()
    session = shop.opened()

    shop.payments.update_session(session.id, amount=eur(100))

    assert 1 == len(shop.gateway.calls)


def test_an_update_with_external_data_is_sent_though_the_amount_is_the_same() -> None:
    shop = bogus_shop()
    session = shop.opened()

    shop.payments.update_session(session.id, external_data={"address": "new"})

    assert 2 == len(shop.gateway.calls)


def test_the_old_amount_stands_while_the_update_is_unknown_and_nothing_can_be_completed() -> None:
    shop = scripted_shop(update_session=TimeoutError())
    session = shop.opened()
    session = shop.payments.update_session(session.id, amount=eur(60))
    assert eur(100) == session.amount
    shop.gateway.then("update_session", TimeoutError())

    with pytest.raises(OperationUnresolved):
        shop.payments.complete_session(session.id)
    assert "complete_session" not in shop.gateway.methods


def test_the_old_amount_stands_where_the_provider_refuses_the_new_one() -> None:
    shop = scripted_shop(update_session=Declined(DECLINE))
    session = shop.opened()

    session = shop.payments.update_session(session.id, amount=eur(60))

    assert eur(100) == session.amount
    assert DECLINE == session.failure
    assert session.is_open


def test_the_old_amount_stands_where_the_gateway_was_not_reached() -> None:
    shop = bogus_shop()
    session = shop.opened(card(update="unreachable"))

    with pytest.raises(GatewayUnreachable):
        shop.payments.update_session(session.id, amount=eur(60))

    assert eur(100) == shop.payments.get_session(session.id).amount


def test_an_update_goes_on_without_an_attempt_that_waited_for_the_customer() -> None:
    shop = scripted_shop(complete_session=REDIRECT)
    session = shop.completed()
    waiting = shop.attempt(session)
    assert session.status is SessionStatus.REQUIRES_ACTION

    session = shop.payments.update_session(session.id, amount=eur(60))

    assert waiting.id not in session.open_attempts
    assert eur(60) == session.amount


def test_an_update_for_another_payable_is_refused() -> None:
    shop = bogus_shop()
    session = shop.opened()
    before = shop.snapshot()

    with pytest.raises(UnsafeInput):
        shop.payments.update_session(session.id, payable=order(order_id="or_2"))
    assert before == shop.snapshot()


def test_a_gateway_that_cannot_change_sessions_is_not_asked_to() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    before = shop.snapshot()

    with pytest.raises(Unsupported):
        shop.payments.update_session(session.id, amount=eur(60))
    assert before == shop.snapshot()


def test_an_update_is_refused_when_an_attempt_became_unresolved_meanwhile() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.opened()
    shop.before_id.then = lambda: shop.payments.complete_session(session.id)

    with pytest.raises(OperationUnresolved):
        shop.payments.update_session(session.id, amount=eur(60))
    assert "update_session" not in shop.gateway.methods


def test_a_source_is_saved_with_a_payment_and_charged_when_its_customer_is_gone() -> None:
    shop = bogus_shop()
    session = shop.payments.create_session(
        order(),
        method=CARD,
        source=card(),
        amount=eur(60),
        save_source=True,
        customer_external_id="cus_1",
    )
    request = shop.gateway.calls[0]
    assert isinstance(request, CreateSessionRequest)
    assert (True, "cus_1") == (request.terms.save_source, request.terms.customer_external_id)

    session = shop.payments.complete_session(session.id)
    payment = shop.payment_of(session)

    assert session.source is not None
    assert session.source == payment.source
    assert session.source.profile_id != card().profile_id
    later = shop.payments.charge(order(), method=CARD, source=session.source)
    assert (True, eur(40)) == (later.succeeded, later.balances.captured)
