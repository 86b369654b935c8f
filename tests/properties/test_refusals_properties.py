"""What a command refuses changes nothing, reaches nobody, and says why by a stable code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeAlias

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysession import (
    CapturePolicy,
    CreditCard,
    IdempotencyKey,
    Money,
    Payable,
    PaymentMethod,
    Payments,
    Refund,
    StoreCredit,
    StoredSource,
)
from paysession._money.minor_units import STRIPE
from paysession.errors import (
    AmountExceeded,
    AmountNotRepresentable,
    CurrencyMismatch,
    ExpiredSession,
    IllegalTransition,
    InexactAmount,
    InvalidAmount,
    LimitExceeded,
    MethodUnavailable,
    NotAllowed,
    NotFound,
    NothingDue,
    OperationUnresolved,
    PaySessionError,
    SessionClosing,
    SessionNotSupported,
    SessionRequired,
    SourceRequired,
    UnknownCurrency,
    UnsafeInput,
    Unsupported,
)
from paysession.gateways import BogusGateway, Capabilities, Gateway, OfflineGateway
from paysession.gateways.requests import CompleteSessionRequest, CreateSessionRequest
from paysession.outcomes import Accepted, Captured
from paysession.stores import InMemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Errors: TypeAlias = tuple[type[Exception], ...]


class FewGateway(Gateway):
    """It opens and completes sessions, and can do nothing else."""

    def create_session(self, request: CreateSessionRequest) -> Accepted:
        return Accepted()

    def complete_session(self, request: CompleteSessionRequest) -> Captured:
        return Captured(request.amount)


class World:
    """A shop with one order of 100 euros, of which a session of 60 was opened."""

    def __init__(
        self, *, capabilities: Capabilities | None = None, capture: str = "automatic", **script: str
    ) -> None:
        self.now = NOW
        self.bogus = BogusGateway(capabilities=capabilities, clock=lambda: self.now)
        self.gateways: dict[str, Gateway] = {"bogus": self.bogus}
        self.store = InMemoryStore()
        numbers = count(1)
        self.payments = Payments(
            self.gateways.get,
            store=self.store,
            clock=lambda: self.now,
            ids=lambda prefix: f"{prefix}_{next(numbers)}",
            sleep=lambda _: None,
        )
        source = StoredSource(id="card_1", profile_id=BogusGateway.token(**script))
        session = self.payments.create_session(
            order(),
            method=CARD,
            amount=eur(60),
            source=source,
            capture=CapturePolicy(capture),
            expires_at=NOW + timedelta(hours=1),
        )
        self.session_id = session.id
        self.payment_id = "py_1"
        self.capture_id = "ca_1"

    def completed(self) -> World:
        session = self.payments.complete_session(self.session_id)
        self.payment_id = session.payment_id or "py_1"
        return self

    def snapshot(self) -> object:
        """Everything that is stored, and everything that was asked of the provider."""
        return (
            dict(self.store._entities),
            dict(self.store._claims),
            dict(self.store._outbox),
            self.bogus.calls,
        )


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def order() -> Payable:
    return Payable("or_1", total=eur(100))


CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus")
CHECK = PaymentMethod(
    id="pm_2", name="Check", gateway="check", session_required=False, source_required=False
)
STORED = StoredSource(id="card_1", profile_id="tok_1")


@attrs.frozen
class Made:
    """A value that is made from bad parts, when the command is given."""

    kind: Callable[..., object]
    parts: Mapping[str, object]


@attrs.frozen
class Bad:
    """Arguments that must be refused, where they must be, and by which errors."""

    arguments: Mapping[str, object]
    errors: Errors
    world: Callable[[], World] = World


def refused(bad: Bad, name: str, good: Callable[[World], Mapping[str, object]]) -> None:
    """Give the command, and compare everything before and after."""
    world = bad.world()
    before = world.snapshot()

    with pytest.raises(Exception) as caught:  # noqa: PT011 - any, to show one that is not typed
        getattr(world.payments, name)(
            **{
                name: value.kind(**value.parts) if isinstance(value, Made) else value
                for name, value in {**good(world), **bad.arguments}.items()
            }
        )

    assert type(caught.value) in bad.errors, repr(caught.value)
    if isinstance(caught.value, PaySessionError):
        assert type(caught.value).code == caught.value.code
        assert str(caught.value)
    assert before == world.snapshot()


# Values that nobody can mean

JUNK = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dates(),
    st.builds(object),
)
NOT_TEXT = JUNK
NOT_BOOL = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.floats())
NOT_MONEY = st.one_of(JUNK, st.text(max_size=10), st.just({"amount": 1, "currency": "EUR"}))


def _with_check_digit(digits: str) -> str:
    doubled = (
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
        for place, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-sum(doubled) % 10}"


CARD_NUMBERS = st.one_of(
    st.sampled_from(["5555 5555 5555 4444", "3782 822463 10005", "4242-4242-4242-4242"]),
    st.text("0123456789", min_size=14, max_size=14).map(lambda each: _with_check_digit(f"4{each}")),
)
HOLDING_A_CARD = st.builds(
    "{}{}{}".format, st.sampled_from(["", "card ", "(", "PAN: "]), CARD_NUMBERS, st.just("")
)
UNSTORABLE = st.builds(
    "{}{}{}".format,
    st.text("abc", max_size=5),
    st.sampled_from(["\0", "\ud800", "\udfff", "\n", "\x7f"]),
    st.text("abc", max_size=5),
)
HUGE = st.integers(256, 10_000).map("x".__mul__)

BAD_TEXT = st.one_of(
    st.tuples(NOT_TEXT, st.just((TypeError,))),
    st.tuples(HOLDING_A_CARD | UNSTORABLE | st.just(""), st.just((UnsafeInput,))),
    st.tuples(HUGE.filter(lambda text: len(text) > 255), st.just((LimitExceeded,))),
)
BAD_ID = BAD_TEXT | st.tuples(
    st.sampled_from([" ps_1", "ps_1 ", "\u200b", "ps\u00a01 "]), st.just((UnsafeInput,))
)
UNKNOWN_ID = st.tuples(
    st.one_of(st.sampled_from(["ps_0", "PS_1", "py_9", "\u017f", "../ps_1"]), st.text(max_size=30)),
    st.just((NotFound, UnsafeInput)),
)

BAD_MONEY = st.one_of(
    st.tuples(st.floats() | st.booleans() | st.none() | st.binary(), st.just((TypeError,))),
    st.tuples(
        st.sampled_from(
            ["NaN", "sNaN", "Infinity", "-inf", "1E+999999", "1e-999999", "1_000", "١٢", " 1", ""]
        ),
        st.just((InvalidAmount, InexactAmount)),
    ),
    st.tuples(st.integers(10**17, 10**40), st.just((InvalidAmount,))),
    st.tuples(st.sampled_from(["0.001", "1.999", "1e-3"]), st.just((InexactAmount, InvalidAmount))),
).map(lambda pair: (Made(Money, {"amount": pair[0], "currency": "EUR"}), pair[1])) | st.tuples(
    st.sampled_from(["", "eur", "XXXX", "EU", "€", "ZZZ", "\u0131sk"]).map(
        lambda code: Made(Money, {"amount": 1, "currency": code})
    ),
    st.just((UnknownCurrency,)),
)


def bad_amounts(most: int) -> st.SearchStrategy[tuple[object, Errors]]:
    """Amounts that cannot be asked for where there are `most` euros."""
    return st.one_of(
        st.tuples(NOT_MONEY, st.just((TypeError,))),
        BAD_MONEY,
        st.tuples(
            st.integers(-(10**6), 0).map(lambda minor: Money.from_minor(minor, "EUR")),
            st.just((InvalidAmount,)),
        ),
        st.tuples(
            st.integers(most * 100 + 1, 10**12).map(lambda minor: Money.from_minor(minor, "EUR")),
            st.just((AmountExceeded,)),
        ),
        st.tuples(
            st.sampled_from(["USD", "JPY", "KWD"]).map(lambda code: Money(1, code)),
            st.just((CurrencyMismatch,)),
        ),
    )


BAD_METADATA = st.one_of(
    st.tuples(
        JUNK | st.just({1: "x"}) | st.dictionaries(st.just("k"), JUNK, min_size=1),
        st.just((TypeError,)),
    ),
    st.tuples(
        st.one_of(
            st.just({f"k{number}": "" for number in range(51)}),
            st.just({"k" * 41: "v"}),
            st.just({"k": "v" * 501}),
        ),
        st.just((LimitExceeded,)),
    ),
    st.tuples(
        st.one_of(
            st.dictionaries(HOLDING_A_CARD, st.just("v"), min_size=1, max_size=1),
            st.dictionaries(st.just("k"), HOLDING_A_CARD, min_size=1, max_size=1),
            st.dictionaries(
                st.sampled_from(["k\0", "k\ud800", "", "a[b]"]), st.just("v"), min_size=1
            ),
            st.dictionaries(st.just("k"), st.sampled_from(["v\0", "v\ud800"]), min_size=1),
            st.dictionaries(
                st.sampled_from(["cvc", "CVV2", "card_number"]), st.just("1"), min_size=1
            ),
        ),
        st.just((UnsafeInput,)),
    ),
)
BAD_EXTERNAL_DATA = st.one_of(
    st.tuples(JUNK, st.just((TypeError,))),
    st.tuples(
        st.sampled_from(
            [
                {"a": float("nan")},
                {"a": object()},
                {1: "a"},
                {"a": "\0"},
                {"a": "\ud800"},
                {"a": "x" * 70_000},
                {"a": 1 << 65},
                {"a": [[[[[[[[[[[[1]]]]]]]]]]]]},
            ]
        ),
        st.just((UnsafeInput,)),
    ),
    st.tuples(
        st.builds(lambda text: {"form": {"field": [text]}}, HOLDING_A_CARD), st.just((UnsafeInput,))
    ),
)
BAD_URL = st.one_of(
    st.tuples(NOT_TEXT, st.just((TypeError,))),
    st.tuples(
        st.sampled_from(
            [
                "",
                "/thanks",
                "http://shop.example/",
                "javascript:alert(1)",
                "https://",
                "https://me:secret@shop.example/",
                "https://shop.example/a b",
                "https://shop.example/\0",
                "https://shop.example/?pan=4242424242424242",
                "//shop.example",
            ]
        ),
        st.just((UnsafeInput,)),
    ),
    st.tuples(st.just(f"https://shop.example/{'a' * 2048}"), st.just((LimitExceeded,))),
)
BAD_EXPIRY = st.one_of(
    st.tuples(JUNK | st.text(max_size=5), st.just((TypeError,))),
    st.tuples(
        st.datetimes(max_value=NOW.replace(tzinfo=None)) | st.datetimes(), st.just((UnsafeInput,))
    ),
    st.tuples(
        st.datetimes(max_value=NOW.replace(tzinfo=None), timezones=st.just(UTC)),
        st.just((UnsafeInput,)),
    ),
)
BAD_SOURCE = st.one_of(
    st.tuples(JUNK | st.text(max_size=5), st.just((TypeError,))),
    BAD_ID.map(lambda pair: (Made(StoredSource, {"id": pair[0]}), pair[1])),
    BAD_ID.map(lambda pair: (Made(StoreCredit, {"id": pair[0]}), pair[1])),
    BAD_ID.map(lambda pair: (Made(StoredSource, {"id": "a", "profile_id": pair[0]}), pair[1])),
    st.one_of(
        BAD_ID.map(lambda pair: ({"profile_id": pair[0]}, pair[1])),
        BAD_TEXT.map(lambda pair: ({"name": pair[0]}, pair[1])),
        BAD_TEXT.map(lambda pair: ({"brand": pair[0]}, pair[1])),
        st.tuples(
            st.fixed_dictionaries(
                {"last4": JUNK | st.sampled_from(["", "42", "4242424242424242", "١٢٣٤"])}
            ),
            st.just((UnsafeInput, TypeError)),
        ),
        st.tuples(
            st.fixed_dictionaries({"month": st.sampled_from([0, 13, -1, 10**9])}),
            st.just((UnsafeInput,)),
        ),
        st.tuples(
            st.fixed_dictionaries({"month": st.sampled_from(["12", 12.0, True, None])}),
            st.just((TypeError,)),
        ),
        st.tuples(
            st.fixed_dictionaries({"year": st.sampled_from(["2030", 2030.0, None])}),
            st.just((TypeError,)),
        ),
    ).map(
        lambda pair: (
            Made(
                CreditCard,
                {"id": "c", "brand": "visa", "last4": "4242", "month": 1, "year": 2030} | pair[0],
            ),
            pair[1],
        )
    ),
)
BAD_PAYABLE = st.one_of(
    st.tuples(JUNK | st.text(max_size=5) | st.none(), st.just((TypeError,))),
    st.one_of(
        BAD_ID.map(lambda pair: ({"id": pair[0]}, pair[1])),
        BAD_TEXT.map(lambda pair: ({"reference": pair[0]}, pair[1])),
        BAD_ID.map(lambda pair: ({"customer_id": pair[0]}, pair[1])),
        st.tuples(st.fixed_dictionaries({"total": NOT_MONEY}), st.just((TypeError,))),
        st.tuples(st.fixed_dictionaries({"credit_outside": NOT_MONEY}), st.just((TypeError,))),
        st.tuples(st.just({"total": eur(-1)}), st.just((InvalidAmount,))),
        st.tuples(st.just({"credit_outside": eur(-1)}), st.just((InvalidAmount,))),
        st.tuples(st.just({"credit_outside": Money(1, "USD")}), st.just((CurrencyMismatch,))),
    ).map(lambda pair: (Made(Payable, {"id": "or_1", "total": eur(100)} | pair[0]), pair[1])),
)
WRONG_PAYABLE = st.one_of(
    BAD_PAYABLE,
    st.sampled_from(
        [
            (Payable("or_1", total=eur(0)), (NothingDue,)),
            (Payable("or_1", total=eur(5), credit_outside=eur(9)), (NothingDue,)),
            (Payable("or_1", total=Money(100, "USD")), (CurrencyMismatch,)),
        ]
    ),
)
BAD_METHOD = st.one_of(
    st.tuples(JUNK | st.text(max_size=5) | st.none(), st.just((TypeError,))),
    st.one_of(
        BAD_ID.map(lambda pair: ({"id": pair[0]}, pair[1])),
        st.sampled_from(
            ["name", "gateway", "description", "type", "provider", "instrument"]
        ).flatmap(lambda field: BAD_TEXT.map(lambda pair: ({field: pair[0]}, pair[1]))),
        st.tuples(st.just({"gateway": "other"}), st.just((MethodUnavailable,))),
        st.tuples(st.just({"session_required": False}), st.just((SessionNotSupported,))),
        st.tuples(st.fixed_dictionaries({"session_required": NOT_BOOL}), st.just((TypeError,))),
        st.tuples(st.fixed_dictionaries({"source_required": NOT_BOOL}), st.just((TypeError,))),
        st.sampled_from(["capture", "on_underpaid", "on_late"]).flatmap(
            lambda field: st.sampled_from(
                [({field: "x"}, (UnsafeInput,)), ({field: 1}, (TypeError,))]
            )
        ),
    ).map(
        lambda pair: (
            Made(PaymentMethod, {"id": "pm_1", "name": "Card", "gateway": "bogus"} | pair[0]),
            pair[1],
        )
    ),
)
BAD_POLICY = st.one_of(
    st.tuples(JUNK, st.just((TypeError,))),
    st.tuples(
        st.text(max_size=10).filter(lambda text: text not in ("automatic", "manual")),
        st.just((UnsafeInput,)),
    ),
)
BAD_FLAG = st.tuples(NOT_BOOL, st.just((TypeError,)))
BAD_LIMIT = st.one_of(
    st.tuples(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.just((TypeError,))),
    st.tuples(st.integers(max_value=0), st.just((UnsafeInput,))),
    st.tuples(st.integers(min_value=10_001), st.just((LimitExceeded,))),
)


def argument(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Bad]:
    return values.map(lambda pair: Bad({name: pair[0]}, pair[1]))


def where(world: Callable[[], World], *errors: type[Exception], **arguments: object) -> Bad:
    return Bad(arguments, errors, world)


# Worlds in which a good command must be refused


def _few() -> World:
    world = World()
    world.gateways["bogus"] = FewGateway()
    return world


def _none_at_all() -> World:
    world = World()
    world.gateways["bogus"] = Gateway()
    return world


def _gone() -> World:
    world = World()
    world.gateways.clear()
    return world


def _covered() -> World:
    world = World()
    whole = world.payments.create_session(order(), method=CARD)
    world.payments.complete_session(whole.id)
    return world


def _partly_covered() -> World:
    world = World()
    part = world.payments.create_session(order(), method=CARD, amount=eur(90))
    world.payments.complete_session(part.id)
    return world


def _without_a_source() -> World:
    world = World()
    session = world.payments.create_session(order(), method=CARD)
    world.session_id = session.id
    world.bogus.capabilities = Capabilities(collects_source=False)
    return world


def _expired() -> World:
    world = World()
    world.now += timedelta(hours=1)
    return world


def _canceled() -> World:
    world = World()
    world.payments.cancel_session(world.session_id)
    return world


def _failed() -> World:
    return World(create="end:do_not_honor")


def _completed() -> World:
    return World().completed()


def _closing() -> World:
    world = World(close="timeout_before")
    world.payments.cancel_session(world.session_id)
    return world


def _being_created() -> World:
    """Somebody else's call to create the session is still running."""

    class Cut(BaseException):
        pass

    class Slow(BogusGateway):
        def create_session(self, request: CreateSessionRequest) -> Any:
            raise Cut

    world = World()
    world.gateways["bogus"] = Slow()
    with pytest.raises(Cut):
        world.payments.create_session(order(), method=CARD)
    world.gateways["bogus"] = world.bogus
    world.session_id = world.payments.sessions_of("or_1")[-1].id
    return world


