"""Gateways that wait too long, or say too little of how long they wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event

import attrs

from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    AsyncBogusGateway,
    BogusGateway,
    BogusProvider,
    CaptureAnswer,
    CaptureRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    LookUpRequest,
    RefundAnswer,
    RefundRequest,
)
from paysession.outcomes import Report

OVER = Event()
"""The silence of a provider that has answered after all."""
OVER.set()


class WaitsForEver(BogusGateway):
    """Has given its client no time-out."""

    silence = OVER

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return super().capture(request)
        except TimeoutError:
            self.silence.wait()
            raise


class TakesSilenceForUnreachable(BogusGateway):
    """Takes a time-out while it reads for one while it connects."""

    def refund(self, request: RefundRequest) -> RefundAnswer:
        try:
            return super().refund(request)
        except TimeoutError:
            raise GatewayUnreachable("timed out") from None


class TakesNoTime(BogusGateway):
    """Declares that every call is over at once."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, longest_call=timedelta(0))


class OutlastsItsKeys(BogusGateway):
    """Declares that a key is forgotten while its call may be under way."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, longest_call=timedelta(days=2))


class UnderstatesItsCalls(BogusGateway):
    """Declares less time than its client waits."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, longest_call=timedelta(microseconds=1))


class SleepsInTheEventLoop(AsyncBogusGateway):
    """Waits with a client that knows nothing of event loops."""

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        try:
            return await super().capture(request)
        except TimeoutError:
            Event().wait(0.15)
            raise


class WaitsForEverForALookUp(BogusGateway):
    """Has a time-out for payments, and none for questions."""

    silence: Event | None = None

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        try:
            return super().look_up(request)
        except TimeoutError:
            if self.silence is not None:
                self.silence.wait()
            raise


class WaitsForEverToOpen(BogusGateway):
    """Has a time-out for payments, and none for sessions."""

    silence: Event | None = None

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        try:
            return super().create_session(request)
        except TimeoutError:
            if self.silence is not None:
                self.silence.wait()
            raise


class LooksUpInTheEventLoop(AsyncBogusGateway):
    """Asks with a client that knows nothing of event loops."""

    async def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        try:
            return await super().look_up(request)
        except TimeoutError:
            Event().wait(0.15)
            raise


class WaitsLongerThanItDeclares(BogusGateway):
    """Declares a time-out that is not its client's."""

    def __init__(self, *, provider: BogusProvider) -> None:
        super().__init__(provider=provider)
        self.capabilities = attrs.evolve(self.capabilities, longest_call=timedelta(seconds=0.1))
        vars(self)["complete_session"] = partial(_slowly, super().complete_session)


def _slowly(
    complete: Callable[[CompleteSessionRequest], CompleteSessionAnswer],
    request: CompleteSessionRequest,
) -> CompleteSessionAnswer:
    """Wait a while for an answer that does not come."""
    try:
        return complete(request)
    except TimeoutError:
        Event().wait(0.2)
        raise


MUTANTS: dict[str, type[BogusGateway | AsyncBogusGateway]] = {
    "TIME-1": WaitsForEver,
    "TIME-2": TakesSilenceForUnreachable,
    "TIME-3": TakesNoTime,
    "TIME-4": UnderstatesItsCalls,
    "TIME-5": SleepsInTheEventLoop,
}

ALSO: tuple[tuple[str, type[BogusGateway | AsyncBogusGateway]], ...] = (
    ("TIME-4", WaitsLongerThanItDeclares),
    ("TIME-1", WaitsForEverForALookUp),
    ("TIME-1", WaitsForEverToOpen),
    ("TIME-5", LooksUpInTheEventLoop),
    ("TIME-3", OutlastsItsKeys),
)
