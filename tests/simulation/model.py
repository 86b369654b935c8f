"""
A session, its payment, refunds and a dispute, and all that anybody can do to them next.

The worlds are made of the real aggregates and records, and move by their own verbs: what a
customer, a backend and a provider can do. What they may do is bounded, so that all of it can be
tried. A provider tells the time of all it says, and each word is newer than the one before; two
that contradict each other are told of the same time.

Beyond these bounds are a second payment of the same session, updates of its amount, approvals,
what a person decides, other currencies and words without a time: reports in every order and the
simulator try those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

import attrs

from paysession import CapturePolicy, Money, Payable, PaymentMethod
from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.limits import Metadata
from paysession._domain.methods import Terms
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession.errors import AmountExceeded, IllegalTransition
from paysession.lifecycles import DisputeStatus
from paysession.outcomes import (
    Accepted,
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

Operation: TypeAlias = Capture | Void | Refund
Asked: TypeAlias = Callable[[], tuple[Payment, Operation]]
Move: TypeAlias = "tuple[str, World]"

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSED = Failure(FailureCode.DO_NOT_HONOR)
METHOD = PaymentMethod(id="pm_1", name="Card", gateway="teller")
DISPUTED = References.of(dispute="dp")
DONE: dict[type[Operation], type[Captured | Voided | Refunded]] = {
    Capture: Captured,
    Void: Voided,
    Refund: Refunded,
}


def units(number: int) -> Money:
    return Money(number, "JPY")


@attrs.frozen(kw_only=True)
class Bounds:
    """
    What may happen.

    Attributes:
        units: What is to be paid, and the most that any word speaks of.
        policy: Whether money is taken at once, or held first.
        attempts: How often the customer may try.
        closings: How often its provider may be asked to close the session.
        captures: How many captures and voids the backend may ask for.
        refunds: How many refunds there may be, those that are made by policy among them.
        dashboard: How many movements may be made at the provider, and nobody asked for them.
        verdicts: Where a dispute may stand; none of them is no dispute at all.
        is_changed: Whether what is held may change and lapse.
        differs: Whether other amounts may be moved than were asked for.
        is_late: Whether money may come when the session has ended without any.
        is_denied: Whether attempts are told of, too, whose money has come: that it never did,
            and that they are under way.
    """

    units: int
    policy: CapturePolicy = CapturePolicy.AUTOMATIC
    attempts: int = 1
    closings: int = 0
    captures: int = 0
    refunds: int = 0
    dashboard: int = 0
    verdicts: tuple[DisputeStatus, ...] = ()
    is_changed: bool = False
    differs: bool = False
    is_late: bool = False
    is_denied: bool = False

    @property
    def amounts(self) -> tuple[Money, ...]:
        """Every amount that can be spoken of."""
        return tuple(map(units, range(1, self.units + 1)))


@attrs.frozen
class World:
    """
    A session, and all that has come of it.

    Attributes:
        bounds: What may happen in it.
        account: The payable's.
        session: What the customer pays by.
        attempts: Of the session, the first of which created it.
        payment: What its money has become.
        authorization: What is held of it.
        sale: What was taken of it in one step.
        movements: Captures, voids and refunds beside that, in the order they began.
        dispute: Of the payment.
        steps: How much has happened.
    """

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
        """Every step takes a second."""
        return BEGIN + timedelta(seconds=self.steps)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All that moves money of the payment."""
        return self.movements if self.sale is None else (self.sale, *self.movements)

    @property
    def speaking(self) -> tuple[int, ...]:
        """The attempts of which the provider may still tell what makes a difference."""
        return tuple(
            number
            for number, each in enumerate(self.attempts)
            if each.kind is not AttemptKind.CREATE
            and (self.payment is None or each.is_open or each.payment_id == self.payment.id)
        )

    def later(self, **changes: Any) -> World:
        """Return what has come of it a second later."""
        return attrs.evolve(self, steps=self.steps + 1, **changes)


def beginning(bounds: Bounds) -> World:
    """A session that its provider has just opened."""
    payable = Payable("or_1", total=units(bounds.units))
    session, attempt = PaymentSession.opened(
        "ps",
        tenant="",
        method=METHOD,
        amount=units(bounds.units),
        terms=Terms(payable_id="or_1", payable_reference="R1", capture=bounds.policy),
        source=None,
        attempt_id="at0",
        external_data=None,
        lease=Lease.nobody(BEGIN),
    )
    account = PayableAccount.opened(payable, tenant="", at=BEGIN)
    world = World(bounds, account.moved(None, session.share, at=BEGIN), session, (attempt,))
    return told(world, 0, _said(world, Accepted(references=References.of(session="cs"))))


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


def _lease(world: World) -> Lease:
    """Somebody makes the call at once."""
    later = world.now + timedelta(seconds=1)
    return Lease(at=world.now, until=later, deadline=later)


