"""What the customer pays with. Nothing here can hold a card number."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from paysession._domain.limits import safe_id, safe_text
from paysession.errors import UnsafeInput


def _id(value: str) -> str:
    return safe_id(value, field="source.id")


def _profile(value: str | None) -> str | None:
    return None if value is None else safe_id(value, field="source.profile_id")


def _name(value: str | None) -> str | None:
    return None if value is None else safe_text(value, field="source.name", most=255)


def _brand(value: str) -> str:
    return safe_text(value, field="source.brand", most=40)


def _last4(value: object) -> str:
    if not (isinstance(value, str) and len(value) == 4 and value.isascii() and value.isdigit()):
        raise UnsafeInput("source.last4", "give the last four digits, and no more of them")
    return value


@attrs.frozen(kw_only=True)
class CreditCard:
    """
    A card as the provider keeps it for us.

    Attributes:
        id: Our id of it.
        profile_id: The provider's token or profile id, which is what gets charged.
        brand: Such as "visa".
        last4: The last four digits.
        month: Of expiry, 1 to 12.
        year: Of expiry, four digits.
        name: On the card.
        is_default: Whether the customer prefers it.
    """

    id: str = attrs.field(converter=_id)
    profile_id: str | None = attrs.field(default=None, converter=_profile)
    brand: str = attrs.field(converter=_brand)
    last4: str = attrs.field(converter=_last4)
    month: int = attrs.field(
        validator=(attrs.validators.instance_of(int), attrs.validators.in_(range(1, 13)))
    )
    year: int = attrs.field(validator=attrs.validators.instance_of(int))
    name: str | None = attrs.field(default=None, converter=_name, repr=False)
    is_default: bool = False


@attrs.frozen(kw_only=True)
class StoreCredit:
    """Credit that the store itself owes the customer; its balance is kept by the backend."""

    id: str = attrs.field(converter=_id)

    @property
    def profile_id(self) -> str:
        """What the gateway is given: the credit's own id."""
        return self.id


@attrs.frozen(kw_only=True)
class StoredSource:
    """A payment profile at the provider, of whatever kind (a mandate, a wallet, a token)."""

    id: str = attrs.field(converter=_id)
    profile_id: str | None = attrs.field(default=None, converter=_profile)


Source: TypeAlias = CreditCard | StoreCredit | StoredSource
