"""Synchronous adapters in an asynchronous world."""

import asyncio
import threading
from typing import Any

import pytest
import trio
from gateway_builders import HUNDRED, complete, create, the

from paysession import AsyncPayments, Payable, PaymentMethod
from paysession.errors import GatewayUnreachable, Unsupported
from paysession.gateways import (
    AsyncBogusGateway,
    AsyncGateway,
    BogusGateway,
    Capabilities,
    CaptureAnswer,
    CaptureRequest,
    Gateway,
    OfflineGateway,
    in_threads,
    operations_of,
)
from paysession.outcomes import Accepted, Authorized, Pending

CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus", source_required=False)
ORDER = Payable("or_1", total=HUNDRED)


class OnlyCaptures(Gateway):
    capabilities = Capabilities(several_captures=False)

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return Pending(threading.current_thread().name)


async def at_once(call: Any, *arguments: Any) -> Any:
    """Call it here and now: a thread as far as anybody can tell."""
    return call(*arguments)


@pytest.mark.parametrize("gateway", [BogusGateway(), OnlyCaptures(), OfflineGateway()])
def test_it_offers_exactly_what_the_wrapped_gateway_offers(gateway: Gateway) -> None:
    wrapped = in_threads(gateway, run=asyncio.to_thread)
    assert isinstance(wrapped, AsyncGateway)
    assert operations_of(gateway) == operations_of(wrapped)
    assert gateway.capabilities == wrapped.capabilities
    assert f"{type(gateway).__name__}InThreads" == type(wrapped).__name__


def test_what_is_not_offered_is_refused() -> None:
    wrapped = in_threads(OnlyCaptures(), run=at_once)
    with pytest.raises(Unsupported):
        asyncio.run(wrapped.create_session(create()))


def test_an_account_may_be_narrowed_later() -> None:
    gateway = OnlyCaptures()
    wrapped = in_threads(gateway, run=at_once)
    gateway.capabilities = Capabilities(partial_captures=False)
    assert not wrapped.capabilities.partial_captures


def test_two_wrapped_gateways_have_nothing_in_common() -> None:
    first, second = BogusGateway(), BogusGateway()
    wrapped = in_threads(first, run=at_once)
    in_threads(second, run=at_once)
    the(Accepted, asyncio.run(wrapped.create_session(create())))
    assert (1, 0) == (len(first.calls), len(second.calls))


def test_a_call_is_made_in_another_thread() -> None:
    wrapped = in_threads(OnlyCaptures(), run=asyncio.to_thread)

    async def captured() -> object:
        return await wrapped.capture(CaptureRequest.__new__(CaptureRequest))

    answer = the(Pending, asyncio.run(captured()))
    assert threading.current_thread().name != answer.reason


def test_what_the_gateway_raises_arrives() -> None:
    gateway = BogusGateway()
    wrapped = in_threads(gateway, run=asyncio.to_thread)
    session = gateway.create_session(create(complete="unreachable")).references
    with pytest.raises(GatewayUnreachable):
        asyncio.run(wrapped.complete_session(complete(session)))
    the(Authorized, asyncio.run(wrapped.complete_session(complete(session))))


async def paid(payments: AsyncPayments) -> bool:
    session = await payments.create_session(ORDER, method=CARD)
    return (await payments.complete_session(session.id)).succeeded


def test_it_serves_payments_on_asyncio() -> None:
    gateway = in_threads(BogusGateway(), run=asyncio.to_thread)
    assert asyncio.run(paid(AsyncPayments({"bogus": gateway}, sleep=asyncio.sleep)))


def test_it_serves_payments_on_trio() -> None:
    gateway = in_threads(BogusGateway(), run=trio.to_thread.run_sync)
    assert trio.run(paid, AsyncPayments({"bogus": gateway}, sleep=trio.sleep))


@pytest.mark.parametrize("given", [AsyncBogusGateway(), BogusGateway, None])
def test_only_a_synchronous_gateway_is_wrapped(given: Any) -> None:
    with pytest.raises(TypeError, match="gateway must be a Gateway, not "):
        in_threads(given, run=at_once)
