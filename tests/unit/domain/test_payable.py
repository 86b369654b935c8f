"""What is being paid, and the totals of all that was paid for it."""

from __future__ import annotations

import attrs
import pytest
from domain_builders import NOTHING, NOW, account, at, eur

from paysession._domain.payable import Payable, PayableAccount, PayableStatus, Share, checked_amount
from paysession._money import Money
from paysession.errors import AmountExceeded, CurrencyMismatch, InvalidAmount, NothingDue
from paysession.events import PayableChanged, PayablePaid


def share(**amounts: int) -> Share:
    return attrs.evolve(
        Share.of_nothing(NOTHING), **{name: eur(of) for name, of in amounts.items()}
    )


def with_share(**amounts: int) -> PayableAccount:
    return account().moved(None, share(**amounts), at=at(1))


def test_a_payable_is_known_by_its_id_unless_it_says_otherwise() -> None:
    payable = Payable("order", total=eur(100))
    assert ("order", NOTHING, None) == (
        payable.reference,
        payable.credit_outside,
        payable.customer_id,
    )
    named = Payable("order", total=eur(100), reference="R1", customer_id="c_1")
    assert ("R1", "c_1") == (named.reference, named.customer_id)


@pytest.mark.parametrize(
    ("total", "credit", "error"),
    [
        (eur(-1), NOTHING, InvalidAmount),
        (eur(100), eur(-1), InvalidAmount),
        (eur(100), Money("1", "USD"), CurrencyMismatch),
        ("100.00", NOTHING, TypeError),
    ],
)
def test_a_payable_that_makes_no_sense_is_refused(
    total: Money, credit: Money, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Payable("order", total=total, credit_outside=credit)


def test_an_account_opens_with_all_of_it_due() -> None:
    opened = account()
    assert (eur(100), eur(100), PayableStatus.UNPAID) == (opened.owed, opened.due, opened.status)
    assert [PayableChanged] == [type(event) for event in opened.news]


def test_what_was_lost_is_told_and_is_no_longer_too_much() -> None:
    assert with_share(paid=150, refunded=20, lost=29).is_overpaid
    charged_back = with_share(paid=150, refunded=20, lost=30)
    assert (False, eur(30)) == (charged_back.is_overpaid, charged_back.lost)
    told = charged_back.news[-2]
    assert isinstance(told, PayableChanged)
    assert (eur(30), NOTHING) == (told.lost, told.due)


def test_what_is_held_taken_or_being_asked_for_is_not_due() -> None:
    assert eur(40) == with_share(authorized=10, paid=20, in_flight=30).due
    assert NOTHING == with_share(paid=120).due


def test_credit_from_outside_is_not_owed() -> None:
    payable = Payable("order", total=eur(100), credit_outside=eur(30))
    assert eur(70) == PayableAccount.opened(payable, tenant="", at=NOW).due


@pytest.mark.parametrize(
    ("amounts", "status"),
    [
        ({}, PayableStatus.UNPAID),
        ({"in_flight": 100}, PayableStatus.IN_PROGRESS),
        ({"authorized": 100}, PayableStatus.AUTHORIZED),
        ({"paid": 60, "authorized": 40}, PayableStatus.PARTIALLY_PAID),
        ({"paid": 100}, PayableStatus.PAID),
        ({"paid": 101}, PayableStatus.OVERPAID),
        ({"paid": 100, "refunded": 1}, PayableStatus.PARTIALLY_REFUNDED),
        ({"paid": 100, "refunded": 100}, PayableStatus.REFUNDED),
    ],
)
def test_how_far_it_is_paid_is_the_first_line_that_holds(
    amounts: dict[str, int], status: PayableStatus
) -> None:
    assert status is with_share(**amounts).status


def test_what_the_backend_says_it_costs_is_taken_over() -> None:
    before = account()
    dearer = before.restated(Payable("order", total=eur(120)), at=at(2))
    assert (eur(120), at(2), 2) == (dearer.due, dearer.updated_at, len(dearer.news))
    assert before is before.restated(Payable("order", total=eur(100)), at=at(2))
    with pytest.raises(CurrencyMismatch):
        before.restated(Payable("order", total=Money("100", "USD")), at=at(2))


def test_what_is_asked_for_is_all_that_is_due_or_a_part_of_it() -> None:
    some = with_share(paid=60)
    assert (eur(40), eur(10)) == (some.asked_for(None), some.asked_for(eur(10)))
    with pytest.raises(AmountExceeded, match=r"more than the 40\.00 EUR that is due"):
        some.asked_for(eur(41))
    with pytest.raises(NothingDue):
        with_share(paid=100).asked_for(eur(1))
    assert with_share(paid=60) == some


def test_a_share_is_replaced_by_the_next_one() -> None:
    first, second = share(in_flight=100), share(authorized=100)
    moved = account().moved(None, first, at=at(1)).moved(first, second, at=at(2))
    assert (eur(100), NOTHING, at(2)) == (moved.authorized, moved.in_flight, moved.updated_at)


def test_a_share_that_adds_nothing_tells_nothing() -> None:
    before, nothing = account(), Share.of_nothing(NOTHING)
    assert before is before.moved(None, nothing, at=at(1))
    assert before is before.moved(nothing, nothing, at=at(1))


def test_that_it_is_paid_is_told_once() -> None:
    first, second = share(paid=100), share(paid=100, refunded=30)
    paid = account().moved(None, first, at=at(1))
    assert [PayablePaid(at=at(1), paid=eur(100))] == [
        event for event in paid.news if isinstance(event, PayablePaid)
    ]
    later = paid.committed().moved(first, second, at=at(2)).moved(second, first, at=at(3))
    assert at(1) == later.paid_at
    assert [PayableChanged, PayableChanged] == [type(event) for event in later.news]


def test_time_never_goes_back() -> None:
    ahead = attrs.evolve(account(), updated_at=at(50))
    moved = ahead.moved(None, share(paid=1), at=at(1))
    assert (at(50), at(50)) == (moved.updated_at, moved.news[-1].at)


@pytest.mark.parametrize(
    ("amount", "error"),
    [("1.00", TypeError), (Money("1", "USD"), CurrencyMismatch), (NOTHING, InvalidAmount)],
)
def test_a_command_asks_for_more_than_zero_of_the_right_currency(
    amount: Money, error: type[Exception]
) -> None:
    assert eur(1) == checked_amount(eur(1), eur(100), verb="charge")
    with pytest.raises(error):
        checked_amount(amount, eur(100), verb="charge")


def test_a_payable_that_shrinks_to_what_was_paid_for_it_is_paid_and_that_is_told_once() -> None:
    some = with_share(paid=60).committed()
    smaller = some.restated(Payable("order", total=eur(60)), at=at(2))
    assert [PayableChanged, PayablePaid] == [type(event) for event in smaller.news]
    assert (at(2), PayableStatus.PAID) == (smaller.paid_at, smaller.status)
    grown = smaller.committed().restated(Payable("order", total=eur(80)), at=at(3))
    again = grown.restated(Payable("order", total=eur(50)), at=at(4))
    assert [PayableChanged, PayableChanged] == [type(event) for event in again.news]


def test_more_credit_from_outside_covers_as_well() -> None:
    some = with_share(paid=60).committed()
    credited = some.restated(Payable("order", total=eur(100), credit_outside=eur(40)), at=at(2))
    assert isinstance(credited.news[-1], PayablePaid)


def test_what_costs_nothing_is_never_told_to_be_paid() -> None:
    free = account().restated(Payable("order", total=eur(0)), at=at(2))
    assert (PayableStatus.PAID, None, False) == (free.status, free.paid_at, free.is_covered)


def test_what_is_held_covers_and_what_is_asked_for_does_not() -> None:
    assert with_share(authorized=60, paid=40).is_covered
    assert not with_share(authorized=40, in_flight=60).is_covered
    assert (False, True) == (
        with_share(authorized=100).is_overpaid,
        with_share(authorized=60, paid=50).is_overpaid,
    )
