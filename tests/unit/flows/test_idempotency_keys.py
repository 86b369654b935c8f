"""A command that is given under an idempotency key takes place once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from flow_builders import CARD, DECLINE, card, eur, order, seen
from keyed_commands import KEYED, Given, Keyed, KeyedShop, given

from paysession import AsyncPayments, Capture, CapturePolicy, Payments, PaymentSession, Refund, Step
from paysession._domain.evidence import EvidenceSource
from paysession._domain.idempotency import IdempotencyKey
from paysession._drivers import drive
from paysession._flows.once import NAMESPACE
from paysession._flows.settling import settle
from paysession._payments import Commands, command
from paysession.errors import (
    AmountExceeded,
    GatewayUnreachable,
    IdempotencyKeyInFlight,
    IdempotencyKeyReused,
    LimitExceeded,
    MethodUnavailable,
    NotFound,
    OutcomeUnknown,
    UnsafeInput,
)
from paysession.gateways import AsyncBogusGateway, Capabilities
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Canceled,
    Captured,
    Declined,
    NotAttempted,
    Pending,
    Redirect,
    References,
    Rejected,
    Unknown,
)
from paysession.stores.port import Changes, Claim

KEY = "order-7"
TAKE_NO_KEY = {
    "balance",
    "disputes_of",
    "expire_sessions",
    "expire_setup_sessions",
    "find_session",
    "forget",
    "get_capture",
    "get_dispute",
    "get_payment",
    "get_refund",
    "get_session",
    "get_setup_session",
    "get_void",
    "needs_attention",
    "payments_of",
    "receive_notification",
    "recover",
    "result_of",
    "sessions_of",
    "statement",
    "update_payable",
}

every_command = pytest.mark.parametrize("keyed", KEYED.values(), ids=KEYED.keys())
every_call = pytest.mark.parametrize(
    "keyed", [each for each in KEYED.values() if each.calls], ids=lambda keyed: keyed.command
)


class Crash(BaseException):
    """The process is gone."""


def begun(keyed: Keyed, *answers: object) -> tuple[KeyedShop, Given, Given]:
    """A shop in which the command can be given, and what its calls will be answered."""
    shop = KeyedShop()
    first, other = keyed.prepared(shop)
    if answers:
        shop.gateway.then(str(keyed.calls), *answers)
    return shop, first, other


def claims_of(shop: KeyedShop) -> list[Claim]:
    return [claim for claim in shop.store._claims.values() if claim.namespace == NAMESPACE]


def times(shop: KeyedShop, keyed: Keyed) -> int:
    return shop.gateway.methods.count(str(keyed.calls))


def test_every_command_takes_a_key_or_is_known_not_to() -> None:
    commands = {name: each for name, each in vars(Commands).items() if isinstance(each, command)}

    assert set(KEYED) == {name for name, each in commands.items() if each.takes_key}
    assert TAKE_NO_KEY == {name for name, each in commands.items() if not each.takes_key}


@every_command
def test_given_again_it_answers_as_before_and_nothing_happens(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed)
    answer = shop.give(keyed.command, first, idempotency_key=KEY)
    before, calls = shop.snapshot(), len(shop.gateway.calls)

    again = shop.give(keyed.command, first, idempotency_key=KEY)

    assert answer == again
    assert before == shop.snapshot()
    assert calls == len(shop.gateway.calls)


@every_command
def test_what_is_answered_later_is_what_was_committed(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed)
    shop.give(keyed.command, first, idempotency_key=KEY)
    answer = shop.give(keyed.command, first, idempotency_key=KEY)

    assert answer == shop.store.get(type(answer), answer.id, tenant="")
    assert not answer.is_changed
    assert not getattr(answer, "news", ())
    assert answer == shop.payments.result_of(KEY, command=keyed.command)


@every_command
def test_the_same_key_for_something_else_is_refused(keyed: Keyed) -> None:
    shop, first, other = begun(keyed)
    shop.give(keyed.command, first, idempotency_key=KEY)
    before = shop.snapshot()

    with pytest.raises(IdempotencyKeyReused) as refusal:
        shop.give(keyed.command, other, idempotency_key=KEY)

    assert keyed.command == refusal.value.operation
    assert before == shop.snapshot()


@every_command
def test_without_a_key_nothing_is_claimed(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed)

    shop.give(keyed.command, first)
    shop.give(keyed.command, keyed.prepared(KeyedShop())[0], idempotency_key=None)

    assert [] == claims_of(shop)


@every_command
def test_a_refusal_uses_no_key_up(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed)
    shop.gateways.clear()
    before = shop.snapshot()
    args, kwargs = first
    unknown = ("unknown", *args[1:]) if isinstance(args[0], str) else args

    with pytest.raises((NotFound, MethodUnavailable)):
        shop.give(keyed.command, (unknown, kwargs), idempotency_key=KEY)

    assert before == shop.snapshot()
    with pytest.raises(NotFound):
        shop.payments.result_of(KEY, command=keyed.command)


@every_command
def test_nothing_of_the_caller_s_words_is_stored(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed)
    key = IdempotencyKey("jane@example.com", scope="client of jane")

    shop.give(keyed.command, first, idempotency_key=key)

    (claim,) = claims_of(shop)
    assert "jane" not in repr(claim)
    assert 64 == len(claim.text) == len(claim.fingerprint or "")


@every_call
def test_a_refusal_by_the_provider_is_answered_as_it_was(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed, Declined(DECLINE))
    answer = shop.give(keyed.command, first, idempotency_key=KEY)

    assert answer == shop.give(keyed.command, first, idempotency_key=KEY)
    goes_on = keyed.command in ("cancel_session", "cancel_refund")
    assert goes_on or DECLINE == answer.failure
    assert 1 == times(shop, keyed)


@every_call
def test_what_a_developer_must_mend_is_answered_as_it_was(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed, Rejected(DECLINE))
    answer = shop.give(keyed.command, first, idempotency_key=KEY)

    assert answer == shop.give(keyed.command, first, idempotency_key=KEY)
    assert 1 == times(shop, keyed)


@every_call
def test_a_provider_that_was_not_reached_uses_no_key_up(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed, GatewayUnreachable("down"))
    with pytest.raises(GatewayUnreachable):
        shop.give(keyed.command, first, idempotency_key=KEY)
    assert [] == claims_of(shop)

    answer = shop.give(keyed.command, first, idempotency_key=KEY)

    assert 2 == times(shop, keyed)
    assert answer == shop.give(keyed.command, first, idempotency_key=KEY)
    assert 2 == times(shop, keyed)


@every_call
def test_while_nobody_knows_it_is_in_flight_until_recovery_has_found_out(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed, TimeoutError())
    shop.give(keyed.command, first, idempotency_key=KEY)

    for ask in (
        lambda: shop.give(keyed.command, first, idempotency_key=KEY),
        lambda: shop.payments.result_of(KEY, command=keyed.command),
    ):
        with pytest.raises(IdempotencyKeyInFlight) as waiting:
            ask()
        (claim,) = claims_of(shop)
        assert claim.id == waiting.value.operation_id

    recovered(shop, keyed)


@every_call
def test_after_a_crash_between_decision_and_call_it_is_in_flight_until_recovery(
    keyed: Keyed,
) -> None:
    shop, first, _ = begun(keyed, Crash())
    with pytest.raises(Crash):
        shop.give(keyed.command, first, idempotency_key=KEY)

    with pytest.raises(IdempotencyKeyInFlight):
        shop.give(keyed.command, first, idempotency_key=KEY)

    recovered(shop, keyed)


def recovered(shop: KeyedShop, keyed: Keyed) -> None:
    """Recovery repeats the call, and its answer is the key's from then on."""
    shop.clock.forward(minutes=5)
    (operation,) = (each for each in shop.payments.recover() if each.claim is not None)
    assert not operation.is_unresolved
    answer = shop.payments.result_of(KEY, command=keyed.command)
    assert 2 == times(shop, keyed)
    assert answer == shop.store.get(type(answer), answer.id, tenant="")


