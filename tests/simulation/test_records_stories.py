"""Whole stories on a store of JSON text end as on one that keeps the entities themselves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from books import check_closed
from shop import Process, Scene, Shop, recover
from stories import TALES
from telling import Tale

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import JsonTextStore

SAMPLE = tuple(TALES)[::6]


class TextShop(Shop):
    """A shop whose store keeps JSON text."""

    def __init__(self, tale: Tale) -> None:
        super().__init__(capabilities=tale.capabilities)
        self.books = JsonTextStore()
        self.store = self.books


class Remembering(Process):
    """A process that remembers what its commands came to."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self.answers: list[object] = []

    def act(self, scene: Scene) -> object:
        answer = super().act(scene)
        self.answers.append(repr(answer) if isinstance(answer, Exception) else answer)
        return answer


def played(tale: Tale, shop: Shop) -> tuple[object, ...]:
    """All that callers were given, and all that is stored when nothing is left to do."""
    process = Remembering(shop)
    process.play(tale.story)
    recover(shop)
    check_closed(shop, for_people=tale.for_people)
    events = shop.store.unpublished(limit=10_000, tenant="")
    return process.answers, shop.books.entities(), events


@pytest.mark.parametrize("name", SAMPLE)
def test_a_story_ends_as_it_does_without_records(name: str) -> None:
    tale = TALES[name]
    in_memory = played(tale, Shop(capabilities=tale.capabilities))
    as_text = played(tale, TextShop(tale))
    assert in_memory == as_text
