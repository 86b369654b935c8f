"""What a provider tells of a payment by itself: the same facts in any order end alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st

from paysession._domain.balances import NO_EFFECT, Balances, payment_status
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import Authorization, Capture, Movement, Refund, Reversal, Void
from paysession._domain.operations import Lease
from paysession._domain.payment import Payment
from paysession._money import Money
from paysession.events import DisputeMoved, DisputeOpened, PaymentEvent
from paysession.lifecycles import DISPUTE, PAYMENT, DisputeStatus
from paysession.outcomes import (
    NO_REFERENCES,
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Captured,
    Declined,
    DisputeChanged,
    Fact,
    Failure,
    FailureCode,
    FundsReinstated,
    FundsWithdrawn,
    Refunded,
    Retaken,
    Totals,
    Voided,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILURE = Failure(FailureCode.DO_NOT_HONOR)
INSTANTS = st.none() | st.integers(1, 4).map(lambda minutes: NOW + timedelta(minutes=minutes))
SEQUENCES = st.none() | st.integers(1, 2)


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


AMOUNTS = st.integers(1, 12).map(yen)
WORDS = st.sampled_from([*map(str, DisputeStatus), "prearbitration"])


@attrs.frozen
class Told:
    """One fact, and the record that it is about."""

    about: str
    fact: Fact


def facts_about(about: str, *kinds: st.SearchStrategy[Fact]) -> st.SearchStrategy[Told]:
    return st.builds(Told, st.just(about), st.one_of(kinds))


def moving(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    return st.builds(kind, AMOUNTS, occurred_at=INSTANTS, sequence=SEQUENCES)


HOLD = facts_about(
    "au",
    st.builds(
        AuthorizationChanged,
        st.integers(0, 12).map(yen),
        occurred_at=INSTANTS,
        sequence=SEQUENCES,
        expires_at=INSTANTS,
    ),
    moving(AuthorizationLapsed),
)
REVERSAL = facts_about("rv", moving(FundsWithdrawn), moving(FundsReinstated))
DISPUTED = st.sampled_from(["dp_1", "dp_2"]).flatmap(
    lambda about: facts_about(
        about,
        st.builds(
            DisputeChanged,
            WORDS,
            amount=st.none() | AMOUNTS,
            respond_by=INSTANTS,
            occurred_at=INSTANTS,
            sequence=SEQUENCES,
        ),
        moving(FundsWithdrawn),
        moving(FundsReinstated),
    )
)


def undone() -> st.SearchStrategy[Fact]:
    return st.builds(Bounced, st.just(FAILURE), occurred_at=INSTANTS) | st.builds(
        Declined, st.just(FAILURE), occurred_at=INSTANTS
    )


DASHBOARD = st.one_of(
    facts_about("ca_1", moving(Captured), moving(Retaken), undone()),
    facts_about("vo_1", moving(Voided), undone()),
    facts_about("re_1", moving(Refunded), undone()),
    facts_about("re_2", moving(Refunded), undone()),
)
TOTALS = facts_about(
    "py",
    st.builds(
        Totals,
        captured=st.none() | AMOUNTS,
        refunded=st.none() | AMOUNTS,
        occurred_at=INSTANTS,
        sequence=SEQUENCES,
    ),
)
ALL = st.one_of(HOLD, REVERSAL, DISPUTED, DASHBOARD, TOTALS)
FINAL = facts_about("ca_9", moving(Captured), moving(Retaken), undone())


@attrs.define
class Story:
    """A payment of which ten were held and six taken, and what the provider told of it then."""

    payment: Payment
    records: dict[str, Movement]
    parked: list[Told] = attrs.field(factory=list)

    @classmethod
    def begun(cls) -> Story:
        payment = Payment.begun(
            "py",
            tenant="",
            gateway="bogus",
            payable_id="order",
            payable_reference="R1",
            method=PaymentMethod(id="pm_1", name="Card", gateway="bogus"),
            source=None,
            session_id=None,
            attempt_id=None,
            amount=yen(10),
            customer_id=None,
            capture_policy=CapturePolicy.AUTOMATIC,
            metadata=Metadata(),
            at=NOW,
        )
        payment, authorization = payment.authorize(
            "au", amount=yen(10), references=NO_REFERENCES, expires_at=None, at=NOW
        )
        payment, capture = payment.request_capture(
            "ca_0",
            amount=yen(6),
            over=yen(0),
            is_final=False,
            lease=Lease(at=NOW, until=NOW, deadline=NOW),
            metadata=Metadata(),
        )
        payment, capture = payment.settle(capture, heard(Captured(yen(6))))
        return cls(payment, {"au": authorization, "ca_0": capture})

    @classmethod
    def closing(cls) -> Story:
        """A final capture of three of the four that are left was asked for, and not answered."""
        story = cls.begun()
        story.payment, story.records["ca_9"] = story.payment.request_capture(
            "ca_9",
            amount=yen(3),
            over=yen(0),
            is_final=True,
            lease=Lease(at=NOW, until=NOW, deadline=NOW),
            metadata=Metadata(),
        )
        return story

    def hear(self, told: Told) -> None:
        """Apply a fact; one on a movement that nobody knows yet waits for that."""
        try:
            self.payment, record = self._told(told)
        except TypeError:
            self.parked.append(told)
            return
        if record is not None:
            self.records[told.about] = record
        waiting = [each for each in self.parked if each.about == told.about]
        self.parked = [each for each in self.parked if each.about != told.about]
        for each in waiting:
            self.hear(each)

    def _told(self, told: Told) -> tuple[Payment, Movement | None]:
        about, evidence = self.records.get(told.about), heard(told.fact)
        match told.about[:2], about:
            case "py", _:
                return self.payment.told_of_totals(evidence), None
            case "au", Authorization() as authorization:
                return self.payment.told_of_authorization(authorization, evidence)
            case "rv", None | Reversal() as reversal:
                return self.payment.told_of_reversal(reversal, told.about, evidence)
            case "dp", None | Dispute() as dispute:
                return self.payment.told_of_dispute(dispute, told.about, evidence)
            case _, None | Capture() | Void() | Refund() as movement:
                return self.payment.told_of_movement(movement, told.about, evidence)
            case _:
                raise AssertionError(told)

    @property
    def end(self) -> dict[str, object]:
        """What must be the same in every order."""
        return {
            "balances": self.payment.balances,
            "status": self.payment.status,
            "open": sorted(self.payment.open_operations),
            "until": self.payment.authorized_until,
            "totals": self.payment.totals,
            "movements": self.payment.movements,
            "discrepancies": {
                (each.kind, each.operation_id)
                for each in self.payment.discrepancies
                if each.is_open
            },
            **{id_: end_of(record) for id_, record in self.records.items()},
        }


def end_of(record: Movement) -> object:
    match record:
        case Dispute():
            said = record.status, record.raw_status, record.respond_by, record.is_open
            return said, record.amount, record.effect
        case Authorization() | Reversal():
            return record.amount, record.moved_amount, record.effect
        case _:
            return record.status, record.amount, record.moved_amount, record.effect


def heard(fact: Fact) -> Evidence:
    return Evidence(fact=fact, source=EvidenceSource.NOTIFICATION, recorded_at=NOW)


def after(told: Iterable[Told], story: Story | None = None) -> Story:
    story = story or Story.begun()
    for each in told:
        story.hear(each)
    return story


@st.composite
def in_two_orders(draw: st.DrawFn, told: st.SearchStrategy[Told]) -> tuple[list[Told], list[Told]]:
    """The same facts twice, in any order; the second time some of them are repeated."""
    once = draw(st.lists(told, min_size=1, max_size=8))
    again = draw(st.lists(st.sampled_from(once), max_size=4))
    return once, draw(st.permutations([*once, *again]))


def ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    one, other = (after(told) for told in orders)
    assert one.end == other.end


@given(in_two_orders(HOLD))
def test_what_is_said_of_a_hold_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(REVERSAL))
def test_what_is_said_of_a_reversal_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(DISPUTED))
def test_what_is_said_of_disputes_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(DASHBOARD))
def test_what_is_made_at_the_provider_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(TOTALS | DASHBOARD))
def test_what_is_said_of_totals_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(ALL))
def test_all_that_a_provider_tells_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    ends_alike(orders)


@given(in_two_orders(st.one_of(FINAL, HOLD, DASHBOARD)))
def test_what_a_final_capture_leaves_ends_alike(orders: tuple[list[Told], list[Told]]) -> None:
    one, other = (after(told, Story.closing()) for told in orders)
    assert one.end == other.end


@given(st.lists(st.one_of(FINAL, HOLD, DASHBOARD), max_size=12))
def test_what_is_inferred_of_a_final_capture_is_no_more_than_what_was_told_has_left(
    told: list[Told],
) -> None:
    sums = after(told, Story.closing()).payment.balances
    said = sums.captured + sums.capture_in_flight + sums.voids + sums.voids_in_flight + sums.lapses
    gone = sums.captured + sums.capture_in_flight + sums.voided + sums.void_in_flight + sums.lapsed
    assert gone == said or gone <= sums.authorized
    assert sums.capturable == max(yen(0), sums.authorized - gone)
    if sums.closed:
        asked = sums.capture_in_flight + sums.void_in_flight
        assert sums.held <= asked


@given(st.lists(ALL, max_size=12))
def test_a_payment_carries_the_sum_of_what_was_told_at_every_moment(told: list[Told]) -> None:
    story = Story.begun()
    for each in told:
        story.hear(each)
        total = Balances.opening(yen(10))
        for record in story.records.values():
            total = total.replaced(NO_EFFECT, record.effect)
        assert total == story.payment.balances
        assert len(story.records) == story.payment.movements
        assert payment_status(total, story.payment.phase) is story.payment.status


@given(st.lists(ALL, max_size=12))
def test_more_is_taken_or_gone_than_there_was_only_if_a_discrepancy_says_so(
    told: list[Told],
) -> None:
    story = Story.begun()
    for each in told:
        story.hear(each)
        sums = story.payment.balances
        gone = sums.captured + sums.capture_in_flight + sums.voided + sums.void_in_flight
        kinds = {str(each.kind) for each in story.payment.discrepancies if each.is_open}
        assert gone + sums.lapsed <= sums.authorized or "over_captured" in kinds
        assert sums.net - sums.refund_in_flight >= yen(0) or "over_refunded" in kinds
        is_lost = any(isinstance(each, Reversal) and each.effect for each in story.records.values())
        assert is_lost == ("unexpected_reversal" in kinds)


@given(st.lists(ALL, max_size=12))
def test_every_change_of_status_that_is_told_is_an_edge_of_its_chart(told: list[Told]) -> None:
    payment = after(told).payment
    statuses = [event.status for event in payment.news if isinstance(event, PaymentEvent)]
    assert all(old is new or (old, new) in PAYMENT.edges for old, new in pairwise(statuses))
    for dispute_id in ("dp_1", "dp_2"):
        steps = [
            event.dispute_status
            for event in payment.news
            if isinstance(event, DisputeOpened | DisputeMoved) and event.dispute_id == dispute_id
        ]
        assert all(edge in DISPUTE.edges for edge in pairwise(steps))


@given(st.lists(ALL, max_size=12))
def test_what_is_told_twice_changes_nothing(told: list[Told]) -> None:
    story = after(told)
    payment, records = story.payment, dict(story.records)
    for each in told:
        if each not in story.parked:
            story.hear(each)
    assert payment is story.payment
    assert all(record is story.records[id_] for id_, record in records.items())
