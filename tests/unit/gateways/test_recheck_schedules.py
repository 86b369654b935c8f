"""When what has ended is looked at again: a few times, within a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from paysession.errors import LimitExceeded, UnsafeInput
from paysession.gateways import Capabilities

DAY = timedelta(days=1)


@pytest.mark.parametrize("schedule", [(), (DAY,), (DAY, timedelta(days=366)), (DAY,) * 20])
def test_a_schedule_is_a_few_times_within_a_year(schedule: tuple[timedelta, ...]) -> None:
    assert schedule == Capabilities(recheck_schedule=schedule).recheck_schedule


@pytest.mark.parametrize(
    ("schedule", "error"),
    [
        ([DAY], TypeError),
        ((1,), TypeError),
        ((timedelta(0),), UnsafeInput),
        ((-DAY,), UnsafeInput),
        ((timedelta(days=367),), UnsafeInput),
        ((timedelta.max,), UnsafeInput),
        ((DAY,) * 21, LimitExceeded),
    ],
)
def test_any_other_schedule_is_refused(schedule: Any, error: type) -> None:
    with pytest.raises(error):
        Capabilities(recheck_schedule=schedule)
