"""What a caller passed, before anybody has looked at it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paysession._domain.secrets import ClientData, Veiled

GIVEN = {"payload": "nonce_1", "deep": {"list": ["nonce_2"]}}


def test_a_veiled_mapping_is_what_it_was_to_whoever_reads_it() -> None:
    veiled = Veiled(GIVEN, field="external_data")

    assert GIVEN == dict(veiled)
    assert (2, "nonce_1", True) == (len(veiled), veiled["payload"], "deep" in veiled)
    assert ClientData(GIVEN) == ClientData(veiled)


def test_a_veiled_mapping_shows_nothing_of_itself() -> None:
    veiled = Veiled(GIVEN, field="external_data")

    for text in (repr(veiled), str(veiled), f"{veiled}", json.dumps(veiled, default=str)):
        assert "nonce" not in text


@pytest.mark.parametrize("given", ["nonce_1", b"nonce_1", ["nonce_1"], 7])
def test_only_a_mapping_is_veiled_and_nothing_else_is_shown(given: Any) -> None:
    with pytest.raises(TypeError, match="external_data must be Mapping, not") as refused:
        Veiled(given, field="external_data")

    assert type(given).__name__ in str(refused.value)
    assert "nonce" not in str(refused.value)
