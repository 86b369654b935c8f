"""What holds of a charge, its payment and its payable, whatever is told in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st

from paysession._domain.charging import ChargeSettlement
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms, UnderpaidPolicy
from paysession._domain.operations import Lease
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.sources import MandateUse, StoredSource
from paysession._money import Money
from paysession.events import PaymentEvent
from paysession.lifecycles import PAYMENT, PaymentStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Fact,
    NotAttempted,
    Pending,
    Retaken,
    Voided,
)
from paysession.testing import strategies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


def asked(policy: UnderpaidPolicy) -> ChargeSettlement:
    """Ten yen were asked for of a payable that costs twelve."""
    opened = PayableAccount.opened(Payable("order", total=yen(12)), tenant="", at=NOW)
    payment, charge = Payment.begun(
        "py",
        tenant="",
        gateway="bogus",
        payable_id="order",
        payable_reference="R1",
        method=PaymentMethod(id="pm_1", name="Card", gateway="bogus", on_underpaid=policy),
        source=None,
        session_id=None,
        attempt_id=None,
        amount=yen(10),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
        phase=PaymentStatus.CHECKOUT,
    ).request_charge(
        "at",
        terms=Terms(payable_id="order", payable_reference="R1"),
        source=StoredSource(id="src", profile_id="tok"),
        use=MandateUse.LATER,
        lease=Lease(at=NOW, until=NOW, deadline=NOW),
    )
    moved = opened.moved(None, payment.share, at=NOW)
    return ChargeSettlement(account=moved, payment=payment, charge=charge)


instants = st.none() | st.integers(1, 3).map(lambda minutes: NOW + timedelta(minutes=minutes))
amounts = st.sampled_from((6, 10, 13)).map(yen)
facts = strategies.facts(
    *(Authorized, Captured, Retaken, Bounced, Declined, ActionRequired, Pending, Voided),
    *(Accepted, Canceled, NotAttempted),
    amounts=amounts,
    occurred_at=instants,
) | st.builds(Captured, st.just(Money("1.00", "EUR")))
stories = st.lists(facts, max_size=7)
policies = st.sampled_from(UnderpaidPolicy)


def told(before: ChargeSettlement, story: list[Fact]) -> list[ChargeSettlement]:
    """How all stands after each fact."""
    steps = [before]
    for minutes, fact in enumerate(story, start=5):
        evidence = Evidence(
            fact=fact,
            source=EvidenceSource.NOTIFICATION,
            recorded_at=NOW + timedelta(minutes=minutes),
        )
        steps.append(steps[-1].settled(evidence))
    return steps


@given(stories, policies)
def test_the_payable_has_what_its_payment_has_after_every_fact(
    story: list[Fact], policy: UnderpaidPolicy
) -> None:
    for step in told(asked(policy), story):
        share = attrs.asdict(step.payment.share, recurse=False)
        assert share == {name: getattr(step.account, name) for name in share}


@given(stories, policies)
def test_what_may_have_been_taken_is_reserved_and_what_ended_is_not(
    story: list[Fact], policy: UnderpaidPolicy
) -> None:
    for step in told(asked(policy), story):
        assert yen(10 if step.charge.is_asking else 0) == step.account.in_flight
        assert step.charge.is_open == (step.charge.id in step.payment.open_operations)


@given(stories, policies)
def test_a_charge_is_a_success_a_failure_or_open_or_its_money_has_gone_again(
    story: list[Fact], policy: UnderpaidPolicy
) -> None:
    for step in told(asked(policy), story):
        payment = step.payment
        if payment.succeeded:
            assert payment.failure is None
            assert payment.balances.captured or payment.balances.held
        elif payment.failure is None and not payment.is_open:
            assert payment.balances.authorized
        if payment.status is PaymentStatus.FAILED:
            assert payment.failure is not None


@given(stories, policies)
def test_every_change_of_status_that_is_told_is_an_edge_of_the_chart(
    story: list[Fact], policy: UnderpaidPolicy
) -> None:
    payment = told(asked(policy), story)[-1].payment
    statuses = [event.status for event in payment.news if isinstance(event, PaymentEvent)]
    for old, new in pairwise(statuses):
        assert old is new or (old, new) in PAYMENT.edges


@given(stories, policies)
def test_facts_that_are_known_change_nothing(story: list[Fact], policy: UnderpaidPolicy) -> None:
    end = told(asked(policy), story)[-1]
    for known in end.charge.facts:
        assert end is end.settled(known)


@given(st.data())
def test_the_same_facts_in_any_order_leave_the_same_money(data: st.DataObject) -> None:
    """Only words on progress are as new as they are heard; none of them outlives the end."""
    story = data.draw(stories)
    again = data.draw(st.permutations(story))
    one, other = (told(asked(UnderpaidPolicy.ACCEPT), order)[-1] for order in (story, list(again)))
    assert one.payment.balances == other.payment.balances
    assert one.payment.status is other.payment.status
    assert one.charge.status is other.charge.status
    if not one.charge.is_open:
        assert one.account.due == other.account.due
