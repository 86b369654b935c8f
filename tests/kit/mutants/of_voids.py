"""Gateways that release what is held, each with one fault, as real adapters have had them."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import BogusGateway, BogusProvider, RefundRequest, VoidAnswer, VoidRequest
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import Declined, Rejected, Voided


class VoidsInName(BogusGateway):
    """Believes that what nobody captures releases itself."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        return Voided(request.amount, references=request.references)


class VoidsWhatWasTaken(BogusGateway):
    """Takes every refusal to void for word that nothing is held any more."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        answer = super().void(request)
        return Voided(request.amount) if isinstance(answer, Declined) else answer


class RefundsWhatItCannotVoid(BogusGateway):
    """Reverses: it cancels if it can, and refunds if it cannot."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        answer = super().void(request)
        if not isinstance(answer, Declined):
            return answer
        fields = {each.name: getattr(request, each.name) for each in attrs.fields(VoidRequest)}
        key = f"{request.key}-refund"
        self.refund(RefundRequest(**{**fields, "key": key}, reason=None))
        return Voided(request.amount)


class VoidsOnce(BogusGateway):
    """Tells of an error where the provider says that it was canceled already."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        same = [attrs.evolve(each, key="", operation_id="") for each in self.calls]
        is_known = request.key in {each.key for each in self.calls}
        if attrs.evolve(request, key="", operation_id="") in same and not is_known:
            return Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code="unexpected_state"))
        return super().void(request)


class PromisesPartialVoids(BogusGateway):
    """Declares that it releases parts, and its provider does not."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, partial_voids=True)


class VoidsTheWhole(BogusGateway):
    """Has nowhere to write an amount, and so releases everything."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        sale = self.provider._books.known_by(request.references)
        assert isinstance(sale, Sale)
        return super().void(attrs.evolve(request, amount=max(request.amount, sale.held)))


class VoidsWhatThereIs(BogusGateway):
    """Releases as much as is held, where more is asked for."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and not sale.held.is_zero:
            request = attrs.evolve(request, amount=min(request.amount, sale.held))
        return super().void(request)


class VoidsParts(BogusGateway):
    """Its provider releases parts, and it does not declare that."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        provider.capabilities = attrs.evolve(self.capabilities, partial_voids=True)


class PromisesVoidsAfterCaptures(BogusGateway):
    """Declares that it releases what a capture has left, and its provider does not."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        provider.capabilities = attrs.evolve(self.capabilities, void_after_capture=False)


class VoidsAfterCaptures(BogusGateway):
    """Declares that nothing is released after a capture, and asks the provider all the same."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, void_after_capture=False)


class ReleasesAllThatACaptureLeft(BogusGateway):
    """Releases the whole rest after a capture, and echoes what was asked."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        sale = self.provider._books.known_by(request.references)
        if not isinstance(sale, Sale) or not sale.captures or request.amount >= sale.held:
            return super().void(request)
        answer = super().void(attrs.evolve(request, amount=sale.held))
        return attrs.evolve(answer, amount=request.amount) if isinstance(answer, Voided) else answer


class RefusesWhatWasLetGo(BogusGateway):
    """Refuses to release what a final capture has let go of."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and sale.captures and not sale.held:
            return Declined(Failure(FailureCode.PROCESSING_ERROR, raw_code="captured_already"))
        return super().void(request)


MUTANTS: dict[str, type[BogusGateway]] = {
    "VOID-1": VoidsInName,
    "VOID-2": VoidsWhatWasTaken,
    "VOID-3": PromisesPartialVoids,
    "VOID-4": VoidsTheWhole,
    "VOID-5": PromisesVoidsAfterCaptures,
    "VOID-6": VoidsAfterCaptures,
    "VOID-7": RefusesWhatWasLetGo,
}
"""What is meant for each law."""

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("VOID-5", ReleasesAllThatACaptureLeft),
    ("VOID-1", VoidsOnce),
    ("VOID-2", RefundsWhatItCannotVoid),
    ("VOID-4", VoidsParts),
    ("VOID-4", VoidsWhatThereIs),
)
"""What a law must find as well."""
