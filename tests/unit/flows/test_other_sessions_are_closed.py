"""Once a payable is covered, its other open sessions are closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flow_builders import (
    CARD,
    DECLINE,
    HELD_CARD,
    PlainGateway,
    ScriptedGateway,
    Shop,
    bogus_shop,
    card,
    eur,
    order,
    scripted_shop,
    seen,
)
from payment_builders import Till

from paysession import Attempt, PaymentMethod, PaymentSession
from paysession._domain.attempts import AttemptKind
from paysession._domain.operations import Origin
from paysession.errors import NothingDue, SessionClosing
from paysession.events import SessionCanceled, SessionCloseRequested
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import CloseSessionRequest
from paysession.lifecycles import PaymentStatus, SessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Approved,
    Canceled,
    Captured,
    Declined,
    Pending,
    Redirect,
    ReferenceRole,
    References,
)
from paysession.stores import Changes
from paysession.views import store_api

ACTION = ActionRequired(Redirect("https://bank.example/3ds"))
KEYLESS = Capabilities(honours_keys=False)


class Crash(BaseException):
    """The process is gone."""


def _newest(shop: Shop[Any], session: PaymentSession) -> PaymentSession:
    return shop.payments.get_session(session.id)


def _closings(shop: Shop[Any], session: PaymentSession) -> list[Attempt]:
    attempts = shop.store.find(Attempt, by="session_id", value=session.id, tenant="")
    return [each for each in attempts if each.kind is AttemptKind.CLOSE]


def _recovered(shop: Shop[Any]) -> None:
    """What a look-up settles may make another call due."""
    for _ in range(2):
        shop.clock.forward(minutes=5)
        shop.payments.recover()


# By whatever covers it


def _by_session(till: Till) -> object:
    session = till.payments.create_session(order(), method=CARD)
    return till.payments.complete_session(session.id)


def _by_held_session(till: Till) -> object:
    session = till.payments.create_session(order(), method=HELD_CARD)
    return till.payments.complete_session(session.id)


COVERING: dict[str, Callable[[Till], object]] = {
    "a session": _by_session,
    "held money of a session": _by_held_session,
    "a charge": lambda till: till.charged(),
    "a check": lambda till: till.payments.mark_paid(till.check().id),
    "store credit": lambda till: till.with_credit(100),
    "a lower price": lambda till: (
        till.charged(amount=eur(60)),
        till.payments.update_payable(order(60)),
    ),
    "no price at all": lambda till: till.payments.update_payable(order(0)),
}


@pytest.mark.parametrize("by", COVERING)
def test_other_sessions_are_closed_when_the_payable_is_covered(by: str) -> None:
    till = Till()
    others = [till.payments.create_session(order(), method=CARD) for _ in range(2)]

    COVERING[by](till)

    assert [SessionStatus.CANCELED] * 2 == [_newest(till, each).status for each in others]
    assert 2 == till.gateway.methods.count("close_session")
    assert eur(0) == till.in_order().in_flight


@pytest.mark.parametrize("by", COVERING)
def test_a_crash_before_they_are_closed_loses_none(by: str) -> None:
    till = Till(close_session=Crash())
    others = [till.payments.create_session(order(), method=CARD) for _ in range(2)]

    with pytest.raises(Crash):
        COVERING[by](till)

    assert [SessionStatus.CLOSING] * 2 == [_newest(till, each).status for each in others]
    _recovered(till)
    assert [SessionStatus.CANCELED] * 2 == [_newest(till, each).status for each in others]


def test_their_end_is_asked_for_in_the_commit_that_covers_the_payable() -> None:
    shop = scripted_shop(close_session=Crash())
    other, paying = shop.opened(), shop.opened()

    with pytest.raises(Crash):
        shop.payments.complete_session(paying.id)

    (closing,) = _closings(shop, other)
    assert (Origin.POLICY, True) == (closing.origin, closing.is_open)
    assert _newest(shop, paying).succeeded
    with pytest.raises(SessionClosing):
        shop.payments.complete_session(other.id)


def test_each_is_closed_once() -> None:
    shop = scripted_shop()
    other = shop.opened()
    shop.completed()
    calls = list(shop.gateway.methods)

    _recovered(shop)
    shop.payments.update_payable(order(110))
    shop.payments.update_payable(order(100))

    assert calls == shop.gateway.methods
    assert 1 == len(_closings(shop, other))
    told = [type(each.event) for each in shop.store.unpublished(limit=999, tenant="")]
    assert (1, 1) == (told.count(SessionCloseRequested), told.count(SessionCanceled))


def test_a_session_that_is_being_canceled_already_is_not_closed_twice() -> None:
    shop = scripted_shop(close_session=Crash())
    other, paying = shop.opened(), shop.opened()
    with pytest.raises(Crash):
        shop.payments.cancel_session(other.id)

    shop.payments.complete_session(paying.id)

    assert 1 == len(_closings(shop, other))


def test_who_cancels_it_makes_the_call_that_nobody_has_made_yet() -> None:
    shop = scripted_shop(close_session=Crash())
    other, paying = shop.opened(), shop.opened()
    with pytest.raises(Crash):
        shop.payments.complete_session(paying.id)
    shop.clock.forward(minutes=10)

    assert SessionStatus.CANCELED is shop.payments.cancel_session(other.id).status
    assert 1 == len(_closings(shop, other))


def test_it_prints_as_canceled() -> None:
    shop = bogus_shop()
    other = shop.opened()
    shop.completed()

    printed = store_api.payment_session(shop.payments.statement(other.id))

    assert "canceled" == printed["status"]


def test_sessions_of_other_payables_stay_open() -> None:
    shop = bogus_shop()
    other = shop.payments.create_session(order(order_id="or_2"), method=CARD)

    shop.completed()

    assert SessionStatus.PENDING is _newest(shop, other).status


# As long as something is due


def test_sessions_stay_open_while_a_part_is_due() -> None:
    shop = bogus_shop()
    rest = shop.payments.create_session(order(), method=CARD, amount=eur(40))
    part = shop.payments.create_session(order(), method=CARD, amount=eur(60))

    shop.payments.complete_session(part.id)
    assert SessionStatus.PENDING is _newest(shop, rest).status

    assert shop.payments.complete_session(rest.id).succeeded


def test_what_is_only_being_asked_for_closes_nothing() -> None:
    shop = scripted_shop(complete_session=Pending())
    other = shop.opened()

    shop.completed()

    assert SessionStatus.PENDING is _newest(shop, other).status


# What may be taking money is left alone until that is known


@pytest.mark.parametrize("unresolved", [Pending(), TimeoutError()])
def test_a_session_that_may_be_taking_money_is_closed_when_that_has_come_to_nothing(
    unresolved: object,
) -> None:
    till = Till(KEYLESS, complete_session=unresolved)
    part = till.payments.create_session(order(), method=CARD, amount=eur(60))
    till.payments.complete_session(part.id)
    till.charged()
    till.payments.update_payable(order(40))
    assert SessionStatus.PROCESSING is _newest(till, part).status

    till.gateway.then("look_up", seen(Declined(DECLINE)))
    _recovered(till)

    assert SessionStatus.CANCELED is _newest(till, part).status
    assert 1 == till.gateway.methods.count("close_session")


def test_one_that_turns_out_to_have_taken_money_is_completed_and_overpaid_is_flagged() -> None:
    till = Till(KEYLESS, complete_session=TimeoutError())
    part = till.payments.create_session(order(), method=CARD, amount=eur(60))
    till.payments.complete_session(part.id)
    till.charged()
    till.payments.update_payable(order(40))

    till.gateway.then("look_up", seen(Captured(eur(60))))
    _recovered(till)

    session = _newest(till, part)
    assert session.succeeded
    assert ["overpaid"] == [each.kind for each in till.payment_of(session).discrepancies]
    assert eur(100) == till.in_order().paid


def test_one_whose_creation_is_unknown_is_closed_when_it_turns_out_to_exist() -> None:
    till = Till(KEYLESS, create_session=TimeoutError())
    unknown = till.payments.create_session(order(), method=CARD)
    till.charged()
    assert SessionStatus.PENDING is _newest(till, unknown).status

    till.gateway.then("look_up", seen(Accepted(references=References.of(session="cs_1"))))
    _recovered(till)

    assert SessionStatus.CANCELED is _newest(till, unknown).status


def test_one_that_waits_for_the_customer_is_closed_and_its_attempt_superseded() -> None:
    till = Till(complete_session=ACTION)
    waiting = till.payments.create_session(order(), method=CARD)
    till.payments.complete_session(waiting.id)

    till.charged()

    session = _newest(till, waiting)
    assert (SessionStatus.CANCELED, (), None) == (
        session.status,
        session.open_attempts,
        session.next_action,
    )


def test_what_the_customer_approved_too_late_is_not_taken() -> None:
    till = Till(KEYLESS, complete_session=TimeoutError())
    approved = till.payments.create_session(order(), method=CARD, amount=eur(60))
    till.payments.complete_session(approved.id)
    till.charged()
    till.payments.update_payable(order(40))

    till.gateway.then("look_up", seen(Approved()))
    _recovered(till)

    assert 1 == till.gateway.methods.count("complete_session")
    assert SessionStatus.CANCELED is _newest(till, approved).status


def test_what_was_approved_and_not_asked_for_yet_is_not_asked_for_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till(complete_session=ACTION)
    approved = till.payments.create_session(order(), method=CARD)
    till.payments.complete_session(approved.id)
    till.gateway.then("look_up", seen(Approved()))
    monkeypatch.setattr(till.store, "commit", _crashing_before_what_is_due(till))
    till.clock.forward(minutes=5)
    with pytest.raises(Crash):
        till.payments.recover()
    monkeypatch.undo()
    assert SessionStatus.PROCESSING is _newest(till, approved).status

    till.payments.update_payable(order(0))

    assert SessionStatus.CANCELED is _newest(till, approved).status
    _recovered(till)
    assert 1 == till.gateway.methods.count("complete_session")


def _crashing_before_what_is_due(till: Till) -> Callable[[Changes], None]:
    """The process ends right after the commit that makes a call due."""
    commit = till.store.commit

    def commit_and_crash(changes: Changes) -> None:
        commit(changes)
        if any(isinstance(each, Attempt) and each.sent_at is None for each in changes.entities):
            raise Crash

    return commit_and_crash


# Where closing is refused, or there is nobody to tell


class UnclosingGateway(ScriptedGateway):
    """Answers look-ups, and closes no sessions."""

    close_session = Gateway.close_session


def test_what_a_provider_does_not_close_is_closed_here_after_a_look() -> None:
    shop = Shop(UnclosingGateway())
    other = shop.opened()

    shop.completed()

    assert SessionStatus.CANCELED is _newest(shop, other).status
    assert "look_up" == shop.gateway.methods[-1]


def test_what_was_never_named_by_its_provider_is_closed_here() -> None:
    shop = scripted_shop(create_session=Accepted())
    other = shop.opened()

    shop.completed()

    assert SessionStatus.CANCELED is _newest(shop, other).status
    assert "close_session" not in shop.gateway.methods


def test_what_cannot_even_be_looked_at_is_closed_here() -> None:
    shop = Shop(PlainGateway())
    other = shop.opened()

    shop.completed()

    assert SessionStatus.CANCELED is _newest(shop, other).status
    assert ["create_session", "create_session", "complete_session"] == [
        each.method for each in shop.gateway.calls
    ]


def test_it_is_not_closed_here_as_long_as_nobody_says_whether_it_was_paid() -> None:
    shop = Shop(UnclosingGateway(None, look_up=TimeoutError()))
    other = shop.opened()

    shop.completed()
    assert SessionStatus.CLOSING is _newest(shop, other).status

    _recovered(shop)
    assert SessionStatus.CANCELED is _newest(shop, other).status


def test_money_that_the_look_finds_is_not_lost() -> None:
    shop = Shop(UnclosingGateway(None, look_up=seen(Captured(eur(100)))))
    other = shop.opened()

    shop.completed()

    session = _newest(shop, other)
    assert (True, ()) == (session.succeeded, session.open_attempts)
    assert ["overpaid"] == [each.kind for each in shop.payment_of(session).discrepancies]
    assert eur(200) == shop.account()["paid"]


def test_the_sessions_of_a_gateway_that_is_gone_are_closed_when_it_is_back() -> None:
    shop = scripted_shop()
    shop.gateways["old"] = ScriptedGateway()
    method = PaymentMethod(id="pm_9", name="Card", gateway="old")
    other = shop.payments.create_session(order(), method=method)
    old = shop.gateways.pop("old")

    shop.completed()
    _recovered(shop)
    assert SessionStatus.CLOSING is _newest(shop, other).status

    shop.gateways["old"] = old
    shop.clock.forward(hours=1)
    shop.payments.recover()
    assert SessionStatus.CANCELED is _newest(shop, other).status


def test_a_close_that_is_refused_is_left_to_a_person_and_not_asked_for_again() -> None:
    shop = scripted_shop(close_session=Declined(DECLINE))
    other = shop.opened()

    shop.completed()
    _recovered(shop)

    (closing,) = _closings(shop, other)
    assert closing.waits_for_person is not None
    assert SessionStatus.PENDING is _newest(shop, other).status
    with pytest.raises(NothingDue):
        shop.payments.complete_session(other.id)
    assert 1 == shop.gateway.methods.count("close_session")


def test_whatever_is_heard_of_it_later_a_provider_that_refused_is_not_asked_again() -> None:
    shop = scripted_shop(complete_session=ACTION, close_session=Declined(DECLINE))
    waiting = shop.completed()
    shop.payments.update_payable(order(0))
    assert 1 == len(_closings(shop, waiting))

    for url in ("https://bank.example/1", "https://bank.example/2"):
        shop.gateway.then("look_up", seen(ActionRequired(Redirect(url))))
        shop.clock.forward(hours=6)
        shop.payments.recover()

    assert 1 == len(_closings(shop, waiting))
    assert 1 == shop.gateway.methods.count("close_session")


def test_a_person_who_cancels_is_not_sent_to_a_person_when_that_is_refused() -> None:
    shop = scripted_shop(close_session=Declined(DECLINE))
    session = shop.opened()

    shop.payments.cancel_session(session.id)

    (closing,) = _closings(shop, session)
    assert closing.waits_for_person is None


NAMED = Accepted(references=References.of(session="cs_9"))


@pytest.mark.parametrize("by", ["policy", "command"])
def test_a_session_that_its_provider_names_only_now_is_closed_there(by: str) -> None:
    shop = scripted_shop(create_session=Accepted())
    session = shop.opened()
    shop.gateway.then("look_up", seen(NAMED))

    if by == "policy":
        shop.payments.update_payable(order(0))
    else:
        shop.payments.cancel_session(session.id)

    assert SessionStatus.CANCELED is _newest(shop, session).status
    (closing,) = (each for each in shop.gateway.calls if isinstance(each, CloseSessionRequest))
    assert "cs_9" == closing.references.get(ReferenceRole.SESSION)


def test_a_crash_before_it_is_closed_there_loses_nothing() -> None:
    shop = scripted_shop(create_session=Accepted(), close_session=Crash())
    session = shop.opened()
    shop.gateway.then("look_up", seen(NAMED))
    with pytest.raises(Crash):
        shop.payments.update_payable(order(0))

    shop.gateway.then("look_up", seen(Canceled()))
    _recovered(shop)

    assert SessionStatus.CANCELED is _newest(shop, session).status
    assert 1 == shop.gateway.methods.count("close_session")


def test_a_close_that_did_not_arrive_is_made_again() -> None:
    shop = bogus_shop()
    other = shop.opened(card(close="unreachable"))

    shop.completed()
    assert SessionStatus.CLOSING is _newest(shop, other).status

    _recovered(shop)
    assert SessionStatus.CANCELED is _newest(shop, other).status


def test_what_covers_the_payable_stands_though_the_others_cannot_be_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = Till()
    other = till.payments.create_session(order(), method=CARD)
    check = till.check()
    get = till.store.get

    def breaking(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        if kind is Attempt:
            raise ConnectionError
        return get(kind, id, tenant=tenant)

    monkeypatch.setattr(till.store, "get", breaking)
    marked = till.payments.mark_paid(check.id)
    monkeypatch.undo()

    assert marked.succeeded
    _recovered(till)
    assert SessionStatus.CANCELED is _newest(till, other).status


# Money that was quicker


def test_money_that_a_close_finds_completes_that_session_too_and_overpaid_is_flagged() -> None:
    shop = scripted_shop(close_session=Captured(eur(100)))
    other = shop.opened()

    shop.completed()

    session = _newest(shop, other)
    assert session.succeeded
    assert ["overpaid"] == [each.kind for each in shop.payment_of(session).discrepancies]
    assert eur(200) == shop.account()["paid"]


def test_both_of_two_sessions_that_were_paid_at_once_are_completed() -> None:
    shop = scripted_shop(KEYLESS, complete_session=TimeoutError())
    first = shop.payments.create_session(order(), method=CARD, amount=eur(50))
    second = shop.payments.create_session(order(), method=CARD, amount=eur(50))
    shop.payments.complete_session(first.id)
    shop.payments.complete_session(second.id)
    shop.payments.update_payable(order(50))
    shop.gateway.then("look_up", seen(Captured(eur(50))))
    shop.clock.forward(minutes=5)
    shop.payments.recover()

    assert [True, True] == [_newest(shop, each).succeeded for each in (first, second)]
    account = shop.payments.balance("or_1")
    assert (eur(100), "overpaid") == (account.paid, account.status)
    assert ["overpaid"] == [
        each.kind for each in shop.payment_of(_newest(shop, first)).discrepancies
    ]


# What waits for the rest to be covered


def test_held_credit_is_taken_and_other_sessions_are_closed_in_one_commit() -> None:
    till = Till()
    credit = till.with_credit(40)
    other = till.payments.create_session(order(), method=CARD)

    till.charged()

    assert PaymentStatus.CAPTURED is till.newest(credit).status
    assert SessionStatus.CANCELED is _newest(till, other).status
    assert eur(100) == till.in_order().paid
