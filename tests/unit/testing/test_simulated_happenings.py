"""What happens at a simulated provider though nobody asked: it is true, and it is told."""

from __future__ import annotations

from random import Random

import pytest
from simulated_worlds import (
    Clock,
    calm_provider,
    capturing,
    charging,
    closing,
    completing,
    creating,
    creating_setup,
    dice,
    looking_up,
    refunding,
    with_held,
    with_session,
    with_taken,
)

from paysession.outcomes import (
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    Refunded,
    Retaken,
    Stored,
    Unknown,
    Unreadable,
    Voided,
)
from paysession.testing import Fault
from paysession.testing._invariants import EffectKind
from paysession.testing._simulation import happenings
from paysession.testing._simulation.deals import Deal, DealStatus, MoveStatus
from paysession.testing._simulation.happenings import HAPPENINGS, Happening
from paysession.testing._simulation.provider import SLOW, SimulatedProvider

EVERY = (
    *HAPPENINGS.values(),
    happenings.customer_acts,
    happenings.decides,
    happenings.sessions_run_out,
    happenings.refund_made_here,
    happenings.capture_made_here,
    happenings.void_made_here,
    happenings.renamed,
    happenings.authorization_changes,
    happenings.dispute_goes_on,
)


def told(provider: SimulatedProvider) -> list[type[Fact]]:
    """What the provider has written of, in order."""
    return [type(each.reports[0].fact) for each in provider.books.post.written.values()]


def taken(deal: Deal) -> int:
    return deal.total(EffectKind.TAKEN)


@pytest.mark.parametrize("happening", EVERY, ids=lambda each: each.__name__)
def test_nothing_happens_where_there_is_nothing_that_it_could_happen_to(
    happening: Happening,
) -> None:
    provider = calm_provider()
    assert not happening(provider)
    assert [] == provider.truth
    assert [] == told(provider)


@pytest.mark.parametrize(("luck", "fact"), [(0.10, Declined), (0.20, Canceled), (0.50, Captured)])
def test_a_customer_fails_gives_up_or_pays(luck: float, fact: type[Fact]) -> None:
    provider = calm_provider()
    provider.answer(creating())
    provider.dice = dice(luck)
    assert happenings.customer_acts(provider)
    assert [fact] == told(provider)


def test_a_customer_of_paypal_approves() -> None:
    provider, deal = with_session("paypal")
    provider.dice = dice(0.5)
    assert happenings.customer_acts(provider)
    assert [Approved] == told(provider)
    assert deal.status is DealStatus.APPROVED
    assert not happenings.customer_acts(provider)


def test_a_customer_lets_a_source_be_kept() -> None:
    provider = calm_provider("paypal")
    provider.answer(creating_setup())
    provider.dice = dice(0.5)
    assert happenings.customer_acts(provider)
    assert [Stored] == told(provider)


def test_what_was_pending_is_decided() -> None:
    provider, deal = with_taken()
    provider.mood = SLOW
    provider.answer(refunding(deal, "4.00"))
    provider.mood = None
    provider.dice = dice(0.9)
    assert happenings.decides(provider)
    assert [Captured, Refunded] == told(provider)
    assert not happenings.decides(provider)


def test_what_was_pending_may_be_refused_in_the_end() -> None:
    provider, deal = with_taken()
    provider.mood = SLOW
    provider.answer(refunding(deal, "4.00"))
    provider.mood = None
    provider.dice = dice(0.1)
    assert happenings.decides(provider)
    assert [Captured, Declined] == told(provider)
    assert 1000 == deal.returnable


def test_what_is_gone_meanwhile_is_refused_in_the_end() -> None:
    provider, deal = with_taken()
    provider.mood = SLOW
    provider.answer(refunding(deal, "4.00"))
    happenings.HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    provider.mood = 1.0
    assert happenings.decides(provider)
    assert [Captured, Bounced, Declined] == told(provider)


def test_a_hostile_provider_decides_for_more_than_there_is() -> None:
    provider, deal = with_taken("hostile")
    provider.mood = SLOW
    provider.answer(refunding(deal, "14.00"))
    provider.mood = 1.0
    assert happenings.decides(provider)
    assert -400 == deal.returnable


