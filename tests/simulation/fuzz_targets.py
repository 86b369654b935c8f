"""
What takes in what anybody may send: notifications, amounts, records, metadata.

Each target makes calls of any bytes. A call returns, or raises one of the errors that it is
documented to raise, in less time than counting to four millions takes; anything else is a fault.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import Any, Final, TypeAlias

import attrs
from fuzz_shop import NOON, SECRET, Shop

from paysession import ClientData, Metadata, Money
from paysession._domain.limits import redacted, safe_id, safe_reference, safe_text, safe_url
from paysession.errors import (
    InvalidSignature,
    LimitExceeded,
    MoneyError,
    RecordError,
    UnreadableNotification,
    UnsafeInput,
)
from paysession.gateways import (
    STRIPE,
    BogusGateway,
    BogusProvider,
    Notification,
    StandardWebhooks,
    TimestampedSignature,
)
from paysession.outcomes import Report
from paysession.stores.records import Records

Call: TypeAlias = Callable[[], object]
Errors: TypeAlias = tuple[type[Exception], ...]

SUSPICIOUS: Final = 0.03
LONGEST: Final = 40
NO_LOCALE: Final = "zz"
LOCALES: Final = ("en_US", "de_DE", "ar_EG", "hi_IN", "fr_CH", NO_LOCALE)
CURRENCIES: Final = ("USD", "JPY", "KWD", "CLF", "XXX", None)
GOLDEN: Final = Path(__file__).parents[1] / "unit" / "stores" / "records_v1"
SHOPS: Final[tuple[dict[str, Any], ...]] = tuple(
    {"complete": complete, "signs_facts": signs_facts}
    for complete in ("approve", "pending", "require_action")
    for signs_facts in (True, False)
)

_STANDARD = StandardWebhooks([SECRET])
_STAMPED = TimestampedSignature([SECRET])
_GATEWAY = BogusGateway(provider=BogusProvider(clock=lambda: NOON, webhook_secrets=[SECRET]))


class Fault(Exception):
    """Something escaped that must not, or took too long."""


@attrs.frozen
class Tried:
    """The name of the error that a call raised, or of what it returned, and its seconds."""

    outcome: str
    taken: float


@attrs.frozen(kw_only=True)
class Target:
    """
    One way in.

    Attributes:
        name: What it is called.
        refusals: What it may raise.
        seeds: What the search starts with.
        calls: What is called with some bytes.
    """

    name: str
    refusals: Errors
    seeds: tuple[bytes, ...]
    calls: Callable[[bytes], Iterator[Call]]

    def try_(self, data: bytes) -> list[Tried]:
        """
        Make the calls; return what came of each.

        Raises:
            Fault: One raised what it must not, or took too long.
        """
        return [self._tried(call, data) for call in self.calls(data)]

    def _tried(self, call: Call, data: bytes) -> Tried:
        taken, outcome = _timed(call)
        if isinstance(outcome, Exception) and not isinstance(outcome, self.refusals):
            told = "".join(format_exception(outcome))
            raise Fault(f"{self.name}: {type(outcome).__name__} for {data!r}\n{told}") from outcome
        if taken > SUSPICIOUS and min(_in_counts(call) for _ in range(3)) > LONGEST:
            raise Fault(f"{self.name}: {taken:.3f} seconds for {data!r}")
        return Tried(type(outcome).__name__, taken)


def _in_counts(call: Call) -> float:
    """How long it takes, against something that a busy machine is as slow at."""
    return _timed(call)[0] / _timed(count)[0]


def count() -> None:
    """Count to a hundred thousand."""
    for _ in range(100_000):
        pass


def _timed(call: Call) -> tuple[float, object]:
    started = time.process_time()
    try:
        outcome = call()
    except Exception as error:
        outcome = error
    return time.process_time() - started, outcome


# Notifications


def _sent(data: bytes) -> Notification:
    """What came over the network: lines of headers, an empty line, the body."""
    head, _, body = data.partition(b"\n\n")
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\n")]
    return Notification(body, {name: text for name, _, text in lines})


def _unsigned(data: bytes) -> Iterator[Call]:
    yield partial(_disbelieved, data)
    yield partial(_disbelieved_as_well, data)


def _disbelieved(data: bytes) -> None:
    _GATEWAY.read_notification(_sent(data))


def _disbelieved_as_well(data: bytes) -> None:
    _STAMPED.verify(_sent(data), now=NOON)


def _signed(data: bytes) -> Notification:
    return Notification(data, _STANDARD.sign(data, id="msg_1", at=NOON))


def _signed_calls(data: bytes) -> Iterator[Call]:
    yield partial(_read, _signed(data))


def _read(notification: Notification) -> tuple[str, ...]:
    reports = _GATEWAY.read_notification(notification)
    return tuple(repr(report.told) for report in reports if type(report) is Report)


def _told_to_a_shop(data: bytes) -> Iterator[Call]:
    """A shop of some kind hears it, one event after the other, and can be looked at all along."""
    shop = Shop(**SHOPS[len(data) % len(SHOPS)])
    for body in _letters(data):
        yield partial(shop.receive, _signed(body))
        yield shop.show
    yield shop.recover
    yield shop.show


def _letters(data: bytes) -> list[bytes]:
    said = _json(data)
    events = said.get("events") if isinstance(said, dict) else None
    if not isinstance(events, list):
        return [data]
    with suppress(RecursionError):
        return [json.dumps({"events": [each]}).encode("utf-8", "replace") for each in events]
    return [data]


# Amounts


def _amounts(data: bytes) -> Iterator[Call]:
    text, _, given = data.decode("utf-8", "surrogateescape").partition("|")
    locale = LOCALES[len(data) % len(LOCALES)]
    currency = CURRENCIES[sum(data) % len(CURRENCIES)] or given
    yield partial(_money, text, currency, locale)
    yield partial(Money.parse, text, currency, locale=locale)
    with suppress(InvalidOperation, ValueError):
        yield partial(_money, Decimal(text), currency, locale)
    with suppress(ValueError):
        yield partial(_money, int(text), currency, locale)
        yield partial(Money.from_minor, int(text), currency)
        yield partial(STRIPE.from_provider, int(text), currency)


def _money(amount: Any, currency: str, locale: str) -> str:
    money = Money(amount, currency)
    told = f"{money!r} {money} {money.amount} {-money} {money + money} {hash(money)}"
    return told if locale == NO_LOCALE else f"{told} {money.display(locale)}"


# Records and metadata


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "surrogateescape")


def _seal(text: str) -> str:
    """As the records in the golden files are sealed."""
    return "sealed:" + base64.b64encode(text.encode()).decode()


def _unseal(sealed: str) -> str:
    return base64.b64decode(sealed.removeprefix("sealed:"), validate=True).decode()


_RECORDS = Records(seal=_seal, unseal=_unseal)


def _records(data: bytes) -> Iterator[Call]:
    record = _json(data)
    yield partial(_loaded, _RECORDS.load, _RECORDS.dump, record)
    yield partial(_loaded, _RECORDS.load_event, _RECORDS.dump_event, record)
    yield partial(_loaded, _RECORDS.load_claim, _RECORDS.dump_claim, record)


def _loaded(load: Callable[[Any], Any], dump: Callable[[Any], object], record: object) -> object:
    """What can be loaded can be written again, and says the same then."""
    loaded = load(record)
    if load(dump(loaded)) != loaded:
        raise Fault("a record says something else when it is written again")
    return repr(loaded)


def _metadata(data: bytes) -> Iterator[Call]:
    value: Any = _json(data)
    yield partial(_kept, value)
    yield partial(ClientData, value)
    text = data.decode("utf-8", "surrogateescape")
    yield partial(redacted, text)
    yield partial(safe_text, text, field="text", most=500)
    yield partial(safe_id, text, field="id")
    yield partial(safe_reference, text, field="reference")
    yield partial(safe_url, text, field="url")


def _kept(value: Mapping[str, str]) -> object:
    metadata = Metadata.of(value)
    return repr(metadata), json.dumps(dict(metadata), ensure_ascii=False).encode()


def _golden() -> Iterator[bytes]:
    """One short record of each kind: all that a search needs to know the shape."""
    for path in sorted(GOLDEN.glob("*.json")):
        records: list[object] = json.loads(path.read_bytes())
        yield min((json.dumps(each, separators=(",", ":")).encode() for each in records), key=len)


def _told() -> Iterator[bytes]:
    """What the provider sends about one purchase."""
    one = {"value": "50.00", "currency": "USD"}
    whats: dict[str, dict[str, object]] = {
        "payment.captured": {"amount": one, "occurred_at": "2026-11-20T12:00:00+00:00"},
        "payment.authorized": {"amount": one, "profile": {"id": "tok_1"}},
        "call.declined": {"failure": {"code": "expired_card"}, "ends": "object"},
        "dispute.changed": {"status": "won", "amount": one, "sequence": 1},
        "payment.totals": {"captured": one, "refunded": one},
        "payment.renamed": {"former": "their_0", "references": [["session", "their_1"]]},
        "payment.unreadable": {"raw": "10.001 USD"},
    }
    for name, what in whats.items():
        ids = [["session", "their_1"], ["capture", "their_2"]]
        event = {"id": "evt_1", "type": name, "operation": "op_1", "ids": ids, "what": what}
        yield json.dumps({"events": [event]}).encode()
    yield b'{"events": [{"id": "evt_1", "ids": [["session", "their_1"]]}]}'


def _as_sent() -> Iterator[bytes]:
    for body in _told():
        for headers in (_STANDARD.sign(body, id="msg_1", at=NOON), _STAMPED.sign(body, at=NOON)):
            lines = "\n".join(f"{name}: {text}" for name, text in headers.items())
            yield lines.encode() + b"\n\n" + body + b" "


TARGETS: Final = (
    Target(
        name="a notification that nobody signed",
        refusals=(InvalidSignature, UnreadableNotification),
        seeds=(*_as_sent(), b"webhook-id: a\nWebhook-Id: b\n\n{}"),
        calls=_unsigned,
    ),
    Target(
        name="a notification that the provider signed",
        refusals=(UnreadableNotification,),
        seeds=tuple(_told()),
        calls=_signed_calls,
    ),
    Target(
        name="a notification that a backend receives",
        refusals=(),
        seeds=(*_told(), *Shop().told()),
        calls=_told_to_a_shop,
    ),
    Target(
        name="an amount",
        refusals=(MoneyError, UnsafeInput),
        seeds=(b"110.00|USD", b"1E+999999|EUR", b"-0|JPY", b"1.234,50|EUR", b"NaN|KWD"),
        calls=_amounts,
    ),
    Target(
        name="a record",
        refusals=(RecordError,),
        seeds=tuple(_golden()),
        calls=_records,
    ),
    Target(
        name="metadata and text",
        refusals=(UnsafeInput, LimitExceeded, TypeError),
        seeds=(b'{"order": "or_1"}', b"4242 4242 4242 4242", b"https://shop.example/a?b=c"),
        calls=_metadata,
    ),
)
