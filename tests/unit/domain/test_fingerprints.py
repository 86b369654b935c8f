"""What one fingerprint stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import attrs
import pytest

from paysession import (
    CapturePolicy,
    ClientData,
    CreditCard,
    Metadata,
    Money,
    Payable,
    PaymentMethod,
    StoreCredit,
    StoredSource,
)
from paysession._domain import fingerprints
from paysession._domain.fingerprints import fingerprint_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=5))
LAST = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
CARD = CreditCard(id="src_1", brand="visa", last4="4242", month=1, year=2030)


class Ours(Payable):
    """A backend's own kind of order."""


SAME = [
    (Money("10", "USD"), Money("10.00", "USD")),
    ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}),
    ({"a": "1"}, Metadata.of({"a": "1"})),
    (CapturePolicy.MANUAL, "manual"),
    ((1, 2), [1, 2]),
    (NOON, NOON.astimezone(EAST)),
    ("e\u0301", "\u00e9"),
    (ClientData({"a": 1, "b": 2}), ClientData({"b": 2, "a": 1})),
    (CARD, attrs.evolve(CARD)),
    (object(), object()),
    (Payable("or_1", total=Money(1, "EUR")), Payable("or_1", total=Money("1.00", "EUR"))),
]
DIFFERENT = [
    (Money("10", "USD"), Money("10", "CAD")),
    (Money("10", "USD"), Money("11", "USD")),
    (Money("10", "USD"), "1000 USD"),
    (1, True),
    (1, 1.0),
    (1, "1"),
    (None, "None"),
    (None, ()),
    ((), {}),
    (("ab", "c"), ("a", "bc")),
    ((("a",), "b"), ("a", ("b",))),
    ({"a": {"b": 1}}, {"a": {"b": 2}}),
    (NOON, NOON + timedelta(microseconds=1)),
    (NOON, NOON.replace(tzinfo=None)),
    (NOON, NOON.isoformat()),
    (LAST, LAST.replace(tzinfo=UTC)),
    (StoredSource(id="src_1"), StoreCredit(id="src_1")),
    (StoredSource(id="src_1"), StoredSource(id="src_1", profile_id="src_1")),
    (CARD, attrs.evolve(CARD, name="Jane")),
    (ClientData("a"), "a"),
    (ClientData("a"), ClientData("b")),
    (object(), Exception()),
    (
        Payable("or_1", total=Money(1, "EUR")),
        Payable("or_1", total=Money(1, "EUR"), credit_outside=Money(1, "EUR")),
    ),
    (
        PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        PaymentMethod(id="pm_1", name="Card", gateway="stripe"),
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_the_same_has_one_fingerprint(one: object, other: object) -> None:
    assert fingerprint_of(one) == fingerprint_of(other)
    assert fingerprint_of({"it": one}) == fingerprint_of({"it": other})


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_has_two_fingerprints(one: object, other: object) -> None:
    assert fingerprint_of(one) != fingerprint_of(other)
    assert fingerprint_of([one, "same"]) != fingerprint_of([other, "same"])


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    given = {"amount": Money("110.00", "USD"), "hosted": False, "metadata": {"a": "1"}, "at": NOON}

    assert "189f7a386be8302ad490e5f974c5adb16a224f33910083d91bb2e7f85dca4464" == fingerprint_of(
        given
    )


def test_what_holds_itself_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_MOST_PARTS", 10_000)
    endless: list[object] = []
    endless.extend([endless] * 30)
    text = "a\u0301\u0316" * 1_000_000

    assert 64 == len(fingerprint_of(endless)) == len(fingerprint_of(text))


class Endless(Mapping[str, str]):
    """Never ends, whatever it says of its length."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.read = 0

    def __getitem__(self, key: str) -> str:
        return "value"

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[str]:
        for number in count(1):
            self.read = number
            yield f"key {number}"


def test_of_more_than_any_command_takes_only_the_length_is_written() -> None:
    many = Endless(1_000_000)

    assert fingerprint_of(many) != fingerprint_of(Endless(1_000_001))
    assert fingerprint_of(many) == fingerprint_of(Endless(1_000_000))
    assert 0 == many.read
    assert fingerprint_of([1] * 1_000_000) == fingerprint_of([2] * 1_000_000)
    assert fingerprint_of([1] * 1_000_000) != fingerprint_of([1] * 1_000_001)


def test_a_mapping_that_lies_about_its_length_comes_to_an_end() -> None:
    liar = Endless(0)

    assert 64 == len(fingerprint_of(liar))
    assert 100_000 > liar.read
