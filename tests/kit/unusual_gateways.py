"""Gateways as few providers are, and nevertheless right: they keep every law that applies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

import attrs
from bogus_suite import PARTS, BogusSuite

from paysession._domain.methods import CapturePolicy
from paysession.gateways import (
    STRIPE,
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
    ChargeAnswer,
    ChargeRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Gateway,
    LookUpRequest,
    Notification,
)
from paysession.outcomes import Failure, FailureCode, ReferenceRole, References, Rejected, Report
from paysession.testing import GatewayConformance, ProviderBooks

R = TypeVar("R", CreateSessionRequest, ChargeRequest)

USUAL = BogusGateway().capabilities
DECIDED_LATER = ("complete", "charge", "capture", "void", "refund", "cancel_refund")


class EverythingLater(BogusSuite):
    """A bank: each call is taken note of, and decided some time later."""

    def token(self) -> str:
        for verb in DECIDED_LATER:
            self.script.setdefault(verb, "pending")
        return super().token()


class EveryCustomerActs(BogusSuite):
    """3-D Secure for everybody."""

    def token(self) -> str:
        self.script.setdefault("complete", "require_action")
        return super().token()


class WholeCapturesOnly(BogusSuite):
    """What is held is taken whole, or not at all."""

    bogus_capabilities = attrs.evolve(USUAL, partial_captures=False, several_captures=False)


class FirstCaptureCloses(BogusSuite):
    """The first capture releases what it leaves."""

    bogus_capabilities = attrs.evolve(
        USUAL, first_capture_closes=True, several_captures=False, void_after_capture=False
    )


class WholeOnly(BogusSuite):
    """Neither captures nor voids nor refunds of a part."""

    bogus_capabilities = attrs.evolve(
        USUAL,
        partial_captures=False,
        several_captures=False,
        partial_refunds=False,
        void_after_capture=False,
    )


class RefundsPerCapture(BogusSuite):
    """Each refund names the capture that it gives back."""

    bogus_capabilities = attrs.evolve(USUAL, refunds_per_capture=True, partial_voids=True)


class TakesMoreThanIsHeld(BogusSuite):
    """Twice as much as is held can be taken, and nothing is released after that."""

    bogus_capabilities = attrs.evolve(
        USUAL, over_capture=lambda held: held, void_after_capture=False
    )


class CountsCoarsely(BogusSuite):
    """Dinars are counted in hundredths, and krónur whole."""

    currencies = ("USD", "ISK", "KWD")
    bogus_capabilities = attrs.evolve(USUAL, minor_units=STRIPE)


class IgnoresKeys(BogusSuite):
    """The same key twice is two effects, and that is declared."""

    bogus_capabilities = attrs.evolve(USUAL, honours_keys=False)


class NotificationsOnlyGateway(BogusGateway):
    """Nothing can be looked up."""

    look_up = Gateway.look_up


class NotificationsOnly(EverythingLater):
    """Nothing can be looked up, and everything is decided later."""

    bogus_class = NotificationsOnlyGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_is_authoritative=False)


class LookUpOnlyGateway(BogusGateway):
    """Nothing is ever told."""

    read_notification = Gateway.read_notification


class LookUpOnly(EverythingLater):
    """Nothing is told, and everything is decided later."""

    bogus_class = LookUpOnlyGateway


class HintsOnly(BogusSuite):
    """Notifications say that something happened, and no more."""

    bogus_capabilities = attrs.evolve(USUAL, signs_facts=False)


class ThreeDecimalsOnly(BogusSuite):
    """Dinars and rials."""

    currencies = ("KWD", "BHD", "OMR")


class SlowGateway(BogusGateway):
    """Look-ups see what happened when its time has gone by, and not before."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        books, grace = self.provider._books, self.capabilities.look_up_grace
        seen = [each for each in books.under(request.key) if books.clock() - each.at >= grace]
        return super().look_up(request) if seen else ()


