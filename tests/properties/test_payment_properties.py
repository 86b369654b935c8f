"""What holds of a payment after every step of every history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import attrs
from hypothesis import given
from hypothesis import strategies as st

from paysession._domain.balances import NO_EFFECT, Balances, payment_status
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource, LastWord
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import Authorization, Capture, Movement, Refund, Reversal, Void
from paysession._domain.operations import Lease
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.errors import NotAllowed
from paysession.events import PaymentEvent
from paysession.lifecycles import PAYMENT, DisputeStatus
from paysession.outcomes import (
    NO_REFERENCES,
    AuthorizationLapsed,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Fact,
    Failure,
    FailureCode,
    FundsReinstated,
    FundsWithdrawn,
    NotAttempted,
    Pending,
    Refunded,
    Retaken,
    Voided,
)
from paysession.testing import strategies

Asked: TypeAlias = Capture | Void | Refund

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
SUCCESS: Mapping[type, type[Captured | Voided | Refunded]] = {
    Capture: Captured,
    Void: Voided,
    Refund: Refunded,
}


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


@attrs.frozen
class Step:
    """One thing that happens: which, how much, to which movement, and when by whose clock."""

    verb: str
    amount: int
    which: int
    minutes: int


def begun(amount: int = 10) -> Payment:
    return Payment.begun(
        "py",
        tenant="",
        gateway="bogus",
        payable_id="order",
        payable_reference="R1",
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
        source=None,
        session_id=None,
        attempt_id=None,
        amount=yen(amount),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
    )


@attrs.define
class History:
    """A payment with all of its movements, and what was refused on the way."""

    payment: Payment = attrs.field(factory=begun)
    movements: dict[str, Movement] = attrs.field(factory=dict)

    def take(self, step: Step) -> None:
        before = self.payment
        try:
            self.payment, *moved = VERBS[step.verb](self, step)
        except NotAllowed:
            assert before is self.payment
            return
        self.movements |= {each.id: each for each in moved if each is not None}

    @property
    def fresh_id(self) -> str:
        return f"mv_{len(self.movements)}"

    def asked(self, step: Step) -> Asked:
        known = [one for one in self.movements.values() if isinstance(one, Asked)]
        if not known:
            raise NotAllowed
        return known[step.which % len(known)]

    @property
    def sum_of_effects(self) -> Balances:
        total = Balances.opening(self.payment.amount)
        for movement in self.movements.values():
            total = total.replaced(NO_EFFECT, movement.effect)
        return total


def at(step: Step) -> datetime:
    return NOW + timedelta(minutes=step.minutes)


def lease(step: Step) -> Lease:
    return Lease(at=at(step), until=at(step), deadline=at(step))


def authorize(history: History, step: Step) -> tuple[Payment, Movement]:
    if any(movement.id == "mv_0" for movement in history.movements.values()):
        raise NotAllowed
    return history.payment.authorize(
        history.fresh_id,
        amount=yen(step.amount),
        references=NO_REFERENCES,
        expires_at=None,
        at=at(step),
    )


def take(history: History, step: Step) -> tuple[Payment, Movement]:
    fact = Captured(yen(step.amount), occurred_at=at(step))
    return history.payment.take(
        history.fresh_id, amount=yen(step.amount), evidence=told(fact, step), at=at(step)
    )


def request_capture(history: History, step: Step) -> tuple[Payment, Movement]:
    return history.payment.request_capture(
        history.fresh_id,
        amount=yen(step.amount),
        over=yen(0),
        is_final=step.which % 2 == 1,
        lease=lease(step),
        metadata=Metadata(),
    )


def request_void(history: History, step: Step) -> tuple[Payment, Movement]:
    return history.payment.request_void(
        history.fresh_id, amount=yen(step.amount), lease=lease(step), metadata=Metadata()
    )


def request_refund(history: History, step: Step) -> tuple[Payment, Movement]:
    return history.payment.request_refund(
        history.fresh_id,
        amount=yen(step.amount),
        reason=None,
        capture=None,
        lease=lease(step),
        metadata=Metadata(),
    )


def lapse(history: History, step: Step) -> tuple[Payment, Movement]:
    held = [one for one in history.movements.values() if isinstance(one, Authorization)]
    fact = AuthorizationLapsed(yen(step.amount), occurred_at=at(step))
    known = held[step.which % len(held)]
    return history.payment.told_of_authorization(known, told(fact, step))


def reverse(history: History, step: Step) -> tuple[Payment, Movement | None]:
    known = history.movements.get("rv")
    assert known is None or isinstance(known, Reversal)
    fact = FundsWithdrawn(yen(step.amount), occurred_at=at(step))
    return history.payment.told_of_reversal(known, "rv", told(fact, step))


def dispute(history: History, step: Step) -> tuple[Payment, Movement | None]:
    known = history.movements.get("dp")
    assert known is None or isinstance(known, Dispute)
    facts: tuple[Fact, ...] = (
        FundsWithdrawn(yen(step.amount), occurred_at=at(step)),
        FundsReinstated(yen(step.amount), occurred_at=at(step)),
        *(DisputeChanged(status, occurred_at=at(step)) for status in DisputeStatus),
    )
    fact = facts[step.which % len(facts)]
    return history.payment.told_of_dispute(known, "dp", told(fact, step))


def make_at_provider(history: History, step: Step) -> tuple[Payment, Movement | None]:
    made = tuple(SUCCESS.values())[step.which % len(SUCCESS)]
    fact = made(yen(step.amount), occurred_at=at(step))
    return history.payment.told_of_movement(None, history.fresh_id, told(fact, step))


def mark_paid(history: History, step: Step) -> tuple[Payment, Movement, Movement]:
    return history.payment.mark_paid(
        f"{history.fresh_id}_taken",
        authorization_id=history.fresh_id,
        amount=yen(step.amount),
        reference=None,
        metadata=Metadata(),
        at=at(step),
    )


def mark_refunded(history: History, step: Step) -> tuple[Payment, Movement]:
    return history.payment.mark_refunded(
        history.fresh_id,
        amount=yen(step.amount),
        reason=None,
        reference=None,
        metadata=Metadata(),
        at=at(step),
    )


def settled(payment: Payment, one: Asked, evidence: Evidence) -> tuple[Payment, Asked]:
    match one:
        case Capture():
            return payment.settle(one, evidence)
        case Void():
            return payment.settle(one, evidence)
        case Refund():
            return payment.settle(one, evidence)


def told(fact: Fact, step: Step) -> Evidence:
    return Evidence(fact=fact, source=EvidenceSource.NOTIFICATION, recorded_at=at(step))


def settling(
    fact_of: Callable[[Asked, Step], Fact],
) -> Callable[[History, Step], tuple[Payment, Movement]]:
    def settle(history: History, step: Step) -> tuple[Payment, Movement]:
        one = history.asked(step)
        return settled(history.payment, one, told(fact_of(one, step), step))

    return settle


def open_only(
    fact_of: Callable[[Asked, Step], Fact],
) -> Callable[[History, Step], tuple[Payment, Movement]]:
    def settle(history: History, step: Step) -> tuple[Payment, Movement]:
        if not history.asked(step).is_open:
            raise NotAllowed
        return settling(fact_of)(history, step)

    return settle


def success(one: Asked, step: Step) -> Fact:
    return SUCCESS[type(one)](one.amount, occurred_at=at(step))


def other_amount(one: Asked, step: Step) -> Fact:
    return SUCCESS[type(one)](yen(step.amount), occurred_at=at(step))


def retaken(one: Asked, step: Step) -> Fact:
    return Retaken(one.amount, occurred_at=at(step))


VERBS: dict[str, Callable[[History, Step], tuple[Payment, *tuple[Movement | None, ...]]]] = {
    "authorize": authorize,
    "take": take,
    "request_capture": request_capture,
    "request_void": request_void,
    "request_refund": request_refund,
    "mark_paid": mark_paid,
    "mark_refunded": mark_refunded,
    "lapse": lapse,
    "reverse": reverse,
    "dispute": dispute,
    "make_at_provider": make_at_provider,
    "succeed": settling(success),
    "succeed_otherwise": settling(other_amount),
    "fail": settling(lambda one, step: Declined(REFUSED, occurred_at=at(step))),
    "pend": settling(lambda one, step: Pending(occurred_at=at(step))),
    "never_arrive": settling(lambda one, step: NotAttempted()),
    "bounce": settling(lambda one, step: Bounced(REFUSED, occurred_at=at(step))),
    "retake": settling(retaken),
    "echo": open_only(success),
    "refuse": open_only(lambda one, step: Declined(REFUSED, occurred_at=at(step))),
    "work": open_only(lambda one, step: Pending(occurred_at=at(step))),
}
DECIDED = (
    "request_capture",
    "request_void",
    "request_refund",
    "mark_paid",
    "mark_refunded",
    "echo",
    "refuse",
    "work",
)


def steps(*verbs: str) -> st.SearchStrategy[list[Step]]:
    one = st.builds(
        Step,
        verb=st.sampled_from(verbs),
        amount=st.integers(1, 12),
        which=st.integers(0, 20),
        minutes=st.integers(-5, 30),
    )
    return st.lists(one, max_size=25)


def histories(*verbs: str) -> st.SearchStrategy[list[Step]]:
    """Something is held first; then anything may happen."""
    first = st.builds(
        Step,
        verb=st.just("authorize"),
        amount=st.integers(1, 12),
        which=st.just(0),
        minutes=st.just(0),
    )
    return st.builds(lambda start, rest: [start, *rest], first, steps(*verbs))


@given(histories(*VERBS))
def test_a_payment_carries_the_sum_of_the_effects_of_its_movements(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
        assert history.sum_of_effects == history.payment.balances
        assert len(history.movements) == history.payment.movements


@given(histories(*VERBS))
def test_what_may_be_captured_or_refunded_is_never_below_zero(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
        balances = history.payment.balances
        assert balances.capturable.minor >= 0
        assert balances.refundable.minor >= 0
        assert balances.held.minor >= 0


@given(histories(*DECIDED))
def test_what_we_decide_never_takes_or_gives_back_more_than_there_is(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
        sums = history.payment.balances
        taken = sums.captured + sums.capture_in_flight
        released = sums.voided + sums.void_in_flight + sums.lapsed
        assert taken + released <= sums.authorized
        assert sums.refunded + sums.refund_in_flight <= sums.captured
        if sums.captured:
            assert sums.net.minor >= 0


@given(histories(*VERBS))
def test_the_status_is_read_from_the_balances(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
        payment = history.payment
        assert payment_status(payment.balances, payment.phase) is payment.status
        told = [event for event in payment.news if isinstance(event, PaymentEvent)]
        assert (payment.status, payment.balances) == (told[-1].status, told[-1].balances)


@given(histories(*VERBS))
def test_every_change_of_status_that_is_told_is_an_edge_of_the_chart(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
    told = [event.status for event in history.payment.news if isinstance(event, PaymentEvent)]
    for old, new in pairwise(told):
        assert old is new or (old, new) in PAYMENT.edges


@given(histories(*VERBS))
def test_time_never_goes_back(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        before = history.payment.updated_at
        history.take(step)
        assert before <= history.payment.updated_at
    instants = [event.at for event in history.payment.news]
    assert sorted(instants) == instants


@given(histories(*VERBS), steps("request_capture", "request_void", "request_refund"))
def test_a_refused_verb_changes_nothing_and_an_accepted_one_not_what_it_was_asked_of(
    happened: list[Step], commands: list[Step]
) -> None:
    history = History()
    for step in happened:
        history.take(step)
    for step in commands:
        payment, twin = history.payment, attrs.evolve(history.payment)
        history.take(step)
        assert (twin, twin.news) == (payment, payment.news)


INSTANTS = st.none() | st.integers(0, 3).map(lambda minutes: NOW + timedelta(minutes=minutes))


def facts() -> st.SearchStrategy[Fact]:
    kinds = (Captured, Retaken, Declined, Bounced, Pending, Canceled, NotAttempted)
    amounts = strategies.money("JPY", least=1, most=3)
    return strategies.facts(*kinds, amounts=amounts, occurred_at=INSTANTS)


def evidence() -> st.SearchStrategy[list[Evidence]]:
    sources = st.sampled_from(
        [
            EvidenceSource.RESPONSE,
            EvidenceSource.NOTIFICATION,
            EvidenceSource.LOOK_UP,
            EvidenceSource.PERSON,
        ]
    )
    one = st.builds(Evidence, fact=facts(), source=sources, recorded_at=st.just(NOW))
    return st.lists(one, min_size=1, max_size=6)


def requested(last_word: LastWord | None = None) -> tuple[Payment, Capture]:
    held, _ = begun().authorize(
        "au", amount=yen(10), references=NO_REFERENCES, expires_at=None, at=NOW
    )
    return held.request_capture(
        "ca",
        amount=yen(3),
        over=yen(0),
        is_final=False,
        lease=Lease(at=NOW, until=NOW, deadline=NOW, last_word=last_word),
        metadata=Metadata(),
    )


def observed(order: list[Evidence]) -> Capture:
    _, operation = requested()
    for one in order:
        operation = operation.observed(one)
    return operation


def all_told(order: list[Evidence], last_word: LastWord | None) -> tuple[object, ...]:
    """How a payment and its capture stand when all that was said has been settled."""
    payment, capture = requested(last_word)
    for one in order:
        payment, capture = payment.settle(capture, one)
    open_kinds = sorted(each.kind for each in payment.discrepancies if each.is_open)
    standing = capture.status, capture.is_contradicted, capture.attention
    return payment.balances, payment.status, payment.open_operations, open_kinds, standing


@given(st.data())
def test_the_same_facts_in_any_order_are_believed_alike(data: st.DataObject) -> None:
    heard = data.draw(evidence())
    again = data.draw(st.permutations(heard))
    one, other = observed(heard), observed(again)
    assert (one.status, one.believed) == (other.status, other.believed)
    assert (one.effect, one.moved_amount) == (other.effect, other.moved_amount)


@given(st.data(), st.sampled_from([None, *LastWord]))
def test_a_payment_ends_alike_in_any_order_of_what_is_said_and_by_a_look_up_afterwards(
    data: st.DataObject, last_word: LastWord | None
) -> None:
    heard = data.draw(evidence())
    again = [*data.draw(st.permutations(heard)), data.draw(st.sampled_from(heard))]
    later = NOW + timedelta(minutes=1)
    found = Evidence(fact=data.draw(facts()), source=EvidenceSource.LOOK_UP, recorded_at=later)
    assert all_told(heard, last_word) == all_told(again, last_word)
    assert all_told([*heard, found], last_word) == all_told([*again, found], last_word)


@given(evidence())
def test_what_is_contradicted_reserves_all_that_was_asked(heard: list[Evidence]) -> None:
    payment, capture = requested()
    for one in heard:
        payment, capture = payment.settle(capture, one)
        if capture.is_contradicted:
            assert yen(3) == payment.balances.capture_in_flight
            assert capture.is_unresolved


@given(evidence())
def test_a_fact_that_is_known_changes_nothing(heard: list[Evidence]) -> None:
    operation = observed(heard)
    for one in heard:
        assert operation is operation.observed(one)


@given(evidence())
def test_a_person_is_not_believed_against_a_decided_word_of_the_provider(
    heard: list[Evidence],
) -> None:
    provider = [one for one in heard if one.source is not EvidenceSource.PERSON]
    decided = [one for one in provider if not isinstance(one.fact, Pending)]
    if decided and not observed(provider).is_contradicted:
        assert observed(provider).believed == observed(heard).believed


@given(histories(*VERBS))
def test_a_history_told_twice_ends_where_it_ended_once(happened: list[Step]) -> None:
    history = History()
    for step in happened:
        history.take(step)
    payment = history.payment
    for movement in history.movements.values():
        if isinstance(movement, Asked):
            for one in movement.facts:
                again, same = settled(payment, movement, one)
                assert again is payment
                assert same is movement
