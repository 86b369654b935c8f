"""Gateways with one fault each, as real adapters have had them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.secrets import Secret
from paysession.errors import GatewayUnreachable, InvalidSignature
from paysession.gateways import (
    CancelRefundAnswer,
    CancelRefundRequest,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    Gateway,
    LookUpRequest,
    Notification,
    RefundAnswer,
    RefundRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
    read_json,
)
from paysession.gateways._bogus_mail import reports_in
from paysession.gateways.bogus import BogusGateway, BogusProvider
from paysession.outcomes import (
    NO_REFERENCES,
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Pending,
    Profile,
    References,
    Refunded,
    Rejected,
    Report,
    Stored,
    Voided,
)

NUMBERS = count()


class IgnoresKeys(BogusGateway):
    """Makes a key of its own for every call, as some clients do unless they are given one."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        key = f"{request.key}-{len(self.calls)}"
        return super().capture(attrs.evolve(request, key=key))


class GuessesDeclined(BogusGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return super().capture(request)
        except TimeoutError:
            return Declined(Failure(FailureCode.PROCESSING_ERROR))


class EchoesOurAmount(BogusGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured):
            return attrs.evolve(answer, amount=request.amount)
        return answer


class ForgetsLookUp(BogusGateway):
    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return ()


class ForgetsOurReference(BogusGateway):
    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(attrs.evolve(each, our_reference=None) for each in super().look_up(request))


class InventsReports(BogusGateway):
    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return super().look_up(request) or (Report(Accepted(), our_reference="op_other"),)


class OverCaptures(BogusGateway):
    """Its account may capture more than is held, and it does not declare that."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(capabilities=Capabilities(over_capture=lambda held: held))
        self.capabilities = Capabilities()


class LosesFailureCodes(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        if isinstance(answer, Declined):
            return attrs.evolve(answer, failure=Failure(FailureCode.DO_NOT_HONOR))
        return answer


class CountsInHundredths(BogusGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        answer = super().capture(request)
        if isinstance(answer, Captured) and answer.amount.currency.digits == 0:
            return attrs.evolve(answer, amount=answer.amount * 100)
        return answer


class AcceptsUpdatesAndForgetsThem(BogusGateway):
    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        return Accepted(references=request.references)


class ChargesUnderItsOwnKeys(BogusGateway):
    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return super().charge(attrs.evolve(request, key=f"{request.key}-{len(self.calls)}"))


class ChargesUnderOneKey(BogusGateway):
    """Its keys are cut off, as by a column that is too short."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        one_for_all = attrs.evolve(request, operation_id="op", payment_id="py")
        return super().charge(attrs.evolve(one_for_all, key=request.key[:4]))


class LosesFailureCodesOfCharges(BogusGateway):
    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        answer = super().charge(request)
        if isinstance(answer, Declined):
            return attrs.evolve(answer, failure=Failure(FailureCode.DO_NOT_HONOR))
        return answer


class TellsNoProfileId(BogusGateway):
    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Stored):
            return attrs.evolve(answer, profile=attrs.evolve(answer.profile, id=None))
        return answer


class TellsAProfileThatCannotBeCharged(BogusGateway):
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
        super().complete_setup_session(request)
        return super().complete_setup_session(attrs.evolve(request, key=f"{request.key}-2"))


class OpensOneSetupSessionForAll(BogusGateway):
    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        answer = super().create_setup_session(request)
        return attrs.evolve(answer, references=References.of(session="their_1"))


