"""Giving commands to `Payments`: what comes of each is a record, or a refusal, and a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from paysession._domain.attempts import Attempt
from paysession._domain.movements import Capture, Refund, Void
from paysession._domain.payable import PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._flows.requests import AnyOperation
from paysession._payments import AsyncPayments, Payments
from paysession.errors import PaySessionError
from paysession.testing._strategies.commands import Command

Record: TypeAlias = (
    PaymentSession | SetupSession | Payment | Capture | Void | Refund | PayableAccount
)
Answer: TypeAlias = Record | tuple[AnyOperation, ...] | PaySessionError


def carry_out(command: Command, payments: Payments, *, after: Sequence[Answer] = ()) -> Answer:
    """
    Give a command, and return what it comes to: its record, or the error that refuses it.

    Args:
        command: What is asked.
        payments: Who is asked.
        after: What came of the commands before it, from which the records are known that it
            may be about.

    Raises:
        TypeError: The command holds what `Payments` does not take.
    """
    ask: Callable[..., Answer] = getattr(payments, command.command)
    try:
        return ask(**command.arguments(ids_in(after)))
    except PaySessionError as refusal:
        return refusal


async def acarry_out(
    command: Command, payments: AsyncPayments, *, after: Sequence[Answer] = ()
) -> Answer:
    """Give a command as `carry_out` does, and await what it comes to."""
    ask: Callable[..., Any] = getattr(payments, command.command)
    try:
        answer: Answer = await ask(**command.arguments(ids_in(after)))
    except PaySessionError as refusal:
        return refusal
    return answer


def ids_in(answers: Iterable[Answer]) -> Mapping[str, Sequence[str]]:
    """Return the ids of all records that answers tell of, oldest first, by their kind."""
    ids: dict[str, dict[str, None]] = {}
    for answer in answers:
        for kind, id_ in _told_by(answer):
            ids.setdefault(kind, {})[id_] = None
    return {kind: tuple(known) for kind, known in ids.items()}


def _told_by(answer: Answer) -> Iterator[tuple[str, str]]:
    records: tuple[object, ...] = answer if isinstance(answer, tuple) else (answer,)
    for record in records:
        match record:
            case PaymentSession(id=id_, payment_id=payment_id):
                yield "session", id_
                yield from _payment(payment_id)
            case SetupSession(id=id_):
                yield "setup_session", id_
            case Payment(id=id_):
                yield "payment", id_
            case Capture(id=id_):
                yield "capture", id_
            case Refund(id=id_):
                yield "refund", id_
            case Attempt(payment_id=payment_id):
                yield from _payment(payment_id)
            case _:
                pass


def _payment(payment_id: str | None) -> Iterator[tuple[str, str]]:
    if payment_id is not None:
        yield "payment", payment_id
