"""Gateways that look up badly."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.sources import Profile
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    LookUpRequest,
    RefundRequest,
)
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import (
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Pending,
    References,
    Refunded,
    Rejected,
    Report,
    Stored,
    Voided,
)

NUMBERS = count()
REFUSED = Rejected(Failure(FailureCode.MERCHANT_CONFIG))


class FindsNoVoids(BogusGateway):
    """Looks for money that came or went, and not for what was let go."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(each for each in super().look_up(request) if not isinstance(each.fact, Voided))


class TellsOfTheWholePayment(BogusGateway):
    """Tells what the payment is about, instead of what one capture took."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        reports = super().look_up(request)
        if request.about != "capture":
            return reports
        return tuple(_with_amount(each, times=2) for each in reports)


def _with_amount(report: Report, *, times: int) -> Report:
    if isinstance(report.fact, Captured):
        return attrs.evolve(
            report, fact=attrs.evolve(report.fact, amount=report.fact.amount * times)
        )
    return report


class CallsEverythingOurs(BogusGateway):
    """Takes the payment's latest movement for the one that it was asked about."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        latest = [each for each in self.calls if each.method in ("complete_session", "charge")]
        found = super().look_up(request)
        if found or request.about != "capture" or not latest:
            return found
        held = super().look_up(attrs.evolve(request, key=latest[-1].key))
        return tuple(attrs.evolve(each, our_reference=request.operation_id) for each in held)


class LooksOnce(BogusGateway):
    """Keeps what it was told, however long ago."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        seen: dict[str, tuple[Report, ...]] = vars(self).setdefault("seen", {})
        return seen.setdefault(request.operation_id, super().look_up(request))


class NamesItOtherwise(BogusGateway):
    """Tells the id of the provider's list, and answers the id of its object."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        listed = References.of(refund="listed_1")
        return tuple(
            attrs.evolve(each, references=listed, fact=attrs.evolve(each.fact, references=listed))
            if isinstance(each.fact, Refunded)
            else each
            for each in super().look_up(request)
        )


class ForgetsOurReference(BogusGateway):
    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        reports = super().look_up(request)
        if request.about != "refund":
            return reports
        return tuple(attrs.evolve(each, our_reference=None) for each in reports)


class NumbersWhatItFinds(BogusGateway):
    """Gives every report an id of its own, so that no duplicate is ever found."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        reports = super().look_up(request)
        return tuple(attrs.evolve(each, id=f"evt_{next(NUMBERS)}") for each in reports)


class LooksUpByAskingAgain(BogusGateway):
    """Has no look-up, and so asks anew; what comes back is what there is."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        for each in self.calls:
            if each.key == request.key and isinstance(each, CaptureRequest):
                super().capture(attrs.evolve(each, key=f"{each.key}-look"))
        return super().look_up(request)


class LooksWhereItIsLoggedIn(BogusGateway):
    """Asks for what its own login has made: whoever logs in later finds nothing."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        first = vars(self.provider).setdefault("first", self)
        return super().look_up(request) if first is self else ()


class TakesFoundForDone(BogusGateway):
    """Finds a refund there, and does not ask what became of it."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        asked = {each.key: each.amount for each in self.calls if isinstance(each, RefundRequest)}
        return tuple(
            attrs.evolve(each, fact=Refunded(asked[request.key]))
            if isinstance(each.fact, Declined) and request.key in asked
            else each
            for each in super().look_up(request)
        )


class LooksUpUnderTheKey(BogusGateway):
    """Sends the key with a look-up too, where the provider keeps it for that call."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        earlier = [each.method for each in self.calls if each.key == request.key]
        return REFUSED if earlier[:1] == ["look_up"] else super().capture(request)


class TakesSilenceForNothing(BogusGateway):
    """Tells of no reports what was not told of any."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        try:
            return super().look_up(request)
        except (GatewayUnreachable, RuntimeError, TimeoutError):
            return ()


class TakesOneRefundForAnother(BogusGateway):
    """Takes the latest refund of the payment for the one that it was asked about."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        found, ours = super().look_up(request), request.references
        made = [each for each in self.calls if each.method == request.about == "refund"]
        others = [each.key for each in made if each.references == ours and each.key != request.key]
        if found or not others:
            return found
        there = super().look_up(attrs.evolve(request, key=others[-1]))
        return tuple(attrs.evolve(each, our_reference=request.operation_id) for each in there)


class CallsWhatItCannotFindOver(BogusGateway):
    """Takes a session that it cannot find for one that was closed."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        found = super().look_up(request)
        if found or request.about != "close_session":
            return found
        over = Canceled(references=request.references)
        return (Report(over, our_reference=request.operation_id),)


class PassesOverWhatIsPending(BogusGateway):
    """Tells of what is decided, and nothing of the rest, as if that had never been sent."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(each for each in super().look_up(request) if type(each.fact) is not Pending)


class TakesSilenceForNoRefund(BogusGateway):
    """Asks again about a sale, and takes a refund of which nobody tells for one never made."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        try:
            return super().look_up(request)
        except (TimeoutError, RuntimeError):
            if request.about == "refund":
                return ()
            raise


