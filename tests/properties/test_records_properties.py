"""Whatever an entity, an event or a claim holds comes back; whatever is damaged is refused."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysession import ClientData, Metadata, Money
from paysession._domain.entities import Entity
from paysession.errors import RecordError
from paysession.events import Event
from paysession.outcomes import Fact, Profile
from paysession.stores import KINDS, Claim, RecordedEvent
from paysession.testing import strategies

sys.path.append(str(Path(__file__).parents[1] / "unit" / "stores"))

from json_text_store import RECORDS, as_text, unseal
from records_damage import changed, without
from records_examples import CLAIMS, ENTITIES, EVENTS, event_classes

ODD_TEXT: Final = st.text(max_size=12)
SAFE_TEXT: Final = st.text("abcXYZ_-éß日قהש\U0001f4b3", min_size=1, max_size=12)
INSTANTS: Final = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - its zone is drawn
    datetime(9998, 1, 1),  # noqa: DTZ001 - its zone is drawn
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]),
)
CURRENCIES: Final = strategies.currencies(retired=True)
JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64) + 1, 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
    lambda items: st.lists(items, max_size=2) | st.dictionaries(SAFE_TEXT, items, max_size=2),
    max_leaves=4,
)
CLIENT_DATA: Final = st.builds(ClientData, SAFE_TEXT | st.dictionaries(SAFE_TEXT, JSON, max_size=3))
CARDS: Final = st.builds(
    Profile,
    id=SAFE_TEXT | st.none(),
    brand=SAFE_TEXT,
    last4=st.from_regex(r"\A[0-9]{4}\Z"),
    month=st.integers(1, 12),
    year=st.integers(1, 9999),
    name=SAFE_TEXT | st.none(),
)
BY_NAME: Final[dict[str, st.SearchStrategy[Any]]] = {
    "last4": st.from_regex(r"\A[0-9]{4}\Z"),
    "month": st.integers(1, 12),
    "year": st.integers(1, 9999),
}
REDACTED: Final = {"reason", "raw_code", "raw_message", "advice"}
"""Fields whose class cleans any text."""


def amounts(least: int = -(10**18)) -> st.SearchStrategy[Money]:
    return st.builds(Money.from_minor, st.integers(least, 10**18), CURRENCIES)


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type that a field may have."""
    if isinstance(kind, UnionType):
        return st.one_of([values_of(each) for each in get_args(kind)])
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0]), max_size=2).map(tuple)
    match kind:
        case type() if issubclass(kind, StrEnum):
            return st.sampled_from(list(kind))
        case type() if kind is Entity:
            return st.one_of([values_of(each) for each in KINDS]).map(committed)
        case type() if kind is Event:
            return st.one_of([values_of(cast("Any", each)) for each in event_classes()])
        case type() if kind is Profile:
            return CARDS | st.builds(Profile, id=SAFE_TEXT | st.none())
        case type() if kind in SIMPLE:
            return SIMPLE[kind]
        case _:
            return built(kind)


SIMPLE: Final[dict[type, st.SearchStrategy[Any]]] = {
    NoneType: st.none(),
    str: ODD_TEXT,
    int: st.integers(-(2**63), 2**63),
    bool: st.booleans(),
    datetime: INSTANTS,
    Money: amounts(),
    ClientData: CLIENT_DATA | CLIENT_DATA.map(lambda data: data.fingerprint),
    Metadata: st.dictionaries(ODD_TEXT, ODD_TEXT, max_size=3).map(Metadata.restored),
}


