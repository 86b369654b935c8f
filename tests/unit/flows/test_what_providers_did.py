"""What a provider did to a payment by itself: lapses, disputes, totals, other ids."""

from __future__ import annotations

from typing import Any

import pytest
from flow_builders import CARD, DECLINE, Shop, eur, order
from notifying import NotifyingGateway, notifying_shop, tell

from paysession import Dispute, Money, Payment, StoredSource
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.movements import Refund, Reversal
from paysession._domain.parked import ParkedReport
from paysession.gateways.requests import (
    CancelRefundRequest,
    ChargeRequest,
    CompleteSetupSessionRequest,
    CreateSetupSessionRequest,
)
from paysession.lifecycles import DisputeStatus, OperationStatus, PaymentStatus, SetupSessionStatus
from paysession.outcomes import (
    Accepted,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Pending,
    Profile,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Stored,
    Totals,
    Unknown,
    Voided,
)

DISPUTED = References.of(dispute="dp_1")
VAST = Money.from_minor(10**18, "EUR")


def told_of(shop: Shop[NotifyingGateway], payment: Payment, fact: Fact) -> Payment:
    """Tell of a payment, by the ids that its provider has for it, twice."""
    report = Report(fact, references=payment.references)
    tell(shop, report)
    before = shop.snapshot()
    tell(shop, report)
    assert before == shop.snapshot(), "the same again changes nothing"
    return shop.payments.get_payment(payment.id)


def open_kinds(payment: Payment) -> list[str]:
    return [str(each.kind) for each in payment.discrepancies if each.is_open]


def test_an_authorization_lapses() -> None:
    shop = notifying_shop()

    payment = told_of(shop, shop.held(), AuthorizationLapsed(eur(100)))

    assert payment.status is PaymentStatus.LAPSED
    assert eur(100) == shop.account()["due"]


def test_an_authorization_changes() -> None:
    shop = notifying_shop()

    payment = told_of(shop, shop.held(), AuthorizationChanged(eur(120)))

    assert eur(120) == payment.balances.capturable
    assert "overpaid" in open_kinds(payment)


def test_money_in_dispute_is_withheld_and_lost_with_the_dispute() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    told_of(shop, payment, DisputeChanged("needs_response", references=DISPUTED))
    payment = told_of(shop, payment, FundsWithdrawn(eur(100), references=DISPUTED))
    assert eur(100) == payment.balances.withheld

    payment = told_of(shop, payment, DisputeChanged("lost", references=DISPUTED))

    (dispute,) = shop.payments.disputes_of(payment.id)
    assert dispute.status is DisputeStatus.LOST
    assert eur(100) == payment.balances.lost
    assert payment.status is PaymentStatus.REVERSED
    assert isinstance(shop.payments.get_dispute(dispute.id), Dispute)


def test_money_that_is_taken_back_without_a_dispute_is_flagged() -> None:
    shop = notifying_shop()

    payment = told_of(shop, shop.taken(), FundsWithdrawn(eur(40)))
    assert eur(40) == payment.balances.lost
    assert ["unexpected_reversal"] == open_kinds(payment)

    payment = told_of(shop, payment, FundsReinstated(eur(40)))
    assert eur(0) == payment.balances.lost
    assert [] == open_kinds(payment)
    assert 1 == sum(isinstance(each, Reversal) for each in shop.store.entities())


def test_totals_are_compared_and_never_added() -> None:
    shop = notifying_shop()

    payment = told_of(shop, shop.taken(), Totals(captured=eur(100), refunded=eur(30)))

    assert eur(0) == payment.balances.refunded
    assert ["over_refunded"] == open_kinds(payment)


def test_a_payment_is_known_by_its_new_id_and_by_its_former_one() -> None:
    shop = notifying_shop()
    payment = shop.held()
    former = payment.references.get("authorization")  # type: ignore[arg-type]
    assert former is not None
    renamed = ReferenceChanged(former, references=References.of(authorization="pi_new"))

    tell(shop, Report(renamed))
    before = shop.snapshot()
    tell(shop, Report(renamed))
    assert before == shop.snapshot()

    for number, known in enumerate((former, "pi_new")):
        named = References.of(authorization=known, capture=f"ch_{number}")
        tell(shop, Report(Captured(eur(10), references=named)))
    assert eur(20) == shop.payments.get_payment(payment.id).balances.captured