@pytest.mark.parametrize(
    "keyed", [each for each in KEYED.values() if each.calls not in (None, "update_session")]
)
def test_what_the_provider_works_on_is_in_flight(keyed: Keyed) -> None:
    shop, first, _ = begun(keyed, Pending())
    shop.give(keyed.command, first, idempotency_key=KEY)

    with pytest.raises(IdempotencyKeyInFlight):
        shop.give(keyed.command, first, idempotency_key=KEY)
    assert [1] == [claim.version for claim in claims_of(shop)]


@pytest.mark.parametrize("name", ["create_session", "mark_paid", "charge", "capture", "refund"])
def test_a_day_after_it_was_settled_the_key_is_free_again(name: str) -> None:
    shop, first, other = begun(KEYED[name])
    answer = shop.give(name, first, idempotency_key=KEY)
    (claim,) = claims_of(shop)
    shop.clock.now += timedelta(hours=24) - timedelta(microseconds=1)
    assert answer == shop.give(name, first, idempotency_key=KEY)

    shop.clock.now += timedelta(microseconds=1)

    with pytest.raises(NotFound):
        shop.payments.result_of(KEY, command=name)
    second = shop.give(name, other, idempotency_key=KEY)
    (after,) = claims_of(shop)
    assert answer.id != second.id
    assert after.version > claim.version
    assert second == shop.give(name, other, idempotency_key=KEY)


