"""A law of many: what is read in pages, inside of a store, is read to its end."""

from __future__ import annotations

from typing import Final

import attrs

from paysession._domain.attempts import Attempt
from paysession._domain.session import PaymentSession
from paysession.testing._stores.bench import Bench
from paysession.testing._stores.finding import ids
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import at, attempt, changed, session
from paysession.testing._stores.trials import Trial

_AT_ONCE: Final = 42
"""How many are written in one commit."""

_COMMITS: Final = 5
"""So that there are more than any page that is usual, up to 200."""


@law(
    "PAGE-1",
    "however many there are, all are found, all are due, all are shown and all are told of",
    reason="a store that reads page by page and stops early leaves money where nobody looks",
    source="I28, I44",
    about="find",
)
def no_page_is_the_last_but_one(bench: Bench) -> Trial[None]:
    store, owner = (yield from bench.store()), session("ps_1", news=())
    names, told = list[str](), list[str]()
    for version in range(1, _COMMITS + 1):
        owner = _with_news(owner, version)
        waiting = [_attempt(owner, len(names) + number) for number in range(_AT_ONCE)]
        yield from store.commit(owner, *waiting)
        owner = yield from store.held(owner)
        names += [each.id for each in waiting]
        told += [f"payment_session:ps_1:{version}:{index}" for index in range(_AT_ONCE)]
    attempts = yield from store.find(Attempt, by="session_id", value="ps_1")
    bench.same(names, ids(attempts), "attempts of a session")
    bench.same(names, ids((yield from store.due(kinds=(Attempt,)))), "attempts that are due")
    bench.same(names, ids((yield from store.attention())), "attempts that need attention")
    outbox = yield from store.unpublished(limit=len(told) - 1)
    bench.same(told[:-1], [each.id for each in outbox], "the outbox, but for its last event")


def _with_news(owner: PaymentSession, version: int) -> PaymentSession:
    """Return a session with as many events to tell as attempts are written with it."""
    newer = changed(owner, minutes=version)
    return attrs.evolve(newer, news=newer.news * _AT_ONCE)


def _attempt(owner: PaymentSession, number: int) -> Attempt:
    """Return an attempt that is the next to be found, due and shown."""
    return attempt(
        f"at_{number:03}",
        of=owner,
        minutes=number,
        facts=(),
        recheck_at=at(number),
        waits_for_person="nobody knows",
    )