def _held() -> World:
    return World(capture="manual").completed()


def _held_at(**capabilities: Any) -> Callable[[], World]:
    def world() -> World:
        known = Capabilities(**capabilities)
        return World(capabilities=known, capture="manual").completed()

    return world


def _taken_at(**capabilities: Any) -> Callable[[], World]:
    return lambda: World(capabilities=Capabilities(**capabilities)).completed()


def _voided() -> World:
    world = _held()
    world.payments.void(world.payment_id)
    return world


def _refunded() -> World:
    world = _completed()
    world.payments.refund(world.payment_id)
    return world


def _at(world: Callable[[], World], change: Callable[[World], World]) -> Callable[[], World]:
    return lambda: change(world())


def _now_few(world: World) -> World:
    world.gateways["bogus"] = FewGateway()
    return world


def _now_gone(world: World) -> World:
    world.gateways.clear()
    return world


def _unknown(command: str) -> Callable[[], World]:
    """A movement of ten euros may have happened, and its call may still be running."""

    class Cut(BaseException):
        pass

    class Slow(BogusGateway):
        def capture(self, request: Any) -> Any:
            raise Cut

        void = refund = capture

    def world() -> World:
        capture = "automatic" if command == "refund" else "manual"
        world = World(capabilities=Capabilities(partial_voids=True), capture=capture).completed()
        world.gateways["bogus"] = Slow(capabilities=world.bogus.capabilities)
        with pytest.raises(Cut):
            getattr(world.payments, command)(world.payment_id, amount=eur(10))
        world.gateways["bogus"] = world.bogus
        return world

    return world


