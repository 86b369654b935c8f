"""What a gateway answers, and what a provider says."""

from __future__ import annotations

import pytest

from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.errors import InvalidAmount, LimitExceeded
from paysession.outcomes import (
    NO_REFERENCES,
    Authorized,
    Captured,
    Declined,
    Ends,
    Failure,
    FailureCode,
    NotAttempted,
    Redirect,
    Reference,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Unknown,
    UseSdk,
    Voided,
)


def test_references_are_named_by_role() -> None:
    references = References.of(session="cs_1", capture="ch_1")
    assert ("cs_1", "ch_1", None) == (
        references.get(ReferenceRole.SESSION),
        references.get(ReferenceRole.CAPTURE),
        references.get(ReferenceRole.REFUND),
    )
    assert ["cs_1", "ch_1"] == [reference.id for reference in references]


def test_the_newest_reference_counts_and_the_former_one_is_kept() -> None:
    both = References.of(authorization="pi_1") | References.of(authorization="pi_2")
    assert "pi_2" == both.get(ReferenceRole.AUTHORIZATION)
    assert ["pi_1", "pi_2"] == [reference.id for reference in both]


def test_references_that_are_known_add_nothing() -> None:
    known = References.of(session="cs_1")
    assert known is known | References.of(session="cs_1")
    assert known is known | NO_REFERENCES


def test_a_reference_has_a_role_and_a_length() -> None:
    assert ReferenceRole.SESSION is Reference("session", "cs_1").role
    with pytest.raises(LimitExceeded):
        References.of(session="x" * 256)


@pytest.mark.parametrize("fact", [Authorized, Captured, Voided, Refunded])
def test_a_provider_moves_more_than_zero(fact: type[Captured]) -> None:
    assert Money("0.01", "EUR") == fact(Money("0.01", "EUR")).amount
    for amount in ("0", "-1"):
        with pytest.raises(InvalidAmount, match="moves more than zero"):
            fact(Money(amount, "EUR"))
    with pytest.raises(TypeError, match="amount must be Money, not int"):
        fact(100)  # type: ignore[arg-type]


def test_outcomes_are_matched_by_position() -> None:
    match Declined(Failure(FailureCode.EXPIRED_CARD), "object"):
        case Declined(failure, ends):
            assert (FailureCode.EXPIRED_CARD, Ends.OBJECT) == (failure.code, ends)


def test_what_the_browser_must_have_is_masked() -> None:
    redirect = Redirect("https://bank.example/3ds?secret=1")
    assert "https://bank.example/3ds?secret=1" == redirect.url.reveal()
    assert "secret" not in repr(redirect)
    data = ClientData({"secret": "1"})
    assert data is UseSdk(data).data


def test_the_reason_of_a_doubt_is_redacted() -> None:
    for outcome in (Unknown, NotAttempted):
        assert "4242" not in outcome("card 4242 4242 4242 4242 timed out").reason


def test_a_report_carries_a_fact_and_whom_it_is_about() -> None:
    report = Report(Captured(Money("1", "EUR")), our_reference="at_1")
    assert ("at_1", NO_REFERENCES, None) == (report.our_reference, report.references, report.id)
