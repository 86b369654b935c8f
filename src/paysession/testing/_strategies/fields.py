"""
Values of any class of ours, made from what it declares of its attributes.

A class that gets another attribute needs no word here, unless its type is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args, get_type_hints

import attrs
from hypothesis import strategies as st

from paysession._domain.failures import Failure
from paysession._domain.limits import Metadata, safe_choice
from paysession._domain.methods import PaymentMethod
from paysession._domain.payable import Payable
from paysession._domain.secrets import ClientData
from paysession._domain.sources import CreditCard, Profile, StoreCredit, StoredSource
from paysession._money import Currency, Money
from paysession.lifecycles import DisputeStatus
from paysession.outcomes import FailureCode, Redirect, Reference, ReferenceRole, References
from paysession.testing._strategies import plain, shop
from paysession.testing._strategies.amounts import moved

T = TypeVar("T", bound=attrs.AttrsInstance)
Drawn: TypeAlias = "st.SearchStrategy[Any]"
"""Of an attribute, as its class declares it."""


def ordinary(kind: type[T]) -> st.SearchStrategy[T]:
    """Return the values that an attribute of this class has."""
    return _drawn(kind.__name__, kind, {})


def built(
    kind: type[T], instead: Mapping[object, Drawn] = MappingProxyType({}), /, **named: Drawn
) -> st.SearchStrategy[T]:
    """
    Return values of a class.

    Args:
        kind: The class.
        instead: What is drawn for a type, where that is not as ever.
        named: What is drawn for an attribute, where it is not as its type.
    """
    hints = _hints(kind)
    names = [field.name for field in attrs.fields(kind) if field.init and field.name not in named]
    drawn = {name: _drawn(name, hints[name], instead) for name in names}
    return st.builds(kind, **drawn, **named)


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _drawn(name: str, hint: object, instead: Mapping[object, Drawn]) -> Drawn:
    """Return what is drawn for an attribute: nothing first, where it may be left out."""
    if isinstance(hint, UnionType):
        parts = sorted(get_args(hint), key=lambda part: part is not NoneType)
        return st.one_of([_drawn(name, part, instead) for part in parts])
    if hint in instead:
        return instead[hint]
    if hint is str:
        return _TEXTS[name] if name in _TEXTS else plain.ids(name)
    if hint in _READY:
        return _READY[hint]
    enum_or_class = cast("type[Any]", hint)
    if issubclass(enum_or_class, StrEnum):
        return st.sampled_from(list(enum_or_class))
    return built(enum_or_class, instead)


def references(*roles: ReferenceRole | str) -> st.SearchStrategy[References]:
    """
    Return a provider's ids of one thing, in these roles or in any: none, one or a few.

    Raises:
        UnsafeInput: There is no such role.
    """
    named = [safe_choice(role, field="roles", among=ReferenceRole) for role in roles]
    among = st.sampled_from(named or tuple(ReferenceRole))
    entries = st.lists(st.builds(Reference, among, plain.ids("ref")), max_size=4)
    return st.builds(References, entries.map(tuple))


def failures(*codes: FailureCode | str) -> st.SearchStrategy[Failure]:
    """
    Return declines of these classes, or of any, with the provider's words for some.

    Raises:
        UnsafeInput: There is no such class.
    """
    named = [safe_choice(code, field="codes", among=FailureCode) for code in codes]
    among = named or list(FailureCode)
    words = st.none() | plain.texts(most=100)
    return st.builds(
        Failure, st.sampled_from(among), raw_code=words, raw_message=words, advice=words
    )


_TEXTS: Final[Mapping[str, Drawn]] = {
    "key": plain.ids("at"),
    "operation_id": plain.ids("at"),
    "our_reference": plain.ids("at"),
    "session_id": plain.ids("ps"),
    "setup_session_id": plain.ids("pss"),
    "payment_id": plain.ids("py"),
    "refund_id": plain.ids("re"),
    "payable_id": plain.ids("or"),
    "payable_reference": plain.ids("R"),
    "customer_id": plain.ids("cus"),
    "customer_external_id": plain.ids("cus"),
    "status": st.sampled_from([*map(str, DisputeStatus), "prearbitration"]),
    "kind": st.sampled_from(("qr", "barcode", "voucher")),
    "reason": st.just("") | plain.texts(),
    "raw": plain.texts(),
    "tenant": st.just("") | plain.texts(),
    "return_url": plain.addresses(),
    "cancel_url": plain.addresses(),
}
"""What stands in text, by the attribute's name."""

_READY: Final[Mapping[object, Drawn]] = {
    NoneType: st.none(),
    int: st.integers(0, 9),
    bool: st.booleans(),
    datetime: plain.instants(),
    Money: moved(Currency("USD")),
    Metadata: plain.metadata(),
    ClientData: plain.client_data(),
    References: references(),
    Failure: failures(),
    Profile: shop.profiles(),
    Redirect: st.builds(
        Redirect,
        plain.addresses(),
        method=st.sampled_from(("GET", "POST")),
        fields=st.none() | plain.client_data(),
    ),
    Payable: shop.payables(),
    PaymentMethod: shop.payment_methods(),
    CreditCard: shop.sources(CreditCard),
    StoreCredit: shop.sources(StoreCredit),
    StoredSource: shop.sources(StoredSource),
}
"""What stands for a value of a type that cannot be made from its parts alone."""
