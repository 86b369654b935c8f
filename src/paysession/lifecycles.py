"""
Every lifecycle, as a chart: where a thing can stand, and what leads from there.

Theory of operation
===================

A *chart* is a graph. Its nodes are statuses, its arrows are events, and there is nothing
else to it: no condition, no callback, no amount, no clock. Whether there is money enough
for a refund is asked of the balances. The chart answers one question only: may this
follow that?

**Tables.** Each chart is declared once, as a class of python-statemachine, and compiled
when this module is imported to a table, status → event → status. Aggregates move by the
table; it keeps no current status, so threads share it, and a look-up costs next to
nothing. The class stays within reach as `.machine`, and a test drives it through every
pair of status and event to see that it and the table say the same. Diagrams and
documentation are printed from the same tables.

**An event names its target.** `capture` leads to captured from wherever it starts, and no
other event does the work of two. So one status and one event have one target, and a
history of events can be read without knowing the statuses between.

**Two ways to move.** A *command* asks first: `SESSION.next(status, "cancel")` answers the
new status, or raises `IllegalTransition`, which lists what is allowed, and then nothing
has changed. A *fact* asks nobody. What a provider says has happened to money has
happened; the new status is computed from all facts known, and `PAYMENT.cross(old, new)`
asserts that an edge leads there. If it ever fails, the chart is wrong and not the fact.
That is why the charts below have ways back that no command takes: a capture that had
failed is retaken, a refund that had succeeded bounces, a lost dispute is appealed.

**Final means final.** A status is final when nothing can ever leave it, late reports and
corrections included. Only sessions have such an end. Money that arrives for a session
that is over becomes a payment of its own story; the session stays closed. A status that
is neither final nor has an exit is refused at import.

**Closed.** The charts cannot be extended, because every proof is over exactly these. A
backend with a lifecycle of its own (an order, a shipment) keeps its own machine and
drives it by our events.

The charts
==========

*Session* and *setup session*. Pending, requires_action and processing are open, and an
open session moves among them as often as attempts are made: a declined attempt leads
back to pending by `retry`, since the object at the provider lives on. `close` means that
its end was asked of the provider and is not yet answered; the answer may still be that it
was completed, or that it is open after all (`reopen`). Four ends absorb everything.

*Payment*. Its status is a summary of its balances, and the chart says which summaries may
follow one another. The main road is checkout, processing, authorized, captured, refunded;
the partial ones lie between. A bounced refund leads back from refunded, a late
capture leads out of voided or lapsed, a new attempt out of failed or abandoned. None is
final, for a bank may take back a payment years later.

*Operations*: attempt, capture, void, refund. Requested is committed before the provider
is called; pending means that the provider, or the customer, still has to act. `bounce`
takes back a success. `retake` is the provider's own later success, `correct` a success
that was believed to be a failure or a cancellation. `doubt` leads back to requested: success
and failure are both told, and nobody can say which is true. An attempt that a later one
supersedes and a refund that is withdrawn are canceled; a capture or void never is.

*Dispute*. It mirrors a case that others decide, in their order: an inquiry may become a
chargeback, an answer may be followed by another question, and after every verdict there
may be an appeal. What happens to the money is told apart from it. A provider may leave steps
out; the shortest way to where it stands is told then.
"""

# ruff: noqa: A003 (one status of a payment is called reversed)
from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from statemachine import State, StateMachine

from paysession._domain.charts import Lifecycle, compiled

__all__ = [
    "ATTEMPT",
    "CAPTURE",
    "DISPUTE",
    "LIFECYCLES",
    "PAYMENT",
    "REFUND",
    "SESSION",
    "SETUP_SESSION",
    "VOID",
    "DisputeStatus",
    "Lifecycle",
    "OperationStatus",
    "PaymentStatus",
    "SessionStatus",
    "SetupSessionStatus",
]


class SessionStatus(StrEnum):
    """Where one customer's attempt to pay stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    CLOSING = "closing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class SetupSessionStatus(StrEnum):
    """Where one customer's attempt to store a source stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    CLOSING = "closing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class PaymentStatus(StrEnum):
    """Where the money of a payment stands: a summary of its balances."""

    CHECKOUT = "checkout"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    LAPSED = "lapsed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    REVERSED = "reversed"