# Commands


@given(
    bad=st.one_of(
        argument("payable", WRONG_PAYABLE),
        argument("method", BAD_METHOD),
        argument("amount", bad_amounts(100)),
        argument("source", BAD_SOURCE),
        argument("capture", BAD_POLICY),
        argument("hosted", BAD_FLAG),
        argument("save_source", BAD_FLAG),
        argument("return_url", BAD_URL),
        argument("cancel_url", BAD_URL),
        argument("expires_at", BAD_EXPIRY),
        argument("metadata", BAD_METADATA),
        argument("external_data", BAD_EXTERNAL_DATA),
        st.sampled_from(
            [
                where(_none_at_all, Unsupported),
                where(_gone, MethodUnavailable),
                where(_covered, NothingDue),
                where(_partly_covered, AmountExceeded, amount=eur(11)),
                where(_without_a_source, SourceRequired),
            ]
        ),
    )
)
def test_what_create_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "create_session", lambda _: {"payable": order(), "method": CARD})


@given(
    bad=st.one_of(
        argument("session_id", BAD_ID | UNKNOWN_ID),
        argument("payable", WRONG_PAYABLE.filter(lambda pair: pair[0] is not None)),
        argument("amount", bad_amounts(100)),
        argument("external_data", BAD_EXTERNAL_DATA),
        st.sampled_from(
            [
                Bad({"payable": Payable("or_2", total=eur(100))}, (UnsafeInput,)),
                where(_few, Unsupported),
                where(_gone, MethodUnavailable),
                where(_covered, IllegalTransition),
                where(_partly_covered, AmountExceeded, amount=eur(11)),
                where(_expired, ExpiredSession),
                where(_canceled, IllegalTransition),
                where(_failed, IllegalTransition),
                where(_completed, IllegalTransition),
                where(_closing, SessionClosing),
                where(_being_created, OperationUnresolved),
            ]
        ),
    )
)
def test_what_update_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(
        bad,
        "update_session",
        lambda world: (
            {"session_id": world.session_id, "amount": eur(10)}
            if "payable" not in bad.arguments and bad.world is not _covered
            else {"session_id": world.session_id}
        ),
    )


