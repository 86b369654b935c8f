"""
Sessions that nobody needs any more, since their payable was paid otherwise: they are closed.

Their end is asked for in the very commit that covers the payable, by an ordinary attempt
that is due at once: whoever comes first makes the call, or closes here where there is nobody
to tell. A session that may be taking money is left alone, until that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

import attrs

from paysession._domain.attempts import Attempt, AttemptKind, CloseReason
from paysession._domain.identity import derived_id
from paysession._domain.operations import Lease, Origin
from paysession._domain.payable import PayableAccount
from paysession._domain.session import PaymentSession
from paysession._domain.settlement import Settlement
from paysession._flows.asks import Find, Unit
from paysession._flows.attempts import open_attempts, was_asked, withdrawn
from paysession.lifecycles import SessionStatus

Superseded: TypeAlias = tuple[PaymentSession | Attempt | None, ...]


def others_superseded(
    before: PayableAccount, account: PayableAccount, *, but: str | None, at: datetime
) -> Unit[tuple[Superseded, PayableAccount]]:
    """
    Ask for the end of the other open sessions of a payable, if that has just been covered.

    What of theirs was to be asked for, and never will be, is reserved no longer.

    Args:
        before: The payable's account as it was.
        account: As it is now.
        but: The session that it was covered by, if it was one.
        at: This instant.
    """
    if not _needs_no_more(account) or _needs_no_more(before):
        return (), account
    superseded: Superseded = ()
    for session in (yield from Find(PaymentSession, "payable_id", account.id)):
        if session.is_open and session.id != but:
            attempts = yield from open_attempts(session)
            after, closing, ended = _closing(session, attempts, at=at)
            superseded = (*superseded, after, closing, *ended)
            account = account.moved(session.share, after.share, at=at)
    return superseded, account


def own_superseded(
    settlement: Settlement, *, at: datetime
) -> Unit[tuple[Settlement, Attempt | None]]:
    """
    Ask for the end of a session whose attempt has just been settled, if nobody needs it.

    It may have been left alone when its payable was covered. A provider that has refused to
    close it for that is not asked again: a person was told.
    """
    session, attempt = settlement.session, settlement.attempt
    is_needed = not _needs_no_more(settlement.account)
    if session.is_closed or is_needed or (yield from _was_refused(session, attempt)):
        return settlement, None
    completion = settlement.completion
    attempts = (attempt, *settlement.others, *((completion,) if completion else ()))
    before, (session, closing, ended) = session, _closing(session, attempts, at=at)
    newest = {each.id: each for each in (*attempts, *ended)}
    after = attrs.evolve(
        settlement,
        account=settlement.account.moved(before.share, session.share, at=at),
        session=session,
        attempt=newest[attempt.id],
        others=tuple(newest[each.id] for each in settlement.others),
        completion=completion and newest[completion.id],
    )
    return after, closing


def _was_refused(session: PaymentSession, newest: Attempt) -> Unit[bool]:
    """Whether the end of a session was asked for by policy before, and it is open still."""
    if newest.kind is AttemptKind.CLOSE:
        return True
    attempts = yield from Find(Attempt, "session_id", session.id)
    closing = (each for each in attempts if each.kind is AttemptKind.CLOSE)
    return any(each.origin is Origin.POLICY and not each.is_open for each in closing)


def _closing(
    session: PaymentSession, attempts: Iterable[Attempt], *, at: datetime
) -> tuple[PaymentSession, Attempt | None, tuple[Attempt, ...]]:
    """
    Ask for a session's end, unless it may be taking money, or its end was asked for before.

    What was to be asked of its provider next, and was not yet, never will be.
    """
    still_open = [each for each in attempts if each.is_open]
    if session.status is SessionStatus.CLOSING or any(map(was_asked, still_open)):
        return session, None, ()
    closing_id = derived_id("at", session.id, "covered", str(session.version))
    session, ended = withdrawn(session, still_open, by=closing_id, at=at)
    session, closing = session.request_close(
        closing_id, CloseReason.CANCELED, lease=Lease.nobody(at), origin=Origin.POLICY
    )
    return session, closing, ended


def _needs_no_more(account: PayableAccount) -> bool:
    """Whether all that is to be paid is held or taken; for what costs nothing nothing is."""
    return account.authorized + account.paid >= account.owed
