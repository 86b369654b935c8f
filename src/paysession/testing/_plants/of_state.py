"""Planted bugs about lifecycles: something ends twice, too early, or in a way that it cannot."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

import attrs

from paysession._domain import payment_books
from paysession._domain.attempts import Attempt, CloseReason
from paysession._domain.entities import Entity
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._flows import closing, movements
from paysession._flows.asks import Call, Flow, Load, Now, Unit
from paysession._flows.units import atomic
from paysession.events import FactRecorded, SessionCompleted, SessionReopened
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import Authorized, Captured, Fact
from paysession.stores.records import Records
from paysession.testing._plants.plant import Patch, Plant, instead
from paysession.testing._simulation.faults import Fault

_EMPTIED = (PaymentStatus.VOIDED, PaymentStatus.LAPSED)


def _phase_when_empty(status_of: Callable[..., PaymentStatus]) -> object:
    def status(balances: object, phase: PaymentStatus) -> PaymentStatus:
        known = status_of(balances, phase)
        return phase if known in _EMPTIED else known

    return status


def _open_again(late: Callable[..., PaymentSession]) -> object:
    def reopened(
        session: PaymentSession, attempt: Attempt, fact: Fact, *, at: datetime
    ) -> PaymentSession:
        told = late(session, attempt, fact, at=at)
        has_ended = session.is_closed and not session.news
        if not has_ended or not isinstance(fact, Authorized | Captured):
            return told
        status = SessionStatus.PENDING
        return attrs.evolve(told, status=status).telling(SessionReopened(at=at, status=status))

    return reopened


def _completed_again(late: Callable[..., PaymentSession]) -> object:
    def told_again(
        session: PaymentSession, attempt: Attempt, fact: Fact, *, at: datetime
    ) -> PaymentSession:
        told = late(session, attempt, fact, at=at)
        if session.payment_id is None or not session.succeeded:
            return told
        again = SessionCompleted(at=at, status=session.status, payment_id=session.payment_id)
        return told.telling(again)

    return told_again


def _noted_first(look: Callable[..., Flow[None]]) -> object:
    def noted(kind: type, known: Payment, despite: str | None) -> Flow[None]:
        at = yield from Now()

        @atomic
        def note() -> Unit[Payment]:
            newest = yield from Load(Payment, known.id)
            return newest.telling(FactRecorded(at=at, operation_id=known.id, fact="Asked"))

        yield from note()
        yield from look(kind, known, despite)

    return noted


def _by_another_clock(telling: Callable[..., Owner]) -> object:
    def told(owner: Owner, event: Any) -> Owner:  # noqa: ANN401 - an event of any kind
        return telling(owner, attrs.evolve(event, at=event.at + timedelta(milliseconds=1)))

    return told


def _nothing_under_way(session: PaymentSession) -> Unit[None]:
    del session
    yield from ()


def _unless_canceled(in_the_way: Callable[..., Unit[Attempt | None]]) -> object:
    def waited_for(session: PaymentSession, reason: CloseReason) -> Unit[Attempt | None]:
        if reason is CloseReason.CANCELED:
            return None
        return (yield from in_the_way(session, reason))

    return waited_for


def _as_it_is(session: PaymentSession) -> Flow[PaymentSession]:
    return (yield from Load(PaymentSession, session.id))


def _due_whatever_is_under_way(session: PaymentSession) -> datetime | None:
    if session.expires_at is None or session.is_closed:
        return None
    return max(session.expires_at, session.not_before or session.expires_at)


def _paid_already(session: PaymentSession, attempt: Attempt, *, at: datetime) -> PaymentSession:
    return session.complete(f"py_of_{attempt.id}", at=at)


def _let_through(asked: Callable[[Call[Any]], Generator[Call[Any], Any, Any]]) -> object:
    def ask(call: Call[Any]) -> Generator[Call[Any], Any, Any]:
        asking = asked(call)
        answer = yield next(asking)
        try:
            asking.send(answer)
        except StopIteration as end:
            return end.value

    return ask


def _without_facts(dump: Callable[..., dict[str, Any]]) -> object:
    def forgetful(records: Records, entity: Entity) -> dict[str, Any]:
        record = dump(records, entity)
        if "facts" in record["fields"]:
            record["fields"]["facts"] = []
        return record

    return forgetful


PLANTS = (
    Plant(
        name="released-payment-processes-again",
        sentence="a payment of which all was released stands where it began",
        breaks="I15",
        patches=(Patch(payment_books, "payment_status", _phase_when_empty),),
        faults=frozenset({Fault.LAPSED_EARLY}),
    ),
    Plant(
        name="late-money-reopens-session",
        sentence="a session that is over is opened again by money that comes late",
        breaks="I16",
        patches=(Patch(PaymentSession, "late", _open_again),),
        faults=frozenset({Fault.PAID_LATE}),
    ),
    Plant(
        name="session-completed-twice",
        sentence="each further word on a paid session completes it once more",
        breaks="I17",
        patches=(Patch(PaymentSession, "late", _completed_again),),
        faults=frozenset(),
    ),
    Plant(
        name="refused-command-writes",
        sentence="a command is noted before it is known whether it is allowed",
        breaks="I18",
        patches=(Patch(movements, "_look_at_unresolved", _noted_first),),
        faults=frozenset({Fault.TWO_WORKERS}),
    ),
    Plant(
        name="clock-of-its-own",
        sentence="records carry instants that the backend's clock has never told",
        breaks="I20",
        patches=(Patch(Owner, "telling", _by_another_clock),),
    ),
    Plant(
        name="expiry-beats-what-is-under-way",
        sentence="a session expires while its money is being asked for",
        breaks="I21",
        patches=(
            Patch(PaymentSession, "due_at", instead(property(_due_whatever_is_under_way))),
            Patch(closing, "resolved", instead(_as_it_is)),
            Patch(closing, "unresolved_attempt", instead(_nothing_under_way)),
        ),
        profile="hostile",
        faults=frozenset({Fault.TIME_OUT_BEFORE, Fault.CRASH_BEFORE_CALL}),
    ),
    Plant(
        name="pending-taken-for-paid",
        sentence="a session is completed as soon as its provider is working on it",
        breaks="I22",
        patches=(Patch(PaymentSession, "process", instead(_paid_already)),),
        faults=frozenset({Fault.TOLD_BEFORE_ANSWER}),
    ),
    Plant(
        name="cancel-does-not-wait",
        sentence="a session is canceled though nobody knows whether it was paid",
        breaks="I23",
        patches=(Patch(closing, "_in_the_way", _unless_canceled),),
        profile="hostile",
        faults=frozenset({Fault.TIME_OUT_BEFORE, Fault.CRASH_BEFORE_CALL}),
    ),
    Plant(
        name="records-lose-facts",
        sentence="what is known of an operation is not in its record",
        breaks="I24",
        patches=(Patch(Records, "dump", _without_facts),),
    ),
    Plant(
        name="adapters-errors-let-through",
        sentence="what an adapter raises comes through to whoever gave the command",
        breaks="I25",
        patches=(Patch(Call, "__iter__", _let_through),),
        faults=frozenset({Fault.TIME_OUT_BEFORE}),
    ),
)
"""Each is meant for one of I15 to I25."""
