"""What the money of one attempt becomes."""

from __future__ import annotations

import attrs
from domain_builders import FAILURE, asked_capture, authorized, completing, eur, heard, new_payment

from paysession._domain.attempts import Attempt
from paysession._domain.movements import Refund, Void
from paysession._domain.receipts import Receipt, authorization_id_of, capture_id_of, payment_id_of
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import NO_REFERENCES, Authorized, Bounced, Captured, Fact


def told(*known: Fact) -> Attempt:
    return attrs.evolve(completing().attempt, facts=tuple(heard(each) for each in known))


def received(*facts: Authorized | Captured, known: tuple[Fact, ...] = ()) -> Receipt:
    receipt = Receipt(attempt_id="at_1", payment=new_payment())
    for fact in facts:
        receipt = receipt.received(
            fact, heard(fact), references=NO_REFERENCES, told_by=told(*known)
        )
    return receipt


def test_the_ids_of_an_attempts_records_follow_from_its_own() -> None:
    receipt = received(Captured(eur(100)))
    assert (authorization_id_of("at_1"), capture_id_of("at_1")) == (
        receipt.authorization and receipt.authorization.id,
        receipt.capture and receipt.capture.id,
    )
    assert payment_id_of("at_1") != payment_id_of("at_2")


def test_of_two_words_on_what_is_held_the_most_counts() -> None:
    assert eur(0) == received().held
    assert eur(100) == received(Authorized(eur(60)), Authorized(eur(100))).held
    assert eur(100) == received(Authorized(eur(100)), Authorized(eur(60))).held


def test_what_we_captured_ourselves_is_not_taken_twice() -> None:
    payment, _ = asked_capture(authorized())
    fact = Captured(eur(100))
    before = received(Authorized(eur(100)))
    after = Receipt(
        attempt_id="at_1", payment=payment, authorization=before.authorization
    ).received(fact, heard(fact), references=NO_REFERENCES, told_by=told())
    assert (payment.balances, None) == (after.payment.balances, after.capture)


def test_what_was_never_taken_cannot_come_undone() -> None:
    held = received(Authorized(eur(100)))
    assert held is held.corrected(heard(Bounced(FAILURE)))


def test_what_is_held_is_released_and_what_was_taken_is_given_back() -> None:
    _, void = received(Authorized(eur(60))).released(heard(Authorized(eur(60))))
    _, refund = received(Captured(eur(60))).released(heard(Captured(eur(60))))
    assert (Void, Refund) == (type(void), type(refund))


def test_what_came_undone_already_is_not_given_back() -> None:
    undone = received(Captured(eur(60)), known=(Bounced(FAILURE),))
    assert PaymentStatus.LAPSED is undone.payment.status
    assert (undone, None) == undone.released(heard(Captured(eur(60))))
