"""What the customer pays with never holds a card number."""

from __future__ import annotations

from typing import Any

import pytest

from paysession._domain.sources import CreditCard, Profile, StoreCredit, StoredSource
from paysession.errors import UnsafeInput


def card(last4: object = "4242", name: str | None = None, month: int = 12) -> CreditCard:
    return CreditCard(id="cc_1", brand="visa", last4=last4, month=month, year=2030, name=name)


def test_a_card_is_four_digits_and_a_token() -> None:
    assert ("4242", None, None) == (card().last4, card().profile_id, card().name)
    tokened = CreditCard(
        id="cc_1", profile_id="tok_1", brand="visa", last4="0000", month=1, year=2030
    )
    assert "tok_1" == tokened.profile_id


@pytest.mark.parametrize("last4", ["424", "42424", "42x2", "\u0664\u0662\u0664\u0662", 4242, None])
def test_more_or_less_than_the_last_four_digits_is_refused(last4: object) -> None:
    with pytest.raises(UnsafeInput, match="last four digits"):
        card(last4)


def test_a_card_number_is_refused_wherever_it_hides() -> None:
    number = "4242 4242 4242 4242"
    with pytest.raises(UnsafeInput):
        card(name=number)
    with pytest.raises(UnsafeInput):
        StoredSource(id="src_1", profile_id=number)
    with pytest.raises(UnsafeInput):
        StoreCredit(id=number)


def test_there_are_twelve_months() -> None:
    with pytest.raises(ValueError, match="month"):
        card(month=13)


def test_the_name_on_a_card_is_not_shown() -> None:
    named = card(name="Ada Lovelace")
    assert "Ada Lovelace" == named.name
    assert "Ada" not in repr(named)


def test_store_credit_is_its_own_profile() -> None:
    assert "sc_1" == StoreCredit(id="sc_1").profile_id
    assert None is StoredSource(id="src_1").profile_id


@pytest.mark.parametrize("month", [True, 1.0, "1", None])
def test_a_month_is_a_whole_number(month: Any) -> None:
    with pytest.raises(TypeError, match=r"source\.month must be int"):
        card(month=month)


VISA = Profile(id="tok_1", brand="visa", last4="4242", month=12, year=2030)


def test_of_a_card_all_is_told_or_nothing() -> None:
    with pytest.raises(UnsafeInput, match="or none"):
        Profile(id="tok_1", brand="visa")
    assert Profile(id="tok_1") == VISA.bare


def test_what_a_provider_tells_is_a_source_under_an_id_of_ours() -> None:
    told = VISA.telling_of(None, "src_9")
    assert isinstance(told, CreditCard)
    assert ("src_9", "tok_1") == (told.id, told.profile_id)
    assert StoredSource(id="src_9", profile_id="tok_1") == VISA.bare.telling_of(None, "src_9")


def test_a_source_that_was_named_keeps_its_id_and_what_is_not_told_of_it() -> None:
    known = CreditCard(
        id="card_7",
        profile_id="tok_1",
        brand="visa",
        last4="0000",
        month=1,
        year=2027,
        name="A. Person",
        is_default=True,
    )
    told = VISA.telling_of(known, "src_9")
    assert isinstance(told, CreditCard)
    assert ("card_7", "4242", "A. Person", True) == (
        told.id,
        told.last4,
        told.name,
        told.is_default,
    )
    assert known == VISA.bare.telling_of(known, "src_9")
    assert known == Profile().telling_of(known, "src_9")


def test_a_source_that_is_not_kept_is_still_the_one_that_was_charged() -> None:
    known = StoredSource(id="src_1", profile_id="tok_1")
    told = Profile(brand="visa", last4="4242", month=12, year=2030).telling_of(known, "src_9")
    assert isinstance(told, CreditCard)
    assert ("src_1", "tok_1") == (told.id, told.profile_id)


def test_another_profile_is_another_source() -> None:
    known = StoredSource(id="src_1", profile_id="token_for_once")
    assert "src_9" == VISA.telling_of(known, "src_9").id
