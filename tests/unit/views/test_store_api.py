"""
The storefront dialect: what it prints of a session and a payment.

Of the dialect's OpenAPI document, `store_api.openapi.json` is no more than the components: the
schemas of what is printed here.
"""

import copy
import json
import re
from typing import Any

import attrs
import jsonschema
import pytest
from view_statements import (
    CHECK,
    CREDIT,
    NOW,
    PAYMENTS,
    SETUPS,
    STATES,
    Shop,
    completed,
    credited,
    documented,
    late,
    marked_paid,
    opened,
    read_again,
    refunded,
    set_up,
    with_payment_at,
)

from paysession import ClientData, CreditCard, Money, Refund, Statement, StoreCredit, StoredSource
from paysession.errors import NotFound, UnsafeInput
from paysession.gateways import Credit
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import ReferenceRole, References
from paysession.views import checkout_api, connect_api, statuses, store_api


def translated(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema names null among the types."""
    if isinstance(schema, list):
        return [translated(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: translated(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


OPENAPI = translated(documented("store_api.openapi.json"))
CARTS = documented("store_payment_session_get_200.json")
ORDERS = documented("store_payment_session_create_201_orders.json")
PAYMENT = documented("store_payment_create_201.json")
OLDER = copy.deepcopy(OPENAPI)
OLDER["components"]["schemas"]["PaymentMethod"]["required"].remove("source_required")


def validate(document: object, name: str, *, schemas: Any = OPENAPI) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", **schemas}
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("state", STATES)
def test_a_session_in_any_state_is_as_the_schema_says(state: str) -> None:
    document = store_api.payment_session(STATES[state]())
    validate(document, "PaymentSession")
    assert {*document} - {"payment"} == {*CARTS}


@pytest.mark.parametrize("state", STATES)
def test_a_session_of_the_older_revision_differs_from_the_schema_by_one_key(state: str) -> None:
    document = store_api.payment_session(STATES[state](), revision="orders")
    validate(document, "PaymentSession", schemas=OLDER)
    assert {*document} - {"payment"} == {*ORDERS}


@pytest.mark.parametrize("status", SessionStatus)
def test_a_session_of_any_status_is_as_the_schema_says(status: SessionStatus) -> None:
    document = store_api.payment_session(late(completed(), status))
    validate(document, "PaymentSession")
    assert statuses.SESSION[status].store == document["status"]


@pytest.mark.parametrize("state", PAYMENTS)
def test_a_payment_in_any_state_is_as_the_schema_says(state: str) -> None:
    statement = PAYMENTS[state]()
    credit = CREDIT if "credit" in state else None
    validate(store_api.payment(statement, credit=credit), "Payment")
    older = store_api.payment(statement, credit=credit, revision="orders")
    validate(older, "Payment", schemas=OLDER)
    assert [*PAYMENT] == [*older]


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_payment_of_any_status_is_as_the_schema_says(status: PaymentStatus) -> None:
    document = store_api.payment(with_payment_at(completed(), status))
    validate(document, "Payment")
    assert statuses.PAYMENT[status].store == document["status"]


@pytest.mark.parametrize("state", [*STATES, *PAYMENTS])
def test_a_statement_reads_the_same_when_it_was_written_down(state: str) -> None:
    statement = (STATES | PAYMENTS)[state]()
    again = read_again(statement)
    assert statement == again
    views = [store_api.payment] if statement.payment else []
    sessions = [store_api.payment_session, connect_api.payment_session, checkout_api.session]
    for view in views + (sessions if statement.session else []):
        assert json.dumps(view(statement)) == json.dumps(view(again))


@pytest.mark.parametrize("name", ["id", "status", "amount", "payment_method"])
def test_the_schema_misses_a_key_that_is_left_out(name: str) -> None:
    document = store_api.payment_session(opened())
    del document[name]
    with pytest.raises(jsonschema.ValidationError):
        validate(document, "PaymentSession")


def test_the_schema_refuses_null_where_it_is_not_nullable() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({**store_api.payment_session(opened()), "amount": None}, "PaymentSession")


@pytest.mark.parametrize("state", STATES)
def test_there_is_a_payment_key_exactly_when_there_is_a_payment(state: str) -> None:
    statement = STATES[state]()
    assert (statement.payment is not None) == ("payment" in store_api.payment_session(statement))


@pytest.mark.parametrize(
    ("state", "status", "paid"),
    [
        ("opened", "pending", None),
        ("perhaps opened", "pending", None),
        ("in need of an action", "pending", None),
        ("closing", "pending", None),
        ("declined", "pending", None),
        ("being worked on", "processing", None),
        ("perhaps paid", "processing", None),
        ("failed", "failed", None),
        ("canceled", "canceled", None),
        ("expired", "expired", None),
        ("underpaid", "failed", "completed"),
        ("authorized", "completed", "pending"),
        ("perhaps captured", "completed", "pending"),
        ("partially captured", "completed", "completed"),
        ("captured", "completed", "completed"),
        ("refunded", "completed", "completed"),
        ("voided", "completed", "void"),
        ("paid after its end", "expired", "completed"),
    ],
)
def test_a_session_and_its_payment_stand_at_what_customers_know(
    state: str, status: str, paid: str | None
) -> None:
    document: Any = store_api.payment_session(STATES[state]())
    assert status == document["status"]
    assert paid == document.get("payment", {}).get("status")


def test_the_orders_revision_tells_when_and_less_of_the_method() -> None:
    document: Any = store_api.payment_session(opened(), revision="orders")
    assert [*ORDERS] == [*document]
    assert [*ORDERS["payment_method"]] == [*document["payment_method"]]
    assert "2026-03-05T20:52:26.080Z" == document["created_at"] == document["updated_at"]
    assert re.sub(r"\d", "0", ORDERS["created_at"]) == re.sub(r"\d", "0", document["created_at"])


def test_the_orders_revision_tells_less_of_the_payments_method_too() -> None:
    document: Any = store_api.payment_session(completed(), revision="orders")
    assert "source_required" not in document["payment"]["payment_method"]


def test_the_carts_revision_is_in_the_order_of_its_example() -> None:
    assert [*CARTS] == [*store_api.payment_session(opened())]


def test_a_payment_has_the_keys_of_its_example_and_a_number_of_its_form() -> None:
    document: Any = store_api.payment(refunded())
    validate(document, "Payment")
    assert [*PAYMENT] == [*document]
    assert re.fullmatch("P[0-9A-Z]{7}", PAYMENT["number"])
    assert re.fullmatch("P[0-9A-Z]{7}", document["number"])
    assert "$110.00" == PAYMENT["display_amount"] == document["display_amount"]


@pytest.mark.parametrize(
    ("total", "amount", "display"),
    [
        (Money("110.00", "USD"), "110.0", "$110.00"),
        (Money("99.99", "USD"), "99.99", "$99.99"),
        (Money("5.00", "USD"), "5.0", "$5.00"),
        (Money("0.10", "USD"), "0.1", "$0.10"),
        (Money(1000, "JPY"), "1000.0", "¥1,000"),
        (Money("12.345", "KWD"), "12.345", Money("12.345", "KWD").display()),
    ],
)
def test_an_amount_is_text_without_zeros_at_the_end(
    total: Money, amount: str, display: str
) -> None:
    document: Any = store_api.payment_session(completed(total=total))
    assert amount == document["amount"] == document["payment"]["amount"]
    assert display == document["payment"]["display_amount"]


def test_an_amount_is_shown_as_the_locale_writes_it() -> None:
    document = store_api.payment(completed(), locale="de_DE")
    assert "110,00\xa0$" == document["display_amount"]


def test_a_locale_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnsafeInput):
        store_api.payment(completed(), locale="klingon-on-qo'noS")


def test_the_external_id_is_ours_until_the_providers_is_known() -> None:
    unknown = STATES["perhaps opened"]()
    assert unknown.session is not None
    assert unknown.session.id == store_api.payment_session(unknown)["external_id"]
    assert str(store_api.payment_session(opened())["external_id"]).startswith("bogus_")


def test_the_browser_is_given_its_data_until_the_session_is_closed() -> None:
    document: Any = store_api.payment_session(opened())
    assert ["client_secret"] == [*document["external_data"]]
    assert {} == store_api.payment_session(completed())["external_data"]


def test_data_that_is_one_text_is_an_object_all_the_same() -> None:
    statement = opened()
    assert statement.session is not None
    session = attrs.evolve(statement.session, client_data=ClientData("secret_123"))
    document = store_api.payment_session(attrs.evolve(statement, session=session))
    assert {"client_secret": "secret_123"} == document["external_data"]


def test_an_expiry_is_told_to_the_millisecond() -> None:
    document = store_api.payment_session(STATES["opened with an end"]())
    assert "2026-03-05T21:52:26.080Z" == document["expires_at"]


def test_the_response_code_of_a_payment_is_the_providers_id() -> None:
    document: Any = store_api.payment_session(completed())
    assert document["external_id"] == document["payment"]["response_code"]


def with_payment(statement: Statement, **changes: Any) -> Statement:
    assert statement.payment is not None
    return attrs.evolve(statement, payment=attrs.evolve(statement.payment, **changes))


def test_the_response_code_is_an_authorization_where_there_is_no_session_at_the_provider() -> None:
    statement = with_payment(completed(), references=References.of(authorization="pi_1"))
    assert "pi_1" == store_api.payment(statement)["response_code"]
    unknown = with_payment(completed(), references=References())
    assert store_api.payment(unknown)["response_code"] is None


@pytest.mark.parametrize(
    ("source", "kind", "printed"),
    [
        (None, None, None),
        (StoreCredit(id="sc_1"), "store_credit", None),
        (
            StoredSource(id="src_1", profile_id="ba_1"),
            "payment_source",
            {"id": "src_1", "gateway_payment_profile_id": "ba_1"},
        ),
    ],
)
def test_a_source_is_printed_by_its_kind(source: Any, kind: str | None, printed: object) -> None:
    document = store_api.payment(with_payment(completed(), source=source))
    validate(document, "Payment")
    assert (kind, printed) == (document["source_type"], document["source"])
    assert (source and source.id) == document["source_id"]


def test_a_card_is_printed_without_more_than_its_last_digits() -> None:
    document = store_api.payment(completed())
    assert "credit_card" == document["source_type"]
    assert {
        "id": "card_1",
        "brand": "visa",
        "last4": "1111",
        "month": 12,
        "year": 2030,
        "name": None,
        "default": False,
        "gateway_payment_profile_id": "approve",
    } == document["source"]


def test_a_statement_without_a_payment_has_no_payment_document() -> None:
    with pytest.raises(NotFound):
        store_api.payment(opened())


def test_a_statement_without_a_session_has_no_session_document() -> None:
    with pytest.raises(NotFound):
        store_api.payment_session(attrs.evolve(completed(), session=None))


def test_everything_printed_is_plain() -> None:
    shop = Shop(now=NOW)
    document: Any = store_api.payment_session(shop.told(shop.paid()))
    assert str is type(document["status"]) is type(document["payment"]["status"])


@pytest.mark.parametrize("view", [store_api.payment_session, store_api.payment])
def test_a_revision_that_never_was_is_refused(view: Any) -> None:
    with pytest.raises(UnsafeInput, match="choose 'carts' or 'orders'"):
        view(completed(), revision="order")


def test_the_customer_is_named_as_the_provider_knows_them() -> None:
    given = opened(customer_external_id="cus_given")
    assert given.session is not None
    references = References.of(session="cs_1", customer="cus_told")
    told = attrs.evolve(given.session, references=references)
    silent = attrs.evolve(given.session, references=References())
    for session, name in [(told, "cus_told"), (silent, "cus_given")]:
        document = store_api.payment_session(attrs.evolve(given, session=session))
        assert name == document["customer_external_id"]
    assert store_api.payment_session(opened())["customer_external_id"] is None


SPENT = Credit(
    id="sc_1",
    customer_id="cus_1",
    amount=Money("100.00", "USD"),
    used=Money("10.00", "USD"),
    authorized=Money("15.50", "USD"),
    created_at=NOW,
)


def test_store_credit_is_printed_with_the_balance_that_the_backend_knows() -> None:
    document = store_api.source(StoreCredit(id="sc_1"), credit=SPENT)
    validate(document, "StoreCredit")
    assert {
        "id": "sc_1",
        "amount": "100.0",
        "amount_used": "10.0",
        "amount_remaining": "74.5",
        "display_amount": "$100.00",
        "display_amount_used": "$10.00",
        "display_amount_remaining": "$74.50",
        "currency": "USD",
    } == document


def test_the_balance_of_store_credit_is_shown_as_the_locale_writes_it() -> None:
    document: Any = store_api.payment(credited(), locale="de_DE", credit=SPENT)
    assert "74,50\xa0$" == document["source"]["display_amount_remaining"]


def test_a_session_paid_with_store_credit_shows_its_balance() -> None:
    statement = completed()
    assert statement.payment is not None
    payment = attrs.evolve(statement.payment, source=StoreCredit(id="sc_1"))
    paid = attrs.evolve(statement, payment=payment)
    document: Any = store_api.payment_session(paid, credit=SPENT)
    assert store_api.source(payment.source, credit=SPENT) == document["payment"]["source"]
    validate(document, "PaymentSession")


def test_the_balance_of_another_credit_is_not_shown() -> None:
    with pytest.raises(UnsafeInput, match="pass that one"):
        store_api.source(StoreCredit(id="sc_2"), credit=SPENT)


def test_a_card_is_no_credit_whatever_is_passed() -> None:
    card = CreditCard(id="card_1", brand="visa", last4="1111", month=1, year=2030, is_default=True)
    document: Any = store_api.source(card, credit=SPENT)
    validate(document, "CreditCard")
    assert [
        "id", "brand", "last4", "month", "year", "name", "default", "gateway_payment_profile_id",
    ] == [*document]  # fmt: skip
    assert (int, True, None) == (type(document["month"]), document["default"], document["name"])


@pytest.mark.parametrize("revision", ["carts", "orders"])
def test_a_payment_method_is_printed_by_itself_as_within_a_session(revision: Any) -> None:
    session: Any = store_api.payment_session(opened(), revision=revision)
    statement = opened()
    assert statement.session is not None
    method = store_api.payment_method(statement.session.method, revision=revision)
    assert session["payment_method"] == method


def test_a_payment_method_of_no_revision_is_refused() -> None:
    with pytest.raises(UnsafeInput, match="choose 'carts' or 'orders'"):
        store_api.payment_method(CHECK, revision="order")  # type: ignore[arg-type]


def refund_of(statement: Statement, **changes: Any) -> Refund:
    (refund,) = statement.refunds
    return attrs.evolve(refund, **changes)


def test_a_refund_has_exactly_seven_keys() -> None:
    statement = refunded(amount="10.00")
    refund = refund_of(statement)
    assert {
        "id": refund.id,
        "amount": "10.0",
        "transaction_id": refund.references.get(ReferenceRole.REFUND),
        "payment_id": refund.payment_id,
        "refund_reason_id": "requested_by_customer",
        "originator_id": None,
        "originator_type": "command",
    } == store_api.refund(refund)
    assert str(store_api.refund(refund)["transaction_id"]).startswith("bogus_ref_")


def test_a_refund_whose_transaction_nobody_knows_has_none() -> None:
    refund = refund_of(refunded("timeout_before"))
    assert store_api.refund(refund)["transaction_id"] is None


def test_a_refund_of_a_persons_word_says_so_and_has_no_reason() -> None:
    document = store_api.refund(refund_of(marked_paid(refunded="45.01")))
    assert ("person", None) == (document["originator_type"], document["refund_reason_id"])
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("state", SETUPS)
def test_a_setup_session_has_the_same_keys_in_every_state(state: str) -> None:
    document: Any = store_api.setup_session(SETUPS[state]())
    assert [
        "id", "status", "external_id", "external_client_secret", "external_data",
        "payment_method_id", "payment_source_id", "payment_source_type", "customer_id",
        "payment_method",
    ] == [*document]  # fmt: skip
    validate(document["payment_method"], "PaymentMethod")
    assert document == json.loads(json.dumps(document))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("opened", "pending"),
        ("perhaps opened", "pending"),
        ("in need of an action", "pending"),
        ("being worked on", "processing"),
        ("perhaps stored", "processing"),
        ("declined", "pending"),
        ("stored", "completed"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("expired", "expired"),
    ],
)
def test_a_setup_session_stands_at_what_customers_know(state: str, status: str) -> None:
    assert status == store_api.setup_session(SETUPS[state]())["status"]


def test_a_setup_session_tells_the_browser_its_secret_until_the_end() -> None:
    opened_one = SETUPS["opened"]()
    document = store_api.setup_session(opened_one)
    assert ("cus_1", {}) == (document["customer_id"], document["external_data"])
    assert str(document["external_client_secret"]).startswith("bogus_secret_")
    assert opened_one.references.get(ReferenceRole.SESSION) == document["external_id"]
    stored = store_api.setup_session(set_up())
    assert stored["external_client_secret"] is None


def test_a_setup_session_tells_the_browser_what_else_it_must_have() -> None:
    data = ClientData({"client_secret": "seti_1_secret", "publishable_key": "pk_1"})
    document = store_api.setup_session(attrs.evolve(SETUPS["opened"](), client_data=data))
    assert "seti_1_secret" == document["external_client_secret"]
    assert {"publishable_key": "pk_1"} == document["external_data"]


@pytest.mark.parametrize("state", SETUPS)
def test_a_source_is_named_as_soon_as_it_is_stored(state: str) -> None:
    setup = SETUPS[state]()
    document = store_api.setup_session(setup)
    expected = (setup.source.id, "credit_card") if setup.source else (None, None)
    assert expected == (document["payment_source_id"], document["payment_source_type"])
    assert ("stored" == state) == (setup.source is not None)