class Slow(EverythingLater):
    """Everything takes its time, and so does word of it."""

    bogus_class = SlowGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_grace=timedelta(minutes=2))


class ChargesOnlyGateway(BogusGateway):
    """No customer is ever there."""

    create_session = Gateway.create_session
    update_session = Gateway.update_session
    complete_session = Gateway.complete_session
    close_session = Gateway.close_session


class ChargesOnly(BogusSuite):
    """No customer is ever there."""

    bogus_class = ChargesOnlyGateway


class SalesOnlyGateway(BogusGateway):
    """A wallet: money is taken at once, and can be given back."""

    charge = Gateway.charge
    capture = Gateway.capture
    void = Gateway.void
    update_session = Gateway.update_session
    create_setup_session = Gateway.create_setup_session
    complete_setup_session = Gateway.complete_setup_session
    cancel_refund = Gateway.cancel_refund

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        if request.terms.capture is CapturePolicy.MANUAL:
            return Rejected(Failure(FailureCode.MERCHANT_CONFIG))
        return super().create_session(request)


class SalesOnly(BogusSuite):
    """Money is taken at once, and can be given back."""

    bogus_class = SalesOnlyGateway


class PaidOnThePage(GatewayConformance[SalesOnlyGateway]):
    """Customers pay on the provider's page, and completing a session only tells of it."""

    customer_pays = True

    def make_gateway(self) -> SalesOnlyGateway:
        return SalesOnlyGateway(provider=BogusProvider())

    def another(self, gateway: SalesOnlyGateway) -> SalesOnlyGateway:
        return SalesOnlyGateway(provider=gateway.provider)

    def customer_acts(self, gateway: SalesOnlyGateway, references: References) -> None:
        session = str(references.get(ReferenceRole.SESSION))
        if references.get(ReferenceRole.AUTHORIZATION) is None:
            gateway.later.pay(session)

    def books(self, gateway: SalesOnlyGateway, currency: str) -> ProviderBooks:
        total = gateway.provider.total
        return ProviderBooks(**{part: total(BogusEffectKind(part), currency) for part in PARTS})

    def notifications(self, gateway: SalesOnlyGateway) -> Sequence[Notification]:
        return gateway.take_notifications()


class HoldsOnlyGateway(BogusGateway):
    """Nothing is ever taken at once: what was to be is held, and we capture it."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return super().create_session(_to_be_held(request))

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return super().charge(_to_be_held(request))


def _to_be_held(request: R) -> R:
    return attrs.evolve(request, terms=attrs.evolve(request.terms, capture=CapturePolicy.MANUAL))


class HoldsOnly(BogusSuite):
    """Nothing is ever taken at once: what was to be is held, and we capture it."""

    bogus_class = HoldsOnlyGateway


class TerminalGateway(NotificationsOnlyGateway):
    """It answers, and never speaks of it again."""

    read_notification = Gateway.read_notification


class Terminal(BogusSuite):
    """It answers, and never speaks of it again."""

    bogus_class = TerminalGateway
    bogus_capabilities = attrs.evolve(USUAL, look_up_is_authoritative=False)


class InBatches(BogusSuite):
    """All that has happened meanwhile is told at once."""

    def notifications(self, gateway: Any) -> tuple[Notification, ...]:
        return self.provider.take_batch()


UNUSUAL: tuple[type[GatewayConformance[Any]], ...] = (
    EverythingLater,
    EveryCustomerActs,
    WholeCapturesOnly,
    FirstCaptureCloses,
    WholeOnly,
    RefundsPerCapture,
    TakesMoreThanIsHeld,
    CountsCoarsely,
    IgnoresKeys,
    NotificationsOnly,
    LookUpOnly,
    HintsOnly,
    ThreeDecimalsOnly,
    Slow,
    ChargesOnly,
    SalesOnly,
    HoldsOnly,
    PaidOnThePage,
    Terminal,
    InBatches,
)
