"""A provider that tells of more than there can have been: it counts for less, and is told."""

from __future__ import annotations

from itertools import permutations

import attrs
import pytest
from domain_builders import asked_capture, authorized, completing, eur, heard, held

from paysession._domain.discrepancies import Discrepancy, DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.movements import Reversal
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Captured,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
)

BELOW_ZERO = AuthorizationChanged(Money(-5, "EUR"))
MORE = AuthorizationLapsed(eur(300))
BACK = FundsReinstated(eur(60))


def captured() -> Payment:
    payment, capture = asked_capture(authorized())
    return payment.settle(capture, heard(Captured(eur(100))))[0]


def mismatches(payment: Payment, record_id: str) -> list[Discrepancy]:
    known = (each for each in payment.discrepancies if each.is_open)
    return [each for each in known if each.is_about(DiscrepancyKind.AMOUNT_MISMATCH, record_id)]


def said(payment: Payment, record_id: str) -> list[tuple[str, str]]:
    return [(each.expected, each.actual) for each in mismatches(payment, record_id)]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ((BELOW_ZERO,), [("0.00 EUR", "-5.00 EUR")]),
        ((MORE,), [("100.00 EUR", "300.00 EUR")]),
        ((AuthorizationLapsed(eur(100)),), []),
        ((AuthorizationChanged(eur(0)),), []),
        ((MORE, AuthorizationChanged(eur(300))), []),
    ],
)
def test_a_hold_of_which_more_has_gone_than_there_was_says_so(
    facts: tuple[Fact, ...], told: list[tuple[str, str]]
) -> None:
    for order in permutations(facts):
        payment, authorization = held()
        for fact in order:
            payment, authorization = payment.told_of_authorization(authorization, heard(fact))
        assert told == said(payment, authorization.id)


def test_it_is_settled_by_the_word_that_more_was_held() -> None:
    settlement = completing().settled(heard(Authorized(eur(100))))
    assert settlement.payment is not None
    assert settlement.authorization is not None
    payment, known = settlement.payment.told_of_authorization(settlement.authorization, heard(MORE))
    assert 1 == len(mismatches(payment, known.id))
    told = attrs.evolve(settlement, payment=payment, authorization=known)
    after = told.settled(heard(Authorized(eur(400))))
    assert after.payment is not None
    assert [] == mismatches(after.payment, known.id)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ((BACK,), ["60.00 EUR"]),
        ((BACK, FundsWithdrawn(eur(60))), []),
        ((FundsReinstated(eur(100)), FundsWithdrawn(eur(60))), ["100.00 EUR"]),
    ],
)
def test_money_that_came_back_and_was_never_taken_says_so(
    facts: tuple[Fact, ...], told: list[str]
) -> None:
    for order in permutations(facts):
        payment, disputed = captured(), captured()
        reversal: Reversal | None = None
        dispute: Dispute | None = None
        for fact in order:
            payment, reversal = payment.told_of_reversal(reversal, "rv_1", heard(fact))
            disputed, dispute = disputed.told_of_dispute(dispute, "dp_1", heard(fact))
        for about, record_id in ((payment, "rv_1"), (disputed, "dp_1")):
            assert told == [actual for _, actual in said(about, record_id)]
            assert eur(100) == about.balances.net
