"""
What happens at a provider though nobody of ours asked for it.

Each happening takes the provider and looks for something that it can happen to; it says
whether it did. The faults among them are told of in notifications and look-ups only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from paysession._domain.failures import Failure, FailureCode
from paysession.gateways import LastWord
from paysession.outcomes import (
    Approved,
    AuthorizationChanged,
    AuthorizationLapsed,
    Bounced,
    Canceled,
    Expired,
    ReferenceChanged,
    References,
    Retaken,
    Unknown,
)
from paysession.testing._invariants.history import EffectKind
from paysession.testing._simulation.books import Twist, twist_of
from paysession.testing._simulation.deals import Case, Deal, DealStatus, Move, MoveStatus
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.provider import SimulatedProvider

Happening: TypeAlias = Callable[[SimulatedProvider], bool]
T = TypeVar("T")


def _one_of(provider: SimulatedProvider, found: Iterator[T]) -> T | None:
    among = list(found)
    return provider.dice.choice(among) if among else None


def _deals(provider: SimulatedProvider, *statuses: DealStatus) -> Iterator[Deal]:
    return (deal for deal in provider.books.in_order if deal.status in statuses)


def _with_money(provider: SimulatedProvider) -> Iterator[Deal]:
    return (deal for deal in _deals(provider, DealStatus.PAID) if not deal.stores)


def _moves(
    provider: SimulatedProvider, kind: EffectKind, *statuses: MoveStatus
) -> Iterator[tuple[Deal, Move]]:
    return (
        (deal, move)
        for deal in provider.books.in_order
        for move in deal.moves
        if move.kind is kind and move.status in statuses
    )


def customer_acts(provider: SimulatedProvider) -> bool:
    """A customer pays, approves, fails or gives up in an open session."""
    deal = _one_of(provider, _deals(provider, DealStatus.OPEN, DealStatus.WAITING))
    if deal is None:
        return False
    luck, job = provider.dice.random(), deal.jobs[-1]
    if luck < 0.15:
        provider.books.refused(job, deal, FailureCode.AUTHENTICATION_FAILED)
    elif luck < 0.22:
        provider.books.closed(deal, Canceled)
    elif provider.profile.approves_first and deal.is_session and not deal.stores:
        deal.status = DealStatus.APPROVED
        fact = Approved(references=deal.references, occurred_at=provider.books.stamp)
        job.said.append(fact)
        provider.books.tell(deal, fact, job)
    else:
        _paid_or_stored(provider, deal)
    return True


def _paid_or_stored(provider: SimulatedProvider, deal: Deal) -> None:
    if deal.stores:
        provider.books.stored(deal, deal.jobs[-1])
    else:
        provider.books.paid(deal)


def decides(provider: SimulatedProvider) -> bool:
    """The provider makes up its mind about something that it was working on."""
    kinds = (EffectKind.TAKEN, EffectKind.RELEASED, EffectKind.GIVEN_BACK)
    working = [pair for kind in kinds for pair in _moves(provider, kind, MoveStatus.WORKING)]
    undecided = list(_deals(provider, DealStatus.WORKING))
    if not working and not undecided:
        return False
    is_refused = provider.mood is None and provider.dice.random() < 0.15
    number = provider.dice.randrange(len(working) + len(undecided))
    if number < len(working):
        deal, move = working[number]
        if is_refused or move.minor > _left_for(provider, deal, move):
            provider.books.turned_down(deal, move, FailureCode.PROCESSING_ERROR)
        else:
            provider.books.done(deal, move)
        return True
    deal = undecided[number - len(working)]
    if is_refused:
        provider.books.refused(deal.jobs[-1], deal, FailureCode.DO_NOT_HONOR)
        if deal.watching:
            provider.books.closed(deal, Canceled)
    else:
        _paid_or_stored(provider, deal)
    return True


def _left_for(provider: SimulatedProvider, deal: Deal, move: Move) -> int:
    """Return what is there for a movement that has waited, as long as it has."""
    if provider.profile.is_hostile and move.kind is not EffectKind.RELEASED:
        return move.minor
    left = deal.returnable if move.kind is EffectKind.GIVEN_BACK else deal.takeable
    over = provider.profile.capabilities.over_capture(deal.money(deal.total(EffectKind.HELD)))
    return left + move.minor + (over.minor if move.kind is EffectKind.TAKEN else 0)


def sessions_run_out(provider: SimulatedProvider) -> bool:
    """Sessions whose time is over are closed."""
    now, open_ones = provider.books.now(), (DealStatus.OPEN, DealStatus.WAITING)
    over = [
        deal
        for deal in _deals(provider, *open_ones)
        if deal.expires_at is not None and deal.expires_at <= now
    ]
    for deal in over:
        provider.books.closed(deal, Expired)
    return bool(over)


def refund_made_here(provider: SimulatedProvider) -> bool:
    """Somebody gives money back at the provider's dashboard, more than was taken perhaps."""
    deal = _one_of(provider, (each for each in _with_money(provider) if each.returnable > 0))
    if deal is None:
        return False
    most = deal.returnable * (3 if provider.profile.is_hostile else 1)
    return _made_here(provider, deal, EffectKind.GIVEN_BACK, provider.dice.randint(1, most))


