"""Recovery: what is open is looked up, carried out again, concluded, or left to a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import attrs
import pytest
from flow_builders import (
    DECLINE,
    NOW,
    PlainGateway,
    ScriptedGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
    stored,
    unknown_capture,
)

from paysession import Attempt, Capture, Money, PaymentMethod, Refund
from paysession._domain.evidence import EvidenceSource
from paysession._drivers import drive
from paysession._flows.holding import lease_of
from paysession._flows.settling import settle
from paysession.errors import GatewayUnreachable, OutcomeUnknown, Unsupported
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import Request
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    ActionRequired,
    Approved,
    Captured,
    Declined,
    NotAttempted,
    Pending,
    Redirect,
    Report,
    Unknown,
)

KEYLESS = Capabilities(honours_keys=False)
SURE = Capabilities(honours_keys=False, look_up_is_authoritative=True)
LATE = timedelta(hours=25)


# Leases


@pytest.mark.parametrize(
    ("window", "deadline"),
    [(timedelta(hours=24), timedelta(hours=23)), (timedelta(minutes=30), timedelta(minutes=15))],
)
def test_a_call_is_not_repeated_near_the_end_of_the_key_s_time(
    window: timedelta, deadline: timedelta
) -> None:
    assert NOW + deadline == lease_of(Capabilities(key_window=window), at=NOW).deadline


def test_nobody_takes_an_operation_up_while_its_call_may_still_be_running() -> None:
    call = Capabilities(longest_call=timedelta(seconds=80))

    assert NOW + timedelta(seconds=110) == lease_of(call, at=NOW).until


def test_recovery_leaves_alone_what_somebody_is_at() -> None:
    shop = scripted_shop(capture=KeyboardInterrupt())
    payment = shop.held()
    with pytest.raises(KeyboardInterrupt):
        shop.payments.capture(payment.id)
    shop.gateway.calls.clear()
    shop.clock.forward(seconds=109)
    assert () == shop.payments.recover()

    shop.clock.forward(seconds=1)

    (recovered,) = shop.payments.recover()
    assert recovered.succeeded
    assert ["look_up", "capture"] == shop.gateway.methods


def test_two_recoveries_at_once_look_at_an_operation_once() -> None:
    shop, _, _ = unknown_capture(KEYLESS)
    shop.before_describing.then = shop.payments.recover

    shop.payments.recover()

    assert ["look_up"] == shop.gateway.methods


def test_an_operation_that_was_settled_meanwhile_is_returned_as_it_is() -> None:
    shop, payment, _ = unknown_capture()
    shop.before_describing.then = lambda: shop.payments.capture(payment.id)

    (recovered,) = shop.payments.recover()

    assert recovered.succeeded
    assert ["look_up", "capture"] == shop.gateway.methods


# Looking up


def test_what_the_look_up_finds_is_settled() -> None:
    shop, _, _ = unknown_capture(KEYLESS)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    (recovered,) = shop.payments.recover()

    assert recovered.succeeded
    assert recovered.facts[0].source is EvidenceSource.LOOK_UP
    assert () == shop.payments.recover()


def test_the_same_news_twice_settles_once() -> None:
    shop, payment, _ = unknown_capture(KEYLESS)
    told = seen(Captured(eur(100)))
    shop.gateway.then("look_up", lambda request: told(request) * 2)

    shop.payments.recover()

    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured
    assert eur(100) == shop.account()["paid"]


def test_news_of_other_operations_is_not_ours() -> None:
    shop, _, capture = unknown_capture(KEYLESS)
    shop.gateway.then(
        "look_up", (Report(Captured(eur(100)), our_reference="ca_other"), "no report")
    )

    shop.payments.recover()

    assert stored(shop, capture).status is OperationStatus.REQUESTED


def test_pending_is_news_and_is_waited_for() -> None:
    shop, _, _ = unknown_capture()
    shop.gateway.then("look_up", seen(Pending()))

    (recovered,) = shop.payments.recover()

    assert recovered.status is OperationStatus.PENDING
    assert ["look_up"] == shop.gateway.methods


def test_money_in_another_currency_is_news_for_a_person_only() -> None:
    shop, _, _ = unknown_capture()
    shop.gateway.then("look_up", seen(Captured(Money(100, "USD"))))

    (recovered,) = shop.payments.recover()

    assert recovered.attention
    assert ["look_up"] == shop.gateway.methods


@pytest.mark.parametrize(
    "answer", [TimeoutError(), GatewayUnreachable("refused"), Unsupported("bogus", "look_up")]
)
def test_nothing_is_repeated_where_the_look_up_did_not_answer(answer: Exception) -> None:
    shop, _, capture = unknown_capture()
    shop.gateway.then("look_up", answer)

    shop.payments.recover()

    assert stored(shop, capture).status is OperationStatus.REQUESTED
    assert ["look_up"] == shop.gateway.methods


@pytest.mark.parametrize("answer", [NotAttempted(), Unknown()])
def test_the_look_up_may_say_that_it_does_not_know(answer: object) -> None:
    shop, _, _ = unknown_capture()
    shop.gateway.then("look_up", answer)

    shop.payments.recover()

    assert ["look_up"] == shop.gateway.methods


# Repeating


def test_a_call_that_the_provider_has_not_seen_is_repeated_with_the_same_request() -> None:
    shop = scripted_shop(capture=TimeoutError())
    payment = shop.held()
    shop.payments.capture(payment.id, metadata={"shipment": "s_1"})
    shop.clock.forward(minutes=2)

    (recovered,) = shop.payments.recover()

    first, again = (each for each in shop.gateway.calls if each.method == "capture")
    assert recovered.succeeded
    assert first == again


def test_a_call_is_repeated_without_a_look_up_where_there_is_none() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    shop.gateway.answers = [TimeoutError()]
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=2)

    shop.payments.recover()

    assert shop.payments.get_session(session.id).succeeded


def test_nothing_is_repeated_after_the_deadline() -> None:
    shop, _, capture = unknown_capture()
    shop.clock.now = NOW + timedelta(hours=23)

    shop.payments.recover()

    assert ["look_up"] == shop.gateway.methods
    assert stored(shop, capture).attention


def test_nothing_is_repeated_where_keys_are_ignored() -> None:
    shop, _, capture = unknown_capture(KEYLESS)

    shop.payments.recover()

    assert ["look_up"] == shop.gateway.methods
    assert stored(shop, capture).is_unresolved


def test_a_call_that_held_a_secret_is_never_repeated() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.opened()
    shop.payments.complete_session(session.id, external_data={"nonce": "n_1"})
    shop.clock.forward(minutes=2)

    shop.payments.recover()

    assert 1 == shop.gateway.methods.count("complete_session")


def test_a_repeat_that_does_not_arrive_proves_nothing() -> None:
    shop, _, capture = unknown_capture()
    shop.gateway.then("capture", GatewayUnreachable("refused"))

    shop.payments.recover()

    capture = stored(shop, capture)
    assert capture.status is OperationStatus.REQUESTED
    assert capture.doubt == "not reached: refused"


def test_a_repeat_may_be_declined() -> None:
    shop, payment, _ = unknown_capture()
    shop.gateway.then("capture", Declined(DECLINE))

    (recovered,) = shop.payments.recover()

    assert recovered.status is OperationStatus.FAILED
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capturable


def test_a_repeat_whose_answer_cannot_be_recorded_is_taken_up_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, _, capture = unknown_capture()
    commit = shop.store.commit

    def answer_and_break(request: object) -> Captured:
        def fail(_: object) -> None:
            monkeypatch.setattr(shop.store, "commit", commit)
            raise OSError("the disk is full")

        monkeypatch.setattr(shop.store, "commit", fail)
        return Captured(eur(100))

    shop.gateway.then("capture", answer_and_break)
    (left,) = shop.payments.recover()
    assert left.is_open
    assert capture.id == left.id

    shop.clock.forward(minutes=5)

    (recovered,) = shop.payments.recover()
    assert recovered.succeeded


# Concluding that it never happened


def test_not_found_after_the_grace_is_evidence_where_the_look_up_is_authoritative() -> None:
    shop, payment, _ = unknown_capture(SURE)

    (recovered,) = shop.payments.recover()

    assert recovered.status is OperationStatus.FAILED
    assert isinstance(recovered.believed, NotAttempted)
    assert eur(100) == shop.payments.get_payment(payment.id).balances.capturable


def test_not_found_within_the_grace_is_no_evidence() -> None:
    patient = Capabilities(
        honours_keys=False, look_up_is_authoritative=True, look_up_grace=timedelta(hours=1)
    )
    shop, _, capture = unknown_capture(patient)
    shop.payments.recover()
    assert stored(shop, capture).is_unresolved

    shop.clock.forward(hours=1)

    (recovered,) = shop.payments.recover()
    assert recovered.status is OperationStatus.FAILED


def test_an_attempt_that_never_happened_lets_the_customer_try_again() -> None:
    shop = scripted_shop(SURE, complete_session=TimeoutError())
    session = shop.completed()
    shop.clock.forward(minutes=2)

    shop.payments.recover()

    assert shop.payments.get_session(session.id).status is SessionStatus.PENDING
    assert eur(100) == shop.account()["due"]


# Leaving it to a person


def test_what_nothing_settles_is_left_to_a_person_after_the_deadline() -> None:
    shop, payment, capture = unknown_capture(KEYLESS)
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    capture = stored(shop, capture)
    assert capture.attention
    assert capture.is_open
    (discrepancy,) = shop.payments.get_payment(payment.id).discrepancies
    assert discrepancy.kind == "unresolved"
    assert (capture,) == shop.store.attention(limit=10, tenant="")


def test_what_was_left_to_a_person_is_not_taken_up_again() -> None:
    shop, _, _ = unknown_capture(KEYLESS)
    shop.clock.now = NOW + LATE
    shop.payments.recover()
    before = shop.snapshot()
    shop.clock.forward(hours=100)

    assert () == shop.payments.recover()
    assert before == shop.snapshot()


def test_a_session_s_attempt_is_left_to_a_person_too() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    shop.gateway.answers = [TimeoutError()]
    shop.payments.complete_session(session.id)
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert shop.attempt(session).attention
    (discrepancy,) = shop.payments.get_session(session.id).discrepancies
    assert discrepancy.kind == "unresolved"


def _settled_now(shop: Shop[ScriptedGateway], capture: Capture) -> None:
    """The first call's answer arrives after all."""
    flow = settle(capture, Captured(eur(100)), source=EvidenceSource.RESPONSE, at=shop.clock.now)
    drive(flow, shop.payments.ports)