@given(
    bad=st.one_of(
        argument("session_id", BAD_ID | UNKNOWN_ID),
        argument("source", BAD_SOURCE),
        argument("external_data", BAD_EXTERNAL_DATA),
        st.sampled_from(
            [
                where(_none_at_all, Unsupported),
                where(_gone, MethodUnavailable),
                where(_covered, IllegalTransition),
                where(_partly_covered, AmountExceeded),
                where(_without_a_source, SourceRequired),
                where(_expired, ExpiredSession),
                where(_canceled, IllegalTransition),
                where(_failed, IllegalTransition),
                where(_closing, SessionClosing),
                where(_being_created, OperationUnresolved),
            ]
        ),
    )
)
def test_what_complete_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "complete_session", lambda world: {"session_id": world.session_id})


@given(
    bad=st.one_of(
        argument("session_id", BAD_ID | UNKNOWN_ID),
        st.sampled_from(
            [
                where(_gone, MethodUnavailable),
                where(_failed, IllegalTransition),
                where(_completed, IllegalTransition),
                where(_being_created, OperationUnresolved),
            ]
        ),
    )
)
def test_what_cancel_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "cancel_session", lambda world: {"session_id": world.session_id})


@given(bad=argument("limit", BAD_LIMIT), world=st.sampled_from([World, _expired]))
def test_what_expire_sessions_refuses_changes_nothing(bad: Bad, world: Callable[[], World]) -> None:
    refused(attrs.evolve(bad, world=world), "expire_sessions", lambda _: {})


