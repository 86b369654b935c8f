"""What a final capture leaves: it is inferred, and never more than what was told has left."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import attrs
import pytest
from domain_builders import (
    FAILURE,
    NOTHING,
    asked_capture,
    asked_void,
    completing,
    eur,
    heard,
    held,
)

from paysession._domain.balances import Balances
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Captured,
    Declined,
    Fact,
    References,
    Voided,
)

TAKEN = Captured(eur(40))
LAPSED = AuthorizationLapsed(eur(60))
MORE = AuthorizationChanged(eur(130))
AT_THE_DASHBOARD = Captured(eur(20), references=References.of(capture="dashboard"))
LET_GO = Voided(eur(60), references=References.of(void="dashboard"))


@attrs.frozen(kw_only=True)
class Held:
    """
    A payment that holds 100, and a final capture of 40 of that which nobody answered yet.

    Attributes:
        made: What was made at the dashboard.
    """

    payment: Payment
    authorization: Authorization
    capture: Capture
    made: Capture | Void | Refund | None = None

    @classmethod
    def begun(cls) -> Held:
        payment, authorization = held()
        payment, capture = asked_capture(payment, 40, is_final=True)
        return cls(payment=payment, authorization=authorization, capture=capture)

    def told(self, fact: Fact) -> Held:
        """Take what has references of its own for what was made at the dashboard."""
        payment, evidence = self.payment, heard(fact)
        if isinstance(fact, AuthorizationChanged | AuthorizationLapsed):
            payment, known = payment.told_of_authorization(self.authorization, evidence)
            return attrs.evolve(self, payment=payment, authorization=known)
        if fact.references.entries:
            movement_id = fact.references.entries[0].role
            payment, made = payment.told_of_movement(self.made, movement_id, evidence)
            return attrs.evolve(self, payment=payment, made=made)
        payment, capture = payment.settle(self.capture, evidence)
        return attrs.evolve(self, payment=payment, capture=capture)


def after(facts: Iterable[Fact]) -> Payment:
    story = Held.begun()
    for fact in facts:
        story = story.told(fact)
    return story.payment


def where(balances: Balances) -> tuple[Money, Money, Money, Money]:
    """Where all is that was ever held; each unit is in one place."""
    parts = (balances.captured, balances.voided, balances.lapsed, balances.held)
    assert balances.authorized == Money.sum(parts, currency="EUR")
    return parts


def amiss(payment: Payment) -> list[DiscrepancyKind]:
    return [each.kind for each in payment.discrepancies if each.is_open]


@pytest.mark.parametrize(
    ("facts", "parts"),
    [
        ((TAKEN,), (40, 60, 0, 0)),
        ((TAKEN, LAPSED), (40, 0, 60, 0)),
        ((TAKEN, AuthorizationLapsed(eur(10))), (40, 50, 10, 0)),
        ((TAKEN, AT_THE_DASHBOARD), (60, 40, 0, 0)),
        ((TAKEN, AT_THE_DASHBOARD, AuthorizationLapsed(eur(40))), (60, 0, 40, 0)),
        ((TAKEN, LET_GO), (40, 60, 0, 0)),
        ((TAKEN, MORE), (40, 90, 0, 0)),
        ((TAKEN, MORE, AuthorizationLapsed(eur(90))), (40, 0, 90, 0)),
        ((Captured(eur(30)), LAPSED), (30, 10, 60, 0)),
        ((Declined(FAILURE), MORE), (0, 0, 0, 130)),
        ((TAKEN, Bounced(FAILURE), MORE), (0, 0, 0, 130)),
    ],
)
def test_what_a_final_capture_leaves_is_counted_once_in_every_order(
    facts: tuple[Fact, ...], parts: tuple[int, ...]
) -> None:
    for order in permutations((*facts, facts[-1])):
        payment = after(order)
        assert tuple(map(eur, parts)) == where(payment.balances)
        assert DiscrepancyKind.OVER_CAPTURED not in amiss(payment)
        assert eur(parts[-1]) == payment.balances.capturable


def test_what_is_held_after_a_final_capture_was_asked_for_goes_with_it() -> None:
    payment = after((MORE,))
    assert (NOTHING, (), eur(90)) == (
        payment.balances.capturable,
        payment.allowed,
        payment.balances.void_in_flight,
    )
    assert eur(130) == payment.balances.held
    assert PaymentStatus.CAPTURED is after((MORE, TAKEN)).status
    assert PaymentStatus.CAPTURED is after((TAKEN, MORE)).status


def test_a_final_capture_leaves_what_is_being_captured_and_voided_beside_it() -> None:
    payment, _ = held()
    payment, first = asked_capture(payment, 20)
    payment, void = asked_void(payment, 30)
    payment, last = asked_capture(payment, 10, is_final=True)
    payment, last = payment.settle(last, heard(Captured(eur(10))))
    assert (10, 40, 0, 50) == tuple(int(part.minor / 100) for part in where(payment.balances))
    payment, first = payment.settle(first, heard(Declined(FAILURE)))
    assert (eur(60), eur(30)) == (payment.balances.voided, payment.balances.void_in_flight)
    assert isinstance(void, Void)
    payment, void = payment.settle(void, heard(Voided(eur(30))))
    assert (eur(10), eur(90), NOTHING, NOTHING) == where(payment.balances)
    assert PaymentStatus.CAPTURED is payment.status


def test_a_second_final_capture_in_flight_leaves_nothing_that_the_first_has_not() -> None:
    payment, _ = held()
    payment, first = asked_capture(payment, 40)
    payment, last = asked_capture(payment, 20, is_final=True)
    payment, again = payment.settle(last, heard(Captured(eur(20))))
    assert (eur(40), NOTHING) == (payment.balances.voided, payment.balances.void_in_flight)
    assert first.is_open
    assert not again.is_open


@pytest.mark.parametrize("lapsed", [AuthorizationLapsed(eur(100)), AuthorizationLapsed(eur(30))])
def test_a_sale_that_came_undone_lapses_once_whoever_says_so(lapsed: Fact) -> None:
    for order in permutations((Captured(eur(100)), Bounced(FAILURE), lapsed)):
        sale = completing()
        for fact in (Captured(eur(100)), *order):
            if fact is not lapsed:
                sale = sale.settled(heard(fact))
                continue
            assert sale.payment is not None
            assert sale.authorization is not None
            payment, known = sale.payment.told_of_authorization(sale.authorization, heard(fact))
            sale = attrs.evolve(sale, payment=payment, authorization=known)
        assert sale.payment is not None
        assert (NOTHING, NOTHING, eur(100), NOTHING) == where(sale.payment.balances)
        assert (PaymentStatus.LAPSED, []) == (sale.payment.status, amiss(sale.payment))
