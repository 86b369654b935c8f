"""What a provider tells of a payment by itself: holds that change, reversals, its dashboard."""

from __future__ import annotations

from itertools import permutations

import attrs
import pytest
from domain_builders import (
    FAILURE,
    asked_capture,
    asked_refund,
    asked_void,
    at,
    authorized,
    eur,
    heard,
    held,
)

from paysession import events
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.movements import Authorization, Capture, Refund, Reversal, Void
from paysession._domain.operations import Origin
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.lifecycles import OperationStatus, PaymentStatus
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Captured,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Pending,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Retaken,
    Totals,
    Voided,
)
from paysession.stores import Changes

DOLLARS = Money("60", "USD")


def holding() -> tuple[Payment, Authorization]:
    payment, authorization = held()
    return payment.committed(), attrs.evolve(authorization, expires_at=at(90)).committed()


def captured(amount: int = 100) -> Payment:
    payment, capture = asked_capture(authorized(), amount)
    return payment.settle(capture, heard(Captured(eur(amount))))[0].committed()


def changed(amount: int, minutes: int | None = None) -> AuthorizationChanged:
    return AuthorizationChanged(eur(amount), occurred_at=None if minutes is None else at(minutes))


def lapsed(amount: int, minutes: int | None = None) -> AuthorizationLapsed:
    return AuthorizationLapsed(eur(amount), occurred_at=None if minutes is None else at(minutes))


def authorization_told(*facts: Fact) -> tuple[Payment, Authorization]:
    payment, authorization = holding()
    for minutes, fact in enumerate(facts, start=5):
        payment, authorization = payment.told_of_authorization(authorization, heard(fact, minutes))
    return payment, authorization


def reversal_told(payment: Payment, *facts: Fact) -> tuple[Payment, Reversal]:
    reversal: Reversal | None = None
    for minutes, fact in enumerate(facts, start=5):
        payment, reversal = payment.told_of_reversal(reversal, "rv_1", heard(fact, minutes))
    assert reversal is not None
    return payment, reversal


def names(payment: Payment) -> list[str]:
    return [type(event).__name__ for event in payment.news]


def open_kinds(payment: Payment) -> list[DiscrepancyKind]:
    return [each.kind for each in payment.discrepancies if each.is_open]


@pytest.mark.parametrize(
    ("facts", "most", "still"),
    [
        ((changed(150),), 150, 150),
        ((changed(60),), 100, 60),
        ((changed(0),), 100, 0),
        ((AuthorizationChanged(Money(-5, "EUR")),), 100, 0),
        ((lapsed(100),), 100, 0),
        ((lapsed(30),), 100, 70),
        ((lapsed(30), lapsed(50)), 100, 50),
        ((lapsed(300),), 100, 0),
        ((changed(150), lapsed(50)), 150, 100),
        ((changed(60), lapsed(60)), 100, 0),
        ((lapsed(100, 2), changed(100, 3)), 100, 100),
        ((lapsed(100, 3), changed(100, 2)), 100, 0),
        ((changed(80, 2), changed(60, 3)), 100, 60),
        ((AuthorizationChanged(eur(60), sequence=2), AuthorizationChanged(eur(80), sequence=1)),
         100, 60),
    ],
)  # fmt: skip
def test_what_is_held_is_what_the_provider_said_last(
    facts: tuple[Fact, ...], most: int, still: int
) -> None:
    for order in permutations(facts):
        payment, authorization = authorization_told(*order)
        balances = payment.balances
        assert (eur(most), eur(still)) == (balances.authorized, balances.held)
        assert eur(still) == authorization.moved_amount
        assert eur(most - still) == balances.lapsed


def test_a_hold_that_lapsed_and_was_made_anew_is_told_both_times() -> None:
    payment, _ = authorization_told(lapsed(100, 2))
    gone = payment.news[-1]
    assert isinstance(gone, events.PaymentLapsed)
    assert (PaymentStatus.LAPSED, eur(100)) == (gone.status, gone.amount)
    payment, _ = authorization_told(lapsed(100, 2), changed(80, 3))
    back = payment.news[-1]
    assert isinstance(back, events.PaymentAuthorized)
    assert (PaymentStatus.AUTHORIZED, eur(80)) == (back.status, back.amount)


