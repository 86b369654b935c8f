"""
The chart of a payment against all that can happen to one.

Starting with a few units, every verb of a payment and every fact about its movements is
tried, until nothing new is found. The changes of status that its events tell must be the
edges of the chart, no more and no fewer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import attrs

from paysession._domain.balances import payment_status
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms
from paysession._domain.movements import Authorization, Capture, Refund, Reversal, Void
from paysession._domain.operations import Lease
from paysession._domain.payment import Payment
from paysession._domain.sources import MandateUse, StoredSource
from paysession._money import Money
from paysession.errors import IllegalTransition
from paysession.lifecycles import PAYMENT, DisputeStatus, OperationStatus, PaymentStatus
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
    Voided,
)

Asked: TypeAlias = Capture | Void | Refund
R = TypeVar("R", Authorization, Reversal, Dispute)
Edge: TypeAlias = tuple[PaymentStatus, PaymentStatus]


@attrs.frozen
class Bounds:
    """How far a search goes: units, movements, and who may act beside us and those we ask."""

    amount: int
    most_asked: int
    is_told_otherwise: bool = False
    is_marked: bool = False
    is_disputed: bool = False
    is_made_at_provider: bool = False


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEARCHES = (
    Bounds(3, 2),
    Bounds(2, 3),
    Bounds(2, 2, is_disputed=True),
    Bounds(2, 1, is_told_otherwise=True),
    Bounds(1, 2, is_told_otherwise=True),
    Bounds(1, 1, is_told_otherwise=True, is_disputed=True),
    Bounds(2, 2, is_made_at_provider=True),
    Bounds(2, 1, is_told_otherwise=True, is_made_at_provider=True),
    Bounds(1, 2, is_marked=True),
)
"""
The first two together find what three units and three movements find, in a quarter of the
time. Disputes, and holds that change, add to that; nothing that is made at the provider or
that people say leads anywhere else.
"""
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
SUCCESS: Mapping[type, type[Captured | Voided | Refunded]] = {
    Capture: Captured,
    Void: Voided,
    Refund: Refunded,
}
LEASE = Lease(at=NOW, until=NOW, deadline=NOW)
TERMS = Terms(payable_id="order", payable_reference="R1")
SOURCE = StoredSource(id="src", profile_id="tok")


def units(number: int) -> Money:
    return Money(number, "JPY")


@attrs.frozen
class Node:
    """A payment with all that moved of it, and how many steps it took."""

    payment: Payment
    bounds: Bounds
    asked: tuple[Asked, ...] = ()
    authorization: Authorization | None = None
    reversal: Reversal | None = None
    dispute: Dispute | None = None
    steps: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it, without ids and times."""
        movements = sorted(
            (
                type(one).__name__,
                one.origin,
                one.status,
                one.amount.minor,
                sum(money.minor for money in one.effect.values()),
            )
            for one in self.asked
        )
        phase = None if self.payment.balances.authorized else self.payment.phase
        return (
            self.payment.status,
            self.payment.balances,
            phase,
            tuple(movements),
            self.authorization and self.authorization.moved_amount,
            self.reversal and self.reversal.moved_amount,
            self.dispute and (self.dispute.status, self.dispute.moved_amount),
        )

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.steps)

    @property
    def may_have_more(self) -> bool:
        return len(self.asked) < self.bounds.most_asked

    def told(self, fact: Fact) -> Evidence:
        """What the provider says now, and of now."""
        dated = attrs.evolve(fact, occurred_at=self.now)
        return Evidence(fact=dated, source=EvidenceSource.NOTIFICATION, recorded_at=self.now)

    def after(self, payment: Payment, **changes: Any) -> Node:
        return attrs.evolve(self, payment=payment, steps=self.steps + 1, **changes)

    def asking(self, payment: Payment, more: Asked | None) -> Node:
        assert more is not None
        return self.after(payment, asked=(*self.asked, more))

    def replaced(self, old: Asked, fact: Fact) -> Node:
        payment, new = settled(self.payment, old, self.told(fact))
        return self.after(payment, asked=tuple(new if one is old else one for one in self.asked))


def settled(payment: Payment, one: Asked, evidence: Evidence) -> tuple[Payment, Asked]:
    """Settle a movement of whatever kind."""
    match one:
        case Capture():
            return payment.settle(one, evidence)
        case Void():
            return payment.settle(one, evidence)
        case Refund():
            return payment.settle(one, evidence)


