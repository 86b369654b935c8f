"""Of many things to be done, one that breaks keeps no other from being done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from paysession._flows.asks import Flow, Now
from paysession._flows.one_by_one import one_by_one


def drive(flow: Flow[tuple[int, ...]]) -> tuple[int, ...]:
    """Answer every ask for the time."""
    try:
        flow.send(None)
        while True:
            flow.send(datetime(2026, 3, 1, tzinfo=UTC))
    except StopIteration as stop:
        returned: tuple[int, ...] = stop.value
        return returned


def done(log: list[int], number: int) -> Flow[int]:
    yield from Now()
    log.append(number)
    return number


def broken(log: list[int], error: BaseException) -> Flow[int]:
    yield from Now()
    log.append(0)
    raise error


def test_what_each_has_returned_is_returned_in_their_order() -> None:
    log: list[int] = []
    assert (3, 1, 2) == drive(one_by_one(done(log, number) for number in (3, 1, 2)))
    assert [3, 1, 2] == log
    assert () == drive(one_by_one(()))


def test_the_first_error_is_raised_when_all_the_others_were_done() -> None:
    log: list[int] = []
    flows = (broken(log, KeyError("a")), done(log, 1), broken(log, OSError("b")), done(log, 2))

    with pytest.raises(KeyError, match="a"):
        drive(one_by_one(flows))

    assert [0, 1, 0, 2] == log


@pytest.mark.parametrize("end", [KeyboardInterrupt, GeneratorExit])
def test_the_end_of_the_process_is_the_end_of_all_of_them(end: type[BaseException]) -> None:
    log: list[int] = []

    with pytest.raises(end):
        drive(one_by_one((broken(log, end()), done(log, 1))))

    assert [0] == log
