"""Sessions: canceled, expired, and the races with money that was quicker."""

from __future__ import annotations

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    PlainGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
)

from paysession import CapturePolicy, Payment, PaymentMethod, Void
from paysession.errors import (
    Closed,
    GatewayUnreachable,
    IllegalTransition,
    MethodUnavailable,
    OperationUnresolved,
)
from paysession.gateways import BogusGateway, Capabilities
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import ActionRequired, Authorized, Captured, Declined, Expired, Redirect
from paysession.stores import Changes

# Canceling


def test_a_canceled_session_is_closed_at_its_provider() -> None:
    shop = bogus_shop()

    session = shop.payments.cancel_session(shop.opened().id)

    assert session.status is SessionStatus.CANCELED
    assert session.client_data is None
    with pytest.raises(Closed):
        session.raise_for_failure()
    assert ["create_session", "close_session"] == [each.method for each in shop.gateway.calls]


def test_canceling_a_canceled_session_returns_it_and_calls_nobody() -> None:
    shop = bogus_shop()
    session = shop.payments.cancel_session(shop.opened().id)
    before, calls = shop.snapshot(), shop.gateway.calls

    assert session == shop.payments.cancel_session(session.id)
    assert before == shop.snapshot()
    assert calls == shop.gateway.calls


@pytest.mark.parametrize("answer", [Declined(DECLINE), None])
def test_a_session_that_ended_in_another_way_cannot_be_canceled(answer: object) -> None:
    shop = scripted_shop(**({"create_session": answer} if answer else {}))
    session = shop.opened() if answer else shop.completed()
    before = shop.snapshot()

    with pytest.raises(IllegalTransition) as refused:
        shop.payments.cancel_session(session.id)
    assert refused.value.event == "cancel"
    assert before == shop.snapshot()


def test_a_session_is_closed_here_where_its_provider_closes_none() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()

    session = shop.payments.cancel_session(session.id)

    assert session.status is SessionStatus.CANCELED
    assert 1 == len(shop.gateway.calls)


def test_an_attempt_that_waited_for_the_customer_ends_with_its_session() -> None:
    action = ActionRequired(Redirect("https://bank.example/3ds"))
    shop = Shop(PlainGateway(action))

    session = shop.payments.cancel_session(shop.opened().id)

    assert session.status is SessionStatus.CANCELED
    assert () == session.open_attempts


def test_a_session_that_was_never_created_is_closed_without_its_provider() -> None:
    shop = bogus_shop()
    session = shop.opened(card(create="timeout_before"))
    shop.clock.forward(hours=23, minutes=30)

    session = shop.payments.cancel_session(session.id)

    assert session.status is SessionStatus.FAILED
    assert "close_session" not in [each.method for each in shop.gateway.calls]


def test_canceling_is_refused_while_an_attempt_may_have_come_to_money() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    shop.gateway.answers = [TimeoutError(), TimeoutError()]
    session = shop.payments.complete_session(session.id)

    with pytest.raises(OperationUnresolved) as refused:
        shop.payments.cancel_session(session.id)

    assert session.attempt_id == refused.value.operation_id
    assert shop.payments.get_session(session.id).status is SessionStatus.PROCESSING


def test_canceling_a_gateway_s_session_that_is_gone_is_refused() -> None:
    shop = bogus_shop()
    session = shop.opened()
    shop.gateways.clear()
    before = shop.snapshot()

    with pytest.raises(MethodUnavailable):
        shop.payments.cancel_session(session.id)
    assert before == shop.snapshot()


def test_money_that_the_look_up_finds_is_quicker_than_canceling() -> None:
    shop = bogus_shop()
    session = shop.completed(card(complete="timeout_after"))

    assert shop.payments.cancel_session(session.id).succeeded


def test_money_that_the_close_finds_is_quicker_than_canceling() -> None:
    shop = scripted_shop(close_session=Captured(eur(100)))

    session = shop.payments.cancel_session(shop.opened().id)

    assert session.succeeded
    assert eur(100) == shop.account()["paid"]


def test_a_close_that_was_refused_reopens_the_session() -> None:
    shop = scripted_shop(close_session=Declined(DECLINE))

    session = shop.payments.cancel_session(shop.opened().id)

    assert session.status is SessionStatus.PENDING
    assert session.closing is None


def test_a_close_that_was_not_sent_reopens_the_session() -> None:
    shop = bogus_shop()
    session = shop.opened(card(close="unreachable"))

    with pytest.raises(GatewayUnreachable):
        shop.payments.cancel_session(session.id)

    assert shop.payments.get_session(session.id).status is SessionStatus.PENDING


def test_a_reopened_session_is_not_paid_a_second_time_while_a_completion_is_unknown() -> None:
    shop = scripted_shop(
        Capabilities(honours_keys=False),
        complete_session=TimeoutError(),
        close_session=Declined(DECLINE),
    )
    session = shop.completed()
    completion = session.attempt_id
    session = shop.payments.cancel_session(session.id)
    assert session.status is SessionStatus.PENDING
    assert eur(0) == shop.account()["due"]

    session = shop.payments.complete_session(session.id)

    assert (completion,) == session.open_attempts
    assert 1 == shop.gateway.methods.count("complete_session")


