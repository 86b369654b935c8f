"""Planted bugs about repeats: what should happen once happens twice, or is told apart too late."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from paysession._domain import operations
from paysession._domain.evidence import Evidence
from paysession._domain.fingerprints import fingerprint_of
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.operations import Operation
from paysession._flows import carrying, once, requests
from paysession._flows.asks import Description, Unit
from paysession.stores.port import Claim
from paysession.testing._plants.plant import Patch, Plant, instead


def _fresh_each_time(common: Callable[[Operation], dict[str, Any]]) -> object:
    numbers = count()

    def with_fresh_key(operation: Operation) -> dict[str, Any]:
        return {**common(operation), "key": f"{operation.id}-{next(numbers)}"}

    return with_fresh_key


def _naming_somebody(common: Callable[[Operation], dict[str, Any]]) -> object:
    def with_name(operation: Operation) -> dict[str, Any]:
        return {**common(operation), "key": f"{operation.id}-ann@example.org"}

    return with_name


def _whatever_was_asked(answer_of: Callable[[Claim], Unit[Any]]) -> object:
    def replayed(use: object, claim: Claim) -> Unit[Any]:
        del use
        return (yield from answer_of(claim))

    return replayed


def _of_any_command(command: str, key: IdempotencyKey | str) -> str:
    del command
    named = IdempotencyKey.of(key)
    return fingerprint_of((named.scope, named.text))


def _for_ever(operation: Operation, description: Description, now: object) -> bool:
    del operation, now
    return description.capabilities.honours_keys


def _every_word(facts: tuple[Evidence, ...], evidence: Evidence, **_: object) -> tuple[Evidence, ...]:
    return (*facts, evidence)[-20:]


PLANTS = (
    Plant(
        name="key-per-try",
        sentence="each try of a call is sent with a key of its own",
        breaks=("I32", "I38"),
        patches=(Patch(requests, "_common", _fresh_each_time),),
    ),
    Plant(
        name="callers-key-forgotten",
        sentence="a caller's idempotency key is not looked at",
        breaks=("I33", "I34"),
        patches=(Patch(once._Use, "is_held_by", instead(lambda *_: False)),),
    ),
    Plant(
        name="key-answers-anything",
        sentence="a caller's key answers for whatever it is used for",
        breaks=("I34",),
        patches=(
            Patch(once._Use, "replayed", lambda _: _whatever_was_asked(once._answer_of)),
        ),
    ),
    Plant(
        name="key-of-any-command",
        sentence="a key that was used for one command means something for another one",
        breaks=("I36",),
        patches=(Patch(once, "_text_of", instead(_of_any_command)),),
    ),
    Plant(
        name="key-names-customer",
        sentence="the key that a provider is sent holds an address of the customer",
        breaks=("I38",),
        patches=(Patch(requests, "_common", _naming_somebody),),
    ),
    Plant(
        name="repeated-after-the-window",
        sentence="a call is repeated though its provider may have forgotten the key",
        breaks=("I39", "I32"),
        patches=(Patch(carrying, "may_be_repeated", instead(_for_ever)),),
    ),
    Plant(
        name="duplicate-applied-twice",
        sentence="what is reported twice is recorded twice",
        breaks=("I40",),
        patches=(Patch(operations, "remembered", instead(_every_word)),),
    ),
)
"""Each is meant for one of I32 to I40."""