def capture_made_here(provider: SimulatedProvider) -> bool:
    """Somebody takes money at the provider's dashboard."""
    deal = _one_of(provider, (each for each in _with_money(provider) if each.takeable > 0))
    if deal is None:
        return False
    most = deal.takeable * (2 if provider.profile.is_hostile else 1)
    return _made_here(provider, deal, EffectKind.TAKEN, provider.dice.randint(1, most))


def void_made_here(provider: SimulatedProvider) -> bool:
    """Somebody releases what is held at the provider's dashboard."""
    deal = _one_of(provider, (each for each in _with_money(provider) if each.takeable > 0))
    if deal is None:
        return False
    return _made_here(provider, deal, EffectKind.RELEASED, deal.takeable)


def _made_here(provider: SimulatedProvider, deal: Deal, kind: EffectKind, minor: int) -> bool:
    move = provider.books.asked(deal, kind, minor, job=None)
    provider.books.done(deal, move)
    return True


def renamed(provider: SimulatedProvider) -> bool:
    """What is held is held again under another id, as PayPal does when it authorizes anew."""
    deal = _one_of(provider, (each for each in _with_money(provider) if each.held > 0))
    if deal is None:
        return False
    former, deal.authorization = deal.authorization, provider.books.name("auth")
    provider.books.deals[deal.authorization] = deal
    references = References.of(authorization=deal.authorization)
    fact = ReferenceChanged(former, references=references, occurred_at=provider.books.stamp)
    provider.books.tell_aside(deal, fact)
    return True


def says_the_opposite(provider: SimulatedProvider) -> bool:
    """A provider without times says that a movement has failed which succeeded, or the reverse."""
    if provider.profile.tells_times or not provider.profile.contradicts_itself:
        return False
    decided = (MoveStatus.DONE, MoveStatus.REFUSED)
    kinds = (EffectKind.TAKEN, EffectKind.RELEASED, EffectKind.GIVEN_BACK)
    moves = (pair for kind in kinds for pair in _moves(provider, kind, *decided))
    pair = _one_of(provider, (each for each in moves if each[1].job is not None))
    if pair is None:
        return False
    deal, move = pair
    lie = provider.books.fact_of(deal, move, is_done=move.status is not MoveStatus.DONE)
    provider.books.tell(deal, lie, move.job)
    return True


def refund_bounces(provider: SimulatedProvider) -> bool:
    """A refund that had succeeded comes back (F32)."""
    pair = _one_of(provider, _moves(provider, EffectKind.GIVEN_BACK, MoveStatus.DONE))
    if pair is None:
        return False
    _undo(provider, *pair, because=Fault.REFUND_BOUNCED)
    return True


def capture_fails_late(provider: SimulatedProvider) -> bool:
    """
    A capture that had succeeded fails; another time it is taken again (F33).

    Without times it fails once: nobody can tell a second time from the first, told twice.
    """
    is_final = provider.profile.capabilities.last_word is LastWord.FAILURE
    failed = _one_of(provider, _moves(provider, EffectKind.TAKEN, MoveStatus.UNDONE))
    if failed is not None and not is_final and provider.dice.random() < 0.5:
        deal, move = failed
        provider.books.redone(move)
        fact = Retaken(
            deal.money(move.minor),
            references=provider.books.references_of(deal, move),
            occurred_at=provider.books.stamp,
        )
        provider.books.say(deal, move, fact, because=Fault.CAPTURE_RETAKEN)
        return True
    done = (
        (deal, move)
        for deal, move in _moves(provider, EffectKind.TAKEN, MoveStatus.DONE)
        if deal.total(EffectKind.TAKEN) - move.minor >= deal.total(EffectKind.GIVEN_BACK)
        and (provider.profile.tells_times or not move.was_retaken)
    )
    pair = _one_of(provider, done)
    if pair is None:
        return False
    _undo(provider, *pair, because=Fault.CAPTURE_RETAKEN)
    return True


def _undo(provider: SimulatedProvider, deal: Deal, move: Move, *, because: Fault) -> None:
    provider.books.undone(deal, move)
    fact = Bounced(
        Failure(FailureCode.PROCESSING_ERROR, raw_code="sim_undone"),
        references=provider.books.references_of(deal, move),
        occurred_at=provider.books.stamp,
    )
    provider.books.say(deal, move, fact, because=because)


def lapses_early(provider: SimulatedProvider) -> bool:
    """What was held is let go before its time (F34)."""
    deal = _one_of(provider, (each for each in _with_money(provider) if each.takeable > 0))
    if deal is None:
        return False
    books = provider.books
    deal.lapsed += deal.takeable
    books.let_go(deal, deal.takeable)
    fact = AuthorizationLapsed(
        deal.money(deal.lapsed), references=deal.references, occurred_at=books.stamp
    )
    books.tell_aside(deal, fact, because=Fault.LAPSED_EARLY)
    return True


