"""What a person decides: how an operation ended, and what need not be looked at any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    NOW,
    ScriptedGateway,
    Shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
    stored,
    unknown_capture,
)
from keyed_commands import FullGateway

from paysession import AsyncPayments, Attempt, CapturePolicy, LatePolicy, Payment, PaymentSession
from paysession._domain.decisions import Decision
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import EvidenceSource
from paysession._domain.operations import Operation
from paysession._domain.setup_session import SetupSession
from paysession._drivers import drive
from paysession._flows.settling import settle
from paysession._flows.units import atomic
from paysession.errors import (
    IdempotencyKeyReused,
    IllegalTransition,
    LimitExceeded,
    NotFound,
    OperationUnresolved,
    OutcomeUnknown,
    UnsafeInput,
)
from paysession.events import DiscrepancyDismissed, Event, OperationResolved
from paysession.gateways import AsyncBogusGateway, Capabilities
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus, SetupSessionStatus
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    NotAttempted,
    Pending,
    Redirect,
    Rejected,
    Report,
)

KEYLESS = Capabilities(honours_keys=False)
LATE = timedelta(hours=25)
WHO = {"actor": "staff_7", "reason": "the provider's support says so, ticket 4711"}


def left_to_a_person(
    command: str = "capture", capabilities: Capabilities = KEYLESS
) -> tuple[Shop[ScriptedGateway], Payment, Any]:
    """A movement that timed out, and that no machine can find out about any more."""
    shop = scripted_shop(capabilities)
    payment = shop.taken() if command == "refund" else shop.held()
    shop.gateway.then(command, TimeoutError())
    movement = getattr(shop.payments, command)(payment.id)
    shop.clock.now = NOW + LATE
    shop.payments.recover()
    shop.gateway.calls.clear()
    return shop, payment, movement


def events_of(shop: Shop[Any], kind: type[Event]) -> list[Any]:
    recorded = shop.store.unpublished(limit=100_000, tenant="")
    return [each.event for each in recorded if isinstance(each.event, kind)]


def resolved(shop: Shop[Any], record_id: str, decision: Decision) -> Any:
    return shop.payments.resolve(record_id, decision=decision, **WHO)


# What needs attention


def test_what_is_left_to_a_person_is_listed() -> None:
    shop, _, capture = left_to_a_person()

    (listed,) = shop.payments.needs_attention()

    assert capture.id == listed.id
    assert listed.attention


def test_on_an_event_loop_it_is_listed_as_well() -> None:
    payments = AsyncPayments({"bogus": AsyncBogusGateway()})

    assert () == asyncio.run(payments.needs_attention())


def test_nothing_is_listed_while_a_machine_can_find_out() -> None:
    shop, _, _ = unknown_capture()

    assert () == shop.payments.needs_attention()


def test_the_oldest_is_listed_first_and_no_more_than_asked_for() -> None:
    shop = scripted_shop(KEYLESS)
    captures = []
    for payment in (shop.held(total=100), shop.held(total=200)):
        shop.gateway.then("capture", TimeoutError())
        captures.append(shop.payments.capture(payment.id).id)
        shop.clock.forward(minutes=1)
    shop.clock.now = NOW + LATE
    shop.payments.recover()

    assert captures == [each.id for each in shop.payments.needs_attention()]
    assert captures[:1] == [each.id for each in shop.payments.needs_attention(limit=1)]


def test_a_payment_with_too_much_money_is_listed_until_a_person_has_judged_it() -> None:
    shop = scripted_shop(complete_session=lambda request: Captured(request.amount + eur(1)))
    payment = shop.taken()

    assert [payment.id] == [each.id for each in shop.payments.needs_attention()]


def test_what_closes_by_itself_is_not_listed_beside_its_operation() -> None:
    shop, payment, capture = left_to_a_person()

    assert [True] == [each.is_open for each in shop.payments.get_payment(payment.id).discrepancies]
    assert [capture.id] == [each.id for each in shop.payments.needs_attention()]


# An operation succeeded


MOVED = {"capture": "captured", "void": "voided", "refund": "refunded"}


@pytest.mark.parametrize("command", MOVED)
def test_a_movement_that_a_person_says_succeeded_moves_its_amount(command: str) -> None:
    shop, payment, movement = left_to_a_person(command)

    after = resolved(shop, movement.id, Decision.SUCCEEDED)

    assert after.succeeded
    assert not after.attention
    payment = shop.payments.get_payment(payment.id)
    assert eur(100) == getattr(payment.balances, MOVED[command])
    assert () == payment.open_operations
    assert [False] == [each.is_open for each in payment.discrepancies]
    assert () == shop.payments.needs_attention()


def test_the_decision_is_evidence_of_a_person_and_an_event_with_actor_and_reason() -> None:
    shop, _, capture = left_to_a_person()

    after = resolved(shop, capture.id, Decision.SUCCEEDED)

    assert [EvidenceSource.PERSON] == [each.source for each in after.facts]
    (told,) = events_of(shop, OperationResolved)
    assert (
        OperationResolved(at=shop.clock.now, operation_id=capture.id, decision="succeeded", **WHO)
        == told
    )


@pytest.mark.parametrize(("method", "fact"), [(CARD, Captured), (HELD_CARD, Authorized)])
def test_a_completion_that_a_person_says_succeeded_brings_the_money(
    method: Any, fact: type
) -> None:
    shop = scripted_shop(KEYLESS)
    session = shop.opened(method=method)
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=3)

    attempt = resolved(shop, session.attempt_id, Decision.SUCCEEDED)

    assert isinstance(attempt.believed, fact)
    session = shop.payments.get_session(session.id)
    assert SessionStatus.COMPLETED is session.status
    assert shop.payment_of(session).succeeded


def test_a_creation_that_a_person_says_succeeded_opens_the_session() -> None:
    shop = scripted_shop(KEYLESS, create_session=TimeoutError())
    session = shop.opened()
    shop.clock.forward(minutes=3)

    assert resolved(shop, session.attempt_id, Decision.SUCCEEDED).succeeded

    assert SessionStatus.PENDING is shop.payments.get_session(session.id).status
    assert () == shop.payments.get_session(session.id).open_attempts


@pytest.mark.parametrize(
    ("reason", "status", "fact"),
    [("cancel", SessionStatus.CANCELED, Canceled), ("expire", SessionStatus.EXPIRED, Expired)],
)
def test_a_close_that_a_person_says_succeeded_closes_the_session(
    reason: str, status: SessionStatus, fact: type
) -> None:
    shop = scripted_shop(KEYLESS)
    session = shop.opened(expires_in_minutes=60)
    shop.gateway.then("close_session", TimeoutError())
    if reason == "cancel":
        shop.payments.cancel_session(session.id)
    else:
        shop.clock.forward(minutes=61)
        shop.payments.expire_sessions()
    shop.clock.forward(minutes=3)

    attempt = resolved(shop, shop.attempt(session).id, Decision.SUCCEEDED)

    assert isinstance(attempt.believed, fact)
    assert status is shop.payments.get_session(session.id).status


def full_shop() -> Shop[FullGateway]:
    return Shop(FullGateway(KEYLESS))


@pytest.mark.parametrize("decision", [Decision.SUCCEEDED, Decision.FAILED])
def test_a_charge_is_decided_like_a_completion(decision: Decision) -> None:
    shop = full_shop()
    shop.gateway.then("charge", TimeoutError())
    payment = shop.payments.charge(order(), method=CARD, source=card())
    shop.clock.forward(minutes=3)
    assert payment.attempt_id is not None

    resolved(shop, payment.attempt_id, decision)

    payment = shop.payments.get_payment(payment.id)
    is_paid = decision is Decision.SUCCEEDED
    assert (PaymentStatus.CAPTURED if is_paid else PaymentStatus.FAILED) is payment.status
    assert eur(0 if is_paid else 100) == shop.account()["due"]


def test_what_is_stored_only_the_provider_can_say() -> None:
    shop = full_shop()
    session = shop.payments.create_setup_session(CARD)
    shop.gateway.then("complete_setup_session", TimeoutError())
    session = shop.payments.complete_setup_session(session.id)
    shop.clock.forward(minutes=3)

    with pytest.raises(IllegalTransition) as refused:
        resolved(shop, session.attempt_id, Decision.SUCCEEDED)
    assert ("failed",) == refused.value.allowed
    resolved(shop, session.attempt_id, Decision.FAILED)

    after: SetupSession = shop.payments.get_setup_session(session.id)
    assert SetupSessionStatus.PENDING is after.status


def test_a_setup_session_that_a_person_says_was_opened_is_open() -> None:
    shop = full_shop()
    shop.gateway.then("create_setup_session", TimeoutError())
    session = shop.payments.create_setup_session(CARD)
    shop.clock.forward(minutes=3)

    assert resolved(shop, session.attempt_id, Decision.SUCCEEDED).succeeded


# An operation failed


def test_a_capture_that_a_person_says_failed_frees_what_it_reserved() -> None:
    shop, payment, capture = left_to_a_person()

    after = resolved(shop, capture.id, Decision.FAILED)

    assert OperationStatus.FAILED is after.status
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capturable
    assert shop.payments.capture(payment.id).succeeded


def test_a_completion_that_a_person_says_failed_lets_the_customer_try_again() -> None:
    shop = scripted_shop(KEYLESS)
    session = shop.opened()
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=3)

    resolved(shop, session.attempt_id, Decision.FAILED)

    assert shop.payments.complete_session(session.id).succeeded


def test_what_the_provider_has_been_working_on_for_weeks_may_be_decided() -> None:
    shop = scripted_shop(refund=Pending())
    payment = shop.taken()
    refund = shop.payments.refund(payment.id)
    shop.clock.forward(hours=24 * 21)
    shop.gateway.then("look_up", seen(Pending()))

    assert resolved(shop, refund.id, Decision.SUCCEEDED).succeeded


def test_a_customer_who_never_came_back_may_be_given_up() -> None:
    shop = scripted_shop(complete_session=ActionRequired(Redirect("https://bank.example/3ds")))
    session = shop.completed()
    shop.clock.forward(hours=24)

    resolved(shop, session.attempt_id, Decision.FAILED)

    after = shop.payments.get_session(session.id)
    assert SessionStatus.PENDING is after.status
    assert after.next_action is None


def test_what_the_provider_contradicts_itself_about_a_person_decides() -> None:
    shop = scripted_shop(KEYLESS)
    refund = shop.payments.refund(shop.taken().id)
    shop.clock.now = NOW + LATE
    _told(shop, refund, Declined(DECLINE))
    shop.gateway.answers["look_up"] = [TimeoutError()] * 5
    shop.payments.recover()
    (listed,) = shop.payments.needs_attention()
    assert refund.id == listed.id

    after = resolved(shop, refund.id, Decision.FAILED)

    assert OperationStatus.FAILED is after.status
    payment = shop.payments.get_payment(refund.payment_id)
    assert eur(100) == payment.balances.refundable
    assert [] == [each.kind for each in payment.discrepancies if each.is_open]


# The provider's word


def test_the_provider_is_asked_once_more_and_its_word_counts() -> None:
    shop, payment, capture = left_to_a_person()
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    after = resolved(shop, capture.id, Decision.FAILED)

    assert after.succeeded
    assert ["look_up"] == shop.gateway.methods
    assert [] == events_of(shop, OperationResolved)
    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


def test_the_provider_s_later_word_counts_and_names_the_contradiction() -> None:
    shop, payment, capture = left_to_a_person()
    resolved(shop, capture.id, Decision.FAILED)
    _told(shop, capture, Captured(eur(100)))

    payment = shop.payments.get_payment(payment.id)
    assert stored(shop, capture).succeeded
    assert eur(100) == payment.balances.captured
    opened = {each.kind for each in payment.discrepancies if each.is_open}
    assert {DiscrepancyKind.RESOLUTION_CONTRADICTED} == opened
    assert [payment.id] == [each.id for each in shop.payments.needs_attention()]


def _told(shop: Shop[ScriptedGateway], operation: Any, fact: Any) -> None:
    flow = settle(operation, fact, source=EvidenceSource.NOTIFICATION, at=shop.clock.now)
    drive(flow, shop.payments.ports)


def test_a_look_up_that_cannot_be_recorded_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, _, capture = left_to_a_person()
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    def fail(_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(shop.store, "commit", fail)

    with pytest.raises(OutcomeUnknown):
        resolved(shop, capture.id, Decision.FAILED)


def test_somebody_who_is_faster_decides() -> None:
    shop, payment, capture = left_to_a_person()
    shop.gateway.then("look_up", ())
    shop.clock.at_readings = [
        lambda: None,
        lambda: None,
        lambda: _told(shop, capture, Captured(eur(100))),
    ]

    assert resolved(shop, capture.id, Decision.FAILED).succeeded
    assert [] == events_of(shop, OperationResolved)
    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


# What cannot be decided yet


def refuses(shop: Shop[Any], record_id: str, decision: Decision) -> OperationUnresolved:
    with pytest.raises(OperationUnresolved) as refused:
        resolved(shop, record_id, decision)
    assert [] == events_of(shop, OperationResolved)
    return refused.value


@pytest.mark.parametrize("decision", [Decision.SUCCEEDED, Decision.FAILED])
def test_a_call_that_is_under_way_cannot_be_decided(decision: Decision) -> None:
    shop = scripted_shop(KEYLESS, capture=KeyboardInterrupt())
    payment = shop.held()
    with pytest.raises(KeyboardInterrupt):
        shop.payments.capture(payment.id)
    (capture_id,) = shop.payments.get_payment(payment.id).open_operations
    before = shop.snapshot()

    assert capture_id == refuses(shop, capture_id, decision).operation_id

    assert before == shop.snapshot()


def test_what_recovery_may_still_repeat_cannot_be_decided() -> None:
    shop, _, capture = unknown_capture()
    shop.gateway.then("look_up", TimeoutError())

    refuses(shop, capture.id, Decision.FAILED)

    assert stored(shop, capture).is_open
    assert ["look_up"] == shop.gateway.methods


def test_what_recovery_can_still_do_is_done_before_a_person_decides() -> None:
    shop, _, capture = unknown_capture()

    assert resolved(shop, capture.id, Decision.FAILED).succeeded
    assert ["look_up", "capture"] == shop.gateway.methods


def test_a_call_that_is_due_and_was_never_made_cannot_be_decided() -> None:
    shop = scripted_shop(complete_session=lambda request: Captured(request.amount - eur(1)))
    shop.gateway.then("refund", KeyboardInterrupt())
    session = shop.opened()
    shop.clock.at_readings = [lambda: None, lambda: None, lambda: None, lambda: None, _interrupt]
    with pytest.raises(KeyboardInterrupt):
        shop.payments.complete_session(session.id)
    (due,) = [
        each
        for each in shop.store.entities()
        if isinstance(each, Operation) and each.sent_at is None
    ]

    refuses(shop, due.id, Decision.FAILED)

    assert "refund" not in shop.gateway.methods


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_what_somebody_takes_up_meanwhile_cannot_be_decided() -> None:
    shop, payment, capture = left_to_a_person()

    def taken_up_by_somebody(_: object) -> tuple[Report, ...]:
        leased = attrs.evolve(
            stored(shop, capture), lease_until=shop.clock.now + timedelta(hours=1), changed=True
        )
        owner = shop.payments.get_payment(payment.id)

        @atomic
        def write() -> Any:
            yield from ()
            return owner.disagreed(DiscrepancyKind.UNDERPAID, "x", "1", "2", at=NOW), leased

        drive(write(), shop.payments.ports)
        return ()

    shop.gateway.then("look_up", taken_up_by_somebody)

    refuses(shop, capture.id, Decision.SUCCEEDED)

    assert stored(shop, capture).is_open


# What has ended


def test_saying_what_is_known_already_returns_the_record() -> None:
    shop, _, capture = left_to_a_person()
    first = resolved(shop, capture.id, Decision.SUCCEEDED)
    before = shop.snapshot()

    assert first == resolved(shop, capture.id, Decision.SUCCEEDED)
    assert before == shop.snapshot()


@pytest.mark.parametrize("decision", [Decision.FAILED])
def test_what_has_ended_otherwise_cannot_be_decided(decision: Decision) -> None:
    shop = scripted_shop()
    payment = shop.held()
    capture = shop.payments.capture(payment.id)
    before = shop.snapshot()

    with pytest.raises(IllegalTransition) as refused:
        resolved(shop, capture.id, decision)

    assert ("succeeded", "dismissed") == refused.value.allowed
    assert before == shop.snapshot()


def test_an_operation_that_is_open_cannot_be_dismissed() -> None:
    shop, _, capture = left_to_a_person()
    before = shop.snapshot()

    with pytest.raises(IllegalTransition, match="cannot dismiss capture") as refused:
        resolved(shop, capture.id, Decision.DISMISSED)

    assert ("succeeded", "failed") == refused.value.allowed
    assert before == shop.snapshot()


def refused_release() -> tuple[Shop[ScriptedGateway], Any]:
    """Less came than was asked, and the provider refuses to give it back."""
    shop = scripted_shop(complete_session=lambda request: Captured(request.amount - eur(1)))
    shop.gateway.then("refund", Rejected(DECLINE))
    shop.completed()
    (refund,) = shop.payments.needs_attention()
    return shop, refund


@pytest.mark.parametrize("decision", [Decision.FAILED, Decision.DISMISSED])
def test_that_what_policy_wanted_has_failed_can_be_acknowledged(decision: Decision) -> None:
    shop, refund = refused_release()

    after = resolved(shop, refund.id, decision)

    assert OperationStatus.FAILED is after.status
    assert () == shop.payments.needs_attention()
    assert [decision] == [each.decision for each in events_of(shop, OperationResolved)]


def test_that_what_policy_wanted_has_happened_the_provider_denies() -> None:
    shop, refund = refused_release()
    before = shop.snapshot()

    with pytest.raises(IllegalTransition):
        resolved(shop, refund.id, Decision.SUCCEEDED)

    assert before == shop.snapshot()


def test_what_was_acknowledged_by_somebody_else_is_returned() -> None:
    shop, refund = refused_release()
    shop.clock.at_readings = [
        lambda: None,
        lambda: resolved(shop, refund.id, Decision.DISMISSED),
    ]

    resolved(shop, refund.id, Decision.DISMISSED)

    assert 1 == len(events_of(shop, OperationResolved))


# Contradictions of a session or payment


def test_contradictions_that_only_a_person_can_judge_are_dismissed() -> None:
    shop = scripted_shop(complete_session=lambda request: Captured(request.amount + eur(1)))
    payment = shop.taken()

    after = resolved(shop, payment.id, Decision.DISMISSED)

    assert [] == [each for each in after.discrepancies if each.is_open]
    assert () == shop.payments.needs_attention()
    told = {(each.kind, each.actor, each.reason) for each in events_of(shop, DiscrepancyDismissed)}
    kinds = {str(each.kind) for each in payment.discrepancies}
    assert {(kind, WHO["actor"], WHO["reason"]) for kind in kinds} == told


def test_what_waits_with_an_operation_is_not_dismissed_with_its_payment() -> None:
    shop, payment, _ = left_to_a_person()
    before = shop.snapshot()

    resolved(shop, payment.id, Decision.DISMISSED)

    assert before == shop.snapshot()


@pytest.mark.parametrize("decision", [Decision.SUCCEEDED, Decision.FAILED])
def test_a_payment_or_session_neither_succeeds_nor_fails_by_decision(decision: Decision) -> None:
    shop = scripted_shop()
    session = shop.completed()
    before = shop.snapshot()

    for record_id in (session.id, str(session.payment_id)):
        with pytest.raises(IllegalTransition) as refused:
            resolved(shop, record_id, decision)
        assert ("dismissed",) == refused.value.allowed
    assert before == shop.snapshot()


# Parked reports


class Notifying(ScriptedGateway):
    """Reports what a test put there, whatever the notification says."""

    reports: tuple[Report, ...] = ()

    def read_notification(self, notification: object) -> tuple[Report, ...]:
        return self.reports


def parked() -> tuple[Shop[Notifying], str]:
    shop = Shop(Notifying())
    shop.gateway.reports = (Report(Captured(eur(5)), our_reference="at_of_another_shop"),)
    received = shop.payments.receive_notification("bogus", body=b"", headers={})
    return shop, received.parked[0]


def test_a_report_that_concerns_nothing_here_is_dismissed() -> None:
    shop, parked_id = parked()

    after = resolved(shop, parked_id, Decision.DISMISSED)

    assert not after.is_waiting
    assert () == shop.payments.needs_attention()
    assert after == resolved(shop, parked_id, Decision.DISMISSED)


def test_a_report_neither_succeeds_nor_fails() -> None:
    shop, parked_id = parked()
    before = shop.snapshot()

    with pytest.raises(IllegalTransition):
        resolved(shop, parked_id, Decision.FAILED)

    assert before == shop.snapshot()


def test_a_report_whose_record_has_appeared_is_applied_and_not_dismissed() -> None:
    shop = Shop(Notifying())
    shop.gateway.reports = (Report(Captured(eur(100)), our_reference="at_3"),)
    received = shop.payments.receive_notification("bogus", body=b"", headers={})
    session = shop.opened()
    shop.gateway.then("complete_session", Pending())
    session = shop.payments.complete_session(session.id)
    assert "at_3" == session.attempt_id

    after = resolved(shop, received.parked[0], Decision.DISMISSED)

    assert "at_3" == after.applied_to
    assert shop.payments.get_session(session.id).succeeded


# Arguments


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"actor": ""}, UnsafeInput),
        ({"actor": "a" * 101}, LimitExceeded),
        ({"reason": " "}, UnsafeInput),
        ({"reason": "r" * 501}, LimitExceeded),
        ({"reason": "paid with 4111 1111 1111 1111"}, UnsafeInput),
        ({"actor": "4111111111111111"}, UnsafeInput),
        ({"decision": "maybe"}, UnsafeInput),
        ({"record_id": ""}, UnsafeInput),
        ({"record_id": "ca_unheard_of"}, NotFound),
    ],
)
def test_what_a_person_says_badly_changes_nothing(bad: dict[str, Any], error: type) -> None:
    shop, _, capture = left_to_a_person()
    before = shop.snapshot()
    given: dict[str, Any] = {"record_id": capture.id, "decision": "failed", **WHO, **bad}

    with pytest.raises(error):
        shop.payments.resolve(given.pop("record_id"), **given)

    assert before == shop.snapshot()
    assert [] == shop.gateway.methods


def test_a_decision_is_recorded_once_for_a_key_and_answers_the_key_of_the_command_too() -> None:
    shop = scripted_shop(KEYLESS)
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id, idempotency_key="k_capture")
    shop.clock.now = NOW + LATE
    shop.payments.recover()
    decide: Callable[[str], Any] = lambda decision: shop.payments.resolve(  # noqa: E731
        capture.id, decision=Decision(decision), **WHO, idempotency_key="k_person"
    )

    first = decide("succeeded")

    assert first == decide("succeeded")
    assert 1 == len(events_of(shop, OperationResolved))
    assert first == shop.payments.result_of("k_person", command="resolve")
    assert capture.id == shop.payments.result_of("k_capture", command="capture").id
    with pytest.raises(IdempotencyKeyReused):
        decide("failed")


def test_a_provider_that_settles_it_uses_up_no_key_of_a_person() -> None:
    shop, _, capture = left_to_a_person()
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.resolve(capture.id, decision=Decision.FAILED, **WHO, idempotency_key="k_person")

    with pytest.raises(NotFound):
        shop.payments.result_of("k_person", command="resolve")


# Covering


def test_what_waited_for_the_money_that_a_person_found_is_taken_at_once() -> None:

    shop = full_shop()
    held = shop.payments.charge(
        order(), method=CARD, source=card(), amount=eur(40), capture=CapturePolicy.WHEN_COVERED
    )
    shop.gateway.then("charge", TimeoutError())
    rest = shop.payments.charge(order(), method=CARD, source=card(), amount=eur(60))
    shop.clock.forward(minutes=3)

    resolved(shop, str(rest.attempt_id), Decision.SUCCEEDED)

    assert eur(40) == shop.payments.get_payment(held.id).balances.captured


def test_what_recovery_has_concluded_is_no_matter_for_a_person() -> None:
    sure = Capabilities(honours_keys=False, look_up_is_authoritative=True)
    shop, _, capture = unknown_capture(sure)

    after = resolved(shop, capture.id, Decision.SUCCEEDED)

    assert isinstance(after.believed, NotAttempted)


def test_ids_of_sessions_attempts_and_payments_are_all_told_apart() -> None:
    shop = scripted_shop()
    session = shop.completed()
    records = [
        resolved(shop, record_id, Decision.DISMISSED)
        for record_id in (session.id, session.attempt_id, str(session.payment_id))
    ]

    assert [PaymentSession, Attempt, Payment] == [type(each) for each in records]


@pytest.mark.parametrize("policy", list(LatePolicy))
def test_money_that_came_too_late_is_listed_while_it_is_here(policy: LatePolicy) -> None:
    method = attrs.evolve(CARD, on_late=policy)
    shop = scripted_shop(KEYLESS, refund=Pending())
    session = shop.opened(method=method)
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.payments.complete_session(session.id)
    attempt = shop.attempt(session)
    shop.clock.now = NOW + LATE
    shop.payments.recover()
    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status

    _told(shop, attempt, Captured(eur(100)))
    shop.clock.forward(minutes=3)
    shop.payments.recover()

    listed = [type(each) for each in shop.payments.needs_attention()]
    assert ([Payment] if policy is LatePolicy.KEEP else []) == listed


# What is held no longer


def _held_until(shop: Shop[ScriptedGateway]) -> Payment:
    """A payment whose money is held for a week, and can neither be taken nor released."""
    until = shop.clock.now + timedelta(days=7)
    shop.gateway.then("complete_session", Authorized(eur(100), expires_at=until))
    shop.gateway.then("void", Declined(DECLINE))
    payment = shop.held()
    assert not shop.payments.void(payment.id).succeeded
    return payment


def test_a_hold_whose_time_is_over_is_gone_when_a_person_says_so() -> None:
    shop = scripted_shop()
    payment = _held_until(shop)
    shop.clock.forward(hours=8 * 24)

    shop.payments.resolve(payment.id, decision=Decision.FAILED, **WHO)

    payment = shop.payments.get_payment(payment.id)
    assert (PaymentStatus.LAPSED, eur(0)) == (payment.status, payment.balances.capturable)
    assert eur(100) == shop.account()["due"]
    (resolved,) = events_of(shop, OperationResolved)
    assert ("staff_7", Decision.FAILED) == (resolved.actor, resolved.decision)


def test_what_the_provider_takes_of_it_afterwards_counts() -> None:
    shop = scripted_shop()
    payment = _held_until(shop)
    shop.clock.forward(hours=8 * 24)
    shop.payments.resolve(payment.id, decision=Decision.FAILED, **WHO)

    attempt = shop.store.get(Attempt, payment.attempt_id or "", tenant="")
    assert attempt is not None
    settling = settle(attempt, Captured(eur(100)), source=EvidenceSource.LOOK_UP, at=shop.clock.now)
    drive(settling, shop.payments.ports)

    payment = shop.payments.get_payment(payment.id)
    assert eur(100) == payment.balances.captured
    assert DiscrepancyKind.OVER_CAPTURED in {each.kind for each in payment.discrepancies}


@pytest.mark.parametrize("days", [0, 6])
def test_a_hold_whose_time_is_not_over_cannot_be_said_to_be_gone(days: int) -> None:
    shop = scripted_shop()
    payment = _held_until(shop)
    shop.clock.forward(hours=24 * days)
    before = shop.snapshot()

    with pytest.raises(IllegalTransition) as refused:
        shop.payments.resolve(payment.id, decision=Decision.FAILED, **WHO)

    assert (Decision.DISMISSED,) == refused.value.allowed
    assert before == shop.snapshot()


def test_a_hold_of_which_something_is_asked_cannot_be_said_to_be_gone() -> None:
    shop = scripted_shop()
    payment = _held_until(shop)
    shop.gateway.then("capture", TimeoutError())
    shop.payments.capture(payment.id, amount=eur(10))
    shop.clock.forward(hours=8 * 24)

    with pytest.raises(IllegalTransition):
        shop.payments.resolve(payment.id, decision=Decision.FAILED, **WHO)
