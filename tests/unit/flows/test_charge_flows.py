"""Charges: what is due is taken from a stored source, the customer absent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    PlainGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    order,
    seen,
)
from payment_builders import CREDIT, PATIENT, STORED, ChargingGateway, Till

from paysession import CapturePolicy, MandateUse, Money, Payable, Payment, StoredSource
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource
from paysession._domain.movements import Refund, Void
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession._money.minor_units import STRIPE
from paysession.errors import (
    AmountExceeded,
    AmountNotRepresentable,
    CurrencyMismatch,
    GatewayUnreachable,
    IllegalTransition,
    InvalidAmount,
    MethodUnavailable,
    NothingDue,
    OutcomeUnknown,
    PaymentDeclined,
    StillOpen,
    UnsafeInput,
    Unsupported,
)
from paysession.events import PayablePaid
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import ChargeRequest
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    Fact,
    NotAttempted,
    Pending,
    Profile,
    Unknown,
    UseSdk,
)

ACTION = ActionRequired(UseSdk("challenge"))
KNOWS = Capabilities(look_up_is_authoritative=True)


def _heard(till: Till, payment: Payment, fact: Fact) -> Payment:
    """A fact about a payment's charge arrives."""
    flow = settle(till.charge_of(payment), fact, source=EvidenceSource.RESPONSE, at=till.clock.now)
    drive(flow, till.payments.ports)
    return till.newest(payment)


def _recovered(shop: Shop[Any], *, minutes: int = 5) -> None:
    shop.clock.forward(minutes=minutes)
    shop.payments.recover()


def test_all_that_is_due_is_taken_from_a_stored_source() -> None:
    till = Till()

    payment = till.charged().raise_for_failure()

    assert (PaymentStatus.CAPTURED, eur(100)) == (payment.status, payment.amount)
    assert (eur(100), "paid") == (till.in_order().paid, till.in_order().status)
    assert 1 == till.told(PayablePaid)


def test_the_provider_is_asked_once_for_what_was_committed_before() -> None:
    till = Till()

    payment = till.payments.charge(
        order(),
        method=HELD_CARD,
        source=STORED,
        amount=eur(60),
        use=MandateUse.FIRST,
        customer_external_id="cus_1",
        metadata={"note": "renewal"},
    )

    (request,) = till.gateway.calls
    assert isinstance(request, ChargeRequest)
    assert (eur(60), STORED, MandateUse.FIRST, payment.id) == (
        request.amount,
        request.source,
        request.use,
        request.payment_id,
    )
    assert ("cus_1", CapturePolicy.MANUAL) == (
        request.terms.customer_external_id,
        request.terms.capture,
    )
    assert ("renewal", "renewal") == (request.terms.metadata["note"], payment.metadata["note"])
    assert payment.attempt_id == request.key == till.charge_of(payment).id
    assert PaymentStatus.AUTHORIZED is payment.status


def test_the_charge_may_say_when_held_money_is_taken_if_not_as_the_method_does() -> None:
    till = Till()

    payment = till.payments.charge(
        order(), method=HELD_CARD, source=STORED, capture=CapturePolicy.AUTOMATIC
    )

    assert PaymentStatus.CAPTURED is payment.status


def test_what_is_held_by_a_charge_is_captured_voided_and_refunded_as_any_payment() -> None:
    till = Till()
    held = till.payments.charge(order(), method=HELD_CARD, source=STORED)

    till.payments.capture(held.id, amount=eur(60)).raise_for_failure()
    till.payments.void(held.id, amount=None).raise_for_failure()
    till.payments.refund(held.id, amount=eur(10)).raise_for_failure()

    account = till.in_order()
    assert (eur(60), eur(10), eur(40)) == (account.paid, account.refunded, account.due)


def test_a_declined_charge_fails_its_payment_and_frees_the_amount() -> None:
    till = Till(charge=Declined(DECLINE))

    payment = till.charged()

    assert (PaymentStatus.FAILED, False) == (payment.status, payment.is_open)
    assert eur(100) == till.in_order().due
    with pytest.raises(PaymentDeclined, match="do_not_honor"):
        payment.raise_for_failure()
    for command in (till.payments.capture, till.payments.void, till.payments.refund):
        with pytest.raises(IllegalTransition, match="that is failed"):
            command(payment.id)


