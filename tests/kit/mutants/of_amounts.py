"""Gateways that get amounts wrong, each with one fault, as real adapters have had them."""

from __future__ import annotations

import attrs

from paysession._money import Money
from paysession.gateways import (
    STRIPE,
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    RefundAnswer,
    RefundRequest,
)
from paysession.outcomes import Captured, Refunded


class SellsInHundredths(BogusGateway):
    """Reads every amount as if there were a hundred of a minor unit, in yen too."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Captured) and answer.amount.currency.digits == 0:
            return attrs.evolve(answer, amount=answer.amount * 100)
        return answer


class SellsInFloats(BogusGateway):
    """Counts in a float, and cuts it off."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        currency = request.amount.currency
        minor = int(float(request.amount.amount) * 10**currency.digits)
        amount = Money.from_minor(minor, currency)
        return super().create_session(attrs.evolve(request, amount=amount))


class CapturesInHundredths(BogusGateway):
    """Reads every amount as if there were a hundred of a minor unit, in yen too."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured) and answer.amount.currency.digits == 0:
            return attrs.evolve(answer, amount=answer.amount * 100)
        return answer


class RefundsInFloats(BogusGateway):
    """Counts in a float, and cuts it off."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        currency = request.amount.currency
        minor = int(float(request.amount.amount) * 10**currency.digits)
        return super().refund(attrs.evolve(request, amount=Money.from_minor(minor, currency)))


class RefundsInThousandths(BogusGateway):
    """Knows of no currency with three decimals."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        if isinstance(answer, Refunded) and answer.amount.currency.digits == 3:
            return attrs.evolve(answer, amount=answer.amount * 10)
        return answer


class FitsIntoAFloat(BogusGateway):
    """Reads the amount from a JSON number, which is a float there."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        fits = Money.from_minor(int(float(request.amount.minor)), request.amount.currency)
        return super().create_session(attrs.evolve(request, amount=fits))


class RelabelsTheCurrency(BogusGateway):
    """Reads the number alone, and believes that it is of the currency that was asked for."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured):
            relabelled = Money.from_minor(answer.amount.minor, request.amount.currency)
            return attrs.evolve(answer, amount=relabelled)
        return answer


class CountsFinerThanItSays(BogusGateway):
    """Declares its provider's units, and sends whatever it is asked to."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, minor_units=STRIPE)


class RoundsToItsUnits(CountsFinerThanItSays):
    """Rounds to what the provider can count."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        step = STRIPE.step(request.amount.currency)
        minor = request.amount.minor // step * step
        rounded = Money.from_minor(minor, request.amount.currency)
        return super().create_session(attrs.evolve(request, amount=rounded))


MUTANTS: dict[str, type[BogusGateway]] = {
    "AMT-1": SellsInHundredths,
    "AMT-2": CapturesInHundredths,
    "AMT-3": RefundsInFloats,
    "AMT-4": FitsIntoAFloat,
    "AMT-5": RelabelsTheCurrency,
    "AMT-6": CountsFinerThanItSays,
}
"""What is meant for each law."""

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("AMT-1", SellsInFloats),
    ("AMT-3", RefundsInThousandths),
    ("AMT-6", RoundsToItsUnits),
)
"""What a law must find as well."""
