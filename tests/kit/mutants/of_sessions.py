"""Gateways that are wrong about sessions."""

from __future__ import annotations

import attrs

from paysession import Money
from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    BogusEffectKind,
    BogusGateway,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    LookUpRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
)
from paysession.gateways._bogus_objects import Sale
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
    Report,
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


class KeepsTheLesserAmount(BogusGateway):
    """Accepts an update to more, for which it would need another session, and forgets it."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and not sale.done and request.amount > sale.amount:
            return Accepted(references=request.references)
        return super().update_session(request)


class UpdatesOnce(BogusGateway):
    """Accepts every update, and carries out the first."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        ours = [each for each in self.calls if each.references == request.references]
        keys = {each.key for each in ours if each.method == "update_session"} - {request.key}
        sale = self.provider._books.known_by(request.references)
        if keys and isinstance(sale, Sale) and not sale.done:
            return Accepted(references=request.references)
        return super().update_session(request)


class UpdatesInFloats(BogusGateway):
    """Multiplies what a float says by a hundred, and cuts off the rest."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        currency = request.amount.currency
        minor = int(float(request.amount.amount) * 10**currency.digits)
        changed = attrs.evolve(request, amount=Money.from_minor(minor, currency))
        return super().update_session(changed)


class TakesUnreachableForUpdated(BogusGateway):
    """Accepts an update of which the provider never heard."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        try:
            return super().update_session(request)
        except GatewayUnreachable:
            return Accepted(references=request.references)


class DoublesAtTheirPage(BogusGateway):
    """Sends the cart as a line of two to the provider's own page."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        times = 2 if request.terms.hosted else 1
        return super().create_session(attrs.evolve(request, amount=request.amount * times))


class ClosesInNameAfterADecline(BogusGateway):
    """Takes a session in which something was declined for one that is over."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        books = self.provider._books
        sale = books.known_by(request.references)
        answers = [each.answer for each in books.entries() if each.subject is sale]
        if any(isinstance(each, Declined) for each in answers):
            return Canceled(references=request.references)
        return super().close_session(request)


class ClosesInNameWhatIsUnreachable(BogusGateway):
    """Says that a session is closed which it could not even ask about."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        try:
            return super().close_session(request)
        except GatewayUnreachable:
            return Canceled(references=request.references)


class UpdatesWhatIsClosed(BogusGateway):
    """Accepts updates of a session that is over."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and sale.closed:
            return Accepted(references=request.references)
        return super().update_session(request)


class SavesForItself(BogusGateway):
    """Has the source saved, and does not tell what it is called."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Authorized | Captured):
            return attrs.evolve(answer, profile=None)
        return answer


class TakesAtOnceAtTheirPage(BogusGateway):
    """Has a page that knows payments only, and no holds."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        policy = CapturePolicy.AUTOMATIC if request.terms.hosted else request.terms.capture
        terms = attrs.evolve(request.terms, capture=policy)
        return super().create_session(attrs.evolve(request, terms=terms))


class ForgetsUpdatesOfTheirPage(BogusGateway):
    """Accepts an update of a page that the customer has seen, and cannot change it any more."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        is_open = isinstance(sale, Sale) and not sale.done and not sale.closed
        if is_open and isinstance(sale, Sale) and sale.opened.next_action:
            return Accepted(references=request.references)
        return super().update_session(request)


class ClosesTheirPageInName(BogusGateway):
    """Trusts that nobody finds the page again."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        if isinstance(sale, Sale) and not sale.done and sale.opened.next_action:
            return Canceled(references=request.references)
        return super().close_session(request)


class SendsAllToOnePage(BogusGateway):
    """Makes a page, and sends everybody to it."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        answer = super().create_session(request)
        if isinstance(answer, Accepted) and isinstance(answer.next_action, Redirect):
            page = vars(self).setdefault("page", answer.next_action)
            return attrs.evolve(answer, next_action=page)
        return answer


class TakesWhatTheCustomerConfirms(BogusGateway):
    """Begins anew when the customer has acted, and by then has forgotten that it was to hold."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        earlier = [e for e in self.provider._books.entries() if e.subject is sale]
        has_acted = any(isinstance(each.answer, ActionRequired) for each in earlier)
        if isinstance(sale, Sale) and has_acted and not sale.done:
            sale.policy = CapturePolicy.AUTOMATIC
        return super().complete_session(request)


