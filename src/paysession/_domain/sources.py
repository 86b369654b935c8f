"""What the customer pays with. Nothing here can hold a card number."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import attrs

from paysession._domain.limits import is_a, safe_id, safe_text
from paysession.errors import UnsafeInput


def _id(value: str) -> str:
    return safe_id(value, field="source.id")


def _profile(value: str | None) -> str | None:
    return None if value is None else safe_id(value, field="source.profile_id")


def _name(value: str | None) -> str | None:
    return None if value is None else safe_text(value, field="source.name", most=255)


def _brand(value: str) -> str:
    return safe_text(value, field="source.brand", most=40)


def _last4(given: object) -> str:
    value = str.__str__(given) if isinstance(given, str) else ""
    if not (len(value) == 4 and value.isascii() and value.isdigit()):
        raise UnsafeInput("source.last4", "give the last four digits, and no more of them")
    return value


def _number(value: object, field: str, within: range) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{field} must be int, not {type(value).__name__}")
    if value not in within:
        raise UnsafeInput(field, f"it is from {within[0]} to {within[-1]}")
    return value


def _month(value: int) -> int:
    return _number(value, "source.month", range(1, 13))


def _year(value: int) -> int:
    return _number(value, "source.year", range(1, 10_000))


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
    month: int = attrs.field(converter=_month)
    year: int = attrs.field(converter=_year)
    name: str | None = attrs.field(default=None, converter=_name, repr=False)
    is_default: bool = attrs.field(default=False, validator=is_a(bool))


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


class MandateUse(StrEnum):
    """Which use of the customer's consent a charge makes: providers and schemes tell them apart."""

    FIRST = "first"
    LATER = "later"


@attrs.frozen(kw_only=True)
class Profile:
    """
    What a provider tells of the source that a customer paid with, or stored.

    Attributes:
        id: The provider's token or profile id, if it keeps the source for later use.
        brand: Of the card, if it is one, such as "visa"; the next four belong to it.
        last4: The last four digits.
        month: Of expiry, 1 to 12.
        year: Of expiry, four digits.
        name: On the card.

    Raises:
        UnsafeInput: Some of what tells of a card is there, and some is not.
    """

    id: str | None = attrs.field(default=None, converter=_profile)
    brand: str | None = attrs.field(default=None, converter=attrs.converters.optional(_brand))
    last4: str | None = attrs.field(default=None, converter=attrs.converters.optional(_last4))
    month: int | None = attrs.field(default=None, converter=attrs.converters.optional(_month))
    year: int | None = attrs.field(default=None, converter=attrs.converters.optional(_year))
    name: str | None = attrs.field(default=None, converter=_name, repr=False)

    def __attrs_post_init__(self) -> None:
        of_card = (self.brand, self.last4, self.month, self.year)
        if None in of_card and any(each is not None for each in of_card):
            raise UnsafeInput("profile", "tell brand, last4, month and year of a card, or none")

    @property
    def bare(self) -> Profile:
        """The same without anything personal: what is kept as evidence."""
        return Profile(id=self.id)

    def telling_of(self, known: Source | None, source_id: str) -> Source:
        """
        Return the source that is known now; `source_id` is what another one is called.

        A source that was known keeps its id, and whatever this does not tell of it.
        """
        if known is None or self.id not in (None, known.profile_id):
            return self.as_source(source_id)
        told = attrs.evolve(self, id=known.profile_id).as_source(known.id)
        if isinstance(told, StoredSource):
            return known
        if isinstance(known, CreditCard):
            return attrs.evolve(told, name=told.name or known.name, is_default=known.is_default)
        return told

    def as_source(self, source_id: str) -> CreditCard | StoredSource:
        """Return the source that it is, under an id of ours."""
        if self.brand is None or self.last4 is None or self.month is None or self.year is None:
            return StoredSource(id=source_id, profile_id=self.id)
        return CreditCard(
            id=source_id,
            profile_id=self.id,
            brand=self.brand,
            last4=self.last4,
            month=self.month,
            year=self.year,
            name=self.name,
        )
