"""Fifty-three faults, each with the kinds of ask that it reaches, and why no others."""

from __future__ import annotations

import pytest
from simulated_worlds import looking_up

from paysession._flows.asks import Ask, Call, Now, Read, Reading
from paysession.gateways import Notification
from paysession.gateways.port import METHODS
from paysession.testing import Fault
from paysession.testing._simulation.faults import COMMAND, PUBLISH, REACH, kind_of


def kinds_of_asks() -> set[str]:
    asks = (*Ask.__subclasses__(), *Reading.__subclasses__())
    own = {kind.__name__ for kind in asks if kind.__module__ == Ask.__module__}
    return (own - {"Reading", "Call", "Read"}) | set(METHODS)


def test_there_are_the_faults_1_to_53() -> None:
    assert [f"F{number}" for number in range(1, 54)] == [str(fault) for fault in Fault]


@pytest.mark.parametrize("fault", Fault)
def test_each_says_what_it_is_and_how_far_it_reaches(fault: Fault) -> None:
    assert fault.sentence
    assert fault.asks
    assert fault.beyond
    assert set(fault.asks) <= kinds_of_asks() | {COMMAND, PUBLISH}


def test_the_table_has_them_all() -> None:
    assert set(Fault) == set(REACH)


def test_every_kind_of_ask_is_reached_by_a_crash_and_by_other_workers() -> None:
    crashes = (Fault.CRASH_BEFORE_CALL, Fault.CRASH_AFTER_CALL, Fault.CRASH_AFTER_SAVE)
    crashed = set().union(*(fault.asks for fault in crashes))
    assert kinds_of_asks() - {"read_notification"} == crashed
    assert kinds_of_asks() == set(Fault.TWO_WORKERS.asks) == set(Fault.ALL_AT_ONCE.asks)


def test_the_kind_of_a_call_is_the_method_that_is_called() -> None:
    assert "look_up" == kind_of(Call("sim", looking_up("ca_1")))
    assert "read_notification" == kind_of(Read("sim", Notification(b"", {})))
    assert "Now" == kind_of(Now())
