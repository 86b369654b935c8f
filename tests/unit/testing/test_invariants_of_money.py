"""What is checked of money holds on real records, and breaks where something is planted."""

from __future__ import annotations

import attrs
import pytest
from history_builders import (
    DECLINE,
    Teller,
    at,
    begun,
    broken_by,
    capturing,
    checked,
    completing,
    eur,
    find,
    heard,
    held,
    new_session,
    parts_of,
    refunding,
    settled,
    taken,
    voiding,
)

from paysession import Money, PaymentSession, UnderpaidPolicy
from paysession._domain.attempts import Attempt
from paysession._domain.balances import Balances
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Refund, Void
from paysession._domain.parked import ParkedReport, ParkReason
from paysession._domain.payment import Payment
from paysession.errors import InvalidAmount
from paysession.gateways import Capabilities
from paysession.outcomes import (
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Captured,
    Declined,
    DisputeChanged,
    FundsReinstated,
    FundsWithdrawn,
    References,
    Refunded,
    Report,
    Retaken,
    Voided,
)
from paysession.testing._invariants import Effect, EffectKind, InvariantBroken
from paysession.testing._invariants.books import books_of
from paysession.testing._invariants.money import (
    check_I1,
    check_I2,
    check_I3,
    check_I4,
    check_I5,
    check_I6,
    check_I7,
    check_I8,
    check_I12,
    check_I13,
    check_I14,
)


def refunded_so_far(*, amount: int = 40) -> tuple[Teller, Payment, Refund]:
    teller = Teller()
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, amount)
    entities = teller.commit(payment, authorization, capture, refund)
    return teller, find(Payment, entities), find(Refund, entities)


def test_what_is_asked_to_move_is_more_than_nothing() -> None:
    teller, payment, refund = refunded_so_far()
    assert 2 == checked(check_I1, teller.history)
    teller.write_only(payment, attrs.evolve(refund, amount=eur(0)))
    assert "I1" == broken_by(check_I1, teller.history)


def test_a_movement_that_nobody_asked_for_is_only_told() -> None:
    teller = Teller()
    payment, authorization = held()
    evidence = heard(Captured(eur(100)), source=EvidenceSource.NOTIFICATION)
    payment, capture = payment.told_of_movement(None, "ca_9", evidence)
    teller.commit(payment, authorization, capture)
    assert 0 == checked(check_I1, teller.history)
    assert 0 == checked(check_I13, teller.history)


def test_a_command_about_nothing_must_be_refused() -> None:
    teller = Teller()
    teller.end("refund", kwargs={"amount": 0}, error=InvalidAmount("0", "ask for more"))
    assert 1 == checked(check_I1, teller.history)
    teller.end("refund", kwargs={"amount": eur(0)}, result="a refund")
    assert "I1" == broken_by(check_I1, teller.history)
    teller.end("refund", kwargs={"amount": eur(1)}, result="a refund")
    assert 0 == checked(check_I1, teller.history)


def test_a_payment_is_in_one_currency() -> None:
    teller, payment, refund = refunded_so_far()
    assert 1 == checked(check_I2, teller.history)
    teller.write_only(payment, attrs.evolve(refund, amount=Money("40", "USD")))
    assert "I2" == broken_by(check_I2, teller.history)


def test_no_more_is_taken_than_is_held() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, capture = capturing(payment, 60)
    teller.commit(payment, authorization, attrs.evolve(capture, amount=eur(101)))
    assert "I3" == broken_by(check_I3, teller.history)
    teller = Teller()
    teller.commit(payment, authorization, capture)
    assert 1 == checked(check_I3, teller.history)


def test_a_gateway_may_let_us_take_more_than_is_held() -> None:
    teller = Teller()
    teller.behaves(Capabilities(over_capture=lambda held: held))
    payment, authorization = held()
    payment, capture = capturing(payment, 150, over=100)
    teller.commit(payment, authorization, capture)
    assert 1 == checked(check_I3, teller.history)
    assert 1 == checked(check_I5, teller.history)


def test_what_is_to_be_released_is_not_taken_as_well() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, void = voiding(payment, 60)
    payment, capture = capturing(payment, 40)
    teller.commit(payment, authorization, void, attrs.evolve(capture, amount=eur(41)))
    assert "I3" == broken_by(check_I3, teller.history)


def test_no_more_is_given_back_than_was_taken() -> None:
    teller, payment, refund = refunded_so_far()
    assert 1 == checked(check_I4, teller.history)
    second = attrs.evolve(refund, id="re_2", version=1, amount=eur(61))
    teller.write_only(payment, second)
    assert "I4" == broken_by(check_I4, teller.history)


