"""Reading the JSON of a notification that was verified: strictly, and never for long."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final, NoReturn, cast

from paysession.errors import UnreadableNotification
from paysession.gateways.notifications import MOST_BYTES, Notification, checked

MOST_VALUES: Final = 20_000
MOST_LEVELS: Final = 32

_MOST_DIGITS: Final = 64
_SMALL_EXPONENT: Final = re.compile(r"[^eE]+(?:[eE][+-]?[0-9]{1,2})?")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class _Refused(ValueError):
    """Some of it has no place in a notification; the text says what, and repeats nothing."""


def read_json(notification: Notification, *, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """
    Return what a notification says, once it was verified.

        >>> read_json(Notification(b'{"paid": 1.50}', {}))
        {'paid': Decimal('1.50')}

    It is an object of JSON as RFC 8259 has it, in UTF-8. Numbers with a fraction come as
    `Decimal`.

    Args:
        notification: Verify it before you read it.
        most_bytes: How long the body may be.

    Raises:
        TypeError: It is no notification.
        UnreadableNotification: It is no such object; or a key is there twice, a number is not
            finite or has more than 64 digits, a text holds what a database cannot, or there
            is too much of it: more than 32 levels, or 20,000 values.
    """
    value, flaw = _read(checked(notification).body, most_bytes)
    if flaw is not None:
        # Raised here, where no other error is under way: that would hold the whole body.
        raise UnreadableNotification(flaw)
    return value


def _read(body: bytes, most_bytes: int) -> tuple[dict[str, Any], str | None]:
    """Read it, or tell what is wrong."""
    if len(body) > most_bytes:
        return {}, f"it has more than {most_bytes} bytes"
    # Counted before anything is made of them; those within texts count as well.
    if sum(map(body.count, (b"[", b"{", b","))) > MOST_VALUES:
        return {}, f"it has more than {MOST_VALUES} values"
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_not_finite,
        )
    except _Refused as refused:
        return {}, str(refused)
    except RecursionError:
        return {}, f"it has more than {MOST_LEVELS} levels"
    except ValueError:
        return {}, "it is not JSON in UTF-8"
    flaw = _flaw_of(value)
    return ({} if flaw else value), flaw


def _object(entries: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(entries)
    if len(read) != len(entries):
        raise _Refused("a key is there twice")
    return read


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _Refused("it holds a huge number")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > _MOST_DIGITS or not _SMALL_EXPONENT.fullmatch(digits):
        raise _Refused("it holds a huge number")
    return Decimal(digits)


def _not_finite(_: str) -> NoReturn:
    raise _Refused("it holds a number that is not finite")


def _flaw_of(value: object) -> str | None:
    """Look at what was read, one level after another."""
    if not isinstance(value, dict):
        return "it is no object"
    level: list[object] = [cast("object", value)]
    for _ in range(MOST_LEVELS + 1):
        if any(isinstance(each, str) and _UNSTORABLE.search(each) for each in level):
            return "it holds a NUL or a lone surrogate"
        level = [inner for each in level for inner in _within(each)]
        if not level:
            return None
    return f"it has more than {MOST_LEVELS} levels"


def _within(value: object) -> list[object]:
    match value:
        case dict():
            entries = cast("dict[object, object]", value)
            return [*entries, *entries.values()]
        case list():
            return cast("list[object]", value)
        case _:
            return []
