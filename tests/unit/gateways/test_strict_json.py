"""JSON that a provider signed: read strictly, and never for long."""

import traceback
from decimal import Decimal
from typing import Any

import pytest
from counted_steps import steps_of

from paysession.errors import UnreadableNotification
from paysession.gateways import Notification, read_json


def read(body: bytes) -> dict[str, Any]:
    return read_json(Notification(body, {}))


def refusal(body: bytes, **limits: Any) -> str:
    """Why it is refused; the error holds nothing of it, and was raised by no other."""
    with pytest.raises(UnreadableNotification) as caught:
        read_json(Notification(body, {}), **limits)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    return error.reason


def test_what_is_said_is_read() -> None:
    body = ' {"a": [1, -2.50, true, null, "é \\ud83d\\ude00", {"b": {}}], "": 1e2}\r\n'.encode()
    expected = {"a": [1, Decimal("-2.50"), True, None, "é 😀", {"b": {}}], "": Decimal("1E+2")}
    assert expected == read(body)
    assert isinstance(read(b'{"a": 1}')["a"], int)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"}", b"{]", b'{"a"}', b"{'a': 1}", b'{"a": 1,}', b'{"a": 01}', b"{}{}",
        b'{"a": 1.}', b'{"a": .5}', b'{"a": +1}', b'{"a": 0x1}', b'{"a": "\n"}', b'{"a": "\x00"}',
        b'{"a": "\\x"}', b'{"a": tru}', b"// a\n{}", b'\xef\xbb\xbf{"a": 1}', b'{"a": "\xff"}',
        b'{"\xed\xa0\x80": 1}', '{"a": "é"}'.encode("latin-1"), '{"a": 1}'.encode("utf-16"),
        b"a=1&b=2", b"<xml/>", b'{"a": \xd9\xa1}',
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert "it is not JSON in UTF-8" == refusal(body)


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"1", b"null", b"[{}]", b"1.5"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    assert "it is no object" == refusal(body)


def test_a_body_alone_is_no_notification_to_be_read() -> None:
    body: Any = b"{}"
    with pytest.raises(TypeError, match="notification must be a Notification, not bytes"):
        read_json(body)


@pytest.mark.parametrize(
    "body", [b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "c": 2, "b": 3}}', b'{"a": 1, "\\u0061": 2}']
)
def test_a_key_that_is_there_twice_is_refused(body: bytes) -> None:
    """One reader believes the first and another the last."""
    assert "a key is there twice" == refusal(body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    assert "it holds a number that is not finite" == refusal(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize(
    "number",
    [
        "1" * 65, "-" + "1" * 64, "1" * 1_000_000, "0." + "1" * 64, "1e100", "1E+999999",
        "1e-999999", "1e400", "1.5e000000", "1e99999999999999999999",
    ],
    ids=lambda number: number[:20],
)  # fmt: skip
def test_a_huge_number_is_refused(number: str) -> None:
    assert "it holds a huge number" == refusal(f'{{"a": {number}}}'.encode())


def test_a_number_of_64_digits_is_read() -> None:
    digits = "9" * 64
    assert {"a": int(digits)} == read(f'{{"a": {digits}}}'.encode())
    assert {"a": Decimal("1E-99")} == read(b'{"a": 1e-99}')


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udc00\\ud800", "a\\uDBFFb"])
def test_what_a_database_cannot_hold_is_refused(text: str) -> None:
    for body in (f'{{"a": "{text}"}}', f'{{"{text}": 1}}', f'{{"a": [["{text}"]]}}'):
        assert "it holds a NUL or a lone surrogate" == refusal(body.encode())


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_there_are_at_most_32_levels(opening: str, closing: str) -> None:
    def nested(levels: int) -> bytes:
        inner = opening * (levels - 1) + "1" + closing * (levels - 1)
        return f'{{"a": {inner}}}'.encode()

    assert read(nested(32))
    assert "it has more than 32 levels" == refusal(nested(33))
    assert "it has more than 32 levels" == refusal(nested(19_000))
    assert "it has more than 20000 values" == refusal(nested(30_000))


def test_there_are_at_most_20000_values() -> None:
    most = b'{"a": [' + b"1," * 19_996 + b"1]}"
    assert 19_997 == len(read(most)["a"])
    assert "it has more than 20000 values" == refusal(most.replace(b"[1", b"[1,1,1,1", 1))


def test_there_are_at_most_as_many_bytes_as_are_asked_for() -> None:
    body = b'{"a": 1}'
    assert {"a": 1} == read_json(Notification(body, {}), most_bytes=8)
    assert "it has more than 7 bytes" == refusal(body, most_bytes=7)
    assert "it has more than 1048576 bytes" == refusal(body + b" " * 10_000_000)


MEBIBYTE = 1024 * 1024
TOO_MANY, NO_JSON = "it has more than 20000 values", "it is not JSON in UTF-8"
HUGE = "it holds a huge number"
LABORIOUS: dict[str, tuple[bytes, str | None]] = {
    "objects": (b"[" + b"{}," * 349_000 + b"{}]", TOO_MANY),
    "most objects": (b'{"a": [' + b"{}," * 9_990 + b"{}]}", None),
    "most keys": (b"{" + b",".join(b'"%d": 1' % each for each in range(19_000)) + b"}", None),
    "brackets": (b"[" * MEBIBYTE, TOO_MANY),
    "digits": (b'{"a": ' + b"9" * (MEBIBYTE - 8) + b"}", HUGE),
    "fraction": (b'{"a": 0.' + b"9" * (MEBIBYTE - 10) + b"}", HUGE),
    "exponent": (b'{"a": 1e' + b"9" * (MEBIBYTE - 10) + b"}", HUGE),
    "escapes": (b'{"a": "' + b"\\u0041" * 174_000 + b'"}', None),
    "surrogates": (b'{"a": "' + b"\\ud83d\\ude00" * 87_000 + b'"}', None),
    "quotes": (b'"' * MEBIBYTE, NO_JSON),
    "backslashes": (b'{"a": "' + b"\\" * (MEBIBYTE - 10), NO_JSON),
    "blanks": (b"{" + b" " * (MEBIBYTE - 2) + b"}", None),
    "bad bytes": (b"\xff" * MEBIBYTE, NO_JSON),
    "long key": (b'{"' + b"a" * (MEBIBYTE - 10) + b'": 1}', None),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), LABORIOUS.values(), ids=LABORIOUS)
def test_no_body_is_much_work(body: bytes, reason: str | None) -> None:
    assert len(body) <= MEBIBYTE
    assert reason == flaw_of(body)
    assert steps_of(lambda: flaw_of(body)) < 20 * 20_000


def flaw_of(body: bytes) -> str | None:
    try:
        read(body)
    except UnreadableNotification as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "body",
    [b'{"nobody sees": "\\u0000"}', b'{"nobody sees": NaN}', b'["nobody sees"]', b'"nobody sees'],
)
def test_no_traceback_shows_what_was_refused(body: bytes) -> None:
    with pytest.raises(UnreadableNotification) as caught:
        read(body)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    inside = [frame for frame in told.stack if frame.filename != __file__]
    assert inside
    assert "nobody" not in repr([frame.locals for frame in inside]) + str(caught.value)
