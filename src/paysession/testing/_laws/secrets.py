"""Texts without the secrets that stand in them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final

LEAST_PART: Final = 12
"""Characters of a part of a secret, below which it may stand anywhere by chance."""


def without(secrets: Mapping[str, str], text: str) -> str:
    """
    Write what each secret is in the place of it, wherever it stands in a text.

        >>> without({"k-123": "the key"}, "401: k-123 is no key")
        '401: [the key] is no key'
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, f"[{secrets[secret]}]")
    return text


def masked(secrets: Iterable[str], text: str) -> str:
    """
    Mask secrets in a text, encoded ones too, and every part that is there by no chance.

        >>> masked(["k-1234-5678-9abc-def0"], "of k-1234-5678-9abc… and k-1234-5678-9abc-def0")
        'of [secret]… and [secret]'
    """
    hidden = [False] * len(text)
    for part in [part for each in filter(None, secrets) for part in _parts_of(each)]:
        for found in re.finditer(re.escape(part), text):
            hidden[found.start() : found.end()] = [True] * len(part)
    runs = groupby(zip(hidden, text, strict=True), key=itemgetter(0))
    return "".join(
        "[secret]" if is_hidden else "".join(letter for _, letter in run) for is_hidden, run in runs
    )


def encoded(secret: str) -> Iterator[str]:
    """
    Write a secret in hexadecimal, and in base64 wherever in a text it may have begun.

    Of base64 that is left out which depends on its neighbours, and of both what is so short that
    it may stand anywhere by chance.
    """
    octets = secret.encode()
    in_base64 = (
        b64encode(bytes(earlier) + octets)[theirs : (earlier + len(octets)) // 3 * 4]
        for earlier, theirs in enumerate((0, 2, 3))
    )
    for each in (octets.hex(), *(text.decode() for text in in_base64)):
        if len(each) >= LEAST_PART:
            yield each


def _parts_of(secret: str) -> Iterator[str]:
    """Yield what is masked of a secret: each part that is long enough, and all of a short one."""
    for form in (secret, *encoded(secret)):
        length = min(len(form), LEAST_PART)
        yield from (form[start : start + length] for start in range(len(form) - length + 1))