def beginning(bounds: Bounds) -> Node:
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
        amount=units(bounds.amount),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
        phase=PAYMENT.initial,
    )
    return Node(payment, bounds)


def followers(node: Node) -> Iterator[Node]:
    """All that can follow: commands, what a provider does by itself, and its answers."""
    yield from without_money(node)
    if node.bounds.is_marked:
        yield from marked(node)
    if not node.payment.balances.authorized:
        payment, authorization = node.payment.authorize(
            "au", amount=node.payment.amount, references=NO_REFERENCES, expires_at=None, at=node.now
        )
        yield node.after(payment, authorization=authorization)
        return
    if node.may_have_more:
        yield from sold(node)
        yield from commanded(node)
    if node.bounds.is_told_otherwise:
        yield from authorized_otherwise(node)
        yield from taken_back(node)
    if node.bounds.is_disputed:
        yield from disputed(node)
    if node.bounds.is_made_at_provider and node.may_have_more:
        yield from made_at_provider(node)
    for one in node.asked:
        yield from answered(node, one)


def without_money(node: Node) -> Iterator[Node]:
    """What may be done with a payment that has no money yet, and is refused otherwise."""
    before = node.payment
    verbs: tuple[Callable[[], Payment], ...] = (
        lambda: charged(before),
        lambda: before.fail(REFUSED, at=node.now),
        lambda: before.abandon(at=node.now),
        lambda: waiting_for_the_customer(before).abandon(at=node.now),
    )
    for verb in verbs:
        with suppress(IllegalTransition):
            yield node.after(verb())


def waiting_for_the_customer(payment: Payment) -> Payment:
    """As it is once its charge requires an action."""
    return attrs.evolve(payment, asking=(), open_operations=())


def charged(payment: Payment) -> Payment:
    return payment.request_charge(
        "ch", terms=TERMS, source=SOURCE, use=MandateUse.LATER, lease=LEASE
    )[0]


def marked(node: Node) -> Iterator[Node]:
    """A person says that all of it has come, or some has gone back; a provider holds more."""
    before = node.payment
    yield from grown(node)
    if node.may_have_more and before.balances.authorized <= before.amount:
        payment, _, capture = before.mark_paid(
            f"mp{node.steps}",
            authorization_id="ap",
            amount=before.amount,
            reference=None,
            metadata=Metadata(),
            at=node.now,
        )
        yield node.asking(payment, capture)
    if node.may_have_more and before.balances.refundable:
        payment, refund = before.mark_refunded(
            f"mr{node.steps}",
            amount=units(1),
            reason=None,
            reference=None,
            metadata=Metadata(),
            at=node.now,
        )
        yield node.asking(payment, refund)


def grown(node: Node) -> Iterator[Node]:
    """The provider says that it holds more than it had said."""
    less = node.authorization
    if less is not None and less.amount <= node.payment.amount:
        payment, more = node.payment.moved(less, attrs.evolve(less, amount=units(2)), at=node.now)
        yield node.after(payment, authorization=more)


def sold(node: Node) -> Iterator[Node]:
    """The provider took in one step what it said it holds, before anything was asked."""
    balances = node.payment.balances
    if node.asked or balances.lapsed or balances.lost:
        return
    for amount in range(1, balances.authorized.minor + 1):
        fact = Captured(units(amount), occurred_at=node.now)
        evidence = Evidence(fact=fact, source=EvidenceSource.RESPONSE, recorded_at=node.now)
        payment, capture = node.payment.take(
            "sale", amount=units(amount), evidence=evidence, at=node.now
        )
        yield node.asking(payment, capture)


def commanded(node: Node) -> Iterator[Node]:
    number, before = f"{node.steps}", node.payment
    metadata = Metadata()
    for amount in range(1, before.balances.capturable.minor + 1):
        for is_final in (False, True)[: 1 + (amount < before.balances.capturable.minor)]:
            payment, capture = before.request_capture(
                f"ca{number}",
                amount=units(amount),
                over=units(0),
                is_final=is_final,
                lease=LEASE,
                metadata=metadata,
            )
            yield node.asking(payment, capture)
        payment, void = before.request_void(
            f"vo{number}", amount=units(amount), lease=LEASE, metadata=metadata
        )
        yield node.asking(payment, void)
    for amount in range(1, before.balances.refundable.minor + 1):
        payment, refund = before.request_refund(
            f"re{number}",
            amount=units(amount),
            reason=None,
            capture=None,
            lease=LEASE,
            metadata=metadata,
        )
        yield node.asking(payment, refund)


