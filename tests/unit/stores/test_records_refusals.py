"""Records that are damaged, foreign or of no known form are refused, and never quoted."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from json_text_store import RECORDS, seal
from records_damage import Path, changed, refusal, without
from records_examples import ATTEMPT, CANARY, CLAIMS, EVENTS, PAYMENT, REVERSAL, SESSION

from paysession._domain.entities import Entity
from paysession.errors import RecordError
from paysession.outcomes import Accepted, ActionRequired, Captured, Pending
from paysession.stores import _plain

BARE_PAYMENT = attrs.evolve(PAYMENT, client_data=None, next_action=None)
"""Nothing of it is sealed, so that each field is refused for itself."""

BAD_VALUES: list[tuple[Path, object, str]] = [
    (("balances", "captured", "minor"), 3.9, "it must be int, not float"),
    (("balances", "captured", "minor"), True, "it must be int, not bool"),
    (("balances", "captured", "minor"), "1", "it must be int, not str"),
    (("balances", "captured", "minor"), 10**18 + 1, "it is beyond 10**18 minor units"),
    (("balances", "captured", "currency"), "EUB", "it is no currency of ISO 4217"),
    (("balances", "captured"), None, "it must be dict, not NoneType"),
    (("gateway",), None, "it must be str, not NoneType"),
    (("session_id",), 7, "it must be str, not int"),
    (("version",), None, "it must be int, not NoneType"),
    (("movements",), 6.0, "it must be int, not float"),
    (("method", "session_required"), 1, "it must be bool, not int"),
    (("method", "session_required"), "true", "it must be bool, not str"),
    (("status",), "paid", "it is no PaymentStatus"),
    (("status",), None, "it must be str, not NoneType"),
    (("created_at",), "2026-03-01T12:30:15", "it is not in UTC with microseconds"),
    (("created_at",), "2026-03-01T12:30:15.250001", "it is not in UTC with microseconds"),
    (("created_at",), "2026-03-01T13:30:15.250001+01:00", "it is not in UTC with microseconds"),
    (("created_at",), "2026-03-01 12:30:15.250001+00:00", "it is not in UTC with microseconds"),
    (("created_at",), "yesterday", "it is no instant of ISO 8601"),
    (("created_at",), 1772368215, "it must be str, not int"),
    (("source",), {"id": "src_1", "profile_id": None}, "it must be str, not NoneType"),
    (("source", "type"), "cash", "it is none of the types that can be here"),
    (("source", "type"), ["cash"], "it must be str, not list"),
    (("source",), "stored_source", "it must be dict, not str"),
    (("open_operations",), "cp_1", "it must be list, not str"),
    (("open_operations",), {"cp_1": 1}, "it must be list, not dict"),
    (("open_operations", 1), 7, "it must be str, not int"),
    (("metadata",), None, "it must be dict, not NoneType"),
    (("metadata", "purchase_order"), 77, "it must be str, not int"),
    (("discrepancies", 0, "kind"), "nothing", "it is no DiscrepancyKind"),
]


@pytest.mark.parametrize(("path", "value", "reason"), BAD_VALUES)
def test_nothing_is_coerced(path: Path, value: object, reason: str) -> None:
    error = refusal(changed(RECORDS.dump(BARE_PAYMENT), ("fields", *path), value))
    where = ".".join(map(str, ("payment", *path)))
    assert where.startswith(error.path) or f"{where}.type" == error.path
    assert error.reason.startswith(reason)


def test_classes_refuse_what_is_out_of_range() -> None:
    record = RECORDS.dump(SESSION)
    error = refusal(changed(record, ("fields", "source", "month"), 13))
    assert ("payment_session.source", "source.month is refused: it is from 1 to 12") == (
        error.path,
        error.reason,
    )
    error = refusal(changed(record, ("fields", "source", "brand"), "v" * 41))
    assert "there may be at most 40 characters in source.brand: use fewer" == error.reason


def fact_of(kind: type) -> Path:
    """The way to the first fact of a class in the record of `ATTEMPT`."""
    index = next(i for i, each in enumerate(ATTEMPT.facts) if type(each.fact) is kind)
    return "fields", "facts", index, "fact"


@pytest.mark.parametrize(
    ("kind", "path", "value", "reason"),
    [
        (Captured, ("amount", "minor"), -5, "it is an amount that cannot be"),
        (ActionRequired, ("next_action",), None, "it must be dict, not NoneType"),
        (
            ActionRequired,
            ("next_action", "url"),
            CANARY,
            "fingerprint is refused: it is not sha256: and 64 hexadecimal digits",
        ),
        (Accepted, ("next_action", "method"), "", "a provider's word is refused: it is empty"),
        (Pending, ("sequence",), 1.0, "it must be int, not float"),
    ],
)
def test_a_fact_that_cannot_be_is_refused(
    kind: type, path: Path, value: object, reason: str
) -> None:
    record = changed(RECORDS.dump(ATTEMPT), (*fact_of(kind), *path), value)
    error = refusal(record)
    assert error.path.startswith(f"attempt.facts.{fact_of(kind)[2]}.fact")
    assert error.reason.startswith(reason)


def test_what_anything_else_says_is_not_repeated() -> None:
    assert ((), "it cannot be what it is said to be") == _plain.refusal_of(ValueError(CANARY))


@pytest.mark.parametrize(
    "path", [("fields", "gateway"), ("fields", "balances", "lost"), ("fields", "last_failure")]
)
def test_a_key_that_is_missing_is_refused(path: Path) -> None:
    error = refusal(without(RECORDS.dump(PAYMENT), path))
    assert ".".join(("payment", *map(str, path[1:]))) == error.path
    assert "it is missing" == error.reason


@pytest.mark.parametrize("path", [(), ("fields",), ("fields", "balances"), ("fields", "source")])
def test_a_key_too_many_is_refused_and_not_repeated(path: Path) -> None:
    error = refusal(changed(RECORDS.dump(PAYMENT), (*path, CANARY), 1))
    assert ".".join(("payment", *map(str, path[1:]))) == error.path
    assert "it has a key that is not known here" == error.reason


@pytest.mark.parametrize("name", ["news", "changed"])
def test_what_is_about_the_next_commit_is_a_key_too_many(name: str) -> None:
    for entity in (PAYMENT, REVERSAL):
        error = refusal(changed(RECORDS.dump(entity), ("fields", name), []))
        assert "it has a key that is not known here" == error.reason


@pytest.mark.parametrize(
    "foreign", [None, 7, "payment", [], (), PAYMENT, b"{}", {}, {"kind": None}]
)
def test_what_is_no_record_is_refused(foreign: object) -> None:
    for load in (RECORDS.load, RECORDS.load_event, RECORDS.load_claim):
        assert refusal(foreign, load).path in ("record", "kind")


def test_a_record_of_another_kind_is_refused() -> None:
    payment, event = RECORDS.dump(PAYMENT), RECORDS.dump_event(EVENTS[0])
    claim = RECORDS.dump_claim(CLAIMS[0])
    for record, load in (
        (event, RECORDS.load),
        (claim, RECORDS.load),
        (payment, RECORDS.load_event),
        (claim, RECORDS.load_event),
        (payment, RECORDS.load_claim),
    ):
        assert "kind" == refusal(record, load).path
    assert "it is none of event" == refusal(payment, RECORDS.load_event).reason
    assert refusal({**payment, "kind": "reversal"}).path.startswith("reversal")


def test_a_damaged_answer_is_refused_where_it_is() -> None:
    record = RECORDS.dump_claim(CLAIMS[1])
    path: Path = ("fields", "answer", "fields", "amount", "minor")
    error = refusal(changed(record, path, 1.5), RECORDS.load_claim)
    assert "claim.answer.payment_session.amount.minor" == error.path
    error = refusal(changed(record, ("fields", "answer"), 7), RECORDS.load_claim)
    assert "claim.answer.record" == error.path


def test_an_answer_is_of_a_claim_alone() -> None:
    with pytest.raises(_plain.Refused, match="record of an entity"):
        _plain.load({"answer": 7}, Entity)


DAMAGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda record: changed(record, ("fields", "gateway"), [CANARY]),
    lambda record: changed(record, ("fields", "status"), CANARY),
    lambda record: changed(record, ("fields", "amount", "currency"), CANARY),
    lambda record: changed(record, ("fields", "created_at"), CANARY),
    lambda record: changed(record, ("fields", "source", "last4"), CANARY),
    lambda record: changed(record, ("fields", "method", "name"), CANARY + "\0"),
    lambda record: changed(record, ("fields", "source", "type"), CANARY),
    lambda record: {**record, "kind": CANARY},
    lambda record: {**record, "schema": CANARY},
    lambda record: {**record, "fields": CANARY},
    lambda record: {**record, "client_data": seal(CANARY)},
    lambda record: {**record, CANARY: CANARY},
]


class Box:
    """Gives a damaged record without naming what is in it."""

    def __init__(self, damage: Callable[[Any], Any]) -> None:
        self._record = damage(RECORDS.dump(SESSION))

    def open(self) -> object:
        return self._record

    def __repr__(self) -> str:
        return "Box()"


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_error_shows_no_value_whatever_it_is_asked(damage: Callable[[Any], Any]) -> None:
    box = Box(damage)
    with pytest.raises(RecordError) as caught:
        RECORDS.load(box.open())
    error = caught.value
    told = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert CANARY not in "".join(told)
    assert CANARY not in f"{error} {error!r} {error.args!r} {error.details!r}"
    assert (None, None) == (error.__cause__, error.__context__)


LOADS: list[tuple[Callable[[object], object], str]] = [
    (RECORDS.load, "reversal"),
    (RECORDS.load_event, "event"),
    (RECORDS.load_claim, "claim"),
]


@pytest.mark.parametrize(("load", "kind"), LOADS)
def test_no_frame_of_the_library_holds_what_was_refused(
    load: Callable[[object], object], kind: str
) -> None:
    error = refusal({"kind": kind, "schema": 1, "fields": {"id": CANARY}}, load)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    assert [] == [frame for frame in frames if CANARY in repr(frame.f_locals)]
