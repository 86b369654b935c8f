"""
Every state that a session, its payment, two refunds and a dispute can come to, of few units.

A breadth-first search over the verbs of the domain: what a customer, a backend and a provider
can do is tried in every state until nothing new is found. States are told apart without ids
and times; a provider's word is always newer than the one before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import attrs

from paysession import CapturePolicy, Money, Payable, PaymentMethod
from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.balances import payment_status
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Aggregate
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import Terms
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import PayableAccount, Share
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession.errors import AmountExceeded, IllegalTransition
from paysession.lifecycles import DISPUTE, PAYMENT, SESSION, DisputeStatus, Lifecycle
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Ends,
    Expired,
    Fact,
    Failure,
    FailureCode,
    FundsReinstated,
    FundsWithdrawn,
    Pending,
    Redirect,
    References,
    Refunded,
    Retaken,
    Voided,
)

Operation: TypeAlias = Capture | Void | Refund
Move: TypeAlias = tuple[str, "World"]

O = TypeVar("O", Attempt, Capture, Void, Refund)  # noqa: E741 - O for operation

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
METHOD = PaymentMethod(id="pm_1", name="Card", gateway="teller")
DONE: dict[type[Operation], type[Captured | Voided | Refunded]] = {
    Capture: Captured,
    Void: Voided,
    Refund: Refunded,
}


class ModelWrong(AssertionError):
    """A law does not hold in a state that can be reached."""


def units(number: int) -> Money:
    return Money(number, "JPY")


@attrs.frozen
class Bounds:
    """
    How far the search goes.

    Attributes:
        units: What is to be paid.
        attempts: How often the customer may try.
        captures: How many captures and voids may be asked for.
        refunds: How many refunds.
        verdicts: What a dispute may stand at; none of them is no dispute at all.
        policy: Whether money is taken at once.
    """

    units: int = 3
    attempts: int = 2
    captures: int = 1
    refunds: int = 2
    verdicts: tuple[DisputeStatus, ...] = tuple(DisputeStatus)
    policy: CapturePolicy = CapturePolicy.AUTOMATIC


@attrs.frozen
class World:
    """A session, and all that has come of it."""

    bounds: Bounds
    account: PayableAccount
    session: PaymentSession
    attempts: tuple[Attempt, ...]
    payment: Payment | None = None
    authorization: Authorization | None = None
    sale: Capture | None = None
    movements: tuple[Operation, ...] = ()
    dispute: Dispute | None = None
    steps: int = 0

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.steps)

    @property
    def key(self) -> tuple[object, ...]:
        """What distinguishes it, without ids and times."""
        payment, dispute = self.payment, self.dispute
        return (
            self.session.status,
            len(self.session.asking),
            tuple((each.kind, each.status, _kind(each.believed)) for each in self.speaking),
            payment and (payment.status, payment.balances, payment.phase),
            payment and tuple(sorted(each.kind for each in payment.discrepancies if each.is_open)),
            self.sale and self.sale.status,
            tuple(
                sorted(
                    (type(each).__name__, each.origin, each.status, each.amount.minor)
                    for each in self.movements
                )
            ),
            dispute and (dispute.status, tuple(sorted(dispute.effect.items()))),
        )

    @property
    def speaking(self) -> tuple[Attempt, ...]:
        """The attempts of which the provider may still tell what matters: in the end, one."""
        if self.session.is_open:
            return self.attempts
        paying = self.payment and self.payment.attempt_id
        return tuple(each for each in self.attempts if each.id == (paying or self.attempts[-1].id))

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is open any more."""
        is_paid = self.payment is not None and bool(self.payment.open_operations)
        is_disputed = self.dispute is not None and self.dispute.status not in _VERDICTS
        return self.session.is_closed and not is_paid and not is_disputed

    def later(self, **changes: Any) -> World:
        return attrs.evolve(self, steps=self.steps + 1, **changes)


_VERDICTS = (DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.CLOSED)


def _kind(fact: Fact | None) -> str:
    return type(fact).__name__


def beginning(bounds: Bounds) -> World:
    payable = Payable("or_1", total=units(bounds.units))
    lease = Lease(at=BEGIN, until=BEGIN, deadline=BEGIN)
    session, attempt = PaymentSession.opened(
        "ps",
        tenant="",
        method=METHOD,
        amount=units(bounds.units),
        terms=Terms(payable_id="or_1", payable_reference="R1", capture=bounds.policy),
        source=None,
        attempt_id="at0",
        external_data=None,
        lease=lease,
    )
    account = PayableAccount.opened(payable, tenant="", at=BEGIN)
    world = World(bounds, account.moved(None, session.share, at=BEGIN), session, (attempt,))
    opened = Accepted(references=References.of(session="cs"))
    return told(world, 0, opened)