def authorized_otherwise(node: Node) -> Iterator[Node]:
    """More or less is held from now on, or some of it was let go."""
    if node.authorization is None:
        return
    known, most = node.authorization, node.bounds.amount
    facts: list[Fact] = [AuthorizationChanged(units(amount)) for amount in range(most + 1)]
    facts += [AuthorizationLapsed(units(amount)) for amount in range(1, most + 1)]
    for fact in facts:
        payment, authorization = node.payment.told_of_authorization(known, node.told(fact))
        yield node.after(payment, authorization=only_what_counts(authorization))


def taken_back(node: Node) -> Iterator[Node]:
    """Taken money is taken back from us, without a dispute, and comes again."""
    for fact in moves_of_funds(node):
        payment, reversal = node.payment.told_of_reversal(node.reversal, "rv", node.told(fact))
        yield node.after(payment, reversal=reversal and only_what_counts(reversal))


def only_what_counts(record: R) -> R:
    """Without older facts: what comes next is newer than all of them."""
    newest = {type(each.fact): each for each in record.facts}
    return attrs.evolve(record, facts=tuple(newest.values()))


def moves_of_funds(node: Node) -> Iterator[Fact]:
    for amount in range(1, node.payment.balances.captured.minor + 1):
        yield FundsWithdrawn(units(amount))
        yield FundsReinstated(units(amount))


def disputed(node: Node) -> Iterator[Node]:
    """A bank decides, and decides otherwise; the money moves when it likes."""
    statuses = (DisputeStatus.LOST, DisputeStatus.UNDER_REVIEW)
    words: list[Fact] = [DisputeChanged(status) for status in statuses]
    for fact in (*words, *moves_of_funds(node)):
        payment, dispute = node.payment.told_of_dispute(node.dispute, "dp", node.told(fact))
        yield node.after(payment, dispute=dispute and only_what_counts(dispute))


def made_at_provider(node: Node) -> Iterator[Node]:
    """Somebody takes, releases or gives back money at the provider, as much as they like."""
    for amount in range(1, node.bounds.amount + 1):
        money = units(amount)
        facts: tuple[Fact, ...] = (Captured(money), Voided(money), Refunded(money))
        for fact in facts:
            payment, movement = node.payment.told_of_movement(
                None, f"pm{node.steps}", node.told(fact)
            )
            yield node.asking(payment, movement)


def answered(node: Node, one: Asked) -> Iterator[Node]:
    match one.status:
        case OperationStatus.REQUESTED:
            yield node.replaced(one, SUCCESS[type(one)](one.amount, occurred_at=node.now))
            yield node.replaced(one, Declined(REFUSED, occurred_at=node.now))
        case OperationStatus.SUCCEEDED:
            yield node.replaced(one, Bounced(REFUSED, occurred_at=node.now))
        case _:
            yield node.replaced(one, Retaken(one.amount, occurred_at=node.now))


def edges_told(node: Node) -> Iterator[Edge]:
    """The changes of status between the newest events."""
    statuses = [getattr(event, "status", None) for event in node.payment.news]
    known = [status for status in statuses if isinstance(status, PaymentStatus)]
    for old, new in pairwise(known):
        if old is not new:
            yield old, new


def searched(start: Node) -> tuple[int, set[Edge]]:
    """How many nodes there are, and every edge between their statuses."""
    seen, waiting = {start.key}, deque([start])
    edges: set[Edge] = set()
    while waiting:
        node = waiting.popleft()
        for after in followers(node):
            edges.update(edges_told(after))
            read = payment_status(after.payment.balances, after.payment.phase)
            assert read is after.payment.status, f"{after.payment.status} told, {read} read"
            if after.key not in seen:
                seen.add(after.key)
                told = attrs.evolve(after.payment, news=after.payment.news[-1:])
                waiting.append(attrs.evolve(after, payment=told))
    return len(seen), edges


def test_the_edges_of_the_chart_are_those_that_an_exhaustive_search_finds() -> None:
    found: set[Edge] = set()
    for bounds in SEARCHES:
        states, edges = searched(beginning(bounds))
        found |= edges
        print(f"{bounds}: {states} states, {len(edges)} edges")
    print(f"{len(found)} edges in all, {len(PAYMENT.edges)} in the chart")
    missing = sorted(f"{old} -> {new}" for old, new in found - PAYMENT.edges)
    unreached = sorted(f"{old} -> {new}" for old, new in PAYMENT.edges - found)
    assert ([], []) == (missing, unreached)