def test_money_of_the_unknown_completion_completes_the_reopened_session() -> None:
    shop = scripted_shop(
        Capabilities(honours_keys=False),
        complete_session=TimeoutError(),
        close_session=Declined(DECLINE),
    )
    session = shop.payments.cancel_session(shop.completed().id)
    shop.gateway.then("look_up", seen(Captured(eur(100))))
    shop.clock.forward(minutes=5)

    assert shop.payments.complete_session(session.id).succeeded
    assert eur(100) == shop.account()["paid"]


def test_a_close_that_nobody_knows_of_leaves_the_session_closing() -> None:
    shop = bogus_shop()
    session = shop.opened(card(close="timeout_after"))

    session = shop.payments.cancel_session(session.id)
    assert session.status is SessionStatus.CLOSING

    assert shop.payments.cancel_session(session.id).status is SessionStatus.CANCELED


def test_canceling_while_somebody_else_is_closing_returns_the_session_as_it_is() -> None:
    shop = scripted_shop(close_session=KeyboardInterrupt())
    session = shop.opened()
    with pytest.raises(KeyboardInterrupt):
        shop.payments.cancel_session(session.id)

    assert shop.payments.cancel_session(session.id).status is SessionStatus.CLOSING
    assert 1 == shop.gateway.methods.count("close_session")


def test_a_session_that_was_completed_meanwhile_is_not_closed_at_its_provider() -> None:
    shop = bogus_shop()
    session = shop.opened()
    shop.before_id.then = lambda: shop.payments.complete_session(session.id)

    assert shop.payments.cancel_session(session.id).succeeded
    assert "close_session" not in [each.method for each in shop.gateway.calls]


def test_a_session_that_was_completed_meanwhile_is_not_closed_here() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    shop.before_describing.then = lambda: shop.payments.complete_session(session.id)

    assert shop.payments.cancel_session(session.id).succeeded
    assert eur(100) == shop.account()["paid"]


def test_a_session_that_its_provider_has_closed_reserves_nothing_any_more() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), complete_session=TimeoutError())
    session = shop.completed()
    completion = session.attempt_id
    session = shop.payments.cancel_session(session.id)
    assert session.status is SessionStatus.CANCELED
    assert eur(100) == shop.account()["due"]

    assert completion not in session.open_attempts


# Expiring


def test_a_session_whose_time_is_over_expires() -> None:
    shop = bogus_shop()
    shop.opened(expires_in_minutes=10)
    shop.clock.forward(minutes=9)
    assert () == shop.payments.expire_sessions()
    shop.clock.forward(minutes=1)

    (session,) = shop.payments.expire_sessions()

    assert session.status is SessionStatus.EXPIRED
    assert () == shop.payments.expire_sessions()


def test_expiry_happens_here_where_the_provider_closes_no_sessions() -> None:
    shop = Shop(PlainGateway())
    shop.opened(expires_in_minutes=10)
    shop.clock.forward(minutes=10)

    (session,) = shop.payments.expire_sessions()

    assert session.status is SessionStatus.EXPIRED


def test_expiry_never_beats_a_completion_that_may_have_come_to_money() -> None:
    shop = scripted_shop(
        Capabilities(honours_keys=False),
        complete_session=TimeoutError(),
    )
    session = shop.opened(expires_in_minutes=10)
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=10)

    shop.payments.expire_sessions()

    assert shop.payments.get_session(session.id).status is SessionStatus.PROCESSING
    assert "close_session" not in shop.gateway.methods


def test_a_session_that_turns_out_to_be_paid_does_not_expire() -> None:
    shop = bogus_shop()
    session = shop.opened(card(complete="timeout_after"), expires_in_minutes=10)
    shop.payments.complete_session(session.id)
    shop.clock.forward(minutes=10)

    shop.payments.recover()
    shop.payments.expire_sessions()

    assert shop.payments.get_session(session.id).succeeded


def test_a_session_whose_update_is_unknown_is_not_closed_yet() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), update_session=TimeoutError())
    session = shop.opened(expires_in_minutes=10)
    shop.payments.update_session(session.id, amount=eur(60))
    shop.clock.forward(minutes=10)

    (session,) = shop.payments.expire_sessions()

    assert session.status is SessionStatus.PENDING
    assert "close_session" not in shop.gateway.methods


def test_a_session_whose_update_turns_out_to_have_ended_it_needs_no_closing() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), update_session=TimeoutError())
    session = shop.opened(expires_in_minutes=10)
    shop.payments.update_session(session.id, amount=eur(60))
    shop.clock.forward(minutes=10)
    shop.gateway.then("look_up", seen(Captured(eur(100))))

    (session,) = shop.payments.expire_sessions()

    assert session.succeeded


def test_the_provider_may_say_that_a_session_expired_before_we_close_it() -> None:
    shop = scripted_shop(close_session=Expired())

    assert shop.payments.cancel_session(shop.opened().id).status is SessionStatus.EXPIRED


