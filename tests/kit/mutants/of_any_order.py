"""Gateways of which each call is right, and what follows on it is wrong."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import (
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.gateways._bogus_objects import Sale
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


class RefundsTheNewest(BogusGateway):
    """Gives back the customer's latest payment, whichever is named."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        subjects = self.provider._books._subjects.values()
        sales = [each for each in subjects if isinstance(each, Sale) and each.taken]
        newest = sales[-1].references if sales else request.references
        return super().refund(attrs.evolve(request, references=newest))


class CapturesTheNewest(BogusGateway):
    """Takes what was held last, whichever is named."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        subjects = self.provider._books._subjects.values()
        sales = [each for each in subjects if isinstance(each, Sale) and each.held]
        newest = sales[-1].references if sales else request.references
        return super().capture(attrs.evolve(request, references=newest))


MUTANTS: dict[str, type[BogusGateway]] = {
    "ANY-1": ReleasesInName,
    "ANY-2": TakesRefundedForFailed,
    "ANY-3": RefundsTheNewest,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (("ANY-3", CapturesTheNewest),)
