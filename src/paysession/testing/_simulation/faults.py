"""
What can go wrong around a payment, and at which kind of ask each of it can be put in.

A kind of ask is a port's method that is called (`capture`, `look_up`, `read_notification`), or
else the name of the ask itself (`Peek`, `Commit`, `Now`). Two kinds are no asks of a flow:
`command` is what a caller passes, `publish` is the hand-out of events.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import attrs

from paysession._flows.asks import Ask, Call, Read

CALLS: Final = (
    "create_session",
    "update_session",
    "complete_session",
    "close_session",
    "charge",
    "capture",
    "void",
    "refund",
    "cancel_refund",
    "create_setup_session",
    "complete_setup_session",
)
READS: Final = ("Peek", "Find", "Claimed", "Due")
OF_STORE: Final = (*READS, "Attention", "Commit")
OF_WORLD: Final = ("Describe", "Now", "NewId", "Tenant", "Pause")
LOOK_UP: Final = "look_up"
NOTIFICATION: Final = "read_notification"
COMMAND: Final = "command"
PUBLISH: Final = "publish"

_CALLS: Final = frozenset(CALLS)
_ASKED: Final = _CALLS | {LOOK_UP}
_TOLD: Final = frozenset({LOOK_UP, NOTIFICATION})
_NOTIFIED: Final = frozenset({NOTIFICATION})
_ANY: Final = frozenset({*OF_STORE, *OF_WORLD, *_ASKED, NOTIFICATION})
_PAYING: Final = frozenset({"complete_session", "charge"})
_MOVING: Final = frozenset({"capture", "void", "refund"})


def kind_of(ask: Ask[Any]) -> str:
    """Return the kind of an ask: the port's method, or the ask's own name."""
    if isinstance(ask, Call):
        return ask.request.method
    return NOTIFICATION if isinstance(ask, Read) else type(ask).__name__


class Fault(StrEnum):
    """One thing that goes wrong; the value is its number."""

    TIME_OUT_BEFORE = "F1"
    TIME_OUT_AFTER = "F2"
    RESET = "F3"
    SERVER_ERROR_BEFORE = "F4"
    SERVER_ERROR_AFTER = "F5"
    TOO_MANY_REQUESTS = "F6"
    NOT_LET_IN = "F7"
    SLOW_SUCCESS = "F8"
    GARBLED = "F9"
    ID_MISSING = "F10"
    TWO_ANSWERS = "F11"
    REPEATED_ON_THE_WAY = "F12"
    KEY_IGNORED = "F13"
    KEY_FORGOTTEN = "F14"
    KEY_IN_FLIGHT = "F15"
    KEY_MISMATCH = "F16"
    ERROR_REPLAYED = "F17"
    ERROR_NOT_KEPT = "F18"
    TOLD_TWICE = "F19"
    TOLD_TWICE_ANEW = "F20"
    REORDERED = "F21"
    DAYS_LATE = "F22"
    LOST = "F23"
    TOLD_BEFORE_ANSWER = "F24"
    UNKNOWN_TO_US = "F25"
    OTHER_ACCOUNT = "F26"
    STALE_ATTEMPT = "F27"
    OLD_SIGNATURE = "F28"
    BAD_SIGNATURE = "F29"
    FORGED_IN_BATCH = "F30"
    BODY_REWRITTEN = "F31"
    REFUND_BOUNCED = "F32"
    CAPTURE_RETAKEN = "F33"
    LAPSED_EARLY = "F34"
    PAID_LATE = "F35"
    CHARGED_BACK = "F36"
    HELD_IN_PART = "F37"
    WRONG_AMOUNT = "F38"
    NEVER_SEEN = "F39"
    CRASH_BEFORE_CALL = "F40"
    CRASH_AFTER_CALL = "F41"
    CRASH_AFTER_SAVE = "F42"
    CRASH_AFTER_PUBLISH = "F43"
    TWO_WORKERS = "F44"
    STALE_READ = "F45"
    ALL_AT_ONCE = "F46"
    CLOCK_SKEW = "F47"
    OVER_WHILE_ASKING = "F48"
    ODD_AMOUNT = "F49"
    ODD_TEXT = "F50"
    ODD_JSON = "F51"
    SEEN_LATER = "F52"
    NUMBER_ECHOED = "F53"

    @property
    def sentence(self) -> str:
        """What happens."""
        return REACH[self].sentence

    @property
    def asks(self) -> frozenset[str]:
        """The kinds of ask at which it can be put in."""
        return REACH[self].asks

    @property
    def beyond(self) -> str:
        """Why it reaches no other kind of ask."""
        return REACH[self].beyond


@attrs.frozen
class Reach:
    """
    How far one fault reaches into a library that does no I/O of its own.

    Attributes:
        sentence: What happens.
        asks: The kinds of ask at which it can be put in.
        beyond: Why it reaches no other kind of ask.
    """

    sentence: str
    asks: frozenset[str]
    beyond: str


_ONLY_CALLS: Final = "only a call to a provider travels over a network"
_ONLY_EFFECTS: Final = "only a call that has an effect carries an idempotency key"
_ONLY_NOTIFIED: Final = "it is about notifications, which come in through one ask"
_ONLY_TOLD: Final = "it happens at the provider, and is told in notifications and look-ups"

REACH: Final[Mapping[Fault, Reach]] = MappingProxyType(
    {
        Fault.TIME_OUT_BEFORE: Reach(
            "a call times out, and nothing has happened", _ASKED, _ONLY_CALLS
        ),
        Fault.TIME_OUT_AFTER: Reach("a call times out, and it has happened", _ASKED, _ONLY_CALLS),
        Fault.RESET: Reach("the connection breaks in the middle of an answer", _ASKED, _ONLY_CALLS),
        Fault.SERVER_ERROR_BEFORE: Reach(
            "the provider answers 500, and nothing has happened", _ASKED, _ONLY_CALLS
        ),
        Fault.SERVER_ERROR_AFTER: Reach(
            "the provider answers 500, and it has happened", _ASKED, _ONLY_CALLS
        ),
        Fault.TOO_MANY_REQUESTS: Reach(
            "the provider answers 429 and does nothing", _ASKED, _ONLY_CALLS
        ),
        Fault.NOT_LET_IN: Reach(
            "the provider answers 401: its key was rotated", _ASKED, _ONLY_CALLS
        ),
        Fault.SLOW_SUCCESS: Reach(
            "a call times out, and happens some time later", _ASKED, _ONLY_CALLS
        ),
        Fault.GARBLED: Reach("the answer is HTML, empty or cut off", _ASKED, _ONLY_CALLS),
        Fault.ID_MISSING: Reach("the answer does not name what it made", _ASKED, _ONLY_CALLS),
        Fault.TWO_ANSWERS: Reach(
            "two look-ups are answered differently",
            frozenset({LOOK_UP}),
            "only a look-up is asked again and again",
        ),
        Fault.REPEATED_ON_THE_WAY: Reach(
            "a proxy sends our request twice", _CALLS, "a look-up that is sent twice does nothing"
        ),
        Fault.KEY_IGNORED: Reach(
            "an answer is lost, and the provider ignores idempotency keys", _CALLS, _ONLY_EFFECTS
        ),
        Fault.KEY_FORGOTTEN: Reach(
            "an answer is lost, and then the provider forgets the key", _CALLS, _ONLY_EFFECTS
        ),
        Fault.KEY_IN_FLIGHT: Reach(
            "the provider says that a call with this key is under way", _CALLS, _ONLY_EFFECTS
        ),
        Fault.KEY_MISMATCH: Reach(
            "the provider says that this key was used for another request", _CALLS, _ONLY_EFFECTS
        ),
        Fault.ERROR_REPLAYED: Reach(
            "the provider keeps its 500 and answers it again", _CALLS, _ONLY_EFFECTS
        ),
        Fault.ERROR_NOT_KEPT: Reach(
            "the provider forgets its 500, and works anew on a repeat", _CALLS, _ONLY_EFFECTS
        ),
        Fault.TOLD_TWICE: Reach("a notification comes twice", _NOTIFIED, _ONLY_NOTIFIED),
        Fault.TOLD_TWICE_ANEW: Reach(
            "a notification comes again under another id", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.REORDERED: Reach("notifications come in another order", _NOTIFIED, _ONLY_NOTIFIED),
        Fault.DAYS_LATE: Reach("a notification comes days later", _NOTIFIED, _ONLY_NOTIFIED),
        Fault.LOST: Reach("a notification never comes", _NOTIFIED, _ONLY_NOTIFIED),
        Fault.TOLD_BEFORE_ANSWER: Reach(
            "a notification comes before the answer of the call that it is about",
            _CALLS,
            "a look-up changes nothing that there were anything to tell of",
        ),
        Fault.UNKNOWN_TO_US: Reach(
            "a notification is about something we have never heard of", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.OTHER_ACCOUNT: Reach(
            "a notification is meant for another account", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.STALE_ATTEMPT: Reach(
            "a notification tells of an attempt that the customer has left behind",
            _NOTIFIED,
            _ONLY_NOTIFIED,
        ),
        Fault.OLD_SIGNATURE: Reach(
            "an old notification is sent again by somebody who saw it", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.BAD_SIGNATURE: Reach(
            "a signature is forged, missing, or not even ASCII", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.FORGED_IN_BATCH: Reach(
            "one of several items of a notification is forged", _NOTIFIED, _ONLY_NOTIFIED
        ),
        Fault.BODY_REWRITTEN: Reach(
            "a proxy writes the body anew: the same JSON in other bytes",
            _NOTIFIED,
            _ONLY_NOTIFIED,
        ),
        Fault.REFUND_BOUNCED: Reach("a refund fails after it had succeeded", _TOLD, _ONLY_TOLD),
        Fault.CAPTURE_RETAKEN: Reach(
            "a capture fails after it had succeeded, and may be taken again", _TOLD, _ONLY_TOLD
        ),
        Fault.LAPSED_EARLY: Reach("what was held is let go early", _TOLD, _ONLY_TOLD),
        Fault.PAID_LATE: Reach("money comes for a session that is over", _TOLD, _ONLY_TOLD),
        Fault.CHARGED_BACK: Reach(
            "a customer charges back, even what was refunded already", _TOLD, _ONLY_TOLD
        ),
        Fault.HELD_IN_PART: Reach(
            "less is held or taken than was asked for",
            _PAYING | _TOLD,
            "only a customer's payment is held in part",
        ),
        Fault.WRONG_AMOUNT: Reach(
            "another amount or currency moves, a hundred times too much perhaps",
            _PAYING | _MOVING | _TOLD,
            "no other call moves money",
        ),
        Fault.NEVER_SEEN: Reach(
            "the provider says something that nobody has ever heard of it",
            _ASKED | _NOTIFIED,
            "only a provider has words of its own",
        ),
        Fault.CRASH_BEFORE_CALL: Reach(
            "a process dies before its call to the provider",
            _ANY - {NOTIFICATION},
            "what only reads a notification makes no call",
        ),
        Fault.CRASH_AFTER_CALL: Reach(
            "a process dies after its call, before the answer is saved",
            _ASKED | {"Commit", "Peek", "Claimed", "Now", "Find", "Pause"},
            "a flow asks for nothing else between a call and the commit of its answer",
        ),
        Fault.CRASH_AFTER_SAVE: Reach(
            "a process dies after a commit, before its events are published",
            frozenset({"Commit"}),
            "no other ask writes anything",
        ),
        Fault.CRASH_AFTER_PUBLISH: Reach(
            "a publisher dies before it has marked what it handed out",
            frozenset({PUBLISH}),
            "a flow hands out no events",
        ),
        Fault.TWO_WORKERS: Reach(
            "another worker gives the same command in the middle of it", _ANY, "it reaches them all"
        ),
        Fault.STALE_READ: Reach(
            "a store answers from a copy that is behind",
            frozenset({"Attention", "Due", "Peek"}),
            "a store that finds or claims out of an old copy breaks its own laws",
        ),
        Fault.ALL_AT_ONCE: Reach(
            "recovery and notifications work in the middle of a command",
            _ANY,
            "it reaches them all",
        ),
        Fault.CLOCK_SKEW: Reach(
            "a clock is fast, slow or jumps back, or is set to another zone",
            frozenset({"Now"}),
            "the time is asked for in one way",
        ),
        Fault.OVER_WHILE_ASKING: Reach(
            "a session's time runs out while its provider is asked",
            frozenset(
                {
                    "create_session",
                    "update_session",
                    "complete_session",
                    "close_session",
                    "create_setup_session",
                    "complete_setup_session",
                    LOOK_UP,
                }
            ),
            "only sessions run out",
        ),
        Fault.ODD_AMOUNT: Reach(
            "an amount is zero, NaN, a float, or has more digits than its currency",
            _PAYING | _MOVING | _TOLD | {COMMAND},
            "nothing else carries an amount",
        ),
        Fault.ODD_TEXT: Reach(
            "text holds NUL, lone surrogates or marks that turn it around",
            _ASKED | {COMMAND, NOTIFICATION},
            "a store gives back what was committed",
        ),
        Fault.ODD_JSON: Reach(
            "JSON is nested a hundred thousand deep, repeats its keys, or is huge",
            frozenset({COMMAND, NOTIFICATION}),
            "adapters read a provider's answers, and answer in values",
        ),
        Fault.SEEN_LATER: Reach(
            "a look-up does not yet find what has just happened",
            frozenset({LOOK_UP}),
            "only a look-up may come too early",
        ),
        Fault.NUMBER_ECHOED: Reach(
            "an error's text repeats a card number",
            _ASKED | {NOTIFICATION},
            "only a provider's words come from outside",
        ),
    }
)
"""Every fault, and how far it reaches."""
