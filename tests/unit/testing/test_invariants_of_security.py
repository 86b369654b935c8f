"""What is checked of secrets and bounds holds on real records, and breaks where planted."""

from __future__ import annotations

import attrs
import pytest
from history_builders import (
    DECLINE,
    Teller,
    at,
    broken_by,
    checked,
    eur,
    find,
    heard,
    new_session,
    refunding,
    taken,
)

from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._flows.asks import Read
from paysession.errors import GatewayUnreachable, InvalidSignature
from paysession.gateways import Notification
from paysession.outcomes import (
    Declined,
    Failure,
    FailureCode,
    Pending,
    References,
    Refunded,
    Unknown,
)
from paysession.testing._invariants import History
from paysession.testing._invariants.security import check_I50, check_I51, check_I52

CANARY = "canary-4d1f"


def guarded() -> Teller:
    return Teller(history=History(canaries=(CANARY,)))


def with_refund(teller: Teller) -> tuple[Payment, Refund]:
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, 40)
    entities = teller.commit(payment, authorization, capture, refund)
    return find(Payment, entities), find(Refund, entities)


def test_no_record_and_no_event_shows_a_secret() -> None:
    teller = guarded()
    payment, refund = with_refund(teller)
    assert 9 == checked(check_I50, teller.history)
    teller.commit(*payment.settle(refund, heard(Pending())))
    assert 1 < checked(check_I50, teller.history)
    assert 0 == checked(check_I50, teller.history)


def test_a_record_that_shows_a_secret_is_caught() -> None:
    teller = guarded()
    with_refund(teller)
    refund = teller.history.get(Refund, "re_1")
    assert refund is not None
    doubted = refund.doubted(Unknown(f"timed out for {CANARY}"), at=at(1))
    teller.write_only(attrs.evolve(doubted, facts=(heard(Refunded(eur(40))),)))
    assert "I50" == broken_by(check_I50, teller.history)


def test_an_error_that_shows_a_secret_is_caught() -> None:
    teller = guarded()
    teller.end("refund", error=GatewayUnreachable("no route"))
    assert 1 == checked(check_I50, teller.history)
    teller.end("refund", error=ValueError(CANARY))
    assert "I50" == broken_by(check_I50, teller.history)
    teller.end("refund", result="a refund")
    assert 0 == checked(check_I50, teller.history)


def test_in_the_end_all_words_of_others_are_looked_at() -> None:
    teller = guarded()
    payment, refund = with_refund(teller)
    teller.write_only(payment, attrs.evolve(refund, doubt="timed out"))
    checked(check_I50, teller.history)
    teller.note()
    teller.history.is_over = True
    assert 1 == checked(check_I50, teller.history)


def test_without_a_secret_there_is_nothing_to_look_for() -> None:
    teller = Teller()
    with_refund(teller)
    assert 0 == checked(check_I50, teller.history)


def test_what_is_not_signed_is_refused_and_nothing_is_written() -> None:
    teller = Teller()
    notification = Notification(b"forged", {})
    teller.note(Read("bogus", notification), error=InvalidSignature())
    teller.end("receive_notification", error=InvalidSignature())
    assert 2 == checked(check_I51, teller.history)
    teller.end("receive_notification", error=InvalidSignature(), commits=1)
    assert "I51" == broken_by(check_I51, teller.history)
    teller.end("receive_notification", error=InvalidSignature(), crashed=True)
    assert 0 == checked(check_I51, teller.history)
    teller.begin("receive_notification#2")
    teller.note(Read("bogus", notification), answer=())
    teller.end("receive_notification")
    assert 0 == checked(check_I51, teller.history)


def test_what_a_provider_sends_is_kept_within_bounds() -> None:
    teller = Teller()
    payment, refund = with_refund(teller)
    assert 0 == checked(check_I52, teller.history)
    raw = Failure(FailureCode.DO_NOT_HONOR, raw_code="05", raw_message="declined")
    failed = payment.settle(refund, heard(Declined(raw, references=References.of(refund="r_1"))))
    teller.commit(*failed)
    assert 3 == checked(check_I52, teller.history)
    session, attempt = new_session()
    teller.commit(session, attempt.observed(heard(Declined(DECLINE))))
    assert 0 == checked(check_I52, teller.history)


@pytest.mark.parametrize("text", ["x" * 501, "a\x00b", "a\ud800b"])
def test_what_cannot_be_stored_is_caught(text: str) -> None:
    teller = Teller()
    _, refund = with_refund(teller)
    teller.write_only(attrs.evolve(refund, doubt=text))
    assert "I52" == broken_by(check_I52, teller.history)


def test_an_id_that_is_too_long_is_caught() -> None:
    teller = Teller()
    _, refund = with_refund(teller)
    references = References.of(refund="r_1")
    object.__setattr__(references.entries[0], "id", "x" * 256)
    teller.write_only(attrs.evolve(refund, references=references))
    assert "I52" == broken_by(check_I52, teller.history)
