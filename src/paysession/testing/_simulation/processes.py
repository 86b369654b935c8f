"""A process of the backend: one run of a command, and how far it is."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import attrs

from paysession._domain.idempotency import IdempotencyKey
from paysession._flows.asks import Ask, Flow
from paysession.errors import OutcomeUnknown

PROVIDER: Final = "provider"
"""Who acts when no process of the backend does."""


class Phase(IntEnum):
    """How far a process is with the one call that its command makes."""

    BEFORE = 0
    CALLED = 1
    SAVED = 2


@attrs.define(eq=False, kw_only=True)
class Process:
    """
    One run of a command, by one process of the backend.

    Attributes:
        name: Who does it.
        flow: The run, as `refund#7`.
        command: The command's name.
        args: What it was given by position.
        kwargs: What it was given by name.
        asks: What it still has to ask.
        ask: What it asks now; None before it has begun.
        phase: How far it is with its call.
        commits: How often it has written something.
        is_over: Whether it has come to its end, or died.
        result: What it returned.
        error: What it raised instead.
        crashed: Whether it died.
    """

    name: str
    flow: str
    command: str
    args: tuple[object, ...]
    kwargs: dict[str, Any]
    asks: Flow[Any]
    ask: Ask[Any] | None = None
    phase: Phase = Phase.BEFORE
    commits: int = 0
    is_over: bool = False
    result: object = None
    error: Exception | None = None
    crashed: bool = False

    @property
    def key(self) -> IdempotencyKey | str | None:
        """The caller's idempotency key, if there is one."""
        key: IdempotencyKey | str | None = self.kwargs.get("idempotency_key")
        return key

    @property
    def is_unanswered(self) -> bool:
        """Whether its caller still does not know what came of it."""
        is_open: bool = getattr(self.result, "is_open", False)
        return is_open or isinstance(self.error, OutcomeUnknown)
