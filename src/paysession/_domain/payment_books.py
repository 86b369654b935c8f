"""The books of one payment: where its money is, what that allows, and what it contradicts."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

import attrs

from paysession._domain.balances import NO_EFFECT, Balances, payment_status
from paysession._domain.comparing import COMPARED, contradictions, differences, told_at
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Settleable
from paysession._domain.evidence import Evidence
from paysession._domain.failures import Failure
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import (
    Authorization,
    Capture,
    Movement,
    MovementOperation,
    Refund,
    Reversal,
    Void,
)
from paysession._domain.operations import Origin
from paysession._domain.owners import Owner
from paysession._domain.payable import PayableAccount, Share
from paysession._domain.recorded import Recorded
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source
from paysession._money import Money
from paysession.events import DiscrepancyOpened, FactRecorded
from paysession.lifecycles import PaymentStatus
from paysession.outcomes import (
    NO_REFERENCES,
    NextAction,
    ReferenceChanged,
    ReferenceRole,
    References,
)

_ROLES_OF_PAYMENTS = (
    ReferenceRole.SESSION,
    ReferenceRole.AUTHORIZATION,
    ReferenceRole.CUSTOMER,
    ReferenceRole.SOURCE,
)
"""The provider's ids that a movement's fact may teach its payment; its own stay with it."""

_UNWAITED_FOR = (DiscrepancyKind.PAID_AFTER_CLOSE, DiscrepancyKind.PAID_TWICE)
_UNWANTED = (*_UNWAITED_FOR, DiscrepancyKind.UNDERPAID)
"""Why held money is let go as soon as it comes: what is being released covers nothing."""

M = TypeVar("M", Authorization, Capture, Void, Refund, Reversal, Dispute)


@attrs.frozen(kw_only=True)
class PaymentBooks(Owner, Settleable):
    """
    What is known of one payment, and what is read from that.

    Its attributes are described with `Payment`. One method changes its balances, whoever
    moved the money.
    """

    number: str
    gateway: str
    payable_id: str
    payable_reference: str
    customer_id: str | None = None
    method: PaymentMethod
    source: Source | None = None
    session_id: str | None = None
    attempt_id: str | None = None
    balances: Balances
    phase: PaymentStatus
    status: PaymentStatus
    references: References = NO_REFERENCES
    open_operations: tuple[str, ...] = ()
    asking: tuple[str, ...] = ()
    movements: int = 0
    moved_at: datetime | None = None
    totals: tuple[Evidence, ...] = ()
    authorized_until: datetime | None = None
    origin: Origin = Origin.ATTEMPT
    capture_policy: CapturePolicy = CapturePolicy.AUTOMATIC
    next_action: NextAction | None = attrs.field(default=None, repr=False)
    client_data: ClientData | None = attrs.field(default=None, repr=False)
    last_failure: Failure | None = None
    metadata: Metadata = attrs.field(factory=Metadata, repr=False)

    @property
    def amount(self) -> Money:
        """What it was asked for."""
        return self.balances.requested

    @property
    def missing(self) -> Money:
        """
        What was asked for and is not taken yet; zero where all of it is, or more.

        The status does not tell: a payment of which a part was marked as paid is captured.
        """
        rest = self.amount - self.balances.captured
        return rest if rest.minor > 0 else Money.zero(rest.currency)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The commands that its balances allow now."""
        commands = ("capture", "void") if self.balances.capturable else ()
        return (*commands, "refund") if self.balances.refundable else commands

    @property
    def in_flight(self) -> Money:
        """What it reserves of the payable's due amount: all of it while a charge may take it."""
        return self.amount if self.asking else Money.zero(self.amount.currency)

    @property
    def share(self) -> Share:
        """What it adds to the totals of its payable; what is given back by policy is not in it."""
        balances = self.balances
        zero = Money.zero(balances.requested.currency)
        is_unwanted = any(each.is_open and each.kind in _UNWANTED for each in self.discrepancies)
        released = balances.void_in_flight if is_unwanted else zero
        return Share(
            authorized=max(zero, balances.held - released),
            paid=max(zero, balances.captured - balances.uncounted),
            in_flight=self.in_flight,
            refunded=max(zero, balances.refunded - balances.uncounted),
            lost=balances.lost,
        )

    @property
    def awaits_more(self) -> bool:
        """Whether a person has told of money, and all that was asked has not come, or bounced."""
        was_told = self.status is not PaymentStatus.CHECKOUT
        is_by_person = self.phase is PaymentStatus.CHECKOUT and was_told
        return is_by_person and bool(self.missing) and not self.balances.refunded

    @property
    def attention(self) -> bool:
        """
        Whether a contradiction is open that only a person can judge.

        Money that should not have come is nobody's matter once it is on its way back.
        """
        has_money = bool(self.balances.refundable or self.balances.capturable)
        judged = [each for each in self.discrepancies if each.needs_person]
        return any(has_money or each.kind not in _UNWANTED for each in judged)

    @property
    def is_open(self) -> bool:
        """Whether a movement of it has not ended, or more money may come by itself."""
        is_waiting = self.status in (PaymentStatus.CHECKOUT, PaymentStatus.PROCESSING)
        return bool(self.open_operations) or is_waiting or self.awaits_more

    @property
    def succeeded(self) -> bool:
        """Whether money is held or was taken, and not less than what was to be accepted."""
        has_money = bool(self.balances.captured or self.balances.held)
        return has_money and self.last_failure is None and not self.awaits_more

    @property
    def failure(self) -> Failure | None:
        """
        Why its charge was refused, or brought too little to be kept, if it did.

        Money that comes after a refusal takes it back. Movements say why they failed.
        """
        return self.last_failure

    @property
    def _standing(self) -> str:
        return self.status

    @property
    def _next_step(self) -> str:
        if self.next_action is not None:
            return "send the customer to its next_action, and then run recover()"
        if self.status is PaymentStatus.CHECKOUT:
            return "use mark_paid when the money has come"
        if self.awaits_more:
            return f"use mark_paid when the missing {self.missing} have come"
        return super()._next_step

    def moved(self, old: Movement | None, new: M, *, at: datetime) -> tuple[Self, M]:
        """Replace one movement's effect; the status follows. Money changes here only."""
        before = old.effect if old else NO_EFFECT
        balances = self.balances.replaced(before, new.effect)
        status = payment_status(balances, self.phase)
        told, amount = new.tells(before)
        event = told(
            at=max(self.updated_at, at),
            status=status,
            balances=balances,
            movement_id=new.id,
            amount=amount,
        )
        payment = attrs.evolve(
            self,
            balances=balances,
            status=status,
            movements=self.movements if old else self.movements + 1,
        )
        moved = payment.with_open(new).telling(event).weighed(at=at)
        if isinstance(new, Recorded):
            moved = moved.matched(new, at=at)
        return moved._returned(self, at=at), new

    def matched(self, record: Recorded, *, at: datetime) -> Self:
        """Say so while a provider tells of more than there can have been, and counts for less."""
        kind, amiss = DiscrepancyKind.AMOUNT_MISMATCH, record.amiss
        if amiss is None:
            return self.agreed(kind, record.id, at=at)
        most, told = amiss
        return self.disagreed(kind, record.id, most, told, at=at)

    @property
    def _is_back(self) -> bool:
        """Whether nothing of its money is left with us."""
        return self.movements > 0 and self.balances.net.minor <= 0 and not self.balances.held

    def _returned(self, before: PaymentBooks, *, at: datetime) -> Self:
        """What nobody waited for is amiss as long as it is here; it is again if it bounces."""
        if before._is_back == self._is_back:
            return self
        payment = self
        for each in self.discrepancies:
            if each.kind in _UNWAITED_FOR and self._is_back:
                payment = payment.agreed(each.kind, each.operation_id, at=at)
            elif each.kind in _UNWAITED_FOR:
                payment = payment.disagreed(
                    each.kind, each.operation_id, each.expected, each.actual, at=at
                )
        return payment

    def with_open(self, movement: Movement) -> Self:
        """Keep whether a movement is still open."""
        others = tuple(each for each in self.open_operations if each != movement.id)
        is_asked = isinstance(movement, MovementOperation) and movement.is_open
        return attrs.evolve(self, open_operations=(*others, movement.id) if is_asked else others)

    def weighed(self, *, at: datetime) -> Self:
        """
        Open or close what its balances contradict: themselves, or the provider's totals.

        Totals are compared while nothing is in flight and nothing has moved since, for only
        then it is known what they should be.
        """
        is_settled = not (self.open_operations or self.asking)
        totals = self.totals if is_settled else ()
        told = differences(self.balances, totals, since=self.moved_at)
        found, payment = {**told, **contradictions(self.balances)}, self
        for kind in COMPARED:
            if kind in found:
                expected, actual = found[kind]
                payment = payment.disagreed(kind, self.id, expected, actual, at=at)
            else:
                payment = payment._agreeing(kind, at=at)
        return payment

    def _agreeing(self, kind: DiscrepancyKind, *, at: datetime) -> Self:
        """Close a discrepancy of the whole payment; one that nobody was told of never was."""
        untold = [
            event
            for event in self.news
            if isinstance(event, DiscrepancyOpened)
            and (event.kind, event.operation_id) == (kind, self.id)
        ]
        if not untold:
            return self.agreed(kind, self.id, at=at)
        return attrs.evolve(
            self,
            discrepancies=tuple(
                each
                for each in self.discrepancies
                if not (each.is_open and each.is_about(kind, self.id))
            ),
            news=tuple(event for event in self.news if event is not untold[-1]),
        )

    def compared_with(self, account: PayableAccount, *, operation_id: str, at: datetime) -> Self:
        """Say so if, with an operation's money, more is held and taken than the payable costs."""
        if not account.is_overpaid:
            return self._evened(at=at)
        held = account.authorized + account.paid
        return self.disagreed(DiscrepancyKind.OVERPAID, operation_id, account.owed, held, at=at)

    def _evened(self, *, at: datetime) -> Self:
        """Close what said that too much was paid: it is no more."""
        payment = self
        for each in self.discrepancies:
            if each.kind is DiscrepancyKind.OVERPAID and each.is_open:
                payment = payment.agreed(each.kind, each.operation_id, at=at)
        return payment

    def with_another_movement(self) -> Self:
        """Count one movement more, whose money has not moved yet."""
        return attrs.evolve(self, movements=self.movements + 1)

    def dated(self, evidence: Evidence) -> Self:
        """Keep when movements were last spoken of: totals from before are out of date."""
        at = told_at(evidence)
        return attrs.evolve(self, moved_at=max(at, self.moved_at or at))

    def taught(self, references: References) -> Self:
        """Keep the provider's ids that are the payment's, whatever they came with."""
        learnt = references.only(_ROLES_OF_PAYMENTS)
        return attrs.evolve(self, references=self.references | learnt)

    @property
    def wanted(self) -> Money:
        """What a capture takes that names no amount: of what is held, what was asked for."""
        balances, zero = self.balances, Money.zero(self.amount.currency)
        asked = self.amount - balances.captured - balances.capture_in_flight
        return max(zero, min(asked, balances.capturable))

    def hold_is_over(self, at: datetime) -> bool:
        """Whether money is held of which nothing is asked, and no longer than was said."""
        is_over = self.authorized_until is None or self.authorized_until <= at
        return is_over and bool(self.balances.capturable) and not self.open_operations

    def named(self, evidence: Evidence, *, operation_id: str) -> Self:
        """Keep the provider's ids of what has had none yet: an answer may come without them."""
        said = evidence.fact.references.only(_ROLES_OF_PAYMENTS)
        unknown = tuple(each for each in said if self.references.get(each.role) is None)
        if not unknown:
            return self
        fact, at = type(evidence.fact).__name__, evidence.recorded_at
        recorded = FactRecorded(at=at, operation_id=operation_id, fact=fact)
        return self.taught(References(unknown)).telling(recorded)

    def renamed(self, fact: ReferenceChanged) -> Self:
        """Keep the ids that it has now at the provider; by the former ones it is still found."""
        references = self.references.renamed(fact)
        if references == self.references:
            return self
        event = FactRecorded(at=self.updated_at, operation_id=self.id, fact="ReferenceChanged")
        return attrs.evolve(self, references=references).telling(event)
