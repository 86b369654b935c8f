"""What is checked of repeats holds on real records, and breaks where something is planted."""

from __future__ import annotations

import attrs
import pytest
from history_builders import (
    Teller,
    at,
    broken_by,
    checked,
    eur,
    find,
    heard,
    new_session,
    refunding,
    taken,
)

from paysession import IdempotencyKey
from paysession._domain.movements import Refund
from paysession._domain.payment import Payment
from paysession._domain.secrets import ClientData
from paysession._flows.asks import Read
from paysession._flows.requests import request_for
from paysession.errors import IdempotencyKeyInFlight, IdempotencyKeyReused, UnsafeInput
from paysession.gateways import Capabilities, Notification
from paysession.gateways.requests import CreateSessionRequest
from paysession.outcomes import NotAttempted, Pending, Refunded, Report, Unknown
from paysession.testing._invariants import Effect, EffectKind
from paysession.testing._invariants.idempotency import (
    check_I32,
    check_I33,
    check_I34,
    check_I35,
    check_I36,
    check_I38,
    check_I39,
    check_I40,
)

ALL_OF_KEYS = (check_I33, check_I34, check_I35, check_I36)
FORTY = {"amount": eur(40)}


def refunded_with(key: object, teller: Teller | None = None, refund_id: str = "re_1") -> Teller:
    """A refund was begun under a key, and answered."""
    teller = teller or Teller()
    teller.begin(f"refund#{refund_id}")
    teller.look_at_the_clock()
    payment, authorization, capture = taken()
    payment, refund = refunding(payment, 40, refund_id)
    entities = teller.commit(payment, authorization, capture, refund)
    teller.end("refund", key=key, kwargs=FORTY, result=find(Refund, entities), commits=1)
    return teller


def begun(teller: Teller) -> Refund:
    refund = teller.history.get(Refund, "re_1")
    assert refund is not None
    return refund


def again(teller: Teller, flow: str = "refund#again") -> None:
    teller.begin(flow)
    teller.look_at_the_clock()


def counts(teller: Teller) -> dict[str, int]:
    found = {check.__name__[6:]: checked(check, teller.history) for check in ALL_OF_KEYS}
    return {code: times for code, times in found.items() if times}


def test_the_first_use_of_a_key_repeats_nothing() -> None:
    assert {} == counts(refunded_with("key"))


def test_what_has_no_key_is_no_repeat() -> None:
    teller = Teller()
    teller.end("refund")
    assert {} == counts(teller)
    teller.note()
    assert {} == counts(teller)


def test_a_repeat_answers_what_came_of_the_first() -> None:
    teller = refunded_with("key")
    counts(teller)
    refund = begun(teller)
    again(teller)
    teller.end("refund", key="key", kwargs=FORTY, result=refund)
    assert {"I33": 1} == counts(teller)
    teller.end("refund", key="key", kwargs=FORTY, result=attrs.evolve(refund, id="re_9"))
    assert "I33" == broken_by(check_I33, teller.history)


def test_a_repeat_that_begins_something_is_caught() -> None:
    teller = refunded_with("key")
    counts(teller)
    refunded_with("key", teller, "re_2")
    assert "I33" == broken_by(check_I33, teller.history)


def test_a_repeat_asks_no_gateway() -> None:
    teller = refunded_with("key")
    counts(teller)
    refund = begun(teller)
    again(teller)
    teller.call(refund, Pending())
    teller.end("refund", key="key", kwargs=FORTY, result=refund)
    assert "I33" == broken_by(check_I33, teller.history)


def test_a_key_is_refused_for_anything_else() -> None:
    teller = refunded_with("key")
    counts(teller)
    again(teller)
    other = {"amount": eur(41)}
    teller.end("refund", key="key", kwargs=other, error=IdempotencyKeyReused("refund"))
    assert {"I34": 1} == counts(teller)
    teller.end("refund", key="key", kwargs=other, result="a refund")
    assert "I34" == broken_by(check_I34, teller.history)


def test_a_key_in_flight_begins_nothing() -> None:
    teller = refunded_with("key")
    counts(teller)
    again(teller)
    in_flight = IdempotencyKeyInFlight("re_1")
    teller.end("refund", key="key", kwargs=FORTY, error=in_flight)
    assert {"I35": 1} == counts(teller)
    teller.end("refund", key="key", kwargs=FORTY, error=in_flight, commits=1)
    assert "I35" == broken_by(check_I35, teller.history)


def test_a_process_that_died_answered_nobody() -> None:
    teller = refunded_with("key")
    counts(teller)
    again(teller)
    teller.end("refund", key="key", kwargs=FORTY, crashed=True)
    assert {} == counts(teller)


