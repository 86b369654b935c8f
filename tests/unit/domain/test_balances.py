"""Where the money of a payment is, and the status that is read from it."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import NOTHING, eur

from paysession._domain.balances import NO_EFFECT, Balances, payment_status
from paysession.lifecycles import PaymentStatus

OPENING = Balances.opening(eur(100))


def balances(**columns: int) -> Balances:
    return attrs.evolve(OPENING, **{name: eur(amount) for name, amount in columns.items()})


def test_at_the_opening_all_is_asked_for_and_nothing_has_moved() -> None:
    columns = attrs.asdict(OPENING, recurse=False)
    assert eur(100) == columns.pop("requested")
    assert {NOTHING} == set(columns.values())


def test_an_effect_is_replaced_whole() -> None:
    before = balances(capture_in_flight=60, voids_in_flight=40, captured=5)
    asked = {"capture_in_flight": eur(60), "voids_in_flight": eur(40)}
    done = {"captured": eur(60), "voids": eur(40)}
    assert balances(captured=65, voids=40) == before.replaced(asked, done)  # type: ignore[arg-type]


def test_another_amount_of_one_column_replaces_the_old_one() -> None:
    before = balances(captured=60)
    assert balances(captured=50) == before.replaced({"captured": eur(60)}, {"captured": eur(50)})


def test_an_effect_replaced_by_itself_changes_nothing() -> None:
    assert OPENING is OPENING.replaced(NO_EFFECT, NO_EFFECT)


def test_what_is_held_counts_what_is_asked_for_and_what_is_capturable_does_not() -> None:
    some = balances(authorized=100, captured=10, capture_in_flight=20, voids_in_flight=5, lapses=1)
    assert eur(89) == some.held
    assert eur(64) == some.capturable


def test_what_is_refundable_leaves_out_what_is_asked_for_withheld_and_lost() -> None:
    some = balances(captured=100, refunded=10, refund_in_flight=20, withheld=5, lost=1)
    assert eur(64) == some.refundable
    assert eur(84) == some.net


def test_nothing_is_capturable_or_refundable_below_zero_but_the_net_may_be() -> None:
    odd = balances(authorized=10, captured=20, refunded=20, lost=20)
    assert (NOTHING, NOTHING, NOTHING) == (odd.held, odd.capturable, odd.refundable)
    assert eur(-20) == odd.net


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({}, "checkout"),
        ({"authorized": 100}, "authorized"),
        ({"authorized": 100, "capture_in_flight": 100}, "authorized"),
        ({"authorized": 100, "captured": 60}, "partially_captured"),
        ({"authorized": 100, "captured": 60, "voids_in_flight": 40}, "partially_captured"),
        ({"authorized": 100, "captured": 100}, "captured"),
        ({"authorized": 100, "captured": 60, "voids": 40}, "captured"),
        ({"authorized": 100, "captured": 100, "refunded": 1}, "partially_refunded"),
        ({"authorized": 100, "captured": 60, "refunded": 60}, "partially_refunded"),
        ({"authorized": 100, "captured": 100, "refunded": 100}, "refunded"),
        ({"authorized": 100, "captured": 60, "refunded": 60, "lapses": 40}, "refunded"),
        ({"authorized": 100, "captured": 100, "lost": 1}, "captured"),
        ({"authorized": 100, "captured": 100, "lost": 100}, "reversed"),
        ({"authorized": 100, "captured": 100, "lost": 100, "refunded": 100}, "reversed"),
        ({"authorized": 100, "voids": 100}, "voided"),
        ({"authorized": 100, "voids": 50, "lapses": 50}, "voided"),
        ({"authorized": 100, "voids": 40, "lapses": 60}, "lapsed"),
        ({"authorized": 100, "voids": 40}, "authorized"),
    ],
)
def test_the_status_is_the_first_line_that_holds(columns: dict[str, int], status: str) -> None:
    assert status == payment_status(balances(**columns), PaymentStatus.CHECKOUT)
