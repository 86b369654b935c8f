"""The two facades: the same commands, each with the signature of its world."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from paysession import (
    AsyncPayments,
    Capture,
    CapturePolicy,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    PaymentSession,
    Step,
    _payments,
)
from paysession._payments import Commands, command
from paysession.errors import LimitExceeded, NotFound, UnsafeInput
from paysession.gateways import AsyncBogusGateway, BogusGateway
from paysession.gateways.requests import CaptureRequest
from paysession.stores import AsyncInMemoryStore, InMemoryStore

ORDER = Payable("or_1", total=Money(100, "EUR"))
CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus")
COMMANDS = sorted(name for name, member in vars(Commands).items() if isinstance(member, command))
RETURNS = {"create_session": "PaymentSession", "capture": "Capture", "statement": "Statement"}


def test_both_facades_offer_every_command_and_little_else() -> None:
    for facade in (Payments, AsyncPayments):
        public = {name for name in dir(facade) if not name.startswith("_")}
        assert {"for_tenant", *COMMANDS} <= public


@pytest.mark.parametrize("name", COMMANDS)
def test_the_facades_differ_in_what_a_command_returns_and_in_nothing_else(name: str) -> None:
    sync = inspect.signature(getattr(Payments, name))
    awaited = inspect.signature(getattr(AsyncPayments, name))

    assert sync.parameters == awaited.parameters
    assert f"Coroutine[Any, Any, {sync.return_annotation}]" == awaited.return_annotation
    assert "Flow" not in sync.return_annotation


@pytest.mark.parametrize(("name", "returns"), RETURNS.items())
def test_a_command_returns_the_record_it_is_about(name: str, returns: str) -> None:
    assert returns == inspect.signature(getattr(Payments, name)).return_annotation


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("facade", [Payments, AsyncPayments])
def test_type_hints_resolve(facade: type, name: str) -> None:
    hints = get_type_hints(getattr(facade, name), vars(_payments))

    assert "return" in hints


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("facade", [Payments, AsyncPayments])
def test_help_shows_the_signature_and_what_may_be_raised(facade: type, name: str) -> None:
    shown = pydoc.plain(pydoc.render_doc(getattr(facade, name)))

    assert f"{name}(self" in "".join(shown.split())
    assert inspect.getdoc(getattr(facade, name))
    assert "Flow[" not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_same_name_and_words_on_both_facades(name: str) -> None:
    sync, awaited = getattr(Payments, name), getattr(AsyncPayments, name)

    assert name == sync.__name__ == awaited.__name__
    assert sync.__doc__ == awaited.__doc__
    assert sync is getattr(Payments, name)
    assert not inspect.iscoroutinefunction(sync)
    assert inspect.iscoroutinefunction(awaited)


@pytest.mark.parametrize("name", COMMANDS)
def test_everything_after_the_first_argument_is_by_keyword(name: str) -> None:
    _, *parameters = inspect.signature(getattr(Payments, name)).parameters.values()

    kinds = [parameter.kind for parameter in parameters[1:]]
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds)


def test_a_command_may_be_called_on_the_class_as_any_method() -> None:
    payments = Payments({"bogus": BogusGateway()})

    create_session: Callable[..., PaymentSession] = getattr(Payments, "create_session")  # noqa: B009

    session = create_session(payments, ORDER, method=CARD)

    assert session == payments.get_session(session.id)


def test_a_subclass_offers_the_commands_of_its_facade() -> None:
    class Ours(Payments):
        pass

    session = Ours({"bogus": BogusGateway()}).create_session(ORDER, method=CARD)

    assert isinstance(session, PaymentSession)


def test_an_argument_that_no_command_has_is_refused() -> None:
    payments = Payments({"bogus": BogusGateway()})

    with pytest.raises(TypeError):
        payments.create_session(ORDER, method=CARD, color="red")  # type: ignore[call-arg]


def test_the_same_commands_run_on_an_event_loop() -> None:
    async def sell() -> Capture:
        payments = AsyncPayments({"bogus": AsyncBogusGateway()})
        held = PaymentMethod(id="pm_1", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL)
        session = await payments.create_session(ORDER, method=held)
        session = await payments.complete_session(session.id)
        assert session.payment_id is not None
        await payments.capture(session.payment_id, amount=Money(40, "EUR"))
        return await payments.capture(session.payment_id)

    assert Money(60, "EUR") == asyncio.run(sell()).amount


def test_a_refusal_reaches_whoever_awaits() -> None:
    async def read() -> None:
        await AsyncPayments({}).get_session("ps_1")

    with pytest.raises(NotFound):
        asyncio.run(read())


# Parts


def test_no_part_but_the_gateways_is_needed() -> None:
    payments = Payments({"bogus": BogusGateway()})
    before = datetime.now(UTC)

    session = payments.create_session(ORDER, method=CARD)

    assert before <= session.created_at <= datetime.now(UTC)
    assert re.fullmatch(r"ps_[0-9A-Za-z]{16}", session.id)


def test_two_ids_are_not_the_same() -> None:
    payments = Payments({"bogus": BogusGateway()})

    assert 100 == len({payments.create_session(ORDER, method=CARD).id for _ in range(100)})


@pytest.mark.parametrize(
    "parts",
    [
        {"gateways": {"bogus": AsyncBogusGateway()}},
        {"gateways": {"bogus": object()}},
        {"gateways": {"bogus": BogusGateway}},
        {"gateways": {1: BogusGateway()}},
        {"gateways": BogusGateway()},
        {"gateways": [("bogus", BogusGateway())]},
        {"gateways": None},
        {"gateways": {}, "store": AsyncInMemoryStore()},
        {"gateways": {}, "store": object()},
        {"gateways": {}, "store": InMemoryStore},
        {"gateways": {}, "tenant": 1},
    ],
)
def test_a_part_that_is_none_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Payments(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"gateways": {"bogus": BogusGateway()}},
        {"gateways": AsyncBogusGateway()},
        {"gateways": {}, "store": InMemoryStore()},
    ],
)
def test_a_part_for_the_other_world_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        AsyncPayments(**parts)


class _HalfAsyncGateway(BogusGateway):
    async def capture(self, request: CaptureRequest) -> Any:  # type: ignore[override]
        raise NotImplementedError


class _HalfPlainGateway(AsyncBogusGateway):
    def capture(self, request: CaptureRequest) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("facade", "gateway"),
    [(Payments, _HalfAsyncGateway()), (AsyncPayments, _HalfPlainGateway())],
)
def test_a_gateway_with_one_method_of_the_other_world_is_refused(
    facade: Callable[..., object], gateway: object
) -> None:
    with pytest.raises(TypeError, match="capture of gateway 'bogus' must be"):
        facade({"bogus": gateway})


async def _observe_later(step: Step) -> None:
    raise NotImplementedError


@pytest.mark.parametrize("facade", [Payments, AsyncPayments])
@pytest.mark.parametrize("observer", [None, "print", 7, _observe_later])
def test_an_observer_that_cannot_be_called_at_once_is_refused(
    facade: Callable[..., object], observer: object
) -> None:
    with pytest.raises(TypeError, match="observer"):
        facade({}, observers=[observer])


@pytest.mark.parametrize("facade", [Payments, AsyncPayments])
@pytest.mark.parametrize(
    ("name", "refusal"),
    [("", UnsafeInput), ("a\0", UnsafeInput), ("4242 4242 4242 4242", UnsafeInput)],
)
def test_a_gateway_s_name_is_safe_text(
    facade: Callable[..., object], name: str, refusal: type[Exception]
) -> None:
    gateway = BogusGateway() if facade is Payments else AsyncBogusGateway()

    with pytest.raises(refusal):
        facade({name: gateway})
    with pytest.raises(LimitExceeded):
        facade({"x" * 101: gateway})


def test_gateways_that_are_added_to_the_mapping_later_are_not_known() -> None:
    gateways = {"bogus": BogusGateway()}
    payments = Payments(gateways)
    gateways.clear()

    assert payments.create_session(ORDER, method=CARD).is_open


# Tenants


def test_a_tenant_has_records_of_its_own() -> None:
    payments = Payments({"bogus": BogusGateway()})
    acme = payments.for_tenant("acme")
    session = acme.create_session(ORDER, method=CARD)

    assert session.tenant == "acme"
    assert session == payments.for_tenant("acme").get_session(session.id)
    with pytest.raises(NotFound):
        payments.get_session(session.id)
    assert () == payments.sessions_of("or_1")
    assert () == acme.for_tenant("").sessions_of("or_1")


def test_a_tenant_s_calls_carry_its_name() -> None:
    gateway = BogusGateway()
    Payments({"bogus": gateway}).for_tenant("acme").create_session(ORDER, method=CARD)

    assert ["acme"] == [request.tenant for request in gateway.calls]


def test_a_tenant_s_steps_go_to_the_same_observers() -> None:
    steps: list[Step] = []
    payments = Payments({"bogus": BogusGateway()}, observers=[steps.append])

    payments.for_tenant("acme").create_session(ORDER, method=CARD)

    assert {"acme"} == {step.tenant for step in steps}


def test_a_tenant_on_an_event_loop_has_records_of_its_own() -> None:
    async def sell() -> PaymentSession:
        payments = AsyncPayments({"bogus": AsyncBogusGateway()})
        session = await payments.for_tenant("acme").create_session(ORDER, method=CARD)
        with pytest.raises(NotFound):
            await payments.get_session(session.id)
        return session

    assert asyncio.run(sell()).tenant == "acme"
