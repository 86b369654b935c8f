"""What happens at the provider in memory by itself, and how it is told."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from gateway_builders import (
    HALF,
    HUNDRED,
    NOON,
    NOTHING,
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
    void,
)

from paysession._domain.failures import FailureCode
from paysession._money import Money
from paysession.errors import InvalidAmount, NotFound, UnsafeInput
from paysession.gateways import BogusEffectKind, BogusGateway
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Expired,
    FundsReinstated,
    FundsWithdrawn,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Retaken,
    Totals,
    Voided,
)


@pytest.fixture
def gateway() -> BogusGateway:
    return BogusGateway(clock=lambda: NOON)


def opened(gateway: BogusGateway, **options: Any) -> References:
    return the(Accepted, gateway.create_session(create(**options))).references


def paid(gateway: BogusGateway, **options: Any) -> References:
    return gateway.complete_session(complete(opened(gateway, **options))).references


def told(gateway: BogusGateway) -> Report:
    """The last thing that the provider has told."""
    *_, last = gateway.take_notifications()
    (report,) = gateway.read_notification(last)
    assert NOON == report.fact.occurred_at
    assert report.fact.sequence
    return report


def name_of(ids: References, role: str) -> str:
    return str(ids.get(ReferenceRole(role)))


def money(gateway: BogusGateway) -> tuple[Money, Money, Money, Money]:
    held, taken = gateway.held("USD"), gateway.taken("USD")
    return held, taken, gateway.released("USD"), gateway.given_back("USD")


# At the dashboard


def test_somebody_takes_money_at_the_dashboard(gateway: BogusGateway) -> None:
    held = paid(gateway)
    made = gateway.later.capture(name_of(held, "authorization"), amount=HALF)
    report = told(gateway)
    assert HALF == the(Captured, report.fact).amount
    assert References.of(capture=made) == report.fact.references
    assert report.our_reference is None
    assert (made, name_of(held, "authorization"), name_of(held, "session")) == (
        name_of(report.references, "capture"),
        name_of(report.references, "authorization"),
        name_of(report.references, "session"),
    )
    assert (HALF, HALF, NOTHING, NOTHING) == money(gateway)
    effect = gateway.effects[-1]
    assert ("", "") == (effect.key, effect.operation_id)
    gateway.later.capture(made)
    assert HALF == the(Captured, told(gateway).fact).amount


def test_somebody_releases_or_gives_back_money_at_the_dashboard(gateway: BogusGateway) -> None:
    held = paid(gateway)
    session = name_of(held, "session")
    gateway.later.capture(session, amount=Money("60.00", "USD"))
    void_id = gateway.later.void(session)
    assert Money("40.00", "USD") == the(Voided, told(gateway).fact).amount
    refund_id = gateway.later.refund(session, amount=HALF)
    assert HALF == the(Refunded, told(gateway).fact).amount
    gateway.later.refund(refund_id)
    assert Money("10.00", "USD") == the(Refunded, told(gateway).fact).amount
    assert void_id != refund_id
    sixty, forty = Money("60.00", "USD"), Money("40.00", "USD")
    assert (NOTHING, sixty, forty, sixty) == money(gateway)


def test_nothing_is_moved_of_nothing(gateway: BogusGateway) -> None:
    session = name_of(opened(gateway), "session")
    for move in (gateway.later.capture, gateway.later.void, gateway.later.refund):
        with pytest.raises(InvalidAmount):
            move(session)
    with pytest.raises(InvalidAmount):
        gateway.later.lapse(session)
    assert ((), ()) == (gateway.effects, gateway.take_notifications())


def test_what_we_ask_for_afterwards_finds_it_gone(gateway: BogusGateway) -> None:
    held = paid(gateway)
    gateway.later.capture(name_of(held, "session"))
    the(Declined, gateway.capture(capture(held)))
    the(Declined, gateway.void(void(held)))
    the(Refunded, gateway.refund(refund(held)))


def test_a_look_up_tells_it_too(gateway: BogusGateway) -> None:
    held = paid(gateway)
    gateway.later.capture(name_of(held, "session"), amount=HALF)
    by_mail = told(gateway)
    ours, theirs = reports(gateway, complete(held))
    assert "op_complete" == ours.our_reference
    assert attrs.evolve(by_mail, id=None) == theirs


# What comes undone


def test_a_refund_may_bounce(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic")
    ask = refund(taken, HALF)
    back = gateway.refund(ask)
    gateway.later.bounce("op_refund", FailureCode.ACCOUNT_CLOSED)
    report = told(gateway)
    bounced = the(Bounced, report.fact)
    assert (FailureCode.ACCOUNT_CLOSED, "op_refund") == (bounced.failure.code, report.our_reference)
    assert back.references == bounced.references
    assert bounced == fact(gateway, ask)
    assert (NOTHING, HUNDRED, NOTHING, NOTHING) == money(gateway)
    assert gateway.effects[-1].is_undone
    the(Refunded, gateway.refund(refund(taken, HUNDRED, "again")))


def test_a_capture_may_bounce_and_be_taken_after_all(gateway: BogusGateway) -> None:
    held = paid(gateway)
    ask = capture(held, HALF)
    made = name_of(gateway.capture(ask).references, "capture")
    gateway.later.bounce(made)
    assert (HUNDRED, NOTHING, NOTHING, NOTHING) == money(gateway)
    first = told(gateway)
    gateway.later.retake(made)
    second = told(gateway)
    assert HALF == the(Retaken, second.fact).amount
    assert second.fact == fact(gateway, ask)
    assert "op_capture" == first.our_reference == second.our_reference
    assert (first.fact.sequence or 0) < (second.fact.sequence or 0)
    assert (HALF, HALF, NOTHING, NOTHING) == money(gateway)
    gateway.later.bounce(made)
    assert (HUNDRED, NOTHING, NOTHING, NOTHING) == money(gateway)


def test_what_was_declined_may_be_taken_after_all(gateway: BogusGateway) -> None:
    held = paid(gateway, capture="decline:issuer_unavailable")
    the(Declined, gateway.capture(capture(held)))
    gateway.later.retake("op_capture", amount=HALF)
    assert HALF == the(Retaken, told(gateway).fact).amount
    assert (HALF, HALF, NOTHING, NOTHING) == money(gateway)


def test_what_a_session_was_paid_with_may_bounce(gateway: BogusGateway) -> None:
    """Its completion was a success, which it stays; the capture that it made has failed."""
    taken = paid(gateway, policy="automatic")
    gateway.later.bounce(name_of(taken, "capture"))
    report = told(gateway)
    assert report.our_reference is None
    assert References.of(capture=name_of(taken, "capture")) == the(Bounced, report.fact).references
    ours, theirs = reports(gateway, complete(taken))
    the(Captured, ours.fact)
    assert report.fact == theirs.fact
    gateway.later.retake(name_of(taken, "capture"))
    assert HUNDRED == the(Retaken, told(gateway).fact).amount
    assert (NOTHING, HUNDRED, NOTHING, NOTHING) == money(gateway)


def test_nothing_bounces_twice_or_that_did_not_happen(gateway: BogusGateway) -> None:
    held = paid(gateway)
    gateway.refund(refund(held, key="refused"))
    gateway.void(void(held, HALF))
    gateway.capture(capture(held, HALF))
    gateway.later.bounce("op_capture")
    before = gateway.effects
    gateway.take_notifications()
    for name in ("op_capture", "op_refused", "op_void", "op_complete"):
        with pytest.raises(UnsafeInput, match="nothing was taken or given back there"):
            gateway.later.bounce(name)
    with pytest.raises(NotFound):
        gateway.later.bounce("op_none")
    setup = gateway.create_setup_session(create_setup()).references
    gateway.complete_setup_session(complete_setup(setup))
    gateway.take_notifications()
    with pytest.raises(UnsafeInput, match="no money moves there"):
        gateway.later.retake("op_complete_setup")
    assert (before, ()) == (gateway.effects, gateway.take_notifications())


# What is held


def test_more_or_less_is_held_from_now_on(gateway: BogusGateway) -> None:
    name = name_of(paid(gateway), "authorization")
    later = NOON + timedelta(days=30)
    for amount in (Money("120.00", "USD"), HALF, HALF):
        gateway.later.change_authorization(name, amount, expires_at=later)
        changed = the(AuthorizationChanged, told(gateway).fact)
        assert (amount, later) == (changed.amount, changed.expires_at)
        assert amount == gateway.held("USD")
    the(Declined, gateway.capture(capture(References.of(authorization=name))))
    the(Captured, gateway.capture(capture(References.of(authorization=name), HALF, "half")))


def test_what_is_held_may_lapse(gateway: BogusGateway) -> None:
    held = paid(gateway)
    gateway.later.lapse(name_of(held, "authorization"), amount=HALF)
    report = told(gateway)
    assert HALF == the(AuthorizationLapsed, report.fact).amount
    assert name_of(held, "authorization") == name_of(report.references, "authorization")
    gateway.later.lapse(name_of(held, "session"))
    assert (NOTHING, NOTHING, HUNDRED, NOTHING) == money(gateway)
    the(Declined, gateway.capture(capture(held, HALF)))


# Sessions


def test_a_customer_pays_by_themselves(gateway: BogusGateway) -> None:
    session = opened(gateway, policy="automatic")
    ids = gateway.later.pay(name_of(session, "session"))
    report = told(gateway)
    assert (HUNDRED, "ps_1") == (the(Captured, report.fact).amount, report.our_reference)
    assert name_of(ids, "capture") == name_of(report.references, "capture")
    answer = gateway.complete_session(complete(session))
    assert name_of(ids, "capture") == name_of(answer.references, "capture")
    assert (NOTHING, HUNDRED, NOTHING, NOTHING) == money(gateway)


def test_money_comes_late_and_twice(gateway: BogusGateway) -> None:
    session = opened(gateway)
    name = name_of(session, "session")
    the(Canceled, gateway.close_session(close(session)))
    first = gateway.later.pay(name, amount=HALF)
    second = gateway.later.pay(name)
    assert name_of(first, "authorization") != name_of(second, "authorization")
    assert name == name_of(first, "session") == name_of(second, "session")
    assert HUNDRED == the(Authorized, told(gateway).fact).amount
    assert Money("150.00", "USD") == gateway.held("USD")
    the(Captured, gateway.capture(capture(second)))
    the(Captured, gateway.capture(capture(first, HALF, "first")))


def test_a_charge_may_be_paid_twice(gateway: BogusGateway) -> None:
    first = gateway.charge(charge()).references
    second = gateway.later.pay(name_of(first, "authorization"))
    assert ("py_1", name_of(second, "authorization")) == (
        (report := told(gateway)).our_reference,
        name_of(report.references, "authorization"),
    )
    assert name_of(first, "authorization") != name_of(second, "authorization")


def test_the_provider_closes_a_session_by_itself(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="pending")
    gateway.complete_session(complete(session))
    gateway.take_notifications()
    gateway.later.expire(name_of(session, "session"))
    waiting, closed = (
        report
        for each in gateway.take_notifications()
        for report in gateway.read_notification(each)
    )
    assert ("op_complete", Expired) == (waiting.our_reference, type(waiting.fact))
    assert ("ps_1", Expired) == (closed.our_reference, type(closed.fact))
    the(Expired, gateway.complete_session(complete(session, "late")))


def test_a_customer_approves_and_our_call_is_due(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="require_action")
    the(ActionRequired, gateway.complete_session(complete(session)))
    gateway.later.approve("op_complete")
    report = told(gateway)
    assert ("op_complete", Approved) == (report.our_reference, type(report.fact))
    assert report.fact == fact(gateway, complete(session))
    the(Authorized, gateway.complete_session(complete(session, "now")))
    with pytest.raises(UnsafeInput, match="no customer is waited for there"):
        gateway.later.approve("op_complete")


def test_a_customer_approves_only_what_waits_for_them(gateway: BogusGateway) -> None:
    opened(gateway)
    with pytest.raises(UnsafeInput, match="no customer is waited for there"):
        gateway.later.approve("op_create")


# Names and sums


def test_a_payment_gets_another_name(gateway: BogusGateway) -> None:
    held = paid(gateway)
    former = name_of(held, "authorization")
    name = gateway.later.rename(former)
    report = told(gateway)
    changed = the(ReferenceChanged, report.fact)
    assert (former, References.of(authorization=name)) == (changed.former, changed.references)
    assert name == name_of(report.references, "authorization")
    the(Captured, gateway.capture(capture(References.of(authorization=name), HALF)))
    the(Captured, gateway.capture(capture(References.of(authorization=former), HALF, "former")))
    with pytest.raises(UnsafeInput, match="only a session or a payment gets another id"):
        gateway.later.rename("op_capture")


def test_totals_are_told(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic")
    gateway.refund(refund(taken, HALF))
    gateway.later.tell_totals(name_of(taken, "session"))
    totals = the(Totals, told(gateway).fact)
    assert (HUNDRED, HALF) == (totals.captured, totals.refunded)


# Disputes


def test_a_dispute_is_opened_lost_and_won(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic")
    by = NOON + timedelta(days=7)
    dispute = gateway.later.dispute(name_of(taken, "capture"), respond_by=by)
    report = told(gateway)
    opening = the(DisputeChanged, report.fact)
    assert ("needs_response", HUNDRED, by) == (opening.status, opening.amount, opening.respond_by)
    assert (dispute, name_of(taken, "capture")) == (
        name_of(report.references, "dispute"),
        name_of(report.references, "capture"),
    )
    gateway.later.withdraw(dispute, amount=HALF)
    report = told(gateway)
    assert (HALF, dispute) == (
        the(FundsWithdrawn, report.fact).amount,
        name_of(report.references, "dispute"),
    )
    gateway.later.change_dispute(dispute, "won", amount=HALF)
    assert "won" == the(DisputeChanged, told(gateway).fact).status
    gateway.later.reinstate(dispute, amount=HALF)
    assert HALF == the(FundsReinstated, told(gateway).fact).amount
    total = gateway.provider.total
    assert (HALF, HALF) == (
        total(BogusEffectKind.WITHDRAWN, "USD"),
        total(BogusEffectKind.REINSTATED, "USD"),
    )


def test_money_is_withdrawn_without_a_dispute(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic")
    gateway.later.dispute(name_of(taken, "capture"), amount=HALF, status="inquiry")
    gateway.later.withdraw(name_of(taken, "capture"))
    report = told(gateway)
    assert HUNDRED == the(FundsWithdrawn, report.fact).amount
    assert report.references.get(ReferenceRole.DISPUTE) is None
    gateway.later.reinstate(name_of(taken, "capture"))
    assert HUNDRED == the(FundsReinstated, told(gateway).fact).amount


def test_nothing_happens_to_what_nobody_knows(gateway: BogusGateway) -> None:
    the(Rejected, gateway.void(void(References.of(session="bogus_none"))))
    setup = gateway.create_setup_session(create_setup()).references
    later = gateway.later
    for name in ("nothing", "op_void", name_of(setup, "session"), "op_create_setup"):
        for happens in (later.pay, later.expire, later.capture, later.dispute, later.tell_totals):
            with pytest.raises(NotFound):
                happens(name)
    assert ((), ()) == (gateway.effects, gateway.take_notifications())