def test_one_session_that_cannot_be_closed_keeps_no_other_one_open() -> None:
    shop = bogus_shop()
    shop.opened(card(close="unreachable_always"), expires_in_minutes=10)
    shop.opened(expires_in_minutes=11)
    shop.clock.forward(minutes=11)

    sessions = shop.payments.expire_sessions()

    assert [SessionStatus.PENDING, SessionStatus.EXPIRED] == [each.status for each in sessions]


def test_a_session_whose_gateway_is_gone_keeps_no_other_one_open() -> None:
    shop = bogus_shop()
    shop.gateways["old"] = shop.gateway
    old = PaymentMethod(id="pm_9", name="Card", gateway="old")
    shop.payments.create_session(order(), method=old, expires_at=shop.clock.now.replace(minute=1))
    shop.opened(expires_in_minutes=2)
    del shop.gateways["old"]
    shop.clock.forward(minutes=2)

    sessions = shop.payments.expire_sessions()

    assert [SessionStatus.PENDING, SessionStatus.EXPIRED] == [each.status for each in sessions]


def test_sessions_that_cannot_expire_yet_do_not_keep_the_others_from_being_looked_at() -> None:
    shop = scripted_shop(Capabilities(honours_keys=False), complete_session=TimeoutError())
    stuck = shop.opened(expires_in_minutes=1)
    shop.payments.complete_session(stuck.id)
    other = shop.payments.create_session(
        order(order_id="or_2"), method=CARD, expires_at=shop.clock.now.replace(minute=2)
    )
    shop.clock.forward(minutes=2)

    shop.payments.expire_sessions(limit=1)
    shop.payments.expire_sessions(limit=1)

    assert shop.payments.get_session(other.id).status is SessionStatus.EXPIRED


def test_a_session_that_was_completed_while_it_should_expire_is_told_as_it_is() -> None:
    shop = Shop(PlainGateway())
    session = shop.opened(expires_in_minutes=10)
    completes = shop.clock.now
    shop.clock.forward(minutes=10)

    def complete_in_time() -> None:
        late, shop.clock.now = shop.clock.now, completes
        shop.payments.complete_session(session.id)
        shop.clock.now = late

    shop.before_describing.then = complete_in_time

    (session,) = shop.payments.expire_sessions()

    assert session.succeeded


def test_money_that_the_provider_holds_is_quicker_than_expiry() -> None:
    shop = scripted_shop(close_session=Authorized(eur(100)))
    shop.opened(expires_in_minutes=10, method=HELD_CARD)
    shop.clock.forward(minutes=10)

    (session,) = shop.payments.expire_sessions()

    assert session.succeeded
    assert eur(100) == shop.account()["authorized"]


class TwoTills(Shop[PlainGateway]):
    """Store credit beside a gateway that closes no sessions."""

    def __init__(self) -> None:
        super().__init__(PlainGateway())
        self.credit = BogusGateway(clock=self.clock)
        self.gateways |= {"credit": self.credit}

    def held_credit(self) -> Payment:
        """A part that waits for the rest."""
        return self.payments.charge(
            order(),
            method=CREDIT,
            source=card(),
            amount=eur(40),
            capture=CapturePolicy.WHEN_COVERED,
        )


CREDIT = PaymentMethod(id="pm_4", name="Store credit", gateway="credit")


def test_what_waited_for_a_session_that_is_canceled_is_released_at_once() -> None:
    shop = TwoTills()
    credit = shop.held_credit()
    shop.payments.cancel_session(shop.opened().id)
    assert PaymentStatus.VOIDED is shop.payments.get_payment(credit.id).status


def test_a_session_is_canceled_even_where_what_waited_for_it_cannot_be_released_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = TwoTills()
    credit, session = shop.held_credit(), shop.opened()
    commit = shop.store.commit

    def fail_for_voids(changes: Changes) -> None:
        if any(isinstance(each, Void) and each.tries for each in changes.entities):
            raise OSError("disk full")
        commit(changes)

    monkeypatch.setattr(shop.store, "commit", fail_for_voids)
    canceled = shop.payments.cancel_session(session.id)
    monkeypatch.undo()

    assert SessionStatus.CANCELED is canceled.status
    shop.clock.forward(minutes=10)
    shop.payments.recover()
    assert PaymentStatus.VOIDED is shop.payments.get_payment(credit.id).status


def test_of_two_who_cancel_at_once_both_see_the_session_canceled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop(PlainGateway())
    session = shop.opened()
    commit = shop.store.commit

    def be_beaten(changes: Changes) -> None:
        monkeypatch.undo()
        shop.payments.cancel_session(session.id)
        commit(changes)

    monkeypatch.setattr(shop.store, "commit", be_beaten)
    assert SessionStatus.CANCELED is shop.payments.cancel_session(session.id).status
    assert 1 == [
        type(each.event).__name__ for each in shop.store.unpublished(limit=99, tenant="")
    ].count("SessionCanceled")
