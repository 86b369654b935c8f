"""The port: what it asks, what it answers, and what it refuses."""

import asyncio
import typing
from datetime import timedelta
from typing import Any

import attrs
import pytest

from paysession._money import Money
from paysession.errors import UnsafeInput, Unsupported
from paysession.gateways import (
    AsyncGateway,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    Gateway,
    KeyScope,
    LookUpRequest,
    Notification,
    Request,
    no_over_capture,
    operations_of,
    requests,
)
from paysession.gateways.port import METHODS
from paysession.outcomes import NO_REFERENCES, NotAttempted, Pending, Unknown

REQUESTS = [
    each
    for each in vars(requests).values()
    if isinstance(each, type) and issubclass(each, Request) and each is not Request
]

CALLS = [method for method in METHODS if method != "read_notification"]


def answer_of(request: type[Request[object]]) -> object:
    """The answer that a request class declares by its base."""
    (base,) = request.__orig_bases__  # type: ignore[attr-defined]
    (answer,) = typing.get_args(base)
    return answer


def outcomes_in(annotation: object) -> set[object]:
    """The members of a union."""
    return set(typing.get_args(annotation))


def look_up_request() -> LookUpRequest:
    return LookUpRequest(
        key="key-1", operation_id="op_1", tenant="", references=NO_REFERENCES, about="capture"
    )


class OnlyCaptures(Gateway):
    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return Pending(request.operation_id)


class OnlyCapturesLater(AsyncGateway):
    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return Pending(request.operation_id)


def test_there_is_one_request_for_each_method() -> None:
    assert sorted(CALLS) == sorted(request.method for request in REQUESTS)


@pytest.mark.parametrize("port", [Gateway, AsyncGateway])
@pytest.mark.parametrize("request_class", REQUESTS)
def test_the_ports_have_the_method_that_a_request_names(
    request_class: type[Request[object]], port: type
) -> None:
    hints = typing.get_type_hints(getattr(port, request_class.method))
    answered, declared = hints["return"], answer_of(request_class)
    assert hints["request"] is request_class
    if request_class is LookUpRequest:
        # The driver adds what it makes of an exception; an adapter only reports or raises.
        assert outcomes_in(declared) == {answered, NotAttempted, Unknown}
    else:
        assert declared == answered


@pytest.mark.parametrize("request_class", REQUESTS)
def test_a_request_lists_the_answers_that_it_declares(
    request_class: type[Request[object]],
) -> None:
    declared = {typing.get_origin(each) or each for each in outcomes_in(answer_of(request_class))}
    assert declared == set(request_class.answers)


@pytest.mark.parametrize("request_class", REQUESTS)
def test_nobody_needs_to_answer_what_is_not_known(request_class: type[Request[object]]) -> None:
    assert {NotAttempted, Unknown} <= set(request_class.answers)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_overridden_is_refused(method: str) -> None:
    with pytest.raises(Unsupported) as told:
        getattr(Gateway(), method)(_asked_by(method))
    assert ("Gateway", method) == (told.value.gateway, told.value.operation)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_overridden_is_refused_asynchronously(method: str) -> None:
    with pytest.raises(Unsupported) as told:
        asyncio.run(getattr(AsyncGateway(), method)(_asked_by(method)))
    assert ("AsyncGateway", method) == (told.value.gateway, told.value.operation)


def _asked_by(method: str) -> Request[object] | Notification:
    """A request without its fields: a refusal looks at its class alone."""
    if method == "read_notification":
        return Notification(b"", {})
    refused = next(each for each in REQUESTS if each.method == method)
    return refused.__new__(refused)


def test_operations_are_the_methods_that_are_overridden() -> None:
    assert frozenset() == operations_of(Gateway())
    assert frozenset() == operations_of(AsyncGateway())
    assert frozenset({"capture"}) == operations_of(OnlyCaptures())
    assert frozenset({"capture"}) == operations_of(OnlyCapturesLater())


def test_operations_are_inherited() -> None:
    class Narrower(OnlyCaptures):
        """One merchant account of that provider."""

    assert frozenset({"capture"}) == operations_of(Narrower())


def test_a_request_is_a_frozen_value() -> None:
    assert look_up_request() == look_up_request()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        look_up_request().key = "key-2"  # type: ignore[misc]


def test_capabilities_default_to_the_common_case() -> None:
    common = Capabilities()
    assert common == Gateway.capabilities == AsyncGateway.capabilities
    assert (True, False, KeyScope.ACCOUNT, timedelta(hours=24)) == (
        common.honours_keys,
        common.look_up_is_authoritative,
        common.key_scope,
        common.key_window,
    )


def waiting(**times: Any) -> Capabilities:
    return Capabilities(**times)


@pytest.mark.parametrize("name", ["key_window", "longest_call", "look_up_grace"])
def test_a_time_that_is_declared_is_zero_or_more(name: str) -> None:
    for declared in (timedelta(0), timedelta(microseconds=1), timedelta.max):
        assert declared == getattr(waiting(**{name: declared}), name)
    with pytest.raises(UnsafeInput, match=f"^{name} is refused: a time cannot be below zero"):
        waiting(**{name: timedelta(microseconds=-1)})
    with pytest.raises(TypeError, match=f"^{name} must be timedelta, not int"):
        waiting(**{name: 80})


@pytest.mark.parametrize(
    "declared",
    [{"last_word": "success"}, {"key_scope": "account"}, {"signs_facts": 0}, {"minor_units": None}],
)
def test_what_is_declared_by_another_type_is_the_adapters_mistake(declared: Any) -> None:
    with pytest.raises(TypeError, match=f"^{next(iter(declared))} must be [A-Za-z]+, not "):
        Capabilities(**declared)


def test_nothing_may_be_captured_above_what_is_held_unless_declared() -> None:
    assert Money.zero("JPY") == no_over_capture(Money("100", "JPY"))
    assert Money.zero("JPY") == Capabilities().over_capture(Money("100", "JPY"))


def test_an_instance_may_narrow_what_its_class_declares() -> None:
    gateway = OnlyCaptures()
    gateway.capabilities = Capabilities(several_captures=False)
    assert OnlyCaptures().capabilities.several_captures
    assert not gateway.capabilities.several_captures
