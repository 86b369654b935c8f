"""
A backend that goes on after a crash: it recovers, gives the same command again, and lives on.

Its books must end as if it had never crashed. Each command is given under a key, so that to
give it again is the same as not to have been interrupted; and nothing is begun while what came
before is still in doubt, so that a crash is the only difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final, TypeAlias

import attrs
from books import all_of, require
from shop import Crash, Do, Falls, Point, Process, Scene, Shop, flow_of, recover
from telling import Tale

from paysession import PayableAccount, Payment, PaymentSession, SetupSession
from paysession._payments import _keyed_commands
from paysession.errors import GatewayUnreachable, IdempotencyKeyInFlight, OutcomeUnknown
from paysession.gateways.bogus import BogusEffectKind

Ends: TypeAlias = Counter[tuple[object, ...]]

IN_DOUBT: Final = (GatewayUnreachable, IdempotencyKeyInFlight, OutcomeUnknown)
PATIENCE: Final = timedelta(minutes=5)
MOST_TRIES: Final = 4

KEYED: Final = _keyed_commands()
DIFFER_RIGHTLY: Final[Mapping[str, str]] = {
    "unreachable": "a caller who is told so may give up, and a machine does not",
    "pending": "who comes again with the key hears that it is under way, and not how it began",
    "later": "the same",
    "off": "the same, of a refund that is pending",
    "one payment": "the same, of a call that is pending",
    "split": "who hears that nothing is known yet gives up what is split",
    "close decline": "a provider that refuses to close is asked again whenever it is looked at",
    "close reject": "the same",
    "close end": "the same",
    "source": "what the browser brought is sent once: after a crash it cannot be sent at all",
    "setup": "the same",
    "person": "what is left to a person may be another call",
    "too early": "the same",
    "never found": "the same",
    "key": "they bring keys of their own",
    "forgotten": "who is forgotten while a call may be repeated is forgotten later",
}
"""Words in the names of stories that may end otherwise after a crash, and why."""


def may_be_resumed(tale: Tale) -> bool:
    """Whether a crash must make no difference to how a story ends."""
    return not any(words in tale.name for words in DIFFER_RIGHTLY)


def asks_of_resumed(tale: Tale) -> list[Any]:
    """Return what an undisturbed backend asks that gives its commands under keys."""
    return _lived(tale, None)[1]


@cache
def undisturbed(tale: Tale) -> Ends:
    return ends_of(_lived(tale, None)[0])


def check_resumed(tale: Tale, point: Point) -> None:
    """Crash once, recover, give the same command again and go on: the books end alike."""
    expected, actual = undisturbed(tale), ends_of(_lived(tale, point)[0])
    missing, added = expected - actual, actual - expected
    require("the books end as if nothing had happened", expected == actual, missing, added)


def _lived(tale: Tale, until: Point | None) -> tuple[Shop, list[Any]]:
    shop = Shop(capabilities=tale.capabilities)
    process = Process(shop, until=until)
    scenes = tale.story()
    answer: object = None
    number = 0
    while True:
        try:
            scene = scenes.send(answer)
        except StopIteration:
            break
        number += 1
        process, answer = _given(process, _keyed(scene, number))
    recover(shop)
    return shop, process.asks


def _given(process: Process, scene: Scene) -> tuple[Process, object]:
    """Give a command until its end is known, by another process once this one is gone."""
    answer: object = None
    for _ in range(MOST_TRIES):
        try:
            answer = process.act(scene)
        except Crash:
            process = Process(process.shop)
            _calm(process.shop)
            answer = process.act(scene)
        if isinstance(scene, Falls):
            break
        _calm(process.shop)
        if not isinstance(answer, IN_DOUBT):
            break
    return process, answer


def _calm(shop: Shop) -> None:
    """Wait until nobody is in doubt any more, as long as that is worth it."""
    for _ in range(MOST_TRIES):
        if not any(each.is_unresolved and each.due_at for each in shop.unresolved):
            return
        shop.now += PATIENCE
        Process(shop).run(flow_of("recover", limit=100))


def _keyed(scene: Scene, number: int) -> Scene:
    if not isinstance(scene, Do) or scene.command not in KEYED:
        return scene
    key = {"idempotency_key": f"scene_{number}"}
    return attrs.evolve(scene, kwargs={**key, **scene.kwargs})


def ends_of(shop: Shop) -> Ends:
    """Return how everything ended, whatever its id is and however long it took."""
    ends: Ends = Counter()
    for payment in all_of(shop, Payment):
        balances = attrs.astuple(payment.balances, recurse=False)
        ends[Payment, payment.gateway, payment.status, balances] += 1
    for session in shop.sessions:
        ends[PaymentSession, session.status] += 1
    for setup_session in shop.setup_sessions:
        ends[SetupSession, setup_session.status] += 1
    for account in all_of(shop, PayableAccount):
        ends[PayableAccount, account.status, account.paid, account.refunded, account.lost] += 1
    for kind in BogusEffectKind:
        ends[kind, shop.bogus.provider.total(kind, "USD")] += 1
    ends["for people", len(shop.books.attention(limit=1000, tenant=""))] += 1
    return ends