def _recoverable() -> World:
    world = _unknown("capture")()
    world.now += timedelta(hours=1)
    return world


@given(bad=argument("limit", BAD_LIMIT), world=st.sampled_from([World, _recoverable]))
def test_what_recover_refuses_changes_nothing(bad: Bad, world: Callable[[], World]) -> None:
    refused(attrs.evolve(bad, world=world), "recover", lambda _: {})


def _movement(command: str, here: Callable[[], World]) -> st.SearchStrategy[Bad]:
    """What all movements of sixty euros refuse."""
    bad = st.one_of(
        argument("payment_id", BAD_ID | UNKNOWN_ID),
        argument("amount", bad_amounts(60)),
        argument("metadata", BAD_METADATA),
        argument("despite_unresolved", BAD_ID),
    ).map(lambda bad: attrs.evolve(bad, world=here))
    return bad | st.sampled_from(
        [
            where(_at(here, _now_few), Unsupported),
            where(_at(here, _now_gone), MethodUnavailable),
            where(_unknown(command), OperationUnresolved, amount=eur(10)),
            where(
                _unknown(command), OperationUnresolved, amount=eur(10), despite_unresolved="ca_0"
            ),
        ]
    )


@given(
    bad=st.one_of(
        _movement("capture", _held),
        argument("is_final", BAD_FLAG).map(lambda bad: attrs.evolve(bad, world=_held)),
        st.sampled_from(
            [
                where(_held_at(partial_captures=False), Unsupported, amount=eur(59)),
                where(_voided, IllegalTransition),
                where(_refunded, IllegalTransition, amount=eur(1)),
                where(_completed, IllegalTransition, amount=eur(1)),
            ]
        ),
    )
)
def test_what_capture_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "capture", lambda world: {"payment_id": world.payment_id})


@given(
    bad=st.one_of(
        _movement("void", _held_at(partial_voids=True)),
        st.sampled_from(
            [
                where(_held_at(partial_voids=False), Unsupported, amount=eur(59)),
                where(_completed, IllegalTransition),
                where(_voided, IllegalTransition, amount=eur(1)),
            ]
        ),
    )
)
def test_what_void_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "void", lambda world: {"payment_id": world.payment_id})


@given(
    bad=st.one_of(
        _movement("refund", _completed),
        st.one_of(
            argument("reason", BAD_POLICY),
            argument("capture_id", BAD_ID),
            argument("capture_id", st.just(("ca_0", (NotFound,)))),
        ).map(lambda bad: attrs.evolve(bad, world=_completed)),
        st.sampled_from(
            [
                where(_taken_at(partial_refunds=False), Unsupported, amount=eur(59)),
                where(_taken_at(refunds_per_capture=True), NotFound, capture_id="ca_0"),
                where(_held, IllegalTransition),
                where(_voided, IllegalTransition),
                where(_refunded, IllegalTransition, amount=eur(1)),
            ]
        ),
    )
)
def test_what_refund_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "refund", lambda world: {"payment_id": world.payment_id})


