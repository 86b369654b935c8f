"""How five kinds of providers behave, and the capabilities that they declare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from paysession._money import Money
from paysession.gateways import Capabilities, KeyScope, LastWord
from paysession.gateways.requests import Method
from paysession.testing._simulation.faults import Fault

_LATE: Final = timedelta(days=40)
"""Longer after its settlement than a run has faults: by then all is true that ever will be."""


class Echo(StrEnum):
    """What of ours a provider repeats when it reports."""

    OPERATION = "operation"
    """The id of the operation."""
    OWNER = "owner"
    """The id of the session or payment."""
    NOTHING = "nothing"
    """Only ids of its own."""


@attrs.frozen(kw_only=True)
class Profile:
    """
    One kind of provider to simulate.

    Attributes:
        name: What it is called.
        sentence: What is particular about it.
        capabilities: What its adapter declares.
        lacks: The methods that its adapter does not have.
        tells_times: Whether what it says carries the time at which it happened.
        echo: What of ours its notifications repeat.
        answers_later: Whether captures, voids and refunds are only accepted, and decided later.
        approves_first: Whether the customer approves, and our call completes.
        contradicts_itself: Whether its notifications may say what is not so.
        is_hostile: Whether it gives back and takes more than it should, and talks nonsense.
    """

    name: str
    sentence: str
    capabilities: Capabilities
    lacks: frozenset[Method] = frozenset()
    tells_times: bool = True
    echo: Echo = Echo.OPERATION
    answers_later: bool = False
    approves_first: bool = False
    contradicts_itself: bool = False
    is_hostile: bool = False

    def knows(self, fault: Fault) -> bool:
        """Whether such a provider can have a fault: one that ignores keys forgets none."""
        can = self.capabilities
        match fault:
            case Fault.REPEATED_ON_THE_WAY | Fault.KEY_FORGOTTEN:
                return can.honours_keys
            case Fault.KEY_IN_FLIGHT | Fault.KEY_MISMATCH:
                return can.honours_keys
            case Fault.ERROR_REPLAYED:
                return can.honours_keys and can.replays_errors
            case Fault.KEY_IGNORED:
                return not can.honours_keys
            case Fault.ERROR_NOT_KEPT:
                return not can.replays_errors
            case _:
                return True


def _paypal_over_capture(held: Money) -> Money:
    """Allow 15 percent more, and no more than 75.00: PayPal's documented bounds."""
    return Money.from_minor(min(held.minor * 15 // 100, 7500), held.currency)


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Profile(
                name="stripe",
                sentence="answers at once, tells everything again, and honours keys for a day",
                capabilities=Capabilities(
                    several_captures=False,
                    first_capture_closes=True,
                    void_after_capture=False,
                    look_up_is_authoritative=True,
                    look_up_grace=timedelta(minutes=10),
                    recheck_schedule=(timedelta(days=1), _LATE),
                ),
            ),
            Profile(
                name="adyen",
                sentence="accepts every modification, decides later, and puts no times on it",
                capabilities=Capabilities(
                    partial_voids=False,
                    replays_errors=False,
                    key_scope=KeyScope.OPERATION,
                    key_window=timedelta(days=7),
                ),
                lacks=frozenset({"look_up", "update_session", "close_session", "cancel_refund"}),
                tells_times=False,
                echo=Echo.OWNER,
                answers_later=True,
                contradicts_itself=True,
            ),
            Profile(
                name="paypal",
                sentence="lets the customer approve, renames what it holds, refunds per capture",
                capabilities=Capabilities(
                    over_capture=_paypal_over_capture,
                    refunds_per_capture=True,
                    key_window=timedelta(hours=72),
                    look_up_is_authoritative=True,
                    look_up_grace=timedelta(minutes=10),
                    recheck_schedule=(_LATE,),
                ),
                lacks=frozenset({"cancel_refund"}),
                approves_first=True,
            ),
            Profile(
                name="mollie",
                sentence="only hints that something has changed, and tells what when it is asked",
                capabilities=Capabilities(
                    signs_facts=False,
                    partial_voids=True,
                    look_up_is_authoritative=True,
                    key_window=timedelta(hours=1),
                    last_word=LastWord.FAILURE,
                    recheck_schedule=(_LATE,),
                ),
                lacks=frozenset({"update_session"}),
                tells_times=False,
                echo=Echo.NOTHING,
            ),
            Profile(
                name="hostile",
                sentence="ignores keys, moves too much, talks nonsense and contradicts itself",
                capabilities=Capabilities(
                    honours_keys=False,
                    replays_errors=False,
                    partial_voids=True,
                    recheck_schedule=(_LATE,),
                ),
                tells_times=False,
                echo=Echo.NOTHING,
                contradicts_itself=True,
                is_hostile=True,
            ),
        )
    }
)
"""The providers that a simulation knows, by name."""