@pytest.mark.parametrize("minutes", [24 * 60, 24 * 60 + 1])
def test_after_a_day_a_key_is_free(minutes: int) -> None:
    teller = refunded_with("key")
    counts(teller)
    teller.minutes = minutes
    refunded_with("key", teller, "re_2")
    assert {} == counts(teller)
    again(teller)
    teller.end("refund", key="key", kwargs=FORTY, result=teller.history.get(Refund, "re_2"))
    assert {"I33": 1} == counts(teller)


def test_what_never_arrived_frees_its_key() -> None:
    teller = refunded_with("key")
    counts(teller)
    payment, refund = teller.history.get(Payment, "py_1"), teller.history.get(Refund, "re_1")
    assert payment is not None
    assert refund is not None
    teller.commit(*payment.settle(refund, heard(NotAttempted("no route"))))
    refunded_with("key", teller, "re_2")
    assert {} == counts(teller)


def test_a_key_means_nothing_to_another_command_or_tenant() -> None:
    teller = refunded_with("key")
    counts(teller)
    again(teller, "capture#2")
    teller.end("capture", key="key", error=IdempotencyKeyReused("capture"))
    assert "I36" == broken_by(check_I36, teller.history)
    teller.end("capture", key=IdempotencyKey("key"), result="a capture")
    assert {"I36": 1} == counts(teller)
    teller.end("refund", key="key", tenant="acme", kwargs=FORTY, error=UnsafeInput("a", "b"))
    assert {"I36": 1} == counts(teller)
    teller.end("refund", key="key", tenant="acme", crashed=True)
    assert {} == counts(teller)


def test_a_key_is_in_flight_for_its_own_command_and_for_no_other() -> None:
    for operation_id, is_fine in (("ca_7", True), ("re_1", False)):
        teller = refunded_with("key")
        counts(teller)
        again(teller, "capture#2")
        teller.end("capture", key="key", error=IdempotencyKeyInFlight(operation_id))
        if is_fine:
            assert {"I36": 1} == counts(teller)
        else:
            assert "I36" == broken_by(check_I36, teller.history)


def test_an_answer_is_that_of_its_own_key() -> None:
    teller = refunded_with("key")
    counts(teller)
    refunded_with(IdempotencyKey("key", scope="b"), teller, "re_2")
    assert {"I36": 1} == counts(teller)
    again(teller)
    first = teller.history.get(Refund, "re_1")
    teller.end("refund", key=IdempotencyKey("key", scope="b"), kwargs=FORTY, result=first)
    assert "I36" == broken_by(check_I36, teller.history)


def effect(operation_id: str | None = "re_1") -> Effect:
    return Effect(
        operation_id=operation_id,
        kind=EffectKind.GIVEN_BACK,
        amount=eur(40),
        key=None,
        at=at(0),
        reference="r_1",
        gateway="bogus",
    )


def test_no_operation_moves_money_twice() -> None:
    teller = Teller()
    teller.history.truth += [effect(), effect(None), effect(None)]
    assert 1 == checked(check_I32, teller.history)
    assert 0 == checked(check_I32, teller.history)
    teller.history.truth.append(effect())
    assert "I32" == broken_by(check_I32, teller.history)


def test_what_came_undone_may_happen_again() -> None:
    teller = Teller()
    teller.history.truth += [effect(), effect()]
    teller.history.truth[0].undone = True
    assert 2 == checked(check_I32, teller.history)


def test_a_gateway_that_ignores_keys_promises_nothing() -> None:
    teller = Teller()
    teller.behaves(Capabilities(honours_keys=False))
    teller.history.truth += [effect(), effect()]
    assert 0 == checked(check_I32, teller.history)


def test_a_key_follows_from_the_operation() -> None:
    teller = refunded_with("key")
    refund = begun(teller)
    teller.look_up(refund)
    teller.call(refund, Pending())
    assert 2 == checked(check_I38, teller.history)
    teller.call(refund, Pending(), request=attrs.evolve(request_for(refund), key="re_1-2"))
    assert "I38" == broken_by(check_I38, teller.history)


@pytest.mark.parametrize("key", ["anna@shop.example", "4242424242424242", "x" * 39, "clé"])
def test_a_key_tells_nothing_of_anybody(key: str) -> None:
    teller = refunded_with("key")
    refund = begun(teller)
    teller.call(refund, Pending(), request=attrs.evolve(request_for(refund), key=key))
    assert "I38" == broken_by(check_I38, teller.history)


def test_two_operations_have_two_keys() -> None:
    teller = refunded_with("key")
    refund = begun(teller)
    teller.call(refund, Pending())
    other = attrs.evolve(request_for(refund), operation_id="re_2")
    teller.call(refund, Pending(), request=other)
    assert "I38" == broken_by(check_I38, teller.history)


