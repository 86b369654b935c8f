"""Asks and units of work, by themselves."""

from __future__ import annotations

import pytest
from flow_builders import CARD, bogus_shop, eur, order, scripted_shop

from paysession import Payments
from paysession._domain.payable import PayableAccount
from paysession._domain.session import PaymentSession
from paysession._drivers import drive
from paysession._flows.asks import Flow, Load, Peek, Unit
from paysession._flows.requests import request_for
from paysession._flows.units import DECIDING_TRIES, atomic
from paysession.errors import AlreadyExists, NotFound, OutcomeUnknown, StaleVersion
from paysession.gateways.requests import CloseSessionRequest
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Accepted, Captured
from paysession.stores import InMemoryStore
from paysession.stores.port import Changes


class _Beaten(InMemoryStore):
    """Somebody else is faster, so many times."""

    def __init__(self, times: int, error: Exception) -> None:
        super().__init__()
        self.times, self.error = times, error

    def commit(self, changes: Changes) -> None:
        self.times -= 1
        if self.times >= 0:
            raise self.error
        super().commit(changes)


STALE = StaleVersion("payment_session", "ps_1", 1)
TAKEN = AlreadyExists("payable_account", "or_1")


@pytest.mark.parametrize("error", [STALE, TAKEN])
def test_what_somebody_else_beat_is_tried_again_after_a_pause(error: Exception) -> None:
    shop, pauses = bogus_shop(), list[float]()
    payments = Payments(
        {"bogus": shop.gateway}, store=_Beaten(3, error), clock=shop.clock, sleep=pauses.append
    )

    session = payments.create_session(order(), method=CARD)

    assert session.status is SessionStatus.PENDING
    assert 3 == len(pauses)
    assert all(0 <= pause <= 0.05 for pause in pauses)


@pytest.mark.parametrize("error", [STALE, TAKEN])
def test_a_decision_that_is_beaten_every_time_is_given_up_and_nobody_was_called(
    error: Exception,
) -> None:
    shop, pauses = bogus_shop(), list[float]()
    store = _Beaten(10_000, error)
    payments = Payments({"bogus": shop.gateway}, store=store, clock=shop.clock, sleep=pauses.append)

    with pytest.raises(type(error)):
        payments.create_session(order(), method=CARD)

    assert DECIDING_TRIES - 1 == len(pauses)
    assert () == shop.gateway.calls
    assert () == store.entities()


def test_what_a_provider_answered_is_hardly_ever_given_up() -> None:
    shop, pauses = scripted_shop(), list[float]()
    store = _Beaten(0, STALE)
    payments = Payments({"bogus": shop.gateway}, store=store, clock=shop.clock, sleep=pauses.append)
    session = payments.create_session(order(), method=CARD)

    def answer_and_be_beaten(request: object) -> object:
        store.times = 999
        return Captured(eur(100))

    shop.gateway.then("complete_session", answer_and_be_beaten)

    assert payments.complete_session(session.id).succeeded
    assert 999 == len(pauses)
    assert 1 == shop.gateway.methods.count("complete_session")


def test_an_answer_that_is_beaten_every_time_is_an_unknown_outcome() -> None:
    shop = scripted_shop()
    store = _Beaten(0, STALE)
    payments = Payments(
        {"bogus": shop.gateway}, store=store, clock=shop.clock, sleep=lambda _: None
    )

    def answer_and_be_beaten(request: object) -> object:
        store.times = 10_000
        return Accepted()

    shop.gateway.then("create_session", answer_and_be_beaten)

    with pytest.raises(OutcomeUnknown):
        payments.create_session(order(), method=CARD)


def test_a_unit_that_changes_nothing_commits_nothing() -> None:
    shop = bogus_shop()
    session = shop.opened()
    shop.store.commit = None  # type: ignore[assignment]

    @atomic
    def read() -> Unit[tuple[PaymentSession | None, None, tuple[str]]]:
        return (yield from Peek(PaymentSession, session.id)), None, ("kept",)

    assert (session, None, ("kept",)) == drive(read(), shop.payments.ports)


def test_a_unit_returns_its_entities_as_they_were_committed() -> None:
    shop = bogus_shop()
    shop.opened()

    @atomic
    def restate() -> Unit[tuple[PayableAccount, tuple[PayableAccount]]]:
        account = yield from Load(PayableAccount, "or_1")
        account = account.restated(order(120), at=shop.clock.now)
        return account, (account,)

    account, (same,) = drive(restate(), shop.payments.ports)

    assert account is same
    assert account == shop.store.get(PayableAccount, "or_1", tenant="")


def test_what_must_exist_is_loaded_or_not_found() -> None:
    shop = bogus_shop()

    def load() -> Flow[PaymentSession]:
        return (yield from Load(PaymentSession, "ps_1"))

    with pytest.raises(NotFound) as missing:
        drive(load(), shop.payments.ports)
    assert missing.value.kind == "payment session"


def test_a_close_says_why_it_is_asked_for() -> None:
    shop = scripted_shop()
    shop.opened(expires_in_minutes=1)
    shop.clock.forward(minutes=1)

    (session,) = shop.payments.expire_sessions()

    request = shop.gateway.calls[-1]
    assert isinstance(request, CloseSessionRequest)
    assert request.reason == "expired"
    assert request == request_for(shop.attempt(session))
