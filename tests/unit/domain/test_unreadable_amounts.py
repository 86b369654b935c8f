"""Money that was told in no amount of ours: it moves nothing, and a person must look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import attrs
import pytest
from domain_builders import (
    NOTHING,
    account,
    asked_capture,
    asked_refund,
    at,
    authorized,
    completing,
    creation,
    eur,
    heard,
    lease,
    method,
    new_payment,
    new_session,
)

from paysession._domain.attempts import AttemptKind
from paysession._domain.charging import ChargeSettlement
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource, uncounted
from paysession._domain.methods import SetupTerms, Terms, UnderpaidPolicy
from paysession._domain.owners import Owner
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.settlement import Settlement
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import MandateUse, Profile, StoredSource
from paysession._money import Money
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    Authorized,
    Bounced,
    Captured,
    Fact,
    Failure,
    FailureCode,
    Pending,
    Refunded,
    Retaken,
    Stored,
    Unreadable,
)

ODD = Unreadable("10.005 EUR")
FOREIGN = Captured(Money("100", "USD"))
TAKEN = Captured(eur(100))
ACCEPT = UnderpaidPolicy.ACCEPT


def orders(*facts: Fact) -> Iterator[tuple[Fact, ...]]:
    return permutations(facts)


def kinds(owner: Owner) -> list[DiscrepancyKind]:
    return [each.kind for each in owner.discrepancies if each.is_open]


def settled(before: Settlement, *facts: Fact) -> Settlement:
    for minutes, fact in enumerate(facts, start=5):
        before = before.settled(heard(fact, minutes))
    return before


def charging() -> ChargeSettlement:
    source = StoredSource(id="src", profile_id="tok")
    terms = Terms(payable_id="order", payable_reference="R1")
    fresh = attrs.evolve(new_payment(phase=PaymentStatus.CHECKOUT), session_id=None)
    payment, charge = fresh.request_charge(
        "ch_1", terms=terms, source=source, use=MandateUse.LATER, lease=lease(1)
    )
    moved = account().moved(fresh.share, payment.share, at=at(1))
    return ChargeSettlement(account=moved, payment=payment, charge=charge)


# Each kind of operation


def test_an_attempt_s_unreadable_money_completes_nothing_and_waits_for_a_person() -> None:
    before = completing()
    after = settled(before, ODD)
    assert (None, SessionStatus.PROCESSING) == (after.payment, after.session.status)
    assert (True, None, OperationStatus.REQUESTED) == (
        after.attempt.attention,
        after.attempt.due_at,
        after.attempt.status,
    )
    (told,) = after.session.discrepancies
    assert (DiscrepancyKind.AMOUNT_UNREADABLE, "at_complete", "100.00 EUR", "10.005 EUR") == (
        told.kind,
        told.operation_id,
        told.expected,
        told.actual,
    )
    assert after is settled(after, ODD)


def test_a_charge_s_unreadable_money_moves_nothing_and_waits_for_a_person() -> None:
    before = charging()
    after = before.settled(heard(ODD))
    assert (before.account, before.payment.balances) == (after.account, after.payment.balances)
    assert (True, [DiscrepancyKind.AMOUNT_UNREADABLE]) == (
        after.charge.attention,
        kinds(after.payment),
    )
    assert after is after.settled(heard(ODD, 9))


def test_a_movement_s_unreadable_money_moves_nothing_and_waits_for_a_person() -> None:
    asked, capture = asked_capture(authorized())
    payment, left = asked.settle(capture, heard(ODD))
    assert (asked.balances, True) == (payment.balances, left.attention)
    assert [DiscrepancyKind.AMOUNT_UNREADABLE] == kinds(payment)
    again = payment.settle(left, heard(ODD, 9))
    assert (True, True) == (again[0] is payment, again[1] is left)


def test_unreadable_money_of_a_setup_session_waits_for_a_person() -> None:
    session, attempt = SetupSession.opened(
        "pss_1",
        tenant="",
        method=method(),
        terms=SetupTerms(),
        attempt_id="at_1",
        external_data=None,
        lease=lease(),
    )
    session, attempt = session.settle(attempt, heard(ODD))
    assert (True, [DiscrepancyKind.AMOUNT_UNREADABLE]) == (attempt.attention, kinds(session))
    assert "no money" == session.discrepancies[0].expected
    session, attempt = session.settle(attempt, heard(Stored(Profile(id="tok")), 2))
    assert (True, True) == (session.succeeded, attempt.attention)


# Beside what can be read


@pytest.mark.parametrize("odd", [ODD, FOREIGN, Retaken(Money("100", "USD"))])
def test_what_can_be_read_counts_and_the_rest_still_waits_in_every_order(odd: Fact) -> None:
    ends = set()
    for facts in orders(odd, TAKEN, Pending(), odd):
        after = settled(completing(), *facts)
        assert after.payment is not None
        ends.add((after.attempt.attention, after.session.status, after.payment.balances.captured))
        assert 1 == len(kinds(after.session))
        assert [] == kinds(after.payment)
    assert {(True, SessionStatus.COMPLETED, eur(100))} == ends


def test_both_kinds_of_odd_money_are_told_and_each_of_them_once() -> None:
    for facts in orders(ODD, FOREIGN, Unreadable("10.006 EUR")):
        after = settled(completing(), *facts)
        assert {DiscrepancyKind.AMOUNT_UNREADABLE, DiscrepancyKind.CURRENCY_MISMATCH} == set(
            kinds(after.session)
        )
        assert 2 == len(kinds(after.session))
        assert after.attempt.waits_for_person is not None


def test_what_an_operation_waits_for_says_what_cannot_be_read() -> None:
    assert "the provider speaks of an amount that cannot be read" == (
        settled(completing(), ODD).attempt.waits_for_person
    )
    assert "the provider speaks of USD" == settled(completing(), FOREIGN).attempt.waits_for_person


def test_a_person_s_decision_ends_it() -> None:
    asked, capture = asked_capture(authorized())
    payment, left = asked.settle(capture, heard(ODD, 2))
    payment, left = payment.settle(left, heard(TAKEN, 3, EvidenceSource.PERSON))
    assert (False, [], eur(100)) == (left.attention, kinds(payment), payment.balances.captured)
    payment, left = payment.settle(left, heard(Unreadable("10.006 EUR"), 4))
    assert (True, [DiscrepancyKind.AMOUNT_UNREADABLE]) == (left.attention, kinds(payment))


def test_what_a_person_has_seen_to_is_not_told_again_with_the_next_fact() -> None:
    asked, capture = asked_capture(authorized())
    payment, left = asked.settle(capture, heard(ODD, 2))
    seen = attrs.evolve(left, waits_for_person=None)
    payment = payment.agreed(DiscrepancyKind.AMOUNT_UNREADABLE, left.id, at=at(3))
    payment, left = payment.settle(seen, heard(TAKEN, 4))
    assert (False, [], eur(100)) == (left.attention, kinds(payment), payment.balances.captured)


def test_money_in_another_currency_is_in_no_amount_of_a_capture_in_one_step() -> None:
    after = settled(completing(), TAKEN, FOREIGN)
    assert after.capture is not None
    assert after.payment is not None
    payment, capture = after.payment.settle(after.capture, heard(FOREIGN, 9))
    payment, capture = payment.settle(capture, heard(Bounced(Failure(FailureCode.EXPIRED_CARD)), 9))
    assert (eur(100), [DiscrepancyKind.CURRENCY_MISMATCH]) == (
        payment.balances.lapsed,
        kinds(payment),
    )


def test_text_of_a_provider_is_bounded_and_keeps_no_secret() -> None:
    raw = Unreadable("api_key=abc123 " + "9" * 5000).raw
    assert ("abc123" in raw, len(raw) <= 500) == (False, True)


def test_what_cannot_be_counted_is_kept_as_it_was_told() -> None:
    vast = Captured(Money.from_minor(10**18, "EUR"), occurred_at=at(1), sequence=7)
    assert (
        Unreadable(str(vast.amount), occurred_at=at(1), sequence=7) == uncounted(heard(vast)).fact
    )
    assert "Pending" == getattr(uncounted(heard(Pending())).fact, "raw", None)


# Amounts that can be read, and are wrong


def yen_completing(policy: UnderpaidPolicy) -> Settlement:
    asked = Money(1000, "JPY")
    session, attempt = new_session(policy)
    session, attempt = attrs.evolve(session, amount=asked), attrs.evolve(attempt, amount=asked)
    session, attempt = session.request_completion(
        "at_complete", source=None, external_data=None, lease=lease(2)
    )
    fresh = PayableAccount.opened(Payable("order", total=asked), tenant="", at=at(0))
    moved = fresh.moved(None, session.share, at=at(2))
    return Settlement(account=moved, session=session, attempt=attempt)


@pytest.mark.parametrize("policy", list(UnderpaidPolicy))
@pytest.mark.parametrize("told", [10, 100_000])
@pytest.mark.parametrize("kind", [Captured, Authorized])
def test_yen_that_are_taken_for_cents_never_complete_a_session_silently(
    kind: type[Captured | Authorized], told: int, policy: UnderpaidPolicy
) -> None:
    after = settled(yen_completing(policy), kind(Money(told, "JPY")))
    assert after.payment is not None
    expected = DiscrepancyKind.UNDERPAID if told < 1000 else DiscrepancyKind.AMOUNT_MISMATCH
    assert expected in kinds(after.payment)
    if told < 1000 and policy is UnderpaidPolicy.RELEASE:
        assert (SessionStatus.FAILED, True) == (after.session.status, after.release is not None)


def test_more_that_is_held_later_under_one_attempt_is_told() -> None:
    for facts in orders(Authorized(eur(100)), Authorized(eur(150))):
        after = settled(completing(), *facts)
        assert after.payment is not None
        assert eur(150) == after.payment.balances.authorized
        assert DiscrepancyKind.AMOUNT_MISMATCH in kinds(after.payment)
        (told,) = [each for each in after.payment.discrepancies if each.kind == "amount_mismatch"]
        assert ("100.00 EUR", "150.00 EUR", "at_complete") == (
            told.expected,
            told.actual,
            told.operation_id,
        )


@pytest.mark.parametrize("taken", [60, 140])
def test_what_is_taken_under_an_attempt_and_was_not_what_is_held_is_told(taken: int) -> None:
    for facts in orders(Authorized(eur(100)), Captured(eur(taken))):
        after = settled(completing(ACCEPT), *facts)
        assert after.payment is not None
        assert DiscrepancyKind.AMOUNT_MISMATCH in kinds(after.payment)
        assert DiscrepancyKind.UNDERPAID not in kinds(after.payment)
        assert eur(taken) == after.payment.balances.captured


def test_a_charge_s_capture_of_less_than_is_held_is_told_in_every_order() -> None:
    for facts in orders(Authorized(eur(100)), Captured(eur(60))):
        settlement = attrs.evolve(
            charging(), payment=attrs.evolve(charging().payment, method=method(ACCEPT))
        )
        for minutes, fact in enumerate(facts, start=3):
            settlement = settlement.settled(heard(fact, minutes))
        assert [DiscrepancyKind.AMOUNT_MISMATCH] == kinds(settlement.payment)


def test_what_comes_undone_is_no_mismatch_any_more_in_every_order() -> None:
    bounced = Bounced(Failure(FailureCode.EXPIRED_CARD))
    for facts in orders(Authorized(eur(100)), Captured(eur(60)), bounced):
        after = settled(completing(ACCEPT), *facts)
        assert after.payment is not None
        assert (NOTHING, []) == (after.payment.balances.captured, kinds(after.payment))


def test_a_refund_of_another_amount_is_told() -> None:
    payment, capture = asked_capture(authorized())
    payment, _ = payment.settle(capture, heard(TAKEN))
    payment, refund = asked_refund(payment, 10)
    payment, _ = payment.settle(refund, heard(Refunded(eur(1000)), 3))
    assert DiscrepancyKind.AMOUNT_MISMATCH in kinds(payment)


def test_what_opens_a_session_may_tell_of_odd_money_too() -> None:
    after = settled(creation(), ODD)
    assert (AttemptKind.CREATE, True) == (after.attempt.kind, after.attempt.attention)
