"""A call without an answer says nothing of an operation that has ended, whatever its kind."""

from __future__ import annotations

import pytest
from keyed_commands import KEYED, KeyedShop

from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.recovery import OPERATIONS
from paysession._flows.settling import settle
from paysession.outcomes import Unknown

CALLED = [name for name, each in KEYED.items() if each.calls]


@pytest.mark.parametrize("command", CALLED)
def test_silence_about_what_has_ended_changes_nothing(command: str) -> None:
    shop = KeyedShop()
    first, _ = KEYED[command].prepared(shop)
    shop.give(command, first)
    before = shop.snapshot()
    every = [each for each in shop.store.entities() if isinstance(each, OPERATIONS)]
    operations = [each for each in every if not each.is_open]

    for operation in operations:
        silence = settle(
            operation, Unknown("late"), source=EvidenceSource.RESPONSE, at=shop.clock.now
        )
        assert () == drive(silence, shop.payments.ports)

    assert operations
    assert before == shop.snapshot()
