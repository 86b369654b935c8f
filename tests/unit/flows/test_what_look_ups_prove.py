"""What a look-up proves: whose money it is, and when "not found" means that it never was."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from flow_builders import (
    DECLINE,
    NOW,
    PlainGateway,
    ScriptedGateway,
    Shop,
    eur,
    scripted_shop,
    seen,
    stored,
    unknown_capture,
)

from paysession import Capture, Payment, PaymentSession
from paysession.gateways import Capabilities
from paysession.gateways.requests import Request
from paysession.lifecycles import OperationStatus, SessionStatus
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
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Report,
    Unknown,
)

GRACE = timedelta(minutes=10)
SURE = Capabilities(honours_keys=False, look_up_is_authoritative=True)
SLOW = Capabilities(honours_keys=False, look_up_is_authoritative=True, look_up_grace=GRACE)
SURE_WITH_KEYS = Capabilities(look_up_is_authoritative=True, look_up_grace=GRACE)
DEADLINE = timedelta(hours=23)
LONGEST_CALL = timedelta(seconds=80)


# Absence


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (LONGEST_CALL + GRACE - timedelta(seconds=1), OperationStatus.REQUESTED),
        (LONGEST_CALL + GRACE, OperationStatus.FAILED),
    ],
)
def test_not_found_proves_absence_after_the_longest_call_and_the_grace(
    after: timedelta, status: OperationStatus
) -> None:
    shop, _, capture = unknown_capture(SLOW)
    shop.clock.now = NOW + after

    shop.payments.recover()

    assert status is stored(shop, capture).status


def _repeated_capture() -> tuple[Shop[ScriptedGateway], Capture]:
    """A capture whose repeat timed out as well."""
    shop, _, capture = unknown_capture(SURE_WITH_KEYS)
    shop.gateway.then("capture", TimeoutError())
    shop.payments.recover()
    assert ["look_up", "capture"] == shop.gateway.methods
    return shop, capture


def test_after_a_repeat_not_found_proves_no_absence_before_the_last_repeat_has_ended() -> None:
    shop, capture = _repeated_capture()
    shop.clock.now = NOW + DEADLINE + LONGEST_CALL + GRACE - timedelta(seconds=1)

    shop.payments.recover()

    assert OperationStatus.REQUESTED is stored(shop, capture).status


def test_after_a_repeat_not_found_proves_absence_once_the_last_repeat_has_ended() -> None:
    shop, capture = _repeated_capture()
    shop.clock.now = NOW + DEADLINE + LONGEST_CALL + GRACE

    shop.payments.recover()

    assert OperationStatus.FAILED is stored(shop, capture).status


def test_what_holds_a_secret_was_never_repeated_and_is_absent_sooner() -> None:
    shop = scripted_shop(SURE_WITH_KEYS, complete_session=TimeoutError())
    session = shop.opened()
    shop.payments.complete_session(session.id, external_data={"nonce": "n"})
    shop.clock.forward(minutes=2)
    shop.payments.recover()
    assert shop.attempt(session).is_unresolved
    shop.clock.now = NOW + timedelta(hours=1)

    shop.payments.recover()

    assert OperationStatus.FAILED is shop.attempt(session).status
    assert 1 == shop.gateway.methods.count("complete_session")


# Whose money


@pytest.mark.parametrize("capabilities", [SURE, SURE_WITH_KEYS])
def test_a_report_that_names_nobody_proves_nothing(capabilities: Capabilities) -> None:
    shop, payment, capture = unknown_capture(capabilities)
    shop.gateway.then("look_up", (Report(Captured(eur(100))),))

    shop.payments.recover()

    assert OperationStatus.REQUESTED is stored(shop, capture).status
    assert ["look_up"] == shop.gateway.methods
    assert eur(0) == shop.payments.get_payment(payment.id).balances.captured


def test_reports_about_others_do_not_settle_ours() -> None:
    shop, payment, capture = unknown_capture(SURE)
    shop.gateway.then("look_up", (Report(Captured(eur(100)), our_reference="ca_other"),))

    shop.payments.recover()

    assert OperationStatus.FAILED is stored(shop, capture).status
    assert eur(0) == shop.payments.get_payment(payment.id).balances.captured


def test_one_report_that_names_nobody_spoils_the_absence_that_the_others_show() -> None:
    shop, _, capture = unknown_capture(SURE)
    others = Report(Captured(eur(1)), our_reference="ca_other"), Report(Captured(eur(2)))
    shop.gateway.then("look_up", others)

    shop.payments.recover()

    assert OperationStatus.REQUESTED is stored(shop, capture).status


# Several facts of one look-up


STORIES: dict[str, tuple[Fact, ...]] = {
    "held and taken": (Authorized(eur(100)), Captured(eur(100))),
    "taken, then canceled": (Captured(eur(100)), Canceled()),
    "held, then expired": (
        Authorized(eur(100), occurred_at=NOW + timedelta(minutes=1)),
        Expired(occurred_at=NOW + timedelta(minutes=2)),
    ),
    "waiting, held and taken": (
        Pending(),
        Authorized(eur(100)),
        Captured(eur(100)),
    ),
}


def _told(facts: tuple[Fact, ...]) -> object:
    """How everything stands after one look-up has told the facts in this order."""
    shop = scripted_shop(Capabilities(honours_keys=False), complete_session=TimeoutError())
    session = shop.completed()
    shop.clock.forward(minutes=2)
    shop.gateway.then(
        "look_up",
        lambda request: tuple(Report(fact, our_reference=request.operation_id) for fact in facts),
    )
    shop.payments.recover()
    session = shop.payments.get_session(session.id)
    paid = [
        (each.status, each.balances, [one.kind for one in each.discrepancies])
        for each in shop.store.entities()
        if isinstance(each, Payment)
    ]
    return session.status, shop.attempt(session).status, paid, shop.account()


@pytest.mark.parametrize("facts", STORIES.values(), ids=STORIES.keys())
def test_the_order_of_the_reports_of_one_look_up_says_nothing(facts: tuple[Fact, ...]) -> None:
    expected = _told(facts)

    for order_ in permutations(facts):
        assert expected == _told(order_)


def test_money_that_one_look_up_tells_of_is_never_lost() -> None:
    for order_ in permutations(STORIES["taken, then canceled"]):
        assert eur(100) == _told(order_)[3]["paid"]  # type: ignore[index]


# What it leaves


def test_a_look_up_that_fails_leaves_its_reason() -> None:
    shop, _, capture = unknown_capture()
    shop.gateway.then("look_up", ConnectionResetError("reset by peer, api_key=abc123"))

    shop.payments.recover()

    doubt = stored(shop, capture).doubt
    assert "look-up: ConnectionResetError: reset by peer, api_key=[secret]" == doubt


def test_the_ids_that_a_report_names_reach_the_payment() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), complete_session=TimeoutError())
    session = shop.completed()
    shop.clock.forward(minutes=2)
    ids = References.of(authorization="pi_1")
    shop.gateway.then(
        "look_up",
        lambda request: (
            Report(Captured(eur(100)), our_reference=request.operation_id, references=ids),
        ),
    )

    shop.payments.recover()

    payment = shop.payment_of(shop.payments.get_session(session.id))
    assert "pi_1" == payment.references.get(ReferenceRole.AUTHORIZATION)


def test_the_ids_that_come_with_a_doubt_are_claimed() -> None:
    shop = scripted_shop(
        complete_session=Unknown("timed out", references=References.of(session="cs_9"))
    )

    session = shop.completed()

    claim = shop.store.claimed("reference:bogus:session", "cs_9", tenant="")
    assert claim is not None
    assert session.id == claim.id
    assert "cs_9" == session.external_id


def test_the_ids_that_come_with_a_movement_s_doubt_are_claimed() -> None:
    shop = scripted_shop()
    payment = shop.held()
    shop.gateway.then("capture", Unknown("timed out", references=References.of(capture="ch_9")))

    capture = shop.payments.capture(payment.id)

    claim = shop.store.claimed("reference:bogus:capture", "ch_9", tenant="")
    assert claim is not None
    assert capture.id == claim.id
    assert "ch_9" == capture.references.get(ReferenceRole.CAPTURE)


# Waiting


def test_what_is_pending_where_nobody_can_be_asked_is_left_to_a_person_in_the_end() -> None:
    shop = Shop(PlainGateway(_opened(), Pending()))
    session = shop.completed()
    shop.clock.forward(hours=22)
    shop.payments.recover()
    assert not shop.attempt(session).attention

    shop.clock.forward(hours=7)
    shop.payments.recover()

    assert shop.attempt(session).attention
    assert 2 == len(shop.gateway.calls)


def _opened() -> Fact:
    return Accepted(references=References.of(session="cs_1"))


def test_what_is_pending_is_not_repeated_where_it_can_be_asked_about() -> None:
    shop = scripted_shop(complete_session=Pending())
    session = shop.completed()
    shop.clock.forward(hours=48)

    shop.payments.recover()

    assert not shop.attempt(session).attention
    assert 1 == shop.gateway.methods.count("complete_session")


def _waiting() -> tuple[Shop[ScriptedGateway], PaymentSession]:
    action = ActionRequired(Redirect("https://bank.example/3ds"))
    shop = scripted_shop(complete_session=action)
    return shop, shop.completed()


def test_a_customer_who_must_act_is_looked_for_seven_days_and_then_left_alone() -> None:
    shop, session = _waiting()
    while shop.attempt(session).due_at is not None:
        shop.clock.forward(hours=6)
        shop.payments.recover()

    assert timedelta(days=7) <= shop.clock.now - NOW < timedelta(days=7, hours=13)
    shop.gateway.calls.clear()
    shop.clock.forward(hours=24)
    assert () == shop.payments.recover()
    assert [] == shop.gateway.calls
    assert SessionStatus.REQUIRES_ACTION is shop.payments.get_session(session.id).status


def test_a_customer_who_acted_within_the_seven_days_is_found() -> None:
    shop, session = _waiting()
    shop.clock.forward(hours=24 * 6)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.recover()

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status


# Refusals that leave a session pending


@pytest.mark.parametrize("complete", [Declined(DECLINE), Bounced(DECLINE)])
def test_a_refusal_without_a_provider_s_id_leaves_the_session_pending(complete: Fact) -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), create_session=_no_ids)
    shop.gateway.then("complete_session", TimeoutError())
    session = shop.completed()
    shop.clock.forward(minutes=2)
    shop.gateway.then("look_up", seen(complete))

    shop.payments.recover()

    session = shop.payments.get_session(session.id)
    assert SessionStatus.PENDING is session.status
    assert DECLINE == session.failure
    assert shop.payments.complete_session(session.id).succeeded


def _no_ids(request: Request[Any]) -> Fact:
    return Accepted()


def test_a_bounce_of_a_pending_completion_lets_the_customer_try_again() -> None:
    shop = scripted_shop(complete_session=Pending())
    session = shop.completed()
    shop.clock.forward(minutes=2)
    shop.gateway.then("look_up", seen(Bounced(DECLINE)))

    shop.payments.recover()

    session = shop.payments.get_session(session.id)
    assert SessionStatus.PENDING is session.status
    assert DECLINE == session.failure
    assert {"authorized": eur(0), "paid": eur(0), "due": eur(100)} == shop.account()
    assert shop.payments.complete_session(session.id).succeeded


# Two sessions for one payable


def test_money_beyond_what_is_owed_is_named_when_two_sessions_bring_it() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False))
    redirect = ActionRequired(Redirect("https://bank.example/3ds"))
    shop.gateway.then("complete_session", redirect, redirect)
    sessions = [shop.payments.complete_session(shop.opened().id) for _ in range(2)]
    shop.gateway.then("look_up", _paid, _paid)
    shop.clock.forward(hours=1)

    shop.payments.recover()

    first, second = (shop.payment_of(shop.payments.get_session(each.id)) for each in sessions)
    assert [] == [one.kind for one in first.discrepancies]
    assert ["overpaid"] == [one.kind for one in second.discrepancies]
    assert eur(200) == shop.account()["paid"]


def _paid(request: Request[Any]) -> tuple[Report, ...]:
    ids = References.of(authorization=f"pi_{request.operation_id}")
    return (Report(Captured(eur(100), references=ids), our_reference=request.operation_id),)
