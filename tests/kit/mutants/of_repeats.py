"""Gateways that are wrong about idempotency keys."""

from __future__ import annotations

from threading import Thread, current_thread

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.sources import StoredSource
from paysession.gateways import (
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    RefundAnswer,
    RefundRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Declined, Rejected

REFUSED = Rejected(Failure(FailureCode.MERCHANT_CONFIG))


class VoidsUnderItsOwnKeys(BogusGateway):
    """Makes a key of its own for every call, as some clients do unless they are given one."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        return super().void(attrs.evolve(request, key=f"{request.key}-{len(self.calls)}"))


class RemembersAnswers(BogusGateway):
    """Keeps answers by their keys, and does not look at what was asked."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        known = [each for each in self.calls if each.key == request.key]
        return super().capture(known[0] if known else request)  # type: ignore[arg-type]


class PutsTheAmountIntoTheKey(BogusGateway):
    """Takes every amount for an operation of its own."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        return super().refund(attrs.evolve(request, key=f"{request.key}-{request.amount}"))


class RemembersNumbers(BogusGateway):
    """Compares nothing but the number where a key comes again, and not what it was paid for."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        known = [each for each in self.calls if each.key == request.key]
        for same in [each for each in known[:1] if isinstance(each, RefundRequest)]:
            if same.amount.minor == request.amount.minor:
                return super().refund(same)
        return super().refund(request)


class OpensAnotherForAnotherAmount(BogusGateway):
    """Takes every amount for a session of its own."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        return super().create_session(attrs.evolve(request, key=f"{request.key}-{request.amount}"))


class UpdatesAnewForAnotherAmount(BogusGateway):
    """Takes every amount for an update of its own."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        return super().update_session(attrs.evolve(request, key=f"{request.key}-{request.amount}"))


class TakesBusyForRefused(BogusGateway):
    """Takes "somebody else is asking just that" for a refusal."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        asking: dict[str, Thread] = vars(self).setdefault("asking", {})
        first = asking.setdefault(request.key, current_thread())
        return super().capture(request) if first is current_thread() else REFUSED


class RemembersItself(BogusGateway):
    """Keeps the keys that it has made in memory, where no other process finds them."""

    def void(self, request: VoidRequest) -> VoidAnswer:
        keys: dict[str, str] = vars(self).setdefault("keys", {})
        key = keys.setdefault(request.key, f"{request.key}-{len(self.calls)}")
        return super().void(attrs.evolve(request, key=key))


class MakesKeysOfWhatIsAsked(BogusGateway):
    """Takes two refunds of one amount for one refund that is repeated."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        same = attrs.evolve(request, operation_id="re", key=f"{request.references}{request.amount}")
        return super().refund(same)


class CutsKeysOff(BogusGateway):
    """Has a column for keys that holds 40 characters of them."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        return super().refund(attrs.evolve(request, key=request.key[:40]))


class LowersKeys(BogusGateway):
    """Keeps keys where capital letters are the same as small ones."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return super().capture(attrs.evolve(request, key=request.key.lower()))


class TriesAnewAfterADecline(BogusGateway):
    """Keeps no key of what was declined, and asks for the customer's next card."""

    declined: tuple[str, ...] = ()

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        if request.key in self.declined:
            other = StoredSource(id="src_2", profile_id="pm_2")
            request = attrs.evolve(request, key=f"{request.key}-2", source=other)
        answer = super().charge(request)
        self.declined += (request.key,) * isinstance(answer, Declined)
        return answer


class DeclaresTooLongAWindow(BogusGateway):
    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(
            self.capabilities, key_window=self.capabilities.key_window * 2
        )


class CapturesTheFirstAgain(BogusGateway):
    """Compares nothing but the amount where a key comes again, and not what it was paid for."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        known = [each for each in self.calls if each.key == request.key]
        for same in [each for each in known[:1] if isinstance(each, CaptureRequest)]:
            if same.amount == request.amount:
                return super().capture(same)
        return super().capture(request)


MUTANTS: dict[str, type[BogusGateway]] = {
    "IDEM-1": VoidsUnderItsOwnKeys,
    "IDEM-2": RemembersAnswers,
    "IDEM-3": TakesBusyForRefused,
    "IDEM-4": RemembersItself,
    "IDEM-5": MakesKeysOfWhatIsAsked,
    "IDEM-6": TriesAnewAfterADecline,
    "IDEM-7": DeclaresTooLongAWindow,
}
ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("IDEM-2", CapturesTheFirstAgain),
    ("IDEM-2", PutsTheAmountIntoTheKey),
    ("IDEM-2", RemembersNumbers),
    ("IDEM-2", OpensAnotherForAnotherAmount),
    ("IDEM-2", UpdatesAnewForAnotherAmount),
    ("IDEM-5", CutsKeysOff),
    ("IDEM-5", LowersKeys),
)
