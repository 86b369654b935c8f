"""
What a command was given, as one short text that tells nothing of it.

Values have the same fingerprint exactly when the library takes them for the same: it knows
their types, so that 10 euros are neither 10 dollars nor the text "10", the order of a
mapping says nothing, and one instant is one instant in any zone. It answers for whatever a
caller may pass: a command's arguments are looked at before the command refuses them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from typing import Final, cast

import attrs

from paysession._domain.methods import PaymentMethod
from paysession._domain.payable import Payable
from paysession._domain.secrets import MOST_BYTES, ClientData
from paysession._domain.sources import CreditCard, StoreCredit, StoredSource
from paysession._money import Money

_VALUES: Final = (Payable, PaymentMethod, CreditCard, StoreCredit, StoredSource)

# What is bigger than this is refused by every command. A list may hold itself, lists that
# hold one another may be endless, sorting takes its time on a large mapping, and normalizing
# on a long text.
_MOST_LEVELS: Final = 16
_MOST_ENTRIES: Final = MOST_BYTES
_MOST_PARTS: Final = 200_000
_MOST_NORMALIZED_CHARACTERS: Final = 8192


def fingerprint_of(values: object) -> str:
    """Return the SHA-256, in hexadecimal digits, of a canonical writing of some values."""
    digest = hashlib.sha256()
    for part in islice(_parts(values, _MOST_LEVELS), _MOST_PARTS):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: object, levels: int) -> Iterator[bytes]:
    """Write a value so that no other has the same parts: each says its type and its length."""
    scalar = _scalar(value)
    if scalar is not None:
        yield scalar
    elif levels:
        yield from _of_many(value, levels - 1)


def _of_many(value: object, levels: int) -> Iterator[bytes]:
    """Write what holds other values; of what no command takes, only the type's name."""
    match value:
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            yield _part("mapping", str(len(entries)))
            for key, item in _sorted(entries):
                yield key
                yield from _parts(item, levels)
        case list() | tuple():
            items = cast("list[object] | tuple[object, ...]", value)
            yield _part("list", str(len(items)))
            for item in items if len(items) <= _MOST_ENTRIES else ():
                yield from _parts(item, levels)
        case ClientData():
            yield _part("client data", "")
            yield from _parts(value.reveal(), levels)
        case _ if isinstance(value, _VALUES):
            yield _part("value", type(value).__name__)
            for field in attrs.fields(type(value)):
                yield from _parts(getattr(value, field.name), levels)
        case _:
            yield _part("other", type(value).__qualname__)


def _sorted(entries: Mapping[object, object]) -> list[tuple[bytes, object]]:
    """Return the entries by their written keys; none of more than any command takes."""
    if len(entries) > _MOST_ENTRIES:
        return []
    # A mapping of a caller's own may have more entries than it says.
    taken = islice(entries.items(), _MOST_ENTRIES)
    return sorted(((_scalar(key) or b"", item) for key, item in taken), key=itemgetter(0))


def _scalar(value: object) -> bytes | None:
    match value:
        case str():
            return _part("text", _normalized(str.__str__(value)))
        case None | bool():
            return _part("constant", str(value))
        case int():
            return _part("integer", hex(value))
        case float():
            return _part("number", value.hex())
        case datetime():
            return _part("instant", _instant(value))
        case Money():
            return _part("money", f"{value.minor} {value.currency.code}")
        case _:
            return None


def _part(kind: str, text: str) -> bytes:
    octets = text.encode("utf-8", "surrogatepass")
    return b"%b %d:%b," % (kind.encode(), len(octets), octets)


def _normalized(text: str) -> str:
    is_short = len(text) <= _MOST_NORMALIZED_CHARACTERS
    return unicodedata.normalize("NFC", text) if is_short else text


def _instant(value: datetime) -> str:
    """Write an instant in UTC; one without a zone, or beyond the calendar, as it stands."""
    if value.utcoffset() is None:
        return value.isoformat()
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:
        return value.isoformat()
