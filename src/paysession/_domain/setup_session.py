"""One customer's attempt to store a source for later use; no money moves in it."""

from __future__ import annotations

from datetime import datetime

import attrs

from paysession._domain.attempts import AttemptKind, CloseReason, SetupAttempt
from paysession._domain.discrepancies import DiscrepancyKind
from paysession._domain.entities import Settleable
from paysession._domain.evidence import Evidence, EvidenceSource, refusal_of
from paysession._domain.failures import Failure
from paysession._domain.identity import derived_id
from paysession._domain.methods import PaymentMethod, SetupTerms
from paysession._domain.operations import Lease, Origin, requested
from paysession._domain.owners import Owner
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source
from paysession.errors import ExpiredSession, IllegalTransition
from paysession.events import (
    Event,
    FactRecorded,
    SetupAttemptFailed,
    SetupAttemptRequested,
    SetupAttemptSuperseded,
    SetupSessionActionRequired,
    SetupSessionCanceled,
    SetupSessionCompleted,
    SetupSessionCreated,
    SetupSessionExpired,
    SetupSessionExpiryPostponed,
    SetupSessionFailed,
    SetupSessionOpened,
    SetupSessionProcessing,
)
from paysession.lifecycles import SETUP_SESSION, SetupSessionStatus
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Canceled,
    Declined,
    Ends,
    Expired,
    Fact,
    NextAction,
    Pending,
    ReferenceRole,
    References,
    Stored,
    Superseded,
)

_MAY_EXPIRE = (SetupSessionStatus.PENDING, SetupSessionStatus.REQUIRES_ACTION)


