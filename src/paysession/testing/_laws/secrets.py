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
    Mask secrets in a text, in base64 too, and every part of them that is there by no chance.

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


def in_base64(secret: str) -> Iterator[str]:
    """
    Write a secret in base64, wherever in a text it began, but for what its neighbours change.

    What is so short that it may stand anywhere by chance is left out.
    """
    for earlier, theirs in enumerate((0, 2, 3)):
        octets = bytes(earlier) + secret.encode()
        encoded = b64encode(octets)[theirs : len(octets) // 3 * 4].decode()
        if len(encoded) >= LEAST_PART:
            yield encoded


def _parts_of(secret: str) -> Iterator[str]:
    """Yield what is masked of a secret: each part that is long enough, and all of a short one."""
    for form in (secret, *in_base64(secret)):
        length = min(len(form), LEAST_PART)
        yield from (form[start : start + length] for start in range(len(form) - length + 1))
