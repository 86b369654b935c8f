from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from paysession._domain.limits import (
    Metadata,
    aware,
    holds_card_number,
    is_a,
    redacted,
    safe_count,
    safe_id,
    safe_reference,
    safe_text,
    safe_url,
)
from paysession.errors import LimitExceeded, UnsafeInput

CARD = "4242424242424242"
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

CARDS = [
    "4242424242424242",
    "4000056655665556",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "5105105105105100",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "3056930009020004",
    "36227206271667",
    "38520000023237",
    "3530111333300000",
    "3566002020360505",
    "6200000000000005",
    "6205500000000000004",
    "6759649826438453",
    "2200000000000004",
]


@pytest.mark.parametrize("card", CARDS)
def test_a_test_card_is_a_card_number(card: str) -> None:
    assert holds_card_number(card)
    assert holds_card_number(f"pay with {card}, please")
    assert holds_card_number(f"card:{card}.")


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242 - 4242 - 4242 - 4242",
        "4242\N{EN DASH}4242\N{MINUS SIGN}4242\N{NO-BREAK SPACE}4242",
        "4242\n4242\n4242\n4242",
        "4242\u200b4242\u200b4242\u200b4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "3782 822463 10005",
        "4242 4242 4242 4242 12 27 123",
        "since 2026-11-20 4242 4242 4242 4242",
        "4242424242424242 12/27",
        CARD.translate(FULL_WIDTH),
        CARD.translate({0x32: 0x662, 0x34: 0x664}),
        "⁴²⁴²⁴²⁴²⁴²⁴²⁴²⁴²",
    ],
)
def test_a_card_number_is_seen_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424241",
        "424242424242",
        "42424242424242424242",
        "1763679600000",
        "0000000000000000",
        "79927398713",
        "py_4242424242424242",
        "ord4242424242424242",
        "4242424242424242a",
        "4242 4242 4242 4242a",
        "abcdabcd-1234-4123-8123-424242424242",
        "00000000-0000-4242-4242-424242424242",
        "4242.4242.4242.4242",
        "+49 30 901820 2026-11-20 110.00",
    ],
)
def test_other_numbers_are_no_card_numbers(text: str) -> None:
    assert not holds_card_number(text)


def refusals() -> Iterator[tuple[str, Callable[[str], object]]]:
    yield "text", lambda value: safe_text(value, field="it", most=100)
    yield "id", lambda value: safe_id(value, field="it")
    yield "metadata value", lambda value: Metadata.of({"key": value})
    yield "metadata key", lambda value: Metadata.of({value: "value"})
    yield "address", lambda value: safe_url(f"https://shop.example/{value}", field="it")
    yield "query", lambda value: safe_url(f"https://shop.example/?a={value}", field="it")


PATHS = [pytest.param(path, id=name) for name, path in refusals()]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_refused_on_every_path(path: Callable[[str], object], card: str) -> None:
    with pytest.raises(UnsafeInput, match="card number") as error:
        path(card)
    assert card not in f"{error.value!r} {error.value} {error.value.args} {error.value.details}"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/4242%204242%204242%204242",
        "https://shop.example/?card=4242+4242+4242+4242",
    ],
)
def test_a_card_number_in_an_address_is_seen_through_its_encoding(url: str) -> None:
    with pytest.raises(UnsafeInput, match="card number"):
        safe_url(url, field="return_url")


@pytest.mark.parametrize(
    "check",
    [
        lambda value: safe_text(value, field="it", most=100),
        lambda value: safe_id(value, field="it"),
        lambda value: safe_url(value, field="it"),
        lambda value: Metadata.of({"key": value}),
        lambda value: Metadata.of({value: "value"}),
        redacted,
    ],
)
@pytest.mark.parametrize("value", [None, 7, b"bytes", 1.5, True])
def test_what_is_no_text_is_a_type_error(check: Callable[..., str], value: Any) -> None:
    with pytest.raises(TypeError, match="must be a str, not "):
        check(value)


@pytest.mark.parametrize("check", [safe_text, safe_id])
@pytest.mark.parametrize(
    "value", ["a\0b", "a\ud800b", "a\x07b", "a\nb", "a\x85b", "", pytest.param(" ", id="blank")]
)
def test_text_that_must_not_be_stored_is_refused(check: Callable[..., str], value: Any) -> None:
    with pytest.raises(UnsafeInput) as error:
        check(value, field="name", most=20)
    assert "name" == error.value.field


@pytest.mark.parametrize("check", [safe_text, safe_id])
def test_text_comes_out_in_form_c(check: Callable[..., str]) -> None:
    assert "caf\N{LATIN SMALL LETTER E WITH ACUTE}" == check("cafe\u0301", field="name", most=4)


