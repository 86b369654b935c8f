"""Gateways that take silence for an answer."""

from __future__ import annotations

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Canceled, Captured, Declined, Refunded, Report, Unknown

FAILED = Declined(Failure(FailureCode.PROCESSING_ERROR))


class GuessesDeclined(BogusGateway):
    """Takes whatever goes wrong for a refusal."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return super().capture(request)
        except TimeoutError:
            return FAILED


class GuessesDone(BogusGateway):
    """Believes that what was sent has arrived."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        try:
            return super().refund(request)
        except TimeoutError:
            return Refunded(request.amount)


class FindsWhatItHeard(BogusGateway):
    """Looks into a table of its own, into which it writes what it was answered."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        try:
            return super().void(request)
        except TimeoutError:
            self.provider._books.entry(request.operation_id).fact = Unknown("no answer")
            raise


class TakesANewKeyAfterATimeout(BogusGateway):
    """Takes a key for used up that was sent once, as a client does that retries by itself."""

    lost: tuple[str, ...] = ()

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        times = self.lost.count(request.key)
        try:
            return super().capture(attrs.evolve(request, key=request.key + "-" * times))
        except TimeoutError:
            self.lost += (request.key,)
            raise


class UnreachableAfterAll(BogusGateway):
    """Tries again by itself, and tells of the first time."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        try:
            return super().void(request)
        except GatewayUnreachable:
            super().void(request)
            raise


class TakesSilenceForUnreachable(BogusGateway):
    """Takes a connection that broke for one that never was."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        try:
            return super().refund(request)
        except TimeoutError as error:
            raise GatewayUnreachable("no answer") from error


class TakesNonsenseForARefusal(BogusGateway):
    """Finds no status in a page of HTML, and so no success."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return super().capture(request)
        except RuntimeError:
            return FAILED


class FindsWhatItSent(BogusGateway):
    """Looks into its own log of calls."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        sent = [each for each in self.calls if isinstance(each, CaptureRequest)]
        return super().look_up(request) or tuple(
            Report(Captured(each.amount), our_reference=each.operation_id)
            for each in sent
            if each.key == request.key
        )


class ChargesAgainWhatItCannotRead(BogusGateway):
    """Tries once more, under another key, where the answer makes no sense."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        try:
            return super().charge(request)
        except RuntimeError:
            return super().charge(attrs.evolve(request, key=f"{request.key}-2"))


class OpensAnotherAfterATimeout(BogusGateway):
    """Opens a second session when the answer to the first was lost."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        lost: list[str] = vars(self).setdefault("lost", [])
        key = request.key + "-" * lost.count(request.key)
        try:
            return super().create_session(attrs.evolve(request, key=key))
        except TimeoutError:
            lost.append(request.key)
            raise


class FindsClosingsThatItSent(BogusGateway):
    """Finds by its own list that a session was to be closed, and tells that it was."""

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        found = super().look_up(request)
        sent = [each for each in self.calls if each.key == request.key]
        closings = [each for each in sent if isinstance(each, CloseSessionRequest)]
        ours = [Report(Canceled(), our_reference=each.operation_id) for each in closings]
        return found or tuple(ours[:1])


MUTANTS: dict[str, type[BogusGateway]] = {
    "UNK-1": GuessesDeclined,
    "UNK-2": FindsWhatItHeard,
    "UNK-3": TakesANewKeyAfterATimeout,
    "UNK-4": UnreachableAfterAll,
    "UNK-5": TakesSilenceForUnreachable,
    "UNK-6": TakesNonsenseForARefusal,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("UNK-2", FindsClosingsThatItSent),
    ("UNK-1", GuessesDone),
    ("UNK-2", FindsWhatItSent),
    ("UNK-3", ChargesAgainWhatItCannotRead),
    ("UNK-3", OpensAnotherAfterATimeout),
)
