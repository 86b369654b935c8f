"""
The books of a simulated provider: its deals, what happened to their money, and who is told.

Nothing here decides anything. Each method makes something true, writes the notification of
it, and returns the fact as it is told from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final, assert_never

import attrs

from paysession._domain.failures import Failure, FailureCode
from paysession._domain.methods import CapturePolicy
from paysession._domain.sources import Profile as SourceProfile
from paysession._money import Currency
from paysession.gateways.requests import (
    ChargeRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
)
from paysession.outcomes import (
    Authorized,
    Canceled,
    Captured,
    Declined,
    DisputeChanged,
    Ends,
    Expired,
    Fact,
    FundsReinstated,
    FundsWithdrawn,
    Reference,
    ReferenceRole,
    References,
    Refunded,
    Rejected,
    Report,
    Stored,
    Unreadable,
    Voided,
)
from paysession.testing._invariants.history import Effect, EffectKind
from paysession.testing._simulation.deals import Deal, DealStatus, Job, Move, MoveStatus
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.letters import Letter, Post
from paysession.testing._simulation.profiles import Echo, Profile

_EURO: Final = Currency.of("EUR")
_HOLDS_FOR: Final = timedelta(days=30)
_ROLES: Final = {
    EffectKind.TAKEN: ReferenceRole.CAPTURE,
    EffectKind.RELEASED: ReferenceRole.VOID,
    EffectKind.GIVEN_BACK: ReferenceRole.REFUND,
}
_MOVED: Final[Mapping[EffectKind, type[Captured | Voided | Refunded]]] = {
    EffectKind.TAKEN: Captured,
    EffectKind.RELEASED: Voided,
    EffectKind.GIVEN_BACK: Refunded,
}


@attrs.frozen(kw_only=True)
class Twist:
    """
    How the next money is to differ from what was asked for.

    Attributes:
        because: The fault that this is.
        change: Returns what moves instead of so many minor units.
        currency: The currency that it moves in, if it is another one.
        is_unreadable: Whether it is told in an amount that no currency can hold.
    """

    because: Fault
    change: Callable[[int], int] = int
    currency: Currency | None = None
    is_unreadable: bool = False


def twist_of(dice: Random, fault: Fault) -> Twist:
    """Choose how the next money is to differ from what was asked for."""
    if fault is Fault.HELD_IN_PART:
        percent = dice.randint(1, 99)
        return Twist(because=fault, change=lambda minor: minor * percent // 100)
    if fault is Fault.ODD_AMOUNT:
        return Twist(because=fault, is_unreadable=True)
    return dice.choice(
        (
            Twist(because=fault, change=lambda minor: minor * 100),
            Twist(because=fault, change=lambda minor: minor + 1),
            Twist(because=fault, change=lambda minor: minor - 1),
            Twist(because=fault, currency=_EURO),
        )
    )


class Books:
    """
    What a provider keeps.

    Attributes:
        account: The name that the backend gives to the gateway to it.
        deals: Sessions and charges, by every id that the provider gave them.
        in_order: The same, each once, oldest first.
        truth: All that happened to money.
        post: Notifications that were written.
        twist: How the next money is to differ from what was asked for, if it is.
    """

    def __init__(
        self, profile: Profile, clock: Callable[[], datetime], *, account: str = "sim"
    ) -> None:
        self.profile = profile
        self.account = account
        self.now = clock
        self.deals: dict[str, Deal] = {}
        self.in_order: list[Deal] = []
        self.truth: list[Effect] = []
        self.post = Post()
        self.twist: Twist | None = None
        self._made = 0
        self._blame: dict[int, Fault] = {}

    @property
    def stamp(self) -> datetime | None:
        """The time that a fact carries, where this provider puts one on it."""
        return self.now() if self.profile.tells_times else None

    def name(self, kind: str) -> str:
        """Make an id that this provider has never given before."""
        self._made += 1
        return f"sim_{kind}_{self._made}"

    def opened(
        self,
        job: Job,
        request: CreateSessionRequest | CreateSetupSessionRequest | ChargeRequest,
    ) -> Deal:
        """Enter a new deal."""
        deal = self._deal_for(request)
        deal.jobs.append(job)
        self.deals[deal.id] = deal
        self.in_order.append(deal)
        return deal

    def _deal_for(
        self, request: CreateSessionRequest | CreateSetupSessionRequest | ChargeRequest
    ) -> Deal:
        match request:
            case CreateSetupSessionRequest():
                return Deal(
                    id=self.name("session"),
                    our_id=request.setup_session_id,
                    expires_at=request.terms.expires_at,
                    stores=True,
                )
            case CreateSessionRequest():
                return Deal(
                    id=self.name("session"),
                    our_id=request.session_id,
                    currency=request.amount.currency,
                    minor=request.amount.minor,
                    takes_at_once=request.terms.capture is CapturePolicy.AUTOMATIC,
                    expires_at=request.terms.expires_at,
                )
            case ChargeRequest():
                return Deal(
                    id=self.name("charge"),
                    our_id=request.payment_id,
                    currency=request.amount.currency,
                    minor=request.amount.minor,
                    takes_at_once=request.terms.capture is CapturePolicy.AUTOMATIC,
                    is_session=False,
                )
            case _:
                assert_never(request)

    def paid(
        self, deal: Deal, job: Job | None = None, *, because: Fault | None = None
    ) -> Authorized | Captured | Unreadable:
        """The customer's money is held, or taken at once."""
        job = job or deal.jobs[-1]
        twist, self.twist = self.twist, None
        if twist is not None:
            because = twist.because
            deal.minor = max(1, twist.change(deal.minor))
            deal.currency = twist.currency or deal.currency
        deal.status = DealStatus.PAID
        deal.authorization = self.name("auth")
        self.deals[deal.authorization] = deal
        self._effect(deal, EffectKind.HELD, deal.minor, job, deal.authorization)
        if deal.takes_at_once:
            deal.capture = self.name("cap")
            self.deals[deal.capture] = deal
        fact = self._fact_of_payment(deal, is_readable=not (twist and twist.is_unreadable))
        if deal.takes_at_once:
            deal.moves.append(self._sale(deal, job, fact))
        self.tell_payers(deal, fact)
        self.tell(deal, fact, job, because=because)
        return fact

    def _sale(self, deal: Deal, job: Job, fact: Fact) -> Move:
        """Return the movement by which all is taken at once."""
        taken = self._effect(deal, EffectKind.TAKEN, deal.minor, job, deal.capture)
        return Move(
            kind=EffectKind.TAKEN,
            reference=deal.capture,
            minor=deal.minor,
            job=job,
            status=MoveStatus.DONE,
            said=[fact],
            effects=[taken],
        )

    def _fact_of_payment(
        self, deal: Deal, *, is_readable: bool
    ) -> Authorized | Captured | Unreadable:
        references = deal.references | References.of(capture=deal.capture or None)
        if not is_readable:
            return Unreadable("1.005", references=references, occurred_at=self.stamp)
        amount = deal.money(deal.minor)
        if deal.takes_at_once:
            return Captured(amount, references=references, occurred_at=self.stamp)
        return Authorized(
            amount,
            references=references,
            occurred_at=self.stamp,
            expires_at=self.now() + _HOLDS_FOR,
        )

    def tell_payers(self, deal: Deal, fact: Fact) -> None:
        """Let a word on the whole deal be true of every request for its money."""
        deal.paid = fact if isinstance(fact, Authorized | Captured | Unreadable) else deal.paid
        for job in (*deal.jobs, *deal.watching):
            job.said.append(fact)

    def stored(self, deal: Deal, job: Job) -> Stored:
        """The source is kept."""
        deal.status = DealStatus.PAID
        source = SourceProfile(
            id=self.name("source"), brand="visa", last4="4242", month=12, year=2030
        )
        fact = Stored(source, references=deal.references, occurred_at=self.stamp)
        self.tell_payers(deal, fact)
        self.tell(deal, fact, job)
        return fact

    def refused(
        self, job: Job, deal: Deal, code: FailureCode, ends: Ends = Ends.ATTEMPT
    ) -> Declined:
        """The customer's source was refused: that ends whatever waited for it."""
        is_over = ends is Ends.OBJECT or deal.status is DealStatus.CLOSED
        deal.status = DealStatus.CLOSED if is_over else DealStatus.OPEN
        fact = attrs.evolve(
            declined(code, ends), references=deal.references, occurred_at=self.stamp
        )
        for each in deal.jobs:
            if each is job or each.is_waiting:
                each.said.append(fact)
        self.tell(deal, fact, job)
        return fact

    def closed(self, deal: Deal, kind: type[Canceled | Expired]) -> Canceled | Expired:
        """Nobody can pay any more, as far as the provider can help it."""
        fact = kind(references=deal.references, occurred_at=self.stamp)
        if deal.status is not DealStatus.CLOSED:
            deal.status = DealStatus.CLOSED
            self.tell_payers(deal, fact)
            self.tell(deal, fact, deal.jobs[-1])
        return fact

    def asked(
        self, deal: Deal, kind: EffectKind, minor: int, *, job: Job | None, is_final: bool = False
    ) -> Move:
        """Enter a movement that was asked for, or is made here."""
        move = Move(
            kind=kind,
            reference=self.name(_ROLES[kind].value),
            minor=minor,
            job=job,
            is_final=is_final,
        )
        deal.moves.append(move)
        self.deals[move.reference] = deal
        if job is not None:
            job.deal, job.move = deal, move
        return move

    def references_of(self, deal: Deal, move: Move) -> References:
        """The provider's ids of a movement, and of what it is made of."""
        own = References((Reference(_ROLES[move.kind], move.reference),))
        return own | References.of(authorization=deal.authorization or None)

    def done(self, deal: Deal, move: Move, *, because: Fault | None = None) -> Fact:
        """A movement has happened."""
        twist, self.twist = self.twist, None
        if twist is not None:
            because, move.minor = twist.because, max(1, twist.change(move.minor))
        move.status = MoveStatus.DONE
        move.effects.append(self._effect(deal, move.kind, move.minor, move.job, move.reference))
        if move.is_final and deal.takeable > 0:
            rest = self._effect(deal, EffectKind.RELEASED, deal.takeable, move.job, move.reference)
            move.effects.append(rest)
        fact: Captured | Voided | Refunded | Declined | Unreadable
        fact = self.fact_of(deal, move, is_done=True)
        if twist is not None and twist.is_unreadable:
            fact = Unreadable("1.005", references=fact.references, occurred_at=self.stamp)
        self.say(deal, move, fact, because=because)
        return fact

    def turned_down(self, deal: Deal, move: Move, code: FailureCode) -> Fact:
        """A movement was refused, and nothing moved."""
        move.status = MoveStatus.REFUSED
        fact = self.fact_of(deal, move, is_done=False, code=code)
        self.say(deal, move, fact)
        return fact

    def fact_of(
        self,
        deal: Deal,
        move: Move,
        *,
        is_done: bool,
        code: FailureCode = FailureCode.PROCESSING_ERROR,
    ) -> Captured | Voided | Refunded | Declined:
        """Return how it is told that a movement has happened, or that it was refused."""
        references = self.references_of(deal, move)
        if not is_done:
            return attrs.evolve(declined(code), references=references, occurred_at=self.stamp)
        amount = deal.money(move.minor)
        return _MOVED[move.kind](amount, references=references, occurred_at=self.stamp)

    def called_off(self, deal: Deal, move: Move) -> Canceled:
        """A movement that had not happened yet is called off."""
        move.status = MoveStatus.REFUSED
        fact = Canceled(references=self.references_of(deal, move), occurred_at=self.stamp)
        self.say(deal, move, fact)
        return fact

    def say(self, deal: Deal, move: Move, fact: Fact, *, because: Fault | None = None) -> Letter:
        """Let a fact be true of a movement, and write it."""
        move.said.append(fact)
        if move.job is not None:
            move.job.said.append(fact)
        if move.reference == deal.capture:
            self.tell_payers(deal, fact)
        elif move.job is None:
            deal.asides.append(fact)
        return self.tell(deal, fact, move.job, because=because)

    def tell(
        self, deal: Deal, fact: Fact, job: Job | None, *, because: Fault | None = None
    ) -> Letter:
        """Write a notification."""
        if because is not None:
            self._blame[id(fact)] = because
        echoed: str | None = None
        if self.profile.echo is Echo.OWNER:
            echoed = deal.our_id
        elif self.profile.echo is Echo.OPERATION and job is not None:
            echoed = job.request.operation_id
        report = Report(fact, our_reference=echoed, references=fact.references)
        return self.post.write((report,), at=self.now(), because=because)

    def tell_aside(self, deal: Deal, fact: Fact, *, because: Fault | None = None) -> None:
        """Write what happened to a deal though no request of ours asked for it."""
        deal.asides.append(fact)
        self.tell(deal, fact, deal.jobs[-1], because=because)

    def blamed(self, facts: Iterable[Fact]) -> tuple[Fault, ...]:
        """Return the faults that made these facts true, each the first time it is asked for."""
        found = (self._blame.pop(id(fact), None) for fact in facts)
        return tuple(each for each in found if each is not None)

    def _effect(
        self, deal: Deal, kind: EffectKind, minor: int, job: Job | None, reference: str
    ) -> Effect:
        effect = Effect(
            operation_id=job.request.operation_id if job else None,
            kind=kind,
            amount=deal.money(minor),
            key=job.request.key if job else None,
            at=self.now(),
            reference=reference,
            deal=deal.id,
            gateway=self.account,
        )
        deal.effects.append(effect)
        self.truth.append(effect)
        return effect

    def undone(self, deal: Deal, move: Move) -> None:
        """What a movement did came undone; what was taken in one step is not held again."""
        move.status = MoveStatus.UNDONE
        for effect in move.effects:
            effect.undone = True
        if move.reference == deal.capture:
            move.let_go = self._effect(deal, EffectKind.RELEASED, move.minor, None, deal.id)

    def redone(self, move: Move) -> None:
        """What had come undone was done again."""
        move.status = MoveStatus.DONE
        for effect in move.effects:
            effect.undone = False
        if move.let_go is not None:
            move.let_go.undone = True

    def let_go(self, deal: Deal, minor: int) -> None:
        """Some of what is held is held no more, though nobody asked."""
        self._effect(deal, EffectKind.RELEASED, minor, None, deal.authorization)

    def hold_more(self, deal: Deal, minor: int) -> None:
        """More is held than before, though nobody asked."""
        self._effect(deal, EffectKind.HELD, minor, None, deal.authorization)

    def withdraw(self, deal: Deal, dispute_id: str, *, because: Fault | None = None) -> None:
        """A dispute takes its money from us."""
        self._move_disputed(deal, dispute_id, EffectKind.WITHDRAWN, FundsWithdrawn, because)

    def reinstate(self, deal: Deal, dispute_id: str) -> None:
        """A dispute gives its money back to us."""
        self._move_disputed(deal, dispute_id, EffectKind.REINSTATED, FundsReinstated, None)

    def _move_disputed(
        self,
        deal: Deal,
        dispute_id: str,
        kind: EffectKind,
        said: type[FundsWithdrawn | FundsReinstated],
        because: Fault | None,
    ) -> None:
        case = deal.disputes[dispute_id]
        case.is_withdrawn, minor = kind is EffectKind.WITHDRAWN, case.minor
        self._effect(deal, kind, minor, None, dispute_id)
        references = deal.references | References.of(dispute=dispute_id)
        fact = said(deal.money(minor), references=references, occurred_at=self.stamp)
        deal.asides.append(fact)
        self.tell(deal, fact, None, because=because)

    def dispute_stands(
        self, deal: Deal, dispute_id: str, status: str, *, because: Fault | None = None
    ) -> None:
        """Those who decide a dispute say where it stands."""
        deal.disputes[dispute_id].status = status
        fact = DisputeChanged(
            status,
            amount=deal.money(deal.disputes[dispute_id].minor),
            references=deal.references | References.of(dispute=dispute_id),
            occurred_at=self.stamp,
        )
        deal.asides.append(fact)
        self.tell(deal, fact, None, because=because)


def declined(code: FailureCode, ends: Ends = Ends.ATTEMPT) -> Declined:
    """Refuse, and move nothing."""
    return Declined(Failure(code, raw_code=code.value), ends)


def rejected(raw_code: str) -> Rejected:
    """Say that a request makes no sense."""
    return Rejected(Failure(FailureCode.MERCHANT_CONFIG, raw_code=raw_code))
