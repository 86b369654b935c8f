"""Gateways that are wrong about what is held and taken."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.sources import StoredSource
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
)
from paysession.outcomes import ActionRequired, Authorized, Captured, References, Rejected


class TakesWhatItShouldHold(BogusGateway):
    """Captures every charge, and answers what it was asked for."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        terms = attrs.evolve(request.terms, capture=CapturePolicy.AUTOMATIC)
        answer = super().charge(attrs.evolve(request, terms=terms))
        if isinstance(answer, Captured) and request.terms.capture is CapturePolicy.MANUAL:
            return Authorized(answer.amount, references=answer.references)
        return answer


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


class NamesTheCardForTheCharge(BogusGateway):
    """Answers what was charged, and not the charge."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Authorized | Captured):
            card = References.of(authorization=request.source.id, capture=request.source.id)
            return attrs.evolve(answer, references=answer.references | card)
        return answer


class ChargesWithoutTheCustomer(BogusGateway):
    """Charges the customer's other card, which asks nobody."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, ActionRequired):
            other = StoredSource(id="src_2", profile_id="pm_2")
            return super().charge(attrs.evolve(request, key=f"{request.key}-2", source=other))
        return answer


MUTANTS: dict[str, type[BogusGateway]] = {
    "AUTH-1": TakesWhatItShouldHold,
    "AUTH-2": SaysThatItTook,
    "AUTH-3": NamesNoHold,
    "AUTH-4": EchoesTheAmountOfASale,
    "CHG-1": NamesTheCardForTheCharge,
    "CHG-2": ChargesWithoutTheCustomer,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("AUTH-3", HoldsInItsMemory),
    ("AUTH-4", EchoesTheAmountOfACharge),
)