def test_a_charge_that_certainly_never_arrived_says_so_and_the_payment_has_failed() -> None:
    till = Till(charge=GatewayUnreachable())

    with pytest.raises(GatewayUnreachable):
        till.charged()

    (payment,) = till.store.find(Payment, by="payable_id", value="or_1", tenant="")
    assert (PaymentStatus.FAILED, eur(100)) == (payment.status, till.in_order().due)


def test_a_pending_charge_reserves_its_amount_until_the_provider_says_how_it_ended() -> None:
    till = Till(charge=Pending(), look_up=seen(Captured(eur(100))))

    payment = till.charged()
    assert (PaymentStatus.PROCESSING, eur(100)) == (payment.status, till.in_order().in_flight)
    with pytest.raises(NothingDue, match="being asked for"):
        till.charged()

    _recovered(till)
    assert PaymentStatus.CAPTURED is till.newest(payment).status
    assert eur(100) == till.in_order().paid


# Lost answers


def test_a_charge_whose_answer_is_lost_is_no_failure_and_reserves_its_amount() -> None:
    till = Till(charge=TimeoutError())

    payment = till.charged()

    assert (PaymentStatus.PROCESSING, eur(100)) == (payment.status, till.in_order().in_flight)
    with pytest.raises(StillOpen, match="run recover"):
        payment.raise_for_failure()


@pytest.mark.parametrize("fact", [Captured(eur(100)), Declined(DECLINE)])
def test_recovery_learns_how_a_charge_ended_whose_answer_was_lost(fact: Fact) -> None:
    till = Till(charge=TimeoutError(), look_up=seen(fact))
    payment = till.charged()

    _recovered(till)

    is_paid = isinstance(fact, Captured)
    after = till.newest(payment)
    assert (is_paid, False) == (after.succeeded, after.is_open)
    assert eur(100 if is_paid else 0) == till.in_order().paid
    assert ["charge", "look_up"] == till.gateway.methods


def test_recovery_repeats_with_the_same_key_what_the_provider_does_not_know() -> None:
    till = Till(charge=TimeoutError())
    payment = till.charged()

    _recovered(till)

    assert PaymentStatus.CAPTURED is till.newest(payment).status
    first, _, second = till.gateway.calls
    assert first == second


def test_a_charge_that_was_never_made_frees_its_amount_in_the_end() -> None:
    till = Till(attrs.evolve(KNOWS, honours_keys=False), charge=TimeoutError())
    payment = till.charged()

    _recovered(till)

    assert (PaymentStatus.FAILED, eur(100)) == (till.newest(payment).status, till.in_order().due)


def test_a_call_that_is_made_after_its_charge_was_taken_for_absent_may_still_take_money() -> None:
    """The call was held up on its way; recovery looked before it went out."""
    till = Till(attrs.evolve(KNOWS, honours_keys=False))

    def held_up(request: object) -> Unknown:
        _recovered(till)
        return Unknown("timeout")

    till.gateway.then("charge", held_up)
    payment = till.charged()

    assert (PaymentStatus.PROCESSING, None) == (payment.status, payment.failure)
    assert eur(100) == till.in_order().in_flight
    till.gateway.then("look_up", seen(Captured(eur(100))))
    _recovered(till)
    assert (PaymentStatus.CAPTURED, eur(100)) == (
        till.newest(payment).status,
        till.in_order().paid,
    )


def test_a_charge_that_nobody_can_settle_is_left_to_a_person_and_stays_reserved() -> None:
    till = Till(Capabilities(honours_keys=False), charge=TimeoutError())
    payment = till.charged()

    _recovered(till, minutes=60 * 25)

    assert till.charge_of(payment).attention
    assert [DiscrepancyKind.UNRESOLVED] == [
        each.kind for each in till.newest(payment).discrepancies
    ]
    assert eur(100) == till.in_order().in_flight