def _refund_of(world: World) -> str:
    """The id of the world's first refund; one that nobody has heard of if there is none."""
    refunds = (each.id for each in world.store.entities() if isinstance(each, Refund))
    return next(refunds, "re_0")


def _pending_refund() -> World:
    world = World(refund="pending").completed()
    world.payments.refund(world.payment_id, amount=eur(10))
    return world


@given(
    bad=st.one_of(
        argument("refund_id", BAD_ID | UNKNOWN_ID),
        st.sampled_from(
            [
                where(_at(_pending_refund, _now_few), Unsupported),
                where(_at(_pending_refund, _now_gone), MethodUnavailable),
                where(_refunded, IllegalTransition),
                where(_unknown("refund"), OperationUnresolved),
                where(_completed, NotFound),
            ]
        ),
    )
)
def test_what_cancel_refund_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "cancel_refund", lambda world: {"refund_id": _refund_of(world)})


BAD_REASON = BAD_TEXT.filter(lambda pair: LimitExceeded not in pair[1]) | st.tuples(
    HUGE.filter(lambda text: len(text) > 500), st.just((LimitExceeded,))
)


@given(
    bad=st.one_of(
        st.one_of(
            argument("record_id", BAD_ID | UNKNOWN_ID),
            argument("decision", BAD_POLICY.filter(lambda pair: pair[0] is not None)),
            argument("actor", BAD_TEXT),
            argument("reason", BAD_REASON),
        ).map(lambda bad: attrs.evolve(bad, world=_pending_refund)),
        st.sampled_from(
            [
                where(_pending_refund, IllegalTransition, decision="dismissed"),
                where(_refunded, IllegalTransition, decision="failed"),
                where(_unknown("refund"), OperationUnresolved),
                where(_completed, NotFound),
            ]
        ),
    )
)
def test_what_resolve_refuses_changes_nothing(bad: Bad) -> None:
    said = {"decision": "succeeded", "actor": "staff_7", "reason": "seen there"}
    refused(bad, "resolve", lambda world: {"record_id": _refund_of(world), **said})


@given(bad=argument("limit", BAD_LIMIT), world=st.sampled_from([World, _recoverable]))
def test_what_needs_attention_refuses_changes_nothing(bad: Bad, world: Callable[[], World]) -> None:
    refused(attrs.evolve(bad, world=world), "needs_attention", lambda _: {})


# Without a session


def _with_check() -> World:
    """A check of all that is due waits in the checkout."""
    world = World()
    world.gateways["check"] = OfflineGateway()
    world.payment_id = world.payments.create_payment(order(), method=CHECK).id
    return world


def _with_money_of_check() -> World:
    """Sixty euros have come by check."""
    world = _with_check()
    capture = world.payments.mark_paid(world.payment_id, amount=eur(60), reference="check 1")
    world.capture_id = capture.id
    return world


def _check_that_came() -> World:
    world = _with_check()
    world.payments.mark_paid(world.payment_id)
    return world


def _check_that_went_back() -> World:
    world = _check_that_came()
    world.payments.mark_refunded(world.payment_id)
    return world


def _check_of_a_covered_order() -> World:
    world = _covered()
    world.gateways["check"] = OfflineGateway()
    return world


def _gone_check() -> World:
    world = _with_money_of_check()
    world.gateways.clear()
    return world


def _charged(**script: str) -> Callable[[], World]:
    """A charge of all that is due was answered so."""

    def world() -> World:
        world = World()
        source = StoredSource(id="card_1", profile_id=BogusGateway.token(**script))
        world.payment_id = world.payments.charge(order(), method=CARD, source=source).id
        return world

    return world


METHOD_OF_CHECK = BAD_METHOD.filter(
    lambda pair: isinstance(pair[0], Made) and MethodUnavailable not in pair[1]
).filter(lambda pair: SessionNotSupported not in pair[1])


@given(
    bad=st.one_of(
        argument("payable", WRONG_PAYABLE),
        argument("method", METHOD_OF_CHECK),
        argument("amount", bad_amounts(100)),
        argument("source", BAD_SOURCE),
        argument("number", BAD_ID),
        argument("metadata", BAD_METADATA),
    ).map(lambda bad: attrs.evolve(bad, world=_with_check))
    | st.sampled_from(
        [
            where(_with_check, SessionRequired, method=CARD),
            where(
                _with_check,
                SourceRequired,
                method=attrs.evolve(CHECK, source_required=True),
            ),
            where(_with_check, Unsupported, method=attrs.evolve(CHECK, gateway="bogus")),
            where(_gone, MethodUnavailable),
            where(_check_that_came, NothingDue),
            where(_check_of_a_covered_order, NothingDue),
        ]
    )
)
def test_what_create_payment_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "create_payment", lambda _: {"payable": order(), "method": CHECK})


@given(
    bad=argument("payment_id", BAD_ID | UNKNOWN_ID).map(
        lambda bad: attrs.evolve(bad, world=_with_check)
    )
    | st.sampled_from(
        [
            where(_check_that_came, IllegalTransition),
            where(_check_that_came, IllegalTransition),
            where(_check_that_went_back, IllegalTransition),
            where(_completed, IllegalTransition),
            where(_held, IllegalTransition),
            where(_charged(charge="decline:do_not_honor"), IllegalTransition),
            where(_charged(charge="pending"), OperationUnresolved),
            where(_charged(charge="timeout_after"), OperationUnresolved),
        ]
    )
)
def test_what_abandon_payment_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "abandon_payment", lambda world: {"payment_id": world.payment_id})


