"""Gateways of which each call is right, and what follows on it is wrong."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import (
    BogusGateway,
    CaptureRequest,
    LookUpRequest,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Captured, Declined, Report, Voided

FAILED = Declined(Failure(FailureCode.PROCESSING_ERROR))


class ReleasesInName(BogusGateway):
    """Believes that a capture let go of what it did not take, and asks nobody."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        session = request.references.entries[:1]
        for each in self.calls:
            if isinstance(each, CaptureRequest) and each.references.entries[:1] == session:
                return Voided(request.amount)
        return super().void(request)


class TakesRefundedForFailed(BogusGateway):
    """Knows one status of success, which a payment that was refunded has no more."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        session = request.references.entries[:1]
        refunds = [each for each in self.calls if isinstance(each, RefundRequest)]
        is_refunded = session in [each.references.entries[:1] for each in refunds]
        return tuple(
            attrs.evolve(each, fact=FAILED)
            if is_refunded and isinstance(each.fact, Captured)
            else each
            for each in super().look_up(request)
        )


MUTANTS: dict[str, type[BogusGateway]] = {
    "ANY-1": ReleasesInName,
    "ANY-2": TakesRefundedForFailed,
}
