"""Planted bugs about what is written: not at once, not in order, not told, or not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from paysession._domain import standing
from paysession._domain.entities import Aggregate
from paysession._domain.evidence import RANK, Belief, Evidence, EvidenceSource, rank_of
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.payment_books import PaymentBooks
from paysession._domain.settlement import Settlement
from paysession._flows import movements, notifications, reports, requests
from paysession._flows.asks import Call, Flow, Now, Unit
from paysession._flows.reports import NotApplied
from paysession.events import MovementEvent
from paysession.outcomes import Authorized, Report
from paysession.stores import port
from paysession.stores.memory import InMemoryStore
from paysession.stores.port import RecordedEvent
from paysession.testing._plants.plant import Patch, Plant, answering, instead
from paysession.testing._simulation.faults import Fault


def _with_gaps(events_of: Callable[[Aggregate], Iterable[RecordedEvent]]) -> object:
    def numbered(aggregate: Aggregate) -> Iterable[RecordedEvent]:
        for event in events_of(aggregate):
            yield attrs.evolve(event, index=event.index * 2)

    return numbered


def _as_it_was(moved: Callable[..., tuple[Payment, Any]]) -> object:
    def told(payment: Payment, old: object, new: object, **at: object) -> tuple[Payment, Any]:
        after, movement = moved(payment, old, new, **at)
        news = tuple(
            attrs.evolve(event, balances=payment.balances)
            if isinstance(event, MovementEvent)
            else event
            for event in after.news
        )
        return attrs.evolve(after, news=news), movement

    return told


def _of_no_account(events_of: Callable[[Aggregate], Iterable[RecordedEvent]]) -> object:
    def told(aggregate: Aggregate) -> Iterable[RecordedEvent]:
        return () if isinstance(aggregate, PayableAccount) else events_of(aggregate)

    return told


def _first_heard(belief_in: Callable[..., Belief]) -> object:
    def believed(facts: tuple[Evidence, ...], **rules: Any) -> Belief:  # noqa: ANN401 - as given
        decisive = [each for each in facts if rank_of(each.fact) >= RANK[Authorized]]
        return Belief(decisive[0].fact) if decisive else belief_in(facts, **rules)

    return believed


def _of_whatever_attempt(followed: Callable[..., Settlement]) -> object:
    def led(settlement: Settlement, evidence: Evidence) -> Settlement:
        session = settlement.session
        newest = attrs.evolve(session, attempt_id=settlement.attempt.id)
        after = followed(attrs.evolve(settlement, session=newest), evidence)
        restored = attrs.evolve(after.session, attempt_id=session.attempt_id)
        return attrs.evolve(after, session=restored)

    return led


def _dropped(gateway: str, report: Report) -> Flow[tuple[tuple[str, ...], tuple[str, ...]]]:
    place: Callable[..., Flow[Any]] = vars(notifications)["_placed"]
    at = yield from Now()
    placed = yield from place(gateway, report, EvidenceSource.NOTIFICATION, at)
    return ((), ()) if isinstance(placed, NotApplied) else (placed, ())


def _unsettled(*_: object, **__: object) -> Flow[tuple[()]]:
    yield from ()
    return ()


def _before_the_commit(deciding: Callable[..., Callable[[], Flow[Any]]]) -> object:
    def called(unit: Callable[[], Unit[Any]]) -> Callable[[], Flow[Any]]:
        def decide() -> Flow[Any]:
            result = yield from unit()
            for each in result:
                if isinstance(each, Capture | Void | Refund) and each.version == 0:
                    yield from Call(each.gateway, requests.request_for(each))
            return (yield from deciding(unit)())

        return decide

    return called


def _but_one(unpublished: Callable[..., tuple[RecordedEvent, ...]]) -> object:
    def some(store: InMemoryStore, *, limit: int, tenant: str) -> tuple[RecordedEvent, ...]:
        waiting = unpublished(store, limit=limit, tenant=tenant)
        store.mark_published(waiting[-1:], tenant=tenant)
        return waiting[:-1] or waiting

    return some


PLANTS = (
    Plant(
        name="events-with-gaps",
        sentence="the events of one commit are not numbered one by one",
        breaks="I41",
        patches=(Patch(port, "_events_of", _with_gaps),),
    ),
    Plant(
        name="events-tell-what-was",
        sentence="a payment's events carry its balances from before they happened",
        breaks="I42",
        patches=(Patch(PaymentBooks, "moved", _as_it_was),),
    ),
    Plant(
        name="last-writer-wins",
        sentence="a store writes over what somebody else has written meanwhile",
        breaks="I43",
        patches=(Patch(InMemoryStore, "_refuse_conflicts", answering(answer=None)),),
        profile="adyen",
        faults=frozenset({Fault.ALL_AT_ONCE}),
    ),
    Plant(
        name="totals-change-untold",
        sentence="a payable's totals change, and no event is written with them",
        breaks="I44",
        patches=(Patch(port, "_events_of", _of_no_account),),
    ),
    Plant(
        name="store-loses-events",
        sentence="a store takes an event off its outbox that nobody was given",
        breaks="I44",
        patches=(Patch(InMemoryStore, "unpublished", _but_one),),
    ),
    Plant(
        name="first-word-wins",
        sentence="what is believed depends on the order in which it was heard",
        breaks="I45",
        patches=(Patch(standing, "belief_in", _first_heard),),
        faults=frozenset({Fault.REFUND_BOUNCED}),
    ),
    Plant(
        name="old-attempt-leads",
        sentence="what is heard of an attempt that was left behind moves its session",
        breaks="I46",
        patches=(Patch(Settlement, "_followed", _of_whatever_attempt),),
        profile="paypal",
        faults=frozenset({Fault.KEY_IN_FLIGHT}),
    ),
    Plant(
        name="unknown-reference-dropped",
        sentence="a report of what is not known yet is acknowledged and forgotten",
        breaks="I47",
        patches=(Patch(notifications, "_received", instead(_dropped)),),
        faults=frozenset({Fault.UNKNOWN_TO_US}),
    ),
    Plant(
        name="acknowledged-before-stored",
        sentence="a notification is acknowledged, and what it says is not recorded",
        breaks="I48",
        patches=(Patch(reports, "settle", instead(_unsettled)),),
        faults=frozenset(),
    ),
    Plant(
        name="call-before-commit",
        sentence="a provider is asked for what is not committed yet",
        breaks="I49",
        patches=(Patch(movements, "deciding", _before_the_commit),),
    ),
)
"""Each is meant for one of I41 to I49."""
