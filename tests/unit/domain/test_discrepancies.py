"""Named contradictions: opened once, closed once, kept."""

from __future__ import annotations

from domain_builders import at

from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind, closed, opened
from paysession.events import DiscrepancyClosed, DiscrepancyOpened

KIND = DiscrepancyKind.AMOUNT_MISMATCH


def open_one(known: tuple[Discrepancy, ...] = (), minutes: int = 1) -> tuple[Discrepancy, ...]:
    return opened(known, KIND, "ca_1", "100", "90", at=at(minutes))[0]


def test_a_contradiction_is_opened_and_told() -> None:
    known, event = opened((), KIND, "ca_1", "100", "90", at=at(1))
    assert [(True, "100", "90", at(1))] == [
        (one.is_open, one.expected, one.actual, one.opened_at) for one in known
    ]
    told = DiscrepancyOpened(at=at(1), kind=KIND, operation_id="ca_1", expected="100", actual="90")
    assert told == event


def test_the_same_contradiction_is_opened_once() -> None:
    known = open_one()
    assert (known, None) == opened(known, KIND, "ca_1", "100", "80", at=at(2))
    other = DiscrepancyKind.UNDERPAID
    assert 2 == len(opened(known, KIND, "ca_2", "100", "90", at=at(2))[0])
    assert 2 == len(opened(known, other, "ca_1", "100", "90", at=at(2))[0])


def test_a_contradiction_that_holds_no_more_is_closed_and_kept() -> None:
    known = open_one(opened((), KIND, "ca_2", "1", "2", at=at(0))[0])
    after, event = closed(known, KIND, "ca_1", at=at(5))
    assert [None, at(5)] == [one.closed_at for one in after]
    assert DiscrepancyClosed(at=at(5), kind=KIND, operation_id="ca_1") == event


def test_what_is_not_open_is_not_closed() -> None:
    assert ((), None) == closed((), KIND, "ca_1", at=at(5))
    ended = closed(open_one(), KIND, "ca_1", at=at(5))[0]
    assert (ended, None) == closed(ended, KIND, "ca_1", at=at(6))


def test_a_contradiction_that_holds_again_is_another_one() -> None:
    ended = closed(open_one(), KIND, "ca_1", at=at(5))[0]
    again = open_one(ended, 7)
    assert [at(1), at(7)] == [one.opened_at for one in again]
    assert [at(5), at(9)] == [one.closed_at for one in closed(again, KIND, "ca_1", at=at(9))[0]]


def test_what_waits_with_an_operation_is_judged_with_that_one_alone() -> None:
    for kind in (DiscrepancyKind.AMOUNT_UNREADABLE, DiscrepancyKind.AMOUNT_MISMATCH):
        known, _ = opened((), kind, "ca_1", "100", "?", at=at(1))
        assert (True, False) == (known[0].is_judged_with("ca_1"), known[0].is_judged_with("ca_2"))
        gone, _ = closed(known, kind, "ca_1", at=at(2))
        assert not gone[0].is_judged_with("ca_1")
    short, _ = opened((), DiscrepancyKind.UNDERPAID, "at_1", "100", "90", at=at(1))
    assert not short[0].is_judged_with("at_1")
