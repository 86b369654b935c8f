"""What nobody has signed, and what nobody expects that was: notifications gone wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from paysession.gateways import Notification

NONSENSE: Final = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"1",
    b'"paid"',
    b"{}",
    b"{",
    b"a=1&b=2",
    b"<html></html>",
    b'{"id": null, "type": 7, "events": {}}',
    b'{"events": [null]}',
    b'{"events": [{}]}',
    b'{"id": 1, "id": 2}',
    b'{"amount": NaN}',
    b'{"amount": 1e400}',
    b'{"amount": 1E+999999}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    b'{"a": "\\ud800"}',
    b"[" * 200_000,
    b'{"a": ' * 50_000,
)
"""What a provider is not known to write, and what breaks parsers."""

UNSIGNED: Final[tuple[Mapping[str, str], ...]] = (
    {},
    {"Content-Type": "application/json"},
    {"X-Signature": "", "Stripe-Signature": "", "Webhook-Signature": ""},
    {"X-Signature": "0" * 64, "Stripe-Signature": "t=1,v1=00", "Webhook-Signature": "v1,AAAA"},
    {"X-Signature": "\xe9", "Stripe-Signature": "t=1,v1=\xe9", "Webhook-Signature": "v1,\xe9"},
    {"Stripe-Signature": "t=,v1", "Webhook-Signature": "v1,a,b", "Webhook-Timestamp": "\u0661"},
    {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": "9" * 400,
        "Webhook-Signature": "v1," + "A" * 5_000,
        "Stripe-Signature": "t=" + "9" * 400,
    },
)
"""Headers by which nobody can have signed anything, some of names that are usual."""

_ODD: Final[tuple[object, ...]] = (
    None, True, 0, -1, 10**30, 1.5, "", "0.0001", "NaN", "1E+999999", "xxx", "\u0661", "\0",
    "\ud800", "x" * 300, [], {}, [None], {"a": []},
)  # fmt: skip
"""What may stand where something else is expected."""


def forgeries_of(notification: Notification) -> Iterator[tuple[str, Notification]]:
    """Return it with each byte changed, and each header gone or another; say which."""
    body, headers = notification.body, dict(notification.headers)
    for place, changed in _changed_in_one_byte(body):
        yield f"byte {place} of its body changed", Notification(changed, headers)
    yield "a blank after its body", Notification(body + b" ", headers)
    yield "no body", Notification(b"", headers)
    yield "no headers", Notification(body, {})
    for name, text in headers.items():
        others = {other: headers[other] for other in headers if other != name}
        yield f"no header {name}", Notification(body, others)
        for instead in ("", "\xe9", text + "0", text * 100):
            how = f"{cut(instead)} as {name}"
            yield how, Notification(body, {**others, name: instead})
        for place, changed in _changed_in_one_byte(text.encode()):
            how = f"character {place} of {name} changed"
            yield how, Notification(body, {**others, name: changed.decode()})


def _changed_in_one_byte(content: bytes) -> Iterator[tuple[int, bytes]]:
    for place, byte in enumerate(content):
        yield place, content[:place] + bytes([byte ^ 1]) + content[place + 1 :]


def renewed(old: Notification, *, by: Notification) -> Iterator[tuple[str, Notification]]:
    """Return an old notification with each header of a new one; say which."""
    for name, text in by.headers.items():
        yield name, Notification(old.body, {**old.headers, name: text})


def odd_versions_of(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Return the same JSON with an odd value in one place; say which."""
    said: Any = None  # what is no JSON has no places but all of it
    with suppress(ValueError):
        said = json.loads(body)
    for where, with_another in _places(said):
        for odd in _ODD:
            yield f"body{where} is {cut(odd)}", json.dumps(with_another(odd)).encode()


def _places(value: object) -> Iterator[tuple[str, Callable[[object], object]]]:
    """Return every place in some JSON, and what puts something else there."""
    yield "", lambda odd: odd
    entries = entries_of(value)
    for key in entries:
        for where, with_another in _places(entries[key]):
            yield f"[{key!r}]{where}", partial(_replaced, value, key, with_another)


def entries_of(value: object) -> dict[Any, object]:
    """Return what some JSON is made of, by name or by place."""
    match value:
        case dict():
            return cast("dict[Any, object]", value)
        case list():
            return dict(enumerate(cast("list[object]", value)))
        case _:
            return {}


def _replaced(
    value: Any,  # noqa: ANN401 - an object or an array
    key: Any,  # noqa: ANN401 - a name or a number
    with_another: Callable[[object], object],
    odd: object,
) -> object:
    other = value.copy()
    other[key] = with_another(odd)
    return other


def cut(value: object) -> str:
    """Write a value in half a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
