"""Notifications that a simulated provider writes, signs and sends, and how they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from hmac import compare_digest
from typing import Final, cast

import attrs

from paysession.errors import InvalidSignature, UnreadableNotification
from paysession.gateways.notifications import Notification
from paysession.outcomes import Report
from paysession.testing._simulation.faults import Fault

_KEY: Final = b"sim_notifications"
_HEADER: Final = "sim-signature"
_SENT_AT: Final = re.compile(r"t=([0-9]{1,11}),")
_TOLERANCE_SECONDS: Final = 300


@attrs.define(eq=False, kw_only=True)
class Letter:
    """
    One notification, from when it is written until it has come.

    Attributes:
        id: The provider's id of it.
        reports: What it tells.
        written_at: When.
        not_before: When it is sent at the earliest.
        because: The fault that made it necessary, if one did.
    """

    id: str
    reports: tuple[Report, ...]
    written_at: datetime
    not_before: datetime
    because: Fault | None = None

    def blamed(self) -> Fault | None:
        """Return the fault that it tells of, the first time it is asked for."""
        because, self.because = self.because, None
        return because


@attrs.define(eq=False)
class Post:
    """
    What a provider has written, and what of it is still to be sent.

    Attributes:
        written: Every letter there ever was, by its id.
        waiting: Those that are still to be sent, oldest first.
    """

    written: dict[str, Letter] = attrs.field(factory=dict[str, Letter])
    waiting: list[Letter] = attrs.field(factory=list[Letter])

    def write(
        self, reports: tuple[Report, ...], *, at: datetime, because: Fault | None = None
    ) -> Letter:
        """Write a letter, to be sent."""
        letter_id = f"evt_{len(self.written) + 1}"
        letter = Letter(
            id=letter_id,
            reports=tuple(attrs.evolve(each, id=letter_id) for each in reports),
            written_at=at,
            not_before=at,
            because=because,
        )
        self.written[letter_id] = letter
        self.waiting.append(letter)
        return letter

    def again(self, letter: Letter, *, at: datetime) -> Letter:
        """Write the same under another id; it is not sent by itself."""
        same = self.write(letter.reports, at=at, because=letter.because)
        self.waiting.remove(same)
        return same

    def read(self, notification: Notification, *, at: datetime) -> tuple[Letter, ...]:
        """
        Verify a notification's raw bytes, and return the letters in it.

        Raises:
            InvalidSignature: It is not what the provider has signed, or not lately.
            UnreadableNotification: It is, and it is no list of letters.
        """
        _verify(notification, at)
        try:
            ids: object = json.loads(notification.body)
        except (ValueError, RecursionError):
            raise UnreadableNotification("no JSON") from None
        if not isinstance(ids, list):
            raise UnreadableNotification("no list")
        named = cast("list[object]", ids)
        if "forged" in named:
            raise InvalidSignature
        letters = [self.written.get(str(each)) for each in named]
        if None in letters:
            raise UnreadableNotification("no letter of this provider")
        return tuple(each for each in letters if each is not None)


def _verify(notification: Notification, at: datetime) -> None:
    given = notification.header(_HEADER) or ""
    sent_at = _SENT_AT.match(given)
    if sent_at is None or abs(int(sent_at[1]) - int(at.timestamp())) > _TOLERANCE_SECONDS:
        raise InvalidSignature
    good = _signature(notification.body, int(sent_at[1]))
    if not compare_digest(given.encode("utf-8", "replace"), good.encode()):
        raise InvalidSignature


def body_of(letters: Sequence[Letter]) -> bytes:
    """Return the raw bytes by which letters are sent."""
    return json.dumps([letter.id for letter in letters]).encode()


def signed(body: bytes, at: datetime) -> Mapping[str, str]:
    """Return the headers by which a provider vouches for a body, at that instant."""
    return {"Sim-Signature": _signature(body, int(at.timestamp()))}


def _signature(body: bytes, sent_at: int) -> str:
    digest = blake2b(b"%d." % sent_at + body, key=_KEY, digest_size=16).hexdigest()
    return f"t={sent_at},v1={digest}"
