"""
A provider with a truth of its own, whether or not anybody has heard of it.

It keeps every request that arrived, every deal and all that happened to its money. With the
same key it has one effect, where its profile honours keys. What it decides by chance, it
decides by the dice that the simulation hands it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, cast

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.failures import FailureCode
from paysession._domain.secrets import ClientData
from paysession.gateways.requests import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Canceled,
    Ends,
    Expired,
    Outcome,
    Pending,
    Redirect,
    Report,
)
from paysession.testing._invariants.history import Effect, EffectKind
from paysession.testing._simulation.books import Books, declined, rejected
from paysession.testing._simulation.deals import Deal, DealStatus, Job, MoveStatus
from paysession.testing._simulation.profiles import Profile

_WITHOUT_END: Final = 10**12
_SHORT: Final = timedelta(minutes=30)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_CLIENT_SECRET: Final = ClientData("sim_client_secret")
_CHALLENGE: Final = Redirect(ClientData("https://sim.example/challenge"))
CALM: Final = 1.0
"""The mood in which it does what it is asked, at once."""
REFUSING: Final = 0.05
"""The mood in which it refuses to move money."""
SLOW: Final = 0.1
"""The mood in which it takes its time to move money."""


class SimulatedProvider:
    """
    One simulated provider.

    Attributes:
        profile: How it behaves.
        books: Its deals, their money, and what it has told of them.
        jobs: The requests that arrived, by our operation's id.
        dice: What it decides by; the simulation changes them from deed to deed.
        mood: What its dice show, where that is not left to chance.
    """

    def __init__(
        self, profile: Profile, clock: Callable[[], datetime], *, account: str = "sim"
    ) -> None:
        self.profile = profile
        self.books = Books(profile, clock, account=account)
        self.jobs: dict[str, list[Job]] = {}
        self.dice = Random(0)  # noqa: S311 - it is to be replayed, not to hide anything
        self.mood: float | None = None

    @property
    def truth(self) -> list[Effect]:
        """All that happened to money."""
        return self.books.truth

    def answer(self, request: Request[Any]) -> Outcome:
        """Do what is asked; with a key that is remembered, answer as the first time."""
        known = self._remembered(request)
        if known is not None:
            return known.answer
        job = Job(request=request, at=self.books.now(), deal=None, answer=Pending())
        self.jobs.setdefault(request.operation_id, []).append(job)
        job.answer = self._worked(job)
        if not job.said:
            job.said.append(job.answer)
        return job.answer

    def look_up(self, request: LookUpRequest, *, behind: int = 0) -> tuple[Report, ...]:
        """
        Report what is true by now of an operation of ours, and of its money besides.

        Args:
            request: Which operation is looked up.
            behind: How many words of each the copy lacks that this is read from.
        """
        if request.operation_id not in self.jobs:
            return self._looked_up_by_ids(request)
        reports: list[Report] = []
        for job in self.jobs[request.operation_id]:
            fact = job.said[max(0, len(job.said) - 1 - behind)]
            ours = request.operation_id
            reports.append(Report(fact, our_reference=ours, references=fact.references))
            if job.deal is not None:
                reports += [Report(each, references=each.references) for each in job.deal.asides]
        return tuple(reports)

    def _looked_up_by_ids(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report what is true of a movement that was made in one step with another, or here."""
        own = (each.id for each in request.references if each.role == request.about)
        moves = (self.books.deals[id_].move(id_) for id_ in own if id_ in self.books.deals)
        facts = [move.said[-1] for move in moves if move is not None and move.said]
        return tuple(Report(each, references=each.references) for each in facts)

    def _remembered(self, request: Request[Any]) -> Job | None:
        """Return the request that this key came with, if the provider still knows it."""
        jobs = self.jobs.get(request.operation_id)
        can = self.profile.capabilities
        if not jobs or not can.honours_keys:
            return None
        return jobs[-1] if self.books.now() - jobs[-1].at < can.key_window else None

    def _luck(self) -> float:
        """Throw the dice: from 0 to 1, the more the better."""
        return self.dice.random() if self.mood is None else self.mood

    def _worked(self, job: Job) -> Outcome:
        match job.request:
            case CreateSessionRequest() | CreateSetupSessionRequest() as request:
                return self._opened(job, request)
            case ChargeRequest() as request:
                job.deal = self.books.opened(job, request)
                return self._asked_for_money(job, job.deal)
            case CancelRefundRequest(refund_id=refund_id):
                return self._called_off(refund_id)
            case _:
                pass
        job.deal = self._named_by(job.request)
        if job.deal is None:
            return rejected("no_such_object")
        return self._worked_on(job, job.deal)

    def _named_by(self, request: Request[Any]) -> Deal | None:
        """Find what a request acts on by the provider's ids that it names, newest first."""
        deals = self.books.deals
        ids = (reference.id for reference in reversed(request.references.entries))
        return next((deals[id_] for id_ in ids if id_ in deals), None)

    def _worked_on(self, job: Job, deal: Deal) -> Outcome:
        match job.request:
            case UpdateSessionRequest(amount=amount):
                return self._updated(deal, amount.minor)
            case CompleteSessionRequest() | CompleteSetupSessionRequest():
                return self._completed(job, deal)
            case CloseSessionRequest(reason=reason):
                return self._closed(job, deal, reason)
            case CaptureRequest(amount=amount, is_final=is_final):
                return self._moved(job, deal, EffectKind.TAKEN, amount.minor, is_final=is_final)
            case VoidRequest(amount=amount):
                return self._moved(job, deal, EffectKind.RELEASED, amount.minor)
            case RefundRequest(amount=amount):
                return self._moved(job, deal, EffectKind.GIVEN_BACK, amount.minor)
            case _:
                return rejected("no_such_method")

    def _opened(
        self, job: Job, request: CreateSessionRequest | CreateSetupSessionRequest
    ) -> Outcome:
        deal = job.deal = self.books.opened(job, request)
        luck, references = self._luck(), deal.references
        if luck < 0.04:
            deal.status = DealStatus.CLOSED
            return declined(FailureCode.RISK_BLOCKED, Ends.OBJECT)
        if luck < 0.10:
            deal.status = DealStatus.WAITING
            return ActionRequired(_CHALLENGE, client_data=_CLIENT_SECRET, references=references)
        if luck < 0.14:
            deal.status = DealStatus.WORKING
            return Pending("checking", references=references)
        if luck < 0.40 and isinstance(request, CreateSessionRequest) and request.source:
            return cast("Outcome", self.books.paid(deal, job))
        if luck < 0.5:
            deal.expires_at = min(deal.expires_at or _NEVER, self.books.now() + _SHORT)
        return Accepted(
            client_data=_CLIENT_SECRET, references=references, expires_at=deal.expires_at
        )

    def _updated(self, deal: Deal, minor: int) -> Outcome:
        if not deal.is_open or self._luck() < 0.1:
            return declined(FailureCode.NOT_SUPPORTED)
        deal.minor = minor
        return Accepted(references=deal.references)

    def _completed(self, job: Job, deal: Deal) -> Outcome:
        deal.jobs.append(job)
        if deal.has_come_undone:
            gone = declined(FailureCode.PROCESSING_ERROR, Ends.OBJECT)
            return attrs.evolve(gone, references=deal.references)
        if deal.paid is not None:
            job.said.append(deal.paid)
            return cast("Outcome", deal.paid)
        if deal.status is DealStatus.CLOSED:
            return Canceled(references=deal.references)
        if deal.status is DealStatus.WORKING:
            return Pending("checking", references=deal.references)
        return self._asked_for_money(job, deal)

    def _asked_for_money(self, job: Job, deal: Deal) -> Outcome:
        luck = self._luck()
        if luck < 0.12:
            return self.books.refused(job, deal, FailureCode.INSUFFICIENT_FUNDS)
        if luck < 0.15:
            return self.books.refused(job, deal, FailureCode.LOST_OR_STOLEN, Ends.OBJECT)
        if luck < 0.25 and deal.status is not DealStatus.APPROVED:
            deal.status = DealStatus.WAITING
            return ActionRequired(_CHALLENGE, references=deal.references)
        if luck < 0.35:
            deal.status = DealStatus.WORKING
            return Pending("checking", references=deal.references)
        if deal.stores:
            return self.books.stored(deal, job)
        return cast("Outcome", self.books.paid(deal, job))

    def _closed(self, job: Job, deal: Deal, reason: CloseReason) -> Outcome:
        deal.watching.append(job)
        if deal.has_come_undone:
            return Canceled(references=deal.references)
        if deal.paid is not None:
            return cast("Outcome", deal.paid)
        if deal.status is DealStatus.WORKING:
            job.said.append(Pending("checking", references=deal.references))
            return Pending("checking", references=deal.references)
        return self.books.closed(deal, Expired if reason is CloseReason.EXPIRED else Canceled)

    def _moved(
        self, job: Job, deal: Deal, kind: EffectKind, minor: int, *, is_final: bool = False
    ) -> Outcome:
        """Move money that is there to be moved: at once, later, or not at all."""
        most = self._most(deal, kind)
        move = self.books.asked(deal, kind, minor, job=job, is_final=is_final)
        if minor > most:
            return cast("Outcome", self.books.turned_down(deal, move, FailureCode.INVALID_AMOUNT))
        luck = self._luck()
        if luck < 0.07:
            return cast("Outcome", self.books.turned_down(deal, move, FailureCode.PROCESSING_ERROR))
        if luck < 0.17 or self.profile.answers_later:
            return Pending("accepted", references=self.books.references_of(deal, move))
        return cast("Outcome", self.books.done(deal, move))

    def _most(self, deal: Deal, kind: EffectKind) -> int:
        """Return how much of a deal can be moved so."""
        if kind is EffectKind.GIVEN_BACK:
            return _WITHOUT_END if self.profile.is_hostile else deal.returnable
        if kind is EffectKind.RELEASED:
            return deal.takeable
        over = self.profile.capabilities.over_capture(deal.money(deal.total(EffectKind.HELD)))
        return deal.takeable + over.minor if deal.takeable > 0 else 0

    def _called_off(self, refund_id: str) -> Outcome:
        """Call a refund off that has not happened yet."""
        for job in self.jobs.get(refund_id, ()):
            if job.move is not None and job.move.status is MoveStatus.WORKING:
                assert job.deal is not None
                return self.books.called_off(job.deal, job.move)
        return declined(FailureCode.NOT_SUPPORTED)
