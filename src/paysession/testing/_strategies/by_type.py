"""The strategy for each type that an integrator's annotations may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from hypothesis import strategies as st

from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.limits import Metadata
from paysession._domain.methods import PaymentMethod
from paysession._domain.payable import Payable
from paysession._domain.secrets import ClientData, Secret
from paysession._domain.sources import Profile, Source
from paysession._money import Currency, Money
from paysession.gateways._credit import Credit
from paysession.gateways.notifications import Notification
from paysession.gateways.requests import Request
from paysession.outcomes import Fact, Failure, NextAction, Reference, References, Report
from paysession.testing._strategies.amounts import currencies, money
from paysession.testing._strategies.fields import built, failures, references
from paysession.testing._strategies.plain import client_data, idempotency_keys, metadata, secrets
from paysession.testing._strategies.provider import (
    REQUESTS,
    facts,
    next_actions,
    notifications,
    reports,
    requests,
)
from paysession.testing._strategies.shop import (
    credits,  # noqa: A004 - it is what they are
    payables,
    payment_methods,
    profiles,
    sources,
)

_BY_CLASS: Final[Mapping[type, Callable[..., st.SearchStrategy[Any]]]] = MappingProxyType(
    {
        **dict.fromkeys(get_args(Fact), facts),
        **dict.fromkeys(get_args(NextAction), next_actions),
        **dict.fromkeys(get_args(Source), sources),
        **dict.fromkeys(REQUESTS, requests),
    }
)
"""What is called with the class that is wanted."""

_OWN: Final[Mapping[type, Callable[[], st.SearchStrategy[Any]]]] = MappingProxyType(
    {
        ClientData: client_data,
        Credit: credits,
        Currency: currencies,
        Failure: failures,
        IdempotencyKey: idempotency_keys,
        Metadata: metadata,
        Money: money,
        Notification: notifications,
        Payable: payables,
        PaymentMethod: payment_methods,
        Profile: profiles,
        Reference: lambda: built(Reference),
        References: references,
        Report: reports,
        Request: requests,
        Secret: secrets,
    }
)
"""What is called without anything."""

TYPES: Final = frozenset({*_BY_CLASS, *_OWN})


def of_type(kind: type) -> st.SearchStrategy[Any]:
    """Return the values of one of `TYPES`."""
    return _BY_CLASS[kind](kind) if kind in _BY_CLASS else _OWN[kind]()
