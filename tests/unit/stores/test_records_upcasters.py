"""Records of another schema: older ones are brought up step by step, newer ones are refused."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from json_text_store import RECORDS, seal, unseal
from records_damage import plain, refusal
from records_examples import CANARY, REFUND, REVERSAL, SESSION

from paysession import Metadata
from paysession.stores import KINDS, Records
from paysession.stores.records import UPCASTERS, _current_schema


@pytest.mark.parametrize("schema", [2, 1_000_000])
def test_a_newer_schema_is_refused(schema: int) -> None:
    error = refusal({**RECORDS.dump(REVERSAL), "schema": schema})
    assert ("reversal.schema", "it is newer than 1: upgrade paysession") == (
        error.path,
        error.reason,
    )


@pytest.mark.parametrize("schema", [None, True, 1.0, "1"])
def test_a_schema_is_an_integer(schema: object) -> None:
    assert "reversal.schema" == refusal({**RECORDS.dump(REVERSAL), "schema": schema}).path


@pytest.mark.parametrize("schema", [0, -1, -(10**30)])
def test_an_older_schema_needs_its_upcaster(schema: int) -> None:
    error = refusal({**RECORDS.dump(REVERSAL), "schema": schema})
    assert "no upcaster leads from it to 1: add one" == error.reason


# Two versions that never were: in one, refunds counted cents as text, called their reason
# `why` and had no metadata; in the one before, their reasons had other names.


def of_schema_0() -> dict[str, Any]:
    record = {**plain(RECORDS.dump(REFUND)), "schema": 0}
    fields = record["fields"]
    fields["cents"] = str(fields.pop("amount")["minor"])
    fields["why"] = fields.pop("reason")
    del fields["metadata"]
    return record


def of_schema_before_0() -> dict[str, Any]:
    record = {**of_schema_0(), "schema": -1}
    record["fields"]["why"] = "FRAUD"
    return record


def reasons(fields: dict[str, Any]) -> dict[str, Any]:
    fields["why"] = {"FRAUD": "fraudulent"}[fields["why"]]
    return fields


def amounts(fields: dict[str, Any]) -> dict[str, Any]:
    fields["amount"] = {"minor": int(fields.pop("cents")), "currency": "USD"}
    fields["reason"] = fields.pop("why")
    return {**fields, "metadata": {}}


@pytest.mark.parametrize("old", [of_schema_0(), of_schema_before_0()])
def test_an_old_record_is_brought_up_step_by_step(old: dict[str, Any]) -> None:
    records = Records(
        seal=seal, unseal=unseal, upcasters={("refund", -1): reasons, ("refund", 0): amounts}
    )
    before = plain(old)
    loaded = records.load(old)
    assert attrs.evolve(REFUND, metadata=Metadata()) == loaded
    assert before == old
    assert 1 == records.dump(loaded)["schema"]


def test_an_upcaster_moves_client_data_without_seeing_it() -> None:
    seen: list[object] = []

    def moved(fields: dict[str, Any]) -> dict[str, Any]:
        fields["client_data"] = fields.pop("for_browser")
        seen.append(fields["client_data"])
        return fields

    records = Records(seal=seal, unseal=unseal, upcasters={("payment_session", 0): moved})
    record: dict[str, Any] = {**RECORDS.dump(SESSION), "schema": 0}
    sealed = json.loads(unseal(record["client_data"]))
    sealed["client_data"]["for_browser"] = sealed["client_data"].pop("client_data")
    old = {**record, "client_data": seal(json.dumps(sealed))}
    assert SESSION == records.load(old)
    assert "[ClientData(***)]" == repr(seen)


def test_an_upcaster_that_fails_is_named_and_what_it_said_is_not() -> None:
    def broken(fields: dict[str, object]) -> dict[str, object]:
        raise KeyError(CANARY)

    records = Records(seal=seal, unseal=unseal, upcasters={("reversal", 0): broken})
    error = refusal({**RECORDS.dump(REVERSAL), "schema": 0}, records.load)
    assert ("reversal.schema", "the upcaster from 0 raised KeyError") == (error.path, error.reason)


@pytest.mark.parametrize("place", [("reversal", 1), ("reversal", 7), ("nothing", 0)])
def test_an_upcaster_that_leads_nowhere_is_refused(place: tuple[str, int]) -> None:
    with pytest.raises(TypeError, match="no upcaster can lead from schema"):
        Records(seal=seal, unseal=unseal, upcasters={place: reasons})


def test_an_upcaster_of_the_library_makes_the_next_schema_the_current_one() -> None:
    upcasters = {("refund", 1): reasons, ("refund", 2): amounts}
    assert 3 == _current_schema("refund", upcasters)
    assert 1 == _current_schema("payment", upcasters)


def test_there_are_upcasters_for_every_older_schema_of_the_library() -> None:
    for kind in (*KINDS.values(), "event", "claim"):
        schemas = {schema for each, schema in UPCASTERS if each == kind}
        assert set(range(1, _current_schema(kind))) == schemas
