"""A payment without money: it waits, its money is asked for, it fails, or it is given up."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from paysession._domain.charges import Charge
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure
from paysession._domain.methods import Terms
from paysession._domain.operations import Lease, Origin
from paysession._domain.payment_requests import PaymentRequests
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, Profile, Source, StoreCredit
from paysession.errors import IllegalTransition
from paysession.events import (
    FactRecorded,
    PaymentAbandoned,
    PaymentActionRequired,
    PaymentFailed,
    PaymentProcessing,
)
from paysession.lifecycles import PAYMENT, PaymentStatus
from paysession.outcomes import Fact, NextAction, Superseded


@attrs.frozen(kw_only=True)
class PaymentPhases(PaymentRequests):
    """A payment, as it is asked for by charges and as these end."""

    def process(self, *, at: datetime) -> Self:
        """Ask for its money, which it has none of yet."""
        status = PAYMENT.next(self.status, "process")
        event = PaymentProcessing(at=at, status=status, balances=self.balances)
        asking = attrs.evolve(self, phase=status, status=status, last_failure=None)
        return asking.telling(event)

    def fail(self, failure: Failure, *, at: datetime) -> Self:
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

    def abandon(self, *, at: datetime) -> Self:
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

    def _awaiting_no_more(self, *, at: datetime) -> Self:
        """What has come of it stays, and its status with that."""
        event = PaymentAbandoned(at=at, status=self.status, balances=self.balances)
        return attrs.evolve(self, phase=PaymentStatus.ABANDONED).telling(event)

    def request_charge(
        self, charge_id: str, *, terms: Terms, source: Source, use: MandateUse, lease: Lease
    ) -> tuple[Self, Charge]:
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

    def supersede(self, charge: Charge, *, at: datetime) -> tuple[Self, Charge]:
        """Go on without a charge that waits for the customer; money of it still counts."""
        evidence = Evidence(fact=Superseded(), source=EvidenceSource.OURSELVES, recorded_at=at)
        after = charge.observed(evidence)
        return self.noted(after).late(after, evidence.fact, at=at), after

    def noted(self, charge: Charge) -> Self:
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

    def paid_with(self, profile: Profile | None) -> Self:
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
    ) -> Self:
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

    def wait(self, charge: Charge, fact: Fact, *, at: datetime) -> Self:
        """The provider is working on it: the customer has nothing left to do."""
        waiting = attrs.evolve(self, next_action=None, client_data=None)
        return waiting.late(charge, fact, at=at)

    def late(self, charge: Charge, fact: Fact, *, at: datetime) -> Self:
        """Record that a fact about a charge changes nothing here any more."""
        return self.telling(FactRecorded(at=at, operation_id=charge.id, fact=type(fact).__name__))
