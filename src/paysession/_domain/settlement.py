"""
What one fact about an attempt does to its session, to the money and to the payable.

Money first: what a provider holds or took becomes a payment, whatever the session thinks
of it. Then the session follows, if it still can.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.evidence import Evidence, refusal_of
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.identity import derived_id
from paysession._domain.methods import LatePolicy, UnderpaidPolicy
from paysession._domain.movements import Authorization, Capture, Refund, Void
from paysession._domain.operations import Lease, Origin
from paysession._domain.payable import PayableAccount, Share
from paysession._domain.payment import Payment
from paysession._domain.receipts import Receipt, payment_id_of
from paysession._domain.session import PaymentSession
from paysession._domain.sources import Profile
from paysession._money import Money
from paysession.events import FactRecorded
from paysession.lifecycles import SESSION, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Authorized,
    Bounced,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Pending,
    ReferenceRole,
    Retaken,
    Stored,
)


@attrs.frozen(kw_only=True)
class Settlement:
    """
    The entities that one fact about an attempt concerns.

    Attributes:
        account: The payable's.
        session: The attempt's.
        attempt: The one the fact is about.
        others: The session's other open attempts.
        payment: What the attempt's money has become, if any; it may have been heard of by
            another attempt of the same session first.
        authorization: The attempt's authorization, once there is one.
        capture: The attempt's capture, once there is one.
        release: What gives back money that was less than asked.
        completion: The completing attempt that an approval makes due.
    """

    account: PayableAccount
    session: PaymentSession
    attempt: Attempt
    others: tuple[Attempt, ...] = ()
    payment: Payment | None = None
    authorization: Authorization | None = None
    capture: Capture | None = None
    release: Void | Refund | None = None
    completion: Attempt | None = None

    def settled(self, evidence: Evidence) -> Settlement:
        """Apply one fact, and all that follows from it; a known fact changes nothing."""
        attempt, at = self.attempt.observed(evidence), evidence.recorded_at
        if attempt is self.attempt:
            return self
        session = self.session.noted(attempt).judged(self.attempt, attempt, at=at)
        noted = attrs.evolve(self, attempt=attempt, session=session)
        match evidence.fact:
            case fact if attempt.cannot_count(fact):
                after = attrs.evolve(noted, session=session.late(attempt, fact, at=at))
            case Authorized() | Captured() as money:
                after = noted._with_money(money, evidence)
            case Bounced() if self.payment is not None and self.capture is not None:
                after = noted._corrected(self.payment, evidence)
            case Retaken(amount, references=references, occurred_at=occurred_at):
                taken = Captured(amount, references=references, occurred_at=occurred_at)
                after = noted._with_money(taken, evidence)
            case Stored() as stored:
                after = noted._stored(stored, evidence)
            case _:
                after = noted._followed(evidence)
        return after._tidied(self, evidence)._accounted(self, evidence)

    def has_failed_since(self, before: Settlement) -> bool:
        """Whether the session has just ended without the money it was about."""
        has_ended = before.session.is_open and self.session.is_closed
        return has_ended and not self.session.succeeded

    def _with_money(self, fact: Authorized | Captured, evidence: Evidence) -> Settlement:
        """A payment comes into being, or learns more; then the session may be complete."""
        known = self._updated_by(fact.amount, evidence)
        begun = self.payment or known._payment_begun(evidence)
        session, payment = known._paid_with(fact.profile, begun)
        before = self._receipt(payment)
        receipt = before.received(
            fact, evidence, references=session.references, told_by=self.attempt
        )
        attempt = attrs.evolve(self.attempt, payment_id=payment.id)
        after = attrs.evolve(self, session=session, attempt=attempt)
        return after._concluded(receipt, fact.amount, evidence, before=before)

    def _updated_by(self, amount: Money, evidence: Evidence) -> Settlement:
        """An update was agreed to, though nobody has said so, if just its amount has come."""
        session = self.session
        if session.is_closed or amount == session.amount:
            return self
        newest = tuple(each for each in (self.attempt,) if each.id == session.attempt_id)
        asked = (*newest, *(each for each in self.others if each.is_unresolved))
        if not any(each.kind is AttemptKind.UPDATE and each.amount == amount for each in asked):
            return self
        return attrs.evolve(self, session=session.agree_on(amount, at=evidence.recorded_at))

    def _paid_with(
        self, profile: Profile | None, payment: Payment
    ) -> tuple[PaymentSession, Payment]:
        """Both keep what is told of the source, unless the session was over by other money."""
        if profile is None:
            return self.session, payment
        told = self.session.paid_with(profile)
        is_its = self.session.is_open or self.session.payment_id == payment.id
        return told if is_its else self.session, attrs.evolve(payment, source=told.source)

    def _stored(self, fact: Stored, evidence: Evidence) -> Settlement:
        """The provider keeps the source for later use, whatever becomes of the money."""
        at = evidence.recorded_at
        session = self.session.paid_with(fact.profile).late(self.attempt, fact, at=at)
        if self.payment is None:
            return attrs.evolve(self, session=session)
        recorded = FactRecorded(at=at, operation_id=self.attempt.id, fact=type(fact).__name__)
        payment = attrs.evolve(self.payment, source=session.source).telling(recorded)
        return attrs.evolve(self, session=session, payment=payment)

    def _receipt(self, payment: Payment) -> Receipt:
        return Receipt(
            attempt_id=payment.attempt_id or self.attempt.id,
            payment=payment,
            authorization=self.authorization,
            capture=self.capture,
        )

    def _having(self, receipt: Receipt) -> Settlement:
        return attrs.evolve(
            self,
            payment=receipt.payment,
            authorization=receipt.authorization,
            capture=receipt.capture,
        )

    def _payment_begun(self, evidence: Evidence) -> Payment:
        session = self.session
        begun = Payment.begun(
            payment_id_of(self.attempt.id),
            tenant=session.tenant,
            gateway=session.gateway,
            payable_id=session.payable_id,
            payable_reference=session.terms.payable_reference,
            customer_id=session.terms.customer_id,
            method=session.method,
            source=session.source,
            session_id=session.id,
            attempt_id=self.attempt.id,
            amount=session.amount,
            capture_policy=session.terms.capture,
            metadata=session.terms.metadata,
            at=evidence.recorded_at,
        )
        return attrs.evolve(begun, forgotten_at=session.forgotten_at)

    def _corrected(self, payment: Payment, evidence: Evidence) -> Settlement:
        """What was taken in one step came undone, or was taken after all."""
        before, at = self._receipt(payment), evidence.recorded_at
        receipt = before.corrected(evidence).compared(
            payment.amount, before=before, operation_id=before.attempt_id, at=at
        )
        session = self.session.late(self.attempt, evidence.fact, at=at)
        return attrs.evolve(self, session=session)._having(receipt)

    def _concluded(
        self, receipt: Receipt, amount: Money, evidence: Evidence, *, before: Receipt
    ) -> Settlement:
        """Compare what came with what was asked, and end the session by it."""
        session, at = self.session, evidence.recorded_at
        is_its = session.payment_id == receipt.payment.id
        is_known = session.is_closed and receipt.payment.balances == before.payment.balances
        if is_known and not is_its:
            known = self._having(receipt)
            return attrs.evolve(known, session=session.late(self.attempt, evidence.fact, at=at))
        if not is_its and (session.is_closed or self._is_given_up):
            return self._having(receipt)._too_late(receipt.payment, amount, evidence)
        compared = receipt.compared(
            session.amount, before=before, operation_id=receipt.attempt_id, at=at
        )
        after = self._having(compared)
        if is_its:
            return attrs.evolve(after, session=session.late(self.attempt, evidence.fact, at=at))
        if amount < session.amount and session.method.on_underpaid is UnderpaidPolicy.RELEASE:
            return after._released(compared.payment, evidence)
        return attrs.evolve(after, session=session.complete(compared.payment.id, at=at))

    @property
    def _is_given_up(self) -> bool:
        """Whether it is being canceled, and money that comes all the same is not wanted."""
        is_canceled = self.session.closing is CloseReason.CANCELED
        return is_canceled and self.session.method.on_late is LatePolicy.REFUND

    def _too_late(self, payment: Payment, amount: Money, evidence: Evidence) -> Settlement:
        """Say so of money that nobody waits for any more, and give it back if it is not wanted."""
        session, at = self.session, evidence.recorded_at
        if session.is_open:
            session = session.close(CloseReason.CANCELED, at=at)
        is_second = session.payment_id is not None
        kind = DiscrepancyKind.PAID_TWICE if is_second else DiscrepancyKind.PAID_AFTER_CLOSE
        told = payment.disagreed(kind, self.attempt.id, session.status, amount, at=at)
        session = session.late(self.attempt, evidence.fact, at=at)
        late = attrs.evolve(self, payment=told, session=session)
        if session.method.on_late is LatePolicy.KEEP:
            return late
        receipt, release = late._receipt(told).released(evidence, because=kind)
        return attrs.evolve(late, release=release)._having(receipt)

    def _released(self, payment: Payment, evidence: Evidence) -> Settlement:
        """Give back what is less than was asked."""
        receipt, release = self._receipt(payment).released(evidence)
        failure = Failure(FailureCode.INSUFFICIENT_FUNDS, raw_code="underpaid")
        session = self.session.fail(failure, at=evidence.recorded_at)
        return attrs.evolve(self, release=release, session=session)._having(receipt)

    def _followed(self, evidence: Evidence) -> Settlement:
        """Move the session by a fact that brings no money."""
        session, attempt, at = self.session, self.attempt, evidence.recorded_at
        if (
            session.is_closed
            or attempt.id != session.attempt_id
            or attempt.is_outweighed(evidence.fact)
        ):
            return attrs.evolve(self, session=session.late(attempt, evidence.fact, at=at))
        failure = refusal_of(evidence.fact)
        if failure is not None:
            refused = attrs.evolve(self, session=self._refused(failure, evidence))
            return refused._left_to_a_person(at) if self._is_closing else refused
        if self._is_closing:
            return attrs.evolve(self, session=self._closed(evidence))
        match evidence.fact:
            case Accepted() as accepted:
                session = session.open_at_provider(attempt, accepted, at=at)
            case ActionRequired(action, client_data=client_data):
                session = session.require_action(attempt, action, client_data=client_data, at=at)
            case Pending():
                session = session.process(attempt, at=at)
            case Approved():
                return self._approved(evidence)
            case _:
                session = self._closed(evidence)
        return attrs.evolve(self, session=session)

    @property
    def _is_closing(self) -> bool:
        return self.session.status is SessionStatus.CLOSING

    def _left_to_a_person(self, at: datetime) -> Settlement:
        """
        Nobody asks again by itself to close what its provider would not close.

        As long as another attempt is unresolved that one tells how it ends.
        """
        is_known_elsewhere = any(each.is_unresolved for each in self.others)
        if self.attempt.origin is not Origin.POLICY or is_known_elsewhere:
            return self
        attempt = self.attempt.handed_over("what was to happen by policy was refused", at=at)
        return attrs.evolve(self, attempt=attempt)

    def _closed(self, evidence: Evidence) -> PaymentSession:
        session, at = self.session, evidence.recorded_at
        match evidence.fact:
            case Canceled():
                return session.close(session.closing or CloseReason.CANCELED, at=at)
            case Expired():
                return session.close(CloseReason.EXPIRED, at=at)
            case _:
                return session.late(self.attempt, evidence.fact, at=at)

    def _refused(self, failure: Failure, evidence: Evidence) -> PaymentSession:
        session, attempt, at = self.session, self.attempt, evidence.recorded_at
        if self._is_closing:
            return session.reopen(at=at)
        ends_object = isinstance(evidence.fact, Declined) and evidence.fact.ends is Ends.OBJECT
        never_opened = (
            attempt.kind is AttemptKind.CREATE
            and session.references.get(ReferenceRole.SESSION) is None
        )
        if ends_object or never_opened:
            return session.fail(failure, at=at)
        if attempt.kind is AttemptKind.UPDATE:
            return session.keep(attempt, failure, at=at)
        return session.retry(attempt, failure, at=at)

    def _approved(self, evidence: Evidence) -> Settlement:
        """Make the completing call due, under one id, for whoever comes first."""
        session, attempt, at = self.session, self.attempt, evidence.recorded_at
        if not self._is_still_owed:
            return self._approved_in_vain(evidence)
        completion_id = derived_id("at", attempt.id, "approved", str(len(attempt.facts)))
        session, completion = session.approve(attempt, at=at).request_completion(
            completion_id,
            source=None,
            external_data=None,
            lease=Lease.nobody(at),
            origin=Origin.POLICY,
        )
        session, superseded = session.supersede(attempt, by=completion_id, at=at)
        return attrs.evolve(self, session=session, attempt=superseded, completion=completion)

    @property
    def _is_still_owed(self) -> bool:
        """Whether so much is to be paid still, and others are not asking for it."""
        account, session = self.account, self.session
        if account.owed.currency != session.amount.currency:
            return False
        others = max(account.in_flight - session.in_flight, Money.zero(account.owed.currency))
        return session.amount <= account.owed - account.authorized - account.paid - others

    def _approved_in_vain(self, evidence: Evidence) -> Settlement:
        """What the customer has approved was paid otherwise by now: it is not asked for."""
        session, at = self.session, evidence.recorded_at
        pending = attrs.evolve(session, status=SESSION.next(session.status, "retry"))
        session, superseded = pending.approve(self.attempt, at=at).supersede(
            self.attempt, by=session.id, at=at
        )
        return attrs.evolve(self, session=session, attempt=superseded)

    def _tidied(self, before: Settlement, evidence: Evidence) -> Settlement:
        """When the session has just ended, nothing of it waits any more."""
        if before.session.is_closed or not self.session.is_closed:
            return self
        session: PaymentSession = self.session
        others: list[Attempt] = []
        for other in self.others:
            if self.payment is not None and other.is_unresolved and other.sent_at is not None:
                continue
            session, ended = session.supersede(other, by=self.attempt.id, at=evidence.recorded_at)
            others.append(ended)
        return attrs.evolve(self, session=session, others=tuple(others))

    @property
    def _share(self) -> Share:
        """What the session and its payment add to the payable's totals together."""
        session = self.session.share
        return session + self.payment.share if self.payment else session

    def _accounted(self, before: Settlement, evidence: Evidence) -> Settlement:
        """The payable's totals follow the session and the payment, in one step."""
        at = evidence.recorded_at
        account = self.account.moved(before._share, self._share, at=at)
        payment, is_known = self.payment, before.payment is not None
        if payment is None or (is_known and account.is_overpaid == self.account.is_overpaid):
            return attrs.evolve(self, account=account)
        attempt_id, owed = self.attempt.id, account.owed
        if payment.amount.currency != owed.currency:
            kind = DiscrepancyKind.CURRENCY_MISMATCH
            payment = payment.disagreed(kind, attempt_id, owed, payment.amount, at=at)
        else:
            payment = payment.compared_with(account, operation_id=attempt_id, at=at)
        return attrs.evolve(self, account=account, payment=payment)
