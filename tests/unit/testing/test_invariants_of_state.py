"""What is checked of statuses and refusals holds on real records, and breaks where planted."""

from __future__ import annotations

import attrs
import pytest
from history_builders import (
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
    lease,
    new_session,
    parts_of,
    refunding,
    settled,
    taken,
)

from paysession import PaymentSession, UnderpaidPolicy
from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._flows.asks import Now, Read
from paysession.errors import AmountExceeded, InvalidSignature, NotFound, UnreadableNotification
from paysession.gateways import Notification
from paysession.lifecycles import DisputeStatus, PaymentStatus, SessionStatus
from paysession.outcomes import Accepted, Authorized, Canceled, DisputeChanged, Refunded, Report
from paysession.testing._invariants.history import History
from paysession.testing._invariants.state import (
    check_I15,
    check_I16,
    check_I17,
    check_I18,
    check_I20,
    check_I21,
    check_I22,
    check_I23,
    check_I24,
    check_I25,
)

LATE = 120


def with_refund() -> tuple[Teller, Payment, Refund]:
    teller = Teller()
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, 40)
    entities = teller.commit(payment, authorization, capture, refund)
    return teller, find(Payment, entities), find(Refund, entities)


def asking(
    on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE, *, expires: int | None = None
) -> tuple[Teller, PaymentSession, Attempt]:
    """A session whose completion was asked for."""
    teller = Teller()
    session, attempt = new_session(on_underpaid, None if expires is None else at(expires))
    entities = teller.commit(*completing(session), attempt, account())
    completion = next(each for each in entities if isinstance(each, Attempt) and each.id == "at_2")
    return teller, find(PaymentSession, entities), completion


def told(teller: Teller, session: PaymentSession, attempt: Attempt, *facts: object) -> None:
    for fact in facts:
        settlement = settled(session, attempt, heard(fact))  # type: ignore[arg-type]
        teller.commit(*parts_of(settlement)[1:])


def test_every_change_follows_an_edge() -> None:
    teller, payment, refund = with_refund()
    assert 2 == checked(check_I15, teller.history)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    assert 2 == checked(check_I15, teller.history)
    teller.write_only(attrs.evolve(payment, status=PaymentStatus.CHECKOUT))
    assert "I15" == broken_by(check_I15, teller.history)


def test_a_dispute_follows_its_chart_step_by_step() -> None:
    teller = Teller()
    payment, authorization, capture = taken()
    lost = heard(DisputeChanged("lost"), source=EvidenceSource.NOTIFICATION)
    payment, dispute = payment.told_of_dispute(None, "dp_1", lost)
    teller.commit(payment, authorization, capture, dispute)
    assert dispute is not None
    assert DisputeStatus.LOST is dispute.status
    assert 0 < checked(check_I15, teller.history)
    stored = find(Payment, teller.history.entities(Payment))
    noted = stored.disagreed(DiscrepancyKind.OVERPAID, "dp_1", "1", "2", at=at(3))
    teller.commit(noted)
    assert 0 == checked(check_I15, teller.history)
    jumping = Teller()
    calm = heard(DisputeChanged("inquiry"), source=EvidenceSource.NOTIFICATION)
    entities = jumping.commit(*taken()[0].told_of_dispute(None, "dp_1", calm))
    won = heard(DisputeChanged("closed"), 2, source=EvidenceSource.NOTIFICATION)
    appealed = find(Dispute, entities).observed(won)
    jumping.write_only(find(Payment, entities), appealed)
    assert 1 == checked(check_I15, jumping.history)


def test_what_has_no_chart_is_left_alone() -> None:
    teller = Teller()
    teller.commit(account())
    assert 0 == checked(check_I15, teller.history)


def test_an_end_absorbs_all_that_comes_later() -> None:
    teller, session, attempt = asking()
    told(teller, session, attempt, Authorized(eur(100)))
    assert 0 == checked(check_I16, teller.history)
    ended = teller.history.get(PaymentSession, "ps_1")
    assert ended is not None
    teller.write_only(ended)
    assert 1 == checked(check_I16, teller.history)
    teller.write_only(attrs.evolve(ended, status=SessionStatus.PENDING))
    assert "I16" == broken_by(check_I16, teller.history)


def test_a_session_ends_once() -> None:
    teller, session, attempt = asking()
    told(teller, session, attempt, Authorized(eur(100)))
    assert 1 == checked(check_I17, teller.history)
    assert "I17" == broken_by(check_I17, teller.history)