@attrs.frozen(kw_only=True)
class SetupSession(Owner, Settleable):
    """
    One customer's attempt to store a source for later use.

    Completed, failed, canceled and expired are final. A source that the provider stored all
    the same is kept with it.

    Attributes:
        gateway: Name of the gateway it is held at.
        method: The payment method, as it was when the setup session was created.
        terms: What it was asked to do.
        status: Where it stands in its lifecycle.
        references: The provider's ids of it, by role.
        client_data: What this customer's browser must have; masked, and gone at the end.
        next_action: What the customer must do now, if anything.
        source: What was stored, once it is.
        attempt_id: The newest attempt.
        open_attempts: Ids of the attempts that have not ended.
        not_before: When its expiry is tried again, if it could not be closed yet.
        last_failure: Why the newest attempt was refused.
    """

    gateway: str
    method: PaymentMethod
    terms: SetupTerms
    status: SetupSessionStatus = SetupSessionStatus.PENDING
    references: References = NO_REFERENCES
    client_data: ClientData | None = attrs.field(default=None, repr=False)
    next_action: NextAction | None = attrs.field(default=None, repr=False)
    source: Source | None = None
    attempt_id: str
    open_attempts: tuple[str, ...]
    not_before: datetime | None = None
    last_failure: Failure | None = None

    @classmethod
    def opened(
        cls,
        setup_session_id: str,
        *,
        tenant: str,
        method: PaymentMethod,
        terms: SetupTerms,
        attempt_id: str,
        external_data: ClientData | None,
        lease: Lease,
    ) -> tuple[SetupSession, SetupAttempt]:
        """Return a new setup session, and the attempt to create it at the provider."""
        status = SetupSessionStatus.PENDING
        session = cls(
            id=setup_session_id,
            tenant=tenant,
            created_at=lease.at,
            updated_at=lease.at,
            gateway=method.gateway,
            method=method,
            terms=terms,
            attempt_id=attempt_id,
            open_attempts=(),
            news=(SetupSessionCreated(at=lease.at, status=status, method_id=method.id),),
        )
        return session._requested(AttemptKind.CREATE, attempt_id, external_data, lease)

    @property
    def customer_id(self) -> str | None:
        """The backend's id of whose source it is."""
        return self.terms.customer_id

    @property
    def customer_external_id(self) -> str | None:
        """The provider's id of the customer: what it told, or else what it was told."""
        return self.references.get(ReferenceRole.CUSTOMER) or self.terms.customer_external_id

    @property
    def external_id(self) -> str:
        """The provider's id of the setup session; ours until the provider's is known."""
        return self.references.get(ReferenceRole.SESSION) or self.id

    @property
    def expires_at(self) -> datetime | None:
        """When its time is over, if ever."""
        return self.terms.expires_at

    @property
    def is_closed(self) -> bool:
        """Whether it is at its end."""
        return SETUP_SESSION.is_final(self.status)

    def is_closed_as(self, reason: CloseReason) -> bool:
        """Whether it ended for that reason."""
        return self.status.value == reason.value

    @property
    def is_open(self) -> bool:
        """Whether a source may still be stored."""
        return not self.is_closed

    @property
    def succeeded(self) -> bool:
        """Whether the source is stored."""
        return self.status is SetupSessionStatus.COMPLETED

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
            case SetupSessionStatus.REQUIRES_ACTION:
                return "send the customer to its next_action, and then complete it"
            case SetupSessionStatus.PENDING:
                return "complete it when the customer is ready"
            case _:
                return super()._next_step

    @property
    def due_at(self) -> datetime | None:
        """When it is to expire, if it can; never while an attempt is processing."""
        if self.expires_at is None or self.status not in _MAY_EXPIRE:
            return None
        return max(self.expires_at, self.not_before or self.expires_at)

    def refuse_unless_open(self, command: str, *, at: datetime) -> None:
        """
        Do nothing if the customer may still store a source.

        Raises:
            IllegalTransition: It is at its end.
            ExpiredSession: Its time has run out.
        """
        if self.is_closed:
            raise self.cannot(command)
        if self.expires_at is not None and at >= self.expires_at:
            raise ExpiredSession(self.id, self.expires_at)

    def cannot(self, command: str) -> IllegalTransition:
        """Say that its lifecycle has no such step from where it stands."""
        allowed = SETUP_SESSION.allowed(self.status)
        return IllegalTransition("setup session", self.id, self.status, command, allowed)

    def request_completion(
        self, attempt_id: str, *, external_data: ClientData | None, lease: Lease
    ) -> tuple[SetupSession, SetupAttempt]:
        """Ask for the source to be stored."""
        status = SETUP_SESSION.next(self.status, "process")
        event = SetupSessionProcessing(at=lease.at, status=status, attempt_id=attempt_id)
        asking = attrs.evolve(self, status=status, next_action=None).telling(event)
        return asking._requested(AttemptKind.COMPLETE, attempt_id, external_data, lease)

    def _requested(
        self, kind: AttemptKind, attempt_id: str, external_data: ClientData | None, lease: Lease
    ) -> tuple[SetupSession, SetupAttempt]:
        attempt = SetupAttempt(
            **requested(
                attempt_id,
                tenant=self.tenant,
                gateway=self.gateway,
                acts_on=self.references,
                lease=lease,
                origin=Origin.COMMAND,
            ),
            kind=kind,
            setup_session_id=self.id,
            terms=self.terms,
            external_data=external_data,
        )
        event = SetupAttemptRequested(
            at=lease.at, status=self.status, attempt_id=attempt_id, kind=kind
        )
        session = attrs.evolve(
            self,
            attempt_id=attempt_id,
            open_attempts=(*self.open_attempts, attempt_id),
            last_failure=None,
        )
        return session.telling(event), attempt

    def supersede(
        self, attempt: SetupAttempt, *, by: str, at: datetime
    ) -> tuple[SetupSession, SetupAttempt]:
        """Go on without an attempt that waited for the customer."""
        evidence = Evidence(fact=Superseded(by), source=EvidenceSource.OURSELVES, recorded_at=at)
        after = attempt.observed(evidence)
        event = SetupAttemptSuperseded(at=at, status=self.status, attempt_id=attempt.id)
        return self.noted(after).telling(event), after

    def noted(self, attempt: SetupAttempt) -> SetupSession:
        """Keep what an attempt's facts taught: the provider's ids, and whether it is open."""
        others = tuple(each for each in self.open_attempts if each != attempt.id)
        return attrs.evolve(
            self,
            open_attempts=(*others, attempt.id) if attempt.is_open else others,
            references=self.references | attempt.references,
        )

    def settle(
        self, attempt: SetupAttempt, evidence: Evidence
    ) -> tuple[SetupSession, SetupAttempt]:
        """Apply one fact, and all that follows from it; a known fact changes nothing."""
        after = attempt.observed(evidence)
        if after is attempt:
            return self, attempt
        session = self.noted(after).judged(attempt, after, at=evidence.recorded_at)
        followed = session._followed(after, evidence.fact, evidence.recorded_at)
        return followed._without_money(after, at=evidence.recorded_at)

    def _without_money(
        self, attempt: SetupAttempt, *, at: datetime
    ) -> tuple[SetupSession, SetupAttempt]:
        """No money may move for a setup session: if some did, a person must look."""
        money = attempt.told_of_money
        if money is None:
            return self, attempt
        kind = DiscrepancyKind.CONTRADICTED
        session = self.disagreed(kind, attempt.id, "no money", money.amount, at=at)
        return session, attempt.handed_over("money moved for a setup session", at=at)

    def _followed(self, attempt: SetupAttempt, fact: Fact, at: datetime) -> SetupSession:
        if isinstance(fact, Stored):
            return self._stored(attempt, fact, at)
        if self.is_closed or attempt.id != self.attempt_id or attempt.is_outweighed(fact):
            return self._late(attempt, fact, at)
        failure = refusal_of(fact)
        if failure is not None:
            return self._refused(attempt, failure, fact, at)
        match fact:
            case Accepted() if attempt.kind is AttemptKind.CREATE:
                return self._open_at_provider(attempt, fact, at)
            case ActionRequired():
                return self._require_action(attempt, fact, at)
            case Pending():
                status = SETUP_SESSION.next(self.status, "process")
                event = SetupSessionProcessing(at=at, status=status, attempt_id=attempt.id)
                return attrs.evolve(self, status=status, next_action=None).telling(event)
            case Canceled():
                return self.close(CloseReason.CANCELED, at=at)
            case Expired():
                return self.close(CloseReason.EXPIRED, at=at)
            case _:
                return self._late(attempt, fact, at)

    def _stored(self, attempt: SetupAttempt, fact: Stored, at: datetime) -> SetupSession:
        """What is stored is kept, whether or not the setup session is over."""
        source_id = derived_id("src", self.id, fact.profile.id or "")
        source = fact.profile.telling_of(self.source, source_id)
        if self.source is not None and source.id != self.source.id:
            return self._stored_twice(attempt, source, fact, at)
        known = attrs.evolve(self, source=source)
        if self.is_closed:
            return known._late(attempt, fact, at)
        status = SETUP_SESSION.next(self.status, "complete")
        event = SetupSessionCompleted(at=at, status=status, source_id=source.id)
        return attrs.evolve(known, last_failure=None)._ended(status, event)

    def _stored_twice(
        self, attempt: SetupAttempt, source: Source, fact: Stored, at: datetime
    ) -> SetupSession:
        """The one that was heard of first may be in use, and stays."""
        kind = DiscrepancyKind.CONTRADICTED
        known = self.source.id if self.source else None
        return self._late(attempt, fact, at).disagreed(kind, attempt.id, known, source.id, at=at)

    def _refused(
        self, attempt: SetupAttempt, failure: Failure, fact: Fact, at: datetime
    ) -> SetupSession:
        ends_object = isinstance(fact, Declined) and fact.ends is Ends.OBJECT
        is_new = self.references.get(ReferenceRole.SESSION) is None
        never_opened = attempt.kind is AttemptKind.CREATE and is_new
        refused = attrs.evolve(self, last_failure=failure)
        if ends_object or never_opened:
            status = SETUP_SESSION.next(self.status, "fail")
            event = SetupSessionFailed(at=at, status=status, failure_code=failure.code)
            return refused._ended(status, event)
        status = SETUP_SESSION.next(self.status, "retry")
        failed = SetupAttemptFailed(
            at=at, status=status, attempt_id=attempt.id, failure_code=failure.code
        )
        return attrs.evolve(refused, status=status, next_action=None).telling(failed)

    def _open_at_provider(
        self, attempt: SetupAttempt, accepted: Accepted, at: datetime
    ) -> SetupSession:
        is_late = self.status is SetupSessionStatus.PROCESSING
        status = SETUP_SESSION.next(self.status, "retry") if is_late else self.status
        event = SetupSessionOpened(at=at, status=status, attempt_id=attempt.id)
        return attrs.evolve(
            self,
            status=status,
            client_data=accepted.client_data or self.client_data,
            next_action=accepted.next_action or self.next_action,
            terms=self.terms.ending(accepted.expires_at),
        ).telling(event)

    def _require_action(
        self, attempt: SetupAttempt, fact: ActionRequired, at: datetime
    ) -> SetupSession:
        status = SETUP_SESSION.next(self.status, "require_action")
        event = SetupSessionActionRequired(
            at=at, status=status, attempt_id=attempt.id, action=type(fact.next_action).__name__
        )
        return attrs.evolve(
            self,
            status=status,
            next_action=fact.next_action,
            client_data=fact.client_data or self.client_data,
        ).telling(event)

    def close(self, reason: CloseReason, *, at: datetime) -> SetupSession:
        """It ended before a source was stored."""
        if reason is CloseReason.EXPIRED:
            status = SETUP_SESSION.next(self.status, "expire")
            return self._ended(status, SetupSessionExpired(at=at, status=status))
        status = SETUP_SESSION.next(self.status, "cancel")
        return self._ended(status, SetupSessionCanceled(at=at, status=status))

    def postpone_expiry(self, until: datetime, *, at: datetime) -> SetupSession:
        """Its time is over, but an attempt may have stored the source."""
        event = SetupSessionExpiryPostponed(at=at, status=self.status, until=until)
        return attrs.evolve(self, not_before=until).telling(event)

    def _ended(self, status: SetupSessionStatus, event: Event) -> SetupSession:
        ended = attrs.evolve(self, status=status, client_data=None, next_action=None)
        return ended.telling(event)

    def _late(self, attempt: SetupAttempt, fact: Fact, at: datetime) -> SetupSession:
        event = FactRecorded(at=at, operation_id=attempt.id, fact=type(fact).__name__)
        return self.telling(event)