def built(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    fields = [each for each in attrs.fields(kind) if each.name not in {"news", "changed"}]
    return st.builds(kind, **{each.name: value_for(kind, each, hints) for each in fields})


def value_for(
    kind: type, field: attrs.Attribute[Any], hints: dict[str, Any]
) -> st.SearchStrategy[Any]:
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    hint = hints[field.name]
    if field.converter and hint in (str, str | None) and field.name not in REDACTED:
        return SAFE_TEXT if hint is str else SAFE_TEXT | st.none()
    if kind in get_args(Fact) and hint is Money:
        return amounts(least=1)
    return values_of(hint)


def committed(entity: Entity) -> Entity:
    return entity.committed()


def parsed(record: object) -> Any:
    return json.loads(as_text(record))


every_kind = pytest.mark.parametrize("kind", KINDS, ids=KINDS.values())


@every_kind
@given(data=st.data())
def test_every_entity_comes_back(kind: type[Entity], data: st.DataObject) -> None:
    entity = data.draw(values_of(kind))
    for each in (entity, entity.committed()):
        record = RECORDS.dump(each)
        loaded = RECORDS.load(parsed(record))
        assert each == loaded
        assert not loaded.is_changed
        assert record == parsed(record) == RECORDS.dump(loaded)


@given(values_of(RecordedEvent))
def test_every_event_comes_back(event: RecordedEvent) -> None:
    assert event == RECORDS.load_event(parsed(RECORDS.dump_event(event)))


@given(values_of(Claim))
def test_every_claim_comes_back(claim: Claim) -> None:
    assert claim == RECORDS.load_claim(parsed(RECORDS.dump_claim(claim)))


@given(st.one_of([values_of(each) for each in KINDS]))
def test_client_data_is_in_the_sealed_text_alone(entity: Entity) -> None:
    marked = "canary_8d0c"
    entity = cast("Entity", with_marked_client_data(entity, marked))
    record = RECORDS.dump(entity)
    sealed = record.pop("client_data", None)
    assert marked not in as_text(record)
    assert sealed is None or marked in unseal(cast("str", sealed))
    assert (sealed is None) == (not list(client_data_in(entity)))


def with_marked_client_data(value: object, mark: str) -> object:
    """The same with client data that can be recognized, wherever it has some."""
    match value:
        case ClientData():
            return value if value.is_fingerprint else ClientData({"marked": mark})
        case tuple():
            return tuple(with_marked_client_data(each, mark) for each in value)
        case _ if attrs.has(type(value)) and not isinstance(value, Money):
            return _evolved(value, mark)
        case _:
            return value


def _evolved(value: Any, mark: str) -> object:
    names = [each.name for each in attrs.fields(type(value)) if each.name != "news"]
    held = {name: getattr(value, name) for name in names}
    return attrs.evolve(
        value, **{name: with_marked_client_data(each, mark) for name, each in held.items()}
    )


def client_data_in(value: Any) -> Iterator[ClientData]:
    match value:
        case ClientData():
            if not value.is_fingerprint:
                yield value
        case tuple():
            for each in value:
                yield from client_data_in(each)
        case _ if attrs.has(type(value)):
            for field in attrs.fields(type(value)):
                yield from client_data_in(getattr(value, field.name))
        case _:
            pass


CANARY: Final = "canary_c4e2"
WRITTEN: Final = (
    *((RECORDS.load, RECORDS.dump(each)) for each in ENTITIES),
    *((RECORDS.load_event, RECORDS.dump_event(each)) for each in EVENTS),
    *((RECORDS.load_claim, RECORDS.dump_claim(each)) for each in CLAIMS),
)
NO_LEAVES: Final[tuple[object, ...]] = (1.5, -0.0, [CANARY], [], {CANARY: CANARY}, [[[CANARY]]])
"""What no field ever holds in the place of a number, a text or nothing."""


def places(node: object, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], bool]]:
    """Every way to a key or an item, and whether it is one that must be there."""
    match node:
        case dict():
            for key, value in node.items():
                if value is None or isinstance(value, str | int):
                    yield (*path, key), "metadata" not in path
                yield from places(value, *path, key)
        case list():
            for index, item in enumerate(node):
                yield from places(item, *path, index)
        case _:
            pass


@given(st.sampled_from(WRITTEN), st.data())
def test_whatever_is_damaged_is_refused_and_never_shown(written: Any, data: st.DataObject) -> None:
    load, record = written
    path, must_be = data.draw(st.sampled_from(list(places(record))))
    damage = data.draw(st.sampled_from(["drop", "rename", "retype"] if must_be else ["retype"]))
    match damage:
        case "drop":
            damaged = without(record, path)
        case "rename":
            damaged = changed(without(record, path), (*path[:-1], f"{path[-1]}{CANARY}"), CANARY)
        case _:
            damaged = changed(record, path, data.draw(st.sampled_from(NO_LEAVES)))
    with pytest.raises(RecordError) as caught:
        load(damaged)
    error = caught.value
    shown = "".join(traceback.format_exception(error))
    assert CANARY not in f"{shown} {error} {error!r} {error.args!r} {error.details!r}"
    assert error.__context__ is None


@given(JSON)
def test_what_is_no_record_is_refused(foreign: object) -> None:
    for load in (RECORDS.load, RECORDS.load_event, RECORDS.load_claim):
        with pytest.raises(RecordError):
            load(foreign)