def test_what_was_settled_at_the_last_moment_is_not_left_to_a_person() -> None:
    shop, payment, capture = unknown_capture(KEYLESS)
    shop.clock.now = NOW + LATE

    def nothing_yet(_: object) -> tuple[()]:
        shop.clock.at_readings = [lambda: None, lambda: _settled_now(shop, capture)]
        return ()

    shop.gateway.then("look_up", nothing_yet)

    (recovered,) = shop.payments.recover()

    assert recovered.succeeded
    assert not recovered.attention
    assert () == shop.payments.get_payment(payment.id).discrepancies


def test_an_answer_that_comes_after_all_takes_it_from_the_person_again() -> None:
    shop, payment, capture = unknown_capture(KEYLESS)
    shop.clock.now = NOW + LATE
    shop.payments.recover()

    _settled_now(shop, capture)

    capture = stored(shop, capture)
    assert capture.succeeded
    assert not capture.attention
    assert [False] == [each.is_open for each in shop.payments.get_payment(payment.id).discrepancies]
    assert () == shop.store.attention(limit=10, tenant="")


# Gateways that are gone


def test_an_operation_whose_gateway_is_gone_is_waited_for() -> None:
    shop, _, capture = unknown_capture()
    shop.gateways.clear()

    shop.payments.recover()

    assert stored(shop, capture).is_unresolved
    assert not stored(shop, capture).attention