class NamesNoSession(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return attrs.evolve(super().create_session(request), references=NO_REFERENCES)


class OneSessionForAll(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        only = References.of(session="their_1")
        return attrs.evolve(super().create_session(request), references=only)


class ForgetsTheAddress(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return Accepted(references=super().create_session(request).references)


class ClosesInName(BogusGateway):
    """Forgets the session here, and leaves it open there."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        over = Canceled if request.reason is CloseReason.CANCELED else Expired
        return over(references=request.references)


class ClosesWhatWasPaid(BogusGateway):
    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        super().close_session(request)
        return Canceled(references=request.references)


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


class TakesWhatItShouldHold(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return super().create_session(_with_policy(request, CapturePolicy.AUTOMATIC))


class HoldsWhatItShouldTake(BogusGateway):
    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return super().create_session(_with_policy(request, CapturePolicy.MANUAL))


def _with_policy(request: CreateSessionRequest, policy: CapturePolicy) -> CreateSessionRequest:
    return attrs.evolve(request, terms=attrs.evolve(request.terms, capture=policy))


class UnreachableAfterAll(BogusGateway):
    """Takes a connection that broke for one that never was."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        try:
            return super().complete_session(request)
        except GatewayUnreachable:
            super().complete_session(request)
            raise


class EndsWithTheFirstDecline(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        return attrs.evolve(answer, ends=Ends.OBJECT) if isinstance(answer, Declined) else answer


class NeverEnds(BogusGateway):
    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        answer = super().complete_session(request)
        return attrs.evolve(answer, ends=Ends.ATTEMPT) if isinstance(answer, Declined) else answer


class LosesFailureCodesOfSources(BogusGateway):
    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        answer = super().complete_setup_session(request)
        if isinstance(answer, Declined):
            return attrs.evolve(answer, failure=Failure(FailureCode.DO_NOT_HONOR))
        return answer


class AnswersByKeyAlone(BogusGateway):
    """Keeps answers by their keys, and does not look at what was asked."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        known = [each for each in self.calls if each.key == request.key]
        return super().capture(known[0] if known else request)  # type: ignore[arg-type]


class HoldsTheRest(BogusGateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, is_final=False))


class CapturesOnce(BogusGateway):
    """Declares that it captures in parts, and every capture is the last."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, is_final=True))


class VoidsUnderItsOwnKeys(BogusGateway):
    def void(self, request: VoidRequest) -> VoidAnswer:
        return super().void(attrs.evolve(request, key=f"{request.key}-{len(self.calls)}"))


class VoidsWhatWasTaken(BogusGateway):
    def void(self, request: VoidRequest) -> VoidAnswer:
        answer = super().void(request)
        return Voided(request.amount) if isinstance(answer, Declined) else answer


class GivesBackMore(BogusGateway):
    def refund(self, request: RefundRequest) -> RefundAnswer:
        answer = super().refund(request)
        return Refunded(request.amount) if isinstance(answer, Declined) else answer


class RefundsUnderItsOwnKeys(BogusGateway):
    def refund(self, request: RefundRequest) -> RefundAnswer:
        return super().refund(attrs.evolve(request, key=f"{request.key}-{len(self.calls)}"))


class AnswersInItsOwnWords(BogusGateway):
    def refund(self, request: RefundRequest) -> RefundAnswer:
        return Accepted()  # type: ignore[return-value]


class CallsOffInName(BogusGateway):
    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        return Canceled(references=request.references)


class LooksOnce(BogusGateway):
    """Keeps what it was told, however long ago."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self._seen: dict[str, tuple[Report, ...]] = {}

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return self._seen.setdefault(request.operation_id, super().look_up(request))


class LendsAMethod(BogusGateway):
    """Offers what nobody can see that it offers."""

    cancel_refund = Gateway.cancel_refund

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["cancel_refund"] = lambda _: Pending()


class BelievesWhatItIsTold(BogusGateway):
    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        return reports_in(notification)


class SignsWhatItHasParsed(BogusGateway):
    """Writes the JSON anew to verify it, as a framework's parsed body makes tempting."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        try:
            body = json.dumps(json.loads(notification.body), ensure_ascii=False).encode()
        except ValueError:
            raise InvalidSignature from None
        return super().read_notification(Notification(body, notification.headers))


class LooksAtTheAgeAlone(BogusGateway):
    """Believes for ever what was signed in the future, as one provider's library does."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        sent = datetime.fromtimestamp(int(notification.header("webhook-timestamp") or 0), UTC)
        provider = self.provider
        provider._webhooks.verify(notification, now=max(sent, provider._books.clock()))
        return reports_in(notification)


class ParsesBeforeItVerifies(BogusGateway):
    """Tells whoever signs nothing how its parser fails."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        read_json(notification)
        return super().read_notification(notification)


class ReadsCarelessly(BogusGateway):
    """Verifies, and trusts its provider to write what it always wrote."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        provider = self.provider
        provider._webhooks.verify(notification, now=provider._books.clock())
        return reports_in(notification) if json.loads(notification.body)["events"] else ()


class KnowsTheFirstSecret(BogusGateway):
    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        provider._webhooks._secrets = provider._webhooks._secrets[:1]


class NeverForgetsASecret(BogusGateway):
    """What was stolen once is good for ever."""

    known: tuple[Secret, ...] = ()

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        type(self).known += provider._webhooks._secrets
        provider._webhooks._secrets = self.known


class DropsWhatIsOlder(BogusGateway):
    """Acts on the newest event alone, as if the last word were all that counts."""

    newest = 0

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        number = int(str(reports[0].id).removeprefix("bogus_evt_"))
        self.newest = max(number, self.newest)
        return reports if number == self.newest else ()


class NumbersWhatItReads(BogusGateway):
    """Gives every report an id of its own, so that no duplicate is ever found."""

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        return tuple(attrs.evolve(each, id=f"evt_{next(NUMBERS)}") for each in reports)


class TellsWithoutOurReference(BogusGateway):
    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        reports = super().read_notification(notification)
        return tuple(attrs.evolve(each, our_reference=None) for each in reports)


class ForgetsWhatIsHeldUntilWhen(BogusGateway):
    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        (report,) = super().read_notification(notification)
        if isinstance(report.fact, Authorized):
            report = attrs.evolve(report, fact=attrs.evolve(report.fact, expires_at=None))
        return (report,)
