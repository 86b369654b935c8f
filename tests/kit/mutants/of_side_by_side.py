"""Gateways that are wrong where one thing goes on beside another."""

from __future__ import annotations

from threading import Event

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import (
    BogusEffectKind,
    BogusGateway,
    BogusProvider,
    CancelRefundAnswer,
    CancelRefundRequest,
    CaptureAnswer,
    CaptureRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    RefundAnswer,
    RefundRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
)
from paysession.gateways._bogus_objects import Sale
from paysession.outcomes import NO_REFERENCES, Canceled, Declined, References, Refunded

A_MOMENT = 0.01
"""Seconds in which others begin."""


class GivesBackWhatItTookItself(BogusGateway):
    """Knows what was paid by a table that the next process has not got."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        if provider.calls:
            failure = Failure(FailureCode.PROCESSING_ERROR, raw_code="no_such_payment")
            vars(self)["refund"] = lambda _: Declined(failure)


class CompletesWhatItOpenedItself(BogusGateway):
    """Keeps in memory what it needs for the customer's return."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        if provider.calls:
            vars(self)["complete_session"] = {}.__getitem__


class ClosesInNameWhatItHasNotOpened(BogusGateway):
    """Takes a session that it does not know for one that is over."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        if provider.calls:
            vars(self)["close_session"] = lambda asked: Canceled(references=asked.references)


class KeepsTheRequest(BogusGateway):
    """Writes into itself what it is asked, and reads there what it was to do."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        vars(self)["request"] = request
        Event().wait(A_MOMENT)
        asked: CaptureRequest = vars(self)["request"]
        return super().capture(asked)


class LooksBeforeItGivesBack(BogusGateway):
    """Asks whether there is enough to be given back, and has it paid out by hand if there was."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        sale = self.provider._books.known_by(request.references)
        enough = isinstance(sale, Sale) and request.amount <= sale.taken - sale.given_back
        Event().wait(A_MOMENT)
        answer = super().refund(request)
        if isinstance(answer, Declined) and isinstance(sale, Sale) and enough:
            self.provider._books.effect(BogusEffectKind.GIVEN_BACK, request.amount, sale, request)
            return Refunded(request.amount, references=References.of(refund=request.key))
        return answer


class UpdatesTheNewest(BogusGateway):
    """Updates whichever session was opened last."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        subjects = self.provider._books._subjects.values()
        sales = [each for each in subjects if isinstance(each, Sale)]
        open_ = [each for each in sales if not each.done and not each.closed]
        known = self.provider._books.known_by(request.references)
        newest = open_[-1].references if open_ and known in open_ else request.references
        return super().update_session(attrs.evolve(request, references=newest))


class ClosesTheOneBefore(BogusGateway):
    """Closes the session that was opened before the newest."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        subjects = self.provider._books._subjects.values()
        sales = [each for each in subjects if isinstance(each, Sale)]
        open_ = [each for each in sales if not each.done and not each.closed]
        known = self.provider._books.known_by(request.references)
        other = open_[-2:][0].references if known in open_ else request.references
        return super().close_session(attrs.evolve(request, references=other))


class CallsTheNewestOff(BogusGateway):
    """Calls off whichever refund was asked for last."""

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        waiting = [each.request for each in self.provider._books.waiting]
        refunds = [each for each in waiting if isinstance(each, RefundRequest)]
        if refunds:
            newest = refunds[-1].operation_id
            request = attrs.evolve(request, refund_id=newest, references=NO_REFERENCES)
        return super().cancel_refund(request)


class CallsOffInNameWhatItHasNotMade(BogusGateway):
    """Takes a refund that it does not know for one that was never made."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        if provider.calls:
            vars(self)["cancel_refund"] = lambda asked: Canceled(references=asked.references)


MUTANTS: dict[str, type[BogusGateway]] = {
    "SIDE-1": GivesBackWhatItTookItself,
    "SIDE-2": KeepsTheRequest,
    "SIDE-3": LooksBeforeItGivesBack,
    "SIDE-4": UpdatesTheNewest,
    "SIDE-5": ClosesInNameWhatItHasNotOpened,
    "SIDE-6": CallsTheNewestOff,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("SIDE-1", CompletesWhatItOpenedItself),
    ("SIDE-4", ClosesTheOneBefore),
    ("SIDE-6", CallsOffInNameWhatItHasNotMade),
)
