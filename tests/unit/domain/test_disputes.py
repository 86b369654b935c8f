"""Disputes: where one stands, what it keeps from us or costs, and how the payment tells of it."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise, permutations

import attrs
import pytest
from domain_builders import asked_capture, asked_refund, at, authorized, eur, heard

from paysession import events
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute, path_between
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.lifecycles import DISPUTE, DisputeStatus, PaymentStatus
from paysession.outcomes import (
    Captured,
    DisputeChanged,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceRole,
    References,
    Refunded,
)

INQUIRY, NEEDS_RESPONSE, UNDER_REVIEW, WON, LOST, CLOSED = DisputeStatus
OF_BANK = References.of(dispute="dp_9", customer="cus_1")


def captured(amount: int = 100) -> Payment:
    payment, capture = asked_capture(authorized(), amount)
    return payment.settle(capture, heard(Captured(eur(amount))))[0].committed()


def told(payment: Payment, *facts: Fact) -> tuple[Payment, Dispute]:
    """The payment and its dispute, once it was told these facts in this order."""
    dispute: Dispute | None = None
    for minutes, fact in enumerate(facts, start=5):
        payment, dispute = payment.told_of_dispute(dispute, "dp_1", heard(fact, minutes))
    assert dispute is not None
    return payment, dispute


def status(word: str, at: datetime | None = None) -> DisputeChanged:
    return DisputeChanged(word, occurred_at=at)


def withdrawn(amount: int, at: datetime | None = None) -> FundsWithdrawn:
    return FundsWithdrawn(eur(amount), occurred_at=at)


def reinstated(amount: int, at: datetime | None = None) -> FundsReinstated:
    return FundsReinstated(eur(amount), occurred_at=at)


def names(payment: Payment) -> list[str]:
    return [type(event).__name__ for event in payment.news]


def open_kinds(payment: Payment) -> list[DiscrepancyKind]:
    return [each.kind for each in payment.discrepancies if each.is_open]


def test_a_dispute_begins_as_an_inquiry_whatever_is_told_first() -> None:
    payment, dispute = told(captured(), withdrawn(60))
    assert (INQUIRY, None, True) == (dispute.status, dispute.raw_status, dispute.is_open)
    assert ["DisputeOpened", "FundsWithheld"] == names(payment)
    assert (eur(60), "bogus", "py_1") == (dispute.amount, dispute.gateway, dispute.payment_id)
    assert 3 == payment.movements


def test_what_is_known_of_a_dispute_is_the_newest_word() -> None:
    first = DisputeChanged("needs_response", amount=eur(60), respond_by=at(99), occurred_at=at(2))
    _, dispute = told(captured(), first)
    assert (NEEDS_RESPONSE, eur(60), at(99)) == (
        dispute.status,
        dispute.amount,
        dispute.respond_by,
    )
    _, reviewed = told(captured(), first, status("under_review", at(3)))
    assert (UNDER_REVIEW, eur(60), None) == (
        reviewed.status,
        reviewed.amount,
        reviewed.respond_by,
    )


def test_where_no_time_tells_the_words_have_an_order() -> None:
    order = [INQUIRY, NEEDS_RESPONSE, UNDER_REVIEW, CLOSED, WON, LOST]
    for less, more in pairwise(order):
        for words in permutations((less, more)):
            assert more is told(captured(), *map(status, words))[1].status


def test_a_sequence_tells_which_word_is_newer() -> None:
    words = (DisputeChanged("lost", sequence=1), DisputeChanged("under_review", sequence=2))
    for order in permutations(words):
        assert UNDER_REVIEW is told(captured(), *order)[1].status


def test_a_word_that_nobody_knows_is_kept_and_moves_nothing() -> None:
    words = (status("needs_response", at(2)), status("prearbitration", at(3)))
    payment, dispute = told(captured(), *words)
    assert (NEEDS_RESPONSE, "prearbitration") == (dispute.status, dispute.raw_status)
    assert ["DisputeOpened", "DisputeMoved", "FactRecorded"] == names(payment)
    _, strange = told(captured(), status("???"))
    assert (INQUIRY, "???", None) == (strange.status, strange.raw_status, strange.respond_by)


def test_every_change_of_status_is_told_as_steps_of_the_chart() -> None:
    reached = set()
    for old in DisputeStatus:
        for new in DisputeStatus:
            payment, _ = told(captured(), status(old, at(1)), status(new, at(2)))
            steps = [event for event in payment.news if isinstance(event, events.DisputeMoved)]
            statuses = [INQUIRY, *(event.dispute_status for event in steps)]
            assert new is statuses[-1]
            reached |= set(pairwise(statuses))
    assert DISPUTE.edges == reached


@pytest.mark.parametrize("old", DisputeStatus)
@pytest.mark.parametrize("new", DisputeStatus)
def test_the_way_between_two_statuses_is_the_shortest(
    old: DisputeStatus, new: DisputeStatus
) -> None:
    way = path_between(old, new)
    assert all(edge in DISPUTE.edges for edge in pairwise((old, *way)))
    if old is new:
        assert () == way
    elif (old, new) in DISPUTE.edges:
        assert (new,) == way
    else:
        assert (2, new) == (len(way), way[-1])


def test_money_is_withheld_until_the_dispute_is_lost_and_again_after_an_appeal() -> None:
    opened = (status("needs_response", at(2)), withdrawn(60, at(2)))
    payment, dispute = told(captured(), *opened)
    assert (eur(60), eur(0), eur(60)) == (dispute.withheld, dispute.lost, dispute.moved_amount)
    assert (eur(60), eur(40)) == (payment.balances.withheld, payment.balances.refundable)
    assert PaymentStatus.CAPTURED is payment.status

    payment, dispute = told(captured(), *opened, status("lost", at(3)))
    assert (eur(0), eur(60), {"lost": eur(60)}) == (dispute.withheld, dispute.lost, dispute.effect)
    assert (eur(0), eur(60)) == (payment.balances.withheld, payment.balances.lost)
    assert eur(60) == payment.share.lost
    assert ["DisputeMoved", "FundsLost"] == names(payment)[-2:]

    payment, dispute = told(
        captured(), *opened, status("lost", at(3)), status("needs_response", at(4))
    )
    assert (eur(60), True) == (payment.balances.withheld, dispute.is_open)
    assert ["DisputeMoved", "FundsWithheld"] == names(payment)[-2:]


def test_a_payment_that_is_lost_whole_is_reversed_and_comes_back_with_its_money() -> None:
    lost = (withdrawn(100, at(2)), status("lost", at(3)))
    assert PaymentStatus.REVERSED is told(captured(), *lost)[0].status
    payment, dispute = told(captured(), *lost, reinstated(100, at(4)))
    assert (PaymentStatus.CAPTURED, {}) == (payment.status, dispute.effect)
    returned = payment.news[-1]
    assert isinstance(returned, events.FundsReturned)
    assert (eur(100), PaymentStatus.CAPTURED) == (returned.amount, returned.status)


def test_money_that_came_back_in_part_is_withheld_no_longer() -> None:
    payment, dispute = told(captured(), withdrawn(60, at(2)), reinstated(20, at(3)))
    assert (eur(40), eur(40)) == (dispute.withheld, payment.balances.withheld)
    returned = payment.news[-1]
    assert isinstance(returned, events.FundsReturned)
    assert eur(20) == returned.amount


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ((withdrawn(60), reinstated(60)), 0),
        ((withdrawn(60), reinstated(70)), 0),
        ((withdrawn(40), withdrawn(60)), 60),
        ((reinstated(60),), 0),
        ((withdrawn(60, at(2)), reinstated(60, at(3)), withdrawn(50, at(4))), 50),
        ((reinstated(60, at(3)), withdrawn(60, at(3))), 0),
    ],
)
def test_what_is_gone_is_what_was_withdrawn_and_has_not_come_back_since(
    facts: tuple[Fact, ...], gone: int
) -> None:
    for order in permutations(facts):
        payment, dispute = told(captured(), *order)
        assert (eur(gone), eur(gone)) == (dispute.withheld, payment.balances.withheld)


def test_a_verdict_without_money_moves_none() -> None:
    payment, dispute = told(captured(), status("lost"))
    assert ({}, eur(0), False) == (dispute.effect, payment.balances.lost, dispute.is_open)
    assert "FundsLost" not in names(payment)


def test_a_charge_back_of_a_refunded_payment_is_more_than_was_taken() -> None:
    before = captured()
    payment, refund = asked_refund(before, 100)
    payment, _ = payment.settle(refund, heard(Refunded(eur(100))))
    back, _ = told(payment, withdrawn(100, at(4)))
    assert [DiscrepancyKind.OVER_REFUNDED] == open_kinds(back)
    assert ("100.00 EUR", "200.00 EUR") == (
        back.discrepancies[-1].expected,
        back.discrepancies[-1].actual,
    )
    assert eur(-100) == back.balances.net
    again, _ = told(payment, withdrawn(100, at(4)), reinstated(100, at(5)))
    assert [] == open_kinds(again)


def test_a_known_fact_gives_the_same_objects_back() -> None:
    facts = (status("needs_response", at(2)), withdrawn(60, at(2)), reinstated(20, at(3)))
    payment, dispute = told(captured(), *facts)
    for fact in facts:
        again = payment.told_of_dispute(dispute, "dp_1", heard(fact, 50))
        assert (True, True) == (again[0] is payment, again[1] is dispute)


def test_a_dispute_keeps_its_ids_and_teaches_the_payment_those_of_its_customer() -> None:
    payment, dispute = told(captured(), DisputeChanged("lost", references=OF_BANK))
    assert "dp_9" == dispute.references.get(ReferenceRole.DISPUTE)
    assert (None, "cus_1") == (
        payment.references.get(ReferenceRole.DISPUTE),
        payment.references.get(ReferenceRole.CUSTOMER),
    )


def test_money_in_another_currency_moves_nothing_and_says_so_once() -> None:
    before, dollars = captured(), Money("60", "USD")
    evidence = heard(FundsWithdrawn(dollars))
    payment, dispute = before.told_of_dispute(None, "dp_1", evidence)
    assert (before.balances, None) == (payment.balances, dispute)
    (one,) = payment.discrepancies
    assert (DiscrepancyKind.CURRENCY_MISMATCH, "dp_1", "EUR", "60.00 USD") == (
        one.kind,
        one.operation_id,
        one.expected,
        one.actual,
    )
    assert payment is payment.told_of_dispute(None, "dp_1", evidence)[0]


def test_a_word_whose_amount_is_in_another_currency_says_where_the_dispute_stands() -> None:
    evidence = heard(DisputeChanged("lost", amount=Money("60", "USD")))
    payment, dispute = captured().told_of_dispute(None, "dp_1", evidence)
    assert dispute is not None
    assert (LOST, eur(0)) == (dispute.status, dispute.amount)
    assert [DiscrepancyKind.CURRENCY_MISMATCH] == open_kinds(payment)
    again = payment.told_of_dispute(dispute, "dp_1", evidence)
    assert (True, True) == (again[0] is payment, again[1] is dispute)


def test_no_number_of_words_makes_money_forgotten() -> None:
    words = [status("under_review" if each % 2 else "lost", at(100 + each)) for each in range(60)]
    payment, dispute = told(captured(), withdrawn(60, at(1)), *words)
    assert (eur(60), eur(60)) == (dispute.withheld, payment.balances.withheld)
    assert (UNDER_REVIEW, 51) == (dispute.status, len(dispute.facts))


def test_two_disputes_of_one_payment_are_told_apart() -> None:
    payment, first = told(captured(), withdrawn(60))
    payment, second = payment.told_of_dispute(None, "dp_2", heard(withdrawn(30)))
    assert second is not None
    assert (eur(90), eur(60), eur(30)) == (
        payment.balances.withheld,
        first.withheld,
        second.withheld,
    )


def test_a_dispute_is_committed_with_its_payment() -> None:
    payment, dispute = told(captured(), withdrawn(60))
    assert (True, True) == (payment.is_changed, dispute.is_changed)
    assert attrs.evolve(dispute, version=1) == dispute.committed()
