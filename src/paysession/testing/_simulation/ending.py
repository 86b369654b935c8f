"""Bring a world to its end: faults have stopped, and in bounded rounds nothing is left to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from paysession._domain.charges import Charge
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession.stores.port import KINDS
from paysession.testing._invariants import check, sentence_of
from paysession.testing._invariants.events import check_I48
from paysession.testing._invariants.history import InvariantBroken
from paysession.testing._simulation.deeds import recovers
from paysession.testing._simulation.driver import Driver
from paysession.testing._simulation.faults import LOOK_UP, Fault
from paysession.testing._simulation.happenings import HAPPENINGS, decides, sessions_run_out
from paysession.testing._simulation.provider import CALM
from paysession.testing._simulation.shopper import Shopper

_KINDS: Final = tuple(KINDS)
_ROUNDS: Final = (
    *(timedelta(minutes=minutes) for minutes in (5, 20, 120, 600)),
    *(timedelta(days=days) for days in (1, 2, 4, 8)),
)
"""How long each round waits: longer in all than anything stays undecided."""
_LATER_ROUNDS: Final = tuple(timedelta(days=days) for days in (30, 12, 8, 1))
"""The same, until what was settled is looked at for the last time."""


def bring_to_end(shopper: Shopper) -> None:
    """Let everybody do what is left to them, and look at all that came of it."""
    driver = shopper.driver
    driver.troubles.clear()
    shopper.mail.troubles.clear()
    driver.provider.mood = CALM
    may_be_missed = _may_be_missed(driver)
    for number, time in enumerate((*_ROUNDS, *_LATER_ROUNDS) if may_be_missed else _ROUNDS):
        driver.wait(time)
        _provider_finishes(shopper)
        shopper.mail.bring_all()
        if driver.due(_KINDS, limit=1):
            recovers(shopper)
        if number == 2:
            _shop_closes(shopper)
        if number > 2 and driver.attention(limit=1):
            shopper.people.decide()
        shopper.mail.publish()
    driver.backend.come_to_end()
    driver.history.is_over = True
    check(driver.history)
    if shopper.mail.refused:
        raise InvariantBroken("I48", sentence_of(check_I48), str(shopper.mail.refused[0]))


def _may_be_missed(driver: Driver) -> bool:
    """
    Whether something was lost, or a look-up went wrong: what it would have told is found later.

    Where that is not so, all is heard at once; to look at it again would only hide it if not.
    """
    return any(
        fault is Fault.LOST or (kind == LOOK_UP and fault not in HAPPENINGS)
        for fault, kind in driver.faults
    )


def _provider_finishes(shopper: Shopper) -> None:
    provider = shopper.driver.provider
    sessions_run_out(provider)
    while decides(provider):
        pass


def _shop_closes(shopper: Shopper) -> None:
    """Customers who have not come back by now will not."""
    driver = shopper.driver
    for session in tuple(driver.history.entities(PaymentSession)):
        if session.is_open:
            driver.run(driver.begin("shop", "cancel_session", session.id))
    for setup in tuple(driver.history.entities(SetupSession)):
        if setup.is_open:
            driver.run(driver.begin("shop", "cancel_setup_session", setup.id))
    for charge in tuple(driver.history.entities(Charge)):
        if charge.is_waiting:
            driver.run(driver.begin("shop", "abandon_payment", charge.payment_id))
