"""The third driver runs the real flows, and lets them meet one fault after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from simulated_worlds import NOON, calm_shop, dice

from paysession import Money, Payable, Payment, PaymentSession, Refund, SetupSession, StoredSource
from paysession._domain.decisions import Decision
from paysession._flows.asks import Ask, Flow, Now
from paysession._payments import flow_of
from paysession.errors import IdempotencyKeyReused, InvalidSignature, StaleVersion
from paysession.lifecycles import PaymentStatus, SessionStatus, SetupSessionStatus
from paysession.outcomes import (
    Canceled,
    Fact,
    Failure,
    FailureCode,
    Pending,
    Refunded,
    Rejected,
    Unreadable,
)
from paysession.testing import PROFILES, Fault
from paysession.testing._invariants import InvariantBroken
from paysession.testing._simulation import deeds
from paysession.testing._simulation import driver as drivers
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.ending import bring_to_end
from paysession.testing._simulation.faults import COMMAND, NOTIFICATION, PUBLISH
from paysession.testing._simulation.mail import MISHAPS
from paysession.testing._simulation.processes import Process
from paysession.testing._simulation.shopper import METHODS, Shopper
from paysession.testing._simulation.troubles import Trouble


def do(shopper: Shopper, *names: str) -> None:
    for number, name in enumerate(names):
        deeds.do(shopper, name, number)


def arm(shopper: Shopper, fault: Fault, at: str, skip: int = 0) -> None:
    shopper.driver.troubles[at].append(Trouble(fault=fault, at=at, skip=skip))


def counted(shopper: Shopper, fault: Fault) -> int:
    return sum(count for (each, _), count in shopper.driver.faults.items() if each is fault)


def test_a_shop_takes_money_and_gives_it_back() -> None:
    shopper = calm_shop()
    do(shopper, "checks_out", "completes_session", "takes", "gives_back_calmly", "publishes")
    history = shopper.driver.history
    assert [SessionStatus.COMPLETED] == [each.status for each in history.entities(PaymentSession)]
    assert 1 == len(history.entities(Refund))
    assert history.published
    assert shopper.driver.events == len(history.published)
    assert shopper.driver.asks > 0


@pytest.mark.parametrize("deed", deeds.DEEDS)
@pytest.mark.parametrize("profile", ["stripe", "adyen"])
def test_every_deed_can_be_done_in_an_empty_world_and_in_a_full_one(
    profile: str, deed: str
) -> None:
    shopper = Shopper(Driver(1, PROFILES[profile]))
    do(shopper, deed, "holds", deed, "takes", "gives_back_slowly", deed, "checks_out")
    for number in range(4):
        deeds.do(shopper, "opens_setup_session", number)
        deeds.do(shopper, deed, 100 + number)


def test_a_process_dies_before_its_call() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.CRASH_BEFORE_CALL, "charge")
    do(shopper, "takes")
    assert 1 == counted(shopper, Fault.CRASH_BEFORE_CALL) == shopper.driver.crashes
    assert [] == shopper.driver.provider.truth
    (payment,) = shopper.driver.history.entities(Payment)
    assert payment.asking


@pytest.mark.parametrize("kind", ["charge", "Commit", "Now"])
def test_a_process_dies_after_its_call(kind: str) -> None:
    shopper = calm_shop()
    arm(shopper, Fault.CRASH_AFTER_CALL, kind)
    do(shopper, "takes")
    assert 1 == shopper.driver.crashes
    assert shopper.driver.provider.truth
    (payment,) = shopper.driver.history.entities(Payment)
    assert not payment.balances.captured
    bring_to_end(shopper)
    (payment,) = shopper.driver.history.entities(Payment)
    assert payment.balances.captured


def test_a_process_dies_after_it_has_saved() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.CRASH_AFTER_SAVE, "Commit")
    do(shopper, "takes")
    (payment,) = shopper.driver.history.entities(Payment)
    assert payment.balances.captured
    assert 1 == shopper.driver.crashes


def test_a_publisher_dies_and_hands_out_the_same_again() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    arm(shopper, Fault.CRASH_AFTER_PUBLISH, PUBLISH)
    do(shopper, "publishes", "publishes", "publishes")
    published = [each.id for each in shopper.driver.history.published]
    assert 2 * len(set(published)) == len(published)
    assert 1 == counted(shopper, Fault.CRASH_AFTER_PUBLISH)


def test_a_fault_waits_for_as_many_asks_as_it_lets_pass() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.CLOCK_SKEW, "Now", skip=3)
    do(shopper, "takes")
    nows = [each for each in shopper.driver.history.moments if isinstance(each.ask, Now)]
    assert [None, None, None, "F47"] == [each.fault for each in nows[:4]]


def test_a_clock_is_skewed_by_seconds_or_tells_another_zone_s_time() -> None:
    shopper, answers = calm_shop(), set()
    for number in range(30):
        trouble = Trouble(fault=Fault.CLOCK_SKEW, at="Now", dice=number)
        shopper.driver.troubles["Now"].append(trouble)
        deeds.do(shopper, "recovers", number)
    for each in shopper.driver.history.moments:
        if each.fault == Fault.CLOCK_SKEW:
            answers.add((each.answer - each.at, each.answer.utcoffset()))  # type: ignore[operator, attr-defined]
    seconds, none = timedelta(seconds=20), timedelta(0)
    assert {(seconds, none), (-seconds, none), (none, none)} == answers


def test_a_store_answers_out_of_an_old_copy() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    arm(shopper, Fault.STALE_READ, "Peek")
    arm(shopper, Fault.STALE_READ, "Due")
    do(shopper, "gives_back_calmly", "leases_end", "recovers")
    assert 2 == counted(shopper, Fault.STALE_READ)
    beaten = [
        each for each in shopper.driver.history.moments if isinstance(each.error, StaleVersion)
    ]
    assert len(beaten) <= 1


def test_another_worker_comes_in_the_middle() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.TWO_WORKERS, "Commit")
    do(shopper, "checks_out", "completes_session")
    workers = {each.process for each in shopper.driver.history.moments}
    assert "worker 2" in workers
    assert 1 == counted(shopper, Fault.TWO_WORKERS)


def test_recovery_and_notifications_come_in_the_middle() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.ALL_AT_ONCE, "Commit", skip=1)
    do(shopper, "takes")
    assert {"worker 1", "recovery", "webhooks"} <= {
        each.process for each in shopper.driver.history.moments
    }


def test_a_notification_comes_before_the_answer() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.TOLD_BEFORE_ANSWER, "charge")
    do(shopper, "takes")
    order = [each.process for each in shopper.driver.history.moments]
    assert order.index("webhooks") < len(order) - order[::-1].index("worker 1")


def test_time_passes_while_a_provider_is_asked() -> None:
    shopper = calm_shop()
    arm(shopper, Fault.OVER_WHILE_ASKING, "create_session")
    arm(shopper, Fault.KEY_FORGOTTEN, "charge")
    do(shopper, "checks_out", "takes")
    assert shopper.driver.now > NOON + timedelta(hours=26)


def test_a_look_up_comes_too_early_and_another_is_answered_otherwise() -> None:
    shopper = calm_shop("hostile")
    arm(shopper, Fault.TIME_OUT_AFTER, "charge")
    arm(shopper, Fault.SEEN_LATER, "look_up")
    arm(shopper, Fault.TWO_ANSWERS, "look_up")
    do(shopper, "takes", "leases_end", "recovers", "waits", "waits", "recovers")
    assert 1 == counted(shopper, Fault.SEEN_LATER)
    assert 0 == counted(shopper, Fault.TWO_ANSWERS)


def test_an_authoritative_look_up_finds_what_is_older_than_its_grace() -> None:
    shopper = calm_shop("stripe")
    arm(shopper, Fault.TIME_OUT_AFTER, "charge")
    arm(shopper, Fault.SEEN_LATER, "look_up")
    do(shopper, "takes", "leases_end", "leases_end", "leases_end", "recovers")
    assert 0 == counted(shopper, Fault.SEEN_LATER)


def test_several_processes_go_on_in_turns() -> None:
    shopper = calm_shop()
    shopper.dice = dice(0.01)
    shopper.give("create_setup_session", METHODS[0])
    names = [each.process for each in shopper.driver.history.moments]
    assert {"worker 1", "worker 2", "recovery"} == set(names)


def test_the_same_key_with_something_else_is_refused() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    driver = shopper.driver
    (payment,) = driver.history.entities(Payment)
    args = ("refund", payment.id)
    driver.run(driver.begin("worker 1", *args, idempotency_key="key"))
    again = driver.begin("worker 1", *args, amount=payment.amount * 2, idempotency_key="key")
    assert isinstance(driver.run(again).error, IdempotencyKeyReused)


def _breaks() -> Flow[None]:
    yield from Now()
    raise KeyError("odd")


def test_what_a_command_raises_must_be_an_error_of_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drivers, "flow_of", lambda *_args, **_kwargs: _breaks())
    driver = calm_shop().driver
    with pytest.raises(InvariantBroken, match="KeyError: 'odd'") as broken:
        driver.run(driver.begin("worker 1", "balance", "or_1"))
    assert "I25" == broken.value.code


@pytest.mark.parametrize("fault", MISHAPS)
@pytest.mark.parametrize("profile", ["stripe", "adyen"])
def test_a_letter_goes_wrong_and_the_money_is_right_in_the_end(profile: str, fault: Fault) -> None:
    shopper = calm_shop(profile)
    do(shopper, "checks_out", "is_declined", "completes_session", "takes", "letters_come")
    do(shopper, "gives_back_calmly", "provider_decides", "checks_out", "completes_session")
    shopper.mail.troubles.append(Trouble(fault=fault, at=NOTIFICATION, dice=5))
    shopper.mail.bring(Random(1), most=4)
    is_possible = not (fault is Fault.LOST and profile == "adyen")
    assert is_possible == ((fault, NOTIFICATION) in shopper.driver.faults)
    bring_to_end(shopper)


@pytest.mark.parametrize(
    "fault", [Fault.REORDERED, Fault.STALE_ATTEMPT, Fault.OLD_SIGNATURE], ids=str
)
def test_what_cannot_go_wrong_with_a_letter_does_not(fault: Fault) -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    shopper.mail.troubles.append(Trouble(fault=fault, at=NOTIFICATION))
    shopper.mail.bring(dice(0.9), most=1)
    assert 0 == counted(shopper, fault)
    assert [] == shopper.driver.provider.books.post.waiting


def test_every_way_to_forge_a_letter_is_refused() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    for number in range(30):
        shopper.mail.troubles.append(
            Trouble(fault=Fault.BAD_SIGNATURE, at=NOTIFICATION, dice=number)
        )
        shopper.mail.bring(dice(0.9), most=1)
    ended = [each.error for each in shopper.driver.history.moments if each.process == "webhooks"]
    assert any(isinstance(each, InvalidSignature) for each in ended)
    assert 1 == len(shopper.driver.provider.books.post.waiting)


def test_a_letter_that_was_not_taken_note_of_is_sent_again() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    arm(shopper, Fault.CRASH_BEFORE_CALL, "Describe")
    shopper.mail.bring(dice(0.9), most=1)
    assert 1 == len(shopper.driver.provider.books.post.waiting)
    arm(shopper, Fault.NUMBER_ECHOED, NOTIFICATION)
    shopper.mail.bring(dice(0.9), most=1)
    assert 1 == len(shopper.driver.provider.books.post.waiting)
    shopper.mail.bring(dice(0.9), most=1)
    assert [] == shopper.driver.provider.books.post.waiting
    shopper.mail.bring_newest()
    shopper.mail.bring(dice(0.9), most=1)


def test_a_letter_that_is_never_taken_note_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    monkeypatch.setattr(
        drivers,
        "flow_of",
        lambda command, *args, **kwargs: (
            _refuses() if command == "receive_notification" else flow_of(command, *args, **kwargs)
        ),
    )
    with pytest.raises(InvariantBroken, match="evt_1") as broken:
        bring_to_end(shopper)
    assert "I48" == broken.value.code


def _refuses() -> Flow[None]:
    yield from Now()
    raise StaleVersion("payment", "py_1", 1)


def test_odd_input_is_refused_and_counted() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    before = shopper.driver.events
    for number in range(20):
        do(shopper, "passes_odd_amount", "passes_odd_text", "passes_odd_json")
        deeds.do(shopper, "passes_odd_amount", number)
    assert before == shopper.driver.events
    assert shopper.driver.faults[Fault.ODD_AMOUNT, COMMAND] >= 20


@pytest.mark.parametrize(
    ("fault", "refunded"), [(Fault.TIME_OUT_AFTER, True), (Fault.TIME_OUT_BEFORE, False)]
)
def test_people_decide_by_what_is_true(fault: Fault, refunded: bool) -> None:
    shopper = calm_shop("hostile")
    do(shopper, "takes")
    arm(shopper, fault, "refund")
    arm(shopper, Fault.TIME_OUT_BEFORE, "look_up")
    arm(shopper, Fault.TIME_OUT_BEFORE, "look_up")
    do(shopper, "gives_back_calmly")
    shopper.driver.wait(timedelta(days=2))
    do(shopper, "recovers", "person_decides")
    bring_to_end(shopper)
    (payment,) = shopper.driver.history.entities(Payment)
    assert refunded == bool(payment.balances.refunded)


@pytest.mark.parametrize(
    ("fact", "decision"),
    [
        (Pending(), None),
        (Refunded(Money("110.00", "USD")), Decision.SUCCEEDED),
        (Refunded(Money("1.00", "USD")), Decision.DISMISSED),
        (Canceled(), Decision.SUCCEEDED),
        (Unreadable("1.005"), Decision.DISMISSED),
        (Rejected(Failure(FailureCode.MERCHANT_CONFIG)), Decision.FAILED),
    ],
)
def test_a_decision_says_what_is_true(fact: Fact, decision: Decision | None) -> None:
    shopper = calm_shop()
    driver = shopper.driver
    order = Payable("or_1", total=Money("110.00", "USD"))
    source = StoredSource(id="src_1", profile_id="sim_source_1")
    driver.run(driver.begin("worker 1", "charge", order, method=METHODS[0], source=source))
    (payment,) = driver.history.entities(Payment)
    driver.run(driver.begin("worker 1", "refund", payment.id))
    (refund,) = driver.history.entities(Refund)
    driver.provider.jobs[refund.id][-1].said.append(fact)
    assert decision is shopper.people.decision_on(refund)
    assert Decision.DISMISSED is shopper.people.decision_on(payment)


def test_people_wait_for_what_the_provider_does_not_know_itself() -> None:
    shopper = calm_shop("adyen")
    do(shopper, "holds")
    arm(shopper, Fault.TIME_OUT_AFTER, "capture")
    do(shopper, "captures")
    for jobs in shopper.driver.provider.jobs.values():
        jobs[-1].said.append(Pending())
    shopper.driver.wait(timedelta(days=8))
    do(shopper, "recovers", "person_decides")
    assert 0 == shopper.people.resolved


def test_what_a_customer_never_came_back_for_is_given_up_in_the_end() -> None:
    shopper = calm_shop("adyen")
    shopper.driver.provider.mood = 0.20
    do(shopper, "checks_out", "opens_setup_session", "charges", "completes_session")
    bring_to_end(shopper)
    history = shopper.driver.history
    assert [SessionStatus.CANCELED] == [each.status for each in history.entities(PaymentSession)]
    setups = history.entities(SetupSession)
    assert {SetupSessionStatus.CANCELED, SetupSessionStatus.EXPIRED} >= {x.status for x in setups}
    waiting = [each for each in history.entities(Payment) if each.session_id is None]
    assert [PaymentStatus.ABANDONED] == [each.status for each in waiting]


def test_what_a_provider_was_working_on_is_decided_in_the_end() -> None:
    shopper = calm_shop()
    do(shopper, "takes", "gives_back_slowly")
    bring_to_end(shopper)
    (refund,) = shopper.driver.history.entities(Refund)
    assert refund.succeeded


def test_sessions_whose_time_is_over_are_closed_by_recovery() -> None:
    shopper = calm_shop("adyen")
    for number in range(6):
        deeds.do(shopper, "opens_session", number)
        deeds.do(shopper, "opens_setup_session", number)
    shopper.driver.wait(timedelta(days=3))
    do(shopper, "recovers")
    commands = {each.flow.partition("#")[0] for each in shopper.driver.history.moments}
    assert {"expire_sessions", "expire_setup_sessions"} <= commands


def test_recovery_comes_as_soon_as_a_session_is_over() -> None:
    shopper = calm_shop("adyen")
    driver = shopper.driver
    order = Payable("or_1", total=Money("110.00", "USD"))
    expires_at = driver.now + timedelta(hours=40)
    driver.run(
        driver.begin("worker 1", "create_session", order, method=METHODS[0], expires_at=expires_at)
    )
    do(shopper, "sessions_end")
    (session,) = driver.history.entities(PaymentSession)
    assert SessionStatus.EXPIRED is session.status
    do(shopper, "sessions_end")


def test_a_command_is_repeated_with_the_same_key_and_with_something_else() -> None:
    shopper = calm_shop()
    do(shopper, "takes", "gives_back_slowly", "cancels_refund", "checks_out", "completes_session")
    do(shopper, "opens_setup_session", "completes_setup_session", "cancels_session")
    driver = shopper.driver
    for number, each in enumerate(shopper.given):
        kwargs = {**each.kwargs, "idempotency_key": f"key-{number}"}
        shopper.given[number] = driver.run(
            driver.begin("worker 1", each.command, *each.args, **kwargs)
        )
    for number in range(80):
        deeds.do(shopper, "repeats", number)
        deeds.do(shopper, "mixes_up_keys", number)
    errors = [each.error for each in shopper.driver.history.moments if each.process == "worker 3"]
    assert any(isinstance(each, IdempotencyKeyReused) for each in errors)


def _asks(driver: Driver) -> Iterator[Ask[object]]:
    return (each.ask for each in driver.history.moments if each.ask is not None)


def test_all_that_was_asked_is_in_the_history() -> None:
    shopper = calm_shop()
    do(shopper, "takes")
    assert shopper.driver.asks == len(list(_asks(shopper.driver)))


def test_left_alone_a_process_is_left_alone() -> None:
    driver = Driver(1, PROFILES["stripe"])
    arming = Trouble(fault=Fault.TWO_WORKERS, at="Now")
    driver.troubles["Now"].append(arming)
    process: Process = driver.run(driver.begin("worker 1", "recover", limit=1))
    assert () == process.result