def test_the_end_of_a_hold_is_the_newest_that_was_told() -> None:
    later = AuthorizationChanged(eur(100), expires_at=at(200), occurred_at=at(3))
    sooner = AuthorizationChanged(eur(100), expires_at=at(100), occurred_at=at(2))
    silent = AuthorizationChanged(eur(100), occurred_at=at(4))
    for order in permutations((later, sooner, silent)):
        payment, authorization = authorization_told(*order)
        assert (at(200), at(200)) == (authorization.expires_at, payment.authorized_until)
    payment, authorization = authorization_told(silent)
    assert (at(90), at(90)) == (authorization.expires_at, payment.authorized_until)


def test_a_word_on_a_hold_that_makes_no_difference_is_recorded_only() -> None:
    payment, _ = authorization_told(changed(100))
    assert ["FactRecorded"] == names(payment)


def test_a_hold_is_known_by_its_new_id_as_well() -> None:
    renewed = AuthorizationChanged(eur(100), references=References.of(authorization="pi_2"))
    payment, authorization = authorization_told(renewed)
    assert ("pi_2", "pi_2") == (
        authorization.references.get(ReferenceRole.AUTHORIZATION),
        payment.references.get(ReferenceRole.AUTHORIZATION),
    )


def test_less_is_held_than_is_taken_and_in_flight() -> None:
    payment, authorization = holding()
    payment, capture = asked_capture(payment, 60)
    payment, authorization = payment.told_of_authorization(authorization, heard(lapsed(100)))
    assert [DiscrepancyKind.OVER_CAPTURED] == open_kinds(payment)
    assert (eur(0), eur(0)) == (payment.balances.capturable, payment.balances.held)
    payment, _ = payment.settle(capture, heard(Bounced(FAILURE)))
    assert [] == open_kinds(payment)


def test_a_known_fact_about_a_hold_gives_the_same_objects_back() -> None:
    facts = (changed(150, 2), lapsed(50, 3))
    payment, authorization = authorization_told(*facts)
    for fact in facts:
        again = payment.told_of_authorization(authorization, heard(fact, 50))
        assert (True, True) == (again[0] is payment, again[1] is authorization)


@pytest.mark.parametrize("fact", [AuthorizationChanged(DOLLARS), AuthorizationLapsed(DOLLARS)])
def test_a_hold_in_another_currency_changes_nothing_and_says_so_once(fact: Fact) -> None:
    before, authorization = holding()
    payment, after = before.told_of_authorization(authorization, heard(fact))
    assert (before.balances, True) == (payment.balances, after is authorization)
    assert [DiscrepancyKind.CURRENCY_MISMATCH] == open_kinds(payment)
    assert payment is payment.told_of_authorization(after, heard(fact))[0]


def test_money_that_is_taken_back_without_a_dispute_is_lost_and_unexpected() -> None:
    payment, reversal = reversal_told(captured(), FundsWithdrawn(eur(60)))
    assert ({"lost": eur(60)}, eur(60)) == (reversal.effect, reversal.amount)
    assert (eur(60), 3) == (payment.balances.lost, payment.movements)
    (one,) = payment.discrepancies
    assert (DiscrepancyKind.UNEXPECTED_REVERSAL, "rv_1", "60.00 EUR") == (
        one.kind,
        one.operation_id,
        one.actual,
    )
    assert ["PaymentReversed", "DiscrepancyOpened"] == names(payment)


@pytest.mark.parametrize(
    "facts",
    [
        (FundsWithdrawn(eur(60)), FundsReinstated(eur(60))),
        (FundsWithdrawn(eur(60), occurred_at=at(2)), FundsReinstated(eur(60), occurred_at=at(3))),
    ],
)
def test_money_that_came_back_is_not_lost_in_any_order(facts: tuple[Fact, ...]) -> None:
    for order in permutations(facts):
        payment, reversal = reversal_told(captured(), *order)
        assert ({}, eur(0), eur(60)) == (reversal.effect, payment.balances.lost, reversal.amount)
        assert [] == open_kinds(payment)
        assert PaymentStatus.CAPTURED is payment.status


def test_money_that_came_back_in_part_is_told() -> None:
    payment, reversal = reversal_told(captured(), FundsWithdrawn(eur(60)), FundsReinstated(eur(20)))
    returned = next(each for each in payment.news if isinstance(each, events.FundsReturned))
    assert (eur(20), eur(40), eur(40)) == (
        returned.amount,
        reversal.moved_amount,
        payment.balances.lost,
    )
    assert [DiscrepancyKind.UNEXPECTED_REVERSAL] == open_kinds(payment)


