"""The shipped gateways keep every law that speaks of what they do, and so do unusual ones."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
import trio
from bogus_suite import AsyncBogusSuite, BogusSuite
from credit_suites import AsyncOfflineSuite, AsyncStoreCreditSuite, OfflineSuite, StoreCreditSuite
from hypothesis import settings
from unusual_gateways import UNUSUAL

from paysession.gateways import in_threads
from paysession.gateways.requests import Method
from paysession.testing import GatewayConformance
from paysession.testing._gateways.laws import LAWS
from paysession.testing._laws.verdicts import Verdict

IS_DEEP = settings().max_examples > 100
SOME = None if IS_DEEP else 5
FEW = None if IS_DEEP else 2
"""How many examples are tried, and on those that are tried beside others of their kind."""


class TestBogus(BogusSuite):
    examples = SOME


class TestAsyncBogus(AsyncBogusSuite):
    examples = FEW
    run = staticmethod(asyncio.run)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.gather(*tasks)


class TestAsyncBogusOnTrio(AsyncBogusSuite):
    examples = FEW

    def run(self, main: Coroutine[Any, Any, None], /) -> None:
        async def whole() -> None:
            await main

        trio.run(whole)


class TestBogusInThreads(BogusSuite):
    examples = FEW
    run = staticmethod(asyncio.run)

    def make_gateway(self) -> Any:
        return in_threads(super().make_gateway(), run=asyncio.to_thread)

    def another(self, gateway: Any) -> Any:
        return in_threads(super().another(gateway), run=asyncio.to_thread)

    def knowing(self, gateway: Any, *secrets: str) -> Any:
        return in_threads(super().knowing(gateway, *secrets), run=asyncio.to_thread)


class TestStoreCredit(StoreCreditSuite):
    examples = SOME


class TestAsyncStoreCredit(AsyncStoreCreditSuite):
    examples = FEW


class TestOffline(OfflineSuite):
    examples = SOME


class TestAsyncOffline(AsyncOfflineSuite):
    examples = FEW


globals().update(
    {
        f"Test{each.__name__}": type(f"Test{each.__name__}", (each,), {"examples": FEW})
        for each in UNUSUAL
    }
)


@pytest.mark.parametrize("suite", UNUSUAL, ids=lambda suite: suite.__name__)
def test_an_unusual_gateway_needs_no_deviation(suite: type[GatewayConformance[Any]]) -> None:
    assert {} == suite.deviations


def test_every_law_applies_to_one_of_them() -> None:
    kinds: list[type[GatewayConformance[Any]]] = [TestBogus, TestAsyncBogus, *UNUSUAL]
    suites = [kind() for kind in kinds]
    untried = {law.code for law in LAWS if all(suite.missing(law) for suite in suites)}
    assert set() == untried


class HardToScript(BogusSuite):
    """Hardly anything can be told to the provider, and laws are tried as far as it can."""

    examples = FEW

    def arm(self, method: Method, behaviour: str) -> None:
        if method != "capture":
            raise NotImplementedError
        super().arm(method, behaviour)


@pytest.mark.parametrize("code", ["DECL-5", "LOOK-3", "SEC-2", "TIME-2", "TOT-1", "UNK-1"])
def test_what_one_method_can_be_told_is_enough_to_try_a_law(code: str) -> None:
    law = next(each for each in LAWS if each.code == code)
    assert Verdict.HOLDS is HardToScript().find(law).verdict