class SendsToTheBankInTheClear(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, ActionRequired):
            return attrs.evolve(answer, next_action=Redirect("http://acs.example/challenge"))
        return answer


class UpdatesInNameWhileTheCustomerActs(BogusGateway):
    """Accepts an update of what the customer is confirming at his bank, and sends it to nobody."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        sale, books = self.provider._books.known_by(request.references), self.provider._books
        if any(each.subject is sale for each in books.waiting):
            return Accepted(references=request.references)
        return super().update_session(request)


class BelievesThatAnUpdateArrived(BogusGateway):
    """Accepts at the second try what was lost at the first."""

    lost: tuple[str, ...] = ()

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        if request.key in self.lost:
            return Accepted(references=request.references)
        try:
            return super().update_session(request)
        except TimeoutError:
            self.lost += (request.key,)
            raise


class BelievesThatAClosingArrived(BogusGateway):
    """Takes for closed at the second try what was lost at the first."""

    lost: tuple[str, ...] = ()

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        if request.key in self.lost:
            return Canceled(references=request.references)
        try:
            return super().close_session(request)
        except TimeoutError:
            self.lost += (request.key,)
            raise


class TellsOfAnotherSession(BogusGateway):
    """Updates a session by opening another one at the provider."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        answer = super().update_session(request)
        if isinstance(answer, Accepted):
            return attrs.evolve(answer, references=References.of(session=f"cs_{request.key}"))
        return answer


class TakesTwiceWhatIsTakenAtOnce(BogusGateway):
    """Knows that a hold is not to be made twice, and looks for a hold alone."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        sale = self.provider._books.known_by(request.references)
        known = [each for each in self.calls if each.key == request.key]
        if isinstance(sale, Sale) and isinstance(sale.done, Captured) and not known:
            sale.done = None
        return super().complete_session(request)


class TakesWhatIsSaved(BogusGateway):
    """Has one kind of payment by which sources are saved, and it takes at once."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        policy = CapturePolicy.AUTOMATIC if request.terms.save_source else request.terms.capture
        terms = attrs.evolve(request.terms, capture=policy)
        return super().create_session(attrs.evolve(request, terms=terms))


class SavesNothingAtTheirPage(BogusGateway):
    """Does not tell the page that the source is to be saved."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        saves = request.terms.save_source and not request.terms.hosted
        terms = attrs.evolve(request.terms, save_source=saves)
        return super().create_session(attrs.evolve(request, terms=terms))


class FindsNoProfile(BogusGateway):
    """Tells what a source was saved as when it is saved, and never again."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, profile=None))
            if isinstance(each.fact, Authorized | Captured)
            else each
            for each in super().look_up(request)
        )


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
    "SES-11": ClosesInNameAfterADecline,
    "SES-12": SavesForItself,
    "SES-13": TakesAtOnceAtTheirPage,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("SES-13", ForgetsUpdatesOfTheirPage),
    ("SES-13", ClosesTheirPageInName),
    ("SES-6", SendsAllToOnePage),
    ("SES-5", TakesWhatTheCustomerConfirms),
    ("SES-5", SendsToTheBankInTheClear),
    ("SES-2", UpdatesInNameWhileTheCustomerActs),
    ("SES-2", BelievesThatAnUpdateArrived),
    ("SES-2", TellsOfAnotherSession),
    ("SES-11", BelievesThatAClosingArrived),
    ("SES-9", TakesTwiceWhatIsTakenAtOnce),
    ("SES-12", TakesWhatIsSaved),
    ("SES-12", SavesNothingAtTheirPage),
    ("SES-12", FindsNoProfile),
    ("SES-1", NamesTheSessionByAnotherRole),
    ("SES-1", PaysWhenItOpens),
    ("SES-2", UpdatesWhatIsPaid),
    ("SES-3", ClosesOnce),
    ("SES-3", LetsTimeClose),
    ("SES-4", LetsGoOfWhatWasPaid),
    ("SES-5", AsksForTheActionForEver),
    ("SES-6", SendsTheBrowserInTheClear),
    ("SES-2", KeepsTheLesserAmount),
    ("SES-2", UpdatesOnce),
    ("SES-2", UpdatesInFloats),
    ("SES-2", TakesUnreachableForUpdated),
    ("SES-6", DoublesAtTheirPage),
    ("SES-11", ClosesInNameWhatIsUnreachable),
    ("SES-11", UpdatesWhatIsClosed),
)
