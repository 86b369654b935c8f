"""What a gateway answers, and what a provider says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from paysession._domain.secrets import ClientData
from paysession._money import Money
from paysession.errors import InvalidAmount, LimitExceeded, UnsafeInput
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    AuthorizationChanged,
    Authorized,
    Bounced,
    Captured,
    Declined,
    DisputeChanged,
    Ends,
    Failure,
    FailureCode,
    NextAction,
    NotAttempted,
    Pending,
    Redirect,
    Reference,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    ShowCode,
    Totals,
    Unknown,
    UseSdk,
    Voided,
    WaitForTransfer,
    as_evidence,
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


def test_a_reference_that_is_named_twice_is_kept_once() -> None:
    first, second = References.of(refund="re_1", dispute="dp_1")
    assert (first, second) == References((first, second, first)).entries
    assert (first,) == References((first, first)).entries


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
    for outcome in (Unknown, NotAttempted, Pending):
        assert "4242" not in outcome("card 4242 4242 4242 4242 timed out").reason


def test_a_report_carries_a_fact_and_whom_it_is_about() -> None:
    report = Report(Captured(Money("1", "EUR")), our_reference="at_1")
    assert ("at_1", NO_REFERENCES, None) == (report.our_reference, report.references, report.id)


EURO = Money("1", "EUR")


@pytest.mark.parametrize(
    ("kind", "args", "kwargs"),
    [
        (Captured, (100,), {}),
        (Captured, ("1.00",), {}),
        (Captured, (EURO,), {"references": []}),
        (Captured, (EURO,), {"references": {"capture": "ch_1"}}),
        (Captured, (EURO,), {"occurred_at": "2026-03-01"}),
        (Captured, (EURO,), {"sequence": "1"}),
        (Pending, (7,), {}),
        (Redirect, (7,), {}),
        (UseSdk, (None,), {}),
        (Reference, ("session", 7), {}),
        (References, (("session", "cs_1"),), {}),
        (Captured, (type("Euros", (Money,), {})("1", "EUR"),), {}),
        (Declined, ("no",), {}),
        (Rejected, (None,), {}),
        (Bounced, (FailureCode.DO_NOT_HONOR,), {}),
        (ActionRequired, ("https://bank.example/3ds",), {}),
        (ActionRequired, (None,), {}),
        (Accepted, (), {"next_action": "https://bank.example/3ds"}),
        (Accepted, (), {"expires_at": "2026-03-01"}),
        (Authorized, (EURO,), {"expires_at": "2026-03-01"}),
        (AuthorizationChanged, (100,), {}),
        (Totals, (), {"captured": 100}),
        (DisputeChanged, ("lost",), {"amount": 100}),
        (Report, ("captured",), {}),
        (Report, (Captured,), {}),
        (Report, (Captured(EURO),), {"our_reference": 7}),
        (Report, (Captured(EURO),), {"references": None}),
    ],
)
def test_what_is_of_the_wrong_type_is_refused_where_it_is_made(
    kind: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    with pytest.raises(TypeError):
        kind(*args, **kwargs)


@pytest.mark.parametrize(
    ("kind", "args", "field"),
    [
        (Captured, (EURO,), "occurred_at"),
        (Authorized, (EURO,), "expires_at"),
        (Accepted, (), "expires_at"),
        (ShowCode, ("code",), "expires_at"),
        (AuthorizationChanged, (EURO,), "expires_at"),
    ],
)
def test_a_provider_s_time_has_a_zone(
    kind: Callable[..., object], args: tuple[object, ...], field: str
) -> None:
    with pytest.raises(UnsafeInput):
        kind(*args, **{field: datetime(2026, 3, 1)})  # noqa: DTZ001 - that is it


def test_what_a_decline_ends_is_one_of_two() -> None:
    with pytest.raises(UnsafeInput):
        Declined(Failure(FailureCode.DO_NOT_HONOR), ends="everything")


def test_a_refusal_of_a_next_action_does_not_show_it() -> None:
    with pytest.raises(TypeError) as refused:
        ActionRequired("https://bank.example/secret")  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)


def test_a_report_tells_its_fact_with_all_ids_it_names() -> None:
    fact = Captured(Money("1", "EUR"), references=References.of(capture="ch_1"))
    report = Report(fact, references=References.of(authorization="pi_1"))
    assert ["ch_1", "pi_1"] == [each.id for each in report.told.references]


@pytest.mark.parametrize(
    "action",
    [
        Redirect("https://bank.example/3ds"),
        Redirect("https://bank.example/3ds", method="POST", fields={"pareq": "eJx"}),
        UseSdk("data"),
        ShowCode("code"),
        WaitForTransfer("instructions"),
    ],
)
def test_what_is_kept_of_a_fact_tells_two_apart_and_tells_neither(action: NextAction) -> None:
    kept = as_evidence(ActionRequired(action))
    assert kept == as_evidence(ActionRequired(action))
    assert kept != as_evidence(ActionRequired(UseSdk("other")))
    assert kept != ActionRequired(action)
    accepted = as_evidence(Accepted(next_action=action))
    assert accepted != Accepted(next_action=action)
    assert Accepted() == as_evidence(Accepted())


def test_what_is_called_by_ever_more_names_keeps_the_first() -> None:
    names = tuple(Reference(ReferenceRole.SESSION, f"cs_{number}") for number in range(150))
    known = References(names)
    assert names[:100] == known.entries

    further = References.of(session="cs_149")
    assert known == known | further
    assert known == known.renamed(ReferenceChanged("cs_200", references=further))