def test_the_key_of_what_is_open_is_kept_for_however_long_it_takes() -> None:
    shop, first, _ = begun(KEYED["refund"], Pending())
    shop.give("refund", first, idempotency_key=KEY)
    shop.clock.forward(hours=1000)

    with pytest.raises(IdempotencyKeyInFlight):
        shop.give("refund", first, idempotency_key=KEY)


def test_a_key_is_its_scope_s_its_command_s_and_its_tenant_s() -> None:
    shop = KeyedShop()
    payment = shop.held()
    ours = shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY)
    theirs = IdempotencyKey(KEY, scope="them")

    assert ours != shop.payments.capture(payment.id, amount=eur(10), idempotency_key=theirs)
    assert shop.payments.refund(payment.id, amount=eur(10), idempotency_key=KEY).succeeded
    for tenant in ("", "acme"):
        there = shop.payments.for_tenant(tenant)
        there.create_session(order(order_id="or_2"), method=CARD, idempotency_key=KEY)
    assert 2 == shop.gateway.methods.count("capture")
    assert {"", "acme"} == {call.tenant for call in shop.gateway.calls}


def test_a_key_without_a_scope_is_its_text() -> None:
    shop = KeyedShop()
    first = shop.payments.create_session(order(), method=CARD, idempotency_key=KEY)
    named = IdempotencyKey(KEY)

    assert first == shop.payments.create_session(order(), method=CARD, idempotency_key=named)


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        ("", UnsafeInput),
        (" ", UnsafeInput),
        ("a\0", UnsafeInput),
        ("4242 4242 4242 4242", UnsafeInput),
        ("x" * 256, LimitExceeded),
        (7, TypeError),
        (b"key", TypeError),
    ],
)
def test_what_is_no_key_is_refused(key: Any, refusal: type[Exception]) -> None:
    shop = KeyedShop()
    before = shop.snapshot()

    with pytest.raises(refusal, match="idempotency_key"):
        shop.payments.create_session(order(), method=CARD, idempotency_key=key)
    with pytest.raises(refusal, match="idempotency_key"):
        shop.payments.result_of(key, command="refund")

    assert before == shop.snapshot()
    assert [] == shop.gateway.calls


def test_the_result_of_no_command_is_refused() -> None:
    shop = KeyedShop()

    with pytest.raises(UnsafeInput, match="command"):
        shop.payments.result_of(KEY, command="recover")
    with pytest.raises(TypeError):
        shop.payments.result_of(KEY, command=None)  # type: ignore[arg-type]