def moves(world: World) -> Iterator[Move]:
    """All that anybody can do next, and where it leads."""
    yield from _of_customer(world)
    yield from _of_closing(world)
    for attempt in world.speaking:
        yield from _of_provider(world, world.attempts.index(attempt), attempt)
    if world.payment is not None:
        yield from _of_backend(world, world.payment)
        for operation in world.movements:
            yield from _answers(world, world.payment, operation)
        yield from _of_dispute(world, world.payment)


def _lease(world: World) -> Lease:
    return Lease(at=world.now, until=world.now, deadline=world.now)


def _of_customer(world: World) -> Iterator[Move]:
    tried = sum(each.kind is AttemptKind.COMPLETE for each in world.attempts)
    if tried >= world.bounds.attempts or any(each.is_unresolved for each in world.attempts):
        return
    with suppress(IllegalTransition):
        session, ended = _superseded(world, f"at{world.steps}")
        asking, attempt = session.request_completion(
            f"at{world.steps}", source=None, external_data=None, lease=_lease(world)
        )
        account = world.account.moved(world.session.share, asking.share, at=world.now)
        yield "completes", world.later(session=asking, attempts=(*ended, attempt), account=account)


def _superseded(world: World, by: str) -> tuple[PaymentSession, tuple[Attempt, ...]]:
    session, attempts = world.session, []
    for attempt in world.attempts:
        after = attempt
        if attempt.is_open:
            session, after = session.supersede(attempt, by=by, at=world.now)
        attempts.append(after)
    return session, tuple(attempts)


def _of_closing(world: World) -> Iterator[Move]:
    if world.session.is_closed or any(each.is_unresolved for each in world.attempts):
        return
    for reason in CloseReason:
        session, ended = _superseded(world, world.session.attempt_id)
        with suppress(IllegalTransition):
            yield (
                f"{reason} here",
                world.later(session=session.close(reason, at=world.now), attempts=ended),
            )
    if any(each.kind is AttemptKind.CLOSE for each in world.attempts):
        return
    with suppress(IllegalTransition):
        closing, attempt = world.session.request_close(
            f"cl{world.steps}", CloseReason.CANCELED, lease=_lease(world)
        )
        yield "asks to close", world.later(session=closing, attempts=(*world.attempts, attempt))


def _of_provider(world: World, number: int, attempt: Attempt) -> Iterator[Move]:
    if attempt.kind is AttemptKind.CREATE:
        return
    if world.payment is not None and attempt.payment_id != world.payment.id:
        return
    facts: list[Fact] = [Declined(REFUSED), Declined(REFUSED, Ends.OBJECT), Pending()]
    if attempt.kind is AttemptKind.CLOSE:
        facts += [Canceled(), Expired()]
    else:
        facts += [ActionRequired(Redirect("https://bank.example")), Canceled()]
    kind = Captured if world.bounds.policy is CapturePolicy.AUTOMATIC else Authorized
    amounts = () if world.payment else range(1, world.bounds.units + 1)
    facts += [kind(units(amount)) for amount in amounts]
    if world.sale is not None:
        facts += [Bounced(REFUSED), Retaken(units(world.bounds.units))]
    for fact in facts:
        timed = attrs.evolve(fact, occurred_at=world.now)
        yield f"{type(fact).__name__} of {attempt.kind}", told(world, number, timed)


def told(world: World, number: int, fact: Fact) -> World:
    """Settle one fact about one of the attempts."""
    attempt = world.attempts[number]
    others = tuple(each for each in world.attempts if each.is_open and each.id != attempt.id)
    before = Settlement(
        account=world.account,
        session=world.session,
        attempt=attempt,
        others=others,
        payment=world.payment,
        authorization=world.authorization,
        capture=world.sale,
    )
    after = before.settled(_evidence(world, fact))
    changed = {each.id: each for each in (*after.others, after.attempt)}
    attempts = tuple(changed.get(each.id, each) for each in world.attempts)
    released = () if after.release is None else (after.release,)
    return world.later(
        account=after.account,
        session=after.session,
        attempts=attempts,
        payment=after.payment,
        authorization=after.authorization,
        sale=after.capture,
        movements=(*world.movements, *released),
    )


def _evidence(world: World, fact: Fact) -> Evidence:
    return Evidence(fact=fact, source=EvidenceSource.NOTIFICATION, recorded_at=world.now)


