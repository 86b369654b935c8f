"""The suite of a gateway: what its author sees when a law holds, does not apply or is broken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from threading import Event
from typing import Any
from unittest import SkipTest

import pytest
from hypothesis import settings

from paysession import Money
from paysession.errors import GatewayUnreachable
from paysession.gateways import AsyncGateway, BogusGateway, CaptureAnswer, CaptureRequest, Gateway
from paysession.outcomes import Captured, FailureCode, NotAttempted, References, Unknown
from paysession.testing import GatewayConformance, LawBroken, ProviderBooks
from paysession.testing._gateways import conformance
from paysession.testing._gateways.bench import Bench
from paysession.testing._gateways.calls import NeedsEventLoop
from paysession.testing._gateways.drawing import AnswersDiffer
from paysession.testing._gateways.law import GatewayLaw, law
from paysession.testing._gateways.secrecy import a_gateway_shows_no_secret
from paysession.testing._laws.suite import DeviationKept, Suite, SuiteTooThin, enact
from paysession.testing._laws.verdicts import Verdict

TEN = Money("10", "USD")
LOST = FailureCode.LOST_OR_STOLEN


def law_of(check: Callable[[Bench], None], *, code: str = "TRY-1", **terms: Any) -> GatewayLaw:
    told = {"reason": "money is lost", "source": "I1", "about": "capture"}
    return law(code, "it is as it should be", **{**told, **terms})(check)


def asks_for_a_capture(bench: Bench) -> None:
    capture = bench.orders.capture(References.of(authorization="auth_1"), TEN)
    bench.one_of(bench.ask(capture), Captured, what="a capture")


CAPTURES = law_of(asks_for_a_capture, needs=("capture",))


class Answering(Gateway):
    """Answers captures as it is told."""

    def __init__(self, answer: Callable[[CaptureRequest], CaptureAnswer]) -> None:
        self._answer = answer

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return self._answer(request)


class AnsweringAsync(AsyncGateway):
    """Answers captures as it is told, and waits for it."""

    def __init__(self, answer: Callable[[CaptureRequest], Coroutine[Any, Any, Any]]) -> None:
        self._answer = answer

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        return await self._answer(request)  # type: ignore[no-any-return]


def honest(request: CaptureRequest) -> CaptureAnswer:
    return Captured(request.amount, references=References.of(capture=f"cap_{request.key}"))


def suite_of(
    *laws: GatewayLaw, gateway: Callable[[], Any] | None = None, **attributes: Any
) -> GatewayConformance[Any]:
    """A suite with laws of its own, as `enact` makes them of all."""
    make = gateway or (lambda: Answering(honest))
    whole = type("Whole", (GatewayConformance,), {"make_gateway": lambda _: make()})
    enact(whole, laws or (CAPTURES,))
    return type("TestMine", (whole,), attributes)()  # type: ignore[no-any-return]


def run_test(suite: Suite, number: int = 0) -> None:
    getattr(suite, suite.laws[number].test_name)()


def test_a_law_that_holds_passes() -> None:
    suite = suite_of()
    run_test(suite)
    assert Verdict.HOLDS is suite.find(CAPTURES).verdict


def test_without_hypothesis_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'paysession\[testing\]'"):
        run_test(suite_of())


def test_a_law_that_does_not_apply_is_skipped_and_names_what_is_missing() -> None:
    needing = law_of(
        asks_for_a_capture,
        needs=("sale", "word", "refund"),
        controls=("books",),
        able=("partial_voids",),
        unable=("partial_captures",),
    )
    expected = (
        "TRY-1 does not apply: TestMine has no operation refund and no session or charge and no "
        "look_up or notifications and no capability partial_voids and no gateway without "
        "partial_captures and no control books"
    )
    with pytest.raises(SkipTest, match=f"^{expected}$"):
        run_test(suite_of(needing))


def test_a_control_that_was_misspelt_is_named_where_it_is_missed() -> None:
    suite = suite_of(law_of(asks_for_a_capture, controls=("books",)), bokos=lambda *_: None)
    with pytest.raises(SkipTest, match=r"no control books \(was bokos meant to be it\?\)$"):
        run_test(suite)


def test_a_broken_law_tells_its_code_its_sentence_both_values_and_what_was_asked() -> None:
    suite = suite_of(gateway=lambda: Answering(lambda _: Unknown("who knows")))
    with pytest.raises(LawBroken) as caught:
        run_test(suite)
    expected = """TRY-1: it is as it should be
