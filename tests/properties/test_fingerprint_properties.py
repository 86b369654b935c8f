"""Two arguments have one fingerprint exactly when the library takes them for the same."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from paysession import ClientData, Metadata, Money, Payable
from paysession._domain.fingerprints import fingerprint_of
from paysession.testing import strategies

TEXTS = st.text(max_size=8) | st.sampled_from(["e\u0301", "\u00e9", "", "1", "None", "\ud800"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
AMOUNTS = strategies.money(least="0.0001", most=10**9)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(NOON.__add__)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def normalized(value: object) -> object:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list() | tuple():
            return [normalized(each) for each in cast("list[object]", value)]
        case dict():
            return {normalized(key): normalized(each) for key, each in value.items()}
        case _:
            return value


def written(value: object) -> str:
    return json.dumps(normalized(value), sort_keys=True)


@given(VALUES, VALUES)
def test_different_values_have_different_fingerprints(one: object, other: object) -> None:
    assert (written(one) == written(other)) is (fingerprint_of(one) == fingerprint_of(other))


@given(VALUES, st.data())
def test_one_changed_value_changes_the_fingerprint(value: object, data: st.DataObject) -> None:
    changed = data.draw(VALUES)
    assume(written(value) != written(changed))

    assert fingerprint_of([1, value]) != fingerprint_of([1, changed])
    assert fingerprint_of({"a": value, "b": 1}) != fingerprint_of({"a": changed, "b": 1})


@given(st.dictionaries(TEXTS, VALUES, max_size=6), st.randoms())
def test_the_order_of_a_mapping_says_nothing(entries: dict[str, object], random: Any) -> None:
    assume(len({unicodedata.normalize("NFC", key) for key in entries}) == len(entries))
    shuffled = list(entries.items())
    random.shuffle(shuffled)

    assert fingerprint_of(entries) == fingerprint_of(dict(shuffled))


@given(st.dictionaries(st.text("abcxyz_", min_size=1, max_size=9), st.text("abc é", max_size=9)))
def test_metadata_is_the_mapping_it_was_made_of(entries: dict[str, str]) -> None:
    assume(len(entries) <= 50)

    assert fingerprint_of(entries) == fingerprint_of(Metadata.of(entries))


@given(AMOUNTS, AMOUNTS)
def test_amounts_have_one_fingerprint_when_they_are_equal(one: Money, other: Money) -> None:
    again = Money(Decimal(one.minor).scaleb(-one.currency.digits), one.currency)

    assert fingerprint_of(one) == fingerprint_of(again)
    assert (one == other) is (fingerprint_of(one) == fingerprint_of(other))


@given(AMOUNTS, AMOUNTS)
def test_payables_have_one_fingerprint_when_they_are_equal(one: Money, other: Money) -> None:
    first, second = Payable("or_1", total=one), Payable("or_1", total=other)

    assert (first == second) is (fingerprint_of(first) == fingerprint_of(second))
    assert fingerprint_of(first) == fingerprint_of(Payable("or_1", total=one, reference="or_1"))
    for changed in (
        attrs.evolve(first, id="or_2"),
        attrs.evolve(first, reference="R2"),
        attrs.evolve(first, customer_id="cu_1"),
    ):
        assert fingerprint_of(first) != fingerprint_of(changed)


@given(INSTANTS, ZONES, INSTANTS)
def test_an_instant_is_the_same_in_every_zone(
    at: datetime, zone: timezone, other: datetime
) -> None:
    assert fingerprint_of(at) == fingerprint_of(at.astimezone(zone))
    assert (at == other) is (fingerprint_of(at) == fingerprint_of(other))


@given(st.dictionaries(st.text("abc", max_size=3), st.text("abc", max_size=9), max_size=3))
def test_what_is_masked_counts_as_what_it_holds(entries: dict[str, str]) -> None:
    masked = ClientData(entries)

    assert fingerprint_of(masked) == fingerprint_of(ClientData(dict(reversed(entries.items()))))
    assert fingerprint_of(masked) != fingerprint_of(ClientData({**entries, "other": "x"}))


@given(st.recursive(SCALARS | st.just(object()), lambda inner: st.tuples(inner, inner)), ZONES)
def test_whatever_is_passed_has_a_short_fingerprint(value: object, zone: timezone) -> None:
    endless: list[object] = [value, datetime.min.replace(tzinfo=zone), NOON.replace(tzinfo=None)]
    endless.append(endless)

    assert re.fullmatch("[0-9a-f]{64}", fingerprint_of({"it": endless, 1: value, None: {value}}))
