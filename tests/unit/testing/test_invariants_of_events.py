"""What is checked of commits and events holds on real records, and breaks where planted."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from history_builders import (
    DECLINE,
    Teller,
    account,
    at,
    broken_by,
    checked,
    completing,
    eur,
    find,
    heard,
    held,
    new_session,
    refunding,
    settled,
    taken,
)

from paysession import PayableAccount, PaymentSession
from paysession._domain.attempts import Attempt
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.movements import Capture, MovementOperation, Refund
from paysession._domain.parked import ParkedReport, ParkReason
from paysession._domain.payment import Payment
from paysession._flows.asks import Commit, Find, Read
from paysession._flows.notifications import Received
from paysession.errors import StaleVersion
from paysession.gateways import Capabilities, Notification
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Declined,
    Pending,
    Refunded,
    Report,
    Totals,
    Unknown,
)
from paysession.stores import Changes
from paysession.testing._invariants.events import (
    check_I41,
    check_I42,
    check_I43,
    check_I44,
    check_I45,
    check_I46,
    check_I47,
    check_I48,
    check_I49,
)


def with_refund() -> tuple[Teller, Payment, Refund]:
    teller = Teller()
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, 40)
    entities = teller.commit(payment, authorization, capture, refund)
    return teller, find(Payment, entities), find(Refund, entities)


def test_a_commit_goes_one_version_on() -> None:
    teller, payment, refund = with_refund()
    assert 5 == checked(check_I41, teller.history)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    assert 3 == checked(check_I41, teller.history)
    teller.write_only(attrs.evolve(payment, version=7))
    assert "I41" == broken_by(check_I41, teller.history)


def test_the_events_of_a_commit_are_dense() -> None:
    teller = Teller()
    changes = Changes.of(held(), tenant="")
    teller.write(attrs.evolve(changes, events=changes.events[1:]))
    assert "I41" == broken_by(check_I41, teller.history)


def test_the_events_add_up_to_what_stands_there() -> None:
    teller, payment, refund = with_refund()
    assert 1 == checked(check_I42, teller.history)
    after, moved = payment.settle(refund, heard(Refunded(eur(30))))
    changes = Changes.of((after, moved), tenant="")
    teller.write(changes)
    assert 1 == checked(check_I42, teller.history)
    entities = teller.commit(
        find(Payment, changes.entities).agreed(
            find(Payment, changes.entities).discrepancies[0].kind, "re_1", at=at(2)
        )
    )
    assert 1 == checked(check_I42, teller.history)
    teller.write_only(attrs.evolve(find(Payment, entities), balances=payment.balances))
    assert "I42" == broken_by(check_I42, teller.history)


def test_the_events_of_accounts_and_sessions_add_up_too() -> None:
    teller = Teller()
    session, attempt = new_session()
    entities = teller.commit(session, attempt, account())
    assert 2 == checked(check_I42, teller.history)
    owing = attrs.evolve(find(PayableAccount, entities), total=eur(7))
    teller.write_only(owing)
    assert "I42" == broken_by(check_I42, teller.history)


def test_what_moves_nothing_adds_nothing_up() -> None:
    teller, session, _, new = two_attempts()
    assert 2 == checked(check_I42, teller.history)
    doubted, attempt = session.doubt(new, Unknown("timed out"), at=at(1))
    entities = teller.commit(doubted, attempt)
    assert 1 == checked(check_I42, teller.history)
    kind = DiscrepancyKind.CURRENCY_MISMATCH
    odd = find(PaymentSession, entities).disagreed(kind, "at_2", "EUR", "USD", at=at(2))
    entities = teller.commit(odd)
    assert 1 == checked(check_I42, teller.history)
    entities = teller.commit(find(PaymentSession, entities).agreed(kind, "at_2", at=at(3)))
    assert 1 == checked(check_I42, teller.history)


def test_what_was_never_told_of_has_nothing_to_add_up() -> None:
    teller = Teller()
    teller.write_only(account())
    assert 1 == checked(check_I42, teller.history)


def test_who_is_too_late_changes_nothing() -> None:
    teller, payment, _ = with_refund()
    commit = Commit(Changes(tenant="", entities=(payment,)))
    teller.note(commit, error=StaleVersion("payment", "py_1", 1))
    assert 1 == checked(check_I43, teller.history)
    written = Changes(tenant="", entities=(payment,))
    teller.note(commit, error=StaleVersion("payment", "py_1", 1), written=written)
    assert "I43" == broken_by(check_I43, teller.history)
    teller.note()
    assert 0 == checked(check_I43, teller.history)


def test_what_is_written_rests_on_the_newest_version() -> None:
    teller, payment, refund = with_refund()
    teller.begin("refund#2")
    teller.read(payment, refund)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    assert 2 == checked(check_I43, teller.history)
    newest = teller.history.get(Payment, "py_1")
    assert newest is not None
    teller.begin("refund#3")
    teller.read(payment)
    blind = attrs.evolve(newest, version=3)
    teller.write_only(blind)
    assert "I43" == broken_by(check_I43, teller.history)


def test_an_old_copy_does_not_make_a_newer_one_unread() -> None:
    teller, payment, _ = with_refund()
    teller.begin("refund#2")
    newest = attrs.evolve(payment, version=2)
    teller.write_only(newest)
    teller.note(Find(Payment, "payable_id", "order"), answer=(newest, "no entity"))
    teller.read(payment)
    teller.write_only(attrs.evolve(newest, version=3))
    assert 1 == checked(check_I43, teller.history)


def test_what_changes_is_told_in_the_same_commit() -> None:
    teller, payment, _ = with_refund()
    assert 1 == checked(check_I44, teller.history)
    teller.write_only(payment)
    assert "I44" == broken_by(check_I44, teller.history)
    teller.note()
    assert 0 == checked(check_I44, teller.history)


def test_all_that_is_told_is_handed_out_in_order() -> None:
    teller, payment, refund = with_refund()
    checked(check_I44, teller.history)
    published = [*teller.history.events]
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    checked(check_I44, teller.history)
    published += teller.history.events
    teller.note()
    teller.history.is_over = True
    teller.history.published = [published[0], *published]
    assert 1 == checked(check_I44, teller.history)
    teller.history.published = published[::-1]
    assert "I44" == broken_by(check_I44, teller.history)
    teller.history.published = []
    assert "I44" == broken_by(check_I44, teller.history)


def test_any_order_of_facts_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    teller, payment, refund = with_refund()
    payment, refund = payment.settle(refund, heard(Pending()))
    assert 0 == checked(check_I45, teller.history)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    assert 1 == checked(check_I45, teller.history)

    def by_the_last(refund: MovementOperation) -> OperationStatus:
        return refund._status_by(refund.facts[-1].fact)

    monkeypatch.setattr(MovementOperation, "status", property(by_the_last))
    assert "I45" == broken_by(check_I45, teller.history)


def test_attempts_come_to_the_same_too() -> None:
    teller = Teller()
    session, attempt = new_session()
    done = attempt.observed(heard(Pending())).observed(heard(Accepted()))
    teller.commit(session, done)
    assert 1 == checked(check_I45, teller.history)


def two_attempts() -> tuple[Teller, PaymentSession, Attempt, Attempt]:
    teller = Teller()
    session, first = new_session()
    session, second = completing(session)
    entities = teller.commit(session, first, second, account())
    found = {each.id: each for each in entities}
    old, new = found["at_1"], found["at_2"]
    assert isinstance(old, Attempt)
    assert isinstance(new, Attempt)
    return teller, find(PaymentSession, entities), old, new


def test_what_is_heard_of_one_attempt_alters_no_other() -> None:
    teller, session, old, new = two_attempts()
    teller.call(new, Pending())
    told = new.observed(heard(Pending()))
    teller.commit(session.process(told, at=at(1)), told)
    assert 1 == checked(check_I46, teller.history)
    assert 0 == checked(check_I46, with_refund()[0].history)
    wrong = old.observed(heard(Pending()))
    teller.write_only(wrong)
    assert "I46" == broken_by(check_I46, teller.history)


def test_an_old_attempt_moves_no_session() -> None:
    teller, session, old, _ = two_attempts()
    teller.call(old, Declined(DECLINE))
    refused = old.observed(heard(Declined(DECLINE)))
    teller.commit(session.late(refused, Declined(DECLINE), at=at(1)), refused)
    assert 2 == checked(check_I46, teller.history)
    teller.write_only(session, old)
    moved = attrs.evolve(session, status=SessionStatus.PENDING)
    teller.write_only(moved, refused)
    assert "I46" == broken_by(check_I46, teller.history)


def test_the_newest_attempt_may_move_its_session() -> None:
    teller, session, _, new = two_attempts()
    teller.call(new, Declined(DECLINE))
    settlement = settled(session, new, heard(Declined(DECLINE)))
    teller.commit(settlement.session, settlement.attempt)
    assert 1 == checked(check_I46, teller.history)
    teller.write_only(new)
    other = attrs.evolve(session, id="ps_2")
    teller.write_only(other, settlement.attempt)
    assert 1 == checked(check_I46, teller.history)


def test_money_of_an_old_attempt_counts() -> None:
    teller, session, old, _ = two_attempts()
    teller.call(old, Authorized(eur(100)))
    settlement = settled(session, old, heard(Authorized(eur(100))))
    teller.commit(settlement.session, settlement.attempt)
    assert 1 == checked(check_I46, teller.history)


NOTIFICATION = Notification(b"", {})


def receive(teller: Teller, report: Report, result: object, **ended: Any) -> None:
    teller.begin(f"receive_notification#{len(teller.history.moments)}")
    teller.note(Read("bogus", NOTIFICATION), answer=(report,))
    teller.end("receive_notification", result=result, **ended)


def test_a_report_of_what_is_not_known_is_kept() -> None:
    teller = Teller()
    report = Report(Refunded(eur(40)), our_reference="re_9")
    receive(teller, report, Received(gateway="bogus", parked=("pr_1",)))
    assert 1 == checked(check_I47, teller.history)
    receive(teller, attrs.evolve(report, our_reference=None), Received(gateway="bogus"))
    assert "I47" == broken_by(check_I47, teller.history)
    receive(teller, report, None, error=ValueError("gone"))
    assert 0 == checked(check_I47, teller.history)


def parked(reference: str) -> ParkedReport:
    report = Report(Refunded(eur(40)), our_reference=reference)
    return ParkedReport.of(
        report, ParkReason.UNKNOWN_REFERENCE, gateway="bogus", tenant="", at=at(0)
    )


def test_in_the_end_a_report_is_applied_if_it_can_be() -> None:
    teller, _, _ = with_refund()
    teller.commit(parked("re_9"))
    teller.note()
    teller.history.is_over = True
    assert 1 == checked(check_I47, teller.history)
    teller.commit(parked("re_1"))
    assert "I47" == broken_by(check_I47, teller.history)


def test_a_notification_is_acknowledged_when_it_is_stored() -> None:
    teller, payment, refund = with_refund()
    report = Report(Refunded(eur(40)), our_reference="re_1")
    assert 0 == checked(check_I47, teller.history)
    receive(teller, report, Received(gateway="bogus"))
    assert "I48" == broken_by(check_I48, teller.history)
    assert 0 == checked(check_I47, teller.history)
    receive(teller, report, Received(gateway="bogus", parked=("pr_1",)))
    assert 1 == checked(check_I48, teller.history)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    receive(teller, report, Received(gateway="bogus"))
    assert 1 == checked(check_I48, teller.history)


def test_what_is_no_fact_about_an_operation_need_not_be_stored_with_one() -> None:
    teller, _, _ = with_refund()
    for fact in (Unknown("a hint"), Totals(refunded=eur(40))):
        receive(teller, Report(fact, our_reference="re_1"), Received(gateway="bogus"))
        assert 0 == checked(check_I48, teller.history)
    teller.behaves(Capabilities(signs_facts=False))
    report = Report(Refunded(eur(40)), our_reference="re_1")
    receive(teller, report, Received(gateway="bogus"))
    assert 0 == checked(check_I48, teller.history)
    receive(teller, report, None, crashed=True)
    assert 0 == checked(check_I48, teller.history)


def test_a_gateway_is_asked_for_what_is_committed() -> None:
    teller, _, refund = with_refund()
    teller.call(refund, Pending())
    assert 1 == checked(check_I49, teller.history)
    teller.call(attrs.evolve(refund, id="re_9"), Pending())
    assert "I49" == broken_by(check_I49, teller.history)


def test_no_gateway_is_asked_in_the_middle_of_a_unit() -> None:
    teller, payment, refund = with_refund()
    teller.begin("refund#2")
    teller.call(refund, Pending())
    teller.read(payment, refund)
    teller.commit(*payment.settle(refund, heard(Pending())))
    assert 2 == checked(check_I49, teller.history)
    teller.begin("refund#3")
    teller.read(payment, refund)
    teller.call(refund, Pending())
    teller.write(Changes.of(payment.settle(refund, heard(Pending())), tenant=""))
    assert "I49" == broken_by(check_I49, teller.history)


def test_what_is_made_anew_was_never_read() -> None:
    teller, _, refund = with_refund()
    teller.begin("refund#2")
    teller.call(refund, Pending())
    teller.commit(account())
    assert 0 == checked(check_I49, teller.history)


def test_captures_are_told_by_the_payment() -> None:
    teller, _, _ = with_refund()
    assert teller.history.get(Capture, "ca_1") is not None
