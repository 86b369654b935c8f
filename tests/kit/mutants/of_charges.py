"""Gateways that are wrong about what is held and taken."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.sources import MandateUse, StoredSource
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    RefundAnswer,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Captured,
    Declined,
    ReferenceRole,
    References,
    Rejected,
    Voided,
)


class TakesWhatItShouldHold(BogusGateway):
    """Captures every charge, and answers what it was asked for."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        terms = attrs.evolve(request.terms, capture=CapturePolicy.AUTOMATIC)
        answer = super().charge(attrs.evolve(request, terms=terms))
        if isinstance(answer, Captured) and request.terms.capture is CapturePolicy.MANUAL:
            return Authorized(answer.amount, references=answer.references)
        return answer


class HoldsDouble(BogusGateway):
    """Holds twice as much as is asked for, to be on the safe side."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        if request.terms.capture is CapturePolicy.MANUAL:
            request = attrs.evolve(request, amount=request.amount * 2)
        return super().charge(request)


class SaysThatItTook(BogusGateway):
    """Only holds, and takes the approval for the money."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        terms = attrs.evolve(request.terms, capture=CapturePolicy.MANUAL)
        answer = super().charge(attrs.evolve(request, terms=terms))
        if isinstance(answer, Authorized) and request.terms.capture is CapturePolicy.AUTOMATIC:
            return Captured(answer.amount, references=answer.references)
        return answer


class NamesNoHold(BogusGateway):
    """Answers the number of the receipt, and not of the authorization."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Authorized):
            receipt = References.of(authorization=f"receipt-{request.operation_id}")
            return attrs.evolve(answer, references=receipt)
        return answer


class HoldsInItsMemory(BogusGateway):
    """Knows what is held by a table that the next process has not got."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        if provider.calls:
            unheard_of = Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code="no_such_hold"))
            vars(self)["capture"] = lambda _: unheard_of


class EchoesTheAmountOfASale(BogusGateway):
    """Answers what was asked for, and not what was approved."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Authorized | Captured):
            return attrs.evolve(answer, amount=request.amount)
        return answer


class EchoesTheAmountOfACharge(BogusGateway):
    """Answers what was asked for, and not what was approved."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Authorized | Captured):
            return attrs.evolve(answer, amount=request.amount)
        return answer


class ClosesWithWhatWasAsked(BogusGateway):
    """Finds a session paid, and tells the amount that it was to be completed with."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        answer = super().close_session(request)
        asked = [each for each in self.calls if isinstance(each, CompleteSessionRequest)]
        if isinstance(answer, Authorized | Captured) and asked:
            return attrs.evolve(answer, amount=asked[-1].amount)
        return answer


class NamesTheCardForTheCharge(BogusGateway):
    """Answers what was charged, and not the charge."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Authorized | Captured):
            card = References.of(authorization=request.source.id, capture=request.source.id)
            return attrs.evolve(answer, references=answer.references | card)
        return answer


class ChargesTheFirstUseTwice(BogusGateway):
    """Registers a mandate by a charge, and charges by it then."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        if request.use is MandateUse.FIRST:
            super().charge(attrs.evolve(request, key=f"{request.key}-first"))
        return super().charge(request)


class ChargesWithoutTheCustomer(BogusGateway):
    """Charges the customer's other card, which asks nobody."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, ActionRequired):
            other = StoredSource(id="src_2", profile_id="pm_2")
            return super().charge(attrs.evolve(request, key=f"{request.key}-2", source=other))
        return answer


class RefundsSessionsOnly(BogusGateway):
    """Names a payment by its session, and a charge has none."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        if request.references.get(ReferenceRole.SESSION) is None:
            return Declined(Failure(FailureCode.PROCESSING_ERROR, raw_code="no_such_session"))
        return super().refund(request)


class VoidsChargesInName(BogusGateway):
    """Releases the holds of sessions, and takes others for released."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        if request.references.get(ReferenceRole.SESSION) is None:
            return Voided(request.amount)
        return super().void(request)


class CapturesChargesWhole(BogusGateway):
    """Takes the whole of a charge where some of it was to be taken."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        is_charge = request.references.get(ReferenceRole.SESSION) is None
        if is_charge and isinstance(sale, Sale) and sale.held:
            request = attrs.evolve(request, amount=sale.held)
        return super().capture(request)


MUTANTS: dict[str, type[BogusGateway]] = {
    "AUTH-1": TakesWhatItShouldHold,
    "AUTH-2": SaysThatItTook,
    "AUTH-3": NamesNoHold,
    "AUTH-4": EchoesTheAmountOfASale,
    "CHG-1": NamesTheCardForTheCharge,
    "CHG-2": ChargesWithoutTheCustomer,
    "CHG-3": RefundsSessionsOnly,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("CHG-3", VoidsChargesInName),
    ("CHG-3", CapturesChargesWhole),
    ("AUTH-1", HoldsDouble),
    ("AUTH-3", HoldsInItsMemory),
    ("AUTH-4", EchoesTheAmountOfACharge),
    ("AUTH-4", ClosesWithWhatWasAsked),
    ("CHG-1", ChargesTheFirstUseTwice),
)
