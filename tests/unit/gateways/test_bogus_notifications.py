"""What the provider in memory tells by itself, and how it is read."""

import asyncio
import json
from datetime import timedelta
from typing import Any, get_args

import attrs
import pytest
from gateway_builders import (
    HALF,
    HUNDRED,
    NOON,
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
    the,
    update,
    void,
)

from paysession._domain.failures import Failure, FailureCode
from paysession._money import Money
from paysession.errors import InvalidSignature, UnreadableNotification, UnsafeInput
from paysession.gateways import (
    AsyncBogusGateway,
    BogusGateway,
    BogusProvider,
    Capabilities,
    Notification,
    StandardWebhooks,
    in_threads,
)
from paysession.gateways._bogus_mail import is_told
from paysession.outcomes import (
    NO_REFERENCES,
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
    Ends,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    NotAttempted,
    Pending,
    Profile,
    ReferenceChanged,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Retaken,
    Stored,
    Superseded,
    Totals,
    Unknown,
    Unreadable,
    Voided,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gateway(clock: Clock) -> BogusGateway:
    return BogusGateway(provider=BogusProvider(clock=clock, webhook_secrets=[SECRET]))


def opened(gateway: BogusGateway, **options: Any) -> References:
    return the(Accepted, gateway.create_session(create(**options))).references


def paid(gateway: BogusGateway, **options: Any) -> References:
    return gateway.complete_session(complete(opened(gateway, **options))).references


def told(gateway: BogusGateway) -> list[Report]:
    """What the provider has told since, read as a backend would."""
    sent = gateway.take_notifications()
    return [report for each in sent for report in gateway.read_notification(each)]


# What is told


def test_what_was_answered_is_told_with_our_reference(gateway: BogusGateway) -> None:
    session = opened(gateway)
    held = gateway.complete_session(complete(session))
    taken = gateway.capture(capture(held.references, HALF))
    released = gateway.void(void(held.references, HALF))
    back = gateway.refund(refund(held.references, HALF))
    expected = {"op_complete": held, "op_capture": taken, "op_void": released, "op_refund": back}
    reports = told(gateway)
    assert expected == {report.our_reference: report.fact for report in reports}
    assert all(report.references == report.fact.references for report in reports)
    assert [Authorized, Captured, Voided, Refunded] == [type(each.fact) for each in reports]


def test_what_is_told_is_what_a_look_up_tells(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="pending")
    gateway.complete_session(complete(session))
    (pending,) = told(gateway)
    assert pending.fact == fact(gateway, complete(session))
    gateway.let_pending_succeed()
    (held,) = told(gateway)
    assert held.fact == fact(gateway, complete(session)) == the(Authorized, held.fact)
    assert "op_complete" == held.our_reference


def test_an_opened_session_is_not_told(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="require_action", update="decline:expired_card")
    the(Declined, gateway.update_session(update(session)))
    the(ActionRequired, gateway.complete_session(complete(session)))
    the(Rejected, gateway.capture(capture(References.of(session="bogus_none"))))
    assert [] == told(gateway)


def test_it_is_told_once_what_two_calls_came_to(gateway: BogusGateway) -> None:
    session = opened(gateway)
    gateway.complete_session(complete(session))
    gateway.complete_session(complete(session, "another"))
    gateway.complete_session(complete(session))
    gateway.close_session(close(session))
    assert ["op_complete"] == [report.our_reference for report in told(gateway)]


def test_a_refusal_and_an_end_are_told(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="end:expired_card")
    refused = gateway.complete_session(complete(session))
    other = opened(gateway, key="other")
    closed = gateway.close_session(close(other))
    assert [refused, closed] == [report.fact for report in told(gateway)]
    assert (Ends.OBJECT, FailureCode.EXPIRED_CARD) == (
        the(Declined, refused).ends,
        the(Declined, refused).failure.code,
    )


def test_what_waits_in_a_session_that_is_closed_is_told(gateway: BogusGateway) -> None:
    session = opened(gateway, complete="pending")
    gateway.complete_session(complete(session))
    told(gateway)
    gateway.close_session(close(session))
    ends = {report.our_reference: type(report.fact) for report in told(gateway)}
    assert {"op_complete": Canceled, "op_close": Canceled} == ends


def test_an_answer_that_was_lost_is_told_all_the_same(gateway: BogusGateway) -> None:
    held = paid(gateway, capture="timeout_after", refund="timeout_before")
    told(gateway)
    with pytest.raises(TimeoutError):
        gateway.capture(capture(held))
    with pytest.raises(TimeoutError):
        gateway.refund(refund(held))
    (report,) = told(gateway)
    assert HUNDRED == the(Captured, report.fact).amount


def test_a_stored_source_is_told(gateway: BogusGateway) -> None:
    setup = gateway.create_setup_session(create_setup(customer_id="cus_1"))
    stored = gateway.complete_setup_session(complete_setup(setup.references))
    assert [stored] == [report.fact for report in told(gateway)]
    assert the(Stored, stored).profile.last4


def test_a_refund_that_was_called_off_is_told_once(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic", refund="pending")
    gateway.refund(refund(taken))
    told(gateway)
    the(Canceled, gateway.cancel_refund(cancel_refund("op_refund")))
    the(Canceled, gateway.cancel_refund(cancel_refund("op_refund", key="again")))
    (report,) = told(gateway)
    assert "op_refund" == report.our_reference
    the(Canceled, report.fact)


def test_one_of_those_that_wait_may_be_decided(gateway: BogusGateway) -> None:
    taken = paid(gateway, policy="automatic", refund="pending")
    first, second = refund(taken, HALF, "first"), refund(taken, HALF, "second")
    made = gateway.refund(first).references
    gateway.refund(second)
    gateway.let_pending_fail(of="op_second")
    assert (Pending, Declined) == (type(fact(gateway, first)), type(fact(gateway, second)))
    gateway.let_pending_succeed(next(iter(made)).id)
    assert HALF == the(Refunded, fact(gateway, first)).amount
    the(Declined, fact(gateway, second))


# How it is sent


def test_a_notification_is_signed_when_it_is_taken(gateway: BogusGateway, clock: Clock) -> None:
    paid(gateway)
    clock.now += timedelta(days=3)
    (notification,) = gateway.take_notifications()
    StandardWebhooks([SECRET]).verify(notification, now=clock.now)
    assert "bogus_evt_1" == notification.header("webhook-id")
    clock.now += timedelta(minutes=5)
    (report,) = gateway.read_notification(notification)
    assert "bogus_evt_1" == report.id
    clock.now += timedelta(seconds=1)
    with pytest.raises(InvalidSignature):
        gateway.read_notification(notification)


def test_what_was_taken_is_sent_again_only_when_it_is_asked_for(gateway: BogusGateway) -> None:
    paid(gateway, policy="automatic")
    first = told(gateway)
    assert [] == told(gateway)
    gateway.provider.send_again()
    assert first == told(gateway)
    gateway.provider.send_anew()
    anew = told(gateway)
    assert [attrs.evolve(each, id="bogus_evt_2") for each in first] == anew
    gateway.provider.send_again()
    assert [*first, *anew] == told(gateway)


def test_several_events_may_come_in_one_notification(gateway: BogusGateway) -> None:
    assert () == gateway.provider.take_batch()
    held = paid(gateway)
    gateway.capture(capture(held))
    (batch,) = gateway.provider.take_batch()
    reports = gateway.read_notification(batch)
    assert ["bogus_evt_1", "bogus_evt_2"] == [report.id for report in reports]
    assert "bogus_evt_1" == batch.header("webhook-id")
    assert () == gateway.provider.take_batch()


def test_of_a_batch_with_one_forged_event_nothing_is_believed(gateway: BogusGateway) -> None:
    held = paid(gateway)
    gateway.capture(capture(held, HALF))
    (batch,) = gateway.provider.take_batch()
    forged = Notification(batch.body.replace(b'"50.00"', b'"99.00"'), batch.headers)
    assert forged.body != batch.body
    with pytest.raises(InvalidSignature):
        gateway.read_notification(forged)


def test_another_provider_does_not_believe_it(gateway: BogusGateway) -> None:
    paid(gateway)
    (notification,) = gateway.take_notifications()
    for other in (BogusGateway(clock=lambda: NOON), BogusGateway()):
        with pytest.raises(InvalidSignature):
            other.read_notification(notification)


def test_two_providers_have_two_secrets() -> None:
    first, second = BogusProvider(clock=lambda: NOON), BogusProvider(clock=lambda: NOON)
    first.answer(charge())
    (notification,) = first.take_notifications()
    assert 1 == len(first.read_notification(notification))
    with pytest.raises(InvalidSignature):
        second.read_notification(notification)


def test_a_provider_that_signs_no_facts_sends_hints(clock: Clock) -> None:
    provider = BogusProvider(
        capabilities=Capabilities(signs_facts=False), clock=clock, webhook_secrets=[SECRET]
    )
    gateway = BogusGateway(provider=provider)
    session = opened(gateway)
    held = gateway.complete_session(complete(session)).references
    gateway.later.capture(str(held.get(ReferenceRole.AUTHORIZATION)))
    theirs = References(session.entries[:1])
    gateway.later.tell(Report(Captured(HALF), our_reference="op_1", references=theirs))
    sent = gateway.take_notifications()
    assert 3 == len(sent)
    for number, notification in enumerate(sent, 1):
        (report,) = gateway.read_notification(notification)
        hint = Unknown("the provider says no more than that something happened")
        assert Report(hint, references=theirs, id=f"bogus_evt_{number}") == report
        assert {"events"} == set(json.loads(notification.body))
        assert b"op_" not in notification.body


def test_it_is_read_on_an_event_loop_and_in_threads(gateway: BogusGateway) -> None:
    paid(gateway)
    (notification,) = gateway.take_notifications()
    expected = gateway.read_notification(notification)
    on_loop = AsyncBogusGateway(provider=gateway.provider)
    assert expected == asyncio.run(on_loop.read_notification(notification))
    in_thread = in_threads(gateway, run=asyncio.to_thread)
    assert expected == asyncio.run(in_thread.read_notification(notification))


# What cannot be read

CARD = Profile(id="tok_1", brand="visa", last4="4242", month=12, year=2034)
IDS = References.of(session="their_1", capture="their_2")
FACTS: list[Fact] = [
    Approved(references=IDS),
    Canceled(references=IDS, occurred_at=NOON, sequence=7),
    Expired(),
    Stored(CARD),
    Pending("reviewed", references=IDS),
    Declined(Failure(FailureCode.DO_NOT_HONOR, raw_code="05", raw_message="no", advice="01")),
    Declined(Failure(FailureCode.EXPIRED_CARD), ends=Ends.OBJECT),
    Authorized(HUNDRED, expires_at=NOON, profile=CARD, references=IDS),
    Captured(Money("1", "JPY"), profile=Profile(id="tok_1")),
    Captured(Money("1.001", "KWD")),
    Voided(HALF),
    Refunded(HALF, occurred_at=NOON),
    Bounced(Failure(FailureCode.ACCOUNT_CLOSED)),
    Retaken(HALF, sequence=2),
    ReferenceChanged("their_0", references=IDS),
    Totals(captured=HUNDRED),
    Totals(captured=HUNDRED, refunded=HALF),
    Unreadable("10.001 USD"),
    AuthorizationChanged(HALF, expires_at=NOON),
    AuthorizationLapsed(HALF),
    DisputeChanged("needs_response", amount=HALF, respond_by=NOON),
    DisputeChanged("won"),
    FundsWithdrawn(HALF),
    FundsReinstated(HALF),
]


@pytest.mark.parametrize("said", FACTS, ids=lambda fact: type(fact).__name__)
def test_every_fact_is_read_as_it_was_told(gateway: BogusGateway, said: Fact) -> None:
    report = Report(said, our_reference="op_1", references=IDS)
    gateway.later.tell(report)
    assert [attrs.evolve(report, id="bogus_evt_1")] == told(gateway)


def test_a_report_that_knows_nothing_is_a_hint(gateway: BogusGateway) -> None:
    gateway.later.tell(Report(Unknown("nobody reads this"), references=IDS))
    (report,) = told(gateway)
    assert (Unknown, IDS, None) == (type(report.fact), report.references, report.our_reference)


def test_no_provider_tells_what_only_an_answer_says(gateway: BogusGateway) -> None:
    with pytest.raises(UnsafeInput, match="no provider sends word of that"):
        gateway.later.tell(Report(NotAttempted()))
    assert [] == told(gateway)


def test_every_fact_that_is_told_was_tried() -> None:
    silent: list[Fact] = [
        Accepted(),
        NotAttempted(),
        Rejected(Failure(FailureCode.DUPLICATE)),
    ]
    assert all(is_told(each) for each in FACTS)
    assert not any(is_told(each) for each in silent)
    kinds = {type(each) for each in (*FACTS, *silent)}
    assert {ActionRequired, Superseded, Unknown} == set(get_args(Fact)) - kinds


def signed(gateway: BogusGateway, said: object) -> Notification:
    body = json.dumps(said).encode()
    headers = StandardWebhooks([SECRET]).sign(body, id="msg_1", at=NOON)
    return Notification(body, headers)


def event(**changes: Any) -> dict[str, Any]:
    what = {"amount": {"value": "50.00", "currency": "USD"}}
    plain = {
        "id": "evt_1",
        "type": "payment.captured",
        "operation": "op_1",
        "ids": [["capture", "their_1"]],
        "what": what,
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not ...}


def test_an_event_is_read(gateway: BogusGateway) -> None:
    ids = References.of(capture="their_1")
    expected = Report(Captured(HALF), our_reference="op_1", references=ids, id="evt_1")
    assert (expected,) == gateway.read_notification(signed(gateway, {"events": [event()]}))
    assert () == gateway.read_notification(signed(gateway, {"events": []}))


@pytest.mark.parametrize(
    ("value", "currency"),
    [("10.001", "USD"), ("1.5", "JPY"), ("5", "XXY"), ("-5.00", "USD"), ("0", "USD"),
     ("ten", "USD"), ("1E+5", "USD"), ("", "USD"), ("1" * 60, "USD")],
)  # fmt: skip
def test_an_amount_that_its_currency_cannot_hold_is_kept_as_it_was_written(
    gateway: BogusGateway, value: str, currency: str
) -> None:
    what = {"amount": {"value": value, "currency": currency}, "references": [["void", "their_2"]]}
    (report,) = gateway.read_notification(signed(gateway, {"events": [event(what=what)]}))
    kept = the(Unreadable, report.fact)
    assert (f"{value} {currency}", References.of(void="their_2")) == (kept.raw, kept.references)
    assert "op_1" == report.our_reference


ONE = {"value": "1", "currency": "USD"}
CHANGES: list[dict[str, Any]] = [
    {"id": ...}, {"id": 7}, {"id": ""}, {"id": "a" * 256}, {"id": None, "ids": ...},
    {"ids": None}, {"ids": [["capture"]]}, {"ids": [["owner", "a"]]}, {"ids": [["capture", 7]]},
    {"ids": [["capture", ""]]}, {"operation": 7}, {"operation": "a" * 256},
    {"type": "payment.imagined"}, {"type": None}, {"type": ["payment.captured"]},
    {"what": ...}, {"what": None}, {"what": {}}, {"what": []}, {"what": {"amount": None}},
    {"what": {"amount": {"value": "1"}}},
    {"what": {"amount": {"value": [], "currency": "USD"}}},
    {"what": {"amount": {"value": True, "currency": "USD"}}},
    {"what": {"amount": {"value": "1", "currency": 7}}},
    {"what": {"amount": ONE, "captured": 1}},
    {"what": {"amount": ONE, "imagined": 1}},
    {"what": {"amount": ONE, "occurred_at": "yesterday"}},
    {"what": {"amount": ONE, "occurred_at": "2026-01-01T00:00"}},
    {"what": {"amount": ONE, "occurred_at": 7}},
    {"what": {"amount": ONE, "sequence": "7"}},
    {"what": {"amount": ONE, "profile": {"pan": "4"}}},
    {"what": {"amount": ONE, "profile": {"last4": "42424"}}},
    {"type": "payment.totals", "what": {"captured": {"value": "x", "currency": "USD"}}},
    {"type": "call.declined", "what": {"failure": {"code": "imagined"}}},
    {"type": "call.declined", "what": {"failure": {}}},
    {"type": "call.declined", "what": {"failure": "expired_card"}},
]  # fmt: skip
STRANGE: list[Any] = [
    {}, {"events": None}, {"events": 7}, {"events": "a"}, {"events": {"a": 1}}, {"events": [None]},
    {"events": [[]]}, {"events": [event(), {}]},
    *({"events": [event(**changes)]} for changes in CHANGES),
]  # fmt: skip


@pytest.mark.parametrize("said", STRANGE, ids=lambda said: str(said)[:60])
def test_what_makes_no_sense_is_unreadable(gateway: BogusGateway, said: object) -> None:
    with pytest.raises(UnreadableNotification) as caught:
        gateway.read_notification(signed(gateway, said))
    assert caught.value.__context__ is None
    assert "it is not what the provider is known to write" == caught.value.reason


def test_what_is_no_json_is_unreadable_once_it_is_signed(gateway: BogusGateway) -> None:
    body = b"[" * 100_000
    headers = StandardWebhooks([SECRET]).sign(body, id="msg_1", at=NOON)
    with pytest.raises(UnreadableNotification):
        gateway.read_notification(Notification(body, headers))
    with pytest.raises(InvalidSignature):
        gateway.read_notification(Notification(body + b"]", headers))


def test_nothing_is_told_of_a_call_about_nothing(gateway: BogusGateway) -> None:
    the(Rejected, gateway.void(void(NO_REFERENCES)))
    assert [] == told(gateway)
    the(Rejected, fact(gateway, void(NO_REFERENCES)))
