"""Faults that libraries have had, planted one by one: each is seen by the checks of the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from books import BooksWrong, check_closed, check_kept
from crashes import check_impatient, check_recovered, turns_in
from passed_on import PassedOn
from shop import CARD, ORDER, Process, Shop, flow_of, recover
from stories import TALES
from telling import source, usd

from paysession import CapturePolicy, Payment, Payments, PaymentSession
from paysession._domain import disputes as disputes_of_payments
from paysession._domain import recorded
from paysession._domain.balances import NO_EFFECT
from paysession._domain.charging import ChargeSettlement
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.movements import Capture, Refund
from paysession._domain.payable import PayableAccount
from paysession._flows import (
    asks,
    carrying,
    holding,
    looking,
    movements,
    naming,
    requests,
    settling,
    told,
)
from paysession._flows.asks import Ask, Call, Commit, Flow, Unit
from paysession.errors import AmountExceeded, GatewayUnreachable
from paysession.gateways import BogusGateway, Capabilities
from paysession.gateways.requests import CaptureAnswer, CaptureRequest, LookUpRequest
from paysession.outcomes import Declined, NotAttempted, Report
from paysession.stores import Changes, InMemoryStore

Plant = Callable[[pytest.MonkeyPatch], None]


def crash_everywhere(*names: str) -> None:
    for name in names:
        for point in turns_in(TALES[name]):
            check_recovered(TALES[name], point)
            check_impatient(TALES[name], point)


def lost_answers() -> None:
    crash_everywhere("capture all, capture timeout_after", "refund all, refund timeout_after")


def every_turn() -> None:
    crash_everywhere("capture all, capture approve", "refund in parts, refund approve")


def lost_charges() -> None:
    crash_everywhere("charge and take, charge timeout_after")


def split_payments() -> None:
    crash_everywhere("split, complete approve")


def secrets_on_their_way() -> None:
    crash_everywhere("a secret that is sent once, complete_setup timeout_before")


def waiting_refunds() -> None:
    crash_everywhere("refund in parts, refund pending")


class HardToReach(BogusGateway):
    """It sees a call only hours later, and is down when the call is made again."""

    is_down = False

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        if self.is_down:
            raise GatewayUnreachable("connection refused")
        super().capture(request)
        raise TimeoutError

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        return () if self.is_down else super().look_up(request)


def bought(shop: Shop) -> str:
    process = Process(shop)
    kwargs = {"method": CARD, "source": source({}), "capture": CapturePolicy.MANUAL}
    session = process.run(flow_of("create_session", ORDER, **kwargs))
    assert isinstance(session, PaymentSession)
    session = process.run(flow_of("complete_session", session.id))
    assert isinstance(session, PaymentSession)
    assert session.payment_id is not None
    return session.payment_id


def a_provider_that_is_hard_to_reach() -> None:
    shop = Shop()
    can = Capabilities(look_up_is_authoritative=True, look_up_grace=timedelta(hours=3))
    gateway = HardToReach(capabilities=can, clock=shop.clock)
    shop.bogus = shop.gateway = gateway
    payment_id = bought(shop)
    Process(shop).run(flow_of("capture", payment_id))
    gateway.is_down = True
    shop.now += timedelta(hours=1)
    Process(shop).run(flow_of("recover", limit=100))
    gateway.is_down = False
    recover(shop)
    check_closed(shop)


class Beaten(PassedOn):
    """Just before its first commit, somebody else does something."""

    def __init__(self, shop: Shop, meanwhile: Callable[[], object]) -> None:
        super().__init__(shop.books)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def commit(self, changes: Changes) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().commit(changes)


def two_writers() -> None:
    shop = Shop()
    payment_id = bought(shop)

    def payments(store: InMemoryStore | Beaten) -> Payments:
        return Payments(
            {"bogus": shop.bogus}, store=store, clock=shop.clock, ids=shop.new_id, sleep=_no_wait
        )

    def meanwhile() -> object:
        return payments(shop.books).capture(payment_id, amount=usd("60.00"))

    with suppress(AmountExceeded):
        payments(Beaten(shop, meanwhile)).capture(payment_id, amount=usd("60.00"))
    check_kept(shop)
    recover(shop)
    check_closed(shop)


def _no_wait(seconds: float) -> None:
    del seconds


def told_by_letter() -> None:
    crash_everywhere("captured in parts at the provider, told twice", "a capture's id alone")


def disputes() -> None:
    crash_everywhere("disputed and won at the provider, told backwards")


def two_processes() -> None:
    """One is in the middle of its call when the other one recovers."""
    shop = Shop(capabilities=Capabilities(honours_keys=False, look_up_is_authoritative=True))
    payment_id = bought(shop)
    number = len(_asks_until_call(payment_id, shop))
    shop = Shop(capabilities=shop.bogus.capabilities)
    payment_id = bought(shop)
    Interrupted(shop, at=number).run(flow_of("capture", payment_id, amount=usd("60.00")))
    recover(shop)
    check_closed(shop)


def _asks_until_call(payment_id: str, shop: Shop) -> list[Ask[Any]]:
    process = Process(shop)
    process.run(flow_of("capture", payment_id, amount=usd("60.00")))
    call = next(each for each in process.asks if isinstance(each, Call))
    return process.asks[: process.asks.index(call) + 1]


class Interrupted(Process):
    """Two minutes pass before its `at`-th ask, in which another process recovers."""

    def __init__(self, shop: Shop, *, at: int) -> None:
        super().__init__(shop)
        self._at = at

    def _performed(self, ask: Ask[Any]) -> object:
        if len(self.asks) + 1 == self._at:
            self.shop.now += timedelta(seconds=100)
            Process(self.shop).run(flow_of("recover", limit=100))
        return super()._performed(ask)


def take_a_timeout_for_a_decline(patch: pytest.MonkeyPatch) -> None:
    decline = Declined(Failure(FailureCode.UNKNOWN_DECLINE))
    patch.setattr(asks, "Unknown", lambda reason: decline)


def send_a_fresh_key_each_time(patch: pytest.MonkeyPatch) -> None:
    number, common = count(), requests._common

    def fresh(operation: Any) -> Any:
        return {**common(operation), "key": f"{operation.id}-{next(number)}"}

    patch.setattr(requests, "_common", fresh)


def call_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    pending: list[Any] = []

    def decided_only(unit: Callable[[], Unit[Any]]) -> Callable[[], Flow[Any]]:
        def decide() -> Flow[Any]:
            result = yield from unit()
            pending.append(result)
            return result

        return decide

    def called_first(operation: Any) -> Flow[Any]:
        fact = yield from Call(operation.gateway, requests.request_for(operation))
        yield from Commit(Changes.of(filter(None, pending.pop()), tenant=""))
        return (yield from carrying._settled(operation, fact, EvidenceSource.RESPONSE))

    patch.setattr(movements, "deciding", decided_only)
    patch.setattr(movements, "carry_out", called_first)


def reserve_nothing_for_refunds(patch: pytest.MonkeyPatch) -> None:
    def effect(refund: Refund) -> object:
        return {"refunded": refund.moved_amount} if refund.succeeded else NO_EFFECT

    patch.setattr(Refund, "effect", property(effect))


def believe_that_a_repeat_which_did_not_arrive_never_happened(patch: pytest.MonkeyPatch) -> None:
    def called(operation: Any, description: Any) -> Flow[Any]:
        outcome = yield from Call(operation.gateway, requests.request_for(operation))
        return (yield from carrying._settled(operation, outcome, EvidenceSource.RESPONSE))

    patch.setattr(carrying, "_called", called)


def believe_what_is_not_found_at_once(patch: pytest.MonkeyPatch) -> None:
    def decided(operation: Any, *_: object) -> Flow[Any]:
        never = NotAttempted("the provider does not know it")
        return (yield from carrying._settled(operation, never, EvidenceSource.LOOK_UP))

    patch.setattr(carrying, "_decided", decided)


def let_the_last_writer_win(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(InMemoryStore, "_refuse_conflicts", lambda store, changes: None)


def forget_the_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PayableAccount, "moved", lambda account, old, new, at: account)


def add_a_capture_twice(patch: pytest.MonkeyPatch) -> None:
    def effect(capture: Capture) -> object:
        return {"captured": capture.amount + capture.amount} if capture.succeeded else NO_EFFECT

    patch.setattr(Capture, "effect", property(effect))


def reserve_nothing_for_a_charge(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Payment, "in_flight", property(lambda payment: usd("0.00")))


def forget_what_waits_to_be_covered(patch: pytest.MonkeyPatch) -> None:
    def nothing_follows(*given: Any, **_: object) -> Unit[tuple[object]]:
        yield from ()
        return (given[2],)

    patch.setattr(settling, "followed_up", nothing_follows)


def forget_the_account_of_a_charge(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ChargeSettlement, "_accounted", lambda after, before, evidence: after)


def send_a_secret_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(looking, "holds_secret", lambda operation: False)


def repeat_a_call_that_is_under_way(patch: pytest.MonkeyPatch) -> None:
    """A lease is over before its call, and nobody asks whether the provider knows the key."""
    patch.setattr(carrying, "may_be_repeated", lambda operation, description, now: True)
    patch.setattr(holding, "_LEASE_MARGIN", timedelta(seconds=-79))


def claim_nothing_for_what_is_learnt(patch: pytest.MonkeyPatch) -> None:
    def no_claims(*given: object) -> Unit[tuple[()]]:
        yield from ()
        return ()

    for module in (naming, settling, told):
        patch.setattr(module, "new_claims", no_claims)


def take_each_letter_for_news(patch: pytest.MonkeyPatch) -> None:
    """Neither an id that is learnt counts, nor that the same was said before."""
    claim_nothing_for_what_is_learnt(patch)
    number = count()
    patch.setattr(told, "_identity_of", lambda fact, role: (str(next(number)),))


def believe_the_last_word_on_a_dispute(patch: pytest.MonkeyPatch) -> None:
    def last(facts: tuple[Evidence, ...], *kinds: type) -> object:
        told = [each.fact for each in facts if isinstance(each.fact, kinds)]
        return told[-1] if told else None

    patch.setattr(recorded, "newest", last)
    patch.setattr(disputes_of_payments, "newest", last)


FAULTS: dict[str, tuple[Plant, Callable[[], None]]] = {
    plant.__name__: (plant, story)
    for plant, story in (
        (take_a_timeout_for_a_decline, lost_answers),
        (send_a_fresh_key_each_time, every_turn),
        (call_before_the_commit, every_turn),
        (reserve_nothing_for_refunds, waiting_refunds),
        (
            believe_that_a_repeat_which_did_not_arrive_never_happened,
            a_provider_that_is_hard_to_reach,
        ),
        (believe_what_is_not_found_at_once, a_provider_that_is_hard_to_reach),
        (let_the_last_writer_win, two_writers),
        (forget_the_account, every_turn),
        (add_a_capture_twice, every_turn),
        (reserve_nothing_for_a_charge, lost_charges),
        (forget_the_account_of_a_charge, lost_charges),
        (forget_what_waits_to_be_covered, split_payments),
        (send_a_secret_again, secrets_on_their_way),
        (repeat_a_call_that_is_under_way, two_processes),
        (claim_nothing_for_what_is_learnt, told_by_letter),
        (take_each_letter_for_news, told_by_letter),
        (believe_the_last_word_on_a_dispute, disputes),
    )
}


@pytest.fixture(autouse=True)
def turns_of_its_own() -> Iterator[None]:
    """A story has other turns while something is planted, and they are remembered."""
    turns_in.cache_clear()
    yield
    turns_in.cache_clear()


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, story = FAULTS[name]
    plant(monkeypatch)
    with pytest.raises(BooksWrong):
        story()


@pytest.mark.parametrize("story", dict.fromkeys(story for _, story in FAULTS.values()))
def test_without_a_fault_the_same_check_passes(story: Callable[[], None]) -> None:
    story()