class OperationStatus(StrEnum):
    """What is believed of one attempt, capture, void or refund."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class DisputeStatus(StrEnum):
    """Where a chargeback or inquiry stands with those who decide it."""

    INQUIRY = "inquiry"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


class _Session(StateMachine):
    pending = State(initial=True)
    requires_action = State()
    processing = State()
    closing = State()
    completed = State(final=True)
    failed = State(final=True)
    canceled = State(final=True)
    expired = State(final=True)

    require_action = requires_action.from_(pending, requires_action, processing)
    process = processing.from_(pending, requires_action, processing)
    retry = pending.from_(pending, requires_action, processing)
    close = closing.from_(pending, requires_action, processing)
    reopen = pending.from_(closing)
    complete = completed.from_(pending, requires_action, processing, closing)
    fail = failed.from_(pending, requires_action, processing, closing)
    cancel = canceled.from_(pending, requires_action, processing, closing)
    expire = expired.from_(pending, requires_action, processing, closing)


class _Payment(StateMachine):
    checkout = State(initial=True)
    processing = State()
    authorized = State()
    partially_captured = State()
    captured = State()
    partially_refunded = State()
    refunded = State()
    voided = State()
    lapsed = State()
    failed = State()
    abandoned = State()
    reversed = State()

    process = processing.from_(checkout, failed, abandoned)
    authorize = authorized.from_(
        checkout,
        processing,
        partially_captured,
        captured,
        voided,
        lapsed,
        failed,
        abandoned,
        partially_refunded,
        refunded,
        reversed,
    )
    capture_part = partially_captured.from_(
        authorized, captured, partially_refunded, refunded, reversed
    )
    capture = captured.from_(
        authorized, partially_captured, partially_refunded, refunded, voided, lapsed, reversed
    )
    refund_part = partially_refunded.from_(
        partially_captured, captured, refunded, authorized, lapsed, reversed, voided
    )
    refund = refunded.from_(
        partially_captured, captured, partially_refunded, authorized, lapsed, reversed, voided
    )
    void = voided.from_(authorized, captured, lapsed, partially_refunded, refunded, reversed)
    lapse = lapsed.from_(authorized, captured, partially_refunded, refunded, reversed, voided)
    fail = failed.from_(processing)
    abandon = abandoned.from_(checkout, processing)
    reverse = reversed.from_(
        partially_captured, captured, partially_refunded, refunded, authorized, lapsed, voided
    )


class _Movement(StateMachine):
    requested = State(initial=True)
    pending = State()
    succeeded = State()
    failed = State()

    pend = pending.from_(requested)
    succeed = succeeded.from_(requested, pending)
    fail = failed.from_(requested, pending)
    doubt = requested.from_(succeeded, failed)
    bounce = failed.from_(succeeded)
    retake = succeeded.from_(failed)
    correct = succeeded.from_(failed)


class _Attempt(StateMachine):
    requested = State(initial=True)
    pending = State()
    succeeded = State()
    failed = State()
    canceled = State()

    pend = pending.from_(requested, canceled)
    succeed = succeeded.from_(requested, pending)
    fail = failed.from_(requested, pending, canceled)
    cancel = canceled.from_(requested, pending)
    doubt = requested.from_(succeeded, failed)
    bounce = failed.from_(succeeded)
    retake = succeeded.from_(failed)
    correct = succeeded.from_(failed, canceled)


class _Refund(StateMachine):
    requested = State(initial=True)
    pending = State()
    succeeded = State()
    failed = State()
    canceled = State()

    pend = pending.from_(requested)
    succeed = succeeded.from_(requested, pending)
    fail = failed.from_(requested, pending, canceled)
    cancel = canceled.from_(requested, pending, succeeded, failed)
    doubt = requested.from_(succeeded, failed, canceled)
    bounce = failed.from_(succeeded)
    retake = succeeded.from_(failed)
    correct = succeeded.from_(failed, canceled)


class _Dispute(StateMachine):
    inquiry = State(initial=True)
    needs_response = State()
    under_review = State()
    won = State()
    lost = State()
    closed = State()

    inquire = inquiry.from_(under_review, closed)
    need_response = needs_response.from_(inquiry, under_review, won, lost, closed)
    review = under_review.from_(inquiry, needs_response, won, lost)
    win = won.from_(inquiry, needs_response, under_review, lost)
    lose = lost.from_(inquiry, needs_response, under_review, won, closed)
    close = closed.from_(inquiry, needs_response, under_review)


SESSION = compiled("session", _Session, SessionStatus)
SETUP_SESSION = compiled("setup_session", _Session, SetupSessionStatus)
PAYMENT = compiled("payment", _Payment, PaymentStatus)
ATTEMPT = compiled("attempt", _Attempt, OperationStatus)
CAPTURE = compiled("capture", _Movement, OperationStatus)
VOID = compiled("void", _Movement, OperationStatus)
REFUND = compiled("refund", _Refund, OperationStatus)
DISPUTE = compiled("dispute", _Dispute, DisputeStatus)

_ALL: tuple[Lifecycle[Any], ...] = (
    SESSION,
    SETUP_SESSION,
    PAYMENT,
    ATTEMPT,
    CAPTURE,
    VOID,
    REFUND,
    DISPUTE,
)
LIFECYCLES: Mapping[str, Lifecycle[Any]] = MappingProxyType({chart.name: chart for chart in _ALL})
