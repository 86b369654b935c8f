"""How a gateway does what it does. Which operations it has follows from its methods alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import cast

import attrs

from paysession._domain.evidence import LastWord
from paysession._domain.limits import is_a
from paysession._money import ISO, MinorUnits, Money
from paysession.errors import LimitExceeded, UnsafeInput

_MOST_RECHECKS = 20
_LONGEST_RECHECK = timedelta(days=366)


class KeyScope(StrEnum):
    """Within what a provider remembers an idempotency key."""

    ACCOUNT = "account"
    OPERATION = "operation"


def no_over_capture(held: Money) -> Money:
    """Allow nothing above what is held."""
    return Money.zero(held.currency)


_is_bool = is_a(bool)


def _is_duration(_: object, field: attrs.Attribute[timedelta], value: object) -> None:
    if not isinstance(value, timedelta):
        raise TypeError(f"{field.name} must be timedelta, not {type(value).__name__}")
    if value < timedelta(0):
        raise UnsafeInput(field.name, "a time cannot be below zero")


def _is_schedule(_: object, field: attrs.Attribute[tuple[timedelta, ...]], value: object) -> None:
    if not isinstance(value, tuple):
        raise TypeError(f"{field.name} must be a tuple of timedelta, not {type(value).__name__}")
    times = cast("tuple[object, ...]", value)
    for each in times:
        if not isinstance(each, timedelta):
            raise TypeError(f"{field.name} must hold timedelta, not {type(each).__name__}")
        if not timedelta(0) < each <= _LONGEST_RECHECK:
            raise UnsafeInput(field.name, "each time must be above zero, and within a year")
    if len(times) > _MOST_RECHECKS:
        raise LimitExceeded(f"times in {field.name}", _MOST_RECHECKS)


@attrs.frozen(kw_only=True)
class Capabilities:
    """
    What an adapter declares of its provider; the defaults are the common case.

    `replays_errors` and `key_scope` are for adapters and their tests: nothing here acts on
    them. A key is an operation's id, so it is unique in any scope; and a call without an
    answer is looked up before it is repeated, since a stored error may be all that a repeat
    brings.

    Attributes:
        settled_by_person: A person says what was paid and given back, with `mark_paid` and
            `mark_refunded`: a check, cash, a transfer.
        collects_source: The provider's page or script asks the customer what to pay with;
            if not, a method that requires a source must be given one.
        partial_captures: Less than what is held may be captured.
        several_captures: More than one capture of one authorization.
        first_capture_closes: The first capture releases the rest, whatever we ask.
        over_capture: How much more than what is held may be captured: called with that, it
            answers an amount of the same currency.
        partial_voids: Less than what is held may be released.
        void_after_capture: What is left after a capture may be released.
        partial_refunds: Less than what was taken may be given back.
        refunds_per_capture: A refund names one capture, and cannot exceed it.
        honours_keys: The same idempotency key has one effect.
        replays_errors: A stored error is answered again for the same key; if not, a repeat
            after an error is tried anew.
        key_scope: Within what a key is remembered.
        key_window: How long a key is remembered.
        longest_call: After this long, a call has certainly ended at the provider.
        look_up_is_authoritative: "Not found" by our reference means that it never happened.
        look_up_grace: How long after a call a look-up may still miss it.
        signs_facts: Notifications carry signed facts; if not, they are hints to look up.
        last_word: Which counts, if a success and a failure are told of one operation and
            nothing tells their order. Without it such a thing is looked up.
        recheck_schedule: How long after it was settled what succeeded, and a charge that was
            declined, is looked at again, each: at most twenty times, within a year.
        minor_units: How amounts are written for this provider.
    """

    settled_by_person: bool = attrs.field(default=False, validator=_is_bool)
    collects_source: bool = attrs.field(default=True, validator=_is_bool)
    partial_captures: bool = attrs.field(default=True, validator=_is_bool)
    several_captures: bool = attrs.field(default=True, validator=_is_bool)
    first_capture_closes: bool = attrs.field(default=False, validator=_is_bool)
    over_capture: Callable[[Money], Money] = attrs.field(
        default=no_over_capture, validator=attrs.validators.is_callable()
    )
    partial_voids: bool = attrs.field(default=False, validator=_is_bool)
    void_after_capture: bool = attrs.field(default=True, validator=_is_bool)
    partial_refunds: bool = attrs.field(default=True, validator=_is_bool)
    refunds_per_capture: bool = attrs.field(default=False, validator=_is_bool)
    honours_keys: bool = attrs.field(default=True, validator=_is_bool)
    replays_errors: bool = attrs.field(default=True, validator=_is_bool)
    key_scope: KeyScope = attrs.field(default=KeyScope.ACCOUNT, validator=is_a(KeyScope))
    key_window: timedelta = attrs.field(default=timedelta(hours=24), validator=_is_duration)
    longest_call: timedelta = attrs.field(default=timedelta(seconds=80), validator=_is_duration)
    look_up_is_authoritative: bool = attrs.field(default=False, validator=_is_bool)
    look_up_grace: timedelta = attrs.field(default=timedelta(0), validator=_is_duration)
    signs_facts: bool = attrs.field(default=True, validator=_is_bool)
    last_word: LastWord | None = attrs.field(default=None, validator=is_a(LastWord, optional=True))
    recheck_schedule: tuple[timedelta, ...] = attrs.field(default=(), validator=_is_schedule)
    minor_units: MinorUnits = attrs.field(default=ISO, validator=is_a(MinorUnits))
