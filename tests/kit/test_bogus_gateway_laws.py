"""The in-memory gateways obey every law, and each law finds the fault that it is meant for."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import broken_gateways as broken
import pytest
from gateway_bench import Bench, Books, LawBroken
from gateway_laws import LAWS, Law

from paysession._domain.secrets import ClientData
from paysession._domain.sources import StoredSource
from paysession._money import Money
from paysession.gateways import AsyncGateway, Gateway, Notification, StandardWebhooks, in_threads
from paysession.gateways.bogus import (
    AsyncBogusGateway,
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
)

AnyBogus = BogusGateway | AsyncBogusGateway
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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


FAULTS: tuple[tuple[type[BogusGateway], str], ...] = (
    (broken.NamesNoSession, "SES-1"),
    (broken.OneSessionForAll, "SES-2"),
    (broken.AcceptsUpdatesAndForgetsThem, "SES-3"),
    (broken.ClosesInName, "SES-4"),
    (broken.ClosesWhatWasPaid, "SES-5"),
    (broken.ClosesOnce, "SES-6"),
    (broken.TakesTheActionForGranted, "SES-7"),
    (broken.ForgetsTheAddress, "SES-8"),
    (broken.TakesWhatItShouldHold, "AUTH-1"),
    (broken.HoldsWhatItShouldTake, "AUTH-2"),
    (broken.ChargesUnderItsOwnKeys, "CHG-1"),
    (broken.ChargesUnderOneKey, "CHG-2"),
    (broken.ForgetsLookUp, "CHG-3"),
    (broken.LosesFailureCodesOfCharges, "CHG-4"),
    (broken.OpensOneSetupSessionForAll, "SET-1"),
    (broken.TellsNoProfileId, "SET-2"),
    (broken.TellsAProfileThatCannotBeCharged, "SET-3"),
    (broken.StoresWithoutTheCustomer, "SET-4"),
    (broken.ForgetsLookUp, "SET-5"),
    (broken.LosesFailureCodesOfSources, "SET-6"),
    (broken.VoidsUnderItsOwnKeys, "IDEM-1"),
    (broken.AnswersByKeyAlone, "IDEM-2"),
    (broken.IgnoresKeys, "CAP-1"),
    (broken.EchoesOurAmount, "CAP-2"),
    (broken.OverCaptures, "CAP-3"),
    (broken.HoldsTheRest, "CAP-4"),
    (broken.CapturesOnce, "CAP-5"),
    (broken.VoidsUnderItsOwnKeys, "VOID-1"),
    (broken.VoidsWhatWasTaken, "VOID-2"),
    (broken.GivesBackMore, "REF-1"),
    (broken.RefundsUnderItsOwnKeys, "REF-2"),
    (broken.CallsOffInName, "REF-3"),
    (broken.ForgetsLookUp, "LOOK-1"),
    (broken.ForgetsOurReference, "LOOK-1"),
    (broken.InventsReports, "LOOK-2"),
    (broken.LooksOnce, "LOOK-3"),
    (broken.GuessesDeclined, "UNK-1"),
    (broken.ForgetsLookUp, "UNK-2"),
    (broken.IgnoresKeys, "UNK-3"),
    (broken.UnreachableAfterAll, "UNK-4"),
    (broken.LosesFailureCodes, "DECL-1"),
    (broken.EndsWithTheFirstDecline, "DECL-2"),
    (broken.NeverEnds, "DECL-3"),
    (broken.CountsInHundredths, "AMT-1"),
    (broken.LendsAMethod, "CAPY-1"),
    (broken.AnswersInItsOwnWords, "CAPY-2"),
    (broken.TellsWithoutOurReference, "NOTE-1"),
    (broken.ForgetsWhatIsHeldUntilWhen, "NOTE-1"),
    (broken.BelievesWhatItIsTold, "NOTE-2"),
    (broken.SignsWhatItHasParsed, "NOTE-2"),
    (broken.ParsesBeforeItVerifies, "NOTE-2"),
    (broken.BelievesWhatItIsTold, "NOTE-3"),
    (broken.LooksAtTheAgeAlone, "NOTE-3"),
    (broken.NumbersWhatItReads, "NOTE-4"),
    (broken.ForgetsWhatIsHeldUntilWhen, "NOTE-5"),
    (broken.KnowsTheFirstSecret, "NOTE-6"),
    (broken.NeverForgetsASecret, "NOTE-6"),
    (broken.DropsWhatIsOlder, "NOTE-7"),
    (broken.ReadsCarelessly, "NOTE-8"),
    (broken.ParsesBeforeItVerifies, "NOTE-8"),
)


@pytest.mark.parametrize(("faulty", "code"), FAULTS)
def test_a_planted_fault_breaks_the_law_that_is_meant_for_it(
    faulty: type[BogusGateway], code: str
) -> None:
    law = next(law for law in LAWS if law.code == code)
    with pytest.raises(LawBroken, match=f"^{code}: "):
        law(BogusBench(faulty))


def test_every_law_finds_a_fault() -> None:
    assert {law.code for law in LAWS} == {code for _, code in FAULTS}


def test_every_law_has_a_code_of_its_own_a_sentence_and_a_reason() -> None:
    assert len(LAWS) == len({law.code for law in LAWS})
    assert [] == [law.code for law in LAWS if not (law.sentence and law.reason)]


def test_a_broken_law_says_what_was_expected_and_what_came() -> None:
    law = next(law for law in LAWS if law.code == "CAP-2")
    with pytest.raises(LawBroken) as caught:
        law(BogusBench(broken.EchoesOurAmount))
    assert f"expected {Money('50.00', 'USD')!r}, not {Money('100.00', 'USD')!r}" in str(
        caught.value
    )
