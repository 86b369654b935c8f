"""Gateways that are wrong about sessions."""

from __future__ import annotations

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import (
    BogusEffectKind,
    BogusGateway,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
)
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Expired,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
    UseSdk,
)


class NamesTheSessionByAnotherRole(BogusGateway):
    """Takes the id of the session for that of the money, which there is none of yet."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        name = answer.references.get(ReferenceRole.SESSION)
        return attrs.evolve(answer, references=References.of(authorization=name))


class PaysWhenItOpens(BogusGateway):
    """Confirms at once, with a card on file that nobody was asked about."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        opened, books = super().create_session(request), self.provider._books
        sale = books.known_by(opened.references)
        if sale is not None:
            books.effect(BogusEffectKind.HELD, request.amount, sale, request)
        return opened


class OpensTheCartsSessionAgain(BogusGateway):
    """Finds a session of the same cart that costs the same, and gives it to the next customer."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        known = [each for each in self.calls if isinstance(each, CreateSessionRequest)]
        alike = [each for each in known if each.amount == request.amount]
        return super().create_session(alike[0] if alike else request)


class AcceptsUpdatesAndForgetsThem(BogusGateway):
    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        return Accepted(references=request.references)


class ClosesInName(BogusGateway):
    """Forgets the session here, and leaves it open there."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        over = Canceled if request.reason is CloseReason.CANCELED else Expired
        return over(references=request.references)


class LetsTimeClose(BogusGateway):
    """Trusts that the provider's clock closes what has expired."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        if request.reason is CloseReason.EXPIRED:
            return Expired(references=request.references)
        return super().close_session(request)


class ClosesWhatWasPaid(BogusGateway):
    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        super().close_session(request)
        return Canceled(references=request.references)


class LetsGoOfWhatWasPaid(BogusGateway):
    """Cancels at a provider where that releases what is held."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        answer = super().close_session(request)
        sale = self.provider._books.known_by(request.references)
        if isinstance(answer, Authorized) and sale is not None:
            self.provider._books.effect(BogusEffectKind.RELEASED, answer.amount, sale, request)
        return answer


class ClosesOnce(BogusGateway):
    """Says of a closed session that there is no such session."""

    closed: tuple[References, ...] = ()

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        if request.references in self.closed:
            return Rejected(Failure(FailureCode.MERCHANT_CONFIG))
        self.closed += (request.references,)
        return super().close_session(request)


class TakesTheActionForGranted(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, ActionRequired):
            return super().complete_session(attrs.evolve(request, key=f"{request.key}-2"))
        return answer


class AsksForTheActionForEver(BogusGateway):
    """Keeps that the customer must act, and never asks again whether he has."""

    acting: tuple[str, ...] = ()

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        if request.session_id in self.acting:
            return ActionRequired(UseSdk({"challenge": "1"}), references=request.references)
        answer = super().complete_session(request)
        if isinstance(answer, ActionRequired):
            self.acting += (request.session_id,)
        return answer


class ForgetsTheAddress(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return Accepted(references=super().create_session(request).references)


class SendsTheBrowserInTheClear(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        if isinstance(answer, Accepted) and isinstance(answer.next_action, Redirect):
            plain = Redirect(str(answer.next_action.url.reveal()).replace("https", "http", 1))
            return attrs.evolve(answer, next_action=plain)
        return answer


class LetsWhatIsPendingGoOn(BogusGateway):
    """Closes at once what the provider is still busy with, which it cannot stop."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        if self.provider._books.waiting:
            return Canceled(references=request.references)
        return super().close_session(request)


class BelievesTheBrowser(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        brought = request.external_data.reveal() if request.external_data else {}
        if isinstance(brought, dict) and brought.get("status") == "succeeded":
            return Captured(request.amount, references=request.references)
        return super().complete_session(request)


class PaysAsOftenAsItIsAsked(BogusGateway):
    """Makes a payment of its own of every call, all in one session."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        known = [each for each in self.calls if each.key == request.key]
        if sale is not None and not known:
            sale.done = None
        return super().complete_session(request)


class UpdatesWhatIsPaid(BogusGateway):
    """Writes the new amount down, and takes no notice of what the provider says to it."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        answer = super().update_session(request)
        is_late = isinstance(answer, Declined) and answer.failure.raw_code == "session_paid"
        return Accepted(references=request.references) if is_late else answer


class AsksForASourceFirst(BogusGateway):
    """Opens nothing for whoever has not said yet what he pays with."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        if request.source is None:
            return Rejected(Failure(FailureCode.INVALID_CARD_DATA))
        return super().create_session(request)


MUTANTS: dict[str, type[BogusGateway]] = {
    "SES-1": OpensTheCartsSessionAgain,
    "SES-2": AcceptsUpdatesAndForgetsThem,
    "SES-3": ClosesInName,
    "SES-4": ClosesWhatWasPaid,
    "SES-5": TakesTheActionForGranted,
    "SES-6": ForgetsTheAddress,
    "SES-7": LetsWhatIsPendingGoOn,
    "SES-8": BelievesTheBrowser,
    "SES-9": PaysAsOftenAsItIsAsked,
    "SES-10": AsksForASourceFirst,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("SES-1", NamesTheSessionByAnotherRole),
    ("SES-1", PaysWhenItOpens),
    ("SES-2", UpdatesWhatIsPaid),
    ("SES-3", ClosesOnce),
    ("SES-3", LetsTimeClose),
    ("SES-4", LetsGoOfWhatWasPaid),
    ("SES-5", AsksForTheActionForEver),
    ("SES-6", SendsTheBrowserInTheClear),
)
