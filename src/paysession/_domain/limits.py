"""
What may come in: text, ids, addresses, instants and metadata, each with its bounds.

Every function takes what somebody passed and gives back the safe form of it, or raises
`UnsafeInput` or `LimitExceeded`. Neither repeats the value, which may be what must not be
seen. Text comes out in Unicode normalization form C, so that what looks equal is equal. `is_a`
is for what is kept as it is.

A card number is refused on every path. A group of digits is taken for one when its length
and first digits are those of a card scheme and its check digit holds (ISO/IEC 7812-1):
fewer than four in a hundred random numbers of sixteen digits, and no UUID. Digits that touch
a letter or an underscore are part of a name, such as `py_4242424242424242`, and are not
looked at. `redacted`, which cleans the error texts of others, is far less forgiving.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, ip_address
from typing import Any, Final, Self, TypeVar
from urllib.parse import unquote_plus, urlsplit

from paysession.errors import LimitExceeded, UnsafeInput

__all__ = [
    "Metadata",
    "aware",
    "holds_card_number",
    "is_a",
    "redacted",
    "safe_choice",
    "safe_count",
    "safe_id",
    "safe_reference",
    "safe_text",
    "safe_url",
]

MOST_METADATA_KEYS: Final = 50
MOST_KEY_CHARACTERS: Final = 40
MOST_VALUE_CHARACTERS: Final = 500
MOST_ID_CHARACTERS: Final = 255
MOST_URL_CHARACTERS: Final = 2048
MOST_AT_ONCE: Final = 10_000
"""Records that one run of recovery or expiry works on."""

S = TypeVar("S", bound=StrEnum)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_URL: Final = re.compile(r"[!#-;=?-\[\]_a-z{|}~]+")
_HOST_NAME: Final = re.compile(
    r"(?!.{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*"
    r"(?![0-9]+\.?$)(?!0x)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)
_LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Address("::1"))

_CARD_FIELD: Final = re.compile(
    r"""
    (?:credit|debit|payment)?(?:card|cc)?(?:cvc|cvv|cvn|csc)2?(?:code|number|value)?
    | (?:credit|debit|payment)?(?:card|cc)(?:number|num|no|nr)
    | (?:card)?(?:pan|primaryaccountnumber|securitycode)
    | cardverification(?:code|number|value)
    | track[12](?:data)?
    """,
    re.VERBOSE,
)

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]+")
_ANY_GROUP: Final = re.compile(r"[0-9]+(?:[ ._/-]{1,3}[0-9]+)*")
_FREE_GROUP: Final = re.compile(r"(?<!\w)[0-9]+(?:[ -]{1,3}[0-9]+)*(?!\w)")

_CARD_DIGITS: Final = range(13, 20)

# First digits from, to (inclusive), and the lengths that go with them.
_CARD_RANGES: Final = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),  # Mastercard
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),  # American Express
    ("300", "305", range(14, 20)),  # Diners Club
    ("3095", "3095", range(14, 20)),  # Diners Club
    ("36", "36", range(14, 20)),  # Diners Club
    ("38", "39", range(14, 20)),  # Diners Club
    ("3528", "3589", range(16, 20)),  # JCB
    ("6011", "6011", range(16, 20)),  # Discover
    ("644", "659", range(16, 20)),  # Discover
    ("62", "62", range(16, 20)),  # UnionPay
    ("81", "82", range(16, 20)),  # UnionPay, RuPay
    ("50", "50", _CARD_DIGITS),  # Maestro, Elo, Verve, Dankort
    ("5893", "5893", _CARD_DIGITS),  # Maestro
    ("60", "60", (16,)),  # RuPay, Hipercard
    ("63", "63", _CARD_DIGITS),  # Maestro, Elo
    ("67", "67", _CARD_DIGITS),  # Maestro
    ("2200", "2204", range(16, 20)),  # Mir
    ("9792", "9792", (16,)),  # Troy
)

# How people write a card number in the middle of other numbers, such as its expiry.
_CARD_SHAPES: Final = frozenset(
    {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3), (6, 13)}
)

# A pattern and what stands in its place. Masks match no pattern, and no pattern but that of
# whole words asks what stands before it, so redacting twice is redacting once.
_SECRETS: Final = (
    (
        re.compile(r"(?i)(bearer|authorization[\"']?\s*[:=]\s*[\"']?\w+)\s+[\w.~+/=-]{6,}"),
        r"\1 [secret]",
    ),
    (re.compile(r"://[^\s/@\[]+@"), "://[secret]@"),
    (re.compile(r"(?:sk|rk|pk)_(?:live|test)_[\w*]+"), "[secret]"),
    (re.compile(r"whsec_[\w+/=]+"), "[secret]"),
    (re.compile(r"\b\w+?_secret_\w+"), "[secret]"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"), "[secret]"),
    (
        re.compile(
            r"(?i)((?:api[_-]?key|secret|password|token)[\"']?\s*[=:]\s*[\"']?)"
            r"[^\s\"'\[\u2026,;&][^\s\"',;&]*"
        ),
        r"\1[secret]",
    ),
    (
        re.compile(r"(?i)((?:cvc|cvv|cvn|csc)2?[\"']?[\s=:]{1,3}[\"']?)[0-9]{3,4}\b"),
        r"\1[secret]",
    ),
)
_CARD_MASK: Final = "[card number]"


class Metadata(Mapping[str, str]):
    """
    What the backend wants to find again with a record: text by name, copied and immutable.

        >>> metadata = Metadata.of({"purchase_order": "PO-77"})
        >>> metadata["purchase_order"]
        'PO-77'

    Its `repr` tells the keys only.

        >>> metadata
        Metadata(keys=['purchase_order'])
    """

    __slots__ = ("_entries",)

    _entries: dict[str, str]

    def __init__(self) -> None:
        """Start empty: everything else comes in through `of`, which looks at it."""
        self._entries = {}

    @classmethod
    def of(
        cls,
        entries: Mapping[str, str] | None,
        *,
        field: str = "metadata",
        not_cards: Collection[str] = (),
    ) -> Metadata:
        """
        Check `entries` and copy them; metadata that was checked before is returned as it is.

        Args:
            entries: At most 50 keys of at most 40 characters, without brackets or control
                characters, and values of at most 500 characters. None is no metadata.
            field: What errors call it.
            not_cards: Keys whose values may look like card numbers and are none.

        Raises:
            TypeError: If it is not a mapping of text to text.
            LimitExceeded: If there is too much of it.
            UnsafeInput: If it must not be stored: a card number, NUL, a lone surrogate, a
                key meant for card data, or two keys that are the same text.
        """
        if isinstance(entries, Metadata):
            return entries
        if entries is None:
            return cls()
        _expect(entries, Mapping, field)
        checked: dict[str, str] = {}
        for raw_key, raw_value in entries.items():
            if len(checked) == MOST_METADATA_KEYS:
                raise LimitExceeded(f"keys in {field}", MOST_METADATA_KEYS)
            key = _metadata_key(raw_key, field)
            if key in checked:
                raise UnsafeInput(field, "two of its keys are the same text: rename one")
            name = f"{field}[{key!r}]"
            checked[key] = _normalized(raw_value, name, MOST_VALUE_CHARACTERS)
            if key not in not_cards:
                _refuse_card_number(checked[key], name)
        return cls.restored(checked)

    @classmethod
    def restored(cls, entries: Mapping[str, str]) -> Self:
        """Take back what `of` accepted once, from a record, without looking at it again."""
        metadata = cls()
        metadata._entries.update(entries)
        return metadata

    def __getitem__(self, key: str) -> str:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"Metadata(keys={list(self._entries)})"


def safe_text(value: str, *, field: str, most: int, allow_empty: bool = False) -> str:
    """
    Text on one line that a person may read: names, descriptions, reasons.

    Args:
        value: The text.
        field: What errors call it.
        most: How many characters there may be, after normalization.
        allow_empty: Whether there may be no character but blanks.

    Raises:
        TypeError: If it is not text.
        LimitExceeded: If it is too long.
        UnsafeInput: If it is empty, or holds a control character, a lone surrogate or a
            card number.
    """
    text = _normalized(value, field, most)
    if not allow_empty and not text.strip():
        raise UnsafeInput(field, "it is empty: say something")
    _refuse_control_characters(text, field)
    _refuse_card_number(text, field)
    return text


def safe_reference(value: str, *, field: str, most: int = MOST_ID_CHARACTERS) -> str:
    """
    A provider's own id, which is a fact: it may be all digits, like a card number.

    Args:
        value: The id.
        field: What errors call it.
        most: How many characters there may be, after normalization.

    Raises:
        TypeError: If it is not text.
        LimitExceeded: If it is too long.
        UnsafeInput: If it is empty, or holds a control character or a lone surrogate.
    """
    text = _normalized(value, field, most)
    if not text.strip():
        raise UnsafeInput(field, "it is empty: say something")
    _refuse_control_characters(text, field)
    return text


def safe_id(value: str, *, field: str, most: int = MOST_ID_CHARACTERS) -> str:
    """
    An id or a key that the backend chose: printable, without blanks at its ends.

    Raises:
        TypeError: If it is not text.
        LimitExceeded: If it has more than `most` characters.
        UnsafeInput: If it is empty, is not printable or holds a card number.
    """
    text = _normalized(value, field, most)
    if not text:
        raise UnsafeInput(field, "it is empty: pass an id")
    if not text.isprintable():
        raise UnsafeInput(field, "it holds characters that cannot be printed: remove them")
    if text != text.strip():
        raise UnsafeInput(field, "it begins or ends with a blank: strip it")
    _refuse_card_number(text, field)
    return text


def safe_url(value: str, *, field: str) -> str:
    """
    An absolute https address that a customer's browser may be sent to.

    Plain http is allowed on this computer only: `localhost`, `127.0.0.0/8` and `[::1]`.
    As in RFC 3986 all of it is ASCII; braces may stand for a provider's placeholders.

    Raises:
        TypeError: If it is not text.
        LimitExceeded: If it has more than 2048 characters.
        UnsafeInput: If it is another kind of address, has no valid host, or holds
            credentials, a blank, a backslash, a control character or a card number.
    """
    _expect(value, str, field)
    if len(value) > MOST_URL_CHARACTERS:
        raise LimitExceeded(f"characters in {field}", MOST_URL_CHARACTERS)
    if not _URL.fullmatch(value):
        raise UnsafeInput(field, "it holds characters no address may have: percent-encode them")
    scheme, host = _scheme_and_host(value, field)
    if scheme != "https" and not (scheme == "http" and _is_loopback(host)):
        raise UnsafeInput(field, "it is not an https address: begin it with https://")
    _refuse_card_number(unquote_plus(value), field)
    return str.__str__(value)


def aware(value: datetime, *, field: str) -> datetime:
    """
    Return the same instant in UTC.

    Raises:
        TypeError: If it is not a `datetime`.
        UnsafeInput: If it has no time zone, so that nobody can say which instant it is, or
            is outside the years 1 to 9999 in UTC.
    """
    _expect(value, datetime, field)
    if value.utcoffset() is None:
        raise UnsafeInput(field, "it has no time zone: pass an aware datetime")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise UnsafeInput(field, "it is too near to the end of the calendar") from None


def holds_card_number(text: str) -> bool:
    """
    Whether a whole group of digits in `text` is a card number.

    Blanks and dashes may stand between the digits, and the digits may be of any script.

        >>> holds_card_number("my card: 4242-4242-4242-4242")
        True
        >>> holds_card_number("order 4242424242424241")
        False
    """
    plain = _UUID.sub("uuid", _with_plain_digits(text))
    return any(
        _is_card_number(digits)
        for group in _FREE_GROUP.findall(plain)
        for digits in _numbers_as_written(_DIGITS.findall(group))
    )


def redacted(text: str, most: int = 500) -> str:
    """
    Make somebody else's error text fit to be kept: no secrets, no card numbers, no controls.

    Any 13 to 19 digits whose check digit holds count as a card number here. Redacting twice
    is the same as redacting once.

    Args:
        text: The text, of any length.
        most: How many characters may remain.

    Raises:
        TypeError: If it is not text.
    """
    _expect(text, str, "text")
    # A text of megabytes is not worth the time; what shrinks to nothing may lose its tail.
    clean = _without_control_characters(_cut(text, 16 * most))
    for pattern, mask in _SECRETS:
        clean = pattern.sub(mask, clean)
    return _cut(_without_card_numbers(clean), most)


def is_a(*kinds: type, optional: bool = False) -> Callable[[Any, Any, Any], None]:
    """
    Return a validator: what is kept is of one of these very types, or none if that is optional.

    A subclass may answer otherwise than its class. The value that is refused may be a secret, and
    is not shown.

    Raises:
        TypeError: By the validator, which names the attribute and the types.
    """

    def check(_: object, field: object, value: object) -> None:
        if type(value) in kinds or (optional and value is None):
            return
        wanted = " or ".join(kind.__name__ for kind in kinds)
        name = getattr(field, "name", "value")
        raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")

    return check


def _expect(value: object, kind: type, field: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{field} must be a {kind.__name__}, not {type(value).__name__}")


def _normalized(value: str, field: str, most: int) -> str:
    """Text that can be stored, in form C, of at most `most` characters."""
    _expect(value, str, field)
    value = str.__str__(value)  # a subclass may answer otherwise, and is kept by nobody
    # Form C makes text shorter by a factor of four at most, and takes its time on a long one.
    if len(value) > 4 * most:
        raise LimitExceeded(f"characters in {field}", most)
    if "\0" in value:
        raise UnsafeInput(field, "it holds a NUL, which databases cannot store: remove it")
    if _SURROGATE.search(value):
        raise UnsafeInput(field, "it holds half a character (a lone surrogate): remove it")
    text = unicodedata.normalize("NFC", value)
    if len(text) > most:
        raise LimitExceeded(f"characters in {field}", most)
    return text


def _refuse_control_characters(text: str, field: str) -> None:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise UnsafeInput(field, "it holds control characters: remove them")


def _refuse_card_number(text: str, field: str) -> None:
    if holds_card_number(text):
        raise UnsafeInput(field, "it holds a card number, which is never stored: remove it")


def _metadata_key(value: str, metadata: str) -> str:
    field = f"a key of {metadata}"
    key = _normalized(value, field, MOST_KEY_CHARACTERS)
    if not key.strip():
        raise UnsafeInput(field, "it is empty: name the value")
    if "[" in key or "]" in key:
        raise UnsafeInput(field, "it holds a bracket, which providers read as nesting: remove it")
    _refuse_control_characters(key, field)
    _refuse_card_number(key, field)
    name = unicodedata.normalize("NFKC", key).casefold()
    if _CARD_FIELD.fullmatch("".join(filter(str.isalnum, name))):
        raise UnsafeInput(field, "it is named after card data, which is never stored: remove it")
    return key


def _scheme_and_host(url: str, field: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnsafeInput(field, "it has no valid host or port: correct it") from None
    if "@" in parts.netloc:
        raise UnsafeInput(field, "it holds credentials: remove what stands before the @")
    if port == 0 or not _is_host(host, bracketed="[" in parts.netloc):
        raise UnsafeInput(field, "it has no valid host or port: make it absolute and correct it")
    return parts.scheme, host


def _is_host(host: str, *, bracketed: bool) -> bool:
    if not bracketed and _HOST_NAME.fullmatch(host):
        return True
    try:
        return (ip_address(host).version == 6) is bracketed and "%" not in host
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    if _HOST_NAME.fullmatch(host):
        return False
    network, address = _LOOPBACK
    return ip_address(host) in network or ip_address(host) == address


def _without_control_characters(text: str) -> str:
    """Drop what cannot be seen; what breaks a line becomes a blank."""
    seen = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    return unicodedata.normalize("NFC", "".join(seen))


def _cut(text: str, most: int) -> str:
    """Shorten to `most` characters, never ending within a number: half of one may look whole."""
    if len(text) <= most:
        return text
    kept = _with_plain_digits(text[: most - 1]).rstrip("0123456789 ._/-")
    return text[: len(kept)] + "…"


def _without_card_numbers(text: str) -> str:
    plain = _with_plain_digits(text)
    kept: list[str] = []
    done = 0
    for start, end in _luhn_spans(plain):
        if start >= done:
            kept += text[done:start], _CARD_MASK
        done = max(done, end)
    return "".join(kept) + text[done:]


def _luhn_spans(plain: str) -> Iterator[tuple[int, int]]:
    """Where whole numbers, alone or in a row, have a check digit that holds; by their start."""
    for group in _ANY_GROUP.finditer(plain):
        spans = [number.span() for number in _DIGITS.finditer(plain, *group.span())]
        for first, (start, _) in enumerate(spans):
            digits = ""
            for number_start, end in spans[first:]:
                digits += plain[number_start:end]
                if len(digits) >= _CARD_DIGITS.stop:
                    break
                if len(digits) in _CARD_DIGITS and _passes_luhn(digits):
                    yield start, end


def _numbers_as_written(numbers: list[str]) -> Iterator[str]:
    """What may be one number: the whole group, each part, and parts in the shape of a card."""
    yield "".join(numbers)
    yield from numbers
    for first in range(len(numbers)):
        for size in (2, 3, 4, 5):
            parts = numbers[first : first + size]
            if tuple(map(len, parts)) in _CARD_SHAPES:
                yield "".join(parts)


def _is_card_number(digits: str) -> bool:
    return (
        len(digits) in _CARD_DIGITS
        and any(
            low <= digits[: len(low)] <= high and len(digits) in lengths
            for low, high, lengths in _CARD_RANGES
        )
        and _passes_luhn(digits)
    )


def _passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    odd = sum(map(int, digits[-1::-2]))
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0


def _with_plain_digits(text: str) -> str:
    """Digits, blanks and dashes of all scripts as ASCII, one character for one."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if character.isspace():
        return " "
    # Invisible characters would otherwise hide a number by standing within it.
    return (
        "-"
        if unicodedata.category(character) in {"Cc", "Cf", "Pd"} or character == "\N{MINUS SIGN}"
        else character
    )


def safe_choice(value: object, *, field: str, among: type[S]) -> S:
    """
    Return the member of a closed set that is meant, itself or by its text.

    Raises:
        TypeError: If it is not text.
        UnsafeInput: If there is no such member.
    """
    if not isinstance(value, str):
        raise TypeError(f"{field} must be {among.__name__}, not {type(value).__name__}")
    try:
        return among(value)
    except ValueError:
        choices = ", ".join(repr(member.value) for member in among)
        raise UnsafeInput(field, f"choose one of {choices}") from None


def safe_count(value: object, *, field: str, most: int) -> int:
    """
    Return how many, from one on.

    Raises:
        TypeError: If it is not a whole number.
        UnsafeInput: If it is below one.
        LimitExceeded: If it is more than `most`.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{field} must be int, not {type(value).__name__}")
    if value < 1:
        raise UnsafeInput(field, "ask for one at least")
    if value > most:
        raise LimitExceeded(f"records in {field}", most)
    return value
