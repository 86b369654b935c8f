"""
All that anybody can do next to a session, its payment, refunds and a dispute.

The worlds move by the verbs of their own aggregates: what a customer and a backend may ask for,
and whatever a provider can say, however little it fits. What is refused leads nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

from model import Operation, World, found, lease_in, said, told, units

from paysession import CapturePolicy, Money
from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.evidence import Evidence
from paysession._domain.limits import Metadata
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession.errors import AmountExceeded, IllegalTransition
from paysession.outcomes import (
    ActionRequired,
    AuthorizationChanged,
    AuthorizationLapsed,
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
    NotAttempted,
    Pending,
    Redirect,
    References,
    Refunded,
    Retaken,
    Voided,
)

Asked: TypeAlias = Callable[[], tuple[Payment, Operation]]
Move: TypeAlias = tuple[str, World]

REFUSED = Failure(FailureCode.DO_NOT_HONOR)
DISPUTED = References.of(dispute="dp")
DONE: dict[type[Operation], type[Captured | Voided | Refunded]] = {
    Capture: Captured,
    Void: Voided,
    Refund: Refunded,
}


def moves(world: World) -> Iterator[Move]:
    """All that anybody can do next, and where it leads."""
    yield from _of_customer(world)
    yield from _of_closing(world)
    for number in world.speaking:
        yield from _of_attempt(world, number)
    if world.payment is not None:
        yield from _of_backend(world, world.payment)
        for operation in world.movements:
            yield from _of_operation(world, world.payment, operation)
        yield from _of_authorization(world, world.payment)
        yield from _of_dashboard(world, world.payment)
        yield from _of_dispute(world, world.payment)


def _last_words_on(operation: Attempt | Operation) -> list[Evidence]:
    """Those on how it ended that came last, and may contradict each other."""
    ends = [each for each in operation.facts if not isinstance(each.fact, Pending | ActionRequired)]
    newest = max(each.recorded_at for each in ends)
    return [each for each in ends if each.recorded_at == newest]


def _of_customer(world: World) -> Iterator[Move]:
    tried = sum(each.is_completing for each in world.attempts)
    if tried == world.bounds.attempts or any(each.is_unresolved for each in world.attempts):
        return
    with suppress(IllegalTransition):
        attempt_id = f"at{len(world.attempts)}"
        session, ended = _superseded(world, by=attempt_id)
        asking, attempt = session.request_completion(
            attempt_id, source=None, external_data=None, lease=lease_in(world)
        )
        account = world.account.moved(world.session.share, asking.share, at=world.now)
        attempts = (*ended, attempt)
        yield "ask to complete", world.later(session=asking, attempts=attempts, account=account)


def _superseded(world: World, *, by: str) -> tuple[PaymentSession, tuple[Attempt, ...]]:
    """Go on without the attempts that wait for the customer."""
    session, attempts = world.session, []
    for attempt in world.attempts:
        after = attempt
        if attempt.is_open:
            session, after = session.supersede(attempt, by=by, at=world.now)
        attempts.append(after)
    return session, tuple(attempts)


def _of_closing(world: World) -> Iterator[Move]:
    """It is closed here, where a provider need not know; or its provider is asked to."""
    if any(each.is_unresolved for each in world.attempts):
        return
    for reason in CloseReason:
        with suppress(IllegalTransition):
            session, ended = _superseded(world, by=world.session.attempt_id)
            closed = session.close(reason, at=world.now)
            yield f"close here as {reason}", world.later(session=closed, attempts=ended)
    asked = sum(each.kind is AttemptKind.CLOSE for each in world.attempts)
    if asked == world.bounds.closings:
        return
    with suppress(IllegalTransition):
        closing, attempt = world.session.request_close(
            f"at{len(world.attempts)}", CloseReason.CANCELED, lease=lease_in(world)
        )
        yield "ask to close", world.later(session=closing, attempts=(*world.attempts, attempt))


def _of_attempt(world: World, number: int) -> Iterator[Move]:
    """All that a provider can say of an attempt, whatever it said before."""
    attempt = world.attempts[number]
    for fact in _facts_of(world, attempt):
        yield f"{_named(fact)} of {attempt.kind}", told(world, number, said(world, fact))
    if attempt.is_contradicted:
        for word in _last_words_on(attempt):
            after = told(world, number, found(world, word))
            yield f"a look-up finds {_named(word.fact)} of {attempt.kind}", after


def _facts_of(world: World, attempt: Attempt) -> Iterator[Fact]:
    payment = world.payment
    brought_it = payment is not None and payment.id == attempt.payment_id
    if not brought_it or world.bounds.is_denied:
        yield from (Pending(), Declined(REFUSED), Declined(REFUSED, Ends.OBJECT))
        yield from (Canceled(), Expired())
    if attempt.kind is AttemptKind.CLOSE:
        return
    if not brought_it or world.bounds.is_denied:
        yield ActionRequired(Redirect("https://bank.example"))
    if payment is None:
        is_waited_for = world.session.is_open or world.bounds.is_late
        yield from map(_money(world), world.bounds.amounts if is_waited_for else ())
    elif brought_it:
        yield _money(world)(payment.balances.authorized)
        if world.sale is not None:
            yield Bounced(REFUSED)
            yield Retaken(world.sale.amount)


def _money(world: World) -> type[Authorized | Captured]:
    return Captured if world.bounds.policy is CapturePolicy.AUTOMATIC else Authorized


def _named(fact: Fact) -> str:
    """Tell a fact by its kind, and by what it speaks of."""
    match fact:
        case Declined(ends=Ends.OBJECT):
            return "Declined for good"
        case DisputeChanged(status):
            return f"DisputeChanged to {status}"
        case _:
            amount = getattr(fact, "amount", None)
            return f"{type(fact).__name__} {amount.minor}" if amount else type(fact).__name__


def _of_backend(world: World, payment: Payment) -> Iterator[Move]:
    """A backend asks for all that its payment allows."""
    for name, ask in _commands(world, payment):
        with suppress(IllegalTransition, AmountExceeded):
            after, operation = ask()
            yield name, _with_payment(world, after, movements=(*world.movements, operation))


def _commands(world: World, payment: Payment) -> Iterator[tuple[str, Asked]]:
    ours = [each for each in world.movements if each.was_asked_for]
    refunds = sum(isinstance(each, Refund) for each in ours)
    for amount in world.bounds.amounts:
        if refunds < world.bounds.refunds:
            yield f"refund {amount.minor}", refunding(world, payment, amount)
        if len(ours) - refunds < world.bounds.captures:
            yield f"capture {amount.minor}", capturing(world, payment, amount, is_final=False)
            yield f"capture {amount.minor}, final", capturing(world, payment, amount, is_final=True)
            yield f"void {amount.minor}", voiding(world, payment, amount)


def refunding(world: World, payment: Payment, amount: Money) -> Asked:
    return partial(
        payment.request_refund,
        f"re{len(world.movements)}",
        amount=amount,
        reason=None,
        capture=None,
        lease=lease_in(world),
        metadata=Metadata(),
    )


def capturing(world: World, payment: Payment, amount: Money, *, is_final: bool) -> Asked:
    return partial(
        payment.request_capture,
        f"ca{len(world.movements)}",
        amount=amount,
        over=units(0),
        is_final=is_final,
        lease=lease_in(world),
        metadata=Metadata(),
    )


def voiding(world: World, payment: Payment, amount: Money) -> Asked:
    return partial(
        payment.request_void,
        f"vo{len(world.movements)}",
        amount=amount,
        lease=lease_in(world),
        metadata=Metadata(),
    )


def _of_operation(world: World, payment: Payment, operation: Operation) -> Iterator[Move]:
    """All that a provider can say of a movement, whatever it said before."""
    for name, words in _words_on(world, operation):
        after, settled = payment, operation
        for word in words:
            after, settled = _settled(after, settled, word)
        movements = tuple(settled if each is operation else each for each in world.movements)
        heard = f"{name} of a {type(operation).__name__.lower()} of {operation.amount.minor}"
        yield heard, _with_payment(world, after, movements=movements)


def _words_on(world: World, operation: Operation) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for fact in _facts_on(world, operation):
        yield _named(fact), (said(world, fact),)
    done, refused = DONE[type(operation)](operation.amount), Declined(REFUSED)
    yield "a success and a failure at once", (said(world, done), said(world, refused))
    if not operation.facts:
        yield "a look-up finds nothing", (found(world, said(world, NotAttempted())),)
    if operation.is_contradicted:
        for word in _last_words_on(operation):
            yield f"a look-up finds {_named(word.fact)}", (found(world, word),)


def _facts_on(world: World, operation: Operation) -> Iterator[Fact]:
    yield from (Pending(), Declined(REFUSED), Bounced(REFUSED))
    amounts = world.bounds.amounts if world.bounds.differs else (operation.amount,)
    yield from map(DONE[type(operation)], amounts)
    if isinstance(operation, Capture):
        yield Retaken(operation.amount)
    if isinstance(operation, Refund):
        yield Canceled()


def _settled(
    payment: Payment, operation: Operation, evidence: Evidence
) -> tuple[Payment, Operation]:
    match operation:
        case Capture():
            return payment.settle(operation, evidence)
        case Void():
            return payment.settle(operation, evidence)
        case Refund():
            return payment.settle(operation, evidence)


def _of_authorization(world: World, payment: Payment) -> Iterator[Move]:
    if world.authorization is None or not world.bounds.is_changed:
        return
    for kind in (AuthorizationChanged, AuthorizationLapsed):
        for amount in world.bounds.amounts:
            fact = kind(amount)
            after, known = payment.told_of_authorization(world.authorization, said(world, fact))
            yield _named(fact), _with_payment(world, after, authorization=known)


def _of_dashboard(world: World, payment: Payment) -> Iterator[Move]:
    """Money is moved at the provider, and nobody asked for it."""
    unasked = [each for each in world.movements if not each.was_asked_for]
    if len(unasked) >= world.bounds.dashboard:
        return
    movement_id = f"db{len(world.movements)}"
    for kind in DONE.values():
        for amount in world.bounds.amounts:
            fact = kind(amount)
            after, made = payment.told_of_movement(None, movement_id, said(world, fact))
            assert made is not None
            name = f"{_named(fact)} at the dashboard"
            yield name, _with_payment(world, after, movements=(*world.movements, made))


def _of_dispute(world: World, payment: Payment) -> Iterator[Move]:
    if not world.bounds.verdicts:
        return
    words = (DisputeChanged(each, references=DISPUTED) for each in world.bounds.verdicts)
    funds = (
        kind(amount, references=DISPUTED)
        for kind in (FundsWithdrawn, FundsReinstated)
        for amount in world.bounds.amounts
    )
    for fact in (*words, *funds):
        after, dispute = payment.told_of_dispute(world.dispute, "dp", said(world, fact))
        yield _named(fact), _with_payment(world, after, dispute=dispute)


def _with_payment(world: World, payment: Payment, **changes: Any) -> World:
    assert world.payment is not None
    account = world.account.moved(world.payment.share, payment.share, at=world.now)
    return world.later(payment=payment, account=account, **changes)