DAY = 24 * 60


@pytest.mark.parametrize(("minutes", "is_in_time"), [(DAY - 60, True), (DAY - 59, False)])
def test_a_call_is_repeated_while_its_key_is_remembered(minutes: int, *, is_in_time: bool) -> None:
    teller = refunded_with("key")
    refund = begun(teller)
    teller.call(refund, error=TimeoutError("read"))
    assert 0 == checked(check_I39, teller.history)
    teller.minutes = minutes
    teller.call(refund, Pending())
    if is_in_time:
        assert 1 == checked(check_I39, teller.history)
    else:
        assert "I39" == broken_by(check_I39, teller.history)


def test_a_call_is_repeated_later_if_it_certainly_never_happened() -> None:
    teller = refunded_with("key")
    teller.behaves(Capabilities(look_up_is_authoritative=True, honours_keys=False))
    refund = begun(teller)
    teller.call(refund, error=TimeoutError("read"))
    teller.minutes = 60
    teller.look_up(refund)
    teller.call(refund, Pending())
    assert 1 == checked(check_I39, teller.history)
    teller.call(refund, Pending())
    assert "I39" == broken_by(check_I39, teller.history)


def test_a_process_that_stood_still_before_its_call_knew_nothing_of_the_time() -> None:
    teller = refunded_with("key")
    refund = begun(teller)
    teller.call(refund, error=TimeoutError("read"))
    teller.look_at_the_clock()
    teller.minutes = 60 * 24 * 400
    teller.fault = "F46"

    teller.call(refund, Pending())

    assert 0 == checked(check_I39, teller.history)


def test_what_the_browser_brought_is_sent_once() -> None:
    teller = Teller()
    session, attempt = new_session()
    teller.commit(session, attempt)
    teller.call(attempt, error=TimeoutError("read"))
    request = request_for(attempt)
    assert isinstance(request, CreateSessionRequest)
    secret = attrs.evolve(request, external_data=ClientData("from the browser"))
    teller.call(attempt, Pending(), request=secret)
    assert "I39" == broken_by(check_I39, teller.history)


def received(teller: Teller, report: Report, **ended: object) -> None:
    teller.note(Read("bogus", Notification(b"", {})), answer=(report,))
    teller.end("receive_notification", **ended)


def test_what_was_reported_before_changes_nothing() -> None:
    teller = Teller()
    report = Report(Refunded(eur(40)), our_reference="re_1", id="evt_1")
    received(teller, report, commits=1)
    assert 0 == checked(check_I40, teller.history)
    teller.begin("receive_notification#2")
    received(teller, attrs.evolve(report, id="evt_2"))
    assert 1 == checked(check_I40, teller.history)
    received(teller, attrs.evolve(report, id="evt_3"), commits=1)
    assert "I40" == broken_by(check_I40, teller.history)


def test_two_that_are_told_at_once_may_each_write_what_the_other_has_not_written_yet() -> None:
    teller = Teller()
    report = Report(Refunded(eur(40)), our_reference="re_1")
    teller.begin("receive_notification#1")
    teller.note(Read("bogus", Notification(b"", {})), answer=(report,))
    teller.begin("receive_notification#2")
    received(teller, report, commits=1)

    teller.begin("receive_notification#1")
    teller.end("receive_notification", commits=1)

    assert 0 == checked(check_I40, teller.history)


def test_what_is_parked_may_be_applied_when_it_is_told_again() -> None:
    teller = Teller()
    report = Report(Refunded(eur(40)), our_reference="re_1")

    @attrs.frozen
    class Parked:
        parked: tuple[str, ...] = ("pr_1",)

    received(teller, report, commits=1, result=Parked())
    assert 0 == checked(check_I40, teller.history)
    received(teller, report, commits=1)
    assert 0 == checked(check_I40, teller.history)


def test_a_hint_may_find_out_more_each_time() -> None:
    teller = Teller()
    for _ in range(2):
        received(teller, Report(Unknown("a hint")), commits=1)
        assert 0 == checked(check_I40, teller.history)
    teller.behaves(Capabilities(signs_facts=False))
    for _ in range(2):
        received(teller, Report(Refunded(eur(40))), commits=1)
        assert 0 == checked(check_I40, teller.history)


def test_a_notification_that_was_refused_was_not_heard() -> None:
    teller = Teller()
    received(teller, Report(Refunded(eur(40))), error=ValueError("refused"))
    assert 0 == checked(check_I40, teller.history)
    teller.note()
    assert 0 == checked(check_I40, teller.history)
