"""Gateways that are wrong about declines."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession.gateways import (
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    RefundAnswer,
    RefundRequest,
)
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import Canceled, Declined, Ends, Refunded, Rejected, Unknown

KNOWN = {f"raw_{code}": code for code in FailureCode}
"""The codes that the provider's documentation lists today."""


class ClassifiesAsItPleases(BogusGateway):
    """Has one class for whatever it has no line for, and has few lines."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined) and answer.failure.code is FailureCode.LIMIT_EXCEEDED:
            vague = attrs.evolve(answer.failure, code=FailureCode.DO_NOT_HONOR)
            return attrs.evolve(answer, failure=vague)
        return answer


class LosesTheCode(BogusGateway):
    """Keeps the class alone: what a person could have looked up is gone."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined):
            return attrs.evolve(answer, failure=Failure(answer.failure.code))
        return answer


class TakesAllDeclinesOfChargesForOne(BogusGateway):
    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Declined) and answer.failure.raw_code in KNOWN:
            soft = attrs.evolve(answer.failure, code=FailureCode.INSUFFICIENT_FUNDS)
            return attrs.evolve(answer, failure=soft)
        return answer


class TakesAllRefusalsToStoreForOne(BogusGateway):
    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Declined) and answer.failure.raw_code in KNOWN:
            wrong = attrs.evolve(answer.failure, code=FailureCode.INVALID_CARD_DATA)
            return attrs.evolve(answer, failure=wrong)
        return answer


class TellsNothingOfRefusedRefunds(BogusGateway):
    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        if isinstance(answer, Declined):
            return attrs.evolve(answer, failure=Failure(FailureCode.PROCESSING_ERROR))
        return answer


class TakesARefusedRefundForMade(BogusGateway):
    """Reads that the request was answered, and not what was answered."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        if isinstance(answer, Declined) and answer.failure.raw_code in KNOWN:
            return Refunded(request.amount)
        return answer


class KnowsAllCodes(BogusGateway):
    """Looks a code up in its table, and fails if it is not there."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined):
            code = KNOWN[answer.failure.raw_code or ""]
            return attrs.evolve(answer, failure=attrs.evolve(answer.failure, code=code))
        return answer


class TriesWhatItDoesNotKnowAgain(BogusGateway):
    """Takes a code that it does not know for a fault that passes."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Declined) and answer.failure.raw_code not in KNOWN:
            passing = attrs.evolve(answer.failure, code=FailureCode.PROCESSING_ERROR)
            return attrs.evolve(answer, failure=passing)
        return answer


class EndsWithTheFirstDecline(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        return attrs.evolve(answer, ends=Ends.OBJECT) if isinstance(answer, Declined) else answer


class NeverEnds(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        return attrs.evolve(answer, ends=Ends.ATTEMPT) if isinstance(answer, Declined) else answer


class BlamesTheCustomer(BogusGateway):
    """Takes every answer with a status of 400 and above for a decline."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Rejected):
            return Declined(attrs.evolve(answer.failure, code=FailureCode.DO_NOT_HONOR))
        return answer


class CannotTellWhatWasRejected(BogusGateway):
    """Raises for every answer with a status of 400 and above."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        return Unknown("400 Bad Request") if isinstance(answer, Rejected) else answer


class TakesADuplicateForARefusal(BogusGateway):
    """Lets the customer try again, who has paid perhaps."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Declined) and answer.failure.means_unknown:
            undone = attrs.evolve(answer.failure, code=FailureCode.PROCESSING_ERROR)
            return attrs.evolve(answer, failure=undone)
        return answer


class DeclinesPurchasesAlike(BogusGateway):
    """Reads the answer of a hold, and of what is taken at once no more than that it failed."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined) and request.terms.capture is CapturePolicy.AUTOMATIC:
            return attrs.evolve(answer, failure=Failure(FailureCode.INSUFFICIENT_FUNDS))
        return answer


class EndsWithTheSecondDecline(BogusGateway):
    """Does not tell that the provider ends a session with the second decline."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        sale, books = self.provider._books.known_by(request.references), self.provider._books
        entries = [each for each in books.entries() if each.subject is sale]
        answer = super().complete_session(request)
        earlier = [each for each in entries if isinstance(each.answer, Declined)]
        if isinstance(answer, Declined) and isinstance(sale, Sale) and earlier:
            sale.closed = Canceled(references=sale.references)
        return answer


MUTANTS: dict[str, type[BogusGateway]] = {
    "DECL-1": ClassifiesAsItPleases,
    "DECL-2": TellsNothingOfRefusedRefunds,
    "DECL-3": KnowsAllCodes,
    "DECL-4": EndsWithTheFirstDecline,
    "DECL-5": BlamesTheCustomer,
    "DECL-6": TakesADuplicateForARefusal,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("DECL-4", EndsWithTheSecondDecline),
    ("DECL-1", DeclinesPurchasesAlike),
    ("DECL-1", LosesTheCode),
    ("DECL-1", TakesAllDeclinesOfChargesForOne),
    ("DECL-1", TakesAllRefusalsToStoreForOne),
    ("DECL-2", TakesARefusedRefundForMade),
    ("DECL-3", TriesWhatItDoesNotKnowAgain),
    ("DECL-4", NeverEnds),
    ("DECL-5", CannotTellWhatWasRejected),
)
