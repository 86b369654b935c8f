"""The partner dialect: what it prints of a session."""

import json
import re

import attrs
import pytest
from view_statements import STATES, completed, documented, late, opened, refunded, voided

from paysession import CapturePolicy, ClientData, Money, StoreCredit
from paysession.errors import NotFound
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Redirect
from paysession.views import connect_api, statuses

EXAMPLE = documented("connect_payment_session_get_200.json")
OPTIONAL = {"paymentProfileId", "returnUrl", "cancelUrl"}


@pytest.mark.parametrize("status", SessionStatus)
def test_every_required_key_is_there_in_every_status(status: SessionStatus) -> None:
    statement = opened()
    assert statement.session is not None
    session = attrs.evolve(statement.session, status=status)
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert {*EXAMPLE} - OPTIONAL == set(document) - OPTIONAL
    assert statuses.SESSION[status].connect == document["status"]


@pytest.mark.parametrize("state", STATES)
def test_no_state_prints_a_key_that_the_example_lacks(state: str) -> None:
    document = connect_api.payment_session(STATES[state]())
    assert set() == set(document) - set(EXAMPLE)
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("opened", "PENDING"),
        ("perhaps opened", "PENDING"),
        ("declined", "PENDING"),
        ("being worked on", "PENDING"),
        ("perhaps paid", "PENDING"),
        ("closing", "PENDING"),
        ("in need of an action", "REQUIRES_ACTION"),
        ("authorized", "COMPLETED"),
        ("refunded", "COMPLETED"),
        ("failed", "FAILED"),
        ("canceled", "FAILED"),
        ("expired", "FAILED"),
    ],
)
def test_a_session_stands_at_what_partners_know(state: str, status: str) -> None:
    assert status == connect_api.payment_session(STATES[state]())["status"]


def test_with_everything_set_it_has_the_keys_of_the_example_in_their_order() -> None:
    statement = opened(
        hosted=True,
        save_source=True,
        return_url="https://shop.example/thanks",
        cancel_url="https://shop.example/cart",
        metadata={"campaign": "summer_2024"},
    )
    document = connect_api.payment_session(statement)
    assert [*EXAMPLE] == [*document]
    assert {type(value) for value in EXAMPLE.values()} == {str, bool, dict}
    assert [type(value) for value in EXAMPLE.values()] == [type(v) for v in document.values()]
    assert ("or_1", "STRIPE", "card_1") == (
        document["orderId"],
        document["paymentProvider"],
        document["paymentProfileId"],
    )
    assert (True, True) == (document["savePaymentProfile"], document["hosted"])
    assert {"campaign": "summer_2024"} == document["metadata"]
    assert "https://shop.example/thanks" == document["returnUrl"]
    assert "https://shop.example/cart" == document["cancelUrl"]


def test_keys_that_are_not_set_are_absent() -> None:
    statement = opened()
    assert statement.session is not None
    session = attrs.evolve(statement.session, source=None)
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert [key for key in EXAMPLE if key not in OPTIONAL] == [*document]


def test_credit_of_the_stores_own_is_no_profile() -> None:
    statement = opened()
    assert statement.session is not None
    session = attrs.evolve(statement.session, source=StoreCredit(id="sc_1"))
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert "paymentProfileId" not in document


def test_times_are_told_to_the_second() -> None:
    document = connect_api.payment_session(opened())
    assert "2026-03-05T20:52:26Z" == document["createdAt"] == document["updatedAt"]
    assert re.sub(r"\d", "0", EXAMPLE["createdAt"]) == re.sub(r"\d", "0", "2026-03-05T20:52:26Z")


def test_the_provider_is_what_the_browser_must_have_until_the_end() -> None:
    statement = opened(hosted=True)
    assert statement.session is not None
    assert statement.session.client_data is not None
    revealed = statement.session.client_data.reveal()
    assert isinstance(revealed, dict)
    assert {
        "clientSecret": revealed["client_secret"],
        "checkoutUrl": revealed["checkout_url"],
    } == connect_api.payment_session(statement)["provider"]
    assert {} == connect_api.payment_session(completed())["provider"]


def test_a_statement_without_a_session_has_no_document() -> None:
    with pytest.raises(NotFound):
        connect_api.payment_session(attrs.evolve(completed(), session=None))


def test_a_hosted_session_tells_where_its_checkout_is() -> None:
    statement = opened(hosted=True)
    assert statement.session is not None
    action = Redirect("https://pay.example/1")
    session = attrs.evolve(statement.session, client_data=None, next_action=action)
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert {"checkoutUrl": "https://pay.example/1"} == document["provider"]


def test_a_checkout_that_the_adapter_names_is_the_one_that_counts() -> None:
    statement = opened(hosted=True)
    assert statement.session is not None
    data = ClientData({"checkoutUrl": "https://pay.example/adapter"})
    action = Redirect("https://pay.example/action")
    session = attrs.evolve(statement.session, client_data=data, next_action=action)
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert {"checkoutUrl": "https://pay.example/adapter"} == document["provider"]


def test_an_embedded_session_has_no_checkout_to_go_to() -> None:
    statement = opened()
    assert statement.session is not None
    action = Redirect("https://bank.example/3ds")
    session = attrs.evolve(statement.session, client_data=None, next_action=action)
    document = connect_api.payment_session(attrs.evolve(statement, session=session))
    assert {} == document["provider"]


ENDS = [SessionStatus.FAILED, SessionStatus.CANCELED, SessionStatus.EXPIRED]


@pytest.mark.parametrize("end", ENDS)
def test_a_closed_session_that_keeps_late_money_is_completed(end: SessionStatus) -> None:
    for statement in (completed(), completed(capture=CapturePolicy.MANUAL), refunded()):
        assert "COMPLETED" == connect_api.payment_session(late(statement, end))["status"]


@pytest.mark.parametrize("end", ENDS)
def test_a_closed_session_whose_late_money_went_back_has_failed(end: SessionStatus) -> None:
    for statement in (voided(), refunded(amount=None)):
        assert "FAILED" == connect_api.payment_session(late(statement, end))["status"]


def test_less_money_than_was_asked_is_pending_while_it_is_kept() -> None:
    statement = completed()
    assert statement.session is not None
    session = attrs.evolve(statement.session, amount=Money("110.01", "USD"))
    less = late(attrs.evolve(statement, session=session))
    assert "PENDING" == connect_api.payment_session(less)["status"]


def test_a_completed_session_stays_so_when_its_money_is_let_go() -> None:
    assert "COMPLETED" == connect_api.payment_session(voided())["status"]


def test_an_error_is_flat_and_in_capitals() -> None:
    assert {
        "errorCode": "RECORD_NOT_FOUND",
        "message": "Payment session not found",
    } == connect_api.error_document(NotFound("payment session", "ps_1"))
