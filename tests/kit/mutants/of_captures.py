"""Gateways that take what is held, each with one fault, as real adapters have had them."""

from __future__ import annotations

import attrs

from paysession.gateways import BogusGateway, BogusProvider, CaptureAnswer, CaptureRequest
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import NO_REFERENCES, Captured, Declined, ReferenceRole, References


class OverCaptures(BogusGateway):
    """Its account may capture more than is held, and it does not declare that."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        provider.capabilities = attrs.evolve(self.capabilities, over_capture=lambda held: held * 9)


class TakesWhatThereIs(BogusGateway):
    """Takes as much as is there, where more is asked for."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        assert isinstance(sale, Sale)
        there_is = min(request.amount, sale.held)
        return super().capture(attrs.evolve(request, amount=there_is))


class HoldsTheRest(BogusGateway):
    """Does not tell the provider which capture is the last."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, is_final=False))


class CapturesOnce(BogusGateway):
    """Declares that it captures several times, and every capture is the last."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, is_final=True))


class ForgetsWhatItTook(BogusGateway):
    """Compares each capture with what was held at first, and believes itself."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        earlier = [each for each in self.calls[:-1] if each.references == request.references]
        if isinstance(answer, Declined) and any(isinstance(e, CaptureRequest) for e in earlier):
            return Captured(request.amount, references=References.of(capture=request.key))
        return answer


class CapturesTheWhole(BogusGateway):
    """Leaves the amount out, which means all that is held."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and request.amount < sale.held:
            request = attrs.evolve(request, amount=sale.held)
        return super().capture(request)


class CapturesParts(BogusGateway):
    """Declares that it captures all or nothing, and captures whatever it is asked for."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, partial_captures=False)


class CapturesAllForAPart(CapturesParts):
    """Cannot capture a part, and so captures everything."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        assert isinstance(sale, Sale)
        all_of_it = max(request.amount, sale.held)
        return super().capture(attrs.evolve(request, amount=all_of_it))


class CapturesAgain(BogusGateway):
    """Declares that it captures once, and captures again."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, several_captures=False)


class TakesCapturedAlreadyForDone(CapturesAgain):
    """Takes the provider's word that something was captured for word of this capture."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(attrs.evolve(request, is_final=True))
        if isinstance(answer, Declined) and answer.failure.raw_code == "nothing_held":
            return Captured(request.amount, references=References.of(capture=request.key))
        return answer


class ClosesWithTheLastOnly(BogusGateway):
    """Declares that the first capture closes, and only the one that is told to be final does."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, first_capture_closes=True)


class PromisesMoreThanIsHeld(BogusGateway):
    """Declares that twice as much can be captured, and its account is not made for that."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, over_capture=lambda held: held)


class NamesTheAuthorization(BogusGateway):
    """Calls every capture by the id of what was held."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured):
            held = request.references.get(ReferenceRole.AUTHORIZATION)
            return attrs.evolve(answer, references=References.of(capture=held))
        return answer


class NamesNoCapture(BogusGateway):
    """Takes no note of what the provider calls a capture."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        return attrs.evolve(answer, references=NO_REFERENCES)


class EndsWithTheFirstOnly(BogusGateway):
    """Tells the provider that a capture is the last, if it is the first as well."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        is_first = isinstance(sale, Sale) and not sale.captures
        final = request.is_final and is_first
        return super().capture(attrs.evolve(request, is_final=final))


class TakesTheRestAtTheSecond(BogusGateway):
    """Takes a second capture for the last one, and all that is left with it."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        sale = self.provider._books.known_by(request.references)
        known = [each for each in self.calls if each.key == request.key]
        if isinstance(sale, Sale) and sale.captures and not known and request.amount < sale.held:
            request = attrs.evolve(request, amount=sale.held)
        return super().capture(request)


MUTANTS: dict[str, type[BogusGateway]] = {
    "CAP-1": OverCaptures,
    "CAP-2": CapturesTheWhole,
    "CAP-3": HoldsTheRest,
    "CAP-4": CapturesParts,
    "CAP-5": CapturesAgain,
    "CAP-6": ClosesWithTheLastOnly,
    "CAP-7": PromisesMoreThanIsHeld,
    "CAP-8": NamesTheAuthorization,
}
"""What is meant for each law."""

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("CAP-3", EndsWithTheFirstOnly),
    ("CAP-2", TakesTheRestAtTheSecond),
    ("CAP-1", TakesWhatThereIs),
    ("CAP-1", ForgetsWhatItTook),
    ("CAP-2", CapturesOnce),
    ("CAP-4", CapturesAllForAPart),
    ("CAP-5", TakesCapturedAlreadyForDone),
    ("CAP-8", NamesNoCapture),
)
"""What a law must find as well."""
