"""The checkout dialect: one status for a session and its money, and its refunds."""

import json
import re
from typing import Any

import attrs
import pytest
from view_statements import (
    STATES,
    captured,
    completed,
    disputed,
    documented,
    late,
    opened,
    refunded,
    voided,
    with_payment_at,
)

from paysession import CapturePolicy, Money, RefundReason, Statement
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession.errors import AmountNotRepresentable, NotFound
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import Canceled, FailureCode, NotAttempted, Refunded
from paysession.views import checkout_api, statuses

EXAMPLE = documented("checkout_session_get_200.json")
REQUIRED = {"id", "orderReference", "status", "paymentMethod", "createdAt", "updatedAt"}


def test_every_failure_has_a_word() -> None:
    assert set(FailureCode) == set(checkout_api.FAILURE_REASONS)


@pytest.mark.parametrize("status", SessionStatus)
def test_every_required_key_is_there_in_every_status(status: SessionStatus) -> None:
    document = checkout_api.session(late(opened(), status))
    assert set() == REQUIRED - set(document)
    assert statuses.SESSION[status].checkout == document["status"]


@pytest.mark.parametrize("state", STATES)
def test_no_state_prints_a_key_that_the_example_lacks(state: str) -> None:
    document: Any = checkout_api.session(STATES[state]())
    assert set() == set(document) - set(EXAMPLE)
    assert [key for key in EXAMPLE if key in document] == [*document]
    for refund in document["refunds"] or ():
        assert [key for key in EXAMPLE["refunds"][0] if key in refund] == [*refund]
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("state", STATES)
def test_there_is_a_reason_with_failed_only_and_refunds_after_success_only(state: str) -> None:
    document = checkout_api.session(STATES[state]())
    assert ("FAILED" == document["status"]) == ("failureReason" in document)
    before = document["status"] in {"PENDING", "FAILED"}
    assert before == (document["refunds"] is None)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("opened", "PENDING"),
        ("perhaps opened", "PENDING"),
        ("in need of an action", "PENDING"),
        ("being worked on", "PENDING"),
        ("perhaps paid", "PENDING"),
        ("declined", "PENDING"),
        ("closing", "PENDING"),
        ("authorized", "SUCCEEDED"),
        ("perhaps captured", "SUCCEEDED"),
        ("partially captured", "SUCCEEDED"),
        ("captured", "SUCCEEDED"),
        ("perhaps voided", "SUCCEEDED"),
        ("refunding", "SUCCEEDED"),
        ("perhaps refunded", "SUCCEEDED"),
        ("not refunded", "SUCCEEDED"),
        ("partially refunded", "PARTIALLY_REFUNDED"),
        ("refunded", "REFUNDED"),
        ("underpaid", "REFUNDED"),
        ("voided", "REVERSED"),
        ("lapsed", "REVERSED"),
        ("disputed", "SUCCEEDED"),
        ("lost in part", "SUCCEEDED"),
        ("lost", "REVERSED"),
        ("refunded and lost", "REVERSED"),
        ("paid after its end", "SUCCEEDED"),
    ],
)
def test_a_session_stands_where_its_money_is(state: str, status: str) -> None:
    assert status == checkout_api.session(STATES[state]())["status"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("failed", "INSUFFICIENT_FUNDS"),
        ("refused at once", "RISK_BLOCKED"),
        ("canceled", "CANCELED"),
        ("expired", "EXPIRED"),
    ],
)
def test_a_failed_session_says_why(state: str, reason: str) -> None:
    document = checkout_api.session(STATES[state]())
    assert ("FAILED", reason) == (document["status"], document["failureReason"])


def test_a_session_that_failed_for_no_reason_of_the_providers_could_not_be_processed() -> None:
    document = checkout_api.session(late(opened(), SessionStatus.FAILED))
    assert "PROCESSING_ERROR" == document["failureReason"]


ENDS = [SessionStatus.FAILED, SessionStatus.CANCELED, SessionStatus.EXPIRED]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (completed(), "SUCCEEDED"),
        (completed(capture=CapturePolicy.MANUAL), "SUCCEEDED"),
        (captured("timeout_after"), "SUCCEEDED"),
        (refunded(), "PARTIALLY_REFUNDED"),
        (refunded(amount=None), "REFUNDED"),
        (disputed(), "SUCCEEDED"),
        (disputed(status="lost"), "REVERSED"),
        (disputed("64.99", status="lost", refunded="45.01"), "REVERSED"),
    ],
)
def test_a_closed_session_that_holds_late_money_is_never_just_failed(
    end: SessionStatus, statement: Statement, status: str
) -> None:
    assert status == checkout_api.session(late(statement, end))["status"]


@pytest.mark.parametrize("end", ENDS)
def test_a_closed_session_whose_late_money_was_let_go_has_failed(end: SessionStatus) -> None:
    assert "FAILED" == checkout_api.session(late(voided(), end))["status"]


def test_less_money_than_was_asked_is_pending_until_it_is_given_back() -> None:
    statement = completed(capture=CapturePolicy.MANUAL)
    assert statement.session is not None
    session = attrs.evolve(statement.session, amount=Money("110.01", "USD"))
    less = late(attrs.evolve(statement, session=session))
    document = checkout_api.session(less)
    assert ("PENDING", None) == (document["status"], document["refunds"])