why: money is lost (I1)
a capture:
  expected: Captured
  but got:  Unknown('who knows')
what was asked, and what came back:
  1. capture(key='key-cap_1', amount=10.00 USD, references=authorization 'auth_1') → Unknown('who knows')
see: paysession.gateways.Gateway.capture, and docs/gateway-laws.md#try"""  # noqa: E501
    assert expected == str(caught.value).partition("\nagain: ")[0]


def test_a_broken_law_shows_no_secret_that_its_author_has_named() -> None:
    def refused(request: CaptureRequest) -> CaptureAnswer:
        raise ValueError("401: k-123 is no key")

    suite = suite_of(gateway=lambda: Answering(refused), canaries=("k-123",))
    with pytest.raises(LawBroken) as caught:
        run_test(suite)
    assert "→ raised ValueError: 401: [secret] is no key" in str(caught.value)
    assert "k-123" not in str(caught.value)


def test_a_law_of_secrets_shows_none_of_them_however_often_they_stand_there() -> None:
    class Shown(Answering):
        def __repr__(self) -> str:
            return "Shown(k-123, whsec-5)"

    secrets = {"canaries": ("k-123", ""), "webhook_secrets": ("whsec-5",)}
    suite = suite_of(a_gateway_shows_no_secret, gateway=lambda: Shown(honest), **secrets)
    with pytest.raises(LawBroken) as caught:
        run_test(suite)
    assert "the gateway itself shows none of the merchant's secrets" == caught.value.sentence
    assert not re.search("k-123|whsec-5", f"{caught.value} {caught.value.actual}")


@pytest.mark.parametrize("is_fixed", [True, False])
def test_what_was_drawn_can_be_drawn_again(is_fixed: bool) -> None:
    before = settings.get_current_profile_name()
    settings.register_profile("again", derandomize=is_fixed, database=None)
    settings.load_profile("again")
    suite = suite_of(gateway=lambda: Answering(lambda _: Unknown()), seed=7)
    try:
        with pytest.raises(LawBroken) as caught:
            run_test(suite)
    finally:
        settings.load_profile(before)
    expected = "the same is drawn every time" if is_fixed else "write `seed = 7`"
    assert expected == caught.value.again


def test_a_declared_deviation_passes_where_the_law_is_broken() -> None:
    suite = suite_of(gateway=lambda: Answering(lambda _: Unknown()), deviations={"TRY-1": "odd"})
    run_test(suite)
    assert Verdict.DEVIATES is suite.find(CAPTURES).verdict


def test_a_deviation_that_is_none_any_more_fails() -> None:
    suite = suite_of(deviations={"TRY-1": "it was so once"})
    with pytest.raises(DeviationKept, match=r"TRY-1 .* and it is kept: take it off `deviations`"):
        run_test(suite)
    note = "it is declared a deviation, and it is kept: take it off `deviations`"
    assert note == suite.find(CAPTURES).note


def test_a_deviation_from_what_does_not_apply_fails() -> None:
    needing = law_of(asks_for_a_capture, needs=("refund",))
    suite = suite_of(needing, deviations={"TRY-1": "it refunds nothing"})
    with pytest.raises(
        DeviationKept, match=r"but TRY-1 does not apply: .* has no operation refund"
    ):
        run_test(suite)


@pytest.mark.parametrize(
    ("deviations", "message"),
    [
        ({"TRY-9": "so"}, "there is no such law"),
        ({"TRY-1": " "}, "must say why"),
        ({"TRY-1": None}, "must say why"),
        (["TRY-1"], "must be a dict: of codes, and why"),
    ],
)
def test_an_odd_deviation_is_refused_when_the_class_is_made(
    deviations: Mapping[str, str], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        suite_of(deviations=deviations)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"currencies": "EUR"}, "currencies is one text"),
        ({"currencies": ()}, "currencies is empty"),
        ({"currencies": ["EUR", "XQX"]}, "currencies: XQX is not a currency"),
        ({"canaries": "sk_test_1"}, "canaries is one text"),
        ({"declines": ["stolen"]}, "declines must be a dict"),
        ({"declines": {"lost": LOST, "stolen": "lost"}}, "must be a FailureCode, not str"),
    ],
)
def test_an_odd_attribute_is_refused_when_the_class_is_made(
    attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message) as refused:
        suite_of(**attributes)
    assert "sk_test_1" not in str(refused.value)


