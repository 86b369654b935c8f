"""What one fact about a charge does to its payment, to the money and to the payable."""

from __future__ import annotations

from itertools import permutations

import attrs
import pytest
from domain_builders import FAILURE, NOTHING, account, at, eur, heard, lease, method, new_payment

from paysession import events
from paysession._domain.charging import ChargeSettlement
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource
from paysession._domain.methods import CapturePolicy, Terms, UnderpaidPolicy
from paysession._domain.movements import Refund, Void
from paysession._domain.operations import Origin
from paysession._domain.payable import PayableStatus
from paysession._domain.secrets import ClientData
from paysession._domain.sources import CreditCard, Profile, Source, StoreCredit, StoredSource
from paysession._money import Money
from paysession.errors import Closed, PaymentDeclined, StillOpen
from paysession.lifecycles import OperationStatus, PaymentStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    NotAttempted,
    Pending,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Retaken,
    Stored,
    Unknown,
    UseSdk,
    Voided,
)

ACCEPT = UnderpaidPolicy.ACCEPT
CARD = CreditCard(
    id="src_1", profile_id="tok_1", brand="visa", last4="4242", month=4, year=2030, is_default=True
)
ACTION = ActionRequired(UseSdk("challenge"), client_data=ClientData("secret"))


def asked(
    on_underpaid: UnderpaidPolicy = UnderpaidPolicy.RELEASE,
    *,
    source: Source = CARD,
    total: int = 100,
) -> ChargeSettlement:
    """A charge of 100 euros that has been asked for, and nothing is known yet."""
    begun = attrs.evolve(
        new_payment(phase=PaymentStatus.CHECKOUT),
        method=method(on_underpaid),
        attempt_id=None,
        session_id=None,
    )
    payment, charge = begun.request_charge(
        "at_charge",
        terms=Terms(payable_id="order", payable_reference="R1", capture=CapturePolicy.AUTOMATIC),
        source=source,
        use="later",  # type: ignore[arg-type]
        lease=lease(),
    )
    moved = account(total).moved(None, payment.share, at=at(0))
    return ChargeSettlement(account=moved, payment=payment, charge=charge)


def settled(before: ChargeSettlement, *facts: Fact) -> ChargeSettlement:
    for minutes, fact in enumerate(facts, start=5):
        before = before.settled(heard(fact, minutes))
    return before


def open_kinds(after: ChargeSettlement) -> list[DiscrepancyKind]:
    return [one.kind for one in after.payment.discrepancies if one.is_open]


def test_a_charge_that_was_asked_for_reserves_its_amount() -> None:
    before = asked()
    assert PaymentStatus.PROCESSING is before.payment.status
    assert (("at_charge",), ("at_charge",)) == (
        before.payment.open_operations,
        before.payment.asking,
    )
    assert (eur(100), NOTHING) == (before.account.in_flight, before.account.due)
    with pytest.raises(StillOpen, match=r"py_1 is processing.*run recover"):
        before.payment.raise_for_failure()


def test_money_that_is_taken_at_once_is_held_first_and_then_taken() -> None:
    after = settled(asked(), Captured(eur(100), references=References.of(authorization="pi_1")))
    assert (PaymentStatus.CAPTURED, True) == (after.payment.status, after.charge.succeeded)
    assert ((), ()) == (after.payment.open_operations, after.payment.asking)
    assert (eur(100), NOTHING, PayableStatus.PAID) == (
        after.account.paid,
        after.account.in_flight,
        after.account.status,
    )
    assert "pi_1" == after.payment.references.get(ReferenceRole.AUTHORIZATION)
    assert after.payment is after.payment.raise_for_failure()
    assert (eur(100), Origin.ATTEMPT) == (after.capture and after.capture.amount, Origin.ATTEMPT)


def test_money_may_be_held_and_no_id_of_the_providers_be_known() -> None:
    after = settled(asked(), Authorized(eur(100), expires_at=at(99)))
    assert (PaymentStatus.AUTHORIZED, at(99)) == (
        after.payment.status,
        after.payment.authorized_until,
    )
    assert ((), None) == (tuple(after.payment.references), after.capture)
    assert eur(100) == after.account.authorized


@pytest.mark.parametrize(
    "fact", [Declined(FAILURE), Rejected(FAILURE), NotAttempted(), Canceled(), Expired()]
)
def test_a_charge_that_comes_to_nothing_fails_its_payment_and_frees_the_amount(fact: Fact) -> None:
    after = settled(asked(), fact)
    assert (PaymentStatus.FAILED, OperationStatus.FAILED) == (
        after.payment.status,
        after.charge.status,
    )
    assert (eur(100), NOTHING) == (after.account.due, after.account.in_flight)
    assert after.has_failed_since(asked())
    assert not after.has_failed_since(after)
    with pytest.raises(PaymentDeclined):
        after.payment.raise_for_failure()


