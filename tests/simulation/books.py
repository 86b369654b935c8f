"""
The books of a shop, checked: nothing lost, nothing doubled, everything closed.

Everything is read from the store and from the provider, never from what a command returned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeVar

from shop import Shop

from paysession import Money, PayableAccount, Payment, PaymentSession
from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.balances import Balances, payment_status
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Aggregate, Entity, Record
from paysession._domain.methods import CapturePolicy
from paysession._domain.movements import Authorization, Capture, MovementOperation, Refund, Void
from paysession._domain.operations import Operation
from paysession._domain.owners import Owner
from paysession._domain.parked import ParkedReport
from paysession._domain.payable import Share
from paysession._domain.recorded import Recorded
from paysession._domain.setup_session import SetupSession
from paysession.gateways.bogus import BogusEffect, BogusEffectKind
from paysession.gateways.requests import LookUpRequest
from paysession.lifecycles import (
    PAYMENT,
    SESSION,
    SETUP_SESSION,
    Lifecycle,
    SessionStatus,
    SetupSessionStatus,
)
from paysession.stores import RecordedEvent

E = TypeVar("E", bound=Entity)

COLUMNS = {
    BogusEffectKind.HELD: ("authorized",),
    BogusEffectKind.TAKEN: ("captured",),
    BogusEffectKind.RELEASED: ("voided", "lapsed"),
    BogusEffectKind.GIVEN_BACK: ("refunded",),
}


class BooksWrong(AssertionError):
    """A law of the books is broken."""


def require(law: str, holds: bool, *seen: object) -> None:
    if not holds:
        raise BooksWrong(f"{law}: {'; '.join(map(str, seen))}")


def all_of(shop: Shop, kind: type[E]) -> tuple[E, ...]:
    return tuple(each for each in shop.books.entities() if isinstance(each, kind))


def check_closed(shop: Shop, *, for_people: frozenset[str] = frozenset()) -> None:
    """Check books that nobody works on any more: they must equal the provider's."""
    check_kept(shop)
    require("nothing is left to do", not shop.unresolved, *shop.unresolved)
    check_same_as_provider(shop)
    for account in all_of(shop, PayableAccount):
        check_nothing_waits(shop, account)
    listed = shop.books.attention(limit=1000, tenant="")
    stuck = [each for each in listed if isinstance(each, Operation)]
    require("a person sees what a person must", not stuck or bool(for_people), stuck)
    for operation in stuck:
        known = method_of(operation) in for_people
        require("a person sees only what a person must", known, operation)
    parked = [each for each in listed if isinstance(each, ParkedReport)]
    known = not parked or "notification" in for_people
    require("a person sees only what nobody can apply", known, parked)
    for owner in (each for each in listed if isinstance(each, Owner) and each not in parked):
        is_contradicted = any(one.needs_person for one in owner.discrepancies)
        require("a person sees what is contradicted", is_contradicted, owner)


def check_kept(shop: Shop) -> None:
    """Check what holds at every moment, whoever is at work."""
    for payment in all_of(shop, Payment):
        check_payment(shop, payment)
    for account in all_of(shop, PayableAccount):
        check_account(shop, account)
    for session in all_of(shop, PaymentSession):
        check_session(shop, session)
    for setup_session in all_of(shop, SetupSession):
        check_setup_session(shop, setup_session)
    check_effects(shop.bogus.effects)
    check_secrets(shop)
    check_events(shop)


def check_payment(shop: Shop, payment: Payment) -> None:
    balances = payment.balances
    movements = [
        each
        for each in shop.books.entities()
        if isinstance(each, MovementOperation | Recorded) and each.payment_id == payment.id
    ]
    expected = Balances.opening(payment.amount)
    for movement in movements:
        expected = expected.replaced({}, movement.effect)
    require("balances are the sum of the movements", expected == balances, expected, balances)
    require(
        "the status is read from the balances",
        payment.status is payment_status(balances, payment.phase),
        payment,
    )
    charges = [each for each in all_of(shop, Charge) if each.payment_id == payment.id]
    operations = (each for each in (*movements, *charges) if isinstance(each, Operation))
    open_ones = {each.id for each in operations if each.is_open}
    require("open operations are listed", open_ones == set(payment.open_operations), payment)
    zero = Money.zero(payment.amount.currency)
    reserved = payment.amount if any(each.is_unresolved for each in charges) else zero
    require("what is being charged is reserved", reserved == payment.in_flight, payment)
    require("every movement counts", len(movements) == payment.movements, payment)
    _check_limits(payment, movements)
    require("capturable is never below zero", balances.capturable >= zero, payment)
    require("refundable is never below zero", balances.refundable >= zero, payment)