def test_an_answer_does_not_follow_the_record() -> None:
    shop = KeyedShop()
    session = shop.payments.create_session(order(), method=CARD, idempotency_key=KEY)
    shop.payments.complete_session(session.id)

    again = shop.payments.create_session(order(), method=CARD, idempotency_key=KEY)

    assert session == again
    assert SessionStatus.PENDING is again.status
    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


def test_that_the_customer_must_act_is_an_answer() -> None:
    shop = KeyedShop()
    session = shop.opened()
    act = ActionRequired(Redirect("https://bank.example/3ds"))
    shop.gateway.then("complete_session", act)

    answer = shop.payments.complete_session(session.id, idempotency_key=KEY)

    assert SessionStatus.REQUIRES_ACTION is answer.status
    assert answer == shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert SessionStatus.COMPLETED is shop.payments.complete_session(session.id).status
    again = shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert without_browser(answer) == again


def test_what_goes_on_after_the_customer_acted_does_not_change_the_answer() -> None:
    shop = KeyedShop()
    session = shop.opened()
    shop.gateway.then("complete_session", ActionRequired(Redirect("https://bank.example/3ds")))
    answer = shop.payments.complete_session(session.id, idempotency_key=KEY)
    shop.gateway.then("look_up", seen(Pending()), seen(Captured(eur(100))))

    for _ in range(2):
        shop.clock.forward(hours=1)
        shop.payments.recover()

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status
    again = shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert without_browser(answer) == again


def without_browser(answer: PaymentSession) -> PaymentSession:
    """The answer as it was, but for what the browser must have only while the session is open."""
    return attrs.evolve(answer, client_data=None, next_action=None)


def unanswered_completion() -> tuple[KeyedShop, PaymentSession]:
    shop = KeyedShop()
    session = shop.opened()
    shop.gateway.then("complete_session", TimeoutError())
    shop.payments.complete_session(session.id, idempotency_key=KEY)
    shop.clock.forward(minutes=5)
    return shop, session


def test_what_an_approval_makes_due_answers_the_key() -> None:
    shop, session = unanswered_completion()
    shop.gateway.then("look_up", seen(Approved()))

    shop.payments.recover()
    shop.payments.recover()

    answer = shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert SessionStatus.COMPLETED is answer.status
    assert answer == shop.payments.get_session(session.id)


def test_until_it_has_ended_it_is_what_is_in_flight() -> None:
    shop, session = unanswered_completion()
    first = shop.attempt(session)
    shop.gateway.then("look_up", seen(Approved()))
    shop.payments.recover()
    shop.gateway.then("complete_session", Crash())
    with pytest.raises(Crash):
        shop.payments.recover()

    with pytest.raises(IdempotencyKeyInFlight) as waiting:
        shop.payments.complete_session(session.id, idempotency_key=KEY)

    assert shop.attempt(session).id == waiting.value.operation_id != first.id
    shop.clock.forward(minutes=5)
    shop.payments.recover()
    assert shop.payments.complete_session(session.id, idempotency_key=KEY).succeeded


def test_an_attempt_that_the_session_s_end_overtakes_is_answered_with_that() -> None:
    shop, session = unanswered_completion()
    shop.gateway.then("look_up", Unknown(), Unknown())
    shop.gateway.then("close_session", Canceled())

    canceled = shop.payments.cancel_session(session.id, idempotency_key=KEY)

    assert SessionStatus.CANCELED is canceled.status
    assert canceled == shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert canceled == shop.payments.cancel_session(session.id, idempotency_key=KEY)


