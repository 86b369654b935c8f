"""Client data is sealed, and nothing but what was sealed for a record is taken for its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import attrs
import pytest
from json_text_store import MARK, RECORDS, seal, unseal
from records_damage import changed, plain, refusal, without
from records_examples import ATTEMPT, CANARY, ENTITIES, NEXT_ACTIONS, PAYMENT, SESSION, client_data

from paysession import ClientData
from paysession.outcomes import Accepted
from paysession.stores import Records


def test_client_data_is_in_no_part_but_the_sealed_text() -> None:
    with_client_data = [
        *(attrs.evolve(SESSION, next_action=action) for action in NEXT_ACTIONS),
        *(attrs.evolve(PAYMENT, next_action=action) for action in NEXT_ACTIONS),
        *(each for each in ENTITIES if hasattr(each, "external_data")),
        *(each for each in ENTITIES if hasattr(each, "client_data")),
        attrs.evolve(SESSION, client_data=None),
        attrs.evolve(SESSION, next_action=None),
    ]
    for entity in with_client_data:
        record = RECORDS.dump(entity)
        sealed = record.pop("client_data")
        assert str is type(sealed)
        assert sealed.startswith(MARK)
        assert CANARY in unseal(sealed)
        assert CANARY not in json.dumps(record)


def test_without_client_data_nothing_is_sealed() -> None:
    def never(text: str) -> str:
        raise AssertionError(text)

    records = Records(seal=never, unseal=never)
    entity = attrs.evolve(SESSION, client_data=None, next_action=None)
    record = records.dump(entity)
    assert "client_data" not in record
    assert entity == records.load(record)
    assert entity == records.load({**record, "client_data": None})


def test_a_fingerprint_is_not_sealed() -> None:
    data = client_data("fact").fingerprint
    evidence = attrs.evolve(ATTEMPT.facts[0], fact=Accepted(client_data=data))
    record = cast("Any", RECORDS.dump(attrs.evolve(ATTEMPT, facts=(evidence,), external_data=None)))
    assert data.reveal() == record["fields"]["facts"][0]["fact"]["client_data"]
    assert "client_data" not in record


def test_client_data_that_is_no_fingerprint_is_sealed_wherever_it_is() -> None:
    evidence = attrs.evolve(ATTEMPT.facts[0], fact=Accepted(client_data=client_data("fact")))
    entity = attrs.evolve(ATTEMPT, facts=(ATTEMPT.facts[1], evidence))
    record = RECORDS.dump(entity)
    assert entity == RECORDS.load(plain(record))
    assert CANARY not in json.dumps({**record, "client_data": None})


def test_text_that_looks_like_a_fingerprint_is_sealed_all_the_same() -> None:
    data = ClientData(cast("str", client_data("one").fingerprint.reveal()))
    entity = attrs.evolve(SESSION, client_data=data, next_action=None)
    record = RECORDS.dump(entity)
    assert cast("str", data.reveal()) not in json.dumps({**record, "client_data": None})
    assert entity == RECORDS.load(record)


def test_what_seal_gives_must_be_text() -> None:
    records = Records(seal=cast("Callable[[str], str]", str.encode), unseal=unseal)
    with pytest.raises(TypeError, match="seal must return str, not bytes"):
        records.dump(SESSION)


SEALED = cast("str", RECORDS.dump(SESSION)["client_data"])
OTHER = cast("str", RECORDS.dump(attrs.evolve(SESSION, id="ps_2"))["client_data"])
OLDER = cast("str", RECORDS.dump(attrs.evolve(SESSION, version=2))["client_data"])
OPENED: dict[str, Any] = json.loads(unseal(SEALED))


def sealed_with(**paths: object) -> str:
    return seal(json.dumps({**OPENED, "client_data": {**OPENED["client_data"], **paths}}))


@pytest.mark.parametrize(
    "sealed",
    [
        pytest.param("", id="nothing"),
        pytest.param(7, id="no text"),
        pytest.param("other:" + SEALED, id="not ours"),
        pytest.param(SEALED[:-8], id="cut"),
        pytest.param(seal(CANARY), id="no JSON"),
        pytest.param(seal("[]"), id="no mapping"),
        pytest.param(seal("{}"), id="an empty mapping"),
        pytest.param(seal("[" * 100_000), id="far too deep"),
        pytest.param(seal(json.dumps({**OPENED, "client_data": [CANARY]})), id="no names"),
        pytest.param(OTHER, id="another record's"),
        pytest.param(OLDER, id="an older version's"),
        pytest.param(sealed_with(gateway=CANARY), id="in the place of another field"),
        pytest.param(sealed_with(**{"no.where": CANARY}), id="nowhere"),
        pytest.param(sealed_with(**{"gateway.url": CANARY}), id="within text"),
        pytest.param(sealed_with(**{"open_attempts.0": CANARY}), id="within a list"),
        pytest.param(sealed_with(**{"open_attempts.7.url": CANARY}), id="beyond a list"),
        pytest.param(sealed_with(client_data=None), id="no client data"),
    ],
)
def test_client_data_that_is_not_what_was_sealed_is_refused(sealed: object) -> None:
    error = refusal({**RECORDS.dump(SESSION), "client_data": sealed})
    assert "payment_session.client_data" == error.path
    assert CANARY not in str(error)


def test_client_data_in_a_place_that_is_none_is_refused() -> None:
    error = refusal({**RECORDS.dump(SESSION), "client_data": sealed_with(surprise=CANARY)})
    assert ("payment_session", "it has a key that is not known here") == (error.path, error.reason)


def test_client_data_that_is_lost_is_refused() -> None:
    record = RECORDS.dump(SESSION)
    assert "it is missing" == refusal({**record, "client_data": None}).reason
    assert "it is missing" == refusal(without(record, ("client_data",))).reason


@pytest.mark.parametrize("answer", [None, 7, b"{}", "{}", CANARY])
def test_an_unseal_that_gives_something_else_is_noticed(answer: Any) -> None:
    records = Records(seal=seal, unseal=lambda _: answer)
    error = refusal(RECORDS.dump(SESSION), records.load)
    assert "payment_session.client_data" == error.path


def test_an_unseal_that_raises_is_not_quoted() -> None:
    def broken(sealed: str) -> str:
        raise ValueError(CANARY + sealed)

    record = RECORDS.dump(SESSION)
    error = refusal(record, Records(seal=seal, unseal=broken).load)
    assert "it cannot be unsealed for this record" == error.reason


def test_client_data_that_was_never_sealed_is_refused() -> None:
    record = without(RECORDS.dump(attrs.evolve(SESSION, next_action=None)), ("client_data",))
    error = refusal(changed(record, ("fields", "client_data"), CANARY))
    assert "payment_session.client_data" == error.path
    assert CANARY not in str(error)
