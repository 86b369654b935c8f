"""
What was sent to providers and heard of them, in the order it happened.

It is kept by what was really asked and answered, not by what the library wrote of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

import attrs

from paysession._domain.evidence import EvidenceSource
from paysession._flows.asks import Call, Read
from paysession.errors import GatewayUnreachable, Unsupported
from paysession.gateways.requests import LookUpRequest
from paysession.outcomes import Fact, NotAttempted, Report, Unknown
from paysession.testing._invariants.history import Asked, History, Moment, Run

_CERTAINLY_NOT_DONE = (GatewayUnreachable, Unsupported)


@attrs.define
class Heard:
    """
    What a history has heard so far.

    Attributes:
        moments: How many of its moments are counted in.
        calls: How many of its calls are counted in.
        sent: The calls of each operation, look-ups left out.
        looked_at: When each look-up was sent, by the identity of its request.
        words: Which facts were told about which operations, by whom.
        not_found: When a look-up last found nothing of an operation.
        doubtful: Operations of which a call ended without an answer.
    """

    moments: int = 0
    calls: int = 0
    sent: dict[str, list[Asked]] = attrs.field(factory=dict[str, list[Asked]])
    looked_at: dict[int, datetime] = attrs.field(factory=dict[int, datetime])
    words: set[tuple[str, ...]] = attrs.field(factory=set[tuple[str, ...]])
    not_found: dict[str, datetime] = attrs.field(factory=dict[str, datetime])
    doubtful: set[str] = attrs.field(factory=set[str])

    def is_told(self, fact: Fact, source: EvidenceSource, *, about: Iterable[str]) -> bool:
        """Whether that source said so about one of these, or about something without a name."""
        said = (source, *_sign(fact))
        return any((name, *said) in self.words for name in ("", *about))

    def catch_up(self, history: History) -> None:
        """Count in what happened since."""
        if self.moments == len(history.moments) and self.calls == len(history.calls):
            return
        for asked in history.calls[self.calls :]:
            if isinstance(asked.request, LookUpRequest):
                self.looked_at[id(asked.request)] = asked.at
            else:
                self.sent.setdefault(asked.request.operation_id, []).append(asked)
        self.calls = len(history.calls)
        for moment in history.moments[self.moments :]:
            match moment.ask:
                case Call(request=LookUpRequest() as request):
                    self._looked_up(request.operation_id, moment, id(request))
                case Call(request=request):
                    self._answered(request.operation_id, request.answers, moment)
                case Read(gateway):
                    if history.capabilities_of(gateway).signs_facts:
                        self._reported(EvidenceSource.NOTIFICATION, moment)
                case _:
                    self._died(history.runs[moment.flow])
        self.moments = len(history.moments)

    def _died(self, run: Run) -> None:
        """What a process was calling for when it died has no answer."""
        if run.ended is not None and run.ended.crashed:
            self.doubtful.update(each.request.operation_id for each in run.calls[-1:])

    def _answered(self, operation_id: str, lawful: tuple[type, ...], moment: Moment) -> None:
        answer = moment.answer
        if isinstance(moment.error, _CERTAINLY_NOT_DONE):
            answer = NotAttempted()
        elif moment.error is not None or type(answer) not in lawful or isinstance(answer, Unknown):
            self.doubtful.add(operation_id)
            return
        said = _sign(cast("Fact", answer))
        self.words.add((operation_id, EvidenceSource.RESPONSE, *said))

    def _looked_up(self, operation_id: str, moment: Moment, number: int) -> None:
        answer = moment.answer
        if moment.error is None and isinstance(answer, tuple | list):
            references = self._reported(EvidenceSource.LOOK_UP, moment)
            if operation_id not in references and None not in references:
                self.not_found[operation_id] = self.looked_at.get(number, moment.at)

    def _reported(self, source: EvidenceSource, moment: Moment) -> set[str | None]:
        reports = reports_in(moment)
        for report in reports:
            self.words.add((report.our_reference or "", source, *_sign(report.fact)))
        return {report.our_reference for report in reports}


def reports_in(moment: Moment) -> list[Report]:
    """Return what was reported in a moment, if anything was."""
    answer: object = moment.answer
    if not isinstance(answer, tuple | list):
        return []
    return [each for each in cast("Sequence[object]", answer) if isinstance(each, Report)]


def _sign(fact: Fact) -> tuple[str, ...]:
    """Return what tells one word of a provider from another."""
    amount, failure = getattr(fact, "amount", None), getattr(fact, "failure", None)
    return type(fact).__name__, str(amount), failure.code if failure else ""


def heard_in(history: History) -> Heard:
    """Return what a history has heard so far."""
    heard = history.remembered("heard", Heard)
    heard.catch_up(history)
    return heard


def was_absent(
    operation_id: str, gateway: str, history: History, *, before: Asked | None = None
) -> bool:
    """
    Whether a look-up found nothing when nothing could still appear.

    That is when every call that was sent had ended, and what it did had become visible; a call
    that was made `before` the one in question counts, itself it does not.
    """
    heard = heard_in(history)
    capabilities = history.capabilities_of(gateway)
    looked_at = heard.not_found.get(operation_id)
    if not capabilities.look_up_is_authoritative or looked_at is None:
        return False
    sent = [each for each in heard.sent.get(operation_id, ()) if each is not before]
    settles = capabilities.longest_call + capabilities.look_up_grace
    return not sent or looked_at >= sent[-1].at + settles
