"""Arguments of the wrong type are refused before anything is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from paysession._domain.limits import aware, holds_card_number, safe_id, safe_url
from paysession._domain.secrets import ClientData
from paysession._domain.sources import CreditCard, Source, StoreCredit, StoredSource
from paysession.errors import UnsafeInput

T = TypeVar("T")


def typed(name: str, value: object, *kinds: type[T]) -> T:
    """
    Return a value of one of these types.

    Raises:
        TypeError: It is of another type.
    """
    for kind in kinds:
        if isinstance(value, kind):
            return value
    wanted = " or ".join(kind.__name__ for kind in kinds)
    raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def checked_source(source: object) -> Source | None:
    """
    Return a source, or none.

    Raises:
        TypeError: It is something else.
    """
    if source is None or isinstance(source, CreditCard | StoreCredit | StoredSource):
        return source
    raise TypeError(f"source must be a source, not {type(source).__name__}")


def optional_id(name: str, value: str | None) -> str | None:
    """Return an id that is safe, or none."""
    return None if value is None else safe_id(value, field=name)


def optional_url(name: str, value: str | None) -> str | None:
    """Return an address that a browser may be sent to, or none."""
    return None if value is None else safe_url(value, field=name)


def in_future(expires_at: datetime | None, at: datetime) -> datetime | None:
    """
    Return an instant to come, or none.

    Raises:
        UnsafeInput: It is over, or not aware of its zone.
    """
    if expires_at is None:
        return None
    instant = aware(expires_at, field="expires_at")
    if instant <= at:
        raise UnsafeInput("expires_at", "it is over already: give a later instant")
    return instant


def external(data: Mapping[str, object] | None) -> ClientData | None:
    """
    Return what an adapter wants to know besides, kept secret from here on.

    Raises:
        UnsafeInput: It holds a card number, or cannot be kept.
    """
    if data is None:
        return None
    secret = ClientData(data, field="external_data")
    if holds_card_number(json.dumps(secret.reveal(), ensure_ascii=False)):
        raise UnsafeInput("external_data", "it holds a card number: let the provider collect it")
    return secret
