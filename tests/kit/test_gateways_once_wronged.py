"""Gateways that are right, and that the kit once found fault with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import attrs
import pytest
from bogus_suite import OLD, BogusSuite
from unusual_gateways import USUAL, EverythingLater, SalesOnlyGateway, SlowGateway

from paysession import Money
from paysession.gateways import (
    BogusGateway,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    LookUpRequest,
    Notification,
)
from paysession.gateways.requests import Method
from paysession.outcomes import Accepted, Failure, FailureCode, Rejected, Report
from paysession.testing._gateways.drawing import Drawn
from paysession.testing._gateways.law import SETUPS
from paysession.testing._gateways.laws import LAWS
from paysession.testing._gateways.orders import Orders
from paysession.testing._laws.verdicts import Verdict

REFUSED = Rejected(Failure(FailureCode.MERCHANT_CONFIG))


class Right(BogusSuite):
    """Nothing is wrong with the gateway, whatever it is like."""

    examples = 2


class AsksForTheSourceGateway(BogusGateway):
    """A card is sent with the call that charges it, and is not kept before."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return REFUSED if request.source is None else super().complete_session(request)


class AsksForTheSource(Right):
    bogus_class = AsksForTheSourceGateway
    bogus_capabilities = attrs.evolve(USUAL, collects_source=False)


class KnowsItsOwnIdsGateway(BogusGateway):
    """Nothing is found by our ids, and all by those that were answered."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        entries = self.provider._books.under(request.key)
        ours = {each for entry in entries for each in entry.answer.references}
        return super().look_up(request) if ours.intersection(request.references) else ()


class KnowsItsOwnIds(Right):
    bogus_class = KnowsItsOwnIdsGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_is_authoritative=False)


class PaidWhenOpenedGateway(BogusGateway):
    """Who sends a source with a new session has paid."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        opened = super().create_session(request)
        if request.source is None or not isinstance(opened, Accepted):
            return opened
        paid = self.complete_session(
            CompleteSessionRequest(
                key=f"{request.key}-paid",
                operation_id=request.operation_id,
                tenant=request.tenant,
                references=opened.references,
                session_id=request.session_id,
                amount=request.amount,
                terms=request.terms,
                source=request.source,
                external_data=None,
            )
        )
        return cast("CreateSessionAnswer", paid)


class PaidWhenOpened(Right):
    """What happens to a session before it is paid cannot be told by a source that comes last."""

    bogus_class = PaidWhenOpenedGateway
    source_comes_last = True

    def arm(self, method: Method, behaviour: str) -> None:
        if method in ("create_session", "update_session", "close_session"):
            raise NotImplementedError
        super().arm(method, behaviour)


class OnItsPageOnlyGateway(BogusGateway):
    """Customers are sent away, and must be sent back."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        comes_back = request.terms.return_url and request.terms.cancel_url
        is_taken = request.terms.hosted and comes_back
        return super().create_session(request) if is_taken else REFUSED

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        return super().create_setup_session(request) if request.terms.return_url else REFUSED


class OnItsPageOnly(Right):
    bogus_class = OnItsPageOnlyGateway
    hosted = True


class PaidByTransferGateway(SalesOnlyGateway):
    """Completing a session tells how far the transfer is, and leaves nothing to be found."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        found = super().look_up(request)
        return () if request.about == "complete_session" else found


class PaidByTransfer(Right, EverythingLater):
    """The customer tells his bank, and the money comes when it comes."""

    bogus_class = PaidByTransferGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_is_authoritative=False)
    customer_pays = True


class SeenAnHourLater(Right):
    """Look-ups see what is an hour old, and by then no notification is believed any more."""

    bogus_class = SlowGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_grace=timedelta(hours=1))

    def make_gateway(self) -> Any:
        self.delivered: list[Notification] = []
        return super().make_gateway()

    def pass_time(self, gateway: Any, time: timedelta) -> None:
        self.delivered += self.provider.take_notifications()
        super().pass_time(gateway, time)

    def notifications(self, gateway: Any) -> Sequence[Notification]:
        delivered, self.delivered = self.delivered, []
        return [*delivered, *self.provider.take_notifications()]


class TellsOfWhatWaited(Right):
    """The provider tells what it had not answered yet, and nothing else."""

    def make_gateway(self) -> Any:
        gateway, books = super().make_gateway(), self.provider._books
        tell = books.tell
        books.tell = lambda entry, fact: (  # type: ignore[method-assign]
            None if entry.fact is entry.answer else tell(entry, fact)
        )
        return gateway


class SharedSandbox(Right):
    """One provider for all gateways, where somebody else has paid before."""

    prefix = "run_1"
    sandbox: Any = None

    def make_gateway(self) -> Any:
        gateway = super().make_gateway()
        if self.sandbox is None:
            self.sandbox = self.clock, self.provider
            orders = Orders("run_0")
            gateway.charge(orders.charge(Money("7", "USD"), self.source(gateway)))
        self.clock, self.provider = self.sandbox
        return self.bogus_class(provider=self.provider)