def test_after_the_call_a_store_that_fails_ends_in_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    get = till.store.get

    def breaking(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        found = get(kind, id, tenant=tenant)
        if isinstance(found, Payment) and found.succeeded:
            raise ConnectionError
        return found

    monkeypatch.setattr(till.store, "get", breaking)

    with pytest.raises(OutcomeUnknown) as unknown:
        till.charged()

    monkeypatch.undo()
    payment = till.payments.get_payment(unknown.value.record_id)
    assert (PaymentStatus.CAPTURED, unknown.value.operation_id) == (
        payment.status,
        payment.attempt_id,
    )


# An action


def test_a_charge_that_needs_the_customer_reserves_nothing_and_may_succeed_later() -> None:
    till = Till(charge=ACTION, look_up=seen(Captured(eur(100))))

    payment = till.charged()
    assert (ACTION.next_action, eur(100)) == (payment.next_action, till.in_order().due)
    with pytest.raises(StillOpen, match="send the customer to its next_action, and then run"):
        payment.raise_for_failure()

    _recovered(till)
    after = till.newest(payment)
    assert (PaymentStatus.CAPTURED, None, eur(100)) == (
        after.status,
        after.next_action,
        till.in_order().paid,
    )


def test_the_customer_may_act_after_the_payable_was_paid_otherwise_and_that_is_too_much() -> None:
    till = Till(charge=ACTION)
    waiting = till.charged()
    till.charged().raise_for_failure()

    after = _heard(till, waiting, Captured(eur(100)))

    assert [DiscrepancyKind.OVERPAID] == [each.kind for each in after.discrepancies]
    assert (eur(200), "overpaid") == (till.in_order().paid, till.in_order().status)


# Races


def test_two_charges_never_use_the_same_due_amount() -> None:
    till = Till()
    refused: list[Exception] = []

    def again(request: ChargeRequest) -> Captured:
        with pytest.raises(NothingDue) as refusal:
            till.charged()
        refused.append(refusal.value)
        return Captured(request.amount)

    till.gateway.then("charge", again)
    till.charged().raise_for_failure()

    assert 1 == len(refused)
    assert ["charge"] == till.gateway.methods
    assert eur(100) == till.in_order().paid


def test_of_two_charges_that_are_committed_at_once_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    till.check()
    commit, others = till.store.commit, [till.charged]

    def interrupted(changes: Any) -> None:
        if others:
            others.pop()()
        commit(changes)

    monkeypatch.setattr(till.store, "commit", interrupted)

    with pytest.raises(NothingDue):
        till.charged()

    assert ["charge"] == till.gateway.methods
    assert eur(100) == till.in_order().paid


def test_a_session_cannot_be_completed_while_a_charge_asks_for_what_is_due() -> None:
    till = Till(charge=TimeoutError())
    session = till.opened()
    till.charged()

    with pytest.raises(NothingDue):
        till.payments.complete_session(session.id)

    assert ["create_session", "charge"] == till.gateway.methods
    till.in_order()


def test_nothing_is_charged_while_a_session_asks_for_what_is_due() -> None:
    till = Till(complete_session=TimeoutError())
    till.completed()
    before = till.snapshot()

    with pytest.raises(NothingDue):
        till.charged()

    assert before == till.snapshot()


# Late, less, more, another currency


def test_money_that_comes_after_a_decline_is_kept_and_takes_the_failure_back() -> None:
    till = Till(charge=Declined(DECLINE))
    payment = till.charged()

    after = _heard(till, payment, Captured(eur(100)))

    assert (PaymentStatus.CAPTURED, None) == (after.status, after.failure)
    assert after is after.raise_for_failure()
    assert eur(100) == till.in_order().paid
    till.payments.refund(payment.id).raise_for_failure()
    assert PaymentStatus.REFUNDED is till.newest(payment).status


@pytest.mark.parametrize(
    ("kind", "release", "method"), [(Authorized, Void, "void"), (Captured, Refund, "refund")]
)
def test_less_than_was_asked_is_given_back_at_once(
    kind: type[Authorized | Captured], release: type[Void | Refund], method: str
) -> None:
    till = Till(charge=kind(eur(60)))

    payment = till.payments.charge(order(), method=CARD, source=STORED)

    assert ["charge", method] == till.gateway.methods
    (given_back,) = till.store.find(release, by="payment_id", value=payment.id, tenant="")
    assert (eur(60), True) == (given_back.amount, given_back.succeeded)
    with pytest.raises(PaymentDeclined):
        payment.raise_for_failure()
    account = till.in_order()
    assert eur(0) == account.authorized + account.paid - account.refunded


@pytest.mark.parametrize(("kind", "method"), [(Authorized, "void"), (Captured, "refund")])
def test_less_than_was_asked_is_no_success_while_nobody_knows_whether_it_went_back(
    kind: type[Authorized | Captured], method: str
) -> None:
    till = Till(charge=kind(eur(60)), **{method: TimeoutError()})

    payment = till.payments.charge(order(), method=CARD, source=STORED)

    assert (False, True) == (payment.succeeded, payment.is_open)
    with pytest.raises(PaymentDeclined):
        payment.raise_for_failure()
    _recovered(till)
    assert not till.newest(payment).is_open


def test_less_than_was_asked_is_kept_as_a_part_where_the_method_says_so() -> None:
    till = Till(charge=Captured(eur(60)))

    till.charged().raise_for_failure()
    assert eur(40) == till.in_order().due
    till.charged().raise_for_failure()

    assert (eur(100), 1) == (till.in_order().paid, till.told(PayablePaid))


def test_more_than_was_asked_is_kept_and_told() -> None:
    till = Till(charge=Captured(eur(110)))

    payment = till.charged().raise_for_failure()

    assert ["amount_mismatch", "overpaid"] == [each.kind for each in payment.discrepancies]
    assert eur(110) == till.in_order().paid


def test_another_currency_moves_nothing_and_is_left_to_a_person() -> None:
    till = Till(charge=Captured(Money("100", "USD")))

    payment = till.charged()

    assert (PaymentStatus.PROCESSING, True) == (payment.status, till.charge_of(payment).attention)
    assert ["currency_mismatch"] == [each.kind for each in payment.discrepancies]
    assert eur(100) == till.in_order().in_flight


def test_a_known_fact_is_not_even_committed() -> None:
    till = Till()
    payment = till.charged()
    charge = till.charge_of(payment)
    before = till.snapshot()

    _heard(till, payment, charge.facts[0].fact)

    assert before == till.snapshot()


# A mandate, and what the provider tells of the source


def test_the_source_of_a_payment_can_be_charged_again() -> None:
    till = Till(charge=Captured(eur(10), profile=Profile(id="pm_new")))
    first = till.charged(amount=eur(10))
    assert first.source == StoredSource(id="src_1", profile_id="pm_new")

    till.payments.charge(order(), method=PATIENT, source=first.source).raise_for_failure()

    assert eur(100) == till.in_order().paid


# What is refused


class OnlyCharges(Gateway):
    """Charges, and can neither take nor release later."""

    def charge(self, request: ChargeRequest) -> Any:
        raise AssertionError


class ChargesAndCaptures(OnlyCharges):
    """Charges and takes, and cannot release."""

    def capture(self, request: Any) -> Any:
        raise AssertionError


def _by(gateway: Gateway, **kwargs: Any) -> Callable[[Till], object]:
    def charge(till: Till) -> object:
        till.gateways["bogus"] = gateway
        return till.payments.charge(order(), method=CARD, source=STORED, **kwargs)

    return charge


def _charge(**kwargs: Any) -> Callable[[Till], object]:
    arguments = {"method": PATIENT, "source": STORED, **kwargs}
    return lambda till: till.payments.charge(arguments.pop("payable", order()), **arguments)


def _unwritable(till: Till) -> object:
    till.gateways["bogus"] = ChargingGateway(Capabilities(minor_units=STRIPE))
    dinars = Payable("or_1", total=Money("1.001", "KWD"))
    return till.payments.charge(dinars, method=PATIENT, source=STORED)


REFUSED: dict[str, tuple[Callable[[Till], object], type[Exception]]] = {
    "a source without a profile": (_charge(source=StoredSource(id="src_1")), UnsafeInput),
    "no source": (_charge(source=None), UnsafeInput),
    "no real source": (_charge(source="src_1"), TypeError),
    "no payable": (_charge(payable="or_1"), TypeError),
    "no method": (_charge(method="pm_1"), TypeError),
    "no such use": (_charge(use="always"), UnsafeInput),
    "no such policy": (_charge(capture="never"), UnsafeInput),
    "a nul": (_charge(customer_external_id="\0"), UnsafeInput),
    "more than is due": (_charge(amount=eur(101)), AmountExceeded),
    "nothing": (_charge(amount=eur(0)), InvalidAmount),
    "less than nothing": (_charge(amount=eur(-1)), InvalidAmount),
    "another currency": (_charge(amount=Money(1, "USD")), CurrencyMismatch),
    "a number": (_charge(amount=1), TypeError),
    "nothing due": (_charge(payable=order(0)), NothingDue),
    "no gateway": (_charge(method=attrs.evolve(CARD, gateway="gone")), MethodUnavailable),
    "a gateway that does not charge": (_by(PlainGateway()), Unsupported),
    "a gateway that cannot take later": (
        _by(OnlyCharges(), capture=CapturePolicy.MANUAL),
        Unsupported,
    ),
    "a gateway that cannot release": (
        _by(ChargesAndCaptures(), capture=CapturePolicy.WHEN_COVERED),
        Unsupported,
    ),
    "what the provider cannot write": (_unwritable, AmountNotRepresentable),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_writes_nothing_and_calls_nobody(case: str) -> None:
    command, error = REFUSED[case]
    till = Till()
    before = till.snapshot()

    with pytest.raises(error):
        command(till)

    assert before == till.snapshot()
    assert [] == till.calls


def test_a_gateway_that_only_charges_takes_at_once() -> None:
    class Charging(OnlyCharges):
        def charge(self, request: ChargeRequest) -> Any:
            return Captured(request.amount)

    till = Till()
    till.gateways["bogus"] = Charging()

    assert till.payments.charge(order(), method=CARD, source=STORED).succeeded


# With the provider in memory


def test_a_charge_at_a_provider_that_loses_the_answer_is_found_and_taken_once() -> None:
    shop = bogus_shop()
    payment = shop.payments.charge(order(), method=CARD, source=card(charge="timeout_after"))
    assert PaymentStatus.PROCESSING is payment.status

    _recovered(shop)

    assert shop.payments.get_payment(payment.id).succeeded
    assert eur(100) == shop.gateway.taken("EUR") == shop.account()["paid"]


def test_a_charge_that_never_reached_the_provider_is_repeated_and_taken_once() -> None:
    shop = bogus_shop()
    payment = shop.payments.charge(order(), method=CARD, source=card(charge="timeout_before"))

    _recovered(shop)

    assert shop.payments.get_payment(payment.id).succeeded
    assert eur(100) == shop.gateway.taken("EUR")


def test_a_charge_that_brings_half_is_given_back_by_the_provider() -> None:
    shop = bogus_shop()

    payment = shop.payments.charge(order(), method=CARD, source=card(charge="partial"))

    assert not payment.succeeded
    assert eur(50) == shop.gateway.taken("EUR") == shop.gateway.given_back("EUR")


def test_a_customer_who_acts_on_a_charge_is_heard_of_by_looking() -> None:
    shop = bogus_shop()
    payment = shop.payments.charge(order(), method=CARD, source=card(charge="require_action"))
    assert payment.next_action is not None

    shop.gateway.let_pending_succeed()
    _recovered(shop)

    assert shop.payments.get_payment(payment.id).succeeded
    assert eur(100) == shop.gateway.taken("EUR")


def test_credit_is_charged_by_its_own_id() -> None:
    till = Till()

    till.with_credit(40)

    (request,) = till.credit.calls
    assert isinstance(request, ChargeRequest)
    assert ("sc_1", CREDIT.capture) == (request.source.profile_id, CapturePolicy.WHEN_COVERED)
    assert CapturePolicy.MANUAL is request.terms.capture


def test_that_a_charge_never_arrived_fails_its_payment_in_our_own_words() -> None:
    till = Till(charge=TimeoutError())
    payment = till.charged()

    after = _heard(till, payment, NotAttempted())

    assert (PaymentStatus.FAILED, "processing_error") == (
        after.status,
        after.failure and after.failure.code,
    )
