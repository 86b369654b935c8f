"""
What laws store: entities, claims and events with a value in every field.

They are made from the declarations of their classes, so that a kind, a fact or an event that
is new is tried without a word here. They need not make sense together: a store keeps what it
is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs

from paysession import events
from paysession._domain.attempts import Attempt
from paysession._domain.entities import Aggregate, Entity
from paysession._domain.evidence import Evidence, EvidenceSource
from paysession._domain.failures import Failure, FailureCode
from paysession._domain.limits import Metadata
from paysession._domain.payable import PayableAccount
from paysession._domain.secrets import ClientData
from paysession._domain.session import PaymentSession
from paysession._domain.sources import CreditCard, Profile
from paysession._money import Money
from paysession.lifecycles import SessionStatus
from paysession.outcomes import Fact, References, as_evidence
from paysession.stores.port import KINDS, AnyKind, Claim, RecordedEvent

E = TypeVar("E", bound=Entity)
A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")
Value: TypeAlias = Any
"""Of a field, as its class declares it."""

START: Final = datetime(2026, 3, 1, 12, 30, 15, 250_001, tzinfo=UTC)
"""When everything began: to the microsecond, which a store that drops them would change."""

VARIANTS: Final = 4
"""How many examples it takes for each class to stand once wherever several may: as many as
there are next actions, which have the most."""


def at(minutes: int) -> datetime:
    """Return an instant, so many minutes after everything began."""
    return START + timedelta(minutes=minutes)


_CARD: Final[dict[str, Any]] = {
    "brand": "visa",
    "last4": "4242",
    "month": 12,
    "year": 2031,
    "name": "Zoë Ångström-قهوة",
}
_READY: Final[Mapping[object, object]] = MappingProxyType(
    {
        int: 7,
        bool: True,
        datetime: at(7),
        Money: Money("45.01", "USD"),
        ClientData: ClientData(
            {"secret": "cs_1_secret", "deep": [1, 0.5, True, None, {"é": "😀"}]}
        ),
        Metadata: Metadata.of({"purchase_order": "PO-77", "größe": "日本 \U0001f4b3 'x' \u2028"}),
        References: References.of(
            session="cs_1",
            authorization="pi_1",
            capture="ch_1",
            void="vo_1",
            refund="rf_1",
            dispute="dp_1",
            customer="cus_1",
            source="src_1",
        ),
        Failure: Failure(FailureCode.INSUFFICIENT_FUNDS, raw_code="51", raw_message="Not enough"),
        CreditCard: CreditCard(id="card_1", profile_id="profile_1", is_default=True, **_CARD),
        Profile: Profile(id="profile_1", **_CARD),
        events.Event: events.RecoveryStarted(at=at(3), operation_id="op_1", tries=2),
    }
)
"""What stands for a value of a type, where it cannot be made from its parts."""


def filled(hint: object, name: str, variant: int = 0) -> object:
    """
    Return a value of a type, with a value in each of its fields.

    Args:
        hint: The type, as a field declares it.
        name: Of the field that it is for.
        variant: Which class to take where it may be one of several.
    """
    if hint is str:
        return f"{name}_1"
    if hint in _READY:
        return _READY[hint]
    if hint == tuple[Evidence, ...]:
        return evidence(variant)
    if get_origin(hint) is tuple:
        item = filled(get_args(hint)[0], name, variant)
        return (item, item)
    if isinstance(hint, UnionType):
        classes = [each for each in get_args(hint) if each is not NoneType]
        return filled(classes[variant % len(classes)], name, variant)
    kind = cast("type[Value]", hint)
    if issubclass(kind, StrEnum):
        return list(kind)[-1]
    return kind(**fields_of(kind, variant))


def fields_of(kind: type[attrs.AttrsInstance], variant: int = 0) -> dict[str, Value]:
    """Return a value for each field of a class."""
    hints = _hints(kind)
    names = (field.name for field in attrs.fields(kind) if field.init)
    return {name: filled(hints[name], name, variant) for name in names}


_hints = cache(get_type_hints)


def evidence(variant: int = 0) -> tuple[Evidence, ...]:
    """Return one fact of every class, as it is kept."""
    sources = list(EvidenceSource)
    return tuple(
        Evidence(
            fact=as_evidence(cast("Fact", filled(fact, "fact", variant))),
            source=sources[index % len(sources)],
            recorded_at=at(index),
        )
        for index, fact in enumerate(get_args(Fact))
    )


def example(
    kind: type[E],
    name: str,
    *,
    tenant: str = "",
    minutes: int = 0,
    variant: int = 0,
    **fields: Value,
) -> E:
    """Return an entity with a value in every field, as its first commit would write it."""
    as_new: dict[str, Value] = {
        "id": name,
        "tenant": tenant,
        "version": 0,
        "created_at": at(minutes),
        "updated_at": at(minutes),
    }
    return kind(**{**fields_of(kind, variant), **as_new, **fields})


_OWNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "session_id": "payment_session",
        "setup_session_id": "setup_session",
        "payment_id": "payment",
    }
)


def every_kind(
    name: str = "1", *, tenant: str = "", minutes: int = 0, variant: int = 0
) -> tuple[Entity, ...]:
    """
    Return one entity of every kind that a store keeps.

    They belong together: an operation is only ever written with its session or payment.
    """
    return tuple(
        example(
            kind,
            f"{KINDS[kind]}_{name}",
            tenant=tenant,
            minutes=minutes,
            variant=variant,
            **_owned_by(name, kind),
        )
        for kind in KINDS
    )


def every_kind_in_brief(
    name: str = "1", *, tenant: str = "", minutes: int = 0
) -> tuple[Entity, ...]:
    """Return one entity of every kind, for laws that are not about what is in its fields."""
    return tuple(in_brief(entity) for entity in every_kind(name, tenant=tenant, minutes=minutes))


def in_brief(entity: E) -> E:
    """Return an entity with one fact wherever it has many, which are slow to keep."""
    known = [name for name, hint in _hints(type(entity)).items() if hint == tuple[Evidence, ...]]
    return attrs.evolve(entity, **{name: getattr(entity, name)[:1] for name in known})


def of_amount(value: T, amount: Money) -> T:
    """Return a value with an amount in the place of every amount in it, however deep."""
    made: object = value
    if isinstance(value, Money):
        made = amount
    elif isinstance(value, tuple):
        made = tuple(of_amount(item, amount) for item in cast("tuple[object, ...]", value))
    elif attrs.has(cast("type[Value]", type(value))):
        names = [field.name for field in attrs.fields(cast("Value", type(value))) if field.init]
        parts = {name: of_amount(getattr(value, name), amount) for name in names}
        made = attrs.evolve(cast("Any", value), **parts)
    return cast("T", made)


def _owned_by(name: str, kind: AnyKind) -> dict[str, str]:
    """Name, in each field for it, the entity of that name which it belongs to."""
    known = attrs.fields_dict(kind)
    return {field: f"{owner}_{name}" for field, owner in _OWNERS.items() if field in known}


def account(name: str, **fields: Value) -> PayableAccount:
    """Return a payable account, the simplest of all that has news."""
    return example(PayableAccount, name, **fields)


def session(
    name: str,
    *,
    payable_id: str = "or_1",
    customer_id: str | None = "cu_1",
    expires_at: datetime | None = None,
    **fields: Value,
) -> PaymentSession:
    """Return a session that the customer may still pay in."""
    one = example(PaymentSession, name, **fields)
    terms = attrs.evolve(
        one.terms, payable_id=payable_id, customer_id=customer_id, expires_at=expires_at
    )
    return attrs.evolve(
        one,
        status=SessionStatus.PENDING,
        approved=False,
        closing=None,
        not_before=None,
        terms=terms,
    )


def attempt(name: str, *, of: PaymentSession, **fields: Value) -> Attempt:
    """Return an attempt of a session, with which it is written."""
    return example(Attempt, name, tenant=of.tenant, session_id=of.id, **fields)


def changed(entity: A, *, minutes: int = 1, **fields: Value) -> A:
    """Return a loaded aggregate with other values in it, and news to tell."""
    news = events.RecoveryStarted(at=at(minutes), operation_id=entity.id, tries=minutes)
    return attrs.evolve(entity, updated_at=at(minutes), news=(news,), **fields)


def at_version(entity: E, version: int) -> E:
    """Return an entity as a commit of that version writes it."""
    return attrs.evolve(entity.committed(), version=version, updated_at=at(version))


def claim(text: str, *, id: str = "ps_1", **fields: Value) -> Claim:  # noqa: A002
    """Return a claim as it is first made."""
    as_new = Claim(namespace="keys", text=text, kind="payment_session", id=id)
    return attrs.evolve(as_new, **fields)


def event_classes() -> tuple[type[events.Event], ...]:
    """Return the events that can happen: those that no other is a kind of."""
    known = [getattr(events, name) for name in events.__all__]
    return tuple(each for each in known if not any(each in other.__bases__ for other in known))


def every_event(aggregate: Aggregate) -> tuple[RecordedEvent, ...]:
    """Return an event of every class, as if one commit of an aggregate told them all."""
    return tuple(
        RecordedEvent(
            id=f"{aggregate.id}:{aggregate.version}:{index}",
            tenant=aggregate.tenant,
            kind=KINDS[type(aggregate)],
            aggregate_id=aggregate.id,
            version=aggregate.version,
            index=index,
            event=cast("events.Event", filled(kind, "event")),
        )
        for index, kind in enumerate(event_classes())
    )


ODD_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "in four octets": "\U0001f4b3\U0001f9fe",
        "from right to left": "\u05e7\u05d1\u05dc\u05d4 \u0642\u0647\u0648\u0629",
        "composed": "caf\u00e9 \uac00",
        "decomposed": "cafe\u0301 \u1100\u1161",
        "that means something elsewhere": "'; -- \" \\ % _ { } $1 :x ? &amp; \u2028",
        "with blanks around it": " a\u00a0b ",
        "of one blank": " ",
        "of digits": "0012.50",
        "that names nothing": "null",
        "in capitals": "KEY",
        "in small letters": "key",
        "with an invisible character": "k\u200bey",
        "without a dot": "I\u0131i\u0130",
        "of 255 characters": "\u65e5" * 255,
    }
)
"""Texts that a careless column changes, cuts or takes for one another, by what is odd in them."""

EXTREME_AMOUNTS: Final = (
    Money.from_minor(1, "EUR"),
    Money.from_minor(-1, "EUR"),
    Money.from_minor(2**53 + 1, "USD"),
    Money.from_minor(10**18, "JPY"),
    Money.from_minor(-(10**18), "KWD"),
    Money.from_minor(10**18 - 1, "CLF"),
)
"""The smallest and the largest there are, and those that a floating number cannot hold."""

LONGEST_AMOUNT: Final = Money.from_minor(10**17 + 1, "CLF")
"""With as many digits, before the point and after it, as leave room for sums of it."""

EXTREME_INTEGERS: Final = (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
EXTREME_INSTANTS: Final = (
    datetime.min.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, 0, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
"""The first and the last there are, one before 1970, one in an hour that clocks in Berlin do not
show, and the first that 32 bits do not hold."""