def test_a_known_fact_about_a_reversal_gives_the_same_objects_back() -> None:
    facts = (FundsWithdrawn(eur(60)), FundsReinstated(eur(20)))
    payment, reversal = reversal_told(captured(), *facts)
    for fact in facts:
        again = payment.told_of_reversal(reversal, "rv_1", heard(fact, 50))
        assert (True, True) == (again[0] is payment, again[1] is reversal)


def test_a_reversal_in_another_currency_is_none() -> None:
    before, evidence = captured(), heard(FundsWithdrawn(DOLLARS))
    payment, reversal = before.told_of_reversal(None, "rv_1", evidence)
    assert (before.balances, None, 2) == (payment.balances, reversal, payment.movements)
    assert [DiscrepancyKind.CURRENCY_MISMATCH] == open_kinds(payment)
    assert payment is payment.told_of_reversal(None, "rv_1", evidence)[0]


@pytest.mark.parametrize(
    ("fact", "kind", "effect"),
    [
        (Captured(eur(60)), Capture, {"captured": eur(60)}),
        (Retaken(eur(60)), Capture, {"captured": eur(60)}),
        (Voided(eur(60)), Void, {"voids": eur(60)}),
        (Refunded(eur(60)), Refund, {"refunded": eur(60)}),
    ],
)
def test_what_was_made_at_the_provider_is_a_movement_that_nobody_calls_for(
    fact: Fact, kind: type, effect: dict[str, Money]
) -> None:
    payment, movement = holding()[0].told_of_movement(None, "mv_1", heard(fact))
    assert isinstance(movement, kind)
    assert movement is not None
    assert (Origin.PROVIDER, effect, eur(60)) == (movement.origin, movement.effect, movement.amount)
    assert (1, at(1), None, at(1)) == (
        movement.tries,
        movement.sent_at,
        movement.due_at,
        movement.deadline,
    )
    assert ((), 2) == (payment.open_operations, payment.movements)
    assert Changes.of((payment, movement), tenant="")


def test_a_capture_at_the_provider_leaves_the_rest_held() -> None:
    payment, capture = holding()[0].told_of_movement(None, "mv_1", heard(Captured(eur(60))))
    assert isinstance(capture, Capture)
    assert (False, eur(40)) == (capture.is_final, payment.balances.capturable)
    assert PaymentStatus.PARTIALLY_CAPTURED is payment.status
    payment, _ = payment.told_of_movement(capture, "mv_1", heard(Bounced(FAILURE)))
    assert (eur(100), PaymentStatus.AUTHORIZED) == (payment.balances.capturable, payment.status)


def test_a_movement_of_the_provider_s_is_settled_like_any() -> None:
    payment, refund = captured().told_of_movement(None, "mv_1", heard(Refunded(eur(60))))
    payment, refund = payment.told_of_movement(refund, "mv_1", heard(Bounced(FAILURE), 3))
    assert refund is not None
    assert (OperationStatus.FAILED, eur(100)) == (refund.status, payment.balances.refundable)
    again = payment.told_of_movement(refund, "mv_1", heard(Bounced(FAILURE), 9))
    assert (True, True) == (again[0] is payment, again[1] is refund)
    payment, void = holding()[0].told_of_movement(None, "mv_2", heard(Voided(eur(60))))
    payment, void = payment.told_of_movement(void, "mv_2", heard(Pending(), 3))
    assert void is not None
    assert (OperationStatus.SUCCEEDED, "FactRecorded") == (void.status, names(payment)[-1])


@pytest.mark.parametrize("made", [Captured, Voided, Refunded])
def test_a_movement_of_the_provider_s_is_about_the_most_that_was_told(
    made: type[Captured] | type[Voided] | type[Refunded],
) -> None:
    facts = (made(eur(60), occurred_at=at(3)), made(eur(70), occurred_at=at(2)))
    ends = []
    for first, second in permutations(facts):
        payment, movement = captured(20).told_of_movement(None, "mv_1", heard(first))
        payment, movement = payment.told_of_movement(movement, "mv_1", heard(second))
        assert movement is not None
        assert (eur(70), eur(60)) == (movement.amount, movement.moved_amount)
        ends.append((payment.balances, open_kinds(payment)))
    assert ends[0] == ends[1]


def test_what_makes_no_movement_is_no_movement() -> None:
    before = captured()
    with pytest.raises(TypeError, match="Bounced makes no movement: wait for what does"):
        before.told_of_movement(None, "mv_1", heard(Bounced(FAILURE)))


