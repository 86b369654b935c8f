"""A process that is paused at any moment, and goes on when others have recovered its work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from books import check_closed, check_kept
from shop import CARD, ORDER, Do, Process, Scene, Shop, flow_of, recover
from telling import EVERY_CALL, usd

from paysession import CapturePolicy
from paysession._flows.asks import Ask, Call
from paysession.gateways import Capabilities

FEWEST_ASKS = 60
LONGER_THAN_A_LEASE = timedelta(minutes=3)
NOTHING_PROVES = Capabilities(honours_keys=False)
PROVIDERS = {
    "keys ignored": Capabilities(honours_keys=False, look_up_is_authoritative=True),
    "keys honoured": Capabilities(look_up_is_authoritative=True),
    "keys ignored, absence proves nothing": NOTHING_PROVES,
}


class PausedProcess(Process):
    """Stands still before its `at`-th ask, while another process recovers all it can."""

    def __init__(self, shop: Shop, *, at: int, is_lost: bool) -> None:
        super().__init__(shop)
        self._at, self._is_lost = at, is_lost

    def _performed(self, ask: Ask[Any]) -> object:
        is_here = len(self.asks) + 1 == self._at
        if is_here:
            self.shop.now += LONGER_THAN_A_LEASE
            other = Process(self.shop)
            other.run(flow_of("recover", limit=100))
            check_kept(self.shop)
        answer = super()._performed(ask)
        if is_here and self._is_lost and isinstance(ask, Call):
            raise TimeoutError
        return answer


def purchase() -> Generator[Scene, Any, None]:
    """Hold, take a part, release the rest, and give a part of what was taken back."""
    terms = {"method": CARD, "capture": CapturePolicy.MANUAL}
    session = yield Do("create_session", (ORDER,), terms)
    yield Do("update_session", (session.id,), {"amount": usd("100.00")})
    session = yield Do("complete_session", (session.id,))
    payment_id = getattr(session, "payment_id", None)
    if payment_id is None:
        return
    yield Do("capture", (payment_id,), {"amount": usd("60.00")})
    yield Do("void", (payment_id,))
    yield Do("refund", (payment_id,), {"amount": usd("20.00")})


def farewell() -> Generator[Scene, Any, None]:
    """Open a session, and cancel it."""
    session = yield Do("create_session", (ORDER,), {"method": CARD})
    yield Do("cancel_session", (session.id,))


def impatience() -> Generator[Scene, Any, None]:
    """Complete again when the first answer says that nothing happened."""
    session = yield Do("create_session", (ORDER,), {"method": CARD})
    answer = yield Do("complete_session", (session.id,))
    if not getattr(answer, "succeeded", False):
        yield Do("complete_session", (session.id,))


STORIES = {story.__name__: story for story in (purchase, farewell, impatience)}
every_provider = pytest.mark.parametrize("can", PROVIDERS.values(), ids=PROVIDERS.keys())


def _asks_of(story: Callable[[], Generator[Scene, Any, None]], can: Capabilities) -> list[Ask[Any]]:
    process = Process(Shop(capabilities=can))
    process.play(story)
    return process.asks


def test_there_are_moments_to_pause_at() -> None:
    can = PROVIDERS["keys ignored"]
    assert FEWEST_ASKS <= sum(len(_asks_of(story, can)) for story in STORIES.values())


@every_provider
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
def test_wherever_a_process_was_paused_the_books_are_right(
    can: Capabilities, story: Callable[[], Generator[Scene, Any, None]], is_lost: bool
) -> None:
    for number, ask in enumerate(_asks_of(story, can), start=1):
        if is_lost and not isinstance(ask, Call):
            continue
        shop = Shop(capabilities=can)
        PausedProcess(shop, at=number, is_lost=is_lost).play(story)
        check_kept(shop)
        recover(shop)
        check_closed(shop, for_people=EVERY_CALL if can is NOTHING_PROVES else frozenset())
