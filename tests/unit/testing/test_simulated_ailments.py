"""A call to a simulated provider goes wrong in twenty-six ways, each as adapters see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from simulated_worlds import (
    Clock,
    calm_provider,
    capturing,
    charging,
    completing,
    dice,
    looking_up,
    with_held,
    with_session,
)

from paysession.errors import GatewayUnreachable, UnreadableNotification, Unsupported
from paysession.gateways import Gateway, Notification, operations_of
from paysession.outcomes import (
    Authorized,
    Captured,
    Declined,
    Rejected,
    Report,
    Unknown,
    Unreadable,
)
from paysession.testing import PROFILES, Fault
from paysession.testing._simulation.ailments import AILMENTS
from paysession.testing._simulation.deals import Deal
from paysession.testing._simulation.gateway import SimulatedGateway
from paysession.testing._simulation.letters import signed


def ailing(fault: Fault, profile: str = "stripe") -> tuple[SimulatedGateway, Deal]:
    """An adapter of a provider that holds 10.00, and with whose next call something is wrong."""
    provider, deal = with_held(profile)
    gateway = SimulatedGateway.of(provider)
    gateway.ailment = AILMENTS[fault]
    return gateway, deal


def captured(deal: Deal) -> int:
    return sum(each.amount.minor for each in deal.effects if each.kind == "taken")


@pytest.mark.parametrize(
    ("fault", "error", "taken"),
    [
        (Fault.TIME_OUT_BEFORE, TimeoutError, 0),
        (Fault.TIME_OUT_AFTER, TimeoutError, 400),
        (Fault.RESET, ConnectionResetError, 400),
        (Fault.TOO_MANY_REQUESTS, GatewayUnreachable, 0),
        (Fault.SLOW_SUCCESS, TimeoutError, 0),
        (Fault.GARBLED, ValueError, 400),
        (Fault.KEY_FORGOTTEN, TimeoutError, 400),
        (Fault.ODD_TEXT, RuntimeError, 400),
        (Fault.NUMBER_ECHOED, RuntimeError, 400),
    ],
)
def test_an_answer_does_not_come(fault: Fault, error: type[Exception], taken: int) -> None:
    gateway, deal = ailing(fault)
    with pytest.raises(error):
        gateway.capture(capturing(deal, "4.00"))
    assert taken == captured(deal)


@pytest.mark.parametrize(
    ("fault", "answer", "taken"),
    [
        (Fault.SERVER_ERROR_BEFORE, Unknown, 0),
        (Fault.SERVER_ERROR_AFTER, Unknown, 400),
        (Fault.NOT_LET_IN, Rejected, 0),
        (Fault.ID_MISSING, Captured, 400),
        (Fault.REPEATED_ON_THE_WAY, Captured, 400),
        (Fault.KEY_MISMATCH, Unknown, 400),
        (Fault.ERROR_REPLAYED, Unknown, 400),
        (Fault.ERROR_NOT_KEPT, Unknown, 0),
        (Fault.NEVER_SEEN, Unknown, 400),
        (Fault.OVER_WHILE_ASKING, Captured, 400),
        (Fault.HELD_IN_PART, Captured, None),
        (Fault.WRONG_AMOUNT, Captured, None),
        (Fault.ODD_AMOUNT, Unreadable, 400),
    ],
)
def test_an_answer_is_not_what_it_should_be(
    fault: Fault, answer: type[Any], taken: int | None
) -> None:
    gateway, deal = ailing(fault)
    answered: object = gateway.capture(capturing(deal, "4.00"))
    assert isinstance(answered, answer)
    assert taken in (None, captured(deal))


def test_what_names_nothing_is_known_by_no_id() -> None:
    gateway, deal = ailing(Fault.ID_MISSING)
    assert () == tuple(gateway.capture(capturing(deal, "4.00")).references)
    gateway.ailment = None
    request = capturing(deal, "1.00")
    gateway.capture(request)
    gateway.ailment = AILMENTS[Fault.ID_MISSING]
    (report,) = gateway.look_up(looking_up(request.operation_id))
    assert report.our_reference is None


@pytest.mark.parametrize(("luck", "answer"), [(0.1, Declined), (0.9, Unknown)])
def test_a_key_is_under_way(luck: float, answer: type[Any]) -> None:
    gateway, deal = ailing(Fault.KEY_IN_FLIGHT)
    gateway.provider.dice = dice(luck)
    assert isinstance(gateway.capture(capturing(deal, "4.00")), answer)
    assert 400 == captured(deal)


def test_a_stored_error_is_answered_again() -> None:
    gateway, deal = ailing(Fault.ERROR_REPLAYED)
    request = capturing(deal, "4.00")
    first = gateway.capture(request)
    gateway.ailment = None
    assert first == gateway.capture(request)
    assert 400 == captured(deal)


def test_a_hostile_provider_answers_nonsense() -> None:
    gateway, deal = ailing(Fault.GARBLED, "hostile")
    answered: object = gateway.capture(capturing(deal, "4.00"))
    assert type(answered) is object


def test_a_slow_success_arrives_within_the_longest_call() -> None:
    gateway, deal = ailing(Fault.SLOW_SUCCESS)
    with pytest.raises(TimeoutError):
        gateway.capture(capturing(deal, "4.00"))
    gateway.ailment = None
    clock = gateway.provider.books.now
    assert isinstance(clock, Clock)
    gateway.catch_up()
    assert 0 == captured(deal)
    clock.now += gateway.capabilities.longest_call
    gateway.catch_up()
    gateway.catch_up()
    assert 400 == captured(deal)


def test_a_slow_look_up_changes_nothing() -> None:
    gateway, deal = ailing(Fault.SLOW_SUCCESS)
    with pytest.raises(TimeoutError):
        gateway.look_up(looking_up("ca_none"))
    gateway.provider.books.now().__add__(timedelta(0))
    clock = gateway.provider.books.now
    assert isinstance(clock, Clock)
    clock.now += gateway.capabilities.longest_call
    gateway.catch_up()
    assert 0 == captured(deal)


def test_a_look_up_is_not_let_in_either() -> None:
    gateway, _ = ailing(Fault.NOT_LET_IN)
    answered: object = gateway.look_up(looking_up("ca_none"))
    assert isinstance(answered, Unknown)


def test_a_look_up_is_answered_out_of_an_old_copy() -> None:
    provider, deal = with_session()
    request = completing(deal)
    provider.mood = 0.3
    provider.answer(request)
    provider.books.paid(deal)
    gateway = SimulatedGateway.of(provider)
    now = gateway.look_up(looking_up(request.operation_id))
    gateway.ailment = AILMENTS[Fault.TWO_ANSWERS]
    before = gateway.look_up(looking_up(request.operation_id))
    assert [type(each.fact) for each in now] != [type(each.fact) for each in before]
    gateway.ailment = AILMENTS[Fault.SEEN_LATER]
    assert () == gateway.look_up(looking_up(request.operation_id))


def test_the_odd_amount_is_over_with_its_call() -> None:
    provider = calm_provider()
    gateway = SimulatedGateway.of(provider)
    gateway.ailment = AILMENTS[Fault.HELD_IN_PART]
    first = gateway.charge(charging(manual=True))
    gateway.ailment = None
    second = gateway.charge(charging(manual=True))
    assert isinstance(first, Authorized)
    assert isinstance(second, Authorized)
    assert first.amount < second.amount


def test_a_look_up_says_which_faults_it_tells_of() -> None:
    provider = calm_provider()
    gateway = SimulatedGateway.of(provider)
    gateway.ailment = AILMENTS[Fault.HELD_IN_PART]
    request = charging()
    gateway.charge(request)
    gateway.ailment = None
    gateway.look_up(looking_up(request.operation_id))
    assert (Fault.HELD_IN_PART,) == gateway.heard_now()
    assert () == gateway.heard_now()


def test_a_notification_may_be_misread() -> None:
    gateway, _ = ailing(Fault.NUMBER_ECHOED)
    body = b'["evt_1"]'
    headers = signed(body, gateway.provider.books.now())
    with pytest.raises(UnreadableNotification):
        gateway.read_notification(Notification(body, headers))
    assert gateway.misread
    gateway.ailment = None
    assert 1 == len(gateway.read_notification(Notification(body, headers)))
    assert not gateway.misread


@pytest.mark.parametrize("profile", PROFILES)
def test_an_adapter_has_the_methods_of_its_profile(profile: str) -> None:
    gateway = SimulatedGateway.of(calm_provider(profile))
    everything = operations_of(SimulatedGateway(calm_provider(profile)))
    assert everything - PROFILES[profile].lacks == operations_of(gateway)


def test_what_a_profile_lacks_is_refused() -> None:
    gateway: Gateway = SimulatedGateway.of(calm_provider("adyen"))
    with pytest.raises(Unsupported):
        gateway.look_up(looking_up("ca_1"))


def test_reports_are_values() -> None:
    assert Report(Unknown()) == Report(Unknown())
