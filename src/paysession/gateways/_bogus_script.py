"""
What the in-memory provider does with one source: the grammar of its tokens.

A token such as `complete=require_action,capture=timeout_after` says what happens to each
call on a session or charge that is paid with it. A token without `=` is any source whose
every call is approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from paysession._domain.failures import FailureCode
from paysession._money import Money
from paysession.errors import GatewayUnreachable, UnsafeInput


class Behaviour(StrEnum):
    """What happens to a call."""

    APPROVE = "approve"
    DECLINE = "decline"
    """Refused for the failure code after the colon; after another one, by the code that is told."""
    END = "end"
    """As `decline`, and the provider's session is over."""
    REJECT = "reject"
    REQUIRE_ACTION = "require_action"
    """The customer must act; the next call finds that it was done."""
    PENDING = "pending"
    """Undecided, until the provider is told how it ends."""
    PARTIAL = "partial"
    """Half of the amount, rounded down to a minor unit."""
    MORE = "more"
    """One minor unit more."""
    OTHER_CURRENCY = "other_currency"
    """Approved, but the answer speaks of another currency."""
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    UNREACHABLE = "unreachable"
    UNREACHABLE_ALWAYS = "unreachable_always"
    BROKEN = "broken"
    """Approved, and then the adapter fails by an exception that nobody expects."""
    NONSENSE = "nonsense"
    """Approved, and the adapter returns what is no outcome at all."""
    CANCEL = "cancel"
    """The customer has closed the session."""
    EXPIRE = "expire"
    """The provider has closed the session."""


VERBS: Final = (
    "create",
    "update",
    "complete",
    "close",
    "charge",
    "capture",
    "void",
    "refund",
    "cancel_refund",
    "create_setup",
    "complete_setup",
)

ONCE: Final = frozenset(
    {
        Behaviour.REQUIRE_ACTION,
        Behaviour.TIMEOUT_BEFORE,
        Behaviour.TIMEOUT_AFTER,
        Behaviour.UNREACHABLE,
        Behaviour.BROKEN,
        Behaviour.NONSENSE,
    }
)
"""What happens to the first call of its kind only, for one object and token."""

_MAY_NEED_CUSTOMER: Final = frozenset(
    {"create", "update", "complete", "charge", "create_setup", "complete_setup"}
)
_MAY_FIND_CLOSED: Final = frozenset({"complete", "close", "complete_setup"})
_MOVES_MONEY: Final = frozenset({"complete", "charge", "capture", "void", "refund"})

_ONLY_FOR: Final[Mapping[Behaviour, frozenset[str]]] = MappingProxyType(
    {
        Behaviour.REQUIRE_ACTION: _MAY_NEED_CUSTOMER,
        Behaviour.PENDING: frozenset(VERBS) - {"update"},
        Behaviour.PARTIAL: _MOVES_MONEY,
        Behaviour.MORE: _MOVES_MONEY,
        Behaviour.OTHER_CURRENCY: _MOVES_MONEY,
        Behaviour.CANCEL: _MAY_FIND_CLOSED,
        Behaviour.EXPIRE: _MAY_FIND_CLOSED,
    }
)


def verb_of(method: str) -> str:
    """Return what a token calls a method of the port."""
    return method.removesuffix("_session")


@attrs.frozen
class Step:
    """What happens to one call; where it is refused, why, and by what code if by one of its own."""

    behaviour: Behaviour
    failure: FailureCode | None = None
    raw_code: str | None = None

    @property
    def code(self) -> FailureCode:
        """Why the call is refused."""
        return self.failure or FailureCode.UNKNOWN_DECLINE

    @classmethod
    def read(cls, verb: str, text: str) -> Step:
        """
        Read what stands after `verb=`.

        Raises:
            UnsafeInput: No such verb or behaviour, or the two do not go together.
        """
        name, colon, refusal = text.partition(":")
        code, another, raw_code = refusal.partition(":")
        if verb not in VERBS:
            raise UnsafeInput("token", f"there is no such call: use one of {', '.join(VERBS)}")
        if name not in set(Behaviour):
            raise UnsafeInput("token", f"there is no such behaviour for {verb}: see Behaviour")
        behaviour = Behaviour(name)
        if verb not in _ONLY_FOR.get(behaviour, VERBS):
            raise UnsafeInput("token", f"{verb} has no answer for {behaviour}: leave it out")
        if bool(colon) is not (behaviour in (Behaviour.DECLINE, Behaviour.END)):
            raise UnsafeInput("token", "a failure code stands after decline: and end: only")
        if colon and code not in set(FailureCode):
            raise UnsafeInput("token", "there is no such failure code: see FailureCode")
        if another and not raw_code:
            raise UnsafeInput("token", "after the second colon stands a raw code: write one")
        return cls(behaviour, FailureCode(code) if colon else None, raw_code or None)

    def amount_of(self, asked: Money) -> Money:
        """Return how much the provider moves."""
        match self.behaviour:
            case Behaviour.PARTIAL:
                return Money.from_minor(asked.minor // 2, asked.currency)
            case Behaviour.MORE:
                return Money.from_minor(asked.minor + 1, asked.currency)
            case _:
                return asked

    def interrupt_before(self) -> None:
        """Lose the call on its way there, if that is what happens."""
        match self.behaviour:
            case Behaviour.TIMEOUT_BEFORE:
                raise TimeoutError("no answer in time")
            case Behaviour.UNREACHABLE | Behaviour.UNREACHABLE_ALWAYS:
                raise GatewayUnreachable("connection refused")
            case _:
                pass

    def interrupt_after(self) -> None:
        """Lose the answer on its way back, if that is what happens."""
        match self.behaviour:
            case Behaviour.TIMEOUT_AFTER:
                raise TimeoutError("no answer in time")
            case Behaviour.BROKEN:
                raise RuntimeError("the adapter could not read the answer")
            case _:
                pass


APPROVED: Final = Step(Behaviour.APPROVE)


@attrs.frozen
class Script:
    """What happens to each call, by verb; what is not named is approved."""

    steps: Mapping[str, Step] = MappingProxyType({})

    @classmethod
    def read(cls, token: str | None) -> Script:
        """
        Read a token; one without `=` approves everything.

        Raises:
            UnsafeInput: If it is not of the grammar, or names a call twice.
        """
        if token is None or "=" not in token:
            return cls()
        steps: dict[str, Step] = {}
        for part in token.split(","):
            verb, _, behaviour = part.partition("=")
            if verb in steps:
                raise UnsafeInput("token", f"it names {verb} twice: name it once")
            steps[verb] = Step.read(verb, behaviour)
        return cls(steps)

    def step(self, verb: str) -> Step:
        """Return what happens to a call of this verb."""
        return self.steps.get(verb, APPROVED)
