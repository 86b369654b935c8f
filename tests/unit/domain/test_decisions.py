"""What a person's decision means for each kind of operation."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from paysession._domain.decisions import Decision, Verdict
from paysession._domain.operations import Operation

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verdict(decision: Decision) -> Verdict:
    return Verdict(decision=decision, actor="staff_7", reason="seen there", at=AT)


def test_nobody_can_decide_on_what_is_no_operation_of_ours() -> None:
    with pytest.raises(TypeError, match="nobody can decide on SimpleNamespace"):
        verdict(Decision.SUCCEEDED).evidence_of(cast("Operation", SimpleNamespace()))


@pytest.mark.parametrize(
    ("decision", "succeeded", "agrees"),
    [
        (Decision.SUCCEEDED, True, True),
        (Decision.SUCCEEDED, False, False),
        (Decision.FAILED, True, False),
        (Decision.FAILED, False, True),
        (Decision.DISMISSED, True, True),
        (Decision.DISMISSED, False, True),
    ],
)
def test_a_decision_agrees_with_the_same_end(
    decision: Decision, succeeded: bool, agrees: bool
) -> None:
    ended: Any = SimpleNamespace(succeeded=succeeded)

    assert agrees is verdict(decision).agrees_with(ended)