def _of_backend(world: World, payment: Payment) -> Iterator[Move]:
    lease, nothing = _lease(world), units(0)
    asked = [each for each in world.movements if not isinstance(each, Refund)]
    refunds = [each for each in world.movements if isinstance(each, Refund)]
    for amount in range(1, world.bounds.units + 1):
        verbs: list[Callable[[], tuple[Payment, Operation]]] = []
        if len(asked) < world.bounds.captures:
            verbs += [
                lambda amount=amount: payment.request_capture(  # type: ignore[misc]
                    f"ca{world.steps}",
                    amount=units(amount),
                    over=nothing,
                    is_final=True,
                    lease=lease,
                    metadata=Metadata(),
                ),
                lambda amount=amount: payment.request_void(  # type: ignore[misc]
                    f"vo{world.steps}", amount=units(amount), lease=lease, metadata=Metadata()
                ),
            ]
        if len(refunds) < world.bounds.refunds:
            verbs += [
                lambda amount=amount: payment.request_refund(  # type: ignore[misc]
                    f"re{world.steps}",
                    amount=units(amount),
                    reason=None,
                    capture=None,
                    lease=lease,
                    metadata=Metadata(),
                )
            ]
        for verb in verbs:
            with suppress(IllegalTransition, AmountExceeded):
                after, operation = verb()
                movements = (*world.movements, operation)
                name = f"{type(operation).__name__.lower()}s {amount}"
                yield name, _with_payment(world, after, movements=movements)


def _answers(world: World, payment: Payment, operation: Operation) -> Iterator[Move]:
    done = DONE[type(operation)](operation.amount)
    facts: list[Fact] = [Pending(), done, Declined(REFUSED)]
    if operation.succeeded:
        facts = [Bounced(REFUSED)]
    elif not operation.is_open:
        facts = [Retaken(operation.amount)] if isinstance(operation, Capture) else [done]
    if isinstance(operation, Refund) and operation.is_open:
        facts.append(Canceled())
    for fact in facts:
        evidence = _evidence(world, attrs.evolve(fact, occurred_at=world.now))
        after, settled = payment.settle(operation, evidence)  # type: ignore[type-var]
        movements = tuple(settled if each is operation else each for each in world.movements)
        name = f"{type(fact).__name__} of a {type(operation).__name__.lower()}"
        yield name, _with_payment(world, after, movements=movements)


def _of_dispute(world: World, payment: Payment) -> Iterator[Move]:
    named = References.of(dispute="dp")
    facts: list[Fact] = [DisputeChanged(each, references=named) for each in world.bounds.verdicts]
    if world.bounds.verdicts:
        for amount in range(1, world.bounds.units + 1):
            facts.append(FundsWithdrawn(units(amount), references=named))
            facts.append(FundsReinstated(units(amount), references=named))
    for fact in facts:
        evidence = _evidence(world, attrs.evolve(fact, occurred_at=world.now))
        after, dispute = payment.told_of_dispute(world.dispute, "dp", evidence)
        yield f"{fact!r} of the dispute", _with_payment(world, after, dispute=dispute)


def _with_payment(world: World, payment: Payment, **changes: Any) -> World:
    assert world.payment is not None
    account = world.account.moved(world.payment.share, payment.share, at=world.now)
    return world.later(payment=payment, account=account, **changes)


def check(before: World, move: str, after: World) -> None:
    """Check all that must hold after a move, whatever it was."""
    _require("an end absorbs", _absorbs(before, after), move, before.session, after.session)
    _require("a session follows its chart", _follows(SESSION, before.session, after.session), move)
    _check_totals(move, after)
    if after.payment is None:
        return
    _require("a payment follows its chart", _follows(PAYMENT, before.payment, after.payment), move)
    balances = after.payment.balances
    read = payment_status(balances, after.payment.phase)
    _require("the status is read from the balances", read is after.payment.status, move)
    _require("nothing is below zero", balances.capturable.minor >= 0 <= balances.refundable.minor)
    _check_limits(move, after, after.payment)
    _check_dispute(move, before, after)
    if after.session.payment_id is not None:
        whole = balances.authorized >= after.session.amount
        _require("a part completes no session", whole, move, after.session, balances)


def _absorbs(before: World, after: World) -> bool:
    return before.session.is_open or before.session.status is after.session.status


def _follows(chart: Lifecycle[Any], before: Aggregate | None, after: Aggregate) -> bool:
    """Whether each status that the newest events tell of is one edge from the last."""
    known = [] if before is None else [getattr(before, "status")]  # noqa: B009
    told = after.news[len(before.news) if before is not None else 0 :]
    known += [event.status for event in told if hasattr(event, "status")]  # type: ignore[attr-defined]
    return all(old == new or (old, new) in chart.edges for old, new in pairwise(known))


