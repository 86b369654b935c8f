"""What an author writes of a provider, and what is said where it is missing or wrong."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine
from datetime import timedelta
from threading import Event
from typing import Any, cast

import pytest

from paysession import Money
from paysession._money import MinorUnits
from paysession.errors import AmountNotRepresentable
from paysession.gateways import (
    AsyncGateway,
    BogusGateway,
    CaptureAnswer,
    CaptureRequest,
    Gateway,
    LookUpRequest,
)
from paysession.gateways.capabilities import Capabilities
from paysession.outcomes import Captured, References, Report, Unknown
from paysession.testing import GatewayConformance, LawBroken, ProviderBooks
from paysession.testing._gateways import conformance
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.drawing import smallest
from paysession.testing._gateways.law import CONTROLS, GatewayLaw, law
from paysession.testing._laws import threads
from paysession.testing._laws.suite import SuiteTooThin, enact
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


@pytest.mark.parametrize("seed", range(20))
def test_few_examples_are_enough_to_try_what_can_be_played_at_all(seed: int) -> None:
    def rejects(self: object, gateway: object, method: str) -> None:
        if method != "void":
            raise NotImplementedError

    def check(bench: Bench) -> None:
        methods: list[Any] = ["refund", "capture", "void"]
        for method in bench.drawn.some_of(methods):
            with bench.where_it_can_be_played():
                bench.arm("reject", method)

    assert Verdict.HOLDS is tried(check, reject=rejects, examples=1, seed=seed)


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
    ],
)
def test_what_a_control_returns_must_be_what_it_is_to_return(
    control: str, check: Check, message: str
) -> None:
    wrong: dict[str, object] = {"books": {}, "notifications": [b"body"]}
    attributes: dict[str, Any] = {control: lambda self, *_: wrong[control]}
    with pytest.raises(TypeError, match=message):
        tried(check, **attributes)


PLAYED: dict[str, Check] = {
    "another": lambda bench: bench.another(),
    "books": lambda bench: bench.books("USD"),
    "browser_brings": lambda bench: bench.brought(),
    "customer_acts": lambda bench: bench.customer_acts(References()),
    "knowing": lambda bench: bench.knowing("whsec_"),
    "notifications": lambda bench: bench.sent(),
    "pass_time": lambda bench: bench.pass_time(timedelta(days=1)),
    "settle": lambda bench: bench.settle(succeed=False),
    "sign": lambda bench: bench.signed(b"body", "whsec_"),
    "source": lambda bench: bench.source(),
}
"""How a law has each control do something that is told no method."""


@pytest.mark.parametrize("why", ["", "the sandbox has no such thing"])
@pytest.mark.parametrize("control", sorted(PLAYED))
def test_a_control_that_cannot_do_something_says_so_by_its_name(control: str, why: str) -> None:
    def cannot(self: object, *arguments: object, **named: object) -> None:
        raise NotImplementedError(why)

    suite = suite_of(PLAYED[control], **{control: cannot})
    finding = suite.find(suite.laws[0])
    told = f"no way to try it: {control} cannot do that{f': {why}' if why else ''}"
    assert (Verdict.DOES_NOT_APPLY, told) == (finding.verdict, finding.note)


def test_what_a_gateway_has_not_written_is_no_excuse() -> None:
    def check(bench: Bench) -> None:
        assert Unknown("NotImplementedError") == bench.ask(captures(bench)[0])

    class Unwritten(Gateway):
        def capture(self, request: CaptureRequest) -> CaptureAnswer:
            raise NotImplementedError

    assert Verdict.HOLDS is tried(check, make_gateway=lambda _: Unwritten())


def test_what_is_no_answer_names_no_ids_to_be_looked_up_by() -> None:
    def check(bench: Bench) -> None:
        capture = captures(bench)[0]
        assert bench.ask(capture) is None
        assert () == bench.reports(capture)
        assert (capture.references,) == tuple(asked)

    class SaysNothing(Gateway):
        def capture(self, request: CaptureRequest) -> CaptureAnswer:
            return cast("CaptureAnswer", None)

        def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
            asked.append(request.references)
            return ()

    asked: list[References] = []
    assert Verdict.HOLDS is tried(check, make_gateway=lambda _: SaysNothing())


def test_where_nothing_is_stored_no_charge_can_be_tried() -> None:
    suite = suite_of(lambda bench: bench.charge(TEN), source=lambda self, gateway: None)
    finding = suite.find(suite.laws[0])
    told = "no way to try it: source() returned None, and a charge is of a stored source"
    assert (Verdict.DOES_NOT_APPLY, told) == (finding.verdict, finding.note)


def test_where_nothing_is_stored_sales_are_tried_in_sessions() -> None:
    def check(bench: Bench) -> None:
        sales = [request.method for request in bench.sales(TEN)]
        assert ["complete_session"] == sales

    assert Verdict.HOLDS is tried(check, source=lambda self, gateway: None)


@pytest.mark.parametrize("control", sorted(PLAYED))
def test_a_control_that_never_comes_back_is_named_and_called_once(
    control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    never, calls = Event(), list[str]()

    def waits(self: object, *arguments: object, **named: object) -> None:
        calls.append(control)
        never.wait()

    def check(bench: Bench) -> None:
        bench.drawn.amount()
        PLAYED[control](bench)

    monkeypatch.setattr(threads, "LONGEST_SECONDS", 0.1)
    with pytest.raises(LawBroken) as caught:
        tried(check, patience_seconds=0.1, **{control: waits})
    never.set()
    assert f"how long {control}() takes" == caught.value.what
    assert "it did not come back within 0.1 seconds" == str(caught.value.actual)
    assert [control] == calls


BOTH = ("USD", "EUR")
NOTHING = {part: Money("0", "USD") for part in ("held", "taken", "released", "given_back")}


def look_into_the_books(bench: Bench) -> None:
    with bench.unmoved("while nothing happens"):
        pass


def test_books_that_are_awaited_are_read_one_after_the_other() -> None:
    seen: list[str] = []

    async def books(self: object, gateway: object, currency: str) -> ProviderBooks:
        seen.append(f"{currency} is asked for")
        await asyncio.sleep(0)
        seen.append(f"{currency} is told")
        return ProviderBooks(**NOTHING)

    run = staticmethod(asyncio.run)
    assert Verdict.HOLDS is tried(look_into_the_books, books=books, currencies=BOTH, run=run)
    once = [f"{currency} is {what}" for currency in BOTH for what in ("asked for", "told")]
    assert once * 2 == seen


def test_books_that_cannot_be_read_leave_nothing_that_is_never_awaited() -> None:
    asked: list[str] = []

    async def books(self: object, gateway: object, currency: str) -> ProviderBooks:
        asked.append(currency)
        await asyncio.sleep(0)
        raise NotImplementedError

    attributes: dict[str, Any] = {"books": books, "currencies": BOTH}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        verdict = tried(look_into_the_books, run=staticmethod(asyncio.run), **attributes)
        gc.collect()
    assert Verdict.DOES_NOT_APPLY is verdict
    assert (["USD"], []) == (asked, [str(each.message) for each in warned])


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

    TestBogus().test_enough_laws_are_tried()
    monkeypatch.setattr(conformance, "AREAS", {"NEW": frozenset({"capture"})})
    monkeypatch.setattr(TestBogus, "can_be_tried", lambda self, law: True)
    with pytest.raises(
        SuiteTooThin, match=r"^no law of NEW can be tried, and the gateway offers \['capture'\]$"
    ):
        TestBogus().test_enough_laws_are_tried()


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
