"""
Forgetting a customer: what tells of a person is erased, and no amount is touched.

One session or payment after the other, each with all of its operations and what was answered
for them in one commit. So whatever interrupts it, the index by customer still finds all that
is left, and nothing else: to forget the same customer again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, TypeVar, assert_never

import attrs

from paysession._domain.attempts import Attempt, SetupAttempt
from paysession._domain.cancellations import RefundCancellation
from paysession._domain.charges import Charge
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Record
from paysession._domain.erasure import (
    AnyOwner,
    Forgotten,
    erased,
    erased_record,
    forgotten,
    may_be_repeated,
    must_stay_as_it_is,
)
from paysession._domain.limits import safe_id
from paysession._domain.movements import Authorization, Capture, Refund, Reversal, Void
from paysession._domain.operations import Operation
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.asks import Claimed, Find, Flow, Load, Now, Unit
from paysession._flows.once import NAMESPACE
from paysession._flows.units import atomic
from paysession.stores.port import Claim

W = TypeVar("W", PaymentSession, SetupSession, Payment)
Erased: TypeAlias = tuple[W | None, tuple[Record, ...], tuple[Claim, ...]]

_OF_PAYMENT = (
    Charge,
    Authorization,
    Capture,
    Void,
    Refund,
    RefundCancellation,
    Reversal,
    Dispute,
)


def forget(customer_id: str) -> Flow[Forgotten]:
    """Erase what tells of a customer, and say where that must wait."""
    wanted, at = safe_id(customer_id, field="customer_id"), (yield from Now())
    sessions = yield from _forgotten_in(PaymentSession, wanted, at)
    setup_sessions = yield from _forgotten_in(SetupSession, wanted, at)
    payments = yield from _forgotten_in(Payment, wanted, at)
    every = (sessions, setup_sessions, payments)
    return Forgotten(
        erased=tuple(owner_id for each in every for owner_id in each.erased),
        still_open=tuple(owner_id for each in every for owner_id in each.still_open),
    )


def _forgotten_in(kind: type[W], customer_id: str, at: datetime) -> Flow[Forgotten]:
    done: list[str] = []
    still_open: list[str] = []
    for owner in (yield from Find(kind, "customer_id", customer_id)):
        after, _, _ = yield from atomic(_erasure_of(kind, owner.id, at))()
        (still_open if after is None else done).append(owner.id)
    return Forgotten(erased=tuple(done), still_open=tuple(still_open))


def _erasure_of(kind: type[W], owner_id: str, at: datetime) -> Callable[[], Unit[Erased[W]]]:
    """Return the unit that erases one session or payment, unless that must wait."""

    def erase() -> Unit[Erased[W]]:
        owner = yield from Load(kind, owner_id)
        records = yield from _records_of(owner)
        if (yield from _must_wait(owner, records, at)):
            return None, (), ()
        return (
            forgotten(owner, at=at),
            tuple(erased_record(each, at=at) for each in records),
            (yield from _answers_of(owner, records)),
        )

    return erase


def _must_wait(owner: AnyOwner, records: tuple[Record, ...], at: datetime) -> Unit[bool]:
    """Whether anything may still happen in it; in a payment's session, that is in the payment."""
    if isinstance(owner, Payment) and owner.session_id is not None:
        session = yield from Load(PaymentSession, owner.session_id)
        if must_stay_as_it_is(session):
            return True
    operations = (each for each in records if isinstance(each, Operation))
    return must_stay_as_it_is(owner) or any(may_be_repeated(each, at=at) for each in operations)


def _answers_of(owner: AnyOwner, records: tuple[Record, ...]) -> Unit[tuple[Claim, ...]]:
    """Return the claims of callers' keys that were answered with any of these, erased."""
    operations = [each for each in records if isinstance(each, Operation)]
    keyed = (each.claim for each in operations if each.claim is not None)
    texts = dict.fromkeys((*owner.claims, *keyed))
    theirs = {owner.id, *(each.id for each in operations)}
    claims: list[Claim] = []
    for text in texts:
        claim = yield from Claimed(NAMESPACE, text)
        if claim is not None and claim.answer is not None and claim.answer.id in theirs:
            after = erased(claim.answer)
            claims.append(attrs.evolve(claim, version=claim.version + 1, answer=after))
    return tuple(claims)


def _records_of(owner: AnyOwner) -> Unit[tuple[Record, ...]]:
    match owner:
        case PaymentSession():
            return (yield from Find(Attempt, "session_id", owner.id))
        case SetupSession():
            return (yield from Find(SetupAttempt, "setup_session_id", owner.id))
        case Payment():
            records: tuple[Record, ...] = ()
            for kind in _OF_PAYMENT:
                records = (*records, *(yield from Find(kind, "payment_id", owner.id)))
            return records
        case _:
            assert_never(owner)
