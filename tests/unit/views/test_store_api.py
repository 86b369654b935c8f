"""The storefront dialect: what it prints of a session and a payment."""

import json
import re
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from view_statements import DOCUMENTS, NOW, STATES, Shop, completed, opened, refunded

from paysession import ClientData, Money, Statement, StoreCredit, StoredSource
from paysession.errors import NotFound, UnsafeInput
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import References
from paysession.views import store_api


def translated(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema names null among the types."""
    if isinstance(schema, list):
        return [translated(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: translated(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


OPENAPI = translated(
    json.loads(Path(__file__).with_name("store_api.json").read_text(encoding="utf-8"))
)


def validate(document: object, name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", **OPENAPI}
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("state", STATES)
def test_a_session_in_any_state_is_as_the_schema_says(state: str) -> None:
    document = store_api.payment_session(STATES[state]())
    validate(document, "PaymentSession")
    assert {*document} - {"payment"} == {*DOCUMENTS["store_session_carts"]}


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


def test_every_status_of_a_session_is_printed() -> None:
    assert set(SessionStatus) == set(store_api.SESSION_STATUSES)


def test_every_status_of_a_payment_is_printed() -> None:
    assert set(PaymentStatus) == set(store_api.PAYMENT_STATUSES)


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
    example = DOCUMENTS["store_session_orders"]
    assert [*example] == [*document]
    assert [*example["payment_method"]] == [*document["payment_method"]]
    assert "2026-03-05T20:52:26.080Z" == document["created_at"] == document["updated_at"]
    assert re.sub(r"\d", "0", example["created_at"]) == re.sub(r"\d", "0", document["created_at"])


def test_the_orders_revision_tells_less_of_the_payments_method_too() -> None:
    document: Any = store_api.payment_session(completed(), revision="orders")
    assert "source_required" not in document["payment"]["payment_method"]


def test_the_carts_revision_is_in_the_order_of_its_example() -> None:
    assert [*DOCUMENTS["store_session_carts"]] == [*store_api.payment_session(opened())]


def test_a_payment_has_the_keys_of_its_example_and_a_number_of_its_form() -> None:
    document: Any = store_api.payment(refunded())
    example = DOCUMENTS["store_payment"]
    validate(document, "Payment")
    assert [*example] == [*document]
    assert re.fullmatch("P[0-9A-Z]{7}", example["number"])
    assert re.fullmatch("P[0-9A-Z]{7}", document["number"])
    assert "$110.00" == example["display_amount"] == document["display_amount"]


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
