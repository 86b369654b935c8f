"""
What a provider sends by itself: raw bytes, believed only once their signature holds.

A verifier says of a `Notification` that the provider has signed it, just now, and says
nothing of one that it has not: whatever is wrong, there is one error with one message.

    >>> from datetime import UTC, datetime
    >>> verifier = StandardWebhooks(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    >>> notification = Notification(
    ...     b'{"test": 2432232314}',
    ...     {
    ...         "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...         "Webhook-Timestamp": "1614265330",
    ...         "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ...     },
    ... )
    >>> verifier.verify(notification, now=datetime.fromtimestamp(1614265330, UTC))
    >>> verifier.verify(notification, now=datetime(2026, 11, 21, tzinfo=UTC))
    Traceback (most recent call last):
        ...
    paysession.errors.InvalidSignature: the notification's signature is not valid: answer 401 and store nothing

Both verifiers are for HMAC-SHA256 over the raw body and the time at which it was sent. Each
takes several secrets, so that one can take the place of another without losing anything, and
compares every signature with what every secret makes of the body, in constant time.
"""  # noqa: E501

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, cast, final

from paysession._domain.limits import aware
from paysession._domain.secrets import Masked, Secret
from paysession.errors import InvalidSignature, UnsafeInput
from paysession.gateways._signing import (
    code_of,
    decoded,
    encoded,
    have_in_common,
    is_recent,
    masked_or_flaw,
    safe_tolerance,
    seconds_of,
    unless_flawed,
)

__all__ = ["Notification", "StandardWebhooks", "TimestampedSignature"]

MOST_BYTES: Final = 1024 * 1024
"""Bytes of a body; no provider sends a tenth of it."""

_TOLERANCE: Final = timedelta(minutes=5)

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER: Final = re.compile(r"[ -~]{1,4096}")
# Without a full stop, or the end of an id could be read as the beginning of a time.
_MESSAGE_ID: Final = re.compile(r"[!-\-/-~]{1,255}")


@final
class Notification(Masked):
    """
    One notification as it came over the network, not yet believed.

        >>> notification = Notification(b'{"id": "evt_1"}', {"Webhook-Id": "msg_1"})
        >>> notification
        Notification(***)
        >>> notification.header("webhook-id")
        'msg_1'

    Of two headers of one name each could be believed by somebody: neither is there.

    Args:
        body: The raw bytes, before anything parsed them.
        headers: Their names are the same in upper and lower case.

    Raises:
        TypeError: The body is not bytes, or a header is not text.
    """

    __slots__ = ("_body", "_headers")

    _body: Callable[[], bytes]
    _headers: Callable[[], Mapping[str, str]]

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        flaw = _flaw_of(body, headers)
        if flaw is not None:
            del body, headers  # or a traceback with local variables would show them
            raise TypeError(flaw)
        raw, alone = bytes(body), MappingProxyType(_alone(headers))
        self._body = lambda: raw
        self._headers = lambda: alone

    @property
    def body(self) -> bytes:
        """The raw bytes."""
        return self._body()

    @property
    def headers(self) -> Mapping[str, str]:
        """What came once, by its name in lower case."""
        return self._headers()

    def header(self, name: str) -> str | None:
        """Return a header by its name in any case, if it came, and came once."""
        return self.headers.get(_lowered(name))


def checked(notification: object) -> Notification:
    """
    Return a notification.

    Raises:
        TypeError: It is something else, such as its body alone.
    """
    if isinstance(notification, Notification):
        return notification
    raise TypeError(f"notification must be a Notification, not {type(notification).__name__}")


def _flaw_of(body: object, headers: object) -> str | None:
    if not isinstance(body, bytes | bytearray | memoryview):
        return f"body must be the raw bytes, not {type(body).__name__}"
    if not isinstance(headers, Mapping):
        return f"headers must be a mapping, not {type(headers).__name__}: pass dict(headers)"
    entries = cast("Mapping[object, object]", headers).items()
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in entries):
        return "headers must be text by name: decode them as ISO 8859-1"
    return None


