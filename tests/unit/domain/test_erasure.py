"""What is erased of a customer, by name: every field of every record is on one of two lists."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from domain_builders import NOW, at, completing, heard, new_payment

from paysession import ClientData, CreditCard, Metadata, StoreCredit, StoredSource
from paysession._domain.erasure import (
    ERASABLE,
    ERASABLE_ROLES,
    as_told_of,
    erased,
    erased_record,
    forgotten,
)
from paysession._domain.evidence import Evidence
from paysession.events import CustomerForgotten, Event
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    Fact,
    Failure,
    FailureCode,
    Pending,
    Profile,
    Redirect,
    ReferenceRole,
    References,
    Stored,
    UseSdk,
)
from paysession.stores.port import KINDS

KEPT_FREE_TEXT = {
    "Approved": "",
    "Attempt": "id tenant gateway waits_for_person claim session_id payment_id",
    "Authorization": "id tenant payment_id",
    "Capture": "id tenant gateway waits_for_person claim payment_id",
    "Charge": "id tenant gateway waits_for_person claim payment_id",
    "CreditCard": "id brand last4",
    "Currency": "code name",
    "Discrepancy": "operation_id expected actual",
    "Dispute": "id tenant payment_id gateway",
    "DisputeChanged": "status",
    "Failure": "raw_code advice",
    "ParkedReport": "id tenant gateway waiting waits_for_person applied_to claims",
    "PayableAccount": "id tenant",
    "Payment": "id tenant gateway payable_id payable_reference session_id attempt_id number"
    " open_operations asking claims",
    "PaymentMethod": "id name gateway description type provider instrument",
    "PaymentSession": "id tenant gateway attempt_id payment_id open_attempts asking claims",
    "Profile": "brand last4",
    "Redirect": "method",
    "Reference": "id",
    "ReferenceChanged": "former",
    "Refund": "id tenant gateway waits_for_person claim payment_id capture_id",
    "RefundCancellation": "id tenant gateway waits_for_person claim payment_id refund_id",
    "Report": "our_reference id attempt",
    "Reversal": "id tenant payment_id",
    "SetupAttempt": "id tenant gateway waits_for_person claim setup_session_id",
    "SetupSession": "id tenant gateway attempt_id open_attempts claims",
    "ShowCode": "kind",
    "StoreCredit": "id",
    "StoredSource": "id",
    "Superseded": "by",
    "Terms": "payable_id payable_reference",
    "Unreadable": "raw",
    "Void": "id tenant gateway waits_for_person claim payment_id",
}
"""Text that stays: ours, the backend's own ids and words, and the provider's codes and ids."""

FINGERPRINTS = {
    ("Redirect", "url"),
    ("Redirect", "fields"),
    ("UseSdk", "data"),
    ("ShowCode", "code"),
    ("WaitForTransfer", "instructions"),
}
"""Client data of a fact, of which a fingerprint is kept as evidence."""


def kinds_within(kind: Any, known: set[type]) -> None:
    """Collect the attrs classes that a record may hold, the events that it tells aside."""
    if get_origin(kind) in (Union, UnionType, tuple):
        for part in get_args(kind):
            kinds_within(part, known)
    elif isinstance(kind, type) and attrs.has(kind) and kind not in known:
        if issubclass(kind, Event):
            return
        known.add(kind)
        hints = get_type_hints(kind)
        for field in attrs.fields(kind):
            kinds_within(hints[field.name], known)


def stored_kinds() -> set[type]:
    known: set[type] = set()
    for kind in KINDS:
        kinds_within(kind, known)
    return known


def is_text(hint: Any) -> bool:
    return any(part in (str, ClientData, Metadata) for part in (hint, *get_args(hint)))


def texts_of(kind: type) -> Iterator[str]:
    hints = get_type_hints(kind)
    return (each.name for each in attrs.fields(kind) if is_text(hints[each.name]))


def erasable_of(kind: type) -> set[str]:
    return {name for base in kind.__mro__ for name in ERASABLE.get(base, {})}


@pytest.mark.parametrize("kind", sorted(stored_kinds(), key=str))
def test_every_text_of_every_record_is_named_as_erased_or_as_kept(kind: type) -> None:
    fingerprints = {name for owner, name in FINGERPRINTS if owner == kind.__name__}
    texts = set(texts_of(kind)) - fingerprints

    kept = texts - erasable_of(kind)
    assert set(KEPT_FREE_TEXT.get(kind.__name__, "").split()) == kept


def test_what_is_named_as_erasable_exists() -> None:
    for kind, blanks in ERASABLE.items():
        assert set(blanks) <= {field.name for field in attrs.fields(kind)}


def test_amounts_statuses_and_times_are_never_erasable() -> None:
    for kind, blanks in ERASABLE.items():
        hints = get_type_hints(kind)
        assert all("Money" not in str(hints[name]) for name in blanks)
        assert {"status", "balances", "amount", "phase", "created_at"}.isdisjoint(blanks)


EVERYTHING = References.of(
    session="cs_1",
    authorization="pi_1",
    capture="ch_1",
    void="vo_1",
    refund="re_1",
    dispute="dp_1",
    customer="cus_1",
    source="tok_1",
)


def test_the_provider_s_ids_of_a_person_are_erased_and_those_of_money_are_kept() -> None:
    kept = {reference.role for reference in erased(EVERYTHING)}

    assert set(ReferenceRole) - ERASABLE_ROLES == kept
    assert {ReferenceRole.CUSTOMER, ReferenceRole.SOURCE} == ERASABLE_ROLES


@pytest.mark.parametrize(
    ("source", "after"),
    [
        (
            CreditCard(
                id="c", profile_id="t", brand="visa", last4="4242", month=1, year=2030, name="Zelda"
            ),
            CreditCard(id="c", brand="visa", last4="4242", month=1, year=2030),
        ),
        (StoredSource(id="c", profile_id="t"), StoredSource(id="c")),
        (StoreCredit(id="sc_1"), StoreCredit(id="sc_1")),
        (None, None),
    ],
)
def test_a_source_is_no_longer_one_that_can_be_charged(source: object, after: object) -> None:
    assert after == erased(source)


PROFILE = Profile(id="tok_1", brand="visa", last4="4242", month=1, year=2030, name="Zelda")
CARD_ONLY = Profile(brand="visa", last4="4242", month=1, year=2030)
AMOUNT = new_payment().amount


@pytest.mark.parametrize(
    ("fact", "after"),
    [
        (Stored(PROFILE), Stored(CARD_ONLY)),
        (Authorized(AMOUNT, profile=PROFILE), Authorized(AMOUNT)),
        (Captured(AMOUNT, profile=PROFILE), Captured(AMOUNT)),
        (Pending("Zelda's bank is slow"), Pending()),
        (Accepted(client_data="secret", next_action=UseSdk("z")), Accepted()),
        (
            ActionRequired(Redirect("sha256:1"), client_data="secret"),
            ActionRequired(Redirect("sha256:1")),
        ),
        (
            Declined(Failure(FailureCode.UNKNOWN_DECLINE, raw_code="5", raw_message="no, Zelda")),
            Declined(Failure(FailureCode.UNKNOWN_DECLINE, raw_code="5")),
        ),
    ],
)
def test_of_a_fact_stays_what_happened(fact: Fact, after: Fact) -> None:
    assert after == erased(fact)


@pytest.mark.parametrize("value", [None, "text", 7, NOW, AMOUNT, (), EVERYTHING, (1, (2, 3))])
def test_what_has_nothing_to_erase_is_returned_as_it_is(value: object) -> None:
    once = erased(value)

    assert once is erased(once)


def test_a_record_with_nothing_to_erase_is_not_written() -> None:
    attempt = completing().attempt.committed()

    assert attempt is erased_record(attempt, at=at(9))
    assert not attempt.is_changed


def test_a_record_that_was_erased_is_written_and_its_time_does_not_go_back() -> None:
    attempt = attrs.evolve(completing().attempt.committed(), doubt="Zelda hung up")

    late, early = erased_record(attempt, at=at(9)), erased_record(attempt, at=at(-9))

    assert late.is_changed
    assert (at(9), attempt.updated_at) == (late.updated_at, early.updated_at)


def test_to_forget_twice_tells_nothing_more() -> None:
    payment = forgotten(attrs.evolve(new_payment(), customer_id="cu_1"), at=at(1))

    assert isinstance(payment.news[-1], CustomerForgotten)
    assert payment is forgotten(payment, at=at(2))


def test_of_a_customer_who_is_forgotten_nothing_is_learnt_anew() -> None:
    evidence = heard(Captured(AMOUNT, profile=PROFILE, references=EVERYTHING))
    payment = new_payment()
    after = as_told_of(forgotten(payment, at=at(1)), evidence)

    assert evidence is as_told_of(payment, evidence)
    assert isinstance(after, Evidence)
    assert Captured(AMOUNT, references=erased(EVERYTHING)) == after.fact


@pytest.mark.parametrize("kind", KINDS)
def test_every_stored_kind_is_looked_at(kind: type) -> None:
    assert kind in stored_kinds()
