"""A caller's own name for a command."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from paysession._domain.idempotency import IdempotencyKey
from paysession.errors import LimitExceeded, UnsafeInput

JANE = IdempotencyKey("jane@example.com-7", scope="clients/jane")


def test_a_key_has_a_text_and_a_scope() -> None:
    assert JANE == IdempotencyKey.of(JANE)
    assert IdempotencyKey("key") == IdempotencyKey.of("key") == IdempotencyKey("key", scope="")
    assert IdempotencyKey("key") != IdempotencyKey("key", scope="other")
    assert {JANE: 1}[copy.copy(JANE)] == 1
    assert JANE == pickle.loads(pickle.dumps(JANE))


def test_a_key_is_shown_without_the_caller_s_words() -> None:
    assert "jane" not in f"{JANE!r} {JANE}"


def test_a_key_of_characters_that_look_alike_is_one_key() -> None:
    assert IdempotencyKey("caf\u00e9") == IdempotencyKey("cafe\u0301")


def test_a_key_has_at_most_255_characters() -> None:
    assert 255 == len(IdempotencyKey("x" * 255, scope="y" * 255).text)
    for text, scope in (("x" * 256, ""), ("x", "y" * 256)):
        with pytest.raises(LimitExceeded):
            IdempotencyKey(text, scope=scope)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\0", "\ud800", "4242424242424242"])
def test_text_that_is_not_safe_is_no_key(text: str) -> None:
    with pytest.raises(UnsafeInput, match="idempotency_key"):
        IdempotencyKey(text)
    if text.strip():
        with pytest.raises(UnsafeInput, match="scope"):
            IdempotencyKey("key", scope=text)


@pytest.mark.parametrize("text", [None, 7, b"key", ["key"]])
def test_what_is_not_text_is_no_key(text: Any) -> None:
    with pytest.raises(TypeError, match="idempotency_key"):
        IdempotencyKey.of(text)
