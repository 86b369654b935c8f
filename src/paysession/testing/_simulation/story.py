"""Tell a history, line by line, to somebody who has to find out what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from paysession._flows.asks import Call, Commit, Read
from paysession.gateways.requests import LookUpRequest, Request
from paysession.outcomes import Report
from paysession.stores.port import Changes
from paysession.testing._invariants.history import History, InvariantBroken, Moment
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.processes import PROVIDER

_MOST_LINES: Final = 120


def told(history: History, broken: InvariantBroken) -> tuple[str, ...]:
    """Return the story of a run that broke an invariant: what was done, asked and committed."""
    lines = [legible(line) for moment in history.moments for line in _told_of(moment)]
    start = history.moments[0].at if history.moments else None
    head = f"seed {history.seed}, {history.profile}" + (f", from {start}" if start else "")
    shown = lines if len(lines) <= _MOST_LINES else ["…", *lines[-_MOST_LINES:]]
    end = f"and then {broken.code} was broken: {broken.sentence}"
    return (head, *shown, end, legible(broken.seen))


def legible(text: str) -> str:
    """Write out what no terminal shows, or not as it is: NUL, lone surrogates, marks that turn."""
    return "".join(
        each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text
    )


def _told_of(moment: Moment) -> Iterator[str]:
    """Tell of one moment, if it is worth telling: what only read is not."""
    said = _said_of(moment)
    if said is None and moment.fault is None:
        return
    what = said or (type(moment.ask).__name__ if moment.ask else "its process dies")
    fault = f" [{moment.fault}]" if moment.fault else ""
    who = PROVIDER if moment.process == PROVIDER else f"{moment.process} {moment.flow}"
    yield f"{moment.at:%d %H:%M:%S} {who}: {what}{fault}"


def _said_of(moment: Moment) -> str | None:
    ask = moment.ask
    match ask:
        case Call(request=request):
            return f"asks {_request(request)}: {_answer(moment)}"
        case Read():
            return f"reads a notification: {_answer(moment)}"
        case Commit(changes=changes):
            return f"commits {_changes(changes)}" if moment.error is None else "is beaten"
        case None:
            return _end_of(moment)
        case _:
            return None


def _end_of(moment: Moment) -> str | None:
    """Tell how a flow has ended, or what happened at the provider by itself."""
    if moment.fault is None:
        return f"ends: {_answer(moment)}"
    return Fault(moment.fault).sentence if moment.process == PROVIDER else None


def _request(request: Request[Any]) -> str:
    amount = getattr(request, "amount", "")
    what = (
        f"what became of {request.about}" if isinstance(request, LookUpRequest) else request.method
    )
    return " ".join(filter(None, (what, request.operation_id, str(amount))))


def _answer(moment: Moment) -> str:
    if moment.error is not None:
        return f"{type(moment.error).__name__}: {moment.error}"
    return _value(moment.answer)


def _value(value: object) -> str:
    match value:
        case Report(fact=fact):
            return _value(fact)
        case tuple():
            return "(" + ", ".join(map(_value, cast("tuple[object, ...]", value))) + ")"
        case _:
            amount = getattr(value, "amount", "")
            status = getattr(value, "status", "")
            own_id = getattr(value, "id", "")
            return " ".join(filter(None, map(str, (type(value).__name__, own_id, status, amount))))


def _changes(changes: Changes) -> str:
    return ", ".join(type(recorded.event).__name__ for recorded in changes.events) or "nothing"
