"""Gateways that give back what was taken, each with one fault, as real adapters have had them."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.movements import RefundReason
from paysession._money import Money
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CancelRefundAnswer,
    CancelRefundRequest,
    CaptureRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
)
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import NO_REFERENCES, Canceled, Declined, Pending, Refunded, Report


class GivesBackMore(BogusGateway):
    """Takes a refusal for word that the money went back already."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        return Refunded(request.amount) if isinstance(answer, Declined) else answer


class GivesBackWhatThereIs(BogusGateway):
    """Gives as much back as is there, where more is asked for."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale = self.provider._books.known_by(request.references)
        assert isinstance(sale, Sale)
        there_is = min(request.amount, sale.taken - sale.given_back)
        return super().refund(attrs.evolve(request, amount=there_is))


class NamesNoRefund(BogusGateway):
    """Takes no note of what the provider calls a refund."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        return attrs.evolve(answer, references=NO_REFERENCES)


class RefundsTheWhole(BogusGateway):
    """Leaves the amount out, which means all that was taken."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and request.amount < sale.taken:
            request = attrs.evolve(request, amount=sale.taken)
        return super().refund(request)


class KnowsThreeReasons(BogusGateway):
    """Has a word of its provider's for three reasons, and for none."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        if request.reason in (RefundReason.UNDERPAID, RefundReason.LATE, RefundReason.OTHER):
            raise KeyError(request.reason)
        return super().refund(request)


class RefundsParts(BogusGateway):
    """Declares that it gives back all or nothing, and gives back whatever it is asked for."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, partial_refunds=False)


class RefundsAllForAPart(RefundsParts):
    """Cannot give a part back, and so gives back everything."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale = self.provider._books.known_by(request.references)
        assert isinstance(sale, Sale)
        return super().refund(attrs.evolve(request, amount=max(request.amount, sale.taken)))


class RefundsThePayment(BogusGateway):
    """Declares that refunds are of one capture, and gives back of them all."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, refunds_per_capture=True)


class TakesAcceptedForDone(BogusGateway):
    """Tells of money that went back as soon as the provider has received the wish."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        if isinstance(answer, Pending):
            return Refunded(request.amount, references=answer.references)
        return answer


class CountsWhatFailed(BogusGateway):
    """Counts by itself how much is left, and never takes back what it has counted."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale = self.provider._books.known_by(request.references)
        refunds = [each for each in (*self.calls, request) if isinstance(each, RefundRequest)]
        asked = {each.key: each.amount for each in refunds if each.references == request.references}
        counted = Money.sum(asked.values(), currency=request.amount.currency)
        if isinstance(sale, Sale) and counted > sale.taken:
            return Declined(Failure(FailureCode.INVALID_AMOUNT))
        return super().refund(request)


class TakesAnyRefundForDone(BogusGateway):
    """Looks whether there is a refund, and not how it stands."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        asked = {e.key: e.amount for e in self.calls if isinstance(e, RefundRequest)}
        reports = super().look_up(request)
        if request.key not in asked:
            return reports
        return tuple(attrs.evolve(each, fact=Refunded(asked[request.key])) for each in reports)


class CallsOffInName(BogusGateway):
    """Forgets the refund here, and leaves it there."""

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        return Canceled(references=request.references)


class TakesUnreachableForCanceled(BogusGateway):
    """Believes that a refund is off when it could not say so to anybody."""

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        try:
            return super().cancel_refund(request)
        except GatewayUnreachable:
            return Canceled(references=request.references)


class TakesTooLateForCanceled(BogusGateway):
    """Takes a refund that cannot be called off for one that is off."""

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        answer = super().cancel_refund(request)
        return Canceled() if isinstance(answer, Declined) else answer


class GivesBackWhatWasHeld(BogusGateway):
    """Compares a refund with what was held, and has it paid out by hand."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and isinstance(answer, Declined) and sale.taken < sale.amount:
            self.provider.later.refund(sale.id, amount=request.amount)
            return Refunded(request.amount)
        return answer


class ReleasesWhatItCannotRefund(BogusGateway):
    """Reverses: it gives back what was taken, and releases what was not."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and isinstance(answer, Declined) and not sale.taken:
            self.provider.later.void(sale.id)
            return Refunded(request.amount)
        return answer


class RefundsOneCapture(BogusGateway):
    """Gives back no more at once than was taken first."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        calls = [each for each in self.calls if isinstance(each, CaptureRequest)]
        ids = {each.id for each in request.references}
        ours = [each for each in calls if ids & {one.id for one in each.references}]
        if len(ours) > 1 and request.amount > ours[0].amount:
            return Declined(Failure(FailureCode.INVALID_AMOUNT))
        return super().refund(request)


class RefundsEachCapture(BogusGateway):
    """Gives the amount back of every capture, where there are several."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer, sale = super().refund(request), self.provider._books.known_by(request.references)
        if isinstance(answer, Refunded) and isinstance(sale, Sale) and sale.captures > 1:
            super().refund(attrs.evolve(request, key=f"{request.key}-2"))
        return answer


class BelievesThatACallingOffArrived(BogusGateway):
    """Takes for called off at the second try what was lost at the first."""

    lost: tuple[str, ...] = ()

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        if request.key in self.lost:
            return Canceled(references=request.references)
        try:
            return super().cancel_refund(request)
        except TimeoutError:
            self.lost += (request.key,)
            raise


class TriesAgainWhatFailed(BogusGateway):
    """Makes a refund that has failed once more with the next one."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale, books = self.provider._books.known_by(request.references), self.provider._books
        earlier = [each for each in books.entries() if each.subject is sale]
        failed = [each.request for each in earlier if isinstance(each.fact, Declined)]
        answer = super().refund(request)
        for each in [each for each in failed if isinstance(each, RefundRequest)][:1]:
            part = min(each.amount, request.amount)
            super().refund(attrs.evolve(each, amount=part, key=f"{request.key}-{part}"))
        return answer


MUTANTS: dict[str, type[BogusGateway]] = {
    "REF-1": GivesBackMore,
    "REF-2": GivesBackWhatWasHeld,
    "REF-3": RefundsTheWhole,
    "REF-4": RefundsParts,
    "REF-5": RefundsThePayment,
    "REF-6": TakesAcceptedForDone,
    "REF-7": CountsWhatFailed,
    "REF-8": CallsOffInName,
    "REF-9": TakesTooLateForCanceled,
    "REF-10": RefundsOneCapture,
}
"""What is meant for each law."""

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("REF-10", RefundsEachCapture),
    ("REF-8", BelievesThatACallingOffArrived),
    ("REF-7", TriesAgainWhatFailed),
    ("REF-1", GivesBackWhatThereIs),
    ("REF-2", ReleasesWhatItCannotRefund),
    ("REF-3", NamesNoRefund),
    ("REF-3", KnowsThreeReasons),
    ("REF-4", RefundsAllForAPart),
    ("REF-6", TakesAnyRefundForDone),
    ("REF-8", TakesUnreachableForCanceled),
)
"""What a law must find as well."""