def _check_limits(payment: Payment, movements: Iterable[MovementOperation | Recorded]) -> None:
    """
    Check, by the records alone, that no more is taken than held, or given back than taken.

    What the provider does by itself may be more, or be heard of too early: that is told.
    """
    held = _asked(movements, Authorization)
    taken = _asked(movements, Capture, Void)
    given_back = _asked(movements, Refund)
    captured = Money.sum(
        (each.moved_amount for each in movements if isinstance(each, Capture) and each.succeeded),
        currency=payment.amount.currency,
    )
    told = {each.kind for each in payment.discrepancies}
    is_within = taken <= held + payment.balances.over or DiscrepancyKind.OVER_CAPTURED in told
    require("no more is taken than is held", is_within, payment, movements)
    is_within = given_back <= captured or DiscrepancyKind.OVER_REFUNDED in told
    require("no more is given back than was taken", is_within, payment, movements)


def _asked(movements: Iterable[MovementOperation | Recorded], *kinds: type[Record]) -> Money:
    """Return what was asked for and moved, or may have moved as long as nobody knows."""
    living = [
        each.amount if each.is_open else min(each.amount, each.moved_amount)
        for each in movements
        if isinstance(each, kinds) and (each.is_open or getattr(each, "succeeded", True))
    ]
    return Money.sum(living, currency="USD")


def check_account(shop: Shop, account: PayableAccount) -> None:
    shares = [each.share for each in all_of(shop, Payment) if each.payable_id == account.id]
    shares += [each.share for each in all_of(shop, PaymentSession) if each.payable_id == account.id]
    for column in ("authorized", "paid", "in_flight", "refunded", "lost"):
        total = Money.sum((getattr(s, column) for s in shares), currency=account.total.currency)
        require(
            f"{column} of an account is what it sums to", total == getattr(account, column), account
        )
    assert all(isinstance(share, Share) for share in shares)


def check_nothing_waits(shop: Shop, account: PayableAccount) -> None:
    """
    Check that what was held until the payable is covered was taken, or released.

    Nobody has failed yet where there never was a rest, or it may still come.
    """
    sessions = [each for each in all_of(shop, PaymentSession) if each.payable_id == account.id]
    payments = [each for each in all_of(shop, Payment) if each.payable_id == account.id]
    has_failed = any(each.is_closed and not each.succeeded for each in sessions)
    may_come = any(each.is_open for each in sessions) or any(_may_come(each) for each in payments)
    if not account.is_covered and (may_come or not has_failed):
        return
    for payment in payments:
        waits = payment.capture_policy is CapturePolicy.WHEN_COVERED and payment.balances.capturable
        refused = [
            each
            for each in all_of(shop, Operation)
            if each.attention and each.owner_id == payment.id
        ]
        require("what waited is taken or released", not waits or bool(refused), payment, account)


def _may_come(payment: Payment) -> bool:
    return payment.is_open and not payment.succeeded


def check_setup_session(shop: Shop, session: SetupSession) -> None:
    attempts = [each for each in all_of(shop, SetupAttempt) if each.setup_session_id == session.id]
    open_ones = {each.id for each in attempts if each.is_open}
    require("open attempts are listed", open_ones == set(session.open_attempts), session, attempts)
    is_completed = session.status is SetupSessionStatus.COMPLETED
    require("completed means stored", not is_completed or session.source is not None, session)
    if session.is_closed:
        require("a closed session keeps no secret of the customer", session.client_data is None)


def check_secrets(shop: Shop) -> None:
    """Check that what the browser brought back is sent once, and forgotten in the end."""
    sent = Counter(
        each.key
        for each in shop.bogus.calls
        if not isinstance(each, LookUpRequest) and getattr(each, "external_data", None) is not None
    )
    twice = [key for key, number in sent.items() if number > 1]
    require("no secret is sent twice", not twice, twice)
    for attempt in all_of(shop, SetupAttempt):
        is_forgotten = attempt.is_open or attempt.external_data is None
        require("what has ended keeps no secret", is_forgotten, attempt)


def check_session(shop: Shop, session: PaymentSession) -> None:
    attempts = [each for each in all_of(shop, Attempt) if each.session_id == session.id]
    open_ones = {each.id for each in attempts if each.is_open}
    require("open attempts are listed", open_ones == set(session.open_attempts), session, attempts)
    reserved = any(each.may_take_money and each.is_unresolved for each in attempts)
    zero = Money.zero(session.amount.currency)
    expected = session.amount if reserved and not session.is_closed else zero
    require("what is being asked for is reserved", session.in_flight == expected, session)
    is_completed = session.status is SessionStatus.COMPLETED
    require("completed means paid", is_completed == (session.payment_id is not None), session)
    if session.payment_id is not None:
        paid = {each.id: each for each in all_of(shop, Payment)}[session.payment_id]
        lower = paid.balances.authorized < session.amount
        require("a part completes no session", not lower, session, paid)
    if session.is_closed:
        require("a closed session keeps no secret of the customer", session.client_data is None)


