"""A store that keeps the text of records keeps every law that applies to it."""

from __future__ import annotations

import sys
from pathlib import Path

from paysession.testing import StoreConformance

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import JsonTextStore


class TestJsonTextStore(StoreConformance[JsonTextStore]):
    def make_store(self) -> JsonTextStore:
        return JsonTextStore()

    def another(self, store: JsonTextStore) -> JsonTextStore:
        return store