def test_what_a_look_up_does_not_find_is_an_answer_too() -> None:
    shop = KeyedShop()
    payment = shop.taken()
    shop.gateway.capabilities = Capabilities(honours_keys=False, look_up_is_authoritative=True)
    shop.gateway.then("refund", TimeoutError())
    shop.payments.refund(payment.id, idempotency_key=KEY)
    shop.clock.forward(hours=1)
    shop.payments.recover()

    answer = shop.payments.refund(payment.id, idempotency_key=KEY)

    assert OperationStatus.FAILED is answer.status
    assert 1 == shop.gateway.methods.count("refund")


def test_what_waits_for_a_person_is_in_flight() -> None:
    shop = KeyedShop()
    payment = shop.taken()
    shop.gateway.capabilities = Capabilities(honours_keys=False)
    shop.gateway.then("refund", TimeoutError())
    refund = shop.payments.refund(payment.id, idempotency_key=KEY)
    shop.clock.forward(hours=1000)
    shop.payments.recover()
    assert [refund.id] == [each.id for each in shop.store.attention(limit=9, tenant="")]

    with pytest.raises(IdempotencyKeyInFlight) as waiting:
        shop.payments.refund(payment.id, idempotency_key=KEY)

    assert refund.id == waiting.value.operation_id


def test_a_call_that_arrives_nowhere_after_recovery_took_it_up_uses_the_key_up() -> None:
    shop = KeyedShop()
    payment = shop.taken()

    def overtaken(request: object) -> object:
        shop.clock.forward(minutes=5)
        shop.gateway.then("refund", TimeoutError())
        shop.gateway.then("look_up", Unknown())
        shop.payments.recover()
        return NotAttempted("down")

    shop.gateway.then("refund", overtaken)
    with pytest.raises(GatewayUnreachable):
        shop.payments.refund(payment.id, idempotency_key=KEY)

    (claim,) = claims_of(shop)
    assert isinstance(claim.answer, Refund)


@pytest.mark.parametrize("source", [EvidenceSource.LOOK_UP, EvidenceSource.NOTIFICATION])
def test_only_the_one_who_made_the_call_can_say_that_it_never_left(source: EvidenceSource) -> None:
    shop, first, _ = begun(KEYED["refund"], Crash())
    with pytest.raises(Crash):
        shop.give("refund", first, idempotency_key=KEY)
    (refund,) = (each for each in shop.store.entities() if isinstance(each, Refund))

    told = settle(refund, NotAttempted("never seen"), source=source, at=shop.clock.now)
    drive(told, shop.payments.ports)

    assert OperationStatus.FAILED is shop.give("refund", first, idempotency_key=KEY).status


def test_what_has_lost_its_key_to_another_command_does_not_answer_that() -> None:
    shop = KeyedShop()
    first, second = shop.opened(total=20), shop.opened(total=20)
    shop.gateway.then("complete_session", ActionRequired(Redirect("https://bank.example/3ds")))
    shop.payments.complete_session(first.id, idempotency_key=KEY)
    shop.clock.forward(hours=24)
    shop.gateway.then("complete_session", TimeoutError())
    shop.payments.complete_session(second.id, idempotency_key=KEY)

    paid = Captured(eur(20), references=References.of(authorization="pi_9"))
    late = settle(shop.attempt(first), paid, source=EvidenceSource.NOTIFICATION, at=shop.clock.now)
    drive(late, shop.payments.ports)

    assert shop.payments.get_session(first.id).succeeded
    with pytest.raises(IdempotencyKeyInFlight) as waiting:
        shop.payments.complete_session(second.id, idempotency_key=KEY)
    assert shop.attempt(second).id == waiting.value.operation_id


def test_an_attempt_that_is_left_behind_is_not_what_a_cancellation_answers_with() -> None:
    shop = KeyedShop()
    session = shop.payments.create_setup_session(CARD)
    act = ActionRequired(Redirect("https://bank.example/3ds"))
    shop.gateway.then("complete_setup_session", act)
    shop.payments.complete_setup_session(session.id)

    canceled = shop.payments.cancel_setup_session(session.id, idempotency_key=KEY)

    assert canceled == shop.payments.cancel_setup_session(session.id, idempotency_key=KEY)
    assert session.id == canceled.id


