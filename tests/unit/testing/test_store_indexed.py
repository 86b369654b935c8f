"""What the laws of a store look for is due, waits for a person, and is found, whatever its kind."""

from __future__ import annotations

import pytest

from paysession.stores import INDEXES, KINDS, AnyKind
from paysession.testing._stores.indexed import (
    DUE_KINDS,
    PERSONS_KINDS,
    due_example,
    found_by,
    indexes_of,
    persons_example,
)
from paysession.testing._stores.subjects import at, every_kind, every_kind_in_brief, example

EACH_INDEX = [(kind, by) for kind, indexes in INDEXES.items() for by in indexes]


@pytest.mark.parametrize("kind", DUE_KINDS, ids=KINDS.get)
def test_whatever_may_be_due_is_due_when_it_is_asked_to_be(kind: AnyKind) -> None:
    assert at(3) == due_example(kind, "id_1", at(3)).due_at


@pytest.mark.parametrize("kind", PERSONS_KINDS, ids=KINDS.get)
def test_whatever_may_wait_for_a_person_does(kind: AnyKind) -> None:
    one = persons_example(kind, "id_1", minutes=3)
    assert (True, at(3)) == (one.attention, one.created_at)


def test_what_can_never_be_due_nor_wait_is_left_out() -> None:
    others = {KINDS[kind] for kind in KINDS.keys() - {*DUE_KINDS, *PERSONS_KINDS}}
    assert {"payable_account", "authorization", "reversal", "dispute"} == others
    assert "payment" not in {KINDS[kind] for kind in DUE_KINDS}


@pytest.mark.parametrize(("kind", "by"), EACH_INDEX)
def test_whatever_is_found_by_a_value_may_be_found_by_another(kind: AnyKind, by: str) -> None:
    one = example(kind, "id_1")
    assert ("elsewhere", kind) == (getattr(found_by(one, by, "elsewhere"), by), kind)
    assert getattr(one, by) == indexes_of(one)[by] != "elsewhere"


def test_what_has_no_value_is_not_found_by_it() -> None:
    parked = next(one for one in every_kind() if KINDS[type(one)] == "parked_report")
    assert {} == indexes_of(found_by(parked, "waiting", None))


def test_in_brief_each_kind_has_one_fact_and_everything_else() -> None:
    for full, brief in zip(every_kind(), every_kind_in_brief(), strict=True):
        facts, others = getattr(full, "facts", ()), getattr(brief, "facts", ())
        assert (facts[:1], full.id, type(full)) == (others, brief.id, type(brief))
        assert (full.due_at, full.attention, indexes_of(full)) == (
            brief.due_at,
            brief.attention,
            indexes_of(brief),
        )