def test_an_operation_whose_gateway_comes_back_is_recovered() -> None:
    shop, _, _ = unknown_capture()
    shop.gateways.clear()
    shop.payments.recover()
    shop.gateways["bogus"] = shop.gateway
    shop.clock.forward(hours=1)

    (recovered,) = shop.payments.recover()

    assert recovered.succeeded


def test_an_operation_whose_gateway_is_gone_for_good_is_left_to_a_person() -> None:
    shop, _, capture = unknown_capture()
    shop.gateways.clear()
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert stored(shop, capture).attention


def test_a_gateway_that_is_none_keeps_no_other_operation_from_being_recovered() -> None:
    shop = scripted_shop()
    shop.gateways["old"] = shop.gateway
    old = PaymentMethod(id="pm_9", name="Card", gateway="old")
    stuck = shop.payments.create_session(order(order_id="or_2"), method=old)
    for session in (stuck, shop.opened()):
        shop.gateway.then("complete_session", TimeoutError())
        shop.payments.complete_session(session.id)
        shop.clock.forward(minutes=2)
    shop.gateways["old"] = cast("Gateway", object())

    recovered = shop.payments.recover()

    assert [False, True] == [each.succeeded for each in recovered]


def test_a_look_up_whose_news_cannot_be_recorded_is_an_unknown_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.completed()

    def answer_and_break(request: Request[Any]) -> tuple[Report, ...]:
        def fail(_: object) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(shop.store, "commit", fail)
        return (Report(Captured(eur(100)), our_reference=request.operation_id),)

    shop.gateway.then("look_up", answer_and_break)

    with pytest.raises(OutcomeUnknown) as unknown:
        shop.payments.complete_session(session.id)
    assert session.attempt_id == unknown.value.operation_id


