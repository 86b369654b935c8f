"""Adapters of somebody's, as the command line may be given them; some are broken."""

from __future__ import annotations

import attrs

from paysession.errors import GatewayUnreachable
from paysession.gateways import (
    Capabilities,
    CaptureRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    Gateway,
    RefundAnswer,
    RefundRequest,
)
from paysession.gateways.bogus import AsyncBogusGateway, BogusGateway
from paysession.outcomes import Accepted, Captured, Failure, FailureCode, References, Rejected

NOT_A_FACTORY = 7


class Sales(Gateway):
    """Takes everything at once, refuses every refund, and cannot capture."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        print("a word of the adapter's own")
        return Accepted(references=References.of(session=request.session_id))

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return Captured(request.amount, references=References.of(authorization=request.key))

    def refund(self, request: RefundRequest) -> RefundAnswer:
        return Rejected(Failure(FailureCode.MERCHANT_CONFIG))


class Generous(Sales):
    """Takes more than it was asked for."""

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return Captured(request.amount + request.amount)


class Unreachable(Sales):
    """Never there."""

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        raise GatewayUnreachable("no route\nto \x1b[31mhost")


class Crashing(Gateway):
    """Fails before it is even asked."""

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        raise RuntimeError("no\nconfiguration \x1b[31m")


class Forgetful(BogusGateway):
    """Takes a capture, and loses the answer every time anybody asks."""

    def capture(self, request: CaptureRequest) -> object:  # type: ignore[override]
        return None


def interrupted() -> Gateway:
    raise KeyboardInterrupt


def failing() -> Gateway:
    raise RuntimeError("no\nkey \x1b[31m in the environment")


def asynchronous() -> AsyncBogusGateway:
    return AsyncBogusGateway()


async def awaited() -> Gateway:
    return Sales()


def nothing() -> None:
    return None


@attrs.frozen
class Needy:
    """A factory that wants an argument."""

    key: str


class Unspeakable(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError


def unspeakable() -> Gateway:
    raise Unspeakable