def test_books_are_kept_in_money() -> None:
    with pytest.raises(TypeError, match="taken must be Money, not int"):
        ProviderBooks(held=TEN, taken=10, released=TEN * 0, given_back=TEN * 0)  # type: ignore[arg-type]


def test_attributes_that_are_made_when_they_are_read_are_not_looked_at() -> None:
    codes, none = property(lambda _: ["EUR"]), property(lambda _: {})
    made: dict[str, Any] = {"currencies": codes, "declines": none}
    assert "canaries" not in suite_of(**made).written()


def test_a_mistake_in_a_control_is_told_in_its_own_words_alone() -> None:
    source = raising(ValueError("no card is left"))
    with pytest.raises(ValueError, match="no card is left") as raised:
        run_test(suite_of(law_of(asks_for_a_source), source=source))
    assert ["while this was tried: TRY-1: it is as it should be"] == raised.value.__notes__


@pytest.mark.parametrize("name", [CAPTURES.test_name, "laws", "test_enough_laws_are_tried"])
def test_a_law_cannot_be_overridden(name: str) -> None:
    attributes: dict[str, Any] = {name: lambda self: None}
    with pytest.raises(TypeError, match=r"cannot be overridden|must not override"):
        suite_of(**attributes)


def test_a_suite_that_tries_next_to_nothing_fails() -> None:
    with pytest.raises(SuiteTooThin, match=r"only 1 .* laws can be tried: write more of the suite"):
        suite_of().test_enough_laws_are_tried()


def asks_for_a_source(bench: Bench) -> None:
    bench.drawn.amount()
    bench.source()


def raising(error: BaseException) -> Callable[[object, object], None]:
    """A control that raises."""

    def source(_self: object, _gateway: object) -> None:
        raise error

    return source


TEN_LAWS = [law_of(asks_for_a_source, code=f"TRY-{number}") for number in range(1, 11)]
OTHER_AREA = law_of(asks_for_a_capture, code="CAP-1")


@pytest.mark.parametrize(
    "error", [NotImplementedError(), SkipTest("no card"), pytest.skip.Exception("no card")]
)
def test_laws_that_apply_and_that_nobody_can_play_are_not_tried(error: BaseException) -> None:
    suite = suite_of(*TEN_LAWS, OTHER_AREA, source=raising(error))
    with pytest.raises(SuiteTooThin, match=r"^only 1 of the laws can be tried: "):
        suite.test_enough_laws_are_tried()


def test_laws_of_which_some_examples_can_be_played_are_tried() -> None:
    turns = iter(range(1000))

    def source(_self: object, _gateway: object) -> None:
        if next(turns) % 7:
            raise NotImplementedError

    suite_of(*TEN_LAWS, OTHER_AREA, source=source).test_enough_laws_are_tried()


def test_laws_that_are_broken_or_that_fail_otherwise_are_tried_all_the_same() -> None:
    broken = suite_of(*TEN_LAWS, OTHER_AREA, gateway=lambda: Answering(lambda _: Unknown()))
    broken.test_enough_laws_are_tried()
    suite_of(*TEN_LAWS, OTHER_AREA, source=raising(OSError())).test_enough_laws_are_tried()


def test_it_is_tried_no_longer_than_it_takes_to_have_tried_enough() -> None:
    drawn: list[str] = []

    def named(number: int) -> GatewayLaw:
        return law_of(lambda _: drawn.append(f"TRY-{number}"), code=f"TRY-{number}")

    suite_of(*map(named, range(1, 99)), OTHER_AREA).test_enough_laws_are_tried()
    assert [f"TRY-{number}" for number in range(1, 10)] == drawn


@pytest.mark.parametrize(
    ("gateway", "offers_nothing", "why"),
    [
        (Gateway, False, "the gateway has no method of its port: if it needs none, say offers_"),
        (BogusGateway, True, "offers_nothing is said of a gateway that offers .*'capture'"),
    ],
)
def test_whether_a_gateway_offers_nothing_is_said(
    gateway: type[Gateway], offers_nothing: bool, why: str
) -> None:
    suite = suite_of(*TEN_LAWS, gateway=gateway, offers_nothing=offers_nothing)
    with pytest.raises(SuiteTooThin, match=why):
        suite.test_enough_laws_are_tried()


