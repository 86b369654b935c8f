"""What an author writes of a provider, and what is said where it is missing or wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any, cast

import pytest

from paysession import Money
from paysession._money import MinorUnits
from paysession.errors import AmountNotRepresentable
from paysession.gateways import AsyncGateway, BogusGateway, CaptureAnswer, CaptureRequest, Gateway
from paysession.gateways.capabilities import Capabilities
from paysession.outcomes import Captured, References, Unknown
from paysession.testing import GatewayConformance, LawBroken
from paysession.testing._gateways import conformance
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.drawing import smallest
from paysession.testing._gateways.law import CONTROLS, GatewayLaw, law
from paysession.testing._laws.suite import enact
from paysession.testing._laws.verdicts import Verdict

TEN = Money("10", "USD")

Check = Callable[[Bench], object]


def law_of(check: Check) -> GatewayLaw:
    told = "it is as it should be"
    made = law("TRY-1", told, reason="money is lost", source="I1", about="capture")
    return made(cast("Callable[[Bench], None]", check))


def suite_of(check: Check, **attributes: Any) -> GatewayConformance[Any]:
    """A suite of one law, with what an author writes."""
    whole = type("Whole", (GatewayConformance,), {"make_gateway": lambda _: BogusGateway()})
    enact(whole, [law_of(check)])
    return type("TestMine", (whole,), attributes)()  # type: ignore[no-any-return]


def tried(check: Check, **attributes: Any) -> Verdict:
    suite = suite_of(check, **attributes)
    (only,) = suite.laws
    finding = suite.find(only)
    if finding.error is not None:
        raise finding.error
    return finding.verdict


ARGUMENTS: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {
    "another": ((None,), {}),
    "books": ((None, "USD"), {}),
    "decline": ((None, "capture", "51"), {}),
    "knowing": ((None, "whsec_"), {}),
    "lose_answer": ((None, "capture"), {"happened": True}),
    "notifications": ((None,), {}),
    "pass_time": ((None, None), {}),
    "settle": ((None,), {"succeed": True}),
    "sign": ((None, b"", "whsec_"), {}),
    "together": ((), {}),
}


@pytest.mark.parametrize(
    "control", sorted(each for each in CONTROLS if callable(getattr(GatewayConformance, each)))
)
def test_a_control_that_is_not_written_says_so(control: str) -> None:
    positional, named = ARGUMENTS.get(control, ((None, "capture"), {}))
    unwritten: GatewayConformance[Any] = GatewayConformance()
    with pytest.raises(NotImplementedError):
        getattr(unwritten, control)(*positional, **named)
    assert control not in unwritten.written()


def test_a_suite_without_a_gateway_says_what_to_write() -> None:
    with pytest.raises(NotImplementedError, match="write make_gateway"):
        GatewayConformance().make_gateway()


def test_coroutines_that_nobody_awaits_together_are_closed() -> None:
    async def never() -> None:
        raise AssertionError

    with pytest.raises(NotImplementedError):
        GatewayConformance().together(never())


def test_a_law_that_a_control_cannot_play_does_not_apply() -> None:
    def rejects(self: object, gateway: object, method: str) -> None:
        raise NotImplementedError

    suite = suite_of(lambda bench: bench.arm("reject", "capture"), reject=rejects)
    finding = suite.find(suite.laws[0])
    assert Verdict.DOES_NOT_APPLY is finding.verdict
    assert "no way to try it: reject cannot play that for capture" == finding.note


def test_a_law_is_tried_where_a_control_can_play_it_and_passed_over_elsewhere() -> None:
    played: list[str] = []

    def rejects(self: object, gateway: object, method: str) -> None:
        if method != "void":
            raise NotImplementedError

    def check(bench: Bench) -> None:
        for method in ("capture", "void", "refund"):
            with bench.where_it_can_be_played():
                bench.arm("reject", cast("Any", method))
                played.append(method)

    assert Verdict.HOLDS is tried(check, reject=rejects)
    assert ["void"] == played


def test_a_law_of_which_everything_is_passed_over_does_not_apply() -> None:
    def rejects(self: object, gateway: object, method: str) -> None:
        raise NotImplementedError

    def check(bench: Bench) -> None:
        with bench.where_it_can_be_played():
            bench.arm("reject", "capture")

    assert Verdict.DOES_NOT_APPLY is tried(check, reject=rejects)


@pytest.mark.parametrize(
    ("control", "check", "message"),
    [
        ("books", lambda bench: bench.books("USD"), "books.. must return ProviderBooks, not dict"),
        ("notifications", lambda bench: bench.sent(), "notifications.. must return Notification"),
        ("source", lambda bench: bench.charge(TEN), "source.. returned None, and a charge is of"),
    ],
)
def test_what_a_control_returns_must_be_what_it_is_to_return(
    control: str, check: Check, message: str
) -> None:
    wrong: dict[str, object] = {"books": {}, "notifications": [b"body"], "source": None}
    attributes: dict[str, Any] = {control: lambda self, *_: wrong[control]}
    with pytest.raises(TypeError, match=message):
        tried(check, **attributes)


def captures(bench: Bench) -> list[CaptureRequest]:
    return [bench.orders.capture(References.of(authorization="auth_1"), TEN) for _ in range(2)]


class OneFails(Gateway):
    """Answers one of two calls, and knows nothing of the other."""

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        if request.key.endswith("1"):
            raise TimeoutError
        return Captured(request.amount)


class OneFailsAsync(AsyncGateway):
    """The same, awaited."""

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        await asyncio.sleep(0)
        return OneFails().capture(request)


def together(self: object, *tasks: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.gather(*tasks)


@pytest.mark.parametrize("kind", [OneFails, OneFailsAsync])
def test_calls_at_the_same_time_are_answered_each_for_itself(
    kind: type[OneFails | OneFailsAsync],
) -> None:
    def check(bench: Bench) -> None:
        first, second = bench.ask_at_once(captures(bench))
        assert (Unknown, Captured) == (type(first), type(second))
        assert bench.story[-1].startswith("at the same time: capture(")

    attributes: dict[str, Any] = {"run": staticmethod(asyncio.run), "together": together}
    assert Verdict.HOLDS is tried(check, make_gateway=lambda _: kind(), **attributes)


def test_calls_at_the_same_time_that_never_come_back_break_the_law() -> None:
    never = Event()

    class Waits(Gateway):
        def capture(self, request: CaptureRequest) -> CaptureAnswer:
            never.wait()
            return Captured(request.amount)

    with pytest.raises(LawBroken, match="2 of 2 were stuck after"):
        tried(
            lambda bench: bench.ask_at_once(captures(bench)),
            make_gateway=lambda _: Waits(),
            patience_seconds=0.01,
        )
    never.set()


def test_gateways_are_closed_in_the_end_the_newest_first() -> None:
    closed: list[str] = []
    names = iter("abcdef")

    class Named(BogusGateway):
        capabilities = Capabilities()

        def __init__(self) -> None:
            super().__init__()
            self.name = next(names)

    tried(
        lambda bench: bench.another(),
        make_gateway=lambda _: Named(),
        another=lambda self, gateway: Named(),
        close=lambda self, gateway: closed.append(gateway.name),
    )
    assert ["a", "c", "b"] == closed


def test_an_area_that_is_offered_and_cannot_be_tried_makes_a_suite_too_thin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class TestBogus(GatewayConformance[BogusGateway]):
        def make_gateway(self) -> BogusGateway:
            return BogusGateway()

    assert TestBogus().thin() is None
    monkeypatch.setattr(conformance, "AREAS", {"NEW": frozenset({"capture"})})
    assert "no law of NEW can be tried, and the gateway offers ['capture']" == TestBogus().thin()


def test_every_trial_has_ids_of_its_own_where_a_provider_remembers() -> None:
    keys: list[str] = []

    def check(bench: Bench) -> None:
        bench.drawn.amount()
        keys.append(captures(bench)[0].key)

    tried(check, prefix="r1", examples=3)
    assert len(keys) == len(set(keys)) > 1
    assert all(each.startswith("key-r1_") for each in keys)


def test_amounts_in_odd_units_cannot_be_drawn() -> None:
    odd = MinorUnits(name="odd", steps={"USD": 7})
    with pytest.raises(AmountNotRepresentable, match="no multiple of ten can be sent there"):
        smallest("USD", odd)