def test_a_provider_may_break_the_books_but_they_say_so() -> None:
    teller = Teller()
    payment, authorization, capture = taken(50)
    evidence = heard(Refunded(eur(60)), source=EvidenceSource.NOTIFICATION)
    payment, refund = payment.told_of_movement(None, "re_9", evidence)
    entities = teller.commit(payment, authorization, capture, refund)
    assert 1 == checked(check_I5, teller.history)
    silent = attrs.evolve(find(Payment, entities), discrepancies=())
    teller.write_only(silent)
    assert "I5" == broken_by(check_I5, teller.history)


def test_a_payment_without_movements_has_nothing_to_balance() -> None:
    teller = Teller()
    teller.commit(begun())
    assert 0 == checked(check_I5, teller.history)
    assert 0 == checked(check_I8, teller.history)


def test_what_is_left_follows_from_the_balances(monkeypatch: pytest.MonkeyPatch) -> None:
    teller, _, _ = refunded_so_far()
    assert 2 == checked(check_I6, teller.history)
    monkeypatch.setattr(Balances, "refundable", property(lambda balances: balances.captured))
    assert "I6" == broken_by(check_I6, teller.history)
    monkeypatch.setattr(Balances, "capturable", property(lambda balances: balances.authorized))
    assert "I6" == broken_by(check_I6, teller.history)


def test_a_refund_that_failed_gives_its_amount_back() -> None:
    teller, payment, refund = refunded_so_far()
    assert 1 == checked(check_I7, teller.history)
    after, failed = payment.settle(refund, heard(Declined(DECLINE)))
    still = attrs.evolve(after, balances=payment.balances)
    teller.commit(still, failed)
    assert "I7" == broken_by(check_I7, teller.history)
    teller, payment, refund = refunded_so_far()
    teller.commit(*payment.settle(refund, heard(Declined(DECLINE))))
    assert 1 == checked(check_I7, teller.history)


def test_each_unit_that_was_held_is_in_one_place() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, capture = capturing(payment, 60, final=True)
    teller.commit(payment, authorization, capture)
    assert 0 == checked(check_I7, teller.history)
    assert 7 == checked(check_I8, teller.history)
    teller = Teller()
    payment, capture = payment.settle(capture, heard(Captured(eur(50))))
    entities = teller.commit(payment, authorization, capture)
    assert 7 == checked(check_I8, teller.history)
    carried = find(Payment, entities)
    more = attrs.evolve(carried.balances, voids=eur(60))
    teller.write_only(attrs.evolve(carried, balances=more))
    assert "I8" == broken_by(check_I8, teller.history)


def test_what_was_taken_in_one_step_and_came_undone_has_lapsed() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, capture = payment.take(
        "ca_1", amount=eur(100), evidence=heard(Captured(eur(100))), at=at(1)
    )
    payment, capture = payment.settle(capture, heard(Declined(DECLINE, occurred_at=at(5)), 5))
    teller.commit(payment, authorization, capture)
    assert 7 == checked(check_I8, teller.history)
    payment, authorization = held()
    lapsed = heard(AuthorizationLapsed(eur(10)))
    payment, authorization = payment.told_of_authorization(authorization, lapsed)
    teller = Teller()
    teller.commit(payment, authorization)
    assert 7 == checked(check_I8, teller.history)


def test_what_a_final_capture_leaves_is_no_more_than_what_is_told_of_otherwise_has_left() -> None:
    for told in ((), (AuthorizationLapsed(eur(30)),)):
        for word in (None, Captured(eur(50))):
            teller = Teller()
            payment, authorization = held()
            payment, capture = capturing(payment, 60, final=True)
            for fact in told:
                payment, authorization = payment.told_of_authorization(authorization, heard(fact))
            if word is not None:
                payment, capture = payment.settle(capture, heard(word))
            teller.commit(payment, authorization, capture)
            assert 7 == checked(check_I8, teller.history)


def test_what_was_taken_again_in_part_has_lapsed_for_the_rest() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, capture = payment.take(
        "ca_1", amount=eur(100), evidence=heard(Captured(eur(100))), at=at(1)
    )
    for fact in (Bounced(DECLINE), Retaken(eur(60))):
        payment, capture = payment.settle(capture, heard(fact))
    teller.commit(payment, authorization, capture)
    assert 7 == checked(check_I8, teller.history)
    (books,) = books_of(teller.history)
    assert (6000, 4000) == (books.captured, books.lapsed)


