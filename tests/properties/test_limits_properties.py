from __future__ import annotations

import contextlib
import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysession._domain.limits import Metadata, holds_card_number, redacted, safe_id, safe_text
from paysession.errors import NotAllowed

CARDS = [
    "4242424242424242",
    "4000056655665556",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3056930009020004",
    "36227206271667",
    "3530111333300000",
    "6200000000000005",
]

TROUBLE = st.sampled_from(
    [
        *CARDS,
        "cvc",
        "card[number]",
        "sk_live_abc",
        "pi_1_secret_2",
        "password=",
        "Bearer ",
        "secret: ",
        "eyJa.b.c",
        "token",
        "\0",
        "\ud800",
        "e\u0301",
        "\u0301",
        "\u1112\u1161\u11ab",
        "1234 5678",
        "…",
        "[",
        "]",
    ]
)
TEXT = st.lists(TROUBLE | st.text(max_size=20), max_size=12).map("".join) | st.text(
    "0123456789 -a_", max_size=60
)


@st.composite
def written_cards(draw: st.DrawFn) -> str:
    """A test card number as people write one: grouped, in any script, with words around it."""
    zero = draw(st.sampled_from("0\u0660\uff10\u0966"))
    digits = [chr(ord(zero) + int(digit)) for digit in draw(st.sampled_from(CARDS))]
    separator = draw(st.sampled_from(["", " ", "-", " - ", "\u2011", "\u00a0", "\u200b"]))
    size = draw(st.sampled_from([1, 2, 4, 5]))
    groups = ["".join(digits[start : start + size]) for start in range(0, len(digits), size)]
    before, after = draw(st.sampled_from([("", ""), ("my card: ", ", thanks"), ("(", ")")]))
    return before + separator.join(groups) + after


@given(written_cards())
def test_a_written_card_is_refused_on_every_path(text: str) -> None:
    assert holds_card_number(text)
    for path in (
        lambda: safe_text(text, field="it", most=500),
        lambda: safe_id(text, field="it"),
        lambda: Metadata.of({"key": text}),
        lambda: Metadata.of({"key": "value", text: "value"}),
    ):
        with pytest.raises(NotAllowed) as error:
            path()
        assert text not in str(error.value)


@given(written_cards())
def test_a_written_card_is_redacted(text: str) -> None:
    assert not holds_card_number(redacted(text))
    assert "[card number]" in redacted(text)


@given(st.uuids(), st.sampled_from(["", "ps_", "order-", "urn:uuid:"]))
def test_a_uuid_is_never_a_card_number(value: uuid.UUID, prefix: str) -> None:
    assert prefix + str(value) == safe_id(prefix + str(value), field="id")


@given(st.text("0123456789-", min_size=36, max_size=36))
def test_a_uuid_of_digits_is_never_a_card_number(digits: str) -> None:
    value = str(uuid.UUID(digits.replace("-", "0")[:32]))
    assert {"key": value} == Metadata.of({"key": value})


@given(
    st.sampled_from(["ps_", "pss_", "py_", "re_", "at_", "pm_"]),
    st.sampled_from(CARDS) | st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=1, max_size=40),
)
def test_our_own_ids_are_never_card_numbers(prefix: str, name: str) -> None:
    assert prefix + name == safe_id(prefix + name, field="id")
    assert prefix + name == safe_text(prefix + name, field="it", most=100)


@given(TEXT, st.integers(1, 60))
def test_text_that_is_accepted_is_stored_as_it_reads(text: str, most: int) -> None:
    try:
        accepted = safe_text(text, field="it", most=most, allow_empty=True)
    except NotAllowed:
        return
    assert unicodedata.normalize("NFC", text) == accepted
    assert len(accepted) <= most
    assert accepted == accepted.encode().decode()
    assert accepted == safe_text(accepted, field="it", most=most, allow_empty=True)


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_metadata_that_is_accepted_is_equal_normalized_and_bounded(entries: dict[str, str]) -> None:
    try:
        metadata = Metadata.of(entries)
    except NotAllowed:
        return
    normalized = {
        unicodedata.normalize("NFC", key): unicodedata.normalize("NFC", value)
        for key, value in entries.items()
    }
    assert normalized == metadata
    assert len(metadata) <= 50
    assert all(len(key) <= 40 and len(value) <= 500 for key, value in metadata.items())
    assert metadata == Metadata.of(dict(metadata))


@given(st.dictionaries(TEXT, st.sampled_from(["a", "e\u0301"]), max_size=5))
def test_a_refusal_of_metadata_changes_nothing(entries: dict[str, str]) -> None:
    before = dict(entries)
    with contextlib.suppress(NotAllowed):
        Metadata.of(entries)
    assert before == entries


@given(TEXT, st.integers(1, 80))
def test_redacting_twice_is_redacting_once(text: str, most: int) -> None:
    once = redacted(text, most)
    assert once == redacted(once, most)
    assert len(once) <= most


@given(TEXT)
def test_a_redacted_text_can_be_stored_and_shown(text: str) -> None:
    clean = redacted(text)
    assert clean == unicodedata.normalize("NFC", clean)
    assert clean == clean.encode().decode()
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in clean)
    assert not holds_card_number(clean)
