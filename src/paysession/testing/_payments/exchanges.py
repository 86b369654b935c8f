"""
What a gateway was asked and answered, held against what a backend asked and was answered.

Between the two stands what an author has put there: it may wait, count, log, refuse to ask at all
or ask again where that is harmless. What is asked and what is answered it must leave alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from paysession._flows.asks import Call, Read
from paysession.errors import (
    GatewayUnreachable,
    InvalidSignature,
    UnreadableNotification,
    Unsupported,
)
from paysession.gateways.notifications import Notification
from paysession.gateways.requests import LookUpRequest
from paysession.testing._laws.shown import shown
from paysession.testing._laws.threads import Answer
from paysession.testing._payments.ledger import Finding
from paysession.testing._payments.rules import ANSWERED, ASKED
from paysession.testing._simulation.gateway import Exchange

_NOT_ARRIVED: Final = (GatewayUnreachable, Unsupported)
_TELLING: Final = (GatewayUnreachable, Unsupported, InvalidSignature, UnreadableNotification)
"""The exceptions of which each means something to whoever has asked; others are only doubt."""


def wrong_with_exchanges(
    ask: Call[Any] | Read, came: Answer[Any], exchanges: Sequence[Exchange], *, honours_keys: bool
) -> Finding:
    """Return what is wrong with what the gateway was asked meanwhile, or with what came of it."""
    if not _may_be_so_many(ask, came, exchanges, honours_keys=honours_keys):
        times = len(_arrived(exchanges))
        return ASKED.broken(f"{_name_of(ask)}: it came {times} times, and yours {_told(came)}")
    found = (_wrong_with_question(ask, each) for each in exchanges)
    wrong = next((each for each in found if each is not None), None)
    if wrong is not None or not exchanges:
        return wrong
    return _wrong_with_answer(_name_of(ask), exchanges[-1].came, came)


def _may_be_so_many(
    ask: Call[Any] | Read, came: Answer[Any], exchanges: Sequence[Exchange], *, honours_keys: bool
) -> bool:
    """Whether it may have come so often: not at all, if it then says that it did not."""
    times = len(_arrived(exchanges))
    if isinstance(ask, Read):
        return times > 0 or came.error is not None
    if times == 0:
        return isinstance(came.error, _NOT_ARRIVED)
    return times == 1 or honours_keys or isinstance(ask.request, LookUpRequest)


def _arrived(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Leave out what the gateway itself says nobody has looked at."""
    return [each for each in exchanges if not isinstance(each.came.error, GatewayUnreachable)]


def _wrong_with_question(ask: Call[Any] | Read, exchange: Exchange) -> Finding:
    asked = ask.notification if isinstance(ask, Read) else ask.request
    return ASKED.compared(_name_of(ask), _legible(asked), _legible(exchange.asked))


def _name_of(ask: Call[Any] | Read) -> str:
    return "read_notification" if isinstance(ask, Read) else str(ask.request.method)


def _legible(asked: object) -> object:
    """Return what can be looked into: a notification hides what it is made of."""
    if isinstance(asked, Notification):
        return {"body": asked.body, "headers": dict(asked.headers)}
    return asked


def _wrong_with_answer(name: str, given: Answer[Any], came: Answer[Any]) -> Finding:
    """Return what is wrong with what came back, where this is what the gateway has given."""
    if _meaning_of(given) is not _meaning_of(came):
        told = f"the gateway given {_told(given)}, and yours {_told(came)}"
        return ANSWERED.broken(f"{name}: {told}")
    return ANSWERED.compared(name, given.value, came.value)


def _meaning_of(came: Answer[Any]) -> type[BaseException] | None:
    """Return what an exception is to whoever has asked, or None where there is an answer."""
    if came.error is None:
        return None
    return next((each for each in _TELLING if isinstance(came.error, each)), Exception)


def _told(came: Answer[Any]) -> str:
    return f"answered {shown(came.value)}" if came.error is None else f"raised {shown(came.error)}"