def test_a_charge_that_is_worked_on_reserves_its_amount_on() -> None:
    after = settled(asked(), Pending())
    assert (PaymentStatus.PROCESSING, eur(100)) == (after.payment.status, after.account.in_flight)
    assert not after.has_failed_since(asked())


def test_a_charge_that_needs_the_customer_says_so_and_reserves_nothing() -> None:
    after = settled(asked(), ACTION)
    assert (PaymentStatus.PROCESSING, ACTION.next_action) == (
        after.payment.status,
        after.payment.next_action,
    )
    assert (eur(100), ("at_charge",)) == (after.account.due, after.payment.open_operations)
    assert isinstance(after.payment.news[-1], events.PaymentActionRequired)
    with pytest.raises(StillOpen, match="send the customer to its next_action"):
        after.payment.raise_for_failure()


def test_a_customer_who_has_acted_has_nothing_left_to_do() -> None:
    working = settled(asked(), ACTION, Pending())
    assert (None, None) == (working.payment.next_action, working.payment.client_data)
    assert eur(100) == working.account.in_flight
    done = settled(asked(), ACTION, Captured(eur(100)))
    assert (None, None) == (done.payment.next_action, done.payment.client_data)
    assert PaymentStatus.CAPTURED is done.payment.status
    refused = settled(asked(), ACTION, Declined(FAILURE))
    assert (None, None) == (refused.payment.next_action, refused.payment.client_data)


def test_a_known_fact_changes_nothing() -> None:
    after = settled(asked(), Captured(eur(100)))
    assert after is after.settled(heard(Captured(eur(100)), 9))


@pytest.mark.parametrize(
    "fact", [Accepted(), Voided(eur(100)), Refunded(eur(100))], ids=lambda fact: type(fact).__name__
)
def test_what_is_no_word_on_the_money_does_not_end_a_charge(fact: Fact) -> None:
    after = settled(asked(), fact)
    assert (OperationStatus.REQUESTED, True) == (after.charge.status, after.charge.is_unresolved)
    assert (PaymentStatus.PROCESSING, eur(100)) == (after.payment.status, after.account.in_flight)
    paid = settled(after, Captured(eur(100)))
    assert (PaymentStatus.CAPTURED, OperationStatus.SUCCEEDED) == (
        paid.payment.status,
        paid.charge.status,
    )


# Less or more than was asked


@pytest.mark.parametrize(
    ("fact", "kind"),
    [(Authorized(eur(60)), Void), (Captured(eur(60)), Refund)],
)
def test_less_than_was_asked_is_given_back_and_the_charge_has_failed(
    fact: Fact, kind: type[Void | Refund]
) -> None:
    after = settled(asked(), fact)
    assert isinstance(after.release, kind)
    assert (eur(60), Origin.POLICY) == (after.release.amount, after.release.origin)
    assert [DiscrepancyKind.UNDERPAID] == open_kinds(after)
    assert (False, True) == (after.payment.succeeded, after.has_failed_since(asked()))
    with pytest.raises(PaymentDeclined, match="insufficient_funds"):
        after.payment.raise_for_failure()


def test_what_was_given_back_because_it_was_too_little_is_no_success_afterwards() -> None:
    after = settled(asked(), Captured(eur(60)))
    assert isinstance(after.release, Refund)
    payment, _ = after.payment.settle(after.release, heard(Refunded(eur(60)), 9))
    assert (PaymentStatus.REFUNDED, False) == (payment.status, payment.succeeded)


def test_less_than_was_asked_may_be_kept_as_a_part() -> None:
    after = settled(asked(ACCEPT), Captured(eur(60)))
    assert (None, True) == (after.release, after.payment.succeeded)
    assert (eur(60), eur(40)) == (after.account.paid, after.account.due)
    assert [DiscrepancyKind.UNDERPAID] == open_kinds(after)
    assert not after.has_failed_since(asked())


def test_it_is_too_little_no_more_when_the_rest_comes() -> None:
    after = settled(asked(ACCEPT), Authorized(eur(60)), Authorized(eur(100)))
    assert ([], eur(100)) == (open_kinds(after), after.account.authorized)


def test_more_than_was_asked_is_kept_and_told() -> None:
    after = settled(asked(), Captured(eur(110)))
    assert [DiscrepancyKind.AMOUNT_MISMATCH, DiscrepancyKind.OVERPAID] == open_kinds(after)
    assert (eur(110), True) == (after.account.paid, after.payment.succeeded)


