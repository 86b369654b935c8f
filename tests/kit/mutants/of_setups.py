"""Gateways that are wrong about sources that are stored."""

from __future__ import annotations

import attrs

from paysession._domain.sources import Profile
from paysession._money import Money
from paysession.gateways import (
    BogusEffectKind,
    BogusGateway,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
)
from paysession.outcomes import ActionRequired, Stored

ONE = Money("1.00", "USD")


class OpensOneSetupSessionForAll(BogusGateway):
    """Finds a setup session that is open, and does not ask whose it is."""

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        known = [each for each in self.calls if isinstance(each, CreateSetupSessionRequest)]
        return super().create_setup_session(known[0] if known else request)


class StoresOneForAll(BogusGateway):
    """Keeps the first card that it was told of, and tells it to every customer."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            first = vars(self).setdefault("profile", answer.profile)
            return attrs.evolve(answer, profile=first)
        return answer


class TellsNoProfileId(BogusGateway):
    """Tells what the card looks like, and not what it is kept as."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            return attrs.evolve(answer, profile=attrs.evolve(answer.profile, id=None))
        return answer


class ProvesTheCardWithAPayment(BogusGateway):
    """Takes a payment to see whether the card is good, and leaves it there."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        books = self.provider._books
        setup = books.known_by(request.references)
        if setup is not None:
            books.effect(BogusEffectKind.HELD, ONE, setup, request)
        return super().complete_setup_session(request)


class TellsTheIdOfTheSession(BogusGateway):
    """Tells an id that was good for the browser, and can be charged by nobody."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            return attrs.evolve(answer, profile=Profile(id="charge=reject"))
        return answer


class StoresWithoutTheCustomer(BogusGateway):
    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, ActionRequired):
            return super().complete_setup_session(attrs.evolve(request, key=f"{request.key}-2"))
        return answer


class TellsTheCardNumber(BogusGateway):
    """Calls the card by its number, for want of another id."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            numbered = attrs.evolve(answer.profile, id="card_4242424242424242")
            return attrs.evolve(answer, profile=numbered)
        return answer


class StoresAnotherEachTime(BogusGateway):
    """Stores the card once more whenever it is asked how the session stands."""

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            return attrs.evolve(answer, profile=Profile(id=f"pm_{request.key}"))
        return answer


MUTANTS: dict[str, type[BogusGateway]] = {
    "SET-1": OpensOneSetupSessionForAll,
    "SET-2": TellsNoProfileId,
    "SET-3": TellsTheIdOfTheSession,
    "SET-4": StoresWithoutTheCustomer,
    "SET-5": TellsTheCardNumber,
    "SET-6": StoresAnotherEachTime,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("SET-1", StoresOneForAll),
    ("SET-2", ProvesTheCardWithAPayment),
)
