"""Errors as documents: a status, a code and a text for every one, and nothing it should not say."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import attrs
import pytest
from view_statements import CHECK, Shop

from paysession import Money, Payable, errors
from paysession.errors import (
    AmountExceeded,
    IllegalTransition,
    NotAllowed,
    PaySessionError,
    UnsafeInput,
)
from paysession.views import checkout_api, connect_api, http_errors, store_api
from paysession.views.http_errors import ANSWERS

SECRET = "hunter2"
USD_41 = Money("41.17", "USD")
GONE = attrs.evolve(CHECK, id="pm_9", gateway="gone")
ERRORS: list[PaySessionError] = [
    errors.InvalidAmount(SECRET, SECRET),
    errors.InexactAmount(SECRET, "USD", 2),
    errors.CurrencyMismatch(SECRET, SECRET),
    errors.UnknownCurrency(SECRET),
    errors.AmountNotRepresentable(USD_41, SECRET, SECRET),
    errors.IllegalTransition("payment session", SECRET, "completed", "cancel", (SECRET,)),
    errors.AmountExceeded(USD_41, USD_41, "capturable", SECRET),
    errors.NothingDue(SECRET, USD_41, USD_41, USD_41),
    errors.SessionRequired(SECRET),
    errors.SessionNotSupported(SECRET),
    errors.SourceRequired(SECRET),
    errors.MethodUnavailable(SECRET, SECRET),
    errors.ExpiredSession(SECRET, datetime(2026, 3, 5, tzinfo=UTC)),
    errors.SessionClosing(SECRET),
    errors.OperationUnresolved(SECRET, SECRET),
    errors.Unsupported(SECRET, SECRET, SECRET),
    errors.LimitExceeded("keys in metadata", 50),
    errors.UnsafeInput("metadata['order_no']", "it is empty: say something"),
    errors.NotFound("payment session", SECRET),
    errors.StaleVersion(SECRET, SECRET, 1),
    errors.AlreadyExists(SECRET, SECRET),
    errors.IdempotencyKeyReused(SECRET),
    errors.IdempotencyKeyInFlight(SECRET),
    errors.PaymentDeclined(SECRET, "lost_or_stolen", "The payment was declined."),
    errors.StillOpen(SECRET, SECRET, SECRET),
    errors.Closed(SECRET, "canceled"),
    errors.OutcomeUnknown(SECRET, SECRET),
    errors.GatewayUnreachable(SECRET),
    errors.GatewayBroken(SECRET, SECRET),
    errors.InvalidSignature(),
    errors.UnreadableNotification(SECRET),
    errors.NotDurable(),
    errors.RecordError(SECRET, SECRET),
]
DIALECTS = [store_api.error_document, connect_api.error_document, checkout_api.error_document]


def every_class(root: type[BaseException] = PaySessionError) -> Iterator[type[BaseException]]:
    yield root
    for each in root.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from every_class(each)


def leaves() -> set[type[BaseException]]:
    return {each for each in every_class() if not each.__subclasses__()}


def test_every_dialect_tells_the_same_status() -> None:
    for dialect in (store_api, connect_api, checkout_api):
        assert dialect.status_of is http_errors.status_of


def test_every_error_of_the_tree_is_in_the_table_and_so_are_their_families() -> None:
    assert {*every_class(), BaseException, TimeoutError} == set(ANSWERS)


def test_every_leaf_is_tried_here() -> None:
    assert leaves() == {type(each) for each in ERRORS}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
@pytest.mark.parametrize("printed", DIALECTS)
def test_an_error_says_something_plain_and_nothing_of_what_it_must_not(
    error: PaySessionError, printed: Any
) -> None:
    text = json.dumps(printed(error))
    assert SECRET not in text
    assert "41.17" not in text
    assert "lost_or_stolen" not in text
    assert "{error" not in text


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_the_dialects_agree_about_the_status(error: PaySessionError) -> None:
    status = http_errors.status_of(error)
    assert ANSWERS[type(error)].status == status
    assert status == checkout_api.error_document(error)["code"]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_a_text_begins_as_a_sentence(error: PaySessionError) -> None:
    document: Any = store_api.error_document(error)
    assert re.match(r"[A-Z]", document["error"]["message"])
    assert document["error"]["message"] == connect_api.error_document(error)["message"]


def code_of(error: BaseException | int) -> Any:
    document: Any = store_api.error_document(error)
    return document["error"]["code"]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_is_called_by_its_own_code_unless_the_dialect_has_another(
    error: PaySessionError,
) -> None:
    others = {
        "unsafe_input": "validation_error",
        "limit_exceeded": "invalid_request",
        "gateway_broken": "internal_server_error",
        "not_durable": "internal_server_error",
        "record_error": "internal_server_error",
    }
    assert others.get(error.code, error.code) == code_of(error)
    assert code_of(error).upper() == connect_api.error_document(error)["errorCode"]


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (400, {"invalid_request", "notification_unreadable"}),
        (401, {"invalid_signature"}),
        (402, {"payment_declined"}),
        (404, {"record_not_found"}),
        (
            409,
            {
                "session_closing",
                "operation_unresolved",
                "stale_version",
                "already_exists",
                "idempotency_key_in_flight",
                "still_open",
            },
        ),
        (500, {"internal_server_error"}),
        (502, {"gateway_unreachable"}),
        (504, {"outcome_unknown"}),
    ],
)
def test_errors_of_a_status(status: int, codes: set[str]) -> None:
    assert codes == {code_of(each) for each in ERRORS if http_errors.status_of(each) == status}


def test_an_error_of_a_backend_is_answered_as_its_family() -> None:
    class OutOfStock(NotAllowed):
        code = "out_of_stock"

    document = store_api.error_document(OutOfStock(SECRET))
    assert 422 == http_errors.status_of(OutOfStock())
    assert {"error": {"code": "out_of_stock", "message": "The request is not allowed"}} == document


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), KeyError(SECRET), PaySessionError(SECRET), KeyboardInterrupt()]
)
@pytest.mark.parametrize("printed", DIALECTS)
def test_what_is_unexpected_says_nothing_of_itself(error: BaseException, printed: Any) -> None:
    assert 500 == http_errors.status_of(error)
    assert printed(500) == printed(error)
    assert SECRET not in json.dumps(printed(error))


@pytest.mark.parametrize("printed", DIALECTS)
def test_a_time_out_is_told_as_one(printed: Any) -> None:
    assert 504 == http_errors.status_of(TimeoutError(SECRET))
    assert SECRET not in json.dumps(printed(TimeoutError(SECRET)))
    assert "timeout" == code_of(TimeoutError())


REFUSED_FIELD = UnsafeInput("return_url", "it is not an https address: begin it with https://")


def test_a_refused_field_is_named_in_the_store() -> None:
    assert {
        "error": {
            "code": "validation_error",
            "message": "Validation failed",
            "details": {"return_url": ["it is not an https address: begin it with https://"]},
        }
    } == store_api.error_document(REFUSED_FIELD)


@pytest.mark.parametrize(
    ("field", "printed"),
    [
        ("return_url", "returnUrl"),
        ("source.last4", "source.last4"),
        ("metadata['order_no']", "metadata['order_no']"),
    ],
)
def test_a_refused_field_is_named_to_a_partner_as_partners_name_it(
    field: str, printed: str
) -> None:
    assert {
        "errorCode": "VALIDATION_ERROR",
        "message": "Validation failed",
        "fieldErrors": {printed: ["it is empty"]},
    } == connect_api.error_document(UnsafeInput(field, "it is empty"))


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, "unauthorized", "Authentication required"),
        (403, "forbidden", "Access denied"),
        (404, "record_not_found", "Record not found"),
        (405, "method_not_allowed", "Method Not Allowed"),
        (413, "content_too_large", "Content Too Large"),
        (418, "error", "Error"),
        (422, "unprocessable_content", "Unprocessable Content"),
        (500, "internal_server_error", "An unexpected error occurred"),
    ],
)
def test_a_status_of_the_web_layers_own_is_printed_as_well(
    status: int, code: str, message: str
) -> None:
    for refusal in (status, HTTPStatus(status)):
        assert int is type(http_errors.status_of(refusal))
        assert {"error": {"code": code, "message": message}} == store_api.error_document(refusal)
        partner = {"errorCode": code.upper(), "message": message}
        assert partner == connect_api.error_document(refusal)
        assert status == checkout_api.error_document(refusal)["code"]


@pytest.mark.parametrize("printed", [*DIALECTS, http_errors.status_of])
@pytest.mark.parametrize("status", [HTTPStatus.NO_CONTENT, 399, 600, True])
def test_what_is_no_errors_status_is_refused(printed: Any, status: int) -> None:
    with pytest.raises(UnsafeInput, match="it is no error's status"):
        printed(status)


@pytest.mark.parametrize("printed", [*DIALECTS, http_errors.status_of])
def test_what_is_neither_an_error_nor_a_status_is_refused(printed: Any) -> None:
    with pytest.raises(TypeError, match="must be an exception or a status, not str"):
        printed("404")


def test_every_status_of_the_table_has_a_name() -> None:
    assert set() == {each.status for each in ANSWERS.values()} - set(http_errors.PHRASES)


RENAMED = {413, 414, 416, 422}  # since Python 3.13


@pytest.mark.parametrize("status", sorted(http_errors.PHRASES.keys() - RENAMED))
def test_a_status_has_the_name_that_the_standard_library_knows(status: int) -> None:
    assert HTTPStatus(status).phrase == http_errors.PHRASES[status]


def test_an_invalid_signature_is_no_lack_of_a_token() -> None:
    assert {
        "error": "Unauthorized",
        "message": "The signature is not valid",
        "code": 401,
    } == checkout_api.error_document(errors.InvalidSignature())


def test_a_refusal_of_a_checkout_says_why() -> None:
    assert {
        "error": "Unprocessable Content",
        "message": "Nothing is due",
        "code": 422,
        "requestId": "req_1",
    } == checkout_api.error_document(
        errors.NothingDue("or_1", USD_41, USD_41, USD_41), request_id="req_1"
    )


def refused(command: Any, *args: Any, **wishes: Any) -> PaySessionError:
    with pytest.raises(PaySessionError) as caught:
        command(*args, **wishes)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "wishes"),
    [
        (422, "payment_method_unavailable", {"method": GONE}),
        (422, "idempotency_key_reused", {"method": CHECK, "idempotency_key": "once"}),
        (400, "invalid_request", {"method": CHECK, "idempotency_key": "k" * 256}),
        (422, "validation_error", {"method": CHECK, "number": ""}),
        (422, "amount_exceeded", {"method": CHECK, "amount": Money("110.01", "USD")}),
        (422, "invalid_amount", {"method": CHECK, "amount": Money(0, "USD")}),
        (422, "currency_mismatch", {"method": CHECK, "amount": Money(1, "EUR")}),
    ],
)
def test_what_commands_refuse_is_told_as_the_store_tells_it(
    status: int, code: str, wishes: dict[str, Any]
) -> None:
    payments = Shop().payments
    order = Payable("or_1", total=Money("110.00", "USD"))
    payments.create_payment(
        order, method=CHECK, amount=Money("99.00", "USD"), idempotency_key="once"
    )
    error = refused(payments.create_payment, order, **wishes)
    assert (status, code) == (http_errors.status_of(error), code_of(error))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (IllegalTransition("payment", "py_1", "voided", "capture", ()), "payment_not_capturable"),
        (IllegalTransition("payment", "py_1", "failed", "void", ()), "payment_not_voidable"),
        (IllegalTransition("payment", "py_1", "voided", "refund", ()), "illegal_transition"),
        (IllegalTransition("session", "ps_1", "expired", "capture", ()), "illegal_transition"),
        (AmountExceeded(USD_41, USD_41, "refundable", "py_1"), "refund_amount_exceeds_balance"),
        (AmountExceeded(USD_41, USD_41, "due", "or_1"), "amount_exceeded"),
    ],
    ids=str,
)
def test_the_storefront_has_codes_of_its_own_for_what_a_payment_cannot_do(
    error: PaySessionError, code: str
) -> None:
    assert code == code_of(error)