def test_nor_is_what_the_end_of_a_session_releases() -> None:
    shop = KeyedShop()
    shop.payments.charge(
        order(), method=CARD, source=card(), amount=eur(40), capture=CapturePolicy.WHEN_COVERED
    )
    shop.gateway.then("create_session", Accepted())
    session = shop.opened()

    canceled = shop.payments.cancel_session(session.id, idempotency_key=KEY)

    assert "void" in shop.gateway.methods
    assert canceled == shop.payments.cancel_session(session.id, idempotency_key=KEY)
    assert session.id == canceled.id


# Somebody else comes with the same key


def test_who_comes_second_to_the_key_is_answered_and_goes_no_further() -> None:
    shop = KeyedShop()
    payment = shop.held()
    meanwhile: list[Capture] = []

    def other() -> None:
        meanwhile.append(shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY))

    shop.before_id.then = other
    answer = shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY)

    assert [answer] == meanwhile
    assert 1 == shop.gateway.methods.count("capture")


def test_who_comes_second_with_something_else_is_refused() -> None:
    shop = KeyedShop()
    payment = shop.held()
    shop.before_id.then = lambda: shop.payments.capture(
        payment.id, amount=eur(20), idempotency_key=KEY
    )

    with pytest.raises(IdempotencyKeyReused):
        shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY)

    assert 1 == shop.gateway.methods.count("capture")


def test_who_is_refused_because_the_same_command_was_quicker_is_answered() -> None:
    shop = KeyedShop()
    payment = shop.taken()
    meanwhile: list[Refund] = []
    shop.before_id.then = lambda: meanwhile.append(
        shop.payments.refund(payment.id, amount=eur(100), idempotency_key=KEY)
    )

    answer = shop.payments.refund(payment.id, amount=eur(100), idempotency_key=KEY)

    assert [answer] == meanwhile


def test_who_has_nothing_left_to_do_because_the_same_command_was_quicker_is_answered() -> None:
    shop = KeyedShop()
    session = shop.opened()
    meanwhile: list[PaymentSession] = []

    def other() -> None:
        meanwhile.append(shop.payments.complete_session(session.id, idempotency_key=KEY))
        payment = shop.payment_of(meanwhile[0])
        shop.payments.refund(payment.id)

    shop.before_id.then = other
    answer = shop.payments.complete_session(session.id, idempotency_key=KEY)

    assert [answer] == meanwhile


def test_who_is_refused_for_another_reason_is_told_it() -> None:
    shop = KeyedShop()
    payment = shop.taken()
    shop.before_id.then = lambda: shop.payments.refund(payment.id, amount=eur(60))

    with pytest.raises(AmountExceeded):
        shop.payments.refund(payment.id, amount=eur(60), idempotency_key=KEY)

    assert [] == claims_of(shop)


def test_who_has_nothing_to_do_uses_no_key_up() -> None:
    shop = KeyedShop()
    session = shop.completed()

    assert session == shop.payments.complete_session(session.id, idempotency_key=KEY)
    assert [] == claims_of(shop)


def test_who_only_says_again_what_the_payable_costs_uses_no_key_up() -> None:
    shop = KeyedShop()
    session = shop.opened()
    now = order(120)

    after = shop.payments.update_session(
        session.id, payable=now, amount=eur(100), idempotency_key=KEY
    )

    assert session == after
    assert eur(120) == shop.payments.balance("or_1").total
    assert [] == claims_of(shop)


def test_who_is_beaten_by_another_change_decides_again_and_claims_once() -> None:
    shop = KeyedShop()
    payment = shop.held()
    commit = shop.store.commit
    waiting: list[Callable[[], object]] = [lambda: shop.payments.capture(payment.id, amount=eur(5))]

    def beaten(changes: Changes) -> None:
        if waiting and any(claim.namespace == NAMESPACE for claim in changes.claims):
            waiting.pop()()
        commit(changes)

    shop.store.commit = beaten  # type: ignore[method-assign]
    answer = shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY)

    assert answer.succeeded
    assert eur(15) == shop.payments.get_payment(payment.id).balances.captured
    assert answer == shop.payments.capture(payment.id, amount=eur(10), idempotency_key=KEY)