NOT_COME = bad_amounts(100).filter(lambda pair: AmountExceeded not in pair[1])
"""What people say has come is believed, though it is more than was asked for."""


@given(
    bad=st.one_of(
        argument("payment_id", BAD_ID | UNKNOWN_ID),
        argument("amount", NOT_COME),
        argument("reference", BAD_TEXT.filter(lambda pair: pair[0] != "")),
        argument("metadata", BAD_METADATA),
    ).map(lambda bad: attrs.evolve(bad, world=_with_check))
    | st.sampled_from(
        [
            where(_completed, Unsupported),
            where(_charged(charge="decline:do_not_honor"), Unsupported),
            where(_gone_check, MethodUnavailable),
            where(_check_that_came, InvalidAmount, reference="check 2"),
        ]
    )
)
def test_what_mark_paid_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "mark_paid", lambda world: {"payment_id": world.payment_id})


@given(
    bad=st.one_of(
        argument("payment_id", BAD_ID | UNKNOWN_ID),
        argument("amount", bad_amounts(60)),
        argument("reason", BAD_POLICY),
        argument("reference", BAD_TEXT.filter(lambda pair: pair[0] != "")),
        argument("metadata", BAD_METADATA),
    ).map(lambda bad: attrs.evolve(bad, world=_with_money_of_check))
    | st.sampled_from(
        [
            where(_with_check, IllegalTransition),
            where(_completed, Unsupported),
            where(_gone_check, MethodUnavailable),
            where(_check_that_went_back, IllegalTransition, amount=eur(1)),
        ]
    )
)
def test_what_mark_refunded_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "mark_refunded", lambda world: {"payment_id": world.payment_id})


def _captured_by_card() -> World:
    world = _completed()
    (capture,) = world.payments.statement(world.payment_id).captures
    world.capture_id = capture.id
    return world


@given(
    bad=argument("capture_id", BAD_ID | UNKNOWN_ID).map(
        lambda bad: attrs.evolve(bad, world=_with_money_of_check)
    )
    | st.sampled_from(
        [where(_captured_by_card, Unsupported), where(_gone_check, MethodUnavailable)]
    )
)
def test_what_mark_bounced_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "mark_bounced", lambda world: {"capture_id": world.capture_id})


@given(
    bad=st.one_of(
        argument("payable", WRONG_PAYABLE),
        argument("method", BAD_METHOD.filter(lambda pair: SessionNotSupported not in pair[1])),
        argument("source", BAD_SOURCE | st.just((None, (UnsafeInput,)))),
        argument("source", st.just((StoredSource(id="card_1"), (UnsafeInput,)))),
        argument("amount", bad_amounts(100)),
        argument("capture", BAD_POLICY.filter(lambda pair: pair[0] != "when_covered")),
        argument("use", BAD_POLICY),
        argument("customer_external_id", BAD_ID),
        argument("metadata", BAD_METADATA),
        st.sampled_from(
            [
                where(_few, Unsupported),
                where(_gone, MethodUnavailable),
                where(_covered, NothingDue),
                where(_partly_covered, AmountExceeded, amount=eur(11)),
                where(_charged(charge="pending"), NothingDue),
            ]
        ),
    )
)
def test_what_charge_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "charge", lambda _: {"payable": order(), "method": CARD, "source": STORED})


@given(bad=argument("payable", WRONG_PAYABLE.filter(lambda pair: NothingDue not in pair[1])))
def test_what_update_payable_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "update_payable", lambda _: {})


# Setup sessions


def _set_up(*commands: str) -> Callable[[], World]:
    """A setup session of an hour, and what was done with it."""

    def world() -> World:
        world = World()
        expires_at = NOW + timedelta(hours=1)
        world.session_id = world.payments.create_setup_session(CARD, expires_at=expires_at).id
        for command in commands:
            getattr(world.payments, command)(world.session_id)
        return world

    return world


def _too_late(world: World) -> World:
    world.now += timedelta(hours=1)
    return world


@given(
    bad=st.one_of(
        argument("method", BAD_METHOD.filter(lambda pair: SessionNotSupported not in pair[1])),
        argument("customer_id", BAD_ID),
        argument("customer_external_id", BAD_ID),
        argument("return_url", BAD_URL),
        argument("cancel_url", BAD_URL),
        argument("expires_at", BAD_EXPIRY),
        argument("metadata", BAD_METADATA),
        argument("external_data", BAD_EXTERNAL_DATA),
        st.sampled_from([where(_few, Unsupported), where(_gone, MethodUnavailable)]),
    )
)
def test_what_create_setup_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "create_setup_session", lambda _: {"method": CARD})


@given(
    bad=st.one_of(
        argument("setup_session_id", BAD_ID | UNKNOWN_ID),
        argument("external_data", BAD_EXTERNAL_DATA),
    ).map(lambda bad: attrs.evolve(bad, world=_set_up()))
    | st.sampled_from(
        [
            where(_at(_set_up(), _now_few), Unsupported),
            where(_at(_set_up(), _now_gone), MethodUnavailable),
            where(_at(_set_up(), _too_late), ExpiredSession),
            where(_set_up("cancel_setup_session"), IllegalTransition),
        ]
    )
)
def test_what_complete_setup_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "complete_setup_session", lambda world: {"setup_session_id": world.session_id})


