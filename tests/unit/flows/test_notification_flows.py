"""What a provider tells by itself: settled like any answer, in any order, any number of times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from flow_builders import CARD, DECLINE, NOW, Shop, eur, order, scripted_shop, seen
from notifying import NotifyingGateway, notifying_shop, receive, tell

from paysession import Payment
from paysession._domain.entities import Entity
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Origin
from paysession._domain.parked import ParkedReport, ParkReason
from paysession._drivers import drive
from paysession._flows.notifications import tried_again
from paysession.errors import (
    GatewayBroken,
    InvalidSignature,
    NotFound,
    UnreadableNotification,
    UnsafeInput,
    Unsupported,
)
from paysession.events import ReportDismissed
from paysession.gateways import Capabilities
from paysession.gateways.requests import Request
from paysession.lifecycles import OperationStatus, PaymentStatus, SessionStatus
from paysession.outcomes import (
    ActionRequired,
    Approved,
    Authorized,
    Bounced,
    Captured,
    Declined,
    NotAttempted,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Refunded,
    Report,
    Retaken,
    Unknown,
    Voided,
)

CAPTURED = ReferenceRole.CAPTURE
MOVED: dict[str, tuple[type[Captured | Voided | Refunded], type[Capture | Void | Refund]]] = {
    "capture": (Captured, Capture),
    "void": (Voided, Void),
    "refund": (Refunded, Refund),
}
REDIRECT = ActionRequired(Redirect("https://bank.example/3ds"))


def parked_in(shop: Shop[NotifyingGateway]) -> list[ParkedReport]:
    return [each for each in shop.store.entities() if isinstance(each, ParkedReport)]


# Verified first


def test_what_is_not_verified_is_refused_and_nothing_is_written() -> None:
    shop = notifying_shop()
    shop.taken()
    before = shop.snapshot()

    with pytest.raises(InvalidSignature):
        receive(shop, (Report(Unknown()),), signature="forged")

    assert before == shop.snapshot()


def test_two_headers_that_differ_in_case_are_refused() -> None:
    shop = notifying_shop()

    with pytest.raises(InvalidSignature):
        shop.payments.receive_notification(
            "bogus", body=b"", headers={"Signature": "good", "signature": "good"}
        )


@pytest.mark.parametrize("body", ["text", None, 7])
def test_a_body_that_is_not_bytes_is_an_error_of_the_caller(body: object) -> None:
    shop = notifying_shop()

    with pytest.raises(TypeError, match="raw bytes"):
        shop.payments.receive_notification("bogus", body=body, headers={})  # type: ignore[arg-type]


@pytest.mark.parametrize("headers", [None, [("a", "b")], {"a": 1}, {1: "a"}])
def test_headers_that_are_no_mapping_of_text_are_an_error_of_the_caller(headers: object) -> None:
    shop = notifying_shop()

    with pytest.raises(TypeError, match="headers"):
        shop.payments.receive_notification("bogus", body=b"", headers=headers)  # type: ignore[arg-type]


def test_a_notification_for_a_gateway_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        notifying_shop().payments.receive_notification("nobody", body=b"", headers={})


def test_a_gateway_without_a_name_is_refused() -> None:
    with pytest.raises(UnsafeInput):
        notifying_shop().payments.receive_notification("", body=b"", headers={})


def test_a_gateway_that_reads_no_notifications_says_so() -> None:
    with pytest.raises(Unsupported, match="read notification"):
        scripted_shop().payments.receive_notification("bogus", body=b"", headers={})


@pytest.mark.parametrize(
    "content", [KeyError("data"), 7, ("no report",), AssertionError()], ids=repr
)
def test_an_adapter_that_fails_at_reading_lets_the_provider_send_it_again(content: object) -> None:
    shop = notifying_shop()

    with pytest.raises(GatewayBroken):
        receive(shop, content)

    assert () == shop.store.entities()


def test_an_adapter_that_fails_at_reading_is_told_where_and_nothing_that_was_sent() -> None:
    with pytest.raises(GatewayBroken) as broken:
        receive(notifying_shop(), ValueError("4242424242424242"))

    assert re.fullmatch(r"reading raised ValueError in line \d+ of \w+\.py", broken.value.reason)


@pytest.mark.parametrize(
    ("content", "told"),
    [(7, "not int"), (None, "not NoneType"), ((Unknown(),), "not of Unknown")],
    ids=repr,
)
def test_an_adapter_that_answers_no_reports_is_told_what_it_answered(
    content: object, told: str
) -> None:
    with pytest.raises(GatewayBroken, match=f"must answer a tuple of Report, {told}$"):
        receive(notifying_shop(), content)


def test_a_list_of_reports_is_as_good_as_a_tuple() -> None:
    shop = notifying_shop()
    payment = shop.held()

    received = receive(shop, [Report(Unknown(), references=payment.references)])

    assert 1 == len(received.settled)


def test_what_is_signed_and_cannot_be_read_is_kept_and_acknowledged() -> None:
    shop = notifying_shop()

    first = receive(shop, UnreadableNotification("no JSON"))
    other = receive(shop, UnreadableNotification("no JSON"))

    assert () == first.settled
    assert 1 == len(first.parked)
    assert first.parked != other.parked, "each body is kept by itself"


def _swept_for_eight_days(shop: Shop[NotifyingGateway]) -> None:
    for _ in range(33):
        shop.clock.forward(hours=6)
        shop.payments.recover()


def test_hints_that_are_nobodys_end_without_a_person() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    nobodys = [References.of(session=f"tr_{number}") for number in range(3)]
    tell(shop, *(Report(Unknown(), references=each) for each in nobodys))

    _swept_for_eight_days(shop)

    assert () == shop.payments.needs_attention()
    assert [False] * 3 == [each.is_waiting for each in parked_in(shop)]
    before = shop.snapshot()
    tell(shop, Report(Unknown(), references=nobodys[0]))
    assert before == shop.snapshot()


def test_a_hint_that_is_ours_and_never_answered_is_left_to_a_person() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    session = shop.opened()
    shop.gateway.then("look_up", *[TimeoutError()] * 100)
    tell(shop, Report(Unknown(), references=References.of(session=session.external_id)))

    _swept_for_eight_days(shop)

    assert parked_in(shop)[0] in shop.payments.needs_attention()


def test_what_is_signed_and_nobodys_is_left_to_a_person() -> None:
    shop = notifying_shop()
    tell(shop, Report(Captured(eur(5)), references=References.of(session="tr_1")))

    _swept_for_eight_days(shop)

    assert parked_in(shop) == list(shop.payments.needs_attention())


def test_a_person_sees_at_once_what_cannot_be_read() -> None:
    shop = notifying_shop()

    received = receive(shop, UnreadableNotification("no JSON"))

    assert [received.parked[0]] == [each.id for each in shop.payments.needs_attention()]
    shop.clock.forward(hours=1)
    before = shop.snapshot()
    shop.payments.recover()
    assert before == shop.snapshot(), "no machine tries it again"


def test_what_is_kept_reads_as_one_line() -> None:
    shop = notifying_shop()

    tell(shop, Report(Captured(eur(5)), references=References.of(capture="their_9")))

    (parked,) = parked_in(shop)
    assert f"ParkedReport {parked.id} (unknown_reference): Captured at bogus" == str(parked)


def test_why_a_hint_could_not_be_read_is_kept() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    receive(shop, UnreadableNotification("no JSON"))
    (parked,) = parked_in(shop)
    assert Unknown("no JSON") == parked.report.fact


# Settled like an answer


def processing(shop: Shop[NotifyingGateway]) -> str:
    """The id of a session whose completion is pending at the provider."""
    shop.gateway.then("complete_session", Pending())
    return shop.completed().id


def test_the_success_of_a_pending_attempt_completes_its_session() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))

    received = tell(shop, Report(Captured(eur(100)), our_reference=session.attempt_id))

    assert (session.attempt_id,) == received.settled
    assert shop.payments.get_session(session.id).status is SessionStatus.COMPLETED


def test_a_report_sent_again_under_any_id_changes_nothing() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    for number in ("evt_1", "evt_1", "evt_2"):
        report = Report(Captured(eur(100)), our_reference=session.attempt_id, id=number)
        tell(shop, report)
        if number == "evt_1":
            before = shop.snapshot()

    assert before == shop.snapshot()


def test_no_call_that_moves_money_is_made_for_a_notification() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    shop.gateway.calls.clear()
    shop.clock.forward(seconds=1)

    tell(shop, Report(Approved(), our_reference=session.attempt_id))

    assert [] == shop.gateway.methods
    shop.payments.recover()
    assert "complete_session" in shop.gateway.methods
    assert shop.payments.get_session(session.id).succeeded


@pytest.mark.parametrize("by", ["echo", "session id", "provider's id"])
def test_money_of_a_session_is_found_by_any_of_its_ids(by: str) -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    report = {
        "echo": Report(Captured(eur(100)), our_reference=session.attempt_id),
        "session id": Report(Captured(eur(100)), our_reference=session.id),
        "provider's id": Report(
            Captured(eur(100)), references=References.of(session=f"cs_{session.id}")
        ),
    }[by]

    tell(shop, report)

    assert shop.payments.get_session(session.id).succeeded


def test_a_stale_decline_does_not_end_the_attempt_that_came_after_it() -> None:
    shop = notifying_shop()
    session = shop.opened()
    shop.gateway.then("complete_session", Declined(DECLINE), Pending())
    shop.payments.complete_session(session.id)
    shop.payments.complete_session(session.id)
    shop.gateway.then("look_up", seen(Pending()))

    tell(shop, Report(Declined(DECLINE), references=References.of(session=f"cs_{session.id}")))

    assert "look_up" == shop.gateway.methods[-1], "whose decline it is must be asked"
    assert shop.payments.get_session(session.id).status is SessionStatus.PROCESSING


def test_a_decline_of_the_only_attempt_is_believed() -> None:
    shop = notifying_shop()
    session_id = processing(shop)

    tell(shop, Report(Declined(DECLINE), references=References.of(session=f"cs_{session_id}")))

    assert shop.payments.get_session(session_id).status is SessionStatus.PENDING


def test_an_attempt_that_the_provider_tells_apart_is_found_by_its_id() -> None:
    shop = notifying_shop()
    session = shop.opened()
    refused = Declined(DECLINE, references=References.of(authorization="pi_1"))
    waiting = Pending(references=References.of(authorization="pi_2"))
    shop.gateway.then("complete_session", refused, waiting)
    shop.payments.complete_session(session.id)
    shop.payments.complete_session(session.id)
    named = References.of(session=f"cs_{session.id}")

    tell(shop, Report(Declined(DECLINE), references=named, attempt="pi_1"))
    assert shop.payments.get_session(session.id).status is SessionStatus.PROCESSING

    tell(shop, Report(Declined(DECLINE), references=named, attempt="pi_2"))
    assert shop.payments.get_session(session.id).status is SessionStatus.PENDING


def test_what_it_says_of_a_payment_reaches_the_attempt_that_brought_it() -> None:
    shop = notifying_shop()
    payment = shop.held()

    tell(shop, Report(Authorized(eur(100)), references=payment.references))

    assert eur(100) == shop.payments.get_payment(payment.id).balances.authorized


# Movements


def pending_refund(shop: Shop[NotifyingGateway]) -> Refund:
    payment = shop.taken()
    shop.gateway.then("refund", Pending(references=References.of(refund="re_at_provider")))
    return shop.payments.refund(payment.id)


def test_a_refund_is_settled_by_the_providers_id_of_it() -> None:
    shop = notifying_shop()
    refund = pending_refund(shop)

    tell(shop, Report(Refunded(eur(100)), references=References.of(refund="re_at_provider")))

    assert shop.payments.get_refund(refund.id).succeeded


def test_a_refund_that_had_succeeded_bounces() -> None:
    shop = notifying_shop()
    refund = pending_refund(shop)
    named = References.of(refund="re_at_provider")
    tell(shop, Report(Refunded(eur(100)), references=named))

    tell(shop, Report(Bounced(DECLINE), references=named))

    assert shop.payments.get_refund(refund.id).status is OperationStatus.FAILED
    assert eur(100) == shop.payments.get_payment(refund.payment_id).balances.refundable


def test_a_refund_is_not_taken_for_the_payment_whose_id_comes_with_it() -> None:
    shop = notifying_shop()
    refund = pending_refund(shop)
    attempt = shop.payments.get_payment(refund.payment_id).attempt_id

    tell(
        shop,
        Report(
            Refunded(eur(100)),
            our_reference=attempt,
            references=References.of(refund="re_at_provider"),
        ),
    )

    assert shop.payments.get_refund(refund.id).succeeded


def unresolved_refund(shop: Shop[NotifyingGateway]) -> Refund:
    payment = shop.taken()
    shop.gateway.then("refund", TimeoutError())
    return shop.payments.refund(payment.id, amount=eur(40))


def dashboard_refund(payment_id: str, shop: Shop[NotifyingGateway]) -> Report:
    payment = shop.payments.get_payment(payment_id)
    return Report(
        Refunded(eur(40)), references=payment.references | References.of(refund="re_unheard_of")
    )


def test_what_may_be_our_own_refund_waits_until_that_is_known() -> None:
    shop = notifying_shop()
    refund = unresolved_refund(shop)

    received = tell(shop, dashboard_refund(refund.payment_id, shop))

    (parked,) = parked_in(shop)
    assert (parked.id,) == received.parked
    assert parked.reason is ParkReason.UNDECIDED
    assert eur(0) == shop.payments.get_payment(refund.payment_id).balances.refunded


def test_it_is_applied_once_to_our_own_refund_when_that_turns_out_to_be_it() -> None:
    shop = notifying_shop()
    refund = unresolved_refund(shop)
    tell(shop, dashboard_refund(refund.payment_id, shop))
    its_own = Refunded(eur(40), references=References.of(refund="re_unheard_of"))
    shop.gateway.then("look_up", seen(its_own))

    shop.clock.forward(minutes=3)
    shop.payments.recover()
    shop.clock.forward(minutes=3)
    shop.payments.recover()

    payment = shop.payments.get_payment(refund.payment_id)
    assert eur(40) == payment.balances.refunded
    (parked,) = parked_in(shop)
    assert refund.id == parked.applied_to


def test_a_refund_made_at_the_providers_dashboard_is_recorded_as_such() -> None:
    shop = notifying_shop()
    payment = shop.taken()
    report = dashboard_refund(payment.id, shop)

    received = tell(shop, report)
    before = shop.snapshot()
    again = tell(shop, report)

    assert received == again
    assert before == shop.snapshot()
    (refund,) = (shop.payments.get_refund(each) for each in received.settled)
    assert refund.succeeded
    assert "provider" == refund.origin
    after = shop.payments.get_payment(payment.id)
    assert (PaymentStatus.PARTIALLY_REFUNDED, eur(60)) == (after.status, after.balances.refundable)


@pytest.mark.parametrize(
    ("report", "kind", "balance"),
    [
        (Captured(eur(30), references=References.of(capture="ch_1")), Capture, "captured"),
        (Voided(eur(30), references=References.of(void="vo_1")), Void, "voided"),
        (Voided(eur(30)), Void, "voided"),
    ],
    ids=["capture", "void", "void without an id"],
)
def test_what_was_moved_at_the_dashboard_of_held_money_is_recorded(
    report: Captured | Voided, kind: type[Capture | Void], balance: str
) -> None:
    shop = notifying_shop()
    payment = shop.held()

    received = tell(shop, Report(report, references=payment.references))

    after = shop.payments.get_payment(payment.id)
    assert eur(30) == getattr(after.balances, balance)
    assert eur(70) == after.balances.capturable
    assert isinstance(shop.store.get(kind, received.settled[0], tenant=""), kind)


def test_two_captures_at_the_dashboard_are_two() -> None:
    shop = notifying_shop()
    payment = shop.held()
    for number in ("ch_1", "ch_2"):
        named = payment.references | References.of(capture=number)
        tell(shop, Report(Captured(eur(30)), references=named))

    assert eur(60) == shop.payments.get_payment(payment.id).balances.captured


def test_our_own_capture_is_settled_by_its_echo() -> None:
    shop = notifying_shop()
    payment = shop.held()
    shop.gateway.then("capture", Pending())
    capture = shop.payments.capture(payment.id)

    tell(shop, Report(Captured(eur(100)), our_reference=capture.id))

    assert shop.payments.get_capture(capture.id).succeeded


def test_money_that_was_taken_in_one_step_comes_undone_and_is_taken_again() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    named = References.of(capture="ch_1")
    tell(shop, Report(Captured(eur(100)), our_reference=session.attempt_id, references=named))
    payment = shop.payment_of(shop.payments.get_session(session.id))

    def at(minutes: int) -> datetime:
        return shop.clock.now + timedelta(minutes=minutes)

    undone = Bounced(DECLINE, occurred_at=at(1))
    tell(shop, Report(undone, our_reference=session.attempt_id, references=named))
    assert eur(0) == shop.payments.get_payment(payment.id).balances.captured

    retaken = Retaken(eur(100), occurred_at=at(2))
    tell(shop, Report(retaken, our_reference=session.attempt_id, references=named))
    assert eur(100) == shop.payments.get_payment(payment.id).balances.captured


def test_it_comes_undone_by_the_providers_id_alone_as_well() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    named = References.of(capture="ch_1")
    tell(shop, Report(Captured(eur(100)), our_reference=session.attempt_id, references=named))

    tell(shop, Report(Bounced(DECLINE), references=named))

    payment = shop.payment_of(shop.payments.get_session(session.id))
    assert eur(0) == payment.balances.captured


def test_money_that_came_without_an_id_is_the_money_that_an_id_is_told_of() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    tell(shop, Report(Captured(eur(100)), our_reference=session.attempt_id))
    named = References.of(capture="ch_1")

    tell(shop, Report(Captured(eur(100)), our_reference=session.id, references=named))

    payment = shop.payment_of(shop.payments.get_session(session.id))
    (capture,) = shop.store.find(Capture, by="payment_id", value=payment.id, tenant="")
    assert (eur(100), "ch_1") == (payment.balances.captured, capture.references.get(CAPTURED))


def test_money_under_other_ids_than_the_sessions_payment_is_another_payment() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    first = References.of(authorization="pi_1", capture="ch_1")
    tell(shop, Report(Captured(eur(100)), our_reference=session.attempt_id, references=first))
    second = References.of(authorization="pi_2", capture="ch_2")

    tell(shop, Report(Captured(eur(100)), our_reference=session.id, references=second))

    payments = shop.store.find(Payment, by="session_id", value=session.id, tenant="")
    assert [eur(100), eur(100)] == [each.balances.captured for each in payments]


@pytest.mark.parametrize("method", MOVED)
def test_a_movement_that_was_answered_without_an_id_is_the_one_that_is_told_of_with_it(
    method: str,
) -> None:
    shop = notifying_shop(Capabilities(partial_voids=True))
    moved, kind = MOVED[method]
    payment = shop.taken() if method == "refund" else shop.held()
    shop.gateway.then(method, moved(eur(60)))
    movement = getattr(shop.payments, method)(payment.id, amount=eur(60))

    for amount, number in ((40, "mv_2"), (60, "mv_1")):
        named = payment.references | References.of(**{method: number})
        tell(shop, Report(moved(eur(amount)), references=named))

    *_, first, second = shop.store.find(kind, by="payment_id", value=payment.id, tenant="")
    assert (movement.id, "mv_1") == (first.id, first.references.get(ReferenceRole(method)))
    assert (Origin.PROVIDER, eur(40)) == (second.origin, second.moved_amount)


# Hints


def test_a_hint_is_looked_up_and_never_believed() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    session = shop.payments.get_session(processing(shop))
    shop.gateway.then("look_up", seen(Declined(DECLINE)))

    tell(shop, Report(Captured(eur(100)), references=References.of(session=f"cs_{session.id}")))

    assert shop.payments.get_session(session.id).status is SessionStatus.PENDING
    assert "look_up" == shop.gateway.methods[-1]


@pytest.mark.parametrize("fact", [Unknown("look"), NotAttempted()], ids=repr)
def test_what_says_nothing_itself_is_looked_up(fact: Unknown | NotAttempted) -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    tell(shop, Report(fact, our_reference=session.attempt_id))

    assert shop.payments.get_session(session.id).succeeded


def test_a_hint_on_a_movement_is_looked_up_there() -> None:
    shop = notifying_shop()
    refund = pending_refund(shop)
    shop.gateway.then("look_up", seen(Refunded(eur(100))))

    tell(shop, Report(Unknown(), references=References.of(refund="re_at_provider")))

    assert shop.payments.get_refund(refund.id).succeeded


def test_a_hint_on_a_payment_is_looked_up_at_all_that_is_open() -> None:
    shop = notifying_shop()
    refund = pending_refund(shop)
    payment = shop.payments.get_payment(refund.payment_id)
    shop.gateway.then("look_up", seen(Refunded(eur(100))))

    received = tell(shop, Report(Unknown(), references=payment.references))

    assert (refund.id, payment.attempt_id) == received.settled
    assert shop.payments.get_refund(refund.id).succeeded


def test_a_hint_that_names_nothing_we_know_is_looked_up_at_what_has_no_name_yet() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    payment = shop.held()
    shop.gateway.then("capture", Captured(eur(100)))
    capture = shop.payments.capture(payment.id)
    shop.gateway.then("look_up", seen(Bounced(DECLINE)))
    shop.gateway.then("look_up", seen(Authorized(eur(100))))

    named = payment.references | References.of(capture="ch_1")
    received = tell(shop, Report(Bounced(DECLINE), references=named))

    assert capture.id in received.settled
    assert eur(0) == shop.payments.get_payment(payment.id).balances.captured


def test_a_hint_at_what_may_be_ours_is_looked_up_again_once_ours_is_known() -> None:
    can = Capabilities(signs_facts=False, look_up_is_authoritative=True, honours_keys=False)
    shop = notifying_shop(can)
    payment = shop.held()
    shop.gateway.then("capture", Unknown("500"))
    capture = shop.payments.capture(payment.id, amount=eur(70))
    money = References.of(authorization=payment.references.get(ReferenceRole.AUTHORIZATION))
    told = (
        Report(Authorized(eur(100), references=money), our_reference=payment.attempt_id),
        Report(Captured(eur(30), references=money | References.of(capture="ch_1"))),
    )

    def known(request: Request[Any]) -> tuple[Report, ...]:
        return () if request.operation_id == capture.id else told

    shop.gateway.then("look_up", *[known] * 20)
    assert tell(shop, Report(Captured(eur(30)), references=money)).parked

    for _ in range(3):
        shop.clock.forward(hours=7)
        shop.payments.recover()

    assert not shop.payments.get_capture(capture.id).succeeded
    assert eur(30) == shop.payments.get_payment(payment.id).balances.captured
    assert [] == [each for each in parked_in(shop) if each.is_waiting]


def test_a_hint_that_could_not_be_looked_up_is_tried_again() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    shop.gateway.then("look_up", TimeoutError(), seen(Captured(eur(100))))

    received = tell(shop, Report(Unknown(), our_reference=session.attempt_id))
    (parked,) = parked_in(shop)
    assert (parked.id,) == received.parked
    assert parked.reason is ParkReason.NOT_LOOKED_UP

    shop.clock.forward(minutes=2)
    shop.payments.recover()

    assert shop.payments.get_session(session.id).succeeded


# Not ours, or not yet


def test_a_report_on_something_unknown_is_kept_once_and_acknowledged() -> None:
    shop = notifying_shop()
    for number in ("evt_1", "evt_2"):
        report = Report(
            Captured(eur(100)), references=References.of(authorization="pi_x"), id=number
        )
        received = tell(shop, report)

    (parked,) = parked_in(shop)
    assert ((), (parked.id,)) == (received.settled, received.parked)
    assert parked.is_waiting
    assert "unknown_reference" == parked.discrepancies[0].kind


def test_it_is_applied_when_its_record_appears() -> None:
    shop = notifying_shop()
    named = References.of(session="cs_ps_1")
    tell(shop, Report(Captured(eur(100)), references=named))
    session = shop.opened()
    assert "cs_ps_1" == session.external_id

    shop.clock.forward(minutes=2)
    shop.payments.recover()

    assert shop.payments.get_session(session.id).succeeded
    (parked,) = parked_in(shop)
    assert not parked.is_waiting
    assert session.attempt_id == parked.applied_to
    assert not parked.discrepancies[0].is_open


def test_after_a_week_it_is_left_to_a_person() -> None:
    shop = notifying_shop()
    tell(shop, Report(Captured(eur(100)), references=References.of(authorization="pi_x")))
    for _ in range(40):
        shop.clock.forward(hours=6)
        shop.payments.recover()

    (parked,) = parked_in(shop)
    assert parked.attention
    assert parked.due_at is None
    assert (parked,) == shop.store.attention(limit=10, tenant="")


def test_a_report_of_another_gateways_record_is_left_to_a_person_at_once() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    shop.gateways["other"] = NotifyingGateway()
    other = shop.gateways["other"]
    assert isinstance(other, NotifyingGateway)
    body = other.sent((Report(Captured(eur(100)), our_reference=session.attempt_id),))

    shop.payments.receive_notification("other", body=body, headers={"signature": "good"})

    (parked,) = parked_in(shop)
    assert parked.reason is ParkReason.FOREIGN_REFERENCE
    assert parked.attention
    assert shop.payments.get_session(session.id).status is SessionStatus.PROCESSING


@pytest.mark.parametrize(
    "report",
    [
        Report(Pending(), references=References.of(refund="re_unheard_of")),
        Report(Bounced(DECLINE), references=References.of(void="vo_unheard_of")),
    ],
    ids=["pending", "bounced"],
)
def test_what_is_said_of_a_movement_nobody_has_heard_of_waits(report: Report) -> None:
    shop = notifying_shop()
    payment = shop.taken()

    received = tell(shop, Report(report.fact, references=payment.references | report.references))

    assert 1 == len(received.parked)


def test_one_bad_item_of_a_batch_harms_no_other() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))

    received = tell(
        shop,
        Report(Captured(eur(100)), references=References.of(authorization="pi_x")),
        Report(Captured(eur(100)), our_reference=session.attempt_id),
    )

    assert (session.attempt_id,) == received.settled
    assert 1 == len(received.parked)


def test_what_cannot_be_written_is_sent_again_and_the_rest_is_kept() -> None:
    shop = notifying_shop()
    session = shop.payments.get_session(processing(shop))
    commit: Callable[..., None] = shop.store.commit
    failing = [OSError("disk full")]

    def once_failing(changes: object) -> None:
        if failing:
            raise failing.pop()
        commit(changes)

    shop.store.commit = once_failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        tell(
            shop,
            Report(Captured(eur(100)), references=References.of(authorization="pi_x")),
            Report(Captured(eur(100)), our_reference=session.attempt_id),
        )

    assert shop.payments.get_session(session.id).succeeded


# What is told in other ways


def test_a_batch_that_hints_at_one_thing_a_hundred_times_is_one_look_up() -> None:
    shop = notifying_shop(Capabilities(signs_facts=False))
    first, second = shop.opened(), shop.opened()
    shop.gateway.calls.clear()
    told = [Captured(eur(amount)) for amount in range(1, 101)]

    received = tell(
        shop,
        *(Report(fact, our_reference=first.id) for fact in told),
        Report(Unknown(), our_reference=second.id),
    )

    assert ["look_up", "look_up"] == shop.gateway.methods
    assert 2 == len(received.settled)


def test_a_hint_on_an_older_attempt_is_looked_up_there() -> None:
    shop = notifying_shop()
    session = shop.opened()
    shop.gateway.then("complete_session", Declined(DECLINE))
    first = shop.payments.complete_session(session.id).attempt_id
    shop.payments.complete_session(session.id)
    shop.gateway.then("look_up", seen(Declined(DECLINE)))

    received = tell(shop, Report(Unknown(), our_reference=first))

    assert (first,) == received.settled
    assert shop.payments.get_session(session.id).succeeded


def test_a_word_on_a_payment_that_nobody_was_asked_for_waits() -> None:
    shop = notifying_shop(Capabilities(settled_by_person=True))
    check = attrs.evolve(CARD, session_required=False, source_required=False)
    payment = shop.payments.create_payment(order(), method=check)

    for fact in (Declined(DECLINE), Unknown()):
        received = tell(shop, Report(fact, our_reference=payment.id))
        assert 1 == len(received.parked)


def test_a_refund_at_the_dashboard_does_not_wait_for_a_capture_of_ours() -> None:
    shop = notifying_shop()
    payment = shop.held()
    shop.payments.capture(payment.id, amount=eur(60))
    shop.gateway.then("capture", TimeoutError())
    shop.payments.capture(payment.id, amount=eur(40))

    tell(shop, dashboard_refund(payment.id, shop))

    assert eur(40) == shop.payments.get_payment(payment.id).balances.refunded


def test_one_parked_report_that_cannot_be_tried_keeps_no_other_waiting() -> None:
    shop = notifying_shop()
    for number in range(2):
        named = References.of(session=f"cs_ps_{number + 1}")
        tell(shop, Report(Captured(eur(100)), references=named))
    session = shop.opened()
    assert "ps_1" == session.id
    shop.clock.forward(minutes=5)
    get: Callable[..., object] = shop.store.get

    def failing(kind: type[Entity], record_id: str, *, tenant: str) -> object:
        if record_id == "ps_1":
            raise OSError("unreadable")
        return get(kind, record_id, tenant=tenant)

    shop.store.get = failing  # type: ignore[assignment,method-assign]
    with pytest.raises(OSError, match="unreadable"):
        shop.payments.recover()
    shop.store.get = get  # type: ignore[assignment,method-assign]

    assert [0, 1] == sorted(each.tries for each in parked_in(shop))


def test_a_parked_report_that_somebody_else_has_applied_stays_so() -> None:
    shop = notifying_shop()
    tell(shop, Report(Captured(eur(100)), references=References.of(session="cs_ps_1")))
    shop.opened()
    (parked,) = parked_in(shop)
    ports = shop.payments.ports
    drive(tried_again(parked), ports)
    before = shop.snapshot()

    again = drive(tried_again(parked), ports)

    assert not again.is_waiting
    assert before == shop.snapshot()


def test_a_person_dismisses_a_report() -> None:
    report = Report(Captured(eur(100)), references=References.of(authorization="pi_x"))
    parked = ParkedReport.of(
        report, ParkReason.UNKNOWN_REFERENCE, gateway="bogus", tenant="", at=NOW
    )

    after = parked.dismissed(actor="staff_7", reason="a test at the provider", at=NOW)

    assert (None, None, False) == (after.waiting, after.due_at, after.discrepancies[0].is_open)
    assert after.news[-2] == ReportDismissed(
        at=NOW, actor="staff_7", reason="a test at the provider"
    )
