"""I1 to I14: no money is lost, and none is made."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

from collections.abc import Iterator

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.balances import Balances
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.methods import UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, MovementOperation, Refund, Void
from paysession._domain.operations import Origin
from paysession._domain.payment import Payment
from paysession._domain.recorded import Recorded
from paysession._domain.session import PaymentSession
from paysession._money import Money
from paysession.outcomes import Authorized, Captured
from paysession.testing._invariants.books import Books, books_of, told_minor
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.history import EffectKind, History
from paysession.testing._invariants.truth import compared

_COLUMNS = tuple(field.name for field in attrs.fields(Balances))
_LET_GO = ("voided", "void_in_flight", "lapsed")
_MOVEMENTS = (MovementOperation, Recorded)
_SAYS_TOO_MUCH = frozenset(
    {
        DiscrepancyKind.AMOUNT_MISMATCH,
        DiscrepancyKind.CONTRADICTED,
        DiscrepancyKind.OVER_CAPTURED,
        DiscrepancyKind.OVER_REFUNDED,
        DiscrepancyKind.UNEXPECTED_REVERSAL,
    }
)
_SAYS_BELOW_ZERO = frozenset({DiscrepancyKind.OVER_REFUNDED, DiscrepancyKind.UNEXPECTED_REVERSAL})


@invariant
def check_I1(history: History) -> Iterator[Finding]:
    """What is to be moved is money, and more than zero."""
    for _, after in history.changed:
        if isinstance(after, MovementOperation) and after.origin is not Origin.PROVIDER:
            amount: object = after.amount
            yield type(amount) is Money and amount.minor > 0, after.id, repr(amount)
    ended = history.ended
    asked = ended.kwargs.get("amount") if ended is not None else None
    if ended is not None and asked is not None and not _is_more_than_zero(asked):
        yield ended.result is None and not ended.commits, ended.flow, repr(asked)


def _is_more_than_zero(amount: object) -> bool:
    return type(amount) is Money and amount.minor > 0


@invariant
def check_I2(history: History) -> Iterator[Finding]:
    """A payment, its balances and all its movements are in one currency."""
    for books in books_of(history):
        currency = books.payment.amount.currency
        movements = [each for each in books.records if isinstance(each, _MOVEMENTS)]
        amounts = [getattr(books.payment.balances, column) for column in _COLUMNS]
        amounts += [each.amount for each in movements]
        strange = [each for each in amounts if each.currency != currency]
        yield not strange, books.payment, strange


@invariant
def check_I3(history: History) -> Iterator[Finding]:
    """We never ask to take and release more than is held, but for what may be over-captured."""
    for books in books_of(history):
        new = [each for each in books.new if isinstance(each, Capture | Void)]
        if new:
            most = books.authorized + _over(books, history)
            yield _taken_and_released(books) <= most, books.payment.id, new, books.authorized


def _taken_and_released(books: Books) -> int:
    taken = books.captured + books.capture_in_flight
    return taken + books.voided + books.void_in_flight + books.lapsed


def _over(books: Books, history: History) -> int:
    capabilities = history.capabilities_of(books.payment.gateway)
    currency = books.payment.amount.currency
    return capabilities.over_capture(Money.from_minor(books.authorized, currency)).minor


@invariant
def check_I4(history: History) -> Iterator[Finding]:
    """We never ask to give back more than was taken, refunds that may still happen included."""
    for books in books_of(history):
        if any(isinstance(each, Refund) for each in books.new):
            given_back = books.refunded + books.refund_in_flight
            yield given_back <= books.captured, books.payment.id, given_back, books.captured


@invariant
def check_I5(history: History) -> Iterator[Finding]:
    """At every moment more is taken or given back than there is only if the books say so."""
    for books in books_of(history):
        if not books.has(Capture, Void, Refund):
            continue
        is_balanced = _taken_and_released(books) <= books.authorized + _over(books, history)
        is_covered = books.refunded + books.refund_in_flight <= books.captured
        is_told = any(each.kind in _SAYS_TOO_MUCH for each in books.payment.discrepancies)
        yield (is_balanced and is_covered) or is_told, books.payment, books.payment.balances


@invariant
def check_I6(history: History) -> Iterator[Finding]:
    """What may still be taken or given back follows from the balances, and is never below zero."""
    for books in books_of(history):
        balances = books.payment.balances
        minor = {column: getattr(balances, column).minor for column in (*_COLUMNS, *_LET_GO)}
        held = minor["authorized"] - minor["captured"] - minor["voided"] - minor["lapsed"]
        capturable = held - minor["capture_in_flight"] - minor["void_in_flight"]
        kept = minor["captured"] - minor["refunded"] - minor["withheld"] - minor["lost"]
        refundable = kept - minor["refund_in_flight"]
        yield balances.capturable.minor == max(0, capturable), books.payment.id, balances
        yield balances.refundable.minor == max(0, refundable), books.payment.id, balances


@invariant
def check_I7(history: History) -> Iterator[Finding]:
    """A refund counts while it may happen or has; one that failed gives its amount back."""
    for books in books_of(history):
        if books.has(Refund):
            balances = books.payment.balances
            carried = (balances.refunded.minor, balances.refund_in_flight.minor)
            made_up = (books.refunded, books.refund_in_flight)
            yield carried == made_up, books.payment.id, carried, made_up
    for money in compared(history) if history.is_over else ():
        if money.did[EffectKind.GIVEN_BACK] or money.booked("refunded"):
            given_back = money.did[EffectKind.GIVEN_BACK]
            yield given_back == money.booked("refunded"), money


@invariant
def check_I8(history: History) -> Iterator[Finding]:
    """What was ever held is taken, released, lapsed or still held: each unit once."""
    for books in books_of(history):
        if not books.has(Authorization, Capture, Void):
            continue
        balances = books.payment.balances
        for column in ("authorized", "captured", "capture_in_flight", "voided", "void_in_flight"):
            carried, made_up = getattr(balances, column).minor, getattr(books, column)
            yield carried == made_up, books.payment.id, column, carried, made_up
        yield balances.lapsed.minor == books.lapsed, books.payment.id, balances, books.lapsed
        gone = books.captured + books.voided + books.lapsed
        yield balances.held.minor == max(0, books.authorized - gone), books.payment.id, balances
    for money in compared(history) if history.is_over else ():
        yield money.did[EffectKind.TAKEN] == money.booked("captured"), money
        left = money.did[EffectKind.HELD] - money.did[EffectKind.RELEASED]
        let_go = money.booked("voided", "lapsed")
        yield left == money.booked("authorized") - let_go, money


@invariant
def check_I12(history: History) -> Iterator[Finding]:
    """What disputes and banks took back is counted once, below zero too, and then it is told."""
    for books in books_of(history):
        balances = books.payment.balances
        if books.taken_back:
            carried = balances.withheld.minor + balances.lost.minor
            yield carried == books.taken_back, books.payment, balances, books.taken_back
            net = books.captured - books.refunded - books.taken_back
            is_told = any(each.kind in _SAYS_BELOW_ZERO for each in books.payment.discrepancies)
            yield balances.net.minor == net and (net >= 0 or is_told), books.payment, balances
    for money in compared(history) if history.is_over else ():
        gone = money.did[EffectKind.WITHDRAWN] - money.did[EffectKind.REINSTATED]
        if gone or money.booked("withheld", "lost"):
            yield gone == money.booked("withheld", "lost"), money


@invariant
def check_I13(history: History) -> Iterator[Finding]:
    """Where a provider moved another amount than was asked for, a discrepancy says so."""
    for books in books_of(history):
        told = {each.operation_id for each in books.payment.discrepancies}
        for operation in books.done:
            if operation.origin is Origin.PROVIDER:
                continue
            if told_minor(operation) != operation.amount.minor:
                yield operation.id in told, operation.id, books.payment.discrepancies
    for _, after in history.changed:
        if isinstance(after, Attempt) and after.payment_id is not None:
            yield from _of_attempt(after, history)


def _of_attempt(attempt: Attempt, history: History) -> Iterator[Finding]:
    payment = history.get(Payment, attempt.payment_id or "")
    told = _minor_told_of(attempt)
    if payment is not None and told is not None and told != payment.amount.minor:
        kinds = {each.kind for each in payment.discrepancies}
        yield bool(kinds), attempt.id, told, payment


def _minor_told_of(attempt: Attempt) -> int | None:
    facts = (each.fact for each in attempt.facts)
    told = [fact.amount for fact in facts if isinstance(fact, Authorized | Captured)]
    same = [each.minor for each in told if each.currency == attempt.amount.currency]
    return max(same, default=None)


@invariant
def check_I14(history: History) -> Iterator[Finding]:
    """A session that asked for more than it got is not completed, unless a part is accepted."""
    for before, after in history.changed:
        if not isinstance(after, PaymentSession):
            continue
        was_completed = isinstance(before, PaymentSession) and before.succeeded
        partly = _paid_in_part(after, history)
        if partly and not was_completed:
            accepts = after.method.on_underpaid is UnderpaidPolicy.ACCEPT
            enough = any(each >= after.amount.minor for each in _paid_for(after, history))
            yield accepts or enough or not after.succeeded, after, partly


def _paid_for(session: PaymentSession, history: History) -> list[int]:
    attempts = [each for each in history.owned[session.id].values() if isinstance(each, Attempt)]
    told = [_minor_told_of(each) for each in attempts]
    return [each for each in told if each is not None]


def _paid_in_part(session: PaymentSession, history: History) -> list[int]:
    return [each for each in _paid_for(session, history) if each < session.amount.minor]
