"""A store that keeps the text of records keeps every law of a store."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from store_laws import LAWS, Law

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import JsonTextStore


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_a_store_of_json_text_keeps(law: Law) -> None:
    law.check(JsonTextStore)