def test_more_than_was_asked_is_not_too_much_where_the_payable_costs_it() -> None:
    after = settled(asked(total=200), Captured(eur(110)))
    assert [DiscrepancyKind.AMOUNT_MISMATCH] == open_kinds(after)


def test_it_is_overpaid_when_the_money_grows_beyond_what_is_owed() -> None:
    after = settled(asked(ACCEPT), Authorized(eur(100)), Authorized(eur(120)))
    assert [DiscrepancyKind.AMOUNT_MISMATCH, DiscrepancyKind.OVERPAID] == open_kinds(after)


def test_a_smaller_word_about_the_same_money_changes_nothing_but_is_kept() -> None:
    before = settled(asked(ACCEPT), Authorized(eur(100)))
    after = settled(before, Authorized(eur(60)))
    assert before.payment.balances == after.payment.balances
    assert ([], 2) == (open_kinds(after), len(after.charge.facts))
    assert isinstance(after.payment.news[-1], events.FactRecorded)


def test_what_came_undone_before_we_heard_of_it_is_not_given_back_again() -> None:
    after = settled(asked(), Bounced(FAILURE), Captured(eur(60)))
    assert (None, PaymentStatus.LAPSED) == (after.release, after.payment.status)
    assert [DiscrepancyKind.UNDERPAID] == open_kinds(after)


# Late and contradicting facts


def test_money_after_a_decline_is_recorded_and_takes_the_failure_back() -> None:
    after = settled(asked(), Declined(FAILURE), Captured(eur(100)))
    assert (PaymentStatus.CAPTURED, None, True) == (
        after.payment.status,
        after.payment.failure,
        after.payment.succeeded,
    )
    assert eur(100) == after.account.paid
    assert after.payment is after.payment.raise_for_failure()


def test_a_decline_after_the_money_changes_nothing_but_is_kept() -> None:
    before = settled(asked(), Captured(eur(100)))
    after = settled(before, Declined(FAILURE))
    assert (before.payment.balances, None) == (after.payment.balances, after.payment.failure)
    assert isinstance(after.payment.news[-1], events.FactRecorded)


def test_late_money_for_a_payable_that_was_paid_otherwise_is_too_much() -> None:
    failed = settled(asked(), Declined(FAILURE, occurred_at=at(1)))
    elsewhere = attrs.evolve(failed.account, paid=eur(100))
    late = Captured(eur(100), occurred_at=at(2))
    after = settled(attrs.evolve(failed, account=elsewhere), late)
    assert [DiscrepancyKind.OVERPAID] == open_kinds(after)
    assert (eur(200), PayableStatus.OVERPAID) == (after.account.paid, after.account.status)


@pytest.mark.parametrize(
    "facts",
    [
        (Declined(FAILURE), Captured(eur(100))),
        (Pending(), Captured(eur(100)), Declined(FAILURE)),
        (ACTION, Captured(eur(100))),
        (Authorized(eur(100)), Captured(eur(100)), Bounced(FAILURE)),
        (Captured(eur(100), occurred_at=at(1)), Bounced(FAILURE, occurred_at=at(2))),
        (Authorized(eur(60)), Authorized(eur(100))),
        (Captured(eur(100)), Bounced(FAILURE), Retaken(eur(100), occurred_at=at(9))),
    ],
)
def test_the_same_facts_in_any_order_leave_the_same_money_and_the_same_answer(
    facts: tuple[Fact, ...],
) -> None:
    ends = set()
    for order in permutations(facts):
        after = settled(asked(ACCEPT), *order)
        ends.add(
            (
                after.payment.status,
                after.payment.balances,
                after.payment.failure,
                after.charge.status,
                after.account.paid,
                after.account.due,
                tuple(open_kinds(after)),
            )
        )
    assert 1 == len(ends), ends


def test_money_that_comes_undone_is_not_paid_any_more() -> None:
    after = settled(asked(), Captured(eur(100)), Bounced(FAILURE))
    assert (PaymentStatus.LAPSED, eur(100)) == (after.payment.status, after.account.due)
    with pytest.raises(Closed, match="py_1 is lapsed"):
        after.payment.raise_for_failure()
    again = settled(after, Retaken(eur(100), occurred_at=at(30)))
    assert (PaymentStatus.CAPTURED, eur(100)) == (again.payment.status, again.account.paid)


def test_what_was_retaken_though_we_never_heard_that_it_was_taken_is_taken() -> None:
    after = settled(asked(), Retaken(eur(100), references=References.of(capture="ch_1")))
    assert (PaymentStatus.CAPTURED, "ch_1") == (
        after.payment.status,
        after.payment.references.get(ReferenceRole.CAPTURE),
    )


