"""A task canceled inside a call leaves its operation open, and recovery finds out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs
import pytest
import trio
from async_shop import awaits_in
from books import check_closed, check_kept, check_not_doubled
from crashes import check_canceled
from shop import CARD, ORDER, Shop, recover
from stories import TALES
from telling import usd

from paysession import AsyncPayments, CapturePolicy, StoredSource
from paysession.gateways.bogus import AsyncBogusGateway
from paysession.gateways.requests import (
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    RefundAnswer,
    RefundRequest,
    Request,
    VoidAnswer,
    VoidRequest,
)
from paysession.stores import AsyncInMemoryStore

T = TypeVar("T")
FEWEST_CANCELLATIONS = 100
CALLS = (
    "complete_session",
    "capture",
    "void",
    "refund",
    "charge",
    "create_setup_session",
    "complete_setup_session",
)
SOURCE = StoredSource(id="src_1", profile_id="tok_1")


class SlowGateway(AsyncBogusGateway):
    """A gateway whose call of one kind waits for ever, before its effect or after it."""

    def __init__(self, shop: Shop, *, slow: str, after: bool, wait: Callable[[], Awaitable[None]]):
        super().__init__(provider=shop.bogus.provider)
        self._slow, self._after, self._wait = slow, after, wait

    async def _slowly(self, request: Request[T]) -> T:
        if request.method != self._slow:
            return self.provider.answer(request)
        if not self._after:
            await self._wait()
        answer = self.provider.answer(request)
        await self._wait()
        return answer

    async def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        return await self._slowly(request)

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return await self._slowly(request)

    async def void(self, request: VoidRequest) -> VoidAnswer:
        return await self._slowly(request)

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        return await self._slowly(request)

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        return await self._slowly(request)

    async def create_setup_session(
        self, request: CreateSetupSessionRequest
    ) -> CreateSetupSessionAnswer:
        return await self._slowly(request)

    async def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        return await self._slowly(request)


@attrs.frozen
class Customer:
    """Buys, until the slow call."""

    payments: AsyncPayments
    slow: str

    async def buys(self) -> None:
        match self.slow:
            case "charge":
                await self.payments.charge(ORDER, method=CARD, source=SOURCE)
            case "create_setup_session" | "complete_setup_session":
                setup_session = await self.payments.create_setup_session(CARD)
                await self.payments.complete_setup_session(setup_session.id)
            case _:
                await self._pays_in_a_session()

    async def _pays_in_a_session(self) -> None:
        is_later = self.slow == "refund"
        policy = CapturePolicy.AUTOMATIC if is_later else CapturePolicy.MANUAL
        session = await self.payments.create_session(
            ORDER, method=CARD, source=SOURCE, capture=policy
        )
        session = await self.payments.complete_session(session.id)
        assert session.payment_id is not None
        await getattr(self.payments, self.slow)(session.payment_id)


def customer(shop: Shop, gateway: SlowGateway, slow: str) -> Customer:
    payments = AsyncPayments(
        {"bogus": gateway},
        store=AsyncInMemoryStore(shop.books),
        clock=shop.clock,
        ids=shop.new_id,
    )
    return Customer(payments, slow)


def check_left_open(shop: Shop) -> None:
    check_kept(shop)
    assert len(shop.unresolved) == 1
    recover(shop)
    check_closed(shop)
    check_not_doubled(shop, price=ORDER.total, allowance=usd("0.00"))
    assert all(operation.succeeded for operation in shop.operations)


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("slow", CALLS)
def test_a_canceled_asyncio_task_leaves_its_operation_open(slow: str, after: bool) -> None:
    shop = Shop()

    async def main() -> None:
        is_waiting = asyncio.Event()

        async def wait() -> None:
            is_waiting.set()
            await asyncio.Event().wait()

        gateway = SlowGateway(shop, slow=slow, after=after, wait=wait)
        task = asyncio.create_task(customer(shop, gateway, slow).buys())
        await is_waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    check_left_open(shop)


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("slow", CALLS)
def test_a_canceled_trio_scope_leaves_its_operation_open(slow: str, after: bool) -> None:
    shop = Shop()

    async def main() -> None:
        with trio.CancelScope() as scope:

            async def wait() -> None:
                scope.cancel()
                await trio.sleep_forever()

            gateway = SlowGateway(shop, slow=slow, after=after, wait=wait)
            await customer(shop, gateway, slow).buys()
        assert scope.cancelled_caught

    trio.run(main)
    check_left_open(shop)


def test_a_task_may_be_canceled_at_any_await_of_any_story() -> None:
    """`crash_everything.py` cancels at each of them; here it is at some of each tenth story."""
    cancellations = 0
    for number, tale in enumerate(list(TALES.values())[::10]):
        for each, point in enumerate(awaits_in(tale)[number % 53 :: 53]):
            check_canceled(tale, point, in_trio=bool(each % 2))
            cancellations += 1
    assert cancellations >= FEWEST_CANCELLATIONS
