"""The one table of statuses: total, honest about what is open, and what the dialects print."""

from typing import Any

import pytest
from view_statements import PAYMENTS, STATES, late, with_payment_at

from paysession.lifecycles import LIFECYCLES, PaymentStatus, SessionStatus
from paysession.views import checkout_api, connect_api, statuses, store_api
from paysession.views.statuses import STATUSES, Words

STORE = {
    "checkout", "pending", "processing", "completed", "failed", "canceled", "expired", "void",
    "invalid",
}  # fmt: skip
CONNECT = {"PENDING", "REQUIRES_ACTION", "COMPLETED", "FAILED"}
CHECKOUT = {"PENDING", "SUCCEEDED", "FAILED", "PARTIALLY_REFUNDED", "REFUNDED", "REVERSED"}
OPEN = {
    "session": {"pending", "requires_action", "processing", "closing"},
    "setup_session": {"pending", "requires_action", "processing", "closing"},
    "payment": {"checkout", "processing"},
    "attempt": {"requested", "pending"},
    "capture": {"requested", "pending"},
    "void": {"requested", "pending"},
    "refund": {"requested", "pending"},
    "dispute": {"inquiry", "needs_response", "under_review"},
}
WITH_MONEY = {
    PaymentStatus.AUTHORIZED,
    PaymentStatus.PARTIALLY_CAPTURED,
    PaymentStatus.CAPTURED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.REFUNDED,
    PaymentStatus.REVERSED,
}


def test_every_chart_is_in_the_table() -> None:
    assert [*LIFECYCLES] == [*STATUSES]


@pytest.mark.parametrize("chart", LIFECYCLES)
def test_every_status_of_every_chart_has_its_words_and_there_are_no_others(chart: str) -> None:
    assert set(LIFECYCLES[chart].statuses) == set(STATUSES[chart])
    assert {type(each) for each in LIFECYCLES[chart].statuses} == {*map(type, STATUSES[chart])}


def test_the_tables_of_the_charts_are_those_of_the_one_table() -> None:
    for chart, table in STATUSES.items():
        assert table is getattr(statuses, chart.upper())


ROWS: list[tuple[str, str, Words]] = [
    (chart, str(status), words)
    for chart, table in STATUSES.items()
    for status, words in table.items()
]


def test_each_dialect_prints_words_of_its_own_only() -> None:
    assert STORE == {words.store for _, _, words in ROWS}
    assert CONNECT == {words.connect for _, _, words in ROWS}
    assert CHECKOUT == {words.checkout for _, _, words in ROWS}


@pytest.mark.parametrize(("chart", "status", "words"), ROWS)
def test_what_is_open_or_unknown_is_pending_or_processing_and_nothing_else_is(
    chart: str, status: str, words: Words
) -> None:
    is_open = status in OPEN[chart]
    waits_in_store = words.store in {"pending", "processing", "checkout"}
    assert is_open == (waits_in_store and status != PaymentStatus.AUTHORIZED)
    assert is_open == (words.connect in {"PENDING", "REQUIRES_ACTION"})
    assert is_open == ("PENDING" == words.checkout)


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_payment_with_money_never_reads_as_failed(status: PaymentStatus) -> None:
    words = statuses.PAYMENT[status]
    assert (status in WITH_MONEY) == (words.connect == "COMPLETED")
    if status in WITH_MONEY:
        assert words.store in {"pending", "completed"}
        assert words.checkout != "FAILED"


@pytest.mark.parametrize("status", SessionStatus)
def test_a_setup_session_reads_as_a_session(status: SessionStatus) -> None:
    assert statuses.SESSION[status] == STATUSES["setup_session"][status]


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize(
    "state",
    ["authorized", "perhaps captured", "partially captured", "captured", "partially refunded"],
)
def test_no_session_that_keeps_money_is_printed_as_failed(
    state: str, status: SessionStatus
) -> None:
    statement = late(STATES[state](), status)
    assert "FAILED" != connect_api.payment_session(statement)["status"]
    assert "FAILED" != checkout_api.session(statement)["status"]
    document: Any = store_api.payment_session(statement)
    assert document["payment"]["status"] in {"pending", "completed"}


@pytest.mark.parametrize("state", PAYMENTS)
def test_a_payment_is_printed_by_the_table(state: str) -> None:
    statement = PAYMENTS[state]()
    assert statement.payment is not None
    status = statement.payment.status
    told = PaymentStatus.AUTHORIZED if statement.payment.awaits_more else status
    assert statuses.PAYMENT[told].store == store_api.payment(statement)["status"]


@pytest.mark.parametrize("status", PaymentStatus)
def test_every_status_of_a_payment_is_printed_by_the_table(status: PaymentStatus) -> None:
    statement = with_payment_at(PAYMENTS["paid"](), status)
    assert statuses.PAYMENT[status].store == store_api.payment(statement)["status"]