@pytest.mark.parametrize(("luck", "fact"), [(0.1, Declined), (0.9, Captured)])
def test_a_payment_that_was_pending_is_decided(luck: float, fact: type[Fact]) -> None:
    provider = calm_provider()
    provider.mood = 0.3
    provider.answer(charging())
    provider.mood = None
    provider.dice = dice(luck)
    assert happenings.decides(provider)
    assert [fact] == told(provider)


def test_what_was_to_be_closed_is_closed_once_it_was_refused() -> None:
    provider, deal = with_session()
    provider.mood = 0.3
    provider.answer(completing(deal))
    close = closing(deal)
    provider.answer(close)
    provider.mood = None
    provider.dice = dice(0.1)
    assert happenings.decides(provider)
    (told_of,) = provider.look_up(looking_up(close.operation_id))
    assert isinstance(told_of.fact, Canceled)


def test_sessions_run_out() -> None:
    provider, deal = with_session()
    assert not happenings.sessions_run_out(provider)
    clock = provider.books.now
    assert isinstance(clock, Clock)
    clock.wait(hours=1)
    assert happenings.sessions_run_out(provider)
    assert [Expired] == told(provider)
    assert deal.status is DealStatus.CLOSED


def test_money_moves_at_the_dashboard() -> None:
    provider, deal = with_held()
    assert happenings.capture_made_here(provider)
    assert happenings.refund_made_here(provider)
    assert happenings.void_made_here(provider) or not deal.takeable
    assert [Captured, Refunded] == told(provider)[1:3]
    assert all(each.operation_id is None for each in provider.truth[1:])


def test_what_is_held_is_released_at_the_dashboard() -> None:
    provider, deal = with_held()
    assert happenings.void_made_here(provider)
    assert [Voided] == told(provider)[1:]
    assert 0 == deal.takeable


def test_a_hostile_dashboard_moves_more_than_there_is() -> None:
    provider, deal = with_taken("hostile")
    for _ in range(40):
        happenings.refund_made_here(provider)
    assert deal.returnable < 0
    provider, deal = with_held("hostile")
    for _ in range(40):
        happenings.capture_made_here(provider)
    assert deal.held < 0


def test_what_is_held_gets_another_id_and_is_known_by_both() -> None:
    provider, deal = with_held()
    former = deal.authorization
    assert happenings.renamed(provider)
    assert [ReferenceChanged] == told(provider)[1:]
    assert former != deal.authorization
    assert deal is provider.books.deals[former] is provider.books.deals[deal.authorization]


def test_more_is_held_than_before() -> None:
    provider, deal = with_held()
    assert happenings.authorization_changes(provider)
    assert [AuthorizationChanged] == told(provider)[1:]
    assert deal.held > 1000
    assert not happenings.authorization_changes(provider)


def test_a_refund_bounces_and_can_be_made_again() -> None:
    provider, deal = with_taken()
    request = refunding(deal, "4.00")
    provider.answer(request)
    assert HAPPENINGS[Fault.REFUND_BOUNCED](provider)
    assert [Refunded, Bounced] == told(provider)[1:]
    assert 1000 == deal.returnable
    (now,) = provider.look_up(looking_up(request.operation_id))
    assert isinstance(now.fact, Bounced)


def test_a_capture_fails_late_and_is_taken_again() -> None:
    provider, deal = with_held()
    provider.answer(capturing(deal, "4.00", is_final=True))
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert (0, 1000) == (taken(deal), deal.held)
    provider.dice = dice(0.1)
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert (400, 0) == (taken(deal), deal.held)
    assert [Captured, Bounced, Retaken] == told(provider)[1:]


@pytest.mark.parametrize(("profile", "again"), [("stripe", True), ("adyen", False)])
def test_without_times_a_capture_that_was_taken_again_fails_no_more(
    profile: str, again: bool
) -> None:
    provider, _ = with_taken(profile)
    provider.dice = dice(0.1)
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert again == HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)


def test_what_was_taken_in_one_step_and_failed_is_held_no_more() -> None:
    provider, deal = with_taken()
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert (0, 0) == (taken(deal), deal.held)
    provider.dice = dice(0.1)
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert (1000, 0) == (taken(deal), deal.held)


