"""Planted bugs about repeats: what should happen once happens twice, or is told apart too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import attrs

from paysession._domain import operations
from paysession._domain.evidence import Evidence
from paysession._domain.fingerprints import fingerprint_of
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.operations import Operation
from paysession._flows import carrying, once, requests
from paysession._flows.asks import Call, Description, Flow, Load, Unit
from paysession.stores.port import KINDS, Claim
from paysession.testing._plants.plant import Patch, Plant, instead
from paysession.testing._simulation.faults import Fault


def _fresh_each_time(common: Callable[[Operation], dict[str, Any]]) -> object:
    numbers = count()

    def with_fresh_key(operation: Operation) -> dict[str, Any]:
        return {**common(operation), "key": f"{operation.id}-{next(numbers)}"}

    return with_fresh_key


def _naming_somebody(common: Callable[[Operation], dict[str, Any]]) -> object:
    def with_name(operation: Operation) -> dict[str, Any]:
        return {**common(operation), "key": f"{operation.id}-ann@example.org"}

    return with_name


def _but_for_the_same(is_held_by: Callable[..., bool]) -> object:
    def held(use: Any, claim: Claim) -> bool:  # noqa: ANN401 - a private class
        is_same = claim.fingerprint == use.fingerprint and claim.answer is not None
        return not is_same and is_held_by(use, claim)

    return held


def _sent_again(replayed: Callable[..., Unit[Any]]) -> object:
    def answered(use: Any, claim: Claim) -> Flow[Any]:  # noqa: ANN401 - a private class
        if claim.answer is None and claim.fingerprint == use.fingerprint:
            operation = yield from Load(_KIND_NAMED[claim.kind], claim.id)
            yield from Call(operation.gateway, requests.request_for(operation))
        return (yield from replayed(use, claim))

    return answered


def _whatever_was_asked(replayed: Callable[..., Unit[Any]]) -> object:
    def answered(use: Any, claim: Claim) -> Unit[Any]:  # noqa: ANN401 - a private class
        return replayed(use, attrs.evolve(claim, fingerprint=use.fingerprint))

    return answered


def _of_any_command(command: str, key: IdempotencyKey | str) -> str:
    del command
    named = IdempotencyKey.of(key)
    return fingerprint_of((named.scope, named.text))


def _for_ever(operation: Operation, description: Description, now: object) -> bool:
    del operation, now
    return description.capabilities.honours_keys


def _every_word(
    facts: tuple[Evidence, ...], evidence: Evidence, **_: object
) -> tuple[Evidence, ...]:
    return (*facts, evidence)[-20:]


_USE: object = vars(once)["_Use"]
_KIND_NAMED: Mapping[str, Any] = {name: kind for kind, name in KINDS.items()}

PLANTS = (
    Plant(
        name="key-per-try",
        sentence="each try of a call is sent with a key of its own",
        breaks="I38",
        patches=(Patch(requests, "_common", _fresh_each_time),),
        faults=frozenset({Fault.SERVER_ERROR_BEFORE}),
    ),
    Plant(
        name="command-done-again",
        sentence="the same command with the same key is carried out anew",
        breaks="I33",
        patches=(Patch(_USE, "is_held_by", _but_for_the_same),),
        faults=frozenset(),
    ),
    Plant(
        name="key-answers-anything",
        sentence="a caller's key answers for whatever it is used for",
        breaks="I34",
        patches=(Patch(_USE, "replayed", _whatever_was_asked),),
        faults=frozenset(),
    ),
    Plant(
        name="key-under-way-sent-again",
        sentence="who repeats a command that is under way has it sent once more",
        breaks="I35",
        patches=(Patch(_USE, "replayed", _sent_again),),
        faults=frozenset({Fault.TIME_OUT_BEFORE}),
    ),
    Plant(
        name="key-of-any-command",
        sentence="a key that was used for one command means something for another one",
        breaks="I36",
        patches=(Patch(once, "_text_of", instead(_of_any_command)),),
        faults=frozenset(),
    ),
    Plant(
        name="key-names-customer",
        sentence="the key that a provider is sent holds an address of the customer",
        breaks="I38",
        patches=(Patch(requests, "_common", _naming_somebody),),
    ),
    Plant(
        name="repeated-after-the-window",
        sentence="a call is repeated though its provider may have forgotten the key",
        breaks="I39",
        patches=(Patch(carrying, "may_be_repeated", instead(_for_ever)),),
        profile="adyen",
        faults=frozenset({Fault.KEY_FORGOTTEN}),
    ),
    Plant(
        name="duplicate-applied-twice",
        sentence="what is reported twice is recorded twice",
        breaks="I40",
        patches=(Patch(operations, "remembered", instead(_every_word)),),
        profile="adyen",
        faults=frozenset({Fault.TOLD_TWICE, Fault.TOLD_TWICE_ANEW}),
    ),
)
"""Each is meant for one of I32 to I40."""
