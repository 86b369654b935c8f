"""The provider in memory: its truth, its scripts and its memory for keys."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest
from gateway_builders import (
    HALF,
    HUNDRED,
    NOON,
    NOTHING,
    cancel_refund,
    capture,
    charge,
    close,
    complete,
    complete_setup,
    create,
    create_setup,
    fact,
    refund,
    reports,
    the,
    update,
    void,
)

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession._money import Money
from paysession.errors import GatewayUnreachable, LimitExceeded, UnsafeInput
from paysession.gateways import STRIPE, Capabilities, LookUpRequest, Request, operations_of
from paysession.gateways._bogus_script import VERBS, Behaviour, verb_of
from paysession.gateways.bogus import (
    AsyncBogusGateway,
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
)
from paysession.gateways.port import METHODS
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Stored,
    UseSdk,
    Voided,
)


def opened(gateway: BogusGateway, **options: Any) -> References:
    return the(Accepted, gateway.create_session(create(**options))).references


def paid(gateway: BogusGateway, **options: Any) -> References:
    return gateway.complete_session(complete(opened(gateway, **options))).references


def kinds(gateway: BogusGateway) -> list[str]:
    return [effect.kind.value for effect in gateway.effects]


@pytest.fixture
def gateway() -> BogusGateway:
    return BogusGateway(clock=lambda: NOON)


# A session's life


def test_a_session_is_a_function_of_its_key(gateway: BogusGateway) -> None:
    answer = the(Accepted, gateway.create_session(create()))
    elsewhere = the(Accepted, BogusGateway().create_session(create()))
    session = answer.references.get(ReferenceRole.SESSION) or ""
    prefix, digits = session.split("_")
    assert ("bogus", 24) == (prefix, len(digits))
    assert int(digits, 16)
    assert answer == elsewhere
    assert NOON == answer.expires_at
    data = answer.client_data.reveal() if answer.client_data else {}
    assert isinstance(data, dict)
    assert {"client_secret"} == set(data)
    assert str(data["client_secret"]).startswith("bogus_secret_")


def test_a_hosted_session_sends_the_browser_to_its_page(gateway: BogusGateway) -> None:
    answer = the(Accepted, gateway.create_session(create(hosted=True)))
    assert isinstance(answer.next_action, Redirect)
    assert answer.client_data is not None
    data = answer.client_data.reveal()
    assert isinstance(data, dict)
    assert answer.next_action.url.reveal() == data["checkout_url"]


def test_what_is_held_is_told_with_its_end(gateway: BogusGateway) -> None:
    answer = the(Authorized, gateway.complete_session(complete(opened(gateway))))
    assert (HUNDRED, NOON + timedelta(days=7)) == (answer.amount, answer.expires_at)
    assert answer.references.get(ReferenceRole.AUTHORIZATION)
    assert ["held"] == kinds(gateway)
    (effect,) = gateway.effects
    assert ("complete", "op_complete") == (effect.key, effect.operation_id)
    assert effect.reference == answer.references.get(ReferenceRole.SESSION)
    assert (HUNDRED, NOTHING) == (gateway.held("USD"), gateway.taken("USD"))


def test_what_is_taken_at_once_was_held_first(gateway: BogusGateway) -> None:
    references = paid(gateway, policy="automatic")
    assert references.get(ReferenceRole.CAPTURE)
    assert ["held", "taken"] == kinds(gateway)
    assert (NOTHING, HUNDRED) == (gateway.held("USD"), gateway.taken("USD"))


def test_completing_takes_what_the_session_is_about_at_the_provider(gateway: BogusGateway) -> None:
    session = opened(gateway)
    the(Accepted, gateway.update_session(update(session)))
    assert HALF == the(Authorized, gateway.complete_session(complete(session))).amount


def test_completing_a_paid_session_says_how_it_was_paid(gateway: BogusGateway) -> None:
    session = opened(gateway)
    first = gateway.complete_session(complete(session))
    assert first == gateway.complete_session(complete(session, "another"))
    assert ["held"] == kinds(gateway)


@pytest.mark.parametrize(
    ("reason", "kind"), [(CloseReason.CANCELED, Canceled), (CloseReason.EXPIRED, Expired)]
)
def test_a_closed_session_stays_closed(
    gateway: BogusGateway, reason: CloseReason, kind: type[Canceled | Expired]
) -> None:
    session = opened(gateway)
    closed = the(kind, gateway.close_session(close(session, reason=reason)))
    assert closed == gateway.close_session(close(session, "again"))
    assert closed == gateway.complete_session(complete(session))
    assert Ends.OBJECT is the(Declined, gateway.update_session(update(session))).ends
    assert () == gateway.effects


def test_closing_a_paid_session_tells_of_the_money(gateway: BogusGateway) -> None:
    session = opened(gateway)
    answer = gateway.complete_session(complete(session))
    assert answer == gateway.close_session(close(session))


def test_a_paid_session_is_not_updated(gateway: BogusGateway) -> None:
    answer = the(Declined, gateway.update_session(update(paid(gateway))))
    assert ("session_paid", Ends.ATTEMPT) == (answer.failure.raw_code, answer.ends)


def test_a_stored_source_is_charged(gateway: BogusGateway) -> None:
    held = the(Authorized, gateway.charge(charge()))
    taken = the(Captured, gateway.charge(charge("sale", policy="automatic")))
    the(Captured, gateway.capture(capture(held.references)))
    the(Refunded, gateway.refund(refund(taken.references)))
    assert ["held", "held", "taken", "taken", "given_back"] == kinds(gateway)
    assert held.references.get(ReferenceRole.AUTHORIZATION) == gateway.effects[0].reference


# Movements


def test_captures_take_what_is_held_and_no_more(gateway: BogusGateway) -> None:
    references = paid(gateway)
    first = the(Captured, gateway.capture(capture(references, HALF, "one")))
    assert first.references.get(ReferenceRole.CAPTURE)
    refused = the(Declined, gateway.capture(capture(references, Money("50.01", "USD"), "two")))
    assert "amount_exceeds_held" == refused.failure.raw_code
    the(Captured, gateway.capture(capture(references, HALF, "three")))
    refused = the(Declined, gateway.capture(capture(references, HALF, "four")))
    assert "nothing_held" == refused.failure.raw_code
    assert HUNDRED == gateway.taken("USD")


def test_a_final_capture_releases_the_rest(gateway: BogusGateway) -> None:
    the(Captured, gateway.capture(capture(paid(gateway), Money("60", "USD"), is_final=True)))
    assert Money("40", "USD") == gateway.released("USD")
    assert NOTHING == gateway.held("USD")


def test_a_final_capture_of_everything_releases_nothing(gateway: BogusGateway) -> None:
    the(Captured, gateway.capture(capture(paid(gateway), is_final=True)))
    assert ["held", "taken"] == kinds(gateway)


def test_a_void_releases_what_is_held(gateway: BogusGateway) -> None:
    references = paid(gateway)
    assert the(Voided, gateway.void(void(references))).references.get(ReferenceRole.VOID)
    assert HUNDRED == gateway.released("USD")


def test_a_void_of_what_was_released_is_no_refusal_and_releases_nothing(
    gateway: BogusGateway,
) -> None:
    references = paid(gateway)
    gateway.capture(capture(references, HALF, is_final=True))
    assert HALF == the(Voided, gateway.void(void(references, HALF))).amount
    refused = the(Declined, gateway.void(void(references, HUNDRED, key="more")))
    assert "nothing_held" == refused.failure.raw_code
    assert HALF == gateway.released("USD")


def test_refunds_give_back_what_was_taken_and_no_more(gateway: BogusGateway) -> None:
    references = paid(gateway, policy="automatic")
    the(Refunded, gateway.refund(refund(references, HALF, "one")))
    refused = the(Declined, gateway.refund(refund(references, HUNDRED, "two")))
    assert "amount_exceeds_taken" == refused.failure.raw_code
    assert HALF == gateway.given_back("USD")


@pytest.mark.parametrize(
    ("narrowed", "requests", "reason"),
    [
        ({"partial_captures": False}, [(capture, HALF)], "amount_below_held"),
        ({"partial_voids": False}, [(void, HALF)], "amount_below_held"),
        ({"partial_refunds": False}, [(capture, HUNDRED), (refund, HALF)], "amount_below_taken"),
        ({"several_captures": False}, [(capture, HALF)] * 2, "captured_already"),
        ({"first_capture_closes": True}, [(capture, HALF)] * 2, "nothing_held"),
        ({"void_after_capture": False}, [(capture, HALF), (void, HALF)], "captured_already"),
    ],
)
def test_what_an_account_cannot_do_is_declined(
    narrowed: dict[str, Any], requests: list[Any], reason: str
) -> None:
    gateway = BogusGateway(capabilities=Capabilities(**narrowed))
    references = paid(gateway)
    answers = []
    for number, (make, amount) in enumerate(requests):
        request = make(references, amount, f"key-{number}")
        answers.append(getattr(gateway, request.method)(request))
    assert reason == the(Declined, answers[-1]).failure.raw_code
    assert [] == [each for each in answers[:-1] if isinstance(each, Declined)]


def test_a_refund_that_names_a_capture_gives_back_no_more_than_that_took() -> None:
    gateway = BogusGateway(capabilities=Capabilities(refunds_per_capture=True))
    references = paid(gateway)
    taken = [gateway.capture(capture(references, HALF, key)) for key in ("one", "two")]
    first, second = (references | each.references for each in taken)
    the(Refunded, gateway.refund(refund(first, Money("30", "USD"), "a")))
    refused = the(Declined, gateway.refund(refund(first, Money("20.01", "USD"), "b")))
    assert "amount_exceeds_capture" == refused.failure.raw_code
    the(Refunded, gateway.refund(refund(first, Money("20", "USD"), "c")))
    the(Refunded, gateway.refund(refund(second, HALF, "d")))
    assert HUNDRED == gateway.given_back("USD")


def test_what_came_back_to_a_capture_can_be_given_back_again() -> None:
    gateway = BogusGateway(capabilities=Capabilities(refunds_per_capture=True))
    references = paid(gateway, policy="automatic")
    the(Refunded, gateway.refund(refund(references, key="one")))
    gateway.later.bounce("op_one")
    the(Refunded, gateway.refund(refund(references, key="two")))
    assert HUNDRED == gateway.given_back("USD")


def test_a_refund_that_names_a_capture_of_the_dashboard_has_no_limit_of_its_own() -> None:
    gateway = BogusGateway(capabilities=Capabilities(refunds_per_capture=True))
    references = paid(gateway)
    session = references.get(ReferenceRole.SESSION)
    by_hand = References.of(capture=gateway.later.capture(str(session)))
    the(Refunded, gateway.refund(refund(references | by_hand)))
    assert HUNDRED == gateway.given_back("USD")


def test_an_amount_that_cannot_be_counted_is_refused() -> None:
    gateway = BogusGateway(capabilities=Capabilities(minor_units=STRIPE))
    refused = the(Rejected, gateway.create_session(create(amount=Money("1.001", "KWD"))))
    assert "amount_not_representable" == refused.failure.raw_code
    the(Accepted, gateway.create_session(create("even", amount=Money("1.010", "KWD"))))


def test_an_account_may_capture_more_than_is_held() -> None:
    gateway = BogusGateway(capabilities=Capabilities(over_capture=lambda held: held))
    references = paid(gateway)
    the(Captured, gateway.capture(capture(references, HUNDRED * 2)))
    assert HUNDRED * 2 == gateway.taken("USD")
    assert (
        "nothing_held"
        == the(Declined, gateway.capture(capture(references, HALF, "more"))).failure.raw_code
    )


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (Money("10", "EUR"), "currency_mismatch"),
        (NOTHING, "amount_not_positive"),
        (-HUNDRED, "amount_not_positive"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_rejected(
    gateway: BogusGateway, amount: Money, reason: str
) -> None:
    references = paid(gateway)
    answer = the(Rejected, gateway.capture(capture(references, amount)))
    assert reason == answer.failure.raw_code
    assert ["held"] == kinds(gateway)


def test_an_object_that_nobody_knows_is_rejected(gateway: BogusGateway) -> None:
    unknown = References.of(session="bogus_0")
    for answer in (
        gateway.complete_session(complete(unknown)),
        gateway.cancel_refund(cancel_refund("re_0")),
    ):
        assert "no_such_object" == the(Rejected, answer).failure.raw_code


# Keys


def test_the_same_key_has_one_effect(gateway: BogusGateway) -> None:
    request = capture(paid(gateway), HALF)
    assert gateway.capture(request) == gateway.capture(request)
    assert HALF == gateway.taken("USD")
    assert 4 == len(gateway.calls)
    assert (request, request) == gateway.calls[-2:]


def test_a_key_used_for_something_else_is_rejected(gateway: BogusGateway) -> None:
    references = paid(gateway)
    first = gateway.capture(capture(references, HALF))
    answer = the(Rejected, gateway.capture(capture(references, HUNDRED)))
    assert "idempotency_key_reused" == answer.failure.raw_code
    assert HALF == gateway.taken("USD")
    assert first == fact(gateway, capture(references, HALF))


def test_a_provider_that_ignores_keys_acts_again() -> None:
    gateway = BogusGateway(capabilities=Capabilities(honours_keys=False))
    request = capture(paid(gateway), HALF)
    first, second = the(Captured, gateway.capture(request)), gateway.capture(request)
    assert first.references != second.references
    assert HUNDRED == gateway.taken("USD")
    assert [first, second] == [report.fact for report in reports(gateway, request)]


def test_a_key_is_forgotten_after_its_window() -> None:
    now = [NOON]
    gateway = BogusGateway(clock=lambda: now[0])
    request = capture(paid(gateway), HALF)
    gateway.capture(request)
    now[0] += timedelta(hours=24)
    the(Captured, gateway.capture(request))
    assert HUNDRED == gateway.taken("USD")


def test_what_was_never_sent_is_not_found(gateway: BogusGateway) -> None:
    assert () == reports(gateway, create())


# Scripts


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_can_be_scripted(gateway: BogusGateway, code: FailureCode) -> None:
    session = opened(gateway, complete=f"decline:{code}")
    answer = the(Declined, gateway.complete_session(complete(session)))
    assert (code, Ends.ATTEMPT) == (answer.failure.code, answer.ends)
    assert answer == gateway.complete_session(complete(session, "again"))
    assert answer == fact(gateway, complete(session))
    assert () == gateway.effects


@pytest.mark.parametrize("ending", ["decline", "end"])
def test_a_failure_can_be_told_by_a_code_of_the_providers_own(
    gateway: BogusGateway, ending: str
) -> None:
    session = opened(gateway, complete=f"{ending}:unknown_decline:R=4:x")
    answer = the(Declined, gateway.complete_session(complete(session)))
    assert Failure(FailureCode.UNKNOWN_DECLINE, raw_code="R=4:x") == answer.failure


def test_another_source_replaces_the_declined_one(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="decline:expired_card")
    the(Declined, gateway.complete_session(complete(session)))
    the(Authorized, gateway.complete_session(complete(session, "two", token="tok_visa")))
    the(Captured, gateway.capture(capture(session)))


def test_a_declined_creation_opens_nothing(gateway: BogusGateway) -> None:
    answer = the(Declined, gateway.create_session(create(create="decline:risk_blocked")))
    assert answer.references == NO_REFERENCES
    would_be = opened(BogusGateway())
    the(Rejected, gateway.complete_session(complete(would_be)))


def test_a_decline_may_end_the_session(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="end:suspected_fraud")
    assert Ends.OBJECT is the(Declined, gateway.complete_session(complete(session))).ends
    the(Canceled, gateway.complete_session(complete(session, "two", token="tok_visa")))
    assert () == gateway.effects


def test_a_refused_movement_leaves_a_paid_session_paid(gateway: BogusGateway) -> None:
    session = opened(gateway, capture="end:processing_error")
    held = the(Authorized, gateway.complete_session(complete(session)))
    the(Declined, gateway.capture(capture(held.references)))
    assert held == gateway.close_session(close(session))


def test_a_rejection_can_be_scripted(gateway: BogusGateway) -> None:
    answer = the(Rejected, gateway.create_session(create(create="reject")))
    assert "bogus_rejection" == answer.failure.raw_code


@pytest.mark.parametrize("hosted", [False, True])
def test_a_required_action_is_done_by_the_next_call(gateway: BogusGateway, hosted: bool) -> None:
    session = opened(gateway, hosted=hosted, complete="require_action")
    asked = the(ActionRequired, gateway.complete_session(complete(session)))
    assert isinstance(asked.next_action, Redirect if hosted else UseSdk)
    assert () == gateway.effects
    the(Authorized, gateway.complete_session(complete(session, "next")))
    gateway.let_pending_succeed()
    assert asked == fact(gateway, complete(session))
    assert ["held"] == kinds(gateway)


def test_a_session_may_begin_with_an_action(gateway: BogusGateway) -> None:
    request = create(create="require_action")
    asked = the(ActionRequired, gateway.create_session(request))
    assert asked.client_data is not None
    gateway.let_pending_succeed()
    assert asked.references == the(Accepted, fact(gateway, request)).references
    the(Authorized, gateway.complete_session(complete(asked.references)))


def test_an_action_may_be_due_for_a_charge(gateway: BogusGateway) -> None:
    request = charge(policy="automatic", charge="require_action")
    the(ActionRequired, gateway.charge(request))
    gateway.let_pending_succeed()
    assert HUNDRED == the(Captured, fact(gateway, request)).amount


def test_an_action_may_be_due_for_an_update(gateway: BogusGateway) -> None:
    session = opened(gateway, update="require_action")
    the(ActionRequired, gateway.update_session(update(session)))
    gateway.let_pending_succeed()
    assert HALF == the(Authorized, gateway.complete_session(complete(session))).amount


def test_what_is_pending_moves_nothing_until_it_succeeds(gateway: BogusGateway) -> None:
    request = capture(paid(gateway, capture="pending"))
    pending = the(Pending, gateway.capture(request))
    assert ["held"] == kinds(gateway)
    gateway.let_pending_succeed()
    gateway.let_pending_succeed()
    assert ["held", "taken"] == kinds(gateway)
    captured = the(Captured, fact(gateway, request))
    assert pending.references == captured.references
    assert pending == gateway.capture(request)


def test_what_is_pending_may_fail(gateway: BogusGateway) -> None:
    request = refund(paid(gateway, policy="automatic", refund="pending"))
    the(Pending, gateway.refund(request))
    gateway.let_pending_fail(FailureCode.ACCOUNT_CLOSED)
    gateway.let_pending_succeed()
    assert FailureCode.ACCOUNT_CLOSED is the(Declined, fact(gateway, request)).failure.code
    assert NOTHING == gateway.given_back("USD")


def test_a_session_whose_creation_failed_is_never_paid(gateway: BogusGateway) -> None:
    request = create(create="pending")
    pending = the(Pending, gateway.create_session(request))
    gateway.let_pending_fail()
    failed = the(Declined, fact(gateway, request))
    assert (Ends.OBJECT, pending.references) == (failed.ends, failed.references)
    the(Canceled, gateway.complete_session(complete(pending.references)))
    assert () == gateway.effects


def test_two_pending_completions_of_one_session_take_its_money_once(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="pending")
    the(Pending, gateway.complete_session(complete(session, "one")))
    the(Pending, gateway.complete_session(complete(session, "two")))
    gateway.let_pending_succeed()
    assert fact(gateway, complete(session, "one")) == fact(gateway, complete(session, "two"))
    assert ["held"] == kinds(gateway)


def test_closing_a_session_ends_what_waits_in_it(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="pending")
    elsewhere = opened(gateway, key="elsewhere", complete="pending")
    gateway.complete_session(complete(session))
    gateway.complete_session(complete(elsewhere, "other"))
    the(Canceled, gateway.close_session(close(session)))
    gateway.let_pending_succeed()
    the(Canceled, fact(gateway, complete(session)))
    the(Authorized, fact(gateway, complete(elsewhere, "other")))


@pytest.mark.parametrize("by_our_id", [True, False])
def test_a_pending_refund_is_called_off(gateway: BogusGateway, by_our_id: bool) -> None:
    request = refund(paid(gateway, policy="automatic", refund="pending"))
    made = the(Pending, gateway.refund(request)).references
    call_off = cancel_refund("op_refund") if by_our_id else cancel_refund("re_1", made)
    assert made == the(Canceled, gateway.cancel_refund(call_off)).references
    the(Canceled, gateway.cancel_refund(attrs.evolve(call_off, key="again")))
    the(Canceled, fact(gateway, request))
    gateway.let_pending_succeed()
    assert NOTHING == gateway.given_back("USD")


def test_a_refund_that_was_made_is_not_called_off(gateway: BogusGateway) -> None:
    gateway.refund(refund(paid(gateway, policy="automatic")))
    answer = the(Declined, gateway.cancel_refund(cancel_refund("op_refund")))
    assert "refund_not_pending" == answer.failure.raw_code
    assert HUNDRED == gateway.given_back("USD")


@pytest.mark.parametrize(("how", "amount"), [("partial", "50.00"), ("more", "100.01")])
def test_the_provider_may_move_another_amount(how: str, amount: str) -> None:
    moved = Money(amount, "USD")
    gateway = BogusGateway()
    assert moved == the(Captured, gateway.charge(charge(policy="automatic", charge=how))).amount
    assert moved == gateway.taken("USD")
    assert NOTHING == gateway.held("USD")


@pytest.mark.parametrize("how", ["partial", "more"])
def test_it_may_release_and_give_back_another_amount(how: str) -> None:
    gateway = BogusGateway()
    held = paid(gateway, key="hold", void=how)
    released = the(Voided, gateway.void(void(held))).amount
    sale = the(Captured, gateway.charge(charge(policy="automatic", refund=how)))
    given_back = the(Refunded, gateway.refund(refund(sale.references))).amount
    assert (released, given_back) == (gateway.released("USD"), gateway.given_back("USD"))
    assert released != HUNDRED != given_back


def test_half_of_a_minor_unit_is_nothing(gateway: BogusGateway) -> None:
    session = opened(gateway, amount=Money("1", "JPY"), complete="partial", void="partial")
    the(Declined, gateway.complete_session(complete(session)))
    assert () == gateway.effects
    gateway.complete_session(complete(session, "two", token="void=partial"))
    the(Declined, gateway.void(void(session, Money("1", "JPY"))))
    assert ["held"] == kinds(gateway)


@pytest.mark.parametrize(
    ("asked", "told"), [(HUNDRED, Money("100", "EUR")), (Money("100", "EUR"), HUNDRED)]
)
def test_an_answer_may_speak_of_another_currency(
    gateway: BogusGateway, asked: Money, told: Money
) -> None:
    session = opened(gateway, amount=asked, complete="other_currency")
    assert told == the(Authorized, gateway.complete_session(complete(session))).amount
    assert asked == gateway.held(asked.currency)


def test_what_is_refused_speaks_of_no_currency(gateway: BogusGateway) -> None:
    references = paid(gateway, capture="other_currency")
    the(Declined, gateway.capture(capture(references, HUNDRED * 2)))


@pytest.mark.parametrize(("how", "kind"), [("cancel", Canceled), ("expire", Expired)])
def test_a_session_may_turn_out_to_be_closed(
    gateway: BogusGateway, how: str, kind: type[Canceled | Expired]
) -> None:
    session = opened(gateway, complete=how)
    closed = the(kind, gateway.complete_session(complete(session)))
    assert closed == gateway.close_session(close(session))


# Lost calls


def test_a_time_out_before_the_effect_leaves_nothing(gateway: BogusGateway) -> None:
    request = capture(paid(gateway, capture="timeout_before"))
    with pytest.raises(TimeoutError):
        gateway.capture(request)
    assert (["held"], ()) == (kinds(gateway), reports(gateway, request))
    the(Captured, gateway.capture(request))


@pytest.mark.parametrize(
    ("how", "error"), [("timeout_after", TimeoutError), ("broken", RuntimeError)]
)
def test_an_answer_may_be_lost_after_the_effect(
    gateway: BogusGateway, how: str, error: type[Exception]
) -> None:
    request = capture(paid(gateway, capture=how), HALF)
    with pytest.raises(error):
        gateway.capture(request)
    assert HALF == gateway.taken("USD")
    assert gateway.capture(request) == fact(gateway, request)
    the(Captured, gateway.capture(capture(request.references, HALF, "next")))
    assert HUNDRED == gateway.taken("USD")


def test_a_creation_may_be_lost(gateway: BogusGateway) -> None:
    request = create(create="timeout_after")
    with pytest.raises(TimeoutError):
        gateway.create_session(request)
    assert gateway.create_session(request) == fact(gateway, request)


def test_a_gateway_may_be_out_of_reach_once(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="unreachable")
    with pytest.raises(GatewayUnreachable):
        gateway.complete_session(complete(session))
    the(Authorized, gateway.complete_session(complete(session, "another")))


def test_a_source_that_never_arrived_replaces_none(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="decline:expired_card")
    with pytest.raises(GatewayUnreachable):
        gateway.complete_session(complete(session, token="complete=unreachable"))
    the(Declined, gateway.complete_session(complete(session, "two")))


def test_a_gateway_may_be_out_of_reach_for_good(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="unreachable_always")
    for key in ("one", "one", "two"):
        with pytest.raises(GatewayUnreachable):
            gateway.complete_session(complete(session, key))
    assert () == gateway.effects


def test_an_adapter_may_answer_nonsense(gateway: BogusGateway) -> None:
    request = capture(paid(gateway, capture="nonsense"))
    answer: object = gateway.capture(request)
    assert not isinstance(answer, Captured)
    assert type(answer) not in request.answers
    the(Captured, fact(gateway, request))


# Tokens


def test_a_token_reads_as_it_was_meant() -> None:
    token = BogusGateway.token(complete="require_action", capture="timeout_after")
    assert "complete=require_action,capture=timeout_after" == token


def test_a_token_that_scripts_nothing_approves_everything() -> None:
    assert "approve" == BogusGateway.token()


@pytest.mark.parametrize(
    "script",
    [
        {"complete": "decline"},
        {"complete": "decline:"},
        {"complete": "decline:bad_luck"},
        {"complete": "decline:bad_luck:51"},
        {"complete": "decline:expired_card:"},
        {"complete": "approve:expired_card"},
        {"complete": "shrug"},
        {"complete": "pending,capture=pending,complete=approve"},
        {"capture": "require_action"},
        {"capture": "cancel"},
        {"create": "partial"},
        {"update": "pending"},
        {"close": "more"},
    ],
)
def test_a_token_that_means_nothing_is_refused(script: dict[str, str]) -> None:
    with pytest.raises(UnsafeInput):
        BogusGateway.token(**script)


def test_a_token_has_a_length() -> None:
    with pytest.raises(LimitExceeded):
        BogusGateway.token(**dict.fromkeys(VERBS, "decline:authentication_required"))


@pytest.mark.parametrize(
    "token", ["complete=shrug", "dance=approve", "complete=approve,complete=pending", "="]
)
def test_a_token_that_cannot_be_read_is_rejected_when_it_arrives(
    gateway: BogusGateway, token: str
) -> None:
    session = opened(gateway)
    answer = the(Rejected, gateway.complete_session(complete(session, token=token)))
    assert "token_unreadable" == answer.failure.raw_code
    the(Authorized, gateway.complete_session(complete(session, "next")))


def test_a_session_needs_no_source(gateway: BogusGateway) -> None:
    request = attrs.evolve(create(), source=None)
    session = the(Accepted, gateway.create_session(request)).references
    the(Authorized, gateway.complete_session(complete(session)))


REQUESTS: dict[str, Callable[[References], Request[object]]] = {
    "update": update,
    "complete": complete,
    "close": close,
    "capture": capture,
    "void": void,
    "refund": refund,
    "cancel_refund": lambda _: cancel_refund("op_earlier"),
}
HAPPENING = [each for each in Behaviour if each not in (Behaviour.NONSENSE, Behaviour.BROKEN)]


@pytest.mark.parametrize("behaviour", HAPPENING)
@pytest.mark.parametrize("verb", VERBS)
def test_whatever_is_scripted_is_an_answer_that_the_port_knows(
    verb: str, behaviour: Behaviour
) -> None:
    coded = behaviour in (Behaviour.DECLINE, Behaviour.END)
    script = {verb: f"{behaviour}:do_not_honor" if coded else behaviour.value}
    try:
        BogusGateway.token(**script)
    except UnsafeInput:
        return
    request, gateway = scripted(verb, dict(script))
    try:
        answer = getattr(gateway, request.method)(request)
    except (TimeoutError, GatewayUnreachable):
        return
    assert type(answer) in request.answers


def scripted(verb: str, script: dict[str, Any]) -> tuple[Request[object], BogusGateway]:
    """A request whose answer is scripted, and a gateway where it has something to act on."""
    gateway = BogusGateway()
    if verb == "create":
        return create(**script), gateway
    if verb == "charge":
        return charge(**script), gateway
    if verb in ("create_setup", "complete_setup"):
        creation = create_setup(token=BogusGateway.token(**script))
        if verb == "create_setup":
            return creation, gateway
        return complete_setup(gateway.create_setup_session(creation).references), gateway
    policy = "automatic" if verb in ("refund", "cancel_refund") else "manual"
    references = opened(gateway, policy=policy, **script)
    if verb not in ("update", "complete", "close"):
        references = gateway.complete_session(complete(references)).references
    if verb == "cancel_refund":
        gateway.refund(refund(references, HALF, "earlier"))
    return REQUESTS[verb](references), gateway


# Two gateways, one provider


def test_it_offers_everything() -> None:
    assert set(METHODS) == operations_of(BogusGateway()) == operations_of(AsyncBogusGateway())
    calls = set(METHODS) - {"look_up", "read_notification"}
    assert set(VERBS) == {verb_of(method) for method in calls}


def test_it_declares_what_it_can_do() -> None:
    capabilities = BogusGateway().capabilities
    assert capabilities.look_up_is_authoritative
    assert capabilities.honours_keys
    assert timedelta(0) == capabilities.look_up_grace


def test_both_gateways_share_one_provider() -> None:
    provider = BogusProvider(clock=lambda: NOON)
    later, now = AsyncBogusGateway(provider=provider), BogusGateway(provider=provider)
    references = paid(now)
    setup = now.create_setup_session(create_setup("setup")).references

    async def move() -> list[object]:
        session = (await later.create_session(create("c2"))).references
        return [
            await later.update_session(update(session)),
            await later.complete_session(complete(session, "p2")),
            await later.close_session(close(session)),
            await later.charge(charge()),
            await later.capture(capture(references, HALF)),
            await later.void(void(references, HALF)),
            await later.refund(refund(references, HALF)),
            await later.cancel_refund(cancel_refund("op_refund")),
            await later.create_setup_session(create_setup()),
            await later.complete_setup_session(complete_setup(setup)),
            await later.look_up(
                LookUpRequest(
                    key="refund",
                    operation_id="op_refund",
                    tenant="",
                    references=NO_REFERENCES,
                    about="refund",
                )
            ),
        ]

    answers = asyncio.run(move())
    expected = [
        Accepted, Authorized, Authorized, Authorized, Captured, Voided, Refunded, Declined,
        Accepted, Stored, tuple,
    ]  # fmt: skip
    assert expected == [type(answer) for answer in answers]
    assert now.effects == later.effects
    assert now.calls == later.calls


def test_a_provider_comes_with_its_own_capabilities_and_clock() -> None:
    for also in ({"capabilities": Capabilities()}, {"clock": lambda: NOON}):
        with pytest.raises(TypeError, match="pass it alone"):
            BogusGateway(provider=BogusProvider(), **also)


def test_many_threads_with_one_key_have_one_effect(gateway: BogusGateway) -> None:
    request = capture(paid(gateway))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(gateway.capture, [request] * 64))
    assert 1 == len({repr(answer) for answer in answers})
    assert HUNDRED == gateway.provider.total(BogusEffectKind.TAKEN, "USD")