@pytest.mark.parametrize("status", [PaymentStatus.PROCESSING, PaymentStatus.FAILED])
def test_a_payment_without_money_yet_leaves_the_word_to_the_session(
    status: PaymentStatus,
) -> None:
    statement = late(with_payment_at(completed(), status), SessionStatus.PROCESSING)
    assert "PENDING" == checkout_api.session(statement)["status"]


def test_times_are_told_to_the_millisecond_and_follow_the_money() -> None:
    document = checkout_api.session(refunded())
    assert "2026-03-05T20:52:26.080Z" == document["createdAt"]
    assert "2026-03-05T20:53:26.080Z" == document["updatedAt"]
    assert re.sub(r"\d", "0", EXAMPLE["createdAt"]) == re.sub(
        r"\d", "0", str(document["createdAt"])
    )


def test_an_end_is_told_and_null_where_there_is_none() -> None:
    document = checkout_api.session(STATES["opened with an end"]())
    assert "2026-03-05T21:52:26.080Z" == document["expiresAt"]
    assert checkout_api.session(opened())["expiresAt"] is None


def test_it_speaks_of_the_order_the_provider_and_the_instrument() -> None:
    document = checkout_api.session(opened())
    assert ("ORD-12345", "stripe", "card") == (
        document["orderReference"],
        document["providerName"],
        document["paymentMethod"],
    )


def refund_of(statement: Statement) -> dict[str, Any]:
    document: Any = checkout_api.session(statement)
    (printed,) = document["refunds"]
    return dict(printed)


def test_a_refund_is_printed_whole() -> None:
    statement = refunded()
    assert {
        "id": statement.refunds[0].id,
        "amount": 45.01,
        "currency": "USD",
        "status": "SUCCEEDED",
        "reason": "REQUESTED_BY_CUSTOMER",
        "createdAt": "2026-03-05T20:53:26.080Z",
        "updatedAt": "2026-03-05T20:53:26.080Z",
    } == refund_of(statement)


@pytest.mark.parametrize(
    ("refund", "status", "reason"),
    [
        ("pending", "PENDING", None),
        ("timeout_after", "PENDING", None),
        ("decline:account_closed", "FAILED", "ACCOUNT_CLOSED"),
        ("decline:lost_or_stolen", "FAILED", "LOST_OR_STOLEN_CARD"),
    ],
)
def test_a_refund_says_how_it_stands_and_why(refund: str, status: str, reason: str | None) -> None:
    printed = refund_of(refunded(refund))
    assert (status, reason) == (printed["status"], printed.get("failureReason"))
    assert (reason is None) == ("failureReason" not in printed)


@pytest.mark.parametrize(
    ("fact", "reason"), [(Canceled(), "CANCELED"), (NotAttempted(), "PROCESSING_ERROR")]
)
def test_a_refund_that_did_not_happen_has_failed(fact: Any, reason: str) -> None:
    statement = refunded("timeout_before")
    (refund,) = statement.refunds
    evidence = Evidence(fact=fact, source=EvidenceSource.RESPONSE, recorded_at=refund.updated_at)
    printed = refund_of(attrs.evolve(statement, refunds=(refund.observed(evidence),)))
    assert ("FAILED", reason) == (printed["status"], printed["failureReason"])


def test_a_refund_without_a_reason_says_so() -> None:
    statement = refunded()
    (refund,) = statement.refunds
    plain = attrs.evolve(refund, reason=None)
    assert refund_of(attrs.evolve(statement, refunds=(plain,)))["reason"] is None


@pytest.mark.parametrize("reason", RefundReason)
def test_every_reason_is_printed_in_capitals(reason: RefundReason) -> None:
    statement = refunded()
    (refund,) = statement.refunds
    told = attrs.evolve(statement, refunds=(attrs.evolve(refund, reason=reason),))
    assert reason.value.upper() == refund_of(told)["reason"]


def of_amount(amount: Money) -> Statement:
    statement = refunded("timeout_before")
    (refund,) = statement.refunds
    evidence = Evidence(
        fact=Refunded(amount), source=EvidenceSource.RESPONSE, recorded_at=refund.updated_at
    )
    asked = attrs.evolve(refund, amount=amount)
    return attrs.evolve(statement, refunds=(asked.observed(evidence),))


@pytest.mark.parametrize(
    ("amount", "printed"),
    [
        (Money("45.01", "USD"), "45.01"),
        (Money("110.00", "USD"), "110"),
        (Money("0.10", "USD"), "0.1"),
        (Money("0.29", "USD"), "0.29"),
        (Money("12.345", "KWD"), "12.345"),
        (Money(1000, "JPY"), "1000"),
        (Money(10**17 + 1, "JPY"), "100000000000000001"),
        (Money("9999999999999.99", "USD"), "9999999999999.99"),
    ],
)
def test_an_amount_is_a_json_number_and_exact(amount: Money, printed: str) -> None:
    assert printed == json.dumps(refund_of(of_amount(amount))["amount"])


def test_an_amount_that_no_json_number_keeps_is_refused() -> None:
    with pytest.raises(AmountNotRepresentable):
        checkout_api.session(of_amount(Money("9999999999999999.99", "USD")))


def test_a_statement_without_a_session_has_no_document() -> None:
    with pytest.raises(NotFound):
        checkout_api.session(attrs.evolve(completed(), session=None))
