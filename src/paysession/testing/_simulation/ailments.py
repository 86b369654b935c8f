"""The ways in which a call to a provider's adapter goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, NoReturn, cast

import attrs

from paysession._domain.failures import FailureCode
from paysession.errors import GatewayUnreachable
from paysession.gateways.requests import LookUpRequest, Request
from paysession.outcomes import NO_REFERENCES, Outcome, Report, Unknown
from paysession.testing._simulation.books import declined, rejected, twist_of
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.gateway import CARD_NUMBER, Ailment, SimulatedGateway

_ODD_TEXT: Final = "odd \x00 \ud800 \u202e text"


def _times_out_before(_: SimulatedGateway, __: Request[Any]) -> NoReturn:
    raise TimeoutError("no answer")


def _times_out_after(gateway: SimulatedGateway, request: Request[Any]) -> NoReturn:
    gateway.perform(request)
    raise TimeoutError("no answer")


def _is_reset(gateway: SimulatedGateway, request: Request[Any]) -> NoReturn:
    gateway.perform(request)
    raise ConnectionResetError("connection reset by peer")


def _fails_before(_: SimulatedGateway, __: Request[Any]) -> Unknown:
    return Unknown("500")


def _fails_after(gateway: SimulatedGateway, request: Request[Any]) -> Unknown:
    gateway.perform(request)
    return Unknown("500")


def _has_no_time(_: SimulatedGateway, __: Request[Any]) -> NoReturn:
    raise GatewayUnreachable("429, retry after 2 seconds")


def _lets_nobody_in(_: SimulatedGateway, request: Request[Any]) -> Outcome:
    return Unknown("401") if isinstance(request, LookUpRequest) else rejected("401")


def _succeeds_late(gateway: SimulatedGateway, request: Request[Any]) -> NoReturn:
    longest = int(gateway.capabilities.longest_call.total_seconds())
    gateway.later(request, timedelta(seconds=gateway.provider.dice.randint(1, longest)))
    raise TimeoutError("no answer yet")


def _answers_garbled(gateway: SimulatedGateway, request: Request[Any]) -> object:
    gateway.perform(request)
    if gateway.provider.profile.is_hostile:
        return object()
    raise ValueError("expecting value: line 1 column 1")


def _names_nothing(gateway: SimulatedGateway, request: Request[Any]) -> object:
    answer = gateway.perform(request)
    if isinstance(answer, tuple):
        reports = cast("tuple[Report, ...]", answer)
        return tuple(attrs.evolve(each, our_reference=None) for each in reports)
    return attrs.evolve(answer, references=NO_REFERENCES)


def _answers_otherwise(gateway: SimulatedGateway, request: Request[Any]) -> tuple[Report, ...]:
    """Answer a look-up out of a copy that is behind."""
    assert isinstance(request, LookUpRequest)
    return gateway.provider.look_up(request, behind=1)


def _finds_nothing_yet(_: SimulatedGateway, __: Request[Any]) -> tuple[Report, ...]:
    return ()


def _is_sent_twice(gateway: SimulatedGateway, request: Request[Any]) -> object:
    gateway.perform(request)
    return gateway.perform(request)


def _is_under_way(gateway: SimulatedGateway, request: Request[Any]) -> Outcome:
    gateway.perform(request)
    if gateway.provider.dice.random() < 0.5:
        return declined(FailureCode.DUPLICATE)
    return Unknown("409: a request with this key is under way")


def _mistakes_the_key(gateway: SimulatedGateway, request: Request[Any]) -> Unknown:
    gateway.perform(request)
    return Unknown("400: this key was used for another request")


def _keeps_its_error(gateway: SimulatedGateway, request: Request[Any]) -> Unknown:
    gateway.perform(request)
    error = Unknown("500")
    gateway.provider.jobs[request.operation_id][-1].answer = error
    return error


def _says_something_new(gateway: SimulatedGateway, request: Request[Any]) -> Unknown:
    gateway.perform(request)
    return Unknown("status sim_transmogrified")


def _says_it_oddly(gateway: SimulatedGateway, request: Request[Any]) -> NoReturn:
    gateway.perform(request)
    raise RuntimeError(_ODD_TEXT)


def _repeats_a_number(gateway: SimulatedGateway, request: Request[Any]) -> NoReturn:
    gateway.perform(request)
    raise RuntimeError(f"declined: card {CARD_NUMBER}")


def _moves_otherwise(fault: Fault) -> Ailment:
    def ail(gateway: SimulatedGateway, request: Request[Any]) -> object:
        books = gateway.provider.books
        books.twist = twist_of(gateway.provider.dice, fault)
        try:
            return gateway.perform(request)
        finally:
            books.twist = None

    return ail


def _outlives(gateway: SimulatedGateway, request: Request[Any]) -> object:
    """Answer as if nothing were; the simulation lets time pass meanwhile."""
    return gateway.perform(request)


AILMENTS: Final[Mapping[Fault, Ailment]] = MappingProxyType(
    {
        Fault.TIME_OUT_BEFORE: _times_out_before,
        Fault.TIME_OUT_AFTER: _times_out_after,
        Fault.RESET: _is_reset,
        Fault.SERVER_ERROR_BEFORE: _fails_before,
        Fault.SERVER_ERROR_AFTER: _fails_after,
        Fault.TOO_MANY_REQUESTS: _has_no_time,
        Fault.NOT_LET_IN: _lets_nobody_in,
        Fault.SLOW_SUCCESS: _succeeds_late,
        Fault.GARBLED: _answers_garbled,
        Fault.ID_MISSING: _names_nothing,
        Fault.TWO_ANSWERS: _answers_otherwise,
        Fault.REPEATED_ON_THE_WAY: _is_sent_twice,
        Fault.KEY_IGNORED: _times_out_after,
        Fault.KEY_FORGOTTEN: _times_out_after,
        Fault.KEY_IN_FLIGHT: _is_under_way,
        Fault.KEY_MISMATCH: _mistakes_the_key,
        Fault.ERROR_REPLAYED: _keeps_its_error,
        Fault.ERROR_NOT_KEPT: _fails_before,
        Fault.HELD_IN_PART: _moves_otherwise(Fault.HELD_IN_PART),
        Fault.WRONG_AMOUNT: _moves_otherwise(Fault.WRONG_AMOUNT),
        Fault.ODD_AMOUNT: _moves_otherwise(Fault.ODD_AMOUNT),
        Fault.NEVER_SEEN: _says_something_new,
        Fault.OVER_WHILE_ASKING: _outlives,
        Fault.ODD_TEXT: _says_it_oddly,
        Fault.SEEN_LATER: _finds_nothing_yet,
        Fault.NUMBER_ECHOED: _repeats_a_number,
    }
)
"""What a call comes to when something goes wrong with it."""
