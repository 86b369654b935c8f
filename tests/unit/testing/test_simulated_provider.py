"""A simulated provider has a truth of its own, and one effect for each key that it knows."""

from __future__ import annotations

import pytest
from simulated_worlds import (
    SOURCE,
    Clock,
    calm_provider,
    capturing,
    charging,
    closing,
    completing,
    completing_setup,
    creating,
    creating_setup,
    looking_up,
    named,
    refunding,
    updating,
    usd,
    voiding,
    with_held,
    with_session,
    with_taken,
)

from paysession import CloseReason
from paysession.gateways import CancelRefundRequest
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Failure,
    FailureCode,
    Outcome,
    Pending,
    References,
    Refunded,
    Rejected,
    Stored,
    Voided,
)
from paysession.testing._invariants import EffectKind
from paysession.testing._simulation.deals import DealStatus
from paysession.testing._simulation.provider import CALM, REFUSING, SLOW, SimulatedProvider


def effects(provider: SimulatedProvider) -> list[tuple[EffectKind, int]]:
    return [(each.kind, each.amount.minor) for each in provider.truth if not each.undone]


def test_the_same_key_has_one_effect_and_one_answer() -> None:
    provider = calm_provider()
    request = charging()
    first = provider.answer(request)
    assert isinstance(first, Captured)
    assert first is provider.answer(request)
    assert [(EffectKind.HELD, 1000), (EffectKind.TAKEN, 1000)] == effects(provider)


def test_a_key_that_is_forgotten_has_another_effect() -> None:
    provider, request = calm_provider(), charging(manual=True)
    provider.answer(request)
    clock = provider.books.now
    assert isinstance(clock, Clock)
    clock.wait(hours=25)
    provider.answer(request)
    assert [(EffectKind.HELD, 1000)] * 2 == effects(provider)


def test_a_hostile_provider_ignores_keys() -> None:
    provider, request = calm_provider("hostile"), charging(manual=True)
    provider.answer(request)
    provider.answer(request)
    assert [(EffectKind.HELD, 1000)] * 2 == effects(provider)


@pytest.mark.parametrize(
    ("mood", "answer", "status"),
    [
        (0.01, Declined, DealStatus.CLOSED),
        (0.05, ActionRequired, DealStatus.WAITING),
        (0.12, Pending, DealStatus.WORKING),
        (0.30, Captured, DealStatus.PAID),
        (CALM, Accepted, DealStatus.OPEN),
    ],
)
def test_a_session_is_opened_as_the_dice_have_it(
    mood: float, answer: type[Outcome], status: DealStatus
) -> None:
    provider = calm_provider()
    provider.mood = mood
    assert isinstance(provider.answer(creating(source=SOURCE)), answer)
    assert [status] == [deal.status for deal in provider.books.in_order]


@pytest.mark.parametrize(
    ("mood", "answer", "status"),
    [
        (REFUSING, Declined, DealStatus.OPEN),
        (0.13, Declined, DealStatus.CLOSED),
        (0.20, ActionRequired, DealStatus.WAITING),
        (0.30, Pending, DealStatus.WORKING),
        (CALM, Authorized, DealStatus.PAID),
    ],
)
def test_a_session_is_completed_as_the_dice_have_it(
    mood: float, answer: type[Outcome], status: DealStatus
) -> None:
    provider, deal = with_session()
    provider.mood = mood
    answered = provider.answer(completing(deal))
    assert isinstance(answered, answer)
    assert status is deal.status
    assert (status is DealStatus.CLOSED) == (getattr(answered, "ends", None) is Ends.OBJECT)


def test_what_the_customer_has_approved_needs_no_other_action() -> None:
    provider, deal = with_session("paypal")
    deal.status, provider.mood = DealStatus.APPROVED, 0.20
    assert isinstance(provider.answer(completing(deal)), Accepted | Authorized | Pending)


def test_a_source_is_stored() -> None:
    provider = calm_provider()
    assert isinstance(provider.answer(creating_setup()), Accepted)
    answer = provider.answer(completing_setup(provider.books.in_order[-1]))
    assert isinstance(answer, Stored)
    assert [] == effects(provider)