# What others made due


def _due_completion(shop: Shop[ScriptedGateway]) -> str:
    """A session whose customer approved; nobody has completed it yet."""
    session = shop.completed()
    shop.clock.forward(minutes=2)
    shop.gateway.then("look_up", seen(Approved()))
    shop.payments.recover()
    assert shop.payments.get_session(session.id).approved
    return session.id


def test_a_completion_that_an_approval_made_due_is_carried_out() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session_id = _due_completion(shop)

    shop.payments.recover()

    assert shop.payments.get_session(session_id).succeeded
    assert 2 == shop.gateway.methods.count("complete_session")


def test_a_completion_that_is_due_is_carried_out_by_the_customer_s_next_request() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session_id = _due_completion(shop)

    assert shop.payments.complete_session(session_id).succeeded
    assert 2 == shop.gateway.methods.count("complete_session")


def test_a_completion_that_is_due_waits_for_a_gateway_that_is_gone() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session_id = _due_completion(shop)
    shop.gateways.clear()

    shop.payments.recover()

    assert shop.payments.get_session(session_id).status is SessionStatus.PROCESSING
    shop.gateways["bogus"] = shop.gateway
    shop.clock.forward(hours=1)
    shop.payments.recover()
    assert shop.payments.get_session(session_id).succeeded


def test_a_release_that_did_not_arrive_is_made_later() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="partial", refund="timeout_before"))
    assert session.status is SessionStatus.FAILED
    assert eur(0) == shop.gateway.given_back("EUR")
    shop.clock.forward(minutes=5)

    (release,) = shop.payments.recover()

    assert release.succeeded
    assert eur(50) == shop.gateway.given_back("EUR")


def test_a_release_that_is_refused_waits_for_a_person() -> None:
    shop = bogus_shop()
    shop.completed(card(complete="partial", refund="decline:processing_error"))

    (release,) = shop.store.attention(limit=10, tenant="")

    assert isinstance(release, Refund)
    assert release.failure is not None
    assert eur(50) == shop.gateway.taken("EUR")


def test_a_record_that_cannot_be_worked_on_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, _, capture = unknown_capture()
    get = shop.store.get
    broken = RuntimeError("half a record")

    def fail_on_the_session(kind: type[Any], id_: str, *, tenant: str) -> Any:
        if kind is Attempt and id_ == "at_broken":
            raise broken
        return get(kind, id_, tenant=tenant)

    due = shop.store.due

    def due_with_a_broken_one(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
        attempt = shop.store.find(Attempt, by="session_id", value="ps_1", tenant="")[0]
        return (attrs.evolve(attempt, id="at_broken"), *due(*args, **kwargs))

    monkeypatch.setattr(shop.store, "get", fail_on_the_session)
    monkeypatch.setattr(shop.store, "due", due_with_a_broken_one)

    with pytest.raises(RuntimeError) as caught:
        shop.payments.recover()

    assert broken is caught.value
    settled = shop.store.get(Capture, capture.id, tenant="")
    assert settled is not None
    assert settled.succeeded


def test_an_attempt_that_waits_for_the_customer_is_looked_up_and_never_repeated() -> None:
    shop = scripted_shop(complete_session=ActionRequired(Redirect("https://bank.example/3ds")))
    session = shop.completed()
    shop.clock.forward(hours=72)

    (attempt,) = shop.payments.recover()

    assert attempt.is_waiting
    assert ["create_session", "complete_session", "look_up"] == [
        request.method for request in shop.gateway.calls
    ]
    assert SessionStatus.REQUIRES_ACTION is shop.payments.get_session(session.id).status


# Limits


def test_recovery_works_on_no_more_than_it_is_told_to() -> None:
    shop = scripted_shop(KEYLESS)
    for payment in (shop.held(total=100), shop.held(total=200)):
        shop.gateway.then("capture", TimeoutError())
        shop.payments.capture(payment.id)
    shop.clock.forward(minutes=2)

    assert 1 == len(shop.payments.recover(limit=1))
    assert 1 == len(shop.payments.recover(limit=1))
    assert () == shop.payments.recover(limit=1)


def test_what_a_store_answers_beside_operations_is_not_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = scripted_shop()
    session = shop.opened()
    monkeypatch.setattr(shop.store, "due", lambda *_, **__: (session,))

    assert () == shop.payments.recover()
