"""
A session, its payment, refunds and a dispute: the worlds that a search goes through.

They are made of the real aggregates and records. A provider tells the time of all it says, and
each word is newer than the one before; two that contradict each other are told of the same time.

Beyond their bounds are a second payment of the same session, updates of its amount, approvals,
what a person decides, other currencies and words without a time: reports in every order and the
simulator try those.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import attrs

from paysession import CapturePolicy, Money, Payable, PaymentMethod
from paysession._domain.attempts import Attempt, AttemptKind
from paysession._domain.disputes import Dispute
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.methods import Terms
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession.lifecycles import DisputeStatus
from paysession.outcomes import Accepted, Fact, References

Operation: TypeAlias = Capture | Void | Refund

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
METHOD = PaymentMethod(id="pm_1", name="Card", gateway="teller")


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
    return told(world, 0, said(world, Accepted(references=References.of(session="cs"))))


def lease_in(world: World) -> Lease:
    """Somebody makes the call at once."""
    later = world.now + timedelta(seconds=1)
    return Lease(at=world.now, until=later, deadline=later)


def said(world: World, fact: Fact) -> Evidence:
    """A provider's word, of this very second."""
    now = world.now
    timed = attrs.evolve(fact, occurred_at=now)
    return Evidence(fact=timed, source=EvidenceSource.NOTIFICATION, recorded_at=now)


def found(world: World, word: Evidence) -> Evidence:
    """A word that a look-up finds again."""
    return attrs.evolve(word, source=EvidenceSource.LOOK_UP, recorded_at=world.now)


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