@pytest.mark.parametrize("check", [safe_text, safe_id])
@pytest.mark.parametrize("length", [5, 16, 17, 1_000_000])
def test_text_that_is_too_long_is_refused(check: Callable[..., str], length: int) -> None:
    with pytest.raises(LimitExceeded) as error:
        check("a" * length, field="name", most=4)
    assert ("characters in name", 4) == (error.value.what, error.value.limit)


def test_text_may_be_empty_where_it_is_allowed() -> None:
    assert "" == safe_text("", field="note", most=10, allow_empty=True)


@pytest.mark.parametrize("value", ["a b", "שלום", "日本 🇯🇵", "üñí", "it's 5 o'clock!"])
def test_text_of_any_script_is_text(value: Any) -> None:
    assert value == safe_text(value, field="name", most=40)


def test_an_id_may_have_255_characters() -> None:
    assert "a" * 255 == safe_id("a" * 255, field="id")
    with pytest.raises(LimitExceeded):
        safe_id("a" * 256, field="id")


@pytest.mark.parametrize("value", [" a", "a ", "a\u200bb", "a\u2028b", "a\u00a0"])
def test_an_id_that_cannot_be_seen_is_refused(value: Any) -> None:
    with pytest.raises(UnsafeInput):
        safe_id(value, field="id")


@pytest.mark.parametrize(
    "value", ["R123456789", "order 7", "py_4242424242424242", "#1001", "gid://1"]
)
def test_an_id_is_returned_as_it_is(value: Any) -> None:
    assert value == safe_id(value, field="id")


@pytest.mark.parametrize(
    "value",
    [
        "https://shop.example",
        "https://shop.example./thanks?a=b%20c&d=[1]#end",
        "HTTPS://SHOP.EXAMPLE:8443/",
        "https://intranet/",
        "https://xn--mller-kva.example/",
        "https://192.0.2.7/",
        "https://[2001:db8::1]:443/",
        "https://shop.example/?session={CHECKOUT_SESSION_ID}",
        "https://shop.example/a@b",
        "http://localhost:3000/thanks",
        "http://LOCALHOST/",
        "http://127.0.0.1/",
        "http://127.8.9.10:8000/",
        "http://[::1]:8000/",
    ],
)
def test_an_address_that_is_safe_is_returned_as_it_is(value: Any) -> None:
    assert value == safe_url(value, field="return_url")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/thanks",
        "shop.example/thanks",
        "//shop.example/thanks",
        "https:/shop.example",
        "https:shop.example",
        "https://",
        "https:///thanks",
        "https://?a=b",
        "javascript:alert(1)",
        "javascript://shop.example/%0aalert(1)",
        "data:text/html,hello",
        "ftp://shop.example/",
        "http://shop.example/",
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://10.0.0.1/",
        "http://[2001:db8::1]/",
        "https://user@shop.example/",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example:99999/",
        "https://shop.example:0/",
        "https://shop.example:x/",
        "https://-shop.example/",
        "https://shop..example/",
        "https://shop_1.example/",
        "https://ex%61mple.com/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://1.2.3.256/",
        "https://[::1/",
        "https://[nonsense]/",
        "https://[fe80::1%eth0]/",
        "https://[192.0.2.7]/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://shop.example\\@evil.example/",
        " https://shop.example/",
        "https://shop.example/\n",
        "https://shop.example/a b",
        "https://shop.example/\0",
        "https://shop.example/\t",
        "https://müller.example/",
        "https://shop.example/ü",
        "https://shop.example/<a>",
        "https://shop。example/",
    ],
)
def test_an_address_that_is_not_safe_is_refused(value: Any) -> None:
    with pytest.raises(UnsafeInput) as error:
        safe_url(value, field="return_url")
    assert "return_url" == error.value.field


def test_an_address_may_have_2048_characters() -> None:
    longest = "https://shop.example/".ljust(2048, "a")
    assert longest == safe_url(longest, field="return_url")
    with pytest.raises(LimitExceeded):
        safe_url(longest + "a", field="return_url")


def test_metadata_is_a_mapping_that_equals_dicts() -> None:
    metadata = Metadata.of({"a": "1", "b": "2"})
    assert {"a": "1", "b": "2"} == metadata
    assert {"b": "2", "a": "1"} == dict(metadata)
    assert (2, ["a", "b"], "1") == (len(metadata), list(metadata), metadata["a"])
    assert metadata != {"a": "1"}


def test_no_metadata_is_empty_metadata() -> None:
    assert {} == Metadata.of(None) == Metadata.of({}) == Metadata()


def test_metadata_is_a_value() -> None:
    metadata = Metadata.of({"a": "1", "b": "2"})
    assert hash(metadata) == hash(Metadata.of({"b": "2", "a": "1"}))
    assert metadata is copy.copy(metadata) is copy.deepcopy(metadata)
    assert metadata == pickle.loads(pickle.dumps(metadata))