def test_a_store_that_fails_by_the_decision_leaves_the_key_as_it_was() -> None:
    shop = KeyedShop()
    payment = shop.held()
    commit = shop.store.commit

    def fail(changes: Changes) -> None:
        raise OSError("disk full")

    shop.store.commit = fail  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        shop.payments.capture(payment.id, idempotency_key=KEY)
    shop.store.commit = commit  # type: ignore[method-assign]

    assert shop.payments.capture(payment.id, idempotency_key=KEY).succeeded


def test_a_store_that_fails_after_the_call_leaves_the_key_in_flight() -> None:
    shop = KeyedShop()
    payment = shop.held()
    commit = shop.store.commit

    def fail(changes: Changes) -> None:
        raise OSError("disk full")

    def answered(request: object) -> object:
        shop.store.commit = fail  # type: ignore[method-assign]
        return Captured(eur(100))

    shop.gateway.then("capture", answered)
    with pytest.raises(OutcomeUnknown) as unknown:
        shop.payments.capture(payment.id, idempotency_key=KEY)
    shop.store.commit = commit  # type: ignore[method-assign]

    with pytest.raises(IdempotencyKeyInFlight) as waiting:
        shop.payments.capture(payment.id, idempotency_key=KEY)
    assert unknown.value.operation_id == waiting.value.operation_id


def test_a_claim_that_a_store_has_lost_does_no_harm() -> None:
    shop = KeyedShop()
    payment = shop.held()
    shop.gateway.then("capture", TimeoutError())
    capture = shop.payments.capture(payment.id, idempotency_key=KEY)
    shop.store._claims.clear()
    shop.clock.forward(minutes=5)

    shop.payments.recover()

    found = shop.store.get(Capture, capture.id, tenant="")
    assert found is not None
    assert found.succeeded


def test_an_event_loop_s_commands_take_the_same_keys() -> None:
    async def sell() -> tuple[PaymentSession, PaymentSession]:
        payments = AsyncPayments({"bogus": AsyncBogusGateway()})
        first = await payments.create_session(order(), method=CARD, idempotency_key=KEY)
        await payments.complete_session(first.id)
        return first, await payments.create_session(order(), method=CARD, idempotency_key=KEY)

    first, again = asyncio.run(sell())

    assert without_browser(first) == again


def test_observers_are_told_of_the_command_all_the_same() -> None:
    steps: list[Step] = []
    shop = KeyedShop()
    payments = Payments(shop.gateways, observers=[steps.append])

    payments.create_session(order(), method=CARD, idempotency_key=KEY)

    assert {"create_session"} == {step.flow for step in steps}
    assert ["Now", "Claimed"] == [step.ask for step in steps][:2]


def test_a_command_that_is_given_wrongly_is_refused_as_without_a_key() -> None:
    shop = KeyedShop()

    with pytest.raises(TypeError):
        shop.give("create_session", given(order(), color="red"), idempotency_key=KEY)
    with pytest.raises(TypeError):
        shop.give("create_session", given(order()), idempotency_key=KEY)
    with pytest.raises(TypeError, match="payable"):
        shop.give("create_session", given("or_1", method=CARD), idempotency_key=KEY)

    assert [] == claims_of(shop)


def test_an_accepted_session_is_known_by_its_key_while_its_payment_is_not() -> None:
    shop = KeyedShop()
    shop.gateway.then("create_session", Accepted(client_data={"secret": "s"}))
    first = shop.payments.create_session(order(), method=CARD, source=card(), idempotency_key=KEY)

    again = shop.payments.create_session(order(), method=CARD, source=card(), idempotency_key=KEY)

    assert again.client_data is not None
    assert {"secret": "s"} == again.client_data.reveal()
    assert first == again
