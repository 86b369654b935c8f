"""What a record is made of, and that it comes back as it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast, get_args

import attrs
import pytest
from json_text_store import RECORDS
from records_damage import parts, plain
from records_examples import (
    ATTEMPT,
    CANARY,
    CLAIMS,
    ENTITIES,
    EVENTS,
    PAYMENT,
    REVERSAL,
    SESSION,
    START,
    at,
    event_classes,
    usd,
)

from paysession import Secret
from paysession._domain.entities import Entity
from paysession._domain.sources import Source
from paysession.outcomes import Fact, NextAction
from paysession.stores import KINDS, Claim, RecordedEvent, _plain

every_entity = pytest.mark.parametrize("entity", ENTITIES, ids=lambda each: type(each).__name__)


@every_entity
def test_an_entity_comes_back_as_it_was_committed(entity: Entity) -> None:
    loaded = RECORDS.load(plain(RECORDS.dump(entity)))
    assert entity == loaded
    assert type(entity) is type(loaded)
    assert not loaded.is_changed


def test_news_and_changes_are_not_stored() -> None:
    asked, attempt = SESSION.hand_over(
        attrs.evolve(ATTEMPT, waits_for_person=None), "nobody knows", at=at(10)
    )
    assert (True, True) == (asked.is_changed, attempt.is_changed)
    for entity in (asked, attempt):
        assert not {"news", "changed"} & cast("Any", RECORDS.dump(entity))["fields"].keys()
    assert not RECORDS.load(RECORDS.dump(asked)).is_changed
    assert not RECORDS.load(RECORDS.dump(attempt)).is_changed


@every_entity
def test_a_record_is_made_of_plain_types_alone(entity: Entity) -> None:
    record = RECORDS.dump(entity)
    kinds = {type(each) for each in parts(record)}
    assert kinds <= {dict, list, str, int, bool, type(None)}
    assert record == plain(record)


@every_entity
def test_a_record_names_its_kind_its_schema_and_every_field_in_order(entity: Entity) -> None:
    record = RECORDS.dump(entity)
    assert (KINDS[type(entity)], 1) == (record["kind"], record["schema"])
    names = [field.name for field in attrs.fields(type(entity))]
    stored = [name for name in names if name not in {"news", "changed"}]
    fields = cast("dict[str, object]", record["fields"])
    assert [name for name in stored if name in fields] == list(fields)
    assert {"client_data", "external_data"} >= set(stored) - fields.keys()


def test_an_enum_that_stands_for_text_is_text() -> None:
    texts = {type(each) for event in EVENTS for each in parts(RECORDS.dump_event(event))}
    assert texts <= {dict, list, str, int, bool, type(None)}


def test_events_come_back_as_they_were() -> None:
    assert EVENTS == tuple(RECORDS.load_event(plain(RECORDS.dump_event(each))) for each in EVENTS)


def test_claims_come_back_with_their_answers() -> None:
    assert CLAIMS == tuple(RECORDS.load_claim(plain(RECORDS.dump_claim(each))) for each in CLAIMS)


def test_an_answer_is_a_record_of_its_own() -> None:
    fields = cast("dict[str, object]", RECORDS.dump_claim(CLAIMS[1])["fields"])
    assert RECORDS.dump(SESSION) == fields["answer"]


def test_instants_are_kept_in_utc_to_the_microsecond() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=45)))
    record = cast("Any", RECORDS.dump(attrs.evolve(PAYMENT, created_at=elsewhere)))
    assert "2026-03-01T12:30:15.250001+00:00" == record["fields"]["created_at"]
    assert START == RECORDS.load(record).created_at


def test_amounts_are_counted_in_minor_units() -> None:
    record = cast("Any", RECORDS.dump(REVERSAL))
    assert {"minor": 4501, "currency": "USD"} == record["fields"]["amount"]


@pytest.mark.parametrize("amount", ["0.01", "-0.01", "9999999999999999.99"])
def test_amounts_come_back_to_the_last_unit(amount: str) -> None:
    reversal = attrs.evolve(REVERSAL, amount=usd(amount))
    assert reversal == RECORDS.load(plain(RECORDS.dump(reversal)))


@pytest.mark.parametrize("union", [Fact, NextAction, Source])
def test_no_class_has_a_field_where_its_name_is_written(union: object) -> None:
    for kind in (*get_args(union), *event_classes()):
        assert _plain.TAG not in {field.name for field in attrs.fields(kind)}


@pytest.mark.parametrize(
    "misplaced",
    [
        lambda secret: attrs.evolve(SESSION, gateway=secret),
        lambda secret: attrs.evolve(SESSION, version=secret),
        lambda secret: attrs.evolve(SESSION, approved=secret),
        lambda secret: attrs.evolve(SESSION, status=secret),
        lambda secret: attrs.evolve(SESSION, created_at=secret),
        lambda secret: attrs.evolve(SESSION, amount=secret),
        lambda secret: attrs.evolve(SESSION, terms=secret),
        lambda secret: attrs.evolve(SESSION, source=secret),
        lambda secret: attrs.evolve(SESSION, client_data=secret),
        lambda secret: attrs.evolve(SESSION, open_attempts=secret),
        lambda secret: attrs.evolve(SESSION, open_attempts=(secret,)),
        lambda secret: attrs.evolve(PAYMENT, metadata=secret),
    ],
)
def test_a_secret_has_no_place_in_a_record(misplaced: Callable[[Any], Entity]) -> None:
    with pytest.raises(TypeError, match="Secret has no place") as caught:
        RECORDS.dump(misplaced(Secret(CANARY)))
    assert CANARY not in str(caught.value)


def test_an_answer_that_is_no_entity_has_no_place_in_a_record() -> None:
    with pytest.raises(TypeError, match="Secret has no place"):
        RECORDS.dump_claim(attrs.evolve(CLAIMS[1], answer=Secret(CANARY)))  # type: ignore[arg-type]


def test_an_instant_without_a_zone_has_no_place_in_a_record() -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(TypeError, match="without a time zone"):
        RECORDS.dump(attrs.evolve(SESSION, created_at=naive))


@pytest.mark.parametrize("value", [None, {}, Secret(CANARY), EVENTS[0], CLAIMS[0]])
def test_only_entities_are_dumped(value: Any) -> None:
    with pytest.raises(TypeError, match="only an entity of KINDS can be dumped, not "):
        RECORDS.dump(value)


def test_only_events_and_claims_are_dumped_as_such() -> None:
    with pytest.raises(TypeError, match="only a RecordedEvent can be dumped, not Payment"):
        RECORDS.dump_event(cast("RecordedEvent", PAYMENT))
    with pytest.raises(TypeError, match="only a Claim can be dumped, not Payment"):
        RECORDS.dump_claim(cast("Claim", PAYMENT))


def test_many_threads_share_one() -> None:
    program = "\n".join(
        (
            "from concurrent.futures import ThreadPoolExecutor",
            "from threading import Barrier",
            "from json_text_store import RECORDS",
            "from records_examples import ENTITIES",
            "barrier = Barrier(8)",
            "def load(number):",
            "    barrier.wait()",
            "    return all(RECORDS.load(RECORDS.dump(each)) == each for each in ENTITIES)",
            "print(all(ThreadPoolExecutor(8).map(load, range(8))))",
        )
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    assert "True" == finished.stdout.strip()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda each: RECORDS.load(RECORDS.dump(each)) == each, ENTITIES * 20))