def test_a_refusal_changes_nothing() -> None:
    teller, _, _ = with_refund()
    teller.begin("refund#2")
    teller.end("refund", error=NotFound("payment", "py_9"))
    assert 1 == checked(check_I18, teller.history)
    teller.begin("refund#3")
    teller.end("refund", result="a refund")
    assert 0 == checked(check_I18, teller.history)
    teller.begin("recover#1")
    teller.end("refund", error=AmountExceeded(eur(2), eur(1), "refundable", "py_1"))
    assert "I18" == broken_by(check_I18, teller.history)


def test_a_refusal_may_have_found_out_more() -> None:
    teller, payment, refund = with_refund()
    teller.begin("capture#2")
    teller.look_up(refund)
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    teller.end("capture", error=NotFound("payment", "py_9"))
    assert 1 == checked(check_I18, teller.history)
    teller.begin("capture#3")
    teller.commit(*payment.settle(refund, heard(Refunded(eur(40)))))
    teller.end("capture", error=NotFound("payment", "py_9"))
    assert "I18" == broken_by(check_I18, teller.history)


def test_there_is_no_hidden_clock() -> None:
    teller = Teller()
    teller.look_at_the_clock()
    assert 0 == checked(check_I20, teller.history)
    teller.commit(*held())
    assert 2 == checked(check_I20, teller.history)
    teller.note(Now(), error=TypeError("clock must return aware datetimes"))
    assert 0 == checked(check_I20, teller.history)
    teller.write_only(attrs.evolve(held()[0], updated_at=at(7)))
    assert "I20" == broken_by(check_I20, teller.history)


def closing(teller: Teller, session: PaymentSession, minutes: int) -> None:
    after, attempt = session.request_close("at_9", CloseReason.EXPIRED, lease=lease(minutes))
    teller.commit(after, attempt)


def test_a_session_expires_in_its_time() -> None:
    teller = Teller()
    session, attempt = new_session(expires_at=at(60))
    entities = teller.commit(session, attempt, account())
    closing(teller, find(PaymentSession, entities), 60)
    assert 2 == checked(check_I21, teller.history)
    teller.write_only(find(PaymentSession, entities))
    assert 0 == checked(check_I21, teller.history)
    closing(teller, find(PaymentSession, entities), 59)
    assert "I21" == broken_by(check_I21, teller.history)


def test_a_session_never_expires_while_money_is_asked_for() -> None:
    teller, session, _ = asking(expires=60)
    closing(teller, session, 60)
    assert "I21" == broken_by(check_I21, teller.history)


def test_what_a_provider_lets_expire_is_its_own_word() -> None:
    teller = Teller()
    session, attempt = new_session(expires_at=at(60))
    entities = teller.commit(session, attempt, account())
    session, attempt = find(PaymentSession, entities), find(Attempt, entities)
    alone = session.close(CloseReason.EXPIRED, at=at(5))
    teller.commit(alone)
    assert "I21" == broken_by(check_I21, teller.history)
    teller.commit(alone, attempt.observed(heard(Canceled())))
    assert 0 == checked(check_I21, teller.history)


def test_an_end_that_is_set_comes_no_later_than_it_was() -> None:
    teller, session, _ = asking(expires=60)
    for minutes, is_broken in ((50, False), (70, True)):
        terms = attrs.evolve(session.terms, expires_at=at(minutes))
        teller.write_only(session)
        teller.write_only(attrs.evolve(session, terms=terms))
        if is_broken:
            assert "I21" == broken_by(check_I21, teller.history)
        else:
            assert 1 == checked(check_I21, teller.history)


def test_another_aggregate_s_end_is_not_this_session_s() -> None:
    teller, session, attempt = asking()
    other = attrs.evolve(session, id="ps_2")
    expired = other.close(CloseReason.EXPIRED, at=at(1))
    teller.commit(session.late(attempt, Canceled(), at=at(1)), expired)
    assert 0 == checked(check_I21, teller.history)


def test_a_session_is_completed_by_its_money() -> None:
    teller, session, attempt = asking()
    told(teller, session, attempt, Authorized(eur(100)))
    assert 1 == checked(check_I22, teller.history)
    completed = teller.history.get(PaymentSession, "ps_1")
    assert completed is not None
    teller.write_only(completed)
    assert 0 == checked(check_I22, teller.history)
    teller.write_only(session)
    teller.write_only(attrs.evolve(completed, payment_id="py_9"))
    assert "I22" == broken_by(check_I22, teller.history)


