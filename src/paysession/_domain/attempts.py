"""One call for a session: to create it, to change it, to complete it or to close it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self, TypeVar

import attrs

from paysession._domain.evidence import Evidence
from paysession._domain.methods import SetupTerms, Terms
from paysession._domain.operations import Operation
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source
from paysession._money import Money
from paysession.lifecycles import OperationStatus
from paysession.outcomes import (
    Accepted,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Fact,
    Refunded,
    Retaken,
    Stored,
    Voided,
)

A = TypeVar("A", bound="Attempt | SetupAttempt")
_OF_MONEY = (Authorized, Captured, Voided, Refunded, Retaken)


class AttemptKind(StrEnum):
    """Which call it is."""

    CREATE = "create"
    UPDATE = "update"
    COMPLETE = "complete"
    CLOSE = "close"


class CloseReason(StrEnum):
    """Why a session is closed without money."""

    CANCELED = "canceled"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class SetupAttempt(Operation):
    """
    One call for a setup session: to create it or to complete it.

    Attributes:
        kind: Which call it is.
        setup_session_id: The setup session it is for.
        terms: What the setup session was asked to do.
        external_data: What the browser brought back: a hint for the provider, and secret. It
            is never sent twice, and forgotten once the attempt has ended.
    """

    kind: AttemptKind
    setup_session_id: str
    terms: SetupTerms
    external_data: ClientData | None = None

    @property
    def owner_id(self) -> str:
        """The setup session that tells its events."""
        return self.setup_session_id

    @property
    def _object_ends_at(self) -> datetime | None:
        return self.terms.expires_at

    def observed(self, evidence: Evidence) -> Self:
        """Add one fact; what the browser brought back is needed no more once it has ended."""
        return _without_hint(super().observed(evidence))

    @property
    def told_of_money(self) -> Authorized | Captured | Retaken | None:
        """What was said of money, though none may move for a setup session."""
        facts = (each.fact for each in self.facts)
        return next((x for x in facts if isinstance(x, Authorized | Captured | Retaken)), None)

    def _is_told_by(self, fact: Fact) -> bool:
        """That money moved does not say whether the source is stored."""
        return isinstance(fact, Stored) or (
            super()._is_told_by(fact) and not isinstance(fact, _OF_MONEY)
        )

    def _status_by(self, fact: Fact) -> OperationStatus:
        match fact:
            case Stored():
                return OperationStatus.SUCCEEDED
            case Accepted() if self.kind is not AttemptKind.CREATE:
                return OperationStatus.PENDING
            case _ if not self._is_told_by(fact):
                return OperationStatus.REQUESTED
            case _:
                return super()._status_by(fact)


@attrs.frozen(kw_only=True)
class Attempt(Operation):
    """
    One call for a session.

    After `ActionRequired` it stays pending, since the money comes later under it. When the
    customer goes on with another attempt it is canceled as superseded; money that arrives
    under it all the same still counts.

    Attributes:
        kind: Which call it is.
        session_id: The session it is for.
        amount: What it is about.
        payment_id: The payment that its money became.
        terms: What the session was asked to do.
        source: What the customer pays with, if we know.
        external_data: What the browser brought back: a hint for the provider, and secret. It
            is never sent twice, and forgotten once the attempt has ended.
        close_reason: Why the session is to be closed, if that is what is asked.
    """

    kind: AttemptKind
    session_id: str
    amount: Money
    payment_id: str | None = None
    terms: Terms
    source: Source | None = None
    external_data: ClientData | None = None
    close_reason: CloseReason | None = None

    @property
    def owner_id(self) -> str:
        """The session that tells its events."""
        return self.session_id

    @property
    def asked(self) -> Money:
        """How much it is about."""
        return self.amount

    @property
    def _may_be_contradicted(self) -> bool:
        """Money is the success of what opens or completes a session, and of nothing else."""
        return self.kind in (AttemptKind.CREATE, AttemptKind.COMPLETE)

    @property
    def is_denied(self) -> bool:
        """Whether its money, which counts, is believed never to have come."""
        return self._may_be_contradicted and self._denies_money()

    @property
    def _object_ends_at(self) -> datetime | None:
        return self.terms.expires_at

    @property
    def is_completing(self) -> bool:
        """Whether it asks for the money."""
        return self.kind is AttemptKind.COMPLETE

    @property
    def may_take_money(self) -> bool:
        """Whether its call may bring money: it asks for some, or it opens with a source."""
        return self.is_completing or (self.kind is AttemptKind.CREATE and self.source is not None)

    def observed(self, evidence: Evidence) -> Self:
        """Add one fact; what the browser brought back is needed no more once it has ended."""
        return _without_hint(super().observed(evidence))

    @property
    def _may_change(self) -> bool:
        """A session that its provider has ended may have been paid all the same."""
        is_over = isinstance(self.believed, Canceled | Expired | Declined)
        return super()._may_change or (self.kind is AttemptKind.CREATE and is_over)

    def _status_by(self, fact: Fact) -> OperationStatus:
        if isinstance(fact, Accepted) and self.kind not in (AttemptKind.CREATE, AttemptKind.UPDATE):
            return OperationStatus.PENDING
        if self.kind is AttemptKind.CLOSE:
            match fact:
                case Canceled() | Expired():
                    return OperationStatus.SUCCEEDED
                case Authorized() | Captured():
                    return OperationStatus.FAILED
                case _:
                    pass
        return super()._status_by(fact)


def _without_hint(attempt: A) -> A:
    """Forget what the browser brought back, once the attempt has ended."""
    if attempt.is_open or attempt.external_data is None:
        return attempt
    return attrs.evolve(attempt, external_data=None)
