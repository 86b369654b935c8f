"""Events are frozen, exported and all of one tree."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import NOW

from paysession import events


def test_every_event_is_exported_and_happened_at_an_instant() -> None:
    classes = {
        name: value
        for name, value in vars(events).items()
        if isinstance(value, type) and issubclass(value, events.Event)
    }
    assert sorted(classes) == sorted(events.__all__)
    assert all("at" in attrs.fields_dict(each) for each in classes.values())


def test_an_event_cannot_be_changed() -> None:
    event = events.OutcomeDoubted(at=NOW, operation_id="at_1")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.operation_id = "at_2"  # type: ignore[misc]
    assert "at_1" == event.operation_id
