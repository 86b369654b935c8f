"""
What people expect who know the store whose API the views speak, as 122 cases.

The store was observed case by case; each is played here against paysession. This prints how
many there are of each verdict, and all of them:

    python tests/behaviour/test_behaviour.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import capture_cases
import completion_cases
import document_cases
import idempotency_cases
import money_cases
import notification_cases
import payment_cases
import pytest
import refund_cases
import session_cases
import setup_cases
import store_credit_cases
from case import Case, Seen, Verdict, same
from readings import READINGS
from storefront import Shop

from paysession import Payments
from paysession._payments import Commands

ROOMS = (
    session_cases,
    completion_cases,
    payment_cases,
    capture_cases,
    refund_cases,
    money_cases,
    setup_cases,
    store_credit_cases,
    document_cases,
    idempotency_cases,
    notification_cases,
)
CASES: tuple[Case, ...] = tuple(
    sorted((case for room in ROOMS for case in room.CASES), key=lambda case: case.number)
)
PLAYED = [case for case in CASES if case.verdict in (Verdict.SAME, Verdict.BETTER)]
NUMBERS = [
    *(1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 31, 32, 34, 35),
    *(37, 38, 40, 41, 43, 44, 46, 47, 49, 50, 52, 53, 55, 56, 58, 59, 61, 62, 64, 65, 67, 68, 70),
    *(71, 73, 74, 76, 77, 79, 80, 82, 83, 85, 86, 88, 89, 91, 92, 94, 95, 97, 98, 100, 101, 103),
    *(104, 106, 107, 109, 110, 112, 113, 115, 116, 118, 119, 121, 122, 124, 125, 127, 128, 130),
    *(131, 133, 134, 136, 137, 139, 140, 142, 143, 145, 146, 148, 149, 151, 152, 154, 155, 157),
    *(158, 160, 161, 163, 164, 166, 167, 169, 170, 172, 173, 175, 176, 178, 179, 181, 182),
]


def named(case: Case) -> str:
    return f"{case.number}: {case.given}"


class Nothing:
    """What a command answers that has done nothing: whatever is asked of it is not there."""

    def __getattr__(self, name: str) -> Nothing:
        return self

    def __iter__(self) -> Iterator[Nothing]:
        return iter(())


class IdlePayments(Payments):
    """Has every command, takes whatever it is given, refuses nothing, and does nothing."""

    def __getattribute__(self, name: str) -> Any:
        if name in vars(Commands) or name == "for_tenant":
            return lambda *args, **kwargs: Nothing()
        return super().__getattribute__(name)


def holds(case: Case, shop: Shop) -> bool:
    """Whether what is expected comes of a case, as far as it can be played."""
    told: Seen = {}
    with suppress(Exception):  # the next command may be given what the last did not return
        told = case.played(shop)
    return case.expected == case.seen(shop, told)


@pytest.mark.parametrize("case", PLAYED, ids=named)
def test_what_comes_of_a_case_is_what_the_table_says(case: Case) -> None:
    shop = Shop()
    told = case.played(shop)
    assert case.expected == case.seen(shop, told)


@pytest.mark.parametrize("case", PLAYED, ids=named)
def test_an_implementation_that_does_nothing_fails_every_case(case: Case) -> None:
    assert not holds(case, Shop(IdlePayments))


def test_a_case_that_nothing_has_to_be_done_for_would_be_found() -> None:
    hollow = same(0, "nothing happens", lambda shop: None, {"sessions": [], "calls": []})
    assert holds(hollow, Shop(IdlePayments))


@pytest.mark.parametrize("case", PLAYED, ids=named)
def test_every_case_is_read_from_the_store_or_from_the_provider(case: Case) -> None:
    assert case.expected.keys() & READINGS.keys()


def test_every_reading_is_expected_by_a_case() -> None:
    assert {*READINGS} <= {name for case in PLAYED for name in case.expected}


def test_the_cases_are_those_that_were_observed_each_once() -> None:
    assert 122 == len(NUMBERS)
    assert NUMBERS == [case.number for case in CASES]


def test_whatever_is_not_the_same_says_why() -> None:
    told = {case.number for case in CASES if case.because}
    assert {case.number for case in CASES if case.verdict is not Verdict.SAME} == told


def test_what_is_not_played_expects_nothing() -> None:
    unplayed = [case for case in CASES if case not in PLAYED]
    assert all(case.do is None and not case.expected for case in unplayed)


def summary() -> str:
    """Count the cases by verdict."""
    counts = Counter(case.verdict for case in CASES)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def test_all_but_a_few_cases_are_played() -> None:
    print(summary())
    assert 100 <= len(PLAYED)


if __name__ == "__main__":
    print(summary())
    for each in CASES:
        print(f"{each.number:4} {each.verdict:8} {each.given}")
