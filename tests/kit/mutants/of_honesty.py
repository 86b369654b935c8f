"""Gateways that are not what they say, or do not say what they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs

from paysession._money import Money
from paysession.errors import Unsupported
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CancelRefundAnswer,
    CancelRefundRequest,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    Gateway,
    LookUpRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
)
from paysession.outcomes import Pending, Report


def lent(_: object) -> Pending:
    """What a method answers that a gateway has been given, and its class does not know of."""
    return Pending()


class WithoutUpdates(BogusGateway):
    update_session = Gateway.update_session


class LendsUpdates(WithoutUpdates):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["update_session"] = lent


class WithoutCharges(BogusGateway):
    charge = Gateway.charge


class LendsCharges(WithoutCharges):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["charge"] = lent


class WithoutCaptures(BogusGateway):
    capture = Gateway.capture


class LendsCaptures(WithoutCaptures):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["capture"] = lent


class WithoutVoids(BogusGateway):
    void = Gateway.void


class LendsVoids(WithoutVoids):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["void"] = lent


class WithoutCallingOff(BogusGateway):
    cancel_refund = Gateway.cancel_refund


class LendsCallingOff(WithoutCallingOff):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["cancel_refund"] = lent


class WithoutSetups(BogusGateway):
    create_setup_session = Gateway.create_setup_session
    complete_setup_session = Gateway.complete_setup_session


class LendsSetups(WithoutSetups):
    """Puts a method into its instances, where nobody looks for one."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["create_setup_session"] = lent


class WithoutLookUps(BogusGateway):
    look_up = Gateway.look_up


class FindsNothing(WithoutLookUps):
    """Answers that nothing has happened, since it cannot know."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = Capabilities()
        vars(self)["look_up"] = lambda _: ()


class WithoutNotifications(BogusGateway):
    read_notification = Gateway.read_notification


class PassesNotificationsOver(WithoutNotifications):
    """Answers that there is nothing to tell, since it cannot read."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        vars(self)["read_notification"] = lambda _: ()


class RefusesWhatItOffers(BogusGateway):
    """Overrides a method to say that there is none."""

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        raise Unsupported("acme", request.method)


class IsNotWrittenYet(BogusGateway):
    """Leaves a method for later."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        raise NotImplementedError


class VouchesForNoLookUp(BogusGateway):
    """Declares what its look-ups are worth, and has none."""

    look_up = Gateway.look_up


class HintsForNobody(WithoutLookUps):
    """Tells that something has happened, and nobody can find out what."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = Capabilities(signs_facts=False)


class CapturesDollarsAbove(BogusGateway):
    """Knows what may be captured above in one currency."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        above: Callable[[Money], Money] = lambda held: min(held, Money("75.00", "USD"))  # noqa: E731
        self.capabilities = attrs.evolve(self.capabilities, over_capture=above)


class CapturesLess(BogusGateway):
    """Takes how much more may be captured for how much may be left."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, over_capture=lambda held: held * -1)


class DeclaresMoreThanItsClass(BogusGateway):
    """Its account is given what its class says that the provider cannot do."""

    capabilities = Capabilities(partial_refunds=False, partial_voids=True)

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = provider.capabilities


class LearnsWhatItCan(BogusGateway):
    """Finds out what its account can do by the first call."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        self.capabilities = attrs.evolve(self.capabilities, key_window=timedelta(hours=12))
        return super().capture(request)


class LooksUpByTheirIds(BogusGateway):
    """Finds nothing where it has no id of the provider's to ask for."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return super().look_up(request) if request.references.entries else ()


MUTANTS: dict[str, type[BogusGateway]] = {
    "CAPY-1": LendsUpdates,
    "CAPY-2": RefusesWhatItOffers,
    "CAPY-3": VouchesForNoLookUp,
    "CAPY-4": CapturesDollarsAbove,
    "CAPY-5": DeclaresMoreThanItsClass,
    "CAPY-6": LearnsWhatItCan,
    "CAPY-7": LooksUpByTheirIds,
}

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("CAPY-1", LendsCharges),
    ("CAPY-1", LendsCaptures),
    ("CAPY-1", LendsVoids),
    ("CAPY-1", LendsCallingOff),
    ("CAPY-1", LendsSetups),
    ("CAPY-1", FindsNothing),
    ("CAPY-1", PassesNotificationsOver),
    ("CAPY-2", IsNotWrittenYet),
    ("CAPY-3", HintsForNobody),
    ("CAPY-4", CapturesLess),
)
