"""What the signatures of notifications have in common: keys, codes, and the time of sending."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from paysession._domain.limits import aware
from paysession._domain.secrets import Secret
from paysession.errors import UnsafeInput

LEAST_KEY_BYTES: Final = 24
"""The least that Standard Webhooks allows: 192 bits."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def masked_or_flaw(
    secrets: Iterable[Secret | str], key_of: Callable[[Secret], bytes]
) -> tuple[Secret, ...] | Exception:
    """Mask the secrets, or return what is wrong with them: the frames of a raise show them."""
    if isinstance(secrets, str | Secret) or not isinstance(secrets, Iterable):
        return TypeError(f"secrets must be a list of them, not {type(secrets).__name__}")
    given = tuple(secrets)
    if not all(isinstance(each, Secret | str) for each in given):
        return TypeError("secrets must be a list of str or Secret")
    masked = tuple(each if isinstance(each, Secret) else Secret(each) for each in given)
    if not masked:
        return UnsafeInput("secrets", "there is none: pass what the provider shows you")
    if any(len(key_of(secret)) < LEAST_KEY_BYTES for secret in masked):
        short = f"one is no key of {LEAST_KEY_BYTES} bytes at least: copy it whole"
        return UnsafeInput("secrets", short)
    return masked


def unless_flawed(masked: tuple[Secret, ...] | Exception) -> tuple[Secret, ...]:
    """
    Return the secrets.

    Raises:
        TypeError: They are no list of secrets.
        UnsafeInput: There is none, or one is no key.
    """
    if isinstance(masked, Exception):
        raise masked
    return masked


def safe_tolerance(tolerance: timedelta) -> timedelta:
    """
    Return how far the time of sending may be from now.

    Raises:
        TypeError: It is no `timedelta`.
        UnsafeInput: It is not above zero.
    """
    if not isinstance(tolerance, timedelta):
        raise TypeError(f"tolerance must be timedelta, not {type(tolerance).__name__}")
    if tolerance <= timedelta(0):
        raise UnsafeInput("tolerance", "no notification arrives in no time: allow minutes")
    return tolerance


def decoded(secret: Secret) -> bytes:
    """Return the key that a secret of Standard Webhooks stands for; none if it is none."""
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""


def encoded(secret: Secret) -> bytes:
    """Return the key that a secret is as it stands."""
    return secret.reveal().encode("utf-8", "surrogatepass")


def code_of(key: bytes, *parts: bytes) -> bytes:
    """Return the authentication code of all parts in a row: HMAC-SHA256, RFC 2104."""
    code = hmac.new(key, digestmod=sha256)
    for part in parts:
        code.update(part)
    return code.digest()


def seconds_of(at: datetime) -> str:
    """Write an instant as it is signed: whole seconds since 1970."""
    return str((aware(at, field="at") - _EPOCH) // timedelta(seconds=1))


def is_recent(seconds: str, now: datetime, tolerance: timedelta) -> bool:
    """Tell whether it was sent near `now`: a time that is to come is as bad as one long ago."""
    if not _SECONDS.fullmatch(seconds):
        return False
    return abs(now - _EPOCH - timedelta(seconds=int(seconds))) <= tolerance


def have_in_common(given: Iterable[bytes], right: Iterable[bytes]) -> bool:
    """Compare each with each, to the end: how long it takes does not tell which was the one."""
    return sum(_comparisons(list(given), right)) > 0


def _comparisons(given: list[bytes], right: Iterable[bytes]) -> Iterator[bool]:
    for code in right:
        for candidate in given:
            yield hmac.compare_digest(candidate, code)