def test_a_suite_of_a_gateway_that_offers_nothing_on_purpose_is_not_too_thin() -> None:
    suite_of(gateway=Gateway, offers_nothing=True).test_enough_laws_are_tried()


def test_a_law_that_is_overridden_after_the_class_was_made_is_missed_by_the_others() -> None:
    suite = suite_of(CAPTURES, OTHER_AREA)
    setattr(type(suite), CAPTURES.test_name, lambda self: None)
    with pytest.raises(TypeError, match="hides the law TRY-1"):
        run_test(suite, 1)


@pytest.mark.parametrize("is_of_class", [True, False])
def test_an_odd_deviation_that_is_declared_later_is_refused_too(is_of_class: bool) -> None:
    suite = suite_of()
    told: Any = type(suite) if is_of_class else suite
    told.deviations = {"TRY-9": "so"}
    with pytest.raises(TypeError, match=r"TestMine.deviations names 'TRY-9': there is no such law"):
        run_test(suite)


def test_a_gateway_of_another_class_is_refused() -> None:
    with pytest.raises(TypeError, match="must return BogusGateway, not Answering"):
        run_test(suite_of(gateway_class=BogusGateway))
    with pytest.raises(TypeError, match="must return Gateway or AsyncGateway, not dict"):
        run_test(suite_of(gateway=dict))


def test_what_is_on_trial_is_described() -> None:
    described = suite_of(gateway=BogusGateway).described()
    assert "paysession.gateways.bogus.BogusGateway" == described["adapter"]
    assert "look_up_is_authoritative=True" == described["capabilities"]
    assert "cancel_refund, capture" in described["operations"]
    assert "none" == described["controls"]
    assert "the defaults" == suite_of().described()["capabilities"]
    assert "none" == suite_of(gateway=Gateway).described()["operations"]


def test_an_exception_is_unknown_and_unreachable_is_not_attempted() -> None:
    def unreachable(_: CaptureRequest) -> CaptureAnswer:
        raise GatewayUnreachable("nobody there")

    def broken(_: CaptureRequest) -> CaptureAnswer:
        raise ZeroDivisionError

    for answer, expected in ((unreachable, NotAttempted), (broken, Unknown)):
        with pytest.raises(LawBroken) as caught:
            run_test(suite_of(gateway=partial(Answering, answer)))
        assert expected is type(caught.value.actual)
        assert "→ raised" in caught.value.story[0]


def test_a_call_that_never_comes_back_breaks_the_law() -> None:
    never = Event()

    def waits(request: CaptureRequest) -> CaptureAnswer:
        never.wait()
        return honest(request)

    suite = suite_of(gateway=lambda: Answering(waits), patience_seconds=0.01)
    with pytest.raises(LawBroken, match=r"it did not come back within 0.01 seconds"):
        run_test(suite)
    never.set()


def test_a_gateway_that_answers_at_random_proves_nothing() -> None:
    turns = iter(range(1000))

    def changing(request: CaptureRequest) -> CaptureAnswer:
        return Unknown() if next(turns) == 0 else honest(request)

    with pytest.raises(AnswersDiffer, match="return a gateway at a provider that is fresh"):
        run_test(suite_of(gateway=lambda: Answering(changing)))


def test_a_gateway_that_waits_needs_an_event_loop() -> None:
    async def waits(request: CaptureRequest) -> CaptureAnswer:
        await asyncio.sleep(0)
        return honest(request)

    with pytest.raises(NeedsEventLoop, match=r"write `run = staticmethod\(asyncio.run\)`"):
        run_test(suite_of(gateway=lambda: AnsweringAsync(waits)))
    run_test(suite_of(gateway=lambda: AnsweringAsync(waits), run=staticmethod(asyncio.run)))


def test_an_event_loop_that_fails_is_said_to() -> None:
    def broken(self: object, main: Coroutine[Any, Any, None]) -> None:
        main.close()
        raise OSError("no loop today")

    with pytest.raises(OSError, match="no loop today"):
        run_test(suite_of(run=broken))


def test_a_gateway_that_waits_for_nothing_needs_none() -> None:
    async def at_once(request: CaptureRequest) -> CaptureAnswer:
        return honest(request)

    run_test(suite_of(gateway=lambda: AnsweringAsync(at_once)))
