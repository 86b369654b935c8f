"""I32 to I40: whatever is repeated, it happens once."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

import attrs

from paysession._domain.entities import Entity
from paysession._domain.evidence import EvidenceSource
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.limits import holds_card_number
from paysession._domain.operations import Operation, Origin
from paysession._domain.owners import Owner
from paysession._domain.payment import Payment
from paysession._flows.asks import Now, Read
from paysession.errors import IdempotencyKeyInFlight, IdempotencyKeyReused
from paysession.gateways.requests import LookUpRequest
from paysession.outcomes import NotAttempted, Report, Unknown
from paysession.stores.port import KEPT
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.heard import heard_in, reports_in, was_absent
from paysession.testing._invariants.history import Asked, Ended, History, Moment

_BY_CALLER = (Origin.COMMAND, Origin.PERSON)
_LONGEST_KEY = 38
"""PayPal's bound for `PayPal-Request-Id` on some of its calls; others allow 64 and more."""
_MARGIN = timedelta(hours=1)
_HELD_UP = "F46"


@attrs.frozen
class _Use:
    """One use of a caller's key, which made something happen, and the moment in which it ended."""

    ended: Ended
    made: tuple[Entity, ...]
    moment: Moment

    @property
    def ids(self) -> frozenset[str]:
        """Everything that an answer for the same key may be."""
        owners = (each.owner_id for each in self.made if isinstance(each, Operation))
        result = getattr(self.ended.result, "id", "")
        return frozenset({result, *owners, *(each.id for each in self.made)})


@invariant
def check_I32(history: History) -> Iterator[Finding]:
    """No operation moves money twice at a provider that honours keys."""
    seen = history.remembered("I32", Counter[object])
    fresh = history.truth[seen["effects"] :]
    seen["effects"] = len(history.truth)
    for effect in fresh:
        if effect.operation_id is not None and history.capabilities_of(effect.gateway).honours_keys:
            move = effect.operation_id, effect.kind
            seen[move] += 1
            yield seen[move] == 1 or _were_undone(move, history), effect


def _were_undone(move: tuple[str, str], history: History) -> bool:
    """Whether all that an operation did before came undone: then it may happen again."""
    earlier = [each for each in history.truth if (each.operation_id, each.kind) == move]
    return all(each.undone for each in earlier[:-1])


@invariant
def check_I33(history: History) -> Iterator[Finding]:
    """The same command with the same key answers what came of the first, and does nothing."""
    for ended, first in _repeated(history):
        if ended.asked == first.ended.asked and not _was_in_flight(ended):
            run = history.runs[ended.flow]
            answers_first = getattr(ended.result, "id", "") in {"", *first.ids}
            yield answers_first and not _made(history, ended) and not run.calls, ended, first


@invariant
def check_I34(history: History) -> Iterator[Finding]:
    """The same key with anything else is refused, and nothing happens."""
    for ended, first in _repeated(history):
        if ended.asked != first.ended.asked:
            is_refused = isinstance(ended.error, IdempotencyKeyReused)
            yield is_refused and not ended.commits, ended, first


@invariant
def check_I35(history: History) -> Iterator[Finding]:
    """While what was begun with a key is under way, the same key begins nothing."""
    for ended, first in _repeated(history):
        if ended.asked == first.ended.asked and _was_in_flight(ended):
            yield not ended.commits and not history.runs[ended.flow].calls, ended, first


def _was_in_flight(ended: Ended) -> bool:
    return isinstance(ended.error, IdempotencyKeyInFlight)


def _repeated(history: History) -> Iterator[tuple[Ended, _Use]]:
    """Yield the run that has just ended, and the one that its key belongs to."""
    ended = history.ended
    if ended is None or ended.key is None or ended.crashed:
        return
    first = _uses_in(history, ended).get((ended.tenant, ended.command, ended.key))
    if first is not None and first.ended.flow != ended.flow and _is_kept(first, ended, history):
        yield ended, first


def _uses_in(history: History, ended: Ended) -> dict[tuple[object, ...], _Use]:
    """Return the first use of each key that made something happen, this one counted in."""
    uses = history.remembered("uses", dict[tuple[object, ...], _Use])
    name, made = (ended.tenant, ended.command, ended.key), _made(history, ended)
    first = uses.get(name)
    if made and (first is None or not _is_kept(first, ended, history)):
        uses[name] = _Use(ended, made, history.moments[-1])
    return uses


def _made(history: History, ended: Ended) -> tuple[Entity, ...]:
    """Return what a run began for its caller."""
    return tuple(each for each in history.runs[ended.flow].made if _is_begun(each))


def _is_begun(entity: Entity) -> bool:
    """Whether it was begun, and did not merely come of what had been begun before."""
    if isinstance(entity, Payment):
        return entity.session_id is None
    is_asked_for = isinstance(entity, Operation) and entity.origin in _BY_CALLER
    return is_asked_for or isinstance(entity, Owner)


