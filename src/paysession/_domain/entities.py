"""What is stored under an id of its own, and how it remembers what is not committed yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Self

import attrs

from paysession._domain.failures import Failure
from paysession.errors import Closed, PaymentDeclined, StillOpen
from paysession.events import Event


@attrs.frozen(kw_only=True)
class Entity(ABC):
    """
    Anything with an id and a version.

    Attributes:
        id: Unique within its kind and tenant.
        tenant: Whose it is; the empty text where there is only one.
        version: How often it was committed; 0 before the first time.
        created_at: When it was first asked for.
        updated_at: The instant of its newest change; it never goes back.
    """

    id: str
    tenant: str = ""
    version: int = 0
    created_at: datetime
    updated_at: datetime

    @property
    @abstractmethod
    def is_changed(self) -> bool:
        """Whether there is anything to commit."""

    @abstractmethod
    def committed(self) -> Self:
        """Return the same entity as the store holds it after the commit: one version on."""

    @property
    def due_at(self) -> datetime | None:
        """When recovery or expiry must look at it again, if ever."""
        return None

    @property
    def attention(self) -> bool:
        """Whether a person must look at it."""
        return False


@attrs.frozen(kw_only=True)
class Aggregate(Entity):
    """An entity that tells what happened to it: an account, a session, a payment."""

    news: tuple[Event, ...] = attrs.field(default=(), eq=False, repr=False)

    @property
    def is_changed(self) -> bool:
        """Whether there are events to commit: without news nothing is written."""
        return bool(self.news)

    def committed(self) -> Self:
        """Return it one version on, its news told."""
        return attrs.evolve(self, version=self.version + 1, news=())


@attrs.frozen(kw_only=True)
class Record(Entity):
    """An entity whose session or payment tells its events: an attempt, a movement."""

    changed: bool = attrs.field(default=True, eq=False, repr=False)

    @property
    def is_changed(self) -> bool:
        """Whether it differs from what was loaded."""
        return self.changed

    def committed(self) -> Self:
        """Return it one version on, unchanged since."""
        return attrs.evolve(self, version=self.version + 1, changed=False)


class Settleable(ABC):
    """What a command returns: it succeeded, it failed, or it is still open."""

    id: str

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether it may still change by itself: pending, unknown or waiting for somebody."""

    @property
    @abstractmethod
    def succeeded(self) -> bool:
        """Whether it did what was asked."""

    @property
    @abstractmethod
    def failure(self) -> Failure | None:
        """Why the provider refused, if it did."""

    @property
    @abstractmethod
    def _standing(self) -> str:
        """The status, as text."""

    @property
    def _next_step(self) -> str:
        """What to do while it is open."""
        return "wait, and run recover()"

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.id} ({self._standing})"

    def raise_for_failure(self) -> Self:
        """
        Return the record if it succeeded.

        Raises:
            PaymentDeclined: The provider refused; certainly no money moved.
            StillOpen: Pending or unknown, which is not a failure.
            Closed: Ended without money and without a decline.
        """
        if self.succeeded:
            return self
        if self.failure is not None:
            raise PaymentDeclined(self.id, self.failure.code, self.failure.shown_to_customer)
        if self.is_open:
            raise StillOpen(self.id, self._standing, self._next_step)
        raise Closed(self.id, self._standing)