def test_completing_again_tells_of_the_same_money() -> None:
    provider, deal = with_session()
    first = provider.answer(completing(deal))
    assert first is provider.answer(completing(deal))
    assert [(EffectKind.HELD, 1000)] == effects(provider)


def test_completing_says_where_a_session_stands() -> None:
    provider, deal = with_session()
    deal.status = DealStatus.WORKING
    assert isinstance(provider.answer(completing(deal)), Pending)
    deal.status = DealStatus.CLOSED
    assert isinstance(provider.answer(completing(deal)), Canceled)


def test_an_open_session_may_be_about_another_amount() -> None:
    provider, deal = with_session()
    assert isinstance(provider.answer(updating(deal, "7.00")), Accepted)
    assert 700 == deal.minor
    provider.mood = REFUSING
    assert isinstance(provider.answer(updating(deal, "8.00")), Declined)
    provider.mood = CALM
    provider.answer(completing(deal))
    assert isinstance(provider.answer(updating(deal, "9.00")), Declined)
    assert 700 == deal.minor


def test_a_session_is_closed_unless_it_was_paid() -> None:
    provider, deal = with_session()
    deal.status = DealStatus.WORKING
    assert isinstance(provider.answer(closing(deal)), Pending)
    deal.status = DealStatus.OPEN
    assert isinstance(provider.answer(closing(deal, CloseReason.EXPIRED)), Expired)
    assert isinstance(provider.answer(closing(deal)), Canceled)
    provider, deal = with_session()
    paid = provider.answer(completing(deal))
    assert paid is provider.answer(closing(deal))


def test_money_moves_and_never_more_than_there_is() -> None:
    provider, deal = with_held()
    assert isinstance(provider.answer(capturing(deal, "10.01")), Declined)
    assert isinstance(provider.answer(capturing(deal, "4.00")), Captured)
    assert isinstance(provider.answer(voiding(deal, "6.01")), Declined)
    assert isinstance(provider.answer(voiding(deal, "6.00")), Voided)
    assert isinstance(provider.answer(refunding(deal, "4.01")), Declined)
    assert isinstance(provider.answer(refunding(deal, "4.00")), Refunded)
    assert isinstance(provider.answer(capturing(deal, "0.01")), Declined)
    assert [1000, 400, 600, 400] == [amount for _, amount in effects(provider)]


def test_a_final_capture_releases_the_rest() -> None:
    provider, deal = with_held()
    provider.answer(capturing(deal, "4.00", is_final=True))
    assert [
        (EffectKind.HELD, 1000),
        (EffectKind.TAKEN, 400),
        (EffectKind.RELEASED, 600),
    ] == effects(provider)


def test_a_hostile_provider_gives_back_more_than_was_taken() -> None:
    provider, deal = with_taken("hostile")
    assert isinstance(provider.answer(refunding(deal, "99.00")), Refunded)


def test_paypal_lets_a_little_more_be_taken() -> None:
    provider, deal = with_held("paypal")
    assert isinstance(provider.answer(capturing(deal, "11.50")), Captured)


def test_a_movement_may_be_refused_or_take_its_time() -> None:
    provider, deal = with_taken()
    provider.mood = REFUSING
    assert isinstance(provider.answer(refunding(deal, "1.00")), Declined)
    provider.mood = SLOW
    assert isinstance(provider.answer(refunding(deal, "1.00")), Pending)
    assert [(EffectKind.HELD, 1000), (EffectKind.TAKEN, 1000)] == effects(provider)


def test_adyen_decides_later() -> None:
    provider, deal = with_held("adyen")
    assert isinstance(provider.answer(capturing(deal, "10.00")), Pending)


def canceling(refund_id: str) -> CancelRefundRequest:
    return CancelRefundRequest(**named("rc"), payment_id="py_1", refund_id=refund_id)


