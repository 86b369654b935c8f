"""What a law is, how what it looks at is shown, and what verdicts add up to."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from types import ModuleType

import pytest

from paysession import Money
from paysession.outcomes import Captured, FailureCode, References
from paysession.testing._laws.law import Law, laws_of
from paysession.testing._laws.shown import shown
from paysession.testing._laws.verdicts import Finding, Verdict, tally


def it_adds_up() -> None:
    """Never tried."""


LAW = Law(
    code="BAL-12", sentence="it adds up", reason="money is lost", source="I8", check=it_adds_up
)
TEN = Money("10", "EUR")


def test_a_law_is_known_by_its_code() -> None:
    assert ("BAL", "test_bal_12_it_adds_up", "0.1") == (LAW.area, LAW.test_name, LAW.since)


def test_a_law_that_is_broken_says_no_more_than_there_is_to_say() -> None:
    assert (
        "BAL-12: it adds up\nwhy: money is lost (I8)\nthe sum:\n  expected: 10.00 EUR\n"
        "  but got:  nothing"
    ) == str(LAW.broken("the sum", TEN, NOTHING))


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


def test_a_law_that_is_broken_shows_no_secret_of_its_author() -> None:
    broken = LAW.broken("the key", "k-123", "k-123-and-more", story=("asked with k-123",))
    broken.secrets = ("k-123", "", "k-123-and-more")
    told = str(broken)
    assert "k-123" not in told
    for line in ("  expected: '[secret]'", "  but got:  '[secret]'", "  1. asked with [secret]"):
        assert line in told.splitlines()


KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (f"401 {KEY[:20]}… is no key", "401 [secret]… is no key"),
        (f"401 …{KEY[9:21]} is no key", "401 …[secret] is no key"),
        (f"401 …{KEY[9:20]} is no key", f"401 …{KEY[9:20]} is no key"),
        (f"{KEY}{KEY}", "[secret]"),
        (b64encode(f"ab:{KEY}:".encode()).decode(), "YWI6[secret]ZGM6"),
        (KEY.upper(), KEY.upper()),
    ],
)
def test_no_part_of_a_secret_is_shown_that_stands_there_by_no_chance(
    shown: str, expected: str
) -> None:
    broken = LAW.broken("the key", NOTHING, NOTHING, story=(shown,))
    broken.secrets = (KEY,)
    assert f"  1. {expected}" == str(broken).splitlines()[-1]


def test_laws_are_those_that_modules_hold_in_their_order() -> None:
    first, second = ModuleType("first"), ModuleType("second")
    second.one, first.two, first.other = LAW, LAW, "no law"  # type: ignore[attr-defined]
    assert (LAW, LAW) == laws_of(Law, first, second)
    assert () == laws_of(Law)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TEN, "10.00 EUR"),
        (References(), "none"),
        (References.of(capture="cap_1", authorization="a"), "authorization 'a', capture 'cap_1'"),
        ((TEN, "text"), "(10.00 EUR, 'text')"),
        ([1, None], "[1, None]"),
        (Money, "Money"),
        (FailureCode.EXPIRED_CARD, "expired_card"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00+00:00"),
        (OSError("no disk"), "OSError: no disk"),
        (Captured(TEN), "Captured(10.00 EUR)"),
        ("é" * 400, "'" + "é" * 299 + "…"),
    ],
)
def test_a_value_is_shown_in_one_line(value: object, expected: str) -> None:
    assert expected == shown(value)


class _OfAnAdapter:
    def __repr__(self) -> str:
        return "Adapter(api_key='sk_live_1234567890')"


def test_what_looks_like_a_secret_or_a_card_number_is_masked() -> None:
    raised = ValueError("card 4242424242424242,\n key sk_live_1234567890 \x1b[2J")
    assert "ValueError: card [card number],  key [secret] [2J" == shown(raised)
    of_ours = (_OfAnAdapter(), 1_000_000_000_000_008)
    assert "(Adapter(api_key='[secret]'), 1000000000000008)" == shown(of_ours)


def test_only_what_is_broken_is_bad() -> None:
    bad = [each for each in Verdict if not Finding(LAW, each).is_good]
    assert [Verdict.BROKEN] == bad


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["holds"], "1 law: 1 holds"),
        (["broken", "holds", "broken"], "3 laws: 1 holds, 2 are broken"),
        (["does not apply"] * 2, "2 laws: 2 do not apply"),
        (["deviates as declared"] * 2, "2 laws: 2 deviate as declared"),
    ],
)
def test_verdicts_are_counted(verdicts: list[str], expected: str) -> None:
    assert expected == tally(verdicts)


def test_verdicts_on_some_of_the_laws_do_not_look_like_those_on_all() -> None:
    assert "2 of 9 laws tried: 2 hold" == tally(["holds"] * 2, untried=7)
    assert "0 of 9 laws tried" == tally([], untried=9)