class NeverFails(Right):
    """What waits can be let succeed, and cannot be let fail."""

    examples = 10  # so that one of them lets something fail

    def settle(self, gateway: Any, *, succeed: bool) -> None:
        if not succeed:
            raise NotImplementedError("a sandbox lets all succeed")
        super().settle(gateway, succeed=succeed)


class SignsOnce(Right):
    """A notification bears one signature."""

    def sign(self, gateway: Any, body: bytes, *secrets: str) -> Notification:
        if len(secrets) > 1:
            raise NotImplementedError
        return super().sign(gateway, body, *secrets)


class HasOneSecret(Right):
    webhook_secrets = (OLD,)


class OnlyGoesOn(Right):
    """A clock that cannot be put back."""

    def pass_time(self, gateway: Any, time: timedelta) -> None:
        if time < timedelta(0):
            raise NotImplementedError
        super().pass_time(gateway, time)


class ItsPageAsks(Right):
    """Nobody knows beforehand what a customer pays with, and so nobody can script it."""

    def source(self, gateway: Any) -> Any:
        return None

    def arm(self, method: Method, behaviour: str) -> None:
        if method not in SETUPS:
            raise NotImplementedError
        super().arm(method, behaviour)


class RefundsAtOnce(Right):
    """Whatever is slow there, refunds are not."""

    def keep_pending(self, gateway: Any, method: Method) -> None:
        if method == "refund":
            raise NotImplementedError
        super().keep_pending(gateway, method)


class KeepsNoCardsGateway(BogusGateway):
    """Its account is not allowed to keep cards for later."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return REFUSED if request.terms.save_source else super().create_session(request)


class KeepsNoCards(Right):
    bogus_class = KeepsNoCardsGateway


KEPT: Mapping[type[Right], Sequence[str]] = {
    AsksForTheSource: ("SES-9", "CAP-1", "IDEM-3", "ANY-1"),
    KnowsItsOwnIds: ("REF-6", "REF-7", "REF-8", "UNK-2", "LOOK-1", "LOOK-3", "LOOK-7"),
    PaidWhenOpened: ("SES-1", "SES-3", "SES-9", "CAP-1", "AMT-1"),
    OnItsPageOnly: ("SES-1", "SES-9", "SES-10", "SET-1", "ANY-1"),
    PaidByTransfer: ("SES-4", "SES-9", "AMT-1"),
    SeenAnHourLater: ("NOTE-13", "ANY-2"),
    TellsOfWhatWaited: ("NOTE-2", "NOTE-4", "NOTE-5", "NOTE-6", "NOTE-7", "NOTE-8", "NOTE-15"),
    SharedSandbox: ("NOTE-11", "NOTE-12", "ANY-1"),
    NeverFails: ("LOOK-3", "NOTE-13", "ANY-1", "ANY-2"),
    OnlyGoesOn: ("NOTE-4",),
    ItsPageAsks: ("AUTH-1", "AUTH-2", "AMT-1", "IDEM-2", "LOOK-1", "ANY-1"),
    KeepsNoCards: ("SES-12",),
    RefundsAtOnce: ("IDEM-1", "IDEM-4", "CAPY-2", "CAPY-6", "TIME-4", "TOT-3", "TOT-4", "TOT-5"),
}
"""The laws that each of them was said to break, and keeps."""

ONE_SECRET = "webhook_secrets names one, and no other to replace it by"
NOTHING_STORED = "source() returned None, and a charge is of a stored source"

UNTRIED: Sequence[tuple[type[Right], str, str]] = (
    (NeverFails, "REF-7", "settle cannot do that: a sandbox lets all succeed"),
    (SignsOnce, "NOTE-5", "sign cannot do that"),
    (SignsOnce, "NOTE-14", "sign cannot do that"),
    (SignsOnce, "NOTE-15", "sign cannot do that"),
    (HasOneSecret, "NOTE-5", ONE_SECRET),
    (HasOneSecret, "NOTE-6", ONE_SECRET),
    (ItsPageAsks, "CHG-1", NOTHING_STORED),
)
"""The laws that each of them was said to break and cannot be tried by, and why not."""

CASES = [
    *((suite, code, Verdict.HOLDS, "") for suite, codes in KEPT.items() for code in codes),
    *((suite, code, Verdict.DOES_NOT_APPLY, why) for suite, code, why in UNTRIED),
]


@pytest.mark.parametrize(
    ("suite", "code", "verdict", "why"),
    [pytest.param(*each, id=f"{each[0].__name__}-{each[1]}") for each in CASES],
)
def test_no_law_finds_fault_with_a_gateway_that_is_right(
    suite: type[Right],
    code: str,
    verdict: Verdict,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Drawn, "some_of", lambda self, choices: list(choices))
    finding = suite().find(next(law for law in LAWS if law.code == code))
    note = finding.note.removeprefix("no way to try it: ")
    assert (verdict, why, None) == (finding.verdict, note, finding.error)
