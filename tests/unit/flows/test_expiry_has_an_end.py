"""A session whose time is over ends, though its provider refuses to close it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flow_builders import DECLINE, ScriptedGateway, Shop, eur, scripted_shop, seen

from paysession import PaymentSession
from paysession.errors import GatewayUnreachable
from paysession.gateways.requests import CloseSessionRequest
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Captured, Declined, Rejected

REFUSALS = [Declined(DECLINE), Rejected(DECLINE)]


def _expiring(answer: object) -> tuple[Shop[ScriptedGateway], PaymentSession]:
    shop = scripted_shop()
    session = shop.opened(expires_in_minutes=30)
    shop.gateway.answers["close_session"] = [answer] * 1_000
    shop.clock.forward(minutes=30)
    return shop, session


def _run(shop: Shop[ScriptedGateway], *, hours: int) -> None:
    for _ in range(hours):
        shop.payments.expire_sessions()
        shop.clock.forward(hours=1)


def _now(shop: Shop[ScriptedGateway], session: PaymentSession) -> PaymentSession:
    return shop.payments.get_session(session.id)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_a_provider_has_refused_to_close_for_a_week_is_closed_here(refusal: object) -> None:
    shop, session = _expiring(refusal)

    _run(shop, hours=7 * 24)
    assert SessionStatus.PENDING is _now(shop, session).status
    _run(shop, hours=7)

    assert SessionStatus.EXPIRED is _now(shop, session).status
    assert () == shop.payments.expire_sessions()


def test_it_is_asked_ever_less_often() -> None:
    shop, session = _expiring(REFUSALS[0])
    waits = []

    for _ in range(9):
        (session,) = shop.payments.expire_sessions()
        assert session.due_at is not None
        waits.append((session.due_at - shop.clock.now) / timedelta(minutes=1))
        shop.clock.now = session.due_at

    assert [5, 5, 10, 20, 40, 80, 160, 320, 360] == waits


def test_money_that_a_look_finds_instead_completes_it() -> None:
    shop, session = _expiring(REFUSALS[0])
    shop.clock.forward(hours=7 * 24)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    shop.payments.expire_sessions()

    assert SessionStatus.COMPLETED is _now(shop, session).status
    assert eur(100) == shop.account()["paid"]


@pytest.mark.parametrize("silence", [TimeoutError(), GatewayUnreachable("refused")])
def test_it_stays_open_while_nobody_says_whether_it_was_paid(silence: Exception) -> None:
    shop, session = _expiring(REFUSALS[0])
    shop.clock.forward(hours=7 * 24)
    shop.gateway.then("look_up", silence)

    shop.payments.expire_sessions()

    assert SessionStatus.PENDING is _now(shop, session).status


def test_a_provider_that_cannot_be_reached_has_refused_nothing() -> None:
    shop, session = _expiring(GatewayUnreachable("refused"))

    _run(shop, hours=8 * 24)

    assert SessionStatus.PENDING is _now(shop, session).status
    asked = [each for each in shop.gateway.calls if isinstance(each, CloseSessionRequest)]
    assert len(asked) < 50