class ReadsTheClock(BogusGateway):
    """Says of everything that it happened when it was looked up."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        now, found = self.provider._books.clock(), super().look_up(request)
        facts = [attrs.evolve(each.fact, occurred_at=now) for each in found]
        return tuple(attrs.evolve(each, fact=fact) for each, fact in zip(found, facts, strict=True))


class TakesTheHoldForItsCapture(BogusGateway):
    """Tells what the payment has come to, under the id of what held it."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        sale = self.provider._books.known_by(request.references)
        taken = Captured(sale.taken) if isinstance(sale, Sale) and sale.taken else None
        return tuple(
            attrs.evolve(each, fact=taken) if taken and type(each.fact) is Authorized else each
            for each in super().look_up(request)
        )


class TakesTheBankForARefusal(BogusGateway):
    """Finds that the customer is at his bank, and calls that a decline."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        declined = Declined(Failure(FailureCode.AUTHENTICATION_FAILED))
        return tuple(
            attrs.evolve(each, fact=declined) if isinstance(each.fact, ActionRequired) else each
            for each in super().look_up(request)
        )


class KnowsOneReasonLater(BogusGateway):
    """Keeps that a card was refused, and tells of each that it was stolen."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        stolen = Declined(Failure(FailureCode.LOST_OR_STOLEN))
        return tuple(
            attrs.evolve(each, fact=stolen) if isinstance(each.fact, Declined) else each
            for each in super().look_up(request)
        )


class EndsWhatIsDeclined(BogusGateway):
    """Tells of every decline that the session is over."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, ends=Ends.OBJECT))
            if isinstance(each.fact, Declined)
            else each
            for each in super().look_up(request)
        )


class FindsWhatIsLeftOfAHold(BogusGateway):
    """Tells of a hold how much of it nobody has taken yet."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        sale = self.provider._books.known_by(request.references)
        left = sale.held if isinstance(sale, Sale) and sale.held else None
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, amount=left))
            if isinstance(each.fact, Authorized) and left
            else each
            for each in super().look_up(request)
        )


class CutsOurIdsOff(BogusGateway):
    """Keeps our ids in a field of sixteen characters."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, our_reference=(each.our_reference or "")[:16])
            for each in super().look_up(request)
        )


class StoresTheUsualOne(BogusGateway):
    """Tells of whatever was stored that it is the customer's usual card."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, profile=Profile(id="pm_usual")))
            if isinstance(each.fact, Stored)
            else each
            for each in super().look_up(request)
        )


class HoldsForAnInstant(BogusGateway):
    """Reads seconds for milliseconds where it is told until when a hold is good."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        soon = datetime(1970, 1, 21, tzinfo=UTC)
        return tuple(
            attrs.evolve(each, fact=attrs.evolve(each.fact, expires_at=soon))
            if isinstance(each.fact, Authorized)
            else each
            for each in super().look_up(request)
        )


class FindsAVoidedHoldCanceled(BogusGateway):
    """Tells of a hold that was released that nothing ever came of it."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        sale = self.provider._books.known_by(request.references)
        is_released = isinstance(sale, Sale) and sale.let_go and not sale.taken
        return tuple(
            attrs.evolve(each, fact=Canceled())
            if isinstance(each.fact, Authorized) and is_released
            else each
            for each in super().look_up(request)
        )


class FindsCallingsOffDone(BogusGateway):
    """Looks whether a refund was to be called off, and not whether it was."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        is_one = request.about == "cancel_refund"
        return tuple(
            attrs.evolve(each, fact=Canceled()) if is_one else each
            for each in super().look_up(request)
        )


MUTANTS: dict[str, type[BogusGateway]] = {
    "LOOK-1": FindsNoVoids,
    "LOOK-2": CallsEverythingOurs,
    "LOOK-3": LooksOnce,
    "LOOK-4": NumbersWhatItFinds,
    "LOOK-5": LooksWhereItIsLoggedIn,
    "LOOK-6": TakesFoundForDone,
    "LOOK-7": TakesSilenceForNothing,
    "LOOK-8": TakesTheHoldForItsCapture,
    "LOOK-9": TakesTheBankForARefusal,
    "LOOK-10": CutsOurIdsOff,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("LOOK-8", FindsAVoidedHoldCanceled),
    ("LOOK-9", FindsCallingsOffDone),
    ("LOOK-9", KnowsOneReasonLater),
    ("LOOK-9", EndsWhatIsDeclined),
    ("LOOK-8", FindsWhatIsLeftOfAHold),
    ("LOOK-1", StoresTheUsualOne),
    ("LOOK-1", HoldsForAnInstant),
    ("LOOK-1", TellsOfTheWholePayment),
    ("LOOK-1", NamesItOtherwise),
    ("LOOK-1", ForgetsOurReference),
    ("LOOK-2", TakesOneRefundForAnother),
    ("LOOK-2", CallsWhatItCannotFindOver),
    ("LOOK-3", PassesOverWhatIsPending),
    ("LOOK-4", LooksUpByAskingAgain),
    ("LOOK-4", LooksUpUnderTheKey),
    ("LOOK-4", ReadsTheClock),
    ("LOOK-7", TakesSilenceForNoRefund),
)