def test_a_payment_is_known_by_the_new_id_of_its_session() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    former = payment.references.get(ReferenceRole.SESSION)
    assert former is not None
    changed = ReferenceChanged(former, references=References.of(session="cs_new"))
    tell(shop, Report(changed))

    received = tell(
        shop, Report(Totals(captured=eur(100)), references=References.of(session="cs_new"))
    )

    assert (payment.id,) == received.settled


def test_a_refund_is_known_by_its_new_id() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    shop.gateway.then("refund", Pending(references=References.of(refund="re_1")))
    refund = shop.payments.refund(payment.id)
    renamed = ReferenceChanged("re_1", references=References.of(refund="re_2"))

    told_of(shop, payment, renamed)
    tell(shop, Report(Refunded(eur(100)), references=References.of(refund="re_2")))

    assert shop.payments.get_refund(refund.id).succeeded


def test_another_id_of_a_movement_is_told_by_its_own_payment() -> None:
    shop = notifying_shop()
    payment, other = shop.held(total=100), shop.held(total=200)
    captured = Captured(eur(100), references=References.of(capture="ch_1"))
    shop.gateway.then("capture", captured)
    capture = shop.payments.capture(payment.id)
    renamed = ReferenceChanged("ch_1", references=References.of(capture="ch_2"))

    received = tell(shop, Report(renamed, references=other.references))

    assert (capture.id,) == received.settled
    assert other == shop.payments.get_payment(other.id)


