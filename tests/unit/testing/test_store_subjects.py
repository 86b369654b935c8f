"""What the laws of a store are tried with leaves no kind, no field and no class out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import attrs
import pytest

from paysession import events
from paysession._domain.entities import Entity
from paysession._domain.evidence import EvidenceSource
from paysession._money import Money
from paysession.outcomes import Fact, NextAction
from paysession.stores import INDEXES, KINDS, AnyKind, Changes
from paysession.testing._stores.subjects import (
    EXTREME_AMOUNTS,
    LONGEST_AMOUNT,
    ODD_TEXTS,
    VARIANTS,
    account,
    at_version,
    changed,
    event_classes,
    every_event,
    every_kind,
    evidence,
    example,
    of_amount,
    session,
)

EMPTY = (None, (), "", 0, False)


def test_every_kind_that_a_store_keeps_has_an_example() -> None:
    assert list(KINDS) == [type(entity) for entity in every_kind()]


@pytest.mark.parametrize("kind", KINDS, ids=KINDS.values())
def test_no_field_of_an_example_is_empty_but_those_of_what_is_new(kind: AnyKind) -> None:
    one = example(kind, "id_1", tenant="theirs")
    empty = [field.name for field in attrs.fields(kind) if getattr(one, field.name) in EMPTY]
    assert ["version"] == empty


@pytest.mark.parametrize("kind", KINDS, ids=KINDS.values())
def test_an_example_is_found_by_every_index_of_its_kind(kind: AnyKind) -> None:
    one = example(kind, "id_1")
    assert all(getattr(one, by) for by in INDEXES.get(kind, ()))


def test_examples_belong_together_as_one_commit_writes_them() -> None:
    entities = every_kind("a", tenant="theirs", minutes=3)
    changes = Changes.of(entities, tenant="theirs")
    assert tuple(entity.committed() for entity in entities) == changes.entities


def parts_of(value: Any) -> Iterator[object]:
    yield value
    if isinstance(value, tuple):
        for item in value:
            yield from parts_of(item)
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from parts_of(getattr(value, field.name))


def classes_in(entity: Entity) -> set[type]:
    return {type(part) for part in parts_of(entity)}


def test_wherever_several_classes_may_stand_each_stands_in_some_variant() -> None:
    def seen(kind: str) -> set[type]:
        each = (every_kind(variant=number) for number in range(VARIANTS))
        ours = [one for entities in each for one in entities if KINDS[type(one)] == kind]
        return set[type]().union(*map(classes_in, ours))

    assert set(get_args(NextAction)) <= seen("payment_session")
    assert set(get_args(Fact)) <= seen("capture")
    assert {"CreditCard", "StoreCredit", "StoredSource"} <= {
        kind.__name__ for kind in seen("payment")
    }


def test_an_amount_stands_wherever_one_may_and_nothing_else_changes() -> None:
    amounts = [part for one in every_kind() for part in parts_of(one) if isinstance(part, Money)]
    for one in every_kind():
        put = of_amount(one, LONGEST_AMOUNT)
        stands = [part for part in parts_of(put) if isinstance(part, Money)]
        assert {LONGEST_AMOUNT} >= set(stands)
        assert one == put or LONGEST_AMOUNT in stands
        assert (one.id, type(one), one.is_changed) == (put.id, type(put), put.is_changed)
    assert LONGEST_AMOUNT not in amounts


def test_every_class_of_fact_and_every_source_of_evidence_is_there() -> None:
    known = evidence()
    assert list(get_args(Fact)) == [type(each.fact) for each in known]
    assert set(EvidenceSource) == {each.source for each in known}


def test_every_event_that_can_happen_is_told_once_and_dense() -> None:
    told = every_event(account("order").committed())
    assert list(event_classes()) == [type(each.event) for each in told]
    assert [f"order:1:{index}" for index in range(len(told))] == [each.id for each in told]
    assert events.Event not in event_classes()
    assert events.RecoveryStarted in event_classes()


def test_what_was_changed_has_news_and_what_was_committed_has_none() -> None:
    held = at_version(account("order"), 2)
    assert (2, False) == (held.version, held.is_changed)
    newer: Any = changed(held, paid_at=None)
    assert (True, None) == (newer.is_changed, newer.paid_at)


def test_a_session_is_due_when_it_expires_and_never_else() -> None:
    assert session("ps_1").due_at is None
    assert account("order").created_at == session("ps_1", expires_at=account("a").created_at).due_at


def test_odd_texts_are_storable_and_differ() -> None:
    assert len(ODD_TEXTS) == len(set(ODD_TEXTS.values()))
    assert not any("\0" in text for text in ODD_TEXTS.values())
    assert len(EXTREME_AMOUNTS) == len(set(EXTREME_AMOUNTS))