def test_where_failure_is_the_last_word_nothing_is_taken_again() -> None:
    provider, deal = with_taken("mollie")
    assert HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    provider.dice = dice(0.1)
    assert not HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)
    assert 0 == taken(deal)


def test_what_is_held_lapses() -> None:
    provider, deal = with_held()
    assert HAPPENINGS[Fault.LAPSED_EARLY](provider)
    assert [AuthorizationLapsed] == told(provider)[1:]
    assert 0 == deal.held


def test_money_comes_after_the_end() -> None:
    provider, deal = with_session()
    provider.books.closed(deal, Canceled)
    assert HAPPENINGS[Fault.PAID_LATE](provider)
    assert 1000 == deal.held


def test_a_customer_charges_back_at_most_twice() -> None:
    provider, deal = with_taken()
    provider.dice = dice(0.1)
    assert HAPPENINGS[Fault.CHARGED_BACK](provider)
    assert [FundsWithdrawn, DisputeChanged] == told(provider)[1:]
    provider.dice = dice(0.9)
    assert HAPPENINGS[Fault.CHARGED_BACK](provider)
    assert [DisputeChanged] == told(provider)[3:]
    assert not HAPPENINGS[Fault.CHARGED_BACK](provider)
    assert 2 == len(deal.disputes)


def test_a_dispute_is_won_and_lost_and_its_money_follows() -> None:
    provider, deal = with_taken()
    provider.dice = dice(0.1)
    HAPPENINGS[Fault.CHARGED_BACK](provider)
    (case,) = deal.disputes.values()
    provider.dice = Random(3)
    for _ in range(60):
        assert happenings.dispute_goes_on(provider)
    assert {FundsWithdrawn, FundsReinstated, DisputeChanged} == set(told(provider)[1:])
    withdrawn, back = (deal.total(k) for k in (EffectKind.WITHDRAWN, EffectKind.REINSTATED))
    assert case.is_withdrawn == (withdrawn > back)


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        (Fault.HELD_IN_PART, {Captured}),
        (Fault.WRONG_AMOUNT, {Captured}),
        (Fault.ODD_AMOUNT, {Unreadable}),
        (Fault.NEVER_SEEN, {Unknown}),
    ],
)
def test_money_comes_otherwise_than_it_was_asked_for(fault: Fault, facts: set[type[Fact]]) -> None:
    provider = calm_provider()
    provider.answer(creating())
    assert HAPPENINGS[fault](provider)
    assert facts == set(told(provider))
    (letter,) = provider.books.post.waiting
    assert letter.because is fault
    deal = provider.books.in_order[-1]
    is_as_asked = (deal.minor, deal.currency.code) == (1000, "USD")
    assert is_as_asked == (fault in (Fault.ODD_AMOUNT, Fault.NEVER_SEEN))


def test_a_movement_that_was_refused_has_moved_nothing() -> None:
    provider, deal = with_held()
    provider.answer(capturing(deal, "99.00"))
    assert [MoveStatus.REFUSED] == [move.status for move in deal.moves]
    assert not HAPPENINGS[Fault.CAPTURE_RETAKEN](provider)


@pytest.mark.parametrize(("minor", "fact"), [("4.00", Declined), ("99.00", Captured)])
def test_a_provider_without_times_says_the_opposite(minor: str, fact: type[Fact]) -> None:
    provider, deal = with_held("hostile")
    provider.answer(capturing(deal, minor))
    before = list(provider.truth)
    assert happenings.says_the_opposite(provider)
    assert fact is told(provider)[-1]
    assert before == provider.truth


def test_only_some_providers_contradict_themselves() -> None:
    for profile in ("stripe", "mollie"):
        provider, deal = with_held(profile)
        provider.answer(capturing(deal, "4.00"))
        assert not happenings.says_the_opposite(provider)
    assert not happenings.says_the_opposite(with_held("hostile")[0])


def test_a_look_up_tells_what_happened_besides() -> None:
    provider, deal = with_session()
    request = completing(deal)
    provider.answer(request)
    happenings.renamed(provider)
    own, other = provider.look_up(looking_up(request.operation_id))
    assert request.operation_id == own.our_reference
    assert isinstance(other.fact, ReferenceChanged)
    assert other.our_reference is None
