"""Ids that follow from other ids."""

from __future__ import annotations

from paysession._domain.identity import derived_id, id_of


def test_a_number_is_written_as_sixteen_characters() -> None:
    assert "py_0000000000000000" == id_of("py", 0)
    assert "py_z100000000000000" == id_of("py", 61 + 62)


def test_the_same_parts_give_the_same_id_in_every_version() -> None:
    assert derived_id("py", "at_1") == derived_id("py", "at_1")
    assert "py_3uW9rQdojJeLifaO" == derived_id("py", "at_1")


def test_other_parts_give_other_ids() -> None:
    ids = {
        derived_id("py", "a", "b"),
        derived_id("py", "ab"),
        derived_id("py", "b", "a"),
        derived_id("py", "a"),
        derived_id("re", "a"),
    }
    assert 5 == len(ids)
