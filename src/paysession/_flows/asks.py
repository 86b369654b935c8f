"""
What a flow may ask for. An ask is its own helper:

    payment = yield from Load(Payment, payment_id)
    outcome = yield from Call(gateway, request)

The type checkers know what each answers, and that a unit of work only reads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from traceback import walk_tb
from typing import Any, Generic, Self, TypeAlias, TypeVar, cast, get_args

import attrs

from paysession._domain.entities import Entity
from paysession._domain.limits import redacted
from paysession.errors import (
    GatewayBroken,
    GatewayUnreachable,
    NotFound,
    NotificationError,
    Unsupported,
)
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.notifications import Notification
from paysession.gateways.requests import Method, Request
from paysession.outcomes import NO_REFERENCES, Fact, NotAttempted, References, Report, Unknown
from paysession.stores.port import KINDS, AnyKind, Changes, Claim

R = TypeVar("R")
T = TypeVar("T")
A = TypeVar("A")
E = TypeVar("E", bound=Entity)


class Ask(Generic[R]):
    """One request for I/O; `yield from` it and get the answer."""

    def __iter__(self) -> Generator[Self, R, R]:
        return (yield self)


class Reading(Ask[R]):
    """An ask that changes nothing: all that a unit of work may do."""


Flow: TypeAlias = Generator[Ask[Any], Any, T]
Unit: TypeAlias = Generator[Reading[Any], Any, T]


@attrs.frozen
class Peek(Reading[E | None]):
    """The newest committed version of one entity, if there is one."""

    kind: type[E]
    id: str


@attrs.frozen
class Load(Generic[E]):
    """One entity that must exist."""

    kind: type[E]
    id: str

    def __iter__(self) -> Generator[Peek[E], E | None, E]:
        entity = yield from Peek(self.kind, self.id)
        if entity is None:
            raise NotFound(KINDS[self.kind].replace("_", " "), self.id)
        return entity


@attrs.frozen
class Find(Reading[tuple[E, ...]]):
    """All entities of a kind by one of its indexes, oldest first."""

    kind: type[E]
    by: str
    value: str


@attrs.frozen
class Claimed(Reading[Claim | None]):
    """The claim on a text, if it is taken."""

    namespace: str
    text: str


@attrs.frozen
class Due(Ask[tuple[Entity, ...]]):
    """What must be looked at again by now, longest due first."""

    before: datetime
    kinds: Sequence[AnyKind]
    limit: int


@attrs.frozen
class Attention(Ask[tuple[Entity, ...]]):
    """What a person must look at, oldest first."""

    limit: int


@attrs.frozen
class Commit(Ask[Changes]):
    """
    Write all of the changes durably, or nothing; what was written is the answer.

    By one commit a command takes place, and with it the caller's idempotency key is claimed.

    Attributes:
        changes: What to write.
        decided: In that one commit, the record among the changes that the command is about.
    """

    changes: Changes
    decided: Entity | None = None


@attrs.frozen
class Description:
    """What one gateway can do, and how."""

    gateway: str
    operations: frozenset[Method]
    capabilities: Capabilities

    def require(self, method: Method) -> None:
        """
        Do nothing if the gateway's adapter offers the method.

        Raises:
            Unsupported: It does not.
        """
        if method not in self.operations:
            raise Unsupported(self.gateway, method)


@attrs.frozen
class Describe(Ask[Description | None]):
    """What the gateway of that name can do; nothing if there is none."""

    gateway: str


@attrs.frozen
class Now(Ask[datetime]):
    """The present instant."""


@attrs.frozen
class NewId(Ask[str]):
    """An id that was never used."""

    prefix: str


@attrs.frozen
class Tenant(Ask[str]):
    """Whose records these are."""


@attrs.frozen
class Pause(Ask[None]):
    """A short, random wait before the `round`-th try of what somebody else beat."""

    round: int


@attrs.frozen
class Call(Ask[A]):
    """
    One call to a gateway, on behalf of a committed operation.

    This is the one place where an exception becomes an outcome. A `BaseException`, such as
    the cancellation of a task, is no answer at all: the operation stays open, exactly as
    after a crash.

    Attributes:
        gateway: Which one.
        request: What it is asked.
        attempt: How often the operation was worked on by then, this time included.
    """

    gateway: str
    request: Request[A]
    attempt: int = 1

    def __iter__(self) -> Generator[Self, A, A]:
        try:
            answer = yield self
        except GatewayUnreachable as error:
            return cast("A", NotAttempted(error_text(error.reason)))
        except Unsupported as error:
            return cast("A", NotAttempted(error.message))
        except Exception as error:  # noqa: BLE001 - whatever it is, the call may have had an effect
            return cast("A", Unknown(f"{type(error).__name__}: {error_text(error)}"))
        lawful = self.lawful(answer)
        if lawful is None:
            unlawful = f"{self.request.method} answered {type(answer).__name__}"
            return cast("A", Unknown(unlawful, references=_ids_in(answer)))
        return lawful

    def lawful(self, answer: object) -> A | None:
        """
        Return the answer if the call may be answered so; None if not.

        A subclass may say of itself what it likes: only the types themselves are taken. The
        reports of a look-up may come in a list, by far the commonest slip of an adapter.
        """
        if type(answer) not in (tuple, list):
            return cast("A", answer) if type(answer) in self.request.answers else None
        reports = tuple(cast("Iterable[object]", answer))
        are_lawful = tuple in self.request.answers and all(type(each) is Report for each in reports)
        return cast("A", reports) if are_lawful else None


@attrs.frozen
class Read(Ask[tuple[Report, ...]]):
    """
    What a notification reports, once a gateway's adapter has verified it.

    Raises:
        NotificationError: It is not to be believed, or cannot be read.
        GatewayBroken: The adapter neither read nor refused it.
    """

    gateway: str
    notification: Notification

    def __iter__(self) -> Generator[Self, tuple[Report, ...], tuple[Report, ...]]:
        try:
            answer: object = yield self
        except (NotificationError, Unsupported, GatewayBroken):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it proves nothing
            raise GatewayBroken(self.gateway, f"reading raised {_origin_of(error)}") from None
        if type(answer) not in (tuple, list):
            raise self._unlawful(type(answer).__name__)
        reports = tuple(cast("Iterable[object]", answer))
        for each in reports:
            if type(each) is not Report:
                raise self._unlawful(f"of {type(each).__name__}")
        return cast("tuple[Report, ...]", reports)

    def _unlawful(self, answered: str) -> GatewayBroken:
        wanted = "read_notification must answer a tuple of Report"
        return GatewayBroken(self.gateway, f"{wanted}, not {answered}")


def _origin_of(error: Exception) -> str:
    """
    Name an exception, and the adapter's line that it came from.

    Not its text, which may be of what the provider sent.
    """
    lines = [
        f" in line {line} of {Path(frame.f_code.co_filename).name}"
        for frame, line in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("paysession.")
    ]
    return type(error).__name__ + "".join(lines[-1:])


def _ids_in(answer: object) -> References:
    """Keep the provider's ids of an answer that is a fact, but not a lawful one."""
    return cast("Fact", answer).references if isinstance(answer, get_args(Fact)) else NO_REFERENCES


def error_text(error: object) -> str:
    """Return the redacted text of an adapter's exception, whatever that does when asked."""
    try:
        return redacted("".join(str(error)))
    except Exception:  # noqa: BLE001 - an adapter's exception may not even have a text
        return "no text"