def test_a_part_completes_a_session_that_accepts_parts() -> None:
    teller, session, attempt = asking(UnderpaidPolicy.ACCEPT)
    told(teller, session, attempt, Authorized(eur(60)))
    assert 1 == checked(check_I22, teller.history)


def test_in_the_end_money_has_completed_its_session_or_is_told() -> None:
    teller, session, attempt = asking()
    told(teller, session, attempt, Authorized(eur(100)))
    teller.note()
    teller.history.is_over = True
    assert 1 == checked(check_I22, teller.history)
    teller.write_only(session)
    assert "I22" == broken_by(check_I22, teller.history)
    teller, _, _ = with_refund()
    teller.note()
    teller.history.is_over = True
    assert 0 == checked(check_I22, teller.history)


def test_what_may_come_to_money_is_not_given_up() -> None:
    teller, session, attempt = asking()
    canceled = session.close(CloseReason.CANCELED, at=at(1))
    teller.commit(canceled)
    assert "I23" == broken_by(check_I23, teller.history)
    teller.commit(canceled, attempt.observed(heard(Canceled())))
    assert 0 == checked(check_I23, teller.history)
    teller, session, attempt = asking()
    teller.commit(canceled, attempt.observed(heard(Canceled())))
    assert 1 == checked(check_I23, teller.history)


def test_who_cancels_withdraws_what_nobody_has_asked_for_yet() -> None:
    def given_up(reason: CloseReason) -> History:
        teller, session, attempt = asking(expires=1)
        teller.write_only(attrs.evolve(attempt, version=attempt.version + 1, sent_at=None))
        teller.commit(session.close(reason, at=at(2)))
        return teller.history

    assert 1 == checked(check_I23, given_up(CloseReason.CANCELED))
    assert "I23" == broken_by(check_I23, given_up(CloseReason.EXPIRED))


def test_a_session_that_is_given_up_ends_when_its_money_has_come() -> None:
    teller, session, attempt = asking()
    _, payment, _ = with_refund()
    other = payment.disagreed(DiscrepancyKind.PAID_TWICE, "at_9", "completed", "1", at=at(1))
    teller.commit(session.close(CloseReason.CANCELED, at=at(1)), other)
    assert "I23" == broken_by(check_I23, teller.history)
    teller, session, attempt = asking()
    late = attrs.evolve(payment, session_id=session.id)
    kind = DiscrepancyKind.PAID_AFTER_CLOSE
    told_of = late.disagreed(kind, attempt.id, "canceled", late.amount, at=at(1))
    teller.commit(session.close(CloseReason.CANCELED, at=at(1)), told_of)
    assert 1 == checked(check_I23, teller.history)


def test_a_record_comes_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Teller()
    teller.history.seed = 31
    teller.commit(*held())
    assert 2 == checked(check_I24, teller.history)
    monkeypatch.setattr(Payment, "__eq__", lambda *_: False)
    assert "I24" == broken_by(check_I24, teller.history)
    teller.commit(*held())
    assert 0 == checked(check_I24, teller.history)


def test_whatever_an_adapter_says_a_command_ends() -> None:
    teller, _, refund = with_refund()
    teller.end("refund")
    assert 0 == checked(check_I25, teller.history)
    teller.call(refund, "nonsense")
    teller.end("refund")
    assert 1 == checked(check_I25, teller.history)
    teller.call(refund, error=ValueError("boom"))
    teller.end("refund", error=ValueError("boom"))
    assert "I25" == broken_by(check_I25, teller.history)
    teller.end("refund", error=ValueError("boom"), crashed=True)
    assert 0 == checked(check_I25, teller.history)


def test_what_is_read_may_be_nonsense_too() -> None:
    teller = Teller()
    notification = Notification(b"{}", {})
    teller.note(Read("bogus", notification), error=InvalidSignature())
    teller.note(Read("bogus", notification), answer=(Report(Accepted()),))
    teller.end("receive_notification")
    assert 0 == checked(check_I25, teller.history)
    teller.note(Read("bogus", notification), answer=None)
    teller.end("receive_notification", error=UnreadableNotification("no report"))
    assert 1 == checked(check_I25, teller.history)