@given(
    bad=argument("setup_session_id", BAD_ID | UNKNOWN_ID).map(
        lambda bad: attrs.evolve(bad, world=_set_up())
    )
    | st.just(where(_set_up("complete_setup_session"), IllegalTransition))
)
def test_what_cancel_setup_session_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "cancel_setup_session", lambda world: {"setup_session_id": world.session_id})


@given(
    bad=argument("limit", BAD_LIMIT), world=st.sampled_from([_set_up(), _at(_set_up(), _too_late)])
)
def test_what_expire_setup_sessions_refuses_changes_nothing(
    bad: Bad, world: Callable[[], World]
) -> None:
    refused(attrs.evolve(bad, world=world), "expire_setup_sessions", lambda _: {})


# Customers and keys


@given(bad=argument("customer_id", BAD_ID))
def test_what_forget_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "forget", lambda _: {})


@given(
    bad=st.one_of(
        argument("idempotency_key", BAD_TEXT),
        argument(
            "idempotency_key",
            BAD_TEXT.map(lambda pair: (Made(IdempotencyKey, {"text": pair[0]}), pair[1])),
        ),
        argument("command", st.tuples(NOT_TEXT, st.just((TypeError,)))),
        argument("command", st.tuples(st.text(max_size=9), st.just((UnsafeInput, NotFound)))),
        argument("command", st.just(("recover", (UnsafeInput,)))),
        argument("idempotency_key", st.just(("never used", (NotFound,)))),
    )
)
def test_what_result_of_refuses_changes_nothing(bad: Bad) -> None:
    refused(bad, "result_of", lambda _: {"idempotency_key": "k", "command": "refund"})


# Readers


@given(
    reader=st.sampled_from(
        [
            "get_session",
            "get_setup_session",
            "get_payment",
            "get_capture",
            "get_void",
            "get_refund",
            "get_dispute",
            "statement",
            "balance",
        ]
    ),
    pair=BAD_ID | UNKNOWN_ID,
)
def test_what_a_reader_refuses_changes_nothing(reader: str, pair: tuple[object, Errors]) -> None:
    names = {
        "get_session": "session_id",
        "get_setup_session": "setup_session_id",
        "get_payment": "payment_id",
        "get_capture": "capture_id",
        "get_void": "void_id",
        "get_refund": "refund_id",
        "get_dispute": "dispute_id",
        "statement": "record_id",
        "balance": "payable",
    }
    refused(Bad({names[reader]: pair[0]}, pair[1]), reader, lambda _: {})


@given(pair=WRONG_PAYABLE.filter(lambda pair: NothingDue not in pair[1]))
def test_what_balance_refuses_changes_nothing(pair: tuple[object, Errors]) -> None:
    errors = (*pair[1], NotFound, UnsafeInput) if isinstance(pair[0], str) else pair[1]
    refused(Bad({"payable": pair[0]}, errors), "balance", lambda _: {})


@given(pair=BAD_ID | UNKNOWN_ID)
def test_what_find_session_refuses_changes_nothing(pair: tuple[object, Errors]) -> None:
    refused(Bad({"external_id": pair[0]}, pair[1]), "find_session", lambda _: {})


@given(pair=BAD_ID)
def test_what_disputes_of_refuses_changes_nothing(pair: tuple[object, Errors]) -> None:
    refused(Bad({"payment_id": pair[0]}, pair[1]), "disputes_of", lambda _: {})


@given(pair=BAD_ID, reader=st.sampled_from(["sessions_of", "payments_of"]))
def test_what_a_list_of_a_payable_refuses_changes_nothing(
    pair: tuple[object, Errors], reader: str
) -> None:
    refused(Bad({"payable_id": pair[0]}, pair[1]), reader, lambda _: {})


@given(pair=BAD_TEXT.filter(lambda pair: pair[0] != ""))
def test_what_a_tenant_cannot_be_called_changes_nothing(pair: tuple[object, Errors]) -> None:
    refused(Bad({"tenant": pair[0]}, pair[1]), "for_tenant", lambda _: {})


# Another tenant's records are not there


@given(command=st.sampled_from(["complete_session", "cancel_session", "update_session"]))
def test_another_tenant_s_session_is_not_found(command: str) -> None:
    world = World()
    before = world.snapshot()

    with pytest.raises(NotFound):
        getattr(world.payments.for_tenant("acme"), command)(world.session_id)

    assert before == world.snapshot()


# Amounts that the provider cannot be told


@given(minor=st.integers(1, 10**6).filter(lambda minor: minor % 10))
def test_what_the_provider_s_units_cannot_hold_changes_nothing(minor: int) -> None:
    dinars = Payable("or_2", total=Money.from_minor(minor, "KWD"))
    bad = Bad(
        {"payable": dinars},
        (AmountNotRepresentable,),
        lambda: World(capabilities=Capabilities(minor_units=STRIPE)),
    )
    refused(bad, "create_session", lambda _: {"method": CARD})
    assert not issubclass(AmountNotRepresentable, NotAllowed)