def test_a_movement_in_another_currency_is_none() -> None:
    before, evidence = captured(), heard(Refunded(DOLLARS))
    payment, refund = before.told_of_movement(None, "mv_1", evidence)
    assert (before.balances, None) == (payment.balances, refund)
    (one,) = payment.discrepancies
    assert (DiscrepancyKind.CURRENCY_MISMATCH, "mv_1", "60.00 USD") == (
        one.kind,
        one.operation_id,
        one.actual,
    )
    assert payment is payment.told_of_movement(None, "mv_1", evidence)[0]


def test_a_later_word_in_another_currency_on_a_movement_of_the_provider_s_moves_nothing() -> None:
    payment, refund = captured().told_of_movement(None, "mv_1", heard(Refunded(eur(60))))
    payment, refund = payment.told_of_movement(refund, "mv_1", heard(Refunded(DOLLARS), 3))
    assert refund is not None
    assert (eur(60), eur(60)) == (refund.moved_amount, payment.balances.refunded)
    assert DiscrepancyKind.CURRENCY_MISMATCH in open_kinds(payment)


def test_more_taken_than_was_held_is_told_until_it_comes_undone() -> None:
    payment, capture = holding()[0].told_of_movement(None, "mv_1", heard(Captured(eur(130))))
    (one,) = payment.discrepancies
    assert (DiscrepancyKind.OVER_CAPTURED, "py_1", "100.00 EUR", "130.00 EUR", True) == (
        one.kind,
        one.operation_id,
        one.expected,
        one.actual,
        one.is_open,
    )
    payment, _ = payment.committed().told_of_movement(capture, "mv_1", heard(Bounced(FAILURE), 3))
    assert ([], at(3)) == (open_kinds(payment), payment.discrepancies[0].closed_at)


def test_more_taken_than_was_held_is_expected_where_we_asked_for_it() -> None:
    payment, capture = asked_capture(holding()[0], 110, over=10)
    assert (eur(10), eur(10), []) == (capture.over, payment.balances.over, open_kinds(payment))
    taken, _ = payment.settle(capture, heard(Captured(eur(110))))
    assert (eur(110), []) == (taken.balances.captured, open_kinds(taken))
    more, _ = taken.told_of_movement(None, "mv_1", heard(Captured(eur(5))))
    assert [DiscrepancyKind.OVER_CAPTURED] == open_kinds(more)


@pytest.mark.parametrize(("moved", "over"), [(105, 5), (100, 0), (90, 0), (120, 10)])
def test_what_was_asked_for_beyond_what_was_held_counts_as_far_as_it_came(
    moved: int, over: int
) -> None:
    payment, capture = asked_capture(holding()[0], 110, over=10)
    payment, _ = payment.settle(capture, heard(Captured(eur(moved))))
    assert eur(over) == payment.balances.over
    is_too_much = moved > 110
    assert is_too_much is (DiscrepancyKind.OVER_CAPTURED in open_kinds(payment))


def test_more_released_than_was_held_is_told() -> None:
    payment, _ = asked_void(holding()[0], 100)
    payment, _ = payment.told_of_movement(None, "mv_1", heard(Captured(eur(100))))
    assert [DiscrepancyKind.OVER_CAPTURED] == open_kinds(payment)


def test_more_given_back_than_was_taken_is_told_until_some_of_it_bounces() -> None:
    payment, refund = captured(50).told_of_movement(None, "mv_1", heard(Refunded(eur(60))))
    assert [DiscrepancyKind.OVER_REFUNDED] == open_kinds(payment)
    payment, _ = payment.told_of_movement(refund, "mv_1", heard(Bounced(FAILURE), 3))
    assert ([], ()) == (open_kinds(payment), payment.discrepancies)
    assert "DiscrepancyOpened" not in names(payment)


def totals(
    taken: int | None = None, returned: int | None = None, minutes: int | None = None
) -> Totals:
    return Totals(
        captured=None if taken is None else eur(taken),
        refunded=None if returned is None else eur(returned),
        occurred_at=None if minutes is None else at(minutes),
    )