def _alone(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers whose name came once, by that name in lower case."""
    entries = [(_lowered(str.__str__(name)), str.__str__(text)) for name, text in headers.items()]
    times = Counter(name for name, _ in entries)
    return {name: text for name, text in entries if times[name] == 1}


def _lowered(name: str) -> str:
    """Names of headers are ASCII: the sign for Kelvin, in lower case, is no letter of one."""
    return name.lower() if name.isascii() else name


@final
class StandardWebhooks:
    """
    Verify what is signed as standardwebhooks.com specifies, with a shared secret.

    The headers are `webhook-id`, `webhook-timestamp` and `webhook-signature`, which may hold
    several signatures. Those of other schemes, such as `v1a`, are passed over.

    Args:
        secrets: `whsec_` and base64 each; during a rotation the old one and the new one.
        tolerance: How far the time of sending may be from now, before and after.

    Raises:
        UnsafeInput: There is no secret, one of them stands for fewer than 24 bytes, or the
            tolerance is not above zero.
    """

    __slots__ = ("_secrets", "_tolerance")

    def __init__(
        self, secrets: Iterable[Secret | str], *, tolerance: timedelta = _TOLERANCE
    ) -> None:
        masked = masked_or_flaw(secrets, decoded)
        del secrets  # or a traceback with local variables would show them
        self._secrets = unless_flawed(masked)
        self._tolerance = safe_tolerance(tolerance)

    def verify(self, notification: Notification, *, now: datetime) -> None:
        """
        Return if the provider has signed these bytes, within the tolerance of `now`.

        Raises:
            TypeError: It is no notification, or `now` is no `datetime`.
            UnsafeInput: `now` has no time zone.
            InvalidSignature: Whatever else is the case.
        """
        if not self._is_genuine(checked(notification), aware(now, field="now")):
            raise InvalidSignature

    def sign(self, body: bytes, *, id: str, at: datetime) -> dict[str, str]:  # noqa: A002
        """
        Return the headers of a notification with this id, signed by every secret.

        Raises:
            UnsafeInput: No notification can have that id.
        """
        if not _MESSAGE_ID.fullmatch(id):
            raise UnsafeInput("id", "use ASCII without blanks and full stops, 255 at most")
        seconds = seconds_of(at)
        signatures = self._signatures(body, id, seconds)
        return {
            "webhook-id": id,
            "webhook-timestamp": seconds,
            "webhook-signature": b" ".join(signatures).decode("ascii"),
        }

    def _is_genuine(self, notification: Notification, now: datetime) -> bool:
        message_id = notification.header("webhook-id") or ""
        seconds = notification.header("webhook-timestamp") or ""
        header = notification.header("webhook-signature") or ""
        return (
            len(notification.body) <= MOST_BYTES
            and _MESSAGE_ID.fullmatch(message_id) is not None
            and _HEADER.fullmatch(header) is not None
            and is_recent(seconds, now, self._tolerance)
            and have_in_common(
                header.encode("ascii").split(b" "),
                self._signatures(notification.body, message_id, seconds),
            )
        )

    def _signatures(self, body: bytes, message_id: str, seconds: str) -> list[bytes]:
        before = f"{message_id}.{seconds}.".encode("ascii")
        codes = (code_of(decoded(secret), before, body) for secret in self._secrets)
        return [b"v1," + base64.b64encode(code) for code in codes]


@final
class TimestampedSignature:
    """
    Verify what is signed as `t=…,v1=…` in one header, as Stripe and others do.

    The code is over the time, a full stop and the body. Signatures of other schemes, such as
    `v0`, are passed over. (Source: docs.stripe.com/webhooks#verify-manually)

    Args:
        secrets: As the provider shows them, prefix and all; during a rotation both.
        header: The name of the header.
        tolerance: How far the time of sending may be from now, before and after.

    Raises:
        UnsafeInput: There is no secret, one of them has fewer than 24 bytes, the tolerance
            is not above zero, or no header can have that name.
    """

    __slots__ = ("_header", "_secrets", "_tolerance")

    def __init__(
        self,
        secrets: Iterable[Secret | str],
        *,
        header: str = "Stripe-Signature",
        tolerance: timedelta = _TOLERANCE,
    ) -> None:
        masked = masked_or_flaw(secrets, encoded)
        del secrets  # or a traceback with local variables would show them
        self._secrets = unless_flawed(masked)
        self._tolerance = safe_tolerance(tolerance)
        if not _HEADER_NAME.fullmatch(header):
            raise UnsafeInput("header", "no header can have that name: see RFC 9110")
        self._header = header

    def verify(self, notification: Notification, *, now: datetime) -> None:
        """
        Return if the provider has signed these bytes, within the tolerance of `now`.

        Raises:
            TypeError: It is no notification, or `now` is no `datetime`.
            UnsafeInput: `now` has no time zone.
            InvalidSignature: Whatever else is the case.
        """
        if not self._is_genuine(checked(notification), aware(now, field="now")):
            raise InvalidSignature

    def sign(self, body: bytes, *, at: datetime) -> dict[str, str]:
        """Return the header of a notification, signed by every secret."""
        seconds = seconds_of(at)
        signatures = [f"v1={code.decode('ascii')}" for code in self._signatures(body, seconds)]
        return {self._header: ",".join([f"t={seconds}", *signatures])}

    def _is_genuine(self, notification: Notification, now: datetime) -> bool:
        header = notification.header(self._header) or ""
        if len(notification.body) > MOST_BYTES or not _HEADER.fullmatch(header):
            return False
        parts = [part.partition("=") for part in header.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        signatures = [value.encode("ascii") for name, _, value in parts if name == "v1"]
        return (
            len(times) == 1
            and is_recent(times[0], now, self._tolerance)
            and have_in_common(signatures, self._signatures(notification.body, times[0]))
        )

    def _signatures(self, body: bytes, seconds: str) -> list[bytes]:
        before = f"{seconds}.".encode("ascii")
        codes = (code_of(encoded(secret), before, body) for secret in self._secrets)
        return [code.hex().encode("ascii") for code in codes]