def _said(world: World, fact: Fact) -> Evidence:
    """A provider's word, of this very second."""
    now = world.now
    timed = attrs.evolve(fact, occurred_at=now)
    return Evidence(fact=timed, source=EvidenceSource.NOTIFICATION, recorded_at=now)


def _found(world: World, word: Evidence) -> Evidence:
    """A word that a look-up finds again."""
    return attrs.evolve(word, source=EvidenceSource.LOOK_UP, recorded_at=world.now)


def _of_customer(world: World) -> Iterator[Move]:
    tried = sum(each.is_completing for each in world.attempts)
    if tried == world.bounds.attempts or any(each.is_unresolved for each in world.attempts):
        return
    with suppress(IllegalTransition):
        attempt_id = f"at{len(world.attempts)}"
        session, ended = _superseded(world, by=attempt_id)
        asking, attempt = session.request_completion(
            attempt_id, source=None, external_data=None, lease=_lease(world)
        )
        account = world.account.moved(world.session.share, asking.share, at=world.now)
        attempts = (*ended, attempt)
        yield "complete", world.later(session=asking, attempts=attempts, account=account)


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
            f"at{len(world.attempts)}", CloseReason.CANCELED, lease=_lease(world)
        )
        yield "ask to close", world.later(session=closing, attempts=(*world.attempts, attempt))


def _of_attempt(world: World, number: int) -> Iterator[Move]:
    """All that a provider can say of an attempt, whatever it said before."""
    attempt = world.attempts[number]
    for fact in _facts_of(world, attempt):
        yield f"{_named(fact)} of attempt {number}", told(world, number, _said(world, fact))
    if attempt.is_contradicted:
        for word in attempt.facts:
            found = told(world, number, _found(world, word))
            yield f"a look-up finds {_named(word.fact)} of attempt {number}", found


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


def told(world: World, number: int, evidence: Evidence) -> World:
    """Settle one fact about one of the attempts."""
    attempt = world.attempts[number]
    others = tuple(each for each in world.attempts if each.is_open and each.id != attempt.id)
    is_its = world.payment is None or attempt.payment_id == world.payment.id
    before = Settlement(
        account=world.account,
        session=world.session,
        attempt=attempt,
        others=others,
        payment=world.payment if is_its else None,
        authorization=world.authorization if is_its else None,
        capture=world.sale if is_its else None,
    )
    after = before.settled(evidence)
    changed = {each.id: each for each in (*after.others, after.attempt)}
    released = () if after.release is None else (after.release,)
    return world.later(
        account=after.account,
        session=after.session,
        attempts=tuple(changed.get(each.id, each) for each in world.attempts),
        payment=after.payment if is_its else world.payment,
        authorization=after.authorization if is_its else world.authorization,
        sale=after.capture if is_its else world.sale,
        movements=(*world.movements, *released),
    )


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
        lease=_lease(world),
        metadata=Metadata(),
    )


def capturing(world: World, payment: Payment, amount: Money, *, is_final: bool) -> Asked:
    return partial(
        payment.request_capture,
        f"ca{len(world.movements)}",
        amount=amount,
        over=units(0),
        is_final=is_final,
        lease=_lease(world),
        metadata=Metadata(),
    )


def voiding(world: World, payment: Payment, amount: Money) -> Asked:
    return partial(
        payment.request_void,
        f"vo{len(world.movements)}",
        amount=amount,
        lease=_lease(world),
        metadata=Metadata(),
    )


def _of_operation(world: World, payment: Payment, operation: Operation) -> Iterator[Move]:
    """All that a provider can say of a movement, whatever it said before."""
    for name, words in _words_on(world, operation):
        after, settled = payment, operation
        for word in words:
            after, settled = _settled(after, settled, word)
        movements = tuple(settled if each is operation else each for each in world.movements)
        yield f"{name} of {operation.id}", _with_payment(world, after, movements=movements)


def _words_on(world: World, operation: Operation) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for fact in _facts_on(world, operation):
        yield _named(fact), (_said(world, fact),)
    done, refused = DONE[type(operation)](operation.amount), Declined(REFUSED)
    yield "a success and a failure at once", (_said(world, done), _said(world, refused))
    if not operation.facts:
        yield "a look-up finds nothing", (_found(world, _said(world, NotAttempted())),)
    if operation.is_contradicted:
        for word in operation.facts:
            yield f"a look-up finds {_named(word.fact)}", (_found(world, word),)


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
            after, known = payment.told_of_authorization(world.authorization, _said(world, fact))
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
            after, made = payment.told_of_movement(None, movement_id, _said(world, fact))
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
        after, dispute = payment.told_of_dispute(world.dispute, "dp", _said(world, fact))
        yield _named(fact), _with_payment(world, after, dispute=dispute)


def _with_payment(world: World, payment: Payment, **changes: Any) -> World:
    assert world.payment is not None
    account = world.account.moved(world.payment.share, payment.share, at=world.now)
    return world.later(payment=payment, account=account, **changes)