@pytest.mark.parametrize(
    ("fact", "kinds"),
    [
        (totals(100, 0), []),
        (totals(100), []),
        (totals(), []),
        (totals(120, 0), [DiscrepancyKind.OVER_CAPTURED]),
        (totals(100, 30), [DiscrepancyKind.OVER_REFUNDED]),
        (totals(80, 0), [DiscrepancyKind.AMOUNT_MISMATCH]),
        (totals(80, 30), [DiscrepancyKind.OVER_REFUNDED, DiscrepancyKind.AMOUNT_MISMATCH]),
    ],
)
def test_totals_are_compared_and_move_nothing(fact: Totals, kinds: list[DiscrepancyKind]) -> None:
    before = captured()
    payment = before.told_of_totals(heard(fact))
    assert (before.balances, kinds) == (payment.balances, open_kinds(payment))
    assert {"py_1"} >= {each.operation_id for each in payment.discrepancies}
    assert payment is payment.told_of_totals(heard(fact, 9))


def test_totals_that_agree_again_close_what_they_opened() -> None:
    payment = captured().told_of_totals(heard(totals(100, 30, 3))).committed()
    late = Refunded(eur(30), occurred_at=at(2))
    payment, _ = payment.told_of_movement(None, "mv_1", heard(late, 4))
    assert [] == open_kinds(payment)
    assert ["PaymentRefunded", "DiscrepancyClosed"] == names(payment)


def test_totals_from_before_the_money_moved_are_out_of_date() -> None:
    payment = captured().told_of_totals(heard(totals(100, 0, 2)))
    payment, refund = payment.told_of_movement(None, "mv_1", heard(Refunded(eur(30)), 3))
    assert (at(3), []) == (payment.moved_at, open_kinds(payment))
    again = payment.told_of_totals(heard(totals(100, 0, 4)))
    assert [DiscrepancyKind.AMOUNT_MISMATCH] == open_kinds(again)
    later, _ = again.told_of_movement(refund, "mv_1", heard(Pending(occurred_at=at(5)), 5))
    assert (["PaymentRefunded", "FactRecorded", "FactRecorded"], []) == (
        names(later)[-3:],
        open_kinds(later),
    )


def test_totals_are_not_compared_while_anything_is_in_flight() -> None:
    payment, refund = asked_refund(captured(), 30)
    payment = payment.told_of_totals(heard(totals(100, 30)))
    assert [] == open_kinds(payment)
    assert [] == open_kinds(payment.settle(refund, heard(Refunded(eur(30))))[0])
    failed, _ = payment.settle(refund, heard(Bounced(FAILURE)))
    assert [DiscrepancyKind.OVER_REFUNDED] == open_kinds(failed)


@pytest.mark.parametrize(
    "facts",
    [
        (totals(100, 0, 2), totals(100, 30, 3)),
        (totals(100, 0), totals(100, 30)),
        (totals(100, None, 4), totals(None, 30, 3), totals(90, 20, 2)),
    ],
)
def test_the_newest_totals_count_in_any_order(facts: tuple[Totals, ...]) -> None:
    ends = []
    for order in permutations(facts):
        payment = captured()
        for fact in order:
            payment = payment.told_of_totals(heard(fact))
        assert [DiscrepancyKind.OVER_REFUNDED] == open_kinds(payment)
        ends.append(payment.totals)
    assert 1 == len(set(ends))


def test_totals_in_another_currency_are_not_kept() -> None:
    evidence = heard(Totals(captured=eur(100), refunded=DOLLARS))
    payment = captured().told_of_totals(evidence)
    assert ((), [DiscrepancyKind.CURRENCY_MISMATCH]) == (payment.totals, open_kinds(payment))
    assert payment is payment.told_of_totals(evidence)


def test_only_totals_tell_totals() -> None:
    with pytest.raises(TypeError, match="Captured tells no totals"):
        captured().told_of_totals(heard(Captured(eur(1))))


def test_the_newest_id_counts_and_the_former_are_kept() -> None:
    before, _ = holding()
    new = ReferenceChanged("pi_1", references=References.of(authorization="pi_2"))
    payment = before.renamed(new)
    assert "pi_2" == payment.references.get(ReferenceRole.AUTHORIZATION)
    assert {"pi_1", "pi_2"} == {each.id for each in payment.references}
    assert (["FactRecorded"], before.updated_at) == (names(payment), payment.updated_at)
    assert payment is payment.renamed(new)


def test_what_was_lost_is_no_longer_too_much() -> None:
    payment, _ = reversal_told(captured(), FundsWithdrawn(eur(100)))
    assert (eur(100), eur(100)) == (payment.share.paid, payment.share.lost)
    assert attrs.evolve(payment.share, lost=eur(0)) == captured().share
