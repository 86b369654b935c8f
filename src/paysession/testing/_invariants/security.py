"""I50 to I52: nothing secret is shown, nothing forged is believed, nothing is without bounds."""

# ruff: noqa: N802 - the invariants have their codes

from __future__ import annotations

import re
from collections.abc import Iterator

from paysession._domain.limits import MOST_ID_CHARACTERS
from paysession._domain.operations import Operation
from paysession.errors import InvalidSignature
from paysession.testing._invariants.checking import Finding, invariant
from paysession.testing._invariants.history import History

_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")
_LONGEST_TEXT = 500
"""The most of somebody else's text that is kept."""


@invariant
def check_I50(history: History) -> Iterator[Finding]:
    """No secret and no card number is shown by anything: records, events, errors."""
    if not history.canaries:
        return
    seen = history.remembered("I50", set[object])
    for _, after in history.changed:
        sort = type(after), getattr(after, "status", None)
        if sort not in seen:
            seen.add(sort)
            yield from _shown_by(after, history)
    for recorded in history.events:
        if type(recorded.event) not in seen:
            seen.add(type(recorded.event))
            yield from _shown_by(recorded.event, history)
    if history.ended is not None and history.ended.error is not None:
        error = history.ended.error
        yield from _shown_by((error, error.args, str(error)), history)
    if history.is_over:
        for operation in history.operations.values():
            if operation.doubt or operation.failure:
                yield from _shown_by(operation, history)


def _shown_by(thing: object, history: History) -> Iterator[Finding]:
    text = repr(thing)
    shown = [each for each in history.canaries if each in text]
    yield not shown, type(thing).__name__, *(f"{len(each)} characters" for each in shown)


@invariant
def check_I51(history: History) -> Iterator[Finding]:
    """What is not signed is not read: one error that says nothing, and nothing is written."""
    ended = history.ended
    if ended is None or ended.crashed:
        return
    for moment in history.run.heard:
        if isinstance(moment.error, InvalidSignature):
            is_refused = type(ended.error) is InvalidSignature and not ended.commits
            yield is_refused and not history.run.calls, ended, moment
            yield str(ended.error) == str(InvalidSignature()), ended


@invariant
def check_I52(history: History) -> Iterator[Finding]:
    """What providers and customers send is kept within bounds, whatever they send."""
    for _, after in history.changed:
        if isinstance(after, Operation):
            ids = [each.id for each in after.references]
            texts = [after.doubt or "", *_words_of(after)]
            if ids or any(texts):
                yield all(len(each) <= MOST_ID_CHARACTERS for each in ids), after, ids
                yield all(len(each) <= _LONGEST_TEXT for each in texts), after, texts
                yield not any(_UNSTORABLE.search(each) for each in (*ids, *texts)), after, texts


def _words_of(operation: Operation) -> Iterator[str]:
    failure = operation.failure
    if failure is not None:
        yield failure.raw_code or ""
        yield failure.raw_message or ""
