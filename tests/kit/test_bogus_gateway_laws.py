"""The in-memory gateways obey every law, and each law finds the fault that it is meant for."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import attrs
import pytest
from gateway_bench import Bench, Books, LawBroken
from gateway_laws import LAWS, Law

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.secrets import ClientData, Secret
from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.errors import InvalidSignature
from paysession.gateways import (
    AsyncGateway,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    Gateway,
    LookUpRequest,
    Notification,
    StandardWebhooks,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    in_threads,
    read_json,
)
from paysession.gateways._bogus_mail import reports_in
from paysession.gateways.bogus import (
    AsyncBogusGateway,
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
)
from paysession.outcomes import (
    Accepted,
    Authorized,
    Captured,
    Declined,
    Profile,
    References,
    Report,
    Stored,
)

AnyBogus = BogusGateway | AsyncBogusGateway
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBERS = count()


class BogusBench(Bench):
    """A bench for the in-memory gateways and what is planted in them."""

    secrets = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcg")

    def __init__(self, make: Callable[..., AnyBogus]) -> None:
        self._make = make
        self._now = NOON
        super().__init__()

    def make_gateway(self) -> Gateway | AsyncGateway:
        return self._knowing(self.secrets[0])

    def _knowing(self, *secrets: str) -> Gateway | AsyncGateway:
        provider = BogusProvider(clock=lambda: self._now, webhook_secrets=secrets)
        self._bogus = self._make(provider=provider)
        return self._bogus

    def source(self, **script: str) -> StoredSource:
        return StoredSource(id="src_1", profile_id=BogusGateway.token(**script))

    def brought(self, **script: str) -> ClientData:
        return ClientData({"token": BogusGateway.token(**script)})

    def books(self, currency: str) -> Books:
        total = self._bogus.provider.total
        parts = (field.name for field in attrs.fields(Books))
        return Books(**{part: total(BogusEffectKind(part), currency) for part in parts})

    def let_pending_succeed(self) -> None:
        self._bogus.let_pending_succeed()

    def sent(self) -> tuple[Notification, ...]:
        return self._bogus.take_notifications()

    def signed(self, body: bytes, *secrets: str) -> Notification:
        return Notification(body, StandardWebhooks(secrets).sign(body, id="evt_1", at=self._now))

    def know(self, *secrets: str) -> None:
        self.gateway = self._knowing(*secrets)

    def let_time_pass(self, time: timedelta) -> None:
        self._now += time


class ThreadedBench(BogusBench):
    """A bench for the synchronous gateway, called in threads."""

    def _knowing(self, *secrets: str) -> AsyncGateway:
        bogus = super()._knowing(*secrets)
        assert isinstance(bogus, Gateway)
        return in_threads(bogus, run=asyncio.to_thread)


def named(law: Law) -> str:
    return f"{law.code}-{law.check.__name__}"


@pytest.mark.parametrize("make", [BogusGateway, AsyncBogusGateway])
@pytest.mark.parametrize("law", LAWS, ids=named)
def test_it_obeys_the_law(law: Law, make: type[AnyBogus]) -> None:
    bench = BogusBench(make)
    assert law.applies_to(bench)
    law(bench)


@pytest.mark.parametrize("law", LAWS, ids=named)
def test_it_obeys_the_law_in_threads(law: Law) -> None:
    law(ThreadedBench(BogusGateway))


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


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        (IgnoresKeys, "CAP-1"),
        (IgnoresKeys, "UNK-3"),
        (GuessesDeclined, "UNK-1"),
        (EchoesOurAmount, "CAP-2"),
        (ForgetsLookUp, "LOOK-1"),
        (ForgetsLookUp, "UNK-2"),
        (ForgetsOurReference, "LOOK-1"),
        (InventsReports, "LOOK-2"),
        (OverCaptures, "CAP-3"),
        (LosesFailureCodes, "DECL-1"),
        (CountsInHundredths, "AMT-1"),
        (AcceptsUpdatesAndForgetsThem, "SES-3"),
        (ChargesUnderItsOwnKeys, "CHG-1"),
        (ChargesUnderOneKey, "CHG-2"),
        (ForgetsLookUp, "CHG-3"),
        (LosesFailureCodesOfCharges, "CHG-4"),
        (OpensOneSetupSessionForAll, "SET-1"),
        (TellsNoProfileId, "SET-2"),
        (TellsAProfileThatCannotBeCharged, "SET-3"),
        (StoresWithoutTheCustomer, "SET-4"),
        (ForgetsLookUp, "SET-5"),
        (TellsWithoutOurReference, "NOTE-1"),
        (ForgetsWhatIsHeldUntilWhen, "NOTE-1"),
        (BelievesWhatItIsTold, "NOTE-2"),
        (SignsWhatItHasParsed, "NOTE-2"),
        (ParsesBeforeItVerifies, "NOTE-2"),
        (BelievesWhatItIsTold, "NOTE-3"),
        (LooksAtTheAgeAlone, "NOTE-3"),
        (NumbersWhatItReads, "NOTE-4"),
        (ForgetsWhatIsHeldUntilWhen, "NOTE-5"),
        (KnowsTheFirstSecret, "NOTE-6"),
        (NeverForgetsASecret, "NOTE-6"),
        (DropsWhatIsOlder, "NOTE-7"),
        (ReadsCarelessly, "NOTE-8"),
        (ParsesBeforeItVerifies, "NOTE-8"),
    ],
)
def test_a_planted_fault_breaks_the_law_that_is_meant_for_it(
    faulty: type[BogusGateway], code: str
) -> None:
    law = next(law for law in LAWS if law.code == code)
    with pytest.raises(LawBroken, match=f"^{code}: "):
        law(BogusBench(faulty))


def test_every_law_has_a_code_of_its_own_a_sentence_and_a_reason() -> None:
    assert len(LAWS) == len({law.code for law in LAWS})
    assert [] == [law.code for law in LAWS if not (law.sentence and law.reason)]


def test_a_broken_law_says_what_was_expected_and_what_came() -> None:
    law = next(law for law in LAWS if law.code == "CAP-2")
    with pytest.raises(LawBroken) as broken:
        law(BogusBench(EchoesOurAmount))
    assert f"expected {Money('50.00', 'USD')!r}, not {Money('100.00', 'USD')!r}" in str(
        broken.value
    )