@pytest.mark.parametrize("fact", [Pending(), ACTION], ids=["pending", "action"])
def test_progress_after_the_end_changes_nothing(fact: Fact) -> None:
    failed = settled(asked(), Declined(FAILURE))
    after = settled(failed, fact)
    assert (PaymentStatus.FAILED, None) == (after.payment.status, after.payment.next_action)
    assert failed.account == after.account


def test_an_older_word_on_progress_does_not_send_the_customer_anywhere() -> None:
    newer = Pending(occurred_at=at(4))
    older = attrs.evolve(ACTION, occurred_at=at(2))
    after = settled(asked(), newer, older)
    assert (None, eur(100)) == (after.payment.next_action, after.account.in_flight)


def test_a_charge_that_was_taken_for_absent_and_may_have_happened_is_asked_about_again() -> None:
    before = asked()
    absent = before.settled(heard(NotAttempted(), 9, EvidenceSource.LOOK_UP))
    assert PaymentStatus.FAILED is absent.payment.status
    payment, charge = absent.payment.doubt(absent.charge, Unknown("timeout"), at=at(10))
    doubted = payment.noted(charge)
    assert (PaymentStatus.PROCESSING, None, eur(100)) == (
        doubted.status,
        doubted.failure,
        doubted.in_flight,
    )
    with pytest.raises(StillOpen):
        doubted.raise_for_failure()


# Another currency


@pytest.mark.parametrize("kind", [Authorized, Captured, Retaken])
def test_another_currency_moves_nothing_and_is_left_to_a_person(
    kind: type[Authorized | Captured | Retaken],
) -> None:
    before = asked()
    foreign = kind(Money("100", "USD"), references=References.of(capture="ch_1"))
    after = settled(before, foreign)
    assert (before.payment.balances, before.account) == (after.payment.balances, after.account)
    assert ([DiscrepancyKind.CURRENCY_MISMATCH], True) == (
        open_kinds(after),
        after.charge.attention,
    )
    assert "ch_1" == after.payment.references.get(ReferenceRole.CAPTURE)
    assert after is settled(after, foreign)
    paid = settled(after, Captured(eur(100)))
    assert (eur(100), [DiscrepancyKind.CURRENCY_MISMATCH], True) == (
        paid.payment.balances.captured,
        open_kinds(paid),
        paid.charge.attention,
    )


def test_another_currency_is_told_of_a_charge_that_waits_for_a_person_already() -> None:
    before = asked()
    payment, charge = before.payment.hand_over(before.charge, "nobody knows", at=at(3))
    waiting = attrs.evolve(before, payment=payment, charge=charge)
    after = settled(waiting, Captured(Money("100", "USD")))
    assert [DiscrepancyKind.UNRESOLVED, DiscrepancyKind.CURRENCY_MISMATCH] == open_kinds(after)


def test_money_that_is_another_payments_moves_nothing_and_is_left_to_a_person() -> None:
    before = asked()
    after = before.left_to_a_person("py_2", at=at(3))
    assert (before.payment.balances, before.account) == (after.payment.balances, after.account)
    assert ([DiscrepancyKind.FOREIGN_REFERENCE], True) == (
        open_kinds(after),
        after.charge.attention,
    )
    assert after is after.left_to_a_person("py_2", at=at(4))


# The source


def test_a_source_that_the_provider_keeps_is_kept_whatever_becomes_of_the_money() -> None:
    after = settled(asked(), Stored(Profile(id="tok_2")))
    assert (attrs.evolve(CARD, profile_id="tok_2"), True) == (
        after.payment.source,
        after.charge.is_unresolved,
    )
    assert eur(100) == after.account.in_flight


@pytest.mark.parametrize(
    ("source", "profile", "known"),
    [
        (CARD, None, CARD),
        (CARD, Profile(id="tok_2"), attrs.evolve(CARD, profile_id="tok_2")),
        (CARD, Profile(), CARD),
        (
            StoredSource(id="src_1", profile_id="tok_1"),
            Profile(brand="visa", last4="4242", month=4, year=2030),
            attrs.evolve(CARD, is_default=False),
        ),
        (StoreCredit(id="sc_1"), Profile(id="tok_2"), StoreCredit(id="sc_1")),
    ],
)
def test_what_the_provider_tells_of_the_source_is_kept_and_what_it_does_not_stays(
    source: Source, profile: Profile | None, known: Source
) -> None:
    after = settled(asked(source=source), Captured(eur(100), profile=profile))
    assert known == after.payment.source
