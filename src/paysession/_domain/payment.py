"""Money held or taken at one gateway for one payable."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TypeVar

import attrs

from paysession._domain import reported
from paysession._domain.balances import NO_EFFECT, Balances, payment_status
from paysession._domain.charges import Charge
from paysession._domain.comparing import COMPARED, contradictions, differences, told_at
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.disputes import Dispute
from paysession._domain.entities import Settleable
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, PaymentMethod, Terms
from paysession._domain.movements import (
    Authorization,
    Capture,
    Movement,
    MovementOperation,
    Refund,
    RefundReason,
    Reversal,
    Void,
)
from paysession._domain.operations import Lease, Origin, Requested, requested
from paysession._domain.owners import Owner
from paysession._domain.payable import Payable, PayableAccount, Share, checked_amount
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, Profile, Source, StoreCredit
from paysession._money import Money
from paysession.errors import AmountExceeded, IllegalTransition, LimitExceeded
from paysession.events import (
    DiscrepancyOpened,
    FactRecorded,
    PaymentAbandoned,
    PaymentActionRequired,
    PaymentCreated,
    PaymentFailed,
    PaymentProcessing,
)
from paysession.lifecycles import PAYMENT, PaymentStatus
from paysession.outcomes import (
    NO_REFERENCES,
    Captured,
    Fact,
    NextAction,
    ReferenceRole,
    References,
    Refunded,
    Superseded,
    Unknown,
)

MOST_MOVEMENTS = 1000
"""Movements that commands may make of one payment; what a provider says is never refused."""

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
O = TypeVar("O", Capture, Void, Refund)  # noqa: E741 - O for operation


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _number_of(payment_id: str) -> str:
    digest = int.from_bytes(hashlib.sha256(payment_id.encode()).digest()[:8], "big")
    return "P" + "".join(_DIGITS[digest // 36**place % 36] for place in range(7))


@attrs.frozen(kw_only=True)
class Payment(Owner, Settleable):
    """
    Money held or taken at one gateway for one payable.

    It comes into being by the first fact that money of a session is held or taken (a declined
    attempt leaves none), by `create_payment`, or by `charge`. Its
    status is read from its balances, and so is what may be done with it.

    Attributes:
        number: A short number for people: the backend's own, or P and seven of 0-9A-Z that
            follow from the id.
        gateway: Name of the gateway that holds its money.
        payable_id: What it pays for.
        payable_reference: What the customer knows that by.
        customer_id: The backend's id of who pays.
        method: The way it was paid, as it was then.
        source: What it was paid with, if we know.
        session_id: The session it came from.
        attempt_id: The attempt or charge whose money it is.
        balances: Where the money is.
        phase: Where it stands without money: checkout, processing, failed or abandoned.
        status: Read from `balances` and `phase`.
        references: The provider's ids of it, by role.
        open_operations: Ids of charges, captures, voids and refunds that have not ended.
        asking: Ids of the charges that may have taken money, or be taking it.
        movements: How many there are.
        moved_at: When its captures, voids and refunds were last spoken of, by the provider's
            time if it gives one.
        totals: What the provider says it took and gave back in all: those that count.
        authorized_until: When the provider lets go of what it holds, if it says so.
        origin: Why it exists.
        capture_policy: When what it holds is taken.
        next_action: What the customer must do before a charge can go on, if anything.
        client_data: What this customer's browser must have for that; masked.
        last_failure: Why the newest charge was refused.
        metadata: The backend's own notes.
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

    @classmethod
    def begun(
        cls,
        payment_id: str,
        *,
        tenant: str,
        gateway: str,
        payable_id: str,
        payable_reference: str,
        customer_id: str | None,
        method: PaymentMethod,
        source: Source | None,
        session_id: str | None,
        attempt_id: str | None,
        amount: Money,
        capture_policy: CapturePolicy,
        metadata: Metadata,
        at: datetime,
        phase: PaymentStatus = PaymentStatus.PROCESSING,
        origin: Origin = Origin.ATTEMPT,
        number: str | None = None,
    ) -> Payment:
        """
        Return a payment of `amount` that its first fact is about to give money to.

        One that waits in the checkout, without a session, begins in that phase.
        """
        balances = Balances.opening(amount)
        created = PaymentCreated(
            at=at,
            status=phase,
            balances=balances,
            payable_id=payable_id,
            session_id=session_id,
            amount=amount,
        )
        return cls(
            id=payment_id,
            tenant=tenant,
            created_at=at,
            updated_at=at,
            number=_number_of(payment_id) if number is None else number,
            gateway=gateway,
            payable_id=payable_id,
            payable_reference=payable_reference,
            customer_id=customer_id,
            method=method,
            source=source,
            session_id=session_id,
            attempt_id=attempt_id,
            balances=balances,
            phase=phase,
            status=phase,
            origin=origin,
            capture_policy=capture_policy,
            metadata=metadata,
            news=(created,),
        )

    @classmethod
    def waiting(
        cls,
        payment_id: str,
        *,
        tenant: str,
        payable: Payable,
        method: PaymentMethod,
        source: Source | None,
        amount: Money,
        capture_policy: CapturePolicy,
        metadata: Metadata,
        at: datetime,
        number: str | None = None,
    ) -> Payment:
        """Return a payment of `amount` that waits in the checkout."""
        return cls.begun(
            payment_id,
            tenant=tenant,
            gateway=method.gateway,
            payable_id=payable.id,
            payable_reference=payable.reference,
            customer_id=payable.customer_id,
            method=method,
            source=source,
            session_id=None,
            attempt_id=None,
            amount=amount,
            capture_policy=capture_policy,
            metadata=metadata,
            at=at,
            phase=PaymentStatus.CHECKOUT,
            origin=Origin.COMMAND,
            number=number,
        )

    def process(self, *, at: datetime) -> Payment:
        """Ask for its money, which it has none of yet."""
        status = PAYMENT.next(self.status, "process")
        event = PaymentProcessing(at=at, status=status, balances=self.balances)
        asking = attrs.evolve(self, phase=status, status=status, last_failure=None)
        return asking.telling(event)

    def fail(self, failure: Failure, *, at: datetime) -> Payment:
        """The provider refused, and it has no money; it may be processed again."""
        status = PAYMENT.next(self.status, "fail")
        event = PaymentFailed(
            at=at, status=status, balances=self.balances, failure_code=failure.code
        )
        failed = attrs.evolve(
            self,
            phase=status,
            status=status,
            last_failure=failure,
            next_action=None,
            client_data=None,
        )
        return failed.telling(event)

    def abandon(self, *, at: datetime) -> Payment:
        """
        Wait no more, in the checkout or for the customer to act: another payment took its
        place, or it was given up.

        Raises:
            IllegalTransition: Its money is being asked for, or was.
        """
        if self.awaits_more:
            return self._awaiting_no_more(at=at)
        if self.asking or not PAYMENT.can(self.status, "abandon"):
            raise IllegalTransition("payment", self.id, self.status, "abandon", self.allowed)
        status = PAYMENT.next(self.status, "abandon")
        event = PaymentAbandoned(at=at, status=status, balances=self.balances)
        return attrs.evolve(
            self, phase=status, status=status, next_action=None, client_data=None
        ).telling(event)

    def _awaiting_no_more(self, *, at: datetime) -> Payment:
        """What has come of it stays, and its status with that."""
        event = PaymentAbandoned(at=at, status=self.status, balances=self.balances)
        return attrs.evolve(self, phase=PaymentStatus.ABANDONED).telling(event)

    def supersede(self, charge: Charge, *, at: datetime) -> tuple[Payment, Charge]:
        """Go on without a charge that waits for the customer; money of it still counts."""
        evidence = Evidence(fact=Superseded(), source=EvidenceSource.OURSELVES, recorded_at=at)
        after = charge.observed(evidence)
        return self.noted(after).late(after, evidence.fact, at=at), after

    def request_charge(
        self, charge_id: str, *, terms: Terms, source: Source, use: MandateUse, lease: Lease
    ) -> tuple[Payment, Charge]:
        """Ask for its money from a stored source; until the answer is known it is in flight."""
        charge = Charge(
            **self._requested(charge_id, lease, Origin.COMMAND),
            payment_id=self.id,
            amount=self.amount,
            terms=terms,
            source=source,
            use=use,
        )
        asking = attrs.evolve(self, source=source, attempt_id=charge_id)
        return asking.process(at=lease.at).noted(charge), charge

    def noted(self, charge: Charge) -> Payment:
        """
        Keep what a charge's facts taught: the provider's ids, and whether it is open.

        One that was taken for absent, and may have happened after all, is asked about again.
        """
        open_others = tuple(each for each in self.open_operations if each != charge.id)
        asking_others = tuple(each for each in self.asking if each != charge.id)
        known = attrs.evolve(
            self,
            open_operations=(*open_others, charge.id) if charge.is_open else open_others,
            asking=(*asking_others, charge.id) if charge.is_asking else asking_others,
            references=self.references | charge.references,
        )
        if charge.is_asking and self.status is PaymentStatus.FAILED:
            return known.process(at=charge.updated_at)
        return known.weighed(at=charge.updated_at)

    def paid_with(self, profile: Profile | None) -> Payment:
        """
        Keep what the provider tells of the source that was charged, under the id it has.

        What the provider leaves out stays as we know it; credit stays credit.
        """
        source = self.source
        if profile is None or source is None or isinstance(source, StoreCredit):
            return self
        known = attrs.evolve(profile, id=profile.id or source.profile_id)
        told = known.as_source(source.id)
        if known.brand is None:
            told = attrs.evolve(source, profile_id=known.id)
        return attrs.evolve(self, source=told)

    def require_action(
        self, charge: Charge, action: NextAction, *, client_data: ClientData | None, at: datetime
    ) -> Payment:
        """The customer must come back and act."""
        event = PaymentActionRequired(
            at=at,
            status=self.status,
            balances=self.balances,
            attempt_id=charge.id,
            action=type(action).__name__,
        )
        asked = attrs.evolve(self, next_action=action, client_data=client_data or self.client_data)
        return asked.telling(event)

    def wait(self, charge: Charge, fact: Fact, *, at: datetime) -> Payment:
        """The provider is working on it: the customer has nothing left to do."""
        waiting = attrs.evolve(self, next_action=None, client_data=None)
        return waiting.late(charge, fact, at=at)

    def late(self, charge: Charge, fact: Fact, *, at: datetime) -> Payment:
        """Record that a fact about a charge changes nothing here any more."""
        return self.telling(FactRecorded(at=at, operation_id=charge.id, fact=type(fact).__name__))

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

    def authorize(
        self,
        authorization_id: str,
        *,
        amount: Money,
        references: References,
        expires_at: datetime | None,
        at: datetime,
        origin: Origin = Origin.ATTEMPT,
    ) -> tuple[Payment, Authorization]:
        """Record that the provider holds `amount`."""
        authorization = Authorization(
            id=authorization_id,
            tenant=self.tenant,
            created_at=at,
            updated_at=at,
            payment_id=self.id,
            amount=amount,
            references=references,
            origin=origin,
            expires_at=expires_at,
        )
        known = attrs.evolve(
            self,
            references=self.references | references,
            next_action=None,
            client_data=None,
            last_failure=None,
            authorized_until=expires_at or self.authorized_until,
        )
        return known.moved(None, authorization, at=at)

    def take(
        self,
        capture_id: str,
        *,
        amount: Money,
        evidence: Evidence,
        at: datetime,
        origin: Origin = Origin.ATTEMPT,
        metadata: Metadata | None = None,
    ) -> tuple[Payment, Capture]:
        """Record that `amount` was taken in one step, with the customer's attempt as a rule."""
        capture = Capture(
            id=capture_id,
            tenant=self.tenant,
            created_at=at,
            updated_at=at,
            gateway=self.gateway,
            amount=amount,
            sent_at=at,
            tries=1,
            lease_until=None,
            deadline=at,
            recheck_at=None,
            origin=origin,
            payment_id=self.id,
            metadata=self._kept(metadata or Metadata()),
            is_final=True,
            releases=Money.zero(amount.currency),
        ).observed(evidence)
        known = attrs.evolve(self, references=self.references | evidence.fact.references)
        return known.dated(evidence).moved(None, capture, at=at)

    def mark_paid(
        self,
        capture_id: str,
        *,
        authorization_id: str,
        amount: Money,
        reference: str | None,
        metadata: Metadata,
        at: datetime,
    ) -> tuple[Payment, Authorization, Capture]:
        """
        Record that a person says that `amount` has come; it may be more than was asked for.

        Raises:
            LimitExceeded: There are too many movements already.
        """
        self._refuse_too_many(more=2)
        references = References.of(capture=reference)
        held, authorization = self.authorize(
            authorization_id,
            amount=amount,
            references=NO_REFERENCES,
            expires_at=None,
            at=at,
            origin=Origin.PERSON,
        )
        paid, capture = held.take(
            capture_id,
            amount=amount,
            evidence=Evidence(
                fact=Captured(amount, references=references),
                source=EvidenceSource.PERSON,
                recorded_at=at,
            ),
            at=at,
            origin=Origin.PERSON,
            metadata=metadata,
        )
        return paid, authorization, capture

    def mark_refunded(
        self,
        refund_id: str,
        *,
        amount: Money | None,
        reason: RefundReason | None,
        reference: str | None,
        metadata: Metadata,
        at: datetime,
    ) -> tuple[Payment, Refund]:
        """
        Record that a person says that `amount` of what was taken has gone back, or all of it.

        Raises:
            IllegalTransition: Nothing was taken that is not given back already.
            AmountExceeded: More than is refundable.
        """
        payment, refund = self.request_refund(
            refund_id,
            amount=amount,
            reason=reason,
            capture=None,
            lease=Lease.nobody(at),
            metadata=metadata,
            origin=Origin.PERSON,
        )
        fact = Refunded(refund.amount, references=References.of(refund=reference))
        evidence = Evidence(fact=fact, source=EvidenceSource.PERSON, recorded_at=at)
        return payment.settle(refund, evidence)

    def compared_with(self, account: PayableAccount, *, operation_id: str, at: datetime) -> Payment:
        """Say so if, with an operation's money, more is held and taken than the payable costs."""
        if not account.is_overpaid:
            return self._evened(at=at)
        held = account.authorized + account.paid
        return self.disagreed(DiscrepancyKind.OVERPAID, operation_id, account.owed, held, at=at)

    def _evened(self, *, at: datetime) -> Payment:
        """Close what said that too much was paid: it is no more."""
        payment = self
        for each in self.discrepancies:
            if each.kind is DiscrepancyKind.OVERPAID and each.is_open:
                payment = payment.agreed(each.kind, each.operation_id, at=at)
        return payment

    def request_capture(
        self,
        capture_id: str,
        *,
        amount: Money | None,
        over: Money,
        is_final: bool,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Payment, Capture]:
        """
        Reserve `amount` of what is held, or all of it, to be taken.

        Args:
            capture_id: Of the new capture.
            amount: What to take; all that is capturable if left out.
            over: How much more than is held the provider lets us take.
            is_final: Whether to release what is left.
            lease: Who makes the call, and until when.
            metadata: The backend's own notes, sent along.
            origin: Why.

        Raises:
            IllegalTransition: Nothing is held that is not asked for already.
            AmountExceeded: More than is held and may be taken over it.
        """
        capturable = self.balances.capturable
        amount = self._asked(amount, capturable, "capture", "capturable", over=over)
        rest = capturable - amount
        nothing = Money.zero(amount.currency)
        capture = Capture(
            **self._requested(capture_id, lease, origin),
            payment_id=self.id,
            metadata=self._kept(metadata),
            amount=amount,
            is_final=is_final,
            releases=rest if is_final and rest.minor > 0 else nothing,
            over=amount - capturable if amount > capturable else None,
        )
        return self.moved(None, capture, at=lease.at)

    def request_void(
        self,
        void_id: str,
        *,
        amount: Money | None,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Payment, Void]:
        """
        Reserve `amount` of what is held, or all of it, to be released.

        Raises:
            IllegalTransition: Nothing is held that is not asked for already.
            AmountExceeded: More than is held.
        """
        amount = self._asked(amount, self.balances.capturable, "void", "voidable")
        void = Void(
            **self._requested(void_id, lease, origin),
            payment_id=self.id,
            amount=amount,
            metadata=self._kept(metadata),
        )
        return self.moved(None, void, at=lease.at)

    def request_refund(
        self,
        refund_id: str,
        *,
        amount: Money | None,
        reason: RefundReason | None,
        capture: Capture | None,
        lease: Lease,
        metadata: Metadata,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[Payment, Refund]:
        """
        Reserve `amount` of what was taken, or all of it, to be given back.

        Raises:
            IllegalTransition: Nothing was taken that is not given back or asked for already.
            AmountExceeded: More than is refundable.
        """
        amount = self._asked(amount, self.balances.refundable, "refund", "refundable")
        fields = self._requested(refund_id, lease, origin)
        if capture is not None:
            fields["acts_on"] = self.references | capture.references
        refund = Refund(
            **fields,
            payment_id=self.id,
            amount=amount,
            metadata=self._kept(metadata),
            reason=reason,
            capture_id=capture.id if capture else None,
        )
        return self.moved(None, refund, at=lease.at)

    def _asked(
        self,
        amount: Money | None,
        available: Money,
        command: str,
        purpose: str,
        *,
        over: Money | None = None,
    ) -> Money:
        if amount is not None:
            checked_amount(amount, self.amount, verb=command)
        if not available:
            raise IllegalTransition("payment", self.id, self.status, command, self.allowed)
        self._refuse_too_many()
        most = available + over if over else available
        if amount is not None and amount > most:
            raise AmountExceeded(amount, most, purpose, self.id)
        return available if amount is None else amount

    def _refuse_too_many(self, *, more: int = 1) -> None:
        if self.movements + more > MOST_MOVEMENTS:
            raise LimitExceeded("movements of one payment", MOST_MOVEMENTS)

    def _requested(self, operation_id: str, lease: Lease, origin: Origin) -> Requested:
        return requested(
            operation_id,
            tenant=self.tenant,
            gateway=self.gateway,
            acts_on=self.references,
            lease=lease,
            origin=origin,
        )

    def _kept(self, metadata: Metadata) -> Metadata:
        """Nothing new is noted of a customer who was forgotten."""
        return metadata if self.forgotten_at is None else Metadata()

    def settle(self, operation: O, evidence: Evidence) -> tuple[Payment, O]:
        """Record one fact about a movement of ours, and all that follows from it."""
        after = operation.observed(evidence)
        if after is operation:
            return self, operation
        at, known = evidence.recorded_at, self.taught(evidence.fact.references).dated(evidence)
        if after.status is operation.status and after.effect == operation.effect:
            fact = type(evidence.fact).__name__
            told = known.telling(FactRecorded(at=at, operation_id=after.id, fact=fact))
            return told.judged(operation, after, at=at).weighed(at=at), after
        payment, after = known.moved(operation, after, at=at)
        payment = payment.judged(operation, after, at=at)
        if after.origin is Origin.POLICY and not (after.is_open or after.succeeded):
            after = after.handed_over("what was to happen by policy was refused", at=at)
        return payment._compared(after, at=at), after

    def told_of_authorization(
        self, authorization: Authorization, evidence: Evidence
    ) -> tuple[Payment, Authorization]:
        """Record that what is held has changed, or was let go."""
        return reported.told_of_authorization(self, authorization, evidence)

    def told_of_reversal(
        self, reversal: Reversal | None, reversal_id: str, evidence: Evidence
    ) -> tuple[Payment, Reversal | None]:
        """
        Record that taken money was taken back, or came back, and nobody told of a dispute.

        What is told in another currency is no reversal yet; a discrepancy says so. That goes
        for disputes and movements as well.
        """
        return reported.told_of_reversal(self, reversal, reversal_id, evidence)

    def told_of_dispute(
        self, dispute: Dispute | None, dispute_id: str, evidence: Evidence
    ) -> tuple[Payment, Dispute | None]:
        """Record that it is disputed, or what became of a dispute or of its money."""
        return reported.told_of_dispute(self, dispute, dispute_id, evidence)

    def told_of_movement(
        self, movement: Capture | Void | Refund | None, movement_id: str, evidence: Evidence
    ) -> tuple[Payment, Capture | Void | Refund | None]:
        """
        Record what was taken, released or given back at the provider without our asking.

        Raises:
            TypeError: Nothing is known of the movement, and the fact does not say what it is.
        """
        return reported.told_of_movement(self, movement, movement_id, evidence)

    def told_of_totals(self, evidence: Evidence) -> Payment:
        """Compare what the provider took and gave back in all; its totals move nothing."""
        return reported.told_of_totals(self, evidence)

    def with_another_movement(self) -> Payment:
        """Count one movement more, whose money has not moved yet."""
        return attrs.evolve(self, movements=self.movements + 1)

    def dated(self, evidence: Evidence) -> Payment:
        """Keep when movements were last spoken of: totals from before are out of date."""
        at = told_at(evidence)
        return attrs.evolve(self, moved_at=max(at, self.moved_at or at))

    def taught(self, references: References) -> Payment:
        """Keep the provider's ids that are the payment's, whatever they came with."""
        learnt = references.only(_ROLES_OF_PAYMENTS)
        return attrs.evolve(self, references=self.references | learnt)

    def renamed(self, references: References) -> Payment:
        """Keep the ids that it has now at the provider; by the former ones it is still found."""
        if self.references | references is self.references:
            return self
        event = FactRecorded(at=self.updated_at, operation_id=self.id, fact="ReferenceChanged")
        return attrs.evolve(self, references=self.references | references).telling(event)

    def doubted(self, operation: O, unknown: Unknown, *, at: datetime) -> tuple[Payment, O]:
        """Note that a movement's call ended without an answer; it may have moved money."""
        payment, after = self.doubt(operation, unknown, at=at)
        return payment.moved(operation, after, at=at) if operation.is_absent else (payment, after)

    def _compared(self, operation: MovementOperation, *, at: datetime) -> Payment:
        """The provider's amount against what was asked."""
        kind, was_asked = DiscrepancyKind.AMOUNT_MISMATCH, operation.was_asked_for
        if was_asked and operation.succeeded and operation.moved_amount != operation.amount:
            return self.disagreed(
                kind, operation.id, operation.amount, operation.moved_amount, at=at
            )
        return self.agreed(kind, operation.id, at=at)

    def moved(self, old: Movement | None, new: M, *, at: datetime) -> tuple[Payment, M]:
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
        return moved._returned(self, at=at), new

    @property
    def _is_back(self) -> bool:
        """Whether nothing of its money is left with us."""
        return self.movements > 0 and self.balances.net.minor <= 0 and not self.balances.held

    def _returned(self, before: Payment, *, at: datetime) -> Payment:
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

    def with_open(self, movement: Movement) -> Payment:
        """Keep whether a movement is still open."""
        others = tuple(each for each in self.open_operations if each != movement.id)
        is_asked = isinstance(movement, MovementOperation) and movement.is_open
        return attrs.evolve(self, open_operations=(*others, movement.id) if is_asked else others)

    def weighed(self, *, at: datetime) -> Payment:
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

    def _agreeing(self, kind: DiscrepancyKind, *, at: datetime) -> Payment:
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
