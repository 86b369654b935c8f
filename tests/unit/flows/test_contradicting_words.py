"""What a provider says both of is looked up, not asked for again, and left to a person at last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flow_builders import DECLINE, ScriptedGateway, Shop, eur, scripted_shop, seen, stored

from paysession import Capture, Money, Payment
from paysession._domain.decisions import Decision
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource
from paysession._domain.owners import Owner
from paysession._drivers import drive
from paysession._flows.requests import AnyOperation
from paysession._flows.settling import settle
from paysession.gateways import Capabilities, LastWord
from paysession.gateways.requests import LookUpRequest
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import Captured, Declined, Fact, Refunded, Report, Unreadable

DECLINED = Declined(DECLINE)
VAST = Money.from_minor(10**18, "EUR")


def told(shop: Shop[ScriptedGateway], operation: AnyOperation, fact: Fact) -> None:
    """The provider says so in a notification, a minute later."""
    shop.clock.forward(minutes=1)
    at, source = shop.clock.now, EvidenceSource.NOTIFICATION
    drive(settle(operation, fact, source=source, at=at), shop.payments.ports)
    shop.clock.forward(minutes=1)


def contradicted(
    capabilities: Capabilities | None = None,
) -> tuple[Shop[ScriptedGateway], Payment, Capture]:
    """A capture that was answered as taken, and is told as declined."""
    shop = scripted_shop(capabilities)
    payment = shop.held()
    capture = shop.payments.capture(payment.id)
    told(shop, capture, DECLINED)
    shop.gateway.calls.clear()
    return shop, payment, stored(shop, capture)


def open_kinds(owner: Owner) -> list[DiscrepancyKind]:
    return [each.kind for each in owner.discrepancies if each.is_open]


def both(request: LookUpRequest) -> tuple[Report, ...]:
    return tuple(
        Report(fact, our_reference=request.operation_id) for fact in (Captured(eur(100)), DECLINED)
    )


@pytest.mark.parametrize(
    ("found", "status", "paid"),
    [
        (Captured(eur(100)), OperationStatus.SUCCEEDED, 100),
        (DECLINED, OperationStatus.FAILED, 0),
    ],
)
def test_a_look_up_settles_it_and_nothing_is_taken_again(
    found: Fact, status: OperationStatus, paid: int
) -> None:
    shop, payment, capture = contradicted()
    before = shop.payments.get_payment(payment.id)
    assert (eur(100), [DiscrepancyKind.CONTRADICTED]) == (
        before.balances.capture_in_flight,
        open_kinds(before),
    )
    shop.gateway.then("look_up", seen(found))

    (recovered,) = shop.payments.recover()

    assert (status, ["look_up"]) == (recovered.status, shop.gateway.methods)
    assert [] == open_kinds(shop.payments.get_payment(payment.id))
    assert (eur(paid), capture.id) == (shop.account()["paid"], recovered.id)
    assert () == shop.payments.recover()


@pytest.mark.parametrize("answer", [(), TimeoutError(), both])
def test_what_no_look_up_settles_is_left_to_a_person_after_the_deadline(answer: object) -> None:
    shop, payment, capture = contradicted()
    shop.gateway.then("look_up", answer, answer)

    (waiting,) = shop.payments.recover()
    assert (True, False) == (waiting.is_contradicted, waiting.attention)

    shop.clock.now += timedelta(hours=25)
    shop.payments.recover()

    assert (True, True) == (stored(shop, capture).is_contradicted, stored(shop, capture).attention)
    assert ["look_up", "look_up"] == shop.gateway.methods
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capture_in_flight


def test_a_gateway_s_rule_is_kept_with_what_is_asked_of_it() -> None:
    shop, payment, capture = contradicted(Capabilities(last_word=LastWord.SUCCESS))

    assert (LastWord.SUCCESS, True) == (capture.last_word, capture.succeeded)
    assert [] == open_kinds(shop.payments.get_payment(payment.id))
    assert () == shop.payments.recover()


def test_what_is_done_by_policy_learns_the_rule_before_its_call() -> None:
    shop = scripted_shop(Capabilities(last_word=LastWord.FAILURE))
    shop.gateway.then("complete_session", Captured(eur(60)))

    session = shop.completed()

    assert session.status is SessionStatus.FAILED
    (refund,) = [each for each in shop.store.entities() if getattr(each, "reason", None)]
    assert LastWord.FAILURE is getattr(refund, "last_word", None)


# More than can be counted


def test_an_amount_that_no_total_can_hold_moves_nothing_and_waits_for_a_person() -> None:
    shop = scripted_shop()
    shop.taken(total=40)
    second = shop.opened(total=100)
    shop.gateway.then("complete_session", Captured(VAST))

    session = shop.payments.complete_session(second.id)

    attempt = shop.attempt(session)
    assert (SessionStatus.PROCESSING, True) == (session.status, attempt.attention)
    assert [DiscrepancyKind.AMOUNT_UNREADABLE] == open_kinds(session)
    assert [Unreadable(str(VAST))] == [each.fact for each in attempt.facts]
    assert eur(40) == shop.account()["paid"]

    before = shop.snapshot()
    told(shop, attempt, Captured(VAST))
    assert before == shop.snapshot()


def test_a_refund_that_no_total_can_hold_moves_nothing_and_waits_for_a_person() -> None:
    shop = scripted_shop()
    first, second = shop.taken(total=40), shop.taken(total=100)
    shop.payments.refund(first.id)
    shop.gateway.then("refund", Refunded(VAST))

    refund = shop.payments.refund(second.id)

    assert (OperationStatus.REQUESTED, True) == (refund.status, refund.attention)
    payment = shop.payments.get_payment(second.id)
    assert [DiscrepancyKind.AMOUNT_UNREADABLE] == open_kinds(payment)
    assert eur(60) == payment.balances.refund_in_flight


# A person


def test_what_a_person_has_judged_is_amiss_no_more() -> None:
    shop = scripted_shop()
    payment = shop.held()
    capture = shop.payments.capture(payment.id)
    told(shop, capture, Unreadable("100.005 EUR"))
    assert (True, True) == (stored(shop, capture).succeeded, stored(shop, capture).attention)

    shop.payments.resolve(
        capture.id, decision=Decision.SUCCEEDED, actor="ann", reason="seen in the dashboard"
    )

    assert not stored(shop, capture).attention
    assert [] == open_kinds(shop.payments.get_payment(payment.id))


def test_a_person_settles_what_the_provider_says_both_of() -> None:
    shop, payment, capture = contradicted()
    shop.clock.now += timedelta(hours=25)
    shop.payments.recover()
    assert stored(shop, capture).attention

    shop.payments.resolve(
        capture.id, decision=Decision.FAILED, actor="ann", reason="it is in no statement"
    )

    settled = shop.payments.get_payment(payment.id)
    assert OperationStatus.FAILED is stored(shop, capture).status
    assert (eur(0), []) == (settled.balances.captured, open_kinds(settled))

    told(shop, capture, Captured(eur(100), occurred_at=shop.clock.now))

    again = shop.payments.get_payment(payment.id)
    assert (eur(100), [DiscrepancyKind.RESOLUTION_CONTRADICTED]) == (
        again.balances.captured,
        open_kinds(again),
    )


def test_an_attempt_s_money_that_a_look_up_denies_waits_for_a_person() -> None:
    shop = scripted_shop()
    session = shop.completed()
    attempt = shop.attempt(session)
    told(shop, attempt, DECLINED)
    shop.gateway.then("look_up", seen(DECLINED))

    shop.payments.recover()

    left = shop.attempt(session)
    assert ("the provider denies the money that came", eur(100)) == (
        left.waits_for_person,
        shop.account()["paid"],
    )
    shop.payments.resolve(
        left.id, decision=Decision.FAILED, actor="ann", reason="goods are held back"
    )
    assert not shop.attempt(session).attention
    assert [] == open_kinds(shop.payments.get_session(session.id))
