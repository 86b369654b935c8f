"""What can neither be found nor repeated: its session is closed, and that tells of money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    NOW,
    ScriptedGateway,
    Shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
)
from keyed_commands import FullGateway

from paysession import Attempt, CloseReason, PaymentSession
from paysession._domain.attempts import AttemptKind
from paysession.errors import GatewayUnreachable
from paysession.gateways import Capabilities
from paysession.gateways.requests import CloseSessionRequest, Request
from paysession.lifecycles import OperationStatus, SessionStatus
from paysession.outcomes import Accepted, Canceled, Captured, Declined, Pending, References, Unknown

KEYLESS = Capabilities(honours_keys=False)
LATE = timedelta(hours=25)


def lost_completion(
    capabilities: Capabilities = KEYLESS, /, *, hours: int | None = None, **answers: object
) -> tuple[Shop[ScriptedGateway], PaymentSession]:
    """A completion that timed out more than a day ago, and that no look-up finds."""
    shop = scripted_shop(capabilities, complete_session=TimeoutError(), **answers)
    session = shop.opened(expires_in_minutes=None if hours is None else hours * 60)
    session = shop.payments.complete_session(session.id)
    shop.gateway.calls.clear()
    shop.clock.now = NOW + LATE
    return shop, session


def attempts(shop: Shop[Any], session: PaymentSession) -> dict[AttemptKind, Attempt]:
    found = shop.store.find(Attempt, by="session_id", value=session.id, tenant="")
    return {each.kind: each for each in found}


def test_a_completion_that_nobody_can_find_is_concluded_by_closing_its_session() -> None:
    shop, session = lost_completion()

    (recovered,) = shop.payments.recover()

    assert OperationStatus.CANCELED is recovered.status
    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    assert ["look_up", "close_session"] == shop.gateway.methods
    assert eur(100) == shop.account()["due"]
    assert () == shop.payments.needs_attention()


def test_its_key_is_answered_with_the_closed_session() -> None:
    shop = scripted_shop(KEYLESS, complete_session=TimeoutError())
    session = shop.opened()
    shop.payments.complete_session(session.id, idempotency_key="k_1")
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    again = shop.payments.complete_session(session.id, idempotency_key="k_1")
    assert SessionStatus.CANCELED is again.status


def test_a_provider_that_was_paid_says_so_and_the_session_is_completed() -> None:
    shop, session = lost_completion(close_session=Captured(eur(100)))

    shop.payments.recover()

    session = shop.payments.get_session(session.id)
    assert SessionStatus.COMPLETED is session.status
    assert () == session.open_attempts
    assert eur(100) == shop.account()["paid"]
    assert () == shop.payments.needs_attention()


def test_a_session_that_is_given_up_does_not_expire_even_when_its_time_is_over() -> None:
    shop, session = lost_completion(hours=2)

    shop.payments.recover()

    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    (close,) = (each for each in shop.gateway.calls if isinstance(each, CloseSessionRequest))
    assert CloseReason.CANCELED is close.reason


def test_what_held_a_secret_is_concluded_in_the_same_way() -> None:
    shop = scripted_shop(complete_session=TimeoutError())
    session = shop.opened()
    shop.payments.complete_session(session.id, external_data={"nonce": "n_1"})
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    assert 1 == shop.gateway.methods.count("complete_session")


def test_a_lost_update_is_concluded_in_the_same_way() -> None:
    shop = scripted_shop(KEYLESS, update_session=TimeoutError())
    session = shop.opened()
    shop.payments.update_session(session.id, amount=eur(50))
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status


# While the close is not known


def test_a_close_that_is_lost_is_waited_for() -> None:
    shop, session = lost_completion(Capabilities(), close_session=TimeoutError())

    (recovered,) = shop.payments.recover()

    assert recovered.is_unresolved
    assert not recovered.attention
    assert SessionStatus.CLOSING is shop.payments.get_session(session.id).status
    shop.clock.forward(hours=1)
    shop.payments.recover()
    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status
    assert 2 == shop.gateway.methods.count("close_session")


def test_a_close_that_does_not_arrive_is_tried_again() -> None:
    shop, session = lost_completion(Capabilities(), close_session=GatewayUnreachable("refused"))
    shop.payments.recover()

    shop.clock.forward(hours=1)
    shop.payments.recover()

    assert SessionStatus.CANCELED is shop.payments.get_session(session.id).status


def test_a_session_that_is_being_closed_already_is_not_closed_twice() -> None:
    shop = scripted_shop(KEYLESS, complete_session=TimeoutError(), close_session=Pending())
    session = shop.completed()
    shop.clock.forward(hours=20)
    shop.payments.cancel_session(session.id)
    shop.gateway.calls.clear()
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert "close_session" not in shop.gateway.methods
    assert not attempts(shop, session)[AttemptKind.COMPLETE].attention


# What is a person's after all


def listed(shop: Shop[Any]) -> list[AttemptKind]:
    waiting = shop.payments.needs_attention()
    return sorted(each.kind for each in waiting if isinstance(each, Attempt))


def test_a_provider_that_refuses_to_close_leaves_it_to_a_person() -> None:
    shop, session = lost_completion(close_session=Declined(DECLINE))

    shop.payments.recover()

    assert [AttemptKind.COMPLETE] == listed(shop)
    assert SessionStatus.PENDING is shop.payments.get_session(session.id).status


def test_a_close_that_nobody_can_find_either_is_a_person_s_with_the_rest() -> None:
    shop, _ = lost_completion(close_session=Unknown())
    shop.payments.recover()
    for _ in range(20):
        shop.clock.forward(hours=6)
        shop.payments.recover()

    assert [AttemptKind.CLOSE, AttemptKind.COMPLETE] == listed(shop)
    assert 1 == shop.gateway.methods.count("close_session")


def test_a_session_that_the_provider_does_not_know_cannot_be_closed_there() -> None:
    shop = scripted_shop(KEYLESS, create_session=TimeoutError())
    shop.opened(card())
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert "close_session" not in shop.gateway.methods
    assert [AttemptKind.CREATE] == listed(shop)


def test_a_close_that_is_lost_is_not_closed_again() -> None:
    shop = scripted_shop(KEYLESS, close_session=TimeoutError())
    session = shop.opened()
    shop.payments.cancel_session(session.id)
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert [AttemptKind.CLOSE] == listed(shop)


def test_what_a_look_up_will_prove_is_waited_for() -> None:
    sure = Capabilities(
        honours_keys=False, look_up_is_authoritative=True, look_up_grace=timedelta(hours=30)
    )
    shop, session = lost_completion(sure)

    shop.payments.recover()

    assert "close_session" not in shop.gateway.methods
    assert SessionStatus.PROCESSING is shop.payments.get_session(session.id).status


def test_a_setup_session_s_attempt_and_a_charge_are_a_person_s() -> None:
    shop = Shop(FullGateway(KEYLESS))
    setup = shop.payments.create_setup_session(CARD)
    shop.gateway.then("complete_setup_session", TimeoutError())
    shop.payments.complete_setup_session(setup.id)
    shop.gateway.then("charge", TimeoutError())
    shop.payments.charge(order(), method=CARD, source=card())
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert 2 == len(shop.payments.needs_attention())
    assert "close_session" not in shop.gateway.methods


def test_what_another_attempt_has_ended_meanwhile_is_concluded_with_it() -> None:
    shop, session = lost_completion()

    def paid_meanwhile(request: Request[Any]) -> object:
        shop.gateway.then("look_up", seen(Captured(eur(100))))
        shop.clock.forward(minutes=10)
        shop.payments.recover()
        return Canceled()

    shop.gateway.then("close_session", paid_meanwhile)

    shop.payments.recover()

    assert SessionStatus.COMPLETED is shop.payments.get_session(session.id).status
    assert eur(100) == shop.account()["paid"]


@pytest.mark.parametrize("reference", [References(), References.of(session="cs_9")])
def test_a_session_is_closed_only_where_the_provider_knows_it(reference: References) -> None:
    shop = scripted_shop(
        KEYLESS,
        create_session=Accepted(references=reference),
        complete_session=TimeoutError(),
    )
    shop.completed()
    shop.clock.now = NOW + LATE

    shop.payments.recover()

    assert bool(reference.entries) == ("close_session" in shop.gateway.methods)