def test_voids_count_while_they_may_happen() -> None:
    teller = Teller()
    payment, authorization = held()
    payment, void = voiding(payment, 60)
    entities = teller.commit(payment, authorization, void)
    assert 7 == checked(check_I8, teller.history)
    payment, void = find(Payment, entities).settle(find(Void, entities), heard(Voided(eur(60))))
    teller.commit(payment, void)
    assert 7 == checked(check_I8, teller.history)


def test_what_a_dispute_took_counts_once() -> None:
    teller = Teller()
    payment, authorization, capture = taken()
    withdrawn = heard(FundsWithdrawn(eur(100)), source=EvidenceSource.NOTIFICATION)
    payment, dispute = payment.told_of_dispute(None, "dp_1", withdrawn)
    entities = teller.commit(payment, authorization, capture, dispute)
    assert 2 == checked(check_I12, teller.history)
    payment, dispute = find(Payment, entities), find(Dispute, entities)
    twice = attrs.evolve(payment.balances, withheld=eur(200))
    teller.write_only(attrs.evolve(payment, balances=twice))
    assert "I12" == broken_by(check_I12, teller.history)
    back = heard(FundsReinstated(eur(30)), 2, source=EvidenceSource.NOTIFICATION)
    entities = teller.commit(*payment.told_of_dispute(dispute, "dp_1", back))
    assert 2 == checked(check_I12, teller.history)
    payment, dispute = find(Payment, entities), find(Dispute, entities)
    status = heard(DisputeChanged("lost"), 3, source=EvidenceSource.NOTIFICATION)
    teller.commit(*payment.told_of_dispute(dispute, "dp_1", status))
    assert 2 == checked(check_I12, teller.history)


def test_money_that_came_back_without_having_gone_counts_nothing() -> None:
    teller = Teller()
    payment, authorization, capture = taken()
    back = heard(FundsReinstated(eur(30)), source=EvidenceSource.NOTIFICATION)
    payment, dispute = payment.told_of_dispute(None, "dp_1", back)
    teller.commit(payment, authorization, capture, dispute)
    assert 0 == checked(check_I12, teller.history)


def test_a_payment_below_zero_says_so() -> None:
    teller, payment, refund = refunded_so_far(amount=100)
    entities = teller.commit(*payment.settle(refund, heard(Refunded(eur(100)))))
    withdrawn = heard(FundsWithdrawn(eur(100)), 2, source=EvidenceSource.NOTIFICATION)
    entities = teller.commit(*find(Payment, entities).told_of_dispute(None, "dp_1", withdrawn))
    assert 2 == checked(check_I12, teller.history)
    teller.write_only(attrs.evolve(find(Payment, entities), discrepancies=()))
    assert "I12" == broken_by(check_I12, teller.history)


def test_another_amount_than_was_asked_for_is_told() -> None:
    teller, payment, refund = refunded_so_far()
    after, moved = payment.settle(refund, heard(Refunded(eur(30))))
    entities = teller.commit(after, moved)
    assert 1 == checked(check_I13, teller.history)
    teller.write_only(attrs.evolve(find(Payment, entities), discrepancies=()))
    assert "I13" == broken_by(check_I13, teller.history)


def opened() -> tuple[PaymentSession, Attempt]:
    return completing(new_session(UnderpaidPolicy.ACCEPT)[0])


def test_a_part_of_the_money_is_told_and_completes_nothing_by_itself() -> None:
    teller = Teller()
    settlement = settled(*opened(), heard(Authorized(eur(60))))
    entities = teller.commit(*parts_of(settlement))
    assert 1 == checked(check_I14, teller.history)
    assert 1 == checked(check_I13, teller.history)
    payment, session = find(Payment, entities), find(PaymentSession, entities)
    attempt = find(Attempt, entities)
    teller.write_only(attrs.evolve(payment, discrepancies=()), attempt)
    assert "I13" == broken_by(check_I13, teller.history)
    assert 0 == checked(check_I14, teller.history)
    strict = attrs.evolve(session.method, on_underpaid=UnderpaidPolicy.RELEASE)
    teller = Teller()
    teller.write_only(payment, attempt, attrs.evolve(session, method=strict))
    assert "I14" == broken_by(check_I14, teller.history)


def test_a_session_that_was_completed_is_not_completed_by_a_part() -> None:
    teller = Teller()
    teller.commit(*parts_of(settled(*opened(), heard(Authorized(eur(60))))))
    completed = teller.history.get(PaymentSession, "ps_1")
    assert completed is not None
    teller.write_only(completed)
    assert 0 == checked(check_I14, teller.history)