def test_metadata_is_copied_on_entry() -> None:
    entries = {"a": "1"}
    metadata = Metadata.of(entries)
    entries["a"] = "2"
    assert {"a": "1"} == metadata


def test_metadata_cannot_be_changed() -> None:
    metadata = Metadata.of({"a": "1"})
    with pytest.raises(TypeError):
        metadata["a"] = "2"  # type: ignore[index]
    with pytest.raises(AttributeError):
        metadata.a = "2"  # type: ignore[attr-defined]
    assert {"a": "1"} == metadata


def test_metadata_prints_its_keys_only() -> None:
    assert "Metadata(keys=['a'])" == repr(Metadata.of({"a": "hidden"}))


def test_metadata_that_was_checked_is_not_checked_again() -> None:
    metadata = Metadata.of({"imei": CARD}, not_cards={"imei"})
    assert metadata is Metadata.of(metadata)
    assert metadata == Metadata.restored({"imei": CARD})


def test_only_the_named_key_may_look_like_a_card_number() -> None:
    with pytest.raises(UnsafeInput) as error:
        Metadata.of({"imei": CARD, "note": CARD}, not_cards={"imei"})
    assert "metadata['note']" == error.value.field


@pytest.mark.parametrize("entries", ["text", [("a", "1")], 7])
def test_metadata_is_made_of_a_mapping(entries: Any) -> None:
    with pytest.raises(TypeError, match="order metadata must be a Mapping, not "):
        Metadata.of(entries, field="order metadata")


def test_metadata_has_at_most_50_keys() -> None:
    entries = {f"key {index}": "value" for index in range(50)}
    assert entries == Metadata.of(entries)
    with pytest.raises(LimitExceeded) as error:
        Metadata.of({**entries, "one more": "value"})
    assert ("keys in metadata", 50) == (error.value.what, error.value.limit)


def test_metadata_keys_have_at_most_40_characters_and_values_500() -> None:
    entries = {"k" * 40: "v" * 500}
    assert entries == Metadata.of(entries)
    with pytest.raises(LimitExceeded, match="40 characters in a key of metadata"):
        Metadata.of({"k" * 41: "v"})
    with pytest.raises(LimitExceeded, match=r"500 characters in metadata\['k'\]"):
        Metadata.of({"k": "v" * 501})


@pytest.mark.parametrize("key", ["", " ", "a[b", "a]b", "a\nb", "a\0b", "a\ud800", "a\x7f"])
def test_a_metadata_key_that_must_not_be_stored_is_refused(key: str) -> None:
    with pytest.raises(UnsafeInput) as error:
        Metadata.of({key: "value"})
    assert "a key of metadata" == error.value.field


@pytest.mark.parametrize("value", ["a\0b", "a\ud800"])
def test_a_metadata_value_that_must_not_be_stored_is_refused(value: Any) -> None:
    with pytest.raises(UnsafeInput) as error:
        Metadata.of({"key": value})
    assert "metadata['key']" == error.value.field


@pytest.mark.parametrize("value", ["", "two\nlines", "a\tb", "[x]"])
def test_a_metadata_value_may_be_any_other_text(value: Any) -> None:
    assert {"key": value} == Metadata.of({"key": value})


def test_two_metadata_keys_that_are_the_same_text_are_refused() -> None:
    with pytest.raises(UnsafeInput, match="same text"):
        Metadata.of({"caf\u00e9": "1", "cafe\u0301": "2"})


@pytest.mark.parametrize(
    "key",
    [
        "cvc",
        "CVV",
        "cvv2",
        "csc",
        "card[number]",
        "card_number",
        "cardNumber",
        "Card-No",
        "cc_number",
        "card.cvc",
        "credit card number",
        "credit_card_cvv_code",
        "pan",
        "card_pan",
        "securityCode",
        "card_verification_value",
        "track1",
        "track2_data",
        "cvc".translate(FULL_WIDTH),
    ],
)
def test_a_metadata_key_named_after_card_data_is_refused(key: str) -> None:
    with pytest.raises(UnsafeInput):
        Metadata.of({key: "x"})


