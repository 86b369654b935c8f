"""What must hold in every world, and after every move from one to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from model import Operation as Movement
from model import World, units
from model_moves import capturing, refunding, voiding

from paysession import Money
from paysession._domain.attempts import CloseReason
from paysession._domain.balances import Balances, payment_status
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.operations import Lease, Operation
from paysession._domain.owners import Owner
from paysession._domain.payable import Share
from paysession._domain.payment import Payment
from paysession.errors import AmountExceeded, IllegalTransition
from paysession.events import DisputeMoved, Event
from paysession.lifecycles import (
    ATTEMPT,
    CAPTURE,
    DISPUTE,
    PAYMENT,
    REFUND,
    SESSION,
    VOID,
    Lifecycle,
    OperationStatus,
    SessionStatus,
)

CHARTS: dict[str, Lifecycle[Any]] = {
    "Attempt": ATTEMPT,
    "Capture": CAPTURE,
    "Void": VOID,
    "Refund": REFUND,
}


class LawBroken(AssertionError):
    """A law does not hold in a state that can be reached."""


def _require(law: str, holds: object, *seen: object) -> None:
    if not holds:
        raise LawBroken(f"{law}: {'; '.join(map(str, seen))}")


def check_step(before: World, after: World) -> None:
    """Check what must hold of a move, whoever made it."""
    _require("an end absorbs", _absorbs(before, after), before.session, after.session)
    _require("a session follows its chart", _follows(SESSION, before.session, after.session))
    _check_operations(before.attempts, after.attempts)
    _check_operations(before.operations, after.operations)
    if after.payment is None:
        return
    _require("a payment follows its chart", _follows(PAYMENT, before.payment, after.payment))
    _check_dispute(before, after)
    _check_asked(before, after)
    _check_told_again(before, after)


def _absorbs(before: World, after: World) -> bool:
    """What a chart calls final is left by nothing, and by no money either."""
    old, new = before.session, after.session
    is_same = (old.status, old.payment_id) == (new.status, new.payment_id)
    return is_same or not SESSION.is_final(old.status)


def _follows(chart: Lifecycle[Any], before: Owner | None, after: Owner) -> bool:
    """Whether each status that the newest events tell of is one edge from the last."""
    old = [] if before is None else [getattr(before, "status")]  # noqa: B009
    told = [event.status for event in _news(before, after) if hasattr(event, "status")]
    return all(a == b or (a, b) in chart.edges for a, b in pairwise([*old, *told]))


def _news(before: Owner | None, after: Owner) -> Sequence[Event]:
    return after.news[len(before.news) if before is not None else 0 :]


def _check_operations(before: Sequence[Operation], after: Sequence[Operation]) -> None:
    known = {each.id: each for each in before}
    for new in after:
        old = known.get(new.id)
        if old is None or old is new or old.status is new.status:
            continue
        way, edges = _way_of(old, new), CHARTS[type(new).__name__].edges
        follows = all(a is b or (a, b) in edges for a, b in pairwise(way))
        _require("an operation follows its chart", follows, new, *way)


def _way_of(old: Operation, new: Operation) -> list[OperationStatus]:
    """Where an operation stood in turn, word by word."""
    way, each = [old.status], old
    for word in new.facts:
        if word not in old.facts:
            each = each.observed(word)
            way.append(each.status)
    return [*way, new.status]


def _check_dispute(before: World, after: World) -> None:
    if after.dispute is None or after.payment is None:
        return
    old = DISPUTE.initial if before.dispute is None else before.dispute.status
    news = _news(before.payment, after.payment)
    told = [each.dispute_status for each in news if isinstance(each, DisputeMoved)]
    way = [old, *told]
    follows = all(edge in DISPUTE.edges for edge in pairwise(way))
    _require("a dispute follows its chart", follows, *way)
    _require("a dispute tells where it stands", way[-1] == after.dispute.status, *way)


def _check_asked(before: World, after: World) -> None:
    """What we ask for is there, counted by hand: what may have moved counts as moved."""
    if before.payment is None or len(after.movements) == len(before.movements):
        return
    new = after.movements[-1]
    if new.facts or not new.was_asked_for:
        return
    back, gone = _living(before, Refund), _living(before, Capture) + _living(before, Void)
    if isinstance(new, Refund):
        taken = sum(each.moved_amount.minor for each in before.operations if _is_taken(each))
        disputed = 0 if before.dispute is None else before.dispute.moved_amount.minor
        there = taken - back - disputed
    else:
        held = before.authorization
        there = (0 if held is None else held.moved_amount.minor) - gone
    _require("we ask for no more than there is", new.amount.minor <= there, new, there)


def _living(world: World, kind: type[Movement]) -> int:
    """Count what was moved by one kind of operation, and what may have been."""
    ours = [each for each in world.operations if isinstance(each, kind)]
    moved = sum(each.moved_amount.minor for each in ours if each.succeeded)
    return moved + sum(each.amount.minor for each in ours if each.is_open)


def _is_taken(operation: Movement) -> bool:
    return isinstance(operation, Capture) and operation.succeeded


def _check_told_again(before: World, after: World) -> None:
    """Money that is told of once more is no later than it was."""
    if before.payment is None or after.payment is None:
        return
    kind = DiscrepancyKind.PAID_AFTER_CLOSE
    is_late = _is_open(after.payment, kind) and not _is_open(before.payment, kind)
    has_moved = before.payment.balances != after.payment.balances
    _require("what has not moved is not late", has_moved or not is_late, after.payment)


def check_state(world: World) -> None:
    """Check what must hold of a world, however it came about."""
    _check_session(world)
    _check_totals(world)
    if world.payment is not None:
        _check_balances(world, world.payment)
        _check_discrepancies(world, world.payment)
        _check_commands(world, world.payment)


def _check_session(world: World) -> None:
    session, payment = world.session, world.payment
    has_completed = session.status is SessionStatus.COMPLETED
    _require("money completes, and only money", has_completed == bool(session.payment_id), session)
    held = units(0) if payment is None else payment.balances.authorized
    _require("a part completes no session", not has_completed or held >= session.amount, held)
    open_ones = {each.id for each in world.attempts if each.is_open}
    _require("its attempts are known", open_ones == set(session.open_attempts), session)
    doubted = any(each.is_contradicted or each.is_denied for each in world.attempts)
    is_told = _is_open(session, DiscrepancyKind.CONTRADICTED)
    _require("what is contradicted is told", doubted == is_told, session.discrepancies)
    if not session.is_closed:
        return
    lease = Lease.nobody(world.now)
    _refuses(
        "an end refuses to be paid",
        session.request_completion,
        "at",
        source=None,
        external_data=None,
        lease=lease,
    )
    _refuses(
        "an end refuses to be closed",
        session.request_close,
        "at",
        CloseReason.CANCELED,
        lease=lease,
    )
    for reason in CloseReason:
        _refuses("an end refuses to end again", session.close, reason, at=world.now)


def _refuses(law: str, command: Callable[..., object], *given: Any, **named: Any) -> None:
    try:
        command(*given, **named)
    except IllegalTransition:
        return
    _require(law, False)


def _is_open(owner: Owner, kind: DiscrepancyKind) -> bool:
    return any(each.is_open and each.kind is kind for each in owner.discrepancies)


def _check_totals(world: World) -> None:
    account, total = world.account, world.session.share
    if world.payment is not None:
        total += world.payment.share
    counted = Share(
        authorized=account.authorized,
        paid=account.paid,
        in_flight=account.in_flight,
        refunded=account.refunded,
        lost=account.lost,
    )
    _require("the payable's totals are the sum of its shares", total == counted, total, counted)


def _check_balances(world: World, payment: Payment) -> None:
    """Money is where its movements put it, and nowhere else."""
    balances = Balances.opening(payment.amount)
    for each in (world.authorization, world.dispute, *world.operations):
        balances = balances if each is None else balances.replaced({}, each.effect)
    _require("the balances are the sum of all effects", balances == payment.balances, balances)
    read = payment_status(balances, payment.phase)
    _require("the status is read from the balances", read is payment.status, read, payment.status)
    open_ones = {each.id for each in world.operations if each.is_open}
    _require("its operations are known", open_ones == set(payment.open_operations), payment)


def _check_discrepancies(world: World, payment: Payment) -> None:
    """What we decide stays within what there is; what a provider does is told where it does not."""
    balances = payment.balances
    gone = _sum(balances.captured, balances.capture_in_flight, balances.voided)
    gone += _sum(balances.void_in_flight, balances.lapsed)
    is_over = gone > balances.authorized
    is_told = _is_open(payment, DiscrepancyKind.OVER_CAPTURED)
    _require("more is taken than held, if it is told", is_over == is_told, balances)
    back = _sum(balances.refunded, balances.refund_in_flight, balances.withheld, balances.lost)
    is_told = _is_open(payment, DiscrepancyKind.OVER_REFUNDED)
    _require("more goes back than came, if it is told", (back > balances.captured) == is_told)
    doubted = any(each.is_contradicted for each in world.operations)
    is_told = _is_open(payment, DiscrepancyKind.CONTRADICTED)
    _require("what is contradicted is told", doubted == is_told, payment.discrepancies)
    for record in (world.authorization, world.dispute):
        if record is not None:
            kind, is_amiss = DiscrepancyKind.AMOUNT_MISMATCH, record.amiss is not None
            told = [each for each in payment.discrepancies if each.is_about(kind, record.id)]
            is_told = any(each.is_open for each in told)
            _require("what is amiss is told", is_amiss == is_told, record, told)


def _sum(*amounts: Money) -> Money:
    return Money.sum(amounts, currency="JPY")


def _check_commands(world: World, payment: Payment) -> None:
    """A command is refused exactly where it asks for more than there is."""
    balances = payment.balances
    for amount in (*world.bounds.amounts, units(world.bounds.units + 1)):
        for ask, there in (
            (refunding(world, payment, amount), balances.refundable),
            (capturing(world, payment, amount, is_final=True), balances.capturable),
            (voiding(world, payment, amount), balances.capturable),
        ):
            try:
                ask()
            except (IllegalTransition, AmountExceeded):
                _require("what is there may be asked for", amount > there, ask, balances)
            else:
                _require("what is not there may not", amount <= there, ask, balances)
