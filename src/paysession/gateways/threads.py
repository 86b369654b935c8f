"""Synchronous adapters in an asynchronous world: each call in a thread of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from paysession.gateways.port import AsyncGateway, Gateway, operations_of
from paysession.gateways.requests import Request

RunInThread: TypeAlias = Callable[..., Awaitable[Any]]


def in_threads(gateway: Gateway, *, run: RunInThread) -> AsyncGateway:
    """
    Let a synchronous gateway serve `AsyncPayments`, offering what it offers itself.

        >>> import asyncio
        >>> from paysession import AsyncPayments
        >>> from paysession.gateways import BogusGateway
        >>> payments = AsyncPayments({"bogus": in_threads(BogusGateway(), run=asyncio.to_thread)})

    The gateway must be thread-safe. A call that is cancelled goes on in its thread; its
    operation stays open, and recovery finds out what it did.

    Args:
        gateway: The gateway.
        run: `asyncio.to_thread` or `trio.to_thread.run_sync`: it calls a function with its
            arguments in a thread, and returns an awaitable of what that returns or raises.

    Raises:
        TypeError: The gateway is not a `Gateway`.
    """
    if not isinstance(gateway, Gateway):
        raise TypeError(f"gateway must be a Gateway, not {type(gateway).__name__}")
    members: dict[str, Any] = {
        method: _called_by(run, getattr(gateway, method)) for method in operations_of(gateway)
    }
    # Read anew each time, for an account may be narrowed later.
    members["capabilities"] = property(lambda _: gateway.capabilities)
    adapter: type[AsyncGateway] = type(
        f"{type(gateway).__name__}InThreads", (AsyncGateway,), members
    )
    return adapter()


def _called_by(run: RunInThread, call: Callable[[Any], Any]) -> Callable[..., Awaitable[Any]]:
    """Return a method that makes the call in a thread."""

    async def called(_: AsyncGateway, request: Request[Any]) -> object:
        return await run(call, request)

    return called