@pytest.mark.parametrize(
    "key", ["company", "panel", "order_number", "cvc_check", "card_brand", "tracking", "discard"]
)
def test_a_metadata_key_that_only_resembles_card_data_is_accepted(key: str) -> None:
    assert {key: "x"} == Metadata.of({key: "x"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your card was declined.", "Your card was declined."),
        ("card 4242424242424242 declined", "card [card number] declined"),
        ("4242-4242 4242-4242", "[card number]"),
        ("pan4242424242424242x", "pan[card number]x"),
        ("4242424242424241", "4242424242424241"),
        (CARD.translate(FULL_WIDTH) + "!", "[card number]!"),
        ("1 4242424242424242 2", "1 [card number] 2"),
        ("4242.4242.4242.4242, 4242_4242_4242_4242", "[card number], [card number]"),
        ("4242/4242/4242/4242", "[card number]"),
        ("GET https://key:word@api.example/v1", "GET https://[secret]@api.example/v1"),
        ("4242424242424242 5555555555554444", "[card number] [card number]"),
        ("4242\u200b4242\u200b4242\u200b4242", "[card number]"),
        ("key sk_live_51H8zX used", "key [secret] used"),
        ("Invalid API Key: sk_test_****1234", "Invalid API Key: [secret]"),
        ("rk_live_1 pk_test_2", "[secret] [secret]"),
        ("whsec_aGVsbG8=/+", "[secret]"),
        ("pi_3N_secret_abc123 failed", "[secret] failed"),
        ("Bearer abc.def-ghi", "Bearer [secret]"),
        ("Authorization: Basic dXNlcjp3b3Jk", "Authorization: Basic [secret]"),
        ("eyJhbGciOi.eyJzdWIi.c2lnbmF0", "[secret]"),
        ("4242424242424242eyJh.eyJz.c2ln", "[card number][secret]"),
        ('{"password": "hunter2", "a": 1}', '{"password": "[secret]", "a": 1}'),
        ("api_key=abc&x=1", "api_key=[secret]&x=1"),
        ("cvc=123, cvv 4567", "cvc=[secret], cvv [secret]"),
        ("basic authentication failed", "basic authentication failed"),
        ("a\0b\x07c\ud800d\u202ee", "abcde"),
        ("two\r\nlines\u2028three", "two  lines three"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_an_error_text_is_redacted(text: str, expected: str) -> None:
    assert expected == redacted(text)


def test_a_redacted_text_is_bounded() -> None:
    assert "a" * 500 == redacted("a" * 500)
    assert "a" * 499 + "…" == redacted("a" * 501)
    assert "aa…" == redacted("a" * 10_000_000, 3)


def test_a_redacted_text_does_not_end_in_half_a_number() -> None:
    assert "card…" == redacted("card 1234 5678 9012", 12)


def test_overlapping_numbers_are_masked_together() -> None:
    assert "[card number]" == redacted("281270 04821681 913344")


def test_an_instant_comes_out_in_utc() -> None:
    there = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))
    instant = aware(there, field="at")
    assert (datetime(2026, 11, 20, 10, tzinfo=UTC), UTC) == (instant, instant.tzinfo)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 20),  # noqa: DTZ001
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_instant_nobody_can_name_is_refused(value: Any) -> None:
    with pytest.raises(UnsafeInput) as error:
        aware(value, field="expires_at")
    assert "expires_at" == error.value.field


@pytest.mark.parametrize("value", [None, "2026-11-20", 1763640000, datetime(2026, 1, 1).date()])  # noqa: DTZ001
def test_an_instant_is_a_datetime(value: Any) -> None:
    with pytest.raises(TypeError, match="at must be a datetime, not "):
        aware(value, field="at")


def test_a_providers_id_may_look_like_a_card_number() -> None:
    assert "4242424242424242" == safe_reference("4242424242424242", field="capture reference")


@pytest.mark.parametrize("value", ["", "  ", "a\0b", "\ud800"])
def test_a_providers_id_that_no_database_can_keep_is_refused(value: str) -> None:
    with pytest.raises(UnsafeInput):
        safe_reference(value, field="capture reference")


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_a_count_is_a_whole_number(value: Any) -> None:
    with pytest.raises(TypeError, match="limit must be int"):
        safe_count(value, field="limit", most=10)


@attrs.frozen
class Kept:
    money: int | str = attrs.field(validator=is_a(int, str))
    note: str | None = attrs.field(default=None, validator=is_a(str, optional=True))


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize("value", [1.5, None, True, Text("sk_live_1")])
def test_what_is_of_another_type_is_refused_by_its_name_and_not_shown(value: Any) -> None:
    with pytest.raises(TypeError) as refused:
        Kept(value)
    assert f"money must be int or str, not {type(value).__name__}" == str(refused.value)


def test_only_what_is_optional_may_be_none() -> None:
    assert [None, "paid"] == [Kept(1).note, Kept("1", "paid").note]
    with pytest.raises(TypeError, match="note must be str, not int"):
        Kept(1, 2)  # type: ignore[arg-type]


def test_a_count_is_one_at_least_and_not_too_many() -> None:
    assert [1, 10] == [safe_count(each, field="limit", most=10) for each in (1, 10)]
    with pytest.raises(UnsafeInput):
        safe_count(0, field="limit", most=10)
    with pytest.raises(LimitExceeded, match="there may be at most 10 records in limit: use fewer"):
        safe_count(11, field="limit", most=10)