def _check_totals(move: str, world: World) -> None:
    shares = [world.session.share, *([world.payment.share] if world.payment else [])]
    zero = units(0)
    total = sum(shares[1:], shares[0])
    account = world.account
    summed = Share(
        authorized=account.authorized,
        paid=account.paid,
        in_flight=account.in_flight,
        refunded=account.refunded,
        lost=account.lost,
    )
    _require("the payable's totals are the sum of its shares", total == summed, move, total, summed)
    _require("no total is below zero", min(account.paid, account.due) >= zero, move, account)


def _check_limits(move: str, world: World, payment: Payment) -> None:
    """What we decided stays within what there is; what a provider did is flagged."""
    balances = payment.balances
    open_ones = {each.kind.value for each in payment.discrepancies if each.is_open}
    taken = balances.captured + balances.capture_in_flight + balances.voided
    taken += balances.void_in_flight + balances.lapsed
    is_within = taken <= balances.authorized
    _require("no more is taken than is held", is_within or "over_captured" in open_ones, move)
    given_back = balances.refunded + balances.refund_in_flight
    is_flagged = "over_refunded" in open_ones or bool(balances.refund_in_flight)
    _require("no more goes back than came", given_back <= balances.captured or is_flagged, move)
    living = [each for each in world.movements if each.is_open or each.succeeded]
    refunds = sum(each.amount.minor for each in living if isinstance(each, Refund))
    _require("refunds are counted once", refunds == given_back.minor, move, refunds, balances)


def _check_dispute(move: str, before: World, after: World) -> None:
    dispute = after.dispute
    if dispute is None:
        return
    balances = after.payment.balances if after.payment else None
    held = sum(money.minor for money in dispute.effect.values())
    booked = balances and balances.withheld.minor + balances.lost.minor
    _require("a dispute's money is in the balances", held == booked, move, dispute, balances)
    _require("a dispute never returns more than it took", held >= 0, move, dispute)
    old = before.dispute.status if before.dispute else dispute.status
    _require("a dispute has a status of its chart", dispute.status in DISPUTE.statuses, move, old)


def _require(law: str, holds: object, *seen: object) -> None:
    if not holds:
        raise ModelWrong(f"{law}: {'; '.join(map(str, seen))}")


@attrs.frozen
class Searched:
    """
    What a search enumerated.

    Attributes:
        states: How many there are.
        moves: How many moves were tried in them.
        stuck: States in which something is open, and from which nothing leads to an end.
    """

    states: int
    moves: int
    stuck: tuple[World, ...]


def searched(bounds: Bounds) -> Searched:
    """Try every move in every state, and check what must hold after each."""
    start = beginning(bounds)
    known: dict[tuple[object, ...], World] = {start.key: start}
    came_from: dict[tuple[object, ...], set[tuple[object, ...]]] = {start.key: set()}
    waiting, tried = deque([start]), 0
    while waiting:
        world = waiting.popleft()
        here = world.key
        for move, after in moves(world):
            tried += 1
            check(world, move, after)
            key = after.key
            if key not in known:
                known[key] = _settled_down(after)
                came_from[key] = set()
                waiting.append(known[key])
            came_from[key].add(here)
    return Searched(len(known), tried, _stuck(known, came_from))


def _settled_down(world: World) -> World:
    """
    Keep of a state what distinguishes it.

    What was told is not told again; of the facts the newest are believed, the older forgotten.
    """
    kept: dict[str, Any] = {
        "account": attrs.evolve(world.account, news=()),
        "session": attrs.evolve(world.session, news=()),
        "attempts": tuple(map(_in_short, world.attempts)),
        "movements": tuple(map(_in_short, world.movements)),
    }
    if world.payment is not None:
        kept["payment"] = attrs.evolve(world.payment, news=())
    if world.sale is not None:
        kept["sale"] = _in_short(world.sale)
    return attrs.evolve(world, **kept)


def _in_short(operation: O) -> O:
    return attrs.evolve(operation, facts=operation.facts[-2:])


def _stuck(
    known: dict[tuple[object, ...], World],
    came_from: dict[tuple[object, ...], set[tuple[object, ...]]],
) -> tuple[World, ...]:
    """Return the states from which nothing leads to an end."""
    saved = deque(key for key, world in known.items() if world.has_ended)
    reached = set(saved)
    while saved:
        for key in came_from[saved.popleft()]:
            if key not in reached:
                reached.add(key)
                saved.append(key)
    return tuple(world for key, world in known.items() if key not in reached)
