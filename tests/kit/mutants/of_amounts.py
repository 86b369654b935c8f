"""Gateways that get amounts wrong, each with one fault, as real adapters have had them."""

from __future__ import annotations

import struct

import attrs

from paysession._money import Money
from paysession.gateways import (
    STRIPE,
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    LookUpRequest,
    Notification,
    RefundAnswer,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Authorized, Captured, Refunded, Report, Voided


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


class CapturesIn32Bits(BogusGateway):
    """Counts in an integer that begins anew after 31 bits."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        wrapped = Money.from_minor(request.amount.minor % 2**31 or 1, request.amount.currency)
        return super().capture(attrs.evolve(request, amount=wrapped))


class RefundsInSixDigits(BogusGateway):
    """Has a field of six digits, and writes into it as much as it holds."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        most = Money.from_minor(999_999, request.amount.currency)
        return super().refund(attrs.evolve(request, amount=min(request.amount, most)))


class ChargesInSmallFloats(BogusGateway):
    """Counts in a float of 32 bits."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        (fits,) = struct.unpack("f", struct.pack("f", request.amount.minor))
        amount = Money.from_minor(int(fits), request.amount.currency)
        return super().charge(attrs.evolve(request, amount=amount))


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


class EchoesOurCapture(BogusGateway):
    """Answers what was asked for, since the provider said that all is well."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured):
            return attrs.evolve(answer, amount=request.amount)
        return answer


class EchoesOurVoid(BogusGateway):
    """Answers what was asked for, since the provider said that all is well."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        answer = super().void(request)
        return attrs.evolve(answer, amount=request.amount) if type(answer) is Voided else answer


class EchoesOurRefund(BogusGateway):
    """Answers what was asked for, since the provider said that all is well."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        return attrs.evolve(answer, amount=request.amount) if type(answer) is Refunded else answer


class LooksUpWhatWasAsked(BogusGateway):
    """Finds that it was done, and tells the amount that was asked for."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        asked = {e.key: e.amount for e in self.calls if hasattr(e, "amount")}
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, amount=asked[request.key]))
            if isinstance(each.fact, Authorized | Captured | Voided | Refunded)
            else each
            for each in super().look_up(request)
        )


class FindsIn32Bits(BogusGateway):
    """Keeps amounts where no more than 31 bits are kept."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(_cut_off(each) for each in super().look_up(request))


class ReadsIn32Bits(BogusGateway):
    """Reads amounts into what holds 31 bits of them."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return tuple(_cut_off(each) for each in super().read_notification(notification))


def _cut_off(report: Report) -> Report:
    """Return the report with so much of its amount as 31 bits hold."""
    if not isinstance(report.fact, Authorized | Captured | Refunded | Voided):
        return report
    amount = report.fact.amount
    left = Money.from_minor(amount.minor % 2**31 or 1, amount.currency)
    return attrs.evolve(report, fact=attrs.evolve(report.fact, amount=left))


MUTANTS: dict[str, type[BogusGateway]] = {
    "AMT-1": CapturesInHundredths,
    "AMT-2": FitsIntoAFloat,
    "AMT-3": RelabelsTheCurrency,
    "AMT-4": CountsFinerThanItSays,
    "AMT-5": EchoesOurCapture,
}
"""What is meant for each law."""

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("AMT-2", FindsIn32Bits),
    ("AMT-2", ReadsIn32Bits),
    ("AMT-1", SellsInHundredths),
    ("AMT-1", SellsInFloats),
    ("AMT-1", RefundsInFloats),
    ("AMT-1", RefundsInThousandths),
    ("AMT-2", CapturesIn32Bits),
    ("AMT-2", RefundsInSixDigits),
    ("AMT-2", ChargesInSmallFloats),
    ("AMT-4", RoundsToItsUnits),
    ("AMT-5", EchoesOurVoid),
    ("AMT-5", EchoesOurRefund),
    ("AMT-5", LooksUpWhatWasAsked),
    ("AUTH-4", LooksUpWhatWasAsked),
)
"""What a law must find as well."""