@pytest.mark.parametrize(
    "fact",
    [
        AuthorizationLapsed(eur(1)),
        FundsWithdrawn(eur(1)),
        DisputeChanged("lost"),
        Totals(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_told_of_a_session_without_money_waits(fact: Fact) -> None:
    shop = notifying_shop()
    session = shop.opened()

    received = tell(shop, Report(fact, our_reference=session.id))

    assert 1 == len(received.parked)


@pytest.mark.parametrize("fact", [DisputeChanged("lost"), FundsWithdrawn(eur(1))], ids=repr)
def test_a_dispute_without_an_id_waits(fact: Fact) -> None:
    shop = notifying_shop()
    payment = shop.taken()

    received = tell(shop, Report(fact, references=payment.references))

    is_dispute = isinstance(fact, DisputeChanged)
    assert is_dispute == bool(received.parked)


def test_a_lapse_of_a_payment_that_was_never_held_waits() -> None:
    shop = notifying_shop()
    shop.gateways["offline"] = shop.gateway
    payment = charged(shop, Pending())

    received = tell(shop, Report(AuthorizationLapsed(eur(1)), our_reference=payment.id))

    assert 1 == len(received.parked)


def test_what_was_let_go_before_it_was_heard_to_be_held_waits_for_that() -> None:
    shop = notifying_shop()
    shop.gateways["offline"] = shop.gateway
    payment = charged(shop, Pending())
    let_go = Voided(eur(100), references=References.of(void="vo_1"))

    received = tell(shop, Report(let_go, our_reference=payment.id))

    assert 1 == len(received.parked)
    assert PaymentStatus.PROCESSING is shop.payments.get_payment(payment.id).status

    shop.gateway.then("capture", Declined(DECLINE))
    tell(shop, Report(Authorized(eur(100)), our_reference=payment.attempt_id))
    shop.clock.forward(hours=1)
    shop.payments.recover()

    assert PaymentStatus.VOIDED is shop.payments.get_payment(payment.id).status


class ChargingGateway(NotifyingGateway):
    """Charges stored sources, and stores them."""

    def charge(self, request: ChargeRequest) -> Any:
        return self._answer(request)

    def cancel_refund(self, request: CancelRefundRequest) -> Any:
        return self._answer(request)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> Any:
        return self._answer(request)

    def complete_setup_session(self, request: CompleteSetupSessionRequest) -> Any:
        return self._answer(request)


def charging_shop() -> Shop[NotifyingGateway]:
    return Shop(ChargingGateway())


def charged(shop: Shop[NotifyingGateway], answer: object) -> Payment:
    shop.gateways["bogus"] = gateway = ChargingGateway()
    gateway.letters = shop.gateway.letters
    gateway.then("charge", answer)
    shop.gateway = gateway
    return shop.payments.charge(
        order(), method=CARD, source=StoredSource(id="src_1", profile_id="tok")
    )


def test_a_charge_is_settled_by_its_payments_id() -> None:
    shop = notifying_shop()
    payment = charged(shop, Pending())

    tell(shop, Report(Declined(DECLINE), our_reference=payment.id))

    assert shop.payments.get_payment(payment.id).status is PaymentStatus.FAILED


def test_a_payment_that_nobody_charged_cannot_be_declined() -> None:
    shop = notifying_shop()
    payment = charged(shop, Pending())
    tell(shop, Report(Captured(eur(100)), our_reference=payment.id))

    received = tell(shop, Report(Unknown(), our_reference=payment.id))

    assert received.settled or received.parked


def test_a_setup_session_is_completed_by_a_notification() -> None:
    shop = notifying_shop()
    shop.gateways["bogus"] = shop.gateway = gateway = ChargingGateway()
    gateway.then("create_setup_session", Accepted(references=References.of(session="cs_s")))
    gateway.then("complete_setup_session", Pending())
    setup = shop.payments.create_setup_session(CARD, customer_id="cu_1")
    setup = shop.payments.complete_setup_session(setup.id)

    tell(shop, Report(Stored(Profile(id="tok_1")), references=References.of(session="cs_s")))

    after = shop.payments.get_setup_session(setup.id)
    assert after.status is SetupSessionStatus.COMPLETED


def test_a_decline_of_an_earlier_try_at_storing_is_told_again_and_changes_nothing() -> None:
    shop = notifying_shop()
    shop.gateways["bogus"] = shop.gateway = gateway = ChargingGateway()
    gateway.then("create_setup_session", Accepted(references=References.of(session="cs_s")))
    gateway.then("complete_setup_session", Declined(DECLINE))
    setup = shop.payments.create_setup_session(CARD, customer_id="cu_1")
    shop.payments.complete_setup_session(setup.id)
    gateway.then("complete_setup_session", Stored(Profile(id="tok_1")))
    setup = shop.payments.complete_setup_session(setup.id)
    before = shop.snapshot()

    tell(shop, Report(Declined(DECLINE), references=References.of(session="cs_s")))

    assert before == shop.snapshot()


def test_what_waits_is_tried_one_by_one() -> None:
    shop = notifying_shop()
    for number in range(3):
        named = References.of(authorization=f"pi_{number}")
        tell(shop, Report(Captured(eur(1)), references=named))
    shop.clock.forward(minutes=5)

    shop.payments.recover(limit=2)

    parked = [each for each in shop.store.entities() if isinstance(each, ParkedReport)]
    assert 3 == len(parked)
    assert [0, 1, 1] == sorted(each.tries for each in parked)


def test_a_refund_nobody_asked_for_can_bounce() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    named = payment.references | References.of(refund="re_x")
    (refund_id,) = tell(shop, Report(Refunded(eur(30)), references=named)).settled
    refund = shop.store.get(Refund, refund_id, tenant="")
    assert refund is not None
    assert refund.succeeded


def test_a_setup_attempt_is_found_by_its_echo() -> None:
    shop = notifying_shop()
    shop.gateways["bogus"] = shop.gateway = gateway = ChargingGateway()
    gateway.then("create_setup_session", Accepted(references=References.of(session="cs_s")))
    gateway.then("complete_setup_session", Pending())
    setup = shop.payments.create_setup_session(CARD, customer_id="cu_1")
    setup = shop.payments.complete_setup_session(setup.id)

    tell(shop, Report(Stored(Profile(id="tok_1")), our_reference=setup.attempt_id))

    after = shop.payments.get_setup_session(setup.id)
    assert after.status is SetupSessionStatus.COMPLETED


def test_the_canceling_of_a_refund_is_told_by_its_echo() -> None:
    shop = notifying_shop()
    shop.gateways["bogus"] = shop.gateway = gateway = ChargingGateway()
    payment = shop.taken()
    gateway.then("refund", Pending(references=References.of(refund="re_1")))
    refund = shop.payments.refund(payment.id)
    gateway.then("cancel_refund", Pending())
    shop.payments.cancel_refund(refund.id)
    (called_off,) = (each for each in shop.store.entities() if isinstance(each, RefundCancellation))

    tell(shop, Report(Canceled(), our_reference=called_off.id))

    assert shop.payments.get_refund(refund.id).status is OperationStatus.CANCELED


def test_an_amount_that_no_total_can_hold_is_left_to_a_person() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    for number in range(2):
        named = payment.references | References.of(refund=f"re_{number}")
        tell(shop, Report(Refunded(VAST), references=named))

    (parked,) = (each for each in shop.store.entities() if isinstance(each, ParkedReport))
    assert parked.attention
    assert "amount_unreadable" == parked.discrepancies[0].kind
    assert shop.payments.get_payment(payment.id).balances.refunded == VAST
