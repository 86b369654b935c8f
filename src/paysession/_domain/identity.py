"""Ids that follow from other ids, so that what must happen once is made under one id."""

from __future__ import annotations

import hashlib

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 16


def id_of(prefix: str, number: int) -> str:
    """Write a number as an id: the prefix, an underscore and sixteen of 0-9A-Za-z."""
    digits: list[str] = []
    for _ in range(ID_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(digits)}"


def derived_id(prefix: str, *parts: str) -> str:
    """Return the one id that follows from `parts`, the same in every process and version."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return id_of(prefix, int.from_bytes(digest[:16], "big"))
