"""Every state that can be come to is lawful, and has a way out; small searches of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import model_search
import pytest
from model import Bounds
from model_search import ModelWrong, searched
from search_every_state import SEARCHES, VERDICTS

from paysession._domain.balances import NO_EFFECT
from paysession._domain.movements import Refund
from paysession._domain.payable import PayableAccount
from paysession._domain.settlement import Settlement
from paysession.lifecycles import SessionStatus

Plant = Callable[[pytest.MonkeyPatch], None]

REFUNDED = Bounds(units=2, refunds=2)
LATE = Bounds(units=1, is_late=True)
DISPUTED = Bounds(units=2, verdicts=VERDICTS[:1])


def smaller(bounds: Bounds) -> Bounds:
    """The same with one attempt, one movement, and one thing at a time."""
    captures = min(bounds.captures, 1 - bounds.dashboard)
    refunds = min(bounds.refunds, 1 - captures, 1 if len(bounds.verdicts) < 3 else 0)
    is_late = bounds.is_late and not bounds.verdicts
    return attrs.evolve(
        bounds, attempts=1, captures=captures, refunds=refunds, is_late=is_late, is_denied=is_late
    )


@pytest.mark.parametrize("name", SEARCHES)
def test_every_state_is_lawful_and_has_a_way_out(name: str) -> None:
    found = searched(smaller(SEARCHES[name](1)), twin_of_each=40)

    print(f"{found.states} states, {found.moves} moves, {found.open} with something open")
    assert found.states > 20
    assert found.open > 10
    assert () == found.stuck


def test_a_session_that_has_ended_is_told_of_late_money_in_every_state() -> None:
    assert searched(LATE).states > searched(attrs.evolve(LATE, is_late=False)).states


def test_the_first_search_is_of_two_refunds_and_a_dispute_of_as_many_units_as_are_asked() -> None:
    bounds = next(iter(SEARCHES.values()))(3)

    assert (3, 2, VERDICTS) == (bounds.units, bounds.refunds, bounds.verdicts)


def reserve_nothing_for_refunds(patch: pytest.MonkeyPatch) -> None:
    def effect(refund: Refund) -> object:
        return {"refunded": refund.moved_amount} if refund.succeeded else NO_EFFECT

    patch.setattr(Refund, "effect", property(effect))


def complete_what_had_ended(patch: pytest.MonkeyPatch) -> None:
    def completed(settlement: Settlement, payment: Any, *_: object) -> Settlement:
        status = SessionStatus.COMPLETED
        session = attrs.evolve(settlement.session, status=status, payment_id=payment.id)
        return attrs.evolve(settlement, session=session)

    patch.setattr(Settlement, "_too_late", completed)


def forget_the_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PayableAccount, "moved", lambda account, old, new, at: account)


def ignore_what_is_said_of_pending_refunds(patch: pytest.MonkeyPatch) -> None:
    heard = Refund.observed
    patch.setattr(
        Refund,
        "observed",
        lambda refund, word: refund if refund.facts and refund.is_open else heard(refund, word),
    )


def take_disputes_for_the_same_that_have_cost_as_much(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(model_search, "_last", lambda record, kind: None)


@pytest.mark.parametrize(
    ("plant", "bounds", "law"),
    [
        (reserve_nothing_for_refunds, REFUNDED, "we ask for no more than there is"),
        (forget_the_account, REFUNDED, "the payable's totals are the sum of its shares"),
        (complete_what_had_ended, LATE, "an end absorbs"),
        (
            take_disputes_for_the_same_that_have_cost_as_much,
            DISPUTED,
            "two worlds are taken for one",
        ),
    ],
)
def test_a_planted_fault_is_found_with_the_way_to_it(
    plant: Plant, bounds: Bounds, law: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(ModelWrong, match=f"(?s){law}.*ask to complete"):
        searched(bounds, twin_of_each=1)


def test_what_can_never_end_is_found_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ignore_what_is_said_of_pending_refunds(monkeypatch)
    found = searched(Bounds(units=1, refunds=1))

    way = "ask to complete, Captured 1 of complete, refund 1, Pending of a refund of 1"
    assert way in found.stuck
    assert all("of a refund of 1" in way for way in found.stuck)
