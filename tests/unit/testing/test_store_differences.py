"""Where two values differ is told as deep as one can look into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from paysession import ClientData, Money
from paysession._domain.limits import Metadata
from paysession._domain.payment import Payment
from paysession.lifecycles import PaymentStatus
from paysession.testing._stores.differences import NOTHING, Difference, difference
from paysession.testing._stores.subjects import example

PAYMENT = example(Payment, "py_1")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [None, 1, "text", (), (1, "a"), {"a": [1]}, NOON, PAYMENT, ClientData("of nobody")]
)
def test_a_value_does_not_differ_from_itself(value: object) -> None:
    assert difference(value, value) is None


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        (1, 2, Difference("", 1, 2)),
        (1, True, Difference("", 1, True)),
        ((1, 2), [1, 2], Difference("", (1, 2), [1, 2])),
        ((1, (2, 3)), (1, (2, 4)), Difference("[1][1]", 3, 4)),
        ((1, 2), (1,), Difference("[1]", 2, NOTHING)),
        ((), (5,), Difference("[0]", NOTHING, 5)),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, Difference("['a']['b']", 1, 2)),
        ({"a": 1}, {"b": 1}, Difference("['a']", 1, NOTHING)),
        (PaymentStatus.VOIDED, "voided", Difference("", PaymentStatus.VOIDED, "voided")),
    ],
)
def test_the_first_place_is_told(expected: object, actual: object, found: Difference) -> None:
    assert found == difference(expected, actual)


def test_the_fields_of_an_entity_are_looked_into() -> None:
    more = attrs.evolve(PAYMENT.balances, captured=Money("45.02", "USD"))
    found = difference(PAYMENT, attrs.evolve(PAYMENT, balances=more))
    assert Difference(".balances.captured.minor", 4501, 4502) == found
    notes = Metadata.of({**PAYMENT.metadata, "purchase_order": "PO-78"})
    found = difference(PAYMENT, attrs.evolve(PAYMENT, metadata=notes))
    assert Difference(".metadata['purchase_order']", "PO-77", "PO-78") == found


def test_what_is_not_compared_is_not_looked_at() -> None:
    assert difference(PAYMENT, attrs.evolve(PAYMENT, news=())) is None


def test_the_same_instant_in_another_zone_is_another_value() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=1)))
    assert NOON == elsewhere
    assert Difference("", NOON, elsewhere) == difference(NOON, elsewhere)
    later = NOON + timedelta(microseconds=1)
    assert Difference("", NOON, later) == difference(NOON, later)


def test_what_is_not_there_is_called_nothing() -> None:
    assert "nothing" == repr(NOTHING)