def test_a_refund_is_called_off_while_it_has_not_happened() -> None:
    provider, deal = with_taken()
    provider.mood = SLOW
    slow, quick = refunding(deal, "1.00"), refunding(deal, "2.00")
    provider.answer(slow)
    provider.mood = CALM
    provider.answer(quick)
    assert isinstance(provider.answer(canceling(slow.operation_id)), Canceled)
    assert isinstance(provider.answer(canceling(quick.operation_id)), Declined)
    assert isinstance(provider.answer(canceling("re_none")), Declined)
    assert 800 == deal.returnable


def test_what_came_undone_is_not_paid_again() -> None:
    provider, deal = with_session()
    deal.takes_at_once = True
    provider.answer(completing(deal))
    (sale,) = deal.moves
    provider.books.undone(deal, sale)
    assert deal.has_come_undone
    assert isinstance(provider.answer(completing(deal)), Declined)
    assert isinstance(provider.answer(closing(deal)), Canceled)
    assert 0 == deal.held
    provider.books.redone(sale)
    assert isinstance(provider.answer(completing(deal)), Captured)


def test_a_refusal_ends_whatever_waited_for_it() -> None:
    provider, deal = with_session()
    provider.mood = 0.3
    waiting, refused = completing(deal), completing(deal)
    assert isinstance(provider.answer(waiting), Pending)
    deal.status = DealStatus.OPEN
    provider.mood = 0.13
    answer = provider.answer(refused)
    assert isinstance(answer, Declined)
    assert Ends.OBJECT is answer.ends
    assert DealStatus.CLOSED is deal.status
    (told,) = provider.look_up(looking_up(waiting.operation_id))
    assert answer == told.fact


def test_a_final_capture_leaves_alone_what_is_being_released() -> None:
    provider, deal = with_held()
    provider.mood = SLOW
    provider.answer(voiding(deal, "4.00"))
    provider.mood = CALM
    provider.answer(capturing(deal, "5.00", is_final=True))
    assert 400 == deal.held
    assert 100 == deal.total(EffectKind.RELEASED)


def test_what_it_does_not_know_it_rejects() -> None:
    provider, deal = with_taken()
    stranger = with_taken()[1]
    stranger.authorization = "sim_elsewhere"
    assert isinstance(provider.answer(refunding(stranger, "1.00")), Rejected)
    assert isinstance(provider.answer(looking_up("x_1", deal.references)), Rejected)


def test_a_look_up_tells_what_is_true_by_now() -> None:
    provider, deal = with_session()
    request = creating(manual=True)
    provider.answer(request)
    deal = provider.books.in_order[-1]
    provider.answer(completing(deal))
    (told,) = provider.look_up(looking_up(request.operation_id))
    assert isinstance(told.fact, Authorized)
    assert request.operation_id == told.our_reference
    (earlier,) = provider.look_up(looking_up(request.operation_id), behind=1)
    assert isinstance(earlier.fact, Accepted)
    assert () == provider.look_up(looking_up("at_none"))


def test_what_was_made_in_one_step_with_another_is_found_by_its_own_id() -> None:
    provider, deal = with_taken()
    (sale,) = deal.moves
    references = deal.references | References.of(capture=deal.capture)
    request = looking_up("ca_of_ours", references)
    (told,) = provider.look_up(request)
    assert (None, Captured) == (told.our_reference, type(told.fact))
    provider.books.say(deal, sale, Bounced(Failure(FailureCode.PROCESSING_ERROR)))
    (told,) = provider.look_up(request)
    assert isinstance(told.fact, Bounced)
    elsewhere = References.of(capture="sim_elsewhere")
    assert () == provider.look_up(looking_up("ca_of_ours", deal.references))
    assert () == provider.look_up(looking_up("ca_of_ours", elsewhere))


def test_a_look_up_of_what_was_rejected_says_so() -> None:
    provider, deal = with_taken()
    deal.authorization = "sim_elsewhere"
    deal.id = "sim_nowhere"
    request = refunding(deal, "1.00")
    provider.answer(request)
    (told,) = provider.look_up(looking_up(request.operation_id))
    assert isinstance(told.fact, Rejected)


def test_amounts_are_in_the_currency_of_their_deal() -> None:
    _, deal = with_taken()
    assert usd("10.00") == deal.money(1000)
