"""What a caller passed, before anybody has looked at it."""

from __future__ import annotations

import json

from paysession._domain.secrets import ClientData, Veiled

GIVEN = {"payload": "nonce_1", "deep": {"list": ["nonce_2"]}}


def test_a_veiled_mapping_is_what_it_was_to_whoever_reads_it() -> None:
    veiled = Veiled(GIVEN)

    assert GIVEN == dict(veiled)
    assert (2, "nonce_1", True) == (len(veiled), veiled["payload"], "deep" in veiled)
    assert ClientData(GIVEN) == ClientData(veiled)


def test_a_veiled_mapping_shows_nothing_of_itself() -> None:
    veiled = Veiled(GIVEN)

    for text in (repr(veiled), str(veiled), f"{veiled}", json.dumps(veiled, default=str)):
        assert "nonce" not in text