def check_effects(effects: Iterable[BogusEffect]) -> None:
    """Check that no operation moved money twice at the provider; customers by themselves may."""
    standing = (each for each in effects if each.operation_id and not each.is_undone)
    times = Counter((each.operation_id, each.kind) for each in standing)
    twice = [each for each, number in times.items() if number > 1]
    require("no operation moves money twice", not twice, twice)


def check_events(shop: Shop) -> None:
    """Check the outbox: dense, in order, along the charts' edges, and with one end at most."""
    told: dict[str, list[RecordedEvent]] = defaultdict(list)
    for recorded in shop.books.unpublished(limit=1_000_000, tenant=""):
        told[recorded.aggregate_id].append(recorded)
    for aggregate in all_of(shop, Aggregate):
        history = told.pop(aggregate.id)
        _check_dense(aggregate, history)
        if isinstance(aggregate, PaymentSession):
            _check_edges(SESSION, history, aggregate.status)
            ends = [each for each in history if _ends_session(each)]
            require("a session ends once", len(ends) == int(aggregate.is_closed), aggregate, ends)
        if isinstance(aggregate, SetupSession):
            _check_edges(SETUP_SESSION, history, aggregate.status)
            ends = [each for each in history if _ends_session(each)]
            require("a session ends once", len(ends) == int(aggregate.is_closed), aggregate, ends)
        if isinstance(aggregate, Payment):
            _check_edges(PAYMENT, history, aggregate.status)
    require("events are about something that exists", not told, told)


def _check_dense(aggregate: Aggregate, history: list[RecordedEvent]) -> None:
    versions = sorted({each.version for each in history})
    expected = list(range(1, aggregate.version + 1))
    require("every version tells of itself", versions == expected, aggregate.id, versions)
    for version in versions:
        indices = [each.index for each in history if each.version == version]
        require("events of one version are dense", indices == list(range(len(indices))), indices)
    order = [(each.version, each.index) for each in history]
    require("events are in order", order == sorted(order), order)


def _check_edges(chart: Lifecycle[Any], history: list[RecordedEvent], now: object) -> None:
    statuses = [each.event.status for each in history if hasattr(each.event, "status")]
    for old, new in pairwise(statuses):
        along = old == new or any(chart.next(old, move) == new for move in chart.allowed(old))
        require("a status follows an edge", along, chart.name, old, new)
    require("the last event tells the status", statuses[-1] == now, statuses, now)


def _ends_session(recorded: RecordedEvent) -> bool:
    names = {"SessionCompleted", "SessionFailed", "SessionCanceled", "SessionExpired"}
    return type(recorded.event).__name__.removeprefix("Setup") in names


def check_same_as_provider(shop: Shop) -> None:
    """
    Check that all the provider moved is in the books, and nothing else is.

    What waits for a person may be booked, by another call that told of the same money, or not.
    """
    for_people = {each.id for each in shop.operations if each.attention}
    standing = [each for each in shop.bogus.effects if not each.is_undone]
    for kind, columns in COLUMNS.items():
        moved = [each for each in standing if each.kind is kind]
        certain = usd_of(each.amount for each in moved if each.operation_id not in for_people)
        booked, all_moved = _booked(shop, *columns), usd_of(each.amount for each in moved)
        law = f"what is {kind} at the provider is booked"
        require(law, certain <= booked <= all_moved, certain, booked, all_moved)
    total = shop.bogus.provider.total
    gone = total(BogusEffectKind.WITHDRAWN, "USD") - total(BogusEffectKind.REINSTATED, "USD")
    booked = _booked(shop, "withheld", "lost")
    require("what is withdrawn at the provider is booked", gone == booked, gone, booked)


def _booked(shop: Shop, *columns: str) -> Money:
    at_provider = [each for each in all_of(shop, Payment) if each.gateway != "offline"]
    return usd_of(getattr(each.balances, column) for each in at_provider for column in columns)


def usd_of(amounts: Iterable[Money]) -> Money:
    return Money.sum(amounts, currency="USD")


def method_of(operation: Operation) -> str:
    if isinstance(operation, Attempt):
        return operation.kind.value
    if isinstance(operation, SetupAttempt):
        return f"{operation.kind}_setup"
    if isinstance(operation, RefundCancellation):
        return "cancel_refund"
    return type(operation).__name__.lower()


def check_not_doubled(shop: Shop, *, price: Money, allowance: Money) -> None:
    """Check that one purchase moved no more money than it costs."""
    total = shop.bogus.provider.total
    most = price + allowance
    for kind in BogusEffectKind:
        moved = total(kind, price.currency)
        require(f"no more is {kind} than the price", moved <= most, moved, most)
