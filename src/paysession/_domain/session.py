"""One customer's attempt to pay one payable by one method."""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.entities import Settleable
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure
from paysession._domain.identity import derived_id
from paysession._domain.methods import PaymentMethod, Terms
from paysession._domain.operations import Lease, Origin, requested
from paysession._domain.owners import Owner
from paysession._domain.payable import Share
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Profile, Source
from paysession._money import Money
from paysession.errors import ExpiredSession, IllegalTransition, SessionClosing
from paysession.events import (
    AttemptFailed,
    AttemptRequested,
    AttemptSuperseded,
    Event,
    FactRecorded,
    SessionActionRequired,
    SessionApproved,
    SessionCanceled,
    SessionCloseRequested,
    SessionCompleted,
    SessionCreated,
    SessionExpired,
    SessionExpiryPostponed,
    SessionFailed,
    SessionOpened,
    SessionProcessing,
    SessionReopened,
    SessionUpdated,
)
from paysession.lifecycles import SESSION, SessionStatus
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    Fact,
    NextAction,
    ReferenceRole,
    References,
    Superseded,
)

_MAY_EXPIRE = (SessionStatus.PENDING, SessionStatus.REQUIRES_ACTION)


@attrs.frozen(kw_only=True)
class PaymentSession(Owner, Settleable):
    """
    One customer's attempt to pay one payable by one method.

    It may see several declined attempts before it completes. Completed, failed, canceled
    and expired are final: money that arrives later is recorded, and never reopens it.

    Attributes:
        gateway: Name of the gateway it is held at.
        method: The payment method, as it was when the session was created.
        amount: What it is about.
        terms: What it was asked to do.
        source: What the customer pays with, if we know.
        status: Where it stands in its lifecycle.
        references: The provider's ids of it, by role.
        client_data: What this customer's browser must have; masked, and gone at the end.
        next_action: What the customer must do now, if anything.
        attempt_id: The newest attempt.
        open_attempts: Ids of the attempts that have not ended.
        asking: Ids of the attempts that may have taken money, or be taking it.
        payment_id: The payment it was completed by.
        approved: Whether the customer has approved, so that our completing call is due.
        closing: Why it is being closed, if it is.
        not_before: When its expiry is tried again, if it could not be closed yet.
        last_failure: Why the newest attempt was refused.
    """

    gateway: str
    method: PaymentMethod
    amount: Money
    terms: Terms
    source: Source | None = None
    status: SessionStatus = SessionStatus.PENDING
    references: References = NO_REFERENCES
    client_data: ClientData | None = attrs.field(default=None, repr=False)
    next_action: NextAction | None = attrs.field(default=None, repr=False)
    attempt_id: str
    open_attempts: tuple[str, ...]
    asking: tuple[str, ...] = ()
    payment_id: str | None = None
    approved: bool = False
    closing: CloseReason | None = None
    not_before: datetime | None = None
    last_failure: Failure | None = None

    @classmethod
    def opened(
        cls,
        session_id: str,
        *,
        tenant: str,
        method: PaymentMethod,
        amount: Money,
        terms: Terms,
        source: Source | None,
        attempt_id: str,
        external_data: ClientData | None,
        lease: Lease,
    ) -> tuple[PaymentSession, Attempt]:
        """Return a new session, and the attempt to create it at the provider."""
        created = SessionCreated(
            at=lease.at,
            status=SessionStatus.PENDING,
            payable_id=terms.payable_id,
            method_id=method.id,
            amount=amount,
        )
        session = cls(
            id=session_id,
            tenant=tenant,
            created_at=lease.at,
            updated_at=lease.at,
            gateway=method.gateway,
            method=method,
            amount=amount,
            terms=terms,
            source=source,
            attempt_id=attempt_id,
            open_attempts=(),
            asking=() if source is None else (attempt_id,),
            news=(created,),
        )
        return session._requested(
            AttemptKind.CREATE, attempt_id, amount=amount, external_data=external_data, lease=lease
        )

    @property
    def payable_id(self) -> str:
        """The backend's id of what is being paid."""
        return self.terms.payable_id

    @property
    def customer_id(self) -> str | None:
        """The backend's id of who pays."""
        return self.terms.customer_id

    @property
    def customer_external_id(self) -> str | None:
        """The provider's id of the customer: what it told, or else what it was told."""
        return self.references.get(ReferenceRole.CUSTOMER) or self.terms.customer_external_id

    @property
    def external_id(self) -> str:
        """The provider's id of the session; ours until the provider's is known."""
        return self.references.get(ReferenceRole.SESSION) or self.id

    @property
    def expires_at(self) -> datetime | None:
        """When its time is over, if ever."""
        return self.terms.expires_at

    @property
    def is_closed(self) -> bool:
        """Whether it is at its end."""
        return SESSION.is_final(self.status)

    def is_closed_as(self, reason: CloseReason) -> bool:
        """Whether it ended for that reason."""
        return self.status.value == reason.value

    @property
    def is_open(self) -> bool:
        """Whether it may still come to money."""
        return not self.is_closed

    @property
    def succeeded(self) -> bool:
        """Whether money is held or taken, all that was asked."""
        return self.status is SessionStatus.COMPLETED

    @property
    def failure(self) -> Failure | None:
        """Why the newest attempt was refused, if it was."""
        return self.last_failure

    @property
    def _standing(self) -> str:
        return self.status

    @property
    def _next_step(self) -> str:
        match self.status:
            case SessionStatus.REQUIRES_ACTION:
                return "send the customer to its next_action, and then complete it"
            case SessionStatus.PENDING:
                return "complete it when the customer is ready"
            case _:
                return super()._next_step

    @property
    def in_flight(self) -> Money:
        """What it reserves of the payable's due amount: all of it while money may be taken."""
        is_asking = bool(self.asking) and not self.is_closed
        return self.amount if is_asking else Money.zero(self.amount.currency)

    @property
    def share(self) -> Share:
        """What it adds to the totals of its payable."""
        zero = Money.zero(self.amount.currency)
        return attrs.evolve(Share.of_nothing(zero), in_flight=self.in_flight)

    @property
    def due_at(self) -> datetime | None:
        """When it is to expire, if it can; never while an attempt is processing."""
        if self.expires_at is None or self.status not in _MAY_EXPIRE:
            return None
        return max(self.expires_at, self.not_before or self.expires_at)

    def is_over(self, at: datetime) -> bool:
        """Whether its time has run out."""
        return self.expires_at is not None and at >= self.expires_at

    def refuse_unless_open(self, command: str, *, at: datetime) -> None:
        """
        Do nothing if the customer may still pay.

        Raises:
            IllegalTransition: It is at its end.
            SessionClosing: It is being closed at the provider.
            ExpiredSession: Its time has run out.
        """
        if self.is_closed:
            raise self.cannot(command)
        if self.status is SessionStatus.CLOSING:
            raise SessionClosing(self.id)
        if self.expires_at is not None and self.is_over(at):
            raise ExpiredSession(self.id, self.expires_at)

    def cannot(self, command: str) -> IllegalTransition:
        """Say that the session's lifecycle has no such step from where it stands."""
        allowed = SESSION.allowed(self.status)
        return IllegalTransition("session", self.id, self.status, command, allowed)

    def request_update(
        self, attempt_id: str, *, amount: Money, external_data: ClientData | None, lease: Lease
    ) -> tuple[PaymentSession, Attempt]:
        """Ask for another amount; the old one stands until the provider has agreed."""
        return self._requested(
            AttemptKind.UPDATE, attempt_id, amount=amount, external_data=external_data, lease=lease
        )

    def request_completion(
        self,
        attempt_id: str,
        *,
        source: Source | None,
        external_data: ClientData | None,
        lease: Lease,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[PaymentSession, Attempt]:
        """Ask for the money; until the answer is known its amount is in flight."""
        status = SESSION.next(self.status, "process")
        asking = attrs.evolve(
            self,
            status=status,
            source=source or self.source,
            asking=(*self.asking, attempt_id),
            next_action=None,
        )
        return asking._requested(
            AttemptKind.COMPLETE,
            attempt_id,
            amount=self.amount,
            external_data=external_data,
            lease=lease,
            origin=origin,
        )

    def request_close(
        self,
        attempt_id: str,
        reason: CloseReason,
        *,
        lease: Lease,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[PaymentSession, Attempt]:
        """Ask the provider to close it; money may still be quicker."""
        status = SESSION.next(self.status, "close")
        closing = attrs.evolve(self, status=status, closing=reason).telling(
            SessionCloseRequested(at=lease.at, status=status, reason=reason)
        )
        return closing._requested(
            AttemptKind.CLOSE,
            attempt_id,
            amount=self.amount,
            external_data=None,
            lease=lease,
            origin=origin,
        )

    def unasked(self, attempt_id: str, *, at: datetime) -> Attempt:
        """Return an attempt to pay that nobody here has made: the provider tells of it."""
        asked = requested(
            attempt_id,
            tenant=self.tenant,
            gateway=self.gateway,
            acts_on=self.references,
            lease=Lease.nobody(at),
            origin=Origin.PROVIDER,
        )
        return Attempt(
            **asked,
            kind=AttemptKind.COMPLETE,
            session_id=self.id,
            amount=self.amount,
            terms=self.terms,
            source=self.source,
        )

    def _requested(
        self,
        kind: AttemptKind,
        attempt_id: str,
        *,
        amount: Money,
        external_data: ClientData | None,
        lease: Lease,
        origin: Origin = Origin.COMMAND,
    ) -> tuple[PaymentSession, Attempt]:
        attempt = Attempt(
            **requested(
                attempt_id,
                tenant=self.tenant,
                gateway=self.gateway,
                acts_on=self.references,
                lease=lease,
                origin=origin,
            ),
            amount=amount,
            kind=kind,
            session_id=self.id,
            terms=self.terms,
            source=self.source,
            external_data=external_data,
            close_reason=self.closing if kind is AttemptKind.CLOSE else None,
        )
        event = AttemptRequested(
            at=lease.at, status=self.status, attempt_id=attempt_id, kind=kind, amount=amount
        )
        session = attrs.evolve(
            self,
            attempt_id=attempt_id,
            open_attempts=(*self.open_attempts, attempt_id),
            last_failure=None,
        )
        return session.telling(event), attempt

    def supersede(
        self, attempt: Attempt, *, by: str, at: datetime
    ) -> tuple[PaymentSession, Attempt]:
        """Go on without an attempt that waited for the customer."""
        evidence = Evidence(fact=Superseded(by), source=EvidenceSource.OURSELVES, recorded_at=at)
        event = AttemptSuperseded(at=at, status=self.status, attempt_id=attempt.id)
        after = attempt.observed(evidence)
        return self.noted(after).telling(event), after

    def noted(self, attempt: Attempt) -> PaymentSession:
        """Keep what an attempt's facts taught: the provider's ids, and whether it is open."""
        was_open = attempt.id in self.open_attempts
        others = tuple(each for each in self.open_attempts if each != attempt.id)
        still = self.open_attempts if was_open else (*others, attempt.id)
        return attrs.evolve(
            self,
            open_attempts=still if attempt.is_open else others,
            references=self.references | attempt.references,
            asking=self._asking_with(attempt),
        )

    def _asking_with(self, attempt: Attempt) -> tuple[str, ...]:
        others = tuple(each for each in self.asking if each != attempt.id)
        is_asking = attempt.may_take_money and attempt.is_asking
        return (*others, attempt.id) if is_asking else others

    def paid_with(self, profile: Profile) -> PaymentSession:
        """Keep what the provider tells of the customer's source, or that it was another one."""
        source_id = derived_id("src", self.id, profile.id or "")
        return attrs.evolve(self, source=profile.telling_of(self.source, source_id))

    def open_at_provider(
        self, attempt: Attempt, accepted: Accepted, *, at: datetime
    ) -> PaymentSession:
        """The provider took note: of the session, or of its new amount."""
        known = attrs.evolve(
            self,
            client_data=accepted.client_data or self.client_data,
            next_action=accepted.next_action or self.next_action,
            amount=attempt.amount,
            terms=self.terms.ending(accepted.expires_at),
        )
        if attempt.kind is AttemptKind.UPDATE:
            return known.agree_on(attempt.amount, at=at)
        is_late = self.status is SessionStatus.PROCESSING
        status = SESSION.next(self.status, "retry") if is_late else self.status
        event = SessionOpened(at=at, status=status, attempt_id=attempt.id)
        return attrs.evolve(known, status=status).telling(event)

    def agree_on(self, amount: Money, *, at: datetime) -> PaymentSession:
        """The provider has taken over another amount."""
        event = SessionUpdated(at=at, status=self.status, amount=amount)
        return attrs.evolve(self, amount=amount).telling(event)

    def require_action(
        self,
        attempt: Attempt,
        action: NextAction,
        *,
        client_data: ClientData | None,
        at: datetime,
    ) -> PaymentSession:
        """The customer must act."""
        status = SESSION.next(self.status, "require_action")
        event = SessionActionRequired(
            at=at, status=status, attempt_id=attempt.id, action=type(action).__name__
        )
        return attrs.evolve(
            self,
            status=status,
            next_action=action,
            client_data=client_data or self.client_data,
        ).telling(event)

    def approve(self, attempt: Attempt, *, at: datetime) -> PaymentSession:
        """The customer is done, and our completing call is due."""
        event = SessionApproved(at=at, status=self.status, attempt_id=attempt.id)
        return attrs.evolve(self, approved=True, next_action=None).telling(event)

    def process(self, attempt: Attempt, *, at: datetime) -> PaymentSession:
        """The provider is working on it."""
        status = SESSION.next(self.status, "process")
        event = SessionProcessing(at=at, status=status, attempt_id=attempt.id)
        return attrs.evolve(self, status=status, next_action=None).telling(event)

    def retry(self, attempt: Attempt, failure: Failure, *, at: datetime) -> PaymentSession:
        """The attempt was refused, and the customer may try again."""
        status = SESSION.next(self.status, "retry")
        event = AttemptFailed(
            at=at, status=status, attempt_id=attempt.id, failure_code=failure.code
        )
        return attrs.evolve(
            self, status=status, last_failure=failure, next_action=None, approved=False
        ).telling(event)

    def keep(self, attempt: Attempt, failure: Failure, *, at: datetime) -> PaymentSession:
        """The provider refused the new amount, and the old one stands."""
        event = AttemptFailed(
            at=at, status=self.status, attempt_id=attempt.id, failure_code=failure.code
        )
        return attrs.evolve(self, last_failure=failure).telling(event)

    def reopen(self, *, at: datetime) -> PaymentSession:
        """The provider would not close it."""
        status = SESSION.next(self.status, "reopen")
        event = SessionReopened(at=at, status=status)
        return attrs.evolve(self, status=status, closing=None).telling(event)

    def complete(self, payment_id: str, *, at: datetime) -> PaymentSession:
        """Money is held or taken, all that was asked."""
        status = SESSION.next(self.status, "complete")
        event = SessionCompleted(at=at, status=status, payment_id=payment_id)
        paid = attrs.evolve(self, payment_id=payment_id, last_failure=None)
        return paid._ended(status, event)

    def fail(self, failure: Failure, *, at: datetime) -> PaymentSession:
        """The provider's object is dead."""
        status = SESSION.next(self.status, "fail")
        event = SessionFailed(at=at, status=status, failure_code=failure.code)
        return attrs.evolve(self, last_failure=failure)._ended(status, event)

    def close(self, reason: CloseReason, *, at: datetime) -> PaymentSession:
        """It ended before any money moved."""
        if reason is CloseReason.EXPIRED:
            status = SESSION.next(self.status, "expire")
            return self._ended(status, SessionExpired(at=at, status=status))
        status = SESSION.next(self.status, "cancel")
        return self._ended(status, SessionCanceled(at=at, status=status))

    def postpone_expiry(self, until: datetime, *, at: datetime) -> PaymentSession:
        """Its time is over, but it cannot be closed yet."""
        event = SessionExpiryPostponed(at=at, status=self.status, until=until)
        return attrs.evolve(self, not_before=until).telling(event)

    def _ended(self, status: SessionStatus, event: Event) -> PaymentSession:
        return attrs.evolve(
            self,
            status=status,
            client_data=None,
            next_action=None,
            closing=None,
        ).telling(event)

    def late(self, attempt: Attempt, fact: Fact, *, at: datetime) -> PaymentSession:
        """Record that a fact about an attempt changes nothing here any more."""
        event = FactRecorded(at=at, operation_id=attempt.id, fact=type(fact).__name__)
        return self.telling(event)