def _is_kept(first: _Use, again: Ended, history: History) -> bool:
    """
    Whether a key still stood for its first use when it was used again.

    It was not freed, and is not too old. Of two runs at the same time nobody is the first.
    """
    began = history.moments[history.runs[again.flow].began - 1]
    operations = (history.operations.get(each.id) for each in first.made)
    never_arrived = any(_never_arrived(each) for each in operations if each is not None)
    is_later = began.number > first.moment.number
    return is_later and not never_arrived and began.at < first.moment.at + KEPT


def _never_arrived(operation: Operation) -> bool:
    return any(
        isinstance(each.fact, NotAttempted) and each.source is EvidenceSource.RESPONSE
        for each in operation.facts
    )


@invariant
def check_I36(history: History) -> Iterator[Finding]:
    """A key means something for one command of one tenant in one scope, and nothing elsewhere."""
    ended = history.ended
    if ended is None or ended.key is None or ended.crashed:
        return
    own = (ended.tenant, ended.command, ended.key)
    uses = _uses_in(history, ended)
    same_text = [name for name in uses if _text_of(name[2]) == _text_of(ended.key)]
    elsewhere = [uses[name] for name in same_text if name != own]
    others = {each.id for use in elsewhere for each in use.made}
    if elsewhere and own not in uses:
        yield not _is_taken(ended.error, others), ended, elsewhere
    elif elsewhere:
        yield getattr(ended.result, "id", "") not in others, ended, elsewhere


def _is_taken(error: BaseException | None, others: set[str]) -> bool:
    """Whether a key was refused for what another command began, not for what is under way."""
    if isinstance(error, IdempotencyKeyInFlight):
        return error.operation_id in others
    return isinstance(error, IdempotencyKeyReused)


def _text_of(key: object) -> str:
    return key.text if isinstance(key, IdempotencyKey) else str(key)


@invariant
def check_I38(history: History) -> Iterator[Finding]:
    """A provider's key follows from the operation's id alone, and tells nothing of anybody."""
    keys = history.remembered("keys", dict[str, str])
    operations = history.remembered("operations of keys", dict[str, str])
    for asked in _sent_since("I38", history):
        key, operation_id = asked.request.key, asked.request.operation_id
        known, named = keys.setdefault(operation_id, key), operations.setdefault(key, operation_id)
        yield (known, named) == (key, operation_id), operation_id, known, key
        is_personal = "@" in key or holds_card_number(key)
        yield len(key) <= _LONGEST_KEY and key.isascii() and not is_personal, operation_id, key


def _sent_since(code: str, history: History) -> Iterator[Asked]:
    """Yield the calls that may move money and that this invariant has not looked at yet."""
    number: int = history.kept.get(code, 0)
    history.kept[code] = len(history.calls)
    for asked in history.calls[number:]:
        if not isinstance(asked.request, LookUpRequest):
            yield asked


@invariant
def check_I39(history: History) -> Iterator[Finding]:
    """A call is repeated while its key is remembered, or when it certainly never happened."""
    heard = heard_in(history)
    for asked in _sent_since("I39", history):
        earlier = [each for each in heard.sent[asked.request.operation_id] if each.at <= asked.at]
        if len(earlier) > 1 and not _was_held_up(history):
            in_time = _is_in_time(asked, earlier[0], history)
            absent = was_absent(asked.request.operation_id, asked.gateway, history, before=asked)
            holds_secret = getattr(asked.request, "external_data", None) is not None
            yield (in_time or absent) and not holds_secret, asked, earlier


def _was_held_up(history: History) -> bool:
    """Whether a process stood still after its last look at the clock, which it cannot know."""
    latest = history.latest
    own = (each for each in reversed(history.moments) if latest and each.flow == latest.flow)
    since = takewhile(lambda each: not isinstance(each.ask, Now), own)
    return any(each.fault == _HELD_UP for each in since)


def _is_in_time(asked: Asked, first: Asked, history: History) -> bool:
    """Whether the provider certainly remembers the key that a call was first made with."""
    capabilities = history.capabilities_of(asked.gateway)
    window = capabilities.key_window
    until = first.at + window - min(_MARGIN, window / 2)
    return capabilities.honours_keys and asked.at <= until


@invariant
def check_I40(history: History) -> Iterator[Finding]:
    """What was reported before changes nothing, under whatever id it is sent again."""
    ended, latest = history.ended, history.latest
    if ended is None or latest is None or ended.crashed or ended.error is not None:
        return
    heard = history.run.heard
    reports = [each for moment in heard for each in _facts_in(moment, history)]
    known = history.remembered("I40", dict[tuple[str, Report], int])
    # Two that are handled at once may each see what the other has not written yet.
    if reports and all(known.get(each, heard[0].number) < heard[0].number for each in reports):
        yield not ended.commits, ended, reports
    if not getattr(ended.result, "parked", ()):
        known.update((each, latest.number) for each in reports if each not in known)


def _facts_in(moment: Moment, history: History) -> Iterator[tuple[str, Report]]:
    """Yield what a notification said to whom, without its own ids, if it is more than a hint."""
    assert isinstance(moment.ask, Read)
    gateway = moment.ask.gateway
    if history.capabilities_of(gateway).signs_facts:
        for report in reports_in(moment):
            if not isinstance(report.fact, Unknown):
                yield gateway, attrs.evolve(report, id=None)
