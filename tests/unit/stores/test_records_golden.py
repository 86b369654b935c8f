"""
Records of version 1, as they were first written: what can be read once can be read for ever.

One file of `records_v1` for each kind holds examples in which every field is set. Until a
version is published they may be written anew, and the difference read, with:

    python tests/unit/stores/test_records_golden.py

From then on they stay as they are. When the fields of a kind change, its next examples go to
a folder of the next version, and the older ones are read through an upcaster.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import attrs
import pytest
from json_text_store import RECORDS
from records_examples import CLAIMS, ENTITIES, EVENTS, FACTS, NEXT_ACTIONS, event_classes

from paysession.outcomes import Fact, NextAction
from paysession.stores import KINDS

WRITTEN = Path(__file__).parent / "records_v1"
EVERY_KIND = (*KINDS.values(), "event", "claim")


def records_by_kind() -> dict[str, list[object]]:
    records: dict[str, list[object]] = {kind: [] for kind in EVERY_KIND}
    for record in (
        *map(RECORDS.dump, ENTITIES),
        *map(RECORDS.dump_event, EVENTS),
        *map(RECORDS.dump_claim, CLAIMS),
    ):
        records[str(record["kind"])].append(record)
    return records


def as_file(records: object) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def text_of(kind: str) -> str:
    return (WRITTEN / f"{kind}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_was_written_reads_as_it_was_meant(kind: str) -> None:
    load = {"event": RECORDS.load_event, "claim": RECORDS.load_claim}.get(kind, RECORDS.load)
    loaded = [load(record) for record in json.loads(text_of(kind))]
    expected = {"event": EVENTS, "claim": CLAIMS}.get(
        kind, tuple(each for each in ENTITIES if KINDS[type(each)] == kind)
    )
    assert list(expected) == loaded


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_is_written_now_is_what_was_written(kind: str) -> None:
    assert text_of(kind) == as_file(records_by_kind()[kind])


def test_there_is_a_file_for_every_kind_and_none_besides() -> None:
    assert {f"{kind}.json" for kind in EVERY_KIND} == {path.name for path in WRITTEN.iterdir()}


def test_the_examples_are_of_every_kind_and_class() -> None:
    assert set(KINDS) == {type(each) for each in ENTITIES}
    assert set(event_classes()) == {type(each.event) for each in EVENTS}
    assert set(get_args(Fact)) == {type(each) for each in FACTS}
    assert set(get_args(NextAction)) == {type(each) for each in NEXT_ACTIONS}


@pytest.mark.parametrize("entity", [*ENTITIES, CLAIMS[1]], ids=lambda each: type(each).__name__)
def test_every_field_of_an_example_is_set(entity: attrs.AttrsInstance) -> None:
    unset = [
        field.name
        for field in attrs.fields(type(entity))
        if getattr(entity, field.name) == field.default and field.name not in {"news", "changed"}
    ]
    assert [] == unset


if __name__ == "__main__":
    WRITTEN.mkdir(exist_ok=True)
    for name, written in records_by_kind().items():
        (WRITTEN / f"{name}.json").write_text(as_file(written), encoding="utf-8")
