"""Gateways that answer what nobody understands, or to somebody else."""

from __future__ import annotations

from typing import ClassVar

from paysession.errors import UnsafeInput
from paysession.gateways import (
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Accepted, Pending, Rejected


class AnswersInItsOwnWords(BogusGateway):
    """Takes note of it that nobody closes a session."""

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        answer = super().close_session(request)
        return Accepted() if isinstance(answer, Rejected) else answer  # type: ignore[return-value]


class LeavesTheProcess(BogusGateway):
    """Ends what it is part of, as a script may."""

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        answer = super().create_setup_session(request)
        if isinstance(answer, Pending):
            raise SystemExit("acme is not ready")
        return answer


class RefusesByRaising(BogusGateway):
    """Says that nobody was called, of what the provider has refused."""

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        answer = super().update_session(request)
        if isinstance(answer, Rejected):
            raise UnsafeInput("amount", "the provider has refused it")
        return answer


class WritesLatin1(BogusGateway):
    """Sends notes along in a header."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        "; ".join(request.metadata.values()).encode("latin-1")
        return super().capture(request)


class HasAShortColumn(BogusGateway):
    """Keeps what is sent in a database of its own."""

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        if len(request.terms.payable_reference.encode()) > 255:
            raise ValueError("value too long for type character varying(255)")
        return super().charge(request)


class NotesItsOwnId(BogusGateway):
    """Writes into the notes that it was lent."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        request.metadata._entries["operation_id"] = request.operation_id
        return super().capture(request)


class KeepsAnswersForAll(BogusGateway):
    """Keeps answers by their keys, in the class: all merchants' in one place."""

    answers: ClassVar[dict[str, VoidAnswer]] = {}

    def void(self, request: VoidRequest) -> VoidAnswer:
        if request.key not in self.answers:
            self.answers[request.key] = super().void(request)
        return self.answers[request.key]


MUTANTS: dict[str, type[BogusGateway]] = {
    "TOT-1": AnswersInItsOwnWords,
    "TOT-2": LeavesTheProcess,
    "TOT-3": WritesLatin1,
    "TOT-4": NotesItsOwnId,
    "TOT-5": KeepsAnswersForAll,
}

ALSO: tuple[tuple[str, type[BogusGateway]], ...] = (
    ("TOT-2", RefusesByRaising),
    ("TOT-3", HasAShortColumn),
)
