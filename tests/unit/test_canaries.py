"""No secret is seen by any channel, whatever happens to the payment that it belongs to."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import attrs
import pytest
from canaries import (
    CALLERS_KEY,
    CARD,
    CLIENT_DATA,
    DECLINED,
    EXTERNAL_DATA,
    METADATA,
    NO_EXTERNAL_DATA,
    PERSONAL,
    SECRET,
    Broken,
    CanaryGateway,
    Nonsense,
    action_required,
    everything_in,
    leaks_of,
    locals_of,
    shown,
    taken_apart,
    told_by,
)

from paysession import (
    AsyncPayments,
    CapturePolicy,
    ClientData,
    Money,
    Payable,
    Payment,
    PaymentMethod,
    Payments,
    PaymentSession,
    Secret,
    SetupSession,
    Step,
)
from paysession._domain.entities import Entity
from paysession.errors import (
    GatewayUnreachable,
    IdempotencyKeyReused,
    LimitExceeded,
    NotFound,
    OutcomeUnknown,
    PaySessionError,
    UnsafeInput,
)
from paysession.gateways.threads import in_threads
from paysession.outcomes import Pending, Unknown
from paysession.stores import AsyncInMemoryStore, InMemoryStore, Records
from paysession.stores.port import Changes

T = TypeVar("T")
ADDRESS = f"https://shop.example/thanks?who={PERSONAL}"
METHOD = PaymentMethod(
    id="pm_1", name="Card", gateway="bogus", capture=CapturePolicy.MANUAL, source_required=False
)


class FailingStore(InMemoryStore):
    """A database that goes away when a test says so."""

    commits_left = -1

    def commit(self, changes: Changes) -> None:
        self.commits_left -= 1
        if self.commits_left == 0:
            raise OSError("the database is gone")
        super().commit(changes)


class OnAnEventLoop:
    """`AsyncPayments`, of which every command is awaited at once."""

    def __init__(self, payments: AsyncPayments) -> None:
        self._payments = payments

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked: Callable[..., Coroutine[Any, Any, Any]] = getattr(self._payments, name)
        return lambda *args, **kwargs: asyncio.run(asked(*args, **kwargs))


async def at_once(call: Callable[..., Any], request: object) -> object:
    return call(request)


class Shop:
    """A backend whose every value that may be a secret is one, in one of the two worlds."""

    def __init__(self, facade: type[Payments | AsyncPayments] = Payments) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.steps: list[Step] = []
        self.store = FailingStore()
        self.gateway = CanaryGateway()
        self.payments = self._payments() if facade is Payments else self._awaited_payments()
        self.values: list[object] = []
        self.errors: list[Exception] = []

    def _payments(self) -> Payments:
        return Payments(
            {"bogus": self.gateway},
            store=self.store,
            clock=lambda: self.now,
            observers=[self.steps.append],
            sleep=lambda _: None,
        )

    def _awaited_payments(self) -> Payments:
        payments = AsyncPayments(
            {"bogus": in_threads(self.gateway, run=at_once)},
            store=AsyncInMemoryStore(self.store),
            clock=lambda: self.now,
            observers=[self.steps.append],
        )
        return cast("Payments", OnAnEventLoop(payments))

    def order(self, number: int = 1, total: int = 100) -> Payable:
        return Payable(f"or_{number}", total=Money(total, "EUR"), customer_id="cu_1")

    def session(self, key: str | None = None) -> PaymentSession:
        return self.kept(
            self.payments.create_session(
                self.order(),
                method=METHOD,
                source=CARD,
                return_url=ADDRESS,
                cancel_url=ADDRESS,
                metadata=METADATA,
                external_data=EXTERNAL_DATA,
                idempotency_key=key,
            )
        )

    def completed(self, session: PaymentSession) -> PaymentSession:
        return self.kept(
            self.payments.complete_session(
                session.id, source=CARD, external_data=EXTERNAL_DATA, idempotency_key=None
            )
        )

    def paid(self) -> Payment:
        session = self.completed(self.session())
        assert session.payment_id is not None
        return self.kept(self.payments.get_payment(session.payment_id))

    def charged(self, key: str | None = None) -> Payment:
        return self.kept(
            self.payments.charge(
                self.order(2), method=METHOD, source=CARD, metadata=METADATA, idempotency_key=key
            )
        )

    def set_up(self) -> SetupSession:
        return self.kept(
            self.payments.create_setup_session(
                METHOD,
                customer_id="cu_1",
                return_url=ADDRESS,
                cancel_url=ADDRESS,
                metadata=METADATA,
                external_data=EXTERNAL_DATA,
            )
        )

    def stored(self, session: SetupSession) -> SetupSession:
        return self.kept(
            self.payments.complete_setup_session(session.id, external_data=EXTERNAL_DATA)
        )

    def kept(self, value: T) -> T:
        """Remember a value, to look at afterwards; and what the store holds at this moment."""
        self.values.extend((value, *self.store.entities()))
        return value

    def refused(self, kind: type[Exception], command: Callable[[], object]) -> None:
        """Remember an error, to look at afterwards."""
        with pytest.raises(kind) as caught:
            command()
        self.errors.append(caught.value)

    def recovered(self) -> None:
        self.now += timedelta(minutes=10)
        self.kept(self.payments.recover())


# Stories


def success(shop: Shop) -> None:
    payment = shop.paid()
    shop.kept(shop.payments.capture(payment.id, amount=Money(60, "EUR"), metadata=METADATA))
    shop.kept(shop.payments.void(payment.id, metadata=METADATA))
    shop.kept(shop.payments.refund(payment.id, metadata=METADATA))
    assert payment.session_id is not None
    shop.kept(shop.payments.statement(payment.session_id))
    shop.kept(shop.payments.balance("or_1"))


def update(shop: Shop) -> None:
    session = shop.session()
    shop.kept(
        shop.payments.update_session(
            session.id, payable=shop.order(total=90), external_data=EXTERNAL_DATA
        )
    )
    shop.kept(shop.payments.cancel_session(session.id))


def every_action(shop: Shop) -> None:
    for name in ("redirect", "sdk", "code", "transfer"):
        shop.gateway.then("complete_session", action_required(name))
    session = shop.session()
    for _ in range(5):
        session = shop.completed(session)
    assert session.succeeded


def declines(shop: Shop) -> None:
    for method in ("complete_session", "capture", "void", "refund", "charge"):
        shop.gateway.then(method, DECLINED)
    session = shop.completed(shop.session())
    shop.refused(PaySessionError, session.raise_for_failure)
    assert session.failure is not None
    payment = shop.charged()
    shop.refused(PaySessionError, payment.raise_for_failure)


def time_outs(shop: Shop) -> None:
    shop.gateway.then("create_session", Broken())
    shop.gateway.then("look_up", Broken(), TimeoutError(CLIENT_DATA, f"Bearer {SECRET}"))
    shop.gateway.then("complete_session", Unknown(f"Bearer {SECRET}"))
    session = shop.session()
    shop.recovered()
    shop.recovered()
    session = shop.kept(shop.payments.get_session(session.id))
    if session.is_open:
        shop.refused(PaySessionError, lambda: shop.completed(session))
    shop.recovered()


def broken_adapters(shop: Shop) -> None:
    shop.gateway.then("complete_session", Nonsense(), (Nonsense(),))
    session = shop.completed(shop.session())
    shop.recovered()
    shop.refused(PaySessionError, session.raise_for_failure)
    shop.gateway.then("charge", Broken())
    shop.refused(PaySessionError, shop.charged().raise_for_failure)


def unreachable(shop: Shop) -> None:
    for method in ("create_session", "charge", "create_setup_session"):
        shop.gateway.then(method, GatewayUnreachable(f"refused: api_key={SECRET}"))
    for command in (shop.session, shop.charged, shop.set_up):
        shop.refused(GatewayUnreachable, command)


def lost_answers(shop: Shop) -> None:
    session = shop.session()
    shop.store.commits_left = 2
    shop.refused(OutcomeUnknown, lambda: shop.completed(session))
    shop.kept(shop.payments.get_session(session.id))
    shop.recovered()


def no_database(shop: Shop) -> None:
    session = shop.session()
    setup_session = shop.set_up()
    for command in (
        lambda: shop.completed(session),
        lambda: shop.payments.update_session(
            session.id, amount=Money(1, "EUR"), external_data=EXTERNAL_DATA
        ),
        lambda: shop.stored(setup_session),
        shop.set_up,
    ):
        shop.store.commits_left = 1
        shop.refused(OSError, command)


def charges(shop: Shop) -> None:
    shop.gateway.then("charge", action_required("code"), Pending(f"password={SECRET}"))
    shop.charged()
    shop.recovered()
    shop.kept(shop.payments.charge(shop.order(3), method=METHOD, source=CARD, metadata=METADATA))
    shop.kept(shop.payments.charge(shop.order(4), method=METHOD, source=CARD, metadata=METADATA))


def setups(shop: Shop) -> None:
    shop.gateway.then("complete_setup_session", action_required("sdk"), DECLINED)
    session = shop.set_up()
    for _ in range(3):
        session = shop.stored(session)
    assert session.succeeded
    shop.kept(shop.payments.cancel_setup_session(shop.set_up().id))


def keys(shop: Shop) -> None:
    first = shop.session(CALLERS_KEY)
    assert first == shop.session(CALLERS_KEY)
    shop.refused(
        IdempotencyKeyReused,
        lambda: shop.payments.create_session(
            shop.order(2), method=METHOD, external_data=EXTERNAL_DATA, idempotency_key=CALLERS_KEY
        ),
    )
    shop.kept(shop.payments.result_of(CALLERS_KEY, command="create_session"))
    for command, error in (("charge", NotFound), ("forget", UnsafeInput), (7, TypeError)):
        shop.refused(
            error,
            lambda command=command: shop.payments.result_of(  # type: ignore[misc]
                CALLERS_KEY, command=command
            ),
        )
    charged = shop.charged("k2")
    assert charged == shop.charged("k2")
    shop.gateway.then("charge", Broken())
    shop.order(5)
    shop.kept(
        shop.payments.charge(
            shop.order(5), method=METHOD, source=CARD, metadata=METADATA, idempotency_key="k3"
        )
    )


def forgotten(shop: Shop) -> None:
    shop.paid()
    shop.stored(shop.set_up())
    shop.kept(shop.payments.forget("cu_1"))


def nobody(shop: Shop) -> None:
    """Refusals of commands that hold client data, and do not come to an operation."""
    absent = "ps_absent"
    payments = shop.payments
    unknown = PaymentMethod(id="pm_2", name="Card", gateway="gone", source_required=False)
    for kind, command in (
        (NotFound, lambda: payments.complete_session(absent, external_data=EXTERNAL_DATA)),
        (NotFound, lambda: payments.update_session(absent, external_data=EXTERNAL_DATA)),
        (NotFound, lambda: payments.complete_setup_session(absent, external_data=EXTERNAL_DATA)),
        (
            PaySessionError,
            lambda: payments.create_session(
                shop.order(), method=unknown, external_data=EXTERNAL_DATA, metadata=METADATA
            ),
        ),
        (
            PaySessionError,
            lambda: payments.create_setup_session(unknown, external_data=EXTERNAL_DATA),
        ),
        (
            PaySessionError,
            lambda: payments.create_session(
                shop.order(),
                method=unknown,
                external_data=EXTERNAL_DATA,
                idempotency_key=f"{CALLERS_KEY}-9",
            ),
        ),
    ):
        shop.refused(kind, command)


UNSAFE: dict[str, Any] = {
    "a card number": {"secret": SECRET, "card": "4242424242424242"},
    "an object": {"secret": SECRET, "object": object()},
    "too deep": {"secret": SECRET, "deep": [[[[[[[[[[[[SECRET]]]]]]]]]]]]},
    "too big": {"secret": SECRET * 10_000},
    "no text": {"secret": SECRET, 7: SECRET},
    **NO_EXTERNAL_DATA,
}


def unsafe_client_data(shop: Shop) -> None:
    """What is refused because of what it holds is not shown by the refusal."""
    session, setup_session = shop.session(), shop.set_up()
    for data in UNSAFE.values():
        for command in (
            lambda data=data: shop.payments.create_session(
                shop.order(), method=METHOD, external_data=data
            ),
            lambda data=data: shop.payments.complete_session(session.id, external_data=data),
            lambda data=data: shop.payments.update_session(session.id, external_data=data),
            lambda data=data: shop.payments.create_setup_session(METHOD, external_data=data),
            lambda data=data: shop.payments.complete_setup_session(
                setup_session.id, external_data=data
            ),
            lambda data=data: shop.payments.complete_session(
                session.id, external_data=data, idempotency_key=CALLERS_KEY
            ),
        ):
            shop.refused((UnsafeInput, TypeError, LimitExceeded), command)  # type: ignore[arg-type]


STORIES = [
    success,
    update,
    every_action,
    declines,
    time_outs,
    broken_adapters,
    unreachable,
    lost_answers,
    no_database,
    charges,
    setups,
    keys,
    forgotten,
    nobody,
    unsafe_client_data,
]


class _Keeping(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.DEBUG)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(
    scope="module",
    params=[(story, facade) for story in STORIES for facade in (Payments, AsyncPayments)],
    ids=lambda param: f"{param[0].__name__}-{param[1].__name__}",
)
def told(request: pytest.FixtureRequest) -> tuple[Shop, list[logging.LogRecord]]:
    """A story that has happened, and all that was logged meanwhile."""
    story, facade = request.param
    records: list[logging.LogRecord] = []
    handler = _Keeping(records)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        shop = Shop(facade)
        story(shop)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    return shop, records


Told = tuple[Shop, list[logging.LogRecord]]


def test_no_value_that_is_returned_or_stored_shows_a_secret(told: Told) -> None:
    shop, _ = told
    parts = [part for value in shop.values for part in everything_in(value)]

    leaks = {leak for part in parts for leak in leaks_of(part, SECRET, shown)}
    assert set() == leaks
    whole = {leak for value in shop.values for leak in leaks_of(value, SECRET, taken_apart)}
    assert set() == whole


def test_no_error_tells_a_secret(told: Told) -> None:
    shop, _ = told
    assert [] == [leak for error in shop.errors for leak in leaks_of(error, SECRET, told_by)]
    assert [] == [leak for error in shop.errors for leak in leaks_of(error, PERSONAL, told_by)]


def test_no_local_variable_of_ours_holds_a_secret_when_an_error_passes(told: Told) -> None:
    shop, _ = told
    leaks = {
        f"{type(error).__name__}: {leak}"
        for error in shop.errors
        for leak in leaks_of(error, SECRET, locals_of)
    }
    assert set() == leaks


def test_no_log_tells_a_secret_or_of_a_person(told: Told) -> None:
    _, records = told
    for record in records:
        text = f"{record.getMessage()} {record.args!r} {record.exc_text} {vars(record)!r}"
        assert SECRET not in text
        assert PERSONAL not in text


def test_no_event_tells_a_secret_or_of_a_person(told: Told) -> None:
    shop, _ = told
    outbox = shop.store.unpublished(limit=10_000, tenant="")

    for canary in (SECRET, PERSONAL):
        assert [] == [
            leak for each in outbox for leak in leaks_of(each, canary, shown, taken_apart)
        ]


def test_no_observer_is_told_a_secret_or_of_a_person(told: Told) -> None:
    shop, _ = told
    assert shop.steps
    for canary in (SECRET, PERSONAL):
        assert [] == [
            leak for each in shop.steps for leak in leaks_of(each, canary, shown, taken_apart)
        ]


def sealed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def unsealed(text: str) -> str:
    return base64.b64decode(text).decode()


def test_a_record_holds_a_secret_in_its_sealed_part_only(told: Told) -> None:
    shop, _ = told
    records = Records(seal=sealed, unseal=unsealed)
    entities = [each for each in shop.values if isinstance(each, Entity)]
    dumped = [
        *(records.dump(each) for each in (*entities, *shop.store.entities())),
        *(records.dump_event(each) for each in shop.store.unpublished(limit=9999, tenant="")),
        *(records.dump_claim(each) for each in shop.store._claims.values()),
    ]

    for record in dumped:
        assert SECRET not in json.dumps(record)


def test_what_a_person_noted_is_shown_by_no_representation(told: Told) -> None:
    shop, _ = told
    leaks = {leak for value in shop.values for leak in leaks_of(value, PERSONAL, shown)}

    assert set() == leaks


def test_what_a_provider_answers_is_the_browser_s_until_the_session_ends() -> None:
    shop = Shop()
    session = shop.session()

    assert session.client_data is not None
    assert CLIENT_DATA == session.client_data.reveal()
    assert shop.completed(session).client_data is None


# The checker


@attrs.frozen
class _Careless:
    value: object


@attrs.frozen
class _Hidden:
    value: object = attrs.field(repr=False)


def test_a_secret_in_a_plain_field_is_seen_by_every_channel() -> None:
    leaks = leaks_of(_Careless(SECRET), SECRET, shown, taken_apart)

    channels = {leak.rpartition(" ")[2] for leak in leaks}
    assert {"repr", "str", "format", "percent", "pprint", "log"} <= channels
    assert {"json", "copy", "pickle", "asdict", "value.str"} <= channels


def test_a_secret_that_is_only_left_out_of_the_repr_is_seen() -> None:
    leaks = leaks_of(_Hidden(SECRET), SECRET, shown, taken_apart)

    assert {"pickle", "asdict", "value.str"} <= {leak.rpartition(" ")[2] for leak in leaks}


@pytest.mark.parametrize("masked", [Secret(SECRET), ClientData(CLIENT_DATA)])
def test_a_secret_behind_its_mask_is_not_seen(masked: object) -> None:
    assert [] == leaks_of(_Careless(masked), SECRET, shown, taken_apart)


def test_a_secret_in_an_error_s_arguments_is_seen() -> None:
    assert leaks_of(Broken(), SECRET, told_by)


def test_a_secret_in_a_local_variable_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def leak(self: object) -> None:
        secret = SECRET
        raise NotFound("secret", str(len(secret)))

    code = leak.__code__.replace(co_filename=str(Payments.__init__.__code__.co_filename))
    leak.__code__ = code
    with pytest.raises(NotFound) as caught:
        leak(None)

    assert leaks_of(caught.value, SECRET, locals_of)


def test_a_secret_that_an_error_was_raised_from_is_seen() -> None:
    error = NotFound("payment", "py_1")
    error.__cause__ = Broken()

    assert leaks_of(error, SECRET, told_by)