def authorization_changes(provider: SimulatedProvider) -> bool:
    """More is held than was, as when a hotel adds to its bill."""
    deal = _one_of(
        provider,
        (each for each in _with_money(provider) if len(each.effects) == 1 and each.held > 0),
    )
    if deal is None:
        return False
    books, more = provider.books, provider.dice.randint(1, 500)
    books.hold_more(deal, more)
    fact = AuthorizationChanged(
        deal.money(deal.total(EffectKind.HELD)),
        references=deal.references,
        occurred_at=books.stamp,
    )
    books.tell_aside(deal, fact)
    return True


def paid_late(provider: SimulatedProvider) -> bool:
    """Money comes for a session that nobody could pay in any more (F35)."""
    over = (each for each in _deals(provider, DealStatus.CLOSED) if not each.stores)
    deal = _one_of(provider, (each for each in over if each.is_session))
    if deal is None:
        return False
    provider.books.paid(deal, because=Fault.PAID_LATE)
    return True


def charged_back(provider: SimulatedProvider) -> bool:
    """A customer disputes a payment, and the bank takes the money back from us (F36)."""
    taken = (each for each in _with_money(provider) if each.total(EffectKind.TAKEN) > 0)
    deal = _one_of(provider, (each for each in taken if len(each.disputes) < 2))
    if deal is None:
        return False
    books, fault = provider.books, Fault.CHARGED_BACK
    most = deal.total(EffectKind.TAKEN) // (1 + len(deal.disputes))
    dispute_id = books.name("dispute")
    deal.disputes[dispute_id] = Case(minor=provider.dice.randint(1, max(1, most)))
    if provider.dice.random() < 0.8:
        books.withdraw(deal, dispute_id, because=fault)
    books.dispute_stands(deal, dispute_id, "needs_response", because=fault)
    return True


_NEXT_WORDS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "needs_response": ("under_review", "lost", "won"),
        "under_review": ("won", "lost", "closed", "sim_appealed"),
        "sim_appealed": ("under_review",),
        "won": ("lost", "under_review"),
        "lost": ("won", "under_review"),
        "closed": ("needs_response",),
    }
)
"""What may come of a dispute; one word is none that we know."""


def dispute_goes_on(provider: SimulatedProvider) -> bool:
    """A dispute is looked into, won, lost or appealed, and its money follows."""
    cases = (
        (deal, dispute_id, case)
        for deal in provider.books.in_order
        for dispute_id, case in deal.disputes.items()
    )
    found = _one_of(provider, cases)
    if found is None:
        return False
    deal, dispute_id, case = found
    status = provider.dice.choice(_NEXT_WORDS[case.status])
    if status == "won" and case.is_withdrawn:
        provider.books.reinstate(deal, dispute_id)
    elif status == "lost" and not case.is_withdrawn:
        provider.books.withdraw(deal, dispute_id)
    provider.books.dispute_stands(deal, dispute_id, status)
    return True


def comes_in_part(provider: SimulatedProvider) -> bool:
    """A customer's transfer is less than was asked for (F37)."""
    return _paid_with(provider, twist_of(provider.dice, Fault.HELD_IN_PART))


def comes_otherwise(provider: SimulatedProvider) -> bool:
    """A customer's transfer is of another amount, or in another currency (F38)."""
    return _paid_with(provider, twist_of(provider.dice, Fault.WRONG_AMOUNT))


def comes_unreadable(provider: SimulatedProvider) -> bool:
    """A customer's transfer has more digits than its currency (F49)."""
    return _paid_with(provider, twist_of(provider.dice, Fault.ODD_AMOUNT))


def _paid_with(provider: SimulatedProvider, twist: Twist) -> bool:
    open_ones = _deals(provider, DealStatus.OPEN, DealStatus.WAITING, DealStatus.WORKING)
    deal = _one_of(provider, (each for each in open_ones if not each.stores))
    if deal is None:
        return False
    provider.books.twist = twist
    provider.books.paid(deal)
    return True


def says_something_new(provider: SimulatedProvider) -> bool:
    """The provider tells of something that nobody has ever heard of it (F39)."""
    deal = _one_of(provider, iter(provider.books.in_order))
    if deal is None:
        return False
    fact = Unknown("sim_transmogrified", references=deal.references)
    provider.books.tell(deal, fact, deal.jobs[-1], because=Fault.NEVER_SEEN)
    return True


HAPPENINGS: Final[Mapping[Fault, Happening]] = MappingProxyType(
    {
        Fault.REFUND_BOUNCED: refund_bounces,
        Fault.CAPTURE_RETAKEN: capture_fails_late,
        Fault.LAPSED_EARLY: lapses_early,
        Fault.PAID_LATE: paid_late,
        Fault.CHARGED_BACK: charged_back,
        Fault.HELD_IN_PART: comes_in_part,
        Fault.WRONG_AMOUNT: comes_otherwise,
        Fault.ODD_AMOUNT: comes_unreadable,
        Fault.NEVER_SEEN: says_something_new,
    }
)
"""The faults that happen at a provider by itself."""