def test_an_attempt_that_brought_all_or_nothing_is_no_part() -> None:
    teller = Teller()
    teller.commit(*parts_of(settled(*opened(), heard(Authorized(eur(100))))))
    assert 0 == checked(check_I14, teller.history)
    assert 0 == checked(check_I13, teller.history)
    teller = Teller()
    teller.commit(*parts_of(settled(*opened(), heard(Declined(DECLINE)))))
    assert 0 == checked(check_I14, teller.history)


def test_an_attempt_whose_payment_is_not_there_says_nothing() -> None:
    teller = Teller()
    settlement = settled(*opened(), heard(Authorized(eur(60))))
    teller.write_only(settlement.attempt)
    assert 0 == checked(check_I13, teller.history)


def effect(kind: EffectKind, amount: int, operation_id: str | None = "ca_1") -> Effect:
    return Effect(
        operation_id=operation_id,
        kind=kind,
        amount=eur(amount),
        key=None,
        at=at(0),
        reference="r_1",
        deal="d_1",
    )


def test_in_the_end_the_books_say_what_the_provider_did() -> None:
    teller, _, _ = refunded_so_far()
    history = teller.history
    history.truth += [effect(EffectKind.HELD, 100, None), effect(EffectKind.TAKEN, 100)]
    history.is_over = True
    assert 9 == checked(check_I8, history)
    assert 1 == checked(check_I7, history)
    history.truth.append(effect(EffectKind.TAKEN, 1))
    assert "I8" == broken_by(check_I8, history)
    history.truth[-1].undone = True
    history.truth.append(effect(EffectKind.GIVEN_BACK, 40, "re_1"))
    assert "I7" == broken_by(check_I7, history)
    history.truth.append(effect(EffectKind.WITHDRAWN, 100, None))
    assert "I12" == broken_by(check_I12, history)
    history.truth.append(effect(EffectKind.REINSTATED, 100, None))
    assert 0 == checked(check_I12, history)
    history.truth.append(effect(EffectKind.RELEASED, 5, None))
    assert "I8" == broken_by(check_I8, history)
    history.truth.append(effect(EffectKind.HELD, 5, None))
    assert 9 == checked(check_I8, history)


def test_money_of_a_session_is_compared_together() -> None:
    teller = Teller()
    teller.commit(*parts_of(settled(*opened(), heard(Authorized(eur(100))))))
    teller.history.truth.append(effect(EffectKind.HELD, 100, "at_2"))
    teller.history.truth.append(attrs.evolve(effect(EffectKind.HELD, 7, None), deal="d_2"))
    teller.note()
    teller.history.is_over = True
    assert 2 == checked(check_I8, teller.history)
    assert 0 == checked(check_I7, teller.history)


def parked(*, applied_to: str | None) -> ParkedReport:
    report = Report(Captured(eur(1)), references=References.of(capture="r_1"))
    waiting = ParkedReport.of(
        report, ParkReason.UNKNOWN_REFERENCE, gateway="bogus", tenant="", at=at(0)
    )
    if applied_to is not None:
        return waiting.applied(applied_to, at=at(1))
    return waiting.dismissed(actor="anna", reason="another shop's", at=at(1))


def test_what_people_said_concerns_nobody_is_not_expected_in_the_books() -> None:
    for applied_to, times in (("ca_1", 2), (None, 0)):
        teller, _, _ = refunded_so_far()
        teller.history.truth.append(effect(EffectKind.TAKEN, 100))
        teller.history.truth.append(effect(EffectKind.HELD, 100, None))
        teller.commit(parked(applied_to=applied_to))
        teller.note()
        teller.history.is_over = True
        assert times == checked(check_I8, teller.history)


def test_what_differs_in_the_end_is_told_in_a_line() -> None:
    teller, _, _ = refunded_so_far()
    teller.history.truth.append(effect(EffectKind.TAKEN, 99))
    teller.note()
    teller.history.is_over = True
    with pytest.raises(InvariantBroken) as caught:
        check_I8(teller.history)
    assert (
        "py_1: the provider taken 9900; booked authorized 10000, captured 10000"
        == caught.value.seen
    )


def test_books_are_made_up_once_for_each_moment() -> None:
    teller, _, _ = refunded_so_far()
    first = books_of(teller.history)
    assert first is books_of(teller.history)
    teller.note()
    assert () == books_of(teller.history)
