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
from typing import TypeAlias

import attrs

from paysession._domain.balances import payment_status
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payment import Payment
from paysession._domain.sources import MandateUse, StoredSource
from paysession._money import Money
from paysession.errors import IllegalTransition
from paysession.lifecycles import PAYMENT, OperationStatus, PaymentStatus
from paysession.outcomes import (
    NO_REFERENCES,
    Bounced,
    Captured,
    Declined,
    Fact,
    Failure,
    FailureCode,
    Refunded,
    Retaken,
    Voided,
)

Asked: TypeAlias = Capture | Void | Refund
Edge: TypeAlias = tuple[PaymentStatus, PaymentStatus]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEARCHES = ((3, 2, False), (2, 3, False), (1, 2, True))
"""
Units, how many captures, voids and refunds may be asked for, and whether people say what was
paid as well. The first two together find what three units and three movements find, in a
quarter of the time; nothing that people say leads anywhere else.
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
    """A payment, what was asked of it, and how many steps it took."""

    payment: Payment
    most_asked: int
    is_marked: bool
    asked: tuple[Asked, ...] = ()
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
        return self.payment.status, self.payment.balances, phase, tuple(movements)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.steps)

    def after(self, payment: Payment, asked: tuple[Asked, ...]) -> Node:
        return Node(payment, self.most_asked, self.is_marked, asked, self.steps + 1)

    def replaced(self, old: Asked, fact: Fact) -> Node:
        evidence = Evidence(fact=fact, source=EvidenceSource.NOTIFICATION, recorded_at=self.now)
        payment, new = settled(self.payment, old, evidence)
        return self.after(payment, tuple(new if one is old else one for one in self.asked))


def settled(payment: Payment, one: Asked, evidence: Evidence) -> tuple[Payment, Asked]:
    """Settle a movement of whatever kind."""
    match one:
        case Capture():
            return payment.settle(one, evidence)
        case Void():
            return payment.settle(one, evidence)
        case Refund():
            return payment.settle(one, evidence)


def beginning(amount: int, most_asked: int, is_marked: bool) -> Node:
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
        amount=units(amount),
        customer_id=None,
        capture_policy=CapturePolicy.AUTOMATIC,
        metadata=Metadata(),
        at=NOW,
        phase=PAYMENT.initial,
    )
    return Node(payment, most_asked, is_marked)


def followers(node: Node) -> Iterator[Node]:
    """All that can follow: commands, what a provider does by itself, and its answers."""
    yield from without_money(node)
    if node.is_marked:
        yield from marked(node)
    if not node.payment.balances.authorized:
        payment, _ = node.payment.authorize(
            "au", amount=node.payment.amount, references=NO_REFERENCES, expires_at=None, at=node.now
        )
        yield node.after(payment, ())
        return
    if len(node.asked) < node.most_asked:
        yield from sold(node)
        yield from commanded(node)
    yield from done_by_provider(node)
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
            yield node.after(verb(), node.asked)


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
    if len(node.asked) < node.most_asked and before.balances.authorized <= before.amount:
        payment, _, capture = before.mark_paid(
            f"mp{node.steps}",
            authorization_id="ap",
            amount=before.amount,
            reference=None,
            metadata=Metadata(),
            at=node.now,
        )
        yield node.after(payment, (*node.asked, capture))
    if len(node.asked) < node.most_asked and before.balances.refundable:
        payment, refund = before.mark_refunded(
            f"mr{node.steps}",
            amount=units(1),
            reason=None,
            reference=None,
            metadata=Metadata(),
            at=node.now,
        )
        yield node.after(payment, (*node.asked, refund))


def grown(node: Node) -> Iterator[Node]:
    """The provider says that it holds more than it had said."""
    held = node.payment.balances.authorized
    if held and held <= node.payment.amount:
        less, more = (
            Authorization(
                id="au", payment_id="py", amount=units(amount), created_at=NOW, updated_at=NOW
            )
            for amount in (1, 2)
        )
        payment, _ = node.payment.moved(less, more, at=node.now)
        yield node.after(payment, node.asked)


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
        yield node.after(payment, (capture,))


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
            yield node.after(payment, (*node.asked, capture))
        payment, void = before.request_void(
            f"vo{number}", amount=units(amount), lease=LEASE, metadata=metadata
        )
        yield node.after(payment, (*node.asked, void))
    for amount in range(1, before.balances.refundable.minor + 1):
        payment, refund = before.request_refund(
            f"re{number}",
            amount=units(amount),
            reason=None,
            capture=None,
            lease=LEASE,
            metadata=metadata,
        )
        yield node.after(payment, (*node.asked, refund))


def done_by_provider(node: Node) -> Iterator[Node]:
    before = node.payment
    for amount in range(1, before.balances.held.minor + 1):
        payment, _ = before.lapse(f"la{node.steps}", amount=units(amount), at=node.now)
        yield node.after(payment, node.asked)
    for amount in range(1, before.balances.captured.minor - before.balances.lost.minor + 1):
        payment, _ = before.reverse(f"rv{node.steps}", amount=units(amount), at=node.now)
        yield node.after(payment, node.asked)


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
    for amount, most_asked, is_marked in SEARCHES:
        states, edges = searched(beginning(amount, most_asked, is_marked))
        found |= edges
        print(f"{amount} units, {most_asked} movements: {states} states, {len(edges)} edges")
    print(f"{len(found)} edges in all, {len(PAYMENT.edges)} in the chart")
    missing = sorted(f"{old} -> {new}" for old, new in found - PAYMENT.edges)
    unreached = sorted(f"{old} -> {new}" for old, new in PAYMENT.edges - found)
    assert ([], []) == (missing, unreached)
